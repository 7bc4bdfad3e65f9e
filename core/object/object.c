// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What stands in the file: the code in one piece, symbols, relocations.

#include "object/object_internal.h"

// ---- Names ----

bool object_symbol_name(const ExtName *name, StrBuf *out)
{
    switch (name->kind) {
    case NAME_TESTCASE:
        buf_str(out, name->text);
        return name->text.len != 0 && memchr(name->text.data, '\0', name->text.len) == NULL;
    case NAME_USER: buf_printf(out, "u%u_%u", name->space, name->index); return true;
    case NAME_USER_REF: return false;
    case NAME_LIBCALL: buf_puts(out, libcall_symbol((Libcall)name->index)); return true;
    case NAME_KNOWN_SYMBOL:
        buf_puts(out, knownsymbol_symbol((KnownSymbol)name->index));
        return true;
    }
    UNREACHABLE();
}

// The symbol of `name`, undefined when it is new; messages stand at `func`.
static Status find_symbol(ObjectFile *file, const ExtName *name, const Func *func, uint32_t *out)
{
    StrBuf text = {.arena = file->arena};
    if (!object_symbol_name(name, &text)) {
        StrBuf printed = {.arena = file->arena};
        extname_print(name, &printed);
        return diag_error(file->diag, STATUS_INVALID, file->options->source, func->pos,
                          "the name '%.*s' can't be a symbol", STR_ARG(buf_view(&printed)));
    }
    *out = file->num_locals + strtable_add(file->arena, &file->names, buf_view(&text));
    if (*out == file->symbols.len) {
        const Elf64_Sym symbol = {.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE)};
        VEC_PUSH(file->arena, &file->symbols, symbol);
    }
    return STATUS_OK;
}

static Status define_symbol(ObjectFile *file, uint32_t func)
{
    const CompiledFunc *const code = &file->funcs[func];
    uint32_t number = 0;
    TRY(find_symbol(file, &code->func->name, code->func, &number));
    Elf64_Sym *const symbol = &file->symbols.data[number];
    if (symbol->st_shndx != SHN_UNDEF)
        return diag_error(file->diag, STATUS_INVALID, file->options->source, code->func->pos,
                          "the symbol '%.*s' is defined twice",
                          STR_ARG(file->names.strings.data[number - file->num_locals]));
    symbol->st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    symbol->st_shndx = OBJECT_TEXT;
    symbol->st_value = file->offsets[func];
    symbol->st_size = code->size;
    return STATUS_OK;
}

// ---- Code ----

static uint64_t align_up(uint64_t x, uint64_t align)
{
    return (x + align - 1) & ~(align - 1);
}

static Status lay_out_text(ObjectFile *file)
{
    file->offsets = ARENA_ARRAY(file->arena, uint64_t, file->num_funcs);
    file->text_align = 16;
    for (uint32_t i = 0; i < file->num_funcs; i++) {
        const CompiledFunc *const code = &file->funcs[i];
        if (!code->code)
            continue;
        file->offsets[i] = align_up(file->text_size, code->align);
        file->text_size = file->offsets[i] + code->size;
        file->text_align = code->align > file->text_align ? code->align : file->text_align;
        if (file->text_size > INT32_MAX)
            return diag_error(file->diag, STATUS_LIMIT, file->options->source, code->func->pos,
                              "the code is too large for an object: more than 2 GiB");
    }
    file->text = arena_alloc(file->arena, file->text_size, 16);
    // int3 between functions; on AArch64 zeros, which are undefined as an instruction.
    memset(file->text, file->options->arch == ARCH_X86_64 ? 0xcc : 0, file->text_size);
    for (uint32_t i = 0; i < file->num_funcs; i++)
        if (file->funcs[i].code)
            memcpy(file->text + file->offsets[i], file->funcs[i].code, file->funcs[i].size);
    return STATUS_OK;
}

// ---- Code and data ----

static void put_mark(ObjectFile *file, uint32_t name, uint64_t at)
{
    const Elf64_Sym symbol = {.st_name = name,
                              .st_info = ELF64_ST_INFO(STB_LOCAL, STT_NOTYPE),
                              .st_shndx = OBJECT_TEXT,
                              .st_value = at};
    VEC_PUSH(file->arena, &file->symbols, symbol);
}

// The mapping symbols of AArch64's ABI: $x where instructions begin, $d where data does.
static void mark_data(ObjectFile *file)
{
    const uint32_t code_name = u32_from(file->strings.len), data_name = code_name + 3;
    buf_str(&file->strings, STR("$x\0$d\0"));
    for (uint32_t i = 0; i < file->num_funcs; i++) {
        const CompiledFunc *const code = &file->funcs[i];
        uint64_t end = 0; // of the data so far
        if (!code->code)
            continue;
        for (uint32_t k = 0; k < code->num_data; k++) {
            const DataRange *const data = &code->data[k];
            if (data->offset != end)
                put_mark(file, code_name, file->offsets[i] + end);
            put_mark(file, data_name, file->offsets[i] + data->offset);
            end = (uint64_t)data->offset + data->size;
        }
        if (end != code->size)
            put_mark(file, code_name, file->offsets[i] + end);
    }
}

// ---- Relocations ----

typedef struct RelocInfo {
    uint32_t x64, a64;
    int64_t bias;
} RelocInfo;

static const RelocInfo reloc_infos[RELOC_COUNT] = {
#define RELOC(NAME, CLASS, x64, a64, bias) [RELOC_##NAME] = {R_X86_64_##x64, R_AARCH64_##a64, bias},
#include "emit/relocs.def"
};

// What else follows from how a symbol is referred to.
static Status note_reference(ObjectFile *file, const CompiledFunc *code, const Reloc *reloc,
                             Elf64_Sym *symbol)
{
    if (emit_reloc_class(reloc->kind) != RELOC_CLASS_TLS)
        return STATUS_OK;
    if (symbol->st_shndx != SHN_UNDEF)
        return diag_error(file->diag, STATUS_INVALID, file->options->source, code->func->pos,
                          "a function of this file is used as a thread-local symbol");
    symbol->st_info = ELF64_ST_INFO(STB_GLOBAL, STT_TLS);
    return STATUS_OK;
}

static Status add_reloc(ObjectFile *file, uint32_t func, const Reloc *reloc)
{
    const RelocInfo *const info = &reloc_infos[reloc->kind];
    const uint32_t type = file->options->arch == ARCH_X86_64 ? info->x64 : info->a64;
    ASSERT(type != 0);
    uint32_t number = 0;
    TRY(find_symbol(file, &reloc->name, file->funcs[func].func, &number));
    Elf64_Rela rela = {.r_offset = file->offsets[func] + reloc->offset,
                       .r_addend = reloc->addend + info->bias};
    Elf64_Sym *const symbol = &file->symbols.data[number];
    TRY(note_reference(file, &file->funcs[func], reloc, symbol));
    // Distances within the object go by the section: the symbol itself may be preempted when a
    // shared library is made of it, which the linker would refuse.
    if (emit_reloc_class(reloc->kind) == RELOC_CLASS_DIRECT && symbol->st_shndx == OBJECT_TEXT) {
        rela.r_addend += (int64_t)symbol->st_value;
        number = OBJECT_SYM_TEXT;
    }
    rela.r_info = ELF64_R_INFO((uint64_t)number, type);
    VEC_PUSH(file->arena, &file->relas, rela);
    return STATUS_OK;
}

Status object_build(ObjectFile *file)
{
    file->strings.arena = file->arena;
    buf_char(&file->strings, '\0');
    VEC_PUSH_ZEROED(file->arena, &file->symbols, OBJECT_SYM_COUNT);
    file->symbols.data[OBJECT_SYM_TEXT].st_info = ELF64_ST_INFO(STB_LOCAL, STT_SECTION);
    file->symbols.data[OBJECT_SYM_TEXT].st_shndx = OBJECT_TEXT;
    TRY(lay_out_text(file));
    if (file->options->arch == ARCH_AARCH64)
        mark_data(file);
    file->num_locals = file->symbols.len;
    for (uint32_t i = 0; i < file->num_funcs; i++)
        if (file->funcs[i].code)
            TRY(define_symbol(file, i));
    for (uint32_t i = 0; i < file->num_funcs; i++)
        for (uint32_t r = 0; r < file->funcs[i].num_relocs; r++)
            TRY(add_reloc(file, i, &file->funcs[i].relocs[r]));
    if (file->options->unwind)
        object_build_unwind(file);
    return STATUS_OK;
}

Status object_write(const CompiledFunc *funcs, uint32_t n, const ObjectOptions *options, int fd,
                    Arena *scratch, Diag *diag)
{
    if (options->arch != ARCH_X86_64 && options->arch != ARCH_AARCH64)
        return diag_error(diag, STATUS_UNSUPPORTED, options->source, POS_NONE,
                          "no objects are written for %s", arch_name(options->arch));
    ObjectFile file = {
        .arena = scratch, .diag = diag, .options = options, .funcs = funcs, .num_funcs = n};
    TRY(object_build(&file));
    return object_put(&file, fd);
}
