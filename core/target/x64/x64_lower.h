// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lowering of x86-64: the entry points that the Target names, and what stands behind the target's
// own terms (isle-rules/x64). Private to target/x64 and its compiled rules.
#ifndef TARGET_X64_LOWER_H
#define TARGET_X64_LOWER_H

#include "lower/rules.h"
#include "target/x64/x64_internal.h"
#include "x64_ctors.h"

// The compiled rules: `inst` (no branch; brif or br_table) lowered into ctx->pending, or false when
// no rule matches.
bool x64_lower_inst(LowerCtx *ctx, Inst inst);
bool x64_lower_branch(LowerCtx *ctx, Inst inst);

// ---- Memory ----

// A copy that lives as long as the function's lowering.
static inline AmodeRef x64_keep_amode(LowerCtx *ctx, MAmode amode)
{
    MAmode *const kept = ARENA_NEW(ctx->scratch, MAmode);
    *kept = amode;
    return kept;
}

static inline AmodeRef rule_amode_base(LowerCtx *ctx, MemFlags flags, Gpr base, int32_t disp)
{
    return x64_keep_amode(ctx, (MAmode){.kind = AMODE_BASE,
                                        .trap = memflags_trap(flags),
                                        .disp = disp,
                                        .base = base.reg,
                                        .index = NO(VReg)});
}

static inline AmodeRef rule_amode_index(LowerCtx *ctx, MemFlags flags, Gpr base, Gpr index,
                                        uint64_t scale, int32_t disp)
{
    return x64_keep_amode(ctx, (MAmode){.kind = AMODE_INDEX,
                                        .scale = (uint8_t)scale,
                                        .trap = memflags_trap(flags),
                                        .disp = disp,
                                        .base = base.reg,
                                        .index = index.reg});
}

static inline AmodeRef rule_amode_slot(LowerCtx *ctx, StackSlot slot, int32_t disp)
{
    return x64_keep_amode(ctx, (MAmode){.kind = AMODE_STACK_SLOT,
                                        .disp = (int32_t)ctx->slot_offsets[slot.i] + disp,
                                        .base = NO(VReg),
                                        .index = NO(VReg)});
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

// ---- Constants ----

static inline Gpr rule_imm(LowerCtx *ctx, Type type, uint64_t x)
{
    const uint32_t bits = type_bits(type);
    if (bits < 64)
        x &= ((uint64_t)1 << bits) - 1;
    return x64_mov_ri(ctx, x <= UINT32_MAX ? 4 : 8, (int64_t)x);
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

static inline Cond rule_cond_s(LowerCtx *ctx)
{
    (void)ctx;
    return 8;
}

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

// ---- Features ----

static inline bool rule_has_lzcnt(LowerCtx *ctx)
{
    return isa_has(ctx->isa, ISA_X86_64_HAS_LZCNT);
}

static inline bool rule_has_bmi1(LowerCtx *ctx)
{
    return isa_has(ctx->isa, ISA_X86_64_HAS_BMI1);
}

#include "target/x64/x64_lower_float.h"

#endif
