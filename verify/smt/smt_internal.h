// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of smt: a question on its way to Z3.
#ifndef VERIFY_SMT_SMT_INTERNAL_H
#define VERIFY_SMT_SMT_INTERNAL_H

#include "verify/smt/smt.h"

#include <z3.h>

// Shifts of values from this width on are split, and not looked into at first.
enum { SMT_MIN_WIDE = 32 };

typedef struct Smt {
    Z3_context ctx;
    Z3_solver solver;
    const ExprPool *pool;
    Arena *arena;
    Z3_ast *terms; // by node, NULL: not wanted
    bool has_int, has_float;
    bool abstract;        // hard operators are functions of which nothing is known
    bool abstract_shifts; // shifts by unknown numbers as well
    bool failed;          // something that has no translation
} Smt;

Z3_sort smt_sort_of(Smt *s, Sort sort);
Z3_ast smt_number(Smt *s, uint32_t width, uint64_t value);

// ---- Bits (smt_bits.c) ----

// x itself if the widths are the same.
Z3_ast smt_zero_extend(Smt *s, uint32_t from, uint32_t to, Z3_ast x);
Z3_ast smt_popcnt(Smt *s, uint32_t width, Z3_ast x);
Z3_ast smt_clz(Smt *s, uint32_t width, Z3_ast x);
Z3_ast smt_cls(Smt *s, uint32_t width, Z3_ast x);
Z3_ast smt_reverse(Smt *s, uint32_t width, Z3_ast x);
// By the amount modulo the width.
Z3_ast smt_rotate(Smt *s, bool left, uint32_t width, Z3_ast x, Z3_ast amount);

// ---- Sums (smt_sums.c) ----

// A sum, a difference: of two numbers, or with a carry or borrow.
Z3_ast smt_add(Smt *s, const ExprNode *n);
Z3_ast smt_sub(Smt *s, const ExprNode *n);

// ---- Floats (smt_float.c) ----

// Operators on floats: those that choose by their order, and those that compute.
bool smt_is_float(ExprOp op);
bool smt_is_float_choice(ExprOp op);
bool smt_is_float_arithmetic(ExprOp op);
Z3_ast smt_is_nan(Smt *s, uint32_t width, Z3_ast x);
// Whether the node is the float of a constant power of two, and its bits.
bool smt_is_power(const ExprPool *pool, const ExprNode *n, uint64_t *bits);
// The float of 64 bits that one of 32 bits is; any NaN for a NaN.
Z3_ast smt_promoted(Smt *s, Z3_ast x);
// The node's term, whose operands have theirs.
Z3_ast smt_compare_floats(Smt *s, const ExprNode *n);
Z3_ast smt_float_term(Smt *s, const ExprNode *n);

// ---- Hard operators (smt_hard.c) ----

// Whether a question does better without knowing what the operator does.
bool smt_is_hard(const ExprPool *pool, const ExprNode *n);
// Whether it shifts or rotates a wide value by an unknown number.
bool smt_is_wide_shift(const ExprPool *pool, const ExprNode *n);
// A function of the node's operands in place of its operator.
Z3_ast smt_unknown_function(Smt *s, const ExprNode *n);

// As smt_check, but with hard operators and shifts of which nothing is known: UNSAT or unknown.
SmtResult smt_check_abstract(const ExprPool *pool, const Expr *conditions, uint32_t count,
                             uint64_t budget, Arena *arena);

// ---- Other forms of a question ----

// The form of a sum, a multiple or a complement of these (smt_linear.c), and that of an equation of
// bit vectors. False: it has too many terms, or is something else.
bool smt_sum_form(ExprPool *pool, Expr e, Expr *out);
bool smt_equation_form(ExprPool *pool, Expr e, Expr *out);

#endif
