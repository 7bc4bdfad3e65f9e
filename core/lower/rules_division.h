// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What stands behind the terms of division by constants, and by library calls, in
// isle-rules/prelude/prelude.isle. Included by rules.h.
#ifndef LOWER_RULES_DIVISION_H
#define LOWER_RULES_DIVISION_H

#include "lower/reciprocal.h"

// ---- Library calls ----

static inline RegPair rule_call_wide(LowerCtx *ctx, Libcall libcall, RegPair x, RegPair y)
{
    const VReg args[] = {x.lo, x.hi, y.lo, y.hi};
    const VReg lo = lower_libcall(ctx, libcall, args);
    return (RegPair){lo, {lo.i + 1}};
}

static inline RegPair rule_call_udiv(LowerCtx *ctx, RegPair x, RegPair y)
{
    return rule_call_wide(ctx, LIBCALL_UDIV_I128, x, y);
}

static inline RegPair rule_call_sdiv(LowerCtx *ctx, RegPair x, RegPair y)
{
    return rule_call_wide(ctx, LIBCALL_SDIV_I128, x, y);
}

static inline RegPair rule_call_urem(LowerCtx *ctx, RegPair x, RegPair y)
{
    return rule_call_wide(ctx, LIBCALL_UREM_I128, x, y);
}

static inline RegPair rule_call_srem(LowerCtx *ctx, RegPair x, RegPair y)
{
    return rule_call_wide(ctx, LIBCALL_SREM_I128, x, y);
}

// ---- By constants ----

static inline uint64_t rule_magnitude(int64_t x)
{
    return x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
}

static inline bool rule_reciprocal_divisor(LowerCtx *ctx, Value value, uint64_t *out)
{
    return rule_iconst_u64(ctx, value, out) && (*out & (*out - 1)) != 0;
}

static inline bool rule_signed_reciprocal_divisor(LowerCtx *ctx, Value value, int64_t *out)
{
    if (!rule_iconst_s64(ctx, value, out))
        return false;
    const uint64_t d = rule_magnitude(*out);
    return (d & (d - 1)) != 0;
}

static inline bool rule_find_reciprocal(Type type, uint64_t d, Reciprocal *out)
{
    return type_bits(type) <= 32 ? lower_reciprocal_product(type_bits(type), d, out)
                                 : lower_reciprocal_wide(64, d, out);
}

static inline bool rule_reciprocal_factor(LowerCtx *ctx, Type type, uint64_t d, uint64_t *out)
{
    Reciprocal found;
    (void)ctx;
    if (!rule_find_reciprocal(type, d, &found))
        return false;
    *out = found.factor;
    return true;
}

static inline int64_t rule_reciprocal_shift(LowerCtx *ctx, Type type, uint64_t d, uint64_t factor)
{
    (void)ctx;
    return lower_reciprocal_shift(factor, d) - (type_bits(type) == 64 ? 64 : 0);
}

static inline uint64_t rule_reciprocal_high(LowerCtx *ctx, uint64_t d)
{
    (void)ctx;
    return lower_reciprocal_high(d);
}

static inline bool rule_reciprocal_twos(LowerCtx *ctx, uint64_t d, uint64_t *out)
{
    (void)ctx;
    *out = (uint64_t)__builtin_ctzll(d);
    return *out != 0;
}

// Of d without its factors of 2, for dividends shifted by as many bits.
static inline uint64_t rule_reciprocal_even_factor(LowerCtx *ctx, uint64_t d)
{
    const uint32_t twos = (uint32_t)__builtin_ctzll(d);
    Reciprocal found;
    const bool exists = lower_reciprocal_wide(64 - twos, d >> twos, &found);
    ASSERT(exists);
    (void)ctx;
    return found.factor;
}

static inline int64_t rule_reciprocal_even_shift(LowerCtx *ctx, uint64_t d, uint64_t factor)
{
    (void)ctx;
    return lower_reciprocal_shift(factor, d >> __builtin_ctzll(d)) - 64;
}

static inline uint64_t rule_reciprocal_add_factor(LowerCtx *ctx, uint64_t d)
{
    (void)ctx;
    return lower_reciprocal_wide_add(d).factor;
}

static inline int64_t rule_reciprocal_add_shift(LowerCtx *ctx, uint64_t d, uint64_t factor)
{
    const Reciprocal found = lower_reciprocal_wide_add(d);
    ASSERT(found.factor == factor);
    (void)ctx;
    return found.shift;
}

static inline Reciprocal rule_signed_reciprocal(Type type, int64_t d)
{
    return type_bits(type) <= 32 ? lower_reciprocal_signed(type_bits(type), rule_magnitude(d))
                                 : lower_reciprocal_signed_wide(rule_magnitude(d));
}

static inline uint64_t rule_signed_factor(LowerCtx *ctx, Type type, int64_t d)
{
    (void)ctx;
    return rule_signed_reciprocal(type, d).factor;
}

static inline int64_t rule_signed_shift(LowerCtx *ctx, Type type, int64_t d, uint64_t factor)
{
    (void)ctx;
    return lower_reciprocal_shift(factor, rule_magnitude(d)) - (type_bits(type) == 64 ? 64 : 0);
}

static inline bool rule_signed_power_of_two(LowerCtx *ctx, Value value, int64_t *out)
{
    if (!rule_iconst_s64(ctx, value, out))
        return false;
    const uint64_t d = rule_magnitude(*out);
    return d > 1 && (d & (d - 1)) == 0;
}

static inline int64_t rule_exponent_of(LowerCtx *ctx, int64_t d)
{
    (void)ctx;
    return __builtin_ctzll((uint64_t)d);
}

static inline bool rule_power_mask32(LowerCtx *ctx, int64_t d, int64_t *out)
{
    const int64_t k = rule_exponent_of(ctx, d);
    if (k > 31)
        return false;
    *out = -((int64_t)1 << k);
    return true;
}

static inline bool rule_divisor_imm32(LowerCtx *ctx, Type type, int64_t d, int64_t *out)
{
    (void)ctx;
    *out = type_bits(type) <= 32 ? (int32_t)(uint32_t)(uint64_t)d : d;
    return *out >= INT32_MIN && *out <= INT32_MAX;
}

static inline bool rule_i64_is_negative(LowerCtx *ctx, int64_t x)
{
    (void)ctx;
    return x < 0;
}

static inline uint64_t rule_i64_as_u64(LowerCtx *ctx, int64_t x)
{
    (void)ctx;
    return (uint64_t)x;
}

#endif
