// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tasks of a program, and what their results say of its rules.

#include "verify/verify.h"

#include "verify/verify_internal.h"

static const char *const case_names[CASE_VERDICT_COUNT] = {
#define CASE_VERDICT(NAME, name, meaning) #name,
#include "verify/verdicts.def"
};

static const struct {
    const char *name, *meaning;
} rule_verdicts[RULE_VERDICT_COUNT] = {
#define RULE_VERDICT(NAME, name, meaning) {#name, meaning},
#include "verify/verdicts.def"
};

const char *verify_case_name(CaseVerdict verdict)
{
    return case_names[verdict];
}

const char *verify_rule_name(RuleVerdict verdict)
{
    return rule_verdicts[verdict].name;
}

const char *verify_rule_meaning(RuleVerdict verdict)
{
    return rule_verdicts[verdict].meaning;
}

// ---- Tasks ----

static bool is_of_root(VcProgram *program, const char *rule)
{
    const Isle *const isle = program->isle;
    for (IsleTermId term = 0; term < isle->terms.len; term++)
        for (uint32_t n = 0; vc_is_root(program, term) && n < vc_num_rules(program, term); n++)
            if (str_eq_c(isle->rules.data[vc_rule(program, term, n)].label, rule))
                return true;
    return false;
}

static bool is_wanted(const Isle *isle, const VerifyOptions *o, IsleTermId root, IsleRuleId rule)
{
    const Str label = isle->rules.data[rule].label;
    if (o->only && !bitset_has(o->only, rule))
        return false;
    return (!o->root || str_eq_c(isle_str(isle, isle->terms.data[root].name), o->root)) &&
           (!o->rule || str_eq_c(label, o->rule)) &&
           (!o->filter || str_contains(label, str_from(o->filter)));
}

static void collect_tasks(VcProgram *program, const VerifyOptions *options, VerifyReport *report,
                          Arena *arena)
{
    for (IsleTermId term = 0; term < program->isle->terms.len; term++) {
        if (!vc_is_root(program, term))
            continue;
        const uint32_t count = vc_num_rules(program, term);
        // That some rule matches is said of the last.
        const bool unmatched = !options->compare && vc_may_be_unmatched(program, term);
        for (uint32_t n = 0; n < count + unmatched; n++) {
            const IsleRuleId rule =
                n < count ? vc_rule(program, term, n) : vc_last_rule(program, term);
            const VerifyTask task = {
                .root = term, .number = n, .rule = rule, .unmatched = n == count};
            if (is_wanted(program->isle, options, term, task.rule))
                VEC_PUSH(arena, &report->tasks, task);
        }
    }
}

// ---- What is known ----

VerifyKnown verify_known(const VerifyReport *report, Arena *arena)
{
    VerifyKnown known = {.index = {0}};
    for (uint32_t t = 0; t < report->tasks.len; t++)
        for (uint32_t c = 0; c < report->tasks.data[t].cases.len; c++) {
            const VerifyCase *const found = &report->tasks.data[t].cases.data[c];
            map_set(arena, &known.index, found->key.low, known.cases.len);
            VEC_PUSH(arena, &known.cases, found);
        }
    return known;
}

const VerifyCase *verify_known_find(const VerifyKnown *known, LedgerKey key)
{
    const uint32_t at = map_get(&known->index, key.low);
    const VerifyCase *const found = at == MAP_NONE ? NULL : known->cases.data[at];
    return found && ledger_key_equal(found->key, key) ? found : NULL;
}

// ---- What becomes of rules ----

// A case that keeps its rules from being proved.
static bool is_weak(const VerifyCase *found)
{
    return found->verdict != CASE_PROVED && found->verdict != CASE_INAPPLICABLE &&
           found->verdict != CASE_SHADOWED;
}

static void count_case(VerifyReport *report, const VerifyCase *found)
{
    report->counts[found->verdict]++;
    report->confirmed += found->confirmed;
    report->unconfirmed += found->unconfirmed;
    for (uint32_t i = 0; i < found->num_rules; i++) {
        VerifyRule *const rule = &report->rules[found->rules[i]];
        rule->counts[found->verdict]++;
        rule->key = ledger_key_add(rule->key, found->key);
        rule->several = rule->several || (found->verdict == CASE_PROVED && !found->single);
        if (is_weak(found) && (!rule->worst || (found->verdict == CASE_FAILED &&
                                                rule->worst->verdict != CASE_FAILED)))
            rule->worst = found;
    }
}

static RuleVerdict verdict_of(const VerifyRule *rule)
{
    const uint32_t *const n = rule->counts;
    if (n[CASE_FAILED])
        return RULE_FAILED;
    if (n[CASE_ERROR])
        return RULE_ERROR;
    if (n[CASE_UNKNOWN])
        return RULE_UNKNOWN;
    if (n[CASE_NO_SPEC])
        return RULE_NO_SPEC;
    if (n[CASE_BOUNDED])
        return RULE_BOUNDED;
    if (n[CASE_PROVED])
        return rule->several ? RULE_PROVED : RULE_SINGLE;
    if (n[CASE_SHADOWED])
        return RULE_SHADOWED;
    return n[CASE_INAPPLICABLE] ? RULE_NEVER : RULE_UNREACHED;
}

// ---- What proofs rest on ----

// The helper of a case that is known to be weak, or ISLE_NONE.
static IsleTermId weak_helper(const VerifyCase *found, const Bitset *weak)
{
    for (uint32_t i = 0; i < found->num_helpers; i++)
        if (bitset_has(weak, found->helpers[i]))
            return found->helpers[i];
    return ISLE_NONE;
}

// Whether the root of the task must be called weak for its cases.
static bool is_weak_task(const VerifyTask *task, const Bitset *weak)
{
    bool is = task->truncated;
    for (uint32_t i = 0; i < task->cases.len && !is; i++)
        is = is_weak(&task->cases.data[i]) || weak_helper(&task->cases.data[i], weak) != ISLE_NONE;
    return is;
}

// Roots with a case that is not proved, or that calls such a root: to a fix point.
static Bitset weak_roots(const Isle *isle, const VerifyReport *report, Arena *arena)
{
    Bitset weak = bitset_new(arena, isle->terms.len);
    for (bool more = true; more;) {
        more = false;
        for (uint32_t t = 0; t < report->tasks.len; t++) {
            const VerifyTask *const task = &report->tasks.data[t];
            if (bitset_has(&weak, task->root) || !is_weak_task(task, &weak))
                continue;
            bitset_add(&weak, task->root);
            more = true;
        }
    }
    return weak;
}

static void find_resting(const Isle *isle, VerifyReport *report, Arena *arena)
{
    const Bitset weak = weak_roots(isle, report, arena);
    for (uint32_t r = 0; r < report->num_rules; r++)
        report->rules[r].rests_on = ISLE_NONE;
    for (uint32_t t = 0; t < report->tasks.len; t++) {
        const VerifyTask *const task = &report->tasks.data[t];
        for (uint32_t c = 0; c < task->cases.len; c++) {
            const VerifyCase *const found = &task->cases.data[c];
            const IsleTermId helper = weak_helper(found, &weak);
            for (uint32_t i = 0; i < found->num_rules && helper != ISLE_NONE; i++)
                if (report->rules[found->rules[i]].verdict == RULE_PROVED)
                    report->rules[found->rules[i]].rests_on = helper;
        }
    }
    for (uint32_t r = 0; r < report->num_rules; r++)
        report->resting += report->rules[r].rests_on != ISLE_NONE;
}

// ---- Verdicts of rules ----

Bitset verify_tagged_rules(const Isle *isle, Str tag, Arena *arena)
{
    Bitset out = bitset_new(arena, isle->rules.len);
    for (uint32_t i = 0; i < isle->defs.len; i++) {
        const IsleDef *const def = isle->defs.data[i];
        if (def->kind != ISLE_DEF_ATTR || !def->u.attr.of_rule)
            continue;
        bool tagged = false;
        for (uint32_t a = 0; a < def->u.attr.num_attrs; a++) {
            const IsleAttr *const attr = &def->u.attr.attrs[a];
            tagged |= attr->kind == ISLE_ATTR_TAG && str_eq(isle_str(isle, attr->tag.sym), tag);
        }
        for (uint32_t r = 0; r < isle->rules.len && tagged; r++)
            if (str_eq(isle->rules.data[r].label, isle_str(isle, def->name.sym)))
                bitset_add(&out, r);
    }
    return out;
}

// Rules that say themselves that they are for one value alone.
static void note_one_value(const Isle *isle, VerifyReport *report, Arena *arena)
{
    const Bitset tagged = verify_tagged_rules(isle, STR("one_value"), arena);
    for (uint32_t r = 0; r < report->num_rules; r++)
        report->rules[r].several = report->rules[r].several || bitset_has(&tagged, r);
}

// `some`: cases were left out, so that a task without any says nothing.
static void judge(VerifyReport *report, bool some)
{
    for (uint32_t t = 0; t < report->tasks.len; t++) {
        const VerifyTask *const task = &report->tasks.data[t];
        for (uint32_t c = 0; c < task->cases.len; c++)
            count_case(report, &task->cases.data[c]);
        VerifyRule *const rule = &report->rules[task->rule];
        if (task->truncated) {
            rule->counts[CASE_UNKNOWN]++;
            rule->key = ledger_key_add(rule->key, ledger_key_of(STR("and more")));
        }
        if (task->cases.len == 0 && !task->unmatched && !some) {
            // Looked at, and every way through it contradicts itself.
            rule->counts[CASE_INAPPLICABLE]++;
            rule->contradiction = task->contradiction;
        }
    }
    for (uint32_t r = 0; r < report->num_rules; r++) {
        report->rules[r].verdict = verdict_of(&report->rules[r]);
        report->rule_counts[report->rules[r].verdict]++;
    }
}

// ---- Signatures ----

static void find_idle_of(VcProgram *program, IsleTermId term, VerifyReport *report, Arena *arena)
{
    Arena scratch = {0};
    VcTrail trail = {{0}};
    do {
        Vc vc;
        vc_run_meaning(program, term, &trail, &scratch, &vc);
        if (vc.status == VC_PRUNED) {
            const VerifyIdle idle = {.term = term,
                                     .types = str_copy(arena, vc.types),
                                     .message = str_copy(arena, vc.message)};
            VEC_PUSH(arena, &report->idle, idle);
        }
        arena_reset(&scratch);
    } while (vc_trail_next(&trail));
    arena_free(&scratch);
}

static void find_idle(VcProgram *program, VerifyReport *report, Arena *arena)
{
    for (IsleTermId term = 0; term < program->isle->terms.len; term++)
        if (program->isle->terms.data[term].spec && program->instantiates[term] &&
            !program->some_types[term])
            find_idle_of(program, term, report, arena);
}

VerifyReport *verify_run(Isle *isle, const VerifyOptions *options, Arena *arena)
{
    VerifyReport *const report = ARENA_NEW(arena, VerifyReport);
    VcProgram *const program = vc_program_new(arena, isle);
    VerifyOptions chosen = *options;
    if (options->rule && !is_of_root(program, options->rule)) {
        chosen.rule = NULL;
        chosen.within = options->rule;
    }
    report->num_rules = isle->rules.len;
    report->rules = ARENA_ARRAY(arena, VerifyRule, isle->rules.len);
    find_idle(program, report, arena);
    if (!options->keys_only && !options->only)
        verify_operands(program, &chosen, report, arena);
    collect_tasks(program, &chosen, report, arena);
    verify_all(program, &chosen, report, arena);
    note_one_value(isle, report, arena);
    judge(report, chosen.within || chosen.explain);
    find_resting(isle, report, arena);
    return report;
}
