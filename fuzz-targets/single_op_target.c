// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Property: the interpreter, and x86-64 and AArch64 code under Unicorn, agree about any single
// operation with every type, condition and lane, on special values and others.

#include "fuzz-targets/fuzz_harness.h"
#include "fuzz-targets/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Harness harness = {
        .groups = harness_unicorn, .num_groups = HARNESS_UNICORN_GROUPS, .make = gen_single};
    harness_run(&harness, data, size);
    return 0;
}
