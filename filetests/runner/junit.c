// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results as JUnit XML: a suite is a file, a case is a sub-test. Names and messages may hold any
// bytes: they are made valid UTF-8 without control characters, and escaped.

#include "filetests/runner/runner_internal.h"

static void write_escaped(FILE *out, Arena *arena, Str s)
{
    s = report_sanitize(arena, s);
    for (size_t i = 0; i < s.len; i++) {
        switch (s.data[i]) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break; // of "]]>", too
        case '"': fputs("&quot;", out); break;
        case '\n': fputs("&#10;", out); break; // attributes would lose it
        case '\t': fputs("&#9;", out); break;
        default: fputc(s.data[i], out); break;
        }
    }
}

static void write_attribute(FILE *out, Arena *arena, const char *name, Str value)
{
    fprintf(out, " %s=\"", name);
    write_escaped(out, arena, value);
    fputc('"', out);
}

// What tells a case from the others of its file.
static Str case_name(Arena *arena, const Result *result)
{
    StrBuf name = {.arena = arena};
    buf_str(&name, result->command);
    if (result->function.len != 0)
        buf_printf(&name, " %.*s", STR_ARG(result->function));
    if (result->line != 0)
        buf_printf(&name, " line %u", result->line);
    if (result->text.len != 0)
        buf_printf(&name, ": %.*s", STR_ARG(result->text));
    if (result->engine != ENGINE_COUNT)
        buf_printf(&name, " [%s]", engine_name(result->engine));
    if (result->target.len != 0)
        buf_printf(&name, " [%.*s]", STR_ARG(result->target));
    if (result->opt_level.len != 0)
        buf_printf(&name, " [%.*s]", STR_ARG(result->opt_level));
    return buf_view(&name);
}

// The element that says that a case did not pass; NULL when it did.
static const char *case_element(TestStatus status)
{
    switch (status) {
    case TEST_PASS: return NULL;
    case TEST_FAIL: return "failure";
    case TEST_XFAIL:
    case TEST_UNSUPPORTED: return "skipped";
    case TEST_TIMEOUT:
    case TEST_CRASH: return "error";
    case TEST_STATUS_COUNT: break;
    }
    UNREACHABLE();
}

static void write_case(FILE *out, Arena *arena, Str suite, const Result *result)
{
    const char *const element = case_element(result->status);
    fputs("    <testcase", out);
    write_attribute(out, arena, "classname", suite);
    write_attribute(out, arena, "name", case_name(arena, result));
    if (!element) {
        fputs("/>\n", out);
        return;
    }
    fprintf(out, ">\n      <%s", element);
    write_attribute(
        out, arena, "message",
        str_printf(arena, "%s: %.*s", status_name(result->status), STR_ARG(result->message)));
    fputc('>', out);
    if (result->expected.len != 0 || result->got.len != 0)
        write_escaped(out, arena,
                      str_printf(arena, "expected %.*s\ngot      %.*s\n", STR_ARG(result->expected),
                                 STR_ARG(result->got)));
    write_escaped(out, arena, result->detail);
    fprintf(out, "</%s>\n    </testcase>\n", element);
}

void junit_begin(FILE *out)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", out);
}

void junit_file(FILE *out, const FileReport *report)
{
    Arena arena = {0};
    uint32_t counts[TEST_STATUS_COUNT] = {0}, total = 0;
    for (uint32_t i = 0; i < report->results.len; i++) {
        if (report->results.data[i].kind != RESULT_TEST)
            continue;
        counts[report->results.data[i].status]++;
        total++;
    }
    fputs("  <testsuite", out);
    write_attribute(out, &arena, "name", report->test->id);
    fprintf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"%u.%03u\">\n",
            total, counts[TEST_FAIL], counts[TEST_CRASH] + counts[TEST_TIMEOUT],
            counts[TEST_XFAIL] + counts[TEST_UNSUPPORTED], report->ms / 1000, report->ms % 1000);
    for (uint32_t i = 0; i < report->results.len; i++)
        if (report->results.data[i].kind == RESULT_TEST)
            write_case(out, &arena, report->test->id, &report->results.data[i]);
    fputs("  </testsuite>\n", out);
    arena_free(&arena);
}

void junit_end(FILE *out)
{
    fputs("</testsuites>\n", out);
}
