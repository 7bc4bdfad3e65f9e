// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The memory optimisations alone. They run on a copy that is taken apart as opt_build does it, but
// without rules and with each value its own class; what left the copy's layout leaves the
// function's, and removed loads become aliases. So the rest of the text stays as it was.

#include "opt/opt_internal.h"

static uint32_t class_of(const OptCtx *ctx, uint32_t value)
{
    return ctx->classes.data[ir_resolve(ctx->f, (Value){value}).i].rep;
}

static void map_args(OptCtx *ctx, Inst inst)
{
    uint32_t n;
    uint32_t *const args = func_args(ctx->f, inst, &n);
    for (uint32_t i = 0; i < n; i++)
        args[i] = class_of(ctx, args[i]);
}

static void walk(OptCtx *ctx)
{
    Func *const f = ctx->f;
    opt_init_classes(ctx);
    opt_memory_start(ctx);
    for (uint32_t i = 0; i < ctx->tree.num_reachable; i++) {
        const Block block = ctx->tree.preorder[i];
        opt_memory_enter(ctx, block);
        for (Inst inst = f->blocks.data[block.i].first, next; inst.i != NO_INDEX; inst = next) {
            next = f->nodes.data[inst.i].next;
            map_args(ctx, inst);
            (void)opt_memory_visit(ctx, inst);
        }
        opt_memory_leave(ctx, block);
    }
    opt_remove_dead_stores(ctx);
}

void opt_alias_analysis(Func *f, const OptOptions *options, Arena *scratch)
{
    if (f->first_block.i == NO_INDEX)
        return;
    OptCtx ctx = {.f = func_clone(f, scratch), .options = options, .scratch = scratch};
    ctx.cfg = cfg_compute(scratch, ctx.f);
    ctx.tree = domtree_compute(scratch, ctx.f, &ctx.cfg);
    ctx.loops = loops_compute(scratch, ctx.f, &ctx.cfg, &ctx.tree);
    walk(&ctx);
    IR_FOR_BLOCKS (f, block) {
        for (Inst inst = f->blocks.data[block.i].first, next; inst.i != NO_INDEX; inst = next) {
            next = f->nodes.data[inst.i].next;
            if (ctx.f->nodes.data[inst.i].block.i != NO_INDEX)
                continue;
            func_remove_inst(f, inst);
            const Value result = inst_result(f, inst);
            if (result.i != NO_INDEX)
                func_set_alias(f, result, (Value){ctx.classes.data[result.i].rep});
        }
    }
}
