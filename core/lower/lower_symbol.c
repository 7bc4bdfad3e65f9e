// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Global values and the addresses of symbols.
//
// How a symbol is reached follows from what is known of where it will lie: near, if it is declared
// colocated; in position-independent code through the global offset table; else by its address.

#include "lower/lower_internal.h"

static VReg add_offset(LowerCtx *ctx, VReg reg, int64_t offset)
{
    return offset == 0 ? reg : ctx->target->lower_add(ctx, reg, offset);
}

VReg lower_name_address(LowerCtx *ctx, const ExtName *name, bool colocated, int64_t offset)
{
    const bool pic = settings_get(ctx->settings, SETTING_IS_PIC) != 0;
    const SymbolReach reach = colocated ? SYMBOL_NEAR : pic ? SYMBOL_GOT : SYMBOL_ABSOLUTE;
    const uint32_t symbol = lower_symbol(ctx, name);
    const bool fits = reach == SYMBOL_ABSOLUTE ||
                      (reach == SYMBOL_NEAR && offset >= INT32_MIN && offset <= INT32_MAX);
    const VReg reg = ctx->target->lower_symbol(ctx, symbol, reach, fits ? offset : 0);
    return fits ? reg : add_offset(ctx, reg, offset);
}

// The global value at the bottom of a chain of loads and sums.
static const GlobalData *bottom_of(const Func *f, GlobalValue global)
{
    const GlobalData *data = &f->globals.data[global.i];
    while (data->kind == GLOBAL_LOAD || data->kind == GLOBAL_IADD_IMM)
        data = &f->globals.data[data->base.i];
    return data;
}

bool lower_is_thread_local(const LowerCtx *ctx, GlobalValue global)
{
    const GlobalData *const data = bottom_of(ctx->f, global);
    return data->kind == GLOBAL_SYMBOL && data->tls;
}

// One value of the chain, made from that of its base.
static VReg lower_link(LowerCtx *ctx, const GlobalData *data, VReg base)
{
    switch (data->kind) {
    case GLOBAL_VMCTX: {
        uint32_t param = 0;
        while (ctx->f->sig.params[param].purpose != PURPOSE_VMCTX)
            param++;
        return lower_value(ctx, (Value){block_params(ctx->f, ctx->f->first_block).data[param]});
    }
    case GLOBAL_LOAD:
        return ctx->target->lower_load(ctx, AMODE_BASE, base, (int32_t)data->offset, data->type);
    case GLOBAL_IADD_IMM: return ctx->target->lower_add(ctx, base, data->offset);
    case GLOBAL_SYMBOL:
        ASSERT(!data->tls);
        return lower_name_address(ctx, &data->name, data->colocated, data->offset);
    case GLOBAL_DYN_SCALE: break; // of dynamic vectors, which no rule lowers
    }
    UNREACHABLE();
}

VReg lower_global(LowerCtx *ctx, GlobalValue global)
{
    const Func *const f = ctx->f;
    VEC(uint32_t) chain = {0}; // from the one asked for to the one at the bottom
    for (uint32_t g = global.i;; g = f->globals.data[g].base.i) {
        VEC_PUSH(ctx->scratch, &chain, g);
        const GlobalKind kind = f->globals.data[g].kind;
        if (kind != GLOBAL_LOAD && kind != GLOBAL_IADD_IMM)
            break;
    }
    VReg reg = NO(VReg);
    while (chain.len != 0)
        reg = lower_link(ctx, &f->globals.data[chain.data[--chain.len]], reg);
    return reg;
}

// A call of the C library's, whose name and argument are the row's business. The offset is added
// afterwards: relocations of AArch64 can't hold one.
VReg lower_thread_local(LowerCtx *ctx, GlobalValue global)
{
    const GlobalData *const data = &ctx->f->globals.data[global.i];
    AbiParam address = {.type = TYPE_I64};
    const Signature sig = {.returns = &address, .num_returns = 1, .callconv = CC_SYSTEM_V};
    AbiSig abi;
    const Status status = ctx->target->abi(&sig, ctx->settings, ctx->scratch, &abi, ctx->diag);
    ASSERT(status == STATUS_OK && data->kind == GLOBAL_SYMBOL && data->tls);
    const PReg preg = abi.rets[0].reg;
    const VReg result = lower_new_vreg(ctx, REG_INT);
    const uint32_t symbol = lower_symbol(ctx, &data->name);
    MInst *const m = lower_begin(ctx, ctx->target->row_thread_local, 8);
    m->target = symbol;
    lower_operand(ctx, result, OPERAND_DEF, POS_LATE, CONSTRAINT_FIXED, preg);
    m->clobbers = lower_clobber_set(ctx->m, abi.clobbers & ~preg_bit(preg));
    lower_end(ctx, m);
    ctx->m->has_calls = true;
    return add_offset(ctx, result, data->offset);
}

// ---- The stack limit ----

static Status limit_unsupported(LowerCtx *ctx, const char *what)
{
    return diag_error(ctx->diag, STATUS_UNSUPPORTED, ctx->source, ctx->f->stack_limit_pos,
                      "a stack limit %s is not supported in lowering", what);
}

// Where the argument of purpose vmctx arrives; PREG_NONE: not in a register.
static PReg vmctx_register(const LowerCtx *ctx)
{
    uint32_t param = 0;
    while (ctx->f->sig.params[param].purpose != PURPOSE_VMCTX)
        param++;
    return ctx->abi.args[ctx->abi.arg_first[param]].reg;
}

Status lower_stack_limit(LowerCtx *ctx)
{
    const Func *const f = ctx->f;
    MFunc *const m = ctx->m;
    if (f->stack_limit.i == NO_INDEX)
        return STATUS_OK;
    if (bottom_of(f, f->stack_limit)->kind != GLOBAL_VMCTX)
        return limit_unsupported(ctx, "that does not come from a vmctx");
    m->limit_base = vmctx_register(ctx);
    if (m->limit_base == PREG_NONE)
        return limit_unsupported(ctx, "from a vmctx on the stack");
    if ((ctx->abi.callee_saved & m->target->limit_scratch) != 0)
        return limit_unsupported(ctx, "in a function that preserves all registers");
    VEC(LimitStep) steps = {0}; // from the limit to the vmctx
    for (const GlobalData *data = &f->globals.data[f->stack_limit.i]; data->kind != GLOBAL_VMCTX;
         data = &f->globals.data[data->base.i]) {
        if (data->type != TYPE_I64)
            return limit_unsupported(ctx, "of a type other than i64");
        if (data->offset < INT32_MIN || data->offset > INT32_MAX)
            return limit_unsupported(ctx, "at an offset of more than 32 bits");
        const LimitStep step = {data->kind == GLOBAL_LOAD, (int32_t)data->offset};
        VEC_PUSH(ctx->scratch, &steps, step);
    }
    const LimitStep none = {false, 0};
    if (steps.len == 0)
        VEC_PUSH(m->arena, &m->limit, none);
    while (steps.len != 0)
        VEC_PUSH(m->arena, &m->limit, steps.data[--steps.len]);
    return STATUS_OK;
}
