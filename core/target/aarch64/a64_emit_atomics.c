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

// How the halves of a new value are made: by two rows, or for minimum and maximum by a condition of
// the flags of old - src, or of src - old.
typedef struct PairOp {
    uint16_t low, high;
    uint8_t cc;
    bool selects, swapped;
} PairOp;

static const PairOp pair_ops[ATOMIC_COUNT] = {
    [ATOMIC_ADD] = {.low = A64_ADDS_RR, .high = A64_ADC_RR},
    [ATOMIC_SUB] = {.low = A64_SUBS_RR, .high = A64_SBC_RR},
    [ATOMIC_AND] = {.low = A64_AND_RR, .high = A64_AND_RR},
    [ATOMIC_NAND] = {.low = A64_AND_RR, .high = A64_AND_RR},
    [ATOMIC_OR] = {.low = A64_ORR_RR, .high = A64_ORR_RR},
    [ATOMIC_XOR] = {.low = A64_EOR_RR, .high = A64_EOR_RR},
    [ATOMIC_XCHG] = {.low = A64_MOV_RR, .high = A64_MOV_RR},
    [ATOMIC_UMIN] = {.selects = true, .cc = 3}, // lower
    [ATOMIC_UMAX] = {.selects = true, .cc = 3, .swapped = true},
    [ATOMIC_SMIN] = {.selects = true, .cc = 11}, // less
    [ATOMIC_SMAX] = {.selects = true, .cc = 11, .swapped = true},
};

static void put_two(EmitCtx *ctx, uint16_t op, PReg first, PReg second)
{
    a64_put_inst(ctx, &(A64Inst){.op = op, .size = 8, .regs = {first, second}});
}

static void put_three(EmitCtx *ctx, uint16_t op, PReg to, PReg x, PReg y)
{
    a64_put_inst(ctx, &(A64Inst){.op = op, .size = 8, .regs = {to, x, y}});
}

// made = x if the condition holds, else y.
static void put_select(EmitCtx *ctx, uint8_t cc, Halves made, Halves x, Halves y)
{
    A64Inst csel = {.op = A64_CSEL, .size = 8, .cc = cc, .regs = {made.lo, x.lo, y.lo}};
    a64_put_inst(ctx, &csel);
    csel.regs[0] = made.hi, csel.regs[1] = x.hi, csel.regs[2] = y.hi;
    a64_put_inst(ctx, &csel);
}

// made = op(old, src), which share no register with it.
static void put_pair_op(EmitCtx *ctx, AtomicOp kind, Halves made, Halves old, Halves src)
{
    const PairOp *const op = &pair_ops[kind];
    if (op->selects) {
        const Halves x = op->swapped ? src : old, y = op->swapped ? old : src;
        put_two(ctx, A64_CMP_RR, x.lo, y.lo);
        put_two(ctx, A64_CMP_BORROW, x.hi, y.hi);
        put_select(ctx, op->cc, made, old, src);
        return;
    }
    if (op->low == A64_MOV_RR) {
        put_two(ctx, A64_MOV_RR, made.lo, src.lo);
        put_two(ctx, A64_MOV_RR, made.hi, src.hi);
        return;
    }
    put_three(ctx, op->low, made.lo, old.lo, src.lo);
    put_three(ctx, op->high, made.hi, old.hi, src.hi);
    if (kind == ATOMIC_NAND) {
        put_two(ctx, A64_MVN, made.lo, made.lo);
        put_two(ctx, A64_MVN, made.hi, made.hi);
    }
}

// The 16 bytes reversed in place.
static void put_pair_swap(EmitCtx *ctx, Halves pair, PReg temp)
{
    put_two(ctx, A64_REV, temp, pair.lo);
    put_two(ctx, A64_REV, pair.lo, pair.hi);
    put_two(ctx, A64_MOV_RR, pair.hi, temp);
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
    put_two(ctx, A64_CMP_RR, old.lo, expected.lo);
    put_two(ctx, A64_CCMP_RR, old.hi, expected.hi); // if equal, else not equal
    put_select(ctx, 0, stored, made, old);
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
