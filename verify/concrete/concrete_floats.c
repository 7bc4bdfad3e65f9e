// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators on floats with unknown bits. A NaN that an operation makes is unknown in sign and
// payload, and of a NaN it is enough to know that it is one.

#include "emulate/softfloat/softfloat.h"
#include "verify/concrete/concrete_internal.h"

static Concrete bits_of(uint32_t width, uint128 bits)
{
    return concrete_bv(width, wide_low(wide_from_int((int128)bits), width));
}

// A NaN of which sign and payload are not known; it is quiet.
static Concrete open_nan(SoftFormat f, uint32_t width)
{
    Concrete out = bits_of(width, softfloat_default_nan(f));
    out.unknown = bits_of(width, ~softfloat_default_nan(f)).bits;
    return out;
}

// Whether all is known of a float, or enough: that it is a NaN.
static bool float_known(const Concrete *x)
{
    SoftFormat f;
    return concrete_known(x) ||
           (softfloat_of_width(x->width, &f) && softfloat_is_nan(f, wide_to_u128(&x->bits)));
}

static bool float_operator(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args,
                           Concrete *out)
{
    SoftFormat f;
    Concrete plain_args[3];
    if (!concrete_same_widths(args, e->num_args) || !softfloat_of_width(args[0].width, &f))
        return concrete_cannot(run, e->pos, "expected floats of one width");
    bool known = true;
    for (uint32_t i = 0; i < e->num_args; i++) {
        known = known && float_known(&args[i]);
        plain_args[i] = concrete_bv(args[i].width, args[i].bits);
    }
    if (!known) {
        const bool is_order = e->op >= ISLE_SPEC_OP_FP_EQ && e->op <= ISLE_SPEC_OP_FP_GE;
        *out = is_order ? concrete_open_bool() : concrete_open(args[0].width);
        return true;
    }
    if (!concrete_arithmetic(run, e, plain_args, out))
        return false;
    if (out->kind == CONCRETE_BV && softfloat_is_nan(f, wide_to_u128(&out->bits)))
        *out = open_nan(f, out->width);
    return true;
}

static bool unequal(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args, Concrete *out)
{
    IsleSpecExpr same = *e;
    Concrete is_equal;
    same.op = ISLE_SPEC_OP_FP_EQ;
    if (!float_operator(run, &same, args, &is_equal))
        return false;
    *out = concrete_not(&is_equal);
    return true;
}

static bool float_class(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args,
                        Concrete *out)
{
    SoftFormat f;
    if (args[0].kind != CONCRETE_BV || !softfloat_of_width(args[0].width, &f))
        return concrete_cannot(run, e->pos, "expected a float");
    *out = concrete_open_bool();
    if (!float_known(&args[0]))
        return true;
    const uint128 x = wide_to_u128(&args[0].bits);
    const uint128 fraction = x & (((uint128)1 << f.frac_bits) - 1);
    const uint128 most = ((uint128)1 << f.exp_bits) - 1, exponent = x >> f.frac_bits & most;
    const bool negative = (x >> (args[0].width - 1) & 1) != 0;
    const bool nan = exponent == most && fraction != 0;
    bool is = false;
    switch ((int)e->op) {
    case ISLE_SPEC_OP_FP_IS_ZERO: is = exponent == 0 && fraction == 0; break;
    case ISLE_SPEC_OP_FP_IS_INFINITE: is = exponent == most && fraction == 0; break;
    case ISLE_SPEC_OP_FP_IS_NAN: is = nan; break;
    case ISLE_SPEC_OP_FP_IS_NEGATIVE: is = !nan && negative; break;
    case ISLE_SPEC_OP_FP_IS_POSITIVE: is = !nan && !negative; break;
    case ISLE_SPEC_OP_FP_IS_NORMAL: is = exponent != 0 && exponent != most; break;
    default: is = exponent == 0 && fraction != 0; break; // FP_IS_SUBNORMAL
    }
    *out = concrete_bool(is);
    return true;
}

static bool float_constant(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args,
                           Concrete *out)
{
    SoftFormat f;
    uint32_t width;
    if (!concrete_int_of(&args[0], 1, 128, &width) || !softfloat_of_width(width, &f))
        return concrete_cannot(run, e->pos, "expected a width of floats");
    const uint128 sign = (uint128)1 << (width - 1);
    const uint128 infinity = (((uint128)1 << f.exp_bits) - 1) << f.frac_bits;
    switch ((int)e->op) {
    case ISLE_SPEC_OP_FP_POS_INF: *out = bits_of(width, infinity); return true;
    case ISLE_SPEC_OP_FP_NEG_INF: *out = bits_of(width, infinity | sign); return true;
    case ISLE_SPEC_OP_FP_POS_ZERO: *out = bits_of(width, 0); return true;
    case ISLE_SPEC_OP_FP_NEG_ZERO: *out = bits_of(width, sign); return true;
    default: *out = open_nan(f, width); return true;
    }
}

static bool to_integer(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *x, uint32_t width,
                       Concrete *out)
{
    SoftFormat f;
    uint128 bits;
    if (!softfloat_of_width(x->width, &f) || width < 8 || width > 128)
        return concrete_cannot(run, e->pos, "no such conversion");
    *out = concrete_open(width);
    if (!float_known(x))
        return true;
    const bool is_signed = e->op == ISLE_SPEC_OP_FP_TO_SBV || e->op == ISLE_SPEC_OP_FP_TO_SBV_SAT;
    const bool saturates =
        e->op == ISLE_SPEC_OP_FP_TO_UBV_SAT || e->op == ISLE_SPEC_OP_FP_TO_SBV_SAT;
    const SoftIntResult fit = softfloat_to_int(f, wide_to_u128(&x->bits), width, is_signed, &bits);
    if (fit != SOFT_INT_OK && !saturates)
        return true;
    *out = bits_of(width, bits);
    return true;
}

static bool conversion(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args, Concrete *out)
{
    SoftFormat f;
    uint32_t width;
    if (args[1].kind != CONCRETE_BV || !concrete_int_of(&args[0], 1, 128, &width))
        return concrete_cannot(run, e->pos, "expected a width and a bit vector");
    const bool from_float = e->op == ISLE_SPEC_OP_TO_FP_FROM_FP;
    if (e->op != ISLE_SPEC_OP_TO_FP && e->op != ISLE_SPEC_OP_TO_FP_UNSIGNED && !from_float)
        return to_integer(run, e, &args[1], width, out);
    if (!softfloat_of_width(width, &f))
        return concrete_cannot(run, e->pos, "expected a width of floats");
    *out = concrete_open(width);
    if (!(from_float ? float_known(&args[1]) : concrete_known(&args[1])))
        return true;
    const ExprOp op = from_float                    ? EXPR_TO_FP_FROM_FP
                      : e->op == ISLE_SPEC_OP_TO_FP ? EXPR_TO_FP
                                                    : EXPR_TO_FP_UNSIGNED;
    const Concrete x = concrete_bv(args[1].width, args[1].bits);
    if (!concrete_through(op, sort_bv(width), &x, 1, out))
        return concrete_cannot(run, e->pos, "no such conversion");
    if (softfloat_is_nan(f, wide_to_u128(&out->bits)))
        *out = open_nan(f, width);
    return true;
}

// The sign turned; of a NaN it is not known afterwards.
static bool negated(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *x, Concrete *out)
{
    SoftFormat f;
    if (x->kind != CONCRETE_BV || !softfloat_of_width(x->width, &f))
        return concrete_cannot(run, e->pos, "expected a float");
    *out = concrete_open(x->width);
    if (!float_known(x))
        return true;
    const uint128 bits = wide_to_u128(&x->bits), sign = (uint128)1 << (x->width - 1);
    *out = softfloat_is_nan(f, bits) ? open_nan(f, x->width) : bits_of(x->width, bits ^ sign);
    return true;
}

bool concrete_float_operator(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args,
                             Concrete *out)
{
    const IsleSpecOp op = e->op;
    if (op == ISLE_SPEC_OP_FP_NEG)
        return negated(run, e, &args[0], out);
    if (op <= ISLE_SPEC_OP_FP_NAN)
        return float_constant(run, e, args, out);
    if (op >= ISLE_SPEC_OP_TO_FP)
        return conversion(run, e, args, out);
    if (op >= ISLE_SPEC_OP_FP_IS_ZERO)
        return float_class(run, e, args, out);
    if (op == ISLE_SPEC_OP_FP_NE)
        return unequal(run, e, args, out);
    return float_operator(run, e, args, out);
}
