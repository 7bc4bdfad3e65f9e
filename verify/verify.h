// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// verify: proves rules. Each rule of each root term (a term with rules and a specification) is a
// task; a task has a case for each way through signatures and helper rules (verify/vcgen); a case
// is proved, refuted or given up by the solver (verify/smt).
//
// A rule is proved if every case that it takes part in and that can happen is, and there is one.
// Nothing passes in silence: rules without a case that can happen, with a missing meaning, shadowed
// by others or reached from no root have verdicts of their own.
//
// Tasks are independent of each other, so results do not depend on the number of workers.
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include "verify/embed/embed.h"
#include "verify/ledger/ledger.h"
#include "verify/vcgen/vcgen.h"

typedef enum CaseVerdict {
#define CASE_VERDICT(NAME, name, meaning) CASE_##NAME,
#include "verify/verdicts.def"
    CASE_VERDICT_COUNT
} CaseVerdict;

typedef struct VerifyCase {
    CaseVerdict verdict;
    IsleRuleId *rules; // that take part
    uint32_t num_rules;
    IsleTermId *helpers; // terms with rules of their own that it calls, and takes at their word
    uint32_t num_helpers;
    Str types;       // the signatures: "iadd 8 8"
    Str message;     // why it is not proved
    Str missing;     // NO_SPEC: the name without a meaning
    Str values;      // FAILED: the counterexample, a call a line
    Str clif;        // FAILED: the counterexample as a function and a print directive
    Str explanation; // if wanted: what is assumed and to be proved, and what the solver was asked
    bool single;     // the conditions leave one value of the inputs alone
    uint64_t steps;
    uint32_t confirmed, unconfirmed; // questions that another solver has answered, and has not
    LedgerKey key;                   // of all that is assumed and to be proved
} VerifyCase;

// The cases of a rule of a root.
typedef struct VerifyTask {
    IsleTermId root;
    uint32_t number; // of the rule in the root's rule set
    IsleRuleId rule;
    bool unmatched; // it is about values that no rule of the root matches; `rule` is the last one
    VEC(VerifyCase) cases;
    Str contradiction;     // of the first choices that contradict each other, or empty
    bool truncated;        // more cases than are looked at
    uint64_t microseconds; // of CPU that it took
} VerifyTask;

typedef struct VerifyOptions {
    const char *rule; // only tasks of this rule; of a rule that is not a root's, all cases that it
                      // takes part in; or NULL
    const char *root; // only this root, or NULL
    const char *filter;  // only rules whose name has this in it, or NULL
    const char *within;  // only cases that this rule takes part in, or NULL
    const char *explain; // only cases that this rule takes part in, with an explanation; or NULL
    const Bitset *only;  // only tasks of these rules, by IsleRuleId, or NULL
    // Not whether rules are right, but whether they do what the rule `other` does (vc_run_pair):
    // `only` are rules of its root.
    bool compare;
    IsleRuleId other;   // if `compare`
    VcPairGoal goal;    // if `compare`
    bool any_order;     // assume nothing of rules of higher priority
    uint32_t jobs;      // worker processes; 0: all in this one
    uint64_t budget;    // of a question, in the solver's steps; 0: the default
    uint32_t max_cases; // of a task; 0: the default
    const char *cache;  // the file of answers (verify/ledger), or NULL
    const char *cross;  // a second solver: a program that reads SMT-LIB, or NULL
    bool keys_only;     // no questions: cases get their keys, and are unknown
    bool until_failure; // a task ends with the first of its cases that fails
    // Of a program much like this one, verified with the same options, or NULL: a case with the key
    // of one of its cases has that one's verdict.
    const struct VerifyReport *like;
    // Called after each task, in the order in which they are done; or NULL.
    void (*on_task)(void *context, const VerifyTask *task, uint32_t done, uint32_t total);
    void *context;
} VerifyOptions;

// What became of one rule of the program.
typedef enum RuleVerdict {
#define RULE_VERDICT(NAME, name, meaning) RULE_##NAME,
#include "verify/verdicts.def"
    RULE_VERDICT_COUNT
} RuleVerdict;

typedef struct VerifyRule {
    RuleVerdict verdict;
    uint32_t counts[CASE_VERDICT_COUNT]; // of the cases it takes part in
    bool several;                        // some case has more than one value of the inputs
    const VerifyCase *worst;             // one that keeps it from being proved, or NULL
    Str contradiction;                   // NEVER: why, if all choices contradict each other
    LedgerKey key;                       // of its cases
    // PROVED: a term that some case calls, and of which some rule that was looked at is not proved,
    // or stands itself on one that is not; else ISLE_NONE. The proof is only as good as that.
    IsleTermId rests_on;
} VerifyRule;

// A signature for which a term's meaning contradicts itself: nothing with it is ever looked at. Or
// operands for which nothing is as it says, which rules with it would leave out.
typedef struct VerifyIdle {
    IsleTermId term;
    Str types;
    Str message; // or the operands
    bool operands;
} VerifyIdle;

typedef struct VerifyReport {
    VEC(VerifyTask) tasks;
    VerifyRule *rules; // by IsleRuleId
    uint32_t num_rules;
    uint32_t counts[CASE_VERDICT_COUNT];
    uint32_t rule_counts[RULE_VERDICT_COUNT];
    uint32_t resting;                // rules that are proved with `rests_on`
    uint32_t confirmed, unconfirmed; // questions
    // Of all terms, whichever rules are looked at, but those with the tag `some_types`. Operands
    // are not tried for keys, and not of parts of a program that are compared.
    VEC(VerifyIdle) idle;
} VerifyReport;

// Verifies a program that isle_check accepted. Everything lives in `arena`.
VerifyReport *verify_run(Isle *isle, const VerifyOptions *options, Arena *arena);

// Whether a program can be asked as a second solver: it says that nothing contradicts itself.
bool verify_cross_works(const char *solver);

// ---- SARIF ----

// Appends to the runs of a SARIF 2.1.0 file the one that a report is: a result for each rule that
// is not proved, at its place. `name` tells runs apart; of a `part` of the rules, those that it
// does not come to are left out.
void verify_sarif_run(const Isle *isle, const VerifyReport *report, const char *name, bool part,
                      StrBuf *out);
// The file of these runs.
Str verify_sarif_file(Str runs, Arena *arena);

// ---- The ledger ----
//
// A text that is kept with the rules: which are proved, and the key of what was proved. Who reads
// it needs no solver to know that a rule, or a meaning that it reaches, has changed since. One line
// a rule, sorted by name, behind comments and a line with the most rules that may be without a
// proof.

// The ledger of a whole program's report, as `name` ("x64"). `before` is the one until now, or
// empty: the most unproved rules that it allows are never raised. *over: there are more of them
// than that.
Str verify_ledger_text(const Isle *isle, const VerifyReport *report, const char *name, Str before,
                       Arena *arena, bool *over);

// Adds an error for each rule that is not, or not any more, what the ledger of path `path` says,
// and for each line that is no line of a ledger. The report may be of keys only.
void verify_ledger_check(const Isle *isle, const VerifyReport *report, Source *ledger, Diag *diag);

// The words for verdicts, and a sentence on each.
const char *verify_case_name(CaseVerdict verdict);
const char *verify_rule_name(RuleVerdict verdict);
const char *verify_rule_meaning(RuleVerdict verdict);

#endif
