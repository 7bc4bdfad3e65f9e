// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Division of 128-bit numbers, compared with the compiler's.

#include "runtime/runtime.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

static uint128 join(uint64_t high, uint64_t low)
{
    return (uint128)high << 64 | low;
}

static bool is_right(uint128 x, uint128 y)
{
    const Quotient128 ours = runtime_udivmod128(x, y);
    return ours.quotient == x / y && ours.remainder == x % y;
}

static bool is_signed_right(uint128 x, uint128 y)
{
    const Quotient128 ours = runtime_sdivmod128(x, y);
    const uint128 least = join((uint64_t)1 << 63, 0);
    if (x == least && y == ~(uint128)0)
        return ours.quotient == least && ours.remainder == 0;
    return ours.quotient == (uint128)((int128)x / (int128)y) &&
           ours.remainder == (uint128)((int128)x % (int128)y);
}

static void check(uint128 x, uint128 y)
{
    if (y == 0 || (is_right(x, y) && is_signed_right(x, y)))
        return;
    print_error("0x%016llx%016llx / 0x%016llx%016llx\n", (unsigned long long)(x >> 64),
                (unsigned long long)x, (unsigned long long)(y >> 64), (unsigned long long)y);
    fail();
}

// Words whose digits are at the edges, where guesses of a digit are corrected.
static void test_edges(void **state)
{
    (void)state;
    static const uint64_t words[] = {0,
                                     1,
                                     2,
                                     3,
                                     0x7fffffff,
                                     0x80000000,
                                     0xfffffffe,
                                     0xffffffff,
                                     0x100000000,
                                     0x100000001,
                                     0x7fffffff00000000,
                                     0x7fffffffffffffff,
                                     0x8000000000000000,
                                     0x8000000000000001,
                                     0x80000000ffffffff,
                                     0xfffffffe00000001,
                                     0xffffffff00000000,
                                     0xfffffffffffffffe,
                                     0xffffffffffffffff};
    const size_t n = sizeof(words) / sizeof(words[0]);
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++)
            for (size_t c = 0; c < n; c++)
                for (size_t d = 0; d < n; d++)
                    check(join(words[a], words[b]), join(words[c], words[d]));
}

static uint64_t next_random(uint64_t *seed)
{
    *seed += 0x9e3779b97f4a7c15;
    uint64_t z = *seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

// Of any length, all digits alike to likely be at an edge.
static uint128 random_number(uint64_t *seed)
{
    const uint64_t how = next_random(seed);
    uint128 x = join(next_random(seed), next_random(seed));
    if ((how & 0x300) == 0)
        x |= join(next_random(seed), next_random(seed)) | join(next_random(seed), ~(uint64_t)0);
    return x >> (how & 127);
}

static void test_random(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (uint32_t i = 0; i < 300000; i++) {
        const uint128 x = random_number(&seed), y = random_number(&seed);
        check(x, y);
        check(0 - x, y);
        check(x, 0 - y);
    }
}

// Dividends at and next to multiples of the divisor, where a quotient off by one shows.
static void test_multiples(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (uint32_t i = 0; i < 100000; i++) {
        const uint128 y = random_number(&seed);
        const uint128 product = y * random_number(&seed);
        check(product, y);
        check(product - 1, y);
        check(product + 1, y);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_multiples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
