// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Meanings of rows: from the S-expressions of a `meaning` clause, at one size, to checked text in
// the specification language. Between meaning.c (equations and effects) and meaning_expr.c
// (expressions).
//
// At one size every width is known, so each expression has one sort and integers are numbers.
#ifndef TABLES_MEANING_INTERNAL_H
#define TABLES_MEANING_INTERNAL_H

#include "isle-rules/tables/tables_internal.h"

typedef enum TermSort { TERM_BOOL, TERM_INT, TERM_BV } TermSort;

// An expression: its sort, the value of an integer, and its text.
typedef struct Term {
    TermSort sort;
    uint32_t width;
    int64_t value;
    Str text;
} Term;

typedef struct MeaningName {
    Str name;
    Term term;
} MeaningName;

// Flags of the target in the order of their struct.
#define MEANING_FLAGS 6

typedef struct Meaning {
    const RowSet *set;
    const RowModel *row;
    Diag *diag;
    uint32_t bytes; // the size looked at, 0: the row has none

    Str defs[ROW_MODEL_OPERANDS];   // by operand: its expression at its width; empty: none yet
    bool loose[ROW_MODEL_OPERANDS]; // by operand: nothing is known of the bits above its width
    Str flags[MEANING_FLAGS];       // by flag: its expression; empty: none yet
    VEC(Str) effects;               // in order
    VEC(MeaningName) lets;          // names bound by `let` and values of operands, in order
    bool operand_named[ROW_MODEL_OPERANDS]; // its value is among the lets
    bool stores, traps, branches;           // effects that the row must declare
    bool opaque;                            // calls and the like: nothing for rules to use

    uint32_t depth;        // of macros and lists
    const Sexpr *in_macro; // the outermost macro call that is being expanded, or NULL
} Meaning;

// Reads and checks the meaning of `row` at a size. False after a located message.
bool meaning_read(Meaning *m);
// The body of the macro called `name`, with its parameters replaced by `call`'s operands, as a list
// without a head. NULL: no such macro (no message), or a wrong call (*bad is set).
const Sexpr *meaning_expand(Meaning *m, const Sexpr *call, bool *bad);
// The names of the target's flags in the order of their struct; NULL where there are fewer than
// MEANING_FLAGS.
const char *const *meaning_flag_names(RowTarget target);
// Index of a flag of the target, or -1.
int32_t meaning_flag(RowTarget target, Str name);
// Whether a `flags` list of the row, or NULL, names the flag.
bool meaning_lists_flag(const Sexpr *list, Str name);

// An expression. False after a message.
bool meaning_expr(Meaning *m, const Sexpr *e, Term *out);
// An expression that must be a bit vector of `width`, or a Bool for width 0.
bool meaning_expr_of(Meaning *m, const Sexpr *e, uint32_t width, Term *out);
// The trap code of the row's accesses at an address: its operand of kind `trap`, that of its memory
// operand, or none.
Str meaning_trap(const Meaning *m);
// Binds a name; it must be new.
bool meaning_bind(Meaning *m, const Sexpr *at, Str name, Term term);

// The width in bits of an operand at the size looked at.
uint32_t meaning_operand_width(const Meaning *m, const RowOperandModel *operand);
// An error at `at`, or at the call of the macro it comes from. Always false.
bool meaning_fail(Meaning *m, const Sexpr *at, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
