// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From bytes to a verdict. Statistics go to stderr as one line of JSON a group.

#include "fuzz-targets/fuzz_harness.h"

#include "fuzz-targets/target.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define STATS_EVERY      (UINT64_C(1) << 14)
#define CLOCK_EVERY      16u // inputs between two looks at the clock
#define GROUP_BYTE       3   // of the header

// What a program as text begins with.
#define TEXT_MARK        "; rules"

// Of programs that watched rules took part in: how often their inputs are changed, and how many
// there are for each input from outside.
#define WATCH_TIMES      15u
#define WATCH_TIMES_TEXT 255u
#define WATCH_PROGRAMS   2u

// The leak check costs more than all else together, because engines keep memory for the next input.
// Leaks of the compiler are for the target that runs no engine, and so are stacks that are used
// after the return. Engines allocate all the time: short stacks of allocations, a small quarantine
// and memory that is not filled first make it half as dear, and take a quarter of the memory.
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0:allow_user_segv_handler=1:detect_stack_use_after_return=0:"
           "malloc_context_size=2:quarantine_size_mb=8:thread_local_quarantine_size_kb=64:"
           "max_malloc_fill_size=0";
}

const HarnessGroup harness_unicorn[HARNESS_UNICORN_GROUPS] = {
    {{ENGINE_UNICORN_X64, ENGINE_UNICORN_AARCH64}, {"x86_64", "aarch64"}, 2},
    {{ENGINE_UNICORN_X64}, {"x86_64 has_sse3 has_ssse3 has_sse41 has_sse42 has_bmi1 has_lzcnt"}, 1},
    {{ENGINE_UNICORN_AARCH64}, {"aarch64 has_fp16 has_dotprod"}, 1},
};

static double time_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// The harness of this program: each has one.
static Harness *the_harness;

// Engines are closed, too: one that does not close in order shows in any run.
static void finish(void)
{
    Harness *const h = the_harness;
    if (h->stats_seconds > 0)
        harness_print_stats(h);
    StrBuf watched = {.arena = &h->scratch};
    watch_print(&h->watch, &watched);
    if (watched.len != 0)
        fwrite(watched.data, 1, watched.len, stderr);
    h->ready = false;
    for (uint32_t i = 0; i < h->num_groups; i++)
        judge_destroy(&h->judges[i]);
    arena_free(&h->scratch);
    arena_free(&h->arena);
}

static void read_environment(Harness *h)
{
    const char *const seconds = getenv("FUZZ_STATS");
    h->print = getenv("FUZZ_PRINT") != NULL;
    h->findings = getenv("FUZZ_FINDINGS");
    h->stats_seconds = seconds ? strtod(seconds, NULL) : 0;
    h->started = time_of(CLOCK_PROCESS_CPUTIME_ID);
    h->last_stats = time_of(CLOCK_MONOTONIC);
    watch_read(&h->watch, h->judges, h->num_groups, &h->arena);
    the_harness = h;
    atexit(finish);
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
    read_environment(h);
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
    case FINDING_NONE:
    case FINDING_COUNT: return;
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

// ---- Reports ----

static void leave_file(const Harness *h, Str name, const char *suffix, Str content, Arena *arena)
{
    const Str path = str_printf(arena, "%s/%.*s.%s", h->findings, STR_ARG(name), suffix);
    FILE *const file = fopen(path.data, "wb");
    const bool written = file && fwrite(content.data, 1, content.len, file) == content.len;
    if ((file && fclose(file) != 0) || !written) {
        perror(path.data);
        abort();
    }
}

// Says what was found, and stops if nobody collects findings.
static void report(Harness *h, const Verdict *v, Engine engine, Str text, Str input)
{
    uint32_t *const found = &h->found[v->finding][engine];
    if (!h->findings) {
        fwrite(text.data, 1, text.len, stderr);
        stop(v->finding);
        return;
    }
    if ((*found)++ >= FINDINGS_MAX)
        return;
    Arena *const arena = &h->scratch;
    const Str name =
        str_printf(arena, "%s-%s-%016llx", finding_name(v->finding), engine_name(engine),
                   (unsigned long long)hash_bytes(input.data, input.len));
    // The text comes last: who sees it finds the input there, too.
    leave_file(h, name, "bytes", input, arena);
    leave_file(h, name, "part", text, arena);
    const Str from = str_printf(arena, "%s/%.*s.part", h->findings, STR_ARG(name));
    const Str to = str_printf(arena, "%s/%.*s.clif", h->findings, STR_ARG(name));
    if (rename(from.data, to.data) != 0)
        abort();
}

// ---- Statistics ----

void harness_print_stats(Harness *h)
{
    if (!h->ready)
        return;
    StrBuf text = {.arena = &h->scratch};
    for (uint32_t i = 0; i < h->num_groups; i++)
        if (h->judges[i].stats.cases != 0) {
            buf_printf(&text, "{\"group\": %u, ", i);
            judge_print_stats(&h->judges[i], time_of(CLOCK_PROCESS_CPUTIME_ID) - h->started, &text);
        }
    fwrite(text.data, 1, text.len, stderr);
    h->last_stats = time_of(CLOCK_MONOTONIC);
}

static void maybe_print_stats(Harness *h)
{
    h->inputs++;
    if (h->stats_seconds <= 0 ? h->inputs % STATS_EVERY == 0
                              : h->inputs % CLOCK_EVERY == 0 &&
                                    time_of(CLOCK_MONOTONIC) - h->last_stats >= h->stats_seconds)
        harness_print_stats(h);
}

// ---- Inputs ----

// The group that the bytes choose; the next one if its engines are not there.
static uint32_t choose_group(const Harness *h, const uint8_t *data, size_t size)
{
    uint32_t group = size > GROUP_BYTE ? data[GROUP_BYTE] % h->num_groups : 0;
    for (uint32_t i = 0; i < h->num_groups && !h->tables[group]; i++)
        group = (group + 1) % h->num_groups;
    return group;
}

// A case that was made of an input.
typedef struct Made {
    GenCase c;
    uint32_t group;
    Str input;
    bool is_text;
} Made;

// The judge's verdict; when watched rules want runs and all agrees, on more inputs, too.
static Verdict judge(Harness *h, Made *made)
{
    Judge *const j = &h->judges[made->group];
    watch_begin(&h->watch, made->group);
    Verdict v = judge_case(j, &made->c, &h->scratch);
    const Str program = made->is_text ? (Str){0} : made->input;
    const bool more = v.finding == FINDING_NONE && watch_end(&h->watch, made->group, program);
    const uint32_t times = !more ? 0 : made->is_text ? WATCH_TIMES_TEXT : WATCH_TIMES;
    for (uint32_t i = 0; i < times && v.finding == FINDING_NONE; i++) {
        gen_other_inputs(&made->c, gen_mix(h->inputs) + i, &h->scratch);
        v = judge_again(j, &made->c, &h->scratch);
        if (v.finding == FINDING_NONE)
            watch_again(&h->watch, made->group);
    }
    return v;
}

static void run_made(Harness *h, Made *made)
{
    StrBuf text = {.arena = &h->scratch};
    const Judge *const j = &h->judges[made->group];
    if (h->print) {
        // Before it is judged: the compiler may break down.
        judge_print(j, &made->c, NULL, &text);
        fwrite(text.data, 1, text.len, stderr);
        text.len = 0;
    }
    const Verdict v = judge(h, made);
    if (v.finding != FINDING_NONE) {
        judge_print(j, &made->c, &v, &text);
        report(h, &v, judge_engine(j, &v), buf_view(&text), made->input);
    }
    maybe_print_stats(h);
    arena_reset(&h->scratch);
}

static void run_bytes(Harness *h, const uint8_t *data, size_t size)
{
    Made made = {.group = choose_group(h, data, size), .input = {(const char *)data, size}};
    if (!h->tables[made.group])
        return; // a machine without any of the engines
    h->make(h->tables[made.group], data, size, &h->scratch, &made.c);
    run_made(h, &made);
}

// ---- Programs as text ----

// One function as a module, for one group: as it is and optimised, so that rules for what the
// mid-end makes of it are used, too.
static void run_function(Harness *h, uint32_t group, Func *f, Str text)
{
    for (uint8_t level = OPT_LEVEL_NONE; level <= OPT_LEVEL_SPEED; level++) {
        Made made = {.group = group, .input = text, .is_text = true};
        GenCase *const c = &made.c;
        *c = (GenCase){.module = {.arena = &h->scratch}, .settings = settings_defaults()};
        c->settings.values[SETTING_OPT_LEVEL] = level;
        c->settings.values[SETTING_ENABLE_LLVM_ABI_EXTENSIONS] = 1;
        c->settings.values[SETTING_ENABLE_MULTI_RET_IMPLICIT_SRET] = 1;
        VEC_PUSH(&h->scratch, &c->module.funcs, f);
        gen_other_inputs(c, gen_mix(h->inputs), &h->scratch);
        run_made(h, &made);
    }
}

// Runs each function of the text until the rules that are watched, and used for it, have the runs
// that are wanted.
static void run_text(Harness *h, Str text)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    ClifFile *file;
    const ParseOptions options = {0};
    if (text_parse_file(&arena, STR("input"), text, &options, &file, &diag) != STATUS_OK) {
        StrBuf message = {.arena = &arena};
        for (uint32_t i = 0; i < diag.messages.len; i++)
            diag_format(&diag.messages.data[i], &message);
        fprintf(stderr, "%.*s\n", (int)message.len, message.data);
        abort();
    }
    do {
        for (uint32_t i = 0; i < file->module.funcs.len; i++)
            for (uint32_t group = 0; group < h->num_groups; group++)
                if (h->tables[group])
                    run_function(h, group, file->module.funcs.data[i], text);
    } while (watch_wants(&h->watch));
    arena_free(&arena);
}

void harness_run(Harness *h, const uint8_t *data, size_t size)
{
    if (!h->ready)
        set_up(h);
    if (h->watch.num_rules != 0 && size > strlen(TEXT_MARK) &&
        memcmp(data, TEXT_MARK, strlen(TEXT_MARK)) == 0) {
        run_text(h, (Str){(const char *)data, size});
        return;
    }
    run_bytes(h, data, size);
    for (uint32_t i = 0; i < WATCH_PROGRAMS; i++) {
        uint8_t program[WATCH_BYTES];
        const size_t length = watch_next(&h->watch, program);
        if (length != 0)
            run_bytes(h, program, length);
    }
    if (watch_is_done(&h->watch))
        exit(0);
}
