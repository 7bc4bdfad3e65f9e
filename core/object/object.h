// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// object: compiled functions as a relocatable ELF file (ET_REL) for the system's linker, written
// through libelf.
//
//   .text             the functions in order, each aligned
//   .rela.text        their relocations
//   .eh_frame         how to unwind from every address of the code, and .rela.eh_frame
//   .note.GNU-stack   no executable stack
//   .symtab           a global function symbol for each function, with its size; what is referred
//                     to and not defined is undefined
//
// The bytes depend on the input alone. This library is the one part of core that needs more than
// the C library.
#ifndef OBJECT_OBJECT_H
#define OBJECT_OBJECT_H

#include "emit/emit.h"

typedef struct ObjectOptions {
    Arch arch;
    Source *source; // of messages, may be NULL
    bool unwind;    // .eh_frame is wanted
} ObjectOptions;

// The symbol that a linker knows `name` by: the text of %text, u0_1 of u0:1, ceilf of %CeilF32.
// False when it has none: an empty name, or a userextname of unknown number.
NODISCARD bool object_symbol_name(const ExtName *name, StrBuf *out);

// Writes the `n` functions, those without code (code is NULL) left out, into the file `fd`, which
// must be open for reading and writing, seekable and empty. STATUS_INVALID with a message for names
// that are no symbols and for two functions of one symbol, STATUS_LIMIT for more than 2 GiB of
// code, STATUS_UNSUPPORTED for an architecture without code, STATUS_IO when the file can't be
// written. `scratch` holds what is built; nothing of it is
// needed afterwards.
Status object_write(const CompiledFunc *funcs, uint32_t n, const ObjectOptions *options, int fd,
                    Arena *scratch, Diag *diag);

#endif
