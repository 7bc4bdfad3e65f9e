// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of arith.
#ifndef VERIFY_ARITH_ARITH_INTERNAL_H
#define VERIFY_ARITH_ARITH_INTERNAL_H

#include "verify/arith/arith.h"

typedef struct Facts {
    ExprPool *pool;
    Arena *arena;
    VEC(Expr) list;
} Facts;

// Facts on the divisions among the nodes that `wanted` marks.
void arith_division_facts(Facts *facts, const Bitset *wanted);
// Facts on floats of 32 and 64 bits among them.
void arith_float_facts(Facts *facts, const Bitset *wanted);
// Facts on the products among them, which arith_product made.
void arith_product_facts(Facts *facts, const Bitset *wanted);

// A fact that is true without more is left out.
void arith_add_fact(Facts *facts, Expr fact);

// ---- Floats ----

// The nodes of a question on floats of 32 and 64 bits, and shifts to the left of 128.
typedef struct FloatNodes {
    Exprs roundings, sums, differences, products, fused;
    Exprs from_signed, from_unsigned, to_signed, to_unsigned, promoted, shifted;
} FloatNodes;

// Facts on conversions from and to integers of more bits than an instruction has.
void arith_wide_float_facts(Facts *facts, const FloatNodes *nodes);

// The bits of the fraction, the bias, the bits of 2^exponent; all bits of x but its sign.
uint32_t arith_float_fraction(uint32_t width);
uint32_t arith_float_bias(uint32_t width);
Expr arith_float_power(ExprPool *pool, uint32_t width, int32_t exponent);
Expr arith_float_sign_mask(ExprPool *pool, uint32_t width);
Expr arith_float_without_sign(ExprPool *pool, Expr x);
// Whether x truncated is a signed integer of so many bits, at most 128.
Expr arith_float_fits_signed(ExprPool *pool, Expr x, uint32_t bits);

#endif
