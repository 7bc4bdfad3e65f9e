// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reports as SARIF 2.1.0, for the tools that show results of analyses beside the code.

#include "verify/verify_internal.h"

#include <jansson.h>

static json_t *text_of(Str text)
{
    return json_stringn_nocheck(text.data ? text.data : "", text.len);
}

static json_t *message_of(Str text)
{
    return json_pack("{s:o}", "text", text_of(text));
}

// A rule of SARIF is a kind of result: our verdicts.
static json_t *kinds(void)
{
    json_t *const list = json_array();
    for (uint32_t i = 0; i < RULE_VERDICT_COUNT; i++) {
        const RuleVerdict verdict = (RuleVerdict)i;
        json_array_append_new(list, json_pack("{s:s, s:o}", "id", verify_rule_name(verdict),
                                              "shortDescription",
                                              message_of(str_from(verify_rule_meaning(verdict)))));
    }
    return list;
}

static const char *level_of(RuleVerdict verdict)
{
    switch (verdict) {
    case RULE_FAILED:
    case RULE_ERROR: return "error";
    case RULE_UNKNOWN:
    case RULE_NO_SPEC:
    case RULE_UNREACHED:
    case RULE_SHADOWED:
    case RULE_NEVER:
    case RULE_SINGLE: return "warning";
    case RULE_BOUNDED: return "note";
    case RULE_PROVED:
    case RULE_VERDICT_COUNT: return "none";
    }
    UNREACHABLE();
}

static json_t *place_of(const Isle *isle, IslePos pos)
{
    Source *const source = isle->sources.data[pos.file];
    const LineCol at = source_line_col(source, pos.offset);
    return json_pack("[{s:{s:{s:o}, s:{s:I, s:I}}}]", "physicalLocation", "artifactLocation", "uri",
                     text_of(source->path), "region", "startLine", (json_int_t)at.line,
                     "startColumn", (json_int_t)at.col);
}

static json_t *result_of(const Isle *isle, const VerifyRule *rule, IsleRuleId id, Arena *arena)
{
    const IsleRule *const of = &isle->rules.data[id];
    StrBuf text = {.arena = arena};
    buf_printf(&text, "%.*s: %s", STR_ARG(of->label), verify_rule_meaning(rule->verdict));
    if (rule->worst && rule->worst->types.len != 0)
        buf_printf(&text, " [%.*s]", STR_ARG(rule->worst->types));
    if (rule->worst && rule->worst->message.len != 0)
        buf_printf(&text, ": %.*s", STR_ARG(rule->worst->message));
    if (rule->worst && rule->worst->values.len != 0)
        buf_printf(&text, "\n%.*s", STR_ARG(rule->worst->values));
    return json_pack("{s:s, s:I, s:s, s:o, s:o}", "ruleId", verify_rule_name(rule->verdict),
                     "ruleIndex", (json_int_t)rule->verdict, "level", level_of(rule->verdict),
                     "message", message_of(buf_view(&text)), "locations", place_of(isle, of->pos));
}

static int append(const char *text, size_t len, void *out)
{
    buf_str(out, (Str){text, len});
    return 0;
}

void verify_sarif_run(const Isle *isle, const VerifyReport *report, const char *name, bool part,
                      StrBuf *out)
{
    json_t *const results = json_array();
    for (IsleRuleId r = 0; r < report->num_rules; r++) {
        const VerifyRule *const rule = &report->rules[r];
        if (rule->verdict != RULE_PROVED && !(part && rule->verdict == RULE_UNREACHED))
            json_array_append_new(results, result_of(isle, rule, r, out->arena));
    }
    json_t *const run =
        json_pack("{s:{s:{s:s, s:s, s:o}}, s:{s:s}, s:s, s:o}", "tool", "driver", "name", "assay",
                  "fullName", "assay verify", "rules", kinds(), "automationDetails", "id", name,
                  "columnKind", "utf16CodeUnits", "results", results);
    if (out->len != 0)
        buf_puts(out, ",\n");
    json_dump_callback(run, append, out, JSON_INDENT(1));
    json_decref(run);
}

Str verify_sarif_file(Str runs, Arena *arena)
{
    StrBuf out = {.arena = arena};
    buf_puts(&out, "{\"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\",\n"
                   "\"version\": \"2.1.0\",\n\"runs\": [");
    buf_str(&out, runs);
    buf_puts(&out, "]}\n");
    return buf_view(&out);
}
