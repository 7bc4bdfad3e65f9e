// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Property: the dominator tree of any graph is what the definition says: a dominates b if b can't
// be reached without a. Bytes are edges.

#include "analysis/analysis.h"
#include "analysis/tests/graph_builder.h"
#include "fuzz-targets/require.h"
#include "fuzz-targets/target.h"

#define BLOCKS_MAX 48u
#define SUCCS_MAX  4u

static void check(bool holds, const char *what)
{
    require(holds, "domtree", what);
}

// A graph: byte 0 is its size, each further byte or two the successors of a block.
static Func *make_graph(Arena *arena, const uint8_t *data, size_t size)
{
    const uint32_t n = 1 + (size == 0 ? 0 : data[0] % BLOCKS_MAX);
    Func *const f = graph_new(arena, n);
    size_t at = 1;
    for (uint32_t b = 0; b < n; b++) {
        uint32_t targets[SUCCS_MAX];
        const uint32_t num = at < size ? data[at++] % (SUCCS_MAX + 1) : b + 1 < n;
        for (uint32_t i = 0; i < num; i++)
            targets[i] = at < size ? data[at++] % n : (b + 1) % n;
        graph_branch(f, b, targets, num);
    }
    return f;
}

// Blocks that block 0 leads to without passing `avoid`, as bits.
static uint64_t reach(const Cfg *cfg, uint32_t avoid)
{
    uint64_t reached = avoid == 0 ? 0 : 1;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t b = 0; b < cfg->num_blocks; b++) {
            uint32_t num;
            const Block *const succs = cfg_succs(cfg, (Block){b}, &num);
            for (uint32_t i = 0; i < num && (reached >> b & 1) != 0; i++) {
                if (succs[i].i == avoid || (reached >> succs[i].i & 1) != 0)
                    continue;
                reached |= UINT64_C(1) << succs[i].i;
                changed = true;
            }
        }
    }
    return reached;
}

// The immediate dominator is a strict one that all other strict ones dominate.
static void check_idom(const DomTree *tree, const uint64_t *without, uint32_t b, uint32_t n)
{
    const uint32_t idom = tree->idom[b].i;
    if (b == 0) {
        check(idom == NO_INDEX, "the entry has a dominator");
        return;
    }
    check(idom < n && idom != b && (without[idom] >> b & 1) == 0, "no dominator at all");
    for (uint32_t a = 0; a < n; a++)
        if (a != b && a != idom && tree->rpo[a] != NO_INDEX && (without[a] >> b & 1) == 0)
            check((without[a] >> idom & 1) == 0, "a dominator between block and idom");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    const Func *const f = make_graph(&arena, data, size);
    const Cfg cfg = cfg_compute(&arena, f);
    const DomTree tree = domtree_compute(&arena, f, &cfg);
    const uint64_t reached = reach(&cfg, NO_INDEX);
    uint64_t without[BLOCKS_MAX];
    uint32_t num_reached = 0;
    for (uint32_t a = 0; a < cfg.num_blocks; a++) {
        const bool is = (reached >> a & 1) != 0;
        without[a] = reach(&cfg, a);
        num_reached += is;
        check(domtree_is_reachable(&tree, (Block){a}) == is, "reachability");
    }
    check(tree.num_reachable == num_reached, "number of reachable blocks");
    for (uint32_t b = 0; b < cfg.num_blocks; b++) {
        if ((reached >> b & 1) == 0) {
            check(tree.idom[b].i == NO_INDEX, "an unreachable block has a dominator");
            continue;
        }
        check_idom(&tree, without, b, cfg.num_blocks);
        for (uint32_t a = 0; a < cfg.num_blocks; a++)
            if ((reached >> a & 1) != 0)
                check(domtree_dominates(&tree, (Block){a}, (Block){b}) ==
                          ((without[a] >> b & 1) == 0),
                      "domtree_dominates");
    }
    arena_free(&arena);
    return 0;
}
