// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reduction of files with a known failure: an error of validation, and what a command looks for.

#include "fuzz-targets/reduce/reduce.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

static const char program[] = "test interpret\n"
                              "test run\n"
                              "set opt_level=speed\n"
                              "target x86_64\n"
                              "function %other(i32) -> i32 {\n"
                              "block0(v0: i32):\n"
                              "    v1 = popcnt v0\n"
                              "    return v1\n"
                              "}\n"
                              "; run: %other(3) == 2\n"
                              "function %f(i64, i32) -> i32, i64 {\n"
                              "    ss0 = explicit_slot 16\n"
                              "    sig0 = (i32) -> i32\n"
                              "    fn0 = %other sig0\n"
                              "block0(v0: i64, v1: i32):\n"
                              "    v2 = iconst.i32 7\n"
                              "    v3 = iadd v1, v2\n"
                              "    v4 = stack_addr.i64 ss0\n"
                              "    store v3, v4\n"
                              "    brif v3, block1(v3), block2(v1)\n"
                              "block1(v5: i32):\n"
                              "    v6 = call fn0(v5)\n"
                              "    jump block3(v6, v0)\n"
                              "block2(v7: i32):\n"
                              "    v8 = bnot v7\n"
                              "    v9 = load.i32 v4\n"
                              "    v10 = imul v8, v9\n"
                              "    jump block3(v10, v0)\n"
                              "block3(v11: i32, v12: i64):\n"
                              "    return v11, v12\n"
                              "}\n"
                              "; run: %f(1, 2) == [2, 1]\n";

static Reduced reduce(Arena *arena, Str text, ReduceOptions options)
{
    Diag diag = {.arena = arena};
    Reduced out;
    assert_int_equal(reduce_run(STR("t"), text, &options, arena, &out, &diag), STATUS_OK);
    return out;
}

// One of the results has the wrong type: all but that return goes.
static void validation(void **state)
{
    (void)state;
    Arena arena = {0};
    StrBuf text = {.arena = &arena};
    const Str all = str_from(program);
    for (size_t i = 0; i < all.len; i++) {
        const Str rest = {all.data + i, all.len - i};
        if (str_starts_with(rest, STR("return v11, v12")))
            buf_puts(&text, "return v12, v12 ;");
        buf_char(&text, all.data[i]);
    }
    const Reduced out = reduce(&arena, buf_view(&text), (ReduceOptions){.kind = REDUCE_INVALID});
    assert_true(str_starts_with(out.signature, STR("invalid: ")));
    assert_false(str_contains(out.text, STR("%other")));
    assert_false(str_contains(out.text, STR("stack_addr")));
    assert_false(str_contains(out.text, STR("imul")));
    assert_false(str_contains(out.text, STR("opt_level")));
    assert_true(str_contains(out.text, STR("return")));
    assert_true(out.text.len < 250);
    // It still shows the same.
    assert_true(str_eq(reduce_signature(out.text, REDUCE_INVALID, &arena), out.signature));
    arena_free(&arena);
}

// The result does not depend on how many candidates are judged at once.
static void command(void **state)
{
    (void)state;
    Arena arena = {0};
    const Str text = str_from(program);
    const ReduceOptions options = {.kind = REDUCE_COMMAND, .command = "grep -q imul"};
    const Reduced one = reduce(&arena, text, options);
    assert_true(str_contains(one.text, STR("imul")));
    assert_false(str_contains(one.text, STR("popcnt")));
    assert_false(str_contains(one.text, STR("explicit_slot")));
    assert_true(one.text.len < text.len / 3);
    ReduceOptions four = options;
    four.jobs = 4;
    const Reduced other = reduce(&arena, text, four);
    assert_true(str_eq(one.text, other.text));
    arena_free(&arena);
}

static void nothing_to_keep(void **state)
{
    (void)state;
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    const ReduceOptions options = {.kind = REDUCE_MISMATCH};
    Reduced out;
    assert_int_equal(reduce_run(STR("t"), str_from(program), &options, &arena, &out, &diag),
                     STATUS_INVALID);
    assert_true(str_contains(diag.messages.data[0].text, STR("shows no failure")));
    assert_int_equal(reduce_run(STR("t"), STR("function ("), &options, &arena, &out, &diag),
                     STATUS_SYNTAX);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(validation),
        cmocka_unit_test(command),
        cmocka_unit_test(nothing_to_keep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
