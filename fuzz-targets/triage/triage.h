// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// triage: what fuzzing has found so far. A database (one SQLite file) holds a row for each distinct
// finding: its signature, when it was first and last seen and how often, the input, the program as
// a file test, what reduction left of it, and whether somebody knows of it.
//
// Findings are told apart by their signature: the stage that is at fault, the kind of failure, the
// engine that disagrees, and the rule, pass or assertion behind it; a rule of the mid-end is a
// signature alone, because what it does wrong shows in many ways. What a fuzz target
// writes (triage_read_output) says this roughly; triage_settle reduces the program and finds out
// the rest.
//
// A database belongs to one thread at a time; several processes may have it open.
#ifndef TRIAGE_TRIAGE_H
#define TRIAGE_TRIAGE_H

#include "base/base.h"

typedef enum TriageState {
    TRIAGE_NEW,   // nobody has looked at it
    TRIAGE_KNOWN, // somebody has: it is no news when it is seen again
    TRIAGE_FIXED, // gone; when it is seen again it becomes new
    TRIAGE_STATE_COUNT
} TriageState;

// A finding. Empty texts: not known, or there is none.
typedef struct TriageFinding {
    int64_t id;    // 0: not in a database yet
    Str signature; // "lower values unicorn-x64: lower_umin"
    Str target;    // fuzz target that saw it first
    Str stage;     // "lower", "regalloc", "opt", "run"...
    Str kind;      // "values", "assertion", "address"...
    Str engine;    // "unicorn-x64"
    Str cause;     // rules or assertion
    Str message;   // what was said, in one line
    Str program;   // as a file test; empty for targets whose inputs are no programs
    Str reduced;   // what reduction left, ready to be committed once its expectations are checked
    Str input;     // bytes of the fuzz target
    uint64_t seed; // of the process that saw it
    TriageState state;
    uint64_t count;                // how often it was seen
    int64_t first_seen, last_seen; // seconds since 1970
} TriageFinding;

typedef VEC(TriageFinding) TriageFindings;

// "new", "known" or "fixed".
const char *triage_state_name(TriageState state);
// The state called `name`, TRIAGE_STATE_COUNT when there is none.
TriageState triage_parse_state(Str name);

// ---- The database ----

typedef struct Triage Triage;

// Opens the database at `path`, which is made when it is not there. NULL, with a message, when that
// can't be done.
Triage *triage_open(const char *path, Diag *diag);
// Closes it. NULL is allowed.
void triage_close(Triage *t);

// Adds the finding, or counts it when its signature is known: then seen last now, and new again if
// it was fixed. Sets id, state, count and both times of *finding to those of the row.
Status triage_record(Triage *t, TriageFinding *finding, Diag *diag);
// All findings by number, without program and input.
Status triage_list(Triage *t, Arena *arena, TriageFindings *out, Diag *diag);
// Finding `id` with all it has. STATUS_INVALID, with a message, when there is none.
Status triage_get(Triage *t, int64_t id, Arena *arena, TriageFinding *out, Diag *diag);
// Sets the state of finding `id`. STATUS_INVALID, with a message, when there is none.
Status triage_mark(Triage *t, int64_t id, TriageState state, Diag *diag);

// ---- From output to findings ----

// What a process of fuzz target `target` said before it stopped, as a finding with what can be told
// without running anything; its texts are in `arena`. The input is the caller's to add.
TriageFinding triage_read_output(Str target, Str output, Arena *arena);

// Reduces the finding's program, `jobs` candidates at once, finds what is at fault, and sets
// signature, stage, cause and reduced. Without a program, or when it does not show its failure in
// this build, the finding stays as it is.
void triage_settle(TriageFinding *finding, uint32_t jobs, Arena *arena);

#endif
