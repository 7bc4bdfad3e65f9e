// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Statements of specifications: equations that define values, conditions, effects, and the queue of
// those that wait for a width.

#include "verify/vcgen/vcgen_internal.h"

// ---- What is in them ----

static bool is_fresh(IsleSpecOp op)
{
    return op == ISLE_SPEC_OP_FRESH;
}

static bool any_below(Gen *g, const IsleSpecExpr *e, bool (*is)(IsleSpecOp op), uint32_t depth)
{
    if (e->kind == ISLE_SPEC_OP && is(e->op))
        return true;
    if (e->kind == ISLE_SPEC_WITH && is == is_fresh) // unknowns by another name
        return true;
    if (e->kind == ISLE_SPEC_MACRO_CALL && depth < 32) {
        const uint32_t index = map_get(&g->isle->macros, e->name);
        if (index != MAP_NONE &&
            any_below(g, g->isle->defs.data[index]->u.macro.body, is, depth + 1))
            return true;
    }
    for (uint32_t i = 0; i < e->num_args; i++)
        if (any_below(g, e->args[i], is, depth))
            return true;
    return false;
}

bool spec_has_fresh(Gen *g, const IsleSpecExpr *e)
{
    return any_below(g, e, is_fresh, 0);
}

bool spec_has_effect(Gen *g, const IsleSpecExpr *e)
{
    return any_below(g, e, effect_is, 0);
}

// ---- One statement ----

static void statement(Gen *g, const IsleSpecExpr *e, Env *env, CallScope *scope);

static void under(Gen *g, Expr cond, const IsleSpecExpr *e, Env *env, CallScope *scope)
{
    if (expr_is_false(g->pool, cond))
        return;
    CallScope *const inner = ARENA_NEW(g->arena, CallScope);
    *inner = *scope;
    inner->guard = expr_and(g->pool, scope->guard, cond);
    inner->conditional = true;
    statement(g, e, env, inner);
    scope->loads = inner->loads;
    // What follows in the outer scope: a trap in here ends that as well.
    if (!expr_same(inner->guard, expr_and(g->pool, scope->guard, cond)))
        scope->guard = expr_and(g->pool, scope->guard, expr_implies(g->pool, cond, inner->guard));
}

static void statement_if(Gen *g, const IsleSpecExpr *e, Env *env, CallScope *scope)
{
    const Sort boolean = sort_bool();
    const Expr cond = spec_scalar(g, e->args[0], env, &boolean);
    if (g->stop)
        return;
    if (expr_is_const(g->pool, cond, NULL)) {
        statement(g, e->args[expr_is_true(g->pool, cond) ? 1 : 2], env, scope);
        return;
    }
    const uint32_t floor = scope->floor;
    scope->floor = UINT32_MAX; // nothing is defined by what holds under a condition alone
    under(g, cond, e->args[1], env, scope);
    if (!g->stop)
        under(g, expr_not(g->pool, cond), e->args[2], env, scope);
    scope->floor = floor;
}

static void statement_choice(Gen *g, const IsleSpecExpr *e, Env *env, CallScope *scope)
{
    Arms arms;
    const bool good = spec_arms(g, e, env, &arms);
    Expr before = expr_bool(g->pool, false);
    const uint32_t floor = scope->floor;
    for (uint32_t i = 0; good && !g->stop && i < arms.count; i++) {
        const Expr here = expr_and(g->pool, expr_not(g->pool, before), arms.conds[i]);
        if (expr_is_true(g->pool, here)) {
            statement(g, arms.bodies[i], arms.envs[i], scope);
            return;
        }
        scope->floor = UINT32_MAX;
        under(g, here, arms.bodies[i], arms.envs[i], scope);
        scope->floor = floor;
        before = expr_or(g->pool, before, arms.conds[i]);
    }
}

// (= (widthof x) N) gives x its width, from either side.
static bool equate_width(Gen *g, const IsleSpecExpr *of, const IsleSpecExpr *number, Env *env)
{
    if (of->kind != ISLE_SPEC_OP || of->op != ISLE_SPEC_OP_WIDTHOF)
        return false;
    Sym *const value = spec_eval(g, of->args[0], env, NULL);
    if (!value) {
        g->stop = g->stop == STOP_BLOCKED ? STOP_NONE : g->stop;
        return false;
    }
    Sym *const cell = sym_resolve(value);
    if (cell->kind != SYM_CELL || (cell->sorted && cell->sort.width != 0))
        return false;
    uint32_t width;
    if (!spec_width(g, number, env, &width)) {
        g->stop = g->stop == STOP_BLOCKED ? STOP_NONE : g->stop;
        return false;
    }
    if (width == 0) {
        gen_stop(g, STOP_PRUNED, of->pos, "a width is 0");
        return false;
    }
    return sym_set_sort(g, cell, sort_bv(width), of->pos);
}

static const Sort *known_sort(Sym *value)
{
    Sym *const cell = sym_resolve(value);
    return cell->kind == SYM_CELL && cell->sorted && cell->sort.width != 0 ? &cell->sort : NULL;
}

// To promise (conv_to W X) is to promise the low bits: nothing is known of those above.
static void promise_low_bits(Gen *g, const IsleSpecExpr *e, Env *env, CallScope *scope)
{
    Sym *const value = spec_eval(g, e->args[0], env, NULL);
    const Expr a = value ? sym_expr(g, value, e->pos) : EXPR_NONE;
    const Expr x = g->stop ? EXPR_NONE : spec_scalar(g, e->args[1]->args[1], env, NULL);
    uint32_t width;
    if (g->stop || !spec_width(g, e->args[1]->args[0], env, &width))
        return;
    const Sort sort = expr_node(g->pool, a)->sort, part = expr_node(g->pool, x)->sort;
    if (sort.kind != SORT_BV || part.kind != SORT_BV || sort.width != width) {
        gen_stop(g, STOP_ERROR, e->pos, "an operand has the wrong sort");
        return;
    }
    const uint32_t known = part.width < width ? part.width : width;
    gen_goal(g, scope,
             expr_eq(g->pool, expr_extract(g->pool, known - 1, 0, a),
                     expr_extract(g->pool, known - 1, 0, x)),
             STR("the low bits are equal"));
}

static void statement_equal(Gen *g, const IsleSpecExpr *e, Env *env, CallScope *scope)
{
    const IsleSpecExpr *const right = e->args[1];
    if (scope->assert_mode && right->kind == ISLE_SPEC_OP && right->op == ISLE_SPEC_OP_CONV_TO) {
        promise_low_bits(g, e, env, scope);
        return;
    }
    if (equate_width(g, e->args[0], e->args[1], env) || g->stop ||
        equate_width(g, e->args[1], e->args[0], env) || g->stop)
        return;
    Sym *a = spec_eval(g, e->args[0], env, NULL), *b = NULL;
    if (!a && g->stop == STOP_BLOCKED) {
        g->stop = STOP_NONE;
        b = spec_eval(g, e->args[1], env, NULL);
        a = b ? spec_eval(g, e->args[0], env, known_sort(b)) : NULL;
    } else if (a) {
        b = spec_eval(g, e->args[1], env, known_sort(a));
    }
    if (a && b && known_sort(b) && e->args[0]->kind == ISLE_SPEC_INT)
        a = spec_eval(g, e->args[0], env, known_sort(b));
    if (a && b)
        sym_equate(g, scope, a, b, e->pos);
}

static void statement_bool(Gen *g, const IsleSpecExpr *e, Env *env, CallScope *scope)
{
    const Sort boolean = sort_bool();
    // (:field x) and plain variables: an equation with true, which may define them.
    Sym *const value = spec_eval(g, e, env, &boolean);
    if (value)
        sym_equate(g, scope, value, sym_of_expr(g, expr_bool(g->pool, true)), e->pos);
}

// (not x) of a value that nothing defines yet.
static bool statement_not(Gen *g, const IsleSpecExpr *e, Env *env, CallScope *scope)
{
    const IsleSpecExpr *const inner = e->args[0];
    if (inner->kind != ISLE_SPEC_VAR && inner->kind != ISLE_SPEC_FIELD)
        return false;
    Sym *const value = spec_eval(g, inner, env, NULL);
    if (value)
        sym_equate(g, scope, value, sym_of_expr(g, expr_bool(g->pool, false)), e->pos);
    return true;
}

static void statement_op(Gen *g, const IsleSpecExpr *e, Env *env, CallScope *scope)
{
    if (e->op == ISLE_SPEC_OP_AND) {
        for (uint32_t i = 0; i < e->num_args && !g->stop; i++)
            statement(g, e->args[i], env, scope);
    } else if (e->op == ISLE_SPEC_OP_EQ) {
        statement_equal(g, e, env, scope);
    } else if (effect_is(e->op) && e->op != ISLE_SPEC_OP_LOAD) {
        effect_happen(g, e, env, scope);
    } else if (e->op != ISLE_SPEC_OP_NOT || !statement_not(g, e, env, scope)) {
        statement_bool(g, e, env, scope);
    }
}

// A let around statements: what it loads is loaded there, before anything in it happens.
static void statement_let(Gen *g, const IsleSpecExpr *e, Env *env, CallScope *scope)
{
    for (uint32_t i = 0; i < e->num_names; i++) {
        env = env_thunk(g, env, e->names[i].sym, e->args[i], env);
        if (spec_has_effect(g, e->args[i]))
            env->value = spec_eval(g, e->args[i], env->scope, NULL);
        if (g->stop)
            return;
    }
    statement(g, e->args[e->num_names], env, scope);
}

static void statement(Gen *g, const IsleSpecExpr *e, Env *env, CallScope *scope)
{
    Env *inner;
    const IsleSpecExpr *body;
    CallScope *const outer = g->scope;
    g->scope = scope;
    switch ((int)e->kind) {
    case ISLE_SPEC_OP: statement_op(g, e, env, scope); break;
    case ISLE_SPEC_LET: statement_let(g, e, env, scope); break;
    case ISLE_SPEC_WITH: statement(g, e->args[0], spec_with_scope(g, e, env), scope); break;
    case ISLE_SPEC_IF: statement_if(g, e, env, scope); break;
    case ISLE_SPEC_SWITCH:
    case ISLE_SPEC_MATCH: statement_choice(g, e, env, scope); break;
    case ISLE_SPEC_MACRO_CALL:
        body = spec_macro(g, e, env, &inner);
        if (body)
            statement(g, body, inner, scope);
        break;
    default: statement_bool(g, e, env, scope);
    }
    g->scope = outer;
}

// ---- The queue ----

// One statement, or its return to the queue. A statement that has done a part of its work when it
// is stopped does that part again, so those with effects must not: they are told apart before.
static bool try_statement(Gen *g, const Waiting *w)
{
    const uint32_t events = w->scope->events ? w->scope->events->list.len : 0;
    statement(g, w->expr, w->env, w->scope);
    if (g->stop != STOP_BLOCKED)
        return true;
    if (w->scope->events && w->scope->events->list.len != events) {
        gen_stop(g, STOP_ERROR, w->expr->pos, "an effect's width is open");
        return true;
    }
    g->stop = STOP_NONE;
    return false;
}

// Conjuncts are statements of their own, so that one may wait alone.
static void enqueue(Gen *g, const IsleSpecExpr *e, Env *env, CallScope *scope)
{
    if (e->kind == ISLE_SPEC_OP && e->op == ISLE_SPEC_OP_AND) {
        for (uint32_t i = 0; i < e->num_args && !g->stop; i++)
            enqueue(g, e->args[i], env, scope);
        return;
    }
    Env *inner;
    if (e->kind == ISLE_SPEC_MACRO_CALL) {
        const IsleSpecExpr *const body = spec_macro(g, e, env, &inner);
        if (body)
            enqueue(g, body, inner, scope);
        return;
    }
    const Waiting w = {e, env, scope};
    const bool effect = spec_has_effect(g, e);
    // Statements with effects keep their order, and so do those behind a trap.
    if (!(scope->waits && effect) && try_statement(g, &w))
        return;
    scope->waits = scope->waits || effect;
    VEC_PUSH(g->arena, &g->waiting, w);
}

void spec_statements(Gen *g, const IsleClause *clause, Env *env, CallScope *scope)
{
    for (uint32_t i = 0; i < clause->num_exprs && !g->stop; i++)
        enqueue(g, clause->exprs[i], env, scope);
}

void spec_drain(Gen *g)
{
    for (bool progress = true; progress && !g->stop && g->waiting.len != 0;) {
        progress = false;
        uint32_t kept = 0;
        const uint32_t count = g->waiting.len;
        for (uint32_t i = 0; i < count; i++)
            g->waiting.data[i].scope->waits = false;
        for (uint32_t i = 0; i < count; i++) {
            const Waiting w = g->waiting.data[i];
            const bool effect = spec_has_effect(g, w.expr);
            const bool may = !g->stop && !(effect && w.scope->waits);
            if (may && try_statement(g, &w)) {
                progress = true;
                continue;
            }
            w.scope->waits = w.scope->waits || effect;
            g->waiting.data[kept++] = w;
        }
        g->waiting.len = kept;
    }
}
