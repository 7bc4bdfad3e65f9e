// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Atomic read-modify-write operations of x86-64 that no instruction does: the loops behind the rows
// atomic_rmw and, for 16 bytes, atomic_pair_rmw. The rows' comments have them.

#include "target/x64/x64_internal.h"

// One access, which may trap.
static void put_access(EmitCtx *ctx, const MInst *inst, const X64Inst *access)
{
    if (inst->trap != TRAP_NONE)
        codebuf_trap(ctx->buf, inst->trap, inst->src);
    x64_put_inst(ctx, access);
}

// ---- In one register ----

static void put_load(EmitCtx *ctx, const MInst *inst, PReg to, X64Mem mem)
{
    X64Inst load = {.op = X64_MOV_LOAD, .size = inst->size, .regs = {to}, .mem_operand = 1};
    if (inst->size < 4) {
        load.op = inst->size == 1 ? X64_MOVZX_RM8 : X64_MOVZX_RM16;
        load.size = 4;
    }
    load.mem = mem;
    put_access(ctx, inst, &load);
}

// `reg` becomes op(reg, src).
static void put_atomic_op(EmitCtx *ctx, const MInst *inst, PReg reg, PReg src)
{
    X64Inst op = {.size = inst->size == 8 ? 8 : 4, .regs = {reg, reg, src}, .mem_operand = -1};
    const AtomicOp kind = (AtomicOp)inst->imm;
    switch ((int)kind) {
    case ATOMIC_ADD: op.op = X64_ADD_RM; break;
    case ATOMIC_SUB: op.op = X64_SUB_RM; break;
    case ATOMIC_XCHG:
        op.op = X64_MOV_RR;
        op.regs[1] = src;
        break;
    case ATOMIC_AND:
    case ATOMIC_NAND: op.op = X64_AND_RM; break;
    case ATOMIC_OR: op.op = X64_OR_RM; break;
    case ATOMIC_XOR: op.op = X64_XOR_RM; break;
    case ATOMIC_UMIN: op.cc = 7; break;  // above
    case ATOMIC_UMAX: op.cc = 2; break;  // below
    case ATOMIC_SMIN: op.cc = 15; break; // greater
    case ATOMIC_SMAX: op.cc = 12; break; // less
    default: UNREACHABLE();
    }
    if (op.cc != 0) {
        x64_put_inst(
            ctx, &(X64Inst){
                     .op = X64_CMP_RM, .size = inst->size, .regs = {reg, src}, .mem_operand = -1});
        op.op = X64_CMOVCC;
    }
    x64_put_inst(ctx, &op);
    if (kind == ATOMIC_NAND)
        x64_put_inst(
            ctx,
            &(X64Inst){.op = X64_NOT_R, .size = op.size, .regs = {reg, reg}, .mem_operand = -1});
}

// The bytes of the instruction's size reversed.
static void put_swap(EmitCtx *ctx, const MInst *inst, PReg reg)
{
    X64Inst swap = {.op = X64_BSWAP_R, .size = inst->size, .regs = {reg, reg}, .mem_operand = -1};
    if (inst->size == 2) {
        swap.op = X64_ROL_RI;
        swap.imm = 8;
    }
    if (inst->size != 1)
        x64_put_inst(ctx, &swap);
}

void x64_emit_atomic_rmw(EmitCtx *ctx, const MInst *inst)
{
    const PReg old = alloc_preg(emit_alloc(ctx, inst, 0));
    const PReg made = alloc_preg(emit_alloc(ctx, inst, 1));
    const PReg src = alloc_preg(emit_alloc(ctx, inst, 2));
    Label constant = NO(Label);
    const X64Mem mem = x64_memory_of(ctx, inst, &constant);
    ASSERT(!mem.rip && old == RAX);
    put_load(ctx, inst, old, mem);
    const Label again = codebuf_label(ctx->buf);
    codebuf_bind(ctx->buf, again);
    x64_put_inst(ctx,
                 &(X64Inst){.op = X64_MOV_RR, .size = 8, .regs = {made, old}, .mem_operand = -1});
    if (inst->op == X64_ATOMIC_RMW_BIG)
        put_swap(ctx, inst, made);
    put_atomic_op(ctx, inst, made, src);
    if (inst->op == X64_ATOMIC_RMW_BIG)
        put_swap(ctx, inst, made);
    put_access(ctx, inst,
               &(X64Inst){.op = X64_LOCK_CMPXCHG,
                          .size = inst->size,
                          .regs = {old, old, made},
                          .mem_operand = 3,
                          .mem = mem});
    x64_put_jcc(ctx, 5, again);
}

// ---- In two ----

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
    const X64Inst swap = {.op = X64_LOCK_CMPXCHG16B,
                          .size = 16,
                          .regs = {RAX, RDX, RAX, RDX, RBX, RCX},
                          .mem_operand = 6,
                          .mem = mem};
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
