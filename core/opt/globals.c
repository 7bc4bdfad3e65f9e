// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Uses of global values that are loads, sums or the context are written out as those, where they
// stand: a load among them sees the stores before it, and can be optimised as any other.

#include "opt/opt_internal.h"

static Value insert(Func *f, Inst before, const InstData *data)
{
    const Inst inst = func_add_inst(f, data, f->inst_pos.data[before.i]);
    func_make_results(f, inst);
    func_insert_before(f, before, inst);
    return inst_result(f, inst);
}

static Value context_param(const Func *f)
{
    uint32_t param = 0;
    while (f->sig.params[param].purpose != PURPOSE_VMCTX)
        param++;
    return (Value){block_params(f, f->first_block).data[param]};
}

static Value sum(Func *f, Inst before, const GlobalData *global, Value base)
{
    const uint64_t offset = (uint64_t)global->offset;
    const InstData constant = {
        .op = OP_ICONST, .ctrl = global->type, .w = {(uint32_t)offset, (uint32_t)(offset >> 32)}};
    const Value by = insert(f, before, &constant);
    const InstData add = {.op = OP_IADD, .ctrl = global->type, .w = {base.i, by.i}};
    return insert(f, before, &add);
}

static Value load(Func *f, Inst before, const GlobalData *global, Value base)
{
    const InstData data = {
        .op = OP_LOAD,
        .ctrl = global->type,
        .w = {base.i, 0, (uint32_t)(int32_t)global->offset, global->flags},
    };
    return insert(f, before, &data);
}

// The value of a global before `inst`.
static Value expand(Func *f, Inst inst, GlobalValue global, Arena *scratch)
{
    VEC(uint32_t) chain = {0}; // from the one asked for down to the one that has no base
    for (uint32_t g = global.i;; g = f->globals.data[g].base.i) {
        VEC_PUSH(scratch, &chain, g);
        const GlobalKind kind = f->globals.data[g].kind;
        if (kind != GLOBAL_LOAD && kind != GLOBAL_IADD_IMM)
            break;
    }
    Value value = NO(Value);
    while (chain.len != 0) {
        const uint32_t number = chain.data[--chain.len];
        const GlobalData data = f->globals.data[number];
        switch (data.kind) {
        case GLOBAL_VMCTX: value = context_param(f); break;
        case GLOBAL_LOAD: value = load(f, inst, &data, value); break;
        case GLOBAL_IADD_IMM: value = sum(f, inst, &data, value); break;
        case GLOBAL_SYMBOL:
        case GLOBAL_DYN_SCALE: {
            const InstData address = {.op = OP_SYMBOL_VALUE, .ctrl = TYPE_I64, .w = {number}};
            value = insert(f, inst, &address);
            break;
        }
        }
    }
    return value;
}

void opt_expand_globals(OptCtx *ctx)
{
    Func *const f = ctx->f;
    if (f->globals.len == 0)
        return;
    IR_FOR_BLOCKS (f, block) {
        for (Inst inst = f->blocks.data[block.i].first, next; inst.i != NO_INDEX; inst = next) {
            next = f->nodes.data[inst.i].next;
            if (inst_op(f, inst) != OP_SYMBOL_VALUE)
                continue;
            const GlobalValue global = {func_inst(f, inst)->w[0]};
            const GlobalKind kind = f->globals.data[global.i].kind;
            if (kind == GLOBAL_SYMBOL || kind == GLOBAL_DYN_SCALE)
                continue;
            const Value result = inst_result(f, inst);
            const Value value = expand(f, inst, global, ctx->scratch);
            func_remove_inst(f, inst);
            ASSERT(value_type(f, value) == value_type(f, result));
            func_set_alias(f, result, value);
        }
    }
}
