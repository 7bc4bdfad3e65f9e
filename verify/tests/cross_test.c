// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A second solver is any program; what it says is believed only as far as it contradicts. The
// solvers here are scripts that say what they are told to, whatever is asked.

#include "verify/tests/rule_program.h"
#include "verify/verify_internal.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

static const char *const script = "cross_test_solver.sh";

static const char *solver_that(const char *does)
{
    FILE *const file = fopen(script, "wb");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s\n", does);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(script, 0700), 0);
    return "./cross_test_solver.sh";
}

// x * y = 6 with x = 2 has a model.
static CrossVerdict ask(const char *solver, SmtVerdict answer)
{
    Arena arena = {0};
    ExprPool *const pool = expr_pool_new(&arena);
    const Expr x = expr_var(pool, STR("x"), sort_bv(8)), y = expr_var(pool, STR("y"), sort_bv(8));
    const Expr product = expr_2(pool, EXPR_BVMUL, x, y);
    const Expr conditions[] = {expr_eq(pool, product, expr_bv(pool, 8, 6)),
                               expr_eq(pool, x, expr_bv(pool, 8, 2))};
    const CrossVerdict verdict = verify_cross(solver, pool, conditions, 2, answer);
    arena_free(&arena);
    return verdict;
}

static void answers_are_compared(void **unused)
{
    (void)unused;
    const char *solver = solver_that("echo sat");
    assert_true(verify_cross_works(solver));
    assert_int_equal(ask(solver, SMT_SAT), CROSS_AGREES);
    assert_int_equal(ask(solver, SMT_UNSAT), CROSS_DISAGREES);
    solver = solver_that("echo unsat");
    assert_false(verify_cross_works(solver));
    assert_int_equal(ask(solver, SMT_SAT), CROSS_DISAGREES);
    assert_int_equal(ask(solver, SMT_UNSAT), CROSS_AGREES);
}

static void what_is_no_answer_leaves_open(void **unused)
{
    (void)unused;
    static const char *const others[] = {"echo unknown", "echo satisfied",         "printf sat",
                                         "exit 3",       "echo '(error \"sat\")'", "kill -9 $$"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const char *const solver = solver_that(others[i]);
        assert_false(verify_cross_works(solver));
        assert_int_equal(ask(solver, SMT_SAT), CROSS_OPEN);
        assert_int_equal(ask(solver, SMT_UNSAT), CROSS_OPEN);
    }
    assert_int_equal(ask("./no_such_solver", SMT_SAT), CROSS_OPEN);
    assert_false(verify_cross_works("./no_such_solver"));
}

// The text is the question: it has its variables and operators, and ends with the command.
static void the_question_is_written(void **unused)
{
    (void)unused;
    static const char *const parts[] = {"bvmul", "#x06", "#x02", "(check-sat)"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char does[128];
        snprintf(does, sizeof(does), "grep -q -F '%s' \"$1\" && echo sat", parts[i]);
        assert_int_equal(ask(solver_that(does), SMT_SAT), CROSS_AGREES);
    }
}

static const VerifyReport *verify_by(Arena *arena, const char *solver)
{
    Isle *const isle = program_of(arena, read_file(arena, VERIFY_TESTS "/pass/identities.isle"));
    const VerifyOptions options = {.jobs = 1, .cross = solver};
    return verify_run(isle, &options, arena);
}

static void a_contradiction_is_an_error(void **unused)
{
    (void)unused;
    Arena arena = {0};
    const VerifyReport *report = verify_by(&arena, solver_that("echo sat"));
    assert_true(report->rule_counts[RULE_ERROR] != 0);
    assert_int_equal(report->confirmed, 0);
    report = verify_by(&arena, solver_that("echo unsat"));
    assert_int_equal(report->rule_counts[RULE_PROVED], report->num_rules);
    assert_true(report->confirmed != 0);
    report = verify_by(&arena, solver_that("echo unknown"));
    assert_int_equal(report->rule_counts[RULE_PROVED], report->num_rules);
    assert_true(report->unconfirmed != 0);
    arena_free(&arena);
}

static int remove_script(void **unused)
{
    (void)unused;
    return unlink(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_compared), cmocka_unit_test(what_is_no_answer_leaves_open),
        cmocka_unit_test(the_question_is_written), cmocka_unit_test(a_contradiction_is_an_error)};
    return cmocka_run_group_tests(tests, NULL, remove_script);
}
