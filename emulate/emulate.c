// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of engines.

#include "emulate/emulate.h"

#include "emulate/emulate_internal.h"
#include "emulate/interp/interp.h"

static const char *const engine_names[ENGINE_COUNT] = {
#define ENGINE(NAME, name, ...) [ENGINE_##NAME] = (name),
#include "emulate/engines.def"
};

const char *engine_name(Engine engine)
{
    ASSERT(engine < ENGINE_COUNT);
    return engine_names[engine];
}

Engine engine_parse(Str name)
{
    for (uint32_t i = 0; i < ENGINE_COUNT; i++)
        if (str_eq_c(name, engine_names[i]))
            return (Engine)i;
    return ENGINE_COUNT;
}

static Executor *create_bare(Engine engine, const ExecutorConfig *config, const char **reason)
{
    switch (engine) {
    case ENGINE_INTERP: return interp_create(config);
    case ENGINE_UNICORN_X64:
    case ENGINE_UNICORN_AARCH64:
    case ENGINE_NATIVE: *reason = "this build has no engine that runs machine code"; return NULL;
    case ENGINE_COUNT: break;
    }
    UNREACHABLE();
}

Executor *executor_create(Engine engine, const ExecutorConfig *config, const char **reason)
{
    Executor *const ex = create_bare(engine, config, reason);
    if (ex)
        emulate_bind_libcalls(ex);
    return ex;
}
