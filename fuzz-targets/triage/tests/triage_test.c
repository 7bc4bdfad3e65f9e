// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The database of findings, what is read from the output of fuzz targets, and what tells findings
// apart.

#include "fuzz-targets/triage/triage.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

static bool is(Str text, const char *wanted)
{
    return str_eq_c(text, wanted);
}

// ---- Output ----

static void test_verdict(void **state)
{
    (void)state;
    Arena arena = {0};
    const TriageFinding f = triage_read_output(
        STR("differential"),
        STR("INFO: something\n"
            "; values in unicorn-x64: [3, 4]\n"
            "test interpret\ntest run\ntarget x86_64\n\n"
            "function %f0(i64) -> i8 {\nblock0(v0: i64):\n    v1 = iconst.i8 3\n    return v1\n}\n"
            "; heap: 4096\n; run: %f0(heap) == 3\n"
            "==77== ERROR: libFuzzer: deadly signal\n    #0 0x123 in harness_finding_values\n"),
        &arena);
    assert_true(is(f.kind, "values") && is(f.engine, "unicorn-x64") && is(f.stage, "run"));
    assert_true(is(f.message, "[3, 4]") && is(f.signature, "run values unicorn-x64"));
    assert_true(str_starts_with(f.program, STR("test interpret\n")));
    assert_true(is((Str){f.program.data + f.program.len - 10, 10}, "eap) == 3\n"));
    arena_free(&arena);
}

static void test_internal_error(void **state)
{
    (void)state;
    Arena arena = {0};
    const TriageFinding f =
        triage_read_output(STR("differential"),
                           STR("; compile in unicorn-aarch64: error: internal error: register "
                               "allocation of %f3: v17 is not where it is used\n"),
                           &arena);
    assert_true(is(f.kind, "compile") && is(f.stage, "regalloc"));
    arena_free(&arena);
}

static void test_assertion(void **state)
{
    (void)state;
    Arena arena = {0};
    // The module is printed first, then the compiler breaks down.
    const TriageFinding f = triage_read_output(
        STR("single_op"),
        STR("test interpret\ntest run\ntarget x86_64\n\n"
            "function %f0(i64) {\nblock0(v0: i64):\n    return\n}\n; print: %f0(1)\n"
            "../../core/lower/lower.c:123: internal error: assertion failed: n < 16\n"
            "the input is in crash-5\n"),
        &arena);
    assert_true(is(f.kind, "assertion") && is(f.stage, "lower") && is(f.cause, "n < N"));
    assert_true(is(f.signature, "lower assertion: n < N"));
    assert_true(is((Str){f.program.data + f.program.len - 16, 16}, "; print: %f0(1)\n"));
    arena_free(&arena);
}

static void test_sanitizers(void **state)
{
    (void)state;
    Arena arena = {0};
    const TriageFinding a = triage_read_output(
        STR("parse"),
        STR("==9==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x60200000 at pc 0x55\n"
            "READ of size 1 at 0x602000 thread T0\n"
            "    #0 0x55 in memcpy (/usr/bin/x+0x12)\n"
            "    #1 0x56 in lex_number /src/core/text/lexer.c:77:5\n"
            "    #2 0x57 in text_parse_file /src/core/text/parse.c:12:3\n"),
        &arena);
    assert_true(is(a.signature, "text address: heap-buffer-overflow in lex_number"));
    const TriageFinding u = triage_read_output(
        STR("isle"),
        STR("../../isle-rules/compiler/isle_lex.c:40:9: runtime error: shift exponent 70 is too "
            "large for 64-bit type\n    #0 0x1 in next_token "
            "../../isle-rules/compiler/isle_lex.c:40\n"),
        &arena);
    assert_true(is(u.kind, "undefined") && is(u.stage, "isle"));
    assert_true(is(u.cause, "shift exponent N is too large for N-bit type in next_token"));
    arena_free(&arena);
}

static void test_property(void **state)
{
    (void)state;
    Arena arena = {0};
    const TriageFinding f =
        triage_read_output(STR("regalloc"),
                           STR("inst12: some dump\nregalloc: the checker finds 3 errors\n"
                               "==8== ERROR: libFuzzer: deadly signal\n"),
                           &arena);
    assert_true(is(f.signature, "regalloc property: regalloc: the checker finds N errors"));
    const TriageFinding none = triage_read_output(STR("moves"), STR(""), &arena);
    assert_true(is(none.signature, "moves crash: a crash without words"));
    arena_free(&arena);
}

// ---- The database ----

typedef struct Place {
    char path[64];
    Arena arena;
    Diag diag;
} Place;

static int set_up(void **state)
{
    static Place place;
    place = (Place){.path = "/tmp/assay-triage-XXXXXX"};
    place.diag.arena = &place.arena;
    const int file = mkstemp(place.path);
    *state = &place;
    return file < 0 || close(file) != 0;
}

static int tear_down(void **state)
{
    Place *const place = *state;
    unlink(place->path);
    arena_free(&place->arena);
    return 0;
}

static TriageFinding finding(const char *signature, const char *input)
{
    return (TriageFinding){.signature = str_from(signature),
                           .target = STR("differential"),
                           .kind = STR("values"),
                           .input = str_from(input),
                           .seed = UINT64_MAX - 5};
}

static void test_record(void **state)
{
    Place *const p = *state;
    Triage *t = triage_open(p->path, &p->diag);
    TriageFinding a = finding("lower values: x", "first"), b = finding("lower values: y", "\1\2"),
                  read;
    assert_non_null(t);
    assert_int_equal(triage_record(t, &a, &p->diag), STATUS_OK);
    assert_int_equal(triage_record(t, &b, &p->diag), STATUS_OK);
    assert_true(a.id == 1 && b.id == 2 && a.count == 1 && a.state == TRIAGE_NEW);
    // The same signature is the same finding; the input of the first stays, a reduced program
    // comes.
    TriageFinding again = finding("lower values: x", "second");
    again.reduced = STR("function ...");
    assert_int_equal(triage_record(t, &again, &p->diag), STATUS_OK);
    assert_true(again.id == 1 && again.count == 2 && again.last_seen >= again.first_seen);
    triage_close(t);
    // It is all in the file.
    t = triage_open(p->path, &p->diag);
    assert_non_null(t);
    assert_int_equal(triage_get(t, 1, &p->arena, &read, &p->diag), STATUS_OK);
    assert_true(is(read.input, "first") && is(read.reduced, "function ...") && read.count == 2);
    assert_true(read.seed == UINT64_MAX - 5 && is(read.target, "differential"));
    TriageFindings list;
    assert_int_equal(triage_list(t, &p->arena, &list, &p->diag), STATUS_OK);
    assert_int_equal(list.len, 2);
    assert_true(list.data[1].id == 2 && is(list.data[1].signature, "lower values: y"));
    triage_close(t);
}

static void test_states(void **state)
{
    Place *const p = *state;
    Triage *const t = triage_open(p->path, &p->diag);
    TriageFinding f = finding("opt: r", "i"), read;
    assert_int_equal(triage_record(t, &f, &p->diag), STATUS_OK);
    // Known stays known; fixed that is seen again is news.
    assert_int_equal(triage_mark(t, f.id, TRIAGE_KNOWN, &p->diag), STATUS_OK);
    assert_int_equal(triage_record(t, &f, &p->diag), STATUS_OK);
    assert_int_equal(f.state, TRIAGE_KNOWN);
    assert_int_equal(triage_mark(t, f.id, TRIAGE_FIXED, &p->diag), STATUS_OK);
    assert_int_equal(triage_get(t, f.id, &p->arena, &read, &p->diag), STATUS_OK);
    assert_int_equal(read.state, TRIAGE_FIXED);
    assert_int_equal(triage_record(t, &f, &p->diag), STATUS_OK);
    assert_int_equal(f.state, TRIAGE_NEW);
    assert_int_equal(triage_mark(t, 99, TRIAGE_KNOWN, &p->diag), STATUS_INVALID);
    assert_int_equal(triage_get(t, 99, &p->arena, &read, &p->diag), STATUS_INVALID);
    assert_int_equal(triage_parse_state(STR("fixed")), TRIAGE_FIXED);
    assert_int_equal(triage_parse_state(STR("lost")), TRIAGE_STATE_COUNT);
    triage_close(t);
}

static void test_bad_database(void **state)
{
    Place *const p = *state;
    FILE *const file = fopen(p->path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 500; i++)
        fputs("this is no database. ", file);
    fclose(file);
    assert_null(triage_open(p->path, &p->diag));
    assert_null(triage_open("/nowhere/at/all", &p->diag));
    assert_int_equal(p->diag.errors, 2);
    triage_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdict),
        cmocka_unit_test(test_internal_error),
        cmocka_unit_test(test_assertion),
        cmocka_unit_test(test_sanitizers),
        cmocka_unit_test(test_property),
        cmocka_unit_test_setup_teardown(test_record, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_states, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_database, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
