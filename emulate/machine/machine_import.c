// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls out of the image. The call site, found by its return address, says which declaration the
// caller goes by. What a callee may change is made garbage, so that nothing can rely on it.

#include "emulate/machine/machine_internal.h"

// An import's call in progress.
typedef struct Import {
    uint32_t slot; // in Machine.externs, which may move
    const JitSite *site;
    const Signature *sig;
    Layout layout;
    uint8_t *args_area, *rets_area; // host
    uint64_t return_to;
} Import;

static const MachineExtern *extern_of(const MachineCall *call, const Import *import)
{
    return &call->m->externs.data[import->slot];
}

// Address that the call returns to, 0 when the stack pointer is astray.
static uint64_t return_address(MachineCall *call)
{
    const Convention *const c = call->m->convention;
    if (c->link != 255)
        return call->regs.ints[c->link];
    uint64_t address = 0;
    const uint8_t *const at = machine_find(call->m, call->regs.ints[c->sp], 8);
    if (at)
        memcpy(&address, at, 8);
    return address;
}

static bool find_areas(MachineCall *call, Import *import)
{
    const Convention *const c = call->m->convention;
    const uint64_t sp = call->regs.ints[c->sp] + (c->link == 255 ? 8 : 0);
    if (sp % 16 != 0) {
        machine_end(call, OUTCOME_CRASHED, "the stack is not aligned at a call");
        return false;
    }
    import->args_area = machine_find(call->m, sp, import->layout.args_bytes);
    if (import->layout.args_bytes != 0 && !import->args_area) {
        machine_end(call, OUTCOME_CRASHED, "the stack arguments of a call are not on the stack");
        return false;
    }
    if (import->layout.rets_bytes == 0)
        return true;
    DataValue area = {.type = TYPE_I64};
    marshal_get(&import->layout.area, &call->regs, import->args_area, &area);
    import->rets_area = machine_find(call->m, data_to_u64(&area), import->layout.rets_bytes);
    if (!import->rets_area)
        machine_end(call, OUTCOME_CRASHED, "the results of a call have no memory");
    return import->rets_area != NULL;
}

static const Signature *library_signature(MachineCall *call, const Import *import)
{
    Signature *const own = ARENA_NEW(call->arena, Signature);
    const Libcall libcall = libcall_parse(extern_of(call, import)->name);
    return libcall != LIBCALL_COUNT && libcall_signature(libcall, call->arena, own) ? own : NULL;
}

// What the declarations of the import's name in the module say; NULL if they differ. Without any,
// lowering calls a library function.
static const Signature *declared_signature(MachineCall *call, const Import *import)
{
    Machine *const m = call->m;
    const Signature *found = NULL;
    for (uint32_t i = 0; i < m->module->funcs.len; i++) {
        const Func *const f = m->module->funcs.data[i];
        for (uint32_t k = 0; k < f->funcs.len; k++) {
            const ExtFuncData *const data = &f->funcs.data[k];
            if (!data->declared || machine_name_of(m, &data->name) != import->slot)
                continue;
            const Signature *const sig = &f->sigs.data[data->sig.i].sig;
            if (found && !signature_eq(found, sig))
                return NULL;
            found = sig;
        }
    }
    return found ? found : library_signature(call, import);
}

// As the caller's declaration says. An instruction that is no call by itself was lowered to one of
// a library function. When the call before the return address is not one of the import's name, it
// called a function that has gone there by a tail call, or called an address: then all that declare
// the name must agree.
static const Signature *called_signature(MachineCall *call, const Import *import)
{
    Machine *const m = call->m;
    const JitSite *const site = import->site;
    if (!site)
        return declared_signature(call, import);
    // An optimised function has instructions of its own.
    const Func *const compiled = m->funcs[site->func].func;
    const Func *const caller = compiled ? compiled : m->module->funcs.data[site->func];
    const Signature *const declared = inst_signature(caller, site->inst);
    if (!declared)
        return library_signature(call, import);
    if (inst_format(caller, site->inst) == FMT_CALL) {
        const ExtFuncData *const data = &caller->funcs.data[func_inst(caller, site->inst)->w[0]];
        if (machine_name_of(m, &data->name) == import->slot)
            return declared;
    }
    return declared_signature(call, import);
}

// Whether the import can be called at all.
static bool is_callable(MachineCall *call, const Import *import)
{
    const Machine *const m = call->m;
    const MachineExtern *const ext = extern_of(call, import);
    if (ext->func != NO_INDEX)
        machine_end(call, OUTCOME_UNSUPPORTED, "%%%.*s: %.*s", STR_ARG(ext->name),
                    STR_ARG(m->failures[ext->func]));
    else if (!ext->fn)
        machine_end(call, OUTCOME_UNSUPPORTED, "call of %%%.*s, which is not bound",
                    STR_ARG(ext->name));
    return ext->func == NO_INDEX && ext->fn;
}

// Finds out who calls what. False when the call has ended.
static bool prepare(MachineCall *call, Import *import)
{
    Machine *const m = call->m;
    const uint64_t slot = call->regs.pc - MACHINE_IMPORTS;
    if (slot % 16 != 0 || slot / 16 >= m->externs.len) {
        machine_end(call, OUTCOME_CRASHED, "a jump to 0x%llx, where nothing is",
                    (unsigned long long)call->regs.pc);
        return false;
    }
    import->slot = (uint32_t)(slot / 16);
    import->return_to = return_address(call);
    import->site = jit_find_call(&m->image, import->return_to);
    if (!import->site && import->return_to != MACHINE_EXIT) {
        machine_end(call, OUTCOME_CRASHED, "%%%.*s is reached by something that is no known call",
                    STR_ARG(extern_of(call, import)->name));
        return false;
    }
    if (import->site) {
        call->result->func = import->site->func;
        call->result->inst = import->site->inst;
    }
    if (!is_callable(call, import))
        return false;
    import->sig = called_signature(call, import);
    const char *const why = import->sig
                                ? marshal_layout(m->arch, import->sig, call->arena, &import->layout)
                                : "arguments of a function that is declared in several ways";
    if (why)
        machine_end(call, OUTCOME_UNSUPPORTED, "calls can't pass %s", why);
    return !why && find_areas(call, import);
}

static void clobber(MachineCall *call, const Convention *c)
{
    GuestRegs *const regs = &call->regs;
    for (uint32_t i = 0; i < c->num_ints; i++)
        if (i != c->sp && (c->saved_ints >> i & 1) == 0)
            regs->ints[i] = marshal_garbage(3000 + i);
    for (uint32_t i = 0; i < c->num_floats; i++) {
        const uint64_t words[2] = {marshal_garbage(4000 + i), marshal_garbage(5000 + i)};
        const uint32_t from = c->saved_floats >> i & 1 ? c->saved_float_bytes : 0;
        memcpy(regs->floats[i] + from, words, 16 - from);
    }
}

static bool do_call(MachineCall *call, Import *import)
{
    const Signature *const sig = import->sig;
    DataValue *const args = ARENA_ARRAY(call->arena, DataValue, sig->num_params);
    DataValue *const results = ARENA_ARRAY(call->arena, DataValue, sig->num_returns);
    for (uint32_t i = 0; i < sig->num_params; i++)
        args[i].type = sig->params[i].type;
    for (uint32_t i = 0; i < sig->num_returns; i++)
        results[i].type = sig->returns[i].type;
    for (uint32_t i = 0; i < import->layout.num_args; i++) {
        const Place *const place = &import->layout.args[i];
        if (marshal_get(place, &call->regs, import->args_area, &args[place->value]))
            continue;
        machine_end(call, OUTCOME_CRASHED, "argument %u of %%%.*s is not extended", place->value,
                    STR_ARG(extern_of(call, import)->name));
        return false;
    }
    ImportCall data = {args, results, sig->num_params, sig->num_returns, NULL};
    const TrapCode trap =
        extern_of(call, import)->fn(extern_of(call, import)->context, &call->m->base, &data);
    if (data.refusal) {
        machine_end(call, OUTCOME_UNSUPPORTED, "%%%.*s: %s", STR_ARG(extern_of(call, import)->name),
                    data.refusal);
        return false;
    }
    if (trap != TRAP_NONE) {
        call->result->outcome = OUTCOME_TRAPPED;
        call->result->trap = trap;
        return false;
    }
    const Convention *const c = import->layout.convention;
    clobber(call, c);
    for (uint32_t i = 0; i < import->layout.num_rets; i++)
        marshal_put(&import->layout.rets[i], &results[import->layout.rets[i].value], &call->regs,
                    import->rets_area);
    if (import->layout.sret != NO_INDEX)
        call->regs.ints[c->sret_back] = data_to_u64(&args[import->layout.sret]);
    call->regs.pc = import->return_to;
    call->regs.ints[c->sp] += (c->link == 255 ? 8 : 0) + (c->pops ? import->layout.args_bytes : 0);
    return true;
}

bool machine_import(MachineCall *call)
{
    Machine *const m = call->m;
    const uint32_t func = call->result->func;
    Import import = {0};
    m->live_stack = call->regs.ints[m->convention->sp];
    const bool goes_on = prepare(call, &import) && do_call(call, &import);
    m->live_stack = 0;
    if (!goes_on)
        return false;
    call->result->func = func;
    call->result->inst = NO(Inst);
    return true;
}
