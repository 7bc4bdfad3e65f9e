// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parses functions: head, blocks, statements. Values and blocks may be used before they are
// defined; uses of values are written down and checked at the end.

#include "text/text_internal.h"

// ---- Comments ----

void text_claim_comments(Parser *p, EntityKind kind, uint32_t index)
{
    p->last = (EntityRef){kind, index};
    for (; p->claimed < p->lx.comments.len; p->claimed++)
        p->lx.comments.data[p->claimed].at = p->last;
}

// ---- Numbers ----

Status text_charge_gap(Parser *p, uint64_t count, size_t size, uint32_t pos)
{
    const uint64_t bytes = count * size;
    if (LIKELY(bytes <= p->gap_bytes)) {
        p->gap_bytes -= bytes;
        return STATUS_OK;
    }
    return LEX_ERROR(&p->lx, STATUS_LIMIT, pos, "the gaps between the numbers are too large");
}

Status text_parse_entity(Parser *p, uint32_t kind, const char *what, uint32_t *out)
{
    Lexer *const lx = &p->lx;
    if (UNLIKELY(lx->tok.kind != kind))
        return text_unexpected(lx, what);
    if (UNLIKELY(lx->tok.number > ENTITY_MAX))
        return LEX_ERROR(lx, STATUS_LIMIT, lx->tok.pos, "the number of `%.*s` exceeds %u",
                         TOKEN_ARG(lx->tok.text), ENTITY_MAX);
    *out = lx->tok.number;
    text_lex_next(lx);
    return STATUS_OK;
}

// ---- Values ----

Status text_parse_value(Parser *p, uint32_t *out)
{
    const uint32_t pos = p->lx.tok.pos;
    TRY(text_parse_entity(p, TOK_V, "a value", out));
    if (LIKELY(text_value_defined(p, *out)))
        return STATUS_OK;
    const PendingValue use = {*out, pos};
    VEC_PUSH(&p->scratch, &p->pending, use);
    return STATUS_OK;
}

Status text_define_value(Parser *p, uint32_t value, uint32_t pos, ValueData data)
{
    Func *const f = p->f;
    if (UNLIKELY(text_value_defined(p, value)))
        return LEX_ERROR(&p->lx, STATUS_INVALID, pos, "v%u is defined twice", value);
    if (LIKELY(value == f->values.len)) {
        VEC_PUSH(&p->scratch, &f->values, data);
        return STATUS_OK;
    }
    if (value > f->values.len) {
        const uint32_t gap = value - f->values.len;
        TRY(text_charge_gap(p, gap, sizeof(ValueData), pos));
        VEC_PUSH_ZEROED(&p->scratch, &f->values, gap + 1);
    }
    f->values.data[value] = data;
    return STATUS_OK;
}

// Aliases of aliases may be chained this deep; beyond, an alias names the chain's end, so that
// following one takes bounded time.
enum { ALIAS_DEPTH = 64 };

// The `-> v1` of an alias v0 -> v1.
static Status parse_alias(Parser *p, uint32_t alias, uint32_t pos)
{
    Lexer *const lx = &p->lx;
    Func *const f = p->f;
    text_lex_next(lx);
    const uint32_t of_pos = lx->tok.pos;
    uint32_t of = 0;
    TRY(text_parse_entity(p, TOK_V, "a value", &of));
    if (!text_value_defined(p, of))
        return LEX_ERROR(lx, STATUS_INVALID, of_pos,
                         "v%u must be defined before it gets another name", of);
    const bool chained = value_kind(f, (Value){of}) == VALUE_ALIAS;
    const uint32_t depth = chained ? f->values.data[of].num + 1u : 1;
    const uint32_t target = depth > ALIAS_DEPTH ? ir_resolve(f, (Value){of}).i : of;
    const ValueData data = {(uint32_t)VALUE_ALIAS << 30 | target, f->values.data[of].type,
                            (uint16_t)(depth > ALIAS_DEPTH ? 1 : depth)};
    if (text_value_defined(p, alias) && f->values.data[alias].def == data.def)
        return STATUS_OK; // said before
    return text_define_value(p, alias, pos, data);
}

// Every value used must have been defined.
static Status check_pending(Parser *p)
{
    for (uint32_t i = 0; i < p->pending.len; i++) {
        const PendingValue use = p->pending.data[i];
        if (!text_value_defined(p, use.value))
            return LEX_ERROR(&p->lx, STATUS_INVALID, use.pos, "v%u is used but never defined",
                             use.value);
    }
    return STATUS_OK;
}

// ---- Blocks ----

Status text_parse_block_ref(Parser *p, uint32_t *out)
{
    Lexer *const lx = &p->lx;
    Func *const f = p->f;
    const uint32_t pos = lx->tok.pos;
    TRY(text_parse_entity(p, TOK_BLOCK, "a block", out));
    if (LIKELY(*out < f->blocks.len))
        return STATUS_OK;
    if (*out >= BLOCK_NUMBERS)
        return LEX_ERROR(lx, STATUS_LIMIT, pos, "block%u: blocks are numbered below %d", *out,
                         BLOCK_NUMBERS);
    TRY(text_charge_gap(p, *out - f->blocks.len, sizeof(BlockData), pos));
    while (f->blocks.len <= *out) {
        const Block dummy = func_add_block(f);
        f->blocks.data[dummy.i].declared = false;
    }
    return STATUS_OK;
}

// "(v0: i32, v1: i64)" of a block header, if it is there.
static Status parse_block_params(Parser *p, uint32_t block)
{
    Lexer *const lx = &p->lx;
    if (!text_accept(lx, '(') || text_accept(lx, ')'))
        return STATUS_OK;
    p->list.len = 0;
    do {
        const uint32_t pos = lx->tok.pos;
        uint32_t value = 0;
        ValueData data = {(uint32_t)VALUE_PARAM << 30 | block, TYPE_INVALID, (uint16_t)p->list.len};
        if (UNLIKELY(p->list.len == UINT16_MAX))
            return LEX_ERROR(lx, STATUS_LIMIT, pos, "more than %d parameters", UINT16_MAX);
        TRY(text_parse_entity(p, TOK_V, "a value", &value));
        TRY(text_expect(lx, ':'));
        TRY(text_parse_type(p, &data.type));
        TRY(text_define_value(p, value, pos, data));
        VEC_PUSH(&p->scratch, &p->list, value);
    } while (text_accept(lx, ','));
    p->f->blocks.data[block].params = TAKE_LIST(p, &p->list, 0);
    return text_expect(lx, ')');
}

static Status parse_block_header(Parser *p, Block *out)
{
    Lexer *const lx = &p->lx;
    Func *const f = p->f;
    const uint32_t pos = lx->tok.pos;
    TRY(text_parse_block_ref(p, &out->i));
    BlockData *const data = &f->blocks.data[out->i];
    if (data->declared)
        return LEX_ERROR(lx, STATUS_INVALID, pos, "block%u is defined twice", out->i);
    data->declared = true;
    data->pos = pos;
    func_append_block(f, *out);
    TRY(parse_block_params(p, out->i));
    data->cold = text_accept_word(lx, STR("cold"));
    TRY(text_expect(lx, ':'));
    text_claim_comments(p, ENTITY_BLOCK, out->i);
    return STATUS_OK;
}

// ---- Statements ----

typedef VEC(DebugTag) DebugTags;

// "<1, ss0>"
static Status parse_tags(Parser *p, InstExtra *extra)
{
    Lexer *const lx = &p->lx;
    DebugTags tags = {0};
    text_lex_next(lx);
    while (!text_at(lx, '>')) {
        DebugTag tag = {.is_slot = text_at(lx, TOK_SS)};
        const Token tok = lx->tok;
        if (tag.is_slot) {
            TRY(text_parse_entity(p, TOK_SS, "a stack slot", &tag.index));
            if (tag.index >= p->f->slots.len || !p->f->slots.data[tag.index].declared)
                return LEX_ERROR(lx, STATUS_INVALID, tok.pos, "`%.*s` is not declared",
                                 TOKEN_ARG(tok.text));
        } else {
            uint64_t n;
            TRY(text_lit_uint(lx, UINT32_MAX, "a debug tag", &n));
            tag.index = (uint32_t)n;
        }
        VEC_PUSH(&p->scratch, &tags, tag);
        if (!text_accept(lx, ','))
            break;
    }
    TRY(text_expect(lx, '>'));
    extra->has_tags = tags.len != 0;
    extra->num_tags = tags.len;
    extra->tags = arena_alloc(p->arena, sizeof(DebugTag) * tags.len, _Alignof(DebugTag));
    if (tags.len != 0)
        memcpy(extra->tags, tags.data, sizeof(DebugTag) * tags.len);
    return STATUS_OK;
}

static void set_srcloc(Parser *p, Inst inst, uint32_t srcloc)
{
    Func *const f = p->f;
    if (srcloc == NO_INDEX)
        return;
    if (f->srclocs.len == 0) {
        VEC_PUSH_ZEROED(&p->scratch, &f->srclocs, f->insts.len);
        memset(f->srclocs.data, 0xff, sizeof(uint32_t) * f->insts.len);
    }
    f->srclocs.data[inst.i] = srcloc;
}

// Adds the debug tags of a statement to what the instruction has already.
static void add_tags(Parser *p, Inst inst, InstExtra tags)
{
    Func *const f = p->f;
    const uint32_t found = map_get(&f->extras_of, inst.i);
    if (found == MAP_NONE) {
        func_set_extra(f, inst, tags);
        return;
    }
    InstExtra *const extra = &f->extras.data[found];
    extra->tags = tags.tags;
    extra->num_tags = tags.num_tags;
    extra->has_tags = true;
}

// "v1, v2 =" into p->results; *alias: it was "v1 ->" and the arrow is the present token.
static Status parse_results(Parser *p, bool *alias)
{
    Lexer *const lx = &p->lx;
    do {
        uint32_t value = 0;
        TRY(text_parse_entity(p, TOK_V, "a value", &value));
        VEC_PUSH(&p->scratch, &p->results, value);
    } while (text_accept(lx, ','));
    *alias = p->results.len == 1 && text_at(lx, TOK_ARROW);
    return *alias ? STATUS_OK : text_expect(lx, '=');
}

static Status parse_statement(Parser *p, Block block)
{
    Lexer *const lx = &p->lx;
    InstExtra tags = {0};
    uint32_t srcloc = NO_INDEX;
    if (UNLIKELY(text_at(lx, '<')))
        TRY(parse_tags(p, &tags));
    if (UNLIKELY(text_at(lx, TOK_SRCLOC))) {
        srcloc = lx->tok.number;
        text_lex_next(lx);
    }
    const uint32_t pos = lx->tok.pos;
    bool alias = false;
    p->results.len = 0;
    if (text_at(lx, TOK_V))
        TRY(parse_results(p, &alias));
    if (UNLIKELY(alias)) {
        TRY(parse_alias(p, p->results.data[0], pos));
        text_claim_comments(p, p->last.kind, p->last.index);
        return STATUS_OK;
    }
    Inst inst;
    TRY(text_parse_inst(p, block, pos, &inst));
    set_srcloc(p, inst, srcloc);
    if (UNLIKELY(tags.has_tags))
        add_tags(p, inst, tags);
    text_claim_comments(p, ENTITY_INST, inst.i);
    return STATUS_OK;
}

static Status parse_body(Parser *p)
{
    Lexer *const lx = &p->lx;
    if (!text_at(lx, TOK_BLOCK) && !text_at(lx, '}'))
        return text_unexpected(lx, "a declaration, a block or `}`");
    Block block = NO(Block);
    while (!text_at(lx, '}')) {
        if (text_at(lx, TOK_BLOCK))
            TRY(parse_block_header(p, &block));
        else
            TRY(parse_statement(p, block));
    }
    TRY(check_pending(p));
    return text_settle_types(p);
}

// ---- Functions ----

// Forgets the last function, keeping the memory of its tables.
static void reset_tables(Parser *p)
{
    Func *const f = p->f;
    f->insts.len = f->nodes.len = f->inst_pos.len = 0;
    f->values.len = f->blocks.len = f->calls.len = f->extables.len = 0;
    f->pool.len = 1; // LIST_EMPTY
    f->slots.len = f->dyn_slots.len = f->dyn_types.len = f->globals.len = 0;
    f->sigs.len = f->funcs.len = f->constants.len = f->regions.len = f->masks.len = 0;
    f->srclocs.len = f->extras.len = 0;
    f->extras_of = (Map){0};
    f->first_block = f->last_block = NO(Block);
    f->stack_limit = NO(GlobalValue);
    f->stack_limit_pos = POS_NONE;
    p->pending.len = p->retype.len = p->user_names.len = 0;
    p->user_numbers = p->constant_of = (Map){0};
}

static Status parse_head(Parser *p)
{
    Lexer *const lx = &p->lx;
    p->f->pos = lx->tok.pos;
    p->last = (EntityRef){ENTITY_FUNC, 0};
    text_lex_next(lx);
    TRY(text_parse_func_name(lx, &p->f->name));
    TRY(text_parse_signature(p, &p->f->sig));
    if (text_at(lx, TOK_WORD)) {
        static const Str words[] = {
#define CALLCONV(NAME, name, exceptions, payloads) {#name, sizeof(#name) - 1},
#include "ir/enums.def"
        };
        return text_unexpected_hint(lx, "`{` or a calling convention",
                                    str_nearest(lx->tok.text, words, CC_COUNT));
    }
    TRY(text_expect(lx, '{'));
    text_claim_comments(p, ENTITY_FUNC, 0);
    return STATUS_OK;
}

Status text_parse_func(Parser *p, FuncText *text)
{
    Lexer *const lx = &p->lx;
    reset_tables(p);
    TRY(parse_head(p));
    TRY(text_parse_decls(p));
    TRY(parse_body(p));
    text->start = p->f->pos;
    text->end = lx->tok.pos + 1;
    Func *const done = ARENA_NEW(p->arena, Func);
    *done = *p->f;
    func_compact(done, p->arena);
    VEC_PUSH(p->arena, &p->file->module.funcs, done);
    text_lex_next(lx); // the comments behind the brace are the function's
    text_claim_comments(p, ENTITY_FUNC, 0);
    return STATUS_OK;
}
