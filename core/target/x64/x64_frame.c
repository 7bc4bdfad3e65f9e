// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Frames of x86-64, from high to low: arguments of the caller, return address, pushed callee-saved
// registers, FrameLayout.size bytes. The stack pointer is 16-byte aligned at calls.
//
// A function of convention `tail` returns by `ret N`. Its tail calls put their stack arguments
// where its own ones end, so the return address, which lies below them, moves with their number:
// down at the entry, by what the largest tail call needs more, and up again before a call that
// needs less. r10 and r11 hold it on the way: neither is an argument, and r11 holds the callee only
// at the jump.

#include "target/x64/x64_internal.h"

#define RET_POP_MAX      0xffffu
#define CC_BELOW         0x2u
#define CC_NOT_BELOW     0x3u
#define CC_GREATER_EQUAL 0xdu

// All but rsp: there are conventions that preserve everything.
static const uint8_t push_order[] = {RBX, RBP, R12, R13, R14, R15, RSI, RDI,
                                     RAX, RCX, RDX, R8,  R9,  R10, R11};

static X64Mem at_sp(int32_t disp)
{
    return (X64Mem){.base = RSP, .index = PREG_NONE, .disp = disp};
}

static void put_mem(EmitCtx *ctx, uint16_t op, PReg reg, X64Mem mem)
{
    x64_put_inst(ctx, &(X64Inst){.op = op, .size = 8, .regs = {reg}, .mem_operand = 1, .mem = mem});
}

static void put_push(EmitCtx *ctx, PReg reg, bool pop)
{
    const uint8_t rex = 0x41;
    const uint8_t opcode = (uint8_t)((pop ? 0x58 : 0x50) + (reg & 7));
    codebuf_note(ctx->buf, "%s %s", pop ? "pop" : "push", x64_reg_name(reg, 8));
    if (reg >= 8)
        codebuf_put(ctx->buf, &rex, 1);
    codebuf_put(ctx->buf, &opcode, 1);
    emit_sp_moved(ctx, pop ? -8 : 8);
}

// A callee-saved register to the stack and back.
static void save(EmitCtx *ctx, PReg reg)
{
    put_push(ctx, reg, false);
    emit_saved(ctx, reg, 0);
}

static void restore(EmitCtx *ctx, PReg reg)
{
    put_push(ctx, reg, true);
    emit_restored(ctx, reg);
}

void x64_move_sp(EmitCtx *ctx, int64_t amount)
{
    if (amount == 0)
        return;
    x64_put_inst(ctx, &(X64Inst){.op = amount < 0 ? X64_SUB_RI : X64_ADD_RI,
                                 .size = 8,
                                 .regs = {RSP, RSP},
                                 .mem_operand = -1,
                                 .imm = amount < 0 ? -amount : amount});
    emit_sp_moved(ctx, -amount);
}

static void put_saved_floats(EmitCtx *ctx, bool load)
{
    for (PReg reg = PREG(REG_FLOAT, 0); reg <= PREG(REG_FLOAT, 15); reg++) {
        if ((ctx->frame.saved & preg_bit(reg)) == 0)
            continue;
        x64_put_inst(ctx, &(X64Inst){.op = load ? X64_MOVUPS_LOAD : X64_MOVUPS_STORE,
                                     .size = 16,
                                     .regs = {reg},
                                     .mem_operand = 1,
                                     .mem = at_sp(emit_saved_float(ctx, reg))});
        if (load)
            emit_restored(ctx, reg);
        else
            emit_saved(ctx, reg, emit_saved_float(ctx, reg));
    }
}

// ---- Probes ----

// Loads suffice: a guard page faults on them too, and nothing below the stack pointer is changed.
static void put_probe(EmitCtx *ctx, X64Mem mem)
{
    codebuf_trap(ctx->buf, TRAP_STK_OVF, NO(Inst));
    x64_put_inst(
        ctx, &(X64Inst){.op = X64_CMP_RM, .size = 4, .regs = {RAX}, .mem_operand = 1, .mem = mem});
}

static void put_offset(EmitCtx *ctx, uint16_t op, int64_t imm)
{
    x64_put_inst(
        ctx, &(X64Inst){.op = op, .size = 8, .regs = {R11, R11}, .mem_operand = -1, .imm = imm});
}

// Touches the stack below the stack pointer from the top down. A loop counts in r11, which is no
// argument; x64_emit_frame has it saved where it is callee-saved.
static void put_probes(EmitCtx *ctx, uint32_t bytes)
{
    const uint32_t n = emit_num_probes(ctx, bytes);
    const int64_t guard = ctx->f->guard_size;
    if (n <= PROBES_UNROLLED) {
        for (uint32_t i = 1; i <= n; i++)
            put_probe(ctx, at_sp((int32_t)(-guard * i)));
        return;
    }
    const Label again = codebuf_label(ctx->buf);
    put_offset(ctx, X64_MOV_RI, -guard);
    codebuf_bind(ctx->buf, again);
    put_probe(ctx, (X64Mem){.base = RSP, .index = R11});
    put_offset(ctx, X64_SUB_RI, guard);
    put_offset(ctx, X64_CMP_RI, -guard * n);
    x64_put_jcc(ctx, CC_GREATER_EQUAL, again);
}

// ---- Arguments that the callee pops ----

static void move_return_address(EmitCtx *ctx, int32_t by)
{
    put_mem(ctx, X64_MOV_LOAD, R10, at_sp(0));
    emit_moved(ctx, PREG_NONE, R10);
    put_mem(ctx, X64_LEA, RSP, at_sp(by));
    emit_sp_moved(ctx, -(int64_t)by);
    put_mem(ctx, X64_MOV_STORE, R10, at_sp(0));
    emit_saved(ctx, PREG_NONE, 0);
}

static void put_growth(EmitCtx *ctx)
{
    put_probes(ctx, ctx->frame.growth);
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
        emit_moved(ctx, PREG_NONE, R11);
        put_mem(ctx, X64_LEA, RSP, at_sp((int32_t)pops + 8));
        emit_sp_moved(ctx, -(int64_t)pops - 8);
        x64_put_inst(ctx, &(X64Inst){.op = X64_JMP_R, .size = 8, .regs = {R11}, .mem_operand = -1});
        return;
    }
    const uint8_t bytes[3] = {pops == 0 ? 0xc3 : 0xc2, (uint8_t)pops, (uint8_t)(pops >> 8)};
    if (pops == 0)
        codebuf_note(ctx->buf, "ret");
    else
        codebuf_note(ctx->buf, "ret %u", pops);
    codebuf_put(ctx->buf, bytes, pops == 0 ? 1 : 3);
}

void x64_put_repush(EmitCtx *ctx, int64_t bytes)
{
    if (bytes == 0)
        return;
    emit_popped(ctx, bytes);
    x64_move_sp(ctx, -bytes);
}

// ---- Prologue and epilogue ----

void x64_emit_frame(EmitCtx *ctx)
{
    FrameLayout *const frame = &ctx->frame;
    uint32_t pushes = frame->frame_pointer ? 1 : 0;
    if (emit_num_probes(ctx, frame->size + 8) > PROBES_UNROLLED)
        frame->saved |= ctx->f->preserved & preg_bit(R11);
    for (uint32_t i = 0; i < sizeof(push_order); i++)
        pushes += (frame->saved & preg_bit(push_order[i])) != 0 &&
                  !(frame->frame_pointer && push_order[i] == RBP);
    frame->saved_size = 8 + pushes * 8;
    const bool needs_alignment = ctx->f->has_calls || frame->size != 0;
    if (needs_alignment && (frame->size + frame->saved_size) % 16 != 0)
        frame->size += 8;
}

// Traps if the frame would reach below the stack limit, before anything is stored. r11 is no
// argument; lowering refuses a limit where it is callee-saved.
static void put_limit(EmitCtx *ctx)
{
    const MFunc *const f = ctx->f;
    const int64_t bytes = (int64_t)ctx->frame.incoming - 8;
    PReg base = f->limit_base;
    if (f->limit.len == 0)
        return;
    for (uint32_t i = 0; i < f->limit.len; i++) {
        const LimitStep step = f->limit.data[i];
        put_mem(ctx, step.load ? X64_MOV_LOAD : X64_LEA, R11,
                (X64Mem){.base = base, .index = PREG_NONE, .disp = step.offset});
        base = R11;
    }
    const Label trap = codebuf_label(ctx->buf), enough = codebuf_label(ctx->buf);
    put_offset(ctx, X64_ADD_RI, bytes);
    x64_put_jcc(ctx, CC_BELOW, trap);
    x64_put_inst(ctx,
                 &(X64Inst){.op = X64_CMP_RM, .size = 8, .regs = {RSP, R11}, .mem_operand = -1});
    x64_put_jcc(ctx, CC_NOT_BELOW, enough);
    codebuf_bind(ctx->buf, trap);
    codebuf_trap(ctx->buf, TRAP_STK_OVF, NO(Inst));
    x64_emit_trap(ctx);
    codebuf_bind(ctx->buf, enough);
}

void x64_emit_prologue(EmitCtx *ctx)
{
    const FrameLayout *const frame = &ctx->frame;
    put_limit(ctx);
    put_growth(ctx);
    if (frame->frame_pointer) {
        save(ctx, RBP);
        x64_put_inst(
            ctx, &(X64Inst){.op = X64_MOV_RR, .size = 8, .regs = {RBP, RSP}, .mem_operand = -1});
        emit_cfa_by(ctx, RBP);
    }
    for (uint32_t i = 0; i < sizeof(push_order); i++)
        if ((frame->saved & preg_bit(push_order[i])) != 0 &&
            !(frame->frame_pointer && push_order[i] == RBP))
            save(ctx, push_order[i]);
    put_probes(ctx, frame->size);
    x64_move_sp(ctx, -(int64_t)frame->size);
    put_saved_floats(ctx, false);
}

// Until the jump that follows, and leaves the function, the frame is that of the entry again.
void x64_put_epilogue(EmitCtx *ctx)
{
    const FrameLayout *const frame = &ctx->frame;
    emit_unwind_remember(ctx);
    put_saved_floats(ctx, true);
    x64_move_sp(ctx, frame->size);
    for (uint32_t i = sizeof(push_order); i-- > 0;)
        if ((frame->saved & preg_bit(push_order[i])) != 0 &&
            !(frame->frame_pointer && push_order[i] == RBP))
            restore(ctx, push_order[i]);
    if (frame->frame_pointer) {
        restore(ctx, RBP);
        emit_cfa_by(ctx, RSP);
    }
}
