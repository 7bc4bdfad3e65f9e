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
//
// Arguments that are not looked at are declared as what they are to a caller: pointers and words.

#include "emulate/machine/machine.h"

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
