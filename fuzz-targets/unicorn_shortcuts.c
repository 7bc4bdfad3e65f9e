// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What Unicorn 2.0.1 does for us in vain, left out of the fuzz programs: a sixth of their
// instructions. They are linked with Unicorn's archive and the linker's --wrap, which leads calls
// from one of Unicorn's files into another to functions of these names (CMakeLists.txt here).
//
// - Each store that it emulates may hit code that has been translated, so it builds a tree of the
//   pages touched, locks them, looks for translations there, and frees the tree. Our guests can't
//   write to their code: it is mapped without the right to, and Unicorn checks that before.
// - Translations are optimised. Most of ours run eight times.
//
// Arguments that are not looked at are declared as what they are to a caller: pointers and words.

#include "base/base.h"

#define SHORTCUTS(arch)                                                                    \
    void *__wrap_page_collection_lock_##arch(void *uc, uint64_t start, uint64_t end);      \
    void __wrap_page_collection_unlock_##arch(void *pages);                                \
    void __wrap_tb_invalidate_phys_page_fast_##arch(void *uc, void *pages, uint64_t start, \
                                                    int size, uintptr_t from);             \
    void __wrap_tcg_optimize_##arch(void *context);                                        \
    void *__wrap_page_collection_lock_##arch(void *uc, uint64_t start, uint64_t end)       \
    {                                                                                      \
        (void)uc, (void)start, (void)end;                                                  \
        return NULL;                                                                       \
    }                                                                                      \
    void __wrap_page_collection_unlock_##arch(void *pages)                                 \
    {                                                                                      \
        (void)pages;                                                                       \
    }                                                                                      \
    void __wrap_tb_invalidate_phys_page_fast_##arch(void *uc, void *pages, uint64_t start, \
                                                    int size, uintptr_t from)              \
    {                                                                                      \
        (void)uc, (void)pages, (void)start, (void)size, (void)from;                        \
    }                                                                                      \
    void __wrap_tcg_optimize_##arch(void *context)                                         \
    {                                                                                      \
        (void)context;                                                                     \
    }

SHORTCUTS(x86_64)
SHORTCUTS(aarch64)
