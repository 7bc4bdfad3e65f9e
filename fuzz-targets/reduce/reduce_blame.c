// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a reduced failure comes from: the same file under other settings, and rewrite by rewrite.

#include "driver/driver.h"
#include "filetests/runner/targets.h"
#include "fuzz-targets/reduce/reduce.h"
#include "fuzz-targets/reduce/reduce_internal.h"
#include "mach/mach.h"
#include "opt/opt.h"

#define REWRITES_MAX 2000u
#define NAMES_MAX    6u

// ---- Other settings ----

// `text` with the line `set SETTING` before its first target.
static Str with_setting(Str text, const char *setting, Arena *arena)
{
    StrBuf out = {.arena = arena};
    bool done = false;
    while (text.len != 0) {
        const char *const end = memchr(text.data, '\n', text.len);
        const Str line = {text.data, end ? (size_t)(end - text.data) + 1 : text.len};
        if (!done &&
            (str_starts_with(line, STR("target")) || str_starts_with(line, STR("function")))) {
            buf_printf(&out, "set %s\n", setting);
            done = true;
        }
        buf_str(&out, line);
        text = (Str){text.data + line.len, text.len - line.len};
    }
    return buf_view(&out);
}

typedef struct Blame {
    Str path, text;
    const ReduceOptions *options;
    Arena *arena;
} Blame;

// Whether the file shows nothing any more under `setting`.
static bool needs_other(const Blame *b, const char *setting)
{
    const Str changed = with_setting(b->text, setting, b->arena);
    return reduce_judge(b->path, changed, b->options, b->arena).len == 0;
}

// ---- Rewrites ----

// The name of the rule in the last line of a trace: its first word.
static Str last_rule(Str trace)
{
    while (trace.len != 0 && trace.data[trace.len - 1] == '\n')
        trace.len--;
    size_t at = trace.len;
    while (at != 0 && trace.data[at - 1] != '\n')
        at--;
    const Str line = {trace.data + at, trace.len - at};
    const char *const blank = memchr(line.data, ' ', line.len);
    return (Str){line.data, blank ? (size_t)(blank - line.data) : line.len};
}

// Optimises a fresh copy of the file with `fuel` rewrites. Returns how many were made.
static uint32_t optimise(const Blame *b, uint32_t fuel, ReduceFile *out, Str *rule)
{
    Arena scratch = {0};
    Diag diag = {.arena = b->arena};
    StrBuf trace = {.arena = b->arena};
    Targets targets;
    uint32_t left = fuel;
    if (reduce_parse(b->path, b->text, b->arena, out, &diag) != STATUS_OK ||
        targets_read(b->arena, out->clif, settings_filetest_defaults(), &targets, &diag) !=
            STATUS_OK)
        return 0;
    const OptOptions options = {.settings = &targets.settings, .trace = &trace, .fuel = &left};
    for (uint32_t i = 0; i < out->clif->module.funcs.len; i++) {
        opt_func(out->clif->module.funcs.data[i], &options, &scratch);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    *rule = last_rule(buf_view(&trace));
    return fuel - left;
}

// The first rewrite after which the interpreter says something else; empty when there is none.
static Str find_rewrite(const Blame *b)
{
    ReduceFile file;
    Diag diag = {.arena = b->arena};
    if (reduce_parse(b->path, b->text, b->arena, &file, &diag) != STATUS_OK)
        return STR("");
    for (uint32_t fuel = 0; fuel <= REWRITES_MAX; fuel++) {
        ReduceFile other;
        Str rule = STR("");
        const uint32_t made = optimise(b, fuel, &other, &rule);
        if (made < fuel)
            return STR("");
        if (reduce_differs(&file, &other))
            return fuel == 0 ? STR("(no rewrite)") : rule;
    }
    return STR("");
}

// ---- Lowering rules ----

// Rules of what each program has: they tell nothing.
static bool tells_something(Str rule)
{
    static const char *const common[] = {"lower_iconst",    "lower_f16const",  "lower_f32const",
                                         "lower_f64const",  "lower_f128const", "lower_vconst",
                                         "lower_stack_addr"};
    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
        if (str_eq_c(rule, common[i]))
            return false;
    return true;
}

// Compiles all functions for a target; its rules that fire get a count.
static void fire(const ReduceFile *file, const TargetLine *line, uint32_t *counts, Arena *arena)
{
    const DriverOptions options = {
        .settings = &line->settings, .isa = &line->isa, .lower_rules = counts};
    Arena scratch = {0};
    for (uint32_t i = 0; i < file->clif->module.funcs.len; i++) {
        Diag diag = {.arena = arena};
        CompiledFunc out;
        (void)driver_compile(file->clif->module.funcs.data[i], &options, arena, &scratch, &out,
                             &diag);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
}

// The rules of instructions that fire for the first target, each once, in the order of the rules'
// files.
static Str list_rules(ReduceFile *file, Arena *arena)
{
    Targets targets;
    Diag diag = {.arena = arena};
    StrBuf out = {.arena = arena};
    uint32_t num = 0;
    if (targets_read(arena, file->clif, settings_filetest_defaults(), &targets, &diag) !=
            STATUS_OK ||
        targets.lines.len == 0)
        return STR("");
    const TargetLine *const line = &targets.lines.data[0];
    const Target *const target = target_find(line->isa.arch);
    uint32_t *const counts = ARENA_ARRAY(arena, uint32_t, target->num_rules);
    fire(file, line, counts, arena);
    for (uint32_t i = 0; i < target->num_rules && num < NAMES_MAX; i++) {
        const Str name = str_from(target->rules[i].name), root = str_from(target->rules[i].root);
        if (counts[i] == 0 || !str_starts_with(root, STR("lower")) || !tells_something(name))
            continue;
        buf_printf(&out, " %.*s", STR_ARG(name));
        num++;
    }
    return buf_view(&out);
}

Str reduce_blame(Str path, Str text, const ReduceOptions *options, Arena *arena)
{
    const Blame b = {path, text, options, arena};
    ReduceFile file;
    Diag diag = {.arena = arena};
    if (reduce_parse(path, text, arena, &file, &diag) != STATUS_OK)
        return STR("");
    if (needs_other(&b, "opt_level=none")) {
        const Str rule = find_rewrite(&b);
        if (rule.len != 0)
            return str_printf(arena, "opt %.*s", STR_ARG(rule));
        return str_printf(arena, "lower%.*s", STR_ARG(list_rules(&file, arena)));
    }
    if (needs_other(&b, "regalloc_algorithm=single_pass") ||
        needs_other(&b, "regalloc_algorithm=backtracking"))
        return STR("regalloc");
    return str_printf(arena, "lower%.*s", STR_ARG(list_rules(&file, arena)));
}
