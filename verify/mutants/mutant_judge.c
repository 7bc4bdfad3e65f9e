// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One mutant: the program with one rule changed is read anew, and the tasks verified in which that
// rule takes part. When the change is to what the rule matches, also those of the rules of its term
// that look at the same operation, as they may rely on its matching before them.

#include "verify/mutants/mutants_internal.h"

typedef struct Judge {
    const MutantBase *base;
    Isle *isle; // as it was
    const Mutant *mutant;
    Arena *arena;
    MutantResult *out;
    Bitset judged; // rules whose verdicts count
    Bitset tasks;  // rules whose tasks are verified
    Bitset seen;   // terms
} Judge;

// ---- Which tasks ----

static bool uses(const IsleNode *node, IsleTermId term)
{
    if (node->kind == ISLE_NODE_TERM && node->term == term)
        return true;
    for (uint32_t i = 0; i < node->num_args; i++)
        if (uses(node->args[i], term))
            return true;
    return false;
}

static bool rule_uses(const IsleRule *rule, IsleTermId term)
{
    for (uint32_t i = 0; i < rule->body.num_iflets; i++)
        if (uses(rule->body.iflets[i].expr, term))
            return true;
    return uses(rule->body.expr, term);
}

void mutant_add_tasks(const Isle *isle, IsleRuleId rule, Bitset *seen, Bitset *tasks)
{
    const IsleTermId term = isle->rules.data[rule].root;
    if (isle->terms.data[term].spec) {
        bitset_add(tasks, rule);
        return;
    }
    if (bitset_has(seen, term))
        return;
    bitset_add(seen, term);
    for (IsleRuleId r = 0; r < isle->rules.len; r++)
        if (rule_uses(&isle->rules.data[r], term))
            mutant_add_tasks(isle, r, seen, tasks);
}

static bool changes_matching(const Judge *j)
{
    const IsleDef *const was = j->isle->rules.data[j->mutant->rule].def, *const is =
                                                                             &j->mutant->def;
    if (is->u.rule.priority != was->u.rule.priority || is->u.rule.pattern != was->u.rule.pattern ||
        is->u.rule.num_iflets != was->u.rule.num_iflets)
        return true;
    for (uint32_t i = 0; i < was->u.rule.num_iflets; i++)
        if (is->u.rule.iflets[i].pattern != was->u.rule.iflets[i].pattern ||
            is->u.rule.iflets[i].expr != was->u.rule.iflets[i].expr)
            return true;
    return false;
}

static void choose(Judge *j)
{
    const uint32_t rules = j->isle->rules.len;
    const IsleRule *const own = &j->isle->rules.data[j->mutant->rule];
    j->judged = bitset_new(j->arena, rules);
    j->tasks = bitset_new(j->arena, rules);
    j->seen = bitset_new(j->arena, j->isle->terms.len);
    bitset_add(&j->judged, j->mutant->rule);
    mutant_add_tasks(j->isle, j->mutant->rule, &j->seen, &j->tasks);
    if (!changes_matching(j))
        return;
    const IsleTerm *const root = &j->isle->terms.data[own->root];
    for (uint32_t i = 0; i < root->rules.len; i++) {
        const IsleRuleId other = root->rules.data[i];
        if (!bitset_has(&j->base->proved, other) ||
            !mutant_same_operation(own, &j->isle->rules.data[other]))
            continue;
        bitset_add(&j->judged, other);
        mutant_add_tasks(j->isle, other, &j->seen, &j->tasks);
    }
}

// ---- The program ----

// The text of the file that the mutant is in.
static Str changed_text(const Judge *j, Str text)
{
    const MutantResult *const r = j->out;
    return str_printf(j->arena, "%.*s%.*s%.*s", (int)r->at, text.data, STR_ARG(r->text),
                      (int)(text.len - r->end), text.data + r->end);
}

static Isle *read_mutant(Judge *j, Diag *diag)
{
    Isle *const isle = isle_new(j->arena, diag);
    for (const VerifyText *t = j->base->options->texts; t->path; t++) {
        Str text = {(const char *)t->data, t->len};
        if (str_eq_c(j->out->path, t->path))
            text = changed_text(j, text);
        if (isle_add_text(isle, str_from(t->path), text) != STATUS_OK)
            return NULL;
    }
    const bool good = isle_check(isle) == STATUS_OK && isle->rules.len == j->isle->rules.len;
    return good ? isle : NULL;
}

// ---- The verdict ----

static void settle(Judge *j, const Isle *isle, const VerifyReport *report, IsleRuleId rule)
{
    const VerifyRule *const found = &report->rules[rule];
    const Str label = isle->rules.data[rule].label;
    switch (found->verdict) {
    case RULE_PROVED: return;
    case RULE_FAILED:
    case RULE_ERROR:
    case RULE_UNREACHED:
    case RULE_SHADOWED:
    case RULE_NEVER:
    case RULE_SINGLE: j->out->fate = MUTANT_KILLED; break;
    case RULE_UNKNOWN:
    case RULE_BOUNDED: j->out->fate = MUTANT_UNKNOWN; break;
    case RULE_NO_SPEC: j->out->fate = MUTANT_UNSPECIFIED; break;
    case RULE_VERDICT_COUNT: UNREACHABLE();
    }
    j->out->verdict = found->verdict;
    j->out->message = str_printf(j->arena, "%.*s%s%.*s", STR_ARG(label), found->worst ? ": " : "",
                                 STR_ARG(found->worst ? found->worst->message : (Str){0}));
}

static VerifyOptions options_of(const Judge *j, const Bitset *tasks)
{
    return (VerifyOptions){
        .only = tasks, .budget = j->base->options->budget, .cache = j->base->options->cache};
}

// Verifies tasks, and judges by them. Whether every rule has its verdict from all of its tasks only
// matters for what is no failure.
static const VerifyReport *verify(Judge *j, Isle *isle, const Bitset *tasks, bool all)
{
    const VerifyOptions options = options_of(j, tasks);
    const VerifyReport *const report = verify_run(isle, &options, j->arena);
    j->out->fate = MUTANT_SURVIVED;
    for (IsleRuleId r = 0; r < isle->rules.len && j->out->fate != MUTANT_KILLED; r++) {
        const RuleVerdict verdict = report->rules[r].verdict;
        if (bitset_has(&j->judged, r) && (all || verdict == RULE_FAILED || verdict == RULE_ERROR))
            settle(j, isle, report, r);
    }
    return report;
}

// Whether all rules that count are proved by themselves, whichever come before them: then the order
// is a matter of taste.
static bool is_right_in_any_order(Judge *j)
{
    VerifyOptions options = options_of(j, &j->tasks);
    options.any_order = true;
    const VerifyReport *const report = verify_run(j->isle, &options, j->arena);
    for (IsleRuleId r = 0; r < j->isle->rules.len; r++)
        if (bitset_has(&j->judged, r) && report->rules[r].verdict != RULE_PROVED)
            return false;
    return true;
}

static bool has_key(const VerifyReport *report, LedgerKey key)
{
    for (uint32_t t = 0; t < report->tasks.len; t++)
        for (uint32_t c = 0; c < report->tasks.data[t].cases.len; c++)
            if (ledger_key_equal(report->tasks.data[t].cases.data[c].key, key))
                return true;
    return false;
}

// Whether a change to what the rule matches is none: every case of it that can happen is a case
// that it had before. Right sides are not compared, as most conditions to prove simplify to `true`;
// so only changes are looked at that leave them alone.
static bool matches_nothing_new(Judge *j, const VerifyReport *found)
{
    const IsleDef *const was = j->isle->rules.data[j->mutant->rule].def, *const is =
                                                                             &j->mutant->def;
    const bool widened = j->mutant->op == MUTANT_ANY || j->mutant->op == MUTANT_GUARD ||
                         j->mutant->op == MUTANT_CONSTANT || j->mutant->op == MUTANT_SIBLING;
    if (!widened || is->u.rule.expr != was->u.rule.expr ||
        is->u.rule.pattern == was->u.rule.pattern)
        return false;
    VerifyOptions options = options_of(j, &j->tasks);
    options.keys_only = true;
    const VerifyReport *const before = verify_run(j->isle, &options, j->arena);
    for (uint32_t t = 0; t < found->tasks.len; t++)
        for (uint32_t c = 0; c < found->tasks.data[t].cases.len; c++) {
            const VerifyCase *const one = &found->tasks.data[t].cases.data[c];
            if (one->verdict == CASE_PROVED && !has_key(before, one->key))
                return false;
        }
    return true;
}

void mutant_judge(const MutantBase *base, const Mutant *mutant, Arena *arena, MutantResult *out)
{
    Judge j = {.base = base, .isle = base->isle, .mutant = mutant, .arena = arena, .out = out};
    Diag diag = {.arena = arena};
    Isle *const changed = read_mutant(&j, &diag);
    if (!changed) {
        out->fate = MUTANT_INVALID;
        return;
    }
    choose(&j);
    if (mutant->op == MUTANT_PRIORITY && is_right_in_any_order(&j)) {
        out->fate = MUTANT_SAME;
        return;
    }
    // Most mutants fail in the first task, and some rules take part in hundreds.
    Bitset first = bitset_new(arena, changed->rules.len);
    for (IsleRuleId r = 0; r < changed->rules.len && bitset_count(&first) == 0; r++)
        if (bitset_has(&j.tasks, r))
            bitset_add(&first, r);
    verify(&j, changed, &first, false);
    if (out->fate == MUTANT_KILLED || bitset_count(&j.tasks) == 0)
        return;
    const VerifyReport *const found = verify(&j, changed, &j.tasks, true);
    if (out->fate == MUTANT_SURVIVED && matches_nothing_new(&j, found))
        out->fate = MUTANT_SAME;
}
