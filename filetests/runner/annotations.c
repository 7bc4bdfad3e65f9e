// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `test verifier`: what validation finds must be what the `error:` annotations say: each annotation
// is met by an error of its own, at its entity and with its text, and there is no other error.

#include "filetests/runner/runner_internal.h"
#include "validate/validate.h"

// Takes an unused error that fits the annotation; false when there is none.
static bool take_error(const ValidateErrors *found, bool *used, const Comment *at, Str text)
{
    for (uint32_t i = 0; i < found->errors.len; i++) {
        const ValidateError *const error = &found->errors.data[i];
        if (used[i] || error->at.kind != at->at.kind || error->at.index != at->at.index ||
            !str_contains(error->message, text))
            continue;
        used[i] = true;
        return true;
    }
    return false;
}

static Str entity_text(const Job *job, EntityRef at)
{
    StrBuf out = {.arena = job->arena};
    entity_print(at, &out);
    return buf_view(&out);
}

static Str list_errors(const Job *job, const ValidateErrors *found)
{
    StrBuf out = {.arena = job->arena};
    buf_puts(&out, found->errors.len == 0 ? "no error was found\n" : "errors that were found:\n");
    for (uint32_t i = 0; i < found->errors.len; i++) {
        buf_puts(&out, "  ");
        entity_print(found->errors.data[i].at, &out);
        buf_puts(&out, ": ");
        buf_str(&out, found->errors.data[i].message);
        buf_char(&out, '\n');
    }
    return buf_view(&out);
}

static void verify_function(Job *job, const PlannedTest *test, uint32_t func)
{
    const FuncText *const text = &job->file->texts.data[func];
    ValidateErrors found = {.arena = job->arena};
    Result result = job_result(job, test->command->name, func);
    job_step(job, &result);
    validate_func(job->file->module.funcs.data[func], &job->plan.targets.settings,
                  job->plan.targets.isa, &found);
    bool *const used = ARENA_ARRAY(job->arena, bool, found.errors.len);
    bool good = true;
    for (uint32_t i = 0; i < text->num_comments; i++) {
        const Comment *const comment = &text->comments[i];
        Str expected;
        if (!comment_directive(comment->text, "error", &expected) ||
            take_error(&found, used, comment, expected))
            continue;
        good = false;
        job_locate(job, &result, comment->pos);
        result.detail = list_errors(job, &found);
        job_fail(job, result,
                 str_printf(job->arena, "no such error at %.*s: %.*s",
                            STR_ARG(entity_text(job, comment->at)), STR_ARG(expected)));
    }
    result.detail = (Str){"", 0};
    for (uint32_t i = 0; i < found.errors.len; i++) {
        const ValidateError *const error = &found.errors.data[i];
        if (used[i])
            continue;
        good = false;
        job_locate(job, &result, error->pos);
        job_fail(job, result,
                 str_printf(job->arena, "unexpected error at %.*s: %.*s",
                            STR_ARG(entity_text(job, error->at)), STR_ARG(error->message)));
    }
    if (good)
        job_pass(job, result);
}

void command_verifier(Job *job, const PlannedTest *test)
{
    for (uint32_t i = 0; i < job->file->module.funcs.len; i++)
        verify_function(job, test, i);
}
