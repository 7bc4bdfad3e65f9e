// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Validation of machine functions. Dominators by Cooper, Harvey and Kennedy, "A Simple, Fast
// Dominance Algorithm"; then each rule in one pass over the instructions.

#include "mach/mach.h"

typedef struct Validator {
    const MFunc *f;
    Arena *arena;
    Str error;
    uint32_t *order;              // blocks in reverse post-order
    uint32_t *rank;               // by block: place in `order`, NO_INDEX: not reachable
    uint32_t *idom;               // by block
    uint32_t *tree_in, *tree_out; // by block: a dominates b when in[a] <= in[b] <= out[a]
    uint32_t num_ordered;
    uint32_t *def_block, *def_inst; // by vreg; def_inst 0: a parameter, else instruction + 1
} Validator;

#define FAIL(v, ...)                                          \
    do {                                                      \
        if ((v)->error.len == 0)                              \
            (v)->error = str_printf((v)->arena, __VA_ARGS__); \
        return;                                               \
    } while (0)

// ---- Shape of the graph ----

static void check_block_shape(Validator *v, uint32_t b, uint32_t first)
{
    const MFunc *const f = v->f;
    const MBlockData *const block = &f->blocks.data[b];
    if (block->first != first || block->end <= block->first || block->end > f->insts.len)
        FAIL(v, "block %u: its instructions do not follow those before it", b);
    if (block->succs > f->edges.len || block->num_succs > f->edges.len - block->succs)
        FAIL(v, "block %u: its edges are out of range", b);
    if (block->preds > f->pred_list.len || block->num_preds > f->pred_list.len - block->preds)
        FAIL(v, "block %u: its predecessors are out of range", b);
    for (uint32_t i = 0; i < block->num_succs; i++) {
        const MEdge *const edge = &f->edges.data[block->succs + i];
        if (edge->to.i >= f->blocks.len)
            FAIL(v, "block %u: edge %u leads nowhere", b, i);
        const MBlockData *const to = &f->blocks.data[edge->to.i];
        if (edge->num_args != to->num_params)
            FAIL(v, "block %u: edge %u has %u arguments for %u parameters", b, i, edge->num_args,
                 to->num_params);
        if (block->num_succs > 1 && to->num_preds > 1)
            FAIL(v, "block %u: edge %u to block %u is critical", b, i, edge->to.i);
        for (uint32_t k = 0; k < edge->num_args; k++) {
            const uint32_t arg = f->edge_args.data[edge->args + k];
            const uint32_t param = f->edge_args.data[to->params + k];
            if (arg >= f->vregs.len || param >= f->vregs.len)
                FAIL(v, "block %u: edge %u has no register at argument %u", b, i, k);
            if (f->vregs.data[arg].class != f->vregs.data[param].class ||
                f->vregs.data[arg].bytes != f->vregs.data[param].bytes)
                FAIL(v, "block %u: edge %u: %%%u does not fit %%%u", b, i, arg, param);
        }
    }
}

static void check_preds(Validator *v)
{
    const MFunc *const f = v->f;
    uint32_t *const count = ARENA_ARRAY(v->arena, uint32_t, f->blocks.len);
    for (uint32_t b = 0; b < f->blocks.len; b++)
        for (uint32_t i = 0; i < f->blocks.data[b].num_succs; i++)
            count[f->edges.data[f->blocks.data[b].succs + i].to.i]++;
    for (uint32_t b = 0; b < f->blocks.len; b++)
        if (count[b] != f->blocks.data[b].num_preds)
            FAIL(v, "block %u: has %u predecessors and lists %u", b, count[b],
                 f->blocks.data[b].num_preds);
    if (f->blocks.data[0].num_params != 0)
        FAIL(v, "block 0 has parameters");
}

// ---- Dominators ----

static void order_blocks(Validator *v)
{
    const MFunc *const f = v->f;
    const uint32_t n = f->blocks.len;
    uint32_t *const stack = ARENA_ARRAY(v->arena, uint32_t, n);
    uint32_t *const next = ARENA_ARRAY(v->arena, uint32_t, n);
    v->order = ARENA_ARRAY(v->arena, uint32_t, n);
    v->rank = ARENA_ARRAY(v->arena, uint32_t, n);
    memset(v->rank, 0xff, sizeof(uint32_t) * n);
    uint32_t depth = 1, free = n;
    v->rank[0] = 0;
    while (depth != 0) {
        const uint32_t b = stack[depth - 1];
        const MBlockData *const block = &f->blocks.data[b];
        if (next[b] == block->num_succs) {
            v->order[--free] = b;
            depth--;
            continue;
        }
        const uint32_t to = f->edges.data[block->succs + next[b]++].to.i;
        if (v->rank[to] == NO_INDEX) {
            v->rank[to] = 0;
            stack[depth++] = to;
        }
    }
    v->num_ordered = n - free;
    if (free != 0)
        FAIL(v, "%u blocks can't be reached", free);
    for (uint32_t i = 0; i < n; i++)
        v->rank[v->order[i]] = i;
}

static uint32_t meet(const Validator *v, uint32_t a, uint32_t b)
{
    while (a != b) {
        while (v->rank[a] > v->rank[b])
            a = v->idom[a];
        while (v->rank[b] > v->rank[a])
            b = v->idom[b];
    }
    return a;
}

// One step of the iteration for block `b`; whether its dominator changed.
static bool update_idom(Validator *v, uint32_t b)
{
    const MBlockData *const block = &v->f->blocks.data[b];
    uint32_t found = NO_INDEX;
    for (uint32_t i = 0; i < block->num_preds; i++) {
        const uint32_t pred = v->f->pred_list.data[block->preds + i];
        if (v->idom[pred] != NO_INDEX)
            found = found == NO_INDEX ? pred : meet(v, found, pred);
    }
    const bool changed = v->idom[b] != found;
    v->idom[b] = found;
    return changed;
}

static void find_dominators(Validator *v)
{
    const uint32_t n = v->f->blocks.len;
    v->idom = ARENA_ARRAY(v->arena, uint32_t, n);
    memset(v->idom, 0xff, sizeof(uint32_t) * n);
    v->idom[0] = 0;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 1; i < n; i++)
            changed |= update_idom(v, v->order[i]);
    }
    // Numbers of the tree without walking it: sizes of subtrees bottom up, then places top down.
    v->tree_in = ARENA_ARRAY(v->arena, uint32_t, n);
    v->tree_out = ARENA_ARRAY(v->arena, uint32_t, n);
    uint32_t *const size = ARENA_ARRAY(v->arena, uint32_t, n);
    uint32_t *const used = ARENA_ARRAY(v->arena, uint32_t, n);
    for (uint32_t i = n; i-- > 1;)
        size[v->idom[v->order[i]]] += ++size[v->order[i]];
    v->tree_out[0] = size[0];
    for (uint32_t i = 1; i < n; i++) {
        const uint32_t b = v->order[i], parent = v->idom[b];
        v->tree_in[b] = v->tree_in[parent] + 1 + used[parent];
        v->tree_out[b] = v->tree_in[b] + size[b] - 1;
        used[parent] += size[b];
    }
}

// ---- Definitions and uses ----

static void define(Validator *v, uint32_t vreg, uint32_t block, uint32_t inst)
{
    if (vreg >= v->f->vregs.len)
        FAIL(v, "block %u: a definition without a register", block);
    if (v->def_block[vreg] != NO_INDEX)
        FAIL(v, "%%%u has two definitions", vreg);
    v->def_block[vreg] = block;
    v->def_inst[vreg] = inst;
}

static void define_all(Validator *v)
{
    const MFunc *const f = v->f;
    v->def_block = ARENA_ARRAY(v->arena, uint32_t, f->vregs.len);
    v->def_inst = ARENA_ARRAY(v->arena, uint32_t, f->vregs.len);
    memset(v->def_block, 0xff, sizeof(uint32_t) * f->vregs.len);
    for (uint32_t b = 0; b < f->blocks.len; b++) {
        const MBlockData *const block = &f->blocks.data[b];
        for (uint32_t i = 0; i < block->num_params; i++)
            define(v, f->edge_args.data[block->params + i], b, 0);
        for (uint32_t i = block->first; i < block->end; i++)
            for (uint32_t k = 0; k < f->insts.data[i].num_operands; k++) {
                const MOperand *const op = &f->operands.data[f->insts.data[i].operands + k];
                if (op->kind == OPERAND_DEF)
                    define(v, op->vreg.i, b, i + 1);
            }
    }
}

static void check_use(Validator *v, uint32_t vreg, uint32_t block, uint32_t inst)
{
    if (vreg >= v->f->vregs.len || v->def_block[vreg] == NO_INDEX)
        FAIL(v, "instruction %u: %%%u has no definition", inst, vreg);
    const uint32_t def = v->def_block[vreg];
    const bool dominates = def == block ? v->def_inst[vreg] <= inst
                                        : v->tree_in[def] <= v->tree_in[block] &&
                                              v->tree_in[block] <= v->tree_out[def];
    if (!dominates)
        FAIL(v, "instruction %u: the definition of %%%u does not dominate it", inst, vreg);
}

// ---- Operands ----

// Registers that the fixed operands before this one take, with whom they hold.
typedef struct FixedRegs {
    uint32_t uses[64]; // by register, where `used` has it: the vreg
    PRegSet used, defs, early_defs;
} FixedRegs;

static void check_fixed(Validator *v, uint32_t i, const MOperand *op, FixedRegs *fixed)
{
    if (op->reg >= 64 || preg_class(op->reg) != v->f->vregs.data[op->vreg.i].class)
        FAIL(v, "instruction %u: %%%u is fixed to a register of another class", i, op->vreg.i);
    if (op->kind == OPERAND_DEF) {
        if ((fixed->defs & preg_bit(op->reg)) != 0)
            FAIL(v, "instruction %u: two definitions in one register", i);
        fixed->defs |= preg_bit(op->reg);
        if (op->pos == POS_EARLY)
            fixed->early_defs |= preg_bit(op->reg);
        return;
    }
    if ((fixed->used & preg_bit(op->reg)) != 0 && fixed->uses[op->reg] != op->vreg.i)
        FAIL(v, "instruction %u: two uses in one register", i);
    fixed->used |= preg_bit(op->reg);
    fixed->uses[op->reg] = op->vreg.i;
}

static void check_constraint(Validator *v, uint32_t i, const MOperand *op, FixedRegs *fixed)
{
    const MFunc *const f = v->f;
    const MInst *const inst = &f->insts.data[i];
    switch ((Constraint)op->constraint) {
    case CONSTRAINT_REG: return;
    case CONSTRAINT_ANY: return;
    case CONSTRAINT_FIXED: check_fixed(v, i, op, fixed); return;
    case CONSTRAINT_REUSE: break;
    }
    if (op->kind != OPERAND_DEF || op->pos != POS_LATE || op->reg >= inst->num_operands)
        FAIL(v, "instruction %u: %%%u can't reuse operand %u", i, op->vreg.i, op->reg);
    const MOperand *const use = &f->operands.data[inst->operands + op->reg];
    if (use->kind != OPERAND_USE || use->vreg.i == NO_INDEX || use->pos != POS_EARLY ||
        (use->constraint != CONSTRAINT_REG && use->constraint != CONSTRAINT_FIXED) ||
        f->vregs.data[use->vreg.i].class != f->vregs.data[op->vreg.i].class)
        FAIL(v, "instruction %u: %%%u can't reuse operand %u", i, op->vreg.i, op->reg);
    for (uint32_t k = 0; k < inst->num_operands; k++) {
        const MOperand *const other = &f->operands.data[inst->operands + k];
        if (other != op && other->constraint == CONSTRAINT_REUSE && other->reg == op->reg)
            FAIL(v, "instruction %u: operand %u is reused twice", i, op->reg);
    }
}

// Calls, returns and the function's arguments have the operands that the convention asks for.
static bool has_row_operands(const MFunc *f, const MInst *inst)
{
    const uint16_t free = ROW_CALL | ROW_RETURN;
    return (minst_row(f, inst)->flags & free) == 0 && inst->op != f->target->row_args;
}

static void check_row_operands(Validator *v, uint32_t i)
{
    const MFunc *const f = v->f;
    const MInst *const inst = &f->insts.data[i];
    const MRow *const row = minst_row(f, inst);
    uint32_t k = 0;
    for (uint32_t r = 0; r < row->num_operands; r++) {
        const RowOperand *const want = &row->operands[r];
        const bool memory =
            want->kind == OPERAND_MEM ||
            (want->kind == OPERAND_RM && inst->amode != AMODE_NONE && inst->mem_operand == k);
        const uint32_t count = memory ? 2 : 1;
        if (k + count > inst->num_operands)
            FAIL(v, "instruction %u (%s): too few operands", i, row->name);
        for (uint32_t end = k + count; k < end; k++) {
            const MOperand *const op = &f->operands.data[inst->operands + k];
            const OperandKind kind = want->kind == OPERAND_DEF ? OPERAND_DEF : OPERAND_USE;
            const uint8_t class = memory ? (uint8_t)REG_INT : want->class;
            if (op->kind != kind || (op->vreg.i == NO_INDEX && !memory))
                FAIL(v, "instruction %u (%s): operand %u is of the wrong kind", i, row->name, k);
            if (op->vreg.i != NO_INDEX && f->vregs.data[op->vreg.i].class != class)
                FAIL(v, "instruction %u (%s): operand %u is of the wrong class", i, row->name, k);
        }
    }
    if (k != inst->num_operands)
        FAIL(v, "instruction %u (%s): too many operands", i, row->name);
}

static void check_operands(Validator *v, uint32_t b, uint32_t i)
{
    const MFunc *const f = v->f;
    const MInst *const inst = &f->insts.data[i];
    FixedRegs fixed;
    fixed.used = fixed.defs = fixed.early_defs = 0;
    for (uint32_t k = 0; k < inst->num_operands; k++) {
        const MOperand *const op = &f->operands.data[inst->operands + k];
        if (op->vreg.i == NO_INDEX)
            continue;
        if (op->kind == OPERAND_USE)
            check_use(v, op->vreg.i, b, i);
        if (v->error.len == 0)
            check_constraint(v, i, op, &fixed);
    }
    if ((fixed.used & fixed.early_defs) != 0)
        FAIL(v, "instruction %u: an early definition in the register of a use", i);
    if (v->error.len == 0 && has_row_operands(f, inst))
        check_row_operands(v, i);
}

// ---- Blocks ----

static void check_block(Validator *v, uint32_t b)
{
    const MFunc *const f = v->f;
    const MBlockData *const block = &f->blocks.data[b];
    bool flags = false;
    for (uint32_t i = block->first; i < block->end && v->error.len == 0; i++) {
        const MInst *const inst = &f->insts.data[i];
        if (inst->op >= f->target->num_rows || inst->clobbers >= f->clobber_sets.len ||
            inst->operands > f->operands.len ||
            inst->num_operands > f->operands.len - inst->operands)
            FAIL(v, "instruction %u: a number out of range", i);
        const MRow *const row = minst_row(f, inst);
        const bool last = i + 1 == block->end;
        if ((row->flags & (ROW_BRANCH | ROW_RETURN)) != 0 && !last)
            FAIL(v, "instruction %u (%s): ends block %u before its end", i, row->name, b);
        if (last && ((row->flags & ROW_BRANCH) != 0) != (block->num_succs != 0))
            FAIL(v, "instruction %u (%s): block %u has %u successors", i, row->name, b,
                 block->num_succs);
        if ((row->flags_use & MFLAGS_READ) != 0 && !flags)
            FAIL(v, "instruction %u (%s): reads flags that nothing has written", i, row->name);
        if ((row->flags & ROW_CALL) != 0)
            flags = false;
        if ((row->flags_use & MFLAGS_WRITE) != 0)
            flags = true;
        check_operands(v, b, i);
    }
    for (uint32_t i = 0; i < block->num_succs; i++) {
        const MEdge *const edge = &f->edges.data[block->succs + i];
        for (uint32_t k = 0; k < edge->num_args; k++)
            check_use(v, f->edge_args.data[edge->args + k], b, block->end);
    }
}

// What a branch defines is a temporary of its own: nothing can be put behind a branch.
static void check_branch_defs(Validator *v, const uint32_t *branch_of)
{
    const MFunc *const f = v->f;
    for (uint32_t i = 0; i < f->operands.len; i++) {
        const MOperand *const op = &f->operands.data[i];
        if (op->kind == OPERAND_USE && op->vreg.i != NO_INDEX && branch_of[op->vreg.i] != 0)
            FAIL(v, "%%%u is defined by a branch and used", op->vreg.i);
    }
    for (uint32_t i = 0; i < f->edges.len; i++)
        for (uint32_t k = 0; k < f->edges.data[i].num_args; k++)
            if (branch_of[f->edge_args.data[f->edges.data[i].args + k]] != 0)
                FAIL(v, "edge %u passes what a branch defines", i);
}

static void check_branches(Validator *v)
{
    const MFunc *const f = v->f;
    uint32_t *const branch_of = ARENA_ARRAY(v->arena, uint32_t, f->vregs.len);
    for (uint32_t b = 0; b < f->blocks.len; b++) {
        const uint32_t last = f->blocks.data[b].end - 1;
        const MInst *const inst = &f->insts.data[last];
        for (uint32_t k = 0; k < inst->num_operands; k++) {
            const MOperand *const op = &f->operands.data[inst->operands + k];
            if (op->kind == OPERAND_DEF)
                branch_of[op->vreg.i] = 1;
        }
    }
    check_branch_defs(v, branch_of);
}

Str mfunc_validate(const MFunc *f, Arena *arena)
{
    Validator v = {.f = f, .arena = arena};
    if (f->blocks.len == 0)
        return STR("a function without blocks");
    uint32_t first = 0;
    for (uint32_t b = 0; b < f->blocks.len && v.error.len == 0; b++) {
        check_block_shape(&v, b, first);
        first = f->blocks.data[b].end;
    }
    if (v.error.len == 0)
        check_preds(&v);
    if (v.error.len == 0)
        order_blocks(&v);
    if (v.error.len != 0)
        return v.error;
    find_dominators(&v);
    define_all(&v);
    for (uint32_t b = 0; b < f->blocks.len && v.error.len == 0; b++)
        check_block(&v, b);
    if (v.error.len == 0)
        check_branches(&v);
    return v.error;
}
