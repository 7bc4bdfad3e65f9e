// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules evaluated by their definition, with no thought of speed: in order of priority, each against
// the arguments, on the typed trees that isle_typing.c made.
//
// Multi calls make a rule match in several ways. Instead of backtracking, a rule is evaluated once
// for every sequence of choices: the first run takes the first result of each multi call and notes
// how many there were; the next takes the sequence that follows, like an odometer.

#include "isle-rules/compiler/islec_internal.h"

#define MAX_EVAL_DEPTH 48u

typedef struct Choice {
    uint32_t at, count;
} Choice;

typedef struct Naive {
    IsleEval *eval;
    const IsleRule *rule;
    IsleValue *vars;
    IsleOutcome outcome;
    VEC(Choice) choices;
    uint32_t cursor; // choices used in this run
} Naive;

// ---- Shared with the interpreter of trees ----

bool isle_value_equal(const IsleValue *a, const IsleValue *b)
{
    if (a->type != b->type || a->variant != b->variant || a->bits != b->bits ||
        a->num_fields != b->num_fields)
        return false;
    for (uint32_t i = 0; i < a->num_fields; i++)
        if (!isle_value_equal(&a->fields[i], &b->fields[i]))
            return false;
    return true;
}

IsleValue isle_value_of_int(const Isle *isle, IsleTypeId type, int128 value)
{
    const uint8_t bits = isle->types.data[type].bits; // primitive: 0, all of them
    IsleValue result = {.type = type, .bits = (uint128)value};
    if (bits != 0 && bits < 128)
        result.bits &= ((uint128)1 << bits) - 1;
    return result;
}

IsleValue isle_value_make(Arena *arena, IsleTypeId type, uint32_t variant, const IsleValue *fields,
                          uint32_t num_fields)
{
    IsleValue *const copy = ARENA_ARRAY(arena, IsleValue, num_fields);
    for (uint32_t i = 0; i < num_fields; i++)
        copy[i] = fields[i];
    return (IsleValue){.type = type, .variant = variant, .fields = copy, .num_fields = num_fields};
}

bool isle_eval_burn(IsleEval *eval)
{
    if (eval->fuel == 0)
        return false;
    eval->fuel--;
    return true;
}

IsleRows isle_eval_construct(IsleEval *eval, IsleTermId term, const IsleValue *args,
                             IsleEvalTerm evaluate)
{
    const IsleTerm *const def = &eval->isle->terms.data[term];
    if (eval->depth >= MAX_EVAL_DEPTH || !isle_eval_burn(eval))
        return (IsleRows){.outcome = ISLE_NO_FUEL};
    if (def->constructor == ISLE_HOW_EXTERNAL) {
        IsleValue *const out = ARENA_ARRAY(eval->arena, IsleValue, ISLE_MAX_RESULTS);
        const uint32_t max = (def->flags & ISLE_MULTI) ? ISLE_MAX_RESULTS : 1;
        const uint32_t count = eval->host->construct(eval->host->context, term, args, out, max);
        return (IsleRows){out, count, 1, ISLE_VALUES};
    }
    IsleResults *const results = ARENA_NEW(eval->arena, IsleResults);
    eval->depth++;
    evaluate(eval, term, args, results);
    eval->depth--;
    return (IsleRows){results->values, results->count, 1, results->outcome};
}

IsleRows isle_eval_extract(IsleEval *eval, IsleTermId term, const IsleValue *value)
{
    const IsleTerm *const def = &eval->isle->terms.data[term];
    if (!isle_eval_burn(eval))
        return (IsleRows){.outcome = ISLE_NO_FUEL};
    const uint32_t max = (def->flags & ISLE_MULTI) ? ISLE_MAX_RESULTS : 1;
    IsleValue *const out = ARENA_ARRAY(eval->arena, IsleValue, (size_t)max * def->num_args);
    const uint32_t count = eval->host->extract(eval->host->context, term, value, out, max);
    return (IsleRows){out, count, def->num_args, ISLE_VALUES};
}

// ---- Choices ----

// The row that this run takes of a call's results, or NULL when it has none.
static const IsleValue *choose(Naive *n, const IsleRows *rows, bool multi)
{
    if (rows->outcome != ISLE_VALUES) {
        n->outcome = rows->outcome;
        return NULL;
    }
    if (rows->count == 0)
        return NULL;
    if (!multi)
        return rows->values;
    if (n->cursor == n->choices.len)
        VEC_PUSH(n->eval->arena, &n->choices, ((Choice){0, rows->count}));
    return rows->values + (size_t)n->choices.data[n->cursor++].at * rows->width;
}

// Goes to the next sequence of choices; false after the last.
static bool next_choices(Naive *n)
{
    while (n->choices.len != 0) {
        Choice *const last = &n->choices.data[n->choices.len - 1];
        if (++last->at < last->count)
            return true;
        n->choices.len--;
    }
    return false;
}

// ---- Expressions ----

static IsleValue const_value(const Naive *n, const IsleNode *node)
{
    if (node->kind != ISLE_NODE_CONST)
        return isle_value_of_int(n->eval->isle, node->type, node->value);
    return n->eval->host->constant(n->eval->host->context, node->name, node->type);
}

// False when a call fails or has no results.
static bool eval_expr(Naive *n, const IsleNode *node, IsleValue *out)
{
    switch ((int)node->kind) {
    case ISLE_NODE_INT:
    case ISLE_NODE_BOOL:
    case ISLE_NODE_CONST: *out = const_value(n, node); return true;
    case ISLE_NODE_VAR: *out = n->vars[node->var]; return true;
    case ISLE_NODE_LET:
        for (uint32_t i = 0; i + 1 < node->num_args; i++)
            if (!eval_expr(n, node->args[i], &n->vars[node->vars[i]]))
                return false;
        return eval_expr(n, node->args[node->num_args - 1], out);
    default: ASSERT(node->kind == ISLE_NODE_TERM); break;
    }
    IsleValue *const args = ARENA_ARRAY(n->eval->arena, IsleValue, node->num_args);
    for (uint32_t i = 0; i < node->num_args; i++)
        if (!eval_expr(n, node->args[i], &args[i]))
            return false;
    const IsleTerm *const term = &n->eval->isle->terms.data[node->term];
    if (term->constructor == ISLE_HOW_BUILTIN) {
        *out = isle_value_make(n->eval->arena, term->ret, term->variant, args, node->num_args);
        return true;
    }
    const IsleRows rows = isle_eval_construct(n->eval, node->term, args, isle_eval_naive);
    const IsleValue *const row = choose(n, &rows, (term->flags & ISLE_MULTI) != 0);
    if (row)
        *out = *row;
    return row != NULL;
}

// ---- Patterns ----

static bool match(Naive *n, const IsleNode *node, const IsleValue *value);

static bool match_all(Naive *n, const IsleNode *node, const IsleValue *values)
{
    for (uint32_t i = 0; i < node->num_args; i++)
        if (!match(n, node->args[i], &values[i]))
            return false;
    return true;
}

static bool match_term(Naive *n, const IsleNode *node, const IsleValue *value)
{
    const IsleTerm *const term = &n->eval->isle->terms.data[node->term];
    if (term->extractor == ISLE_HOW_BUILTIN)
        return value->variant == term->variant && match_all(n, node, value->fields);
    const IsleRows rows = isle_eval_extract(n->eval, node->term, value);
    const IsleValue *const row = choose(n, &rows, (term->flags & ISLE_MULTI) != 0);
    return row && match_all(n, node, row);
}

static bool match(Naive *n, const IsleNode *node, const IsleValue *value)
{
    switch ((int)node->kind) {
    case ISLE_NODE_ANY: return true;
    case ISLE_NODE_INT:
    case ISLE_NODE_BOOL:
    case ISLE_NODE_CONST: {
        const IsleValue constant = const_value(n, node);
        return isle_value_equal(&constant, value);
    }
    case ISLE_NODE_BIND:
        if (node->num_args == 1 && !match(n, node->args[0], value))
            return false;
        n->vars[node->var] = *value;
        return true;
    case ISLE_NODE_SAME: return isle_value_equal(&n->vars[node->var], value);
    case ISLE_NODE_AND:
        for (uint32_t i = 0; i < node->num_args; i++)
            if (!match(n, node->args[i], value))
                return false;
        return true;
    default: ASSERT(node->kind == ISLE_NODE_TERM); return match_term(n, node, value);
    }
}

// ---- Rules ----

static bool match_left(Naive *n, const IsleValue *args)
{
    const IsleRuleBody *const body = &n->rule->body;
    for (uint32_t i = 0; i < body->num_args; i++)
        if (!match(n, body->args[i], &args[i]))
            return false;
    for (uint32_t i = 0; i < body->num_iflets; i++) {
        IsleValue value;
        if (!eval_expr(n, body->iflets[i].expr, &value) ||
            !match(n, body->iflets[i].pattern, &value))
            return false;
    }
    return true;
}

static void add_result(Naive *n, IsleResults *out, const IsleValue *value)
{
    if (out->count == ISLE_MAX_RESULTS) {
        n->eval->truncated = true;
        out->truncated = true;
        return;
    }
    out->rules[out->count] = (IsleRuleId)(n->rule - n->eval->isle->rules.data);
    out->values[out->count++] = *value;
}

// Tries a rule in every way; true when the term is decided.
static bool try_rule(Naive *n, const IsleValue *args, bool multi, IsleResults *out)
{
    n->vars = ARENA_ARRAY(n->eval->arena, IsleValue, n->rule->body.vars.len);
    n->choices.len = 0;
    do {
        if (!isle_eval_burn(n->eval))
            n->outcome = ISLE_NO_FUEL;
        n->cursor = 0;
        IsleValue value;
        const bool matched = n->outcome == ISLE_VALUES && match_left(n, args);
        if (matched && eval_expr(n, n->rule->body.expr, &value))
            add_result(n, out, &value);
        if (n->outcome != ISLE_VALUES || (matched && !multi))
            return true;
    } while (next_choices(n));
    return false;
}

// The rules of a term, highest priority first, then by their place in the source.
static IsleRuleId *sort_rules(const IsleEval *eval, const IsleTerm *term)
{
    const IsleRule *const rules = eval->isle->rules.data;
    IsleRuleId *const order = ARENA_ARRAY(eval->arena, IsleRuleId, term->rules.len);
    for (uint32_t i = 0; i < term->rules.len; i++) {
        const IsleRuleId rule = term->rules.data[i];
        uint32_t j = i;
        for (; j > 0 && rules[order[j - 1]].priority < rules[rule].priority; j--)
            order[j] = order[j - 1];
        order[j] = rule;
    }
    return order;
}

void isle_eval_naive(IsleEval *eval, IsleTermId id, const IsleValue *args, IsleResults *out)
{
    const IsleTerm *const term = &eval->isle->terms.data[id];
    ASSERT(term->constructor == ISLE_HOW_INTERNAL);
    const IsleRuleId *const order = sort_rules(eval, term);
    const bool multi = (term->flags & ISLE_MULTI) != 0;
    Naive n = {.eval = eval, .outcome = ISLE_VALUES};
    out->count = 0;
    out->truncated = false;
    bool decided = false;
    for (uint32_t i = 0; i < term->rules.len && !decided; i++) {
        n.rule = &eval->isle->rules.data[order[i]];
        decided = try_rule(&n, args, multi, out);
    }
    out->outcome = n.outcome;
    if (!decided && !(term->flags & (ISLE_MULTI | ISLE_PARTIAL)))
        out->outcome = ISLE_NO_MATCH;
}
