// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// native: the engine that runs x86-64 code on the host's own CPU, in a child process of its own.
//
// The child lives as long as the executor and is started anew when it dies. Code and data are
// mapped in it at their guest addresses, and shared with this process. Guest code is entered by
// returning from a signal handler, and left by the signal that an unmapped address or a trap
// raises, so that every register is seen before and after without any assembly.
//
// Fuel is CPU time: one instruction a nanosecond.
#ifndef EMULATE_NATIVE_H
#define EMULATE_NATIVE_H

#include "emulate/executor/executor.h"

// A new executor. NULL, with *reason, on other hosts than Linux on x86-64, or when the system has
// no resources for it.
Executor *native_create(const ExecutorConfig *config, const char **reason);

// The same without the conventions of calls: bytes and registers. Destroyed by its operations.
struct Cpu *native_cpu(const char **reason);

// Why this CPU can't run code for `isa`, or NULL.
const char *native_refuse(const Isa *isa);

#endif
