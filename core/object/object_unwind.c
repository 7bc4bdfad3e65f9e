// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// .eh_frame: one CIE with what holds at the entry of every function, and an FDE for each function,
// made of its unwind records. The format is that of DWARF's call frame information, with the
// pointers of the Linux Standard Base: 32 bits, relative to where they stand.

#include "object/object_internal.h"

#include <dwarf.h>

#define POINTER_ENCODING (DW_EH_PE_pcrel | DW_EH_PE_sdata4)
#define DATA_FACTOR      (-8)
#define ENTRY_ALIGN      8u

typedef StrBuf Bytes;

// What DWARF and the psABI say of a target.
typedef struct UnwindArch {
    uint8_t code_factor;    // of all code offsets
    uint8_t stack_pointer;  // as DWARF numbers it
    uint8_t return_address; // column
    uint8_t pushed_by_call;
    uint32_t pc_relative; // ELF relocation of 32 bits
} UnwindArch;

static UnwindArch arch_of(const ObjectFile *file)
{
    return file->options->arch == ARCH_X86_64 ? (UnwindArch){1, 7, 16, 8, R_X86_64_PC32}
                                              : (UnwindArch){4, 31, 30, 0, R_AARCH64_PREL32};
}

// DWARF's number of a register. PREG_NONE is the return address.
static uint32_t dwarf_register(const ObjectFile *file, PReg reg)
{
    // rax rcx rdx rbx rsp rbp rsi rdi: DWARF has them in another order than the instructions.
    static const uint8_t x64_low[8] = {0, 2, 1, 3, 7, 6, 4, 5};
    const bool x64 = file->options->arch == ARCH_X86_64;
    if (reg == PREG_NONE)
        return arch_of(file).return_address;
    const uint32_t number = preg_number(reg);
    if (preg_class(reg) == REG_FLOAT)
        return number + (x64 ? 17 : 64);
    return x64 && number < 8 ? x64_low[number] : number;
}

// ---- Bytes ----

static void put_byte(Bytes *out, uint32_t x)
{
    buf_char(out, (char)(uint8_t)x);
}

static void put_number(Bytes *out, uint64_t x, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++)
        put_byte(out, (uint8_t)(x >> 8 * i));
}

static void put_uleb(Bytes *out, uint64_t x)
{
    for (; x >= 0x80; x >>= 7)
        put_byte(out, (uint32_t)(x & 0x7f) | 0x80);
    put_byte(out, (uint32_t)x);
}

static void put_sleb(Bytes *out, int64_t x)
{
    while (x < -64 || x > 63) {
        put_byte(out, (uint32_t)(x & 0x7f) | 0x80);
        x = (x - (x & 0x7f)) / 128;
    }
    put_byte(out, (uint32_t)(x & 0x7f));
}

// Starts an entry; its length is filled in at the end, which aligns it.
static size_t begin_entry(Bytes *out)
{
    put_number(out, 0, 4);
    return out->len;
}

static void end_entry(Bytes *out, size_t start)
{
    while (out->len % ENTRY_ALIGN != 0)
        put_byte(out, DW_CFA_nop);
    const uint32_t size = u32_from(out->len - start);
    for (uint32_t i = 0; i < 4; i++)
        out->data[start - 4 + i] = (char)(uint8_t)(size >> 8 * i);
}

// ---- Call frame instructions ----

static void put_saved(Bytes *out, uint32_t reg, int64_t at)
{
    ASSERT(at % DATA_FACTOR == 0);
    const int64_t factored = at / DATA_FACTOR;
    if (factored >= 0 && reg < 64) {
        put_byte(out, DW_CFA_offset | reg);
        put_uleb(out, (uint64_t)factored);
        return;
    }
    put_byte(out, DW_CFA_offset_extended_sf);
    put_uleb(out, reg);
    put_sleb(out, factored);
}

static void put_restored(Bytes *out, uint32_t reg)
{
    if (reg < 64) {
        put_byte(out, DW_CFA_restore | reg);
        return;
    }
    put_byte(out, DW_CFA_restore_extended);
    put_uleb(out, reg);
}

static void put_advance(Bytes *out, uint32_t bytes, uint32_t factor)
{
    ASSERT(bytes % factor == 0);
    const uint32_t delta = bytes / factor;
    if (delta == 0)
        return;
    if (delta < 64) {
        put_byte(out, DW_CFA_advance_loc | delta);
        return;
    }
    const uint32_t size = delta <= UINT8_MAX ? 1 : delta <= UINT16_MAX ? 2 : 4;
    put_byte(out, size == 1   ? DW_CFA_advance_loc1
                  : size == 2 ? DW_CFA_advance_loc2
                              : DW_CFA_advance_loc4);
    put_number(out, delta, size);
}

// The CFA by register and offset, to say what of it has changed.
typedef struct Cfa {
    uint32_t reg;
    int64_t offset;
} Cfa;

static void put_cfa(Bytes *out, Cfa old, Cfa cfa)
{
    ASSERT(cfa.offset >= 0);
    if (cfa.reg == old.reg && cfa.offset == old.offset)
        return;
    if (cfa.reg == old.reg) {
        put_byte(out, DW_CFA_def_cfa_offset);
        put_uleb(out, (uint64_t)cfa.offset);
        return;
    }
    put_byte(out, cfa.offset == old.offset ? DW_CFA_def_cfa_register : DW_CFA_def_cfa);
    put_uleb(out, cfa.reg);
    if (cfa.offset != old.offset)
        put_uleb(out, (uint64_t)cfa.offset);
}

// Whether any instruction stands behind the epilogue that record `i` begins.
static bool is_recalled(const CompiledFunc *code, uint32_t i)
{
    while (i < code->num_unwind && code->unwind[i].kind != UNWIND_RECALL)
        i++;
    return i < code->num_unwind && code->unwind[i].offset < code->code_size;
}

static void put_records(const ObjectFile *file, const CompiledFunc *code, Bytes *out)
{
    const UnwindArch arch = arch_of(file);
    Cfa cfa = {arch.stack_pointer, arch.pushed_by_call}, remembered = cfa;
    uint32_t at = 0;
    for (uint32_t i = 0; i < code->num_unwind; i++) {
        const UnwindRecord *const record = &code->unwind[i];
        if (record->offset >= code->code_size)
            break; // no instruction is behind it
        const uint32_t reg = dwarf_register(file, record->reg);
        ASSERT(record->offset >= at);
        put_advance(out, record->offset - at, arch.code_factor);
        at = record->offset;
        switch (record->kind) {
        case UNWIND_CFA: {
            const Cfa now = {reg, record->value};
            put_cfa(out, cfa, now);
            cfa = now;
            break;
        }
        case UNWIND_SAVED: put_saved(out, reg, record->value); break;
        case UNWIND_MOVED:
            put_byte(out, DW_CFA_register);
            put_uleb(out, reg);
            put_uleb(out, dwarf_register(file, (PReg)record->value));
            break;
        case UNWIND_RESTORED: put_restored(out, reg); break;
        case UNWIND_REMEMBER:
            if (is_recalled(code, i))
                put_byte(out, DW_CFA_remember_state);
            remembered = cfa;
            break;
        case UNWIND_RECALL:
            put_byte(out, DW_CFA_restore_state);
            cfa = remembered;
            break;
        }
    }
}

// ---- Entries ----

static void put_cie(const ObjectFile *file, Bytes *out)
{
    const UnwindArch arch = arch_of(file);
    const size_t start = begin_entry(out);
    put_number(out, 0, 4); // a CIE
    put_byte(out, 1);      // version
    buf_str(out, STR("zR\0"));
    put_uleb(out, arch.code_factor);
    put_sleb(out, DATA_FACTOR);
    put_byte(out, arch.return_address);
    put_uleb(out, 1); // bytes of what z and R say
    put_byte(out, POINTER_ENCODING);
    put_byte(out, DW_CFA_def_cfa);
    put_uleb(out, arch.stack_pointer);
    put_uleb(out, arch.pushed_by_call);
    if (arch.pushed_by_call != 0)
        put_saved(out, arch.return_address, -(int64_t)arch.pushed_by_call);
    end_entry(out, start);
}

static void put_fde(ObjectFile *file, uint32_t func, Bytes *out)
{
    const CompiledFunc *const code = &file->funcs[func];
    const size_t start = begin_entry(out);
    put_number(out, start, 4); // back to the CIE at 0
    const Elf64_Rela begin = {
        .r_offset = out->len,
        .r_info = ELF64_R_INFO((uint64_t)OBJECT_SYM_TEXT, arch_of(file).pc_relative),
        .r_addend = (int64_t)file->offsets[func]};
    VEC_PUSH(file->arena, &file->unwind_relas, begin);
    put_number(out, 0, 4);
    put_number(out, code->size, 4);
    put_uleb(out, 0); // bytes of augmentation data
    put_records(file, code, out);
    end_entry(out, start);
}

void object_build_unwind(ObjectFile *file)
{
    file->unwind.arena = file->arena;
    for (uint32_t i = 0; i < file->num_funcs; i++) {
        if (!file->funcs[i].code)
            continue;
        if (file->unwind.len == 0)
            put_cie(file, &file->unwind);
        put_fde(file, i, &file->unwind);
    }
}
