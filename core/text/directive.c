// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parses run directives and the data in them. The types come from the signature of the function
// that owns the comment.

#include "text/text_internal.h"

static Status parse_data(Lexer *lx, Type type, DataValue *out)
{
    *out = (DataValue){.type = type};
    if (type == TYPE_INVALID || type_is_dynamic(type) || type_bytes(type) > sizeof(out->bytes))
        return LEX_ERROR(lx, STATUS_UNSUPPORTED, lx->tok.pos,
                         "data of type %.*s can't be written: at most 16 bytes",
                         STR_ARG(type_name(lx->diag->arena, type)));
    if (!type_is_vector(type))
        return text_lit_scalar(lx, type, out->bytes);
    uint8_t bytes[LIT_BYTES_MAX];
    uint32_t size;
    TRY(text_lit_bytes(lx, type, bytes, &size));
    memcpy(out->bytes, bytes, size);
    return STATUS_OK;
}

// "heap" with an optional "+8": an address in the heap region, in an argument of pointer type.
static Status parse_heap(Lexer *lx, Type type, RunArg *out)
{
    if (type != TYPE_I64 && type != TYPE_I32)
        return LEX_ERROR(lx, STATUS_INVALID, lx->tok.pos,
                         "`heap` is an address: i64 or i32, but the parameter is %.*s",
                         STR_ARG(type_name(lx->diag->arena, type)));
    text_lex_next(lx);
    uint64_t offset = 0;
    if (text_at(lx, TOK_INT)) {
        if (*lx->tok.text.data != '+')
            return text_unexpected(lx, "`+` and an offset in the heap");
        TRY(text_lit_uint(lx, type == TYPE_I32 ? UINT32_MAX : UINT64_MAX, "an offset", &offset));
    }
    out->is_heap = true;
    out->value = data_from_u64(type, offset);
    return STATUS_OK;
}

// "(1, 2)": exactly the parameters.
static Status parse_args(Lexer *lx, Arena *arena, const Signature *sig, RunDirective *out)
{
    out->args = ARENA_ARRAY(arena, RunArg, sig->num_params);
    TRY(text_expect(lx, '('));
    for (uint32_t i = 0; i < sig->num_params; i++) {
        if (text_at(lx, ')'))
            return LEX_ERROR(lx, STATUS_SYNTAX, lx->tok.pos, "expected %u arguments, found %u",
                             sig->num_params, i);
        if (i != 0)
            TRY(text_expect(lx, ','));
        if (text_at_word(lx, STR("heap")))
            TRY(parse_heap(lx, sig->params[i].type, &out->args[i]));
        else
            TRY(parse_data(lx, sig->params[i].type, &out->args[i].value));
        out->num_args++;
    }
    if (text_at(lx, ','))
        return LEX_ERROR(lx, STATUS_SYNTAX, lx->tok.pos, "expected only %u arguments",
                         sig->num_params);
    return text_expect(lx, ')');
}

// "==" or "!="
static Status parse_compare(Lexer *lx, RunCompare *out)
{
    *out = text_at(lx, '!') ? RUN_CMP_NE : RUN_CMP_EQ;
    if (!text_at(lx, '=') && !text_at(lx, '!'))
        return text_unexpected(lx, "`==` or `!=`");
    text_lex_next(lx);
    return text_expect(lx, '=');
}

static Status parse_trap(Lexer *lx, RunDirective *out)
{
    if (out->compare != RUN_CMP_EQ)
        return LEX_ERROR(lx, STATUS_SYNTAX, lx->tok.pos, "a trap is expected with `==`");
    text_lex_next(lx);
    out->trap = text_at(lx, TOK_WORD) ? trapcode_parse(lx->tok.text) : TRAP_NONE;
    if (out->trap == TRAP_NONE)
        return text_unexpected(lx, "a trap code");
    text_lex_next(lx);
    return STATUS_OK;
}

// One datum for one return value, else a list in brackets.
static Status parse_results(Lexer *lx, Arena *arena, const Signature *sig, RunDirective *out)
{
    const uint32_t n = sig->num_returns;
    out->results = ARENA_ARRAY(arena, DataValue, n);
    if (n != 1)
        TRY(text_expect(lx, '['));
    for (uint32_t i = 0; i < n; i++) {
        if (i != 0)
            TRY(text_expect(lx, ','));
        TRY(parse_data(lx, sig->returns[i].type, &out->results[i]));
        out->num_results++;
    }
    return n == 1 ? STATUS_OK : text_expect(lx, ']');
}

// A directive without a call: `run` checks that a function of no arguments returns other than 0.
static Status parse_bare(Lexer *lx, Arena *arena, const Signature *sig, RunDirective *out)
{
    const bool boolean = sig->num_returns == 1 && type_is_int(sig->returns[0].type) &&
                         !type_is_vector(sig->returns[0].type);
    if (sig->num_params != 0)
        return LEX_ERROR(lx, STATUS_SYNTAX, out->pos,
                         "a `%s` without a call needs a function without parameters",
                         out->kind == RUN_RUN ? "run" : "print");
    if (out->kind == RUN_PRINT)
        return STATUS_OK;
    if (!boolean)
        return LEX_ERROR(lx, STATUS_SYNTAX, out->pos,
                         "a `run` without a call needs a function that returns one integer");
    out->compare = RUN_CMP_NE;
    out->num_results = 1;
    out->results = ARENA_NEW(arena, DataValue);
    *out->results = data_from_u64(TYPE_I8, 0);
    return STATUS_OK;
}

Status text_parse_directive(Arena *arena, Source *source, const Comment *comment,
                            const Signature *sig, RunDirective *out, Diag *diag)
{
    *out = (RunDirective){.kind = RUN_NONE};
    Lexer lexer = {.cur = comment->text.data,
                   .end = comment->text.data + comment->text.len,
                   .base = comment->text.data,
                   .base_pos = comment->pos,
                   .source = source,
                   .diag = diag};
    Lexer *const lx = &lexer;
    while (lx->cur != lx->end && (*lx->cur == ';' || *lx->cur == ' '))
        lx->cur++;
    text_lex_next(lx);
    const bool run = text_at_word(lx, STR("run"));
    if (!run && !text_at_word(lx, STR("print")))
        return STATUS_OK;
    out->kind = run ? RUN_RUN : RUN_PRINT;
    out->pos = lx->tok.pos;
    text_lex_next(lx);
    if (!text_accept(lx, ':'))
        return parse_bare(lx, arena, sig, out);
    out->has_call = true;
    TRY(text_parse_func_name(lx, &out->name));
    TRY(parse_args(lx, arena, sig, out));
    if (!run)
        return STATUS_OK;
    TRY(parse_compare(lx, &out->compare));
    if (text_at_word(lx, STR("trap")))
        return parse_trap(lx, out);
    return parse_results(lx, arena, sig, out);
}

Status text_parse_data(Arena *arena, Str text, Type type, DataValue *out, Diag *diag)
{
    (void)arena;
    Lexer lexer = {.cur = text.data, .end = text.data + text.len, .base = text.data, .diag = diag};
    text_lex_next(&lexer);
    TRY(parse_data(&lexer, type, out));
    return text_at(&lexer, TOK_EOF) ? STATUS_OK : text_unexpected(&lexer, "nothing more");
}
