// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators on bits that Z3 does not have.

#include "verify/smt/smt_internal.h"

Z3_ast smt_zero_extend(Smt *s, uint32_t from, uint32_t to, Z3_ast x)
{
    return to == from ? x : Z3_mk_zero_ext(s->ctx, to - from, x);
}

// By halves, as machines do it, so that both sides have sums of the same parts.
Z3_ast smt_popcnt(Smt *s, uint32_t width, Z3_ast x)
{
    if (width == 1)
        return x;
    const uint32_t half = width / 2;
    const Z3_ast high = smt_popcnt(s, width - half, Z3_mk_extract(s->ctx, width - 1, half, x));
    const Z3_ast low = smt_popcnt(s, half, Z3_mk_extract(s->ctx, half - 1, 0, x));
    return Z3_mk_bvadd(s->ctx, smt_zero_extend(s, width - half, width, high),
                       smt_zero_extend(s, half, width, low));
}

// By halves: where the upper 2^k bits of what is looked at are zero, that many are counted and
// the lower ones moved up.
Z3_ast smt_clz(Smt *s, uint32_t width, Z3_ast x)
{
    if (width & (width - 1)) { // no power of two: one bit after the other
        Z3_ast out = smt_number(s, width, width);
        for (uint32_t i = 0; i < width; i++)
            out = Z3_mk_ite(s->ctx,
                            Z3_mk_eq(s->ctx, Z3_mk_extract(s->ctx, i, i, x), smt_number(s, 1, 1)),
                            smt_number(s, width, width - 1 - i), out);
        return out;
    }
    Z3_ast count = smt_number(s, width, 0), rest = x;
    for (uint32_t step = width / 2; step != 0; step /= 2) {
        const Z3_ast upper = Z3_mk_extract(s->ctx, width - 1, width - step, rest);
        const Z3_ast empty = Z3_mk_eq(s->ctx, upper, smt_number(s, step, 0));
        rest =
            Z3_mk_ite(s->ctx, empty, Z3_mk_bvshl(s->ctx, rest, smt_number(s, width, step)), rest);
        count =
            Z3_mk_ite(s->ctx, empty, Z3_mk_bvadd(s->ctx, count, smt_number(s, width, step)), count);
    }
    const Z3_ast top = Z3_mk_extract(s->ctx, width - 1, width - 1, rest);
    const Z3_ast none = smt_zero_extend(s, 1, width, Z3_mk_bvnot(s->ctx, top));
    return Z3_mk_bvadd(s->ctx, count, none);
}

// Copies of the sign below it: the zeros above the highest bit that differs from its left
// neighbour, of which the topmost one is the sign's own.
Z3_ast smt_cls(Smt *s, uint32_t width, Z3_ast x)
{
    const Z3_ast signs = Z3_mk_bvashr(s->ctx, x, smt_number(s, width, 1));
    const Z3_ast changes = Z3_mk_bvxor(s->ctx, x, signs);
    return Z3_mk_bvsub(s->ctx, smt_clz(s, width, changes), smt_number(s, width, 1));
}

Z3_ast smt_reverse(Smt *s, uint32_t width, Z3_ast x)
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
    const Z3_ast on =
        Z3_mk_eq(s->ctx, Z3_mk_extract(s->ctx, bit, bit, amount), smt_number(s, 1, 1));
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

Z3_ast smt_rotate(Smt *s, bool left, uint32_t width, Z3_ast x, Z3_ast amount)
{
    const Z3_ast all = smt_number(s, width, width);
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
