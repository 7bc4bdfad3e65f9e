// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Emission of AArch64: moves, branches in near and far forms, the pseudo instructions, and all
// other rows through the encoder.
//
// x16 and x17 are never allocated: they hold what emission has to make up (large offsets, moves
// between slots).

#include "base/chaos.h"
#include "target/aarch64/a64_internal.h"

#define X21 PREG(REG_INT, 21)
#define X29 PREG(REG_INT, 29)

// For who looks at what emission does. Register 31 is zero but where the row's field can hold the
// stack pointer.
static void record_inst(EmitCtx *ctx, const A64Inst *inst)
{
    const MRow *const row = &a64_rows[inst->op];
    PutInst put = {.length = 4,
                   .op = inst->op,
                   .size = inst->size,
                   .cc = inst->cc,
                   .mem_operand = -1,
                   .base = PREG_NONE,
                   .index = PREG_NONE,
                   .imm = inst->imm,
                   .imm2 = inst->imm2};
    for (int8_t k = 0; k < row->num_operands; k++) {
        const bool is_zero = inst->regs[k] == A64_SP && !a64_takes_sp(inst->op);
        put.regs[k] = is_zero ? PREG_NONE : inst->regs[k];
        if (row->operands[k].kind == OPERAND_MEM)
            put.mem_operand = k;
    }
    if (inst->has_mem) {
        put.amode = inst->mem.kind;
        put.base = inst->mem.base;
        put.index = inst->mem.kind == AMODE_BASE ? PREG_NONE : inst->mem.index;
        put.scale = inst->mem.scale;
        put.disp = inst->mem.disp;
    }
    codebuf_record(ctx->buf, &put);
}

void a64_put_inst(EmitCtx *ctx, const A64Inst *inst)
{
    if (ctx->buf->recording)
        record_inst(ctx, inst);
    StrBuf text = {.arena = ctx->buf->scratch};
    if (ctx->buf->listing) {
        a64_print(inst, &text);
        codebuf_note(ctx->buf, "%.*s", STR_ARG(buf_view(&text)));
    }
    codebuf_put32(ctx->buf, a64_encode(inst));
}

// ---- Constants ----

// `x` into `reg`: the shorter of a run of movz + movk and one of movn + movk, or one orr.
void a64_put_constant(EmitCtx *ctx, PReg reg, uint64_t x)
{
    uint32_t bits, zeros = 0, ones = 0;
    for (uint32_t i = 0; i < 4; i++) {
        zeros += (x >> 16 * i & 0xffff) == 0;
        ones += (x >> 16 * i & 0xffff) == 0xffff;
    }
    if (zeros < 3 && ones < 3 && a64_encode_immediate(A64_IMM_BITMASK, (int64_t)x, 8, &bits)) {
        a64_put_inst(
            ctx, &(A64Inst){.op = A64_MOV_BITMASK, .size = 8, .regs = {reg}, .imm = (int64_t)x});
        return;
    }
    const bool inverted = ones > zeros;
    const uint64_t rest = inverted ? 0xffff : 0;
    bool first = true;
    for (uint32_t i = 0; i < 4; i++) {
        const uint64_t part = x >> 16 * i & 0xffff;
        const bool last_chance = i == 3 && first;
        if (part == rest && !last_chance)
            continue;
        A64Inst inst = {.size = 8, .regs = {reg, reg}, .imm = (int64_t)part};
        inst.imm2 = (int32_t)(16 * i);
        inst.op = !first ? A64_MOVK : inverted ? A64_MOVN : A64_MOVZ;
        if (first && inverted)
            inst.imm = (int64_t)(part ^ 0xffff);
        a64_put_inst(ctx, &inst);
        first = false;
    }
}

// ---- Return ----

static void emit_ret(EmitCtx *ctx)
{
    a64_put_epilogue(ctx, 0);
    codebuf_note(ctx->buf, "ret");
    codebuf_put32(ctx->buf, 0xd65f03c0u);
    emit_unwind_recall(ctx);
}

// ---- Memory ----

// base + offset into x16.
static A64Mem far_memory(EmitCtx *ctx, PReg base, int64_t offset)
{
    a64_put_constant(ctx, X16, (uint64_t)offset);
    // add x16, base, x16, uxtx: the form in which 31 is the stack pointer.
    codebuf_note(ctx->buf, "add x16, %s, x16",
                 preg_number(base) == 31 ? "sp" : a64_reg_name(base, 8));
    codebuf_put32(ctx->buf, 0x8b206000u | 16u << 16 | preg_number(base) << 5 | 16u);
    return (A64Mem){.kind = AMODE_BASE, .base = X16};
}

A64Mem a64_memory_at(EmitCtx *ctx, PReg base, int64_t offset, uint32_t bytes)
{
    const bool fits = bytes != 0 ? a64_offset_fits(offset, bytes) : a64_pair_offset_fits(offset);
    if (!fits)
        return far_memory(ctx, base, offset);
    return (A64Mem){.kind = AMODE_BASE, .base = base, .disp = (int32_t)offset};
}

static A64Mem frame_memory(EmitCtx *ctx, AmodeKind kind, int32_t disp, uint32_t bytes)
{
    return a64_memory_at(ctx, A64_SP, emit_frame_offset(ctx, kind, disp), bytes);
}

static A64Mem memory_of(EmitCtx *ctx, const MInst *inst)
{
    const uint32_t k = inst->mem_operand;
    const bool is_pair = a64_encodings[inst->op]->memory == A64_MEMORY_PAIR;
    const uint32_t bytes = is_pair ? 0 : inst->size;
    switch ((AmodeKind)inst->amode) {
    case AMODE_BASE:
        return a64_memory_at(ctx, alloc_preg(emit_alloc(ctx, inst, k)), inst->disp, bytes);
    case AMODE_INDEX:
    case AMODE_INDEX_UXTW:
    case AMODE_INDEX_SXTW:
        return (A64Mem){.kind = inst->amode,
                        .base = alloc_preg(emit_alloc(ctx, inst, k)),
                        .index = alloc_preg(emit_alloc(ctx, inst, k + 1)),
                        .scale = inst->scale};
    case AMODE_STACK_SLOT:
    case AMODE_INCOMING:
    case AMODE_OUTGOING:
    case AMODE_SPILL: return frame_memory(ctx, (AmodeKind)inst->amode, inst->disp, bytes);
    case AMODE_NONE:
    case AMODE_CONSTANT:
    case AMODE_SYMBOL: break;
    }
    UNREACHABLE();
}

// ---- Moves ----

static void put_register_move(EmitCtx *ctx, PReg to, PReg from, uint32_t bytes)
{
    A64Inst inst = {.op = A64_MOV_RR, .size = (uint8_t)bytes, .regs = {to, from, from}};
    if (preg_class(to) == REG_FLOAT)
        inst.op = bytes == 16 ? A64_MOV_V : A64_FMOV_RR;
    a64_put_inst(ctx, &inst);
}

static void put_slot_access(EmitCtx *ctx, bool load, PReg reg, uint32_t slot, uint32_t bytes)
{
    A64Inst inst = {
        .op = load ? A64_LDR_X : A64_STR_X, .size = (uint8_t)bytes, .regs = {reg}, .has_mem = true};
    if (preg_class(reg) == REG_FLOAT && bytes == 16)
        inst.op = load ? A64_LDR_Q : A64_STR_Q;
    else if (preg_class(reg) == REG_FLOAT)
        inst.op = load ? A64_LDR_D : A64_STR_D;
    inst.mem = frame_memory(ctx, AMODE_SPILL, (int32_t)slot, bytes);
    a64_put_inst(ctx, &inst);
}

void a64_emit_move(EmitCtx *ctx, Alloc to, Alloc from, uint32_t bytes)
{
    ASSERT(bytes == 8 || bytes == 16);
    if (alloc_is_reg(to) && alloc_is_reg(from)) {
        put_register_move(ctx, alloc_preg(to), alloc_preg(from), bytes);
    } else if (alloc_is_reg(to)) {
        put_slot_access(ctx, true, alloc_preg(to), alloc_slot_number(from), bytes);
    } else if (alloc_is_reg(from)) {
        put_slot_access(ctx, false, alloc_preg(from), alloc_slot_number(to), bytes);
    } else {
        for (uint32_t i = 0; i < bytes / 8; i++) {
            put_slot_access(ctx, true, X17, alloc_slot_number(from) + i, 8);
            put_slot_access(ctx, false, X17, alloc_slot_number(to) + i, 8);
        }
    }
}

// ---- Branches ----

static void note_branch(EmitCtx *ctx, uint32_t word, Label to)
{
    const char *const reg = a64_reg_name((PReg)(word & 31), word >> 31 != 0 ? 8 : 4);
    const bool nonzero = (word >> 24 & 1) != 0;
    if (word >> 26 == 5)
        codebuf_note(ctx->buf, "b L%u", to.i);
    else if (word >> 24 == 0x54)
        codebuf_note(ctx->buf, "b.%s L%u", a64_condition_name(word), to.i);
    else if ((word >> 25 & 0x3f) == 0x1a)
        codebuf_note(ctx->buf, "cb%sz %s, L%u", nonzero ? "n" : "", reg, to.i);
    else if ((word >> 25 & 0x3f) == 0x1b)
        codebuf_note(ctx->buf, "tb%sz %s, #%u, L%u", nonzero ? "n" : "", reg,
                     (word >> 31 << 5) | (word >> 19 & 31), to.i);
    else
        codebuf_note(ctx->buf, "adr %s, L%u", a64_reg_name((PReg)(word & 31), 8), to.i);
}

void a64_put_branch(EmitCtx *ctx, uint32_t word, Label to, FixupKind kind)
{
    note_branch(ctx, word, to);
    codebuf_fixup(ctx->buf, codebuf_offset(ctx->buf), to, kind);
    codebuf_put32(ctx->buf, word);
}

static void put_jump(EmitCtx *ctx, Label to)
{
    a64_put_branch(ctx, 0x14000000u, to, FIXUP_A64_BRANCH26);
}

// A conditional branch and the word of its opposite.
typedef struct CondBranch {
    uint32_t word, inverse;
    FixupKind kind;
} CondBranch;

static CondBranch cond_branch(EmitCtx *ctx, const MInst *inst)
{
    const uint32_t sf = inst->size == 8 ? 1u << 31 : 0;
    if (inst->op == A64_B_COND || inst->op == A64_TRAP_IF)
        return (CondBranch){0x54000000u | inst->cc, 0x54000000u | (inst->cc ^ 1u),
                            FIXUP_A64_BRANCH19};
    const uint32_t reg = preg_number(alloc_preg(emit_alloc(ctx, inst, 0)));
    if (inst->op == A64_TBZ || inst->op == A64_TBNZ) {
        const uint32_t bit = (uint32_t)inst->imm;
        const uint32_t word = 0x36000000u | (bit >> 5) << 31 | (bit & 31) << 19 | reg;
        const uint32_t flip = inst->op == A64_TBNZ ? 1u << 24 : 0;
        return (CondBranch){word | flip, (word | flip) ^ 1u << 24, FIXUP_A64_BRANCH14};
    }
    const bool nonzero = inst->op == A64_CBNZ || inst->op == A64_TRAP_NZ;
    const uint32_t word = sf | 0x34000000u | (nonzero ? 1u << 24 : 0) | reg;
    return (CondBranch){word, word ^ 1u << 24, FIXUP_A64_BRANCH19};
}

// Far: the opposite condition skips an unconditional branch, which reaches 128 MiB.
static void put_cond(EmitCtx *ctx, const CondBranch *branch, bool inverse, Label to)
{
    if (!ctx->far || chaos_one_in(ctx->f->chaos, 4)) {
        a64_put_branch(ctx, inverse ? branch->inverse : branch->word, to, branch->kind);
        return;
    }
    const Label skip = codebuf_label(ctx->buf);
    a64_put_branch(ctx, inverse ? branch->word : branch->inverse, skip, branch->kind);
    put_jump(ctx, to);
    codebuf_bind(ctx->buf, skip);
}

static void emit_cond(EmitCtx *ctx, const MInst *inst)
{
    const CondBranch branch = cond_branch(ctx, inst);
    if (emit_falls_through(ctx, 0)) {
        put_cond(ctx, &branch, true, emit_successor(ctx, 1));
        return;
    }
    put_cond(ctx, &branch, false, emit_successor(ctx, 0));
    if (!emit_falls_through(ctx, 1))
        put_jump(ctx, emit_successor(ctx, 1));
}

// cmp index, n; b.hs default; adr base, table; ldrsw entry, [base, index, uxtw #2];
// add entry, base, entry; br entry.
static void emit_br_table(EmitCtx *ctx, const MInst *inst)
{
    const MBlockData *const block = &ctx->f->blocks.data[ctx->current.i];
    const PReg index = alloc_preg(emit_alloc(ctx, inst, 0));
    const PReg base = alloc_preg(emit_alloc(ctx, inst, 1));
    const PReg entry = alloc_preg(emit_alloc(ctx, inst, 2));
    const uint32_t count = block->num_succs - 1;
    const Label table = codebuf_label(ctx->buf);
    if (count < 4096) {
        a64_put_inst(ctx, &(A64Inst){.op = A64_CMP_IMM, .size = 4, .regs = {index}, .imm = count});
    } else {
        a64_put_constant(ctx, X16, count);
        a64_put_inst(ctx, &(A64Inst){.op = A64_CMP_RR, .size = 4, .regs = {index, X16}});
    }
    const CondBranch out_of_range = {0x54000002u, 0x54000003u, FIXUP_A64_BRANCH19};
    put_cond(ctx, &out_of_range, false, emit_successor(ctx, 0));
    a64_put_branch(ctx, 0x10000000u | preg_number(base), table, FIXUP_A64_ADR21);
    a64_put_inst(ctx, &(A64Inst){.op = A64_LDRSW,
                                 .size = 4,
                                 .regs = {entry},
                                 .has_mem = true,
                                 .mem = {AMODE_INDEX_UXTW, base, index, 2, 0}});
    a64_put_inst(ctx, &(A64Inst){.op = A64_ADD_RR, .size = 8, .regs = {entry, base, entry}});
    codebuf_note(ctx->buf, "br %s", a64_reg_name(entry, 8));
    codebuf_put32(ctx->buf, 0xd61f0000u | preg_number(entry) << 5);
    codebuf_bind(ctx->buf, table);
    codebuf_data(ctx->buf, 4 * count);
    for (uint32_t i = 0; i < count; i++)
        codebuf_table_entry(ctx->buf, table, emit_successor(ctx, i + 1));
}

// ---- Calls, symbols, traps ----

static void emit_bl(EmitCtx *ctx, const MInst *inst)
{
    emit_note_symbol(ctx, "bl ", inst);
    codebuf_reloc(ctx->buf, codebuf_offset(ctx->buf), RELOC_A64_CALL26,
                  &ctx->f->symbols.data[inst->target], 0);
    codebuf_put32(ctx->buf, 0x94000000u);
    codebuf_call(ctx->buf, inst->src);
    emit_popped(ctx, inst->imm);
    a64_move_sp(ctx, -inst->imm); // what the callee has popped is outgoing area again
}

static void emit_return_call(EmitCtx *ctx, const MInst *inst)
{
    a64_put_epilogue(ctx, (uint32_t)inst->imm);
    if (inst->op == A64_RETURN_CALL_R) {
        const PReg callee = alloc_preg(emit_alloc(ctx, inst, 0));
        codebuf_note(ctx->buf, "br %s", a64_reg_name(callee, 8));
        codebuf_put32(ctx->buf, 0xd61f0000u | preg_number(callee) << 5);
        emit_unwind_recall(ctx);
        return;
    }
    emit_note_symbol(ctx, "b ", inst);
    codebuf_reloc(ctx->buf, codebuf_offset(ctx->buf), RELOC_A64_JUMP26,
                  &ctx->f->symbols.data[inst->target], 0);
    codebuf_put32(ctx->buf, 0x14000000u);
    emit_unwind_recall(ctx);
}

void a64_emit_trap(EmitCtx *ctx)
{
    codebuf_note(ctx->buf, "udf #0xc11f");
    codebuf_put32(ctx->buf, 0x0000c11fu);
}

static void emit_cond_trap(EmitCtx *ctx, const MInst *inst)
{
    const CondBranch branch = cond_branch(ctx, inst);
    put_cond(ctx, &branch, false, emit_trap_stub(ctx, inst->trap, inst->src));
}

static void emit_float_constant(EmitCtx *ctx, const MInst *inst)
{
    a64_put_constant(ctx, X16, (uint64_t)inst->imm);
    A64Inst move = {.op = A64_FMOV_FROM_GPR, .size = inst->size};
    move.regs[0] = alloc_preg(emit_alloc(ctx, inst, 0));
    move.regs[1] = X16;
    a64_put_inst(ctx, &move);
}

// Address of a memory operand into a register.
static void emit_address(EmitCtx *ctx, const MInst *inst)
{
    const PReg rd = alloc_preg(emit_alloc(ctx, inst, 0));
    const int32_t offset = emit_frame_offset(ctx, (AmodeKind)inst->amode, inst->disp);
    if (offset >= 0 && offset < 4096) {
        a64_put_inst(ctx,
                     &(A64Inst){.op = A64_ADD_IMM, .size = 8, .regs = {rd, A64_SP}, .imm = offset});
        return;
    }
    const A64Mem mem = far_memory(ctx, A64_SP, offset);
    a64_put_inst(ctx, &(A64Inst){.op = A64_MOV_RR, .size = 8, .regs = {rd, mem.base}});
}

// ---- Single registers ----

static void put_move(EmitCtx *ctx, PReg to, PReg from)
{
    a64_put_inst(ctx, &(A64Inst){.op = A64_MOV_RR, .size = 8, .regs = {to, from}});
}

// x29 points at the pair of the caller's x29 and the return address.
static void emit_register_access(EmitCtx *ctx, const MInst *inst)
{
    const PReg reg = alloc_preg(emit_alloc(ctx, inst, 0));
    switch ((int)inst->op) {
    case A64_GET_FRAME_POINTER: put_move(ctx, reg, X29); return;
    case A64_GET_STACK_POINTER:
        a64_put_inst(ctx, &(A64Inst){.op = A64_ADD_IMM, .size = 8, .regs = {reg, A64_SP}});
        return;
    case A64_GET_RETURN_ADDRESS:
        ASSERT(ctx->frame.frame_pointer);
        a64_put_inst(ctx, &(A64Inst){.op = A64_LDR_X,
                                     .size = 8,
                                     .regs = {reg},
                                     .has_mem = true,
                                     .mem = {.kind = AMODE_BASE, .base = X29, .disp = 8}});
        return;
    case A64_GET_PINNED: put_move(ctx, reg, X21); return;
    case A64_SET_PINNED: put_move(ctx, X21, reg); return;
    default: UNREACHABLE();
    }
}

static void emit_encoded(EmitCtx *ctx, const MInst *inst)
{
    const MRow *const row = &a64_rows[inst->op];
    A64Inst out = {.op = inst->op, .size = inst->size, .cc = inst->cc};
    out.imm = inst->imm;
    out.imm2 = inst->disp;
    for (uint32_t k = 0; k < row->num_operands; k++) {
        if (row->operands[k].kind == OPERAND_MEM) {
            out.has_mem = true;
            out.mem = memory_of(ctx, inst);
        } else {
            out.regs[k] = alloc_preg(emit_alloc(ctx, inst, k));
        }
    }
    if (inst->trap != TRAP_NONE)
        codebuf_trap(ctx->buf, inst->trap, inst->src);
    a64_put_inst(ctx, &out);
}

void a64_emit_inst(EmitCtx *ctx, const MInst *inst)
{
    switch ((int)inst->op) {
    case A64_ARGS: return;
    case A64_MOV_RR:
        if (inst->size == 8 && emit_alloc(ctx, inst, 0).bits == emit_alloc(ctx, inst, 1).bits)
            return;
        emit_encoded(ctx, inst);
        return;
    case A64_FMOV_RR:
        if (emit_alloc(ctx, inst, 0).bits == emit_alloc(ctx, inst, 1).bits)
            return;
        emit_encoded(ctx, inst);
        return;
    case A64_MOV_IMM:
        a64_put_constant(ctx, alloc_preg(emit_alloc(ctx, inst, 0)), (uint64_t)inst->imm);
        return;
    case A64_FMOV_CONST: emit_float_constant(ctx, inst); return;
    case A64_ADDRESS: emit_address(ctx, inst); return;
    case A64_B_COND:
    case A64_CBZ:
    case A64_CBNZ:
    case A64_TBZ:
    case A64_TBNZ: emit_cond(ctx, inst); return;
    case A64_B:
        if (!emit_falls_through(ctx, 0))
            put_jump(ctx, emit_successor(ctx, 0));
        return;
    case A64_BR_TABLE: emit_br_table(ctx, inst); return;
    case A64_RET: emit_ret(ctx); return;
    case A64_RETURN_CALL:
    case A64_RETURN_CALL_R: emit_return_call(ctx, inst); return;
    case A64_BL: emit_bl(ctx, inst); return;
    case A64_BLR:
        codebuf_note(ctx->buf, "blr %s", a64_reg_name(alloc_preg(emit_alloc(ctx, inst, 0)), 8));
        codebuf_put32(ctx->buf, 0xd63f0000u | preg_number(alloc_preg(emit_alloc(ctx, inst, 0)))
                                                  << 5);
        codebuf_call(ctx->buf, inst->src);
        emit_popped(ctx, inst->imm);
        a64_move_sp(ctx, -inst->imm);
        return;
    case A64_UDF:
        codebuf_trap(ctx->buf, inst->trap, inst->src);
        a64_emit_trap(ctx);
        return;
    case A64_TRAP_IF:
    case A64_TRAP_Z:
    case A64_TRAP_NZ: emit_cond_trap(ctx, inst); return;
    case A64_LOAD_SYMBOL: a64_emit_load_symbol(ctx, inst); return;
    case A64_THREAD_LOCAL: a64_emit_thread_local(ctx, inst); return;
    case A64_ATOMIC_RMW:
    case A64_ATOMIC_RMW_BIG:
    case A64_ATOMIC_CAS:
    case A64_ATOMIC_PAIR_LOAD:
    case A64_ATOMIC_PAIR_STORE:
    case A64_ATOMIC_PAIR_RMW:
    case A64_ATOMIC_PAIR_RMW_BIG:
    case A64_ATOMIC_PAIR_CAS: a64_emit_atomic(ctx, inst); return;
    case A64_GET_FRAME_POINTER:
    case A64_GET_STACK_POINTER:
    case A64_GET_RETURN_ADDRESS:
    case A64_GET_PINNED:
    case A64_SET_PINNED: emit_register_access(ctx, inst); return;
    default: ASSERT((a64_rows[inst->op].flags & ROW_PSEUDO) == 0); emit_encoded(ctx, inst);
    }
}
