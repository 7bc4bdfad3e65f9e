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
    ASSERT(known && status == STATUS_OK && sig.num_returns == 1);
    ASSERT(abi.stack_args_size == 0 && !abi.ret_area_ptr);
    const ExtName name = {.kind = NAME_LIBCALL, .index = libcall};
    const uint32_t symbol = lower_symbol(ctx, &name);
    const VReg result = lower_new_vreg(ctx, preg_class(abi.rets[0].reg));
    for (uint32_t i = 1; i < abi.num_rets; i++)
        lower_new_vreg(ctx, preg_class(abi.rets[i].reg));
    MInst *const m = lower_begin(ctx, ctx->target->row_call, 8);
    m->target = symbol;
    for (uint32_t i = 0; i < abi.num_args; i++)
        lower_operand(ctx, args[i], OPERAND_USE, POS_EARLY, CONSTRAINT_FIXED, abi.args[i].reg);
    PRegSet defined = 0;
    for (uint32_t i = 0; i < abi.num_rets; i++) {
        lower_operand(ctx, (VReg){result.i + i}, OPERAND_DEF, POS_LATE, CONSTRAINT_FIXED,
                      abi.rets[i].reg);
        defined |= preg_bit(abi.rets[i].reg);
    }
    m->clobbers = lower_clobber_set(ctx->m, abi.clobbers & ~defined);
    lower_end(ctx, m);
    ctx->m->has_calls = true;
    return result;
}
