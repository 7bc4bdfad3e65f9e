// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The checker: an abstract interpretation of the allocated code. The state is, for each register
// and spill slot, which values it is known to hold; where paths meet, what all of them know. Edges
// turn arguments into parameters by name, since the inserted moves are code like any other and have
// been interpreted before or will be behind. Blocks are interpreted anew until nothing is forgotten
// any more; an error that shows before that would show after it too.
//
// A state at a block's start holds only values that live into it, or are its parameters. So it
// stays small, and what a value's earlier turn in a loop has left in a slot is gone by name when
// its definition is passed again. Liveness is computed here a second time, for independence.
//
// It believes the MFunc before allocation, which mfunc_validate has to judge.

#include "regalloc/regalloc.h"

#define LOC_SLOTS 64u // registers come first
#define LOC_MAX   (1u << 24)

typedef struct Name {
    uint32_t vreg, next; // next: NO_INDEX
} Name;

// What a location holds on a block's start, as location << 32 | value, sorted.
typedef struct Known {
    uint64_t *facts;
    uint32_t num;
    bool reached;
} Known;

typedef struct Checker {
    const MFunc *f;
    const RegallocOptions *options;
    Arena *arena;
    Str error;
    uint32_t inst;     // where we are, for messages
    uint32_t num_locs; // registers and slots
    uint32_t *head;    // by location: names, NO_INDEX
    VEC(Name) names;
    Known *known;         // by block
    uint32_t *live_first; // by block: its slice of live
    uint32_t *live;       // values, sorted in each block
    uint32_t *def_block;  // by vreg
    uint32_t *first_move; // by instruction
    bool *queued;
    uint32_t *arg_first;  // by vreg, while an edge is crossed: its first argument with it, plus 1
    uint32_t *live_stamp; // by vreg: the last edge crossed into a block that it lives into
    uint32_t edges_crossed;
    VEC(uint32_t) arg_next;
} Checker;

static void fail(Checker *c, const char *format, ...) PRINTF_LIKE(2, 3);

static void fail(Checker *c, const char *format, ...)
{
    if (c->error.len != 0)
        return;
    StrBuf text = {.arena = c->arena};
    va_list args;
    va_start(args, format);
    buf_printf(&text, "instruction %u: ", c->inst);
    buf_vprintf(&text, format, args);
    va_end(args);
    c->error = buf_view(&text);
}

// ---- Locations ----

static uint32_t location(const Checker *c, Alloc alloc)
{
    if (alloc_is_reg(alloc) && alloc_preg(alloc) < LOC_SLOTS)
        return alloc_preg(alloc);
    if (alloc_is_slot(alloc) && alloc_slot_number(alloc) < c->f->num_slots)
        return LOC_SLOTS + alloc_slot_number(alloc);
    return NO_INDEX;
}

// For messages alone: it takes memory.
static const char *location_name(const Checker *c, uint32_t loc)
{
    if (loc >= LOC_SLOTS)
        return str_printf(c->arena, "slot%u", loc - LOC_SLOTS).data;
    return c->f->target->reg_name((PReg)loc, loc < 32 ? 8 : 16);
}

static bool is_wide(const Checker *c, uint32_t vreg)
{
    return c->f->vregs.data[vreg].bytes == 16;
}

static bool holds(const Checker *c, uint32_t loc, uint32_t vreg)
{
    for (uint32_t n = c->head[loc]; n != NO_INDEX; n = c->names.data[n].next)
        if (c->names.data[n].vreg == vreg)
            return true;
    return false;
}

static void add_name(Checker *c, uint32_t loc, uint32_t vreg)
{
    const Name name = {vreg, c->head[loc]};
    VEC_PUSH(c->arena, &c->names, name);
    c->head[loc] = c->names.len - 1;
}

// Whether the location starts a 16-byte value.
static bool has_wide(const Checker *c, uint32_t loc)
{
    for (uint32_t n = c->head[loc]; n != NO_INDEX; n = c->names.data[n].next)
        if (is_wide(c, c->names.data[n].vreg))
            return true;
    return false;
}

// Forgets what a write of `bytes` to the location destroys; in memory that may be a neighbour.
static void forget(Checker *c, uint32_t loc, bool wide)
{
    c->head[loc] = NO_INDEX;
    if (loc < LOC_SLOTS)
        return;
    if (wide)
        c->head[loc + 1] = NO_INDEX;
    if (loc > LOC_SLOTS && has_wide(c, loc - 1))
        c->head[loc - 1] = NO_INDEX;
}

// Whether the value can be in such a place at all.
static bool fits(Checker *c, uint32_t loc, uint32_t vreg)
{
    if (loc == NO_INDEX) {
        fail(c, "%%%u is nowhere", vreg);
        return false;
    }
    if (loc < LOC_SLOTS && preg_class((PReg)loc) != c->f->vregs.data[vreg].class) {
        fail(c, "%%%u is in %s, a register of another class", vreg, location_name(c, loc));
        return false;
    }
    if (loc >= LOC_SLOTS && is_wide(c, vreg) &&
        ((loc - LOC_SLOTS) % 2 != 0 || loc + 1 >= c->num_locs)) {
        fail(c, "%%%u does not fit into %s", vreg, location_name(c, loc));
        return false;
    }
    return true;
}

static void check_write(Checker *c, uint32_t loc)
{
    if (loc >= LOC_SLOTS)
        return;
    const PRegSet bit = preg_bit((PReg)loc);
    if ((c->options->callee_saved & ~c->f->callee_saved & bit) != 0)
        fail(c, "writes %s, which is callee-saved and not saved",
             c->f->target->reg_name((PReg)loc, 8));
}

// ---- Moves ----

static bool is_fixed_reg(const Checker *c, uint32_t inst, uint32_t loc)
{
    const MInst *const data = &c->f->insts.data[inst];
    for (uint32_t k = data->operands; k < data->operands + data->num_operands; k++) {
        const MOperand *const op = &c->f->operands.data[k];
        if (op->vreg.i != NO_INDEX && op->constraint == CONSTRAINT_FIXED && op->reg == loc)
            return true;
    }
    return false;
}

static void check_target(Checker *c, const MMove *move, uint32_t loc)
{
    check_write(c, loc);
    if (loc < LOC_SLOTS && (c->options->allocatable & preg_bit((PReg)loc)) == 0 &&
        !is_fixed_reg(c, move->before, loc))
        fail(c, "a move writes %s, which is not to be used", c->f->target->reg_name((PReg)loc, 8));
}

static void check_remat(Checker *c, const MMove *move, uint32_t to)
{
    if (move->remat >= c->f->insts.len) {
        fail(c, "rematerialises no instruction");
        return;
    }
    const MInst *const inst = &c->f->insts.data[move->remat];
    const MRow *const row = minst_row(c->f, inst);
    if ((row->flags & ROW_REMAT) == 0 || inst->num_operands != 1)
        fail(c, "%s can't be rematerialised", row->name);
    else if (row->flags_use != MFLAGS_NONE)
        fail(c, "rematerialising %s changes flags", row->name);
    else if (c->f->operands.data[inst->operands].vreg.i != move->vreg.i)
        fail(c, "instruction %u does not make %%%u", move->remat, move->vreg.i);
    else if (to >= LOC_SLOTS)
        fail(c, "rematerialises into memory");
    forget(c, to, is_wide(c, move->vreg.i));
    add_name(c, to, move->vreg.i);
}

static void check_move(Checker *c, const MMove *move)
{
    if (move->vreg.i >= c->f->vregs.len) {
        fail(c, "a move of no value");
        return;
    }
    const uint32_t to = location(c, move->to);
    if (!fits(c, to, move->vreg.i))
        return;
    check_target(c, move, to);
    if (move->remat != NO_INDEX) {
        check_remat(c, move, to);
        return;
    }
    const uint32_t from = location(c, move->from);
    if (!fits(c, from, move->vreg.i))
        return;
    if (!holds(c, from, move->vreg.i)) {
        fail(c, "a move reads %%%u from %s, which does not hold it", move->vreg.i,
             location_name(c, from));
        return;
    }
    if (to == from)
        return;
    const uint32_t first = c->head[from];
    forget(c, to, is_wide(c, move->vreg.i));
    for (uint32_t n = first; n != NO_INDEX; n = c->names.data[n].next)
        add_name(c, to, c->names.data[n].vreg);
}

// ---- Instructions ----

static void check_place(Checker *c, const MInst *inst, const MOperand *op, uint32_t loc)
{
    const uint32_t reused = op->constraint == CONSTRAINT_REUSE
                                ? location(c, c->f->allocs[inst->operands + op->reg])
                                : NO_INDEX;
    switch ((Constraint)op->constraint) {
    case CONSTRAINT_REG:
        if (loc >= LOC_SLOTS)
            fail(c, "%%%u must be in a register, not in %s", op->vreg.i, location_name(c, loc));
        break;
    case CONSTRAINT_ANY: break;
    case CONSTRAINT_FIXED:
        if (loc != op->reg)
            fail(c, "%%%u is in %s instead of its fixed register", op->vreg.i,
                 location_name(c, loc));
        return;
    case CONSTRAINT_REUSE:
        if (loc != reused)
            fail(c, "%%%u does not reuse operand %u", op->vreg.i, op->reg);
        if (c->f->operands.data[inst->operands + op->reg].constraint == CONSTRAINT_FIXED)
            return;
        break;
    }
    if (loc < LOC_SLOTS && (c->options->allocatable & preg_bit((PReg)loc)) == 0)
        fail(c, "%%%u is in %s, which is not to be used", op->vreg.i, location_name(c, loc));
}

// What two operands have in common, as registers: a def may not be where it would be read later.
static void check_overlap(Checker *c, const MInst *inst, const MOperand *def, uint32_t loc)
{
    const MOperand *const ops = minst_operands(c->f, inst);
    for (uint32_t k = 0; k < inst->num_operands; k++) {
        if (&ops[k] == def || ops[k].vreg.i == NO_INDEX ||
            location(c, c->f->allocs[inst->operands + k]) != loc)
            continue;
        if (ops[k].kind == OPERAND_DEF)
            fail(c, "%%%u and %%%u are both written to %s", def->vreg.i, ops[k].vreg.i,
                 location_name(c, loc));
        else if (def->pos == POS_EARLY)
            fail(c, "%%%u is written early to %s, which is read", def->vreg.i,
                 location_name(c, loc));
        else if (ops[k].pos == POS_LATE)
            fail(c, "%%%u is written to %s, which is read late", def->vreg.i,
                 location_name(c, loc));
    }
}

static void check_operand(Checker *c, const MInst *inst, uint32_t k, PRegSet clobbers)
{
    const MOperand *const op = &c->f->operands.data[inst->operands + k];
    if (op->vreg.i == NO_INDEX)
        return;
    const uint32_t loc = location(c, c->f->allocs[inst->operands + k]);
    if (!fits(c, loc, op->vreg.i))
        return;
    check_place(c, inst, op, loc);
    const bool destroyed = loc < LOC_SLOTS && (clobbers & preg_bit((PReg)loc)) != 0;
    if (op->kind == OPERAND_USE) {
        if (!holds(c, loc, op->vreg.i))
            fail(c, "reads %%%u from %s, which does not hold it", op->vreg.i,
                 location_name(c, loc));
        if (destroyed && op->pos == POS_LATE)
            fail(c, "reads %%%u late from %s, which is clobbered", op->vreg.i,
                 location_name(c, loc));
        return;
    }
    if (loc >= LOC_SLOTS)
        fail(c, "%%%u is written to memory", op->vreg.i);
    if (destroyed && op->constraint != CONSTRAINT_FIXED)
        fail(c, "%%%u is written to %s, which is clobbered", op->vreg.i, location_name(c, loc));
    check_write(c, loc);
    check_overlap(c, inst, op, loc);
}

static void check_inst(Checker *c)
{
    const MInst *const inst = &c->f->insts.data[c->inst];
    const PRegSet clobbers =
        c->f->clobber_sets.data[inst->clobbers] | minst_row(c->f, inst)->clobbers;
    for (uint32_t k = 0; k < inst->num_operands && c->error.len == 0; k++)
        check_operand(c, inst, k, clobbers);
    if (c->error.len != 0)
        return;
    for (PRegSet left = clobbers; left != 0; left &= left - 1) {
        const uint32_t reg = (uint32_t)__builtin_ctzll(left);
        check_write(c, reg);
        c->head[reg] = NO_INDEX;
    }
    for (uint32_t k = 0; k < inst->num_operands; k++) {
        const MOperand *const op = &c->f->operands.data[inst->operands + k];
        if (op->kind != OPERAND_DEF)
            continue;
        const uint32_t loc = location(c, c->f->allocs[inst->operands + k]);
        forget(c, loc, is_wide(c, op->vreg.i));
        add_name(c, loc, op->vreg.i);
    }
}

// ---- Liveness ----

typedef struct LiveFact {
    uint32_t block, vreg;
} LiveFact;

typedef struct Live {
    VEC(LiveFact) facts;
    VEC(uint32_t) stack;
    VEC(LiveFact) uses; // outside of the definition's block
} Live;

static void note_use(Checker *c, Live *l, uint32_t vreg, uint32_t block)
{
    const LiveFact use = {block, vreg};
    if (vreg != NO_INDEX && c->def_block[vreg] != block)
        VEC_PUSH(c->arena, &l->uses, use);
}

static void collect_uses(Checker *c, Live *l)
{
    const MFunc *const f = c->f;
    for (uint32_t b = 0; b < f->blocks.len; b++) {
        const MBlockData *const block = &f->blocks.data[b];
        for (uint32_t i = block->params; i < block->params + block->num_params; i++)
            c->def_block[f->edge_args.data[i]] = b;
        for (uint32_t i = block->first; i < block->end; i++)
            for (uint32_t k = 0; k < f->insts.data[i].num_operands; k++) {
                const MOperand *const op = &f->operands.data[f->insts.data[i].operands + k];
                if (op->kind == OPERAND_DEF)
                    c->def_block[op->vreg.i] = b;
            }
    }
    for (uint32_t b = 0; b < f->blocks.len; b++) {
        const MBlockData *const block = &f->blocks.data[b];
        for (uint32_t i = block->first; i < block->end; i++)
            for (uint32_t k = 0; k < f->insts.data[i].num_operands; k++) {
                const MOperand *const op = &f->operands.data[f->insts.data[i].operands + k];
                if (op->kind == OPERAND_USE)
                    note_use(c, l, op->vreg.i, b);
            }
        for (uint32_t s = block->succs; s < block->succs + block->num_succs; s++)
            for (uint32_t k = 0; k < f->edges.data[s].num_args; k++)
                note_use(c, l, f->edge_args.data[f->edges.data[s].args + k], b);
    }
}

// Walks from the uses of one value, which are pushed, up to its definition.
static void walk_up(Checker *c, Live *l, uint32_t vreg, uint32_t *stamp)
{
    while (l->stack.len != 0) {
        const uint32_t b = l->stack.data[--l->stack.len];
        if (stamp[b] == vreg + 1)
            continue;
        stamp[b] = vreg + 1;
        const LiveFact fact = {b, vreg};
        VEC_PUSH(c->arena, &l->facts, fact);
        const MBlockData *const block = &c->f->blocks.data[b];
        for (uint32_t i = block->preds; i < block->preds + block->num_preds; i++)
            if (c->f->pred_list.data[i] != c->def_block[vreg])
                VEC_PUSH(c->arena, &l->stack, c->f->pred_list.data[i]);
    }
}

static void find_live(Checker *c)
{
    const MFunc *const f = c->f;
    Live l = {0};
    c->def_block = ARENA_ARRAY(c->arena, uint32_t, f->vregs.len);
    collect_uses(c, &l);
    uint32_t *const first = ARENA_ARRAY(c->arena, uint32_t, f->vregs.len + 1);
    uint32_t *const blocks = ARENA_ARRAY(c->arena, uint32_t, l.uses.len);
    uint32_t *const stamp = ARENA_ARRAY(c->arena, uint32_t, f->blocks.len);
    for (uint32_t i = 0; i < l.uses.len; i++)
        first[l.uses.data[i].vreg + 1]++;
    for (uint32_t v = 0; v < f->vregs.len; v++)
        first[v + 1] += first[v];
    for (uint32_t i = l.uses.len; i-- > 0;)
        blocks[--first[l.uses.data[i].vreg + 1]] = l.uses.data[i].block;
    // first[v + 1] is now where the uses of v begin.
    for (uint32_t v = 0; v < f->vregs.len; v++) {
        const uint32_t end = v + 1 < f->vregs.len ? first[v + 2] : l.uses.len;
        for (uint32_t i = first[v + 1]; i < end; i++)
            VEC_PUSH(c->arena, &l.stack, blocks[i]);
        walk_up(c, &l, v, stamp);
    }
    c->live_first = ARENA_ARRAY(c->arena, uint32_t, f->blocks.len + 1);
    c->live = ARENA_ARRAY(c->arena, uint32_t, l.facts.len);
    for (uint32_t i = 0; i < l.facts.len; i++)
        c->live_first[l.facts.data[i].block + 1]++;
    for (uint32_t b = 0; b < f->blocks.len; b++)
        c->live_first[b + 1] += c->live_first[b];
    memset(stamp, 0, sizeof(uint32_t) * f->blocks.len);
    for (uint32_t i = 0; i < l.facts.len; i++) {
        const uint32_t b = l.facts.data[i].block;
        c->live[c->live_first[b] + stamp[b]++] = l.facts.data[i].vreg;
    }
}

// ---- Blocks ----

typedef struct Facts {
    VEC(uint64_t) list;
} Facts;

static void add_fact(Checker *c, Facts *facts, uint32_t from, uint32_t loc, uint32_t vreg)
{
    const uint64_t fact = (uint64_t)loc << 32 | vreg;
    VEC_PUSH(c->arena, &facts->list, fact);
    uint32_t at = facts->list.len - 1;
    for (; at > from && facts->list.data[at - 1] > fact; at--)
        facts->list.data[at] = facts->list.data[at - 1];
    facts->list.data[at] = fact;
}

// What is known behind the edge.
static Facts cross_edge(Checker *c, const MEdge *edge)
{
    const uint32_t *args = NULL, *params = NULL; // the table may be empty
    Facts facts = {0};
    c->arg_next.len = 0;
    if (edge->num_args != 0) {
        args = c->f->edge_args.data + edge->args;
        params = c->f->edge_args.data + c->f->blocks.data[edge->to.i].params;
    }
    for (uint32_t k = 0; k < edge->num_args; k++) {
        VEC_PUSH(c->arena, &c->arg_next, c->arg_first[args[k]]);
        c->arg_first[args[k]] = k + 1;
    }
    const uint32_t stamp = ++c->edges_crossed;
    for (uint32_t i = c->live_first[edge->to.i]; i < c->live_first[edge->to.i + 1]; i++)
        c->live_stamp[c->live[i]] = stamp;
    for (uint32_t loc = 0; loc < c->num_locs; loc++) {
        const uint32_t from = facts.list.len;
        for (uint32_t n = c->head[loc]; n != NO_INDEX; n = c->names.data[n].next) {
            const uint32_t vreg = c->names.data[n].vreg;
            if (c->live_stamp[vreg] == stamp)
                add_fact(c, &facts, from, loc, vreg);
            for (uint32_t k = c->arg_first[vreg]; k != 0; k = c->arg_next.data[k - 1])
                add_fact(c, &facts, from, loc, params[k - 1]);
        }
    }
    for (uint32_t k = 0; k < edge->num_args; k++)
        c->arg_first[args[k]] = 0;
    return facts;
}

// Whether the block's start knows less than before.
static bool meet(Known *known, const Facts *facts)
{
    if (!known->reached) {
        *known = (Known){facts->list.data, facts->list.len, true};
        return true;
    }
    uint32_t kept = 0, k = 0;
    for (uint32_t i = 0; i < known->num; i++) {
        while (k < facts->list.len && facts->list.data[k] < known->facts[i])
            k++;
        if (k < facts->list.len && facts->list.data[k] == known->facts[i])
            known->facts[kept++] = known->facts[i];
    }
    const bool changed = kept != known->num;
    known->num = kept;
    return changed;
}

static void check_block(Checker *c, uint32_t b)
{
    const MFunc *const f = c->f;
    const MBlockData *const block = &f->blocks.data[b];
    c->names.len = 0;
    memset(c->head, 0xff, sizeof(uint32_t) * (c->num_locs + 1));
    for (uint32_t i = 0; i < c->known[b].num; i++)
        add_name(c, (uint32_t)(c->known[b].facts[i] >> 32), (uint32_t)c->known[b].facts[i]);
    for (c->inst = block->first; c->inst < block->end && c->error.len == 0; c->inst++) {
        for (uint32_t m = c->first_move[c->inst];
             m < f->moves.len && f->moves.data[m].before == c->inst && c->error.len == 0; m++)
            check_move(c, &f->moves.data[m]);
        if (c->error.len == 0)
            check_inst(c);
        if (c->error.len != 0)
            return;
    }
    for (uint32_t s = 0; s < block->num_succs; s++) {
        const MEdge *const edge = &f->edges.data[block->succs + s];
        const Facts facts = cross_edge(c, edge);
        if (meet(&c->known[edge->to.i], &facts))
            c->queued[edge->to.i] = true;
    }
}

static void index_moves(Checker *c)
{
    const MFunc *const f = c->f;
    c->first_move = ARENA_ARRAY(c->arena, uint32_t, f->insts.len);
    uint32_t m = 0;
    for (uint32_t i = 0; i < f->insts.len; i++) {
        c->first_move[i] = m;
        while (m < f->moves.len && f->moves.data[m].before == i)
            m++;
    }
    c->inst = m < f->moves.len ? f->moves.data[m].before : 0;
    if (m != f->moves.len)
        fail(c, "a move is out of order or before no instruction");
}

Str regalloc_check(const MFunc *f, const RegallocOptions *options, Arena *arena)
{
    Checker c = {.f = f, .options = options, .arena = arena, .num_locs = LOC_SLOTS + f->num_slots};
    if (f->num_slots > LOC_MAX)
        return STR("too many spill slots");
    index_moves(&c);
    if (c.error.len != 0)
        return c.error;
    find_live(&c);
    c.head = ARENA_ARRAY(arena, uint32_t, c.num_locs + 1);
    c.known = ARENA_ARRAY(arena, Known, f->blocks.len);
    c.queued = ARENA_ARRAY(arena, bool, f->blocks.len);
    c.known[0].reached = true;
    c.arg_first = ARENA_ARRAY(arena, uint32_t, f->vregs.len);
    c.live_stamp = ARENA_ARRAY(arena, uint32_t, f->vregs.len);
    c.queued[0] = true;
    // Rounds in layout order, which is near to reverse post-order.
    for (bool any = true; any && c.error.len == 0;) {
        any = false;
        for (uint32_t b = 0; b < f->blocks.len && c.error.len == 0; b++) {
            if (!c.queued[b])
                continue;
            any = true;
            c.queued[b] = false;
            check_block(&c, b);
        }
    }
    return c.error;
}
