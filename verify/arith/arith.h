// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// arith: what a solver of bits does not see by itself of products, quotients and floats. A question
// whose multiplications, divisions and conversions stay unknown is written anew: products become
// sums of products of parts, the same parts on both sides, and facts are added that hold for all
// numbers: quotients by powers of two and by reciprocals, remainders as x - (x / y) * y, bounds of
// products, floats rounded to whole numbers, integers of 128 bits from and to floats.
//
// What comes out means the same as what went in: each fact is a theorem, proved in words at the
// head of its file (arith_facts.c, arith_floats.c, arith_wide_floats.c) and compared with numbers
// by the unit tests. Any model of one question is one of the other. Nodes go into the pool of the
// question; nothing else is kept.
#ifndef VERIFY_ARITH_ARITH_H
#define VERIFY_ARITH_ARITH_H

#include "verify/expr/expr.h"

// A variable that stands for a product, as one of the conditions says.
typedef struct ArithName {
    Expr var, product;
} ArithName;

typedef struct ArithQuestion {
    VEC(Expr) conditions;
    VEC(ArithName) names;
} ArithQuestion;

// Whether `conditions` have products, quotients or conversions in them that are worth rewriting.
bool arith_is_hard(const ExprPool *pool, const Expr *conditions, uint32_t count, Arena *arena);

// What is below these products and quotients.
Bitset arith_operands(const ExprPool *pool, const Expr *conditions, uint32_t count, Arena *arena);

// Rewrites `count` conditions, all of which are to hold at once; `out` is empty before.
void arith_rewrite(ExprPool *pool, const Expr *conditions, uint32_t count, Arena *arena,
                   ArithQuestion *out);

// x * y modulo 2^width by parts, for operands of that width, as a node of the same value.
Expr arith_product(ExprPool *pool, Expr x, Expr y);

#endif
