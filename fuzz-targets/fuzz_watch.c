// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which rules were used is seen by the judge's counters, of the mid-end and of each engine's
// target.

#include "fuzz-targets/fuzz_watch.h"

#include "mach/mach.h"
#include "opt/opt.h"

#include <stdlib.h>

#define RUNS_WANTED 1000000u

// ---- Use ----

static void find_counters(const Judge *j, Str name, const uint32_t **out)
{
    uint32_t num;
    const OptRule *const opt = opt_rules(&num);
    for (uint32_t i = 0; i < num; i++)
        if (str_eq_c(name, opt[i].name))
            out[JUDGE_ENGINES_MAX] = &j->opt_rules[i];
    for (uint32_t e = 0; e < j->num_engines; e++) {
        const Target *const target = target_find(j->engines[e].isa.arch);
        for (uint32_t i = 0; i < target->num_rules; i++)
            if (str_eq_c(name, target->rules[i].name))
                out[e] = &j->engines[e].lower_rules[i];
    }
}

void watch_read(Watch *w, const Judge *judges, uint32_t num, Arena *arena)
{
    const char *const names = getenv("FUZZ_RULES");
    const char *const runs = getenv("FUZZ_RULE_RUNS");
    ASSERT(num <= WATCH_JUDGES);
    *w = (Watch){.judges = judges, .wanted = runs ? strtoull(runs, NULL, 0) : RUNS_WANTED};
    if (!names)
        return;
    w->rules = ARENA_ARRAY(arena, WatchRule, WATCH_RULES);
    for (Str rest = str_from(names); rest.len != 0 && w->num_rules < WATCH_RULES;) {
        const char *const comma = memchr(rest.data, ',', rest.len);
        const size_t len = comma ? (size_t)(comma - rest.data) : rest.len;
        WatchRule *const rule = &w->rules[w->num_rules++];
        rule->name = (Str){rest.data, len};
        for (uint32_t i = 0; i < num; i++)
            find_counters(&judges[i], rule->name, rule->counters[i]);
        rest = comma ? (Str){comma + 1, rest.len - len - 1} : (Str){"", 0};
    }
}

static uint32_t count_uses(const WatchRule *rule, uint32_t judge)
{
    uint32_t uses = 0;
    for (uint32_t i = 0; i <= JUDGE_ENGINES_MAX; i++)
        uses += rule->counters[judge][i] ? *rule->counters[judge][i] : 0;
    return uses;
}

// Runs that were compared, or would have been if they had ended.
static uint64_t clean_runs(const Judge *j)
{
    return j->stats.runs - j->stats.out_of_fuel - j->stats.unsupported;
}

void watch_begin(Watch *w, uint32_t judge)
{
    for (uint32_t i = 0; i < w->num_rules; i++)
        w->rules[i].before = count_uses(&w->rules[i], judge);
    w->runs_before = clean_runs(&w->judges[judge]);
}

static uint64_t next_random(Watch *w)
{
    return gen_mix(++w->random);
}

static void keep(Watch *w, WatchRule *rule, Str program)
{
    if (program.len == 0 || program.len > WATCH_BYTES)
        return;
    const uint32_t at =
        rule->num_kept < WATCH_KEPT ? rule->num_kept++ : (uint32_t)(next_random(w) % WATCH_KEPT);
    rule->sizes[at] = u32_from(program.len);
    memcpy(rule->kept[at], program.data, program.len);
}

bool watch_end(Watch *w, uint32_t judge, Str program)
{
    bool more = false;
    for (uint32_t i = 0; i < w->num_rules; i++) {
        WatchRule *const rule = &w->rules[i];
        rule->used = count_uses(rule, judge) != rule->before;
        if (!rule->used)
            continue;
        rule->programs++;
        keep(w, rule, program);
        more = more || rule->runs < w->wanted;
    }
    watch_again(w, judge);
    return more;
}

void watch_again(Watch *w, uint32_t judge)
{
    const uint64_t runs = clean_runs(&w->judges[judge]), done = runs - w->runs_before;
    w->runs_before = runs;
    for (uint32_t i = 0; i < w->num_rules; i++)
        w->rules[i].runs += w->rules[i].used ? done : 0;
}

// ---- More ----

size_t watch_next(Watch *w, uint8_t *out)
{
    const WatchRule *least = NULL;
    for (uint32_t i = 0; i < w->num_rules; i++) {
        const WatchRule *const rule = &w->rules[i];
        if (rule->num_kept != 0 && rule->runs < w->wanted && (!least || rule->runs < least->runs))
            least = rule;
    }
    if (!least)
        return 0;
    const uint64_t random = next_random(w);
    const uint32_t from = (uint32_t)(random % least->num_kept);
    memcpy(out, least->kept[from], least->sizes[from]);
    return gen_mutate(out, least->sizes[from], WATCH_BYTES, (uint32_t)(random >> 32));
}

bool watch_wants(const Watch *w)
{
    for (uint32_t i = 0; i < w->num_rules; i++)
        if (w->rules[i].programs != 0 && w->rules[i].runs < w->wanted)
            return true;
    return false;
}

bool watch_is_done(const Watch *w)
{
    for (uint32_t i = 0; i < w->num_rules; i++)
        if (w->rules[i].runs < w->wanted)
            return false;
    return w->num_rules != 0;
}

void watch_print(const Watch *w, StrBuf *out)
{
    for (uint32_t i = 0; i < w->num_rules; i++) {
        const WatchRule *const rule = &w->rules[i];
        buf_printf(out, "{\"rule\": \"%.*s\", \"programs\": ", STR_ARG(rule->name));
        buf_u64(out, rule->programs);
        buf_puts(out, ", \"runs\": ");
        buf_u64(out, rule->runs);
        buf_puts(out, "}\n");
    }
}
