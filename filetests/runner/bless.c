// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Precise output: the expected text in a function's comments, and writing it anew.
//
// The expected text of a function is all its comments but those with two semicolons. Bless replaces
// those that stand behind the closing brace, on lines of their own, by the output, and leaves all
// else alone. It refuses where that is not enough: comments inside of the function, or a directive
// that it would remove. It runs after all commands of a file, so a crash leaves the file as it was.

#include "filetests/runner/runner_internal.h"

static bool is_expectation(Str comment)
{
    return !str_starts_with(comment, STR(";;"));
}

Str bless_expected(const Job *job, uint32_t func)
{
    const FuncText *const text = &job->file->texts.data[func];
    StrBuf out = {.arena = job->arena};
    for (uint32_t i = 0; i < text->num_comments; i++) {
        Str line = text->comments[i].text;
        if (!is_expectation(line))
            continue;
        const size_t skip = str_starts_with(line, STR("; ")) ? 2 : 1;
        line = (Str){line.data + skip, line.len - skip};
        buf_str(&out, line);
        buf_char(&out, '\n');
    }
    return out.len == 0 ? (Str){"", 0} : buf_view(&out);
}

// Offset behind the line of `pos`, its line break included.
static size_t line_end(Str text, size_t pos)
{
    while (pos < text.len && text.data[pos] != '\n')
        pos++;
    return pos < text.len ? pos + 1 : pos;
}

// Why the comments of `func` can't be replaced, or the empty slice; *pos is the place.
static Str find_obstacle(const Job *job, uint32_t func, uint32_t *pos)
{
    static const char *const directives[] = {"run",   "print",     "heap", "xfail",
                                             "error", "dominates", "check"};
    const FuncText *const text = &job->file->texts.data[func];
    const size_t body_end = line_end(job->file->source.text, text->end);
    for (uint32_t i = 0; i < text->num_comments; i++) {
        const Comment *const comment = &text->comments[i];
        Str tail;
        *pos = comment->pos;
        if (!is_expectation(comment->text))
            continue;
        if (comment->pos < body_end)
            return STR("can't bless: this comment is expected output; begin it with ';;'");
        for (uint32_t d = 0; d < sizeof(directives) / sizeof(directives[0]); d++)
            if (comment_directive(comment->text, directives[d], &tail))
                return STR("can't bless: this directive is expected output; begin it with ';;'");
    }
    return (Str){"", 0};
}

static void write_expectation(Str text, StrBuf *out)
{
    for (size_t start = 0; start < text.len;) {
        const size_t end = line_end(text, start);
        const size_t len = end - start - (text.data[end - 1] == '\n');
        buf_puts(out, len == 0 ? ";" : "; ");
        buf_str(out, (Str){text.data + start, len});
        buf_char(out, '\n');
        start = end;
    }
}

// Copies source[from, to), which lies behind the closing brace's line, with the new expectation in
// the place of the old one.
static void rewrite_region(Str source, size_t from, size_t to, Str text, StrBuf *out)
{
    bool written = false;
    for (size_t at = from; at < to;) {
        size_t end = line_end(source, at);
        if (end > to)
            end = to;
        const Str line = str_trim((Str){source.data + at, end - at});
        if (str_starts_with(line, STR(";")) && is_expectation(line)) {
            if (!written)
                write_expectation(text, out);
            written = true;
        } else {
            buf_str(out, (Str){source.data + at, end - at});
        }
        at = end;
    }
    ASSERT(written || from >= to || text.len == 0);
}

// Whether the region holds an expectation already.
static bool has_expectation(const FuncText *text)
{
    for (uint32_t i = 0; i < text->num_comments; i++)
        if (is_expectation(text->comments[i].text))
            return true;
    return false;
}

// Appends the source from *done to the end of what belongs to `func`, blessed.
static void rewrite_function(const Job *job, const Blessing *blessing, size_t *done, StrBuf *out)
{
    const ClifFile *const file = job->file;
    const Str source = file->source.text;
    const FuncText *const text = &file->texts.data[blessing->func];
    const bool last = blessing->func + 1 == file->texts.len;
    const size_t to = last ? source.len : file->texts.data[blessing->func + 1].start;
    size_t from = line_end(source, text->end);
    if (from > to)
        from = to; // the next function begins on the line of the brace
    buf_str(out, (Str){source.data + *done, from - *done});
    *done = to;
    if (has_expectation(text)) {
        rewrite_region(source, from, to, blessing->text, out);
        return;
    }
    if (source.data[from - 1] != '\n')
        buf_char(out, '\n');
    buf_char(out, '\n');
    write_expectation(blessing->text, out);
    if (from < to && source.data[from] != '\n')
        buf_char(out, '\n');
    buf_str(out, (Str){source.data + from, to - from});
}

// Sorts by function and checks that each can be blessed, with one text. False, with failures
// emitted, when not.
static bool check_blessings(Job *job)
{
    const uint32_t n = job->file->module.funcs.len;
    Blessing *const by_func = ARENA_ARRAY(job->arena, Blessing, n);
    bool good = true;
    for (uint32_t i = 0; i < job->blessings.len; i++) {
        const Blessing *const blessing = &job->blessings.data[i];
        Result result = job_result(job, "bless", blessing->func);
        uint32_t pos;
        const Str obstacle = find_obstacle(job, blessing->func, &pos);
        if (obstacle.len != 0) {
            job_locate(job, &result, pos);
            job_fail(job, result, obstacle);
            good = false;
        } else if (by_func[blessing->func].text.data &&
                   !str_eq(by_func[blessing->func].text, blessing->text)) {
            job_fail(job, result,
                     STR("can't bless: two commands or targets give different outputs"));
            good = false;
        }
        by_func[blessing->func] = *blessing;
    }
    job->blessings.len = 0;
    for (uint32_t i = 0; i < n; i++)
        if (by_func[i].text.data)
            VEC_PUSH(job->arena, &job->blessings, by_func[i]);
    return good;
}

static void show_patch(Job *job, Str old, Str new)
{
    StrBuf diff = {.arena = job->arena};
    buf_printf(&diff, "--- %s\n+++ %s\n", job->test->path.data, job->test->path.data);
    diff_lines(job->arena, old, new, 3, &diff);
    Result result = job_result(job, "bless", NO_INDEX);
    result.kind = RESULT_PATCH;
    result.detail = buf_view(&diff);
    job->emitter->result(job->emitter, &result);
}

void bless_file(Job *job)
{
    if (job->blessings.len == 0 || !check_blessings(job))
        return;
    const Str old = job->file->source.text;
    StrBuf text = {.arena = job->arena};
    size_t done = 0;
    for (uint32_t i = 0; i < job->blessings.len; i++)
        rewrite_function(job, &job->blessings.data[i], &done, &text);
    buf_str(&text, (Str){old.data + done, old.len - done});
    if (job->options->bless == BLESS_DRY_RUN) {
        show_patch(job, old, buf_view(&text));
        return;
    }
    Diag diag = {.arena = job->arena};
    const Status status =
        state_replace_file(job->arena, job->test->real.data, buf_view(&text), &diag);
    for (uint32_t i = 0; i < job->blessings.len; i++) {
        Result result = job_result(job, "bless", job->blessings.data[i].func);
        result.message = STR("blessed");
        if (status != STATUS_OK) {
            job_fail_diag(job, result, &diag);
            continue;
        }
        job_pass(job, result);
        result.kind = RESULT_NOTE;
        job->emitter->result(job->emitter, &result);
    }
}
