// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results as JSON, one object a line. Events, in order: `start`; for each file its `result`s and
// other messages and a `file`; at the end the `summary`. Members without a value are left out.

#include "filetests/runner/runner_internal.h"

#include <jansson.h>

static void put_line(FILE *out, json_t *object)
{
    json_dumpf(object, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(object);
}

static json_t *new_event(const char *name)
{
    json_t *const object = json_object();
    json_object_set_new(object, "event", json_string(name));
    return object;
}

static void put_text(Arena *arena, json_t *object, const char *key, Str value)
{
    if (value.len == 0)
        return;
    value = report_sanitize(arena, value);
    json_object_set_new(object, key, json_stringn(value.data, value.len));
}

static const char *event_name(ResultKind kind)
{
    switch (kind) {
    case RESULT_TEST: return "result";
    case RESULT_XFAIL: return "xfail";
    case RESULT_NOTE: return "note";
    case RESULT_WARNING: return "warning";
    case RESULT_PATCH: return "patch";
    }
    UNREACHABLE();
}

static json_t *result_object(Arena *arena, const FileReport *report, const Result *result)
{
    json_t *const object = new_event(event_name(result->kind));
    put_text(arena, object, "file", report->test->path);
    put_text(arena, object, "id", report->test->id);
    if (result->line != 0)
        json_object_set_new(object, "line", json_integer(result->line));
    if (result->col != 0)
        json_object_set_new(object, "column", json_integer(result->col));
    put_text(arena, object, "command", result->command);
    put_text(arena, object, "function", result->function);
    put_text(arena, object, "target", result->target);
    put_text(arena, object, "opt_level", result->opt_level);
    if (result->engine != ENGINE_COUNT)
        json_object_set_new(object, "engine", json_string(engine_name(result->engine)));
    put_text(arena, object, "directive", result->text);
    if (result->kind == RESULT_TEST)
        json_object_set_new(object, "status", json_string(status_name(result->status)));
    put_text(arena, object, "message", result->message);
    put_text(arena, object, "expected", result->expected);
    put_text(arena, object, "got", result->got);
    put_text(arena, object, "detail", result->detail);
    return object;
}

void jsonlines_begin(FILE *out, const RunnerOptions *options, const TestList *tests)
{
    json_t *const object = new_event("start");
    json_object_set_new(object, "files", json_integer(tests->tests.len));
    if (options->num_shards != 0) {
        json_object_set_new(object, "shard", json_integer(options->shard));
        json_object_set_new(object, "shards", json_integer(options->num_shards));
    }
    put_line(out, object);
}

void jsonlines_file(FILE *out, const FileReport *report, bool with_time)
{
    Arena arena = {0};
    for (uint32_t i = 0; i < report->results.len; i++)
        put_line(out, result_object(&arena, report, &report->results.data[i]));
    json_t *const object = new_event("file");
    put_text(&arena, object, "file", report->test->path);
    put_text(&arena, object, "id", report->test->id);
    json_object_set_new(object, "status", json_string(status_name(report->status)));
    if (with_time)
        json_object_set_new(object, "ms", json_integer(report->ms));
    put_line(out, object);
    arena_free(&arena);
}

static json_t *counts_object(const EngineCounts *counts)
{
    return json_pack(
        "{s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "files", (int)counts->files, "directives",
        (int)counts->directives[TEST_PASS], "failed", (int)counts->directives[TEST_FAIL], "xfail",
        (int)counts->directives[TEST_XFAIL], "unsupported",
        (int)counts->directives[TEST_UNSUPPORTED], "timeout", (int)counts->directives[TEST_TIMEOUT],
        "crash", (int)counts->directives[TEST_CRASH]);
}

void jsonlines_end(FILE *out, const RunnerSummary *summary)
{
    json_t *const object = new_event("summary");
    json_t *const engines = json_object();
    for (uint32_t e = 0; e < ENGINE_COUNT; e++)
        json_object_set_new(engines, engine_name((Engine)e), counts_object(&summary->engines[e]));
    json_object_set_new(object, "engines", engines);
    json_object_set_new(object, "no_engine", counts_object(&summary->no_engine));
    json_t *const files = json_object();
    for (uint32_t s = 0; s < TEST_STATUS_COUNT; s++)
        json_object_set_new(files, status_name((TestStatus)s), json_integer(summary->files[s]));
    json_object_set_new(object, "files", files);
    put_line(out, object);
}
