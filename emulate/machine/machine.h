// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// machine: an executor over anything that runs machine code. Compiles and links a module, sets up
// guest registers and stack by marshal's conventions, runs the code on a Cpu, does the calls of
// imports, and judges how it stopped; a Cpu (unicorn, native) only knows bytes and registers.
//
// Guest memory below 2^32 is the machine's own:
//
//   MACHINE_IMPORTS  never mapped: name number n is at MACHINE_IMPORTS + 16 * n, and jumping there
//                    calls the import
//   MACHINE_EXIT     where the outermost function returns to
//   MACHINE_CODE     the image
//   MACHINE_STACK    the stack; nothing is mapped below it
//
// An emulator's cache of translations of addresses may have one place for all pages with the same
// number modulo 64. So the first pages of the image and of what a test maps, the last of the
// stack, and the exit have different ones.
//
// What a call must leave behind is checked after each return: callee-saved registers, the stack
// pointer, the direction flag, memory of the caller around arguments and results, and extensions.
// A function that the compiler can't do yet ends calls that reach it as OUTCOME_UNSUPPORTED with
// the compiler's message.
#ifndef EMULATE_MACHINE_H
#define EMULATE_MACHINE_H

#include "emit/emit.h"
#include "emulate/executor/executor.h"
#include "emulate/marshal/marshal.h"

#define MACHINE_IMPORTS     UINT64_C(0x08010000)
#define MACHINE_IMPORTS_END UINT64_C(0x0f000000)
#define MACHINE_EXIT        UINT64_C(0x0fff0000)
#define MACHINE_CODE        UINT64_C(0x10010000)
#define MACHINE_CODE_MAX    UINT64_C(0x10000000)
#define MACHINE_STACK       UINT64_C(0x40000000)
#define MACHINE_STACK_MAX   UINT64_C(0x30000000)
#define MACHINE_PAGE        UINT64_C(0x1000)

typedef enum CpuStopKind {
    CPU_STOPPED,     // at regs->pc: a fault there, or MACHINE_EXIT or an import is reached
    CPU_OUT_OF_FUEL, // with regs somewhere in the code
    CPU_BROKEN       // the engine itself failed; registers are lost
} CpuStopKind;

typedef struct CpuStop {
    CpuStopKind kind;
    const char *what; // the fault in words, such as "SIGSEGV" or "read of unmapped memory"
    bool has_address; // of the memory access that faulted
    uint64_t address;
    uint64_t inexact_end; // not 0: the fault is at an instruction from regs->pc on, before this
    uint64_t fuel_used;   // at least roughly
    bool counted;         // fuel_used is the number of instructions
} CpuStop;

typedef struct Cpu Cpu;

// What an engine does. Pages are MACHINE_PAGE bytes.
typedef struct CpuOps {
    void (*destroy)(Cpu *cpu);
    // Puts the image at MACHINE_CODE, replacing the former one. False: no room.
    bool (*set_code)(Cpu *cpu, const uint8_t *bytes, uint64_t size);
    // Maps whole zeroed pages for reading and writing; the host's view of them, which stays until
    // the end, or NULL when it can't be done.
    uint8_t *(*map)(Cpu *cpu, uint64_t address, uint64_t size);
    // Runs from regs->pc on, at most about `fuel` instructions; *regs is set to what was reached.
    CpuStop (*run)(Cpu *cpu, GuestRegs *regs, uint64_t fuel);
} CpuOps;

struct Cpu {
    const CpuOps *ops;
};

typedef struct MachineOptions {
    Arch arch;
    Cpu *cpu; // becomes the machine's
    // Why code for `isa` can't be run here, or NULL.
    const char *(*refuse)(const Isa *isa);
} MachineOptions;

// A new executor over `options->cpu`; NULL, with the Cpu destroyed, when it has no memory for a
// stack. NULL for `config` is the defaults.
Executor *machine_create(const MachineOptions *options, const ExecutorConfig *config);

// As executor_load, with code that was made elsewhere: one entry for each function of the module,
// by index. For tests with code that the compiler does not make.
Status machine_load_compiled(Executor *ex, const Module *module, const CompiledFunc *funcs,
                             Diag *diag);

#endif
