// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// targets: what the `set` and `target` lines of a file say. `set` lines add up; each `target` line
// takes what was set before it and adds options of its own. Header lines of a parsed file go in,
// the targets with their settings come out; everything lives in the arena given.
#ifndef FILETESTS_RUNNER_TARGETS_H
#define FILETESTS_RUNNER_TARGETS_H

#include "settings/settings.h"
#include "text/text.h"

// A `target` line with the settings that hold for it.
typedef struct TargetLine {
    Settings settings;
    Isa isa;
    Str text; // triple and flags, as written
    uint32_t pos;
} TargetLine;

typedef struct Targets {
    VEC(TargetLine) lines; // in text order
    Settings settings;     // of the last line; without lines, what is set
    const Isa *isa;        // of the only line; NULL when there are none or several
    Str unknown;           // the first triple of an unknown architecture; empty: all are known
} Targets;

// Reads the lines of `file`, which change what `defaults` say. An unknown setting or flag is an
// error; an unknown architecture is not, because a file for it is right: its lines are left out,
// and `unknown` says so.
Status targets_read(Arena *arena, ClifFile *file, Settings defaults, Targets *out, Diag *diag);

#endif
