// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the emission functions with block calls or lists share with those without.
#ifndef BUILDER_BUILDER_EMIT_H
#define BUILDER_BUILDER_EMIT_H

#include "builder/builder_internal.h"

// Checks operands, finds the controlling type, appends the instruction with its results.
Inst builder_emit(Builder *b, InstData data);
// Notes where `given` differs from the `n` types wanted.
void builder_check_list(Builder *b, const char *what, const AbiParam *wanted, uint32_t n,
                        ValueList given);

#endif
