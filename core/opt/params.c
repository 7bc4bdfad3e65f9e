// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Block parameters that every branch gives the same value, or themselves, are that value. Blocks
// are taken in reverse post-order until nothing changes, so that a chain falls in one round; rounds
// are limited.

#include "opt/opt_internal.h"

enum { MAX_ROUNDS = 4 };

typedef struct Incoming {
    uint32_t *first; // by block: into `calls`, block calls that go there
    uint32_t *calls;
} Incoming;

static Incoming collect(OptCtx *ctx)
{
    const Func *const f = ctx->f;
    Incoming in = {.first = ARENA_ARRAY(ctx->scratch, uint32_t, f->blocks.len + 2)};
    uint32_t total = 0;
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < ctx->tree.num_reachable; i++) {
            const Span calls = inst_calls(f, f->blocks.data[ctx->tree.postorder[i].i].last);
            for (uint32_t k = 0; k < calls.len; k++) {
                const Block to = f->calls.data[calls.data[k]].block;
                if (pass == 0)
                    in.first[to.i + 2]++;
                else
                    in.calls[in.first[to.i + 1]++] = calls.data[k];
                total += pass == 0;
            }
        }
        if (pass == 1)
            break;
        for (uint32_t b = 2; b < f->blocks.len + 2; b++)
            in.first[b] += in.first[b - 1];
        in.calls = ARENA_ARRAY(ctx->scratch, uint32_t, total);
    }
    return in;
}

// The one value that parameter `num` of `block` can have, NO(Value) if there are several.
static Value only_value(const OptCtx *ctx, const Incoming *in, Block block, uint32_t num)
{
    const Func *const f = ctx->f;
    const Value param = {block_params(f, block).data[num]};
    Value only = NO(Value);
    for (uint32_t i = in->first[block.i]; i < in->first[block.i + 1]; i++) {
        const BlockArg arg = {call_args(f, in->calls[i]).data[num]};
        if (blockarg_kind(arg) != BLOCKARG_VALUE)
            return NO(Value);
        const Value value = ir_resolve(f, (Value){blockarg_index(arg)});
        if (value.i == param.i || value.i == only.i)
            continue;
        if (only.i != NO_INDEX)
            return NO(Value);
        only = value;
    }
    return only;
}

// Leaves those arguments of the calls to `block` that `keep` says.
static void keep_args(OptCtx *ctx, const Incoming *in, Block block, const bool *keep)
{
    for (uint32_t i = in->first[block.i]; i < in->first[block.i + 1]; i++) {
        const Span old = call_args(ctx->f, in->calls[i]);
        BlockArg *const args = ARENA_ARRAY(ctx->scratch, BlockArg, old.len);
        uint32_t n = 0;
        for (uint32_t k = 0; k < old.len; k++)
            if (keep[k])
                args[n++] = (BlockArg){old.data[k]};
        func_set_call_args(ctx->f, in->calls[i], args, n);
    }
}

static bool simplify_block(OptCtx *ctx, const Incoming *in, Block block)
{
    Func *const f = ctx->f;
    const uint32_t n = block_params(f, block).len;
    bool *const keep = ARENA_ARRAY(ctx->scratch, bool, n);
    Value *const params = ARENA_ARRAY(ctx->scratch, Value, n);
    Value *const only = ARENA_ARRAY(ctx->scratch, Value, n);
    uint32_t left = 0;
    for (uint32_t num = 0; num < n; num++) {
        only[num] = only_value(ctx, in, block, num);
        keep[num] = only[num].i == NO_INDEX;
        if (keep[num])
            params[left++] = (Value){block_params(f, block).data[num]};
    }
    if (left == n)
        return false;
    uint32_t gone = left;
    for (uint32_t num = 0; num < n; num++)
        if (!keep[num])
            params[gone++] = (Value){block_params(f, block).data[num]};
    keep_args(ctx, in, block, keep);
    func_set_params(f, block, params, left);
    gone = left;
    for (uint32_t num = 0; num < n; num++) {
        if (keep[num])
            continue;
        opt_count(ctx, OPT_STAT_PARAMS);
        const Value of = ir_resolve(f, only[num]);
        const Value param = params[gone++];
        if (of.i != param.i)
            func_set_alias(f, param, of);
    }
    return true;
}

void opt_simplify_params(OptCtx *ctx)
{
    const Incoming in = collect(ctx);
    for (uint32_t round = 0; round < MAX_ROUNDS; round++) {
        bool changed = false;
        for (uint32_t i = ctx->tree.num_reachable; i-- > 0;) {
            const Block block = ctx->tree.postorder[i];
            if (block.i != ctx->f->first_block.i && block_params(ctx->f, block).len != 0)
                changed |= simplify_block(ctx, &in, block);
        }
        if (!changed)
            return;
    }
}
