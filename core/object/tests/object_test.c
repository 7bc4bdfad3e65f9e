// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What stands in the file, read back by libelf: symbols, relocations of each kind, sections; and
// the errors.

#include "object/object.h"

#include <gelf.h>
#include <stdio.h>
#include <unistd.h>

// cmocka.h wants the others before it.
// clang-format off
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

static ExtName name_of(const char *text)
{
    return (ExtName){.kind = NAME_TESTCASE, .text = str_from(text)};
}

typedef struct Bench {
    Arena arena;
    Diag diag;
    Elf *elf;
    FILE *file;
} Bench;

static void set_up(Bench *b)
{
    memset(b, 0, sizeof(*b));
    b->diag.arena = &b->arena;
    b->file = tmpfile();
    assert_non_null(b->file);
}

static void tear_down(Bench *b)
{
    if (b->elf)
        elf_end(b->elf);
    fclose(b->file);
    arena_free(&b->arena);
}

static const uint8_t nops[24] = {0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90};

// A function of `size` bytes.
static CompiledFunc func_of(Bench *b, ExtName name, uint32_t size)
{
    assert_true(size <= sizeof(nops));
    return (CompiledFunc){.func = func_new(&b->arena, name, (Signature){0}),
                          .code = nops,
                          .size = size,
                          .code_size = size,
                          .align = 16};
}

static Status write_funcs(Bench *b, const CompiledFunc *funcs, uint32_t n, Arch arch)
{
    const ObjectOptions options = {.arch = arch, .unwind = true};
    const Status status = object_write(funcs, n, &options, fileno(b->file), &b->arena, &b->diag);
    if (status != STATUS_OK)
        return status;
    elf_version(EV_CURRENT);
    b->elf = elf_begin(fileno(b->file), ELF_C_READ, NULL);
    assert_non_null(b->elf);
    return status;
}

// The data of a section, NULL when there is none of that name.
static Elf_Data *section_data(const Bench *b, const char *name, GElf_Shdr *header)
{
    size_t names = 0;
    assert_int_equal(elf_getshdrstrndx(b->elf, &names), 0);
    for (Elf_Scn *section = NULL; (section = elf_nextscn(b->elf, section)) != NULL;) {
        assert_non_null(gelf_getshdr(section, header));
        if (strcmp(elf_strptr(b->elf, names, header->sh_name), name) == 0)
            return elf_getdata(section, NULL);
    }
    return NULL;
}

// The symbol of that number, or of that name; returns its number, or -1.
static int find_symbol(const Bench *b, const char *name, GElf_Sym *out)
{
    GElf_Shdr header;
    Elf_Data *const data = section_data(b, ".symtab", &header);
    assert_non_null(data);
    for (int i = 0; gelf_getsym(data, i, out) != NULL; i++)
        if (strcmp(elf_strptr(b->elf, header.sh_link, out->st_name), name) == 0 &&
            GELF_ST_BIND(out->st_info) == STB_GLOBAL)
            return i;
    return -1;
}

// ---- Symbols ----

static void test_names(void **state)
{
    static const struct {
        ExtName name;
        const char *symbol;
    } cases[] = {
        {{.kind = NAME_TESTCASE, .text = {"main", 4}}, "main"},
        {{.kind = NAME_USER, .space = 0, .index = 17}, "u0_17"},
        {{.kind = NAME_USER, .space = 4294967295, .index = 4294967295}, "u4294967295_4294967295"},
        {{.kind = NAME_LIBCALL, .index = LIBCALL_NEAREST_F32}, "nearbyintf"},
        {{.kind = NAME_LIBCALL, .index = LIBCALL_ELF_TLS_GET_ADDR}, "__tls_get_addr"},
        {{.kind = NAME_KNOWN_SYMBOL, .index = KNOWN_ELF_GLOBAL_OFFSET_TABLE},
         "_GLOBAL_OFFSET_TABLE_"},
        {{.kind = NAME_KNOWN_SYMBOL, .index = KNOWN_COFF_TLS_INDEX}, "_tls_index"},
        {{.kind = NAME_USER_REF, .index = 3}, NULL},
        {{.kind = NAME_TESTCASE, .text = {"", 0}}, NULL},
        {{.kind = NAME_TESTCASE, .text = {"a\0b", 3}}, NULL},
    };
    (void)state;
    Arena arena = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        StrBuf out = {.arena = &arena};
        const bool good = object_symbol_name(&cases[i].name, &out);
        assert_int_equal(good, cases[i].symbol != NULL);
        if (good)
            assert_true(str_eq_c(buf_view(&out), cases[i].symbol));
    }
    arena_free(&arena);
}

static void test_symbols(void **state)
{
    (void)state;
    Bench b;
    set_up(&b);
    const Reloc relocs[] = {{0, RELOC_X64_PLT32, name_of("outside"), 0},
                            {4, RELOC_X64_PLT32, name_of("second"), 0},
                            {8, RELOC_X64_PLT32, name_of("outside"), 0}};
    CompiledFunc funcs[3] = {
        func_of(&b, name_of("first"), 17), {0}, func_of(&b, name_of("second"), 5)};
    funcs[0].relocs = relocs;
    funcs[0].num_relocs = 3;
    assert_int_equal(write_funcs(&b, funcs, 3, ARCH_X86_64), STATUS_OK);
    GElf_Sym symbol;
    assert_int_equal(find_symbol(&b, "first", &symbol), 2);
    assert_int_equal(symbol.st_value, 0);
    assert_int_equal(symbol.st_size, 17);
    assert_int_equal(GELF_ST_TYPE(symbol.st_info), STT_FUNC);
    assert_int_equal(find_symbol(&b, "second", &symbol), 3);
    assert_int_equal(symbol.st_value, 32);
    assert_int_equal(symbol.st_size, 5);
    assert_int_equal(find_symbol(&b, "outside", &symbol), 4);
    assert_int_equal(symbol.st_shndx, SHN_UNDEF);
    assert_null(gelf_getsym(section_data(&b, ".symtab", &(GElf_Shdr){0}), 5, &symbol));
    tear_down(&b);
}

static void test_padding(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        Bench b;
        GElf_Shdr header;
        set_up(&b);
        const CompiledFunc funcs[2] = {func_of(&b, name_of("f"), 4), func_of(&b, name_of("g"), 4)};
        assert_int_equal(write_funcs(&b, funcs, 2, i == 0 ? ARCH_X86_64 : ARCH_AARCH64), STATUS_OK);
        const Elf_Data *const text = section_data(&b, ".text", &header);
        assert_int_equal(text->d_size, 20);
        assert_int_equal(header.sh_addralign, 16);
        const uint8_t *const bytes = text->d_buf;
        for (int at = 0; at < 20; at++)
            assert_int_equal(bytes[at], at < 4 || at >= 16 ? 0x90 : i == 0 ? 0xcc : 0);
        tear_down(&b);
    }
}

// Marks of code and data, in order: '$x' or '$d' and an address each.
static void check_marks(Arch arch, const CompiledFunc *funcs, uint32_t n, const char *wanted)
{
    Bench b;
    GElf_Shdr header;
    GElf_Sym symbol;
    set_up(&b);
    StrBuf found = {.arena = &b.arena};
    assert_int_equal(write_funcs(&b, funcs, n, arch), STATUS_OK);
    Elf_Data *const data = section_data(&b, ".symtab", &header);
    assert_non_null(data);
    for (int i = 2; i < (int)header.sh_info; i++) {
        assert_non_null(gelf_getsym(data, i, &symbol));
        assert_int_equal(GELF_ST_BIND(symbol.st_info), STB_LOCAL);
        buf_printf(&found, "%s %u ", elf_strptr(b.elf, header.sh_link, symbol.st_name),
                   (unsigned)symbol.st_value);
    }
    assert_true(str_eq_c(buf_view(&found), wanted));
    assert_int_equal(find_symbol(&b, "f", &symbol), header.sh_info);
    tear_down(&b);
}

static void test_marks(void **state)
{
    (void)state;
    static const DataRange ranges[] = {{4, 8}, {12, 4}, {20, 4}}, all[] = {{0, 8}};
    Bench b;
    set_up(&b);
    CompiledFunc funcs[3] = {func_of(&b, name_of("f"), 24), func_of(&b, name_of("g"), 8),
                             func_of(&b, name_of("h"), 8)};
    funcs[0].data = ranges;
    funcs[0].num_data = 3;
    funcs[1].data = all;
    funcs[1].num_data = 1;
    check_marks(ARCH_AARCH64, funcs, 3, "$x 0 $d 4 $d 12 $x 16 $d 20 $d 32 $x 48 ");
    check_marks(ARCH_X86_64, funcs, 3, "");
    tear_down(&b);
}

// ---- Relocations ----

typedef struct RelocCase {
    RelocKind kind;
    const char *name;
    int64_t addend;
    const char *symbol; // expected, "": the section's
    uint32_t type;
    int64_t elf_addend;
} RelocCase;

// %first has the relocation at 4; %second is behind it, at 32.
static void check_relocs(Arch arch, const RelocCase *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        Bench b;
        GElf_Shdr header;
        GElf_Rela rela;
        GElf_Sym symbol;
        set_up(&b);
        const Reloc reloc = {4, cases[i].kind, name_of(cases[i].name), cases[i].addend};
        CompiledFunc funcs[2] = {func_of(&b, name_of("first"), 24),
                                 func_of(&b, name_of("second"), 8)};
        funcs[0].relocs = &reloc;
        funcs[0].num_relocs = 1;
        assert_int_equal(write_funcs(&b, funcs, 2, arch), STATUS_OK);
        Elf_Data *const data = section_data(&b, ".rela.text", &header);
        assert_non_null(data);
        assert_non_null(gelf_getrela(data, 0, &rela));
        assert_int_equal(rela.r_offset, 4);
        assert_int_equal(GELF_R_TYPE(rela.r_info), cases[i].type);
        assert_int_equal(rela.r_addend, cases[i].elf_addend);
        const int number =
            cases[i].symbol[0] != '\0' ? find_symbol(&b, cases[i].symbol, &symbol) : 1;
        assert_int_equal(GELF_R_SYM(rela.r_info), number);
        tear_down(&b);
    }
}

static void test_x64_relocs(void **state)
{
    static const RelocCase cases[] = {
        {RELOC_ABS64, "outer", 5, "outer", R_X86_64_64, 5},
        {RELOC_ABS64, "second", -1, "second", R_X86_64_64, -1},
        {RELOC_X64_PLT32, "outer", 0, "outer", R_X86_64_PLT32, -4},
        {RELOC_X64_PLT32, "second", 0, "second", R_X86_64_PLT32, -4},
        {RELOC_X64_PC32, "outer", 9, "outer", R_X86_64_PC32, 5},
        {RELOC_X64_PC32, "second", 9, "", R_X86_64_PC32, 37},
        {RELOC_X64_GOTPCREL, "second", 0, "second", R_X86_64_REX_GOTPCRELX, -4},
        {RELOC_X64_TLSGD, "outer", 0, "outer", R_X86_64_TLSGD, -4},
    };
    (void)state;
    check_relocs(ARCH_X86_64, cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_a64_relocs(void **state)
{
    static const RelocCase cases[] = {
        {RELOC_ABS64, "outer", 5, "outer", R_AARCH64_ABS64, 5},
        {RELOC_A64_CALL26, "second", 0, "second", R_AARCH64_CALL26, 0},
        {RELOC_A64_JUMP26, "outer", 0, "outer", R_AARCH64_JUMP26, 0},
        {RELOC_A64_ADR_PREL_PG_HI21, "outer", 7, "outer", R_AARCH64_ADR_PREL_PG_HI21, 7},
        {RELOC_A64_ADR_PREL_PG_HI21, "second", 7, "", R_AARCH64_ADR_PREL_PG_HI21, 39},
        {RELOC_A64_ADD_ABS_LO12_NC, "second", 7, "", R_AARCH64_ADD_ABS_LO12_NC, 39},
        {RELOC_A64_ADR_GOT_PAGE, "second", 0, "second", R_AARCH64_ADR_GOT_PAGE, 0},
        {RELOC_A64_LD64_GOT_LO12_NC, "outer", 0, "outer", R_AARCH64_LD64_GOT_LO12_NC, 0},
        {RELOC_A64_TLSDESC_CALL, "outer", 0, "outer", R_AARCH64_TLSDESC_CALL, 0},
    };
    (void)state;
    check_relocs(ARCH_AARCH64, cases, sizeof(cases) / sizeof(cases[0]));
}

// ---- Errors ----

static void expect_error(Bench *b, const CompiledFunc *funcs, uint32_t n, Status status,
                         const char *text)
{
    assert_int_equal(write_funcs(b, funcs, n, ARCH_X86_64), status);
    assert_int_equal(b->diag.messages.len, 1);
    assert_true(str_eq_c(b->diag.messages.data[0].text, text));
    tear_down(b);
}

static void test_errors(void **state)
{
    (void)state;
    Bench b;
    set_up(&b);
    // Two names may be one symbol.
    const CompiledFunc twice[2] = {func_of(&b, (ExtName){.kind = NAME_USER, .index = 1}, 4),
                                   func_of(&b, name_of("u0_1"), 4)};
    expect_error(&b, twice, 2, STATUS_INVALID, "the symbol 'u0_1' is defined twice");
    set_up(&b);
    const CompiledFunc nameless = func_of(&b, (ExtName){.kind = NAME_USER_REF, .index = 2}, 4);
    expect_error(&b, &nameless, 1, STATUS_INVALID, "the name 'userextname2' can't be a symbol");
    set_up(&b);
    CompiledFunc large = func_of(&b, name_of("large"), 4);
    large.size = UINT32_MAX;
    expect_error(&b, &large, 1, STATUS_LIMIT,
                 "the code is too large for an object: more than 2 GiB");
}

static void test_unwritable(void **state)
{
    (void)state;
    Bench b;
    set_up(&b);
    const CompiledFunc func = func_of(&b, name_of("f"), 4);
    const ObjectOptions options = {.arch = ARCH_X86_64};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(object_write(&func, 1, &options, ends[0], &b.arena, &b.diag), STATUS_IO);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(object_write(&func, 1, &(ObjectOptions){.arch = ARCH_RISCV64}, fileno(b.file),
                                  &b.arena, &b.diag),
                     STATUS_UNSUPPORTED);
    tear_down(&b);
}

static void test_empty(void **state)
{
    (void)state;
    Bench b;
    GElf_Shdr header;
    set_up(&b);
    assert_int_equal(write_funcs(&b, NULL, 0, ARCH_AARCH64), STATUS_OK);
    assert_non_null(section_data(&b, ".text", &header));
    assert_int_equal(header.sh_size, 0);
    assert_null(section_data(&b, ".eh_frame", &header));
    assert_null(section_data(&b, ".rela.text", &header));
    assert_non_null(section_data(&b, ".note.GNU-stack", &header));
    assert_int_equal(header.sh_flags, 0);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),      cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_padding),    cmocka_unit_test(test_x64_relocs),
        cmocka_unit_test(test_a64_relocs), cmocka_unit_test(test_errors),
        cmocka_unit_test(test_unwritable), cmocka_unit_test(test_empty),
        cmocka_unit_test(test_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
