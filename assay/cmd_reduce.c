// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay reduce: makes a file that shows a failure smaller.
#include "assay/tool.h"
#include "fuzz-targets/reduce/reduce.h"

#include <stdio.h>

static bool parse_predicate(const ToolArgs *args, ReduceOptions *options)
{
    static const char *const names[] = {[REDUCE_ANY] = "any",
                                        [REDUCE_CRASH] = "crash",
                                        [REDUCE_MISMATCH] = "mismatch",
                                        [REDUCE_HANG] = "hang",
                                        [REDUCE_INVALID] = "validator"};
    const char *const given = args->values[OPT_REDUCE_PREDICATE];
    options->command = args->values[OPT_REDUCE_COMMAND];
    if (options->command) {
        options->kind = REDUCE_COMMAND;
        return given == NULL;
    }
    for (uint32_t i = 0; given && i < sizeof(names) / sizeof(names[0]); i++)
        if (str_eq_c(str_from(given), names[i])) {
            options->kind = (ReduceKind)i;
            return true;
        }
    return given == NULL;
}

static void report(void *context, Str text)
{
    const bool *const quiet = context;
    if (!*quiet)
        fprintf(stderr, "\r%zu bytes  ", text.len);
}

int cmd_reduce(const ToolArgs *args)
{
    bool quiet = args->values[OPT_REDUCE_QUIET] != NULL;
    ReduceOptions options = {.progress = report, .context = &quiet};
    uint64_t jobs = 2, seconds = 10;
    if (!parse_predicate(args, &options))
        return tool_usage_error(args, "--predicate is any, crash, mismatch, hang or validator, and "
                                      "does not go with --command");
    if (!tool_number(args, OPT_REDUCE_JOBS, 1, 16, &jobs) ||
        !tool_number(args, OPT_REDUCE_TIMEOUT, 1, 3600, &seconds))
        return EXIT_USAGE;
    options.jobs = (uint32_t)jobs;
    options.seconds = (uint32_t)seconds;
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    Str text;
    Reduced reduced;
    Status status = tool_read_file(&arena, args->operands[0], &text, &diag);
    if (status == STATUS_OK)
        status = reduce_run(str_from(args->operands[0]), text, &options, &arena, &reduced, &diag);
    if (status == STATUS_OK) {
        fprintf(stderr, "%s%zu bytes of %zu, %u candidates, %u taken\n", quiet ? "" : "\r",
                reduced.text.len, text.len, reduced.tried, reduced.taken);
        printf("; %.*s\n%.*s", STR_ARG(reduced.signature), STR_ARG(reduced.text));
    }
    tool_report(&diag);
    arena_free(&arena);
    return status == STATUS_OK ? EXIT_OK : EXIT_FAILED;
}
