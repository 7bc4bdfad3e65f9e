// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expressions as terms of Z3. A float operation is done on Z3's floats and comes back as a new bit
// vector that stands for the same float, so that the bits of a NaN remain open; one node is one
// such vector, so equal operations give equal NaNs.
//
// Most questions with products, quotients or floats in them do not depend on what these operations
// do: both sides do the same. So such a question is first asked with functions in their place of
// which nothing is known. What can't be true then can't be true at all; else it is asked in full.

#include "verify/smt/smt.h"

#include <z3.h>

typedef struct Smt {
    Z3_context ctx;
    Z3_solver solver;
    const ExprPool *pool;
    Arena *arena;
    Z3_ast *terms; // by node, NULL: not wanted
    bool has_int, has_float;
    bool abstract; // hard operators are functions of which nothing is known
    bool failed;   // something that has no translation
} Smt;

// ---- Sorts and leaves ----

static Z3_sort sort_of(Smt *s, Sort sort)
{
    switch (sort.kind) {
    case SORT_BOOL: return Z3_mk_bool_sort(s->ctx);
    case SORT_INT: return Z3_mk_int_sort(s->ctx);
    case SORT_BV: return Z3_mk_bv_sort(s->ctx, sort.width);
    }
    UNREACHABLE();
}

static Z3_ast constant(Smt *s, const ExprValue *value)
{
    if (value->sort.kind == SORT_BOOL)
        return value->bits.w[0] ? Z3_mk_true(s->ctx) : Z3_mk_false(s->ctx);
    if (value->sort.kind == SORT_INT) {
        const int128 number = wide_to_int(&value->bits);
        const uint128 magnitude = number < 0 ? -(uint128)number : (uint128)number;
        char digits[48], *at = digits + sizeof(digits) - 1;
        *at = 0;
        uint128 rest = magnitude;
        do
            *--at = (char)('0' + (int)(rest % 10));
        while ((rest /= 10) != 0);
        if (number < 0)
            *--at = '-';
        return Z3_mk_numeral(s->ctx, at, sort_of(s, value->sort));
    }
    bool bits[WIDE_MAX_WIDTH];
    for (uint32_t i = 0; i < value->sort.width; i++)
        bits[i] = wide_bit(&value->bits, i);
    return Z3_mk_bv_numeral(s->ctx, value->sort.width, bits);
}

static Z3_ast variable(Smt *s, const ExprNode *node, uint32_t index)
{
    (void)node;
    return Z3_mk_const(s->ctx, Z3_mk_int_symbol(s->ctx, (int)index), sort_of(s, node->sort));
}

static Z3_ast number(Smt *s, uint32_t width, uint64_t value)
{
    return Z3_mk_unsigned_int64(s->ctx, value, Z3_mk_bv_sort(s->ctx, width));
}

// ---- Bits ----

static Z3_ast zero_extend(Smt *s, uint32_t from, uint32_t to, Z3_ast x)
{
    return to == from ? x : Z3_mk_zero_ext(s->ctx, to - from, x);
}

// By halves, as machines do it, so that both sides have sums of the same parts.
static Z3_ast popcnt(Smt *s, uint32_t width, Z3_ast x)
{
    if (width == 1)
        return x;
    const uint32_t half = width / 2;
    const Z3_ast high = popcnt(s, width - half, Z3_mk_extract(s->ctx, width - 1, half, x));
    const Z3_ast low = popcnt(s, half, Z3_mk_extract(s->ctx, half - 1, 0, x));
    return Z3_mk_bvadd(s->ctx, zero_extend(s, width - half, width, high),
                       zero_extend(s, half, width, low));
}

// By halves: where the upper 2^k bits of what is looked at are zero, that many are counted and
// the lower ones moved up.
static Z3_ast clz(Smt *s, uint32_t width, Z3_ast x)
{
    if (width & (width - 1)) { // no power of two: one bit after the other
        Z3_ast out = number(s, width, width);
        for (uint32_t i = 0; i < width; i++)
            out =
                Z3_mk_ite(s->ctx, Z3_mk_eq(s->ctx, Z3_mk_extract(s->ctx, i, i, x), number(s, 1, 1)),
                          number(s, width, width - 1 - i), out);
        return out;
    }
    Z3_ast count = number(s, width, 0), rest = x;
    for (uint32_t step = width / 2; step != 0; step /= 2) {
        const Z3_ast upper = Z3_mk_extract(s->ctx, width - 1, width - step, rest);
        const Z3_ast empty = Z3_mk_eq(s->ctx, upper, number(s, step, 0));
        rest = Z3_mk_ite(s->ctx, empty, Z3_mk_bvshl(s->ctx, rest, number(s, width, step)), rest);
        count = Z3_mk_ite(s->ctx, empty, Z3_mk_bvadd(s->ctx, count, number(s, width, step)), count);
    }
    const Z3_ast top = Z3_mk_extract(s->ctx, width - 1, width - 1, rest);
    const Z3_ast none = zero_extend(s, 1, width, Z3_mk_bvnot(s->ctx, top));
    return Z3_mk_bvadd(s->ctx, count, none);
}

// Copies of the sign below it: the zeros above the highest bit that differs from its left
// neighbour, of which the topmost one is the sign's own.
static Z3_ast cls(Smt *s, uint32_t width, Z3_ast x)
{
    const Z3_ast signs = Z3_mk_bvashr(s->ctx, x, number(s, width, 1));
    const Z3_ast changes = Z3_mk_bvxor(s->ctx, x, signs);
    return Z3_mk_bvsub(s->ctx, clz(s, width, changes), number(s, width, 1));
}

static Z3_ast reverse(Smt *s, uint32_t width, Z3_ast x)
{
    Z3_ast out = Z3_mk_extract(s->ctx, 0, 0, x);
    for (uint32_t i = 1; i < width; i++)
        out = Z3_mk_concat(s->ctx, out, Z3_mk_extract(s->ctx, i, i, x));
    return out;
}

// By 2^bit, if that bit of the amount is set.
static Z3_ast rotate_step(Smt *s, bool left, uint32_t bit, Z3_ast x, Z3_ast amount)
{
    const uint32_t width = Z3_get_bv_sort_size(s->ctx, Z3_get_sort(s->ctx, x));
    const uint32_t split = left ? width - (1u << bit) : 1u << bit; // the low part that moves up
    const Z3_ast on = Z3_mk_eq(s->ctx, Z3_mk_extract(s->ctx, bit, bit, amount), number(s, 1, 1));
    const Z3_ast turned = Z3_mk_concat(s->ctx, Z3_mk_extract(s->ctx, split - 1, 0, x),
                                       Z3_mk_extract(s->ctx, width - 1, split, x));
    return Z3_mk_ite(s->ctx, on, turned, x);
}

// Of a width that is a power of two. First the halves change places, then it goes on as the solver
// shifts: from the lowest bit up. So a rotation of two registers by double shifts has the same
// steps.
static Z3_ast rotate_by_steps(Smt *s, bool left, uint32_t width, Z3_ast x, Z3_ast amount)
{
    uint32_t top = 0;
    while ((2u << top) < width)
        top++;
    x = rotate_step(s, left, top, x, amount);
    for (uint32_t bit = 0; bit < top; bit++)
        x = rotate_step(s, left, bit, x, amount);
    return x;
}

static Z3_ast rotate(Smt *s, bool left, uint32_t width, Z3_ast x, Z3_ast amount)
{
    const Z3_ast all = number(s, width, width);
    // A width of one bit has no number for itself; nor needs it one.
    if (width == 1)
        return x;
    if ((width & (width - 1)) == 0)
        return rotate_by_steps(s, left, width, x, amount);
    const Z3_ast n = Z3_mk_bvurem(s->ctx, amount, all);
    const Z3_ast back = Z3_mk_bvsub(s->ctx, all, n);
    const Z3_ast up = left ? n : back, down = left ? back : n;
    return Z3_mk_bvor(s->ctx, Z3_mk_bvshl(s->ctx, x, up), Z3_mk_bvlshr(s->ctx, x, down));
}

// ---- Floats ----

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
    switch (width) {
    case 16: return 10;
    case 32: return 23;
    case 64: return 52;
    default: return 112;
    }
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
static Z3_ast is_nan(Smt *s, uint32_t width, Z3_ast x)
{
    const uint32_t fraction = fraction_bits(width), exponent = width - 1 - fraction;
    const Z3_ast ones = Z3_mk_bvnot(s->ctx, number(s, exponent, 0));
    const Z3_ast infinity = Z3_mk_concat(s->ctx, ones, number(s, fraction, 0));
    return Z3_mk_bvugt(s->ctx, Z3_mk_extract(s->ctx, width - 2, 0, x), infinity);
}

static Z3_ast ordered(Smt *s, uint32_t width, Z3_ast x, Z3_ast y)
{
    return Z3_mk_not(s->ctx, or_of(s, is_nan(s, width, x), is_nan(s, width, y)));
}

static Z3_ast both_zero(Smt *s, uint32_t width, Z3_ast x, Z3_ast y)
{
    const Z3_ast bits = Z3_mk_extract(s->ctx, width - 2, 0, Z3_mk_bvor(s->ctx, x, y));
    return Z3_mk_eq(s->ctx, bits, number(s, width - 1, 0));
}

static Z3_ast float_equal(Smt *s, uint32_t width, Z3_ast x, Z3_ast y)
{
    const Z3_ast same = or_of(s, Z3_mk_eq(s->ctx, x, y), both_zero(s, width, x, y));
    return and_of(s, ordered(s, width, x, y), same);
}

// With one sign the bits are in the order of the magnitudes; else the one with a sign is less.
static Z3_ast float_less(Smt *s, uint32_t width, Z3_ast x, Z3_ast y)
{
    const Z3_ast sign = number(s, 1, 1);
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
    const Z3_ast nan = Z3_mk_fresh_const(s->ctx, "nan", sort_of(s, n->sort));
    Z3_solver_assert(s->ctx, s->solver, is_nan(s, width, nan));
    const Z3_ast first = is_min ? float_less(s, width, x, y) : float_less(s, width, y, x);
    const Z3_ast both = is_min ? Z3_mk_bvor(s->ctx, x, y) : Z3_mk_bvand(s->ctx, x, y);
    const Z3_ast rest = Z3_mk_ite(s->ctx, float_equal(s, width, x, y), both, y);
    return Z3_mk_ite(s->ctx, ordered(s, width, x, y), Z3_mk_ite(s->ctx, first, x, rest), nan);
}

static Z3_ast compare_floats(Smt *s, const ExprNode *n)
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

static Z3_ast float_term(Smt *s, const ExprNode *n)
{
    const Z3_ast a = s->terms[n->args[0].index];
    const Z3_ast zero_mode = Z3_mk_fpa_round_toward_zero(s->ctx);
    Z3_ast f = NULL;
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

static bool is_float_op(ExprOp op)
{
    return op >= EXPR_FP_ADD;
}

// Operators that choose by an order of floats.
static bool is_float_choice(ExprOp op)
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

static bool is_float_arithmetic(ExprOp op)
{
    return is_float_op(op) && !is_float_choice(op);
}

// ---- Hard operators ----

static bool is_hard(const ExprPool *pool, const ExprNode *n)
{
    switch ((int)n->op) {
    case EXPR_BVMUL:
        return !expr_is_const(pool, n->args[0], NULL) && !expr_is_const(pool, n->args[1], NULL);
    case EXPR_BVUDIV:
    case EXPR_BVUREM:
    case EXPR_BVSDIV:
    case EXPR_BVSREM: return true;
    default: return is_float_arithmetic(n->op);
    }
}

// What is known all the same of a float operator: of a NaN it makes a NaN, of an integer none.
static void know_nans(Smt *s, const ExprNode *n, const Z3_ast *args, Z3_ast value)
{
    const bool from_int = n->op == EXPR_TO_FP || n->op == EXPR_TO_FP_UNSIGNED;
    if (n->op == EXPR_FP_TO_UBV || n->op == EXPR_FP_TO_SBV)
        return;
    const Z3_ast nan = is_nan(s, n->sort.width, value);
    if (from_int)
        Z3_solver_assert(s->ctx, s->solver, Z3_mk_not(s->ctx, nan));
    for (uint32_t i = 0; i < n->num_args && !from_int; i++) {
        const uint32_t width = expr_node(s->pool, n->args[i])->sort.width;
        const Z3_ast of = is_nan(s, width, args[i]);
        Z3_solver_assert(s->ctx, s->solver, Z3_mk_implies(s->ctx, of, nan));
    }
}

static void know_if(Smt *s, Z3_ast condition, Z3_ast value, Z3_ast is)
{
    Z3_solver_assert(s->ctx, s->solver,
                     Z3_mk_implies(s->ctx, condition, Z3_mk_eq(s->ctx, value, is)));
}

// What is known all the same of divisions: by 0, 1 and -1.
static void know_divisors(Smt *s, const ExprNode *n, const Z3_ast *args, Z3_ast value)
{
    const bool is_signed = n->op == EXPR_BVSDIV || n->op == EXPR_BVSREM;
    const bool is_rest = n->op == EXPR_BVUREM || n->op == EXPR_BVSREM;
    const Z3_ast x = args[0], zero = number(s, n->sort.width, 0);
    const Z3_ast by_zero = Z3_mk_eq(s->ctx, args[1], zero);
    const Z3_ast by_one = Z3_mk_eq(s->ctx, args[1], number(s, n->sort.width, 1));
    const Z3_ast ones = Z3_mk_bvnot(s->ctx, zero);
    know_if(s, by_one, value, is_rest ? zero : x);
    if (is_rest)
        know_if(s, by_zero, value, x);
    if (n->op == EXPR_BVUDIV)
        know_if(s, by_zero, value, ones);
    if (is_signed)
        know_if(s, Z3_mk_eq(s->ctx, args[1], ones), value, is_rest ? zero : Z3_mk_bvneg(s->ctx, x));
}

// A function for the operator on these widths.
static Z3_ast unknown_function(Smt *s, const ExprNode *n)
{
    Z3_ast args[3] = {NULL, NULL, NULL};
    Z3_sort sorts[3];
    StrBuf name = {.arena = s->arena};
    buf_printf(&name, "%d %u", (int)n->op, n->sort.width);
    for (uint32_t i = 0; i < n->num_args; i++) {
        const Sort sort = expr_node(s->pool, n->args[i])->sort;
        args[i] = s->terms[n->args[i].index];
        sorts[i] = sort_of(s, sort);
        buf_printf(&name, " %u", sort.width);
    }
    buf_char(&name, 0);
    const Z3_symbol symbol = Z3_mk_string_symbol(s->ctx, name.data);
    const Z3_func_decl f = Z3_mk_func_decl(s->ctx, symbol, n->num_args, sorts, sort_of(s, n->sort));
    const Z3_ast value = Z3_mk_app(s->ctx, f, n->num_args, args);
    if (expr_is_commutative(n->op)) {
        const Z3_ast swapped[] = {args[1], args[0], args[2]};
        const Z3_ast other = Z3_mk_app(s->ctx, f, n->num_args, swapped);
        Z3_solver_assert(s->ctx, s->solver, Z3_mk_eq(s->ctx, value, other));
    }
    if (is_float_arithmetic(n->op))
        know_nans(s, n, args, value);
    else if (n->op != EXPR_BVMUL)
        know_divisors(s, n, args, value);
    return value;
}

// ---- All operators ----

static Z3_ast bits_term(Smt *s, const ExprNode *n, Z3_ast a, Z3_ast b)
{
    const uint32_t width = expr_node(s->pool, n->args[0])->sort.width;
    switch ((int)n->op) {
    case EXPR_BVNOT: return Z3_mk_bvnot(s->ctx, a);
    case EXPR_BVNEG: return Z3_mk_bvneg(s->ctx, a);
    case EXPR_BVAND: return Z3_mk_bvand(s->ctx, a, b);
    case EXPR_BVOR: return Z3_mk_bvor(s->ctx, a, b);
    case EXPR_BVXOR: return Z3_mk_bvxor(s->ctx, a, b);
    case EXPR_BVADD: return Z3_mk_bvadd(s->ctx, a, b);
    case EXPR_BVSUB: return Z3_mk_bvsub(s->ctx, a, b);
    case EXPR_BVMUL: return Z3_mk_bvmul(s->ctx, a, b);
    case EXPR_BVUDIV: return Z3_mk_bvudiv(s->ctx, a, b);
    case EXPR_BVUREM: return Z3_mk_bvurem(s->ctx, a, b);
    case EXPR_BVSDIV: return Z3_mk_bvsdiv(s->ctx, a, b);
    case EXPR_BVSREM: return Z3_mk_bvsrem(s->ctx, a, b);
    case EXPR_BVSHL: return Z3_mk_bvshl(s->ctx, a, b);
    case EXPR_BVLSHR: return Z3_mk_bvlshr(s->ctx, a, b);
    case EXPR_BVASHR: return Z3_mk_bvashr(s->ctx, a, b);
    case EXPR_ROTL: return rotate(s, true, width, a, b);
    case EXPR_ROTR: return rotate(s, false, width, a, b);
    case EXPR_BVULT: return Z3_mk_bvult(s->ctx, a, b);
    case EXPR_BVULE: return Z3_mk_bvule(s->ctx, a, b);
    case EXPR_BVSLT: return Z3_mk_bvslt(s->ctx, a, b);
    case EXPR_BVSLE: return Z3_mk_bvsle(s->ctx, a, b);
    case EXPR_CONCAT: return Z3_mk_concat(s->ctx, a, b);
    case EXPR_EXTRACT: return Z3_mk_extract(s->ctx, n->p0, n->p1, a);
    case EXPR_ZERO_EXT: return zero_extend(s, width, n->p0, a);
    case EXPR_SIGN_EXT: return Z3_mk_sign_ext(s->ctx, n->p0 - width, a);
    case EXPR_POPCNT: return popcnt(s, width, a);
    case EXPR_CLZ: return clz(s, width, a);
    case EXPR_CLS: return cls(s, width, a);
    case EXPR_REV: return reverse(s, width, a);
    default: UNREACHABLE();
    }
}

static Z3_ast term(Smt *s, const ExprNode *n)
{
    const Z3_ast a = s->terms[n->args[0].index];
    const Z3_ast b = n->num_args > 1 ? s->terms[n->args[1].index] : NULL;
    const Z3_ast two[] = {a, b};
    if (s->abstract && is_hard(s->pool, n))
        return unknown_function(s, n);
    if (is_float_choice(n->op))
        return compare_floats(s, n);
    if (is_float_op(n->op))
        return float_term(s, n);
    switch ((int)n->op) {
    case EXPR_EQ: return Z3_mk_eq(s->ctx, a, b);
    case EXPR_ITE: return Z3_mk_ite(s->ctx, a, b, s->terms[n->args[2].index]);
    case EXPR_NOT: return Z3_mk_not(s->ctx, a);
    case EXPR_AND: return Z3_mk_and(s->ctx, 2, two);
    case EXPR_OR: return Z3_mk_or(s->ctx, 2, two);
    case EXPR_INT_ADD: return Z3_mk_add(s->ctx, 2, two);
    case EXPR_INT_SUB: return Z3_mk_sub(s->ctx, 2, two);
    case EXPR_INT_MUL: return Z3_mk_mul(s->ctx, 2, two);
    case EXPR_INT_LT: return Z3_mk_lt(s->ctx, a, b);
    case EXPR_INT_LE: return Z3_mk_le(s->ctx, a, b);
    case EXPR_BV2NAT: return Z3_mk_bv2int(s->ctx, a, false);
    case EXPR_INT2BV: return Z3_mk_int2bv(s->ctx, n->p0, a);
    default: return bits_term(s, n, a, b);
    }
}

// ---- Questions ----

static void translate(Smt *s, const Expr *conditions, uint32_t count, const Bitset *wanted)
{
    for (uint32_t i = 0; i < s->pool->nodes.len; i++) {
        if (!bitset_has(wanted, i))
            continue;
        const ExprNode *const node = &s->pool->nodes.data[i];
        ExprValue value;
        s->has_int |= node->sort.kind == SORT_INT;
        if (node->op == EXPR_VAR)
            s->terms[i] = variable(s, node, i);
        else if (expr_is_const(s->pool, (Expr){i}, &value))
            s->terms[i] = constant(s, &value);
        else
            s->terms[i] = term(s, node);
    }
    for (uint32_t i = 0; i < count; i++)
        Z3_solver_assert(s->ctx, s->solver, s->terms[conditions[i].index]);
}

// A numeral of the solver, in decimal.
static Wide read_decimal(const char *text)
{
    int128 value = 0;
    const bool negative = *text == '-';
    for (const char *at = text + negative; *at >= '0' && *at <= '9'; at++)
        value = (int128)((uint128)value * 10 + (uint128)(*at - '0'));
    return wide_from_int(negative ? -value : value);
}

static Wide read_value(Smt *s, Z3_ast value, Sort sort)
{
    if (sort.kind == SORT_BOOL)
        return wide_from_u64(Z3_get_bool_value(s->ctx, value) == Z3_L_TRUE);
    if (sort.kind == SORT_INT)
        return Z3_is_numeral_ast(s->ctx, value) ? read_decimal(Z3_get_numeral_string(s->ctx, value))
                                                : wide_from_u64(0);
    Wide out = {{0}};
    const char *const bits =
        Z3_is_numeral_ast(s->ctx, value) ? Z3_get_numeral_binary_string(s->ctx, value) : "";
    for (const char *at = bits; *at; at++) {
        out = wide_shl(out, 1);
        out.w[0] |= *at == '1';
    }
    return out;
}

static void read_model(Smt *s, SmtResult *result)
{
    const Z3_model model = Z3_solver_get_model(s->ctx, s->solver);
    result->num_model = s->pool->nodes.len;
    result->model = ARENA_ARRAY(s->arena, ExprValue, result->num_model);
    for (uint32_t i = 0; i < result->num_model; i++) {
        const ExprNode *const node = &s->pool->nodes.data[i];
        result->model[i].sort = node->sort;
        Z3_ast value;
        if (node->op != EXPR_VAR || !s->terms[i] ||
            !Z3_model_eval(s->ctx, model, s->terms[i], true, &value))
            continue;
        result->model[i].bits = read_value(s, value, node->sort);
    }
}

static uint64_t steps_taken(Smt *s)
{
    const Z3_stats stats = Z3_solver_get_statistics(s->ctx, s->solver);
    Z3_stats_inc_ref(s->ctx, stats);
    uint64_t steps = 0;
    for (unsigned i = 0; i < Z3_stats_size(s->ctx, stats); i++)
        if (strcmp(Z3_stats_get_key(s->ctx, stats, i), "rlimit count") == 0)
            steps = Z3_stats_is_uint(s->ctx, stats, i)
                        ? Z3_stats_get_uint_value(s->ctx, stats, i)
                        : (uint64_t)Z3_stats_get_double_value(s->ctx, stats, i);
    Z3_stats_dec_ref(s->ctx, stats);
    return steps;
}

// Errors are results here, not ends of the program: a question that makes one is unknown.
static void ignore_error(Z3_context ctx, Z3_error_code code)
{
    (void)ctx;
    (void)code;
}

static Z3_context new_context(uint64_t budget)
{
    const Z3_config config = Z3_mk_config();
    char text[24];
    uint64_t rest = budget > UINT32_MAX ? UINT32_MAX : budget;
    char *at = text + sizeof(text) - 1;
    *at = 0;
    do
        *--at = (char)('0' + (int)(rest % 10));
    while ((rest /= 10) != 0);
    Z3_set_param_value(config, "rlimit", at);
    Z3_set_param_value(config, "model", "true");
    const Z3_context ctx = Z3_mk_context(config);
    Z3_del_config(config);
    Z3_set_error_handler(ctx, ignore_error);
    return ctx;
}

// What is in a question.
typedef struct Contents {
    Bitset wanted;
    bool has_int, has_float, has_hard;
} Contents;

static Contents contents_of(const ExprPool *pool, const Expr *conditions, uint32_t count,
                            Arena *arena)
{
    Contents c = {.wanted = bitset_new(arena, pool->nodes.len)};
    for (uint32_t i = 0; i < count; i++)
        expr_reach(pool, conditions[i], &c.wanted);
    for (uint32_t i = 0; i < pool->nodes.len; i++) {
        const ExprNode *const node = &pool->nodes.data[i];
        if (!bitset_has(&c.wanted, i))
            continue;
        c.has_int |= node->sort.kind == SORT_INT;
        c.has_float |= is_float_arithmetic(node->op);
        c.has_hard |= is_hard(pool, node);
    }
    return c;
}

static Z3_solver new_solver(Smt *s, const Contents *c)
{
    if (c->has_int || (c->has_float && !s->abstract))
        return Z3_mk_solver(s->ctx);
    return Z3_mk_solver_for_logic(s->ctx,
                                  Z3_mk_string_symbol(s->ctx, s->abstract ? "QF_UFBV" : "QF_BV"));
}

typedef struct Question {
    const ExprPool *pool;
    const Expr *conditions;
    uint32_t count;
    uint64_t budget;
} Question;

static SmtResult ask(const Question *q, const Contents *contents, bool abstract, Arena *arena)
{
    Smt s = {.ctx = new_context(q->budget), .pool = q->pool, .arena = arena, .abstract = abstract};
    SmtResult result = {.verdict = SMT_UNKNOWN};
    s.terms = ARENA_ARRAY(arena, Z3_ast, q->pool->nodes.len);
    s.solver = new_solver(&s, contents);
    Z3_solver_inc_ref(s.ctx, s.solver);
    translate(&s, q->conditions, q->count, &contents->wanted);
    const Z3_lbool answer = s.failed || Z3_get_error_code(s.ctx) != Z3_OK
                                ? Z3_L_UNDEF
                                : Z3_solver_check(s.ctx, s.solver);
    result.steps = steps_taken(&s);
    if (answer == Z3_L_FALSE) {
        result.verdict = SMT_UNSAT;
    } else if (answer == Z3_L_TRUE) {
        result.verdict = SMT_SAT;
        if (!abstract)
            read_model(&s, &result);
    } else {
        result.reason =
            str_copy(arena, s.failed ? STR("floats of this width")
                                     : str_from(Z3_solver_get_reason_unknown(s.ctx, s.solver)));
    }
    Z3_solver_dec_ref(s.ctx, s.solver);
    Z3_del_context(s.ctx);
    return result;
}

SmtResult smt_check(const ExprPool *pool, const Expr *conditions, uint32_t count, uint64_t budget,
                    Arena *arena)
{
    const Question question = {pool, conditions, count, budget};
    const Contents contents = contents_of(pool, conditions, count, arena);
    uint64_t steps = 0;
    if (contents.has_hard) {
        const SmtResult easy = ask(&question, &contents, true, arena);
        if (easy.verdict == SMT_UNSAT)
            return easy;
        steps = easy.steps;
    }
    SmtResult result = ask(&question, &contents, false, arena);
    result.steps += steps;
    return result;
}

Str smt_version(Arena *arena)
{
    unsigned major, minor, build, revision;
    Z3_get_version(&major, &minor, &build, &revision);
    return str_printf(arena, "Z3 %u.%u.%u.%u", major, minor, build, revision);
}
