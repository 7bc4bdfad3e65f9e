// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The machine: whole registers and flags as expressions, from a state of which nothing is known.
// Steps are taken in the order of their places. Control goes forward alone, so that at each place
// one state is enough: where ways meet, a register is what it is on the way that was taken.
//
//     cmp a, b          path                  what meets at L:
//     jae L             path and b > a        if (path and not b > a) then a' else a
//     mov a, b
//   L:

#include "verify/compose/compose_internal.h"

// A jump that has not arrived yet.
typedef struct Arrival {
    uint32_t label;
    ComposeState state;
} Arrival;

typedef struct Machine {
    ComposeProof *proof;
    const ComposeCase *c;
    const ComposeCode *code;
    ExprPool *pool;
    ComposeState now;
    bool is_dead; // control can't be here
    VEC(Arrival) arrivals;
    ComposeState ended; // all that has left, as one
    bool has_ended;
    Bitset witnessed; // open values that have been chosen
} Machine;

static bool cannot(Machine *m, const char *format, ...) PRINTF_LIKE(2, 3);
static bool cannot(Machine *m, const char *format, ...)
{
    va_list args;
    StrBuf text = {.arena = m->proof->arena};
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    if (m->proof->message.len == 0)
        m->proof->message = buf_view(&text);
    return false;
}

// ---- The state before ----

// The return address lies so many bytes above the caller's frame pointer, to which the frame
// pointer points (docs/architecture.md), on both targets.
enum { RETURN_ADDRESS_AT = 8 };

static const char *reg_name(const ComposeProof *proof, uint32_t reg)
{
    const Target *const t = proof->target->target;
    return t->reg_name((PReg)reg, preg_class((PReg)reg) == REG_INT ? 8 : 16);
}

static bool has_register(const Target *t, uint32_t reg)
{
    return t->arch != ARCH_X86_64 || preg_number((PReg)reg) < 16;
}

static void begin_state(Machine *m)
{
    ComposeProof *const p = m->proof;
    const Target *const t = p->target->target;
    ComposeState *const s = &p->initial;
    s->path = expr_bool(m->pool, true);
    for (uint32_t r = 0; r < REGS; r++) {
        if (!has_register(t, r))
            s->regs[r] = EXPR_NONE;
        else if (r == t->frame_pointer)
            s->regs[r] = vc_sequence_state(p->sequence, "frame_pointer");
        else if (r == t->stack_pointer)
            s->regs[r] = vc_sequence_state(p->sequence, "stack_pointer");
        else if (r == t->pinned)
            s->regs[r] = vc_sequence_state(p->sequence, "pinned_register");
        else
            s->regs[r] = expr_var(m->pool, str_from(reg_name(p, r)),
                                  sort_bv(preg_class((PReg)r) == REG_INT ? 64 : 128));
    }
    for (uint32_t i = 0; i < p->target->num_flags; i++)
        s->flags[i] = expr_var(m->pool, str_from(p->target->flags[i]), sort_bv(1));
    m->now = *s;
    // In functions with frame pointers, which is where it is asked for.
    vc_sequence_know(p->sequence,
                     expr_2(m->pool, EXPR_BVADD, s->regs[t->frame_pointer],
                            expr_bv(m->pool, 64, RETURN_ADDRESS_AT)),
                     vc_sequence_state(p->sequence, "return_address"));
}

// ---- Operands ----

static Expr address_of(Machine *m, const PutInst *put, const ComposeState *s)
{
    Expr sum = expr_bv(m->pool, 64, (uint64_t)(int64_t)put->disp);
    if (put->index != PREG_NONE) {
        Expr index = s->regs[put->index];
        if (put->amode == AMODE_INDEX_UXTW || put->amode == AMODE_INDEX_SXTW)
            index = expr_extract(m->pool, 31, 0, index);
        index = put->amode == AMODE_INDEX_SXTW ? expr_sign_ext(m->pool, 64, index)
                                               : expr_zero_ext(m->pool, 64, index);
        index = expr_2(m->pool, EXPR_BVSHL, index, expr_bv(m->pool, 64, put->scale));
        sum = expr_2(m->pool, EXPR_BVADD, index, sum);
    }
    return put->base == PREG_NONE ? sum : expr_2(m->pool, EXPR_BVADD, s->regs[put->base], sum);
}

static void give(VcOperand *out, const char *name, Expr value)
{
    ASSERT(out->count < sizeof(out->scalars) / sizeof(out->scalars[0]));
    out->scalars[out->count++] = (VcScalar){str_from(name), value};
}

static Expr register_value(Machine *m, const ComposeState *s, PReg reg, RegClass class)
{
    return reg == PREG_NONE ? expr_bv(m->pool, class == REG_INT ? 64 : 128, 0) : s->regs[reg];
}

static bool operand_value(Machine *m, const ComposeStep *step, Str name, VcOperand *out)
{
    const PutInst *const put = &step->put;
    const MRow *const row = &m->c->target->rows[put->op];
    int32_t k = 0;
    while (k < row->num_operands && !str_eq_c(name, row->operands[k].name))
        k++;
    if (k == row->num_operands)
        return cannot(m, "a parameter of %s is no operand", row->name);
    const RowOperand *const operand = &row->operands[k];
    const bool in_memory = k == put->mem_operand;
    if (operand->kind == OPERAND_RM)
        give(out, "is_mem", expr_bool(m->pool, in_memory));
    if (in_memory) {
        give(out, "address", address_of(m, put, &m->now));
        give(out, "trap", expr_bv(m->pool, 8, step->trap));
        return true;
    }
    give(out, operand->kind == OPERAND_RM ? "reg" : "",
         register_value(m, &m->now, put->regs[k], (RegClass)operand->class));
    return true;
}

static bool param_value(Machine *m, const ComposeStep *step, uint32_t p, uint32_t *num_imms,
                        VcOperand *out)
{
    const Isle *const isle = m->proof->program->isle;
    const PutInst *const put = &step->put;
    const IsleTerm *const term = &isle->terms.data[m->proof->target->terms[put->op]];
    const Str type = isle_str(isle, isle->types.data[term->args[p]].name);
    *out = (VcOperand){.count = 0};
    if (str_eq(type, STR("u8"))) {
        give(out, "", expr_bv(m->pool, 8, put->size));
    } else if (str_eq(type, STR("i64"))) {
        const int64_t imm = (*num_imms)++ == 0 ? put->imm : put->imm2;
        give(out, "", expr_bv(m->pool, 64, (uint64_t)imm));
    } else if (str_eq(type, STR("Cond"))) {
        give(out, "", expr_bv(m->pool, 8, put->cc));
    } else if (str_eq(type, STR("TrapCode"))) {
        give(out, "", expr_bv(m->pool, 8, step->trap));
    } else if (str_eq(type, STR("Flags"))) {
        for (uint32_t i = 0; i < m->proof->target->num_flags; i++)
            give(out, m->proof->target->flags[i], m->now.flags[i]);
    } else {
        return operand_value(m, step, isle_str(isle, term->spec->u.spec.params[p].sym), out);
    }
    return true;
}

// The operands of the term of a row; NULL: that can't be.
static const VcOperand *operands_of(Machine *m, const ComposeStep *step)
{
    const Isle *const isle = m->proof->program->isle;
    const IsleTermId id = m->proof->target->terms[step->put.op];
    const IsleTerm *const term = &isle->terms.data[id];
    if (!term->spec) {
        cannot(m, "%s has no specification", m->c->target->rows[step->put.op].name);
        return NULL;
    }
    VcOperand *const out = ARENA_ARRAY(m->proof->arena, VcOperand, term->num_args + 1);
    uint32_t num_imms = 0;
    for (uint32_t p = 0; p < term->num_args; p++)
        if (!param_value(m, step, p, &num_imms, &out[p]))
            return NULL;
    return out;
}

// ---- Results ----

// Two operands of an instruction that the constraints tie, and registers that they fix.
static bool keeps_constraints(Machine *m, const PutInst *put)
{
    const MRow *const row = &m->c->target->rows[put->op];
    for (int32_t k = 0; k < row->num_operands; k++) {
        const RowOperand *const operand = &row->operands[k];
        const PReg reg = put->regs[k];
        if (k == put->mem_operand)
            continue;
        if (operand->constraint == CONSTRAINT_REUSE && reg != put->regs[operand->reg])
            return cannot(m, "%s with different registers where it has one", row->name);
        if (operand->constraint == CONSTRAINT_FIXED && reg != operand->reg)
            return cannot(m, "%s in %s, which it is not in", row->name, reg_name(m->proof, reg));
    }
    return true;
}

static const Expr *scalar(const VcOperand *results, Str name)
{
    for (uint32_t i = 0; i < results->count; i++)
        if (str_eq(results->scalars[i].name, name))
            return &results->scalars[i].value;
    return NULL;
}

// The value of the `n`th result of a row that has one: alone, with flags, or the half of a pair.
static const Expr *result_value(const VcOperand *results, uint32_t n)
{
    static const char *const names[2][3] = {{"", "reg", "lo"}, {"hi", "hi", "hi"}};
    const Expr *value = NULL;
    for (uint32_t i = 0; i < 3 && !value && n < 2; i++)
        value = scalar(results, str_from(names[n][i]));
    return value;
}

static Expr anything(Machine *m, uint32_t width)
{
    return expr_var(m->pool, STR("anything"), sort_bv(width));
}

static Expr any_register(Machine *m, uint32_t reg)
{
    return anything(m, preg_class((PReg)reg) == REG_INT ? 64 : 128);
}

// Registers and flags behind a row with these results.
static bool write_results(Machine *m, const PutInst *put, const VcOperand *results)
{
    const MRow *const row = &m->c->target->rows[put->op];
    uint32_t n = 0;
    for (uint32_t k = 0; k < row->num_operands; k++) {
        if (row->operands[k].kind != OPERAND_DEF)
            continue;
        const bool is_named = row->operands[k].name[0] != '_';
        const Expr *const value = is_named ? result_value(results, n++) : NULL;
        if (is_named && !value)
            return cannot(m, "%s gives no %s", row->name, row->operands[k].name);
        if (put->regs[k] != PREG_NONE)
            m->now.regs[put->regs[k]] = value ? *value : any_register(m, put->regs[k]);
    }
    for (uint32_t r = 0; r < REGS; r++)
        if ((row->clobbers & preg_bit((PReg)r)) != 0)
            m->now.regs[r] = any_register(m, r);
    for (uint32_t i = 0; i < m->proof->target->num_flags; i++) {
        const Expr *const flag = scalar(results, str_from(m->proof->target->flags[i]));
        if ((row->flags_use & MFLAGS_WRITE) != 0)
            m->now.flags[i] = flag ? *flag : anything(m, 1);
    }
    return true;
}

// ---- Ways ----

static Expr merged(Machine *m, Expr cond, Expr a, Expr b)
{
    return expr_same(a, b) ? a : expr_ite(m->pool, cond, a, b);
}

// What holds where a way with state `other` meets the one of `s`.
static void meet(Machine *m, ComposeState *s, const ComposeState *other)
{
    for (uint32_t r = 0; r < REGS; r++)
        s->regs[r] = merged(m, other->path, other->regs[r], s->regs[r]);
    for (uint32_t i = 0; i < m->proof->target->num_flags; i++)
        s->flags[i] = merged(m, other->path, other->flags[i], s->flags[i]);
    s->path = expr_or(m->pool, s->path, other->path);
}

static void end_with(Machine *m, const ComposeState *s)
{
    if (m->has_ended)
        meet(m, &m->ended, s);
    else
        m->ended = *s;
    m->has_ended = true;
}

// The jumps to labels of this place arrive.
static void arrive(Machine *m, uint32_t place)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < m->arrivals.len; i++) {
        Arrival *const a = &m->arrivals.data[i];
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

// The successor whose label it is, -1: none.
static int32_t successor_of(const Machine *m, Label label)
{
    for (uint32_t i = 0; i < CASE_SUCCS; i++)
        if (m->code->ctx.blocks[i + 1].i == label.i)
            return (int32_t)i;
    return -1;
}

static const TrapStub *stub_of(const Machine *m, Label label)
{
    for (uint32_t i = 0; i < m->code->ctx.stubs.len; i++)
        if (m->code->ctx.stubs.data[i].label.i == label.i)
            return &m->code->ctx.stubs.data[i];
    return NULL;
}

// Under `cond`, control goes to the label of a step; else it goes on.
static bool jump(Machine *m, const ComposeStep *step, Expr cond)
{
    ComposeState there = m->now;
    const Expr rest = expr_and(m->pool, m->now.path, expr_not(m->pool, cond));
    const int32_t number = successor_of(m, step->label);
    const TrapStub *const stub = stub_of(m, step->label);
    there.path = expr_and(m->pool, m->now.path, cond);
    if (number >= 0) {
        vc_sequence_goto(m->proof->sequence, there.path, (uint32_t)number);
        end_with(m, &there);
    } else if (stub) {
        vc_sequence_trap(m->proof->sequence, m->now.path, cond, (uint8_t)stub->code);
    } else if (step->label.i == NO_INDEX || m->code->buf.labels.data[step->label.i] == NO_INDEX) {
        return cannot(m, "a jump to a place that is not known");
    } else if (m->code->buf.labels.data[step->label.i] < step->end) {
        return cannot(m, "a loop");
    } else {
        VEC_PUSH(m->proof->arena, &m->arrivals, ((Arrival){step->label.i, there}));
    }
    m->now.path = rest;
    m->is_dead = expr_is_false(m->pool, rest);
    return true;
}

// ---- Steps ----

static bool take_step(Machine *m, const ComposeStep *step)
{
    ComposeProof *const p = m->proof;
    const MRow *const row = &m->c->target->rows[step->put.op];
    const bool is_branch = step->label.i != NO_INDEX;
    VcOperand results;
    if (!keeps_constraints(m, &step->put))
        return false;
    if (step->put.mem_operand >= 0 && step->put.amode == AMODE_CONSTANT)
        return cannot(m, "an address relative to the instruction");
    if ((row->flags & (ROW_RETURN | ROW_CALL)) != 0 ||
        ((row->flags & ROW_BRANCH) != 0 && !is_branch))
        return cannot(m, "%s goes where nobody knows", row->name);
    VcStep next = {.term = p->target->terms[step->put.op], .path = m->now.path};
    if (!(next.operands = operands_of(m, step)))
        return false;
    if (is_branch) {
        Expr taken;
        if (!vc_sequence_branch(p->sequence, &next, &taken))
            return cannot(m, "%s: %.*s", row->name, STR_ARG(p->vc.message));
        return jump(m, step, taken);
    }
    if (!vc_sequence_right(p->sequence, &next, &results, &m->now.path))
        return cannot(m, "%s: %.*s", row->name, STR_ARG(p->vc.message));
    m->is_dead = expr_is_false(m->pool, m->now.path);
    return write_results(m, &step->put, &results);
}

static bool ends_block(const ComposeCase *c)
{
    while (c->then)
        c = c->then;
    return (c->target->rows[c->op].flags & ROW_BRANCH) != 0;
}

static bool run_right(Machine *m)
{
    const bool is_branch = ends_block(m->c);
    m->now = m->proof->initial;
    arrive(m, 0);
    for (uint32_t i = 0; i < m->code->steps.len; i++) {
        const ComposeStep *const step = &m->code->steps.data[i];
        if (!m->is_dead && !take_step(m, step))
            return false;
        arrive(m, step->end);
    }
    if (m->arrivals.len != 0)
        return cannot(m, "a jump into an instruction");
    if (m->is_dead)
        return true;
    if (is_branch && m->c->next == 0)
        return cannot(m, "control that goes on behind a branch");
    if (is_branch)
        vc_sequence_goto(m->proof->sequence, m->now.path, m->c->next - 1u);
    end_with(m, &m->now);
    return true;
}

// ---- What must hold ----

static void add_goal(Machine *m, Str what, Expr alive, Expr meant, Expr is)
{
    ComposeProof *const p = m->proof;
    const Expr same = expr_implies(m->pool, alive, expr_eq(m->pool, meant, is));
    VEC_PUSH(p->arena, &p->vc.goals, ((VcGoal){same, what}));
    VEC_PUSH(p->arena, &p->goals, ((ComposeGoal){what, meant, is}));
}

// What is meant has bits that may be any: they are what they are, the first time that they are
// asked for. What is left to compare are the others.
static void choose_open(Machine *m, Expr *meant, Expr *is)
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
static const char *operand_in(const Machine *m, uint32_t reg)
{
    const MRow *const row = &m->c->target->rows[m->c->op];
    for (uint32_t k = 0; k < row->num_operands; k++)
        if (row->operands[k].kind == OPERAND_DEF && m->c->regs[k] == reg)
            return row->operands[k].name;
    return "what is written";
}

static void compare_registers(Machine *m, Expr alive)
{
    ComposeProof *const p = m->proof;
    const PRegSet any = p->loose | p->target->scratch;
    for (uint32_t r = 0; r < REGS; r++) {
        const PRegSet bit = preg_bit((PReg)r);
        if (!has_register(m->c->target, r) || (any & bit) != 0)
            continue;
        Expr meant = p->meant.regs[r], is = m->ended.regs[r];
        choose_open(m, &meant, &is);
        const char *const name = reg_name(p, r);
        const Str what =
            (p->written & bit) == 0
                ? str_printf(p->arena, "%s keeps its value", name)
                : str_printf(p->arena, "%s, in %s, is what the row says", operand_in(m, r), name);
        add_goal(m, what, alive, meant, is);
    }
}

// Flags that are neither written nor read behind the instruction may be any, and so may all where a
// block ends.
static void compare_flags(Machine *m, Expr alive)
{
    ComposeProof *const p = m->proof;
    const bool may_change = m->c->then != NULL || (!p->writes_flags && m->c->flags_die);
    for (uint32_t i = 0; i < p->target->num_flags && !may_change; i++) {
        Expr meant = p->meant.flags[i], is = m->ended.flags[i];
        if ((p->loose_flags >> i & 1) != 0)
            continue;
        choose_open(m, &meant, &is);
        add_goal(m,
                 str_printf(p->arena,
                            p->writes_flags ? "the flag %s is what the row says"
                                            : "the flag %s keeps its value",
                            p->target->flags[i]),
                 alive, meant, is);
    }
}

static void compare(Machine *m)
{
    ComposeProof *const p = m->proof;
    // The pinned register is one: to set it is its only effect.
    const Expr pinned = vc_sequence_take_effect(p->sequence, ISLE_SPEC_OP_SET_PINNED);
    const Expr alive = vc_sequence_end(p->sequence);
    for (uint32_t i = p->goals.len; i < p->vc.goals.len; i++)
        VEC_PUSH(p->arena, &p->goals,
                 ((ComposeGoal){p->vc.goals.data[i].what, EXPR_NONE, EXPR_NONE}));
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
static bool note_meant(Machine *m, const PutInst *put, const VcOperand *results)
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
            if (!scalar(results, str_from(p->target->flags[i])))
                p->loose_flags |= 1u << i;
    }
    return write_results(m, put, results);
}

static bool run_left(Machine *m, const ComposeCase *c)
{
    ComposeProof *const p = m->proof;
    const ComposeStep meant = {.put = meant_inst(c), .trap = CASE_TRAP_CODE};
    VcStep step = {.term = p->target->terms[c->op], .path = m->now.path};
    VcOperand results;
    if (!(step.operands = operands_of(m, &meant)))
        return false;
    if (!vc_sequence_left(p->sequence, &step, &results, &m->now.path))
        return cannot(m, "%s: %.*s", c->target->rows[c->op].name, STR_ARG(p->vc.message));
    return note_meant(m, &meant.put, &results);
}

ComposeOutcome compose_meant(ComposeProof *p, const ComposeCase *c)
{
    Machine m = {.proof = p, .c = c};
    p->sequence = vc_sequence_begin(p->program, p->arena, &p->vc);
    m.pool = p->vc.pool;
    begin_state(&m);
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
    if (step->label.i != NO_INDEX)
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
    Machine m = {.proof = p, .c = c, .code = code, .pool = p->vc.pool};
    if (code->cannot) {
        cannot(&m, "%s", code->cannot);
        return CASE_CANNOT;
    }
    if (!run_right(&m))
        return CASE_CANNOT;
    compare(&m);
    return CASE_STATED;
}
