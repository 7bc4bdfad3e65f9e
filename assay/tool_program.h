// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tool_program: a file as the commands that run code need it: read, parsed, its `set` and `target`
// lines applied. Messages that arise are kept and printed by tool_unload, so each command reports
// in the same way.
#ifndef ASSAY_TOOL_PROGRAM_H
#define ASSAY_TOOL_PROGRAM_H

#include "assay/tool.h"
#include "filetests/runner/targets.h"

typedef struct ToolProgram {
    Arena arena; // of everything here
    Diag diag;
    ClifFile *file;
    Targets targets;
} ToolProgram;

// Reads and parses `path` ("-": standard input) and applies its header. A file for an architecture
// that we don't know is an error here. The program must be unloaded whatever the outcome.
Status tool_load(ToolProgram *program, const char *path, ParseOptions options);
// Applies "NAME=VALUE,..." (NULL: nothing) on top of what the file says. A wrong name or value is
// an error that says so.
Status tool_set(ToolProgram *program, const char *settings);
// Validates every function, `isa` may be NULL.
Status tool_validate(ToolProgram *program, const Settings *settings, const Isa *isa);
// Prints the messages to stderr and gives the memory back.
void tool_unload(ToolProgram *program);

#endif
