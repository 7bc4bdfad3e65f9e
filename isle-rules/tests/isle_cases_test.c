// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The files of pass/ and fail/. A file of pass/ (also of run/ and link/) must compile, to the same
// C twice, and its canonical text must read back as itself. A file of fail/ says its errors in
// comments, `; error: TEXT`, on the lines that they belong to: exactly these must come, each with
// TEXT in its message.

#include "base/tests/read_file.h"
#include "isle-rules/compiler/islec.h"

// cmocka.h wants the others before it.
// clang-format off
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
// clang-format on

// ---- Files ----

static int compare_names(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

typedef void (*CaseFn)(Arena *arena, const char *path);

// Runs `check` on every .isle file of a folder. Returns their number.
static uint32_t for_each_file(const char *folder, CaseFn check)
{
    Arena names = {0};
    VEC(const char *) paths = {0};
    DIR *const dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));) {
        const size_t len = strlen(entry->d_name);
        if (len > 5 && strcmp(entry->d_name + len - 5, ".isle") == 0)
            VEC_PUSH(&names, &paths, str_printf(&names, "%s/%s", folder, entry->d_name).data);
    }
    closedir(dir);
    qsort(paths.data, paths.len, sizeof(*paths.data), compare_names);
    for (uint32_t i = 0; i < paths.len; i++) {
        Arena arena = {0};
        check(&arena, paths.data[i]);
        arena_free(&arena);
    }
    const uint32_t count = paths.len;
    arena_free(&names);
    return count;
}

static void show(Arena *arena, const Diag *diag)
{
    for (uint32_t i = 0; i < diag->messages.len; i++) {
        StrBuf line = {.arena = arena};
        diag_format(&diag->messages.data[i], &line);
        fprintf(stderr, "%.*s\n", STR_ARG(buf_view(&line)));
    }
}

// ---- pass/ ----

typedef struct Compiled {
    Str ast, trees, header, c;
} Compiled;

static Compiled compile(Arena *arena, const char *path, Str text)
{
    Diag diag = {.arena = arena};
    Isle *const isle = isle_new(arena, &diag);
    if (isle_add_text(isle, str_from(path), text) != STATUS_OK || isle_check(isle) != STATUS_OK) {
        show(arena, &diag);
        fail_msg("%s: has errors", path);
    }
    isle_build_trees(isle);
    StrBuf ast = {.arena = arena}, trees = ast, header = ast, c = ast;
    isle_dump_ast(isle, &ast);
    isle_dump_trees(isle, &trees);
    const IsleCOptions options = {.counters = true};
    assert_int_equal(isle_write_header(isle, &options, &header), STATUS_OK);
    assert_int_equal(isle_write_c(isle, &options, &c), STATUS_OK);
    assert_int_equal(diag.messages.len, 0);
    return (Compiled){buf_view(&ast), buf_view(&trees), buf_view(&header), buf_view(&c)};
}

static void check_pass(Arena *arena, const char *path)
{
    const Str text = read_file(arena, path);
    const Compiled once = compile(arena, path, text), again = compile(arena, path, text);
    assert_true(str_eq(once.header, again.header));
    assert_true(str_eq(once.c, again.c));
    const Compiled canonical = compile(arena, path, once.ast);
    if (!str_eq(canonical.ast, once.ast))
        fail_msg("%s: the canonical text reads back as another:\n%.*s\n%.*s", path,
                 STR_ARG(once.ast), STR_ARG(canonical.ast));
    assert_true(str_eq(canonical.trees, once.trees));
}

static void files_that_pass(void **state)
{
    (void)state;
    assert_true(for_each_file(ISLE_TESTS "/pass", check_pass) >= 2);
    assert_true(for_each_file(ISLE_TESTS "/run", check_pass) >= 7);
    assert_true(for_each_file(ISLE_TESTS "/link", check_pass) >= 2);
}

// ---- fail/ ----

typedef struct Expected {
    uint32_t line;
    Str text;
    bool seen;
} Expected;

typedef VEC(Expected) Expecteds;

static void read_expected(Arena *arena, Str text, Expecteds *out)
{
    static const char mark[] = "; error: ";
    uint32_t line = 1;
    for (size_t i = 0; i < text.len; i++) {
        line += text.data[i] == '\n';
        if (text.len - i < sizeof(mark) || memcmp(text.data + i, mark, sizeof(mark) - 1) != 0)
            continue;
        Str rest = {text.data + i + sizeof(mark) - 1, 0};
        while (rest.data + rest.len < text.data + text.len && rest.data[rest.len] != '\n' &&
               rest.data[rest.len] != ';')
            rest.len++;
        VEC_PUSH(arena, out, ((Expected){line, str_trim(rest), false}));
    }
}

static bool expect(Expecteds *expected, const DiagMessage *message)
{
    for (uint32_t i = 0; i < expected->len; i++) {
        Expected *const e = &expected->data[i];
        if (e->seen || e->line != message->where.line || !str_contains(message->text, e->text))
            continue;
        e->seen = true;
        return true;
    }
    return false;
}

static void check_fail(Arena *arena, const char *path)
{
    const Str text = read_file(arena, path);
    Diag diag = {.arena = arena};
    Expecteds expected = {0};
    read_expected(arena, text, &expected);
    Isle *const isle = isle_new(arena, &diag);
    Status status = isle_add_text(isle, str_from(path), text);
    if (status == STATUS_OK)
        status = isle_check(isle);
    if (status == STATUS_OK) {
        StrBuf c = {.arena = arena};
        isle_build_trees(isle);
        status = isle_write_c(isle, &(IsleCOptions){0}, &c);
    }
    bool good = status != STATUS_OK && expected.len != 0;
    for (uint32_t i = 0; i < diag.messages.len; i++)
        if (diag.messages.data[i].severity == SEVERITY_ERROR &&
            !expect(&expected, &diag.messages.data[i]))
            good = false;
    for (uint32_t i = 0; i < expected.len; i++) {
        if (!expected.data[i].seen)
            fprintf(stderr, "%s:%u: missing: %.*s\n", path, expected.data[i].line,
                    STR_ARG(expected.data[i].text));
        good = good && expected.data[i].seen;
    }
    if (!good) {
        show(arena, &diag);
        fail_msg("%s: not the errors that it announces", path);
    }
}

static void files_that_fail(void **state)
{
    (void)state;
    assert_true(for_each_file(ISLE_TESTS "/fail", check_fail) >= 20);
}

// ---- Limits, made rather than written ----

static Diag compile_text(Arena *arena, const StrBuf *text)
{
    Diag diag = {.arena = arena};
    Isle *const isle = isle_new(arena, &diag);
    if (isle_add_text(isle, STR("made"), buf_view(text)) == STATUS_OK &&
        isle_check(isle) == STATUS_OK)
        isle_build_trees(isle);
    return diag;
}

static void expect_error(Arena *arena, const StrBuf *text, const char *part)
{
    const Diag diag = compile_text(arena, text);
    assert_true(diag.errors != 0);
    if (!str_contains(diag.messages.data[0].text, str_from(part)))
        fail_msg("expected `%s`, found `%.*s`", part, STR_ARG(diag.messages.data[0].text));
}

static void limits_are_errors(void **state)
{
    (void)state;
    Arena arena = {0};
    StrBuf deep = {.arena = &arena}, wide = deep, macros = deep, many = deep;
    for (int i = 0; i < 100000; i++)
        buf_puts(&deep, "(rule (f ");
    expect_error(&arena, &deep, "nested deeper");
    buf_puts(&wide, "(type T (enum (V");
    for (int i = 0; i < 256; i++)
        buf_puts(&wide, " u8");
    buf_puts(&wide, ")))");
    expect_error(&arena, &wide, "more than 255 fields");
    // Each macro uses the one before twice: 2^40 patterns.
    buf_puts(&macros, "(decl e (u8) u8)\n(extern extractor e e)\n(decl m0 (u8) u8)\n"
                      "(extractor (m0 x) (e x))\n(decl f (u8) u8)\n(rule (f (m40 x)) x)\n");
    for (int i = 1; i <= 40; i++)
        buf_printf(&macros, "(decl m%d (u8) u8)\n(extractor (m%d x) (and (m%d x) (m%d x)))\n", i, i,
                   i - 1, i - 1);
    expect_error(&arena, &macros, "too large with its extractors expanded");
    buf_puts(&many, "(decl e (u8) u8)\n(extern extractor e e)\n(decl f (u8) u8)\n(rule (f (and");
    for (int i = 0; i < 201; i++) {
        for (int j = 0; j <= i % 20; j++)
            buf_puts(&many, j == 0 ? " (e " : "(e ");
        buf_printf(&many, "%d", i);
        for (int j = 0; j <= i % 20; j++)
            buf_puts(&many, ")");
    }
    buf_puts(&many, ")) 1)\n");
    expect_error(&arena, &many, "two different things");
    arena_free(&arena);
}

// A chain of calls far longer than any stack: cycles are found without recursion.
static void long_chains_are_no_problem(void **state)
{
    (void)state;
    Arena arena = {0};
    StrBuf text = {.arena = &arena};
    enum { LENGTH = 20000 };
    for (int i = 0; i < LENGTH; i++)
        buf_printf(&text, "(decl f%d (u8) u8)\n(rule (f%d x) (f%d x))\n", i, i, i + 1);
    buf_printf(&text, "(decl f%d (u8) u8)\n(rule (f%d x) x)\n", LENGTH, LENGTH);
    assert_int_equal(compile_text(&arena, &text).errors, 0);
    buf_printf(&text,
               "(decl g (u8) u8)\n(rule (g x) (f0 x))\n(decl h (u8) u8)\n(rule (h x) (h x))");
    expect_error(&arena, &text, "`h` may call itself");
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_pass), cmocka_unit_test(files_that_fail),
        cmocka_unit_test(limits_are_errors), cmocka_unit_test(long_chains_are_no_problem)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
