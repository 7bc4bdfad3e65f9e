// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parses the operands of instructions, one shape for each format of formats.def.
//
// Lists are collected in p->list and p->calls and copied to the function's pool when they are
// complete; a list within a list (the arguments of a block call) uses the same stack above it.

#include "text/text_internal.h"

// ---- Words ----

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const Str intcc_words[] = {
#define INTCC(NAME, name, complement, swapped) {#name, sizeof(#name) - 1},
#include "ir/enums.def"
};
static const Str floatcc_words[] = {
#define FLOATCC(NAME, name, un, eq, lt, gt) {#name, sizeof(#name) - 1},
#include "ir/enums.def"
};
static const Str atomic_words[] = {
#define ATOMICOP(NAME, name) {#name, sizeof(#name) - 1},
#include "ir/enums.def"
};
static const Str trap_words[] = {
#define TRAPCODE(NAME, name, raw) {#name, sizeof(#name) - 1},
#include "ir/enums.def"
    {"user1", 5},
};

typedef struct MemWord {
    Str name;
    MemFlags bit;
} MemWord;

static const MemWord mem_words[] = {
    {{"aligned", 7}, MEM_ALIGNED}, {{"readonly", 8}, MEM_READONLY}, {{"can_move", 8}, MEM_CAN_MOVE},
    {{"little", 6}, MEM_LITTLE},   {{"big", 3}, MEM_BIG},
};

// Consumes one word of the `count` words and gives its index; `what` names them in messages.
static Status parse_word_of(Lexer *lx, const Str *words, size_t count, const char *what,
                            uint8_t *out)
{
    const Str word = lx->tok.text;
    if (!text_at(lx, TOK_WORD))
        return text_unexpected(lx, what);
    for (size_t i = 0; i < count; i++) {
        if (str_eq(word, words[i])) {
            *out = (uint8_t)i;
            text_lex_next(lx);
            return STATUS_OK;
        }
    }
    return text_unexpected_hint(lx, what, str_nearest(word, words, count));
}

static Status parse_trapcode(Lexer *lx, uint8_t *out)
{
    const Str word = lx->tok.text;
    *out = text_at(lx, TOK_WORD) ? trapcode_parse(word) : TRAP_NONE;
    if (*out == TRAP_NONE)
        return text_unexpected_hint(lx, "a trap code",
                                    text_at(lx, TOK_WORD)
                                        ? str_nearest(word, trap_words, COUNT(trap_words))
                                        : (Str){NULL, 0});
    text_lex_next(lx);
    return STATUS_OK;
}

// Applies the word at the present token to `flags`; false when it is no memory flag.
static bool apply_memflag(const Lexer *lx, MemFlags *flags)
{
    const Str word = lx->tok.text;
    if (str_eq(word, STR("notrap"))) {
        *flags &= ~(MemFlags)0xff;
        return true;
    }
    for (size_t i = 0; i < COUNT(mem_words); i++) {
        if (str_eq(word, mem_words[i].name)) {
            *flags |= mem_words[i].bit;
            return true;
        }
    }
    const TrapCode code = trapcode_parse(word);
    if (code == TRAP_NONE)
        return false;
    *flags = (*flags & ~(MemFlags)0xff) | code;
    return true;
}

static Status parse_region_flag(Lexer *lx, MemFlags *flags)
{
    if (*flags >> MEM_REGION_SHIFT != 0)
        return LEX_ERROR(lx, STATUS_SYNTAX, lx->tok.pos, "a second alias region");
    if (lx->tok.number > MEM_REGION_MAX)
        return LEX_ERROR(lx, STATUS_LIMIT, lx->tok.pos, "alias regions are numbered up to %d",
                         MEM_REGION_MAX);
    *flags |= (lx->tok.number + 1) << MEM_REGION_SHIFT;
    return STATUS_OK;
}

Status text_parse_memflags(Parser *p, MemFlags *out)
{
    Lexer *const lx = &p->lx;
    const uint32_t both = MEM_LITTLE | MEM_BIG;
    MemFlags flags = MEM_DEFAULT;
    for (;; text_lex_next(lx)) {
        if (text_at(lx, TOK_REGION)) {
            TRY(parse_region_flag(lx, &flags));
            continue;
        }
        if (!text_at(lx, TOK_WORD) || !apply_memflag(lx, &flags))
            break;
        if (UNLIKELY((flags & both) == both))
            return LEX_ERROR(lx, STATUS_SYNTAX, lx->tok.pos, "both `little` and `big`");
    }
    *out = flags;
    return STATUS_OK;
}

// "expected a value" where memory flags may come first: a suggestion for a mistyped flag.
static Status parse_memflags_then(Parser *p, uint32_t *out, uint32_t next_kind)
{
    Lexer *const lx = &p->lx;
    TRY(text_parse_memflags(p, out));
    if (LIKELY(next_kind == TOK_WORD || !text_at(lx, TOK_WORD)))
        return STATUS_OK;
    Str words[COUNT(mem_words) + 1 + COUNT(trap_words)] = {STR("notrap")};
    size_t n = 1;
    for (size_t i = 0; i < COUNT(mem_words); i++)
        words[n++] = mem_words[i].name;
    for (size_t i = 0; i < COUNT(trap_words); i++)
        words[n++] = trap_words[i];
    return text_unexpected_hint(lx, "a value or a memory flag",
                                str_nearest(lx->tok.text, words, n));
}

// ---- Numbers ----

static Status parse_u8(Parser *p, uint8_t *out)
{
    uint64_t n;
    TRY(text_lit_uint(&p->lx, UINT8_MAX, "a small number", &n));
    *out = (uint8_t)n;
    return STATUS_OK;
}

// An optional offset of 32 bits, which must have a sign.
static Status parse_offset(Parser *p, uint32_t *out)
{
    Lexer *const lx = &p->lx;
    if (!text_at(lx, TOK_INT))
        return STATUS_OK;
    const Token tok = lx->tok;
    if (*tok.text.data != '+' && *tok.text.data != '-')
        return text_unexpected(lx, "an offset with its sign");
    uint128 bits;
    TRY(text_lit_int(lx, 64, &bits));
    const int64_t n = (int64_t)(uint64_t)bits;
    if (n < INT32_MIN || n > INT32_MAX)
        return LEX_ERROR(lx, STATUS_SYNTAX, tok.pos, "the offset `%.*s` exceeds 32 bits",
                         TOKEN_ARG(tok.text));
    *out = (uint32_t)n;
    return STATUS_OK;
}

// The immediate of iconst, sign-extended from its type.
static Status parse_imm(Parser *p, InstData *data)
{
    const uint32_t width = type_bits(data->ctrl);
    uint128 bits;
    TRY(text_lit_int(&p->lx, width, &bits));
    const uint64_t imm = (uint64_t)((int64_t)((uint64_t)bits << (64 - width)) >> (64 - width));
    data->w[0] = (uint32_t)imm;
    data->w[1] = (uint32_t)(imm >> 32);
    return STATUS_OK;
}

static Status parse_float(Parser *p, Type type, InstData *data)
{
    uint8_t bytes[16] = {0};
    TRY(text_lit_scalar(&p->lx, type, bytes));
    for (uint32_t i = 0; i < 2; i++)
        data->w[i] = (uint32_t)bytes[4 * i] | (uint32_t)bytes[4 * i + 1] << 8 |
                     (uint32_t)bytes[4 * i + 2] << 16 | (uint32_t)bytes[4 * i + 3] << 24;
    return STATUS_OK;
}

// ---- References to declarations ----

#define PARSE_REF(function, token, table, what)                                     \
    static Status function(Parser *p, uint32_t *out)                                \
    {                                                                               \
        const Token tok = p->lx.tok;                                                \
        TRY(text_parse_entity(p, token, what, out));                                \
        if (LIKELY(*out < p->f->table.len && p->f->table.data[*out].declared))      \
            return STATUS_OK;                                                       \
        return LEX_ERROR(&p->lx, STATUS_INVALID, tok.pos, "`%.*s` is not declared", \
                         TOKEN_ARG(tok.text));                                      \
    }

PARSE_REF(parse_fn, TOK_FN, funcs, "a function: fnN")
PARSE_REF(parse_sig_ref, TOK_SIG, sigs, "a signature: sigN")
PARSE_REF(parse_gv, TOK_GV, globals, "a global value: gvN")
PARSE_REF(parse_ss, TOK_SS, slots, "a stack slot: ssN")
PARSE_REF(parse_dss, TOK_DSS, dyn_slots, "a dynamic stack slot: dssN")
PARSE_REF(parse_constant_ref, TOK_CONST, constants, "a constant: constN")

static Status parse_const_operand(Parser *p, InstData *data)
{
    Lexer *const lx = &p->lx;
    if (text_at(lx, TOK_CONST))
        return parse_constant_ref(p, &data->w[0]);
    const Type type = data->op == OP_F128CONST ? TYPE_F128 : data->ctrl;
    uint32_t size = type_bytes(type);
    if (data->op == OP_F128CONST && text_at(lx, TOK_FLOAT))
        TRY(text_lit_scalar(lx, type, p->bytes));
    else
        TRY(text_lit_bytes(lx, type, p->bytes, &size));
    data->w[0] = text_intern_constant(p, size).i;
    return STATUS_OK;
}

static Status parse_mask(Parser *p, InstData *data)
{
    uint32_t size;
    TRY(text_lit_bytes(&p->lx, TYPE_I8X16, p->bytes, &size));
    uint8_t *const mask = arena_alloc(p->arena, 16, 1);
    memcpy(mask, p->bytes, 16);
    data->w[2] = p->f->masks.len;
    VEC_PUSH(&p->scratch, &p->f->masks, mask);
    return STATUS_OK;
}

// ---- Lists and block calls ----

static Status parse_comma_value(Parser *p, uint32_t *out)
{
    TRY(text_expect(&p->lx, ','));
    return text_parse_value(p, out);
}

// Pushes values with commas between them onto p->list.
static Status parse_values(Parser *p)
{
    do {
        uint32_t value;
        TRY(text_parse_value(p, &value));
        VEC_PUSH(&p->scratch, &p->list, value);
    } while (text_accept(&p->lx, ','));
    return STATUS_OK;
}

// "(v1, v2)" onto p->list.
static Status parse_call_args(Parser *p)
{
    TRY(text_expect(&p->lx, '('));
    if (!text_at(&p->lx, ')'))
        TRY(parse_values(p));
    return text_expect(&p->lx, ')');
}

// The values of a return. They may be missing, and what follows may start with values that the next
// statement defines: a list in front of `=` or `->` belongs to that one.
static Status parse_return_values(Parser *p)
{
    Lexer *const lx = &p->lx;
    if (!text_at(lx, TOK_V))
        return STATUS_OK;
    const Lexer before = *lx;
    const uint32_t pending = p->pending.len;
    TRY(parse_values(p));
    if (text_at(lx, '=') || text_at(lx, TOK_ARROW)) {
        const uint32_t comments = before.comments.len;
        lx->cur = before.cur;
        lx->tok = before.tok;
        lx->comments.len = comments;
        p->pending.len = pending;
        p->list.len = 0;
    }
    return STATUS_OK;
}

static Status parse_block_arg(Parser *p, bool of_try, BlockArg *out)
{
    Lexer *const lx = &p->lx;
    const bool ret = text_at(lx, TOK_RET);
    uint32_t n;
    if (LIKELY(!ret && !text_at(lx, TOK_EXN))) {
        TRY(text_parse_value(p, &n));
        *out = blockarg_make(BLOCKARG_VALUE, n);
        return STATUS_OK;
    }
    if (!of_try)
        return LEX_ERROR(lx, STATUS_SYNTAX, lx->tok.pos,
                         "`%.*s` can only be given to a target of try_call",
                         TOKEN_ARG(lx->tok.text));
    TRY(text_parse_entity(p, ret ? TOK_RET : TOK_EXN, "a block argument", &n));
    *out = blockarg_make(ret ? BLOCKARG_RET : BLOCKARG_EXN, n);
    return STATUS_OK;
}

// A block call; *out is its index in f->calls.
static Status parse_block_call(Parser *p, bool of_try, uint32_t *out)
{
    Lexer *const lx = &p->lx;
    const uint32_t first = p->list.len;
    BlockCallData call;
    TRY(text_parse_block_ref(p, &call.block.i));
    if (text_accept(lx, '(') && !text_accept(lx, ')')) {
        do {
            BlockArg arg = {0};
            TRY(parse_block_arg(p, of_try, &arg));
            VEC_PUSH(&p->scratch, &p->list, arg.bits);
        } while (text_accept(lx, ','));
        TRY(text_expect(lx, ')'));
    }
    call.args = TAKE_LIST(p, &p->list, first);
    *out = p->f->calls.len;
    VEC_PUSH(&p->scratch, &p->f->calls, call);
    return STATUS_OK;
}

static Status push_block_call(Parser *p, bool of_try)
{
    uint32_t call;
    TRY(parse_block_call(p, of_try, &call));
    VEC_PUSH(&p->scratch, &p->calls, call);
    return STATUS_OK;
}

static Status parse_branch_table(Parser *p, InstData *data)
{
    Lexer *const lx = &p->lx;
    TRY(text_parse_value(p, &data->w[0]));
    TRY(text_expect(lx, ','));
    TRY(push_block_call(p, false));
    TRY(text_expect(lx, ','));
    TRY(text_expect(lx, '['));
    if (!text_at(lx, ']')) {
        do
            TRY(push_block_call(p, false));
        while (text_accept(lx, ','));
    }
    TRY(text_expect(lx, ']'));
    data->w[1] = TAKE_LIST(p, &p->calls, 0);
    return STATUS_OK;
}

// ---- Exception tables ----

typedef VEC(Handler) Handlers;

static Status parse_handler(Parser *p, Handlers *handlers)
{
    Lexer *const lx = &p->lx;
    Handler handler = {HANDLER_DEFAULT, 0, NO_INDEX, NO(Value)};
    if (text_accept_word(lx, STR("context"))) {
        handler.kind = HANDLER_CONTEXT;
        TRY(text_parse_value(p, &handler.context.i));
        VEC_PUSH(&p->scratch, handlers, handler);
        return STATUS_OK;
    }
    if (text_at(lx, TOK_TAG)) {
        handler.kind = HANDLER_TAG;
        handler.tag = lx->tok.number;
        text_lex_next(lx);
    } else if (!text_accept_word(lx, STR("default"))) {
        return text_unexpected(lx, "a handler: tagN, `default` or `context`");
    }
    TRY(text_expect(lx, ':'));
    handler.call = p->calls.len;
    TRY(push_block_call(p, true));
    VEC_PUSH(&p->scratch, handlers, handler);
    return STATUS_OK;
}

// ", sig0, block1(ret0), [tag0: block2(exn0), ...]"; *out is the table's index.
static Status parse_extable(Parser *p, uint32_t *out)
{
    Lexer *const lx = &p->lx;
    ExTableData table;
    Handlers handlers = {0};
    TRY(text_expect(lx, ','));
    TRY(parse_sig_ref(p, &table.sig.i));
    TRY(text_expect(lx, ','));
    TRY(push_block_call(p, true));
    TRY(text_expect(lx, ','));
    TRY(text_expect(lx, '['));
    if (!text_at(lx, ']')) {
        do
            TRY(parse_handler(p, &handlers));
        while (text_accept(lx, ','));
    }
    TRY(text_expect(lx, ']'));
    table.calls = TAKE_LIST(p, &p->calls, 0);
    table.num_handlers = handlers.len;
    table.handlers = arena_alloc(p->arena, sizeof(Handler) * handlers.len, _Alignof(Handler));
    if (handlers.len != 0)
        memcpy(table.handlers, handlers.data, sizeof(Handler) * handlers.len);
    *out = p->f->extables.len;
    VEC_PUSH(&p->scratch, &p->f->extables, table);
    return STATUS_OK;
}

// ---- Calls ----

// "fn0(v1)", "sig0, v0(v1)" and "v0(v1)": the callee's value, if it is one, is the list's first.
static Status parse_call(Parser *p, Format format, InstData *data)
{
    if (format == FMT_CALL || format == FMT_TRY_CALL)
        TRY(parse_fn(p, &data->w[0]));
    if (format == FMT_CALL_INDIRECT) {
        TRY(parse_sig_ref(p, &data->w[0]));
        TRY(text_expect(&p->lx, ','));
    }
    if (format == FMT_CALL_INDIRECT || format == FMT_TRY_CALL_INDIRECT) {
        uint32_t callee;
        TRY(text_parse_value(p, &callee));
        VEC_PUSH(&p->scratch, &p->list, callee);
    }
    TRY(parse_call_args(p));
    data->w[3] = TAKE_LIST(p, &p->list, 0);
    if (format == FMT_TRY_CALL || format == FMT_TRY_CALL_INDIRECT)
        return parse_extable(p, &data->w[1]);
    return STATUS_OK;
}

static Status parse_map_entry(Parser *p, StackMapEntry *out)
{
    uint64_t offset;
    TRY(text_parse_type(p, &out->type));
    TRY(text_expect(&p->lx, '@'));
    TRY(parse_ss(p, &out->slot.i));
    if (text_at(&p->lx, TOK_INT) && *p->lx.tok.text.data != '+')
        return text_unexpected(&p->lx, "`+` and an offset");
    TRY(text_lit_uint(&p->lx, UINT32_MAX, "an offset", &offset));
    out->offset = (uint32_t)offset;
    return STATUS_OK;
}

typedef VEC(StackMapEntry) StackMap;

Status text_parse_stack_map(Parser *p, Opcode op, InstExtra *extra)
{
    Lexer *const lx = &p->lx;
    if (!(ir_ops[op].flags & OPF_CALL) || (ir_ops[op].flags & OPF_RETURN) || op == OP_STACK_SWITCH)
        return STATUS_OK;
    if (LIKELY(!text_accept(lx, ',')))
        return STATUS_OK;
    if (!text_accept_word(lx, STR("stack_map")))
        return text_unexpected(lx, "`stack_map`");
    TRY(text_expect(lx, '='));
    TRY(text_expect(lx, '['));
    StackMap map = {0};
    while (!text_at(lx, ']')) {
        StackMapEntry entry;
        TRY(parse_map_entry(p, &entry));
        VEC_PUSH(&p->scratch, &map, entry);
        if (!text_accept(lx, ','))
            break;
    }
    TRY(text_expect(lx, ']'));
    extra->has_map = true;
    extra->num_map = map.len;
    extra->map = arena_alloc(p->arena, sizeof(StackMapEntry) * map.len, _Alignof(StackMapEntry));
    if (map.len != 0)
        memcpy(extra->map, map.data, sizeof(StackMapEntry) * map.len);
    return STATUS_OK;
}

static Status parse_handler_address(Parser *p, InstData *data)
{
    uint128 index;
    TRY(text_parse_block_ref(p, &data->w[0]));
    TRY(text_expect(&p->lx, ','));
    TRY(text_lit_int(&p->lx, 32, &index));
    data->w[2] = (uint32_t)index;
    return STATUS_OK;
}

// ---- All formats ----

Status text_parse_operands(Parser *p, InstData *data)
{
    Lexer *const lx = &p->lx;
    uint32_t *const w = data->w;
    const Format format = op_format((Opcode)data->op);
    switch (format) {
    case FMT_NULL_ARY: return STATUS_OK;
    case FMT_UNARY: return text_parse_value(p, &w[0]);
    case FMT_UNARY_IMM: return parse_imm(p, data);
    case FMT_UNARY_IEEE16: return parse_float(p, TYPE_F16, data);
    case FMT_UNARY_IEEE32: return parse_float(p, TYPE_F32, data);
    case FMT_UNARY_IEEE64: return parse_float(p, TYPE_F64, data);
    case FMT_UNARY_CONST: return parse_const_operand(p, data);
    case FMT_UNARY_GLOBAL_VALUE: return parse_gv(p, &w[0]);
    case FMT_BINARY: TRY(text_parse_value(p, &w[0])); return parse_comma_value(p, &w[1]);
    case FMT_BINARY_IMM8:
        TRY(text_parse_value(p, &w[0]));
        TRY(text_expect(lx, ','));
        return parse_u8(p, &data->aux);
    case FMT_TERNARY:
        TRY(text_parse_value(p, &w[0]));
        TRY(parse_comma_value(p, &w[1]));
        return parse_comma_value(p, &w[2]);
    case FMT_TERNARY_IMM8:
        TRY(text_parse_value(p, &w[0]));
        TRY(parse_comma_value(p, &w[1]));
        TRY(text_expect(lx, ','));
        return parse_u8(p, &data->aux);
    case FMT_MULTI_ARY:
        TRY(parse_return_values(p));
        w[3] = TAKE_LIST(p, &p->list, 0);
        return STATUS_OK;
    case FMT_SHUFFLE:
        TRY(text_parse_value(p, &w[0]));
        TRY(parse_comma_value(p, &w[1]));
        TRY(text_expect(lx, ','));
        return parse_mask(p, data);
    case FMT_INT_COMPARE:
        TRY(parse_word_of(lx, intcc_words, COUNT(intcc_words), "an integer condition", &data->aux));
        TRY(text_parse_value(p, &w[0]));
        return parse_comma_value(p, &w[1]);
    case FMT_FLOAT_COMPARE:
        TRY(parse_word_of(lx, floatcc_words, COUNT(floatcc_words), "a float condition",
                          &data->aux));
        TRY(text_parse_value(p, &w[0]));
        return parse_comma_value(p, &w[1]);
    case FMT_JUMP: return parse_block_call(p, false, &w[1]);
    case FMT_BRIF:
        TRY(text_parse_value(p, &w[0]));
        TRY(text_expect(lx, ','));
        TRY(parse_block_call(p, false, &w[1]));
        TRY(text_expect(lx, ','));
        return parse_block_call(p, false, &w[2]);
    case FMT_BRANCH_TABLE: return parse_branch_table(p, data);
    case FMT_CALL:
    case FMT_CALL_INDIRECT:
    case FMT_TRY_CALL:
    case FMT_TRY_CALL_INDIRECT: return parse_call(p, format, data);
    case FMT_FUNC_ADDR: return parse_fn(p, &w[0]);
    case FMT_STACK_ADDR: TRY(parse_ss(p, &w[0])); return parse_offset(p, &w[2]);
    case FMT_DYNAMIC_STACK_ADDR: return parse_dss(p, &w[0]);
    case FMT_LOAD:
        TRY(parse_memflags_then(p, &w[3], TOK_V));
        TRY(text_parse_value(p, &w[0]));
        return parse_offset(p, &w[2]);
    case FMT_STORE:
        TRY(parse_memflags_then(p, &w[3], TOK_V));
        TRY(text_parse_value(p, &w[0]));
        TRY(parse_comma_value(p, &w[1]));
        return parse_offset(p, &w[2]);
    case FMT_LOAD_NO_OFFSET:
        TRY(parse_memflags_then(p, &w[3], TOK_V));
        return text_parse_value(p, &w[0]);
    case FMT_STORE_NO_OFFSET:
        TRY(parse_memflags_then(p, &w[3], TOK_V));
        TRY(text_parse_value(p, &w[0]));
        return parse_comma_value(p, &w[1]);
    case FMT_ATOMIC_RMW:
        TRY(parse_memflags_then(p, &w[3], TOK_WORD));
        TRY(parse_word_of(lx, atomic_words, COUNT(atomic_words), "an atomic operator", &data->aux));
        TRY(text_parse_value(p, &w[0]));
        return parse_comma_value(p, &w[1]);
    case FMT_ATOMIC_CAS:
        TRY(parse_memflags_then(p, &w[3], TOK_V));
        TRY(text_parse_value(p, &w[0]));
        TRY(parse_comma_value(p, &w[1]));
        return parse_comma_value(p, &w[2]);
    case FMT_TRAP: return parse_trapcode(lx, &data->aux);
    case FMT_COND_TRAP:
        TRY(text_parse_value(p, &w[0]));
        TRY(text_expect(lx, ','));
        return parse_trapcode(lx, &data->aux);
    case FMT_INT_ADD_TRAP:
        TRY(text_parse_value(p, &w[0]));
        TRY(parse_comma_value(p, &w[1]));
        TRY(text_expect(lx, ','));
        return parse_trapcode(lx, &data->aux);
    case FMT_EXCEPTION_HANDLER_ADDRESS: return parse_handler_address(p, data);
    case FMT_COUNT: break;
    }
    UNREACHABLE();
}
