// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One instruction through the target's emission, and what it puts taken apart: rows that were
// recorded, and the few instructions that emission puts as bytes, which are read here. Bytes that
// are neither are no sequence of rows, so nothing can slip through.

#include "verify/compose/compose_internal.h"

// ---- The function around the instruction ----

static Alloc alloc_of(PReg reg)
{
    return reg == PREG_NONE ? ALLOC_NONE : alloc_reg(reg);
}

static void add_operand(MFunc *f, Alloc alloc)
{
    const bool is_absent = alloc.bits == ALLOC_NONE.bits;
    const MOperand operand = {.vreg = is_absent ? NO(VReg) : (VReg){f->operands.len}};
    f->allocs[f->operands.len] = alloc;
    VEC_PUSH(f->arena, &f->operands, operand);
}

static void make_blocks(MFunc *f, uint32_t num_insts)
{
    const MBlockData entry = {.end = num_insts, .num_succs = CASE_SUCCS};
    VEC_PUSH(f->arena, &f->blocks, entry);
    for (uint32_t i = 0; i < CASE_SUCCS; i++) {
        const MEdge edge = {.to = {i + 1}};
        const MBlockData block = {.first = num_insts, .end = num_insts};
        VEC_PUSH(f->arena, &f->edges, edge);
        VEC_PUSH(f->arena, &f->blocks, block);
    }
}

// Fake emitters put instructions of their own behind this one: `allocs` has room for their
// operands.
enum { MORE_OPERANDS = 64 };

static void add_inst(MFunc *f, const ComposeCase *c)
{
    const MRow *const row = &c->target->rows[c->op];
    MInst inst = {.op = c->op,
                  .size = c->size,
                  .cc = c->cc,
                  .imm = c->imm,
                  .disp = c->imm2,
                  .trap = CASE_TRAP_CODE,
                  .operands = f->operands.len};
    for (int32_t k = 0; k < row->num_operands; k++) {
        if (k != c->memory) {
            add_operand(f, alloc_of(c->regs[k]));
        } else if (c->amode == AMODE_SPILL) {
            add_operand(f, alloc_slot((uint32_t)c->disp));
        } else {
            inst.mem_operand = (uint8_t)(f->operands.len - inst.operands);
            inst.amode = (uint8_t)c->amode;
            inst.scale = c->scale;
            inst.disp = c->disp;
            add_operand(f, alloc_of(c->base));
            add_operand(f, alloc_of(c->index));
        }
    }
    inst.num_operands = (uint8_t)(f->operands.len - inst.operands);
    VEC_PUSH(f->arena, &f->insts, inst);
}

static MFunc function_of(const ComposeCase *c, Arena *arena)
{
    MFunc f = {.arena = arena, .target = c->target};
    f.allocs = ARENA_ARRAY(arena, Alloc, ROW_OPERANDS_MAX + 2 + MORE_OPERANDS);
    for (const ComposeCase *at = c; at; at = at->then)
        add_inst(&f, at);
    if (!c->flags_die)
        VEC_PUSH(arena, &f.insts, (MInst){.op = rows_flag_reader(c->target)});
    make_blocks(&f, f.insts.len);
    return f;
}

// All areas begin at places of their own.
static const FrameLayout layout = {
    .frame_pointer = true, .size = 4096, .spills = 64, .slots = 1024, .incoming = 8192};

int32_t compose_frame_offset(const ComposeCase *c)
{
    return emit_frame_offset(&(EmitCtx){.frame = layout}, c->amode, c->disp);
}

// ---- Instructions that are put as bytes ----

static uint16_t row_named(const Target *target, const char *name)
{
    for (uint16_t op = 0; op < target->num_rows; op++)
        if (strcmp(target->rows[op].name, name) == 0)
            return op;
    UNREACHABLE();
}

static PutInst bare(const Target *target, const char *row, uint32_t offset)
{
    PutInst put = {.offset = offset, .mem_operand = -1};
    put.op = row_named(target, row);
    return put;
}

// jcc rel32, jmp rel32, ud2, mfence. The length; 0: none of these.
static uint32_t read_x64(const Target *t, const uint8_t *at, uint32_t left, PutInst *put)
{
    const uint32_t offset = put->offset;
    if (left >= 6 && at[0] == 0x0f && at[1] >> 4 == 8) {
        *put = bare(t, "jcc", offset);
        put->cc = at[1] & 15;
        return 6;
    }
    if (left >= 5 && at[0] == 0xe9) {
        *put = bare(t, "jmp", offset);
        return 5;
    }
    if (left >= 2 && at[0] == 0x0f && at[1] == 0x0b) {
        *put = bare(t, "ud2", offset);
        return 2;
    }
    if (left < 3 || at[0] != 0x0f || at[1] != 0xae || at[2] != 0xf0)
        return 0;
    *put = bare(t, "mfence", offset);
    return 3;
}

static uint32_t word_at(const CodeBuffer *buf, uint32_t offset)
{
    const uint8_t *const at = buf->bytes.data + offset;
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

// The register in the lowest bits of a field in which 31 is zero.
static PReg register_of(uint32_t field)
{
    return (field & 31) == 31 ? PREG_NONE : PREG(REG_INT, field & 31);
}

// Arm Architecture Reference Manual for A-profile, C4.1.93 and C4.1.95: the words without the field
// of a branch's target.
static bool read_a64(const Target *t, uint32_t word, PutInst *put)
{
    const uint32_t offset = put->offset;
    const PReg reg = register_of(word);
    if (word >> 26 == 5) {
        *put = bare(t, "b", offset);
    } else if (word >> 24 == 0x54 && (word & 0x10) == 0) {
        *put = bare(t, "b_cond", offset);
        put->cc = word & 15;
    } else if ((word >> 25 & 0x3f) == 0x1a) {
        *put = bare(t, (word >> 24 & 1) != 0 ? "cbnz" : "cbz", offset);
        put->size = word >> 31 != 0 ? 8 : 4;
        put->regs[0] = reg;
    } else if ((word >> 25 & 0x3f) == 0x1b) {
        *put = bare(t, (word >> 24 & 1) != 0 ? "tbnz" : "tbz", offset);
        put->size = 8;
        put->imm = (word >> 31 << 5) | (word >> 19 & 31);
        put->regs[0] = reg;
    } else if (word >> 16 == 0) {
        *put = bare(t, "udf", offset);
    } else if ((word & 0xffe0fc00u) == 0x8b206000u && (word & 31) != 31) {
        // add (extended register) of 64 bits, uxtx: 31 is the stack pointer as first operand.
        *put = bare(t, "add_rr", offset);
        put->size = 8;
        put->regs[0] = reg;
        put->regs[1] = PREG(REG_INT, word >> 5 & 31);
        put->regs[2] = register_of(word >> 16);
    } else {
        return false;
    }
    return true;
}

// Section C6.2.174 and following: ldaxr, ldaxp, stlxr, stlxp; pairs of 8 bytes.
static bool read_exclusive(const CodeBuffer *buf, uint32_t offset, ComposeStep *step)
{
    if (buf->bytes.len - offset < 4)
        return false;
    const uint32_t word = word_at(buf, offset);
    const bool is_pair = word >> 21 == 0x643 || word >> 21 == 0x641;
    const uint32_t fixed = is_pair ? 0x8000 : 0xfc00, mask = is_pair ? 0x8000 : 0xfc00;
    const bool loads = (word >> 22 & 1) != 0;
    if ((word & mask) != fixed || (!is_pair && (word >> 21 & 0x1ff) != (loads ? 0x42u : 0x40u)) ||
        (loads && (word >> 16 & 31) != 31))
        return false;
    step->exclusive = loads ? EXCLUSIVE_LOAD : EXCLUSIVE_STORE;
    step->end = offset + 4;
    step->put = (PutInst){.offset = offset, .mem_operand = -1, .index = PREG_NONE};
    step->put.size = (uint8_t)(is_pair ? 16 : 1u << (word >> 30));
    step->put.base = PREG(REG_INT, word >> 5 & 31);
    step->put.regs[0] = register_of(word);
    step->put.regs[1] = register_of(word >> 10);
    step->put.regs[2] = register_of(word >> 16);
    return true;
}

static uint32_t read_bare(const CodeBuffer *buf, const Target *target, uint32_t offset,
                          PutInst *put)
{
    const uint8_t *const at = buf->bytes.data + offset;
    const uint32_t left = buf->bytes.len - offset;
    *put = (PutInst){.offset = offset};
    if (target->arch == ARCH_X86_64)
        return read_x64(target, at, left, put);
    if (left < 4)
        return 0;
    return read_a64(target, word_at(buf, offset), put) ? 4 : 0;
}

// ---- Steps ----

// The label that a field between these offsets refers to.
static Label label_at(const CodeBuffer *buf, uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < buf->fixups.len; i++)
        if (buf->fixups.data[i].offset >= from && buf->fixups.data[i].offset < to)
            return buf->fixups.data[i].label;
    return NO(Label);
}

static uint8_t trap_at(const CodeBuffer *buf, uint32_t offset)
{
    for (uint32_t i = 0; i < buf->traps.len; i++)
        if (buf->traps.data[i].offset == offset)
            return (uint8_t)buf->traps.data[i].code;
    return NO_TRAP_CODE;
}

static const char *take_apart(ComposeCode *code, const Target *target, Arena *arena)
{
    const CodeBuffer *const buf = &code->buf;
    uint32_t next = 0;
    if (buf->relocs.len != 0)
        return "the linker fills in a field";
    if (buf->calls.len != 0)
        return "a call";
    if (buf->data.len != 0)
        return "data in the code";
    for (uint32_t at = 0; at < buf->bytes.len;) {
        ComposeStep step = {.trap = trap_at(buf, at), .label = NO(Label)};
        if (next < buf->insts.len && buf->insts.data[next].offset == at) {
            step.put = buf->insts.data[next++];
            step.end = at + step.put.length;
        } else {
            const uint32_t length = read_bare(buf, target, at, &step.put);
            step.end = at + length;
            if (length == 0 && (target->arch != ARCH_AARCH64 || !read_exclusive(buf, at, &step)))
                return "bytes that are no row";
            step.label = label_at(buf, at, step.end);
        }
        VEC_PUSH(arena, &code->steps, step);
        at = step.end;
    }
    return next == buf->insts.len ? NULL : "instructions that overlap";
}

// The allocator has an instruction made once more before another one: before what reads the flags,
// or the first one of the table that neither reads nor writes them.
static void emit_anew(ComposeCode *code, const ComposeCase *c, ComposeEmit emit)
{
    const MInst again = code->f.insts.data[0];
    uint16_t op = 0;
    while (c->target->rows[op].flags_use != MFLAGS_NONE)
        op++;
    code->f.insts.data[0].op = c->flags_die ? op : rows_flag_reader(c->target);
    emit(&code->ctx, &again);
}

void compose_emit(const ComposeCase *c, ComposeEmit emit, Arena *arena, ComposeCode *out)
{
    *out = (ComposeCode){.cannot = NULL};
    out->f = function_of(c, arena);
    out->buf = (CodeBuffer){.arena = arena, .scratch = arena, .listing = true, .recording = true};
    out->ctx = (EmitCtx){.buf = &out->buf,
                         .f = &out->f,
                         .next = c->next == 0 ? NO(MBlock) : (MBlock){c->next},
                         .far = c->is_far,
                         .frame = layout};
    out->ctx.blocks = ARENA_ARRAY(arena, Label, out->f.blocks.len);
    for (uint32_t b = 0; b < out->f.blocks.len; b++)
        out->ctx.blocks[b] = codebuf_label(&out->buf);
    codebuf_bind(&out->buf, out->ctx.blocks[0]);
    if (c->is_anew)
        emit_anew(out, c, emit);
    for (const ComposeCase *at = c; at && !c->is_anew; at = at->then, out->ctx.index++)
        emit(&out->ctx, &out->f.insts.data[out->ctx.index]);
    out->cannot = take_apart(out, c->target, arena);
}

void compose_print_code(const ComposeCode *code, StrBuf *out)
{
    const CodeBuffer *const buf = &code->buf;
    for (uint32_t i = 0; i < buf->notes.len; i++)
        buf_printf(out, "    %.*s\n", STR_ARG(buf->notes.data[i].text));
    if (buf->notes.len == 0)
        buf_puts(out, "    (nothing)\n");
}
