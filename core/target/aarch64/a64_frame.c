// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What few frames of AArch64 need: saved vector registers.

#include "target/aarch64/a64_internal.h"

void a64_put_saved_floats(EmitCtx *ctx, bool load)
{
    for (PReg reg = PREG(REG_FLOAT, 0); reg <= PREG(REG_FLOAT, 31); reg++) {
        if ((ctx->frame.saved & preg_bit(reg)) == 0)
            continue;
        A64Inst inst = {
            .op = load ? A64_LDR_Q : A64_STR_Q, .size = 16, .regs = {reg}, .has_mem = true};
        inst.mem = a64_memory_at(ctx, A64_SP, emit_saved_float(ctx, reg), 16);
        a64_put_inst(ctx, &inst);
        if (load)
            emit_restored(ctx, reg);
        else
            emit_saved(ctx, reg, emit_saved_float(ctx, reg));
    }
}
