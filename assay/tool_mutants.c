// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay verify --mutants: which wrong rules the verifier sees.
#include "assay/tool_mutants.h"

#ifdef ASSAY_VERIFY

#    include "assay/tool_json.h"
#    include "assay/tool_rules.h"
#    include "verify/mutants/mutants.h"

#    include <stdio.h>
#    include <stdlib.h>
#    include <string.h>

enum { KILLED_WANTED = 95, SECONDS = 20 }; // percent; for one mutant
enum { RUNS_WANTED = 1000000 };            // of what computes the same

typedef struct Tally {
    uint32_t fates[MUTANT_FATE_COUNT], verdicts[RULE_VERDICT_COUNT];
    uint32_t equivalent; // survivors that are listed
} Tally;

typedef struct Mutants {
    const ToolArgs *args;
    const char *program; // "x64", "opt", or "" for files
    Arena *arena;
    StrTable equivalent; // "PROGRAM NAME"
    Tally all, ops[MUTANT_OP_COUNT];
    bool good;
} Mutants;

// ---- Those that compute the same ----

// The next column of a line, and what is behind it.
static Str take_column(Str *rest)
{
    const char *const bar = memchr(rest->data, '|', rest->len);
    const size_t len = bar ? (size_t)(bar - rest->data) : rest->len;
    const Str column = str_trim((Str){rest->data, len});
    *rest = (Str){rest->data + len + (bar != NULL), rest->len - len - (bar != NULL)};
    return column;
}

// Whether evidence is enough: "runs N fired M", in so many of which the changed rule took part.
static bool is_evidence(Arena *arena, Str column)
{
    unsigned long long runs = 0, fired = 0;
    const Str text = str_printf(arena, "%.*s", STR_ARG(column)); // with an end
    return sscanf(text.data, "runs %llu fired %llu", &runs, &fired) == 2 && fired <= runs &&
           fired >= RUNS_WANTED;
}

static void read_line(Mutants *m, Str line)
{
    Str rest = str_trim(line);
    if (rest.len == 0 || rest.data[0] == '#')
        return;
    const Str name = take_column(&rest), evidence = take_column(&rest);
    if (is_evidence(m->arena, evidence))
        strtable_add(m->arena, &m->equivalent, name);
    else
        fprintf(stderr, "%.*s is listed without evidence, and counts as a survivor\n",
                STR_ARG(name));
}

// Lines "PROGRAM NAME | runs N fired M | reason"; `#` begins a comment.
static bool read_equivalent(Mutants *m)
{
    const char *const path = m->args->values[OPT_VERIFY_EQUIVALENT];
    Diag diag = {.arena = m->arena};
    Str text = {0};
    if (path && tool_read_file(m->arena, path, &text, &diag) != STATUS_OK) {
        tool_report(&diag);
        return false;
    }
    while (text.len != 0) {
        const char *const newline = memchr(text.data, '\n', text.len);
        const size_t end = newline ? (size_t)(newline - text.data) : text.len;
        read_line(m, (Str){text.data, end});
        const size_t next = end + (newline != NULL);
        text = (Str){text.data + next, text.len - next};
    }
    return true;
}

static bool is_equivalent(Mutants *m, const MutantResult *r)
{
    const Str key = str_printf(m->arena, "%s %.*s", m->program, STR_ARG(r->name));
    return strtable_find(&m->equivalent, key) != MAP_NONE;
}

// ---- Lines ----

static void print_text(const Mutants *m, const MutantResult *r, const char *fate)
{
    printf("%-10s %s %.*s", fate, m->program, STR_ARG(r->name));
    if (r->fate == MUTANT_KILLED)
        printf(" (%s)", verify_rule_name(r->verdict));
    if (r->message.len != 0)
        printf("\n    %.*s", STR_ARG(r->message));
    if (r->fate != MUTANT_KILLED)
        printf("\n    %.*s", STR_ARG(r->text));
    putchar('\n');
    fflush(stdout);
}

static void print_json(const Mutants *m, const MutantResult *r, const char *fate)
{
    json_t *const out = json_object();
    tool_json_text(out, "target", str_from(m->program));
    tool_json_text(out, "mutant", r->name);
    tool_json_text(out, "fate", str_from(fate));
    if (r->fate == MUTANT_KILLED)
        tool_json_text(out, "verdict", str_from(verify_rule_name(r->verdict)));
    tool_json_text(out, "message", r->message);
    tool_json_text(out, "path", r->path);
    tool_json_number(out, "from", r->at);
    tool_json_number(out, "to", r->end);
    tool_json_text(out, "text", r->text);
    tool_json_print(out);
}

static void report(void *context, const MutantResult *r)
{
    Mutants *const m = context;
    Tally *const tallies[] = {&m->all, &m->ops[r->op]};
    const bool equivalent =
        (r->fate == MUTANT_SURVIVED || r->fate == MUTANT_UNKNOWN) && is_equivalent(m, r);
    for (size_t i = 0; i < 2; i++) {
        tallies[i]->fates[r->fate] += !equivalent;
        tallies[i]->verdicts[r->verdict] += r->fate == MUTANT_KILLED;
        tallies[i]->equivalent += equivalent;
    }
    if (r->fate == MUTANT_KILLED && is_equivalent(m, r)) {
        fprintf(stderr, "%s %.*s is listed as equivalent, and killed\n", m->program,
                STR_ARG(r->name));
        m->good = false;
    }
    const char *const fate = equivalent ? "equivalent" : mutant_fate_name(r->fate);
    if (m->args->values[OPT_VERIFY_JSON])
        print_json(m, r, fate);
    else if (m->args->values[OPT_VERIFY_VERBOSE] || (r->fate != MUTANT_KILLED && !equivalent))
        print_text(m, r, fate);
}

// ---- Totals ----

static uint32_t counted(const Tally *t)
{
    return t->fates[MUTANT_KILLED] + t->fates[MUTANT_SURVIVED] + t->fates[MUTANT_UNKNOWN] +
           t->fates[MUTANT_LOST];
}

static void print_tally(const char *name, const Tally *t)
{
    printf("  %-10s %5u %6u %8u %7u %10u\n", name, counted(t) + t->equivalent,
           t->fates[MUTANT_KILLED], t->fates[MUTANT_SURVIVED], t->fates[MUTANT_UNKNOWN],
           t->equivalent);
}

static void print_summary(const Mutants *m, const MutantTotals *totals)
{
    json_t *const sum = json_object(), *const out = json_object();
    tool_json_text(sum, "target", str_from(m->program));
    tool_json_number(sum, "rules", totals->rules);
    tool_json_number(sum, "mutants", counted(&m->all) + m->all.equivalent);
    for (uint32_t fate = 0; fate < MUTANT_FATE_COUNT; fate++)
        tool_json_number(sum, mutant_fate_name((MutantFate)fate),
                         fate <= MUTANT_LOST ? m->all.fates[fate] : totals->fates[fate]);
    tool_json_number(sum, "equivalent", m->all.equivalent);
    json_object_set_new(out, "summary", sum);
    tool_json_print(out);
}

static void print_totals(Mutants *m, const MutantTotals *totals)
{
    const uint32_t killed = m->all.fates[MUTANT_KILLED], of = counted(&m->all);
    const uint32_t permille = of == 0 ? 0 : (uint32_t)((uint64_t)killed * 1000 / of);
    m->good = m->good && permille >= 10 * KILLED_WANTED && m->all.fates[MUTANT_LOST] == 0;
    if (m->args->values[OPT_VERIFY_JSON]) {
        print_summary(m, totals);
        return;
    }
    printf("%s%s%u mutants of %u proved rules: %u killed", m->program, *m->program ? ": " : "",
           of + m->all.equivalent, totals->rules, killed);
    for (uint32_t v = 0, n = 0; v < RULE_VERDICT_COUNT; v++)
        if (m->all.verdicts[v] != 0)
            printf("%s%u %s", n++ == 0 ? " (" : ", ", m->all.verdicts[v],
                   verify_rule_name((RuleVerdict)v));
    printf("%s, %u survived, %u unknown, %u lost, %u equivalent\n", killed != 0 ? ")" : "",
           m->all.fates[MUTANT_SURVIVED], m->all.fates[MUTANT_UNKNOWN], m->all.fates[MUTANT_LOST],
           m->all.equivalent);
    printf("%u of %u that are not equivalent: %u.%u%% killed\n", killed, of, permille / 10,
           permille % 10);
    printf(
        "not counted: %u rejected by islec, %u of rules not proved, %u proved to change nothing, "
        "%u without a meaning\n",
        totals->fates[MUTANT_INVALID], totals->fates[MUTANT_UNPROVED], totals->fates[MUTANT_SAME],
        totals->fates[MUTANT_UNSPECIFIED]);
    puts("  operator   count killed survived unknown equivalent");
    for (uint32_t op = 0; op < MUTANT_OP_COUNT; op++)
        print_tally(mutant_op_name((MutantOp)op), &m->ops[op]);
}

// ---- Programs ----

static bool made_none(const MutantTotals *totals)
{
    uint32_t all = 0;
    for (uint32_t fate = 0; fate < MUTANT_FATE_COUNT; fate++)
        all += totals->fates[fate];
    return all == 0;
}

static bool run_program(Mutants *m, const char *name, const VerifyText *texts,
                        MutantOptions options)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    Isle *const isle = isle_new(&arena, &diag);
    const Status status = verify_read(isle, texts);
    if (status == STATUS_OK) {
        m->program = name;
        m->arena = &arena;
        m->all = (Tally){0};
        memset(m->ops, 0, sizeof(m->ops));
        m->equivalent = (StrTable){0};
        m->good = read_equivalent(m) && m->good;
        options.texts = texts;
        options.report = report;
        options.context = m;
        fflush(stdout); // the workers are forks
        const MutantTotals totals = mutant_run(isle, &options, &arena);
        if (options.name && made_none(&totals))
            (void)diag_error(&diag, STATUS_INVALID, NULL, POS_NONE, "no mutant%s%s is called `%s`",
                             *name ? " of " : "", name, options.name);
        print_totals(m, &totals);
    }
    tool_report(&diag);
    arena_free(&arena);
    return status == STATUS_OK;
}

static bool run_files(Mutants *m, const MutantOptions *options)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    ToolPaths paths = {0};
    Status status = tool_rule_files(&arena, m->args, &paths, &diag);
    VerifyText *const texts = ARENA_ARRAY(&arena, VerifyText, paths.len + 1);
    for (uint32_t i = 0; i < paths.len && status == STATUS_OK; i++) {
        Str text = {0};
        status = tool_read_file(&arena, paths.data[i], &text, &diag);
        texts[i] = (VerifyText){paths.data[i], (const unsigned char *)text.data, text.len};
    }
    tool_report(&diag);
    const bool good = status == STATUS_OK && run_program(m, "", texts, *options);
    arena_free(&arena);
    return good;
}

int tool_mutants(const ToolArgs *args, const VerifyOptions *how, const char *program,
                 const VerifyText *texts)
{
    uint64_t count = 0, seed = 1;
    if (!tool_number(args, OPT_VERIFY_MUTANTS, 1, UINT32_MAX, &count) ||
        !tool_number(args, OPT_VERIFY_SEED, 0, UINT64_MAX, &seed))
        return EXIT_USAGE;
    const MutantOptions options = {.filter = how->filter,
                                   .name = args->values[OPT_VERIFY_MUTANT],
                                   .count = (uint32_t)count,
                                   .seed = seed,
                                   .jobs = how->jobs,
                                   .budget = how->budget,
                                   .cache = how->cache,
                                   .seconds = SECONDS};
    Mutants m = {.args = args, .good = true};
    const bool good = texts ? run_program(&m, program, texts, options) : run_files(&m, &options);
    return good && m.good ? EXIT_OK : EXIT_FAILED;
}

#endif
