// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay verify: proves rules by a solver, and says which are not proved and why.
#define _DEFAULT_SOURCE // _SC_NPROCESSORS_ONLN
#include "assay/tool_proofs.h"

#ifdef ASSAY_VERIFY

#    include "assay/tool_emission.h"
#    include "assay/tool_mutants.h"
#    include "assay/tool_rules.h"
#    include "assay/tool_specs.h"

#    include <stdio.h>
#    include <stdlib.h>
#    include <sys/resource.h>
#    include <sys/stat.h>
#    include <time.h>
#    include <unistd.h>

typedef struct Program {
    const char *name;
    const VerifyText *texts; // NULL: the files that are named
} Program;

// What the tool carries with it.
static const Program programs[] = {
    {"opt", verify_texts_opt}, {"x64", verify_texts_x64}, {"aarch64", verify_texts_aarch64}};

enum { PROGRAM_X64 = 1, PROGRAM_AARCH64 = 2 };
enum { NUM_PROGRAMS = sizeof(programs) / sizeof(programs[0]) };

typedef struct Command {
    const ToolArgs *args;
    VerifyOptions options;
    ProofTotals totals;
    bool wanted[NUM_PROGRAMS];
    const char *ledger; // the folder to check or to write, or NULL
    bool failed;
    uint32_t as_said; // rules that are as the ledger says
    bool knows_rule;  // some program has the rule that is named
    bool knows_root;  // and the term
    StrBuf sarif;     // runs
} Command;

// ---- Programs ----

static Status read_files(Isle *isle, const ToolArgs *args)
{
    ToolPaths paths = {0};
    Status first = STATUS_OK;
    TRY(tool_rule_files(isle->arena, args, &paths, isle->diag));
    for (uint32_t i = 0; i < paths.len; i++) {
        Str text;
        Status status = tool_read_file(isle->arena, paths.data[i], &text, isle->diag);
        if (status == STATUS_OK)
            status = isle_add_text(isle, str_from(paths.data[i]), text);
        first = first == STATUS_OK ? status : first;
    }
    return first == STATUS_OK ? isle_check(isle) : first;
}

// ---- Progress ----

typedef struct Progress {
    const Isle *isle;
    const char *program;
} Progress;

// A line for each task as it is done, so that a run that is ended early has said what it found.
static void tell(void *context, const VerifyTask *task, uint32_t done, uint32_t total)
{
    const Progress *const p = context;
    uint32_t counts[CASE_VERDICT_COUNT] = {0};
    uint64_t steps = 0;
    for (uint32_t i = 0; i < task->cases.len; i++) {
        counts[task->cases.data[i].verdict]++;
        steps += task->cases.data[i].steps;
    }
    const Str label = p->isle->rules.data[task->rule].label;
    const Str root = isle_str(p->isle, p->isle->terms.data[task->root].name);
    if (task->unmatched)
        fprintf(stderr, "[%s %u/%u] some rule of %.*s matches:", p->program, done, total,
                STR_ARG(root));
    else
        fprintf(stderr, "[%s %u/%u] %.*s:", p->program, done, total, STR_ARG(label));
    if (task->cases.len == 0)
        fprintf(stderr, " nothing to prove");
    for (uint32_t i = 0; i < CASE_VERDICT_COUNT; i++)
        if (counts[i] != 0)
            fprintf(stderr, " %u %s", counts[i], verify_case_name((CaseVerdict)i));
    // Steps count as often as they were wanted, time only where nobody had asked before.
    fprintf(stderr, "%s; %.2f s, %.2f million steps\n", task->truncated ? " and more" : "",
            (double)task->microseconds / 1e6, (double)steps / 1e6);
}

// Time of this process and of its workers.
static void print_time(const struct timespec *start)
{
    struct timespec now;
    struct rusage own, workers;
    clock_gettime(CLOCK_MONOTONIC, &now);
    getrusage(RUSAGE_SELF, &own);
    getrusage(RUSAGE_CHILDREN, &workers);
    const struct timeval *const parts[] = {&own.ru_utime, &own.ru_stime, &workers.ru_utime,
                                           &workers.ru_stime};
    double cpu = 0;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        cpu += (double)parts[i]->tv_sec + (double)parts[i]->tv_usec / 1e6;
    const double passed =
        (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
    fprintf(stderr, "%.1f s, %.1f s of CPU\n", passed, cpu);
}

// Meanings that leave out some of their own signatures: no rule is looked at for these types.
static void report_idle(Command *c, const Isle *isle, const VerifyReport *report)
{
    for (uint32_t i = 0; i < report->idle.len; i++) {
        const VerifyIdle *const idle = &report->idle.data[i];
        const IsleTerm *const term = &isle->terms.data[idle->term];
        const IslePos pos = term->spec->pos;
        diag_error(isle->diag, STATUS_INVALID, isle->sources.data[pos.file], pos.offset,
                   "the meaning of `%.*s` contradicts %s [%.*s]: %.*s",
                   STR_ARG(isle_str(isle, term->name)),
                   idle->operands ? "itself for operands that it allows" : "its signature",
                   STR_ARG(idle->types), STR_ARG(idle->message));
        c->failed = true;
    }
}

// ---- The ledger ----

static const char *ledger_path(const Command *c, const char *program, Arena *arena)
{
    return *program ? str_printf(arena, "%s/proofs-%s.txt", c->ledger, program).data
                    : str_printf(arena, "%s/proofs.txt", c->ledger).data;
}

static void check_ledger(Command *c, const Program *program, const Isle *isle,
                         const VerifyReport *report)
{
    Diag *const diag = isle->diag;
    const char *const path = ledger_path(c, program->name, isle->arena);
    Source source = {.path = str_from(path), .arena = isle->arena};
    if (tool_read_file(isle->arena, path, &source.text, diag) == STATUS_OK)
        verify_ledger_check(isle, report, &source, diag);
    c->as_said += report->num_rules;
    if (diag->errors == 0)
        return;
    c->failed = true;
    diag_add(diag, SEVERITY_NOTE, NULL, POS_NONE,
             "to prove again: assay verify %s%s --write-ledger %s",
             program->texts ? "--target " : "FILE...", program->name, c->ledger);
}

static void write_ledger(Command *c, const char *program, const Isle *isle,
                         const VerifyReport *report)
{
    Arena *const arena = isle->arena;
    const char *const path = ledger_path(c, program, arena);
    Diag ignored = {.arena = arena};
    Str before = {0};
    bool over;
    tool_read_file(arena, path, &before, &ignored); // there may be none yet
    const Str text =
        verify_ledger_text(isle, report, *program ? program : "files", before, arena, &over);
    const bool good = tool_replace_file(path, text, isle->diag);
    if (good && over)
        diag_error(isle->diag, STATUS_INVALID, NULL, POS_NONE,
                   "%s: more rules are without a proof than were allowed", path);
    c->failed = c->failed || !good || over;
}

// ---- The command ----

static bool is_checking(const Command *c)
{
    return c->args->values[OPT_VERIFY_CHECK_LEDGER] != NULL;
}

// The rule that --rule or --explain names; NULL: none.
static const char *named_rule(const Command *c)
{
    return c->options.explain ? c->options.explain : c->options.rule;
}

static bool knows_rule(const Command *c, const Isle *isle)
{
    const char *const name = named_rule(c);
    for (uint32_t r = 0; name && r < isle->rules.len; r++)
        if (str_eq_c(isle->rules.data[r].label, name))
            return true;
    return !name;
}

static bool knows_root(const Command *c, const Isle *isle)
{
    const char *const name = c->options.root;
    const IsleTermId term = name ? isle_find_term(isle, str_from(name)) : ISLE_NONE;
    return !name || (term != ISLE_NONE && isle->terms.data[term].spec &&
                     isle->terms.data[term].rules.len != 0);
}

static bool verify_program(Command *c, const Program *program)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    Isle *const isle = isle_new(&arena, &diag);
    Progress progress = {isle, program->name};
    VerifyOptions options = c->options;
    options.context = &progress;
    const Status status =
        program->texts ? verify_read(isle, program->texts) : read_files(isle, c->args);
    if (status == STATUS_OK) {
        fflush(stdout); // the workers are forks
        c->knows_rule = c->knows_rule || knows_rule(c, isle);
        c->knows_root = c->knows_root || knows_root(c, isle);
        const VerifyReport *const report = verify_run(isle, &options, &arena);
        const Proofs proofs = {c->args, program->name, isle, report, &c->totals};
        if (is_checking(c))
            check_ledger(c, program, isle, report);
        else
            tool_proofs_print(&proofs);
        if (c->args->values[OPT_VERIFY_SARIF])
            verify_sarif_run(isle, report, *program->name ? program->name : "files",
                             tool_proofs_part(c->args), &c->sarif);
        if (c->ledger && !is_checking(c))
            write_ledger(c, program->name, isle, report);
        report_idle(c, isle, report);
    }
    tool_report(&diag);
    arena_free(&arena);
    return status == STATUS_OK;
}

// Which of the programs --target names; all without it.
static int read_targets(Command *c)
{
    const char *const text = c->args->values[OPT_VERIFY_TARGET];
    for (size_t i = 0; i < NUM_PROGRAMS; i++)
        c->wanted[i] = text == NULL;
    for (const char *at = text; at;) {
        const char *const comma = strchr(at, ',');
        const Str name = {at, comma ? (size_t)(comma - at) : strlen(at)};
        bool known = false;
        for (size_t i = 0; i < NUM_PROGRAMS; i++) {
            const bool is = str_eq_c(name, programs[i].name);
            known = known || is;
            c->wanted[i] = c->wanted[i] || is;
        }
        if (!known)
            return tool_usage_error(c->args, "--target is opt, x64 or aarch64, not %.*s",
                                    STR_ARG(name));
        at = comma ? comma + 1 : NULL;
    }
    return EXIT_OK;
}

// The file of answers in the user's cache, whose folders are made; NULL: there is no such place.
static const char *default_cache(Arena *arena)
{
    const char *const xdg = getenv("XDG_CACHE_HOME"), *const home = getenv("HOME");
    Str folder = {0};
    if (xdg && *xdg)
        folder = str_from(xdg);
    else if (home && *home)
        folder = str_printf(arena, "%s/.cache", home);
    if (folder.len == 0)
        return NULL;
    const char *const own = str_printf(arena, "%.*s/assay", STR_ARG(folder)).data;
    mkdir(str_copy(arena, folder).data, 0755); // what can't be made shows when the file is opened
    mkdir(own, 0755);
    return str_printf(arena, "%s/proofs.sqlite", own).data;
}

static const char *find_cache(const ToolArgs *args, Arena *arena)
{
    const char *const given = args->values[OPT_VERIFY_CACHE];
    if (args->values[OPT_VERIFY_NO_CACHE] || args->values[OPT_VERIFY_CHECK_LEDGER])
        return NULL;
    const char *const path = given ? given : default_cache(arena);
    if (path && !ledger_cache_is_sound(path)) {
        fprintf(stderr,
                "assay verify: %s is damaged, or no cache: it is not used and stays as it is, and "
                "answers are not kept\n",
                path);
        return NULL;
    }
    LedgerCache *const cache = path ? ledger_cache_open(arena, path) : NULL;
    if (path && !cache)
        fprintf(stderr, "assay verify: %s can't be opened: answers are not kept\n", path);
    ledger_cache_close(cache);
    return cache ? path : NULL;
}

// What is done instead of proving rules.
typedef enum Mode { MODE_PROOFS, MODE_SPECS, MODE_EMISSION, MODE_MUTANTS, MODE_COUNT } Mode;

static const uint8_t mode_options[MODE_COUNT] = {
    [MODE_SPECS] = OPT_VERIFY_CHECK_SPECS,
    [MODE_EMISSION] = OPT_VERIFY_CHECK_EMISSION,
    [MODE_MUTANTS] = OPT_VERIFY_MUTANTS,
};

// The modes that take an option, as bits; those that are not here are for proofs alone.
static const struct {
    uint8_t option;
    uint8_t modes;
    const char *others; // said where none of these modes is on; NULL: proofs take it, too
} taken[] = {
    {OPT_VERIFY_TARGET, 1 << MODE_SPECS | 1 << MODE_EMISSION | 1 << MODE_MUTANTS, NULL},
    {OPT_VERIFY_FILTER, 1 << MODE_SPECS | 1 << MODE_EMISSION | 1 << MODE_MUTANTS, NULL},
    {OPT_VERIFY_JSON, 1 << MODE_SPECS | 1 << MODE_EMISSION | 1 << MODE_MUTANTS, NULL},
    {OPT_VERIFY_VERBOSE, 1 << MODE_SPECS | 1 << MODE_EMISSION | 1 << MODE_MUTANTS, NULL},
    {OPT_VERIFY_JOBS, 1 << MODE_MUTANTS, NULL},
    {OPT_VERIFY_BUDGET, 1 << MODE_EMISSION | 1 << MODE_MUTANTS, NULL},
    {OPT_VERIFY_CACHE, 1 << MODE_EMISSION | 1 << MODE_MUTANTS, NULL},
    {OPT_VERIFY_NO_CACHE, 1 << MODE_EMISSION | 1 << MODE_MUTANTS, NULL},
    {OPT_VERIFY_TUPLES, 1 << MODE_SPECS, "--check-specs"},
    {OPT_VERIFY_SEED, 1 << MODE_SPECS | 1 << MODE_MUTANTS, "--check-specs and --mutants"},
    {OPT_VERIFY_MUTANT, 1 << MODE_MUTANTS, "--mutants"},
    {OPT_VERIFY_EQUIVALENT, 1 << MODE_MUTANTS, "--mutants"},
};

static bool is_taken(Mode mode, OptionId option, const char **others)
{
    *others = NULL;
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        if (taken[i].option != option)
            continue;
        *others = taken[i].others;
        return (taken[i].modes >> mode & 1) != 0 || (mode == MODE_PROOFS && !*others);
    }
    return mode == MODE_PROOFS;
}

// Options that don't go together: EXIT_OK, or what is said of the first.
static int check_modes(const ToolArgs *args)
{
    const char *const *const given = args->values;
    Mode mode = MODE_PROOFS;
    for (uint32_t m = MODE_PROOFS + 1; m < MODE_COUNT; m++) {
        if (!given[mode_options[m]])
            continue;
        if (mode != MODE_PROOFS)
            return tool_usage_error(args, "--%s and --%s exclude each other",
                                    tool_options[mode_options[mode]].name,
                                    tool_options[mode_options[m]].name);
        mode = (Mode)m;
    }
    for (uint32_t i = 0; i < OPTION_COUNT; i++) {
        const char *const name = tool_options[i].name, *others;
        if (tool_options[i].command != COMMAND_VERIFY || !given[i] ||
            (mode != MODE_PROOFS && i == mode_options[mode]) ||
            is_taken(mode, (OptionId)i, &others))
            continue;
        if (others)
            return tool_usage_error(args, "--%s is for %s", name, others);
        return tool_usage_error(args, "--%s is not with --%s", name,
                                tool_options[mode_options[mode]].name);
    }
    if (given[OPT_VERIFY_CACHE] && given[OPT_VERIFY_NO_CACHE])
        return tool_usage_error(args, "--cache and --no-cache exclude each other");
    if (given[OPT_VERIFY_TARGET] && args->num_operands != 0)
        return tool_usage_error(args, "--target is for the tool's own rules: no files");
    return EXIT_OK;
}

// Numbers, and what to do.
static int read_options(Command *c)
{
    const ToolArgs *const args = c->args;
    const char *const check = args->values[OPT_VERIFY_CHECK_LEDGER];
    const char *const write = args->values[OPT_VERIFY_WRITE_LEDGER];
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t jobs = cores > 0 ? (uint64_t)cores : 1, budget = 0;
    const int fits = check_modes(args);
    if (fits != EXIT_OK)
        return fits;
    if (!tool_number(args, OPT_VERIFY_JOBS, 1, 64, &jobs) ||
        !tool_number(args, OPT_VERIFY_BUDGET, 1, UINT32_MAX, &budget))
        return EXIT_USAGE;
    c->options = (VerifyOptions){.rule = args->values[OPT_VERIFY_RULE],
                                 .root = args->values[OPT_VERIFY_ROOT],
                                 .filter = args->values[OPT_VERIFY_FILTER],
                                 .explain = args->values[OPT_VERIFY_EXPLAIN],
                                 .jobs = (uint32_t)jobs,
                                 .budget = budget,
                                 .cross = args->values[OPT_VERIFY_CROSS_CHECK],
                                 .keys_only = check != NULL,
                                 .on_task = args->values[OPT_VERIFY_VERBOSE] ? tell : NULL};
    c->ledger = check ? check : write;
    if (check && write)
        return tool_usage_error(args, "--check-ledger and --write-ledger exclude each other");
    if (c->ledger && tool_proofs_part(args))
        return tool_usage_error(
            args, "a ledger is about all rules: no --rule, --root, --filter or --explain");
    return read_targets(c);
}

// Before anything is proved: what is to be written can be.
static bool may_write(const Command *c, Arena *arena)
{
    const char *const *const given = c->args->values;
    Diag diag = {.arena = arena};
    const bool good =
        (!given[OPT_VERIFY_SARIF] || tool_may_write(given[OPT_VERIFY_SARIF], &diag)) &&
        (!given[OPT_VERIFY_CLIF] || tool_may_write_into(given[OPT_VERIFY_CLIF], &diag)) &&
        (!given[OPT_VERIFY_WRITE_LEDGER] ||
         tool_may_write_into(given[OPT_VERIFY_WRITE_LEDGER], &diag));
    tool_report(&diag);
    return good;
}

static bool write_sarif(const Command *c)
{
    const char *const path = c->args->values[OPT_VERIFY_SARIF];
    Diag diag = {.arena = c->sarif.arena};
    const bool good =
        !path || tool_replace_file(path, verify_sarif_file(buf_view(&c->sarif), diag.arena), &diag);
    tool_report(&diag);
    return good;
}

static int finish(const Command *c)
{
    if (!c->knows_rule)
        return tool_usage_error(c->args, "there is no rule %s", named_rule(c));
    if (!c->knows_root)
        return tool_usage_error(c->args, "there is no term %s with rules and a meaning",
                                c->options.root);
    if (is_checking(c)) {
        if (!c->failed)
            printf("%u rules are as the ledger says\n", c->as_said);
        return c->failed ? EXIT_FAILED : EXIT_OK;
    }
    const bool written = write_sarif(c);
    if (c->totals.rules == 0)
        return tool_usage_error(c->args, tool_proofs_part(c->args)
                                             ? "--rule, --root and --filter leave no rules"
                                             : "there are no rules");
    if (c->args->values[OPT_VERIFY_JSON])
        tool_proofs_print_summary(&c->totals);
    else
        tool_proofs_print_totals(&c->totals);
    // What is in a ledger may be without a proof: there it is counted.
    const bool proved =
        c->totals.rules != 0 && c->totals.rule_counts[RULE_PROVED] == c->totals.rules;
    return written && !c->failed && (proved || c->ledger) ? EXIT_OK : EXIT_FAILED;
}

static int test_by_mutants(const Command *c)
{
    if (c->args->num_operands != 0)
        return tool_mutants(c->args, &c->options, "", NULL);
    int worst = EXIT_OK;
    for (size_t i = 0; i < NUM_PROGRAMS && worst != EXIT_USAGE; i++) {
        const int code =
            c->wanted[i] ? tool_mutants(c->args, &c->options, programs[i].name, programs[i].texts)
                         : EXIT_OK;
        worst = code > worst ? code : worst;
    }
    return worst;
}

int cmd_verify(const ToolArgs *args)
{
    Command c = {.args = args};
    struct timespec start;
    Arena arena = {0};
    clock_gettime(CLOCK_MONOTONIC, &start);
    const int usage = read_options(&c);
    if (usage != EXIT_OK)
        return usage;
    if (args->values[OPT_VERIFY_CHECK_SPECS])
        return tool_check_specs(args, c.wanted[PROGRAM_X64], c.wanted[PROGRAM_AARCH64]);
    if (c.options.cross && !verify_cross_works(c.options.cross))
        return tool_usage_error(args, "%s is no program that reads a file of SMT-LIB",
                                c.options.cross);
    if (!may_write(&c, &arena)) {
        arena_free(&arena);
        return EXIT_FAILED;
    }
    c.options.cache = find_cache(args, &arena);
    c.sarif.arena = &arena;
    if (args->values[OPT_VERIFY_CHECK_EMISSION]) {
        const EmissionWanted wanted = {.x64 = c.wanted[PROGRAM_X64],
                                       .aarch64 = c.wanted[PROGRAM_AARCH64],
                                       .cache = c.options.cache};
        const int emission = tool_check_emission(args, &wanted);
        arena_free(&arena);
        return emission;
    }
    if (args->values[OPT_VERIFY_MUTANTS]) {
        const int mutants = test_by_mutants(&c);
        arena_free(&arena);
        return mutants;
    }
    bool good = true;
    if (args->num_operands != 0)
        good = verify_program(&c, &(Program){"", NULL});
    for (size_t i = 0; i < NUM_PROGRAMS && good && args->num_operands == 0; i++)
        if (c.wanted[i])
            good = verify_program(&c, &programs[i]);
    const int code = good ? finish(&c) : EXIT_FAILED;
    print_time(&start);
    arena_free(&arena);
    return code;
}

#else

int cmd_verify(const ToolArgs *args)
{
    return tool_usage_error(args, "this build has no verifier: it was made without Z3");
}

#endif
