// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What stands behind the terms of isle-rules/prelude/prelude.isle. Included before the C that islec
// writes, so that the compiler sees through it. Only rule units include this.
#ifndef LOWER_RULES_H
#define LOWER_RULES_H

#include "clif_terms.h"
#include "lower/lower.h"

#define I8                 TYPE_I8
#define I16                TYPE_I16
#define I32                TYPE_I32
#define I64                TYPE_I64
#define I128               TYPE_I128
#define F16                TYPE_F16
#define F32                TYPE_F32
#define F64                TYPE_F64
#define F128               TYPE_F128
#define EQ                 INTCC_EQ
#define NE                 INTCC_NE
#define SLT                INTCC_SLT
#define SGE                INTCC_SGE
#define SGT                INTCC_SGT
#define SLE                INTCC_SLE
#define ULT                INTCC_ULT
#define UGE                INTCC_UGE
#define UGT                INTCC_UGT
#define ULE                INTCC_ULE
#define F_ORD              FLOATCC_ORD
#define F_UNO              FLOATCC_UNO
#define F_EQ               FLOATCC_EQ
#define F_NE               FLOATCC_NE
#define F_ONE              FLOATCC_ONE
#define F_UEQ              FLOATCC_UEQ
#define F_LT               FLOATCC_LT
#define F_LE               FLOATCC_LE
#define F_GT               FLOATCC_GT
#define F_GE               FLOATCC_GE
#define F_ULT              FLOATCC_ULT
#define F_ULE              FLOATCC_ULE
#define F_UGT              FLOATCC_UGT
#define F_UGE              FLOATCC_UGE
#define INT_DIVZ           ((TrapCode)TRAP_INT_DIVZ)
#define INT_OVF            ((TrapCode)TRAP_INT_OVF)
#define BAD_TOINT          ((TrapCode)TRAP_BAD_TOINT)
#define NO_TRAP            ((TrapCode)TRAP_NONE)

// Structures that rules make live as long as the function's lowering.
#define ISLE_ALLOC(ctx, T) ARENA_NEW((ctx)->scratch, T)

// Equality of values in rules: names compared as written, so an alias is another value.
#define Value_EQ(a, b)     ((a).i == (b).i)

// The matcher says so of each rule whose right side it is going to evaluate.
#define ISLE_RULE_FIRED(ctx, id)                  \
    do {                                          \
        if (UNLIKELY((ctx)->rule_counts != NULL)) \
            (ctx)->rule_counts[id]++;             \
    } while (0)

// No rule of a term that must match did: a hole in the rules.
NORETURN static inline void isle_nomatch(LowerCtx *ctx, const char *term, const char *where)
{
    (void)ctx;
    base_assert_failed(term, where, 0);
}

// ---- Values ----

static inline bool rule_def_inst(LowerCtx *ctx, Value value, Inst *out)
{
    *out = lower_pure_def(ctx, value);
    return out->i != NO_INDEX;
}

static inline Type rule_value_type(LowerCtx *ctx, Value value)
{
    return value_type(ctx->f, value);
}

// Of a value that one register holds. Rules that would take the half of an i128 for the whole are
// wrong: `low_gpr` says it when that is meant.
static inline Gpr rule_put_in_gpr(LowerCtx *ctx, Value value)
{
    ASSERT(value_type(ctx->f, value) != TYPE_I128);
    return (Gpr){lower_value(ctx, value)};
}

static inline Gpr rule_low_gpr(LowerCtx *ctx, Value value)
{
    return (Gpr){lower_value(ctx, value)};
}

static inline RegPair rule_put_in_pair(LowerCtx *ctx, Value value)
{
    ASSERT(value_type(ctx->f, value) == TYPE_I128);
    const VReg low = lower_value(ctx, value);
    return (RegPair){low, {low.i + 1}};
}

static inline RegPair rule_pair(LowerCtx *ctx, Gpr lo, Gpr hi)
{
    (void)ctx;
    return (RegPair){lo.reg, hi.reg};
}

static inline Unit rule_output_pair(LowerCtx *ctx, RegPair pair)
{
    lower_set_result_pair(ctx, 0, pair);
    return (Unit){0};
}

// An i128 and a second result in one register.
static inline Unit rule_output_pair_gpr(LowerCtx *ctx, RegPair pair, Gpr second)
{
    lower_set_result_pair(ctx, 0, pair);
    lower_set_result(ctx, 1, second.reg);
    return (Unit){0};
}

static inline Unit rule_output_gpr(LowerCtx *ctx, Gpr reg)
{
    lower_set_result(ctx, 0, reg.reg);
    return (Unit){0};
}

static inline Unit rule_output_gprs(LowerCtx *ctx, Gpr first, Gpr second)
{
    lower_set_result(ctx, 0, first.reg);
    lower_set_result(ctx, 1, second.reg);
    return (Unit){0};
}

static inline Fpr rule_put_in_fpr(LowerCtx *ctx, Value value)
{
    return (Fpr){lower_value(ctx, value)};
}

static inline Unit rule_output_fpr(LowerCtx *ctx, Fpr reg)
{
    lower_set_result(ctx, 0, reg.reg);
    return (Unit){0};
}

static inline Gpr rule_pair_lo(LowerCtx *ctx, RegPair pair)
{
    (void)ctx;
    return (Gpr){pair.lo};
}

static inline Gpr rule_pair_hi(LowerCtx *ctx, RegPair pair)
{
    (void)ctx;
    return (Gpr){pair.hi};
}

static inline Gpr rule_gpr_of(LowerCtx *ctx, GprFlags both)
{
    (void)ctx;
    return (Gpr){both.reg};
}

static inline Flags rule_flags_of(LowerCtx *ctx, GprFlags both)
{
    (void)ctx;
    (void)both;
    return (Flags){0};
}

// ---- Types ----

static inline bool rule_is_int(Type type, uint32_t most)
{
    return type >= TYPE_I8 && type <= TYPE_I128 && type_bits(type) <= most;
}

static inline bool rule_fits_in_64(LowerCtx *ctx, Type type, Type *out)
{
    (void)ctx;
    *out = type;
    return rule_is_int(type, 64);
}

static inline bool rule_fits_in_32(LowerCtx *ctx, Type type, Type *out)
{
    (void)ctx;
    *out = type;
    return rule_is_int(type, 32);
}

static inline bool rule_fits_in_16(LowerCtx *ctx, Type type, Type *out)
{
    (void)ctx;
    *out = type;
    return rule_is_int(type, 16);
}

static inline bool rule_ty_32_or_64(LowerCtx *ctx, Type type, Type *out)
{
    (void)ctx;
    *out = type;
    return type == TYPE_I32 || type == TYPE_I64;
}

static inline bool rule_ty_f32_or_f64(LowerCtx *ctx, Type type, Type *out)
{
    (void)ctx;
    *out = type;
    return type == TYPE_F32 || type == TYPE_F64;
}

static inline bool rule_scalar_float(LowerCtx *ctx, Type type, Type *out)
{
    (void)ctx;
    *out = type;
    return type_is_float(type) && !type_is_vector(type);
}

static inline bool rule_float_fits_in_64(LowerCtx *ctx, Type type, Type *out)
{
    return rule_scalar_float(ctx, type, out) && type_bits(type) <= 64;
}

static inline uint64_t rule_ty_bits(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return type_bits(type);
}

static inline int64_t rule_bits_i64(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return type_bits(type);
}

static inline int64_t rule_half_bits(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return type_bits(type) / 2;
}

static inline uint8_t rule_ty_bytes(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return (uint8_t)type_bytes(type);
}

static inline uint8_t rule_op_size(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return type_bits(type) <= 32 ? 4 : 8;
}

// ---- Constants ----

static inline bool rule_iconst_s64(LowerCtx *ctx, Value value, int64_t *out)
{
    const Inst inst = lower_pure_def(ctx, value);
    if (inst.i == NO_INDEX || inst_op(ctx->f, inst) != OP_ICONST)
        return false;
    *out = (int64_t)inst_imm(ctx->f, inst); // sign-extended: its canonical form
    return true;
}

static inline bool rule_iconst_u64(LowerCtx *ctx, Value value, uint64_t *out)
{
    int64_t x;
    if (!rule_iconst_s64(ctx, value, &x))
        return false;
    const uint32_t bits = type_bits(value_type(ctx->f, value));
    *out = bits == 64 ? (uint64_t)x : (uint64_t)x & (((uint64_t)1 << bits) - 1);
    return true;
}

static inline bool rule_simm32(LowerCtx *ctx, Value value, int64_t *out)
{
    return rule_iconst_s64(ctx, value, out) && *out >= INT32_MIN && *out <= INT32_MAX;
}

static inline bool rule_power_of_two(LowerCtx *ctx, Value value, uint64_t *out)
{
    uint64_t x;
    if (!rule_iconst_u64(ctx, value, &x) || x == 0 || (x & (x - 1)) != 0)
        return false;
    *out = (uint64_t)__builtin_ctzll(x);
    return true;
}

static inline bool rule_power_of_two_mask(LowerCtx *ctx, Value value, int64_t *out)
{
    uint64_t k;
    if (!rule_power_of_two(ctx, value, &k) || k > 31)
        return false;
    *out = ((int64_t)1 << k) - 1;
    return true;
}

// The halves of a constant of 16 bytes.
static inline uint64_t rule_constant_half(const LowerCtx *ctx, Constant constant, uint32_t at)
{
    const ConstantData *const data = &ctx->f->constants.data[constant.i];
    uint64_t half;
    ASSERT(data->size == 16);
    memcpy(&half, data->bytes + at, sizeof(half));
    return half;
}

static inline uint64_t rule_constant_low(LowerCtx *ctx, Constant constant)
{
    return rule_constant_half(ctx, constant, 0);
}

static inline uint64_t rule_constant_high(LowerCtx *ctx, Constant constant)
{
    return rule_constant_half(ctx, constant, 8);
}

static inline int64_t rule_shift_amount(LowerCtx *ctx, Type type, uint64_t amount)
{
    (void)ctx;
    return (int64_t)(amount & (type_lane_bits(type) - 1));
}

static inline int64_t rule_i64_neg(LowerCtx *ctx, int64_t x)
{
    (void)ctx;
    return (int64_t)(0 - (uint64_t)x);
}

static inline int64_t rule_i64_sub(LowerCtx *ctx, int64_t x, int64_t y)
{
    (void)ctx;
    return (int64_t)((uint64_t)x - (uint64_t)y);
}

static inline int64_t rule_u64_as_i64(LowerCtx *ctx, uint64_t x)
{
    (void)ctx;
    return (int64_t)x;
}

static inline int64_t rule_i32_as_i64(LowerCtx *ctx, int32_t x)
{
    (void)ctx;
    return x;
}

static inline bool rule_checked_add_i32(LowerCtx *ctx, int32_t x, int64_t y, int32_t *out)
{
    (void)ctx;
    if (y < INT32_MIN || y > INT32_MAX || x + y < INT32_MIN || x + y > INT32_MAX)
        return false;
    *out = (int32_t)(x + y);
    return true;
}

static inline bool rule_u64_at_most(LowerCtx *ctx, uint64_t x, uint64_t most, uint64_t *out)
{
    (void)ctx;
    *out = x;
    return x <= most;
}

static inline bool rule_iconst_nonzero(LowerCtx *ctx, Value value, uint64_t *out)
{
    return rule_iconst_u64(ctx, value, out) && *out != 0;
}

static inline bool rule_negated_simm32(LowerCtx *ctx, int64_t x, int64_t *out)
{
    (void)ctx;
    if (x <= INT32_MIN || x > INT32_MAX)
        return false;
    *out = -x;
    return true;
}

static inline int32_t rule_i64_low32(LowerCtx *ctx, int64_t x)
{
    (void)ctx;
    ASSERT(x >= INT32_MIN && x <= INT32_MAX);
    return (int32_t)x;
}

static inline uint64_t rule_bits_minus_1(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return type_bits(type) - 1;
}

static inline int64_t rule_bit_above(LowerCtx *ctx, Type type)
{
    (void)ctx;
    ASSERT(type_bits(type) < 63);
    return (int64_t)1 << type_bits(type);
}

static inline MemFlags rule_no_flags(LowerCtx *ctx)
{
    (void)ctx;
    return TRAP_NONE;
}

#include "lower/rules_division.h"

// ---- Conditions ----

static inline IntCC rule_intcc_complement(LowerCtx *ctx, IntCC cc)
{
    (void)ctx;
    return intcc_complement(cc);
}

static inline IntCC rule_intcc_swap(LowerCtx *ctx, IntCC cc)
{
    (void)ctx;
    return intcc_swap(cc);
}

static inline bool rule_signed_cc(LowerCtx *ctx, IntCC cc, IntCC *out)
{
    (void)ctx;
    *out = cc;
    return cc == INTCC_SLT || cc == INTCC_SGE || cc == INTCC_SGT || cc == INTCC_SLE;
}

// ---- Accesses ----

static inline TrapCode rule_trap_of(LowerCtx *ctx, MemFlags flags)
{
    (void)ctx;
    return memflags_trap(flags);
}

static inline int64_t rule_atomic_op_number(LowerCtx *ctx, AtomicOp op)
{
    (void)ctx;
    return op;
}

static inline Unit rule_drop_gpr(LowerCtx *ctx, Gpr reg)
{
    (void)ctx;
    (void)reg;
    return (Unit){0};
}

// ---- Memory ----

// A copy that lives as long as the function's lowering.
static inline AmodeRef rule_keep_amode(LowerCtx *ctx, MAmode amode)
{
    MAmode *const kept = ARENA_NEW(ctx->scratch, MAmode);
    *kept = amode;
    return kept;
}

static inline AmodeRef rule_amode_base(LowerCtx *ctx, MemFlags flags, Gpr base, int32_t disp)
{
    return rule_keep_amode(ctx, (MAmode){.kind = AMODE_BASE,
                                         .trap = memflags_trap(flags),
                                         .disp = disp,
                                         .base = base.reg,
                                         .index = NO(VReg)});
}

static inline bool rule_in_slot(LowerCtx *ctx, StackSlot slot, int32_t disp, int32_t *out)
{
    *out = disp;
    return disp >= 0 && (uint32_t)disp < ctx->f->slots.data[slot.i].size;
}

static inline AmodeRef rule_amode_slot(LowerCtx *ctx, StackSlot slot, int32_t disp)
{
    return rule_keep_amode(ctx, (MAmode){.kind = AMODE_STACK_SLOT,
                                         .disp = (int32_t)ctx->slot_offsets[slot.i] + disp,
                                         .base = NO(VReg),
                                         .index = NO(VReg)});
}

static inline Unit rule_sink(LowerCtx *ctx, Inst load)
{
    lower_sink(ctx, load);
    return (Unit){0};
}

// Little-endian accesses only.
static inline bool rule_little(LowerCtx *ctx, MemFlags flags, MemFlags *out)
{
    (void)ctx;
    *out = flags;
    return (flags & MEM_BIG) == 0;
}

// ---- Flags ----

// Both targets number a condition and its opposite 2n and 2n + 1.
static inline Cond rule_cond_invert(LowerCtx *ctx, Cond cond)
{
    (void)ctx;
    return cond ^ 1;
}

static inline Unit rule_drop_flags(LowerCtx *ctx, Flags flags)
{
    (void)ctx;
    (void)flags;
    return (Unit){0};
}

// ---- Globals ----

static inline Gpr rule_global_value(LowerCtx *ctx, GlobalValue global)
{
    return (Gpr){lower_global(ctx, global)};
}

// Globals that are not thread-local; thread-local symbols where ELF's general dynamic model is on.
static inline bool rule_global_of_all(LowerCtx *ctx, GlobalValue global, GlobalValue *out)
{
    *out = global;
    return !lower_is_thread_local(ctx, global);
}

static inline bool rule_global_of_thread(LowerCtx *ctx, GlobalValue global, GlobalValue *out)
{
    const GlobalData *const data = &ctx->f->globals.data[global.i];
    *out = global;
    return data->kind == GLOBAL_SYMBOL && data->tls &&
           settings_get(ctx->settings, SETTING_TLS_MODEL) == TLS_MODEL_ELF_GD;
}

static inline Gpr rule_thread_address(LowerCtx *ctx, GlobalValue global)
{
    return (Gpr){lower_thread_local(ctx, global)};
}

static inline Gpr rule_func_address(LowerCtx *ctx, FuncRef func)
{
    const ExtFuncData *const data = &ctx->f->funcs.data[func.i];
    return (Gpr){lower_name_address(ctx, &data->name, data->colocated, 0)};
}

#endif
