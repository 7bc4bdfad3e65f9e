// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parser of what specification forms are made of: expressions and types of models.

#include "isle-rules/compiler/islec_internal.h"

static IsleSym intern(Parser *p, Str text)
{
    return strtable_add(p->arena, &p->isle->symbols, text);
}

Status isle_parse_word(Parser *p, const char *word, const char *what)
{
    if (!isle_parse_at_word(p, word))
        return isle_parse_expected(p, what);
    isle_parse_next(p);
    return STATUS_OK;
}

// `(` name... `)`
static Status parse_names(Parser *p, const char *what, IsleIdent **out, uint32_t *count)
{
    VEC(IsleIdent) names = {0};
    TRY(isle_parse_open(p));
    while (p->token.kind != TOKEN_CLOSE) {
        IsleIdent name;
        TRY(isle_parse_ident(p, what, &name));
        VEC_PUSH(p->arena, &names, name);
    }
    *out = names.data;
    *count = names.len;
    return isle_parse_close(p);
}

// ---- Types of models ----

static Status parse_model_struct(Parser *p, IsleModelType *type)
{
    VEC(IsleIdent) names = {0};
    VEC(IsleModelType *) types = {0};
    type->kind = ISLE_MODEL_STRUCT;
    while (p->token.kind == TOKEN_OPEN) {
        IsleIdent name;
        IsleModelType *field;
        isle_parse_next(p);
        TRY(isle_parse_ident(p, "the name of a field", &name));
        TRY(isle_parse_model_type(p, &field));
        TRY(isle_parse_close(p));
        VEC_PUSH(p->arena, &names, name);
        VEC_PUSH(p->arena, &types, field);
    }
    type->fields = names.data;
    type->types = types.data;
    type->num_fields = names.len;
    return STATUS_OK;
}

static Status parse_model_list(Parser *p, IsleModelType *type)
{
    if (isle_parse_at_word(p, "struct")) {
        isle_parse_next(p);
        return parse_model_struct(p, type);
    }
    if (isle_parse_at_word(p, "named")) {
        type->kind = ISLE_MODEL_NAMED;
        isle_parse_next(p);
        return isle_parse_ident(p, "the name of a type", &type->name);
    }
    if (isle_parse_at_word(p, "const")) {
        type->kind = ISLE_MODEL_CONST;
        isle_parse_next(p);
        return isle_parse_ident(p, "the name of a constant", &type->name);
    }
    TRY(isle_parse_word(p, "bv", "`bv`, `struct`, `named` or `const`"));
    type->kind = ISLE_MODEL_BV;
    if (p->token.kind != TOKEN_INT)
        return STATUS_OK;
    if (p->token.value.negative || p->token.value.magnitude == 0 ||
        p->token.value.magnitude > UINT16_MAX)
        return isle_error(p->isle, isle_parse_pos(p), "the width of a bit vector is 1 to %u",
                          UINT16_MAX);
    type->width = (uint32_t)p->token.value.magnitude;
    isle_parse_next(p);
    return STATUS_OK;
}

Status isle_parse_model_type(Parser *p, IsleModelType **out)
{
    static const struct {
        const char *word;
        IsleModelKind kind;
    } simple[] = {{"Bool", ISLE_MODEL_BOOL},
                  {"Int", ISLE_MODEL_INT},
                  {"Unit", ISLE_MODEL_UNIT},
                  {"!", ISLE_MODEL_OPAQUE},
                  {"_", ISLE_MODEL_INFER}};
    IsleModelType *const type = ARENA_NEW(p->arena, IsleModelType);
    type->pos = isle_parse_pos(p);
    *out = type;
    for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++) {
        if (!isle_parse_at_word(p, simple[i].word))
            continue;
        type->kind = simple[i].kind;
        isle_parse_next(p);
        return STATUS_OK;
    }
    if (p->token.kind != TOKEN_OPEN)
        return isle_parse_expected(p, "a model type: Bool, Int, Unit, !, _ or a list");
    TRY(isle_parse_nest(p));
    isle_parse_next(p);
    TRY(parse_model_list(p, type));
    p->depth--;
    return isle_parse_close(p);
}

// ---- Expressions ----

static IsleSpecExpr *new_expr(Parser *p, IsleSpecKind kind)
{
    IsleSpecExpr *const e = ARENA_NEW(p->arena, IsleSpecExpr);
    e->kind = kind;
    e->pos = isle_parse_pos(p);
    e->name = ISLE_NONE;
    return e;
}

Status isle_parse_spec_exprs(Parser *p, IsleSpecExprs *out)
{
    while (p->token.kind != TOKEN_CLOSE) {
        IsleSpecExpr *e;
        TRY(isle_parse_spec_expr(p, &e));
        VEC_PUSH(p->arena, out, e);
    }
    return STATUS_OK;
}

static void set_args(IsleSpecExpr *e, const IsleSpecExprs *args)
{
    e->args = args->data;
    e->num_args = args->len;
}

static Status parse_all_args(Parser *p, IsleSpecExpr *e)
{
    IsleSpecExprs args = {0};
    TRY(isle_parse_spec_exprs(p, &args));
    set_args(e, &args);
    return STATUS_OK;
}

// Exactly `count` operands.
static Status parse_some_args(Parser *p, IsleSpecExpr *e, uint32_t count)
{
    e->args = ARENA_ARRAY(p->arena, IsleSpecExpr *, count);
    e->num_args = count;
    for (uint32_t i = 0; i < count; i++)
        TRY(isle_parse_spec_expr(p, &e->args[i]));
    return STATUS_OK;
}

// (name e)...: of `let` and `struct`.
static Status parse_named_exprs(Parser *p, IsleSpecExpr *e, IsleSpecExprs *args)
{
    VEC(IsleIdent) names = {0};
    while (p->token.kind == TOKEN_OPEN) {
        IsleIdent name;
        IsleSpecExpr *value;
        isle_parse_next(p);
        TRY(isle_parse_ident(p, "a name", &name));
        TRY(isle_parse_spec_expr(p, &value));
        TRY(isle_parse_close(p));
        VEC_PUSH(p->arena, &names, name);
        VEC_PUSH(p->arena, args, value);
    }
    e->names = names.data;
    e->num_names = names.len;
    return STATUS_OK;
}

static Status parse_let(Parser *p, IsleSpecExpr *e)
{
    IsleSpecExprs args = {0};
    e->kind = ISLE_SPEC_LET;
    TRY(isle_parse_open(p));
    TRY(parse_named_exprs(p, e, &args));
    TRY(isle_parse_close(p));
    IsleSpecExpr *body;
    TRY(isle_parse_spec_expr(p, &body));
    VEC_PUSH(p->arena, &args, body);
    set_args(e, &args);
    return STATUS_OK;
}

static Status parse_struct(Parser *p, IsleSpecExpr *e)
{
    IsleSpecExprs args = {0};
    e->kind = ISLE_SPEC_STRUCT;
    TRY(parse_named_exprs(p, e, &args));
    set_args(e, &args);
    return STATUS_OK;
}

static Status parse_with(Parser *p, IsleSpecExpr *e)
{
    e->kind = ISLE_SPEC_WITH;
    TRY(parse_names(p, "a variable", &e->names, &e->num_names));
    return parse_some_args(p, e, 1);
}

static Status parse_lambda(Parser *p, IsleSpecExpr *e)
{
    e->kind = ISLE_SPEC_MACRO;
    TRY(parse_names(p, "a parameter", &e->names, &e->num_names));
    return parse_some_args(p, e, 1);
}

static Status parse_switch(Parser *p, IsleSpecExpr *e)
{
    IsleSpecExprs args = {0};
    e->kind = ISLE_SPEC_SWITCH;
    IsleSpecExpr *operand;
    TRY(isle_parse_spec_expr(p, &operand));
    VEC_PUSH(p->arena, &args, operand);
    while (p->token.kind == TOKEN_OPEN) {
        isle_parse_next(p);
        for (int i = 0; i < 2; i++) {
            TRY(isle_parse_spec_expr(p, &operand));
            VEC_PUSH(p->arena, &args, operand);
        }
        TRY(isle_parse_close(p));
    }
    set_args(e, &args);
    return STATUS_OK;
}

static Status parse_arm(Parser *p, IsleSpecArm *arm)
{
    VEC(IsleIdent) vars = {0};
    TRY(isle_parse_open(p));
    TRY(isle_parse_ident(p, "the name of a variant", &arm->variant));
    while (p->token.kind != TOKEN_CLOSE) {
        IsleIdent var;
        TRY(isle_parse_ident(p, "a variable", &var));
        VEC_PUSH(p->arena, &vars, var);
    }
    arm->vars = vars.data;
    arm->num_vars = vars.len;
    return isle_parse_close(p);
}

static Status parse_match(Parser *p, IsleSpecExpr *e)
{
    IsleSpecExprs args = {0};
    VEC(IsleSpecArm) arms = {0};
    e->kind = ISLE_SPEC_MATCH;
    IsleSpecExpr *operand;
    TRY(isle_parse_spec_expr(p, &operand));
    VEC_PUSH(p->arena, &args, operand);
    while (p->token.kind == TOKEN_OPEN) {
        IsleSpecArm arm;
        isle_parse_next(p);
        TRY(parse_arm(p, &arm));
        TRY(isle_parse_spec_expr(p, &operand));
        TRY(isle_parse_close(p));
        VEC_PUSH(p->arena, &arms, arm);
        VEC_PUSH(p->arena, &args, operand);
    }
    set_args(e, &args);
    e->arms = arms.data;
    e->num_arms = arms.len;
    return STATUS_OK;
}

static Status parse_if(Parser *p, IsleSpecExpr *e)
{
    e->kind = ISLE_SPEC_IF;
    return parse_some_args(p, e, 3);
}

static Status parse_as(Parser *p, IsleSpecExpr *e)
{
    e->kind = ISLE_SPEC_AS;
    TRY(parse_some_args(p, e, 1));
    return isle_parse_model_type(p, &e->type);
}

// A list by the shape of its first word: `:field`, `Variant?`, `name!`, an operator, a variant.
static Status parse_application(Parser *p, IsleSpecExpr *e)
{
    const Str word = p->token.text;
    const uint32_t op = strtable_find(&p->isle->symbols, word);
    if (op < ISLE_SPEC_OP_COUNT) { // the operators are the first symbols of all
        e->kind = ISLE_SPEC_OP;
        e->op = (IsleSpecOp)op;
        isle_parse_next(p);
        return parse_all_args(p, e);
    }
    const Str front = {word.data, word.len - 1};
    const Str back = {word.data + 1, word.len - 1};
    if (word.data[0] == ':' && isle_is_ident(back)) {
        e->kind = ISLE_SPEC_FIELD;
        e->name = intern(p, back);
        isle_parse_next(p);
        return parse_some_args(p, e, 1);
    }
    if (word.data[word.len - 1] == '?' && isle_is_ident(front)) {
        e->kind = ISLE_SPEC_DISCRIMINATOR;
        e->name = intern(p, front);
        isle_parse_next(p);
        return parse_some_args(p, e, 1);
    }
    if (word.data[word.len - 1] == '!' && isle_is_ident(front))
        e->kind = ISLE_SPEC_MACRO_CALL;
    else if (isle_is_ident(word) && memchr(word.data, '.', word.len))
        e->kind = ISLE_SPEC_VARIANT;
    else
        return isle_parse_expected(p, "an operator, `Enum.Variant`, `:field`, `Variant?` or "
                                      "`macro!`");
    e->name = intern(p, e->kind == ISLE_SPEC_VARIANT ? word : front);
    isle_parse_next(p);
    return parse_all_args(p, e);
}

static Status parse_spec_list(Parser *p, IsleSpecExpr **out)
{
    static const struct {
        const char *word;
        Status (*parse)(Parser *p, IsleSpecExpr *e);
    } forms[] = {{"let", parse_let},       {"with", parse_with},   {"switch", parse_switch},
                 {"match", parse_match},   {"if", parse_if},       {"as", parse_as},
                 {"struct", parse_struct}, {"macro", parse_lambda}};
    TRY(isle_parse_nest(p));
    IsleSpecExpr *const e = new_expr(p, ISLE_SPEC_OP);
    *out = e;
    isle_parse_next(p);
    if (p->token.kind != TOKEN_SYMBOL)
        return isle_parse_expected(p, "an operator");
    Status (*parse)(Parser * p, IsleSpecExpr * e) = parse_application;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (str_eq_c(p->token.text, forms[i].word)) {
            parse = forms[i].parse;
            isle_parse_next(p);
            break;
        }
    }
    TRY(parse(p, e));
    p->depth--;
    return isle_parse_close(p);
}

// #b... and #x...
static Status parse_bits(Parser *p, IsleSpecExpr *e)
{
    const Str text = p->token.text;
    const unsigned shift = text.len > 2 && text.data[1] == 'x' ? 4 : 1;
    if (text.len <= 2 || (text.data[1] != 'x' && text.data[1] != 'b') ||
        (text.len - 2) * shift > 128)
        return isle_parse_expected(p, "#b or #x with 1 to 128 bits");
    for (size_t i = 2; i < text.len; i++) {
        const char c = text.data[i], lower = (char)(c | 0x20);
        const unsigned digit = c >= '0' && c <= '9'           ? (unsigned)(c - '0')
                               : lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10
                                                              : 16;
        if (digit >> shift != 0)
            return isle_parse_expected(p, "#b or #x with digits alone");
        e->value.magnitude = e->value.magnitude << shift | digit;
    }
    e->kind = ISLE_SPEC_BITS;
    e->width = (uint32_t)(text.len - 2) * shift;
    isle_parse_next(p);
    return STATUS_OK;
}

Status isle_parse_spec_expr(Parser *p, IsleSpecExpr **out)
{
    if (p->token.kind == TOKEN_OPEN)
        return parse_spec_list(p, out);
    IsleSpecExpr *const e = new_expr(p, ISLE_SPEC_INT);
    *out = e;
    if (p->token.kind == TOKEN_INT) {
        e->value = p->token.value;
        isle_parse_next(p);
        return STATUS_OK;
    }
    if (p->token.kind != TOKEN_SYMBOL)
        return isle_parse_expected(p, "an expression of the specification language");
    if (p->token.text.data[0] == '#')
        return parse_bits(p, e);
    if (isle_parse_at_word(p, "true") || isle_parse_at_word(p, "false")) {
        e->kind = ISLE_SPEC_BOOL;
        e->value.magnitude = isle_parse_at_word(p, "true");
        isle_parse_next(p);
        return STATUS_OK;
    }
    IsleIdent name;
    e->kind = ISLE_SPEC_VAR;
    TRY(isle_parse_ident(p, "a variable", &name));
    e->name = name.sym;
    return STATUS_OK;
}
