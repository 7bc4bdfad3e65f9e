// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The report for people: what failed, as it becomes known in the order of the files; then what was
// not run and why, a table by engine, and the last line "N passed, N failed", which counts files.

#include "filetests/runner/runner_internal.h"

#include <stdlib.h>

enum { MAX_ANNOTATIONS = 10, MAX_REASONS = 15 };

typedef struct Reason {
    Str text;
    uint32_t count;
} Reason;

typedef struct FileTime {
    Str path;
    uint32_t ms;
} FileTime;

struct Reporter {
    Arena *arena;
    const RunnerOptions *options;
    bool progress_shown;
    uint32_t annotations;
    StrTable reason_texts;
    VEC(Reason) reasons; // parallel
    VEC(FileTime) times;
};

Reporter *report_begin(Arena *arena, const RunnerOptions *options)
{
    Reporter *const reporter = ARENA_NEW(arena, Reporter);
    reporter->arena = arena;
    reporter->options = options;
    return reporter;
}

// ---- Text that any reader takes ----

// Length of the valid UTF-8 sequence at the front of `s` that XML and JSON may hold; 0: none.
static size_t utf8_length(Str s)
{
    const unsigned char *const b = (const unsigned char *)s.data;
    if (b[0] < 0x80)
        return b[0] >= 0x20 && b[0] != 0x7f ? 1 : b[0] == '\n' || b[0] == '\t' ? 1 : 0;
    const size_t n = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
    if (b[0] < 0xc2 || b[0] > 0xf4 || s.len < n)
        return 0;
    uint32_t code = b[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((b[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (b[i] & 0x3f);
    }
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    if (code < smallest[n] || code > 0x10ffff || surrogate || (code & 0xfffe) == 0xfffe)
        return 0;
    return n;
}

Str report_sanitize(Arena *arena, Str s)
{
    StrBuf out = {.arena = arena};
    for (size_t i = 0; i < s.len;) {
        const Str rest = {s.data + i, s.len - i};
        const size_t n = utf8_length(rest);
        if (n == 0)
            buf_puts(&out, "\xef\xbf\xbd");
        else
            buf_str(&out, (Str){rest.data, n});
        i += n == 0 ? 1 : n;
    }
    return out.len == 0 ? (Str){"", 0} : buf_view(&out);
}

// ---- Colours and progress ----

static const char *paint(const Reporter *r, const char *code)
{
    return r->options->color ? code : "";
}

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define BOLD   "\033[1m"
#define PLAIN  "\033[0m"

static const char *status_paint(const Reporter *r, TestStatus status)
{
    return paint(r, status_fails(status) ? RED : status == TEST_PASS ? GREEN : YELLOW);
}

static void clear_progress(Reporter *r)
{
    if (!r->progress_shown)
        return;
    fputs("\r\033[K", r->options->progress);
    fflush(r->options->progress);
    r->progress_shown = false;
}

void report_progress(Reporter *reporter, uint32_t done, uint32_t total, uint32_t failed)
{
    FILE *const out = reporter->options->progress;
    if (!out)
        return;
    fprintf(out, "\r\033[K[%u/%u] %u failed", done, total, failed);
    fflush(out);
    reporter->progress_shown = true;
}

// ---- One file ----

// Upper-case name of a status.
static void print_status(const Reporter *r, TestStatus status)
{
    fputs(status_paint(r, status), r->options->out);
    for (const char *at = status_name(status); *at != '\0'; at++)
        fputc(*at - 'a' + 'A', r->options->out);
    fputs(paint(r, PLAIN), r->options->out);
}

static void print_place(const Reporter *r, const FileReport *report, const Result *result)
{
    FILE *const out = r->options->out;
    fprintf(out, "%s%.*s", paint(r, BOLD), STR_ARG(report->test->path));
    if (result->line != 0)
        fprintf(out, ":%u", result->line);
    if (result->col != 0)
        fprintf(out, ":%u", result->col);
    fprintf(out, ":%s ", paint(r, PLAIN));
}

// Lines of detail, indented; those of a diff or a search coloured by their mark.
static void print_detail(const Reporter *r, Str detail)
{
    FILE *const out = r->options->out;
    for (size_t start = 0; start < detail.len;) {
        size_t end = start;
        while (end < detail.len && detail.data[end] != '\n')
            end++;
        const char mark = detail.data[start];
        const char *const code = mark == '-' || mark == '!'   ? RED
                                 : mark == '+'                ? GREEN
                                 : mark == '>' || mark == '@' ? YELLOW
                                                              : "";
        fprintf(out, "    %s", paint(r, code));
        fwrite(detail.data + start, 1, end - start, out);
        fprintf(out, "%s\n", *code == '\0' ? "" : paint(r, PLAIN));
        start = end + 1;
    }
}

static void print_line(FILE *out, const char *label, Str text)
{
    if (text.len != 0)
        fprintf(out, "    %s%.*s\n", label, STR_ARG(text));
}

// "run %f [interp]: run: %f(1) == 2"
static void print_subtest(FILE *out, const Result *result)
{
    fprintf(out, "%.*s", STR_ARG(result->command));
    if (result->function.len != 0)
        fprintf(out, " %.*s", STR_ARG(result->function));
    if (result->engine != ENGINE_COUNT)
        fprintf(out, " [%s]", engine_name(result->engine));
    if (result->text.len != 0)
        fprintf(out, ": %.*s", STR_ARG(result->text));
    fputc('\n', out);
}

static void print_test(Reporter *r, const FileReport *report, const Result *result)
{
    FILE *const out = r->options->out;
    clear_progress(r);
    print_status(r, result->status);
    fputc(' ', out);
    print_place(r, report, result);
    print_subtest(out, result);
    print_line(out, "", result->message);
    if (result->status == TEST_PASS)
        return;
    print_line(out, "target   ", result->target);
    print_line(out, "opt      ", result->opt_level);
    print_line(out, "expected ", result->expected);
    print_line(out, "got      ", result->got);
    print_detail(r, result->detail);
}

static void print_note(Reporter *r, const FileReport *report, const Result *result)
{
    FILE *const out = r->options->out;
    clear_progress(r);
    if (result->kind == RESULT_PATCH) {
        fwrite(result->detail.data, 1, result->detail.len, out);
        return;
    }
    print_place(r, report, result);
    fprintf(out, "%s: %.*s\n", result->kind == RESULT_WARNING ? "warning" : "note",
            STR_ARG(result->message));
}

// A workflow command of GitHub, in which a line break is %0A; few, since more are not shown.
static void print_annotation(Reporter *r, const FileReport *report, const Result *result)
{
    FILE *const out = r->options->out;
    if (r->annotations++ >= MAX_ANNOTATIONS)
        return;
    fprintf(out, "::error file=%.*s", STR_ARG(report->test->path));
    if (result->line != 0)
        fprintf(out, ",line=%u", result->line);
    fprintf(out, "::%s: %.*s %.*s: ", status_name(result->status), STR_ARG(result->command),
            STR_ARG(result->function));
    for (size_t i = 0; i < result->message.len; i++) {
        const char c = result->message.data[i];
        if (c == '%' || c == '\n' || c == '\r')
            fprintf(out, "%%%02X", (unsigned)c);
        else
            fputc(c, out);
    }
    fputc('\n', out);
}

static void count_reason(Reporter *r, const Result *result)
{
    const Str text =
        result->engine == ENGINE_COUNT
            ? str_printf(r->arena, "%.*s: %.*s", STR_ARG(result->command), STR_ARG(result->message))
            : str_printf(r->arena, "%s: %.*s", engine_name(result->engine),
                         STR_ARG(result->message));
    const uint32_t at = strtable_add(r->arena, &r->reason_texts, text);
    if (at == r->reasons.len)
        VEC_PUSH(r->arena, &r->reasons, ((Reason){r->reason_texts.strings.data[at], 0}));
    r->reasons.data[at].count++;
}

static void report_result(Reporter *r, const FileReport *report, const Result *result)
{
    switch (result->kind) {
    case RESULT_XFAIL: return;
    case RESULT_NOTE:
    case RESULT_WARNING:
    case RESULT_PATCH: print_note(r, report, result); return;
    case RESULT_TEST: break;
    }
    if (result->status == TEST_UNSUPPORTED)
        count_reason(r, result);
    if (status_fails(result->status) || r->options->verbose)
        print_test(r, report, result);
    if (status_fails(result->status) && r->options->github)
        print_annotation(r, report, result);
}

void report_file(Reporter *reporter, const FileReport *report)
{
    if (reporter->options->slowest != 0) {
        const FileTime time = {report->test->path, report->ms};
        VEC_PUSH(reporter->arena, &reporter->times, time);
    }
    for (uint32_t i = 0; i < report->results.len; i++)
        report_result(reporter, report, &report->results.data[i]);
}

// ---- The end ----

static int compare_reasons(const void *a, const void *b)
{
    const Reason *const x = a, *const y = b;
    return x->count != y->count ? (x->count < y->count ? 1 : -1) : str_compare(x->text, y->text);
}

static void print_reasons(Reporter *r)
{
    FILE *const out = r->options->out;
    const uint32_t shown =
        r->options->verbose || r->reasons.len < MAX_REASONS ? r->reasons.len : MAX_REASONS;
    if (r->reasons.len == 0)
        return;
    qsort(r->reasons.data, r->reasons.len, sizeof(Reason), compare_reasons);
    fputs("not run:\n", out);
    for (uint32_t i = 0; i < shown; i++)
        fprintf(out, "%8u  %.*s\n", r->reasons.data[i].count, STR_ARG(r->reasons.data[i].text));
    if (shown < r->reasons.len)
        fprintf(out, "          and %u other reasons (-v shows all)\n", r->reasons.len - shown);
}

static int compare_times(const void *a, const void *b)
{
    const FileTime *const x = a, *const y = b;
    return x->ms != y->ms ? (x->ms < y->ms ? 1 : -1) : str_compare(x->path, y->path);
}

static void print_slowest(Reporter *r)
{
    FILE *const out = r->options->out;
    if (r->times.len == 0)
        return;
    qsort(r->times.data, r->times.len, sizeof(FileTime), compare_times);
    fputs("slowest files:\n", out);
    for (uint32_t i = 0; i < r->times.len && i < r->options->slowest; i++)
        fprintf(out, "%8u ms  %.*s\n", r->times.data[i].ms, STR_ARG(r->times.data[i].path));
}

static void print_counts(FILE *out, const char *name, const EngineCounts *counts)
{
    uint32_t total = 0;
    for (uint32_t s = 0; s < TEST_STATUS_COUNT; s++)
        total += counts->directives[s];
    if (total == 0)
        return;
    fprintf(out, "%-16s %6u", name, counts->files);
    for (uint32_t s = 0; s < TEST_STATUS_COUNT; s++)
        fprintf(out, " %11u", counts->directives[s]);
    fputc('\n', out);
}

static void print_table(const Reporter *r, const RunnerSummary *summary)
{
    FILE *const out = r->options->out;
    fprintf(out, "%-16s %6s", "engine", "files");
    for (uint32_t s = 0; s < TEST_STATUS_COUNT; s++)
        fprintf(out, " %11s", status_name((TestStatus)s));
    fputc('\n', out);
    for (uint32_t e = 0; e < ENGINE_COUNT; e++)
        print_counts(out, engine_name((Engine)e), &summary->engines[e]);
    print_counts(out, "(none)", &summary->no_engine);
}

// Compares the unsupported directives of each engine with its limit.
static bool check_limits(const Reporter *r, const RunnerSummary *summary)
{
    FILE *const out = r->options->out;
    bool good = true;
    for (uint32_t e = 0; e < ENGINE_COUNT; e++) {
        const uint32_t limit = r->options->max_unsupported[e];
        const uint32_t count = summary->engines[e].directives[TEST_UNSUPPORTED];
        if (limit == RUNNER_NO_LIMIT || count == limit)
            continue;
        if (count > limit)
            fprintf(out, "%sFAIL%s %s: %u directives are unsupported, at most %u may be\n",
                    paint(r, RED), paint(r, PLAIN), engine_name((Engine)e), count, limit);
        else
            fprintf(out,
                    "note: %s: %u directives are unsupported; the limit of %u can be lowered\n",
                    engine_name((Engine)e), count, limit);
        good &= count < limit;
    }
    return good;
}

bool report_end(Reporter *reporter, const RunnerSummary *summary)
{
    FILE *const out = reporter->options->out;
    uint32_t failed = 0;
    clear_progress(reporter);
    for (uint32_t s = 0; s < TEST_STATUS_COUNT; s++)
        failed += status_fails((TestStatus)s) ? summary->files[s] : 0;
    print_reasons(reporter);
    print_slowest(reporter);
    print_table(reporter, summary);
    const bool good = check_limits(reporter, summary);
    fprintf(out, "%u files", summary->num_files);
    for (uint32_t s = 0; s < TEST_STATUS_COUNT; s++)
        if (summary->files[s] != 0)
            fprintf(out, ", %u %s", summary->files[s], status_name((TestStatus)s));
    fprintf(out, "\n%u passed, %u failed\n", summary->files[TEST_PASS], failed);
    return good;
}
