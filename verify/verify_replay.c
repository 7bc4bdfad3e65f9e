// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counterexamples: a model is believed only after the expressions have been evaluated with it.

#include "verify/eval/eval.h"
#include "verify/verify_internal.h"

// What the solver says of variables, and what is known of the NaNs that operations make.
typedef struct Model {
    const SmtResult *of;
    bool negative_nans;
} Model;

// The values under the model of what can be evaluated. False: some operator can't be.
static bool evaluate(TaskCase *c, const Model *model, ExprValue *values, Bitset *known)
{
    const ExprPool *const pool = c->vc->pool;
    Eval eval;
    eval_begin(&eval, pool, c->arena);
    eval.negative_nans = model->negative_nans;
    for (uint32_t i = 0; i < model->of->num_model; i++)
        if (expr_node(pool, (Expr){i})->op == EXPR_VAR)
            eval_set(&eval, (Expr){i}, &model->of->model[i]);
    bool all = true;
    for (uint32_t i = 0; i < pool->nodes.len; i++) {
        const bool good = eval_get(&eval, (Expr){i}, &values[i]);
        if (good)
            bitset_add(known, i);
        all = all && good;
    }
    return all;
}

static void print_values(const ExprValue *values, const Bitset *known, const Expr *list,
                         uint32_t count, StrBuf *out)
{
    for (uint32_t i = 0; i < count; i++) {
        buf_char(out, ' ');
        if (expr_same(list[i], EXPR_NONE) || !bitset_has(known, list[i].index))
            buf_char(out, '_');
        else
            expr_value_print(&values[list[i].index], out);
    }
}

// Every call with its values: extractors as what they match, constructors as what they give.
static Str show_values(TaskCase *c, const ExprValue *values, const Bitset *known)
{
    StrBuf out = {.arena = c->results};
    for (uint32_t i = 0; i < c->vc->calls.len; i++) {
        const VcCall *const call = &c->vc->calls.data[i];
        if (call->state) {
            buf_printf(&out, " %.*s is", STR_ARG(call->text));
            print_values(values, known, call->results.data, call->results.len, &out);
            buf_char(&out, '\n');
            continue;
        }
        if (call->extractor) { // what is matched
            print_values(values, known, call->results.data, call->results.len, &out);
            buf_printf(&out, " is (%.*s", STR_ARG(call->text));
            print_values(values, known, call->args.data, call->args.len, &out);
            buf_puts(&out, ")\n");
            continue;
        }
        buf_printf(&out, " (%.*s", STR_ARG(call->text));
        print_values(values, known, call->args.data, call->args.len, &out);
        buf_puts(&out, ") gives");
        print_values(values, known, call->results.data, call->results.len, &out);
        buf_char(&out, '\n');
    }
    return buf_view(&out);
}

static bool is_bool(const ExprValue *values, const Bitset *known, Expr e, bool value)
{
    return bitset_has(known, e.index) && values[e.index].bits.w[0] == value;
}

// The first goal that does not hold, or NULL.
static const VcGoal *failing_goal(const TaskCase *c, const ExprValue *values, const Bitset *known)
{
    for (uint32_t i = 0; i < c->vc->goals.len; i++)
        if (is_bool(values, known, c->vc->goals.data[i].expr, false))
            return &c->vc->goals.data[i];
    return NULL;
}

// Whether no condition is false when evaluated. Else the case is unknown, and says so.
static bool conditions_hold(TaskCase *c, const ExprValue *values, const Bitset *known,
                            const CaseQuestion *q)
{
    c->out->verdict = CASE_UNKNOWN;
    for (uint32_t i = 0; i < q->count; i++) {
        if (!is_bool(values, known, q->conditions[i], false))
            continue;
        c->out->message = STR("the solver's model is none: it does not hold when evaluated");
        return false;
    }
    return true;
}

// Believes a counterexample only if its conditions are true and a goal is false when evaluated.
static void replay(TaskCase *c, const Model *model, const CaseQuestion *q)
{
    const ExprPool *const pool = c->vc->pool;
    ExprValue *const values = ARENA_ARRAY(c->arena, ExprValue, pool->nodes.len);
    Bitset known = bitset_new(c->arena, pool->nodes.len);
    const bool whole = evaluate(c, model, values, &known);
    if (!conditions_hold(c, values, &known, q))
        return;
    const VcGoal *const goal = failing_goal(c, values, &known);
    if (!goal && whole) { // the model is none, or depends on the bits of a NaN
        c->out->message = STR("the solver's model is none: the goals hold when evaluated");
        return;
    }
    c->out->verdict = CASE_FAILED;
    c->out->values = show_values(c, values, &known);
    c->out->clif = verify_clif(c->run->program->isle, c->vc, values, &known, c->results);
    c->out->message = goal ? str_printf(c->results, "not so: %.*s", STR_ARG(goal->what))
                           : STR("a goal does not hold, but its values can't be evaluated");
}

// The signs of NaNs that operations make are for nobody to rely on: a model that is none with one
// may be one with the other.
void verify_replay(TaskCase *c, const SmtResult *model, const Expr *conditions, uint32_t count)
{
    const CaseQuestion q = {.conditions = conditions, .count = count};
    Model how = {.of = model};
    replay(c, &how, &q);
    how.negative_nans = true;
    if (c->out->verdict == CASE_UNKNOWN)
        replay(c, &how, &q);
}

void verify_replay_left(TaskCase *c, const SmtResult *model, const Expr *conditions, uint32_t count)
{
    const CaseQuestion q = {.conditions = conditions, .count = count};
    const Model how = {.of = model};
    const uint32_t nodes = c->vc->pool->nodes.len;
    ExprValue *const values = ARENA_ARRAY(c->arena, ExprValue, nodes);
    Bitset known = bitset_new(c->arena, nodes);
    evaluate(c, &how, values, &known);
    if (!conditions_hold(c, values, &known, &q))
        return;
    c->out->verdict = CASE_FAILED;
    c->out->values = show_values(c, values, &known);
}
