// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The normal form of a question says the same as the question: random conditions are true of the
// same values before and after. And what it is made for: identities become one node.

#include "verify/smt/smt.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

enum { VARS = 3, GROWN = 14, QUESTIONS = 4000, POINTS = 24, MAX_CONDITIONS = 3 };

typedef struct Fixture {
    Arena arena;
    ExprPool *pool;
    uint64_t state;
    uint32_t width, bits; // 2^bits
    Expr vars[VARS];
    Expr made[VARS + GROWN];
    uint32_t count;
} Fixture;

static uint32_t draw(Fixture *f, uint32_t below)
{
    f->state = f->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(f->state >> 33) % below;
}

// Few values, so that conditions hold now and then.
static Expr draw_number(Fixture *f)
{
    const Expr small = expr_bv(f->pool, f->width, draw(f, 3));
    switch (draw(f, 4)) {
    case 0: return small;
    case 1: return expr_1(f->pool, EXPR_BVNEG, small);
    case 2: return expr_bv(f->pool, f->width, UINT64_C(1) << draw(f, f->width));
    default: return expr_bv(f->pool, f->width, draw(f, 0x10000));
    }
}

static Expr draw_made(Fixture *f)
{
    return f->made[draw(f, f->count)];
}

// A number below the width, in the ways in which rules write it.
static Expr draw_amount(Fixture *f, Expr x)
{
    const Expr low = expr_extract(f->pool, f->bits - 1, 0, x);
    switch (draw(f, 4)) {
    case 0: return expr_2(f->pool, EXPR_BVAND, x, expr_bv(f->pool, f->width, f->width - 1));
    case 1: return expr_zero_ext(f->pool, f->width, low);
    case 2: return expr_zero_ext(f->pool, f->width, expr_1(f->pool, EXPR_BVNEG, low));
    default: return draw(f, 4) == 0 ? x : expr_zero_ext(f->pool, f->width, low);
    }
}

// Low bits above high ones.
static Expr exchanged(Fixture *f, Expr x)
{
    const uint32_t split = 1 + draw(f, f->width - 1);
    const Expr parts[] = {expr_extract(f->pool, split - 1, 0, x),
                          expr_extract(f->pool, f->width - 1, split, x)};
    return expr_make(f->pool, EXPR_CONCAT, parts, 0, 0);
}

// Of a power of two, or minus one.
static Expr draw_power(Fixture *f)
{
    const Expr power = expr_bv(f->pool, f->width, UINT64_C(1) << draw(f, f->width));
    return draw(f, 2) ? power : expr_1(f->pool, EXPR_BVNEG, power);
}

static const ExprOp binary[] = {EXPR_BVADD, EXPR_BVADD, EXPR_BVSUB, EXPR_BVSUB,
                                EXPR_BVAND, EXPR_BVOR,  EXPR_BVXOR, EXPR_BVMUL};
static const ExprOp shifts[] = {EXPR_BVSHL, EXPR_BVLSHR, EXPR_BVASHR, EXPR_ROTL, EXPR_ROTR};
static const ExprOp unary[] = {EXPR_BVNEG, EXPR_BVNOT, EXPR_POPCNT, EXPR_REV};

#define PICK(f, list) (list)[draw(f, sizeof(list) / sizeof((list)[0]))]

static Expr grow(Fixture *f)
{
    const Expr x = draw_made(f), y = draw_made(f);
    switch (draw(f, 9)) {
    case 0:
    case 1: return expr_2(f->pool, PICK(f, binary), x, y);
    case 2: return expr_2(f->pool, PICK(f, binary), x, draw_number(f));
    case 3: return expr_2(f->pool, PICK(f, shifts), x, draw_amount(f, y));
    case 4: // forth and back
        return expr_2(f->pool, PICK(f, binary), expr_2(f->pool, EXPR_BVSHL, x, draw_amount(f, y)),
                      expr_2(f->pool, EXPR_BVLSHR, x, draw_amount(f, y)));
    case 5: return expr_1(f->pool, PICK(f, unary), x);
    case 6: return exchanged(f, x);
    case 7: return expr_2(f->pool, draw(f, 2) ? EXPR_BVSDIV : EXPR_BVSREM, x, draw_power(f));
    default:
        return expr_ite(f->pool, expr_eq(f->pool, x, draw_number(f)), draw_number(f),
                        draw_number(f));
    }
}

static Expr draw_condition(Fixture *f)
{
    const Expr x = draw_made(f), y = draw(f, 2) ? draw_made(f) : draw_number(f);
    const Expr is = draw(f, 4) == 0 ? expr_2(f->pool, EXPR_BVULT, x, y) : expr_eq(f->pool, x, y);
    return draw(f, 3) == 0 ? expr_not(f->pool, is) : is;
}

static void begin(Fixture *f, uint32_t bits, uint64_t seed)
{
    *f = (Fixture){.bits = bits, .width = 1u << bits, .state = seed};
    f->pool = expr_pool_new(&f->arena);
    for (uint32_t i = 0; i < VARS; i++)
        f->made[f->count++] = f->vars[i] = expr_var(f->pool, STR("x"), sort_bv(f->width));
}

// Whether all conditions hold for these values of the variables.
static bool holds(Fixture *f, const Expr *conditions, uint32_t count, const Expr *values)
{
    Expr own[MAX_CONDITIONS];
    const uint32_t size = f->vars[VARS - 1].index + 1;
    Expr *const by = ARENA_ARRAY(&f->arena, Expr, size);
    for (uint32_t i = 0; i < size; i++)
        by[i] = EXPR_NONE;
    for (uint32_t i = 0; i < VARS; i++)
        by[f->vars[i].index] = values[i];
    memcpy(own, conditions, count * sizeof(*own));
    expr_substitute(f->pool, by, size, own, count);
    bool all = true;
    for (uint32_t i = 0; i < count; i++) {
        assert_true(expr_is_const(f->pool, own[i], NULL));
        all = all && expr_is_true(f->pool, own[i]);
    }
    return all;
}

// Compares a question with its form. The number of points at which it holds.
static uint32_t compare(Fixture *f, bool *changed)
{
    Expr before[MAX_CONDITIONS], after[MAX_CONDITIONS];
    const uint32_t count = 1 + draw(f, MAX_CONDITIONS);
    while (f->count < VARS + GROWN)
        f->made[f->count++] = grow(f);
    for (uint32_t i = 0; i < count; i++)
        before[i] = after[i] = draw_condition(f);
    *changed = smt_normal_form(f->pool, after, count, &f->arena);
    uint32_t held = 0;
    for (uint32_t p = 0; p < POINTS; p++) {
        Expr values[VARS];
        for (uint32_t i = 0; i < VARS; i++)
            values[i] = draw_number(f);
        const bool want = holds(f, before, count, values);
        assert_int_equal(want, holds(f, after, count, values));
        held += want;
    }
    return held;
}

static void forms_say_the_same(void **unused)
{
    (void)unused;
    uint32_t held = 0, changed = 0;
    for (uint32_t q = 0; q < QUESTIONS; q++) {
        Fixture f;
        bool other;
        begin(&f, 2 + q % 5, q + 1);
        held += compare(&f, &other);
        changed += other;
        arena_free(&f.arena);
    }
    // The sample is of no use where nothing happens.
    assert_true(changed > QUESTIONS / 2);
    assert_true(held > QUESTIONS);
}

static bool is_plain(Fixture *f, Expr left, Expr right)
{
    Expr differ = expr_not(f->pool, expr_eq(f->pool, left, right));
    smt_normal_form(f->pool, &differ, 1, &f->arena);
    return expr_is_false(f->pool, differ);
}

// Both sides of identities become one node, and those of wrong ones do not.
static void identities_are_plain(void **unused)
{
    (void)unused;
    Fixture f;
    begin(&f, 7, 1);
    ExprPool *const p = f.pool;
    const Expr x = f.vars[0], y = f.vars[1], z = f.vars[2];
    const Expr one = expr_bv(p, 128, 1), mask = expr_bv(p, 128, 127);
    const Expr k = expr_2(p, EXPR_BVAND, y, mask);
    // -(~x) = x + 1; (x - y) + (y - z) = x - z; 3x - x = x + x.
    const Expr plus = expr_2(p, EXPR_BVADD, x, one);
    assert_true(is_plain(&f, expr_1(p, EXPR_BVNEG, expr_1(p, EXPR_BVNOT, x)), plus));
    assert_false(is_plain(&f, expr_1(p, EXPR_BVNEG, x), plus));
    assert_true(is_plain(
        &f, expr_2(p, EXPR_BVADD, expr_2(p, EXPR_BVSUB, x, y), expr_2(p, EXPR_BVSUB, y, z)),
        expr_2(p, EXPR_BVSUB, x, z)));
    assert_true(is_plain(&f, expr_2(p, EXPR_BVSUB, expr_2(p, EXPR_BVMUL, x, expr_bv(p, 128, 3)), x),
                         expr_2(p, EXPR_BVADD, x, x)));
    // Turned by y and back, shifted by y and then by z, up and down.
    assert_true(is_plain(&f, expr_2(p, EXPR_ROTR, expr_2(p, EXPR_ROTL, x, y), y), x));
    assert_false(is_plain(&f, expr_2(p, EXPR_ROTR, expr_2(p, EXPR_ROTL, x, y), z), x));
    const Expr n = expr_2(p, EXPR_BVAND, z, mask);
    assert_true(is_plain(&f, expr_2(p, EXPR_BVLSHR, expr_2(p, EXPR_BVLSHR, x, k), n),
                         expr_2(p, EXPR_BVLSHR, expr_2(p, EXPR_BVLSHR, x, n), k)));
    assert_true(
        is_plain(&f, expr_2(p, EXPR_BVSHL, expr_2(p, EXPR_BVASHR, x, k), k),
                 expr_2(p, EXPR_BVAND, x,
                        expr_2(p, EXPR_BVSHL, expr_1(p, EXPR_BVNOT, expr_bv(p, 128, 0)), k))));
    // As many ones.
    assert_true(
        is_plain(&f, expr_1(p, EXPR_POPCNT, expr_1(p, EXPR_REV, x)), expr_1(p, EXPR_POPCNT, x)));
    assert_true(is_plain(&f, expr_1(p, EXPR_POPCNT, exchanged(&f, x)), expr_1(p, EXPR_POPCNT, x)));
    arena_free(&f.arena);
}

// x / 2^k and x % 2^k by shifts are what the solver means by them.
static void quotients_by_powers(void **unused)
{
    (void)unused;
    for (uint32_t bits = 2; bits <= 4; bits++) {
        Fixture f;
        begin(&f, bits, 1);
        for (uint32_t k = 0; k < 2 * f.width; k++) {
            const Expr power = expr_bv(f.pool, f.width, UINT64_C(1) << k % f.width);
            const Expr by = k < f.width ? power : expr_1(f.pool, EXPR_BVNEG, power);
            for (uint32_t rest = 0; rest < 2; rest++) {
                const Expr plain = expr_2(f.pool, rest ? EXPR_BVSREM : EXPR_BVSDIV, f.vars[0], by);
                Expr form = expr_eq(f.pool, plain, f.vars[1]);
                const Expr before = form;
                smt_normal_form(f.pool, &form, 1, &f.arena);
                const Expr differ = expr_not(f.pool, expr_eq(f.pool, before, form));
                assert_int_equal(smt_check(f.pool, &differ, 1, 0, &f.arena).verdict, SMT_UNSAT);
            }
        }
        arena_free(&f.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(forms_say_the_same),
                                       cmocka_unit_test(identities_are_plain),
                                       cmocka_unit_test(quotients_by_powers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
