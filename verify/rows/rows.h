// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// rows: a target's instruction rows as its rules call them: terms, what their parameters stand for,
// and the names of flags. For those that look at all rows of a target: the comparison of meanings
// with CPUs, and the proof of what is emitted. All of it is read back from the names and types that
// the generator of rows gives (isle-rules/tables).
#ifndef VERIFY_ROWS_ROWS_H
#define VERIFY_ROWS_ROWS_H

#include "isle-rules/compiler/islec.h"
#include "mach/mach.h"

enum { ROWS_FLAGS_MAX = 6, ROWS_PARAMS_MAX = 12 };

// What a parameter of a row's term stands for.
typedef enum RowParamKind {
    ROW_PARAM_OPERAND,
    ROW_PARAM_SIZE, // of the operation, in bytes
    ROW_PARAM_IMM,  // the row's immediates, in order
    ROW_PARAM_IMM2,
    ROW_PARAM_COND,
    ROW_PARAM_TRAP, // the trap code
    ROW_PARAM_FLAGS // the flags before
} RowParamKind;

typedef struct RowParam {
    RowParamKind kind;
    uint32_t operand; // of the row, if it is one
} RowParam;

typedef struct RowParams {
    RowParam params[ROWS_PARAMS_MAX];
    uint32_t count;
    uint32_t num_imms; // 0 to 2
    bool has_cond;
} RowParams;

// The term that says most of a row: the one that gives its flags, too, if there is one; ISLE_NONE:
// the program has none.
IsleTermId rows_term(const Isle *isle, const Target *target, uint16_t op, Arena *scratch);

// What the parameters of a row's term stand for, by their types and names. False: one is no operand
// of the row. The term must have a specification.
bool rows_params(const Isle *isle, const IsleTerm *term, const MRow *row, RowParams *out);

// The flags of the program's target, in the order of its model `Flags`; returns how many there are.
uint32_t rows_flags(const Isle *isle, IsleSym names[ROWS_FLAGS_MAX]);

// A row that only reads flags: behind another one it keeps emission from thinking that nobody looks
// at them.
uint16_t rows_flag_reader(const Target *target);

#endif
