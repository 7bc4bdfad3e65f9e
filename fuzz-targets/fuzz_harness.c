// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From bytes to a verdict. Statistics go to stderr as one line of JSON a group, every 2^14 inputs.

#include "fuzz-targets/fuzz_harness.h"

#include "fuzz-targets/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define STATS_EVERY (UINT64_C(1) << 14)
#define GROUP_BYTE  3 // of the header

// The leak check costs more than all else together, because engines keep memory for the next input.
// Leaks of the compiler are for the target that runs no engine.
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0:allow_user_segv_handler=1";
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void set_up(Harness *h)
{
    const Settings settings = settings_defaults();
    Settings all = settings;
    all.values[SETTING_ENABLE_LLVM_ABI_EXTENSIONS] = 1;
    all.values[SETTING_ENABLE_MULTI_RET_IMPLICIT_SRET] = 1;
    ASSERT(h->num_groups <= HARNESS_GROUPS_MAX);
    for (uint32_t i = 0; i < h->num_groups; i++) {
        const HarnessGroup *const group = &h->groups[i];
        Isa isas[JUDGE_ENGINES_MAX];
        Judge *const judge = &h->judges[i];
        judge_create(judge, group->engines, group->targets, group->num);
        for (uint32_t e = 0; e < judge->num_engines; e++)
            isas[e] = judge->engines[e].isa;
        if (judge->num_engines != 0)
            h->tables[i] = gen_table(&all, isas, judge->num_engines, &h->arena);
    }
    h->started = now();
    h->ready = true;
}

// ---- Findings, each with a name on the stack ----

#define FINDING_FUNCTION(name)                                  \
    NORETURN void harness_finding_##name(void);                 \
    __attribute__((noinline)) void harness_finding_##name(void) \
    {                                                           \
        abort();                                                \
    }

FINDING_FUNCTION(invalid)
FINDING_FUNCTION(compile)
FINDING_FUNCTION(values)
FINDING_FUNCTION(trap)
FINDING_FUNCTION(memory)
FINDING_FUNCTION(crash)
FINDING_FUNCTION(hang)
FINDING_FUNCTION(reference)

static void stop(Finding finding)
{
    switch (finding) {
    case FINDING_NONE: return;
    case FINDING_INVALID: harness_finding_invalid();
    case FINDING_COMPILE: harness_finding_compile();
    case FINDING_VALUES: harness_finding_values();
    case FINDING_TRAP: harness_finding_trap();
    case FINDING_MEMORY: harness_finding_memory();
    case FINDING_CRASH: harness_finding_crash();
    case FINDING_HANG: harness_finding_hang();
    case FINDING_REFERENCE: harness_finding_reference();
    }
}

// ---- Inputs ----

static void print_stats(const Harness *h, Arena *arena)
{
    StrBuf text = {.arena = arena};
    for (uint32_t i = 0; i < h->num_groups; i++)
        if (h->judges[i].stats.cases != 0)
            judge_print_stats(&h->judges[i], now() - h->started, &text);
    fprintf(stderr, "%.*s", STR_ARG(buf_view(&text)));
}

// The group that the bytes choose; the next one if its engines are not there.
static uint32_t choose_group(const Harness *h, const uint8_t *data, size_t size)
{
    uint32_t group = size > GROUP_BYTE ? data[GROUP_BYTE] % h->num_groups : 0;
    for (uint32_t i = 0; i < h->num_groups && !h->tables[group]; i++)
        group = (group + 1) % h->num_groups;
    return group;
}

void harness_run(Harness *h, const uint8_t *data, size_t size)
{
    GenCase c;
    if (!h->ready)
        set_up(h);
    const uint32_t group = choose_group(h, data, size);
    if (!h->tables[group])
        return; // a machine without any of the engines
    h->make(h->tables[group], data, size, &h->scratch, &c);
    const Verdict v = judge_case(&h->judges[group], &c, &h->scratch);
    if (v.finding != FINDING_NONE || getenv("FUZZ_PRINT")) {
        StrBuf text = {.arena = &h->scratch};
        judge_print(&h->judges[group], &c, &v, &text);
        fwrite(text.data, 1, text.len, stderr);
        stop(v.finding);
    }
    h->inputs++;
    if (h->inputs % STATS_EVERY == 0)
        print_stats(h, &h->scratch);
    arena_reset(&h->scratch);
}
