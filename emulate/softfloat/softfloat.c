// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// IEEE 754 binary arithmetic on unpacked numbers.
//
// An operand is unpacked to a sign, an exponent and a significand whose leading one stands at bit
// 127:
//
//     value = (-1)^negative * sig / 2^127 * 2^exp
//
// Subnormals are normalised by that. A significand has at most 113 bits, so its low 15 bits are
// zero. Each operation computes a significand of at least 115 bits and "jams" all lower non-zero
// bits into bit 0; jamming never changes a rounding decision, because that bit lies below the first
// bit that rounding drops. pack() rounds once, subnormals and overflow included.

#include "emulate/softfloat/softfloat.h"

const SoftFormat softfloat_f16 = {5, 10}, softfloat_f32 = {8, 23}, softfloat_f64 = {11, 52},
                 softfloat_f128 = {15, 112};

bool softfloat_of_width(uint32_t width, SoftFormat *out)
{
    switch (width) {
    case 16: *out = softfloat_f16; return true;
    case 32: *out = softfloat_f32; return true;
    case 64: *out = softfloat_f64; return true;
    case 128: *out = softfloat_f128; return true;
    default: return false;
    }
}

#define TOP_BIT ((uint128)1 << 127)

typedef enum Class { CLASS_ZERO, CLASS_NORMAL, CLASS_INF, CLASS_NAN } Class;

typedef struct Unpacked {
    Class class;
    bool negative;
    int32_t exp;
    uint128 sig; // of a NaN: the fraction, its quiet bit at bit 127
} Unpacked;

typedef struct Wide {
    uint128 hi, lo;
} Wide;

// ---- Bit patterns ----

static uint32_t exp_ones(SoftFormat f)
{
    return (1u << f.exp_bits) - 1;
}

static int32_t exp_bias(SoftFormat f)
{
    return (1 << (f.exp_bits - 1)) - 1;
}

static uint128 frac_mask(SoftFormat f)
{
    return ((uint128)1 << f.frac_bits) - 1;
}

static uint128 quiet_bit(SoftFormat f)
{
    return (uint128)1 << (f.frac_bits - 1);
}

static uint128 sign_bit(SoftFormat f)
{
    return (uint128)1 << (f.exp_bits + f.frac_bits);
}

static uint128 infinity(SoftFormat f, bool negative)
{
    return (uint128)exp_ones(f) << f.frac_bits | (negative ? sign_bit(f) : 0);
}

static uint128 zero(SoftFormat f, bool negative)
{
    return negative ? sign_bit(f) : 0;
}

bool softfloat_is_nan(SoftFormat f, uint128 a)
{
    return (a & ~sign_bit(f)) > infinity(f, false);
}

uint128 softfloat_default_nan(SoftFormat f)
{
    return infinity(f, false) | quiet_bit(f);
}

uint128 softfloat_quiet(SoftFormat f, uint128 a)
{
    return a | quiet_bit(f);
}

// ---- Helpers on wide integers ----

// Leading zero bits of x, which is not 0.
static uint32_t leading_zeros(uint128 x)
{
    const uint64_t hi = (uint64_t)(x >> 64);
    return (uint32_t)(hi != 0 ? __builtin_clzll(hi) : 64 + __builtin_clzll((uint64_t)x));
}

// x >> n for any n, the bits shifted out or-ed into bit 0.
static uint128 shift_right_jam(uint128 x, uint32_t n)
{
    if (n == 0)
        return x;
    if (n >= 128)
        return x != 0;
    return x >> n | ((x << (128 - n)) != 0);
}

static Wide wide_shift_right_jam(Wide x, uint32_t n)
{
    if (n == 0)
        return x;
    if (n >= 128) {
        const uint128 lost = x.lo != 0;
        return (Wide){0, shift_right_jam(x.hi, n - 128) | lost};
    }
    const bool lost = (x.lo << (128 - n)) != 0;
    return (Wide){x.hi >> n, x.hi << (128 - n) | x.lo >> n | lost};
}

static Wide wide_shift_left(Wide x, uint32_t n)
{
    if (n == 0)
        return x;
    if (n >= 128)
        return (Wide){x.lo << (n - 128), 0};
    return (Wide){x.hi << n | x.lo >> (128 - n), x.lo << n};
}

static Wide wide_mul(uint128 a, uint128 b)
{
    const uint64_t a0 = (uint64_t)a, a1 = (uint64_t)(a >> 64);
    const uint64_t b0 = (uint64_t)b, b1 = (uint64_t)(b >> 64);
    const uint128 low = (uint128)a0 * b0, high = (uint128)a1 * b1;
    const uint128 cross = (uint128)a0 * b1 + (low >> 64);
    const uint128 middle = (uint128)a1 * b0 + (uint64_t)cross;
    return (Wide){high + (cross >> 64) + (middle >> 64), middle << 64 | (uint64_t)low};
}

static bool wide_less(Wide a, Wide b)
{
    return a.hi != b.hi ? a.hi < b.hi : a.lo < b.lo;
}

static Wide wide_add(Wide a, Wide b)
{
    const uint128 lo = a.lo + b.lo;
    return (Wide){a.hi + b.hi + (lo < a.lo), lo};
}

static Wide wide_sub(Wide a, Wide b)
{
    return (Wide){a.hi - b.hi - (a.lo < b.lo), a.lo - b.lo};
}

// ---- Unpacking and packing ----

static Unpacked unpack(SoftFormat f, uint128 a)
{
    const uint32_t exp = (uint32_t)(a >> f.frac_bits) & exp_ones(f);
    const uint128 frac = a & frac_mask(f);
    const uint128 top = frac << (128 - f.frac_bits); // the fraction's first bit at bit 127
    Unpacked u = {.negative = (a & sign_bit(f)) != 0};
    if (exp == exp_ones(f)) {
        u.class = frac == 0 ? CLASS_INF : CLASS_NAN;
        u.sig = top;
    } else if (exp != 0) {
        u.class = CLASS_NORMAL;
        u.exp = (int32_t)exp - exp_bias(f);
        u.sig = TOP_BIT | top >> 1;
    } else if (frac != 0) {
        const uint32_t zeros = leading_zeros(top);
        u.class = CLASS_NORMAL;
        u.exp = -exp_bias(f) - (int32_t)zeros;
        u.sig = top << zeros;
    }
    return u;
}

// Rounds sig / 2^127 * 2^exp, with sig's leading one at bit 127, to the format.
static uint128 pack(SoftFormat f, bool negative, int32_t exp, uint128 sig)
{
    ASSERT((sig & TOP_BIT) != 0);
    int32_t biased = exp + exp_bias(f);
    if (biased >= (int32_t)exp_ones(f))
        return infinity(f, negative);
    if (biased <= 0) { // subnormal: the leading one moves below its place
        sig = shift_right_jam(sig, (uint32_t)(1 - biased));
        biased = 0;
    }
    const uint32_t drop = 127u - f.frac_bits;
    const uint128 half = (uint128)1 << (drop - 1);
    const uint128 rest = sig & ((half << 1) - 1);
    uint128 kept = sig >> drop;
    if (rest > half || (rest == half && (kept & 1) != 0))
        kept++;
    // A normal number's leading one adds 1 to the exponent field, and so does a carry out of the
    // fraction: into the next binade, from the subnormals to the normals, or to infinity.
    const uint128 field = biased == 0 ? 0 : (uint128)((uint32_t)biased - 1) << f.frac_bits;
    return (field + kept) | zero(f, negative);
}

// As pack, for a sig that may be 0 (then the zero of the given sign) or not normalised.
static uint128 pack_any(SoftFormat f, bool negative, int32_t exp, uint128 sig)
{
    if (sig == 0)
        return zero(f, negative);
    const uint32_t zeros = leading_zeros(sig);
    return pack(f, negative, exp - (int32_t)zeros, sig << zeros);
}

// ---- Arithmetic ----

// The NaN result of an operation on a and b of which at least one is a NaN.
static uint128 pick_nan(SoftFormat f, uint128 a, uint128 b)
{
    return softfloat_quiet(f, softfloat_is_nan(f, a) ? a : b);
}

// The sum of finite x and y: 2 free bits at the top hold carry and sign, 13 at the bottom the
// guard.
static uint128 add_finite(SoftFormat f, Unpacked x, Unpacked y)
{
    if (x.exp < y.exp || (x.exp == y.exp && x.sig < y.sig)) {
        const Unpacked swap = x;
        x = y;
        y = swap;
    }
    const uint128 big = x.sig >> 2;
    const uint128 small = shift_right_jam(y.sig >> 2, (uint32_t)(x.exp - y.exp));
    if (x.negative == y.negative)
        return pack_any(f, x.negative, x.exp + 2, big + small);
    if (big == small)
        return zero(f, false);
    return pack_any(f, x.negative, x.exp + 2, big - small);
}

uint128 softfloat_add(SoftFormat f, uint128 a, uint128 b)
{
    if (softfloat_is_nan(f, a) || softfloat_is_nan(f, b))
        return pick_nan(f, a, b);
    const Unpacked x = unpack(f, a), y = unpack(f, b);
    if (x.class == CLASS_INF && y.class == CLASS_INF && x.negative != y.negative)
        return softfloat_default_nan(f);
    if (x.class == CLASS_INF)
        return a;
    if (y.class == CLASS_INF)
        return b;
    if (x.class == CLASS_ZERO && y.class == CLASS_ZERO)
        return zero(f, x.negative && y.negative);
    if (x.class == CLASS_ZERO)
        return b;
    if (y.class == CLASS_ZERO)
        return a;
    return add_finite(f, x, y);
}

uint128 softfloat_sub(SoftFormat f, uint128 a, uint128 b)
{
    if (softfloat_is_nan(f, a) || softfloat_is_nan(f, b))
        return pick_nan(f, a, b);
    return softfloat_add(f, a, b ^ sign_bit(f));
}

uint128 softfloat_mul(SoftFormat f, uint128 a, uint128 b)
{
    if (softfloat_is_nan(f, a) || softfloat_is_nan(f, b))
        return pick_nan(f, a, b);
    const Unpacked x = unpack(f, a), y = unpack(f, b);
    const bool negative = x.negative != y.negative;
    if (x.class == CLASS_INF || y.class == CLASS_INF) {
        if (x.class == CLASS_ZERO || y.class == CLASS_ZERO)
            return softfloat_default_nan(f);
        return infinity(f, negative);
    }
    if (x.class == CLASS_ZERO || y.class == CLASS_ZERO)
        return zero(f, negative);
    const Wide product = wide_mul(x.sig, y.sig); // leading one at bit 255 or 254
    return pack_any(f, negative, x.exp + y.exp + 1, product.hi | (product.lo != 0));
}

uint128 softfloat_div(SoftFormat f, uint128 a, uint128 b)
{
    if (softfloat_is_nan(f, a) || softfloat_is_nan(f, b))
        return pick_nan(f, a, b);
    const Unpacked x = unpack(f, a), y = unpack(f, b);
    const bool negative = x.negative != y.negative;
    if (x.class == y.class && x.class != CLASS_NORMAL) // 0/0, inf/inf
        return softfloat_default_nan(f);
    if (x.class == CLASS_INF || y.class == CLASS_ZERO)
        return infinity(f, negative);
    if (x.class == CLASS_ZERO || y.class == CLASS_INF)
        return zero(f, negative);
    // Schoolbook: 128 quotient bits, of which the first (the integer bit) may be zero.
    uint128 quotient = 0, rest = x.sig;
    bool carry = false; // bit 128 of rest
    for (uint32_t i = 0; i < 128; i++) {
        const bool fits = carry || rest >= y.sig;
        quotient = quotient << 1 | fits;
        if (fits)
            rest -= y.sig;
        carry = (rest & TOP_BIT) != 0;
        rest <<= 1;
    }
    return pack_any(f, negative, x.exp - y.exp, quotient | (carry || rest != 0));
}

// The exact product of finite non-zero x and y, plus z, in 256 bits: 2 free bits at the top, and at
// least 28 zero bits at the bottom before aligning.
static uint128 fma_finite(SoftFormat f, Unpacked x, Unpacked y, Unpacked z)
{
    Wide big = wide_shift_right_jam(wide_mul(x.sig, y.sig), 2);
    Wide small = wide_shift_right_jam((Wide){z.sig, 0}, 2);
    bool negative = x.negative != y.negative;
    const bool subtract = negative != z.negative;
    int32_t exp = x.exp + y.exp + 1; // of bit 253
    if (z.exp > exp) {
        big = wide_shift_right_jam(big, (uint32_t)(z.exp - exp));
        exp = z.exp;
    } else {
        small = wide_shift_right_jam(small, (uint32_t)(exp - z.exp));
    }
    if (subtract && wide_less(big, small)) {
        const Wide swap = big;
        big = small;
        small = swap;
        negative = !negative;
    }
    Wide sum = subtract ? wide_sub(big, small) : wide_add(big, small);
    if (sum.hi == 0 && sum.lo == 0)
        return zero(f, false);
    const uint32_t zeros = sum.hi != 0 ? leading_zeros(sum.hi) : 128 + leading_zeros(sum.lo);
    sum = wide_shift_left(sum, zeros);
    return pack(f, negative, exp + 2 - (int32_t)zeros, sum.hi | (sum.lo != 0));
}

uint128 softfloat_fma(SoftFormat f, uint128 a, uint128 b, uint128 c)
{
    if (softfloat_is_nan(f, a) || softfloat_is_nan(f, b))
        return pick_nan(f, a, b);
    if (softfloat_is_nan(f, c))
        return softfloat_quiet(f, c);
    const Unpacked x = unpack(f, a), y = unpack(f, b), z = unpack(f, c);
    const bool finite = x.class == CLASS_NORMAL && y.class == CLASS_NORMAL;
    if (finite && z.class == CLASS_NORMAL)
        return fma_finite(f, x, y, z);
    if (finite && z.class == CLASS_INF)
        return c;
    // The product is exact (zero, infinite, invalid), or what is added is a zero, which matters
    // only beside a zero product: then a sum of zeros; a product that rounds to zero keeps its own
    // sign.
    const uint128 product = softfloat_mul(f, a, b);
    return finite ? product : softfloat_add(f, product, c);
}

uint128 softfloat_sqrt(SoftFormat f, uint128 a)
{
    if (softfloat_is_nan(f, a))
        return softfloat_quiet(f, a);
    const Unpacked x = unpack(f, a);
    if (x.class == CLASS_ZERO)
        return a;
    if (x.negative)
        return softfloat_default_nan(f);
    if (x.class == CLASS_INF)
        return a;
    // The root of sig * 2^127 (even exponent) or sig * 2^128 (odd) has its leading one at bit 127.
    const bool odd = (x.exp & 1) != 0;
    const Wide square = odd ? (Wide){x.sig, 0} : (Wide){x.sig >> 1, x.sig << 127};
    uint128 root = 0;
    for (uint128 bit = TOP_BIT; bit != 0; bit >>= 1)
        if (!wide_less(square, wide_mul(root | bit, root | bit)))
            root |= bit;
    const Wide back = wide_mul(root, root);
    const bool exact = back.hi == square.hi && back.lo == square.lo;
    return pack(f, false, (x.exp - odd) / 2, root | !exact);
}

SoftOrder softfloat_compare(SoftFormat f, uint128 a, uint128 b)
{
    if (softfloat_is_nan(f, a) || softfloat_is_nan(f, b))
        return SOFT_UNORDERED;
    const uint128 sign = sign_bit(f), magnitude_a = a & ~sign, magnitude_b = b & ~sign;
    const bool negative_a = (a & sign) != 0, negative_b = (b & sign) != 0;
    if (a == b || (magnitude_a | magnitude_b) == 0)
        return SOFT_EQUAL;
    if (negative_a != negative_b)
        return negative_a ? SOFT_LESS : SOFT_GREATER;
    return (magnitude_a < magnitude_b) != negative_a ? SOFT_LESS : SOFT_GREATER;
}

// ---- Rounding and conversions ----

// Whether `mode` goes away from zero to the next integer, given what is cut off as twice its value
// compared with one half (rest: -1 below, 0 tie, 1 above; cut off is not zero).
static bool rounds_away(SoftRound mode, bool negative, int rest, bool odd)
{
    switch (mode) {
    case SOFT_CEIL: return !negative;
    case SOFT_FLOOR: return negative;
    case SOFT_TRUNC: return false;
    case SOFT_NEAREST: return rest > 0 || (rest == 0 && odd);
    }
    UNREACHABLE();
}

uint128 softfloat_round(SoftFormat f, uint128 a, SoftRound mode)
{
    if (softfloat_is_nan(f, a))
        return softfloat_quiet(f, a);
    const Unpacked x = unpack(f, a);
    if (x.class != CLASS_NORMAL || x.exp >= f.frac_bits)
        return a;
    if (x.exp < 0) { // below 1: what is cut off is all of it
        const int rest = x.exp < -1 ? -1 : x.sig != TOP_BIT;
        return rounds_away(mode, x.negative, rest, false) ? pack(f, x.negative, 0, TOP_BIT)
                                                          : zero(f, x.negative);
    }
    const uint32_t below = 127u - (uint32_t)x.exp; // bits behind the binary point
    const uint128 one = (uint128)1 << below, cut = x.sig & (one - 1);
    const uint128 whole = x.sig - cut;
    if (cut == 0)
        return a;
    const int rest = cut > one >> 1 ? 1 : cut < one >> 1 ? -1 : 0;
    if (!rounds_away(mode, x.negative, rest, (whole & one) != 0))
        return pack(f, x.negative, x.exp, whole);
    const uint128 up = whole + one; // wraps to 0 when it is the next power of two
    return up == 0 ? pack(f, x.negative, x.exp + 1, TOP_BIT) : pack(f, x.negative, x.exp, up);
}

uint128 softfloat_convert(SoftFormat from, SoftFormat to, uint128 a)
{
    const Unpacked x = unpack(from, a);
    switch (x.class) {
    case CLASS_ZERO: return zero(to, x.negative);
    case CLASS_INF: return infinity(to, x.negative);
    case CLASS_NAN:
        return softfloat_quiet(to, infinity(to, x.negative) | x.sig >> (128 - to.frac_bits));
    case CLASS_NORMAL: return pack(to, x.negative, x.exp, x.sig);
    }
    UNREACHABLE();
}

uint128 softfloat_from_int(SoftFormat f, uint128 magnitude, bool negative)
{
    return magnitude == 0 ? 0 : pack_any(f, negative, 127, magnitude);
}

SoftIntResult softfloat_to_int(SoftFormat f, uint128 a, uint32_t bits, bool is_signed, uint128 *out)
{
    ASSERT(bits >= 8 && bits <= 128);
    const uint128 ones = ~(uint128)0 >> (128 - bits);
    const uint128 max = is_signed ? ones >> 1 : ones;
    const uint128 min_magnitude = is_signed ? max + 1 : 0;
    const Unpacked x = unpack(f, a);
    *out = 0;
    if (x.class == CLASS_NAN)
        return SOFT_INT_NAN;
    const bool finite = x.class != CLASS_INF;
    if (finite && (x.class == CLASS_ZERO || x.exp < 0))
        return SOFT_INT_OK;
    const bool huge = !finite || x.exp > 127;
    const uint128 magnitude = huge ? 0 : x.sig >> (127 - x.exp);
    if (x.negative && (huge || magnitude > min_magnitude)) {
        *out = (0 - min_magnitude) & ones;
        return SOFT_INT_BELOW;
    }
    if (!x.negative && (huge || magnitude > max)) {
        *out = max;
        return SOFT_INT_ABOVE;
    }
    *out = (x.negative ? 0 - magnitude : magnitude) & ones;
    return SOFT_INT_OK;
}
