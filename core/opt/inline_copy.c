// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The body of a callee in its caller. Blocks are taken in pre-order, so that what an instruction
// uses was brought over before.

#include "opt/inline_internal.h"

// ---- What can be inlined ----

bool inline_is_possible(const Func *callee)
{
    if (callee->first_block.i == NO_INDEX || callee->stack_limit.i != NO_INDEX)
        return false;
    for (uint32_t i = 0; i < callee->sig.num_params; i++)
        if (callee->sig.params[i].purpose == PURPOSE_SARG)
            return false;
    IR_FOR_BLOCKS (callee, block) {
        IR_FOR_INSTS (callee, block, inst) {
            const Opcode op = inst_op(callee, inst);
            if (op == OP_GET_FRAME_POINTER || op == OP_GET_STACK_POINTER ||
                op == OP_GET_RETURN_ADDRESS)
                return false;
        }
    }
    return !inline_names_handlers(callee);
}

bool inline_names_handlers(const Func *f)
{
    if (f->extables.len == 0)
        return false;
    IR_FOR_BLOCKS (f, block)
        IR_FOR_INSTS (f, block, inst)
            if (inst_op(f, inst) == OP_GET_EXCEPTION_HANDLER_ADDRESS)
                return true;
    return false;
}

// The signature of what a call names, or NO(SigRef).
static SigRef called_sig(const Func *f, Inst inst)
{
    const InstData *const data = func_inst(f, inst);
    switch ((int)op_format((Opcode)data->op)) {
    case FMT_CALL:
    case FMT_TRY_CALL: return f->funcs.data[data->w[0]].sig;
    case FMT_CALL_INDIRECT: return (SigRef){data->w[0]};
    case FMT_TRY_CALL_INDIRECT: return f->extables.data[data->w[1]].sig;
    default: return NO(SigRef);
    }
}

static bool has_context(const ExTableData *table)
{
    for (uint32_t i = 0; i < table->num_handlers; i++)
        if (table->handlers[i].kind == HANDLER_CONTEXT)
            return true;
    return false;
}

bool inline_can_be_caught(const Func *callee, const ExTableData *table)
{
    // A context is for all handlers behind it: one of the callee's must not be for the caller's.
    const bool own_context = table->num_handlers == 0 || table->handlers[0].kind == HANDLER_CONTEXT;
    IR_FOR_BLOCKS (callee, block) {
        IR_FOR_INSTS (callee, block, inst) {
            const SigRef sig = called_sig(callee, inst);
            if (sig.i == NO_INDEX)
                continue;
            const InstData *const data = func_inst(callee, inst);
            const Format format = op_format((Opcode)data->op);
            const bool tries = format == FMT_TRY_CALL || format == FMT_TRY_CALL_INDIRECT;
            const CallConv conv = callee->sigs.data[sig.i].sig.callconv;
            if (!callconv_has_exceptions(conv) ||
                callconv_payloads(conv) != callconv_payloads(callee->sig.callconv) ||
                (format == FMT_CALL && callee->funcs.data[data->w[0]].patchable) ||
                (tries && !own_context && has_context(&callee->extables.data[data->w[1]])))
                return false;
        }
    }
    return true;
}

// ---- Declarations ----

static void map_blocks(InlineMap *map)
{
    const Func *const from = map->from;
    map->first_block = map->to->blocks.len;
    for (uint32_t b = 0; b < from->blocks.len; b++) {
        const Block block = func_add_block(map->to);
        map->to->blocks.data[block.i].cold = from->blocks.data[b].cold;
        // The entry's parameters are the call's arguments.
        if (b == from->first_block.i)
            continue;
        const Span params = block_params(from, (Block){b});
        for (uint32_t i = 0; i < params.len; i++) {
            const Type type = value_type(from, (Value){params.data[i]});
            map->values[params.data[i]] = func_add_param(map->to, block, type).i;
        }
    }
}

static void map_globals(InlineMap *map)
{
    const Func *const from = map->from;
    for (uint32_t g = 0; g < from->globals.len; g++) {
        GlobalData data = from->globals.data[g];
        // Uses of those with another base were written out.
        if (data.kind != GLOBAL_SYMBOL && data.kind != GLOBAL_DYN_SCALE)
            continue;
        data.pos = POS_NONE;
        map->globals[g] = map->to->globals.len;
        VEC_PUSH(map->to->arena, &map->to->globals, data);
    }
}

static void map_calls(InlineMap *map)
{
    Func *const to = map->to;
    const Func *const from = map->from;
    map->first_sig = to->sigs.len;
    map->first_func = to->funcs.len;
    for (uint32_t i = 0; i < from->sigs.len; i++) {
        SigData data = from->sigs.data[i];
        data.pos = POS_NONE;
        VEC_PUSH(to->arena, &to->sigs, data);
    }
    for (uint32_t i = 0; i < from->funcs.len; i++) {
        ExtFuncData data = from->funcs.data[i];
        data.pos = POS_NONE;
        data.sig.i += map->first_sig;
        VEC_PUSH(to->arena, &to->funcs, data);
    }
}

static void map_slots(InlineMap *map)
{
    Func *const to = map->to;
    const Func *const from = map->from;
    map->first_slot = to->slots.len;
    map->first_dyn_type = to->dyn_types.len;
    map->first_dyn_slot = to->dyn_slots.len;
    for (uint32_t i = 0; i < from->slots.len; i++) {
        StackSlotData data = from->slots.data[i];
        data.pos = POS_NONE;
        VEC_PUSH(to->arena, &to->slots, data);
    }
    for (uint32_t i = 0; i < from->dyn_types.len; i++) {
        DynTypeData data = from->dyn_types.data[i];
        data.pos = POS_NONE;
        if (data.declared)
            data.scale.i = map->globals[data.scale.i];
        VEC_PUSH(to->arena, &to->dyn_types, data);
    }
    for (uint32_t i = 0; i < from->dyn_slots.len; i++) {
        DynSlotData data = from->dyn_slots.data[i];
        data.pos = POS_NONE;
        data.dyn_type.i += map->first_dyn_type;
        VEC_PUSH(to->arena, &to->dyn_slots, data);
    }
}

// Constants are few: those of equal bytes are looked for one by one.
static void map_constants(InlineMap *map)
{
    Func *const to = map->to;
    const Func *const from = map->from;
    const uint32_t had = to->constants.len;
    for (uint32_t i = 0; i < from->constants.len; i++) {
        ConstantData data = from->constants.data[i];
        uint32_t same = 0;
        while (same < had && (!to->constants.data[same].declared || !data.declared ||
                              to->constants.data[same].size != data.size ||
                              memcmp(to->constants.data[same].bytes, data.bytes, data.size) != 0))
            same++;
        map->constants[i] = same < had ? same : to->constants.len;
        data.pos = POS_NONE;
        if (same == had)
            VEC_PUSH(to->arena, &to->constants, data);
    }
}

// Regions are the same where their user's number is.
static void map_regions(InlineMap *map)
{
    Func *const to = map->to;
    const Func *const from = map->from;
    const uint32_t had = to->regions.len;
    for (uint32_t i = 0; i < from->regions.len; i++) {
        RegionData data = from->regions.data[i];
        uint32_t same = 0;
        while (same < had && to->regions.data[same].user_id != data.user_id)
            same++;
        map->regions[i] = same < had ? same : to->regions.len;
        data.pos = POS_NONE;
        if (same == had)
            VEC_PUSH(to->arena, &to->regions, data);
    }
}

static uint32_t *new_map(const InlineMap *map, uint32_t len)
{
    uint32_t *const out = ARENA_ARRAY(map->scratch, uint32_t, len);
    for (uint32_t i = 0; i < len; i++)
        out[i] = NO_INDEX;
    return out;
}

void inline_map_entities(InlineMap *map)
{
    Func *const to = map->to;
    const Func *const from = map->from;
    map->values = new_map(map, from->values.len);
    map->globals = new_map(map, from->globals.len);
    map->constants = new_map(map, from->constants.len);
    map->regions = new_map(map, from->regions.len);
    map_blocks(map);
    map_globals(map);
    map_calls(map);
    map_slots(map);
    map_constants(map);
    map_regions(map);
    map->first_mask = to->masks.len;
    for (uint32_t i = 0; i < from->masks.len; i++)
        VEC_PUSH(to->arena, &to->masks, from->masks.data[i]);
}

// ---- Instructions ----

static uint32_t value_in_caller(const InlineMap *map, uint32_t value)
{
    const uint32_t mapped = map->values[ir_resolve(map->from, (Value){value}).i];
    ASSERT(mapped != NO_INDEX);
    return mapped;
}

// A list of values in the caller's pool.
static uint32_t map_list(InlineMap *map, Span values)
{
    uint32_t *const list = ARENA_ARRAY(map->scratch, uint32_t, values.len);
    for (uint32_t i = 0; i < values.len; i++)
        list[i] = value_in_caller(map, values.data[i]);
    return func_add_list(map->to, list, values.len);
}

static uint32_t map_block_call(InlineMap *map, uint32_t call)
{
    const Span args = call_args(map->from, call);
    BlockArg *const list = ARENA_ARRAY(map->scratch, BlockArg, args.len);
    for (uint32_t i = 0; i < args.len; i++) {
        list[i].bits = args.data[i];
        if (blockarg_kind(list[i]) == BLOCKARG_VALUE)
            list[i] = blockarg_make(BLOCKARG_VALUE, value_in_caller(map, blockarg_index(list[i])));
    }
    const Block block = {map->first_block + map->from->calls.data[call].block.i};
    return func_add_call(map->to, block, list, args.len);
}

static uint32_t map_block_calls(InlineMap *map, Span calls)
{
    uint32_t *const list = ARENA_ARRAY(map->scratch, uint32_t, calls.len);
    for (uint32_t i = 0; i < calls.len; i++)
        list[i] = map_block_call(map, calls.data[i]);
    return func_add_list(map->to, list, calls.len);
}

// A copy of a block call of the caller: no two instructions have one in common.
static uint32_t copy_block_call(InlineMap *map, uint32_t call)
{
    Func *const to = map->to;
    const Span args = call_args(to, call);
    BlockArg *const list = ARENA_ARRAY(map->scratch, BlockArg, args.len);
    for (uint32_t i = 0; i < args.len; i++)
        list[i].bits = args.data[i];
    return func_add_call(to, to->calls.data[call].block, list, args.len);
}

// Table `own`, whose handlers and calls (in *calls, the normal return's first) are the caller's
// already, with the handlers behind it that the call had which the body replaces.
static uint32_t add_extable(InlineMap *map, ExTableData own, Span calls)
{
    Func *const to = map->to;
    const ExTableData *const outer =
        map->caught == NO_INDEX ? NULL : &to->extables.data[map->caught];
    const uint32_t num_outer = outer ? outer->num_handlers : 0;
    const uint32_t num_outer_calls = outer ? func_list(to, outer->calls).len - 1 : 0;
    uint32_t *const list = ARENA_ARRAY(map->scratch, uint32_t, calls.len + num_outer_calls);
    Handler *const handlers = ARENA_ARRAY(to->arena, Handler, own.num_handlers + num_outer);
    copy_bytes(list, calls.data, calls.len * sizeof(*list));
    for (uint32_t i = 0; i < num_outer_calls; i++)
        list[calls.len + i] =
            copy_block_call(map, func_list(to, to->extables.data[map->caught].calls).data[i + 1]);
    copy_bytes(handlers, own.handlers, own.num_handlers * sizeof(*handlers));
    for (uint32_t i = 0; i < num_outer; i++) {
        Handler *const handler = &handlers[own.num_handlers + i];
        *handler = outer->handlers[i];
        handler->call += calls.len - 1;
    }
    own.calls = func_add_list(to, list, calls.len + num_outer_calls);
    own.handlers = handlers;
    own.num_handlers += num_outer;
    VEC_PUSH(to->arena, &to->extables, own);
    return to->extables.len - 1;
}

static uint32_t map_extable(InlineMap *map, uint32_t table)
{
    ExTableData data = map->from->extables.data[table];
    const Span old = func_list(map->from, data.calls);
    uint32_t *const calls = ARENA_ARRAY(map->scratch, uint32_t, old.len);
    for (uint32_t i = 0; i < old.len; i++)
        calls[i] = map_block_call(map, old.data[i]);
    Handler *const handlers = ARENA_ARRAY(map->scratch, Handler, data.num_handlers);
    for (uint32_t i = 0; i < data.num_handlers; i++) {
        handlers[i] = data.handlers[i];
        if (handlers[i].kind == HANDLER_CONTEXT)
            handlers[i].context.i = value_in_caller(map, handlers[i].context.i);
    }
    data.sig.i += map->first_sig;
    data.handlers = handlers;
    return add_extable(map, data, (Span){calls, old.len});
}

static void map_targets(InlineMap *map, Inst inst, InstData *data)
{
    const Span calls = inst_calls(map->from, inst);
    switch ((CallSite)ir_formats[op_format((Opcode)data->op)].calls) {
    case CALLS_NO: return;
    case CALLS_W1: data->w[1] = map_block_call(map, calls.data[0]); return;
    case CALLS_W12:
        data->w[1] = map_block_call(map, calls.data[0]);
        data->w[2] = map_block_call(map, calls.data[1]);
        return;
    case CALLS_LIST: data->w[1] = map_block_calls(map, calls); return;
    case CALLS_EXTABLE: data->w[1] = map_extable(map, data->w[1]); return;
    }
    UNREACHABLE();
}

static void map_region(const InlineMap *map, MemFlags *flags)
{
    const uint32_t region = memflags_region(*flags).i;
    if (region != NO_INDEX)
        *flags = (*flags & ((1u << MEM_REGION_SHIFT) - 1)) | (map->regions[region] + 1)
                                                                 << MEM_REGION_SHIFT;
}

// The words that name declarations.
static void map_words(const InlineMap *map, InstData *data)
{
    switch ((int)op_format((Opcode)data->op)) {
    case FMT_UNARY_CONST: data->w[0] = map->constants[data->w[0]]; return;
    case FMT_UNARY_GLOBAL_VALUE: data->w[0] = map->globals[data->w[0]]; return;
    case FMT_SHUFFLE: data->w[2] += map->first_mask; return;
    case FMT_CALL:
    case FMT_TRY_CALL:
    case FMT_FUNC_ADDR: data->w[0] += map->first_func; return;
    case FMT_CALL_INDIRECT: data->w[0] += map->first_sig; return;
    case FMT_STACK_ADDR: data->w[0] += map->first_slot; return;
    case FMT_DYNAMIC_STACK_ADDR: data->w[0] += map->first_dyn_slot; return;
    case FMT_EXCEPTION_HANDLER_ADDRESS: data->w[0] += map->first_block; return;
    case FMT_LOAD:
    case FMT_STORE:
    case FMT_LOAD_NO_OFFSET:
    case FMT_STORE_NO_OFFSET:
    case FMT_ATOMIC_RMW:
    case FMT_ATOMIC_CAS: map_region(map, &data->w[3]); return;
    default: return;
    }
}

static void copy_extra(InlineMap *map, Inst from, Inst inst)
{
    const InstExtra *const old = inst_extra(map->from, from);
    if (!old)
        return;
    Arena *const arena = map->to->arena;
    InstExtra extra = *old;
    extra.tags = ARENA_ARRAY(arena, DebugTag, old->num_tags);
    extra.map = ARENA_ARRAY(arena, StackMapEntry, old->num_map);
    for (uint32_t i = 0; i < old->num_tags; i++) {
        extra.tags[i] = old->tags[i];
        extra.tags[i].index += old->tags[i].is_slot ? map->first_slot : 0;
    }
    for (uint32_t i = 0; i < old->num_map; i++) {
        extra.map[i] = old->map[i];
        extra.map[i].slot.i += map->first_slot;
    }
    func_set_extra(map->to, inst, extra);
}

static Inst copy_inst(InlineMap *map, Inst from, Block block)
{
    InstData data = *func_inst(map->from, from);
    const FormatInfo *const format = &ir_formats[op_format((Opcode)data.op)];
    map_words(map, &data);
    for (uint32_t i = 0; i < format->values; i++)
        data.w[i] = value_in_caller(map, data.w[i]);
    if (format->list)
        data.w[3] = map_list(map, inst_args(map->from, from));
    map_targets(map, from, &data);
    const Inst inst = func_add_inst(map->to, &data, map->from->inst_pos.data[from.i]);
    func_append_inst(map->to, block, inst);
    copy_extra(map, from, inst);
    return inst;
}

// ---- Returns ----

static void append_jump(InlineMap *map, Block block, Span values)
{
    BlockArg *const args = ARENA_ARRAY(map->scratch, BlockArg, values.len);
    for (uint32_t i = 0; i < values.len; i++)
        args[i] = blockarg_make(BLOCKARG_VALUE, values.data[i]);
    const uint32_t call = func_add_call(map->to, map->return_block, args, values.len);
    const InstData jump = {.op = OP_JUMP, .w = {[1] = call}};
    func_append_inst(map->to, block, func_add_inst(map->to, &jump, POS_NONE));
}

// A copied call, the last of its block, becomes one whose exceptions the caller's handlers get;
// what it returns goes to the parameters of `next`.
static void make_try_call(InlineMap *map, Inst inst, Block next)
{
    Func *const to = map->to;
    const SigRef sig = called_sig(to, inst);
    const uint32_t count = to->sigs.data[sig.i].sig.num_returns;
    BlockArg *const results = ARENA_ARRAY(map->scratch, BlockArg, count);
    for (uint32_t i = 0; i < count; i++)
        results[i] = blockarg_make(BLOCKARG_RET, i);
    const uint32_t call = func_add_call(to, next, results, count);
    const uint32_t table = add_extable(map, (ExTableData){.sig = sig}, (Span){&call, 1});
    InstData *const data = &to->insts.data[inst.i];
    const bool direct = op_format((Opcode)data->op) == FMT_CALL;
    data->op = direct ? OP_TRY_CALL : OP_TRY_CALL_INDIRECT;
    data->w[0] = direct ? data->w[0] : 0;
    data->w[1] = table;
}

// The block behind a copied call that may throw, with the call's results for parameters.
static Block catch_call(InlineMap *map, Inst from, Inst inst)
{
    Func *const to = map->to;
    const Block next = func_add_block(to);
    const Span old = inst_results(map->from, from);
    for (uint32_t i = 0; i < old.len; i++)
        map->values[old.data[i]] =
            func_add_param(to, next, value_type(map->from, (Value){old.data[i]})).i;
    make_try_call(map, inst, next);
    VEC_PUSH(map->scratch, &map->pieces, next);
    return next;
}

// A copied instruction that leaves the callee goes on in the caller instead.
static void return_to_caller(InlineMap *map, Inst inst)
{
    Func *const to = map->to;
    const Block block = to->nodes.data[inst.i].block;
    if (inst_op(to, inst) == OP_RETURN) {
        const Span values = inst_args(to, inst);
        func_remove_inst(to, inst);
        append_jump(map, block, values);
        return;
    }
    if (map->caught != NO_INDEX) {
        make_try_call(map, inst, map->return_block);
        return;
    }
    const bool direct = inst_op(to, inst) == OP_RETURN_CALL;
    to->insts.data[inst.i].op = direct ? OP_CALL : OP_CALL_INDIRECT;
    func_make_results(to, inst);
    append_jump(map, block, inst_results(to, inst));
}

static void note_results(InlineMap *map, Inst from, Inst inst)
{
    func_make_results(map->to, inst);
    const Span old = inst_results(map->from, from), now = inst_results(map->to, inst);
    ASSERT(old.len == now.len);
    for (uint32_t i = 0; i < old.len; i++)
        map->values[old.data[i]] = now.data[i];
}

static void copy_block(InlineMap *map, Block from)
{
    Block block = {map->first_block + from.i};
    map->pieces_of[from.i].first = map->pieces.len;
    IR_FOR_INSTS (map->from, from, old) {
        const Inst inst = copy_inst(map, old, block);
        const Opcode op = inst_op(map->from, old);
        const bool leaves = (ir_ops[op].flags & OPF_RETURN) != 0;
        if (map->caught != NO_INDEX && (op == OP_CALL || op == OP_CALL_INDIRECT))
            block = catch_call(map, old, inst);
        else if (!leaves)
            note_results(map, old, inst);
        else if (map->return_block.i != NO_INDEX)
            return_to_caller(map, inst);
    }
    map->pieces_of[from.i].count = map->pieces.len - map->pieces_of[from.i].first;
}

Block inline_copy_body(InlineMap *map, Block call_block)
{
    const Func *const from = map->from;
    Bitset seen = bitset_new(map->scratch, from->blocks.len);
    VEC(uint32_t) stack = {0};
    map->first_inst = map->to->insts.len;
    map->pieces_of = ARENA_ARRAY(map->scratch, struct InlinePieces, from->blocks.len);
    VEC_PUSH(map->scratch, &stack, from->first_block.i);
    while (stack.len != 0) {
        const Block block = {stack.data[--stack.len]};
        if (bitset_has(&seen, block.i))
            continue;
        bitset_add(&seen, block.i);
        copy_block(map, block);
        const Span calls = inst_calls(from, from->blocks.data[block.i].last);
        for (uint32_t i = calls.len; i-- > 0;)
            if (!bitset_has(&seen, from->calls.data[calls.data[i]].block.i))
                VEC_PUSH(map->scratch, &stack, from->calls.data[calls.data[i]].block.i);
    }
    Block last = call_block;
    IR_FOR_BLOCKS (from, block) {
        if (!bitset_has(&seen, block.i))
            continue;
        const Block copy = {map->first_block + block.i};
        func_insert_block(map->to, last, copy);
        last = copy;
        for (uint32_t i = 0; i < map->pieces_of[block.i].count; i++) {
            const Block piece = map->pieces.data[map->pieces_of[block.i].first + i];
            func_insert_block(map->to, last, piece);
            last = piece;
        }
    }
    return last;
}
