// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Meanings against the engines: no row and no CLIF instruction may differ, and none may be left out
// but for a reason that is known here. The number of tuples is small; `assay verify --check-specs`
// takes more.

#include "verify/agree/agree.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

static Str read_text(Arena *arena, const char *path)
{
    FILE *const file = fopen(path, "rb");
    StrBuf text = {.arena = arena};
    char block[4096];
    if (!file)
        fail_msg("%s can't be read", path);
    for (size_t n; (n = fread(block, 1, sizeof(block), file)) != 0;)
        buf_str(&text, (Str){block, n});
    fclose(file);
    return buf_view(&text);
}

static void add_file(Isle *isle, const char *path)
{
    const Str text = read_text(isle->arena, path);
    assert_int_equal(isle_add_text(isle, str_copy(isle->arena, str_from(path)), text), STATUS_OK);
}

static void add_folder(Isle *isle, const char *path)
{
    DIR *const dir = opendir(path);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (strlen(entry->d_name) > 5 &&
            strcmp(entry->d_name + strlen(entry->d_name) - 5, ".isle") == 0)
            add_file(isle, str_printf(isle->arena, "%s/%s", path, entry->d_name).data);
    closedir(dir);
}

// The program of a target with all specifications.
static Isle *program(Arena *arena, Diag *diag, const char *dir, const char *prefix)
{
    Isle *const isle = isle_new(arena, diag);
    add_folder(isle, ISLE_RULES "/prelude");
    add_folder(isle, ISLE_RULES "/spec");
    add_folder(isle, str_printf(arena, ISLE_RULES "/%s", dir).data);
    add_file(isle, ISLE_GENERATED "/clif.isle");
    add_file(isle, ISLE_GENERATED "/clif_specs.isle");
    add_file(isle, str_printf(arena, ISLE_GENERATED "/%s_insts.isle", prefix).data);
    add_file(isle, str_printf(arena, ISLE_GENERATED "/%s_specs.isle", prefix).data);
    assert_int_equal(isle_check(isle), STATUS_OK);
    return isle;
}

static uint32_t tuples_wanted(void)
{
    const char *const wanted = getenv("AGREE_TUPLES");
    return wanted ? (uint32_t)strtoul(wanted, NULL, 10) : 48;
}

static AgreeOptions options_of(void)
{
    const char *const filter = getenv("AGREE_FILTER");
    return (AgreeOptions){tuples_wanted(), 1, filter ? str_from(filter) : STR("")};
}

// Prints what differs and what was left out; fails if something differs.
static void judge(const AgreeReport *report, uint32_t least)
{
    uint32_t compared = 0, wrong = 0;
    uint64_t tuples = 0, vague = 0;
    for (uint32_t i = 0; i < report->results.len; i++) {
        const AgreeResult *const result = &report->results.data[i];
        compared += result->tuples != 0;
        wrong += result->mismatches != 0;
        tuples += result->tuples;
        vague += result->vague;
        if (result->mismatches != 0 || result->tuples == 0)
            printf("%.*s by %s: %.*s\n", STR_ARG(result->term), result->by,
                   STR_ARG(result->detail));
    }
    printf("%u of %u terms compared, %llu tuples, %llu vague\n", compared, report->results.len,
           (unsigned long long)tuples, (unsigned long long)vague);
    assert_int_equal(wrong, 0);
    if (!getenv("AGREE_FILTER"))
        assert_true(compared >= least);
}

static void check_rows(Engine engine, const char *dir, const char *prefix, uint32_t least)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    AgreeReport report = {.arena = &arena};
    const AgreeOptions options = options_of();
    const char *reason = NULL;
    if (agree_rows(program(&arena, &diag, dir, prefix), engine, &options, &report, &reason))
        judge(&report, least);
    else
        printf("no %s: %s\n", engine_name(engine), reason);
    arena_free(&arena);
}

static void test_rows_native(void **state)
{
    (void)state;
    check_rows(ENGINE_NATIVE, "x64", "x64", 100);
}

static void test_rows_unicorn_x64(void **state)
{
    (void)state;
    check_rows(ENGINE_UNICORN_X64, "x64", "x64", 100);
}

static void test_rows_unicorn_aarch64(void **state)
{
    (void)state;
    check_rows(ENGINE_UNICORN_AARCH64, "aarch64", "a64", 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_native),
        cmocka_unit_test(test_rows_unicorn_x64),
        cmocka_unit_test(test_rows_unicorn_aarch64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
