// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of verify.
#ifndef VERIFY_VERIFY_INTERNAL_H
#define VERIFY_VERIFY_INTERNAL_H

#include "verify/smt/smt.h"
#include "verify/verify.h"

// What is the same for all tasks of one process.
typedef struct VerifyRun {
    VcProgram *program;
    const VerifyOptions *options;
    LedgerCache *cache; // or NULL
} VerifyRun;

// Decides all cases of a task. What it finds lives in `arena`.
void verify_task(const VerifyRun *run, VerifyTask *task, Arena *arena);

// Appends a case that is VC_READY as text: its calls, what is assumed and what is to be proved.
void verify_explain(const Vc *vc, Arena *arena, StrBuf *out);

// Decides all tasks, by `options->jobs` workers.
void verify_all(VcProgram *program, const VerifyOptions *options, VerifyReport *report,
                Arena *arena);

#endif
