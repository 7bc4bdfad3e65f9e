// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Equations of sums in one form: a - b = c - d and a + d = c + b are the same equation, which a
// solver of bits finds out by adding. Terms are brought together, what cancels is dropped, those
// with a minus go to the other side, and the first one stands on the left.

#include "verify/smt/smt_internal.h"

enum { MAX_TERMS = 16 };

typedef struct Term {
    Expr atom;
    int32_t factor;
} Term;

// The sum of terms and a constant.
typedef struct Sum {
    Term terms[MAX_TERMS];
    uint32_t count;
    Expr constant;
} Sum;

static bool add_term(Sum *sum, Expr atom, int32_t factor)
{
    for (uint32_t i = 0; i < sum->count; i++)
        if (expr_same(sum->terms[i].atom, atom)) {
            sum->terms[i].factor += factor;
            return true;
        }
    if (sum->count == MAX_TERMS)
        return false;
    sum->terms[sum->count++] = (Term){atom, factor};
    return true;
}

static Expr negated(ExprPool *pool, Expr x, int32_t factor)
{
    return factor < 0 ? expr_1(pool, EXPR_BVNEG, x) : x;
}

// Adds `e` times 1 or -1. False: it has too many terms.
static bool add_expr(ExprPool *pool, Sum *sum, Expr e, int32_t factor)
{
    Term stack[2 * MAX_TERMS];
    uint32_t depth = 0;
    stack[depth++] = (Term){e, factor};
    while (depth != 0) {
        const Term top = stack[--depth];
        const ExprNode n = *expr_node(pool, top.atom);
        if (depth + 2 > 2 * MAX_TERMS)
            return false;
        if (expr_is_const(pool, top.atom, NULL)) {
            sum->constant =
                expr_2(pool, EXPR_BVADD, sum->constant, negated(pool, top.atom, top.factor));
        } else if (n.op == EXPR_BVADD || n.op == EXPR_BVSUB) {
            stack[depth++] = (Term){n.args[0], top.factor};
            stack[depth++] = (Term){n.args[1], n.op == EXPR_BVADD ? top.factor : -top.factor};
        } else if (n.op == EXPR_BVNEG) {
            stack[depth++] = (Term){n.args[0], -top.factor};
        } else if (!add_term(sum, top.atom, top.factor)) {
            return false;
        }
    }
    return true;
}

// The first of the terms that are left; NULL: none is.
static const Term *first_term(const Sum *sum)
{
    const Term *first = NULL;
    for (uint32_t i = 0; i < sum->count; i++) {
        const Term *const term = &sum->terms[i];
        if (term->factor != 0 && (!first || term->atom.index < first->atom.index))
            first = term;
    }
    return first;
}

// The sum of those with `factor`, in order of their numbers, and `start`.
static Expr side(ExprPool *pool, const Sum *sum, int32_t factor, Expr start)
{
    Expr out = start;
    uint32_t last = 0;
    for (uint32_t taken = 0; taken < sum->count; taken++) {
        const Term *next = NULL;
        for (uint32_t i = 0; i < sum->count; i++) {
            const Term *const term = &sum->terms[i];
            if (term->factor == factor && term->atom.index >= last &&
                (!next || term->atom.index < next->atom.index))
                next = term;
        }
        if (!next)
            break;
        out = expr_2(pool, EXPR_BVADD, out, next->atom);
        last = next->atom.index + 1;
    }
    return out;
}

// Another form of an equation of numbers. False: it has none, or factors other than 1.
static bool rewrite(ExprPool *pool, const ExprNode *node, Expr *out)
{
    if (node->op != EXPR_EQ || expr_node(pool, node->args[0])->sort.kind != SORT_BV)
        return false;
    const Sort sort = expr_node(pool, node->args[0])->sort;
    const Expr zero = expr_bv(pool, sort.width, 0);
    Sum sum = {.constant = zero};
    if (!add_expr(pool, &sum, node->args[0], 1) || !add_expr(pool, &sum, node->args[1], -1))
        return false;
    for (uint32_t i = 0; i < sum.count; i++)
        if (sum.terms[i].factor < -1 || sum.terms[i].factor > 1)
            return false;
    const Term *const first = first_term(&sum);
    const int32_t plus = first ? first->factor : 1;
    const Expr left = side(pool, &sum, plus, zero);
    const Expr right = side(pool, &sum, -plus, negated(pool, sum.constant, -plus));
    *out = expr_eq(pool, left, right);
    return true;
}

bool smt_rewrite_sums(ExprPool *pool, Expr *conditions, uint32_t count, Arena *arena)
{
    const uint32_t nodes = pool->nodes.len;
    Bitset seen = bitset_new(arena, nodes);
    for (uint32_t i = 0; i < count; i++)
        expr_reach(pool, conditions[i], &seen);
    Expr *const by = ARENA_ARRAY(arena, Expr, nodes);
    bool any = false;
    for (uint32_t i = 0; i < nodes; i++) {
        const ExprNode node = *expr_node(pool, (Expr){i}); // a copy: the pool grows
        by[i] = EXPR_NONE;
        if (!bitset_has(&seen, i) || !rewrite(pool, &node, &by[i]))
            continue;
        any |= by[i].index != i;
    }
    if (any)
        expr_substitute(pool, by, nodes, conditions, count);
    return any;
}
