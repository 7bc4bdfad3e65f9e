// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// fuzz_harness: what the targets that compare engines share. An input chooses one of several groups
// of engines and targets, each with a table of what all its targets can do; its bytes become a
// module, the judge compares, and a finding is printed as a file test and aborts.
//
// While rules are watched, an input that begins with `; rules` is text; otherwise all inputs are
// bytes, whatever they look like. Of text, each of its functions, the first parameter of which
// is the heap's address, is a module for each group.
//
// Aborts come from functions named after the kind of finding, so that tools which tell crashes
// apart by their stacks tell these apart.
//
// The environment:
//
//   FUZZ_PRINT     set: each case is printed on stderr as a file test before it is judged
//   FUZZ_FINDINGS  a folder: findings are left there, the file test in NAME.clif and the input in
//                  NAME.bytes, and the process goes on instead of aborting, so that one bug does
//                  not hide the others; at most FINDINGS_MAX of each kind and engine
//   FUZZ_STATS     seconds between two lines of statistics, and one more at the end; otherwise
//                  there is one every 2^14 inputs
//   FUZZ_RULES     rules that are to take part in many runs (fuzz_watch.h)
#ifndef FUZZ_HARNESS_H
#define FUZZ_HARNESS_H

#include "fuzz-targets/fuzz_watch.h"
#include "fuzz-targets/gen/gen.h"
#include "fuzz-targets/judge/judge.h"

#define HARNESS_GROUPS_MAX 4
#define FINDINGS_MAX       16

// Engines that run one module, and the targets of their code.
typedef struct HarnessGroup {
    Engine engines[JUDGE_ENGINES_MAX];
    const char *targets[JUDGE_ENGINES_MAX];
    uint32_t num;
} HarnessGroup;

// Both targets under Unicorn: operations that both have, or one of them with features that Unicorn
// runs right.
#define HARNESS_UNICORN_GROUPS 3
extern const HarnessGroup harness_unicorn[HARNESS_UNICORN_GROUPS];

// Makes a case from bytes: gen_case or gen_single.
typedef void (*HarnessMake)(const GenTable *table, const uint8_t *data, size_t size, Arena *arena,
                            GenCase *out);

typedef struct Harness {
    const HarnessGroup *groups;
    uint32_t num_groups; // the byte of the header that gen leaves free chooses
    HarnessMake make;
    // Made on first use:
    bool ready;
    Arena arena, scratch;
    GenTable *tables[HARNESS_GROUPS_MAX];
    Judge judges[HARNESS_GROUPS_MAX];
    double started;
    uint64_t inputs;
    bool print;
    const char *findings; // NULL: abort
    uint32_t found[FINDING_COUNT][ENGINE_COUNT];
    double stats_seconds, last_stats; // 0: by inputs
    Watch watch;
} Harness;

// Runs one input. Does not return when there is a finding, unless FUZZ_FINDINGS is set.
void harness_run(Harness *h, const uint8_t *data, size_t size);

// Prints a line of statistics on stderr for each group that has run.
void harness_print_stats(Harness *h);

#endif
