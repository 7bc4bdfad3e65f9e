// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Puts the nodes that are wanted back into the layout: the skeleton is walked in pre-order of the
// dominator tree, and what an instruction's operands stand for is put before it, in the order in
// which the nodes came up, unless it was put where it dominates already. A node whose operands do
// not vary in the loops around goes to the end of the block that immediately dominates the
// outermost such loop's header. Constants are made again in each block, which is cheaper than a
// register that is kept; but those that no instruction has within it go in front of an innermost
// loop that needs them in every round. (Where registers are short, the allocator makes them anew.)
//
// One place a node is enough to remember: pre-order leaves a subtree for good, so what does not
// dominate the current block will dominate none that follows.

#include "opt/opt_internal.h"

#include <stdlib.h>

typedef struct Elaborator {
    OptCtx *ctx;
    Block block;          // being walked
    Inst before;          // in it
    VEC(uint32_t) stack;  // classes of nodes whose operands are to be looked at
    VEC(uint32_t) wanted; // numbers of nodes to be put
    uint32_t *seen;       // by class: the round in which it was found wanted
    uint32_t round;
    bool *is_busy; // by loop: what note_loops says; NULL: not known yet
} Elaborator;

static Block value_block(const Func *f, Value value)
{
    const uint32_t def = value_def(f, value);
    return value_kind(f, value) == VALUE_PARAM ? (Block){def} : f->nodes.data[def].block;
}

static bool is_constant(const OptCtx *ctx, uint32_t node)
{
    switch ((int)ctx->nodes.data[ctx->classes.data[node].left].data.op) {
    case OP_ICONST:
    case OP_F16CONST:
    case OP_F32CONST:
    case OP_F64CONST: return true;
    default: return false;
    }
}

// Whether a constant takes a long instruction of its own or a load.
static bool is_dear(const InstData *data)
{
    const uint64_t bits = data->w[0] | (uint64_t)data->w[1] << 32;
    if (data->op != OP_ICONST)
        return bits != 0;
    return bits > UINT32_MAX && bits < (uint64_t)INT32_MIN;
}

// The block in front of the innermost loop around the current one, NO(Block): it is in none.
static Block before_loop(const Elaborator *e)
{
    const OptCtx *const ctx = e->ctx;
    const uint32_t loop = ctx->loops.loop_of[e->block.i];
    return loop == NO_INDEX ? NO(Block) : ctx->tree.idom[ctx->loops.data[loop].header.i];
}

// Notes which loops have others or calls, across which a register may not keep its value, in them.
static void note_loops(Elaborator *e)
{
    const OptCtx *const ctx = e->ctx;
    const Func *const f = ctx->f;
    e->is_busy = ARENA_ARRAY(ctx->scratch, bool, ctx->loops.len);
    for (uint32_t i = 0; i < ctx->loops.len; i++)
        if (ctx->loops.data[i].parent != NO_INDEX)
            e->is_busy[ctx->loops.data[i].parent] = true;
    for (uint32_t i = 0; i < ctx->tree.num_reachable; i++) {
        const Block block = ctx->tree.preorder[i];
        const uint32_t loop = ctx->loops.loop_of[block.i];
        if (loop == NO_INDEX || e->is_busy[loop] || !f->blocks.data[block.i].inserted)
            continue;
        for (Inst inst = f->blocks.data[block.i].first; inst.i != NO_INDEX && !e->is_busy[loop];
             inst = f->nodes.data[inst.i].next)
            e->is_busy[loop] = (ir_ops[inst_op(f, inst)].flags & OPF_CALL) != 0;
    }
}

// Where a constant goes that is wanted in the current block: there, or before the loop.
static Block constant_place(Elaborator *e, const InstData *data)
{
    const OptCtx *const ctx = e->ctx;
    const Block place = before_loop(e);
    if (!is_dear(data) || place.i == NO_INDEX || chaos_one_in(ctx->options->chaos, 4))
        return e->block;
    if (!e->is_busy)
        note_loops(e);
    const uint32_t loop = ctx->loops.loop_of[e->block.i];
    if (e->is_busy[loop])
        return e->block;
    uint32_t n;
    const CfgEdge *const preds = cfg_preds(&ctx->cfg, ctx->loops.data[loop].header, &n);
    for (uint32_t i = 0; i < n; i++)
        if (ctx->loops.loop_of[preds[i].block.i] == loop &&
            !domtree_dominates(&ctx->tree, e->block, preds[i].block))
            return e->block;
    return place;
}

// The value that stands for the cheapest of `class` here, NO(Value) when it has to be put first.
static Value available(const Elaborator *e, uint32_t class)
{
    const OptCtx *const ctx = e->ctx;
    const uint32_t best = ctx->classes.data[class].best;
    if (ctx->classes.data[best].kind == CLASS_ROOT)
        return (Value){best};
    const Placed *const placed = &ctx->placed.data[best];
    if (placed->value.i == NO_INDEX)
        return NO(Value);
    const bool good = is_constant(ctx, best)
                          ? placed->block.i == e->block.i ||
                                (placed->for_loop && placed->block.i == before_loop(e).i)
                          : domtree_dominates(&ctx->tree, placed->block, e->block);
    return good ? placed->value : NO(Value);
}

// Whether a node is one instruction with an immediate, or part of what uses it: it stays where it
// is used, and is made again where something dearer on it goes.
static bool is_cheap(const OptCtx *ctx, const InstData *data)
{
    const uint32_t n = ir_formats[op_format((Opcode)data->op)].values;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t best = ctx->classes.data[data->w[i]].best;
        if (ctx->classes.data[best].kind == CLASS_NODE && is_constant(ctx, best))
            return opt_op_cost((Opcode)data->op) < OPT_COST_WORTH_HOISTING;
    }
    return false;
}

// The node that a class stands for if it can be made again elsewhere: a constant, or a cheap one.
static const InstData *repeatable(const OptCtx *ctx, uint32_t class)
{
    const uint32_t best = ctx->classes.data[class].best;
    if (ctx->classes.data[best].kind != CLASS_NODE)
        return NULL;
    const InstData *const data = &ctx->nodes.data[ctx->classes.data[best].left].data;
    return is_constant(ctx, best) || is_cheap(ctx, data) ? data : NULL;
}

// Whether a class can't be had outside of a loop: what it is made of, or what a cheap node in it is
// made of, is defined within.
static bool varies(const Elaborator *e, uint32_t class, uint32_t loop, uint32_t depth)
{
    const OptCtx *const ctx = e->ctx;
    const InstData *const again = depth == 0 ? repeatable(ctx, class) : NULL;
    if (!again) {
        const uint32_t best = ctx->classes.data[class].best;
        if (ctx->classes.data[best].kind == CLASS_NODE && is_constant(ctx, best))
            return false;
        const Block def = value_block(ctx->f, available(e, class));
        return loops_contain(&ctx->loops, loop, ctx->loops.loop_of[def.i]);
    }
    const uint32_t n = ir_formats[op_format((Opcode)again->op)].values;
    for (uint32_t i = 0; i < n; i++)
        if (varies(e, again->w[i], loop, depth + 1))
            return true;
    return false;
}

// The block at whose end a node with these operands may be put, out of as many loops as can be;
// the current block if out of none.
static Block outermost_place(Elaborator *e, uint32_t class, const InstData *data)
{
    const OptCtx *const ctx = e->ctx;
    Block place = e->block;
    if (is_constant(ctx, class))
        return constant_place(e, data);
    if (is_cheap(ctx, data) || chaos_one_in(ctx->options->chaos, 4))
        return place;
    const uint32_t n = ir_formats[op_format((Opcode)data->op)].values;
    uint32_t loop = ctx->loops.loop_of[place.i];
    for (; loop != NO_INDEX; loop = ctx->loops.data[loop].parent) {
        for (uint32_t i = 0; i < n; i++)
            if (varies(e, data->w[i], loop, 0))
                return place;
        const Block above = ctx->tree.idom[ctx->loops.data[loop].header.i];
        if (above.i == NO_INDEX)
            return place;
        place = above;
    }
    return place;
}

// The instruction of a node, new if the one that it came in as has been put somewhere already.
static Inst make_inst(OptCtx *ctx, const NodeData *node, const InstData *data)
{
    Func *const f = ctx->f;
    if (node->inst.i != NO_INDEX && f->nodes.data[node->inst.i].block.i == NO_INDEX) {
        f->insts.data[node->inst.i] = *data;
        return node->inst;
    }
    const Inst inst = func_add_inst(f, data, node->pos);
    func_make_results(f, inst);
    return inst;
}

// The value of an operand for a node that goes to the end of `where`, a block above the current
// one: constants and cheap nodes are made anew there unless they are there.
static Value operand_at(Elaborator *e, uint32_t class, Block where)
{
    OptCtx *const ctx = e->ctx;
    const uint32_t best = ctx->classes.data[class].best;
    const InstData *const again = repeatable(ctx, class);
    if (where.i == e->block.i || !again)
        return available(e, class);
    const Value there = available(e, class);
    if (!is_constant(ctx, best) && domtree_dominates(&ctx->tree, value_block(ctx->f, there), where))
        return there;
    InstData data = *again;
    const uint32_t n = ir_formats[op_format((Opcode)data.op)].values;
    for (uint32_t i = 0; i < n; i++)
        data.w[i] = operand_at(e, data.w[i], where).i;
    const Inst inst = make_inst(ctx, &ctx->nodes.data[ctx->classes.data[best].left], &data);
    func_insert_before(ctx->f, ctx->f->blocks.data[where.i].last, inst);
    return inst_result(ctx->f, inst);
}

// Puts a node all of whose operands are available.
static void place(Elaborator *e, uint32_t class)
{
    OptCtx *const ctx = e->ctx;
    Func *const f = ctx->f;
    const NodeData *const node = &ctx->nodes.data[ctx->classes.data[class].left];
    InstData data = node->data;
    const Block where = outermost_place(e, class, &data);
    const bool hoisted = where.i != e->block.i;
    const uint32_t n = ir_formats[op_format((Opcode)data.op)].values;
    for (uint32_t i = 0; i < n; i++)
        data.w[i] = operand_at(e, data.w[i], where).i;
    const Inst inst = make_inst(ctx, node, &data);
    func_insert_before(f, hoisted ? f->blocks.data[where.i].last : e->before, inst);
    Placed *const placed = &ctx->placed.data[class];
    opt_count(ctx, OPT_STAT_ELABORATED);
    if (placed->value.i != NO_INDEX)
        opt_count(ctx, OPT_STAT_DUPLICATED);
    if (hoisted)
        opt_count(ctx, OPT_STAT_HOISTED);
    *placed = (Placed){inst_result(f, inst), where, hoisted && is_constant(ctx, class)};
}

// Whether a class is there in this block, or is going to be put before the instruction at hand.
static bool is_at_hand(const Elaborator *e, uint32_t class)
{
    const uint32_t best = e->ctx->classes.data[class].best;
    if (e->ctx->classes.data[best].kind != CLASS_NODE)
        return false;
    return e->seen[best] == e->round || (e->ctx->placed.data[best].value.i != NO_INDEX &&
                                         e->ctx->placed.data[best].block.i == e->block.i);
}

// Whether the node compares a sum or a difference that is at hand with a constant.
static bool compares_sum(const Elaborator *e, uint32_t node)
{
    const OptCtx *const ctx = e->ctx;
    const InstData *const data = &ctx->nodes.data[node].data;
    if (data->op != OP_ICMP)
        return false;
    const InstData *const left = opt_best_node(ctx, (Value){data->w[0]});
    const uint32_t right = ctx->classes.data[data->w[1]].best;
    return left && (left->op == OP_IADD || left->op == OP_ISUB) && is_at_hand(e, data->w[0]) &&
           ctx->classes.data[right].kind == CLASS_NODE && is_constant(ctx, right);
}

// Such a node among the first few of a union; NO_INDEX: there is none.
static uint32_t find_comparison_of_sum(const Elaborator *e, uint32_t class)
{
    const ClassData *const classes = e->ctx->classes.data;
    for (uint32_t n = 0; n < OPT_MAX_CLASS; n++) {
        const bool is_union = classes[class].kind == CLASS_UNION;
        const uint32_t one = is_union ? classes[class].right : class;
        if (classes[one].kind == CLASS_NODE && compares_sum(e, classes[one].left))
            return one;
        if (!is_union)
            break;
        class = classes[class].left;
    }
    return NO_INDEX;
}

// A loop's counter is compared before or after it is stepped, as the rules and cost have it: where
// the stepped one is needed anyway, that one goes, or both would have to be kept.
static void choose_comparison(Elaborator *e, uint32_t class)
{
    OptCtx *const ctx = e->ctx;
    ClassData *const whole = &ctx->classes.data[class];
    const InstData *const best = opt_best_node(ctx, (Value){class});
    if (whole->kind != CLASS_UNION || !best || best->op != OP_ICMP ||
        available(e, class).i != NO_INDEX)
        return;
    const uint32_t other = find_comparison_of_sum(e, class);
    if (other != NO_INDEX)
        whole->best = other;
}

// Notes that a class is an operand of what is being put.
static void want(Elaborator *e, uint32_t class)
{
    OptCtx *const ctx = e->ctx;
    const uint32_t best = ctx->classes.data[class].best;
    if (available(e, class).i != NO_INDEX || e->seen[best] == e->round)
        return;
    e->seen[best] = e->round;
    VEC_PUSH(ctx->scratch, &e->stack, best);
}

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

// Puts all nodes that are wanted, with what they stand on. A node has a higher number than those
// that it uses, so their order is the order to put them in.
static void put_wanted(Elaborator *e)
{
    OptCtx *const ctx = e->ctx;
    while (e->stack.len != 0) {
        const uint32_t class = e->stack.data[--e->stack.len];
        const uint32_t number = ctx->classes.data[class].left;
        VEC_PUSH(ctx->scratch, &e->wanted, number);
        const InstData *const data = &ctx->nodes.data[number].data;
        const uint32_t n = ir_formats[op_format((Opcode)data->op)].values;
        for (uint32_t i = 0; i < n; i++)
            want(e, data->w[i]);
    }
    if (e->wanted.len > 1)
        qsort(e->wanted.data, e->wanted.len, sizeof(*e->wanted.data), by_number);
    for (uint32_t i = 0; i < e->wanted.len; i++)
        place(e, ctx->nodes.data[e->wanted.data[i]].class);
    e->wanted.len = 0;
}

static void elaborate_operands(Elaborator *e, Inst inst)
{
    Func *const f = e->ctx->f;
    e->before = inst;
    e->round++;
    const Span calls = inst_calls(f, inst);
    for (uint32_t i = 0; i < calls.len; i++) {
        const Span values = call_args(f, calls.data[i]);
        for (uint32_t k = 0; k < values.len; k++) {
            const BlockArg arg = {values.data[k]};
            if (blockarg_kind(arg) == BLOCKARG_VALUE)
                want(e, blockarg_index(arg));
        }
    }
    const Span args = inst_args(f, inst);
    if (calls.len != 0 && args.len == 1)
        choose_comparison(e, args.data[0]);
    for (uint32_t i = 0; i < args.len; i++)
        want(e, args.data[i]);
    put_wanted(e);
}

// Gives an instruction the values that its operands' classes stand for, all of which are there.
static void set_operands(Elaborator *e, Inst inst)
{
    Func *const f = e->ctx->f;
    uint32_t n;
    uint32_t *const args = func_args(f, inst, &n);
    for (uint32_t i = 0; i < n; i++)
        args[i] = available(e, args[i]).i;
    const Span calls = inst_calls(f, inst);
    for (uint32_t i = 0; i < calls.len; i++) {
        const uint32_t list = f->calls.data[calls.data[i]].args;
        for (uint32_t k = 1; k <= f->pool.data[list]; k++) {
            const BlockArg arg = {f->pool.data[list + k]};
            if (blockarg_kind(arg) == BLOCKARG_VALUE)
                f->pool.data[list + k] =
                    blockarg_make(BLOCKARG_VALUE, available(e, blockarg_index(arg)).i).bits;
        }
    }
}

void opt_elaborate(OptCtx *ctx)
{
    Elaborator e = {.ctx = ctx, .seen = ARENA_ARRAY(ctx->scratch, uint32_t, ctx->classes.len)};
    VEC_RESERVE(ctx->scratch, &ctx->placed, ctx->classes.len);
    for (uint32_t i = 0; i < ctx->classes.len; i++)
        VEC_PUSH(ctx->scratch, &ctx->placed, ((Placed){NO(Value), NO(Block), false}));
    for (uint32_t i = 0; i < ctx->tree.num_reachable; i++) {
        e.block = ctx->tree.preorder[i];
        if (!ctx->f->blocks.data[e.block.i].inserted)
            continue; // not reached any more
        for (Inst inst = ctx->f->blocks.data[e.block.i].first; inst.i != NO_INDEX;
             inst = ctx->f->nodes.data[inst.i].next) {
            elaborate_operands(&e, inst);
            set_operands(&e, inst);
        }
    }
}
