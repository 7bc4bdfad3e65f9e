// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The head of a test file: which commands run, in which order, for which targets.

#include "filetests/runner/runner_internal.h"

const TestCommand test_commands[TEST_COMMAND_COUNT] = {
#define TEST_COMMAND(NAME, name, run, flags, options, why) {name, run, flags, options, why},
#include "filetests/runner/testcommands.def"
};

typedef struct Planner {
    Arena *arena;
    ClifFile *file;
    Plan *plan;
    Diag *diag;
} Planner;

// The error of word `at` of a line, with the nearest of `names`.
static Status unknown_word(Planner *p, const HeaderLine *line, uint32_t at, const Str *names,
                           uint32_t count)
{
    const Str word = line->words[at], near = str_nearest(word, names, count);
    const char *const what = at == 0 ? "test command" : "option";
    return diag_error(p->diag, STATUS_INVALID, &p->file->source, line->word_pos[at],
                      "unknown %s '%.*s'%s%.*s%s", what, STR_ARG(word),
                      near.len == 0 ? "" : "; did you mean '", STR_ARG(near),
                      near.len == 0 ? "" : "'?");
}

static const TestCommand *find_command(Str name)
{
    for (uint32_t i = 0; i < TEST_COMMAND_COUNT; i++)
        if (str_eq_c(name, test_commands[i].name))
            return &test_commands[i];
    return NULL;
}

// The blank-separated words of `list`.
static uint32_t split_words(const char *list, Str *out, uint32_t max)
{
    uint32_t count = 0;
    for (const char *at = list; *at != '\0';) {
        const size_t len = strcspn(at, " ");
        ASSERT(count < max);
        out[count++] = (Str){at, len};
        at += len + (at[len] == ' ');
    }
    return count;
}

static Status plan_option(Planner *p, PlannedTest *test, const HeaderLine *line, uint32_t at)
{
    const Str option = line->words[at];
    Str known[8];
    const uint32_t count = split_words(test->command->options, known, 8);
    for (uint32_t i = 0; i < count; i++) {
        if (!str_eq(known[i], option))
            continue;
        test->precise |= str_eq(option, STR("precise-output"));
        test->optimize |= str_eq(option, STR("optimize"));
        return STATUS_OK;
    }
    return unknown_word(p, line, at, known, count);
}

static Status plan_test(Planner *p, const HeaderLine *line)
{
    PlannedTest test = {.pos = line->pos};
    if (line->num_words == 0)
        return diag_error(p->diag, STATUS_SYNTAX, &p->file->source, line->pos,
                          "expected a command behind 'test'");
    test.command = find_command(line->words[0]);
    if (!test.command) {
        Str names[TEST_COMMAND_COUNT];
        for (uint32_t i = 0; i < TEST_COMMAND_COUNT; i++)
            names[i] = str_from(test_commands[i].name);
        return unknown_word(p, line, 0, names, TEST_COMMAND_COUNT);
    }
    for (uint32_t i = 1; i < line->num_words; i++)
        TRY(plan_option(p, &test, line, i));
    VEC_PUSH(p->arena, &p->plan->tests, test);
    return STATUS_OK;
}

static uint32_t sort_key(const PlannedTest *test)
{
    return ((test->command->flags & CMD_MUTATES) != 0) * 2u +
           ((test->command->flags & CMD_VERIFY) != 0);
}

// Commands that don't change the functions come first, those that need no validation before others;
// else the order of the file is kept.
static void sort_plan(Arena *arena, Plan *plan)
{
    PlannedTest *const sorted = ARENA_ARRAY(arena, PlannedTest, plan->tests.len);
    uint32_t len = 0;
    for (uint32_t key = 0; key < 4; key++)
        for (uint32_t i = 0; i < plan->tests.len; i++)
            if (sort_key(&plan->tests.data[i]) == key)
                sorted[len++] = plan->tests.data[i];
    plan->tests.data = sorted;
    plan->tests.cap = len;
}

Status plan_make(Arena *arena, ClifFile *file, Plan *out, Diag *diag)
{
    Planner p = {.arena = arena, .file = file, .plan = out, .diag = diag};
    *out = (Plan){.tests = {.len = 0}};
    for (uint32_t i = 0; i < file->header.len; i++)
        if (file->header.data[i].kind == HEADER_TEST)
            TRY(plan_test(&p, &file->header.data[i]));
    TRY(targets_read(arena, file, settings_filetest_defaults(), &out->targets, diag));
    if (out->targets.unknown.len != 0)
        return STATUS_OK;
    for (uint32_t i = 0; i < out->tests.len; i++) {
        const PlannedTest *const test = &out->tests.data[i];
        if ((test->command->flags & CMD_ISA) && out->targets.lines.len == 0)
            return diag_error(diag, STATUS_INVALID, &file->source, test->pos,
                              "'test %s' needs a 'target' line", test->command->name);
    }
    sort_plan(arena, out);
    return STATUS_OK;
}
