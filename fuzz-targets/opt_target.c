// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Property: what the mid-end makes of a module is valid, means the same to the interpreter, and was
// made by work in proportion to the module's size.

#include "fuzz-targets/fuzz_harness.h"
#include "fuzz-targets/target.h"

// The mid-end has one set of rules; the targets say which operations there are to work on.
static const HarnessGroup groups[] = {
    {{ENGINE_INTERP}, {"x86_64 x86-64-v3"}, 1},
    {{ENGINE_INTERP}, {"aarch64 has_fp16 has_dotprod"}, 1},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Harness harness = {
        .groups = groups, .num_groups = sizeof(groups) / sizeof(groups[0]), .make = gen_case};
    harness_run(&harness, data, size);
    return 0;
}
