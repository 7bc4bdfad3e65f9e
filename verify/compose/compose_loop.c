// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops around an access that reads and writes at once: an exclusive load and store of AArch64, or
// a locked instruction of x86-64, before which there may be a look at what is there.
//
//     again: ldaxr  old, [addr]              mov          rax, [addr]
//            ...                      again: ...
//            stlxr  w16, new, [addr]         lock cmpxchg [addr], new
//            cbnz   w16, again               jne          again
//
// The last round is looked at. It begins with the registers that a round writes being anything, as
// any number of rounds may have gone before; these have shown nobody anything: they have accessed
// what the last one does, and it is proved that a round that is not the last one has stored nothing
// but what was there. An exclusive store that succeeds makes one access of it and the load, since
// nobody has written in between; a round that ends without it leaves memory as if it had stored
// what was there. What a look has seen is in such a register, so that it decides nothing: it must
// be at what the loop accesses, and trap as that does. That a loop ends is not proved.

#include "verify/compose/compose_internal.h"

// The step that jumps back; *others: there are more.
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
        *others = back != NO_INDEX;
        back = i;
    }
    return back;
}

// Whether the step is an instruction of x86-64 with the prefix that makes its access one.
static bool is_locked(const ComposeMachine *m, const ComposeStep *step)
{
    const uint8_t *const at = &m->code->buf.bytes.data[step->put.offset];
    return m->c->target->arch == ARCH_X86_64 && step->kind == STEP_ROW &&
           (at[0] == 0xf0 || (at[0] == 0x66 && at[1] == 0xf0));
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
    return (!compose_accesses(m, &step->put) || is_locked(m, step)) &&
           (row->flags & (ROW_TRAP | ROW_CALL | ROW_RETURN)) == 0;
}

bool compose_find_loop(ComposeMachine *m)
{
    ComposeLoop *const loop = &m->loop;
    bool others;
    *loop = (ComposeLoop){.first = NO_INDEX, .back = find_back(m->code, &others)};
    if (loop->back == NO_INDEX)
        return true;
    const ComposeStep *const steps = m->code->steps.data;
    const uint32_t begin = m->code->buf.labels.data[steps[loop->back].label.i];
    bool is_known = !others;
    for (uint32_t i = 0; i <= loop->back && is_known; i++) {
        if (steps[i].put.offset == begin)
            loop->first = i;
        is_known = steps[i].put.offset < begin || note_writes(m, &steps[i]);
    }
    return (is_known && loop->first != NO_INDEX) || compose_cannot(m, "a loop");
}

bool compose_enter_loop(ComposeMachine *m)
{
    ComposeLoop *const loop = &m->loop;
    // Else a round would be another one for those that have not come from the begin.
    if (m->arrivals.len != 0 || m->is_dead || !expr_is_true(m->pool, m->now.path))
        return compose_cannot(m, "a loop that is not always begun, or not at its begin");
    loop->has_begun = true;
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
    if (expr_is_true(m->pool, again))
        return compose_cannot(m, "a loop without an end");
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

// Whether a look is at bytes of what the loop accesses.
static bool is_within(const ComposeMachine *m, const VcAccess *look)
{
    const uint32_t size = expr_node(m->pool, look->value)->sort.width / 8;
    for (uint32_t at = 0; at + size <= m->loop.size; at++)
        if (expr_same(look->address,
                      expr_2(m->pool, EXPR_BVADD, m->loop.address, expr_bv(m->pool, 64, at))))
            return true;
    return false;
}

// Once it is known what the loop accesses: each round does, so that none traps where the last one
// does not, and looks are there, too.
static bool check_places(ComposeMachine *m)
{
    const ComposeLoop *const loop = &m->loop;
    if (!expr_is_true(m->pool, loop->path))
        return compose_cannot(m, "a loop that does not access memory in each round");
    for (uint32_t i = 0; i < loop->looks.len; i++) {
        const VcAccess *const look = &loop->looks.data[i];
        if (!is_within(m, look))
            return compose_cannot(m, "a look before a loop at something else");
        compose_must(m, STR("a look before the loop has the trap code of the access in it"),
                     look->path, expr_eq(m->pool, look->code, loop->code));
    }
    return true;
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
    loop->code = expr_bv(m->pool, 8, step->trap);
    loop->value =
        vc_sequence_load(m->proof->sequence, loop->path, loop->address, 8u * put->size, step->trap);
    if (!check_places(m))
        return false;
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

// Reads and writes at once.
static bool access_at_once(ComposeMachine *m, const VcAccess accesses[2], uint32_t count)
{
    ComposeLoop *const loop = &m->loop;
    const VcAccess *const read = &accesses[0], *const written = &accesses[1];
    if (loop->is_loaded)
        return compose_cannot(m, "two accesses in a loop");
    if (count != 2 || read->is_store || !written->is_store ||
        !expr_same(read->address, written->address) || !expr_same(read->path, written->path))
        return compose_cannot(m, "an access in a loop that is not one");
    const Expr changes = expr_not(m->pool, expr_eq(m->pool, written->value, read->value));
    loop->is_loaded = loop->has_stored = true;
    loop->path = read->path;
    loop->address = read->address;
    loop->value = read->value;
    loop->code = read->code;
    loop->size = expr_node(m->pool, read->value)->sort.width / 8;
    loop->stores = expr_and(m->pool, written->path, changes);
    return check_places(m);
}

// Whether what is meant is to read and write at once: pseudo rows that do both are atomic.
static bool is_atomic(const ComposeCase *c)
{
    const uint32_t all = ROW_LOAD | ROW_STORE | ROW_PSEUDO;
    return (c->target->rows[c->op].flags & all) == all;
}

bool compose_access_by_row(ComposeMachine *m, const ComposeStep *step)
{
    ComposeLoop *const loop = &m->loop;
    const PutInst *const put = &step->put;
    VcAccess accesses[2];
    const uint32_t count = vc_sequence_accesses(m->proof->sequence, accesses);
    if (is_atomic(m->c) && (m->c->target->rows[put->op].flags & ROW_STORE) != 0 &&
        !is_locked(m, step))
        return compose_cannot(m, "a store that is not one with the load");
    if (loop->back == NO_INDEX || put->offset > m->code->steps.data[loop->back].put.offset)
        return true;
    if (loop->has_begun) {
        const bool moves = (put->base != PREG_NONE && (loop->writes & preg_bit(put->base)) != 0) ||
                           (put->index != PREG_NONE && (loop->writes & preg_bit(put->index)) != 0);
        return moves ? compose_cannot(m, "an access to changing places")
                     : access_at_once(m, accesses, count);
    }
    if (count != 1 || accesses[0].is_store)
        return compose_cannot(m, "a store before a loop");
    VEC_PUSH(m->proof->arena, &loop->looks, accesses[0]);
    vc_sequence_take_accesses(m->proof->sequence);
    return true;
}

bool compose_exclusive(ComposeMachine *m, const ComposeStep *step)
{
    // All rounds read from one place.
    if (m->loop.back == NO_INDEX || (m->loop.writes & preg_bit(step->put.base)) != 0)
        return compose_cannot(m, "an exclusive access in no loop, or from changing places");
    return step->kind == STEP_EXCLUSIVE_LOAD ? load(m, step) : store(m, step);
}
