// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// opt: the mid-end. A function goes in and comes out meaning the same, traps included, in place:
//
//   params      block parameters that are always one value vanish
//   build       pure instructions leave the layout and become nodes of an acyclic e-graph, which
//               the rules of isle-rules/opt rewrite as they are inserted; what has effects stays
//               where it is (the skeleton) and is simplified by rules of its own
//   elaborate   of each class of equal nodes the cheapest is put back before its first use, once a
//               dominator subtree, and out of the loops that it does not vary in
//   cleanup     unreachable blocks and results that nobody wants vanish
//
// The input must be valid; the output is. The work is bounded: so many rewrites a value and so many
// a function, then the rest is only numbered. Same input, same output.
#ifndef OPT_OPT_H
#define OPT_OPT_H

#include "base/chaos.h"
#include "ir/ir.h"
#include "settings/settings.h"

// What happened, one counter a row of stats.def.
typedef enum OptStat {
#define OPT_STAT(NAME, name, meaning) OPT_STAT_##NAME,
#include "opt/stats.def"
    OPT_STAT_COUNT
} OptStat;

typedef struct OptStats {
    uint64_t counts[OPT_STAT_COUNT];
} OptStats;

// What a counter is called in reports, and what it says, in a few words.
const char *opt_stat_name(OptStat stat);
const char *opt_stat_meaning(OptStat stat);

// A rule and where it stands.
typedef struct OptRule {
    const char *name, *root, *path;
    uint32_t line;
} OptRule;

// The rules that the mid-end is made of, by number.
const OptRule *opt_rules(uint32_t *count);

typedef struct OptOptions {
    const Settings *settings;
    uint32_t *rule_counts; // how often each rule was used, added to; NULL: not counted
    OptStats *stats;       // added to; NULL: not counted
    StrBuf *trace;         // gets a line a rewrite; NULL: no
    uint32_t *fuel;        // rewrites that may still be made, counted down; NULL: as many as wanted
    Chaos *chaos;          // NULL: off
} OptOptions;

// Optimises `f` for the settings' opt_level; with level none only what is dead goes. `scratch` is
// the caller's to reset.
void opt_func(Func *f, const OptOptions *options, Arena *scratch);

#endif
