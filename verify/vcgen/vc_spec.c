// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expressions and statements of specifications, evaluated with the widths at hand.

#include "verify/vcgen/vcgen_internal.h"

// ---- Scopes ----

Env *env_bind(Gen *g, Env *next, IsleSym name, Sym *value)
{
    Env *const env = ARENA_NEW(g->arena, Env);
    *env = (Env){.name = name, .value = value, .next = next};
    return env;
}

Env *env_thunk(Gen *g, Env *next, IsleSym name, const IsleSpecExpr *expr, Env *scope)
{
    Env *const env = ARENA_NEW(g->arena, Env);
    *env =
        (Env){.name = name, .expr = expr, .scope = scope, .condition = g->condition, .next = next};
    return env;
}

static Env *env_find(Env *env, IsleSym name)
{
    while (env && env->name != name)
        env = env->next;
    return env;
}

static Sym *eval_state(Gen *g, const IsleSpecExpr *e)
{
    const uint32_t index = map_get(&g->isle->states, e->name);
    if (index == MAP_NONE)
        return gen_stop(g, STOP_ERROR, e->pos, "`%.*s` has no value here",
                        STR_ARG(isle_str(g->isle, e->name)));
    if (!g->states[index])
        g->states[index] =
            sym_of_model(g, g->isle->defs.data[index]->u.state.type, isle_str(g->isle, e->name));
    return g->states[index];
}

static Sym *eval_var(Gen *g, const IsleSpecExpr *e, Env *env, const Sort *want)
{
    Env *const found = env_find(env, e->name);
    if (!found)
        return eval_state(g, e);
    if (!found->value) {
        const Expr outer = g->condition;
        g->condition = found->condition;
        Sym *const value = spec_eval(g, found->expr, found->scope, want);
        g->condition = outer;
        // A number takes the sort that each place wants.
        if (!value || found->expr->kind == ISLE_SPEC_INT)
            return value;
        found->value = value;
    }
    return found->value;
}

// ---- Leaves ----

static Sym *eval_int(Gen *g, const IsleSpecExpr *e, const Sort *want)
{
    const int128 magnitude = (int128)e->value.magnitude;
    const int128 value = e->value.negative ? -magnitude : magnitude;
    if (!want || want->kind != SORT_BV || want->width == 0)
        return sym_of_expr(g, expr_int(g->pool, value));
    const ExprValue bits = {*want, wide_from_int(value)};
    return sym_of_expr(g, expr_const(g->pool, &bits));
}

static Sym *eval_bits(Gen *g, const IsleSpecExpr *e)
{
    const uint128 x = e->value.magnitude;
    const ExprValue bits = {sort_bv(e->width), {{(uint64_t)x, (uint64_t)(x >> 64)}}};
    return sym_of_expr(g, expr_const(g->pool, &bits));
}

// ---- Binders ----

static Env *let_scope(Gen *g, const IsleSpecExpr *e, Env *env)
{
    for (uint32_t i = 0; i < e->num_names; i++)
        env = env_thunk(g, env, e->names[i].sym, e->args[i], env);
    return env;
}

static Env *with_scope(Gen *g, const IsleSpecExpr *e, Env *env)
{
    for (uint32_t i = 0; i < e->num_names; i++)
        env = env_bind(g, env, e->names[i].sym, sym_cell(g, isle_str(g->isle, e->names[i].sym)));
    return env;
}

const IsleSpecExpr *spec_macro(Gen *g, const IsleSpecExpr *call, Env *env, Env **inner)
{
    const IsleIdent *params = NULL;
    const IsleSpecExpr *body = NULL;
    uint32_t num_params = 0;
    *inner = NULL;
    const uint32_t index = map_get(&g->isle->macros, call->name);
    if (index != MAP_NONE) {
        const IsleDef *const def = g->isle->defs.data[index];
        params = def->u.macro.params;
        num_params = def->u.macro.num_params;
        body = def->u.macro.body;
    } else {
        const IsleSpecExpr name = {.kind = ISLE_SPEC_VAR, .name = call->name, .pos = call->pos};
        Sym *const macro = eval_var(g, &name, env, NULL);
        if (!macro)
            return NULL;
        if (macro->kind != SYM_MACRO) {
            gen_stop(g, STOP_ERROR, call->pos, "a macro is wanted here");
            return NULL;
        }
        params = macro->lambda->names;
        num_params = macro->lambda->num_names;
        body = macro->lambda->args[0];
        *inner = macro->env;
    }
    if (num_params != call->num_args) {
        gen_stop(g, STOP_ERROR, call->pos, "the macro takes %u arguments, found %u", num_params,
                 call->num_args);
        return NULL;
    }
    for (uint32_t i = 0; i < num_params; i++)
        *inner = env_thunk(g, *inner, params[i].sym, call->args[i], env);
    return body;
}

static Sym *eval_lambda(Gen *g, const IsleSpecExpr *e, Env *env)
{
    Sym *const sym = sym_cell(g, (Str){0});
    sym->kind = SYM_MACRO;
    sym->lambda = e;
    sym->env = env;
    return sym;
}

// ---- Choices ----

// The value of an arm, whose effects happen under `cond` alone.
static Sym *eval_arm(Gen *g, Expr cond, const IsleSpecExpr *e, Env *env, const Sort *want)
{
    const Expr outer = g->condition;
    g->condition = expr_and(g->pool, outer, cond);
    Sym *const value = spec_eval(g, e, env, want);
    g->condition = outer;
    return value;
}

static Sym *eval_if(Gen *g, const IsleSpecExpr *e, Env *env, const Sort *want)
{
    const Sort boolean = sort_bool();
    const Expr cond = spec_scalar(g, e->args[0], env, &boolean);
    if (g->stop)
        return NULL;
    if (expr_is_const(g->pool, cond, NULL))
        return spec_eval(g, e->args[expr_is_true(g->pool, cond) ? 1 : 2], env, want);
    Sym *a = eval_arm(g, cond, e->args[1], env, want);
    if (!a && g->stop != STOP_BLOCKED)
        return NULL;
    const bool retry = !a;
    g->stop = STOP_NONE;
    Sort sort = {0};
    if (a && sym_resolve(a)->kind == SYM_CELL && sym_resolve(a)->sorted) {
        sort = sym_resolve(a)->sort;
        want = &sort;
    }
    Sym *const b = eval_arm(g, expr_not(g->pool, cond), e->args[2], env, want);
    if (b && retry && sym_resolve(b)->kind == SYM_CELL)
        a = eval_arm(g, cond, e->args[1], env, &sym_resolve(b)->sort);
    return a && b ? sym_merge(g, cond, a, b, e->pos) : NULL;
}

// A value that nothing is known of, of the sort of `like`.
static Sym *unknown_like(Gen *g, Sym *like, IslePos pos)
{
    like = sym_resolve(like);
    if (like->kind == SYM_STRUCT) {
        Sym *const out = ARENA_NEW(g->arena, Sym);
        *out = *like;
        out->fields = ARENA_ARRAY(g->arena, Sym *, like->num_fields);
        for (uint32_t i = 0; i < like->num_fields; i++)
            if (!(out->fields[i] = unknown_like(g, like->fields[i], pos)))
                return NULL;
        return out;
    }
    if (like->kind != SYM_CELL || !like->sorted)
        return gen_stop(g, STOP_BLOCKED, pos, "the sort of a value is open");
    Sym *const out = sym_of_sort(g, like->sort, STR("unspecified"));
    return g->stop ? NULL : out;
}

// Arms tried in order: conditions in `conds`, each a scalar of its own.
typedef struct Arms {
    Expr conds[64];
    const IsleSpecExpr *bodies[64];
    Env *envs[64];
    uint32_t count;
} Arms;

static Sym *eval_arms(Gen *g, const Arms *arms, const Sort *want, IslePos pos)
{
    Sym *values[64];
    Expr before = expr_bool(g->pool, false);
    Sort sort;
    uint32_t count = 0;
    for (uint32_t i = 0; i < arms->count; i++) {
        if (expr_is_false(g->pool, arms->conds[i]))
            continue;
        const Expr here = expr_and(g->pool, expr_not(g->pool, before), arms->conds[i]);
        values[i] = eval_arm(g, here, arms->bodies[i], arms->envs[i], want);
        if (!values[i])
            return NULL;
        const Sym *const value = sym_resolve(values[i]);
        if (value->kind == SYM_CELL && value->sorted) {
            sort = value->sort;
            want = &sort;
        }
        before = expr_or(g->pool, before, arms->conds[i]);
        count = i + 1;
        if (expr_is_true(g->pool, arms->conds[i]))
            break;
    }
    if (count == 0)
        return gen_stop(g, STOP_ERROR, pos, "no arm applies");
    Sym *out = expr_is_true(g->pool, arms->conds[count - 1]) ? values[count - 1] : NULL;
    if (!out && !(out = unknown_like(g, values[count - 1], pos)))
        return NULL;
    for (uint32_t i = count; i-- > 0 && out;)
        if (!expr_is_false(g->pool, arms->conds[i]))
            out = sym_merge(g, arms->conds[i], values[i], out, pos);
    return out;
}

static bool switch_arms(Gen *g, const IsleSpecExpr *e, Env *env, Arms *arms)
{
    Sym *const operand = spec_eval(g, e->args[0], env, NULL);
    if (!operand)
        return false;
    Sym *const cell = sym_resolve(operand);
    const Sort *const sort = cell->kind == SYM_CELL && cell->sorted ? &cell->sort : NULL;
    arms->count = 0;
    for (uint32_t i = 1; i + 1 < e->num_args; i += 2) {
        Sym *const key = spec_eval(g, e->args[i], env, sort);
        if (!key)
            return false;
        if (arms->count == 64) {
            gen_stop(g, STOP_ERROR, e->pos, "more than 64 arms");
            return false;
        }
        arms->conds[arms->count] = sym_equal(g, operand, key, e->args[i]->pos);
        if (g->stop)
            return false;
        arms->bodies[arms->count] = e->args[i + 1];
        arms->envs[arms->count++] = env;
    }
    return true;
}

static int64_t find_variant(const Gen *g, IsleTypeId type, IsleSym name)
{
    const IsleType *const t = &g->isle->types.data[type];
    for (uint32_t v = 0; v < t->num_variants; v++)
        if (t->variants[v].name == name)
            return v;
    return -1;
}

// The enum that `e` is, evaluated.
static Sym *eval_enum(Gen *g, const IsleSpecExpr *e, Env *env)
{
    Sym *const sym = spec_eval(g, e, env, NULL);
    if (!sym)
        return NULL;
    Sym *const value = sym_resolve(sym);
    if (value->kind == SYM_ENUM)
        return value;
    const bool open = value->kind == SYM_CELL && !value->sorted;
    return gen_stop(g, open ? STOP_BLOCKED : STOP_ERROR, e->pos, "an enum is wanted here");
}

static bool match_arms(Gen *g, const IsleSpecExpr *e, Env *env, Arms *arms)
{
    Sym *const value = eval_enum(g, e->args[0], env);
    arms->count = 0;
    for (uint32_t i = 0; value && i < e->num_arms; i++) {
        const IsleSpecArm *const arm = &e->arms[i];
        const int64_t v = find_variant(g, value->type, arm->variant.sym);
        Sym *const fields = v < 0 ? NULL : sym_variant(g, value, (uint32_t)v);
        if (!fields || fields->num_fields != arm->num_vars || arms->count == 64) {
            if (!g->stop)
                gen_stop(g, STOP_ERROR, arm->variant.pos, "the arm does not fit the enum");
            return false;
        }
        Env *inner = env;
        for (uint32_t f = 0; f < arm->num_vars; f++)
            inner = env_bind(g, inner, arm->vars[f].sym, fields->fields[f]);
        const Expr tag = sym_expr(g, value->tag, e->pos);
        arms->conds[arms->count] = expr_eq(g->pool, tag, expr_bv(g->pool, 32, (uint64_t)v));
        arms->bodies[arms->count] = e->args[i + 1];
        arms->envs[arms->count++] = inner;
    }
    return value != NULL;
}

static Sym *eval_choice(Gen *g, const IsleSpecExpr *e, Env *env, const Sort *want)
{
    Arms arms;
    const bool good =
        e->kind == ISLE_SPEC_SWITCH ? switch_arms(g, e, env, &arms) : match_arms(g, e, env, &arms);
    return good ? eval_arms(g, &arms, want, e->pos) : NULL;
}

static Sym *eval_discriminator(Gen *g, const IsleSpecExpr *e, Env *env)
{
    Sym *const value = eval_enum(g, e->args[0], env);
    if (!value)
        return NULL;
    const int64_t v = find_variant(g, value->type, e->name);
    if (v < 0)
        return gen_stop(g, STOP_ERROR, e->pos, "the enum has no such variant");
    const Expr tag = sym_expr(g, value->tag, e->pos);
    return sym_of_expr(g, expr_eq(g->pool, tag, expr_bv(g->pool, 32, (uint64_t)v)));
}

// ---- Structs and variants ----

static Sym *eval_struct(Gen *g, const IsleSpecExpr *e, Env *env)
{
    IsleSym *const names = ARENA_ARRAY(g->arena, IsleSym, e->num_names);
    Sym *const out = sym_cell(g, (Str){0});
    out->kind = SYM_STRUCT;
    out->fields = ARENA_ARRAY(g->arena, Sym *, e->num_names);
    out->num_fields = e->num_names;
    for (uint32_t i = 0; i < e->num_names; i++) {
        names[i] = e->names[i].sym;
        out->fields[i] = spec_eval(g, e->args[i], env, NULL);
        if (!out->fields[i])
            return NULL;
    }
    out->names = names;
    return out;
}

static Sym *eval_variant(Gen *g, const IsleSpecExpr *e, Env *env)
{
    const IsleTermId id = isle_find_term(g->isle, isle_str(g->isle, e->name));
    ASSERT(id != ISLE_NONE);
    const IsleTerm *const term = &g->isle->terms.data[id];
    Sym *const out = sym_of_type(g, term->ret, (Str){0});
    if (!out)
        return NULL;
    if (out->kind != SYM_ENUM)
        return gen_stop(g, STOP_ERROR, e->pos, "an enum with another model has no variants here");
    out->tag = sym_of_expr(g, expr_bv(g->pool, 32, term->variant));
    Sym *const fields = sym_variant(g, out, term->variant);
    for (uint32_t i = 0; fields && i < e->num_args; i++)
        if (!(fields->fields[i] = spec_eval(g, e->args[i], env, NULL)))
            return NULL;
    return fields ? out : NULL;
}

static Sym *eval_as(Gen *g, const IsleSpecExpr *e, Env *env)
{
    Sort sort = sort_bool();
    const Sort *want = &sort;
    if (e->type->kind == ISLE_MODEL_INT)
        sort = sort_int();
    else if (e->type->kind == ISLE_MODEL_BV && e->type->width != 0)
        sort = (Sort){SORT_BV, e->type->width};
    else if (e->type->kind != ISLE_MODEL_BOOL)
        want = NULL;
    Sym *const value = spec_eval(g, e->args[0], env, want);
    return value && sym_constrain(g, value, e->type) ? value : NULL;
}

Sym *spec_eval(Gen *g, const IsleSpecExpr *e, Env *env, const Sort *want)
{
    Env *inner;
    const IsleSpecExpr *body;
    Sym *of;
    switch (e->kind) {
    case ISLE_SPEC_INT: return eval_int(g, e, want);
    case ISLE_SPEC_BITS: return eval_bits(g, e);
    case ISLE_SPEC_BOOL: return sym_of_expr(g, expr_bool(g->pool, e->value.magnitude != 0));
    case ISLE_SPEC_VAR: return eval_var(g, e, env, want);
    case ISLE_SPEC_OP: return spec_operator(g, e, env, want);
    case ISLE_SPEC_LET: return spec_eval(g, e->args[e->num_names], let_scope(g, e, env), want);
    case ISLE_SPEC_WITH: return spec_eval(g, e->args[0], with_scope(g, e, env), want);
    case ISLE_SPEC_SWITCH:
    case ISLE_SPEC_MATCH: return eval_choice(g, e, env, want);
    case ISLE_SPEC_IF: return eval_if(g, e, env, want);
    case ISLE_SPEC_AS: return eval_as(g, e, env);
    case ISLE_SPEC_FIELD:
        of = spec_eval(g, e->args[0], env, NULL);
        return of ? sym_field(g, of, e->name, e->pos) : NULL;
    case ISLE_SPEC_DISCRIMINATOR: return eval_discriminator(g, e, env);
    case ISLE_SPEC_VARIANT: return eval_variant(g, e, env);
    case ISLE_SPEC_STRUCT: return eval_struct(g, e, env);
    case ISLE_SPEC_MACRO_CALL:
        body = spec_macro(g, e, env, &inner);
        return body ? spec_eval(g, body, inner, want) : NULL;
    case ISLE_SPEC_MACRO: return eval_lambda(g, e, env);
    }
    UNREACHABLE();
}

Expr spec_scalar(Gen *g, const IsleSpecExpr *e, Env *env, const Sort *want)
{
    Sym *const value = spec_eval(g, e, env, want);
    if (!value)
        return EXPR_NONE;
    Sym *const cell = sym_resolve(value);
    if (want && cell->kind == SYM_CELL && !sym_set_sort(g, cell, *want, e->pos))
        return EXPR_NONE;
    return sym_expr(g, value, e->pos);
}

bool spec_width(Gen *g, const IsleSpecExpr *e, Env *env, uint32_t *out)
{
    const Sort sort = sort_int();
    const Expr width = spec_scalar(g, e, env, &sort);
    if (g->stop)
        return false;
    ExprValue value;
    if (!expr_is_const(g->pool, width, &value)) {
        gen_stop(g, STOP_BLOCKED, e->pos, "the width is not known");
        return false;
    }
    const int128 number = wide_to_int(&value.bits);
    if (number < 0 || number > WIDE_MAX_WIDTH) {
        gen_stop(g, STOP_ERROR, e->pos, "%lld is no width: 0 to %u are", (long long)number,
                 WIDE_MAX_WIDTH);
        return false;
    }
    *out = (uint32_t)number;
    return true;
}

// ---- Statements ----

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

static void statement(Gen *g, const IsleSpecExpr *e, Env *env, CallScope *scope);

static void under(Gen *g, Expr cond, const IsleSpecExpr *e, Env *env, CallScope *scope)
{
    if (expr_is_false(g->pool, cond))
        return;
    CallScope *const inner = ARENA_NEW(g->arena, CallScope);
    *inner = *scope;
    inner->guard = expr_and(g->pool, scope->guard, cond);
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
    const bool good =
        e->kind == ISLE_SPEC_SWITCH ? switch_arms(g, e, env, &arms) : match_arms(g, e, env, &arms);
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

static void statement_equal(Gen *g, const IsleSpecExpr *e, Env *env, CallScope *scope)
{
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
    case ISLE_SPEC_WITH: statement(g, e->args[0], with_scope(g, e, env), scope); break;
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
