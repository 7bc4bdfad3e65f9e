// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Branches, calls and returns.

#include "builder/builder_emit.h"

// Stores the values in the function's pool; `first` (or NO(Value)) goes in front of them.
static uint32_t store_values(Builder *b, Value first, ValueList values)
{
    const uint32_t lead = first.i != NO_INDEX;
    uint32_t *const words = ARENA_ARRAY(&b->scratch, uint32_t, (uint64_t)values.len + lead);
    if (lead) {
        builder_assert_value(b, first);
        words[0] = first.i;
    }
    for (uint32_t i = 0; i < values.len; i++) {
        builder_assert_value(b, values.data[i]);
        words[lead + i] = values.data[i].i;
    }
    return func_add_list(b->func, words, values.len + lead);
}

static uint32_t store_call(Builder *b, Goto target)
{
    builder_assert_block(b, target.block);
    if (target.args.len == 0)
        return func_add_call(b->func, target.block, NULL, 0);
    BlockArg *const args = ARENA_ARRAY(&b->scratch, BlockArg, target.args.len);
    for (uint32_t i = 0; i < target.args.len; i++) {
        builder_assert_value(b, target.args.data[i]);
        args[i] = blockarg_make(BLOCKARG_VALUE, target.args.data[i].i);
    }
    return func_add_call(b->func, target.block, args, target.args.len);
}

// Appends a branch and records its edges, unless it is in no block.
static void emit_branch(Builder *b, InstData data)
{
    const Inst inst = builder_emit(b, data);
    if (b->func->nodes.data[inst.i].block.i == NO_INDEX)
        return;
    const Span calls = inst_calls(b->func, inst);
    for (uint32_t i = 0; i < calls.len; i++)
        builder_add_edge(b, calls.data[i]);
}

// ---- Branches ----

void builder_jump(Builder *b, Goto target)
{
    const uint32_t call = store_call(b, target);
    emit_branch(b, (InstData){.op = OP_JUMP, .w = {0, call}});
}

void builder_brif(Builder *b, Value c, Goto then_to, Goto else_to)
{
    const uint32_t yes = store_call(b, then_to);
    const uint32_t no = store_call(b, else_to);
    emit_branch(b, (InstData){.op = OP_BRIF, .w = {c.i, yes, no}});
}

void builder_br_table(Builder *b, Value index, Goto otherwise, const Goto *table, uint32_t n)
{
    ASSERT(b->func);
    uint32_t *const calls = ARENA_ARRAY(&b->scratch, uint32_t, (uint64_t)n + 1);
    calls[0] = store_call(b, otherwise);
    for (uint32_t i = 0; i < n; i++)
        calls[i + 1] = store_call(b, table[i]);
    const uint32_t list = func_add_list(b->func, calls, n + 1);
    emit_branch(b, (InstData){.op = OP_BR_TABLE, .w = {index.i, list}});
}

// ---- Calls and returns ----

// Tail calls return what the callee does.
static void check_tail(Builder *b, Opcode op, const Signature *callee)
{
    const Signature *const own = &b->func->sig;
    if ((ir_ops[op].flags & OPF_TERMINATOR) == 0)
        return;
    bool same = callee->num_returns == own->num_returns;
    for (uint32_t i = 0; same && i < own->num_returns; i++)
        same = callee->returns[i].type == own->returns[i].type;
    if (!same)
        builder_problem(b, STATUS_INVALID, "%s: the callee returns other types than the function",
                        ir_ops[op].name);
}

void builder_return(Builder *b, ValueList values)
{
    ASSERT(b->func);
    const uint32_t list = store_values(b, NO(Value), values);
    builder_check_list(b, "return", b->func->sig.returns, b->func->sig.num_returns, values);
    (void)builder_emit(b, (InstData){.op = OP_RETURN, .w = {0, 0, 0, list}});
}

Value builder_call(Builder *b, Opcode op, FuncRef func, ValueList args)
{
    ASSERT(op == OP_CALL || op == OP_RETURN_CALL);
    ASSERT(b->func && func.i < b->func->funcs.len);
    const uint32_t list = store_values(b, NO(Value), args);
    const Signature *const sig = &b->func->sigs.data[b->func->funcs.data[func.i].sig.i].sig;
    builder_check_list(b, ir_ops[op].name, sig->params, sig->num_params, args);
    check_tail(b, op, sig);
    const InstData data = {.op = (uint8_t)op, .w = {func.i, 0, 0, list}};
    return inst_result(b->func, builder_emit(b, data));
}

Value builder_call_indirect(Builder *b, Opcode op, SigRef ref, Value callee, ValueList args)
{
    ASSERT(op == OP_CALL_INDIRECT || op == OP_RETURN_CALL_INDIRECT);
    ASSERT(b->func && ref.i < b->func->sigs.len);
    const uint32_t list = store_values(b, callee, args);
    const Signature *const sig = &b->func->sigs.data[ref.i].sig;
    builder_check_list(b, ir_ops[op].name, sig->params, sig->num_params, args);
    check_tail(b, op, sig);
    const InstData data = {.op = (uint8_t)op, .w = {ref.i, 0, 0, list}};
    return inst_result(b->func, builder_emit(b, data));
}

// ---- Calls with exception handlers ----

static uint32_t store_try_call(Builder *b, TryGoto target)
{
    builder_assert_block(b, target.block);
    for (uint32_t i = 0; i < target.num_args; i++)
        if (blockarg_kind(target.args[i]) == BLOCKARG_VALUE)
            builder_assert_value(b, (Value){blockarg_index(target.args[i])});
    return func_add_call(b->func, target.block, target.args, target.num_args);
}

// Stores the table for a callee of signature `sig` and returns its number.
static uint32_t store_table(Builder *b, const TryTable *table, SigRef sig)
{
    const uint32_t n = table->num_handlers;
    uint32_t *const calls = ARENA_ARRAY(&b->scratch, uint32_t, (uint64_t)n + 1);
    Handler *const handlers = ARENA_ARRAY(b->module->arena, Handler, n);
    uint32_t num_calls = 0;
    calls[num_calls++] = store_try_call(b, table->normal);
    for (uint32_t i = 0; i < n; i++) {
        const TryHandler *const from = &table->handlers[i];
        handlers[i] = (Handler){from->kind, 0, 0, NO(Value)};
        if (from->kind == HANDLER_CONTEXT) {
            builder_assert_value(b, from->context);
            handlers[i].context = from->context;
            continue;
        }
        handlers[i].tag = from->kind == HANDLER_TAG ? from->tag : 0;
        handlers[i].call = num_calls;
        calls[num_calls++] = store_try_call(b, from->target);
    }
    const ExTableData data = {sig, func_add_list(b->func, calls, num_calls), handlers, n};
    VEC_PUSH(b->func->arena, &b->func->extables, data);
    return b->func->extables.len - 1;
}

void builder_try_call(Builder *b, FuncRef func, ValueList args, const TryTable *table)
{
    ASSERT(b->func && func.i < b->func->funcs.len);
    const SigRef ref = b->func->funcs.data[func.i].sig;
    const uint32_t list = store_values(b, NO(Value), args);
    const Signature *const sig = &b->func->sigs.data[ref.i].sig;
    builder_check_list(b, "try_call", sig->params, sig->num_params, args);
    const uint32_t extable = store_table(b, table, ref);
    emit_branch(b, (InstData){.op = OP_TRY_CALL, .w = {func.i, extable, 0, list}});
}

void builder_try_call_indirect(Builder *b, Value callee, ValueList args, const TryTable *table)
{
    ASSERT(b->func && table->sig.i < b->func->sigs.len);
    const uint32_t list = store_values(b, callee, args);
    const Signature *const sig = &b->func->sigs.data[table->sig.i].sig;
    builder_check_list(b, "try_call_indirect", sig->params, sig->num_params, args);
    const uint32_t extable = store_table(b, table, table->sig);
    emit_branch(b, (InstData){.op = OP_TRY_CALL_INDIRECT, .w = {0, extable, 0, list}});
}
