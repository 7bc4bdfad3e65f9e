// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Property: a sequence of moves does what the moves that it is made of would do at once.

#include "fuzz-targets/target.h"
#include "regalloc/tests/moves_case.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    Rng rng = {.bytes = data, .num_bytes = size};
    Sequencer seq = sequencer_new(&arena, MOVES_SLOTS);
    // Several sets of moves by one sequencer: it has to leave its tables clean.
    for (uint32_t i = 0; i < 4; i++)
        moves_run_case(&seq, &rng, rng_percent(&rng, 50));
    arena_free(&arena);
    return 0;
}
