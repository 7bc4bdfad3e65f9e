// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay interpret: the run directives of files in the interpreter, each with what came of it.
#include "assay/tool_program.h"
#include "filetests/runner/interpret.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct Counts {
    const char *path;
    bool quiet;
    uint32_t passed, failed;
} Counts;

static void show(void *context, const Interpreted *result)
{
    Counts *counts = context;
    const bool good = result->status == TEST_PASS;
    counts->passed += good;
    counts->failed += !good;
    if (good && counts->quiet)
        return;
    printf("%s:%" PRIu32 ": %s: %.*s", counts->path, result->line, good ? "ok" : "FAILED",
           STR_ARG(result->directive));
    if (result->got.len != 0)
        printf(" -> %.*s", STR_ARG(result->got));
    if (result->expected.len != 0)
        printf(", expected %.*s", STR_ARG(result->expected));
    else if (result->message.len != 0)
        printf(": %.*s", STR_ARG(result->message));
    printf("\n");
}

// Validates the functions as a run of the file would: for its target if there is just one.
static bool interpret_one(const char *path, uint64_t fuel, Counts *counts)
{
    ToolProgram program;
    Status status = tool_load(&program, path, (ParseOptions){.keep_comments = true});
    if (status == STATUS_OK)
        status = tool_validate(&program, &program.targets.settings, program.targets.isa);
    if (status == STATUS_OK) {
        counts->path = path;
        interpret_file(&program.arena, program.file, &program.targets, fuel, show, counts);
    }
    tool_unload(&program);
    return status == STATUS_OK;
}

int cmd_interpret(const ToolArgs *args)
{
    uint64_t fuel = 0;
    if (!tool_number(args, OPT_INTERPRET_FUEL, 1, UINT64_MAX, &fuel))
        return EXIT_USAGE;
    Counts counts = {.quiet = args->values[OPT_INTERPRET_QUIET] != NULL};
    bool good = true;
    for (uint32_t i = 0; i < args->num_operands; i++)
        good &= interpret_one(args->operands[i], fuel, &counts);
    printf("%" PRIu32 " passed, %" PRIu32 " failed\n", counts.passed, counts.failed);
    return good && counts.failed == 0 ? EXIT_OK : EXIT_FAILED;
}
