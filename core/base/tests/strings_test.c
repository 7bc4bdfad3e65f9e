// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// String slices, edit distance, text buffers, and messages with their places.

#include "base/base.h"
#include "base/tests/child.h"

#define assert_str(s, literal) assert_true(str_eq_c((s), (literal)))

static void slices(void **state)
{
    (void)state;
    const Str none = {NULL, 0};
    assert_true(str_eq(none, STR("")));
    assert_true(str_eq(STR("a\0b"), (Str){"a\0b", 3}));
    assert_false(str_eq(STR("a\0b"), (Str){"a\0c", 3}));
    assert_false(str_eq(STR("ab"), STR("abc")));
    assert_int_equal(str_find(STR("abcbc"), STR("bc")), 1);
    assert_int_equal(str_find(STR("abcbc"), STR("")), 0);
    assert_true(str_find(STR("abcbc"), STR("cbcb")) == SIZE_MAX &&
                str_find(STR(""), STR("a")) == SIZE_MAX);
    assert_true(str_contains(STR("abc"), STR("abc")) && !str_contains(STR("abc"), STR("abcd")));
    assert_true(str_starts_with(STR("abc"), STR("")));
    assert_true(str_starts_with(STR("abc"), STR("ab")));
    assert_false(str_starts_with(STR("ab"), STR("abc")));
    assert_false(str_starts_with(STR("abc"), STR("b")));
    assert_true(str_compare(STR("ab"), STR("abc")) < 0);
    assert_true(str_compare(STR("b"), STR("abc")) > 0);
    assert_true(str_compare(STR("\xff"), STR("a")) > 0); // bytes compare unsigned
    assert_int_equal(str_compare(STR("x"), STR("x")), 0);
    assert_int_equal(str_compare(none, STR("")), 0);
    assert_str(str_trim(STR(" \t\r\n\v\fa b \n")), "a b");
    assert_str(str_trim(STR(" \n ")), "");
    assert_str(str_trim(none), "");
}

static void copies(void **state)
{
    (void)state;
    Arena arena = {0};
    char text[] = "hello";
    const Str copy = str_copy(&arena, str_from(text));
    text[0] = 'j';
    assert_str(copy, "hello");
    assert_int_equal(copy.data[5], '\0');
    assert_int_equal(str_copy(&arena, (Str){NULL, 0}).data[0], '\0');
    const Str printed = str_printf(&arena, "%d-%s", -5, "x");
    assert_str(printed, "-5-x");
    assert_int_equal(printed.data[printed.len], '\0');
    const Str empty = str_printf(&arena, "%s", "");
    assert_int_equal(empty.len, 0);
    assert_int_equal(empty.data[0], '\0');
    arena_free(&arena);
}

// The definition of the distance, by recursion.
static uint32_t slow_distance(Str a, Str b)
{
    if (a.len == 0 || b.len == 0)
        return (uint32_t)(a.len + b.len);
    const Str a1 = {a.data + 1, a.len - 1}, b1 = {b.data + 1, b.len - 1};
    const uint32_t replace = slow_distance(a1, b1) + (a.data[0] != b.data[0]);
    const uint32_t drop = slow_distance(a1, b) + 1;
    const uint32_t add = slow_distance(a, b1) + 1;
    const uint32_t gap = drop < add ? drop : add;
    return replace < gap ? replace : gap;
}

static void distances(void **state)
{
    (void)state;
    static const char *const words[] = {"",     "a",    "ab",    "ba",  "iadd",
                                        "isub", "idad", "iaddx", "band"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        for (size_t j = 0; j < sizeof(words) / sizeof(words[0]); j++) {
            const Str a = str_from(words[i]), b = str_from(words[j]);
            const uint32_t is = slow_distance(a, b);
            assert_int_equal(str_distance(a, b, 100), is);
            for (uint32_t limit = 0; limit < 6; limit++)
                assert_int_equal(str_distance(a, b, limit), is <= limit ? is : limit + 1);
        }
    char longer[100];
    memset(longer, 'x', sizeof(longer));
    assert_int_equal(str_distance((Str){longer, 100}, (Str){longer, 100}, 3), 4); // given up
}

static void nearest(void **state)
{
    (void)state;
    const Str words[] = {STR("iadd"), STR("isub"), STR("imul"), STR("uextend"), STR("sextend")};
    assert_str(str_nearest(STR("isubb"), words, 5), "isub");
    assert_str(str_nearest(STR("imlu"), words, 5), "imul");
    assert_str(str_nearest(STR("extend"), words, 5), "uextend"); // the first of two as near
    assert_int_equal(str_nearest(STR("fmadd"), words, 1).len, 4);
    assert_int_equal(str_nearest(STR("qqqq"), words, 5).len, 0);
    assert_int_equal(str_nearest(STR("iadd"), words, 0).len, 0);
}

static void buffers(void **state)
{
    (void)state;
    Arena arena = {0};
    StrBuf buf = {.arena = &arena};
    assert_int_equal(buf_view(&buf).len, 0);
    for (int i = 0; i < 100; i++) {
        buf_char(&buf, 'a');
        buf_str(&buf, STR("bc"));
        buf_puts(&buf, "d");
        buf_printf(&buf, "%02d", i);
        buf_str(&buf, (Str){NULL, 0});
    }
    const Str text = buf_view(&buf);
    assert_int_equal(text.len, 600);
    for (size_t i = 0; i < 100; i++) {
        const char wanted[6] = {'a', 'b', 'c', 'd', (char)('0' + i / 10), (char)('0' + i % 10)};
        assert_memory_equal(text.data + 6 * i, wanted, 6);
    }
    arena_free(&arena);
}

static void numbers(void **state)
{
    (void)state;
    Arena arena = {0};
    static const uint64_t values[] = {0, 9, 10, 99, 100, 4294967295, 4294967296, UINT64_MAX};
    static const char *const texts[] = {"0",   "9",          "10",         "99",
                                        "100", "4294967295", "4294967296", "18446744073709551615"};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        StrBuf buf = {.arena = &arena};
        buf_u64(&buf, values[i]);
        assert_str(buf_view(&buf), texts[i]);
    }
    arena_free(&arena);
}

// ---- Places and messages ----

static void lines_and_columns(void **state)
{
    (void)state;
    Arena arena = {0};
    Source source = {.path = STR("p"), .text = STR("ab\n\ncde\n"), .arena = &arena};
    Source unkept = {.text = source.text}; // without a table the answers are the same
    static const LineCol wanted[] = {{1, 1}, {1, 2}, {1, 3}, {2, 1}, {3, 1},
                                     {3, 2}, {3, 3}, {3, 4}, {4, 1}};
    for (uint32_t pos = 0; pos <= source.text.len; pos++) {
        const LineCol is = source_line_col(&source, pos);
        const LineCol counted = source_line_col(&unkept, pos);
        assert_int_equal(counted.line, is.line);
        assert_int_equal(counted.col, is.col);
        assert_int_equal(is.line, wanted[pos].line);
        assert_int_equal(is.col, wanted[pos].col);
    }
    Source empty = {0};
    const LineCol start = source_line_col(&empty, 0);
    assert_int_equal(start.line, 1);
    assert_int_equal(start.col, 1);
    arena_free(&arena);
}

static Str format_message(Arena *arena, const DiagMessage *message)
{
    StrBuf buf = {.arena = arena};
    diag_format(message, &buf);
    return buf_view(&buf);
}

static void messages(void **state)
{
    (void)state;
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    Source source = {.path = STR("dir/f.clif"), .text = STR("one\ntwo\n")};
    Source unnamed = {.text = STR("one\ntwo\n")};
    assert_int_equal(diag_error(&diag, STATUS_SYNTAX, &source, 5, "bad '%s'", "wo"), STATUS_SYNTAX);
    diag_add(&diag, SEVERITY_WARNING, &source, POS_NONE, "careful");
    diag_add(&diag, SEVERITY_NOTE, NULL, POS_NONE, "see");
    assert_int_equal(diag_error(&diag, STATUS_LIMIT, &unnamed, 0, "%d", 7), STATUS_LIMIT);
    assert_int_equal(diag.errors, 2);
    assert_int_equal(diag.messages.len, 4);
    const DiagMessage *const m = diag.messages.data;
    assert_str(format_message(&arena, &m[0]), "dir/f.clif:2:2: error: bad 'wo'");
    assert_str(format_message(&arena, &m[1]), "dir/f.clif: warning: careful");
    assert_str(format_message(&arena, &m[2]), "note: see");
    assert_str(format_message(&arena, &m[3]), "1:1: error: 7");
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices),
        cmocka_unit_test(copies),
        cmocka_unit_test(distances),
        cmocka_unit_test(nearest),
        cmocka_unit_test(buffers),
        cmocka_unit_test(numbers),
        cmocka_unit_test(lines_and_columns),
        cmocka_unit_test(messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
