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
// Facts on the products among the first `count` nodes, which arith_product made.
void arith_product_facts(Facts *facts, const Bitset *wanted);

#endif
