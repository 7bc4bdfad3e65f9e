// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of target/x64.
#ifndef TARGET_X64_INTERNAL_H
#define TARGET_X64_INTERNAL_H

#include "emit/emit.h"

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
} X64Encoding;

#define X64_ENCODINGS_MAX 3

#endif
