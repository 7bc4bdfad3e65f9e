// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The control-flow graph of functions good and bad.

#include "analysis/analysis.h"
#include "analysis/tests/graph_builder.h"

// cmocka.h needs what stands before it.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

static void assert_succs(const Cfg *cfg, uint32_t block, const uint32_t *expected, uint32_t n)
{
    uint32_t count = 0;
    const Block *const succs = cfg_succs(cfg, (Block){block}, &count);
    assert_int_equal(count, n);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(succs[i].i, expected[i]);
}

static void assert_preds(const Cfg *cfg, uint32_t block, const uint32_t *expected, uint32_t n)
{
    uint32_t count = 0;
    const CfgEdge *const preds = cfg_preds(cfg, (Block){block}, &count);
    assert_int_equal(count, n);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(preds[i].block.i, expected[i]);
}

#define SUCCS(cfg, block, ...)                                    \
    assert_succs((cfg), (block), (const uint32_t[]){__VA_ARGS__}, \
                 sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))
#define PREDS(cfg, block, ...)                                    \
    assert_preds((cfg), (block), (const uint32_t[]){__VA_ARGS__}, \
                 sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void test_empty_functions(void **state)
{
    (void)state;
    Arena arena = {0};
    const Func *const none = graph_new(&arena, 0);
    const Cfg empty = cfg_compute(&arena, none);
    assert_int_equal(empty.num_blocks, 0);
    const Func *const hollow = graph_new(&arena, 2); // blocks without instructions
    const Cfg cfg = cfg_compute(&arena, hollow);
    assert_succs(&cfg, 0, NULL, 0);
    assert_preds(&cfg, 1, NULL, 0);
    arena_free(&arena);
}

static void test_branches(void **state)
{
    (void)state;
    Arena arena = {0};
    Func *const f = graph_new(&arena, 4);
    const Inst brif = graph_branch(f, 0, (const uint32_t[]){2, 1}, 2);
    graph_branch(f, 1, (const uint32_t[]){3, 2, 3, 1}, 4);
    const Inst jump = graph_branch(f, 2, (const uint32_t[]){3}, 1);
    graph_branch(f, 3, NULL, 0);
    const Cfg cfg = cfg_compute(&arena, f);
    SUCCS(&cfg, 0, 2, 1);
    SUCCS(&cfg, 1, 3, 2, 1);
    SUCCS(&cfg, 2, 3);
    assert_succs(&cfg, 3, NULL, 0);
    assert_preds(&cfg, 0, NULL, 0);
    PREDS(&cfg, 1, 0, 1);
    PREDS(&cfg, 2, 0, 1);
    PREDS(&cfg, 3, 1, 2);
    assert_int_equal(cfg.edges[cfg.first[2]].inst.i, brif.i);
    assert_int_equal(cfg.edges[cfg.first[3] + 1].inst.i, jump.i);
    arena_free(&arena);
}

static void test_repeats(void **state)
{
    (void)state;
    Arena arena = {0};
    Func *const f = graph_new(&arena, 2);
    graph_branch(f, 0, (const uint32_t[]){1, 1}, 2);
    graph_branch(f, 1, (const uint32_t[]){1}, 1);
    const Cfg cfg = cfg_compute(&arena, f);
    SUCCS(&cfg, 0, 1);
    PREDS(&cfg, 1, 0, 1);
    arena_free(&arena);
}

// Edges come in layout order even where block numbers don't.
static void test_layout_order(void **state)
{
    (void)state;
    Arena arena = {0};
    Func *const f = graph_new(&arena, 3);
    func_remove_block(f, (Block){1});
    func_append_block(f, (Block){1}); // layout: 0 2 1
    graph_branch(f, 0, (const uint32_t[]){1}, 1);
    graph_branch(f, 1, (const uint32_t[]){0}, 1);
    graph_branch(f, 2, (const uint32_t[]){0}, 1);
    const Cfg cfg = cfg_compute(&arena, f);
    PREDS(&cfg, 0, 2, 1);
    arena_free(&arena);
}

// Branches to blocks that are not there make no edge, and only the last instruction counts.
static void test_bad_functions(void **state)
{
    (void)state;
    Arena arena = {0};
    Func *const f = graph_new(&arena, 4);
    func_remove_block(f, (Block){3});
    graph_branch(f, 0, (const uint32_t[]){2}, 1); // in the middle
    graph_branch(f, 0, (const uint32_t[]){3, 99, 1}, 3);
    graph_branch(f, 1, (const uint32_t[]){0}, 1);
    graph_branch(f, 1, NULL, 0);
    graph_branch(f, 3, (const uint32_t[]){1}, 1); // from outside the layout
    const Cfg cfg = cfg_compute(&arena, f);
    SUCCS(&cfg, 0, 1);
    assert_succs(&cfg, 1, NULL, 0);
    assert_preds(&cfg, 0, NULL, 0);
    PREDS(&cfg, 1, 0);
    assert_preds(&cfg, 2, NULL, 0);
    assert_preds(&cfg, 3, NULL, 0);
    arena_free(&arena);
}

// All targets of a try_call are successors: normal return and handlers.
static void test_try_call(void **state)
{
    (void)state;
    Arena arena = {0};
    Func *const f = graph_new(&arena, 4);
    uint32_t calls[3];
    for (uint32_t i = 0; i < 3; i++)
        calls[i] = graph_call(f, 3 - i);
    Handler *const handlers = ARENA_ARRAY(&arena, Handler, 2);
    handlers[0] = (Handler){HANDLER_TAG, 7, 1, NO(Value)};
    handlers[1] = (Handler){HANDLER_DEFAULT, 0, 2, NO(Value)};
    const ExTableData table = {{0}, func_add_list(f, calls, 3), handlers, 2};
    VEC_PUSH(&arena, &f->extables, table);
    const InstData data = {.op = OP_TRY_CALL, .w = {0, 0, 0, LIST_EMPTY}};
    func_append_inst(f, (Block){0}, func_add_inst(f, &data, POS_NONE));
    const Cfg cfg = cfg_compute(&arena, f);
    SUCCS(&cfg, 0, 3, 2, 1);
    PREDS(&cfg, 1, 0);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_functions), cmocka_unit_test(test_branches),
        cmocka_unit_test(test_repeats),         cmocka_unit_test(test_layout_order),
        cmocka_unit_test(test_bad_functions),   cmocka_unit_test(test_try_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
