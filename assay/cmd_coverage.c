// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay coverage: which operations each target can lower, which instruction rows have no meaning,
// which rules never fire.
#include "assay/tool_program.h"
#include "coverage/coverage.h"
#include "mach/mach.h"
#include "validate/validate.h"

#include <jansson.h>
#include <stdio.h>

// What is known of one target.
typedef struct TargetReport {
    Isa isa;
    const Target *target;
    Coverage coverage;
    uint32_t rows_missing;
    uint32_t *rule_counts, rules_missing; // that never fired
} TargetReport;

typedef struct Reports {
    Arena arena;
    TargetReport list[ARCH_COUNT];
    uint32_t len;
} Reports;

static uint32_t count_rows(const Target *target)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; i < target->num_rows; i++)
        missing += !target->rows[i].has_meaning;
    return missing;
}

static void add_report(Reports *reports, const Isa *isa)
{
    TargetReport *const report = &reports->list[reports->len++];
    const Settings settings = settings_defaults();
    report->isa = *isa;
    report->target = target_find(isa->arch);
    report->rows_missing = count_rows(report->target);
    report->rule_counts = ARENA_ARRAY(&reports->arena, uint32_t, report->target->num_rules);
    report->coverage = coverage_run(&settings, isa, report->rule_counts, &reports->arena);
}

// ---- Rules ----

// Lowers a file's functions for the target: with the flags of those `target` lines that name its
// architecture, if any. What can't be lowered counts as far as it goes.
static void fire_rules(const ToolProgram *program, TargetReport *report)
{
    const Targets *const targets = &program->targets;
    const Module *const module = &program->file->module;
    Arena messages = {0};
    bool named = false;
    for (uint32_t t = 0; t <= targets->lines.len; t++) {
        const bool plain = t == targets->lines.len;
        const Isa *const isa = plain ? &report->isa : &targets->lines.data[t].isa;
        if (isa->arch != report->isa.arch || (plain && named))
            continue;
        named = true;
        Diag diag = {.arena = &messages};
        for (uint32_t i = 0; i < module->funcs.len; i++) {
            const Func *const f = module->funcs.data[i];
            if (f->first_block.i != NO_INDEX &&
                validate_func_diag(f, &targets->settings, isa, NULL, &diag) == STATUS_OK)
                (void)coverage_fire_rules(f, &targets->settings, isa, report->rule_counts, &diag);
        }
    }
    arena_free(&messages);
}

// Counts rules by the files instead of by what coverage_run built.
static Status fire_rules_of_files(const ToolArgs *args, Reports *reports)
{
    Status first = STATUS_OK;
    for (uint32_t r = 0; r < reports->len && args->num_operands != 0; r++)
        memset(reports->list[r].rule_counts, 0,
               reports->list[r].target->num_rules * sizeof(uint32_t));
    for (uint32_t i = 0; i < args->num_operands; i++) {
        ToolProgram program;
        const Status status = tool_load(&program, args->operands[i], (ParseOptions){0});
        for (uint32_t r = 0; r < reports->len && status == STATUS_OK; r++)
            fire_rules(&program, &reports->list[r]);
        tool_unload(&program);
        first = first == STATUS_OK ? status : first;
    }
    return first;
}

static void count_rules(Reports *reports)
{
    for (uint32_t r = 0; r < reports->len; r++)
        for (uint32_t i = 0; i < reports->list[r].target->num_rules; i++)
            reports->list[r].rules_missing += reports->list[r].rule_counts[i] == 0;
}

// ---- Text ----

static void print_op(const OpInfo *info, const CoveragePair *pair, StrBuf *out)
{
    buf_puts(out, info->name);
    if (pair->ctrl != TYPE_INVALID) {
        buf_char(out, '.');
        type_print(pair->ctrl, out);
    }
}

static void print_types(const Coverage *coverage, uint32_t first, bool missing, StrBuf *out)
{
    const Opcode op = coverage->pairs.data[first].op;
    for (uint32_t i = first; i < coverage->pairs.len && coverage->pairs.data[i].op == op; i++) {
        const CoveragePair *const pair = &coverage->pairs.data[i];
        const bool some = pair->verdict == COVERAGE_LOWERED || pair->verdict == COVERAGE_PARTLY;
        if (some == missing)
            continue;
        buf_puts(out, pair->verdict == COVERAGE_PARTLY ? " ~" : " ");
        if (pair->ctrl == TYPE_INVALID)
            buf_puts(out, pair->verdict == COVERAGE_UNBUILT ? "(unbuilt)" : "-");
        else
            type_print(pair->ctrl, out);
    }
}

// A line for each opcode.
static void print_table(const Coverage *coverage, StrBuf *out)
{
    for (uint32_t i = 0; i < coverage->pairs.len; i++) {
        const Opcode op = coverage->pairs.data[i].op;
        if (i != 0 && coverage->pairs.data[i - 1].op == op)
            continue;
        buf_printf(out, "%-20s", ir_ops[op].name);
        print_types(coverage, i, false, out);
        StrBuf missing = {.arena = out->arena};
        print_types(coverage, i, true, &missing);
        if (missing.len != 0)
            buf_printf(out, " |%.*s", STR_ARG(buf_view(&missing)));
        buf_char(out, '\n');
    }
}

static void print_missing(const Coverage *coverage, StrBuf *out)
{
    for (uint32_t i = 0; i < coverage->pairs.len; i++) {
        const CoveragePair *const pair = &coverage->pairs.data[i];
        if (pair->verdict == COVERAGE_LOWERED)
            continue;
        print_op(&ir_ops[pair->op], pair, out);
        buf_printf(out, ": %s", coverage_verdict_name(pair->verdict));
        if (pair->verdict == COVERAGE_PARTLY)
            buf_printf(out, ", %u of %u", pair->lowered, pair->variants);
        buf_printf(out, ": %.*s%s%.*s\n", STR_ARG(pair->variant), pair->variant.len ? ": " : "",
                   STR_ARG(pair->reason));
    }
}

static void print_summary(const TargetReport *report, StrBuf *out)
{
    const Coverage *const coverage = &report->coverage;
    buf_printf(out, "%s: %u of %u pairs of opcode and type are lowered", report->target->name,
               coverage->counts[COVERAGE_LOWERED], coverage->pairs.len);
    for (uint32_t v = COVERAGE_LOWERED + 1; v < COVERAGE_VERDICT_COUNT; v++)
        buf_printf(out, ", %u %s", coverage->counts[v], coverage_verdict_name((CoverageVerdict)v));
    buf_char(out, '\n');
}

static void print_rows(const TargetReport *report, bool totals, StrBuf *out)
{
    for (uint32_t i = 0; i < report->target->num_rows && !totals; i++)
        if (!report->target->rows[i].has_meaning)
            buf_printf(out, "%s\n", report->target->rows[i].name);
    buf_printf(out, "%s: %u of %u rows have no meaning\n", report->target->name,
               report->rows_missing, report->target->num_rows);
}

static void print_rules(const TargetReport *report, bool totals, StrBuf *out)
{
    const Target *const target = report->target;
    for (uint32_t i = 0; i < target->num_rules && !totals; i++) {
        const TargetRule *const rule = &target->rules[i];
        if (report->rule_counts[i] == 0)
            buf_printf(out, "%s:%u: %s of %s never fired\n", rule->path, rule->line, rule->name,
                       rule->root);
    }
    buf_printf(out, "%s: %u of %u rules never fired\n", target->name, report->rules_missing,
               target->num_rules);
}

static void print_text(const ToolArgs *args, const TargetReport *report, StrBuf *out)
{
    const bool totals = args->values[OPT_COVERAGE_MAX] != NULL;
    if (args->values[OPT_COVERAGE_RULES]) {
        print_rules(report, totals, out);
        return;
    }
    if (args->values[OPT_COVERAGE_ROWS]) {
        print_rows(report, totals, out);
        return;
    }
    if (!totals && args->values[OPT_COVERAGE_MISSING])
        print_missing(&report->coverage, out);
    else if (!totals)
        print_table(&report->coverage, out);
    print_summary(report, out);
}

// ---- JSON ----

static json_t *json_of_pair(Arena *arena, const CoveragePair *pair)
{
    json_t *const object = json_object();
    json_object_set_new(object, "opcode", json_string(ir_ops[pair->op].name));
    if (pair->ctrl != TYPE_INVALID) {
        const Str type = type_name(arena, pair->ctrl);
        json_object_set_new(object, "type", json_stringn(type.data, type.len));
    }
    json_object_set_new(object, "verdict", json_string(coverage_verdict_name(pair->verdict)));
    json_object_set_new(object, "variants", json_integer(pair->variants));
    json_object_set_new(object, "lowered", json_integer(pair->lowered));
    if (pair->reason.len != 0) {
        const Str variant = pair->variant, reason = pair->reason;
        json_object_set_new(object, "variant", json_stringn(variant.data, variant.len));
        json_object_set_new(object, "reason", json_stringn(reason.data, reason.len));
    }
    return object;
}

static json_t *json_of_report(Arena *arena, const TargetReport *report)
{
    json_t *const object = json_object(), *const pairs = json_array(), *const rows = json_array(),
                  *const rules = json_array();
    json_object_set_new(object, "target", json_string(report->target->name));
    for (uint32_t i = 0; i < report->coverage.pairs.len; i++)
        json_array_append_new(pairs, json_of_pair(arena, &report->coverage.pairs.data[i]));
    for (uint32_t i = 0; i < report->target->num_rows; i++)
        if (!report->target->rows[i].has_meaning)
            json_array_append_new(rows, json_string(report->target->rows[i].name));
    for (uint32_t i = 0; i < report->target->num_rules; i++)
        if (report->rule_counts[i] == 0)
            json_array_append_new(rules, json_string(report->target->rules[i].name));
    json_object_set_new(object, "pairs", pairs);
    json_object_set_new(object, "rows", json_integer(report->target->num_rows));
    json_object_set_new(object, "rows_without_meaning", rows);
    json_object_set_new(object, "rules", json_integer(report->target->num_rules));
    json_object_set_new(object, "rules_never_fired", rules);
    return object;
}

static void print_json(Reports *reports, FILE *out)
{
    json_t *const array = json_array();
    for (uint32_t i = 0; i < reports->len; i++)
        json_array_append_new(array, json_of_report(&reports->arena, &reports->list[i]));
    json_dumpf(array, out, JSON_INDENT(1));
    fputc('\n', out);
    json_decref(array);
}

// ---- Limits ----

// What `key` of --max counts, of the targets that were asked for; false when it names nothing.
static bool find_count(const Reports *reports, Str key, uint32_t *out)
{
    for (uint32_t i = 0; i < reports->len; i++) {
        const TargetReport *const report = &reports->list[i];
        const Str name = str_from(report->target->name);
        if (!str_starts_with(key, name))
            continue;
        const Str rest = {key.data + name.len, key.len - name.len};
        if (rest.len == 0)
            *out = coverage_missing(&report->coverage);
        else if (str_eq_c(rest, ":rows"))
            *out = report->rows_missing;
        else if (str_eq_c(rest, ":rules"))
            *out = report->rules_missing;
        else
            continue;
        return true;
    }
    return false;
}

// Judges one KEY=N; EXIT_USAGE when it is none.
static int check_limit(const ToolArgs *args, const Reports *reports, Str item)
{
    const char *const equals = memchr(item.data, '=', item.len);
    const Str key = {item.data, equals ? (size_t)(equals - item.data) : item.len};
    uint32_t count, limit = 0;
    if (!find_count(reports, key, &count))
        return tool_usage_error(args, "--max: no target '%.*s'", STR_ARG(key));
    const char *const end = item.data + item.len;
    const char *digit = equals ? equals + 1 : end;
    bool good = digit < end && end - digit <= 9;
    for (; good && digit < end; digit++) {
        good = *digit >= '0' && *digit <= '9';
        limit = limit * 10 + (uint32_t)(*digit - '0');
    }
    if (!good)
        return tool_usage_error(args, "--max: '%.*s' has no number", STR_ARG(item));
    if (count > limit)
        fprintf(stderr, "error: %.*s: %u missing, and %u are allowed\n", STR_ARG(key), count,
                limit);
    else if (count < limit)
        fprintf(stderr, "note: %.*s: %u missing; the limit of %u can be lowered\n", STR_ARG(key),
                count, limit);
    return count > limit ? EXIT_FAILED : EXIT_OK;
}

static int check_limits(const ToolArgs *args, const Reports *reports)
{
    int worst = EXIT_OK;
    const char *rest = args->values[OPT_COVERAGE_MAX];
    while (rest && *rest != '\0') {
        const size_t len = strcspn(rest, ",");
        const int code = check_limit(args, reports, (Str){rest, len});
        worst = code > worst ? code : worst;
        rest += len + (rest[len] == ',');
    }
    return worst;
}

// ---- The command ----

// "x86_64 has_avx": a triple and its flags.
static Status parse_target(Str text, Isa *out, Diag *diag)
{
    bool first = true;
    for (text = str_trim(text); text.len != 0; text = str_trim(text)) {
        size_t len = 0;
        while (len < text.len && text.data[len] != ' ')
            len++;
        const Str word = {text.data, len};
        if (!first)
            TRY(isa_set(out, word, NULL, POS_NONE, diag));
        else if (isa_parse(word, out) != STATUS_OK || !target_find(out->arch))
            return diag_error(diag, STATUS_UNSUPPORTED, NULL, POS_NONE,
                              "no code is generated for '%.*s'", STR_ARG(word));
        first = false;
        text = (Str){text.data + len, text.len - len};
    }
    return first ? diag_error(diag, STATUS_INVALID, NULL, POS_NONE, "no target") : STATUS_OK;
}

static Status add_reports(Reports *reports, const char *wanted, Diag *diag)
{
    Isa isa;
    if (wanted) {
        TRY(parse_target(str_from(wanted), &isa, diag));
        add_report(reports, &isa);
        return STATUS_OK;
    }
    for (uint32_t arch = 0; arch < ARCH_COUNT; arch++)
        if (target_find((Arch)arch) &&
            isa_parse(str_from(arch_name((Arch)arch)), &isa) == STATUS_OK)
            add_report(reports, &isa);
    return STATUS_OK;
}

int cmd_coverage(const ToolArgs *args)
{
    Reports reports = {.len = 0};
    Diag diag = {.arena = &reports.arena};
    int code = EXIT_USAGE;
    if (args->num_operands != 0 && !args->values[OPT_COVERAGE_RULES])
        return tool_usage_error(args, "files are for --rules");
    if (add_reports(&reports, args->values[OPT_COVERAGE_TARGET], &diag) == STATUS_OK) {
        StrBuf text = {.arena = &reports.arena};
        const Status files = fire_rules_of_files(args, &reports);
        count_rules(&reports);
        for (uint32_t i = 0; i < reports.len; i++)
            print_text(args, &reports.list[i], &text);
        if (args->values[OPT_COVERAGE_JSON])
            print_json(&reports, stdout);
        else
            fwrite(text.data, 1, text.len, stdout);
        code = files == STATUS_OK ? check_limits(args, &reports) : EXIT_FAILED;
    }
    tool_report(&diag);
    arena_free(&reports.arena);
    return code;
}
