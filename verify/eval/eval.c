// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Evaluation: nodes in the order of their numbers, so without recursion; operators on floats by
// softfloat, which is checked against MPFR.

#include "verify/eval/eval.h"

#include "emulate/softfloat/softfloat.h"

enum { EVAL_UNKNOWN, EVAL_KNOWN, EVAL_FAILED };

// ---- Floats ----

static bool is_negative(uint32_t width, uint128 a)
{
    return (a >> (width - 1) & 1) != 0;
}

// The smaller or larger one; zeros differ by their signs.
static uint128 pick(SoftFormat f, uint32_t width, uint128 a, uint128 b, bool max)
{
    switch (softfloat_compare(f, a, b)) {
    case SOFT_UNORDERED: return softfloat_default_nan(f);
    case SOFT_LESS: return max ? b : a;
    case SOFT_GREATER: return max ? a : b;
    case SOFT_EQUAL: break;
    }
    return is_negative(width, a) != max ? a : b;
}

// A NaN as operations make it: payloads say nothing.
static uint128 plain_nan(SoftFormat f, uint128 a)
{
    return softfloat_is_nan(f, a) ? softfloat_default_nan(f) : a;
}

static uint128 arithmetic(ExprOp op, SoftFormat f, uint32_t width, const uint128 *a)
{
    switch ((int)op) {
    case EXPR_FP_ADD: return softfloat_add(f, a[0], a[1]);
    case EXPR_FP_SUB: return softfloat_sub(f, a[0], a[1]);
    case EXPR_FP_MUL: return softfloat_mul(f, a[0], a[1]);
    case EXPR_FP_DIV: return softfloat_div(f, a[0], a[1]);
    case EXPR_FP_FMA: return softfloat_fma(f, a[0], a[1], a[2]);
    case EXPR_FP_SQRT: return softfloat_sqrt(f, a[0]);
    case EXPR_FP_MIN: return pick(f, width, a[0], a[1], false);
    case EXPR_FP_MAX: return pick(f, width, a[0], a[1], true);
    case EXPR_FP_CEIL: return softfloat_round(f, a[0], SOFT_CEIL);
    case EXPR_FP_FLOOR: return softfloat_round(f, a[0], SOFT_FLOOR);
    case EXPR_FP_TRUNC: return softfloat_round(f, a[0], SOFT_TRUNC);
    case EXPR_FP_NEAREST: return softfloat_round(f, a[0], SOFT_NEAREST);
    default: UNREACHABLE();
    }
}

static bool comparison(ExprOp op, SoftFormat f, uint128 a, uint128 b)
{
    const SoftOrder order = softfloat_compare(f, a, b);
    if (op == EXPR_FP_EQ)
        return order == SOFT_EQUAL;
    return order == SOFT_LESS || (op == EXPR_FP_LE && order == SOFT_EQUAL);
}

// The highest bit set, or -1.
static int32_t top_bit(const Wide *bits)
{
    for (int32_t i = WIDE_MAX_WIDTH - 1; i >= 0; i--)
        if (wide_bit(bits, (uint32_t)i))
            return i;
    return -1;
}

// The float nearest to a magnitude of any width. What is beyond 128 bits is brought down with its
// lost bits kept as a sticky one, and the result scaled, which is exact or overflows.
static uint128 from_magnitude(SoftFormat f, Wide magnitude, bool negative)
{
    const int32_t top = top_bit(&magnitude);
    if (top < 128)
        return softfloat_from_int(f, wide_to_u128(&magnitude), negative);
    const uint32_t down = (uint32_t)top - 127;
    const Wide kept = wide_shr(magnitude, down), lost = wide_low(magnitude, down);
    const uint128 sticky = wide_is_zero(&lost) ? 0 : 1;
    const uint128 scaled = softfloat_from_int(f, wide_to_u128(&kept) | sticky, negative);
    const Wide power = wide_shl(wide_from_u64(1), down - 1);
    const uint128 half = softfloat_from_int(f, wide_to_u128(&power), false);
    const uint128 two = softfloat_from_int(f, 2, false);
    return softfloat_mul(f, softfloat_mul(f, scaled, half), two);
}

// -x modulo 2^width.
static Wide negated(Wide x, uint32_t width)
{
    Wide r;
    uint64_t carry = 1;
    for (size_t i = 0; i < WIDE_MAX_WIDTH / 64; i++) {
        r.w[i] = ~x.w[i] + carry;
        carry = carry && r.w[i] == 0;
    }
    return wide_low(r, width);
}

static uint128 from_integer(SoftFormat f, const ExprValue *x, bool is_signed)
{
    const uint32_t width = x->sort.width;
    const bool negative = is_signed && wide_bit(&x->bits, width - 1);
    return from_magnitude(f, negative ? negated(x->bits, width) : x->bits, negative);
}

static Wide wide_of(uint128 x)
{
    Wide w = wide_from_u64((uint64_t)x);
    w.w[1] = (uint64_t)(x >> 64);
    return w;
}

static bool conversion(const ExprNode *node, const ExprValue *arg, Wide *out)
{
    const uint32_t from = arg->sort.width, to = node->p0;
    const uint128 x = wide_to_u128(&arg->bits);
    SoftFormat source, target;
    uint128 bits;
    switch ((int)node->op) {
    case EXPR_TO_FP:
    case EXPR_TO_FP_UNSIGNED:
        if (!softfloat_of_width(to, &target))
            return false;
        *out = wide_of(from_integer(target, arg, node->op == EXPR_TO_FP));
        return true;
    case EXPR_TO_FP_FROM_FP:
        if (!softfloat_of_width(to, &target) || !softfloat_of_width(from, &source))
            return false;
        *out = wide_of(plain_nan(target, softfloat_convert(source, target, x)));
        return true;
    default: // EXPR_FP_TO_UBV, EXPR_FP_TO_SBV
        if (!softfloat_of_width(from, &source) || to < 8 || to > 128)
            return false;
        (void)softfloat_to_int(source, x, to, node->op == EXPR_FP_TO_SBV, &bits);
        *out = wide_of(bits);
        return true;
    }
}

bool eval_op(const ExprNode *node, const ExprValue *args, ExprValue *out)
{
    if (node->op == EXPR_VAR || node->op == EXPR_CONST)
        return false;
    if (node->op < EXPR_FP_ADD)
        return expr_fold(node, args, out);
    Wide bits;
    SoftFormat f;
    out->sort = node->sort;
    if (node->op >= EXPR_TO_FP) {
        if (!conversion(node, &args[0], &bits))
            return false;
        out->bits = bits;
        return true;
    }
    const uint32_t width = args[0].sort.width;
    if (!softfloat_of_width(width, &f))
        return false;
    uint128 a[3] = {0};
    for (uint32_t i = 0; i < node->num_args; i++)
        a[i] = wide_to_u128(&args[i].bits);
    if (node->op == EXPR_FP_EQ || node->op == EXPR_FP_LT || node->op == EXPR_FP_LE)
        out->bits = wide_from_u64(comparison(node->op, f, a[0], a[1]));
    else
        out->bits = wide_of(plain_nan(f, arithmetic(node->op, f, width, a)));
    return true;
}

_Static_assert(EXPR_FP_ADD < EXPR_FP_EQ && EXPR_FP_LE < EXPR_TO_FP && EXPR_TO_FP < EXPR_FP_TO_SBV &&
                   (int)EXPR_FP_TO_SBV + 1 == EXPR_OP_COUNT,
               "floats come last, conversions last of these");

// ---- Graphs ----

void eval_begin(Eval *eval, const ExprPool *pool, Arena *arena)
{
    *eval = (Eval){.pool = pool, .arena = arena};
}

static void grow(Eval *eval)
{
    while (eval->values.len < eval->pool->nodes.len) {
        const ExprValue none = {.sort = eval->pool->nodes.data[eval->values.len].sort};
        VEC_PUSH(eval->arena, &eval->values, none);
        VEC_PUSH(eval->arena, &eval->known, EVAL_UNKNOWN);
    }
}

void eval_set(Eval *eval, Expr var, const ExprValue *value)
{
    grow(eval);
    ASSERT(expr_node(eval->pool, var)->op == EXPR_VAR);
    ASSERT(sort_equal(expr_node(eval->pool, var)->sort, value->sort));
    eval->values.data[var.index] = *value;
    eval->known.data[var.index] = EVAL_KNOWN;
}

// Sets the sign of a NaN that a floating-point operation has made.
static void negate_nan(const ExprNode *node, ExprValue *value)
{
    SoftFormat f;
    const bool makes_float =
        (node->op >= EXPR_FP_ADD && node->op < EXPR_FP_EQ) || node->op == EXPR_TO_FP_FROM_FP;
    if (!makes_float || !softfloat_of_width(value->sort.width, &f))
        return;
    const uint128 bits = wide_to_u128(&value->bits);
    if (softfloat_is_nan(f, bits))
        value->bits = wide_of(bits | (uint128)1 << (value->sort.width - 1));
}

static uint8_t compute(Eval *eval, uint32_t index)
{
    const ExprNode *const node = &eval->pool->nodes.data[index];
    ExprValue *const value = &eval->values.data[index];
    ExprValue args[3];
    if (node->op == EXPR_VAR)
        return EVAL_KNOWN;
    if (node->op == EXPR_CONST)
        return expr_is_const(eval->pool, (Expr){index}, value) ? EVAL_KNOWN : EVAL_FAILED;
    for (uint32_t i = 0; i < node->num_args; i++) {
        if (eval->known.data[node->args[i].index] != EVAL_KNOWN)
            return EVAL_FAILED;
        args[i] = eval->values.data[node->args[i].index];
    }
    if (!eval_op(node, args, value))
        return EVAL_FAILED;
    if (eval->negative_nans)
        negate_nan(node, value);
    return EVAL_KNOWN;
}

bool eval_get(Eval *eval, Expr e, ExprValue *out)
{
    grow(eval);
    if (eval->known.data[e.index] == EVAL_UNKNOWN) {
        // Marks what is below and not known, from the top down, then computes it from the bottom
        // up.
        Bitset wanted = bitset_new(eval->arena, e.index + 1);
        bitset_add(&wanted, e.index);
        uint32_t least = e.index;
        for (uint32_t i = e.index + 1; i-- > least;) {
            const ExprNode *const node = &eval->pool->nodes.data[i];
            if (!bitset_has(&wanted, i))
                continue;
            for (uint32_t a = 0; a < node->num_args; a++) {
                const uint32_t arg = node->args[a].index;
                if (eval->known.data[arg] != EVAL_UNKNOWN)
                    continue;
                bitset_add(&wanted, arg);
                least = arg < least ? arg : least;
            }
        }
        for (uint32_t i = least; i <= e.index; i++)
            if (bitset_has(&wanted, i))
                eval->known.data[i] = compute(eval, i);
    }
    *out = eval->values.data[e.index];
    return eval->known.data[e.index] == EVAL_KNOWN;
}
