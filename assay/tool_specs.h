// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tool_specs: `assay verify --check-specs`, which compares meanings with the interpreter, the
// emulators and this CPU.
#ifndef ASSAY_TOOL_SPECS_H
#define ASSAY_TOOL_SPECS_H

#include "assay/tool.h"

// Compares the meanings of the instructions of the targets that are wanted, and of CLIF. Prints a
// line for each term that differs or was not compared, and why, then the numbers; with --json an
// object for each term and engine, and a summary. Gives the exit code.
int tool_check_specs(const ToolArgs *args, bool x64, bool aarch64);

#endif
