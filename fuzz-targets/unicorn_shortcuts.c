// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What Unicorn 2.0.1 does for us in vain, left out of the fuzz programs. They are linked with
// Unicorn's archive, in which calls lead to functions of ours (CMakeLists.txt here): by the
// linker's --wrap those from another file, and all if the symbol is made a weak one first.
//
// - After each access to memory the emulated program looks whether it was asked to stop. In what is
//   translated that ends a basic block: all registers go back to memory. It looks at the start of
//   each translated block as well. What relies on the look is a store that fails; it is left at
//   once instead, as loads that fail are.
// - Each store may hit code that has been translated, so it leaves the fast path, to build a tree
//   of the pages touched, look for translations there, and free the tree. But for the code's own
//   pages, where that path finds that guests have no right to write, pages are called dirty, which
//   is what they are after such a store, as soon as there is an entry for them.
// - Translations are optimised. Most of ours run eight times.
// - The translator reads each byte of code as the program would read data, through permissions and
//   hooks. What it reads is from the page that it has asked for just before, when it began a block.
// - After each run, what is translated of the byte before the exit is dropped. That byte is not
//   mapped, which takes the most time to find out.
// - A hook is made known to the translator, by two tables and a name, in each block that calls it.
// - Registers that code of ours can't name, of AArch32, of bounds and of segments that begin at 0,
//   are looked at in each access to memory. The translator gets one for all of them.
// - A register that is read or written by number is looked for in a long switch.
// - The environment is asked twice a block whether to print it.
//
// Arguments that are not looked at are declared as what they are to a caller: pointers and words.

#include "emulate/machine/machine.h"

#include <unicorn/unicorn.h>

// ---- Translated code and its memory ----

// MemTxAttrs is a word of flags.
#define SHORTCUTS(arch)                                                                           \
    void __wrap_tcg_optimize_##arch(void *context);                                               \
    void check_exit_request_##arch(void *context);                                                \
    void tlb_set_dirty_##arch(void *cpu, uint64_t address);                                       \
    void __real_tlb_set_page_with_attrs_##arch(void *cpu, uint64_t address, uint64_t physical,    \
                                               uint32_t attrs, int rights, int mode,              \
                                               uint64_t size);                                    \
    void __wrap_tlb_set_page_with_attrs_##arch(void *cpu, uint64_t address, uint64_t physical,    \
                                               uint32_t attrs, int rights, int mode,              \
                                               uint64_t size);                                    \
    void __wrap_tcg_optimize_##arch(void *context)                                                \
    {                                                                                             \
        (void)context;                                                                            \
    }                                                                                             \
    void check_exit_request_##arch(void *context)                                                 \
    {                                                                                             \
        (void)context;                                                                            \
    }                                                                                             \
    void __wrap_tlb_set_page_with_attrs_##arch(void *cpu, uint64_t address, uint64_t physical,    \
                                               uint32_t attrs, int rights, int mode,              \
                                               uint64_t size)                                     \
    {                                                                                             \
        __real_tlb_set_page_with_attrs_##arch(cpu, address, physical, attrs, rights, mode, size); \
        if (address - MACHINE_CODE >= MACHINE_CODE_MAX)                                           \
            tlb_set_dirty_##arch(cpu, address);                                                   \
    }

SHORTCUTS(x86_64)
SHORTCUTS(aarch64)

// ---- Code that is read ----

// The page of code that was asked for last: a block's translation begins with that.
typedef struct CodePage {
    uint64_t address;
    const uint8_t *host; // NULL: not one of the image
} CodePage;

static _Thread_local CodePage code_page;

// The code at `address`, NULL if it is not all on the page.
static const uint8_t *find_code(uint64_t address, uint64_t size)
{
    const uint64_t at = address - code_page.address;
    return code_page.host && at <= MACHINE_PAGE - size ? code_page.host + at : NULL;
}

// The address of the page that holds `address`, which has been found at `host`.
static void note_code(uint64_t address, const uint8_t *host)
{
    const uint64_t at = address & (MACHINE_PAGE - 1);
    const bool is_image = address - MACHINE_CODE < MACHINE_CODE_MAX;
    code_page = (CodePage){address - at, host && is_image ? host - at : NULL};
}

// What get_page_addr_code says of an address that is not mapped.
#define NO_CODE UINT64_MAX

#define CODE(arch)                                                                      \
    uint64_t get_page_addr_code_hostp_##arch(void *env, uint64_t address, void **host); \
    uint64_t __wrap_get_page_addr_code_##arch(void *env, uint64_t address);             \
    uint64_t __wrap_get_page_addr_code_##arch(void *env, uint64_t address)              \
    {                                                                                   \
        void *host = NULL;                                                              \
        code_page.host = NULL;                                                          \
        if (address == MACHINE_EXIT - 1)                                                \
            return NO_CODE;                                                             \
        const uint64_t found = get_page_addr_code_hostp_##arch(env, address, &host);    \
        note_code(address, host);                                                       \
        return found;                                                                   \
    }

CODE(x86_64)
CODE(aarch64)

#define FETCH(name, result, type)                                     \
    result __real_##name(void *env, uint64_t address);                \
    result __wrap_##name(void *env, uint64_t address);                \
    result __wrap_##name(void *env, uint64_t address)                 \
    {                                                                 \
        const uint8_t *const code = find_code(address, sizeof(type)); \
        type value;                                                   \
        if (!code)                                                    \
            return __real_##name(env, address);                       \
        memcpy(&value, code, sizeof(value));                          \
        return value;                                                 \
    }

FETCH(cpu_ldub_code_x86_64, uint32_t, uint8_t)
FETCH(cpu_lduw_code_x86_64, uint32_t, uint16_t)
FETCH(cpu_ldl_code_x86_64, uint32_t, uint32_t)
FETCH(cpu_ldq_code_x86_64, uint64_t, uint64_t)
FETCH(cpu_ldl_code_aarch64, uint32_t, uint32_t)

// ---- Hooks ----

// What begins Unicorn's struct of a hook.
typedef struct Hook {
    int type, insn, refs, op;
    bool to_delete;
    uint64_t begin, end;
    void *callback;
} Hook;

// The translator at work, and the hook that was made known to it last, NULL if none was.
static _Thread_local void *translator;
static _Thread_local void *knows;
static _Thread_local const Hook *known;

// The one register that stands for those which no code of ours names, of the translator that was
// made last.
static _Thread_local void *unused_register;

#define TRANSLATOR(arch)                                                                          \
    void __real_tcg_context_init_##arch(void *context);                                           \
    void __wrap_tcg_context_init_##arch(void *context);                                           \
    void __real_tcg_func_start_##arch(void *context);                                             \
    void __wrap_tcg_func_start_##arch(void *context);                                             \
    void tcg_gen_callN_##arch(void *context, void *fn, void *result, int num_args, void **args);  \
    void __real_uc_add_inline_hook_##arch(void *uc, const Hook *hook, void **args, int num_args); \
    void __wrap_uc_add_inline_hook_##arch(void *uc, const Hook *hook, void **args, int num_args); \
    void *__real_tcg_global_mem_new_internal_##arch(void *context, int type, void *base,          \
                                                    intptr_t offset, const char *name);           \
    void *__wrap_tcg_global_mem_new_internal_##arch(void *context, int type, void *base,          \
                                                    intptr_t offset, const char *name);           \
    void __wrap_tcg_context_init_##arch(void *context)                                            \
    {                                                                                             \
        knows = unused_register = NULL;                                                           \
        __real_tcg_context_init_##arch(context);                                                  \
    }                                                                                             \
    void __wrap_tcg_func_start_##arch(void *context)                                              \
    {                                                                                             \
        translator = context;                                                                     \
        __real_tcg_func_start_##arch(context);                                                    \
    }                                                                                             \
    void __wrap_uc_add_inline_hook_##arch(void *uc, const Hook *hook, void **args, int num_args)  \
    {                                                                                             \
        if (knows == translator && known == hook) {                                               \
            tcg_gen_callN_##arch(translator, hook->callback, NULL, num_args, args);               \
            return;                                                                               \
        }                                                                                         \
        __real_uc_add_inline_hook_##arch(uc, hook, args, num_args);                               \
        knows = translator;                                                                       \
        known = hook;                                                                             \
    }                                                                                             \
    void *__wrap_tcg_global_mem_new_internal_##arch(void *context, int type, void *base,          \
                                                    intptr_t offset, const char *name)            \
    {                                                                                             \
        const bool unused = is_unused_##arch(name, offset);                                       \
        if (unused && unused_register)                                                            \
            return unused_register;                                                               \
        void *const made =                                                                        \
            __real_tcg_global_mem_new_internal_##arch(context, type, base, offset, name);         \
        unused_register = unused ? made : unused_register;                                        \
        return made;                                                                              \
    }

static bool is_unused_x86_64(const char *name, intptr_t offset)
{
    const bool is_segment = strcmp(name + 1, "s_base") == 0 && *name != 'f' && *name != 'g';
    (void)offset;
    return is_segment || strncmp(name, "bnd", 3) == 0;
}

// AArch32's registers begin the CPU's state.
static bool is_unused_aarch64(const char *name, intptr_t offset)
{
    (void)name;
    return offset < 16 * 4;
}

TRANSLATOR(x86_64)
TRANSLATOR(aarch64)

char *unicorn_getenv(const char *name);
char *unicorn_getenv(const char *name)
{
    (void)name;
    return NULL;
}

// ---- Registers ----

// Where a register is in the CPU's state, and its bytes; 0: it is none of those that lie there.
typedef struct Slot {
    uint16_t at, size;
} Slot;

// 4 registers, the ints or floats from number n on.
#define X64_INTS(n, a, b, c, d)                                             \
    [UC_X86_REG_##a] = {8 * (n), 8}, [UC_X86_REG_##b] = {8 * ((n) + 1), 8}, \
    [UC_X86_REG_##c] = {8 * ((n) + 2), 8}, [UC_X86_REG_##d] = {8 * ((n) + 3), 8}
#define X64_FLOAT(n)  [UC_X86_REG_XMM0 + (n)] = {0x318 + 0x40 * (n), 16}
#define X64_FLOATS(n) X64_FLOAT(n), X64_FLOAT((n) + 1), X64_FLOAT((n) + 2), X64_FLOAT((n) + 3)
#define A64_INT(n)    [UC_ARM64_REG_X0 + (n)] = {0x40 + 8 * (n), 8}
#define A64_INTS(n)   A64_INT(n), A64_INT((n) + 1), A64_INT((n) + 2), A64_INT((n) + 3)
#define A64_FLOAT(n)  [UC_ARM64_REG_Q0 + (n)] = {0xc10 + 0x100 * (n), 16}
#define A64_FLOATS(n) A64_FLOAT(n), A64_FLOAT((n) + 1), A64_FLOAT((n) + 2), A64_FLOAT((n) + 3)

// clang-format off
static const Slot x64_slots[UC_X86_REG_ENDING] = {
    X64_INTS(0, RAX, RCX, RDX, RBX), X64_INTS(4, RSP, RBP, RSI, RDI),
    X64_INTS(8, R8, R9, R10, R11), X64_INTS(12, R12, R13, R14, R15),
    X64_FLOATS(0), X64_FLOATS(4), X64_FLOATS(8), X64_FLOATS(12)
};

static const Slot a64_slots[UC_ARM64_REG_ENDING] = {
    A64_INTS(0), A64_INTS(4), A64_INTS(8), A64_INTS(12), A64_INTS(16), A64_INTS(20), A64_INTS(24),
    A64_INT(28), [UC_ARM64_REG_X29] = {0x128, 8}, [UC_ARM64_REG_X30] = {0x130, 8},
    [UC_ARM64_REG_SP] = {0x138, 8},
    A64_FLOATS(0), A64_FLOATS(4), A64_FLOATS(8), A64_FLOATS(12), A64_FLOATS(16), A64_FLOATS(20),
    A64_FLOATS(24), A64_FLOATS(28)
};
// clang-format on

// The slots of an engine's architecture, and the state they are in.
typedef struct State {
    const Slot *slots;
    uint8_t *bytes;
} State;

// An engine begins with its architecture and has a pointer to its CPU, which has the state.
static State state_of(const uc_engine *uc)
{
    const uint8_t *const engine = (const uint8_t *)uc;
    uint8_t *cpu;
    uc_arch arch;
    memcpy(&arch, engine, sizeof(arch));
    memcpy(&cpu, engine + 0x180, sizeof(cpu));
    return arch == UC_ARCH_ARM64 ? (State){a64_slots, cpu + 0x9750}
                                 : (State){x64_slots, cpu + 0x8750};
}

uc_err __real_uc_reg_write_batch(uc_engine *uc, int *ids, void *const *values, int count);
uc_err __wrap_uc_reg_write_batch(uc_engine *uc, int *ids, void *const *values, int count);
uc_err __wrap_uc_reg_write_batch(uc_engine *uc, int *ids, void *const *values, int count)
{
    const State state = state_of(uc);
    for (int i = 0; i < count; i++) {
        const Slot slot = state.slots[ids[i]];
        if (slot.size == 8)
            memcpy(state.bytes + slot.at, values[i], 8);
        else if (slot.size == 16)
            memcpy(state.bytes + slot.at, values[i], 16);
        else if (__real_uc_reg_write_batch(uc, &ids[i], &values[i], 1) != UC_ERR_OK)
            return UC_ERR_ARG;
    }
    return UC_ERR_OK;
}

uc_err __real_uc_reg_read_batch(uc_engine *uc, int *ids, void **values, int count);
uc_err __wrap_uc_reg_read_batch(uc_engine *uc, int *ids, void **values, int count);
uc_err __wrap_uc_reg_read_batch(uc_engine *uc, int *ids, void **values, int count)
{
    const State state = state_of(uc);
    for (int i = 0; i < count; i++) {
        const Slot slot = state.slots[ids[i]];
        if (slot.size == 8)
            memcpy(values[i], state.bytes + slot.at, 8);
        else if (slot.size == 16)
            memcpy(values[i], state.bytes + slot.at, 16);
        else if (__real_uc_reg_read_batch(uc, &ids[i], &values[i], 1) != UC_ERR_OK)
            return UC_ERR_ARG;
    }
    return UC_ERR_OK;
}

// ---- Stops ----

// The CPU is asked to stop by loads and stores that fail, in the midst of emulation, which is left
// there. It is asked by uc_emu_stop as well: by a hook, or when there is nothing to leave yet.
// Leaving is the same code for all architectures.
static _Thread_local bool asked_from_outside;

int __real_uc_emu_stop(void *uc);
int __wrap_uc_emu_stop(void *uc);
int __wrap_uc_emu_stop(void *uc)
{
    asked_from_outside = true;
    const int error = __real_uc_emu_stop(uc);
    asked_from_outside = false;
    return error;
}

void cpu_loop_exit_x86_64(void *cpu);
void __real_cpu_exit(void *cpu);
void __wrap_cpu_exit(void *cpu);
void __wrap_cpu_exit(void *cpu)
{
    __real_cpu_exit(cpu);
    if (!asked_from_outside)
        cpu_loop_exit_x86_64(cpu);
}
