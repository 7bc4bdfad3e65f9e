// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the parts of the runner share. In order of use: tests.c finds the files; pool.c runs them in
// workers; there, testfile.c runs one file by its plan (plan.c, targets.c), through the commands
// (commands.c, annotations.c, directives.c), and emits Results; results.c carries them to the
// parent; tally.c counts them; report.c, junit.c and jsonlines.c write them down; state.c remembers
// failures.
#ifndef FILETESTS_RUNNER_RUNNER_INTERNAL_H
#define FILETESTS_RUNNER_RUNNER_INTERNAL_H

#include "filetests/runner/filecheck.h"
#include "filetests/runner/runner.h"
#include "filetests/runner/targets.h"
#include "settings/settings.h"
#include "text/text.h"

// ---- results.c: what workers tell ----

typedef enum ResultKind {
    RESULT_TEST,    // what became of a sub-test
    RESULT_XFAIL,   // a function (or the file) is expected to fail; message is the reason
    RESULT_NOTE,    // something to show that is neither good nor bad
    RESULT_WARNING, // a mistake in the test file that does not make it fail
    RESULT_PATCH    // a change of the file that bless made or would make; detail is a diff
} ResultKind;

// Texts are slices of the worker's arena or, decoded, of the record.
typedef struct Result {
    ResultKind kind;
    TestStatus status;
    Engine engine;      // ENGINE_COUNT: the sub-test runs no code
    uint32_t func;      // number in the module; NO_INDEX: the whole file
    uint32_t line;      // 0: the whole file
    uint32_t col;       // 0: the whole line
    uint32_t directive; // place of a run directive in the file, NO_INDEX for other sub-tests
    Str command;        // "run", "cat", "parse"
    Str function;       // "%f"
    Str target;         // target line, or empty
    Str opt_level;
    Str text;    // the directive
    Str message; // one line: the reason of UNSUPPORTED, or what is wrong
    Str expected, got;
    Str detail; // lines for people
} Result;

const char *status_name(TestStatus status);
bool status_fails(TestStatus status);
uint32_t status_weight(TestStatus status);

// Writes a record to `out`, which has `size` bytes; texts are shortened so that a record has at
// most RESULT_MAX bytes. Returns its length, 0 when it does not fit.
#define RESULT_MAX (1u << 18)
size_t result_encode(const Result *result, uint8_t *out, size_t size);
// Takes one record off the front of `in`, with texts copied to the arena. False when `in` does not
// start with a whole record.
bool result_decode(Arena *arena, Str *in, Result *out);

// ---- tests.c: which files ----

typedef struct TestCase {
    Str id;   // stable name
    Str path; // as reached from the paths that were given
    Str real; // absolute, for the state file
} TestCase;

typedef struct TestList {
    VEC(TestCase) tests; // by path
    uint32_t found;      // before filters and shards
} TestList;

// Finds the tests that `options` name; the state (of the last run) decides for only_failed.
Status tests_find(Arena *arena, const RunnerOptions *options, TestList *out, Diag *diag);

// ---- state.c: what failed last time ----

typedef struct State {
    bool known; // there was a state file
    StrTable failed;
} State;

// Reads the state file; a missing one is no error.
Status state_read(Arena *arena, const char *path, State *out, Diag *diag);
// Writes the failures of this run over those of the files that were run, keeping those of others
// that still exist.
Status state_write(Arena *arena, const char *path, const TestList *tests, const bool *failed,
                   Diag *diag);
// Writes `text` to a temporary file beside `path` and renames it.
Status state_replace_file(Arena *arena, const char *path, Str text, Diag *diag);
// Reads a whole file.
Status state_read_file(Arena *arena, const char *path, Str *out, Diag *diag);

// ---- plan.c: the head of a test file ----

enum {
    CMD_VERIFY = 1 << 0,
    CMD_ISA = 1 << 1,
    CMD_MUTATES = 1 << 2,
    CMD_FILECHECK = 1 << 3,
    CMD_DIRECTIVES = 1 << 4,
    CMD_DOMINATES = 1 << 5
};

typedef struct Job Job;
typedef struct PlannedTest PlannedTest;

typedef struct TestCommand {
    const char *name;
    void (*run)(Job *job, const PlannedTest *test);
    uint32_t flags;
    const char *options;
    const char *why;
} TestCommand;

struct PlannedTest {
    const TestCommand *command;
    bool precise, optimize; // its options
    uint32_t pos;
};

typedef struct Plan {
    VEC(PlannedTest) tests; // in the order to run them
    Targets targets;        // with an unknown architecture among them, the file can't be run
} Plan;

// Judges the header lines of `file`.
Status plan_make(Arena *arena, ClifFile *file, Plan *out, Diag *diag);

// ---- testfile.c: one file in a worker ----

// Where results go. `step` announces the sub-test that is about to start.
typedef struct Emitter Emitter;
struct Emitter {
    void (*result)(Emitter *emitter, const Result *result);
    void (*step)(Emitter *emitter, const Result *step);
};

// A run directive of the file.
typedef struct RunItem {
    uint32_t func; // whose comment it is
    uint32_t pos;  // of the comment
    uint64_t heap; // bytes of the function's heap region, 0: none
    Str text;
    RunDirective directive;
} RunItem;

// The expected text of a function that bless would write.
typedef struct Blessing {
    uint32_t func;
    Str text;
} Blessing;

struct Job {
    Arena *arena;
    const RunnerOptions *options;
    Emitter *emitter;
    const TestCase *test;
    ClifFile *file;
    Plan plan;
    CheckList preamble; // check directives before the first function
    bool validated;
    bool *invalid; // by function: validation found errors
    bool run_items_read;
    VEC(RunItem) run_items;
    VEC(Blessing) blessings;
};

// Runs one test file and emits what becomes of it.
void testfile_run(Arena *arena, const RunnerOptions *options, const TestCase *test,
                  Emitter *emitter);

// A sub-test of `command` on function `func` (NO_INDEX: the file), not yet judged, at the
// function's line.
Result job_result(const Job *job, const char *command, uint32_t func);
// Sets the line to that of byte `pos`.
void job_locate(const Job *job, Result *result, uint32_t pos);
void job_step(Job *job, const Result *result);
void job_pass(Job *job, Result result);
void job_fail(Job *job, Result result, Str message);
void job_unsupported(Job *job, Result result, Str message);
// Fails with the messages of `diag`, the first one as the message.
void job_fail_diag(Job *job, Result result, const Diag *diag);
// The text behind `name` and a colon when the comment, without its semicolons, starts with them.
bool comment_directive(Str comment, const char *name, Str *tail);
// Whether any test of the plan has one of `flags`.
bool job_uses(const Job *job, uint32_t flags);

// ---- commands.c, annotations.c, directives.c ----

#define TEST_COMMAND(NAME, name, run, ...) TEST_COMMAND_##NAME,
typedef enum TestCommandId {
#include "filetests/runner/testcommands.def"
    TEST_COMMAND_COUNT
} TestCommandId;

extern const TestCommand test_commands[TEST_COMMAND_COUNT];

void command_cat(Job *job, const PlannedTest *test);
void command_verifier(Job *job, const PlannedTest *test);
void command_print_cfg(Job *job, const PlannedTest *test);
void command_domtree(Job *job, const PlannedTest *test);
void command_interpret(Job *job, const PlannedTest *test);
void command_run(Job *job, const PlannedTest *test);
// optimize.c
void command_optimize(Job *job, const PlannedTest *test);
void command_alias_analysis(Job *job, const PlannedTest *test);
void command_inline(Job *job, const PlannedTest *test);

// Judges the output of a command on a function: by its check directives or, for precise output, as
// a whole.
void command_check_text(Job *job, const PlannedTest *test, uint32_t func, Str text);

// ---- lint.c ----

// Reports misspelt directives and those that no command of the file looks at.
void lint_file(Job *job);

// ---- bless.c ----

// The text that a precise-output test expects of a function.
Str bless_expected(const Job *job, uint32_t func);
// Writes the file anew, or shows the patch, with job->blessings.
void bless_file(Job *job);

// ---- diff.c ----

// Appends the lines that differ between `old` and `new` as hunks of a unified diff with `context`
// lines around. Nothing when they are equal.
void diff_lines(Arena *arena, Str old, Str new, uint32_t context, StrBuf *out);

// ---- pool.c: workers ----

// The results of one file, in the parent.
typedef struct FileReport {
    const TestCase *test;
    Arena arena; // holds the results
    VEC(Result) results;
    uint32_t ms;
    TestStatus status;
    bool done;
} FileReport;

// Gets the reports in the order of the tests, each once; it is freed afterwards.
typedef void (*ReportFn)(void *context, FileReport *report);

// Runs all tests in worker processes.
Status pool_run(const RunnerOptions *options, const TestList *tests, ReportFn report, void *context,
                Diag *diag);

// ---- tally.c ----

// Applies `xfail:` declarations to the results of a file, counts them, and judges the file.
void tally_file(Arena *arena, FileReport *report, RunnerSummary *summary);

// ---- report.c, junit.c, jsonlines.c ----

typedef struct Reporter Reporter;
// The report for people. Lives in the arena.
Reporter *report_begin(Arena *arena, const RunnerOptions *options);
void report_file(Reporter *reporter, const FileReport *report);
void report_progress(Reporter *reporter, uint32_t done, uint32_t total, uint32_t failed);
// The tables and the last line. False when a limit was exceeded.
bool report_end(Reporter *reporter, const RunnerSummary *summary);

void junit_begin(FILE *out);
void junit_file(FILE *out, const FileReport *report);
void junit_end(FILE *out);

void jsonlines_begin(FILE *out, const RunnerOptions *options, const TestList *tests);
void jsonlines_file(FILE *out, const FileReport *report, bool with_time);
void jsonlines_end(FILE *out, const RunnerSummary *summary);

// `s` as valid UTF-8 without control characters but tab and line feed: each bad byte becomes
// U+FFFD.
Str report_sanitize(Arena *arena, Str s);

#endif
