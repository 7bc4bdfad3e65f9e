// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls: frames on an explicit stack, addresses of code, imports.
//
// A frame takes cells behind its caller's, and guest stack below its caller's:
//
//     caller's slots    higher addresses
//     return address    fp + 8
//     caller's fp       fp
//     (alignment)
//     slots             sp

#include "emulate/interp/interp_internal.h"

// ---- Addresses of code ----

// Bits from the top of an address: 0, then 1 for code, then what kind of code.
enum { TAG_CODE = 1, TAG_EXTERN = 2, TAG_RETURN = 3 };

uint64_t interp_code_address(CalleeKind kind, uint32_t index, uint32_t bits)
{
    ASSERT(kind != CALLEE_ADDRESS);
    const uint64_t code = UINT64_C(1) << (bits - 1 - TAG_CODE);
    const uint64_t external = UINT64_C(1) << (bits - 1 - TAG_EXTERN);
    return code | (kind == CALLEE_EXTERN ? external : 0) | index;
}

// An address that is no function's.
static uint64_t return_address(const Frame *caller)
{
    const uint64_t pc = (uint64_t)(caller->pc - caller->fn->code);
    return UINT64_C(1) << (63 - TAG_CODE) | UINT64_C(1) << (63 - TAG_RETURN) |
           (uint64_t)caller->fn->index << 32 | pc;
}

// What the address in a cell calls; false when it is no function's.
static bool decode_address(const Interp *vm, uint64_t address, uint32_t bits, CallInfo *site)
{
    const uint64_t code = interp_code_address(CALLEE_LOCAL, 0, bits);
    const uint64_t external = interp_code_address(CALLEE_EXTERN, 0, bits);
    const bool is_extern = (address & external) == external;
    const uint64_t index = address - (is_extern ? external : code);
    if ((address & code) == 0 || index >= (is_extern ? vm->externs.len : vm->module->funcs.len))
        return false;
    site->kind = is_extern ? CALLEE_EXTERN : CALLEE_LOCAL;
    site->callee = (uint32_t)index;
    return true;
}

// ---- Frames ----

Stop interp_reserve_cells(Interp *vm, uint64_t needed)
{
    if (LIKELY(needed <= vm->num_cells))
        return STOP_NONE;
    if (needed > MAX_CELLS)
        return interp_stop(vm, TRAP_STK_OVF, "frames of more than %llu values",
                           (unsigned long long)MAX_CELLS);
    uint64_t size = vm->num_cells * 2 > 1024 ? vm->num_cells * 2 : 1024;
    while (size < needed)
        size *= 2;
    vm->cells = arena_grow(&vm->cells_arena, vm->cells, 8 * vm->num_cells, 8 * size, 8);
    memset(vm->cells + vm->num_cells, 0, 8 * (size - vm->num_cells));
    vm->num_cells = size;
    return STOP_NONE;
}

// Puts the frame's slots below the guest address `top`.
static Stop place_frame(Interp *vm, Frame *frame, uint64_t top, uint64_t link, uint64_t ret)
{
    const FuncCode *const fn = frame->fn;
    const uint64_t need = FRAME_BYTES + fn->slot_bytes + fn->slot_align;
    if (UNLIKELY(top - STACK_BASE < need))
        return interp_stop(vm, TRAP_STK_OVF, "no guest stack for another frame");
    frame->fp = top - FRAME_BYTES;
    frame->sp = (frame->fp - fn->slot_bytes) / fn->slot_align * fn->slot_align;
    interp_set_stack(vm, frame->sp);
    uint8_t *const bytes = vm->stack + (frame->sp - STACK_BASE);
    memset(bytes, 0, frame->fp - frame->sp);
    memcpy(bytes + (frame->fp - frame->sp), &link, 8);
    memcpy(bytes + (frame->fp - frame->sp) + 8, &ret, 8);
    return STOP_NONE;
}

// Makes sure that fn can be entered.
static Stop prepare(Interp *vm, FuncCode *fn)
{
    if (UNLIKELY(!fn->decoded))
        interp_decode(vm, fn);
    return fn->broken == STOP_NONE ? STOP_NONE : interp_stop(vm, fn->broken, "%s", fn->because);
}

Stop interp_enter(Interp *vm, FuncCode *fn, uint64_t cells, uint64_t result, uint64_t copied)
{
    Stop stop = prepare(vm, fn);
    if (stop == STOP_NONE)
        stop = interp_reserve_cells(vm, cells + fn->num_cells);
    if (stop != STOP_NONE)
        return stop;
    Frame frame = {.fn = fn, .pc = fn->code, .cells = cells, .result = result};
    uint64_t top = STACK_BASE + vm->config.stack_size, link = 0, ret = 0;
    if (vm->frames.len != 0) {
        const Frame *const caller = &vm->frames.data[vm->frames.len - 1];
        top = caller->sp;
        link = caller->fp;
        ret = return_address(caller);
    }
    frame.caller_sp = top;
    stop = place_frame(vm, &frame, top - copied, link, ret);
    if (stop != STOP_NONE)
        return stop;
    VEC_PUSH(&vm->frames_arena, &vm->frames, frame);
    return interp_check_limit(vm);
}

// Moves the arguments of a call of the newest frame to the cells from `to` on.
static void move_args(Interp *vm, const Frame *caller, const CallInfo *site, uint64_t to)
{
    const Move *const moves = caller->fn->moves + site->moves;
    for (uint32_t i = 0; i < site->num_moves; i++)
        memcpy(vm->cells + to + moves[i].dst, vm->cells + caller->cells + moves[i].src,
               8 * (size_t)moves[i].n);
}

// Arguments of purpose sarg, in the cells from `at` on, become addresses of copies below the newest
// frame, which take *copied bytes.
static Stop copy_args(Interp *vm, const CallInfo *site, uint64_t at, uint64_t *copied)
{
    const Frame *const caller = &vm->frames.data[vm->frames.len - 1];
    for (uint32_t i = 0; i < site->sig->num_params; i++) {
        const AbiParam *const param = &site->sig->params[i];
        uint64_t *const cell = vm->cells + at;
        at += cells_of(param->type);
        if (param->purpose != PURPOSE_SARG)
            continue;
        const uint8_t *const from = interp_find(vm, *cell, param->size);
        *copied += (param->size + FRAME_BYTES - 1) & ~(uint64_t)(FRAME_BYTES - 1);
        if (!from)
            return interp_stop(vm, STOP_CRASHED,
                               "argument %u: %u bytes at 0x%llx are not in memory", i, param->size,
                               (unsigned long long)*cell);
        if (caller->sp - STACK_BASE < *copied)
            return interp_stop(vm, TRAP_STK_OVF, "no guest stack for a copy of an argument");
        *cell = caller->sp - *copied;
        memcpy(vm->stack + (*cell - STACK_BASE), from, param->size);
    }
    return STOP_NONE;
}

// ---- Imports ----

void interp_cells_to_data(const uint64_t *cells, DataValue *data)
{
    memset(data->bytes, 0, sizeof(data->bytes));
    memcpy(data->bytes, cells, type_bytes(data->type));
}

void interp_data_to_cells(const DataValue *data, uint64_t *cells)
{
    cells_clear(cells, data->type);
    memcpy(cells, data->bytes, type_bytes(data->type));
}

static bool make_data(Interp *vm, const AbiParam *params, uint32_t n, DataValue **out)
{
    *out = ARENA_ARRAY(&vm->scratch, DataValue, n);
    for (uint32_t i = 0; i < n; i++) {
        (*out)[i].type = params[i].type;
        if (type_is_dynamic(params[i].type) || type_bytes(params[i].type) > sizeof((*out)->bytes))
            return false;
    }
    return true;
}

// Calls an import: the arguments are in the cells from `args` on, the results go to `results`.
static Stop call_import(Interp *vm, const CallInfo *site, uint64_t args, uint64_t results)
{
    const Extern *const ext = &vm->externs.data[site->callee];
    const Signature *const sig = site->sig;
    if (!ext->fn)
        return interp_stop(vm, STOP_UNSUPPORTED, "call of %%%.*s, which is not defined",
                           STR_ARG(ext->name));
    DataValue *in, *out;
    arena_reset(&vm->scratch);
    if (!make_data(vm, sig->params, sig->num_params, &in) ||
        !make_data(vm, sig->returns, sig->num_returns, &out))
        return interp_stop(vm, STOP_UNSUPPORTED, "call of %%%.*s: values of more than 16 bytes",
                           STR_ARG(ext->name));
    for (uint32_t i = 0; i < sig->num_params; i++) {
        interp_cells_to_data(vm->cells + args, &in[i]);
        args += cells_of(in[i].type);
    }
    ImportCall call = {in, out, sig->num_params, sig->num_returns, NULL};
    const TrapCode trap = ext->fn(ext->context, &vm->base, &call);
    if (call.refusal)
        return interp_stop(vm, STOP_UNSUPPORTED, "call of %%%.*s: %s", STR_ARG(ext->name),
                           call.refusal);
    for (uint32_t i = 0; i < sig->num_returns; i++) {
        interp_data_to_cells(&out[i], vm->cells + results);
        results += cells_of(out[i].type);
    }
    return trap;
}

// ---- Calls ----

static bool same_types(const AbiParam *a, const AbiParam *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (a[i].type != b[i].type)
            return false;
    return true;
}

// Whether a call that goes by `named` reaches a function of signature `own` as it should.
static bool can_call(const Signature *named, const Signature *own)
{
    return named == own ||
           (named->callconv == own->callconv && named->num_params == own->num_params &&
            named->num_returns == own->num_returns &&
            same_types(named->params, own->params, own->num_params) &&
            same_types(named->returns, own->returns, own->num_returns));
}

// The callee of `c`, its signature checked.
static Stop resolve(Interp *vm, const Frame *caller, const Code *c, CallInfo *site)
{
    *site = caller->fn->sites[c->imm];
    if (site->kind == CALLEE_ADDRESS) {
        const uint64_t address = vm->cells[caller->cells + c->a];
        if (!decode_address(vm, address, type_bits(c->type), site))
            return interp_stop(vm, STOP_CRASHED, "%s: 0x%llx is not the address of a function",
                               ir_ops[c->op].name, (unsigned long long)address);
    }
    if (site->kind != CALLEE_LOCAL)
        return STOP_NONE;
    const Func *const callee = vm->module->funcs.data[site->callee];
    if (LIKELY(can_call(site->sig, &callee->sig)))
        return STOP_NONE;
    StrBuf text = {.arena = vm->result_arena};
    signature_print(&callee->sig, &text);
    buf_puts(&text, " as ");
    signature_print(site->sig, &text);
    return interp_stop(vm, STOP_CRASHED, "%s: call of a function of signature %.*s",
                       ir_ops[c->op].name, STR_ARG(buf_view(&text)));
}

Stop interp_call(Interp *vm, const Code *c)
{
    const Frame caller = vm->frames.data[vm->frames.len - 1];
    CallInfo site;
    Stop stop = resolve(vm, &caller, c, &site);
    if (stop != STOP_NONE)
        return stop;
    const uint64_t args = caller.cells + caller.fn->num_cells;
    stop = interp_reserve_cells(vm, args + site.arg_cells);
    if (stop != STOP_NONE)
        return stop;
    move_args(vm, &caller, &site, args);
    if (site.kind == CALLEE_EXTERN)
        return call_import(vm, &site, args, caller.cells + c->d);
    uint64_t copied = 0;
    if (UNLIKELY(site.copies))
        stop = copy_args(vm, &site, args, &copied);
    if (stop != STOP_NONE)
        return stop;
    return interp_enter(vm, &vm->funcs[site.callee], args, caller.cells + c->d, copied);
}

// The newest frame makes way: the arguments wait behind it while it is closed.
Stop interp_tail_call(Interp *vm, const Code *c)
{
    const Frame old = vm->frames.data[vm->frames.len - 1];
    CallInfo site;
    Stop stop = resolve(vm, &old, c, &site);
    if (stop != STOP_NONE)
        return stop;
    if (UNLIKELY(site.copies))
        return interp_stop(vm, STOP_UNSUPPORTED, "%s with an argument of purpose sarg",
                           ir_ops[c->op].name);
    const uint64_t args = old.cells + old.fn->num_cells;
    FuncCode *const fn = site.kind == CALLEE_LOCAL ? &vm->funcs[site.callee] : NULL;
    if (fn)
        stop = prepare(vm, fn);
    if (stop == STOP_NONE)
        stop = interp_reserve_cells(vm, args + site.arg_cells + (fn ? fn->num_cells : 0));
    if (stop != STOP_NONE)
        return stop;
    move_args(vm, &old, &site, args);
    if (!fn) {
        stop = call_import(vm, &site, args, old.result);
        if (stop == STOP_NONE) {
            vm->frames.len--;
            interp_set_stack(vm, old.caller_sp);
        }
        return stop;
    }
    uint64_t link, ret;
    memcpy(&link, vm->stack + (old.fp - STACK_BASE), 8);
    memcpy(&ret, vm->stack + (old.fp - STACK_BASE) + 8, 8);
    Frame frame = {.fn = fn,
                   .pc = fn->code,
                   .cells = old.cells,
                   .result = old.result,
                   .caller_sp = old.caller_sp};
    stop = place_frame(vm, &frame, old.fp + FRAME_BYTES, link, ret);
    if (stop != STOP_NONE)
        return stop;
    memmove(vm->cells + old.cells, vm->cells + args, 8 * (size_t)site.arg_cells);
    vm->frames.data[vm->frames.len - 1] = frame;
    return interp_check_limit(vm);
}
