// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops around an exclusive load and store, which begin where the code does:
//
//     again: ldaxr  old, [addr]      what was there
//            ...                     registers only
//            stlxr  w16, new, [addr] stores, or fails
//            cbnz   w16, again
//
// The last round is looked at. It begins with the registers that a round writes being anything, as
// any number of rounds may have gone before; these have shown nobody anything: they have read from
// where the last one does, and it is proved that a round that is not the last one has stored
// nothing. A store that succeeds makes one access of it and the load, since nobody has written in
// between; a round that ends without it leaves memory as if it had stored what was there. That a
// loop ends is not proved.

#include "verify/compose/compose_internal.h"

// The step that jumps back to the begin; *others: that there are jumps back elsewhere, too.
static uint32_t find_back(const ComposeCode *code, bool *others)
{
    uint32_t back = NO_INDEX;
    *others = false;
    for (uint32_t i = 0; i < code->steps.len; i++) {
        const ComposeStep *const step = &code->steps.data[i];
        const bool jumps = step->kind == STEP_ROW && step->label.i != NO_INDEX;
        const uint32_t place = jumps ? code->buf.labels.data[step->label.i] : NO_INDEX;
        if (place == NO_INDEX || place > step->put.offset)
            continue;
        *others = *others || place != 0 || back != NO_INDEX;
        back = i;
    }
    return back;
}

static void add_register(PRegSet *set, PReg reg)
{
    if (reg != PREG_NONE)
        *set |= preg_bit(reg);
}

// What a step of the loop writes. False: it does more than that.
static bool note_writes(ComposeMachine *m, const ComposeStep *step)
{
    ComposeLoop *const loop = &m->loop;
    const MRow *const row = &m->c->target->rows[step->put.op];
    if (step->kind == STEP_ADDRESS || step->kind == STEP_JUMP || step->kind == STEP_TABLE)
        return false;
    if (step->kind != STEP_ROW) {
        const bool loads = step->kind == STEP_EXCLUSIVE_LOAD;
        add_register(&loop->writes, step->put.regs[loads ? 0 : 2]);
        if (loads && step->put.size == 16)
            add_register(&loop->writes, step->put.regs[1]);
        return true;
    }
    for (uint32_t k = 0; k < row->num_operands; k++)
        if (row->operands[k].kind == OPERAND_DEF)
            add_register(&loop->writes, step->put.regs[k]);
    loop->writes |= row->clobbers;
    loop->writes_flags = loop->writes_flags || (row->flags_use & MFLAGS_WRITE) != 0;
    return (row->flags & (ROW_LOAD | ROW_STORE | ROW_TRAP | ROW_CALL | ROW_RETURN)) == 0;
}

bool compose_enter_loop(ComposeMachine *m)
{
    ComposeLoop *const loop = &m->loop;
    bool others;
    *loop = (ComposeLoop){.back = find_back(m->code, &others)};
    if (loop->back == NO_INDEX)
        return true;
    bool is_known = !others;
    for (uint32_t i = 0; i <= loop->back && is_known; i++)
        is_known = note_writes(m, &m->code->steps.data[i]);
    if (!is_known)
        return compose_cannot(m, "a loop");
    for (uint32_t r = 0; r < REGS; r++)
        if ((loop->writes & preg_bit((PReg)r)) != 0)
            m->now.regs[r] = compose_any_register(m, r);
    for (uint32_t i = 0; i < m->proof->target->num_flags && loop->writes_flags; i++)
        m->now.flags[i] = compose_anything(m, 1);
    return true;
}

bool compose_go_round(ComposeMachine *m, Expr again)
{
    ComposeProof *const p = m->proof;
    const ComposeLoop *const loop = &m->loop;
    if (!loop->is_loaded || !loop->has_stored)
        return compose_cannot(m, "a loop");
    compose_must(m, STR("a round that is not the last one stores nothing"), again,
                 expr_not(m->pool, loop->stores));
    p->exit = expr_and(m->pool, p->exit, expr_not(m->pool, again));
    return true;
}

// ---- Accesses ----

static Expr value_in(ComposeMachine *m, PReg reg)
{
    return reg == PREG_NONE ? expr_bv(m->pool, 64, 0) : m->now.regs[reg];
}

static void write(ComposeMachine *m, PReg reg, Expr value)
{
    if (reg != PREG_NONE)
        m->now.regs[reg] = expr_zero_ext(m->pool, 64, value);
}

static bool load(ComposeMachine *m, const ComposeStep *step)
{
    ComposeLoop *const loop = &m->loop;
    const PutInst *const put = &step->put;
    if (loop->is_loaded)
        return compose_cannot(m, "two exclusive loads");
    loop->is_loaded = true;
    loop->path = m->now.path;
    loop->address = m->now.regs[put->base];
    loop->size = put->size;
    loop->value =
        vc_sequence_load(m->proof->sequence, loop->path, loop->address, 8u * put->size, step->trap);
    if (put->size == 16) {
        write(m, put->regs[0], expr_extract(m->pool, 63, 0, loop->value));
        write(m, put->regs[1], expr_extract(m->pool, 127, 64, loop->value));
    } else {
        write(m, put->regs[0], loop->value);
    }
    return true;
}

static bool store(ComposeMachine *m, const ComposeStep *step)
{
    ComposeLoop *const loop = &m->loop;
    const PutInst *const put = &step->put;
    if (!loop->is_loaded || loop->has_stored || loop->size != put->size ||
        !expr_same(loop->address, m->now.regs[put->base]))
        return compose_cannot(m, "an exclusive store without its load");
    const Expr fails = expr_var(m->pool, STR("fails"), sort_bv(1));
    const Expr halves[2] = {value_in(m, put->regs[1]), value_in(m, put->regs[0])};
    const Expr value = put->size == 16 ? expr_make(m->pool, EXPR_CONCAT, halves, 0, 0)
                                       : expr_extract(m->pool, 8u * put->size - 1, 0, halves[1]);
    loop->has_stored = true;
    loop->stores = expr_and(m->pool, m->now.path, expr_eq(m->pool, fails, expr_bv(m->pool, 1, 0)));
    vc_sequence_store(m->proof->sequence, loop->path, loop->address,
                      expr_ite(m->pool, loop->stores, value, loop->value), step->trap);
    write(m, put->regs[2], fails);
    return true;
}

bool compose_exclusive(ComposeMachine *m, const ComposeStep *step)
{
    // All rounds read from one place.
    if (m->loop.back == NO_INDEX || (m->loop.writes & preg_bit(step->put.base)) != 0)
        return compose_cannot(m, "an exclusive access in no loop, or from changing places");
    return step->kind == STEP_EXCLUSIVE_LOAD ? load(m, step) : store(m, step);
}
