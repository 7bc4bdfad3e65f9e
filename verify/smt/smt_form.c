// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Questions in a form in which the two sides of an identity often are one node, so that nothing is
// left for the solver. Unlike what verify/expr simplifies, which is part of what a ledger's keys
// are made of, these forms may change at any time: they are tried on a question, beside the one
// that was asked.

#include "verify/smt/smt_internal.h"

static bool give(Expr *out, Expr value)
{
    *out = value;
    return true;
}

// Sums in their form, others as they are.
static Expr summed(ExprPool *pool, Expr e)
{
    Expr out;
    return smt_sum_form(pool, e, &out) ? out : e;
}

static bool is_bitwise(ExprOp op)
{
    return op == EXPR_BVAND || op == EXPR_BVOR || op == EXPR_BVXOR;
}

// ---- Shifts and rotations ----

// The bits of a rotation's amount that count, to the left; of a width that is a power of two.
static Expr turns(ExprPool *pool, const ExprNode *n)
{
    uint32_t bits = 0;
    while (1u << bits < n->sort.width)
        bits++;
    const Expr low = expr_extract(pool, bits - 1, 0, n->args[1]);
    return n->op == EXPR_ROTL ? low : expr_1(pool, EXPR_BVNEG, low);
}

static bool is_rotatable(uint32_t width)
{
    return width >= 2 && (width & (width - 1)) == 0;
}

// Rotations in a row are one, by the sum of what they turn.
static bool rotation(ExprPool *pool, const ExprNode *n, Expr *out)
{
    const uint32_t width = n->sort.width;
    if (!is_rotatable(width))
        return false;
    Expr x = n->args[0];
    Expr amount = turns(pool, n);
    const ExprNode inner = *expr_node(pool, x);
    if (inner.op == EXPR_ROTL || inner.op == EXPR_ROTR) {
        amount = expr_2(pool, EXPR_BVADD, amount, turns(pool, &inner));
        x = inner.args[0];
    }
    amount = expr_zero_ext(pool, width, summed(pool, amount));
    return give(out, expr_2(pool, EXPR_ROTL, x, amount));
}

// Bits that an amount has besides zeros above.
static uint32_t amount_bits(const ExprPool *pool, Expr amount)
{
    const ExprNode *const n = expr_node(pool, amount);
    return n->op == EXPR_ZERO_EXT ? expr_width(pool, n->args[0]) : n->sort.width;
}

// Two shifts the same way are one by the sum, if that is a number of the width.
static bool shift_twice(ExprPool *pool, const ExprNode *n, Expr *out)
{
    const ExprNode inner = *expr_node(pool, n->args[0]);
    const uint32_t width = n->sort.width;
    if (inner.op != n->op || amount_bits(pool, inner.args[1]) >= width ||
        amount_bits(pool, n->args[1]) >= width)
        return false;
    const Expr sum = summed(pool, expr_2(pool, EXPR_BVADD, inner.args[1], n->args[1]));
    return give(out, expr_2(pool, n->op, inner.args[0], sum));
}

// One way and back by the same number, or by more than there is: a mask.
static bool shift_back(ExprPool *pool, const ExprNode *n, Expr *out)
{
    const ExprNode inner = *expr_node(pool, n->args[0]);
    const bool forth = n->op == EXPR_BVSHL ? inner.op == EXPR_BVLSHR || inner.op == EXPR_BVASHR
                                           : n->op == EXPR_BVLSHR && inner.op == EXPR_BVSHL;
    if (!forth || !expr_same(inner.args[1], n->args[1]))
        return false;
    const Expr ones = expr_1(pool, EXPR_BVNOT, expr_bv(pool, n->sort.width, 0));
    return give(out,
                expr_2(pool, EXPR_BVAND, inner.args[0], expr_2(pool, n->op, ones, n->args[1])));
}

// What is shifted left by a number and right by the rest of a turn is rotated; by 0, both are x, of
// which only an or makes x.
static bool turned(ExprPool *pool, const ExprNode *n, Expr *out)
{
    const ExprNode a = *expr_node(pool, n->args[0]), b = *expr_node(pool, n->args[1]);
    const ExprNode *const left = a.op == EXPR_BVSHL ? &a : &b, *const right = left == &a ? &b : &a;
    if (left->op != EXPR_BVSHL || right->op != EXPR_BVLSHR || !is_rotatable(n->sort.width) ||
        !expr_same(left->args[0], right->args[0]))
        return false;
    const ExprNode up = *expr_node(pool, left->args[1]), down = *expr_node(pool, right->args[1]);
    if (up.op != EXPR_ZERO_EXT || down.op != EXPR_ZERO_EXT)
        return false;
    const uint32_t bits = expr_width(pool, up.args[0]);
    if (bits != expr_width(pool, down.args[0]) || bits >= 8 || 1u << bits != n->sort.width)
        return false;
    const Expr turn = summed(pool, expr_2(pool, EXPR_BVADD, up.args[0], down.args[0]));
    if (!expr_same(turn, expr_bv(pool, bits, 0)))
        return false;
    const Expr x = left->args[0];
    const Expr rotated = expr_2(pool, EXPR_ROTL, x, left->args[1]);
    const Expr stays = expr_eq(pool, up.args[0], expr_bv(pool, bits, 0));
    return give(out, n->op == EXPR_BVOR
                         ? rotated
                         : expr_ite(pool, stays, expr_2(pool, n->op, x, x), rotated));
}

// Shifts of what is done bit by bit, to the left of sums too, are done before.
static bool shift_of_two(ExprPool *pool, const ExprNode *n, Expr *out)
{
    const ExprNode inner = *expr_node(pool, n->args[0]);
    const bool left = n->op == EXPR_BVSHL;
    if (!is_bitwise(inner.op) && !(left && (inner.op == EXPR_BVADD || inner.op == EXPR_BVSUB)))
        return false;
    return give(out,
                summed(pool, expr_2(pool, inner.op, expr_2(pool, n->op, inner.args[0], n->args[1]),
                                    expr_2(pool, n->op, inner.args[1], n->args[1]))));
}

// The number of equal bits from bit `from` up, and what they are.
static uint32_t run_of(const ExprValue *value, uint32_t from, bool *bit)
{
    uint32_t at = from;
    *bit = wide_bit(&value->bits, from);
    while (at < value->sort.width && wide_bit(&value->bits, at) == *bit)
        at++;
    return at - from;
}

// The low or the high bits of x, where a mask is ones up to some bit, or from there on.
static bool masked(ExprPool *pool, const ExprNode *n, Expr *out)
{
    for (uint32_t i = 0; i < 2; i++) {
        ExprValue mask;
        bool low, high;
        if (!expr_is_const(pool, n->args[i], &mask))
            continue;
        const uint32_t width = n->sort.width, bits = run_of(&mask, 0, &low);
        if (bits == width || bits + run_of(&mask, bits, &high) != width)
            return false;
        const Expr x = n->args[1 - i];
        if (low)
            return give(
                out, expr_zero_ext(pool, width, summed(pool, expr_extract(pool, bits - 1, 0, x))));
        const Expr parts[] = {expr_extract(pool, width - 1, bits, x), expr_bv(pool, bits, 0)};
        return give(out, expr_make(pool, EXPR_CONCAT, parts, 0, 0));
    }
    return false;
}

// ---- Quotients ----

// The exponent, if |e| is a power of two of more than 1.
static bool is_signed_power(const ExprPool *pool, Expr e, uint32_t *k, bool *is_minus)
{
    ExprValue value;
    if (!expr_is_const(pool, e, &value))
        return false;
    const uint32_t width = value.sort.width;
    bool bit;
    *k = run_of(&value, 0, &bit);
    if (bit || *k == 0 || *k == width)
        return false;
    const uint32_t ones = run_of(&value, *k, &bit);
    *is_minus = *k + ones == width;
    return *is_minus || (ones == 1 && *k + 1 + run_of(&value, *k + 1, &bit) == width);
}

// x / 2^k, rounded towards zero: what is negative gets 2^k - 1 more before it is shifted.
static Expr shifted_quotient(ExprPool *pool, Expr x, uint32_t k, bool is_minus)
{
    const uint32_t width = expr_width(pool, x);
    const Expr sign = expr_extract(pool, width - 1, width - 1, x);
    const Expr bias = expr_zero_ext(pool, width, expr_sign_ext(pool, k, sign));
    const Expr sum = summed(pool, expr_2(pool, EXPR_BVADD, x, bias));
    const Expr quotient = expr_2(pool, EXPR_BVASHR, sum, expr_bv(pool, width, k));
    return is_minus ? expr_1(pool, EXPR_BVNEG, quotient) : quotient;
}

static bool signed_division(ExprPool *pool, const ExprNode *n, Expr *out)
{
    uint32_t k;
    bool is_minus;
    if (!is_signed_power(pool, n->args[1], &k, &is_minus))
        return false;
    if (n->op == EXPR_BVSDIV)
        return give(out, shifted_quotient(pool, n->args[0], k, is_minus));
    const Expr quotient = shifted_quotient(pool, n->args[0], k, false);
    const Expr multiple = expr_2(pool, EXPR_BVSHL, quotient, expr_bv(pool, n->sort.width, k));
    return give(out, summed(pool, expr_2(pool, EXPR_BVSUB, n->args[0], multiple)));
}

// ---- Counts of bits ----

enum { MAX_PARTS = 32 };

// The parts of concatenations, without zeros. False: too many.
static bool parts_of(const ExprPool *pool, Expr e, Expr *parts, uint32_t *count)
{
    Expr stack[MAX_PARTS];
    uint32_t depth = 0;
    stack[depth++] = e;
    *count = 0;
    while (depth != 0) {
        const Expr top = stack[--depth];
        const ExprNode *const n = expr_node(pool, top);
        const uint32_t inner = n->op == EXPR_CONCAT ? 2 : n->op == EXPR_ZERO_EXT ? 1 : 0;
        ExprValue value;
        if (expr_is_const(pool, top, &value) && wide_is_zero(&value.bits))
            continue;
        if (depth + inner > MAX_PARTS || (inner == 0 && *count == MAX_PARTS))
            return false;
        for (uint32_t i = 0; i < inner; i++)
            stack[depth++] = n->args[i];
        if (inner == 0)
            parts[(*count)++] = top;
    }
    return true;
}

// By what they are taken from, and high ones first.
static bool is_before(const ExprPool *pool, Expr a, Expr b)
{
    const ExprNode *const x = expr_node(pool, a), *const y = expr_node(pool, b);
    const Expr from_a = x->op == EXPR_EXTRACT ? x->args[0] : a;
    const Expr from_b = y->op == EXPR_EXTRACT ? y->args[0] : b;
    return expr_same(from_a, from_b) ? x->p0 > y->p0 : from_a.index < from_b.index;
}

static void sort_parts(const ExprPool *pool, Expr *parts, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        const Expr part = parts[i];
        uint32_t at = i;
        for (; at != 0 && is_before(pool, part, parts[at - 1]); at--)
            parts[at] = parts[at - 1];
        parts[at] = part;
    }
}

// The same bits in an order of their own, without zeros between them. False: they have it.
static bool sorted_bits(ExprPool *pool, Expr e, Expr *out)
{
    Expr parts[MAX_PARTS];
    uint32_t count;
    if (expr_node(pool, e)->op != EXPR_CONCAT || !parts_of(pool, e, parts, &count) || count == 0)
        return false;
    sort_parts(pool, parts, count);
    *out = parts[0];
    for (uint32_t i = 1; i < count; i++) {
        const Expr pair[] = {*out, parts[i]};
        *out = expr_make(pool, EXPR_CONCAT, pair, 0, 0);
    }
    return !expr_same(*out, e);
}

// As many bits in any order: reversed, bytes exchanged.
static bool count_of_ones(ExprPool *pool, const ExprNode *n, Expr *out)
{
    const ExprNode inner = *expr_node(pool, n->args[0]);
    Expr sorted;
    if (inner.op == EXPR_REV)
        return give(out, expr_1(pool, EXPR_POPCNT, inner.args[0]));
    return sorted_bits(pool, n->args[0], &sorted) &&
           give(out, expr_1(pool, EXPR_POPCNT, expr_zero_ext(pool, n->sort.width, sorted)));
}

// ---- Equations ----

// Choices of the same two numbers are equal if the conditions are.
static bool equal_choices(ExprPool *pool, const ExprNode *a, const ExprNode *b, Expr *out)
{
    return a->op == EXPR_ITE && b->op == EXPR_ITE && expr_same(a->args[1], b->args[1]) &&
           expr_same(a->args[2], b->args[2]) && !expr_same(a->args[1], a->args[2]) &&
           expr_is_const(pool, a->args[1], NULL) && expr_is_const(pool, a->args[2], NULL) &&
           give(out, expr_eq(pool, a->args[0], b->args[0]));
}

static Expr equation(ExprPool *pool, Expr a, Expr b);

// A choice is a number either way, or neither way.
static bool choice_is(ExprPool *pool, const ExprNode *choice, Expr is, Expr *out)
{
    if (choice->op != EXPR_ITE || !expr_is_const(pool, is, NULL))
        return false;
    const Expr first = equation(pool, choice->args[1], is);
    return expr_same(first, equation(pool, choice->args[2], is)) && give(out, first);
}

static Expr equation(ExprPool *pool, Expr a, Expr b)
{
    const Expr plain = expr_eq(pool, a, b);
    Expr out;
    return smt_equation_form(pool, plain, &out) ? out : plain;
}

// What is zero whenever e is.
static bool zero_like(ExprPool *pool, Expr e, Expr *out)
{
    const ExprNode n = *expr_node(pool, e);
    const bool turns_bits = n.op == EXPR_REV || n.op == EXPR_ROTL || n.op == EXPR_ROTR;
    if (turns_bits || n.op == EXPR_POPCNT)
        return give(out, n.args[0]);
    return sorted_bits(pool, e, out);
}

// e = 0, in other words.
static bool is_zero(ExprPool *pool, Expr e, Expr *out)
{
    Expr like;
    return zero_like(pool, e, &like) &&
           give(out, equation(pool, like, expr_bv(pool, expr_width(pool, like), 0)));
}

static bool equation_form(ExprPool *pool, Expr e, Expr *out)
{
    const ExprNode n = *expr_node(pool, e);
    if (n.op != EXPR_EQ)
        return false;
    const ExprNode a = *expr_node(pool, n.args[0]), b = *expr_node(pool, n.args[1]);
    if (a.sort.kind != SORT_BV)
        return false;
    if (equal_choices(pool, &a, &b, out) || choice_is(pool, &a, n.args[1], out) ||
        choice_is(pool, &b, n.args[0], out))
        return true;
    const Expr zero = expr_bv(pool, a.sort.width, 0);
    if ((expr_same(n.args[1], zero) && is_zero(pool, n.args[0], out)) ||
        (expr_same(n.args[0], zero) && is_zero(pool, n.args[1], out)))
        return true;
    return smt_equation_form(pool, e, out);
}

// ---- The whole ----

// The form of a node on operands that have theirs.
static Expr form_of(ExprPool *pool, Expr e)
{
    const ExprNode n = *expr_node(pool, e);
    Expr out = e;
    bool changed = false;
    switch ((int)n.op) {
    case EXPR_BVADD: changed = turned(pool, &n, &out) || smt_sum_form(pool, e, &out); break;
    case EXPR_BVSUB:
    case EXPR_BVNEG:
    case EXPR_BVMUL:
    case EXPR_BVNOT: changed = smt_sum_form(pool, e, &out); break;
    case EXPR_BVAND: changed = masked(pool, &n, &out); break;
    case EXPR_BVOR:
    case EXPR_BVXOR: changed = turned(pool, &n, &out); break;
    case EXPR_BVSDIV:
    case EXPR_BVSREM: changed = signed_division(pool, &n, &out); break;
    case EXPR_ROTL:
    case EXPR_ROTR: changed = rotation(pool, &n, &out); break;
    case EXPR_BVSHL:
    case EXPR_BVLSHR:
    case EXPR_BVASHR:
        changed = shift_twice(pool, &n, &out) || shift_back(pool, &n, &out) ||
                  shift_of_two(pool, &n, &out);
        break;
    case EXPR_POPCNT: changed = count_of_ones(pool, &n, &out); break;
    case EXPR_EQ: changed = equation_form(pool, e, &out); break;
    default: break;
    }
    return changed ? out : e;
}

// A node on operands that may have changed.
static Expr made_again(ExprPool *pool, const Expr *now, uint32_t index)
{
    const ExprNode node = *expr_node(pool, (Expr){index}); // a copy: the pool grows
    Expr args[3] = {EXPR_NONE, EXPR_NONE, EXPR_NONE};
    bool same = true;
    for (uint32_t a = 0; a < node.num_args; a++) {
        args[a] = now[node.args[a].index];
        same = same && expr_same(args[a], node.args[a]);
    }
    return same ? (Expr){index} : expr_make(pool, node.op, args, node.p0, node.p1);
}

static void bring_into_form(ExprPool *pool, Expr *conditions, uint32_t count, Arena *arena)
{
    const uint32_t nodes = pool->nodes.len;
    Bitset seen = bitset_new(arena, nodes);
    for (uint32_t i = 0; i < count; i++)
        expr_reach(pool, conditions[i], &seen);
    Expr *const now = ARENA_ARRAY(arena, Expr, nodes);
    for (uint32_t i = 0; i < nodes; i++)
        if (bitset_has(&seen, i))
            now[i] = form_of(pool, made_again(pool, now, i));
    for (uint32_t i = 0; i < count; i++)
        conditions[i] = now[conditions[i].index];
}

typedef struct Saying {
    Expr node, is;
} Saying;

static bool is_within(const ExprPool *pool, Expr part, Expr whole, Arena *arena)
{
    Bitset seen = bitset_new(arena, pool->nodes.len);
    expr_reach(pool, whole, &seen);
    return bitset_has(&seen, part.index);
}

// A number that is one side, or a term of it, is what the other side leaves for it.
static bool solved(ExprPool *pool, Expr side, Expr other, Arena *arena, Saying *out)
{
    const ExprNode n = *expr_node(pool, side);
    if (expr_is_const(pool, other, NULL) && n.op != EXPR_BVADD) {
        *out = (Saying){side, other};
        return true;
    }
    *out = (Saying){side, other};
    for (uint32_t i = 0; n.op == EXPR_BVADD && i < 2; i++)
        if (expr_node(pool, n.args[i])->op == EXPR_VAR)
            *out = (Saying){n.args[i], expr_2(pool, EXPR_BVSUB, other, n.args[1 - i])};
    return expr_node(pool, out->node)->op == EXPR_VAR &&
           !is_within(pool, out->node, out->is, arena);
}

// What a condition says of one node, if it does: that it is this constant, or this number that
// does not depend on it.
static bool says(ExprPool *pool, Expr condition, Arena *arena, Saying *out)
{
    const ExprNode n = *expr_node(pool, condition);
    if (expr_is_const(pool, condition, NULL))
        return false;
    for (uint32_t i = 0; n.op == EXPR_EQ && i < 2; i++)
        if (solved(pool, n.args[i], n.args[1 - i], arena, out))
            return true;
    *out = (Saying){n.op == EXPR_NOT ? n.args[0] : condition, expr_bool(pool, n.op != EXPR_NOT)};
    return true;
}

// Whether a node is in one of the conditions but `which`.
static bool is_in_others(const ExprPool *pool, const Expr *conditions, uint32_t count,
                         uint32_t which, Expr node, Arena *arena)
{
    Bitset seen = bitset_new(arena, pool->nodes.len);
    for (uint32_t i = 0; i < count; i++)
        if (i != which)
            expr_reach(pool, conditions[i], &seen);
    return bitset_has(&seen, node.index);
}

// Puts what one condition says of a node into the others. False: nothing has changed.
static bool put_in_others(ExprPool *pool, Expr *conditions, uint32_t count, uint32_t which,
                          Arena *arena)
{
    Saying it;
    if (!says(pool, conditions[which], arena, &it) ||
        !is_in_others(pool, conditions, count, which, it.node, arena))
        return false;
    Expr *const by = ARENA_ARRAY(arena, Expr, it.node.index + 1);
    for (uint32_t i = 0; i < it.node.index; i++)
        by[i] = EXPR_NONE;
    by[it.node.index] = it.is;
    const Expr own = conditions[which];
    conditions[which] = expr_bool(pool, true);
    expr_substitute(pool, by, it.node.index + 1, conditions, count);
    conditions[which] = own;
    return true;
}

enum { MAX_SAYING = 16 };

bool smt_normal_form(ExprPool *pool, Expr *conditions, uint32_t count, Arena *arena)
{
    Expr *const before = ARENA_ARRAY(arena, Expr, count);
    copy_bytes(before, conditions, count * sizeof(*before));
    bring_into_form(pool, conditions, count, arena);
    bool again = false;
    for (uint32_t i = 0; i < count && count <= MAX_SAYING; i++)
        again = put_in_others(pool, conditions, count, i, arena) || again;
    if (again)
        bring_into_form(pool, conditions, count, arena);
    return memcmp(before, conditions, count * sizeof(*before)) != 0;
}
