// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What stands behind the terms of isle-rules/x64/float.isle. Included by x64_lower.h alone.
#ifndef TARGET_X64_LOWER_FLOAT_H
#define TARGET_X64_LOWER_FLOAT_H

#include "lower/rules.h"
#include "x64_ctors.h"

static inline RegMemRef rule_fpr_mem(LowerCtx *ctx, Fpr reg)
{
    MRegMem *const rm = ARENA_NEW(ctx->scratch, MRegMem);
    *rm = (MRegMem){reg.reg, NULL};
    return rm;
}

// ---- Constants ----

// A constant in the pool, by the low and high half of its bytes.
static inline MAmode rule_pool_constant(LowerCtx *ctx, uint32_t size, uint64_t low, uint64_t high)
{
    uint8_t *const bytes = arena_alloc(ctx->m->arena, size, 1);
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)((i < 8 ? low : high) >> i % 8 * 8);
    const ConstantData data = {.bytes = bytes, .size = size};
    VEC_PUSH(ctx->m->arena, &ctx->m->constants, data);
    return (MAmode){.kind = AMODE_CONSTANT,
                    .base = NO(VReg),
                    .index = NO(VReg),
                    .target = ctx->m->constants.len - 1};
}

// A float of the type, up to 64 bits, by its bits: from the pool where one load does it, else
// through a general register.
static inline Fpr rule_float_bits(LowerCtx *ctx, Type type, uint64_t bits)
{
    if (bits == 0)
        return x64_zero_vec(ctx);
    if (type == TYPE_F32 || type == TYPE_F64) {
        const MAmode amode = rule_pool_constant(ctx, type_bytes(type), bits, 0);
        return x64_movx_load(ctx, type == TYPE_F64 ? 8 : 4, &amode);
    }
    const MRegMem rm = {x64_mov_ri(ctx, bits <= UINT32_MAX ? 4 : 8, (int64_t)bits).reg, NULL};
    return x64_movx_from_gpr(ctx, rule_op_size(ctx, type), &rm);
}

// 16 bytes by their halves, from the pool.
static inline Fpr rule_quad_bits(LowerCtx *ctx, uint64_t low, uint64_t high)
{
    if (low == 0 && high == 0)
        return x64_zero_vec(ctx);
    const MAmode amode = rule_pool_constant(ctx, 16, low, high);
    return x64_movups_load(ctx, &amode);
}

// ---- Settings ----

static inline bool rule_canonical_nans(LowerCtx *ctx)
{
    return settings_get(ctx->settings, SETTING_ENABLE_NAN_CANONICALIZATION) != 0;
}

static inline uint64_t x64_sign_bit(Type type)
{
    return (uint64_t)1 << (type_bits(type) - 1);
}

static inline uint64_t rule_float_sign(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return x64_sign_bit(type);
}

static inline uint64_t rule_float_not_sign(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return x64_sign_bit(type) - 1;
}

// ---- Comparison ----

// Condition codes after ucomisx: unordered sets carry, zero and parity.
enum { X64_CC_B = 2, X64_CC_AE = 3, X64_CC_E = 4, X64_CC_NE = 5, X64_CC_BE = 6, X64_CC_A = 7 };
enum { X64_CC_P = 10, X64_CC_NP = 11 };

// Conditions that one flag test decides once the operands of the swapped ones are exchanged. eq and
// ne need two.
static inline bool rule_float_cond(LowerCtx *ctx, FloatCC cc, Cond *out)
{
    (void)ctx;
    switch (cc) {
    case FLOATCC_ORD: *out = X64_CC_NP; return true;
    case FLOATCC_UNO: *out = X64_CC_P; return true;
    case FLOATCC_ONE: *out = X64_CC_NE; return true;
    case FLOATCC_UEQ: *out = X64_CC_E; return true;
    case FLOATCC_GT:
    case FLOATCC_LT: *out = X64_CC_A; return true;
    case FLOATCC_GE:
    case FLOATCC_LE: *out = X64_CC_AE; return true;
    case FLOATCC_ULT:
    case FLOATCC_UGT: *out = X64_CC_B; return true;
    case FLOATCC_ULE:
    case FLOATCC_UGE: *out = X64_CC_BE; return true;
    case FLOATCC_EQ:
    case FLOATCC_NE: return false;
    case FLOATCC_COUNT: break;
    }
    UNREACHABLE();
}

static inline bool rule_float_swapped(LowerCtx *ctx, FloatCC cc)
{
    (void)ctx;
    return cc == FLOATCC_LT || cc == FLOATCC_LE || cc == FLOATCC_UGT || cc == FLOATCC_UGE;
}

#define X64_COND_TERM(name, code)                      \
    static inline Cond rule_cond_##name(LowerCtx *ctx) \
    {                                                  \
        (void)ctx;                                     \
        return code;                                   \
    }
X64_COND_TERM(b, X64_CC_B)
X64_COND_TERM(ae, X64_CC_AE)
X64_COND_TERM(e, X64_CC_E)
X64_COND_TERM(ne, X64_CC_NE)
X64_COND_TERM(p, X64_CC_P)
X64_COND_TERM(np, X64_CC_NP)
#undef X64_COND_TERM

static inline int64_t rule_cond_i64(LowerCtx *ctx, Cond cond)
{
    (void)ctx;
    return cond;
}

// ---- Conversion to integers ----

// An f32 holds no power of two from 2^128 on: nothing finite reaches those.
static inline uint64_t x64_float_of(Type type, double x)
{
    uint64_t bits;
    if (type == TYPE_F64) {
        memcpy(&bits, &x, sizeof(bits));
        return bits;
    }
    if (x >= 0x1p128)
        return 0x7f800000;         // infinity
    const float narrow = (float)x; // exact
    uint32_t low;
    memcpy(&low, &narrow, sizeof(low));
    return low;
}

static inline double x64_power(uint32_t exponent)
{
    double above = 1.0;
    for (; exponent >= 64; exponent -= 64)
        above *= 0x1p64;
    return above * (double)((uint64_t)1 << exponent);
}

// The bits of 2^n.
static inline uint64_t rule_power_bits(LowerCtx *ctx, Type type, int64_t n)
{
    (void)ctx;
    return type == TYPE_F32 ? (127 + (uint64_t)n) << 23 : (1023 + (uint64_t)n) << 52;
}

// The least power of two above the integers of a type.
static inline uint64_t rule_int_end(LowerCtx *ctx, Type type, Type to, bool is_signed)
{
    (void)ctx;
    return x64_float_of(type, x64_power(type_bits(to) - is_signed));
}

// Whether the float type has the number one below the least of the signed integers.
static inline bool x64_has_below(Type type, Type to)
{
    return type_bits(to) <= (type == TYPE_F32 ? 16 : 32);
}

// Floats that are `below` this one have no integer of the type once truncated.
static inline uint64_t rule_int_start(LowerCtx *ctx, Type type, Type to, bool is_signed)
{
    (void)ctx;
    if (!is_signed)
        return x64_float_of(type, -1.0);
    return x64_float_of(type,
                        -x64_power(type_bits(to) - 1) - (x64_has_below(type, to) ? 1.0 : 0.0));
}

static inline Cond rule_int_below(LowerCtx *ctx, Type type, Type to, bool is_signed)
{
    (void)ctx;
    return !is_signed || x64_has_below(type, to) ? X64_CC_BE : X64_CC_B;
}

static inline uint64_t rule_int_least(LowerCtx *ctx, Type to)
{
    (void)ctx;
    return (uint64_t)1 << (type_bits(to) - 1);
}

static inline uint64_t rule_int_greatest(LowerCtx *ctx, Type to, bool is_signed)
{
    (void)ctx;
    return UINT64_MAX >> (64 - type_bits(to) + is_signed);
}

// ---- Library calls ----

static inline Fpr rule_call_fma(LowerCtx *ctx, Type type, Fpr x, Fpr y, Fpr z)
{
    const VReg args[] = {x.reg, y.reg, z.reg};
    return (Fpr){lower_libcall(ctx, type == TYPE_F32 ? LIBCALL_FMA_F32 : LIBCALL_FMA_F64, args)};
}

// ---- Features ----

static inline bool rule_has_fma(LowerCtx *ctx)
{
    return isa_has(ctx->isa, ISA_X86_64_HAS_FMA);
}

static inline bool rule_has_sse41(LowerCtx *ctx)
{
    return isa_has(ctx->isa, ISA_X86_64_HAS_SSE41);
}

#endif
