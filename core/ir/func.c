// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions: reading and changing their tables.

#include "ir/ir.h"

Func *func_new(Arena *arena, ExtName name, Signature sig)
{
    Func *const f = ARENA_NEW(arena, Func);
    f->arena = arena;
    f->name = name;
    f->sig = sig;
    f->pos = POS_NONE;
    f->first_block = f->last_block = NO(Block);
    f->stack_limit = NO(GlobalValue);
    f->stack_limit_pos = POS_NONE;
    VEC_PUSH(arena, &f->pool, 0); // LIST_EMPTY
    return f;
}

uint32_t module_find(const Module *module, const ExtName *name)
{
    for (uint32_t i = 0; i < module->funcs.len; i++)
        if (extname_eq(&module->funcs.data[i]->name, name))
            return i;
    return NO_INDEX;
}

// ---- Reading ----

Span inst_args(const Func *f, Inst inst)
{
    const InstData *const data = func_inst(f, inst);
    const FormatInfo *const format = &ir_formats[op_format((Opcode)data->op)];
    return format->list ? func_list(f, data->w[3]) : (Span){data->w, format->values};
}

uint32_t *func_args(Func *f, Inst inst, uint32_t *len)
{
    InstData *const data = &f->insts.data[inst.i];
    const FormatInfo *const format = &ir_formats[op_format((Opcode)data->op)];
    *len = format->list ? f->pool.data[data->w[3]] : format->values;
    return format->list ? &f->pool.data[data->w[3] + 1] : data->w;
}

Span inst_calls(const Func *f, Inst inst)
{
    const InstData *const data = func_inst(f, inst);
    switch ((CallSite)ir_formats[op_format((Opcode)data->op)].calls) {
    case CALLS_NO: return (Span){NULL, 0};
    case CALLS_W1: return (Span){&data->w[1], 1};
    case CALLS_W12: return (Span){&data->w[1], 2};
    case CALLS_LIST: return func_list(f, data->w[1]);
    case CALLS_EXTABLE: return func_list(f, f->extables.data[data->w[1]].calls);
    }
    UNREACHABLE();
}

Span inst_results(const Func *f, Inst inst)
{
    const uint32_t *const results = &f->nodes.data[inst.i].results;
    if (*results == NO_INDEX)
        return (Span){NULL, 0};
    if (*results & RESULT_LIST)
        return func_list(f, *results & ~RESULT_LIST);
    return (Span){results, 1};
}

Value inst_result(const Func *f, Inst inst)
{
    const Span results = inst_results(f, inst);
    return results.len == 0 ? NO(Value) : (Value){results.data[0]};
}

const Signature *inst_signature(const Func *f, Inst inst)
{
    const InstData *const data = func_inst(f, inst);
    switch ((int)op_format((Opcode)data->op)) {
    case FMT_CALL: return &f->sigs.data[f->funcs.data[data->w[0]].sig.i].sig;
    case FMT_CALL_INDIRECT: return &f->sigs.data[data->w[0]].sig;
    case FMT_TRY_CALL:
    case FMT_TRY_CALL_INDIRECT: return &f->sigs.data[f->extables.data[data->w[1]].sig.i].sig;
    default: return NULL;
    }
}

uint64_t inst_imm(const Func *f, Inst inst)
{
    const InstData *const data = func_inst(f, inst);
    return data->w[0] | (uint64_t)data->w[1] << 32;
}

MemFlags inst_memflags(const Func *f, Inst inst)
{
    const InstData *const data = func_inst(f, inst);
    switch ((int)op_format((Opcode)data->op)) {
    case FMT_LOAD:
    case FMT_STORE:
    case FMT_LOAD_NO_OFFSET:
    case FMT_STORE_NO_OFFSET:
    case FMT_ATOMIC_RMW:
    case FMT_ATOMIC_CAS: return data->w[3];
    default: return 0;
    }
}

int32_t inst_offset(const Func *f, Inst inst)
{
    return (int32_t)func_inst(f, inst)->w[2];
}

const InstExtra *inst_extra(const Func *f, Inst inst)
{
    const uint32_t index = map_get(&f->extras_of, inst.i);
    return index == MAP_NONE ? NULL : &f->extras.data[index];
}

Value ir_resolve(const Func *f, Value v)
{
    while (UNLIKELY(value_kind(f, v) == VALUE_ALIAS))
        v = (Value){value_def(f, v)};
    return v;
}

uint32_t func_entity_pos(const Func *f, EntityRef e)
{
    const uint32_t i = e.index;
    switch (e.kind) {
    case ENTITY_FUNC: return f->pos;
    case ENTITY_BLOCK: return f->blocks.data[i].pos;
    case ENTITY_INST: return f->inst_pos.data[i];
    case ENTITY_STACK_SLOT: return f->slots.data[i].pos;
    case ENTITY_DYN_SLOT: return f->dyn_slots.data[i].pos;
    case ENTITY_DYN_TYPE: return f->dyn_types.data[i].pos;
    case ENTITY_GLOBAL_VALUE: return f->globals.data[i].pos;
    case ENTITY_SIG: return f->sigs.data[i].pos;
    case ENTITY_FUNC_REF: return f->funcs.data[i].pos;
    case ENTITY_CONSTANT: return f->constants.data[i].pos;
    case ENTITY_REGION: return f->regions.data[i].pos;
    case ENTITY_STACK_LIMIT: return f->stack_limit_pos;
    case ENTITY_VALUE:
        switch (value_kind(f, (Value){i})) {
        case VALUE_RESULT: return f->inst_pos.data[value_def(f, (Value){i})];
        case VALUE_PARAM: return f->blocks.data[value_def(f, (Value){i})].pos;
        case VALUE_ALIAS:
        case VALUE_NONE: return POS_NONE;
        }
    }
    UNREACHABLE();
}

// ---- Changing ----

// Stores a list of `n` words, be they plain or wrapped into an entity.
static uint32_t add_words(Func *f, const void *words, uint32_t n)
{
    if (n == 0)
        return LIST_EMPTY;
    const uint32_t list = f->pool.len;
    VEC_RESERVE(f->arena, &f->pool, (uint64_t)n + 1);
    f->pool.data[list] = n;
    memcpy(f->pool.data + list + 1, words, sizeof(uint32_t) * n);
    f->pool.len += n + 1;
    return list;
}

uint32_t func_add_list(Func *f, const uint32_t *elements, uint32_t n)
{
    return add_words(f, elements, n);
}

Block func_add_block(Func *f)
{
    const BlockData data = {NO(Inst), NO(Inst), NO(Block), NO(Block), LIST_EMPTY,
                            false,    true,     false,     POS_NONE};
    VEC_PUSH(f->arena, &f->blocks, data);
    return (Block){f->blocks.len - 1};
}

void func_append_block(Func *f, Block block)
{
    BlockData *const data = &f->blocks.data[block.i];
    ASSERT(!data->inserted);
    data->inserted = true;
    data->prev = f->last_block;
    data->next = NO(Block);
    if (f->last_block.i == NO_INDEX)
        f->first_block = block;
    else
        f->blocks.data[f->last_block.i].next = block;
    f->last_block = block;
}

void func_insert_block(Func *f, Block prev, Block block)
{
    BlockData *const data = &f->blocks.data[block.i];
    const Block next = f->blocks.data[prev.i].next;
    ASSERT(!data->inserted && f->blocks.data[prev.i].inserted);
    data->inserted = true;
    data->prev = prev;
    data->next = next;
    f->blocks.data[prev.i].next = block;
    if (next.i == NO_INDEX)
        f->last_block = block;
    else
        f->blocks.data[next.i].prev = block;
}

void func_remove_block(Func *f, Block block)
{
    BlockData *const data = &f->blocks.data[block.i];
    ASSERT(data->inserted);
    data->inserted = false;
    if (data->prev.i == NO_INDEX)
        f->first_block = data->next;
    else
        f->blocks.data[data->prev.i].next = data->next;
    if (data->next.i == NO_INDEX)
        f->last_block = data->prev;
    else
        f->blocks.data[data->next.i].prev = data->prev;
    data->prev = data->next = NO(Block);
}

static Value add_value(Func *f, ValueKind kind, uint32_t def, Type type, uint32_t num)
{
    const ValueData data = {(uint32_t)kind << 30 | def, type, u16_from(num)};
    VEC_PUSH(f->arena, &f->values, data);
    return (Value){f->values.len - 1};
}

Value func_new_param(Func *f, Block block, Type type)
{
    return add_value(f, VALUE_PARAM, block.i, type, 0);
}

void func_set_params(Func *f, Block block, const Value *params, uint32_t n)
{
    const Span old = block_params(f, block);
    for (uint32_t i = 0; i < old.len; i++)
        f->values.data[old.data[i]].def = (uint32_t)VALUE_NONE << 30;
    for (uint32_t i = 0; i < n; i++) {
        ValueData *const data = &f->values.data[params[i].i];
        data->def = (uint32_t)VALUE_PARAM << 30 | block.i;
        data->num = u16_from(i);
    }
    f->blocks.data[block.i].params = add_words(f, params, n);
}

void func_remove_param(Func *f, Block block, uint32_t num)
{
    const uint32_t list = f->blocks.data[block.i].params;
    uint32_t *const params = f->pool.data + list + 1;
    const uint32_t left = f->pool.data[list] - 1;
    ASSERT(num <= left);
    f->values.data[params[num]].def = (uint32_t)VALUE_NONE << 30;
    for (uint32_t i = num; i < left; i++) {
        params[i] = params[i + 1];
        f->values.data[params[i]].num = u16_from(i);
    }
    f->pool.data[list] = left;
    if (left == 0)
        f->blocks.data[block.i].params = LIST_EMPTY;
}

uint32_t func_add_call(Func *f, Block block, const BlockArg *args, uint32_t n)
{
    const BlockCallData call = {block, add_words(f, args, n)};
    VEC_PUSH(f->arena, &f->calls, call);
    return f->calls.len - 1;
}

void func_set_call_args(Func *f, uint32_t call, const BlockArg *args, uint32_t n)
{
    f->calls.data[call].args = add_words(f, args, n);
}

Value func_add_param(Func *f, Block block, Type type)
{
    const Span old = block_params(f, block);
    const uint32_t n = old.len;
    const Value param = add_value(f, VALUE_PARAM, block.i, type, n);
    // A list at the end of the pool grows in place; another one moves there.
    uint32_t list = f->blocks.data[block.i].params;
    if (list == LIST_EMPTY || list + n + 1 != f->pool.len) {
        VEC_RESERVE(f->arena, &f->pool, (uint64_t)n + 2);
        memmove(f->pool.data + f->pool.len, f->pool.data + list, sizeof(uint32_t) * (n + 1));
        list = f->pool.len;
        f->pool.len += n + 1;
        f->blocks.data[block.i].params = list;
    }
    f->pool.data[list] = n + 1;
    VEC_PUSH(f->arena, &f->pool, param.i);
    return param;
}

Inst func_add_inst(Func *f, const InstData *data, uint32_t pos)
{
    const InstNode node = {NO(Inst), NO(Inst), NO(Block), NO_INDEX};
    VEC_PUSH(f->arena, &f->insts, *data);
    VEC_PUSH(f->arena, &f->nodes, node);
    VEC_PUSH(f->arena, &f->inst_pos, pos);
    if (f->srclocs.len != 0)
        VEC_PUSH(f->arena, &f->srclocs, NO_INDEX);
    return (Inst){f->insts.len - 1};
}

Value func_new_value(Func *f, Type type)
{
    return add_value(f, VALUE_NONE, 0, type, 0);
}

void func_make_results(Func *f, Inst inst)
{
    ASSERT(f->nodes.data[inst.i].results == NO_INDEX);
    const Opcode op = inst_op(f, inst);
    const bool by_signature = ir_ops[op].results[0] == TC_SIGNATURE;
    const Signature *const sig = by_signature ? inst_signature(f, inst) : NULL;
    const uint32_t n = sig ? sig->num_returns : op_fixed_results(op);
    const uint32_t first = f->values.len;
    for (uint32_t i = 0; i < n; i++) {
        const Type type = sig ? sig->returns[i].type
                              : op_constraint_type((TypeConstraint)ir_ops[op].results[i],
                                                   func_inst(f, inst)->ctrl);
        add_value(f, VALUE_RESULT, inst.i, type, i);
    }
    if (n == 1)
        f->nodes.data[inst.i].results = first;
    if (n < 2)
        return;
    VEC_PUSH(f->arena, &f->pool, n);
    f->nodes.data[inst.i].results = RESULT_LIST | (f->pool.len - 1);
    for (uint32_t i = 0; i < n; i++)
        VEC_PUSH(f->arena, &f->pool, first + i);
}

void func_append_inst(Func *f, Block block, Inst inst)
{
    InstNode *const node = &f->nodes.data[inst.i];
    BlockData *const data = &f->blocks.data[block.i];
    ASSERT(node->block.i == NO_INDEX);
    node->block = block;
    node->prev = data->last;
    node->next = NO(Inst);
    if (data->last.i == NO_INDEX)
        data->first = inst;
    else
        f->nodes.data[data->last.i].next = inst;
    data->last = inst;
}

void func_insert_before(Func *f, Inst before, Inst inst)
{
    InstNode *const node = &f->nodes.data[inst.i];
    InstNode *const next = &f->nodes.data[before.i];
    ASSERT(node->block.i == NO_INDEX && next->block.i != NO_INDEX);
    node->block = next->block;
    node->prev = next->prev;
    node->next = before;
    if (next->prev.i == NO_INDEX)
        f->blocks.data[next->block.i].first = inst;
    else
        f->nodes.data[next->prev.i].next = inst;
    next->prev = inst;
}

void func_remove_inst(Func *f, Inst inst)
{
    InstNode *const node = &f->nodes.data[inst.i];
    ASSERT(node->block.i != NO_INDEX);
    BlockData *const block = &f->blocks.data[node->block.i];
    if (node->prev.i == NO_INDEX)
        block->first = node->next;
    else
        f->nodes.data[node->prev.i].next = node->next;
    if (node->next.i == NO_INDEX)
        block->last = node->prev;
    else
        f->nodes.data[node->next.i].prev = node->prev;
    node->prev = node->next = NO(Inst);
    node->block = NO(Block);
}

void func_set_alias(Func *f, Value alias, Value of)
{
    ASSERT(ir_resolve(f, of).i != alias.i);
    ValueData *const data = &f->values.data[alias.i];
    data->def = (uint32_t)VALUE_ALIAS << 30 | of.i;
    data->type = value_type(f, of);
}

void func_set_extra(Func *f, Inst inst, InstExtra extra)
{
    VEC_PUSH(f->arena, &f->extras, extra);
    map_set(f->arena, &f->extras_of, inst.i, f->extras.len - 1);
}

// Copies a Vec's elements into `arena`, at exact size.
#define COMPACT(v)                                                                \
    do {                                                                          \
        void *const copy_ = arena_alloc(arena, sizeof(*(v)->data) * (v)->len, 8); \
        if ((v)->len != 0)                                                        \
            memcpy(copy_, (v)->data, sizeof(*(v)->data) * (v)->len);              \
        (v)->data = copy_;                                                        \
        (v)->cap = (v)->len;                                                      \
    } while (0)

void func_compact(Func *f, Arena *arena)
{
    COMPACT(&f->insts);
    COMPACT(&f->nodes);
    COMPACT(&f->inst_pos);
    COMPACT(&f->values);
    COMPACT(&f->blocks);
    COMPACT(&f->calls);
    COMPACT(&f->pool);
    COMPACT(&f->extables);
    COMPACT(&f->slots);
    COMPACT(&f->dyn_slots);
    COMPACT(&f->dyn_types);
    COMPACT(&f->globals);
    COMPACT(&f->sigs);
    COMPACT(&f->funcs);
    COMPACT(&f->constants);
    COMPACT(&f->regions);
    COMPACT(&f->masks);
    COMPACT(&f->srclocs);
    COMPACT(&f->extras);
    Map extras_of = {0};
    for (uint32_t i = 0; i < f->insts.len && f->extras.len != 0; i++) {
        const uint32_t index = map_get(&f->extras_of, i);
        if (index != MAP_NONE)
            map_set(arena, &extras_of, i, index);
    }
    f->extras_of = extras_of;
    f->arena = arena;
}

Func *func_clone(const Func *f, Arena *arena)
{
    Func *const copy = ARENA_NEW(arena, Func);
    *copy = *f;
    func_compact(copy, arena);
    return copy;
}
