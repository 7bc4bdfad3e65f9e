// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dispatch to the engine's functions.

#include "emulate/executor/executor.h"

void executor_destroy(Executor *ex)
{
    if (ex)
        ex->ops->destroy(ex);
}

Status executor_load(Executor *ex, const Module *module, const Settings *settings, const Isa *isa,
                     Diag *diag)
{
    return ex->ops->load(ex, module, settings, isa, diag);
}

void executor_import(Executor *ex, Str name, ImportFn fn, void *context)
{
    ASSERT(fn);
    ex->ops->import(ex, name, fn, context);
}

Status executor_map(Executor *ex, uint64_t address, uint64_t size)
{
    return ex->ops->map(ex, address, size);
}

void *executor_memory(Executor *ex, uint64_t address, uint64_t size)
{
    return ex->ops->memory(ex, address, size);
}

uint64_t executor_func_address(Executor *ex, uint32_t func)
{
    return ex->ops->func_address(ex, func);
}

CallResult executor_call(Executor *ex, uint32_t func, const DataValue *args, uint32_t num_args,
                         Arena *arena)
{
    return ex->ops->call(ex, func, args, num_args, arena);
}

Str executor_name(const ExtName *name, Arena *arena)
{
    if (name->kind == NAME_TESTCASE)
        return name->text;
    StrBuf text = {.arena = arena};
    extname_print(name, &text);
    const Str printed = buf_view(&text);
    return printed.data[0] == '%' ? (Str){printed.data + 1, printed.len - 1} : printed;
}
