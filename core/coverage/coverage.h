// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// coverage: which operations a target can lower. For each opcode under each controlling type a
// function of that one instruction is built, for every choice of its other types, conditions and
// small immediates, and lowered. So the answer is what the rules do, not what a list says.
//
// Types tried: scalars, and vectors of 64 and 128 bits. Operands are parameters of the function,
// results are returned. What no choice makes a valid function of is left out, unless that holds for
// all types of an opcode: then the opcode itself is reported.
#ifndef COVERAGE_COVERAGE_H
#define COVERAGE_COVERAGE_H

#include "ir/ir.h"
#include "settings/settings.h"

typedef enum CoverageVerdict {
    COVERAGE_LOWERED,     // every variant
    COVERAGE_PARTLY,      // some variants
    COVERAGE_UNSUPPORTED, // none
    COVERAGE_BROKEN,      // mfunc_validate rejects it, or it has instructions of another target
    COVERAGE_UNBUILT,     // no valid function for it under any type; ctrl is TYPE_INVALID
    COVERAGE_VERDICT_COUNT
} CoverageVerdict;

// An opcode under a controlling type (TYPE_INVALID: it is not polymorphic).
typedef struct CoveragePair {
    Opcode op;
    Type ctrl;
    CoverageVerdict verdict;
    uint32_t variants, lowered;
    Str variant; // the first one that was not lowered: "(i8, i128)", "(i8, i8) slt"
    Str reason;  // why not
} CoveragePair;

typedef struct Coverage {
    VEC(CoveragePair) pairs; // by opcode, then by type
    uint32_t counts[COVERAGE_VERDICT_COUNT];
} Coverage;

// One way to write an instruction: its types, and the condition, operator or immediate it has.
typedef struct CoverageVariant {
    Opcode op;
    Type ctrl;      // TYPE_INVALID: the opcode is not polymorphic
    Type args[3];   // TYPE_INVALID: no such operand
    uint32_t small; // IntCC, FloatCC, AtomicOp or lane number, where the format has one
} CoverageVariant;

// Told of each variant that is valid.
typedef void (*CoverageVisit)(void *context, const CoverageVariant *variant, bool lowered);

// "lowered", "partly", "unsupported", "broken", "unbuilt".
const char *coverage_verdict_name(CoverageVerdict verdict);

// Tries all opcodes, with the settings that some of them need turned on. We must generate code for
// the architecture of `isa`. The result is in `arena`. `rule_counts`, unless NULL, are
// Target.num_rules counters to which is added how often each rule fired.
Coverage coverage_run(const Settings *settings, const Isa *isa, uint32_t *rule_counts,
                      Arena *arena);

// Tries all opcodes as coverage_run does and tells of each variant, in its order. For generators of
// programs, which so know of an operation on the day it is supported.
void coverage_visit(const Settings *settings, const Isa *isa, CoverageVisit visit, void *context);

// Lowers a validated function to count the rules that fire; what comes out is dropped. The statuses
// are those of lower_func; counted is what fired before an error, too.
Status coverage_fire_rules(const Func *f, const Settings *settings, const Isa *isa,
                           uint32_t *rule_counts, Diag *diag);

// The pairs that are not lowered in full.
uint32_t coverage_missing(const Coverage *coverage);

#endif
