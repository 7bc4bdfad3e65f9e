// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The facts are theorems: each is evaluated with numbers, all of 8 bits and many of 64, with
// factors that are reciprocals and factors that nearly are; and products by parts are the products.

// clang-format off
#include <stddef.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "verify/arith/arith.h"
#include "verify/eval/eval.h"

enum { WIDE = 192 };

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 24 ^ *state << 40;
}

// A question about x, y and a factor, before and after.
typedef struct Case {
    Arena arena;
    ExprPool *pool;
    uint32_t width;
    Expr x, y, factor, top;
    VEC(Expr) before;
    ArithQuestion after;
} Case;

static void ask_about(Case *c, Expr value)
{
    const Expr any = expr_var(c->pool, STR("any"), expr_node(c->pool, value)->sort);
    VEC_PUSH(&c->arena, &c->before, expr_2(c->pool, EXPR_BVULE, any, value));
}

static Expr magnitude(ExprPool *p, Expr x)
{
    return expr_ite(p, expr_2(p, EXPR_BVSLT, x, expr_bv(p, 64, 0)), expr_1(p, EXPR_BVNEG, x), x);
}

static void ask_product(Case *c, Expr factor, Expr divisor)
{
    ask_about(c, expr_2(c->pool, EXPR_BVMUL, expr_zero_ext(c->pool, WIDE, factor),
                        expr_zero_ext(c->pool, WIDE, divisor)));
}

static void begin(Case *c, uint32_t width)
{
    *c = (Case){.width = width};
    ExprPool *const p = c->pool = expr_pool_new(&c->arena);
    c->x = expr_var(p, STR("x"), sort_bv(width));
    c->y = expr_var(p, STR("y"), sort_bv(width));
    c->factor = expr_var(p, STR("factor"), sort_bv(64));
    c->top = expr_var(p, STR("top"), sort_bv(1));
    for (ExprOp op = EXPR_BVUDIV; op <= EXPR_BVSREM; op++)
        ask_about(c, expr_2(p, op, c->x, c->y));
    ask_about(c, expr_2(p, EXPR_BVMUL, c->x, c->y));
    const uint32_t twice = 2 * width;
    const Expr sx = expr_sign_ext(p, twice, c->x), zy = expr_zero_ext(p, twice, c->y);
    ask_about(c, expr_2(p, EXPR_BVMUL, sx, zy));
    ask_about(c, expr_2(p, EXPR_BVMUL, sx, expr_sign_ext(p, twice, c->y)));
    ask_about(c, expr_2(p, EXPR_BVMUL, expr_2(p, EXPR_BVSUB, sx, zy), expr_1(p, EXPR_BVNEG, zy)));
    const Expr parts[] = {c->top, c->factor};
    ask_product(c, expr_make(p, EXPR_CONCAT, parts, 0, 0), c->y);
    ask_product(c, c->factor, magnitude(p, expr_sign_ext(p, 64, c->y)));
    if (width == 64)
        ask_product(c, c->factor,
                    expr_2(p, EXPR_BVLSHR, c->y, expr_1(p, EXPR_CLZ, expr_1(p, EXPR_REV, c->y))));
    arith_rewrite(p, c->before.data, c->before.len, &c->arena, &c->after);
    assert_true(c->after.conditions.len > c->before.len + 20);
}

static void set(Eval *eval, Expr var, uint64_t bits, uint64_t high)
{
    ExprValue value = {expr_node(eval->pool, var)->sort, wide_from_u64(bits)};
    value.bits.w[1] = high;
    value.bits = wide_low(value.bits, value.sort.width);
    eval_set(eval, var, &value);
}

static bool is_true(Eval *eval, Expr e)
{
    ExprValue value;
    assert_true(eval_get(eval, e, &value));
    return value.bits.w[0] != 0;
}

typedef struct Numbers {
    uint64_t x, y, factor, top;
} Numbers;

static void try_numbers(Case *c, const Numbers *n, uint64_t any)
{
    Arena scratch = {0};
    Eval eval;
    eval_begin(&eval, c->pool, &scratch);
    for (uint32_t i = 0; i < c->pool->nodes.len; i++)
        if (c->pool->nodes.data[i].op == EXPR_VAR)
            set(&eval, (Expr){i}, any * (i | 1), any);
    set(&eval, c->x, n->x, 0);
    set(&eval, c->y, n->y, 0);
    set(&eval, c->factor, n->factor, 0);
    set(&eval, c->top, n->top, 0);
    for (uint32_t i = 0; i < c->after.names.len; i++) {
        ExprValue product;
        assert_true(eval_get(&eval, c->after.names.data[i].product, &product));
        eval_set(&eval, c->after.names.data[i].var, &product);
    }
    for (uint32_t i = 0; i < c->after.conditions.len; i++) {
        const bool was = i >= c->before.len || is_true(&eval, c->before.data[i]);
        if (is_true(&eval, c->after.conditions.data[i]) == was)
            continue;
        StrBuf text = {.arena = &scratch};
        expr_print(c->pool, c->after.conditions.data[i], 8, &text);
        buf_char(&text, 0);
        fail_msg("x %llx y %llx factor %llx top %llx: %s", (unsigned long long)n->x,
                 (unsigned long long)n->y, (unsigned long long)n->factor,
                 (unsigned long long)n->top, text.data);
    }
    arena_free(&scratch);
}

// 2^s / d + 1 or a neighbour, of 65 bits.
static void pick_factor(Numbers *n, uint64_t divisor, uint64_t pick)
{
    const uint32_t s = (uint32_t)(pick >> 8) % 128;
    uint128 factor = divisor == 0 ? pick : ((uint128)1 << s) / divisor + 1;
    if (pick % 4 == 0)
        factor += pick & 16 ? 1 : (uint128)-1;
    n->factor = (uint64_t)factor;
    n->top = (uint64_t)(factor >> 64) & 1;
}

static void all_of_8_bits(void **unused)
{
    (void)unused;
    Case c;
    begin(&c, 8);
    uint64_t state = 1;
    for (uint64_t i = 0; i < 65536; i++) {
        const uint64_t pick = next_random(&state);
        Numbers n = {.x = i & 255, .y = i >> 8};
        const uint64_t size = pick & 1 && n.y > 127 ? 256 - n.y : n.y;
        pick_factor(&n, size, pick >> 1);
        try_numbers(&c, &n, pick);
    }
    arena_free(&c.arena);
}

static uint64_t next_number(uint64_t *state)
{
    static const uint64_t edges[] = {0,          1,       2, 3, INT64_MAX, (uint64_t)1 << 63,
                                     UINT64_MAX, 1u << 31};
    const uint64_t r = next_random(state);
    if (r % 4 == 0)
        return edges[(r >> 8) % 8];
    if (r % 4 == 1) // a power of two, or minus one
        return (r & 64 ? 0 - (uint64_t)1 : 1) << (r >> 8) % 64;
    return next_random(state) >> (r >> 8) % 64;
}

static void many_of_64_bits(void **unused)
{
    (void)unused;
    Case c;
    begin(&c, 64);
    uint64_t state = 2;
    for (uint32_t i = 0; i < 20000; i++) {
        const uint64_t pick = next_random(&state);
        Numbers n = {.x = next_number(&state), .y = next_number(&state)};
        uint64_t size = pick & 1 && n.y >> 63 ? 0 - n.y : n.y;
        while (pick & 2 && size != 0 && size % 2 == 0)
            size /= 2;
        pick_factor(&n, size, pick >> 2);
        try_numbers(&c, &n, pick);
    }
    arena_free(&c.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_of_8_bits),
                                       cmocka_unit_test(many_of_64_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
