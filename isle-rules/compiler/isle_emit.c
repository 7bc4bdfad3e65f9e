// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C writer's last part: a function from each decision tree. Blocks of the tree are blocks of C,
// steps follow each other, so that running off an arm's end leads to the next step.

#include "isle-rules/compiler/islec_internal.h"

static void put_arm(IsleBody *b, const IsleArm *arm);
static void put_block(IsleBody *b, const IsleBlock *block);

// ---- Tests ----

// Opens the loop over a multi call's results. Returns how many braces close it.
static uint32_t open_loop(IsleBody *b, IsleBindingId id)
{
    Writer *const w = b->w;
    const IsleBinding *const binding = &b->set->bindings.data[id];
    if (binding->kind == ISLE_BIND_CONSTRUCTOR) {
        isle_put_indent(w);
        isle_put_num(w, "for (uint32_t i", id);
        isle_put_num(w, " = 0; i", id);
        isle_put_num(w, " < v", id);
        isle_put_num(w, ".len; i", id);
        isle_put(w, "++) ");
        isle_put_open_brace(w);
        isle_put_indent(w);
        isle_put(w, "const ");
        isle_put_type(w, w->isle->terms.data[binding->term].ret);
        isle_put_num(w, "v", id);
        isle_put_num(w, "_0 = v", id);
        isle_put_num(w, ".items[i", id);
        isle_put(w, "];\n");
        isle_put_indent(w);
        isle_put_num(w, "(void)v", id);
        isle_put(w, "_0;\n");
        return 1;
    }
    const IsleTerm *const term = &w->isle->terms.data[binding->term];
    isle_put_indent(w);
    isle_put_open_brace(w);
    isle_put_indent(w);
    isle_put_sym(w, term->extractor_fn);
    isle_put_num(w, "_iter v", id);
    isle_put(w, ";\n");
    isle_put_result_locals(w, term->args, term->num_args, id);
    isle_put_indent(w);
    isle_put_sym(w, term->extractor_fn);
    isle_put(w, "_init(ctx, ");
    isle_put_value(b, binding->args[0]);
    isle_put_num(w, ", &v", id);
    isle_put(w, ");\n");
    isle_put_indent(w);
    isle_put(w, "while (");
    isle_put_sym(w, term->extractor_fn);
    isle_put_num(w, "_next(ctx, &v", id);
    isle_put_result_addresses(w, term->num_args, id);
    isle_put(w, ")) ");
    isle_put_open_brace(w);
    return 2;
}

// The value that a switch compares: a tag, or the value itself.
static void put_subject(IsleBody *b, IsleBindingId id)
{
    Writer *const w = b->w;
    const IsleTypeId type = b->set->bindings.data[id].type;
    const IsleType *const def = &w->isle->types.data[type];
    const bool tagged = def->kind == ISLE_TYPE_ENUM && !def->is_unit_enum;
    if (tagged && def->is_extern) {
        isle_put_sym(w, def->name);
        isle_put(w, "_TAG(");
        isle_put_value(b, id);
        isle_put(w, ")");
        return;
    }
    isle_put_value(b, id);
    if (tagged)
        isle_put(w, "->tag");
}

static void put_condition(IsleBody *b, IsleBindingId id, const IsleConstraint *c)
{
    Writer *const w = b->w;
    const IsleTypeId type = b->set->bindings.data[id].type;
    switch (c->kind) {
    case ISLE_CONSTRAINT_SOME: isle_put_num(w, "v", isle_call_behind(b->set, id)); return;
    case ISLE_CONSTRAINT_BOOL:
        isle_put(w, c->value != 0 ? "" : "!");
        isle_put_value(b, id);
        return;
    case ISLE_CONSTRAINT_VARIANT:
        put_subject(b, id);
        isle_put(w, " == ");
        isle_put_variant_name(w, &w->isle->types.data[type], c->index);
        return;
    case ISLE_CONSTRAINT_INT:
    case ISLE_CONSTRAINT_PRIM:
        isle_put_equal(w, type, EQUAL_OPEN);
        isle_put_value(b, id);
        isle_put_equal(w, type, EQUAL_BETWEEN);
        if (c->kind == ISLE_CONSTRAINT_INT)
            isle_put_int(w, type, c->value);
        else
            isle_put_sym(w, c->index);
        isle_put_equal(w, type, EQUAL_CLOSE);
        return;
    }
    UNREACHABLE();
}

// A switch pays for many arms, and is only possible on integers that C has cases for.
static bool is_switch(const IsleBody *b, const IsleStep *step)
{
    const IsleBinding *const source = &b->set->bindings.data[b->set->tests.data[step->test].a];
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

static void put_switch(IsleBody *b, const IsleStep *step, IsleBindingId id)
{
    Writer *const w = b->w;
    const IsleTypeId type = b->set->bindings.data[id].type;
    const bool is_enum = w->isle->types.data[type].kind == ISLE_TYPE_ENUM;
    isle_put_indent(w);
    isle_put(w, is_enum ? "switch ((int)" : "switch (");
    put_subject(b, id);
    isle_put(w, ") {\n");
    for (uint32_t i = 0; i < step->num_arms; i++) {
        const IsleConstraint *const c = &b->set->constraints.data[step->arms[i].constraint];
        isle_put_indent(w);
        isle_put(w, "case ");
        if (is_enum)
            isle_put_variant_name(w, &w->isle->types.data[type], c->index);
        else
            isle_put_int(w, type, c->value);
        isle_put(w, ": ");
        isle_put_open_brace(w);
        put_arm(b, &step->arms[i]);
        isle_put_line(w, "break;");
        isle_put_close_brace(w);
    }
    isle_put_line(w, "default: break;");
    isle_put_line(w, "}");
}

static void put_arms(IsleBody *b, const IsleStep *step, IsleBindingId id)
{
    Writer *const w = b->w;
    for (uint32_t i = 0; i < step->num_arms; i++) {
        isle_put_indent(w);
        isle_put(w, i == 0 ? "if (" : "else if (");
        put_condition(b, id, &b->set->constraints.data[step->arms[i].constraint]);
        isle_put(w, ") ");
        isle_put_open_brace(w);
        put_arm(b, &step->arms[i]);
        isle_put_close_brace(w);
    }
}

static void put_test(IsleBody *b, const IsleStep *step)
{
    Writer *const w = b->w;
    const IsleTest *const test = &b->set->tests.data[step->test];
    if (test->kind == ISLE_TEST_LOOP) {
        const uint32_t braces = open_loop(b, test->a);
        put_arm(b, &step->arms[0]);
        for (uint32_t i = 0; i < braces; i++)
            isle_put_close_brace(w);
    } else if (test->kind == ISLE_TEST_EQUAL) {
        const IsleTypeId type = b->set->bindings.data[test->a].type;
        isle_put_indent(w);
        isle_put(w, "if (");
        isle_put_equal(w, type, EQUAL_OPEN);
        isle_put_value(b, test->a);
        isle_put_equal(w, type, EQUAL_BETWEEN);
        isle_put_value(b, test->b);
        isle_put_equal(w, type, EQUAL_CLOSE);
        isle_put(w, ") ");
        isle_put_open_brace(w);
        put_arm(b, &step->arms[0]);
        isle_put_close_brace(w);
    } else if (is_switch(b, step)) {
        put_switch(b, step, test->a);
    } else {
        put_arms(b, step, test->a);
    }
}

// ---- Returns ----

static void put_result(IsleBody *b, const IsleRuleForm *form)
{
    Writer *const w = b->w;
    if (w->options->counters) {
        isle_put_indent(w);
        isle_put_num(w, "ISLE_RULE_FIRED(ctx, ", form->rule);
        isle_put(w, ");\n");
    }
    const bool multi = (b->term->flags & ISLE_MULTI) != 0;
    const bool by_value = !multi && !(b->term->flags & ISLE_PARTIAL) && !b->in_part;
    isle_put_indent(w);
    isle_put(w, multi ? "out->items[out->len++] = " : by_value ? "return " : "*out = ");
    isle_put_value(b, form->result);
    isle_put(w, ";\n");
    if (multi) {
        isle_put_line(w, "if (out->len == ISLE_MULTI_MAX)");
        isle_put_line(w, b->in_part ? "    return PART_DONE;" : "    return;");
    } else if (!by_value) {
        isle_put_line(w, b->in_part ? "return PART_DONE;" : "return true;");
    }
}

static void put_return(IsleBody *b, const IsleStep *step)
{
    Writer *const w = b->w;
    const IsleRuleForm *const form = &b->set->rules.data[step->form];
    const IsleRule *const rule = &w->isle->rules.data[form->rule];
    const LineCol at = isle_line_col(w->isle, rule->pos);
    isle_put_indent(w);
    buf_printf(w->out, "// %.*s:%u: %.*s\n", STR_ARG(w->isle->sources.data[rule->pos.file]->path),
               at.line, STR_ARG(rule->label));
    // Several rules of a multi term may return from one block: each has a scope.
    uint32_t braces = 0;
    if (b->term->flags & ISLE_MULTI) {
        isle_put_indent(w);
        isle_put_open_brace(w);
        braces++;
    }
    for (uint32_t i = 0; i < step->num_lets; i++) {
        const IsleLet let = step->lets[i];
        switch (let.kind) {
        case ISLE_LET_VALUE: isle_put_let(b, let.binding); break;
        case ISLE_LET_LOOP: braces += open_loop(b, let.binding); break;
        case ISLE_LET_TRY:
            isle_put_indent(w);
            isle_put_num(w, "if (!v", let.binding);
            isle_put(w, ")\n");
            isle_put_line(w, b->in_part ? "    return PART_FAILED;" : "    return false;");
            break;
        }
    }
    put_result(b, form);
    while (braces-- != 0)
        isle_put_close_brace(w);
}

static void put_block(IsleBody *b, const IsleBlock *block)
{
    for (uint32_t s = 0; s < block->num_steps; s++) {
        const IsleStep *const step = &block->steps[s];
        if (step->is_return) {
            put_return(b, step);
            continue;
        }
        for (uint32_t i = 0; i < step->num_lets; i++)
            isle_put_let(b, step->lets[i].binding);
        put_test(b, step);
    }
}

// ---- Parts ----

static bool ends_with_return(const IsleBlock *block)
{
    return block->num_steps != 0 && block->steps[block->num_steps - 1].is_return;
}

// UNIT_N_TERM: no other name has a digit there.
static void put_part_name(const IsleBody *b, uint32_t number)
{
    Writer *const w = b->w;
    buf_printf(w->out, "%.*s_%u_", STR_ARG(w->unit), number);
    isle_put_name(w->out, isle_str(w->isle, b->term->name));
}

static void put_part_head(const IsleBody *b, uint32_t number, const IsleLocals *locals)
{
    Writer *const w = b->w;
    isle_put(w, "\nstatic PART int ");
    put_part_name(b, number);
    isle_put(w, "(");
    buf_str(w->out, w->context);
    isle_put(w, " *ctx");
    for (uint32_t i = 0; i < locals->len; i++) {
        isle_put(w, ", ");
        isle_put_local_type(b, locals->data[i]);
        isle_put_local(w, locals->data[i]);
    }
    isle_put(w, ", ");
    if (b->term->flags & ISLE_MULTI) {
        isle_put_list_type(w, b->term->ret);
        isle_put(w, " ");
    } else {
        isle_put_type(w, b->term->ret);
    }
    isle_put(w, "*out)\n{\n    (void)ctx;\n");
}

// The call of a part, which says whether the term is decided.
static void put_part_call(IsleBody *b, uint32_t number, const IsleLocals *locals)
{
    Writer *const w = b->w;
    const bool multi = (b->term->flags & ISLE_MULTI) != 0;
    const bool total = !multi && !(b->term->flags & ISLE_PARTIAL);
    if (total && !b->in_part) {
        isle_put_indent(w);
        isle_put_type(w, b->term->ret);
        isle_put_num(w, "r", number);
        isle_put(w, ";\n");
    }
    isle_put_indent(w);
    isle_put_num(w, "const int p", number);
    isle_put(w, " = ");
    put_part_name(b, number);
    isle_put(w, "(ctx");
    for (uint32_t i = 0; i < locals->len; i++) {
        isle_put(w, ", ");
        isle_put_local(w, locals->data[i]);
        if (locals->data[i].kind == ISLE_LOCAL_ARGUMENT)
            bitset_add(&b->used, locals->data[i].id);
    }
    isle_put(w, total && !b->in_part ? ", &r" : ", out");
    if (total && !b->in_part)
        buf_u64(w->out, number);
    isle_put(w, ");\n");
    isle_put_indent(w);
    isle_put_num(w, "if (p", number);
    isle_put(w, " != PART_NEXT)\n");
    isle_put_indent(w);
    if (multi && !b->in_part) {
        isle_put(w, "    return;\n");
        return;
    }
    isle_put_num(w, total && !b->in_part ? "    return r" : "    return p", number);
    isle_put(w, total || b->in_part ? ";\n" : " == PART_DONE;\n");
}

static void put_part(IsleBody *b, const IsleBlock *block)
{
    Writer *const w = b->w;
    const uint32_t number = b->num_parts++;
    IsleLocals locals = {0};
    isle_find_locals(b, block, &locals);
    StrBuf text = {.arena = w->arena}, *const out = w->out;
    const uint32_t depth = w->depth;
    const bool in_part = b->in_part;
    w->out = &text;
    w->depth = 1;
    b->in_part = true;
    put_block(b, block); // parts of it write themselves before
    if (!ends_with_return(block) || (b->term->flags & ISLE_MULTI))
        isle_put_line(w, "return PART_NEXT;");
    w->out = b->parts;
    put_part_head(b, number, &locals);
    buf_str(w->out, buf_view(&text));
    isle_put(w, "}\n");
    w->out = out;
    w->depth = depth;
    b->in_part = in_part;
    put_part_call(b, number, &locals);
}

static void put_arm(IsleBody *b, const IsleArm *arm)
{
    if (arm->apart)
        put_part(b, &arm->block);
    else
        put_block(b, &arm->block);
}

// ---- Functions ----

static void put_function(Writer *w, IsleTermId id)
{
    Isle *const isle = w->isle;
    const IsleTerm *const term = &isle->terms.data[id];
    const IsleTree *const tree = &isle->trees.data[isle->tree_of_term.data[id]];
    const Str where = isle_where(isle, term->pos);
    StrBuf text = {.arena = w->arena}, parts = text, *const out = w->out;
    IsleBody b = {.w = w,
                  .set = tree->set,
                  .term = term,
                  .used = bitset_new(w->arena, term->num_args),
                  .parts = &parts};
    w->out = &text;
    w->depth = 1;
    put_block(&b, &tree->root);
    const bool ends = ends_with_return(&tree->root);
    if (term->flags & ISLE_PARTIAL) {
        if (!ends)
            isle_put_line(w, "return false;");
    } else if (!(term->flags & ISLE_MULTI) && !ends) {
        buf_printf(w->out, "    isle_nomatch(ctx, \"%.*s\", \"%.*s\");\n",
                   SYM_ARG(isle, term->name), STR_ARG(where));
    }
    w->out = out;
    buf_str(out, buf_view(&parts));
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
        isle_put_equal(w, type, EQUAL_OPEN);
        for (int side = 0; side < 2; side++) {
            isle_put(w, side == 0 ? "a->" : "b->");
            if (is_enum) {
                isle_put(w, "u.");
                isle_put_sym(w, variant->name);
                isle_put(w, ".");
            }
            isle_put_sym(w, variant->fields[f].name);
            isle_put_equal(w, type, side == 0 ? EQUAL_BETWEEN : EQUAL_CLOSE);
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
        isle_put_variant_name(w, type, v);
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
        isle_put_variant_name(w, type, variant);
        isle_put(w, " = {.tag = ");
        isle_put_variant_name(w, type, variant);
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
    isle_put(&w, "// What a part of a function says: go on, the term is decided, the term fails.\n"
                 "enum { PART_NEXT, PART_DONE, PART_FAILED };\n"
                 "#define PART __attribute__((noinline))\n");
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
