// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the writers of tables/.
#ifndef TABLES_INTERNAL_H
#define TABLES_INTERNAL_H

#include "isle-rules/tables/tables.h"

// "x64" and "X64", "a64" and "A64": prefixes of C names.
const char *tables_target_lower(RowTarget target);
const char *tables_target_upper(RowTarget target);

// Appends the C enumerator of a row: X64_ADD_RM.
void tables_write_row_id(const RowSet *set, const RowModel *row, StrBuf *out);

// An expression for PReg `name` of the target, e.g. PREG(REG_INT, 0). False when there is none.
bool tables_preg_expression(RowTarget target, Str name, StrBuf *out);

// Index of operand `name` in MInst.operands (register operands in row order, the memory operand
// last), or -1.
int32_t tables_minst_operand(const RowModel *row, Str name);
bool tables_operand_is_register(const RowOperandModel *operand);
bool tables_operand_is_memory(const RowOperandModel *operand);

// The operand called `name`, or NULL.
const RowOperandModel *tables_find_operand(const RowModel *row, Str name);

// The `n`th immediate: 0 is held in MInst.imm, 1 in MInst.disp. -1: not an immediate.
int32_t tables_immediate_number(const RowModel *row, Str name);

// What a row's constructor returns: its name in C and ISLE, and how many defs it stands for.
typedef struct RowResult {
    const char *type;
    uint32_t defs;
} RowResult;

RowResult tables_row_result(const RowModel *row);
// A def is part of the result unless its name starts with `_`.
bool tables_is_result(const RowOperandModel *operand);
// The C or ISLE type of the constructor's parameter for an operand, NULL when there is none.
const char *tables_param_type(const RowOperandModel *operand, bool isle);
// Whether the row has a second constructor NAME_flags, which returns result and flags.
bool tables_has_flags_form(const RowModel *row);

// A word of an encoding string; advances `*rest`. Empty at the end.
Str tables_next_word(Str *rest);

// The banner of every file written.
void tables_write_banner(const RowSet *set, const char *comment, StrBuf *out);

// One row's encodings as C initialisers.
Status tables_write_encodings_x64(const RowSet *set, const RowModel *row, StrBuf *out, Diag *diag);
Status tables_write_encodings_a64(const RowSet *set, const RowModel *row, StrBuf *out, Diag *diag);

#endif
