// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Puts the nodes that are wanted back into the layout: the skeleton is walked in pre-order of the
// dominator tree, and what an operand stands for is put before its user, unless it was put where it
// dominates already. A node whose operands do not vary in the loops around goes to the end of the
// block that immediately dominates the outermost such loop's header.
//
// One place a node is enough to remember: pre-order leaves a subtree for good, so what does not
// dominate the current block will dominate none that follows.

#include "opt/opt_internal.h"

typedef struct Elaborator {
    OptCtx *ctx;
    Block block;         // being walked
    Inst before;         // in it
    VEC(uint32_t) stack; // classes of nodes, each wanted by the one below
} Elaborator;

static Block value_block(const Func *f, Value value)
{
    const uint32_t def = value_def(f, value);
    return value_kind(f, value) == VALUE_PARAM ? (Block){def} : f->nodes.data[def].block;
}

// The value that stands for the cheapest of `class` here, NO(Value) when it has to be put first.
static Value available(const Elaborator *e, uint32_t class)
{
    const OptCtx *const ctx = e->ctx;
    const uint32_t best = ctx->classes.data[class].best;
    if (ctx->classes.data[best].kind == CLASS_ROOT)
        return (Value){best};
    const Placed *const placed = &ctx->placed.data[best];
    if (placed->value.i != NO_INDEX && domtree_dominates(&ctx->tree, placed->block, e->block))
        return placed->value;
    return NO(Value);
}

// Constants are cheaper made again than kept in a register over a loop.
static bool may_hoist(Opcode op)
{
    switch ((int)op) {
    case OP_ICONST:
    case OP_F16CONST:
    case OP_F32CONST:
    case OP_F64CONST: return false;
    default: return true;
    }
}

// The block at whose end a node with these operands may be put, out of as many loops as can be;
// the current block if out of none.
static Block outermost_place(const Elaborator *e, const InstData *data)
{
    const OptCtx *const ctx = e->ctx;
    Block place = e->block;
    if (!may_hoist((Opcode)data->op))
        return place;
    const uint32_t n = ir_formats[op_format((Opcode)data->op)].values;
    uint32_t loop = ctx->loops.loop_of[place.i];
    for (; loop != NO_INDEX; loop = ctx->loops.data[loop].parent) {
        for (uint32_t i = 0; i < n; i++) {
            const Block def = value_block(ctx->f, (Value){data->w[i]});
            if (loops_contain(&ctx->loops, loop, ctx->loops.loop_of[def.i]))
                return place;
        }
        const Block above = ctx->tree.idom[ctx->loops.data[loop].header.i];
        if (above.i == NO_INDEX)
            return place;
        place = above;
    }
    return place;
}

// Puts a node all of whose operands are available.
static void place(Elaborator *e, uint32_t class)
{
    OptCtx *const ctx = e->ctx;
    Func *const f = ctx->f;
    const NodeData *const node = &ctx->nodes.data[ctx->classes.data[class].left];
    InstData data = node->data;
    const uint32_t n = ir_formats[op_format((Opcode)data.op)].values;
    for (uint32_t i = 0; i < n; i++)
        data.w[i] = available(e, data.w[i]).i;
    Inst inst = node->inst;
    if (inst.i == NO_INDEX || f->nodes.data[inst.i].block.i != NO_INDEX) {
        inst = func_add_inst(f, &data, node->pos);
        func_make_results(f, inst);
    } else {
        f->insts.data[inst.i] = data;
    }
    const Block where = outermost_place(e, &data);
    const bool hoisted = where.i != e->block.i;
    func_insert_before(f, hoisted ? f->blocks.data[where.i].last : e->before, inst);
    Placed *const placed = &ctx->placed.data[class];
    opt_count(ctx, OPT_STAT_ELABORATED);
    if (placed->value.i != NO_INDEX)
        opt_count(ctx, OPT_STAT_DUPLICATED);
    if (hoisted)
        opt_count(ctx, OPT_STAT_HOISTED);
    *placed = (Placed){inst_result(f, inst), where};
}

// The value of a class, put before e->before with all it stands on as far as needed.
static Value elaborate(Elaborator *e, uint32_t class)
{
    const Value ready = available(e, class);
    if (ready.i != NO_INDEX)
        return ready;
    OptCtx *const ctx = e->ctx;
    VEC_PUSH(ctx->scratch, &e->stack, ctx->classes.data[class].best);
    while (e->stack.len != 0) {
        const uint32_t top = e->stack.data[e->stack.len - 1];
        const InstData *const data = &ctx->nodes.data[ctx->classes.data[top].left].data;
        const uint32_t n = ir_formats[op_format((Opcode)data->op)].values;
        uint32_t missing = 0;
        while (missing < n && available(e, data->w[missing]).i != NO_INDEX)
            missing++;
        if (missing < n) {
            VEC_PUSH(ctx->scratch, &e->stack, ctx->classes.data[data->w[missing]].best);
            continue;
        }
        if (available(e, top).i == NO_INDEX)
            place(e, top);
        e->stack.len--;
    }
    return available(e, class);
}

static void elaborate_operands(Elaborator *e, Inst inst)
{
    Func *const f = e->ctx->f;
    e->before = inst;
    uint32_t n;
    (void)func_args(f, inst, &n);
    for (uint32_t i = 0; i < n; i++) {
        const Value value = elaborate(e, inst_args(f, inst).data[i]);
        func_args(f, inst, &n)[i] = value.i; // the tables may have moved
    }
    const uint32_t num_calls = inst_calls(f, inst).len;
    for (uint32_t i = 0; i < num_calls; i++) {
        const uint32_t list = f->calls.data[inst_calls(f, inst).data[i]].args;
        for (uint32_t k = 1; k <= f->pool.data[list]; k++) {
            const BlockArg arg = {f->pool.data[list + k]};
            if (blockarg_kind(arg) != BLOCKARG_VALUE)
                continue;
            const Value value = elaborate(e, blockarg_index(arg));
            f->pool.data[list + k] = blockarg_make(BLOCKARG_VALUE, value.i).bits;
        }
    }
}

void opt_elaborate(OptCtx *ctx)
{
    Elaborator e = {.ctx = ctx};
    VEC_RESERVE(ctx->scratch, &ctx->placed, ctx->classes.len);
    for (uint32_t i = 0; i < ctx->classes.len; i++)
        VEC_PUSH(ctx->scratch, &ctx->placed, ((Placed){NO(Value), NO(Block)}));
    for (uint32_t i = 0; i < ctx->tree.num_reachable; i++) {
        e.block = ctx->tree.preorder[i];
        if (!ctx->f->blocks.data[e.block.i].inserted)
            continue; // not reached any more
        for (Inst inst = ctx->f->blocks.data[e.block.i].first; inst.i != NO_INDEX;
             inst = ctx->f->nodes.data[inst.i].next)
            elaborate_operands(&e, inst);
    }
}
