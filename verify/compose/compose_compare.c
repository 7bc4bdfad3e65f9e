// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the row says of a case, and that what was run comes to that.

#include "verify/compose/compose_internal.h"

// ---- What must hold ----

// The goals that vcgen has stated so far have nothing to show.
static void keep_parallel(ComposeProof *p)
{
    for (uint32_t i = p->goals.len; i < p->vc.goals.len; i++)
        VEC_PUSH(p->arena, &p->goals,
                 ((ComposeGoal){p->vc.goals.data[i].what, EXPR_NONE, EXPR_NONE}));
}

void compose_must(ComposeMachine *m, Str what, Expr path, Expr holds)
{
    const Expr goal = expr_implies(m->pool, path, holds);
    VEC_PUSH(m->proof->arena, &m->proof->vc.goals, ((VcGoal){goal, what}));
}

void compose_must_be(ComposeMachine *m, Str what, Expr path, Expr meant, Expr is)
{
    ComposeProof *const p = m->proof;
    keep_parallel(p);
    compose_must(m, what, path, expr_eq(m->pool, meant, is));
    VEC_PUSH(p->arena, &p->goals, ((ComposeGoal){what, meant, is}));
}

// What is meant has bits that may be any: they are what they are, the first time that they are
// asked for. What is left to compare are the others.
static void choose_open(ComposeMachine *m, Expr *meant, Expr *is)
{
    ComposeProof *const p = m->proof;
    const ExprNode n = *expr_node(m->pool, *meant);
    Expr open = *meant, chosen = *is;
    const bool is_partly = n.op == EXPR_CONCAT && vc_sequence_is_open(p->sequence, n.args[0]);
    if (is_partly) {
        const uint32_t width = expr_node(m->pool, n.args[1])->sort.width;
        open = n.args[0];
        chosen = expr_extract(m->pool, n.sort.width - 1, width, *is);
    } else if (!vc_sequence_is_open(p->sequence, open)) {
        return;
    }
    if (bitset_has(&m->witnessed, open.index))
        return;
    bitset_add(&m->witnessed, open.index);
    VEC_PUSH(p->arena, &p->vc.assumptions, expr_eq(m->pool, open, chosen));
    if (is_partly) {
        *is = expr_extract(m->pool, expr_node(m->pool, n.args[1])->sort.width - 1, 0, *is);
        *meant = n.args[1];
    } else {
        *meant = *is;
    }
}

// What a register is called that the row writes: as its operand.
static const char *operand_in(const ComposeMachine *m, uint32_t reg)
{
    const MRow *const row = &m->c->target->rows[m->c->op];
    for (uint32_t k = 0; k < row->num_operands; k++)
        if (row->operands[k].kind == OPERAND_DEF && m->c->regs[k] == reg)
            return row->operands[k].name;
    return "what is written";
}

static void compare_registers(ComposeMachine *m, Expr alive)
{
    ComposeProof *const p = m->proof;
    const PRegSet any = p->loose | p->target->scratch;
    for (uint32_t r = 0; r < REGS; r++) {
        const PRegSet bit = preg_bit((PReg)r);
        if (!compose_has_register(m->c->target, r) || (any & bit) != 0)
            continue;
        Expr meant = p->meant.regs[r], is = m->ended.regs[r];
        choose_open(m, &meant, &is);
        const char *const name = compose_reg_name(p, r);
        const Str what =
            (p->written & bit) == 0
                ? str_printf(p->arena, "%s keeps its value", name)
                : str_printf(p->arena, "%s, in %s, is what the row says", operand_in(m, r), name);
        compose_must_be(m, what, alive, meant, is);
    }
}

// Flags that are neither written nor read behind the instruction may be any, and so may all where a
// block ends.
static void compare_flags(ComposeMachine *m, Expr alive)
{
    ComposeProof *const p = m->proof;
    const bool may_change = m->c->then != NULL || (!p->writes_flags && m->c->flags_die);
    for (uint32_t i = 0; i < p->target->num_flags && !may_change; i++) {
        Expr meant = p->meant.flags[i], is = m->ended.flags[i];
        if ((p->loose_flags >> i & 1) != 0)
            continue;
        choose_open(m, &meant, &is);
        const Str what = str_printf(p->arena, "the flag %.*s %s", STR_ARG(p->target->flags[i]),
                                    p->writes_flags ? "is what the row says" : "keeps its value");
        compose_must_be(m, what, alive, meant, is);
    }
}

static void compare(ComposeMachine *m)
{
    ComposeProof *const p = m->proof;
    // The pinned register is one: to set it is its only effect.
    const Expr pinned = vc_sequence_take_effect(p->sequence, ISLE_SPEC_OP_SET_PINNED);
    const uint32_t first = p->vc.goals.len;
    const Expr alive = expr_and(m->pool, vc_sequence_end(p->sequence), p->exit);
    for (uint32_t i = first; i < p->vc.goals.len; i++)
        p->vc.goals.data[i].expr = expr_implies(m->pool, p->exit, p->vc.goals.data[i].expr);
    keep_parallel(p);
    if (!m->has_ended) // it always traps
        return;
    m->witnessed = bitset_new(p->arena, m->pool->nodes.len);
    if (!expr_same(pinned, EXPR_NONE)) {
        p->meant.regs[m->c->target->pinned] = pinned;
        p->written |= preg_bit(m->c->target->pinned);
    }
    compare_registers(m, alive);
    compare_flags(m, alive);
}

// ---- A case ----

static PutInst meant_inst(const ComposeCase *c)
{
    PutInst put = {.op = c->op,
                   .size = c->size,
                   .cc = c->cc,
                   .mem_operand = (int8_t)c->memory,
                   .amode = (uint8_t)c->amode,
                   .base = c->base,
                   .index = c->index,
                   .scale = c->scale,
                   .disp = c->disp,
                   .imm = c->imm,
                   .imm2 = c->imm2};
    copy_bytes(put.regs, c->regs, sizeof(put.regs));
    if (c->memory >= 0 && (c->amode == AMODE_STACK_SLOT || c->amode == AMODE_SPILL)) {
        put.amode = AMODE_BASE;
        put.base = c->target->stack_pointer;
        put.index = PREG_NONE;
        put.disp = compose_frame_offset(c);
    }
    return put;
}

static bool is_same_memory(const PutInst *a, const PutInst *b)
{
    const bool has_index = a->index != PREG_NONE;
    return a->base == b->base && a->index == b->index && a->disp == b->disp &&
           (!has_index || (a->scale == b->scale && a->amode == b->amode)) &&
           a->amode != AMODE_CONSTANT && b->amode != AMODE_CONSTANT;
}

// What a row says of registers and flags, and of which it says nothing.
static bool note_meant(ComposeMachine *m, const PutInst *put, const VcOperand *results)
{
    ComposeProof *const p = m->proof;
    const MRow *const row = &m->c->target->rows[put->op];
    PRegSet named = 0, loose = row->clobbers;
    for (uint32_t k = 0; k < row->num_operands; k++) {
        if (row->operands[k].kind != OPERAND_DEF)
            continue;
        if (row->operands[k].name[0] == '_')
            loose |= preg_bit(put->regs[k]);
        else
            named |= preg_bit(put->regs[k]);
    }
    p->written |= named | loose;
    p->loose = (p->loose & ~named) | loose;
    if ((row->flags_use & MFLAGS_WRITE) != 0) {
        p->writes_flags = true;
        p->loose_flags = 0;
        for (uint32_t i = 0; i < p->target->num_flags; i++)
            if (!compose_scalar(results, p->target->flags[i]))
                p->loose_flags |= 1u << i;
    }
    return compose_write(m, put, results);
}

static bool run_left(ComposeMachine *m, const ComposeCase *c)
{
    ComposeProof *const p = m->proof;
    const ComposeStep meant = {.put = meant_inst(c), .trap = CASE_TRAP_CODE};
    VcStep step = {.term = p->target->terms[c->op], .path = m->now.path};
    VcOperand results;
    if (!(step.operands = compose_operands(m, &meant)))
        return false;
    if (!vc_sequence_left(p->sequence, &step, &results, &m->now.path))
        return compose_cannot(m, "%s: %.*s", c->target->rows[c->op].name, STR_ARG(p->vc.message));
    return note_meant(m, &meant.put, &results);
}

ComposeOutcome compose_meant(ComposeProof *p, const ComposeCase *c)
{
    ComposeMachine m = {.proof = p, .c = c};
    p->sequence = vc_sequence_begin(p->program, p->arena, &p->vc);
    m.pool = p->vc.pool;
    p->exit = expr_bool(m.pool, true);
    compose_begin(&m);
    for (const ComposeCase *at = c; at; at = at->then)
        if (!run_left(&m, at))
            return p->vc.status == VC_PRUNED ? CASE_NOT_ALLOWED : CASE_CANNOT;
    p->meant = m.now;
    return CASE_STATED;
}

// Whether a step is the row itself, encoded.
static bool is_itself(const ComposeCase *c, const ComposeStep *step)
{
    const PutInst meant = meant_inst(c), *const a = &meant, *const b = &step->put;
    const MRow *const row = &c->target->rows[c->op];
    const bool may_trap = (row->flags & (ROW_LOAD | ROW_STORE | ROW_TRAP)) != 0 || c->memory >= 0;
    if (step->label.i != NO_INDEX || step->kind != STEP_ROW)
        return false;
    for (int32_t k = 0; k < row->num_operands; k++)
        if (k != a->mem_operand && a->regs[k] != b->regs[k])
            return false;
    if (a->op != b->op || a->size != b->size || a->cc != b->cc || a->imm != b->imm ||
        a->mem_operand != b->mem_operand || (may_trap && step->trap != CASE_TRAP_CODE))
        return false;
    return a->mem_operand < 0 ? a->imm2 == b->imm2 : is_same_memory(a, b);
}

bool compose_is_itself(const ComposeCase *c, const ComposeCode *code)
{
    uint32_t n = 0;
    if (code->cannot)
        return false;
    for (const ComposeCase *at = c; at; at = at->then, n++) {
        // The branch at the end of a block is looked at by itself.
        const bool is_last = at != c && !at->then;
        if (!is_last && (n == code->steps.len || !is_itself(at, &code->steps.data[n])))
            return false;
    }
    return c->then != NULL || n == code->steps.len;
}

ComposeOutcome compose_done(ComposeProof *p, const ComposeCase *c, const ComposeCode *code)
{
    ComposeMachine m = {.proof = p, .c = c, .code = code, .pool = p->vc.pool};
    if (code->cannot) {
        compose_cannot(&m, "%s", code->cannot);
        return CASE_CANNOT;
    }
    if (!compose_run(&m))
        return CASE_CANNOT;
    compare(&m);
    return CASE_STATED;
}
