// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pipeline: validate, lower, allocate registers, emit, with the checks between.

#include "driver/driver.h"
#include "lower/lower.h"
#include "opt/opt.h"
#include "regalloc/regalloc.h"
#include "validate/validate.h"

// Reports `problem`, if any, of what `stage` made from `f`.
static Status internal_error(const Func *f, const char *stage, Str problem,
                             const DriverOptions *options, Diag *diag)
{
    if (problem.len == 0)
        return STATUS_OK;
    StrBuf name = {.arena = diag->arena};
    extname_print(&f->name, &name);
    return diag_error(diag, STATUS_INVALID, options->source, f->pos,
                      "internal error: %s of %.*s: %.*s", stage, STR_ARG(buf_view(&name)),
                      STR_ARG(problem));
}

static void dump(const MFunc *m, StrBuf *out)
{
    if (out)
        mfunc_print(m, out);
}

// What the allocator may use: all, or few enough for values to go to memory.
static PRegSet usable_registers(const MFunc *m)
{
    enum { FEWEST = 8 }; // of a class; no instruction needs more
    PRegSet usable = m->allocatable;
    if (!chaos_one_in(m->chaos, 2))
        return usable;
    for (uint32_t class = 0; class < REG_CLASS_COUNT; class ++) {
        const PRegSet all = (PRegSet)UINT32_MAX << 32 * class;
        const uint32_t left = FEWEST + (uint32_t)(chaos_draw(m->chaos) % 6);
        while ((uint32_t)__builtin_popcountll(usable & all) > left)
            usable &= ~((PRegSet)1 << (chaos_draw(m->chaos) % 32 + 32 * class));
    }
    return usable;
}

static Status allocate(MFunc *m, const DriverOptions *options, Arena *scratch, Diag *diag)
{
    const Settings *const settings = options->settings;
    AbiSig abi;
    TRY(m->target->abi(&m->func->sig, settings, scratch, &abi, diag));
    const RegallocOptions regalloc = {
        .algorithm = (RegallocAlgorithm)settings_get(settings, SETTING_REGALLOC_ALGORITHM),
        .allocatable = usable_registers(m),
        // What settings reserve is not for the function to keep.
        .callee_saved = abi.callee_saved & (m->allocatable | ~m->target->allocatable),
    };
    regalloc_run(m, &regalloc, scratch);
    dump(m, options->dump_regalloc);
    if (!options->check && settings_get(settings, SETTING_REGALLOC_CHECKER) == 0)
        return STATUS_OK;
    return internal_error(m->func, "register allocation", regalloc_check(m, &regalloc, scratch),
                          options, diag);
}

// The function as the mid-end leaves it: a copy, if the mid-end is to work.
static Status optimise(const Func **f, const DriverOptions *options, Chaos *chaos, Arena *arena,
                       Arena *scratch, Diag *diag)
{
    // Lowering knows no try_call.
    const bool wanted = settings_get(options->settings, SETTING_OPT_LEVEL) != OPT_LEVEL_NONE;
    if (!wanted && (*f)->extables.len == 0)
        return STATUS_OK;
    Func *const copy = func_clone(*f, arena);
    const OptOptions opt = {
        .settings = options->settings, .rule_counts = options->opt_rules, .chaos = chaos};
    opt_func(copy, &opt, scratch);
    *f = copy;
    if (!options->check)
        return STATUS_OK;
    const Status status =
        validate_func_diag(copy, options->settings, options->isa, options->source, diag);
    return status == STATUS_OK ? status
                               : internal_error(copy, "optimisation",
                                                STR("the result is not valid"), options, diag);
}

// Which stage's choices are made.
enum { CHAOS_OPT, CHAOS_LOWER, CHAOS_ALLOCATE, CHAOS_EMIT };

// Begins a stage; NULL: chaos is off.
static void begin_chaos(Chaos *chaos, uint32_t stage)
{
    if (chaos)
        chaos_begin(chaos, stage);
}

// The function's choices in `chaos`, or NULL.
static Chaos *start_chaos(const Func *f, const Settings *settings, Arena *scratch)
{
    const uint8_t seed = settings_get(settings, SETTING_CHAOS_SEED);
    if (LIKELY(seed == 0))
        return NULL;
    StrBuf name = {.arena = scratch};
    extname_print(&f->name, &name);
    Chaos *const chaos = ARENA_NEW(scratch, Chaos);
    *chaos = chaos_new(seed, buf_view(&name));
    begin_chaos(chaos, CHAOS_OPT);
    return chaos;
}

Status driver_compile(const Func *f, const DriverOptions *options, Arena *arena, Arena *scratch,
                      CompiledFunc *out, Diag *diag)
{
    const Target *const target = target_find(options->isa->arch);
    if (!target)
        return diag_error(diag, STATUS_UNSUPPORTED, options->source, f->pos,
                          "no code is generated for %s", arch_name(options->isa->arch));
    if (options->validate)
        TRY(validate_func_diag(f, options->settings, options->isa, options->source, diag));
    if (f->first_block.i == NO_INDEX)
        return diag_error(diag, STATUS_UNSUPPORTED, options->source, f->pos,
                          "a function without blocks is not supported in lowering");
    Chaos *const chaos = start_chaos(f, options->settings, scratch);
    TRY(optimise(&f, options, chaos, arena, scratch, diag));
    const LowerOptions lower = {.target = target,
                                .settings = options->settings,
                                .isa = options->isa,
                                .source = options->source,
                                .rule_counts = options->lower_rules,
                                .chaos = chaos};
    MFunc *m;
    begin_chaos(chaos, CHAOS_LOWER);
    TRY(lower_func(f, &lower, scratch, scratch, &m, diag));
    dump(m, options->dump_lower);
    if (options->check)
        TRY(internal_error(f, "lowering", mfunc_validate(m, scratch), options, diag));
    begin_chaos(chaos, CHAOS_ALLOCATE);
    TRY(allocate(m, options, scratch, diag));
    begin_chaos(chaos, CHAOS_EMIT);
    *out = emit_func(m, options->listing, arena, scratch);
    return STATUS_OK;
}

Status driver_compile_module(const Module *module, const DriverOptions *options, Arena *arena,
                             CompiledFunc **out, Diag *diag)
{
    Arena scratch = {.on_oom = arena->on_oom, .oom_context = arena->oom_context};
    Status first = STATUS_OK;
    *out = ARENA_ARRAY(arena, CompiledFunc, module->funcs.len);
    for (uint32_t i = 0; i < module->funcs.len; i++) {
        const Status status =
            driver_compile(module->funcs.data[i], options, arena, &scratch, &(*out)[i], diag);
        first = first == STATUS_OK ? status : first;
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    return first;
}
