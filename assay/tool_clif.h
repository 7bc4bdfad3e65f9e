// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tool_clif: counterexamples of `assay verify` as file tests, tried in the engines.
#ifndef ASSAY_TOOL_CLIF_H
#define ASSAY_TOOL_CLIF_H

#include "assay/tool.h"

// The counterexample `clif` (a function and a print directive) as a file test that
// expects what the interpreter says. Appends it to `test`, and to `outcome` a line that says in
// which engines of `program` ("x64", "aarch64", or another: none) compiled code gives something
// else. False, with the reason in `outcome`: it can't be run.
bool tool_clif(Str clif, const char *program, StrBuf *test, StrBuf *outcome);

#endif
