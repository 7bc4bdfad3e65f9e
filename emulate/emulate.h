// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// emulate: running code without trusting our emitter. One Executor interface (executor.h) over
// several engines: the interpreter of the IR (the reference meaning), emulators and the host CPU.
// This is the place that knows all engines and makes them, with the library calls that emulate/ can
// do itself bound already.
#ifndef EMULATE_EMULATE_H
#define EMULATE_EMULATE_H

#include "emulate/executor/executor.h"

// The engines, in the order of reports.
typedef enum Engine {
#define ENGINE(NAME, ...) ENGINE_##NAME,
#include "emulate/engines.def"
    ENGINE_COUNT
} Engine;

// The name in text, such as "unicorn-x64".
const char *engine_name(Engine engine);
// The engine called `name`, ENGINE_COUNT when there is none.
Engine engine_parse(Str name);

// A new executor, or NULL when this build or machine has no such engine (then *reason says why).
// NULL for `config` is the defaults. Bound are the libcalls Ceil, Floor, Trunc, Nearest and Fma of
// F32 and F64, Memcpy, Memmove, Memset, Memcmp and X86Pshufb.
Executor *executor_create(Engine engine, const ExecutorConfig *config, const char **reason);

// What an engine of machine code runs bytes on (emulate/machine/machine.h), without executor around
// it. NULL, with *reason, as above, and for the interpreter. Destroyed by its operations.
struct Cpu *engine_cpu(Engine engine, const char **reason);

// Why an engine of machine code can't run code for `isa`, or NULL.
const char *engine_refuses(Engine engine, const Isa *isa);

#endif
