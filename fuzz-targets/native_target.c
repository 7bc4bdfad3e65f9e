// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Property: the interpreter and x86-64 code on this CPU agree about any module, under features that
// Unicorn lacks, too.

#include "fuzz-targets/fuzz_harness.h"
#include "fuzz-targets/target.h"

static const HarnessGroup groups[] = {
    {{ENGINE_NATIVE}, {"x86_64"}, 1},
    {{ENGINE_NATIVE}, {"x86_64 sse42 has_popcnt has_bmi1 has_lzcnt has_cmpxchg16b"}, 1},
    {{ENGINE_NATIVE}, {"x86_64 x86-64-v3"}, 1},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Harness harness = {
        .groups = groups, .num_groups = sizeof(groups) / sizeof(groups[0]), .make = gen_case};
    harness_run(&harness, data, size);
    return 0;
}
