// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loads that repeat one before them in their block. Code for a virtual machine reads the base of
// its memory before each access, by loads marked as readonly, movable and without trap: what they
// yield does not change, so the first one's register does for all.

#include "lower/lower_internal.h"

static bool is_constant_load(const Func *f, Inst inst)
{
    const MemFlags flags = inst_memflags(f, inst);
    return inst_op(f, inst) == OP_LOAD && (flags & MEM_READONLY) != 0 &&
           (flags & MEM_CAN_MOVE) != 0 && memflags_trap(flags) == TRAP_NONE;
}

static bool is_same_load(const Func *f, Inst a, Inst b)
{
    const Value address_a = {inst_args(f, a).data[0]}, address_b = {inst_args(f, b).data[0]};
    return ir_resolve(f, address_a).i == ir_resolve(f, address_b).i &&
           inst_offset(f, a) == inst_offset(f, b) && inst_memflags(f, a) == inst_memflags(f, b) &&
           func_inst(f, a)->ctrl == func_inst(f, b)->ctrl;
}

void lower_note_load(LowerCtx *ctx, RecentLoads *recent, Inst inst)
{
    if (!is_constant_load(ctx->f, inst))
        return;
    for (uint32_t i = 0; i < recent->num; i++) {
        if (!is_same_load(ctx->f, recent->loads[i], inst))
            continue;
        ctx->repeats[inst.i] = recent->loads[i].i + 1;
        return;
    }
    if (recent->num < RECENT_LOADS)
        recent->loads[recent->num++] = inst;
}

bool lower_repeated_load(LowerCtx *ctx, Inst inst)
{
    const uint32_t first = ctx->repeats[inst.i];
    if (first == 0)
        return false;
    const VReg reg = lower_value(ctx, inst_result(ctx->f, (Inst){first - 1}));
    if (lower_num_regs(func_inst(ctx->f, inst)->ctrl) == 2)
        lower_set_result_pair(ctx, 0, (RegPair){reg, {reg.i + 1}});
    else
        lower_set_result(ctx, 0, reg);
    return true;
}
