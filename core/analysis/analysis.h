// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// analysis: facts about a function's control flow: predecessors, post-order, dominators, loops.
//
// Each result is a snapshot in the arena given, by block number; a change of the function's blocks
// or branches makes it stale. All work on any parsed function, valid or not: an instruction behind
// a terminator counts for the CFG only when it is a branch, a block may be empty.
#ifndef ANALYSIS_ANALYSIS_H
#define ANALYSIS_ANALYSIS_H

#include "ir/ir.h"

// One edge into a block: the block it comes from and the branch there.
typedef struct CfgEdge {
    Block block;
    Inst inst;
} CfgEdge;

typedef struct Cfg {
    CfgEdge *edges;  // grouped by target, in layout order of the source, repeats kept out
    uint32_t *first; // edges of block b: edges[first[b]] .. edges[first[b + 1]]
    Block *succs;    // successors, grouped by block, in text order without repeats
    uint32_t *first_succ;
    uint32_t num_blocks;
} Cfg;

// Predecessors and successors of every block, reachable or not.
Cfg cfg_compute(Arena *arena, const Func *f);

// Dominator tree over the blocks reachable from the entry. Lengauer-Tarjan or better; linear in
// practice, never recursive.
typedef struct DomTree {
    Block *postorder; // of the depth-first search from the entry
    uint32_t num_reachable;
    uint32_t *rpo;        // reverse post-order number by block; NO_INDEX: unreachable
    Block *idom;          // NO(Block) for the entry and for unreachable blocks
    uint32_t *pre, *last; // pre-order interval in the tree, for domtree_dominates
} DomTree;

// The tree from the entry, the first block of the layout; `cfg` must be that of `f`.
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

#endif
