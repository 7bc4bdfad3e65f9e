// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory: the heap, whose address the entry function gets and passes on, and stack slots. Accesses
// overlap as they happen to. All are inside, but for a few beyond the end of the heap, where
// nothing is mapped.
//
// The heap begins with the fuel.

#include "fuzz-targets/gen/gen_internal.h"

#define INDEX_MASK 0x7ff // of variable offsets into the heap
#define SLOT_MASK  0x0f  // and into stack slots
#define SLOT_ROOM  32    // bytes of a slot behind its constant offsets
#define ACCESS_MAX 16    // bytes of an access

_Static_assert(SLOT_MASK + ACCESS_MAX < SLOT_ROOM && (SLOT_ROOM + 8 + 63) / 8 < 32,
               "all accesses are inside");
_Static_assert(GEN_DATA_OFFSET + INDEX_MASK + 255 + 64 < GEN_HEAP_BYTES, "all accesses are inside");

bool gen_is_memory(Opcode op)
{
    return op != OP_BITCAST && (ir_ops[op].flags & (OPF_LOAD | OPF_STORE)) != 0;
}

// ---- Fuel ----

static Mem fuel_at(const Gen *g)
{
    return (Mem){g->heap, 0,
                 g->heap_region.i == NO_INDEX ? MEM_DEFAULT
                                              : builder_in_region(MEM_DEFAULT, g->heap_region)};
}

Value gen_load_fuel(Gen *g)
{
    return builder_load(g->b, OP_LOAD, TYPE_I32, fuel_at(g));
}

void gen_use_fuel(Gen *g, Value fuel)
{
    const Value less = builder_binary(g->b, OP_ISUB, fuel, gen_int(g, TYPE_I32, 1));
    builder_store(g->b, OP_STORE, less, fuel_at(g));
}

// ---- Addresses ----

// A number of at most `mask`, multiple of `multiple`, that the record chooses at run time.
static Value masked_index(Gen *g, uint8_t byte, uint32_t mask, uint32_t multiple, bool narrow)
{
    const Type type = narrow ? TYPE_I32 : TYPE_I64;
    const Value any = gen_operand(g, type, byte & 0xbf, false, NULL);
    const Value bits = gen_int(g, type, (int64_t)(mask & ~(multiple - 1)));
    const Value index = builder_binary(g->b, OP_BAND, any, bits);
    return narrow ? builder_unary(g->b, OP_UEXTEND, TYPE_I64, index) : index;
}

static Value add(Gen *g, Value x, Value y, bool swapped)
{
    return swapped ? builder_binary(g->b, OP_IADD, y, x) : builder_binary(g->b, OP_IADD, x, y);
}

static MemFlags access_flags(const GenRecord *r, uint32_t bytes, int32_t offset, bool may_trap)
{
    MemFlags flags = MEM_DEFAULT;
    if (r->y % 8 == 1 && !may_trap)
        flags = TRAP_NONE;
    else if (r->y % 8 == 2)
        flags = (MemFlags)(1 + r->y);
    if (r->y % 32 < 8)
        flags |= MEM_LITTLE;
    if (offset % (int32_t)bytes == 0 && r->x % 8 == 0)
        flags |= MEM_ALIGNED; // these are constant offsets
    return flags;
}

// Where in the stack slots a record's access is.
typedef struct SlotPlace {
    uint32_t slot, at;
    bool variable; // up to SLOT_MASK bytes further
} SlotPlace;

static bool find_slot_place(const Gen *g, const GenRecord *r, SlotPlace *out)
{
    const uint32_t kind = r->x % 8;
    if ((kind != 4 && kind != 5) || g->num_slots == 0)
        return false;
    const uint32_t slot = r->x / 8 % g->num_slots;
    *out = (SlotPlace){slot, r->c % (g->slot_sizes[slot] - SLOT_ROOM), kind == 5};
    return true;
}

static Mem slot_address(Gen *g, const GenRecord *r, uint32_t bytes, const SlotPlace *place)
{
    const uint32_t n = place->slot;
    ASSERT(bytes <= ACCESS_MAX);
    const bool split = r->c >= 128;
    const int32_t offset = (int32_t)place->at;
    Value base = builder_stack_addr(g->b, TYPE_I64, g->slots[n], split ? 0 : offset);
    if (place->variable)
        base = add(g, base, masked_index(g, r->b, SLOT_MASK, 1, false), r->y >= 128);
    Mem mem = {base, split ? offset : 0, access_flags(r, bytes, 1, false)};
    if (g->slot_regions[n].i != NO_INDEX && r->y % 16 != 3)
        mem.flags = builder_in_region(mem.flags, g->slot_regions[n]);
    return mem;
}

Mem gen_address(Gen *g, const GenRecord *r, uint32_t bytes, bool atomic)
{
    const uint32_t multiple = atomic ? 16 : 1;
    const int32_t offset = (int32_t)((GEN_DATA_OFFSET + r->c) & ~(multiple - 1));
    Mem mem = {g->heap, offset, access_flags(r, bytes, offset, false)};
    const bool swapped = r->y >= 128;
    const uint32_t kind = r->x % 8;
    SlotPlace place;
    if (!atomic && find_slot_place(g, r, &place))
        return slot_address(g, r, bytes, &place);
    if (kind != 0)
        mem.flags &= ~(MemFlags)MEM_ALIGNED;
    if (kind == 1 || kind == 2) {
        mem.addr = add(g, g->heap, masked_index(g, r->b, INDEX_MASK, multiple, kind == 2), swapped);
    } else if (kind == 3) {
        const uint32_t scale = r->x / 8 % 4;
        const Value index = masked_index(g, r->b, 0xff, multiple, swapped);
        const Value scaled = builder_binary(g->b, OP_ISHL, index, gen_int(g, TYPE_I32, scale));
        mem.addr = add(g, g->heap, scaled, r->y % 2 != 0);
    } else if (kind == 6 && r->x >= 240) { // beyond the end
        const Value index = masked_index(g, r->b, INDEX_MASK, multiple, false);
        mem.addr = add(g, g->heap, index, swapped);
        mem.offset = GEN_HEAP_BYTES + offset;
        mem.flags = r->y % 8 == 2 ? (MemFlags)(1 + r->y) : MEM_DEFAULT;
    }
    // Now and then one of no region, which may be of any.
    if (g->heap_region.i != NO_INDEX && r->y % 16 != 3)
        mem.flags = builder_in_region(mem.flags, g->heap_region);
    return mem;
}

// ---- Accesses ----

static uint32_t access_bytes(const GenShape *s)
{
    const MemOp *const memop = &ir_memops[s->op];
    return memop->lane_bits != 0 ? memop->lane_bits / 8u * memop->lanes : type_bytes(s->ctrl);
}

// Atomics have no offset: it goes into the address.
static Value whole_address(Gen *g, Mem mem)
{
    return builder_binary(g->b, OP_IADD, mem.addr, gen_int(g, TYPE_I64, mem.offset));
}

static void access_memory(Gen *g, const GenRecord *r, const GenShape *s)
{
    const Type suffix = ir_ops[s->op].ctrl == CTRL_SUFFIX ? s->ctrl : TYPE_INVALID;
    const Format format = op_format(s->op);
    const bool atomic = format != FMT_LOAD && format != FMT_STORE;
    Mem mem = gen_address(g, r, access_bytes(s), atomic);
    const Type moved = ir_memops[s->op].lanes > 1 ? TYPE_INVALID : s->ctrl;
    const uint8_t can_big = g->t->big_endian[moved & 0xff];
    if (!atomic && (can_big >> (format == FMT_STORE) & 1) != 0 && r->y % 32 == 9)
        mem.flags |= MEM_BIG; // 9: no other byte order
    switch ((int)format) {
    case FMT_LOAD: (void)builder_load(g->b, s->op, suffix, mem); return;
    case FMT_STORE: {
        const Value x = gen_operand(g, s->args[0], r->a, true, NULL);
        builder_store(g->b, s->op, x, mem);
        return;
    }
    case FMT_LOAD_NO_OFFSET:
        (void)builder_load_no_offset(g->b, s->op, suffix, mem.flags, whole_address(g, mem));
        return;
    case FMT_STORE_NO_OFFSET: {
        const Value x = gen_operand(g, s->args[0], r->a, true, NULL);
        builder_store_no_offset(g->b, s->op, mem.flags, x, whole_address(g, mem));
        return;
    }
    case FMT_ATOMIC_RMW: {
        const Value x = gen_operand(g, s->args[1], r->a, true, NULL);
        const AtomicOp op = (AtomicOp)gen_small(s, r->small);
        (void)builder_atomic_rmw(g->b, mem.flags, op, whole_address(g, mem), x);
        return;
    }
    case FMT_ATOMIC_CAS: {
        const Value expected = gen_operand(g, s->args[1], r->small, true, NULL);
        const Value x = gen_operand(g, s->args[2], r->a, true, NULL);
        (void)builder_atomic_cas(g->b, mem.flags, whole_address(g, mem), expected, x);
        return;
    }
    default: (void)builder_nullary(g->b, s->op, suffix); return; // a fence
    }
}

void gen_memory(Gen *g, const GenRecord *r, const GenShape *s)
{
    access_memory(g, r, s);
    const Func *const f = builder_func(g->b);
    if (inst_results(f, builder_last(g->b)).len == 0)
        return;
    const Value v = builder_result(g->b, 0);
    gen_push(g, v, value_type(f, v), true);
}

// ---- Stack slots ----

static Region new_region(Gen *g, bool wanted)
{
    return wanted ? builder_region(g->b, builder_func(g->b)->regions.len, STR("")) : NO(Region);
}

// Which words of 8 bytes some access of the function may read.
static void find_words(const Gen *g, uint32_t *words)
{
    for (uint32_t i = 0; i < g->plan->num_records; i++) {
        const GenRecord *const r = &g->plan->records[i];
        const Opcode op = (Opcode)g->t->ops[r->op];
        SlotPlace place;
        if ((uint32_t)op >= OP_COUNT || !gen_is_memory(op) || !find_slot_place(g, r, &place))
            continue;
        const uint32_t end = place.at + ACCESS_MAX + (place.variable ? SLOT_MASK : 0);
        for (uint32_t word = place.at / 8; word <= (end - 1) / 8; word++)
            words[place.slot] |= 1u << word;
    }
}

// What is not filled holds anything in compiled code. To fill all would be half of the program.
static void fill_slot(Gen *g, uint32_t n, uint32_t words)
{
    const uint32_t last = g->slot_sizes[n] - 8;
    const MemFlags flags = g->slot_regions[n].i == NO_INDEX
                               ? MEM_DEFAULT
                               : builder_in_region(MEM_DEFAULT, g->slot_regions[n]);
    if (words == 0)
        return;
    const Value base = builder_stack_addr(g->b, TYPE_I64, g->slots[n], 0);
    for (uint32_t from = 0; from < g->slot_sizes[n]; from += 8) {
        const uint32_t at = from < last ? from : last;
        if ((words >> from / 8 & 1) == 0)
            continue;
        const Value x = gen_int(g, TYPE_I64, (int64_t)at * 0x0102030405);
        builder_store(g->b, OP_STORE, x, (Mem){base, (int32_t)at, flags});
    }
}

void gen_slots(Gen *g)
{
    const GenRecord *const head = &g->plan->head;
    const bool regions = (head->y & 1) != 0;
    uint32_t words[GEN_SLOTS_MAX] = {0};
    g->num_slots = gen_can(g, OP_STACK_ADDR, TYPE_I64, TYPE_INVALID) ? head->x & 3 : 0;
    g->heap_region = new_region(g, regions);
    for (uint32_t i = 0; i < g->num_slots; i++) {
        const uint32_t random = (uint32_t)gen_mix(head->x * 8u + i);
        g->slot_sizes[i] = SLOT_ROOM + 8 + random % 64;
        // Large frames are seldom, and only their first bytes are used; very large ones are left to
        // functions that call nobody, so that the stack is large enough. Inlining would give them
        // to every caller, so there are none.
        const uint32_t most = g->index != 0 && !g->plan->has_calls ? 300000 : 20000;
        const bool large = head->x >= 0xf0 && i == 0 && !g->inlines;
        const uint32_t more = large ? (random >> 8) % most : 0;
        g->slots[i] = builder_stack_slot(g->b, g->slot_sizes[i] + more, 1u << (random >> 16) % 6);
        g->slot_regions[i] = new_region(g, regions);
    }
    find_words(g, words);
    for (uint32_t i = 0; i < g->num_slots; i++)
        fill_slot(g, i, words[i]);
}
