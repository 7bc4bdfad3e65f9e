// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Register allocation on SSA: the algorithm, its reasons, and the order of the phases.
//
// What SSA gives. A value never changes, so its register and its spill slot can't disagree. Storing
// it once, behind its definition, makes the slot right wherever the value lives; giving a register
// up then costs nothing where that happens, and no state "in the slot but stale" exists. Whether a
// value is stored is only known once the whole function has been walked, and that is early enough:
// the store is put in at the end.
//
// The walk. Blocks are taken in reverse post-order, so a value's definition comes before its uses.
// Within a block the state says which value each register holds. Each instruction asks for its
// operands' places; a value is brought there from another register, from its slot, or by repeating
// its definition; and when no register is free, the one goes whose next use is farthest (Belady;
// over edges by the distances that Braun and Hack define in "Register Spilling and Live-Range
// Splitting for SSA-Form Programs", with a use behind a loop's exit farther than any within).
//
// So spilling, splitting and assignment happen at once. To spill first and then colour, as Braun
// and Hack do, needs a second answer to every fixed register, clobber and reused operand, of which
// machine code is full; here each is one more move between two states. The price is that a choice
// can't foresee all of a value's life. Hints carry what matters of it backwards: the register of
// the next fixed use if nothing takes it before, one register for a parameter and its arguments,
// and a callee-saved one for what lives across calls.
//
//          exit state            entry state              moves
//     b1:  r0=%1 r1=%2    --.
//                           +--> b3(%5):  r0=%1  r2=%5     end of b1: r2 <- r1     (%5 := %2)
//     b2:  r2=%3 slot0=%1 --'                              end of b2: r0 <- slot0  (%5 := %3)
//
// Joins. The first path to arrive does not dictate: candidates are the values that most paths have
// in registers, and at a loop's header those that the loop uses (others if its pressure leaves
// room), the nearest first. What isn't chosen is in memory there. Loads that a loop needs thus come
// before it, and stores of values that only wait through a loop are outside of it. When all blocks
// are done, each edge gets the parallel move from exit state to entry state, parameters included,
// as a sequence (regalloc_moves.c).
//
// Slots. Parameters and arguments that are in memory on both sides share a slot if their lives are
// apart, so that most edges move nothing between slots; slots whose classes of values are apart
// share their place in the frame (regalloc_slots.c).
//
// Cost. Every phase is a walk over instructions or over the lists of values that live into blocks,
// with work per instruction bounded by the number of registers. Nothing is iterated but distances,
// twice when there are loops.
//
// The single-pass algorithm is the same walk with nothing in registers where paths meet: no
// choices, worse code, and every parameter through memory.

#include "regalloc/regalloc_internal.h"

static void join_edges(Regalloc *ra)
{
    const MFunc *const f = ra->f;
    for (uint32_t b = 0; b < f->blocks.len; b++) {
        const MBlockData *const block = &f->blocks.data[b];
        const MInst *const branch = &f->insts.data[block->end - 1];
        for (uint32_t s = 0; s < block->num_succs; s++) {
            const uint32_t to = f->edges.data[block->succs + s].to.i;
            ra->blocks[to].edge = block->succs + s;
            if (f->blocks.data[to].num_preds == 1)
                continue;
            // Moves stand before the branch: they may not touch registers that it reads or writes.
            ra->blocks[to].in_memory |= branch->num_operands != 0 || branch->clobbers != 0 ||
                                        minst_row(f, branch)->clobbers != 0 ||
                                        ra->options->algorithm == REGALLOC_SINGLE_PASS;
        }
    }
}

void regalloc_run(MFunc *f, const RegallocOptions *options, Arena *scratch)
{
    Regalloc ra = {.f = f, .options = options, .scratch = scratch};
    ra.values = ARENA_ARRAY(scratch, VRegState, f->vregs.len);
    ra.blocks = ARENA_ARRAY(scratch, BlockState, f->blocks.len);
    ra.next_of = ARENA_ARRAY(scratch, uint32_t, f->operands.len);
    ra.class_regs[REG_INT] = options->allocatable & 0xffffffff;
    ra.class_regs[REG_FLOAT] = options->allocatable & ~(PRegSet)0xffffffff;
    ra.callee_saved = options->callee_saved;
    memset(ra.reg_value, 0xff, sizeof(ra.reg_value));
    f->allocs = ARENA_ARRAY(f->arena, Alloc, f->operands.len);
    for (uint32_t i = 0; i < f->operands.len; i++)
        f->allocs[i] = ALLOC_NONE;
    f->num_slots = 0;
    regalloc_analyse(&ra);
    join_edges(&ra);
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        regalloc_prepare_block(&ra, ra.order[i]);
        regalloc_enter_block(&ra, ra.order[i]);
        regalloc_block_insts(&ra, ra.order[i]);
        regalloc_leave_block(&ra, ra.order[i]);
    }
    regalloc_store_for_edges(&ra);
    regalloc_number_slots(&ra);
    regalloc_resolve_edges(&ra);
    regalloc_finish(&ra);
    regalloc_hoist(&ra);
}
