// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs multi.isle: terms with any number of results.

#include "isle-rules/tests/run/isle_host_multi.h"
#include "multi_gen.h"

static bool has(const isle_list_Node *list, uint32_t node, uint32_t times)
{
    for (uint32_t i = 0; i < list->len; i++)
        times -= list->items[i] == node;
    return times == 0;
}

int main(void)
{
    IsleContext ctx = {0};
    isle_list_Node list = {0};
    isle_none(&ctx, 9, &list);
    CHECK(list.len == 2 && list.items[0] == 9 && list.items[1] == 2);

    // 7: no Add, no pick.
    list.len = 0;
    isle_simplify(&ctx, 7, &list);
    CHECK(list.len == 0);

    // 3: two picks m, two picks k of the same, two picks of m: 8 results.
    isle_simplify(&ctx, 3, &list);
    CHECK(list.len == 8 && has(&list, 2003, 2) && has(&list, 3003, 4) && has(&list, 4003, 2));

    // 27 = Add 2 7: both are the constant 2, and 27 may be picked: too many for the list.
    list.len = 0;
    ctx.num_calls = 0;
    isle_simplify(&ctx, 27, &list);
    CHECK(list.len == ISLE_MULTI_MAX);

    // 70 = Add 7 0: 0 is the constant 0.
    list.len = 0;
    ctx.num_calls = 0;
    isle_simplify(&ctx, 70, &list);
    CHECK(list.len == ISLE_MULTI_MAX && has(&list, 7, 1));
    arena_free(&ctx.arena);
    return 0;
}
