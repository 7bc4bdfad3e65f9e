// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The check of the specification forms: names, numbers of operands and scopes. What the expressions
// mean, and their types, is the verifier's business.

#include "isle-rules/compiler/islec_internal.h"

typedef struct SpecScope {
    Isle *isle;
    VEC(IsleIdent) names; // besides the states, which are visible everywhere
} SpecScope;

static const struct {
    uint32_t min, max;
} op_arity[ISLE_SPEC_OP_COUNT] = {
#define MANY                                 UINT32_MAX
#define SPEC_OP(NAME, text, min, max, shape) {min, max},
#include "isle-rules/compiler/spec_ops.def"
#undef MANY
};

static bool in_scope(const SpecScope *s, IsleSym name)
{
    for (uint32_t i = 0; i < s->names.len; i++)
        if (s->names.data[i].sym == name)
            return true;
    return map_get(&s->isle->states, name) != MAP_NONE;
}

// Brings a name into scope, where it must be new: specifications never shadow.
static void bind(SpecScope *s, IsleIdent name)
{
    if (in_scope(s, name.sym))
        isle_error(s->isle, name.pos, "`%.*s` is in scope already, and may not be shadowed",
                   SYM_ARG(s->isle, name.sym));
    VEC_PUSH(s->isle->arena, &s->names, name);
}

// ---- Expressions ----

static void check_expr(SpecScope *s, const IsleSpecExpr *e);

static void check_args(SpecScope *s, const IsleSpecExpr *e)
{
    for (uint32_t i = 0; i < e->num_args; i++)
        check_expr(s, e->args[i]);
}

static void check_model_type(Isle *isle, const IsleModelType *type)
{
    if (type->kind == ISLE_MODEL_NAMED)
        isle_resolve_type(isle, &type->name);
    const uint32_t model =
        type->kind == ISLE_MODEL_CONST ? map_get(&isle->models, type->name.sym) : MAP_NONE;
    if (type->kind == ISLE_MODEL_CONST &&
        (model == MAP_NONE || !isle->defs.data[model]->u.model.constant))
        isle_error_unknown(isle, &type->name, "model of a constant", NULL, 0);
    for (uint32_t i = 0; i < type->num_fields; i++) {
        check_model_type(isle, type->types[i]);
        for (uint32_t j = 0; j < i; j++)
            if (type->fields[j].sym == type->fields[i].sym)
                isle_error(isle, type->fields[i].pos, "field `%.*s` is named twice",
                           SYM_ARG(isle, type->fields[i].sym));
    }
}

static void check_var(const SpecScope *s, const IsleSpecExpr *e)
{
    if (in_scope(s, e->name))
        return;
    Isle *const isle = s->isle;
    Str *const names = ARENA_ARRAY(isle->arena, Str, s->names.len);
    for (uint32_t i = 0; i < s->names.len; i++)
        names[i] = isle_str(isle, s->names.data[i].sym);
    isle_error_unknown(isle, &(IsleIdent){e->name, e->pos}, "variable", names, s->names.len);
}

static void check_op(SpecScope *s, const IsleSpecExpr *e)
{
    const uint32_t min = op_arity[e->op].min, max = op_arity[e->op].max;
    if (e->num_args < min || e->num_args > max)
        isle_error(s->isle, e->pos, "operator `%.*s` takes %u%s operand%s, found %u",
                   STR_ARG(s->isle->symbols.strings.data[e->op]), min,
                   max == UINT32_MAX ? " or more" : "", min == 1 && max == 1 ? "" : "s",
                   e->num_args);
    check_args(s, e);
}

// The body (the last of args) with the names in scope; `initials` of args come before, one a name.
static void check_binder(SpecScope *s, const IsleSpecExpr *e, bool initials)
{
    const uint32_t outer = s->names.len;
    for (uint32_t i = 0; i < e->num_names; i++) {
        if (initials)
            check_expr(s, e->args[i]);
        bind(s, e->names[i]);
    }
    check_expr(s, e->args[e->num_args - 1]);
    s->names.len = outer;
}

static void check_match(SpecScope *s, const IsleSpecExpr *e)
{
    check_expr(s, e->args[0]);
    for (uint32_t i = 0; i < e->num_arms; i++) {
        const uint32_t outer = s->names.len;
        for (uint32_t v = 0; v < e->arms[i].num_vars; v++)
            bind(s, e->arms[i].vars[v]);
        check_expr(s, e->args[i + 1]);
        s->names.len = outer;
    }
}

static void check_variant(SpecScope *s, const IsleSpecExpr *e)
{
    const IsleTermId id = isle_resolve_term(s->isle, &(IsleIdent){e->name, e->pos});
    if (id != ISLE_NONE && s->isle->terms.data[id].constructor != ISLE_HOW_BUILTIN)
        isle_error(s->isle, e->pos, "`%.*s` is no variant", SYM_ARG(s->isle, e->name));
    else if (id != ISLE_NONE && s->isle->terms.data[id].num_args != e->num_args)
        isle_error(s->isle, e->pos, "variant `%.*s` has %u field%s, found %u",
                   SYM_ARG(s->isle, e->name), s->isle->terms.data[id].num_args,
                   PLURAL(s->isle->terms.data[id].num_args), e->num_args);
    check_args(s, e);
}

static void check_macro_call(SpecScope *s, const IsleSpecExpr *e)
{
    const uint32_t index = map_get(&s->isle->macros, e->name);
    check_args(s, e);
    if (index == MAP_NONE) {
        if (!in_scope(s, e->name)) // else a macro value
            isle_error_unknown(s->isle, &(IsleIdent){e->name, e->pos}, "macro", NULL, 0);
        return;
    }
    const uint32_t params = s->isle->defs.data[index]->u.macro.num_params;
    if (params != e->num_args)
        isle_error(s->isle, e->pos, "macro `%.*s` takes %u argument%s, found %u",
                   SYM_ARG(s->isle, e->name), params, PLURAL(params), e->num_args);
}

static void check_expr(SpecScope *s, const IsleSpecExpr *e)
{
    switch (e->kind) {
    case ISLE_SPEC_INT:
    case ISLE_SPEC_BITS:
    case ISLE_SPEC_BOOL: return;
    case ISLE_SPEC_VAR: check_var(s, e); return;
    case ISLE_SPEC_OP: check_op(s, e); return;
    case ISLE_SPEC_LET: check_binder(s, e, true); return;
    case ISLE_SPEC_WITH:
    case ISLE_SPEC_MACRO: check_binder(s, e, false); return;
    case ISLE_SPEC_MATCH: check_match(s, e); return;
    case ISLE_SPEC_VARIANT: check_variant(s, e); return;
    case ISLE_SPEC_MACRO_CALL: check_macro_call(s, e); return;
    case ISLE_SPEC_AS: check_model_type(s->isle, e->type); break;
    case ISLE_SPEC_SWITCH:
    case ISLE_SPEC_IF:
    case ISLE_SPEC_FIELD:
    case ISLE_SPEC_DISCRIMINATOR:
    case ISLE_SPEC_STRUCT: break;
    }
    check_args(s, e);
}

// ---- Forms ----

// Notes the definition under its name in `map`; reports a second one.
static void register_def(Isle *isle, Map *map, uint32_t index, const char *what)
{
    const IsleDef *const def = isle->defs.data[index];
    const uint32_t earlier = map_get(map, def->name.sym);
    if (earlier != MAP_NONE) {
        isle_error(isle, def->name.pos, "%s `%.*s` is defined already", what,
                   SYM_ARG(isle, def->name.sym));
        isle_note(isle, isle->defs.data[earlier]->name.pos, "here");
        return;
    }
    map_set(isle->arena, map, def->name.sym, index);
}

static void register_names(Isle *isle)
{
    for (uint32_t i = 0; i < isle->defs.len; i++) {
        switch ((int)isle->defs.data[i]->kind) {
        case ISLE_DEF_MODEL: register_def(isle, &isle->models, i, "model"); break;
        case ISLE_DEF_STATE: register_def(isle, &isle->states, i, "state"); break;
        case ISLE_DEF_MACRO: register_def(isle, &isle->macros, i, "macro"); break;
        case ISLE_DEF_FORM: register_def(isle, &isle->forms, i, "form"); break;
        default: break;
        }
    }
}

static bool has_clause(const IsleDef *def, IsleClauseKind kind)
{
    for (uint32_t i = 0; i < def->u.spec.num_clauses; i++)
        if (def->u.spec.clauses[i].kind == kind)
            return true;
    return false;
}

// A term is total when neither its constructor nor its extractor can fail.
static void check_match_clause(Isle *isle, const IsleDef *def, const IsleTerm *term)
{
    const bool fallible = isle_extractor_fails(term) && !(term->flags & ISLE_MULTI);
    const bool partial = (term->flags & ISLE_PARTIAL) != 0;
    const bool must = partial || (fallible && term->constructor == ISLE_HOW_NONE &&
                                  term->extractor == ISLE_HOW_EXTERNAL);
    if (!partial && !fallible && has_clause(def, ISLE_CLAUSE_MATCH))
        isle_error(isle, def->name.pos, "term `%.*s` can't fail: its spec has no use for `match`",
                   SYM_ARG(isle, term->name));
    if (must && !has_clause(def, ISLE_CLAUSE_MATCH))
        isle_error(isle, def->name.pos, "term `%.*s` may fail: its spec needs a `match`",
                   SYM_ARG(isle, term->name));
}

// A modified state must exist; its condition is a variable of the whole spec.
static void check_modifies(SpecScope *s, const IsleDef *def)
{
    Isle *const isle = s->isle;
    for (uint32_t i = 0; i < def->u.spec.num_clauses; i++) {
        const IsleClause *const clause = &def->u.spec.clauses[i];
        if (clause->kind != ISLE_CLAUSE_MODIFIES)
            continue;
        if (map_get(&isle->states, clause->state.sym) == MAP_NONE)
            isle_error_unknown(isle, &clause->state, "state", NULL, 0);
        if (clause->condition.sym != ISLE_NONE)
            bind(s, clause->condition);
    }
}

static void check_clauses(SpecScope *s, const IsleDef *def, const IsleTerm *term)
{
    // A constructor turns parameters into `result`, an extractor the other way round: what comes
    // out is in scope of `provide` alone. For a term with both, everything may be either.
    const bool makes = term->constructor != ISLE_HOW_NONE, takes = term->extractor != ISLE_HOW_NONE;
    const IsleIdent result = {strtable_add(s->isle->arena, &s->isle->symbols, STR("result")),
                              def->name.pos};
    const uint32_t outer = s->names.len;
    for (uint32_t i = 0; i < def->u.spec.num_clauses; i++) {
        const IsleClause *const clause = &def->u.spec.clauses[i];
        const bool all = clause->kind == ISLE_CLAUSE_PROVIDE;
        for (uint32_t p = 0; (makes || all) && p < def->u.spec.num_params; p++)
            VEC_PUSH(s->isle->arena, &s->names, def->u.spec.params[p]);
        if (takes || all)
            VEC_PUSH(s->isle->arena, &s->names, result);
        for (uint32_t e = 0; e < clause->num_exprs; e++)
            check_expr(s, clause->exprs[e]);
        s->names.len = outer;
    }
}

static void check_spec(Isle *isle, const IsleDef *def)
{
    const IsleTermId id = isle_resolve_term(isle, &def->name);
    if (id == ISLE_NONE)
        return;
    IsleTerm *const term = &isle->terms.data[id];
    if (term->spec) {
        isle_error(isle, def->name.pos, "term `%.*s` has a spec already",
                   SYM_ARG(isle, term->name));
        isle_note(isle, term->spec->name.pos, "here");
        return;
    }
    term->spec = def;
    if (term->num_args != def->u.spec.num_params)
        isle_error(isle, def->name.pos, "spec of `%.*s` has %u parameter%s, its term has %u",
                   SYM_ARG(isle, term->name), def->u.spec.num_params,
                   PLURAL(def->u.spec.num_params), term->num_args);
    SpecScope s = {.isle = isle};
    for (uint32_t p = 0; p < def->u.spec.num_params; p++)
        bind(&s, def->u.spec.params[p]);
    s.names.len = 0;
    check_modifies(&s, def);
    check_match_clause(isle, def, term);
    check_clauses(&s, def, term);
}

static void check_macro(Isle *isle, const IsleDef *def)
{
    SpecScope s = {.isle = isle};
    for (uint32_t p = 0; p < def->u.macro.num_params; p++)
        bind(&s, def->u.macro.params[p]);
    check_expr(&s, def->u.macro.body);
}

static void check_model(Isle *isle, const IsleDef *def)
{
    SpecScope s = {.isle = isle};
    if (def->u.model.constant) {
        // A constant's value; names with and without `$` are the same here.
        if (map_get(&isle->const_of_name, def->name.sym) == MAP_NONE) {
            Str name = isle_str(isle, def->name.sym);
            if (name.len > 1 && name.data[0] == '$')
                name = (Str){name.data + 1, name.len - 1};
            const uint32_t sym = strtable_find(&isle->symbols, name);
            if (sym == MAP_NONE || map_get(&isle->const_of_name, sym) == MAP_NONE)
                isle_error_unknown(isle, &def->name, "constant", NULL, 0);
        }
        check_expr(&s, def->u.model.constant);
        return;
    }
    isle_resolve_type(isle, &def->name);
    check_model_type(isle, def->u.model.type);
}

static void check_form(Isle *isle, const IsleDef *def)
{
    for (uint32_t i = 0; i < def->u.form.num_signatures; i++) {
        const IsleSignature *const signature = &def->u.form.signatures[i];
        for (uint32_t a = 0; a < signature->num_args; a++)
            check_model_type(isle, signature->args[a]);
        check_model_type(isle, signature->ret);
    }
}

static void check_instantiate(Isle *isle, const IsleDef *def)
{
    const IsleTermId id = isle_resolve_term(isle, &def->name);
    const IsleDef *signatures = def;
    if (def->u.form.form.sym != ISLE_NONE) {
        const uint32_t form = map_get(&isle->forms, def->u.form.form.sym);
        if (form == MAP_NONE) {
            isle_error_unknown(isle, &def->u.form.form, "form", NULL, 0);
            return;
        }
        signatures = isle->defs.data[form];
    }
    check_form(isle, def);
    for (uint32_t i = 0; id != ISLE_NONE && i < signatures->u.form.num_signatures; i++) {
        const uint32_t found = signatures->u.form.signatures[i].num_args;
        if (found == isle->terms.data[id].num_args)
            continue;
        isle_error(isle, def->name.pos, "term `%.*s` has %u parameter%s, a signature has %u",
                   SYM_ARG(isle, def->name.sym), isle->terms.data[id].num_args,
                   PLURAL(isle->terms.data[id].num_args), found);
        return;
    }
}

static void check_attr(Isle *isle, const IsleDef *def)
{
    if (!def->u.attr.of_rule) {
        isle_resolve_term(isle, &def->name);
        return;
    }
    const uint32_t rule = map_get(&isle->rule_of_name, def->name.sym);
    if (rule != MAP_NONE) {
        isle->rules.data[rule].attr = def;
        return;
    }
    VEC(Str) names = {0};
    for (uint32_t r = 0; r < isle->rules.len; r++)
        if (isle->rules.data[r].name != ISLE_NONE)
            VEC_PUSH(isle->arena, &names, isle->rules.data[r].label);
    isle_error_unknown(isle, &def->name, "rule", names.data, names.len);
}

void isle_check_specs(Isle *isle)
{
    register_names(isle);
    for (uint32_t i = 0; i < isle->defs.len && isle->diag->errors < ISLE_MAX_ERRORS; i++) {
        const IsleDef *const def = isle->defs.data[i];
        switch ((int)def->kind) {
        case ISLE_DEF_SPEC: check_spec(isle, def); break;
        case ISLE_DEF_MODEL: check_model(isle, def); break;
        case ISLE_DEF_MACRO: check_macro(isle, def); break;
        case ISLE_DEF_FORM: check_form(isle, def); break;
        case ISLE_DEF_INSTANTIATE: check_instantiate(isle, def); break;
        case ISLE_DEF_ATTR: check_attr(isle, def); break;
        case ISLE_DEF_STATE: {
            SpecScope s = {.isle = isle};
            check_model_type(isle, def->u.state.type);
            check_expr(&s, def->u.state.initial);
            break;
        }
        default: break;
        }
    }
}
