// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Unwinding at every instruction. The functions of unwind.clif become an object, which the system's
// linker lays out. They run in an emulator; before each instruction the frames are unwound as
// elfutils reads our .eh_frame, up to the first caller. There the program counter, the stack
// pointer and the registers that a callee saves must be those of the call. Every instruction that
// is no trap must have been met.

#include "base/tests/read_file.h"
#include "driver/driver.h"
#include "object/object.h"
#include "regalloc/regalloc.h"
#include "text/text.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unicorn/unicorn.h>
#include <unistd.h>

// cmocka.h wants the others before it.
// clang-format off
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#define CODE       UINT64_C(0x400000)
#define EXIT       UINT64_C(0x10000)
#define STACK      UINT64_C(0x10000000)
#define STACK_SIZE UINT64_C(0x4000000)
#define STACK_TOP  (STACK + STACK_SIZE - 0x1000)

// Registers by DWARF's numbers: those of AArch64 go up to v15.
enum { REGISTERS = 80, NOT_HERE = -1, FRAMES_MAX = 64 };

typedef struct Guest {
    Arch arch;
    int ids[REGISTERS]; // Unicorn's, NOT_HERE: not looked at
    int pc;
    uint32_t sp;
    bool saved[REGISTERS]; // belongs to the caller
} Guest;

typedef struct Frame {
    uint64_t regs[REGISTERS], pc;
} Frame;

typedef struct Bench {
    Arena arena;
    Diag diag;
    Guest guest;
    ClifFile *file;
    CompiledFunc *codes;
    uint32_t num_codes;
    int fd; // of the linked program
    Elf *elf;
    Dwarf_CFI *cfi;
    uint64_t *places; // address of each function
    bool **met;       // by function and offset
    uc_engine *uc;
    Frame entry;
    uint64_t steps;
    char error[256]; // what was wrong first
} Bench;

// A setting that is not as usual.
typedef struct Choice {
    SettingId setting;
    uint8_t value;
} Choice;

enum { CHOICES_MAX = 3, INLINE = 1 };

// ---- The two targets ----

static Guest guest_of(Arch arch)
{
    // By DWARF's numbers: rax rdx rcx rbx rsi rdi rbp rsp r8...
    static const int x64[16] = {
        UC_X86_REG_RAX, UC_X86_REG_RDX, UC_X86_REG_RCX, UC_X86_REG_RBX,
        UC_X86_REG_RSI, UC_X86_REG_RDI, UC_X86_REG_RBP, UC_X86_REG_RSP,
        UC_X86_REG_R8,  UC_X86_REG_R9,  UC_X86_REG_R10, UC_X86_REG_R11,
        UC_X86_REG_R12, UC_X86_REG_R13, UC_X86_REG_R14, UC_X86_REG_R15,
    };
    const bool is_x64 = arch == ARCH_X86_64;
    Guest g = {.arch = arch, .pc = is_x64 ? (int)UC_X86_REG_RIP : (int)UC_ARM64_REG_PC};
    g.sp = is_x64 ? 7 : 31;
    for (int i = 0; i < REGISTERS; i++)
        g.ids[i] = NOT_HERE;
    for (int i = 0; is_x64 && i < 16; i++) {
        g.ids[i] = x64[i];
        g.saved[i] = i == 3 || i == 6 || i >= 12;
    }
    for (int i = 0; !is_x64 && i < 32; i++) {
        g.ids[i] = i < 29 ? UC_ARM64_REG_X0 + i
                          : (int[]){UC_ARM64_REG_X29, UC_ARM64_REG_X30, UC_ARM64_REG_SP}[i - 29];
        g.saved[i] = i >= 19 && i <= 29;
    }
    for (int i = 72; !is_x64 && i < 80; i++) {
        g.ids[i] = UC_ARM64_REG_D8 + i - 72;
        g.saved[i] = true;
    }
    return g;
}

// ---- Building ----

static void compile(Bench *b, const Choice *choices)
{
    Settings settings = settings_defaults();
    Isa isa;
    const DriverOptions options = {
        .settings = &settings, .isa = &isa, .validate = true, .check = true, .listing = true};
    for (uint32_t i = 0; i < CHOICES_MAX; i++)
        if (choices[i].value != 0)
            settings.values[choices[i].setting] = choices[i].value;
    assert_int_equal(isa_parse(str_from(arch_name(b->guest.arch)), &isa), STATUS_OK);
    assert_int_equal(text_parse_file(&b->arena, STR("unwind.clif"),
                                     read_file(&b->arena, UNWIND_PROGRAMS), &(ParseOptions){0},
                                     &b->file, &b->diag),
                     STATUS_OK);
    b->num_codes = b->file->module.funcs.len;
    assert_int_equal(
        driver_compile_module(&b->file->module, &options, &b->arena, &b->codes, &b->diag),
        STATUS_OK);
    b->met = ARENA_ARRAY(&b->arena, bool *, b->num_codes);
    for (uint32_t i = 0; i < b->num_codes; i++)
        b->met[i] = ARENA_ARRAY(&b->arena, bool, b->codes[i].size);
}

// Links the object at CODE, by the linker of the target.
static void link_object(Bench *b)
{
    const ObjectOptions options = {.arch = b->guest.arch, .unwind = true};
    char folder[] = "/tmp/unwind_test.XXXXXX";
    assert_non_null(mkdtemp(folder));
    const Str object = str_printf(&b->arena, "%s/code.o", folder);
    const Str program = str_printf(&b->arena, "%s/program", folder);
    const int fd = open(object.data, O_RDWR | O_CREAT | O_EXCL, 0600);
    assert_int_equal(object_write(b->codes, b->num_codes, &options, fd, &b->arena, &b->diag),
                     STATUS_OK);
    close(fd);
    const Str command = str_printf(&b->arena, "%sld -e 0 -Ttext=0x%llx -o %s %s",
                                   b->guest.arch == ARCH_X86_64 ? "" : "aarch64-linux-gnu-",
                                   (unsigned long long)CODE, program.data, object.data);
    assert_int_equal(system(command.data), 0);
    b->fd = open(program.data, O_RDONLY);
    unlink(program.data);
    unlink(object.data);
    rmdir(folder);
    assert_true(b->fd >= 0);
}

static void read_symbols(Bench *b, Elf_Scn *section, const GElf_Shdr *header)
{
    Elf_Data *const data = elf_getdata(section, NULL);
    assert_non_null(data);
    b->places = ARENA_ARRAY(&b->arena, uint64_t, b->num_codes);
    for (int i = 0; i < (int)(header->sh_size / header->sh_entsize); i++) {
        GElf_Sym symbol;
        assert_non_null(gelf_getsym(data, i, &symbol));
        const char *const text = elf_strptr(b->elf, header->sh_link, symbol.st_name);
        const ExtName name = {.kind = NAME_TESTCASE, .text = str_from(text)};
        const uint32_t func = module_find(&b->file->module, &name);
        if (func == NO_INDEX)
            continue;
        b->places[func] = symbol.st_value;
        assert_int_equal(symbol.st_size, b->codes[func].size);
    }
}

static void load_code(Bench *b, Elf_Scn *section, const GElf_Shdr *header)
{
    const Elf_Data *const data = elf_getdata(section, NULL);
    assert_non_null(data);
    assert_int_equal(header->sh_addr, CODE);
    const uint64_t size = (data->d_size + 0xfff) & ~UINT64_C(0xfff);
    assert_int_equal(uc_mem_map(b->uc, CODE, size, UC_PROT_ALL), UC_ERR_OK);
    assert_int_equal(uc_mem_write(b->uc, CODE, data->d_buf, data->d_size), UC_ERR_OK);
}

static void open_program(Bench *b)
{
    const bool x64 = b->guest.arch == ARCH_X86_64;
    elf_version(EV_CURRENT);
    assert_int_equal(
        uc_open(x64 ? UC_ARCH_X86 : UC_ARCH_ARM64, x64 ? UC_MODE_64 : UC_MODE_ARM, &b->uc),
        UC_ERR_OK);
    assert_int_equal(uc_mem_map(b->uc, EXIT, 0x1000, UC_PROT_ALL), UC_ERR_OK);
    assert_int_equal(uc_mem_map(b->uc, STACK, STACK_SIZE, UC_PROT_READ | UC_PROT_WRITE), UC_ERR_OK);
    b->elf = elf_begin(b->fd, ELF_C_READ, NULL);
    assert_non_null(b->elf);
    for (Elf_Scn *section = NULL; (section = elf_nextscn(b->elf, section)) != NULL;) {
        GElf_Shdr header;
        assert_non_null(gelf_getshdr(section, &header));
        if (header.sh_type == SHT_SYMTAB)
            read_symbols(b, section, &header);
        else if ((header.sh_flags & SHF_EXECINSTR) != 0)
            load_code(b, section, &header);
    }
    b->cfi = dwarf_getcfi_elf(b->elf);
    assert_non_null(b->cfi);
}

// The function that `address` is in, NO_INDEX for none.
static uint32_t find_func(const Bench *b, uint64_t address)
{
    for (uint32_t i = 0; i < b->num_codes; i++)
        if (address >= b->places[i] && address < b->places[i] + b->codes[i].size)
            return i;
    return NO_INDEX;
}

// ---- Unwinding ----

#define FAIL(b, ...)                                               \
    do {                                                           \
        if ((b)->error[0] == '\0')                                 \
            snprintf((b)->error, sizeof((b)->error), __VA_ARGS__); \
        return false;                                              \
    } while (0)

// What locations are counted from.
typedef struct Origin {
    const Frame *frame;
    uint64_t cfa;
} Origin;

// A location that elfutils describes: a register and an offset, or the CFA and an offset.
static bool evaluate(Bench *b, const Dwarf_Op *ops, size_t n, const Origin *from, uint64_t *out)
{
    if (n >= 1 && ops[0].atom >= DW_OP_breg0 && ops[0].atom <= DW_OP_breg31)
        *out = from->frame->regs[ops[0].atom - DW_OP_breg0] + ops[0].number;
    else if (n >= 1 && ops[0].atom == DW_OP_bregx && ops[0].number < REGISTERS)
        *out = from->frame->regs[ops[0].number] + ops[0].number2;
    else if (n >= 1 && ops[0].atom == DW_OP_call_frame_cfa)
        *out = from->cfa;
    else
        FAIL(b, "an expression of %zu operations", n);
    if (n == 2 && ops[1].atom == DW_OP_plus_uconst)
        *out += ops[1].number;
    else if (n != 1)
        FAIL(b, "an expression of %zu operations", n);
    return true;
}

// The caller's value of a register.
static bool find_register(Bench *b, Dwarf_Frame *info, int reg, const Origin *from, uint64_t *out)
{
    Dwarf_Op memory[3];
    Dwarf_Op *ops = NULL;
    size_t n = 0;
    uint64_t at = 0;
    if (dwarf_frame_register(info, reg, memory, &ops, &n) != 0)
        FAIL(b, "register %d: %s", reg, dwarf_errmsg(-1));
    if (n == 0) { // nothing is said of it: the same value
        *out = from->frame->regs[reg];
        return true;
    }
    if (n == 1 && ops[0].atom == DW_OP_regx && ops[0].number < REGISTERS) {
        *out = from->frame->regs[ops[0].number];
        return true;
    }
    if (!evaluate(b, ops, n, from, &at))
        return false;
    if (at < from->frame->regs[b->guest.sp])
        FAIL(b, "register %d is said to be below the stack pointer", reg);
    if (uc_mem_read(b->uc, at, out, 8) != UC_ERR_OK)
        FAIL(b, "register %d is said to be at 0x%llx", reg, (unsigned long long)at);
    return true;
}

static bool unwind_by(Bench *b, Dwarf_Frame *info, Frame *frame)
{
    Dwarf_Op *ops = NULL;
    size_t n = 0;
    Origin from = {frame, 0};
    Frame caller = *frame;
    const int return_register = dwarf_frame_info(info, NULL, NULL, NULL);
    if (dwarf_frame_cfa(info, &ops, &n) != 0 || !evaluate(b, ops, n, &from, &from.cfa))
        FAIL(b, "no CFA");
    for (int i = 0; i < REGISTERS; i++) {
        caller.regs[i] = UINT64_C(0xdead00000000) + (uint64_t)i;
        if (b->guest.saved[i] && !find_register(b, info, i, &from, &caller.regs[i]))
            return false;
    }
    if (!find_register(b, info, return_register, &from, &caller.pc))
        return false;
    caller.regs[b->guest.sp] = from.cfa;
    *frame = caller;
    return true;
}

// From `frame` to its caller; `at` is the address to look up.
static bool unwind_step(Bench *b, uint64_t at, Frame *frame)
{
    Dwarf_Frame *info = NULL;
    if (find_func(b, at) == NO_INDEX)
        FAIL(b, "0x%llx is no address of ours", (unsigned long long)at);
    if (dwarf_cfi_addrframe(b->cfi, at, &info) != 0)
        FAIL(b, "nothing for 0x%llx: %s", (unsigned long long)at, dwarf_errmsg(-1));
    const bool good = unwind_by(b, info, frame);
    free(info);
    return good;
}

static bool is_entry(Bench *b, const Frame *frame)
{
    const uint32_t sp = b->guest.sp;
    if (frame->regs[sp] != b->entry.regs[sp])
        FAIL(b, "the stack pointer would be 0x%llx", (unsigned long long)frame->regs[sp]);
    for (int i = 0; i < REGISTERS; i++)
        if (b->guest.saved[i] && frame->regs[i] != b->entry.regs[i])
            FAIL(b, "register %d would be 0x%llx", i, (unsigned long long)frame->regs[i]);
    return true;
}

static bool unwind_all(Bench *b, Frame frame)
{
    for (uint32_t depth = 0; depth < FRAMES_MAX; depth++) {
        // A return address belongs to the call before it.
        if (!unwind_step(b, frame.pc - (depth != 0), &frame))
            return false;
        if (frame.pc == EXIT)
            return is_entry(b, &frame);
    }
    FAIL(b, "the frames have no end");
}

// ---- Running ----

static void on_instruction(uc_engine *uc, uint64_t address, uint32_t size, void *context)
{
    Bench *const b = context;
    Frame frame = {.pc = address};
    (void)size;
    const uint32_t func = find_func(b, address);
    if (func == NO_INDEX) {
        uc_emu_stop(uc);
        return;
    }
    const uint64_t offset = address - b->places[func];
    for (int i = 0; i < REGISTERS; i++)
        if (b->guest.ids[i] != NOT_HERE)
            uc_reg_read(uc, b->guest.ids[i], &frame.regs[i]);
    b->steps++;
    b->met[func][offset] = true;
    if (unwind_all(b, frame))
        return;
    const size_t len = strlen(b->error);
    snprintf(b->error + len, sizeof(b->error) - len, ", in function %u at 0x%llx", func,
             (unsigned long long)offset);
    uc_emu_stop(uc);
}

static void set_registers(Bench *b, uint64_t first, uint64_t second)
{
    Guest *const g = &b->guest;
    const bool x64 = g->arch == ARCH_X86_64;
    for (uint32_t i = 0; i < REGISTERS; i++)
        b->entry.regs[i] = UINT64_C(0x5a17000000000000) + i * UINT64_C(0x100010001);
    b->entry.regs[x64 ? 5 : 0] = first;
    b->entry.regs[x64 ? 4 : 1] = second;
    b->entry.regs[g->sp] = STACK_TOP;
    if (x64) {
        const uint64_t sp = STACK_TOP - 8, exit = EXIT;
        assert_int_equal(uc_mem_write(b->uc, sp, &exit, 8), UC_ERR_OK);
    } else {
        b->entry.regs[30] = EXIT;
    }
    for (uint32_t i = 0; i < REGISTERS; i++) {
        uint64_t value = b->entry.regs[i];
        if (i == g->sp && x64)
            value -= 8;
        if (g->ids[i] != NOT_HERE)
            assert_int_equal(uc_reg_write(b->uc, g->ids[i], &value), UC_ERR_OK);
    }
}

static void call(Bench *b, uint32_t func, uint64_t first, uint64_t second)
{
    uint64_t pc = 0;
    set_registers(b, first, second);
    const uc_err status = uc_emu_start(b->uc, b->places[func], EXIT, 0, 1000000);
    if (b->error[0] != '\0')
        fail_msg("%s: %s, called with %d, %d", arch_name(b->guest.arch), b->error, (int)first,
                 (int)second);
    uc_reg_read(b->uc, b->guest.pc, &pc);
    if (status != UC_ERR_OK || pc != EXIT)
        fail_msg("%s: %s at 0x%llx", arch_name(b->guest.arch), uc_strerror(status),
                 (unsigned long long)pc);
}

// Each note of the listing that is an instruction must have been met, but for traps.
static void check_all_met(Bench *b)
{
    for (uint32_t f = 0; f < b->num_codes; f++) {
        const CompiledFunc *const code = &b->codes[f];
        for (uint32_t i = 0; i < code->num_notes; i++) {
            const Str text = code->notes[i].text;
            const uint32_t offset = code->notes[i].offset;
            const bool is_code = text.data[text.len - 1] != ':' && text.data[0] != '.';
            const bool is_trap = str_eq_c(text, "ud2") || str_starts_with(text, STR("udf"));
            if (offset < code->code_size && is_code && !is_trap && !b->met[f][offset])
                fail_msg("%s: function %u: '%.*s' at 0x%x was never met", arch_name(b->guest.arch),
                         f, STR_ARG(text), offset);
        }
    }
}

static void run_arch(Arch arch, const Choice *choices)
{
    static const uint64_t arguments[][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 2},
                                            {2, 1}, {3, 7}, {5, 3}, {6, (uint64_t)-3}};
    Bench b = {.guest = guest_of(arch)};
    uc_hook hook;
    b.diag.arena = &b.arena;
    compile(&b, choices);
    link_object(&b);
    open_program(&b);
    // As a union, since C forbids a function pointer to become a data pointer.
    const union {
        void (*function)(uc_engine *, uint64_t, uint32_t, void *);
        void *pointer;
    } callback = {.function = on_instruction};
    assert_int_equal(uc_hook_add(b.uc, &hook, UC_HOOK_CODE, callback.pointer, &b, 1, 0), UC_ERR_OK);
    for (uint32_t f = 0; f < b.num_codes; f++)
        if (b.codes[f].func->sig.num_params == 2)
            for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++)
                call(&b, f, arguments[i][0], arguments[i][1]);
    check_all_met(&b);
    assert_true(b.steps > 2000);
    uc_close(b.uc);
    dwarf_cfi_end(b.cfi);
    elf_end(b.elf);
    close(b.fd);
    arena_free(&b.arena);
}

static void run_both(const Choice *choices)
{
    run_arch(ARCH_X86_64, choices);
    run_arch(ARCH_AARCH64, choices);
}

static void test_plain(void **state)
{
    (void)state;
    run_both((Choice[CHOICES_MAX]){0});
}

static void test_frame_pointers(void **state)
{
    (void)state;
    run_both((Choice[CHOICES_MAX]){{SETTING_PRESERVE_FRAME_POINTERS, 1}});
}

static void test_single_pass(void **state)
{
    (void)state;
    run_both((Choice[CHOICES_MAX]){{SETTING_REGALLOC_ALGORITHM, REGALLOC_SINGLE_PASS}});
}

static void test_probes(void **state)
{
    (void)state;
    run_both((Choice[CHOICES_MAX]){{SETTING_ENABLE_PROBESTACK, 1},
                                   {SETTING_PROBESTACK_STRATEGY, INLINE}});
}

static void test_probes_with_frame_pointers(void **state)
{
    (void)state;
    run_both((Choice[CHOICES_MAX]){{SETTING_ENABLE_PROBESTACK, 1},
                                   {SETTING_PROBESTACK_STRATEGY, INLINE},
                                   {SETTING_PRESERVE_FRAME_POINTERS, 1}});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_frame_pointers),
        cmocka_unit_test(test_single_pass),
        cmocka_unit_test(test_probes),
        cmocka_unit_test(test_probes_with_frame_pointers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
