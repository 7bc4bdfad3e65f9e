// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parser of the specification forms: spec, model, state, macro, form, instantiate, attr.

#include "isle-rules/compiler/islec_internal.h"

static Status parse_clause(Parser *p, IsleClause *clause)
{
    static const struct {
        const char *word;
        IsleClauseKind kind;
    } clauses[] = {{"provide", ISLE_CLAUSE_PROVIDE},
                   {"require", ISLE_CLAUSE_REQUIRE},
                   {"match", ISLE_CLAUSE_MATCH},
                   {"modifies", ISLE_CLAUSE_MODIFIES}};
    TRY(isle_parse_open(p));
    size_t i = 0;
    while (i < 4 && !isle_parse_at_word(p, clauses[i].word))
        i++;
    if (i == 4)
        return isle_parse_expected(p, "`provide`, `require`, `match` or `modifies`");
    *clause = (IsleClause){.kind = clauses[i].kind, .pos = isle_parse_pos(p)};
    isle_parse_next(p);
    if (clause->kind == ISLE_CLAUSE_MODIFIES) {
        TRY(isle_parse_ident(p, "the name of a state", &clause->state));
        clause->condition.sym = ISLE_NONE;
        if (p->token.kind == TOKEN_SYMBOL)
            TRY(isle_parse_ident(p, "the condition's variable", &clause->condition));
        return isle_parse_close(p);
    }
    IsleSpecExprs exprs = {0};
    TRY(isle_parse_spec_exprs(p, &exprs));
    clause->exprs = exprs.data;
    clause->num_exprs = exprs.len;
    return isle_parse_close(p);
}

static Status parse_spec(Parser *p, IsleDef *def)
{
    def->kind = ISLE_DEF_SPEC;
    VEC(IsleIdent) params = {0};
    VEC(IsleClause) clauses = {0};
    TRY(isle_parse_open(p));
    TRY(isle_parse_ident(p, "the name of a term", &def->name));
    while (p->token.kind != TOKEN_CLOSE) {
        IsleIdent param;
        TRY(isle_parse_ident(p, "a parameter", &param));
        VEC_PUSH(p->arena, &params, param);
    }
    TRY(isle_parse_close(p));
    while (p->token.kind != TOKEN_CLOSE) {
        IsleClause clause;
        TRY(parse_clause(p, &clause));
        VEC_PUSH(p->arena, &clauses, clause);
    }
    def->u.spec.params = params.data;
    def->u.spec.num_params = params.len;
    def->u.spec.clauses = clauses.data;
    def->u.spec.num_clauses = clauses.len;
    return STATUS_OK;
}

static Status parse_model(Parser *p, IsleDef *def)
{
    def->kind = ISLE_DEF_MODEL;
    TRY(isle_parse_ident(p, "the name of a type or constant", &def->name));
    TRY(isle_parse_open(p));
    if (isle_parse_at_word(p, "const")) {
        isle_parse_next(p);
        TRY(isle_parse_spec_expr(p, &def->u.model.constant));
    } else {
        TRY(isle_parse_word(p, "type", "`type` or `const`"));
        TRY(isle_parse_model_type(p, &def->u.model.type));
    }
    return isle_parse_close(p);
}

static Status parse_state(Parser *p, IsleDef *def)
{
    def->kind = ISLE_DEF_STATE;
    TRY(isle_parse_ident(p, "the name of a state", &def->name));
    TRY(isle_parse_open(p));
    TRY(isle_parse_word(p, "type", "`type`"));
    TRY(isle_parse_model_type(p, &def->u.state.type));
    TRY(isle_parse_close(p));
    TRY(isle_parse_open(p));
    TRY(isle_parse_word(p, "default", "`default`"));
    TRY(isle_parse_spec_expr(p, &def->u.state.initial));
    return isle_parse_close(p);
}

static Status parse_macro(Parser *p, IsleDef *def)
{
    def->kind = ISLE_DEF_MACRO;
    TRY(isle_parse_open(p));
    IsleIdent name;
    TRY(isle_parse_ident(p, "the name of a macro", &def->name));
    VEC(IsleIdent) params = {0};
    while (p->token.kind != TOKEN_CLOSE) {
        TRY(isle_parse_ident(p, "a parameter", &name));
        VEC_PUSH(p->arena, &params, name);
    }
    def->u.macro.params = params.data;
    def->u.macro.num_params = params.len;
    TRY(isle_parse_close(p));
    return isle_parse_spec_expr(p, &def->u.macro.body);
}

static Status parse_signature(Parser *p, IsleSignature *out)
{
    VEC(IsleModelType *) args = {0};
    *out = (IsleSignature){.pos = isle_parse_pos(p)};
    TRY(isle_parse_open(p));
    TRY(isle_parse_open(p));
    TRY(isle_parse_word(p, "args", "`args`"));
    while (p->token.kind != TOKEN_CLOSE) {
        IsleModelType *type;
        TRY(isle_parse_model_type(p, &type));
        VEC_PUSH(p->arena, &args, type);
    }
    TRY(isle_parse_close(p));
    TRY(isle_parse_open(p));
    TRY(isle_parse_word(p, "ret", "`ret`"));
    TRY(isle_parse_model_type(p, &out->ret));
    out->args = args.data;
    out->num_args = args.len;
    TRY(isle_parse_close(p));
    return isle_parse_close(p);
}

static Status parse_signatures(Parser *p, IsleDef *def)
{
    VEC(IsleSignature) signatures = {0};
    def->u.form.form.sym = ISLE_NONE;
    while (p->token.kind == TOKEN_OPEN) {
        IsleSignature signature;
        TRY(parse_signature(p, &signature));
        VEC_PUSH(p->arena, &signatures, signature);
    }
    def->u.form.signatures = signatures.data;
    def->u.form.num_signatures = signatures.len;
    return STATUS_OK;
}

static Status parse_form(Parser *p, IsleDef *def)
{
    def->kind = ISLE_DEF_FORM;
    TRY(isle_parse_ident(p, "the name of a form", &def->name));
    return parse_signatures(p, def);
}

static Status parse_instantiate(Parser *p, IsleDef *def)
{
    def->kind = ISLE_DEF_INSTANTIATE;
    TRY(isle_parse_ident(p, "the name of a term", &def->name));
    if (p->token.kind != TOKEN_SYMBOL)
        return parse_signatures(p, def);
    TRY(isle_parse_ident(p, "the name of a form", &def->u.form.form));
    VEC(IsleIdent) tags = {0};
    while (p->token.kind == TOKEN_OPEN) {
        IsleIdent tag;
        isle_parse_next(p);
        TRY(isle_parse_word(p, "tag", "`tag`"));
        TRY(isle_parse_ident(p, "a tag", &tag));
        TRY(isle_parse_close(p));
        VEC_PUSH(p->arena, &tags, tag);
    }
    def->u.form.tags = tags.data;
    def->u.form.num_tags = tags.len;
    return STATUS_OK;
}

static Status parse_one_attr(Parser *p, IsleAttr *out)
{
    *out = (IsleAttr){.kind = ISLE_ATTR_TAG};
    TRY(isle_parse_open(p));
    if (isle_parse_at_word(p, "tag")) {
        isle_parse_next(p);
        TRY(isle_parse_ident(p, "a tag", &out->tag));
        return isle_parse_close(p);
    }
    TRY(isle_parse_word(p, "veri", "`veri` or `tag`"));
    out->tag.sym = ISLE_NONE;
    if (isle_parse_at_word(p, "chain"))
        out->kind = ISLE_ATTR_CHAIN;
    else if (isle_parse_at_word(p, "priority"))
        out->kind = ISLE_ATTR_PRIORITY;
    else
        return isle_parse_expected(p, "`chain` or `priority`");
    isle_parse_next(p);
    return isle_parse_close(p);
}

static Status parse_attr(Parser *p, IsleDef *def)
{
    def->kind = ISLE_DEF_ATTR;
    const bool at_rule = isle_parse_at_word(p, "rule");
    TRY(isle_parse_ident(p, "the name of a term, or `rule`", &def->name));
    if (at_rule && p->token.kind == TOKEN_SYMBOL) {
        def->u.attr.of_rule = true;
        TRY(isle_parse_ident(p, "the name of a rule", &def->name));
    }
    VEC(IsleAttr) attrs = {0};
    while (p->token.kind != TOKEN_CLOSE) {
        IsleAttr attr;
        TRY(parse_one_attr(p, &attr));
        VEC_PUSH(p->arena, &attrs, attr);
    }
    def->u.attr.attrs = attrs.data;
    def->u.attr.num_attrs = attrs.len;
    return STATUS_OK;
}

Status isle_parse_spec_def(Parser *p, IsleDef *def)
{
    static const struct {
        const char *word;
        Status (*parse)(Parser *p, IsleDef *def);
    } forms[] = {{"spec", parse_spec},   {"model", parse_model}, {"state", parse_state},
                 {"macro", parse_macro}, {"form", parse_form},   {"instantiate", parse_instantiate},
                 {"attr", parse_attr}};
    static const Str words[] = {{"type", 4},   {"decl", 4},        {"rule", 4}, {"extractor", 9},
                                {"extern", 6}, {"convert", 7},     {"spec", 4}, {"model", 5},
                                {"state", 5},  {"macro", 5},       {"form", 4}, {"attr", 4},
                                {"pragma", 6}, {"instantiate", 11}};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (!isle_parse_at_word(p, forms[i].word))
            continue;
        isle_parse_next(p);
        return forms[i].parse(p, def);
    }
    const Str nearest = str_nearest(p->token.text, words, sizeof(words) / sizeof(words[0]));
    if (nearest.len != 0)
        return isle_error(p->isle, isle_parse_pos(p),
                          "unknown definition `%.*s`; did you mean `%.*s`?", STR_ARG(p->token.text),
                          STR_ARG(nearest));
    return isle_error(p->isle, isle_parse_pos(p), "unknown definition `%.*s`",
                      STR_ARG(p->token.text));
}
