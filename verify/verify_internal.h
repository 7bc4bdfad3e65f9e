// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of verify.
#ifndef VERIFY_VERIFY_INTERNAL_H
#define VERIFY_VERIFY_INTERNAL_H

#include "verify/smt/smt.h"
#include "verify/verify.h"

// The cases of a report, by their keys.
typedef struct VerifyKnown {
    Map index; // by the key's low half: in `cases`
    VEC(const VerifyCase *) cases;
} VerifyKnown;

VerifyKnown verify_known(const VerifyReport *report, Arena *arena);
// NULL: there is none of that key.
const VerifyCase *verify_known_find(const VerifyKnown *known, LedgerKey key);

// What is the same for all tasks of one process.
typedef struct VerifyRun {
    VcProgram *program;
    const VerifyOptions *options;
    LedgerCache *cache; // or NULL
    VerifyKnown known;  // of options->like
    Bitset dear;        // rules tagged `dear`: their questions get more than the budget
    Bitset hopeless;    // rules tagged `hopeless`: less
} VerifyRun;

// The rules with `(attr rule NAME (tag ...))`.
Bitset verify_tagged_rules(const Isle *isle, Str tag, Arena *arena);

// Who asks: of one case, with the steps that it took.
typedef struct Asker {
    const VerifyRun *run;
    const Vc *vc;
    Arena *arena;
    uint64_t budget; // of a question
    uint64_t steps;
} Asker;

// Whether all of `conditions` can be true at once. The model, if there is one, is over nodes of the
// case's pool. verify_ask_model: there likely is one.
SmtResult verify_ask(Asker *asker, const Expr *conditions, uint32_t count);
SmtResult verify_ask_model(Asker *asker, const Expr *conditions, uint32_t count);

// Whether products or quotients make the conditions a question of which nobody knows how long it
// takes; whether floats do.
bool verify_is_hard(const Asker *asker, const Expr *conditions, uint32_t count);
bool verify_has_floats(const ExprPool *pool, const Expr *conditions, uint32_t count, Arena *arena);

typedef struct CaseQuestion {
    const Expr *conditions;
    uint32_t count;
    Expr goals;
} CaseQuestion;

// Whether conditions can hold, and goals not, for small values alone. True: that is decided, and
// *out is the answer for them; if it is SMT_UNSAT, there are such values for which both hold.
bool verify_ask_bounded(Asker *asker, const CaseQuestion *question, SmtResult *out);

// A case that is being decided.
typedef struct TaskCase {
    const VerifyRun *run;
    const Vc *vc;
    Arena *arena;   // of the run
    Arena *results; // of what is kept
    VerifyCase *out;
    uint64_t budget; // of a question
    StrBuf *tried;   // what was asked, or NULL
} TaskCase;

// Makes the case one that fails, with the values of a model of `conditions` in which a goal does
// not hold, if it is one; else unknown.
void verify_replay(TaskCase *c, const SmtResult *model, const Expr *conditions, uint32_t count);
// The same of a case whose right side can't be made: that the conditions of its left side hold is
// enough.
void verify_replay_left(TaskCase *c, const SmtResult *model, const Expr *conditions,
                        uint32_t count);

// The budget of a question of a rule: of one tagged `dear` four times that of others, of one tagged
// `hopeless`, which is known to be out of reach, a quarter.
uint64_t verify_budget(const VerifyRun *run, IsleRuleId rule);

// Decides all cases of a task. What it finds lives in `arena`.
void verify_task(const VerifyRun *run, VerifyTask *task, Arena *arena);

typedef enum CrossVerdict { CROSS_AGREES, CROSS_DISAGREES, CROSS_OPEN } CrossVerdict;

// Asks the program `solver` the same, and compares. OPEN: it has not answered in its time, or does
// not understand the question.
CrossVerdict verify_cross(const char *solver, const ExprPool *pool, const Expr *conditions,
                          uint32_t count, SmtVerdict answer);

// Tries values at random, or near those of a model of the conditions, if one is given: whether the
// conditions hold and the goals do not, for some. If so, sets *out to them, as smt_check does; else
// leaves it as it is.
bool verify_by_chance(const ExprPool *pool, const CaseQuestion *question, const SmtResult *near,
                      Arena *arena, SmtResult *out);

// A corner of the sort's values, or one at random, by the numbers that follow from `state`.
Wide verify_sample(uint64_t *state, Sort sort);

// Notes the terms whose meaning is true of some operands alone, as far as trying finds them.
void verify_operands(VcProgram *program, const VerifyOptions *options, VerifyReport *report,
                     Arena *arena);

// Appends a case that is VC_READY as text: its calls, what is assumed and what is to be proved.
void verify_explain(const Vc *vc, Arena *arena, StrBuf *out);

// What the left side matches as a CLIF function, and the values of its parameters as a directive;
// empty if it has parts that can't be written so: addresses, branches, more than one result.
Str verify_clif(const Isle *isle, const Vc *vc, const ExprValue *values, const Bitset *known,
                Arena *arena);

// Decides all tasks, by `options->jobs` workers.
void verify_all(VcProgram *program, const VerifyOptions *options, VerifyReport *report,
                Arena *arena);

#endif
