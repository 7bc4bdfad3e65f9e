// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// mutants: tests the verifier by wrong rules. Each mutant is one rule of a program with one thing
// changed (mutant_ops.def); a verifier that is worth its name gives that rule another verdict than
// `proved`. What survives is a hole in a meaning, or in the verifier, or computes the same.
//
// Mutants of rules that are proved are counted; they are named RULE:OPERATOR:PLACE:CHANGE. PLACE
// counts operands from 0, beginning at the left side (lhs), a condition (if0.pattern, if0.value) or
// the right side (rhs). The name stays the same while its rule does. What islec rejects is no
// mutant.
//
// Which mutants are taken depends on the seed and their names alone, and what becomes of one on
// nothing but its program: the report is the same for each number of workers.
#ifndef VERIFY_MUTANTS_H
#define VERIFY_MUTANTS_H

#include "verify/verify.h"

typedef enum MutantOp {
#define MUTANT_OP(NAME, name, meaning) MUTANT_##NAME,
#include "verify/mutants/mutant_ops.def"
    MUTANT_OP_COUNT
} MutantOp;

typedef enum MutantFate {
    MUTANT_KILLED,
    MUTANT_SURVIVED, // the rule is proved still
    MUTANT_UNKNOWN,  // the solver gave up, or the time allowed was over
    MUTANT_LOST,     // the verifier crashed
    // Not counted, and not reported:
    MUTANT_UNSPECIFIED, // the change leads to a term without a meaning
    MUTANT_SAME,        // an order that can't matter, a match of nothing new
    MUTANT_UNPROVED,    // the rule was not proved before
    MUTANT_INVALID,     // rejected by islec
    MUTANT_FATE_COUNT
} MutantFate;

typedef struct MutantResult {
    Str name;
    MutantOp op;
    Str path;         // of the file that is changed
    uint32_t at, end; // what `text` takes the place of there
    Str text;         // the rule as it is in the mutant
    MutantFate fate;
    RuleVerdict verdict; // KILLED: why
    Str message;         // what was found, for people
} MutantResult;

typedef struct MutantOptions {
    const VerifyText *texts; // the program
    const char *filter;      // only of rules whose name has this in it, or NULL
    const char *name;        // only the mutant of this name, or NULL
    uint32_t count;          // how many, of those that count
    uint64_t seed;
    uint32_t jobs;     // worker processes, one a mutant
    uint64_t budget;   // of a question, in the solver's steps; 0: the verifier's default
    const char *cache; // of answers (verify/ledger), or NULL
    uint32_t seconds;  // of processor time for one mutant; 0: no limit
    void (*report)(void *context, const MutantResult *result); // in order, as they come
    void *context;
} MutantOptions;

typedef struct MutantTotals {
    uint32_t rules;     // of which mutants were counted
    uint32_t available; // mutants before islec and the verifier have seen them
    uint32_t fates[MUTANT_FATE_COUNT];
} MutantTotals;

// The name of an operator, and what it does.
const char *mutant_op_name(MutantOp op);
const char *mutant_op_meaning(MutantOp op);
// The word for a fate.
const char *mutant_fate_name(MutantFate fate);

// Makes mutants of a program and verifies each, and its rule as it was. `isle` is the program of
// `options->texts`, accepted by isle_check.
MutantTotals mutant_run(Isle *isle, const MutantOptions *options, Arena *arena);

#endif
