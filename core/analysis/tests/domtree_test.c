// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dominators: orders by hand, and random graphs against the definition.

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

static void assert_blocks(const Block *blocks, const uint32_t *expected, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(blocks[i].i, expected[i]);
}

static void test_empty_function(void **state)
{
    (void)state;
    Arena arena = {0};
    const Func *const f = graph_new(&arena, 0);
    const Cfg cfg = cfg_compute(&arena, f);
    const DomTree tree = domtree_compute(&arena, f, &cfg);
    assert_int_equal(tree.num_reachable, 0);
    arena_free(&arena);
}

// A diamond with a loop and a block that nothing reaches:
//
//     0 ─► 1 ─► 3 ─► 4 ─► 3      5 ─► 3
//     └──► 2 ──►┘
static void test_orders(void **state)
{
    (void)state;
    Arena arena = {0};
    Func *const f = graph_new(&arena, 6);
    graph_branch(f, 0, (const uint32_t[]){1, 2}, 2);
    graph_branch(f, 1, (const uint32_t[]){3}, 1);
    graph_branch(f, 2, (const uint32_t[]){3}, 1);
    graph_branch(f, 3, (const uint32_t[]){4}, 1);
    graph_branch(f, 4, (const uint32_t[]){3}, 1);
    graph_branch(f, 5, (const uint32_t[]){3}, 1);
    const Cfg cfg = cfg_compute(&arena, f);
    const DomTree tree = domtree_compute(&arena, f, &cfg);
    assert_int_equal(tree.num_reachable, 5);
    assert_blocks(tree.postorder, (const uint32_t[]){4, 3, 1, 2, 0}, 5);
    assert_blocks(tree.idom, (const uint32_t[]){NO_INDEX, 0, 0, 0, 3, NO_INDEX}, 6);
    // Children in reverse post-order: 2 before 1 before 3.
    assert_blocks(tree.preorder, (const uint32_t[]){0, 2, 1, 3, 4}, 5);
    assert_false(domtree_is_reachable(&tree, (Block){5}));
    assert_true(domtree_dominates(&tree, (Block){3}, (Block){4}));
    assert_true(domtree_dominates(&tree, (Block){3}, (Block){3}));
    assert_false(domtree_dominates(&tree, (Block){1}, (Block){3}));
    arena_free(&arena);
}

// ---- The definition ----

enum { BLOCKS_MAX = 24 };

typedef struct Naive {
    bool reachable[BLOCKS_MAX];
    bool dominates[BLOCKS_MAX][BLOCKS_MAX]; // [a][b]
} Naive;

// Marks what `from` reaches without passing `avoid`.
static void mark(const Cfg *cfg, uint32_t from, uint32_t avoid, bool *marks)
{
    if (from == avoid || marks[from])
        return;
    marks[from] = true;
    uint32_t count = 0;
    const Block *const succs = cfg_succs(cfg, (Block){from}, &count);
    for (uint32_t i = 0; i < count; i++)
        mark(cfg, succs[i].i, avoid, marks);
}

static Naive naive_compute(const Cfg *cfg)
{
    Naive naive = {0};
    mark(cfg, 0, NO_INDEX, naive.reachable);
    for (uint32_t a = 0; a < cfg->num_blocks; a++) {
        bool without[BLOCKS_MAX] = {false};
        mark(cfg, 0, a, without);
        for (uint32_t b = 0; b < cfg->num_blocks; b++)
            naive.dominates[a][b] = naive.reachable[b] && !without[b];
    }
    return naive;
}

static void postorder_of(const Cfg *cfg, uint32_t from, bool *seen, Block *order, uint32_t *n)
{
    if (seen[from])
        return;
    seen[from] = true;
    uint32_t count = 0;
    const Block *const succs = cfg_succs(cfg, (Block){from}, &count);
    for (uint32_t i = 0; i < count; i++)
        postorder_of(cfg, succs[i].i, seen, order, n);
    order[(*n)++] = (Block){from};
}

static void check_dominators(const Cfg *cfg, const DomTree *tree)
{
    const Naive naive = naive_compute(cfg);
    for (uint32_t b = 0; b < cfg->num_blocks; b++) {
        assert_int_equal(domtree_is_reachable(tree, (Block){b}), naive.reachable[b]);
        const uint32_t idom = tree->idom[b].i;
        assert_int_equal(idom != NO_INDEX, naive.reachable[b] && b != 0);
        for (uint32_t a = 0; a < cfg->num_blocks; a++) {
            if (!naive.reachable[a] || !naive.reachable[b])
                continue;
            assert_int_equal(domtree_dominates(tree, (Block){a}, (Block){b}),
                             naive.dominates[a][b]);
            if (a != b && naive.dominates[a][b]) // every strict dominator dominates idom
                assert_true(naive.dominates[a][idom]);
        }
        if (idom != NO_INDEX)
            assert_true(idom != b && naive.dominates[idom][b]);
    }
}

static void check_orders(const Cfg *cfg, const DomTree *tree)
{
    bool seen[BLOCKS_MAX] = {false};
    Block order[BLOCKS_MAX];
    uint32_t n = 0;
    postorder_of(cfg, 0, seen, order, &n);
    assert_int_equal(n, tree->num_reachable);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(tree->postorder[i].i, order[i].i);
        assert_int_equal(tree->rpo[order[i].i], n - 1 - i);
        assert_int_equal(tree->pre[tree->preorder[i].i], i);
        uint32_t last = NO_INDEX;
        for (Block c = tree->first_child[order[i].i]; c.i != NO_INDEX;
             c = tree->next_sibling[c.i]) {
            assert_int_equal(tree->idom[c.i].i, order[i].i);
            assert_true(last == NO_INDEX || last < tree->rpo[c.i]);
            last = tree->rpo[c.i];
        }
    }
}

static void test_random_graphs(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        uint64_t random = seed;
        Arena arena = {0};
        const uint32_t n = 1 + graph_random(&random) % BLOCKS_MAX;
        const uint32_t density = 2 + graph_random(&random) % 3;
        Func *const f = graph_new(&arena, n);
        for (uint32_t b = 0; b < n; b++) {
            uint32_t targets[4];
            const uint32_t count = graph_random(&random) % (density + 1);
            for (uint32_t i = 0; i < count; i++)
                targets[i] = graph_random(&random) % n;
            graph_branch(f, b, targets, count);
        }
        const Cfg cfg = cfg_compute(&arena, f);
        const DomTree tree = domtree_compute(&arena, f, &cfg);
        print_message("seed %llu: %u blocks, %u reachable\n", (unsigned long long)seed, n,
                      tree.num_reachable);
        check_dominators(&cfg, &tree);
        check_orders(&cfg, &tree);
        arena_free(&arena);
    }
}

// Depth that no recursion would survive, and the shape on which iterative methods are quadratic:
// a chain down, a second chain back up, and an edge into the second from each link of the first.
static void test_long_ladder(void **state)
{
    (void)state;
    enum { RUNGS = 200000 };
    Arena arena = {0};
    Func *const f = graph_new(&arena, 2 * RUNGS);
    for (uint32_t i = 0; i < RUNGS; i++) {
        const uint32_t down = i + 1 < RUNGS ? i + 1 : RUNGS + i;
        graph_branch(f, i, (const uint32_t[]){down, RUNGS + i}, 2);
        const uint32_t up = i == 0 ? RUNGS : RUNGS + i - 1;
        graph_branch(f, RUNGS + i, (const uint32_t[]){up}, 1);
    }
    const Cfg cfg = cfg_compute(&arena, f);
    const DomTree tree = domtree_compute(&arena, f, &cfg);
    assert_int_equal(tree.num_reachable, 2 * RUNGS);
    for (uint32_t i = 1; i < RUNGS; i++) {
        assert_int_equal(tree.idom[i].i, i - 1);
        assert_int_equal(tree.idom[RUNGS + i].i, i);
    }
    assert_int_equal(tree.idom[RUNGS].i, 0);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_function),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_random_graphs),
        cmocka_unit_test(test_long_ladder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
