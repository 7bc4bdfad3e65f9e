// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tables: reads the instruction rows of a target (docs/instruction-tables.md) and writes what
// follows from them: the C tables of rows and encodings, the constructors in C and ISLE, the
// specifications.
//
// A RowFile model lives in the arena given. Output is deterministic: rows in order of the files.
#ifndef TABLES_TABLES_H
#define TABLES_TABLES_H

#include "base/base.h"

// ---- S-expressions ----

// An atom, a string or a list, with its place. Lists are linked, so that `foreach` can share parts.
typedef enum SexprKind { SEXPR_ATOM, SEXPR_STRING, SEXPR_LIST } SexprKind;

typedef struct Sexpr {
    SexprKind kind;
    uint32_t pos;
    Str text;            // of an atom; of a string without its quotes
    struct Sexpr *items; // of a list
    uint32_t num_items;
} Sexpr;

// Reads all forms of `source` into one list.
Status sexpr_read(Arena *arena, Source *source, Sexpr *out, Diag *diag);
// Appends `expr` as text on one line.
void sexpr_print(const Sexpr *expr, StrBuf *out);

// ---- Rows ----

typedef enum RowTarget { ROW_X64, ROW_AARCH64 } RowTarget;

typedef enum RowOperandKind {
    ROWOP_DEF,
    ROWOP_USE,
    ROWOP_RM,
    ROWOP_MEM,
    ROWOP_IMM,
    ROWOP_CC,
    ROWOP_LABEL
} RowOperandKind;

typedef struct RowOperandModel {
    RowOperandKind kind;
    Str name;
    bool is_vec;
    uint32_t bytes; // 0: the row's size
    bool early, late, any;
    Str fixed; // register name, empty: none
    Str reuse; // operand name, empty: none
    Str imm_kind;
    uint32_t pos;
} RowOperandModel;

typedef struct RowEncoding {
    uint32_t sizes; // bit N: N bytes; 0: every size
    Str text;
    uint32_t pos;
} RowEncoding;

#define ROW_MODEL_OPERANDS  10
#define ROW_MODEL_ENCODINGS 4

typedef struct RowModel {
    Str name; // without the target's prefix
    Source *source;
    uint32_t pos;
    uint32_t sizes; // bit N: N bytes allowed; 0: sizeless
    RowOperandModel operands[ROW_MODEL_OPERANDS];
    uint32_t num_operands;
    const Sexpr *flags_read, *flags_write; // lists, NULL: none
    const Sexpr *clobbers, *effects, *features;
    RowEncoding encodings[ROW_MODEL_ENCODINGS];
    uint32_t num_encodings;
    Str asm_text;
    const Sexpr *meaning; // the whole clause, NULL: none
} RowModel;

typedef struct RowSet {
    Arena *arena;
    RowTarget target;
    bool has_target;
    VEC(RowModel) rows;
    VEC(Sexpr) macros; // (macro (NAME PARAM...) EXPR...): abbreviations for meanings
    StrTable names;
} RowSet;

// Reads one more file into `set`. Errors are located; several are reported before it gives up.
Status rows_read(RowSet *set, Source *source, Diag *diag);

// Number of sizes in a mask, and whether the constructor takes a size parameter.
bool row_has_size_param(const RowModel *row);
// Whether any `effects` says `effect`.
bool row_has_effect(const RowModel *row, Str effect);

// ---- Writers: each appends a whole file ----

// NAME_rows.h: the enumeration of rows.
void rows_write_header(const RowSet *set, StrBuf *out);
// NAME_rows.c: the MRow table and the encoding table. Encodings are parsed here.
Status rows_write_tables(const RowSet *set, StrBuf *out, Diag *diag);
// NAME_ctors.h: inline constructors over LowerCtx.
void rows_write_constructors(const RowSet *set, StrBuf *out);
// NAME_insts.isle: decl and extern constructor of each row.
void rows_write_isle(const RowSet *set, StrBuf *out);
// NAME_specs.isle: the meaning of each constructor, checked: names, widths, flags and effects.
Status rows_write_specs(const RowSet *set, StrBuf *out, Diag *diag);
// Names of the rows without a meaning, one a line.
void rows_write_missing(const RowSet *set, StrBuf *out);

#endif
