// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lowering of x86-64: the entry points that the Target names, and what stands behind the target's
// own terms (isle-rules/x64). Private to target/x64 and its compiled rules.
#ifndef TARGET_X64_LOWER_H
#define TARGET_X64_LOWER_H

#include "lower/rules.h"
#include "target/x64/x64_internal.h"
#include "x64_ctors.h"
#include "x64_isle.h"

// The compiled rules: `inst` (no branch; brif or br_table) lowered into ctx->pending, or false when
// no rule matches.
bool x64_lower_inst(LowerCtx *ctx, Inst inst);
bool x64_lower_branch(LowerCtx *ctx, Inst inst);

// ---- Memory ----

static inline AmodeRef rule_amode_index(LowerCtx *ctx, MemFlags flags, Gpr base, Gpr index,
                                        uint64_t scale, int32_t disp)
{
    return rule_keep_amode(ctx, (MAmode){.kind = AMODE_INDEX,
                                         .scale = (uint8_t)scale,
                                         .trap = memflags_trap(flags),
                                         .disp = disp,
                                         .base = base.reg,
                                         .index = index.reg});
}

static inline AmodeRef rule_amode_scaled(LowerCtx *ctx, Gpr index, uint64_t scale, int32_t disp)
{
    return rule_keep_amode(ctx, (MAmode){.kind = AMODE_INDEX,
                                         .scale = (uint8_t)scale,
                                         .disp = disp,
                                         .base = NO(VReg),
                                         .index = index.reg});
}

static inline RegMemRef rule_reg_mem(LowerCtx *ctx, Gpr reg)
{
    MRegMem *const rm = ARENA_NEW(ctx->scratch, MRegMem);
    *rm = (MRegMem){reg.reg, NULL};
    return rm;
}

static inline RegMemRef rule_amode_mem(LowerCtx *ctx, AmodeRef amode)
{
    MRegMem *const rm = ARENA_NEW(ctx->scratch, MRegMem);
    *rm = (MRegMem){NO(VReg), amode};
    return rm;
}

// The load behind a value, if it may be taken into the instruction being lowered and moves as many
// bytes as the value has.
static inline bool rule_sinkable_load(LowerCtx *ctx, Value value, Inst *out)
{
    *out = lower_sinkable_load(ctx, value);
    return out->i != NO_INDEX && inst_op(ctx->f, *out) == OP_LOAD &&
           (inst_memflags(ctx->f, *out) & MEM_BIG) == 0;
}

// ---- Constants ----

static inline Gpr rule_imm(LowerCtx *ctx, Type type, uint64_t x)
{
    const uint32_t bits = type_bits(type);
    if (bits < 64)
        x &= ((uint64_t)1 << bits) - 1;
    return x64_mov_ri(ctx, x <= UINT32_MAX ? 4 : 8, (int64_t)x);
}

// ---- Registers and their upper halves ----

// Whether zeros are above the value in its register: the rules of the instruction behind it are
// proved to see to that, of some for results of 32 bits.
static inline bool rule_zero_above(LowerCtx *ctx, Value value, Value *out)
{
    *out = ir_resolve(ctx->f, value);
    const Type type = value_type(ctx->f, *out);
    if (value_kind(ctx->f, *out) != VALUE_RESULT || !rule_is_int(type, 64))
        return false;
#define CASE(term) case ClifInst_##term:
    switch ((int)inst_op(ctx->f, (Inst){value_def(ctx->f, *out)})) {
        x64_isle_TAGGED_zero_above(CASE) return true;
        x64_isle_TAGGED_zero_above_32(CASE) return type == TYPE_I32;
    default: return false;
    }
#undef CASE
}

// Whether a value is a constant: one with a single use may have been put in front of a loop, and
// then every round needs it.
static inline bool x64_is_constant(const Func *f, Value value)
{
    if (value_kind(f, value) != VALUE_RESULT)
        return false;
    const Opcode op = inst_op(f, (Inst){value_def(f, value)});
    return op == OP_ICONST || op == OP_F32CONST || op == OP_F64CONST;
}

static inline bool rule_destroys_right(LowerCtx *ctx, Value left, Value right)
{
    left = ir_resolve(ctx->f, left);
    right = ir_resolve(ctx->f, right);
    if (ctx->use_counts[right.i] != 1 || lower_sinkable_load(ctx, right).i != NO_INDEX ||
        x64_is_constant(ctx->f, right))
        return false;
    return ctx->use_counts[left.i] != 1 ||
           (value_kind(ctx->f, right) == VALUE_PARAM && value_kind(ctx->f, left) != VALUE_PARAM);
}

static inline bool rule_used_elsewhere(LowerCtx *ctx, Value left, Value right)
{
    return ctx->use_counts[ir_resolve(ctx->f, left).i] > 1 &&
           ctx->use_counts[ir_resolve(ctx->f, right).i] > 1;
}

static inline bool rule_used_once(LowerCtx *ctx, Value value)
{
    return ctx->use_counts[ir_resolve(ctx->f, value).i] == 1;
}

static inline int64_t rule_i64_low_byte(LowerCtx *ctx, int64_t x)
{
    (void)ctx;
    return (int8_t)(uint8_t)(uint64_t)x;
}

// A byte in every byte of the operation that computes a type.
static inline Gpr rule_repeated_byte(LowerCtx *ctx, Type type, uint64_t byte)
{
    const bool wide = type_bits(type) > 32;
    return x64_mov_ri(ctx, wide ? 8 : 4,
                      (int64_t)(byte * (wide ? 0x0101010101010101u : 0x01010101u)));
}

static inline int64_t rule_top_of_operation(LowerCtx *ctx, Type type)
{
    (void)ctx;
    return type_bits(type) <= 32 ? 31 : 63;
}

// `x - 1`: that x.
static inline bool rule_less_one(LowerCtx *ctx, Value value, Value *out)
{
    const Inst inst = lower_pure_def(ctx, value);
    if (inst.i == NO_INDEX)
        return false;
    const Opcode op = inst_op(ctx->f, inst);
    if (op != OP_IADD && op != OP_ISUB)
        return false;
    const Span args = inst_args(ctx->f, inst);
    int64_t x;
    *out = (Value){args.data[0]};
    return rule_iconst_s64(ctx, (Value){args.data[1]}, &x) && x == (op == OP_ISUB ? 1 : -1);
}

static inline int64_t rule_opposite_amount(LowerCtx *ctx, Type type, uint64_t amount)
{
    return rule_shift_amount(ctx, type, 0 - amount);
}

// A power of two that no sign-extended 32-bit immediate holds: its exponent.
static inline bool rule_high_power_of_two(LowerCtx *ctx, Value value, uint64_t *out)
{
    return rule_power_of_two(ctx, value, out) && *out >= 31;
}

// ---- Numbers of 128 bits ----

// A shift amount modulo 128: what is below 64, and what is more than 64.
static inline bool rule_amount_below_64(LowerCtx *ctx, uint64_t amount, int64_t *out)
{
    (void)ctx;
    *out = (int64_t)(amount & 63);
    return (amount & 64) == 0;
}

static inline bool rule_amount_above_64(LowerCtx *ctx, uint64_t amount, int64_t *out)
{
    return !rule_amount_below_64(ctx, amount, out);
}

static inline bool x64_fits_imm32(int64_t x)
{
    return x >= INT32_MIN && x <= INT32_MAX;
}

// The halves of an i128 that is an extended or concatenated constant, if immediates can hold them.
static inline bool rule_simm32_pair(LowerCtx *ctx, Value value, int64_t *low, int64_t *high)
{
    const Inst inst = lower_pure_def(ctx, value);
    if (inst.i == NO_INDEX || value_type(ctx->f, value) != TYPE_I128)
        return false;
    const Span args = inst_args(ctx->f, inst);
    uint64_t bits;
    switch ((int)inst_op(ctx->f, inst)) {
    case OP_UEXTEND:
        if (!rule_iconst_u64(ctx, (Value){args.data[0]}, &bits))
            return false;
        *low = (int64_t)bits;
        *high = 0;
        break;
    case OP_SEXTEND:
        if (!rule_iconst_s64(ctx, (Value){args.data[0]}, low))
            return false;
        *high = *low < 0 ? -1 : 0;
        break;
    case OP_ICONCAT:
        if (!rule_iconst_s64(ctx, (Value){args.data[0]}, low) ||
            !rule_iconst_s64(ctx, (Value){args.data[1]}, high))
            return false;
        break;
    default: return false;
    }
    return x64_fits_imm32(*low) && x64_fits_imm32(*high);
}

// An i128 that is zero by its definition.
static inline bool rule_zero_pair(LowerCtx *ctx, Value value)
{
    const Inst inst = lower_pure_def(ctx, value);
    if (inst.i == NO_INDEX)
        return false;
    const Opcode op = inst_op(ctx->f, inst);
    if (op != OP_UEXTEND && op != OP_SEXTEND && op != OP_ICONCAT)
        return false;
    const Span args = inst_args(ctx->f, inst);
    uint64_t half;
    for (uint32_t i = 0; i < args.len; i++)
        if (!rule_iconst_u64(ctx, (Value){args.data[i]}, &half) || half != 0)
            return false;
    return true;
}

// ---- Conditions ----

// The condition code of cmp's flags.
static inline Cond rule_cond(LowerCtx *ctx, IntCC cc)
{
    static const uint8_t codes[INTCC_COUNT] = {
        [INTCC_EQ] = 4,   [INTCC_NE] = 5,  [INTCC_SLT] = 12, [INTCC_SGE] = 13, [INTCC_SGT] = 15,
        [INTCC_SLE] = 14, [INTCC_ULT] = 2, [INTCC_UGE] = 3,  [INTCC_UGT] = 7,  [INTCC_ULE] = 6,
    };
    (void)ctx;
    return codes[cc];
}

static inline Cond rule_cond_o(LowerCtx *ctx)
{
    (void)ctx;
    return 0;
}

static inline Cond rule_cond_s(LowerCtx *ctx)
{
    (void)ctx;
    return 8;
}

// ---- Features ----

static inline bool rule_has_lzcnt(LowerCtx *ctx)
{
    return isa_has(ctx->isa, ISA_X86_64_HAS_LZCNT);
}

static inline bool rule_has_cmpxchg16b(LowerCtx *ctx)
{
    return isa_has(ctx->isa, ISA_X86_64_HAS_CMPXCHG16B);
}

static inline bool rule_has_popcnt(LowerCtx *ctx)
{
    return isa_has(ctx->isa, ISA_X86_64_HAS_POPCNT);
}

static inline bool rule_has_bmi1(LowerCtx *ctx)
{
    return isa_has(ctx->isa, ISA_X86_64_HAS_BMI1);
}

static inline bool rule_has_bmi2(LowerCtx *ctx)
{
    return isa_has(ctx->isa, ISA_X86_64_HAS_BMI2);
}

#include "target/x64/x64_lower_float.h"

#endif
