// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decision trees as text: a line a step, indented by depth, bindings as vN.

#include "isle-rules/compiler/islec_internal.h"

typedef struct Dump {
    Isle *isle;
    StrBuf *out;
    const IsleRuleSet *set;
} Dump;

static void put_indent(Dump *d, uint32_t depth)
{
    for (uint32_t i = 0; i < depth; i++)
        buf_puts(d->out, "  ");
}

// What the binding is, as an expression over other bindings.
static void put_binding(Dump *d, const IsleBinding *b)
{
    const Isle *const isle = d->isle;
    const char *head = "";
    Str name = {NULL, 0};
    switch (b->kind) {
    case ISLE_BIND_CONST_BOOL:
    case ISLE_BIND_CONST_INT: buf_printf(d->out, "%lld", (long long)b->value); return;
    case ISLE_BIND_CONST_PRIM: buf_printf(d->out, "$%.*s", SYM_ARG(isle, b->term)); return;
    case ISLE_BIND_ARGUMENT: buf_printf(d->out, "argument %u", b->index); return;
    case ISLE_BIND_EXTRACTOR:
        head = "extract ";
        name = isle_str(isle, isle->terms.data[b->term].name);
        break;
    case ISLE_BIND_CONSTRUCTOR: name = isle_str(isle, isle->terms.data[b->term].name); break;
    case ISLE_BIND_MAKE_VARIANT:
    case ISLE_BIND_MAKE_STRUCT:
        head = "make ";
        name = isle_str(isle, isle->types.data[b->type].variants[b->index].name);
        break;
    case ISLE_BIND_ITERATOR: head = "result"; break;
    case ISLE_BIND_MATCH_SOME: head = "value"; break;
    case ISLE_BIND_MAKE_SOME: head = "some"; break;
    case ISLE_BIND_MATCH_VARIANT:
    case ISLE_BIND_EXTRACT_STRUCT:
    case ISLE_BIND_MATCH_TUPLE: buf_printf(d->out, "field %u", b->field); break;
    }
    buf_printf(d->out, "%s%.*s", head, STR_ARG(name));
    for (uint32_t i = 0; i < b->num_args; i++)
        buf_printf(d->out, " v%u", b->args[i]);
}

static void put_lets(Dump *d, const IsleStep *step, uint32_t depth)
{
    for (uint32_t i = 0; i < step->num_lets; i++) {
        const IsleLet let = step->lets[i];
        put_indent(d, depth);
        switch (let.kind) {
        case ISLE_LET_VALUE:
            buf_printf(d->out, "v%u = ", let.binding);
            put_binding(d, &d->set->bindings.data[let.binding]);
            break;
        case ISLE_LET_TRY: buf_printf(d->out, "try v%u", let.binding); break;
        case ISLE_LET_LOOP: buf_printf(d->out, "each v%u", let.binding); break;
        }
        buf_char(d->out, '\n');
    }
}

static void put_constraint(Dump *d, const IsleTest *test, const IsleConstraint *c)
{
    const IsleTypeId type = d->set->bindings.data[test->a].type;
    switch (c->kind) {
    case ISLE_CONSTRAINT_SOME: buf_puts(d->out, "some"); return;
    case ISLE_CONSTRAINT_PRIM: buf_printf(d->out, "$%.*s", SYM_ARG(d->isle, c->index)); return;
    case ISLE_CONSTRAINT_VARIANT:
        buf_str(d->out, isle_str(d->isle, d->isle->types.data[type].variants[c->index].name));
        return;
    case ISLE_CONSTRAINT_BOOL: buf_puts(d->out, c->value != 0 ? "true" : "false"); return;
    case ISLE_CONSTRAINT_INT: buf_printf(d->out, "%lld", (long long)c->value); return;
    }
    UNREACHABLE();
}

static void put_block(Dump *d, const IsleBlock *block, uint32_t depth)
{
    for (uint32_t s = 0; s < block->num_steps; s++) {
        const IsleStep *const step = &block->steps[s];
        put_lets(d, step, depth);
        if (step->is_return) {
            const IsleRuleForm *const form = &d->set->rules.data[step->form];
            put_indent(d, depth);
            buf_printf(d->out, "return v%u by %.*s\n", form->result,
                       STR_ARG(d->isle->rules.data[form->rule].label));
            continue;
        }
        const IsleTest *const test = &d->set->tests.data[step->test];
        for (uint32_t i = 0; i < step->num_arms; i++) {
            put_indent(d, depth);
            if (test->kind == ISLE_TEST_MATCH) {
                buf_printf(d->out, "if v%u is ", test->a);
                put_constraint(d, test, &d->set->constraints.data[step->arms[i].constraint]);
            } else if (test->kind == ISLE_TEST_EQUAL) {
                buf_printf(d->out, "if v%u == v%u", test->a, test->b);
            } else {
                buf_printf(d->out, "each v%u", test->a);
            }
            buf_char(d->out, '\n');
            put_block(d, &step->arms[i].block, depth + 1);
        }
    }
}

// Values that are never computed, since they are there or are parts of calls.
static void put_free_bindings(Dump *d)
{
    for (uint32_t b = 0; b < d->set->bindings.len; b++) {
        if (!isle_binding_is_free(d->isle, &d->set->bindings.data[b]))
            continue;
        buf_printf(d->out, "  where v%u = ", b);
        put_binding(d, &d->set->bindings.data[b]);
        buf_char(d->out, '\n');
    }
}

void isle_dump_trees(Isle *isle, StrBuf *out)
{
    for (uint32_t t = 0; t < isle->trees.len; t++) {
        Dump d = {isle, out, isle->trees.data[t].set};
        buf_printf(out, "%.*s:\n", SYM_ARG(isle, isle->terms.data[d.set->term].name));
        put_block(&d, &isle->trees.data[t].root, 1);
        put_free_bindings(&d);
    }
}
