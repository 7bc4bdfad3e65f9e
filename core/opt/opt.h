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

// Optimises `f` for the settings' opt_level; with level none only what is dead goes. A try_call
// that catches nothing becomes a call at all levels. `scratch` is the caller's to reset.
void opt_func(Func *f, const OptOptions *options, Arena *scratch);
// Only what is known of memory: loads whose value is known become aliases of it, stores that do
// nothing or that are overwritten go. Nothing without the setting enable_alias_analysis.
void opt_alias_analysis(Func *f, const OptOptions *options, Arena *scratch);

// The function called `name` if a call of it in `caller` is to be replaced by its body; NULL: the
// call stays. It must be valid and must not change while the caller does.
typedef const Func *(*InlineFn)(void *context, const Func *caller, const ExtName *name);

typedef struct InlineOptions {
    InlineFn callee;
    void *context;
    uint32_t max_insts; // no more bodies once the function has as many instructions
} InlineOptions;

// Replaces direct calls in `f` (call, return_call, try_call), and those in the bodies that come in,
// by their callees' bodies; false when there was none to replace. Left are calls that their own
// callee's body brought in (recursion), of other signatures than the callee's, and of functions
// that look at their own frame, have a stack limit or a struct argument; a try_call of what makes
// calls that could not catch for it; and all in functions with get_exception_handler_address.
// Texts, signatures and constants of the callees are shared, so their arenas must live as long as
// `f`.
bool opt_inline(Func *f, const InlineOptions *options, Arena *scratch);

// Functions by name, for an InlineFn; all zero at first. The functions and names are not copied.
typedef struct InlineNames {
    Arena *arena;
    Map by_hash; // of the printed name, counted up where two collide: index into `funcs`
    VEC(const Func *) funcs;
} InlineNames;

// Adds a function; of several with one name the first counts.
void inline_names_add(InlineNames *names, const Func *f);
// The InlineFn that chooses any of the functions; its context is an InlineNames.
const Func *inline_names_find(void *context, const Func *caller, const ExtName *name);

#endif
