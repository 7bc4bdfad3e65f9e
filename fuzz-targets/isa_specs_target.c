// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Property: the meaning of any machine instruction, as its row says it, is what an emulated CPU
// does; of some on this CPU.

#include "fuzz-targets/fuzz_specs.h"
#include "fuzz-targets/target.h"

// The engine by the upper bits of the choice; starting this CPU's takes longest.
static Engine choose_engine(uint32_t choice)
{
    const uint32_t turn = choice >> 11;
    return turn == 0 ? ENGINE_NATIVE : turn % 2 == 0 ? ENGINE_UNICORN_X64 : ENGINE_UNICORN_AARCH64;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Isle *x64, *aarch64;
    const uint32_t choice = size > 1 ? data[0] | (uint32_t)data[1] << 8 : 0;
    const Engine engine = choose_engine(choice);
    Isle *const isle = engine == ENGINE_UNICORN_AARCH64
                           ? specs_program(verify_texts_aarch64, &aarch64)
                           : specs_program(verify_texts_x64, &x64);
    const AgreeOptions options = specs_options(data, size, &choice);
    const char *reason;
    Arena arena = {0};
    AgreeReport report = {.arena = &arena};
    (void)agree_rows(isle, engine, &options, &report, &reason);
    specs_judge(&report, "isa_specs");
    return 0;
}
