// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// fuzz_watch: counts the runs that certain rules took part in, and asks for more of them. Who says
// that a changed rule does the same as before has no evidence in programs that it was not used for.
//
// A program counts for a rule if the rule was used when it was compiled. Its bytes are kept, a few
// of each rule, and changed into further programs, which the rules with the fewest runs have most
// of.
//
//   FUZZ_RULES      names of rules, with commas between them
//   FUZZ_RULE_RUNS  runs wanted of each (10^6): with these the process ends
//
// At the end there is a line of JSON on stderr for each rule: programs, and runs that were compared
// and agreed.
#ifndef FUZZ_WATCH_H
#define FUZZ_WATCH_H

#include "fuzz-targets/judge/judge.h"

#define WATCH_KEPT   32   // programs of each rule
#define WATCH_BYTES  1024 // of a program at most
#define WATCH_RULES  64
#define WATCH_JUDGES 4

typedef struct WatchRule {
    Str name;
    // How often each judge's mid-end and engines have used it; NULL: it is none of theirs.
    const uint32_t *counters[WATCH_JUDGES][JUDGE_ENGINES_MAX + 1];
    uint64_t programs, runs;
    bool used;       // for the program at hand
    uint32_t before; // how often it was used before that
    uint32_t num_kept;
    uint32_t sizes[WATCH_KEPT];
    uint8_t kept[WATCH_KEPT][WATCH_BYTES];
} WatchRule;

typedef struct Watch {
    const Judge *judges;
    WatchRule *rules; // NULL: nothing is watched
    uint32_t num_rules;
    uint64_t wanted, random;
    uint64_t runs_before;
} Watch;

// Reads the environment. `judges` are those that there are, `num` of them.
void watch_read(Watch *w, const Judge *judges, uint32_t num, Arena *arena);

// Before a judge is given a program.
void watch_begin(Watch *w, uint32_t judge);
// After it has agreed to all inputs of `program`, which is kept unless it is empty: true if a rule
// was used that wants more runs.
bool watch_end(Watch *w, uint32_t judge, Str program);
// After it has agreed to further inputs of the same program.
void watch_again(Watch *w, uint32_t judge);

// Writes another program for the rule that has the fewest runs to `out` of WATCH_BYTES and returns
// its size; 0: there is none to begin with, or all rules have theirs.
size_t watch_next(Watch *w, uint8_t *out);
// Whether some rule has been used, and wants more runs.
bool watch_wants(const Watch *w);
// Whether all rules have the runs that are wanted.
bool watch_is_done(const Watch *w);

// Appends the lines of JSON.
void watch_print(const Watch *w, StrBuf *out);

#endif
