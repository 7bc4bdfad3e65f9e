// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The passes in order.

#include "opt/opt_internal.h"

typedef struct StatInfo {
    const char *name, *meaning;
} StatInfo;

static const StatInfo stat_infos[] = {
#define OPT_STAT(NAME, name, meaning) {#name, meaning},
#include "opt/stats.def"
};

const char *opt_stat_name(OptStat stat)
{
    return stat_infos[stat].name;
}

const char *opt_stat_meaning(OptStat stat)
{
    return stat_infos[stat].meaning;
}

static void analyse(OptCtx *ctx)
{
    ctx->cfg = cfg_compute(ctx->scratch, ctx->f);
    ctx->tree = domtree_compute(ctx->scratch, ctx->f, &ctx->cfg);
}

// Puts what aliases stand for in their place, and forgets them.
static void resolve_aliases(Func *f)
{
    IR_FOR_BLOCKS (f, block) {
        IR_FOR_INSTS (f, block, inst) {
            uint32_t n;
            uint32_t *const args = func_args(f, inst, &n);
            for (uint32_t i = 0; i < n; i++)
                args[i] = ir_resolve(f, (Value){args[i]}).i;
            const Span calls = inst_calls(f, inst);
            for (uint32_t i = 0; i < calls.len; i++) {
                const uint32_t list = f->calls.data[calls.data[i]].args;
                for (uint32_t k = 1; k <= f->pool.data[list]; k++) {
                    const BlockArg arg = {f->pool.data[list + k]};
                    const Value value = {blockarg_index(arg)};
                    if (blockarg_kind(arg) == BLOCKARG_VALUE)
                        f->pool.data[list + k] =
                            blockarg_make(BLOCKARG_VALUE, ir_resolve(f, value).i).bits;
                }
            }
        }
    }
    for (uint32_t v = 0; v < f->values.len; v++)
        if (value_kind(f, (Value){v}) == VALUE_ALIAS)
            f->values.data[v].def = (uint32_t)VALUE_NONE << 30;
}

void opt_func(Func *f, const OptOptions *options, Arena *scratch)
{
    if (f->first_block.i == NO_INDEX)
        return;
    opt_plain_calls(f, scratch);
    (void)opt_remove_unreachable(f, options->stats, scratch);
    const bool optimize = settings_get(options->settings, SETTING_OPT_LEVEL) != 0;
    if (optimize) {
        OptCtx ctx = {.f = f, .options = options, .scratch = scratch};
        analyse(&ctx);
        opt_expand_globals(&ctx);
        opt_simplify_params(&ctx);
        ctx.loops = loops_compute(scratch, f, &ctx.cfg, &ctx.tree);
        opt_build(&ctx);
        const bool removed = opt_remove_unreachable(f, options->stats, scratch);
        opt_elaborate(&ctx);
        if (removed) {
            analyse(&ctx);
            opt_simplify_params(&ctx);
        }
        resolve_aliases(f);
    }
    opt_remove_dead(f, optimize, options->stats, scratch);
}
