// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Life of a builder, declarations, and blocks.

#include "builder/builder_internal.h"

Builder *builder_create(Module *module)
{
    Builder *const b = ARENA_NEW(module->arena, Builder);
    b->module = module;
    b->scratch.on_oom = module->arena->on_oom;
    b->scratch.oom_context = module->arena->oom_context;
    return b;
}

void builder_destroy(Builder *b)
{
    arena_free(&b->scratch);
    *b = (Builder){.module = b->module};
}

void builder_problem(Builder *b, Status status, const char *format, ...)
{
    StrBuf buf = {.arena = &b->scratch};
    va_list args;
    va_start(args, format);
    buf_puts(&buf, "function ");
    extname_print(&b->func->name, &buf);
    buf_puts(&buf, ": ");
    buf_vprintf(&buf, format, args);
    va_end(args);
    const Problem problem = {b->pos, status, buf_view(&buf)};
    VEC_PUSH(&b->scratch, &b->problems, problem);
}

// ---- Copies for the module's arena ----

static const void *keep_bytes(Builder *b, const void *bytes, size_t size)
{
    void *const copy = arena_alloc(b->module->arena, size, 8);
    if (size != 0)
        memcpy(copy, bytes, size);
    return copy;
}

static AbiParam *keep_params(Builder *b, const AbiParam *params, uint32_t n)
{
    AbiParam *const copy = ARENA_ARRAY(b->module->arena, AbiParam, n);
    if (n != 0)
        memcpy(copy, params, sizeof(AbiParam) * n);
    return copy;
}

static Signature keep_signature(Builder *b, Signature sig)
{
    sig.params = keep_params(b, sig.params, sig.num_params);
    sig.returns = keep_params(b, sig.returns, sig.num_returns);
    return sig;
}

static ExtName keep_name(Builder *b, ExtName name)
{
    if (name.kind == NAME_TESTCASE)
        name.text = str_copy(b->module->arena, name.text);
    return name;
}

// ---- Functions ----

void builder_begin(Builder *b, ExtName name, Signature sig)
{
    ASSERT(!b->func);
    // What is not listed here starts as zero for each function. The arena is moved, not copied.
    Arena scratch = b->scratch;
    arena_reset(&scratch);
    *b = (Builder){.module = b->module, .scratch = scratch, .pos = POS_NONE, .srcloc = NO_INDEX};
    b->last = NO(Inst);
    b->func = func_new(&b->scratch, keep_name(b, name), keep_signature(b, sig));
    b->entry = builder_block(b);
    for (uint32_t i = 0; i < sig.num_params; i++)
        func_add_param(b->func, b->entry, sig.params[i].type);
    builder_switch(b, b->entry);
    builder_seal(b, b->entry);
}

void builder_abandon(Builder *b)
{
    b->func = NULL;
}

Func *builder_func(Builder *b)
{
    ASSERT(b->func);
    return b->func;
}

void builder_set_pos(Builder *b, uint32_t pos)
{
    b->pos = pos;
}

void builder_set_srcloc(Builder *b, uint32_t srcloc)
{
    b->srcloc = srcloc;
}

// ---- Declarations ----

SigRef builder_signature(Builder *b, Signature sig)
{
    ASSERT(b->func);
    const SigData data = {keep_signature(b, sig), true, b->pos};
    VEC_PUSH(b->func->arena, &b->func->sigs, data);
    return (SigRef){b->func->sigs.len - 1};
}

FuncRef builder_import(Builder *b, ExtName name, SigRef sig, bool colocated)
{
    ASSERT(b->func && sig.i < b->func->sigs.len);
    const ExtFuncData data = {keep_name(b, name), sig, colocated, false, true, b->pos};
    VEC_PUSH(b->func->arena, &b->func->funcs, data);
    return (FuncRef){b->func->funcs.len - 1};
}

StackSlot builder_stack_slot(Builder *b, uint32_t size, uint32_t align)
{
    ASSERT(b->func && align != 0 && (align & (align - 1)) == 0);
    const StackSlotData data = {size, align, 0, false, true, b->pos};
    VEC_PUSH(b->func->arena, &b->func->slots, data);
    return (StackSlot){b->func->slots.len - 1};
}

DynType builder_dyn_type(Builder *b, Type base, GlobalValue scale)
{
    ASSERT(b->func && scale.i < b->func->globals.len);
    const DynTypeData data = {base, scale, true, b->pos};
    VEC_PUSH(b->func->arena, &b->func->dyn_types, data);
    return (DynType){b->func->dyn_types.len - 1};
}

DynSlot builder_dyn_slot(Builder *b, DynType type)
{
    ASSERT(b->func && type.i < b->func->dyn_types.len);
    const Type base = b->func->dyn_types.data[type.i].base;
    const DynSlotData data = {base | TYPE_DYNAMIC_BIT, type, true, b->pos};
    VEC_PUSH(b->func->arena, &b->func->dyn_slots, data);
    return (DynSlot){b->func->dyn_slots.len - 1};
}

GlobalValue builder_global(Builder *b, GlobalData data)
{
    ASSERT(b->func);
    data.name = keep_name(b, data.name);
    data.declared = true;
    data.pos = b->pos;
    VEC_PUSH(b->func->arena, &b->func->globals, data);
    return (GlobalValue){b->func->globals.len - 1};
}

Constant builder_constant(Builder *b, const void *bytes, uint32_t size)
{
    ASSERT(b->func);
    Func *const f = b->func;
    const uint64_t key = hash_bytes(bytes, size);
    const uint32_t known = map_get(&b->constant_of, key);
    if (known != MAP_NONE && f->constants.data[known].size == size &&
        memcmp(f->constants.data[known].bytes, bytes, size) == 0)
        return (Constant){known};
    const ConstantData data = {keep_bytes(b, bytes, size), size, true, b->pos};
    VEC_PUSH(f->arena, &f->constants, data);
    map_set(&b->scratch, &b->constant_of, key, f->constants.len - 1);
    return (Constant){f->constants.len - 1};
}

Region builder_region(Builder *b, uint32_t user_id, Str description)
{
    ASSERT(b->func);
    const RegionData data = {user_id, str_copy(b->module->arena, description), b->pos};
    VEC_PUSH(b->func->arena, &b->func->regions, data);
    return (Region){b->func->regions.len - 1};
}

// ---- Blocks ----

Block builder_entry(const Builder *b)
{
    ASSERT(b->func);
    return b->entry;
}

Value builder_param(const Builder *b, uint32_t num)
{
    ASSERT(b->func);
    const Span params = block_params(b->func, b->entry);
    ASSERT(num < params.len);
    return (Value){params.data[num]};
}

Block builder_block(Builder *b)
{
    ASSERT(b->func);
    const BlockState state = {
        .first_edge = NO_INDEX, .last_edge = NO_INDEX, .first_phi = NO_INDEX, .last_phi = NO_INDEX};
    VEC_PUSH(&b->scratch, &b->blocks, state);
    return func_add_block(b->func);
}

Value builder_append_param(Builder *b, Block block, Type type)
{
    builder_assert_block(b, block);
    ASSERT(block.i != b->entry.i && type != TYPE_INVALID);
    return func_add_param(b->func, block, type);
}

void builder_switch(Builder *b, Block block)
{
    builder_assert_block(b, block);
    BlockData *const data = &b->func->blocks.data[block.i];
    ASSERT(!b->blocks.data[block.i].filled);
    if (!data->inserted) {
        data->pos = b->pos;
        func_append_block(b->func, block);
    }
    b->current = block;
}

Block builder_current(const Builder *b)
{
    ASSERT(b->func);
    return b->current;
}

bool builder_is_terminated(const Builder *b)
{
    ASSERT(b->func);
    return b->blocks.data[b->current.i].filled;
}

void builder_add_edge(Builder *b, uint32_t call)
{
    const Block target = b->func->calls.data[call].block;
    BlockState *const state = &b->blocks.data[target.i];
    if (target.i == b->entry.i) {
        builder_problem(b, STATUS_INVALID, "branch to the entry block");
        return;
    }
    if (state->sealed) {
        builder_problem(b, STATUS_INVALID, "branch to block%u, which is sealed", target.i);
        return;
    }
    const Edge edge = {b->current, call, NO_INDEX};
    VEC_PUSH(&b->scratch, &b->edges, edge);
    const uint32_t e = b->edges.len - 1;
    if (state->num_edges++ == 0) {
        state->first_edge = e;
        state->branched_pos = b->pos;
    } else {
        b->edges.data[state->last_edge].next = e;
    }
    state->last_edge = e;
}
