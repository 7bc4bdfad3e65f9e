// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Emission of AArch64's atomic operations that are no single instruction: loops around exclusive
// loads and stores. The comments of the rows (isle-rules/aarch64/insts/atomics.rows) have them.

#include "target/aarch64/a64_internal.h"

// ---- Up to 8 bytes ----

// ldaxr of the instruction's size; with `status`, stlxr.
static void put_exclusive(EmitCtx *ctx, const MInst *inst, PReg reg, PReg addr, bool store)
{
    static const char *const suffixes[4] = {"b", "h", "", ""};
    const uint32_t log2 = (uint32_t)__builtin_ctz(inst->size);
    const char *const name = a64_reg_name(reg, inst->size == 8 ? 8 : 4);
    if (store)
        codebuf_note(ctx->buf, "stlxr%s w16, %s, [%s]", suffixes[log2], name,
                     a64_reg_name(addr, 8));
    else
        codebuf_note(ctx->buf, "ldaxr%s %s, [%s]", suffixes[log2], name, a64_reg_name(addr, 8));
    if (inst->trap != TRAP_NONE)
        codebuf_trap(ctx->buf, inst->trap, inst->src);
    codebuf_put32(ctx->buf, (store ? 0x0800fc00u | 16u << 16 : 0x085ffc00u) | log2 << 30 |
                                preg_number(addr) << 5 | preg_number(reg));
}

// The store that goes with a ldaxr; back to it if the store failed.
static void put_store_or_again(EmitCtx *ctx, const MInst *inst, PReg reg, PReg addr, Label again)
{
    put_exclusive(ctx, inst, reg, addr, true);
    a64_put_branch(ctx, 0x35000000u | 16u, again, FIXUP_A64_BRANCH19);
}

// Compares what a ldaxr loaded, which has zeros above its width, with another value.
static void put_atomic_compare(EmitCtx *ctx, const MInst *inst, PReg old, PReg other,
                               bool is_signed)
{
    A64Inst cmp = {.op = A64_CMP_RR, .size = inst->size == 8 ? 8 : 4, .regs = {old, other}};
    if (inst->size <= 2 && is_signed) {
        a64_put_inst(ctx, &(A64Inst){.op = A64_SBFM,
                                     .size = 4,
                                     .regs = {X17, old},
                                     .imm2 = inst->size == 1 ? 7 : 15});
        cmp.regs[0] = X17;
        cmp.op = inst->size == 1 ? A64_CMP_SXTB : A64_CMP_SXTH;
    } else if (inst->size <= 2) {
        cmp.op = inst->size == 1 ? A64_CMP_UXTB : A64_CMP_UXTH;
    }
    a64_put_inst(ctx, &cmp);
}

// x17 = op(old, src).
static void put_atomic_op(EmitCtx *ctx, const MInst *inst, PReg old, PReg src)
{
    A64Inst op = {.op = A64_CSEL, .size = inst->size == 8 ? 8 : 4, .regs = {X17, old, src}};
    const AtomicOp kind = (AtomicOp)inst->imm;
    switch (kind) {
    case ATOMIC_ADD: op.op = A64_ADD_RR; break;
    case ATOMIC_SUB: op.op = A64_SUB_RR; break;
    case ATOMIC_AND:
    case ATOMIC_NAND: op.op = A64_AND_RR; break;
    case ATOMIC_OR: op.op = A64_ORR_RR; break;
    case ATOMIC_XOR: op.op = A64_EOR_RR; break;
    case ATOMIC_XCHG:
        op.op = A64_MOV_RR;
        op.regs[1] = src;
        break;
    case ATOMIC_UMIN: op.cc = 3; break;  // lower
    case ATOMIC_UMAX: op.cc = 8; break;  // higher
    case ATOMIC_SMIN: op.cc = 11; break; // less
    case ATOMIC_SMAX: op.cc = 12; break; // greater
    case ATOMIC_COUNT: UNREACHABLE();
    }
    if (op.op == A64_CSEL)
        put_atomic_compare(ctx, inst, old, src, kind == ATOMIC_SMIN || kind == ATOMIC_SMAX);
    a64_put_inst(ctx, &op);
    if (kind == ATOMIC_NAND)
        a64_put_inst(ctx, &(A64Inst){.op = A64_MVN, .size = op.size, .regs = {X17, X17}});
}

// The bytes of the instruction's size reversed.
static void put_swap(EmitCtx *ctx, const MInst *inst, PReg to, PReg from)
{
    A64Inst rev = {.op = A64_REV, .size = inst->size == 8 ? 8 : 4, .regs = {to, from}};
    if (inst->size <= 2)
        rev.op = inst->size == 1 ? A64_MOV_RR : A64_REV16;
    a64_put_inst(ctx, &rev);
}

static void emit_rmw(EmitCtx *ctx, const MInst *inst, Label again)
{
    const PReg old = alloc_preg(emit_alloc(ctx, inst, 0));
    const PReg src = alloc_preg(emit_alloc(ctx, inst, 1));
    const PReg addr = alloc_preg(emit_alloc(ctx, inst, 2));
    put_exclusive(ctx, inst, old, addr, false);
    if (inst->op == A64_ATOMIC_RMW_BIG) {
        put_swap(ctx, inst, X17, old);
        put_atomic_op(ctx, inst, X17, src);
        put_swap(ctx, inst, X17, X17);
    } else {
        put_atomic_op(ctx, inst, old, src);
    }
    put_store_or_again(ctx, inst, X17, addr, again);
}

static void emit_cas(EmitCtx *ctx, const MInst *inst, Label again)
{
    const PReg old = alloc_preg(emit_alloc(ctx, inst, 0));
    const PReg expected = alloc_preg(emit_alloc(ctx, inst, 1));
    const PReg made = alloc_preg(emit_alloc(ctx, inst, 2));
    const PReg addr = alloc_preg(emit_alloc(ctx, inst, 3));
    const Label out = codebuf_label(ctx->buf);
    put_exclusive(ctx, inst, old, addr, false);
    put_atomic_compare(ctx, inst, old, expected, false);
    a64_put_branch(ctx, 0x54000001u, out, FIXUP_A64_BRANCH19);
    put_store_or_again(ctx, inst, made, addr, again);
    codebuf_bind(ctx->buf, out);
}

// ---- 16 bytes ----

// Two registers, the lower half first.
typedef struct Halves {
    PReg lo, hi;
} Halves;

static Halves pair_alloc(EmitCtx *ctx, const MInst *inst, uint32_t operand)
{
    return (Halves){alloc_preg(emit_alloc(ctx, inst, operand)),
                    alloc_preg(emit_alloc(ctx, inst, operand + 1))};
}

// ldaxp, stlxp.
static void put_exclusive_pair(EmitCtx *ctx, const MInst *inst, Halves pair, PReg addr, bool store)
{
    codebuf_note(ctx->buf, store ? "stlxp w16, %s, %s, [%s]" : "ldaxp %s, %s, [%s]",
                 a64_reg_name(pair.lo, 8), a64_reg_name(pair.hi, 8), a64_reg_name(addr, 8));
    if (inst->trap != TRAP_NONE)
        codebuf_trap(ctx->buf, inst->trap, inst->src);
    codebuf_put32(ctx->buf, (store ? 0xc8208000u | 16u << 16 : 0xc87f8000u) |
                                preg_number(pair.hi) << 10 | preg_number(addr) << 5 |
                                preg_number(pair.lo));
}

static void put_pair_store_or_again(EmitCtx *ctx, const MInst *inst, Halves pair, PReg addr,
                                    Label again)
{
    put_exclusive_pair(ctx, inst, pair, addr, true);
    a64_put_branch(ctx, 0x35000000u | 16u, again, FIXUP_A64_BRANCH19);
}

static void emit_pair_load(EmitCtx *ctx, const MInst *inst, Label again)
{
    const Halves value = pair_alloc(ctx, inst, 0);
    const PReg addr = alloc_preg(emit_alloc(ctx, inst, 2));
    put_exclusive_pair(ctx, inst, value, addr, false);
    put_pair_store_or_again(ctx, inst, value, addr, again);
}

static void emit_pair_store(EmitCtx *ctx, const MInst *inst, Label again)
{
    const PReg addr = alloc_preg(emit_alloc(ctx, inst, 2));
    put_exclusive_pair(ctx, inst, (Halves){X16, X17}, addr, false);
    put_pair_store_or_again(ctx, inst, pair_alloc(ctx, inst, 0), addr, again);
}

// What makes the halves of a new value. Minimum and maximum select by flags: of old - src, or of
// src - old if `swapped`.
typedef struct PairOp {
    uint16_t low, high; // rows
    uint8_t cc;
    bool swapped;
} PairOp;

static const PairOp pair_ops[ATOMIC_COUNT] = {
    [ATOMIC_ADD] = {A64_ADDS_RR, A64_ADC_RR, 0, false},
    [ATOMIC_SUB] = {A64_SUBS_RR, A64_SBC_RR, 0, false},
    [ATOMIC_AND] = {A64_AND_RR, A64_AND_RR, 0, false},
    [ATOMIC_NAND] = {A64_AND_RR, A64_AND_RR, 0, false},
    [ATOMIC_OR] = {A64_ORR_RR, A64_ORR_RR, 0, false},
    [ATOMIC_XOR] = {A64_EOR_RR, A64_EOR_RR, 0, false},
    [ATOMIC_XCHG] = {A64_MOV_RR, A64_MOV_RR, 0, false},
    [ATOMIC_UMIN] = {A64_CSEL, A64_CSEL, 3, false}, // lower
    [ATOMIC_UMAX] = {A64_CSEL, A64_CSEL, 3, true},
    [ATOMIC_SMIN] = {A64_CSEL, A64_CSEL, 11, false}, // less
    [ATOMIC_SMAX] = {A64_CSEL, A64_CSEL, 11, true},
};

static void put_three(EmitCtx *ctx, uint16_t op, uint8_t cc, PReg to, PReg x, PReg y)
{
    A64Inst inst = {.op = op, .size = 8, .cc = cc, .regs = {to, x, y}};
    if (op == A64_MOV_RR)
        inst.regs[1] = y;
    a64_put_inst(ctx, &inst);
}

// made = op(old, src), which share no register.
static void put_pair_op(EmitCtx *ctx, AtomicOp kind, Halves made, Halves old, Halves src)
{
    const PairOp *const op = &pair_ops[kind];
    if (op->low == A64_CSEL) {
        const Halves x = op->swapped ? src : old, y = op->swapped ? old : src;
        put_three(ctx, A64_SUBS_RR, 0, made.lo, x.lo, y.lo);
        put_three(ctx, A64_SBCS_RR, 0, made.hi, x.hi, y.hi);
    }
    put_three(ctx, op->low, op->cc, made.lo, old.lo, src.lo);
    put_three(ctx, op->high, op->cc, made.hi, old.hi, src.hi);
    if (kind == ATOMIC_NAND) {
        put_three(ctx, A64_MVN, 0, made.lo, made.lo, made.lo);
        put_three(ctx, A64_MVN, 0, made.hi, made.hi, made.hi);
    }
}

// The 16 bytes reversed in place.
static void put_pair_swap(EmitCtx *ctx, Halves pair, PReg temp)
{
    put_three(ctx, A64_REV, 0, temp, pair.lo, pair.lo);
    put_three(ctx, A64_REV, 0, pair.lo, pair.hi, pair.hi);
    put_three(ctx, A64_MOV_RR, 0, pair.hi, temp, temp);
}

static void emit_pair_rmw(EmitCtx *ctx, const MInst *inst, Label again)
{
    const Halves old = pair_alloc(ctx, inst, 0), src = pair_alloc(ctx, inst, 3);
    const Halves made = {X17, alloc_preg(emit_alloc(ctx, inst, 2))};
    const PReg addr = alloc_preg(emit_alloc(ctx, inst, 5));
    const bool big = inst->op == A64_ATOMIC_PAIR_RMW_BIG;
    put_exclusive_pair(ctx, inst, old, addr, false);
    if (big)
        put_pair_swap(ctx, old, X16);
    put_pair_op(ctx, (AtomicOp)inst->imm, made, old, src);
    if (big)
        put_pair_swap(ctx, made, X16);
    put_pair_store_or_again(ctx, inst, made, addr, again);
}

static void emit_pair_cas(EmitCtx *ctx, const MInst *inst, Label again)
{
    const Halves old = pair_alloc(ctx, inst, 0), expected = pair_alloc(ctx, inst, 3);
    const Halves made = pair_alloc(ctx, inst, 5);
    const Halves stored = {X17, alloc_preg(emit_alloc(ctx, inst, 2))};
    const PReg addr = alloc_preg(emit_alloc(ctx, inst, 7));
    put_exclusive_pair(ctx, inst, old, addr, false);
    put_three(ctx, A64_CMP_RR, 0, old.lo, expected.lo, expected.lo);
    put_three(ctx, A64_CCMP_RR, 0, old.hi, expected.hi, expected.hi);
    put_three(ctx, A64_CSEL, 0, stored.lo, made.lo, old.lo);
    put_three(ctx, A64_CSEL, 0, stored.hi, made.hi, old.hi);
    put_pair_store_or_again(ctx, inst, stored, addr, again);
}

void a64_emit_atomic(EmitCtx *ctx, const MInst *inst)
{
    const Label again = codebuf_label(ctx->buf);
    codebuf_bind(ctx->buf, again);
    switch ((int)inst->op) {
    case A64_ATOMIC_RMW:
    case A64_ATOMIC_RMW_BIG: emit_rmw(ctx, inst, again); return;
    case A64_ATOMIC_CAS: emit_cas(ctx, inst, again); return;
    case A64_ATOMIC_PAIR_LOAD: emit_pair_load(ctx, inst, again); return;
    case A64_ATOMIC_PAIR_STORE: emit_pair_store(ctx, inst, again); return;
    case A64_ATOMIC_PAIR_RMW:
    case A64_ATOMIC_PAIR_RMW_BIG: emit_pair_rmw(ctx, inst, again); return;
    case A64_ATOMIC_PAIR_CAS: emit_pair_cas(ctx, inst, again); return;
    default: UNREACHABLE();
    }
}
