// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Simplifications that change how a value is put together: shifts and rotations by a constant are
// nothing but wiring and become concatenations and extensions; a division of extended values is one
// of the narrow values. What registers do at 64 bits and CLIF at 8 so becomes the same node.

#include "verify/expr/expr_internal.h"

static bool give(Expr *out, Expr value)
{
    *out = value;
    return true;
}

static Expr top_bit(ExprPool *pool, Expr x)
{
    const uint32_t top = expr_width(pool, x) - 1;
    return expr_extract(pool, top, top, x);
}

static Expr joined(ExprPool *pool, Expr high, Expr low)
{
    const Expr parts[] = {high, low};
    return expr_make(pool, EXPR_CONCAT, parts, 0, 0);
}

// ---- Shifts by a constant ----

// The amount, if it is a constant from 1 to `width` - 1; of a rotation modulo the width.
static bool amount_of(const ExprPool *pool, const ExprNode *n, uint32_t *amount)
{
    ExprValue value;
    const uint32_t width = n->sort.width;
    if (!expr_is_const(pool, n->args[1], &value) ||
        (value.bits.w[1] | value.bits.w[2] | value.bits.w[3]) != 0)
        return false;
    const bool turns = n->op == EXPR_ROTL || n->op == EXPR_ROTR;
    const uint64_t x = turns ? value.bits.w[0] % width : value.bits.w[0];
    *amount = (uint32_t)(x < width ? x : 0);
    return *amount != 0;
}

static bool shift(ExprPool *pool, const ExprNode *n, Expr *out)
{
    const uint32_t width = n->sort.width;
    const Expr x = n->args[0];
    uint32_t k;
    if (!amount_of(pool, n, &k))
        return false;
    switch ((int)n->op) {
    case EXPR_BVSHL:
        return give(out,
                    joined(pool, expr_extract(pool, width - 1 - k, 0, x), expr_bv(pool, k, 0)));
    case EXPR_BVLSHR:
        return give(out, expr_zero_ext(pool, width, expr_extract(pool, width - 1, k, x)));
    case EXPR_BVASHR:
        return give(out, expr_sign_ext(pool, width, expr_extract(pool, width - 1, k, x)));
    default: break;
    }
    k = n->op == EXPR_ROTR ? width - k : k;
    return give(out, joined(pool, expr_extract(pool, width - 1 - k, 0, x),
                            expr_extract(pool, width - 1, width - k, x)));
}

// ---- Parts ----

// Bits of an extended value from within it up to beyond it, or of copies of the sign alone.
static bool extract(ExprPool *pool, const ExprNode *n, Expr *out)
{
    const ExprNode inner = *expr_node(pool, n->args[0]);
    const uint32_t high = n->p0, low = n->p1;
    if (inner.op != EXPR_ZERO_EXT && inner.op != EXPR_SIGN_EXT)
        return false;
    const uint32_t width = expr_width(pool, inner.args[0]);
    if (high < width || low == 0 || (low >= width && inner.op == EXPR_ZERO_EXT))
        return false;
    const Expr part = expr_extract(pool, width - 1, low < width ? low : width - 1, inner.args[0]);
    return give(out, expr_make(pool, inner.op, &part, high - low + 1, 0));
}

static bool is_adjacent(const ExprPool *pool, Expr a, Expr b)
{
    const ExprNode *const high = expr_node(pool, a), *const low = expr_node(pool, b);
    if (expr_is_const(pool, a, NULL))
        return expr_is_const(pool, b, NULL);
    return high->op == EXPR_EXTRACT && low->op == EXPR_EXTRACT &&
           expr_same(high->args[0], low->args[0]) && high->p1 == low->p0 + 1;
}

static bool concat(ExprPool *pool, const ExprNode *n, Expr *out)
{
    const Expr a = n->args[0], b = n->args[1];
    const ExprNode high = *expr_node(pool, a);
    // Copies of the sign above a value.
    const Expr sign = top_bit(pool, b);
    if (expr_same(a, sign) || (high.op == EXPR_SIGN_EXT && expr_same(high.args[0], sign)))
        return give(out, expr_sign_ext(pool, n->sort.width, b));
    return high.op == EXPR_CONCAT && is_adjacent(pool, high.args[1], b) &&
           give(out, joined(pool, high.args[0], joined(pool, high.args[1], b)));
}

// ---- Division ----

// Bits from which `e` follows by zero extension; by sign extension.
static uint32_t unsigned_bits(const ExprPool *pool, Expr e)
{
    const ExprNode *const n = expr_node(pool, e);
    ExprValue value;
    if (n->op == EXPR_ZERO_EXT)
        return expr_width(pool, n->args[0]);
    uint32_t bits = n->sort.width;
    if (expr_is_const(pool, e, &value))
        while (bits > 1 && !wide_bit(&value.bits, bits - 1))
            bits--;
    return bits;
}

static uint32_t signed_bits(const ExprPool *pool, Expr e)
{
    const ExprNode *const n = expr_node(pool, e);
    ExprValue value;
    if (n->op == EXPR_SIGN_EXT)
        return expr_width(pool, n->args[0]);
    if (n->op == EXPR_ZERO_EXT)
        return expr_width(pool, n->args[0]) + 1;
    uint32_t bits = n->sort.width;
    if (expr_is_const(pool, e, &value))
        while (bits > 1 && wide_bit(&value.bits, bits - 1) == wide_bit(&value.bits, bits - 2))
            bits--;
    return bits;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

// The least number of so many bits.
static Expr minimum(ExprPool *pool, uint32_t width)
{
    const ExprValue value = {sort_bv(width), wide_shl(wide_from_u64(1), width - 1)};
    return expr_const(pool, &value);
}

static Expr ones(ExprPool *pool, uint32_t width)
{
    return expr_1(pool, EXPR_BVNOT, expr_bv(pool, width, 0));
}

// (if (b is 0) ones (a / b)), and (if (a / b overflows) a's own value (a / b)): division says so.
static bool known_division(ExprPool *pool, const ExprNode *n, Expr *out)
{
    const ExprNode division = *expr_node(pool, n->args[2]);
    const Expr a = division.args[0], b = division.args[1];
    const uint32_t width = n->sort.width;
    Expr special, value;
    if (division.op == EXPR_BVUDIV) {
        special = expr_eq(pool, b, expr_bv(pool, width, 0));
        value = ones(pool, width);
    } else if (division.op == EXPR_BVSDIV) {
        value = minimum(pool, width);
        special = expr_and(pool, expr_eq(pool, a, value), expr_eq(pool, b, ones(pool, width)));
    } else {
        return false;
    }
    return expr_same(n->args[0], special) && expr_same(n->args[1], value) && give(out, n->args[2]);
}

static bool unsigned_division(ExprPool *pool, const ExprNode *n, uint32_t bits, Expr *out)
{
    const uint32_t width = n->sort.width;
    const Expr a = expr_extract(pool, bits - 1, 0, n->args[0]);
    const Expr b = expr_extract(pool, bits - 1, 0, n->args[1]);
    const bool rest = n->op == EXPR_BVUREM || n->op == EXPR_BVSREM;
    const Expr value =
        expr_zero_ext(pool, width, expr_2(pool, rest ? EXPR_BVUREM : EXPR_BVUDIV, a, b));
    if (rest) // of a division by zero too: a
        return give(out, value);
    const Expr by_zero = expr_eq(pool, b, expr_bv(pool, bits, 0));
    return give(out, expr_ite(pool, by_zero, ones(pool, width), value));
}

static bool signed_division(ExprPool *pool, const ExprNode *n, uint32_t bits, Expr *out)
{
    const uint32_t width = n->sort.width;
    const Expr a = expr_extract(pool, bits - 1, 0, n->args[0]);
    const Expr b = expr_extract(pool, bits - 1, 0, n->args[1]);
    const Expr value = expr_sign_ext(pool, width, expr_2(pool, n->op, a, b));
    if (n->op == EXPR_BVSREM)
        return give(out, value);
    // The least number over -1 fits the wide result.
    const Expr least = minimum(pool, bits);
    const Expr overflows =
        expr_and(pool, expr_eq(pool, a, least), expr_eq(pool, b, ones(pool, bits)));
    return give(out, expr_ite(pool, overflows, expr_zero_ext(pool, width, least), value));
}

static bool division(ExprPool *pool, const ExprNode *n, Expr *out)
{
    const uint32_t plain = larger(unsigned_bits(pool, n->args[0]), unsigned_bits(pool, n->args[1]));
    if (plain < n->sort.width)
        return unsigned_division(pool, n, plain, out);
    if (n->op != EXPR_BVSDIV && n->op != EXPR_BVSREM)
        return false;
    // Two at least: a negative number by 0 is 1, which takes them.
    const uint32_t least = larger(signed_bits(pool, n->args[0]), signed_bits(pool, n->args[1]));
    const uint32_t bits = larger(least, 2);
    return bits < n->sort.width && signed_division(pool, n, bits, out);
}

bool expr_simplify_structure(ExprPool *pool, const ExprNode *node, Expr *out)
{
    switch ((int)node->op) {
    case EXPR_BVSHL:
    case EXPR_BVLSHR:
    case EXPR_BVASHR:
    case EXPR_ROTL:
    case EXPR_ROTR: return shift(pool, node, out);
    case EXPR_EXTRACT: return extract(pool, node, out);
    case EXPR_CONCAT: return concat(pool, node, out);
    case EXPR_ITE: return known_division(pool, node, out);
    case EXPR_BVUDIV:
    case EXPR_BVUREM:
    case EXPR_BVSDIV:
    case EXPR_BVSREM: return division(pool, node, out);
    default: return false;
    }
}
