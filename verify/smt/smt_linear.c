// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums in one form: terms are brought together with their factors, what cancels is dropped, and
// the rest stands in the order of its numbers, first what is added, then the constant, then what
// is taken away. ~x is -x - 1. Of an equation of sums the terms of both sides are brought together:
// a - b = c - d and a + d = c + b are the same equation, which a solver of bits finds out by
// adding.

#include "verify/smt/smt_internal.h"

enum { MAX_TERMS = 16, MAX_DEPTH = 2 * MAX_TERMS };

typedef struct Term {
    Expr atom;
    Expr factor; // a number
} Term;

// The sum of terms and a constant.
typedef struct Sum {
    ExprPool *pool;
    Term terms[MAX_TERMS];
    uint32_t count;
    uint32_t width;
    Expr constant;
} Sum;

static Expr number(const Sum *sum, uint64_t value)
{
    return expr_bv(sum->pool, sum->width, value);
}

static Expr negative(const Sum *sum, Expr x)
{
    return expr_1(sum->pool, EXPR_BVNEG, x);
}

static Expr minus_one(const Sum *sum)
{
    return expr_1(sum->pool, EXPR_BVNOT, number(sum, 0));
}

static void add_constant(Sum *sum, Expr value)
{
    sum->constant = expr_2(sum->pool, EXPR_BVADD, sum->constant, value);
}

static bool add_term(Sum *sum, const Term *term)
{
    for (uint32_t i = 0; i < sum->count; i++) {
        Term *const old = &sum->terms[i];
        if (!expr_same(old->atom, term->atom))
            continue;
        old->factor = expr_2(sum->pool, EXPR_BVADD, old->factor, term->factor);
        return true;
    }
    if (sum->count == MAX_TERMS)
        return false;
    sum->terms[sum->count++] = *term;
    return true;
}

// The parts of a term that is a sum or a multiple itself; 0: it is none. `out` has room for two.
static uint32_t parts_of(Sum *sum, const Term *term, bool inside, Term *out)
{
    const ExprNode n = *expr_node(sum->pool, term->atom);
    const Expr back = negative(sum, term->factor);
    switch ((int)n.op) {
    case EXPR_BVADD:
    case EXPR_BVSUB:
        out[0] = (Term){n.args[0], term->factor};
        out[1] = (Term){n.args[1], n.op == EXPR_BVADD ? term->factor : back};
        return 2;
    case EXPR_BVNEG: out[0] = (Term){n.args[0], back}; return 1;
    case EXPR_BVNOT:
        if (!inside) // as long as nothing is added, bits by themselves are simpler
            return 0;
        out[0] = (Term){n.args[0], back};
        out[1] = (Term){minus_one(sum), term->factor};
        return 2;
    case EXPR_BVMUL:
        for (uint32_t i = 0; i < 2; i++) {
            if (!expr_is_const(sum->pool, n.args[i], NULL))
                continue;
            out[0] = (Term){n.args[1 - i], expr_2(sum->pool, EXPR_BVMUL, term->factor, n.args[i])};
            return 1;
        }
        return 0;
    default: return 0;
    }
}

// Adds `e` times a number. False: it has too many terms.
static bool add_expr(Sum *sum, Expr e, Expr factor)
{
    Term stack[MAX_DEPTH];
    uint32_t depth = 0;
    bool inside = false;
    stack[depth++] = (Term){e, factor};
    while (depth != 0) {
        const Term top = stack[--depth];
        Term parts[2];
        if (expr_is_const(sum->pool, top.atom, NULL)) {
            add_constant(sum, expr_2(sum->pool, EXPR_BVMUL, top.factor, top.atom));
            continue;
        }
        const uint32_t count = parts_of(sum, &top, inside, parts);
        if (depth + count > MAX_DEPTH || (count == 0 && !add_term(sum, &top)))
            return false;
        for (uint32_t i = count; i-- > 0;)
            stack[depth++] = parts[i];
        inside = true;
    }
    return true;
}

static bool is_negative(const Sum *sum, Expr x)
{
    ExprValue value;
    return expr_is_const(sum->pool, x, &value) && wide_bit(&value.bits, sum->width - 1);
}

static bool is_zero(const Sum *sum, Expr x)
{
    return expr_same(x, number(sum, 0));
}

// The next term to write: that of the lowest number from `from` on, negative or not. NULL: none.
static const Term *next_term(const Sum *sum, bool is_minus, uint32_t from)
{
    const Term *next = NULL;
    for (uint32_t i = 0; i < sum->count; i++) {
        const Term *const term = &sum->terms[i];
        if (term->atom.index >= from && !is_zero(sum, term->factor) &&
            is_negative(sum, term->factor) == is_minus &&
            (!next || term->atom.index < next->atom.index))
            next = term;
    }
    return next;
}

static Expr multiple(const Sum *sum, Expr atom, Expr factor)
{
    return expr_2(sum->pool, EXPR_BVMUL, atom, factor);
}

// What is added, or what is taken away, and `start`.
static Expr side(const Sum *sum, bool is_minus, Expr start)
{
    Expr out = start;
    const Term *term = next_term(sum, is_minus, 0);
    for (; term; term = next_term(sum, is_minus, term->atom.index + 1)) {
        const Expr factor = is_minus ? negative(sum, term->factor) : term->factor;
        out = expr_2(sum->pool, EXPR_BVADD, out, multiple(sum, term->atom, factor));
    }
    return out;
}

static Sum new_sum(ExprPool *pool, uint32_t width)
{
    return (Sum){.pool = pool, .width = width, .constant = expr_bv(pool, width, 0)};
}

bool smt_sum_form(ExprPool *pool, Expr e, Expr *out)
{
    const ExprNode node = *expr_node(pool, e);
    if (node.op != EXPR_BVADD && node.op != EXPR_BVSUB && node.op != EXPR_BVNEG &&
        node.op != EXPR_BVNOT && node.op != EXPR_BVMUL)
        return false;
    Sum sum = new_sum(pool, node.sort.width);
    if (node.op == EXPR_BVNOT) {
        // Of a sum alone.
        const ExprOp inner = expr_node(pool, node.args[0])->op;
        if (inner != EXPR_BVADD && inner != EXPR_BVSUB && inner != EXPR_BVNEG)
            return false;
        sum.constant = minus_one(&sum);
        if (!add_expr(&sum, node.args[0], minus_one(&sum)))
            return false;
    } else if (!add_expr(&sum, e, number(&sum, 1))) {
        return false;
    }
    const Term *const minus = next_term(&sum, true, 0);
    const Expr plus = side(&sum, false, sum.constant);
    if (!minus) {
        *out = plus;
        return true;
    }
    const bool single = !next_term(&sum, true, minus->atom.index + 1);
    if (single && expr_same(plus, minus_one(&sum)) && expr_same(minus->factor, minus_one(&sum)))
        *out = expr_1(pool, EXPR_BVNOT, minus->atom);
    else
        *out = expr_2(pool, EXPR_BVSUB, plus, side(&sum, true, number(&sum, 0)));
    return true;
}

bool smt_equation_form(ExprPool *pool, Expr e, Expr *out)
{
    const ExprNode node = *expr_node(pool, e);
    if (node.op != EXPR_EQ || expr_node(pool, node.args[0])->sort.kind != SORT_BV)
        return false;
    Sum sum = new_sum(pool, expr_node(pool, node.args[0])->sort.width);
    if (!add_expr(&sum, node.args[0], number(&sum, 1)) ||
        !add_expr(&sum, node.args[1], minus_one(&sum)))
        return false;
    // The sign of the whole is free: the first term is added.
    const Term *const plus = next_term(&sum, false, 0), *const minus = next_term(&sum, true, 0);
    const bool turn = !plus || (minus && minus->atom.index < plus->atom.index);
    const Expr left = side(&sum, turn, number(&sum, 0));
    const Expr right = side(&sum, !turn, turn ? sum.constant : negative(&sum, sum.constant));
    *out = expr_eq(pool, left, right);
    return true;
}
