// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parses whole files: the test header and the functions.

#include "text/text_internal.h"

// ---- Header ----

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// Finds the first word of *rest and removes it, with the blanks before it.
static Str take_word(Str *rest)
{
    while (rest->len != 0 && is_blank(*rest->data))
        *rest = (Str){rest->data + 1, rest->len - 1};
    Str word = {rest->data, 0};
    while (rest->len != 0 && !is_blank(*rest->data)) {
        *rest = (Str){rest->data + 1, rest->len - 1};
        word.len++;
    }
    return word;
}

// Splits `rest`, the raw text of a header line, into words.
static void split_words(Parser *p, Str rest, HeaderLine *line)
{
    Str counted = rest;
    while (take_word(&counted).len != 0)
        line->num_words++;
    line->words = ARENA_ARRAY(p->arena, Str, line->num_words);
    line->word_pos = ARENA_ARRAY(p->arena, uint32_t, line->num_words);
    for (uint32_t i = 0; i < line->num_words; i++) {
        line->words[i] = take_word(&rest);
        line->word_pos[i] = p->lx.base_pos + (uint32_t)(line->words[i].data - p->lx.base);
    }
}

// `feature ["!"] "text"`: the words are an optional `!` and the text.
static Status parse_feature(Parser *p, HeaderLine *line)
{
    Lexer *const lx = &p->lx;
    line->words = ARENA_ARRAY(p->arena, Str, 2);
    line->word_pos = ARENA_ARRAY(p->arena, uint32_t, 2);
    text_lex_next(lx);
    if (text_at(lx, '!')) {
        line->words[0] = lx->tok.text;
        line->word_pos[line->num_words++] = lx->tok.pos;
        text_lex_next(lx);
    }
    if (!text_at(lx, TOK_STRING))
        return text_unexpected(lx, "the name of a feature in quotes");
    line->words[line->num_words] = lx->tok.text;
    line->word_pos[line->num_words++] = lx->tok.pos;
    text_lex_next(lx);
    return STATUS_OK;
}

static const Str header_words[] = {{"test", 4}, {"set", 3}, {"target", 6}, {"feature", 7}};

// Reads the lines before the functions. They come in the order test; set and target; feature.
static Status parse_header(Parser *p)
{
    Lexer *const lx = &p->lx;
    ClifFile *const file = p->file;
    HeaderKind reached = HEADER_TEST;
    uint32_t last_set = POS_NONE; // the last `set` without a `target` behind it
    bool seen_target = false;
    for (;;) {
        uint32_t kind = HEADER_TEST;
        while (kind <= HEADER_FEATURE && !text_at_word(lx, header_words[kind]))
            kind++;
        if (kind > HEADER_FEATURE)
            break;
        HeaderLine line = {.kind = (HeaderKind)kind, .pos = lx->tok.pos};
        const bool settings = kind == HEADER_SET || kind == HEADER_TARGET;
        if (kind < reached && !(settings && reached <= HEADER_TARGET))
            return LEX_ERROR(lx, STATUS_SYNTAX, line.pos, "`%.*s` lines come before `%.*s` lines",
                             STR_ARG(header_words[kind]), STR_ARG(header_words[reached]));
        reached = kind > reached ? (HeaderKind)kind : reached;
        if (kind == HEADER_FEATURE)
            TRY(parse_feature(p, &line));
        else
            split_words(p, text_lex_rest_of_line(lx), &line);
        if (kind != HEADER_FEATURE && line.num_words == 0)
            return LEX_ERROR(lx, STATUS_SYNTAX, line.pos, "`%.*s` says nothing",
                             STR_ARG(header_words[kind]));
        if (kind == HEADER_TEST && str_eq(line.words[0], STR("run")))
            p->default_callconv = CC_SYSTEM_V;
        last_set = kind == HEADER_SET ? line.pos : kind == HEADER_TARGET ? POS_NONE : last_set;
        seen_target |= kind == HEADER_TARGET;
        VEC_PUSH(p->arena, &file->header, line);
    }
    if (seen_target && last_set != POS_NONE)
        return LEX_ERROR(lx, STATUS_SYNTAX, last_set,
                         "this `set` comes after the last `target` and has no effect");
    return STATUS_OK;
}

// ---- Files ----

// Moves the comments gathered so far into the final arena, at exact size.
static Comment *take_comments(Parser *p, uint32_t *count)
{
    *count = p->lx.comments.len;
    Comment *const comments = ARENA_ARRAY(p->arena, Comment, *count);
    if (*count != 0)
        memcpy(comments, p->lx.comments.data, sizeof(Comment) * *count);
    p->lx.comments.len = p->claimed = 0;
    return comments;
}

static Status parse_functions(Parser *p)
{
    Lexer *const lx = &p->lx;
    while (!text_at(lx, TOK_EOF)) {
        if (!text_at_word(lx, STR("function"))) {
            const Str words[] = {STR("function"), header_words[0], header_words[1], header_words[2],
                                 header_words[3]};
            const Str nearest =
                text_at(lx, TOK_WORD) ? str_nearest(lx->tok.text, words, 5) : (Str){NULL, 0};
            return text_unexpected_hint(lx, "`function`",
                                        str_eq(nearest, lx->tok.text) ? (Str){NULL, 0} : nearest);
        }
        FuncText text = {0};
        TRY(text_parse_func(p, &text));
        text.comments = take_comments(p, &text.num_comments);
        if (lx->arena)
            VEC_PUSH(p->arena, &p->file->texts, text);
    }
    return STATUS_OK;
}

static Status parse_file(Parser *p, const ParseOptions *options)
{
    Lexer *const lx = &p->lx;
    ClifFile *const file = p->file;
    text_lex_next(lx);
    TRY(parse_header(p));
    uint32_t count;
    Comment *const preamble = take_comments(p, &count);
    file->preamble.data = preamble;
    file->preamble.len = file->preamble.cap = count;
    TRY(parse_functions(p));
    if (!options->require_test)
        return STATUS_OK;
    if (file->header.len == 0 || file->header.data[0].kind != HEADER_TEST)
        return LEX_ERROR(lx, STATUS_SYNTAX, 0, "a file test needs a `test` line at its head");
    if (file->module.funcs.len == 0)
        return LEX_ERROR(lx, STATUS_SYNTAX, lx->tok.pos, "a file test needs a function");
    return STATUS_OK;
}

// What number gaps may cost: this, and some more for each byte of the text.
enum { GAP_BYTES = 1 << 27, GAP_BYTES_PER_BYTE = 64 };

Status text_parse_file(Arena *arena, Str path, Str text, const ParseOptions *options,
                       ClifFile **out, Diag *diag)
{
    *out = NULL;
    if (text.len >= POS_NONE) {
        Source nameless = {.path = path};
        return diag_error(diag, STATUS_LIMIT, &nameless, POS_NONE, "the text is longer than 4 GiB");
    }
    const Str bytes = text.data ? text : STR("");
    ClifFile *const file = ARENA_NEW(arena, ClifFile);
    file->source = (Source){.path = path, .text = bytes, .arena = arena};
    file->module.arena = arena;
    Parser p = {
        .arena = arena,
        .scratch = {.on_oom = arena->on_oom, .oom_context = arena->oom_context},
        .file = file,
        .default_callconv = CC_FAST,
        .gap_bytes = GAP_BYTES + (uint64_t)GAP_BYTES_PER_BYTE * bytes.len,
        .lx = {.cur = bytes.data,
               .end = bytes.data + bytes.len,
               .base = bytes.data,
               .source = &file->source,
               .diag = diag},
    };
    p.lx.arena = options->keep_comments ? &p.scratch : NULL;
    p.f = func_new(&p.scratch, (ExtName){0}, (Signature){0});
    text_op_index_init(&p.ops);
    const Status status = parse_file(&p, options);
    arena_free(&p.scratch);
    if (status == STATUS_OK)
        *out = file;
    return status;
}
