// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of verify.
#ifndef VERIFY_VERIFY_INTERNAL_H
#define VERIFY_VERIFY_INTERNAL_H

#include "verify/smt/smt.h"
#include "verify/verify.h"

// Decides all cases of a task. What it finds lives in `arena`.
void verify_task(VcProgram *program, const VerifyOptions *options, VerifyTask *task, Arena *arena);

// smt_check, but where a question stays open it is taken apart (verify_split.c): the pool grows.
// `budget` is of each part.
SmtResult verify_ask(ExprPool *pool, const Expr *conditions, uint32_t count, uint64_t budget,
                     Arena *arena);

// Decides all tasks, by `options->jobs` workers.
void verify_all(VcProgram *program, const VerifyOptions *options, VerifyReport *report,
                Arena *arena);

#endif
