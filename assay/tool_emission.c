// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The proof of what is emitted as a command.
#include "assay/tool_emission.h"

#ifdef ASSAY_VERIFY

#    include "assay/tool_json.h"
#    include "verify/compose/compose.h"
#    include "verify/verify.h"

#    include <stdio.h>

typedef struct Emission {
    const ToolArgs *args;
    ComposeOptions options;
    uint32_t proved, pseudo, tested, bad, cases, composed, asked;
    bool failed;
} Emission;

static void count(Emission *e, const ComposeResult *r, bool good)
{
    e->cases += r->cases;
    e->composed += r->composed;
    e->asked += r->asked;
    e->bad += !good;
    e->proved += good && r->tested == NULL;
    e->tested += good && r->tested != NULL;
    e->pseudo += good && r->tested == NULL && r->is_pseudo;
}

static void print_json(const char *target, const ComposeResult *r, const char *why)
{
    json_t *const out = json_object();
    tool_json_text(out, "row", r->row);
    tool_json_text(out, "target", str_from(target));
    json_object_set_new(out, "pseudo", json_boolean(r->is_pseudo));
    tool_json_text(out, "verdict", str_from(why ? "wrong" : r->tested ? "tested" : "proved"));
    tool_json_number(out, "cases", r->cases);
    tool_json_number(out, "composed", r->composed);
    tool_json_number(out, "asked", r->asked);
    if (why || r->tested)
        tool_json_text(out, "reason", str_from(why ? why : r->tested));
    if (why)
        tool_json_text(out, "message", r->detail);
    tool_json_print(out);
}

static void print_text(const Emission *e, const char *target, const ComposeResult *r,
                       const char *why)
{
    const bool verbose = e->args->values[OPT_VERIFY_VERBOSE] != NULL;
    if (why)
        printf("%s %.*s: %s: %.*s\n", target, STR_ARG(r->row), why, STR_ARG(r->detail));
    else if (verbose && r->tested)
        printf("%s %.*s: tested only: %s\n", target, STR_ARG(r->row), r->tested);
    else if (verbose)
        printf("%s %.*s: proved: %u cases, %u composed, %u by the solver\n", target,
               STR_ARG(r->row), r->cases, r->composed, r->asked);
}

static void check_target(Emission *e, const VerifyText *texts, Arch arch, const char *name)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    Isle *const isle = isle_new(&arena, &diag);
    ComposeReport report = {.arena = &arena};
    if (verify_read(isle, texts) == STATUS_OK)
        compose_rows(isle, target_find(arch), &e->options, &report);
    else
        e->failed = true;
    for (uint32_t i = 0; i < report.results.len; i++) {
        const ComposeResult *const r = &report.results.data[i];
        const char *why;
        count(e, r, compose_is_good(r, &why));
        if (e->args->values[OPT_VERIFY_JSON])
            print_json(name, r, why);
        else
            print_text(e, name, r, why);
    }
    tool_report(&diag);
    arena_free(&arena);
}

static void print_totals(const Emission *e)
{
    if (!e->args->values[OPT_VERIFY_JSON]) {
        printf("%u rows are emitted as they say, %u of them pseudo; %u are only tested; %u wrong "
               "or open (%u cases, %u composed, %u by the solver)\n",
               e->proved, e->pseudo, e->tested, e->bad, e->cases, e->composed, e->asked);
        return;
    }
    json_t *const sum = json_object(), *const out = json_object();
    tool_json_number(sum, "rows", e->proved + e->tested + e->bad);
    tool_json_number(sum, "proved", e->proved);
    tool_json_number(sum, "pseudo_proved", e->pseudo);
    tool_json_number(sum, "tested", e->tested);
    tool_json_number(sum, "wrong", e->bad);
    tool_json_number(sum, "cases", e->cases);
    json_object_set_new(out, "summary", sum);
    tool_json_print(out);
}

int tool_check_emission(const ToolArgs *args, const EmissionWanted *wanted)
{
    const char *const filter = args->values[OPT_VERIFY_FILTER];
    Emission e = {
        .args = args,
        .options = {.filter = filter ? str_from(filter) : STR(""), .cache = wanted->cache}};
    if (args->num_operands != 0)
        return tool_usage_error(args, "--check-emission is about the tool's own targets: no files");
    if (!tool_number(args, OPT_VERIFY_BUDGET, 1, UINT32_MAX, &e.options.budget))
        return EXIT_USAGE;
    if (wanted->x64)
        check_target(&e, verify_texts_x64, ARCH_X86_64, "x64");
    if (wanted->aarch64)
        check_target(&e, verify_texts_aarch64, ARCH_AARCH64, "aarch64");
    if (e.proved + e.tested + e.bad == 0 && !e.failed)
        return tool_usage_error(args, "--target and --filter leave no rows");
    print_totals(&e);
    return e.failed || e.bad != 0 ? EXIT_FAILED : EXIT_OK;
}

#endif
