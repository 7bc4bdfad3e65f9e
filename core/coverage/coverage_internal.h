// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of coverage/.
#ifndef COVERAGE_INTERNAL_H
#define COVERAGE_INTERNAL_H

#include "assay/builder.h"
#include "coverage/coverage.h"

// How many small operands (conditions, atomic operators, lane numbers) the opcode is tried with.
uint32_t coverage_num_small(Opcode op, Type ctrl);

// Builds a function of the one instruction into `module`. STATUS_INVALID when there is none.
Status coverage_build(Module *module, const CoverageVariant *variant, Func **out, Diag *diag);

// "(i8, i16) slt".
void coverage_print_variant(const CoverageVariant *variant, StrBuf *out);

#endif
