// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reciprocals against plain division: every dividend and divisor of 8 bits, every dividend of 16
// bits for some divisors, edges and random numbers of 32 and 64 bits.

#include "lower/reciprocal.h"

// cmocka.h needs the others before it.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

static uint64_t high(uint64_t a, uint64_t b)
{
    return (uint64_t)((uint128)a * b >> 64);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

// Random numbers of all magnitudes.
static uint64_t random_below(uint64_t *state, uint32_t bits)
{
    const uint64_t x = next_random(state);
    const uint32_t keep = 1 + (uint32_t)(next_random(state) % bits);
    return x >> (64 - keep);
}

static bool is_power_of_two(uint64_t x)
{
    return (x & (x - 1)) == 0;
}

// ---- Unsigned ----

static void check_unsigned(uint32_t bits, uint64_t d, uint64_t x)
{
    Reciprocal r;
    if (bits <= 32) {
        if (lower_reciprocal_product(bits, d, &r)) {
            assert_true(r.factor <= UINT32_MAX && r.shift < 64);
            assert_int_equal(x * r.factor >> r.shift, x / d);
        }
        assert_int_equal(high(x, lower_reciprocal_high(d)), x / d);
    }
    if (lower_reciprocal_wide(bits, d, &r)) {
        assert_true(r.shift < 64);
        assert_int_equal(high(x, r.factor) >> r.shift, x / d);
    }
    r = lower_reciprocal_wide_add(d);
    const uint64_t h = high(x, r.factor);
    assert_int_equal((((x - h) >> 1) + h) >> r.shift, x / d);
    const uint32_t twos = (uint32_t)__builtin_ctzll(d);
    if (bits == 64 && twos != 0) {
        assert_true(lower_reciprocal_wide(64 - twos, d >> twos, &r));
        assert_int_equal(high(x >> twos, r.factor) >> r.shift, x / d);
    }
}

// ---- Signed ----

static int64_t shifted(int64_t x, uint32_t shift)
{
    return x < 0 ? ~(int64_t)(~(uint64_t)x >> shift) : (int64_t)((uint64_t)x >> shift);
}

static int64_t signed_high(int64_t x, uint64_t factor)
{
    return (int64_t)(high((uint64_t)x, factor) - (x < 0 ? factor : 0));
}

static void check_signed(uint32_t bits, uint64_t d, int64_t x)
{
    const int64_t expected = x / (int64_t)d;
    if (bits <= 32) {
        const Reciprocal r = lower_reciprocal_signed(bits, d);
        assert_true(r.factor <= UINT32_MAX && r.shift < 64);
        assert_int_equal(shifted(x * (int64_t)r.factor, r.shift) + (x < 0), expected);
    }
    const Reciprocal wide = lower_reciprocal_signed_wide(d);
    assert_true(wide.shift < 64);
    assert_int_equal(shifted(signed_high(x, wide.factor), wide.shift) + (x < 0), expected);
}

// ---- The condition ----

// 2^s < factor * d <= 2^s + 2^(s + spare - 64): what specifications say of factors, and proofs
// need.
static void check_excess(uint128 factor, uint64_t d, uint32_t s, uint32_t spare)
{
    const uint128 power =
        s == 128 ? 0 : (uint128)1 << s; // modulo 2^128, of which no more is needed
    const uint128 excess = factor * d - power;
    assert_true(s + spare >= 64);
    assert_true(excess != 0 && excess <= (uint128)1 << (s + spare - 64));
    if (factor >> 64 == 0)
        assert_int_equal(lower_reciprocal_shift((uint64_t)factor, d), s);
}

static void check_factors(uint32_t bits, uint64_t d)
{
    Reciprocal r;
    if (is_power_of_two(d))
        return;
    if (bits <= 32) {
        if (lower_reciprocal_product(bits, d, &r))
            check_excess(r.factor, d, r.shift, 64 - bits);
        check_excess(lower_reciprocal_high(d), d, 64, 32);
    } else if (lower_reciprocal_wide(64, d, &r)) {
        check_excess(r.factor, d, 64 + r.shift, 0);
    }
    r = lower_reciprocal_wide_add(d);
    check_excess(((uint128)1 << 64) + r.factor, d, 65 + r.shift, 0);
    const uint32_t twos = (uint32_t)__builtin_ctzll(d);
    if (bits == 64 && twos != 0) {
        assert_true(lower_reciprocal_wide(64 - twos, d >> twos, &r));
        check_excess(r.factor, d >> twos, 64 + r.shift, twos);
    }
    if (d >> (bits - 1) != 0)
        return;
    r = bits <= 32 ? lower_reciprocal_signed(bits, d) : lower_reciprocal_signed_wide(d);
    check_excess(r.factor, d, bits <= 32 ? r.shift : 64 + r.shift, 65 - bits);
}

static void test_condition(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (uint64_t d = 3; d < 256; d++)
        check_factors(8, d);
    for (uint64_t d = 3; d < 65536; d++)
        check_factors(16, d);
    for (uint32_t i = 0; i < 200000; i++) {
        check_factors(32, random_below(&seed, 32));
        check_factors(64, random_below(&seed, 64));
    }
    for (uint32_t k = 2; k < 64; k++)
        for (uint64_t near = 0; near < 5; near++) {
            check_factors(64, ((uint64_t)1 << k) - 2 + near);
            if (k < 32)
                check_factors(32, ((uint64_t)1 << k) - 2 + near);
        }
    check_factors(64, UINT64_MAX);
    check_factors(32, UINT32_MAX);
}

// ---- Tests ----

// All of 8 bits, and all dividends of 16 bits by some divisors.
static void test_small(void **state)
{
    (void)state;
    for (uint64_t d = 3; d < 256; d++)
        for (uint64_t x = 0; x < 256 && !is_power_of_two(d); x++)
            check_unsigned(8, d, x);
    for (uint64_t d = 3; d < 128; d++)
        for (int64_t x = -128; x < 128 && !is_power_of_two(d); x++)
            check_signed(8, d, x);
    for (uint64_t d = 3; d < 65536; d += d < 40 ? 1 : 4093)
        for (uint64_t x = 0; x < 65536 && !is_power_of_two(d); x++)
            check_unsigned(16, d, x);
    for (uint64_t d = 3; d < 32768; d += d < 40 ? 1 : 4093)
        for (int64_t x = -32768; x < 32768 && !is_power_of_two(d); x++)
            check_signed(16, d, x);
}

static void check_around(uint32_t bits, uint64_t d, uint64_t x)
{
    const uint64_t mask = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    const uint64_t multiple = x / d * d;
    const uint64_t dividends[] = {x, multiple, multiple - 1, multiple + 1, mask, mask - 1, 0};
    const uint64_t half = mask / 2 + 1;
    for (uint32_t i = 0; i < sizeof(dividends) / sizeof(dividends[0]); i++) {
        const uint64_t dividend = dividends[i] & mask;
        check_unsigned(bits, d, dividend);
        // The sign bit copied upwards.
        if (d < half)
            check_signed(bits, d, (int64_t)((dividend ^ half) - half));
    }
}

static void test_random(void **state)
{
    (void)state;
    uint64_t seed = 0x9e3779b97f4a7c15;
    for (uint32_t i = 0; i < 30000; i++) {
        const uint32_t bits = (i & 1) != 0 ? 32 : 64;
        const uint64_t d = random_below(&seed, bits);
        if (!is_power_of_two(d))
            check_around(bits, d, random_below(&seed, bits));
    }
}

// Divisors beside powers of two, where factors are longest and shifts greatest.
static void test_edges(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (uint32_t bits = 32; bits <= 64; bits += 32)
        for (uint32_t k = 2; k <= bits; k++)
            for (uint64_t near = 0; near < 5; near++) {
                const uint64_t mask = UINT64_MAX >> (64 - bits);
                const uint64_t d = ((k == 64 ? 0 : (uint64_t)1 << k) - 2 + near) & mask;
                if (is_power_of_two(d))
                    continue;
                for (uint32_t i = 0; i < 20; i++)
                    check_around(bits, d, random_below(&seed, bits));
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_condition),
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
