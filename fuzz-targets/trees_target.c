// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Property: the decision tree of each term of a random program of rules does what the rules say
// when they are tried in their order: the same rule fires, with the same value, after the same
// calls.

#include "fuzz-targets/require.h"
#include "fuzz-targets/target.h"
#include "isle-rules/tests/isle_random.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Tally tally = {0};
    uint64_t seed = 0;
    const size_t head = size < sizeof(seed) ? size : sizeof(seed);
    memcpy(&seed, data, head);
    const bool good =
        random_program_agrees(seed, (Str){(const char *)data + head, size - head}, &tally);
    require(good, "trees", "a decision tree does not do what its rules say");
    return 0;
}
