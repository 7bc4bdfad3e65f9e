// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Equations among the assumptions are used up: a variable that equals an expression is replaced by
// it everywhere.

#include "verify/vcgen/vcgen_internal.h"

typedef struct Roots {
    VEC(Expr *) places;
} Roots;

static void all_roots(Gen *g, Roots *roots)
{
    Vc *const vc = g->vc;
    for (uint32_t i = 0; i < vc->assumptions.len; i++)
        VEC_PUSH(g->arena, &roots->places, &vc->assumptions.data[i]);
    for (uint32_t i = 0; i < vc->higher.len; i++)
        VEC_PUSH(g->arena, &roots->places, &vc->higher.data[i]);
    for (uint32_t i = 0; i < vc->met.len; i++)
        VEC_PUSH(g->arena, &roots->places, &vc->met.data[i]);
    for (uint32_t i = 0; i < vc->goals.len; i++)
        VEC_PUSH(g->arena, &roots->places, &vc->goals.data[i].expr);
    for (uint32_t i = 0; i < vc->inputs.len; i++)
        VEC_PUSH(g->arena, &roots->places, &vc->inputs.data[i]);
    for (uint32_t c = 0; c < vc->calls.len; c++) {
        VcCall *const call = &vc->calls.data[c];
        for (uint32_t i = 0; i < call->args.len; i++)
            VEC_PUSH(g->arena, &roots->places, &call->args.data[i]);
        for (uint32_t i = 0; i < call->results.len; i++)
            VEC_PUSH(g->arena, &roots->places, &call->results.data[i]);
    }
}

static bool occurs(Gen *g, Expr var, Expr in)
{
    if (in.index < var.index)
        return false;
    Bitset seen = bitset_new(g->arena, g->pool->nodes.len);
    expr_reach(g->pool, in, &seen);
    return bitset_has(&seen, var.index);
}

static Expr unknown_bits(Gen *g, uint32_t width)
{
    return expr_var(g->pool, STR("rest"), sort_bv(width));
}

// `part`, some bits of a variable, is `value`: the variable is that between unknown bits. A few
// bits are more of a condition.
static bool from_part(Gen *g, Expr part, Expr value, Expr *var, Expr *whole)
{
    const ExprNode n = *expr_node(g->pool, part);
    if (n.op != EXPR_EXTRACT || n.sort.width < 8 || expr_node(g->pool, n.args[0])->op != EXPR_VAR ||
        occurs(g, n.args[0], value))
        return false;
    const uint32_t width = expr_node(g->pool, n.args[0])->sort.width;
    *var = n.args[0];
    *whole = value;
    if (n.p0 + 1 < width) {
        const Expr parts[] = {unknown_bits(g, width - 1 - n.p0), *whole};
        *whole = expr_make(g->pool, EXPR_CONCAT, parts, 0, 0);
    }
    if (n.p1 > 0) {
        const Expr parts[] = {*whole, unknown_bits(g, n.p1)};
        *whole = expr_make(g->pool, EXPR_CONCAT, parts, 0, 0);
    }
    return true;
}

// A variable is its own low part extended: there is an unknown number of that width.
static bool from_extension(Gen *g, Expr var, Expr value, Expr *whole)
{
    const ExprNode n = *expr_node(g->pool, value);
    if (expr_node(g->pool, var)->op != EXPR_VAR || (n.op != EXPR_ZERO_EXT && n.op != EXPR_SIGN_EXT))
        return false;
    const ExprNode part = *expr_node(g->pool, n.args[0]);
    if (part.op != EXPR_EXTRACT || part.p1 != 0 || !expr_same(part.args[0], var))
        return false;
    const Expr low = unknown_bits(g, part.sort.width);
    *whole = expr_make(g->pool, n.op, &low, n.p0, 0);
    return true;
}

// Whether `e` says what a variable is.
static bool as_definition(Gen *g, Expr e, Expr *var, Expr *value)
{
    const ExprNode node = *expr_node(g->pool, e);
    if (node.op == EXPR_VAR) {
        *var = e;
        *value = expr_bool(g->pool, true);
        return true;
    }
    if (node.op == EXPR_NOT && expr_node(g->pool, node.args[0])->op == EXPR_VAR) {
        *var = node.args[0];
        *value = expr_bool(g->pool, false);
        return true;
    }
    // A value that is a part of a register stays, the register is what is replaced.
    for (uint32_t i = 0; node.op == EXPR_EQ && i < 2; i++) {
        const Expr left = node.args[i], right = node.args[1 - i];
        *var = left;
        if (from_extension(g, left, right, value) || from_part(g, left, right, var, value))
            return true;
    }
    for (uint32_t i = 0; node.op == EXPR_EQ && i < 2; i++) {
        *var = node.args[i];
        *value = node.args[1 - i];
        if (expr_node(g->pool, *var)->op == EXPR_VAR && !occurs(g, *var, *value))
            return true;
    }
    return false;
}

// Whether an equation with it may say what a variable is.
static bool is_part(Gen *g, Expr e)
{
    const ExprNode *const n = expr_node(g->pool, e);
    return n->op == EXPR_VAR ||
           (n->op == EXPR_EXTRACT && expr_node(g->pool, n->args[0])->op == EXPR_VAR);
}

// An equation of two parts joined, as two.
static bool split_parts(Gen *g, const ExprNode *eq, Expr *high, Expr *low)
{
    for (uint32_t i = 0; eq->op == EXPR_EQ && i < 2; i++) {
        const ExprNode n = *expr_node(g->pool, eq->args[i]);
        if (n.op != EXPR_CONCAT || expr_node(g->pool, eq->args[1 - i])->op == EXPR_VAR ||
            (!is_part(g, n.args[0]) && !is_part(g, n.args[1])))
            continue;
        const uint32_t split = expr_node(g->pool, n.args[1])->sort.width;
        const Expr other = eq->args[1 - i];
        *high = expr_eq(g->pool, n.args[0], expr_extract(g->pool, n.sort.width - 1, split, other));
        *low = expr_eq(g->pool, n.args[1], expr_extract(g->pool, split - 1, 0, other));
        return true;
    }
    return false;
}

// Splits conjunctions, drops what is true.
static void tidy(Gen *g)
{
    VEC(Expr) out = {0};
    for (uint32_t i = 0; i < g->vc->assumptions.len; i++) {
        const Expr e = g->vc->assumptions.data[i];
        const ExprNode node = *expr_node(g->pool, e);
        Expr high, low;
        if (split_parts(g, &node, &high, &low)) {
            VEC_PUSH(g->arena, &g->vc->assumptions, high);
            VEC_PUSH(g->arena, &g->vc->assumptions, low);
        } else if (node.op == EXPR_AND) {
            VEC_PUSH(g->arena, &g->vc->assumptions, node.args[0]);
            VEC_PUSH(g->arena, &g->vc->assumptions, node.args[1]);
        } else if (!expr_is_true(g->pool, e)) {
            VEC_PUSH(g->arena, &out, e);
        }
    }
    g->vc->assumptions.len = 0;
    for (uint32_t i = 0; i < out.len; i++)
        VEC_PUSH(g->arena, &g->vc->assumptions, out.data[i]);
}

static bool use_one(Gen *g)
{
    for (uint32_t i = 0; i < g->vc->assumptions.len; i++) {
        Expr var, value;
        if (!as_definition(g, g->vc->assumptions.data[i], &var, &value))
            continue;
        g->vc->assumptions.data[i] = expr_bool(g->pool, true);
        Roots roots = {{0}};
        all_roots(g, &roots);
        Expr *const flat = ARENA_ARRAY(g->arena, Expr, roots.places.len);
        uint32_t count = 0;
        for (uint32_t r = 0; r < roots.places.len; r++)
            if (!expr_same(*roots.places.data[r], EXPR_NONE))
                flat[count++] = *roots.places.data[r];
        Expr *const by = ARENA_ARRAY(g->arena, Expr, var.index + 1);
        for (uint32_t v = 0; v < var.index; v++)
            by[v] = EXPR_NONE;
        by[var.index] = value;
        expr_substitute(g->pool, by, var.index + 1, flat, count);
        count = 0;
        for (uint32_t r = 0; r < roots.places.len; r++)
            if (!expr_same(*roots.places.data[r], EXPR_NONE))
                *roots.places.data[r] = flat[count++];
        return true;
    }
    return false;
}

void gen_use_equations(Gen *g)
{
    do
        tidy(g);
    while (use_one(g));
    VcGoal *const goals = g->vc->goals.data;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < g->vc->goals.len; i++)
        if (!expr_is_true(g->pool, goals[i].expr))
            goals[kept++] = goals[i];
    g->vc->goals.len = kept;
    kept = 0;
    for (uint32_t i = 0; i < g->vc->met.len; i++)
        if (!expr_is_true(g->pool, g->vc->met.data[i]))
            g->vc->met.data[kept++] = g->vc->met.data[i];
    g->vc->met.len = kept;
    for (uint32_t i = 0; i < g->vc->assumptions.len; i++)
        if (expr_is_false(g->pool, g->vc->assumptions.data[i]))
            gen_stop(g, STOP_PRUNED, (IslePos){0}, "the conditions contradict each other");
}
