// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operators of specifications as expressions. Operators on floats that only look at bits become
// operators on bits, so that the solver meets floats where arithmetic is done and nowhere else.

#include "verify/vcgen/vcgen_internal.h"

// The node of the same meaning, EXPR_OP_COUNT when there is none.
static ExprOp direct_op(IsleSpecOp op)
{
    switch ((int)op) {
    case ISLE_SPEC_OP_ADD: return EXPR_INT_ADD;
    case ISLE_SPEC_OP_SUB: return EXPR_INT_SUB;
    case ISLE_SPEC_OP_MUL: return EXPR_INT_MUL;
    case ISLE_SPEC_OP_LT: return EXPR_INT_LT;
    case ISLE_SPEC_OP_LE: return EXPR_INT_LE;
    case ISLE_SPEC_OP_BVNOT: return EXPR_BVNOT;
    case ISLE_SPEC_OP_BVAND: return EXPR_BVAND;
    case ISLE_SPEC_OP_BVOR: return EXPR_BVOR;
    case ISLE_SPEC_OP_BVXOR: return EXPR_BVXOR;
    case ISLE_SPEC_OP_BVNEG: return EXPR_BVNEG;
    case ISLE_SPEC_OP_BVADD: return EXPR_BVADD;
    case ISLE_SPEC_OP_BVSUB: return EXPR_BVSUB;
    case ISLE_SPEC_OP_BVMUL: return EXPR_BVMUL;
    case ISLE_SPEC_OP_BVUDIV: return EXPR_BVUDIV;
    case ISLE_SPEC_OP_BVUREM: return EXPR_BVUREM;
    case ISLE_SPEC_OP_BVSDIV: return EXPR_BVSDIV;
    case ISLE_SPEC_OP_BVSREM: return EXPR_BVSREM;
    case ISLE_SPEC_OP_BVSHL: return EXPR_BVSHL;
    case ISLE_SPEC_OP_BVLSHR: return EXPR_BVLSHR;
    case ISLE_SPEC_OP_BVASHR: return EXPR_BVASHR;
    case ISLE_SPEC_OP_ROTL: return EXPR_ROTL;
    case ISLE_SPEC_OP_ROTR: return EXPR_ROTR;
    case ISLE_SPEC_OP_BVULT: return EXPR_BVULT;
    case ISLE_SPEC_OP_BVULE: return EXPR_BVULE;
    case ISLE_SPEC_OP_BVSLT: return EXPR_BVSLT;
    case ISLE_SPEC_OP_BVSLE: return EXPR_BVSLE;
    case ISLE_SPEC_OP_POPCNT: return EXPR_POPCNT;
    case ISLE_SPEC_OP_CLZ: return EXPR_CLZ;
    case ISLE_SPEC_OP_CLS: return EXPR_CLS;
    case ISLE_SPEC_OP_REV: return EXPR_REV;
    case ISLE_SPEC_OP_ZERO_EXT: return EXPR_ZERO_EXT;
    case ISLE_SPEC_OP_SIGN_EXT: return EXPR_SIGN_EXT;
    case ISLE_SPEC_OP_FP_EQ: return EXPR_FP_EQ;
    case ISLE_SPEC_OP_FP_LT: return EXPR_FP_LT;
    case ISLE_SPEC_OP_FP_LE: return EXPR_FP_LE;
    case ISLE_SPEC_OP_FP_ADD: return EXPR_FP_ADD;
    case ISLE_SPEC_OP_FP_SUB: return EXPR_FP_SUB;
    case ISLE_SPEC_OP_FP_MUL: return EXPR_FP_MUL;
    case ISLE_SPEC_OP_FP_DIV: return EXPR_FP_DIV;
    case ISLE_SPEC_OP_FP_MIN: return EXPR_FP_MIN;
    case ISLE_SPEC_OP_FP_MAX: return EXPR_FP_MAX;
    case ISLE_SPEC_OP_FP_CEIL: return EXPR_FP_CEIL;
    case ISLE_SPEC_OP_FP_FLOOR: return EXPR_FP_FLOOR;
    case ISLE_SPEC_OP_FP_TRUNC: return EXPR_FP_TRUNC;
    case ISLE_SPEC_OP_FP_NEAREST: return EXPR_FP_NEAREST;
    case ISLE_SPEC_OP_FP_SQRT: return EXPR_FP_SQRT;
    case ISLE_SPEC_OP_FP_FMA: return EXPR_FP_FMA;
    case ISLE_SPEC_OP_TO_FP: return EXPR_TO_FP;
    case ISLE_SPEC_OP_TO_FP_UNSIGNED: return EXPR_TO_FP_UNSIGNED;
    case ISLE_SPEC_OP_TO_FP_FROM_FP: return EXPR_TO_FP_FROM_FP;
    case ISLE_SPEC_OP_FP_TO_UBV: return EXPR_FP_TO_UBV;
    case ISLE_SPEC_OP_FP_TO_SBV: return EXPR_FP_TO_SBV;
    default: return EXPR_OP_COUNT;
    }
}

enum { MAX_OPERANDS = 64 };

typedef struct Operands {
    Expr e[MAX_OPERANDS];
    uint32_t count;
} Operands;

// Evaluates operands of one sort: the first that is known gives it to the others.
static bool same_sort(Gen *g, const IsleSpecExpr *e, Env *env, const Sort *want, Operands *out)
{
    Sort sort;
    bool retry = false;
    if (want && want->kind == SORT_BV && want->width == 0)
        want = NULL;
    if (e->num_args > MAX_OPERANDS)
        return gen_stop(g, STOP_ERROR, e->pos, "more than %u operands", MAX_OPERANDS), false;
    out->count = e->num_args;
    for (uint32_t i = 0; i < out->count; i++) {
        out->e[i] = spec_scalar(g, e->args[i], env, want);
        if (g->stop == STOP_BLOCKED && !want && i + 1 < e->num_args) {
            g->stop = STOP_NONE;
            retry = true;
        }
        if (g->stop)
            return false;
        if (want || expr_same(out->e[i], EXPR_NONE))
            continue;
        sort = expr_node(g->pool, out->e[i])->sort;
        // A bare number is no judge of the sort.
        if (e->args[i]->kind == ISLE_SPEC_INT) {
            retry = true;
            out->e[i] = EXPR_NONE;
        } else {
            want = &sort;
        }
    }
    for (uint32_t i = 0; retry && i < out->count && !g->stop; i++)
        if (expr_same(out->e[i], EXPR_NONE))
            out->e[i] = spec_scalar(g, e->args[i], env, want);
    return !g->stop;
}

static bool check_kind(Gen *g, const Operands *o, SortKind kind, IslePos pos)
{
    for (uint32_t i = 0; i < o->count; i++)
        if (expr_node(g->pool, o->e[i])->sort.kind != kind)
            return gen_stop(g, STOP_ERROR, pos, "an operand has the wrong sort"), false;
    return true;
}

// ---- Logic and integers ----

static Sym *logic(Gen *g, const IsleSpecExpr *e, Env *env)
{
    const Sort boolean = sort_bool();
    const bool is_or = e->op == ISLE_SPEC_OP_OR || e->op == ISLE_SPEC_OP_IMPLIES;
    Expr all = expr_bool(g->pool, !is_or);
    if (e->op == ISLE_SPEC_OP_NOT) {
        const Expr x = spec_scalar(g, e->args[0], env, &boolean);
        return g->stop ? NULL : sym_of_expr(g, expr_not(g->pool, x));
    }
    for (uint32_t i = 0; i < e->num_args; i++) {
        Expr x = spec_scalar(g, e->args[i], env, &boolean);
        if (g->stop)
            return NULL;
        if (e->op == ISLE_SPEC_OP_IMPLIES && i == 0)
            x = expr_not(g->pool, x);
        all = is_or ? expr_or(g->pool, all, x) : expr_and(g->pool, all, x);
        // What follows may not even have a sort: (and (= (widthof x) 8) ...).
        if (expr_is_const(g->pool, all, NULL) && expr_is_true(g->pool, all) == is_or)
            break;
    }
    return sym_of_expr(g, all);
}

static Sym *integer(Gen *g, const IsleSpecExpr *e, Env *env)
{
    const Sort sort = sort_int();
    Operands o;
    if (!same_sort(g, e, env, &sort, &o))
        return NULL;
    const bool swap = e->op == ISLE_SPEC_OP_GT || e->op == ISLE_SPEC_OP_GE;
    const ExprOp op = e->op == ISLE_SPEC_OP_GT   ? EXPR_INT_LT
                      : e->op == ISLE_SPEC_OP_GE ? EXPR_INT_LE
                                                 : direct_op(e->op);
    if (swap)
        return sym_of_expr(g, expr_2(g->pool, op, o.e[1], o.e[0]));
    Expr all = o.e[0];
    for (uint32_t i = 1; i < o.count; i++)
        all = expr_2(g->pool, op, all, o.e[i]);
    return sym_of_expr(g, all);
}

static Sym *equal(Gen *g, const IsleSpecExpr *e, Env *env)
{
    Sym *a = spec_eval(g, e->args[0], env, NULL);
    if (!a)
        return NULL;
    const Sym *const cell = sym_resolve(a);
    const Sort sort = cell->sort;
    Sym *const b =
        spec_eval(g, e->args[1], env, cell->kind == SYM_CELL && cell->sorted ? &sort : NULL);
    if (b && e->args[0]->kind == ISLE_SPEC_INT && sym_resolve(b)->kind == SYM_CELL &&
        sym_resolve(b)->sorted)
        a = spec_eval(g, e->args[0], env, &sym_resolve(b)->sort);
    if (!a || !b)
        return NULL;
    const Expr same = sym_equal(g, a, b, e->pos);
    return g->stop ? NULL : sym_of_expr(g, same);
}

// ---- Bit vectors ----

static Sym *bits(Gen *g, const IsleSpecExpr *e, Env *env, const Sort *want)
{
    Operands o;
    if (!same_sort(g, e, env, want, &o) || !check_kind(g, &o, SORT_BV, e->pos))
        return NULL;
    const ExprOp op = direct_op(e->op);
    ASSERT(op != EXPR_OP_COUNT);
    if (e->num_args == 1 || op == EXPR_FP_FMA)
        return sym_of_expr(g, expr_make(g->pool, op, o.e, 0, 0));
    Expr all = o.e[0];
    for (uint32_t i = 1; i < o.count; i++)
        all = expr_2(g->pool, op, all, o.e[i]);
    return sym_of_expr(g, all);
}

// Whether the signed sum does not fit.
static Expr signed_overflow(Gen *g, Expr a, Expr b)
{
    const uint32_t wide = expr_node(g->pool, a)->sort.width + 1;
    const Expr sum = expr_2(g->pool, EXPR_BVADD, expr_sign_ext(g->pool, wide, a),
                            expr_sign_ext(g->pool, wide, b));
    const Expr low = expr_extract(g->pool, wide - 2, 0, sum);
    return expr_not(g->pool, expr_eq(g->pool, sum, expr_sign_ext(g->pool, wide, low)));
}

static Sym *order(Gen *g, const IsleSpecExpr *e, Env *env)
{
    Operands o;
    if (!same_sort(g, e, env, NULL, &o) || !check_kind(g, &o, SORT_BV, e->pos))
        return NULL;
    const Expr a = o.e[0], b = o.e[1];
    switch ((int)e->op) {
    case ISLE_SPEC_OP_BVUGT: return sym_of_expr(g, expr_2(g->pool, EXPR_BVULT, b, a));
    case ISLE_SPEC_OP_BVUGE: return sym_of_expr(g, expr_2(g->pool, EXPR_BVULE, b, a));
    case ISLE_SPEC_OP_BVSGT: return sym_of_expr(g, expr_2(g->pool, EXPR_BVSLT, b, a));
    case ISLE_SPEC_OP_BVSGE: return sym_of_expr(g, expr_2(g->pool, EXPR_BVSLE, b, a));
    case ISLE_SPEC_OP_FP_GT: return sym_of_expr(g, expr_2(g->pool, EXPR_FP_LT, b, a));
    case ISLE_SPEC_OP_FP_GE: return sym_of_expr(g, expr_2(g->pool, EXPR_FP_LE, b, a));
    case ISLE_SPEC_OP_FP_NE:
        return sym_of_expr(g, expr_not(g->pool, expr_2(g->pool, EXPR_FP_EQ, a, b)));
    case ISLE_SPEC_OP_BVSADDO: return sym_of_expr(g, signed_overflow(g, a, b));
    default: return sym_of_expr(g, expr_2(g->pool, direct_op(e->op), a, b));
    }
}

static Expr bytes_reversed(Gen *g, Expr x)
{
    const uint32_t width = expr_node(g->pool, x)->sort.width;
    Expr out = expr_extract(g->pool, 7, 0, x);
    for (uint32_t low = 8; low + 8 <= width; low += 8) {
        const Expr parts[] = {out, expr_extract(g->pool, low + 7, low, x)};
        out = expr_make(g->pool, EXPR_CONCAT, parts, 0, 0);
    }
    return out;
}

static Sym *bswap(Gen *g, const IsleSpecExpr *e, Env *env, const Sort *want)
{
    const Expr x = spec_scalar(g, e->args[0], env, want);
    if (g->stop)
        return NULL;
    if (expr_node(g->pool, x)->sort.width % 8 != 0)
        return gen_stop(g, STOP_ERROR, e->pos, "bswap is for whole bytes");
    return sym_of_expr(g, bytes_reversed(g, x));
}

static Sym *extract(Gen *g, const IsleSpecExpr *e, Env *env)
{
    const Expr x = spec_scalar(g, e->args[2], env, NULL);
    uint32_t high, low;
    if (g->stop || !spec_width(g, e->args[0], env, &high) || !spec_width(g, e->args[1], env, &low))
        return NULL;
    const Sort sort = expr_node(g->pool, x)->sort;
    if (sort.kind != SORT_BV || high < low || high >= sort.width)
        return gen_stop(g, STOP_ERROR, e->pos, "there are no bits %u to %u of %u", high, low,
                        sort.width);
    return sym_of_expr(g, expr_extract(g->pool, high, low, x));
}

static Sym *too_wide(Gen *g, const IsleSpecExpr *e)
{
    return gen_stop(g, STOP_ERROR, e->pos, "bit vectors have 1 to %u bits here", WIDE_MAX_WIDTH);
}

static Sym *concat(Gen *g, const IsleSpecExpr *e, Env *env)
{
    Expr all = EXPR_NONE;
    for (uint32_t i = 0; i < e->num_args; i++) {
        const Expr x = spec_scalar(g, e->args[i], env, NULL);
        if (g->stop)
            return NULL;
        if (expr_node(g->pool, x)->sort.kind != SORT_BV)
            return gen_stop(g, STOP_ERROR, e->pos, "an operand has the wrong sort");
        const Expr parts[] = {all, x};
        if (i > 0 && expr_node(g->pool, all)->sort.width + expr_node(g->pool, x)->sort.width >
                         WIDE_MAX_WIDTH)
            return too_wide(g, e);
        all = i == 0 ? x : expr_make(g->pool, EXPR_CONCAT, parts, 0, 0);
    }
    return sym_of_expr(g, all);
}

static Sym *replicate(Gen *g, const IsleSpecExpr *e, Env *env)
{
    uint32_t count;
    const Expr x = spec_scalar(g, e->args[1], env, NULL);
    if (g->stop || !spec_width(g, e->args[0], env, &count))
        return NULL;
    const Sort sort = expr_node(g->pool, x)->sort;
    if (sort.kind != SORT_BV || count == 0 || count * sort.width > WIDE_MAX_WIDTH)
        return too_wide(g, e);
    Expr all = x;
    for (uint32_t i = 1; i < count; i++) {
        const Expr parts[] = {all, x};
        all = expr_make(g->pool, EXPR_CONCAT, parts, 0, 0);
    }
    return sym_of_expr(g, all);
}

// conv_to: to fewer bits, or to more, of which nothing is known.
static Expr converted(Gen *g, uint32_t width, Expr x)
{
    const uint32_t from = expr_node(g->pool, x)->sort.width;
    if (width <= from)
        return expr_extract(g->pool, width - 1, 0, x);
    const Expr parts[] = {expr_var(g->pool, STR("undefined"), sort_bv(width - from)), x};
    return expr_make(g->pool, EXPR_CONCAT, parts, 0, 0);
}

static Sym *resize(Gen *g, const IsleSpecExpr *e, Env *env)
{
    uint32_t width;
    if (!spec_width(g, e->args[0], env, &width))
        return NULL;
    const Expr x = spec_scalar(g, e->args[1], env, NULL);
    if (g->stop)
        return NULL;
    const Sort sort = expr_node(g->pool, x)->sort;
    if (sort.kind != SORT_BV || width == 0)
        return gen_stop(g, STOP_ERROR, e->pos, "an operand has the wrong sort");
    if (e->op == ISLE_SPEC_OP_CONV_TO)
        return sym_of_expr(g, converted(g, width, x));
    if (width < sort.width)
        return gen_stop(g, STOP_ERROR, e->pos, "%u bits can't be extended to %u", sort.width,
                        width);
    return sym_of_expr(g, expr_make(g->pool, direct_op(e->op), &x, width, 0));
}

static Sym *int2bv(Gen *g, const IsleSpecExpr *e, Env *env)
{
    const Sort sort = sort_int();
    uint32_t width;
    if (!spec_width(g, e->args[0], env, &width))
        return NULL;
    const Expr x = spec_scalar(g, e->args[1], env, &sort);
    if (g->stop)
        return NULL;
    if (width == 0)
        return too_wide(g, e);
    return sym_of_expr(g, expr_make(g->pool, EXPR_INT2BV, &x, width, 0));
}

static Sym *bv2nat(Gen *g, const IsleSpecExpr *e, Env *env)
{
    const Expr x = spec_scalar(g, e->args[0], env, NULL);
    if (g->stop)
        return NULL;
    if (expr_node(g->pool, x)->sort.kind != SORT_BV)
        return gen_stop(g, STOP_ERROR, e->pos, "an operand has the wrong sort");
    return sym_of_expr(g, expr_1(g->pool, EXPR_BV2NAT, x));
}

static Sym *widthof(Gen *g, const IsleSpecExpr *e, Env *env)
{
    Sym *const value = spec_eval(g, e->args[0], env, NULL);
    if (!value)
        return NULL;
    const Sym *const cell = sym_resolve(value);
    if (cell->kind == SYM_CELL &&
        (!cell->sorted || (cell->sort.kind == SORT_BV && cell->sort.width == 0)))
        return gen_stop(g, STOP_BLOCKED, e->pos, "the width of a value is open");
    if (cell->kind != SYM_CELL || cell->sort.kind != SORT_BV)
        return gen_stop(g, STOP_ERROR, e->pos, "only bit vectors have a width");
    return sym_of_expr(g, expr_int(g->pool, cell->sort.width));
}

static Sym *fresh(Gen *g, const IsleSpecExpr *e, Env *env)
{
    uint32_t width;
    if (!spec_width(g, e->args[0], env, &width))
        return NULL;
    if (width == 0)
        return too_wide(g, e);
    return sym_of_expr(g, expr_var(g->pool, STR("unknown"), sort_bv(width)));
}

// ---- Floats by their bits ----

static Expr ones(Gen *g, uint32_t width)
{
    return expr_1(g->pool, EXPR_BVNOT, expr_bv(g->pool, width, 0));
}

// A float by its parts; the fraction has `fraction` in its topmost bit and zeros below.
static Expr float_of(Gen *g, uint32_t width, bool negative, bool exponent_ones, bool quiet)
{
    const uint32_t e = expr_float_exponent(width), m = width - 1 - e;
    const Expr exponent = exponent_ones ? ones(g, e) : expr_bv(g->pool, e, 0);
    const Expr top[] = {expr_bv(g->pool, 1, negative), exponent};
    const Expr fraction[] = {expr_bv(g->pool, 1, quiet), expr_bv(g->pool, m - 1, 0)};
    const Expr parts[] = {expr_make(g->pool, EXPR_CONCAT, top, 0, 0),
                          expr_make(g->pool, EXPR_CONCAT, fraction, 0, 0)};
    return expr_make(g->pool, EXPR_CONCAT, parts, 0, 0);
}

static Sym *float_constant(Gen *g, const IsleSpecExpr *e, Env *env)
{
    uint32_t width;
    if (!spec_width(g, e->args[0], env, &width))
        return NULL;
    if (expr_float_exponent(width) == 0)
        return gen_stop(g, STOP_ERROR, e->pos, "there are no floats of %u bits", width);
    switch ((int)e->op) {
    case ISLE_SPEC_OP_FP_POS_INF: return sym_of_expr(g, float_of(g, width, false, true, false));
    case ISLE_SPEC_OP_FP_NEG_INF: return sym_of_expr(g, float_of(g, width, true, true, false));
    case ISLE_SPEC_OP_FP_POS_ZERO: return sym_of_expr(g, float_of(g, width, false, false, false));
    case ISLE_SPEC_OP_FP_NEG_ZERO: return sym_of_expr(g, float_of(g, width, true, false, false));
    default: return sym_of_expr(g, float_of(g, width, false, true, true));
    }
}

typedef struct Parts {
    Expr sign, exponent_zero, exponent_ones, fraction_zero;
} Parts;

static Parts parts_of(Gen *g, Expr x)
{
    const uint32_t width = expr_node(g->pool, x)->sort.width;
    const uint32_t e = expr_float_exponent(width), m = width - 1 - e;
    const Expr exponent = expr_extract(g->pool, width - 2, m, x);
    const Expr fraction = expr_extract(g->pool, m - 1, 0, x);
    return (Parts){
        expr_eq(g->pool, expr_extract(g->pool, width - 1, width - 1, x), expr_bv(g->pool, 1, 1)),
        expr_eq(g->pool, exponent, expr_bv(g->pool, e, 0)), expr_eq(g->pool, exponent, ones(g, e)),
        expr_eq(g->pool, fraction, expr_bv(g->pool, m, 0))};
}

static Expr is_nan(Gen *g, Expr x)
{
    const Parts p = parts_of(g, x);
    return expr_and(g->pool, p.exponent_ones, expr_not(g->pool, p.fraction_zero));
}

static Expr float_class(Gen *g, IsleSpecOp op, Expr x)
{
    const Parts p = parts_of(g, x);
    ExprPool *const pool = g->pool;
    switch ((int)op) {
    case ISLE_SPEC_OP_FP_IS_ZERO: return expr_and(pool, p.exponent_zero, p.fraction_zero);
    case ISLE_SPEC_OP_FP_IS_INFINITE: return expr_and(pool, p.exponent_ones, p.fraction_zero);
    case ISLE_SPEC_OP_FP_IS_NAN: return is_nan(g, x);
    case ISLE_SPEC_OP_FP_IS_NEGATIVE: return expr_and(pool, p.sign, expr_not(pool, is_nan(g, x)));
    case ISLE_SPEC_OP_FP_IS_POSITIVE:
        return expr_and(pool, expr_not(pool, p.sign), expr_not(pool, is_nan(g, x)));
    case ISLE_SPEC_OP_FP_IS_NORMAL:
        return expr_and(pool, expr_not(pool, p.exponent_zero), expr_not(pool, p.exponent_ones));
    default: return expr_and(pool, p.exponent_zero, expr_not(pool, p.fraction_zero));
    }
}

static Sym *float_bits(Gen *g, const IsleSpecExpr *e, Env *env, const Sort *want)
{
    const Expr x = spec_scalar(g, e->args[0], env, want);
    if (g->stop)
        return NULL;
    const Sort sort = expr_node(g->pool, x)->sort;
    if (sort.kind != SORT_BV || expr_float_exponent(sort.width) == 0)
        return gen_stop(g, STOP_ERROR, e->pos, "there are no floats of %u bits", sort.width);
    if (e->op != ISLE_SPEC_OP_FP_NEG)
        return sym_of_expr(g, float_class(g, e->op, x));
    // The negative of a NaN is some NaN.
    const Expr sign = float_of(g, sort.width, true, false, false);
    const Expr nan = expr_2(g->pool, EXPR_BVOR, float_of(g, sort.width, false, true, true),
                            expr_var(g->pool, STR("nan"), sort));
    return sym_of_expr(g,
                       expr_ite(g->pool, is_nan(g, x), nan, expr_2(g->pool, EXPR_BVXOR, x, sign)));
}

// The integer nearest to the float, 0 for a NaN: by the exact conversion where the value fits.
static Expr saturated(Gen *g, bool is_signed, uint32_t width, Expr x)
{
    ExprPool *const pool = g->pool;
    const uint32_t from = expr_node(pool, x)->sort.width;
    const Expr one = expr_bv(pool, width, 1), zero = expr_bv(pool, width, 0);
    const Expr least =
        is_signed ? expr_2(pool, EXPR_BVSHL, one, expr_bv(pool, width, width - 1)) : zero;
    const Expr most = expr_1(pool, EXPR_BVNOT, least);
    // 2^(width - 1) or 2^width, as an unsigned number of one more bit.
    const Expr top =
        expr_make(pool, EXPR_CONCAT,
                  (const Expr[]){expr_bv(pool, 1, !is_signed), is_signed ? least : zero}, 0, 0);
    const Expr bound = expr_make(pool, EXPR_TO_FP_UNSIGNED, &top, from, 0);
    const Expr cut = expr_1(pool, EXPR_FP_TRUNC, x);
    const Expr low = is_signed ? expr_make(pool, EXPR_TO_FP, &least, from, 0)
                               : float_of(g, from, false, false, false);
    const Expr value = expr_make(pool, is_signed ? EXPR_FP_TO_SBV : EXPR_FP_TO_UBV, &x, width, 0);
    const Expr above = expr_2(pool, EXPR_FP_LE, bound, cut);
    const Expr below = expr_2(pool, EXPR_FP_LT, cut, low);
    return expr_ite(pool, is_nan(g, x), zero,
                    expr_ite(pool, above, most, expr_ite(pool, below, least, value)));
}

static Sym *float_convert(Gen *g, const IsleSpecExpr *e, Env *env)
{
    uint32_t width;
    const Expr x = spec_scalar(g, e->args[1], env, NULL);
    if (g->stop || !spec_width(g, e->args[0], env, &width))
        return NULL;
    const Sort sort = expr_node(g->pool, x)->sort;
    const bool to_float = e->op == ISLE_SPEC_OP_TO_FP || e->op == ISLE_SPEC_OP_TO_FP_UNSIGNED ||
                          e->op == ISLE_SPEC_OP_TO_FP_FROM_FP;
    const bool from_float = e->op != ISLE_SPEC_OP_TO_FP && e->op != ISLE_SPEC_OP_TO_FP_UNSIGNED;
    if (sort.kind != SORT_BV || width == 0 || (to_float && expr_float_exponent(width) == 0) ||
        (from_float && expr_float_exponent(sort.width) == 0))
        return gen_stop(g, STOP_ERROR, e->pos, "there are no floats of %u bits",
                        to_float ? width : sort.width);
    if (e->op == ISLE_SPEC_OP_FP_TO_UBV_SAT || e->op == ISLE_SPEC_OP_FP_TO_SBV_SAT)
        return sym_of_expr(g, saturated(g, e->op == ISLE_SPEC_OP_FP_TO_SBV_SAT, width, x));
    return sym_of_expr(g, expr_make(g->pool, direct_op(e->op), &x, width, 0));
}

// ---- All ----

typedef enum Shape {
#define SPEC_SHAPE(NAME) SHAPE_##NAME,
#include "isle-rules/compiler/spec_shapes.def"
} Shape;

static const uint8_t shapes[ISLE_SPEC_OP_COUNT] = {
#define SPEC_OP(NAME, text, min, max, shape) SHAPE_##shape,
#include "isle-rules/compiler/spec_ops.def"
};

bool effect_is(IsleSpecOp op)
{
    return shapes[op] >= SHAPE_LOAD;
}

Sym *spec_operator(Gen *g, const IsleSpecExpr *e, Env *env, const Sort *want)
{
    switch ((Shape)shapes[e->op]) {
    case SHAPE_EQUAL: return equal(g, e, env);
    case SHAPE_LOGIC: return logic(g, e, env);
    case SHAPE_INTEGER:
    case SHAPE_INTEGER_ORDER: return integer(g, e, env);
    case SHAPE_BITS:
        return e->op == ISLE_SPEC_OP_BSWAP ? bswap(g, e, env, want) : bits(g, e, env, want);
    case SHAPE_FLOAT:
        return e->op == ISLE_SPEC_OP_FP_NEG ? float_bits(g, e, env, want) : bits(g, e, env, want);
    case SHAPE_BITS_ORDER:
    case SHAPE_FLOAT_ORDER: return order(g, e, env);
    case SHAPE_EXTRACT: return extract(g, e, env);
    case SHAPE_CONCAT: return concat(g, e, env);
    case SHAPE_REPLICATE: return replicate(g, e, env);
    case SHAPE_WIDEN:
    case SHAPE_RESIZE: return resize(g, e, env);
    case SHAPE_INT2BV: return int2bv(g, e, env);
    case SHAPE_BV2NAT: return bv2nat(g, e, env);
    case SHAPE_WIDTHOF: return widthof(g, e, env);
    case SHAPE_FLOAT_CLASS: return float_bits(g, e, env, NULL);
    case SHAPE_FLOAT_CONSTANT: return float_constant(g, e, env);
    case SHAPE_CONVERT: return float_convert(g, e, env);
    case SHAPE_FRESH: return fresh(g, e, env);
    case SHAPE_LOAD: {
        const Expr value = effect_load(g, e, env);
        return g->stop ? NULL : sym_of_expr(g, value);
    }
    case SHAPE_STORE:
    case SHAPE_TRAP:
    case SHAPE_OUTPUT:
    case SHAPE_GOTO:
    case SHAPE_EXECUTE:
    case SHAPE_EFFECT: break;
    }
    return gen_stop(g, STOP_ERROR, e->pos, "an effect has no value");
}
