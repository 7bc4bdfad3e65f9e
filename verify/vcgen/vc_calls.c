// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls of terms with specifications: the signature, then what the term requires and provides.

#include "verify/vcgen/vcgen_internal.h"

enum { MAX_SIGNATURES = 256 };

// ---- Signatures ----

typedef struct Signatures {
    const IsleSignature *fitting[MAX_SIGNATURES];
    uint32_t count, total;
} Signatures;

static void collect(Gen *g, const IsleDef *def, Sym **params, Sym *result, Signatures *out)
{
    if (def->u.form.form.sym != ISLE_NONE)
        def = g->isle->defs.data[map_get(&g->isle->forms, def->u.form.form.sym)];
    for (uint32_t i = 0; i < def->u.form.num_signatures; i++) {
        const IsleSignature *const s = &def->u.form.signatures[i];
        bool fits = sym_may_be(g, result, s->ret);
        for (uint32_t p = 0; p < s->num_args && fits; p++)
            fits = sym_may_be(g, params[p], s->args[p]);
        out->total++;
        if (fits && out->count < MAX_SIGNATURES)
            out->fitting[out->count++] = s;
    }
}

static void note_width(Gen *g, Sym *sym)
{
    sym = sym_resolve(sym);
    if (sym->kind == SYM_CELL && sym->sorted && sym->sort.width != 0)
        buf_printf(&g->types, " %u", sym->sort.width);
}

static bool choose_signature(Gen *g, IsleTermId term, Sym **params, Sym *result)
{
    const IsleDef *const *const defs = g->program->instantiates[term];
    Signatures found = {0};
    for (uint32_t i = 0; defs && defs[i]; i++)
        collect(g, defs[i], params, result, &found);
    if (found.total == 0)
        return true;
    const IsleTerm *const t = &g->isle->terms.data[term];
    if (found.count == 0 || (found.count > 1 && g->no_fork)) {
        gen_stop(g, found.count == 0 ? STOP_PRUNED : STOP_BLOCKED, t->pos,
                 "no signature of `%.*s` fits", STR_ARG(isle_str(g->isle, t->name)));
        return false;
    }
    const IsleSignature *const s = found.fitting[gen_choose(g, found.count)];
    for (uint32_t p = 0; p < s->num_args; p++)
        if (!sym_constrain(g, params[p], s->args[p]))
            return false;
    if (!sym_constrain(g, result, s->ret))
        return false;
    buf_printf(&g->types, "%s%.*s", g->types.len ? ", " : "", STR_ARG(isle_str(g->isle, t->name)));
    for (uint32_t p = 0; p < s->num_args; p++)
        note_width(g, params[p]);
    return true;
}

// ---- Calls ----

// Calls that may be one: what is pure gives the same for the same values, unless it gives several.
static bool may_share(const Gen *g, IsleTermId term, bool extractor)
{
    if (extractor)
        return !g->program->takes_many[term];
    const uint32_t flags = g->isle->terms.data[term].flags;
    return (flags & (ISLE_PURE | ISLE_MULTI)) == ISLE_PURE || g->program->is_function[term];
}

static const Memo *find_memo(const Gen *g, IsleTermId term, bool extractor, Sym **args)
{
    const uint32_t count = extractor ? 1 : g->isle->terms.data[term].num_args;
    for (uint32_t i = 0; i < g->memos.len; i++) {
        const Memo *const m = &g->memos.data[i];
        bool same = m->term == term && m->extractor == extractor;
        Sym *const *const known = extractor ? &m->result : m->args;
        for (uint32_t a = 0; a < count && same; a++)
            same = sym_resolve(known[a]) == sym_resolve(args[a]);
        if (same)
            return m;
    }
    return NULL;
}

static bool fallible(const Gen *g, IsleTermId term, bool extractor)
{
    const IsleTerm *const t = &g->isle->terms.data[term];
    return extractor ? !(t->extractor == ISLE_HOW_EXTERNAL && t->infallible)
                     : (t->flags & ISLE_PARTIAL) != 0;
}

static bool has_clause(const IsleDef *spec, IsleClauseKind kind)
{
    for (uint32_t c = 0; c < spec->u.spec.num_clauses; c++)
        if (spec->u.spec.clauses[c].kind == kind)
            return true;
    return false;
}

// All of the clauses of a kind, as a condition; EXPR_NONE: the run is stopped.
static Expr all_of(Gen *g, const IsleDef *spec, IsleClauseKind kind, Env *env)
{
    const Sort boolean = sort_bool();
    Expr all = expr_bool(g->pool, true);
    for (uint32_t c = 0; c < spec->u.spec.num_clauses; c++) {
        const IsleClause *const clause = &spec->u.spec.clauses[c];
        for (uint32_t i = 0; clause->kind == kind && i < clause->num_exprs; i++) {
            const Expr e = spec_scalar(g, clause->exprs[i], env, &boolean);
            if (g->stop)
                return EXPR_NONE;
            all = expr_and(g->pool, all, e);
        }
    }
    return all;
}

// Whether the call succeeds, as a condition. Where what it requires is not so nothing is known of
// it: there it is one that does not.
static Expr succeeds(Gen *g, const IsleDef *spec, IsleTermId term, bool extractor, Env *env)
{
    const Expr needs = all_of(g, spec, ISLE_CLAUSE_REQUIRE, env);
    if (g->stop || !fallible(g, term, extractor))
        return needs;
    if (!has_clause(spec, ISLE_CLAUSE_MATCH))
        return expr_var(g->pool, STR("matches"), sort_bool());
    const Expr match = all_of(g, spec, ISLE_CLAUSE_MATCH, env);
    return g->stop ? EXPR_NONE : expr_and(g->pool, needs, match);
}

static void clauses(Gen *g, const IsleDef *spec, IsleClauseKind kind, Env *env, CallScope *scope)
{
    for (uint32_t c = 0; c < spec->u.spec.num_clauses && !g->stop; c++)
        if (spec->u.spec.clauses[c].kind == kind)
            spec_statements(g, &spec->u.spec.clauses[c], env, scope);
}

// States that the call may change: their defaults no longer hold.
static Env *bind_conditions(Gen *g, const IsleDef *spec, Env *env)
{
    for (uint32_t c = 0; c < spec->u.spec.num_clauses; c++) {
        const IsleClause *const clause = &spec->u.spec.clauses[c];
        if (clause->kind != ISLE_CLAUSE_MODIFIES)
            continue;
        Expr cond = expr_bool(g->pool, true);
        if (clause->condition.sym != ISLE_NONE) {
            cond = expr_var(g->pool, isle_str(g->isle, clause->condition.sym), sort_bool());
            env = env_bind(g, env, clause->condition.sym, sym_of_expr(g, cond));
        }
        const uint32_t index = map_get(&g->isle->states, clause->state.sym);
        Expr *const modified = &g->modified[index];
        *modified = expr_same(*modified, EXPR_NONE) ? cond : expr_or(g->pool, *modified, cond);
    }
    return env;
}

static Env *call_scope_names(Gen *g, const IsleDef *spec, Sym **params, Sym *result)
{
    Env *env = env_bind(g, NULL, g->program->result, result);
    for (uint32_t p = 0; p < spec->u.spec.num_params; p++)
        env = env_bind(g, env, spec->u.spec.params[p].sym, params[p]);
    return bind_conditions(g, spec, env);
}

static Events *effects_of(Gen *g, bool extractor, Sym *result, const Expr *path)
{
    if (path) // perhaps not even so: where the effects go does not matter
        return ARENA_NEW(g->arena, Events);
    if (!extractor)
        return g->right ? &g->right_events : NULL;
    Sym *const inst = sym_resolve(result);
    if (!inst->effects)
        inst->effects = ARENA_NEW(g->arena, Events);
    return inst->effects;
}

static void note_call(Gen *g, const Memo *made)
{
    const GenCall call = {made->term, made->extractor, made->args, made->result};
    VEC_PUSH(g->arena, &g->calls, call);
}

// The statements of a call whose signature is chosen.
static bool run_spec(Gen *g, const Memo *call, const Expr *path, Expr *some)
{
    const IsleDef *const spec = g->isle->terms.data[call->term].spec;
    Env *const env = call_scope_names(g, spec, call->args, call->result);
    CallScope *const scope = ARENA_NEW(g->arena, CallScope);
    *scope = (CallScope){.term = call->term,
                         .guard = g->right ? g->alive : expr_bool(g->pool, true),
                         .order = g->order++,
                         .events = effects_of(g, call->extractor, call->result, path)};
    CallScope *const needs = ARENA_NEW(g->arena, CallScope);
    *some = expr_bool(g->pool, true);
    *needs = *scope;
    needs->assert_mode = true;
    needs->events = NULL;
    if (!path && has_clause(spec, ISLE_CLAUSE_REQUIRE)) {
        scope->needs = needs->needs = ARENA_NEW(g->arena, Needs);
        *needs->needs = (Needs){.term = call->term, .order = scope->order};
        VEC_PUSH(g->arena, &g->needs, needs->needs);
    }
    scope->is_total = !path && !call->extractor && !fallible(g, call->term, false) &&
                      !has_clause(spec, ISLE_CLAUSE_MODIFIES);
    scope->since = call->since;
    scope->nodes = g->pool->nodes.len;
    if (path) {
        scope->floor = g->floor;
        *some = succeeds(g, spec, call->term, call->extractor, env);
        if (g->stop)
            return false;
        scope->guard = expr_and(g->pool, *path, *some);
    } else {
        clauses(g, spec, ISLE_CLAUSE_REQUIRE, env, needs);
        if (fallible(g, call->term, call->extractor))
            clauses(g, spec, ISLE_CLAUSE_MATCH, env, scope);
    }
    clauses(g, spec, ISLE_CLAUSE_PROVIDE, env, scope);
    spec_drain(g);
    return !g->stop;
}

static bool make_values(Gen *g, const Call *call, Memo *made)
{
    const IsleTerm *const t = &g->isle->terms.data[call->term];
    *made = (Memo){
        .term = call->term, .extractor = call->extractor, .args = call->args, .since = g->serial};
    if (!call->extractor) {
        made->result = sym_of_type(g, t->ret, isle_str(g->isle, t->name));
        return made->result != NULL;
    }
    made->result = call->args[0];
    made->args = ARENA_ARRAY(g->arena, Sym *, t->num_args);
    for (uint32_t p = 0; p < t->num_args; p++) {
        const Str name = isle_str(g->isle, t->spec->u.spec.params[p].sym);
        if (!(made->args[p] = sym_of_type(g, t->args[p], name)))
            return false;
    }
    return true;
}

static void give(Gen *g, const Memo *call, CallResult *out)
{
    out->some = call->some;
    out->values = call->args;
    if (call->extractor)
        return;
    out->values = ARENA_ARRAY(g->arena, Sym *, 1);
    out->values[0] = call->result;
}

bool call_spec(Gen *g, const Call *call, CallResult *out)
{
    const bool share = may_share(g, call->term, call->extractor);
    const Memo *const known = share ? find_memo(g, call->term, call->extractor, call->args) : NULL;
    if (known) {
        give(g, known, out);
        return true;
    }
    Memo made;
    if (!make_values(g, call, &made) || !choose_signature(g, call->term, made.args, made.result) ||
        !run_spec(g, &made, call->path, &made.some))
        return false;
    if (share)
        VEC_PUSH(g->arena, &g->memos, made);
    if (!call->path)
        note_call(g, &made);
    give(g, &made, out);
    return true;
}

// A root's own signature: all that there are, one after the other.
bool call_signature(Gen *g, IsleTermId term, Sym **args)
{
    Sym *const any = sym_cell(g, (Str){0});
    return choose_signature(g, term, args, any);
}
