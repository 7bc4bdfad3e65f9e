// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay opt: what the mid-end makes of the functions of a file, and what it did.
#include "assay/tool_program.h"
#include "opt/opt.h"
#include "validate/validate.h"

#include <inttypes.h>
#include <stdio.h>

// A bound for bodies that bodies bring in.
enum { INLINE_MAX_INSTS = 1000000 };

typedef struct Opt {
    const ToolArgs *args;
    InlineNames names; // for --inline: the functions so far, as they came
    ToolProgram program;
    OptStats stats;
    uint32_t *rule_counts; // for --unused
    uint32_t fuel;
    bool found; // the function asked for
} Opt;

static bool is_wanted(const Opt *o, const Func *f, Arena *arena)
{
    const char *const wanted = o->args->values[OPT_OPT_FUNCTION];
    if (!wanted)
        return true;
    StrBuf name = {.arena = arena};
    extname_print(&f->name, &name);
    Str printed = buf_view(&name);
    if (wanted[0] != '%' && printed.data[0] == '%')
        printed = (Str){printed.data + 1, printed.len - 1};
    return str_eq_c(printed, wanted);
}

// Optimises one function and prints it, behind the trace if that is wanted.
static Status opt_one(Opt *o, Func *f, Arena *texts)
{
    Arena scratch = {0};
    StrBuf trace = {.arena = texts}, text = {.arena = texts};
    const Settings *const settings = &o->program.targets.settings;
    const OptOptions options = {.settings = settings,
                                .rule_counts = o->rule_counts,
                                .stats = &o->stats,
                                .trace = o->args->values[OPT_OPT_TRACE] ? &trace : NULL,
                                .fuel = o->args->values[OPT_OPT_FUEL] ? &o->fuel : NULL};
    const InlineOptions inlining = {
        .callee = inline_names_find, .context = &o->names, .max_insts = INLINE_MAX_INSTS};
    if (o->args->values[OPT_OPT_INLINE])
        (void)opt_inline(f, &inlining, &scratch);
    opt_func(f, &options, &scratch);
    arena_free(&scratch);
    if (!o->args->values[OPT_OPT_STATS] && !o->rule_counts) {
        text_print_func(f, &text);
        printf("%.*s%.*s\n", STR_ARG(buf_view(&trace)), STR_ARG(buf_view(&text)));
    }
    return validate_func_diag(f, settings, o->program.targets.isa, NULL, &o->program.diag);
}

static Status opt_funcs(Opt *o)
{
    ToolProgram *const program = &o->program;
    o->names = (InlineNames){.arena = &program->arena};
    TRY(tool_set(program, "opt_level=speed"));
    TRY(tool_set(program, o->args->values[OPT_OPT_SET]));
    TRY(tool_validate(program, &program->targets.settings, program->targets.isa));
    for (uint32_t i = 0; i < program->file->module.funcs.len; i++) {
        Arena texts = {0};
        Func *const original = program->file->module.funcs.data[i];
        Func *const f = func_clone(original, &program->arena);
        const bool wanted = is_wanted(o, f, &texts);
        o->found |= wanted;
        const Status status = wanted ? opt_one(o, f, &texts) : STATUS_OK;
        arena_free(&texts);
        inline_names_add(&o->names, original);
        TRY(status);
    }
    return STATUS_OK;
}

static Status opt_file(Opt *o, const char *path)
{
    Status status = tool_load(&o->program, path, (ParseOptions){0});
    if (status == STATUS_OK)
        status = opt_funcs(o);
    tool_unload(&o->program);
    return status;
}

// The rules that nothing made fire.
static void print_unused(const Opt *o)
{
    uint32_t count, unused = 0;
    const OptRule *const rules = opt_rules(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (o->rule_counts[i] != 0)
            continue;
        printf("%s:%u: %s of %s never fired\n", rules[i].path, rules[i].line, rules[i].name,
               rules[i].root);
        unused++;
    }
    printf("%u of %u rules never fired\n", unused, count);
}

static void print_stats(const OptStats *stats)
{
    printf("{\n");
    for (uint32_t i = 0; i < OPT_STAT_COUNT; i++)
        printf("  \"%s\": %" PRIu64 "%s\n", opt_stat_name((OptStat)i), stats->counts[i],
               i + 1 < OPT_STAT_COUNT ? "," : "");
    printf("}\n");
}

int cmd_opt(const ToolArgs *args)
{
    Opt o = {.args = args};
    Arena arena = {0};
    uint64_t fuel = 0;
    uint32_t num_rules;
    const char *const format = args->values[OPT_OPT_STATS];
    const char *const function = args->values[OPT_OPT_FUNCTION];
    (void)opt_rules(&num_rules);
    if (args->num_operands == 0)
        return tool_usage_error(args, "a file is needed");
    if (format && strcmp(format, "json") != 0)
        return tool_usage_error(args, "--stats=%s: the format is json", format);
    if (!tool_number(args, OPT_OPT_FUEL, 0, UINT32_MAX - 1, &fuel))
        return EXIT_USAGE;
    o.fuel = (uint32_t)fuel;
    if (args->values[OPT_OPT_UNUSED])
        o.rule_counts = ARENA_ARRAY(&arena, uint32_t, num_rules);
    bool good = true;
    for (uint32_t i = 0; i < args->num_operands; i++)
        good &= opt_file(&o, args->operands[i]) == STATUS_OK;
    if (function && !o.found) {
        fprintf(stderr, "error: there is no function '%s'\n", function);
        good = false;
    }
    if (format)
        print_stats(&o.stats);
    if (o.rule_counts)
        print_unused(&o);
    arena_free(&arena);
    return good ? EXIT_OK : EXIT_FAILED;
}
