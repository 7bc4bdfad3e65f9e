// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// TODO essay
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
}
