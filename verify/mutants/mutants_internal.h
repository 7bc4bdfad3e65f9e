// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of verify/mutants.
#ifndef VERIFY_MUTANTS_INTERNAL_H
#define VERIFY_MUTANTS_INTERNAL_H

#include "verify/mutants/mutants.h"

typedef struct Mutant {
    IsleRuleId rule;
    MutantOp op;
    Str name;
    uint64_t order; // by seed and name: those that come first are taken
    bool of_types;  // only which types it matches has changed
    IsleDef def;    // the rule, changed
} Mutant;

typedef VEC(Mutant) Mutants;

// A place in a rule where a pattern or an expression stands.
typedef struct Site {
    const IsleAst *node;
    IsleTypeId type; // that is wanted there
    bool pattern;
    bool root; // the whole of a left side, a condition's part or a right side
    Str place;
} Site;

typedef struct SiteVar {
    IsleSym name;
    IsleTypeId type;
} SiteVar;

typedef struct Sites {
    Isle *isle;
    Arena *arena;
    VEC(Site) list;
    VEC(SiteVar) vars; // of patterns and lets
} Sites;

// Whether an expression is a call that executes an instruction, or loads or stores: to do that
// twice is not the same as once, as it is to check or to compute twice.
bool mutant_accesses(const Isle *isle, const IsleAst *node);

// Whether a condition asks for what has no meaning.
bool mutant_is_taste(const Isle *isle, const IsleAst *value);

// Lists the places of a rule, left side first, and its variables. Conditions that are a matter of
// taste are left out: nobody can see what becomes of them.
void mutant_sites(Sites *sites, const IsleRule *rule);

// Appends all mutants of a rule that is proved. Some are rejected by islec.
void mutant_make(Isle *isle, Arena *arena, IsleRuleId rule, Mutants *out);

// Whether two rules of a term may look at the same operation: then their priorities matter.
bool mutant_same_operation(const IsleRule *x, const IsleRule *y);

// Whether the meaning of the term stays the same when its operands `a` and `b` change places, as
// far as can be told by looking at it. What a narrow operation leaves above its result is not
// compared.
bool mutant_is_symmetric(const Isle *isle, IsleTermId term, uint32_t a, uint32_t b);
// Whether two terms of a signature mean the same, in the same way, and `y` requires no more.
bool mutant_is_synonym(const Isle *isle, IsleTermId x, IsleTermId y);
// Whether a term's meaning says nothing of its result, or an extractor's of when it matches: to ask
// for it is a matter of taste.
bool mutant_is_meaningless(const Isle *isle, IsleTermId term, bool extractor);

// The program as it is.
typedef struct MutantBase {
    Isle *isle;
    const MutantOptions *options;
    int progress; // where MUTANT_PROVED_MARK is written when the rule was proved as it is
} MutantBase;

enum { MUTANT_PROVED_MARK = 'p' }; // no first byte of a result

// The rules in whose tasks a rule takes part: itself, or those that come to its term through terms
// without a specification. `seen` are the terms that have been looked at.
void mutant_add_tasks(const Isle *isle, IsleRuleId rule, Bitset *seen, Bitset *tasks);

// Verifies one mutant in a context of its own. Everything lives in `arena`.
void mutant_judge(const MutantBase *base, const Mutant *mutant, Arena *arena, MutantResult *out);

#endif
