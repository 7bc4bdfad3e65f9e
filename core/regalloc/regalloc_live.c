// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Facts about the whole function before allocation: block order, positions, definitions, which
// values live into which block and how far their next use is, register pressure of loops.
//
// Liveness is found value by value: from each block that uses a value without defining it, upwards
// through predecessors until its definition (Boissinot et al., "Computing Liveness Sets for
// SSA-Form Programs", section 5). The work is what the sets hold, without iteration; and sets are
// lists, since bit sets of blocks times values would be quadratic in the function.

#include "regalloc/regalloc_internal.h"

// ---- Order and positions ----

static void order_blocks(Regalloc *ra)
{
    const MFunc *const f = ra->f;
    const uint32_t n = f->blocks.len;
    uint32_t *const stack = ARENA_ARRAY(ra->scratch, uint32_t, n);
    uint32_t *const left = ARENA_ARRAY(ra->scratch, uint32_t, n); // successors to visit, plus 1
    uint32_t depth = 1, free = n;
    ra->order = ARENA_ARRAY(ra->scratch, uint32_t, n);
    left[0] = f->blocks.data[0].num_succs + 1;
    while (depth != 0) {
        const uint32_t b = stack[depth - 1];
        if (--left[b] == 0) {
            left[b] = 1; // visited; never pushed again
            ra->order[--free] = b;
            depth--;
            continue;
        }
        // From the last successor to the first, so that the first comes first.
        const uint32_t to = regalloc_edge(f, b, left[b] - 1)->to.i;
        if (left[to] == 0) {
            left[to] = f->blocks.data[to].num_succs + 1;
            stack[depth++] = to;
        }
    }
    ASSERT(free == 0);
}

static bool is_remat(const MFunc *f, const MInst *inst)
{
    const MRow *const row = minst_row(f, inst);
    return (row->flags & ROW_REMAT) != 0 && (row->flags_use & MFLAGS_WRITE) == 0 &&
           row->clobbers == 0 && inst->clobbers == 0 && inst->num_operands == 1 &&
           f->operands.data[inst->operands].constraint == CONSTRAINT_REG;
}

static void define(Regalloc *ra, uint32_t vreg, uint32_t block, uint32_t position)
{
    VRegState *const value = &ra->values[vreg];
    const VRegData *const data = &ra->f->vregs.data[vreg];
    *value = (VRegState){.next_use = DEAD,
                         .block = block,
                         .def = NO_INDEX,
                         .def_operand = NO_INDEX,
                         .start = position,
                         .end = position,
                         .want_at = NO_INDEX,
                         .web = vreg,
                         .web_reg = PREG_NONE,
                         .class = data->class,
                         .want = PREG_NONE,
                         .entry = PREG_NONE,
                         .wide = data->bytes == 16};
}

static void place_block(Regalloc *ra, uint32_t b, uint32_t rank, uint32_t *position,
                        CallCount *calls)
{
    const MFunc *const f = ra->f;
    const MBlockData *const block = &f->blocks.data[b];
    ra->blocks[b].rank = rank;
    ra->blocks[b].start = *position;
    ra->blocks[b].loop_last = NO_INDEX;
    ra->calls[*position / 2] = *calls;
    for (uint32_t i = 0; i < block->num_params; i++)
        define(ra, f->edge_args.data[block->params + i], b, *position);
    for (uint32_t i = block->first; i < block->end; i++) {
        const MInst *const inst = &f->insts.data[i];
        *position += 2;
        ra->calls[*position / 2] = *calls;
        if ((minst_row(f, inst)->flags & ROW_CALL) != 0)
            *(block->cold ? &calls->cold : &calls->hot) += 1;
        for (uint32_t k = inst->operands; k < inst->operands + inst->num_operands; k++) {
            const MOperand *const op = &f->operands.data[k];
            if (op->kind != OPERAND_DEF)
                continue;
            define(ra, op->vreg.i, b, *position + 1);
            ra->values[op->vreg.i].def = i;
            ra->values[op->vreg.i].def_operand = k;
            ra->values[op->vreg.i].remat = is_remat(f, inst);
        }
    }
    *position += 2;
    ra->calls[*position / 2] = *calls;
    *position += 2;
}

static void place_blocks(Regalloc *ra)
{
    const MFunc *const f = ra->f;
    uint32_t position = 0;
    CallCount calls = {0};
    ra->calls = ARENA_ARRAY(ra->scratch, CallCount, f->insts.len + 2 * f->blocks.len + 2);
    for (uint32_t i = 0; i < f->blocks.len; i++)
        place_block(ra, ra->order[i], i, &position, &calls);
    ra->calls[position / 2] = calls;
}

static uint32_t end_position(const Regalloc *ra, uint32_t block)
{
    return regalloc_position(ra, block, ra->f->blocks.data[block].end);
}

// ---- Liveness ----

typedef struct UseIn {
    uint32_t vreg, block;
} UseIn;

typedef struct Liveness {
    VEC(UseIn) uses; // in other blocks than the definition's
    VEC(UseIn) live; // value by value
    VEC(uint32_t) stack;
} Liveness;

static void note_use(Regalloc *ra, Liveness *l, uint32_t vreg, uint32_t block, uint32_t position)
{
    VRegState *const value = &ra->values[vreg];
    if (position > value->end)
        value->end = position;
    if (value->block == block || value->mark == block + 1)
        return;
    value->mark = block + 1;
    value->found++;
    const UseIn use = {vreg, block};
    VEC_PUSH(ra->scratch, &l->uses, use);
}

static void note_uses(Regalloc *ra, Liveness *l, uint32_t b)
{
    const MFunc *const f = ra->f;
    const MBlockData *const block = &f->blocks.data[b];
    uint32_t position = ra->blocks[b].start;
    for (uint32_t i = block->first; i < block->end; i++) {
        const MInst *const inst = &f->insts.data[i];
        position += 2;
        for (uint32_t k = inst->operands; k < inst->operands + inst->num_operands; k++) {
            const MOperand *const op = &f->operands.data[k];
            if (op->kind == OPERAND_USE && op->vreg.i != NO_INDEX)
                note_use(ra, l, op->vreg.i, b, position + (op->pos == POS_LATE));
        }
    }
    for (uint32_t i = 0; i < block->num_succs; i++) {
        const MEdge *const edge = regalloc_edge(f, b, i);
        for (uint32_t k = 0; k < edge->num_args; k++)
            note_use(ra, l, f->edge_args.data[edge->args + k], b, position + 2);
    }
}

// Marks the blocks that `vreg` lives into on the way from its uses up to its definition. `stamp` by
// block: last value + 1 found to live into it.
static void explore(Regalloc *ra, Liveness *l, uint32_t vreg, uint32_t *stamp)
{
    const MFunc *const f = ra->f;
    VRegState *const value = &ra->values[vreg];
    while (l->stack.len != 0) {
        const uint32_t b = l->stack.data[--l->stack.len];
        if (stamp[b] == vreg + 1)
            continue;
        stamp[b] = vreg + 1;
        const UseIn live = {vreg, b};
        VEC_PUSH(ra->scratch, &l->live, live);
        const MBlockData *const block = &f->blocks.data[b];
        ASSERT(block->num_preds != 0);
        for (uint32_t i = 0; i < block->num_preds; i++) {
            const uint32_t pred = f->pred_list.data[block->preds + i];
            const uint32_t end = end_position(ra, pred);
            value->end = end > value->end ? end : value->end;
            if (pred != value->block && stamp[pred] != vreg + 1)
                VEC_PUSH(ra->scratch, &l->stack, pred);
        }
    }
}

static void list_live(Regalloc *ra, const Liveness *l)
{
    LiveIn *next = ARENA_ARRAY(ra->scratch, LiveIn, l->live.len);
    for (uint32_t i = 0; i < l->live.len; i++)
        ra->blocks[l->live.data[i].block].num_live++;
    for (uint32_t b = 0; b < ra->f->blocks.len; b++) {
        ra->blocks[b].live = next;
        next += ra->blocks[b].num_live;
        ra->blocks[b].num_live = 0;
    }
    for (uint32_t i = 0; i < l->live.len; i++) {
        BlockState *const block = &ra->blocks[l->live.data[i].block];
        block->live[block->num_live++] = (LiveIn){l->live.data[i].vreg, NO_INDEX, FAR};
    }
}

static void find_live(Regalloc *ra)
{
    const MFunc *const f = ra->f;
    Liveness l = {0};
    for (uint32_t i = 0; i < f->blocks.len; i++)
        note_uses(ra, &l, ra->order[i]);
    // Group the uses by value: `found` is their number, then the place of the next one.
    uint32_t *const blocks = ARENA_ARRAY(ra->scratch, uint32_t, l.uses.len);
    uint32_t *const stamp = ARENA_ARRAY(ra->scratch, uint32_t, f->blocks.len);
    uint32_t sum = 0;
    for (uint32_t v = 0; v < f->vregs.len; v++) {
        const uint32_t count = ra->values[v].found;
        ra->values[v].found = sum;
        sum += count;
    }
    for (uint32_t i = 0; i < l.uses.len; i++)
        blocks[ra->values[l.uses.data[i].vreg].found++] = l.uses.data[i].block;
    uint32_t first = 0;
    for (uint32_t v = 0; v < f->vregs.len; v++) {
        for (; first < ra->values[v].found; first++)
            VEC_PUSH(ra->scratch, &l.stack, blocks[first]);
        explore(ra, &l, v, stamp);
        ra->values[v].mark = 0;
        ra->values[v].found = 0;
    }
    list_live(ra, &l);
}

// Whether a call lies strictly inside of the value's life. Calls in cold blocks count for what a
// loop defines, which would have to be stored each time round.
static void find_crossed_calls(Regalloc *ra)
{
    for (uint32_t v = 0; v < ra->f->vregs.len; v++) {
        VRegState *const value = &ra->values[v];
        const CallCount end = ra->calls[(value->end + 1) / 2];
        const CallCount start = ra->calls[value->start / 2 + 1];
        value->crosses_call =
            end.hot > start.hot ||
            (end.cold > start.cold && ra->f->blocks.data[value->block].loop_depth != 0);
    }
}

// ---- Pressure ----

static void count_live(Regalloc *ra, uint32_t vreg, uint32_t stamp, uint32_t *live)
{
    if (ra->values[vreg].mark == stamp)
        return;
    ra->values[vreg].mark = stamp;
    live[ra->values[vreg].class]++;
}

// Values in registers of one block at the most, and first uses of what lives into it.
static void measure_block(Regalloc *ra, uint32_t b)
{
    const MFunc *const f = ra->f;
    const MBlockData *const block = &f->blocks.data[b];
    BlockState *const state = &ra->blocks[b];
    const uint32_t stamp = b + 1;
    uint32_t live[REG_CLASS_COUNT] = {0};
    for (uint32_t s = 0; s < block->num_succs; s++) {
        const MEdge *const edge = regalloc_edge(f, b, s);
        const BlockState *const to = &ra->blocks[edge->to.i];
        for (uint32_t i = 0; i < to->num_live; i++)
            count_live(ra, to->live[i].vreg, stamp, live);
        for (uint32_t i = 0; i < edge->num_args; i++)
            count_live(ra, f->edge_args.data[edge->args + i], stamp, live);
    }
    for (uint32_t i = block->end; i-- > block->first;) {
        const MInst *const inst = &f->insts.data[i];
        for (uint32_t k = inst->operands; k < inst->operands + inst->num_operands; k++) {
            const MOperand *const op = &f->operands.data[k];
            if (op->vreg.i == NO_INDEX)
                continue;
            VRegState *const value = &ra->values[op->vreg.i];
            if (op->kind == OPERAND_USE) {
                count_live(ra, op->vreg.i, stamp, live);
                value->found = i;
            } else if (value->mark == stamp) {
                live[value->class]--;
            }
        }
        for (uint32_t c = 0; c < REG_CLASS_COUNT; c++)
            if (live[c] > state->pressure[c])
                state->pressure[c] = live[c];
    }
    for (uint32_t i = 0; i < state->num_live; i++) {
        const uint32_t found = ra->values[state->live[i].vreg].found;
        if (found != NO_INDEX && found >= block->first && found < block->end)
            state->live[i].local = found - block->first;
    }
}

static void measure_blocks(Regalloc *ra)
{
    for (uint32_t v = 0; v < ra->f->vregs.len; v++)
        ra->values[v].found = NO_INDEX;
    for (uint32_t b = 0; b < ra->f->blocks.len; b++)
        measure_block(ra, b);
    for (uint32_t v = 0; v < ra->f->vregs.len; v++)
        ra->values[v].mark = 0;
}

// A header's loop reaches to its last predecessor in the order. Inner loops come first, and outer
// ones step over them, so that nested loops are not walked again and again.
static void measure_loop(Regalloc *ra, uint32_t header)
{
    const MFunc *const f = ra->f;
    BlockState *const state = &ra->blocks[header];
    for (uint32_t i = 0; i < f->blocks.data[header].num_preds; i++) {
        const uint32_t pred = f->pred_list.data[f->blocks.data[header].preds + i];
        const uint32_t rank = ra->blocks[pred].rank;
        if (rank < state->rank)
            continue;
        if (state->loop_last == NO_INDEX || rank > state->loop_last)
            state->loop_last = rank;
    }
    if (state->loop_last == NO_INDEX)
        return;
    ra->has_loops = true;
    for (uint32_t rank = state->rank; rank <= state->loop_last; rank++) {
        const uint32_t b = ra->order[rank];
        const BlockState *const inner = &ra->blocks[b];
        const bool skip = b != header && inner->loop_last != NO_INDEX;
        for (uint32_t c = 0; c < REG_CLASS_COUNT; c++) {
            const uint32_t pressure = skip                     ? inner->loop_pressure[c]
                                      : f->blocks.data[b].cold ? 0
                                                               : inner->pressure[c];
            if (pressure > state->loop_pressure[c])
                state->loop_pressure[c] = pressure;
        }
        if (skip && inner->loop_last < state->loop_last)
            rank = inner->loop_last;
        else if (skip)
            break;
    }
    const uint32_t end = end_position(ra, ra->order[state->loop_last]);
    state->loop_calls = ra->calls[end / 2].hot > ra->calls[state->start / 2].hot;
}

// ---- Distances ----

uint32_t regalloc_edge_length(const MFunc *f, uint32_t from, uint32_t to)
{
    const MBlockData *const a = &f->blocks.data[from], *const b = &f->blocks.data[to];
    uint32_t length = 0;
    if (b->loop_depth < a->loop_depth)
        length = LOOP_EXIT;
    if (b->cold && !a->cold)
        length += COLD_ENTRY;
    return length;
}

static void note_distance(Regalloc *ra, uint32_t vreg, uint32_t distance, uint32_t stamp)
{
    VRegState *const value = &ra->values[vreg];
    if (value->mark != stamp || distance < value->found)
        value->found = distance;
    value->mark = stamp;
}

static void sweep_block(Regalloc *ra, uint32_t b, uint32_t stamp)
{
    const MFunc *const f = ra->f;
    const MBlockData *const block = &f->blocks.data[b];
    BlockState *const state = &ra->blocks[b];
    for (uint32_t s = 0; s < block->num_succs; s++) {
        const MEdge *const edge = regalloc_edge(f, b, s);
        const BlockState *const to = &ra->blocks[edge->to.i];
        const uint32_t length = regalloc_edge_length(f, b, edge->to.i);
        for (uint32_t i = 0; i < to->num_live; i++)
            note_distance(ra, to->live[i].vreg, regalloc_add_distance(to->live[i].distance, length),
                          stamp);
        for (uint32_t i = 0; i < edge->num_args; i++)
            note_distance(ra, f->edge_args.data[edge->args + i], 0, stamp);
    }
    for (uint32_t i = 0; i < state->num_live; i++) {
        LiveIn *const live = &state->live[i];
        const VRegState *const value = &ra->values[live->vreg];
        live->distance = live->local != NO_INDEX
                             ? live->local
                             : regalloc_add_distance(value->found, block->end - block->first);
    }
}

// Against the order, so that one sweep is enough but for what back edges carry; a second one brings
// that into the loop.
static void find_distances(Regalloc *ra)
{
    const uint32_t n = ra->f->blocks.len;
    uint32_t stamp = 0;
    for (uint32_t sweep = 0; sweep < (ra->has_loops ? 2u : 1u); sweep++)
        for (uint32_t rank = n; rank-- > 0;)
            sweep_block(ra, ra->order[rank], ++stamp);
    for (uint32_t v = 0; v < ra->f->vregs.len; v++)
        ra->values[v].mark = 0;
}

// ---- Webs ----

uint32_t regalloc_web(Regalloc *ra, uint32_t vreg)
{
    VRegState *const values = ra->values;
    while (values[vreg].web != vreg) {
        values[vreg].web = values[values[vreg].web].web;
        vreg = values[vreg].web;
    }
    return vreg;
}

static void join_webs(Regalloc *ra)
{
    const MFunc *const f = ra->f;
    for (uint32_t i = 0; i < f->edges.len; i++) {
        const MEdge *const edge = &f->edges.data[i];
        const uint32_t params = f->blocks.data[edge->to.i].params;
        for (uint32_t k = 0; k < edge->num_args; k++) {
            const uint32_t a = regalloc_web(ra, f->edge_args.data[edge->args + k]);
            const uint32_t b = regalloc_web(ra, f->edge_args.data[params + k]);
            ra->values[a > b ? a : b].web = a > b ? b : a;
        }
    }
}

void regalloc_analyse(Regalloc *ra)
{
    order_blocks(ra);
    place_blocks(ra);
    find_live(ra);
    find_crossed_calls(ra);
    join_webs(ra);
    measure_blocks(ra);
    for (uint32_t rank = ra->f->blocks.len; rank-- > 0;)
        measure_loop(ra, ra->order[rank]);
    find_distances(ra);
}
