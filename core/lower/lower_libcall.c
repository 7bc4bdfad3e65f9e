// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls of library functions in place of what the target has no instructions for.

#include "lower/lower_internal.h"

VReg lower_libcall(LowerCtx *ctx, Libcall libcall, const VReg *args)
{
    Signature sig;
    AbiSig abi;
    const bool known = libcall_signature(libcall, ctx->scratch, &sig);
    const Status status = ctx->target->abi(&sig, ctx->settings, ctx->scratch, &abi, ctx->diag);
    ASSERT(known && status == STATUS_OK && abi.stack_args_size == 0 && sig.num_returns == 1);
    const ExtName name = {.kind = NAME_LIBCALL, .index = libcall};
    const uint32_t symbol = lower_symbol(ctx, &name);
    const VReg result = lower_new_vreg(ctx, preg_class(abi.rets[0].reg));
    MInst *const m = lower_begin(ctx, ctx->target->row_call, 8);
    m->target = symbol;
    for (uint32_t i = 0; i < sig.num_params; i++)
        lower_operand(ctx, args[i], OPERAND_USE, POS_EARLY, CONSTRAINT_FIXED, abi.args[i].reg);
    lower_operand(ctx, result, OPERAND_DEF, POS_LATE, CONSTRAINT_FIXED, abi.rets[0].reg);
    m->clobbers = lower_clobber_set(ctx->m, abi.clobbers & ~preg_bit(abi.rets[0].reg));
    lower_end(ctx, m);
    ctx->m->has_calls = true;
    return result;
}
