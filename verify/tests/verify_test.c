// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules that are right must be proved, and rules that are wrong rejected, each with the verdict
// that the first word of its name says. Results must not depend on the number of workers.

// clang-format off
#include <stddef.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "verify/tests/rule_program.h"
#include "verify/verify.h"

#include <dirent.h>
#include <stdio.h>

// The paths end with NULL.
static Isle *load_all(Arena *arena, const char *const *paths)
{
    Isle *const isle = program_begin(arena);
    for (; *paths; paths++)
        program_add_file(isle, *paths);
    return program_end(isle);
}

// The verdict that a rule of broken/ wants.
static RuleVerdict wanted(Str label)
{
    static const struct {
        const char *prefix;
        RuleVerdict verdict;
    } words[] = {
        {"bad_", RULE_FAILED},      {"never_", RULE_NEVER},     {"shadowed_", RULE_SHADOWED},
        {"single_", RULE_SINGLE},   {"missing_", RULE_NO_SPEC}, {"error_", RULE_ERROR},
        {"bounded_", RULE_BOUNDED}, {"unknown_", RULE_UNKNOWN}, {"unreached_", RULE_UNREACHED}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_starts_with(label, str_from(words[i].prefix)))
            return words[i].verdict;
    return RULE_PROVED;
}

// Judges the program that files are; `paths` end with NULL. `budget` as of VerifyOptions.
static void judge(const char *const *paths, uint64_t budget)
{
    Arena arena = {0};
    Isle *const isle = load_all(&arena, paths);
    const VerifyOptions options = {.jobs = 1, .budget = budget};
    const VerifyReport *const report = verify_run(isle, &options, &arena);
    bool good = true;
    for (uint32_t r = 0; r < report->num_rules; r++) {
        const VerifyRule *const rule = &report->rules[r];
        const Str label = isle->rules.data[r].label;
        if (rule->verdict == RULE_FAILED && (!rule->worst || rule->worst->values.len == 0)) {
            good = false;
            print_error("%.*s has no counterexample\n", STR_ARG(label));
        }
        if (rule->verdict == wanted(label))
            continue;
        good = false;
        print_error("%.*s: %.*s is %s\n", STR_ARG(isle_where(isle, isle->rules.data[r].pos)),
                    STR_ARG(label), verify_rule_name(rule->verdict));
        if (rule->worst)
            print_error("%.*s\n%.*s\n", STR_ARG(rule->worst->message),
                        STR_ARG(rule->worst->values));
    }
    assert_true(good);
    arena_free(&arena);
}

static const char *const files[] = {
    VERIFY_TESTS "/pass/identities.isle",  VERIFY_TESTS "/broken/identities.isle",
    VERIFY_TESTS "/pass/machine.isle",     VERIFY_TESTS "/broken/machine.isle",
    VERIFY_TESTS "/broken/unmatched.isle", VERIFY_TESTS "/broken/whole.isle"};

static void rules_get_their_verdicts(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        judge((const char *const[]){files[i], NULL}, 0);
}

// Rules as another project writes them: several files, states, enums, forms, macros, attributes.
static void foreign_rules_are_judged(void **unused)
{
    (void)unused;
    judge((const char *const[]){VERIFY_TESTS "/foreign/machine.isle",
                                VERIFY_TESTS "/foreign/models.isle",
                                VERIFY_TESTS "/foreign/operations.isle",
                                VERIFY_TESTS "/foreign/rules.isle", NULL},
          0);
}

// What is out of the solver's reach: right or wrong for small values, or not known.
static void small_values_are_tried(void **unused)
{
    (void)unused;
    judge((const char *const[]){VERIFY_TESTS "/broken/bounded.isle", NULL}, 20000);
}

// Each file of the folder behind historic/common.isle; there are at least so many.
static void judge_folder(const char *folder, uint32_t least)
{
    char path[512];
    snprintf(path, sizeof(path), VERIFY_TESTS "/%s", folder);
    DIR *const dir = opendir(path);
    assert_non_null(dir);
    uint32_t count = 0;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        const char *const dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, ".isle") != 0 || strcmp(entry->d_name, "common.isle") == 0)
            continue;
        snprintf(path, sizeof(path), VERIFY_TESTS "/%s/%s", folder, entry->d_name);
        judge((const char *const[]){VERIFY_TESTS "/historic/common.isle", path, NULL}, 0);
        count++;
    }
    closedir(dir);
    assert_true(count >= least);
}

// Rules as compilers once had them: the faulty one is rejected, its twin proved.
static void historic_mistakes_are_found(void **unused)
{
    (void)unused;
    judge_folder("historic", 29);
}

// Ways in which a verifier could call a wrong rule right.
static void holes_are_closed(void **unused)
{
    (void)unused;
    judge_folder("holes", 14);
}

// Everything that is found, as text.
static Str result_text(Arena *arena, const char *path, uint32_t jobs)
{
    Isle *const isle = load_all(arena, (const char *const[]){path, NULL});
    const VerifyOptions options = {.jobs = jobs};
    const VerifyReport *const report = verify_run(isle, &options, arena);
    StrBuf out = {.arena = arena};
    for (uint32_t t = 0; t < report->tasks.len; t++)
        for (uint32_t c = 0; c < report->tasks.data[t].cases.len; c++) {
            const VerifyCase *const found = &report->tasks.data[t].cases.data[c];
            buf_printf(&out, "%u %s %.*s %.*s %.*s\n", t, verify_case_name(found->verdict),
                       STR_ARG(found->types), STR_ARG(found->message), STR_ARG(found->values));
        }
    return buf_view(&out);
}

static void workers_change_nothing(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        Arena arena = {0};
        const Str one = result_text(&arena, files[i], 1), three = result_text(&arena, files[i], 3);
        assert_true(one.len != 0);
        assert_true(str_eq(one, three));
        arena_free(&arena);
    }
}

// A model that the tool shows is in the rule's own terms.
static void counterexamples_have_values(void **unused)
{
    (void)unused;
    Arena arena = {0};
    const Str text = result_text(&arena, VERIFY_TESTS "/broken/identities.isle", 1);
    assert_true(str_contains(text, STR("is (sub 8 0x01 0x00)")));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_get_their_verdicts),   cmocka_unit_test(foreign_rules_are_judged),
        cmocka_unit_test(small_values_are_tried),     cmocka_unit_test(historic_mistakes_are_found),
        cmocka_unit_test(holes_are_closed),           cmocka_unit_test(workers_change_nothing),
        cmocka_unit_test(counterexamples_have_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
