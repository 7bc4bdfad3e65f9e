// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// judge: runs a generated module in the interpreter and in engines, and says where they disagree:
// results, trap codes, the heap afterwards, and what engines themselves find wrong (callee-saved
// registers, the caller's stack). A module that the validator or the compiler rejects as wrong is a
// finding, too; one that a target does not support yet is counted.
//
// A judge owns its engines and serves any number of cases.
#ifndef JUDGE_JUDGE_H
#define JUDGE_JUDGE_H

#include "emulate/emulate.h"
#include "fuzz-targets/gen/gen.h"

#define JUDGE_ENGINES_MAX 3

typedef enum Finding {
    FINDING_NONE,
    FINDING_INVALID,   // the generated module does not pass validation
    FINDING_COMPILE,   // an internal error of the compiler
    FINDING_VALUES,    // other results
    FINDING_TRAP,      // trap or none, or another code
    FINDING_MEMORY,    // another heap
    FINDING_CRASH,     // the engine stopped for what has no meaning, or found something damaged
    FINDING_HANG,      // ran out of fuel
    FINDING_REFERENCE, // the interpreter says that the module has no meaning
    FINDING_COUNT
} Finding;

// An engine, and the target of its code. The interpreter runs modules that the mid-end has worked
// on.
typedef struct JudgeEngine {
    Engine engine;
    Executor *ex;
    const char *target; // "x86_64 has_sse41"
    Isa isa;
    uint32_t *lower_rules; // how often each of the target's rules fired
    uint32_t *opt_rules;   // the judge's
} JudgeEngine;

typedef struct JudgeStats {
    uint64_t cases, functions, findings;
    uint64_t runs, returned, trapped, out_of_fuel, unsupported, compared;
    uint64_t instructions;                   // that the interpreter ran
    uint64_t opcodes[(OP_COUNT + 63u) / 64]; // bits: those that stand in some module
    char reason[128];                        // why a run was unsupported: the last one
} JudgeStats;

typedef struct Judge {
    Executor *interp;
    JudgeEngine engines[JUDGE_ENGINES_MAX];
    uint32_t num_engines;
    uint32_t *opt_rules; // how often each rule of the mid-end was used
    JudgeStats stats;
    Arena arena, scratch;
} Judge;

typedef struct Verdict {
    Finding finding;
    uint32_t engine; // index in Judge.engines
    uint32_t input;  // that shows it; GEN_INPUTS: not one of them
    Str text;        // what was expected and what came
    CallResult expected[GEN_INPUTS];
} Verdict;

// The name of a finding: "values".
const char *finding_name(Finding finding);

// Makes a judge over the interpreter and `engines`, which run code for `targets`. Engines that this
// build or machine does not have are left out.
void judge_create(Judge *j, const Engine *engines, const char *const *targets, uint32_t num);
// Gives back the engines.
void judge_destroy(Judge *j);

// Runs all inputs of `c`. The verdict's texts are in `arena`.
Verdict judge_case(Judge *j, const GenCase *c, Arena *arena);

// Runs the inputs of `c`, of which judge_case has just been asked with others, once more: the
// engines have its code still.
Verdict judge_again(Judge *j, const GenCase *c, Arena *arena);

// The engine that a verdict is about.
Engine judge_engine(const Judge *j, const Verdict *verdict);

// The case as a file test, with the interpreter's answers and what is wrong as a comment; for a
// verdict of NULL, with calls whose results are to be printed.
void judge_print(const Judge *j, const GenCase *c, const Verdict *verdict, StrBuf *out);

// The members of statistics (`seconds` is CPU time so far) as a JSON object on one line, without
// the brace at its start, so that the caller can add some. What was covered of opcodes and rules
// are strings of hexadecimal digits, four bits each, the first bit lowest, so that the lines of
// several processes can be joined.
void judge_print_stats(const Judge *j, double seconds, StrBuf *out);

#endif
