// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Questions to the solver. Most are answered as they stand. Those with products and quotients are
// asked as they stand, with what is known of these operations (verify/arith), and taken apart into
// pieces: which of these works differs by a factor of a hundred from one question to the next, so
// all are tried with a small budget before any is with a large one. For a model, a number is put in
// the place of one of the inputs: a product by a number is a sum, and a model with that input is a
// model.

#include "verify/arith/arith.h"
#include "verify/verify_internal.h"

#define BUDGET         UINT64_C(4000000)
#define DEAR_BUDGETS   4
#define HOPELESS_SHARE 4

static SmtResult ask_once(Asker *a, const LedgerAsk *how)
{
    const SmtResult result = ledger_ask(a->run->cache, a->vc->pool, how, a->arena);
    a->steps += result.steps;
    return result;
}

uint64_t verify_budget(const VerifyRun *run, IsleRuleId rule)
{
    const uint64_t budget = run->options->budget ? run->options->budget : BUDGET;
    if (bitset_has(&run->hopeless, rule))
        return budget / HOPELESS_SHARE + 1;
    return bitset_has(&run->dear, rule) ? DEAR_BUDGETS * budget : budget;
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
            copy_bytes(given, conditions, count * sizeof(*given));
            put_in(a, input, number, given, count);
            given[count] = expr_eq(pool, input, number); // for the model
            const LedgerAsk how = {
                .conditions = given, .count = count + 1, .budget = a->budget / 8};
            result = ask_once(a, &how);
            if (result.verdict == SMT_SAT)
                return result;
        }
    }
    result.verdict = SMT_UNKNOWN;
    return result;
}

// A way to ask, and its share of the budget. All that is easy in some way is found by the small
// shares; what is left after the large ones is out of reach.
typedef struct Rung {
    bool with_facts;
    SmtWay way;
    uint32_t share; // one of so many
} Rung;

static const Rung ladder[] = {{false, SMT_WHOLE, 64}, {true, SMT_WHOLE, 64}, {false, SMT_WHOLE, 8},
                              {true, SMT_WHOLE, 8},   {true, SMT_PIECES, 8}, {false, SMT_PIECES, 8},
                              {true, SMT_WHOLE, 1},   {true, SMT_PIECES, 4}, {false, SMT_WHOLE, 1}};

// A question that took so many budgets is not taken further: what costs that much on the lower
// rungs is out of reach, or worth the tag `dear`.
enum { MOST_BUDGETS = 2 };

static SmtResult ask_hard(Asker *a, const Expr *conditions, uint32_t count)
{
    ArithQuestion facts = {.conditions = {0}};
    SmtResult result = {.verdict = SMT_UNKNOWN};
    arith_rewrite(a->vc->pool, conditions, count, a->arena, &facts);
    const uint64_t most = MOST_BUDGETS * a->budget;
    for (size_t i = 0; i < sizeof(ladder) / sizeof(ladder[0]) && a->steps <= most; i++) {
        const Rung *const rung = &ladder[i];
        LedgerAsk how = {.conditions = conditions,
                         .count = count,
                         .way = rung->way,
                         .budget = a->budget / rung->share + 1};
        if (rung->with_facts) {
            how.conditions = facts.conditions.data;
            how.count = facts.conditions.len;
        }
        result = ask_once(a, &how);
        if (result.verdict != SMT_UNKNOWN)
            return result;
    }
    return result;
}

static SmtResult ask_easy(Asker *a, const Expr *conditions, uint32_t count)
{
    const LedgerAsk how = {.conditions = conditions, .count = count, .budget = a->budget};
    return ask_once(a, &how);
}

bool verify_is_hard(const Asker *a, const Expr *conditions, uint32_t count)
{
    return arith_is_hard(a->vc->pool, conditions, count, a->arena);
}

SmtResult verify_ask(Asker *a, const Expr *conditions, uint32_t count)
{
    if (!verify_is_hard(a, conditions, count))
        return ask_easy(a, conditions, count);
    const SmtResult result = ask_hard(a, conditions, count);
    if (result.verdict != SMT_UNKNOWN)
        return result;
    const SmtResult hinted = ask_with_hints(a, conditions, count);
    return hinted.verdict == SMT_SAT ? hinted : result;
}

SmtResult verify_ask_model(Asker *a, const Expr *conditions, uint32_t count)
{
    if (!verify_is_hard(a, conditions, count))
        return ask_easy(a, conditions, count);
    const SmtResult hinted = ask_with_hints(a, conditions, count);
    return hinted.verdict == SMT_SAT ? hinted : ask_hard(a, conditions, count);
}
