// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One mutant: the program with one rule changed is read anew, and the tasks verified in which that
// rule takes part, as they were and as they are now. When the change is to what the rule matches,
// also those of the rules of its term that look at the same operation, as they may rely on its
// matching before them. What was not proved before is not looked at.

#include "verify/mutants/mutants_internal.h"

#include <unistd.h>

enum { MORE = 8 }; // times as many tasks, when some have not been enough

typedef struct Judge {
    const MutantBase *base;
    Isle *isle; // as it was
    const Mutant *mutant;
    Arena *arena;
    MutantResult *out;
    Isle *changed;
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
        if (mutant_same_operation(own, &j->isle->rules.data[other])) {
            bitset_add(&j->judged, other);
            mutant_add_tasks(j->isle, other, &j->seen, &j->tasks);
        }
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

static VerifyText text_of(const char *path, Str text)
{
    return (VerifyText){path, (const unsigned char *)text.data, text.len};
}

// With `more` behind it, if that is not empty.
static Isle *read_mutant(Judge *j, Str more, Diag *diag)
{
    Isle *const isle = isle_new(j->arena, diag);
    isle->may_overlap = more.len != 0;
    uint32_t count = 0;
    while (j->base->options->texts[count].path)
        count++;
    VerifyText *const texts = ARENA_ARRAY(j->arena, VerifyText, count + 2); // and the end
    for (uint32_t i = 0; i < count; i++) {
        const VerifyText *const t = &j->base->options->texts[i];
        texts[i] = *t;
        if (str_eq_c(j->out->path, t->path)) {
            const Str text = changed_text(j, (Str){(const char *)t->data, t->len});
            texts[i] = text_of(t->path, text);
        }
    }
    if (more.len != 0)
        texts[count] = text_of("more", more);
    const bool good = verify_read(isle, texts) == STATUS_OK &&
                      isle->rules.len == j->isle->rules.len + (more.len != 0);
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

// Of the same tasks.
typedef struct Reports {
    const VerifyReport *before, *found;
} Reports;

static bool is_failure(RuleVerdict verdict)
{
    return verdict == RULE_FAILED || verdict == RULE_ERROR;
}

// Whether the conditions of all cases are what they were before: both sides come to the same
// expressions.
static bool asks_the_same(const Judge *j, const Reports *reports)
{
    for (IsleRuleId r = 0; r < j->isle->rules.len; r++)
        if (bitset_has(&j->judged, r) &&
            !ledger_key_equal(reports->before->rules[r].key, reports->found->rules[r].key))
            return false;
    return true;
}

// Whether nothing more can be said of the mutant: its rule was not proved before, or a task fails
// that did not.
static bool is_settled(Judge *j, const Reports *reports, bool all)
{
    const VerifyReport *const before = reports->before, *const found = reports->found;
    switch ((int)before->rules[j->mutant->rule].verdict) {
    case RULE_PROVED: break;
    case RULE_FAILED:
    case RULE_ERROR:
    case RULE_UNKNOWN:
    case RULE_NO_SPEC:
    case RULE_BOUNDED: j->out->fate = MUTANT_UNPROVED; return true;
    default: // not reached by these tasks alone, perhaps
        j->out->fate = MUTANT_UNPROVED;
        return all;
    }
    j->out->fate = asks_the_same(j, reports) ? MUTANT_SAME : MUTANT_SURVIVED;
    for (IsleRuleId r = 0; r < j->isle->rules.len && j->out->fate == MUTANT_SURVIVED; r++)
        if (bitset_has(&j->judged, r) && before->rules[r].verdict == RULE_PROVED &&
            (all || is_failure(found->rules[r].verdict)))
            settle(j, j->changed, found, r);
    return all || j->out->fate == MUTANT_KILLED;
}

// Verifies the first `most` of the tasks, those of the rule itself before others. Most mutants fail
// in the first, and some rules take part in hundreds.
static bool verify_some(Judge *j, uint32_t most, Reports *reports)
{
    Bitset some = bitset_new(j->arena, j->isle->rules.len);
    uint32_t count = bitset_has(&j->tasks, j->mutant->rule);
    if (count != 0)
        bitset_add(&some, j->mutant->rule);
    for (IsleRuleId r = 0; r < j->isle->rules.len && count < most; r++)
        if (bitset_has(&j->tasks, r) && !bitset_has(&some, r)) {
            bitset_add(&some, r);
            count++;
        }
    VerifyOptions options = options_of(j, &some);
    reports->before = verify_run(j->isle, &options, j->arena);
    const char mark = MUTANT_PROVED_MARK;
    if (reports->before->rules[j->mutant->rule].verdict == RULE_PROVED &&
        write(j->base->progress, &mark, 1) != 1)
        return true; // nobody listens
    options.like = reports->before;
    options.until_failure = true;
    reports->found = verify_run(j->changed, &options, j->arena);
    return is_settled(j, reports, count == bitset_count(&j->tasks));
}

// Whether the rule that comes elsewhere is right whichever come before it, as those are that are
// proved where they are now: then its order is a matter of taste.
static bool is_right_in_any_order(Judge *j)
{
    Bitset tasks = bitset_new(j->arena, j->isle->rules.len);
    Bitset seen = bitset_new(j->arena, j->isle->terms.len);
    mutant_add_tasks(j->isle, j->mutant->rule, &seen, &tasks);
    VerifyOptions options = options_of(j, &tasks);
    options.any_order = true;
    const VerifyReport *const report = verify_run(j->isle, &options, j->arena);
    return report->rules[j->mutant->rule].verdict == RULE_PROVED;
}

static bool is_proved_of_both(const Judge *j, Isle *both, VcPairGoal goal)
{
    Bitset own = bitset_new(j->arena, both->rules.len);
    bitset_add(&own, j->mutant->rule);
    VerifyOptions options = options_of(j, &own);
    options.compare = true;
    options.goal = goal;
    options.other = both->rules.len - 1;
    const VerifyReport *const report = verify_run(both, &options, j->arena);
    return report->rules[j->mutant->rule].verdict == RULE_PROVED;
}

// Whether the rule, changed, is proved to do what it did before: where it matches now it did then,
// and both right sides do the same. Where it does not match any more, other rules are right.
static bool does_the_same(Judge *j)
{
    const IsleRule *const rule = &j->isle->rules.data[j->mutant->rule];
    const IsleTerm *const root = &j->isle->terms.data[rule->root];
    Diag diag = {.arena = j->arena};
    if (!root->spec)
        return false;
    IsleDef was = *rule->def;
    was.name.sym = strtable_add(j->isle->arena, &j->isle->symbols, STR("before_the_change"));
    StrBuf text = {.arena = j->arena};
    isle_dump_def(j->isle, &was, &text);
    Isle *const both = read_mutant(j, buf_view(&text), &diag);
    return both && (is_proved_of_both(j, both, VC_PAIR_PLAIN) ||
                    (is_proved_of_both(j, both, VC_PAIR_MATCHES) &&
                     is_proved_of_both(j, both, VC_PAIR_SAME)));
}

static bool is_case_of(const VerifyTask *task, Str types)
{
    for (uint32_t c = 0; c < task->cases.len; c++)
        if (task->cases.data[c].verdict == CASE_PROVED && str_eq(task->cases.data[c].types, types))
            return true;
    return false;
}

// Whether a change to which types the rule matches is none: every case of it that can happen has
// signatures that it had before. Those decide all conditions on types.
static bool matches_nothing_new(const Judge *j, const Reports *reports)
{
    if (!j->mutant->of_types)
        return false;
    for (uint32_t t = 0; t < reports->found->tasks.len; t++) {
        const VerifyTask *const before = &reports->before->tasks.data[t];
        const VerifyTask *const found = &reports->found->tasks.data[t];
        for (uint32_t c = 0; c < found->cases.len; c++)
            if (found->cases.data[c].verdict == CASE_PROVED &&
                !is_case_of(before, found->cases.data[c].types))
                return false;
    }
    return true;
}

void mutant_judge(const MutantBase *base, const Mutant *mutant, Arena *arena, MutantResult *out)
{
    Judge j = {.base = base, .isle = base->isle, .mutant = mutant, .arena = arena, .out = out};
    Diag diag = {.arena = arena};
    out->fate = MUTANT_INVALID;
    j.changed = read_mutant(&j, (Str){0}, &diag);
    if (!j.changed)
        return;
    choose(&j);
    Reports reports = {0};
    uint32_t most = 1;
    while (!verify_some(&j, most, &reports))
        most *= MORE;
    if (out->fate != MUTANT_SURVIVED)
        return;
    const bool same = mutant->op == MUTANT_PRIORITY
                          ? is_right_in_any_order(&j)
                          : matches_nothing_new(&j, &reports) || does_the_same(&j);
    if (same)
        out->fate = MUTANT_SAME;
}
