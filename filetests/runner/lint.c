// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Directives that do nothing: misspelt ones, and those that no command of the file looks at. Such a
// test passes for the wrong reason.
//
// Comments are prose first. So only the first word of a comment counts, with a colon behind it, and
// only where a slip of the fingers is more likely than a word of the language.

#include "filetests/runner/runner_internal.h"

// A directive: its name, the commands that look at it (0: nothing to say), whether it is an error
// that none does (else a warning), and how many letters may be wrong in a misspelling.
typedef struct LintRule {
    const char *name;
    uint32_t flags;
    bool is_error;
    uint32_t slack;
} LintRule;

static const LintRule lint_rules[] = {
    {"check", CMD_FILECHECK, true, 1},
    {"sameln", CMD_FILECHECK, true, 2},
    {"nextln", CMD_FILECHECK, true, 2},
    {"unordered", CMD_FILECHECK, true, 2},
    {"not", CMD_FILECHECK, true, 0},
    {"regex", CMD_FILECHECK, true, 1},
    {"run", CMD_DIRECTIVES, false, 0},
    {"print", CMD_DIRECTIVES, false, 0},
    {"dominates", CMD_DOMINATES, false, 2},
    {"error", 0, false, 0},
    {"heap", 0, false, 0},
    {"xfail", 0, false, 0},
};

enum { NUM_LINT_RULES = sizeof(lint_rules) / sizeof(lint_rules[0]), MAX_WORD = 16 };

// The word that a comment starts with, if a colon follows it at once; else empty.
static Str first_word(Str comment)
{
    while (comment.len != 0 && (comment.data[0] == ';' || comment.data[0] == ' '))
        comment = (Str){comment.data + 1, comment.len - 1};
    size_t len = 0;
    while (len < comment.len && comment.data[len] != ':' && comment.data[len] != ' ')
        len++;
    return len < comment.len && comment.data[len] == ':' ? (Str){comment.data, len} : (Str){"", 0};
}

// Whether `a` has the letters of `b` in another order.
static bool is_anagram(Str a, Str b)
{
    int count[256] = {0};
    if (a.len != b.len || str_eq(a, b))
        return false;
    for (size_t i = 0; i < a.len; i++) {
        count[(unsigned char)a.data[i]]++;
        count[(unsigned char)b.data[i]]--;
    }
    for (int i = 0; i < 256; i++)
        if (count[i] != 0)
            return false;
    return true;
}

static bool is_upper_case_of(Str word, Str name)
{
    if (word.len != name.len)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (word.data[i] != name.data[i] - 'a' + 'A')
            return false;
    return true;
}

static bool looks_like(Str word, const LintRule *rule)
{
    const Str name = str_from(rule->name);
    if (is_anagram(word, name) || (word.len >= 5 && is_upper_case_of(word, name)))
        return true;
    const bool plural =
        word.len == name.len + 1 && str_starts_with(word, name) && word.data[name.len] == 's';
    if (rule->slack == 0 || plural || word.data[0] != name.data[0])
        return false;
    return str_distance(word, name, rule->slack) <= rule->slack;
}

static void lint_misspelt(Job *job, Result result, Str word)
{
    for (uint32_t i = 0; i < NUM_LINT_RULES; i++) {
        if (!looks_like(word, &lint_rules[i]))
            continue;
        job_fail(job, result,
                 str_printf(job->arena, "unknown directive '%.*s:'; did you mean '%s:'?",
                            STR_ARG(word), lint_rules[i].name));
        return;
    }
}

static void lint_warning(Job *job, Result result, Str message)
{
    result.kind = RESULT_WARNING;
    result.message = message;
    job->emitter->result(job->emitter, &result);
}

// A correctly spelt directive: is anything looking at it?
static void lint_known(Job *job, Result result, const LintRule *rule, Str comment)
{
    if ((rule->flags & CMD_FILECHECK) && job_uses(job, CMD_FILECHECK)) {
        CheckList list = {{0}};
        if (!filecheck_add(job->arena, &list, comment, 0))
            lint_warning(job, result,
                         str_printf(job->arena, "'%s:' without a blank behind it is no directive",
                                    rule->name));
        return;
    }
    if (rule->flags == 0 || job_uses(job, rule->flags))
        return;
    const Str message =
        str_printf(job->arena, "no command of this file looks at '%s:'", rule->name);
    if (rule->is_error)
        job_fail(job, result, message);
    else
        lint_warning(job, result, message);
}

static void lint_comment(Job *job, const Comment *comment, uint32_t func)
{
    const Str word = first_word(comment->text);
    if (word.len == 0 || word.len > MAX_WORD)
        return;
    Result result = job_result(job, "lint", func);
    job_locate(job, &result, comment->pos);
    result.text = str_trim(comment->text);
    for (uint32_t i = 0; i < NUM_LINT_RULES; i++) {
        if (str_eq_c(word, lint_rules[i].name)) {
            lint_known(job, result, &lint_rules[i], comment->text);
            return;
        }
    }
    lint_misspelt(job, result, word);
}

void lint_file(Job *job)
{
    // The comments of a function with precise output are text to compare, not directives.
    for (uint32_t i = 0; i < job->plan.tests.len; i++)
        if (job->plan.tests.data[i].precise)
            return;
    for (uint32_t i = 0; i < job->file->preamble.len; i++)
        lint_comment(job, &job->file->preamble.data[i], NO_INDEX);
    for (uint32_t f = 0; f < job->file->texts.len; f++)
        for (uint32_t i = 0; i < job->file->texts.data[f].num_comments; i++)
            lint_comment(job, &job->file->texts.data[f].comments[i], f);
}
