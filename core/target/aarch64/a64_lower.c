// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the Target to the compiled rules of AArch64.

#include "target/aarch64/a64_lower.h"

#include "a64_isle.h"

bool a64_lower_inst(LowerCtx *ctx, Inst inst)
{
    Unit unit;
    return a64_isle_lower(ctx, inst, &unit);
}

bool a64_lower_branch(LowerCtx *ctx, Inst inst)
{
    Unit unit;
    return a64_isle_lower_branch(ctx, inst, &unit);
}
