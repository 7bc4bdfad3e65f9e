// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Atomic operations of 16 bytes on x86-64: the loops behind the rows atomic_pair_rmw.

#include "target/x64/x64_internal.h"

// Where the halves of the numbers are. Memory's halves are rdx:rax before and rcx:rbx after; a
// big-endian number has its upper half in the first of them, its bytes reversed.
typedef struct PairRegs {
    PReg old_lo, old_hi, new_lo, new_hi, src_lo, src_hi;
    bool is_big;
} PairRegs;

static void put(EmitCtx *ctx, uint16_t op, PReg to, PReg from)
{
    x64_put_inst(ctx, &(X64Inst){.op = op, .size = 8, .regs = {to, to, from}, .mem_operand = -1});
}

static void put_move(EmitCtx *ctx, PReg to, PReg from)
{
    x64_put_inst(ctx,
                 &(X64Inst){.op = X64_MOV_RR, .size = 8, .regs = {to, from}, .mem_operand = -1});
}

static void put_one(EmitCtx *ctx, uint16_t op, PReg reg)
{
    x64_put_inst(ctx, &(X64Inst){.op = op, .size = 8, .regs = {reg, reg}, .mem_operand = -1});
}

// A half of the old number, without a change of flags.
static void put_half(EmitCtx *ctx, const PairRegs *r, PReg to, PReg from)
{
    put_move(ctx, to, from);
    if (r->is_big)
        put_one(ctx, X64_BSWAP_R, to);
}

// The lower of the two numbers' halves by `low`, then the upper ones by `high`.
static void put_halves(EmitCtx *ctx, const PairRegs *r, uint16_t low, uint16_t high)
{
    put(ctx, low, r->new_lo, r->src_lo);
    put(ctx, high, r->new_hi, r->src_hi);
}

// src instead, if the condition holds of old - src. That takes one half of the copy for the
// difference, which is copied anew.
static void put_choice(EmitCtx *ctx, const PairRegs *r, uint8_t cc)
{
    x64_put_inst(
        ctx,
        &(X64Inst){.op = X64_CMP_RM, .size = 8, .regs = {r->new_lo, r->src_lo}, .mem_operand = -1});
    put(ctx, X64_SBB_RM, r->new_hi, r->src_hi);
    put_half(ctx, r, r->new_hi, r->old_hi);
    X64Inst move = {.op = X64_CMOVCC, .size = 8, .cc = cc, .mem_operand = -1};
    move.regs[0] = move.regs[1] = r->new_lo;
    move.regs[2] = r->src_lo;
    x64_put_inst(ctx, &move);
    move.regs[0] = move.regs[1] = r->new_hi;
    move.regs[2] = r->src_hi;
    x64_put_inst(ctx, &move);
}

// The new number becomes what the operator makes of it, the old one, and src. The greater of two
// equal numbers is either.
static void put_operator(EmitCtx *ctx, const PairRegs *r, AtomicOp op)
{
    switch (op) {
    case ATOMIC_ADD: put_halves(ctx, r, X64_ADD_RM, X64_ADC_RM); return;
    case ATOMIC_SUB: put_halves(ctx, r, X64_SUB_RM, X64_SBB_RM); return;
    case ATOMIC_AND: put_halves(ctx, r, X64_AND_RM, X64_AND_RM); return;
    case ATOMIC_NAND:
        put_halves(ctx, r, X64_AND_RM, X64_AND_RM);
        put_one(ctx, X64_NOT_R, r->new_lo);
        put_one(ctx, X64_NOT_R, r->new_hi);
        return;
    case ATOMIC_OR: put_halves(ctx, r, X64_OR_RM, X64_OR_RM); return;
    case ATOMIC_XOR: put_halves(ctx, r, X64_XOR_RM, X64_XOR_RM); return;
    case ATOMIC_XCHG:
        put_move(ctx, r->new_lo, r->src_lo);
        put_move(ctx, r->new_hi, r->src_hi);
        return;
    case ATOMIC_UMIN: put_choice(ctx, r, 3); return;  // above or equal
    case ATOMIC_UMAX: put_choice(ctx, r, 2); return;  // below
    case ATOMIC_SMIN: put_choice(ctx, r, 13); return; // greater or equal
    case ATOMIC_SMAX: put_choice(ctx, r, 12); return; // less
    case ATOMIC_COUNT: break;
    }
    UNREACHABLE();
}

// One access, which may trap.
static void put_access(EmitCtx *ctx, const MInst *inst, const X64Inst *access)
{
    if (inst->trap != TRAP_NONE)
        codebuf_trap(ctx->buf, inst->trap, inst->src);
    x64_put_inst(ctx, access);
}

// The rows' comment has the loop.
void x64_emit_pair_rmw(EmitCtx *ctx, const MInst *inst)
{
    const bool is_big = inst->op == X64_ATOMIC_PAIR_RMW_BIG;
    const PairRegs regs = {.old_lo = is_big ? RDX : RAX,
                           .old_hi = is_big ? RAX : RDX,
                           .new_lo = is_big ? RCX : RBX,
                           .new_hi = is_big ? RBX : RCX,
                           .src_lo = alloc_preg(emit_alloc(ctx, inst, 4)),
                           .src_hi = alloc_preg(emit_alloc(ctx, inst, 5)),
                           .is_big = is_big};
    X64Mem mem = {.base = alloc_preg(emit_alloc(ctx, inst, 6)), .index = PREG_NONE};
    const X64Inst swap = {.op = X64_LOCK_CMPXCHG16B, .size = 16, .mem_operand = 6, .mem = mem};
    X64Inst load = {.op = X64_MOV_LOAD, .size = 8, .regs = {RAX}, .mem_operand = 1, .mem = mem};
    put_access(ctx, inst, &load);
    load.regs[0] = RDX;
    load.mem.disp = 8;
    put_access(ctx, inst, &load);
    const Label again = codebuf_label(ctx->buf);
    codebuf_bind(ctx->buf, again);
    put_half(ctx, &regs, regs.new_lo, regs.old_lo);
    put_half(ctx, &regs, regs.new_hi, regs.old_hi);
    put_operator(ctx, &regs, (AtomicOp)inst->imm);
    if (is_big) {
        put_one(ctx, X64_BSWAP_R, regs.new_lo);
        put_one(ctx, X64_BSWAP_R, regs.new_hi);
    }
    put_access(ctx, inst, &swap);
    x64_put_jcc(ctx, 5, again);
}
