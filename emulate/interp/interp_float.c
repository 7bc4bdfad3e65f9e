// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Floats. f32 and f64 use the host's arithmetic, which is IEEE 754 with rounding to nearest, on
// numbers only; f16 and f128 use softfloat. What becomes of NaNs is decided here, never by the
// host.

#include "emulate/interp/interp_internal.h"
#include "emulate/softfloat/softfloat.h"

#include <math.h>

_Static_assert(sizeof(float) == 4 && sizeof(double) == 8, "float and double are f32 and f64");

static SoftFormat format_of(Type lane)
{
    switch ((int)lane) {
    case TYPE_F16: return softfloat_f16;
    case TYPE_F32: return softfloat_f32;
    case TYPE_F64: return softfloat_f64;
    case TYPE_F128: return softfloat_f128;
    default: UNREACHABLE();
    }
}

static float f32_of(uint128 bits)
{
    const uint32_t low = (uint32_t)bits;
    float x;
    memcpy(&x, &low, sizeof(x));
    return x;
}

static double f64_of(uint128 bits)
{
    const uint64_t low = (uint64_t)bits;
    double x;
    memcpy(&x, &low, sizeof(x));
    return x;
}

// The bits of a result of arithmetic on numbers: a NaN is a generated one.
static uint128 f32_result(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    return isnan(x) ? softfloat_default_nan(softfloat_f32) : bits;
}

static uint128 f64_result(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof(bits));
    return isnan(x) ? softfloat_default_nan(softfloat_f64) : bits;
}

// ---- One operand ----

static uint128 f32_unary(Opcode op, float x)
{
    switch ((int)op) {
    case OP_SQRT: return f32_result(sqrtf(x));
    case OP_CEIL: return f32_result(ceilf(x));
    case OP_FLOOR: return f32_result(floorf(x));
    case OP_TRUNC: return f32_result(truncf(x));
    case OP_NEAREST: return f32_result(nearbyintf(x));
    default: UNREACHABLE();
    }
}

static uint128 f64_unary(Opcode op, double x)
{
    switch ((int)op) {
    case OP_SQRT: return f64_result(sqrt(x));
    case OP_CEIL: return f64_result(ceil(x));
    case OP_FLOOR: return f64_result(floor(x));
    case OP_TRUNC: return f64_result(trunc(x));
    case OP_NEAREST: return f64_result(nearbyint(x));
    default: UNREACHABLE();
    }
}

static uint128 soft_unary(Opcode op, SoftFormat format, uint128 a)
{
    switch ((int)op) {
    case OP_SQRT: return softfloat_sqrt(format, a);
    case OP_CEIL: return softfloat_round(format, a, SOFT_CEIL);
    case OP_FLOOR: return softfloat_round(format, a, SOFT_FLOOR);
    case OP_TRUNC: return softfloat_round(format, a, SOFT_TRUNC);
    case OP_NEAREST: return softfloat_round(format, a, SOFT_NEAREST);
    default: UNREACHABLE();
    }
}

static uint128 sign_of(Type lane)
{
    return (uint128)1 << (type_lane_bits(lane) - 1);
}

uint128 float_unary(Opcode op, Type lane, uint128 a)
{
    const SoftFormat format = format_of(lane);
    if (op == OP_FNEG)
        return a ^ sign_of(lane);
    if (op == OP_FABS)
        return a & ~sign_of(lane);
    if (softfloat_is_nan(format, a))
        return softfloat_quiet(format, a);
    if (lane == TYPE_F32)
        return f32_unary(op, f32_of(a));
    if (lane == TYPE_F64)
        return f64_unary(op, f64_of(a));
    return soft_unary(op, format, a);
}

// ---- Two and three operands ----

static uint128 f32_binary(Opcode op, float x, float y)
{
    switch ((int)op) {
    case OP_FADD: return f32_result(x + y);
    case OP_FSUB: return f32_result(x - y);
    case OP_FMUL: return f32_result(x * y);
    case OP_FDIV: return f32_result(x / y);
    default: UNREACHABLE();
    }
}

static uint128 f64_binary(Opcode op, double x, double y)
{
    switch ((int)op) {
    case OP_FADD: return f64_result(x + y);
    case OP_FSUB: return f64_result(x - y);
    case OP_FMUL: return f64_result(x * y);
    case OP_FDIV: return f64_result(x / y);
    default: UNREACHABLE();
    }
}

static uint128 soft_binary(Opcode op, SoftFormat format, uint128 a, uint128 b)
{
    switch ((int)op) {
    case OP_FADD: return softfloat_add(format, a, b);
    case OP_FSUB: return softfloat_sub(format, a, b);
    case OP_FMUL: return softfloat_mul(format, a, b);
    case OP_FDIV: return softfloat_div(format, a, b);
    default: UNREACHABLE();
    }
}

// Of two that are equal the bits are the same, but for zeros: -0 is the smaller one.
static uint128 smaller(SoftFormat format, uint128 a, uint128 b)
{
    const SoftOrder order = softfloat_compare(format, a, b);
    return order == SOFT_EQUAL ? a | b : order == SOFT_LESS ? a : b;
}

static uint128 larger(SoftFormat format, uint128 a, uint128 b)
{
    const SoftOrder order = softfloat_compare(format, a, b);
    return order == SOFT_EQUAL ? a & b : order == SOFT_GREATER ? a : b;
}

uint128 float_binary(Opcode op, Type lane, uint128 a, uint128 b)
{
    const SoftFormat format = format_of(lane);
    if (op == OP_FCOPYSIGN)
        return (a & ~sign_of(lane)) | (b & sign_of(lane));
    if (softfloat_is_nan(format, a))
        return softfloat_quiet(format, a);
    if (softfloat_is_nan(format, b))
        return softfloat_quiet(format, b);
    if (op == OP_FMIN)
        return smaller(format, a, b);
    if (op == OP_FMAX)
        return larger(format, a, b);
    if (lane == TYPE_F32)
        return f32_binary(op, f32_of(a), f32_of(b));
    if (lane == TYPE_F64)
        return f64_binary(op, f64_of(a), f64_of(b));
    return soft_binary(op, format, a, b);
}

uint128 float_fma(Type lane, uint128 a, uint128 b, uint128 c)
{
    const SoftFormat format = format_of(lane);
    const uint128 operands[] = {a, b, c};
    for (uint32_t i = 0; i < 3; i++)
        if (softfloat_is_nan(format, operands[i]))
            return softfloat_quiet(format, operands[i]);
    if (lane == TYPE_F32)
        return f32_result(fmaf(f32_of(a), f32_of(b), f32_of(c)));
    if (lane == TYPE_F64)
        return f64_result(fma(f64_of(a), f64_of(b), f64_of(c)));
    return softfloat_fma(format, a, b, c);
}

uint32_t float_compare(Type lane, uint128 a, uint128 b)
{
    switch (softfloat_compare(format_of(lane), a, b)) {
    case SOFT_UNORDERED: return FCMP_UN;
    case SOFT_EQUAL: return FCMP_EQ;
    case SOFT_LESS: return FCMP_LT;
    case SOFT_GREATER: return FCMP_GT;
    }
    UNREACHABLE();
}

// ---- Conversions ----

uint128 float_convert(Type from, Type to, uint128 a)
{
    return softfloat_convert(format_of(from), format_of(to), a);
}

uint128 float_from_int(Type lane, uint128 a, uint32_t bits, bool is_signed)
{
    const bool negative = is_signed && bits_sign_extend(a, bits) < 0;
    return softfloat_from_int(format_of(lane), negative ? (0 - a) & bits_ones(bits) : a, negative);
}

Stop float_to_int(Type lane, uint128 a, uint32_t bits, bool is_signed, uint128 *out)
{
    switch (softfloat_to_int(format_of(lane), a, bits, is_signed, out)) {
    case SOFT_INT_OK: return STOP_NONE;
    case SOFT_INT_NAN: return TRAP_BAD_TOINT;
    case SOFT_INT_BELOW:
    case SOFT_INT_ABOVE: return TRAP_INT_OVF;
    }
    UNREACHABLE();
}

uint128 float_canonical(Type lane, uint128 a)
{
    const SoftFormat format = format_of(lane);
    return softfloat_is_nan(format, a) ? softfloat_default_nan(format) : a;
}
