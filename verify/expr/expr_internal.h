// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of expr.
#ifndef VERIFY_EXPR_EXPR_INTERNAL_H
#define VERIFY_EXPR_EXPR_INTERNAL_H

#include "verify/expr/expr.h"

// Whether `node`, whose sort is known and whose operands are not all constants, has a simpler form.
bool expr_simplify(ExprPool *pool, const ExprNode *node, Expr *out);
// The part of it that puts values together anew (expr_structure.c).
bool expr_simplify_structure(ExprPool *pool, const ExprNode *node, Expr *out);

#endif
