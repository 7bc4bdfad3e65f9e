// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C writer's first half: names, types, prototypes, and the header.

#include "isle-rules/compiler/islec_internal.h"

// ---- Names ----

void isle_put(Writer *w, const char *text)
{
    buf_puts(w->out, text);
}

static bool is_keyword(Str name)
{
    static const char *const words[] = {
        "auto",     "break",  "case",   "char",     "const",    "continue", "default",  "do",
        "double",   "else",   "enum",   "extern",   "float",    "for",      "goto",     "if",
        "inline",   "int",    "long",   "register", "restrict", "return",   "short",    "signed",
        "sizeof",   "static", "struct", "switch",   "typedef",  "union",    "unsigned", "void",
        "volatile", "while",  "bool",   "true",     "false",    "asm"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_eq_c(name, words[i]))
            return true;
    return false;
}

void isle_put_name(StrBuf *out, Str name)
{
    for (size_t i = 0; i < name.len; i++) {
        const unsigned char c = (unsigned char)name.data[i];
        if (c >= 0x80)
            buf_printf(out, "_x%02x", c);
        else
            buf_char(out, c == '.' || c == '$' ? '_' : (char)c);
    }
}

void isle_put_sym(Writer *w, IsleSym sym)
{
    const Str name = isle_str(w->isle, sym);
    isle_put_name(w->out, name);
    if (is_keyword(name))
        buf_char(w->out, '_');
}

bool isle_is_pointer(const Isle *isle, IsleTypeId id)
{
    const IsleType *const type = &isle->types.data[id];
    return !type->is_extern && (type->kind == ISLE_TYPE_STRUCT ||
                                (type->kind == ISLE_TYPE_ENUM && !type->is_unit_enum));
}

static void put_builtin(Writer *w, const IsleType *type)
{
    const Str name = isle_str(w->isle, type->name);
    if (type->bits == 1)
        isle_put(w, "bool");
    else if (type->bits == 128)
        isle_put(w, type->is_signed ? "int128" : "uint128");
    else if (str_eq_c(name, "usize") || str_eq_c(name, "isize"))
        isle_put(w, type->is_signed ? "ptrdiff_t" : "size_t");
    else
        buf_printf(w->out, "%sint%u_t", type->is_signed ? "" : "u", type->bits);
}

// The name of a type, without what makes it a pointer.
static void put_type_name(Writer *w, IsleTypeId id)
{
    const IsleType *const type = &w->isle->types.data[id];
    if (type->kind == ISLE_TYPE_BUILTIN)
        put_builtin(w, type);
    else
        isle_put_sym(w, type->kind == ISLE_TYPE_PRIMITIVE ? type->primitive : type->name);
}

void isle_put_type(Writer *w, IsleTypeId type)
{
    const bool pointer = isle_is_pointer(w->isle, type);
    if (pointer)
        isle_put(w, "const ");
    put_type_name(w, type);
    isle_put(w, pointer ? " *" : " ");
}

void isle_put_list_type(Writer *w, IsleTypeId type)
{
    buf_str(w->out, w->unit);
    isle_put(w, "_list_");
    isle_put_name(w->out, isle_str(w->isle, w->isle->types.data[type].name));
}

void isle_put_signature(Writer *w, IsleTermId id)
{
    const IsleTerm *const term = &w->isle->terms.data[id];
    if (term->flags & ISLE_MULTI)
        isle_put(w, "void ");
    else if (term->flags & ISLE_PARTIAL)
        isle_put(w, "bool ");
    else
        isle_put_type(w, term->ret);
    buf_str(w->out, w->unit);
    buf_char(w->out, '_');
    isle_put_name(w->out, isle_str(w->isle, term->name));
    buf_char(w->out, '(');
    buf_str(w->out, w->context);
    isle_put(w, " *ctx");
    for (uint32_t i = 0; i < term->num_args; i++) {
        isle_put(w, ", ");
        isle_put_type(w, term->args[i]);
        buf_printf(w->out, "a%u", i);
    }
    if (term->flags & ISLE_MULTI) {
        isle_put(w, ", ");
        isle_put_list_type(w, term->ret);
        isle_put(w, " *out");
    } else if (term->flags & ISLE_PARTIAL) {
        isle_put(w, ", ");
        isle_put_type(w, term->ret);
        isle_put(w, "*out");
    }
    buf_char(w->out, ')');
}

// ---- Checks ----

// All names that the program gives to the C compiler, in one table with their places.
typedef struct Names {
    Writer *w;
    StrTable table;
    VEC(IslePos) places;
} Names;

static void claim(Names *names, Str prefix, const char *between, IsleSym sym, IslePos pos)
{
    StrBuf text = {.arena = names->w->arena};
    buf_str(&text, prefix);
    buf_puts(&text, between);
    isle_put_name(&text, isle_str(names->w->isle, sym));
    const Str name = buf_view(&text);
    const uint32_t known = names->table.strings.len;
    const uint32_t number = strtable_add(names->w->arena, &names->table, name);
    if (number == known) {
        VEC_PUSH(names->w->arena, &names->places, pos);
        return;
    }
    isle_error(names->w->isle, pos, "the C name of this, `%.*s`, is taken", STR_ARG(name));
    isle_note(names->w->isle, names->places.data[number], "by this");
}

static void claim_type(Names *names, const IsleType *type)
{
    Isle *const isle = names->w->isle;
    claim(names, STR(""), "", type->name, type->pos);
    StrBuf prefix = {.arena = names->w->arena};
    isle_put_name(&prefix, isle_str(isle, type->name));
    for (uint32_t v = 0; v < type->num_variants; v++) {
        const IsleVariant *const variant = &type->variants[v];
        if (type->kind == ISLE_TYPE_ENUM)
            claim(names, buf_view(&prefix), "_", variant->name, variant->pos);
        // Fields are names of their own scope.
        Names fields = {.w = names->w};
        for (uint32_t f = 0; f < variant->num_fields; f++)
            claim(&fields, STR(""), "", variant->fields[f].name, variant->pos);
    }
}

static void check_names(Writer *w)
{
    Names names = {.w = w};
    for (IsleTypeId t = 0; t < w->isle->types.len; t++) {
        const IsleType *const type = &w->isle->types.data[t];
        if (!type->is_extern && (type->kind == ISLE_TYPE_ENUM || type->kind == ISLE_TYPE_STRUCT))
            claim_type(&names, type);
    }
    for (IsleTermId t = 0; t < w->isle->terms.len; t++) {
        const IsleTerm *const term = &w->isle->terms.data[t];
        if (term->constructor == ISLE_HOW_INTERNAL)
            claim(&names, w->unit, "_", term->name, term->pos);
    }
}

static Status mark_exports(Writer *w)
{
    const Isle *const isle = w->isle;
    for (IsleTermId t = 0; w->options->num_exports == 0 && t < isle->terms.len; t++)
        if (isle->terms.data[t].constructor == ISLE_HOW_INTERNAL)
            bitset_add(&w->exported, t);
    for (uint32_t i = 0; i < w->options->num_exports; i++) {
        const IsleTermId t = isle_find_term(isle, w->options->exports[i]);
        if (t == ISLE_NONE || isle->terms.data[t].constructor != ISLE_HOW_INTERNAL)
            return diag_error(isle->diag, STATUS_INVALID, NULL, POS_NONE,
                              "`%.*s` can't be exported: it is no term with rules",
                              STR_ARG(w->options->exports[i]));
        bitset_add(&w->exported, t);
    }
    return STATUS_OK;
}

// Terms called by exported ones, directly or not.
static void mark_reached(Writer *w)
{
    const Isle *const isle = w->isle;
    VEC(IsleTermId) work = {0};
    for (IsleTermId t = 0; t < isle->terms.len; t++) {
        if (!bitset_has(&w->exported, t))
            continue;
        bitset_add(&w->reached, t);
        VEC_PUSH(w->arena, &work, t);
    }
    while (work.len != 0) {
        const IsleRuleSet *const set = isle->rule_sets.data[work.data[--work.len]];
        for (uint32_t b = 0; b < set->bindings.len; b++) {
            const IsleBinding *const binding = &set->bindings.data[b];
            if (binding->kind != ISLE_BIND_CONSTRUCTOR || bitset_has(&w->reached, binding->term) ||
                isle->terms.data[binding->term].constructor != ISLE_HOW_INTERNAL)
                continue;
            bitset_add(&w->reached, binding->term);
            VEC_PUSH(w->arena, &work, binding->term);
        }
    }
}

Status isle_writer_begin(Writer *w, Isle *isle, const IsleCOptions *options, StrBuf *out)
{
    *w = (Writer){.isle = isle, .options = options, .out = out};
    w->arena = ARENA_NEW(isle->arena, Arena);
    *w->arena = (Arena){.on_oom = isle->arena->on_oom, .oom_context = isle->arena->oom_context};
    w->unit = options->unit.len != 0 ? options->unit : STR("isle");
    w->context = options->context_type.len != 0 ? options->context_type : STR("IsleContext");
    w->exported = bitset_new(w->arena, isle->terms.len);
    w->reached = bitset_new(w->arena, isle->terms.len);
    w->compared = bitset_new(w->arena, isle->types.len);
    const uint32_t before = isle->diag->errors;
    check_names(w);
    const Status status = mark_exports(w);
    if (status == STATUS_OK && isle->diag->errors == before) {
        mark_reached(w);
        return STATUS_OK;
    }
    arena_free(w->arena);
    return STATUS_INVALID;
}

void isle_writer_end(Writer *w)
{
    arena_free(w->arena);
}

// ---- The header ----

void isle_put_banner(Writer *w)
{
    isle_put(w, "// Generated by islec from");
    for (uint32_t i = 0; i < w->isle->sources.len; i++)
        buf_printf(w->out, "%s %.*s", i == 0 ? "" : ",", STR_ARG(w->isle->sources.data[i]->path));
    isle_put(w, "; do not edit.\n");
}

static void put_unit_enum(Writer *w, const IsleType *type)
{
    isle_put(w, "\ntypedef enum ");
    isle_put_sym(w, type->name);
    isle_put(w, " {\n");
    for (uint32_t v = 0; v < type->num_variants; v++) {
        isle_put(w, "    ");
        isle_put_name(w->out, isle_str(w->isle, type->name));
        buf_char(w->out, '_');
        isle_put_name(w->out, isle_str(w->isle, type->variants[v].name));
        isle_put(w, ",\n");
    }
    if (type->num_variants == 0) { // C has no enum without constants
        isle_put(w, "    ");
        isle_put_name(w->out, isle_str(w->isle, type->name));
        isle_put(w, "_has_no_value\n");
    }
    isle_put(w, "} ");
    isle_put_sym(w, type->name);
    isle_put(w, ";\n");
}

static void put_fields(Writer *w, const IsleVariant *variant, const char *indent)
{
    for (uint32_t f = 0; f < variant->num_fields; f++) {
        isle_put(w, indent);
        isle_put_type(w, variant->fields[f].type);
        isle_put_sym(w, variant->fields[f].name);
        isle_put(w, ";\n");
    }
}

static void put_struct(Writer *w, const IsleType *type)
{
    isle_put(w, "\nstruct ");
    isle_put_sym(w, type->name);
    isle_put(w, " {\n");
    put_fields(w, &type->variants[0], "    ");
    if (type->variants[0].num_fields == 0) // C has no struct without members
        isle_put(w, "    char unit;\n");
    isle_put(w, "};\n");
}

static void put_payload_enum(Writer *w, const IsleType *type)
{
    isle_put(w, "\ntypedef enum ");
    isle_put_name(w->out, isle_str(w->isle, type->name));
    isle_put(w, "_Tag {\n");
    for (uint32_t v = 0; v < type->num_variants; v++) {
        isle_put(w, "    ");
        isle_put_name(w->out, isle_str(w->isle, type->name));
        buf_char(w->out, '_');
        isle_put_name(w->out, isle_str(w->isle, type->variants[v].name));
        isle_put(w, ",\n");
    }
    isle_put(w, "} ");
    isle_put_name(w->out, isle_str(w->isle, type->name));
    isle_put(w, "_Tag;\nstruct ");
    isle_put_sym(w, type->name);
    isle_put(w, " {\n    ");
    isle_put_name(w->out, isle_str(w->isle, type->name));
    isle_put(w, "_Tag tag;\n    union {\n");
    for (uint32_t v = 0; v < type->num_variants; v++) {
        if (type->variants[v].num_fields == 0)
            continue;
        isle_put(w, "        struct {\n");
        put_fields(w, &type->variants[v], "            ");
        isle_put(w, "        } ");
        isle_put_sym(w, type->variants[v].name);
        isle_put(w, ";\n");
    }
    isle_put(w, "    } u;\n};\n");
}

static void put_types(Writer *w)
{
    const Isle *const isle = w->isle;
    for (IsleTypeId t = 0; t < isle->types.len; t++) {
        if (!isle_is_pointer(isle, t))
            continue;
        isle_put(w, "typedef struct ");
        isle_put_sym(w, isle->types.data[t].name);
        buf_char(w->out, ' ');
        isle_put_sym(w, isle->types.data[t].name);
        isle_put(w, ";\n");
    }
    for (IsleTypeId t = 0; t < isle->types.len; t++)
        if (isle->types.data[t].is_unit_enum && !isle->types.data[t].is_extern)
            put_unit_enum(w, &isle->types.data[t]);
    for (IsleTypeId t = 0; t < isle->types.len; t++) {
        if (!isle_is_pointer(isle, t))
            continue;
        if (isle->types.data[t].kind == ISLE_TYPE_STRUCT)
            put_struct(w, &isle->types.data[t]);
        else
            put_payload_enum(w, &isle->types.data[t]);
    }
}

static void put_lists(Writer *w)
{
    Bitset written = bitset_new(w->arena, w->isle->types.len);
    for (IsleTermId t = 0; t < w->isle->terms.len; t++) {
        const IsleTerm *const term = &w->isle->terms.data[t];
        if (!(term->flags & ISLE_MULTI) || term->constructor == ISLE_HOW_NONE ||
            bitset_has(&written, term->ret))
            continue;
        bitset_add(&written, term->ret);
        isle_put(w, "\ntypedef struct ");
        isle_put_list_type(w, term->ret);
        isle_put(w, " {\n    uint32_t len;\n    ");
        isle_put_type(w, term->ret);
        isle_put(w, "items[ISLE_MULTI_MAX];\n} ");
        isle_put_list_type(w, term->ret);
        isle_put(w, ";\n");
    }
}

// Whether `attr` is a form on a term that has the tag.
static bool has_tag(const IsleDef *def, IsleSym tag)
{
    if (def->kind != ISLE_DEF_ATTR || def->u.attr.of_rule)
        return false;
    for (uint32_t i = 0; i < def->u.attr.num_attrs; i++)
        if (def->u.attr.attrs[i].kind == ISLE_ATTR_TAG && def->u.attr.attrs[i].tag.sym == tag)
            return true;
    return false;
}

static void put_tagged(Writer *w, IsleSym tag)
{
    buf_printf(w->out, "\n#define %.*s_TAGGED_", STR_ARG(w->unit));
    isle_put_sym(w, tag);
    isle_put(w, "(F)");
    for (uint32_t i = 0; i < w->isle->defs.len; i++) {
        if (!has_tag(w->isle->defs.data[i], tag))
            continue;
        isle_put(w, " F(");
        isle_put_sym(w, w->isle->defs.data[i]->name.sym);
        buf_char(w->out, ')');
    }
    buf_char(w->out, '\n');
}

// Of each tag of terms a list of these.
static void put_tags(Writer *w)
{
    Map written = {0};
    for (uint32_t i = 0; i < w->isle->defs.len; i++) {
        const IsleDef *const def = w->isle->defs.data[i];
        if (def->kind != ISLE_DEF_ATTR || def->u.attr.of_rule)
            continue;
        for (uint32_t a = 0; a < def->u.attr.num_attrs; a++) {
            const IsleAttr *const attr = &def->u.attr.attrs[a];
            if (attr->kind != ISLE_ATTR_TAG || map_get(&written, attr->tag.sym) != MAP_NONE)
                continue;
            map_set(w->arena, &written, attr->tag.sym, i);
            put_tagged(w, attr->tag.sym);
        }
    }
}

void isle_put_header(Writer *w)
{
    isle_put(w, "#include \"base/base.h\"\n");
    for (uint32_t i = 0; i < w->options->num_type_includes; i++)
        buf_printf(w->out, "#include \"%.*s\"\n", STR_ARG(w->options->type_includes[i]));
    isle_put(w, "\n// Results of one multi constructor.\n#ifndef ISLE_MULTI_MAX\n"
                "#    define ISLE_MULTI_MAX 8u\n#endif\n\n");
    buf_printf(w->out, "// Rules, in the order of their ids.\nenum { %.*s_NUM_RULES = %u };\n\n",
               STR_ARG(w->unit), w->isle->rules.len);
    put_types(w);
    put_lists(w);
    put_tags(w);
    buf_char(w->out, '\n');
    for (IsleTermId t = 0; t < w->isle->terms.len; t++) {
        if (!bitset_has(&w->exported, t))
            continue;
        isle_put_signature(w, t);
        isle_put(w, ";\n");
    }
}

Status isle_write_header(Isle *isle, const IsleCOptions *options, StrBuf *out)
{
    Writer w;
    TRY(isle_writer_begin(&w, isle, options, out));
    isle_put_banner(&w);
    buf_printf(out, "#ifndef ISLE_%.*s_H\n#define ISLE_%.*s_H\n\n", STR_ARG(w.unit),
               STR_ARG(w.unit));
    isle_put_header(&w);
    isle_put(&w, "\n#endif\n");
    isle_writer_end(&w);
    return STATUS_OK;
}

void isle_write_rules_table(Isle *isle, StrBuf *out)
{
    buf_puts(out, "// Generated by islec; do not edit.\n"
                  "// ISLE_RULE(id, \"label\", \"root\", priority, \"path\", line, col)\n");
    for (IsleRuleId r = 0; r < isle->rules.len; r++) {
        const IsleRule *const rule = &isle->rules.data[r];
        const LineCol at = isle_line_col(isle, rule->pos);
        buf_printf(out, "ISLE_RULE(%u, \"%.*s\", \"%.*s\", %lld, \"%.*s\", %u, %u)\n", r,
                   STR_ARG(rule->label), SYM_ARG(isle, isle->terms.data[rule->root].name),
                   (long long)rule->priority, STR_ARG(isle->sources.data[rule->pos.file]->path),
                   at.line, at.col);
    }
}
