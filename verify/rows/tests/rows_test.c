// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows of both targets as their rules call them.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "verify/embed/embed.h"
#include "verify/rows/rows.h"

typedef struct Program {
    Arena arena;
    Diag diag;
    Isle *isle;
    const Target *target;
} Program;

static void begin(Program *p, Arch arch)
{
    const bool x64 = arch == ARCH_X86_64;
    *p = (Program){.target = target_find(arch)};
    p->diag.arena = &p->arena;
    p->isle = isle_new(&p->arena, &p->diag);
    assert_int_equal(verify_read(p->isle, x64 ? verify_texts_x64 : verify_texts_aarch64),
                     STATUS_OK);
}

static uint16_t row_named(const Program *p, const char *name)
{
    uint16_t op = 0;
    while (op < p->target->num_rows && strcmp(p->target->rows[op].name, name) != 0)
        op++;
    assert_true(op < p->target->num_rows);
    return op;
}

static RowParams params_of(Program *p, const char *row)
{
    const uint16_t op = row_named(p, row);
    const IsleTerm *const term = &p->isle->terms.data[rows_term(p->isle, p->target, op, &p->arena)];
    RowParams params;
    assert_true(rows_params(p->isle, term, &p->target->rows[op], &params));
    return params;
}

// Each row has a term, and all parameters of those with a meaning are known.
static void check_all(Program *p)
{
    for (uint16_t op = 0; op < p->target->num_rows; op++) {
        const IsleTermId id = rows_term(p->isle, p->target, op, &p->arena);
        RowParams params;
        assert_int_not_equal(id, ISLE_NONE);
        if (p->isle->terms.data[id].spec)
            assert_true(
                rows_params(p->isle, &p->isle->terms.data[id], &p->target->rows[op], &params));
    }
    assert_int_equal(p->target->rows[rows_flag_reader(p->target)].flags_use, MFLAGS_READ);
}

static void check_flags(const Program *p, const char *const *expected, uint32_t count)
{
    IsleSym names[ROWS_FLAGS_MAX];
    assert_int_equal(rows_flags(p->isle, names), count);
    for (uint32_t i = 0; i < count; i++)
        assert_true(str_eq_c(isle_str(p->isle, names[i]), expected[i]));
}

static void test_x64(void **state)
{
    static const char *const flags[] = {"OF", "SF", "ZF", "AF", "PF", "CF"};
    Program p;
    (void)state;
    begin(&p, ARCH_X86_64);
    check_all(&p);
    check_flags(&p, flags, 6);
    const RowParams add = params_of(&p, "add_ri");
    assert_int_equal(add.num_imms, 1);
    assert_false(add.has_cond);
    const RowParams pair = params_of(&p, "jcc_or");
    assert_true(pair.has_cond);
    assert_int_equal(pair.num_imms, 1);
    arena_free(&p.arena);
}

static void test_aarch64(void **state)
{
    static const char *const flags[] = {"N", "Z", "C", "V"};
    Program p;
    (void)state;
    begin(&p, ARCH_AARCH64);
    check_all(&p);
    check_flags(&p, flags, 4);
    const RowParams add = params_of(&p, "add_rr");
    assert_int_equal(add.count, 3);
    assert_int_equal(add.params[0].kind, ROW_PARAM_SIZE);
    assert_int_equal(add.params[1].kind, ROW_PARAM_OPERAND);
    assert_int_equal(add.params[1].operand, 1);
    assert_int_equal(add.params[2].operand, 2);
    arena_free(&p.arena);
}

// The term with flags is taken where there are two, and a row of another target has none.
static void test_terms(void **state)
{
    Program p;
    (void)state;
    begin(&p, ARCH_AARCH64);
    const IsleTermId id = rows_term(p.isle, p.target, row_named(&p, "adds_rr"), &p.arena);
    assert_true(str_eq_c(isle_str(p.isle, p.isle->terms.data[id].name), "a64_adds_rr_flags"));
    assert_int_equal(rows_term(p.isle, target_find(ARCH_X86_64), 0, &p.arena), ISLE_NONE);
    arena_free(&p.arena);
}

// A parameter that has not the name of an operand is told.
static void test_no_operand(void **state)
{
    Program p;
    RowParams params;
    (void)state;
    begin(&p, ARCH_AARCH64);
    const uint16_t op = row_named(&p, "add_rr");
    const IsleTerm *const term = &p.isle->terms.data[rows_term(p.isle, p.target, op, &p.arena)];
    assert_false(rows_params(p.isle, term, &p.target->rows[row_named(&p, "cbz")], &params));
    arena_free(&p.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x64),
        cmocka_unit_test(test_aarch64),
        cmocka_unit_test(test_terms),
        cmocka_unit_test(test_no_operand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
