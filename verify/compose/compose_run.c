// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is emitted, run on the machine. Steps are taken in the order of their places. Control goes
// forward alone, so that at each place one state is enough: where ways meet, a register is what it
// is on the way that was taken.
//
//     cmp a, b          path                  what meets at L:
//     jae L             path and b > a        if (path and not b > a) then a' else a
//     mov a, b
//   L:

#include "verify/compose/compose_internal.h"

// ---- Ways ----

static Expr merged(ComposeMachine *m, Expr cond, Expr a, Expr b)
{
    return expr_same(a, b) ? a : expr_ite(m->pool, cond, a, b);
}

// What holds where a way with state `other` meets the one of `s`.
static void meet(ComposeMachine *m, ComposeState *s, const ComposeState *other)
{
    for (uint32_t r = 0; r < REGS; r++)
        s->regs[r] = merged(m, other->path, other->regs[r], s->regs[r]);
    for (uint32_t i = 0; i < m->proof->target->num_flags; i++)
        s->flags[i] = merged(m, other->path, other->flags[i], s->flags[i]);
    s->path = expr_or(m->pool, s->path, other->path);
}

static void end_with(ComposeMachine *m, const ComposeState *s)
{
    if (m->has_ended)
        meet(m, &m->ended, s);
    else
        m->ended = *s;
    m->has_ended = true;
}

// Control leaves to a successor.
static void leave(ComposeMachine *m, const ComposeState *s, Expr successor)
{
    vc_sequence_goto(m->proof->sequence, s->path, successor);
    end_with(m, s);
}

// The jumps to labels of this place arrive.
static void arrive(ComposeMachine *m, uint32_t place)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < m->arrivals.len; i++) {
        ComposeArrival *const a = &m->arrivals.data[i];
        if (m->code->buf.labels.data[a->label] != place) {
            m->arrivals.data[kept++] = *a;
        } else if (m->is_dead) {
            m->now = a->state;
            m->is_dead = false;
        } else {
            meet(m, &m->now, &a->state);
        }
    }
    m->arrivals.len = kept;
}

static const TrapStub *stub_of(const ComposeMachine *m, Label label)
{
    for (uint32_t i = 0; i < m->code->ctx.stubs.len; i++)
        if (m->code->ctx.stubs.data[i].label.i == label.i)
            return &m->code->ctx.stubs.data[i];
    return NULL;
}

// Under `cond`, control goes to the label of a step; else it goes on.
static bool jump(ComposeMachine *m, const ComposeStep *step, Expr cond)
{
    ComposeState there = m->now;
    const Expr rest = expr_and(m->pool, m->now.path, expr_not(m->pool, cond));
    const uint32_t number = compose_successor(m->code, step->label);
    const TrapStub *const stub = stub_of(m, step->label);
    there.path = expr_and(m->pool, m->now.path, cond);
    if (number != NO_INDEX) {
        leave(m, &there, expr_bv(m->pool, 32, number));
    } else if (stub) {
        vc_sequence_trap(m->proof->sequence, m->now.path, cond, (uint8_t)stub->code);
    } else if (step->label.i == NO_INDEX || m->code->buf.labels.data[step->label.i] == NO_INDEX) {
        return compose_cannot(m, "a jump to a place that is not known");
    } else if (m->code->buf.labels.data[step->label.i] < step->end) {
        if (!compose_go_round(m, there.path))
            return false;
    } else {
        VEC_PUSH(m->proof->arena, &m->arrivals, ((ComposeArrival){step->label.i, there}));
    }
    m->now.path = rest;
    m->is_dead = expr_is_false(m->pool, rest);
    return true;
}

// To where a register says.
static bool jump_to(ComposeMachine *m, PReg reg)
{
    Expr number;
    if (reg == PREG_NONE || !compose_find_successor(m, m->now.regs[reg], &number))
        return compose_cannot(m, "a jump to no address");
    leave(m, &m->now, number);
    m->is_dead = true;
    return true;
}

// ---- Steps ----

// Whether the row is a jump to where its only operand, a register, says: other branches that are
// encoded there are none.
static bool is_jump_to(const MRow *row)
{
    return (row->flags & (ROW_BRANCH | ROW_PSEUDO)) == ROW_BRANCH && row->num_operands == 1 &&
           row->operands[0].kind == OPERAND_USE && row->operands[0].class == REG_INT;
}

static bool take_row(ComposeMachine *m, const ComposeStep *step)
{
    ComposeProof *const p = m->proof;
    const MRow *const row = &m->c->target->rows[step->put.op];
    const bool is_branch = step->label.i != NO_INDEX;
    VcOperand results;
    if (!compose_keeps_constraints(m, &step->put))
        return false;
    if (step->put.mem_operand >= 0 && step->put.amode == AMODE_CONSTANT)
        return compose_cannot(m, "an address relative to the instruction");
    if (!is_branch && is_jump_to(row))
        return jump_to(m, step->put.regs[0]);
    if ((row->flags & (ROW_RETURN | ROW_CALL)) != 0 ||
        ((row->flags & ROW_BRANCH) != 0 && !is_branch))
        return compose_cannot(m, "%s goes where nobody knows", row->name);
    VcStep next = {.term = p->target->terms[step->put.op], .path = m->now.path};
    if (!(next.operands = compose_operands(m, step)))
        return false;
    if (is_branch) {
        Expr taken;
        if (!vc_sequence_branch(p->sequence, &next, &taken))
            return compose_cannot(m, "%s: %.*s", row->name, STR_ARG(p->vc.message));
        return jump(m, step, taken);
    }
    if (!vc_sequence_right(p->sequence, &next, &results, &m->now.path))
        return compose_cannot(m, "%s: %.*s", row->name, STR_ARG(p->vc.message));
    if (compose_reads_table(m, &step->put)) {
        if (!compose_look_up(m))
            return false;
    } else if (compose_accesses(m, &step->put) && !compose_access_by_row(m, step)) {
        return false;
    }
    m->is_dead = expr_is_false(m->pool, m->now.path);
    return compose_write(m, &step->put, &results);
}

static bool take_address(ComposeMachine *m, const ComposeStep *step)
{
    Expr address;
    if (!compose_place(m, step->label, &address))
        return false;
    if (step->put.regs[0] != PREG_NONE)
        m->now.regs[step->put.regs[0]] = address;
    return true;
}

static bool take_step(ComposeMachine *m, const ComposeStep *step)
{
    switch (step->kind) {
    case STEP_ROW: return take_row(m, step);
    case STEP_EXCLUSIVE_LOAD:
    case STEP_EXCLUSIVE_STORE: return compose_exclusive(m, step);
    case STEP_ADDRESS: return take_address(m, step);
    case STEP_JUMP: return jump_to(m, step->put.regs[0]);
    case STEP_TABLE: return compose_cannot(m, "control that runs into a table");
    }
    UNREACHABLE();
}

static bool ends_block(const ComposeCase *c)
{
    while (c->then)
        c = c->then;
    return (c->target->rows[c->op].flags & ROW_BRANCH) != 0;
}

bool compose_run(ComposeMachine *m)
{
    const bool is_branch = ends_block(m->c);
    m->now = m->proof->initial;
    if (!compose_find_loop(m))
        return false;
    arrive(m, 0);
    for (uint32_t i = 0; i < m->code->steps.len; i++) {
        const ComposeStep *const step = &m->code->steps.data[i];
        if (i == m->loop.first && !compose_enter_loop(m))
            return false;
        if (!m->is_dead && !take_step(m, step))
            return false;
        arrive(m, step->end);
    }
    if (m->loop.looks.len != 0 && !m->loop.is_loaded)
        return compose_cannot(m, "a loop");
    if (m->arrivals.len != 0)
        return compose_cannot(m, "a jump into an instruction");
    if (m->is_dead)
        return true;
    if (is_branch && m->c->next == 0)
        return compose_cannot(m, "control that goes on behind a branch");
    if (is_branch)
        leave(m, &m->now, expr_bv(m->pool, 32, m->c->next - 1u));
    else
        end_with(m, &m->now);
    return true;
}
