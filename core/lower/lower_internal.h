// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of lower/.
#ifndef LOWER_INTERNAL_H
#define LOWER_INTERNAL_H

#include "lower/lower.h"

// The register that `reg` is another name of, or itself.
VReg lower_resolve(const LowerCtx *ctx, VReg reg);

// Moves the pending instructions to the function's reversed list.
void lower_flush(LowerCtx *ctx);

// Calls, returns, and the arguments of the function itself: lower_abi.c.
Status lower_call(LowerCtx *ctx, Inst inst);
Status lower_tail_call(LowerCtx *ctx, Inst inst);
Status lower_return(LowerCtx *ctx, Inst inst);
Status lower_arguments(LowerCtx *ctx);

#endif
