// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of reduce/.
#ifndef REDUCE_INTERNAL_H
#define REDUCE_INTERNAL_H

#include "fuzz-targets/reduce/reduce.h"
#include "text/text.h"

// One call of the file: a run directive, or a print directive.
typedef struct ReduceCall {
    uint32_t func;
    RunDirective directive;
} ReduceCall;

// A file taken apart, so that it can be changed and printed.
typedef struct ReduceFile {
    Arena *arena;
    ClifFile *clif;
    bool *no_line;   // by header line: left out
    uint64_t *heaps; // by function
    VEC(ReduceCall) calls;
} ReduceFile;

// ---- reduce_file.c ----

// Parses `text`.
Status reduce_parse(Str path, Str text, Arena *arena, ReduceFile *out, Diag *diag);
// Prints the file, calls as print directives.
void reduce_print(const ReduceFile *file, StrBuf *out);
// Prints the file, calls as run directives with the interpreter's answers.
void reduce_print_final(const ReduceFile *file, StrBuf *out);

// ---- reduce_eval.c ----

// Judges the file. Crashes and hangs are the caller's to see.
Str reduce_evaluate(Str text, ReduceKind kind, Arena *arena);
// `message` without digits and what follows the first line.
Str reduce_normalize(Str message, Arena *arena);

// Whether the interpreter gives other answers to the calls of `file` when it runs `other`, the same
// functions rewritten.
bool reduce_differs(const ReduceFile *file, const ReduceFile *other);

// ---- reduce_edit.c ----

// Replaces uses of `from` in the layout.
void edit_replace(Func *f, Value from, Value to);
// Values with uses in the layout.
Bitset edit_used(const Func *f);
// How many block calls in the layout lead to `to`.
uint32_t edit_count_edges(const Func *f, Block to);
// Takes `block` out of the function.
void edit_remove_block(Func *f, Block block);
// A constant zero before `before`; NO(Value) when there is none of the type.
Value edit_zero(Func *f, Inst before, Type type);
// Takes `inst` out; used results become zeros. False: it can't be.
bool edit_remove(Func *f, Inst inst);
// Whether `inst` is but a constant.
bool edit_is_constant(const Func *f, Inst inst);
// Makes the terminator a jump to its block call number `n`, or a return of zeros.
bool edit_jump(Func *f, Inst inst, uint32_t n);
bool edit_return(Func *f, Inst inst);
// Removes parameter `n` of `block`, with its arguments.
bool edit_remove_param(Func *f, Block block, uint32_t n);
// Removes declarations that nothing names.
void edit_declarations(Func *f);
// Removes what is unreachable or unused and has no effect, and joins blocks that follow each other.
void edit_clean(Func *f, bool join);

// ---- reduce_passes.c ----

// Makes candidate `n` of a pass of the file; false: there is no such candidate.
typedef bool (*ReducePass)(ReduceFile *file, uint32_t n, uint32_t size);

typedef struct ReducePassInfo {
    const char *name;
    ReducePass run;
    bool chunks; // candidates take `size` things at once; else one
} ReducePassInfo;

extern const ReducePassInfo reduce_passes[];
extern const uint32_t reduce_num_passes;

#endif
