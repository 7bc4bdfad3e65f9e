// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// text: CLIF as people write it. Parses files of functions with their test header and comments,
// parses the run directives in comments, prints functions and parts of them.
//
// print(parse(x)) is a fixed point of print . parse. Any byte string gives a file or a located
// error. The parser checks what docs/clif.md calls semantic parse rules, so that every number in a
// Func is in range; the rest is for validate/.
//
// Everything parsed lives in the arena given; the text itself must live as long.
#ifndef TEXT_TEXT_H
#define TEXT_TEXT_H

#include "ir/ir.h"

// ---- Files ----

// A comment with the entity just before it. `text` starts with its ';' and excludes the line end.
typedef struct Comment {
    EntityRef at;
    uint32_t pos;
    Str text;
} Comment;

typedef enum HeaderKind { HEADER_TEST, HEADER_SET, HEADER_TARGET, HEADER_FEATURE } HeaderKind;

// A line of the test header: the words after its keyword, as they are; of `feature` an optional `!`
// and the text between the quotes.
typedef struct HeaderLine {
    HeaderKind kind;
    uint32_t pos; // of the keyword
    Str *words;
    uint32_t *word_pos;
    uint32_t num_words;
} HeaderLine;

// What the text holds beside a function: comments from the word `function` to the next one.
typedef struct FuncText {
    Comment *comments;
    uint32_t num_comments;
    uint32_t start, end; // from the word `function` to behind its closing brace
} FuncText;

typedef struct ClifFile {
    Source source;
    Module module;
    VEC(HeaderLine) header;
    VEC(Comment) preamble; // comments before the first function
    VEC(FuncText) texts;   // parallel to module.funcs; empty without keep_comments
} ClifFile;

typedef struct ParseOptions {
    bool keep_comments;
    bool require_test; // a file test: at least one `test` line and one function
} ParseOptions;

// Parses `text`, called `path` in messages. On failure *out is NULL and `diag` has at least one
// error; parsing stops at the first. STATUS_LIMIT: the text has 4 GiB or more, a number is too
// large, or the dummies that fill number gaps would take more memory than 128 MiB and 64 bytes for
// each byte of the text. Without a calling convention a function has system_v if the header has a
// `test run` line, else fast.
Status text_parse_file(Arena *arena, Str path, Str text, const ParseOptions *options,
                       ClifFile **out, Diag *diag);

// ---- Run directives ----

typedef enum RunKind { RUN_NONE, RUN_RUN, RUN_PRINT } RunKind;
typedef enum RunCompare { RUN_CMP_NONE, RUN_CMP_EQ, RUN_CMP_NE } RunCompare;

// An argument: data, or an address in the function's heap region (`heap`, `heap+8`: ours).
typedef struct RunArg {
    DataValue value; // for a heap address the offset
    bool is_heap;
} RunArg;

// `; run: %f(1, 2) == 3`, `; print: %f()`, `; run`, and our extension `; run: %f(0) == trap CODE`.
typedef struct RunDirective {
    RunKind kind; // RUN_NONE: the comment is no directive
    bool has_call;
    ExtName name;
    RunArg *args;
    uint32_t num_args;
    RunCompare compare;
    DataValue *results;
    uint32_t num_results;
    TrapCode trap; // TRAP_NONE: values are expected
    uint32_t pos;  // of the word run or print
} RunDirective;

// Reads a comment of a function with signature `sig`, which gives the types. Text behind a complete
// directive is ignored. A bare `; run` has no call; it compares (!=) with the i8 0, which a result
// of another type never equals.
Status text_parse_directive(Arena *arena, Source *source, const Comment *comment,
                            const Signature *sig, RunDirective *out, Diag *diag);

// Reads one datum of `type` (at most 16 bytes) as a run directive writes it, from the whole of
// `text`.
Status text_parse_data(Arena *arena, Str text, Type type, DataValue *out, Diag *diag);

// ---- Printing ----

// The whole function, from "function" to "}\n"; it may be parsed or built, well-formed or not, as
// long as its numbers are in range.
void text_print_func(const Func *f, StrBuf *out);
// One instruction as a line of text_print_func has it, without indentation, source location,
// constant comments or line break.
void text_print_inst(const Func *f, Inst inst, StrBuf *out);
// "block0(v0: i32) cold:".
void text_print_block_header(const Func *f, Block block, StrBuf *out);
// A datum as a run directive would write it.
void text_print_data(const DataValue *data, StrBuf *out);
// A float's bits (of the scalar float type) as a literal.
void text_print_float(Type type, uint128 bits, StrBuf *out);

#endif
