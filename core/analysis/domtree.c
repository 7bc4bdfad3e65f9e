// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dominators by the algorithm of Lengauer and Tarjan (A Fast Algorithm for Finding Dominators in a
// Flowgraph, 1979) in its simple form, whose path compression gives O(edges * log blocks) for any
// graph. The simpler iterative methods are faster on small graphs but quadratic on adversarial
// ones, and a fuzzer finds those.
//
// One depth-first search numbers the reachable blocks in pre-order; from then on everything is
// indexed by that number, so that the forest's arrays are walked mostly in order:
//
//     0 --> 1 --> 2      parent[v]: v's predecessor in the search tree; lower than v
//     |           |      semi[v]: the lowest number from which a path leads to v through higher
//     +---> 3 <---+               numbers only; semi[3] = 0, hence 0 dominates 3 at once
//
// Vertices are handled from the highest number down. The forest holds those already handled; its
// `ancestor` paths are compressed, each vertex keeping as `best` the vertex of least semi above it.

#include "analysis/analysis.h"

// The state of the search and of the forest, by pre-order number.
typedef struct Search {
    const Cfg *cfg;
    uint32_t *number; // by block; NO_INDEX: not reached
    Block *block;
    uint32_t *parent;
    uint32_t *semi, *idom;
    uint32_t *ancestor, *best;
    uint32_t *bucket, *next_in_bucket; // vertices by their semidominator, as linked lists
    uint32_t *stack;                   // scratch of compress
    uint32_t count;
} Search;

// One open block of the depth-first search.
typedef struct Frame {
    Block block;
    uint32_t next; // successor to look at, index into cfg->succs
} Frame;

static void open_block(Search *s, Frame *frame, Block block, uint32_t parent)
{
    s->number[block.i] = s->count;
    s->block[s->count] = block;
    s->parent[s->count++] = parent;
    *frame = (Frame){block, s->cfg->first_succ[block.i]};
}

// Numbers the blocks reachable from `entry` and notes in which order they are finished.
static void search_from(Arena *arena, Search *s, Block entry, DomTree *tree)
{
    const Cfg *const cfg = s->cfg;
    Frame *const frames = ARENA_ARRAY(arena, Frame, cfg->num_blocks);
    uint32_t depth = 1, finished = 0;
    open_block(s, &frames[0], entry, NO_INDEX);
    while (depth != 0) {
        Frame *const top = &frames[depth - 1];
        if (top->next == cfg->first_succ[top->block.i + 1]) {
            tree->postorder[finished++] = top->block;
            depth--;
            continue;
        }
        const Block succ = cfg->succs[top->next++];
        if (s->number[succ.i] == NO_INDEX)
            open_block(s, &frames[depth++], succ, s->number[top->block.i]);
    }
    tree->num_reachable = finished;
    for (uint32_t i = 0; i < finished; i++)
        tree->rpo[tree->postorder[i].i] = finished - 1 - i;
}

// ---- Lengauer and Tarjan ----

// Lets v and all above it point to the root of their tree, taking along the best vertex on the way.
static void compress(Search *s, uint32_t v)
{
    uint32_t depth = 0;
    for (; s->ancestor[s->ancestor[v]] != NO_INDEX; v = s->ancestor[v])
        s->stack[depth++] = v;
    while (depth != 0) {
        v = s->stack[--depth];
        const uint32_t above = s->ancestor[v];
        if (s->semi[s->best[above]] < s->semi[s->best[v]])
            s->best[v] = s->best[above];
        s->ancestor[v] = s->ancestor[above];
    }
}

// The vertex of least semi on v's path in the forest, its root left out.
static uint32_t evaluate(Search *s, uint32_t v)
{
    if (s->ancestor[v] == NO_INDEX)
        return v;
    compress(s, v);
    return s->best[v];
}

static void find_semidominator(Search *s, uint32_t v)
{
    uint32_t count = 0;
    const CfgEdge *const preds = cfg_preds(s->cfg, s->block[v], &count);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t u = s->number[preds[i].block.i];
        if (u == NO_INDEX)
            continue;
        const uint32_t semi = s->semi[evaluate(s, u)];
        if (semi < s->semi[v])
            s->semi[v] = semi;
    }
}

static void find_idoms(Search *s)
{
    for (uint32_t v = 0; v < s->count; v++) {
        s->semi[v] = s->best[v] = v;
        s->ancestor[v] = s->bucket[v] = NO_INDEX;
    }
    for (uint32_t v = s->count; v-- > 1;) {
        find_semidominator(s, v);
        s->next_in_bucket[v] = s->bucket[s->semi[v]];
        s->bucket[s->semi[v]] = v;
        const uint32_t parent = s->parent[v];
        s->ancestor[v] = parent;
        for (uint32_t w = s->bucket[parent]; w != NO_INDEX; w = s->next_in_bucket[w]) {
            const uint32_t u = evaluate(s, w);
            s->idom[w] = s->semi[u] < s->semi[w] ? u : parent;
        }
        s->bucket[parent] = NO_INDEX;
    }
    for (uint32_t v = 1; v < s->count; v++)
        if (s->idom[v] != s->semi[v])
            s->idom[v] = s->idom[s->idom[v]];
}

// ---- The tree ----

// Links children, and numbers the tree in pre-order.
static void link_tree(DomTree *tree)
{
    for (uint32_t i = 0; i + 1 < tree->num_reachable; i++) { // but the entry, which is last
        const Block block = tree->postorder[i];
        const Block idom = tree->idom[block.i];
        tree->next_sibling[block.i] = tree->first_child[idom.i];
        tree->first_child[idom.i] = block;
    }
    Block at = tree->postorder[tree->num_reachable - 1];
    for (uint32_t n = 0; n < tree->num_reachable; n++) {
        tree->preorder[n] = at;
        tree->pre[at.i] = tree->last[at.i] = n;
        if (tree->first_child[at.i].i != NO_INDEX) {
            at = tree->first_child[at.i];
            continue;
        }
        while (at.i != NO_INDEX && tree->next_sibling[at.i].i == NO_INDEX) {
            at = tree->idom[at.i];
            if (at.i != NO_INDEX)
                tree->last[at.i] = n;
        }
        if (at.i != NO_INDEX)
            at = tree->next_sibling[at.i];
    }
}

static uint32_t *new_numbers(Arena *arena, uint32_t n)
{
    uint32_t *const numbers = arena_alloc(arena, sizeof(uint32_t) * n, _Alignof(uint32_t));
    memset(numbers, 0xff, sizeof(uint32_t) * n); // NO_INDEX
    return numbers;
}

_Static_assert(NO_INDEX == 0xffffffffu && sizeof(Block) == sizeof(uint32_t),
               "filling with 0xff gives NO_INDEX and NO(Block)");

static Block *new_blocks(Arena *arena, uint32_t n)
{
    Block *const blocks = arena_alloc(arena, sizeof(Block) * n, _Alignof(Block));
    memset(blocks, 0xff, sizeof(Block) * n); // NO(Block)
    return blocks;
}

DomTree domtree_compute(Arena *arena, const Func *f, const Cfg *cfg)
{
    const uint32_t n = cfg->num_blocks;
    DomTree tree = {.postorder = new_blocks(arena, n),
                    .rpo = new_numbers(arena, n),
                    .idom = new_blocks(arena, n),
                    .first_child = new_blocks(arena, n),
                    .next_sibling = new_blocks(arena, n),
                    .preorder = new_blocks(arena, n),
                    .pre = new_numbers(arena, n),
                    .last = new_numbers(arena, n)};
    if (f->first_block.i == NO_INDEX)
        return tree;
    Search s = {.cfg = cfg, .number = new_numbers(arena, n), .block = new_blocks(arena, n)};
    s.parent = new_numbers(arena, n);
    s.semi = new_numbers(arena, n);
    s.idom = new_numbers(arena, n);
    s.ancestor = new_numbers(arena, n);
    s.best = new_numbers(arena, n);
    s.bucket = new_numbers(arena, n);
    s.next_in_bucket = new_numbers(arena, n);
    s.stack = new_numbers(arena, n);
    search_from(arena, &s, f->first_block, &tree);
    find_idoms(&s);
    for (uint32_t v = 1; v < s.count; v++)
        tree.idom[s.block[v].i] = s.block[s.idom[v]];
    link_tree(&tree);
    return tree;
}
