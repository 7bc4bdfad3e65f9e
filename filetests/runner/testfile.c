// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One test file, in a worker: parse, plan, look for mistakes in directives, run the commands.

#include "filetests/runner/runner_internal.h"
#include "validate/validate.h"

// ---- Results ----

Result job_result(const Job *job, const char *command, uint32_t func)
{
    Result result = {.engine = ENGINE_COUNT, .func = func, .directive = NO_INDEX};
    result.command = str_from(command);
    if (func != NO_INDEX) {
        const Func *const f = job->file->module.funcs.data[func];
        StrBuf name = {.arena = job->arena};
        extname_print(&f->name, &name);
        result.function = buf_view(&name);
        job_locate(job, &result, f->pos);
    }
    return result;
}

void job_locate(const Job *job, Result *result, uint32_t pos)
{
    if (pos != POS_NONE)
        result->line = source_line_col(&job->file->source, pos).line;
}

void job_step(Job *job, const Result *result)
{
    job->emitter->step(job->emitter, result);
}

static void job_emit(Job *job, Result result, TestStatus status, Str message)
{
    result.status = status;
    result.message = message;
    job->emitter->result(job->emitter, &result);
}

void job_pass(Job *job, Result result)
{
    job_emit(job, result, TEST_PASS, result.message);
}

void job_fail(Job *job, Result result, Str message)
{
    job_emit(job, result, TEST_FAIL, message);
}

void job_unsupported(Job *job, Result result, Str message)
{
    job_emit(job, result, TEST_UNSUPPORTED, message);
}

void job_fail_diag(Job *job, Result result, const Diag *diag)
{
    StrBuf lines = {.arena = job->arena};
    const DiagMessage *first = NULL;
    for (uint32_t i = 0; i < diag->messages.len; i++) {
        const DiagMessage *const message = &diag->messages.data[i];
        if (!first && message->severity == SEVERITY_ERROR) {
            first = message; // the message of the result
            continue;
        }
        diag_format(message, &lines);
        buf_char(&lines, '\n');
    }
    ASSERT(first);
    if (first->where.line != 0) {
        result.line = first->where.line;
        result.col = first->where.col;
    }
    result.detail = lines.len == 0 ? (Str){"", 0} : buf_view(&lines);
    job_fail(job, result, first->text);
}

bool comment_directive(Str comment, const char *name, Str *tail)
{
    while (comment.len != 0 && comment.data[0] == ';')
        comment = (Str){comment.data + 1, comment.len - 1};
    comment = str_trim(comment);
    const size_t len = strlen(name);
    if (!str_starts_with(comment, str_from(name)) || comment.len == len || comment.data[len] != ':')
        return false;
    *tail = str_trim((Str){comment.data + len + 1, comment.len - len - 1});
    return true;
}

bool job_uses(const Job *job, uint32_t flags)
{
    for (uint32_t i = 0; i < job->plan.tests.len; i++)
        if (job->plan.tests.data[i].command->flags & flags)
            return true;
    return false;
}

// ---- Expected failures ----

static void declare_xfail(Job *job, const Comment *comment, uint32_t func)
{
    Str reason;
    if (!comment_directive(comment->text, "xfail", &reason))
        return;
    Result result = job_result(job, "xfail", func);
    job_locate(job, &result, comment->pos);
    if (reason.len == 0) {
        job_fail(job, result, STR("'xfail:' needs a reason"));
        return;
    }
    result.kind = RESULT_XFAIL;
    result.message = reason;
    job->emitter->result(job->emitter, &result);
}

static void declare_xfails(Job *job)
{
    const ClifFile *const file = job->file;
    for (uint32_t i = 0; i < file->preamble.len; i++)
        declare_xfail(job, &file->preamble.data[i], NO_INDEX);
    for (uint32_t f = 0; f < file->texts.len; f++)
        for (uint32_t i = 0; i < file->texts.data[f].num_comments; i++)
            declare_xfail(job, &file->texts.data[f].comments[i], f);
}

// ---- Running ----

// Validates every function, once, for the first command that wants it. A target's own settings
// count when that command runs for targets.
static void validate_functions(Job *job, const PlannedTest *test)
{
    if (job->validated || !(test->command->flags & CMD_VERIFY))
        return;
    job->validated = true;
    const bool first_target = (test->command->flags & CMD_ISA) && job->plan.targets.lines.len != 0;
    const Settings *const settings =
        first_target ? &job->plan.targets.lines.data[0].settings : &job->plan.targets.settings;
    const Isa *const isa =
        first_target ? &job->plan.targets.lines.data[0].isa : job->plan.targets.isa;
    for (uint32_t i = 0; i < job->file->module.funcs.len; i++) {
        Diag diag = {.arena = job->arena};
        Result result = job_result(job, "validate", i);
        job_step(job, &result);
        if (validate_func_diag(job->file->module.funcs.data[i], settings, isa, &job->file->source,
                               &diag) == STATUS_OK)
            continue;
        job->invalid[i] = true;
        job_fail_diag(job, result, &diag);
    }
}

static void run_commands(Job *job)
{
    for (uint32_t i = 0; i < job->plan.tests.len; i++) {
        const PlannedTest *const test = &job->plan.tests.data[i];
        validate_functions(job, test);
        if (test->command->run) {
            test->command->run(job, test);
            continue;
        }
        Result result = job_result(job, test->command->name, NO_INDEX);
        job_locate(job, &result, test->pos);
        job_unsupported(job, result, str_from(test->command->why));
    }
}

static Status prepare(Job *job, Diag *diag)
{
    const ParseOptions parse = {.keep_comments = true, .require_test = true};
    Str text;
    TRY(state_read_file(job->arena, job->test->path.data, &text, diag));
    TRY(text_parse_file(job->arena, job->test->path, text, &parse, &job->file, diag));
    return plan_make(job->arena, job->file, &job->plan, diag);
}

void testfile_run(Arena *arena, const RunnerOptions *options, const TestCase *test,
                  Emitter *emitter)
{
    Job job = {.arena = arena, .options = options, .emitter = emitter, .test = test};
    Diag diag = {.arena = arena};
    Result result = job_result(&job, "parse", NO_INDEX);
    job_step(&job, &result);
    if (options->before_file)
        options->before_file(options->context, test->id);
    if (prepare(&job, &diag) != STATUS_OK) {
        job_fail_diag(&job, result, &diag);
        return;
    }
    if (job.plan.targets.unknown.len != 0) {
        job_unsupported(
            &job, result,
            str_printf(arena, "unknown architecture in '%.*s'", STR_ARG(job.plan.targets.unknown)));
        return;
    }
    job.invalid = ARENA_ARRAY(arena, bool, job.file->module.funcs.len);
    for (uint32_t i = 0; i < job.file->preamble.len; i++)
        filecheck_add(arena, &job.preamble, job.file->preamble.data[i].text,
                      job.file->preamble.data[i].pos);
    declare_xfails(&job);
    lint_file(&job);
    run_commands(&job);
    bless_file(&job);
}
