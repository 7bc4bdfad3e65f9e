// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// executor: what every engine that runs code looks like from outside. emulate/emulate.h makes one.
//
// An executor loads a module, maps guest memory, and calls functions with typed data. Data lies at
// the same guest addresses in every engine and is reached through arguments; stack addresses differ
// and must never be compared. Traps are values: the code and the place.
//
// An executor belongs to one thread at a time and owns what it allocates; distinct executors are
// independent.
#ifndef EMULATE_EXECUTOR_H
#define EMULATE_EXECUTOR_H

#include "ir/ir.h"
#include "settings/settings.h"

// Where `heap` regions of file tests lie in every engine.
#define GUEST_HEAP_BASE UINT64_C(0x200000000)

typedef enum Outcome {
    OUTCOME_RETURNED,
    OUTCOME_TRAPPED,
    OUTCOME_OUT_OF_FUEL,
    OUTCOME_CRASHED,    // the program did what has no meaning, or the engine itself failed
    OUTCOME_UNSUPPORTED // this engine can't run it; detail says which opcode and type, and why
} Outcome;

typedef struct CallResult {
    Outcome outcome;
    DataValue *values; // OUTCOME_RETURNED; in the arena of executor_call
    uint32_t num_values;
    TrapCode trap;      // OUTCOME_TRAPPED
    uint32_t func;      // unless OUTCOME_RETURNED: where, as index in the module and Inst;
    Inst inst;          // NO_INDEX when not known
    Str detail;         // a sentence for people, may be empty; in the arena of executor_call
    uint64_t fuel_used; // instructions executed, where the engine counts them
} CallResult;

typedef struct Executor Executor;

// A call of a function outside the module. The results come with their types, zeroed.
typedef struct ImportCall {
    const DataValue *args;
    DataValue *results;
    uint32_t num_args, num_results;
    const char *refusal; // set by an ImportFn that can't do this call: ends as OUTCOME_UNSUPPORTED
} ImportCall;

// A function outside the module: fills the results, returns TRAP_NONE or a trap code. It must look
// at the number and types of arguments and results, which are those of the caller's declaration.
// May read and write guest memory through `ex`, must not call functions of it.
typedef TrapCode (*ImportFn)(void *context, Executor *ex, ImportCall *call);

typedef struct ExecutorConfig {
    uint64_t fuel;       // instructions a call may execute; 0: EXECUTOR_DEFAULT_FUEL
    uint64_t stack_size; // bytes of guest stack; 0: EXECUTOR_DEFAULT_STACK
    // How often rules of the compiler fired in loading, by number, is added to these; NULL: not
    // counted. For engines of machine code.
    uint32_t *lower_rules, *opt_rules;
} ExecutorConfig;

#define EXECUTOR_DEFAULT_FUEL  UINT64_C(1000000000)
#define EXECUTOR_DEFAULT_STACK UINT64_C(0x800000)

// One engine's functions; each executor struct begins with a pointer to its table.
typedef struct ExecutorOps {
    void (*destroy)(Executor *ex);
    Status (*load)(Executor *ex, const Module *module, const Settings *settings, const Isa *isa,
                   Diag *diag);
    void (*import)(Executor *ex, Str name, ImportFn fn, void *context);
    Status (*map)(Executor *ex, uint64_t address, uint64_t size);
    void *(*memory)(Executor *ex, uint64_t address, uint64_t size);
    uint64_t (*func_address)(Executor *ex, uint32_t func);
    CallResult (*call)(Executor *ex, uint32_t func, const DataValue *args, uint32_t num_args,
                       Arena *arena);
} ExecutorOps;

struct Executor {
    const ExecutorOps *ops;
};

// Gives back the executor and all guest memory. NULL is allowed.
void executor_destroy(Executor *ex);

// Loads a validated module, replacing the former one; the module must outlive its use. Functions
// are numbered as in it. `isa` is the target of an engine that runs machine code, NULL: the
// baseline of its architecture. Mapped memory and imports stay.
Status executor_load(Executor *ex, const Module *module, const Settings *settings, const Isa *isa,
                     Diag *diag);
// Binds the name of an external function (as it is written, without the %), replacing a former
// binding. A call of a name that is neither in the module nor bound ends as OUTCOME_UNSUPPORTED.
void executor_import(Executor *ex, Str name, ImportFn fn, void *context);
// Maps zeroed guest memory for reading and writing. STATUS_LIMIT when `address` is below 2^32
// (those are the engine's own), the range is empty, wraps, is larger than the engine can give, or
// overlaps one that is mapped.
Status executor_map(Executor *ex, uint64_t address, uint64_t size);
// The host bytes behind mapped guest memory, NULL when the range is not mapped as a whole. During
// an import's call the live stack counts as mapped.
void *executor_memory(Executor *ex, uint64_t address, uint64_t size);
// The guest address of a function of the module, for tables of code pointers.
uint64_t executor_func_address(Executor *ex, uint32_t func);
// Calls function `func`; the arguments must fit its signature in count and type. The state of
// mapped memory stays between calls, stacks do not.
CallResult executor_call(Executor *ex, uint32_t func, const DataValue *args, uint32_t num_args,
                         Arena *arena);

// For engines: the name that a function or a symbol goes by in calls and imports, "f" of %f. Text
// of its own is in `arena`.
Str executor_name(const ExtName *name, Arena *arena);

#endif
