// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The run as a whole: options, the list of tests, the pool, the reports, the exit.

#include "filetests/runner/runner.h"

#include "filetests/runner/runner_internal.h"

#include <errno.h>

RunnerOptions runner_default_options(FILE *out)
{
    RunnerOptions options = {.out = out};
    for (uint32_t e = 0; e < ENGINE_COUNT; e++)
        options.max_unsupported[e] = RUNNER_NO_LIMIT;
    return options;
}

// ---- Options as text ----

// Takes the part of *text up to the next comma.
static Str next_item(Str *text)
{
    size_t len = 0;
    while (len < text->len && text->data[len] != ',')
        len++;
    const Str item = {text->data, len};
    const size_t skip = len < text->len ? len + 1 : len;
    *text = (Str){text->data + skip, text->len - skip};
    return item;
}

static Status parse_number(Str text, uint32_t *out, Diag *diag)
{
    uint64_t value = 0;
    bool good = text.len != 0 && text.len < 10;
    for (size_t i = 0; i < text.len && good; i++) {
        good = text.data[i] >= '0' && text.data[i] <= '9';
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    if (!good)
        return diag_error(diag, STATUS_SYNTAX, NULL, POS_NONE, "'%.*s' is not a number",
                          STR_ARG(text));
    *out = u32_from(value);
    return STATUS_OK;
}

static Status parse_engine(Str name, Engine *out, Diag *diag)
{
    Str names[ENGINE_COUNT];
    *out = engine_parse(name);
    if (*out != ENGINE_COUNT)
        return STATUS_OK;
    for (uint32_t e = 0; e < ENGINE_COUNT; e++)
        names[e] = str_from(engine_name((Engine)e));
    const Str near = str_nearest(name, names, ENGINE_COUNT);
    return diag_error(diag, STATUS_INVALID, NULL, POS_NONE, "unknown engine '%.*s'%s%.*s%s",
                      STR_ARG(name), near.len == 0 ? "" : "; did you mean '", STR_ARG(near),
                      near.len == 0 ? "" : "'?");
}

// Splits at `separator`; false when it is not there.
static bool split(Str text, char separator, Str *before, Str *behind)
{
    size_t at = 0;
    while (at < text.len && text.data[at] != separator)
        at++;
    *before = (Str){text.data, at};
    *behind = at < text.len ? (Str){text.data + at + 1, text.len - at - 1} : (Str){"", 0};
    return at < text.len;
}

Status runner_parse_limits(RunnerOptions *options, Str text, Diag *diag)
{
    while (text.len != 0) {
        Str name, number;
        Engine engine;
        const Str item = next_item(&text);
        if (!split(item, '=', &name, &number))
            return diag_error(diag, STATUS_SYNTAX, NULL, POS_NONE,
                              "expected ENGINE=N instead of '%.*s'", STR_ARG(item));
        TRY(parse_engine(name, &engine, diag));
        TRY(parse_number(number, &options->max_unsupported[engine], diag));
    }
    return STATUS_OK;
}

Status runner_parse_engines(RunnerOptions *options, Str text, Diag *diag)
{
    while (text.len != 0) {
        Engine engine;
        TRY(parse_engine(next_item(&text), &engine, diag));
        options->engines |= 1u << engine;
    }
    if (options->engines == 0)
        return diag_error(diag, STATUS_SYNTAX, NULL, POS_NONE, "no engine is named");
    return STATUS_OK;
}

Status runner_parse_shard(RunnerOptions *options, Str text, Diag *diag)
{
    Str number, count;
    if (!split(text, '/', &number, &count))
        return diag_error(diag, STATUS_SYNTAX, NULL, POS_NONE, "expected i/n instead of '%.*s'",
                          STR_ARG(text));
    TRY(parse_number(number, &options->shard, diag));
    TRY(parse_number(count, &options->num_shards, diag));
    if (options->shard == 0 || options->shard > options->num_shards)
        return diag_error(diag, STATUS_INVALID, NULL, POS_NONE, "there is no shard %u of %u",
                          options->shard, options->num_shards);
    return STATUS_OK;
}

// ---- The run ----

typedef struct Run {
    const RunnerOptions *options;
    const TestList *tests;
    Reporter *reporter; // NULL: JSON takes the place of the report
    FILE *junit, *json; // NULL: not wanted
    RunnerSummary summary;
    bool *failed; // by test
    uint32_t done, num_failed;
} Run;

static void take_report(void *context, FileReport *report)
{
    Run *const run = context;
    tally_file(&report->arena, report, &run->summary);
    const bool failed = status_fails(report->status);
    run->failed[run->done++] = failed;
    run->num_failed += failed;
    if (run->reporter) {
        report_file(run->reporter, report);
        report_progress(run->reporter, run->done, run->tests->tests.len, run->num_failed);
    }
    if (run->junit)
        junit_file(run->junit, report);
    if (run->json)
        jsonlines_file(run->json, report, run->options->slowest != 0);
}

static Status open_report(const char *path, FILE **out, Diag *diag)
{
    *out = NULL;
    if (!path)
        return STATUS_OK;
    *out = fopen(path, "wb");
    if (*out)
        return STATUS_OK;
    return diag_error(diag, STATUS_IO, NULL, POS_NONE, "%s: %s", path, strerror(errno));
}

static Status close_report(FILE *file, const char *path, Diag *diag)
{
    if (!file)
        return STATUS_OK;
    const bool bad = ferror(file) != 0;
    if (fclose(file) == 0 && !bad)
        return STATUS_OK;
    return diag_error(diag, STATUS_IO, NULL, POS_NONE, "%s: can't write", path);
}

static bool json_is_report(const RunnerOptions *options)
{
    return options->json_path && strcmp(options->json_path, "-") == 0;
}

static Status open_reports(Run *run, Diag *diag)
{
    const RunnerOptions *const options = run->options;
    TRY(open_report(options->junit_path, &run->junit, diag));
    if (json_is_report(options)) {
        run->json = options->out;
    } else {
        TRY(open_report(options->json_path, &run->json, diag));
        run->reporter = report_begin(diag->arena, options);
    }
    if (run->junit)
        junit_begin(run->junit);
    if (run->json)
        jsonlines_begin(run->json, options, run->tests);
    return STATUS_OK;
}

// Ends the reports; *good says whether no limit was exceeded.
static Status close_reports(Run *run, bool *good, Diag *diag)
{
    const RunnerOptions *const options = run->options;
    if (run->json)
        jsonlines_end(run->json, &run->summary);
    if (run->junit)
        junit_end(run->junit);
    if (run->reporter) {
        *good = report_end(run->reporter, &run->summary);
    } else {
        for (uint32_t e = 0; e < ENGINE_COUNT; e++)
            *good &=
                run->summary.engines[e].directives[TEST_UNSUPPORTED] <= options->max_unsupported[e];
    }
    const Status status = close_report(run->junit, options->junit_path, diag);
    if (!json_is_report(options))
        TRY(close_report(run->json, options->json_path, diag));
    return status;
}

static Status run_tests(Run *run, bool *good, Diag *diag)
{
    TRY(open_reports(run, diag));
    const Status status = pool_run(run->options, run->tests, take_report, run, diag);
    if (status == STATUS_OK && run->options->state_path)
        TRY(state_write(diag->arena, run->options->state_path, run->tests, run->failed, diag));
    TRY(close_reports(run, good, diag));
    return status;
}

static RunnerOutcome list_tests(const RunnerOptions *options, const TestList *tests)
{
    for (uint32_t i = 0; i < tests->tests.len; i++)
        fprintf(options->out, "%.*s\n", STR_ARG(tests->tests.data[i].id));
    return RUNNER_PASSED;
}

RunnerOutcome runner_run(const RunnerOptions *options, RunnerSummary *summary, Diag *diag)
{
    TestList tests = {.found = 0};
    Run run = {.options = options, .tests = &tests};
    bool good = true;
    const Status found = tests_find(diag->arena, options, &tests, diag);
    if (found != STATUS_OK) // an option that can't be read, or a path
        return found == STATUS_SYNTAX ? RUNNER_USAGE : RUNNER_FAILED;
    if (tests.found == 0 && !options->allow_empty) {
        diag_error(diag, STATUS_INVALID, NULL, POS_NONE, "no test was found");
        return RUNNER_FAILED;
    }
    if (options->list)
        return list_tests(options, &tests);
    run.failed = ARENA_ARRAY(diag->arena, bool, tests.tests.len);
    if (run_tests(&run, &good, diag) != STATUS_OK)
        return RUNNER_FAILED;
    if (summary)
        *summary = run.summary;
    return run.num_failed == 0 && good ? RUNNER_PASSED : RUNNER_FAILED;
}
