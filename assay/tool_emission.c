// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The proof of what is emitted as a command.
#include "assay/tool_emission.h"

#ifdef ASSAY_VERIFY

#    include "verify/compose/compose.h"
#    include "verify/verify.h"

#    include <stdio.h>

typedef struct Emission {
    const ToolArgs *args;
    ComposeOptions options;
    uint32_t proved, pseudo, tested, bad, cases, composed, asked;
    bool failed;
} Emission;

static void print_result(Emission *e, const char *target, const ComposeResult *r)
{
    const bool verbose = e->args->values[OPT_VERIFY_VERBOSE] != NULL;
    const char *why;
    e->cases += r->cases;
    e->composed += r->composed;
    e->asked += r->asked;
    if (!compose_is_good(r, &why)) {
        e->bad++;
        printf("%s %.*s: %s: %.*s\n", target, STR_ARG(r->row), why, STR_ARG(r->detail));
        return;
    }
    e->proved += r->tested == NULL;
    e->tested += r->tested != NULL;
    e->pseudo += r->tested == NULL && r->is_pseudo;
    if (verbose && r->tested)
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
    for (uint32_t i = 0; i < report.results.len; i++)
        print_result(e, name, &report.results.data[i]);
    tool_report(&diag);
    arena_free(&arena);
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
    printf("%u rows are emitted as they say, %u of them pseudo; %u are only tested; %u wrong or "
           "open (%u cases, %u composed, %u by the solver)\n",
           e.proved, e.pseudo, e.tested, e.bad, e.cases, e.composed, e.asked);
    return e.failed || e.bad != 0 ? EXIT_FAILED : EXIT_OK;
}

#endif
