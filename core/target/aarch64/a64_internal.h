// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of target/aarch64.
#ifndef TARGET_A64_INTERNAL_H
#define TARGET_A64_INTERNAL_H

#include "a64_rows.h"
#include "emit/emit.h"

typedef enum A64FieldSource {
    A64_FIELD_REG,
    A64_FIELD_IMM,  // MInst.imm
    A64_FIELD_IMM2, // MInst.disp
    A64_FIELD_CC,
    A64_FIELD_CC_INVERSE,
    A64_FIELD_SF,   // 1 at 8 bytes
    A64_FIELD_SIZE, // log2 of the bytes
    A64_FIELD_LABEL
} A64FieldSource;

// How the number in the instruction becomes bits.
typedef enum A64ImmKind {
    A64_IMM_NONE,
    A64_IMM_UIMM12,  // sh:imm12
    A64_IMM_BITMASK, // N:immr:imms
    A64_IMM_HWSHIFT, // 0, 16, 32, 48
    A64_IMM_UIMM4,
    A64_IMM_UIMM5,
    A64_IMM_UIMM6,
    A64_IMM_UIMM16,
    A64_IMM_FPIMM8, // bits of a float of the row's size
    A64_IMM_I64
} A64ImmKind;

typedef struct A64Field {
    uint8_t source; // A64FieldSource
    int8_t operand; // A64_FIELD_REG
    uint8_t pos, width;
    uint8_t low;  // lowest bit of the encoded number that goes here
    uint8_t kind; // A64ImmKind
} A64Field;

// How the addressing mode becomes bits of a load or store.
typedef enum A64MemoryForm {
    A64_MEMORY_NONE,
    A64_MEMORY_ONE, // of one register: all modes
    A64_MEMORY_PAIR // of two: a base and a small multiple of the register's size
} A64MemoryForm;

// Encoding of a row for some sizes.
typedef struct A64Encoding {
    bool valid;
    uint8_t sizes; // sum of sizes in bytes
    uint32_t base;
    uint8_t memory;    // A64MemoryForm
    uint8_t ldst_code; // size:2 V:1 opc:2; of a pair opc:2 V:1 L:1
    uint8_t num_fields;
    A64Field fields[6];
} A64Encoding;

#define A64_ENCODINGS_MAX 2

extern const A64Encoding a64_encodings[A64_ROW_COUNT][A64_ENCODINGS_MAX];

// Register 31: the stack pointer or the zero register, as the field says. Never allocated.
#define A64_SP PREG(REG_INT, 31)

// Whether register 31 is the stack pointer in the fields of this row; in those of others it is
// zero, but as the base of a memory operand.
bool a64_takes_sp(uint16_t op);

// Never allocated: what emission makes up as it goes.
#define X16 PREG(REG_INT, 16)
#define X17 PREG(REG_INT, 17)

// A memory operand with physical registers.
typedef struct A64Mem {
    uint8_t kind; // AMODE_BASE, AMODE_INDEX, AMODE_INDEX_UXTW, AMODE_INDEX_SXTW
    PReg base, index;
    uint8_t scale; // 0 or log2 of the access
    int32_t disp;
} A64Mem;

// What the encoder needs of one instruction, registers decided.
typedef struct A64Inst {
    uint16_t op;
    uint8_t size;
    uint8_t cc;
    PReg regs[ROW_OPERANDS_MAX];
    bool has_mem;
    A64Mem mem;
    int64_t imm;
    int32_t imm2;
} A64Inst;

// Whether a load or store of `bytes` can have this offset from a base register.
bool a64_offset_fits(int64_t offset, uint32_t bytes);

// The same for a pair of general registers.
bool a64_pair_offset_fits(int64_t offset);

// Whether `x` is a number of the kind for an operation of `bytes`; *bits gets its encoding.
bool a64_encode_immediate(A64ImmKind kind, int64_t x, uint32_t bytes, uint32_t *bits);

// Encodes a row that is not pseudo. Asserts that immediates and offsets fit.
uint32_t a64_encode(const A64Inst *inst);

// Assembly text.
void a64_print(const A64Inst *inst, StrBuf *out);

// The name of a condition code: "eq", "ne".
const char *a64_condition_name(uint32_t cc);

// Name of a register at a width in bytes; number 31 is the zero register.
const char *a64_reg_name(PReg reg, uint32_t bytes);

// For emission: an encoded instruction, and `word`, a branch or adr whose field `kind` is to reach
// the label.
void a64_put_inst(EmitCtx *ctx, const A64Inst *inst);
void a64_put_branch(EmitCtx *ctx, uint32_t word, Label to, FixupKind kind);
// `x` into `reg`, in as few instructions as it takes.
void a64_put_constant(EmitCtx *ctx, PReg reg, uint64_t x);
// The loops of atomic operations.
void a64_emit_atomic(EmitCtx *ctx, const MInst *inst);
// Memory at base + offset, for an access of `bytes` (0: of a pair); an offset too far for that goes
// to x16 first.
A64Mem a64_memory_at(EmitCtx *ctx, PReg base, int64_t offset, uint32_t bytes);

// sp +/- amount, through x16 if it is large.
void a64_move_sp(EmitCtx *ctx, int64_t amount);
// Undoes the prologue; above the stack pointer are then stack arguments of `args` bytes. Whoever
// leaves the function ends it by emit_unwind_recall.
void a64_put_epilogue(EmitCtx *ctx, uint32_t args);

// Addresses of symbols.
void a64_emit_load_symbol(EmitCtx *ctx, const MInst *inst);
void a64_emit_thread_local(EmitCtx *ctx, const MInst *inst);

// Parts of the Target.
void a64_emit_frame(EmitCtx *ctx);
void a64_emit_prologue(EmitCtx *ctx);
void a64_emit_inst(EmitCtx *ctx, const MInst *inst);
void a64_emit_trap(EmitCtx *ctx);
void a64_emit_move(EmitCtx *ctx, Alloc to, Alloc from, uint32_t bytes);

#endif
