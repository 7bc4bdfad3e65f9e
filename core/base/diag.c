// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Located messages.

#include "base/base.h"

#include <stdio.h>

static void source_find_lines(Arena *arena, Source *source)
{
    VEC_PUSH(arena, &source->lines, 0);
    for (uint32_t i = 0; i < source->text.len; i++)
        if (source->text.data[i] == '\n')
            VEC_PUSH(arena, &source->lines, i + 1);
}

// By reading all lines up to `pos`.
static LineCol count_lines(const Source *source, uint32_t pos)
{
    LineCol at = {1, pos + 1};
    for (uint32_t i = 0; i < pos; i++) {
        if (source->text.data[i] != '\n')
            continue;
        at.line++;
        at.col = pos - i;
    }
    return at;
}

LineCol source_line_col(Source *source, uint32_t pos)
{
    ASSERT(pos <= source->text.len);
    if (!source->arena)
        return count_lines(source, pos);
    if (source->lines.len == 0)
        source_find_lines(source->arena, source);
    uint32_t low = 0, high = source->lines.len; // lines[low] <= pos < lines[high]
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (source->lines.data[middle] <= pos)
            low = middle;
        else
            high = middle;
    }
    return (LineCol){low + 1, pos - source->lines.data[low] + 1};
}

static PRINTF_LIKE(3, 0) void diag_vadd(Diag *diag, DiagMessage message, const char *format,
                                        va_list args)
{
    va_list again;
    va_copy(again, args);
    const int len = vsnprintf(NULL, 0, format, args);
    ASSERT(len >= 0);
    char *const text = arena_alloc(diag->arena, (size_t)len + 1, 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    message.text = (Str){text, (size_t)len};
    VEC_PUSH(diag->arena, &diag->messages, message);
    diag->errors += message.severity == SEVERITY_ERROR;
}

static DiagMessage diag_locate(Severity severity, Source *source, uint32_t pos)
{
    DiagMessage message = {.severity = severity};
    if (source)
        message.path = source->path;
    if (source && pos != POS_NONE)
        message.where = source_line_col(source, pos);
    return message;
}

Status diag_place(Diag *diag, Status status, Source *source, uint32_t pos)
{
    if (diag->messages.len == 0)
        return status;
    DiagMessage *const last = &diag->messages.data[diag->messages.len - 1];
    const DiagMessage at = diag_locate(last->severity, source, pos);
    if (last->path.len == 0) {
        last->path = at.path;
        last->where = at.where;
    }
    return status;
}

Status diag_error(Diag *diag, Status status, Source *source, uint32_t pos, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_vadd(diag, diag_locate(SEVERITY_ERROR, source, pos), format, args);
    va_end(args);
    return status;
}

void diag_add(Diag *diag, Severity severity, Source *source, uint32_t pos, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_vadd(diag, diag_locate(severity, source, pos), format, args);
    va_end(args);
}

void diag_format(const DiagMessage *message, StrBuf *out)
{
    if (message->path.len != 0)
        buf_printf(out, "%.*s:", STR_ARG(message->path));
    if (message->where.line != 0)
        buf_printf(out, "%u:%u:", message->where.line, message->where.col);
    if (message->path.len != 0 || message->where.line != 0)
        buf_char(out, ' ');
    switch (message->severity) {
    case SEVERITY_ERROR: buf_puts(out, "error: "); break;
    case SEVERITY_WARNING: buf_puts(out, "warning: "); break;
    case SEVERITY_NOTE: buf_puts(out, "note: "); break;
    }
    buf_str(out, message->text);
}
