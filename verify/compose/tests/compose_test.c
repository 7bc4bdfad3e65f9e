// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What both targets emit for each row is what the row says, but for rows that are in the table of
// what is only tested.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "verify/compose/compose.h"
#include "verify/embed/embed.h"

static void check_target(const VerifyText *texts, Arch arch)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    Isle *const isle = isle_new(&arena, &diag);
    assert_int_equal(verify_read(isle, texts), STATUS_OK);
    const ComposeOptions options = {.filter = STR("")};
    ComposeReport report = {.arena = &arena};
    compose_rows(isle, target_find(arch), &options, &report);
    uint32_t bad = 0;
    for (uint32_t i = 0; i < report.results.len; i++) {
        const ComposeResult *const r = &report.results.data[i];
        const char *why;
        if (compose_is_good(r, &why))
            continue;
        print_error("%.*s: %s: %.*s\n", STR_ARG(r->row), why, STR_ARG(r->detail));
        bad++;
    }
    assert_int_equal(bad, 0);
    assert_true(report.results.len > 100);
    arena_free(&arena);
}

static void test_x64(void **state)
{
    (void)state;
    check_target(verify_texts_x64, ARCH_X86_64);
}

static void test_aarch64(void **state)
{
    (void)state;
    check_target(verify_texts_aarch64, ARCH_AARCH64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x64),
        cmocka_unit_test(test_aarch64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
