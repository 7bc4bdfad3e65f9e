// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Facts on floats that are rounded to whole numbers, all of them true for all values. p is the
// number of bits of a float's fraction: numbers from 2^p on are whole.
//
// A float x truncated is at most one away from x rounded up or down, on the known side of it. A
// whole number below 2^p and one more or less of it are floats, so that the sum and the difference
// are exact: floor(x) is trunc(x), or that less 1 where it lies above x, with the sign of x for a
// zero.
//
// For 0 <= a < 2^p the sum a + 2^p lies between 2^p and 2^(p + 1), where floats are the whole
// numbers: it is the nearest one, ties to even, as 2^p is even. Less 2^p, which is exact, that is
// nearest(a). Rounding to nearest knows no direction, so nearest(-a) is -nearest(a).
//
// What an integer holds of a float truncated has no more bits than the fraction: back in a float it
// is the float truncated, but for the sign of a zero.

#include "verify/arith/arith_internal.h"

// The widest signed integers that there are facts on: their ends are floats of 32 bits, too.
enum { MAX_INTEGER = 128 };

static void add(Facts *f, Expr when, Expr left, Expr right)
{
    arith_add_fact(f, expr_implies(f->pool, when, expr_eq(f->pool, left, right)));
}

uint32_t arith_float_fraction(uint32_t width)
{
    return width - 1 - expr_float_exponent(width);
}

uint32_t arith_float_bias(uint32_t width)
{
    return (1u << (expr_float_exponent(width) - 1)) - 1;
}

Expr arith_float_power(ExprPool *p, uint32_t width, int32_t exponent)
{
    const uint64_t field = (uint64_t)((int32_t)arith_float_bias(width) + exponent);
    return expr_bv(p, width, field << arith_float_fraction(width));
}

Expr arith_float_sign_mask(ExprPool *p, uint32_t width)
{
    return expr_bv(p, width, UINT64_C(1) << (width - 1));
}

Expr arith_float_without_sign(ExprPool *p, Expr x)
{
    return expr_2(p, EXPR_BVAND, x,
                  expr_1(p, EXPR_BVNOT, arith_float_sign_mask(p, expr_width(p, x))));
}

// 2^p.
static Expr first_whole(ExprPool *p, uint32_t width)
{
    return arith_float_power(p, width, (int32_t)arith_float_fraction(width));
}

// |x| < 2^p; no NaN is.
static Expr has_fraction(ExprPool *p, Expr x)
{
    const uint32_t width = expr_width(p, x);
    return expr_2(p, EXPR_FP_LT, arith_float_without_sign(p, x), first_whole(p, width));
}

// Whatever is rounded: whole numbers are what they are.
static void whole_fact(Facts *f, Expr rounded, Expr x)
{
    ExprPool *const p = f->pool;
    const uint32_t width = expr_width(p, x);
    const Expr least = first_whole(p, width);
    add(f, expr_2(p, EXPR_FP_LE, least, arith_float_without_sign(p, x)), rounded, x);
}

// `moved` is cut - 1 (or cut + 1), and rounded is floor(x) (or ceil(x)).
static void step_fact(Facts *f, Expr rounded, Expr moved, Expr cut, Expr one)
{
    ExprPool *const p = f->pool;
    const ExprNode n = *expr_node(p, rounded);
    const Expr x = n.args[0];
    const Expr is_cut = expr_eq(p, cut, expr_1(p, EXPR_FP_TRUNC, x));
    const Expr is_one = expr_eq(p, one, arith_float_power(p, expr_width(p, x), 0));
    const Expr beyond =
        n.op == EXPR_FP_FLOOR ? expr_2(p, EXPR_FP_LT, x, cut) : expr_2(p, EXPR_FP_LT, cut, x);
    add(f, expr_and(p, has_fraction(p, x), expr_and(p, is_cut, is_one)), rounded,
        expr_ite(p, beyond, moved, cut));
}

// `down` is (a + 2^p) - 2^p with a = |x|.
static void nearest_fact(Facts *f, Expr rounded, Expr down, Expr up)
{
    ExprPool *const p = f->pool;
    const Expr x = expr_node(p, rounded)->args[0], size = arith_float_without_sign(p, x);
    const uint32_t width = expr_width(p, x);
    const Expr whole = first_whole(p, width);
    const ExprNode sum = *expr_node(p, up), difference = *expr_node(p, down);
    const Expr adds =
        expr_or(p, expr_and(p, expr_eq(p, sum.args[0], size), expr_eq(p, sum.args[1], whole)),
                expr_and(p, expr_eq(p, sum.args[1], size), expr_eq(p, sum.args[0], whole)));
    const Expr subtracts =
        expr_and(p, expr_eq(p, difference.args[0], up), expr_eq(p, difference.args[1], whole));
    const Expr sign = expr_2(p, EXPR_BVAND, x, arith_float_sign_mask(p, width));
    add(f, expr_and(p, has_fraction(p, x), expr_and(p, adds, subtracts)), rounded,
        expr_2(p, EXPR_BVOR, down, sign));
}

Expr arith_float_fits_signed(ExprPool *p, Expr x, uint32_t bits)
{
    const uint32_t width = expr_width(p, x);
    const Expr end = arith_float_power(p, width, (int32_t)bits - 1);
    const Expr least = expr_2(p, EXPR_BVOR, end, arith_float_sign_mask(p, width));
    const Expr cut = expr_1(p, EXPR_FP_TRUNC, x);
    return expr_and(p, expr_2(p, EXPR_FP_LE, least, cut), expr_2(p, EXPR_FP_LT, x, end));
}

// `back` is a float of `held`, and `whole` is x truncated, as an integer.
static void back_fact(Facts *f, Expr back, Expr whole)
{
    ExprPool *const p = f->pool;
    const Expr held = expr_node(p, back)->args[0], x = expr_node(p, whole)->args[0];
    const uint32_t bits = expr_width(p, whole);
    if (bits > MAX_INTEGER)
        return;
    const Expr cut = expr_1(p, EXPR_FP_TRUNC, x), zero = expr_bv(p, expr_width(p, x), 0);
    const Expr fits = arith_float_fits_signed(p, x, bits);
    add(f, expr_and(p, fits, expr_eq(p, held, whole)), back,
        expr_ite(p, expr_eq(p, arith_float_without_sign(p, cut), zero), zero, cut));
}

// ---- Which nodes they are about ----

static Exprs *list_of(FloatNodes *nodes, ExprOp op)
{
    switch ((int)op) {
    case EXPR_FP_CEIL:
    case EXPR_FP_FLOOR:
    case EXPR_FP_TRUNC:
    case EXPR_FP_NEAREST: return &nodes->roundings;
    case EXPR_FP_ADD: return &nodes->sums;
    case EXPR_FP_SUB: return &nodes->differences;
    case EXPR_FP_MUL: return &nodes->products;
    case EXPR_FP_FMA: return &nodes->fused;
    case EXPR_TO_FP: return &nodes->from_signed;
    case EXPR_TO_FP_UNSIGNED: return &nodes->from_unsigned;
    case EXPR_FP_TO_SBV: return &nodes->to_signed;
    case EXPR_FP_TO_UBV: return &nodes->to_unsigned;
    case EXPR_TO_FP_FROM_FP: return &nodes->promoted;
    case EXPR_BVSHL: return &nodes->shifted;
    default: return NULL;
    }
}

// The widths that there are facts on: of floats, of numbers that are shifted.
static bool has_facts(const ExprPool *pool, const ExprNode *n)
{
    const bool to_int = n->op == EXPR_FP_TO_SBV || n->op == EXPR_FP_TO_UBV;
    const uint32_t width = to_int ? expr_width(pool, n->args[0]) : n->sort.width;
    return n->op == EXPR_BVSHL ? width == 128 : width == 32 || width == 64;
}

static FloatNodes nodes_of(const Facts *f, const Bitset *wanted)
{
    FloatNodes nodes = {.roundings = {0}};
    for (uint32_t i = 0; i < wanted->size; i++) {
        const ExprNode *const n = &f->pool->nodes.data[i];
        Exprs *const list = bitset_has(wanted, i) ? list_of(&nodes, n->op) : NULL;
        if (list != NULL && has_facts(f->pool, n))
            VEC_PUSH(f->arena, list, ((Expr){i}));
    }
    return nodes;
}

static void rounding_facts(Facts *f, const FloatNodes *nodes, Expr rounded)
{
    ExprPool *const p = f->pool;
    const ExprNode r = *expr_node(p, rounded);
    whole_fact(f, rounded, r.args[0]);
    for (uint32_t i = 0; r.op == EXPR_FP_CEIL && i < nodes->sums.len; i++) {
        const Expr sum = nodes->sums.data[i];
        const ExprNode n = *expr_node(p, sum);
        if (n.sort.width != r.sort.width)
            continue;
        step_fact(f, rounded, sum, n.args[0], n.args[1]);
        step_fact(f, rounded, sum, n.args[1], n.args[0]);
    }
    for (uint32_t i = 0; i < nodes->differences.len; i++) {
        const Expr difference = nodes->differences.data[i];
        const ExprNode n = *expr_node(p, difference);
        if (n.sort.width != r.sort.width)
            continue;
        if (r.op == EXPR_FP_FLOOR)
            step_fact(f, rounded, difference, n.args[0], n.args[1]);
        for (uint32_t k = 0; r.op == EXPR_FP_NEAREST && k < nodes->sums.len; k++)
            if (expr_width(p, nodes->sums.data[k]) == n.sort.width)
                nearest_fact(f, rounded, difference, nodes->sums.data[k]);
    }
}

static void back_facts(Facts *f, const FloatNodes *nodes)
{
    ExprPool *const p = f->pool;
    for (uint32_t i = 0; i < nodes->from_signed.len; i++)
        for (uint32_t k = 0; k < nodes->to_signed.len; k++) {
            const Expr back = nodes->from_signed.data[i], whole = nodes->to_signed.data[k];
            const ExprNode b = *expr_node(p, back), w = *expr_node(p, whole);
            if (w.sort.width == expr_width(p, b.args[0]) &&
                expr_width(p, w.args[0]) == b.sort.width)
                back_fact(f, back, whole);
        }
}

void arith_float_facts(Facts *facts, const Bitset *wanted)
{
    const FloatNodes nodes = nodes_of(facts, wanted);
    for (uint32_t i = 0; i < nodes.roundings.len; i++)
        rounding_facts(facts, &nodes, nodes.roundings.data[i]);
    back_facts(facts, &nodes);
    arith_wide_float_facts(facts, &nodes);
}
