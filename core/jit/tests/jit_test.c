// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layout, relocations and tables of images, against fields worked out by hand.

#include "jit/jit.h"

// cmocka.h wants the others before it.
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#define BASE  UINT64_C(0x10000000)
#define OUTER UINT64_C(0x7000000012345678)

static bool resolve_outer(void *context, const ExtName *name, uint64_t *address)
{
    uint32_t *const asked = context;
    ++*asked;
    *address = OUTER;
    return str_eq(name->text, STR("outer"));
}

static ExtName name_of(const char *text)
{
    return (ExtName){.kind = NAME_TESTCASE, .text = str_from(text)};
}

typedef struct Bench {
    Arena arena;
    Diag diag;
    JitImage image;
    uint32_t asked;
} Bench;

// %first, with one relocation at offset 4 of its 20 bytes, and %second, of 3 bytes.
static Status link_two(Bench *b, Arch arch, Reloc reloc, const uint8_t code[20])
{
    static const uint8_t ret[3] = {0x90, 0x90, 0xc3};
    Func *const first = func_new(&b->arena, name_of("first"), (Signature){0});
    Func *const second = func_new(&b->arena, name_of("second"), (Signature){0});
    Reloc *const relocs = ARENA_NEW(&b->arena, Reloc);
    TrapSite *const traps = ARENA_ARRAY(&b->arena, TrapSite, 2);
    CallRecord *const calls = ARENA_NEW(&b->arena, CallRecord);
    SrcRange *const srcs = ARENA_ARRAY(&b->arena, SrcRange, 2);
    CompiledFunc *const funcs = ARENA_ARRAY(&b->arena, CompiledFunc, 3);
    *relocs = reloc;
    traps[0] = (TrapSite){2, 5, {1}};
    traps[1] = (TrapSite){9, 6, {2}};
    *calls = (CallRecord){8, {3}};
    srcs[0] = (SrcRange){2, {4}};
    srcs[1] = (SrcRange){6, {5}};
    funcs[0] = (CompiledFunc){.func = first, .code = code, .size = 20, .align = 16};
    funcs[0].relocs = relocs;
    funcs[0].num_relocs = 1;
    funcs[0].srcs = srcs;
    funcs[0].num_srcs = 2;
    funcs[0].traps = traps;
    funcs[0].num_traps = 2;
    funcs[0].calls = calls;
    funcs[0].num_calls = 1;
    funcs[2] = (CompiledFunc){.func = second, .code = ret, .size = 3, .align = 16};
    funcs[2].traps = traps;
    funcs[2].num_traps = 1;
    b->diag.arena = &b->arena;
    const JitOptions options = {arch, BASE, resolve_outer, &b->asked};
    return jit_link(funcs, 3, &options, &b->arena, &b->image, &b->diag);
}

static uint32_t word_at(const Bench *b, uint64_t offset)
{
    uint32_t word;
    assert_true(offset + 4 <= b->image.size);
    memcpy(&word, b->image.bytes + offset, 4);
    return word;
}

static uint64_t long_at(const Bench *b, uint64_t offset)
{
    return word_at(b, offset) | (uint64_t)word_at(b, offset + 4) << 32;
}

static const uint8_t zeros[20];

static void relocate_x64(void **state)
{
    (void)state;
    // %second is at 32; stubs follow at 48, the address 8 bytes into one.
    static const struct {
        RelocKind kind;
        const char *name;
        int64_t addend;
        uint32_t field;
    } rows[] = {
        {RELOC_X64_PC32, "second", 0, 32 - 8},     {RELOC_X64_PC32, "second", -3, 32 - 8 - 3},
        {RELOC_X64_PC32, "first", 0, 0u - 8},      {RELOC_X64_PLT32, "second", 0, 32 - 8},
        {RELOC_X64_PLT32, "outer", 0, 48 - 8},     {RELOC_X64_GOTPCREL, "outer", 0, 56 - 8},
        {RELOC_X64_GOTPCREL, "second", 0, 56 - 8},
    };
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        Bench b = {0};
        const Reloc reloc = {4, rows[i].kind, name_of(rows[i].name), rows[i].addend};
        assert_int_equal(link_two(&b, ARCH_X86_64, reloc, zeros), STATUS_OK);
        assert_int_equal(word_at(&b, 4), rows[i].field);
        assert_int_equal(b.image.bytes[34], 0xc3);
        arena_free(&b.arena);
    }
}

static void stubs(void **state)
{
    (void)state;
    Bench b = {0};
    const Reloc x64 = {4, RELOC_X64_PLT32, name_of("outer"), 0};
    assert_int_equal(link_two(&b, ARCH_X86_64, x64, zeros), STATUS_OK);
    assert_int_equal(b.asked, 1);
    assert_int_equal(b.image.size, 64);
    assert_int_equal(word_at(&b, 48), 0x000225ff); // jmp [rip + 2]
    assert_true(long_at(&b, 56) == OUTER);
    arena_free(&b.arena);

    Bench a = {0};
    const Reloc a64 = {4, RELOC_A64_CALL26, name_of("outer"), 0};
    static const uint8_t bl[20] = {[7] = 0x94};
    assert_int_equal(link_two(&a, ARCH_AARCH64, a64, bl), STATUS_OK);
    assert_int_equal(word_at(&a, 4), 0x94000000 + (48 - 4) / 4);
    assert_int_equal(word_at(&a, 48), 0x58000050); // ldr x16, #8
    assert_int_equal(word_at(&a, 52), 0xd61f0200); // br x16
    assert_true(long_at(&a, 56) == OUTER);
    arena_free(&a.arena);

    Bench got = {0};
    const Reloc local = {4, RELOC_X64_GOTPCREL, name_of("second"), 0};
    assert_int_equal(link_two(&got, ARCH_X86_64, local, zeros), STATUS_OK);
    assert_int_equal(got.asked, 0);
    assert_true(long_at(&got, 56) == BASE + 32);
    arena_free(&got.arena);
}

static void relocate_a64(void **state)
{
    (void)state;
    static const struct {
        RelocKind kind;
        const char *name;
        int64_t addend;
        uint32_t field; // over zeros
    } rows[] = {
        {RELOC_A64_CALL26, "second", 0, 7},
        {RELOC_A64_CALL26, "first", 0, 0x03ffffff},
        {RELOC_A64_ADR_PREL_PG_HI21, "second", 0, 0},
        {RELOC_A64_ADR_PREL_PG_HI21, "second", 0x1000, 1u << 29},
        {RELOC_A64_ADR_PREL_PG_HI21, "second", 0x5000, 1u << 29 | 1u << 5},
        {RELOC_A64_ADR_PREL_PG_HI21, "second", -0x1000, 3u << 29 | 0x7ffffu << 5},
        {RELOC_A64_ADD_ABS_LO12_NC, "second", 3, 35u << 10},
        {RELOC_A64_ADR_GOT_PAGE, "outer", 0, 0},
        {RELOC_A64_LD64_GOT_LO12_NC, "outer", 0, 56u / 8 << 10},
    };
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        Bench b = {0};
        const Reloc reloc = {4, rows[i].kind, name_of(rows[i].name), rows[i].addend};
        assert_int_equal(link_two(&b, ARCH_AARCH64, reloc, zeros), STATUS_OK);
        assert_int_equal(word_at(&b, 4), rows[i].field);
        arena_free(&b.arena);
    }
}

static void absolute(void **state)
{
    (void)state;
    Bench b = {0};
    const Reloc reloc = {4, RELOC_ABS64, name_of("outer"), 5};
    assert_int_equal(link_two(&b, ARCH_AARCH64, reloc, zeros), STATUS_OK);
    assert_true(long_at(&b, 4) == OUTER + 5);
    arena_free(&b.arena);
    const Reloc local = {4, RELOC_ABS64, name_of("second"), -1};
    Bench l = {0};
    assert_int_equal(link_two(&l, ARCH_X86_64, local, zeros), STATUS_OK);
    assert_true(long_at(&l, 4) == BASE + 31);
    arena_free(&l.arena);
}

static void errors(void **state)
{
    (void)state;
    Bench unknown = {0};
    const Reloc missing = {4, RELOC_X64_PLT32, name_of("missing"), 0};
    assert_int_equal(link_two(&unknown, ARCH_X86_64, missing, zeros), STATUS_INVALID);
    assert_int_equal(unknown.diag.errors, 1);
    arena_free(&unknown.arena);
    Bench far = {0}; // an address field without a stub does not reach the other end of memory
    const Reloc address = {4, RELOC_X64_PC32, name_of("outer"), 0};
    assert_int_equal(link_two(&far, ARCH_X86_64, address, zeros), STATUS_LIMIT);
    arena_free(&far.arena);
    Bench thread = {0};
    const Reloc local = {4, RELOC_X64_TLSGD, name_of("second"), 0};
    assert_int_equal(link_two(&thread, ARCH_X86_64, local, zeros), STATUS_UNSUPPORTED);
    assert_int_equal(thread.diag.errors, 1);
    arena_free(&thread.arena);
}

static void tables(void **state)
{
    (void)state;
    Bench b = {0};
    const Reloc reloc = {4, RELOC_X64_PLT32, name_of("second"), 0};
    Inst inst;
    uint32_t count;
    assert_int_equal(link_two(&b, ARCH_X86_64, reloc, zeros), STATUS_OK);
    assert_true(b.image.addresses[0] == BASE && b.image.addresses[1] == 0);
    assert_int_equal(jit_find_trap(&b.image, BASE + 9)->code, 6);
    assert_int_equal(jit_find_trap(&b.image, BASE + 34)->func, 2);
    assert_null(jit_find_trap(&b.image, BASE + 3));
    assert_null(jit_find_trap(&b.image, BASE + 100));
    assert_int_equal(jit_find_traps(&b.image, BASE, BASE + 34, &count)->code, 5);
    assert_int_equal(count, 2);
    assert_int_equal(jit_find_call(&b.image, BASE + 8)->inst.i, 3);
    assert_null(jit_find_call(&b.image, BASE + 9));
    assert_int_equal(jit_find_func(&b.image, BASE + 1, &inst), 0);
    assert_int_equal(inst.i, NO_INDEX);
    assert_int_equal(jit_find_func(&b.image, BASE + 5, &inst), 0);
    assert_int_equal(inst.i, 4);
    assert_int_equal(jit_find_func(&b.image, BASE + 19, &inst), 0);
    assert_int_equal(inst.i, 5);
    assert_int_equal(jit_find_func(&b.image, BASE + 25, &inst), NO_INDEX);
    assert_int_equal(jit_find_func(&b.image, BASE + 33, &inst), 2);
    arena_free(&b.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relocate_x64), cmocka_unit_test(relocate_a64), cmocka_unit_test(stubs),
        cmocka_unit_test(absolute),     cmocka_unit_test(errors),       cmocka_unit_test(tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
