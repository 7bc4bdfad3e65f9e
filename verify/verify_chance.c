// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counterexamples by chance: most wrong rules are wrong for nearly all values, but a model with
// floating-point arithmetic, products or quotients in it is hard to find by search. Where the
// conditions hold for few values, a number and its reciprocal say, these are those of a model, with
// some of its variables changed. The numbers are the same in each run.

#include "verify/eval/eval.h"
#include "verify/verify_internal.h"

enum { SAMPLES = 400, CORNERS = 8 };

_Static_assert(EXPR_FP_ADD < EXPR_FP_LE && EXPR_FP_LE < EXPR_TO_FP &&
                   EXPR_TO_FP_UNSIGNED < EXPR_TO_FP_FROM_FP,
               "operators on floats are the last");

static uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

// A float near one: what is computed with it is finite.
static Wide modest_float(uint64_t *state, uint32_t width)
{
    const uint32_t exponent = expr_float_exponent(width), mantissa = width - 1 - exponent;
    const uint64_t bias = (UINT64_C(1) << (exponent - 1)) - 1, r = next_random(state);
    const uint64_t top = (r & 1) << exponent | (bias - 3 + (r >> 1) % 8);
    Wide bits = wide_shl(wide_from_u64(top), mantissa);
    bits.w[mantissa / 64] |= (next_random(state) & 7) << (mantissa % 64 - 3);
    return bits;
}

Wide verify_sample(uint64_t *state, Sort sort)
{
    if (sort.kind == SORT_BOOL)
        return wide_from_u64(next_random(state) & 1);
    Wide bits = {{0}};
    const uint64_t kind = next_random(state) % CORNERS;
    if (kind < 3 && expr_float_exponent(sort.width) != 0)
        return modest_float(state, sort.width);
    if (kind == 3)
        return wide_low(wide_from_u64(next_random(state) % 16), sort.width);
    for (size_t i = 0; i < sizeof(bits.w) / sizeof(bits.w[0]); i++)
        bits.w[i] = kind == 4 ? UINT64_MAX : next_random(state);
    return wide_low(bits, sort.width);
}

static bool is_nan(const ExprValue *value)
{
    const uint32_t width = value->sort.width, exponent = expr_float_exponent(width);
    if (value->sort.kind != SORT_BV || exponent == 0)
        return false;
    const uint32_t mantissa = width - 1 - exponent;
    const Wide above = wide_shr(wide_low(value->bits, width - 1), mantissa);
    const Wide below = wide_low(value->bits, mantissa);
    bool some = false;
    for (size_t i = 0; i < sizeof(below.w) / sizeof(below.w[0]); i++)
        some = some || below.w[i] != 0;
    return above.w[0] == (UINT64_C(1) << exponent) - 1 && some;
}

static bool makes_floats(ExprOp op)
{
    return (op >= EXPR_FP_ADD && op <= EXPR_FP_NEAREST) ||
           (op >= EXPR_TO_FP && op <= EXPR_TO_FP_FROM_FP);
}

typedef struct Chance {
    const ExprPool *pool;
    const Expr *conditions;
    uint32_t num_conditions;
    Expr goals;
    Bitset reached;
} Chance;

static bool is_known(Eval *eval, Expr e, bool value)
{
    ExprValue found;
    return eval_get(eval, e, &found) && (found.bits.w[0] != 0) == value;
}

// Whether these values are a counterexample, whichever bits an operation gives a NaN.
static bool holds(const Chance *c, Eval *eval)
{
    for (uint32_t i = 0; i < c->num_conditions; i++)
        if (!is_known(eval, c->conditions[i], true))
            return false;
    if (!is_known(eval, c->goals, false))
        return false;
    ExprValue value;
    for (uint32_t i = 0; i < c->reached.size; i++)
        if (bitset_has(&c->reached, i) && makes_floats(expr_node(c->pool, (Expr){i})->op) &&
            (!eval_get(eval, (Expr){i}, &value) || is_nan(&value)))
            return false;
    return true;
}

bool verify_has_floats(const ExprPool *pool, const Expr *conditions, uint32_t count, Arena *arena)
{
    Bitset reached = bitset_new(arena, pool->nodes.len);
    for (uint32_t i = 0; i < count; i++)
        expr_reach(pool, conditions[i], &reached);
    for (uint32_t i = 0; i < reached.size; i++)
        if (bitset_has(&reached, i) && expr_node(pool, (Expr){i})->op >= EXPR_FP_ADD)
            return true;
    return false;
}

// Values of the `n`th try: all at random, or those of `near` but for a half, or for an eighth.
static void choose_values(const Chance *c, const SmtResult *near, uint32_t n, uint64_t *state,
                          ExprValue *model)
{
    for (uint32_t i = 0; i < c->pool->nodes.len; i++) {
        const ExprNode *const node = expr_node(c->pool, (Expr){i});
        if (node->op != EXPR_VAR)
            continue;
        const bool given = near && i < near->num_model;
        model[i] = given ? near->model[i] : (ExprValue){.sort = node->sort};
        const bool stays = given && next_random(state) % 8 >= (n % 2 != 0 ? 4 : 1);
        if (!stays && node->sort.kind != SORT_INT && bitset_has(&c->reached, i))
            model[i].bits = verify_sample(state, node->sort);
    }
}

bool verify_by_chance(const ExprPool *pool, const CaseQuestion *q, const SmtResult *near,
                      Arena *arena, SmtResult *out)
{
    Chance c = {pool, q->conditions, q->count, q->goals, bitset_new(arena, pool->nodes.len)};
    for (uint32_t i = 0; i < q->count; i++)
        expr_reach(pool, q->conditions[i], &c.reached);
    expr_reach(pool, q->goals, &c.reached);
    ExprValue *const model = ARENA_ARRAY(arena, ExprValue, pool->nodes.len);
    Arena scratch = {0};
    uint64_t state = 1;
    bool found = false;
    for (uint32_t n = 0; n < SAMPLES && !found; n++) {
        Eval eval;
        eval_begin(&eval, pool, &scratch);
        choose_values(&c, near, n, &state, model);
        for (uint32_t i = 0; i < pool->nodes.len; i++)
            if (expr_node(pool, (Expr){i})->op == EXPR_VAR)
                eval_set(&eval, (Expr){i}, &model[i]);
        found = holds(&c, &eval);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    if (found)
        *out = (SmtResult){.verdict = SMT_SAT, .model = model, .num_model = pool->nodes.len};
    return found;
}
