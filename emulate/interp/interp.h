// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// interp: the engine that runs the IR itself, and so says what the IR means.
//
// Everything but stack switching, exceptions and dynamic vectors; those end as OUTCOME_UNSUPPORTED
// when they are reached. Written from the description of the opcodes, sharing no code with the
// stages of the compiler. Deterministic: no result depends on the host, its addresses or its
// floating-point unit's choice of NaN.
//
// What the IR leaves to the machine: memory is little-endian unless an access says otherwise. Stack
// slots lie back to back in slot order, at their alignment if they have one, zeroed when the
// function is entered. The stack grows down from the same address in each call. An access outside
// of mapped memory and the live stack traps with its code; one that says `notrap` has no meaning
// and ends as OUTCOME_CRASHED, as does a call whose signature is not the callee's. A NaN made by
// arithmetic is the positive quiet NaN without payload; a NaN operand passes through, made quiet,
// the first one first.
//
// Fuel is one unit an instruction, block terminators included.
#ifndef EMULATE_INTERP_H
#define EMULATE_INTERP_H

#include "emulate/executor/executor.h"

// A new interpreter. NULL for `config` is the defaults. Destroyed by executor_destroy.
Executor *interp_create(const ExecutorConfig *config);

#endif
