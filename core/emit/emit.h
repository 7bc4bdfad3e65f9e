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
#define RELOC(NAME, ...) RELOC_##NAME,
#include "emit/relocs.def"
    RELOC_COUNT
} RelocKind;

typedef enum RelocClass {
    RELOC_CLASS_ADDRESS, // the symbol's address
    RELOC_CLASS_DIRECT,  // its distance
    RELOC_CLASS_CALL,    // its distance, or that of a jump to it
    RELOC_CLASS_GOT,     // the distance of a word with its address
    RELOC_CLASS_TLS      // what finds it in each thread
} RelocClass;

// The class of a kind, as relocs.def says.
RelocClass emit_reloc_class(RelocKind kind);

// A field that the linker fills in: what it names is a function reference or global value of the
// CLIF function.
typedef struct Reloc {
    uint32_t offset; // of the field
    RelocKind kind;
    ExtName name;
    int64_t addend;
} Reloc;

ENTITY(Label);

// A trap behind the function's code that conditional branches go to.
typedef struct TrapStub {
    TrapCode code;
    Inst inst;
    Label label;
} TrapStub;

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

// Bytes that are no instructions: jump tables, addresses, constants.
typedef struct DataRange {
    uint32_t offset, size;
} DataRange;

// How the caller's frame is found, told as changes. The CFA is the stack pointer of the caller as
// it will be after the return: as before the call, or above the arguments that the callee pops. The
// return address of x86-64 lies right below it, unless a record says otherwise.
typedef enum UnwindKind {
    UNWIND_CFA,      // the CFA is `reg` + `value`
    UNWIND_SAVED,    // the caller's `reg`, or return address (PREG_NONE), lies at CFA + `value`
    UNWIND_MOVED,    // it is in the register whose PReg is `value`
    UNWIND_RESTORED, // the caller's `reg` is in that register again
    UNWIND_REMEMBER, // what holds now is kept,
    UNWIND_RECALL    // and holds again
} UnwindKind;

typedef struct UnwindRecord {
    uint32_t offset; // from where on it holds
    UnwindKind kind;
    PReg reg;
    int64_t value;
} UnwindRecord;

// A line of the listing: what the bytes from `offset` on say, in assembly text, or a label ("L3:").
typedef struct CodeNote {
    uint32_t offset;
    Str text;
} CodeNote;

// An instruction as its target's encoder gets it: a row, registers decided.
typedef struct PutInst {
    uint32_t offset, length; // of its bytes
    uint16_t op;
    uint8_t size, cc;
    PReg regs[ROW_OPERANDS_MAX]; // by operand of the row, but that in memory; PREG_NONE: a zero
    int8_t mem_operand;          // which operand of the row is in memory, -1: none
    uint8_t amode;               // AmodeKind; AMODE_CONSTANT: relative to the instruction
    PReg base, index;            // PREG_NONE: none
    uint8_t scale;
    int32_t disp;
    int64_t imm;
    int32_t imm2;
} PutInst;

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
    const DataRange *data; // sorted, in the code and behind it
    uint32_t num_data;
    const UnwindRecord *unwind; // sorted by offset; before the first one all is as at the entry
    uint32_t num_unwind;
    const CodeNote *notes; // only when a listing was wanted
    uint32_t num_notes;
} CompiledFunc;

// ---- Code buffer ----

// How a field that refers to a label is patched.
typedef enum FixupKind {
    FIXUP_X64_REL8,     // relative to the end of the byte
    FIXUP_X64_REL32,    // relative to the end of the field, plus what the field holds
    FIXUP_A64_BRANCH26, // words, bits 0-25
    FIXUP_A64_BRANCH19, // words, bits 5-23
    FIXUP_A64_BRANCH14, // words, bits 5-18
    FIXUP_A64_ADR21,    // bytes, immlo:immhi
    FIXUP_TABLE32       // 32 bits, relative to the label `base` of the jump table
} FixupKind;

typedef struct Fixup {
    uint32_t offset;
    Label label, base;
    FixupKind kind;
} Fixup;

// A branch whose long form may shrink to a short one: x64's jmp and jcc rel32.
typedef struct Shrink {
    uint32_t fixup;      // its rel32
    uint32_t start, end; // of the instruction, before anything shrinks
    uint8_t opcode;      // of the short form
} Shrink;

typedef struct PoolEntry {
    const uint8_t *bytes;
    uint32_t size;
    Label label;
} PoolEntry;

// Bytes under construction. Labels are offsets once bound; fixups are applied at the end, after
// branches that can be short have been shrunk.
typedef struct CodeBuffer {
    Arena *arena;   // of the result
    Arena *scratch; // of labels and fixups
    VEC(uint8_t) bytes;
    VEC(uint32_t) labels; // NO_INDEX: not bound yet
    VEC(Fixup) fixups;
    VEC(Shrink) shrinks;
    VEC(PoolEntry) pool;
    VEC(Reloc) relocs;
    VEC(TrapSite) traps;
    VEC(CallRecord) calls;
    VEC(SrcRange) srcs;
    VEC(DataRange) data;
    VEC(UnwindRecord) unwind;
    uint32_t code_size; // before the pool, once finished
    bool listing;       // notes are wanted
    VEC(CodeNote) notes;
    bool recording; // what is encoded is kept in `insts`
    VEC(PutInst) insts;
    struct Chaos *chaos; // base/chaos.h; NULL: off
} CodeBuffer;

// A new label, and its binding to the offset of what is put next (once).
Label codebuf_label(CodeBuffer *buf);
void codebuf_bind(CodeBuffer *buf, Label label);

static inline uint32_t codebuf_offset(const CodeBuffer *buf)
{
    return buf->bytes.len;
}

// Appends bytes, or a word in little-endian order.
void codebuf_put(CodeBuffer *buf, const void *bytes, uint32_t size);
void codebuf_put32(CodeBuffer *buf, uint32_t word);
// A field of `kind` at `offset` refers to `label`.
void codebuf_fixup(CodeBuffer *buf, uint32_t offset, Label label, FixupKind kind);
// The next `size` bytes are no instructions.
void codebuf_data(CodeBuffer *buf, uint32_t size);
// A 32-bit jump table entry here: the distance from `base` to `label`.
void codebuf_table_entry(CodeBuffer *buf, Label base, Label label);
// A branch whose rel32 is put next may shrink to `opcode` rel8; `start` is where it begins.
void codebuf_branch32(CodeBuffer *buf, uint32_t start, uint8_t opcode, Label label);
// A label for `size` constant bytes in the pool (shared when equal), aligned to their size.
Label codebuf_constant(CodeBuffer *buf, const uint8_t *bytes, uint32_t size);
// The field that starts at `offset` is to be relocated.
void codebuf_reloc(CodeBuffer *buf, uint32_t offset, RelocKind kind, const ExtName *name,
                   int64_t addend);
// The next instruction traps with `code`, for CLIF instruction `inst`.
void codebuf_trap(CodeBuffer *buf, TrapCode code, Inst inst);
// A call has just been put.
void codebuf_call(CodeBuffer *buf, Inst inst);
// The code from here on belongs to `inst`.
void codebuf_src(CodeBuffer *buf, Inst inst);
// When a listing is wanted: the next bytes say this, up to the next note.
void codebuf_note(CodeBuffer *buf, const char *format, ...) PRINTF_LIKE(2, 3);
// When that is recorded: the next `length` bytes are this instruction (its offset is filled in).
// Targets say so of all that goes through their encoder; what they put as bytes, branches for
// instance, goes without.
void codebuf_record(CodeBuffer *buf, const PutInst *inst);
// Shrinks branches, lays out the pool, applies fixups. False when a fixup does not reach; then the
// function has to be emitted with longer forms. What reaches 2 GiB has none: such a function is too
// big.
NODISCARD bool codebuf_finish(CodeBuffer *buf);

// ---- Frames ----

// Where a function keeps things, as offsets from the stack pointer after the prologue:
//
//   incoming   the caller's argument area
//              growth: what the arguments of a tail call need beyond it
//              (return address, saved registers: as the target pushes them)
//   floats     saved vector registers, 16 bytes each, in order of number
//   slots      explicit stack slots
//   spills     spill slots, 8 bytes each
//   0          outgoing argument area
typedef struct FrameLayout {
    uint32_t size;       // bytes between the saved registers and the stack pointer
    uint32_t saved_size; // bytes of saved registers and return address, as far as on the stack
    uint32_t spills, slots, floats;
    int32_t incoming;
    uint32_t growth; // a callee that pops its arguments may move its return address down by this
    uint32_t pops;   // bytes above the return address that a return pops
    PRegSet saved;
    bool frame_pointer; // set up a frame pointer chain
} FrameLayout;

// Where the frame of the caller is, as seen from the code being put.
typedef struct UnwindState {
    PReg cfa;      // register that the CFA is counted from
    int64_t depth; // of the stack pointer below the CFA
} UnwindState;

typedef struct EmitCtx {
    CodeBuffer *buf;
    const MFunc *f;
    FrameLayout frame;
    Label *blocks;        // by MBlock, jumps to jumps resolved
    MBlock current, next; // being emitted, and its successor in the layout (NO(MBlock))
    uint32_t index;       // of the instruction being emitted
    bool far;             // conditional branches must reach further than their short range
    VEC(TrapStub) stubs;
    UnwindState unwind, remembered;
} EmitCtx;

// A trap that conditional branches jump to, behind the function's code.
Label emit_trap_stub(EmitCtx *ctx, TrapCode code, Inst inst);

// Where operand `k` of `inst` is.
static inline Alloc emit_alloc(const EmitCtx *ctx, const MInst *inst, uint32_t k)
{
    return ctx->f->allocs[inst->operands + k];
}

// Label of successor `n` of the block being emitted, and whether control falls through to it.
Label emit_successor(const EmitCtx *ctx, uint32_t n);
bool emit_falls_through(const EmitCtx *ctx, uint32_t n);

// When a listing is wanted: the next bytes say `text` and the symbol that `inst` names.
void emit_note_symbol(EmitCtx *ctx, const char *text, const MInst *inst);

// How often the stack is probed before the stack pointer moves down by `bytes`: at each multiple of
// the guard size below it, so that no page of a guard is stepped over. More than a few are a loop.
#define PROBES_UNROLLED 4u
static inline uint32_t emit_num_probes(const EmitCtx *ctx, uint32_t bytes)
{
    return ctx->f->guard_size == 0 ? 0 : bytes / ctx->f->guard_size;
}

// Where the frame keeps a vector register of FrameLayout.saved, from the stack pointer.
int32_t emit_saved_float(const EmitCtx *ctx, PReg reg);

// Offset from the stack pointer of a frame-relative addressing mode.
int32_t emit_frame_offset(const EmitCtx *ctx, AmodeKind kind, int32_t disp);

// ---- Unwinding ----

// Each of these is called right behind the instruction that it tells of, so that unwinding is right
// at every address. What a function remembers before an epilogue, it recalls behind the jump that
// ends the epilogue: the blocks that follow are of the body again.

// Before the first instruction.
void emit_unwind_begin(EmitCtx *ctx);
// The call that has just been put returns with the stack pointer up by `bytes`. For unwinding, its
// frame is so from the call on: return addresses are looked up one lower.
void emit_popped(EmitCtx *ctx, int64_t bytes);
// The stack pointer has moved down by `bytes`, up when negative.
void emit_sp_moved(EmitCtx *ctx, int64_t bytes);
// The caller's value of `reg` lies at stack pointer + `offset`.
void emit_saved(EmitCtx *ctx, PReg reg, int64_t offset);
// It is in register `to`.
void emit_moved(EmitCtx *ctx, PReg reg, PReg to);
// The caller's value is in `reg` again.
void emit_restored(EmitCtx *ctx, PReg reg);
// From here on the CFA is counted from `reg`, whose value is now that of the stack pointer: a frame
// pointer. Or from the stack pointer again, wherever that points.
void emit_cfa_by(EmitCtx *ctx, PReg reg);
// Keeps what holds now, once at a time, and takes it up again.
void emit_unwind_remember(EmitCtx *ctx);
void emit_unwind_recall(EmitCtx *ctx);

// ---- Functions ----

// Emits an allocated function: prologue, blocks with inserted moves, epilogues, constants; folds
// branches, picks short forms, places veneers. The result is in `arena`, with notes if `listing`.
CompiledFunc emit_func(const MFunc *f, bool listing, Arena *arena, Arena *scratch);

#endif
