// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What few frames of x86-64 need: saved vector registers, and arguments that the callee pops.
//
// A function of convention `tail` returns by `ret N`. Its tail calls put their stack arguments where
// its own ones end, so the return address, which lies below them, moves with their number: down at
// the entry, by what the largest tail call needs more, and up again before a call that needs less.
// r10 and r11 hold it on the way: neither is an argument, and r11 holds the callee only at the jump.

#include "target/x64/x64_internal.h"

#define RET_POP_MAX 0xffffu

static X64Mem at_sp(int32_t disp)
{
    return (X64Mem){.base = RSP, .index = PREG_NONE, .disp = disp};
}

static void put_mem(EmitCtx *ctx, uint16_t op, PReg reg, X64Mem mem)
{
    x64_put_inst(ctx, &(X64Inst){.op = op, .size = 8, .regs = {reg}, .mem_operand = 1, .mem = mem});
}

static void move_return_address(EmitCtx *ctx, int32_t by)
{
    put_mem(ctx, X64_MOV_LOAD, R10, at_sp(0));
    put_mem(ctx, X64_LEA, RSP, at_sp(by));
    put_mem(ctx, X64_MOV_STORE, R10, at_sp(0));
}

void x64_put_growth(EmitCtx *ctx)
{
    if (ctx->frame.growth != 0)
        move_return_address(ctx, -(int32_t)ctx->frame.growth);
}

void x64_put_shrink(EmitCtx *ctx, uint32_t bytes)
{
    if (bytes != 0)
        move_return_address(ctx, (int32_t)bytes);
}

void x64_put_return(EmitCtx *ctx)
{
    const uint32_t pops = ctx->frame.pops;
    if (pops > RET_POP_MAX) {
        put_mem(ctx, X64_MOV_LOAD, R11, at_sp(0));
        put_mem(ctx, X64_LEA, RSP, at_sp((int32_t)pops + 8));
        x64_put_inst(
            ctx, &(X64Inst){.op = X64_JMP_R, .size = 8, .regs = {R11}, .mem_operand = -1});
        return;
    }
    const uint8_t bytes[3] = {pops == 0 ? 0xc3 : 0xc2, (uint8_t)pops, (uint8_t)(pops >> 8)};
    if (pops == 0)
        codebuf_note(ctx->buf, "ret");
    else
        codebuf_note(ctx->buf, "ret %u", pops);
    codebuf_put(ctx->buf, bytes, pops == 0 ? 1 : 3);
}

void x64_put_saved_floats(EmitCtx *ctx, bool load)
{
    for (PReg reg = PREG(REG_FLOAT, 0); reg <= PREG(REG_FLOAT, 15); reg++) {
        if ((ctx->frame.saved & preg_bit(reg)) == 0)
            continue;
        x64_put_inst(ctx, &(X64Inst){.op = load ? X64_MOVUPS_LOAD : X64_MOVUPS_STORE,
                                     .size = 16,
                                     .regs = {reg},
                                     .mem_operand = 1,
                                     .mem = at_sp(emit_saved_float(ctx, reg))});
    }
}
