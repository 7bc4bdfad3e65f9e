// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Questions to the solver. Most are answered as they stand. Those with products and quotients that
// are not are asked again with what is known of these (verify/arith), which is what proofs need;
// and with a number in the place of one of the inputs, which is what models need: a product by a
// number is a sum, and a model with that input is a model.

#include "verify/arith/arith.h"
#include "verify/verify_internal.h"

#define BUDGET UINT64_C(4000000)

static SmtResult ask_once(Asker *a, const Expr *conditions, uint32_t count, uint64_t budget)
{
    const SmtResult result =
        ledger_ask(a->run->cache, a->vc->pool, conditions, count, budget, a->arena);
    a->steps += result.steps;
    return result;
}

static uint64_t full_budget(const Asker *a)
{
    return a->run->options->budget ? a->run->options->budget : BUDGET;
}

// Numbers with and without short reciprocals, odd and even, and a negative one.
static const int64_t hints[] = {7, 10, 14, 3, -7};

// The variable of an input that is one, or one extended.
static Expr variable_of(const ExprPool *pool, Expr input)
{
    const ExprNode *const n = expr_node(pool, input);
    return n->op == EXPR_ZERO_EXT || n->op == EXPR_SIGN_EXT ? n->args[0] : input;
}

static bool is_hinted(const ExprPool *pool, const Bitset *hard, Expr input)
{
    const ExprNode *const n = expr_node(pool, input);
    return n->op == EXPR_VAR && n->sort.kind == SORT_BV && n->sort.width >= 8 &&
           n->sort.width <= 64 && input.index < hard->size && bitset_has(hard, input.index);
}

// Puts a number in the place of a variable.
static void put_in(Asker *a, Expr var, Expr number, Expr *conditions, uint32_t count)
{
    Expr *const by = ARENA_ARRAY(a->arena, Expr, var.index + 1);
    for (uint32_t i = 0; i < var.index; i++)
        by[i] = EXPR_NONE;
    by[var.index] = number;
    expr_substitute(a->vc->pool, by, var.index + 1, conditions, count);
}

// A model with one of the inputs of products and quotients being one of the hints.
static SmtResult ask_with_hints(Asker *a, const Expr *conditions, uint32_t count)
{
    ExprPool *const pool = a->vc->pool;
    SmtResult result = {.verdict = SMT_UNKNOWN};
    const Bitset hard = arith_operands(pool, conditions, count, a->arena);
    Expr *const given = ARENA_ARRAY(a->arena, Expr, count + 1);
    for (uint32_t i = 0; i < a->vc->inputs.len; i++) {
        const Expr input = variable_of(pool, a->vc->inputs.data[i]);
        if (!is_hinted(pool, &hard, input))
            continue;
        for (size_t h = 0; h < sizeof(hints) / sizeof(hints[0]); h++) {
            const ExprValue value = {expr_node(pool, input)->sort, wide_from_int(hints[h])};
            const Expr number = expr_const(pool, &value);
            memcpy(given, conditions, count * sizeof(*given));
            put_in(a, input, number, given, count);
            given[count] = expr_eq(pool, input, number); // for the model
            result = ask_once(a, given, count + 1, full_budget(a) / 8);
            if (result.verdict == SMT_SAT)
                return result;
        }
    }
    result.verdict = SMT_UNKNOWN;
    return result;
}

static SmtResult ask_hard(Asker *a, const Expr *conditions, uint32_t count)
{
    SmtResult result = ask_once(a, conditions, count, full_budget(a) / 4);
    if (result.verdict != SMT_UNKNOWN)
        return result;
    ArithQuestion again = {{0}};
    arith_rewrite(a->vc->pool, conditions, count, a->arena, &again);
    result = ask_once(a, again.conditions.data, again.conditions.len, full_budget(a));
    if (result.verdict != SMT_UNKNOWN)
        return result;
    return ask_once(a, conditions, count, full_budget(a));
}

static bool is_hard(const Asker *a, const Expr *conditions, uint32_t count)
{
    return arith_is_hard(a->vc->pool, conditions, count, a->arena);
}

SmtResult verify_ask(Asker *a, const Expr *conditions, uint32_t count)
{
    if (!is_hard(a, conditions, count))
        return ask_once(a, conditions, count, full_budget(a));
    const SmtResult result = ask_hard(a, conditions, count);
    if (result.verdict != SMT_UNKNOWN)
        return result;
    const SmtResult hinted = ask_with_hints(a, conditions, count);
    return hinted.verdict == SMT_SAT ? hinted : result;
}

SmtResult verify_ask_model(Asker *a, const Expr *conditions, uint32_t count)
{
    if (!is_hard(a, conditions, count))
        return ask_once(a, conditions, count, full_budget(a));
    const SmtResult hinted = ask_with_hints(a, conditions, count);
    return hinted.verdict == SMT_SAT ? hinted : ask_hard(a, conditions, count);
}
