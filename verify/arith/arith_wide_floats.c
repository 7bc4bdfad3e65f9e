// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Facts on conversions between floats and integers of more bits than an instruction has, all of
// them true for all values. Multiplying by a power of two is exact as long as the result is neither
// too large nor too small for a float of full precision, which the numbers here never are unless
// they are so small that nothing of them is whole.
//
// To integers of 128 bits: for 0 <= x < 2^128 the upper half h of x truncated is x / 2^64
// truncated. A float has the leading bits of x, so h * 2^64, which is x without some of its last
// bits, is a float too, and x - h * 2^64 is what is left: a float, below 2^64. Truncated, that is
// the lower half.
//
// To unsigned integers of 64: a float from 2^63 up, below 2^64, less 2^63 is exact.
//
// From integers: rounding looks at the leading bits of a number, at the bit behind, and at whether
// any bit below that is set. With x shifted left by its zeros, its 64 (or 63) highest bits, the
// last set if anything is below, so round as x itself does, times a power of two; the bits of a
// float's fraction are far fewer. In the same way the half of a number that has bit 63 set, the
// last bit kept, rounds as the number; and the half of an even number is rounded as that, whatever
// its size.
//
// A float of 32 bits is the same number in 64, so it is truncated to the same one.

#include "verify/arith/arith_internal.h"

static Expr is(ExprPool *p, Expr a, Expr b)
{
    return expr_width(p, a) == expr_width(p, b) ? expr_eq(p, a, b) : expr_bool(p, false);
}

static void add(Facts *f, Expr when, Expr what)
{
    arith_add_fact(f, expr_implies(f->pool, when, what));
}

static Expr zero(ExprPool *p, uint32_t width)
{
    return expr_bv(p, width, 0);
}

static Expr cut(ExprPool *p, Expr x)
{
    return expr_1(p, EXPR_FP_TRUNC, x);
}

static Expr to_unsigned(ExprPool *p, uint32_t bits, Expr x)
{
    return expr_make(p, EXPR_FP_TO_UBV, &x, bits, 0);
}

// Whether x truncated is an unsigned integer of so many bits.
static Expr fits(ExprPool *p, Expr x, uint32_t bits)
{
    const uint32_t width = expr_width(p, x);
    return expr_and(p, expr_2(p, EXPR_FP_LE, zero(p, width), cut(p, x)),
                    expr_2(p, EXPR_FP_LT, x, arith_float_power(p, width, (int32_t)bits)));
}

// ---- To integers ----

// `product` is x / 2^64.
static void upper_half(Facts *f, Expr product, Expr x, Expr factor)
{
    ExprPool *const p = f->pool;
    const uint32_t width = expr_width(p, x);
    const Expr scaled = is(p, factor, arith_float_power(p, width, -64));
    const Expr upper = expr_extract(p, 127, 64, to_unsigned(p, 128, x));
    const Expr right = is(p, to_unsigned(p, 64, product), upper);
    add(f, expr_and(p, scaled, fits(p, x, 128)), expr_and(p, right, fits(p, product, 64)));
    add(f, expr_and(p, scaled, expr_2(p, EXPR_FP_LE, x, zero(p, width))),
        expr_2(p, EXPR_FP_LE, product, zero(p, width)));
    // (2^128 is infinite in 32 bits.)
    add(f, expr_and(p, scaled, expr_2(p, EXPR_FP_LE, arith_float_power(p, width, 128), x)),
        expr_2(p, EXPR_FP_LE, arith_float_power(p, width, 64), cut(p, product)));
}

// `rest` is x less 2^64 times a float of `half`, which `scaled` says.
static void lower_half(Facts *f, Expr rest, Expr x, Expr half, Expr scaled)
{
    ExprPool *const p = f->pool;
    const Expr whole = to_unsigned(p, 128, x);
    const Expr is_upper = is(p, half, expr_extract(p, 127, 64, whole));
    const Expr right = is(p, to_unsigned(p, 64, rest), expr_extract(p, 63, 0, whole));
    add(f, expr_and(p, fits(p, x, 128), expr_and(p, scaled, is_upper)),
        expr_and(p, right, fits(p, rest, 64)));
    // Of other numbers nothing is taken if the half is 0.
    const Expr number = expr_2(p, EXPR_FP_LE, x, x), nothing = is(p, half, zero(p, 64));
    add(f, expr_and(p, number, expr_and(p, scaled, nothing)), expr_2(p, EXPR_FP_EQ, rest, x));
}

// Whether a product's factors are these, in any order.
static Expr multiplies(ExprPool *p, const ExprNode *product, Expr a, Expr b)
{
    const Expr left = product->args[0], right = product->args[1];
    return expr_or(p, expr_and(p, is(p, left, a), is(p, right, b)),
                   expr_and(p, is(p, left, b), is(p, right, a)));
}

static void lower_halves(Facts *f, const FloatNodes *nodes, Expr from)
{
    ExprPool *const p = f->pool;
    const Expr half = expr_node(p, from)->args[0];
    const uint32_t width = expr_width(p, from);
    const Expr up = arith_float_power(p, width, 64);
    const Expr minus = expr_2(p, EXPR_BVXOR, from, arith_float_sign_mask(p, width));
    for (uint32_t i = 0; i < nodes->fused.len; i++) {
        const ExprNode n = *expr_node(p, nodes->fused.data[i]);
        if (n.sort.width == width)
            lower_half(f, nodes->fused.data[i], n.args[2], half, multiplies(p, &n, minus, up));
    }
    for (uint32_t i = 0; i < nodes->differences.len; i++)
        for (uint32_t k = 0; k < nodes->products.len; k++) {
            const Expr product = nodes->products.data[k];
            const ExprNode n = *expr_node(p, nodes->differences.data[i]);
            const ExprNode m = *expr_node(p, product);
            if (n.sort.width == width && m.sort.width == width)
                lower_half(f, nodes->differences.data[i], n.args[0], half,
                           expr_and(p, is(p, n.args[1], product), multiplies(p, &m, from, up)));
        }
}

// By way of a signed integer of 64 bits: of x itself, or of `rest`, x less 2^63.
static void by_signed(Facts *f, Expr whole)
{
    ExprPool *const p = f->pool;
    const ExprNode n = *expr_node(p, whole);
    const Expr x = n.args[0];
    const uint32_t width = expr_width(p, x), bits = n.sort.width;
    const Expr as_signed = expr_make(p, EXPR_FP_TO_SBV, &x, bits, 0);
    if (bits == 64)
        add(f, fits(p, x, bits - 1), is(p, whole, as_signed));
    add(f, expr_2(p, EXPR_FP_EQ, cut(p, x), zero(p, width)), is(p, whole, zero(p, bits)));
}

static void by_difference(Facts *f, Expr whole, Expr rest)
{
    ExprPool *const p = f->pool;
    const Expr x = expr_node(p, whole)->args[0];
    const ExprNode d = *expr_node(p, rest);
    const uint32_t width = d.sort.width;
    const Expr middle = arith_float_power(p, width, 63), top = expr_bv(p, 64, UINT64_C(1) << 63);
    const Expr difference = expr_and(p, is(p, d.args[0], x), is(p, d.args[1], middle));
    const Expr high = expr_and(p, expr_2(p, EXPR_FP_LE, middle, x), fits(p, x, 64));
    const Expr low = expr_make(p, EXPR_FP_TO_SBV, &rest, 64, 0);
    add(f, expr_and(p, difference, high),
        expr_and(p, is(p, whole, expr_2(p, EXPR_BVXOR, low, top)), fits(p, rest, 63)));
}

// A signed integer is that of the magnitude, negated for what is negative.
static void by_magnitude(Facts *f, Expr whole)
{
    ExprPool *const p = f->pool;
    const ExprNode n = *expr_node(p, whole);
    const Expr x = n.args[0];
    const uint32_t bits = n.sort.width;
    const Expr size = to_unsigned(p, bits, arith_float_without_sign(p, x));
    const Expr negative = expr_2(p, EXPR_FP_LT, x, zero(p, expr_width(p, x)));
    add(f, arith_float_fits_signed(p, x, bits),
        is(p, whole, expr_ite(p, negative, expr_1(p, EXPR_BVNEG, size), size)));
}

// ---- From integers ----

// `sum` is the double of half of it, with what the half has lost kept in the last bit.
static void by_half(Facts *f, Expr from, Expr sum)
{
    ExprPool *const p = f->pool;
    const Expr x = expr_node(p, from)->args[0], one = expr_bv(p, 64, 1);
    const ExprNode n = *expr_node(p, sum);
    const Expr last = expr_2(p, EXPR_BVAND, x, one);
    const Expr half = expr_2(p, EXPR_BVOR, expr_2(p, EXPR_BVLSHR, x, one), last);
    const Expr of_half = expr_make(p, EXPR_TO_FP, &half, n.sort.width, 0);
    const Expr doubled = expr_and(p, is(p, n.args[0], of_half), is(p, n.args[1], of_half));
    const Expr even = is(p, last, zero(p, 64)), top = expr_2(p, EXPR_BVSLT, x, zero(p, 64));
    add(f, expr_and(p, doubled, expr_or(p, even, top)), is(p, from, sum));
}

static void from_nonnegative(Facts *f, Expr from)
{
    ExprPool *const p = f->pool;
    const Expr x = expr_node(p, from)->args[0];
    const Expr as_signed = expr_make(p, EXPR_TO_FP, &x, expr_width(p, from), 0);
    const Expr negative = expr_2(p, EXPR_BVSLT, x, zero(p, expr_width(p, x)));
    add(f, expr_not(p, negative), is(p, from, as_signed));
}

// A signed number is its magnitude with its sign.
static void from_signed(Facts *f, Expr from)
{
    ExprPool *const p = f->pool;
    const Expr x = expr_node(p, from)->args[0];
    const uint32_t width = expr_width(p, from);
    const Expr negative = expr_2(p, EXPR_BVSLT, x, zero(p, expr_width(p, x)));
    const Expr size = expr_ite(p, negative, expr_1(p, EXPR_BVNEG, x), x);
    const Expr number = expr_make(p, EXPR_TO_FP_UNSIGNED, &size, width, 0);
    const Expr sign = expr_ite(p, negative, arith_float_sign_mask(p, width), zero(p, width));
    add(f, expr_bool(p, true), is(p, from, expr_2(p, EXPR_BVOR, number, sign)));
}

// The bits of x that count, shifted to the top: `highest` bits of them, and whether there are more.
static Expr leading_bits(ExprPool *p, Expr shifted, uint32_t highest)
{
    const uint32_t below = 128 - highest;
    const Expr high = expr_zero_ext(p, 64, expr_extract(p, 127, below, shifted));
    const Expr more = is(p, expr_extract(p, below - 1, 0, shifted), zero(p, below));
    return expr_2(p, EXPR_BVOR, high, expr_ite(p, more, zero(p, 64), expr_bv(p, 64, 1)));
}

// `product` is the float of the leading bits, its factor number `at`, times a power of two of any
// sign.
static void by_leading_bits(Facts *f, Expr from, Expr product, Expr shifted, uint32_t at)
{
    ExprPool *const p = f->pool;
    const ExprNode sh = *expr_node(p, shifted), both = *expr_node(p, product);
    const ExprNode part = *expr_node(p, both.args[at]);
    const Expr x = expr_node(p, from)->args[0], scale = both.args[1 - at];
    const uint32_t width = expr_width(p, from), bits = part.op == EXPR_TO_FP ? 63 : 64;
    const Expr zeros = expr_1(p, EXPR_CLZ, x), nothing = is(p, x, zero(p, 128));
    const Expr is_shifted =
        expr_and(p, is(p, sh.args[0], x), expr_or(p, nothing, is(p, sh.args[1], zeros)));
    const Expr most = expr_bv(p, width, arith_float_bias(width) + 128 - bits);
    const Expr exponent = expr_2(p, EXPR_BVSUB, most, expr_extract(p, width - 1, 0, zeros));
    const Expr power =
        expr_2(p, EXPR_BVSHL, exponent, expr_bv(p, width, arith_float_fraction(width)));
    const Expr is_part = is(p, part.args[0], leading_bits(p, shifted, bits));
    const Expr is_power = is(p, arith_float_without_sign(p, scale), power);
    const Expr sign = expr_2(p, EXPR_BVAND, scale, arith_float_sign_mask(p, width));
    add(f, expr_and(p, is_shifted, expr_and(p, is_part, is_power)),
        is(p, product, expr_2(p, EXPR_BVOR, from, sign)));
}

static void from_leading_bits(Facts *f, const FloatNodes *nodes, Expr from, Expr part)
{
    ExprPool *const p = f->pool;
    const uint32_t width = expr_width(p, from);
    if (expr_width(p, part) != width || expr_width(p, expr_node(p, part)->args[0]) != 64)
        return;
    for (uint32_t i = 0; i < nodes->products.len; i++)
        for (uint32_t k = 0; k < nodes->shifted.len; k++) {
            const Expr product = nodes->products.data[i];
            const ExprNode n = *expr_node(p, product);
            for (uint32_t at = 0; at < 2 && n.sort.width == width; at++)
                if (expr_same(n.args[at], part))
                    by_leading_bits(f, from, product, nodes->shifted.data[k], at);
        }
}

// ---- All ----

static void from_facts(Facts *f, const FloatNodes *nodes)
{
    for (uint32_t i = 0; i < nodes->from_unsigned.len; i++) {
        const Expr from = nodes->from_unsigned.data[i];
        const uint32_t bits = expr_width(f->pool, expr_node(f->pool, from)->args[0]);
        if (bits == 64)
            from_nonnegative(f, from);
        for (uint32_t k = 0; bits == 64 && k < nodes->sums.len; k++)
            if (expr_width(f->pool, nodes->sums.data[k]) == expr_width(f->pool, from))
                by_half(f, from, nodes->sums.data[k]);
        for (uint32_t k = 0; bits == 128 && k < nodes->from_signed.len; k++)
            from_leading_bits(f, nodes, from, nodes->from_signed.data[k]);
        for (uint32_t k = 0; bits == 128 && k < nodes->from_unsigned.len; k++)
            from_leading_bits(f, nodes, from, nodes->from_unsigned.data[k]);
        if (bits == 64)
            lower_halves(f, nodes, from);
    }
    for (uint32_t i = 0; i < nodes->from_signed.len; i++)
        if (expr_width(f->pool, expr_node(f->pool, nodes->from_signed.data[i])->args[0]) == 128)
            from_signed(f, nodes->from_signed.data[i]);
}

static void to_facts(Facts *f, const FloatNodes *nodes)
{
    for (uint32_t i = 0; i < nodes->to_unsigned.len; i++) {
        const Expr whole = nodes->to_unsigned.data[i];
        const ExprNode n = *expr_node(f->pool, whole);
        by_signed(f, whole);
        for (uint32_t k = 0; n.sort.width == 64 && k < nodes->differences.len; k++)
            if (expr_width(f->pool, nodes->differences.data[k]) == expr_width(f->pool, n.args[0]))
                by_difference(f, whole, nodes->differences.data[k]);
    }
    for (uint32_t i = 0; i < nodes->to_signed.len; i++)
        if (expr_width(f->pool, nodes->to_signed.data[i]) == 128)
            by_magnitude(f, nodes->to_signed.data[i]);
    for (uint32_t i = 0; i < nodes->products.len; i++) {
        const ExprNode n = *expr_node(f->pool, nodes->products.data[i]);
        upper_half(f, nodes->products.data[i], n.args[0], n.args[1]);
        upper_half(f, nodes->products.data[i], n.args[1], n.args[0]);
    }
}

// Of a float of 32 bits as one of 64.
static void promoted_facts(Facts *f, const FloatNodes *nodes)
{
    ExprPool *const p = f->pool;
    for (uint32_t i = 0; i < nodes->promoted.len; i++) {
        const Expr wide = nodes->promoted.data[i], x = expr_node(p, wide)->args[0];
        const Expr cut_first = cut(p, x);
        if (expr_width(p, wide) == 64 && expr_width(p, x) == 32)
            add(f, expr_2(p, EXPR_FP_LE, x, x),
                is(p, cut(p, wide), expr_make(p, EXPR_TO_FP_FROM_FP, &cut_first, 64, 0)));
    }
}

void arith_wide_float_facts(Facts *facts, const FloatNodes *nodes)
{
    from_facts(facts, nodes);
    to_facts(facts, nodes);
    promoted_facts(facts, nodes);
}
