// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// concrete: an interpreter of specifications. Given values for a term's parameters and its result
// it says whether what the specification provides holds, and which effects happen. So meanings can
// be compared with what an interpreter or a CPU really does.
//
// In goes a program that isle_check accepted. A bit vector knows of each bit whether it is known:
// bits that a meaning leaves open (`fresh`, `conv_to`, payloads of NaNs) are not, and nothing is
// concluded from them. A condition may so be neither true nor false.
//
// Values and lists live in the arena of the run, which the caller may reset between runs.
#ifndef VERIFY_CONCRETE_CONCRETE_H
#define VERIFY_CONCRETE_CONCRETE_H

#include "isle-rules/compiler/islec.h"
#include "verify/expr/expr.h"

typedef enum ConcreteKind {
    CONCRETE_BOOL,
    CONCRETE_INT,
    CONCRETE_BV,
    CONCRETE_STRUCT,
    CONCRETE_UNIT
} ConcreteKind;

typedef struct Concrete {
    ConcreteKind kind;
    uint32_t width;       // BV
    Wide bits;            // BOOL: 0 or 1; INT: two's complement; zeros where unknown
    Wide unknown;         // BV: the bits that are not known; BOOL: bit 0
    const IsleSym *names; // STRUCT
    const struct Concrete *fields;
    uint32_t num_fields;
} Concrete;

// Known values.
Concrete concrete_bv(uint32_t width, Wide bits);
Concrete concrete_u64(uint32_t width, uint64_t bits);
Concrete concrete_bool(bool value);
Concrete concrete_int(int64_t value);
Concrete concrete_unit(void);
// A bit vector of which nothing is known.
Concrete concrete_open(uint32_t width);
// A struct of fields of these names; the arrays are kept.
Concrete concrete_struct(const IsleSym *names, const Concrete *fields, uint32_t num_fields);
// Appends a value as text: digits, `?` for those that are not known.
void concrete_print(const Concrete *value, StrBuf *out);

// Something that happens. `op` is LOAD, STORE, GOTO, FENCE, BREAKPOINT or SET_PINNED.
typedef struct ConcreteEvent {
    IsleSpecOp op;
    uint32_t width;   // LOAD, STORE: bits
    uint64_t address; // LOAD, STORE
    uint8_t code;     // LOAD, STORE
    Concrete value;   // LOAD, STORE, GOTO, SET_PINNED
} ConcreteEvent;

typedef enum ConcreteOutcome {
    CONCRETE_HOLDS,
    CONCRETE_FAILS,  // `pos` is the condition that does not hold
    CONCRETE_TRAPS,  // with `trap`; what was evaluated before holds
    CONCRETE_CANNOT, // `why` says what can't be evaluated, at `pos`
} ConcreteOutcome;

typedef struct ConcreteState {
    IsleSym name;
    Concrete value;
} ConcreteState;

// One evaluation. The first group is set by the caller.
typedef struct ConcreteRun {
    Isle *isle;
    Arena *arena;
    const ConcreteState *states;
    uint32_t num_states;
    // Reads memory. False: the access traps with its code.
    bool (*load)(void *context, uint64_t address, uint32_t width, Wide *out);
    void *context;

    VEC(ConcreteEvent) events; // in order
    uint8_t trap;
    bool trapped;
    IslePos pos;
    const char *why; // or NULL
    bool vague;      // some condition was neither true nor false
    uint32_t depth;
} ConcreteRun;

// Evaluates the clauses of one kind of a specification, in order. `params` are as many values as
// it has parameters; `result` may be NULL where no clause looks at it. Conditions that are neither
// true nor false hold.
ConcreteOutcome concrete_run(ConcreteRun *run, const IsleDef *spec, IsleClauseKind kind,
                             const Concrete *params, const Concrete *result);

#endif
