// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of campaign/.
#ifndef CAMPAIGN_INTERNAL_H
#define CAMPAIGN_INTERNAL_H

#include "fuzz-targets/campaign/campaign.h"

#include <sys/types.h>

#define CAMPAIGN_GROUPS_MAX 8

// ---- campaign_counts.c ----

// Takes a line of statistics in: *group gets the group of engines that it is about.
bool campaign_read_line(Str line, CampaignCounts *out, uint32_t *group);
// Adds `from` to `to`.
void campaign_add(CampaignCounts *to, const CampaignCounts *from);

// ---- campaign_process.c ----

// A running target.
typedef struct CampaignProcess {
    Arena arena;
    pid_t pid; // 0: none
    int output;
    StrBuf text; // what it said beside statistics, the end of it
    Str line;    // the beginning of one, in `text` too
    uint64_t seed, status_inputs, status_edges;
    double started;
    CampaignCounts groups[CAMPAIGN_GROUPS_MAX]; // the last line of each
} CampaignProcess;

// Starts `arguments` (NULL at the end) with `environment`, pairs of names and values (NULL at the
// end), output and errors into a pipe. False: it can't be started.
bool campaign_start(CampaignProcess *p, const char *const *arguments,
                    const char *const *environment);
// Reads what has come. False: the process has closed its output.
bool campaign_listen(CampaignProcess *p);
// Waits for it to end; its status as of waitpid.
int campaign_reap(CampaignProcess *p);
// What it has counted so far.
void campaign_process_counts(const CampaignProcess *p, double seconds, CampaignCounts *out);
double campaign_clock(void);

// ---- campaign_files.c ----

// Makes the folder and those above it. STATUS_IO, with a message, when that can't be done.
Status campaign_make_folder(const char *path, Diag *diag);
// A whole file, up to `max` bytes; empty when it can't be read.
Str campaign_read_file(const char *path, size_t max, Arena *arena);
bool campaign_write_file(const char *path, Str content);
// The names in a folder, sorted.
typedef VEC(Str) CampaignNames;
void campaign_list_folder(const char *path, Arena *arena, CampaignNames *out);

#endif
