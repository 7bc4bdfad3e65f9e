// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay fuzz: fuzzing campaigns.
#define _DEFAULT_SOURCE // _SC_NPROCESSORS_ONLN

#include "assay/tool_findings.h"
#include "assay/tool_json.h"
#include "fuzz-targets/campaign/campaign.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

// What a signal handler can set: the one state of the tool that is not passed.
static volatile sig_atomic_t stop_wanted;

static void on_interrupt(int number)
{
    // A second one ends the tool as usual.
    signal(number, SIG_DFL);
    stop_wanted = 1;
}

// ---- Where things are ----

typedef struct Places {
    const char *programs, *seeds, *state, *corpus, *database;
} Places;

// `path` without its last `n` parts; empty when there are not as many.
static Str above(Str path, uint32_t n)
{
    while (path.len != 0 && n != 0) {
        path.len--;
        n -= path.data[path.len] == '/';
    }
    return path;
}

static const char *if_there(const char *path)
{
    return access(path, R_OK) == 0 ? path : NULL;
}

// Beside this tool in a tree with builds: build/PRESET/assay/assay.
static void find_beside(Places *places, Arena *arena)
{
    char path[4096];
    const ssize_t len = readlink("/proc/self/exe", path, sizeof(path));
    const Str tool = {path, len < 0 || len == sizeof(path) ? 0 : (size_t)len};
    const Str build = above(tool, 2), root = above(tool, 4);
    if (!places->programs)
        places->programs =
            if_there(str_printf(arena, "%.*s/build/fuzz/fuzz-targets", STR_ARG(root)).data);
    if (!places->programs)
        places->programs = str_printf(arena, "%.*s/fuzz-targets", STR_ARG(build)).data;
    if (!places->seeds)
        places->seeds = if_there(str_printf(arena, "%.*s/fuzz-targets/corpus", STR_ARG(root)).data);
}

static bool find_places(const ToolArgs *args, Places *places, Arena *arena)
{
    const char *const cache = getenv("XDG_CACHE_HOME"), *const home = getenv("HOME");
    *places = (Places){.programs = args->values[OPT_FUZZ_PROGRAMS],
                       .seeds = args->values[OPT_FUZZ_SEEDS],
                       .state = args->values[OPT_FUZZ_STATE],
                       .corpus = args->values[OPT_FUZZ_CORPUS]};
    find_beside(places, arena);
    if (!places->state && cache && *cache != '\0')
        places->state = str_printf(arena, "%s/assay/fuzz", cache).data;
    else if (!places->state && home && *home != '\0')
        places->state = str_printf(arena, "%s/.cache/assay/fuzz", home).data;
    if (!places->state)
        return false;
    places->database = str_printf(arena, "%s/findings.db", places->state).data;
    return true;
}

// ---- Progress ----

static double percent(uint64_t part, uint64_t all)
{
    return all == 0 ? 0 : 100.0 * (double)part / (double)all;
}

static uint64_t rate(uint64_t number, double seconds)
{
    return seconds <= 0 ? 0 : (uint64_t)((double)number / seconds);
}

// " NAME 12/34" of the sets.
static void print_sets(const CampaignCounts *counts, StrBuf *out)
{
    for (uint32_t i = 0; i < counts->num_sets; i++)
        buf_printf(out, ", %s %u/%u", counts->sets[i].name, campaign_set_count(&counts->sets[i]),
                   counts->sets[i].total);
}

static void describe(const CampaignTarget *t, StrBuf *out)
{
    const uint64_t *const n = t->counts.numbers;
    buf_printf(out, "%-13.*s %9" PRIu64 " inputs, %5" PRIu64 "/s", STR_ARG(t->name),
               n[CAMPAIGN_INPUTS], rate(n[CAMPAIGN_INPUTS], t->counts.seconds));
    if (t->counts.edges != 0)
        buf_printf(out, ", %" PRIu64 " edges", t->counts.edges);
    if (n[CAMPAIGN_RUNS] != 0)
        buf_printf(out,
                   ", %" PRIu64 " functions/s; runs: %.1f%% returned, %.1f%% trapped, "
                   "%.2f%% out of fuel, %" PRIu64 " unsupported",
                   rate(n[CAMPAIGN_FUNCTIONS], t->counts.seconds),
                   percent(n[CAMPAIGN_RETURNED], n[CAMPAIGN_RUNS]),
                   percent(n[CAMPAIGN_TRAPPED], n[CAMPAIGN_RUNS]),
                   percent(n[CAMPAIGN_OUT_OF_FUEL], n[CAMPAIGN_RUNS]), n[CAMPAIGN_UNSUPPORTED]);
    print_sets(&t->counts, out);
    if (t->stopped != 0)
        buf_printf(out, "; stopped %u times", t->stopped);
    if (t->broken)
        buf_puts(out, "; does not run");
}

typedef struct Screen {
    bool json, quiet, terminal;
    uint32_t lines; // that the last report took
    double told;
} Screen;

static void print_progress_json(const CampaignProgress *p)
{
    json_t *const object = json_object(), *const targets = json_object();
    for (uint32_t i = 0; i < p->num_targets; i++) {
        const CampaignTarget *const t = &p->targets[i];
        json_t *const one = json_object();
        static const char *const names[] = {
#define CAMPAIGN_NUMBER(NAME, name) #name,
#include "fuzz-targets/campaign/numbers.def"
        };
        for (uint32_t k = 0; k < CAMPAIGN_NUMBERS; k++)
            tool_json_number(one, names[k], t->counts.numbers[k]);
        json_object_set_new(one, "seconds", json_real(t->counts.seconds));
        tool_json_number(one, "edges", t->counts.edges);
        for (uint32_t k = 0; k < t->counts.num_sets; k++)
            tool_json_number(one, t->counts.sets[k].name, campaign_set_count(&t->counts.sets[k]));
        json_object_set_new(targets, t->name.data, one);
    }
    json_object_set_new(object, "seconds", json_real(p->seconds));
    tool_json_number(object, "distinct_findings", p->findings);
    json_object_set_new(object, "targets", targets);
    tool_json_print(object);
}

static void on_progress(void *context, const CampaignProgress *p)
{
    Screen *const screen = context;
    if (screen->json) {
        print_progress_json(p);
        return;
    }
    // What goes to a file is told every ten seconds.
    if (screen->quiet || (!screen->terminal && p->seconds < screen->told + 10))
        return;
    screen->told = p->seconds;
    Arena arena = {0};
    StrBuf text = {.arena = &arena};
    for (uint32_t i = 0; screen->terminal && i < screen->lines; i++)
        buf_puts(&text, "\033[A\033[K");
    screen->lines = 1;
    buf_printf(&text, "%.0f s, %u findings\n", p->seconds, p->findings);
    for (uint32_t i = 0; i < p->num_targets; i++) {
        if (p->targets[i].processes == 0)
            continue;
        StrBuf line = {.arena = &arena};
        describe(&p->targets[i], &line);
        if (screen->terminal && line.len > 150)
            line.len = 150;
        buf_printf(&text, "  %.*s\n", STR_ARG(buf_view(&line)));
        screen->lines++;
    }
    fwrite(text.data, 1, text.len, stderr);
    arena_free(&arena);
}

// ---- The command ----

// "90", "90s", "10m", "2h".
static bool parse_time(const char *text, uint32_t *out)
{
    char *end;
    const unsigned long long number = strtoull(text, &end, 10);
    const uint64_t unit = *end == 'h' ? 3600 : *end == 'm' ? 60 : 1;
    if (end == text || *text == '-' || number == 0 || number > 10000000)
        return false;
    if (*end != '\0' && (strchr("smh", *end) == NULL || end[1] != '\0'))
        return false;
    *out = (uint32_t)(number * unit);
    return true;
}

static bool read_options(const ToolArgs *args, CampaignOptions *out)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t jobs = cores > 0 ? (uint64_t)cores : 1, size = 512, seed = (uint64_t)time(NULL);
    jobs = jobs < 16 ? jobs : 16;
    out->seconds = 60;
    if (args->values[OPT_FUZZ_TIME] && !parse_time(args->values[OPT_FUZZ_TIME], &out->seconds)) {
        (void)tool_usage_error(args, "--time is a number of seconds, or one with s, m or h");
        return false;
    }
    if (!tool_number(args, OPT_FUZZ_JOBS, 1, 16, &jobs) ||
        !tool_number(args, OPT_FUZZ_SEED, 0, UINT32_MAX, &seed) ||
        !tool_number(args, OPT_FUZZ_SIZE, 1, 65536, &size))
        return false;
    out->jobs = (uint32_t)jobs;
    out->seed = seed;
    out->max_size = (uint32_t)size;
    return true;
}

static void print_summary(const CampaignResult *result)
{
    Arena arena = {0};
    for (uint32_t i = 0; i < result->num_targets; i++) {
        StrBuf line = {.arena = &arena};
        describe(&result->targets[i], &line);
        printf("%.*s\n", STR_ARG(buf_view(&line)));
    }
    arena_free(&arena);
}

// Whether a campaign has found what nobody knew.
static bool print_findings(const CampaignResult *result, bool json)
{
    bool news = false;
    for (uint32_t i = 0; i < result->findings.len; i++) {
        const TriageFinding *const finding = &result->findings.data[i];
        tool_print_finding(finding, json);
        news = news || finding->state == TRIAGE_NEW;
    }
    return news;
}

static int run(const ToolArgs *args, CampaignOptions *options, const Places *places, Arena *arena)
{
    Diag diag = {.arena = arena};
    CampaignResult result = {.seconds = 0};
    Screen screen = {.json = args->values[OPT_FUZZ_JSON] != NULL,
                     .quiet = args->values[OPT_FUZZ_QUIET] != NULL,
                     .terminal = isatty(STDERR_FILENO) != 0};
    bool news = false;
    options->progress = on_progress;
    options->context = &screen;
    options->stop = &stop_wanted;
    Status status = campaign_prepare(places->state, &diag);
    Triage *const triage = status == STATUS_OK ? triage_open(places->database, &diag) : NULL;
    if (triage) {
        signal(SIGINT, on_interrupt);
        fprintf(stderr, "seed %" PRIu64 ", %u s, %u processes, programs in %s\n", options->seed,
                options->seconds, options->jobs, options->programs);
        status = campaign_run(options, triage, arena, &result, &diag);
    } else {
        status = STATUS_IO;
    }
    if (!screen.json)
        print_summary(&result);
    news = print_findings(&result, screen.json);
    triage_close(triage);
    tool_report(&diag);
    return status == STATUS_OK && !news ? EXIT_OK : EXIT_FAILED;
}

int cmd_fuzz(const ToolArgs *args)
{
    Arena arena = {0};
    Places places;
    CampaignOptions options = {.targets = args->operands, .num_targets = args->num_operands};
    int code = EXIT_USAGE;
    if (!find_places(args, &places, &arena)) {
        code = tool_usage_error(args, "there is no place for findings: HOME is not set, and "
                                      "neither is --state");
    } else if (args->values[OPT_FUZZ_LIST] || args->values[OPT_FUZZ_SHOW] ||
               args->values[OPT_FUZZ_REPLAY] || args->values[OPT_FUZZ_MARK]) {
        code = tool_findings(args, places.database, places.programs);
    } else if (read_options(args, &options)) {
        options.programs = places.programs;
        options.state = places.state;
        options.corpus = places.corpus;
        options.seeds = places.seeds;
        code = run(args, &options, &places, &arena);
    }
    arena_free(&arena);
    return code;
}
