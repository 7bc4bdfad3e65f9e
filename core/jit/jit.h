// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// jit: links compiled functions into one image for a given address. Pure computation over bytes:
// where the image is mapped, and whether it runs on the host or under an emulator, is the caller's
// business.
//
//   base   functions in order, each aligned
//          stubs of symbols outside of the image, 16 bytes each:
//            a jump through the 8 bytes behind it, which are the address (and the GOT entry)
//
// Calls of outside symbols go through their stubs, so that they reach any 64-bit address. Tables
// say which trap, call and CLIF instruction an address of the image belongs to.
#ifndef JIT_JIT_H
#define JIT_JIT_H

#include "emit/emit.h"

// Sets *address to that of a symbol outside of the image; false when it is not known.
typedef bool (*JitResolve)(void *context, const ExtName *name, uint64_t *address);

typedef struct JitOptions {
    Arch arch;
    uint64_t base; // address of the image, aligned to 4,096
    JitResolve resolve;
    void *context;
} JitOptions;

// A place in the image that the tables know.
typedef struct JitSite {
    uint64_t address; // of the trapping instruction, or behind a call
    uint32_t func;    // as numbered in the input
    Inst inst;
    TrapCode code; // of a trap
} JitSite;

typedef struct JitImage {
    uint64_t base;
    uint8_t *bytes;
    uint64_t size;
    const CompiledFunc *funcs;
    uint64_t *addresses; // by function; 0: it has no code
    uint32_t num_funcs;
    JitSite *traps, *calls; // by address
    uint32_t num_traps, num_calls;
} JitImage;

// Links `n` functions, those without code (code is NULL) left out: their names are resolved as
// outside symbols. Errors: STATUS_INVALID for an unknown symbol, STATUS_UNSUPPORTED for a
// thread-local one, STATUS_LIMIT when a field does not reach. *out and all it points to, but for
// `funcs`, is in the arena.
Status jit_link(const CompiledFunc *funcs, uint32_t n, const JitOptions *options, Arena *arena,
                JitImage *out, Diag *diag);

// The trap site at exactly `address`, or NULL.
const JitSite *jit_find_trap(const JitImage *image, uint64_t address);
// The trap sites from `address` on, those before `end`: *count of them.
const JitSite *jit_find_traps(const JitImage *image, uint64_t address, uint64_t end,
                              uint32_t *count);
// The call that returns to exactly `address`, or NULL.
const JitSite *jit_find_call(const JitImage *image, uint64_t address);
// The function whose code `address` is in, NO_INDEX for none; *inst gets the CLIF instruction that
// the code there belongs to, NO(Inst) when there is none.
uint32_t jit_find_func(const JitImage *image, uint64_t address, Inst *inst);

#endif
