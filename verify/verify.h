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
    Str types;   // the signatures: "iadd 8 8"
    Str message; // why it is not proved
    Str missing; // NO_SPEC: the name without a meaning
    Str values;  // FAILED: the counterexample, a call a line
    bool single; // the conditions leave one value of the inputs alone
    uint64_t steps;
} VerifyCase;

// The cases of a rule of a root.
typedef struct VerifyTask {
    IsleTermId root;
    uint32_t number; // of the rule in the root's rule set
    IsleRuleId rule;
    VEC(VerifyCase) cases;
    bool truncated; // more cases than are looked at
} VerifyTask;

typedef struct VerifyOptions {
    const char *rule;   // only tasks of this rule, or NULL
    const char *root;   // only this root, or NULL
    const char *filter; // only rules whose name has this in it, or NULL
    uint32_t jobs;      // worker processes; 0: all in this one
    uint64_t budget;    // of a question, in the solver's steps; 0: the default
    uint32_t max_cases; // of a task; 0: the default
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
} VerifyRule;

typedef struct VerifyReport {
    VEC(VerifyTask) tasks;
    VerifyRule *rules; // by IsleRuleId
    uint32_t num_rules;
    uint32_t counts[CASE_VERDICT_COUNT];
    uint32_t rule_counts[RULE_VERDICT_COUNT];
} VerifyReport;

// A file of rules that the tool carries with it, and the files of the mid-end and each target.
typedef struct VerifyText {
    const char *path; // NULL: the end
    const unsigned char *data;
    size_t len;
} VerifyText;

extern const VerifyText verify_texts_opt[], verify_texts_x64[], verify_texts_aarch64[];

// Verifies a program that isle_check accepted. Everything lives in `arena`.
VerifyReport *verify_run(Isle *isle, const VerifyOptions *options, Arena *arena);

// The words for verdicts, and a sentence on each.
const char *verify_case_name(CaseVerdict verdict);
const char *verify_rule_name(RuleVerdict verdict);
const char *verify_rule_meaning(RuleVerdict verdict);

#endif
