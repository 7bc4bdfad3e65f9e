// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C writer's second half: a function from each decision tree. Blocks of the tree are blocks of
// C, steps follow each other, so that running off an arm's end leads to the next step. Binding N is
// the local vN; of a call that can fail vN says whether it did not, and vN_0, vN_1... are its
// results. Calls are never nested in expressions: C leaves the order of arguments open.

#include "isle-rules/compiler/islec_internal.h"

typedef struct Body {
    Writer *w;
    const IsleRuleSet *set;
    const IsleTerm *term;
    Bitset used; // arguments
} Body;

static void put_block(Body *b, const IsleBlock *block);

// ---- Lines ----

static void indent(Writer *w)
{
    for (uint32_t i = 0; i < w->depth; i++)
        isle_put(w, "    ");
}

static void line(Writer *w, const char *text)
{
    indent(w);
    isle_put(w, text);
    buf_char(w->out, '\n');
}

static void open_brace(Writer *w)
{
    isle_put(w, "{\n");
    w->depth++;
}

static void close_brace(Writer *w)
{
    w->depth--;
    line(w, "}");
}

static void put_num(Writer *w, const char *prefix, uint32_t n)
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

static void put_int(Writer *w, IsleTypeId id, int128 value)
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

static void put_variant_name(Writer *w, const IsleType *type, uint32_t variant)
{
    const Str name = isle_str(w->isle, type->name);
    // Enumerators need no escape from C's keywords: they have a `_` within.
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.data[i] >= 0x80)
            buf_printf(w->out, "_x%02x", (unsigned char)name.data[i]);
        else
            buf_char(w->out, name.data[i] == '.' || name.data[i] == '$' ? '_' : name.data[i]);
    buf_char(w->out, '_');
    const Str last = isle_str(w->isle, type->variants[variant].name);
    for (size_t i = 0; i < last.len; i++)
        if ((unsigned char)last.data[i] >= 0x80)
            buf_printf(w->out, "_x%02x", (unsigned char)last.data[i]);
        else
            buf_char(w->out, last.data[i] == '.' || last.data[i] == '$' ? '_' : last.data[i]);
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
    put_variant_name(w, &w->isle->types.data[id], variant);
}

// ---- Expressions ----

static void put_value(Body *b, IsleBindingId id)
{
    Writer *const w = b->w;
    const IsleBinding *const binding = &b->set->bindings.data[id];
    const IsleBindingId call = isle_call_behind(b->set, id);
    switch ((int)binding->kind) {
    case ISLE_BIND_CONST_BOOL: isle_put(w, binding->value != 0 ? "true" : "false"); return;
    case ISLE_BIND_CONST_INT: put_int(w, binding->type, binding->value); return;
    case ISLE_BIND_CONST_PRIM: isle_put_sym(w, binding->term); return;
    case ISLE_BIND_ARGUMENT:
        bitset_add(&b->used, binding->index);
        put_num(w, "a", binding->index);
        return;
    case ISLE_BIND_ITERATOR:
        if (b->set->bindings.data[call].kind == ISLE_BIND_EXTRACTOR)
            break;
        put_num(w, "v", call);
        put_num(w, ".items[i", call);
        isle_put(w, "]");
        return;
    case ISLE_BIND_MATCH_SOME: break;
    case ISLE_BIND_MATCH_TUPLE:
        put_num(w, "v", call);
        put_num(w, "_", binding->field);
        return;
    case ISLE_BIND_MAKE_SOME: put_value(b, binding->args[0]); return;
    default:
        if (isle_binding_is_free(w->isle, binding))
            put_unit_value(w, binding->type, binding->index);
        else
            put_num(w, "v", id);
        return;
    }
    put_num(w, "v", call);
    isle_put(w, "_0");
}

static void put_equal(Writer *w, IsleTypeId id, const char *part)
{
    // part: the text before, between and after the two operands, by its first character
    const IsleType *const type = &w->isle->types.data[id];
    const bool pointer = isle_is_pointer(w->isle, id);
    const bool macro = type->kind == ISLE_TYPE_PRIMITIVE || type->is_extern;
    if (part[0] == '(' && pointer) {
        bitset_add(&w->compared, id);
        buf_printf(w->out, "%.*s_eq_", STR_ARG(w->unit));
        isle_put_sym(w, type->name);
        isle_put(w, "(");
    } else if (part[0] == '(' && macro) {
        isle_put_sym(w, type->kind == ISLE_TYPE_PRIMITIVE ? type->primitive : type->name);
        isle_put(w, "_EQ(");
    } else if (part[0] == ',') {
        isle_put(w, pointer || macro ? ", " : " == ");
    } else if (part[0] == ')' && (pointer || macro)) {
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
    put_num(w, pointer ? "const v" : "v", id);
}

// Declares vN_0... for the results of a call, with a value where one can be named: what a failed
// call leaves in them is never used, but compilers can't always see that.
static void put_result_locals(Writer *w, const IsleTypeId *types, uint32_t count, IsleBindingId id)
{
    for (uint32_t i = 0; i < count; i++) {
        const IsleType *const type = &w->isle->types.data[types[i]];
        indent(w);
        isle_put_type(w, types[i]);
        put_num(w, "v", id);
        put_num(w, "_", i);
        if (isle_is_pointer(w->isle, types[i]))
            isle_put(w, " = NULL");
        else if (type->kind == ISLE_TYPE_BUILTIN)
            isle_put(w, type->bits == 1 ? " = false" : " = 0");
        isle_put(w, ";\n");
    }
}

static void put_result_addresses(Writer *w, uint32_t count, IsleBindingId id)
{
    for (uint32_t i = 0; i < count; i++) {
        put_num(w, ", &v", id);
        put_num(w, "_", i);
    }
}

// ---- Lets ----

static void put_part(Body *b, IsleBindingId id, const IsleBinding *binding)
{
    Writer *const w = b->w;
    const IsleBindingId source = binding->args[0];
    const IsleType *const type = &w->isle->types.data[b->set->bindings.data[source].type];
    const bool is_enum = type->kind == ISLE_TYPE_ENUM;
    const IsleVariant *const variant = &type->variants[is_enum ? binding->index : 0];
    indent(w);
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
        put_value(b, source);
        isle_put(w, ");\n");
        return;
    }
    put_value(b, source);
    isle_put(w, "->");
    if (is_enum) {
        isle_put(w, "u.");
        isle_put_sym(w, variant->name);
        isle_put(w, ".");
    }
    isle_put_sym(w, variant->fields[binding->field].name);
    isle_put(w, ";\n");
}

static void put_extern_make(Body *b, IsleBindingId id, const IsleBinding *binding)
{
    Writer *const w = b->w;
    const IsleType *const type = &w->isle->types.data[binding->type];
    indent(w);
    put_const_local(w, binding->type, id);
    isle_put(w, " = ");
    if (type->is_unit_enum) {
        put_variant_name(w, type, binding->index);
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
        put_value(b, binding->args[i]);
    }
    isle_put(w, ");\n");
}

static void put_make(Body *b, IsleBindingId id, const IsleBinding *binding)
{
    Writer *const w = b->w;
    const IsleType *const type = &w->isle->types.data[binding->type];
    const IsleVariant *const variant = &type->variants[binding->index];
    indent(w);
    isle_put_sym(w, type->name);
    put_num(w, " *const v", id);
    isle_put(w, " = ISLE_ALLOC(ctx, ");
    isle_put_sym(w, type->name);
    isle_put(w, ");\n");
    indent(w);
    put_num(w, "*v", id);
    isle_put(w, " = (");
    isle_put_sym(w, type->name);
    isle_put(w, "){");
    const bool is_enum = type->kind == ISLE_TYPE_ENUM;
    if (is_enum) {
        isle_put(w, ".tag = ");
        put_variant_name(w, type, binding->index);
        isle_put(w, ", .u.");
        isle_put_sym(w, variant->name);
        isle_put(w, " = {");
    }
    for (uint32_t i = 0; i < binding->num_args; i++) {
        isle_put(w, i == 0 ? "." : ", .");
        isle_put_sym(w, variant->fields[i].name);
        isle_put(w, " = ");
        put_value(b, binding->args[i]);
    }
    if (binding->num_args == 0)
        isle_put(w, ".unit = 0");
    isle_put(w, is_enum ? "}};\n" : "};\n");
}

// "f(ctx, x, y": the name of a call and its operands.
static void put_call(Body *b, const IsleBinding *binding)
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
        const Str name = isle_str(w->isle, term->name);
        for (size_t i = 0; i < name.len; i++)
            if ((unsigned char)name.data[i] >= 0x80)
                buf_printf(w->out, "_x%02x", (unsigned char)name.data[i]);
            else
                buf_char(w->out, name.data[i] == '.' || name.data[i] == '$' ? '_' : name.data[i]);
    }
    isle_put(w, "(ctx");
    for (uint32_t i = 0; i < binding->num_args; i++) {
        isle_put(w, ", ");
        put_value(b, binding->args[i]);
    }
}

// A call that may fail: results, then vN says whether there are any.
static void put_fallible(Body *b, IsleBindingId id, const IsleBinding *binding,
                         const IsleTypeId *types, uint32_t count)
{
    Writer *const w = b->w;
    put_result_locals(w, types, count, id);
    indent(w);
    put_num(w, "const bool v", id);
    isle_put(w, " = ");
    put_call(b, binding);
    put_result_addresses(w, count, id);
    isle_put(w, ");\n");
}

static void put_extractor(Body *b, IsleBindingId id, const IsleBinding *binding)
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
        put_result_locals(w, term->args, term->num_args, id);
    indent(w);
    if (term->num_args == 1) {
        put_const_local(w, term->args[0], id);
        isle_put(w, " = ");
    }
    put_call(b, binding);
    if (term->num_args != 1)
        put_result_addresses(w, term->num_args, id);
    isle_put(w, ");\n");
}

static void put_constructor(Body *b, IsleBindingId id, const IsleBinding *binding)
{
    Writer *const w = b->w;
    const IsleTerm *const term = &w->isle->terms.data[binding->term];
    if (term->flags & ISLE_PARTIAL) {
        put_fallible(b, id, binding, &term->ret, 1);
        return;
    }
    indent(w);
    if (term->flags & ISLE_MULTI) {
        isle_put_list_type(w, term->ret);
        put_num(w, " v", id);
        isle_put(w, ";\n");
        indent(w);
        put_num(w, "v", id);
        isle_put(w, ".len = 0;\n");
        indent(w);
        put_call(b, binding);
        put_num(w, ", &v", id);
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

static void put_let(Body *b, IsleBindingId id)
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

// ---- Tests ----

// Opens the loop over a multi call's results. Returns how many braces close it.
static uint32_t open_loop(Body *b, IsleBindingId id)
{
    Writer *const w = b->w;
    const IsleBinding *const binding = &b->set->bindings.data[id];
    if (binding->kind == ISLE_BIND_CONSTRUCTOR) {
        indent(w);
        put_num(w, "for (uint32_t i", id);
        put_num(w, " = 0; i", id);
        put_num(w, " < v", id);
        put_num(w, ".len; i", id);
        isle_put(w, "++) ");
        open_brace(w);
        return 1;
    }
    const IsleTerm *const term = &w->isle->terms.data[binding->term];
    indent(w);
    open_brace(w);
    indent(w);
    isle_put_sym(w, term->extractor_fn);
    put_num(w, "_iter v", id);
    isle_put(w, ";\n");
    put_result_locals(w, term->args, term->num_args, id);
    indent(w);
    isle_put_sym(w, term->extractor_fn);
    isle_put(w, "_init(ctx, ");
    put_value(b, binding->args[0]);
    put_num(w, ", &v", id);
    isle_put(w, ");\n");
    indent(w);
    isle_put(w, "while (");
    isle_put_sym(w, term->extractor_fn);
    put_num(w, "_next(ctx, &v", id);
    put_result_addresses(w, term->num_args, id);
    isle_put(w, ")) ");
    open_brace(w);
    return 2;
}

// The value that a switch compares: a tag, or the value itself.
static void put_subject(Body *b, IsleBindingId id)
{
    Writer *const w = b->w;
    const IsleTypeId type = b->set->bindings.data[id].type;
    const IsleType *const def = &w->isle->types.data[type];
    const bool tagged = def->kind == ISLE_TYPE_ENUM && !def->is_unit_enum;
    if (tagged && def->is_extern) {
        isle_put_sym(w, def->name);
        isle_put(w, "_TAG(");
        put_value(b, id);
        isle_put(w, ")");
        return;
    }
    put_value(b, id);
    if (tagged)
        isle_put(w, "->tag");
}

static void put_condition(Body *b, IsleBindingId id, const IsleConstraint *c)
{
    Writer *const w = b->w;
    const IsleTypeId type = b->set->bindings.data[id].type;
    switch (c->kind) {
    case ISLE_CONSTRAINT_SOME: put_num(w, "v", isle_call_behind(b->set, id)); return;
    case ISLE_CONSTRAINT_BOOL:
        isle_put(w, c->value != 0 ? "" : "!");
        put_value(b, id);
        return;
    case ISLE_CONSTRAINT_VARIANT:
        put_subject(b, id);
        isle_put(w, " == ");
        put_variant_name(w, &w->isle->types.data[type], c->index);
        return;
    case ISLE_CONSTRAINT_INT:
    case ISLE_CONSTRAINT_PRIM:
        put_equal(w, type, "(");
        put_value(b, id);
        put_equal(w, type, ",");
        if (c->kind == ISLE_CONSTRAINT_INT)
            put_int(w, type, c->value);
        else
            isle_put_sym(w, c->index);
        put_equal(w, type, ")");
        return;
    }
    UNREACHABLE();
}

// A switch pays for many arms, and is only possible on integers that C has cases for.
static bool is_switch(const Body *b, const IsleStep *step)
{
    const IsleBinding *const source =
        &b->set->bindings.data[b->set->tests.data[step->test].a];
    if (step->num_arms < 4 || source->type == ISLE_NONE)
        return false;
    const IsleType *const type = &b->w->isle->types.data[source->type];
    if (type->kind == ISLE_TYPE_BUILTIN && (type->bits < 8 || type->bits > 64))
        return false;
    for (uint32_t i = 0; i < step->num_arms; i++) {
        const IsleConstraint *const c = &b->set->constraints.data[step->arms[i].constraint];
        if (c->kind == ISLE_CONSTRAINT_PRIM ||
            (c->kind == ISLE_CONSTRAINT_INT && type->kind != ISLE_TYPE_BUILTIN))
            return false;
    }
    return type->kind == ISLE_TYPE_BUILTIN || type->kind == ISLE_TYPE_ENUM;
}

static void put_switch(Body *b, const IsleStep *step, IsleBindingId id)
{
    Writer *const w = b->w;
    const IsleTypeId type = b->set->bindings.data[id].type;
    const bool is_enum = w->isle->types.data[type].kind == ISLE_TYPE_ENUM;
    indent(w);
    isle_put(w, is_enum ? "switch ((int)" : "switch (");
    put_subject(b, id);
    isle_put(w, ") {\n");
    for (uint32_t i = 0; i < step->num_arms; i++) {
        const IsleConstraint *const c = &b->set->constraints.data[step->arms[i].constraint];
        indent(w);
        isle_put(w, "case ");
        if (is_enum)
            put_variant_name(w, &w->isle->types.data[type], c->index);
        else
            put_int(w, type, c->value);
        isle_put(w, ": ");
        open_brace(w);
        put_block(b, &step->arms[i].block);
        line(w, "break;");
        close_brace(w);
    }
    line(w, "default: break;");
    line(w, "}");
}

static void put_arms(Body *b, const IsleStep *step, IsleBindingId id)
{
    Writer *const w = b->w;
    for (uint32_t i = 0; i < step->num_arms; i++) {
        indent(w);
        isle_put(w, i == 0 ? "if (" : "else if (");
        put_condition(b, id, &b->set->constraints.data[step->arms[i].constraint]);
        isle_put(w, ") ");
        open_brace(w);
        put_block(b, &step->arms[i].block);
        close_brace(w);
    }
}

static void put_test(Body *b, const IsleStep *step)
{
    Writer *const w = b->w;
    const IsleTest *const test = &b->set->tests.data[step->test];
    if (test->kind == ISLE_TEST_LOOP) {
        const uint32_t braces = open_loop(b, test->a);
        put_block(b, &step->arms[0].block);
        for (uint32_t i = 0; i < braces; i++)
            close_brace(w);
    } else if (test->kind == ISLE_TEST_EQUAL) {
        const IsleTypeId type = b->set->bindings.data[test->a].type;
        indent(w);
        isle_put(w, "if (");
        put_equal(w, type, "(");
        put_value(b, test->a);
        put_equal(w, type, ",");
        put_value(b, test->b);
        put_equal(w, type, ")");
        isle_put(w, ") ");
        open_brace(w);
        put_block(b, &step->arms[0].block);
        close_brace(w);
    } else if (is_switch(b, step)) {
        put_switch(b, step, test->a);
    } else {
        put_arms(b, step, test->a);
    }
}

// ---- Returns ----

static void put_result(Body *b, const IsleRuleForm *form)
{
    Writer *const w = b->w;
    if (w->options->counters) {
        indent(w);
        put_num(w, "ISLE_RULE_FIRED(ctx, ", form->rule);
        isle_put(w, ");\n");
    }
    indent(w);
    isle_put(w, (b->term->flags & ISLE_MULTI)     ? "out->items[out->len++] = "
                : (b->term->flags & ISLE_PARTIAL) ? "*out = "
                                                  : "return ");
    put_value(b, form->result);
    isle_put(w, ";\n");
    if (b->term->flags & ISLE_PARTIAL)
        line(w, "return true;");
    if (b->term->flags & ISLE_MULTI) {
        line(w, "if (out->len == ISLE_MULTI_MAX)");
        line(w, "    return;");
    }
}

static void put_return(Body *b, const IsleStep *step)
{
    Writer *const w = b->w;
    const IsleRuleForm *const form = &b->set->rules.data[step->form];
    const IsleRule *const rule = &w->isle->rules.data[form->rule];
    const LineCol at = isle_line_col(w->isle, rule->pos);
    indent(w);
    buf_printf(w->out, "// %.*s:%u: %.*s\n",
               STR_ARG(w->isle->sources.data[rule->pos.file]->path), at.line,
               STR_ARG(rule->label));
    // Several rules of a multi term may return from one block: each has a scope.
    uint32_t braces = 0;
    if (b->term->flags & ISLE_MULTI) {
        indent(w);
        open_brace(w);
        braces++;
    }
    for (uint32_t i = 0; i < step->num_lets; i++) {
        const IsleLet let = step->lets[i];
        switch (let.kind) {
        case ISLE_LET_VALUE: put_let(b, let.binding); break;
        case ISLE_LET_LOOP: braces += open_loop(b, let.binding); break;
        case ISLE_LET_TRY:
            indent(w);
            put_num(w, "if (!v", let.binding);
            isle_put(w, ")\n");
            line(w, "    return false;");
            break;
        }
    }
    put_result(b, form);
    while (braces-- != 0)
        close_brace(w);
}

static void put_block(Body *b, const IsleBlock *block)
{
    for (uint32_t s = 0; s < block->num_steps; s++) {
        const IsleStep *const step = &block->steps[s];
        if (step->is_return) {
            put_return(b, step);
            continue;
        }
        for (uint32_t i = 0; i < step->num_lets; i++)
            put_let(b, step->lets[i].binding);
        put_test(b, step);
    }
}

// ---- Functions ----

static void put_function(Writer *w, IsleTermId id)
{
    Isle *const isle = w->isle;
    const IsleTerm *const term = &isle->terms.data[id];
    const IsleTree *const tree = &isle->trees.data[isle->tree_of_term.data[id]];
    const Str where = isle_where(isle, term->pos);
    StrBuf text = {.arena = w->arena};
    StrBuf *const out = w->out;
    Body b = {w, tree->set, term, bitset_new(w->arena, term->num_args)};
    w->out = &text;
    w->depth = 1;
    put_block(&b, &tree->root);
    const bool ends = tree->root.num_steps != 0 &&
                      tree->root.steps[tree->root.num_steps - 1].is_return;
    if (term->flags & ISLE_PARTIAL) {
        if (!ends)
            line(w, "return false;");
    } else if (!(term->flags & ISLE_MULTI) && !ends) {
        buf_printf(w->out, "    isle_nomatch(ctx, \"%.*s\", \"%.*s\");\n",
                   SYM_ARG(isle, term->name), STR_ARG(where));
    }
    w->out = out;
    buf_printf(out, "\n// %.*s: %.*s\n", SYM_ARG(isle, term->name), STR_ARG(where));
    isle_put(w, bitset_has(&w->exported, id) ? "" : "static ");
    isle_put_signature(w, id);
    isle_put(w, "\n{\n    (void)ctx;\n");
    for (uint32_t i = 0; i < term->num_args; i++)
        if (!bitset_has(&b.used, i))
            buf_printf(out, "    (void)a%u;\n", i);
    buf_str(out, buf_view(&text));
    isle_put(w, "}\n");
}

// Macros that hosts may define otherwise.
static void put_defaults(Writer *w)
{
    for (IsleTypeId t = 0; t < w->isle->types.len; t++) {
        const IsleType *const type = &w->isle->types.data[t];
        const bool primitive = type->kind == ISLE_TYPE_PRIMITIVE;
        if (!primitive && !(type->is_extern && type->is_unit_enum))
            continue;
        for (int i = 0; i < (primitive ? 2 : 1); i++) {
            StrBuf name = {.arena = w->arena};
            StrBuf *const out = w->out;
            w->out = &name;
            isle_put_sym(w, primitive ? type->primitive : type->name);
            w->out = out;
            const Str n = buf_view(&name);
            if (i == 0)
                buf_printf(out, "#ifndef %.*s_EQ\n#    define %.*s_EQ(a, b) ((a) == (b))\n#endif\n",
                           STR_ARG(n), STR_ARG(n));
            else
                buf_printf(out, "#ifndef %.*s_INT\n#    define %.*s_INT(n) ((%.*s)(n))\n#endif\n",
                           STR_ARG(n), STR_ARG(n), STR_ARG(n));
        }
    }
}

static void put_eq_signature(Writer *w, IsleTypeId id)
{
    buf_printf(w->out, "static bool %.*s_eq_", STR_ARG(w->unit));
    isle_put_sym(w, w->isle->types.data[id].name);
    isle_put(w, "(");
    isle_put_type(w, id);
    isle_put(w, "a, ");
    isle_put_type(w, id);
    isle_put(w, "b)");
}

static void put_eq_fields(Writer *w, const IsleVariant *variant, bool is_enum)
{
    isle_put(w, "return ");
    for (uint32_t f = 0; f < variant->num_fields; f++) {
        const IsleTypeId type = variant->fields[f].type;
        isle_put(w, f == 0 ? "" : " && ");
        put_equal(w, type, "(");
        for (int side = 0; side < 2; side++) {
            isle_put(w, side == 0 ? "a->" : "b->");
            if (is_enum) {
                isle_put(w, "u.");
                isle_put_sym(w, variant->name);
                isle_put(w, ".");
            }
            isle_put_sym(w, variant->fields[f].name);
            put_equal(w, type, side == 0 ? "," : ")");
        }
    }
    isle_put(w, variant->num_fields == 0 ? "true;\n" : ";\n");
}

// Structural equality; comparing the fields may ask for more such functions.
static void put_eq_function(Writer *w, IsleTypeId id)
{
    const IsleType *const type = &w->isle->types.data[id];
    isle_put(w, "\n");
    put_eq_signature(w, id);
    isle_put(w, "\n{\n");
    if (type->kind == ISLE_TYPE_STRUCT) {
        isle_put(w, "    (void)a;\n    (void)b;\n    ");
        put_eq_fields(w, &type->variants[0], false);
        isle_put(w, "}\n");
        return;
    }
    isle_put(w, "    if (a->tag != b->tag)\n        return false;\n    switch ((int)a->tag) {\n");
    for (uint32_t v = 0; v < type->num_variants; v++) {
        if (type->variants[v].num_fields == 0)
            continue;
        isle_put(w, "    case ");
        put_variant_name(w, type, v);
        isle_put(w, ": ");
        put_eq_fields(w, &type->variants[v], true);
    }
    isle_put(w, "    default: return true;\n    }\n}\n");
}

static void put_unit_values(Writer *w)
{
    for (uint32_t i = 0; i < w->unit_order.len; i++) {
        const IsleType *const type = &w->isle->types.data[w->unit_order.data[i] >> 32];
        const uint32_t variant = (uint32_t)w->unit_order.data[i];
        isle_put(w, "static const ");
        isle_put_sym(w, type->name);
        buf_printf(w->out, " %.*s_unit_", STR_ARG(w->unit));
        put_variant_name(w, type, variant);
        isle_put(w, " = {.tag = ");
        put_variant_name(w, type, variant);
        isle_put(w, "};\n");
    }
}

// The equality functions that `compared` asks for, and those that they ask for in turn.
static void put_eq_functions(Writer *w, StrBuf *prototypes)
{
    Bitset written = bitset_new(w->arena, w->isle->types.len);
    for (bool more = true; more;) {
        more = false;
        for (IsleTypeId t = 0; t < w->isle->types.len; t++) {
            if (!bitset_has(&w->compared, t) || bitset_has(&written, t))
                continue;
            bitset_add(&written, t);
            put_eq_function(w, t);
            StrBuf *const out = w->out;
            w->out = prototypes;
            put_eq_signature(w, t);
            isle_put(w, ";\n");
            w->out = out;
            more = true;
        }
    }
}

Status isle_write_c(Isle *isle, const IsleCOptions *options, StrBuf *out)
{
    Writer w;
    TRY(isle_writer_begin(&w, isle, options, out));
    isle_put_banner(&w);
    if (options->header.len != 0)
        buf_printf(out, "#include \"%.*s\"\n", STR_ARG(options->header));
    else
        isle_put_header(&w);
    for (uint32_t i = 0; i < options->num_includes; i++)
        buf_printf(out, "#include \"%.*s\"\n", STR_ARG(options->includes[i]));
    put_defaults(&w);
    // The functions decide which helpers are needed before them.
    StrBuf functions = {.arena = w.arena}, prototypes = {.arena = w.arena};
    w.out = &functions;
    for (IsleTermId t = 0; t < isle->terms.len; t++)
        if (bitset_has(&w.reached, t))
            put_function(&w, t);
    put_eq_functions(&w, &prototypes);
    w.out = out;
    put_unit_values(&w);
    for (IsleTermId t = 0; t < isle->terms.len; t++) {
        if (!bitset_has(&w.reached, t) || bitset_has(&w.exported, t))
            continue;
        isle_put(&w, "static ");
        isle_put_signature(&w, t);
        isle_put(&w, ";\n");
    }
    buf_str(out, buf_view(&prototypes));
    buf_str(out, buf_view(&functions));
    isle_writer_end(&w);
    return STATUS_OK;
}
