// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// emit: from an allocated MFunc to bytes, relocations and tables. The code buffer knows labels,
// fixups of each branch range, veneers, branch folding and a constant pool; the target's functions
// put instructions into it.
//
// Positions are byte offsets in the function's code. A CompiledFunc is position independent but for
// its relocations.
#ifndef EMIT_EMIT_H
#define EMIT_EMIT_H

#include "mach/mach.h"

typedef enum RelocKind {
    RELOC_X64_PC32,     // 32-bit, relative to the end of the field
    RELOC_X64_PLT32,    // call, relative to the end of the field
    RELOC_X64_GOTPCREL, // 32-bit offset of the GOT entry
    RELOC_ABS64,
    RELOC_A64_CALL26,
    RELOC_A64_ADR_PREL_PG_HI21,
    RELOC_A64_ADD_ABS_LO12_NC,
    RELOC_A64_ADR_GOT_PAGE,
    RELOC_A64_LD64_GOT_LO12_NC
} RelocKind;

// What a relocation or an address names: a function reference or global value of the CLIF function.
typedef struct Reloc {
    uint32_t offset; // of the field
    RelocKind kind;
    ExtName name;
    int64_t addend;
} Reloc;

// An instruction that may trap, the code, and the CLIF instruction it stands for.
typedef struct TrapSite {
    uint32_t offset; // of the instruction
    TrapCode code;
    Inst inst;
} TrapSite;

// The address behind a call instruction.
typedef struct CallRecord {
    uint32_t return_offset;
    Inst inst;
} CallRecord;

// From which offset on code belongs to which CLIF instruction.
typedef struct SrcRange {
    uint32_t offset;
    Inst inst;
} SrcRange;

typedef struct CompiledFunc {
    const Func *func;
    const uint8_t *code; // constants included, behind the instructions
    uint32_t size;
    uint32_t code_size;  // without constants
    uint32_t align;      // bytes
    uint32_t frame_size; // bytes below the frame's start
    const Reloc *relocs;
    uint32_t num_relocs;
    const TrapSite *traps; // sorted by offset
    uint32_t num_traps;
    const CallRecord *calls;
    uint32_t num_calls;
    const SrcRange *srcs;
    uint32_t num_srcs;
} CompiledFunc;

// ---- Code buffer ----

ENTITY(Label);

// How a branch or address field is patched. One row a kind in the target: range, patch function.
typedef enum FixupKind {
    FIXUP_X64_REL8,
    FIXUP_X64_REL32,
    FIXUP_A64_BRANCH26,
    FIXUP_A64_BRANCH19,
    FIXUP_A64_BRANCH14,
    FIXUP_A64_ADR21,
    FIXUP_A64_LOAD19,
    FIXUP_TABLE32 // a 32-bit entry of a jump table: target - base of the table
} FixupKind;

typedef struct CodeBuffer CodeBuffer;

CodeBuffer *codebuf_new(Arena *arena, const struct Target *target);
Label codebuf_label(CodeBuffer *buf);
void codebuf_bind(CodeBuffer *buf, Label label);
uint32_t codebuf_offset(const CodeBuffer *buf);
void codebuf_put(CodeBuffer *buf, const void *bytes, uint32_t size);
void codebuf_put32(CodeBuffer *buf, uint32_t word);
// A field of `kind` that starts at `offset` refers to `label`.
void codebuf_fixup(CodeBuffer *buf, uint32_t offset, Label label, FixupKind kind);
// A label for `size` constant bytes in the pool (shared when equal), aligned to their size.
Label codebuf_constant(CodeBuffer *buf, const uint8_t *bytes, uint32_t size);
void codebuf_reloc(CodeBuffer *buf, RelocKind kind, const ExtName *name, int64_t addend);
void codebuf_trap(CodeBuffer *buf, TrapCode code, Inst inst);
void codebuf_call(CodeBuffer *buf, Inst inst);
void codebuf_src(CodeBuffer *buf, Inst inst);

// ---- Functions ----

// Emits an allocated function: prologue, blocks with inserted moves, epilogues, constants; folds
// branches, picks short forms, places veneers. The result is in `arena`.
CompiledFunc emit_func(const MFunc *f, Arena *arena);

#endif
