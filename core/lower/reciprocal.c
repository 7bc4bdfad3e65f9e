// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reciprocals of constants. With m = floor(2^s / d) + 1 and the excess e = m * d - 2^s, 0 < e < d:
//
//     x * m / 2^s = x / d + (x * e) / (d * 2^s)
//
// The quotient is right as long as the second term stays below 1 / d, that is x * e < 2^s. For
// negative x it is as small and negative, so that rounding down gives the truncated quotient less
// one. The least s that will do gives the smallest factor. (T. Granlund, P. L. Montgomery: Division
// by invariant integers using multiplication, 1994.)

#include "lower/reciprocal.h"

typedef struct Scaled {
    uint128 factor;
    uint64_t excess;
} Scaled;

static Scaled scale(uint32_t s, uint64_t d)
{
    if (s < 64) {
        const uint64_t small = (uint64_t)1 << s;
        return (Scaled){small / d + 1, d - small % d};
    }
    const uint128 power = (uint128)1 << s;
    return (Scaled){power / d + 1, d - (uint64_t)(power % d)};
}

// The least shift from `from` to `to` whose excess is at most 2^(shift - bits) and whose factor has
// at most `width` bits.
static bool find(uint32_t bits, uint64_t d, uint32_t from, uint32_t width, Reciprocal *out)
{
    ASSERT(d > 2 && (d & (d - 1)) != 0);
    const uint32_t to = width == 32 ? 63 : 127;
    for (uint32_t s = from; s <= to; s++) {
        const Scaled scaled = scale(s, d);
        if (scaled.factor >> width != 0)
            return false;
        if (s - bits < 64 && scaled.excess > (uint64_t)1 << (s - bits))
            continue;
        *out = (Reciprocal){(uint64_t)scaled.factor, s};
        return true;
    }
    return false;
}

bool lower_reciprocal_product(uint32_t bits, uint64_t d, Reciprocal *out)
{
    ASSERT(bits <= 32);
    return find(bits, d, bits, 32, out);
}

uint64_t lower_reciprocal_high(uint64_t d)
{
    ASSERT(d > 2 && d <= UINT32_MAX && (d & (d - 1)) != 0);
    return UINT64_MAX / d + 1; // e <= d < 2^32, so x * e < 2^64
}

bool lower_reciprocal_wide(uint32_t bits, uint64_t d, Reciprocal *out)
{
    if (!find(bits, d, 64, 64, out))
        return false;
    out->shift -= 64;
    return true;
}

Reciprocal lower_reciprocal_wide_add(uint64_t d)
{
    // s = 64 + l with d < 2^l: the factor has 65 bits, of which the highest is the addition.
    const uint32_t l = 64 - (uint32_t)__builtin_clzll(d);
    const uint64_t rest = (l == 64 ? 0 : (uint64_t)1 << l) - d;
    return (Reciprocal){(uint64_t)(((uint128)rest << 64) / d) + 1, l - 1};
}

Reciprocal lower_reciprocal_signed(uint32_t bits, uint64_t d)
{
    // |x| <= 2^(bits - 1) and e < d < 2^l: s = bits - 1 + l will do, with a factor of `bits` bits.
    Reciprocal found;
    const bool exists = find(bits - 1, d, bits - 1, 32, &found);
    ASSERT(exists);
    return found;
}

Reciprocal lower_reciprocal_signed_wide(uint64_t d)
{
    Reciprocal found;
    const bool exists = find(63, d, 64, 64, &found);
    ASSERT(exists);
    found.shift -= 64;
    return found;
}

uint32_t lower_reciprocal_shift(uint64_t factor, uint64_t d)
{
    const uint128 less = (uint128)factor * d - 1;
    const uint64_t high = (uint64_t)(less >> 64), low = (uint64_t)less;
    ASSERT(factor != 0 && d != 0 && less != 0);
    return high != 0 ? 127 - (uint32_t)__builtin_clzll(high) : 63 - (uint32_t)__builtin_clzll(low);
}
