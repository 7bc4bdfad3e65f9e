// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// driver: the stages of the compiler in order. CLIF goes in, position-independent bytes with their
// relocations and tables come out. What each stage made can be checked and dumped.
//
// Errors of the input are located messages: STATUS_INVALID (validation), STATUS_UNSUPPORTED (with
// opcode, type and stage) or STATUS_LIMIT. A stage that breaks its own promise is our bug: it is
// reported as an "internal error" with the checker's text, as STATUS_INVALID, and nothing is
// emitted.
//
// Results live in the arena given; scratch memory is the caller's to reset. Distinct calls share
// nothing.
#ifndef DRIVER_DRIVER_H
#define DRIVER_DRIVER_H

#include "emit/emit.h"

typedef struct DriverOptions {
    const Settings *settings;
    const Isa *isa;
    Source *source;        // of messages, may be NULL
    bool validate;         // the CLIF function first; otherwise it must be known to be valid
    bool check;            // machine IR after lowering, and the allocation; the latter also by the
                           // setting regalloc_checker
    StrBuf *dump_lower;    // gets the machine IR as lowered; NULL: no
    StrBuf *dump_regalloc; // and as allocated
    bool listing;          // *out gets notes that say what its bytes mean
    uint32_t *lower_rules; // how often each rule of the target fired, added to; NULL: not counted
    uint32_t *opt_rules;   // the same of the mid-end's
} DriverOptions;

// Compiles one function. *out is set on STATUS_OK only.
Status driver_compile(const Func *f, const DriverOptions *options, Arena *arena, Arena *scratch,
                      CompiledFunc *out, Diag *diag);

// Compiles all functions of a module into *out, one entry each, in order. Goes on behind functions
// that can't be compiled, so that all errors are reported, and returns the first one's status.
Status driver_compile_module(const Module *module, const DriverOptions *options, Arena *arena,
                             CompiledFunc **out, Diag *diag);

#endif
