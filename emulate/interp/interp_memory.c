// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Guest memory: regions, the live stack, and the memory instructions that the main loop leaves over
// (vectors, i128, big-endian, 32-bit addresses, atomics, global values).

#include "emulate/interp/interp_internal.h"

uint8_t *interp_find_slow(Interp *vm, uint64_t address, uint64_t size)
{
    for (uint32_t i = 0; i < vm->regions.len; i++) {
        const GuestRegion *const r = &vm->regions.data[i];
        const uint64_t at = address - r->address;
        if (at < r->size && size <= r->size - at) {
            vm->last_region = i;
            return r->bytes + at;
        }
    }
    return NULL;
}

void interp_set_stack(Interp *vm, uint64_t sp)
{
    GuestRegion *const stack = &vm->regions.data[0];
    stack->address = sp;
    stack->size = STACK_BASE + vm->config.stack_size - sp;
    stack->bytes = vm->stack + (sp - STACK_BASE);
}

Stop interp_bad_access(Interp *vm, const Code *c, uint64_t address, uint64_t size)
{
    const MemFlags flags = c->c;
    const bool mapped = interp_find(vm, address, size) != NULL;
    const Stop trap = mapped ? TRAP_HEAP_OOB : memflags_trap(flags);
    const char *const what = mapped ? "misaligned" : "outside of memory";
    if (memflags_trap(flags) == TRAP_NONE)
        return interp_stop(vm, STOP_CRASHED, "%s: notrap access of %llu bytes at 0x%llx is %s",
                           ir_ops[c->op].name, (unsigned long long)size,
                           (unsigned long long)address, what);
    return interp_stop(vm, trap, "%s: access of %llu bytes at 0x%llx is %s", ir_ops[c->op].name,
                       (unsigned long long)size, (unsigned long long)address, what);
}

// The bytes that memory instruction `c` accesses, NULL with *stop set when it may not.
static uint8_t *access_memory(Interp *vm, const Code *c, uint64_t address, uint32_t size,
                              Stop *stop)
{
    uint8_t *const bytes = interp_find(vm, address, size);
    *stop = STOP_NONE;
    if (bytes && (address & c->align) == 0)
        return bytes;
    *stop = interp_bad_access(vm, c, address, size);
    return NULL;
}

// Address plus offset in the width of the address.
static uint64_t address_of(const Code *c, const uint64_t *r, uint64_t offset)
{
    return (r[c->a] + offset) << c->shift >> c->shift;
}

static uint128 read_lane(const Code *c, const uint8_t *bytes, uint32_t bits)
{
    uint128 lane = 0;
    memcpy(&lane, bytes, bits / 8);
    return c->c & MEM_BIG ? bits_swap_bytes(lane, bits) : lane;
}

static void write_lane(const Code *c, uint8_t *bytes, uint32_t bits, uint128 lane)
{
    if (c->c & MEM_BIG)
        lane = bits_swap_bytes(lane & bits_ones(bits), bits);
    memcpy(bytes, &lane, bits / 8);
}

// Lane 0 has the lowest address in either byte order.
Stop interp_load(Interp *vm, const Code *c, uint64_t *r)
{
    const MemOp memop = ir_memops[c->op];
    const uint32_t to = type_lane_bits(c->rtype), lanes = type_lanes(c->rtype);
    const uint32_t bits = memop.lanes != 0 ? memop.lane_bits : to;
    Stop stop;
    const uint64_t address = address_of(c, r, c->imm);
    const uint8_t *const bytes = access_memory(vm, c, address, bits / 8 * lanes, &stop);
    if (!bytes)
        return stop;
    cells_clear(r + c->d, c->rtype);
    for (uint32_t i = 0; i < lanes; i++) {
        uint128 lane = read_lane(c, bytes + (size_t)i * (bits / 8), bits);
        if (memop.extend == EXT_SEXT)
            lane = (uint128)bits_sign_extend(lane, bits);
        lane_set(r + c->d, to, i, lane);
    }
    return STOP_NONE;
}

Stop interp_store(Interp *vm, const Code *c, uint64_t *r)
{
    const MemOp memop = ir_memops[c->op];
    const uint32_t from = type_lane_bits(c->type), lanes = type_lanes(c->type);
    const uint32_t bits = memop.lanes != 0 ? memop.lane_bits : from;
    Stop stop;
    const uint64_t address = address_of(c, r, c->imm);
    uint8_t *const bytes = access_memory(vm, c, address, bits / 8 * lanes, &stop);
    if (!bytes)
        return stop;
    for (uint32_t i = 0; i < lanes; i++)
        write_lane(c, bytes + (size_t)i * (bits / 8), bits, lane_get(r + c->b, from, i));
    return STOP_NONE;
}

// ---- Atomics ----

// What atomic_rmw stores. One thread runs at a time, so that each access is atomic.
static uint128 combine(AtomicOp op, uint128 old, uint128 x, uint32_t bits)
{
    const bool less = bits_sign_extend(old, bits) < bits_sign_extend(x, bits);
    switch (op) {
    case ATOMIC_ADD: return old + x;
    case ATOMIC_SUB: return old - x;
    case ATOMIC_AND: return old & x;
    case ATOMIC_NAND: return ~(old & x);
    case ATOMIC_OR: return old | x;
    case ATOMIC_XOR: return old ^ x;
    case ATOMIC_XCHG: return x;
    case ATOMIC_UMIN: return old < x ? old : x;
    case ATOMIC_UMAX: return old < x ? x : old;
    case ATOMIC_SMIN: return less ? old : x;
    case ATOMIC_SMAX: return less ? x : old;
    case ATOMIC_COUNT: break;
    }
    UNREACHABLE();
}

// atomic_rmw: b is the operand. atomic_cas: b is what is expected, cell imm what is stored.
Stop interp_atomic(Interp *vm, const Code *c, uint64_t *r)
{
    const uint32_t bits = type_bits(c->rtype);
    Stop stop;
    uint8_t *const bytes = access_memory(vm, c, address_of(c, r, 0), bits / 8, &stop);
    if (!bytes)
        return stop;
    const uint128 old = read_lane(c, bytes, bits), x = lane_get(r + c->b, bits, 0);
    if (c->op == OP_ATOMIC_RMW)
        write_lane(c, bytes, bits, combine((AtomicOp)c->aux, old, x, bits));
    else if (old == x)
        write_lane(c, bytes, bits, lane_get(r + c->imm, bits, 0));
    cells_clear(r + c->d, c->rtype);
    lane_set(r + c->d, bits, 0, old);
    return STOP_NONE;
}

// ---- Global values ----

enum { CHAIN_MAX = 64 };

// One step of a chain: *value is that of the base.
static Stop global_step(Interp *vm, const Code *c, const uint64_t *r, const GlobalData *gv,
                        uint64_t *value)
{
    const Frame *const frame = &vm->frames.data[vm->frames.len - 1];
    Code load = *c;
    Stop stop;
    switch (gv->kind) {
    case GLOBAL_VMCTX:
        if (frame->fn->vmctx == NO_INDEX)
            return interp_stop(vm, STOP_CRASHED, "symbol_value: the function has no vmctx");
        *value = r[frame->fn->vmctx];
        return STOP_NONE;
    case GLOBAL_IADD_IMM: *value += (uint64_t)gv->offset; return STOP_NONE;
    case GLOBAL_LOAD: {
        const uint64_t address = *value + (uint64_t)gv->offset;
        load.c = gv->flags;
        load.align = gv->flags & MEM_ALIGNED ? (uint16_t)(type_bytes(gv->type) - 1) : 0;
        if (type_bits(gv->type) > 64 || type_is_dynamic(gv->type))
            return interp_stop(vm, STOP_UNSUPPORTED, "symbol_value: loads of at most 8 bytes");
        const uint8_t *const bytes = access_memory(vm, &load, address, type_bytes(gv->type), &stop);
        if (bytes)
            *value = (uint64_t)read_lane(&load, bytes, type_bits(gv->type));
        return stop;
    }
    case GLOBAL_SYMBOL: {
        const uint32_t local = map_get(&vm->func_of_name, interp_name(vm, &gv->name));
        if (local == MAP_NONE || gv->tls)
            return interp_stop(vm, STOP_UNSUPPORTED,
                               "symbol_value: only functions of the module have addresses");
        *value = interp_code_address(CALLEE_LOCAL, local, 64) + (uint64_t)gv->offset;
        return STOP_NONE;
    }
    case GLOBAL_DYN_SCALE:
        return interp_stop(vm, STOP_UNSUPPORTED, "symbol_value: dynamic vectors");
    }
    UNREACHABLE();
}

Stop interp_global(Interp *vm, const Code *c, uint64_t *r)
{
    const Func *const f = vm->frames.data[vm->frames.len - 1].fn->func;
    uint32_t chain[CHAIN_MAX], n = 0;
    for (uint32_t gv = (uint32_t)c->imm;;) {
        if (n == CHAIN_MAX)
            return interp_stop(vm, STOP_UNSUPPORTED,
                               "symbol_value: more than %u global values deep", CHAIN_MAX);
        chain[n++] = gv;
        const GlobalKind kind = f->globals.data[gv].kind;
        if (kind != GLOBAL_LOAD && kind != GLOBAL_IADD_IMM)
            break;
        gv = f->globals.data[gv].base.i;
    }
    if (type_is_vector(c->rtype) || type_bits(c->rtype) > 64)
        return interp_stop(vm, STOP_UNSUPPORTED, "symbol_value: results of at most 8 bytes");
    uint64_t value = 0;
    while (n > 0) {
        const Stop stop = global_step(vm, c, r, &f->globals.data[chain[--n]], &value);
        if (stop != STOP_NONE)
            return stop;
    }
    r[c->d] = value & (uint64_t)bits_ones(type_bits(c->rtype));
    return STOP_NONE;
}

Stop interp_check_limit(Interp *vm)
{
    const Frame *const frame = &vm->frames.data[vm->frames.len - 1];
    const Func *const f = frame->fn->func;
    uint32_t chain[CHAIN_MAX], n = 0;
    const Code load = {0};
    if (LIKELY(f->stack_limit.i == NO_INDEX))
        return STOP_NONE;
    for (uint32_t gv = f->stack_limit.i;; gv = f->globals.data[gv].base.i) {
        if (n == CHAIN_MAX)
            return interp_stop(vm, STOP_UNSUPPORTED, "stack_limit: more than %u global values deep",
                               CHAIN_MAX);
        chain[n++] = gv;
        const GlobalKind kind = f->globals.data[gv].kind;
        if (kind != GLOBAL_LOAD && kind != GLOBAL_IADD_IMM)
            break;
    }
    uint64_t limit = 0;
    while (n > 0) {
        const GlobalData *const gv = &f->globals.data[chain[--n]];
        const Stop stop = global_step(vm, &load, vm->cells + frame->cells, gv, &limit);
        if (stop != STOP_NONE)
            return stop;
    }
    return frame->sp < limit ? interp_stop(vm, TRAP_STK_OVF, "below the stack limit") : STOP_NONE;
}
