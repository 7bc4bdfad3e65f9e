// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the Target to the compiled rules of x86-64.

#include "target/x64/x64_lower.h"

#include "x64_isle.h"

bool x64_lower_inst(LowerCtx *ctx, Inst inst)
{
    Unit unit;
    return x64_isle_lower(ctx, inst, &unit);
}

bool x64_lower_branch(LowerCtx *ctx, Inst inst)
{
    Unit unit;
    return x64_isle_lower_branch(ctx, inst, &unit);
}
