// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Blocks that nothing reaches leave the layout.

#include "opt/opt_internal.h"

static void count(OptStats *stats, OptStat stat)
{
    if (stats)
        stats->counts[stat]++;
}

bool opt_remove_unreachable(Func *f, OptStats *stats, Arena *scratch)
{
    Bitset reached = bitset_new(scratch, f->blocks.len);
    VEC(uint32_t) work = {0};
    bitset_add(&reached, f->first_block.i);
    VEC_PUSH(scratch, &work, f->first_block.i);
    while (work.len != 0) {
        const uint32_t block = work.data[--work.len];
        const Span calls = inst_calls(f, f->blocks.data[block].last);
        for (uint32_t i = 0; i < calls.len; i++) {
            const uint32_t to = f->calls.data[calls.data[i]].block.i;
            if (bitset_has(&reached, to))
                continue;
            bitset_add(&reached, to);
            VEC_PUSH(scratch, &work, to);
        }
    }
    bool removed = false;
    for (Block block = f->first_block, next; block.i != NO_INDEX; block = next) {
        next = f->blocks.data[block.i].next;
        if (bitset_has(&reached, block.i))
            continue;
        func_remove_block(f, block);
        count(stats, OPT_STAT_UNREACHABLE);
        removed = true;
    }
    return removed;
}
