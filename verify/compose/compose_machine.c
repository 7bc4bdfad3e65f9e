// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The machine: whole registers and flags as expressions, from a state of which nothing is known;
// what instructions read of it, and what they leave.

#include "verify/compose/compose_internal.h"

bool compose_cannot(ComposeMachine *m, const char *format, ...)
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

const char *compose_reg_name(const ComposeProof *proof, uint32_t reg)
{
    const Target *const t = proof->target->target;
    return t->reg_name((PReg)reg, preg_class((PReg)reg) == REG_INT ? 8 : 16);
}

bool compose_has_register(const Target *t, uint32_t reg)
{
    return t->arch != ARCH_X86_64 || preg_number((PReg)reg) < 16;
}

void compose_begin(ComposeMachine *m)
{
    ComposeProof *const p = m->proof;
    const Target *const t = p->target->target;
    ComposeState *const s = &p->initial;
    vc_sequence_set_state(p->sequence, COMPOSE_TABLE_STATE,
                          expr_bv(m->pool, 32, m->c->num_succs - 1));
    s->path = expr_bool(m->pool, true);
    for (uint32_t r = 0; r < REGS; r++) {
        if (!compose_has_register(t, r))
            s->regs[r] = EXPR_NONE;
        else if (r == t->frame_pointer)
            s->regs[r] = vc_sequence_state(p->sequence, "frame_pointer");
        else if (r == t->stack_pointer)
            s->regs[r] = vc_sequence_state(p->sequence, "stack_pointer");
        else if (r == t->pinned)
            s->regs[r] = vc_sequence_state(p->sequence, "pinned_register");
        else
            s->regs[r] = expr_var(m->pool, str_from(compose_reg_name(p, r)),
                                  sort_bv(preg_class((PReg)r) == REG_INT ? 64 : 128));
    }
    for (uint32_t i = 0; i < p->target->num_flags; i++)
        s->flags[i] = expr_var(m->pool, p->target->flags[i], sort_bv(1));
    m->now = *s;
    // In functions with frame pointers, which is where it is asked for.
    vc_sequence_know(p->sequence,
                     expr_2(m->pool, EXPR_BVADD, s->regs[t->frame_pointer],
                            expr_bv(m->pool, 64, RETURN_ADDRESS_AT)),
                     vc_sequence_state(p->sequence, "return_address"));
}

// ---- Operands ----

Expr compose_address(ComposeMachine *m, const PutInst *put, const ComposeState *s)
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

static void give(VcOperand *out, Str name, Expr value)
{
    ASSERT(out->count < sizeof(out->scalars) / sizeof(out->scalars[0]));
    out->scalars[out->count++] = (VcScalar){name, value};
}

static Expr register_value(ComposeMachine *m, const ComposeState *s, PReg reg, RegClass class)
{
    return reg == PREG_NONE ? expr_bv(m->pool, class == REG_INT ? 64 : 128, 0) : s->regs[reg];
}

static void operand_value(ComposeMachine *m, const ComposeStep *step, uint32_t k, VcOperand *out)
{
    const PutInst *const put = &step->put;
    const RowOperand *const operand = &m->c->target->rows[put->op].operands[k];
    const bool in_memory = (int32_t)k == put->mem_operand;
    if (operand->kind == OPERAND_RM)
        give(out, STR("is_mem"), expr_bool(m->pool, in_memory));
    if (in_memory) {
        give(out, STR("address"), compose_address(m, put, &m->now));
        give(out, STR("trap"), expr_bv(m->pool, 8, step->trap));
        return;
    }
    give(out, operand->kind == OPERAND_RM ? STR("reg") : STR(""),
         register_value(m, &m->now, put->regs[k], (RegClass)operand->class));
}

static VcOperand param_value(ComposeMachine *m, const ComposeStep *step, const RowParam *param)
{
    const PutInst *const put = &step->put;
    const ComposeTarget *const t = m->proof->target;
    VcOperand out = {.count = 0};
    switch (param->kind) {
    case ROW_PARAM_OPERAND: operand_value(m, step, param->operand, &out); break;
    case ROW_PARAM_SIZE: give(&out, STR(""), expr_bv(m->pool, 8, put->size)); break;
    case ROW_PARAM_IMM: give(&out, STR(""), expr_bv(m->pool, 64, (uint64_t)put->imm)); break;
    case ROW_PARAM_IMM2:
        give(&out, STR(""), expr_bv(m->pool, 64, (uint64_t)(int64_t)put->imm2));
        break;
    case ROW_PARAM_COND: give(&out, STR(""), expr_bv(m->pool, 8, put->cc)); break;
    case ROW_PARAM_TRAP: give(&out, STR(""), expr_bv(m->pool, 8, step->trap)); break;
    case ROW_PARAM_FLAGS:
        for (uint32_t i = 0; i < t->num_flags; i++)
            give(&out, t->flags[i], m->now.flags[i]);
        break;
    }
    return out;
}

// The operands of the term of a row; NULL: that can't be.
const VcOperand *compose_operands(ComposeMachine *m, const ComposeStep *step)
{
    const Isle *const isle = m->proof->program->isle;
    const MRow *const row = &m->c->target->rows[step->put.op];
    const IsleTerm *const term = &isle->terms.data[m->proof->target->terms[step->put.op]];
    RowParams params;
    if (!term->spec) {
        compose_cannot(m, "%s has no specification", row->name);
        return NULL;
    }
    if (!rows_params(isle, term, row, &params)) {
        compose_cannot(m, "a parameter of %s is no operand", row->name);
        return NULL;
    }
    VcOperand *const out = ARENA_ARRAY(m->proof->arena, VcOperand, params.count + 1);
    for (uint32_t p = 0; p < params.count; p++)
        out[p] = param_value(m, step, &params.params[p]);
    return out;
}

// ---- Results ----

// Two operands of an instruction that the constraints tie, and registers that they fix.
bool compose_keeps_constraints(ComposeMachine *m, const PutInst *put)
{
    const MRow *const row = &m->c->target->rows[put->op];
    for (int32_t k = 0; k < row->num_operands; k++) {
        const RowOperand *const operand = &row->operands[k];
        const PReg reg = put->regs[k];
        if (k == put->mem_operand)
            continue;
        if (operand->constraint == CONSTRAINT_REUSE && reg != put->regs[operand->reg])
            return compose_cannot(m, "%s with different registers where it has one", row->name);
        if (operand->constraint == CONSTRAINT_FIXED && reg != operand->reg)
            return compose_cannot(m, "%s in %s, which it is not in", row->name,
                                  compose_reg_name(m->proof, reg));
    }
    return true;
}

const Expr *compose_scalar(const VcOperand *results, Str name)
{
    for (uint32_t i = 0; i < results->count; i++)
        if (str_eq(results->scalars[i].name, name))
            return &results->scalars[i].value;
    return NULL;
}

// The value of the `n`th result of a row that has one: alone, with flags, or the half of a pair.
const Expr *compose_result(const VcOperand *results, uint32_t n)
{
    static const char *const names[2][3] = {{"", "reg", "lo"}, {"hi", "hi", "hi"}};
    const Expr *value = NULL;
    for (uint32_t i = 0; i < 3 && !value && n < 2; i++)
        value = compose_scalar(results, str_from(names[n][i]));
    return value;
}

Expr compose_anything(ComposeMachine *m, uint32_t width)
{
    return expr_var(m->pool, STR("anything"), sort_bv(width));
}

Expr compose_any_register(ComposeMachine *m, uint32_t reg)
{
    return compose_anything(m, preg_class((PReg)reg) == REG_INT ? 64 : 128);
}

bool compose_accesses(const ComposeMachine *m, const PutInst *put)
{
    const MRow *const row = &m->c->target->rows[put->op];
    return put->mem_operand >= 0 && ((row->flags & (ROW_LOAD | ROW_STORE)) != 0 ||
                                     row->operands[put->mem_operand].kind == OPERAND_RM);
}

// Registers and flags behind a row with these results.
bool compose_write(ComposeMachine *m, const PutInst *put, const VcOperand *results)
{
    const MRow *const row = &m->c->target->rows[put->op];
    uint32_t n = 0;
    for (uint32_t k = 0; k < row->num_operands; k++) {
        if (row->operands[k].kind != OPERAND_DEF)
            continue;
        const bool is_named = row->operands[k].name[0] != '_';
        const Expr *const value = is_named ? compose_result(results, n++) : NULL;
        if (is_named && !value)
            return compose_cannot(m, "%s gives no %s", row->name, row->operands[k].name);
        if (put->regs[k] != PREG_NONE)
            m->now.regs[put->regs[k]] = value ? *value : compose_any_register(m, put->regs[k]);
    }
    for (uint32_t r = 0; r < REGS; r++)
        if ((row->clobbers & preg_bit((PReg)r)) != 0)
            m->now.regs[r] = compose_any_register(m, r);
    for (uint32_t i = 0; i < m->proof->target->num_flags; i++) {
        const Expr *const flag = compose_scalar(results, m->proof->target->flags[i]);
        if ((row->flags_use & MFLAGS_WRITE) != 0)
            m->now.flags[i] = flag ? *flag : compose_anything(m, 1);
    }
    return true;
}
