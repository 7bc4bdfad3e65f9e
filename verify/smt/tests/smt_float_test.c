// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the solver is told of floats without its own arithmetic of them, compared with C's: floats
// of 32 bits as floats of 64, constant powers of two, and what is known of numbers cut off.

// clang-format off
#include <stddef.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "verify/smt/smt.h"

#include <math.h>
#include <string.h>

static Expr number(ExprPool *pool, uint32_t width, uint64_t bits)
{
    const ExprValue value = {sort_bv(width), wide_from_u64(bits)};
    return expr_const(pool, &value);
}

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof(x));
    return x;
}

static SmtVerdict ask(ExprPool *pool, Expr condition, Arena *arena)
{
    return smt_check(pool, &condition, 1, 0, arena).verdict;
}

// Whether the node has these bits, and no others.
static void expect_bits(ExprPool *pool, Expr e, uint64_t bits, Arena *arena)
{
    const Expr equal = expr_eq(pool, e, number(pool, expr_node(pool, e)->sort.width, bits));
    assert_int_equal(ask(pool, expr_not(pool, equal), arena), SMT_UNSAT);
    assert_int_equal(ask(pool, equal, arena), SMT_SAT);
}

static Expr promoted(ExprPool *pool, uint32_t bits)
{
    const Expr x = number(pool, 32, bits);
    return expr_make(pool, EXPR_TO_FP_FROM_FP, &x, 64, 0);
}

static void floats_of_32_bits_are_floats_of_64(void **unused)
{
    (void)unused;
    static const uint32_t edges[] = {0,          1,          2,          3,          0x007fffff,
                                     0x00400000, 0x003fffff, 0x00800000, 0x00800001, 0x3f800000,
                                     0x7f7fffff, 0x7f800000, 0x33333333, 0x5f000001};
    Arena arena = {0};
    for (uint32_t i = 0; i < 30; i++) {
        ExprPool *const pool = expr_pool_new(&arena);
        const uint32_t count = (uint32_t)(sizeof(edges) / sizeof(edges[0]));
        const uint32_t any = i * 0x9e3779b9u & (i % 3 == 0 ? 0x007fffff : 0x7f7fffff);
        const uint32_t x = i < count ? edges[i] : any;
        expect_bits(pool, promoted(pool, x), bits_of((double)float_of(x)), &arena);
        expect_bits(pool, promoted(pool, x | 1u << 31), bits_of(-(double)float_of(x)), &arena);
    }
    arena_free(&arena);
}

static void nan_is_any_nan(void **unused)
{
    (void)unused;
    Arena arena = {0};
    ExprPool *const pool = expr_pool_new(&arena);
    const Expr wide = promoted(pool, 0x7f800001);
    assert_int_equal(ask(pool, expr_2(pool, EXPR_FP_EQ, wide, wide), &arena), SMT_UNSAT);
    const Expr one = expr_eq(pool, wide, number(pool, 64, 0x7ff8000000000000));
    assert_int_equal(ask(pool, one, &arena), SMT_SAT);
    assert_int_equal(ask(pool, expr_not(pool, one), &arena), SMT_SAT);
    arena_free(&arena);
}

static void powers_of_two(void **unused)
{
    (void)unused;
    Arena arena = {0};
    ExprPool *const pool = expr_pool_new(&arena);
    for (uint32_t k = 0; k < 130; k += k < 126 ? 42 : 1) {
        const ExprValue value = {sort_bv(130), wide_shl(wide_from_u64(1), k)};
        const Expr x = expr_const(pool, &value);
        const float narrow = ldexpf(1.0f, (int)k);
        uint32_t bits;
        memcpy(&bits, &narrow, sizeof(bits));
        expect_bits(pool, expr_make(pool, EXPR_TO_FP_UNSIGNED, &x, 32, 0), bits, &arena);
        expect_bits(pool, expr_make(pool, EXPR_TO_FP_UNSIGNED, &x, 64, 0),
                    bits_of(ldexp(1, (int)k)), &arena);
    }
    arena_free(&arena);
}

// The question is answered without arithmetic: |trunc x| > |x| can't be, of numbers.
static void cut_off_is_no_larger(void **unused)
{
    (void)unused;
    Arena arena = {0};
    ExprPool *const pool = expr_pool_new(&arena);
    const Expr x = expr_var(pool, STR("x"), sort_bv(64));
    const Expr cut = expr_1(pool, EXPR_FP_TRUNC, x), bound = number(pool, 64, bits_of(1e300));
    const Expr beyond[] = {expr_2(pool, EXPR_FP_LT, x, bound),
                           expr_2(pool, EXPR_FP_LE, bound, cut)};
    assert_int_equal(smt_check(pool, beyond, 2, 200000, &arena).verdict, SMT_UNSAT);
    const Expr within[] = {expr_2(pool, EXPR_FP_LT, cut, x), beyond[0]};
    assert_int_equal(smt_check(pool, within, 2, 0, &arena).verdict, SMT_SAT);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_of_32_bits_are_floats_of_64), cmocka_unit_test(nan_is_any_nan),
        cmocka_unit_test(powers_of_two), cmocka_unit_test(cut_off_is_no_larger)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
