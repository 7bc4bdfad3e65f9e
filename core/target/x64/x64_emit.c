// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Emission of x86-64: moves, the pseudo instructions, and all other rows through the encoder.

#include "target/x64/x64_internal.h"

// For who looks at what emission does.
static void record_inst(EmitCtx *ctx, const X64Inst *inst, uint32_t length)
{
    const bool has_memory = inst->mem_operand >= 0;
    PutInst put = {.length = length,
                   .op = inst->op,
                   .size = inst->size,
                   .cc = inst->cc,
                   .mem_operand = inst->mem_operand,
                   .base = PREG_NONE,
                   .index = PREG_NONE,
                   .imm = inst->imm,
                   .imm2 = inst->imm2};
    copy_bytes(put.regs, inst->regs, sizeof(put.regs));
    if (has_memory) {
        put.amode = inst->mem.rip ? AMODE_CONSTANT : AMODE_INDEX;
        put.base = inst->mem.base;
        put.index = inst->mem.index;
        put.scale = inst->mem.scale;
        put.disp = inst->mem.disp;
    }
    codebuf_record(ctx->buf, &put);
}

static void note_inst(EmitCtx *ctx, const X64Inst *inst)
{
    StrBuf text = {.arena = ctx->buf->scratch};
    if (!ctx->buf->listing)
        return;
    x64_print(inst, &text);
    codebuf_note(ctx->buf, "%.*s", STR_ARG(buf_view(&text)));
}

static void put_inst(EmitCtx *ctx, const X64Inst *inst)
{
    note_inst(ctx, inst);
    const X64Bytes bytes = x64_encode(inst);
    if (ctx->buf->recording)
        record_inst(ctx, inst, bytes.len);
    codebuf_put(ctx->buf, bytes.bytes, bytes.len);
}

void x64_put_inst(EmitCtx *ctx, const X64Inst *inst)
{
    put_inst(ctx, inst);
}

static void put_bytes(EmitCtx *ctx, uint32_t a, uint32_t b)
{
    const uint8_t bytes[2] = {(uint8_t)a, (uint8_t)b};
    codebuf_put(ctx->buf, bytes, 2);
}

static X64Mem frame_memory(const EmitCtx *ctx, AmodeKind kind, int32_t disp)
{
    return (X64Mem){.base = RSP, .index = PREG_NONE, .disp = emit_frame_offset(ctx, kind, disp)};
}

// ---- Moves ----

static X64Mem slot_memory(const EmitCtx *ctx, Alloc slot)
{
    return frame_memory(ctx, AMODE_SPILL, (int32_t)alloc_slot_number(slot));
}

// Between two slots: through the stack, since no register need be free. A pop addresses memory with
// the stack pointer it leaves behind.
static void move_slot_to_slot(EmitCtx *ctx, Alloc to, Alloc from, uint32_t bytes)
{
    X64Mem source = slot_memory(ctx, from), target = slot_memory(ctx, to);
    for (uint32_t at = 0; at < bytes; at += 8) {
        put_inst(ctx, &(X64Inst){.op = X64_PUSH_M, .size = 8, .mem = source});
        emit_sp_moved(ctx, 8);
        put_inst(ctx, &(X64Inst){.op = X64_POP_M, .size = 8, .mem = target});
        emit_sp_moved(ctx, -8);
        source.disp += 8;
        target.disp += 8;
    }
}

void x64_emit_move(EmitCtx *ctx, Alloc to, Alloc from, uint32_t bytes)
{
    if (alloc_is_slot(to) && alloc_is_slot(from)) {
        move_slot_to_slot(ctx, to, from, bytes);
        return;
    }
    const bool vector = preg_class(alloc_preg(alloc_is_reg(to) ? to : from)) == REG_FLOAT;
    ASSERT(bytes == (vector ? 16 : 8));
    X64Inst inst = {.size = (uint8_t)bytes, .mem_operand = -1};
    if (alloc_is_reg(to) && alloc_is_reg(from)) {
        inst.op = vector ? X64_MOVAPS_RR : X64_MOV_RR;
        inst.regs[0] = alloc_preg(to);
        inst.regs[1] = alloc_preg(from);
    } else {
        const uint16_t load = vector ? X64_MOVUPS_LOAD : X64_MOV_LOAD;
        const uint16_t store = vector ? X64_MOVUPS_STORE : X64_MOV_STORE;
        inst.op = alloc_is_reg(to) ? load : store;
        inst.regs[0] = alloc_preg(alloc_is_reg(to) ? to : from);
        inst.mem_operand = 1;
        inst.mem = slot_memory(ctx, alloc_is_reg(to) ? from : to);
    }
    put_inst(ctx, &inst);
}

// ---- Branches ----

static void put_jump(EmitCtx *ctx, Label to)
{
    const uint32_t start = codebuf_offset(ctx->buf);
    const uint8_t opcode = 0xe9;
    codebuf_note(ctx->buf, "jmp L%u", to.i);
    codebuf_put(ctx->buf, &opcode, 1);
    codebuf_branch32(ctx->buf, start, 0xeb, to);
}

static void put_jcc(EmitCtx *ctx, uint32_t cc, Label to)
{
    const uint32_t start = codebuf_offset(ctx->buf);
    codebuf_note(ctx->buf, "j%s L%u", x64_condition_name(cc), to.i);
    put_bytes(ctx, 0x0f, 0x80 + cc);
    codebuf_branch32(ctx->buf, start, (uint8_t)(0x70 + cc), to);
}

void x64_put_jcc(EmitCtx *ctx, uint32_t cc, Label to)
{
    put_jcc(ctx, cc, to);
}

static void emit_jcc(EmitCtx *ctx, const MInst *inst)
{
    if (emit_falls_through(ctx, 0)) {
        put_jcc(ctx, inst->cc ^ 1u, emit_successor(ctx, 1));
        return;
    }
    put_jcc(ctx, inst->cc, emit_successor(ctx, 0));
    if (!emit_falls_through(ctx, 1))
        put_jump(ctx, emit_successor(ctx, 1));
}

// Two conditions: `or` takes the first successor on either, `and` the second one on either's
// failure.
static void emit_jcc_pair(EmitCtx *ctx, const MInst *inst)
{
    const bool is_or = inst->op == X64_JCC_OR;
    const uint32_t flip = is_or ? 0 : 1;
    const uint32_t taken = is_or ? 0 : 1;
    put_jcc(ctx, inst->cc ^ flip, emit_successor(ctx, taken));
    put_jcc(ctx, (uint32_t)inst->imm ^ flip, emit_successor(ctx, taken));
    if (!emit_falls_through(ctx, 1 - taken))
        put_jump(ctx, emit_successor(ctx, 1 - taken));
}

// cmp index, n; jae default; lea base, table; movsxd entry, [base + 4 * index]; add entry, base;
// jmp entry. The index is zero-extended first, in `entry`.
static void emit_jmp_table(EmitCtx *ctx, const MInst *inst)
{
    const MBlockData *const block = &ctx->f->blocks.data[ctx->current.i];
    const PReg index = alloc_preg(emit_alloc(ctx, inst, 0));
    const PReg base = alloc_preg(emit_alloc(ctx, inst, 1));
    const PReg entry = alloc_preg(emit_alloc(ctx, inst, 2));
    const uint32_t count = block->num_succs - 1;
    const Label table = codebuf_label(ctx->buf);
    put_inst(ctx, &(X64Inst){.op = X64_CMP_RI,
                             .size = 4,
                             .regs = {index},
                             .mem_operand = -1,
                             .imm = (int32_t)count});
    put_jcc(ctx, 3, emit_successor(ctx, 0));
    put_inst(ctx,
             &(X64Inst){.op = X64_MOV_RR, .size = 4, .regs = {entry, index}, .mem_operand = -1});
    codebuf_note(ctx->buf, "lea %s, [rip + L%u]", x64_reg_name(base, 8), table.i);
    const X64Bytes lea =
        x64_encode(&(X64Inst){.op = X64_LEA,
                              .size = 8,
                              .regs = {base},
                              .mem_operand = 1,
                              .mem = {.rip = true, .base = PREG_NONE, .index = PREG_NONE}});
    codebuf_put(ctx->buf, lea.bytes, lea.len);
    codebuf_fixup(ctx->buf, codebuf_offset(ctx->buf) - 4, table, FIXUP_X64_REL32);
    put_inst(ctx, &(X64Inst){.op = X64_MOVSXD_RM32,
                             .size = 8,
                             .regs = {entry},
                             .mem_operand = 1,
                             .mem = {.base = base, .index = entry, .scale = 2}});
    put_inst(
        ctx,
        &(X64Inst){.op = X64_ADD_RM, .size = 8, .regs = {entry, entry, base}, .mem_operand = -1});
    put_inst(ctx, &(X64Inst){.op = X64_JMP_R, .size = 8, .regs = {entry}, .mem_operand = -1});
    codebuf_bind(ctx->buf, table);
    codebuf_data(ctx->buf, 4 * count);
    for (uint32_t i = 0; i < count; i++)
        codebuf_table_entry(ctx->buf, table, emit_successor(ctx, i + 1));
}

// ---- Selection ----

static void emit_select_vec(EmitCtx *ctx, const MInst *inst)
{
    const PReg dst = alloc_preg(emit_alloc(ctx, inst, 0));
    const PReg src = alloc_preg(emit_alloc(ctx, inst, 2));
    const Label end = codebuf_label(ctx->buf);
    put_jcc(ctx, inst->cc ^ 1u, end);
    put_inst(ctx,
             &(X64Inst){.op = X64_MOVAPS_RR, .size = 16, .regs = {dst, src}, .mem_operand = -1});
    codebuf_bind(ctx->buf, end);
}

// ---- Calls and symbols ----

static void emit_call(EmitCtx *ctx, const MInst *inst)
{
    const uint8_t opcode = 0xe8;
    emit_note_symbol(ctx, "call ", inst);
    codebuf_put(ctx->buf, &opcode, 1);
    codebuf_reloc(ctx->buf, codebuf_offset(ctx->buf), RELOC_X64_PLT32,
                  &ctx->f->symbols.data[inst->target], 0);
    codebuf_put32(ctx->buf, 0);
    codebuf_call(ctx->buf, inst->src);
    x64_put_repush(ctx, inst->imm);
}

static void emit_return_call(EmitCtx *ctx, const MInst *inst)
{
    x64_put_epilogue(ctx);
    x64_put_shrink(ctx, ctx->frame.pops - (uint32_t)inst->imm);
    if (inst->op == X64_RETURN_CALL_R) {
        const PReg callee = alloc_preg(emit_alloc(ctx, inst, 0));
        put_inst(ctx, &(X64Inst){.op = X64_JMP_R, .size = 8, .regs = {callee}, .mem_operand = -1});
        emit_unwind_recall(ctx);
        return;
    }
    const uint8_t opcode = 0xe9;
    emit_note_symbol(ctx, "jmp ", inst);
    codebuf_put(ctx->buf, &opcode, 1);
    codebuf_reloc(ctx->buf, codebuf_offset(ctx->buf), RELOC_X64_PLT32,
                  &ctx->f->symbols.data[inst->target], 0);
    codebuf_put32(ctx->buf, 0);
    emit_unwind_recall(ctx);
}

// The callee is the last operand.
static void emit_call_register(EmitCtx *ctx, const MInst *inst)
{
    const PReg callee = alloc_preg(emit_alloc(ctx, inst, 0));
    put_inst(ctx,
             &(X64Inst){.op = X64_CALL_TARGET, .size = 8, .regs = {callee}, .mem_operand = -1});
    codebuf_call(ctx->buf, inst->src);
    x64_put_repush(ctx, inst->imm);
}

void x64_emit_trap(EmitCtx *ctx)
{
    codebuf_note(ctx->buf, "ud2");
    put_bytes(ctx, 0x0f, 0x0b);
}

// ---- All other instructions ----

X64Mem x64_memory_of(EmitCtx *ctx, const MInst *inst, Label *constant)
{
    X64Mem mem = {.base = PREG_NONE, .index = PREG_NONE, .scale = inst->scale, .disp = inst->disp};
    const MOperand *const operands = &ctx->f->operands.data[inst->operands];
    const uint32_t k = inst->mem_operand;
    switch ((AmodeKind)inst->amode) {
    case AMODE_BASE:
    case AMODE_INDEX:
        if (operands[k].vreg.i != NO_INDEX)
            mem.base = alloc_preg(emit_alloc(ctx, inst, k));
        if (operands[k + 1].vreg.i != NO_INDEX)
            mem.index = alloc_preg(emit_alloc(ctx, inst, k + 1));
        return mem;
    case AMODE_STACK_SLOT:
    case AMODE_INCOMING:
    case AMODE_OUTGOING:
    case AMODE_SPILL: return frame_memory(ctx, (AmodeKind)inst->amode, inst->disp);
    case AMODE_CONSTANT: {
        const ConstantData *const data = &ctx->f->constants.data[inst->target];
        *constant = codebuf_constant(ctx->buf, data->bytes, data->size);
        mem.rip = true;
        return mem;
    }
    case AMODE_SYMBOL: mem.rip = true; return mem;
    case AMODE_NONE:
    case AMODE_INDEX_UXTW:
    case AMODE_INDEX_SXTW: break;
    }
    UNREACHABLE();
}

// The rip-relative field of `bytes`, which are about to be put, refers to a constant or a symbol.
// It counts from the end of the instruction, behind an immediate.
static void refer_to_memory(EmitCtx *ctx, const MInst *inst, Label constant, X64Bytes *bytes)
{
    const uint32_t rip = (uint32_t)bytes->rip_field;
    const uint32_t field = codebuf_offset(ctx->buf) + rip;
    const uint32_t tail = bytes->len - rip - 4;
    const uint32_t addend = constant.i != NO_INDEX ? 0u - tail : 0u;
    for (uint32_t i = 0; i < 4; i++)
        bytes->bytes[rip + i] = (uint8_t)(addend >> 8 * i);
    if (constant.i != NO_INDEX)
        codebuf_fixup(ctx->buf, field, constant, FIXUP_X64_REL32);
    else
        codebuf_reloc(ctx->buf, field, RELOC_X64_PC32, &ctx->f->symbols.data[inst->target],
                      (int64_t)inst->disp - tail);
}

static void emit_encoded(EmitCtx *ctx, const MInst *inst)
{
    const MRow *const row = &x64_rows[inst->op];
    X64Inst out = {.op = inst->op, .size = inst->size, .cc = inst->cc, .mem_operand = -1};
    out.imm = inst->imm;
    out.imm2 = inst->disp;
    Label constant = NO(Label);
    for (uint32_t k = 0; k < row->num_operands; k++) {
        const bool memory = inst->amode != AMODE_NONE && k == inst->mem_operand;
        const Alloc alloc = memory ? ALLOC_NONE : emit_alloc(ctx, inst, k);
        if (memory || alloc_is_slot(alloc)) {
            ASSERT(out.mem_operand < 0);
            out.mem_operand = (int8_t)k;
            out.mem = memory ? x64_memory_of(ctx, inst, &constant) : slot_memory(ctx, alloc);
        } else {
            out.regs[k] = alloc_preg(alloc);
        }
    }
    if (inst->trap != TRAP_NONE)
        codebuf_trap(ctx->buf, inst->trap, inst->src);
    note_inst(ctx, &out);
    X64Bytes bytes = x64_encode(&out);
    if (bytes.rip_field >= 0)
        refer_to_memory(ctx, inst, constant, &bytes);
    if (ctx->buf->recording)
        record_inst(ctx, &out, bytes.len);
    codebuf_put(ctx->buf, bytes.bytes, bytes.len);
}

#define FLAGS_LOOKAHEAD 8u

// Whether nothing reads the flags that hold where `inst` stands. Flags do not live between blocks.
static bool are_flags_dead(const EmitCtx *ctx, const MInst *inst)
{
    const MInst *const insts = ctx->f->insts.data;
    const uint32_t end = ctx->f->blocks.data[ctx->current.i].end;
    const bool is_in_place = inst == &insts[ctx->index]; // else made anew before that instruction
    uint32_t i = ctx->index + (is_in_place ? 1 : 0);
    for (const uint32_t last = i + FLAGS_LOOKAHEAD; i < end && i < last; i++) {
        const uint8_t use = x64_rows[insts[i].op].flags_use;
        if ((use & MFLAGS_READ) != 0)
            return false;
        if ((use & MFLAGS_WRITE) != 0)
            return true;
    }
    return i == end;
}

// Zero is shorter as xor reg, reg, which writes the flags.
static void emit_constant(EmitCtx *ctx, const MInst *inst)
{
    const Alloc to = emit_alloc(ctx, inst, 0);
    if (inst->imm != 0 || !are_flags_dead(ctx, inst)) {
        emit_encoded(ctx, inst);
        return;
    }
    const PReg reg = alloc_preg(to);
    put_inst(ctx,
             &(X64Inst){.op = X64_XOR_RM, .size = 4, .regs = {reg, reg, reg}, .mem_operand = -1});
}

// What an address computation comes to where it overwrites a part of the address: an addition,
// which is shorter and sets flags by the sum. False where it is neither, or flags would be lost.
static bool lea_as_add(const EmitCtx *ctx, const MInst *inst, X64Inst *out)
{
    if (inst->amode != AMODE_BASE && inst->amode != AMODE_INDEX)
        return false;
    const uint32_t k = inst->mem_operand;
    const MOperand *const operands = &ctx->f->operands.data[inst->operands];
    const PReg to = alloc_preg(emit_alloc(ctx, inst, 0));
    if (operands[k].vreg.i == NO_INDEX)
        return false;
    const PReg base = alloc_preg(emit_alloc(ctx, inst, k));
    *out = (X64Inst){.size = inst->size, .regs = {to, to}, .mem_operand = -1};
    if (inst->amode == AMODE_BASE) {
        out->op = X64_ADD_RI;
        out->imm = inst->disp;
        return base == to && are_flags_dead(ctx, inst);
    }
    const PReg index = alloc_preg(emit_alloc(ctx, inst, k + 1));
    out->op = X64_ADD_RM;
    out->regs[2] = base == to ? index : base;
    return (base == to || index == to) && inst->scale == 0 && inst->disp == 0 &&
           are_flags_dead(ctx, inst);
}

// Whether the allocator's moves before instruction `index` leave the flags, and this register, as
// they are. A definition made anew may be an instruction that writes them.
static bool moves_leave_flags(const MFunc *f, uint32_t index, Alloc reg)
{
    uint32_t low = 0, high = f->moves.len;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (f->moves.data[middle].before < index)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < f->moves.len && f->moves.data[low].before == index; low++) {
        const MMove *const move = &f->moves.data[low];
        if (move->remat != NO_INDEX || move->to.bits == reg.bits)
            return false;
    }
    return true;
}

// Whether the instruction before the test of a register against itself left the same zero and sign
// flags, and the branch behind it asks for no others.
static bool is_tested_already(const EmitCtx *ctx, const MInst *inst)
{
    const MFunc *const f = ctx->f;
    const MBlockData *const block = &f->blocks.data[ctx->current.i];
    const Alloc reg = emit_alloc(ctx, inst, 0);
    if (inst->amode != AMODE_NONE || ctx->index == block->first || ctx->index + 2 != block->end ||
        !alloc_is_reg(reg) || reg.bits != emit_alloc(ctx, inst, 1).bits)
        return false;
    const MInst *const jump = inst + 1, *const before = inst - 1;
    const bool asks_zero_or_sign = (jump->cc & ~1u) == 4 || (jump->cc & ~1u) == 8;
    if (jump->op != X64_JCC || !asks_zero_or_sign || before->size != inst->size)
        return false;
    X64Inst add;
    switch ((int)before->op) {
    case X64_LEA:
        if (!lea_as_add(ctx, before, &add))
            return false;
        break;
    case X64_ADD_RM:
    case X64_ADD_RI:
    case X64_SUB_RM:
    case X64_SUB_RI:
    case X64_AND_RM:
    case X64_AND_RI:
    case X64_OR_RM:
    case X64_OR_RI:
    case X64_XOR_RM:
    case X64_XOR_RI: break;
    default: return false;
    }
    return emit_alloc(ctx, before, 0).bits == reg.bits && moves_leave_flags(f, ctx->index, reg);
}

static void emit_mfence(EmitCtx *ctx)
{
    const uint8_t bytes[3] = {0x0f, 0xae, 0xf0};
    codebuf_note(ctx->buf, "mfence");
    codebuf_put(ctx->buf, bytes, 3);
}

// ---- Single registers ----

static void put_move(EmitCtx *ctx, PReg to, PReg from)
{
    put_inst(ctx, &(X64Inst){.op = X64_MOV_RR, .size = 8, .regs = {to, from}, .mem_operand = -1});
}

// The frame pointer points at the caller's, which lies below the return address.
static void emit_get_return_address(EmitCtx *ctx, PReg to)
{
    ASSERT(ctx->frame.frame_pointer);
    put_inst(ctx, &(X64Inst){.op = X64_MOV_LOAD,
                             .size = 8,
                             .regs = {to},
                             .mem_operand = 1,
                             .mem = {.base = RBP, .index = PREG_NONE, .disp = 8}});
}

static void emit_register_access(EmitCtx *ctx, const MInst *inst)
{
    const PReg reg = alloc_preg(emit_alloc(ctx, inst, 0));
    switch ((int)inst->op) {
    case X64_GET_FRAME_POINTER: put_move(ctx, reg, RBP); return;
    case X64_GET_STACK_POINTER: put_move(ctx, reg, RSP); return;
    case X64_GET_RETURN_ADDRESS: emit_get_return_address(ctx, reg); return;
    case X64_GET_PINNED: put_move(ctx, reg, R15); return;
    case X64_SET_PINNED: put_move(ctx, R15, reg); return;
    default: UNREACHABLE();
    }
}

// An instruction that leaves the upper part of its vector register as it was waits for whatever
// wrote that last; zeroing the register first ends the wait.
static void emit_fresh_vector(EmitCtx *ctx, const MInst *inst)
{
    const Alloc to = emit_alloc(ctx, inst, 0);
    const bool memory = inst->amode != AMODE_NONE;
    if (memory || emit_alloc(ctx, inst, 1).bits != to.bits)
        put_inst(ctx,
                 &(X64Inst){
                     .op = X64_ZERO_VEC, .size = 16, .mem_operand = -1, .regs = {alloc_preg(to)}});
    emit_encoded(ctx, inst);
}

void x64_emit_inst(EmitCtx *ctx, const MInst *inst)
{
    X64Inst add;
    switch ((int)inst->op) {
    case X64_LEA:
        if (lea_as_add(ctx, inst, &add))
            put_inst(ctx, &add);
        else
            emit_encoded(ctx, inst);
        return;
    case X64_TEST_RR:
        if (!is_tested_already(ctx, inst))
            emit_encoded(ctx, inst);
        return;
    case X64_MOV_RI: emit_constant(ctx, inst); return;
    case X64_ARGS: return;
    case X64_MOV_RR: {
        const Alloc to = emit_alloc(ctx, inst, 0), from = emit_alloc(ctx, inst, 1);
        if (inst->size == 8 && to.bits == from.bits)
            return;
        emit_encoded(ctx, inst);
        return;
    }
    case X64_CVTSI2SS:
    case X64_CVTSI2SD:
    case X64_SQRTX: emit_fresh_vector(ctx, inst); return;
    case X64_SELECT_VEC: emit_select_vec(ctx, inst); return;
    case X64_JCC: emit_jcc(ctx, inst); return;
    case X64_JCC_OR:
    case X64_JCC_AND: emit_jcc_pair(ctx, inst); return;
    case X64_JMP:
        if (!emit_falls_through(ctx, 0))
            put_jump(ctx, emit_successor(ctx, 0));
        return;
    case X64_JMP_TABLE: emit_jmp_table(ctx, inst); return;
    case X64_RET:
        x64_put_epilogue(ctx);
        x64_put_return(ctx);
        emit_unwind_recall(ctx);
        return;
    case X64_RETURN_CALL:
    case X64_RETURN_CALL_R: emit_return_call(ctx, inst); return;
    case X64_CALL: emit_call(ctx, inst); return;
    case X64_CALL_R: emit_call_register(ctx, inst); return;
    case X64_TRAP_IF: put_jcc(ctx, inst->cc, emit_trap_stub(ctx, inst->trap, inst->src)); return;
    case X64_LOAD_SYMBOL: x64_emit_load_symbol(ctx, inst); return;
    case X64_THREAD_LOCAL: x64_emit_thread_local(ctx, inst); return;
    case X64_ATOMIC_RMW:
    case X64_ATOMIC_RMW_BIG: x64_emit_atomic_rmw(ctx, inst); return;
    case X64_ATOMIC_PAIR_RMW:
    case X64_ATOMIC_PAIR_RMW_BIG: x64_emit_pair_rmw(ctx, inst); return;
    case X64_MFENCE: emit_mfence(ctx); return;
    case X64_GET_FRAME_POINTER:
    case X64_GET_STACK_POINTER:
    case X64_GET_RETURN_ADDRESS:
    case X64_GET_PINNED:
    case X64_SET_PINNED: emit_register_access(ctx, inst); return;
    default: ASSERT((x64_rows[inst->op].flags & ROW_PSEUDO) == 0); emit_encoded(ctx, inst);
    }
}
