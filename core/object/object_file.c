// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The file itself, through libelf: sections, string tables, the header.

#include "object/object_internal.h"

#include <libelf.h>

// One section: its header's fields and its contents. A size of 0 and no `keep`: left out.
typedef struct SectionInfo {
    const char *name;
    uint32_t type;
    uint64_t flags, align;
    Elf_Type data_type;
    void *data;
    uint64_t size;
    ObjectSection link, info; // section that the header refers to, 0: none
    bool keep;
} SectionInfo;

typedef struct Sections {
    SectionInfo infos[OBJECT_SECTION_END];
    uint32_t numbers[OBJECT_SECTION_END]; // in the file, 0: left out
    StrBuf section_names;
} Sections;

static uint32_t add_string(StrBuf *table, Str text)
{
    const uint32_t at = u32_from(table->len);
    buf_str(table, text);
    buf_char(table, '\0');
    return at;
}

static void name_symbols(ObjectFile *file)
{
    for (uint32_t i = file->num_locals; i < file->symbols.len; i++)
        file->symbols.data[i].st_name =
            add_string(&file->strings, file->names.strings.data[i - file->num_locals]);
}

static void number_sections(ObjectFile *file, Sections *s)
{
    uint32_t next = 1;
    for (uint32_t i = 1; i < OBJECT_SECTION_END; i++)
        if (s->infos[i].keep || s->infos[i].size != 0)
            s->numbers[i] = next++;
    for (uint32_t i = 0; i < file->symbols.len; i++) {
        Elf64_Sym *const symbol = &file->symbols.data[i];
        symbol->st_shndx = (Elf64_Section)s->numbers[symbol->st_shndx];
    }
}

static SectionInfo bytes_section(const char *name, void *data, uint64_t size, uint64_t align)
{
    return (SectionInfo){
        .name = name, .type = SHT_PROGBITS, .align = align, .data = data, .size = size};
}

static SectionInfo rela_section(const char *name, Elf64_Rela *relas, uint32_t n,
                                ObjectSection patched)
{
    return (SectionInfo){.name = name,
                         .type = SHT_RELA,
                         .flags = SHF_INFO_LINK,
                         .align = 8,
                         .data_type = ELF_T_RELA,
                         .data = relas,
                         .size = n * sizeof(Elf64_Rela),
                         .link = OBJECT_SYMTAB,
                         .info = patched};
}

static void describe_sections(ObjectFile *file, Sections *s)
{
    SectionInfo *const infos = s->infos;
    infos[OBJECT_TEXT] = bytes_section(".text", file->text, file->text_size, file->text_align);
    infos[OBJECT_TEXT].flags = SHF_ALLOC | SHF_EXECINSTR;
    infos[OBJECT_TEXT].keep = true;
    infos[OBJECT_RELA_TEXT] =
        rela_section(".rela.text", file->relas.data, file->relas.len, OBJECT_TEXT);
    infos[OBJECT_EH_FRAME] = bytes_section(".eh_frame", file->unwind.data, file->unwind.len, 8);
    infos[OBJECT_EH_FRAME].flags = SHF_ALLOC;
    infos[OBJECT_RELA_EH_FRAME] = rela_section(".rela.eh_frame", file->unwind_relas.data,
                                               file->unwind_relas.len, OBJECT_EH_FRAME);
    infos[OBJECT_NOTE_STACK] = bytes_section(".note.GNU-stack", NULL, 0, 1);
    infos[OBJECT_NOTE_STACK].keep = true;
    infos[OBJECT_SYMTAB] = (SectionInfo){.name = ".symtab",
                                         .type = SHT_SYMTAB,
                                         .align = 8,
                                         .data_type = ELF_T_SYM,
                                         .data = file->symbols.data,
                                         .size = file->symbols.len * sizeof(Elf64_Sym),
                                         .link = OBJECT_STRTAB};
    infos[OBJECT_STRTAB] = (SectionInfo){.name = ".strtab",
                                         .type = SHT_STRTAB,
                                         .align = 1,
                                         .data = file->strings.data,
                                         .size = file->strings.len};
    // Its contents grow with the headers.
    infos[OBJECT_SHSTRTAB] =
        (SectionInfo){.name = ".shstrtab", .type = SHT_STRTAB, .align = 1, .keep = true};
}

// Failures of libelf are those of the system: no memory, or the file.
static Status elf_error(const ObjectFile *file)
{
    return diag_error(file->diag, STATUS_IO, file->options->source, POS_NONE,
                      "the object can't be written: %s", elf_errmsg(-1));
}

static bool put_section(const ObjectFile *file, Elf *elf, Sections *s, ObjectSection number)
{
    const SectionInfo *const info = &s->infos[number];
    Elf_Scn *const section = elf_newscn(elf);
    Elf64_Shdr *const header = section ? elf64_getshdr(section) : NULL;
    Elf_Data *const data = section ? elf_newdata(section) : NULL;
    if (!header || !data)
        return false;
    ASSERT(elf_ndxscn(section) == s->numbers[number]);
    header->sh_name = add_string(&s->section_names, str_from(info->name));
    header->sh_type = info->type;
    header->sh_flags = info->flags;
    header->sh_addralign = info->align;
    header->sh_link = s->numbers[info->link];
    header->sh_info = number == OBJECT_SYMTAB ? file->num_locals : s->numbers[info->info];
    data->d_type = info->data_type;
    data->d_align = info->align;
    data->d_buf = info->data;
    data->d_size = info->size;
    if (number == OBJECT_SHSTRTAB) {
        data->d_buf = s->section_names.data;
        data->d_size = s->section_names.len;
    }
    return true;
}

static bool put_file(const ObjectFile *file, Sections *s, Elf *elf)
{
    Elf64_Ehdr *const header = elf64_newehdr(elf);
    if (!header)
        return false;
    header->e_ident[EI_DATA] = ELFDATA2LSB;
    header->e_type = ET_REL;
    header->e_machine = file->options->arch == ARCH_X86_64 ? EM_X86_64 : EM_AARCH64;
    header->e_version = EV_CURRENT;
    header->e_shstrndx = (Elf64_Half)s->numbers[OBJECT_SHSTRTAB];
    for (uint32_t i = 1; i < OBJECT_SECTION_END; i++)
        if (s->numbers[i] != 0 && !put_section(file, elf, s, (ObjectSection)i))
            return false;
    return elf_update(elf, ELF_C_WRITE) >= 0;
}

Status object_put(ObjectFile *file, int fd)
{
    Sections s = {.section_names = {.arena = file->arena}};
    buf_char(&s.section_names, '\0');
    name_symbols(file);
    describe_sections(file, &s);
    number_sections(file, &s);
    if (elf_version(EV_CURRENT) == EV_NONE)
        return elf_error(file);
    Elf *const elf = elf_begin(fd, ELF_C_WRITE, NULL);
    if (!elf)
        return elf_error(file);
    const Status status = put_file(file, &s, elf) ? STATUS_OK : elf_error(file);
    elf_end(elf);
    return status;
}
