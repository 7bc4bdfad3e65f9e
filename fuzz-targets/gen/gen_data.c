// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Data that find bugs: the edges of each type, small numbers, single bits, and now and then
// anything.

#include "fuzz-targets/gen/gen_internal.h"

static uint128 wide(uint64_t seed)
{
    return (uint128)gen_mix(seed) << 64 | gen_mix(~seed);
}

static uint128 int_bits(uint32_t bits, uint64_t seed)
{
    const uint64_t choice = gen_mix(seed);
    const uint128 one = 1, top = one << (bits - 1), x = (choice >> 8) & 0xff;
    const uint32_t shift = (uint32_t)(choice >> 16) % bits;
    switch (choice % 16) {
    case 0: return 0;
    case 1: return one;
    case 2: return ~(uint128)0;
    case 3: return top;
    case 4: return top - 1;
    case 5: return x;
    case 6: return -x;
    case 7: return one << shift;
    case 8: return (one << shift) - 1;
    case 9: return ~(one << shift);
    case 10: return top + x;
    case 11: return (~(uint128)0 / 255) * x; // one byte, repeated
    case 12: return x << (shift & ~7u);
    case 13: return (~(uint128)0 / 3) << (x & 1); // 5555... or aaaa...
    case 14: return x & 15;
    default: return wide(seed);
    }
}

// The float of `bits` bits whose value is `n` halves.
static uint128 float_of_halves(uint32_t bits, uint32_t exponent_bits, uint32_t n)
{
    const uint32_t mantissa_bits = bits - 1 - exponent_bits;
    if (n == 0)
        return 0;
    uint32_t log = 31;
    while (n >> log == 0)
        log--;
    const uint128 bias = ((uint128)1 << (exponent_bits - 1)) - 1;
    const uint128 fraction = (uint128)(n - (1u << log)) << (mantissa_bits - log);
    return (bias + log - 1) << mantissa_bits | fraction;
}

static uint128 float_bits(uint32_t bits, uint64_t seed)
{
    const uint32_t exponent_bits = bits == 16 ? 5 : bits == 32 ? 8 : bits == 64 ? 11 : 15;
    const uint32_t mantissa_bits = bits - 1 - exponent_bits;
    const uint64_t choice = gen_mix(seed ^ 0x5a5a);
    const uint128 one = 1, exponents = (one << exponent_bits) - 1;
    const uint128 inf = exponents << mantissa_bits, random = wide(seed);
    const uint128 fraction = random & ((one << mantissa_bits) - 1);
    const uint128 sign = (uint128)(choice >> 8 & 1) << (bits - 1);
    const uint128 bias = exponents >> 1;
    const uint32_t small = (uint32_t)(choice >> 16) & 0x3f;
    switch (choice % 16) {
    case 0: return sign;
    case 1: return sign | inf;
    case 2: return inf | one << (mantissa_bits - 1);
    case 3: return sign | inf | fraction | 1; // a NaN, quiet or signalling
    case 4: return sign | one;                // the least subnormal
    case 5: return sign | ((one << mantissa_bits) - 1);
    case 6: return sign | one << mantissa_bits;
    case 7: return sign | (inf - 1);
    case 8: return sign | fraction; // a subnormal
    case 9: return sign | float_of_halves(bits, exponent_bits, 2);
    case 10:
    case 11: return sign | float_of_halves(bits, exponent_bits, small);
    case 12: { // near a power of two, where conversions end
        const uint128 exponent = bias + small * 2 < exponents ? bias + small * 2 : exponents - 1;
        return sign | ((exponent << mantissa_bits) + (choice >> 32 & 2) - 1);
    }
    case 13: { // of middle size
        const uint128 exponent = bias - 4 + (choice >> 24) % 9;
        return sign | exponent << mantissa_bits | fraction;
    }
    default: return random;
    }
}

DataValue gen_data(Type type, uint64_t seed)
{
    const uint32_t bits = type_lane_bits(type), bytes = bits / 8;
    const bool same = type_is_vector(type) && (gen_mix(seed) >> 60) < 4;
    DataValue out = {.type = type};
    for (uint32_t lane = 0; lane < type_lanes(type); lane++) {
        const uint64_t own = seed + (same ? 0 : lane * UINT64_C(0x1000003));
        const uint128 x = type_is_float(type) ? float_bits(bits, own) : int_bits(bits, own);
        memcpy(out.bytes + (size_t)lane * bytes, &x, bytes);
    }
    return out;
}

DataValue gen_operand_data(Type type, uint8_t byte)
{
    const uint32_t choice = byte & 0x3f;
    if (type_is_vector(type) || !type_is_int(type) || choice >= 24)
        return gen_data(type, byte);
    const int128 small = (int128)choice - 4;
    DataValue out = {.type = type};
    memcpy(out.bytes, &small, type_bytes(type));
    return out;
}
