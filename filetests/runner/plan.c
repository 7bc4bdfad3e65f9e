// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The head of a test file: which commands run, under which settings, for which targets. `set` lines
// add up; each `target` line takes what was set before it.

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
    bool set_after_target; // a `set` that no target has taken yet
    uint32_t set_pos;
} Planner;

// The error of an unknown word, with the nearest of `names`.
static Status unknown_word(Planner *p, const char *what, Str word, uint32_t pos, const Str *names,
                           uint32_t count)
{
    const Str near = str_nearest(word, names, count);
    return diag_error(p->diag, STATUS_INVALID, &p->file->source, pos, "unknown %s '%.*s'%s%.*s%s",
                      what, STR_ARG(word), near.len == 0 ? "" : "; did you mean '", STR_ARG(near),
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

static Status plan_option(Planner *p, PlannedTest *test, Str option, uint32_t pos)
{
    Str known[8];
    const uint32_t count = split_words(test->command->options, known, 8);
    for (uint32_t i = 0; i < count; i++) {
        if (!str_eq(known[i], option))
            continue;
        test->precise |= str_eq(option, STR("precise-output"));
        return STATUS_OK;
    }
    return unknown_word(p, "option", option, pos, known, count);
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
        return unknown_word(p, "test command", line->words[0], line->word_pos[0], names,
                            TEST_COMMAND_COUNT);
    }
    for (uint32_t i = 1; i < line->num_words; i++)
        TRY(plan_option(p, &test, line->words[i], line->word_pos[i]));
    VEC_PUSH(p->arena, &p->plan->tests, test);
    return STATUS_OK;
}

static Status plan_set(Planner *p, const HeaderLine *line)
{
    for (uint32_t i = 0; i < line->num_words; i++)
        TRY(settings_set(&p->plan->settings, line->words[i], &p->file->source, line->word_pos[i],
                         p->diag));
    p->set_after_target = true;
    p->set_pos = line->pos;
    return STATUS_OK;
}

static Status plan_target(Planner *p, const HeaderLine *line)
{
    Source *const source = &p->file->source;
    TargetLine target = {.settings = p->plan->settings, .pos = line->pos};
    if (line->num_words == 0)
        return diag_error(p->diag, STATUS_SYNTAX, source, line->pos,
                          "expected a target triple behind 'target'");
    const Status status = isa_parse(line->words[0], &target.isa);
    if (status == STATUS_UNSUPPORTED) {
        p->plan->unknown = line->words[0];
        return STATUS_OK; // its options can't be judged
    }
    TRY(status);
    StrBuf text = {.arena = p->arena};
    buf_str(&text, line->words[0]);
    for (uint32_t i = 1; i < line->num_words; i++) {
        TRY(isa_set(&target.isa, line->words[i], source, line->word_pos[i], p->diag));
        buf_char(&text, ' ');
        buf_str(&text, line->words[i]);
    }
    target.text = buf_view(&text);
    VEC_PUSH(p->arena, &p->plan->targets, target);
    p->set_after_target = false;
    return STATUS_OK;
}

static Status plan_line(Planner *p, const HeaderLine *line)
{
    switch (line->kind) {
    case HEADER_TEST: return plan_test(p, line);
    case HEADER_SET: return plan_set(p, line);
    case HEADER_TARGET: return plan_target(p, line);
    case HEADER_FEATURE: return STATUS_OK;
    }
    UNREACHABLE();
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
    *out = (Plan){.settings = settings_filetest_defaults()};
    for (uint32_t i = 0; i < file->header.len; i++)
        TRY(plan_line(&p, &file->header.data[i]));
    if (out->unknown.len != 0)
        return STATUS_OK;
    if (p.set_after_target && out->targets.len != 0)
        return diag_error(diag, STATUS_INVALID, &file->source, p.set_pos,
                          "this 'set' has no effect: it stands behind the last 'target'");
    if (out->targets.len != 0)
        out->settings = out->targets.data[out->targets.len - 1].settings;
    if (out->targets.len == 1)
        out->isa = &out->targets.data[0].isa;
    for (uint32_t i = 0; i < out->tests.len; i++) {
        const PlannedTest *const test = &out->tests.data[i];
        if ((test->command->flags & CMD_ISA) && out->targets.len == 0)
            return diag_error(diag, STATUS_INVALID, &file->source, test->pos,
                              "'test %s' needs a 'target' line", test->command->name);
    }
    sort_plan(arena, out);
    return STATUS_OK;
}
