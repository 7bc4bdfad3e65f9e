// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// filecheck: each directive, each escape, each kind of error.

#include "filetests/runner/filecheck.h"

#include <regex.h>
#include <setjmp.h>
#include <stdlib.h>
// cmocka wants the three system headers before it.
#include <cmocka.h>

typedef struct Outcome {
    bool bad, matched; // bad: a directive is wrong
    FilecheckFailure failure;
    Str error;
    LineCol where;
} Outcome;

// Lines of `directives` against `text`. The arena of the fixture holds everything.
static Outcome run(Arena *arena, const char *directives, const char *text)
{
    Source source = {.path = STR("t.clif"), .text = str_from(directives)};
    Diag diag = {.arena = arena};
    CheckList list = {{0}};
    Outcome out = {.bad = false};
    const char *at = directives;
    while (*at != '\0') {
        const size_t len = strcspn(at, "\n");
        filecheck_add(arena, &list, (Str){at, len}, (uint32_t)(at - directives));
        at += len + (at[len] == '\n');
    }
    out.bad = filecheck_run(arena, &list, str_from(text), &source, &out.matched, &out.failure,
                            &diag) != STATUS_OK;
    assert_int_equal(out.bad, diag.errors != 0);
    if (out.bad) {
        out.error = diag.messages.data[0].text;
        out.where = diag.messages.data[0].where;
    }
    return out;
}

static bool matches(Arena *arena, const char *directives, const char *text)
{
    const Outcome out = run(arena, directives, text);
    assert_false(out.bad);
    return out.matched;
}

static int set_up(void **state)
{
    *state = test_calloc(1, sizeof(Arena));
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    test_free(*state);
    return 0;
}

static void test_directives_in_comments(void **state)
{
    CheckList list = {{0}};
    assert_true(filecheck_add(*state, &list, STR("; check: a  "), 10));
    assert_true(str_eq(list.directives.data[0].pattern, STR("a")));
    assert_int_equal(list.directives.data[0].pos, 12);
    assert_true(filecheck_add(*state, &list, STR("[arch]not:\tb"), 0));
    assert_int_equal(list.directives.data[1].kind, DIRECTIVE_NOT);
    assert_true(filecheck_add(*state, &list, STR("; see also: nextln: "), 0));
    assert_int_equal(list.directives.data[2].pattern.len, 0);
    assert_false(filecheck_add(*state, &list, STR("; check:a"), 0)); // no blank
    assert_false(filecheck_add(*state, &list, STR("; check:"), 0));
    assert_false(filecheck_add(*state, &list, STR("; recheck: a"), 0));
    assert_false(filecheck_add(*state, &list, STR("; not here"), 0));
    assert_int_equal(list.directives.len, 3);
}

static void test_no_directive_always_passes(void **state)
{
    assert_true(matches(*state, "", "anything"));
    assert_true(matches(*state, "; prose", ""));
}

static void test_check_goes_forward(void **state)
{
    assert_true(matches(*state, "; check: one\n; check: two", "one\ntwo\n"));
    assert_false(matches(*state, "; check: two\n; check: one", "one\ntwo\n"));
    assert_true(matches(*state, "; check: one\n; check: one", "one one\n"));
    assert_false(matches(*state, "; check: one\n; check: one", "one\n"));
}

static void test_sameln(void **state)
{
    assert_true(matches(*state, "; sameln: one", "one\ntwo\n"));
    assert_false(matches(*state, "; sameln: two", "one\ntwo\n"));
    assert_true(matches(*state, "; check: a\n; sameln: b", "x\na b\n"));
    assert_false(matches(*state, "; check: b\n; sameln: a", "a b\na\n"));
}

static void test_nextln(void **state)
{
    assert_true(matches(*state, "; check: a\n; nextln: b\n; nextln: c", "a\nb\nc\n"));
    assert_false(matches(*state, "; check: a\n; nextln: c", "a\nb\nc\n"));
    assert_true(matches(*state, "; nextln: b", "a\nb\n")); // nothing yet: the second line
    assert_false(matches(*state, "; nextln: a", "a\nb\n"));
    const Outcome out = run(*state, "; check: b\n; nextln: c", "a\nb");
    assert_false(out.matched);
    assert_true(str_eq(out.failure.message, STR("there is no next line")));
    assert_true(matches(*state, "; check: a\n; nextln: \n; nextln: b", "a\n\nb\n"));
}

static void test_unordered(void **state)
{
    assert_true(matches(*state, "; unordered: b\n; unordered: a", "a\nb\n"));
    assert_true(matches(*state, "; unordered: a\n; unordered: a", "a\n")); // may overlap
    assert_false(matches(*state, "; check: b\n; unordered: a", "a\nb\n"));
    // It moves the furthest match, behind which a check begins.
    assert_false(matches(*state, "; unordered: b\n; check: a", "a\nb\n"));
    // It searches behind the definition of a variable that it uses.
    assert_false(matches(*state, "; unordered: x=$(X=\\d+)\n; unordered: y$X", "y1\nx=1\n"));
    assert_true(matches(*state, "; unordered: x=$(X=\\d+)\n; unordered: y$X", "x=1\ny1\n"));
}

static void test_not(void **state)
{
    assert_true(matches(*state, "; check: a\n; not: b\n; check: c", "b\na\nc\nb\n"));
    assert_false(matches(*state, "; check: a\n; not: b\n; check: c", "a\nb\nc\n"));
    assert_true(matches(*state, "; check: a\n; not: c\n; check: c", "a\nc\n"));
    const Outcome out = run(*state, "; check: a\n; not: b+", "a\nxx b\n");
    assert_true(out.matched); // a literal pattern
    const Outcome hit = run(*state, "; check: a\n; not: $(=b+)", "a\nxx bb\n");
    assert_false(hit.matched);
    assert_int_equal(hit.failure.directive->kind, DIRECTIVE_NOT);
    assert_int_equal(hit.failure.hit, 5);
    assert_int_equal(hit.failure.size, 2);
    assert_true(run(*state, "; not: $(X=a)", "a").bad);
    // The range of a not: ends where the next ordered match begins; unordered ones don't end it.
    assert_false(matches(*state, "; not: b\n; unordered: a\n; check: c", "a b c"));
}

static void test_failure_tells_the_range(void **state)
{
    const Outcome out = run(*state, "; check: a\n; nextln: c", "a\nb\nc\n");
    assert_false(out.matched);
    assert_int_equal(out.failure.directive->kind, DIRECTIVE_NEXTLN);
    assert_int_equal(out.failure.from, 2);
    assert_int_equal(out.failure.to, 4);
}

static void test_word_boundaries(void **state)
{
    assert_false(matches(*state, "; check: v1", "v10"));
    assert_false(matches(*state, "; check: v1", "xv1"));
    assert_true(matches(*state, "; check: v1", "(v1)"));
    assert_true(matches(*state, "; check: v1$()", "v10"));
    assert_true(matches(*state, "; check: $()v1", "xv1"));
    assert_true(matches(*state, "; check: (v1", "f(v1)"));
    // A range is a text of its own: its start is a boundary.
    assert_true(matches(*state, "; check: foo$()\n; check: bar", "foobar"));
}

static void test_escapes(void **state)
{
    assert_true(matches(*state, "; check: a$$b", "a$b"));
    assert_true(matches(*state, "; check: a.*[b](c){d}|^$$\\+?", "a.*[b](c){d}|^$\\+?"));
    assert_false(matches(*state, "; check: a.c", "abc"));
    assert_true(matches(*state, "; check: a $()", "x a b"));
    assert_true(matches(*state, "; check: $(=[0-9]+) y", "12 y"));
    assert_true(run(*state, "; check: a$", "a").bad);
    assert_true(run(*state, "; check: $(X", "a").bad);
    assert_true(run(*state, "; check: $(X!)", "a").bad);
    assert_true(run(*state, "; check: $(=a", "a").bad);
    assert_true(run(*state, "; check: $(X=$)", "a").bad);
    assert_true(run(*state, "; check: $(=$X)", "a").bad);
}

static void test_variables(void **state)
{
    assert_true(
        matches(*state, "; check: $(X=\\w+) = 1\n; check: use $X", "abc = 1\nuse abd\nuse abc\n"));
    assert_false(matches(*state, "; check: $(X=\\w+) = 1\n; check: use $X$()", "a.c = 1\nuse axc"));
    assert_true(matches(*state, "; check: <$(X=.*)>\n; check: $(X)!", "<a.c>\nabc! a.c!"));
    assert_true(matches(*state, "; regex: V=v\\d+\n; check: $(A=$V) = $V\n; check: $A",
                        "v1 = v22\nreturn v1"));
    assert_false(
        matches(*state, "; regex: V=v\\d+\n; check: $(A=$V) = $V\n; check: =$A", "v1 = v22\n=v22"));
    // The variable holds its own part, groups of the expressions notwithstanding.
    assert_true(matches(*state, "; check: $(=(a|b)+)-$(X=(c)+)-\n; check: <$X>", "ab-cc-\n<cc>"));
    assert_true(run(*state, "; check: $X", "a").bad);
    assert_true(run(*state, "; check: $(X=a) $X", "a a").bad);
    assert_true(run(*state, "; check: $(X=a) $(X=b)", "a b").bad);
    assert_true(run(*state, "; regex: X", "a").bad);
    assert_true(run(*state, "; regex: =a", "a").bad);
}

static void test_errors_have_a_place(void **state)
{
    const Outcome out = run(*state, "; prose\n; check: ab$(=c*?)", "a");
    assert_true(out.bad);
    assert_int_equal(out.where.line, 2);
    assert_int_equal(out.where.col, 17);
    assert_true(str_eq(out.error, STR("in check: lazy quantifiers are not supported")));
}

// ---- Regular expressions ----

// Whether `regex` matches exactly `text`.
static bool regex_matches(Arena *arena, const char *regex, const char *text)
{
    StrBuf out = {.arena = arena};
    Str error;
    size_t where;
    uint32_t groups = 0;
    regex_t compiled;
    buf_puts(&out, "(");
    assert_int_equal(filecheck_translate(arena, str_from(regex), &out, &groups, &error, &where),
                     STATUS_OK);
    buf_puts(&out, ")");
    buf_char(&out, '\0');
    if (regcomp(&compiled, out.data, REG_EXTENDED | REG_NEWLINE) != 0)
        fail_msg("/%s/ became /%s/", regex, out.data);
    assert_int_equal(compiled.re_nsub, groups + 1);
    regmatch_t match;
    const bool found = regexec(&compiled, text, 1, &match, 0) == 0;
    regfree(&compiled);
    return found && match.rm_so == 0 && (size_t)match.rm_eo == strlen(text);
}

static void test_regex_features(void **state)
{
    static const struct {
        const char *regex, *text;
        bool matches;
    } rows[] = {
        {"\\d+", "123", true},      {"\\d", "a", false},
        {"\\w+", "a_9", true},      {"\\s", "\t", true},
        {"\\D", "\n", true},        {"\\S+", "ab", true},
        {"\\S", "\n", false},       {"\\W", "-", true},
        {"a.c", "abc", true},       {"a.c", "a\nc", false},
        {"[^x]", "\n", true},       {"[^\\n]", "\n", false},
        {"[^\\s]", "\n", false},    {"[^x]+", "ab\nc", true},
        {"[]a]+", "a]", true},      {"[^]]+", "ab[", true},
        {"[\\]x]+", "x]", true},    {"[a\\-z]+", "a-z", true},
        {"[a\\-z]", "b", false},    {"[-+]+", "+-", true},
        {"[\\d_]+", "1_2", true},   {"[\\w.]+", "a.b", true},
        {"[\\^]", "^", true},       {"[\\^-]+", "^-", true},
        {"[a^]+", "a^", true},      {"[[:alpha:]]+", "ab", true},
        {"[\\\\]", "\\", true},     {"(?:ab)+", "abab", true},
        {"a{2,3}", "aaa", true},    {"a{2}", "aaa", false},
        {"x\\{y\\}", "x{y}", true}, {"a|b", "b", true},
        {"\\.\\*", ".*", true},     {"0x[0-9a-f]+", "0x1f", true},
        {"[\\n]", "\n", true},      {"\\bab\\b", "ab", true},
        {"}", "}", true},           {"]", "]", true},
        {"[a-c-]+", "b-", true},    {"[x[]+", "[x", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (regex_matches(*state, rows[i].regex, rows[i].text) != rows[i].matches)
            fail_msg("/%s/ on \"%s\"", rows[i].regex, rows[i].text);
}

static void test_regex_refusals(void **state)
{
    static const char *const rows[] = {
        "a*?", "a+?", "a??", "a{1}?", "(?i)a", "(?=a)", "(?P<n>a)", "\\pL",    "\\1",   "\\A",
        "\\z", "*a",  "a**", "a{",    "a{x}",  "[a",    "[a&&b]",   "[\\d-x]", "[z-a]", "a\\",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        StrBuf out = {.arena = *state};
        Str error;
        size_t where;
        uint32_t groups = 0;
        if (filecheck_translate(*state, str_from(rows[i]), &out, &groups, &error, &where) !=
            STATUS_SYNTAX)
            fail_msg("/%s/ is accepted", rows[i]);
        assert_true(error.len != 0 && where <= strlen(rows[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_directives_in_comments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_directive_always_passes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_check_goes_forward, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sameln, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nextln, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unordered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failure_tells_the_range, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_word_boundaries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_escapes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_variables, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_errors_have_a_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_regex_features, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_regex_refusals, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
