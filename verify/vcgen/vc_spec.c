// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expressions of specifications, evaluated with the widths at hand.

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

Env *spec_with_scope(Gen *g, const IsleSpecExpr *e, Env *env)
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

bool spec_arms(Gen *g, const IsleSpecExpr *e, Env *env, Arms *out)
{
    return e->kind == ISLE_SPEC_SWITCH ? switch_arms(g, e, env, out) : match_arms(g, e, env, out);
}

static Sym *eval_choice(Gen *g, const IsleSpecExpr *e, Env *env, const Sort *want)
{
    Arms arms;
    return spec_arms(g, e, env, &arms) ? eval_arms(g, &arms, want, e->pos) : NULL;
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
    case ISLE_SPEC_WITH: return spec_eval(g, e->args[0], spec_with_scope(g, e, env), want);
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
