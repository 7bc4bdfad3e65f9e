// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From typed rules to rule sets: each rule becomes a conjunction of tests on shared bindings, the
// calls of its right side in order, and a result.
//
//   (rule (f (A x y) y) (if-let z (g x)) (h z))
//
//     b0 = argument 0     b2 = field 0 of A in b0    b4 = g(b2)      tests: b0 is A, b3 == b1,
//     b1 = argument 1     b3 = field 1 of A in b0    b5 = some b4           b4 is some
//                                                    b6 = h(b5)      result: b6
//
// Bindings are hash-consed over all rules of a term: that is what lets the decision tree test once
// what many rules ask. Only pure calls may be shared; calls with effects get numbers of their own.
// Two occurrences of one multi call in one rule are two independent choices, so each occurrence has
// a number within its rule, and the n-th occurrences of different rules are shared.

#include "isle-rules/compiler/islec_internal.h"

typedef struct Constrained {
    IsleBindingId binding;
    IsleConstraint constraint;
} Constrained;

typedef struct Pair {
    IsleBindingId a, b;
} Pair;

typedef struct Former {
    Isle *isle;
    Arena *arena;
    IsleRuleSet *set;
    Map *bindings, *tests, *constraints; // content hash -> id
    uint32_t *next_instance;
    const IsleRule *rule;
    IsleBindingId *vars;
    bool right_side, failed;
    VEC(Constrained) constrained;
    VEC(Pair) equals;
    VEC(IsleBindingId) loops;
    VEC(IsleBindingId) calls;
} Former;

// ---- Interning ----

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static uint64_t hash_binding(const IsleBinding *b)
{
    uint64_t h = mix(b->kind, (uint64_t)b->type << 32 | b->term);
    h = mix(h, (uint64_t)b->index << 32 | b->field);
    h = mix(h,
            (uint64_t)b->value ^ (uint64_t)((uint128)b->value >> 64) ^ (uint64_t)b->instance << 40);
    for (uint32_t i = 0; i < b->num_args; i++)
        h = mix(h, b->args[i]);
    return h;
}

static bool same_binding(const IsleBinding *a, const IsleBinding *b)
{
    return a->kind == b->kind && a->type == b->type && a->term == b->term && a->index == b->index &&
           a->field == b->field && a->instance == b->instance && a->value == b->value &&
           a->num_args == b->num_args &&
           (a->num_args == 0 || memcmp(a->args, b->args, a->num_args * sizeof(*a->args)) == 0);
}

static IsleBindingId intern(Former *f, const IsleBinding *binding)
{
    uint64_t key = hash_binding(binding);
    for (IsleBindingId id; (id = map_get(f->bindings, key)) != MAP_NONE; key++)
        if (same_binding(&f->set->bindings.data[id], binding))
            return id;
    const IsleBindingId id = f->set->bindings.len;
    IsleBinding copy = *binding;
    IsleBindingId *const args = ARENA_ARRAY(f->arena, IsleBindingId, binding->num_args);
    for (uint32_t i = 0; i < binding->num_args; i++) {
        args[i] = binding->args[i];
        f->set->bindings.data[args[i]].num_users++;
    }
    copy.args = args;
    VEC_PUSH(f->arena, &f->set->bindings, copy);
    map_set(f->arena, f->bindings, key, id);
    return id;
}

static uint32_t intern_test(Former *f, IsleTest test)
{
    uint64_t key = mix(test.kind, (uint64_t)test.a << 32 | test.b);
    for (uint32_t id; (id = map_get(f->tests, key)) != MAP_NONE; key++) {
        const IsleTest *const known = &f->set->tests.data[id];
        if (known->kind == test.kind && known->a == test.a && known->b == test.b)
            return id;
    }
    f->set->bindings.data[test.a].num_users++;
    if (test.kind == ISLE_TEST_EQUAL)
        f->set->bindings.data[test.b].num_users++;
    map_set(f->arena, f->tests, key, f->set->tests.len);
    VEC_PUSH(f->arena, &f->set->tests, test);
    return f->set->tests.len - 1;
}

static bool same_constraint(const IsleConstraint *a, const IsleConstraint *b)
{
    return a->kind == b->kind && a->index == b->index && a->value == b->value;
}

static uint32_t intern_constraint(Former *f, const IsleConstraint *constraint)
{
    uint64_t key = mix((uint64_t)constraint->kind << 32 | constraint->index,
                       (uint64_t)constraint->value ^ (uint64_t)((uint128)constraint->value >> 64));
    for (uint32_t id; (id = map_get(f->constraints, key)) != MAP_NONE; key++)
        if (same_constraint(&f->set->constraints.data[id], constraint))
            return id;
    map_set(f->arena, f->constraints, key, f->set->constraints.len);
    VEC_PUSH(f->arena, &f->set->constraints, *constraint);
    return f->set->constraints.len - 1;
}

static IsleBindingId intern_part(Former *f, IsleBinding part, IsleBindingId of)
{
    part.args = &of;
    part.num_args = 1;
    return intern(f, &part);
}

// ---- Conditions ----

static void add_constraint(Former *f, IsleBindingId binding, IsleConstraint constraint)
{
    for (uint32_t i = 0; i < f->constrained.len; i++) {
        const Constrained *const known = &f->constrained.data[i];
        if (known->binding != binding)
            continue;
        if (!same_constraint(&known->constraint, &constraint) && !f->failed) {
            isle_error(f->isle, f->rule->pos,
                       "rule `%.*s` can never match: it asks one value to be two different things",
                       STR_ARG(f->rule->label));
            f->failed = true;
        }
        return;
    }
    VEC_PUSH(f->arena, &f->constrained, ((Constrained){binding, constraint}));
}

static void check_size(Former *f)
{
    if (f->failed || f->constrained.len + f->equals.len + f->loops.len <= ISLE_MAX_CHECKS)
        return;
    isle_error_limit(f->isle, f->rule->pos, "rule `%.*s` has more than %u conditions",
                     STR_ARG(f->rule->label), ISLE_MAX_CHECKS);
    f->failed = true;
}

// A multi call that no other occurrence in this rule has: the first free instance of `call`.
static IsleBindingId intern_choice(Former *f, IsleBinding *call)
{
    for (call->instance = 0;; call->instance++) {
        const IsleBindingId id = intern(f, call);
        uint32_t i = 0;
        while (i < f->loops.len && f->loops.data[i] != id)
            i++;
        if (i == f->loops.len || f->failed) {
            VEC_PUSH(f->arena, &f->loops, id);
            check_size(f);
            return id;
        }
    }
}

// ---- Patterns ----

static void match_node(Former *f, const IsleNode *node, IsleBindingId value);

static void match_fields(Former *f, const IsleNode *node, const IsleTerm *term, IsleBindingId value)
{
    const bool is_enum = f->isle->types.data[term->ret].kind == ISLE_TYPE_ENUM;
    if (is_enum)
        add_constraint(f, value,
                       (IsleConstraint){.kind = ISLE_CONSTRAINT_VARIANT, .index = term->variant});
    for (uint32_t i = 0; i < node->num_args; i++) {
        if (node->args[i]->kind == ISLE_NODE_ANY)
            continue;
        const IsleBinding part = {.kind =
                                      is_enum ? ISLE_BIND_MATCH_VARIANT : ISLE_BIND_EXTRACT_STRUCT,
                                  .type = term->args[i],
                                  .index = term->variant,
                                  .field = i};
        match_node(f, node->args[i], intern_part(f, part, value));
    }
}

static void match_extractor(Former *f, const IsleNode *node, const IsleTerm *term,
                            IsleBindingId value)
{
    const IsleTypeId single = term->num_args == 1 ? term->args[0] : ISLE_NONE;
    const bool multi = (term->flags & ISLE_MULTI) != 0;
    IsleBinding call = {.kind = ISLE_BIND_EXTRACTOR,
                        .type = isle_extractor_fails(term) ? ISLE_NONE : single,
                        .term = node->term,
                        .args = &value,
                        .num_args = 1};
    IsleBindingId got = multi ? intern_choice(f, &call) : intern(f, &call);
    if (multi) {
        got = intern_part(f, (IsleBinding){.kind = ISLE_BIND_ITERATOR, .type = single}, got);
    } else if (isle_extractor_fails(term)) {
        add_constraint(f, got, (IsleConstraint){.kind = ISLE_CONSTRAINT_SOME});
        got = intern_part(f, (IsleBinding){.kind = ISLE_BIND_MATCH_SOME, .type = single}, got);
    }
    for (uint32_t i = 0; i < node->num_args; i++) {
        if (node->args[i]->kind == ISLE_NODE_ANY)
            continue;
        const IsleBinding part = {.kind = ISLE_BIND_MATCH_TUPLE, .type = term->args[i], .field = i};
        match_node(f, node->args[i], term->num_args == 1 ? got : intern_part(f, part, got));
    }
}

static IsleConstraint const_constraint(const IsleNode *node)
{
    if (node->kind == ISLE_NODE_CONST)
        return (IsleConstraint){.kind = ISLE_CONSTRAINT_PRIM, .index = node->name};
    return (IsleConstraint){.kind = node->kind == ISLE_NODE_INT ? ISLE_CONSTRAINT_INT
                                                                : ISLE_CONSTRAINT_BOOL,
                            .value = node->value};
}

static void match_node(Former *f, const IsleNode *node, IsleBindingId value)
{
    if (f->failed)
        return;
    switch ((int)node->kind) {
    case ISLE_NODE_INT:
    case ISLE_NODE_BOOL:
    case ISLE_NODE_CONST: add_constraint(f, value, const_constraint(node)); break;
    case ISLE_NODE_BIND:
        if (node->num_args == 1)
            match_node(f, node->args[0], value);
        f->vars[node->var] = value;
        break;
    case ISLE_NODE_SAME:
        if (f->vars[node->var] != value)
            VEC_PUSH(f->arena, &f->equals, ((Pair){f->vars[node->var], value}));
        break;
    case ISLE_NODE_AND:
        for (uint32_t i = 0; i < node->num_args; i++)
            match_node(f, node->args[i], value);
        break;
    case ISLE_NODE_TERM: {
        const IsleTerm *const term = &f->isle->terms.data[node->term];
        if (term->extractor == ISLE_HOW_BUILTIN)
            match_fields(f, node, term, value);
        else
            match_extractor(f, node, term, value);
        break;
    }
    default: ASSERT(node->kind == ISLE_NODE_ANY);
    }
    check_size(f);
}

// ---- Expressions ----

static IsleBindingId form_expr(Former *f, const IsleNode *node);

static bool is_some_already(const Former *f, IsleBindingId call)
{
    for (uint32_t i = 0; i < f->constrained.len; i++)
        if (f->constrained.data[i].binding == call)
            return true;
    return false;
}

// The right side's calls that can't be left to whoever needs their value.
static void add_call(Former *f, IsleBindingId call)
{
    if (is_some_already(f, call))
        return;
    for (uint32_t i = 0; i < f->calls.len; i++)
        if (f->calls.data[i] == call)
            return;
    VEC_PUSH(f->arena, &f->calls, call);
}

static IsleBindingId form_call(Former *f, IsleBinding *call, const IsleTerm *term)
{
    const bool pure = (term->flags & ISLE_PURE) != 0;
    const bool multi = (term->flags & ISLE_MULTI) != 0;
    const bool partial = (term->flags & ISLE_PARTIAL) != 0;
    call->kind = ISLE_BIND_CONSTRUCTOR;
    call->type = multi || partial ? ISLE_NONE : term->ret;
    IsleBindingId id;
    if (multi && !f->right_side) {
        id = intern_choice(f, call);
    } else {
        if (multi || !pure)
            call->instance = (*f->next_instance)++;
        id = intern(f, call);
    }
    if (f->right_side && (!pure || multi || partial))
        add_call(f, id);
    if (multi)
        return intern_part(f, (IsleBinding){.kind = ISLE_BIND_ITERATOR, .type = term->ret}, id);
    if (!partial)
        return id;
    if (!f->right_side)
        add_constraint(f, id, (IsleConstraint){.kind = ISLE_CONSTRAINT_SOME});
    return intern_part(f, (IsleBinding){.kind = ISLE_BIND_MATCH_SOME, .type = term->ret}, id);
}

static IsleBindingId form_term(Former *f, const IsleNode *node)
{
    const IsleTerm *const term = &f->isle->terms.data[node->term];
    IsleBindingId *const args = ARENA_ARRAY(f->arena, IsleBindingId, node->num_args);
    for (uint32_t i = 0; i < node->num_args; i++)
        args[i] = form_expr(f, node->args[i]);
    IsleBinding binding = {
        .term = node->term, .args = args, .num_args = node->num_args, .type = term->ret};
    if (term->constructor != ISLE_HOW_BUILTIN)
        return form_call(f, &binding, term);
    binding.kind = f->isle->types.data[term->ret].kind == ISLE_TYPE_ENUM ? ISLE_BIND_MAKE_VARIANT
                                                                         : ISLE_BIND_MAKE_STRUCT;
    binding.index = term->variant;
    return intern(f, &binding);
}

static IsleBindingId form_expr(Former *f, const IsleNode *node)
{
    IsleBinding binding = {.type = node->type, .value = node->value};
    switch ((int)node->kind) {
    case ISLE_NODE_INT: binding.kind = ISLE_BIND_CONST_INT; return intern(f, &binding);
    case ISLE_NODE_BOOL: binding.kind = ISLE_BIND_CONST_BOOL; return intern(f, &binding);
    case ISLE_NODE_CONST:
        binding.kind = ISLE_BIND_CONST_PRIM;
        binding.term = node->name;
        return intern(f, &binding);
    case ISLE_NODE_VAR: return f->vars[node->var];
    case ISLE_NODE_LET:
        for (uint32_t i = 0; i + 1 < node->num_args; i++)
            f->vars[node->vars[i]] = form_expr(f, node->args[i]);
        return form_expr(f, node->args[node->num_args - 1]);
    default: ASSERT(node->kind == ISLE_NODE_TERM); return form_term(f, node);
    }
}

// ---- Equalities ----

static const IsleConstraint *constraint_of(const Former *f, IsleBindingId binding)
{
    for (uint32_t i = 0; i < f->constrained.len; i++)
        if (f->constrained.data[i].binding == binding)
            return &f->constrained.data[i].constraint;
    return NULL;
}

// Replaces a == b, where one has a constraint, by the same constraint on both and equal fields.
static void spread_constraint(Former *f, Pair pair, IsleConstraint constraint)
{
    add_constraint(f, pair.a, constraint);
    add_constraint(f, pair.b, constraint);
    if (constraint.kind != ISLE_CONSTRAINT_VARIANT || f->failed)
        return;
    const IsleTypeId type = f->set->bindings.data[pair.a].type;
    const IsleVariant *const variant = &f->isle->types.data[type].variants[constraint.index];
    for (uint32_t i = 0; i < variant->num_fields; i++) {
        const IsleBinding part = {.kind = ISLE_BIND_MATCH_VARIANT,
                                  .type = variant->fields[i].type,
                                  .index = constraint.index,
                                  .field = i};
        const IsleBindingId a = intern_part(f, part, pair.a), b = intern_part(f, part, pair.b);
        VEC_PUSH(f->arena, &f->equals, ((Pair){a, b}));
        check_size(f);
    }
}

// Until no value has both a constraint and an equality: so two rules that ask different things of
// one value are seen to exclude each other, and no equality is tested that a constant decides.
static void normalise_equals(Former *f)
{
    for (bool changed = true; changed && !f->failed;) {
        changed = false;
        for (uint32_t i = 0; i < f->equals.len && !f->failed; i++) {
            const Pair pair = f->equals.data[i];
            const IsleConstraint *constraint = constraint_of(f, pair.a);
            if (!constraint)
                constraint = constraint_of(f, pair.b);
            if (!constraint)
                continue;
            f->equals.data[i--] = f->equals.data[--f->equals.len];
            spread_constraint(f, pair, *constraint);
            changed = true;
        }
    }
}

// The least value known to equal `b`, by the pairs.
static IsleBindingId least_equal(const IsleBindingId *parents, const Former *f, IsleBindingId b)
{
    for (uint32_t i = 0; i < 2 * f->equals.len; i++) {
        const Pair pair = f->equals.data[i / 2];
        if ((i % 2 == 0 ? pair.a : pair.b) == b)
            return parents[i];
    }
    UNREACHABLE();
}

// ---- Rules ----

// Puts each class of equal values as tests against its least member.
static void push_equal_checks(Former *f, IsleCheck *checks, uint32_t *count)
{
    const uint32_t ends = 2 * f->equals.len;
    IsleBindingId *const least = ARENA_ARRAY(f->arena, IsleBindingId, ends);
    for (uint32_t i = 0; i < ends; i++)
        least[i] = i % 2 == 0 ? f->equals.data[i / 2].a : f->equals.data[i / 2].b;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < f->equals.len; i++) {
            const IsleBindingId a = least_equal(least, f, f->equals.data[i].a);
            const IsleBindingId b = least_equal(least, f, f->equals.data[i].b);
            const IsleBindingId low = a < b ? a : b;
            for (uint32_t j = 0; j < ends && a != b; j++)
                if (least[j] == a || least[j] == b)
                    least[j] = low;
            changed = changed || a != b;
        }
    }
    for (uint32_t i = 0; i < ends; i++) {
        const IsleBindingId member = i % 2 == 0 ? f->equals.data[i / 2].a : f->equals.data[i / 2].b;
        if (member == least[i])
            continue;
        const uint32_t test = intern_test(f, (IsleTest){ISLE_TEST_EQUAL, least[i], member});
        checks[(*count)++] = (IsleCheck){test, ISLE_NONE};
    }
}

// By test; a test that stands twice goes.
static uint32_t sort_checks(IsleCheck *checks, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        const IsleCheck check = checks[i];
        uint32_t j = i;
        for (; j > 0 && checks[j - 1].test > check.test; j--)
            checks[j] = checks[j - 1];
        checks[j] = check;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (kept == 0 || checks[kept - 1].test != checks[i].test)
            checks[kept++] = checks[i];
    return kept;
}

static void finish_rule(Former *f, IsleBindingId result)
{
    const uint32_t most = f->constrained.len + 2 * f->equals.len + f->loops.len;
    IsleCheck *const checks = ARENA_ARRAY(f->arena, IsleCheck, most);
    uint32_t count = 0;
    for (uint32_t i = 0; i < f->constrained.len; i++) {
        const Constrained *const c = &f->constrained.data[i];
        const uint32_t test = intern_test(f, (IsleTest){ISLE_TEST_MATCH, c->binding, ISLE_NONE});
        checks[count++] = (IsleCheck){test, intern_constraint(f, &c->constraint)};
    }
    push_equal_checks(f, checks, &count);
    for (uint32_t i = 0; i < f->loops.len; i++) {
        const IsleTest test = {ISLE_TEST_LOOP, f->loops.data[i], ISLE_NONE};
        checks[count++] = (IsleCheck){intern_test(f, test), ISLE_NONE};
    }
    f->set->bindings.data[result].num_users++;
    const IsleRuleForm form = {.rule = (IsleRuleId)(f->rule - f->isle->rules.data),
                               .priority = f->rule->priority,
                               .checks = checks,
                               .num_checks = sort_checks(checks, count),
                               .calls = f->calls.data,
                               .num_calls = f->calls.len,
                               .result = result};
    VEC_PUSH(f->arena, &f->set->rules, form);
}

// False when the rule can't match or is too large.
static bool form_rule(Former *f, const IsleRuleBody *body)
{
    f->vars = ARENA_ARRAY(f->arena, IsleBindingId, body->vars.len);
    for (uint32_t i = 0; i < body->num_args && !f->failed; i++) {
        if (body->args[i]->kind == ISLE_NODE_ANY)
            continue;
        const IsleBinding argument = {.kind = ISLE_BIND_ARGUMENT,
                                      .type = f->isle->terms.data[f->rule->root].args[i],
                                      .index = i};
        match_node(f, body->args[i], intern(f, &argument));
    }
    for (uint32_t i = 0; i < body->num_iflets && !f->failed; i++)
        match_node(f, body->iflets[i].pattern, form_expr(f, body->iflets[i].expr));
    normalise_equals(f);
    check_size(f);
    if (f->failed)
        return false;
    f->right_side = true;
    IsleBindingId result = form_expr(f, body->expr);
    if (f->isle->terms.data[f->rule->root].flags & ISLE_PARTIAL)
        result =
            intern_part(f, (IsleBinding){.kind = ISLE_BIND_MAKE_SOME, .type = ISLE_NONE}, result);
    finish_rule(f, result);
    return true;
}

IsleRuleSet *isle_rule_set(Isle *isle, IsleTermId term, bool expand_macros)
{
    if (isle->rule_sets.len == 0)
        VEC_PUSH_ZEROED(isle->arena, &isle->rule_sets, isle->terms.len);
    if (expand_macros && isle->rule_sets.data[term])
        return isle->rule_sets.data[term];
    Map bindings = {0}, tests = {0}, constraints = {0};
    uint32_t next_instance = ISLE_MAX_CHECKS + 1; // past those of choices
    IsleRuleSet *const set = ARENA_NEW(isle->arena, IsleRuleSet);
    set->term = term;
    const IsleTerm *const root = &isle->terms.data[term];
    for (uint32_t i = 0; i < root->rules.len; i++) {
        const IsleRule *const rule = &isle->rules.data[root->rules.data[i]];
        IsleRuleBody unexpanded = {0};
        if (!expand_macros && !isle_type_rule(isle, rule, false, &unexpanded))
            continue;
        Former f = {.isle = isle,
                    .arena = isle->arena,
                    .set = set,
                    .bindings = &bindings,
                    .tests = &tests,
                    .constraints = &constraints,
                    .next_instance = &next_instance,
                    .rule = rule};
        form_rule(&f, expand_macros ? &rule->body : &unexpanded);
    }
    if (expand_macros)
        isle->rule_sets.data[term] = set;
    return set;
}

// ---- Questions about bindings ----

IsleBindingId isle_call_behind(const IsleRuleSet *set, IsleBindingId id)
{
    for (;;) {
        const IsleBinding *const b = &set->bindings.data[id];
        if (b->kind != ISLE_BIND_MATCH_SOME && b->kind != ISLE_BIND_MATCH_TUPLE &&
            b->kind != ISLE_BIND_ITERATOR)
            return id;
        id = b->args[0];
    }
}

bool isle_binding_is_free(const Isle *isle, const IsleBinding *binding)
{
    switch (binding->kind) {
    case ISLE_BIND_CONST_BOOL:
    case ISLE_BIND_CONST_INT:
    case ISLE_BIND_CONST_PRIM:
    case ISLE_BIND_ARGUMENT:
    case ISLE_BIND_ITERATOR:
    case ISLE_BIND_MATCH_SOME:
    case ISLE_BIND_MATCH_TUPLE:
    case ISLE_BIND_MAKE_SOME: return true;
    case ISLE_BIND_MAKE_VARIANT:
        return binding->num_args == 0 && !isle->types.data[binding->type].is_extern;
    case ISLE_BIND_EXTRACTOR:
    case ISLE_BIND_CONSTRUCTOR:
    case ISLE_BIND_MATCH_VARIANT:
    case ISLE_BIND_MAKE_STRUCT:
    case ISLE_BIND_EXTRACT_STRUCT: return false;
    }
    UNREACHABLE();
}
