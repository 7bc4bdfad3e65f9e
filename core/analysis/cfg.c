// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The control-flow graph: successors as the branches name them, then predecessors by a counting
// sort of the same edges.

#include "analysis/analysis.h"

// Appends the distinct successors of `block`. seen[b] == block + 1 marks b as met for this block.
static uint32_t add_succs(const Func *f, Block block, uint32_t *seen, Cfg *cfg, uint32_t n)
{
    const Inst last = f->blocks.data[block.i].last;
    if (last.i == NO_INDEX)
        return n;
    const Span calls = inst_calls(f, last);
    for (uint32_t i = 0; i < calls.len; i++) {
        const Block target = f->calls.data[calls.data[i]].block;
        if (target.i >= f->blocks.len || !f->blocks.data[target.i].inserted ||
            seen[target.i] == block.i + 1)
            continue;
        seen[target.i] = block.i + 1;
        cfg->succs[n++] = target;
    }
    return n;
}

// Number of block calls of all blocks: room enough for every edge.
static uint32_t count_calls(const Func *f)
{
    uint64_t n = 0;
    IR_FOR_BLOCKS (f, block) {
        const Inst last = f->blocks.data[block.i].last;
        if (last.i != NO_INDEX)
            n += inst_calls(f, last).len;
    }
    return u32_from(n);
}

static void find_preds(const Func *f, Arena *arena, Cfg *cfg, uint32_t num_edges)
{
    cfg->edges = ARENA_ARRAY(arena, CfgEdge, num_edges);
    cfg->first = ARENA_ARRAY(arena, uint32_t, cfg->num_blocks + 1);
    for (uint32_t i = 0; i < num_edges; i++)
        cfg->first[cfg->succs[i].i + 1]++;
    for (uint32_t b = 0; b < cfg->num_blocks; b++)
        cfg->first[b + 1] += cfg->first[b];
    uint32_t *const next = ARENA_ARRAY(arena, uint32_t, cfg->num_blocks);
    if (cfg->num_blocks != 0)
        memcpy(next, cfg->first, sizeof(uint32_t) * cfg->num_blocks);
    IR_FOR_BLOCKS (f, block) {
        const CfgEdge edge = {block, f->blocks.data[block.i].last};
        for (uint32_t i = cfg->first_succ[block.i]; i < cfg->first_succ[block.i + 1]; i++)
            cfg->edges[next[cfg->succs[i].i]++] = edge;
    }
}

Cfg cfg_compute(Arena *arena, const Func *f)
{
    Cfg cfg = {.num_blocks = f->blocks.len};
    cfg.succs = ARENA_ARRAY(arena, Block, count_calls(f));
    cfg.first_succ = ARENA_ARRAY(arena, uint32_t, cfg.num_blocks + 1);
    uint32_t *const seen = ARENA_ARRAY(arena, uint32_t, cfg.num_blocks);
    uint32_t n = 0;
    for (uint32_t b = 0; b < cfg.num_blocks; b++) {
        cfg.first_succ[b] = n;
        if (f->blocks.data[b].inserted)
            n = add_succs(f, (Block){b}, seen, &cfg, n);
    }
    cfg.first_succ[cfg.num_blocks] = n;
    find_preds(f, arena, &cfg, n);
    return cfg;
}
