// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Proofs for some of the values, where there is none for all: inputs that are floats have a few
// bits of fraction, others wider than a byte are bytes, sign-extended, and so near 0 from both
// sides. What is proved for these alone is not proved: it has a verdict of its own. What is refuted
// is refuted.

#include "verify/eval/eval.h"
#include "verify/verify_internal.h"

enum { BITS = 8, FRACTION = 4, SHARE = 4 };

_Static_assert(EXPR_FP_ADD < EXPR_FP_LE && EXPR_FP_LE < EXPR_TO_FP &&
                   EXPR_TO_FP_UNSIGNED < EXPR_TO_FP_FROM_FP,
               "operators on floats are the last");

// Whether the operands of an operator are floats.
static bool takes_floats(ExprOp op)
{
    return op >= EXPR_FP_ADD && op != EXPR_TO_FP && op != EXPR_TO_FP_UNSIGNED;
}

// Sign, exponent and some fraction.
static uint32_t upper_bits(uint32_t width)
{
    switch (width) {
    case 32: return 1 + 8 + FRACTION;
    case 64: return 1 + 11 + FRACTION;
    case 128: return 1 + 15 + FRACTION;
    default: return width;
    }
}

// What stands for a variable; EXPR_NONE: it stays.
static Expr smaller(ExprPool *pool, Sort sort, bool is_float)
{
    const uint32_t width = sort.width, upper = is_float ? upper_bits(width) : BITS;
    if (sort.kind != SORT_BV || width <= BITS || upper == width)
        return EXPR_NONE;
    const Expr bits = expr_var(pool, STR("some"), sort_bv(upper));
    if (!is_float)
        return expr_sign_ext(pool, width, bits);
    return expr_2(pool, EXPR_CONCAT, bits, expr_bv(pool, width - upper, 0));
}

// ---- By evaluation ----

enum { ALL_BITS = 16, MOST_VARIABLES = 8, LEAST_TUPLES = 256 };

typedef struct Sweep {
    const CaseQuestion *q;
    const ExprPool *pool;
    Expr variables[MOST_VARIABLES];
    uint32_t bits[MOST_VARIABLES]; // of each that are enumerated
    uint32_t count;
    ExprValue *model;
} Sweep;

// False: there are too many variables, or some whose values are none to be tried.
static bool find_variables(Sweep *s, Arena *arena)
{
    const CaseQuestion *const q = s->q;
    Bitset seen = bitset_new(arena, s->pool->nodes.len);
    for (uint32_t i = 0; i < q->count; i++)
        expr_reach(s->pool, q->conditions[i], &seen);
    expr_reach(s->pool, q->goals, &seen);
    for (uint32_t i = 0; i < seen.size; i++) {
        const ExprNode *const node = expr_node(s->pool, (Expr){i});
        if (!bitset_has(&seen, i))
            continue;
        if (takes_floats(node->op) || node->sort.kind == SORT_INT || node->op >= EXPR_FP_ADD)
            return false;
        if (node->op != EXPR_VAR)
            continue;
        if (s->count == MOST_VARIABLES)
            return false;
        s->variables[s->count++] = (Expr){i};
    }
    for (uint32_t i = 0; i < s->count; i++) {
        const Sort sort = expr_node(s->pool, s->variables[i])->sort;
        const uint32_t most = sort.kind == SORT_BOOL ? 1 : sort.width;
        s->bits[i] = most < ALL_BITS / s->count ? most : ALL_BITS / s->count;
    }
    return s->count != 0;
}

// The values of the `n`th tuple: its bits are shared out, and sign-extended.
static void set_tuple(Sweep *s, uint32_t n, Eval *eval)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const Sort sort = expr_node(s->pool, s->variables[i])->sort;
        const uint32_t bits = s->bits[i], low = n & ((UINT32_C(1) << bits) - 1);
        const int32_t value =
            (low >> (bits - 1)) != 0 ? (int32_t)low - (INT32_C(1) << bits) : (int32_t)low;
        ExprValue *const at = &s->model[s->variables[i].index];
        *at =
            (ExprValue){sort, sort.kind == SORT_BOOL ? wide_from_u64(low)
                                                     : wide_low(wide_from_int(value), sort.width)};
        eval_set(eval, s->variables[i], at);
        n >>= bits;
    }
}

typedef enum TupleFate { TUPLE_OUTSIDE, TUPLE_HOLDS, TUPLE_REFUTES, TUPLE_UNKNOWN } TupleFate;

static TupleFate try_tuple(const Sweep *s, Eval *eval)
{
    ExprValue value;
    for (uint32_t i = 0; i < s->q->count; i++) {
        if (!eval_get(eval, s->q->conditions[i], &value))
            return TUPLE_UNKNOWN;
        if (value.bits.w[0] == 0)
            return TUPLE_OUTSIDE;
    }
    if (!eval_get(eval, s->q->goals, &value))
        return TUPLE_UNKNOWN;
    return value.bits.w[0] != 0 ? TUPLE_HOLDS : TUPLE_REFUTES;
}

// All small values of all variables, one after the other.
static bool sweep(Asker *a, const CaseQuestion *q, SmtResult *out)
{
    const ExprPool *const pool = a->vc->pool;
    Sweep s = {.q = q, .pool = pool, .model = ARENA_ARRAY(a->arena, ExprValue, pool->nodes.len)};
    if (!find_variables(&s, a->arena))
        return false;
    uint32_t all = 0, held = 0;
    for (uint32_t i = 0; i < s.count; i++)
        all += s.bits[i];
    for (uint32_t i = 0; i < pool->nodes.len; i++)
        s.model[i].sort = expr_node(pool, (Expr){i})->sort;
    Arena scratch = {0};
    TupleFate fate = TUPLE_OUTSIDE;
    for (uint32_t n = 0; n < UINT32_C(1) << all && fate < TUPLE_REFUTES; n++) {
        Eval eval;
        eval_begin(&eval, pool, &scratch);
        set_tuple(&s, n, &eval);
        fate = try_tuple(&s, &eval);
        held += fate == TUPLE_HOLDS;
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    if (fate == TUPLE_REFUTES)
        *out = (SmtResult){SMT_SAT, .model = s.model, .num_model = pool->nodes.len};
    else if (fate != TUPLE_UNKNOWN && held >= LEAST_TUPLES)
        *out = (SmtResult){.verdict = SMT_UNSAT};
    return out->verdict != SMT_UNKNOWN;
}

// ---- By the solver ----

static bool ask_for_small(Asker *a, const Expr *conditions, uint32_t count, SmtResult *out)
{
    ExprPool *const pool = a->vc->pool;
    const uint32_t nodes = pool->nodes.len;
    Bitset inputs = bitset_new(a->arena, nodes), floats = bitset_new(a->arena, nodes);
    Expr *const by = ARENA_ARRAY(a->arena, Expr, nodes);
    for (uint32_t i = 0; i < a->vc->inputs.len; i++)
        expr_reach(pool, a->vc->inputs.data[i], &inputs);
    for (uint32_t i = 0; i < nodes; i++) {
        const ExprNode *const node = expr_node(pool, (Expr){i});
        for (uint32_t k = 0; k < node->num_args && takes_floats(node->op); k++)
            bitset_add(&floats, node->args[k].index);
    }
    VEC(Expr) question = {0};
    for (uint32_t i = 0; i < count; i++)
        VEC_PUSH(a->arena, &question, conditions[i]);
    for (uint32_t i = 0; i < nodes; i++) {
        const ExprNode node = *expr_node(pool, (Expr){i}); // a copy: the pool grows
        by[i] = EXPR_NONE;
        if (node.op == EXPR_VAR && bitset_has(&inputs, i))
            by[i] = smaller(pool, node.sort, bitset_has(&floats, i));
    }
    expr_substitute(pool, by, nodes, question.data, count);
    for (uint32_t i = 0; i < nodes; i++) // for the model
        if (!expr_same(by[i], EXPR_NONE))
            VEC_PUSH(a->arena, &question, expr_eq(pool, (Expr){i}, by[i]));
    if (question.len == count)
        return false;
    Asker some = *a;
    some.steps = 0;
    some.budget = a->budget / SHARE + 1;
    const SmtResult result = verify_ask(&some, question.data, question.len);
    a->steps += some.steps;
    if (result.verdict != SMT_UNKNOWN)
        *out = result;
    return result.verdict != SMT_UNKNOWN;
}

bool verify_ask_bounded(Asker *a, const CaseQuestion *q, SmtResult *out)
{
    *out = (SmtResult){.verdict = SMT_UNKNOWN};
    if (sweep(a, q, out))
        return true;
    Expr *const question = ARENA_ARRAY(a->arena, Expr, q->count + 1);
    copy_bytes(question, q->conditions, q->count * sizeof(*question));
    question[q->count] = expr_not(a->vc->pool, q->goals);
    SmtResult any;
    if (!ask_for_small(a, question, q->count + 1, out))
        return false;
    // That there are none is worth something only where the conditions hold for some.
    return out->verdict == SMT_SAT ||
           (ask_for_small(a, q->conditions, q->count, &any) && any.verdict == SMT_SAT);
}
