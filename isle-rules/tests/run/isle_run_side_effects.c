// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs side_effects.isle: calls in order, used or not.

#include "side_effects_gen.h"

int main(void)
{
    IsleContext ctx = {0};
    CHECK(isle_f(&ctx, 1) == 11);
    CHECK(ctx.num_calls == 3 && ctx.calls[0] == 1 && ctx.calls[1] == 2 && ctx.calls[2] == 3);
    ctx.num_calls = 0;
    CHECK(isle_f(&ctx, 4) == 24);
    CHECK(ctx.num_calls == 2 && ctx.calls[0] == 4 && ctx.calls[1] == 14);
    ctx.num_calls = 0;
    uint32_t out = 0;
    CHECK(isle_g(&ctx, 2, &out) && out == 2);
    CHECK(!isle_g(&ctx, 5, &out)); // it fails after the first call
    CHECK(ctx.num_calls == 4 && ctx.calls[2] == 5 && ctx.calls[3] == 15);
    return 0;
}
