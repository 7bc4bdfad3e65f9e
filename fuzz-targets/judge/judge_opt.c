// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Modules as engines get them. The interpreter as an engine, beside the one that is the reference,
// runs what the mid-end has made of a module, of some after inlining, of some after inlining alone:
// that is how the mid-end is judged by itself.

#include "fuzz-targets/judge/judge_internal.h"
#include "opt/opt.h"
#include "validate/validate.h"

// The mid-end's work is bounded by the function's size: so many nodes for each instruction, and
// some for constants.
#define NODES_PER_INST   64u
#define NODES_FREE       256u

// No more bodies are brought into a function of as many instructions: many calls of many calls.
#define INLINE_MAX_INSTS 2000u

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

// Bodies of all functions behind it come into each: those that judge_print puts before it, so that
// `assay opt --inline` does the same.
static Status inline_calls(Func *f, const GenCase *c, InlineNames *names, const Isa *isa,
                           Arena *arena, Diag *diag)
{
    const InlineOptions options = {
        .callee = inline_names_find, .context = names, .max_insts = INLINE_MAX_INSTS};
    return opt_inline(f, &options, arena) ? validate_func_diag(f, &c->settings, isa, NULL, diag)
                                          : STATUS_OK;
}

Status judge_load(const JudgeEngine *e, const GenCase *c, Arena *arena, Diag *diag)
{
    if (e->engine != ENGINE_INTERP)
        return executor_load(e->ex, &c->module, &c->settings, &e->isa, diag);
    Settings settings = c->settings;
    const bool none = settings_get(&settings, SETTING_OPT_LEVEL) == OPT_LEVEL_NONE;
    if (none)
        settings.values[SETTING_OPT_LEVEL] = OPT_LEVEL_SPEED;
    InlineNames names = {.arena = arena};
    Module *const module = ARENA_NEW(arena, Module);
    *module = c->module;
    module->funcs.data = ARENA_ARRAY(arena, Func *, c->module.funcs.len);
    for (uint32_t i = c->module.funcs.len; i-- > 0;) {
        Func *const f = func_clone(c->module.funcs.data[i], arena);
        module->funcs.data[i] = f;
        if (c->inlines)
            TRY(inline_calls(f, c, &names, &e->isa, arena, diag));
        if (!c->inlines || !none)
            TRY(optimise(f, &settings, e, arena, diag));
        inline_names_add(&names, c->module.funcs.data[i]);
    }
    return executor_load(e->ex, module, &settings, NULL, diag);
}
