// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Property: the meaning of any CLIF operation, which proofs of rules are about, is what the
// interpreter does.

#include "fuzz-targets/fuzz_specs.h"
#include "fuzz-targets/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Isle *lasting;
    Isle *const isle = specs_program(verify_texts_x64, &lasting);
    const uint32_t op = (size > 1 ? data[0] | (uint32_t)data[1] << 8 : 0) % OP_COUNT;
    const AgreeOptions options = specs_options(data, size, &op);
    Arena arena = {0};
    AgreeReport report = {.arena = &arena};
    agree_clif(isle, &options, &report);
    specs_judge(&report, "clif_specs");
    return 0;
}
