// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dead stores: a store whose bytes are written again, on every way from it, before anything may
// read them. Blocks are walked backwards, from the exits on, with a list of the places that will be
// overwritten:
//
//        store v1, v0        dead: both ways come to block3 unread
//        brif v9, block1, block2
//   block1: jump block3      { v0 }
//   block2: jump block3      { v0 }
//   block3: store v2, v0     { v0 }
//        return              { }
//
// Where a way is not walked yet (the back edge of a loop) nothing is known of it. A trap and
// whatever may read any memory forget all places; so does the end of the function.

#include "opt/opt_internal.h"

// Places followed at once; more are forgotten, the latest store's first.
enum { MAX_PLACES = 8 };

typedef struct Place {
    uint32_t address, offset, bytes; // the address is a class
    uint32_t region;                 // + 1; 0: any
    TrapCode trap;                   // of the store that overwrites it
    bool next;                       // that store is the next thing that changes memory
    bool read;                       // something of another region is read in between
} Place;

typedef struct PlaceList {
    Place data[MAX_PLACES];
    uint32_t len;
} PlaceList;

typedef struct DeadStores {
    OptCtx *ctx;
    PlaceList *starts; // by block
    Bitset done;       // blocks whose `starts` is there
} DeadStores;

static bool may_trap(const Func *f, Inst inst)
{
    const uint16_t flags = ir_ops[inst_op(f, inst)].flags;
    if ((flags & (OPF_LOAD | OPF_STORE)) != 0)
        return memflags_trap(inst_memflags(f, inst)) != TRAP_NONE;
    return (flags & OPF_TRAP) != 0;
}

// Forgets the places that a reading of `region` (+ 1; 0: any) may see.
static void observe(PlaceList *list, uint32_t region)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->len; i++) {
        Place place = list->data[i];
        if (region == 0 || place.region == 0 || region == place.region)
            continue;
        place.read = true;
        list->data[kept++] = place;
    }
    list->len = kept;
}

static uint32_t stored_bytes(const Func *f, Inst inst)
{
    const InstData *const data = func_inst(f, inst);
    const MemOp narrow = ir_memops[data->op];
    return narrow.lane_bits != 0 ? narrow.lane_bits / 8 : type_bytes(data->ctrl);
}

static bool same_place(const Place *a, const Place *b)
{
    return a->address == b->address && a->offset == b->offset && a->bytes == b->bytes;
}

// Removes a store if it is dead; else what it writes will be overwritten, seen from before it.
static void visit_store(DeadStores *d, PlaceList *list, Inst inst)
{
    Func *const f = d->ctx->f;
    const MemFlags flags = inst_memflags(f, inst);
    const TrapCode trap = memflags_trap(flags);
    const Place place = {func_inst(f, inst)->w[1],
                         (uint32_t)inst_offset(f, inst),
                         stored_bytes(f, inst),
                         opt_memory_region(flags),
                         trap,
                         true,
                         false};
    for (uint32_t i = 0; i < list->len; i++) {
        // What was read in between was not of the later store's region. Where this store succeeds
        // the later one does; if this one may trap, the later one must trap alike, with memory as
        // it was.
        const Place *const later = &list->data[i];
        if (!same_place(later, &place) || (later->read && later->region != place.region) ||
            (trap != TRAP_NONE && (!later->next || later->trap != trap)))
            continue;
        if (!opt_take_fuel(d->ctx))
            break;
        opt_trace_event(d->ctx, "dead store", inst);
        func_remove_inst(f, inst);
        opt_count(d->ctx, OPT_STAT_DEAD_STORES);
        return;
    }
    if (trap != TRAP_NONE)
        list->len = 0;
    if (list->len == MAX_PLACES) {
        list->len--;
        for (uint32_t i = 0; i < list->len; i++)
            list->data[i] = list->data[i + 1];
    }
    for (uint32_t i = 0; i < list->len; i++)
        list->data[i].next = false;
    list->data[list->len++] = place;
}

static void visit_inst(DeadStores *d, PlaceList *list, Inst inst)
{
    const Func *const f = d->ctx->f;
    const Format format = inst_format(f, inst);
    if (format == FMT_STORE) {
        visit_store(d, list, inst);
        return;
    }
    const uint16_t flags = ir_ops[inst_op(f, inst)].flags;
    if (may_trap(f, inst) || opt_memory_clobbers(f, inst) != 0 || (flags & OPF_RETURN) != 0)
        list->len = 0;
    else if (format == FMT_LOAD)
        observe(list, opt_memory_region(inst_memflags(f, inst)));
}

// The places that are overwritten on both ways.
static void intersect(PlaceList *all, const PlaceList *way)
{
    uint32_t kept = 0;
    for (uint32_t k = 0; k < all->len; k++) {
        Place place = all->data[k];
        uint32_t j = 0;
        while (j < way->len && !same_place(&place, &way->data[j]))
            j++;
        if (j == way->len)
            continue;
        const Place *const other = &way->data[j];
        place.next &= other->next && other->trap == place.trap;
        place.read |= other->read;
        if (place.region != other->region && place.read)
            continue;
        place.region = place.region == other->region ? place.region : 0;
        all->data[kept++] = place;
    }
    all->len = kept;
}

// What is overwritten from the end of `block` on.
static PlaceList at_end(const DeadStores *d, Block block)
{
    const Func *const f = d->ctx->f;
    const Span calls = inst_calls(f, f->blocks.data[block.i].last);
    PlaceList all = {.len = 0};
    for (uint32_t i = 0; i < calls.len; i++) {
        const Block target = f->calls.data[calls.data[i]].block;
        if (!bitset_has(&d->done, target.i))
            return (PlaceList){.len = 0};
        if (i == 0)
            all = d->starts[target.i];
        else
            intersect(&all, &d->starts[target.i]);
    }
    return all;
}

void opt_remove_dead_stores(OptCtx *ctx)
{
    if (!ctx->memory)
        return;
    Func *const f = ctx->f;
    DeadStores d = {.ctx = ctx,
                    .starts = ARENA_ARRAY(ctx->scratch, PlaceList, f->blocks.len),
                    .done = bitset_new(ctx->scratch, f->blocks.len)};
    for (uint32_t i = 0; i < ctx->tree.num_reachable; i++) {
        const Block block = ctx->tree.postorder[i];
        PlaceList list = at_end(&d, block);
        for (Inst inst = f->blocks.data[block.i].last, prev; inst.i != NO_INDEX; inst = prev) {
            prev = f->nodes.data[inst.i].prev;
            visit_inst(&d, &list, inst);
        }
        d.starts[block.i] = list;
        bitset_add(&d.done, block.i);
    }
}
