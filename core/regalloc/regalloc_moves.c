// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parallel moves as a sequence. A move may be made once nobody has to read its target any more;
// what is left when no such move exists are cycles, each location of which is read once. One target
// of a cycle is saved in a temporary, its reader reads that, and the cycle unwinds. (Boissinot et
// al., "Revisiting Out-of-SSA Translation for Correctness, Code Quality, and Efficiency", section
// III.C.)

#include "regalloc/regalloc_internal.h"

Sequencer sequencer_new(Arena *arena, uint32_t num_slots)
{
    // One slot pair more than there are: the temporary of cycles.
    const uint32_t locations = REGS_MAX + num_slots + 4;
    return (Sequencer){.arena = arena,
                       .readers = ARENA_ARRAY(arena, uint32_t, locations),
                       .writer = ARENA_ARRAY(arena, uint32_t, locations)};
}

static uint32_t location(Alloc alloc)
{
    return alloc_is_reg(alloc) ? alloc_preg(alloc) : REGS_MAX + alloc_slot_number(alloc);
}

static bool reads(const ParallelMove *move)
{
    return move->remat == NO_INDEX;
}

static void emit(Sequencer *seq, const ParallelMove *move, const MoveSite *site)
{
    const MMove m = {site->before, move->from, move->to, {move->vreg}, move->remat};
    VEC_PUSH(seq->arena, &site->out->moves, m);
}

// Makes the ready moves and those that become ready by it.
static void drain(Sequencer *seq, const ParallelMove *moves, const MoveSite *site)
{
    while (seq->ready.len != 0) {
        const ParallelMove *const move = &moves[seq->ready.data[--seq->ready.len]];
        emit(seq, move, site);
        seq->writer[location(move->to)] = 0;
        if (!reads(move))
            continue;
        const uint32_t from = location(move->from);
        if (--seq->readers[from] == 0 && seq->writer[from] != 0)
            VEC_PUSH(seq->arena, &seq->ready, seq->writer[from] - 1);
    }
}

static Alloc pick_temp(const MoveSite *site, const ParallelMove *move)
{
    const PRegSet regs = site->regs & site->class_regs[site->vregs[move->vreg].class];
    for (PReg reg = 0; reg < REGS_MAX; reg++)
        if ((regs & preg_bit(reg)) != 0)
            return alloc_reg(reg);
    if (*site->scratch_slot == NO_INDEX) {
        *site->scratch_slot = (*site->num_slots + 1) & ~1u;
        *site->num_slots = *site->scratch_slot + 2;
    }
    return alloc_slot(*site->scratch_slot);
}

void sequencer_run(Sequencer *seq, ParallelMove *moves, uint32_t num, const MoveSite *site)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < num; i++)
        if (!reads(&moves[i]) || moves[i].to.bits != moves[i].from.bits)
            moves[count++] = moves[i];
    for (uint32_t i = 0; i < count; i++) {
        ASSERT(seq->writer[location(moves[i].to)] == 0);
        seq->writer[location(moves[i].to)] = i + 1;
        if (reads(&moves[i]))
            seq->readers[location(moves[i].from)]++;
    }
    for (uint32_t i = 0; i < count; i++)
        if (seq->readers[location(moves[i].to)] == 0)
            VEC_PUSH(seq->arena, &seq->ready, i);
    drain(seq, moves, site);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t to = location(moves[i].to);
        if (seq->writer[to] != i + 1)
            continue;
        // In a cycle. Whoever reads this target is found by walking round.
        uint32_t reader = i;
        while (moves[reader].from.bits != moves[i].to.bits)
            reader = seq->writer[location(moves[reader].from)] - 1;
        ParallelMove save = moves[reader];
        save.to = pick_temp(site, &save);
        emit(seq, &save, site);
        moves[reader].from = save.to;
        seq->readers[location(save.to)]++;
        seq->readers[to]--;
        VEC_PUSH(seq->arena, &seq->ready, i);
        drain(seq, moves, site);
    }
}
