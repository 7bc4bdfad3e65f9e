// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tool_mutants: `assay verify --mutants`, which tests the verifier by wrong rules.
#ifndef ASSAY_TOOL_MUTANTS_H
#define ASSAY_TOOL_MUTANTS_H

#include "assay/tool.h"
#include "verify/verify.h"

// Verifies mutants of the rules of one program, `texts`, or of the operands' files when that is
// NULL, with the workers, budget and cache of `how`. Prints a line for each that is not killed (for
// all with --verbose), and how many became what. Gives the exit code: EXIT_OK when enough are
// killed.
int tool_mutants(const ToolArgs *args, const VerifyOptions *how, const char *program,
                 const VerifyText *texts);

#endif
