// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Run directives: kinds, arguments, expectations, our extensions, and mistakes with their places.

#include "text/tests/text_test.h"

typedef struct Read {
    Parsed parsed;
    RunDirective run;
    Status status;
} Read;

// Parses the directive in the comment behind a function with the signature.
static void read_directive(Read *r, const char *signature, const char *comment)
{
    Arena arena = {0};
    const Str text = str_printf(&arena, "function %%f%s { }\n%s\n", signature, comment);
    parse_text(&r->parsed, text);
    assert_int_equal(r->parsed.status, STATUS_OK);
    ClifFile *const file = r->parsed.file;
    assert_int_equal(file->texts.data[0].num_comments, 1);
    r->status =
        text_parse_directive(&r->parsed.arena, &file->source, &file->texts.data[0].comments[0],
                             &file->module.funcs.data[0]->sig, &r->run, &r->parsed.diag);
    assert_int_equal(r->status == STATUS_OK, r->parsed.diag.errors == 0);
    first_message(&r->parsed); // the text lives no longer than this function
    arena_free(&arena);
}

static void accept_directive(Read *r, const char *signature, const char *comment)
{
    read_directive(r, signature, comment);
    if (r->status != STATUS_OK)
        fail_msg("%s", first_message(&r->parsed));
}

// The message, as "line:col: error: ...".
static void reject_directive(const char *signature, const char *comment, const char *expected)
{
    Read r;
    read_directive(&r, signature, comment);
    assert_int_not_equal(r.status, STATUS_OK);
    const Str whole = str_printf(&r.parsed.arena, "t.clif:%s", expected);
    assert_string_equal(first_message(&r.parsed), whole.data);
    free_parsed(&r.parsed);
}

static void test_run(void **state)
{
    (void)state;
    Read r;
    accept_directive(&r, "(i32, f32) -> i64", ";;; run: %g(-1, 0x1.8p1) == 0x10 and more");
    assert_int_equal(r.run.kind, RUN_RUN);
    assert_true(r.run.has_call);
    assert_int_equal(r.run.compare, RUN_CMP_EQ);
    assert_int_equal(r.run.trap, TRAP_NONE);
    assert_int_equal(r.run.name.kind, NAME_TESTCASE);
    assert_int_equal(r.run.num_args, 2);
    assert_int_equal(data_to_u64(&r.run.args[0].value), 0xffffffff);
    assert_int_equal(data_to_u64(&r.run.args[1].value), 0x40400000);
    assert_false(r.run.args[0].is_heap);
    assert_int_equal(r.run.num_results, 1);
    assert_int_equal(r.run.results[0].type, TYPE_I64);
    assert_int_equal(data_to_u64(&r.run.results[0]), 16);
    free_parsed(&r.parsed);

    accept_directive(&r, "() -> i8", "; run: %f() != 3");
    assert_int_equal(r.run.compare, RUN_CMP_NE);
    free_parsed(&r.parsed);
}

static void test_results(void **state)
{
    (void)state;
    Read r;
    accept_directive(&r, "()", "; run: %f() == []");
    assert_int_equal(r.run.num_results, 0);
    free_parsed(&r.parsed);
    accept_directive(&r, "() -> i8, i8x4", "; run: u0:3() == [1, [1 2 3 4]]");
    assert_int_equal(r.run.num_results, 2);
    assert_int_equal(data_to_u64(&r.run.results[1]), 0x04030201);
    assert_int_equal(r.run.name.index, 3);
    free_parsed(&r.parsed);
    accept_directive(&r, "() -> i32x4", "; run: %f() == [1 2 3 4]");
    assert_int_equal(r.run.results[0].bytes[12], 4);
    free_parsed(&r.parsed);
    reject_directive("() -> i8, i8", "; run: %f() == 1", "2:16: error: expected `[`, found `1`");
    reject_directive("() -> i8, i8", "; run: %f() == [1]", "2:18: error: expected `,`, found `]`");
    reject_directive("() -> i8", "; run: %f() == 256", "2:16: error: `256` is out of range (i8)");
    reject_directive("() -> i64x4", "; run: %f() == [1 2 3 4]",
                     "2:16: error: data of type i64x4 can't be written: at most 16 bytes");
}

static void test_bare(void **state)
{
    (void)state;
    Read r;
    accept_directive(&r, "() -> i32", "; run");
    assert_int_equal(r.run.kind, RUN_RUN);
    assert_false(r.run.has_call);
    assert_int_equal(r.run.compare, RUN_CMP_NE);
    assert_int_equal(r.run.num_results, 1);
    assert_int_equal(r.run.results[0].type, TYPE_I8);
    free_parsed(&r.parsed);
    accept_directive(&r, "()", "; print");
    assert_int_equal(r.run.kind, RUN_PRINT);
    assert_false(r.run.has_call);
    free_parsed(&r.parsed);
    accept_directive(&r, "(i8)", "; print: %f(7)");
    assert_true(r.run.has_call);
    assert_int_equal(r.run.compare, RUN_CMP_NONE);
    free_parsed(&r.parsed);
    reject_directive("(i8) -> i8", "; run this",
                     "2:3: error: a `run` without a call needs a function without parameters");
    reject_directive(
        "() -> f32", ";   run",
        "2:5: error: a `run` without a call needs a function that returns one integer");
}

static void test_none(void **state)
{
    (void)state;
    static const char *const comments[] = {"; runs", ";",   "; a run: %f()",
                                           ";: run", "; $", "; \"run"};
    for (size_t i = 0; i < sizeof(comments) / sizeof(comments[0]); i++) {
        Read r;
        accept_directive(&r, "(i8)", comments[i]);
        assert_int_equal(r.run.kind, RUN_NONE);
        free_parsed(&r.parsed);
    }
}

static void test_extensions(void **state)
{
    (void)state;
    Read r;
    accept_directive(&r, "(i64, i32) -> i8", "; run: %f(heap, heap+8) == trap int_divz");
    assert_int_equal(r.run.trap, TRAP_INT_DIVZ);
    assert_int_equal(r.run.num_results, 0);
    assert_true(r.run.args[0].is_heap && r.run.args[1].is_heap);
    assert_int_equal(data_to_u64(&r.run.args[0].value), 0);
    assert_int_equal(data_to_u64(&r.run.args[1].value), 8);
    assert_int_equal(r.run.args[1].value.type, TYPE_I32);
    free_parsed(&r.parsed);
    reject_directive("(i16)", "; run: %f(heap) == []",
                     "2:11: error: `heap` is an address: i64 or i32, but the parameter is i16");
    reject_directive("(i64)", "; run: %f(heap-8) == []",
                     "2:15: error: expected `+` and an offset in the heap, found `-8`");
    reject_directive("()", "; run: %f() != trap user1",
                     "2:16: error: a trap is expected with `==`");
    reject_directive("()", "; run: %f() == trap 5", "2:21: error: expected a trap code, found `5`");
}

static void test_mistakes(void **state)
{
    (void)state;
    reject_directive("(i8, i8)", "; run: %f(1) == []",
                     "2:12: error: expected 2 arguments, found 1");
    reject_directive("(i8)", "; run: %f(1, 2) == []", "2:12: error: expected only 1 arguments");
    reject_directive("()", "; run: f() == []",
                     "2:8: error: expected a function name: %name or u0:0, found `f`");
    reject_directive("()", "; run: %f() = []", "2:15: error: expected `=`, found `[`");
    reject_directive("()", "; run: %f()",
                     "2:12: error: expected `==` or `!=`, found the end of the text");
    reject_directive("(f32)", "; run: %f(1) == []",
                     "2:11: error: expected a float of type f32, found `1`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run),        cmocka_unit_test(test_results),
        cmocka_unit_test(test_bare),       cmocka_unit_test(test_none),
        cmocka_unit_test(test_extensions), cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
