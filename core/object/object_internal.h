// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of object.
#ifndef OBJECT_INTERNAL_H
#define OBJECT_INTERNAL_H

#include "object/object.h"

#include <elf.h>

// Contents of a file under construction. Everything is in the scratch arena.
typedef struct ObjectFile {
    Arena *arena;
    Diag *diag;
    const ObjectOptions *options;
    const CompiledFunc *funcs;
    uint32_t num_funcs;

    uint8_t *text;
    uint64_t text_size, text_align;
    uint64_t *offsets; // in text, by function
    VEC(Elf64_Rela) relas;
    StrBuf unwind; // .eh_frame, empty: none
    VEC(Elf64_Rela) unwind_relas;
    VEC(Elf64_Sym) symbols; // local ones first: OBJECT_SYM_*, then marks of what is data
    uint32_t num_locals;
    StrTable names; // of the global symbols
    StrBuf strings; // .strtab
} ObjectFile;

// The first local symbols.
enum { OBJECT_SYM_NULL, OBJECT_SYM_TEXT, OBJECT_SYM_COUNT };

// Sections, in the order of the file. Those that are empty are left out of it.
typedef enum ObjectSection {
    OBJECT_TEXT = 1,
    OBJECT_RELA_TEXT,
    OBJECT_EH_FRAME,
    OBJECT_RELA_EH_FRAME,
    OBJECT_NOTE_STACK,
    OBJECT_SYMTAB,
    OBJECT_STRTAB,
    OBJECT_SHSTRTAB,
    OBJECT_SECTION_END
} ObjectSection;

// Lays out the code and makes the symbols and relocations.
Status object_build(ObjectFile *file);
// Makes .eh_frame, once the code is laid out.
void object_build_unwind(ObjectFile *file);
// Writes what was built.
Status object_put(ObjectFile *file, int fd);

#endif
