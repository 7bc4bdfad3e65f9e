// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Floats. What compares them looks at their bits. An operation is done on Z3's floats and comes
// back as a new bit vector that stands for the same float, so that the bits of a NaN remain open;
// one node is one such vector, so equal operations give equal NaNs.

#include "verify/smt/smt_internal.h"

static Z3_sort float_sort(Smt *s, uint32_t width)
{
    switch (width) {
    case 16: return Z3_mk_fpa_sort_16(s->ctx);
    case 32: return Z3_mk_fpa_sort_32(s->ctx);
    case 64: return Z3_mk_fpa_sort_64(s->ctx);
    case 128: return Z3_mk_fpa_sort_128(s->ctx);
    default: s->failed = true; return Z3_mk_fpa_sort_32(s->ctx);
    }
}

static Z3_ast as_float(Smt *s, Expr e)
{
    const uint32_t width = expr_node(s->pool, e)->sort.width;
    const Z3_sort sort = float_sort(s, width);
    s->has_float = true;
    return s->failed ? s->terms[e.index] : Z3_mk_fpa_to_fp_bv(s->ctx, s->terms[e.index], sort);
}

// The bits of a float: any that stand for it.
static Z3_ast as_bits(Smt *s, uint32_t width, Z3_ast f)
{
    const Z3_ast bits = Z3_mk_fresh_const(s->ctx, "fp", Z3_mk_bv_sort(s->ctx, width));
    const Z3_ast back = Z3_mk_fpa_to_fp_bv(s->ctx, bits, float_sort(s, width));
    Z3_solver_assert(s->ctx, s->solver, Z3_mk_eq(s->ctx, back, f));
    return bits;
}

static Z3_ast nearest_even(Smt *s)
{
    return Z3_mk_fpa_round_nearest_ties_to_even(s->ctx);
}

static Z3_ast round_to(Smt *s, ExprOp op, Z3_ast x)
{
    const Z3_ast mode = op == EXPR_FP_CEIL    ? Z3_mk_fpa_round_toward_positive(s->ctx)
                        : op == EXPR_FP_FLOOR ? Z3_mk_fpa_round_toward_negative(s->ctx)
                        : op == EXPR_FP_TRUNC ? Z3_mk_fpa_round_toward_zero(s->ctx)
                                              : nearest_even(s);
    return Z3_mk_fpa_round_to_integral(s->ctx, mode, x);
}

// ---- Floats by their bits ----
// What compares floats needs no arithmetic on them.

static uint32_t fraction_bits(uint32_t width)
{
    return width - 1 - expr_float_exponent(width);
}

static Z3_ast and_of(Smt *s, Z3_ast a, Z3_ast b)
{
    const Z3_ast both[] = {a, b};
    return Z3_mk_and(s->ctx, 2, both);
}

static Z3_ast or_of(Smt *s, Z3_ast a, Z3_ast b)
{
    const Z3_ast either[] = {a, b};
    return Z3_mk_or(s->ctx, 2, either);
}

// Larger, without its sign, than infinity.
Z3_ast smt_is_nan(Smt *s, uint32_t width, Z3_ast x)
{
    const uint32_t fraction = fraction_bits(width), exponent = width - 1 - fraction;
    const Z3_ast ones = Z3_mk_bvnot(s->ctx, smt_number(s, exponent, 0));
    const Z3_ast infinity = Z3_mk_concat(s->ctx, ones, smt_number(s, fraction, 0));
    return Z3_mk_bvugt(s->ctx, Z3_mk_extract(s->ctx, width - 2, 0, x), infinity);
}

static Z3_ast ordered(Smt *s, uint32_t width, Z3_ast x, Z3_ast y)
{
    return Z3_mk_not(s->ctx, or_of(s, smt_is_nan(s, width, x), smt_is_nan(s, width, y)));
}

static Z3_ast both_zero(Smt *s, uint32_t width, Z3_ast x, Z3_ast y)
{
    const Z3_ast bits = Z3_mk_extract(s->ctx, width - 2, 0, Z3_mk_bvor(s->ctx, x, y));
    return Z3_mk_eq(s->ctx, bits, smt_number(s, width - 1, 0));
}

static Z3_ast float_equal(Smt *s, uint32_t width, Z3_ast x, Z3_ast y)
{
    const Z3_ast same = or_of(s, Z3_mk_eq(s->ctx, x, y), both_zero(s, width, x, y));
    return and_of(s, ordered(s, width, x, y), same);
}

// With one sign the bits are in the order of the magnitudes; else the one with a sign is less.
static Z3_ast float_less(Smt *s, uint32_t width, Z3_ast x, Z3_ast y)
{
    const Z3_ast sign = smt_number(s, 1, 1);
    const Z3_ast minus_x = Z3_mk_eq(s->ctx, Z3_mk_extract(s->ctx, width - 1, width - 1, x), sign);
    const Z3_ast minus_y = Z3_mk_eq(s->ctx, Z3_mk_extract(s->ctx, width - 1, width - 1, y), sign);
    const Z3_ast alike =
        Z3_mk_ite(s->ctx, minus_x, Z3_mk_bvult(s->ctx, y, x), Z3_mk_bvult(s->ctx, x, y));
    const Z3_ast less = Z3_mk_ite(s->ctx, Z3_mk_iff(s->ctx, minus_x, minus_y), alike, minus_x);
    const Z3_ast nonzero = Z3_mk_not(s->ctx, both_zero(s, width, x, y));
    return and_of(s, ordered(s, width, x, y), and_of(s, nonzero, less));
}

// Of two zeros the one with the sign that is less, or greater.
static Z3_ast min_max(Smt *s, const ExprNode *n)
{
    const uint32_t width = n->sort.width;
    const bool is_min = n->op == EXPR_FP_MIN;
    const Z3_ast x = s->terms[n->args[0].index], y = s->terms[n->args[1].index];
    const Z3_ast nan = Z3_mk_fresh_const(s->ctx, "nan", smt_sort_of(s, n->sort));
    Z3_solver_assert(s->ctx, s->solver, smt_is_nan(s, width, nan));
    const Z3_ast first = is_min ? float_less(s, width, x, y) : float_less(s, width, y, x);
    const Z3_ast both = is_min ? Z3_mk_bvor(s->ctx, x, y) : Z3_mk_bvand(s->ctx, x, y);
    const Z3_ast rest = Z3_mk_ite(s->ctx, float_equal(s, width, x, y), both, y);
    return Z3_mk_ite(s->ctx, ordered(s, width, x, y), Z3_mk_ite(s->ctx, first, x, rest), nan);
}

Z3_ast smt_compare_floats(Smt *s, const ExprNode *n)
{
    const uint32_t width = expr_node(s->pool, n->args[0])->sort.width;
    const Z3_ast x = s->terms[n->args[0].index], y = s->terms[n->args[1].index];
    (void)float_sort(s, width); // which widths there are
    switch ((int)n->op) {
    case EXPR_FP_EQ: return float_equal(s, width, x, y);
    case EXPR_FP_LT: return float_less(s, width, x, y);
    case EXPR_FP_LE: return or_of(s, float_equal(s, width, x, y), float_less(s, width, x, y));
    default: return min_max(s, n);
    }
}

// ---- Powers of two ----

bool smt_is_power(const ExprPool *pool, const ExprNode *n, uint64_t *bits)
{
    ExprValue value;
    const uint32_t width = n->sort.width;
    if (n->op != EXPR_TO_FP_UNSIGNED || (width != 32 && width != 64) ||
        !expr_is_const(pool, n->args[0], &value))
        return false;
    uint32_t ones = 0, exponent = 0;
    for (uint32_t i = 0; i < value.sort.width; i++)
        if (wide_bit(&value.bits, i)) {
            ones++;
            exponent = i;
        }
    const uint32_t bias = width == 32 ? 127 : 1023;
    const uint32_t field = exponent > bias ? 2 * bias + 1 : exponent + bias; // infinity
    *bits = (uint64_t)field << fraction_bits(width);
    return ones == 1;
}

// ---- From 32 bits to 64 ----
// Every float of 32 bits is one of 64, so this is no arithmetic either.

static bool is_promotion(Smt *s, const ExprNode *n)
{
    return n->op == EXPR_TO_FP_FROM_FP && n->sort.width == 64 &&
           expr_node(s->pool, n->args[0])->sort.width == 32;
}

// A number below 2^-126: its digits without zeros before them, and the exponent they have then.
static Z3_ast promoted_small(Smt *s, Z3_ast fraction)
{
    const Z3_ast zeros = smt_clz(s, 23, fraction);
    const Z3_ast up = Z3_mk_bvadd(s->ctx, zeros, smt_number(s, 23, 1));
    const Z3_ast digits = Z3_mk_bvshl(s->ctx, fraction, up);
    const Z3_ast exponent =
        Z3_mk_bvsub(s->ctx, smt_number(s, 11, 1023 - 127), Z3_mk_extract(s->ctx, 10, 0, zeros));
    const Z3_ast zero = Z3_mk_eq(s->ctx, fraction, smt_number(s, 23, 0));
    return Z3_mk_ite(s->ctx, zero, smt_number(s, 34, 0), Z3_mk_concat(s->ctx, exponent, digits));
}

Z3_ast smt_promoted(Smt *s, Z3_ast x)
{
    const Z3_ast fraction = Z3_mk_extract(s->ctx, 22, 0, x);
    const Z3_ast exponent = Z3_mk_extract(s->ctx, 30, 23, x);
    const Z3_ast low = Z3_mk_eq(s->ctx, exponent, smt_number(s, 8, 0));
    const Z3_ast high = Z3_mk_eq(s->ctx, exponent, smt_number(s, 8, 255));
    const Z3_ast moved =
        Z3_mk_bvadd(s->ctx, smt_zero_extend(s, 8, 11, exponent), smt_number(s, 11, 1023 - 127));
    const Z3_ast wide = Z3_mk_ite(s->ctx, high, smt_number(s, 11, 2047), moved);
    const Z3_ast rest =
        Z3_mk_ite(s->ctx, low, promoted_small(s, fraction), Z3_mk_concat(s->ctx, wide, fraction));
    const Z3_ast number = Z3_mk_concat(s->ctx, Z3_mk_extract(s->ctx, 31, 31, x),
                                       Z3_mk_concat(s->ctx, rest, smt_number(s, 29, 0)));
    const Z3_ast nan = Z3_mk_fresh_const(s->ctx, "nan", Z3_mk_bv_sort(s->ctx, 64));
    Z3_solver_assert(s->ctx, s->solver, smt_is_nan(s, 64, nan));
    return Z3_mk_ite(s->ctx, smt_is_nan(s, 32, x), nan, number);
}

// ---- Arithmetic of floats ----

static Z3_ast float_value(Smt *s, const ExprNode *n)
{
    const Z3_ast x = as_float(s, n->args[0]);
    const Z3_ast y = n->num_args > 1 ? as_float(s, n->args[1]) : x;
    if (s->failed)
        return x;
    const Z3_ast rm = nearest_even(s);
    switch ((int)n->op) {
    case EXPR_FP_ADD: return Z3_mk_fpa_add(s->ctx, rm, x, y);
    case EXPR_FP_SUB: return Z3_mk_fpa_sub(s->ctx, rm, x, y);
    case EXPR_FP_MUL: return Z3_mk_fpa_mul(s->ctx, rm, x, y);
    case EXPR_FP_DIV: return Z3_mk_fpa_div(s->ctx, rm, x, y);
    case EXPR_FP_FMA: return Z3_mk_fpa_fma(s->ctx, rm, x, y, as_float(s, n->args[2]));
    case EXPR_FP_SQRT: return Z3_mk_fpa_sqrt(s->ctx, rm, x);
    case EXPR_TO_FP_FROM_FP:
        return Z3_mk_fpa_to_fp_float(s->ctx, rm, x, float_sort(s, n->sort.width));
    default: return round_to(s, n->op, x);
    }
}

Z3_ast smt_float_term(Smt *s, const ExprNode *n)
{
    const Z3_ast a = s->terms[n->args[0].index];
    const Z3_ast zero_mode = Z3_mk_fpa_round_toward_zero(s->ctx);
    Z3_ast f = NULL;
    uint64_t bits;
    if (is_promotion(s, n))
        return smt_promoted(s, a);
    if (smt_is_power(s->pool, n, &bits))
        return smt_number(s, n->sort.width, bits);
    switch ((int)n->op) {
    case EXPR_FP_TO_UBV:
        return Z3_mk_fpa_to_ubv(s->ctx, zero_mode, as_float(s, n->args[0]), n->sort.width);
    case EXPR_FP_TO_SBV:
        return Z3_mk_fpa_to_sbv(s->ctx, zero_mode, as_float(s, n->args[0]), n->sort.width);
    case EXPR_TO_FP:
        f = Z3_mk_fpa_to_fp_signed(s->ctx, nearest_even(s), a, float_sort(s, n->sort.width));
        break;
    case EXPR_TO_FP_UNSIGNED:
        f = Z3_mk_fpa_to_fp_unsigned(s->ctx, nearest_even(s), a, float_sort(s, n->sort.width));
        break;
    default: f = float_value(s, n);
    }
    s->has_float = true;
    return s->failed ? a : as_bits(s, n->sort.width, f);
}

bool smt_is_float(ExprOp op)
{
    return op >= EXPR_FP_ADD;
}

// Operators that choose by an order of floats.
bool smt_is_float_choice(ExprOp op)
{
    switch ((int)op) {
    case EXPR_FP_EQ:
    case EXPR_FP_LT:
    case EXPR_FP_LE:
    case EXPR_FP_MIN:
    case EXPR_FP_MAX: return true;
    default: return false;
    }
}

bool smt_is_float_arithmetic(ExprOp op)
{
    return smt_is_float(op) && !smt_is_float_choice(op);
}
