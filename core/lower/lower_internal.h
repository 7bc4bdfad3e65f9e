// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of lower/.
#ifndef LOWER_INTERNAL_H
#define LOWER_INTERNAL_H

#include "analysis/analysis.h"
#include "lower/lower.h"

// The register that `reg` is another name of, or itself.
VReg lower_resolve(const LowerCtx *ctx, VReg reg);

// Moves the pending instructions to the function's reversed list.
void lower_flush(LowerCtx *ctx);

// Calls, returns, and the arguments of the function itself: lower_abi.c.
Status lower_call(LowerCtx *ctx, Inst inst);
Status lower_tail_call(LowerCtx *ctx, Inst inst);
Status lower_return(LowerCtx *ctx, Inst inst);
Status lower_arguments(LowerCtx *ctx);
// The number of a set in MFunc.clobber_sets.
uint16_t lower_clobber_set(MFunc *m, PRegSet set);

// ---- The order of blocks: lower_order.c ----

// An entry is a CLIF block's number, or LOWER_EDGE + a number into `edges`.
typedef struct LowerOrder {
    VEC(uint32_t) blocks; // entries in the order of the layout
    VEC(MEdge) edges;     // split edges: `to` is the number of a block call
    uint32_t *walk;       // places in `blocks`, definitions before uses
    uint32_t *mblock_of;  // MBlock by CLIF block
} LowerOrder;

#define LOWER_EDGE 0x80000000u

// Reverse post-order, but that the blocks of a loop follow each other; behind each block those of
// its critical edges; cold blocks last.
LowerOrder lower_order(LowerCtx *ctx, const Cfg *cfg, const DomTree *tree);

// ---- Repeated loads: lower_repeat.c ----

// The first loads of a block that may serve others behind them.
#define RECENT_LOADS 4u

typedef struct RecentLoads {
    Inst loads[RECENT_LOADS];
    uint32_t num;
} RecentLoads;

// Compares a load with those before it in its block, in program order.
void lower_note_load(LowerCtx *ctx, RecentLoads *recent, Inst inst);

// Lowers a load that repeats another to nothing; false: it does not.
bool lower_repeated_load(LowerCtx *ctx, Inst inst);

// What the prologue compares the stack pointer with. STATUS_UNSUPPORTED when that is not found by
// loads and additions from a vmctx in a register.
Status lower_stack_limit(LowerCtx *ctx);

#endif
