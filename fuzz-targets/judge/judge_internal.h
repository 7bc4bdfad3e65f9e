// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of judge/.
#ifndef JUDGE_INTERNAL_H
#define JUDGE_INTERNAL_H

#include "fuzz-targets/judge/judge.h"

// Counts the module, its functions and opcodes.
void judge_count_module(Judge *j, const Module *module);
// Loads the case into an engine. The interpreter gets what the mid-end makes of it; diag says so
// when that is not valid or took too much work.
Status judge_load(const JudgeEngine *e, const GenCase *c, Arena *arena, Diag *diag);

// How a call ended, as a run directive would say it.
void judge_describe(const CallResult *result, StrBuf *out);

#endif
