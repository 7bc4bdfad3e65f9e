// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// marshal: calling conventions as the engines that run machine code see them. Written from the ABI
// documents and sharing nothing with the compiler's own layout (core/mach), so that an error there
// can't cancel out here.
//
//   x86-64, System V    integers rdi rsi rdx rcx r8 r9, results rax rdx; floats xmm0-7, xmm0-1
//   AArch64, AAPCS64    integers x0-x7 both ways; floats v0-v7 both ways; sret in x8
//   x86-64, Windows     rcx rdx r8 r9 or xmm0-3 by position, behind 32 bytes of the callee
//   AArch64, Windows    as AAPCS64
//   AArch64, Apple      as AAPCS64, but stack arguments take no more than their size
//   tail                as the architecture's own one, but the callee pops the stack arguments
//   winch               likewise, but only the last result is in a register (rax, xmm0, x0, v0)
//   preserve_all        likewise, without results, and all registers are preserved
//   probestack          one argument in rax or x15, else the same
//   both                an i128 is two integers, low half first, both in registers or both on the
//                       stack at a multiple of 16; what has no register left goes to the stack in
//                       slots of 8 bytes (vectors: 16, aligned); results beyond registers go to
//                       memory laid out likewise, whose address is a hidden last argument
//
// An i128 on AArch64 starts at an even register (AAPCS64 C.10), and once one has gone to the stack
// all integers do (C.13); on x86-64 what is left of the registers goes to later integers (System V
// ABI 3.2.3).
//
// Bits above a narrow value are undefined, and garbage here, unless the parameter says uext or
// sext.
#ifndef EMULATE_MARSHAL_H
#define EMULATE_MARSHAL_H

#include "ir/ir.h"
#include "settings/settings.h"

// Registers of a guest, by hardware number. The stack pointer is ints[4] on x86-64, ints[31] on
// AArch64; flags are rflags, or nzcv in its upper bits.
typedef struct GuestRegs {
    uint64_t ints[32];
    uint8_t floats[32][16];
    uint64_t pc, flags;
} GuestRegs;

// What a convention fixes of the registers.
typedef struct Convention {
    uint8_t int_args[8], float_args[8], int_rets[8], float_rets[8];
    uint8_t num_int_args, num_float_args, num_int_rets, num_float_rets;
    uint8_t num_ints;      // general registers, the stack pointer among them
    uint8_t num_floats;    // vector registers
    uint8_t sp;            // the stack pointer's number
    bool even_pairs;       // an i128 starts at an even register
    bool no_wide;          // an i128 or f128 can't be passed
    bool by_position;      // argument n is in register n of its kind
    bool packed;           // stack arguments take their own size
    bool last_result;      // in a register; those before it are in memory
    bool pops;             // the callee pops the stack arguments
    uint8_t shadow;        // bytes below the stack arguments that are the callee's
    uint8_t sret;          // register of an sret parameter; 255: as any other
    uint8_t sret_back;     // where a function without results returns it; 255: nowhere
    uint8_t link;          // register of the return address; 255: it is on the stack
    uint32_t saved_ints;   // registers that a callee preserves
    uint32_t saved_floats; // and of these, the low bytes:
    uint8_t saved_float_bytes;
} Convention;

typedef enum PlaceKind { PLACE_INT, PLACE_FLOAT, PLACE_STACK } PlaceKind;

// Where a part of a value lies.
typedef struct Place {
    uint8_t kind; // PlaceKind
    uint8_t reg;
    uint8_t value_at; // the part's first byte in the value
    uint8_t bytes;    // of the value in this part
    uint8_t width;    // of the register or slot: 8 or 16, less if packed
    uint8_t extension;
    uint32_t offset; // PLACE_STACK: from the start of the area
    uint32_t value;  // which parameter or result
} Place;

// A signature laid out.
typedef struct Layout {
    const Convention *convention;
    Place *args, *rets;
    uint32_t num_args, num_rets; // parts
    uint32_t args_bytes;         // of the stack arguments, a multiple of 16
    uint32_t rets_bytes;         // of the area for results beyond registers; 0: none
    Place area;                  // where the hidden pointer to it is passed
    uint32_t sret;               // argument that must come back; NO_INDEX: none
} Layout;

// The usual convention of an architecture whose code we generate. All agree in what is about the
// stack pointer, the return address and the number of registers.
const Convention *marshal_convention(Arch arch);

// Lays out `sig`. NULL, or why it can't be done.
const char *marshal_layout(Arch arch, const Signature *sig, Arena *arena, Layout *out);

// Writes a part of `value` to its place; `area` is the memory of stack places. What is above the
// part becomes garbage, unless it is extended.
void marshal_put(const Place *place, const DataValue *value, GuestRegs *regs, uint8_t *area);
// Reads a part of *value from its place. False when the part should have been extended and is not.
bool marshal_get(const Place *place, const GuestRegs *regs, const uint8_t *area, DataValue *value);

// Garbage that depends on `n` alone.
uint64_t marshal_garbage(uint64_t n);

#endif
