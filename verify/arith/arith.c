// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products by parts. An operand is taken apart into a sum of parts, none wider than 64 bits, each
// with a power of two before it:
//
//     hi.lo = hi * 2^n + lo      sign-extended x = x - (sign of x) * 2^n      x + y, x - y, -x
//
// and the product is the sum of the products of parts. Of two parts a and b the whole product is
// taken, of as many bits as both have: all products of the same parts at whatever width, their high
// and low halves, then are bits of the same node, and that gets a name.

#include "verify/arith/arith_internal.h"

enum { MAX_PARTS = 8, PART_BITS = 64 };

typedef struct Part {
    Expr value; // zero-extended in the sum
    uint32_t shift;
    bool negative;
} Part;

typedef struct Parts {
    Part part[MAX_PARTS];
    uint32_t count;
    bool too_many;
} Parts;

static void add_part(Parts *parts, Part part)
{
    parts->too_many |= parts->count == MAX_PARTS;
    if (!parts->too_many)
        parts->part[parts->count++] = part;
}

// Adds `e`, of which the bits from `limit` on do not matter, times 2^shift or its negative.
static void take_apart(ExprPool *pool, Expr e, Part at, uint32_t limit, Parts *out)
{
    const ExprNode n = *expr_node(pool, e);
    ExprValue value;
    if (out->too_many || at.shift >= limit ||
        (expr_is_const(pool, e, &value) && wide_is_zero(&value.bits)))
        return;
    const bool wraps = n.sort.width + at.shift >= limit; // as the sum does
    Part high = at;
    switch ((int)n.op) {
    case EXPR_ZERO_EXT: take_apart(pool, n.args[0], at, limit, out); return;
    case EXPR_SIGN_EXT:
        if (!wraps)
            break;
        take_apart(pool, n.args[0], at, limit, out);
        high.shift += expr_width(pool, n.args[0]);
        high.negative = !at.negative;
        high.value = expr_extract(pool, expr_width(pool, n.args[0]) - 1,
                                  expr_width(pool, n.args[0]) - 1, n.args[0]);
        if (high.shift < limit)
            add_part(out, high);
        return;
    case EXPR_CONCAT:
        take_apart(pool, n.args[1], at, limit, out);
        high.shift += expr_width(pool, n.args[1]);
        take_apart(pool, n.args[0], high, limit, out);
        return;
    case EXPR_BVADD:
    case EXPR_BVSUB:
        if (!wraps)
            break;
        take_apart(pool, n.args[0], at, limit, out);
        high.negative ^= n.op == EXPR_BVSUB;
        take_apart(pool, n.args[1], high, limit, out);
        return;
    case EXPR_BVNEG:
        if (!wraps)
            break;
        high.negative = !at.negative;
        take_apart(pool, n.args[0], high, limit, out);
        return;
    default: break;
    }
    if (n.sort.width > PART_BITS) {
        take_apart(pool, expr_extract(pool, PART_BITS - 1, 0, e), at, limit, out);
        high.shift += PART_BITS;
        take_apart(pool, expr_extract(pool, n.sort.width - 1, PART_BITS, e), high, limit, out);
        return;
    }
    at.value = e;
    add_part(out, at);
}

// The whole product of two parts.
static Expr whole_product(ExprPool *pool, Expr a, Expr b)
{
    const uint32_t wide = expr_width(pool, a) + expr_width(pool, b);
    const Expr zero = expr_bv(pool, wide, 0);
    if (expr_width(pool, a) == 1 || expr_width(pool, b) == 1) {
        const Expr bit = expr_width(pool, a) == 1 ? a : b, other = expr_width(pool, a) == 1 ? b : a;
        return expr_ite(pool, expr_eq(pool, bit, expr_bv(pool, 1, 1)),
                        expr_zero_ext(pool, wide, other), zero);
    }
    return expr_2(pool, EXPR_BVMUL, expr_zero_ext(pool, wide, a), expr_zero_ext(pool, wide, b));
}

static Expr fitted(ExprPool *pool, Expr e, uint32_t width)
{
    return expr_width(pool, e) >= width ? expr_extract(pool, width - 1, 0, e)
                                        : expr_zero_ext(pool, width, e);
}

// The part's value times 2^shift added; what lies below does not take part.
static Expr add_at(ExprPool *pool, Expr sum, Part part)
{
    const uint32_t width = expr_width(pool, sum);
    const Expr above = expr_extract(pool, width - 1, part.shift, sum);
    const Expr high = expr_2(pool, part.negative ? EXPR_BVSUB : EXPR_BVADD, above,
                             fitted(pool, part.value, width - part.shift));
    if (part.shift == 0)
        return high;
    const Expr halves[] = {high, expr_extract(pool, part.shift - 1, 0, sum)};
    return expr_make(pool, EXPR_CONCAT, halves, 0, 0);
}

// The products of parts, those of the lowest bits first: so what has been added up at some bit
// remains as it is, and is the same node in each product of these parts.
static Expr sum_of_products(ExprPool *pool, const Parts *a, const Parts *b, uint32_t width)
{
    Part products[MAX_PARTS * MAX_PARTS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < a->count; i++)
        for (uint32_t j = 0; j < b->count; j++) {
            const Part *const p = &a->part[i], *const q = &b->part[j];
            const Part product = {EXPR_NONE, p->shift + q->shift, p->negative != q->negative};
            uint32_t at = count;
            if (product.shift >= width)
                continue;
            for (; at > 0 && products[at - 1].shift > product.shift; at--)
                products[at] = products[at - 1];
            products[at] = product;
            products[at].value = whole_product(pool, p->value, q->value);
            count++;
        }
    Expr sum = expr_bv(pool, width, 0);
    for (uint32_t i = 0; i < count; i++)
        sum = add_at(pool, sum, products[i]);
    return sum;
}

static Expr product_of_parts(ExprPool *pool, Expr x, Expr y)
{
    const uint32_t width = expr_width(pool, x);
    Parts a = {.count = 0}, b = {.count = 0};
    take_apart(pool, x, (Part){0}, width, &a);
    take_apart(pool, y, (Part){0}, width, &b);
    if (a.too_many || b.too_many)
        return expr_2(pool, EXPR_BVMUL, x, y);
    // In one order, whichever that of the factors is.
    const bool ordered =
        a.count == 0 || b.count == 0 || a.part[0].value.index <= b.part[0].value.index;
    return sum_of_products(pool, ordered ? &a : &b, ordered ? &b : &a, width);
}

// Of a sign-extended factor x of n bits: (x without its sign) * y - 2^n * y if x is negative.
Expr arith_product(ExprPool *pool, Expr x, Expr y)
{
    const Expr factors[] = {x, y};
    const uint32_t width = expr_width(pool, x);
    for (uint32_t i = 2; i-- > 0;) {
        const ExprNode n = *expr_node(pool, factors[i]);
        if (n.op != EXPR_SIGN_EXT)
            continue;
        const Expr other = factors[1 - i], plain = expr_zero_ext(pool, width, n.args[0]);
        const uint32_t bits = expr_width(pool, n.args[0]);
        const Expr sign = expr_extract(pool, bits - 1, bits - 1, n.args[0]);
        const Expr less =
            expr_ite(pool, expr_eq(pool, sign, expr_bv(pool, 1, 1)),
                     fitted(pool, other, width - bits), expr_bv(pool, width - bits, 0));
        return add_at(pool, arith_product(pool, plain, other), (Part){less, bits, true});
    }
    return product_of_parts(pool, x, y);
}

// ---- Questions ----

static Bitset reach_all(const ExprPool *pool, const Expr *conditions, uint32_t count, Arena *arena)
{
    Bitset wanted = bitset_new(arena, pool->nodes.len);
    for (uint32_t i = 0; i < count; i++)
        expr_reach(pool, conditions[i], &wanted);
    return wanted;
}

static Bitset reached(const ExprPool *pool, const ArithQuestion *q, Arena *arena)
{
    return reach_all(pool, q->conditions.data, q->conditions.len, arena);
}

// Whether an operator alone is a reason to look for facts.
static bool wants_facts(const ExprPool *pool, const ExprNode *n)
{
    switch ((int)n->op) {
    case EXPR_FP_CEIL:
    case EXPR_FP_FLOOR:
    case EXPR_FP_NEAREST:
    case EXPR_TO_FP:
    case EXPR_TO_FP_UNSIGNED:
    case EXPR_FP_TO_UBV:
    case EXPR_FP_TO_SBV: return true;
    default: return expr_is_hard(pool, n);
    }
}

bool arith_is_hard(const ExprPool *pool, const Expr *conditions, uint32_t count, Arena *arena)
{
    const Bitset wanted = reach_all(pool, conditions, count, arena);
    for (uint32_t i = 0; i < wanted.size; i++)
        if (bitset_has(&wanted, i) && wants_facts(pool, &pool->nodes.data[i]))
            return true;
    return false;
}

Bitset arith_operands(const ExprPool *pool, const Expr *conditions, uint32_t count, Arena *arena)
{
    const Bitset wanted = reach_all(pool, conditions, count, arena);
    Bitset below = bitset_new(arena, pool->nodes.len);
    for (uint32_t i = wanted.size; i-- > 0;) {
        const ExprNode *const n = &pool->nodes.data[i];
        if (!bitset_has(&wanted, i) || (!bitset_has(&below, i) && !expr_is_hard(pool, n)))
            continue;
        for (uint32_t k = 0; k < n->num_args; k++)
            bitset_add(&below, n->args[k].index);
    }
    return below;
}

// Both parts of one value, of which the lower one is simplified further, or of one choice.
static Expr joined(ExprPool *pool, Expr high, Expr low)
{
    const ExprNode a = *expr_node(pool, high), b = *expr_node(pool, low);
    const Expr parts[] = {high, low};
    if (a.op == EXPR_EXTRACT && a.p0 + 1 == expr_width(pool, a.args[0]) && a.p1 == b.sort.width &&
        expr_same(expr_extract(pool, a.p1 - 1, 0, a.args[0]), low))
        return a.args[0];
    if (a.op == EXPR_ITE && b.op == EXPR_ITE && expr_same(a.args[0], b.args[0]))
        return expr_ite(pool, a.args[0], joined(pool, a.args[1], b.args[1]),
                        joined(pool, a.args[2], b.args[2]));
    return expr_make(pool, EXPR_CONCAT, parts, 0, 0);
}

// All conditions with their products by parts.
static void rewrite_products(ExprPool *pool, ArithQuestion *q, Arena *arena)
{
    const uint32_t count = pool->nodes.len;
    const Bitset wanted = reached(pool, q, arena);
    Expr *const now = ARENA_ARRAY(arena, Expr, count);
    for (uint32_t i = 0; i < count; i++) {
        const ExprNode node = pool->nodes.data[i]; // a copy: the pool grows
        now[i] = (Expr){i};
        if (!bitset_has(&wanted, i) || node.num_args == 0)
            continue;
        Expr args[3] = {EXPR_NONE, EXPR_NONE, EXPR_NONE};
        for (uint32_t a = 0; a < node.num_args; a++)
            args[a] = now[node.args[a].index];
        now[i] = node.op == EXPR_BVMUL    ? arith_product(pool, args[0], args[1])
                 : node.op == EXPR_CONCAT ? joined(pool, args[0], args[1])
                                          : expr_make(pool, node.op, args, node.p0, node.p1);
    }
    for (uint32_t i = 0; i < q->conditions.len; i++)
        q->conditions.data[i] = now[q->conditions.data[i].index];
}

// ---- Names of products ----

// The variable of a whole product.
static Expr name_of(ExprPool *pool, ArithQuestion *q, Expr product, Arena *arena)
{
    for (uint32_t i = 0; i < q->names.len; i++)
        if (expr_same(q->names.data[i].product, product))
            return q->names.data[i].var;
    const ArithName name = {expr_var(pool, STR("product"), expr_node(pool, product)->sort),
                            product};
    VEC_PUSH(arena, &q->names, name);
    return name.var;
}

static Expr inner_of(const ExprPool *pool, Expr e)
{
    return expr_node(pool, e)->op == EXPR_ZERO_EXT ? expr_node(pool, e)->args[0] : e;
}

// Puts variables in the place of whole products, and their low bits in that of the same products of
// fewer bits: simplification would part the low half from the whole, and the sums of both.
static void name_products(ExprPool *pool, ArithQuestion *q, Arena *arena)
{
    const uint32_t count = pool->nodes.len;
    const Bitset wanted = reached(pool, q, arena);
    Expr *const by = ARENA_ARRAY(arena, Expr, count);
    for (uint32_t i = 0; i < count; i++) {
        const ExprNode n = pool->nodes.data[i]; // a copy: the pool grows
        by[i] = EXPR_NONE;
        if (!bitset_has(&wanted, i) || n.op != EXPR_BVMUL)
            continue;
        const Expr a = inner_of(pool, n.args[0]), b = inner_of(pool, n.args[1]);
        const uint32_t wide = expr_width(pool, a) + expr_width(pool, b);
        if (wide < n.sort.width || wide > 2 * PART_BITS || expr_is_const(pool, a, NULL) ||
            expr_is_const(pool, b, NULL))
            continue;
        const Expr whole =
            expr_2(pool, EXPR_BVMUL, expr_zero_ext(pool, wide, a), expr_zero_ext(pool, wide, b));
        if (expr_node(pool, whole)->op == EXPR_BVMUL)
            by[i] = expr_extract(pool, n.sort.width - 1, 0, name_of(pool, q, whole, arena));
    }
    expr_substitute(pool, by, count, q->conditions.data, q->conditions.len);
    for (uint32_t i = 0; i < q->names.len; i++)
        VEC_PUSH(arena, &q->conditions,
                 expr_eq(pool, q->names.data[i].var, q->names.data[i].product));
}

static void push_facts(ArithQuestion *q, const Facts *facts, Arena *arena)
{
    for (uint32_t i = 0; i < facts->list.len; i++)
        VEC_PUSH(arena, &q->conditions, facts->list.data[i]);
}

void arith_rewrite(ExprPool *pool, const Expr *conditions, uint32_t count, Arena *arena,
                   ArithQuestion *out)
{
    for (uint32_t i = 0; i < count; i++)
        VEC_PUSH(arena, &out->conditions, conditions[i]);
    Facts first = {.pool = pool, .arena = arena}, products = first;
    const Bitset before = reached(pool, out, arena);
    arith_division_facts(&first, &before);
    arith_float_facts(&first, &before);
    push_facts(out, &first, arena);
    rewrite_products(pool, out, arena);
    const Bitset after = reached(pool, out, arena);
    arith_product_facts(&products, &after);
    push_facts(out, &products, arena);
    name_products(pool, out, arena);
}
