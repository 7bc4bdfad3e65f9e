// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loop: slots that run processes, looked at five times a second.
//
// A bug is found over and over. Of findings that look the same without reduction a few are reduced,
// because they may have different causes; the others are counted with the last of those.

#include "fuzz-targets/campaign/campaign.h"

#include "fuzz-targets/campaign/campaign_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SLOTS_MAX     16u
#define SLICE_MIN     5.0 // seconds
#define TIDY          2.0 // after the deadline, for processes to end by themselves
#define GRACE         10.0
#define ALIKE_MAX     4u // findings of one signature that are reduced
#define INPUT_MAX     ((size_t)1 << 20)
#define REPLAY_LIMIT  60.0
#define FAST_FAILURES 3u
#define NO_TARGET     UINT32_MAX

typedef struct Slot {
    CampaignProcess process;
    uint32_t target;
    double deadline;
    Str folder; // work/NAME-SLOT
} Slot;

// What was found, before reduction.
typedef struct Pending {
    TriageFinding finding;
    uint32_t alike; // how many more look the same and are not kept
} Pending;

typedef struct Campaign {
    const CampaignOptions *options;
    Arena *arena;
    Diag *diag;
    CampaignTarget *targets;
    double *spent;      // by target: seconds of its processes
    uint32_t *failures; // by target: starts in a row that ended at once
    uint32_t num_targets, num_slots, starts;
    Slot slots[SLOTS_MAX];
    VEC(Pending) pending;
    double begin, end;
} Campaign;

// ---- Targets ----

static void add_target(CampaignTarget *targets, uint32_t *num, CampaignTarget target)
{
    for (uint32_t i = 0; i < *num; i++)
        if (str_eq(targets[i].name, target.name)) {
            if (target.is_libfuzzer)
                targets[i] = target;
            return;
        }
    targets[(*num)++] = target;
}

Status campaign_find_targets(const char *folder, Arena *arena, CampaignTarget **out, uint32_t *num,
                             Diag *diag)
{
    CampaignNames names;
    campaign_list_folder(folder, arena, &names);
    *out = ARENA_ARRAY(arena, CampaignTarget, names.len + 1);
    *num = 0;
    for (uint32_t i = 0; i < names.len; i++) {
        const Str name = names.data[i], prefix = STR("fuzz_"), suffix = STR("_fuzzer");
        CampaignTarget target = {.program = str_printf(arena, "%s/%.*s", folder, STR_ARG(name))};
        if (access(target.program.data, X_OK) != 0)
            continue;
        if (str_starts_with(name, prefix)) {
            target.name = (Str){name.data + prefix.len, name.len - prefix.len};
        } else if (name.len > suffix.len &&
                   memcmp(name.data + name.len - suffix.len, suffix.data, suffix.len) == 0) {
            target.name = (Str){name.data, name.len - suffix.len};
            target.is_libfuzzer = true;
        } else {
            continue;
        }
        target.name = str_copy(arena, target.name);
        add_target(*out, num, target);
    }
    return *num != 0 ? STATUS_OK
                     : diag_error(diag, STATUS_IO, NULL, POS_NONE,
                                  "%s: no fuzz targets are built here", folder);
}

// Leaves those that the options name, in their order.
static Status choose_targets(Campaign *c)
{
    const CampaignOptions *const o = c->options;
    CampaignTarget *all;
    uint32_t num;
    TRY(campaign_find_targets(o->programs, c->arena, &all, &num, c->diag));
    c->targets = all;
    c->num_targets = num;
    if (o->num_targets == 0)
        return STATUS_OK;
    c->targets = ARENA_ARRAY(c->arena, CampaignTarget, o->num_targets);
    c->num_targets = 0;
    for (uint32_t i = 0; i < o->num_targets; i++) {
        uint32_t n = 0;
        while (n < num && !str_eq_c(all[n].name, o->targets[i]))
            n++;
        if (n == num)
            return diag_error(c->diag, STATUS_INVALID, NULL, POS_NONE,
                              "there is no fuzz target %s in %s", o->targets[i], o->programs);
        c->targets[c->num_targets++] = all[n];
    }
    return STATUS_OK;
}

static bool is_stopped(const Campaign *c)
{
    return c->options->stop && *c->options->stop != 0;
}

// ---- Findings ----

static bool same_look(const TriageFinding *a, const TriageFinding *b)
{
    return str_eq(a->signature, b->signature) && str_eq(a->target, b->target);
}

static void keep(Campaign *c, TriageFinding finding)
{
    uint32_t alike = 0, last = 0;
    for (uint32_t i = 0; i < c->pending.len; i++)
        if (same_look(&c->pending.data[i].finding, &finding)) {
            alike++;
            last = i;
        }
    if (alike >= ALIKE_MAX) {
        c->pending.data[last].alike++;
        return;
    }
    const Pending pending = {.finding = finding};
    VEC_PUSH(c->arena, &c->pending, pending);
}

static bool ends_with(Str name, Str suffix)
{
    return name.len > suffix.len &&
           memcmp(name.data + name.len - suffix.len, suffix.data, suffix.len) == 0;
}

// Whether it is an input that a process left when it stopped.
static bool is_artifact(Str name)
{
    return str_starts_with(name, STR("crash-")) || str_starts_with(name, STR("leak-")) ||
           str_starts_with(name, STR("timeout-")) || str_starts_with(name, STR("oom-"));
}

static const char *path_in(Arena *arena, Str folder, Str name)
{
    return str_printf(arena, "%.*s/%.*s", STR_ARG(folder), STR_ARG(name)).data;
}

// Takes a pair NAME.clif and NAME.bytes.
static void take_pair(Campaign *c, const CampaignTarget *target, Str folder, Str name,
                      uint64_t seed)
{
    const char *const text_path = path_in(c->arena, folder, name);
    const Str stem = {name.data, name.len - 5};
    const char *const input_path =
        path_in(c->arena, folder, str_printf(c->arena, "%.*s.bytes", STR_ARG(stem)));
    const Str text = campaign_read_file(text_path, INPUT_MAX, c->arena);
    TriageFinding finding = triage_read_output(target->name, text, c->arena);
    finding.input = campaign_read_file(input_path, INPUT_MAX, c->arena);
    finding.seed = seed;
    keep(c, finding);
    unlink(text_path);
    unlink(input_path);
}

// Takes an input at which a process stopped, saying `text`. It is run once more, so that its
// program is printed; what does not happen again is kept as it was said.
static void take_artifact(Campaign *c, const CampaignTarget *target, const char *path, Str text,
                          uint64_t seed)
{
    const Str input = campaign_read_file(path, INPUT_MAX, c->arena);
    TriageFinding finding = triage_read_output(target->name, text, c->arena), again;
    if (campaign_replay(target->program, target->name, input, c->arena, &again, c->diag) ==
            STATUS_OK &&
        again.kind.len != 0)
        finding = again;
    finding.input = input;
    finding.seed = seed;
    keep(c, finding);
    unlink(path);
}

// Whether there was anything.
static bool collect(Campaign *c, const CampaignTarget *target, Str folder, Str text, uint64_t seed)
{
    bool any = false;
    Arena scratch = {0}; // this is done all the time, and mostly there is nothing
    CampaignNames names;
    campaign_list_folder(folder.data, &scratch, &names);
    for (uint32_t i = 0; i < names.len; i++) {
        const bool pair = ends_with(names.data[i], STR(".clif"));
        const bool artifact = is_artifact(names.data[i]);
        if (pair)
            take_pair(c, target, folder, names.data[i], seed);
        else if (artifact)
            take_artifact(c, target, path_in(&scratch, folder, names.data[i]), text, seed);
        any = any || pair || artifact;
    }
    arena_free(&scratch);
    return any;
}

// ---- Processes ----

static Str make_work_folder(Campaign *c, const CampaignTarget *target, uint32_t slot)
{
    const Str folder =
        str_printf(c->arena, "%s/work/%.*s-%u", c->options->state, STR_ARG(target->name), slot);
    return campaign_make_folder(folder.data, c->diag) == STATUS_OK ? folder : STR("");
}

// The folder of collected inputs, and after it that of the first ones, if it is there.
static uint32_t corpus_folders(Campaign *c, const CampaignTarget *target, const char *out[2])
{
    const CampaignOptions *const o = c->options;
    uint32_t num = 1;
    out[0] = o->corpus
                 ? str_printf(c->arena, "%s/%.*s", o->corpus, STR_ARG(target->name)).data
                 : str_printf(c->arena, "%s/corpus/%.*s", o->state, STR_ARG(target->name)).data;
    if (campaign_make_folder(out[0], c->diag) != STATUS_OK)
        return 0;
    if (o->seeds) {
        out[1] = str_printf(c->arena, "%s/%.*s", o->seeds, STR_ARG(target->name)).data;
        num += access(out[1], R_OK) == 0;
    }
    return num;
}

static bool start_fuzzer(Campaign *c, Slot *slot, const CampaignTarget *target, uint32_t seconds,
                         const char *const *environment)
{
    Arena *const a = c->arena;
    const char *folders[2] = {NULL, NULL};
    const uint32_t num = corpus_folders(c, target, folders);
    // libFuzzer's seeds are of 32 bits.
    const char *const arguments[] = {
        target->program.data,
        str_printf(a, "-seed=%u", (uint32_t)slot->process.seed).data,
        str_printf(a, "-max_total_time=%u", seconds).data,
        str_printf(a, "-max_len=%u", c->options->max_size).data,
        str_printf(a, "-artifact_prefix=%.*s/", STR_ARG(slot->folder)).data,
        "-timeout=20",
        "-rss_limit_mb=2048",
        "-print_final_stats=0",
        folders[0],
        num > 1 ? folders[1] : NULL,
        NULL,
    };
    return num != 0 && campaign_start(&slot->process, arguments, environment);
}

static bool start_random(Campaign *c, Slot *slot, const CampaignTarget *target, uint32_t seconds,
                         const char *const *environment)
{
    Arena *const a = c->arena;
    const char *const arguments[] = {
        target->program.data,
        str_printf(a, "--seed=%llu", (unsigned long long)slot->process.seed << 32).data,
        str_printf(a, "--seconds=%u", seconds).data,
        str_printf(a, "--size=%u", c->options->max_size).data,
        str_printf(a, "--artifacts=%.*s/", STR_ARG(slot->folder)).data,
        NULL,
    };
    return campaign_start(&slot->process, arguments, environment);
}

// The target that has had the least time, NO_TARGET when none can run.
static uint32_t next_target(const Campaign *c)
{
    uint32_t best = NO_TARGET;
    for (uint32_t i = 0; i < c->num_targets; i++)
        if (!c->targets[i].broken && (best == NO_TARGET || c->spent[i] < c->spent[best]))
            best = i;
    return best;
}

static void start_next(Campaign *c, uint32_t n)
{
    Slot *const slot = &c->slots[n];
    const double now = campaign_clock(), left = c->end - now;
    const uint32_t index = next_target(c);
    if (index == NO_TARGET || left < 1)
        return;
    // Each target gets its turn, at the cost of starting it.
    double slice = (c->end - c->begin) * c->num_slots / c->num_targets;
    slice = slice < SLICE_MIN ? SLICE_MIN : slice;
    slice = slice < left ? slice : left;
    CampaignTarget *const target = &c->targets[index];
    slot->target = index;
    slot->folder = make_work_folder(c, target, n);
    slot->process.seed = c->options->seed + c->starts++;
    slot->deadline = now + slice;
    const uint32_t seconds = (uint32_t)slice < 1 ? 1 : (uint32_t)slice;
    const char *const environment[] = {"FUZZ_FINDINGS", slot->folder.data, "FUZZ_STATS", "1", NULL};
    const bool started =
        slot->folder.len != 0 &&
        (target->is_libfuzzer ? start_fuzzer(c, slot, target, seconds, environment)
                              : start_random(c, slot, target, seconds, environment));
    target->processes += started;
    target->broken = !started;
    c->spent[index] += slice;
}

static void end_process(Campaign *c, Slot *slot)
{
    CampaignTarget *const target = &c->targets[slot->target];
    const double seconds = campaign_clock() - slot->process.started;
    CampaignCounts counts;
    campaign_process_counts(&slot->process, seconds, &counts);
    campaign_add(&target->counts, &counts);
    c->spent[slot->target] -= slot->deadline - slot->process.started - seconds;
    const int status = campaign_reap(&slot->process);
    const bool early = campaign_clock() < slot->deadline - 1 && !is_stopped(c);
    const bool found =
        collect(c, target, slot->folder, buf_view(&slot->process.text), slot->process.seed);
    const bool failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    uint32_t *const failures = &c->failures[slot->target];
    target->stopped += failed && early;
    *failures = failed && seconds < 2 && !found ? *failures + 1 : 0;
    if (*failures < FAST_FAILURES)
        return;
    target->broken = true;
    diag_add(
        c->diag, SEVERITY_WARNING, NULL, POS_NONE, "%.*s does not run: %.*s",
        STR_ARG(target->program),
        STR_ARG(triage_read_output(target->name, buf_view(&slot->process.text), c->arena).message));
}

// Looks at a slot. False: nothing runs there.
static bool serve(Campaign *c, Slot *slot)
{
    if (slot->process.pid == 0)
        return false;
    const double now = campaign_clock();
    if (is_stopped(c) && slot->deadline > now)
        slot->deadline = now - TIDY;
    if (now > slot->deadline + TIDY)
        kill(-slot->process.pid, now > slot->deadline + GRACE ? SIGKILL : SIGTERM);
    if (campaign_listen(&slot->process)) {
        (void)collect(c, &c->targets[slot->target], slot->folder, STR(""), slot->process.seed);
        return true;
    }
    end_process(c, slot);
    return false;
}

// ---- The loop ----

static void pause_a_little(void)
{
    const struct timespec fifth = {0, 200000000};
    nanosleep(&fifth, NULL);
}

// Counts of targets with those of what runs now.
static void tell(Campaign *c, Arena *scratch)
{
    CampaignTarget *const now = ARENA_ARRAY(scratch, CampaignTarget, c->num_targets);
    memcpy(now, c->targets, sizeof(*now) * c->num_targets);
    for (uint32_t i = 0; i < c->num_slots; i++) {
        const Slot *const slot = &c->slots[i];
        CampaignCounts counts;
        if (slot->process.pid == 0)
            continue;
        campaign_process_counts(&slot->process, campaign_clock() - slot->process.started, &counts);
        campaign_add(&now[slot->target].counts, &counts);
    }
    uint32_t findings = 0;
    for (uint32_t i = 0; i < c->pending.len; i++) {
        uint32_t before = 0;
        while (before < i &&
               !same_look(&c->pending.data[before].finding, &c->pending.data[i].finding))
            before++;
        findings += before == i;
    }
    const CampaignProgress progress = {now, c->num_targets, findings, campaign_clock() - c->begin};
    c->options->progress(c->options->context, &progress);
}

static void run(Campaign *c)
{
    Arena scratch = {0};
    double told = c->begin;
    for (bool any = true; any;) {
        any = false;
        for (uint32_t i = 0; i < c->num_slots; i++) {
            const bool busy = serve(c, &c->slots[i]);
            if (!busy && !is_stopped(c))
                start_next(c, i);
            any = any || c->slots[i].process.pid != 0;
        }
        if (c->options->progress && campaign_clock() - told >= 1) {
            told = campaign_clock();
            tell(c, &scratch);
            arena_reset(&scratch);
        }
        if (any)
            pause_a_little();
    }
    arena_free(&scratch);
}

// What an earlier campaign has left because it was killed.
static void collect_leftovers(Campaign *c)
{
    CampaignNames names;
    const Str work = str_printf(c->arena, "%s/work", c->options->state);
    campaign_list_folder(work.data, c->arena, &names);
    for (uint32_t n = 0; n < names.len; n++)
        for (uint32_t i = 0; i < c->num_targets; i++) {
            const Str start = str_printf(c->arena, "%.*s-", STR_ARG(c->targets[i].name));
            if (str_starts_with(names.data[n], start))
                (void)collect(
                    c, &c->targets[i],
                    str_printf(c->arena, "%.*s/%.*s", STR_ARG(work), STR_ARG(names.data[n])),
                    STR(""), 0);
        }
}

// ---- The end ----

static Status record_all(Campaign *c, Triage *triage, CampaignResult *out)
{
    for (uint32_t i = 0; i < c->pending.len; i++) {
        TriageFinding *const finding = &c->pending.data[i].finding;
        triage_settle(finding, c->num_slots, c->arena);
        for (uint32_t k = 0; k <= c->pending.data[i].alike; k++)
            TRY(triage_record(triage, finding, c->diag));
        uint32_t n = 0;
        while (n < out->findings.len && out->findings.data[n].id != finding->id)
            n++;
        if (n == out->findings.len)
            VEC_PUSH(c->arena, &out->findings, *finding);
        else
            out->findings.data[n].count = finding->count;
        if (finding->reduced.len != 0) {
            const Str path = str_printf(c->arena, "%s/findings/%lld.clif", c->options->state,
                                        (long long)finding->id);
            campaign_write_file(path.data, finding->reduced);
        }
    }
    return STATUS_OK;
}

Status campaign_prepare(const char *state, Diag *diag)
{
    return campaign_make_folder(state, diag);
}

Status campaign_run(const CampaignOptions *options, Triage *triage, Arena *arena,
                    CampaignResult *out, Diag *diag)
{
    Campaign *const c = ARENA_NEW(arena, Campaign);
    *c = (Campaign){.options = options, .arena = arena, .diag = diag};
    c->num_slots = options->jobs == 0 ? 1 : options->jobs < SLOTS_MAX ? options->jobs : SLOTS_MAX;
    TRY(choose_targets(c));
    TRY(campaign_make_folder(str_printf(arena, "%s/findings", options->state).data, diag));
    c->spent = ARENA_ARRAY(arena, double, c->num_targets);
    c->failures = ARENA_ARRAY(arena, uint32_t, c->num_targets);
    collect_leftovers(c);
    c->begin = campaign_clock();
    c->end = c->begin + options->seconds;
    run(c);
    *out = (CampaignResult){.targets = c->targets, .num_targets = c->num_targets};
    out->seconds = campaign_clock() - c->begin;
    for (uint32_t i = 0; i < c->num_slots; i++)
        arena_free(&c->slots[i].process.arena);
    return record_all(c, triage, out);
}

// ---- One input ----

Status campaign_replay(Str program, Str target, Str input, Arena *arena, TriageFinding *out,
                       Diag *diag)
{
    char path[] = "/tmp/assay-replay-XXXXXX";
    CampaignProcess *const p = ARENA_NEW(arena, CampaignProcess);
    const int file = mkstemp(path);
    *out = (TriageFinding){.target = target};
    if (file < 0 || close(file) != 0 || !campaign_write_file(path, input))
        return diag_error(diag, STATUS_IO, NULL, POS_NONE, "%s: %s", path, strerror(errno));
    const Str terminated = str_copy(arena, program);
    const char *const arguments[] = {terminated.data, path, NULL};
    const char *const environment[] = {"FUZZ_PRINT", "1", NULL};
    if (!campaign_start(p, arguments, environment)) {
        unlink(path);
        return diag_error(diag, STATUS_IO, NULL, POS_NONE, "%.*s can't be started",
                          STR_ARG(program));
    }
    bool late = false;
    while (campaign_listen(p)) {
        late = late || campaign_clock() > p->started + REPLAY_LIMIT;
        if (late)
            kill(-p->pid, SIGKILL);
        pause_a_little();
    }
    const int status = campaign_reap(p);
    unlink(path);
    if (late || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        *out = triage_read_output(target, buf_view(&p->text), arena);
    if (late)
        out->kind = STR("hang");
    arena_free(&p->arena);
    return STATUS_OK;
}
