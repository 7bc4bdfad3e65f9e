// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// SARIF files have the members that the format demands, and each result stands at its rule.

// clang-format off
#include <stddef.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "verify/tests/rule_program.h"
#include "verify/verify.h"

#include <jansson.h>
#include <stdio.h>

// The line `number`, from 1.
static Str line_of(Str text, json_int_t number)
{
    size_t at = 0;
    for (json_int_t line = 1; line < number; line++) {
        while (at < text.len && text.data[at] != '\n')
            at++;
        at++;
    }
    assert_true(at < text.len);
    size_t end = at;
    while (end < text.len && text.data[end] != '\n')
        end++;
    return (Str){text.data + at, end - at};
}

static const json_t *member(const json_t *object, const char *name)
{
    const json_t *const value = json_object_get(object, name);
    if (!value)
        fail_msg("no member %s", name);
    return value;
}

static const char *text_member(const json_t *object, const char *name)
{
    const char *const text = json_string_value(member(object, name));
    assert_non_null(text);
    assert_true(*text != 0);
    return text;
}

static void check_result(const json_t *result, const json_t *kinds, const char *path, Str rules)
{
    const size_t kind = (size_t)json_integer_value(member(result, "ruleIndex"));
    assert_string_equal(text_member(result, "ruleId"),
                        text_member(json_array_get(kinds, kind), "id"));
    const char *const level = text_member(result, "level");
    assert_true(strcmp(level, "error") == 0 || strcmp(level, "warning") == 0 ||
                strcmp(level, "note") == 0);
    assert_int_equal(json_array_size(member(result, "locations")), 1);
    const json_t *const place =
        member(json_array_get(member(result, "locations"), 0), "physicalLocation");
    assert_string_equal(text_member(member(place, "artifactLocation"), "uri"), path);
    const json_t *const region = member(place, "region");
    const json_int_t column = json_integer_value(member(region, "startColumn"));
    const Str line = line_of(rules, json_integer_value(member(region, "startLine")));
    assert_true(column >= 1 && (size_t)column <= line.len);
    // The rule of this name begins there.
    const char *const text = text_member(member(result, "message"), "text");
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "(rule %.*s ", (int)strcspn(text, ":"), text);
    const Str there = {line.data + column - 1, line.len - (size_t)column + 1};
    assert_true(str_starts_with(there, str_from(wanted)));
}

static uint32_t add_run(Arena *arena, const char *path, StrBuf *runs)
{
    Isle *const isle = program_begin(arena);
    program_add_file(isle, path);
    program_end(isle);
    const VerifyOptions options = {.jobs = 1};
    const VerifyReport *const report = verify_run(isle, &options, arena);
    verify_sarif_run(isle, report, path, false, runs);
    return report->num_rules - report->rule_counts[RULE_PROVED];
}

static void files_are_as_the_format_wants(void **unused)
{
    (void)unused;
    static const char *const paths[] = {VERIFY_TESTS "/broken/identities.isle",
                                        VERIFY_TESTS "/pass/identities.isle"};
    Arena arena = {0};
    StrBuf runs = {.arena = &arena};
    uint32_t unproved[2];
    for (size_t i = 0; i < 2; i++)
        unproved[i] = add_run(&arena, paths[i], &runs);
    const Str text = verify_sarif_file(buf_view(&runs), &arena);
    json_error_t error;
    json_t *const file = json_loadb(text.data, text.len, 0, &error);
    if (!file)
        fail_msg("%d:%d: %s", error.line, error.column, error.text);
    assert_string_equal(text_member(file, "version"), "2.1.0");
    assert_non_null(strstr(text_member(file, "$schema"), "sarif-2.1.0"));
    assert_int_equal(json_array_size(member(file, "runs")), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *const run = json_array_get(member(file, "runs"), i);
        const json_t *const driver = member(member(run, "tool"), "driver");
        const json_t *const results = member(run, "results");
        text_member(driver, "name");
        assert_int_equal(json_array_size(results), unproved[i]);
        const Str rules = read_file(&arena, paths[i]);
        for (size_t r = 0; r < json_array_size(results); r++)
            check_result(json_array_get(results, r), member(driver, "rules"), paths[i], rules);
    }
    assert_true(unproved[0] > 5 && unproved[1] == 0);
    json_decref(file);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(files_are_as_the_format_wants)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
