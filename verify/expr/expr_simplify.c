// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Simplification of a node whose operands are simplified already. Each step gives a form with fewer
// or lower nodes, or moves the taking of low bits towards the leaves; the latter makes the two
// sides of most lowering rules the same node: the low half of a sum of extended values is their
// sum.

#include "verify/expr/expr_internal.h"

typedef struct View {
    ExprPool *pool;
    const ExprNode *node;
    Expr a, b;
} View;

static ExprNode node_of(const View *v, Expr e)
{
    return *expr_node(v->pool, e);
}

static bool give(Expr *out, Expr value)
{
    *out = value;
    return true;
}

static bool is_number(const View *v, Expr e, uint64_t number)
{
    ExprValue value;
    const Wide want = wide_from_u64(number);
    return expr_is_const(v->pool, e, &value) && wide_equal(&value.bits, &want);
}

static bool is_ones(const View *v, Expr e)
{
    ExprValue value;
    if (!expr_is_const(v->pool, e, &value) || value.sort.kind != SORT_BV)
        return false;
    const Wide one = wide_sign_extend(wide_from_u64(1), 1, value.sort.width);
    return wide_equal(&value.bits, &one);
}

static Expr zero_of(const View *v)
{
    return expr_bv(v->pool, v->node->sort.width, 0);
}

// ---- Logic ----

static bool is_negation(const View *v, Expr a, Expr b)
{
    const ExprNode na = node_of(v, a), nb = node_of(v, b);
    return (na.op == EXPR_NOT && expr_same(na.args[0], b)) ||
           (nb.op == EXPR_NOT && expr_same(nb.args[0], a));
}

static bool simplify_not(const View *v, Expr *out)
{
    const ExprNode inner = node_of(v, v->a);
    return inner.op == EXPR_NOT && give(out, inner.args[0]);
}

static bool simplify_and_or(const View *v, Expr *out)
{
    const bool is_and = v->node->op == EXPR_AND;
    if (expr_same(v->a, v->b))
        return give(out, v->a);
    if (is_negation(v, v->a, v->b))
        return give(out, expr_bool(v->pool, !is_and));
    if (expr_is_true(v->pool, v->a))
        return give(out, is_and ? v->b : v->a);
    if (expr_is_true(v->pool, v->b))
        return give(out, is_and ? v->a : v->b);
    if (expr_is_false(v->pool, v->a))
        return give(out, is_and ? v->a : v->b);
    return expr_is_false(v->pool, v->b) && give(out, is_and ? v->b : v->a);
}

// (if c 1 0) = 1 is c, and its like.
static bool simplify_eq_ite(const View *v, Expr ite, Expr other, Expr *out)
{
    const ExprNode n = node_of(v, ite);
    if (n.op != EXPR_ITE || !expr_is_const(v->pool, other, NULL) ||
        !expr_is_const(v->pool, n.args[1], NULL) || !expr_is_const(v->pool, n.args[2], NULL))
        return false;
    const bool first = expr_same(n.args[1], other), second = expr_same(n.args[2], other);
    if (first && second)
        return give(out, expr_bool(v->pool, true));
    if (first)
        return give(out, n.args[0]);
    return give(out, second ? expr_not(v->pool, n.args[0]) : expr_bool(v->pool, false));
}

// x extended = a constant: x = its low part, if that gives the constant back.
static bool simplify_eq_ext(const View *v, Expr ext, Expr other, Expr *out)
{
    const ExprNode n = node_of(v, ext);
    if ((n.op != EXPR_ZERO_EXT && n.op != EXPR_SIGN_EXT) || !expr_is_const(v->pool, other, NULL))
        return false;
    const uint32_t width = expr_node(v->pool, n.args[0])->sort.width;
    const Expr low = expr_extract(v->pool, width - 1, 0, other);
    const Expr back = expr_make(v->pool, n.op, &low, n.p0, 0);
    return give(out, expr_same(back, other) ? expr_eq(v->pool, n.args[0], low)
                                            : expr_bool(v->pool, false));
}

static bool simplify_eq(const View *v, Expr *out)
{
    if (expr_same(v->a, v->b))
        return give(out, expr_bool(v->pool, true));
    if (expr_is_const(v->pool, v->a, NULL) && expr_is_const(v->pool, v->b, NULL))
        return give(out, expr_bool(v->pool, false));
    if (expr_is_true(v->pool, v->a) || expr_is_true(v->pool, v->b))
        return give(out, expr_is_true(v->pool, v->a) ? v->b : v->a);
    if (expr_is_false(v->pool, v->a) || expr_is_false(v->pool, v->b))
        return give(out, expr_not(v->pool, expr_is_false(v->pool, v->a) ? v->b : v->a));
    return simplify_eq_ite(v, v->a, v->b, out) || simplify_eq_ite(v, v->b, v->a, out) ||
           simplify_eq_ext(v, v->a, v->b, out) || simplify_eq_ext(v, v->b, v->a, out);
}

static bool simplify_ite(const View *v, Expr *out)
{
    const Expr c = v->a, x = v->b, y = v->node->args[2];
    if (expr_is_true(v->pool, c) || expr_same(x, y))
        return give(out, x);
    if (expr_is_false(v->pool, c))
        return give(out, y);
    const ExprNode cond = node_of(v, c);
    if (cond.op == EXPR_NOT)
        return give(out, expr_ite(v->pool, cond.args[0], y, x));
    if (v->node->sort.kind != SORT_BOOL)
        return false;
    if (expr_is_true(v->pool, x))
        return give(out, expr_or(v->pool, c, y));
    if (expr_is_false(v->pool, x))
        return give(out, expr_and(v->pool, expr_not(v->pool, c), y));
    if (expr_is_true(v->pool, y))
        return give(out, expr_or(v->pool, expr_not(v->pool, c), x));
    return expr_is_false(v->pool, y) && give(out, expr_and(v->pool, c, x));
}

// ---- Arithmetic ----

// (x + c1) + c2; a - b with equal parts.
static bool simplify_add(const View *v, Expr *out)
{
    if (is_number(v, v->a, 0))
        return give(out, v->b);
    if (is_number(v, v->b, 0))
        return give(out, v->a);
    const bool left = expr_is_const(v->pool, v->a, NULL);
    if (!left && !expr_is_const(v->pool, v->b, NULL))
        return false;
    const Expr constant = left ? v->a : v->b;
    const ExprNode sum = node_of(v, left ? v->b : v->a);
    if (sum.op != EXPR_BVADD)
        return false;
    for (uint32_t i = 0; i < 2; i++)
        if (expr_is_const(v->pool, sum.args[i], NULL))
            return give(out, expr_2(v->pool, EXPR_BVADD, sum.args[1 - i],
                                    expr_2(v->pool, EXPR_BVADD, sum.args[i], constant)));
    return false;
}

static bool simplify_sub(const View *v, Expr *out)
{
    if (expr_same(v->a, v->b))
        return give(out, zero_of(v));
    if (is_number(v, v->a, 0))
        return give(out, expr_1(v->pool, EXPR_BVNEG, v->b));
    if (expr_is_const(v->pool, v->b, NULL))
        return give(out, expr_2(v->pool, EXPR_BVADD, v->a, expr_1(v->pool, EXPR_BVNEG, v->b)));
    const ExprNode right = node_of(v, v->b);
    return right.op == EXPR_BVNEG && give(out, expr_2(v->pool, EXPR_BVADD, v->a, right.args[0]));
}

// Whether e is 1 << k, or that extended. It is 0 from k = the width on.
static bool is_power(const View *v, Expr e, Expr *k)
{
    ExprNode n = node_of(v, e);
    if (n.op == EXPR_ZERO_EXT)
        n = node_of(v, n.args[0]);
    if (n.op != EXPR_BVSHL || !is_number(v, n.args[0], 1))
        return false;
    *k = expr_zero_ext(v->pool, v->node->sort.width, n.args[1]);
    return true;
}

// x * (1 << k).
static bool simplify_mul_power(const View *v, Expr x, Expr power, Expr *out)
{
    Expr k;
    if (!is_power(v, power, &k))
        return false;
    const Expr is_zero = expr_eq(v->pool, power, zero_of(v));
    return give(out, expr_ite(v->pool, is_zero, zero_of(v), expr_2(v->pool, EXPR_BVSHL, x, k)));
}

static bool simplify_division(const View *v, Expr *out)
{
    Expr k;
    if (!is_power(v, v->b, &k))
        return false;
    const uint32_t width = v->node->sort.width;
    if (v->node->op == EXPR_BVUREM) {
        const Expr mask = expr_2(v->pool, EXPR_BVSUB, v->b, expr_bv(v->pool, width, 1));
        return give(out, expr_2(v->pool, EXPR_BVAND, v->a, mask));
    }
    const Expr ones = expr_1(v->pool, EXPR_BVNOT, zero_of(v));
    const Expr is_zero = expr_eq(v->pool, v->b, zero_of(v));
    return give(out, expr_ite(v->pool, is_zero, ones, expr_2(v->pool, EXPR_BVLSHR, v->a, k)));
}

// x * dd, the digits d once more above themselves, is x * d + (x * d << their number of bits): so
// that sums of bytes by a product are sums of pairs, then of fours.
static bool simplify_mul_repeated(const View *v, Expr x, Expr number, Expr *out)
{
    ExprValue value;
    const uint32_t width = v->node->sort.width, half = width / 2;
    if (width < 16 || width > 64 || (width & (width - 1)) != 0 ||
        !expr_is_const(v->pool, number, &value))
        return false;
    if (expr_same(number, expr_1(v->pool, EXPR_BVNOT, zero_of(v))))
        return give(out, expr_1(v->pool, EXPR_BVNEG, x));
    for (uint32_t k = half; k >= 8; k /= 2) {
        const Wide low = wide_low(value.bits, k), high = wide_shr(value.bits, k);
        if (wide_is_zero(&high) || !wide_equal(&low, &high))
            continue;
        const Expr digits = expr_extract(v->pool, k - 1, 0, number);
        const Expr once = expr_2(v->pool, EXPR_BVMUL, x, expr_zero_ext(v->pool, width, digits));
        const Expr above = expr_2(v->pool, EXPR_BVSHL, once, expr_bv(v->pool, width, k));
        return give(out, expr_2(v->pool, EXPR_BVADD, once, above));
    }
    return false;
}

static bool simplify_mul(const View *v, Expr *out)
{
    if (simplify_mul_repeated(v, v->a, v->b, out) || simplify_mul_repeated(v, v->b, v->a, out))
        return true;
    if (simplify_mul_power(v, v->a, v->b, out) || simplify_mul_power(v, v->b, v->a, out))
        return true;
    if (is_number(v, v->a, 0) || is_number(v, v->b, 0))
        return give(out, zero_of(v));
    if (is_number(v, v->a, 1))
        return give(out, v->b);
    return is_number(v, v->b, 1) && give(out, v->a);
}

static bool simplify_bitwise(const View *v, Expr *out)
{
    const ExprOp op = v->node->op;
    const Expr zero = zero_of(v);
    if (expr_same(v->a, v->b))
        return give(out, op == EXPR_BVXOR ? zero : v->a);
    for (uint32_t i = 0; i < 2; i++) {
        const Expr constant = i ? v->a : v->b, other = i ? v->b : v->a;
        if (is_number(v, constant, 0))
            return give(out, op == EXPR_BVAND ? zero : other);
        if (is_ones(v, constant))
            return give(out, op == EXPR_BVAND  ? other
                             : op == EXPR_BVOR ? constant
                                               : expr_1(v->pool, EXPR_BVNOT, other));
    }
    return false;
}

// Not of not; neg of neg; neg of a difference.
static bool simplify_unary(const View *v, Expr *out)
{
    const ExprNode inner = node_of(v, v->a);
    if (inner.op == v->node->op)
        return give(out, inner.args[0]);
    return v->node->op == EXPR_BVNEG && inner.op == EXPR_BVSUB &&
           give(out, expr_2(v->pool, EXPR_BVSUB, inner.args[1], inner.args[0]));
}

// Shifts by a constant: by 0, and by the width or more.
static bool simplify_shift(const View *v, Expr *out)
{
    ExprValue amount;
    if (!expr_is_const(v->pool, v->b, &amount))
        return false;
    if (wide_is_zero(&amount.bits))
        return give(out, v->a);
    const bool large = (amount.bits.w[1] | amount.bits.w[2] | amount.bits.w[3]) != 0 ||
                       amount.bits.w[0] >= v->node->sort.width;
    return large && (v->node->op == EXPR_BVSHL || v->node->op == EXPR_BVLSHR) &&
           give(out, zero_of(v));
}

// Whether the low bits that count of an amount modulo the width are those of -x, and this x.
static bool is_backwards(const View *v, Expr amount, Expr *x)
{
    const uint32_t width = v->node->sort.width;
    ExprNode n = node_of(v, amount);
    if (n.op == EXPR_ZERO_EXT)
        n = node_of(v, n.args[0]);
    for (uint32_t i = 0; n.op == EXPR_BVAND && i < 2; i++)
        if (is_number(v, n.args[i], width - 1))
            n = node_of(v, n.args[1 - i]);
    // Whole turns must not change in the width of the amount.
    if (n.op != EXPR_BVNEG || n.sort.width > width ||
        (n.sort.width < 8 && 1u << n.sort.width < width))
        return false;
    *x = n.args[0];
    return true;
}

// Back by -x is forth by x.
static bool simplify_rotate(const View *v, Expr *out)
{
    const uint32_t width = v->node->sort.width;
    Expr x;
    if ((width & (width - 1)) != 0 || !is_backwards(v, v->b, &x))
        return false;
    return give(out, expr_2(v->pool, v->node->op == EXPR_ROTL ? EXPR_ROTR : EXPR_ROTL, v->a,
                            expr_zero_ext(v->pool, width, x)));
}

static bool simplify_compare(const View *v, Expr *out)
{
    const ExprOp op = v->node->op;
    if (expr_same(v->a, v->b))
        return give(out, expr_bool(v->pool, op == EXPR_BVULE || op == EXPR_BVSLE));
    if (op == EXPR_BVULT && is_number(v, v->b, 0))
        return give(out, expr_bool(v->pool, false));
    return op == EXPR_BVULE && is_number(v, v->a, 0) && give(out, expr_bool(v->pool, true));
}

// ---- Widths ----

// Bits high..low of an operand's part, where the operand is two parts.
static bool extract_concat(const View *v, const ExprNode *inner, Expr *out)
{
    const uint32_t high = v->node->p0, low = v->node->p1;
    const uint32_t split = expr_node(v->pool, inner->args[1])->sort.width;
    if (high < split)
        return give(out, expr_extract(v->pool, high, low, inner->args[1]));
    if (low >= split)
        return give(out, expr_extract(v->pool, high - split, low - split, inner->args[0]));
    const Expr parts[] = {expr_extract(v->pool, high - split, 0, inner->args[0]),
                          expr_extract(v->pool, split - 1, low, inner->args[1])};
    return give(out, expr_make(v->pool, EXPR_CONCAT, parts, 0, 0));
}

static bool extract_ext(const View *v, const ExprNode *inner, Expr *out)
{
    const uint32_t high = v->node->p0, low = v->node->p1;
    const uint32_t width = expr_node(v->pool, inner->args[0])->sort.width;
    if (high < width)
        return give(out, expr_extract(v->pool, high, low, inner->args[0]));
    if (low == 0)
        return give(out, expr_make(v->pool, inner->op, &inner->args[0], high + 1, 0));
    return low >= width && inner->op == EXPR_ZERO_EXT && give(out, zero_of(v));
}

// Operators whose low bits depend on the low bits of their operands alone, and those that work on
// each bit by itself.
static bool is_modular(ExprOp op)
{
    return op == EXPR_BVADD || op == EXPR_BVSUB || op == EXPR_BVMUL || op == EXPR_BVNEG;
}

static bool is_bitwise(ExprOp op)
{
    return op == EXPR_BVAND || op == EXPR_BVOR || op == EXPR_BVXOR || op == EXPR_BVNOT;
}

static bool simplify_extract(const View *v, Expr *out)
{
    const uint32_t high = v->node->p0, low = v->node->p1;
    const ExprNode inner = node_of(v, v->a);
    if (low == 0 && high + 1 == inner.sort.width)
        return give(out, v->a);
    if (inner.op == EXPR_EXTRACT)
        return give(out, expr_extract(v->pool, high + inner.p1, low + inner.p1, inner.args[0]));
    if (inner.op == EXPR_CONCAT)
        return extract_concat(v, &inner, out);
    if (inner.op == EXPR_ZERO_EXT || inner.op == EXPR_SIGN_EXT)
        return extract_ext(v, &inner, out);
    if (inner.op == EXPR_ITE)
        return give(out, expr_ite(v->pool, inner.args[0],
                                  expr_extract(v->pool, high, low, inner.args[1]),
                                  expr_extract(v->pool, high, low, inner.args[2])));
    if (!is_bitwise(inner.op) && !(is_modular(inner.op) && low == 0))
        return false;
    Expr args[3] = {EXPR_NONE, EXPR_NONE, EXPR_NONE};
    for (uint32_t i = 0; i < inner.num_args; i++)
        args[i] = expr_extract(v->pool, high, low, inner.args[i]);
    return give(out, expr_make(v->pool, inner.op, args, 0, 0));
}

// Zeros above, and neighbouring bits of one value.
static bool simplify_concat(const View *v, Expr *out)
{
    if (is_number(v, v->a, 0))
        return give(out, expr_zero_ext(v->pool, v->node->sort.width, v->b));
    const ExprNode high = node_of(v, v->a), low = node_of(v, v->b);
    if (low.op == EXPR_CONCAT) { // to the left
        const Expr left[] = {v->a, low.args[0]};
        const Expr whole[] = {expr_make(v->pool, EXPR_CONCAT, left, 0, 0), low.args[1]};
        return give(out, expr_make(v->pool, EXPR_CONCAT, whole, 0, 0));
    }
    // Copies of the sign.
    if (high.op == EXPR_BVASHR && expr_same(high.args[0], v->b) &&
        is_number(v, high.args[1], low.sort.width - 1)) {
        const uint32_t width = v->node->sort.width;
        return give(out, expr_make(v->pool, EXPR_SIGN_EXT, &v->b, width, 0));
    }
    if (high.op != EXPR_EXTRACT)
        return false;
    if (low.op == EXPR_EXTRACT && expr_same(high.args[0], low.args[0]) && high.p1 == low.p0 + 1)
        return give(out, expr_extract(v->pool, high.p0, low.p1, low.args[0]));
    return expr_same(high.args[0], v->b) && high.p1 == low.sort.width &&
           give(out, expr_extract(v->pool, high.p0, 0, v->b));
}

static bool simplify_ext(const View *v, Expr *out)
{
    const ExprNode inner = node_of(v, v->a);
    if (inner.sort.width == v->node->p0)
        return give(out, v->a);
    if (inner.op == v->node->op || (inner.op == EXPR_ZERO_EXT && v->node->op == EXPR_SIGN_EXT))
        return give(out, expr_make(v->pool, inner.op, &inner.args[0], v->node->p0, 0));
    if (inner.op != EXPR_ITE || !expr_is_const(v->pool, inner.args[1], NULL) ||
        !expr_is_const(v->pool, inner.args[2], NULL))
        return false;
    return give(out, expr_ite(v->pool, inner.args[0],
                              expr_make(v->pool, v->node->op, &inner.args[1], v->node->p0, 0),
                              expr_make(v->pool, v->node->op, &inner.args[2], v->node->p0, 0)));
}

static bool simplify_int2bv(const View *v, Expr *out)
{
    const ExprNode inner = node_of(v, v->a);
    if (inner.op != EXPR_BV2NAT)
        return false;
    const uint32_t width = expr_node(v->pool, inner.args[0])->sort.width;
    return give(out, v->node->p0 >= width
                         ? expr_zero_ext(v->pool, v->node->p0, inner.args[0])
                         : expr_extract(v->pool, v->node->p0 - 1, 0, inner.args[0]));
}

// An extended integer is the same number as the one it was made from.
static bool simplify_to_fp(const View *v, Expr *out)
{
    const ExprNode inner = node_of(v, v->a);
    const uint32_t width = v->node->p0;
    if (inner.op == EXPR_SIGN_EXT && v->node->op == EXPR_TO_FP)
        return give(out, expr_make(v->pool, EXPR_TO_FP, &inner.args[0], width, 0));
    if (inner.op != EXPR_ZERO_EXT)
        return false;
    return give(out, expr_make(v->pool, EXPR_TO_FP_UNSIGNED, &inner.args[0], width, 0));
}

bool expr_is_commutative(ExprOp op)
{
    switch ((int)op) {
    case EXPR_EQ:
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_INT_ADD:
    case EXPR_INT_MUL:
    case EXPR_BVAND:
    case EXPR_BVOR:
    case EXPR_BVXOR:
    case EXPR_BVADD:
    case EXPR_BVMUL:
    case EXPR_FP_ADD:
    case EXPR_FP_MUL:
    case EXPR_FP_FMA: // of its factors
    case EXPR_FP_MIN:
    case EXPR_FP_MAX:
    case EXPR_FP_EQ: return true;
    default: return false;
    }
}

bool expr_simplify(ExprPool *pool, const ExprNode *node, Expr *out)
{
    const View v = {pool, node, node->args[0], node->args[1]};
    if (expr_is_commutative(node->op) && node->args[0].index > node->args[1].index) {
        const Expr swapped[] = {node->args[1], node->args[0], node->args[2]};
        return give(out, expr_make(pool, node->op, swapped, 0, 0));
    }
    if (expr_simplify_structure(pool, node, out))
        return true;
    switch ((int)node->op) {
    case EXPR_NOT: return simplify_not(&v, out);
    case EXPR_AND:
    case EXPR_OR: return simplify_and_or(&v, out);
    case EXPR_EQ: return simplify_eq(&v, out);
    case EXPR_ITE: return simplify_ite(&v, out);
    case EXPR_BVADD: return simplify_add(&v, out);
    case EXPR_BVSUB: return simplify_sub(&v, out);
    case EXPR_BVMUL: return simplify_mul(&v, out);
    case EXPR_BVUDIV:
    case EXPR_BVUREM: return simplify_division(&v, out);
    case EXPR_BVAND:
    case EXPR_BVOR:
    case EXPR_BVXOR: return simplify_bitwise(&v, out);
    case EXPR_BVNOT:
    case EXPR_BVNEG: return simplify_unary(&v, out);
    case EXPR_BVSHL:
    case EXPR_BVLSHR:
    case EXPR_BVASHR: return simplify_shift(&v, out);
    case EXPR_ROTL:
    case EXPR_ROTR: return simplify_shift(&v, out) || simplify_rotate(&v, out);
    case EXPR_BVULT:
    case EXPR_BVULE:
    case EXPR_BVSLT:
    case EXPR_BVSLE: return simplify_compare(&v, out);
    case EXPR_EXTRACT: return simplify_extract(&v, out);
    case EXPR_CONCAT: return simplify_concat(&v, out);
    case EXPR_ZERO_EXT:
    case EXPR_SIGN_EXT: return simplify_ext(&v, out);
    case EXPR_INT2BV: return simplify_int2bv(&v, out);
    case EXPR_TO_FP:
    case EXPR_TO_FP_UNSIGNED: return simplify_to_fp(&v, out);
    default: return false;
    }
}
