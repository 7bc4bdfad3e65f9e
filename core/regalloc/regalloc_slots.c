// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Spill slots, and the lists that the function keeps.
//
// A parameter and its arguments that are all in memory get one slot when their lives are apart, so
// that the edge needs no move. Lives are compared as intervals of positions, from the definition to
// the last place where the value lives: more than the truth, never less. Classes of values whose
// intervals are apart take the same slot number in turn.

#include "regalloc/regalloc_internal.h"

typedef struct SlotClass {
    uint32_t root;       // union-find, by VReg
    uint32_t next;       // member behind this one, NO_INDEX
    uint32_t last;       // of a root: its last member
    uint32_t num;        // of a root: members
    uint32_t start, end; // of a root: over all members
} SlotClass;

static uint32_t find_root(SlotClass *classes, uint32_t vreg)
{
    while (classes[vreg].root != vreg) {
        classes[vreg].root = classes[classes[vreg].root].root;
        vreg = classes[vreg].root;
    }
    return vreg;
}

static bool are_apart(const Regalloc *ra, const SlotClass *classes, uint32_t a, uint32_t b)
{
    if (classes[a].num > WEB_LINKS || classes[b].num > WEB_LINKS)
        return classes[a].end < classes[b].start || classes[b].end < classes[a].start;
    for (uint32_t i = a; i != NO_INDEX; i = classes[i].next)
        for (uint32_t k = b; k != NO_INDEX; k = classes[k].next)
            if (ra->values[i].end >= ra->values[k].start &&
                ra->values[k].end >= ra->values[i].start)
                return false;
    return true;
}

static void join(const Regalloc *ra, SlotClass *classes, uint32_t a, uint32_t b)
{
    a = find_root(classes, a);
    b = find_root(classes, b);
    if (a == b || ra->values[a].wide != ra->values[b].wide || !are_apart(ra, classes, a, b))
        return;
    classes[b].root = a;
    classes[classes[a].last].next = b;
    classes[a].last = classes[b].last;
    classes[a].num += classes[b].num;
    if (classes[b].start < classes[a].start)
        classes[a].start = classes[b].start;
    if (classes[b].end > classes[a].end)
        classes[a].end = classes[b].end;
}

static SlotClass *make_classes(Regalloc *ra)
{
    const MFunc *const f = ra->f;
    SlotClass *const classes = ARENA_ARRAY(ra->scratch, SlotClass, f->vregs.len);
    for (uint32_t v = 0; v < f->vregs.len; v++)
        classes[v] = (SlotClass){v, NO_INDEX, v, 1, ra->values[v].start, ra->values[v].end};
    for (uint32_t i = 0; i < f->edges.len; i++) {
        const MEdge *const edge = &f->edges.data[i];
        const uint32_t params = f->blocks.data[edge->to.i].params;
        for (uint32_t k = 0; k < edge->num_args; k++) {
            const uint32_t arg = f->edge_args.data[edge->args + k];
            const uint32_t param = f->edge_args.data[params + k];
            if (ra->values[arg].spilled && ra->values[param].spilled)
                join(ra, classes, param, arg);
        }
    }
    return classes;
}

// ---- Numbers ----

// Numbers that are free again, by width.
typedef struct FreeSlots {
    VEC(uint32_t) narrow, wide;
} FreeSlots;

static uint32_t take_slot(Regalloc *ra, FreeSlots *free, bool wide)
{
    MFunc *const f = ra->f;
    if (!wide)
        return free->narrow.len != 0 ? free->narrow.data[--free->narrow.len] : f->num_slots++;
    if (free->wide.len != 0)
        return free->wide.data[--free->wide.len];
    if (f->num_slots % 2 != 0) {
        VEC_PUSH(ra->scratch, &free->narrow, f->num_slots);
        f->num_slots++;
    }
    f->num_slots += 2;
    return f->num_slots - 2;
}

static void give_slot(Regalloc *ra, FreeSlots *free, uint32_t slot, bool wide)
{
    if (wide)
        VEC_PUSH(ra->scratch, &free->wide, slot);
    else
        VEC_PUSH(ra->scratch, &free->narrow, slot);
}

void regalloc_number_slots(Regalloc *ra)
{
    const MFunc *const f = ra->f;
    SlotClass *const classes = make_classes(ra);
    // Buckets by place: classes that start there, and those that end there.
    const uint32_t places = f->insts.len + 2 * f->blocks.len + 2;
    uint32_t *const starts = ARENA_ARRAY(ra->scratch, uint32_t, places);
    uint32_t *const ends = ARENA_ARRAY(ra->scratch, uint32_t, places);
    uint32_t *const next_start = ARENA_ARRAY(ra->scratch, uint32_t, f->vregs.len);
    uint32_t *const next_end = ARENA_ARRAY(ra->scratch, uint32_t, f->vregs.len);
    memset(starts, 0xff, sizeof(uint32_t) * places);
    memset(ends, 0xff, sizeof(uint32_t) * places);
    for (uint32_t v = 0; v < f->vregs.len; v++) {
        if (!ra->values[v].spilled || find_root(classes, v) != v)
            continue;
        next_start[v] = starts[classes[v].start / 2];
        starts[classes[v].start / 2] = v;
        next_end[v] = ends[classes[v].end / 2];
        ends[classes[v].end / 2] = v;
    }
    FreeSlots free = {0};
    for (uint32_t place = 0; place < places; place++) {
        for (uint32_t v = starts[place]; v != NO_INDEX; v = next_start[v])
            ra->values[v].slot = take_slot(ra, &free, ra->values[v].wide);
        for (uint32_t v = ends[place]; v != NO_INDEX; v = next_end[v])
            give_slot(ra, &free, ra->values[v].slot, ra->values[v].wide);
    }
    for (uint32_t v = 0; v < f->vregs.len; v++)
        if (ra->values[v].spilled)
            ra->values[v].slot = ra->values[find_root(classes, v)].slot;
}

// ---- Results ----

// By parameter: whether its arguments are in its own slot on all edges, so that it needs no store.
static bool *find_delivered(const Regalloc *ra)
{
    const MFunc *const f = ra->f;
    bool *const delivered = ARENA_ARRAY(ra->scratch, bool, f->vregs.len);
    for (uint32_t b = 0; b < f->blocks.len; b++)
        for (uint32_t i = 0; i < f->blocks.data[b].num_params; i++)
            delivered[f->edge_args.data[f->blocks.data[b].params + i]] = true;
    for (uint32_t i = 0; i < f->edges.len; i++) {
        const MEdge *const edge = &f->edges.data[i];
        const uint32_t params = f->blocks.data[edge->to.i].params;
        for (uint32_t k = 0; k < edge->num_args; k++) {
            const VRegState *const arg = &ra->values[f->edge_args.data[edge->args + k]];
            const uint32_t param = f->edge_args.data[params + k];
            if (!arg->spilled || arg->slot != ra->values[param].slot)
                delivered[param] = false;
        }
    }
    return delivered;
}

static void add_stores(Regalloc *ra)
{
    const MFunc *const f = ra->f;
    const bool *const delivered = find_delivered(ra);
    for (uint32_t v = 0; v < f->vregs.len; v++) {
        const VRegState *const value = &ra->values[v];
        if (!value->spilled ||
            (value->def == NO_INDEX && (value->entry == PREG_NONE || delivered[v])))
            continue;
        MMove move = {f->blocks.data[value->block].first,
                      alloc_reg(value->entry),
                      alloc_slot(value->slot),
                      {v},
                      NO_INDEX};
        if (value->def != NO_INDEX) {
            move.before = value->def + 1;
            move.from = f->allocs[value->def_operand];
        }
        VEC_PUSH(ra->scratch, &ra->stores.moves, move);
    }
}

// All lists in one, sorted by place; at one place in the order of the lists.
static void merge_moves(Regalloc *ra)
{
    MFunc *const f = ra->f;
    const MoveList *const lists[] = {&ra->at_start, &ra->stores, &ra->inside, &ra->at_end};
    uint32_t *const place = ARENA_ARRAY(ra->scratch, uint32_t, f->insts.len + 1);
    uint32_t total = 0;
    for (uint32_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++)
        for (uint32_t i = 0; i < lists[l]->moves.len; i++)
            place[lists[l]->moves.data[i].before]++;
    for (uint32_t i = 0; i <= f->insts.len; i++) {
        const uint32_t count = place[i];
        place[i] = total;
        total += count;
    }
    f->moves.len = 0;
    VEC_PUSH_ZEROED(f->arena, &f->moves, total);
    for (uint32_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++)
        for (uint32_t i = 0; i < lists[l]->moves.len; i++) {
            const MMove *const move = &lists[l]->moves.data[i];
            f->moves.data[place[move->before]++] = *move;
        }
}

void regalloc_finish(Regalloc *ra)
{
    MFunc *const f = ra->f;
    for (uint32_t i = 0; i < ra->slot_operands.len; i++) {
        const uint32_t k = ra->slot_operands.data[i];
        f->allocs[k] = alloc_slot(ra->values[f->operands.data[k].vreg.i].slot);
    }
    for (uint32_t i = 0; i < ra->inside.moves.len; i++) {
        MMove *const move = &ra->inside.moves.data[i];
        if (alloc_is_slot(move->from))
            move->from = alloc_slot(ra->values[move->vreg.i].slot);
    }
    add_stores(ra);
    merge_moves(ra);
    f->callee_saved = ra->saved;
}
