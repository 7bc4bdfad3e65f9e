// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules applied: conditions are assumed, the right side evaluated in the order of its calls, helper
// terms replaced by one of their rules. A rule is taken only where no rule of higher priority
// matches: those whose conditions are decided by values alone are assumed not to hold, equalities
// included. What decides a fallible call without a `match` that says so exactly is unknown, and a
// rule with such a call is left out: to assume less is sound.

#include "verify/vcgen/vcgen_internal.h"

enum { MAX_DEPTH = 48 };

struct Frame {
    Gen *g;
    IsleRuleSet *set;
    Sym **args;
    CallResult **values; // by binding, NULL: not evaluated yet
    Expr *path;          // of a rule that is tried: what holds if it comes so far; else NULL
};

// A rule of higher priority that can't be tried before numbers are settled.
struct Untried {
    Frame *frame;
    const IsleRuleForm *form, *higher;
    Untried *next;
};

static bool eval(Frame *f, IsleBindingId id);

static bool give(Frame *f, IsleBindingId id, Sym *value)
{
    if (!value)
        return false;
    CallResult *const result = ARENA_NEW(f->g->arena, CallResult);
    result->values = ARENA_ARRAY(f->g->arena, Sym *, 1);
    result->values[0] = value;
    result->some = expr_bool(f->g->pool, true);
    f->values[id] = result;
    return true;
}

static Sym *value_of(const Frame *f, IsleBindingId id)
{
    return f->values[id]->values[0];
}

// ---- Constants ----

static Sym *constant(Gen *g, IsleTypeId type, int128 value)
{
    Sym *const sym = sym_of_type(g, type, (Str){0});
    if (!sym)
        return NULL;
    const IslePos pos = g->isle->types.data[type].pos;
    if (sym->kind != SYM_CELL || !sym->sorted)
        return gen_stop(g, STOP_ERROR, pos, "numbers of type `%.*s` have no sort",
                        STR_ARG(isle_str(g->isle, g->isle->types.data[type].name)));
    const ExprValue bits = {sym->sort, sym->sort.kind == SORT_BOOL ? wide_from_u64(value != 0)
                                                                   : wide_from_int(value)};
    return sym_of_expr(g, expr_const(g->pool, &bits));
}

static Sym *named_constant(Gen *g, IsleTypeId type, IsleSym name)
{
    const Str text = isle_str(g->isle, name);
    uint32_t model = map_get(&g->isle->models, name);
    if (model == MAP_NONE) {
        const Str dollar = str_printf(g->arena, "$%.*s", STR_ARG(text));
        const uint32_t sym = strtable_find(&g->isle->symbols, dollar);
        model = sym == MAP_NONE ? MAP_NONE : map_get(&g->isle->models, sym);
    }
    const IsleDef *const def = model == MAP_NONE ? NULL : g->isle->defs.data[model];
    if (!def || !def->u.model.constant) {
        g->vc->missing = str_printf(g->arena, "$%.*s", STR_ARG(text));
        return gen_stop(g, STOP_NO_SPEC, g->isle->types.data[type].pos,
                        "constant `$%.*s` has no model", STR_ARG(text));
    }
    Sym *const like = sym_of_type(g, type, (Str){0});
    if (!like)
        return NULL;
    const bool sorted = like->kind == SYM_CELL && like->sorted;
    return spec_eval(g, def->u.model.constant, NULL, sorted ? &like->sort : NULL);
}

static Sym *constraint_value(Gen *g, IsleTypeId type, const IsleConstraint *c)
{
    return c->kind == ISLE_CONSTRAINT_PRIM ? named_constant(g, type, c->index)
                                           : constant(g, type, c->value);
}

// ---- Bindings ----

static bool eval_args(Frame *f, const IsleBinding *b)
{
    for (uint32_t i = 0; i < b->num_args; i++)
        if (!eval(f, b->args[i]))
            return false;
    return true;
}

static Sym **arg_values(Frame *f, const IsleBinding *b)
{
    Sym **const args = ARENA_ARRAY(f->g->arena, Sym *, b->num_args);
    for (uint32_t i = 0; i < b->num_args; i++)
        args[i] = value_of(f, b->args[i]);
    return args;
}

static bool missing_spec(Gen *g, IsleTermId term)
{
    const IsleTerm *const t = &g->isle->terms.data[term];
    g->vc->missing = isle_str(g->isle, t->name);
    gen_stop(g, STOP_NO_SPEC, t->pos, "term `%.*s` has no spec", STR_ARG(g->vc->missing));
    return false;
}

static bool eval_call(Frame *f, IsleBindingId id, const IsleBinding *b)
{
    Gen *const g = f->g;
    const bool extractor = b->kind == ISLE_BIND_EXTRACTOR;
    CallResult *const result = ARENA_NEW(g->arena, CallResult);
    const Call call = {b->term, extractor, arg_values(f, b), f->path};
    if (extractor && !g->isle->terms.data[b->term].spec)
        return missing_spec(g, b->term);
    if (extractor ? !call_spec(g, &call, result) : !rule_construct(g, &call, result))
        return false;
    if (f->path)
        *f->path = expr_and(g->pool, *f->path, result->some);
    f->values[id] = result;
    return true;
}

static bool eval_make(Frame *f, IsleBindingId id, const IsleBinding *b)
{
    Gen *const g = f->g;
    Sym *const made = sym_of_type(g, b->type, (Str){0});
    if (!made)
        return false;
    Sym *fields = made;
    if (made->kind == SYM_ENUM) {
        made->tag = sym_of_expr(g, expr_bv(g->pool, 32, b->index));
        fields = sym_variant(g, made, b->index);
    }
    if (!fields || fields->kind != SYM_STRUCT || fields->num_fields != b->num_args) {
        if (!g->stop)
            gen_stop(g, STOP_ERROR, g->isle->types.data[b->type].pos,
                     "the model of this type does not have its fields");
        return false;
    }
    for (uint32_t i = 0; i < b->num_args; i++)
        fields->fields[i] = value_of(f, b->args[i]);
    return give(f, id, made);
}

static bool eval_part(Frame *f, IsleBindingId id, const IsleBinding *b)
{
    Gen *const g = f->g;
    Sym *whole = sym_resolve(value_of(f, b->args[0]));
    if (whole->kind == SYM_ENUM && b->kind == ISLE_BIND_MATCH_VARIANT)
        whole = sym_variant(g, whole, b->index);
    if (whole && whole->kind == SYM_STRUCT && b->field < whole->num_fields)
        return give(f, id, whole->fields[b->field]);
    if (!g->stop)
        gen_stop(g, STOP_ERROR, g->isle->terms.data[f->set->term].pos,
                 "the model of a type that is taken apart does not have its fields");
    return false;
}

static bool eval(Frame *f, IsleBindingId id)
{
    if (f->values[id])
        return true;
    Gen *const g = f->g;
    const IsleBinding *const b = &f->set->bindings.data[id];
    if (!eval_args(f, b))
        return false;
    switch (b->kind) {
    case ISLE_BIND_CONST_BOOL:
    case ISLE_BIND_CONST_INT: return give(f, id, constant(g, b->type, b->value));
    case ISLE_BIND_CONST_PRIM: return give(f, id, named_constant(g, b->type, b->term));
    case ISLE_BIND_ARGUMENT: return give(f, id, f->args[b->index]);
    case ISLE_BIND_EXTRACTOR:
    case ISLE_BIND_CONSTRUCTOR: return eval_call(f, id, b);
    case ISLE_BIND_ITERATOR:
    case ISLE_BIND_MATCH_SOME:
    case ISLE_BIND_MAKE_SOME: f->values[id] = f->values[b->args[0]]; return true;
    case ISLE_BIND_MATCH_TUPLE: return give(f, id, f->values[b->args[0]]->values[b->field]);
    case ISLE_BIND_MAKE_VARIANT:
    case ISLE_BIND_MAKE_STRUCT: return eval_make(f, id, b);
    case ISLE_BIND_MATCH_VARIANT:
    case ISLE_BIND_EXTRACT_STRUCT: return eval_part(f, id, b);
    }
    UNREACHABLE();
}

// ---- Conditions ----

static Expr is_variant(Gen *g, Sym *value, uint32_t variant, IslePos pos)
{
    value = sym_resolve(value);
    if (value->kind != SYM_ENUM) {
        gen_stop(g, STOP_ERROR, pos, "the model of a type with variants has none");
        return EXPR_NONE;
    }
    const Expr tag = sym_expr(g, value->tag, pos);
    return expr_eq(g->pool, tag, expr_bv(g->pool, 32, variant));
}

static bool assume_check(Frame *f, const IsleCheck *check)
{
    Gen *const g = f->g;
    const IsleTest *const test = &f->set->tests.data[check->test];
    const IslePos pos = g->isle->terms.data[f->set->term].pos;
    CallScope scope = {.guard = expr_bool(g->pool, true)};
    if (!eval(f, test->a))
        return false;
    if (test->kind == ISLE_TEST_LOOP)
        return true;
    if (test->kind == ISLE_TEST_EQUAL)
        return eval(f, test->b) &&
               sym_equate(g, &scope, value_of(f, test->a), value_of(f, test->b), pos);
    const IsleConstraint *const c = &f->set->constraints.data[check->constraint];
    if (c->kind == ISLE_CONSTRAINT_SOME) {
        gen_assume(g, NULL, f->values[test->a]->some);
        return true;
    }
    Sym *const value = value_of(f, test->a);
    if (c->kind == ISLE_CONSTRAINT_VARIANT) {
        const Expr is = is_variant(g, value, c->index, pos);
        if (!g->stop)
            gen_assume(g, NULL, is);
        return !g->stop;
    }
    Sym *const wanted = constraint_value(g, f->set->bindings.data[test->a].type, c);
    return wanted && sym_equate(g, &scope, value, wanted, pos);
}

static Expr check_holds(Frame *f, const IsleCheck *check)
{
    Gen *const g = f->g;
    const IsleTest *const test = &f->set->tests.data[check->test];
    const IslePos pos = g->isle->terms.data[f->set->term].pos;
    if (!eval(f, test->a) || (test->kind == ISLE_TEST_EQUAL && !eval(f, test->b)))
        return EXPR_NONE;
    if (test->kind == ISLE_TEST_EQUAL)
        return sym_equal(g, value_of(f, test->a), value_of(f, test->b), pos);
    const IsleConstraint *const c = &f->set->constraints.data[check->constraint];
    if (c->kind == ISLE_CONSTRAINT_SOME)
        return f->values[test->a]->some;
    Sym *const value = value_of(f, test->a);
    if (c->kind == ISLE_CONSTRAINT_VARIANT)
        return is_variant(g, value, c->index, pos);
    Sym *const wanted = constraint_value(g, f->set->bindings.data[test->a].type, c);
    return wanted ? sym_equal(g, value, wanted, pos) : EXPR_NONE;
}

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
        const Expr holds = check_holds(f, &higher->checks[i]);
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
        const Expr holds = check_holds(f, &form->checks[i]);
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
    IsleRuleSet *const set = g->program->sets[term];
    Frame *const f = ARENA_NEW(g->arena, Frame);
    *f = (Frame){g, set, args, ARENA_ARRAY(g->arena, CallResult *, set->bindings.len), NULL};
    g->unmatched = f;
    buf_printf(&g->types, "%sno rule of %.*s", g->types.len ? ", " : "",
               STR_ARG(isle_str(g->isle, t->name)));
    gen_stop(g, STOP_NO_RULE, t->pos, "no rule matches");
}

// ---- Rules ----

static void note_rule(Gen *g, IsleRuleId rule)
{
    for (uint32_t i = 0; i < g->vc->rules.len; i++)
        if (g->vc->rules.data[i] == rule)
            return;
    VEC_PUSH(g->arena, &g->vc->rules, rule);
}

Sym *rule_apply(Gen *g, IsleTermId term, uint32_t n, Sym **args)
{
    IsleRuleSet *const set = g->program->sets[term];
    const IsleRuleForm *const form = &set->rules.data[n];
    Frame *const f = ARENA_NEW(g->arena, Frame);
    *f = (Frame){g, set, args, ARENA_ARRAY(g->arena, CallResult *, set->bindings.len), NULL};
    const bool root = g->depth == 0;
    if (++g->depth > MAX_DEPTH)
        return gen_stop(g, STOP_ERROR, g->isle->terms.data[term].pos,
                        "helper terms are nested more than %u deep", MAX_DEPTH);
    note_rule(g, form->rule);
    for (uint32_t i = 0; i < form->num_checks; i++)
        if (!assume_check(f, &form->checks[i]))
            return NULL;
    spec_drain(g);
    // Of a multi term every rule that matches is taken.
    const bool first = (g->isle->terms.data[term].flags & ISLE_MULTI) == 0;
    for (uint32_t i = 0; first && i < set->rules.len && !g->stop; i++)
        if (set->rules.data[i].priority > form->priority)
            negate(f, form, &set->rules.data[i]);
    if (g->stop)
        return NULL;
    if (root) {
        g->right = true;
        g->vc->left_choices = g->at;
        g->vc->left_assumptions = g->vc->assumptions.len;
    }
    for (uint32_t i = 0; i < form->num_calls; i++)
        if (!eval(f, form->calls[i]))
            return NULL;
    if (!eval(f, form->result))
        return NULL;
    g->depth--;
    return value_of(f, form->result);
}

// The conditions under which a rule matches where another one does; EXPR_NONE: values do not decide
// it.
static Expr matches_too(Frame *f, const IsleRuleForm *form, const IsleRuleForm *other)
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
        const Expr holds = decided ? check_holds(f, &other->checks[i]) : EXPR_NONE;
        if (decided && !g->stop)
            all = expr_and(g->pool, all, holds);
    }
    const bool open = !decided || g->stop || is_left_open(g, &trial, all);
    return end_trial(f, &trial) == STOP_NONE && !open ? all : EXPR_NONE;
}

// Sees to it that the other rule of a pair matches where the rule does, whose checks are assumed.
static bool match_pair(Frame *f, const VcPair *pair)
{
    Gen *const g = f->g;
    const IsleRuleForm *const forms = f->set->rules.data;
    if (pair->goal == VC_PAIR_SAME)
        return true;
    const Expr matches = matches_too(f, &forms[pair->n], &forms[pair->like]);
    const bool none = expr_same(matches, EXPR_NONE);
    if (!none && pair->goal == VC_PAIR_MATCHES)
        gen_goal(g, NULL, matches, STR("the other rule matches as well"));
    else if (none || !expr_is_true(g->pool, matches))
        gen_stop(g, STOP_ERROR, g->isle->terms.data[pair->root].pos,
                 "nothing says that the other rule matches as well");
    return !g->stop;
}

static bool assume_checks(Frame *f, const IsleRuleForm *form)
{
    for (uint32_t i = 0; i < form->num_checks; i++)
        if (!assume_check(f, &form->checks[i]))
            return false;
    spec_drain(f->g);
    return !f->g->stop;
}

static Sym *right_side(Frame *f, const IsleRuleForm *form)
{
    f->g->alive = expr_bool(f->g->pool, true);
    for (uint32_t i = 0; i < form->num_calls; i++)
        if (!eval(f, form->calls[i]))
            return NULL;
    if (!eval(f, form->result))
        return NULL;
    spec_drain(f->g);
    return f->g->stop ? NULL : value_of(f, form->result);
}

// The instructions that a right side takes in are no others than those of another one, `count` that
// come first in the list.
static void take_the_same(Gen *g, uint32_t count)
{
    bool same = g->taken.len == 2 * count;
    for (uint32_t i = 0; i < count && same; i++) {
        bool found = false;
        for (uint32_t k = count; k < 2 * count; k++)
            found = found || g->taken.data[k] == g->taken.data[i];
        same = found;
    }
    if (!same)
        gen_goal(g, NULL, expr_bool(g->pool, false), STR("both rules take in the same"));
}

bool rule_apply_pair(Gen *g, const VcPair *pair, Sym **args, Sym *values[2])
{
    IsleRuleSet *const set = g->program->sets[pair->root];
    const IsleRuleForm *const form = &set->rules.data[pair->n];
    const IsleRuleForm *const other = &set->rules.data[pair->like];
    const uint32_t count = set->bindings.len;
    Frame f = {g, set, args, ARENA_ARRAY(g->arena, CallResult *, count), NULL};
    note_rule(g, form->rule);
    g->depth++;
    if (!assume_checks(&f, form))
        return false;
    if (!match_pair(&f, pair))
        return false;
    if (pair->goal == VC_PAIR_MATCHES) {
        g->right = true;
        values[0] = values[1] = right_side(&f, form); // says how wide all is
        g->depth--;
        return values[0] != NULL;
    }
    if (!assume_checks(&f, other))
        return false;
    Frame own = f; // what is matched is the same, what is executed is not
    own.values = ARENA_ARRAY(g->arena, CallResult *, count);
    copy_bytes(own.values, f.values, count * sizeof(*own.values));
    g->right = true;
    values[1] = right_side(&f, other);
    g->other = g->right_events;
    g->right_events = (Events){{0}};
    const uint32_t taken = g->taken.len;
    for (uint32_t i = 0; i < taken; i++)
        g->taken.data[i]->executed = false;
    values[0] = values[1] ? right_side(&own, form) : NULL;
    take_the_same(g, taken);
    g->depth--;
    return values[0] != NULL;
}

bool rule_construct(Gen *g, const Call *call, CallResult *out)
{
    const IsleTerm *const t = &g->isle->terms.data[call->term];
    if (t->spec)
        return call_spec(g, call, out);
    if (t->rules.len == 0)
        return missing_spec(g, call->term);
    if (call->path) {
        gen_stop(g, STOP_BLOCKED, t->pos, "rules are not tried one by one");
        return false;
    }
    const uint32_t count = vc_num_rules(g->program, call->term);
    const uint32_t chosen = gen_choose(g, count + vc_may_be_unmatched(g->program, call->term));
    if (chosen == count) {
        VEC_PUSH(g->arena, &g->calls, ((GenCall){call->term, false, call->args, NULL}));
        rule_find_none(g, call->term, call->args);
        return false;
    }
    Sym *const result = rule_apply(g, call->term, chosen, call->args);
    if (!result)
        return false;
    out->some = expr_bool(g->pool, true);
    out->values = ARENA_ARRAY(g->arena, Sym *, 1);
    out->values[0] = result;
    return true;
}
