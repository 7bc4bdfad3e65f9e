// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// reduce: makes a file that shows a failure smaller, as long as it shows the same one. Functions,
// targets, inputs, instructions, branches, block parameters, parameters and results of signatures,
// and constants go, to a fix point.
//
// A failure has a signature: its kind, the engines or the stage, and the words of the message
// without the numbers in it. Only a candidate with the same signature is taken, so that one bug
// does not slip into another. Each candidate is judged in a process of its own, several at a time;
// the result does not depend on how many.
#ifndef REDUCE_REDUCE_H
#define REDUCE_REDUCE_H

#include "base/base.h"

typedef enum ReduceKind {
    REDUCE_ANY,      // whatever the file shows
    REDUCE_CRASH,    // the compiler breaks down, or reports an internal error
    REDUCE_MISMATCH, // an engine and the interpreter disagree about a run directive
    REDUCE_HANG,     // compiling or running takes longer than the time allowed
    REDUCE_INVALID,  // validation finds an error
    REDUCE_COMMAND   // a command, given the file's name as last argument, succeeds
} ReduceKind;

typedef struct ReduceOptions {
    ReduceKind kind;
    const char *command; // of REDUCE_COMMAND, for the shell
    uint32_t jobs;       // candidates judged at once; 0: 1
    uint32_t seconds;    // for one candidate; 0: 10
    // Told of each smaller text; may be NULL.
    void (*progress)(void *context, Str text);
    void *context;
} ReduceOptions;

typedef struct Reduced {
    Str text;      // in the arena of reduce_run
    Str signature; // of the failure
    uint32_t tried, taken;
} Reduced;

// Reduces the file `text`, called `path` in messages. STATUS_INVALID, with a message, when it does
// not show a failure of the kind asked for, or none at all; other errors are those of reading the
// file.
Status reduce_run(Str path, Str text, const ReduceOptions *options, Arena *arena, Reduced *out,
                  Diag *diag);

// The signature of the failure that `text` shows, judged in a process of its own; empty: none.
// `options` as for reduce_run.
Str reduce_judge(Str path, Str text, const ReduceOptions *options, Arena *arena);

// What seems to be at fault in the reduced file `text`, which shows a disagreement of engines, in a
// few words: the pass that the failure does not come without, and its rule, if a rewrite of the
// mid-end changes what the interpreter says; otherwise lowering, and the rules of instructions that
// fire in what is left.
//
//   "opt isub_self"   "regalloc"   "lower lower_umin lower_load"
Str reduce_blame(Str path, Str text, const ReduceOptions *options, Arena *arena);

// The signature of the failure that `text` shows, judged in this process; empty: none. For tests.
Str reduce_signature(Str text, ReduceKind kind, Arena *arena);

#endif
