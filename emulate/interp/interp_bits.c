// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bit counting and wide multiplication for int_ops.def.

#include "emulate/interp/interp_internal.h"

uint128 bits_reverse(uint128 a, uint32_t bits)
{
    uint128 r = 0;
    for (uint32_t i = 0; i < bits; i++)
        r |= (a >> i & 1) << (bits - 1 - i);
    return r;
}

uint128 bits_swap_bytes(uint128 a, uint32_t bits)
{
    uint128 r = 0;
    for (uint32_t i = 0; i < bits; i += 8)
        r |= (a >> i & 0xff) << (bits - 8 - i);
    return r;
}

uint32_t bits_leading_zeros(uint128 a, uint32_t bits)
{
    const uint64_t high = (uint64_t)(a >> 64), low = (uint64_t)a;
    if (a == 0)
        return bits;
    const int zeros = high != 0 ? __builtin_clzll(high) : 64 + __builtin_clzll(low);
    return (uint32_t)zeros - (128 - bits);
}

uint32_t bits_trailing_zeros(uint128 a, uint32_t bits)
{
    const uint64_t high = (uint64_t)(a >> 64), low = (uint64_t)a;
    if (a == 0)
        return bits;
    return (uint32_t)(low != 0 ? __builtin_ctzll(low) : 64 + __builtin_ctzll(high));
}

uint32_t bits_count(uint128 a)
{
    return (uint32_t)(__builtin_popcountll((uint64_t)a) +
                      __builtin_popcountll((uint64_t)(a >> 64)));
}

uint128 bits_mul_high(uint128 a, uint128 b, uint32_t bits)
{
    if (bits <= 64)
        return a * b >> bits;
    const uint64_t a0 = (uint64_t)a, a1 = (uint64_t)(a >> 64);
    const uint64_t b0 = (uint64_t)b, b1 = (uint64_t)(b >> 64);
    const uint128 cross = (uint128)a0 * b1 + ((uint128)a0 * b0 >> 64);
    const uint128 middle = (uint128)a1 * b0 + (uint64_t)cross;
    return (uint128)a1 * b1 + (cross >> 64) + (middle >> 64);
}

int128 bits_mul_round(int128 a, int128 b, uint32_t bits)
{
    ASSERT(bits <= 32);
    return (a * b + ((int128)1 << (bits - 2))) >> (bits - 1);
}

uint128 bits_clamp_signed(int128 a, uint32_t bits)
{
    const int128 max = (int128)(bits_ones(bits) >> 1), min = -max - 1;
    return (uint128)(a < min ? min : a > max ? max : a) & bits_ones(bits);
}

uint128 bits_clamp_unsigned(int128 a, uint32_t bits)
{
    const int128 max = (int128)bits_ones(bits);
    ASSERT(bits < 128);
    return (uint128)(a < 0 ? 0 : a > max ? max : a);
}
