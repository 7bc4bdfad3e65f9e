// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `test interpret` on a file at hand, without workers: the tool's `interpret` command.
#include "filetests/runner/interpret.h"

#include "filetests/runner/runner_internal.h"

// An emitter that passes results on as they come.
typedef struct Listener {
    Emitter emitter; // first, so that it can be found again
    InterpretedFn show;
    void *context;
} Listener;

static void listener_result(Emitter *emitter, const Result *result)
{
    const Listener *listener = (const Listener *)emitter;
    if (result->kind != RESULT_TEST)
        return;
    const Interpreted out = {.status = result->status,
                             .line = result->line,
                             .directive = result->text,
                             .got = result->got,
                             .expected = result->expected,
                             .message = result->message};
    listener->show(listener->context, &out);
}

static void listener_step(Emitter *emitter, const Result *step)
{
    (void)emitter;
    (void)step;
}

void interpret_file(Arena *arena, ClifFile *file, const Targets *targets, uint64_t fuel,
                    InterpretedFn show, void *context)
{
    Listener listener = {
        .emitter = {listener_result, listener_step}, .show = show, .context = context};
    const RunnerOptions options = {.fuel = fuel};
    const TestCase test = {.path = file->source.path};
    Job job = {.arena = arena,
               .options = &options,
               .emitter = &listener.emitter,
               .test = &test,
               .file = file};
    job.plan.targets = *targets;
    job.invalid = ARENA_ARRAY(arena, bool, file->module.funcs.len);
    const PlannedTest command = {.command = &test_commands[TEST_COMMAND_INTERPRET]};
    command_interpret(&job, &command);
}
