// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lowering of AArch64: the entry points that the Target names, and what stands behind the target's
// own terms (isle-rules/aarch64). Private to target/aarch64 and its compiled rules.
#ifndef TARGET_A64_LOWER_H
#define TARGET_A64_LOWER_H

#include "a64_ctors.h"
#include "lower/rules.h"
#include "target/aarch64/a64_internal.h"

// The compiled rules: `inst` (no branch; brif or br_table) lowered into ctx->pending, or false when
// no rule matches.
bool a64_lower_inst(LowerCtx *ctx, Inst inst);
bool a64_lower_branch(LowerCtx *ctx, Inst inst);

// ---- Constants ----

static inline Gpr rule_imm(LowerCtx *ctx, Type type, uint64_t x)
{
    const uint32_t bits = type_bits(type);
    if (bits < 64)
        x &= ((uint64_t)1 << bits) - 1;
    return a64_mov_imm(ctx, (int64_t)x);
}

// ---- Conditions ----

static inline Cond rule_cond(LowerCtx *ctx, IntCC cc)
{
    static const uint8_t codes[INTCC_COUNT] = {
        [INTCC_EQ] = 0,   [INTCC_NE] = 1,  [INTCC_SLT] = 11, [INTCC_SGE] = 10, [INTCC_SGT] = 12,
        [INTCC_SLE] = 13, [INTCC_ULT] = 3, [INTCC_UGE] = 2,  [INTCC_UGT] = 8,  [INTCC_ULE] = 9,
    };
    (void)ctx;
    return codes[cc];
}

#endif
