// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Takes the function apart: pure instructions become nodes, the rest stays in the layout with
// operands that are classes. Blocks are taken in pre-order of the dominator tree, so that what an
// instruction uses has its class already.

#include "opt/opt_internal.h"

// The class that stands for a value of the function.
static uint32_t class_of(const OptCtx *ctx, uint32_t value)
{
    return ctx->classes.data[ir_resolve(ctx->f, (Value){value}).i].rep;
}

static void map_operands(OptCtx *ctx, Inst inst)
{
    uint32_t n;
    uint32_t *const args = func_args(ctx->f, inst, &n);
    for (uint32_t i = 0; i < n; i++)
        args[i] = class_of(ctx, args[i]);
    const Span calls = inst_calls(ctx->f, inst);
    for (uint32_t i = 0; i < calls.len; i++) {
        const uint32_t list = ctx->f->calls.data[calls.data[i]].args;
        for (uint32_t k = 1; k <= ctx->f->pool.data[list]; k++) {
            const BlockArg arg = {ctx->f->pool.data[list + k]};
            if (blockarg_kind(arg) == BLOCKARG_VALUE)
                ctx->f->pool.data[list + k] =
                    blockarg_make(BLOCKARG_VALUE, class_of(ctx, blockarg_index(arg))).bits;
        }
    }
}

// ---- The skeleton ----

static void set_result(OptCtx *ctx, Inst inst, uint32_t index, Value class)
{
    const Span results = inst_results(ctx->f, inst);
    ASSERT(ctx->classes.data[class.i].type == ctx->classes.data[results.data[index]].type);
    ctx->classes.data[results.data[index]].rep = class.i;
}

// Makes `inst` another branch or trap of the same formats' words.
static void become_jump(OptCtx *ctx, Inst inst, uint32_t index)
{
    const uint32_t call = inst_calls(ctx->f, inst).data[index];
    ctx->f->insts.data[inst.i] = (InstData){.op = OP_JUMP, .w = {[1] = call}};
}

static void become_trap(OptCtx *ctx, Inst inst)
{
    Func *const f = ctx->f;
    const Block block = f->nodes.data[inst.i].block;
    const uint8_t code = f->insts.data[inst.i].aux;
    // What is behind it in the block never runs.
    for (Inst next = f->nodes.data[inst.i].next; next.i != NO_INDEX;) {
        const Inst after = f->nodes.data[next.i].next;
        func_remove_inst(f, next);
        next = after;
    }
    ASSERT(f->blocks.data[block.i].last.i == inst.i);
    f->insts.data[inst.i] = (InstData){.op = OP_TRAP, .aux = code};
}

static void negate_test(OptCtx *ctx, Inst inst)
{
    InstData *const data = &ctx->f->insts.data[inst.i];
    if (data->op == OP_BRIF) {
        const uint32_t call = data->w[1];
        data->w[1] = data->w[2];
        data->w[2] = call;
        return;
    }
    ASSERT(data->op == OP_TRAPZ || data->op == OP_TRAPNZ);
    data->op = data->op == OP_TRAPZ ? OP_TRAPNZ : OP_TRAPZ;
}

static void replace_test(OptCtx *ctx, Inst inst, Value value)
{
    InstData *const data = &ctx->f->insts.data[inst.i];
    data->w[0] = value.i;
    if (data->ctrl != TYPE_INVALID)
        data->ctrl = ctx->classes.data[value.i].type;
}

// Takes an instruction out of the layout, its results being what the rewrite says.
static void leave(OptCtx *ctx, Inst inst, const SkeletonRewrite *rewrite)
{
    if (rewrite->kind != SKELETON_REMOVE)
        set_result(ctx, inst, 0, rewrite->value);
    if (rewrite->kind == SKELETON_VALUES)
        set_result(ctx, inst, 1, rewrite->second);
    func_remove_inst(ctx->f, inst);
}

// Applies a rewrite; false when the instruction has left the layout.
static bool apply(OptCtx *ctx, Inst inst, const SkeletonRewrite *rewrite)
{
    switch ((SkeletonKind)rewrite->kind) {
    case SKELETON_NONE: return true;
    case SKELETON_VALUES:
    case SKELETON_VALUE:
    case SKELETON_REMOVE: leave(ctx, inst, rewrite); return false;
    case SKELETON_TRAP: become_trap(ctx, inst); return true;
    case SKELETON_TAKE: become_jump(ctx, inst, rewrite->index); return true;
    case SKELETON_TEST_NOT:
    case SKELETON_TEST:
        if (rewrite->kind == SKELETON_TEST_NOT)
            negate_test(ctx, inst);
        replace_test(ctx, inst, rewrite->value);
        return true;
    }
    UNREACHABLE();
}

// Rewrites until no rule applies, a few times at most. False when it has left the layout.
static bool simplify_skeleton(OptCtx *ctx, Inst inst)
{
    for (uint32_t round = 0; round < OPT_MAX_DEPTH; round++) {
        const SkeletonRewrite rewrite = opt_simplify_skeleton(ctx, inst);
        if (rewrite.kind == SKELETON_NONE || !opt_take_fuel(ctx))
            return true;
        opt_count(ctx, OPT_STAT_SKELETON_RULES);
        if (ctx->options->trace)
            opt_trace_skeleton(ctx, ctx->fired[0][0], inst, &rewrite);
        if (!apply(ctx, inst, &rewrite))
            return false;
    }
    return true;
}

// ---- Merging what has effects that do not add up ----

typedef struct Seen {
    VEC(uint32_t) entries; // by slot: 1 + instruction
    uint32_t mask, len;
} Seen;

static bool may_merge(const Func *f, Inst inst)
{
    const uint16_t flags = ir_ops[inst_op(f, inst)].flags;
    const uint16_t effects = OPF_TERMINATOR | OPF_CALL | OPF_LOAD | OPF_STORE | OPF_EFFECT;
    return ir_formats[inst_format(f, inst)].list == 0 && (flags & effects) == 0 &&
           ((flags & OPF_TRAP) == 0 || (flags & OPF_IDEMPOTENT) != 0);
}

static void grow_seen(OptCtx *ctx, Seen *seen)
{
    Seen bigger = {.mask = seen->mask == 0 ? 63 : 2 * seen->mask + 1, .len = seen->len};
    VEC_PUSH_ZEROED(ctx->scratch, &bigger.entries, bigger.mask + 1);
    for (uint32_t i = 0; i < seen->entries.len; i++) {
        const uint32_t entry = seen->entries.data[i];
        if (entry == 0)
            continue;
        const InstData *const data = func_inst(ctx->f, (Inst){entry - 1});
        uint32_t slot = (uint32_t)hash_bytes(data, sizeof(*data)) & bigger.mask;
        while (bigger.entries.data[slot] != 0)
            slot = (slot + 1) & bigger.mask;
        bigger.entries.data[slot] = entry;
    }
    *seen = bigger;
}

// Whether an equal instruction dominates `inst`, whose results are its then; else it is noted.
static bool merge(OptCtx *ctx, Seen *seen, Inst inst)
{
    Func *const f = ctx->f;
    if (2 * seen->len >= seen->mask)
        grow_seen(ctx, seen);
    const InstData *const data = func_inst(f, inst);
    uint32_t slot = (uint32_t)hash_bytes(data, sizeof(*data)) & seen->mask;
    uint32_t *entry = &seen->entries.data[slot];
    while (*entry != 0 && memcmp(func_inst(f, (Inst){*entry - 1}), data, sizeof(*data)) != 0) {
        slot = (slot + 1) & seen->mask;
        entry = &seen->entries.data[slot];
    }
    const bool found = *entry != 0;
    const Inst other = {*entry - 1};
    const Block here = f->nodes.data[inst.i].block;
    if (found && f->nodes.data[other.i].block.i != NO_INDEX &&
        domtree_dominates(&ctx->tree, f->nodes.data[other.i].block, here)) {
        const Span results = inst_results(f, other);
        for (uint32_t i = 0; i < results.len; i++)
            set_result(ctx, inst, i, (Value){class_of(ctx, results.data[i])});
        func_remove_inst(f, inst);
        opt_count(ctx, OPT_STAT_SKELETON_MERGED);
        return true;
    }
    *entry = inst.i + 1;
    seen->len += !found;
    return false;
}

// ---- The walk ----

static void build_inst(OptCtx *ctx, Seen *seen, Inst inst)
{
    Func *const f = ctx->f;
    opt_count(ctx, OPT_STAT_INSTS);
    ctx->pos = f->inst_pos.data[inst.i];
    map_operands(ctx, inst);
    if (opt_is_pure(f, inst)) {
        opt_count(ctx, OPT_STAT_PURE);
        func_remove_inst(f, inst);
        const InstData data = *func_inst(f, inst);
        const Value class = opt_insert(ctx, &data, inst);
        ctx->classes.data[inst_result(f, inst).i].rep = class.i;
        return;
    }
    opt_count(ctx, OPT_STAT_SKELETON);
    if (!simplify_skeleton(ctx, inst) || (may_merge(f, inst) && merge(ctx, seen, inst)))
        return;
    (void)opt_memory_visit(ctx, inst);
}

void opt_build(OptCtx *ctx)
{
    Func *const f = ctx->f;
    Seen seen = {0};
    opt_init_classes(ctx);
    opt_memory_start(ctx);
    ctx->budget = (uint64_t)OPT_BUDGET_PER_INST * f->insts.len;
    for (uint32_t i = 0; i < ctx->tree.num_reachable; i++) {
        const Block block = ctx->tree.preorder[i];
        opt_memory_enter(ctx, block);
        for (Inst inst = f->blocks.data[block.i].first, next; inst.i != NO_INDEX; inst = next) {
            next = f->nodes.data[inst.i].next;
            build_inst(ctx, &seen, inst);
            // A trap in the middle has cut off what was behind.
            if (next.i != NO_INDEX && f->nodes.data[next.i].block.i == NO_INDEX)
                break;
        }
        opt_memory_leave(ctx, block);
    }
    opt_remove_dead_stores(ctx);
}
