// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Natural loops: a back edge goes to a block that dominates its source; the loop is what reaches
// the source without passing the header. Headers are taken innermost first (post-order), so that a
// block found again belongs to a loop that is already complete: the walk goes on from the outermost
// of those, which becomes a child. Each block is so visited once a loop nest level at most, edges
// by path halving near once.

#include "analysis/analysis.h"

typedef struct Search {
    const Func *f;
    const Cfg *cfg;
    const DomTree *tree;
    Loops *loops;
    Arena *scratch;
    VEC(uint32_t) work; // blocks
} Search;

static uint32_t outermost(const Loops *loops, uint32_t loop)
{
    while (loops->data[loop].parent != NO_INDEX)
        loop = loops->data[loop].parent;
    return loop;
}

static void push_preds(Search *s, Block block)
{
    uint32_t n;
    const CfgEdge *const preds = cfg_preds(s->cfg, block, &n);
    for (uint32_t i = 0; i < n; i++)
        if (domtree_is_reachable(s->tree, preds[i].block))
            VEC_PUSH(s->scratch, &s->work, preds[i].block.i);
}

// Collects the loop of `header` from what is in `work`.
static void fill_loop(Search *s, uint32_t loop)
{
    const Block header = s->loops->data[loop].header;
    while (s->work.len != 0) {
        const Block block = {s->work.data[--s->work.len]};
        const uint32_t inner = s->loops->loop_of[block.i];
        if (block.i == header.i)
            continue;
        if (inner == NO_INDEX) {
            s->loops->loop_of[block.i] = loop;
            push_preds(s, block);
            continue;
        }
        const uint32_t top = outermost(s->loops, inner);
        if (top == loop)
            continue;
        s->loops->data[top].parent = loop;
        push_preds(s, s->loops->data[top].header);
    }
    if (s->loops->loop_of[header.i] == NO_INDEX)
        s->loops->loop_of[header.i] = loop;
}

Loops loops_compute(Arena *arena, const Func *f, const Cfg *cfg, const DomTree *tree)
{
    Loops loops = {.loop_of = ARENA_ARRAY(arena, uint32_t, f->blocks.len)};
    memset(loops.loop_of, 0xff, sizeof(uint32_t) * f->blocks.len);
    loops.data = ARENA_ARRAY(arena, LoopData, tree->num_reachable);
    Search s = {.f = f, .cfg = cfg, .tree = tree, .loops = &loops, .scratch = arena};
    for (uint32_t i = 0; i < tree->num_reachable; i++) {
        const Block header = tree->postorder[i];
        uint32_t n;
        const CfgEdge *const preds = cfg_preds(cfg, header, &n);
        bool is_header = false;
        for (uint32_t k = 0; k < n; k++) {
            if (!domtree_is_reachable(tree, preds[k].block) ||
                !domtree_dominates(tree, header, preds[k].block))
                continue;
            is_header = true;
            VEC_PUSH(arena, &s.work, preds[k].block.i);
        }
        if (!is_header)
            continue;
        loops.data[loops.len] = (LoopData){.header = header, .parent = NO_INDEX};
        fill_loop(&s, loops.len++);
    }
    for (uint32_t i = loops.len; i-- > 0;) { // parents have higher numbers
        LoopData *const loop = &loops.data[i];
        loop->depth = loop->parent == NO_INDEX ? 1 : loops.data[loop->parent].depth + 1;
    }
    return loops;
}
