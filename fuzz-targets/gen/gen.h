// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// gen: from any byte string to a valid module, with inputs for it. Nothing is rejected: bytes
// choose, missing bytes are zero, and a choice that can't be had becomes another one that can.
//
// What operations there are is not said here: a GenTable asks coverage what each target can lower,
// so that an opcode is generated from the day on which a rule for it exists. Choices do not shift
// when it does: bytes that chose something else before still do.
//
// A module is made so that all engines must agree about it: it ends (loops and calls use up fuel
// that lies in the heap), its memory accesses are inside of the heap and initialised stack slots or
// else trap, and the bits of a NaN that arithmetic made are not looked at (GenCase.exact_nans: they
// are). Divisions, conversions and conditional traps trap now and then.
//
// The bytes: a header of GEN_HEADER bytes, records of GEN_RECORD bytes each of which is one
// instruction or the end of a block or a function, and a tail of at most GEN_TAIL bytes from which
// the inputs are made. Mutations of records are mutations of the program.
#ifndef GEN_GEN_H
#define GEN_GEN_H

#include "ir/ir.h"
#include "settings/settings.h"

#define GEN_HEADER     16
#define GEN_RECORD     8
#define GEN_TAIL       32
#define GEN_INPUTS     8
#define GEN_HEAP_BYTES 4096 // of the region whose address is the entry function's first argument
#define GEN_TYPES_MAX  64
#define GEN_FUNCS_MAX  8

// An operation under one choice of types.
typedef struct GenShape {
    Opcode op;
    Type ctrl;
    Type args[3];
    uint32_t smalls; // which conditions, operators or lane numbers are supported, as bits
} GenShape;

// What modules for certain targets may consist of.
typedef struct GenTable {
    GenShape *shapes; // by opcode; those that some target can't do have smalls == 0
    uint32_t num_shapes;
    uint32_t first[OP_COUNT + 1];
    uint16_t (*pick)[256]; // by opcode and byte; UINT16_MAX: the opcode is not supported
    uint8_t ops[256];      // by byte: the opcode, or one of GEN_OP_*
    Type types[GEN_TYPES_MAX];
    uint32_t num_types;
    Type params[CC_COUNT][GEN_TYPES_MAX]; // that parameters and results may have
    uint32_t num_params[CC_COUNT];        // 0: the convention is not supported
    bool no_results[CC_COUNT];            // functions of the convention have none
    uint8_t big_endian[256]; // by type: bit 0, loads of that byte order can be had; bit 1, stores
    Isa isas[4];
    uint32_t num_isas;
} GenTable;

// What `ops` has beside opcodes.
enum { GEN_OP_IDIOM = 253, GEN_OP_FUNC = 254, GEN_OP_SET = 255 };

typedef struct GenInput {
    DataValue *args;
    uint32_t num_args;
} GenInput;

typedef struct GenCase {
    Module module;
    uint32_t entry; // function that is called
    Settings settings;
    bool exact_nans; // the bits of NaNs must agree, too
    bool inlines;    // whoever judges the mid-end brings callees' bodies in first
    GenInput inputs[GEN_INPUTS];
} GenCase;

// What all of `isas` can do under `settings`; in `arena`.
GenTable *gen_table(const Settings *settings, const Isa *isas, uint32_t num_isas, Arena *arena);

// Whether operations of `op` are left out whatever targets can do: their results differ from engine
// to engine, or they mean something only together with others.
bool gen_leaves_out(Opcode op);

// The shape that `op` with byte `choice` means, NULL when the opcode is not supported.
static inline const GenShape *gen_shape(const GenTable *t, Opcode op, uint8_t choice)
{
    const uint16_t index = t->pick[op][choice];
    return index == UINT16_MAX ? NULL : &t->shapes[index];
}

// The supported shape of exactly these types, NULL when there is none.
const GenShape *gen_find_shape(const GenTable *t, Opcode op, Type ctrl, Type arg0);

// Makes the module of `size` bytes of `data`, in `arena`.
void gen_case(const GenTable *table, const uint8_t *data, size_t size, Arena *arena, GenCase *out);

// Makes a module of one function that does the one operation of `shape` on its parameters, and its
// inputs; as gen_case otherwise.
void gen_single(const GenTable *table, const uint8_t *data, size_t size, Arena *arena,
                GenCase *out);

// Gives the case other inputs, which depend on `seed` alone, in `arena`.
void gen_other_inputs(GenCase *c, uint64_t seed, Arena *arena);

// A datum of `type` that depends on `seed` alone: often one at the edges of the type.
DataValue gen_data(Type type, uint64_t seed);

// Well mixed bits that depend on `n` alone.
uint64_t gen_mix(uint64_t n);

// Changes `data` of `size` bytes in place into another program of at most `max` bytes, by `seed`
// alone: records are inserted, removed, copied, swapped, or changed in one field. Returns the new
// size.
size_t gen_mutate(uint8_t *data, size_t size, size_t max, uint32_t seed);

// Writes records of `a` and then of `b` to `out` of `max` bytes; returns its size.
size_t gen_cross(Str a, Str b, uint8_t *out, size_t max, uint32_t seed);

#endif
