// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parallel moves against simulation, at random.

#include "regalloc/tests/moves_case.h"

static void test_against_simulation(void **state)
{
    (void)state;
    Arena arena = {0};
    Rng rng = {.state = 20};
    Sequencer seq = sequencer_new(&arena, MOVES_SLOTS);
    for (uint32_t i = 0; i < 20000; i++)
        moves_run_case(&seq, &rng, i % 2 == 0);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_simulation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
