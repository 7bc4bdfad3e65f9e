// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// interpret: the run directives of one file in the interpreter, in this process, whatever the
// file's `test` lines say. A parsed and validated file goes in; what each directive came to goes to
// a callback. The directives mean what they mean in `test interpret`.
#ifndef FILETESTS_RUNNER_INTERPRET_H
#define FILETESTS_RUNNER_INTERPRET_H

#include "filetests/runner/runner.h"
#include "filetests/runner/targets.h"

// What became of a directive. Texts live in the arena of interpret_file; those that have no meaning
// for the status are empty.
typedef struct Interpreted {
    TestStatus status;
    uint32_t line;
    Str directive; // as written, without the semicolon
    Str got;       // the values or the trap
    Str expected;  // unless it held
    Str message;   // what went wrong
} Interpreted;

typedef void (*InterpretedFn)(void *context, const Interpreted *result);

// Runs the directives of `file`, parsed with comments, in text order. `fuel` is for each call, 0
// for the default.
void interpret_file(Arena *arena, ClifFile *file, const Targets *targets, uint64_t fuel,
                    InterpretedFn show, void *context);

#endif
