// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Questions that the solver gives up as a whole are decided in parts, and those that have an answer
// still have it.

#include "verify/smt/smt.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#define BUDGET UINT64_C(1000000)

typedef struct Fixture {
    Arena arena;
    ExprPool *pool;
} Fixture;

static void begin(Fixture *f)
{
    *f = (Fixture){0};
    f->pool = expr_pool_new(&f->arena);
}

static Expr variable(Fixture *f, const char *name, uint32_t width)
{
    return expr_var(f->pool, str_from(name), sort_bv(width));
}

static SmtResult decide(Fixture *f, Expr condition)
{
    return smt_decide(f->pool, &condition, 1, BUDGET, SMT_BOTH, &f->arena);
}

// a - b = c - d says the same as a + d = c + b, and not the same as a + d = c - b.
static void equations_of_sums(void **unused)
{
    (void)unused;
    Fixture f;
    begin(&f);
    const Expr a = variable(&f, "a", 128), b = variable(&f, "b", 128);
    const Expr c = variable(&f, "c", 128), d = variable(&f, "d", 128);
    const Expr differences =
        expr_eq(f.pool, expr_2(f.pool, EXPR_BVSUB, a, b), expr_2(f.pool, EXPR_BVSUB, c, d));
    const Expr sum = expr_2(f.pool, EXPR_BVADD, a, d);
    const Expr sums = expr_eq(f.pool, sum, expr_2(f.pool, EXPR_BVADD, c, b));
    const Expr wrong = expr_eq(f.pool, sum, expr_2(f.pool, EXPR_BVSUB, c, b));
    assert_int_equal(decide(&f, expr_not(f.pool, expr_eq(f.pool, differences, sums))).verdict,
                     SMT_UNSAT);
    assert_int_equal(decide(&f, expr_not(f.pool, expr_eq(f.pool, differences, wrong))).verdict,
                     SMT_SAT);
    // 5 - (a + 3) = b - a is b = 2.
    const Expr left = expr_2(f.pool, EXPR_BVSUB, expr_bv(f.pool, 128, 5),
                             expr_2(f.pool, EXPR_BVADD, a, expr_bv(f.pool, 128, 3)));
    const Expr same = expr_eq(f.pool, left, expr_2(f.pool, EXPR_BVSUB, b, a));
    const Expr two = expr_eq(f.pool, b, expr_bv(f.pool, 128, 2));
    const Expr three = expr_eq(f.pool, b, expr_bv(f.pool, 128, 3));
    assert_int_equal(decide(&f, expr_not(f.pool, expr_eq(f.pool, same, two))).verdict, SMT_UNSAT);
    assert_int_equal(decide(&f, expr_not(f.pool, expr_eq(f.pool, same, three))).verdict, SMT_SAT);
    arena_free(&f.arena);
}

// (x >> k) << k = x & (-1 << k) for k below the width; without the complement of what is cut off
// it is wrong, by a model in which it is.
static void shifts_by_an_unknown_amount(void **unused)
{
    (void)unused;
    Fixture f;
    begin(&f);
    const Expr x = variable(&f, "x", 128), y = variable(&f, "y", 128);
    const Expr k = expr_2(f.pool, EXPR_BVAND, y, expr_bv(f.pool, 128, 127));
    const Expr back = expr_2(f.pool, EXPR_BVSHL, expr_2(f.pool, EXPR_BVLSHR, x, k), k);
    const Expr ones = expr_1(f.pool, EXPR_BVNOT, expr_bv(f.pool, 128, 0));
    const Expr masked = expr_2(f.pool, EXPR_BVAND, x, expr_2(f.pool, EXPR_BVSHL, ones, k));
    assert_int_equal(decide(&f, expr_not(f.pool, expr_eq(f.pool, back, masked))).verdict,
                     SMT_UNSAT);
    const SmtResult wrong = decide(&f, expr_not(f.pool, expr_eq(f.pool, back, x)));
    assert_int_equal(wrong.verdict, SMT_SAT);
    const uint64_t amount = wrong.model[y.index].bits.w[0] & 127;
    assert_true(amount != 0);
    assert_true((wrong.model[x.index].bits.w[0] &
                 (amount < 64 ? (UINT64_C(1) << amount) - 1 : UINT64_MAX)) != 0 ||
                amount > 64);
    arena_free(&f.arena);
}

// Of a condition k that is at least `first`: e * (y + z) is not e * y + e * z, in narrow numbers.
// That is never so, and some work to find out for each k. e is another one for three values of k,
// of which `last` is the largest.
static Expr hard_for_each(Fixture *f, uint32_t first, uint32_t last)
{
    enum { WIDTH = 6 };
    ExprPool *const pool = f->pool;
    const Expr k = variable(f, "k", 8), x = variable(f, "x", WIDTH);
    const Expr y = variable(f, "y", WIDTH), z = variable(f, "z", WIDTH);
    const uint32_t values[] = {1, 2, last};
    Expr e = x;
    for (uint32_t i = 0; i < 3; i++) {
        const Expr other = expr_2(pool, EXPR_BVXOR, x, expr_bv(pool, WIDTH, 9 + i));
        e = expr_ite(pool, expr_eq(pool, k, expr_bv(pool, 8, values[i])), other, e);
    }
    const Expr sum = expr_2(pool, EXPR_BVADD, y, z);
    const Expr parts =
        expr_2(pool, EXPR_BVADD, expr_2(pool, EXPR_BVMUL, e, y), expr_2(pool, EXPR_BVMUL, e, z));
    const Expr differ = expr_not(pool, expr_eq(pool, expr_2(pool, EXPR_BVMUL, e, sum), parts));
    const Expr below = expr_2(pool, EXPR_BVULT, k, expr_bv(pool, 8, first));
    return expr_and(pool, expr_not(pool, below), differ);
}

static SmtResult decide_pieces(uint32_t first, uint32_t last, uint64_t budget)
{
    Fixture f;
    begin(&f);
    const Expr hard = hard_for_each(&f, first, last);
    const SmtResult result = smt_decide(f.pool, &hard, 1, budget, SMT_PIECES, &f.arena);
    if (result.verdict == SMT_UNKNOWN)
        assert_true(str_eq_c(result.reason, "its pieces take too many steps"));
    arena_free(&f.arena);
    return result;
}

// Where the first of many pieces say that all together are hopeless, the others are not asked; nor
// are those behind pieces that have taken all that there is. A few are asked to the end.
static void hopeless_pieces_are_left(void **unused)
{
    (void)unused;
    const SmtResult few = decide_pieces(0, 3, 0); // without limit: four pieces and the rest
    const SmtResult many = decide_pieces(0, 63, 0);
    assert_int_equal(few.verdict, SMT_UNSAT);
    assert_int_equal(many.verdict, SMT_UNSAT);
    const uint64_t budget = few.steps / 5 * 2; // of which each piece takes about a half
    assert_true(many.steps > 20 * budget);
    const SmtResult some = decide_pieces(0, 13, budget);
    assert_int_equal(some.verdict, SMT_UNSAT);
    assert_true(some.steps > 5 * budget);
    const SmtResult hopeless = decide_pieces(0, 63, budget);
    assert_int_equal(hopeless.verdict, SMT_UNKNOWN);
    assert_true(hopeless.steps >= 3 * budget && hopeless.steps < 4 * budget);
    const SmtResult late = decide_pieces(45, 63, budget); // what is hard comes behind what is not
    assert_int_equal(late.verdict, SMT_UNKNOWN);
    assert_true(late.steps >= 8 * budget && late.steps < 9 * budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equations_of_sums),
                                       cmocka_unit_test(shifts_by_an_unknown_amount),
                                       cmocka_unit_test(hopeless_pieces_are_left)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
