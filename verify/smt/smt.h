// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// smt: the one place that knows a solver. Conjunctions of expressions go in, a verdict and a model
// come out. Every question gets a solver of its own with a fixed seed and a budget counted in the
// solver's steps, not in time: the same question has the same answer on every machine.
#ifndef VERIFY_SMT_SMT_H
#define VERIFY_SMT_SMT_H

#include "verify/expr/expr.h"

// MEANING is to be raised when what an expression means to the solver changes: answers from before
// are forgotten, and ledgers have to be written again. STRENGTH when more can be decided than
// before: what was given up is asked again.
enum { SMT_MEANING = 1, SMT_STRENGTH = 9 };

typedef enum SmtVerdict { SMT_UNSAT, SMT_SAT, SMT_UNKNOWN } SmtVerdict;

typedef struct SmtResult {
    SmtVerdict verdict;
    ExprValue *model; // SAT: by node, the values of the variables that were asked about
    uint32_t num_model;
    uint64_t steps; // of the budget
    Str reason;     // UNKNOWN: the solver's word for it
} SmtResult;

// Whether all of `conditions` (booleans) can be true at once. `budget` is in the solver's steps; 0
// is without limit. Results live in `arena`.
SmtResult smt_check(const ExprPool *pool, const Expr *conditions, uint32_t count, uint64_t budget,
                    Arena *arena);

// How a question is asked: as it is, taken apart into one for each value of a number in it, or both
// in this order, as it is with a smaller share of the budget.
typedef enum SmtWay { SMT_BOTH, SMT_WHOLE, SMT_PIECES } SmtWay;

// As smt_check; `budget` is for each part, and the pool grows.
SmtResult smt_decide(ExprPool *pool, const Expr *conditions, uint32_t count, uint64_t budget,
                     SmtWay way, Arena *arena);

// The question as SMT-LIB, for another solver; empty: it can't be written so.
Str smt_text(const ExprPool *pool, const Expr *conditions, uint32_t count, Arena *arena);

// Brings `conditions` into a form in which the sides of many identities are one node; all of them
// hold for the same values as before. smt_decide does. The pool grows; false: they have it.
bool smt_normal_form(ExprPool *pool, Expr *conditions, uint32_t count, Arena *arena);

// "Z3 4.8.12.0".
Str smt_version(Arena *arena);

#endif
