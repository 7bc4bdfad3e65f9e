// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The comparison of meanings as a command: programs of rules that the tool carries with it, engines
// one after another, a report.
#include "assay/tool_specs.h"

#ifdef ASSAY_VERIFY

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

// What one engine does not compare is of interest where no other does.
static void note_skip(Specs *s, const AgreeResult *r)
{
    const Str why =
        str_printf(s->arena, "%.*s by %s: %.*s", STR_ARG(r->term), r->by, STR_ARG(r->detail));
    if (r->skip == AGREE_NO_MEANING)
        strtable_add(s->arena, &s->without, r->term);
    else
        VEC_PUSH(s->arena, &s->skips, ((Skip){str_copy(s->arena, r->term), why}));
    if (s->args->values[OPT_VERIFY_VERBOSE])
        printf("not compared: %.*s\n", STR_ARG(why));
}

static void print_report(Specs *s, const AgreeReport *report)
{
    const bool verbose = s->args->values[OPT_VERIFY_VERBOSE] != NULL;
    for (uint32_t i = 0; i < report->results.len; i++) {
        const AgreeResult *const r = &report->results.data[i];
        s->tuples += r->tuples;
        s->differ += r->mismatches != 0;
        if (r->skip != AGREE_COMPARED) {
            note_skip(s, r);
            continue;
        }
        strtable_add(s->arena, &s->compared, r->term);
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
        printf("nothing is compared by %s: %s\n", engine_name(engine), reason);
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

int tool_check_specs(const ToolArgs *args)
{
    uint64_t tuples = TUPLES, seed = 1;
    if (!tool_number(args, OPT_VERIFY_TUPLES, 1, UINT32_MAX, &tuples) ||
        !tool_number(args, OPT_VERIFY_SEED, 0, UINT64_MAX, &seed))
        return EXIT_USAGE;
    const char *const target = args->values[OPT_VERIFY_TARGET];
    const char *const filter = args->values[OPT_VERIFY_FILTER];
    if (args->num_operands != 0)
        return tool_usage_error(args, "--check-specs is about the tool's own meanings: no files");
    Arena arena = {0};
    Specs s = {.args = args,
               .arena = &arena,
               .options = {.tuples = (uint32_t)tuples,
                           .seed = seed,
                           .filter = filter ? str_from(filter) : STR("")}};
    const bool x64 = !target || strcmp(target, "x64") == 0;
    if (x64)
        check_program(&s, verify_texts_x64, true, true);
    if (!target || strcmp(target, "aarch64") == 0)
        check_program(&s, verify_texts_aarch64, false, !x64);
    const uint32_t skipped = print_skips(&s), compared = s.compared.strings.len;
    printf("%u meanings compared on %llu tuples, %u differ, %u not compared; %u rows have none\n",
           compared, (unsigned long long)s.tuples, s.differ, skipped, s.without.strings.len);
    arena_free(&arena);
    return s.failed || s.differ != 0 || compared == 0 ? EXIT_FAILED : EXIT_OK;
}

#endif
