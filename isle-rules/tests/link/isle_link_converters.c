// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Links converters.isle.

#include "converters_gen.h"

int main(void)
{
    IsleContext ctx = {0};
    const C c = {.tag = C_C, .u.C = {7}};
    const uint64_t b = isle_f(&ctx, 5, &c);
    arena_free(&ctx.arena);
    return b == 7 ? 0 : 1;
}
