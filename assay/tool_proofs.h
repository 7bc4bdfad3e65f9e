// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tool_proofs: what `assay verify` prints of a report.
#ifndef ASSAY_TOOL_PROOFS_H
#define ASSAY_TOOL_PROOFS_H

#include "assay/tool.h"

#ifdef ASSAY_VERIFY

#    include "verify/verify.h"

// Of all programs.
typedef struct ProofTotals {
    uint32_t rules, rule_counts[RULE_VERDICT_COUNT], cases[CASE_VERDICT_COUNT];
    uint32_t resting;                // of the rules proved: on terms that are not
    uint32_t confirmed, unconfirmed; // questions, by a second solver
} ProofTotals;

typedef struct Proofs {
    const ToolArgs *args;
    const char *program; // "x64", "aarch64" or ""
    Isle *isle;
    const VerifyReport *report;
    ProofTotals *totals; // grow by what is printed
} Proofs;

// Prints the rules of one program, in their order: those that are not proved, or that
// rest on what is not, or all; with --json an object each; with --explain all cases of one rule.
void tool_proofs_print(const Proofs *p);
// Whether options choose a part of the rules.
bool tool_proofs_part(const ToolArgs *args);
// The last lines, for people; the last line, as JSON.
void tool_proofs_print_totals(const ProofTotals *t);
void tool_proofs_print_summary(const ProofTotals *t);

#endif

#endif
