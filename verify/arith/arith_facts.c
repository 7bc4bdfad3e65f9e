// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Facts on products and quotients, all of them true for all values.
//
// The reciprocal of a divisor d is a factor m with a shift s such that the excess e = m * d - 2^s
// is above 0 and small. With x = q * d + r, 0 <= r < d:
//
//     d * (m * x) = (2^s + e) * x = 2^s * (q * d + r) + e * x
//
// so 2^s * q * d <= d * (m * x), and if e * x < 2^s then d * (m * x) < 2^s * (q * d + d - 1 + 1),
// that is, 2^s * q <= m * x < 2^s * (q + 1): m * x shifted right by s is q. For a negative x let
// -x = q * d + r. Then d * (m * -x) = 2^s * (q * d + r) + e * -x lies above 2^s * q * d and, with
// e * -x <= 2^s, at or below 2^s * (q + 1) * d: m * x shifted right by s, which rounds down, is
// -q - 1. From m and d alone s is the number of the highest bit of m * d - 1, as 2^s < m * d and,
// the excess being at most 2^s, m * d <= 2^(s + 1). (T. Granlund, P. L. Montgomery: Division by
// invariant integers using multiplication, 1994.)

#include "verify/arith/arith_internal.h"

// Wide enough for 65 bits times 64, and a shift to the left by one.
enum { WIDE = 192 };

void arith_add_fact(Facts *f, Expr fact)
{
    if (!expr_is_true(f->pool, fact))
        VEC_PUSH(f->arena, &f->list, fact);
}

static void add(Facts *f, Expr fact)
{
    arith_add_fact(f, fact);
}

static Expr ones(ExprPool *p, uint32_t width)
{
    return expr_1(p, EXPR_BVNOT, expr_bv(p, width, 0));
}

static Expr is_negative(ExprPool *p, Expr x)
{
    return expr_2(p, EXPR_BVSLT, x, expr_bv(p, expr_width(p, x), 0));
}

static Expr magnitude(ExprPool *p, Expr x)
{
    return expr_ite(p, is_negative(p, x), expr_1(p, EXPR_BVNEG, x), x);
}

// ---- Reciprocals ----

typedef struct Reciprocal {
    Expr product; // m * d
    Expr shift;   // s
    Expr good;    // the excess is at most 2^(s + spare - 64)
} Reciprocal;

static Reciprocal reciprocal(ExprPool *p, Expr product, Expr spare)
{
    const Expr one = expr_bv(p, WIDE, 1), w64 = expr_bv(p, WIDE, 64);
    const Expr less = expr_2(p, EXPR_BVSUB, product, one);
    const Expr shift = expr_2(p, EXPR_BVSUB, expr_bv(p, WIDE, WIDE - 1), expr_1(p, EXPR_CLZ, less));
    const Expr excess = expr_2(p, EXPR_BVSUB, product, expr_2(p, EXPR_BVSHL, one, shift));
    const Expr room = expr_2(p, EXPR_BVADD, shift, spare);
    const Expr most = expr_2(p, EXPR_BVSHL, one, expr_2(p, EXPR_BVSUB, room, w64));
    const Expr good = expr_and(
        p, expr_2(p, EXPR_BVULT, one, product),
        expr_and(p, expr_2(p, EXPR_BVULE, w64, room), expr_2(p, EXPR_BVULE, excess, most)));
    return (Reciprocal){product, shift, good};
}

// x / d = m * x >> s, for x below 2^(64 - spare).
static void unsigned_reciprocal(Facts *f, Expr quotient, Expr x, Expr m, const Reciprocal *r)
{
    ExprPool *const p = f->pool;
    const Expr product = expr_2(p, EXPR_BVMUL, m, expr_zero_ext(p, WIDE, x));
    const Expr shifted = expr_2(p, EXPR_BVLSHR, product, r->shift);
    add(f, expr_implies(p, r->good, expr_eq(p, expr_zero_ext(p, WIDE, quotient), shifted)));
}

// Where the 64 bits of a register hold the product, or the 64 above them: s - 64 or s as what is
// still to be shifted, and whether it is so.
static Expr rest_of_shift(ExprPool *p, Expr m, uint32_t width, const Reciprocal *r, Expr *fits)
{
    const Expr most = expr_bv(p, expr_width(p, m), UINT64_C(1) << 32), w64 = expr_bv(p, WIDE, 64);
    const bool high = width == 64;
    *fits = high ? expr_2(p, EXPR_BVULE, w64, r->shift) : expr_2(p, EXPR_BVULT, m, most);
    return expr_extract(p, 63, 0, high ? expr_2(p, EXPR_BVSUB, r->shift, w64) : r->shift);
}

// The product of a register, to 64 or 128 bits, or the half of it that counts.
static Expr counting_half(ExprPool *p, Expr m, Expr x, uint32_t width, bool is_signed)
{
    const uint32_t wide = width == 64 ? 128 : 64;
    const Expr left = is_signed ? expr_sign_ext(p, wide, x) : expr_zero_ext(p, wide, x);
    const Expr product = expr_2(p, EXPR_BVMUL, expr_zero_ext(p, wide, m), left);
    return width == 64 ? expr_extract(p, 127, 64, product) : product;
}

// m * d - 1, whose highest bit is s, has at most 128 bits, and 64 if both factors have 32.
static void shifts_less_than_64(Facts *f, Expr good, Expr rest)
{
    const Expr w64 = expr_bv(f->pool, 64, 64);
    add(f, expr_implies(f->pool, good, expr_2(f->pool, EXPR_BVULT, rest, w64)));
}

// The same as registers do it: for 64 bits the high half of the product is shifted by s - 64, for
// at most 32 a product of 64 bits by s.
static void unsigned_in_register(Facts *f, Expr quotient, Expr x, Expr m, const Reciprocal *r)
{
    ExprPool *const p = f->pool;
    const uint32_t width = expr_width(p, x);
    Expr fits;
    if (expr_width(p, m) != 64 || (width > 32 && width != 64))
        return;
    const Expr rest = rest_of_shift(p, m, width, r, &fits);
    const Expr value = expr_2(p, EXPR_BVLSHR, counting_half(p, m, x, width, false), rest);
    const Expr good = expr_and(p, r->good, fits);
    shifts_less_than_64(f, good, rest);
    add(f, expr_implies(p, good, expr_eq(p, expr_zero_ext(p, 64, quotient), value)));
}

// m = 2^64 + f has 65 bits. With h = f * x >> 64, 2^64 * x + f * x shifted by 64 is x + h, so the
// sum of 65 bits without its lowest is what is still to be shifted, by s - 65.
static void unsigned_by_65_bits(Facts *f, Expr quotient, Expr x, Expr m, const Reciprocal *r)
{
    ExprPool *const p = f->pool;
    const ExprNode n = *expr_node(p, m);
    if (n.op != EXPR_CONCAT || n.sort.width != 65 || expr_width(p, n.args[1]) != 64 ||
        expr_width(p, x) != 64)
        return;
    const Expr high = counting_half(p, n.args[1], x, 64, false);
    const Expr sum = expr_2(p, EXPR_BVADD, expr_zero_ext(p, 65, x), expr_zero_ext(p, 65, high));
    const Expr w65 = expr_bv(p, WIDE, 65);
    const Expr rest = expr_extract(p, 63, 0, expr_2(p, EXPR_BVSUB, r->shift, w65));
    const Expr value = expr_2(p, EXPR_BVLSHR, expr_extract(p, 64, 1, sum), rest);
    const Expr top = expr_eq(p, n.args[0], expr_bv(p, 1, 1));
    const Expr good = expr_and(p, r->good, expr_and(p, top, expr_2(p, EXPR_BVULE, w65, r->shift)));
    shifts_less_than_64(f, good, rest); // m * d - 1 has at most 129 bits
    add(f, expr_implies(p, good, expr_eq(p, quotient, value)));
}

static void signed_in_register(Facts *f, Expr quotient, Expr m, const Reciprocal *r)
{
    ExprPool *const p = f->pool;
    const Expr x = expr_node(p, quotient)->args[0], y = expr_node(p, quotient)->args[1];
    const uint32_t width = expr_width(p, x);
    Expr fits;
    if (expr_width(p, m) != 64 || (width > 32 && width != 64))
        return;
    const Expr rest = rest_of_shift(p, m, width, r, &fits);
    const Expr floor = expr_2(p, EXPR_BVASHR, counting_half(p, m, x, width, true), rest);
    const Expr sign = expr_zero_ext(p, 64, expr_extract(p, width - 1, width - 1, x));
    const Expr value = expr_2(p, EXPR_BVADD, floor, sign);
    const Expr whole =
        expr_ite(p, is_negative(p, expr_sign_ext(p, 64, y)), expr_1(p, EXPR_BVNEG, value), value);
    const Expr good = expr_and(p, r->good, fits);
    shifts_less_than_64(f, good, rest);
    // The least number over -1 is one more than fits.
    const Expr when = expr_and(p, good, expr_not(p, expr_eq(p, y, ones(p, width))));
    add(f, expr_implies(p, when, expr_eq(p, expr_sign_ext(p, 64, quotient), whole)));
}

// The same of a signed division, for |x| up to 2^(64 - spare).
static void signed_reciprocal(Facts *f, Expr quotient, Expr m, const Reciprocal *r)
{
    ExprPool *const p = f->pool;
    const Expr x = expr_node(p, quotient)->args[0], y = expr_node(p, quotient)->args[1];
    const uint32_t width = expr_width(p, x);
    const Expr product = expr_2(p, EXPR_BVMUL, m, expr_sign_ext(p, WIDE, x));
    const Expr floor = expr_extract(p, width - 1, 0, expr_2(p, EXPR_BVASHR, product, r->shift));
    const Expr sign = expr_zero_ext(p, width, expr_extract(p, width - 1, width - 1, x));
    const Expr value = expr_2(p, EXPR_BVADD, floor, sign);
    const Expr whole = expr_ite(p, is_negative(p, y), expr_1(p, EXPR_BVNEG, value), value);
    add(f, expr_implies(p, r->good, expr_eq(p, quotient, whole)));
}

static Expr without_zeros(const ExprPool *p, Expr e)
{
    while (expr_node(p, e)->op == EXPR_ZERO_EXT)
        e = expr_node(p, e)->args[0];
    return e;
}

// The product `m * divisor` of a question is what says that m is a reciprocal.
static void use_reciprocal(Facts *f, Expr quotient, Expr product, Expr divisor, Expr m)
{
    ExprPool *const p = f->pool;
    const ExprNode n = *expr_node(p, quotient);
    const Expr x = n.args[0], y = n.args[1];
    const uint32_t width = n.sort.width;
    const Expr plain = without_zeros(p, divisor), factor = without_zeros(p, m);
    if (width > 64 || width == 1 || expr_width(p, plain) > 64 || expr_width(p, factor) > 65)
        return; // the product must not wrap
    if (n.op == EXPR_BVUDIV && expr_same(plain, without_zeros(p, y))) {
        const Reciprocal r = reciprocal(p, product, expr_bv(p, WIDE, 64 - width));
        unsigned_reciprocal(f, quotient, x, m, &r);
        unsigned_in_register(f, quotient, x, factor, &r);
        unsigned_by_65_bits(f, quotient, x, factor, &r);
    }
    if (n.op == EXPR_BVSDIV &&
        expr_same(plain, without_zeros(p, magnitude(p, expr_sign_ext(p, 64, y))))) {
        const Reciprocal r = reciprocal(p, product, expr_bv(p, WIDE, 65 - width));
        signed_reciprocal(f, quotient, m, &r);
        signed_in_register(f, quotient, factor, &r);
    }
    // x / (d << t) = (x >> t) / d.
    const ExprNode odd = *expr_node(p, plain);
    if (n.op == EXPR_BVUDIV && width == 64 && odd.op == EXPR_BVLSHR && expr_same(odd.args[0], y)) {
        const Expr twos = odd.args[1], less = expr_2(p, EXPR_BVLSHR, x, twos);
        const Expr divided = expr_2(p, EXPR_BVUDIV, less, plain);
        const Expr exact = expr_eq(p, expr_2(p, EXPR_BVSHL, plain, twos), y);
        const Expr fits = expr_2(p, EXPR_BVULT, twos, expr_bv(p, 64, 64));
        add(f, expr_implies(p, expr_and(p, exact, fits), expr_eq(p, quotient, divided)));
        const Reciprocal r = reciprocal(p, product, expr_zero_ext(p, WIDE, twos));
        unsigned_reciprocal(f, divided, less, m, &r);
        unsigned_in_register(f, divided, less, factor, &r);
    }
}

static void reciprocals(Facts *f, const Bitset *wanted, Expr quotient)
{
    for (uint32_t i = 0; i < wanted->size; i++) {
        const ExprNode n = f->pool->nodes.data[i];
        if (!bitset_has(wanted, i) || n.op != EXPR_BVMUL || n.sort.width != WIDE)
            continue;
        use_reciprocal(f, quotient, (Expr){i}, n.args[0], n.args[1]);
        use_reciprocal(f, quotient, (Expr){i}, n.args[1], n.args[0]);
    }
}

// ---- Divisions ----

// x extended to 64 bits and what follows of a division of it by y, if y is 2^k or -2^k. The least
// number is its own negative; as a magnitude it is 2^63, and all is right for it too.
typedef struct ByPower {
    Expr is_power, y, k;
    Expr biased; // what is negative gets 2^k - 1 more before the shift
} ByPower;

static ByPower by_power(ExprPool *p, const ExprNode *division)
{
    const Expr x = expr_sign_ext(p, 64, division->args[0]);
    const Expr y = expr_sign_ext(p, 64, division->args[1]);
    const Expr zero = expr_bv(p, 64, 0), one = expr_bv(p, 64, 1);
    const Expr k = expr_1(p, EXPR_CLZ, expr_1(p, EXPR_REV, y)); // zeros at the low end
    const Expr power = expr_2(p, EXPR_BVSHL, one, k);
    const Expr more = expr_2(p, EXPR_BVADD, x, expr_2(p, EXPR_BVSUB, power, one));
    return (ByPower){
        .is_power =
            expr_and(p, expr_not(p, expr_eq(p, y, zero)), expr_eq(p, magnitude(p, y), power)),
        .y = y,
        .k = k,
        .biased = expr_ite(p, is_negative(p, x), more, x),
    };
}

static void signed_power(Facts *f, Expr quotient)
{
    ExprPool *const p = f->pool;
    const ExprNode n = *expr_node(p, quotient);
    const ByPower by = by_power(p, &n);
    const Expr value = expr_2(p, EXPR_BVASHR, by.biased, by.k);
    const Expr whole = expr_ite(p, is_negative(p, by.y), expr_1(p, EXPR_BVNEG, value), value);
    add(f, expr_implies(p, by.is_power,
                        expr_eq(p, quotient, expr_extract(p, n.sort.width - 1, 0, whole))));
}

// The quotient times y is what was shifted, without the bits that the shift drops; or the quotient
// by 2^k, whatever the sign, shifted back.
static void signed_power_rest(Facts *f, Expr remainder)
{
    ExprPool *const p = f->pool;
    const ExprNode n = *expr_node(p, remainder);
    const ByPower by = by_power(p, &n);
    const Expr mask = expr_1(p, EXPR_BVNEG, expr_2(p, EXPR_BVSHL, expr_bv(p, 64, 1), by.k));
    const Expr kept = expr_extract(p, n.sort.width - 1, 0, expr_2(p, EXPR_BVAND, by.biased, mask));
    const Expr shifted = expr_2(p, EXPR_BVSHL, expr_2(p, EXPR_BVASHR, by.biased, by.k), by.k);
    const Expr back = expr_extract(p, n.sort.width - 1, 0, shifted);
    add(f, expr_implies(p, by.is_power,
                        expr_eq(p, remainder, expr_2(p, EXPR_BVSUB, n.args[0], kept))));
    add(f, expr_implies(p, by.is_power,
                        expr_eq(p, remainder, expr_2(p, EXPR_BVSUB, n.args[0], back))));
}

// x % y = x - (x / y) * y, by zero as well: x.
static Expr remainder_fact(Facts *f, Expr remainder)
{
    ExprPool *const p = f->pool;
    const ExprNode n = *expr_node(p, remainder);
    const ExprOp op = n.op == EXPR_BVUREM ? EXPR_BVUDIV : EXPR_BVSDIV;
    const Expr quotient = expr_2(p, op, n.args[0], n.args[1]);
    const Expr product = expr_2(p, EXPR_BVMUL, quotient, n.args[1]);
    add(f, expr_eq(p, remainder, expr_2(p, EXPR_BVSUB, n.args[0], product)));
    return quotient;
}

static void edges(Facts *f, Expr division)
{
    ExprPool *const p = f->pool;
    const ExprNode n = *expr_node(p, division);
    const Expr x = n.args[0], y = n.args[1], zero = expr_bv(p, n.sort.width, 0);
    const Expr by_1 = expr_eq(p, y, expr_bv(p, n.sort.width, 1));
    const Expr by_minus_1 = expr_eq(p, y, ones(p, n.sort.width));
    const bool rest = n.op == EXPR_BVUREM || n.op == EXPR_BVSREM;
    if (n.sort.width == 1)
        return; // 1 is -1
    add(f, expr_implies(p, by_1, expr_eq(p, division, rest ? zero : x)));
    if (n.op == EXPR_BVSDIV || n.op == EXPR_BVSREM)
        add(f, expr_implies(p, by_minus_1,
                            expr_eq(p, division, rest ? zero : expr_1(p, EXPR_BVNEG, x))));
}

static void division_fact(Facts *f, const Bitset *wanted, Expr e)
{
    const ExprNode n = *expr_node(f->pool, e);
    if (n.op != EXPR_BVUDIV && n.op != EXPR_BVUREM && n.op != EXPR_BVSDIV && n.op != EXPR_BVSREM)
        return;
    edges(f, e);
    const bool rest = n.op == EXPR_BVUREM || n.op == EXPR_BVSREM;
    const Expr quotient = rest ? remainder_fact(f, e) : e;
    const ExprOp op = expr_node(f->pool, quotient)->op;
    if (op != EXPR_BVUDIV && op != EXPR_BVSDIV)
        return; // simplified: by a constant
    if (rest && n.sort.width != 1)
        edges(f, quotient);
    reciprocals(f, wanted, quotient);
    if (op != EXPR_BVSDIV || n.sort.width > 64 || n.sort.width == 1)
        return;
    signed_power(f, quotient);
    if (rest)
        signed_power_rest(f, e);
}

void arith_division_facts(Facts *facts, const Bitset *wanted)
{
    for (uint32_t i = 0; i < wanted->size; i++)
        if (bitset_has(wanted, i))
            division_fact(facts, wanted, (Expr){i});
}

// ---- Products ----

// Of the whole product of a and b: it is at most 2^m * a - a, for b of m bits; by 0, 1 and all ones
// it is plain; and where both are in their lower halves it is so too.
static void product_fact(Facts *f, Expr product, Expr a, Expr b)
{
    ExprPool *const p = f->pool;
    const uint32_t wide = expr_width(p, product), m = expr_width(p, b);
    const Expr high = expr_extract(p, wide - 1, m, product), za = expr_zero_ext(p, wide, a);
    const Expr shifted = expr_2(p, EXPR_BVSHL, za, expr_bv(p, wide, m));
    add(f, expr_or(p, expr_eq(p, a, expr_bv(p, wide - m, 0)), expr_2(p, EXPR_BVULT, high, a)));
    add(f,
        expr_implies(p, expr_eq(p, b, expr_bv(p, m, 0)), expr_eq(p, product, expr_bv(p, wide, 0))));
    add(f, expr_implies(p, expr_eq(p, b, expr_bv(p, m, 1)), expr_eq(p, product, za)));
    add(f, expr_implies(p, expr_eq(p, b, ones(p, m)),
                        expr_eq(p, product, expr_2(p, EXPR_BVSUB, shifted, za))));
}

static void half_fact(Facts *f, Expr product, Expr a, Expr b)
{
    ExprPool *const p = f->pool;
    const uint32_t n = expr_width(p, a), m = expr_width(p, b);
    Expr small = expr_bool(p, true);
    if (n == 64)
        small = expr_eq(p, expr_extract(p, 63, 32, a), expr_bv(p, 32, 0));
    if (m == 64)
        small = expr_and(p, small, expr_eq(p, expr_extract(p, 63, 32, b), expr_bv(p, 32, 0)));
    const uint32_t most = (n < 32 ? n : 32) + (m < 32 ? m : 32);
    if ((n != 64 && n > 32) || (m != 64 && m > 32) || most >= n + m)
        return;
    const Expr above = expr_extract(p, n + m - 1, most, product);
    add(f, expr_implies(p, small, expr_eq(p, above, expr_bv(p, n + m - most, 0))));
}

static void whole_facts(Facts *f, Expr product, Expr a, Expr b)
{
    product_fact(f, product, a, b);
    product_fact(f, product, b, a);
    half_fact(f, product, a, b);
}

// A product of which only low bits are taken: those of the whole one.
static void low_fact(Facts *f, Expr low, Expr a, Expr b)
{
    ExprPool *const p = f->pool;
    const uint32_t width = expr_width(p, low), wide = expr_width(p, a) + expr_width(p, b);
    const Expr whole = expr_2(p, EXPR_BVMUL, expr_zero_ext(p, wide, a), expr_zero_ext(p, wide, b));
    if (expr_node(p, whole)->op != EXPR_BVMUL)
        return;
    const Expr parts[] = {expr_extract(p, wide - 1, width, whole), low};
    add(f, expr_eq(p, whole, expr_make(p, EXPR_CONCAT, parts, 0, 0)));
    whole_facts(f, whole, a, b);
}

static Expr inner_of(const ExprPool *p, Expr e)
{
    return expr_node(p, e)->op == EXPR_ZERO_EXT ? expr_node(p, e)->args[0] : e;
}

void arith_product_facts(Facts *facts, const Bitset *wanted)
{
    ExprPool *const p = facts->pool;
    for (uint32_t i = 0; i < wanted->size; i++) {
        const ExprNode n = p->nodes.data[i];
        if (!bitset_has(wanted, i) || n.op != EXPR_BVMUL)
            continue;
        const Expr a = inner_of(p, n.args[0]), b = inner_of(p, n.args[1]);
        const uint32_t wide = expr_width(p, a) + expr_width(p, b);
        if (wide == n.sort.width)
            whole_facts(facts, (Expr){i}, a, b);
        else if (wide > n.sort.width && wide <= 128)
            low_fact(facts, (Expr){i}, a, b);
    }
}
