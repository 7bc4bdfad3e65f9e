// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Definitions and decision trees as text. The text of definitions is canonical: one form a line,
// single blanks, decimal integers; reading it gives the same definitions.

#include "isle-rules/compiler/islec_internal.h"

typedef struct Dump {
    const Isle *isle;
    StrBuf *out;
} Dump;

// ---- Rules ----

static void put(Dump *d, const char *text)
{
    buf_puts(d->out, text);
}

static void put_sym(Dump *d, const char *before, IsleSym sym)
{
    put(d, before);
    buf_str(d->out, isle_str(d->isle, sym));
}

static void put_idents(Dump *d, const IsleIdent *idents, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        put_sym(d, i == 0 ? "" : " ", idents[i].sym);
}

static void put_int(Dump *d, IsleInt value)
{
    char digits[40];
    size_t n = 0;
    uint128 rest = value.magnitude;
    do {
        digits[sizeof(digits) - ++n] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    } while (rest != 0);
    put(d, value.negative ? "-" : "");
    buf_str(d->out, (Str){digits + sizeof(digits) - n, n});
}

static void put_node(Dump *d, const IsleAst *node);

static void put_let_node(Dump *d, const IsleAst *node)
{
    put(d, "(let (");
    for (uint32_t i = 0; i + 1 < node->num_args; i++) {
        put_sym(d, i == 0 ? "(" : " (", node->lets[i].var.sym);
        put_sym(d, " ", node->lets[i].type.sym);
        put(d, " ");
        put_node(d, node->args[i]);
        put(d, ")");
    }
    put(d, ") ");
    put_node(d, node->args[node->num_args - 1]);
    put(d, ")");
}

static void put_node(Dump *d, const IsleAst *node)
{
    switch (node->kind) {
    case ISLE_AST_WILDCARD: put(d, "_"); return;
    case ISLE_AST_INT: put_int(d, node->value); return;
    case ISLE_AST_BOOL: put(d, node->value.magnitude != 0 ? "true" : "false"); return;
    case ISLE_AST_CONST: put_sym(d, "$", node->name); return;
    case ISLE_AST_VAR: put_sym(d, "", node->name); return;
    case ISLE_AST_LET: put_let_node(d, node); return;
    case ISLE_AST_BIND:
        put_sym(d, "", node->name);
        put(d, " @ ");
        put_node(d, node->args[0]);
        return;
    case ISLE_AST_AND:
    case ISLE_AST_TERM: break;
    }
    put(d, "(");
    if (node->kind == ISLE_AST_AND)
        put(d, "and");
    else
        put_sym(d, "", node->name);
    for (uint32_t i = 0; i < node->num_args; i++) {
        put(d, " ");
        put_node(d, node->args[i]);
    }
    put(d, ")");
}

static void put_fields(Dump *d, const IsleVariantAst *variant)
{
    for (uint32_t i = 0; i < variant->num_fields; i++) {
        const IsleFieldAst *const field = &variant->fields[i];
        if (field->name.sym == ISLE_NONE) {
            put_sym(d, " ", field->type.sym);
            continue;
        }
        put_sym(d, " (", field->name.sym);
        put_sym(d, " ", field->type.sym);
        put(d, ")");
    }
}

static void put_type(Dump *d, const IsleDef *def)
{
    put_sym(d, "(type ", def->name.sym);
    put(d, def->u.type.is_extern ? " extern" : "");
    put(d, def->u.type.nodebug ? " nodebug" : "");
    if (def->u.type.kind == ISLE_TYPE_PRIMITIVE) {
        put_sym(d, " (primitive ", def->u.type.primitive.sym);
    } else if (def->u.type.kind == ISLE_TYPE_STRUCT) {
        put(d, " (struct");
        put_fields(d, &def->u.type.variants[0]);
    } else {
        put(d, " (enum");
        for (uint32_t i = 0; i < def->u.type.num_variants; i++) {
            const IsleVariantAst *const variant = &def->u.type.variants[i];
            put_sym(d, variant->num_fields == 0 ? " " : " (", variant->name.sym);
            put_fields(d, variant);
            put(d, variant->num_fields == 0 ? "" : ")");
        }
    }
    put(d, "))");
}

static void put_decl(Dump *d, const IsleDef *def)
{
    put(d, "(decl ");
    put(d, (def->u.decl.flags & ISLE_PURE) ? "pure " : "");
    put(d, (def->u.decl.flags & ISLE_MULTI) ? "multi " : "");
    put(d, (def->u.decl.flags & ISLE_PARTIAL) ? "partial " : "");
    put(d, (def->u.decl.flags & ISLE_REC) ? "rec " : "");
    put_sym(d, "", def->name.sym);
    put(d, " (");
    put_idents(d, def->u.decl.args, def->u.decl.num_args);
    put_sym(d, ") ", def->u.decl.ret.sym);
    put(d, ")");
}

static void put_rule(Dump *d, const IsleDef *def)
{
    put(d, "(rule ");
    if (def->name.sym != ISLE_NONE) {
        put_sym(d, "", def->name.sym);
        put(d, " ");
    }
    if (def->u.rule.has_priority)
        buf_printf(d->out, "%lld ", (long long)def->u.rule.priority);
    put_node(d, def->u.rule.pattern);
    for (uint32_t i = 0; i < def->u.rule.num_iflets; i++) {
        put(d, " (if-let ");
        put_node(d, def->u.rule.iflets[i].pattern);
        put(d, " ");
        put_node(d, def->u.rule.iflets[i].expr);
        put(d, ")");
    }
    put(d, " ");
    put_node(d, def->u.rule.expr);
    put(d, ")");
}

// ---- Specifications ----

static void put_model(Dump *d, const IsleModelType *type)
{
    switch (type->kind) {
    case ISLE_MODEL_BOOL: put(d, "Bool"); return;
    case ISLE_MODEL_INT: put(d, "Int"); return;
    case ISLE_MODEL_UNIT: put(d, "Unit"); return;
    case ISLE_MODEL_OPAQUE: put(d, "!"); return;
    case ISLE_MODEL_INFER: put(d, "_"); return;
    case ISLE_MODEL_BV:
        if (type->width == 0)
            put(d, "(bv)");
        else
            buf_printf(d->out, "(bv %u)", type->width);
        return;
    case ISLE_MODEL_NAMED:
        put_sym(d, "(named ", type->name.sym);
        put(d, ")");
        return;
    case ISLE_MODEL_CONST:
        put_sym(d, "(const ", type->name.sym);
        put(d, ")");
        return;
    case ISLE_MODEL_STRUCT: break;
    }
    put(d, "(struct");
    for (uint32_t i = 0; i < type->num_fields; i++) {
        put_sym(d, " (", type->fields[i].sym);
        put(d, " ");
        put_model(d, type->types[i]);
        put(d, ")");
    }
    put(d, ")");
}

static void put_spec_expr(Dump *d, const IsleSpecExpr *e);

static void put_spec_args(Dump *d, const IsleSpecExpr *e, uint32_t from)
{
    for (uint32_t i = from; i < e->num_args; i++) {
        put(d, " ");
        put_spec_expr(d, e->args[i]);
    }
}

// (name e)...
static void put_named_exprs(Dump *d, const IsleSpecExpr *e)
{
    for (uint32_t i = 0; i < e->num_names; i++) {
        put_sym(d, i == 0 ? "(" : " (", e->names[i].sym);
        put(d, " ");
        put_spec_expr(d, e->args[i]);
        put(d, ")");
    }
}

static void put_bits(Dump *d, const IsleSpecExpr *e)
{
    put(d, "#b");
    for (uint32_t i = e->width; i-- > 0;)
        put(d, (e->value.magnitude >> i & 1) != 0 ? "1" : "0");
}

static void put_spec_arms(Dump *d, const IsleSpecExpr *e)
{
    put(d, "(match ");
    put_spec_expr(d, e->args[0]);
    for (uint32_t i = 0; i < e->num_arms; i++) {
        put_sym(d, " ((", e->arms[i].variant.sym);
        for (uint32_t v = 0; v < e->arms[i].num_vars; v++)
            put_sym(d, " ", e->arms[i].vars[v].sym);
        put(d, ") ");
        put_spec_expr(d, e->args[i + 1]);
        put(d, ")");
    }
    put(d, ")");
}

static void put_switch(Dump *d, const IsleSpecExpr *e)
{
    put(d, "(switch ");
    put_spec_expr(d, e->args[0]);
    for (uint32_t i = 1; i + 1 < e->num_args; i += 2) {
        put(d, " (");
        put_spec_expr(d, e->args[i]);
        put(d, " ");
        put_spec_expr(d, e->args[i + 1]);
        put(d, ")");
    }
    put(d, ")");
}

// What stands between `(` and the operands.
static void put_spec_head(Dump *d, const IsleSpecExpr *e)
{
    switch ((int)e->kind) {
    case ISLE_SPEC_OP: put_sym(d, "", e->op); return;
    case ISLE_SPEC_IF: put(d, "if"); return;
    case ISLE_SPEC_AS: put(d, "as"); return;
    case ISLE_SPEC_FIELD: put_sym(d, ":", e->name); return;
    case ISLE_SPEC_DISCRIMINATOR:
    case ISLE_SPEC_MACRO_CALL:
        put_sym(d, "", e->name);
        put(d, e->kind == ISLE_SPEC_MACRO_CALL ? "!" : "?");
        return;
    case ISLE_SPEC_VARIANT: put_sym(d, "", e->name); return;
    default:
        put(d, e->kind == ISLE_SPEC_WITH ? "with (" : "macro (");
        put_idents(d, e->names, e->num_names);
        put(d, ")");
    }
}

static void put_spec_expr(Dump *d, const IsleSpecExpr *e)
{
    switch ((int)e->kind) {
    case ISLE_SPEC_INT: put_int(d, e->value); return;
    case ISLE_SPEC_BITS: put_bits(d, e); return;
    case ISLE_SPEC_BOOL: put(d, e->value.magnitude != 0 ? "true" : "false"); return;
    case ISLE_SPEC_VAR: put_sym(d, "", e->name); return;
    case ISLE_SPEC_MATCH: put_spec_arms(d, e); return;
    case ISLE_SPEC_SWITCH: put_switch(d, e); return;
    case ISLE_SPEC_LET:
        put(d, "(let (");
        put_named_exprs(d, e);
        put(d, ")");
        put_spec_args(d, e, e->num_args - 1);
        break;
    case ISLE_SPEC_STRUCT:
        put(d, e->num_names == 0 ? "(struct" : "(struct ");
        put_named_exprs(d, e);
        break;
    default:
        put(d, "(");
        put_spec_head(d, e);
        put_spec_args(d, e, 0);
        if (e->kind == ISLE_SPEC_AS) {
            put(d, " ");
            put_model(d, e->type);
        }
    }
    put(d, ")");
}

static void put_spec(Dump *d, const IsleDef *def)
{
    static const char *const words[] = {[ISLE_CLAUSE_PROVIDE] = " (provide",
                                        [ISLE_CLAUSE_REQUIRE] = " (require",
                                        [ISLE_CLAUSE_MATCH] = " (match",
                                        [ISLE_CLAUSE_MODIFIES] = " (modifies"};
    put_sym(d, "(spec (", def->name.sym);
    put(d, def->u.spec.num_params == 0 ? "" : " ");
    put_idents(d, def->u.spec.params, def->u.spec.num_params);
    put(d, ")");
    for (uint32_t i = 0; i < def->u.spec.num_clauses; i++) {
        const IsleClause *const clause = &def->u.spec.clauses[i];
        put(d, words[clause->kind]);
        if (clause->kind == ISLE_CLAUSE_MODIFIES) {
            put_sym(d, " ", clause->state.sym);
            if (clause->condition.sym != ISLE_NONE)
                put_sym(d, " ", clause->condition.sym);
        }
        for (uint32_t e = 0; e < clause->num_exprs; e++) {
            put(d, " ");
            put_spec_expr(d, clause->exprs[e]);
        }
        put(d, ")");
    }
    put(d, ")");
}

static void put_form(Dump *d, const IsleDef *def)
{
    put_sym(d, def->kind == ISLE_DEF_FORM ? "(form " : "(instantiate ", def->name.sym);
    if (def->u.form.form.sym != ISLE_NONE)
        put_sym(d, " ", def->u.form.form.sym);
    for (uint32_t i = 0; i < def->u.form.num_signatures; i++) {
        const IsleSignature *const signature = &def->u.form.signatures[i];
        put(d, " ((args");
        for (uint32_t a = 0; a < signature->num_args; a++) {
            put(d, " ");
            put_model(d, signature->args[a]);
        }
        put(d, ") (ret ");
        put_model(d, signature->ret);
        put(d, "))");
    }
    for (uint32_t i = 0; i < def->u.form.num_tags; i++) {
        put_sym(d, " (tag ", def->u.form.tags[i].sym);
        put(d, ")");
    }
    put(d, ")");
}

static void put_attr(Dump *d, const IsleDef *def)
{
    put_sym(d, def->u.attr.of_rule ? "(attr rule " : "(attr ", def->name.sym);
    for (uint32_t i = 0; i < def->u.attr.num_attrs; i++) {
        const IsleAttr *const attr = &def->u.attr.attrs[i];
        if (attr->kind == ISLE_ATTR_TAG) {
            put_sym(d, " (tag ", attr->tag.sym);
            put(d, ")");
        } else {
            put(d, attr->kind == ISLE_ATTR_CHAIN ? " (veri chain)" : " (veri priority)");
        }
    }
    put(d, ")");
}

static void put_model_def(Dump *d, const IsleDef *def)
{
    put_sym(d, "(model ", def->name.sym);
    if (def->u.model.constant) {
        put(d, " (const ");
        put_spec_expr(d, def->u.model.constant);
    } else {
        put(d, " (type ");
        put_model(d, def->u.model.type);
    }
    put(d, "))");
}

// ---- Definitions ----

static void put_extern(Dump *d, const IsleDef *def)
{
    put(d, def->kind == ISLE_DEF_EXTERN_CONSTRUCTOR ? "(extern constructor "
           : def->kind == ISLE_DEF_EXTERN_CONST     ? "(extern const $"
           : def->u.external.infallible             ? "(extern extractor infallible "
                                                    : "(extern extractor ");
    put_sym(d, "", def->name.sym);
    put_sym(d, " ", def->u.external.function.sym);
    put(d, ")");
}

static void put_definition(Dump *d, const IsleDef *def)
{
    switch (def->kind) {
    case ISLE_DEF_TYPE: put_type(d, def); break;
    case ISLE_DEF_DECL: put_decl(d, def); break;
    case ISLE_DEF_RULE: put_rule(d, def); break;
    case ISLE_DEF_EXTRACTOR:
        put_sym(d, "(extractor (", def->name.sym);
        put(d, def->u.extractor.num_params == 0 ? "" : " ");
        put_idents(d, def->u.extractor.params, def->u.extractor.num_params);
        put(d, ") ");
        put_node(d, def->u.extractor.pattern);
        put(d, ")");
        break;
    case ISLE_DEF_EXTERN_CONSTRUCTOR:
    case ISLE_DEF_EXTERN_EXTRACTOR:
    case ISLE_DEF_EXTERN_CONST: put_extern(d, def); break;
    case ISLE_DEF_CONVERT:
        put_sym(d, "(convert ", def->u.convert.inner.sym);
        put_sym(d, " ", def->u.convert.outer.sym);
        put_sym(d, " ", def->name.sym);
        put(d, ")");
        break;
    case ISLE_DEF_SPEC: put_spec(d, def); break;
    case ISLE_DEF_MODEL: put_model_def(d, def); break;
    case ISLE_DEF_STATE:
        put_sym(d, "(state ", def->name.sym);
        put(d, " (type ");
        put_model(d, def->u.state.type);
        put(d, ") (default ");
        put_spec_expr(d, def->u.state.initial);
        put(d, "))");
        break;
    case ISLE_DEF_MACRO:
        put_sym(d, "(macro (", def->name.sym);
        put(d, def->u.macro.num_params == 0 ? "" : " ");
        put_idents(d, def->u.macro.params, def->u.macro.num_params);
        put(d, ") ");
        put_spec_expr(d, def->u.macro.body);
        put(d, ")");
        break;
    case ISLE_DEF_FORM:
    case ISLE_DEF_INSTANTIATE: put_form(d, def); break;
    case ISLE_DEF_ATTR: put_attr(d, def); break;
    }
    put(d, "\n");
}

void isle_dump_def(const Isle *isle, const IsleDef *def, StrBuf *out)
{
    Dump d = {isle, out};
    put_definition(&d, def);
}

void isle_dump_ast(const Isle *isle, StrBuf *out)
{
    for (uint32_t i = 0; i < isle->defs.len; i++)
        isle_dump_def(isle, isle->defs.data[i], out);
}
