// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// emulate: running code without trusting our emitter. One Executor interface over several engines:
// the interpreter of the IR (the reference meaning) and, later, emulators and the host CPU.
//
// An executor loads a module, maps guest memory, and calls functions with typed data. Data lies at
// the same guest addresses in every engine and is reached through arguments; stack addresses differ
// and must never be compared. Traps are values: the code and the place.
//
// An executor belongs to one thread at a time and owns what it allocates; distinct executors are
// independent.
#ifndef EMULATE_EMULATE_H
#define EMULATE_EMULATE_H

#include "ir/ir.h"
#include "settings/settings.h"

// The engines, in the order of reports.
typedef enum Engine {
#define ENGINE(NAME, ...) ENGINE_##NAME,
#include "emulate/engines.def"
    ENGINE_COUNT
} Engine;

// The name in reports and on command lines.
const char *engine_name(Engine engine);
// The engine called `name`, ENGINE_COUNT when there is none.
Engine engine_parse(Str name);

// Where `heap` regions of file tests lie in every engine.
#define GUEST_HEAP_BASE UINT64_C(0x200000000)

typedef enum Outcome {
    OUTCOME_RETURNED,
    OUTCOME_TRAPPED,
    OUTCOME_OUT_OF_FUEL,
    OUTCOME_CRASHED,    // the engine itself failed, or an invariant check after the call did
    OUTCOME_UNSUPPORTED // this engine can't run it; detail says which opcode and type, and why
} Outcome;

typedef struct CallResult {
    Outcome outcome;
    DataValue *values; // OUTCOME_RETURNED; in the arena of executor_call
    uint32_t num_values;
    TrapCode trap;      // OUTCOME_TRAPPED
    uint32_t func;      // OUTCOME_TRAPPED and UNSUPPORTED: where, as index in the module and Inst;
    Inst inst;          // NO_INDEX when not known
    Str detail;         // a sentence for people, may be empty
    uint64_t fuel_used; // instructions executed, where the engine counts them
} CallResult;

// A function outside the module. Gets the arguments, writes the results (as many as its signature
// says, typed), returns TRAP_NONE or a trap code. May read and write guest memory through `ex`.
typedef struct Executor Executor;
typedef TrapCode (*ImportFn)(void *context, Executor *ex, const DataValue *args,
                             DataValue *results);

typedef struct ExecutorConfig {
    uint64_t fuel;       // instructions a call may execute; 0: EXECUTOR_DEFAULT_FUEL
    uint64_t stack_size; // bytes of guest stack; 0: EXECUTOR_DEFAULT_STACK
} ExecutorConfig;

#define EXECUTOR_DEFAULT_FUEL  UINT64_C(1000000000)
#define EXECUTOR_DEFAULT_STACK UINT64_C(0x100000)

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

// A new executor, or NULL when this build or machine has no such engine (then *reason says why).
Executor *executor_create(Engine engine, const ExecutorConfig *config, const char **reason);
void executor_destroy(Executor *ex);

// Loads a validated module, replacing the former one; the module must outlive its use. Functions
// are numbered as in it. Libcalls with an ImportFn known to emulate/ are bound already.
Status executor_load(Executor *ex, const Module *module, const Settings *settings, const Isa *isa,
                     Diag *diag);
// Binds the name of an external function (as %name, without the %).
void executor_import(Executor *ex, Str name, ImportFn fn, void *context);
// Maps zeroed guest memory for reading and writing. Addresses below 2^32 are the engine's own.
Status executor_map(Executor *ex, uint64_t address, uint64_t size);
// The host bytes behind mapped guest memory, NULL when the range is not mapped as a whole.
void *executor_memory(Executor *ex, uint64_t address, uint64_t size);
// The guest address of a function of the module, for tables of code pointers.
uint64_t executor_func_address(Executor *ex, uint32_t func);
// Calls function `func`; the arguments must fit its signature in count and type. The state of
// mapped memory stays between calls, stacks do not.
CallResult executor_call(Executor *ex, uint32_t func, const DataValue *args, uint32_t num_args,
                         Arena *arena);

#endif
