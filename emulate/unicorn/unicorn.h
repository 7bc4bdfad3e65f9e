// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// unicorn: engines for x86-64 and AArch64 code under Unicorn 2, and the only place that includes
// its header. Unicorn is under the GPL, version 2: a build with ASSAY_UNICORN off leaves it out.
//
// What Unicorn can't do or does wrong is known by table, and code for such features is refused.
// Alignment of vector accesses and of the AArch64 stack pointer is not enforced by it.
//
// Fuel is counted by basic blocks: their instructions on AArch64, a quarter of their bytes on
// x86-64.
#ifndef EMULATE_UNICORN_H
#define EMULATE_UNICORN_H

#include "emulate/executor/executor.h"

// A new executor for `arch` (ARCH_X86_64 or ARCH_AARCH64). NULL, with *reason, when Unicorn can't
// be set up.
Executor *unicorn_create(Arch arch, const ExecutorConfig *config, const char **reason);

// The same without the conventions of calls: bytes and registers. Destroyed by its operations.
struct Cpu *unicorn_cpu(Arch arch);

// Why Unicorn can't run code for `isa`, or NULL.
const char *unicorn_refuse(const Isa *isa);

#endif
