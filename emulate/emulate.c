// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of engines.

#include "emulate/emulate.h"

#include "emulate/emulate_internal.h"
#include "emulate/interp/interp.h"
#include "emulate/machine/machine.h"
#include "emulate/native/native.h"
#ifdef ASSAY_UNICORN
#    include "emulate/unicorn/unicorn.h"
#endif

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

static Executor *create_unicorn(Arch arch, const ExecutorConfig *config, const char **reason)
{
#ifdef ASSAY_UNICORN
    return unicorn_create(arch, config, reason);
#else
    (void)arch, (void)config;
    *reason = "this build is without Unicorn";
    return NULL;
#endif
}

static Executor *create_bare(Engine engine, const ExecutorConfig *config, const char **reason)
{
    switch (engine) {
    case ENGINE_INTERP: return interp_create(config);
    case ENGINE_UNICORN_X64: return create_unicorn(ARCH_X86_64, config, reason);
    case ENGINE_UNICORN_AARCH64: return create_unicorn(ARCH_AARCH64, config, reason);
    case ENGINE_NATIVE: return native_create(config, reason);
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

static Cpu *unicorn_cpu_of(Arch arch, const char **reason)
{
#ifdef ASSAY_UNICORN
    (void)reason;
    return unicorn_cpu(arch);
#else
    (void)arch;
    *reason = "this build is without Unicorn";
    return NULL;
#endif
}

Cpu *engine_cpu(Engine engine, const char **reason)
{
    switch (engine) {
    case ENGINE_INTERP: *reason = "the interpreter runs no machine code"; return NULL;
    case ENGINE_UNICORN_X64: return unicorn_cpu_of(ARCH_X86_64, reason);
    case ENGINE_UNICORN_AARCH64: return unicorn_cpu_of(ARCH_AARCH64, reason);
    case ENGINE_NATIVE: return native_cpu(reason);
    case ENGINE_COUNT: break;
    }
    UNREACHABLE();
}

const char *engine_refuses(Engine engine, const Isa *isa)
{
    if (engine == ENGINE_NATIVE)
        return native_refuse(isa);
#ifdef ASSAY_UNICORN
    return unicorn_refuse(isa);
#else
    return "this build is without Unicorn";
#endif
}
