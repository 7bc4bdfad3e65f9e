// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants against the machine's arithmetic, and simplified expressions against unsimplified ones.

// clang-format off
#include <stddef.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "verify/expr/expr.h"

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 24 ^ *state << 40;
}

// Numbers with many edges among them.
static uint64_t next_number(uint64_t *state)
{
    static const uint64_t edges[] = {0,          1,          2,          7,
                                     8,          0x7f,       0x80,       0xff,
                                     0x7fffffff, 0x80000000, UINT64_MAX, (uint64_t)1 << 63,
                                     INT64_MAX};
    const uint64_t r = next_random(state);
    return r % 3 == 0 ? edges[(r >> 8) % (sizeof(edges) / sizeof(edges[0]))] : next_random(state);
}

typedef struct Sample {
    uint32_t width;
    uint64_t x, y, mask;
    int64_t sx, sy;
} Sample;

static uint64_t expected(ExprOp op, const Sample *s)
{
    const uint64_t n = s->y % s->width;
    switch ((int)op) {
    case EXPR_BVADD: return s->x + s->y;
    case EXPR_BVSUB: return s->x - s->y;
    case EXPR_BVMUL: return s->x * s->y;
    case EXPR_BVAND: return s->x & s->y;
    case EXPR_BVOR: return s->x | s->y;
    case EXPR_BVXOR: return s->x ^ s->y;
    case EXPR_BVUDIV: return s->y == 0 ? UINT64_MAX : s->x / s->y;
    case EXPR_BVUREM: return s->y == 0 ? s->x : s->x % s->y;
    case EXPR_BVSDIV:
        if (s->y == 0)
            return s->sx < 0 ? 1 : UINT64_MAX;
        return s->sy == -1 ? 0 - s->x : (uint64_t)(s->sx / s->sy);
    case EXPR_BVSREM:
        if (s->y == 0)
            return s->x;
        return s->sy == -1 ? 0 : (uint64_t)(s->sx % s->sy);
    case EXPR_BVSHL: return s->y >= s->width ? 0 : s->x << s->y;
    case EXPR_BVLSHR: return s->y >= s->width ? 0 : s->x >> s->y;
    case EXPR_BVASHR: return (uint64_t)(s->sx >> (s->y >= s->width ? 63 : s->y));
    case EXPR_ROTL: return n == 0 ? s->x : s->x << n | s->x >> (s->width - n);
    case EXPR_ROTR: return n == 0 ? s->x : s->x >> n | s->x << (s->width - n);
    default: UNREACHABLE();
    }
}

static bool expected_order(ExprOp op, const Sample *s)
{
    switch ((int)op) {
    case EXPR_BVULT: return s->x < s->y;
    case EXPR_BVULE: return s->x <= s->y;
    case EXPR_BVSLT: return s->sx < s->sy;
    case EXPR_BVSLE: return s->sx <= s->sy;
    default: UNREACHABLE();
    }
}

static Sample next_sample(uint64_t *state)
{
    static const uint32_t widths[] = {1, 7, 8, 16, 31, 32, 63, 64};
    Sample s = {.width = widths[next_random(state) % 8]};
    s.mask = UINT64_MAX >> (64 - s.width);
    s.x = next_number(state) & s.mask;
    s.y = next_number(state) & s.mask;
    s.sx = (int64_t)(s.x << (64 - s.width)) >> (64 - s.width);
    s.sy = (int64_t)(s.y << (64 - s.width)) >> (64 - s.width);
    return s;
}

static void arithmetic_is_the_machines(void **unused)
{
    (void)unused;
    Arena arena = {0};
    uint64_t state = 1;
    for (uint32_t round = 0; round < 200; round++) {
        ExprPool *const pool = expr_pool_new(&arena);
        for (uint32_t i = 0; i < 20; i++) {
            const Sample s = next_sample(&state);
            const Expr x = expr_bv(pool, s.width, s.x), y = expr_bv(pool, s.width, s.y);
            for (ExprOp op = EXPR_BVAND; op <= EXPR_ROTR; op++)
                assert_int_equal(expr_2(pool, op, x, y).index,
                                 expr_bv(pool, s.width, expected(op, &s)).index);
            for (ExprOp op = EXPR_BVULT; op <= EXPR_BVSLE; op++)
                assert_int_equal(expr_2(pool, op, x, y).index,
                                 expr_bool(pool, expected_order(op, &s)).index);
        }
        arena_reset(&arena);
    }
    arena_free(&arena);
}

// Numbers of 256 bits: (x << 192) / (y << 128) and so on have results that 64 bits show.
static void wide_numbers(void **unused)
{
    (void)unused;
    uint64_t state = 2;
    for (uint32_t i = 0; i < 2000; i++) {
        const uint64_t x = next_number(&state), y = next_number(&state) | 1;
        const uint32_t n = (uint32_t)(next_random(&state) % 193);
        const Sort sort = sort_bv(256);
        const ExprValue args[] = {{sort, wide_shl(wide_from_u64(x), n)},
                                  {sort, wide_shl(wide_from_u64(y), n)}};
        ExprNode node = {.op = EXPR_BVUDIV, .sort = sort, .num_args = 2};
        ExprValue out;
        assert_true(expr_fold(&node, args, &out));
        assert_int_equal(out.bits.w[0], x / y);
        assert_int_equal(out.bits.w[1] | out.bits.w[2] | out.bits.w[3], 0);
        node.op = EXPR_BVUREM;
        assert_true(expr_fold(&node, args, &out));
        const Wide rest = wide_shl(wide_from_u64(x % y), n);
        assert_true(wide_equal(&out.bits, &rest));
        const ExprValue back[] = {{sort, args[0].bits}, {sort, wide_from_u64(n)}};
        node.op = EXPR_BVASHR;
        assert_true(expr_fold(&node, back, &out));
        assert_int_equal(out.bits.w[0], x);
        assert_int_equal(out.bits.w[3], n == 192 && x >> 63 ? UINT64_MAX : 0);
    }
}

static void bit_counts(void **unused)
{
    (void)unused;
    Arena arena = {0};
    ExprPool *const pool = expr_pool_new(&arena);
    static const struct {
        ExprOp op;
        uint64_t x, y;
    } cases[] = {{EXPR_POPCNT, 0xa5, 4},  {EXPR_CLZ, 0, 8},       {EXPR_CLZ, 0x10, 3},
                 {EXPR_CLS, 0, 7},        {EXPR_CLS, 0xff, 7},    {EXPR_CLS, 0xf0, 3},
                 {EXPR_CLS, 0x10, 2},     {EXPR_REV, 0x12, 0x48}, {EXPR_BVNOT, 0x0f, 0xf0},
                 {EXPR_BVNEG, 0x80, 0x80}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(expr_1(pool, cases[i].op, expr_bv(pool, 8, cases[i].x)).index,
                         expr_bv(pool, 8, cases[i].y).index);
    arena_free(&arena);
}

// ---- Simplification ----

typedef struct Random {
    ExprPool *pool;
    uint64_t state;
    Expr vars[4];
} Random;

static Expr random_bv(Random *r, uint32_t width, uint32_t depth);

static Expr random_bool(Random *r, uint32_t depth)
{
    const uint64_t pick = next_random(&r->state);
    const uint32_t width = 1 + (uint32_t)(pick >> 16) % 9;
    const Expr a = random_bv(r, width, depth - 1), b = random_bv(r, width, depth - 1);
    switch (pick % 5) {
    case 0: return expr_eq(r->pool, a, b);
    case 1: return expr_2(r->pool, EXPR_BVULE, a, b);
    case 2: return expr_2(r->pool, EXPR_BVSLT, a, b);
    case 3:
        return depth < 2 ? expr_bool(r->pool, true)
                         : expr_and(r->pool, random_bool(r, depth - 1), random_bool(r, depth - 1));
    default: return expr_not(r->pool, expr_eq(r->pool, a, expr_bv(r->pool, width, pick >> 32)));
    }
}

static Expr random_width(Random *r, uint32_t width, uint32_t depth, uint64_t pick)
{
    const uint32_t other = 1 + (uint32_t)(pick >> 16) % 7;
    if (pick % 4 == 0 && other < width)
        return expr_zero_ext(r->pool, width, random_bv(r, other, depth));
    if (pick % 4 == 1 && other < width)
        return expr_sign_ext(r->pool, width, random_bv(r, other, depth));
    if (pick % 4 == 2 && other < width) {
        const Expr parts[] = {random_bv(r, other, depth), random_bv(r, width - other, depth)};
        return expr_make(r->pool, EXPR_CONCAT, parts, 0, 0);
    }
    const uint32_t low = (uint32_t)(pick >> 32) % 4;
    return expr_extract(r->pool, width + low - 1, low, random_bv(r, width + low + other, depth));
}

static Expr random_bv(Random *r, uint32_t width, uint32_t depth)
{
    const uint64_t pick = next_random(&r->state);
    if (depth == 0 || pick % 8 == 0) {
        if (pick % 3 == 0)
            return expr_bv(r->pool, width, next_number(&r->state));
        const Expr var = r->vars[(pick >> 8) % 4];
        return width <= 40 ? expr_extract(r->pool, width - 1, 0, var)
                           : expr_zero_ext(r->pool, width, var);
    }
    if (pick % 8 == 1)
        return expr_ite(r->pool, random_bool(r, depth), random_bv(r, width, depth - 1),
                        random_bv(r, width, depth - 1));
    if (pick % 8 <= 4)
        return random_width(r, width, depth - 1, pick >> 8);
    const ExprOp op = (ExprOp)((uint64_t)EXPR_BVAND + (pick >> 8) % (EXPR_ROTR - EXPR_BVAND + 1));
    if (pick % 8 == 5)
        return expr_1(r->pool, pick & 256 ? EXPR_BVNOT : EXPR_BVNEG,
                      random_bv(r, width, depth - 1));
    return expr_2(r->pool, op, random_bv(r, width, depth - 1), random_bv(r, width, depth - 1));
}

// The same random choices give the same expression, once over variables and simplified, once over
// constants and folded: putting the constants in for the variables must give the folded one.
static void simplified_is_equal(void **unused)
{
    (void)unused;
    Arena arena = {0};
    for (uint64_t seed = 0; seed < 20000; seed++) {
        ExprPool *const pool = expr_pool_new(&arena);
        Random symbolic = {pool, seed, {{0}}}, concrete = {pool, seed, {{0}}};
        uint64_t values = seed;
        for (uint32_t i = 0; i < 4; i++) {
            symbolic.vars[i] = expr_var(pool, STR("v"), sort_bv(40));
            concrete.vars[i] = expr_bv(pool, 40, next_number(&values));
        }
        const uint32_t width = 1 + (uint32_t)(seed % 64);
        Expr a = random_bv(&symbolic, width, 5);
        const Expr b = random_bv(&concrete, width, 5);
        Expr *const by = ARENA_ARRAY(&arena, Expr, pool->nodes.len);
        for (uint32_t i = 0; i < pool->nodes.len; i++)
            by[i] = EXPR_NONE;
        for (uint32_t i = 0; i < 4; i++)
            by[symbolic.vars[i].index] = concrete.vars[i];
        expr_substitute(pool, by, pool->nodes.len, &a, 1);
        assert_true(expr_is_const(pool, b, NULL));
        if (!expr_same(a, b))
            fail_msg("seed %llu", (unsigned long long)seed);
        arena_reset(&arena);
    }
    arena_free(&arena);
}

// What lowering rules rely on most.
static void low_bits_move_inwards(void **unused)
{
    (void)unused;
    Arena arena = {0};
    ExprPool *const pool = expr_pool_new(&arena);
    const Expr x = expr_var(pool, STR("x"), sort_bv(8)), y = expr_var(pool, STR("y"), sort_bv(8));
    const Expr high = expr_var(pool, STR("high"), sort_bv(56));
    const Expr parts[] = {high, x};
    const Expr wide = expr_make(pool, EXPR_CONCAT, parts, 0, 0);
    const Expr sum = expr_2(pool, EXPR_BVADD, wide, expr_zero_ext(pool, 64, y));
    const Expr low =
        expr_extract(pool, 7, 0, expr_zero_ext(pool, 64, expr_extract(pool, 31, 0, sum)));
    assert_int_equal(low.index, expr_2(pool, EXPR_BVADD, y, x).index);
    StrBuf text = {.arena = &arena};
    expr_print(pool, expr_eq(pool, expr_extract(pool, 6, 3, high), expr_bv(pool, 4, 9)), 9, &text);
    buf_char(&text, 0);
    assert_string_equal(text.data, "(= 0x9 (extract 6 3 high.2))");
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(arithmetic_is_the_machines),
                                       cmocka_unit_test(wide_numbers), cmocka_unit_test(bit_counts),
                                       cmocka_unit_test(simplified_is_equal),
                                       cmocka_unit_test(low_bits_move_inwards)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
