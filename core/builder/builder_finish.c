// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The end of a function: the last checks, the parameters of variables into the lists, and the move
// into the module's arena.

#include "builder/builder_internal.h"

// ---- Checks ----

// The type that a block call's argument has: of a value, of a returned value; TYPE_INVALID: not for
// the builder to say.
static Type arg_type(const Builder *b, Inst branch, BlockArg arg)
{
    const Signature *const sig = inst_signature(b->func, branch);
    const uint32_t index = blockarg_index(arg);
    switch (blockarg_kind(arg)) {
    case BLOCKARG_VALUE: return b->func->values.data[index].type;
    case BLOCKARG_RET:
        return sig && index < sig->num_returns ? sig->returns[index].type : TYPE_INVALID;
    case BLOCKARG_EXN: return TYPE_INVALID;
    }
    UNREACHABLE();
}

// Compares the arguments that the front end gave with the parameters that it appended.
static void check_args(Builder *b, Block target, const Edge *edge)
{
    const Span params = block_params(b->func, target);
    const Span args = call_args(b->func, edge->call);
    const Inst branch = b->func->blocks.data[edge->from.i].last;
    b->pos = b->func->inst_pos.data[branch.i];
    if (args.len != params.len) {
        builder_problem(b, STATUS_INVALID,
                        "branch in block%u to block%u has %u arguments; wanted: %u", edge->from.i,
                        target.i, args.len, params.len);
        return;
    }
    for (uint32_t i = 0; i < args.len; i++) {
        const Type is = arg_type(b, branch, (BlockArg){args.data[i]});
        const Type wanted = b->func->values.data[params.data[i]].type;
        if (is != TYPE_INVALID && is != wanted)
            builder_problem(
                b, STATUS_INVALID,
                "branch in block%u to block%u: argument %u is of type %.*s; wanted: %.*s",
                edge->from.i, target.i, i, STR_ARG(type_name(&b->scratch, is)),
                STR_ARG(type_name(&b->scratch, wanted)));
    }
}

static void check_block(Builder *b, Block block)
{
    const BlockState *const state = &b->blocks.data[block.i];
    const BlockData *const data = &b->func->blocks.data[block.i];
    if (!data->inserted && state->num_edges == 0)
        return;
    b->pos = data->inserted ? data->pos : state->branched_pos;
    if (!data->inserted)
        builder_problem(b, STATUS_INVALID, "block%u is branched to, but has no instructions",
                        block.i);
    else if (!state->filled)
        builder_problem(b, STATUS_INVALID, "block%u has no terminator", block.i);
    if (!state->sealed)
        builder_problem(b, STATUS_INVALID, "block%u was never sealed", block.i);
    for (uint32_t e = state->first_edge; e != NO_INDEX; e = b->edges.data[e].next)
        check_args(b, block, &b->edges.data[e]);
}

static void check_limits(Builder *b)
{
    const Func *const f = b->func;
    if (f->values.len > ENTITY_MAX || f->insts.len > ENTITY_MAX || f->blocks.len > ENTITY_MAX)
        builder_problem(b, STATUS_LIMIT, "more than %u values, instructions or blocks", ENTITY_MAX);
    for (uint32_t i = 0; i < b->blocks.len; i++) {
        uint32_t n = block_params(f, (Block){i}).len;
        for (uint32_t p = b->blocks.data[i].first_phi; p != NO_INDEX; p = b->phis.data[p].next)
            n += b->phis.data[p].becomes.i == NO_INDEX;
        if (n > UINT16_MAX)
            builder_problem(b, STATUS_LIMIT, "block%u has %u parameters; at most %u can be", i, n,
                            UINT16_MAX);
    }
}

// ---- Placing the phis ----

typedef VEC(Value) ValueVec;
typedef VEC(BlockArg) BlockArgVec;

// Adds the phis that are needed to the block's parameters, and their operands to its edges' calls.
static void place_block(Builder *b, Block block, ValueVec *params, BlockArgVec *args)
{
    Func *const f = b->func;
    const BlockState *const state = &b->blocks.data[block.i];
    const Span given = block_params(f, block);
    params->len = 0;
    for (uint32_t i = 0; i < given.len; i++)
        VEC_PUSH(&b->scratch, params, ((Value){given.data[i]}));
    for (uint32_t p = state->first_phi; p != NO_INDEX; p = b->phis.data[p].next) {
        if (b->phis.data[p].becomes.i == NO_INDEX)
            VEC_PUSH(&b->scratch, params, b->phis.data[p].value);
        else
            f->values.data[b->phis.data[p].value.i].def = (uint32_t)VALUE_NONE << 30;
    }
    if (params->len == given.len)
        return;
    func_set_params(f, block, params->data, params->len);
    uint32_t k = 0;
    for (uint32_t e = state->first_edge; e != NO_INDEX; e = b->edges.data[e].next, k++) {
        const Span old = call_args(f, b->edges.data[e].call);
        args->len = 0;
        for (uint32_t i = 0; i < old.len; i++)
            VEC_PUSH(&b->scratch, args, (BlockArg){old.data[i]});
        for (uint32_t p = state->first_phi; p != NO_INDEX; p = b->phis.data[p].next) {
            const Phi *const phi = &b->phis.data[p];
            if (phi->becomes.i == NO_INDEX)
                VEC_PUSH(&b->scratch, args,
                         blockarg_make(BLOCKARG_VALUE, b->operands.data[phi->operands + k]));
        }
        func_set_call_args(f, b->edges.data[e].call, args->data, args->len);
    }
}

static uint32_t resolve_index(Builder *b, uint32_t v)
{
    return builder_resolve(b, (Value){v}).i;
}

// Replaces each operand that became another name.
static void rename_operands(Builder *b)
{
    Func *const f = b->func;
    for (uint32_t i = 0; i < f->insts.len; i++) {
        InstData *const data = &f->insts.data[i];
        const FormatInfo *const format = &ir_formats[op_format((Opcode)data->op)];
        uint32_t *const args = format->list ? f->pool.data + data->w[3] + 1 : data->w;
        const uint32_t n = format->list ? f->pool.data[data->w[3]] : format->values;
        for (uint32_t j = 0; j < n; j++)
            args[j] = resolve_index(b, args[j]);
    }
    for (uint32_t c = 0; c < f->calls.len; c++) {
        uint32_t *const args = f->pool.data + f->calls.data[c].args + 1;
        for (uint32_t j = 0; j < call_args(f, c).len; j++) {
            const BlockArg arg = {args[j]};
            if (blockarg_kind(arg) == BLOCKARG_VALUE)
                args[j] = blockarg_make(BLOCKARG_VALUE, resolve_index(b, blockarg_index(arg))).bits;
        }
    }
    for (uint32_t t = 0; t < f->extables.len; t++)
        for (uint32_t h = 0; h < f->extables.data[t].num_handlers; h++) {
            Handler *const handler = &f->extables.data[t].handlers[h];
            if (handler->kind == HANDLER_CONTEXT)
                handler->context = builder_resolve(b, handler->context);
        }
}

void builder_place_phis(Builder *b)
{
    ValueVec params = {0};
    BlockArgVec args = {0};
    for (uint32_t i = 0; i < b->blocks.len && b->phis.len != 0; i++)
        place_block(b, (Block){i}, &params, &args);
    if (b->num_removed != 0)
        rename_operands(b);
}

// ---- The end ----

Status builder_finish(Builder *b, Source *source, Func **out, Diag *diag)
{
    Func *const f = b->func;
    ASSERT(f);
    for (uint32_t i = 0; i < b->blocks.len; i++)
        check_block(b, (Block){i});
    check_limits(b);
    Status status = STATUS_OK;
    for (uint32_t i = 0; i < b->problems.len; i++) {
        const Problem *const problem = &b->problems.data[i];
        const Status one =
            diag_error(diag, problem->status, source, problem->pos, "%.*s", STR_ARG(problem->text));
        status = status == STATUS_OK ? one : status;
    }
    b->func = NULL;
    if (status != STATUS_OK)
        return status;
    b->func = f;
    if (b->num_removed != 0)
        builder_ground_rings(b);
    builder_place_phis(b);
    b->func = NULL;
    func_compact(f, b->module->arena);
    Func *const kept = ARENA_NEW(b->module->arena, Func);
    *kept = *f;
    VEC_PUSH(b->module->arena, &b->module->funcs, kept);
    if (out)
        *out = kept;
    return STATUS_OK;
}
