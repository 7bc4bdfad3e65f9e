// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Meanings that are true of some operands alone. What a constructor that can't fail provides is
// assumed where a rule uses it; if nothing can be as it says for operands that it may be called
// with, the rule would be proved for the others alone. `For all operands there is a result' is
// beyond the solver where it is a product or a reciprocal, so operands are tried: corners and
// numbers at random, the same in each run. A meaning that shuts operands out shuts out many.

#include "verify/verify_internal.h"

enum { TRIES = 96, ENOUGH = 6, NARROW = 8, WIDE = 64 };

#define STEPS UINT64_C(50000) // of the solver, for one try

typedef struct Trying {
    LedgerCache *cache;
    const Vc *vc;
    Arena *arena;
    uint64_t random;
    Expr *by; // by node: the operand's value
} Trying;

static bool is_in(const ExprPool *pool, Expr var, Expr e, Arena *arena)
{
    Bitset parts = bitset_new(arena, pool->nodes.len);
    expr_reach(pool, e, &parts);
    return bitset_has(&parts, var.index);
}

// Whether a condition says what a variable is.
static bool is_definition(Trying *t, Expr e, Expr *var, Expr *value)
{
    ExprPool *const pool = t->vc->pool;
    const ExprNode n = *expr_node(pool, e);
    const bool negated = n.op == EXPR_NOT;
    *var = negated ? n.args[0] : e;
    *value = expr_bool(pool, !negated);
    if (expr_node(pool, *var)->op == EXPR_VAR)
        return true;
    for (uint32_t i = 0; n.op == EXPR_EQ && i < 2; i++) {
        *var = n.args[i];
        *value = n.args[1 - i];
        if (expr_node(pool, *var)->op == EXPR_VAR && !is_in(pool, *var, *value, t->arena))
            return true;
    }
    return false;
}

// Puts what conditions say that variables are into the others; gives what is left of them, first:
// with operands that are numbers most meanings are nothing else.
static uint32_t use_definitions(Trying *t, Expr *conditions, uint32_t count)
{
    ExprPool *const pool = t->vc->pool;
    for (uint32_t i = 0; i < count;) {
        Expr var, value;
        if (expr_is_true(pool, conditions[i])) {
            conditions[i] = conditions[--count];
        } else if (!is_definition(t, conditions[i], &var, &value)) {
            i++;
        } else {
            Expr *const by = ARENA_ARRAY(t->arena, Expr, var.index + 1);
            for (uint32_t v = 0; v < var.index; v++)
                by[v] = EXPR_NONE;
            by[var.index] = value;
            conditions[i] = conditions[--count];
            expr_substitute(pool, by, var.index + 1, conditions, count);
            i = 0;
        }
    }
    return count;
}

// Of conditions with the operands' values in them. UNKNOWN: nobody knows.
static SmtVerdict can_hold(Trying *t, const Expr *conditions, uint32_t count)
{
    ExprPool *const pool = t->vc->pool;
    Expr *const own = ARENA_ARRAY(t->arena, Expr, count + 1);
    copy_bytes(own, conditions, count * sizeof(*own));
    const uint32_t left = use_definitions(t, own, count);
    for (uint32_t i = 0; i < left; i++)
        if (expr_is_false(pool, own[i]))
            return SMT_UNSAT;
    const LedgerAsk how = {.conditions = own, .count = left, .way = SMT_WHOLE, .budget = STEPS};
    return left == 0 ? SMT_SAT : ledger_ask(t->cache, pool, &how, t->arena).verdict;
}

static void choose_operands(Trying *t)
{
    const Vc *const vc = t->vc;
    for (uint32_t i = 0; i < vc->inputs.len; i++) {
        const Expr var = vc->inputs.data[i];
        const Sort sort = expr_node(vc->pool, var)->sort;
        const ExprValue value = {sort, verify_sample(&t->random, sort)};
        t->by[var.index] = expr_const(vc->pool, &value);
    }
}

// The conditions of a call with values in the place of its operands.
static Expr *with_operands(Trying *t, const VcGoal *goals, uint32_t num_goals, uint32_t nodes)
{
    const Vc *const vc = t->vc;
    const uint32_t count = vc->assumptions.len + num_goals, first = vc->left_assumptions;
    Expr *const all = ARENA_ARRAY(t->arena, Expr, count + 1);
    copy_bytes(all, vc->assumptions.data, first * sizeof(*all));
    for (uint32_t i = 0; i < num_goals; i++)
        all[first + i] = goals[i].expr;
    copy_bytes(all + first + num_goals, vc->assumptions.data + first,
               (vc->assumptions.len - first) * sizeof(*all));
    expr_substitute(vc->pool, t->by, nodes, all, count);
    return all;
}

static Str operands_text(const Trying *t)
{
    StrBuf out = {.arena = t->arena};
    for (uint32_t i = 0; i < t->vc->inputs.len; i++) {
        const Expr var = t->vc->inputs.data[i];
        ExprValue value;
        buf_puts(&out, i == 0 ? "" : ", ");
        buf_str(&out, t->vc->pool->names.data[expr_node(t->vc->pool, var)->leaf]);
        buf_puts(&out, " = ");
        if (expr_is_const(t->vc->pool, t->by[var.index], &value))
            expr_value_print(&value, &out);
    }
    return buf_view(&out);
}

// Operands that meet what is required and for which nothing is as the call provides. False: none
// were found.
static bool find_operands(LedgerCache *cache, const Vc *vc, Arena *arena, Str *operands)
{
    const uint32_t nodes = vc->pool->nodes.len;
    Trying t = {.cache = cache, .vc = vc, .arena = arena, .random = 1};
    t.by = ARENA_ARRAY(arena, Expr, nodes + 1);
    for (uint32_t i = 0; i < nodes; i++)
        t.by[i] = EXPR_NONE;
    uint32_t good = 0;
    for (uint32_t n = 0; n < TRIES && good < ENOUGH; n++) {
        choose_operands(&t);
        const uint32_t given = vc->left_assumptions + vc->goals.len;
        const Expr *const all = with_operands(&t, vc->goals.data, vc->goals.len, nodes);
        if (can_hold(&t, all, given) != SMT_SAT)
            continue;
        good++;
        if (can_hold(&t, all, vc->assumptions.len + vc->goals.len) == SMT_UNSAT) {
            *operands = operands_text(&t);
            return true;
        }
    }
    return false;
}

// Whether the term provides something of values that is more than a definition: what is of its own
// and what is of its operands in one condition.
static bool is_relation(const Vc *vc, Arena *arena)
{
    const uint32_t nodes = vc->pool->nodes.len;
    Bitset inputs = bitset_new(arena, nodes), parts = bitset_new(arena, nodes);
    for (uint32_t i = 0; i < vc->inputs.len; i++)
        bitset_add(&inputs, vc->inputs.data[i].index);
    for (uint32_t i = vc->left_assumptions; i < vc->assumptions.len; i++)
        expr_reach(vc->pool, vc->assumptions.data[i], &parts);
    bool theirs = false, own = false;
    for (uint32_t i = 0; i < nodes; i++) {
        const ExprNode *const node = expr_node(vc->pool, (Expr){i});
        if (!bitset_has(&parts, i) || node->op != EXPR_VAR)
            continue;
        theirs = theirs || bitset_has(&inputs, i);
        own = own || !bitset_has(&inputs, i);
    }
    return theirs && own;
}

// The terms that some rule constructs.
static Bitset constructed_terms(VcProgram *program, Arena *arena)
{
    const uint32_t count = program->isle->terms.len;
    Bitset out = bitset_new(arena, count);
    for (IsleTermId term = 0; term < count; term++) {
        if (vc_num_rules(program, term) == 0)
            continue;
        const IsleRuleSet *const set = program->sets[term];
        for (uint32_t i = 0; i < set->bindings.len; i++)
            if (set->bindings.data[i].kind == ISLE_BIND_CONSTRUCTOR)
                bitset_add(&out, set->bindings.data[i].term);
    }
    return out;
}

// Whether rules take what the term provides for true, and nobody proves it: what has rules is
// proved with them.
static bool is_believed(const IsleTerm *t)
{
    return t->spec && t->constructor == ISLE_HOW_EXTERNAL && t->rules.len == 0 &&
           (t->flags & ISLE_PARTIAL) == 0;
}

typedef struct Looking {
    VcProgram *program;
    LedgerCache *cache; // or NULL
    VerifyReport *report;
    Arena *arena; // of the report
} Looking;

// False: how wide things are is open.
static bool look_at(const Looking *l, IsleTermId term, uint32_t width)
{
    Arena scratch = {0};
    VcTrail trail = {{0}};
    bool known = false;
    do {
        Vc vc;
        Str operands;
        vc_run_call(l->program, &(VcCallOf){term, width}, &trail, &scratch, &vc);
        known = known || vc.status == VC_READY;
        if (vc.status == VC_READY && is_relation(&vc, &scratch) &&
            find_operands(l->cache, &vc, &scratch, &operands)) {
            const VerifyIdle idle = {term, str_copy(l->arena, vc.types),
                                     str_copy(l->arena, operands), true};
            VEC_PUSH(l->arena, &l->report->idle, idle);
        }
        arena_reset(&scratch);
    } while (vc_trail_next(&trail));
    arena_free(&scratch);
    return known;
}

void verify_operands(VcProgram *program, const VerifyOptions *options, VerifyReport *report,
                     Arena *arena)
{
    const Bitset used = constructed_terms(program, arena);
    const Looking l = {program, options->cache ? ledger_cache_open(arena, options->cache) : NULL,
                       report, arena};
    for (IsleTermId term = 0; term < program->isle->terms.len; term++)
        if (bitset_has(&used, term) && is_believed(&program->isle->terms.data[term]) &&
            !look_at(&l, term, 0)) {
            look_at(&l, term, NARROW);
            look_at(&l, term, WIDE);
        }
    ledger_cache_close(l.cache);
}
