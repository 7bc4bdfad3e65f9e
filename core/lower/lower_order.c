// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of blocks: critical edges split, loops in one piece.

#include "base/chaos.h"
#include "lower/lower_internal.h"

// Number of edges into each block, counting a target once for each time a branch names it.
static uint32_t *count_preds(LowerCtx *ctx, const DomTree *tree, bool *has_loops)
{
    const Func *const f = ctx->f;
    uint32_t *const preds = ARENA_ARRAY(ctx->scratch, uint32_t, f->blocks.len);
    IR_FOR_BLOCKS (f, block) {
        if (!domtree_is_reachable(tree, block))
            continue;
        const Span calls = inst_calls(f, f->blocks.data[block.i].last);
        for (uint32_t i = 0; i < calls.len; i++) {
            const Block to = f->calls.data[calls.data[i]].block;
            preds[to.i]++;
            *has_loops |= tree->rpo[to.i] <= tree->rpo[block.i];
        }
    }
    return preds;
}

// ---- Loops in one piece ----

// The blocks of each loop, and its child loops at the places of their headers, as linked lists.
// Items: blocks by number, then loops; the last one is the function.
typedef struct LoopLists {
    uint32_t *next;         // by item; NO_INDEX at the end
    uint32_t *first, *last; // by loop
    uint32_t num_blocks;
} LoopLists;

static void append(LoopLists *lists, uint32_t loop, uint32_t item)
{
    if (lists->first[loop] == NO_INDEX)
        lists->first[loop] = item;
    else
        lists->next[lists->last[loop]] = item;
    lists->last[loop] = item;
    lists->next[item] = NO_INDEX;
}

static LoopLists list_loops(LowerCtx *ctx, const DomTree *tree, const Loops *loops)
{
    const uint32_t n = ctx->f->blocks.len;
    LoopLists lists = {.next = ARENA_ARRAY(ctx->scratch, uint32_t, n + loops->len),
                       .first = ARENA_ARRAY(ctx->scratch, uint32_t, loops->len + 1),
                       .last = ARENA_ARRAY(ctx->scratch, uint32_t, loops->len + 1),
                       .num_blocks = n};
    for (uint32_t i = 0; i <= loops->len; i++)
        lists.first[i] = NO_INDEX;
    for (uint32_t i = tree->num_reachable; i-- > 0;) {
        const Block block = tree->postorder[i];
        const uint32_t loop = loops->loop_of[block.i];
        if (loop == NO_INDEX) {
            append(&lists, loops->len, block.i);
            continue;
        }
        const LoopData *const data = &loops->data[loop];
        if (data->header.i == block.i)
            append(&lists, data->parent == NO_INDEX ? loops->len : data->parent, n + loop);
        append(&lists, loop, block.i);
    }
    return lists;
}

// Moves each loop's blocks to its header. A block that stood between them and is not in the loop
// has no way to them but through the header, so definitions stay before uses.
static void gather_loops(LowerCtx *ctx, const Cfg *cfg, const DomTree *tree, uint32_t *blocks)
{
    const Loops loops = loops_compute(ctx->scratch, ctx->f, cfg, tree);
    if (loops.len == 0)
        return;
    const LoopLists lists = list_loops(ctx, tree, &loops);
    uint32_t *const outer = ARENA_ARRAY(ctx->scratch, uint32_t, loops.len + 1); // loops we are in
    uint32_t depth = 0, n = 0;
    uint32_t item = lists.first[loops.len];
    while (item != NO_INDEX || depth != 0) {
        if (item == NO_INDEX) {
            item = lists.next[outer[--depth]];
        } else if (item < lists.num_blocks) {
            blocks[n++] = item;
            item = lists.next[item];
        } else {
            outer[depth++] = item;
            item = lists.first[item - lists.num_blocks];
        }
    }
    ASSERT(n == tree->num_reachable);
}

// ---- Entries ----

typedef VEC(uint32_t) Entries;

// All reachable blocks; a critical edge's block directly behind its source.
static Entries list_blocks(LowerCtx *ctx, const Cfg *cfg, const DomTree *tree, LowerOrder *order)
{
    const Func *const f = ctx->f;
    const uint32_t n = tree->num_reachable;
    bool has_loops = false;
    const uint32_t *const preds = count_preds(ctx, tree, &has_loops);
    uint32_t *const blocks = ARENA_ARRAY(ctx->scratch, uint32_t, n);
    for (uint32_t i = 0; i < n; i++)
        blocks[i] = tree->postorder[n - 1 - i].i;
    if (has_loops)
        gather_loops(ctx, cfg, tree, blocks);
    Entries entries = {0};
    for (uint32_t i = 0; i < n; i++) {
        VEC_PUSH(ctx->scratch, &entries, blocks[i]);
        const Span calls = inst_calls(f, f->blocks.data[blocks[i]].last);
        for (uint32_t k = 0; calls.len > 1 && k < calls.len; k++) {
            if (preds[f->calls.data[calls.data[k]].block.i] < 2)
                continue;
            const MEdge edge = {{calls.data[k]}, 0, 0};
            VEC_PUSH(ctx->scratch, &entries, LOWER_EDGE | order->edges.len);
            VEC_PUSH(ctx->scratch, &order->edges, edge);
        }
    }
    return entries;
}

// Whether a block stands behind the others.
static bool is_put_last(const LowerCtx *ctx, uint32_t block)
{
    const bool cold = ctx->f->blocks.data[block].cold != chaos_one_in_of(ctx->m->chaos, 4, ~block);
    return block != ctx->f->first_block.i && cold;
}

LowerOrder lower_order(LowerCtx *ctx, const Cfg *cfg, const DomTree *tree)
{
    LowerOrder order = {.mblock_of = ARENA_ARRAY(ctx->scratch, uint32_t, ctx->f->blocks.len)};
    const Entries entries = list_blocks(ctx, cfg, tree, &order);
    order.walk = ARENA_ARRAY(ctx->scratch, uint32_t, entries.len);
    for (uint32_t pass = 0; pass < 2; pass++) {
        bool wanted = false;
        for (uint32_t i = 0; i < entries.len; i++) {
            const uint32_t entry = entries.data[i];
            if ((entry & LOWER_EDGE) == 0)
                wanted = is_put_last(ctx, entry) == (pass == 1);
            if (!wanted)
                continue;
            if ((entry & LOWER_EDGE) == 0)
                order.mblock_of[entry] = order.blocks.len;
            order.walk[i] = order.blocks.len;
            VEC_PUSH(ctx->scratch, &order.blocks, entry);
        }
    }
    return order;
}
