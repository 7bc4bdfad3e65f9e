// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The report of a program's rules, for people and as JSON.

#include "assay/tool_proofs.h"

#ifdef ASSAY_VERIFY

#    include <jansson.h>
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

static void print_rule(const Proofs *p, IsleRuleId id)
{
    const VerifyRule *const rule = &p->report->rules[id];
    printf("%.*s: %s: %.*s: %s\n", STR_ARG(isle_where(p->isle, p->isle->rules.data[id].pos)),
           verify_rule_name(rule->verdict), STR_ARG(label_of(p, id)),
           verify_rule_meaning(rule->verdict));
    if (rule->worst)
        print_case(p, rule->worst);
}

static void explain(const Proofs *p, const char *name)
{
    for (uint32_t t = 0; t < p->report->tasks.len; t++) {
        const VerifyTask *const task = &p->report->tasks.data[t];
        for (uint32_t c = 0; c < task->cases.len; c++) {
            const VerifyCase *const found = &task->cases.data[c];
            for (uint32_t i = 0; i < found->num_rules; i++)
                if (str_eq_c(label_of(p, found->rules[i]), name))
                    print_case(p, found);
        }
    }
}

// ---- JSON ----

static void print_json(json_t *object)
{
    char *const text = json_dumps(object, JSON_COMPACT);
    if (text)
        puts(text);
    free(text);
    json_decref(object);
}

static json_t *text_of(Str text)
{
    return json_stringn_nocheck(text.data ? text.data : "", text.len);
}

static void json_rule(const Proofs *p, IsleRuleId id)
{
    const VerifyRule *const rule = &p->report->rules[id];
    json_t *const out = json_object(), *const cases = json_object();
    json_object_set_new(out, "rule", text_of(label_of(p, id)));
    json_object_set_new(out, "target", json_string(p->program));
    json_object_set_new(out, "where", text_of(isle_where(p->isle, p->isle->rules.data[id].pos)));
    json_object_set_new(out, "verdict", json_string(verify_rule_name(rule->verdict)));
    for (uint32_t i = 0; i < CASE_VERDICT_COUNT; i++)
        if (rule->counts[i] != 0)
            json_object_set_new(cases, verify_case_name((CaseVerdict)i),
                                json_integer(rule->counts[i]));
    json_object_set_new(out, "cases", cases);
    if (rule->worst) {
        json_object_set_new(out, "types", text_of(rule->worst->types));
        json_object_set_new(out, "message", text_of(rule->worst->message));
        json_object_set_new(out, "values", text_of(rule->worst->values));
        json_object_set_new(out, "missing", text_of(rule->worst->missing));
    }
    print_json(out);
}

void tool_proofs_print_summary(const ProofTotals *t)
{
    json_t *const sum = json_object(), *const out = json_object();
    uint32_t expansions = 0;
    for (uint32_t i = 0; i < CASE_VERDICT_COUNT; i++)
        expansions += t->cases[i];
    json_object_set_new(sum, "rules", json_integer(t->rules));
    json_object_set_new(sum, "rules_proved", json_integer(t->rule_counts[RULE_PROVED]));
    json_object_set_new(sum, "expansions", json_integer(expansions));
    for (uint32_t i = 0; i < CASE_VERDICT_COUNT; i++)
        json_object_set_new(sum, verify_case_name((CaseVerdict)i), json_integer(t->cases[i]));
    json_object_set_new(out, "summary", sum);
    print_json(out);
}

// ---- Reports ----

static bool is_listed(const Proofs *p, RuleVerdict verdict)
{
    const bool part = p->args->values[OPT_VERIFY_RULE] || p->args->values[OPT_VERIFY_FILTER] ||
                      p->args->values[OPT_VERIFY_ROOT] || p->args->values[OPT_VERIFY_EXPLAIN];
    // Of a part of the rules only those are judged that it comes to.
    return verdict != RULE_UNREACHED || !part;
}

void tool_proofs_print(const Proofs *p)
{
    const bool json = p->args->values[OPT_VERIFY_JSON] != NULL;
    const bool verbose = p->args->values[OPT_VERIFY_VERBOSE] != NULL;
    const char *const explained = p->args->values[OPT_VERIFY_EXPLAIN];
    for (IsleRuleId r = 0; r < p->report->num_rules; r++) {
        const RuleVerdict verdict = p->report->rules[r].verdict;
        if (!is_listed(p, verdict))
            continue;
        p->totals->rules++;
        p->totals->rule_counts[verdict]++;
        if (json)
            json_rule(p, r);
        else if (!explained && (verdict != RULE_PROVED || verbose))
            print_rule(p, r);
    }
    for (uint32_t i = 0; i < CASE_VERDICT_COUNT; i++)
        p->totals->cases[i] += p->report->counts[i];
    if (explained && !json)
        explain(p, explained);
}

void tool_proofs_print_totals(const ProofTotals *t)
{
    printf("%u of %u rules proved", t->rule_counts[RULE_PROVED], t->rules);
    for (uint32_t i = 0; i < RULE_VERDICT_COUNT; i++)
        if (i != RULE_PROVED && t->rule_counts[i] != 0)
            printf(", %u %s", t->rule_counts[i], verify_rule_name((RuleVerdict)i));
    printf("\ncases:");
    for (uint32_t i = 0; i < CASE_VERDICT_COUNT; i++)
        if (t->cases[i] != 0)
            printf(" %u %s", t->cases[i], verify_case_name((CaseVerdict)i));
    putchar('\n');
}

#endif
