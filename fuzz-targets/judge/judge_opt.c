// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Modules as engines get them. The interpreter as an engine, beside the one that is the reference,
// runs what the mid-end has made of a module: that is how the mid-end is judged by itself.

#include "fuzz-targets/judge/judge_internal.h"
#include "opt/opt.h"
#include "validate/validate.h"

// The mid-end's work is bounded by the function's size: so many nodes for each instruction, and
// some for constants.
#define NODES_PER_INST 64u
#define NODES_FREE     256u

static Status optimise(Func *f, const Settings *settings, const JudgeEngine *e, Arena *arena,
                       Diag *diag)
{
    OptStats stats = {{0}};
    const uint64_t most = (uint64_t)NODES_PER_INST * f->insts.len + NODES_FREE;
    Chaos chaos = chaos_new(settings_get(settings, SETTING_CHAOS_SEED), STR("opt"));
    const bool is_chaotic = settings_get(settings, SETTING_CHAOS_SEED) != 0;
    const OptOptions options = {.settings = settings,
                                .rule_counts = e->opt_rules,
                                .stats = &stats,
                                .chaos = is_chaotic ? &chaos : NULL};
    opt_func(f, &options, arena);
    TRY(validate_func_diag(f, settings, &e->isa, NULL, diag));
    const uint64_t nodes = stats.counts[OPT_STAT_NODES] + stats.counts[OPT_STAT_UNIONS];
    if (nodes <= most)
        return STATUS_OK;
    return diag_error(diag, STATUS_LIMIT, NULL, POS_NONE,
                      "the mid-end made %llu nodes and unions of %llu instructions",
                      (unsigned long long)nodes, (unsigned long long)(most / NODES_PER_INST));
}

Status judge_load(const JudgeEngine *e, const GenCase *c, Arena *arena, Diag *diag)
{
    if (e->engine != ENGINE_INTERP)
        return executor_load(e->ex, &c->module, &c->settings, &e->isa, diag);
    Settings settings = c->settings;
    if (settings_get(&settings, SETTING_OPT_LEVEL) == OPT_LEVEL_NONE)
        settings.values[SETTING_OPT_LEVEL] = OPT_LEVEL_SPEED;
    Module *const module = ARENA_NEW(arena, Module);
    *module = c->module;
    module->funcs.data = ARENA_ARRAY(arena, Func *, c->module.funcs.len);
    for (uint32_t i = 0; i < c->module.funcs.len; i++) {
        module->funcs.data[i] = func_clone(c->module.funcs.data[i], arena);
        TRY(optimise(module->funcs.data[i], &settings, e, arena, diag));
    }
    return executor_load(e->ex, module, &settings, NULL, diag);
}
