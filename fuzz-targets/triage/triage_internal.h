// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of triage/.
#ifndef TRIAGE_INTERNAL_H
#define TRIAGE_INTERNAL_H

#include "fuzz-targets/triage/triage.h"

// Sets the signature to what the other fields say.
void triage_sign(TriageFinding *finding, Arena *arena);

#endif
