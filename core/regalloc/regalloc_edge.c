// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Moves on edges: from the state at a block's end to the one at its successor's start, all at once,
// parameters included. They stand at the start of a successor that has one predecessor, else before
// the branch of the predecessor, which then has one successor.

#include "regalloc/regalloc_internal.h"

void regalloc_store_for_edges(Regalloc *ra)
{
    const MFunc *const f = ra->f;
    for (uint32_t b = 0; b < f->blocks.len; b++)
        for (uint32_t s = 0; s < f->blocks.data[b].num_succs; s++) {
            const MEdge *const edge = regalloc_edge(f, b, s);
            const MBlockData *const to = &f->blocks.data[edge->to.i];
            for (uint32_t i = 0; i < edge->num_args; i++) {
                const VRegState *const param = &ra->values[f->edge_args.data[to->params + i]];
                const uint32_t arg = f->edge_args.data[edge->args + i];
                // Nothing is rematerialised into memory, nor behind the edge, where the value has
                // the parameter's name.
                const bool in_memory = param->spilled && param->entry == PREG_NONE;
                if ((in_memory || (param->entry != PREG_NONE && to->num_preds == 1)) &&
                    !ra->values[arg].spilled && regalloc_exit_reg(ra, b, arg) == PREG_NONE)
                    ra->values[arg].spilled = true;
            }
        }
}

typedef struct Edges {
    Regalloc *ra;
    Sequencer seq;
    VEC(ParallelMove) moves;
    PRegSet free; // registers that neither end of the edge uses
} Edges;

// `name`: what the value is called where the move stands.
static void add_move(Edges *e, uint32_t vreg, uint32_t name, Alloc to)
{
    const Regalloc *const ra = e->ra;
    const VRegState *const value = &ra->values[vreg];
    ParallelMove move = {to, ALLOC_NONE, name, NO_INDEX, value->wide};
    if (alloc_is_reg(to) && (value->regs & preg_bit(alloc_preg(to))) != 0)
        return;
    if (value->spilled && alloc_is_slot(to) && alloc_slot_number(to) == value->slot)
        return;
    if (value->regs != 0) {
        move.from = alloc_reg(regalloc_first(value->regs));
    } else if (value->spilled) {
        move.from = alloc_slot(value->slot);
    } else {
        ASSERT(value->remat && alloc_is_reg(to));
        move.remat = value->def;
        ASSERT(name == vreg);
    }
    VEC_PUSH(ra->scratch, &e->moves, move);
}

// A register that stays is still a location that nothing else may be moved to, which the state at
// the successor's start sees to; and a cycle's temporary may not be there, which `free` sees to.
static void add_edge_moves(Edges *e, const MEdge *edge)
{
    const Regalloc *const ra = e->ra;
    const MFunc *const f = ra->f;
    const BlockState *const to = &ra->blocks[edge->to.i];
    const uint32_t params = f->blocks.data[edge->to.i].params;
    e->moves.len = 0;
    for (uint32_t i = 0; i < to->num_entry; i++) {
        add_move(e, to->entry[i].vreg, to->entry[i].vreg, alloc_reg(to->entry[i].reg));
        e->free &= ~preg_bit(to->entry[i].reg);
    }
    for (uint32_t i = 0; i < edge->num_args; i++) {
        const uint32_t param = f->edge_args.data[params + i];
        const uint32_t arg = f->edge_args.data[edge->args + i];
        const uint32_t name = f->blocks.data[edge->to.i].num_preds == 1 ? param : arg;
        const VRegState *const value = &ra->values[param];
        if (value->entry != PREG_NONE)
            e->free &= ~preg_bit(value->entry);
        if (value->entry != PREG_NONE)
            add_move(e, arg, name, alloc_reg(value->entry));
        else if (value->spilled)
            add_move(e, arg, name, alloc_slot(value->slot));
    }
}

static void resolve_block(Edges *e, uint32_t b)
{
    Regalloc *const ra = e->ra;
    const MFunc *const f = ra->f;
    const MBlockData *const block = &f->blocks.data[b];
    const BlockState *const state = &ra->blocks[b];
    PRegSet busy = 0;
    for (uint32_t i = 0; i < state->num_exit; i++) {
        ra->values[state->exit[i].vreg].regs |= preg_bit(state->exit[i].reg);
        busy |= preg_bit(state->exit[i].reg);
    }
    // What the branch reads is still to be read when the moves stand before it.
    const MInst *const branch = &f->insts.data[block->end - 1];
    for (uint32_t k = branch->operands; k < branch->operands + branch->num_operands; k++)
        if (alloc_is_reg(f->allocs[k]))
            busy |= preg_bit(alloc_preg(f->allocs[k]));
    for (uint32_t s = 0; s < block->num_succs; s++) {
        const MEdge *const edge = regalloc_edge(f, b, s);
        const MBlockData *const to = &f->blocks.data[edge->to.i];
        const bool at_start = to->num_preds == 1;
        e->free = (ra->class_regs[REG_INT] | ra->class_regs[REG_FLOAT]) & ~busy &
                  (~ra->callee_saved | ra->saved);
        add_edge_moves(e, edge);
        MoveSite site = {.before = at_start ? to->first : block->end - 1,
                         .out = at_start ? &ra->at_start : &ra->at_end,
                         .regs = e->free,
                         .vregs = f->vregs.data,
                         .num_slots = &ra->f->num_slots,
                         .scratch_slot = &ra->scratch_slot};
        memcpy(site.class_regs, ra->class_regs, sizeof(site.class_regs));
        sequencer_run(&e->seq, e->moves.data, e->moves.len, &site);
    }
    for (uint32_t i = 0; i < state->num_exit; i++)
        ra->values[state->exit[i].vreg].regs = 0;
}

void regalloc_resolve_edges(Regalloc *ra)
{
    Edges e = {.ra = ra, .seq = sequencer_new(ra->scratch, ra->f->num_slots)};
    ra->scratch_slot = NO_INDEX;
    for (uint32_t b = 0; b < ra->f->blocks.len; b++)
        resolve_block(&e, b);
}
