// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs iflets.isle: conditions, and failure that passes on.

#include "iflets_gen.h"

int main(void)
{
    IsleContext ctx = {0};
    uint32_t quarter = 0;
    CHECK(isle_quarter(&ctx, 12, &quarter) && quarter == 3);
    CHECK(!isle_quarter(&ctx, 6, &quarter) && !isle_quarter(&ctx, 5, &quarter));
    CHECK(isle_f(&ctx, 3, 12) == 3);  // Some 3 and a quarter of 12
    CHECK(isle_f(&ctx, 5, 13) == 5);  // any check of 5 that gives an answer, and 13 > 10
    CHECK(isle_f(&ctx, 11, 13) == 0); // the check of 11 fails
    CHECK(isle_f(&ctx, 8, 6) == 4);   // half of 8 is 4
    CHECK(isle_f(&ctx, 6, 6) == 0);
    arena_free(&ctx.arena);
    return 0;
}
