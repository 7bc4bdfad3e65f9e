// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tests of evaluation: operators on floats against the C compiler's float and double, on special
// and random numbers; graphs with sharing.

#include "emulate/softfloat/softfloat.h"
#include "verify/eval/eval.h"

#include <math.h>

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed ^ *seed >> 29;
}

static ExprValue bits(uint32_t width, uint64_t x)
{
    return (ExprValue){sort_bv(width), wide_low(wide_from_u64(x), width)};
}

static uint64_t bits_of_f64(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof(u));
    return isnan(x) ? UINT64_C(0x7ff8000000000000) : u;
}

static uint64_t bits_of_f32(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof(u));
    return isnan(x) ? 0x7fc00000 : u;
}

static double f64_of(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof(x));
    return x;
}

static float f32_of(uint64_t u)
{
    const uint32_t low = (uint32_t)u;
    float x;
    memcpy(&x, &low, sizeof(x));
    return x;
}

static uint64_t value_of(ExprOp op, uint32_t width, uint32_t p0, const ExprValue *args)
{
    const ExprNode node = {.op = op, .sort = sort_bv(width), .num_args = 3, .p0 = p0};
    ExprValue out;
    assert_true(eval_op(&node, args, &out));
    return out.bits.w[0];
}

static bool truth_of(ExprOp op, const ExprValue *args)
{
    const ExprNode node = {.op = op, .sort = sort_bool(), .num_args = 2};
    ExprValue out;
    assert_true(eval_op(&node, args, &out));
    return out.bits.w[0] != 0;
}

static uint64_t sample(uint64_t *seed, uint32_t width)
{
    static const uint64_t specials[] = {0,
                                        UINT64_C(1) << 63,
                                        UINT64_C(0x3ff0000000000000),
                                        UINT64_C(0x7ff0000000000000),
                                        1,
                                        UINT64_C(0xfff0000000000000),
                                        UINT64_C(0x7ff8000000000001),
                                        UINT64_C(0x7ff0000000000001),
                                        0x80000000,
                                        0x3f800000,
                                        0x7f800000,
                                        0x7fc00000,
                                        0xff800000,
                                        UINT64_C(0x43e0000000000000),
                                        0x4f000000,
                                        UINT64_C(0xc3e0000000000000)};
    const uint64_t r = next_random(seed),
                   u = r % 3 == 0 ? specials[r >> 8 & 15] : next_random(seed);
    return width == 32 ? u & UINT32_MAX : u;
}

static void check_f64(uint64_t a, uint64_t b, uint64_t c)
{
    const ExprValue args[3] = {bits(64, a), bits(64, b), bits(64, c)};
    const double x = f64_of(a), y = f64_of(b), z = f64_of(c);
    assert_int_equal(value_of(EXPR_FP_ADD, 64, 0, args), bits_of_f64(x + y));
    assert_int_equal(value_of(EXPR_FP_SUB, 64, 0, args), bits_of_f64(x - y));
    assert_int_equal(value_of(EXPR_FP_MUL, 64, 0, args), bits_of_f64(x * y));
    assert_int_equal(value_of(EXPR_FP_DIV, 64, 0, args), bits_of_f64(x / y));
    assert_int_equal(value_of(EXPR_FP_SQRT, 64, 0, args), bits_of_f64(sqrt(x)));
    assert_int_equal(value_of(EXPR_FP_FMA, 64, 0, args), bits_of_f64(fma(x, y, z)));
    assert_int_equal(value_of(EXPR_FP_CEIL, 64, 0, args), bits_of_f64(ceil(x)));
    assert_int_equal(value_of(EXPR_FP_FLOOR, 64, 0, args), bits_of_f64(floor(x)));
    assert_int_equal(value_of(EXPR_FP_TRUNC, 64, 0, args), bits_of_f64(trunc(x)));
    assert_int_equal(value_of(EXPR_FP_NEAREST, 64, 0, args), bits_of_f64(nearbyint(x)));
    assert_int_equal(truth_of(EXPR_FP_EQ, args), x == y);
    assert_int_equal(truth_of(EXPR_FP_LT, args), x < y);
    assert_int_equal(truth_of(EXPR_FP_LE, args), x <= y);
    assert_int_equal(value_of(EXPR_TO_FP_FROM_FP, 32, 32, args), bits_of_f32((float)x));
    assert_int_equal(value_of(EXPR_TO_FP, 64, 64, args), bits_of_f64((double)(int64_t)a));
    assert_int_equal(value_of(EXPR_TO_FP, 32, 32, args), bits_of_f32((float)(int64_t)a));
    assert_int_equal(value_of(EXPR_TO_FP_UNSIGNED, 64, 64, args), bits_of_f64((double)a));
    if (x > -0x1p63 && x < 0x1p63)
        assert_int_equal(value_of(EXPR_FP_TO_SBV, 64, 64, args), (int64_t)x);
    if (x > -1.0 && x < 0x1p64)
        assert_int_equal(value_of(EXPR_FP_TO_UBV, 64, 64, args), x < 0 ? 0 : (uint64_t)x);
    // The order of zeros and NaNs is what fmin and fmax leave open.
    if (x < y || y < x) {
        assert_int_equal(value_of(EXPR_FP_MIN, 64, 0, args), bits_of_f64(fmin(x, y)));
        assert_int_equal(value_of(EXPR_FP_MAX, 64, 0, args), bits_of_f64(fmax(x, y)));
    }
}

static void check_f32(uint64_t a, uint64_t b, uint64_t c)
{
    const ExprValue args[3] = {bits(32, a), bits(32, b), bits(32, c)};
    const float x = f32_of(a), y = f32_of(b), z = f32_of(c);
    assert_int_equal(value_of(EXPR_FP_ADD, 32, 0, args), bits_of_f32(x + y));
    assert_int_equal(value_of(EXPR_FP_SUB, 32, 0, args), bits_of_f32(x - y));
    assert_int_equal(value_of(EXPR_FP_MUL, 32, 0, args), bits_of_f32(x * y));
    assert_int_equal(value_of(EXPR_FP_DIV, 32, 0, args), bits_of_f32(x / y));
    assert_int_equal(value_of(EXPR_FP_SQRT, 32, 0, args), bits_of_f32(sqrtf(x)));
    assert_int_equal(value_of(EXPR_FP_FMA, 32, 0, args), bits_of_f32(fmaf(x, y, z)));
    assert_int_equal(value_of(EXPR_FP_NEAREST, 32, 0, args), bits_of_f32(nearbyintf(x)));
    assert_int_equal(value_of(EXPR_TO_FP_FROM_FP, 64, 64, args), bits_of_f64((double)x));
    assert_int_equal(value_of(EXPR_TO_FP, 32, 32, args), bits_of_f32((float)(int32_t)(uint32_t)a));
    assert_int_equal(truth_of(EXPR_FP_LT, args), x < y);
}

static void test_floats(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (uint32_t i = 0; i < 20000; i++) {
        check_f64(sample(&seed, 64), sample(&seed, 64), sample(&seed, 64));
        check_f32(sample(&seed, 32), sample(&seed, 32), sample(&seed, 32));
    }
}

static void test_zeros_and_nans(void **state)
{
    (void)state;
    const uint64_t minus = UINT64_C(1) << 63, nan = UINT64_C(0x7ff8000000000000);
    const ExprValue zeros[3] = {bits(64, 0), bits(64, minus)};
    const ExprValue swapped[3] = {bits(64, minus), bits(64, 0)};
    const ExprValue one_nan[3] = {bits(64, 0), bits(64, nan | minus | 5)};
    assert_int_equal(value_of(EXPR_FP_MIN, 64, 0, zeros), minus);
    assert_int_equal(value_of(EXPR_FP_MIN, 64, 0, swapped), minus);
    assert_int_equal(value_of(EXPR_FP_MAX, 64, 0, zeros), 0);
    assert_int_equal(value_of(EXPR_FP_MAX, 64, 0, swapped), 0);
    assert_int_equal(value_of(EXPR_FP_MIN, 64, 0, one_nan), nan);
    assert_int_equal(value_of(EXPR_FP_MAX, 64, 0, one_nan), nan);
}

// Integers beyond 128 bits: 2^128 is infinite as f32 and a power as f64; one bit more rounds up.
static void test_wide_integers(void **state)
{
    (void)state;
    ExprValue power = {sort_bv(130), wide_shl(wide_from_u64(1), 128)};
    assert_int_equal(value_of(EXPR_TO_FP_UNSIGNED, 32, 32, &power), 0x7f800000);
    assert_int_equal(value_of(EXPR_TO_FP_UNSIGNED, 64, 64, &power), bits_of_f64(0x1p128));
    assert_int_equal(value_of(EXPR_TO_FP, 64, 64, &power), bits_of_f64(0x1p128));
    power.sort = sort_bv(129);
    assert_int_equal(value_of(EXPR_TO_FP, 64, 64, &power), bits_of_f64(-0x1p128));
    // 2^128 + 2^75 lies halfway between two doubles; the lowest bit decides.
    power.sort = sort_bv(130);
    power.bits.w[1] = UINT64_C(1) << 11;
    assert_int_equal(value_of(EXPR_TO_FP, 64, 64, &power), bits_of_f64(0x1p128));
    power.bits.w[0] = 1;
    assert_int_equal(value_of(EXPR_TO_FP, 64, 64, &power), bits_of_f64(0x1.0000000000001p128));
}

static void test_graph(void **state)
{
    (void)state;
    Arena arena = {0};
    ExprPool *const pool = expr_pool_new(&arena);
    const Expr x = expr_var(pool, STR("x"), sort_bv(64)), y = expr_var(pool, STR("y"), sort_bv(64));
    Expr sum = expr_2(pool, EXPR_FP_ADD, x, y);
    const Expr first = sum;
    for (uint32_t i = 0; i < 40; i++) // shared, so that a tree of it would have 2^40 nodes
        sum = expr_2(pool, EXPR_FP_ADD, sum, sum);
    Eval eval;
    ExprValue out;
    const ExprValue one = bits(64, bits_of_f64(1.0)), two = bits(64, bits_of_f64(2.0));
    eval_begin(&eval, pool, &arena);
    eval_set(&eval, x, &one);
    eval_set(&eval, y, &two);
    assert_true(eval_get(&eval, sum, &out));
    assert_int_equal(out.bits.w[0], bits_of_f64(3.0 * 0x1p40));
    assert_true(eval_get(&eval, first, &out));
    assert_int_equal(out.bits.w[0], bits_of_f64(3.0));
    // The pool has grown since.
    const Expr equal = expr_eq(pool, first, expr_2(pool, EXPR_FP_ADD, y, x));
    assert_true(eval_get(&eval, equal, &out));
    assert_int_equal(out.bits.w[0], 1);
    arena_free(&arena);
}

// The sign of a NaN that is made is the caller's choice; numbers keep theirs.
static void test_signs_of_nans(void **state)
{
    (void)state;
    Arena arena = {0};
    ExprPool *const pool = expr_pool_new(&arena);
    const Expr x = expr_var(pool, STR("x"), sort_bv(64));
    const Expr root = expr_make(pool, EXPR_FP_SQRT, &x, 0, 0);
    const uint64_t minus = UINT64_C(1) << 63, nan = UINT64_C(0x7ff8000000000000);
    const struct {
        uint64_t x, root;
    } rows[] = {{bits_of_f64(4.0), bits_of_f64(2.0)},
                {bits_of_f64(-0.0), bits_of_f64(-0.0)},
                {bits_of_f64(-4.0), nan}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int negative = 0; negative < 2; negative++) {
            Eval eval;
            ExprValue out;
            const ExprValue in = bits(64, rows[i].x);
            eval_begin(&eval, pool, &arena);
            eval.negative_nans = negative != 0;
            eval_set(&eval, x, &in);
            assert_true(eval_get(&eval, root, &out));
            const bool made = rows[i].root == nan && negative != 0;
            assert_int_equal(out.bits.w[0], rows[i].root | (made ? minus : 0));
        }
    arena_free(&arena);
}

// Which widths have floats, and how they are divided, is as where they are computed.
static void test_formats(void **unused)
{
    (void)unused;
    for (uint32_t width = 0; width <= WIDE_MAX_WIDTH; width++) {
        SoftFormat f;
        const bool known = softfloat_of_width(width, &f);
        assert_int_equal(expr_float_exponent(width), known ? f.exp_bits : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floats),        cmocka_unit_test(test_zeros_and_nans),
        cmocka_unit_test(test_wide_integers), cmocka_unit_test(test_graph),
        cmocka_unit_test(test_signs_of_nans), cmocka_unit_test(test_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
