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

void opt_func(Func *f, const OptOptions *options, Arena *scratch)
{
    if (f->first_block.i == NO_INDEX)
        return;
    (void)opt_remove_unreachable(f, options->stats, scratch);
    if (settings_get(options->settings, SETTING_OPT_LEVEL) != 0) {
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
    }
    opt_remove_dead(f, options->stats, scratch);
}
