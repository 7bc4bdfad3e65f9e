// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// libFuzzer's hooks for the targets whose bytes are programs. One mutation in four is left to
// libFuzzer, which knows what comparisons look for.

#include "fuzz-targets/gen/gen.h"
#include "fuzz-targets/target.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return seed % 4 == 0 ? LLVMFuzzerMutate(data, size, max_size)
                         : gen_mutate(data, size, max_size, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
                                 uint8_t *out, size_t max_size, unsigned seed)
{
    return gen_cross((Str){(const char *)a, a_size}, (Str){(const char *)b, b_size}, out, max_size,
                     seed);
}
