// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The walk: use counts and effect colours, each block backwards, and the turning round of what came
// out.
//
// Instructions are lowered last to first, so a value's users come before its definition: they have
// asked for its register (lower_value) or have taken the definition in. The machine instructions of
// one CLIF instruction are made in program order (LowerCtx.pending) and appended reversed; the
// whole list is reversed at the end. When a rule has the result in a register of its own making,
// the value's register becomes another name of it (LowerCtx.aliases), resolved in one last pass.

#include "lower/lower_internal.h"

// ---- Registers of values ----

VReg lower_resolve(const LowerCtx *ctx, VReg reg)
{
    while (ctx->aliases.data[reg.i].i != NO_INDEX)
        reg = ctx->aliases.data[reg.i];
    return reg;
}

static RegClass class_of(Type type)
{
    return type_is_vector(type) || type_is_float(type) ? REG_FLOAT : REG_INT;
}

VReg lower_new_vreg(LowerCtx *ctx, RegClass class)
{
    VEC_PUSH(ctx->scratch, &ctx->aliases, NO(VReg));
    return mfunc_new_vreg(ctx->m, class, class == REG_INT ? 8 : 16);
}

uint32_t lower_num_regs(Type type)
{
    return type == TYPE_I128 ? 2 : 1;
}

VReg lower_value(LowerCtx *ctx, Value value)
{
    value = ir_resolve(ctx->f, value);
    VReg *const reg = &ctx->value_regs[value.i];
    if (reg->i != NO_INDEX)
        return *reg;
    const Type type = value_type(ctx->f, value);
    *reg = lower_new_vreg(ctx, class_of(type));
    for (uint32_t i = 1; i < lower_num_regs(type); i++)
        (void)lower_new_vreg(ctx, class_of(type));
    return *reg;
}

// `promised`, which nothing defines yet, is another name of `reg`.
static void set_alias(LowerCtx *ctx, VReg promised, VReg reg)
{
    reg = lower_resolve(ctx, reg);
    ASSERT(promised.i != reg.i);
    ctx->aliases.data[lower_resolve(ctx, promised).i] = reg;
}

static Value result_value(const LowerCtx *ctx, uint32_t index)
{
    return (Value){inst_results(ctx->f, ctx->current).data[index]};
}

void lower_set_result(LowerCtx *ctx, uint32_t index, VReg reg)
{
    const Value value = result_value(ctx, index);
    ASSERT(lower_num_regs(value_type(ctx->f, value)) == 1);
    const VReg promised = ctx->value_regs[value.i];
    if (promised.i == NO_INDEX)
        ctx->value_regs[value.i] = lower_resolve(ctx, reg);
    else
        set_alias(ctx, promised, reg);
}

void lower_set_result_pair(LowerCtx *ctx, uint32_t index, RegPair pair)
{
    const Value value = result_value(ctx, index);
    ASSERT(lower_num_regs(value_type(ctx->f, value)) == 2);
    const VReg promised = lower_value(ctx, value); // even if nobody asked: the two must be adjacent
    set_alias(ctx, promised, pair.lo);
    set_alias(ctx, (VReg){promised.i + 1}, pair.hi);
}

// ---- Emission of machine instructions ----

MInst *lower_begin(LowerCtx *ctx, uint16_t op, uint32_t size)
{
    const MInst inst = {
        .op = op, .size = (uint8_t)size, .operands = ctx->m->operands.len, .src = ctx->current};
    VEC_PUSH(ctx->scratch, &ctx->pending, inst);
    return &ctx->pending.data[ctx->pending.len - 1];
}

void lower_end(LowerCtx *ctx, MInst *inst)
{
    inst->num_operands = u8_from(ctx->m->operands.len - inst->operands);
}

void lower_operand_mem(LowerCtx *ctx, MInst *inst, AmodeRef amode)
{
    inst->mem_operand = u8_from(ctx->m->operands.len - inst->operands);
    inst->amode = amode->kind;
    inst->scale = amode->scale;
    inst->disp = amode->disp;
    inst->target = amode->target;
    inst->trap = amode->trap;
    lower_operand(ctx, amode->base, OPERAND_USE, POS_EARLY, CONSTRAINT_REG, 0);
    lower_operand(ctx, amode->index, OPERAND_USE, POS_EARLY, CONSTRAINT_REG, 0);
}

void lower_operand_rm(LowerCtx *ctx, MInst *inst, RegMemRef rm)
{
    if (rm->amode)
        lower_operand_mem(ctx, inst, rm->amode);
    else
        lower_operand(ctx, rm->reg, OPERAND_USE, POS_EARLY, CONSTRAINT_ANY, 0);
}

uint32_t lower_symbol(LowerCtx *ctx, const ExtName *name)
{
    for (uint32_t i = 0; i < ctx->m->symbols.len; i++)
        if (extname_eq(&ctx->m->symbols.data[i], name))
            return i;
    VEC_PUSH(ctx->m->arena, &ctx->m->symbols, *name);
    return ctx->m->symbols.len - 1;
}

// ---- Taking definitions in ----

static bool is_hidden(const LowerCtx *ctx, Inst inst)
{
    return UNLIKELY(ctx->m->chaos != NULL) && bitset_has(&ctx->hidden, inst.i);
}

static bool is_pure(const LowerCtx *ctx, Inst inst)
{
    const uint16_t effects =
        OPF_TERMINATOR | OPF_CALL | OPF_LOAD | OPF_STORE | OPF_TRAP | OPF_EFFECT;
    return (ir_ops[inst_op(ctx->f, inst)].flags & effects) == 0;
}

Inst lower_pure_def(LowerCtx *ctx, Value value)
{
    value = ir_resolve(ctx->f, value);
    if (value_kind(ctx->f, value) != VALUE_RESULT)
        return NO(Inst);
    const Inst inst = {value_def(ctx->f, value)};
    return is_pure(ctx, inst) && !is_hidden(ctx, inst) ? inst : NO(Inst);
}

Inst lower_sinkable_load(LowerCtx *ctx, Value value)
{
    const Func *const f = ctx->f;
    value = ir_resolve(f, value);
    if (value_kind(f, value) != VALUE_RESULT || ctx->use_counts[value.i] != 1)
        return NO(Inst);
    // The one use may have been taken in by another instruction, which asked for the register.
    if (ctx->value_regs[value.i].i != NO_INDEX)
        return NO(Inst);
    const Inst inst = {value_def(f, value)};
    if (inst_format(f, inst) != FMT_LOAD || bitset_has(&ctx->sunk, inst.i) ||
        ctx->repeats[inst.i] != 0 || is_hidden(ctx, inst))
        return NO(Inst);
    // The colour behind the load is one more than before it: loads that may trap are effects too.
    const bool same_block = f->nodes.data[inst.i].block.i == f->nodes.data[ctx->current.i].block.i;
    const bool same_color = ctx->colors[inst.i] + 1 == ctx->colors[ctx->current.i];
    return same_block && same_color ? inst : NO(Inst);
}

void lower_sink(LowerCtx *ctx, Inst load)
{
    ASSERT(!bitset_has(&ctx->sunk, load.i));
    bitset_add(&ctx->sunk, load.i);
    // What is before the load has the colour of what is before the current instruction now.
    ctx->colors[ctx->current.i] = ctx->colors[load.i];
}

// ---- Facts about values and instructions ----

typedef VEC(Value) Multiple;

// Notes a use of `value`. The second one goes onto the list of values used more than once.
static void count_use(LowerCtx *ctx, Value value, Multiple *multiple)
{
    value = ir_resolve(ctx->f, value);
    if (++ctx->use_counts[value.i] == 2)
        VEC_PUSH(ctx->scratch, multiple, value);
}

static void count_args(LowerCtx *ctx, Inst inst, Multiple *multiple)
{
    const Span args = inst_args(ctx->f, inst);
    for (uint32_t i = 0; i < args.len; i++)
        count_use(ctx, (Value){args.data[i]}, multiple);
}

static void count_uses(LowerCtx *ctx, Inst inst, Multiple *multiple)
{
    count_args(ctx, inst, multiple);
    if (is_pure(ctx, inst) && inst_results(ctx->f, inst).len > 1)
        count_args(ctx, inst, multiple);
    const Span calls = inst_calls(ctx->f, inst);
    for (uint32_t i = 0; i < calls.len; i++) {
        const Span args = call_args(ctx->f, calls.data[i]);
        for (uint32_t k = 0; k < args.len; k++)
            count_use(ctx, (Value){blockarg_index((BlockArg){args.data[k]})}, multiple);
    }
}

// A pure instruction whose result has several uses, or that has several results, may be computed at
// several of them, so what it uses counts as used several times too, and so on. Otherwise a load
// could be taken in twice.
static void spread_multiple_uses(LowerCtx *ctx, Multiple *multiple)
{
    for (uint32_t i = 0; i < multiple->len; i++) {
        const Inst inst = lower_pure_def(ctx, multiple->data[i]);
        if (inst.i != NO_INDEX)
            count_args(ctx, inst, multiple);
    }
}

static void analyse(LowerCtx *ctx, const DomTree *tree)
{
    uint32_t color = 0;
    Multiple multiple = {0};
    IR_FOR_BLOCKS (ctx->f, block) {
        color++;
        if (!domtree_is_reachable(tree, block))
            continue;
        RecentLoads recent;
        recent.num = 0;
        IR_FOR_INSTS (ctx->f, block, inst) {
            if (inst_format(ctx->f, inst) == FMT_LOAD)
                lower_note_load(ctx, &recent, inst);
            if (chaos_one_in(ctx->m->chaos, 12))
                bitset_add(&ctx->hidden, inst.i);
            ctx->colors[inst.i] = color;
            color += !is_pure(ctx, inst);
            count_uses(ctx, inst, &multiple);
        }
    }
    spread_multiple_uses(ctx, &multiple);
}

// ---- One instruction ----

static Status unsupported(LowerCtx *ctx, Inst inst)
{
    const Type type = func_inst(ctx->f, inst)->ctrl;
    const Value result = inst_result(ctx->f, inst);
    const Type shown = type != TYPE_INVALID   ? type
                       : result.i != NO_INDEX ? value_type(ctx->f, result)
                                              : TYPE_INVALID;
    const Str name = shown == TYPE_INVALID ? STR("-") : type_name(ctx->scratch, shown);
    return diag_error(ctx->diag, STATUS_UNSUPPORTED, ctx->source, ctx->f->inst_pos.data[inst.i],
                      "%s.%.*s is not supported in lowering for %s",
                      ir_ops[inst_op(ctx->f, inst)].name, STR_ARG(name), ctx->target->name);
}

static bool is_wanted(LowerCtx *ctx, Inst inst)
{
    if (bitset_has(&ctx->sunk, inst.i))
        return false;
    const uint16_t kept = OPF_TERMINATOR | OPF_CALL | OPF_STORE | OPF_TRAP | OPF_EFFECT;
    const uint16_t flags = ir_ops[inst_op(ctx->f, inst)].flags;
    if ((flags & kept) != 0)
        return true;
    if ((flags & OPF_LOAD) != 0 && memflags_trap(inst_memflags(ctx->f, inst)) != TRAP_NONE)
        return true;
    const Span results = inst_results(ctx->f, inst);
    for (uint32_t i = 0; i < results.len; i++)
        if (ctx->value_regs[results.data[i]].i != NO_INDEX)
            return true;
    return false;
}

// Appends what is pending to the reversed list.
void lower_flush(LowerCtx *ctx)
{
    for (uint32_t i = ctx->pending.len; i-- > 0;)
        VEC_PUSH(ctx->m->arena, &ctx->m->insts, ctx->pending.data[i]);
    ctx->pending.len = 0;
}

static Status lower_one(LowerCtx *ctx, Inst inst)
{
    ctx->current = inst;
    bool good = true;
    switch ((int)inst_op(ctx->f, inst)) {
    case OP_CALL:
    case OP_CALL_INDIRECT: TRY(lower_call(ctx, inst)); break;
    case OP_RETURN_CALL:
    case OP_RETURN_CALL_INDIRECT: TRY(lower_tail_call(ctx, inst)); break;
    case OP_RETURN: TRY(lower_return(ctx, inst)); break;
    case OP_JUMP: lower_end(ctx, lower_begin(ctx, ctx->target->row_jump, 0)); break;
    case OP_NOP:
    case OP_SEQUENCE_POINT: break;
    case OP_LOAD:
        good = lower_repeated_load(ctx, inst) || ctx->target->lower_inst(ctx, inst);
        break;
    case OP_BRIF:
    case OP_BR_TABLE: good = ctx->target->lower_branch(ctx, inst); break;
    default: good = ctx->target->lower_inst(ctx, inst);
    }
    if (!good)
        return unsupported(ctx, inst);
    lower_flush(ctx);
    return STATUS_OK;
}

// ---- Blocks ----

// All registers of a value, which count as used, onto the list of arguments and parameters.
static void push_edge_value(LowerCtx *ctx, Value value)
{
    const uint32_t first = lower_value(ctx, value).i;
    const uint32_t n = lower_num_regs(value_type(ctx->f, value));
    for (uint32_t i = 0; i < n; i++)
        VEC_PUSH(ctx->m->arena, &ctx->m->edge_args, first + i);
}

// Registers of a block call's arguments.
static void lower_edge_args(LowerCtx *ctx, uint32_t call, MEdge *edge)
{
    const Span args = call_args(ctx->f, call);
    edge->args = ctx->m->edge_args.len;
    for (uint32_t i = 0; i < args.len; i++)
        push_edge_value(ctx, (Value){blockarg_index((BlockArg){args.data[i]})});
    edge->num_args = ctx->m->edge_args.len - edge->args;
}

static void lower_edges(LowerCtx *ctx, const LowerOrder *order, uint32_t index, MBlockData *block)
{
    const Func *const f = ctx->f;
    const uint32_t entry = order->blocks.data[index];
    block->succs = ctx->m->edges.len;
    if (entry & LOWER_EDGE) {
        const uint32_t call = order->edges.data[entry & ~LOWER_EDGE].to.i;
        MEdge edge = {{order->mblock_of[f->calls.data[call].block.i]}, 0, 0};
        lower_edge_args(ctx, call, &edge);
        VEC_PUSH(ctx->m->arena, &ctx->m->edges, edge);
        block->num_succs = 1;
        return;
    }
    const Span calls = inst_calls(f, f->blocks.data[entry].last);
    block->num_succs = calls.len;
    uint32_t split = index + 1; // the edge blocks of this block follow it, in order
    for (uint32_t i = 0; i < calls.len; i++) {
        const uint32_t next = split < order->blocks.len ? order->blocks.data[split] : 0;
        MEdge edge = {{order->mblock_of[f->calls.data[calls.data[i]].block.i]}, 0, 0};
        if (calls.len > 1 && (next & LOWER_EDGE) != 0 &&
            order->edges.data[next & ~LOWER_EDGE].to.i == calls.data[i])
            edge.to = (MBlock){split++};
        else
            lower_edge_args(ctx, calls.data[i], &edge);
        VEC_PUSH(ctx->m->arena, &ctx->m->edges, edge);
    }
}

static void lower_params(LowerCtx *ctx, Block from, MBlockData *block)
{
    if (from.i == ctx->f->first_block.i)
        return; // arguments of the function
    const Span params = block_params(ctx->f, from);
    block->params = ctx->m->edge_args.len;
    for (uint32_t i = 0; i < params.len; i++)
        push_edge_value(ctx, (Value){params.data[i]});
    block->num_params = ctx->m->edge_args.len - block->params;
}

static Status lower_block(LowerCtx *ctx, const LowerOrder *order, uint32_t index)
{
    const Func *const f = ctx->f;
    const uint32_t entry = order->blocks.data[index];
    MBlockData *const block = &ctx->m->blocks.data[index];
    *block = (MBlockData){.first = ctx->m->insts.len, .src = NO(Block)};
    lower_edges(ctx, order, index, block);
    if (entry & LOWER_EDGE) {
        ctx->current = NO(Inst);
        lower_end(ctx, lower_begin(ctx, ctx->target->row_jump, 0));
        lower_flush(ctx);
        block->end = ctx->m->insts.len;
        return STATUS_OK;
    }
    const Block from = {entry};
    block->src = from;
    block->cold = f->blocks.data[entry].cold;
    for (Inst inst = f->blocks.data[entry].last; inst.i != NO_INDEX;
         inst = f->nodes.data[inst.i].prev)
        if (is_wanted(ctx, inst))
            TRY(lower_one(ctx, inst));
    if (entry == f->first_block.i) {
        ctx->current = NO(Inst);
        TRY(lower_arguments(ctx));
        lower_flush(ctx);
    }
    lower_params(ctx, from, block);
    block->end = ctx->m->insts.len;
    return STATUS_OK;
}

// ---- Finishing ----

// Turns the list of instructions round and the blocks' ranges with it.
static void reverse(MFunc *m)
{
    const uint32_t n = m->insts.len;
    for (uint32_t i = 0; i < n / 2; i++) {
        const MInst swap = m->insts.data[i];
        m->insts.data[i] = m->insts.data[n - 1 - i];
        m->insts.data[n - 1 - i] = swap;
    }
    for (uint32_t b = 0; b < m->blocks.len; b++) {
        MBlockData *const block = &m->blocks.data[b];
        const uint32_t first = block->first;
        block->first = n - block->end;
        block->end = n - first;
    }
}

// Brings the blocks' instructions into the order of the layout.
static void arrange(LowerCtx *ctx, const LowerOrder *order)
{
    MFunc *const m = ctx->m;
    bool in_order = true;
    for (uint32_t b = 0; b < m->blocks.len; b++)
        in_order &= order->walk[b] == b;
    if (in_order)
        return;
    MInst *const insts = ARENA_ARRAY(ctx->scratch, MInst, m->insts.len);
    memcpy(insts, m->insts.data, sizeof(MInst) * m->insts.len);
    uint32_t next = 0;
    for (uint32_t b = 0; b < m->blocks.len; b++) {
        MBlockData *const block = &m->blocks.data[b];
        const uint32_t n = block->end - block->first;
        memcpy(m->insts.data + next, insts + block->first, sizeof(MInst) * n);
        block->first = next;
        block->end = next += n;
    }
}

static void resolve_aliases(LowerCtx *ctx)
{
    MFunc *const m = ctx->m;
    for (uint32_t v = 0; v < ctx->aliases.len; v++)
        if (ctx->aliases.data[v].i != NO_INDEX)
            ctx->aliases.data[v] = lower_resolve(ctx, ctx->aliases.data[v]);
    for (uint32_t i = 0; i < m->operands.len; i++)
        if (m->operands.data[i].vreg.i != NO_INDEX)
            m->operands.data[i].vreg = lower_resolve(ctx, m->operands.data[i].vreg);
    for (uint32_t i = 0; i < m->edge_args.len; i++)
        m->edge_args.data[i] = lower_resolve(ctx, (VReg){m->edge_args.data[i]}).i;
}

static void list_preds(MFunc *m, Arena *scratch)
{
    uint32_t *const count = ARENA_ARRAY(scratch, uint32_t, m->blocks.len);
    for (uint32_t i = 0; i < m->edges.len; i++)
        count[m->edges.data[i].to.i]++;
    uint32_t next = 0;
    for (uint32_t b = 0; b < m->blocks.len; b++) {
        m->blocks.data[b].preds = next;
        m->blocks.data[b].num_preds = 0;
        next += count[b];
    }
    VEC_PUSH_ZEROED(m->arena, &m->pred_list, next);
    for (uint32_t b = 0; b < m->blocks.len; b++)
        for (uint32_t i = 0; i < m->blocks.data[b].num_succs; i++) {
            MBlockData *const to = &m->blocks.data[m->edges.data[m->blocks.data[b].succs + i].to.i];
            m->pred_list.data[to->preds + to->num_preds++] = b;
        }
}

// Depth by back edges: an edge to a block at or before its source in the layout spans a loop. But
// for blocks put last that is reverse post-order, so a reducible loop's body lies between.
static void find_loops(MFunc *m, Arena *scratch)
{
    int32_t *const change = (int32_t *)ARENA_ARRAY(scratch, uint32_t, m->blocks.len + 1);
    for (uint32_t to = 0; to < m->blocks.len; to++) {
        uint32_t last = 0;
        bool loop = false;
        for (uint32_t i = 0; i < m->blocks.data[to].num_preds; i++) {
            const uint32_t from = m->pred_list.data[m->blocks.data[to].preds + i];
            if (from >= to) {
                loop = true;
                last = from > last ? from : last;
            }
        }
        if (loop) {
            change[to]++;
            change[last + 1]--;
        }
    }
    int32_t depth = 0;
    for (uint32_t b = 0; b < m->blocks.len; b++) {
        depth += change[b];
        m->blocks.data[b].loop_depth = (uint32_t)depth;
    }
}

static Status lower_blocks(LowerCtx *ctx)
{
    const Func *const f = ctx->f;
    const Cfg cfg = cfg_compute(ctx->scratch, f);
    const DomTree tree = domtree_compute(ctx->scratch, f, &cfg);
    const LowerOrder order = lower_order(ctx, &cfg, &tree);
    analyse(ctx, &tree);
    VEC_PUSH_ZEROED(ctx->m->arena, &ctx->m->blocks, order.blocks.len);
    for (uint32_t i = order.blocks.len; i-- > 0;)
        TRY(lower_block(ctx, &order, order.walk[i]));
    reverse(ctx->m);
    arrange(ctx, &order);
    resolve_aliases(ctx);
    list_preds(ctx->m, ctx->scratch);
    find_loops(ctx->m, ctx->scratch);
    return STATUS_OK;
}

#define SLOTS_MAX (1u << 30)

// Places the explicit slots. Displacements in frames have 32 bits, so there is a limit.
static Status lay_out_slots(LowerCtx *ctx)
{
    const Func *const f = ctx->f;
    ctx->slot_offsets = ARENA_ARRAY(ctx->scratch, uint32_t, f->slots.len);
    uint64_t size = 0;
    for (uint32_t i = 0; i < f->slots.len; i++) {
        const StackSlotData *const slot = &f->slots.data[i];
        const uint32_t natural = slot->size >= 16 ? 16 : slot->size >= 8 ? 8 : 1;
        const uint32_t align = slot->align > natural ? slot->align : natural;
        size = (size + align - 1) & ~(uint64_t)(align - 1);
        ctx->slot_offsets[i] = (uint32_t)size;
        size += slot->size;
        if (size > SLOTS_MAX)
            return diag_error(ctx->diag, STATUS_UNSUPPORTED, ctx->source, slot->pos,
                              "more than %u bytes of stack slots are not supported in lowering",
                              SLOTS_MAX);
    }
    ctx->m->stack_slots_size = (uint32_t)size;
    return STATUS_OK;
}

static void reserve_registers(MFunc *m, const Settings *settings)
{
    m->frame_pointer = settings_get(settings, SETTING_PRESERVE_FRAME_POINTERS) != 0;
    m->allocatable = m->target->allocatable;
    if (m->frame_pointer)
        m->allocatable &= ~preg_bit(m->target->frame_pointer);
    if (settings_get(settings, SETTING_ENABLE_PINNED_REG) != 0)
        m->allocatable &= ~preg_bit(m->target->pinned);
}

// Sizes that no frame reaches are no guard; those smaller than the alignment of frames are no less.
static uint32_t guard_size(const Settings *settings)
{
    const uint32_t log2 = (uint32_t)settings_get(settings, SETTING_PROBESTACK_SIZE_LOG2);
    if (settings_get(settings, SETTING_ENABLE_PROBESTACK) == 0 || log2 > 30)
        return 0;
    return log2 < 4 ? 1u << 4 : 1u << log2;
}

Status lower_func(const Func *f, const LowerOptions *options, Arena *arena, Arena *scratch,
                  MFunc **out, Diag *diag)
{
    MFunc *const m = ARENA_NEW(arena, MFunc);
    *m = (MFunc){.arena = arena, .target = options->target, .func = f, .chaos = options->chaos};
    VEC_PUSH(arena, &m->clobber_sets, 0);
    reserve_registers(m, options->settings);
    LowerCtx ctx = {.f = f,
                    .m = m,
                    .target = options->target,
                    .settings = options->settings,
                    .isa = options->isa,
                    .source = options->source,
                    .rule_counts = options->rule_counts,
                    .scratch = scratch,
                    .diag = diag,
                    .current = NO(Inst),
                    .ret_area = NO(VReg)};
    *out = NULL;
    ctx.value_regs = ARENA_ARRAY(scratch, VReg, f->values.len);
    memset(ctx.value_regs, 0xff, sizeof(VReg) * f->values.len);
    ctx.use_counts = ARENA_ARRAY(scratch, uint32_t, f->values.len);
    ctx.colors = ARENA_ARRAY(scratch, uint32_t, f->insts.len);
    ctx.repeats = ARENA_ARRAY(scratch, uint32_t, f->insts.len);
    ctx.sunk = bitset_new(scratch, f->insts.len);
    if (m->chaos)
        ctx.hidden = bitset_new(scratch, f->insts.len);
    const Status status = ctx.target->abi(&f->sig, ctx.settings, arena, &ctx.abi, diag);
    if (status != STATUS_OK)
        return diag_place(diag, status, options->source, f->pos);
    TRY(lower_stack_limit(&ctx));
    m->popped_args = ctx.abi.popped_size;
    m->preserved = ctx.abi.callee_saved;
    m->guard_size = guard_size(options->settings);
    TRY(lay_out_slots(&ctx));
    TRY(lower_blocks(&ctx));
    *out = m;
    return STATUS_OK;
}
