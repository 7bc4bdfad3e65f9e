// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// softfloat: IEEE 754 binary floats by integer arithmetic, for the widths that C has no type for.
//
// One implementation over (exponent bits, fraction bits) serves binary16, 32, 64 and 128. A float
// is its bit pattern in the low bits of a uint128; the bits above the format must be zero and are
// zero in results. Rounding is to nearest, ties to even; there are no exception flags.
//
// NaN: the first operand that is a NaN is the result, made quiet, sign and payload kept. An invalid
// operation gives the positive quiet NaN without payload.
#ifndef SOFTFLOAT_SOFTFLOAT_H
#define SOFTFLOAT_SOFTFLOAT_H

#include "base/base.h"

// A binary interchange format: sign, exponent, fraction from the top bit down.
typedef struct SoftFormat {
    uint8_t exp_bits, frac_bits; // at most 15 and 112
} SoftFormat;

extern const SoftFormat softfloat_f16, softfloat_f32, softfloat_f64, softfloat_f128;

// The one of them that has `width` bits; false if none has.
bool softfloat_of_width(uint32_t width, SoftFormat *out);

typedef enum SoftOrder { SOFT_UNORDERED, SOFT_EQUAL, SOFT_LESS, SOFT_GREATER } SoftOrder;
typedef enum SoftRound { SOFT_CEIL, SOFT_FLOOR, SOFT_TRUNC, SOFT_NEAREST } SoftRound;
typedef enum SoftIntResult {
    SOFT_INT_OK,
    SOFT_INT_NAN,
    SOFT_INT_BELOW,
    SOFT_INT_ABOVE
} SoftIntResult;

// Whether `a` is a NaN, quiet or signalling.
bool softfloat_is_nan(SoftFormat f, uint128 a);
// The positive quiet NaN without payload.
uint128 softfloat_default_nan(SoftFormat f);
// `a`, which must be a NaN, with its quiet bit set.
uint128 softfloat_quiet(SoftFormat f, uint128 a);

// a + b, a - b, a * b, a / b, a * b + c and the square root, each rounded once.
uint128 softfloat_add(SoftFormat f, uint128 a, uint128 b);
uint128 softfloat_sub(SoftFormat f, uint128 a, uint128 b);
uint128 softfloat_mul(SoftFormat f, uint128 a, uint128 b);
uint128 softfloat_div(SoftFormat f, uint128 a, uint128 b);
uint128 softfloat_fma(SoftFormat f, uint128 a, uint128 b, uint128 c);
uint128 softfloat_sqrt(SoftFormat f, uint128 a);
// How a stands to b; zeros of both signs are equal.
SoftOrder softfloat_compare(SoftFormat f, uint128 a, uint128 b);
// The integral float that `mode` picks; keeps the sign of a zero result.
uint128 softfloat_round(SoftFormat f, uint128 a, SoftRound mode);
// `a` of format `from` in format `to`. A NaN becomes quiet and keeps its sign and the leading bits
// of its payload.
uint128 softfloat_convert(SoftFormat from, SoftFormat to, uint128 a);
// The float nearest to `magnitude`, negated if `negative`; zero is positive.
uint128 softfloat_from_int(SoftFormat f, uint128 magnitude, bool negative);
// Truncates `a` to an integer of `bits` (8..128) bits, two's complement if `is_signed`, in the low
// bits of *out. When it has no such value *out is the nearest that has one, 0 for a NaN.
SoftIntResult softfloat_to_int(SoftFormat f, uint128 a, uint32_t bits, bool is_signed,
                               uint128 *out);

#endif
