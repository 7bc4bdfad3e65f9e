// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs extractors.isle: external extractors of all kinds, and macros.

#include "extractors_gen.h"

static uint32_t lower(IsleContext *ctx, Op op, uint32_t a, uint32_t b)
{
    const Inst inst = {.tag = Inst_Bin, .u.Bin = {op, a, b}};
    return isle_lower(ctx, &inst);
}

int main(void)
{
    IsleContext ctx = {0};
    CHECK(lower(&ctx, Op_Add, 7, 7) == 7);             // iadd_same
    CHECK(lower(&ctx, Op_Add, 8, 10) == 8);            // iadd_even
    CHECK(lower(&ctx, Op_Add, 7, 255) == 1);           // fits
    CHECK(lower(&ctx, Op_Add, 0x10000, 0x10001) == 2); // the lower half is 0
    CHECK(lower(&ctx, Op_Add, 0x10001, 0x20001) == 3); // equal lower halves
    CHECK(lower(&ctx, Op_Sub, 1, 99) == 99);
    return 0;
}
