// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Links recursion.isle, of which one term is exported.

#include "recursion_gen.h"

int main(void)
{
    IsleContext ctx = {0};
    const List nil = {.tag = List_Nil}, one = {.tag = List_Cons, .u.Cons = {4, &nil}};
    return isle_start(&ctx, &one) == 4 ? 0 : 1;
}
