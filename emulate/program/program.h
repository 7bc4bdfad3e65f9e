// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// program: the surroundings of a real program that was translated to CLIF from WebAssembly: linear
// memory, globals, a table of functions and the block of fields that all are reached through.
//
// In: the text of an .init file, one declaration a line, in any order but `memory` and `table`
// before what fills them; `#` starts a comment:
//
//     memory PAGES MAX                          pages of 64 KiB
//     global I TYPE BITS at vmctx+OFFSET        i32 i64 f32 or f64; BITS in hex with 0x, or decimal
//     data ADDRESS HEX                          bytes of linear memory
//     table N                                   entries
//     elem INDEX FUNC sig ID                    table entry: function %fFUNC
//     export KIND INDEX NAME                    KIND Func: %fINDEX is called NAME
//     import FUNC MODULE.NAME                   %fFUNC is outside
//
// Out: guest memory of an executor, filled, at the fixed addresses below. The block at
// PROGRAM_VMCTX holds i64 memory base, i32 size in pages at +8, i64 table at +16, i32 table size at
// +24, the globals at their offsets; a table entry is 16 bytes: i64 code, i32 signature ID (all
// ones: none), i32 0.
#ifndef EMULATE_PROGRAM_H
#define EMULATE_PROGRAM_H

#include "emulate/executor/executor.h"

#define PROGRAM_VMCTX      UINT64_C(0x300000000)
#define PROGRAM_TABLE      UINT64_C(0x310000000)
#define PROGRAM_MEMORY     UINT64_C(0x400000000)
// Linear memory that is mapped when `memory` says less: accesses are unchecked and programs grow.
#define PROGRAM_MEMORY_MIN UINT64_C(0x4000000)

typedef struct ProgramExport {
    Str name;
    uint32_t func; // in the module
} ProgramExport;

typedef struct Program {
    Arena *arena;
    VEC(ProgramExport) exports; // of kind Func
} Program;

// Sets up `source` for `module`, which `ex` must have loaded, in an executor that nothing is mapped
// in at the addresses above. `arena` must outlive the executor's use. On an error (located in
// `source`) the executor is to be thrown away. Calls of an import end as OUTCOME_UNSUPPORTED.
Status program_load(Executor *ex, const Module *module, Source *source, Arena *arena, Program *out,
                    Diag *diag);

// The function of the module that is exported as `name`, NO_INDEX when there is none. Its first
// argument is PROGRAM_VMCTX.
uint32_t program_export(const Program *program, Str name);

#endif
