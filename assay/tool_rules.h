// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tool_rules: the files of `assay verify`: which ones its operands name, and those that it writes,
// which take the place of what was there only when they are whole.
#ifndef ASSAY_TOOL_RULES_H
#define ASSAY_TOOL_RULES_H

#include "assay/tool.h"

typedef VEC(const char *) ToolPaths;

// The operands, of folders all .isle files in them and below them, sorted by name. An error names
// the operand that is not there or has none.
Status tool_rule_files(Arena *arena, const ToolArgs *args, ToolPaths *out, Diag *diag);

// Whether a file can be written there, or stands there already and may be written to: to be asked
// before work that takes long. False: an error says why.
bool tool_may_write(const char *path, Diag *diag);
// Whether there is such a folder, to write into; false: an error says why.
bool tool_may_write_into(const char *folder, Diag *diag);
// Writes a file. A failure, which is an error, leaves what was there.
bool tool_replace_file(const char *path, Str text, Diag *diag);

#endif
