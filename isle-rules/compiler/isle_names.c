// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The first phases of the check: types, terms with their signatures, and what defines each term.

#include "isle-rules/compiler/islec_internal.h"

// ---- Types ----

static IsleTypeId add_type(Isle *isle, const IsleType *type)
{
    const IsleTypeId id = isle->types.len;
    VEC_PUSH(isle->arena, &isle->types, *type);
    map_set(isle->arena, &isle->type_of_name, type->name, id);
    return id;
}

void isle_add_builtins(Isle *isle)
{
    static const struct {
        const char *name;
        uint8_t bits;
        bool is_signed;
    } builtins[] = {{"bool", 1, false},   {"u8", 8, false},   {"u16", 16, false},
                    {"u32", 32, false},   {"u64", 64, false}, {"u128", 128, false},
                    {"usize", 64, false}, {"i8", 8, true},    {"i16", 16, true},
                    {"i32", 32, true},    {"i64", 64, true},  {"i128", 128, true},
                    {"isize", 64, true}};
    for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
        add_type(isle, &(IsleType){.kind = ISLE_TYPE_BUILTIN,
                                   .name = strtable_add(isle->arena, &isle->symbols,
                                                        str_from(builtins[i].name)),
                                   .bits = builtins[i].bits,
                                   .is_signed = builtins[i].is_signed});
}

static void declare_type(Isle *isle, const IsleDef *def)
{
    const IsleTypeId earlier = map_get(&isle->type_of_name, def->name.sym);
    if (earlier != ISLE_NONE) {
        isle_error(isle, def->name.pos, "type `%.*s` is defined already",
                   SYM_ARG(isle, def->name.sym));
        if (isle->types.data[earlier].kind != ISLE_TYPE_BUILTIN)
            isle_note(isle, isle->types.data[earlier].pos, "here");
        return;
    }
    const bool primitive = def->u.type.kind == ISLE_TYPE_PRIMITIVE;
    if (primitive && (def->u.type.is_extern || def->u.type.nodebug))
        isle_error(isle, def->name.pos, "a primitive type is neither extern nor nodebug");
    if (!primitive && def->u.type.is_extern && def->u.type.nodebug)
        isle_error(isle, def->name.pos, "a type can't be both extern and nodebug");
    add_type(isle, &(IsleType){.kind = def->u.type.kind,
                               .name = def->name.sym,
                               .pos = def->name.pos,
                               .is_extern = def->u.type.is_extern,
                               .nodebug = def->u.type.nodebug,
                               .primitive = primitive ? def->u.type.primitive.sym : ISLE_NONE});
}

static void resolve_fields(Isle *isle, const IsleVariantAst *from, IsleVariant *to)
{
    Map seen = {0};
    IsleField *const fields = ARENA_ARRAY(isle->arena, IsleField, from->num_fields);
    for (uint32_t i = 0; i < from->num_fields; i++) {
        const IsleFieldAst *const field = &from->fields[i];
        fields[i].type = isle_resolve_type(isle, &field->type);
        fields[i].name = field->name.sym;
        if (field->name.sym == ISLE_NONE)
            fields[i].name =
                strtable_add(isle->arena, &isle->symbols, str_printf(isle->arena, "f%u", i));
        if (map_get(&seen, fields[i].name) != MAP_NONE)
            isle_error(isle, field->name.pos, "field `%.*s` is defined already",
                       SYM_ARG(isle, fields[i].name));
        map_set(isle->arena, &seen, fields[i].name, i);
    }
    *to = (IsleVariant){from->name.sym, from->name.pos, fields, from->num_fields};
}

static void resolve_variants(Isle *isle, const IsleDef *def)
{
    const IsleTypeId id = map_get(&isle->type_of_name, def->name.sym);
    const uint32_t count = def->u.type.num_variants;
    IsleVariant *const variants = ARENA_ARRAY(isle->arena, IsleVariant, count);
    Map seen = {0};
    bool unit = true;
    for (uint32_t i = 0; i < count; i++) {
        resolve_fields(isle, &def->u.type.variants[i], &variants[i]);
        unit = unit && variants[i].num_fields == 0;
        if (map_get(&seen, variants[i].name) != MAP_NONE)
            isle_error(isle, variants[i].pos, "variant `%.*s` is defined already",
                       SYM_ARG(isle, variants[i].name));
        map_set(isle->arena, &seen, variants[i].name, i);
    }
    IsleType *const type = &isle->types.data[id];
    type->variants = variants;
    type->num_variants = count;
    type->is_unit_enum = unit && type->kind == ISLE_TYPE_ENUM;
}

static void declare_const(Isle *isle, const IsleDef *def)
{
    const IsleTypeId type = isle_resolve_type(isle, &def->u.external.function);
    if (map_get(&isle->const_of_name, def->name.sym) != MAP_NONE) {
        isle_error(isle, def->name.pos, "constant `$%.*s` is defined already",
                   SYM_ARG(isle, def->name.sym));
        return;
    }
    map_set(isle->arena, &isle->const_of_name, def->name.sym, isle->consts.len);
    VEC_PUSH(isle->arena, &isle->consts, ((IsleConst){def->name.sym, def->name.pos, type}));
}

void isle_check_types(Isle *isle)
{
    const uint32_t before = isle->diag->errors;
    for (uint32_t i = 0; i < isle->defs.len; i++)
        if (isle->defs.data[i]->kind == ISLE_DEF_TYPE)
            declare_type(isle, isle->defs.data[i]);
    if (isle->diag->errors != before)
        return; // a type defined twice has fields twice
    for (uint32_t i = 0; i < isle->defs.len; i++) {
        const IsleDef *const def = isle->defs.data[i];
        if (def->kind == ISLE_DEF_TYPE && def->u.type.kind != ISLE_TYPE_PRIMITIVE)
            resolve_variants(isle, def);
        else if (def->kind == ISLE_DEF_EXTERN_CONST)
            declare_const(isle, def);
    }
}

// ---- Terms ----

static IsleTermId add_term(Isle *isle, const IsleTerm *term)
{
    const IsleTermId earlier = map_get(&isle->term_of_name, term->name);
    if (earlier != ISLE_NONE) {
        isle_error(isle, term->pos, "term `%.*s` is declared already", SYM_ARG(isle, term->name));
        isle_note(isle, isle->terms.data[earlier].pos, "here");
        return earlier;
    }
    const IsleTermId id = isle->terms.len;
    VEC_PUSH(isle->arena, &isle->terms, *term);
    map_set(isle->arena, &isle->term_of_name, term->name, id);
    return id;
}

static void declare_term(Isle *isle, const IsleDef *def)
{
    IsleTypeId *const args = ARENA_ARRAY(isle->arena, IsleTypeId, def->u.decl.num_args);
    for (uint32_t i = 0; i < def->u.decl.num_args; i++)
        args[i] = isle_resolve_type(isle, &def->u.decl.args[i]);
    const IsleTypeId ret = isle_resolve_type(isle, &def->u.decl.ret);
    const uint32_t both = ISLE_MULTI | ISLE_PARTIAL;
    if ((def->u.decl.flags & both) == both)
        isle_error(isle, def->name.pos, "term `%.*s` can't be both multi and partial",
                   SYM_ARG(isle, def->name.sym));
    add_term(isle, &(IsleTerm){.name = def->name.sym,
                               .pos = def->name.pos,
                               .flags = def->u.decl.flags,
                               .args = args,
                               .num_args = def->u.decl.num_args,
                               .ret = ret,
                               .constructor_fn = ISLE_NONE,
                               .extractor_fn = ISLE_NONE});
}

// The term of a variant (TYPE.VARIANT) or of a struct (TYPE).
static void add_variant_term(Isle *isle, IsleTypeId id, uint32_t variant)
{
    const IsleType *const type = &isle->types.data[id];
    const IsleVariant *const v = &type->variants[variant];
    IsleTypeId *const args = ARENA_ARRAY(isle->arena, IsleTypeId, v->num_fields);
    for (uint32_t i = 0; i < v->num_fields; i++)
        args[i] = v->fields[i].type;
    Str name = isle_str(isle, type->name);
    if (type->kind == ISLE_TYPE_ENUM)
        name = str_printf(isle->arena, "%.*s.%.*s", STR_ARG(name), SYM_ARG(isle, v->name));
    const IsleTerm term = {.name = strtable_add(isle->arena, &isle->symbols, name),
                           .pos = v->pos,
                           .flags = ISLE_PURE,
                           .args = args,
                           .num_args = v->num_fields,
                           .ret = id,
                           .constructor = ISLE_HOW_BUILTIN,
                           .extractor = ISLE_HOW_BUILTIN,
                           .constructor_fn = ISLE_NONE,
                           .extractor_fn = ISLE_NONE,
                           .variant = variant};
    add_term(isle, &term);
}

void isle_check_decls(Isle *isle)
{
    for (IsleTypeId t = 0; t < isle->types.len; t++)
        for (uint32_t v = 0; v < isle->types.data[t].num_variants; v++)
            add_variant_term(isle, t, v);
    for (uint32_t i = 0; i < isle->defs.len; i++)
        if (isle->defs.data[i]->kind == ISLE_DEF_DECL)
            declare_term(isle, isle->defs.data[i]);
}

// ---- Rules and extractor macros ----

static void add_rule(Isle *isle, const IsleDef *def)
{
    const IsleAst *const pattern = def->u.rule.pattern;
    if (pattern->kind != ISLE_AST_TERM) {
        isle_error(isle, pattern->pos, "the left side of a rule must be a term, `(term ...)`");
        return;
    }
    const IsleTermId id = isle_resolve_term(isle, &(IsleIdent){pattern->name, pattern->pos});
    if (id == ISLE_NONE)
        return;
    IsleTerm *const term = &isle->terms.data[id];
    if (term->constructor == ISLE_HOW_BUILTIN) {
        isle_error(isle, pattern->pos, "`%.*s` is a variant or a struct: it can't have rules",
                   SYM_ARG(isle, term->name));
        return;
    }
    if (def->u.rule.has_priority && (term->flags & ISLE_MULTI))
        isle_error(isle, def->pos, "a rule of the multi term `%.*s` can't have a priority",
                   SYM_ARG(isle, term->name));
    if (def->name.sym != ISLE_NONE) {
        const uint32_t earlier = map_get(&isle->rule_of_name, def->name.sym);
        if (earlier != MAP_NONE) {
            isle_error(isle, def->name.pos, "rule `%.*s` is defined already",
                       SYM_ARG(isle, def->name.sym));
            isle_note(isle, isle->rules.data[earlier].pos, "here");
        }
        map_set(isle->arena, &isle->rule_of_name, def->name.sym, isle->rules.len);
    }
    term->constructor = ISLE_HOW_INTERNAL;
    VEC_PUSH(isle->arena, &term->rules, isle->rules.len);
    VEC_PUSH(isle->arena, &isle->rules,
             ((IsleRule){.name = def->name.sym,
                         .pos = def->pos,
                         .root = id,
                         .priority = def->u.rule.priority,
                         .has_priority = def->u.rule.has_priority,
                         .def = def}));
}

// Rules have names for people: the written one, that of the term they alone define, or a number.
static void label_rules(Isle *isle)
{
    for (IsleTermId t = 0; t < isle->terms.len; t++) {
        const IsleTerm *const term = &isle->terms.data[t];
        for (uint32_t i = 0; i < term->rules.len; i++) {
            IsleRule *const rule = &isle->rules.data[term->rules.data[i]];
            if (rule->name != ISLE_NONE)
                rule->label = isle_str(isle, rule->name);
            else if (term->rules.len == 1)
                rule->label = isle_str(isle, term->name);
            else
                rule->label = str_printf(isle->arena, "%.*s#%u", SYM_ARG(isle, term->name), i + 1);
        }
    }
}

static bool pattern_uses(const IsleAst *pattern, IsleSym sym)
{
    if ((pattern->kind == ISLE_AST_VAR || pattern->kind == ISLE_AST_BIND) && pattern->name == sym)
        return true;
    for (uint32_t i = 0; i < pattern->num_args; i++)
        if (pattern_uses(pattern->args[i], sym))
            return true;
    return false;
}

static void check_macro_params(Isle *isle, const IsleDef *def)
{
    for (uint32_t i = 0; i < def->u.extractor.num_params; i++) {
        const IsleIdent *const param = &def->u.extractor.params[i];
        for (uint32_t j = 0; j < i; j++)
            if (def->u.extractor.params[j].sym == param->sym)
                isle_error(isle, param->pos, "parameter `%.*s` is named twice",
                           SYM_ARG(isle, param->sym));
        if (!pattern_uses(def->u.extractor.pattern, param->sym))
            isle_error(isle, param->pos, "parameter `%.*s` does not occur in the pattern",
                       SYM_ARG(isle, param->sym));
    }
}

static void add_macro(Isle *isle, const IsleDef *def)
{
    const IsleTermId id = isle_resolve_term(isle, &def->name);
    if (id == ISLE_NONE)
        return;
    IsleTerm *const term = &isle->terms.data[id];
    const Str name = isle_str(isle, term->name);
    if (term->extractor == ISLE_HOW_BUILTIN)
        isle_error(isle, def->name.pos,
                   "`%.*s` is a variant or a struct: it has its extractor already", STR_ARG(name));
    else if (term->extractor != ISLE_HOW_NONE)
        isle_error(isle, def->name.pos, "term `%.*s` has an extractor already", STR_ARG(name));
    else if (term->flags & ISLE_MULTI)
        isle_error(isle, def->name.pos, "the multi term `%.*s` can't have an internal extractor",
                   STR_ARG(name));
    else if (term->num_args != def->u.extractor.num_params)
        isle_error(isle, def->name.pos, "extractor of `%.*s` has %u parameter%s, its term has %u",
                   STR_ARG(name), def->u.extractor.num_params, PLURAL(def->u.extractor.num_params),
                   term->num_args);
    else
        check_macro_params(isle, def);
    if (term->extractor != ISLE_HOW_NONE)
        return;
    term->extractor = ISLE_HOW_INTERNAL;
    term->macro = def;
}

void isle_check_constructors(Isle *isle)
{
    for (uint32_t i = 0; i < isle->defs.len; i++) {
        const IsleDef *const def = isle->defs.data[i];
        if (def->kind == ISLE_DEF_RULE)
            add_rule(isle, def);
        else if (def->kind == ISLE_DEF_EXTRACTOR)
            add_macro(isle, def);
    }
    label_rules(isle);
}

// ---- Externs and converters ----

static void add_extern(Isle *isle, const IsleDef *def)
{
    const IsleTermId id = isle_resolve_term(isle, &def->name);
    if (id == ISLE_NONE)
        return;
    IsleTerm *const term = &isle->terms.data[id];
    const bool constructor = def->kind == ISLE_DEF_EXTERN_CONSTRUCTOR;
    IsleHow *const how = constructor ? &term->constructor : &term->extractor;
    const char *const what = constructor ? "constructor" : "extractor";
    if (*how == ISLE_HOW_BUILTIN)
        isle_error(isle, def->name.pos,
                   "`%.*s` is a variant or a struct: it can't have an external %s",
                   SYM_ARG(isle, term->name), what);
    else if (*how == ISLE_HOW_INTERNAL)
        isle_error(isle, def->name.pos,
                   "term `%.*s` has an internal %s: it can't have an external one too",
                   SYM_ARG(isle, term->name), what);
    else if (*how == ISLE_HOW_EXTERNAL)
        isle_error(isle, def->name.pos, "term `%.*s` has an external %s already",
                   SYM_ARG(isle, term->name), what);
    else if (!constructor && def->u.external.infallible && (term->flags & ISLE_MULTI))
        isle_error(isle, def->name.pos,
                   "the extractor of the multi term `%.*s` can't be infallible",
                   SYM_ARG(isle, term->name));
    if (*how != ISLE_HOW_NONE)
        return;
    *how = ISLE_HOW_EXTERNAL;
    if (constructor) {
        term->constructor_fn = def->u.external.function.sym;
    } else {
        term->extractor_fn = def->u.external.function.sym;
        term->infallible = def->u.external.infallible;
    }
}

static void add_converter(Isle *isle, const IsleDef *def)
{
    const IsleTypeId inner = isle_resolve_type(isle, &def->u.convert.inner);
    const IsleTypeId outer = isle_resolve_type(isle, &def->u.convert.outer);
    const IsleTermId id = isle_resolve_term(isle, &def->name);
    if (inner == ISLE_NONE || outer == ISLE_NONE || id == ISLE_NONE)
        return;
    const IsleTerm *const term = &isle->terms.data[id];
    if (term->num_args != 1 || term->args[0] != inner || term->ret != outer) {
        isle_error(isle, def->name.pos, "the converter `%.*s` must take `%.*s` and give `%.*s`",
                   SYM_ARG(isle, term->name), SYM_ARG(isle, def->u.convert.inner.sym),
                   SYM_ARG(isle, def->u.convert.outer.sym));
        return;
    }
    const uint64_t key = isle_converter_key(inner, outer);
    if (map_get(&isle->converters, key) != MAP_NONE)
        isle_error(isle, def->pos, "there is a converter from `%.*s` to `%.*s` already",
                   SYM_ARG(isle, def->u.convert.inner.sym),
                   SYM_ARG(isle, def->u.convert.outer.sym));
    map_set(isle->arena, &isle->converters, key, id);
}

void isle_check_externs(Isle *isle)
{
    for (uint32_t i = 0; i < isle->defs.len; i++) {
        const IsleDef *const def = isle->defs.data[i];
        if (def->kind == ISLE_DEF_EXTERN_CONSTRUCTOR || def->kind == ISLE_DEF_EXTERN_EXTRACTOR)
            add_extern(isle, def);
        else if (def->kind == ISLE_DEF_CONVERT)
            add_converter(isle, def);
    }
    for (IsleTermId t = 0; t < isle->terms.len; t++) {
        const IsleTerm *const term = &isle->terms.data[t];
        if (term->constructor == ISLE_HOW_NONE && term->extractor == ISLE_HOW_NONE)
            isle_error(isle, term->pos, "term `%.*s` is declared and never defined",
                       SYM_ARG(isle, term->name));
    }
}
