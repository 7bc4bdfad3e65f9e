// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The states between blocks: next uses within a block, and which values its start finds in which
// registers.
//
// A block with one predecessor goes on with that one's state. Where paths meet, the values that
// were in registers on most of them are candidates; at a loop's header, those that the loop uses
// (and others if the loop's pressure leaves room for them). The nearest next uses win, as in Braun
// and Hack. Who is not chosen is in memory there; moves on the edges bring each path into that
// state.

#include "regalloc/regalloc_internal.h"

#define NEAR 32u // a value used this soon is loaded on the paths that lost it

// ---- Next uses ----

static void note_next_use(Regalloc *ra, uint32_t vreg, uint32_t at)
{
    VRegState *const value = &ra->values[vreg];
    if (at < value->next_use)
        value->next_use = at;
}

static void find_live_out(Regalloc *ra, uint32_t b)
{
    const MFunc *const f = ra->f;
    const MBlockData *const block = &f->blocks.data[b];
    for (uint32_t s = 0; s < block->num_succs; s++) {
        const MEdge *const edge = regalloc_edge(f, b, s);
        const BlockState *const to = &ra->blocks[edge->to.i];
        const uint32_t params = f->blocks.data[edge->to.i].params;
        const uint32_t length = block->end + regalloc_edge_length(f, b, edge->to.i);
        for (uint32_t i = 0; i < to->num_live; i++)
            note_next_use(ra, to->live[i].vreg, to->live[i].distance + length);
        for (uint32_t i = 0; i < edge->num_args; i++) {
            VRegState *const arg = &ra->values[f->edge_args.data[edge->args + i]];
            note_next_use(ra, f->edge_args.data[edge->args + i], block->end);
            if (!to->done)
                continue;
            arg->want = ra->values[f->edge_args.data[params + i]].entry;
            arg->want_at = block->end;
        }
    }
}

// `busy`: by register, the nearest instruction behind that needs it for something else.
static void note_defs(Regalloc *ra, uint32_t i, const uint32_t *busy)
{
    const MFunc *const f = ra->f;
    const MInst *const inst = &f->insts.data[i];
    const bool is_move = (minst_row(f, inst)->flags & ROW_MOVE) != 0;
    const uint32_t first = f->blocks.data[ra->block].first;
    for (uint32_t k = 0; k < inst->num_operands; k++) {
        const MOperand *const op = &f->operands.data[inst->operands + k];
        if (op->kind != OPERAND_DEF)
            continue;
        VRegState *const value = &ra->values[op->vreg.i];
        if (value->want == PREG_NONE)
            continue;
        if (value->want_at < first || value->want_at == NO_INDEX ||
            busy[value->want] < value->want_at) {
            value->want = PREG_NONE;
            continue;
        }
        const uint32_t source = op->constraint == CONSTRAINT_REUSE ? op->reg
                                : is_move                          ? 1
                                                                   : NO_INDEX;
        if (source == NO_INDEX || source >= inst->num_operands)
            continue;
        VRegState *const from = &ra->values[f->operands.data[inst->operands + source].vreg.i];
        from->want = value->want;
        from->want_at = value->want_at;
    }
}

static void note_busy(Regalloc *ra, uint32_t i, uint32_t *busy)
{
    const MFunc *const f = ra->f;
    const MInst *const inst = &f->insts.data[i];
    const PRegSet clobbers = f->clobber_sets.data[inst->clobbers] | minst_row(f, inst)->clobbers;
    for (PRegSet left = clobbers; left != 0; left &= left - 1)
        busy[regalloc_first(left)] = i;
    for (uint32_t k = 0; k < inst->num_operands; k++) {
        const MOperand *const op = &f->operands.data[inst->operands + k];
        if (op->constraint != CONSTRAINT_FIXED)
            continue;
        busy[op->reg] = i;
        ra->fixed_nearby |= preg_bit(op->reg);
    }
}

static void note_uses(Regalloc *ra, uint32_t i)
{
    const MFunc *const f = ra->f;
    const MInst *const inst = &f->insts.data[i];
    for (uint32_t k = inst->num_operands; k-- > 0;) {
        const MOperand *const op = &f->operands.data[inst->operands + k];
        if (op->kind != OPERAND_USE || op->vreg.i == NO_INDEX)
            continue;
        VRegState *const value = &ra->values[op->vreg.i];
        // Of two operands with one value the second is the first's next use: here, so that the
        // value counts as needed. The instruction takes the last one's.
        ra->next_of[inst->operands + k] = value->next_use;
        value->next_use = i;
        if (op->constraint != CONSTRAINT_FIXED)
            continue;
        value->want = op->reg;
        value->want_at = i;
    }
}

void regalloc_prepare_block(Regalloc *ra, uint32_t b)
{
    const MFunc *const f = ra->f;
    const MBlockData *const block = &f->blocks.data[b];
    const BlockState *const state = &ra->blocks[b];
    uint32_t busy[REGS_MAX];
    memset(busy, 0xff, sizeof(busy));
    ra->block = b;
    ra->fixed_nearby = 0;
    for (uint32_t i = 0; i < state->num_live; i++)
        ra->values[state->live[i].vreg].next_use = DEAD;
    find_live_out(ra, b);
    for (uint32_t i = block->end; i-- > block->first;) {
        note_defs(ra, i, busy);
        note_busy(ra, i, busy);
        note_uses(ra, i);
    }
    for (uint32_t i = 0; i < block->num_params; i++) {
        VRegState *const value = &ra->values[f->edge_args.data[block->params + i]];
        if (value->want != PREG_NONE && busy[value->want] < value->want_at)
            value->want = PREG_NONE;
    }
}

// ---- The state at a block's end ----

void regalloc_leave_block(Regalloc *ra, uint32_t b)
{
    BlockState *const state = &ra->blocks[b];
    Held held[REGS_MAX];
    uint32_t num = 0;
    for (PRegSet left = ra->occupied; left != 0; left &= left - 1) {
        const PReg reg = regalloc_first(left);
        const uint32_t vreg = ra->reg_value[reg];
        held[num++] = (Held){vreg, reg, ra->values[vreg].regs == 0};
        ra->values[vreg].regs = 0;
        ra->reg_value[reg] = NO_INDEX;
    }
    ra->occupied = 0;
    state->exit = ARENA_ARRAY(ra->scratch, Held, num);
    memcpy(state->exit, held, sizeof(Held) * num);
    state->num_exit = num;
    state->done = true;
}

// ---- The state at a block's start ----

// Candidates for registers at a block's start, of one class, nearest first.
typedef struct Chosen {
    uint32_t vregs[REGS_MAX];
    uint32_t distances[REGS_MAX];
    uint32_t num, max;
} Chosen;

typedef struct Entry {
    uint32_t block;
    uint32_t reference; // predecessor whose registers are kept where possible; NO_INDEX: none
    bool is_header;
    uint32_t num_done; // predecessors that count and whose state is known
    Chosen chosen[REG_CLASS_COUNT];
} Entry;

static void choose(Chosen *chosen, uint32_t vreg, uint32_t distance)
{
    if (chosen->num == chosen->max) {
        if (chosen->max == 0 || distance >= chosen->distances[chosen->num - 1])
            return;
        chosen->num--;
    }
    uint32_t at = chosen->num++;
    for (; at > 0 && chosen->distances[at - 1] > distance; at--) {
        chosen->distances[at] = chosen->distances[at - 1];
        chosen->vregs[at] = chosen->vregs[at - 1];
    }
    chosen->distances[at] = distance;
    chosen->vregs[at] = vreg;
}

PReg regalloc_exit_reg(const Regalloc *ra, uint32_t block, uint32_t vreg)
{
    const BlockState *const state = &ra->blocks[block];
    for (uint32_t i = 0; i < state->num_exit; i++)
        if (state->exit[i].vreg == vreg)
            return state->exit[i].reg;
    return PREG_NONE;
}

// The argument that predecessor `from` of block `to` gives parameter `index`. Where paths meet,
// each predecessor has one successor, since critical edges are split.
static uint32_t edge_arg(const Regalloc *ra, uint32_t from, uint32_t to, uint32_t index)
{
    const MFunc *const f = ra->f;
    const uint32_t edge =
        f->blocks.data[to].num_preds == 1 ? ra->blocks[to].edge : f->blocks.data[from].succs;
    ASSERT(f->edges.data[edge].to.i == to);
    return f->edge_args.data[f->edges.data[edge].args + index];
}

static bool is_live_in(const Regalloc *ra, const Entry *entry, uint32_t vreg)
{
    return ra->values[vreg].mark == entry->block + 1;
}

// Marks what lives into the block, and picks the reference: the deepest predecessor that is done
// and not cold. Cold predecessors count only when there is no other.
static void look_at_preds(Regalloc *ra, Entry *entry)
{
    const MFunc *const f = ra->f;
    const MBlockData *const block = &f->blocks.data[entry->block];
    const BlockState *const state = &ra->blocks[entry->block];
    for (uint32_t i = 0; i < state->num_live; i++) {
        ra->values[state->live[i].vreg].mark = entry->block + 1;
        ra->values[state->live[i].vreg].found = 0;
    }
    bool only_cold = true;
    for (uint32_t i = 0; i < block->num_preds; i++) {
        const uint32_t pred = f->pred_list.data[block->preds + i];
        entry->is_header |= !ra->blocks[pred].done;
        only_cold &= !ra->blocks[pred].done || f->blocks.data[pred].cold;
    }
    for (uint32_t i = 0; i < block->num_preds; i++) {
        const uint32_t pred = f->pred_list.data[block->preds + i];
        if (!ra->blocks[pred].done || (f->blocks.data[pred].cold && !only_cold))
            continue;
        entry->num_done++;
        if (entry->reference == NO_INDEX ||
            f->blocks.data[pred].loop_depth > f->blocks.data[entry->reference].loop_depth)
            entry->reference = pred;
        for (uint32_t k = 0; k < ra->blocks[pred].num_exit; k++) {
            const Held *const held = &ra->blocks[pred].exit[k];
            VRegState *const value = &ra->values[held->vreg];
            if (is_live_in(ra, entry, held->vreg) && !held->again)
                value->found++;
        }
    }
}

static bool is_candidate(const Regalloc *ra, const Entry *entry, const LiveIn *live)
{
    const BlockState *const state = &ra->blocks[entry->block];
    const VRegState *const value = &ra->values[live->vreg];
    const uint32_t held = value->found;
    if (entry->is_header) {
        const uint32_t pressure = state->loop_pressure[value->class];
        const PRegSet regs = ra->class_regs[value->class];
        const bool used = live->distance < LOOP_EXIT;
        const PRegSet kept = state->loop_calls && !used ? regs & ra->callee_saved : regs;
        const bool room = pressure <= regalloc_count(kept);
        return used ? held != 0 || !value->remat || room : held != 0 && room;
    }
    if (held == entry->num_done)
        return held != 0;
    return held * 2 >= entry->num_done && held != 0 && live->distance < NEAR;
}

static void choose_values(Regalloc *ra, Entry *entry)
{
    const MFunc *const f = ra->f;
    const MBlockData *const block = &f->blocks.data[entry->block];
    const BlockState *const state = &ra->blocks[entry->block];
    for (uint32_t c = 0; c < REG_CLASS_COUNT; c++)
        entry->chosen[c].max = regalloc_count(ra->class_regs[c]);
    if (state->in_memory)
        return;
    const bool inherits = block->num_preds == 1;
    for (uint32_t i = 0; i < state->num_live; i++) {
        const LiveIn *const live = &state->live[i];
        const VRegState *const value = &ra->values[live->vreg];
        if (chaos_one_in(f->chaos, 6))
            continue;
        if (inherits ? value->found != 0 : is_candidate(ra, entry, live))
            choose(&entry->chosen[value->class], live->vreg, live->distance);
    }
    for (uint32_t i = 0; i < block->num_params; i++) {
        const uint32_t vreg = f->edge_args.data[block->params + i];
        const VRegState *const value = &ra->values[vreg];
        if (value->next_use != DEAD && !chaos_one_in(f->chaos, 6))
            choose(&entry->chosen[value->class], vreg, value->next_use - block->first);
    }
}

static void take(Regalloc *ra, uint32_t vreg, PReg reg)
{
    if (ra->values[vreg].regs == 0 && (ra->occupied & preg_bit(reg)) == 0)
        regalloc_hold(ra, reg, vreg);
}

// A register that a value had before is better changed at a loop's header than round each call in
// it.
static bool survives(const Regalloc *ra, const Entry *entry, uint32_t vreg, PReg reg)
{
    return !entry->is_header || !ra->blocks[entry->block].loop_calls ||
           !ra->values[vreg].crosses_call || (ra->callee_saved & preg_bit(reg)) != 0;
}

static bool is_param(const Regalloc *ra, const Entry *entry, uint32_t vreg)
{
    return ra->values[vreg].block == entry->block && ra->values[vreg].def == NO_INDEX;
}

// A loop's variable does not start in a register that an instruction of the header needs for
// something else: it would be moved away each time round.
static bool is_contested(const Regalloc *ra, const Entry *entry, uint32_t vreg, PReg reg)
{
    return entry->is_header && (ra->fixed_nearby & preg_bit(reg)) != 0 &&
           ra->values[vreg].want != reg;
}

// Values stay where the reference has them, parameters take over from arguments that end there, and
// the others take what is free.
static void assign_registers(Regalloc *ra, Entry *entry)
{
    const MFunc *const f = ra->f;
    const MBlockData *const block = &f->blocks.data[entry->block];
    const BlockState *const from =
        entry->reference == NO_INDEX ? NULL : &ra->blocks[entry->reference];
    for (uint32_t c = 0; c < REG_CLASS_COUNT; c++)
        for (uint32_t i = 0; i < entry->chosen[c].num; i++)
            ra->values[entry->chosen[c].vregs[i]].mark = NO_INDEX - 1 - entry->block;
    for (uint32_t i = 0; from && i < from->num_exit; i++) {
        const Held held = from->exit[i];
        if (ra->values[held.vreg].mark == NO_INDEX - 1 - entry->block &&
            survives(ra, entry, held.vreg, held.reg))
            take(ra, held.vreg, held.reg);
    }
    for (uint32_t i = 0; from && i < block->num_params; i++) {
        const uint32_t param = f->edge_args.data[block->params + i];
        if (ra->values[param].mark != NO_INDEX - 1 - entry->block)
            continue;
        const uint32_t arg = edge_arg(ra, entry->reference, entry->block, i);
        const PReg reg = regalloc_exit_reg(ra, entry->reference, arg);
        if (reg != PREG_NONE && survives(ra, entry, param, reg) &&
            !is_contested(ra, entry, param, reg))
            take(ra, param, reg);
    }
    for (uint32_t c = 0; c < REG_CLASS_COUNT; c++)
        for (uint32_t i = 0; i < entry->chosen[c].num; i++) {
            const uint32_t vreg = entry->chosen[c].vregs[i];
            if (ra->values[vreg].regs != 0)
                continue;
            const PRegSet free = ra->class_regs[c] & ~ra->occupied;
            const PRegSet quiet = entry->is_header && ra->values[vreg].want == PREG_NONE
                                      ? free & ~ra->fixed_nearby
                                      : 0;
            const PReg reg = regalloc_prefer(ra, vreg, quiet != 0 ? quiet : free);
            ASSERT(reg != PREG_NONE);
            regalloc_hold(ra, reg, vreg);
        }
}

// What is not in a register is in memory from its definition on.
static void settle(Regalloc *ra, const Entry *entry)
{
    const MFunc *const f = ra->f;
    const MBlockData *const block = &f->blocks.data[entry->block];
    BlockState *const state = &ra->blocks[entry->block];
    for (uint32_t i = 0; i < state->num_live; i++)
        if (ra->values[state->live[i].vreg].regs == 0)
            regalloc_to_memory(ra, state->live[i].vreg);
    for (uint32_t i = 0; i < block->num_params; i++) {
        VRegState *const value = &ra->values[f->edge_args.data[block->params + i]];
        if (value->regs != 0)
            value->entry = regalloc_first(value->regs);
        if (value->entry == PREG_NONE && value->next_use != DEAD)
            value->spilled = true;
    }
    state->entry = ARENA_ARRAY(ra->scratch, Held, regalloc_count(ra->occupied));
    for (PRegSet left = ra->occupied; left != 0; left &= left - 1) {
        const PReg reg = regalloc_first(left);
        const uint32_t vreg = ra->reg_value[reg];
        if (!is_param(ra, entry, vreg))
            state->entry[state->num_entry++] = (Held){vreg, reg, false};
    }
}

void regalloc_enter_block(Regalloc *ra, uint32_t b)
{
    Entry entry; // its lists have no need of being cleared
    entry.block = b;
    entry.reference = NO_INDEX;
    entry.is_header = false;
    entry.num_done = 0;
    entry.chosen[REG_INT].num = entry.chosen[REG_FLOAT].num = 0;
    look_at_preds(ra, &entry);
    choose_values(ra, &entry);
    assign_registers(ra, &entry);
    settle(ra, &entry);
}
