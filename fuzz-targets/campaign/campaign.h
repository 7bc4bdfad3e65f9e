// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// campaign: runs fuzz targets as processes for a while, adds up what they count, and takes what
// they find to a database (fuzz-targets/triage).
//
// The programs are NAME_fuzzer, which libFuzzer drives, or fuzz_NAME, which makes random inputs.
// Several run at once, each for a slice of the time, and the target that has had the least is next;
// one that stops at a finding is started again with another seed. Findings are collected meanwhile,
// and reduced and recorded at the end.
//
// Below the state folder: work/NAME-SLOT is where processes leave what they find (a campaign that
// was killed leaves it to the next one), corpus/NAME is what libFuzzer has collected.
#ifndef CAMPAIGN_CAMPAIGN_H
#define CAMPAIGN_CAMPAIGN_H

#include "fuzz-targets/triage/triage.h"

#include <signal.h>

#define CAMPAIGN_SETS_MAX  8
#define CAMPAIGN_BITS_MAX  4096
#define CAMPAIGN_NAME_SIZE 32

// What the lines of statistics have numbers of.
typedef enum CampaignNumber {
#define CAMPAIGN_NUMBER(NAME, name) CAMPAIGN_##NAME,
#include "fuzz-targets/campaign/numbers.def"
    CAMPAIGN_NUMBERS
} CampaignNumber;

// What of a set was seen: opcodes, rules of the mid-end, rules of a target.
typedef struct CampaignSet {
    char name[CAMPAIGN_NAME_SIZE];
    uint32_t total;
    uint8_t bits[CAMPAIGN_BITS_MAX / 8];
} CampaignSet;

typedef struct CampaignCounts {
    uint64_t numbers[CAMPAIGN_NUMBERS];
    double seconds; // of all processes together
    uint64_t edges; // of libFuzzer's coverage, the most of any process
    CampaignSet sets[CAMPAIGN_SETS_MAX];
    uint32_t num_sets;
} CampaignCounts;

typedef struct CampaignTarget {
    Str name, program;
    bool is_libfuzzer;
    uint32_t processes, stopped; // started, and of these stopped by a finding
    bool broken;                 // does not start
    CampaignCounts counts;
} CampaignTarget;

// Where a campaign is. Findings: distinct ones as far as they can be told apart without reduction.
typedef struct CampaignProgress {
    const CampaignTarget *targets;
    uint32_t num_targets, findings;
    double seconds;
} CampaignProgress;

typedef struct CampaignOptions {
    const char *programs;       // folder
    const char *const *targets; // by name; none: all there are programs for
    uint32_t num_targets;
    const char *state;  // folder, made when it is not there
    const char *corpus; // folder of the collected inputs; NULL: corpus below the state
    const char *seeds;  // folder of inputs to begin with, NAME for each target; NULL: none
    uint32_t seconds, jobs, max_size;
    uint64_t seed;
    // Called every second; may be NULL.
    void (*progress)(void *context, const CampaignProgress *progress);
    void *context;
    const volatile sig_atomic_t *stop; // not 0: end now, with the findings so far
} CampaignOptions;

// What came out, in the arena. Findings are those recorded, with the state in the database.
typedef struct CampaignResult {
    CampaignTarget *targets;
    uint32_t num_targets;
    TriageFindings findings;
    double seconds;
} CampaignResult;

// Makes the state folder, in which the caller may keep the database. STATUS_IO, with a message,
// when that can't be done.
Status campaign_prepare(const char *state, Diag *diag);

// Runs a campaign. STATUS_INVALID, with a message, for an unknown target; STATUS_IO for what can't
// be started or written.
Status campaign_run(const CampaignOptions *options, Triage *triage, Arena *arena,
                    CampaignResult *out, Diag *diag);

// Runs `program` of target `target` on one input, and reads what it says; no finding (kind is
// empty) when it ends well. Its texts are in `arena`.
Status campaign_replay(Str program, Str target, Str input, Arena *arena, TriageFinding *out,
                       Diag *diag);

// The programs in `folder` for fuzz targets, by name; libFuzzer's where there are both.
Status campaign_find_targets(const char *folder, Arena *arena, CampaignTarget **out, uint32_t *num,
                             Diag *diag);

// How many of a set were seen.
uint32_t campaign_set_count(const CampaignSet *set);
// The set called `name`, NULL when there is none.
const CampaignSet *campaign_find_set(const CampaignCounts *counts, const char *name);

#endif
