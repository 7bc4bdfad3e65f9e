// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tool_findings: what `assay fuzz` says of findings.
#ifndef ASSAY_TOOL_FINDINGS_H
#define ASSAY_TOOL_FINDINGS_H

#include "assay/tool.h"
#include "fuzz-targets/triage/triage.h"

// Prints a finding in one line, or as one JSON object a line.
void tool_print_finding(const TriageFinding *finding, bool json);

// What --list, --show, --replay and --mark do with the database at `path`, one of which is given.
// `programs`: folder of the fuzz targets, for inputs that are no programs. Returns the exit code.
int tool_findings(const ToolArgs *args, const char *path, const char *programs);

#endif
