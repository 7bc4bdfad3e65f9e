// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Unwind records while code is put: the depth of the stack pointer is followed, also while the CFA
// is counted from a frame pointer.

#include "emit/emit.h"

// What holds from `back` bytes before the current position.
static void put_record_before(EmitCtx *ctx, uint32_t back, UnwindKind kind, PReg reg, int64_t value)
{
    const UnwindRecord record = {codebuf_offset(ctx->buf) - back, kind, reg, value};
    VEC_PUSH(ctx->buf->arena, &ctx->buf->unwind, record);
}

static void put_record(EmitCtx *ctx, UnwindKind kind, PReg reg, int64_t value)
{
    put_record_before(ctx, 0, kind, reg, value);
}

static void move_sp(EmitCtx *ctx, uint32_t back, int64_t bytes)
{
    const PReg sp = ctx->f->target->stack_pointer;
    ctx->unwind.depth += bytes;
    ASSERT(ctx->unwind.depth >= 0);
    if (ctx->unwind.cfa == sp)
        put_record_before(ctx, back, UNWIND_CFA, sp, ctx->unwind.depth);
}

void emit_unwind_begin(EmitCtx *ctx)
{
    const struct Target *const target = ctx->f->target;
    ctx->unwind = (UnwindState){target->stack_pointer, target->pushed_by_call};
    if (ctx->f->popped_args == 0)
        return;
    move_sp(ctx, 0, ctx->f->popped_args);
    if (target->pushed_by_call != 0)
        emit_saved(ctx, PREG_NONE, 0);
}

void emit_popped(EmitCtx *ctx, int64_t bytes)
{
    if (bytes != 0)
        move_sp(ctx, 1, -bytes);
}

void emit_sp_moved(EmitCtx *ctx, int64_t bytes)
{
    move_sp(ctx, 0, bytes);
}

void emit_saved(EmitCtx *ctx, PReg reg, int64_t offset)
{
    put_record(ctx, UNWIND_SAVED, reg, offset - ctx->unwind.depth);
}

void emit_moved(EmitCtx *ctx, PReg reg, PReg to)
{
    put_record(ctx, UNWIND_MOVED, reg, to);
}

void emit_restored(EmitCtx *ctx, PReg reg)
{
    put_record(ctx, UNWIND_RESTORED, reg, 0);
}

void emit_cfa_by(EmitCtx *ctx, PReg reg)
{
    ctx->unwind.cfa = reg;
    put_record(ctx, UNWIND_CFA, reg, ctx->unwind.depth);
}

void emit_unwind_remember(EmitCtx *ctx)
{
    ctx->remembered = ctx->unwind;
    put_record(ctx, UNWIND_REMEMBER, PREG_NONE, 0);
}

void emit_unwind_recall(EmitCtx *ctx)
{
    CodeBuffer *const buf = ctx->buf;
    ctx->unwind = ctx->remembered;
    if (buf->unwind.data[buf->unwind.len - 1].kind == UNWIND_REMEMBER) {
        buf->unwind.len--; // nothing has changed
        return;
    }
    put_record(ctx, UNWIND_RECALL, PREG_NONE, 0);
}
