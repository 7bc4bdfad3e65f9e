// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a run notes: why it ends, what is assumed, what is to be proved. What a call requires is
// proved in the order of the calls: from what it does not provide itself, nor any call behind it,
// or a rule that leaves a condition out would be right as soon as the helper's meaning implies it.

#include "verify/vcgen/vcgen_internal.h"

// ---- Notes of a run ----

Sym *gen_stop(Gen *g, Stop stop, IslePos pos, const char *format, ...)
{
    if (g->stop != STOP_NONE)
        return NULL;
    va_list args;
    va_start(args, format);
    StrBuf text = {.arena = g->arena};
    buf_vprintf(&text, format, args);
    va_end(args);
    g->stop = stop;
    g->stop_pos = pos;
    g->vc->message = buf_view(&text);
    return NULL;
}

// Whether a condition is about values alone that were there before the call, and new. Widths and
// kinds of types are found out by all calls together.
static bool is_of_others(Gen *g, const CallScope *scope, Expr e)
{
    Bitset parts = bitset_new(g->arena, g->pool->nodes.len);
    expr_reach(g->pool, e, &parts);
    bool values = false;
    for (uint32_t i = 0; i < parts.size; i++) {
        const ExprNode *const node = expr_node(g->pool, (Expr){i});
        if (!bitset_has(&parts, i) || node->op != EXPR_VAR)
            continue;
        const Sym *const cell = sym_of_var(g, (Expr){i});
        if (cell ? cell->serial >= scope->since : i >= scope->nodes)
            return false;
        values = values || (node->sort.kind != SORT_INT && !(cell && cell->of_type));
    }
    for (uint32_t i = 0; i < g->vc->assumptions.len && values; i++)
        values = !expr_same(g->vc->assumptions.data[i], e);
    return values;
}

void gen_assume(Gen *g, const CallScope *scope, Expr e)
{
    // What a constructor says of its operands nobody has promised: to assume it would be to look
    // away where it is not so.
    if (scope && scope->is_total && !expr_is_true(g->pool, e) && is_of_others(g, scope, e)) {
        gen_goal(g, scope, e, STR("what it provides holds for all operands"));
        return;
    }
    if (scope)
        e = expr_implies(g->pool, scope->guard, e);
    if (expr_is_true(g->pool, e))
        return;
    const uint32_t at = g->vc->assumptions.len;
    VEC_PUSH(g->arena, &g->vc->assumptions, e);
    if (scope && scope->needs)
        VEC_PUSH(g->arena, &g->guarded, ((Guarded){at, scope->needs}));
    else if (expr_is_false(g->pool, e) && !g->no_fork)
        gen_stop(g, STOP_PRUNED, (IslePos){0}, "the conditions contradict each other");
    else if (expr_is_false(g->pool, e))
        gen_stop(g, STOP_PRUNED, (IslePos){0}, "the other rule does not match");
}

static Str promise_name(Gen *g, const CallScope *scope, Str what)
{
    return str_printf(g->arena, "%.*s: %.*s",
                      STR_ARG(isle_str(g->isle, g->isle->terms.data[scope->term].name)),
                      STR_ARG(what));
}

void gen_goal(Gen *g, const CallScope *scope, Expr e, Str what)
{
    if (scope && scope == g->promised)
        return;
    if (scope && scope->assert_mode && scope->needs) {
        e = expr_implies(g->pool, scope->guard, e);
        if (!expr_is_true(g->pool, e))
            VEC_PUSH(g->arena, &scope->needs->wanted, ((VcGoal){e, promise_name(g, scope, what)}));
        return;
    }
    if (scope) { // what comes after a trap does not matter
        e = expr_implies(g->pool, expr_and(g->pool, g->alive, scope->guard), e);
        what = promise_name(g, scope, what);
    }
    if (!expr_is_true(g->pool, e))
        VEC_PUSH(g->arena, &g->vc->goals, ((VcGoal){e, what}));
}

// Nothing is left of what the call and those behind it provide.
static void forget_from(Gen *g, uint32_t order)
{
    for (uint32_t i = 0; i < g->guarded.len; i++)
        if (g->guarded.data[i].needs->order >= order)
            g->vc->assumptions.data[g->guarded.data[i].assumption] = expr_bool(g->pool, true);
}

static void assume_needs(Gen *g, const Needs *needs)
{
    for (uint32_t i = 0; i < needs->wanted.len; i++)
        VEC_PUSH(g->arena, &g->vc->assumptions, needs->wanted.data[i].expr);
}

static void note_met(Gen *g, const Needs *needs)
{
    for (uint32_t i = 0; i < needs->wanted.len; i++)
        VEC_PUSH(g->arena, &g->vc->met, needs->wanted.data[i].expr);
}

// Sorts out the calls that require something: those of which something is provided, by them or
// behind them, come first. How many these are; what others require are goals like all.
static uint32_t count_cases_of_needs(Gen *g)
{
    uint32_t last = 0, count = 0;
    for (uint32_t i = 0; i < g->guarded.len; i++)
        if (g->guarded.data[i].needs->order >= last)
            last = g->guarded.data[i].needs->order + 1;
    for (uint32_t i = 0; i < g->needs.len; i++) {
        Needs *const needs = g->needs.data[i];
        if (needs->wanted.len != 0 && needs->order < last)
            g->needs.data[count++] = needs;
        for (uint32_t k = 0; k < needs->wanted.len && needs->order >= last; k++)
            VEC_PUSH(g->arena, &g->vc->goals, needs->wanted.data[k]);
    }
    return count;
}

void gen_choose_needs(Gen *g)
{
    Vc *const vc = g->vc;
    const uint32_t count = count_cases_of_needs(g), chosen = gen_choose(g, count + 1);
    for (uint32_t i = 0; i < count && chosen == 0; i++)
        note_met(g, g->needs.data[i]);
    if (chosen == 0)
        return;
    const Needs *const one = g->needs.data[chosen - 1];
    forget_from(g, one->order);
    for (uint32_t i = 0; i + 1 < chosen; i++)
        assume_needs(g, g->needs.data[i]);
    vc->unmet = true;
    vc->goals.len = 0;
    for (uint32_t i = 0; i < one->wanted.len; i++)
        VEC_PUSH(g->arena, &vc->goals, one->wanted.data[i]);
    buf_printf(&g->types, "%swhat %.*s requires", g->types.len ? ", " : "",
               STR_ARG(isle_str(g->isle, g->isle->terms.data[one->term].name)));
}

void gen_join_needs(Gen *g)
{
    for (uint32_t i = 0; i < g->guarded.len; i++) {
        const Needs *const needs = g->guarded.data[i].needs;
        Expr *const e = &g->vc->assumptions.data[g->guarded.data[i].assumption];
        for (uint32_t k = 0; k < needs->wanted.len; k++)
            *e = expr_or(g->pool, *e, expr_not(g->pool, needs->wanted.data[k].expr));
    }
    for (uint32_t i = 0; i < g->needs.len; i++)
        for (uint32_t k = 0; k < g->needs.data[i]->wanted.len; k++)
            VEC_PUSH(g->arena, &g->vc->goals, g->needs.data[i]->wanted.data[k]);
    g->guarded.len = g->needs.len = 0;
}
