// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tool_compile_stats: the part of assay compile that counts instead of printing code.
#ifndef ASSAY_TOOL_COMPILE_STATS_H
#define ASSAY_TOOL_COMPILE_STATS_H

#include "assay/tool_program.h"

// Compiles all functions of the files that `args` names, for `isa` or, when it is NULL, for the one
// target of each file, and prints totals as JSON. What can't be compiled yet is counted, all else
// that is wrong is reported and returned.
Status tool_compile_stats(const ToolArgs *args, const Isa *isa);

#endif
