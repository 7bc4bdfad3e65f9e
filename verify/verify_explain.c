// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A case as text for people: its calls, what is assumed, what is to be proved. What is used more
// than once gets a name, `t12`, and stands once, above; so does what is nested too deep to read.

#include "verify/verify_internal.h"

enum { MAX_HEIGHT = 6 };

typedef struct Explain {
    const Vc *vc;
    StrBuf *out;
    uint32_t *uses;   // by node
    uint32_t *height; // by node: of its text
    uint32_t *name;   // by node: number, 0: none
} Explain;

static void use(Explain *e, Expr x)
{
    if (!expr_same(x, EXPR_NONE))
        e->uses[x.index]++;
}

static void use_call(Explain *e, const VcCall *call)
{
    for (uint32_t i = 0; i < call->args.len; i++)
        use(e, call->args.data[i]);
    for (uint32_t i = 0; i < call->results.len; i++)
        use(e, call->results.data[i]);
}

static void count_uses(Explain *e)
{
    const ExprPool *const pool = e->vc->pool;
    for (uint32_t i = 0; i < e->vc->assumptions.len; i++)
        use(e, e->vc->assumptions.data[i]);
    for (uint32_t i = 0; i < e->vc->higher.len; i++)
        use(e, e->vc->higher.data[i]);
    for (uint32_t i = 0; i < e->vc->goals.len; i++)
        use(e, e->vc->goals.data[i].expr);
    for (uint32_t i = 0; i < e->vc->calls.len; i++)
        use_call(e, &e->vc->calls.data[i]);
    for (uint32_t i = pool->nodes.len; i-- > 0;)
        for (uint32_t a = 0; e->uses[i] != 0 && a < pool->nodes.data[i].num_args; a++)
            use(e, pool->nodes.data[i].args[a]);
}

static void print_expr(Explain *e, Expr x, bool whole)
{
    const ExprNode *const n = expr_node(e->vc->pool, x);
    if (n->num_args == 0) {
        expr_print(e->vc->pool, x, 1, e->out);
        return;
    }
    if (e->name[x.index] != 0 && !whole) {
        buf_printf(e->out, "t%u", e->name[x.index]);
        return;
    }
    buf_printf(e->out, "(%s", expr_op_text(n->op));
    if (n->op == EXPR_EXTRACT)
        buf_printf(e->out, " %u %u", n->p0, n->p1);
    else if (n->p0 != 0)
        buf_printf(e->out, " %u", n->p0);
    for (uint32_t a = 0; a < n->num_args; a++) {
        buf_char(e->out, ' ');
        print_expr(e, n->args[a], false); // at most MAX_HEIGHT deep
    }
    buf_char(e->out, ')');
}

static void print_names(Explain *e)
{
    uint32_t names = 0;
    for (uint32_t i = 0; i < e->vc->pool->nodes.len; i++) {
        const ExprNode *const n = &e->vc->pool->nodes.data[i];
        for (uint32_t a = 0; a < n->num_args; a++)
            if (e->height[n->args[a].index] >= e->height[i])
                e->height[i] = e->height[n->args[a].index] + 1;
        if (n->num_args == 0 || (e->uses[i] < 2 && e->height[i] < MAX_HEIGHT) || e->uses[i] == 0)
            continue;
        buf_printf(e->out, "%s  t%u = ", names == 0 ? "where\n" : "", names + 1);
        print_expr(e, (Expr){i}, true);
        buf_char(e->out, '\n');
        e->name[i] = ++names;
        e->height[i] = 0;
    }
}

static void print_list(Explain *e, const char *head, const Expr *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0)
            buf_puts(e->out, head);
        buf_puts(e->out, "  ");
        print_expr(e, list[i], false);
        buf_char(e->out, '\n');
    }
}

static void print_values(Explain *e, const Expr *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        buf_char(e->out, ' ');
        if (expr_same(list[i], EXPR_NONE))
            buf_char(e->out, '_');
        else
            print_expr(e, list[i], false);
    }
}

static void print_calls(Explain *e)
{
    buf_puts(e->out, "calls\n");
    for (uint32_t i = 0; i < e->vc->calls.len; i++) {
        const VcCall *const call = &e->vc->calls.data[i];
        buf_char(e->out, ' ');
        if (call->state) {
            buf_printf(e->out, " %.*s is", STR_ARG(call->text));
            print_values(e, call->results.data, call->results.len);
            buf_char(e->out, '\n');
            continue;
        }
        if (call->extractor) {
            print_values(e, call->results.data, call->results.len);
            buf_puts(e->out, " is");
        }
        buf_printf(e->out, " (%.*s", STR_ARG(call->text));
        print_values(e, call->args.data, call->args.len);
        buf_char(e->out, ')');
        if (!call->extractor) {
            buf_puts(e->out, " gives");
            print_values(e, call->results.data, call->results.len);
        }
        buf_char(e->out, '\n');
    }
}

void verify_explain(const Vc *vc, Arena *arena, StrBuf *out)
{
    const uint32_t count = vc->pool->nodes.len;
    Explain e = {.vc = vc,
                 .out = out,
                 .uses = ARENA_ARRAY(arena, uint32_t, count),
                 .height = ARENA_ARRAY(arena, uint32_t, count),
                 .name = ARENA_ARRAY(arena, uint32_t, count)};
    count_uses(&e);
    print_names(&e);
    print_calls(&e);
    print_list(&e, "assumed\n", vc->assumptions.data, vc->assumptions.len);
    print_list(&e, "assumed, as rules of higher priority do not match\n", vc->higher.data,
               vc->higher.len);
    buf_puts(out, vc->goals.len == 0 ? "to be proved: nothing is left\n" : "to be proved\n");
    for (uint32_t i = 0; i < vc->goals.len; i++) {
        buf_printf(out, "  %.*s: ", STR_ARG(vc->goals.data[i].what));
        print_expr(&e, vc->goals.data[i].expr, false);
        buf_char(out, '\n');
    }
}
