// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Division of 128-bit numbers by words of 64 bits, which are divided by digits of 32 as on paper
// (D. E. Knuth, The Art of Computer Programming, volume 2, section 4.3.1, algorithm D).

#include "runtime/runtime.h"

static uint64_t high(uint128 x)
{
    return (uint64_t)(x >> 64);
}

static uint64_t low(uint128 x)
{
    return (uint64_t)x;
}

// One digit of a quotient: `*rest` and the digit `next` below it, divided by a `divisor` whose
// highest bit is set, and the remainder in *rest, which is less than the divisor before and after.
//
// The quotient by the divisor's upper digit is too great by at most two; a comparison that takes
// the lower one in says by how much. While the remainder has more than 32 bits, the guess is right.
static uint64_t divide_digit(uint64_t *rest, uint64_t next, uint64_t divisor)
{
    const uint64_t upper = divisor >> 32, lower = divisor & UINT32_MAX;
    uint64_t guess = *rest / upper;
    uint64_t left = *rest % upper;
    while (guess > UINT32_MAX || guess * lower > (left << 32 | next)) {
        guess--;
        left += upper;
        if (left > UINT32_MAX)
            break;
    }
    // Modulo 2^64: what is above cancels out.
    *rest = (*rest << 32 | next) - guess * divisor;
    return guess;
}

// x / y, which fits a word since the upper word of x is less than y; the remainder in *remainder.
static uint64_t divide_by_word(uint128 x, uint64_t y, uint64_t *remainder)
{
    ASSERT(high(x) < y);
    const uint32_t shift = (uint32_t)__builtin_clzll(y);
    const uint64_t divisor = y << shift;
    const uint128 dividend = x << shift;
    uint64_t rest = high(dividend);
    const uint64_t upper = divide_digit(&rest, low(dividend) >> 32, divisor);
    const uint64_t lower = divide_digit(&rest, low(dividend) & UINT32_MAX, divisor);
    *remainder = rest >> shift;
    return upper << 32 | lower;
}

// By a divisor with something in its upper word, so that the quotient fits a word. Half of x by the
// divisor's 64 highest bits, scaled back, is the quotient or one more; less one it is never too
// great, and one too small at most (H. S. Warren, Hacker's Delight, section 9-5).
static Quotient128 divide_by_two_words(uint128 x, uint128 y)
{
    const uint32_t shift = (uint32_t)__builtin_clzll(high(y));
    uint64_t unused;
    const uint64_t scaled = divide_by_word(x >> 1, high(y << shift), &unused);
    uint64_t quotient = scaled >> (63 - shift);
    quotient -= quotient != 0;
    uint128 rest = x - quotient * y;
    if (rest >= y) {
        quotient++;
        rest -= y;
    }
    ASSERT(rest < y);
    return (Quotient128){quotient, rest};
}

Quotient128 runtime_udivmod128(uint128 x, uint128 y)
{
    ASSERT(y != 0);
    if (high(y) != 0)
        return divide_by_two_words(x, y);
    uint64_t rest;
    const uint64_t upper = high(x) / low(y);
    const uint128 below = (uint128)(high(x) % low(y)) << 64 | low(x);
    const uint64_t lower = divide_by_word(below, low(y), &rest);
    return (Quotient128){(uint128)upper << 64 | lower, rest};
}

static uint128 negated_if(bool negative, uint128 x)
{
    return negative ? 0 - x : x;
}

Quotient128 runtime_sdivmod128(uint128 x, uint128 y)
{
    const bool minus_x = high(x) >> 63 != 0, minus_y = high(y) >> 63 != 0;
    const Quotient128 of = runtime_udivmod128(negated_if(minus_x, x), negated_if(minus_y, y));
    return (Quotient128){negated_if(minus_x != minus_y, of.quotient),
                         negated_if(minus_x, of.remainder)};
}
