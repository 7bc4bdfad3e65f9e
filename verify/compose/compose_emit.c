// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One instruction through the target's emission, and what it puts taken apart: rows that were
// recorded, and the few instructions that emission puts as bytes, which are read. Bytes that are
// neither are no sequence of rows, so nothing can slip through; nor can fields that are patched.

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

static void make_blocks(MFunc *f, uint32_t num_insts, uint32_t num_succs)
{
    const MBlockData entry = {.end = num_insts, .num_succs = num_succs};
    VEC_PUSH(f->arena, &f->blocks, entry);
    for (uint32_t i = 0; i < num_succs; i++) {
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
    VEC_RESERVE(arena, &f.operands, ROW_OPERANDS_MAX + 2 + MORE_OPERANDS);
    for (const ComposeCase *at = c; at; at = at->then)
        add_inst(&f, at);
    if (!c->flags_die)
        VEC_PUSH(arena, &f.insts, (MInst){.op = rows_flag_reader(c->target)});
    make_blocks(&f, f.insts.len, c->num_succs);
    return f;
}

// All areas begin at places of their own.
static const FrameLayout layout = {
    .frame_pointer = true, .size = 4096, .spills = 64, .slots = 1024, .incoming = 8192};

int32_t compose_frame_offset(const ComposeCase *c)
{
    return emit_frame_offset(&(EmitCtx){.frame = layout}, c->amode, c->disp);
}

// ---- Steps ----

static uint8_t trap_at(const CodeBuffer *buf, uint32_t offset)
{
    for (uint32_t i = 0; i < buf->traps.len; i++)
        if (buf->traps.data[i].offset == offset)
            return (uint8_t)buf->traps.data[i].code;
    return NO_TRAP_CODE;
}

// Where taking apart is: what comes next of each list.
typedef struct Reader {
    ComposeCode *code;
    const Target *target;
    uint32_t inst, fixup, shrink, data;
} Reader;

static bool has_inst_at(const Reader *r, uint32_t at)
{
    const CodeBuffer *const buf = &r->code->buf;
    return r->inst < buf->insts.len && buf->insts.data[r->inst].offset == at;
}

static bool has_data_at(const Reader *r, uint32_t at)
{
    const CodeBuffer *const buf = &r->code->buf;
    return r->data < buf->data.len && buf->data.data[r->data].offset == at;
}

// The label of a step's field, and what becomes of a branch that is shrunk.
static const char *read_field(Reader *r, ComposeStep *step)
{
    const CodeBuffer *const buf = &r->code->buf;
    const bool has_fixup =
        r->fixup < buf->fixups.len && buf->fixups.data[r->fixup].offset < step->end;
    if (has_fixup != step->has_field)
        return has_fixup ? "a field that is patched in an instruction that has none"
                         : "a field that nothing is put into";
    if (!has_fixup)
        return NULL;
    const Fixup *const fixup = &buf->fixups.data[r->fixup];
    if (fixup->kind != step->field || fixup->offset != step->field_at)
        return "a field that is patched as if it were another one";
    step->label = fixup->label;
    if (r->shrink < buf->shrinks.len && buf->shrinks.data[r->shrink].fixup == r->fixup) {
        const Shrink *const shrink = &buf->shrinks.data[r->shrink];
        if (shrink->start != step->put.offset || shrink->end != step->end ||
            step->short_form == 0 || shrink->opcode != step->short_form)
            return "a branch whose short form is another one";
        r->shrink++;
    }
    r->fixup++;
    return NULL;
}

static const char *read_table(Reader *r, ComposeStep *step)
{
    const DataRange *const data = &r->code->buf.data.data[r->data++];
    const char *const wrong = compose_read_table(r->code, data, r->fixup);
    step->kind = STEP_TABLE;
    step->put.offset = data->offset;
    step->end = data->offset + data->size;
    r->fixup += r->code->table.count;
    return wrong;
}

static const char *read_step(Reader *r, uint32_t at, ComposeStep *step)
{
    const CodeBuffer *const buf = &r->code->buf;
    *step = (ComposeStep){.trap = trap_at(buf, at), .label = NO(Label)};
    if (has_data_at(r, at))
        return read_table(r, step);
    if (has_inst_at(r, at)) {
        step->put = buf->insts.data[r->inst++];
        step->end = at + step->put.length;
    } else if (!compose_read_bytes(buf, r->target, at, step)) {
        return "bytes that are no row";
    }
    return read_field(r, step);
}

static const char *take_apart(ComposeCode *code, const Target *target, Arena *arena)
{
    const CodeBuffer *const buf = &code->buf;
    Reader r = {.code = code, .target = target};
    if (buf->relocs.len != 0)
        return "the linker fills in a field";
    if (buf->calls.len != 0)
        return "a call";
    for (uint32_t at = 0; at < buf->bytes.len;) {
        ComposeStep step;
        const char *const wrong = read_step(&r, at, &step);
        if (wrong)
            return wrong;
        VEC_PUSH(arena, &code->steps, step);
        at = step.end;
    }
    const bool is_all = r.inst == buf->insts.len && r.fixup == buf->fixups.len &&
                        r.shrink == buf->shrinks.len && r.data == buf->data.len;
    return is_all ? NULL : "instructions that overlap";
}

uint32_t compose_successor(const ComposeCode *code, Label label)
{
    const MBlockData *const block = &code->f.blocks.data[0];
    const uint32_t number = label.i - code->ctx.blocks[1].i; // labels of blocks are made in order
    return label.i != NO_INDEX && number < block->num_succs ? number : NO_INDEX;
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

// The first ones say what the others are.
enum { LISTED_ENTRIES = 3 };

void compose_print_code(const ComposeCode *code, StrBuf *out)
{
    const CodeBuffer *const buf = &code->buf;
    const ComposeTable *const table = &code->table;
    for (uint32_t i = 0; i < buf->notes.len; i++) {
        const CodeNote *const note = &buf->notes.data[i];
        const uint32_t entry = (note->offset - table->offset) / 4;
        if (note->offset >= table->offset && entry < table->count && entry >= LISTED_ENTRIES)
            continue;
        buf_printf(out, "    %.*s\n", STR_ARG(note->text));
    }
    if (table->count > LISTED_ENTRIES)
        buf_printf(out, "    ... %u entries\n", table->count);
    if (buf->notes.len == 0)
        buf_puts(out, "    (nothing)\n");
}
