// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parallel moves against simulation: the sequence must leave in each location what the moves at
// once would, and change nothing else but its temporaries. For the unit test and the fuzz target.
#ifndef MOVES_CASE_H
#define MOVES_CASE_H

#include "regalloc/regalloc_internal.h"
#include "regalloc/tests/fake_random.h"

#define MOVES_REGS  6u
#define MOVES_SLOTS 6u
#define MOVES_LOCS  (REGS_MAX + MOVES_SLOTS + 4)

// Registers first, then slots.
static inline Alloc moves_location(uint32_t n)
{
    return n < MOVES_REGS ? alloc_reg(PREG(REG_INT, n)) : alloc_slot(n - MOVES_REGS);
}

static inline uint32_t moves_index(Alloc alloc)
{
    return alloc_is_reg(alloc) ? alloc_preg(alloc) : REGS_MAX + alloc_slot_number(alloc);
}

typedef struct MovesMachine {
    uint64_t at[MOVES_LOCS];
} MovesMachine;

// One set of moves, chosen by `rng`.
static inline void moves_run_case(Sequencer *seq, Rng *rng, bool with_temp)
{
    const VRegData vregs[MOVES_REGS + MOVES_SLOTS] = {{REG_INT, 8}};
    const uint32_t total = MOVES_REGS + MOVES_SLOTS;
    uint32_t targets[MOVES_REGS + MOVES_SLOTS];
    for (uint32_t i = 0; i < total; i++)
        targets[i] = i;
    for (uint32_t i = 0; i < total; i++) { // in random order
        const uint32_t k = i + rng_below(rng, total - i), swap = targets[i];
        targets[i] = targets[k];
        targets[k] = swap;
    }
    MovesMachine before, want, have;
    for (uint32_t i = 0; i < MOVES_LOCS; i++)
        before.at[i] = 100 + i;
    want = have = before;
    const uint32_t num = rng_below(rng, total + 1);
    const bool permutation = rng_percent(rng, 40);
    ParallelMove moves[MOVES_REGS + MOVES_SLOTS];
    for (uint32_t i = 0; i < num; i++) {
        const uint32_t from = permutation ? targets[(i + 1) % num] : rng_below(rng, total);
        moves[i] =
            (ParallelMove){moves_location(targets[i]), moves_location(from), 0, NO_INDEX, false};
        want.at[moves_index(moves[i].to)] = before.at[moves_index(moves[i].from)];
        if (alloc_is_reg(moves[i].to) && rng_percent(rng, 15)) {
            moves[i].from = ALLOC_NONE;
            moves[i].remat = i;
            want.at[moves_index(moves[i].to)] = 1000 + i;
        }
    }
    uint32_t num_slots = MOVES_SLOTS, scratch = NO_INDEX;
    const PRegSet temp = with_temp ? preg_bit(PREG(REG_INT, 9)) : 0;
    MoveList out = {0};
    const MoveSite site = {7, &out, temp, {0xffff, 0}, vregs, &num_slots, &scratch};
    sequencer_run(seq, moves, num, &site);
    for (uint32_t i = 0; i < out.moves.len; i++) {
        const MMove *const m = &out.moves.data[i];
        ASSERT(m->before == 7);
        have.at[moves_index(m->to)] =
            m->remat != NO_INDEX ? 1000 + m->remat : have.at[moves_index(m->from)];
    }
    ASSERT(out.moves.len <= num + num / 2);
    for (uint32_t i = 0; i < total; i++)
        ASSERT(have.at[moves_index(moves_location(i))] == want.at[moves_index(moves_location(i))]);
    ASSERT(with_temp ? num_slots == MOVES_SLOTS : num_slots <= MOVES_SLOTS + 2);
    for (uint32_t i = 0; i < MOVES_LOCS; i++)
        ASSERT(seq->readers[i] == 0 && seq->writer[i] == 0);
}

#endif
