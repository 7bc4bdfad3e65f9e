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

// The registers of `value` to `regs`, by location, widened as the first demands.
static void put_value(LowerCtx *ctx, Value value, const AbiLoc *locs, VReg *regs)
{
    const Type type = value_type(ctx->f, value);
    const uint32_t first = lower_value(ctx, value).i;
    const uint32_t n = lower_num_regs(type);
    for (uint32_t i = 0; i < n; i++)
        regs[i] = extended(ctx, (VReg){first + i}, type, locs->extension);
}

// What lies at a stack location is one of the registers of a value.
static void load_location(LowerCtx *ctx, VReg wanted, AmodeKind kind, int32_t offset, Type type)
{
    const VReg loaded = ctx->target->lower_load(ctx, kind, NO(VReg), offset, type);
    ctx->aliases.data[lower_resolve(ctx, wanted).i] = loaded;
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
    AmodeKind area; // where stack arguments go: this, from `base` on
    int32_t base;
    VReg *args;  // by location, extended; NO(VReg): there already
    VReg callee; // NO(VReg): direct
    uint32_t symbol;
    VReg ret_area; // NO(VReg): none
} CallParts;

#define COPY_IN_LINE_MAX 64u

// Memory at `from` to the place of an argument that is passed as a copy.
static void copy_argument(LowerCtx *ctx, const CallParts *call, const AbiLoc *loc, VReg from)
{
    const Target *const target = ctx->target;
    const int32_t base = call->base + loc->offset;
    if (loc->size > COPY_IN_LINE_MAX) {
        const VReg to = target->lower_address(ctx, call->area, base);
        const VReg size = target->lower_constant(ctx, loc->size);
        (void)lower_libcall(ctx, LIBCALL_MEMCPY, (const VReg[]){to, from, size});
        return;
    }
    static const Type parts[] = {TYPE_I64, TYPE_I32, TYPE_I16, TYPE_I8};
    uint32_t at = 0;
    for (uint32_t i = 0; i < 4; i++)
        for (; loc->size - at >= type_bytes(parts[i]); at += type_bytes(parts[i])) {
            const int32_t disp = (int32_t)at;
            const VReg part = target->lower_load(ctx, AMODE_BASE, from, disp, parts[i]);
            target->lower_store(ctx, part, call->area, NO(VReg), base + disp, parts[i]);
        }
}

static void store_stack_args(LowerCtx *ctx, const CallParts *call)
{
    // Before the others, because a large copy is a call.
    for (uint32_t i = 0; i < call->abi.num_args; i++)
        if (call->abi.args[i].copied)
            copy_argument(ctx, call, &call->abi.args[i], call->args[i]);
    for (uint32_t i = 0; i < call->abi.num_args; i++) {
        const AbiLoc *const loc = &call->abi.args[i];
        if (loc->reg == PREG_NONE && !loc->copied && call->args[i].i != NO_INDEX)
            ctx->target->lower_store(ctx, call->args[i], call->area, NO(VReg),
                                     call->base + loc->offset, loc->type);
    }
    if (call->ret_area.i != NO_INDEX && call->abi.ret_area.reg == PREG_NONE)
        ctx->target->lower_store(ctx, call->ret_area, call->area, NO(VReg),
                                 call->base + call->abi.ret_area.offset, TYPE_I64);
}

// The operands for arguments in registers.
static void use_register_args(LowerCtx *ctx, const CallParts *call)
{
    for (uint32_t i = 0; i < call->abi.num_args; i++)
        if (call->abi.args[i].reg != PREG_NONE)
            fixed_use(ctx, call->args[i], call->abi.args[i].reg);
    if (call->ret_area.i != NO_INDEX && call->abi.ret_area.reg != PREG_NONE)
        fixed_use(ctx, call->ret_area, call->abi.ret_area.reg);
}

static void emit_call(LowerCtx *ctx, Inst inst, const CallParts *call)
{
    const bool direct = call->callee.i == NO_INDEX;
    MInst *const m =
        lower_begin(ctx, direct ? ctx->target->row_call : ctx->target->row_call_reg, 8);
    m->target = call->symbol;
    m->imm = call->abi.popped_size;
    if (!direct)
        lower_operand(ctx, call->callee, OPERAND_USE, POS_EARLY, CONSTRAINT_REG, 0);
    PRegSet defined = 0;
    use_register_args(ctx, call);
    const Span results = inst_results(ctx->f, inst);
    for (uint32_t i = 0; i < results.len; i++) {
        const uint32_t first = call->abi.ret_first[i];
        for (uint32_t k = first; k < call->abi.ret_first[i + 1]; k++) {
            const PReg reg = call->abi.rets[k].reg;
            if (reg == PREG_NONE)
                continue;
            fixed_def(ctx, (VReg){lower_value(ctx, (Value){results.data[i]}).i + k - first}, reg);
            defined |= preg_bit(reg);
        }
    }
    m->clobbers = lower_clobber_set(ctx->m, call->abi.clobbers & ~defined);
    lower_end(ctx, m);
}

static void load_stack_results(LowerCtx *ctx, Inst inst, const CallParts *call)
{
    const Span results = inst_results(ctx->f, inst);
    const int32_t area = (int32_t)call->abi.stack_args_size;
    for (uint32_t i = 0; i < results.len; i++) {
        const VReg wanted = ctx->value_regs[results.data[i]];
        const uint32_t first = call->abi.ret_first[i];
        for (uint32_t k = first; k < call->abi.ret_first[i + 1]; k++) {
            const AbiLoc *const loc = &call->abi.rets[k];
            if (loc->reg == PREG_NONE && wanted.i != NO_INDEX)
                load_location(ctx, (VReg){wanted.i + k - first}, AMODE_OUTGOING, area + loc->offset,
                              loc->type);
        }
    }
}

// The layout and callee of a call.
static Status begin_call(LowerCtx *ctx, Inst inst, CallParts *call)
{
    const Func *const f = ctx->f;
    const bool direct = op_format(inst_op(f, inst)) == FMT_CALL;
    *call = (CallParts){.sig = inst_signature(f, inst),
                        .area = AMODE_OUTGOING,
                        .callee = NO(VReg),
                        .ret_area = NO(VReg)};
    TRY(ctx->target->abi(call->sig, ctx->settings, ctx->scratch, &call->abi, ctx->diag));
    if (direct)
        call->symbol = lower_symbol(ctx, &f->funcs.data[func_inst(f, inst)->w[0]].name);
    else
        call->callee = lower_value(ctx, (Value){inst_args(f, inst).data[0]});
    return STATUS_OK;
}

// Whether `value`, argument of a tail call with the locations `locs`, is a parameter of this
// function that came in the same place.
static bool is_in_place(const LowerCtx *ctx, const CallParts *call, Value value, const AbiLoc *locs)
{
    const Func *const f = ctx->f;
    value = ir_resolve(f, value);
    if (call->area != AMODE_INCOMING || locs->reg != PREG_NONE ||
        value_kind(f, value) != VALUE_PARAM || value_def(f, value) != f->first_block.i)
        return false;
    const uint32_t param = f->values.data[value.i].num;
    const AbiLoc *const own = &ctx->abi.args[ctx->abi.arg_first[param]];
    return own->reg == PREG_NONE && !own->copied && own->offset == call->base + locs->offset &&
           (locs->extension == EXT_NONE || locs->extension == own->extension);
}

// The widened arguments of a call.
static void gather_args(LowerCtx *ctx, Inst inst, CallParts *call)
{
    const Span args = inst_args(ctx->f, inst);
    const uint32_t first = call->callee.i == NO_INDEX ? 0 : 1;
    call->args = ARENA_ARRAY(ctx->scratch, VReg, call->abi.num_args);
    memset(call->args, 0xff, sizeof(VReg) * call->abi.num_args);
    for (uint32_t i = 0; i < call->sig->num_params; i++) {
        const Value value = {args.data[first + i]};
        const uint32_t at = call->abi.arg_first[i];
        if (!is_in_place(ctx, call, value, &call->abi.args[at]))
            put_value(ctx, value, &call->abi.args[at], &call->args[at]);
    }
}

Status lower_call(LowerCtx *ctx, Inst inst)
{
    CallParts call;
    TRY(begin_call(ctx, inst, &call));
    gather_args(ctx, inst, &call);
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

// The pointer to the caller's memory for results beyond registers.
static VReg own_ret_area(LowerCtx *ctx)
{
    if (ctx->abi.ret_area_ptr && ctx->ret_area.i == NO_INDEX)
        ctx->ret_area = lower_new_vreg(ctx, REG_INT);
    return ctx->ret_area;
}

// A jump to the callee in place of a return. Its stack arguments end where this function's own end,
// since whoever is last pops all. They are stored in place: the function has loaded its own ones at
// its entry (lower_arguments), so nothing there is needed any more but what stays as it is.
Status lower_tail_call(LowerCtx *ctx, Inst inst)
{
    CallParts call;
    TRY(begin_call(ctx, inst, &call));
    ASSERT(call.abi.popped_size == call.abi.stack_args_size);
    for (uint32_t i = 0; i < call.abi.num_args; i++)
        if (call.abi.args[i].copied)
            return diag_error(ctx->diag, STATUS_UNSUPPORTED, ctx->source,
                              ctx->f->inst_pos.data[inst.i],
                              "%s with an argument of purpose sarg is not supported in lowering "
                              "for %s",
                              ir_ops[inst_op(ctx->f, inst)].name, ctx->target->name);
    call.area = AMODE_INCOMING;
    call.base = (int32_t)ctx->abi.stack_args_size - (int32_t)call.abi.stack_args_size;
    gather_args(ctx, inst, &call);
    if (call.abi.ret_area_ptr)
        call.ret_area = own_ret_area(ctx);
    if (call.abi.stack_args_size > ctx->m->tail_args)
        ctx->m->tail_args = call.abi.stack_args_size;
    store_stack_args(ctx, &call);
    const bool direct = call.callee.i == NO_INDEX;
    MInst *const m =
        lower_begin(ctx, direct ? ctx->target->row_tail_call : ctx->target->row_tail_call_reg, 8);
    m->target = call.symbol;
    m->imm = call.abi.stack_args_size;
    if (!direct)
        fixed_use(ctx, call.callee, ctx->target->tail_callee);
    use_register_args(ctx, &call);
    lower_end(ctx, m);
    return STATUS_OK;
}

Status lower_return(LowerCtx *ctx, Inst inst)
{
    const Span args = inst_args(ctx->f, inst);
    VReg *const values = ARENA_ARRAY(ctx->scratch, VReg, ctx->abi.num_rets);
    for (uint32_t i = 0; i < args.len; i++) {
        const uint32_t at = ctx->abi.ret_first[i];
        put_value(ctx, (Value){args.data[i]}, &ctx->abi.rets[at], &values[at]);
    }
    for (uint32_t i = 0; i < ctx->abi.num_rets; i++) {
        const AbiLoc *const loc = &ctx->abi.rets[i];
        if (loc->reg == PREG_NONE)
            ctx->target->lower_store(ctx, values[i], AMODE_BASE, own_ret_area(ctx), loc->offset,
                                     loc->type);
    }
    // C functions that return a struct in memory return its address.
    const Span params = block_params(ctx->f, ctx->f->first_block);
    const VReg sret = ctx->abi.sret_result == PREG_NONE
                          ? NO(VReg)
                          : lower_value(ctx, (Value){params.data[ctx->abi.sret_param]});
    MInst *const m = lower_begin(ctx, ctx->target->row_ret, 8);
    for (uint32_t i = 0; i < ctx->abi.num_rets; i++)
        if (ctx->abi.rets[i].reg != PREG_NONE)
            fixed_use(ctx, values[i], ctx->abi.rets[i].reg);
    if (sret.i != NO_INDEX)
        fixed_use(ctx, sret, ctx->abi.sret_result);
    lower_end(ctx, m);
    return STATUS_OK;
}

// The register that is wanted of the k-th location of parameter i, NO(VReg): none.
static VReg wanted_part(const LowerCtx *ctx, uint32_t param, uint32_t k)
{
    const VReg first = ctx->value_regs[block_params(ctx->f, ctx->f->first_block).data[param]];
    return first.i == NO_INDEX ? first : (VReg){first.i + k - ctx->abi.arg_first[param]};
}

static void take_stack_argument(LowerCtx *ctx, VReg wanted, const AbiLoc *loc)
{
    if (!loc->copied) {
        load_location(ctx, wanted, AMODE_INCOMING, loc->offset, loc->type);
        return;
    }
    const VReg address = ctx->target->lower_address(ctx, AMODE_INCOMING, loc->offset);
    ctx->aliases.data[lower_resolve(ctx, wanted).i] = address;
}

Status lower_arguments(LowerCtx *ctx)
{
    const AbiSig *const abi = &ctx->abi;
    const uint32_t num_params = ctx->f->sig.num_params;
    MInst *const m = lower_begin(ctx, ctx->target->row_args, 8);
    for (uint32_t i = 0; i < num_params; i++)
        for (uint32_t k = abi->arg_first[i]; k < abi->arg_first[i + 1]; k++) {
            const VReg wanted = wanted_part(ctx, i, k);
            if (abi->args[k].reg != PREG_NONE && wanted.i != NO_INDEX)
                fixed_def(ctx, wanted, abi->args[k].reg);
        }
    if (ctx->ret_area.i != NO_INDEX && abi->ret_area.reg != PREG_NONE)
        fixed_def(ctx, ctx->ret_area, abi->ret_area.reg);
    lower_end(ctx, m);
    for (uint32_t i = 0; i < num_params; i++)
        for (uint32_t k = abi->arg_first[i]; k < abi->arg_first[i + 1]; k++) {
            const VReg wanted = wanted_part(ctx, i, k);
            if (abi->args[k].reg == PREG_NONE && wanted.i != NO_INDEX)
                take_stack_argument(ctx, wanted, &abi->args[k]);
        }
    if (ctx->ret_area.i != NO_INDEX && abi->ret_area.reg == PREG_NONE)
        load_location(ctx, ctx->ret_area, AMODE_INCOMING, abi->ret_area.offset, TYPE_I64);
    return STATUS_OK;
}
