// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// eval: the values of expressions under values of their variables, floats included. What
// expressions mean is said here and in expr_fold alone; proofs are replayed by it, so it shares
// nothing with the solver.
//
// An Eval lives in the arena given and belongs to one pool, which may grow meanwhile. Variables
// without a value are zero or false.
#ifndef VERIFY_EVAL_EVAL_H
#define VERIFY_EVAL_EVAL_H

#include "verify/expr/expr.h"

// The value of an operator on concrete operands. A NaN that an operation makes is the positive
// quiet one without payload; integers of floats that don't fit are the nearest that do. False for
// leaves, for integers beyond 128 bits, and for floats of other widths than 16, 32, 64 and 128.
bool eval_op(const ExprNode *node, const ExprValue *args, ExprValue *out);

typedef struct Eval {
    const ExprPool *pool;
    Arena *arena;
    VEC(ExprValue) values; // by node, as far as given or computed
    VEC(uint8_t) known;    // by node: EVAL_*
    bool negative_nans;    // those that operations make have their sign set: it may be any
} Eval;

// An evaluation without values.
void eval_begin(Eval *eval, const ExprPool *pool, Arena *arena);
// Gives variable `var` a value of its sort. Before the first eval_get of anything that uses it.
void eval_set(Eval *eval, Expr var, const ExprValue *value);
// The value of `e`. False where eval_op has none for a part of it.
bool eval_get(Eval *eval, Expr e, ExprValue *out);

#endif
