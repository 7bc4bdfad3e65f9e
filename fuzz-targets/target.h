// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The entry point that each fuzz target defines. libFuzzer calls it with inputs of its own making;
// driver.c calls it with files. A broken property aborts, with what broke it on stderr.
#ifndef FUZZ_TARGETS_TARGET_H
#define FUZZ_TARGETS_TARGET_H

#include <stddef.h>
#include <stdint.h>

// Checks the target's property on one input. Returns 0.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
