// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// regalloc: from virtual to physical registers, and a checker that trusts none of it.
//
// In: a validated MFunc. Out: MFunc.allocs, moves, num_slots, callee_saved. The algorithm and the
// reasons for it stand at the head of regalloc.c. A value never changes, so it may be in a register
// and in its spill slot at once; it is stored at most once, behind its definition, and never stored
// back. Near-linear in the size of the function; deterministic.
#ifndef REGALLOC_REGALLOC_H
#define REGALLOC_REGALLOC_H

#include "mach/mach.h"

typedef enum RegallocAlgorithm { REGALLOC_DEFAULT, REGALLOC_SINGLE_PASS } RegallocAlgorithm;

typedef struct RegallocOptions {
    RegallocAlgorithm algorithm;
    PRegSet allocatable;   // registers that may be used
    PRegSet callee_saved;  // those of them that a function must preserve
    uint32_t remat_budget; // uses of a rematerialised value above which it is kept; 0: no limit
} RegallocOptions;

// Allocates. `scratch` holds what is not needed afterwards. Asserts that the function is well
// formed: an instruction whose constraints can't be met together is a bug of the target's table.
void regalloc_run(MFunc *f, const RegallocOptions *options, Arena *scratch);

// Proves by abstract interpretation over the allocated code that each use reads the value that the
// virtual register had, that constraints hold, that no inserted code touches live flags, that
// callee-saved registers outside of f->callee_saved are not written. Uses mach.h only. Returns the
// empty Str, or what is wrong and where, in `arena`.
Str regalloc_check(const MFunc *f, const RegallocOptions *options, Arena *arena);

#endif
