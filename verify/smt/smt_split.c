// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Questions taken apart. Shifts of wide values by unknown amounts are hard for a solver that works
// on bits, and easy once the amount is a number. So a question that stays open, and shifts by an
// amount that is no constant, is asked once for each amount below the width and once for the rest:
// if none of these can be true, the question can't. The first step of each is a smaller budget, so
// that what is hopeless as a whole does not cost all of it.

#include "verify/smt/smt.h"

enum { MIN_WIDTH = 32, FIRST_SHARE = 8 };

typedef struct Split {
    Expr amount;    // of the shifts
    uint32_t width; // of what they shift
    uint32_t uses;
} Split;

static bool is_shift(ExprOp op)
{
    return op == EXPR_BVSHL || op == EXPR_BVLSHR || op == EXPR_BVASHR || op == EXPR_ROTL ||
           op == EXPR_ROTR;
}

// The unknown amount that most shifts of the question have.
static bool find_split(const ExprPool *pool, const Expr *conditions, uint32_t count, Arena *arena,
                       Split *best)
{
    Bitset seen = bitset_new(arena, pool->nodes.len);
    for (uint32_t i = 0; i < count; i++)
        expr_reach(pool, conditions[i], &seen);
    Split *const splits = ARENA_ARRAY(arena, Split, pool->nodes.len);
    *best = (Split){.amount = EXPR_NONE};
    for (uint32_t i = 0; i < pool->nodes.len; i++) {
        const ExprNode *const node = &pool->nodes.data[i];
        if (!bitset_has(&seen, i) || !is_shift(node->op) || node->sort.width < MIN_WIDTH ||
            expr_is_const(pool, node->args[1], NULL))
            continue;
        Split *const split = &splits[node->args[1].index];
        split->amount = node->args[1];
        split->width = node->sort.width > split->width ? node->sort.width : split->width;
        if (++split->uses > best->uses)
            *best = *split;
    }
    return best->uses != 0;
}

typedef struct Pieces {
    ExprPool *pool;
    const Expr *conditions;
    uint32_t count;
    uint64_t budget;
    Arena *arena;
    Expr *own; // of the piece at hand: one more than `count`
    Expr *by;
    uint32_t nodes; // of the pool when `by` was made
    SmtResult result;
} Pieces;

// False: the answer for the whole is known.
static bool ask_piece(Pieces *p)
{
    bool plain = false;
    for (uint32_t i = 0; i <= p->count; i++)
        plain = plain || expr_is_false(p->pool, p->own[i]);
    if (plain)
        return true;
    const uint64_t steps = p->result.steps;
    p->result = smt_check(p->pool, p->own, p->count + 1, p->budget, p->arena);
    p->result.steps += steps;
    return p->result.verdict == SMT_UNSAT;
}

static bool ask_amount(Pieces *p, Expr amount, uint64_t value)
{
    const uint32_t width = expr_node(p->pool, amount)->sort.width;
    const Expr number = expr_bv(p->pool, width, value);
    memcpy(p->own, p->conditions, p->count * sizeof(*p->own));
    p->by[amount.index] = number;
    expr_substitute(p->pool, p->by, p->nodes, p->own, p->count);
    p->own[p->count] = expr_eq(p->pool, amount, number);
    return ask_piece(p);
}

static bool ask_rest(Pieces *p, Expr amount, uint64_t least)
{
    const uint32_t width = expr_node(p->pool, amount)->sort.width;
    memcpy(p->own, p->conditions, p->count * sizeof(*p->own));
    p->own[p->count] =
        expr_not(p->pool, expr_2(p->pool, EXPR_BVULT, amount, expr_bv(p->pool, width, least)));
    return ask_piece(p);
}

static SmtResult ask_pieces(ExprPool *pool, const Expr *conditions, uint32_t count, uint64_t budget,
                            const Split *split, Arena *arena)
{
    Pieces p = {.pool = pool,
                .conditions = conditions,
                .count = count,
                .budget = budget,
                .arena = arena,
                .own = ARENA_ARRAY(arena, Expr, count + 1),
                .by = ARENA_ARRAY(arena, Expr, pool->nodes.len),
                .nodes = pool->nodes.len,
                .result = {.verdict = SMT_UNSAT}};
    for (uint32_t i = 0; i < p.nodes; i++)
        p.by[i] = EXPR_NONE;
    const uint32_t bits = expr_node(pool, split->amount)->sort.width;
    bool open = true;
    if (bits >= 32 || split->width >> bits == 0)
        open = ask_rest(&p, split->amount, split->width);
    for (uint64_t k = 0; k < split->width && open; k++)
        open = ask_amount(&p, split->amount, k);
    return p.result;
}

SmtResult smt_decide(ExprPool *pool, const Expr *conditions, uint32_t count, uint64_t budget,
                     Arena *arena)
{
    Split split;
    if (!find_split(pool, conditions, count, arena, &split))
        return smt_check(pool, conditions, count, budget, arena);
    const SmtResult whole = smt_check(pool, conditions, count, budget / FIRST_SHARE, arena);
    if (whole.verdict != SMT_UNKNOWN)
        return whole;
    SmtResult result = ask_pieces(pool, conditions, count, budget, &split, arena);
    result.steps += whole.steps;
    return result;
}
