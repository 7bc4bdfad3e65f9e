// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Frames of AArch64, from high to low: arguments of the caller, x29 and x30 if saved, callee-saved
// registers in pairs, FrameLayout.size bytes. The stack pointer is 16-byte aligned throughout.
//
// A function of convention `tail` pops its stack arguments. Its tail calls put theirs where its own
// ones end, so the frame begins lower by what the largest tail call needs more.

#include "target/aarch64/a64_internal.h"

#define X29       PREG(REG_INT, 29)
#define X30       PREG(REG_INT, 30)

#define B_HS      0x54000002u
#define CBNZ_X    0xb5000000u
#define IMM12_MAX 0xfff000u // of add and sub, shifted

// The latter ones only in a convention that preserves everything.
static const uint8_t saved_ints[] = {19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 0,  1,  2,
                                     3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15};

void a64_move_sp(EmitCtx *ctx, int64_t amount)
{
    A64Inst inst = {
        .op = amount < 0 ? A64_SUB_IMM : A64_ADD_IMM, .size = 8, .regs = {A64_SP, A64_SP}};
    const int64_t magnitude = amount < 0 ? -amount : amount;
    if (magnitude > 0xffffff) {
        a64_put_constant(ctx, X16, (uint64_t)magnitude);
        // add or sub (extended register): the form in which 31 is the stack pointer.
        codebuf_note(ctx->buf, "%s sp, sp, x16", amount < 0 ? "sub" : "add");
        codebuf_put32(ctx->buf, (amount < 0 ? 0xcb2063ffu : 0x8b2063ffu) | 16u << 16);
        emit_sp_moved(ctx, -amount);
        return;
    }
    static const int64_t parts[2] = {0xfff000, 0xfff};
    for (uint32_t i = 0; i < 2; i++) {
        inst.imm = magnitude & parts[i];
        if (inst.imm == 0)
            continue;
        a64_put_inst(ctx, &inst);
        emit_sp_moved(ctx, amount < 0 ? inst.imm : -inst.imm);
    }
}

// ---- Probes ----

static void put_probe(EmitCtx *ctx, A64Mem mem)
{
    codebuf_trap(ctx->buf, TRAP_STK_OVF, NO(Inst));
    a64_put_inst(
        ctx, &(A64Inst){.op = A64_LDR_X, .size = 8, .regs = {A64_SP}, .has_mem = true, .mem = mem});
}

// Touches the stack below the stack pointer from the top down, by loads into the zero register.
static void put_probes(EmitCtx *ctx, uint32_t bytes)
{
    const uint32_t n = emit_num_probes(ctx, bytes), guard = ctx->f->guard_size;
    if (n <= PROBES_UNROLLED || guard > IMM12_MAX) {
        for (uint32_t i = 1; i <= n; i++)
            put_probe(ctx, a64_memory_at(ctx, A64_SP, -(int64_t)guard * i, 8));
        return;
    }
    const Label again = codebuf_label(ctx->buf);
    a64_put_inst(ctx, &(A64Inst){.op = A64_ADD_IMM, .size = 8, .regs = {X16, A64_SP}});
    a64_put_constant(ctx, X17, n);
    codebuf_bind(ctx->buf, again);
    a64_put_inst(ctx, &(A64Inst){.op = A64_SUB_IMM, .size = 8, .regs = {X16, X16}, .imm = guard});
    put_probe(ctx, (A64Mem){.kind = AMODE_BASE, .base = X16});
    a64_put_inst(ctx, &(A64Inst){.op = A64_SUB_IMM, .size = 8, .regs = {X17, X17}, .imm = 1});
    a64_put_branch(ctx, CBNZ_X | preg_number(X17), again, FIXUP_A64_BRANCH19);
}

// Each function touches the top of what it takes, so that the stack has been touched no further
// away than a guard's size. Pushes do so; where none comes first, a probe does.
static void put_first_probe(EmitCtx *ctx, uint32_t pushed)
{
    const FrameLayout *const frame = &ctx->frame;
    const bool pushes_first = frame->growth == 0 && pushed != 0;
    if (ctx->f->guard_size != 0 && !pushes_first && frame->growth + frame->size != 0)
        put_probe(ctx, a64_memory_at(ctx, A64_SP, -16, 8));
    put_probes(ctx, frame->growth);
}

// ---- Prologue and epilogue ----

void a64_emit_frame(EmitCtx *ctx)
{
    FrameLayout *const frame = &ctx->frame;
    uint32_t saved = 0;
    for (uint32_t i = 0; i < sizeof(saved_ints); i++)
        saved += (frame->saved & preg_bit(PREG(REG_INT, saved_ints[i]))) != 0;
    const bool links = ctx->f->has_calls || frame->frame_pointer;
    frame->saved_size = (links ? 16 : 0) + (saved + 1) / 2 * 16;
}

// stp/ldp of x registers with a pre- or post-indexed stack pointer. Register 31 as second one is
// none.
static void put_pair(EmitCtx *ctx, PReg first, PReg second, bool load)
{
    const uint32_t base = load ? 0xa8c003e0u : 0xa98003e0u; // post-index +16, pre-index -16
    const uint32_t imm7 = load ? 2u : 0x7eu;
    codebuf_note(ctx->buf, load ? "ldp %s, %s, [sp], #16" : "stp %s, %s, [sp, #-16]!",
                 a64_reg_name(first, 8), a64_reg_name(second, 8));
    codebuf_put32(ctx->buf, (base & ~(0x7fu << 15)) | imm7 << 15 | preg_number(second) << 10 |
                                preg_number(first));
    emit_sp_moved(ctx, load ? -16 : 16);
    for (uint32_t i = 0; i < 2; i++) {
        const PReg reg = i == 0 ? first : second;
        if (reg != A64_SP && load)
            emit_restored(ctx, reg);
        else if (reg != A64_SP)
            emit_saved(ctx, reg, i * 8);
    }
}

// The saved registers in pairs, an odd last one with the zero register.
static uint32_t saved_pairs(const EmitCtx *ctx, uint8_t *regs)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < sizeof(saved_ints); i++)
        if ((ctx->frame.saved & preg_bit(PREG(REG_INT, saved_ints[i]))) != 0)
            regs[n++] = saved_ints[i];
    if (n % 2 != 0)
        regs[n++] = 31;
    return n;
}

static void put_saved_floats(EmitCtx *ctx, bool load)
{
    for (PReg reg = PREG(REG_FLOAT, 0); reg <= PREG(REG_FLOAT, 31); reg++) {
        if ((ctx->frame.saved & preg_bit(reg)) == 0)
            continue;
        A64Inst inst = {
            .op = load ? A64_LDR_Q : A64_STR_Q, .size = 16, .regs = {reg}, .has_mem = true};
        inst.mem = a64_memory_at(ctx, A64_SP, emit_saved_float(ctx, reg), 16);
        a64_put_inst(ctx, &inst);
        if (load)
            emit_restored(ctx, reg);
        else
            emit_saved(ctx, reg, emit_saved_float(ctx, reg));
    }
}

static void put_limit_step(EmitCtx *ctx, PReg base, LimitStep step)
{
    if (step.load) {
        const A64Mem mem = a64_memory_at(ctx, base, step.offset, 8);
        a64_put_inst(
            ctx,
            &(A64Inst){.op = A64_LDR_X, .size = 8, .regs = {X17}, .has_mem = true, .mem = mem});
        return;
    }
    a64_put_constant(ctx, X16, (uint64_t)(int64_t)step.offset);
    codebuf_note(ctx->buf, "add x17, %s, x16", a64_reg_name(base, 8));
    codebuf_put32(ctx->buf, 0x8b100011u | preg_number(base) << 5);
}

// Traps if the frame would reach below the stack limit, before anything is stored.
static void put_limit(EmitCtx *ctx)
{
    const MFunc *const f = ctx->f;
    if (f->limit.len == 0)
        return;
    for (uint32_t i = 0; i < f->limit.len; i++)
        put_limit_step(ctx, i == 0 ? f->limit_base : X17, f->limit.data[i]);
    const Label trap = codebuf_label(ctx->buf), enough = codebuf_label(ctx->buf);
    a64_put_constant(ctx, X16, (uint64_t)ctx->frame.incoming);
    codebuf_note(ctx->buf, "adds x17, x17, x16");
    codebuf_put32(ctx->buf, 0xab100231u);
    a64_put_branch(ctx, B_HS, trap, FIXUP_A64_BRANCH19);
    codebuf_note(ctx->buf, "cmp sp, x17");
    codebuf_put32(ctx->buf, 0xeb3163ffu);
    a64_put_branch(ctx, B_HS, enough, FIXUP_A64_BRANCH19);
    codebuf_bind(ctx->buf, trap);
    codebuf_trap(ctx->buf, TRAP_STK_OVF, NO(Inst));
    a64_emit_trap(ctx);
    codebuf_bind(ctx->buf, enough);
}

void a64_emit_prologue(EmitCtx *ctx)
{
    put_limit(ctx);
    uint8_t regs[sizeof(saved_ints) + 1];
    const uint32_t n = saved_pairs(ctx, regs);
    put_first_probe(ctx, ctx->frame.saved_size);
    a64_move_sp(ctx, -(int64_t)ctx->frame.growth);
    if (ctx->f->has_calls || ctx->frame.frame_pointer) {
        put_pair(ctx, X29, X30, false);
        a64_put_inst(ctx, &(A64Inst){.op = A64_ADD_IMM, .size = 8, .regs = {X29, A64_SP}});
        emit_cfa_by(ctx, X29);
    }
    for (uint32_t i = 0; i < n; i += 2)
        put_pair(ctx, regs[i], regs[i + 1], false);
    put_probes(ctx, ctx->frame.size);
    a64_move_sp(ctx, -(int64_t)ctx->frame.size);
    put_saved_floats(ctx, false);
}

// Until the jump that follows, and leaves the function, the frame is that of the entry again, but
// with stack arguments of `args` bytes.
void a64_put_epilogue(EmitCtx *ctx, uint32_t args)
{
    emit_unwind_remember(ctx);
    uint8_t regs[sizeof(saved_ints) + 1];
    const uint32_t n = saved_pairs(ctx, regs);
    put_saved_floats(ctx, true);
    a64_move_sp(ctx, ctx->frame.size);
    for (uint32_t i = n; i != 0; i -= 2)
        put_pair(ctx, regs[i - 2], regs[i - 1], true);
    if (ctx->f->has_calls || ctx->frame.frame_pointer) {
        put_pair(ctx, X29, X30, true);
        emit_cfa_by(ctx, A64_SP);
    }
    a64_move_sp(ctx, (int64_t)ctx->frame.pops - args);
}
