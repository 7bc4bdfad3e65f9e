// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The interpreter as an Executor.

#include "emulate/interp/interp.h"

#include "emulate/interp/interp_internal.h"

#include <stdio.h>

static Interp *interp_of(Executor *ex)
{
    return (Interp *)ex; // its first member
}

// ---- Stops ----

Stop interp_stop(Interp *vm, Stop stop, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char text[512];
    const int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    const size_t len = n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
    vm->detail = str_copy(vm->result_arena, (Str){text, len});
    return stop;
}

// ---- Names ----

static uint32_t intern(Interp *vm, Str name)
{
    const uint32_t number = strtable_add(&vm->arena, &vm->names, name);
    if (number == vm->externs.len) {
        const Extern ext = {.name = vm->names.strings.data[number]};
        VEC_PUSH(&vm->arena, &vm->externs, ext);
    }
    return number;
}

uint32_t interp_name(Interp *vm, const ExtName *name)
{
    return intern(vm, executor_name(name, &vm->scratch));
}

static void do_import(Executor *ex, Str name, ImportFn fn, void *context)
{
    Interp *const vm = interp_of(ex);
    const uint32_t number = intern(vm, name);
    Extern *const ext = &vm->externs.data[number];
    ext->fn = fn;
    ext->context = context;
}

// ---- Modules ----

static Status do_load(Executor *ex, const Module *module, const Settings *settings, const Isa *isa,
                      Diag *diag)
{
    Interp *const vm = interp_of(ex);
    (void)isa; // the meaning is the same on every machine
    (void)diag;
    ASSERT(!vm->running);
    arena_reset(&vm->code);
    arena_reset(&vm->scratch);
    vm->module = module;
    vm->canonical_nan = settings_get(settings, SETTING_ENABLE_NAN_CANONICALIZATION) != 0;
    vm->funcs = ARENA_ARRAY(&vm->code, FuncCode, module->funcs.len);
    vm->func_of_name = (Map){0};
    for (uint32_t i = 0; i < module->funcs.len; i++) {
        vm->funcs[i].func = module->funcs.data[i];
        vm->funcs[i].index = i;
        const uint32_t name = interp_name(vm, &module->funcs.data[i]->name);
        if (map_get(&vm->func_of_name, name) == MAP_NONE)
            map_set(&vm->code, &vm->func_of_name, name, i);
    }
    return STATUS_OK;
}

static uint64_t do_func_address(Executor *ex, uint32_t func)
{
    ASSERT(func < interp_of(ex)->module->funcs.len);
    return interp_code_address(CALLEE_LOCAL, func, 64);
}

// ---- Memory ----

static Status do_map(Executor *ex, uint64_t address, uint64_t size)
{
    Interp *const vm = interp_of(ex);
    const uint64_t lowest_code = interp_code_address(CALLEE_LOCAL, 0, 64);
    if (address < UINT64_C(1) << 32 || address > lowest_code || size > lowest_code - address)
        return STATUS_LIMIT;
    if (size == 0 || size > MAX_REGION)
        return STATUS_LIMIT;
    for (uint32_t i = 1; i < vm->regions.len; i++) {
        const GuestRegion *const r = &vm->regions.data[i];
        if (address < r->address + r->size && r->address < address + size)
            return STATUS_LIMIT;
    }
    const GuestRegion region = {address, size, arena_zalloc(&vm->arena, size, 64)};
    VEC_PUSH(&vm->arena, &vm->regions, region);
    return STATUS_OK;
}

static void *do_memory(Executor *ex, uint64_t address, uint64_t size)
{
    return interp_find(interp_of(ex), address, size);
}

// ---- Calls ----

static uint64_t place_args(Interp *vm, const DataValue *args, uint32_t num_args, uint64_t at)
{
    for (uint32_t i = 0; i < num_args; i++) {
        interp_data_to_cells(&args[i], vm->cells + at);
        at += cells_of(args[i].type);
    }
    return at;
}

// Cells of the signature's values; false when one of them can't cross to the host.
static bool count_cells(const AbiParam *params, uint32_t n, uint64_t *cells)
{
    *cells = 0;
    for (uint32_t i = 0; i < n; i++) {
        const Type type = params[i].type;
        if (type_is_dynamic(type) || type_bytes(type) > sizeof(((DataValue *)NULL)->bytes))
            return false;
        *cells += cells_of(type);
    }
    return true;
}

// The results lie in the first cells, the outermost frame behind them.
static Stop run_call(Interp *vm, uint32_t func, const DataValue *args, uint32_t num_args,
                     const Code **where)
{
    const Signature *const sig = &vm->module->funcs.data[func]->sig;
    uint64_t arg_cells, result_cells;
    if (!count_cells(sig->params, num_args, &arg_cells) ||
        !count_cells(sig->returns, sig->num_returns, &result_cells))
        return interp_stop(vm, STOP_UNSUPPORTED,
                           "arguments and results from outside have at most 16 bytes");
    Stop stop = interp_reserve_cells(vm, result_cells + arg_cells);
    if (stop != STOP_NONE)
        return stop;
    place_args(vm, args, num_args, result_cells);
    stop = interp_enter(vm, &vm->funcs[func], result_cells, 0, 0);
    return stop == STOP_NONE ? interp_run(vm, where) : stop;
}

static void take_results(Interp *vm, const Signature *sig, Arena *arena, CallResult *result)
{
    uint64_t at = 0;
    result->outcome = OUTCOME_RETURNED;
    result->num_values = sig->num_returns;
    result->values = ARENA_ARRAY(arena, DataValue, sig->num_returns);
    for (uint32_t i = 0; i < sig->num_returns; i++) {
        result->values[i].type = sig->returns[i].type;
        interp_cells_to_data(vm->cells + at, &result->values[i]);
        at += cells_of(sig->returns[i].type);
    }
}

static void describe_stop(const Interp *vm, Stop stop, const Code *where, CallResult *result)
{
    result->outcome = stop == STOP_CRASHED       ? OUTCOME_CRASHED
                      : stop == STOP_UNSUPPORTED ? OUTCOME_UNSUPPORTED
                      : stop == STOP_OUT_OF_FUEL ? OUTCOME_OUT_OF_FUEL
                                                 : OUTCOME_TRAPPED;
    if (result->outcome == OUTCOME_TRAPPED)
        result->trap = (TrapCode)stop;
    result->detail = vm->detail;
    if (where && vm->frames.len != 0) {
        result->func = vm->frames.data[vm->frames.len - 1].fn->index;
        result->inst = (Inst){where->inst};
    }
}

static CallResult do_call(Executor *ex, uint32_t func, const DataValue *args, uint32_t num_args,
                          Arena *arena)
{
    Interp *const vm = interp_of(ex);
    ASSERT(!vm->running && vm->module && func < vm->module->funcs.len);
    const Signature *const sig = &vm->module->funcs.data[func]->sig;
    ASSERT(num_args == sig->num_params);
    for (uint32_t i = 0; i < num_args; i++)
        ASSERT(args[i].type == sig->params[i].type);
    vm->running = true;
    vm->result_arena = arena;
    vm->detail = (Str){0};
    vm->fuel = vm->config.fuel;
    vm->pinned = 0;
    vm->frames.len = 0;
    CallResult result = {.func = func, .inst = NO(Inst)};
    const Code *where = NULL;
    const Stop stop = run_call(vm, func, args, num_args, &where);
    if (stop == STOP_RETURNED)
        take_results(vm, sig, arena, &result);
    else
        describe_stop(vm, stop, where, &result);
    result.fuel_used = vm->config.fuel - vm->fuel;
    vm->frames.len = 0;
    interp_set_stack(vm, STACK_BASE + vm->config.stack_size);
    vm->running = false;
    return result;
}

// ---- Life ----

static void do_destroy(Executor *ex)
{
    Interp *const vm = interp_of(ex);
    arena_free(&vm->code);
    arena_free(&vm->frames_arena);
    arena_free(&vm->cells_arena);
    arena_free(&vm->scratch);
    Arena last = vm->arena; // holds *vm
    arena_free(&last);
}

static const ExecutorOps interp_executor_ops = {
    .destroy = do_destroy,
    .load = do_load,
    .import = do_import,
    .map = do_map,
    .memory = do_memory,
    .func_address = do_func_address,
    .call = do_call,
};

Executor *interp_create(const ExecutorConfig *config)
{
    Arena arena = {0};
    Interp *const vm = ARENA_NEW(&arena, Interp);
    vm->arena = arena; // moved: `arena` is not used any more
    vm->base.ops = &interp_executor_ops;
    vm->config = config ? *config : (ExecutorConfig){0};
    if (vm->config.fuel == 0)
        vm->config.fuel = EXECUTOR_DEFAULT_FUEL;
    if (vm->config.stack_size == 0)
        vm->config.stack_size = EXECUTOR_DEFAULT_STACK;
    ASSERT(vm->config.stack_size <= (UINT64_C(1) << 32) - STACK_BASE);
    vm->config.stack_size &= ~(uint64_t)(FRAME_BYTES - 1);
    vm->stack = arena_alloc(&vm->arena, vm->config.stack_size, 64);
    const GuestRegion stack = {0};
    VEC_PUSH(&vm->arena, &vm->regions, stack);
    interp_set_stack(vm, STACK_BASE + vm->config.stack_size);
    return &vm->base;
}
