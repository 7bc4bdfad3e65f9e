// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tool_emission: `assay verify --check-emission`, which proves that what is emitted for each
// machine instruction is what its row says.
#ifndef ASSAY_TOOL_EMISSION_H
#define ASSAY_TOOL_EMISSION_H

#include "assay/tool.h"

// Which targets, and the file of the solver's answers, NULL: none.
typedef struct EmissionWanted {
    bool x64, aarch64;
    const char *cache;
} EmissionWanted;

// Looks at the rows of the targets. Prints those that are not as they must be with what shows it,
// then the numbers; with --json an object for each row, and a summary. Gives the exit code.
int tool_check_emission(const ToolArgs *args, const EmissionWanted *wanted);

#endif
