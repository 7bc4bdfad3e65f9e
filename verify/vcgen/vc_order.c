// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Other rules, tried where one is taken: that those of higher priority do not match, that one of a
// term does, or that another one does as well. Equalities are included. What decides a fallible
// call without a `match` that says so exactly is unknown, and a rule with such a call is left out:
// to assume less is sound.

#include "verify/vcgen/vcgen_internal.h"

// A rule of higher priority that can't be tried before numbers are settled.
struct Untried {
    Frame *frame;
    const IsleRuleForm *form, *higher;
    Untried *next;
};
// ---- Rules of higher priority ----

static bool has_check(const IsleRuleForm *form, const IsleCheck *check)
{
    for (uint32_t i = 0; i < form->num_checks; i++)
        if (form->checks[i].test == check->test && form->checks[i].constraint == check->constraint)
            return true;
    return false;
}

// Whether a call matches exactly if the term's `match` says so. Of a term with rules nobody has
// proved that one of them matches then, only the opposite.
static bool match_is_exact(Gen *g, const IsleTerm *term)
{
    bool any = false;
    if (term->rules.len != 0)
        return false;
    for (uint32_t c = 0; term->spec && c < term->spec->u.spec.num_clauses; c++) {
        const IsleClause *const clause = &term->spec->u.spec.clauses[c];
        for (uint32_t i = 0; clause->kind == ISLE_CLAUSE_MATCH && i < clause->num_exprs; i++) {
            if (spec_has_fresh(g, clause->exprs[i]))
                return false;
            any = true;
        }
    }
    return any;
}

// Whether values alone decide the condition.
static bool is_decided(const Frame *f, const IsleCheck *check)
{
    const IsleTest *const test = &f->set->tests.data[check->test];
    if (test->kind == ISLE_TEST_LOOP)
        return false;
    if (test->kind == ISLE_TEST_EQUAL ||
        f->set->constraints.data[check->constraint].kind != ISLE_CONSTRAINT_SOME)
        return true;
    const IsleBinding *const call = &f->set->bindings.data[test->a];
    return match_is_exact(f->g, &f->g->isle->terms.data[call->term]);
}

static bool may_negate(const Frame *f, const IsleRuleForm *form, const IsleRuleForm *higher)
{
    uint32_t open = 0;
    for (uint32_t i = 0; i < higher->num_checks; i++) {
        if (has_check(form, &higher->checks[i]))
            continue;
        if (!is_decided(f, &higher->checks[i]))
            return false;
        open++;
    }
    return open != 0;
}

static void try_later(Frame *f, const IsleRuleForm *form, const IsleRuleForm *higher)
{
    Untried **last = &f->g->untried;
    while (*last)
        last = &(*last)->next;
    *last = ARENA_NEW(f->g->arena, Untried);
    **last = (Untried){f, form, higher, NULL};
}

// What trying a rule changes and must not.
typedef struct Trial {
    Expr path;
    uint32_t memos, assumptions, nodes;
    size_t types;
    CallResult **values;
} Trial;

static void begin_trial(Frame *f, Trial *t)
{
    Gen *const g = f->g;
    const uint32_t count = f->set->bindings.len;
    *t = (Trial){.path = expr_bool(g->pool, true),
                 .memos = g->memos.len,
                 .assumptions = g->vc->assumptions.len,
                 .nodes = g->pool->nodes.len,
                 .types = g->types.len,
                 .values = ARENA_ARRAY(g->arena, CallResult *, count)};
    copy_bytes(t->values, f->values, count * sizeof(*t->values));
    g->floor = g->serial;
    g->no_fork = true;
    f->path = &t->path;
}

// How it was stopped, which is forgotten.
static Stop end_trial(Frame *f, const Trial *t)
{
    Gen *const g = f->g;
    const Stop stop = g->stop;
    f->path = NULL;
    g->no_fork = false;
    g->floor = 0;
    g->memos.len = t->memos;
    g->types.len = t->types;
    g->waiting.len = 0;
    copy_bytes(f->values, t->values, f->set->bindings.len * sizeof(*t->values));
    g->stop = STOP_NONE;
    return stop;
}

static void negate(Frame *f, const IsleRuleForm *form, const IsleRuleForm *higher)
{
    Gen *const g = f->g;
    if (g->waiting.len != 0 || !may_negate(f, form, higher))
        return;
    Trial trial;
    Expr all = expr_bool(g->pool, true);
    begin_trial(f, &trial);
    for (uint32_t i = 0; i < higher->num_checks && !g->stop; i++) {
        if (has_check(form, &higher->checks[i]))
            continue;
        const Expr holds = frame_holds(f, &higher->checks[i]);
        if (!g->stop)
            all = expr_and(g->pool, all, holds);
    }
    const Stop stop = end_trial(f, &trial);
    if (stop == STOP_NONE)
        VEC_PUSH(g->arena, &g->vc->higher, expr_not(g->pool, all));
    else
        g->vc->assumptions.len = trial.assumptions;
    if (stop == STOP_BLOCKED && !g->settle)
        try_later(f, form, higher);
}

void rule_negate_higher(Frame *f, const IsleRuleForm *form)
{
    Gen *const g = f->g;
    // Of a multi term every rule that matches is taken.
    if (g->isle->terms.data[f->set->term].flags & ISLE_MULTI)
        return;
    for (uint32_t i = 0; i < f->set->rules.len && !g->stop; i++)
        if (f->set->rules.data[i].priority > form->priority)
            negate(f, form, &f->set->rules.data[i]);
}

void rule_negate_rest(Gen *g)
{
    g->right = false; // patterns are of the left side
    for (const Untried *u = g->untried; u && !g->stop; u = u->next)
        negate(u->frame, u->form, u->higher);
    g->right = true;
}

// ---- No rule at all ----

bool vc_may_be_unmatched(VcProgram *program, IsleTermId term)
{
    const uint32_t count = vc_num_rules(program, term);
    if (count == 0 || (program->isle->terms.data[term].flags & (ISLE_PARTIAL | ISLE_MULTI)))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (program->sets[term]->rules.data[i].num_checks == 0)
            return false;
    return true;
}

// Whether a condition depends on something that was made for it and that nothing says more of: a
// `match` that leaves it open, a part of a type that its meaning does not give.
static bool is_left_open(const Gen *g, const Trial *t, Expr condition)
{
    Bitset parts = bitset_new(g->arena, g->pool->nodes.len);
    Bitset known = bitset_new(g->arena, g->pool->nodes.len);
    expr_reach(g->pool, condition, &parts);
    for (uint32_t i = t->assumptions; i < g->vc->assumptions.len; i++)
        expr_reach(g->pool, g->vc->assumptions.data[i], &known);
    for (uint32_t i = 0; i < g->late.len; i++)
        bitset_add(&known, g->late.data[i].index);
    for (uint32_t i = t->nodes; i < parts.size; i++)
        if (bitset_has(&parts, i) && !bitset_has(&known, i) &&
            expr_node(g->pool, (Expr){i})->op == EXPR_VAR)
            return true;
    return false;
}

// The conditions of a rule that values decide. What they do not, or can't be evaluated, may hold.
static Expr may_match(Frame *f, const IsleRuleForm *form)
{
    Gen *const g = f->g;
    Trial trial;
    Expr all = expr_bool(g->pool, true);
    begin_trial(f, &trial);
    for (uint32_t i = 0; i < form->num_checks && g->stop != STOP_PRUNED; i++) {
        g->stop = STOP_NONE;
        if (!is_decided(f, &form->checks[i]))
            continue;
        const Expr holds = frame_holds(f, &form->checks[i]);
        if (!g->stop && !is_left_open(g, &trial, holds))
            all = expr_and(g->pool, all, holds);
    }
    if (end_trial(f, &trial) != STOP_PRUNED)
        return all;
    g->vc->assumptions.len = trial.assumptions;
    return expr_bool(g->pool, false);
}

void rule_none_matches(Gen *g)
{
    Frame *const f = g->unmatched;
    const IsleTerm *const t = &g->isle->terms.data[f->set->term];
    g->right = false; // patterns are of the left side
    for (uint32_t i = 0; i < f->set->rules.len && !g->stop; i++) {
        const Expr match = may_match(f, &f->set->rules.data[i]);
        if (!g->stop)
            gen_assume(g, NULL, expr_not(g->pool, match));
    }
    g->right = true;
    g->vc->unmatched = true;
    gen_goal(
        g, NULL, expr_bool(g->pool, false),
        str_printf(g->arena, "some rule of `%.*s` matches", STR_ARG(isle_str(g->isle, t->name))));
}

void rule_find_none(Gen *g, IsleTermId term, Sym **args)
{
    const IsleTerm *const t = &g->isle->terms.data[term];
    g->unmatched = frame_new(g, g->program->sets[term], args);
    buf_printf(&g->types, "%sno rule of %.*s", g->types.len ? ", " : "",
               STR_ARG(isle_str(g->isle, t->name)));
    gen_stop(g, STOP_NO_RULE, t->pos, "no rule matches");
}

// ---- Two rules ----

// The conditions under which a rule matches where another one does; EXPR_NONE: values do not decide
// it.
Expr rule_matches_too(Frame *f, const IsleRuleForm *form, const IsleRuleForm *other)
{
    Gen *const g = f->g;
    Trial trial;
    Expr all = expr_bool(g->pool, true);
    bool decided = true;
    begin_trial(f, &trial);
    for (uint32_t i = 0; i < other->num_checks && !g->stop && decided; i++) {
        if (has_check(form, &other->checks[i]))
            continue;
        decided = is_decided(f, &other->checks[i]);
        const Expr holds = decided ? frame_holds(f, &other->checks[i]) : EXPR_NONE;
        if (decided && !g->stop)
            all = expr_and(g->pool, all, holds);
    }
    const bool open = !decided || g->stop || is_left_open(g, &trial, all);
    return end_trial(f, &trial) == STOP_NONE && !open ? all : EXPR_NONE;
}
