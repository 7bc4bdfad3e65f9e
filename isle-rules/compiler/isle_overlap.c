// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The checks over all rules: which overlap at one priority, which can never fire because another
// always fires first, which extractor macros and which terms call themselves.
//
// Two rules exclude each other when they ask different things of one value; else they may overlap.
// Asking this of all pairs would be quadratic in the thousands of rules of a large term. So the
// rules are split by the value most of them ask about: rules that ask for different constants there
// need no comparison, and the groups are split again.

#include "isle-rules/compiler/islec_internal.h"

#include <stdlib.h>

// Pairs of overlapping rules kept for the report; more are as good as endless.
#define MAX_CONFLICTS 4096u

typedef struct Conflict {
    uint32_t a, b; // forms
} Conflict;

typedef struct Overlaps {
    Isle *isle;
    Arena *arena;
    const IsleRuleSet *set;
    VEC(Conflict) conflicts;
    uint32_t *shadow; // by form: a form that always fires before it, or ISLE_NONE
    uint32_t *count;  // by test: rules of the group that have it
    uint32_t *first;  // by test: a constraint of it
    bool *varied;     // by test: there are different ones
} Overlaps;

// ---- Pairs ----

// Every condition of `a` is one of `b`.
static bool implies(const IsleRuleForm *b, const IsleRuleForm *a)
{
    uint32_t j = 0;
    for (uint32_t i = 0; i < a->num_checks; i++, j++) {
        while (j < b->num_checks && b->checks[j].test < a->checks[i].test)
            j++;
        if (j == b->num_checks || b->checks[j].test != a->checks[i].test ||
            b->checks[j].constraint != a->checks[i].constraint)
            return false;
    }
    return true;
}

static bool exclude(const IsleRuleForm *a, const IsleRuleForm *b)
{
    for (uint32_t i = 0, j = 0; i < a->num_checks && j < b->num_checks;) {
        if (a->checks[i].test < b->checks[j].test) {
            i++;
        } else if (a->checks[i].test > b->checks[j].test) {
            j++;
        } else {
            if (a->checks[i].constraint != b->checks[j].constraint)
                return true;
            i++;
            j++;
        }
    }
    return false;
}

static void check_pair(Overlaps *o, uint32_t x, uint32_t y)
{
    const IsleRuleForm *const forms = o->set->rules.data;
    if (exclude(&forms[x], &forms[y]))
        return;
    if (forms[x].priority == forms[y].priority) {
        if (o->conflicts.len < MAX_CONFLICTS)
            VEC_PUSH(o->arena, &o->conflicts, ((Conflict){x, y}));
        return;
    }
    const uint32_t high = forms[x].priority > forms[y].priority ? x : y;
    const uint32_t low = high == x ? y : x;
    if (implies(&forms[low], &forms[high]) && high < o->shadow[low])
        o->shadow[low] = high;
}

// ---- Groups ----

// The test that tells most of the rules apart, or ISLE_NONE.
static uint32_t best_split(Overlaps *o, const uint32_t *rules, uint32_t n)
{
    uint32_t best = ISLE_NONE;
    for (uint32_t i = 0; i < n; i++) {
        const IsleRuleForm *const form = &o->set->rules.data[rules[i]];
        for (uint32_t c = 0; c < form->num_checks; c++)
            o->count[form->checks[c].test] = 0;
    }
    for (uint32_t i = 0; i < n; i++) {
        const IsleRuleForm *const form = &o->set->rules.data[rules[i]];
        for (uint32_t c = 0; c < form->num_checks; c++) {
            const IsleCheck check = form->checks[c];
            if (check.constraint == ISLE_NONE)
                continue;
            if (o->count[check.test]++ == 0) {
                o->first[check.test] = check.constraint;
                o->varied[check.test] = false;
            }
            o->varied[check.test] |= o->first[check.test] != check.constraint;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        const IsleRuleForm *const form = &o->set->rules.data[rules[i]];
        for (uint32_t c = 0; c < form->num_checks; c++) {
            const uint32_t test = form->checks[c].test;
            if (form->checks[c].constraint == ISLE_NONE || !o->varied[test])
                continue;
            if (best == ISLE_NONE || o->count[test] > o->count[best] ||
                (o->count[test] == o->count[best] && test < best))
                best = test;
        }
    }
    return best;
}

typedef struct Keyed {
    uint32_t constraint, rule;
} Keyed;

static int compare_keyed(const void *x, const void *y)
{
    const Keyed *const a = x, *const b = y;
    if (a->constraint != b->constraint)
        return a->constraint < b->constraint ? -1 : 1;
    return (a->rule > b->rule) - (a->rule < b->rule);
}

static uint32_t constraint_at(const IsleRuleForm *form, uint32_t test)
{
    for (uint32_t c = 0; c < form->num_checks; c++)
        if (form->checks[c].test == test)
            return form->checks[c].constraint;
    return ISLE_NONE;
}

// Puts the rules with the test first, grouped by constraint. Returns their number.
static uint32_t group_rules(Overlaps *o, uint32_t *rules, uint32_t n, uint32_t test, Keyed *keyed)
{
    for (uint32_t i = 0; i < n; i++)
        keyed[i] = (Keyed){constraint_at(&o->set->rules.data[rules[i]], test), rules[i]};
    qsort(keyed, n, sizeof(*keyed), compare_keyed);
    uint32_t with = 0;
    for (uint32_t i = 0; i < n; i++) {
        rules[i] = keyed[i].rule;
        with += keyed[i].constraint != ISLE_NONE;
    }
    return with;
}

// Checks all pairs of the rules. Recurses into groups that agree on one more test, so no deeper
// than rules have conditions.
static void check_group(Overlaps *o, uint32_t *rules, uint32_t n)
{
    while (n > 8) {
        const uint32_t test = best_split(o, rules, n);
        if (test == ISLE_NONE)
            break;
        Keyed *const keyed = ARENA_ARRAY(o->arena, Keyed, n);
        const uint32_t with = group_rules(o, rules, n, test, keyed);
        for (uint32_t from = 0, to; from < with; from = to) {
            for (to = from + 1; to < with && keyed[to].constraint == keyed[from].constraint;)
                to++;
            check_group(o, rules + from, to - from);
        }
        for (uint32_t i = 0; i < with; i++)
            for (uint32_t j = with; j < n; j++)
                check_pair(o, rules[i], rules[j]);
        rules += with; // those that don't ask are still to be compared with each other
        n -= with;
    }
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = i + 1; j < n; j++)
            check_pair(o, rules[i], rules[j]);
}

// ---- Reports ----

static const IsleRule *rule_of(const Overlaps *o, uint32_t form)
{
    return &o->isle->rules.data[o->set->rules.data[form].rule];
}

// Blames the rule in most conflicts, then the one in most of those left: so that one bad rule among
// many gives one error.
static void report_conflicts(Overlaps *o)
{
    uint32_t *const degree = ARENA_ARRAY(o->arena, uint32_t, o->set->rules.len);
    for (uint32_t i = 0; i < o->conflicts.len; i++) {
        degree[o->conflicts.data[i].a]++;
        degree[o->conflicts.data[i].b]++;
    }
    while (o->conflicts.len != 0 && o->isle->diag->errors < ISLE_MAX_ERRORS) {
        uint32_t worst = 0;
        for (uint32_t f = 1; f < o->set->rules.len; f++)
            if (degree[f] >= degree[worst])
                worst = f;
        const IsleRule *const rule = rule_of(o, worst);
        isle_error(o->isle, rule->pos,
                   "rule `%.*s` overlaps %u other rule%s of `%.*s` with the same priority, %lld",
                   STR_ARG(rule->label), degree[worst], degree[worst] == 1 ? "" : "s",
                   SYM_ARG(o->isle, o->isle->terms.data[rule->root].name),
                   (long long)rule->priority);
        uint32_t kept = 0, shown = 0;
        for (uint32_t i = 0; i < o->conflicts.len; i++) {
            const Conflict conflict = o->conflicts.data[i];
            if (conflict.a != worst && conflict.b != worst) {
                o->conflicts.data[kept++] = conflict;
                continue;
            }
            const uint32_t other = conflict.a == worst ? conflict.b : conflict.a;
            degree[worst]--;
            degree[other]--;
            if (shown++ < 4)
                isle_note(o->isle, rule_of(o, other)->pos, "it overlaps rule `%.*s`",
                          STR_ARG(rule_of(o, other)->label));
        }
        o->conflicts.len = kept;
    }
}

static void report_shadows(Overlaps *o)
{
    for (uint32_t f = 0; f < o->set->rules.len; f++) {
        if (o->shadow[f] == ISLE_NONE)
            continue;
        const IsleRule *const rule = rule_of(o, f), *const by = rule_of(o, o->shadow[f]);
        isle_error(o->isle, rule->pos,
                   "rule `%.*s` can never fire: rule `%.*s`, of a higher priority, matches "
                   "whatever it matches",
                   STR_ARG(rule->label), STR_ARG(by->label));
        isle_note(o->isle, by->pos, "rule `%.*s` is here", STR_ARG(by->label));
    }
}

static void check_term(Isle *isle, Arena *scratch, const IsleRuleSet *set)
{
    const uint32_t n = set->rules.len;
    Overlaps o = {.isle = isle, .arena = scratch, .set = set};
    o.shadow = ARENA_ARRAY(scratch, uint32_t, n);
    o.count = ARENA_ARRAY(scratch, uint32_t, set->tests.len);
    o.first = ARENA_ARRAY(scratch, uint32_t, set->tests.len);
    o.varied = ARENA_ARRAY(scratch, bool, set->tests.len);
    uint32_t *const rules = ARENA_ARRAY(scratch, uint32_t, n);
    for (uint32_t i = 0; i < n; i++) {
        rules[i] = i;
        o.shadow[i] = ISLE_NONE;
    }
    check_group(&o, rules, n);
    report_conflicts(&o);
    report_shadows(&o);
}

void isle_check_overlaps(Isle *isle)
{
    Arena scratch = {.on_oom = isle->arena->on_oom, .oom_context = isle->arena->oom_context};
    for (IsleTermId t = 0; t < isle->terms.len; t++) {
        if (isle->terms.data[t].constructor != ISLE_HOW_INTERNAL)
            continue;
        const IsleRuleSet *const set = isle_rule_set(isle, t, true);
        if (!(isle->terms.data[t].flags & ISLE_MULTI) && !isle->may_overlap)
            check_term(isle, &scratch, set);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
}
