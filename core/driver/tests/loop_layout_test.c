// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a round of a loop costs in branches, wherever its test is written: the branches of the code
// in order, for both targets.

#include "driver/driver.h"
#include "text/text.h"

// cmocka.h wants the others before it.
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

// The mnemonics of jumps and conditional branches that compiled `text` has, each with a blank.
static Str branches(Arena *arena, const char *text, const char *triple, const char *prefix)
{
    const Settings settings = settings_filetest_defaults();
    const ParseOptions parse = {0};
    Diag diag = {.arena = arena};
    ClifFile *file = NULL;
    Isa isa;
    CompiledFunc code;
    StrBuf all = {.arena = arena};
    assert_int_equal(isa_parse(str_from(triple), &isa), STATUS_OK);
    assert_int_equal(text_parse_file(arena, STR("f"), str_from(text), &parse, &file, &diag),
                     STATUS_OK);
    const DriverOptions options = {
        .settings = &settings, .isa = &isa, .validate = true, .check = true, .listing = true};
    assert_int_equal(
        driver_compile(file->module.funcs.data[0], &options, arena, arena, &code, &diag),
        STATUS_OK);
    for (uint32_t i = 0; i < code.num_notes; i++) {
        const Str note = code.notes[i].text;
        uint32_t n = 0;
        while (n < note.len && note.data[n] != ' ')
            n++;
        if (n < note.len &&
            (str_starts_with(note, str_from(prefix)) || str_starts_with(note, STR("cb"))))
            buf_printf(&all, "%.*s ", (int)n, note.data);
    }
    return buf_view(&all);
}

static void expect(const char *text, const char *x64, const char *aarch64)
{
    Arena arena = {0};
    const Str on_x64 = branches(&arena, text, "x86_64", "j");
    const Str on_a64 = branches(&arena, text, "aarch64", "b");
    if (!str_eq_c(on_x64, x64) || !str_eq_c(on_a64, aarch64))
        fail_msg("%.*s and %.*s of\n%s", STR_ARG(on_x64), STR_ARG(on_a64), text);
    arena_free(&arena);
}

#define SUM_BODY              \
    "    v6 = load.i64 v3\n"  \
    "    v7 = iadd v4, v6\n"  \
    "    v8 = iconst.i64 8\n" \
    "    v9 = iadd v3, v8\n"  \
    "    jump block1(v9, v7)\n"
#define SUM_HEAD                         \
    "function %sum(i64, i64) -> i64 {\n" \
    "block0(v0: i64, v1: i64):\n"        \
    "    v2 = iconst.i64 0\n"            \
    "    jump block1(v0, v2)\n"          \
    "block1(v3: i64, v4: i64):\n"        \
    "    v5 = icmp ult v3, v1\n"

// One jump into the loop, then one branch a round.
static void test_top(void **state)
{
    (void)state;
    expect(SUM_HEAD "    brif v5, block2, block3\n"
                    "block2:\n" SUM_BODY "block3:\n    return v4\n}\n",
           "jmp jb ", "b b.lo ");
    expect(SUM_HEAD "    brif v5, block2, block3\n"
                    "block3:\n    return v4\n"
                    "block2:\n" SUM_BODY "}\n",
           "jmp jb ", "b b.lo ");
}

// Tested at the bottom already.
static void test_bottom(void **state)
{
    (void)state;
    expect(SUM_HEAD "    v6 = iconst.i64 8\n"
                    "    v7 = iadd v3, v6\n"
                    "    v8 = iadd v4, v3\n"
                    "    brif v5, block1(v7, v8), block2\n"
                    "block2:\n    return v8\n}\n",
           "jb ", "b.lo ");
}

// The inner loop's blocks stand together although one way out of it, to a trap, comes first in the
// text; the outer loop's test is at the bottom, the inner one tests twice.
static void test_nested(void **state)
{
    (void)state;
    expect("function %nested(i64, i64) -> i64 {\n"
           "block0(v0: i64, v1: i64):\n"
           "    v2 = iconst.i64 0\n"
           "    v8 = iconst.i64 8\n"
           "    jump block1(v0, v2)\n"
           "block1(v3: i64, v4: i64):\n"
           "    v5 = icmp ult v3, v1\n"
           "    brif v5, block2(v3, v4), block6\n"
           "block7:\n"
           "    trap user1\n"
           "block2(v10: i64, v11: i64):\n"
           "    v12 = icmp ult v10, v1\n"
           "    brif v12, block3, block5\n"
           "block3:\n"
           "    v13 = load.i64 v10\n"
           "    v14 = iadd v11, v13\n"
           "    v15 = iadd v10, v8\n"
           "    brif v13, block2(v15, v14), block7\n"
           "block5:\n"
           "    v16 = iadd v3, v8\n"
           "    jump block1(v16, v11)\n"
           "block6:\n"
           "    return v4\n"
           "}\n",
           "jmp jae jne jmp jb ", "b b.hs cbnz b b.lo ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_top),
        cmocka_unit_test(test_bottom),
        cmocka_unit_test(test_nested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
