// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One block, forwards: each instruction's operands get their places, values are moved and evicted
// as that needs.
//
// An instruction has an early part, in which it reads, and a late part, in which it writes. What is
// placed first is what has least choice:
//
//   1. fixed uses                         2. uses that are busy in both parts: late ones, and those
//   3. early defs                            that a def reuses (a copy, if the value lives on)
//   4. the other uses                     5. uses that may be in memory
//   6. values that live on leave the      7. late defs
//      registers that the late part
//      destroys
//
// All moves come before the instruction and act one after another on the state, so there is no
// state to which they could not lead. Steps 2 and 3 choose from one set of registers, those that
// neither part takes otherwise; so they fail only if the constraints can't be met at all.

#include "regalloc/regalloc_internal.h"

typedef struct Step {
    uint32_t inst;   // being allocated
    uint32_t before; // where moves go
    const MOperand *ops;
    Alloc *allocs; // parallel to ops
    uint32_t num;
    PRegSet fixed;      // of uses
    PRegSet early_defs; // registers of early defs: no use may be there
    PRegSet late;       // fixed defs and what is clobbered
    PRegSet reused;     // registers of uses that a def takes over
    PRegSet pinned;     // taken in the early part
    PRegSet pinned_late;
    uint64_t reused_ops;
    uint32_t late_defs[REG_CLASS_COUNT]; // that may choose their register
    bool has_any, has_both, has_early_def;
    bool is_branch; // of a block with one successor, so that edge moves come before it
} Step;

// ---- State ----

void regalloc_hold(Regalloc *ra, PReg reg, uint32_t vreg)
{
    ASSERT(ra->reg_value[reg] == NO_INDEX);
    // A second register of a value is a copy to be overwritten: the web stays with the first.
    if (ra->values[vreg].regs == 0)
        ra->values[regalloc_web(ra, vreg)].web_reg = reg;
    ra->reg_value[reg] = vreg;
    ra->values[vreg].regs |= preg_bit(reg);
    ra->occupied |= preg_bit(reg);
    ra->saved |= preg_bit(reg) & ra->callee_saved;
}

void regalloc_to_memory(Regalloc *ra, uint32_t vreg)
{
    VRegState *const value = &ra->values[vreg];
    if (!value->remat)
        value->spilled = true;
}

static bool is_needed(const VRegState *value)
{
    return value->pending != 0 || value->next_use != DEAD;
}

static void release(Regalloc *ra, PReg reg)
{
    ra->values[ra->reg_value[reg]].regs &= ~preg_bit(reg);
    ra->reg_value[reg] = NO_INDEX;
    ra->occupied &= ~preg_bit(reg);
}

void regalloc_drop(Regalloc *ra, PReg reg)
{
    const uint32_t vreg = ra->reg_value[reg];
    release(ra, reg);
    if (ra->values[vreg].regs == 0 && is_needed(&ra->values[vreg]))
        regalloc_to_memory(ra, vreg);
}

// ---- Choice ----

// Registers of `set` if there are any, else of `from`.
static PRegSet narrow(PRegSet from, PRegSet set)
{
    return (from & set) != 0 ? from & set : from;
}

// Any of the set.
static PReg any_of(const Regalloc *ra, PRegSet set)
{
    for (uint64_t skip = chaos_draw(ra->f->chaos) % regalloc_count(set); skip > 0; skip--)
        set &= set - 1;
    return regalloc_first(set);
}

PReg regalloc_prefer(Regalloc *ra, uint32_t vreg, PRegSet candidates)
{
    if (candidates == 0)
        return PREG_NONE;
    const VRegState *const value = &ra->values[vreg];
    if (chaos_one_in(ra->f->chaos, 4))
        return any_of(ra, candidates);
    if (value->crosses_call)
        candidates = narrow(narrow(candidates, ra->callee_saved), ra->saved);
    else
        candidates = narrow(candidates, ~ra->callee_saved | ra->saved);
    if (value->want != PREG_NONE && (candidates & preg_bit(value->want)) != 0)
        return value->want;
    const uint32_t web_reg = ra->values[regalloc_web(ra, vreg)].web_reg;
    if (web_reg != PREG_NONE && (candidates & preg_bit((PReg)web_reg)) != 0)
        return (PReg)web_reg;
    if (!value->crosses_call)
        candidates = narrow(candidates, ~ra->callee_saved);
    return regalloc_first(narrow(candidates, ~ra->fixed_nearby));
}

// How long a register's value can wait; what costs nothing to evict counts as waiting for ever.
static uint64_t patience(const Regalloc *ra, PReg reg, uint32_t now)
{
    const VRegState *const value = &ra->values[ra->reg_value[reg]];
    if ((value->regs & ~preg_bit(reg)) != 0)
        return UINT64_MAX;
    if (value->pending != 0)
        return 0;
    const uint64_t distance = value->next_use - (uint64_t)now;
    return value->remat || value->spilled ? distance * 2 : distance;
}

// A free register, or the one whose value is used last. PREG_NONE: `allowed` is empty.
static PReg pick(Regalloc *ra, const Step *step, uint32_t vreg, PRegSet allowed)
{
    const PReg free = regalloc_prefer(ra, vreg, allowed & ~ra->occupied);
    if (free != PREG_NONE)
        return free;
    PReg best = PREG_NONE;
    uint64_t best_patience = 0;
    for (PRegSet left = allowed; left != 0; left &= left - 1) {
        const PReg reg = regalloc_first(left);
        uint64_t p = patience(ra, reg, step->inst);
        if (p != 0 && chaos_one_in(ra->f->chaos, 4))
            p = UINT64_MAX;
        if (best == PREG_NONE || p > best_patience) {
            best = reg;
            best_patience = p;
        }
    }
    return best;
}

// ---- Moves ----

// Takes back what an earlier move to the same instruction brought into `reg` for nothing: nobody
// has read it, and it is to be overwritten.
static void take_back(Regalloc *ra, const Step *step, PReg reg)
{
    MMove *const moves = ra->inside.moves.data;
    const uint32_t len = ra->inside.moves.len;
    for (uint32_t i = len; i-- > 0 && moves[i].before == step->before;) {
        if (moves[i].from.bits == alloc_reg(reg).bits)
            return;
        if (moves[i].to.bits != alloc_reg(reg).bits)
            continue;
        memmove(moves + i, moves + i + 1, sizeof(*moves) * (len - i - 1));
        ra->inside.moves.len--;
        return;
    }
}

// Brings a value into `reg`, which is free, from wherever it is.
static void bring(Regalloc *ra, const Step *step, uint32_t vreg, PReg reg)
{
    VRegState *const value = &ra->values[vreg];
    MMove move = {step->before, ALLOC_NONE, alloc_reg(reg), {vreg}, NO_INDEX};
    const uint32_t budget = ra->options->remat_budget;
    if (value->regs != 0) {
        move.from = alloc_reg(regalloc_first(value->regs));
    } else if (value->remat && (budget == 0 || value->remats < budget) &&
               !chaos_one_in(ra->f->chaos, 4)) {
        move.remat = value->def;
        value->remats++;
    } else {
        value->spilled = true;
        move.from = alloc_slot(0);
    }
    take_back(ra, step, reg);
    VEC_PUSH(ra->scratch, &ra->inside.moves, move);
    regalloc_hold(ra, reg, vreg);
}

// Empties `reg` before the instruction: its value goes to a free register if it is needed and there
// is one.
static void displace(Regalloc *ra, const Step *step, PReg reg)
{
    const uint32_t vreg = ra->reg_value[reg];
    if (vreg == NO_INDEX)
        return;
    const VRegState *const value = &ra->values[vreg];
    PRegSet free = ra->class_regs[value->class] & ~ra->occupied & ~step->pinned & ~step->fixed &
                   ~step->early_defs;
    if (value->next_use != DEAD)
        free = value->pending != 0 ? narrow(free, ~(step->late | step->reused))
                                   : free & ~(step->late | step->reused);
    if ((value->regs & ~preg_bit(reg)) == 0 && is_needed(value) && free != 0)
        bring(ra, step, vreg, regalloc_prefer(ra, vreg, free));
    regalloc_drop(ra, reg);
}

// Puts `vreg` into `reg`, whatever is there now.
static void force(Regalloc *ra, const Step *step, uint32_t vreg, PReg reg)
{
    if (ra->reg_value[reg] == vreg)
        return;
    displace(ra, step, reg);
    bring(ra, step, vreg, reg);
}

static void place(Regalloc *ra, Step *step, uint32_t k, PReg reg)
{
    step->allocs[k] = alloc_reg(reg);
    step->pinned |= preg_bit(reg);
    if (step->ops[k].pos == POS_LATE)
        step->pinned_late |= preg_bit(reg);
    ra->values[step->ops[k].vreg.i].pending--;
}

// ---- Uses ----

static bool is_fixed_use(const MOperand *op)
{
    return op->kind == OPERAND_USE && op->constraint == CONSTRAINT_FIXED;
}

// Whether the fixed use can be placed without moving what has to be moved itself.
static bool is_easy(const Regalloc *ra, const MOperand *op)
{
    const uint32_t there = ra->reg_value[op->reg];
    return there == NO_INDEX || there == op->vreg.i ||
           (ra->values[there].regs & ~preg_bit(op->reg)) != 0 || !is_needed(&ra->values[there]);
}

static void place_fixed_uses(Regalloc *ra, Step *step)
{
    bool stuck = false; // no easy one is left: the first that comes is placed by force
    for (bool left = step->fixed != 0; left;) {
        bool placed = false;
        left = false;
        for (uint32_t k = 0; k < step->num; k++) {
            const MOperand *const op = &step->ops[k];
            if (!is_fixed_use(op) || step->allocs[k].bits != ALLOC_NONE.bits)
                continue;
            if (!is_easy(ra, op) && (!stuck || placed)) {
                left = true;
                continue;
            }
            force(ra, step, op->vreg.i, op->reg);
            place(ra, step, k, op->reg);
            placed = true;
        }
        stuck = !placed;
    }
}

// A def that reuses use `k` takes its register over, so the value may not be needed there behind
// the instruction.
static void place_reused_use(Regalloc *ra, Step *step, uint32_t k)
{
    const uint32_t vreg = step->ops[k].vreg.i;
    const VRegState *const value = &ra->values[vreg];
    const PRegSet barred = step->late | step->reused | step->early_defs | step->pinned_late;
    const PRegSet usable = ra->class_regs[value->class] & ~barred;
    uint32_t def = vreg;
    for (uint32_t i = 0; i < step->num; i++)
        if (step->ops[i].constraint == CONSTRAINT_REUSE && step->ops[i].reg == k)
            def = step->ops[i].vreg.i;
    PReg reg;
    if (value->next_use == DEAD && (value->regs & usable) != 0) {
        reg = regalloc_first(value->regs & usable);
    } else {
        reg = pick(ra, step, def, usable & ~step->pinned);
        ASSERT(reg != PREG_NONE);
        force(ra, step, vreg, reg);
    }
    place(ra, step, k, reg);
    step->reused |= preg_bit(reg);
    step->pinned_late |= preg_bit(reg);
}

static void place_in_slot(Regalloc *ra, Step *step, uint32_t k)
{
    VRegState *const value = &ra->values[step->ops[k].vreg.i];
    step->allocs[k] = alloc_slot(0);
    value->spilled = true;
    value->pending--;
    VEC_PUSH(ra->scratch, &ra->slot_operands, (uint32_t)(step->ops + k - ra->f->operands.data));
}

// Whether the use may be in memory. Not before edge moves, which could overwrite the slot.
static bool is_any(const Step *step, const MOperand *op)
{
    return op->constraint == CONSTRAINT_ANY && !step->is_branch;
}

// A use in memory will do, and is better than a register: nothing is free, or it is the last use.
static bool prefers_slot(const Regalloc *ra, const Step *step, uint32_t k, PRegSet allowed)
{
    const VRegState *const value = &ra->values[step->ops[k].vreg.i];
    if (!is_any(step, &step->ops[k]))
        return false;
    const bool is_free = (allowed & ~ra->occupied) != 0;
    if (chaos_one_in(ra->f->chaos, 8))
        return true;
    if (value->regs != 0)
        return !is_free;
    if (value->remat && !value->spilled)
        return allowed == 0;
    return !is_free || value->next_use == DEAD;
}

static void place_use(Regalloc *ra, Step *step, uint32_t k)
{
    const MOperand *const op = &step->ops[k];
    const uint32_t vreg = op->vreg.i;
    const VRegState *const value = &ra->values[vreg];
    PRegSet barred = step->early_defs;
    if (op->pos == POS_LATE)
        barred |= step->late | step->reused;
    PRegSet usable = ra->class_regs[value->class];
    // A late use in memory that would leave too few registers to write stays there.
    if (is_any(step, op) && op->pos == POS_LATE &&
        regalloc_count(usable & ~step->late & ~step->pinned_late) <= step->late_defs[value->class])
        usable &= step->pinned_late;
    if ((value->regs & usable & ~barred) != 0) {
        place(ra, step, k, regalloc_first(value->regs & usable & ~barred));
        return;
    }
    const PRegSet allowed = usable & ~barred & ~step->pinned;
    if (prefers_slot(ra, step, k, allowed)) {
        place_in_slot(ra, step, k);
        return;
    }
    const PRegSet kept = allowed & ~ra->occupied & ~step->late & ~step->reused;
    const PReg reg = pick(ra, step, vreg, value->next_use != DEAD && kept != 0 ? kept : allowed);
    ASSERT(reg != PREG_NONE);
    force(ra, step, vreg, reg);
    place(ra, step, k, reg);
}

typedef enum UseKind { USE_BOTH, USE_EARLY, USE_ANY } UseKind;

// The uses of one kind, fixed ones aside.
static void place_uses(Regalloc *ra, Step *step, UseKind kind)
{
    for (uint32_t k = 0; k < step->num; k++) {
        const MOperand *const op = &step->ops[k];
        if (op->kind != OPERAND_USE || op->vreg.i == NO_INDEX ||
            step->allocs[k].bits != ALLOC_NONE.bits)
            continue;
        const bool reused = k < 64 && (step->reused_ops >> k & 1) != 0;
        const UseKind is = is_any(step, op)                ? USE_ANY
                           : reused || op->pos == POS_LATE ? USE_BOTH
                                                           : USE_EARLY;
        if (is != kind)
            continue;
        if (reused)
            place_reused_use(ra, step, k);
        else
            place_use(ra, step, k);
    }
}

// ---- Defs ----

static void place_early_defs(Regalloc *ra, Step *step)
{
    for (uint32_t k = 0; k < step->num; k++) {
        const MOperand *const op = &step->ops[k];
        if (op->kind != OPERAND_DEF || op->pos != POS_EARLY)
            continue;
        PReg reg = op->reg;
        if (op->constraint != CONSTRAINT_FIXED) {
            const PRegSet barred = step->late | step->reused | step->pinned | step->early_defs;
            const uint8_t class = ra->values[op->vreg.i].class;
            reg = pick(ra, step, op->vreg.i, ra->class_regs[class] & ~barred);
            ASSERT(reg != PREG_NONE);
        }
        step->early_defs |= preg_bit(reg);
        displace(ra, step, reg);
        step->allocs[k] = alloc_reg(reg);
        step->pinned |= preg_bit(reg);
        step->pinned_late |= preg_bit(reg);
    }
}

// Values that live on, and would lose their only register to the late part, get another one; those
// used soonest first. One that waits longer may have to give its register up.
static void rescue(Regalloc *ra, Step *step)
{
    const PRegSet lost = step->late | step->reused;
    PRegSet left = lost & ra->occupied;
    while (left != 0) {
        PReg next = PREG_NONE;
        for (PRegSet scan = left; scan != 0; scan &= scan - 1) {
            const PReg reg = regalloc_first(scan);
            const VRegState *const value = &ra->values[ra->reg_value[reg]];
            if (value->next_use == DEAD || (value->regs & ~lost) != 0)
                left &= ~preg_bit(reg);
            else if (next == PREG_NONE ||
                     value->next_use < ra->values[ra->reg_value[next]].next_use)
                next = reg;
        }
        if (next == PREG_NONE)
            return;
        left &= ~preg_bit(next);
        const uint32_t vreg = ra->reg_value[next];
        const VRegState *const value = &ra->values[vreg];
        const PRegSet allowed = ra->class_regs[value->class] & ~lost & ~step->pinned;
        const PReg reg = pick(ra, step, vreg, allowed);
        if (reg == PREG_NONE || (value->remat && (ra->occupied & preg_bit(reg)) != 0))
            continue;
        if ((ra->occupied & preg_bit(reg)) != 0) {
            if (patience(ra, reg, step->inst) <= value->next_use - (uint64_t)step->inst)
                continue;
            regalloc_drop(ra, reg);
        }
        bring(ra, step, vreg, reg);
    }
}

static PReg place_late_def(Regalloc *ra, Step *step, uint32_t k)
{
    const MOperand *const op = &step->ops[k];
    switch ((Constraint)op->constraint) {
    case CONSTRAINT_FIXED: return op->reg;
    case CONSTRAINT_REUSE: return alloc_preg(step->allocs[op->reg]);
    case CONSTRAINT_REG:
    case CONSTRAINT_ANY: break;
    }
    const uint8_t class = ra->values[op->vreg.i].class;
    const PRegSet barred = step->late | step->pinned_late;
    const PReg reg = pick(ra, step, op->vreg.i, ra->class_regs[class] & ~barred);
    ASSERT(reg != PREG_NONE);
    if (ra->reg_value[reg] != NO_INDEX)
        regalloc_drop(ra, reg);
    return reg;
}

// Registers of uses that end here are free, and those that the late part takes are empty.
static void release_early(Regalloc *ra, const Step *step)
{
    for (uint32_t k = 0; k < step->num; k++) {
        const MOperand *const op = &step->ops[k];
        if (op->kind != OPERAND_USE || op->vreg.i == NO_INDEX)
            continue;
        const VRegState *const value = &ra->values[op->vreg.i];
        if (value->next_use == DEAD)
            while (value->regs != 0)
                release(ra, regalloc_first(value->regs));
    }
    const PRegSet usable = ra->class_regs[REG_INT] | ra->class_regs[REG_FLOAT];
    const PRegSet lost = step->late | step->reused | step->early_defs | (step->fixed & ~usable);
    for (PRegSet left = lost & ra->occupied; left != 0; left &= left - 1)
        regalloc_drop(ra, regalloc_first(left));
}

// A copy's result prefers the register that the copied value leaves.
static void prefer_copied(Regalloc *ra, const Step *step)
{
    const MInst *const inst = &ra->f->insts.data[step->inst];
    if ((minst_row(ra->f, inst)->flags & ROW_MOVE) == 0 || step->num != 2)
        return;
    const MOperand *const def = &step->ops[0], *const use = &step->ops[1];
    VRegState *const value = &ra->values[def->vreg.i];
    if (def->constraint != CONSTRAINT_REG || !alloc_is_reg(step->allocs[1]) ||
        ra->values[use->vreg.i].next_use != DEAD || value->want != PREG_NONE)
        return;
    value->want = alloc_preg(step->allocs[1]);
    value->want_at = NO_INDEX;
}

static void place_defs(Regalloc *ra, Step *step)
{
    prefer_copied(ra, step);
    release_early(ra, step);
    for (uint32_t k = 0; k < step->num; k++) {
        if (step->ops[k].kind != OPERAND_DEF || step->ops[k].pos == POS_EARLY)
            continue;
        const PReg reg = place_late_def(ra, step, k);
        step->allocs[k] = alloc_reg(reg);
        step->pinned_late |= preg_bit(reg);
        ra->saved |= preg_bit(reg) & ra->callee_saved;
    }
    for (uint32_t k = 0; k < step->num; k++)
        if (step->ops[k].kind == OPERAND_DEF && ra->values[step->ops[k].vreg.i].next_use != DEAD)
            regalloc_hold(ra, alloc_preg(step->allocs[k]), step->ops[k].vreg.i);
    ra->saved |= (step->late | step->early_defs) & ra->callee_saved;
}

// A result fixed to a register that is not to be handed out moves on at once.
static void leave_reserved(Regalloc *ra, Step *step)
{
    const PRegSet usable = ra->class_regs[REG_INT] | ra->class_regs[REG_FLOAT];
    *step = (Step){.inst = step->inst, .before = step->inst + 1};
    for (PRegSet left = ra->occupied & ~usable; left != 0; left &= left - 1)
        displace(ra, step, regalloc_first(left));
}

// ---- One instruction ----

static void begin_step(Regalloc *ra, Step *step, uint32_t i)
{
    MFunc *const f = ra->f;
    const MInst *const inst = &f->insts.data[i];
    const MBlockData *const block = &f->blocks.data[ra->block];
    *step = (Step){.inst = i,
                   .before = i,
                   .ops = minst_operands(f, inst),
                   .allocs = f->allocs + inst->operands,
                   .num = inst->num_operands,
                   .late = f->clobber_sets.data[inst->clobbers] | minst_row(f, inst)->clobbers,
                   .is_branch = i + 1 == block->end && block->num_succs == 1};
    for (uint32_t k = 0; k < step->num; k++) {
        const MOperand *const op = &step->ops[k];
        step->allocs[k] = ALLOC_NONE;
        if (op->vreg.i == NO_INDEX)
            continue;
        if (op->kind == OPERAND_USE) {
            ra->values[op->vreg.i].next_use = ra->next_of[inst->operands + k];
            ra->values[op->vreg.i].pending++;
            step->has_any |= op->constraint == CONSTRAINT_ANY;
            step->has_both |= op->pos == POS_LATE;
        } else {
            step->has_early_def |= op->pos == POS_EARLY;
        }
        if (op->constraint == CONSTRAINT_REUSE && op->reg < 64)
            step->reused_ops |= (uint64_t)1 << op->reg;
        if (op->kind == OPERAND_DEF && op->pos == POS_LATE &&
            (op->constraint == CONSTRAINT_REG || op->constraint == CONSTRAINT_ANY))
            step->late_defs[ra->values[op->vreg.i].class]++;
        if (op->constraint != CONSTRAINT_FIXED)
            continue;
        if (op->kind == OPERAND_USE)
            step->fixed |= preg_bit(op->reg);
        else
            step->late |= preg_bit(op->reg);
        if (op->kind == OPERAND_DEF && op->pos == POS_EARLY)
            step->early_defs |= preg_bit(op->reg);
    }
}

static void allocate_inst(Regalloc *ra, uint32_t i)
{
    Step step;
    begin_step(ra, &step, i);
    if (step.fixed != 0)
        place_fixed_uses(ra, &step);
    // A fixed use that a def reuses: the def will be there.
    for (uint32_t k = 0; k < step.num && step.reused_ops != 0 && step.fixed != 0; k++)
        if (is_fixed_use(&step.ops[k]) && k < 64 && (step.reused_ops >> k & 1) != 0) {
            step.reused |= preg_bit(step.ops[k].reg);
            step.pinned_late |= preg_bit(step.ops[k].reg);
        }
    if (step.has_both || step.reused_ops != 0)
        place_uses(ra, &step, USE_BOTH);
    if (step.has_early_def)
        place_early_defs(ra, &step);
    place_uses(ra, &step, USE_EARLY);
    if (step.has_any)
        place_uses(ra, &step, USE_ANY);
    rescue(ra, &step);
    place_defs(ra, &step);
    if ((ra->occupied & ~(ra->class_regs[REG_INT] | ra->class_regs[REG_FLOAT])) != 0)
        leave_reserved(ra, &step);
}

void regalloc_block_insts(Regalloc *ra, uint32_t block)
{
    const MBlockData *const data = &ra->f->blocks.data[block];
    for (uint32_t i = data->first; i < data->end; i++)
        allocate_inst(ra, i);
}
