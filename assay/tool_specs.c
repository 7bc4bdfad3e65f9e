// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The comparison of meanings as a command: programs of rules that the tool carries with it, engines
// one after another, a report.
#include "assay/tool_specs.h"

#ifdef ASSAY_VERIFY

#    include "assay/tool_json.h"
#    include "verify/agree/agree.h"
#    include "verify/verify.h"

#    include <stdio.h>

// The least number of tuples a term is worth comparing with, and the default.
enum { TUPLES = 10000 };

typedef struct Skip {
    Str term, why;
} Skip;

typedef struct Specs {
    const ToolArgs *args;
    Arena *arena;
    AgreeOptions options;
    StrTable compared; // by some engine
    StrTable without;  // rows that have no meaning
    VEC(Skip) skips;
    uint32_t differ;
    uint64_t tuples;
    bool failed;
} Specs;

static bool is_json(const Specs *s)
{
    return s->args->values[OPT_VERIFY_JSON] != NULL;
}

// What one engine does not compare is of interest where no other does.
static void note_skip(Specs *s, const AgreeResult *r)
{
    const Str why =
        str_printf(s->arena, "%.*s by %s: %.*s", STR_ARG(r->term), r->by, STR_ARG(r->detail));
    if (r->skip == AGREE_NO_MEANING)
        strtable_add(s->arena, &s->without, r->term);
    else
        VEC_PUSH(s->arena, &s->skips, ((Skip){str_copy(s->arena, r->term), why}));
    if (s->args->values[OPT_VERIFY_VERBOSE] && !is_json(s))
        printf("not compared: %.*s\n", STR_ARG(why));
}

static void print_json(const AgreeResult *r)
{
    const char *const verdict = r->skip != AGREE_COMPARED ? "skipped"
                                : r->mismatches != 0      ? "differs"
                                                          : "agrees";
    json_t *const out = json_object();
    tool_json_text(out, "term", r->term);
    tool_json_text(out, "engine", str_from(r->by));
    tool_json_text(out, "verdict", str_from(verdict));
    tool_json_number(out, "tuples", r->tuples);
    tool_json_number(out, "open", r->vague);
    tool_json_number(out, "mismatches", r->mismatches);
    if (r->detail.len != 0)
        tool_json_text(out, "message", r->detail);
    tool_json_print(out);
}

static void print_report(Specs *s, const AgreeReport *report)
{
    const bool verbose = s->args->values[OPT_VERIFY_VERBOSE] != NULL;
    for (uint32_t i = 0; i < report->results.len; i++) {
        const AgreeResult *const r = &report->results.data[i];
        s->tuples += r->tuples;
        s->differ += r->mismatches != 0;
        if (is_json(s))
            print_json(r);
        if (r->skip != AGREE_COMPARED) {
            note_skip(s, r);
            continue;
        }
        strtable_add(s->arena, &s->compared, r->term);
        if (is_json(s))
            continue;
        if (r->mismatches != 0)
            printf("%.*s differs by %s: %.*s\n", STR_ARG(r->term), r->by, STR_ARG(r->detail));
        else if (verbose)
            printf("%.*s agrees by %s: %llu tuples\n", STR_ARG(r->term), r->by,
                   (unsigned long long)r->tuples);
    }
}

// Meanings that no engine has compared, each with the reason of the first; how many.
static uint32_t print_skips(Specs *s)
{
    StrTable told = {0};
    for (uint32_t i = 0; i < s->skips.len; i++) {
        const Skip *const skip = &s->skips.data[i];
        if (strtable_find(&s->compared, skip->term) != MAP_NONE ||
            strtable_find(&told, skip->term) != MAP_NONE)
            continue;
        strtable_add(s->arena, &told, skip->term);
        if (!is_json(s))
            printf("not compared: %.*s\n", STR_ARG(skip->why));
    }
    return told.strings.len;
}

static void check_rows(Specs *s, Isle *isle, Engine engine)
{
    const char *reason = NULL;
    Arena arena = {0};
    AgreeReport report = {.arena = &arena};
    if (agree_rows(isle, engine, &s->options, &report, &reason))
        print_report(s, &report);
    else
        fprintf(stderr, "nothing is compared by %s: %s\n", engine_name(engine), reason);
    arena_free(&arena);
}

static void check_clif(Specs *s, Isle *isle)
{
    Arena arena = {0};
    AgreeReport report = {.arena = &arena};
    agree_clif(isle, &s->options, &report);
    print_report(s, &report);
    arena_free(&arena);
}

static void check_program(Specs *s, const VerifyText *texts, bool x64, bool clif)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    Isle *const isle = isle_new(&arena, &diag);
    if (verify_read(isle, texts) != STATUS_OK) {
        s->failed = true;
    } else {
        fflush(stdout); // the native engine forks
        if (clif)
            check_clif(s, isle);
        if (x64) {
            fflush(stdout);
            check_rows(s, isle, ENGINE_NATIVE);
        }
        check_rows(s, isle, x64 ? ENGINE_UNICORN_X64 : ENGINE_UNICORN_AARCH64);
    }
    tool_report(&diag);
    arena_free(&arena);
}

static void print_totals(Specs *s)
{
    const uint32_t skipped = print_skips(s), compared = s->compared.strings.len;
    const uint32_t without = s->without.strings.len;
    if (!is_json(s)) {
        printf(
            "%u meanings compared on %llu tuples, %u differ, %u not compared; %u rows have none\n",
            compared, (unsigned long long)s->tuples, s->differ, skipped, without);
        return;
    }
    json_t *const sum = json_object(), *const out = json_object();
    tool_json_number(sum, "compared", compared);
    tool_json_number(sum, "tuples", s->tuples);
    tool_json_number(sum, "differ", s->differ);
    tool_json_number(sum, "not_compared", skipped);
    tool_json_number(sum, "no_meaning", without);
    json_object_set_new(out, "summary", sum);
    tool_json_print(out);
}

int tool_check_specs(const ToolArgs *args, bool x64, bool aarch64)
{
    uint64_t tuples = TUPLES, seed = 1;
    if (!tool_number(args, OPT_VERIFY_TUPLES, 1, UINT32_MAX, &tuples) ||
        !tool_number(args, OPT_VERIFY_SEED, 0, UINT64_MAX, &seed))
        return EXIT_USAGE;
    const char *const filter = args->values[OPT_VERIFY_FILTER];
    if (args->num_operands != 0)
        return tool_usage_error(args, "--check-specs is about the tool's own meanings: no files");
    if (!x64 && !aarch64)
        return tool_usage_error(args, "--target leaves no instructions: x64 and aarch64 have some");
    Arena arena = {0};
    Specs s = {.args = args,
               .arena = &arena,
               .options = {.tuples = (uint32_t)tuples,
                           .seed = seed,
                           .filter = filter ? str_from(filter) : STR("")}};
    if (x64)
        check_program(&s, verify_texts_x64, true, true);
    if (aarch64)
        check_program(&s, verify_texts_aarch64, false, !x64);
    const uint32_t compared = s.compared.strings.len;
    print_totals(&s);
    arena_free(&arena);
    return s.failed || s.differ != 0 || compared == 0 ? EXIT_FAILED : EXIT_OK;
}

#endif
