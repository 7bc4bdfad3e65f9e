// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Judging a file by its results: expected failures, counts by engine, the status of the file.
//
// An `xfail:` comment turns the failures of its function, or of the file, into XFAIL. When there is
// none of them and something passed, that is a failure of its own: the comment is out of date.
// Crashes and timeouts are never expected.

#include "filetests/runner/runner_internal.h"

// ---- Expected failures ----

typedef struct Declaration {
    Result result;
    bool met, contradicted; // something failed; something passed
} Declaration;

typedef struct Declarations {
    VEC(Declaration) list;
    Map by_func; // key: function number, NO_INDEX for the file
} Declarations;

static Declarations collect_declarations(Arena *arena, const FileReport *report)
{
    Declarations out = {.by_func = {.cap = 0}};
    for (uint32_t i = 0; i < report->results.len; i++) {
        const Result *const result = &report->results.data[i];
        if (result->kind != RESULT_XFAIL || map_get(&out.by_func, result->func) != MAP_NONE)
            continue;
        map_set(arena, &out.by_func, result->func, out.list.len);
        VEC_PUSH(arena, &out.list, ((Declaration){*result, false, false}));
    }
    return out;
}

static void apply_declaration(Arena *arena, Result *result, Declaration *declaration)
{
    declaration->contradicted |= result->status == TEST_PASS;
    declaration->met |= status_fails(result->status);
    if (result->status != TEST_FAIL)
        return;
    result->status = TEST_XFAIL;
    result->message = str_printf(arena, "%.*s (expected: %.*s)", STR_ARG(result->message),
                                 STR_ARG(declaration->result.message));
}

static void apply_declarations(Arena *arena, FileReport *report)
{
    Declarations d = collect_declarations(arena, report);
    if (d.list.len == 0)
        return;
    for (uint32_t i = 0; i < report->results.len; i++) {
        Result *const result = &report->results.data[i];
        if (result->kind != RESULT_TEST)
            continue;
        uint32_t which = map_get(&d.by_func, result->func);
        if (which == MAP_NONE)
            which = map_get(&d.by_func, NO_INDEX);
        if (which != MAP_NONE)
            apply_declaration(arena, result, &d.list.data[which]);
    }
    for (uint32_t i = 0; i < d.list.len; i++) {
        Declaration *const declaration = &d.list.data[i];
        if (declaration->met || !declaration->contradicted)
            continue;
        Result result = declaration->result;
        result.kind = RESULT_TEST;
        result.status = TEST_FAIL;
        result.message = str_printf(arena, "passes, though it is expected to fail: %.*s",
                                    STR_ARG(declaration->result.message));
        VEC_PUSH(arena, &report->results, result);
    }
}

// ---- Counts ----

// A directive in an engine, with the heaviest of its statuses.
typedef struct DirectiveStatus {
    Engine engine;
    TestStatus status;
} DirectiveStatus;

typedef struct DirectiveStatuses {
    VEC(DirectiveStatus) list;
    Map index; // key: engine and place of the directive
} DirectiveStatuses;

static void add_directive(Arena *arena, DirectiveStatuses *d, const Result *result)
{
    const uint64_t key = (uint64_t)result->engine << 32 | result->directive;
    const uint32_t at = map_get(&d->index, key);
    if (at == MAP_NONE) {
        map_set(arena, &d->index, key, d->list.len);
        VEC_PUSH(arena, &d->list, ((DirectiveStatus){result->engine, result->status}));
    } else if (status_weight(result->status) > status_weight(d->list.data[at].status)) {
        d->list.data[at].status = result->status;
    }
}

static void count_directives(const DirectiveStatuses *d, RunnerSummary *summary)
{
    bool any[ENGINE_COUNT] = {false}, all[ENGINE_COUNT] = {false};
    for (uint32_t i = 0; i < d->list.len; i++) {
        const DirectiveStatus *const s = &d->list.data[i];
        summary->engines[s->engine].directives[s->status]++;
        all[s->engine] = (all[s->engine] || !any[s->engine]) && s->status == TEST_PASS;
        any[s->engine] = true;
    }
    for (uint32_t e = 0; e < ENGINE_COUNT; e++)
        summary->engines[e].files += all[e];
}

static void add_nothing_run(Arena *arena, FileReport *report)
{
    const Result result = {.status = TEST_UNSUPPORTED,
                           .engine = ENGINE_COUNT,
                           .func = NO_INDEX,
                           .directive = NO_INDEX,
                           .command = STR("file"),
                           .message = STR("nothing to run: no directive, or no engine for it")};
    VEC_PUSH(arena, &report->results, result);
}

void tally_file(Arena *arena, FileReport *report, RunnerSummary *summary)
{
    DirectiveStatuses directives = {.index = {.cap = 0}};
    bool any = false, all_pass = true;
    apply_declarations(arena, report);
    for (uint32_t i = 0; i < report->results.len && !any; i++)
        any = report->results.data[i].kind == RESULT_TEST;
    if (!any)
        add_nothing_run(arena, report);
    report->status = TEST_UNSUPPORTED;
    any = false;
    for (uint32_t i = 0; i < report->results.len; i++) {
        const Result *const result = &report->results.data[i];
        if (result->kind != RESULT_TEST)
            continue;
        if (status_weight(result->status) > status_weight(report->status))
            report->status = result->status;
        if (result->engine != ENGINE_COUNT) {
            add_directive(arena, &directives, result);
            continue;
        }
        summary->no_engine.directives[result->status]++;
        all_pass = (all_pass || !any) && result->status == TEST_PASS;
        any = true;
    }
    summary->no_engine.files += any && all_pass;
    count_directives(&directives, summary);
    summary->num_files++;
    summary->files[report->status]++;
}
