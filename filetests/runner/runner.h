// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// runner: runs directories of file tests. Finds the files, hands them one by one to worker
// processes, collects what became of each sub-test, and reports it: for people, as JUnit XML, as
// JSON lines.
//
// A worker that crashes, hangs or eats memory costs its file only: the parent names the sub-test
// that it was in, and starts another worker. Results are reported in the order of the files' paths,
// so that the report does not depend on the number of workers.
//
// A sub-test is (file, command, function, target line, opt level, engine, directive). What can't be
// run is UNSUPPORTED with a reason, and never counts as passed.
#ifndef FILETESTS_RUNNER_RUNNER_H
#define FILETESTS_RUNNER_RUNNER_H

#include "base/base.h"
#include "emulate/emulate.h"

#include <stdio.h>

typedef enum TestStatus {
#define TEST_STATUS(NAME, ...) TEST_##NAME,
#include "filetests/runner/statuses.def"
    TEST_STATUS_COUNT
} TestStatus;

typedef enum RunnerOutcome {
    RUNNER_PASSED,
    RUNNER_FAILED, // a test failed, a limit was exceeded, a path is bad, or nothing was found
    RUNNER_USAGE   // the options make no sense; the Diag says why
} RunnerOutcome;

typedef enum BlessMode { BLESS_NO, BLESS_DRY_RUN, BLESS_WRITE } BlessMode;

#define RUNNER_NO_LIMIT UINT32_MAX

typedef struct RunnerOptions {
    const char *const *paths; // files and directories
    uint32_t num_paths;
    uint32_t jobs; // worker processes; 0: one a core

    // Which tests. The id of a test is its path below the directory that was named, or its file
    // name if it was named itself.
    const char *filter, *filter_out; // extended regular expressions over ids, or NULL
    uint32_t shard, num_shards;      // shard counts from 1; num_shards 0: no sharding
    bool only_failed;                // those that failed when last run, by the state file
    bool allow_empty;                // to find no test is not an error
    uint32_t engines;                // bit set of the engines that take part; 0: all

    uint32_t timeout_ms; // CPU time of a file, ten times that for the wall clock; 0: a minute
    uint64_t memory;     // bytes of address space of a worker; 0: 4 GiB
    uint64_t fuel;       // instructions a call may execute; 0: EXECUTOR_DEFAULT_FUEL
    BlessMode bless;

    // What to write. `out` gets the report, `progress` a line that is overwritten (or NULL).
    FILE *out, *progress;
    bool list; // only print the ids
    bool verbose, color, github;
    uint32_t slowest;                       // how many of the slowest files to name
    const char *junit_path, *json_path;     // or NULL; json_path "-" takes the place of the report
    const char *state_path;                 // or NULL: remember nothing
    uint32_t max_unsupported[ENGINE_COUNT]; // directives, or RUNNER_NO_LIMIT

    // For tests of the runner: called in the worker before each file.
    void (*before_file)(void *context, Str id);
    void *context;
} RunnerOptions;

// How many directives an engine has in each status, and files of which all passed there.
typedef struct EngineCounts {
    uint32_t files;
    uint32_t directives[TEST_STATUS_COUNT];
} EngineCounts;

typedef struct RunnerSummary {
    uint32_t num_files;                // that were run
    uint32_t files[TEST_STATUS_COUNT]; // by the heaviest status of their sub-tests
    EngineCounts engines[ENGINE_COUNT];
    EngineCounts no_engine; // sub-tests that run no code
} RunnerSummary;

// Options with no path that run everything and report to `out`.
RunnerOptions runner_default_options(FILE *out);

// Runs the tests. `diag` gets what is wrong with the options or with writing reports; results go
// to the streams and files of the options, and counts to `summary` (or NULL). Forks: the caller has
// only one thread.
RunnerOutcome runner_run(const RunnerOptions *options, RunnerSummary *summary, Diag *diag);

// Reads "ENGINE=N[,ENGINE=N...]" into options->max_unsupported.
Status runner_parse_limits(RunnerOptions *options, Str text, Diag *diag);
// Reads "ENGINE[,ENGINE...]" into options->engines.
Status runner_parse_engines(RunnerOptions *options, Str text, Diag *diag);
// Reads "i/n" into options->shard and num_shards.
Status runner_parse_shard(RunnerOptions *options, Str text, Diag *diag);

#endif
