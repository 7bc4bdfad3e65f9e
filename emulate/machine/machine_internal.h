// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of emulate/machine.
#ifndef EMULATE_MACHINE_INTERNAL_H
#define EMULATE_MACHINE_INTERNAL_H

#include "emulate/machine/machine.h"
#include "jit/jit.h"

typedef struct MachineRegion {
    uint64_t address, size; // as asked for
    uint64_t first, end;    // whole pages
    uint8_t *host;          // of `address`
} MachineRegion;

// A name that code may refer to outside of the image.
typedef struct MachineExtern {
    Str name;
    ImportFn fn; // NULL: not bound
    void *context;
    uint32_t func; // of the module, which has no code for it; NO_INDEX: not of the module
} MachineExtern;

// How a function of the module is called from outside.
typedef struct MachineEntry {
    bool known;          // the rest is
    const char *refusal; // NULL: it can be called
    Layout layout;
} MachineEntry;

#define CANARY_WORDS 32u

typedef struct Machine {
    Executor base;
    Arena arena;   // as long as the machine
    Arena code;    // of the loaded module
    Arena scratch; // of one compilation or call
    Arch arch;
    const Convention *convention;
    const char *(*refuse)(const Isa *isa);
    Cpu *cpu;
    ExecutorConfig config;

    VEC(MachineRegion) regions;
    uint8_t *stack;
    StrTable names;
    VEC(MachineExtern) externs; // by name

    const Module *module; // NULL: nothing is loaded
    CompiledFunc *funcs;  // without code: it could not be compiled, see failures
    Str *failures;
    MachineEntry *entries; // by function, known from its first call on
    JitImage image;

    // Garbage, made once: what registers hold before a call, and what lies round its stack.
    GuestRegs dirt;
    uint64_t upper_canary[CANARY_WORDS], lower_canary[CANARY_WORDS];

    uint64_t live_stack; // during an import: the stack pointer; else 0
} Machine;

// One call of a function from outside.
typedef struct MachineCall {
    Machine *m;
    Arena *arena;     // of the result
    GuestRegs before; // at the call
    GuestRegs regs;
    CallResult *result;
} MachineCall;

static inline Machine *machine_of(Executor *ex)
{
    return (Machine *)ex; // its first member
}

// The host bytes of a guest range, NULL when it is not mapped as a whole.
uint8_t *machine_find(Machine *m, uint64_t address, uint64_t size);
// The number of a name of the form that executor_import takes.
uint32_t machine_name(Machine *m, Str name);
// The same of a name in a function; it may move Machine.externs if it is a new one.
uint32_t machine_name_of(Machine *m, const ExtName *name);

// machine_call.c
CallResult machine_call(Executor *ex, uint32_t func, const DataValue *args, uint32_t num_args,
                        Arena *arena);
// Ends the call as `outcome` with the text as detail.
void machine_end(MachineCall *call, Outcome outcome, const char *format, ...) PRINTF_LIKE(3, 4);

// machine_import.c: does the call of the import that regs.pc is at. False when the call has ended.
bool machine_import(MachineCall *call);

#endif
