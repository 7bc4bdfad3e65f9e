// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of target/x64.
#ifndef TARGET_X64_INTERNAL_H
#define TARGET_X64_INTERNAL_H

#include "emit/emit.h"
#include "x64_rows.h"

// Encoding of a row for some sizes, from its opcode-column text. Operand numbers count in
// MInst.operands, -1: none.
typedef struct X64Encoding {
    bool valid;
    uint8_t sizes;  // sum of the sizes in bytes that it is for
    uint8_t prefix; // 0x66, 0xf2, 0xf3, or 0
    bool osize;     // 66 at 2 bytes, REX.W at 8
    bool rexw;      // REX.W always
    uint8_t map;    // 0: one byte, 1: 0F, 2: 0F38, 3: 0F3A
    uint8_t opcode;
    bool opcode_cc;    // plus MInst.cc
    int8_t opcode_reg; // plus the register of this operand
    int8_t reg;        // ModRM.reg operand
    bool has_digit;    // ModRM.reg is `digit`
    uint8_t digit;
    int8_t rm;         // ModRM.rm operand
    int8_t imm;        // 0: MInst.imm, 1: MInst.disp
    uint8_t imm_bytes; // 0xff: 2 at size 2, else 4
    bool rel;          // a branch displacement follows
    bool vex;          // a VEX prefix, of 128 bits, stands for prefix, REX and map
    int8_t vex_reg;    // the register operand in it
} X64Encoding;

#define X64_ENCODINGS_MAX 3

extern const X64Encoding x64_encodings[X64_ROW_COUNT][X64_ENCODINGS_MAX];

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

// A memory operand with physical registers. rip: disp is relative to the end of the instruction and
// filled in by a fixup or relocation.
typedef struct X64Mem {
    bool rip;
    PReg base;  // PREG_NONE: none
    PReg index; // PREG_NONE: none
    uint8_t scale;
    int32_t disp;
} X64Mem;

// What the encoder needs of one instruction, registers decided.
typedef struct X64Inst {
    uint16_t op;
    uint8_t size;
    uint8_t cc;
    PReg regs[ROW_OPERANDS_MAX]; // by operand; the memory operand's entry is unused if has_mem
    int8_t mem_operand;          // which operand is in memory, -1: none
    X64Mem mem;
    int64_t imm;
    int32_t imm2;
} X64Inst;

// The bytes of one instruction.
typedef struct X64Bytes {
    uint8_t bytes[16];
    uint8_t len;
    int8_t rip_field; // offset of a rip-relative disp32, -1: none
} X64Bytes;

// Encodes a row that is not pseudo. Asserts that the immediate fits one of its encodings.
X64Bytes x64_encode(const X64Inst *inst);

// Assembly text of an instruction, Intel syntax.
void x64_print(const X64Inst *inst, StrBuf *out);

// The suffix of a condition code: "e", "ne".
const char *x64_condition_name(uint32_t cc);

// Name of a general or vector register at a width in bytes.
const char *x64_reg_name(PReg reg, uint32_t bytes);

// Addresses of symbols.
void x64_emit_load_symbol(EmitCtx *ctx, const MInst *inst);
void x64_emit_thread_local(EmitCtx *ctx, const MInst *inst);

// Puts one instruction, with its note.
void x64_put_inst(EmitCtx *ctx, const X64Inst *inst);

// A jump to `to` if the condition holds.
void x64_put_jcc(EmitCtx *ctx, uint32_t cc, Label to);

// The memory operand of an instruction with physical registers; a label for a constant goes to
// *constant.
X64Mem x64_memory_of(EmitCtx *ctx, const MInst *inst, Label *constant);

// Atomic operations as loops: x64_emit_atomics.c.
void x64_emit_atomic_rmw(EmitCtx *ctx, const MInst *inst);
void x64_emit_pair_rmw(EmitCtx *ctx, const MInst *inst);

// Adds to the stack pointer.
void x64_move_sp(EmitCtx *ctx, int64_t amount);
// Undoes the prologue, as far as the return address, which is where the caller put it but for
// FrameLayout.growth. Whoever leaves the function then ends it by emit_unwind_recall.
void x64_put_epilogue(EmitCtx *ctx);
// Behind an epilogue: moves the return address up by `bytes`, for a tail call of fewer arguments.
void x64_put_shrink(EmitCtx *ctx, uint32_t bytes);
// Behind an epilogue: returns, and pops FrameLayout.pops bytes of arguments.
void x64_put_return(EmitCtx *ctx);
// Behind a call that pops `bytes` of arguments: takes them for the outgoing area again.
void x64_put_repush(EmitCtx *ctx, int64_t bytes);

// Parts of the Target.
void x64_emit_frame(EmitCtx *ctx);
void x64_emit_prologue(EmitCtx *ctx);
void x64_emit_inst(EmitCtx *ctx, const MInst *inst);
void x64_emit_trap(EmitCtx *ctx);
void x64_emit_move(EmitCtx *ctx, Alloc to, Alloc from, uint32_t bytes);

#endif
