// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C writer's middle: constants, expressions and the declarations of what blocks compute.
// Binding N is the local vN; of a call that can fail vN says whether it did not, and vN_0, vN_1...
// are its results. Calls are never nested in expressions: C leaves the order of arguments open.

#include "isle-rules/compiler/islec_internal.h"

// ---- Lines ----

void isle_put_indent(Writer *w)
{
    for (uint32_t i = 0; i < w->depth; i++)
        isle_put(w, "    ");
}

void isle_put_line(Writer *w, const char *text)
{
    isle_put_indent(w);
    isle_put(w, text);
    buf_char(w->out, '\n');
}

void isle_put_open_brace(Writer *w)
{
    isle_put(w, "{\n");
    w->depth++;
}

void isle_put_close_brace(Writer *w)
{
    w->depth--;
    isle_put_line(w, "}");
}

void isle_put_num(Writer *w, const char *prefix, uint32_t n)
{
    isle_put(w, prefix);
    buf_u64(w->out, n);
}

// ---- Constants ----

static void put_u64(Writer *w, uint64_t x)
{
    if (x <= 9999)
        buf_u64(w->out, x);
    else
        buf_printf(w->out, "0x%llx", (unsigned long long)x);
    isle_put(w, "u");
}

void isle_put_int(Writer *w, IsleTypeId id, int128 value)
{
    const IsleType *const type = &w->isle->types.data[id];
    const bool primitive = type->kind == ISLE_TYPE_PRIMITIVE;
    if (primitive) {
        isle_put_sym(w, type->primitive);
        isle_put(w, "_INT(");
    }
    if (value >= INT32_MIN + 1 && value <= INT32_MAX && (primitive || type->is_signed)) {
        buf_printf(w->out, "%d", (int)value);
    } else if (value >= INT64_MIN + 1 && value <= INT64_MAX && (primitive || type->is_signed)) {
        buf_printf(w->out, "INT64_C(%lld)", (long long)value);
    } else if ((uint128)value >> 64 == 0) {
        put_u64(w, (uint64_t)value);
    } else if (type->bits == 64 || type->bits == 32) { // the least number of its type
        buf_printf(w->out, "INT%u_MIN", type->bits);
    } else {
        const uint128 bits = (uint128)value;
        isle_put(w, type->is_signed ? "((int128)((uint128)" : "((uint128)");
        put_u64(w, (uint64_t)(bits >> 64));
        isle_put(w, " << 64 | ");
        put_u64(w, (uint64_t)bits);
        isle_put(w, type->is_signed ? "))" : ")");
    }
    if (primitive)
        isle_put(w, ")");
}

void isle_put_variant_name(Writer *w, const IsleType *type, uint32_t variant)
{
    // Enumerators need no escape from C's keywords: they have a `_` within.
    isle_put_name(w->out, isle_str(w->isle, type->name));
    buf_char(w->out, '_');
    isle_put_name(w->out, isle_str(w->isle, type->variants[variant].name));
}

// A variant without fields: of an enum that has fields elsewhere, the address of a constant.
static void put_unit_value(Writer *w, IsleTypeId id, uint32_t variant)
{
    if (isle_is_pointer(w->isle, id)) {
        const uint64_t key = (uint64_t)id << 32 | variant;
        if (map_get(&w->unit_values, key) == MAP_NONE) {
            map_set(w->arena, &w->unit_values, key, 1);
            VEC_PUSH(w->arena, &w->unit_order, key);
        }
        buf_printf(w->out, "&%.*s_unit_", STR_ARG(w->unit));
    }
    isle_put_variant_name(w, &w->isle->types.data[id], variant);
}

// ---- Expressions ----

void isle_put_value(IsleBody *b, IsleBindingId id)
{
    Writer *const w = b->w;
    const IsleBinding *const binding = &b->set->bindings.data[id];
    const IsleBindingId call = isle_call_behind(b->set, id);
    switch ((int)binding->kind) {
    case ISLE_BIND_CONST_BOOL: isle_put(w, binding->value != 0 ? "true" : "false"); return;
    case ISLE_BIND_CONST_INT: isle_put_int(w, binding->type, binding->value); return;
    case ISLE_BIND_CONST_PRIM: isle_put_sym(w, binding->term); return;
    case ISLE_BIND_ARGUMENT:
        bitset_add(&b->used, binding->index);
        isle_put_num(w, "a", binding->index);
        return;
    case ISLE_BIND_ITERATOR:
    case ISLE_BIND_MATCH_SOME: break;
    case ISLE_BIND_MATCH_TUPLE:
        isle_put_num(w, "v", call);
        isle_put_num(w, "_", binding->field);
        return;
    case ISLE_BIND_MAKE_SOME: isle_put_value(b, binding->args[0]); return;
    default:
        if (isle_binding_is_free(w->isle, binding))
            put_unit_value(w, binding->type, binding->index);
        else
            isle_put_num(w, "v", id);
        return;
    }
    isle_put_num(w, "v", call);
    isle_put(w, "_0");
}

void isle_put_equal(Writer *w, IsleTypeId id, IsleEqualPart part)
{
    const IsleType *const type = &w->isle->types.data[id];
    const bool pointer = isle_is_pointer(w->isle, id);
    const bool macro = type->kind == ISLE_TYPE_PRIMITIVE || type->is_extern;
    if (part == EQUAL_OPEN && pointer) {
        bitset_add(&w->compared, id);
        buf_printf(w->out, "%.*s_eq_", STR_ARG(w->unit));
        isle_put_sym(w, type->name);
        isle_put(w, "(");
    } else if (part == EQUAL_OPEN && macro) {
        isle_put_sym(w, type->kind == ISLE_TYPE_PRIMITIVE ? type->primitive : type->name);
        isle_put(w, "_EQ(");
    } else if (part == EQUAL_BETWEEN) {
        isle_put(w, pointer || macro ? ", " : " == ");
    } else if (part == EQUAL_CLOSE && (pointer || macro)) {
        isle_put(w, ")");
    }
}

// "const T vN", "const T *const vN"
static void put_const_local(Writer *w, IsleTypeId type, IsleBindingId id)
{
    const bool pointer = isle_is_pointer(w->isle, type);
    if (!pointer)
        isle_put(w, "const ");
    isle_put_type(w, type);
    isle_put_num(w, pointer ? "const v" : "v", id);
}

// Declares vN_0... for the results of a call, with a value where one can be named: what a failed
// call leaves in them is never used, but compilers can't always see that.
void isle_put_result_locals(Writer *w, const IsleTypeId *types, uint32_t count, IsleBindingId id)
{
    for (uint32_t i = 0; i < count; i++) {
        const IsleType *const type = &w->isle->types.data[types[i]];
        isle_put_indent(w);
        isle_put_type(w, types[i]);
        isle_put_num(w, "v", id);
        isle_put_num(w, "_", i);
        if (isle_is_pointer(w->isle, types[i]))
            isle_put(w, " = NULL");
        else if (type->kind == ISLE_TYPE_BUILTIN)
            isle_put(w, type->bits == 1 ? " = false" : " = 0");
        isle_put(w, ";\n");
    }
}

void isle_put_result_addresses(Writer *w, uint32_t count, IsleBindingId id)
{
    for (uint32_t i = 0; i < count; i++) {
        isle_put_num(w, ", &v", id);
        isle_put_num(w, "_", i);
    }
}

// ---- Lets ----

static void put_part(IsleBody *b, IsleBindingId id, const IsleBinding *binding)
{
    Writer *const w = b->w;
    const IsleBindingId source = binding->args[0];
    const IsleType *const type = &w->isle->types.data[b->set->bindings.data[source].type];
    const bool is_enum = type->kind == ISLE_TYPE_ENUM;
    const IsleVariant *const variant = &type->variants[is_enum ? binding->index : 0];
    isle_put_indent(w);
    put_const_local(w, binding->type, id);
    isle_put(w, " = ");
    if (type->is_extern) {
        isle_put_sym(w, type->name);
        isle_put(w, "_GET_");
        if (is_enum) {
            isle_put_sym(w, variant->name);
            isle_put(w, "_");
        }
        isle_put_sym(w, variant->fields[binding->field].name);
        isle_put(w, "(");
        isle_put_value(b, source);
        isle_put(w, ");\n");
        return;
    }
    isle_put_value(b, source);
    isle_put(w, "->");
    if (is_enum) {
        isle_put(w, "u.");
        isle_put_sym(w, variant->name);
        isle_put(w, ".");
    }
    isle_put_sym(w, variant->fields[binding->field].name);
    isle_put(w, ";\n");
}

static void put_extern_make(IsleBody *b, IsleBindingId id, const IsleBinding *binding)
{
    Writer *const w = b->w;
    const IsleType *const type = &w->isle->types.data[binding->type];
    isle_put_indent(w);
    put_const_local(w, binding->type, id);
    isle_put(w, " = ");
    if (type->is_unit_enum) {
        isle_put_variant_name(w, type, binding->index);
        isle_put(w, ";\n");
        return;
    }
    isle_put_sym(w, type->name);
    isle_put(w, "_MAKE");
    if (type->kind == ISLE_TYPE_ENUM) {
        isle_put(w, "_");
        isle_put_sym(w, type->variants[binding->index].name);
    }
    isle_put(w, "(ctx");
    for (uint32_t i = 0; i < binding->num_args; i++) {
        isle_put(w, ", ");
        isle_put_value(b, binding->args[i]);
    }
    isle_put(w, ");\n");
}

static void put_make(IsleBody *b, IsleBindingId id, const IsleBinding *binding)
{
    Writer *const w = b->w;
    const IsleType *const type = &w->isle->types.data[binding->type];
    const IsleVariant *const variant = &type->variants[binding->index];
    isle_put_indent(w);
    isle_put_sym(w, type->name);
    isle_put_num(w, " *const v", id);
    isle_put(w, " = ISLE_ALLOC(ctx, ");
    isle_put_sym(w, type->name);
    isle_put(w, ");\n");
    isle_put_indent(w);
    isle_put_num(w, "*v", id);
    isle_put(w, " = (");
    isle_put_sym(w, type->name);
    isle_put(w, "){");
    const bool is_enum = type->kind == ISLE_TYPE_ENUM;
    if (is_enum) {
        isle_put(w, ".tag = ");
        isle_put_variant_name(w, type, binding->index);
        isle_put(w, ", .u.");
        isle_put_sym(w, variant->name);
        isle_put(w, " = {");
    }
    for (uint32_t i = 0; i < binding->num_args; i++) {
        isle_put(w, i == 0 ? "." : ", .");
        isle_put_sym(w, variant->fields[i].name);
        isle_put(w, " = ");
        isle_put_value(b, binding->args[i]);
    }
    if (binding->num_args == 0)
        isle_put(w, ".unit = 0");
    isle_put(w, is_enum ? "}};\n" : "};\n");
}

// "f(ctx, x, y": the name of a call and its operands.
static void put_call(IsleBody *b, const IsleBinding *binding)
{
    Writer *const w = b->w;
    const IsleTerm *const term = &w->isle->terms.data[binding->term];
    if (binding->kind == ISLE_BIND_EXTRACTOR) {
        isle_put_sym(w, term->extractor_fn);
    } else if (term->constructor == ISLE_HOW_EXTERNAL) {
        isle_put_sym(w, term->constructor_fn);
    } else {
        buf_str(w->out, w->unit);
        isle_put(w, "_");
        isle_put_name(w->out, isle_str(w->isle, term->name));
    }
    isle_put(w, "(ctx");
    for (uint32_t i = 0; i < binding->num_args; i++) {
        isle_put(w, ", ");
        isle_put_value(b, binding->args[i]);
    }
}

// A call that may fail: results, then vN says whether there are any.
static void put_fallible(IsleBody *b, IsleBindingId id, const IsleBinding *binding,
                         const IsleTypeId *types, uint32_t count)
{
    Writer *const w = b->w;
    isle_put_result_locals(w, types, count, id);
    isle_put_indent(w);
    isle_put_num(w, "const bool v", id);
    isle_put(w, " = ");
    put_call(b, binding);
    isle_put_result_addresses(w, count, id);
    isle_put(w, ");\n");
}

static void put_extractor(IsleBody *b, IsleBindingId id, const IsleBinding *binding)
{
    Writer *const w = b->w;
    const IsleTerm *const term = &w->isle->terms.data[binding->term];
    if (term->flags & ISLE_MULTI)
        return; // its loop starts it
    if (isle_extractor_fails(term)) {
        put_fallible(b, id, binding, term->args, term->num_args);
        return;
    }
    if (term->num_args == 0)
        return;
    if (term->num_args != 1)
        isle_put_result_locals(w, term->args, term->num_args, id);
    isle_put_indent(w);
    if (term->num_args == 1) {
        put_const_local(w, term->args[0], id);
        isle_put(w, " = ");
    }
    put_call(b, binding);
    if (term->num_args != 1)
        isle_put_result_addresses(w, term->num_args, id);
    isle_put(w, ");\n");
}

static void put_constructor(IsleBody *b, IsleBindingId id, const IsleBinding *binding)
{
    Writer *const w = b->w;
    const IsleTerm *const term = &w->isle->terms.data[binding->term];
    if (term->flags & ISLE_PARTIAL) {
        put_fallible(b, id, binding, &term->ret, 1);
        return;
    }
    isle_put_indent(w);
    if (term->flags & ISLE_MULTI) {
        isle_put_list_type(w, term->ret);
        isle_put_num(w, " v", id);
        isle_put(w, ";\n");
        isle_put_indent(w);
        isle_put_num(w, "v", id);
        isle_put(w, ".len = 0;\n");
        isle_put_indent(w);
        put_call(b, binding);
        isle_put_num(w, ", &v", id);
        isle_put(w, ");\n");
        return;
    }
    if (binding->num_users == 0) {
        isle_put(w, "(void)");
    } else {
        put_const_local(w, term->ret, id);
        isle_put(w, " = ");
    }
    put_call(b, binding);
    isle_put(w, ");\n");
}

void isle_put_let(IsleBody *b, IsleBindingId id)
{
    const IsleBinding *const binding = &b->set->bindings.data[id];
    const bool is_extern =
        binding->type != ISLE_NONE && b->w->isle->types.data[binding->type].is_extern;
    switch ((int)binding->kind) {
    case ISLE_BIND_MATCH_VARIANT:
    case ISLE_BIND_EXTRACT_STRUCT: put_part(b, id, binding); return;
    case ISLE_BIND_MAKE_VARIANT:
    case ISLE_BIND_MAKE_STRUCT:
        if (is_extern)
            put_extern_make(b, id, binding);
        else
            put_make(b, id, binding);
        return;
    case ISLE_BIND_EXTRACTOR: put_extractor(b, id, binding); return;
    default: ASSERT(binding->kind == ISLE_BIND_CONSTRUCTOR); put_constructor(b, id, binding);
    }
}
