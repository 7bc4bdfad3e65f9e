// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls, returns and the function's own arguments, by the layout that the target gives a signature.
//
// Registers that an ABI fixes are operands with a FIXED constraint on the call, return or arguments
// row; the allocator does the moves. What lies on the stack is stored and loaded here, through the
// outgoing or incoming argument area. Results beyond registers go through memory that the caller
// provides: a part of its outgoing area, whose address is a hidden argument.

#include "lower/lower_internal.h"

// Widens a value as its location demands.
static VReg extended(LowerCtx *ctx, VReg reg, Type type, uint32_t extension)
{
    if (extension == EXT_NONE || type_bytes(type) >= 8)
        return reg;
    return ctx->target->lower_extend(ctx, reg, type_bytes(type), (Extension)extension);
}

// What a stack slot is accessed as: whole, unless it holds a float.
static Type slot_type(Type type)
{
    return type_is_float(type) ? type : TYPE_I64;
}

static void fixed_use(LowerCtx *ctx, VReg reg, PReg preg)
{
    lower_operand(ctx, reg, OPERAND_USE, POS_EARLY, CONSTRAINT_FIXED, preg);
}

static void fixed_def(LowerCtx *ctx, VReg reg, PReg preg)
{
    lower_operand(ctx, reg, OPERAND_DEF, POS_LATE, CONSTRAINT_FIXED, preg);
}

uint16_t lower_clobber_set(MFunc *m, PRegSet set)
{
    for (uint32_t i = 0; i < m->clobber_sets.len; i++)
        if (m->clobber_sets.data[i] == set)
            return (uint16_t)i;
    VEC_PUSH(m->arena, &m->clobber_sets, set);
    return u16_from(m->clobber_sets.len - 1);
}

// Pending instructions must come out in program order although a call's results are only known to
// be wanted: this makes everything of one call at once.
typedef struct CallParts {
    const Signature *sig;
    AbiSig abi;
    VReg *args;  // by parameter, extended
    VReg callee; // NO(VReg): direct
    uint32_t symbol;
    VReg ret_area; // NO(VReg): none
} CallParts;

static void store_stack_args(LowerCtx *ctx, const CallParts *call)
{
    for (uint32_t i = 0; i < call->sig->num_params; i++) {
        const AbiLoc *const loc = &call->abi.args[call->abi.arg_first[i]];
        if (loc->reg == PREG_NONE)
            ctx->target->lower_store(ctx, call->args[i], AMODE_OUTGOING, NO(VReg), loc->offset,
                                     slot_type(call->sig->params[i].type));
    }
    if (call->ret_area.i != NO_INDEX && call->abi.ret_area.reg == PREG_NONE)
        ctx->target->lower_store(ctx, call->ret_area, AMODE_OUTGOING, NO(VReg),
                                 call->abi.ret_area.offset, TYPE_I64);
}

static void emit_call(LowerCtx *ctx, Inst inst, const CallParts *call)
{
    const bool direct = call->callee.i == NO_INDEX;
    MInst *const m =
        lower_begin(ctx, direct ? ctx->target->row_call : ctx->target->row_call_reg, 8);
    m->target = call->symbol;
    m->imm = 0;
    if (!direct)
        lower_operand(ctx, call->callee, OPERAND_USE, POS_EARLY, CONSTRAINT_REG, 0);
    PRegSet defined = 0;
    for (uint32_t i = 0; i < call->sig->num_params; i++) {
        const AbiLoc *const loc = &call->abi.args[call->abi.arg_first[i]];
        if (loc->reg != PREG_NONE)
            fixed_use(ctx, call->args[i], loc->reg);
    }
    if (call->ret_area.i != NO_INDEX && call->abi.ret_area.reg != PREG_NONE)
        fixed_use(ctx, call->ret_area, call->abi.ret_area.reg);
    const Span results = inst_results(ctx->f, inst);
    for (uint32_t i = 0; i < results.len; i++) {
        const AbiLoc *const loc = &call->abi.rets[call->abi.ret_first[i]];
        if (loc->reg == PREG_NONE)
            continue;
        fixed_def(ctx, lower_value(ctx, (Value){results.data[i]}), loc->reg);
        defined |= preg_bit(loc->reg);
    }
    m->clobbers = lower_clobber_set(ctx->m, call->abi.clobbers & ~defined);
    lower_end(ctx, m);
}

static void load_stack_results(LowerCtx *ctx, Inst inst, const CallParts *call)
{
    const Span results = inst_results(ctx->f, inst);
    for (uint32_t i = 0; i < results.len; i++) {
        const AbiLoc *const loc = &call->abi.rets[call->abi.ret_first[i]];
        if (loc->reg != PREG_NONE || ctx->value_regs[results.data[i]].i == NO_INDEX)
            continue;
        const int32_t offset = (int32_t)call->abi.stack_args_size + loc->offset;
        const Type type = slot_type(call->sig->returns[i].type);
        lower_set_result(ctx, i,
                         ctx->target->lower_load(ctx, AMODE_OUTGOING, NO(VReg), offset, type));
    }
}

// The layout, callee and widened arguments of a call.
static Status gather_call(LowerCtx *ctx, Inst inst, CallParts *call)
{
    const Func *const f = ctx->f;
    const bool direct = op_format(inst_op(f, inst)) == FMT_CALL;
    *call = (CallParts){.sig = inst_signature(f, inst), .callee = NO(VReg), .ret_area = NO(VReg)};
    TRY(ctx->target->abi(call->sig, ctx->settings, ctx->scratch, &call->abi, ctx->diag));
    const Span args = inst_args(f, inst);
    const uint32_t first = direct ? 0 : 1;
    if (direct)
        call->symbol = lower_symbol(ctx, &f->funcs.data[func_inst(f, inst)->w[0]].name);
    else
        call->callee = lower_value(ctx, (Value){args.data[0]});
    call->args = ARENA_ARRAY(ctx->scratch, VReg, call->sig->num_params);
    for (uint32_t i = 0; i < call->sig->num_params; i++)
        call->args[i] =
            extended(ctx, lower_value(ctx, (Value){args.data[first + i]}),
                     call->sig->params[i].type, call->abi.args[call->abi.arg_first[i]].extension);
    return STATUS_OK;
}

Status lower_call(LowerCtx *ctx, Inst inst)
{
    CallParts call;
    TRY(gather_call(ctx, inst, &call));
    if (call.abi.ret_area_ptr)
        call.ret_area =
            ctx->target->lower_address(ctx, AMODE_OUTGOING, (int32_t)call.abi.stack_args_size);
    const uint32_t outgoing = call.abi.stack_args_size + call.abi.stack_rets_size;
    if (outgoing > ctx->m->outgoing_size)
        ctx->m->outgoing_size = outgoing;
    ctx->m->has_calls = true;
    store_stack_args(ctx, &call);
    emit_call(ctx, inst, &call);
    load_stack_results(ctx, inst, &call);
    return STATUS_OK;
}

// A jump to the callee in place of a return: the frame is gone by then, so what the callee is given
// must all be in registers.
Status lower_tail_call(LowerCtx *ctx, Inst inst)
{
    CallParts call;
    TRY(gather_call(ctx, inst, &call));
    if (call.abi.stack_args_size != 0 || call.abi.ret_area_ptr)
        return diag_error(ctx->diag, STATUS_UNSUPPORTED, ctx->source, ctx->f->inst_pos.data[inst.i],
                          "%s with arguments or results on the stack is not supported in lowering "
                          "for %s",
                          ir_ops[inst_op(ctx->f, inst)].name, ctx->target->name);
    const bool direct = call.callee.i == NO_INDEX;
    MInst *const m =
        lower_begin(ctx, direct ? ctx->target->row_tail_call : ctx->target->row_tail_call_reg, 8);
    m->target = call.symbol;
    if (!direct)
        fixed_use(ctx, call.callee, ctx->target->tail_callee);
    for (uint32_t i = 0; i < call.sig->num_params; i++)
        fixed_use(ctx, call.args[i], call.abi.args[call.abi.arg_first[i]].reg);
    lower_end(ctx, m);
    return STATUS_OK;
}

Status lower_return(LowerCtx *ctx, Inst inst)
{
    const Span args = inst_args(ctx->f, inst);
    const Signature *const sig = &ctx->f->sig;
    VReg *const values = ARENA_ARRAY(ctx->scratch, VReg, args.len);
    for (uint32_t i = 0; i < args.len; i++)
        values[i] = extended(ctx, lower_value(ctx, (Value){args.data[i]}), sig->returns[i].type,
                             ctx->abi.rets[ctx->abi.ret_first[i]].extension);
    if (ctx->abi.ret_area_ptr && ctx->ret_area.i == NO_INDEX)
        ctx->ret_area = lower_new_vreg(ctx, REG_INT);
    for (uint32_t i = 0; i < args.len; i++) {
        const AbiLoc *const loc = &ctx->abi.rets[ctx->abi.ret_first[i]];
        if (loc->reg == PREG_NONE)
            ctx->target->lower_store(ctx, values[i], AMODE_BASE, ctx->ret_area, loc->offset,
                                     slot_type(sig->returns[i].type));
    }
    MInst *const m = lower_begin(ctx, ctx->target->row_ret, 8);
    for (uint32_t i = 0; i < args.len; i++) {
        const AbiLoc *const loc = &ctx->abi.rets[ctx->abi.ret_first[i]];
        if (loc->reg != PREG_NONE)
            fixed_use(ctx, values[i], loc->reg);
    }
    lower_end(ctx, m);
    return STATUS_OK;
}

Status lower_arguments(LowerCtx *ctx)
{
    const Func *const f = ctx->f;
    const Span params = block_params(f, f->first_block);
    MInst *const m = lower_begin(ctx, ctx->target->row_args, 8);
    for (uint32_t i = 0; i < params.len; i++) {
        const AbiLoc *const loc = &ctx->abi.args[ctx->abi.arg_first[i]];
        if (loc->reg != PREG_NONE && ctx->value_regs[params.data[i]].i != NO_INDEX)
            fixed_def(ctx, ctx->value_regs[params.data[i]], loc->reg);
    }
    if (ctx->ret_area.i != NO_INDEX && ctx->abi.ret_area.reg != PREG_NONE)
        fixed_def(ctx, ctx->ret_area, ctx->abi.ret_area.reg);
    lower_end(ctx, m);
    for (uint32_t i = 0; i < params.len; i++) {
        const AbiLoc *const loc = &ctx->abi.args[ctx->abi.arg_first[i]];
        const VReg wanted = ctx->value_regs[params.data[i]];
        if (loc->reg != PREG_NONE || wanted.i == NO_INDEX)
            continue;
        const VReg loaded = ctx->target->lower_load(ctx, AMODE_INCOMING, NO(VReg), loc->offset,
                                                    slot_type(f->sig.params[i].type));
        ctx->aliases.data[lower_resolve(ctx, wanted).i] = loaded;
    }
    if (ctx->ret_area.i != NO_INDEX && ctx->abi.ret_area.reg == PREG_NONE) {
        const VReg loaded = ctx->target->lower_load(ctx, AMODE_INCOMING, NO(VReg),
                                                    ctx->abi.ret_area.offset, TYPE_I64);
        ctx->aliases.data[lower_resolve(ctx, ctx->ret_area).i] = loaded;
    }
    return STATUS_OK;
}
