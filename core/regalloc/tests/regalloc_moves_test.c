// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parallel moves against simulation: the sequence must leave in each location what the moves at
// once would, and change nothing else but its temporaries.

#include "regalloc/regalloc_internal.h"
#include "regalloc/tests/fake_random.h"

#define NUM_REGS  6u
#define NUM_SLOTS 6u
#define NUM_LOCS  (REGS_MAX + NUM_SLOTS + 4)

// Registers first, then slots.
static Alloc nth_location(uint32_t n)
{
    return n < NUM_REGS ? alloc_reg(PREG(REG_INT, n)) : alloc_slot(n - NUM_REGS);
}

static uint32_t index_of(Alloc alloc)
{
    return alloc_is_reg(alloc) ? alloc_preg(alloc) : REGS_MAX + alloc_slot_number(alloc);
}

typedef struct Machine {
    uint64_t at[NUM_LOCS];
} Machine;

static void run_case(Sequencer *seq, Rng *rng, bool with_temp)
{
    const VRegData vregs[NUM_REGS + NUM_SLOTS] = {{REG_INT, 8}};
    const uint32_t total = NUM_REGS + NUM_SLOTS;
    uint32_t targets[NUM_REGS + NUM_SLOTS];
    for (uint32_t i = 0; i < total; i++)
        targets[i] = i;
    for (uint32_t i = 0; i < total; i++) { // in random order
        const uint32_t k = i + rng_below(rng, total - i), swap = targets[i];
        targets[i] = targets[k];
        targets[k] = swap;
    }
    Machine before, want, have;
    for (uint32_t i = 0; i < NUM_LOCS; i++)
        before.at[i] = 100 + i;
    want = have = before;
    const uint32_t num = rng_below(rng, total + 1);
    const bool permutation = rng_percent(rng, 40);
    ParallelMove moves[NUM_REGS + NUM_SLOTS];
    for (uint32_t i = 0; i < num; i++) {
        const uint32_t from = permutation ? targets[(i + 1) % num] : rng_below(rng, total);
        moves[i] = (ParallelMove){nth_location(targets[i]), nth_location(from), 0, NO_INDEX, false};
        want.at[index_of(moves[i].to)] = before.at[index_of(moves[i].from)];
        if (alloc_is_reg(moves[i].to) && rng_percent(rng, 15)) {
            moves[i].from = ALLOC_NONE;
            moves[i].remat = i;
            want.at[index_of(moves[i].to)] = 1000 + i;
        }
    }
    uint32_t num_slots = NUM_SLOTS, scratch = NO_INDEX;
    const PRegSet temp = with_temp ? preg_bit(PREG(REG_INT, 9)) : 0;
    MoveList out = {0};
    const MoveSite site = {7, &out, temp, {0xffff, 0}, vregs, &num_slots, &scratch};
    sequencer_run(seq, moves, num, &site);
    for (uint32_t i = 0; i < out.moves.len; i++) {
        const MMove *const m = &out.moves.data[i];
        assert_int_equal(m->before, 7);
        have.at[index_of(m->to)] =
            m->remat != NO_INDEX ? 1000 + m->remat : have.at[index_of(m->from)];
    }
    assert_true(out.moves.len <= num + num / 2);
    for (uint32_t i = 0; i < total; i++)
        assert_int_equal(have.at[index_of(nth_location(i))], want.at[index_of(nth_location(i))]);
    assert_true(with_temp ? num_slots == NUM_SLOTS : num_slots <= NUM_SLOTS + 2);
    for (uint32_t i = 0; i < NUM_LOCS; i++)
        assert_true(seq->readers[i] == 0 && seq->writer[i] == 0);
}

static void test_against_simulation(void **state)
{
    (void)state;
    Arena arena = {0};
    Rng rng = {20};
    Sequencer seq = sequencer_new(&arena, NUM_SLOTS);
    for (uint32_t i = 0; i < 20000; i++)
        run_case(&seq, &rng, i % 2 == 0);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_simulation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
