// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// agree: compares meanings with what really happens. The meaning of each machine instruction with a
// CPU or its emulation, that of each CLIF instruction with the interpreter of the IR, on special
// and random values. Proofs of rules are about these meanings, so this is what ties them to the
// world.
//
// In goes the program of a target: its rules with all specifications, accepted by isle_check. Out
// comes a line for each term: how many tuples of values were compared, the first that differs, or
// why nothing was. The same options give the same tuples.
#ifndef VERIFY_AGREE_AGREE_H
#define VERIFY_AGREE_AGREE_H

#include "emulate/emulate.h"
#include "isle-rules/compiler/islec.h"

typedef struct AgreeOptions {
    uint32_t tuples; // for each term and engine, about; for a term of few values all of these
    uint64_t seed;
    Str filter;           // only terms whose name contains it; empty: all
    Str bytes;            // the first numbers that are drawn, before `seed` gives them
    const uint32_t *only; // the row or opcode of this number modulo theirs; NULL: all
} AgreeOptions;

// Why there are no tuples of a term.
typedef enum AgreeSkip {
    AGREE_COMPARED,
    AGREE_NO_MEANING, // a row that no rule may use
    AGREE_ENGINE,     // the engine can't run it, or is known to have it wrong
    AGREE_EXCUSED,    // no engine gives values for it
    AGREE_NOTHING     // no values were found to try it with
} AgreeSkip;

typedef struct AgreeResult {
    Str term;
    AgreeSkip skip;
    const char *by; // the engine's name
    uint64_t tuples;
    uint64_t vague;      // of these, where the meaning leaves bits of the result open
    uint64_t mismatches; // after a few the term is given up
    Str detail;          // the first mismatch, or why there are no tuples
} AgreeResult;

typedef struct AgreeReport {
    Arena *arena;
    VEC(AgreeResult) results;
} AgreeReport;

// Compares the rows of the target that `engine` runs. False, with *reason, when there is no such
// engine here.
bool agree_rows(Isle *isle, Engine engine, const AgreeOptions *options, AgreeReport *report,
                const char **reason);

// Compares CLIF instructions with the interpreter.
void agree_clif(Isle *isle, const AgreeOptions *options, AgreeReport *report);

#endif
