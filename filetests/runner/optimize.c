// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The commands that print what the mid-end leaves of each function.

#include "filetests/runner/runner_internal.h"
#include "opt/opt.h"
#include "validate/validate.h"

// A bound for bodies that bodies bring in; no file that a person wrote comes near.
enum { INLINE_MAX_INSTS = 100000 };

// Works on `f`, a copy that the command may change, and writes what it makes of it.
typedef struct Transform {
    void (*run)(void *context, Func *f, const Settings *settings, Arena *scratch, StrBuf *out);
    void *context;
} Transform;

static void print_optimized(void *context, Func *f, const Settings *settings, Arena *scratch,
                            StrBuf *out)
{
    (void)context;
    const OptOptions options = {.settings = settings};
    opt_func(f, &options, scratch);
    text_print_func(f, out);
}

static void print_analysed(void *context, Func *f, const Settings *settings, Arena *scratch,
                           StrBuf *out)
{
    (void)context;
    const OptOptions options = {.settings = settings};
    opt_alias_analysis(f, &options, scratch);
    text_print_func(f, out);
}

typedef struct Inlining {
    InlineNames names;
    bool optimize;
} Inlining;

static void print_inlined(void *context, Func *f, const Settings *settings, Arena *scratch,
                          StrBuf *out)
{
    Inlining *const inlining = context;
    const InlineOptions options = {
        .callee = inline_names_find, .context = &inlining->names, .max_insts = INLINE_MAX_INSTS};
    if (!opt_inline(f, &options, scratch)) {
        buf_puts(out, "(no functions inlined into ");
        extname_print(&f->name, out);
        buf_puts(out, ")\n");
    } else if (inlining->optimize) {
        print_optimized(NULL, f, settings, scratch, out);
    } else {
        text_print_func(f, out);
    }
}

// Transforms a copy of a function, validates it and compares the text. `target`: NULL for commands
// that run once whatever the target lines.
static void transform(Job *job, const PlannedTest *test, uint32_t func, const TargetLine *target,
                      Transform how)
{
    Result step = job_result(job, test->command->name, func);
    const Settings *const settings = target ? &target->settings : &job->plan.targets.settings;
    step.target = target ? target->text : step.target;
    job_step(job, &step);
    Func *const copy = func_clone(job->file->module.funcs.data[func], job->arena);
    Arena scratch = {.on_oom = job->arena->on_oom, .oom_context = job->arena->oom_context};
    StrBuf text = {.arena = job->arena};
    how.run(how.context, copy, settings, &scratch, &text);
    arena_free(&scratch);
    Diag diag = {.arena = job->arena};
    const Isa *const isa = target ? &target->isa : job->plan.targets.isa;
    if (validate_func_diag(copy, settings, isa, &job->file->source, &diag) != STATUS_OK)
        job_fail_diag(job, step, &diag);
    else
        command_check_text(job, test, func, buf_view(&text));
}

void command_optimize(Job *job, const PlannedTest *test)
{
    const Transform how = {print_optimized, NULL};
    for (uint32_t t = 0; t < job->plan.targets.lines.len; t++)
        for (uint32_t i = 0; i < job->file->module.funcs.len; i++)
            transform(job, test, i, &job->plan.targets.lines.data[t], how);
}

void command_alias_analysis(Job *job, const PlannedTest *test)
{
    const Transform how = {print_analysed, NULL};
    for (uint32_t i = 0; i < job->file->module.funcs.len; i++)
        transform(job, test, i, NULL, how);
}

void command_inline(Job *job, const PlannedTest *test)
{
    for (uint32_t t = 0; t < job->plan.targets.lines.len; t++) {
        Inlining inlining = {.names = {.arena = job->arena}, .optimize = test->optimize};
        const Transform how = {print_inlined, &inlining};
        for (uint32_t i = 0; i < job->file->module.funcs.len; i++) {
            transform(job, test, i, &job->plan.targets.lines.data[t], how);
            inline_names_add(&inlining.names, job->file->module.funcs.data[i]);
        }
    }
}
