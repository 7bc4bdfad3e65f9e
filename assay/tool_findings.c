// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Findings of fuzzing: listed, shown, run again, marked.
#include "assay/tool_findings.h"

#include "assay/tool_json.h"
#include "fuzz-targets/campaign/campaign.h"
#include "fuzz-targets/reduce/reduce.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void print_json(const TriageFinding *f)
{
    json_t *const object = json_object();
    tool_json_number(object, "id", (uint64_t)f->id);
    tool_json_text(object, "state", str_from(triage_state_name(f->state)));
    tool_json_number(object, "count", f->count);
    tool_json_number(object, "first_seen", (uint64_t)f->first_seen);
    tool_json_number(object, "last_seen", (uint64_t)f->last_seen);
    tool_json_number(object, "seed", f->seed);
    tool_json_text(object, "signature", f->signature);
    tool_json_text(object, "target", f->target);
    tool_json_text(object, "stage", f->stage);
    tool_json_text(object, "kind", f->kind);
    tool_json_text(object, "engine", f->engine);
    tool_json_text(object, "cause", f->cause);
    tool_json_text(object, "message", f->message);
    tool_json_text(object, "reduced", f->reduced);
    tool_json_print(object);
}

// A day, as people write it.
static const char *day_of(int64_t seconds, char out[16])
{
    const time_t t = (time_t)seconds;
    struct tm parts;
    if (!gmtime_r(&t, &parts) || strftime(out, 16, "%Y-%m-%d", &parts) == 0)
        out[0] = '\0';
    return out;
}

void tool_print_finding(const TriageFinding *f, bool json)
{
    char first[16], last[16];
    if (json) {
        print_json(f);
        return;
    }
    printf("%4" PRId64 "  %-5s  %6" PRIu64 "x  %s..%s  %-13.*s %.*s\n", f->id,
           triage_state_name(f->state), f->count, day_of(f->first_seen, first),
           day_of(f->last_seen, last), STR_ARG(f->target), STR_ARG(f->signature));
}

// ---- List, show, mark ----

static Status list(Triage *triage, bool json, Arena *arena, Diag *diag)
{
    TriageFindings findings;
    TRY(triage_list(triage, arena, &findings, diag));
    for (uint32_t i = 0; i < findings.len; i++)
        tool_print_finding(&findings.data[i], json);
    return STATUS_OK;
}

static void show(const TriageFinding *f)
{
    char day[16];
    printf("; finding %" PRId64 ": %.*s\n", f->id, STR_ARG(f->signature));
    printf("; %s, seen %" PRIu64 " times from %s", triage_state_name(f->state), f->count,
           day_of(f->first_seen, day));
    printf(" to %s, first by %.*s with seed %" PRIu64 "\n", day_of(f->last_seen, day),
           STR_ARG(f->target), f->seed);
    printf("; %.*s\n", STR_ARG(f->message));
    const Str program = f->reduced.len != 0 ? f->reduced : f->program;
    fwrite(program.data ? program.data : "", 1, program.len, stdout);
    if (program.len == 0)
        printf("; the input has %zu bytes and is no program\n", f->input.len);
}

// "N=STATE".
static Status mark(Triage *triage, const char *text, Diag *diag)
{
    const char *const equals = strchr(text, '=');
    char *end;
    const int64_t id = strtoll(text, &end, 10);
    const TriageState state =
        equals ? triage_parse_state(str_from(equals + 1)) : TRIAGE_STATE_COUNT;
    if (end != equals || end == text || state == TRIAGE_STATE_COUNT)
        return diag_error(diag, STATUS_SYNTAX, NULL, POS_NONE,
                          "%s: a number, =, and new, known or fixed are wanted", text);
    return triage_mark(triage, id, state, diag);
}

// ---- Replay ----

// Whether the finding is there still; says what it sees.
static bool replay(const TriageFinding *f, const char *programs, Arena *arena, Diag *diag)
{
    const ReduceOptions options = {.kind = REDUCE_ANY};
    const Str path = str_printf(arena, "finding %" PRId64, f->id);
    bool fails = false;
    if (f->reduced.len != 0) {
        const Str seen = reduce_judge(path, f->reduced, &options, arena);
        printf("reduced program: %.*s\n", seen.len == 0 ? 4 : (int)seen.len,
               seen.len == 0 ? "good" : seen.data);
        fails = seen.len != 0;
    }
    CampaignTarget *targets;
    uint32_t num;
    if (campaign_find_targets(programs, arena, &targets, &num, diag) != STATUS_OK)
        return fails;
    for (uint32_t i = 0; i < num; i++) {
        TriageFinding seen;
        if (!str_eq(targets[i].name, f->target) ||
            campaign_replay(targets[i].program, f->target, f->input, arena, &seen, diag) !=
                STATUS_OK)
            continue;
        const bool good = seen.kind.len == 0;
        printf("input of %zu bytes in %.*s: %.*s\n", f->input.len, STR_ARG(targets[i].name),
               good ? 4 : (int)seen.signature.len, good ? "good" : seen.signature.data);
        fails = fails || !good;
    }
    return fails;
}

int tool_findings(const ToolArgs *args, const char *path, const char *programs)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    uint64_t id = 0;
    const OptionId wanted = args->values[OPT_FUZZ_SHOW] ? OPT_FUZZ_SHOW : OPT_FUZZ_REPLAY;
    if (!tool_number(args, wanted, 1, INT64_MAX, &id))
        return EXIT_USAGE;
    Triage *const triage = triage_open(path, &diag);
    Status status = triage ? STATUS_OK : STATUS_IO;
    bool fails = false;
    if (triage && args->values[OPT_FUZZ_MARK])
        status = mark(triage, args->values[OPT_FUZZ_MARK], &diag);
    if (status == STATUS_OK && args->values[OPT_FUZZ_LIST])
        status = list(triage, args->values[OPT_FUZZ_JSON] != NULL, &arena, &diag);
    if (status == STATUS_OK && args->values[wanted]) {
        TriageFinding finding;
        status = triage_get(triage, (int64_t)id, &arena, &finding, &diag);
        if (status == STATUS_OK && wanted == OPT_FUZZ_SHOW)
            show(&finding);
        else if (status == STATUS_OK)
            fails = replay(&finding, programs, &arena, &diag);
    }
    triage_close(triage);
    tool_report(&diag);
    arena_free(&arena);
    if (status == STATUS_SYNTAX)
        return EXIT_USAGE;
    return status == STATUS_OK && !fails ? EXIT_OK : EXIT_FAILED;
}
