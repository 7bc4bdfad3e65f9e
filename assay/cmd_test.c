// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay test: runs directories of file tests.
#include "assay/tool.h"
#include "filetests/runner/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX_JOBS = 256, MAX_TIMEOUT = 100000 };

// ---- Options ----

// Whether to use colours on `stream`: as the user says, else by NO_COLOR and the kind of stream.
static bool read_color(const ToolArgs *args, FILE *stream, bool *out)
{
    const char *when = args->values[OPT_TEST_COLOR];
    *out = false;
    if (!when || strcmp(when, "auto") == 0) {
        const char *off = getenv("NO_COLOR");
        *out = (!off || *off == '\0') && isatty(fileno(stream));
        return true;
    }
    *out = strcmp(when, "always") == 0;
    if (*out || strcmp(when, "never") == 0)
        return true;
    tool_usage_error(args, "--color=%s: expected auto, always or never", when);
    return false;
}

static bool read_bless(const ToolArgs *args, BlessMode *out)
{
    const char *mode = args->values[OPT_TEST_BLESS];
    *out = !mode ? BLESS_NO : *mode == '\0' ? BLESS_WRITE : BLESS_DRY_RUN;
    if (!mode || *mode == '\0' || strcmp(mode, "dry-run") == 0)
        return true;
    tool_usage_error(args, "--bless=%s: expected dry-run", mode);
    return false;
}

static bool read_numbers(const ToolArgs *args, RunnerOptions *options)
{
    uint64_t jobs = 0, seconds = 0, slowest = 0;
    if (!tool_number(args, OPT_TEST_JOBS, 1, MAX_JOBS, &jobs) ||
        !tool_number(args, OPT_TEST_TIMEOUT, 1, MAX_TIMEOUT, &seconds) ||
        !tool_number(args, OPT_TEST_SLOWEST, 1, UINT32_MAX, &slowest))
        return false;
    options->jobs = (uint32_t)jobs;
    options->timeout_ms = (uint32_t)seconds * 1000;
    options->slowest = (uint32_t)slowest;
    return true;
}

// Where failures are remembered: in the user's cache, if there is one.
static const char *default_state(Arena *arena)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    if (cache && *cache != '\0')
        return str_printf(arena, "%s/assay/tests.json", cache).data;
    if (home && *home != '\0')
        return str_printf(arena, "%s/.cache/assay/tests.json", home).data;
    return NULL;
}

// The options that are lists, each with its own little grammar.
static Status read_lists(const ToolArgs *args, RunnerOptions *options, Diag *diag)
{
    const char *engines = args->values[OPT_TEST_ENGINE];
    const char *limits = args->values[OPT_TEST_MAX_UNSUPPORTED];
    const char *shard = args->values[OPT_TEST_SHARD];
    if (engines)
        TRY(runner_parse_engines(options, str_from(engines), diag));
    if (limits)
        TRY(runner_parse_limits(options, str_from(limits), diag));
    if (shard)
        TRY(runner_parse_shard(options, str_from(shard), diag));
    return STATUS_OK;
}

static bool read_options(const ToolArgs *args, RunnerOptions *options, Diag *diag)
{
    const char *json = args->values[OPT_TEST_JSON];
    const char *state = args->values[OPT_TEST_STATE];
    options->paths = (const char *const *)args->operands;
    options->num_paths = args->num_operands;
    options->filter = args->values[OPT_TEST_FILTER];
    options->filter_out = args->values[OPT_TEST_FILTER_OUT];
    options->only_failed = args->values[OPT_TEST_FAILED] != NULL;
    options->list = args->values[OPT_TEST_LIST] != NULL;
    options->allow_empty = args->values[OPT_TEST_ALLOW_EMPTY] != NULL;
    options->verbose = args->values[OPT_TEST_VERBOSE] != NULL;
    options->github = args->values[OPT_TEST_GITHUB] != NULL;
    options->junit_path = args->values[OPT_TEST_JUNIT];
    options->json_path = !json || *json != '\0' ? json : "-";
    options->state_path = state ? state : default_state(diag->arena);
    if (isatty(STDERR_FILENO) && !options->list)
        options->progress = stderr;
    if (!read_color(args, options->out, &options->color) || !read_bless(args, &options->bless) ||
        !read_numbers(args, options))
        return false;
    if (read_lists(args, options, diag) == STATUS_OK)
        return true;
    tool_report(diag);
    return false;
}

// ---- The command ----

int cmd_test(const ToolArgs *args)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    RunnerOptions options = runner_default_options(stdout);
    if (!read_options(args, &options, &diag)) {
        arena_free(&arena);
        return EXIT_USAGE;
    }
    const RunnerOutcome outcome = runner_run(&options, NULL, &diag);
    tool_report(&diag);
    arena_free(&arena);
    switch (outcome) {
    case RUNNER_PASSED: return EXIT_OK;
    case RUNNER_FAILED: return EXIT_FAILED;
    case RUNNER_USAGE: return EXIT_USAGE;
    }
    UNREACHABLE();
}
