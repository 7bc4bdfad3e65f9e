// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Division by a constant as a multiplication by its scaled reciprocal, after Granlund and
// Montgomery. Rules ask for the numbers (isle-rules/<target>/division.isle); the arithmetic around
// them is stated at each prototype, with `bits` the width of the dividend x, at most 64.
//
// All are exact for every dividend. Divisors are no powers of two, and neither 0 nor 1; signed ones
// come as their absolute value.
#ifndef LOWER_RECIPROCAL_H
#define LOWER_RECIPROCAL_H

#include "base/base.h"

typedef struct Reciprocal {
    uint64_t factor;
    uint32_t shift;
} Reciprocal;

// x / d = (x * factor) >> shift in 64 bits, for `bits` up to 32: x and factor are zero-extended and
// the product fits. False where the factor would need more than 32 bits.
bool lower_reciprocal_product(uint32_t bits, uint64_t d, Reciprocal *out);

// The high half of x * lower_reciprocal_high(d) is x / d, for x and d below 2^32.
uint64_t lower_reciprocal_high(uint64_t d);

// With high(a, b) the high 64 bits of a product and x < 2^bits:
// x / d = high(x, factor) >> shift. False where the factor would need more than 64 bits.
bool lower_reciprocal_wide(uint32_t bits, uint64_t d, Reciprocal *out);

// For every x of 64 bits: x / d = (((x - h) >> 1) + h) >> shift with h = high(x, factor).
Reciprocal lower_reciprocal_wide_add(uint64_t d);

// x / d = ((x * factor) >> shift) + (x < 0) in 64 bits, for signed x of `bits` up to 32; the shift
// is arithmetic. The factor is below 2^32.
Reciprocal lower_reciprocal_signed(uint32_t bits, uint64_t d);

// The same for 64 bits: x / d = (high(x, factor) >> shift) + (x < 0) with the signed high half of a
// signed x and an unsigned factor, that is, plus x where the factor is taken as a negative number.
Reciprocal lower_reciprocal_signed_wide(uint64_t d);

// The shift s that goes with a factor of at most 64 bits for d, both not 0, of the whole product:
// the number of the highest bit of factor * d - 1, as 2^s < factor * d <= 2^(s + 1).
uint32_t lower_reciprocal_shift(uint64_t factor, uint64_t d);

#endif
