// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parses types, signatures and the declarations at the head of a function.
//
// Declarations come in any order and may leave gaps in their numbers. What refers to a later one
// (global values, dynamic types and slots, the stack limit) is checked when all are read.

#include "text/text_internal.h"

// Grows a table of declarations so that it has `index`, the gap filled with cleared dummies, and
// reports a second declaration. Needs `p`, and `pos` of the entity; leaves through TRY.
#define DECLARE(vec, index, prefix)                                                                \
    do {                                                                                           \
        if ((index) >= (vec)->len) {                                                               \
            const uint32_t gap_ = (index) - (vec)->len;                                            \
            TRY(text_charge_gap(p, gap_, sizeof(*(vec)->data), pos));                              \
            VEC_PUSH_ZEROED(&p->scratch, (vec), gap_ + 1);                                         \
        } else if ((vec)->data[(index)].declared) {                                                \
            return LEX_ERROR(&p->lx, STATUS_INVALID, pos, prefix "%u is declared twice", (index)); \
        }                                                                                          \
    } while (0)

// ---- Types ----

static Str nearest_type(Str word)
{
    static const Str names[] = {
#define TYPE(NAME, name, code, bits, kind) {#name, sizeof(#name) - 1},
#include "ir/types.def"
        {"i8x16", 5}, {"i16x8", 5}, {"i32x4", 5}, {"i64x2", 5}, {"f32x4", 5}, {"f64x2", 5},
    };
    return str_nearest(word, names, sizeof(names) / sizeof(names[0]));
}

Status text_parse_type(Parser *p, Type *out)
{
    Lexer *const lx = &p->lx;
    const Token tok = lx->tok;
    if (LIKELY(tok.kind == TOK_WORD)) {
        *out = type_parse(tok.text);
        if (UNLIKELY(*out == TYPE_INVALID))
            return text_unexpected_hint(lx, "a type", nearest_type(tok.text));
        text_lex_next(lx);
        return STATUS_OK;
    }
    if (tok.kind != TOK_DT || !p->f)
        return text_unexpected(lx, "a type");
    if (tok.number >= p->f->dyn_types.len || !p->f->dyn_types.data[tok.number].declared)
        return LEX_ERROR(lx, STATUS_INVALID, tok.pos, "`%.*s` is not declared",
                         TOKEN_ARG(tok.text));
    *out = p->f->dyn_types.data[tok.number].base | TYPE_DYNAMIC_BIT;
    text_lex_next(lx);
    return STATUS_OK;
}

// A fixed vector type.
static Status parse_vector_type(Parser *p, Type *out)
{
    const uint32_t pos = p->lx.tok.pos;
    TRY(text_parse_type(p, out));
    if (!type_is_vector(*out) || type_is_dynamic(*out))
        return LEX_ERROR(&p->lx, STATUS_SYNTAX, pos, "expected a vector type, found %.*s",
                         STR_ARG(type_name(p->lx.diag->arena, *out)));
    return STATUS_OK;
}

// ---- Signatures ----

// The size of an sarg.
static Status parse_sarg_size(Lexer *lx, uint32_t *out)
{
    uint64_t size;
    TRY(text_expect(lx, '('));
    TRY(text_lit_uint(lx, UINT32_MAX, "a size", &size));
    *out = (uint32_t)size;
    return text_expect(lx, ')');
}

static Status parse_abi_param(Parser *p, AbiParam *out)
{
    Lexer *const lx = &p->lx;
    *out = (AbiParam){.purpose = PURPOSE_NORMAL};
    TRY(text_parse_type(p, &out->type));
    while (text_at(lx, TOK_WORD)) {
        const Purpose purpose = purpose_parse(lx->tok.text);
        if (text_at_word(lx, STR("uext")))
            out->extension = EXT_UEXT;
        else if (text_at_word(lx, STR("sext")))
            out->extension = EXT_SEXT;
        else if (purpose != PURPOSE_COUNT)
            out->purpose = (uint8_t)purpose;
        else
            break;
        text_lex_next(lx);
        out->size = purpose == PURPOSE_COUNT ? out->size : 0;
        if (purpose == PURPOSE_SARG)
            TRY(parse_sarg_size(lx, &out->size));
    }
    return STATUS_OK;
}

typedef VEC(AbiParam) AbiParams;

static Status parse_abi_list(Parser *p, AbiParam **out, uint32_t *count)
{
    AbiParams params = {0};
    do {
        AbiParam param;
        TRY(parse_abi_param(p, &param));
        VEC_PUSH(&p->scratch, &params, param);
    } while (text_accept(&p->lx, ','));
    *count = params.len;
    *out = arena_alloc(p->arena, sizeof(AbiParam) * params.len, _Alignof(AbiParam));
    memcpy(*out, params.data, sizeof(AbiParam) * params.len);
    return STATUS_OK;
}

Status text_parse_signature(Parser *p, Signature *out)
{
    Lexer *const lx = &p->lx;
    *out = (Signature){.callconv = p->default_callconv};
    TRY(text_expect(lx, '('));
    if (!text_accept(lx, ')')) {
        TRY(parse_abi_list(p, &out->params, &out->num_params));
        TRY(text_expect(lx, ')'));
    }
    if (text_accept(lx, TOK_ARROW))
        TRY(parse_abi_list(p, &out->returns, &out->num_returns));
    if (!text_at(lx, TOK_WORD))
        return STATUS_OK;
    const CallConv callconv = callconv_parse(lx->tok.text);
    if (callconv == CC_COUNT) // a word of what follows, or a mistake that the caller sees
        return STATUS_OK;
    out->callconv = callconv;
    text_lex_next(lx);
    return STATUS_OK;
}

// ---- Names ----

// The space and index of "u0:1".
static Status parse_user_name(Lexer *lx, ExtName *out)
{
    const uint32_t space = lx->tok.number;
    uint64_t index;
    text_lex_next(lx);
    TRY(text_expect(lx, ':'));
    TRY(text_lit_uint(lx, UINT32_MAX, "the index of a name", &index));
    *out = (ExtName){.kind = NAME_USER, .space = space, .index = (uint32_t)index};
    return STATUS_OK;
}

Status text_parse_func_name(Lexer *lx, ExtName *out)
{
    if (text_at(lx, TOK_U))
        return parse_user_name(lx, out);
    if (!text_at(lx, TOK_NAME))
        return text_unexpected(lx, "a function name: %name or u0:0");
    *out = (ExtName){.kind = NAME_TESTCASE, .text = lx->tok.text};
    text_lex_next(lx);
    return STATUS_OK;
}

// "userextnameN": the Nth user name that a symbol mentions, if that is known.
static ExtName user_name_ref(const Parser *p, uint32_t n)
{
    if (n >= p->user_names.len)
        return (ExtName){.kind = NAME_USER_REF, .index = n};
    const UserName name = p->user_names.data[n];
    return (ExtName){.kind = NAME_USER, .space = name.space, .index = name.index};
}

static Status parse_ext_name(Parser *p, ExtName *out)
{
    Lexer *const lx = &p->lx;
    if (text_at(lx, TOK_USEREXTNAME)) {
        *out = user_name_ref(p, lx->tok.number);
        text_lex_next(lx);
        return STATUS_OK;
    }
    if (text_at(lx, TOK_NAME)) {
        const KnownSymbol known = knownsymbol_parse(lx->tok.text);
        const Libcall libcall = known == KNOWN_COUNT ? libcall_parse(lx->tok.text) : LIBCALL_COUNT;
        if (known != KNOWN_COUNT)
            *out = (ExtName){.kind = NAME_KNOWN_SYMBOL, .index = known};
        else if (libcall != LIBCALL_COUNT)
            *out = (ExtName){.kind = NAME_LIBCALL, .index = libcall};
        else
            *out = (ExtName){.kind = NAME_TESTCASE, .text = lx->tok.text};
        text_lex_next(lx);
        return STATUS_OK;
    }
    if (text_at(lx, TOK_U))
        return parse_user_name(lx, out);
    return text_unexpected(lx, "an external name: %name or u0:0");
}

// ---- Slots ----

static Status parse_slot_options(Parser *p, StackSlotData *slot)
{
    Lexer *const lx = &p->lx;
    while (text_accept(lx, ',')) {
        const bool is_align = text_at_word(lx, STR("align"));
        if (!is_align && !text_at_word(lx, STR("key")))
            return text_unexpected(lx, "`align` or `key`");
        text_lex_next(lx);
        TRY(text_expect(lx, '='));
        const uint32_t pos = lx->tok.pos;
        uint64_t n;
        TRY(text_lit_uint(lx, is_align ? UINT32_MAX : UINT64_MAX, "a number", &n));
        if (!is_align) {
            slot->key = n;
            slot->has_key = true;
            continue;
        }
        if (n == 0 || (n & (n - 1)) != 0)
            return LEX_ERROR(lx, STATUS_SYNTAX, pos, "the alignment %llu is not a power of two",
                             (unsigned long long)n);
        slot->align = (uint32_t)n;
    }
    return STATUS_OK;
}

static Status parse_slot(Parser *p, uint32_t index, uint32_t pos)
{
    StackSlotData slot = {.align = 1, .declared = true, .pos = pos};
    if (!text_accept_word(&p->lx, STR("explicit_slot")))
        return text_unexpected(&p->lx, "`explicit_slot`");
    uint64_t size;
    TRY(text_lit_uint(&p->lx, UINT32_MAX, "the size of a stack slot", &size));
    slot.size = (uint32_t)size;
    TRY(parse_slot_options(p, &slot));
    const uint32_t first_new = p->f->slots.len;
    DECLARE(&p->f->slots, index, "ss");
    for (uint32_t i = first_new; i < index; i++)
        p->f->slots.data[i].align = 1;
    p->f->slots.data[index] = slot;
    return STATUS_OK;
}

static Status parse_dyn_slot(Parser *p, uint32_t index, uint32_t pos)
{
    DynSlotData slot = {.declared = true, .pos = pos};
    if (!text_accept_word(&p->lx, STR("explicit_dynamic_slot")))
        return text_unexpected(&p->lx, "`explicit_dynamic_slot`");
    TRY(text_parse_entity(p, TOK_DT, "a dynamic type", &slot.dyn_type.i));
    DECLARE(&p->f->dyn_slots, index, "dss");
    p->f->dyn_slots.data[index] = slot;
    return STATUS_OK;
}

static Status parse_dyn_type(Parser *p, uint32_t index, uint32_t pos)
{
    DynTypeData type = {.declared = true, .pos = pos};
    TRY(parse_vector_type(p, &type.base));
    TRY(text_expect(&p->lx, '*'));
    TRY(text_parse_entity(p, TOK_GV, "a global value", &type.scale.i));
    DECLARE(&p->f->dyn_types, index, "dt");
    p->f->dyn_types.data[index] = type;
    return STATUS_OK;
}

// ---- Global values ----

// An optional offset of `bits` bits, which must have a sign.
static Status parse_gv_offset(Parser *p, uint32_t bits, int64_t *out)
{
    Lexer *const lx = &p->lx;
    if (!text_at(lx, TOK_INT))
        return STATUS_OK;
    if (*lx->tok.text.data != '+' && *lx->tok.text.data != '-')
        return text_unexpected(lx, "an offset with its sign");
    const Token tok = lx->tok;
    uint128 n;
    TRY(text_lit_int(lx, 64, &n));
    *out = (int64_t)(uint64_t)n;
    if (bits == 32 && (*out < INT32_MIN || *out > INT32_MAX))
        return LEX_ERROR(lx, STATUS_SYNTAX, tok.pos, "the offset `%.*s` exceeds 32 bits",
                         TOKEN_ARG(tok.text));
    return STATUS_OK;
}

static Status parse_gv_load(Parser *p, GlobalData *gv)
{
    Lexer *const lx = &p->lx;
    gv->kind = GLOBAL_LOAD;
    TRY(text_expect(lx, '.'));
    TRY(text_parse_type(p, &gv->type));
    const uint32_t pos = lx->tok.pos;
    TRY(text_parse_memflags(p, &gv->flags));
    if (memflags_trap(gv->flags) != TRAP_NONE || !(gv->flags & MEM_ALIGNED))
        return LEX_ERROR(lx, STATUS_SYNTAX, pos,
                         "the load of a global value must be `notrap aligned`");
    TRY(text_parse_entity(p, TOK_GV, "a global value", &gv->base.i));
    return parse_gv_offset(p, 32, &gv->offset);
}

static Status parse_gv_iadd(Parser *p, GlobalData *gv)
{
    Lexer *const lx = &p->lx;
    gv->kind = GLOBAL_IADD_IMM;
    TRY(text_expect(lx, '.'));
    TRY(text_parse_type(p, &gv->type));
    TRY(text_parse_entity(p, TOK_GV, "a global value", &gv->base.i));
    TRY(text_expect(lx, ','));
    uint128 n;
    TRY(text_lit_int(lx, 64, &n));
    gv->offset = (int64_t)(uint64_t)n;
    return STATUS_OK;
}

static Status parse_gv_symbol(Parser *p, GlobalData *gv)
{
    gv->kind = GLOBAL_SYMBOL;
    gv->colocated = text_accept_word(&p->lx, STR("colocated"));
    gv->tls = text_accept_word(&p->lx, STR("tls"));
    TRY(parse_ext_name(p, &gv->name));
    if (gv->name.kind == NAME_USER) {
        const uint64_t key = (uint64_t)gv->name.space << 32 | gv->name.index;
        if (map_get(&p->user_numbers, key) == MAP_NONE) {
            const UserName name = {gv->name.space, gv->name.index};
            map_set(&p->scratch, &p->user_numbers, key, p->user_names.len);
            VEC_PUSH(&p->scratch, &p->user_names, name);
        }
    }
    return parse_gv_offset(p, 64, &gv->offset);
}

static Status parse_global(Parser *p, uint32_t index, uint32_t pos)
{
    Lexer *const lx = &p->lx;
    GlobalData gv = {.base = NO(GlobalValue), .declared = true, .pos = pos};
    if (text_accept_word(lx, STR("vmctx"))) {
        gv.kind = GLOBAL_VMCTX;
    } else if (text_accept_word(lx, STR("load"))) {
        TRY(parse_gv_load(p, &gv));
    } else if (text_accept_word(lx, STR("iadd_imm"))) {
        TRY(parse_gv_iadd(p, &gv));
    } else if (text_accept_word(lx, STR("symbol"))) {
        TRY(parse_gv_symbol(p, &gv));
    } else if (text_accept_word(lx, STR("dyn_scale_target_const"))) {
        gv.kind = GLOBAL_DYN_SCALE;
        TRY(text_expect(lx, '.'));
        TRY(parse_vector_type(p, &gv.type));
    } else {
        static const Str kinds[] = {{"vmctx", 5}, {"load", 4}, {"iadd_imm", 8}, {"symbol", 6}};
        return text_unexpected_hint(lx, "the kind of a global value",
                                    text_at(lx, TOK_WORD) ? str_nearest(lx->tok.text, kinds, 4)
                                                          : (Str){NULL, 0});
    }
    DECLARE(&p->f->globals, index, "gv");
    p->f->globals.data[index] = gv;
    return STATUS_OK;
}

// ---- Signatures and functions ----

static Status parse_sig(Parser *p, uint32_t index, uint32_t pos)
{
    SigData sig = {.declared = true, .pos = pos};
    TRY(text_parse_signature(p, &sig.sig));
    DECLARE(&p->f->sigs, index, "sig");
    p->f->sigs.data[index] = sig;
    return STATUS_OK;
}

static Status parse_ext_func(Parser *p, uint32_t index, uint32_t pos)
{
    Lexer *const lx = &p->lx;
    ExtFuncData func = {.declared = true, .pos = pos};
    func.colocated = text_accept_word(lx, STR("colocated"));
    func.patchable = text_accept_word(lx, STR("patchable"));
    TRY(parse_ext_name(p, &func.name));
    const Token tok = lx->tok;
    if (tok.kind == '(') {
        SigData sig = {.declared = true, .pos = tok.pos};
        TRY(text_parse_signature(p, &sig.sig));
        VEC_PUSH(&p->scratch, &p->f->sigs, sig);
        func.sig = (SigRef){p->f->sigs.len - 1};
    } else {
        TRY(text_parse_entity(p, TOK_SIG, "a signature", &func.sig.i));
        if (func.sig.i >= p->f->sigs.len || !p->f->sigs.data[func.sig.i].declared)
            return LEX_ERROR(lx, STATUS_INVALID, tok.pos, "`%.*s` is not declared before its use",
                             TOKEN_ARG(tok.text));
    }
    DECLARE(&p->f->funcs, index, "fn");
    p->f->funcs.data[index] = func;
    return STATUS_OK;
}

// ---- Constants, regions, the stack limit ----

Constant text_intern_constant(Parser *p, uint32_t size)
{
    Func *const f = p->f;
    const uint64_t hash = hash_bytes(p->bytes, size) + size;
    const uint32_t found = map_get(&p->constant_of, hash);
    if (found != MAP_NONE && f->constants.data[found].size == size &&
        memcmp(f->constants.data[found].bytes, p->bytes, size) == 0)
        return (Constant){found};
    uint8_t *const bytes = arena_alloc(p->arena, size, 1);
    memcpy(bytes, p->bytes, size);
    const ConstantData data = {bytes, size, true, POS_NONE};
    map_set(&p->scratch, &p->constant_of, hash, f->constants.len);
    VEC_PUSH(&p->scratch, &f->constants, data);
    return (Constant){f->constants.len - 1};
}

static Status parse_constant(Parser *p, uint32_t index, uint32_t pos)
{
    Type type = TYPE_INVALID;
    if (text_at(&p->lx, TOK_WORD) || text_at(&p->lx, TOK_DT)) {
        const uint32_t type_pos = p->lx.tok.pos;
        TRY(text_parse_type(p, &type));
        if (type_is_dynamic(type))
            return LEX_ERROR(&p->lx, STATUS_SYNTAX, type_pos,
                             "a constant can't have a dynamic type");
    }
    uint32_t size;
    TRY(text_lit_bytes(&p->lx, type, p->bytes, &size));
    DECLARE(&p->f->constants, index, "const");
    uint8_t *const bytes = arena_alloc(p->arena, size, 1);
    memcpy(bytes, p->bytes, size);
    p->f->constants.data[index] = (ConstantData){bytes, size, true, pos};
    const uint64_t hash = hash_bytes(bytes, size) + size;
    if (map_get(&p->constant_of, hash) == MAP_NONE)
        map_set(&p->scratch, &p->constant_of, hash, index);
    return STATUS_OK;
}

static Status parse_region(Parser *p, uint32_t index, uint32_t pos)
{
    Lexer *const lx = &p->lx;
    if (index != p->f->regions.len)
        return LEX_ERROR(lx, STATUS_INVALID, pos,
                         "regions are declared in order: expected region%u, found region%u",
                         p->f->regions.len, index);
    uint64_t id;
    TRY(text_lit_uint(lx, UINT32_MAX, "the number of an alias region", &id));
    if (!text_at(lx, TOK_STRING))
        return text_unexpected(lx, "a description in quotes");
    const RegionData region = {(uint32_t)id, lx->tok.text, pos};
    text_lex_next(lx);
    VEC_PUSH(&p->scratch, &p->f->regions, region);
    return STATUS_OK;
}

// ---- All declarations ----

typedef Status DeclParser(Parser *p, uint32_t index, uint32_t pos);

typedef struct DeclKind {
    uint32_t token;
    EntityKind entity;
    DeclParser *parse;
} DeclKind;

static const DeclKind decl_kinds[] = {
    {TOK_SS, ENTITY_STACK_SLOT, parse_slot},
    {TOK_DSS, ENTITY_DYN_SLOT, parse_dyn_slot},
    {TOK_DT, ENTITY_DYN_TYPE, parse_dyn_type},
    {TOK_GV, ENTITY_GLOBAL_VALUE, parse_global},
    {TOK_SIG, ENTITY_SIG, parse_sig},
    {TOK_FN, ENTITY_FUNC_REF, parse_ext_func},
    {TOK_CONST, ENTITY_CONSTANT, parse_constant},
    {TOK_REGION, ENTITY_REGION, parse_region},
};

static const DeclKind *find_decl_kind(uint32_t token)
{
    for (size_t i = 0; i < sizeof(decl_kinds) / sizeof(decl_kinds[0]); i++)
        if (decl_kinds[i].token == token)
            return &decl_kinds[i];
    return NULL;
}

static Status parse_stack_limit(Parser *p)
{
    Func *const f = p->f;
    const uint32_t pos = p->lx.tok.pos;
    text_lex_next(&p->lx);
    TRY(text_expect(&p->lx, '='));
    if (f->stack_limit.i != NO_INDEX)
        return LEX_ERROR(&p->lx, STATUS_INVALID, pos, "stack_limit is declared twice");
    TRY(text_parse_entity(p, TOK_GV, "a global value", &f->stack_limit.i));
    f->stack_limit_pos = pos;
    text_claim_comments(p, ENTITY_STACK_LIMIT, 0);
    return STATUS_OK;
}

static Status check_global(Parser *p, GlobalValue gv, uint32_t pos)
{
    if (gv.i < p->f->globals.len && p->f->globals.data[gv.i].declared)
        return STATUS_OK;
    return LEX_ERROR(&p->lx, STATUS_INVALID, pos, "gv%u is used here but not declared", gv.i);
}

// Checks references to declarations that may come later, and gives dynamic slots their types.
static Status check_references(Parser *p)
{
    Func *const f = p->f;
    for (uint32_t i = 0; i < f->globals.len; i++)
        if (f->globals.data[i].declared && f->globals.data[i].base.i != NO_INDEX)
            TRY(check_global(p, f->globals.data[i].base, f->globals.data[i].pos));
    for (uint32_t i = 0; i < f->dyn_types.len; i++)
        if (f->dyn_types.data[i].declared)
            TRY(check_global(p, f->dyn_types.data[i].scale, f->dyn_types.data[i].pos));
    for (uint32_t i = 0; i < f->dyn_slots.len; i++) {
        DynSlotData *const slot = &f->dyn_slots.data[i];
        const uint32_t type = slot->dyn_type.i;
        if (!slot->declared)
            continue;
        if (type >= f->dyn_types.len || !f->dyn_types.data[type].declared)
            return LEX_ERROR(&p->lx, STATUS_INVALID, slot->pos,
                             "dt%u is used here but not declared", type);
        slot->type = f->dyn_types.data[type].base | TYPE_DYNAMIC_BIT;
    }
    return f->stack_limit.i == NO_INDEX ? STATUS_OK
                                        : check_global(p, f->stack_limit, f->stack_limit_pos);
}

Status text_parse_decls(Parser *p)
{
    Lexer *const lx = &p->lx;
    for (;;) {
        if (text_at_word(lx, STR("stack_limit"))) {
            TRY(parse_stack_limit(p));
            continue;
        }
        const DeclKind *const kind = find_decl_kind(lx->tok.kind);
        if (!kind)
            return check_references(p);
        uint32_t index;
        const uint32_t pos = lx->tok.pos;
        TRY(text_parse_entity(p, kind->token, "a declaration", &index));
        TRY(text_expect(lx, '='));
        TRY(kind->parse(p, index, pos));
        text_claim_comments(p, kind->entity, index);
    }
}
