// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One call from outside: registers and stack before, what must hold after.
//
// The stack of a call, from high to low:
//
//   canary   CANARY_BYTES
//   results  beyond registers
//   canary   CANARY_BYTES
//   stack arguments, which belong to the callee
//   return address (x86-64)

#include "emulate/machine/machine_internal.h"

#define CANARY_BYTES  (8u * CANARY_WORDS)

// Flags at entry: all conditions set, direction up.
#define X64_FLAGS     UINT64_C(0xad7)
#define X64_DIRECTION UINT64_C(0x400)
#define A64_FLAGS     UINT64_C(0xf0000000)

void machine_end(MachineCall *call, Outcome outcome, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    StrBuf text = {.arena = call->arena};
    buf_vprintf(&text, format, args);
    va_end(args);
    call->result->outcome = outcome;
    call->result->detail = buf_view(&text);
}

// ---- Before ----

// Guest addresses of the parts of the call's stack.
typedef struct CallStack {
    uint64_t top, upper, results, lower, args, sp;
} CallStack;

static CallStack lay_out_stack(const Machine *m, const Layout *layout)
{
    CallStack s = {.top = MACHINE_STACK + m->config.stack_size};
    s.upper = s.top - CANARY_BYTES;
    s.results = s.upper - layout->rets_bytes;
    s.lower = s.results - CANARY_BYTES;
    s.args = s.lower - layout->args_bytes;
    s.sp = layout->convention->link == 255 ? s.args - 8 : s.args;
    return s;
}

static uint8_t *stack_host(const Machine *m, uint64_t address)
{
    return m->stack + (address - MACHINE_STACK);
}

static void set_up(MachineCall *call, const Layout *layout, const CallStack *stack,
                   const DataValue *args)
{
    Machine *const m = call->m;
    GuestRegs *const regs = &call->regs;
    const uint64_t exit_at = MACHINE_EXIT;
    *regs = m->dirt;
    regs->flags = m->arch == ARCH_X86_64 ? X64_FLAGS : A64_FLAGS;
    memcpy(stack_host(m, stack->upper), m->upper_canary, CANARY_BYTES);
    memcpy(stack_host(m, stack->lower), m->lower_canary, CANARY_BYTES);
    memset(stack_host(m, stack->results), 0xcc, layout->rets_bytes);
    for (uint32_t i = 0; i < layout->num_args; i++)
        marshal_put(&layout->args[i], &args[layout->args[i].value], regs,
                    stack_host(m, stack->args));
    if (layout->rets_bytes != 0) {
        const DataValue area = data_from_u64(TYPE_I64, stack->results);
        marshal_put(&layout->area, &area, regs, stack_host(m, stack->args));
    }
    regs->ints[layout->convention->sp] = stack->sp;
    if (layout->convention->link == 255)
        memcpy(stack_host(m, stack->sp), &exit_at, 8);
    else
        regs->ints[layout->convention->link] = exit_at;
}

// ---- After ----

static void name_register(const Machine *m, uint32_t reg, StrBuf *out)
{
    static const char *const x64[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                        "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    if (m->arch == ARCH_X86_64)
        buf_puts(out, x64[reg]);
    else
        buf_printf(out, "x%u", reg);
}

// What the call has broken, empty if nothing.
static Str find_damage(const MachineCall *call, const Layout *layout, const CallStack *stack)
{
    const Machine *const m = call->m;
    const Convention *const c = layout->convention;
    StrBuf text = {.arena = call->arena};
    for (uint32_t i = 0; i < c->num_ints; i++) {
        if ((c->saved_ints >> i & 1) == 0 || call->regs.ints[i] == call->before.ints[i])
            continue;
        buf_puts(&text, "callee-saved register ");
        name_register(m, i, &text);
        buf_puts(&text, " is not what it was");
        return buf_view(&text);
    }
    for (uint32_t i = 0; i < c->num_floats; i++) {
        if ((c->saved_floats >> i & 1) == 0 ||
            memcmp(call->regs.floats[i], call->before.floats[i], c->saved_float_bytes) == 0)
            continue;
        buf_printf(&text, "callee-saved register %s%u is not what it was",
                   m->arch == ARCH_X86_64      ? "xmm"
                   : c->saved_float_bytes == 8 ? "d"
                                               : "v",
                   i);
        return buf_view(&text);
    }
    const uint64_t sp = call->regs.ints[c->sp];
    const uint64_t sp_due = stack->args + (c->pops ? layout->args_bytes : 0);
    if (sp != sp_due)
        buf_printf(&text, "the stack pointer is off by %lld after the return",
                   (long long)(sp - sp_due));
    else if (m->arch == ARCH_X86_64 && (call->regs.flags & X64_DIRECTION) != 0)
        buf_puts(&text, "the direction flag is set after the return");
    else if (memcmp(stack_host(m, stack->upper), m->upper_canary, CANARY_BYTES) != 0 ||
             memcmp(stack_host(m, stack->lower), m->lower_canary, CANARY_BYTES) != 0)
        buf_puts(&text, "the caller's stack around arguments and results was written to");
    return buf_view(&text);
}

static void take_results(MachineCall *call, const Layout *layout, const CallStack *stack,
                         const DataValue *args)
{
    const Signature *const sig = &call->m->module->funcs.data[call->result->func]->sig;
    CallResult *const result = call->result;
    const Str damage = find_damage(call, layout, stack);
    if (damage.len != 0) {
        machine_end(call, OUTCOME_CRASHED, "%.*s", STR_ARG(damage));
        return;
    }
    if (layout->sret != NO_INDEX &&
        call->regs.ints[layout->convention->sret_back] != data_to_u64(&args[layout->sret])) {
        machine_end(call, OUTCOME_CRASHED, "the address for the result (sret) is not returned");
        return;
    }
    result->num_values = sig->num_returns;
    result->values = ARENA_ARRAY(call->arena, DataValue, sig->num_returns);
    for (uint32_t i = 0; i < sig->num_returns; i++)
        result->values[i].type = sig->returns[i].type;
    for (uint32_t i = 0; i < layout->num_rets; i++) {
        const Place *const place = &layout->rets[i];
        if (marshal_get(place, &call->regs, stack_host(call->m, stack->results),
                        &result->values[place->value]))
            continue;
        machine_end(call, OUTCOME_CRASHED, "result %u is not extended as its signature says",
                    place->value);
        return;
    }
    result->outcome = OUTCOME_RETURNED;
}

// ---- Stops ----

// A fault somewhere in [pc, end): what all trap sites there agree on.
static const JitSite *guess_trap(MachineCall *call, const CpuStop *stop)
{
    uint32_t count;
    const JitSite *const sites =
        jit_find_traps(&call->m->image, call->regs.pc, stop->inexact_end, &count);
    for (uint32_t i = 1; i < count; i++)
        if (sites[i].code != sites[0].code)
            return NULL;
    return count != 0 ? sites : NULL;
}

static void describe_fault(MachineCall *call, const CpuStop *stop)
{
    const uint64_t pc = call->regs.pc;
    Inst inst;
    const uint32_t func = jit_find_func(&call->m->image, pc, &inst);
    StrBuf text = {.arena = call->arena};
    buf_puts(&text, stop->what);
    if (stop->has_address)
        buf_printf(&text, " at 0x%llx", (unsigned long long)stop->address);
    buf_printf(&text, ", pc 0x%llx", (unsigned long long)pc);
    if (func != NO_INDEX)
        buf_printf(&text, " (code offset 0x%llx)",
                   (unsigned long long)(pc - call->m->image.addresses[func]));
    call->result->func = func;
    call->result->inst = inst;
    machine_end(call, OUTCOME_CRASHED, "%.*s", STR_ARG(buf_view(&text)));
}

// Nothing is mapped below the stack: an access there by instructions that can't trap by themselves
// (calls, spills) is an overflow; so is any from a frame that has grown into it, whatever trap code
// the access itself has.
static bool is_stack_overflow(const MachineCall *call, const CpuStop *stop, bool has_trap_site)
{
    const uint64_t sp = call->regs.ints[call->m->convention->sp];
    return stop->has_address && stop->address < MACHINE_STACK &&
           stop->address >= MACHINE_CODE + MACHINE_CODE_MAX &&
           (!has_trap_site || sp < MACHINE_STACK);
}

static void judge_fault(MachineCall *call, const CpuStop *stop)
{
    CallResult *const result = call->result;
    const JitSite *const site = stop->inexact_end != 0
                                    ? guess_trap(call, stop)
                                    : jit_find_trap(&call->m->image, call->regs.pc);
    const bool overflow = is_stack_overflow(call, stop, site != NULL);
    if (site && !overflow) {
        result->outcome = OUTCOME_TRAPPED;
        result->trap = site->code;
        result->func = site->func;
        result->inst = site->inst;
        return;
    }
    describe_fault(call, stop);
    if (overflow) {
        result->outcome = OUTCOME_TRAPPED;
        result->trap = TRAP_STK_OVF;
    }
}

static bool is_import(uint64_t pc)
{
    return pc >= MACHINE_IMPORTS && pc < MACHINE_IMPORTS_END;
}

// Runs until the outermost function has returned (true) or the call has ended otherwise.
static bool run(MachineCall *call)
{
    Machine *const m = call->m;
    uint64_t fuel = m->config.fuel;
    for (;;) {
        const CpuStop stop = m->cpu->ops->run(m->cpu, &call->regs, fuel);
        call->result->fuel_used += stop.counted ? stop.fuel_used : 0;
        fuel = stop.fuel_used < fuel ? fuel - stop.fuel_used : 0;
        switch (stop.kind) {
        case CPU_STOPPED: break;
        case CPU_OUT_OF_FUEL:
            call->result->func = jit_find_func(&m->image, call->regs.pc, &call->result->inst);
            call->result->fuel_used = m->config.fuel;
            machine_end(call, OUTCOME_OUT_OF_FUEL, "%s", "");
            return false;
        case CPU_BROKEN: machine_end(call, OUTCOME_CRASHED, "%s", stop.what); return false;
        }
        if (call->regs.pc == MACHINE_EXIT)
            return true;
        if (!is_import(call->regs.pc)) {
            judge_fault(call, &stop);
            return false;
        }
        if (!machine_import(call))
            return false;
    }
}

// An instruction that optimisation added is no place in the module.
static void drop_foreign_place(const Machine *m, CallResult *result)
{
    const Func *const f =
        result->func < m->module->funcs.len ? m->module->funcs.data[result->func] : NULL;
    const Func *const compiled = f ? m->funcs[result->func].func : NULL;
    if (compiled && compiled != f && result->inst.i >= f->insts.len)
        result->inst = NO(Inst);
}

static const MachineEntry *find_entry(Machine *m, uint32_t func)
{
    MachineEntry *const e = &m->entries[func];
    if (e->known)
        return e;
    e->known = true;
    e->refusal = marshal_layout(m->arch, &m->module->funcs.data[func]->sig, &m->code, &e->layout);
    const Layout *const l = &e->layout;
    if (!e->refusal && l->args_bytes + (uint64_t)l->rets_bytes > m->config.stack_size / 2)
        e->refusal = "arguments and results of this size";
    return e;
}

CallResult machine_call(Executor *ex, uint32_t func, const DataValue *args, uint32_t num_args,
                        Arena *arena)
{
    Machine *const m = machine_of(ex);
    CallResult result = {.func = func, .inst = NO(Inst)};
    MachineCall call = {.m = m, .arena = arena, .result = &result};
    ASSERT(m->module && func < m->module->funcs.len);
    const Signature *const sig = &m->module->funcs.data[func]->sig;
    ASSERT(num_args == sig->num_params);
    for (uint32_t i = 0; i < num_args; i++)
        ASSERT(args[i].type == sig->params[i].type);
    if (!m->funcs[func].code) {
        machine_end(&call, OUTCOME_UNSUPPORTED, "%.*s", STR_ARG(m->failures[func]));
        return result;
    }
    const MachineEntry *const entry = find_entry(m, func);
    if (entry->refusal) {
        machine_end(&call, OUTCOME_UNSUPPORTED, "calls can't pass %s", entry->refusal);
        return result;
    }
    const CallStack stack = lay_out_stack(m, &entry->layout);
    set_up(&call, &entry->layout, &stack, args);
    call.before = call.regs; // some conventions preserve arguments, too
    call.regs.pc = m->image.addresses[func];
    if (run(&call))
        take_results(&call, &entry->layout, &stack, args);
    drop_foreign_place(m, &result);
    return result;
}
