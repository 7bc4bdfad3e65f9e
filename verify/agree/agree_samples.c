// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values to try: those at which instructions change their behaviour, and random ones.

#include "verify/agree/agree_internal.h"

uint64_t sample_random(Samples *s)
{
    uint64_t given = 0;
    if (s->bytes.len >= sizeof(given)) {
        memcpy(&given, s->bytes.data, sizeof(given));
        s->bytes = (Str){s->bytes.data + sizeof(given), s->bytes.len - sizeof(given)};
        return given;
    }
    // splitmix64
    s->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = s->state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint32_t sample_below(Samples *s, uint32_t n)
{
    return (uint32_t)((sample_random(s) >> 32) * n >> 32);
}

// Powers of two and their neighbours, runs of ones, small numbers and their negations.
static uint64_t special_integer(Samples *s)
{
    const uint32_t k = sample_below(s, 64);
    const uint64_t power = UINT64_C(1) << k;
    switch (sample_below(s, 8)) {
    case 0: return power;
    case 1: return power - 1;
    case 2: return 0 - power;
    case 3: return power + 1;
    case 4: return sample_below(s, 4);
    case 5: return 0 - (uint64_t)sample_below(s, 4);
    case 6: return sample_below(s, 256);
    default: return ~power;
    }
}

// Zeros, infinities, NaNs, the least and greatest numbers, whole and half ones, integers' limits.
static uint64_t special_float(Samples *s, bool wide)
{
    const uint32_t fraction = wide ? 52 : 23, bias = wide ? 1023 : 127, most = 2 * bias + 1;
    const uint64_t sign = (uint64_t)sample_below(s, 2) << (wide ? 63 : 31);
    const uint64_t quiet = UINT64_C(1) << (fraction - 1), ones = 2 * quiet - 1;
    const uint64_t near = (uint64_t)(bias - 2 + sample_below(s, 70)) << fraction;
    switch (sample_below(s, 9)) {
    case 0: return sign;
    case 1: return sign | (uint64_t)most << fraction;
    case 2: return sign | (uint64_t)most << fraction | quiet | sample_below(s, 8);
    case 3: return sign | (uint64_t)most << fraction | (1 + sample_below(s, 7));
    case 4: return sign | sample_below(s, 4);
    case 5: return sign | near;
    case 6: return sign | (near - sample_below(s, 3));
    case 7: return sign | ((sample_random(s) & ones) | near);
    default: return sign | ((uint64_t)(most - 1) << fraction) | ones;
    }
}

Wide sample_bits(Samples *s, uint32_t width)
{
    Wide x = wide_from_u64(sample_random(s));
    x.w[1] = sample_random(s);
    const uint32_t kind = sample_below(s, 8);
    if (kind < 3) {
        x = wide_from_u64(special_integer(s));
        if (width > 64)
            x.w[1] = sample_below(s, 2) ? special_integer(s) : 0 - (x.w[0] >> 63);
    } else if (kind < 6) {
        x.w[0] = special_float(s, width >= 64);
    }
    return wide_low(x, width);
}

// ---- Immediates ----

static uint64_t rotated(uint64_t x, uint32_t k)
{
    return k == 0 ? x : x << k | x >> (64 - k);
}

// A run of ones, turned, repeated.
static int64_t bitmask(uint32_t n)
{
    const uint32_t log = 1 + n % 6, element = 1u << log;
    const uint32_t run = 1 + n / 6 % (element - 1), turn = n / 7 % element;
    uint64_t x = (UINT64_C(1) << run) - 1;
    for (uint32_t at = element; at < 64; at *= 2)
        x |= x << at;
    x = rotated(x, turn);
    return n % 5 == 0 ? (int64_t)(x & UINT32_MAX) : (int64_t)x;
}

// sign, exponent within [-3, 4], four bits of fraction.
static int64_t short_float(uint32_t n)
{
    const uint64_t sign = n >> 7 & 1, exponent = n >> 4 & 7, fraction = n & 15;
    if (n % 2 == 0)
        return (int64_t)(sign << 63 | (1020 + exponent) << 52 | fraction << 48);
    return (int64_t)(sign << 31 | (124 + exponent) << 23 | fraction << 19);
}

int64_t sample_immediate(uint32_t n)
{
    if (n < 100)
        return (int64_t)n;
    if (n < 200)
        return (int64_t)((UINT64_C(1) << (n % 64)) - n % 3);
    if (n < 264)
        return (int64_t)(0 - (UINT64_C(1) << (n % 63)) - n % 2);
    if (n < 300)
        return (int64_t)(1 + (n * 37) % 4095) << 12;
    if (n < 400)
        return (int64_t)(n * UINT64_C(0x9e3779b97f4a7c15) >> (n % 60));
    if (n < 550)
        return bitmask(n);
    return short_float((n * 29) & 255);
}

// ---- Reports ----

AgreeResult *agree_add(AgreeReport *report, Str term, const char *by)
{
    const AgreeResult result = {.term = str_copy(report->arena, term), .by = by};
    VEC_PUSH(report->arena, &report->results, result);
    return &report->results.data[report->results.len - 1];
}

bool agree_selected(const AgreeOptions *options, Str term)
{
    return str_contains(term, options->filter);
}
