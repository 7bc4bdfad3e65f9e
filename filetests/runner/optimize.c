// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command that prints what the mid-end leaves of each function.

#include "filetests/runner/runner_internal.h"
#include "opt/opt.h"
#include "validate/validate.h"

static void optimize_func(Job *job, const PlannedTest *test, const TargetLine *target,
                          uint32_t func)
{
    Result step = job_result(job, test->command->name, func);
    step.target = target->text;
    job_step(job, &step);
    Func *const copy = func_clone(job->file->module.funcs.data[func], job->arena);
    const OptOptions options = {.settings = &target->settings};
    Arena scratch = {.on_oom = job->arena->on_oom, .oom_context = job->arena->oom_context};
    opt_func(copy, &options, &scratch);
    arena_free(&scratch);
    Diag diag = {.arena = job->arena};
    if (validate_func_diag(copy, &target->settings, &target->isa, &job->file->source, &diag) !=
        STATUS_OK) {
        job_fail_diag(job, step, &diag);
        return;
    }
    StrBuf text = {.arena = job->arena};
    text_print_func(copy, &text);
    command_check_text(job, test, func, buf_view(&text));
}

void command_optimize(Job *job, const PlannedTest *test)
{
    for (uint32_t t = 0; t < job->plan.targets.lines.len; t++)
        for (uint32_t i = 0; i < job->file->module.funcs.len; i++)
            optimize_func(job, test, &job->plan.targets.lines.data[t], i);
}
