// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The moves of a loop's back edge stand in a block of their own when the branch that takes it has
// another successor, and each round then has a jump that does nothing:
//
//         je out                     mov r8, r9
//         mov r8, r9         ->      jne top
//         jmp top                out:
//   out:
//
// So they go in front of the branch, or of the comparison that it looks at, where the way out of
// the loop does not need what they overwrite.

#include "regalloc/regalloc_internal.h"

typedef struct Hoist {
    Regalloc *ra;
    MFunc *f;
    uint32_t *first_move; // by instruction: its moves in f->moves, or those behind
    VEC(MMove) taken;     // moves that leave their place, `before` the new one
    VEC(uint32_t) gone;   // their numbers in f->moves, first and behind the last of each run
} Hoist;

// The successor of `b` that is nothing but the moves of an edge within a loop that the other
// successor is outside of; NO_INDEX: there is none.
static uint32_t back_edge(const Hoist *h, uint32_t b)
{
    const MFunc *const f = h->f;
    if (f->blocks.data[b].num_succs != 2)
        return NO_INDEX;
    for (uint32_t s = 0; s < 2; s++) {
        const MBlockData *const to = &f->blocks.data[regalloc_edge(f, b, s)->to.i];
        const MBlockData *const other = &f->blocks.data[regalloc_edge(f, b, 1 - s)->to.i];
        if (to->num_preds == 1 && other->num_preds == 1 && to->end - to->first == 1 &&
            to->num_succs == 1 && to->num_params == 0 &&
            f->insts.data[to->first].num_operands == 0 && to->loop_depth > other->loop_depth)
            return s;
    }
    return NO_INDEX;
}

// Registers at the end of `b` that the way to successor `s` may read.
static PRegSet needed(const Hoist *h, uint32_t b, uint32_t s)
{
    const Regalloc *const ra = h->ra;
    const MFunc *const f = h->f;
    const MEdge *const edge = regalloc_edge(f, b, s);
    const BlockState *const from = &ra->blocks[b], *const to = &ra->blocks[edge->to.i];
    PRegSet all = 0;
    for (uint32_t i = 0; i < from->num_exit; i++)
        ra->values[from->exit[i].vreg].regs |= preg_bit(from->exit[i].reg);
    for (uint32_t i = 0; i < to->num_entry; i++)
        all |= ra->values[to->entry[i].vreg].regs;
    for (uint32_t i = 0; i < edge->num_args; i++)
        all |= ra->values[f->edge_args.data[edge->args + i]].regs;
    for (uint32_t i = 0; i < from->num_exit; i++)
        ra->values[from->exit[i].vreg].regs = 0;
    return all;
}

// Registers that an instruction's operands are in.
static PRegSet operand_regs(const MFunc *f, const MInst *inst)
{
    PRegSet all = 0;
    for (uint32_t k = inst->operands; k < inst->operands + inst->num_operands; k++)
        if (alloc_is_reg(f->allocs[k]))
            all |= preg_bit(alloc_preg(f->allocs[k]));
    return all;
}

// The same of the operands that it defines.
static PRegSet defined(const MFunc *f, const MInst *inst)
{
    PRegSet all = 0;
    for (uint32_t k = inst->operands; k < inst->operands + inst->num_operands; k++)
        if (f->operands.data[k].kind == OPERAND_DEF && alloc_is_reg(f->allocs[k]))
            all |= preg_bit(alloc_preg(f->allocs[k]));
    return all;
}

// In front of which of the last instructions of `b` moves may stand that read and write these
// registers; NO_INDEX: of none.
static uint32_t find_place(const Hoist *h, uint32_t b, PRegSet written, PRegSet read)
{
    const MFunc *const f = h->f;
    const MBlockData *const block = &f->blocks.data[b];
    const MInst *const branch = &f->insts.data[block->end - 1];
    if ((operand_regs(f, branch) & written) != 0 || branch->clobbers != 0)
        return NO_INDEX;
    if (block->end - block->first < 2)
        return block->end - 1;
    const uint32_t before = block->end - 2;
    const MInst *const test = &f->insts.data[before];
    const MRow *const row = minst_row(f, test);
    const bool is_test = row->flags_use == MFLAGS_WRITE && row->flags == 0 && row->clobbers == 0 &&
                         test->clobbers == 0;
    const bool apart = (operand_regs(f, test) & written) == 0 && (defined(f, test) & read) == 0;
    const bool alone = h->first_move[before + 1] == h->first_move[block->end];
    return is_test && apart && alone ? before : block->end - 1;
}

static void hoist_from(Hoist *h, uint32_t b)
{
    const MFunc *const f = h->f;
    const uint32_t s = back_edge(h, b);
    if (s == NO_INDEX)
        return;
    const uint32_t jump = f->blocks.data[regalloc_edge(f, b, s)->to.i].first;
    const uint32_t first = h->first_move[jump], end = h->first_move[jump + 1];
    if (first == end)
        return;
    PRegSet written = 0, read = 0;
    for (uint32_t i = first; i < end; i++) {
        const MMove *const move = &f->moves.data[i];
        if (!alloc_is_reg(move->to))
            return;
        written |= preg_bit(alloc_preg(move->to));
        read |= alloc_is_reg(move->from) ? preg_bit(alloc_preg(move->from)) : 0;
    }
    const uint32_t place = find_place(h, b, written, read);
    if (place == NO_INDEX || (needed(h, b, 1 - s) & written) != 0)
        return;
    for (uint32_t i = first; i < end; i++) {
        MMove move = f->moves.data[i];
        move.before = place;
        VEC_PUSH(h->ra->scratch, &h->taken, move);
    }
    VEC_PUSH(h->ra->scratch, &h->gone, first);
    VEC_PUSH(h->ra->scratch, &h->gone, end);
}

// The moves in order again: those that were taken behind those that are at their place already.
static void merge(Hoist *h)
{
    MFunc *const f = h->f;
    const uint32_t len = f->moves.len;
    MMove *const old = f->moves.data;
    bool *const is_gone = ARENA_ARRAY(h->ra->scratch, bool, len);
    for (uint32_t i = 0; i < h->gone.len; i += 2)
        for (uint32_t k = h->gone.data[i]; k < h->gone.data[i + 1]; k++)
            is_gone[k] = true;
    MMove *const all = ARENA_ARRAY(f->arena, MMove, len);
    uint32_t n = 0, next = 0;
    for (uint32_t i = 0; i < len; i++) {
        if (is_gone[i])
            continue;
        while (next < h->taken.len && h->taken.data[next].before < old[i].before)
            all[n++] = h->taken.data[next++];
        all[n++] = old[i];
    }
    while (next < h->taken.len)
        all[n++] = h->taken.data[next++];
    ASSERT(n == len);
    memcpy(old, all, sizeof(*all) * len);
}

void regalloc_hoist(Regalloc *ra)
{
    MFunc *const f = ra->f;
    Hoist h = {.ra = ra, .f = f};
    if (!ra->has_loops || f->moves.len == 0)
        return;
    h.first_move = ARENA_ARRAY(ra->scratch, uint32_t, f->insts.len + 1);
    for (uint32_t i = 0, move = 0; i <= f->insts.len; i++) {
        while (move < f->moves.len && f->moves.data[move].before < i)
            move++;
        h.first_move[i] = move;
    }
    for (uint32_t b = 0; b < f->blocks.len; b++)
        hoist_from(&h, b);
    if (h.taken.len != 0)
        merge(&h);
}
