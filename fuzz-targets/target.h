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

// Of targets whose bytes are programs (mutator.c): changes `data` in place by `seed`, and joins `a`
// and `b` to `out`. Both return the new size.
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
                                 uint8_t *out, size_t max_size, unsigned seed);

#endif
