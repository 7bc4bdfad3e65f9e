// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// compose: proves that what emission puts for an instruction comes to the meaning of its row.
//
// A row whose effects say `pseudo` is emitted by a function of the target, as a short sequence of
// other rows. Here that function is called, for each size, condition and assignment of registers
// that the row's constraints allow; what it puts is recorded (CodeBuffer.recording), and the
// recorded rows' meanings are composed over the whole registers, flags and accesses of memory of a
// machine of which nothing is known. A solver then decides whether that is the row's own meaning:
// the same results, flags, accesses, traps and successor, and every register kept that is neither
// result nor temporary. Other rows go the same way, since emission replaces some of them (an
// address computation by an addition, a far offset by its sum).
//
// What is no such sequence is in a table with its reason (compose_tested.def) and is only tested.
#ifndef VERIFY_COMPOSE_H
#define VERIFY_COMPOSE_H

#include "emit/emit.h"
#include "isle-rules/compiler/islec.h"

typedef void (*ComposeEmit)(EmitCtx *ctx, const MInst *inst);

typedef struct ComposeOptions {
    Str filter;        // only rows whose name contains it; empty: all
    const char *row;   // only this one; NULL: all
    ComposeEmit emit;  // in the place of the target's own; NULL: that
    const char *cache; // file of the solver's answers; NULL: kept while it runs
    uint64_t budget;   // of a question, in the solver's steps; 0: the default
} ComposeOptions;

typedef enum ComposeVerdict {
    COMPOSE_PROVED,
    COMPOSE_FAILED,  // `detail` has the sequence, values, and what differs
    COMPOSE_UNKNOWN, // the solver gave up
    COMPOSE_CANNOT   // what is emitted is no sequence of rows, or the row has no meaning: why
} ComposeVerdict;

typedef struct ComposeResult {
    Str row;
    bool is_pseudo;
    const char *tested; // the reason in the table of what is only tested; NULL: it is not there
    ComposeVerdict verdict;
    uint32_t cases;    // how many there were
    uint32_t composed; // of these, where something else is put than the row itself
    uint32_t asked;    // and where the solver was needed
    Str detail;
} ComposeResult;

typedef struct ComposeReport {
    Arena *arena;
    VEC(ComposeResult) results;
} ComposeReport;

// Looks at the rows of a target. `isle` has all specifications of its program, accepted by
// isle_check.
void compose_rows(Isle *isle, const Target *target, const ComposeOptions *options,
                  ComposeReport *report);

// Whether a result is as it must be: proved, or in the table and not to be proved. Else *why says
// what is wrong.
bool compose_is_good(const ComposeResult *result, const char **why);

#endif
