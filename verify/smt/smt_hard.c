// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Most questions with products, quotients or floats in them do not depend on what these operations
// do: both sides do the same. So such a question is first asked with functions in their place of
// which next to nothing is known. What can't be true then can't be true at all; else it is asked in
// full.

#include "verify/smt/smt_internal.h"

bool smt_is_hard(const ExprPool *pool, const ExprNode *n)
{
    uint64_t bits;
    switch ((int)n->op) {
    case EXPR_TO_FP_FROM_FP:
        return n->sort.width != 64 || expr_node(pool, n->args[0])->sort.width != 32;
    case EXPR_TO_FP_UNSIGNED: return !smt_is_power(pool, n, &bits);
    default: return expr_is_hard(pool, n) || smt_is_float_arithmetic(n->op);
    }
}

bool smt_is_wide_shift(const ExprPool *pool, const ExprNode *n)
{
    switch ((int)n->op) {
    case EXPR_BVSHL:
    case EXPR_BVLSHR:
    case EXPR_BVASHR:
    case EXPR_ROTL:
    case EXPR_ROTR: return n->sort.width >= SMT_MIN_WIDE && !expr_is_const(pool, n->args[1], NULL);
    default: return false;
    }
}

// What is known all the same of a float operator: of a NaN it makes a NaN, of an integer none.
static void know_nans(Smt *s, const ExprNode *n, const Z3_ast *args, Z3_ast value)
{
    const bool from_int = n->op == EXPR_TO_FP || n->op == EXPR_TO_FP_UNSIGNED;
    if (n->op == EXPR_FP_TO_UBV || n->op == EXPR_FP_TO_SBV)
        return;
    const Z3_ast nan = smt_is_nan(s, n->sort.width, value);
    if (from_int)
        Z3_solver_assert(s->ctx, s->solver, Z3_mk_not(s->ctx, nan));
    for (uint32_t i = 0; i < n->num_args && !from_int; i++) {
        const uint32_t width = expr_node(s->pool, n->args[i])->sort.width;
        const Z3_ast of = smt_is_nan(s, width, args[i]);
        Z3_solver_assert(s->ctx, s->solver, Z3_mk_implies(s->ctx, of, nan));
    }
}

// A float cut off at the point has the same sign and is no larger without it.
static void know_cut(Smt *s, const ExprNode *n, Z3_ast x, Z3_ast value)
{
    const uint32_t top = n->sort.width - 1;
    const Z3_ast nan = smt_is_nan(s, n->sort.width, x);
    const Z3_ast less = Z3_mk_bvule(s->ctx, Z3_mk_extract(s->ctx, top - 1, 0, value),
                                    Z3_mk_extract(s->ctx, top - 1, 0, x));
    const Z3_ast sign = Z3_mk_eq(s->ctx, Z3_mk_extract(s->ctx, top, top, value),
                                 Z3_mk_extract(s->ctx, top, top, x));
    const Z3_ast both[] = {less, sign};
    const Z3_ast either[] = {nan, Z3_mk_and(s->ctx, 2, both)};
    Z3_solver_assert(s->ctx, s->solver, Z3_mk_or(s->ctx, 2, either));
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
    const Z3_ast x = args[0], zero = smt_number(s, n->sort.width, 0);
    const Z3_ast by_zero = Z3_mk_eq(s->ctx, args[1], zero);
    const Z3_ast by_one = Z3_mk_eq(s->ctx, args[1], smt_number(s, n->sort.width, 1));
    const Z3_ast ones = Z3_mk_bvnot(s->ctx, zero);
    know_if(s, by_one, value, is_rest ? zero : x);
    if (is_rest)
        know_if(s, by_zero, value, x);
    if (n->op == EXPR_BVUDIV)
        know_if(s, by_zero, value, ones);
    if (is_signed)
        know_if(s, Z3_mk_eq(s->ctx, args[1], ones), value, is_rest ? zero : Z3_mk_bvneg(s->ctx, x));
}

// What is known all the same of products: by 0 and 1.
static void know_factors(Smt *s, const ExprNode *n, const Z3_ast *args, Z3_ast value)
{
    const Z3_ast zero = smt_number(s, n->sort.width, 0), one = smt_number(s, n->sort.width, 1);
    for (uint32_t i = 0; i < 2; i++) {
        know_if(s, Z3_mk_eq(s->ctx, args[i], zero), value, zero);
        know_if(s, Z3_mk_eq(s->ctx, args[i], one), value, args[1 - i]);
    }
}

// What is known all the same of shifts: by 0.
static void know_shifts(Smt *s, const ExprNode *n, const Z3_ast *args, Z3_ast value)
{
    const Z3_ast zero = smt_number(s, n->sort.width, 0);
    know_if(s, Z3_mk_eq(s->ctx, args[1], zero), value, args[0]);
}

// A function for the operator on these widths.
Z3_ast smt_unknown_function(Smt *s, const ExprNode *n)
{
    Z3_ast args[3] = {NULL, NULL, NULL};
    Z3_sort sorts[3];
    StrBuf name = {.arena = s->arena};
    buf_printf(&name, "%d %u", (int)n->op, n->sort.width);
    for (uint32_t i = 0; i < n->num_args; i++) {
        const Sort sort = expr_node(s->pool, n->args[i])->sort;
        // Integers are made of floats of 64 bits, which those of 32 are as well.
        const bool cut = n->op == EXPR_FP_TO_UBV || n->op == EXPR_FP_TO_SBV;
        const uint32_t width = cut && sort.width == 32 ? 64 : sort.width;
        args[i] = s->terms[n->args[i].index];
        args[i] = width == sort.width ? args[i] : smt_promoted(s, args[i]);
        sorts[i] = smt_sort_of(s, (Sort){sort.kind, width});
        buf_printf(&name, " %u", width);
    }
    buf_char(&name, 0);
    const Z3_symbol symbol = Z3_mk_string_symbol(s->ctx, name.data);
    const Z3_func_decl f =
        Z3_mk_func_decl(s->ctx, symbol, n->num_args, sorts, smt_sort_of(s, n->sort));
    const Z3_ast value = Z3_mk_app(s->ctx, f, n->num_args, args);
    if (expr_is_commutative(n->op)) {
        const Z3_ast swapped[] = {args[1], args[0], args[2]};
        const Z3_ast other = Z3_mk_app(s->ctx, f, n->num_args, swapped);
        Z3_solver_assert(s->ctx, s->solver, Z3_mk_eq(s->ctx, value, other));
    }
    if (n->op == EXPR_FP_TRUNC)
        know_cut(s, n, args[0], value);
    if (smt_is_float_arithmetic(n->op))
        know_nans(s, n, args, value);
    else if (n->op == EXPR_BVMUL)
        know_factors(s, n, args, value);
    else if (smt_is_wide_shift(s->pool, n))
        know_shifts(s, n, args, value);
    else
        know_divisors(s, n, args, value);
    return value;
}
