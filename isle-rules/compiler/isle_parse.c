// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parser: recursive descent with one token of lookahead and a limit on nesting. After an error
// it goes on at the next `(` that opens a line, so that one run reports the errors of every form.

#include "isle-rules/compiler/islec_internal.h"

// ---- Tokens ----

void isle_parse_next(Parser *p)
{
    p->token = isle_lex(&p->lexer);
}

IslePos isle_parse_pos(const Parser *p)
{
    return (IslePos){p->file, p->token.offset};
}

Status isle_parse_expected(Parser *p, const char *what)
{
    const Token *const token = &p->token;
    if (token->kind == TOKEN_BAD)
        return STATUS_SYNTAX;
    if (token->kind == TOKEN_END)
        return isle_error(p->isle, isle_parse_pos(p), "expected %s, found the end of the file",
                          what);
    return isle_error(p->isle, isle_parse_pos(p), "expected %s, found `%.*s`", what,
                      STR_ARG(token->text));
}

bool isle_parse_at_word(const Parser *p, const char *word)
{
    return p->token.kind == TOKEN_SYMBOL && str_eq_c(p->token.text, word);
}

static Status step_over(Parser *p, TokenKind kind, const char *what)
{
    if (p->token.kind != kind)
        return isle_parse_expected(p, what);
    isle_parse_next(p);
    return STATUS_OK;
}

Status isle_parse_open(Parser *p)
{
    return step_over(p, TOKEN_OPEN, "`(`");
}

Status isle_parse_close(Parser *p)
{
    p->closed = p->token.offset + 1;
    return step_over(p, TOKEN_CLOSE, "`)`");
}

Status isle_parse_ident(Parser *p, const char *what, IsleIdent *out)
{
    if (p->token.kind != TOKEN_SYMBOL)
        return isle_parse_expected(p, what);
    if (!isle_is_ident(p->token.text))
        return isle_error(p->isle, isle_parse_pos(p), "expected %s, but `%.*s` is no identifier",
                          what, STR_ARG(p->token.text));
    *out = (IsleIdent){strtable_add(p->arena, &p->isle->symbols, p->token.text), isle_parse_pos(p)};
    isle_parse_next(p);
    return STATUS_OK;
}

Status isle_parse_nest(Parser *p)
{
    if (p->depth >= ISLE_MAX_DEPTH)
        return isle_error_limit(p->isle, isle_parse_pos(p), "nested deeper than %u levels",
                                ISLE_MAX_DEPTH);
    p->depth++;
    return STATUS_OK;
}

// `$name`: the name without its `$`.
static Status parse_const_name(Parser *p, IsleIdent *out)
{
    if (p->token.kind != TOKEN_SYMBOL || p->token.text.data[0] != '$')
        return isle_parse_expected(p, "the name of a constant, `$NAME`");
    const Str name = {p->token.text.data + 1, p->token.text.len - 1};
    if (!isle_is_ident(name))
        return isle_parse_expected(p, "the name of a constant, `$NAME`");
    *out = (IsleIdent){strtable_add(p->arena, &p->isle->symbols, name), isle_parse_pos(p)};
    isle_parse_next(p);
    return STATUS_OK;
}

// ---- Patterns and expressions ----

static Status parse_node(Parser *p, bool pattern, const IsleAst **out);

static IsleAst *new_node(Parser *p, IsleAstKind kind)
{
    IsleAst *const node = ARENA_NEW(p->arena, IsleAst);
    node->kind = kind;
    node->pos = isle_parse_pos(p);
    node->name = ISLE_NONE;
    return node;
}

static Status parse_let_vars(Parser *p, IsleAst *node)
{
    VEC(IsleLetVar) vars = {0};
    VEC(const IsleAst *) args = {0};
    TRY(isle_parse_open(p));
    while (p->token.kind == TOKEN_OPEN) {
        IsleLetVar var;
        const IsleAst *init;
        isle_parse_next(p);
        TRY(isle_parse_ident(p, "a variable", &var.var));
        TRY(isle_parse_ident(p, "the type of the variable", &var.type));
        TRY(parse_node(p, false, &init));
        TRY(isle_parse_close(p));
        VEC_PUSH(p->arena, &vars, var);
        VEC_PUSH(p->arena, &args, init);
    }
    TRY(isle_parse_close(p));
    const IsleAst *body;
    TRY(parse_node(p, false, &body));
    VEC_PUSH(p->arena, &args, body);
    node->lets = vars.data;
    node->args = args.data;
    node->num_args = args.len;
    return STATUS_OK;
}

static Status parse_args(Parser *p, bool pattern, IsleAst *node)
{
    VEC(const IsleAst *) args = {0};
    while (p->token.kind != TOKEN_CLOSE) {
        const IsleAst *arg;
        TRY(parse_node(p, pattern, &arg));
        VEC_PUSH(p->arena, &args, arg);
    }
    node->args = args.data;
    node->num_args = args.len;
    return STATUS_OK;
}

// The rest of a parenthesised node, whose `(` at `pos` has been read.
static Status parse_list(Parser *p, bool pattern, IslePos pos, const IsleAst **out)
{
    TRY(isle_parse_nest(p));
    IsleAst *const node = new_node(p, ISLE_AST_TERM);
    node->pos = pos;
    if (pattern && isle_parse_at_word(p, "and")) {
        node->kind = ISLE_AST_AND;
        isle_parse_next(p);
        TRY(parse_args(p, pattern, node));
    } else if (!pattern && isle_parse_at_word(p, "let")) {
        node->kind = ISLE_AST_LET;
        isle_parse_next(p);
        TRY(parse_let_vars(p, node));
    } else {
        IsleIdent name;
        TRY(isle_parse_ident(p, "the name of a term", &name));
        node->name = name.sym;
        TRY(parse_args(p, pattern, node));
    }
    p->depth--;
    *out = node;
    return isle_parse_close(p);
}

// A node that begins with a symbol.
static Status parse_word(Parser *p, bool pattern, const IsleAst **out)
{
    IsleAst *const node = new_node(p, ISLE_AST_VAR);
    *out = node;
    if (isle_parse_at_word(p, "true") || isle_parse_at_word(p, "false")) {
        node->kind = ISLE_AST_BOOL;
        node->value.magnitude = isle_parse_at_word(p, "true");
        isle_parse_next(p);
        return STATUS_OK;
    }
    IsleIdent name;
    if (p->token.text.data[0] == '$') {
        node->kind = ISLE_AST_CONST;
        TRY(parse_const_name(p, &name));
        node->name = name.sym;
        return STATUS_OK;
    }
    if (pattern && isle_parse_at_word(p, "_")) {
        node->kind = ISLE_AST_WILDCARD;
        isle_parse_next(p);
        return STATUS_OK;
    }
    TRY(isle_parse_ident(p, pattern ? "a pattern" : "an expression", &name));
    node->name = name.sym;
    if (!pattern || p->token.kind != TOKEN_AT)
        return STATUS_OK;
    isle_parse_next(p);
    node->kind = ISLE_AST_BIND;
    node->args = ARENA_ARRAY(p->arena, const IsleAst *, 1);
    node->num_args = 1;
    TRY(isle_parse_nest(p));
    TRY(parse_node(p, true, &node->args[0]));
    p->depth--;
    return STATUS_OK;
}

static Status parse_node(Parser *p, bool pattern, const IsleAst **out)
{
    const IslePos pos = isle_parse_pos(p);
    switch (p->token.kind) {
    case TOKEN_INT: {
        IsleAst *const node = new_node(p, ISLE_AST_INT);
        node->value = p->token.value;
        *out = node;
        isle_parse_next(p);
        return STATUS_OK;
    }
    case TOKEN_SYMBOL: return parse_word(p, pattern, out);
    case TOKEN_OPEN: isle_parse_next(p); return parse_list(p, pattern, pos, out);
    case TOKEN_END:
    case TOKEN_CLOSE:
    case TOKEN_AT:
    case TOKEN_BAD: break;
    }
    return isle_parse_expected(p, pattern ? "a pattern" : "an expression");
}

// ---- Definitions ----

// The fields of a variant or struct, up to its `)`: named, or types alone.
static Status parse_fields(Parser *p, IsleVariantAst *variant)
{
    VEC(IsleFieldAst) fields = {0};
    const bool named = p->token.kind == TOKEN_OPEN;
    while (p->token.kind != TOKEN_CLOSE) {
        IsleFieldAst field = {.name = {ISLE_NONE, isle_parse_pos(p)}};
        if (named) {
            TRY(isle_parse_open(p));
            TRY(isle_parse_ident(p, "the name of a field", &field.name));
            TRY(isle_parse_ident(p, "the type of the field", &field.type));
            TRY(isle_parse_close(p));
        } else {
            TRY(isle_parse_ident(p, "the type of a field", &field.type));
        }
        VEC_PUSH(p->arena, &fields, field);
    }
    if (fields.len > ISLE_MAX_FIELDS)
        return isle_error_limit(p->isle, variant->name.pos, "more than %u fields", ISLE_MAX_FIELDS);
    variant->fields = fields.data;
    variant->num_fields = fields.len;
    return STATUS_OK;
}

static Status parse_variants(Parser *p, IsleDef *def)
{
    VEC(IsleVariantAst) variants = {0};
    while (p->token.kind != TOKEN_CLOSE) {
        IsleVariantAst variant = {0};
        if (p->token.kind == TOKEN_OPEN) {
            isle_parse_next(p);
            TRY(isle_parse_ident(p, "the name of a variant", &variant.name));
            TRY(parse_fields(p, &variant));
            TRY(isle_parse_close(p));
        } else {
            TRY(isle_parse_ident(p, "a variant", &variant.name));
        }
        VEC_PUSH(p->arena, &variants, variant);
    }
    def->u.type.variants = variants.data;
    def->u.type.num_variants = variants.len;
    return STATUS_OK;
}

static Status parse_type(Parser *p, IsleDef *def)
{
    def->kind = ISLE_DEF_TYPE;
    TRY(isle_parse_ident(p, "the name of a type", &def->name));
    for (;; isle_parse_next(p)) {
        if (isle_parse_at_word(p, "extern"))
            def->u.type.is_extern = true;
        else if (isle_parse_at_word(p, "nodebug"))
            def->u.type.nodebug = true;
        else
            break;
    }
    TRY(isle_parse_open(p));
    if (isle_parse_at_word(p, "primitive")) {
        def->u.type.kind = ISLE_TYPE_PRIMITIVE;
        isle_parse_next(p);
        TRY(isle_parse_ident(p, "the host's name of the type", &def->u.type.primitive));
    } else if (isle_parse_at_word(p, "enum")) {
        def->u.type.kind = ISLE_TYPE_ENUM;
        isle_parse_next(p);
        TRY(parse_variants(p, def));
    } else if (isle_parse_at_word(p, "struct")) {
        def->u.type.kind = ISLE_TYPE_STRUCT;
        isle_parse_next(p);
        def->u.type.variants = ARENA_NEW(p->arena, IsleVariantAst);
        def->u.type.num_variants = 1;
        def->u.type.variants[0].name = def->name;
        TRY(parse_fields(p, &def->u.type.variants[0]));
    } else {
        return isle_parse_expected(p, "`primitive`, `enum` or `struct`");
    }
    return isle_parse_close(p);
}

// Identifiers up to the closing parenthesis, which is read.
static Status parse_idents(Parser *p, const char *what, IsleIdent **out, uint32_t *count)
{
    VEC(IsleIdent) idents = {0};
    while (p->token.kind != TOKEN_CLOSE) {
        IsleIdent ident;
        TRY(isle_parse_ident(p, what, &ident));
        VEC_PUSH(p->arena, &idents, ident);
    }
    *out = idents.data;
    *count = idents.len;
    return isle_parse_close(p);
}

static Status parse_decl(Parser *p, IsleDef *def)
{
    static const struct {
        const char *word;
        uint32_t flag;
    } modifiers[] = {
        {"pure", ISLE_PURE}, {"multi", ISLE_MULTI}, {"partial", ISLE_PARTIAL}, {"rec", ISLE_REC}};
    def->kind = ISLE_DEF_DECL;
    for (size_t i = 0; i < sizeof(modifiers) / sizeof(modifiers[0]); i++) {
        if (!isle_parse_at_word(p, modifiers[i].word))
            continue;
        def->u.decl.flags |= modifiers[i].flag;
        isle_parse_next(p);
    }
    TRY(isle_parse_ident(p, "the name of a term", &def->name));
    if (p->token.kind == TOKEN_SYMBOL)
        return isle_error(p->isle, isle_parse_pos(p),
                          "expected `(`; modifiers stand before the name, in the order pure, "
                          "multi, partial, rec");
    TRY(isle_parse_open(p));
    TRY(parse_idents(p, "the type of a parameter", &def->u.decl.args, &def->u.decl.num_args));
    if (def->u.decl.num_args > ISLE_MAX_FIELDS)
        return isle_error_limit(p->isle, def->name.pos, "more than %u parameters", ISLE_MAX_FIELDS);
    return isle_parse_ident(p, "the type of the result", &def->u.decl.ret);
}

static Status parse_clause(Parser *p, bool with_pattern, IsleIfLetAst *out)
{
    isle_parse_next(p);
    out->pattern = new_node(p, ISLE_AST_WILDCARD);
    if (with_pattern)
        TRY(parse_node(p, true, &out->pattern));
    TRY(parse_node(p, false, &out->expr));
    return isle_parse_close(p);
}

// Clauses, then the expression: both may begin with `(`.
static Status parse_rule_tail(Parser *p, IsleDef *def)
{
    VEC(IsleIfLetAst) iflets = {0};
    while (p->token.kind == TOKEN_OPEN) {
        const IslePos pos = isle_parse_pos(p);
        isle_parse_next(p);
        const bool iflet = isle_parse_at_word(p, "if-let");
        if (!iflet && !isle_parse_at_word(p, "if")) {
            def->u.rule.iflets = iflets.data;
            def->u.rule.num_iflets = iflets.len;
            return parse_list(p, false, pos, &def->u.rule.expr);
        }
        IsleIfLetAst clause;
        TRY(parse_clause(p, iflet, &clause));
        VEC_PUSH(p->arena, &iflets, clause);
    }
    def->u.rule.iflets = iflets.data;
    def->u.rule.num_iflets = iflets.len;
    return parse_node(p, false, &def->u.rule.expr);
}

static Status parse_rule(Parser *p, IsleDef *def)
{
    def->kind = ISLE_DEF_RULE;
    if (p->token.kind == TOKEN_SYMBOL)
        TRY(isle_parse_ident(p, "the name of a rule", &def->name));
    if (p->token.kind == TOKEN_INT) {
        const IsleInt value = p->token.value;
        if (value.magnitude > INT64_MAX)
            return isle_error(p->isle, isle_parse_pos(p), "a priority is a signed 64-bit number");
        def->u.rule.has_priority = true;
        def->u.rule.priority =
            value.negative ? -(int64_t)value.magnitude : (int64_t)value.magnitude;
        isle_parse_next(p);
    }
    TRY(parse_node(p, true, &def->u.rule.pattern));
    return parse_rule_tail(p, def);
}

static Status parse_extractor(Parser *p, IsleDef *def)
{
    def->kind = ISLE_DEF_EXTRACTOR;
    TRY(isle_parse_open(p));
    TRY(isle_parse_ident(p, "the name of a term", &def->name));
    TRY(parse_idents(p, "a parameter", &def->u.extractor.params, &def->u.extractor.num_params));
    return parse_node(p, true, &def->u.extractor.pattern);
}

static Status parse_extern(Parser *p, IsleDef *def)
{
    if (isle_parse_at_word(p, "constructor")) {
        def->kind = ISLE_DEF_EXTERN_CONSTRUCTOR;
        isle_parse_next(p);
    } else if (isle_parse_at_word(p, "extractor")) {
        def->kind = ISLE_DEF_EXTERN_EXTRACTOR;
        isle_parse_next(p);
        if (isle_parse_at_word(p, "infallible")) {
            def->u.external.infallible = true;
            isle_parse_next(p);
        }
    } else if (isle_parse_at_word(p, "const")) {
        def->kind = ISLE_DEF_EXTERN_CONST;
        isle_parse_next(p);
        TRY(parse_const_name(p, &def->name));
        return isle_parse_ident(p, "the type of the constant", &def->u.external.function);
    } else {
        return isle_parse_expected(p, "`constructor`, `extractor` or `const`");
    }
    TRY(isle_parse_ident(p, "the name of a term", &def->name));
    return isle_parse_ident(p, "the name of the host's function", &def->u.external.function);
}

static Status parse_convert(Parser *p, IsleDef *def)
{
    def->kind = ISLE_DEF_CONVERT;
    TRY(isle_parse_ident(p, "the inner type", &def->u.convert.inner));
    TRY(isle_parse_ident(p, "the outer type", &def->u.convert.outer));
    return isle_parse_ident(p, "the converting term", &def->name);
}

static Status parse_pragma(Parser *p)
{
    IsleIdent name;
    TRY(isle_parse_ident(p, "the name of a pragma", &name));
    return isle_error(p->isle, name.pos, "unknown pragma `%.*s`", SYM_ARG(p->isle, name.sym));
}

// One definition; its `(` has been read.
static Status parse_def(Parser *p, IsleDef *def)
{
    static const struct {
        const char *word;
        Status (*parse)(Parser *p, IsleDef *def);
    } forms[] = {{"rule", parse_rule},     {"decl", parse_decl},
                 {"type", parse_type},     {"extractor", parse_extractor},
                 {"extern", parse_extern}, {"convert", parse_convert}};
    if (p->token.kind != TOKEN_SYMBOL)
        return isle_parse_expected(p, "the keyword of a definition");
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (!str_eq_c(p->token.text, forms[i].word))
            continue;
        isle_parse_next(p);
        TRY(forms[i].parse(p, def));
        return isle_parse_close(p);
    }
    if (isle_parse_at_word(p, "pragma")) {
        isle_parse_next(p);
        return parse_pragma(p);
    }
    TRY(isle_parse_spec_def(p, def));
    return isle_parse_close(p);
}

// Goes on at the next `(` that opens a line.
static void resynchronise(Parser *p)
{
    const Str text = p->lexer.source->text;
    uint32_t at = p->token.kind == TOKEN_END ? (uint32_t)text.len : p->token.offset;
    while (at < text.len && !(text.data[at] == '(' && at != 0 && text.data[at - 1] == '\n'))
        at++;
    p->lexer.next = at;
    isle_parse_next(p);
}

Status isle_add_text(Isle *isle, Str path, Str text)
{
    Source *const source = ARENA_NEW(isle->arena, Source);
    source->path = str_copy(isle->arena, path);
    source->text = text;
    source->arena = isle->arena;
    VEC_PUSH(isle->arena, &isle->sources, source);
    if (text.len >= POS_NONE)
        return isle_error_limit(isle, (IslePos){isle->sources.len - 1, 0}, "the file is too large");
    Parser p = {.isle = isle, .arena = isle->arena, .file = isle->sources.len - 1};
    p.lexer = (Lexer){isle->diag, source, 0};
    const uint32_t errors = isle->diag->errors;
    isle_parse_next(&p);
    while (p.token.kind != TOKEN_END && isle->diag->errors < ISLE_MAX_ERRORS) {
        IsleDef *const def = ARENA_NEW(isle->arena, IsleDef);
        def->pos = isle_parse_pos(&p);
        def->name.sym = ISLE_NONE;
        p.depth = 1;
        Status status = isle_parse_open(&p);
        if (status == STATUS_OK)
            status = parse_def(&p, def);
        def->end = p.closed;
        if (status == STATUS_OK)
            VEC_PUSH(isle->arena, &isle->defs, def);
        else
            resynchronise(&p);
    }
    return isle->diag->errors == errors ? STATUS_OK : STATUS_SYNTAX;
}
