// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ledger of proofs as text:
//
//   # comments
//   unproved 12
//   RULE VERDICT KEY VERDICT=CASES... [TYPES] REASON
//
// Of a line only rule, verdict and key are read; the rest is for people.

#include "verify/verify_internal.h"

#include <stdlib.h>

typedef struct Line {
    Str rule;
    RuleVerdict verdict;
    LedgerKey key;
    uint32_t pos;
} Line;

typedef struct Ledger {
    Arena *arena;
    Source *source;
    Diag *diag;
    uint32_t limit; // of unproved rules
    uint32_t limit_pos;
    bool has_limit;
    VEC(Line) lines;
    StrTable names; // numbers are those of `lines`
} Ledger;

// ---- Reading ----

// Takes a word off the front of `line`.
static Str next_word(Str *line)
{
    size_t start = 0, end;
    while (start < line->len && line->data[start] == ' ')
        start++;
    for (end = start; end < line->len && line->data[end] != ' ';)
        end++;
    const Str word = {line->data + start, end - start};
    *line = (Str){line->data + end, line->len - end};
    return word;
}

static bool read_count(Str text, uint32_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || value > UINT32_MAX / 16)
            return false;
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    *out = (uint32_t)value;
    return text.len != 0;
}

static bool read_verdict(Str text, RuleVerdict *out)
{
    for (uint32_t i = 0; i < RULE_VERDICT_COUNT; i++) {
        if (!str_eq_c(text, verify_rule_name((RuleVerdict)i)))
            continue;
        *out = (RuleVerdict)i;
        return true;
    }
    return false;
}

static void read_limit(Ledger *l, Str rest, uint32_t pos)
{
    l->has_limit =
        str_eq_c(next_word(&rest), "unproved") && read_count(next_word(&rest), &l->limit);
    l->limit_pos = pos;
    if (!l->has_limit)
        diag_error(l->diag, STATUS_SYNTAX, l->source, pos,
                   "a ledger begins with `unproved N`, the most rules without a proof");
}

static void read_rule(Ledger *l, Str rest, uint32_t pos)
{
    Line line = {.rule = next_word(&rest), .pos = pos};
    if (!read_verdict(next_word(&rest), &line.verdict) ||
        !ledger_key_read(next_word(&rest), &line.key)) {
        diag_error(l->diag, STATUS_SYNTAX, l->source, pos, "this is not RULE VERDICT KEY");
    } else if (strtable_find(&l->names, line.rule) != MAP_NONE) {
        diag_error(l->diag, STATUS_INVALID, l->source, pos, "rule `%.*s` stands here twice",
                   STR_ARG(line.rule));
    } else {
        strtable_add(l->arena, &l->names, line.rule);
        VEC_PUSH(l->arena, &l->lines, line);
    }
}

static void read_ledger(Ledger *l)
{
    const Str text = l->source->text;
    for (size_t at = 0; at < text.len && l->diag->errors == 0;) {
        size_t end = at;
        while (end < text.len && text.data[end] != '\n')
            end++;
        const Str line = {text.data + at, end - at};
        if (line.len != 0 && line.data[0] != '#') {
            if (l->has_limit)
                read_rule(l, line, (uint32_t)at);
            else
                read_limit(l, line, (uint32_t)at);
        }
        at = end + 1;
    }
}

// ---- Checking ----

static void check_rule(Ledger *l, const Isle *isle, IsleRuleId id, LedgerKey key)
{
    const IsleRule *const rule = &isle->rules.data[id];
    Source *const source = isle->sources.data[rule->pos.file];
    const uint32_t at = strtable_find(&l->names, rule->label);
    if (at == MAP_NONE)
        diag_error(l->diag, STATUS_INVALID, source, rule->pos.offset,
                   "rule `%.*s` is not in the ledger", STR_ARG(rule->label));
    else if (!ledger_key_equal(l->lines.data[at].key, key))
        diag_error(l->diag, STATUS_INVALID, source, rule->pos.offset,
                   "rule `%.*s`, or a meaning that it reaches, is not what the ledger says is %s",
                   STR_ARG(rule->label), verify_rule_name(l->lines.data[at].verdict));
}

static void check_lines(Ledger *l, const Isle *isle, const VerifyReport *report)
{
    StrTable labels = {0};
    uint32_t unproved = 0;
    for (uint32_t r = 0; r < report->num_rules; r++)
        strtable_add(l->arena, &labels, isle->rules.data[r].label);
    for (uint32_t i = 0; i < l->lines.len; i++) {
        const Line *const line = &l->lines.data[i];
        unproved += line->verdict != RULE_PROVED;
        if (strtable_find(&labels, line->rule) == MAP_NONE)
            diag_error(l->diag, STATUS_INVALID, l->source, line->pos, "there is no rule `%.*s`",
                       STR_ARG(line->rule));
    }
    if (unproved > l->limit)
        diag_error(l->diag, STATUS_INVALID, l->source, l->limit_pos,
                   "%u rules are without a proof, and at most %u may be", unproved, l->limit);
}

void verify_ledger_check(const Isle *isle, const VerifyReport *report, Source *ledger, Diag *diag)
{
    Ledger l = {.arena = diag->arena, .source = ledger, .diag = diag};
    read_ledger(&l);
    if (diag->errors != 0)
        return;
    if (!l.has_limit) {
        read_limit(&l, (Str){0}, 0);
        return;
    }
    for (uint32_t r = 0; r < report->num_rules; r++)
        check_rule(&l, isle, r, report->rules[r].key);
    check_lines(&l, isle, report);
}

// ---- Writing ----

typedef struct Named {
    Str label;
    uint32_t rule;
} Named;

static int by_label(const void *a, const void *b)
{
    return str_compare(((const Named *)a)->label, ((const Named *)b)->label);
}

static void put_reason(StrBuf *out, const VerifyCase *c)
{
    if (c->types.len != 0)
        buf_printf(out, " [%.*s]", STR_ARG(c->types));
    if (c->message.len != 0)
        buf_char(out, ' ');
    for (size_t i = 0; i < c->message.len; i++)
        buf_char(out, c->message.data[i] == '\n' ? ' ' : c->message.data[i]);
}

static void put_rule(StrBuf *out, Str label, const VerifyRule *rule)
{
    buf_printf(out, "%.*s %s ", STR_ARG(label), verify_rule_name(rule->verdict));
    ledger_key_print(rule->key, out);
    for (uint32_t i = 0; i < CASE_VERDICT_COUNT; i++)
        if (rule->counts[i] != 0)
            buf_printf(out, " %s=%u", verify_case_name((CaseVerdict)i), rule->counts[i]);
    if (rule->worst)
        put_reason(out, rule->worst);
    buf_char(out, '\n');
}

// The limit of the ledger until now; UINT32_MAX: none.
static uint32_t old_limit(Str before, Arena *arena)
{
    Diag diag = {.arena = arena};
    Source source = {.path = STR("ledger"), .text = before};
    Ledger l = {.arena = arena, .source = &source, .diag = &diag};
    read_ledger(&l);
    return l.has_limit ? l.limit : UINT32_MAX;
}

Str verify_ledger_text(const Isle *isle, const VerifyReport *report, const char *name, Str before,
                       Arena *arena, bool *over)
{
    const uint32_t unproved = report->num_rules - report->rule_counts[RULE_PROVED];
    const uint32_t limit = old_limit(before, arena);
    Named *const named = ARENA_ARRAY(arena, Named, report->num_rules);
    for (uint32_t r = 0; r < report->num_rules; r++)
        named[r] = (Named){isle->rules.data[r].label, r};
    if (report->num_rules != 0)
        qsort(named, report->num_rules, sizeof(*named), by_label);
    *over = unproved > limit;
    StrBuf out = {.arena = arena};
    buf_printf(&out,
               "# What is proved of the rules of %s: RULE VERDICT KEY CASES. Written and read by\n"
               "# `assay verify` with --write-ledger and --check-ledger (docs/verify.md).\n"
               "unproved %u\n",
               name, *over ? limit : unproved);
    for (uint32_t r = 0; r < report->num_rules; r++)
        put_rule(&out, named[r].label, &report->rules[named[r].rule]);
    return buf_view(&out);
}
