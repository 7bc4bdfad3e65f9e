// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators on values with unknown bits. Those that move bits about, and bitwise logic, are exact
// in each bit; of all others the result is unknown as soon as a bit of an operand is.

#include "verify/concrete/concrete_internal.h"
#include "verify/eval/eval.h"

static Wide ones(uint32_t width)
{
    const Wide all = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
    return wide_low(all, width);
}

static Wide mask(Wide a, Wide b, bool complement)
{
    for (size_t i = 0; i < WIDE_MAX_WIDTH / 64; i++)
        a.w[i] &= complement ? ~b.w[i] : b.w[i];
    return a;
}

static Wide join(Wide a, Wide b)
{
    for (size_t i = 0; i < WIDE_MAX_WIDTH / 64; i++)
        a.w[i] |= b.w[i];
    return a;
}

static bool all_known(const Concrete *args, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!concrete_known(&args[i]))
            return false;
    return true;
}

Concrete concrete_open_bool(void)
{
    Concrete x = concrete_bool(false);
    x.unknown = wide_from_u64(1);
    return x;
}

// ---- Through the operators of expr ----

static ExprValue value_of(const Concrete *x)
{
    const Sort sort = x->kind == CONCRETE_BV     ? sort_bv(x->width)
                      : x->kind == CONCRETE_BOOL ? sort_bool()
                                                 : sort_int();
    return (ExprValue){sort, x->bits};
}

bool concrete_through(ExprOp op, Sort sort, const Concrete *args, uint32_t count, Concrete *out)
{
    const ExprNode node = {.op = op, .sort = sort, .num_args = count, .p0 = sort.width};
    ExprValue values[3], result;
    for (uint32_t i = 0; i < count; i++)
        values[i] = value_of(&args[i]);
    if (!eval_op(&node, values, &result))
        return false;
    switch (sort.kind) {
    case SORT_BOOL: *out = concrete_bool(!wide_is_zero(&result.bits)); return true;
    case SORT_INT: *out = (Concrete){.kind = CONCRETE_INT, .bits = result.bits}; return true;
    case SORT_BV: *out = concrete_bv(sort.width, result.bits); return true;
    }
    UNREACHABLE();
}

// ---- Logic ----

static Concrete logic_and(const Concrete *a, const Concrete *b)
{
    const bool a_false = concrete_known(a) && a->bits.w[0] == 0;
    const bool b_false = concrete_known(b) && b->bits.w[0] == 0;
    if (a_false || b_false)
        return concrete_bool(false);
    return concrete_known(a) && concrete_known(b) ? concrete_bool(true) : concrete_open_bool();
}

Concrete concrete_not(const Concrete *a)
{
    return concrete_known(a) ? concrete_bool(a->bits.w[0] == 0) : concrete_open_bool();
}

static Concrete logic_or(const Concrete *a, const Concrete *b)
{
    const Concrete not_a = concrete_not(a), not_b = concrete_not(b);
    const Concrete neither = logic_and(&not_a, &not_b);
    return concrete_not(&neither);
}

static bool logic(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args, Concrete *out)
{
    for (uint32_t i = 0; i < e->num_args; i++)
        if (args[i].kind != CONCRETE_BOOL)
            return concrete_cannot(run, e->pos, "expected truth values");
    *out = args[0];
    if (e->op == ISLE_SPEC_OP_NOT)
        *out = concrete_not(&args[0]);
    else if (e->op == ISLE_SPEC_OP_IMPLIES) {
        const Concrete not_a = concrete_not(&args[0]);
        *out = logic_or(&not_a, &args[1]);
    }
    for (uint32_t i = 1; i < e->num_args && e->op != ISLE_SPEC_OP_IMPLIES; i++)
        *out = e->op == ISLE_SPEC_OP_AND ? logic_and(out, &args[i]) : logic_or(out, &args[i]);
    return true;
}

// Known to differ, known to be equal, or neither.
static bool equal(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *a, const Concrete *b,
                  Concrete *out)
{
    if (a->kind != b->kind || a->width != b->width || a->num_fields != b->num_fields)
        return concrete_cannot(run, e->pos, "compares values of different sorts");
    *out = concrete_bool(true);
    for (uint32_t i = 0; i < a->num_fields; i++) {
        Concrete field;
        if (a->names[i] != b->names[i])
            return concrete_cannot(run, e->pos, "compares structs of different fields");
        if (!equal(run, e, &a->fields[i], &b->fields[i], &field))
            return false;
        *out = logic_and(out, &field);
    }
    if (a->kind == CONCRETE_STRUCT || a->kind == CONCRETE_UNIT)
        return true;
    const Wide open = join(a->unknown, b->unknown);
    const Wide left = mask(a->bits, open, true), right = mask(b->bits, open, true);
    if (!wide_equal(&left, &right))
        *out = concrete_bool(false);
    else if (!wide_is_zero(&open))
        *out = concrete_open_bool();
    return true;
}

// ---- Bits ----

static Concrete bitwise(IsleSpecOp op, const Concrete *a, const Concrete *b)
{
    Concrete out = {.kind = CONCRETE_BV, .width = a->width};
    const Wide open = join(a->unknown, b->unknown);
    // A known 0 decides `and`, a known 1 decides `or`.
    const Wide known_a = mask(ones(a->width), a->unknown, true);
    const Wide known_b = mask(ones(a->width), b->unknown, true);
    switch ((int)op) {
    case ISLE_SPEC_OP_BVAND: {
        const Wide zeros = join(mask(known_a, a->bits, true), mask(known_b, b->bits, true));
        out.unknown = mask(open, zeros, true);
        out.bits = mask(a->bits, b->bits, false);
        break;
    }
    case ISLE_SPEC_OP_BVOR:
        out.unknown = mask(open, join(a->bits, b->bits), true);
        out.bits = join(a->bits, b->bits);
        break;
    default: // BVXOR
        out.unknown = open;
        for (size_t i = 0; i < WIDE_MAX_WIDTH / 64; i++)
            out.bits.w[i] = a->bits.w[i] ^ b->bits.w[i];
        break;
    }
    out.bits = mask(out.bits, out.unknown, true);
    return out;
}

static Concrete complement(const Concrete *a)
{
    Concrete out = *a;
    out.bits = mask(mask(ones(a->width), a->bits, true), a->unknown, true);
    return out;
}

static Concrete slice(const Concrete *x, uint32_t high, uint32_t low)
{
    const uint32_t width = high - low + 1;
    return (Concrete){.kind = CONCRETE_BV,
                      .width = width,
                      .bits = wide_low(wide_shr(x->bits, low), width),
                      .unknown = wide_low(wide_shr(x->unknown, low), width)};
}

static Concrete joined(const Concrete *high, const Concrete *low)
{
    return (Concrete){.kind = CONCRETE_BV,
                      .width = high->width + low->width,
                      .bits = join(wide_shl(high->bits, low->width), low->bits),
                      .unknown = join(wide_shl(high->unknown, low->width), low->unknown)};
}

static Concrete extended(const Concrete *x, uint32_t width, bool sign)
{
    Concrete out = *x;
    out.width = width;
    if (!sign || width == x->width)
        return out;
    out.bits = wide_low(wide_sign_extend(x->bits, x->width, width), width);
    out.unknown = wide_low(wide_sign_extend(x->unknown, x->width, width), width);
    return out;
}

static const struct {
    ExprOp op;
    bool swapped, is_bool;
} plain[ISLE_SPEC_OP_COUNT] = {
    [ISLE_SPEC_OP_BVNEG] = {EXPR_BVNEG, false, false},
    [ISLE_SPEC_OP_BVADD] = {EXPR_BVADD, false, false},
    [ISLE_SPEC_OP_BVSUB] = {EXPR_BVSUB, false, false},
    [ISLE_SPEC_OP_BVMUL] = {EXPR_BVMUL, false, false},
    [ISLE_SPEC_OP_BVUDIV] = {EXPR_BVUDIV, false, false},
    [ISLE_SPEC_OP_BVUREM] = {EXPR_BVUREM, false, false},
    [ISLE_SPEC_OP_BVSDIV] = {EXPR_BVSDIV, false, false},
    [ISLE_SPEC_OP_BVSREM] = {EXPR_BVSREM, false, false},
    [ISLE_SPEC_OP_BVSHL] = {EXPR_BVSHL, false, false},
    [ISLE_SPEC_OP_BVLSHR] = {EXPR_BVLSHR, false, false},
    [ISLE_SPEC_OP_BVASHR] = {EXPR_BVASHR, false, false},
    [ISLE_SPEC_OP_ROTL] = {EXPR_ROTL, false, false},
    [ISLE_SPEC_OP_ROTR] = {EXPR_ROTR, false, false},
    [ISLE_SPEC_OP_POPCNT] = {EXPR_POPCNT, false, false},
    [ISLE_SPEC_OP_CLZ] = {EXPR_CLZ, false, false},
    [ISLE_SPEC_OP_CLS] = {EXPR_CLS, false, false},
    [ISLE_SPEC_OP_REV] = {EXPR_REV, false, false},
    [ISLE_SPEC_OP_BVULT] = {EXPR_BVULT, false, true},
    [ISLE_SPEC_OP_BVULE] = {EXPR_BVULE, false, true},
    [ISLE_SPEC_OP_BVUGT] = {EXPR_BVULT, true, true},
    [ISLE_SPEC_OP_BVUGE] = {EXPR_BVULE, true, true},
    [ISLE_SPEC_OP_BVSLT] = {EXPR_BVSLT, false, true},
    [ISLE_SPEC_OP_BVSLE] = {EXPR_BVSLE, false, true},
    [ISLE_SPEC_OP_BVSGT] = {EXPR_BVSLT, true, true},
    [ISLE_SPEC_OP_BVSGE] = {EXPR_BVSLE, true, true},
    [ISLE_SPEC_OP_FP_EQ] = {EXPR_FP_EQ, false, true},
    [ISLE_SPEC_OP_FP_LT] = {EXPR_FP_LT, false, true},
    [ISLE_SPEC_OP_FP_LE] = {EXPR_FP_LE, false, true},
    [ISLE_SPEC_OP_FP_GT] = {EXPR_FP_LT, true, true},
    [ISLE_SPEC_OP_FP_GE] = {EXPR_FP_LE, true, true},
    [ISLE_SPEC_OP_FP_ADD] = {EXPR_FP_ADD, false, false},
    [ISLE_SPEC_OP_FP_SUB] = {EXPR_FP_SUB, false, false},
    [ISLE_SPEC_OP_FP_MUL] = {EXPR_FP_MUL, false, false},
    [ISLE_SPEC_OP_FP_DIV] = {EXPR_FP_DIV, false, false},
    [ISLE_SPEC_OP_FP_MIN] = {EXPR_FP_MIN, false, false},
    [ISLE_SPEC_OP_FP_MAX] = {EXPR_FP_MAX, false, false},
    [ISLE_SPEC_OP_FP_CEIL] = {EXPR_FP_CEIL, false, false},
    [ISLE_SPEC_OP_FP_FLOOR] = {EXPR_FP_FLOOR, false, false},
    [ISLE_SPEC_OP_FP_TRUNC] = {EXPR_FP_TRUNC, false, false},
    [ISLE_SPEC_OP_FP_NEAREST] = {EXPR_FP_NEAREST, false, false},
    [ISLE_SPEC_OP_FP_SQRT] = {EXPR_FP_SQRT, false, false},
    [ISLE_SPEC_OP_FP_FMA] = {EXPR_FP_FMA, false, false},
};

bool concrete_same_widths(const Concrete *args, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (args[i].kind != CONCRETE_BV || args[i].width != args[0].width)
            return false;
    return true;
}

// Two operands at a time from the left, of those that take several.
bool concrete_arithmetic(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args,
                         Concrete *out)
{
    const ExprOp op = plain[e->op].op;
    const bool is_bool = plain[e->op].is_bool;
    const Sort sort = is_bool ? sort_bool() : sort_bv(args[0].width);
    if (!concrete_same_widths(args, e->num_args))
        return concrete_cannot(run, e->pos, "expected bit vectors of one width");
    *out = is_bool ? concrete_open_bool() : concrete_open(args[0].width);
    if (!all_known(args, e->num_args))
        return true;
    if (e->num_args == 2 && plain[e->op].swapped) {
        const Concrete turned[2] = {args[1], args[0]};
        return concrete_through(op, sort, turned, 2, out) ||
               concrete_cannot(run, e->pos, "no such operation at this width");
    }
    if (e->num_args <= 2 || op == EXPR_FP_FMA)
        return concrete_through(op, sort, args, e->num_args, out) ||
               concrete_cannot(run, e->pos, "no such operation at this width");
    Concrete pair[2] = {args[0]};
    for (uint32_t i = 1; i < e->num_args; i++) {
        pair[1] = args[i];
        if (!concrete_through(op, sort, pair, 2, out))
            return concrete_cannot(run, e->pos, "no such operation at this width");
        pair[0] = *out;
    }
    return true;
}

static bool bits_operator(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args,
                          Concrete *out)
{
    if (!concrete_same_widths(args, e->num_args))
        return concrete_cannot(run, e->pos, "expected bit vectors of one width");
    *out = args[0];
    if (e->op == ISLE_SPEC_OP_BVNOT) {
        *out = complement(&args[0]);
        return true;
    }
    for (uint32_t i = 1; i < e->num_args; i++)
        *out = bitwise(e->op, out, &args[i]);
    return true;
}

static Concrete bytes_swapped(const Concrete *x)
{
    Concrete out = slice(x, 7, 0);
    for (uint32_t at = 8; at < x->width; at += 8) {
        const Concrete byte = slice(x, at + 7, at);
        out = joined(&out, &byte);
    }
    return out;
}

// ---- Widths ----

bool concrete_int_of(const Concrete *x, int64_t least, int64_t most, uint32_t *out)
{
    const int128 value = wide_to_int(&x->bits);
    *out = (uint32_t)value;
    return x->kind == CONCRETE_INT && value >= least && value <= most;
}

static bool extract(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args, Concrete *out)
{
    uint32_t high, low;
    if (args[2].kind != CONCRETE_BV || !concrete_int_of(&args[0], 0, args[2].width - 1, &high) ||
        !concrete_int_of(&args[1], 0, high, &low))
        return concrete_cannot(run, e->pos, "no such bits");
    *out = slice(&args[2], high, low);
    return true;
}

static bool concat(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args, Concrete *out)
{
    *out = args[0];
    for (uint32_t i = 0; i < e->num_args; i++) {
        if (args[i].kind != CONCRETE_BV || (i != 0 && out->width + args[i].width > WIDE_MAX_WIDTH))
            return concrete_cannot(run, e->pos, "expected bit vectors, not too wide");
        if (i != 0)
            *out = joined(out, &args[i]);
    }
    return true;
}

static bool resized(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args, Concrete *out)
{
    uint32_t width;
    if (args[1].kind != CONCRETE_BV || !concrete_int_of(&args[0], 1, WIDE_MAX_WIDTH, &width))
        return concrete_cannot(run, e->pos, "expected a width and a bit vector");
    const bool narrower = width < args[1].width;
    if (narrower && e->op != ISLE_SPEC_OP_CONV_TO)
        return concrete_cannot(run, e->pos, "extends to fewer bits");
    if (narrower) {
        *out = slice(&args[1], width - 1, 0);
        return true;
    }
    *out = extended(&args[1], width, e->op == ISLE_SPEC_OP_SIGN_EXT);
    if (e->op == ISLE_SPEC_OP_CONV_TO)
        out->unknown = join(out->unknown, mask(ones(width), ones(args[1].width), true));
    return true;
}

static bool replicate(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args, Concrete *out)
{
    uint32_t count;
    if (args[1].kind != CONCRETE_BV ||
        !concrete_int_of(&args[0], 1, WIDE_MAX_WIDTH / (int64_t)args[1].width, &count))
        return concrete_cannot(run, e->pos, "too many bits");
    *out = args[1];
    for (uint32_t i = 1; i < count; i++)
        *out = joined(out, &args[1]);
    return true;
}

static bool integers(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args, Concrete *out)
{
    static const struct {
        ExprOp op;
        bool swapped, is_bool;
    } ops[] = {[ISLE_SPEC_OP_ADD - ISLE_SPEC_OP_ADD] = {EXPR_INT_ADD, false, false},
               [ISLE_SPEC_OP_SUB - ISLE_SPEC_OP_ADD] = {EXPR_INT_SUB, false, false},
               [ISLE_SPEC_OP_MUL - ISLE_SPEC_OP_ADD] = {EXPR_INT_MUL, false, false},
               [ISLE_SPEC_OP_LT - ISLE_SPEC_OP_ADD] = {EXPR_INT_LT, false, true},
               [ISLE_SPEC_OP_LE - ISLE_SPEC_OP_ADD] = {EXPR_INT_LE, false, true},
               [ISLE_SPEC_OP_GT - ISLE_SPEC_OP_ADD] = {EXPR_INT_LT, true, true},
               [ISLE_SPEC_OP_GE - ISLE_SPEC_OP_ADD] = {EXPR_INT_LE, true, true}};
    const size_t n = (size_t)e->op - ISLE_SPEC_OP_ADD;
    Concrete pair[2] = {args[0]};
    for (uint32_t i = 1; i < e->num_args; i++) {
        pair[1] = args[i];
        if (pair[0].kind != CONCRETE_INT || pair[1].kind != CONCRETE_INT)
            return concrete_cannot(run, e->pos, "expected numbers");
        const Concrete turned[2] = {pair[1], pair[0]};
        const Sort sort = ops[n].is_bool ? sort_bool() : sort_int();
        if (!concrete_through(ops[n].op, sort, ops[n].swapped ? turned : pair, 2, out))
            return concrete_cannot(run, e->pos, "the number is too large");
        pair[0] = *out;
    }
    return true;
}

// ---- All ----

static bool small_operator(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args,
                           Concrete *out)
{
    uint32_t width;
    switch ((int)e->op) {
    case ISLE_SPEC_OP_BSWAP:
        if (args[0].kind != CONCRETE_BV || args[0].width % 8 != 0)
            return concrete_cannot(run, e->pos, "expected whole bytes");
        *out = bytes_swapped(&args[0]);
        return true;
    case ISLE_SPEC_OP_INT2BV:
        if (args[1].kind != CONCRETE_INT || !concrete_int_of(&args[0], 1, WIDE_MAX_WIDTH, &width))
            return concrete_cannot(run, e->pos, "expected a width and a number");
        *out = concrete_bv(width, wide_low(args[1].bits, width));
        return true;
    case ISLE_SPEC_OP_WIDTHOF:
        if (args[0].kind != CONCRETE_BV)
            return concrete_cannot(run, e->pos, "expected a bit vector");
        *out = concrete_int(args[0].width);
        return true;
    case ISLE_SPEC_OP_BV2NAT:
        if (args[0].kind != CONCRETE_BV || !concrete_known(&args[0]))
            return concrete_cannot(run, e->pos, "expected known bits");
        return concrete_through(EXPR_BV2NAT, sort_int(), args, 1, out) ||
               concrete_cannot(run, e->pos, "the number is too large");
    case ISLE_SPEC_OP_FRESH:
        if (!concrete_int_of(&args[0], 1, WIDE_MAX_WIDTH, &width))
            return concrete_cannot(run, e->pos, "expected a width");
        *out = concrete_open(width);
        return true;
    default: return concrete_cannot(run, e->pos, "this operator has no concrete value");
    }
}

bool concrete_operator(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args, Concrete *out)
{
    const IsleSpecOp op = e->op;
    if (op == ISLE_SPEC_OP_EQ)
        return equal(run, e, &args[0], &args[1], out);
    if (op >= ISLE_SPEC_OP_AND && op <= ISLE_SPEC_OP_IMPLIES)
        return logic(run, e, args, out);
    if (op >= ISLE_SPEC_OP_ADD && op <= ISLE_SPEC_OP_GE)
        return integers(run, e, args, out);
    if (op >= ISLE_SPEC_OP_BVNOT && op <= ISLE_SPEC_OP_BVXOR)
        return bits_operator(run, e, args, out);
    if (op == ISLE_SPEC_OP_EXTRACT)
        return extract(run, e, args, out);
    if (op == ISLE_SPEC_OP_CONCAT)
        return concat(run, e, args, out);
    if (op == ISLE_SPEC_OP_REPLICATE)
        return replicate(run, e, args, out);
    if (op >= ISLE_SPEC_OP_ZERO_EXT && op <= ISLE_SPEC_OP_CONV_TO)
        return resized(run, e, args, out);
    if (op >= ISLE_SPEC_OP_FP_POS_INF && op <= ISLE_SPEC_OP_FP_TO_SBV_SAT)
        return concrete_float_operator(run, e, args, out);
    if (plain[op].op != EXPR_VAR)
        return concrete_arithmetic(run, e, args, out);
    return small_operator(run, e, args, out);
}

_Static_assert(EXPR_VAR == 0, "operators without an entry in `plain` have EXPR_VAR there");
