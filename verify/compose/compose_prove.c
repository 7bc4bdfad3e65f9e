// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether the goals of a case hold. Most do as both sides are one node; the solver is asked about
// the rest. Its model is shown only after everything has been evaluated with it.

#include "verify/compose/compose_internal.h"
#include "verify/eval/eval.h"

#define BUDGET UINT64_C(4000000)

typedef struct Values {
    const ComposeProof *proof;
    Eval eval;
} Values;

static bool evaluates_to(Values *v, Expr e, bool want)
{
    ExprValue value;
    return eval_get(&v->eval, e, &value) && (value.bits.w[0] != 0) == want;
}

// The first goal that does not hold, NULL: none, or the model is none.
static const ComposeGoal *failing_goal(Values *v)
{
    const Vc *const vc = &v->proof->vc;
    for (uint32_t i = 0; i < vc->assumptions.len; i++)
        if (!evaluates_to(v, vc->assumptions.data[i], true))
            return NULL;
    for (uint32_t i = 0; i < vc->goals.len; i++)
        if (evaluates_to(v, vc->goals.data[i].expr, false))
            return &v->proof->goals.data[i];
    return NULL;
}

static void print_value(Values *v, Expr e, StrBuf *out)
{
    ExprValue value;
    if (eval_get(&v->eval, e, &value))
        expr_value_print(&value, out);
    else
        buf_puts(out, "?");
}

// The registers and flags before that something depends on.
static void print_initial(Values *v, const Bitset *seen, StrBuf *out)
{
    const ComposeProof *const p = v->proof;
    const ComposeTarget *const t = p->target;
    buf_puts(out, "  before:");
    for (uint32_t r = 0; r < REGS; r++) {
        const Expr e = p->initial.regs[r];
        if (expr_same(e, EXPR_NONE) || !bitset_has(seen, e.index))
            continue;
        buf_printf(out,
                   " %s = ", t->target->reg_name((PReg)r, preg_class((PReg)r) == REG_INT ? 8 : 16));
        print_value(v, e, out);
    }
    for (uint32_t i = 0; i < t->num_flags; i++) {
        if (!bitset_has(seen, p->initial.flags[i].index))
            continue;
        buf_printf(out, " %.*s = ", STR_ARG(t->flags[i]));
        print_value(v, p->initial.flags[i], out);
    }
    buf_char(out, '\n');
}

static void print_failure(Values *v, const ComposeGoal *goal, StrBuf *out)
{
    const ComposeProof *const p = v->proof;
    Bitset seen = bitset_new(p->arena, p->vc.pool->nodes.len);
    expr_reach(p->vc.pool, p->vc.goals.data[goal - p->goals.data].expr, &seen);
    print_initial(v, &seen, out);
    buf_printf(out, "  not so: %.*s", STR_ARG(goal->what));
    if (!expr_same(goal->is, EXPR_NONE)) {
        buf_puts(out, ", which is ");
        print_value(v, goal->meant, out);
        buf_puts(out, ": it is ");
        print_value(v, goal->is, out);
    }
    buf_char(out, '\n');
}

// The solver's values, as far as they are some.
static bool replay(const ComposeProof *p, const SmtResult *model, bool negative_nans, StrBuf *out)
{
    Values v = {.proof = p};
    eval_begin(&v.eval, p->vc.pool, p->arena);
    v.eval.negative_nans = negative_nans;
    for (uint32_t i = 0; i < model->num_model; i++)
        if (expr_node(p->vc.pool, (Expr){i})->op == EXPR_VAR)
            eval_set(&v.eval, (Expr){i}, &model->model[i]);
    const ComposeGoal *const goal = failing_goal(&v);
    if (goal)
        print_failure(&v, goal, out);
    return goal != NULL;
}

// ---- Equations ----

static bool occurs(const ExprPool *pool, Expr var, Expr in, Arena *arena)
{
    Bitset seen = bitset_new(arena, pool->nodes.len);
    expr_reach(pool, in, &seen);
    return bitset_has(&seen, var.index);
}

// Whether an assumption says what a variable is.
static bool as_definition(const ExprPool *pool, Expr e, Arena *arena, Expr *var, Expr *value)
{
    const ExprNode *const node = expr_node(pool, e);
    for (uint32_t i = 0; node->op == EXPR_EQ && i < 2; i++) {
        *var = node->args[i];
        *value = node->args[1 - i];
        if (expr_node(pool, *var)->op == EXPR_VAR && !occurs(pool, *var, *value, arena))
            return true;
    }
    return false;
}

// ---- By bits ----

static bool is_bit(const ExprPool *pool, Expr e)
{
    const Sort sort = expr_node(pool, e)->sort;
    return !expr_is_const(pool, e, NULL) && (sort.kind == SORT_BOOL || sort.width == 1);
}

// A bit in `e` that is not made of bits: a flag, one of a register, a comparison. EXPR_NONE: none.
static Expr find_bit(const ExprPool *pool, Expr e, Arena *arena)
{
    Bitset seen = bitset_new(arena, pool->nodes.len);
    expr_reach(pool, e, &seen);
    for (uint32_t i = 0; i <= e.index; i++) {
        const ExprNode *const node = expr_node(pool, (Expr){i});
        bool is_made = !bitset_has(&seen, i) || !is_bit(pool, (Expr){i});
        for (uint32_t a = 0; a < node->num_args && !is_made; a++)
            is_made = is_bit(pool, node->args[a]);
        if (!is_made)
            return (Expr){i};
    }
    return EXPR_NONE;
}

// `e` where a bit in it has a value. That two things are equal says what a variable is.
static Expr with_bit(ExprPool *pool, Expr e, Expr bit, bool value, Arena *arena)
{
    const ExprValue constant = {expr_node(pool, bit)->sort, wide_from_u64(value)};
    Expr var, other;
    const bool defines = value && as_definition(pool, bit, arena, &var, &other);
    const uint32_t count = (defines && var.index > bit.index ? var.index : bit.index) + 1;
    Expr *const by = ARENA_ARRAY(arena, Expr, count);
    for (uint32_t i = 0; i < count; i++)
        by[i] = EXPR_NONE;
    by[bit.index] = expr_const(pool, &constant);
    if (defines)
        by[var.index] = other;
    expr_substitute(pool, by, count, &e, 1);
    return e;
}

// `e` with equations of joined halves as two.
static Expr halved(ExprPool *pool, Expr e)
{
    const ExprNode n = *expr_node(pool, e);
    if (n.op == EXPR_AND || n.op == EXPR_OR)
        return expr_2(pool, n.op, halved(pool, n.args[0]), halved(pool, n.args[1]));
    for (uint32_t i = 0; n.op == EXPR_EQ && i < 2; i++) {
        const ExprNode join = *expr_node(pool, n.args[i]);
        if (join.op != EXPR_CONCAT)
            continue;
        const uint32_t split = expr_node(pool, join.args[1])->sort.width;
        const Expr other = n.args[1 - i];
        const Expr high = expr_extract(pool, join.sort.width - 1, split, other);
        const Expr low = expr_extract(pool, split - 1, 0, other);
        return expr_and(pool, halved(pool, expr_eq(pool, join.args[0], high)),
                        halved(pool, expr_eq(pool, join.args[1], low)));
    }
    return e;
}

// Whether `e` is true for all values of `most` bits in it, by trying them. Conditions of branches
// are like that, and there are too many cases of them to ask the solver about each.
static bool holds_by_bits(ExprPool *pool, Expr e, uint32_t most, Arena *arena)
{
    e = halved(pool, e);
    if (expr_is_true(pool, e))
        return true;
    const Expr bit = most == 0 ? EXPR_NONE : find_bit(pool, e, arena);
    return !expr_same(bit, EXPR_NONE) &&
           holds_by_bits(pool, with_bit(pool, e, bit, false, arena), most - 1, arena) &&
           holds_by_bits(pool, with_bit(pool, e, bit, true, arena), most - 1, arena);
}

enum { BITS_MOST = 6 };

// ---- Assumptions ----

static void substitute(ComposeProof *p, Expr var, Expr value)
{
    VEC(Expr *) places = {0};
    for (uint32_t i = 0; i < p->vc.assumptions.len; i++)
        VEC_PUSH(p->arena, &places, &p->vc.assumptions.data[i]);
    for (uint32_t i = 0; i < p->vc.goals.len; i++) {
        VEC_PUSH(p->arena, &places, &p->vc.goals.data[i].expr);
        if (expr_same(p->goals.data[i].is, EXPR_NONE))
            continue;
        VEC_PUSH(p->arena, &places, &p->goals.data[i].meant);
        VEC_PUSH(p->arena, &places, &p->goals.data[i].is);
    }
    Expr *const by = ARENA_ARRAY(p->arena, Expr, var.index + 1);
    Expr *const flat = ARENA_ARRAY(p->arena, Expr, places.len + 1);
    for (uint32_t i = 0; i < var.index; i++)
        by[i] = EXPR_NONE;
    by[var.index] = value;
    for (uint32_t i = 0; i < places.len; i++)
        flat[i] = *places.data[i];
    expr_substitute(p->vc.pool, by, var.index + 1, flat, places.len);
    for (uint32_t i = 0; i < places.len; i++)
        *places.data[i] = flat[i];
}

// What both sides read is one variable then, and what is left open what it is.
static void use_equations(ComposeProof *p)
{
    Expr var, value;
    for (uint32_t i = 0; i < p->vc.assumptions.len; i++)
        if (as_definition(p->vc.pool, p->vc.assumptions.data[i], p->arena, &var, &value))
            substitute(p, var, value);
    for (uint32_t i = 0; i < p->vc.assumptions.len; i++) {
        var = p->vc.assumptions.data[i];
        if (expr_node(p->vc.pool, var)->op == EXPR_VAR)
            substitute(p, var, expr_bool(p->vc.pool, true));
    }
}

// `e` with `a - b = 0` as `a = b`, as the other comparisons are.
static Expr without_differences(ExprPool *pool, Expr e, Arena *arena)
{
    const uint32_t count = e.index + 1;
    Bitset seen = bitset_new(arena, pool->nodes.len);
    Expr *const by = ARENA_ARRAY(arena, Expr, count);
    expr_reach(pool, e, &seen);
    for (uint32_t i = 0; i < count; i++) {
        const ExprNode n = *expr_node(pool, (Expr){i});
        by[i] = EXPR_NONE;
        for (uint32_t a = 0; bitset_has(&seen, i) && n.op == EXPR_EQ && a < 2; a++) {
            const ExprNode difference = *expr_node(pool, n.args[a]);
            ExprValue zero;
            if (difference.op == EXPR_BVSUB && expr_is_const(pool, n.args[1 - a], &zero) &&
                wide_is_zero(&zero.bits))
                by[i] = expr_eq(pool, difference.args[0], difference.args[1]);
        }
    }
    expr_substitute(pool, by, count, &e, 1);
    return e;
}

// Whether the assumptions hold for some values: else everything follows from them.
static bool can_be(const ComposeProof *p, LedgerCache *cache, const LedgerAsk *how)
{
    LedgerAsk without = *how;
    without.count--;
    return without.count == 0 ||
           ledger_ask(cache, p->vc.pool, &without, p->arena).verdict == SMT_SAT;
}

ComposeVerdict compose_prove(ComposeProof *p, LedgerCache *cache, uint64_t budget, bool *asked,
                             StrBuf *detail)
{
    ExprPool *const pool = p->vc.pool;
    Expr all = expr_bool(pool, true);
    VEC(Expr) conditions = {0};
    *asked = false;
    use_equations(p);
    for (uint32_t i = 0; i < p->vc.goals.len; i++)
        all = expr_and(pool, all, p->vc.goals.data[i].expr);
    if (holds_by_bits(pool, without_differences(pool, all, p->arena), BITS_MOST, p->arena))
        return COMPOSE_PROVED;
    *asked = true;
    for (uint32_t i = 0; i < p->vc.assumptions.len; i++)
        if (!expr_is_true(pool, p->vc.assumptions.data[i]))
            VEC_PUSH(p->arena, &conditions, p->vc.assumptions.data[i]);
    VEC_PUSH(p->arena, &conditions, expr_not(pool, all));
    const LedgerAsk how = {.conditions = conditions.data,
                           .count = conditions.len,
                           .budget = budget != 0 ? budget : BUDGET};
    const SmtResult result = ledger_ask(cache, pool, &how, p->arena);
    if (result.verdict == SMT_UNSAT && can_be(p, cache, &how))
        return COMPOSE_PROVED;
    if (result.verdict == SMT_SAT &&
        (replay(p, &result, false, detail) || replay(p, &result, true, detail)))
        return COMPOSE_FAILED;
    buf_puts(detail, result.verdict == SMT_SAT     ? "  the solver's model is none\n"
                     : result.verdict == SMT_UNSAT ? "  what is assumed contradicts itself\n"
                                                   : "  the solver gave up\n");
    return COMPOSE_UNKNOWN;
}
