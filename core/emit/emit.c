// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions: layout of the frame, blocks in order with the allocator's moves between instructions,
// jumps to jumps resolved, trap stubs behind the code.

#include "emit/emit.h"

#include "base/chaos.h"

RelocClass emit_reloc_class(RelocKind kind)
{
    static const uint8_t classes[RELOC_COUNT] = {
#define RELOC(NAME, CLASS, ...) [RELOC_##NAME] = RELOC_CLASS_##CLASS,
#include "emit/relocs.def"
    };
    ASSERT(kind < RELOC_COUNT);
    return (RelocClass)classes[kind];
}

Label emit_trap_stub(EmitCtx *ctx, TrapCode code, Inst inst)
{
    const TrapStub stub = {code, inst, codebuf_label(ctx->buf)};
    VEC_PUSH(ctx->buf->scratch, &ctx->stubs, stub);
    return stub.label;
}

void emit_note_symbol(EmitCtx *ctx, const char *text, const MInst *inst)
{
    StrBuf name = {.arena = ctx->buf->scratch};
    if (!ctx->buf->listing)
        return;
    extname_print(&ctx->f->symbols.data[inst->target], &name);
    codebuf_note(ctx->buf, "%s%.*s", text, STR_ARG(buf_view(&name)));
}

static const MEdge *edge_of(const EmitCtx *ctx, uint32_t n)
{
    const MBlockData *const block = &ctx->f->blocks.data[ctx->current.i];
    ASSERT(n < block->num_succs);
    return &ctx->f->edges.data[block->succs + n];
}

Label emit_successor(const EmitCtx *ctx, uint32_t n)
{
    return ctx->blocks[edge_of(ctx, n)->to.i];
}

bool emit_falls_through(const EmitCtx *ctx, uint32_t n)
{
    return ctx->next.i != NO_INDEX && emit_successor(ctx, n).i == ctx->blocks[ctx->next.i].i &&
           !chaos_one_in(ctx->f->chaos, 8);
}

int32_t emit_frame_offset(const EmitCtx *ctx, AmodeKind kind, int32_t disp)
{
    const FrameLayout *const frame = &ctx->frame;
    switch ((int)kind) {
    case AMODE_STACK_SLOT: return (int32_t)frame->slots + disp;
    case AMODE_SPILL: return (int32_t)frame->spills + disp * 8;
    case AMODE_INCOMING: return frame->incoming + disp;
    case AMODE_OUTGOING: return disp;
    default: UNREACHABLE();
    }
}

// ---- Frame ----

static uint32_t align_up(uint32_t x, uint32_t align)
{
    return (x + align - 1) & ~(align - 1);
}

static void lay_out_frame(EmitCtx *ctx)
{
    FrameLayout *const frame = &ctx->frame;
    const MFunc *const f = ctx->f;
    frame->saved = f->callee_saved;
    frame->frame_pointer = f->frame_pointer;
    frame->spills = align_up(f->outgoing_size, 16);
    frame->slots = align_up(frame->spills + f->num_slots * 8, 16);
    frame->floats = align_up(frame->slots + f->stack_slots_size, 16);
    frame->size = frame->floats;
    for (PRegSet left = frame->saved >> PREG(REG_FLOAT, 0); left != 0; left &= left - 1)
        frame->size += 16;
    f->target->emit_frame(ctx);
    frame->growth = f->tail_args > f->popped_args ? f->tail_args - f->popped_args : 0;
    frame->pops = f->popped_args + frame->growth;
    frame->incoming = (int32_t)(frame->size + frame->saved_size + frame->growth);
}

int32_t emit_saved_float(const EmitCtx *ctx, PReg reg)
{
    int32_t offset = (int32_t)ctx->frame.floats;
    ASSERT((ctx->frame.saved & preg_bit(reg)) != 0);
    for (PReg before = PREG(REG_FLOAT, 0); before < reg; before++)
        offset += (ctx->frame.saved & preg_bit(before)) != 0 ? 16 : 0;
    return offset;
}

// ---- Blocks ----

// Whether block `b` does nothing but go on to its only successor.
static bool is_trampoline(const EmitCtx *ctx, uint32_t b, const uint32_t *first_move)
{
    const MBlockData *const block = &ctx->f->blocks.data[b];
    if (b == 0 || block->end - block->first != 1 || block->num_succs != 1 ||
        chaos_one_in_of(ctx->f->chaos, 3, b))
        return false;
    const MMove *const moves = ctx->f->moves.data;
    const uint32_t move = first_move[block->first];
    return move == ctx->f->moves.len || moves[move].before != block->first;
}

// Index of the first move at or behind each instruction.
static uint32_t *index_moves(const MFunc *f, Arena *scratch)
{
    uint32_t *const first = ARENA_ARRAY(scratch, uint32_t, f->insts.len + 1);
    uint32_t move = 0;
    for (uint32_t i = 0; i <= f->insts.len; i++) {
        while (move < f->moves.len && f->moves.data[move].before < i)
            move++;
        first[i] = move;
    }
    return first;
}

#define JUMP_CHAIN_MAX 64u

// A label a block; a block that only jumps gets the label of where it jumps to. In a cycle of such
// blocks (an empty endless loop), or behind a very long chain, a block keeps its jump.
static void make_block_labels(EmitCtx *ctx, const uint32_t *first_move, bool *skip)
{
    const MFunc *const f = ctx->f;
    uint32_t *const end = ARENA_ARRAY(ctx->buf->scratch, uint32_t, f->blocks.len);
    for (uint32_t b = 0; b < f->blocks.len; b++) {
        uint32_t to = b;
        for (uint32_t n = 0; n < JUMP_CHAIN_MAX && is_trampoline(ctx, to, first_move); n++)
            to = f->edges.data[f->blocks.data[to].succs].to.i;
        end[b] = is_trampoline(ctx, to, first_move) ? b : to;
    }
    for (uint32_t b = 0; b < f->blocks.len; b++)
        if (end[b] == b)
            ctx->blocks[b] = codebuf_label(ctx->buf);
    for (uint32_t b = 0; b < f->blocks.len; b++) {
        skip[b] = end[b] != b;
        if (skip[b])
            ctx->blocks[b] = ctx->blocks[end[b]];
    }
}

static void emit_moves(EmitCtx *ctx, uint32_t *move)
{
    const MFunc *const f = ctx->f;
    for (; *move < f->moves.len && f->moves.data[*move].before == ctx->index; ++*move) {
        const MMove *const m = &f->moves.data[*move];
        if (m->remat == NO_INDEX) {
            f->target->emit_move(ctx, m->to, m->from, f->vregs.data[m->vreg.i].bytes);
            continue;
        }
        // The instruction again, with its result where the move goes.
        const MInst *const original = &f->insts.data[m->remat];
        EmitCtx copy = *ctx;
        MFunc view = *f;
        Alloc *const allocs = ARENA_ARRAY(ctx->buf->scratch, Alloc, original->num_operands + 1u);
        allocs[0] = m->to;
        MInst again = *original;
        again.operands = 0;
        view.allocs = allocs;
        copy.f = &view;
        f->target->emit_inst(&copy, &again);
    }
}

static void emit_block(EmitCtx *ctx, uint32_t *move)
{
    const MFunc *const f = ctx->f;
    const MBlockData *const block = &f->blocks.data[ctx->current.i];
    codebuf_bind(ctx->buf, ctx->blocks[ctx->current.i]);
    for (ctx->index = block->first; ctx->index < block->end; ctx->index++) {
        const MInst *const inst = &f->insts.data[ctx->index];
        emit_moves(ctx, move);
        codebuf_src(ctx->buf, inst->src);
        f->target->emit_inst(ctx, inst);
    }
}

#define ROTATE_MAX 64u // blocks of a loop that is turned

// Where the loop with this header ends: its last block with an edge to the header; NO_INDEX: it is
// none.
static uint32_t loop_end(const MFunc *f, uint32_t header)
{
    const MBlockData *const block = &f->blocks.data[header];
    uint32_t end = NO_INDEX;
    for (uint32_t i = block->preds; i < block->preds + block->num_preds; i++) {
        const uint32_t from = f->pred_list.data[i];
        if (from >= header && (end == NO_INDEX || from > end))
            end = from;
    }
    return end;
}

// Whether one of the header's two ways leaves the loop that ends at `end`.
static bool tests_loop(const MFunc *f, uint32_t header, uint32_t end)
{
    const MBlockData *const block = &f->blocks.data[header];
    if (block->num_succs != 2)
        return false;
    const uint32_t a = f->edges.data[block->succs].to.i;
    const uint32_t b = f->edges.data[block->succs + 1].to.i;
    return (a < header || a > end) != (b < header || b > end);
}

// A loop that tests at its top and jumps there from its bottom has its test put at the bottom, so
// that a round has one branch instead of two:
//
//     top:  cmp; jae out            jmp test
//           ...                 top:   ...
//           jmp top             test: cmp; jb top
//     out:                      out:
//
// `order`: the blocks in their places. Inner loops have the higher headers and are turned first.
static void rotate_loops(const EmitCtx *ctx, const bool *skip, uint32_t *order)
{
    const MFunc *const f = ctx->f;
    for (uint32_t header = f->blocks.len; header-- > 1;) {
        uint32_t end = loop_end(f, header);
        if (end == NO_INDEX || end - header > ROTATE_MAX || !tests_loop(f, header, end))
            continue;
        const uint32_t range_end = end;
        while (skip[order[end]])
            end--;
        const MBlockData *const bottom = &f->blocks.data[order[end]];
        const uint32_t to = f->edges.data[bottom->succs].to.i;
        if (end == header || bottom->num_succs != 1 || ctx->blocks[to].i != ctx->blocks[header].i)
            continue;
        memmove(order + header, order + header + 1, sizeof(*order) * (range_end - header));
        order[range_end] = header;
    }
}

static void emit_body(EmitCtx *ctx)
{
    const MFunc *const f = ctx->f;
    Arena *const scratch = ctx->buf->scratch;
    bool *const skip = ARENA_ARRAY(scratch, bool, f->blocks.len);
    uint32_t *const order = ARENA_ARRAY(scratch, uint32_t, f->blocks.len);
    const uint32_t *const first_move = index_moves(f, scratch);
    ctx->blocks = ARENA_ARRAY(scratch, Label, f->blocks.len);
    make_block_labels(ctx, first_move, skip);
    for (uint32_t b = 0; b < f->blocks.len; b++)
        order[b] = b;
    rotate_loops(ctx, skip, order);
    emit_unwind_begin(ctx);
    f->target->emit_prologue(ctx);
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        const uint32_t b = order[i];
        if (skip[b])
            continue;
        uint32_t next = i + 1;
        while (next < f->blocks.len && skip[order[next]])
            next++;
        ctx->current = (MBlock){b};
        ctx->next = next < f->blocks.len ? (MBlock){order[next]} : NO(MBlock);
        uint32_t move = first_move[f->blocks.data[b].first];
        emit_block(ctx, &move);
    }
    for (uint32_t i = 0; i < ctx->stubs.len; i++) {
        codebuf_bind(ctx->buf, ctx->stubs.data[i].label);
        codebuf_src(ctx->buf, ctx->stubs.data[i].inst);
        codebuf_trap(ctx->buf, ctx->stubs.data[i].code, ctx->stubs.data[i].inst);
        f->target->emit_trap(ctx);
    }
}

CompiledFunc emit_func(const MFunc *f, bool listing, Arena *arena, Arena *scratch)
{
    CodeBuffer buf = {.arena = arena, .scratch = scratch, .listing = listing, .chaos = f->chaos};
    EmitCtx ctx = {.buf = &buf, .f = f};
    lay_out_frame(&ctx);
    emit_body(&ctx);
    if (!codebuf_finish(&buf) || chaos_one_in(f->chaos, 3)) {
        buf =
            (CodeBuffer){.arena = arena, .scratch = scratch, .listing = listing, .chaos = f->chaos};
        ctx.far = true;
        ctx.stubs.len = 0;
        emit_body(&ctx);
        const bool reached = codebuf_finish(&buf);
        ASSERT(reached);
    }
    return (CompiledFunc){
        .func = f->func,
        .code = buf.bytes.data,
        .size = buf.bytes.len,
        .code_size = buf.code_size,
        .align = 16,
        .frame_size = ctx.frame.size + ctx.frame.saved_size,
        .relocs = buf.relocs.data,
        .num_relocs = buf.relocs.len,
        .traps = buf.traps.data,
        .num_traps = buf.traps.len,
        .calls = buf.calls.data,
        .num_calls = buf.calls.len,
        .srcs = buf.srcs.data,
        .num_srcs = buf.srcs.len,
        .data = buf.data.data,
        .num_data = buf.data.len,
        .unwind = buf.unwind.data,
        .num_unwind = buf.unwind.len,
        .notes = buf.notes.data,
        .num_notes = buf.notes.len,
    };
}
