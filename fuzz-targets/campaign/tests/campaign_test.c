// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A campaign from end to end over a target that has two faults: both are found, told apart, reduced
// and recorded once, and can be run again. The program's folder is the one of this test.

#include "fuzz-targets/campaign/campaign.h"
#include "fuzz-targets/campaign/campaign_internal.h"

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

static void remove_tree(const char *path)
{
    Arena arena = {0};
    const Str command = str_printf(&arena, "rm -rf '%s'", path);
    assert_int_equal(system(command.data), 0);
    arena_free(&arena);
}

static TriageFinding find(const CampaignResult *result, const char *kind)
{
    for (uint32_t i = 0; i < result->findings.len; i++)
        if (str_eq_c(result->findings.data[i].kind, kind))
            return result->findings.data[i];
    fail_msg("no finding of kind %s", kind);
    return (TriageFinding){.id = 0};
}

static void test_campaign(void **state)
{
    static const char *const targets[] = {"fake"};
    char folder[] = "/tmp/assay-campaign-XXXXXX";
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    CampaignResult result;
    (void)state;
    assert_non_null(mkdtemp(folder));
    Triage *const triage = triage_open(str_printf(&arena, "%s/db", folder).data, &diag);
    assert_non_null(triage);
    const CampaignOptions options = {.programs = PROGRAMS,
                                     .targets = targets,
                                     .num_targets = 1,
                                     .state = folder,
                                     .seconds = 2,
                                     .jobs = 2,
                                     .max_size = 16,
                                     .seed = 1};
    assert_int_equal(campaign_run(&options, triage, &arena, &result, &diag), STATUS_OK);
    assert_int_equal(result.findings.len, 2);
    assert_true(result.targets[0].stopped != 0 && !result.targets[0].broken);

    const TriageFinding crash = find(&result, "assertion");
    assert_true(str_eq_c(crash.stage, "text") && str_starts_with(crash.input, STR("\x40")));
    assert_true(crash.count >= 1 && crash.state == TRIAGE_NEW);

    // The reducer leaves of the program what is wrong with it.
    const TriageFinding invalid = find(&result, "invalid");
    assert_true(str_eq_c(invalid.stage, "validate") && str_starts_with(invalid.input, STR("\x41")));
    assert_true(str_contains(invalid.reduced, STR("iadd")) &&
                !str_contains(invalid.reduced, STR("imul")));
    const Str path = str_printf(&arena, "%s/findings/%lld.clif", folder, (long long)invalid.id);
    assert_true(str_eq(campaign_read_file(path.data, 1 << 20, &arena), invalid.reduced));

    // It runs again, by input.
    TriageFinding again;
    assert_int_equal(
        campaign_replay(result.targets[0].program, STR("fake"), crash.input, &arena, &again, &diag),
        STATUS_OK);
    assert_true(str_eq(again.signature, crash.signature));
    assert_int_equal(
        campaign_replay(result.targets[0].program, STR("fake"), STR("good"), &arena, &again, &diag),
        STATUS_OK);
    assert_int_equal(again.kind.len, 0);
    triage_close(triage);
    remove_tree(folder);
    arena_free(&arena);
}

static void test_unknown_target(void **state)
{
    static const char *const targets[] = {"no_such_target"};
    char folder[] = "/tmp/assay-campaign-XXXXXX";
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    CampaignResult result;
    (void)state;
    assert_non_null(mkdtemp(folder));
    CampaignOptions options = {
        .programs = PROGRAMS, .targets = targets, .num_targets = 1, .state = folder, .seconds = 1};
    assert_int_equal(campaign_run(&options, NULL, &arena, &result, &diag), STATUS_INVALID);
    options.programs = folder; // nothing there
    assert_int_equal(campaign_run(&options, NULL, &arena, &result, &diag), STATUS_IO);
    assert_int_equal(diag.errors, 2);
    remove_tree(folder);
    arena_free(&arena);
}

// ---- Statistics ----

static void test_lines(void **state)
{
    CampaignCounts a, b, sum = {.seconds = 0};
    uint32_t group;
    (void)state;
    assert_true(campaign_read_line(
        STR("{\"group\": 2, \"cases\": 10, \"runs\": 80, \"seconds\": 1.5, "
            "\"opcodes\": {\"total\": 10, \"seen\": \"102\"}, \"reason\": \"none\"}"),
        &a, &group));
    assert_int_equal(group, 2);
    assert_true(a.numbers[CAMPAIGN_CASES] == 10 && a.seconds > 1.4);
    assert_true(campaign_read_line(
        STR("{\"cases\": 1, \"opcodes\": {\"total\": 10, \"seen\": \"f00\"}}"), &b, &group));
    assert_int_equal(group, 0);
    campaign_add(&sum, &a);
    campaign_add(&sum, &b);
    assert_int_equal(sum.numbers[CAMPAIGN_CASES], 11);
    const CampaignSet *const set = campaign_find_set(&sum, "opcodes");
    assert_non_null(set);
    // 0 and 9 of the one, 0 to 3 of the other.
    assert_int_equal(campaign_set_count(set), 5);
    assert_false(campaign_read_line(STR("{\"cases\": "), &a, &group));
    assert_false(campaign_read_line(STR("12"), &a, &group));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_unknown_target),
        cmocka_unit_test(test_campaign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
