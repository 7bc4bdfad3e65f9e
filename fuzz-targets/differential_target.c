// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Property: the interpreter, and x86-64 and AArch64 code under Unicorn, agree about any module:
// results, traps, the heap, and what a callee must preserve.

#include "fuzz-targets/fuzz_harness.h"
#include "fuzz-targets/target.h"

// Operations that both targets have, or one of them with features that Unicorn runs right.
static const HarnessGroup groups[] = {
    {{ENGINE_UNICORN_X64, ENGINE_UNICORN_AARCH64}, {"x86_64", "aarch64"}, 2},
    {{ENGINE_UNICORN_X64}, {"x86_64 has_sse3 has_ssse3 has_sse41 has_sse42 has_bmi1 has_lzcnt"}, 1},
    {{ENGINE_UNICORN_AARCH64}, {"aarch64 has_fp16 has_dotprod"}, 1},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Harness harness = {
        .groups = groups, .num_groups = sizeof(groups) / sizeof(groups[0]), .make = gen_case};
    harness_run(&harness, data, size);
    return 0;
}
