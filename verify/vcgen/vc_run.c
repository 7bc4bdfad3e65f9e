// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One run: a rule, a trail, a condition.

#include "verify/vcgen/vcgen_internal.h"

// ---- The root ----

static void clauses_of(Gen *g, const IsleDef *spec, IsleClauseKind kind, Env *env, CallScope *scope)
{
    for (uint32_t c = 0; c < spec->u.spec.num_clauses && !g->stop; c++) {
        const IsleClause *const clause = &spec->u.spec.clauses[c];
        if (clause->kind != kind)
            continue;
        // What `match` leaves open is for nobody to prove.
        bool open = false;
        for (uint32_t i = 0; kind == ISLE_CLAUSE_MATCH && i < clause->num_exprs; i++)
            open |= spec_has_fresh(g, clause->exprs[i]);
        if (!open)
            spec_statements(g, clause, env, scope);
    }
}

static Env *root_env(Gen *g, const IsleDef *spec, Sym **args, Sym *result)
{
    Env *env = result ? env_bind(g, NULL, g->program->result, result) : NULL;
    for (uint32_t p = 0; p < spec->u.spec.num_params; p++)
        env = env_bind(g, env, spec->u.spec.params[p].sym, args[p]);
    return env;
}

// What no call may change has its default, which may say how wide it is; what some call changes
// under a condition has it where that does not hold.
static void assume_state(Gen *g, uint32_t index, IsleTermId root)
{
    const IsleDef *const def = g->isle->defs.data[index];
    if (expr_same(g->modified[index], EXPR_NONE)) {
        IsleSpecExpr *initial = def->u.state.initial;
        const IsleClause clause = {
            .kind = ISLE_CLAUSE_PROVIDE, .pos = def->pos, .exprs = &initial, .num_exprs = 1};
        CallScope *const scope = ARENA_NEW(g->arena, CallScope);
        *scope = (CallScope){.term = root, .guard = expr_bool(g->pool, true)};
        spec_statements(g, &clause, NULL, scope);
        return;
    }
    const Sort boolean = sort_bool();
    const Expr initial = spec_scalar(g, def->u.state.initial, NULL, &boolean);
    if (!g->stop)
        gen_assume(g, NULL, expr_or(g->pool, g->modified[index], initial));
}

static void assume_states(Gen *g, IsleTermId root, bool modified)
{
    for (uint32_t i = 0; i < g->isle->defs.len && !g->stop; i++)
        if (g->states[i] && modified != expr_same(g->modified[i], EXPR_NONE))
            assume_state(g, i, root);
}

static bool make_args(Gen *g, const IsleTerm *t, Sym **args)
{
    for (uint32_t i = 0; i < t->num_args; i++) {
        const Str name = isle_str(g->isle, t->spec->u.spec.params[i].sym);
        if (!(args[i] = sym_of_type(g, t->args[i], name)))
            return false;
    }
    return true;
}

// The way ends at a term of which no rule matches. Which rules match is decided before
// anything runs: that nothing has trapped so far is no matter.
static void run_unmatched(Gen *g, IsleTermId root)
{
    g->stop = STOP_NONE;
    gen_assume(g, NULL, g->alive);
    assume_states(g, root, false);
    g->settle = true;
    if (!g->stop)
        spec_drain(g);
    g->waiting.len = 0; // widths may follow from what would have come after
    if (!g->stop)
        rule_negate_rest(g);
    if (!g->stop)
        rule_none_matches(g);
    assume_states(g, root, true);
}

// What the root's specification promises of `result`, and everything that waited for its widths.
// Of a pair of rules that is proved elsewhere: here it says how wide values are.
static void promise(Gen *g, IsleTermId root, Sym **args, Sym *result, bool pair)
{
    const IsleTerm *const t = &g->isle->terms.data[root];
    g->calls.data[0].result = result;
    spec_drain(g);
    CallScope *const promises = ARENA_NEW(g->arena, CallScope);
    *promises = (CallScope){.term = root,
                            .assert_mode = true,
                            .guard = expr_bool(g->pool, true),
                            .order = g->order++,
                            .events = &g->left};
    if (pair)
        g->promised = promises;
    Env *const env = root_env(g, t->spec, args, result);
    clauses_of(g, t->spec, ISLE_CLAUSE_MATCH, env, promises);
    clauses_of(g, t->spec, ISLE_CLAUSE_PROVIDE, env, promises);
    assume_states(g, root, false);
    if (!g->stop)
        spec_drain(g);
    g->settle = true;
    if (!g->stop)
        spec_drain(g);
    if (!g->stop)
        rule_negate_rest(g);
    if (!g->stop && g->waiting.len != 0) {
        const Waiting *const w = &g->waiting.data[0];
        gen_stop(g, STOP_ERROR, w->expr->pos, "the widths in here follow from nothing");
    }
    assume_states(g, root, true);
}

// The operands of a root, with what they must satisfy. NULL: the run is stopped.
static Sym **begin_root(Gen *g, IsleTermId root)
{
    const IsleTerm *const t = &g->isle->terms.data[root];
    Sym **const args = ARENA_ARRAY(g->arena, Sym *, t->num_args);
    CallScope *const needs = ARENA_NEW(g->arena, CallScope);
    *needs = (CallScope){.term = root, .guard = expr_bool(g->pool, true)};
    if (!make_args(g, t, args) || !call_signature(g, root, args))
        return NULL;
    VEC_PUSH(g->arena, &g->calls, ((GenCall){root, false, args, NULL}));
    clauses_of(g, t->spec, ISLE_CLAUSE_REQUIRE, root_env(g, t->spec, args, NULL), needs);
    return args;
}

static void run_root(Gen *g, IsleTermId root, uint32_t n)
{
    Sym **const args = begin_root(g, root);
    Sym *result = NULL;
    if (!args)
        return;
    if (!g->stop && n == vc_num_rules(g->program, root)) {
        VEC_PUSH(g->arena, &g->vc->rules, vc_last_rule(g->program, root));
        rule_find_none(g, root, args);
    } else if (!g->stop) {
        result = rule_apply(g, root, n, args);
    }
    if (g->stop == STOP_NO_RULE)
        run_unmatched(g, root);
    if (!result)
        return;
    promise(g, root, args, result, false);
    if (!g->stop)
        effect_leave_taken(g);
    if (!g->stop)
        effect_contract(g);
}

static void run_pair(Gen *g, const VcPair *pair)
{
    Sym **const args = begin_root(g, pair->root);
    Sym *values[2];
    if (!args || g->stop || !rule_apply_pair(g, pair, args, values)) {
        if (g->stop == STOP_NO_RULE) // that some rule matches is proved elsewhere, too
            g->stop = STOP_PRUNED;
        return;
    }
    promise(g, pair->root, args, values[0], true);
    if (g->stop || pair->goal == VC_PAIR_MATCHES)
        return;
    const Expr same = sym_equal(g, values[0], values[1], g->isle->terms.data[pair->root].pos);
    if (!g->stop)
        gen_goal(g, NULL, same, STR("both rules give the same"));
    if (!g->stop)
        effect_contract_other(g);
}

// ---- What there is to show ----

static void flatten(Gen *g, Sym *sym, VcCall *call, bool result)
{
    sym = sym_resolve(sym);
    if (sym->kind == SYM_STRUCT)
        for (uint32_t i = 0; i < sym->num_fields; i++)
            flatten(g, sym->fields[i], call, result);
    if (sym->kind == SYM_ENUM) {
        flatten(g, sym->tag, call, result);
        for (uint32_t v = 0; v < sym->num_fields; v++)
            if (sym->fields[v])
                flatten(g, sym->fields[v], call, result);
    }
    if (sym->kind != SYM_CELL)
        return;
    if (result)
        VEC_PUSH(g->arena, &call->results, sym->expr);
    else
        VEC_PUSH(g->arena, &call->args, sym->expr);
}

// The numbers that the rule ranges over. Which variant a value is, is no number.
static void collect_inputs(Gen *g, Sym *sym)
{
    sym = sym_resolve(sym);
    for (uint32_t i = 0; (sym->kind == SYM_STRUCT || sym->kind == SYM_ENUM) && i < sym->num_fields;
         i++)
        if (sym->fields[i])
            collect_inputs(g, sym->fields[i]);
    if (sym->kind == SYM_CELL && !expr_same(sym->expr, EXPR_NONE))
        VEC_PUSH(g->arena, &g->vc->inputs, sym->expr);
}

static void show_states(Gen *g)
{
    for (uint32_t i = 0; i < g->isle->defs.len; i++) {
        if (!g->states[i])
            continue;
        VcCall call = {.text = isle_str(g->isle, g->isle->defs.data[i]->name.sym), .state = true};
        flatten(g, g->states[i], &call, true);
        VEC_PUSH(g->arena, &g->vc->calls, call);
    }
}

static void show_calls(Gen *g)
{
    for (uint32_t i = 0; i < g->calls.len; i++) {
        const GenCall *const from = &g->calls.data[i];
        const IsleTerm *const t = &g->isle->terms.data[from->term];
        VcCall call = {
            .text = isle_str(g->isle, t->name), .extractor = from->extractor, .term = from->term};
        for (uint32_t p = 0; p < t->num_args; p++) {
            VEC_PUSH(g->arena, &call.starts, call.args.len);
            flatten(g, from->params[p], &call, false);
        }
        if (from->result)
            flatten(g, from->result, &call, true);
        VEC_PUSH(g->arena, &g->vc->calls, call);
        for (uint32_t p = 0; (from->extractor || i == 0) && p < t->num_args; p++)
            collect_inputs(g, from->params[p]);
    }
}

static VcStatus status_of(const Gen *g)
{
    switch (g->stop) {
    case STOP_NONE: return VC_READY;
    case STOP_PRUNED: return VC_PRUNED;
    case STOP_NO_RULE: UNREACHABLE();
    case STOP_NO_SPEC: return VC_NO_SPEC;
    case STOP_BLOCKED:
    case STOP_ERROR: break;
    }
    return VC_ERROR;
}

// Gives the parts of an operand that are values of an open width this one.
static void set_widths(Gen *g, Sym *sym, uint32_t width)
{
    sym = sym_resolve(sym);
    if (sym->kind == SYM_CELL && (!sym->sorted || sym->sort.width == 0) &&
        (!sym->sorted || sym->sort.kind == SORT_BV))
        sym_set_sort(g, sym, sort_bv(width), (IslePos){0});
    for (uint32_t i = 0; sym->kind == SYM_STRUCT && i < sym->num_fields; i++)
        set_widths(g, sym->fields[i], width);
}

// A call of the term, with operands of which nothing is known. `width` not 0: of those whose width
// no signature gives.
static void run_meaning(Gen *g, IsleTermId term, uint32_t width)
{
    const IsleTerm *const t = &g->isle->terms.data[term];
    const bool constructs = t->constructor != ISLE_HOW_NONE || t->rules.len != 0;
    Call call = {.term = term, .extractor = !constructs};
    call.args = ARENA_ARRAY(g->arena, Sym *, t->num_args + 1);
    g->right = constructs; // where effects may be
    if (constructs ? !make_args(g, t, call.args)
                   : !(call.args[0] = sym_of_type(g, t->ret, (Str){0})))
        return;
    for (uint32_t i = 0; width != 0 && !g->program->instantiates[term] && i < t->num_args; i++)
        set_widths(g, call.args[i], width);
    g->vc->left_assumptions = g->vc->assumptions.len;
    CallResult result;
    call_spec(g, &call, &result);
    g->settle = true;
    if (!g->stop)
        spec_drain(g);
}

static void run_call(Gen *g, const VcCallOf *of)
{
    Vc *const vc = g->vc;
    run_meaning(g, of->term, of->width);
    if (g->stop)
        return;
    if (g->waiting.len != 0) {
        gen_stop(g, STOP_PRUNED, g->waiting.data[0].expr->pos, "a width is open");
        return;
    }
    vc->goals.len = 0;
    g->guarded.len = 0; // what is provided is to be looked at by itself
    gen_join_needs(g);
}

// Of the inputs, the variables that are values.
static void keep_values(Gen *g)
{
    Vc *const vc = g->vc;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < vc->inputs.len; i++) {
        const ExprNode *const node = expr_node(g->pool, vc->inputs.data[i]);
        const Sym *const cell = sym_of_var(g, vc->inputs.data[i]);
        if (cell && !cell->of_type && node->sort.kind != SORT_INT)
            vc->inputs.data[kept++] = vc->inputs.data[i];
    }
    vc->inputs.len = kept;
}

typedef enum RunKind { RUN_RULE, RUN_PAIR, RUN_MEANING, RUN_CALL } RunKind;

// Of a call, `pair` has its term and width.
static void run(VcProgram *program, RunKind kind, const VcPair *pair, VcTrail *trail, Arena *arena,
                Vc *out)
{
    Isle *const isle = program->isle;
    Gen g = {.program = program,
             .isle = isle,
             .arena = arena,
             .pool = expr_pool_new(arena),
             .vc = out,
             .trail = trail,
             .types = {.arena = arena}};
    *out = (Vc){.pool = g.pool, .left_choices = UINT32_MAX};
    g.alive = expr_bool(g.pool, true);
    g.condition = g.alive;
    g.states = ARENA_ARRAY(arena, Sym *, isle->defs.len);
    g.modified = ARENA_ARRAY(arena, Expr, isle->defs.len);
    for (uint32_t i = 0; i < isle->defs.len; i++)
        g.modified[i] = EXPR_NONE;
    vc_num_rules(program, pair->root);
    switch (kind) {
    case RUN_RULE: run_root(&g, pair->root, pair->n); break;
    case RUN_PAIR: run_pair(&g, pair); break;
    case RUN_MEANING: run_meaning(&g, pair->root, 0); break;
    case RUN_CALL: run_call(&g, &(VcCallOf){pair->root, pair->n}); break;
    }
    show_calls(&g);
    show_states(&g);
    if (!g.stop && (kind == RUN_RULE || kind == RUN_PAIR))
        gen_choose_needs(&g);
    trail->choices.len = g.at < trail->choices.len ? g.at : trail->choices.len;
    if (kind == RUN_CALL)
        keep_values(&g);
    else if (!g.stop)
        gen_use_equations(&g);
    if (!g.stop && out->unmet && out->goals.len == 0)
        gen_stop(&g, STOP_PRUNED, (IslePos){0}, "what is required holds");
    out->status = status_of(&g);
    out->types = buf_view(&g.types);
    if (out->status == VC_ERROR || (out->status == VC_PRUNED && g.stop_pos.offset != 0))
        out->message = str_printf(arena, "%.*s: %.*s", STR_ARG(isle_where(isle, g.stop_pos)),
                                  STR_ARG(out->message));
}

void vc_run(VcProgram *program, IsleTermId root, uint32_t n, VcTrail *trail, Arena *arena, Vc *out)
{
    const VcPair pair = {.root = root, .n = n, .like = n};
    run(program, RUN_RULE, &pair, trail, arena, out);
}

void vc_run_pair(VcProgram *program, const VcPair *pair, VcTrail *trail, Arena *arena, Vc *out)
{
    ASSERT(pair->like != pair->n);
    run(program, RUN_PAIR, pair, trail, arena, out);
}

void vc_run_meaning(VcProgram *program, IsleTermId term, VcTrail *trail, Arena *arena, Vc *out)
{
    ASSERT(program->isle->terms.data[term].spec);
    run(program, RUN_MEANING, &(VcPair){.root = term}, trail, arena, out);
}

void vc_run_call(VcProgram *program, const VcCallOf *of, VcTrail *trail, Arena *arena, Vc *out)
{
    ASSERT(program->isle->terms.data[of->term].spec);
    run(program, RUN_CALL, &(VcPair){.root = of->term, .n = of->width}, trail, arena, out);
}
