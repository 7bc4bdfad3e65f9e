// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// S-expressions: atoms, strings, lists, `;` comments.

#include "isle-rules/tables/tables.h"

#define DEPTH_MAX 64u

typedef struct Reader {
    Arena *arena;
    Source *source;
    Diag *diag;
    uint32_t at;
} Reader;

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool ends_atom(char c)
{
    return is_space(c) || c == '(' || c == ')' || c == '"' || c == ';';
}

static void skip_blanks(Reader *r)
{
    const Str text = r->source->text;
    while (r->at < text.len) {
        if (text.data[r->at] == ';') {
            while (r->at < text.len && text.data[r->at] != '\n')
                r->at++;
        } else if (is_space(text.data[r->at])) {
            r->at++;
        } else {
            return;
        }
    }
}

static Status read_form(Reader *r, uint32_t depth, Sexpr *out);

// Reads forms up to the closing parenthesis (depth > 0) or the end of the file.
static Status read_items(Reader *r, uint32_t depth, Sexpr *out)
{
    VEC(Sexpr) items = {0};
    const Str text = r->source->text;
    for (;;) {
        skip_blanks(r);
        if (r->at == text.len && depth == 0)
            break;
        if (r->at == text.len)
            return diag_error(r->diag, STATUS_SYNTAX, r->source, out->pos, "unclosed parenthesis");
        if (text.data[r->at] == ')' && depth > 0) {
            r->at++;
            break;
        }
        Sexpr item;
        TRY(read_form(r, depth + 1, &item));
        VEC_PUSH(r->arena, &items, item);
    }
    out->items = items.data;
    out->num_items = items.len;
    return STATUS_OK;
}

static Status read_form(Reader *r, uint32_t depth, Sexpr *out)
{
    const Str text = r->source->text;
    const uint32_t start = r->at;
    *out = (Sexpr){.kind = SEXPR_LIST, .pos = start};
    if (depth > DEPTH_MAX)
        return diag_error(r->diag, STATUS_LIMIT, r->source, start, "nested deeper than %u",
                          DEPTH_MAX);
    if (text.data[start] == '(') {
        r->at++;
        return read_items(r, depth, out);
    }
    if (text.data[start] == ')')
        return diag_error(r->diag, STATUS_SYNTAX, r->source, start, "unexpected ')'");
    if (text.data[start] == '"') {
        const char *const end = memchr(text.data + start + 1, '"', text.len - start - 1);
        if (!end)
            return diag_error(r->diag, STATUS_SYNTAX, r->source, start, "unterminated string");
        out->kind = SEXPR_STRING;
        out->text = (Str){text.data + start + 1, (size_t)(end - text.data) - start - 1};
        r->at = (uint32_t)(end - text.data) + 1;
        return STATUS_OK;
    }
    while (r->at < text.len && !ends_atom(text.data[r->at]))
        r->at++;
    out->kind = SEXPR_ATOM;
    out->text = (Str){text.data + start, r->at - start};
    return STATUS_OK;
}

Status sexpr_read(Arena *arena, Source *source, Sexpr *out, Diag *diag)
{
    if (source->text.len >= POS_NONE)
        return diag_error(diag, STATUS_LIMIT, source, POS_NONE, "file too large");
    Reader reader = {arena, source, diag, 0};
    *out = (Sexpr){.kind = SEXPR_LIST, .pos = 0};
    return read_items(&reader, 0, out);
}

void sexpr_print(const Sexpr *expr, StrBuf *out)
{
    switch (expr->kind) {
    case SEXPR_ATOM: buf_str(out, expr->text); return;
    case SEXPR_STRING: buf_printf(out, "\"%.*s\"", STR_ARG(expr->text)); return;
    case SEXPR_LIST:
        buf_char(out, '(');
        for (uint32_t i = 0; i < expr->num_items; i++) {
            if (i != 0)
                buf_char(out, ' ');
            sexpr_print(&expr->items[i], out);
        }
        buf_char(out, ')');
        return;
    }
    UNREACHABLE();
}
