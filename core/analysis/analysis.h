// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// analysis: facts about a function's control flow: predecessors, post-order, dominators,
// loops.
//
// Each result is a snapshot in the arena given, by block number; a change of the function's blocks
// or branches makes it stale. All work on any parsed function, valid or not: a block may be empty
// or lack a terminator, a branch may name a block that is not in the layout (such an edge is left
// out). Only the last instruction of a block makes edges. Nothing here is recursive, and all orders
// follow from the text alone.
#ifndef ANALYSIS_ANALYSIS_H
#define ANALYSIS_ANALYSIS_H

#include "ir/ir.h"

// One edge into a block: the block it comes from and the branch there.
typedef struct CfgEdge {
    Block block;
    Inst inst;
} CfgEdge;

typedef struct Cfg {
    CfgEdge *edges;  // grouped by target, in layout order of the source, without repeats
    uint32_t *first; // edges into block b: edges[first[b]] .. edges[first[b + 1] - 1]
    Block *succs;    // successors, grouped by source, in text order without repeats
    uint32_t *first_succ;
    uint32_t num_blocks;
} Cfg;

// The control-flow graph: branches of all kinds, the targets of a try_call (normal return and
// handlers) included. Linear in blocks and block calls.
Cfg cfg_compute(Arena *arena, const Func *f);

// The edges into `block`.
static inline const CfgEdge *cfg_preds(const Cfg *cfg, Block block, uint32_t *count)
{
    *count = cfg->first[block.i + 1] - cfg->first[block.i];
    return cfg->edges + cfg->first[block.i];
}

// The successors of `block`.
static inline const Block *cfg_succs(const Cfg *cfg, Block block, uint32_t *count)
{
    *count = cfg->first_succ[block.i + 1] - cfg->first_succ[block.i];
    return cfg->succs + cfg->first_succ[block.i];
}

// Dominator tree over the blocks reachable from the entry; empty for a function without blocks.
// Children of a node are linked in reverse post-order.
typedef struct DomTree {
    Block *postorder; // of the depth-first search from the entry that takes successors in order
    uint32_t num_reachable;
    uint32_t *rpo;                     // reverse post-order number by block; NO_INDEX: unreachable
    Block *idom;                       // NO(Block) for the entry and for unreachable blocks
    Block *first_child, *next_sibling; // NO(Block) at the end
    Block *preorder;                   // of the tree, num_reachable blocks
    uint32_t *pre, *last;              // pre-order numbers of a block and of its subtree's last
} DomTree;

// The dominator tree of `f` with the graph `cfg`. O(edges * log blocks) for any graph.
DomTree domtree_compute(Arena *arena, const Func *f, const Cfg *cfg);

// Whether every path from the entry to `b` goes through `a`; both must be reachable.
static inline bool domtree_dominates(const DomTree *tree, Block a, Block b)
{
    return tree->pre[a.i] <= tree->pre[b.i] && tree->pre[b.i] <= tree->last[a.i];
}

static inline bool domtree_is_reachable(const DomTree *tree, Block b)
{
    return tree->rpo[b.i] != NO_INDEX;
}

// ---- Loops ----

typedef struct LoopData {
    Block header;    // dominates all blocks of the loop
    uint32_t parent; // the loop around it, NO_INDEX: none
    uint32_t depth;  // 1: in no other
} LoopData;

// The natural loops of a function. Cycles that can be entered at several blocks are none.
typedef struct Loops {
    LoopData *data; // a loop comes before those around it
    uint32_t len;
    uint32_t *loop_of; // by block: the innermost loop that it is in, NO_INDEX: none
} Loops;

// Near-linear: each block is met once for each loop around it, at most.
Loops loops_compute(Arena *arena, const Func *f, const Cfg *cfg, const DomTree *tree);

// Whether `loop` is `outer` or lies in it; NO_INDEX lies in none but itself.
static inline bool loops_contain(const Loops *loops, uint32_t outer, uint32_t loop)
{
    while (loop != NO_INDEX && loop < outer)
        loop = loops->data[loop].parent;
    return loop == outer;
}

#endif
