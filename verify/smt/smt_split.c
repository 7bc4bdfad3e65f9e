// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Questions taken apart. Shifts of wide values by unknown numbers are hard for a solver that works
// on bits, and easy once the number is a number; so is a choice among comparisons once the
// condition is known. So a question is asked once for each value of such a number, and once for the
// rest: if none of these can be true, the question can't. The forms of the pieces may say so by
// themselves; then the question is asked without regard to what shifts do, as a whole with a
// smaller budget, so that what is hopeless does not cost all of it, and in pieces.

#include "verify/smt/smt_internal.h"

enum { MIN_CHOICES = 3, FIRST_SHARE = 8, MOST_SHARES = 16, MOST_SHARES_ALONE = 8, FEW_SHARES = 3 };

// A number that a question is split on.
typedef struct Split {
    Expr number;
    uint64_t count; // of values from 0 on
    uint32_t uses;
    bool is_shift;
} Split;

static void use(Split *splits, Expr number, uint64_t count)
{
    Split *const split = &splits[number.index];
    split->number = number;
    split->count = count > split->count ? count : split->count;
    split->uses++;
}

// A condition: a variable of 8 bits that is compared with constants.
static void note_choice(const ExprPool *pool, const ExprNode *node, Split *splits)
{
    for (uint32_t i = 0; node->op == EXPR_EQ && i < 2; i++) {
        const ExprNode *const n = expr_node(pool, node->args[i]);
        ExprValue value;
        if (n->op == EXPR_VAR && n->sort.kind == SORT_BV && n->sort.width == 8 &&
            expr_is_const(pool, node->args[1 - i], &value))
            use(splits, node->args[i], value.bits.w[0] + 1);
    }
}

// The condition that is looked at most often, or else the unknown number that most shifts have.
static bool find_split(const ExprPool *pool, const Expr *conditions, uint32_t count, Arena *arena,
                       Split *best)
{
    Bitset seen = bitset_new(arena, pool->nodes.len);
    for (uint32_t i = 0; i < count; i++)
        expr_reach(pool, conditions[i], &seen);
    Split *const choices = ARENA_ARRAY(arena, Split, pool->nodes.len);
    Split *const shifts = ARENA_ARRAY(arena, Split, pool->nodes.len);
    for (uint32_t i = 0; i < pool->nodes.len; i++) {
        const ExprNode *const node = &pool->nodes.data[i];
        if (!bitset_has(&seen, i))
            continue;
        note_choice(pool, node, choices);
        if (smt_is_wide_shift(pool, node))
            use(shifts, node->args[1], node->sort.width);
    }
    *best = (Split){.number = EXPR_NONE};
    for (uint32_t i = 0; i < pool->nodes.len; i++)
        if (choices[i].uses >= MIN_CHOICES && choices[i].uses > best->uses)
            *best = choices[i];
    const bool chosen = best->uses != 0;
    for (uint32_t i = 0; i < pool->nodes.len && !chosen; i++)
        if (shifts[i].uses > best->uses)
            *best = shifts[i];
    best->is_shift = !chosen;
    return best->uses != 0;
}

static bool any_false(const ExprPool *pool, const Expr *conditions, uint32_t count)
{
    bool any = false;
    for (uint32_t i = 0; i < count; i++)
        any = any || expr_is_false(pool, conditions[i]);
    return any;
}

// The question as it is, or else in its normal form.
static SmtResult ask_plain(ExprPool *pool, const Expr *conditions, uint32_t count, uint64_t budget,
                           Arena *arena)
{
    Expr *const own = ARENA_ARRAY(arena, Expr, count);
    copy_bytes(own, conditions, count * sizeof(*own));
    const bool other = smt_normal_form(pool, own, count, arena);
    if (any_false(pool, own, count))
        return (SmtResult){.verdict = SMT_UNSAT};
    const SmtResult first = smt_check(pool, conditions, count, budget, arena);
    if (first.verdict != SMT_UNKNOWN || !other)
        return first;
    SmtResult result = smt_check(pool, own, count, budget, arena);
    result.steps += first.steps;
    return result;
}

typedef struct Pieces {
    ExprPool *pool;
    const Expr *conditions;
    uint32_t count;
    uint64_t budget;
    uint32_t most_shares; // of the budget, for all pieces
    uint64_t asked, all;  // pieces
    Arena *arena;
    Expr *own; // of the piece at hand: one more than `count`
    Expr *by;
    uint32_t nodes; // of the pool when `by` was made
    SmtResult result;
} Pieces;

// Pieces that all take nearly their budget are better asked in another way. Whether they do is told
// by the first of them.
static bool takes_too_much(const Pieces *p)
{
    if (p->budget == 0)
        return false;
    const uint64_t shares = p->result.steps / p->budget;
    return shares >= p->most_shares ||
           (shares >= FEW_SHARES && shares * p->all > (uint64_t)p->most_shares * p->asked);
}

// False: the answer for the whole is known.
static bool ask_piece(Pieces *p)
{
    const uint64_t steps = p->result.steps;
    p->result = ask_plain(p->pool, p->own, p->count + 1, p->budget, p->arena);
    p->result.steps += steps;
    if (p->result.verdict != SMT_UNSAT)
        return false;
    p->asked++;
    if (!takes_too_much(p))
        return true;
    p->result.verdict = SMT_UNKNOWN;
    p->result.reason = STR("its pieces take too many steps");
    return false;
}

// The piece in which the number is `value`.
static void make_piece(Pieces *p, Expr number, uint64_t value)
{
    const uint32_t width = expr_node(p->pool, number)->sort.width;
    const Expr is = expr_bv(p->pool, width, value);
    copy_bytes(p->own, p->conditions, p->count * sizeof(*p->own));
    p->by[number.index] = is;
    expr_substitute(p->pool, p->by, p->nodes, p->own, p->count);
    p->own[p->count] = expr_eq(p->pool, number, is);
}

static bool ask_number(Pieces *p, Expr number, uint64_t value)
{
    make_piece(p, number, value);
    return ask_piece(p);
}

static bool ask_rest(Pieces *p, Expr number, uint64_t least)
{
    const uint32_t width = expr_node(p->pool, number)->sort.width;
    copy_bytes(p->own, p->conditions, p->count * sizeof(*p->own));
    p->own[p->count] =
        expr_not(p->pool, expr_2(p->pool, EXPR_BVULT, number, expr_bv(p->pool, width, least)));
    return ask_piece(p);
}

static Pieces pieces_of(ExprPool *pool, const Expr *conditions, uint32_t count, uint64_t budget,
                        Arena *arena)
{
    Pieces p = {.pool = pool,
                .conditions = conditions,
                .count = count,
                .budget = budget,
                .most_shares = MOST_SHARES,
                .arena = arena,
                .own = ARENA_ARRAY(arena, Expr, count + 1),
                .by = ARENA_ARRAY(arena, Expr, pool->nodes.len),
                .nodes = pool->nodes.len,
                .result = {.verdict = SMT_UNSAT}};
    for (uint32_t i = 0; i < p.nodes; i++)
        p.by[i] = EXPR_NONE;
    return p;
}

// Whether the number may be something else than the values of the pieces.
static bool has_rest(const ExprPool *pool, const Split *split)
{
    const uint32_t bits = expr_node(pool, split->number)->sort.width;
    return bits >= 32 || split->count >> bits == 0;
}

// Whether the pieces' forms alone say that none of them can be.
static bool all_plain(Pieces *p, const Split *split)
{
    bool plain = true;
    for (uint64_t k = 0; k < split->count && plain; k++) {
        make_piece(p, split->number, k);
        smt_normal_form(p->pool, p->own, p->count + 1, p->arena);
        plain = any_false(p->pool, p->own, p->count + 1);
    }
    return plain && (!has_rest(p->pool, split) || ask_rest(p, split->number, split->count));
}

// Whether the question can't be, whatever shifts are: both sides do the same by equal numbers.
static bool without_shifts(Pieces *p)
{
    copy_bytes(p->own, p->conditions, p->count * sizeof(*p->own));
    smt_normal_form(p->pool, p->own, p->count, p->arena);
    p->result = smt_check_abstract(p->pool, p->own, p->count, p->budget, p->arena);
    return p->result.verdict == SMT_UNSAT;
}

static SmtResult ask_pieces(Pieces *p, const Split *split)
{
    p->all = split->count;
    bool open = !has_rest(p->pool, split) || ask_rest(p, split->number, split->count);
    for (uint64_t k = 0; k < split->count && open; k++)
        open = ask_number(p, split->number, k);
    return p->result;
}

SmtResult smt_decide(ExprPool *pool, const Expr *conditions, uint32_t count, uint64_t budget,
                     SmtWay way, Arena *arena)
{
    Split split;
    const bool splits = way != SMT_WHOLE && find_split(pool, conditions, count, arena, &split);
    if (splits) {
        Pieces p = pieces_of(pool, conditions, count, budget / FIRST_SHARE, arena);
        if (all_plain(&p, &split) || (split.is_shift && without_shifts(&p)))
            return p.result;
    }
    SmtResult result = {.verdict = SMT_UNKNOWN, .reason = STR("nothing to split it on")};
    if (way != SMT_PIECES)
        result = ask_plain(pool, conditions, count, splits ? budget / FIRST_SHARE : budget, arena);
    if (result.verdict != SMT_UNKNOWN || !splits)
        return result;
    const uint64_t steps = result.steps;
    Pieces p = pieces_of(pool, conditions, count, budget, arena);
    p.most_shares = way == SMT_PIECES ? MOST_SHARES_ALONE : MOST_SHARES;
    result = ask_pieces(&p, &split);
    result.steps += steps;
    return result;
}
