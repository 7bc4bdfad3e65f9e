// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic on constants, and the value of each operator on them.

#include "verify/expr/expr.h"

enum { WORDS = WIDE_MAX_WIDTH / 64 };

Wide wide_from_u64(uint64_t x)
{
    return (Wide){{x}};
}

Wide wide_from_int(int128 x)
{
    const uint64_t sign = x < 0 ? UINT64_MAX : 0;
    return (Wide){{(uint64_t)x, (uint64_t)((uint128)x >> 64), sign, sign}};
}

uint128 wide_to_u128(const Wide *bits)
{
    return (uint128)bits->w[1] << 64 | bits->w[0];
}

int128 wide_to_int(const Wide *bits)
{
    return (int128)wide_to_u128(bits);
}

bool wide_equal(const Wide *a, const Wide *b)
{
    return memcmp(a->w, b->w, sizeof(a->w)) == 0;
}

bool wide_is_zero(const Wide *bits)
{
    return (bits->w[0] | bits->w[1] | bits->w[2] | bits->w[3]) == 0;
}

bool wide_bit(const Wide *bits, uint32_t n)
{
    ASSERT(n < WIDE_MAX_WIDTH);
    return (bits->w[n / 64] >> (n % 64)) & 1;
}

Wide wide_low(Wide bits, uint32_t width)
{
    for (uint32_t i = 0; i < WORDS; i++) {
        if (width <= i * 64)
            bits.w[i] = 0;
        else if (width < (i + 1) * 64)
            bits.w[i] &= UINT64_MAX >> ((i + 1) * 64 - width);
    }
    return bits;
}

static Wide wide_not(Wide bits)
{
    for (uint32_t i = 0; i < WORDS; i++)
        bits.w[i] = ~bits.w[i];
    return bits;
}

Wide wide_sign_extend(Wide bits, uint32_t from, uint32_t to)
{
    if (!wide_bit(&bits, from - 1))
        return wide_low(bits, from);
    return wide_low(wide_not(wide_low(wide_not(bits), from)), to);
}

Wide wide_shl(Wide bits, uint32_t n)
{
    Wide out = {{0}};
    for (uint32_t i = n / 64; i < WORDS; i++) {
        const uint32_t from = i - n / 64;
        out.w[i] = bits.w[from] << (n % 64);
        if (n % 64 != 0 && from > 0)
            out.w[i] |= bits.w[from - 1] >> (64 - n % 64);
    }
    return out;
}

Wide wide_shr(Wide bits, uint32_t n)
{
    Wide out = {{0}};
    for (uint32_t i = 0; i + n / 64 < WORDS; i++) {
        const uint32_t from = i + n / 64;
        out.w[i] = bits.w[from] >> (n % 64);
        if (n % 64 != 0 && from + 1 < WORDS)
            out.w[i] |= bits.w[from + 1] << (64 - n % 64);
    }
    return out;
}

// ---- Arithmetic modulo 2^256 ----

static Wide add(Wide a, Wide b)
{
    uint128 carry = 0;
    for (uint32_t i = 0; i < WORDS; i++) {
        carry += (uint128)a.w[i] + b.w[i];
        a.w[i] = (uint64_t)carry;
        carry >>= 64;
    }
    return a;
}

static Wide neg(Wide a)
{
    return add(wide_not(a), wide_from_u64(1));
}

static Wide sub(Wide a, Wide b)
{
    return add(a, neg(b));
}

static Wide mul(Wide a, Wide b)
{
    Wide out = {{0}};
    for (uint32_t i = 0; i < WORDS; i++) {
        uint128 carry = 0;
        for (uint32_t j = 0; i + j < WORDS; j++) {
            carry += (uint128)a.w[i] * b.w[j] + out.w[i + j];
            out.w[i + j] = (uint64_t)carry;
            carry >>= 64;
        }
    }
    return out;
}

static bool less(const Wide *a, const Wide *b)
{
    for (uint32_t i = WORDS; i-- > 0;)
        if (a->w[i] != b->w[i])
            return a->w[i] < b->w[i];
    return false;
}

// By shifting and subtracting; the divisor is not zero.
static Wide divide(Wide a, Wide b, Wide *rest)
{
    Wide quotient = {{0}}, r = {{0}};
    for (uint32_t i = WIDE_MAX_WIDTH; i-- > 0;) {
        r = wide_shl(r, 1);
        r.w[0] |= wide_bit(&a, i);
        quotient = wide_shl(quotient, 1);
        if (less(&r, &b))
            continue;
        r = sub(r, b);
        quotient.w[0] |= 1;
    }
    *rest = r;
    return quotient;
}

typedef struct Operands {
    Wide a, b;
    uint32_t width;
} Operands;

static bool is_negative(const Wide *x, uint32_t width)
{
    return wide_bit(x, width - 1);
}

static Wide magnitude(Wide x, uint32_t width)
{
    return is_negative(&x, width) ? wide_low(neg(x), width) : x;
}

static Wide udiv(const Operands *o)
{
    Wide rest;
    if (wide_is_zero(&o->b))
        return wide_low(wide_not(o->b), o->width);
    return divide(o->a, o->b, &rest);
}

static Wide urem(const Operands *o)
{
    Wide rest;
    if (wide_is_zero(&o->b))
        return o->a;
    divide(o->a, o->b, &rest);
    return rest;
}

static Wide sdiv(const Operands *o)
{
    const bool negative = is_negative(&o->a, o->width) != is_negative(&o->b, o->width);
    const Operands abs = {magnitude(o->a, o->width), magnitude(o->b, o->width), o->width};
    const Wide quotient = udiv(&abs);
    return negative ? neg(quotient) : quotient;
}

static Wide srem(const Operands *o)
{
    const Operands abs = {magnitude(o->a, o->width), magnitude(o->b, o->width), o->width};
    const Wide rest = urem(&abs);
    return is_negative(&o->a, o->width) ? neg(rest) : rest;
}

// ---- Shifts ----

// The amount, at most the width.
static uint32_t amount(const Operands *o)
{
    const Wide limit = wide_from_u64(o->width);
    return less(&o->b, &limit) ? (uint32_t)o->b.w[0] : o->width;
}

static Wide shl(const Operands *o)
{
    return amount(o) == o->width ? (Wide){{0}} : wide_shl(o->a, amount(o));
}

static Wide lshr(const Operands *o)
{
    return amount(o) == o->width ? (Wide){{0}} : wide_shr(o->a, amount(o));
}

static Wide ashr(const Operands *o)
{
    const uint32_t n = amount(o);
    const Wide wide = wide_sign_extend(o->a, o->width, WIDE_MAX_WIDTH);
    if (n == o->width)
        return is_negative(&o->a, o->width) ? wide_not((Wide){{0}}) : (Wide){{0}};
    return n == 0 ? wide : wide_sign_extend(wide_shr(wide, n), WIDE_MAX_WIDTH - n, WIDE_MAX_WIDTH);
}

static Wide rotl(const Operands *o, bool right)
{
    const Operands by = {o->b, wide_from_u64(o->width), o->width};
    uint32_t n = (uint32_t)urem(&by).w[0];
    n = right && n != 0 ? o->width - n : n;
    Wide out = wide_shl(o->a, n);
    const Wide back = wide_shr(o->a, o->width - n);
    for (uint32_t i = 0; n != 0 && i < WORDS; i++)
        out.w[i] |= back.w[i];
    return out;
}

// ---- Wide ----

static Wide popcnt(const Operands *o)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < o->width; i++)
        count += wide_bit(&o->a, i);
    return wide_from_u64(count);
}

static Wide clz(const Operands *o)
{
    uint32_t count = 0;
    while (count < o->width && !wide_bit(&o->a, o->width - 1 - count))
        count++;
    return wide_from_u64(count);
}

static Wide cls(const Operands *o)
{
    uint32_t count = 0;
    const bool sign = is_negative(&o->a, o->width);
    while (count + 1 < o->width && wide_bit(&o->a, o->width - 2 - count) == sign)
        count++;
    return wide_from_u64(count);
}

static Wide rev(const Operands *o)
{
    Wide out = {{0}};
    for (uint32_t i = 0; i < o->width; i++)
        if (wide_bit(&o->a, i))
            out.w[(o->width - 1 - i) / 64] |= (uint64_t)1 << ((o->width - 1 - i) % 64);
    return out;
}

static Wide logic(ExprOp op, const Operands *o)
{
    Wide out = o->a;
    for (uint32_t i = 0; i < WORDS; i++)
        out.w[i] = op == EXPR_BVAND  ? out.w[i] & o->b.w[i]
                   : op == EXPR_BVOR ? out.w[i] | o->b.w[i]
                                     : out.w[i] ^ o->b.w[i];
    return out;
}

static Wide compare(ExprOp op, const Operands *o)
{
    Wide a = o->a, b = o->b;
    if (op == EXPR_BVSLT || op == EXPR_BVSLE) { // with the sign bits inverted, as unsigned
        const uint32_t top = o->width - 1;
        a.w[top / 64] ^= (uint64_t)1 << (top % 64);
        b.w[top / 64] ^= (uint64_t)1 << (top % 64);
    }
    const bool or_equal = op == EXPR_BVSLE || op == EXPR_BVULE;
    return wide_from_u64(less(&a, &b) || (or_equal && wide_equal(&a, &b)));
}

static Wide concat(const Operands *o, uint32_t low_width)
{
    const Operands low = {wide_shl(o->a, low_width), o->b, 0};
    return logic(EXPR_BVOR, &low);
}

// ---- Integers ----

static bool fold_int(ExprOp op, int128 a, int128 b, Wide *out)
{
    int128 result = 0;
    bool overflow = false;
    switch ((int)op) {
    case EXPR_INT_ADD: overflow = __builtin_add_overflow(a, b, &result); break;
    case EXPR_INT_SUB: overflow = __builtin_sub_overflow(a, b, &result); break;
    case EXPR_INT_MUL: overflow = __builtin_mul_overflow(a, b, &result); break;
    case EXPR_INT_LT: result = a < b; break;
    case EXPR_INT_LE: result = a <= b; break;
    default: UNREACHABLE();
    }
    *out = wide_from_int(result);
    return !overflow;
}

static bool fold_bv2nat(const ExprValue *arg, Wide *out)
{
    *out = arg->bits;
    return arg->sort.width < 128 || (arg->bits.w[2] | arg->bits.w[3] | arg->bits.w[1] >> 63) == 0;
}

bool expr_fold(const ExprNode *node, const ExprValue *args, ExprValue *out)
{
    const Operands o = {args[0].bits, node->num_args > 1 ? args[1].bits : (Wide){{0}},
                        args[0].sort.width};
    Wide r = {{0}};
    bool good = true;
    switch ((int)node->op) {
    case EXPR_EQ: r = wide_from_u64(wide_equal(&o.a, &o.b)); break;
    case EXPR_ITE: r = o.a.w[0] ? args[1].bits : args[2].bits; break;
    case EXPR_NOT: r = wide_from_u64(!o.a.w[0]); break;
    case EXPR_AND: r = wide_from_u64(o.a.w[0] & o.b.w[0]); break;
    case EXPR_OR: r = wide_from_u64(o.a.w[0] | o.b.w[0]); break;
    case EXPR_INT_ADD:
    case EXPR_INT_SUB:
    case EXPR_INT_MUL:
    case EXPR_INT_LT:
    case EXPR_INT_LE: good = fold_int(node->op, wide_to_int(&o.a), wide_to_int(&o.b), &r); break;
    case EXPR_BV2NAT: good = fold_bv2nat(&args[0], &r); break;
    case EXPR_INT2BV: r = o.a; break;
    case EXPR_BVNOT: r = wide_not(o.a); break;
    case EXPR_BVNEG: r = neg(o.a); break;
    case EXPR_BVAND:
    case EXPR_BVOR:
    case EXPR_BVXOR: r = logic(node->op, &o); break;
    case EXPR_BVADD: r = add(o.a, o.b); break;
    case EXPR_BVSUB: r = sub(o.a, o.b); break;
    case EXPR_BVMUL: r = mul(o.a, o.b); break;
    case EXPR_BVUDIV: r = udiv(&o); break;
    case EXPR_BVUREM: r = urem(&o); break;
    case EXPR_BVSDIV: r = sdiv(&o); break;
    case EXPR_BVSREM: r = srem(&o); break;
    case EXPR_BVSHL: r = shl(&o); break;
    case EXPR_BVLSHR: r = lshr(&o); break;
    case EXPR_BVASHR: r = ashr(&o); break;
    case EXPR_ROTL: r = rotl(&o, false); break;
    case EXPR_ROTR: r = rotl(&o, true); break;
    case EXPR_BVULT:
    case EXPR_BVULE:
    case EXPR_BVSLT:
    case EXPR_BVSLE: r = compare(node->op, &o); break;
    case EXPR_CONCAT: r = concat(&o, args[1].sort.width); break;
    case EXPR_EXTRACT: r = wide_shr(o.a, node->p1); break;
    case EXPR_ZERO_EXT: r = o.a; break;
    case EXPR_SIGN_EXT: r = wide_sign_extend(o.a, o.width, node->p0); break;
    case EXPR_POPCNT: r = popcnt(&o); break;
    case EXPR_CLZ: r = clz(&o); break;
    case EXPR_CLS: r = cls(&o); break;
    case EXPR_REV: r = rev(&o); break;
    default: return false;
    }
    *out = (ExprValue){node->sort, node->sort.kind == SORT_BV ? wide_low(r, node->sort.width) : r};
    return good;
}
