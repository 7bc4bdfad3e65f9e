// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums. x + y + c with a carry is one sum and not two, however it is put together, so that adders
// in a row are the same as one that is wider.

#include "verify/smt/smt_internal.h"

static bool is_number(const ExprPool *pool, Expr e, uint64_t number)
{
    ExprValue value;
    const Wide want = wide_from_u64(number);
    return expr_is_const(pool, e, &value) && wide_equal(&value.bits, &want);
}

// The one bit that a number has.
static bool as_bit(Smt *s, Expr e, Z3_ast *bit)
{
    const ExprNode *const n = expr_node(s->pool, e);
    if (n->op == EXPR_ZERO_EXT && expr_node(s->pool, n->args[0])->sort.width == 1) {
        *bit = s->terms[n->args[0].index];
        return true;
    }
    if (n->op != EXPR_ITE)
        return false;
    const bool plain = is_number(s->pool, n->args[1], 1) && is_number(s->pool, n->args[2], 0);
    const bool other = is_number(s->pool, n->args[1], 0) && is_number(s->pool, n->args[2], 1);
    *bit = Z3_mk_ite(s->ctx, s->terms[n->args[0].index], smt_number(s, 1, plain),
                     smt_number(s, 1, other));
    return plain || other;
}

static uint32_t width_of(Smt *s, Z3_ast x)
{
    return Z3_get_bv_sort_size(s->ctx, Z3_get_sort(s->ctx, x));
}

// The lowest digit makes the carry.
static Z3_ast sum_with_carry(Smt *s, Z3_ast x, Z3_ast y, Z3_ast carry)
{
    const Z3_ast sum = Z3_mk_bvadd(s->ctx, Z3_mk_concat(s->ctx, x, smt_number(s, 1, 1)),
                                   Z3_mk_concat(s->ctx, y, carry));
    return Z3_mk_extract(s->ctx, width_of(s, x), 1, sum);
}

Z3_ast smt_add(Smt *s, const ExprNode *n)
{
    Z3_ast bit;
    for (uint32_t i = 0; i < 2; i++) {
        const Expr other = n->args[1 - i];
        const ExprNode *const sum = expr_node(s->pool, n->args[i]);
        if (sum->op != EXPR_BVADD)
            continue;
        if (as_bit(s, other, &bit))
            return sum_with_carry(s, s->terms[sum->args[0].index], s->terms[sum->args[1].index],
                                  bit);
        for (uint32_t k = 0; k < 2; k++)
            if (as_bit(s, sum->args[k], &bit))
                return sum_with_carry(s, s->terms[other.index], s->terms[sum->args[1 - k].index],
                                      bit);
    }
    return Z3_mk_bvadd(s->ctx, s->terms[n->args[0].index], s->terms[n->args[1].index]);
}

Z3_ast smt_sub(Smt *s, const ExprNode *n)
{
    const ExprNode *const rest = expr_node(s->pool, n->args[0]);
    const Z3_ast x = s->terms[n->args[0].index], y = s->terms[n->args[1].index];
    Z3_ast bit;
    if (rest->op == EXPR_BVSUB && as_bit(s, n->args[1], &bit))
        return sum_with_carry(s, s->terms[rest->args[0].index],
                              Z3_mk_bvnot(s->ctx, s->terms[rest->args[1].index]),
                              Z3_mk_bvnot(s->ctx, bit));
    return Z3_mk_bvsub(s->ctx, x, y);
}
