// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The report of a program's rules, for people and as JSON.

#include "assay/tool_proofs.h"

#include "assay/tool_clif.h"
#include "assay/tool_json.h"

#ifdef ASSAY_VERIFY

#    include <stdio.h>
#    include <stdlib.h>

// ---- Text ----

static Str label_of(const Proofs *p, IsleRuleId rule)
{
    return p->isle->rules.data[rule].label;
}

// Every line of `text` behind four blanks.
static void print_indented(Str text)
{
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        while (end < text.len && text.data[end] != '\n')
            end++;
        printf("    %.*s\n", (int)(end - at), text.data + at);
        at = end + 1;
    }
}

static void print_case(const Proofs *p, const VerifyCase *c)
{
    printf("  %s", verify_case_name(c->verdict));
    for (uint32_t i = 0; i < c->num_rules; i++)
        printf("%s%.*s", i == 0 ? ": " : ", ", STR_ARG(label_of(p, c->rules[i])));
    printf(" [%.*s]%s\n", STR_ARG(c->types), c->single ? ", for one value alone" : "");
    if (c->message.len != 0)
        printf("    %.*s\n", STR_ARG(c->message));
    print_indented(c->values);
}

// A counterexample as a file test, also in the folder of --clif, and what the engines make of it.
static void print_clif(const Proofs *p, IsleRuleId id, const VerifyCase *c)
{
    Arena arena = {0};
    StrBuf test = {.arena = &arena}, outcome = {.arena = &arena};
    const char *const folder = p->args->values[OPT_VERIFY_CLIF];
    fflush(stdout); // the native engine forks
    if (tool_clif(c->clif, p->program, &test, &outcome)) {
        print_indented(buf_view(&test));
        if (folder) {
            const Str path = str_printf(&arena, "%s/%.*s.clif", folder, STR_ARG(label_of(p, id)));
            FILE *const file = fopen(path.data, "wb");
            const bool good = file && fwrite(test.data, 1, test.len, file) == test.len;
            if (!file || fclose(file) != 0 || !good)
                fprintf(stderr, "assay verify: %s can't be written\n", path.data);
        }
    }
    printf("    %.*s\n", STR_ARG(buf_view(&outcome)));
    arena_free(&arena);
}

static void print_rule(const Proofs *p, IsleRuleId id)
{
    const VerifyRule *const rule = &p->report->rules[id];
    printf("%.*s: %s: %.*s: %s\n", STR_ARG(isle_where(p->isle, p->isle->rules.data[id].pos)),
           verify_rule_name(rule->verdict), STR_ARG(label_of(p, id)),
           verify_rule_meaning(rule->verdict));
    if (rule->contradiction.len != 0)
        printf("  %.*s\n", STR_ARG(rule->contradiction));
    if (rule->worst && !p->args->values[OPT_VERIFY_EXPLAIN])
        print_case(p, rule->worst);
    if (rule->verdict == RULE_FAILED && rule->worst)
        print_clif(p, id, rule->worst);
}

static Str rests_on(const Proofs *p, IsleRuleId id)
{
    const IsleTermId term = p->report->rules[id].rests_on;
    return term == ISLE_NONE ? (Str){0} : isle_str(p->isle, p->isle->terms.data[term].name);
}

static void print_resting(const Proofs *p, IsleRuleId id)
{
    printf("%.*s: resting: %.*s: it is proved, but calls %.*s, of which some rule is not\n",
           STR_ARG(isle_where(p->isle, p->isle->rules.data[id].pos)), STR_ARG(label_of(p, id)),
           STR_ARG(rests_on(p, id)));
}

static void explain(const Proofs *p)
{
    for (uint32_t t = 0; t < p->report->tasks.len; t++) {
        const VerifyTask *const task = &p->report->tasks.data[t];
        for (uint32_t c = 0; c < task->cases.len; c++) {
            print_case(p, &task->cases.data[c]);
            print_indented(task->cases.data[c].explanation);
        }
    }
}

// ---- JSON ----

static void json_rule(const Proofs *p, IsleRuleId id)
{
    const VerifyRule *const rule = &p->report->rules[id];
    json_t *const out = json_object(), *const cases = json_object();
    tool_json_text(out, "rule", label_of(p, id));
    tool_json_text(out, "target", str_from(p->program));
    tool_json_text(out, "where", isle_where(p->isle, p->isle->rules.data[id].pos));
    tool_json_text(out, "verdict", str_from(verify_rule_name(rule->verdict)));
    for (uint32_t i = 0; i < CASE_VERDICT_COUNT; i++)
        if (rule->counts[i] != 0)
            tool_json_number(cases, verify_case_name((CaseVerdict)i), rule->counts[i]);
    json_object_set_new(out, "cases", cases);
    if (rests_on(p, id).len != 0)
        tool_json_text(out, "rests_on", rests_on(p, id));
    if (rule->worst) {
        tool_json_text(out, "types", rule->worst->types);
        tool_json_text(out, "message", rule->worst->message);
        tool_json_text(out, "values", rule->worst->values);
        tool_json_text(out, "clif", rule->worst->clif);
        tool_json_text(out, "missing", rule->worst->missing);
    }
    tool_json_print(out);
}

// What other tools read: cases that rules of higher priority leave nothing of can't happen, and a
// meaning that is wrong is none.
void tool_proofs_print_summary(const ProofTotals *t)
{
    const uint32_t *const n = t->cases;
    uint32_t expansions = 0;
    for (uint32_t i = 0; i < CASE_VERDICT_COUNT; i++)
        expansions += n[i];
    const struct {
        const char *name;
        uint32_t count;
    } numbers[] = {{"rules", t->rules},
                   {"rules_proved", t->rule_counts[RULE_PROVED]},
                   {"expansions", expansions},
                   {"proved", n[CASE_PROVED]},
                   {"bounded", n[CASE_BOUNDED]},
                   {"failed", n[CASE_FAILED]},
                   {"inapplicable", n[CASE_INAPPLICABLE] + n[CASE_SHADOWED]},
                   {"unknown", n[CASE_UNKNOWN]},
                   {"no_spec", n[CASE_NO_SPEC] + n[CASE_ERROR]}};
    json_t *const sum = json_object(), *const out = json_object();
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        tool_json_number(sum, numbers[i].name, numbers[i].count);
    json_object_set_new(out, "summary", sum);
    tool_json_print(out);
}

// ---- Reports ----

bool tool_proofs_part(const ToolArgs *args)
{
    return args->values[OPT_VERIFY_RULE] || args->values[OPT_VERIFY_FILTER] ||
           args->values[OPT_VERIFY_ROOT] || args->values[OPT_VERIFY_EXPLAIN];
}

// Of a part of the rules only those are judged that it comes to.
static bool is_listed(const Proofs *p, IsleRuleId id)
{
    const char *const explained = p->args->values[OPT_VERIFY_EXPLAIN];
    if (explained)
        return str_eq_c(label_of(p, id), explained);
    return p->report->rules[id].verdict != RULE_UNREACHED || !tool_proofs_part(p->args);
}

void tool_proofs_print(const Proofs *p)
{
    const bool json = p->args->values[OPT_VERIFY_JSON] != NULL;
    const bool explained = p->args->values[OPT_VERIFY_EXPLAIN] != NULL;
    const bool verbose = p->args->values[OPT_VERIFY_VERBOSE] || explained;
    for (IsleRuleId r = 0; r < p->report->num_rules; r++) {
        const RuleVerdict verdict = p->report->rules[r].verdict;
        if (!is_listed(p, r))
            continue;
        p->totals->rules++;
        p->totals->rule_counts[verdict]++;
        if (json)
            json_rule(p, r);
        else if (verdict != RULE_PROVED || verbose)
            print_rule(p, r);
        if (!json && rests_on(p, r).len != 0)
            print_resting(p, r);
        p->totals->resting += rests_on(p, r).len != 0;
        if (explained && !json)
            explain(p);
    }
    for (uint32_t i = 0; i < CASE_VERDICT_COUNT; i++)
        p->totals->cases[i] += p->report->counts[i];
    p->totals->confirmed += p->report->confirmed;
    p->totals->unconfirmed += p->report->unconfirmed;
}

void tool_proofs_print_totals(const ProofTotals *t)
{
    printf("%u of %u rules proved", t->rule_counts[RULE_PROVED], t->rules);
    if (t->resting != 0)
        printf(" (%u of them resting on terms that are not)", t->resting);
    for (uint32_t i = 0; i < RULE_VERDICT_COUNT; i++)
        if (i != RULE_PROVED && t->rule_counts[i] != 0)
            printf(", %u %s", t->rule_counts[i], verify_rule_name((RuleVerdict)i));
    printf("\ncases:");
    for (uint32_t i = 0; i < CASE_VERDICT_COUNT; i++)
        if (t->cases[i] != 0)
            printf(" %u %s", t->cases[i], verify_case_name((CaseVerdict)i));
    putchar('\n');
    if (t->confirmed != 0 || t->unconfirmed != 0)
        printf("a second solver agrees on %u questions, and leaves %u open\n", t->confirmed,
               t->unconfirmed);
}

#endif
