// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The cases of one rule, each put to the solver: is there a counterexample, and if not, can the
// case happen at all. A model is believed only after the expressions have been evaluated with it.
#define _POSIX_C_SOURCE 200809L // clock_gettime

#include "verify/verify_internal.h"

#include <time.h>

enum { MAX_CASES = 20000, GUESS_SHARE = 32 };

static void push_all(TaskCase *c, Exprs *out, const Expr *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        VEC_PUSH(c->arena, out, list[i]);
}

static const char *const answers[] = {
    [SMT_UNSAT] = "there are none", [SMT_SAT] = "found", [SMT_UNKNOWN] = "given up"};

typedef SmtResult (*AskBy)(Asker *asker, const Expr *conditions, uint32_t count);

static Asker asker_of(const TaskCase *c)
{
    return (Asker){.run = c->run, .vc = c->vc, .arena = c->arena, .budget = c->budget};
}

static SmtResult ask_by(TaskCase *c, AskBy by, const char *what, const Exprs *conditions)
{
    Asker asker = asker_of(c);
    const SmtResult result = by(&asker, conditions->data, conditions->len);
    c->out->steps += asker.steps;
    if (c->tried)
        buf_printf(c->tried, "  %s: %s after %llu steps\n", what, answers[result.verdict],
                   (unsigned long long)asker.steps);
    return result;
}

// Asks the solver for values with which all conditions hold; `what` names them.
static SmtResult ask(TaskCase *c, const char *what, const Exprs *conditions)
{
    return ask_by(c, verify_ask_model, what, conditions);
}

// Whether the conditions are plainly true: nothing is left of them.
static bool nothing_left(const Exprs *conditions, const ExprPool *pool)
{
    for (uint32_t i = 0; i < conditions->len; i++)
        if (!expr_is_true(pool, conditions->data[i]))
            return false;
    return true;
}

// ---- Questions ----

// Whether all inputs are numbers, and there are some: widths and kinds are none.
static bool is_fixed(TaskCase *c)
{
    bool any = false;
    for (uint32_t i = 0; i < c->vc->inputs.len; i++) {
        const Expr input = c->vc->inputs.data[i];
        if (expr_node(c->vc->pool, input)->sort.kind != SORT_BV)
            continue;
        if (!expr_is_const(c->vc->pool, input, NULL))
            return false;
        any = true;
    }
    return any;
}

// Whether an expression has a variable that is not among those `seen`.
static bool is_open(TaskCase *c, Expr e, const Bitset *seen)
{
    const ExprPool *const pool = c->vc->pool;
    Bitset parts = bitset_new(c->arena, pool->nodes.len);
    expr_reach(pool, e, &parts);
    for (uint32_t i = 0; i < parts.size; i++)
        if (bitset_has(&parts, i) && expr_node(pool, (Expr){i})->op == EXPR_VAR &&
            !(i < seen->size && bitset_has(seen, i)))
            return true;
    return false;
}

// Whether no two different inputs satisfy the conditions. Where a variable of the inputs is in no
// condition, no question is needed.
static bool is_single(TaskCase *c, const Exprs *conditions, const SmtResult *model)
{
    ExprPool *const pool = c->vc->pool;
    Expr other = expr_bool(pool, false);
    bool any = false;
    Bitset seen = bitset_new(c->arena, pool->nodes.len);
    for (uint32_t i = 0; i < conditions->len; i++)
        expr_reach(pool, conditions->data[i], &seen);
    for (uint32_t i = 0; i < c->vc->inputs.len; i++) {
        const Expr input = c->vc->inputs.data[i];
        if (expr_is_const(pool, input, NULL))
            continue;
        any = true;
        const bool in_question = input.index < seen.size && bitset_has(&seen, input.index);
        if (expr_node(pool, input)->op != EXPR_VAR) {
            if (is_open(c, input, &seen))
                return false;
            continue;
        }
        if (!in_question || !model)
            return false;
        const Expr value = expr_const(pool, &model->model[input.index]);
        other = expr_or(pool, other, expr_not(pool, expr_eq(pool, input, value)));
    }
    if (!any || expr_is_false(pool, other))
        return false;
    Exprs again = {0};
    push_all(c, &again, conditions->data, conditions->len);
    VEC_PUSH(c->arena, &again, other);
    return ask(c, "other values for which the conditions hold", &again).verdict == SMT_UNSAT;
}

static void set_unknown(TaskCase *c, const SmtResult *result)
{
    c->out->verdict = CASE_UNKNOWN;
    c->out->message = str_printf(c->results, "the solver gave up: %.*s", STR_ARG(result->reason));
}

// Whether the conditions can hold where all wide numbers are 1 and `other` is 0.
static bool holds_for_small(TaskCase *c, const Exprs *conditions, Expr other)
{
    ExprPool *const pool = c->vc->pool;
    const uint32_t nodes = pool->nodes.len;
    Expr *const by = ARENA_ARRAY(c->arena, Expr, nodes);
    for (uint32_t i = 0; i < nodes; i++) {
        const ExprNode node = *expr_node(pool, (Expr){i}); // a copy: the pool grows
        const bool wide = node.op == EXPR_VAR && node.sort.kind == SORT_BV && node.sort.width >= 16;
        by[i] = wide ? expr_bv(pool, node.sort.width, i != other.index) : EXPR_NONE;
    }
    Exprs small = {0};
    push_all(c, &small, conditions->data, conditions->len);
    expr_substitute(pool, by, nodes, small.data, small.len);
    return ask(c, "small values for which the conditions hold", &small).verdict == SMT_SAT;
}

// A case that the solver finds no example of: whether there is a simple one, and another.
static bool simple_example(TaskCase *c, const Exprs *conditions)
{
    if (!holds_for_small(c, conditions, EXPR_NONE))
        return false;
    bool several = false;
    for (uint32_t i = 0; i < c->vc->inputs.len && !several; i++)
        if (expr_node(c->vc->pool, c->vc->inputs.data[i])->op == EXPR_VAR)
            several = holds_for_small(c, conditions, c->vc->inputs.data[i]);
    c->out->single = c->out->single || !several;
    return true;
}

// Of a case without counterexample: whether it can happen.
static void feasible(TaskCase *c, const Exprs *conditions, Exprs *own)
{
    c->out->verdict = CASE_PROVED;
    c->out->single = is_fixed(c);
    if (nothing_left(conditions, c->vc->pool))
        return;
    const SmtResult result = ask(c, "values for which the conditions hold", conditions);
    if (result.verdict == SMT_UNKNOWN) {
        if (!simple_example(c, conditions))
            set_unknown(c, &result);
    } else if (result.verdict == SMT_SAT) {
        c->out->single = c->out->single || is_single(c, conditions, &result);
    } else {
        const bool shadowed =
            own->len != conditions->len &&
            ask(c, "values without regard to other rules", own).verdict == SMT_SAT;
        c->out->verdict = shadowed ? CASE_SHADOWED : CASE_INAPPLICABLE;
    }
}

// Goals are asked one by one until the case has taken so many budgets.
enum { MOST_BUDGETS = 8 };

// A question whose goals together are too much: one after the other, each with those before it as
// conditions. The first answer that is no proof, or the last one.
static SmtResult ask_each_goal(TaskCase *c, const Exprs *conditions)
{
    const Vc *const vc = c->vc;
    SmtResult result = {.verdict = SMT_UNSAT};
    Exprs known = {0};
    push_all(c, &known, conditions->data, conditions->len);
    for (uint32_t i = 0; i < vc->goals.len && result.verdict == SMT_UNSAT; i++) {
        if (c->out->steps > MOST_BUDGETS * c->budget)
            return (SmtResult){.verdict = SMT_UNKNOWN, .reason = STR("too many goals are hard")};
        Exprs question = {0};
        push_all(c, &question, known.data, known.len);
        VEC_PUSH(c->arena, &question, expr_not(vc->pool, vc->goals.data[i].expr));
        result = ask_by(c, verify_ask, "values for which one goal fails", &question);
        VEC_PUSH(c->arena, &known, vc->goals.data[i].expr);
    }
    return result;
}

// Of a question that is given up: whether it is proved for some values at least. *result: a
// counterexample among them.
static bool is_bounded(TaskCase *c, const CaseQuestion *question, SmtResult *result)
{
    Asker asker = asker_of(c);
    SmtResult some;
    const bool decided = verify_ask_bounded(&asker, question, &some);
    c->out->steps += asker.steps;
    if (c->tried)
        buf_printf(c->tried, "  the same with small numbers: %s after %llu steps\n",
                   decided ? answers[some.verdict] : answers[SMT_UNKNOWN],
                   (unsigned long long)asker.steps);
    if (decided && some.verdict == SMT_SAT)
        *result = some;
    if (!decided || some.verdict == SMT_SAT)
        return false;
    c->out->verdict = CASE_BOUNDED;
    c->out->message = STR("proved for small numbers alone");
    return true;
}

// What the second solver says, if there is one. False: the opposite, which makes it an error.
static bool is_confirmed(TaskCase *c, const Exprs *question, SmtVerdict verdict)
{
    const char *const solver = c->run->options->cross;
    if (!solver || verdict == SMT_UNKNOWN)
        return true;
    switch (verify_cross(solver, c->vc->pool, question->data, question->len, verdict)) {
    case CROSS_AGREES: c->out->confirmed++; return true;
    case CROSS_OPEN: c->out->unconfirmed++; return true;
    case CROSS_DISAGREES: break;
    }
    c->out->verdict = CASE_ERROR;
    c->out->message =
        str_printf(c->results, "%s says that there %s values for which the sides differ", solver,
                   verdict == SMT_SAT ? "are no" : "are");
    return false;
}

// A counterexample by chance, for questions that the solver may think about for long; else
// unknown. What follows from other values, as a reciprocal does, nobody guesses: that is taken from
// a model of the conditions.
static SmtResult guess(TaskCase *c, const CaseQuestion *q)
{
    const ExprPool *const pool = c->vc->pool;
    SmtResult result = {.verdict = SMT_UNKNOWN};
    Exprs all = {0};
    push_all(c, &all, q->conditions, q->count);
    VEC_PUSH(c->arena, &all, q->goals);
    Asker asker = asker_of(c);
    const bool hard = verify_is_hard(&asker, all.data, all.len);
    if (!hard && !verify_has_floats(pool, all.data, all.len, c->arena))
        return result;
    if (verify_by_chance(pool, q, NULL, c->arena, &result) || !hard)
        return result;
    asker.budget = c->budget / GUESS_SHARE + 1;
    const SmtResult model = verify_ask_model(&asker, q->conditions, q->count);
    c->out->steps += asker.steps;
    if (model.verdict == SMT_SAT)
        verify_by_chance(pool, q, &model, c->arena, &result);
    return result;
}

static void prove(TaskCase *c)
{
    const Vc *const vc = c->vc;
    Exprs own = {0}, conditions = {0}, question = {0};
    push_all(c, &own, vc->assumptions.data, vc->assumptions.len);
    push_all(c, &conditions, own.data, own.len);
    if (!c->run->options->any_order)
        push_all(c, &conditions, vc->higher.data, vc->higher.len);
    Expr goals = expr_bool(vc->pool, true);
    for (uint32_t i = 0; i < vc->goals.len; i++)
        goals = expr_and(vc->pool, goals, vc->goals.data[i].expr);
    if (!expr_is_true(vc->pool, goals)) {
        push_all(c, &question, conditions.data, conditions.len);
        VEC_PUSH(c->arena, &question, expr_not(vc->pool, goals));
        const CaseQuestion small = {conditions.data, conditions.len, goals};
        SmtResult result = guess(c, &small);
        if (result.verdict == SMT_UNKNOWN)
            result = ask_by(c, verify_ask, "values for which the sides differ", &question);
        if (result.verdict == SMT_UNKNOWN && vc->goals.len > 1)
            result = ask_each_goal(c, &conditions);
        if (result.verdict == SMT_UNKNOWN && vc->met.len != 0) {
            push_all(c, &question, vc->met.data, vc->met.len);
            result =
                ask_by(c, verify_ask, "such values where all that is required is so", &question);
        }
        if (result.verdict == SMT_UNKNOWN && is_bounded(c, &small, &result))
            return;
        if (result.verdict == SMT_SAT)
            verify_replay(c, &result, conditions.data, conditions.len);
        if (!is_confirmed(c, &question, result.verdict))
            return;
        if (result.verdict == SMT_UNKNOWN)
            set_unknown(c, &result);
        if (result.verdict != SMT_UNSAT)
            return;
    }
    if (vc->unmatched || vc->unmet) {
        c->out->verdict = CASE_INAPPLICABLE;
        return;
    }
    feasible(c, &conditions, &own);
}

typedef enum Role { ROLE_ASSUMED, ROLE_HIGHER, ROLE_GOAL, ROLE_INPUT, ROLE_MET } Role;

typedef VEC(LedgerRoot) Roots;

static void add_roots(TaskCase *c, Roots *roots, Role role, const Expr *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        VEC_PUSH(c->arena, roots, ((LedgerRoot){list[i], role}));
}

// Of the case as a whole: the same key, the same verdict. What was not asked of the solver stands
// for itself by its name.
static LedgerKey case_key(TaskCase *c)
{
    const Vc *const vc = c->vc;
    StrBuf text = {.arena = c->arena};
    buf_printf(&text, "%d %d %.*s %.*s\n", (int)SMT_MEANING, (int)vc->status, STR_ARG(vc->missing),
               STR_ARG(vc->types));
    if (vc->status == VC_READY || vc->status == VC_PRUNED) {
        Roots roots = {0};
        // Of a right side that there is none for, what the left one says alone.
        const bool ready = vc->status == VC_READY;
        add_roots(c, &roots, ROLE_ASSUMED, vc->assumptions.data,
                  ready ? vc->assumptions.len : vc->left_assumptions);
        add_roots(c, &roots, ROLE_HIGHER, vc->higher.data, vc->higher.len);
        for (uint32_t i = 0; ready && i < vc->goals.len; i++)
            add_roots(c, &roots, ROLE_GOAL, &vc->goals.data[i].expr, 1);
        add_roots(c, &roots, ROLE_INPUT, vc->inputs.data, vc->inputs.len);
        add_roots(c, &roots, ROLE_MET, vc->met.data, vc->met.len);
        const LedgerQuestion q = ledger_question(vc->pool, roots.data, roots.len, c->arena);
        ledger_key_print(q.key, &text);
    }
    return ledger_key_of(buf_view(&text));
}

// Proves, and tells of it if that is wanted.
static void prove_told(TaskCase *c)
{
    StrBuf out = {.arena = c->results}, tried = {.arena = c->arena};
    if (!c->run->options->explain) {
        prove(c);
        return;
    }
    c->tried = &tried;
    verify_explain(c->vc, c->arena, &out);
    prove(c);
    buf_puts(&out,
             tried.len == 0 ? "no question was left for the solver\n" : "asked of the solver\n");
    buf_str(&out, buf_view(&tried));
    c->out->explanation = buf_view(&out);
}

// The first call is the root's own.
static void find_helpers(TaskCase *c)
{
    const Vc *const vc = c->vc;
    VEC(IsleTermId) found = {0};
    for (uint32_t i = 1; i < vc->calls.len; i++) {
        const VcCall *const call = &vc->calls.data[i];
        bool helps = !call->state && !call->extractor && vc_is_root(c->run->program, call->term);
        for (uint32_t k = 0; k < found.len; k++)
            helps = helps && found.data[k] != call->term;
        if (helps)
            VEC_PUSH(c->results, &found, call->term);
    }
    c->out->helpers = found.data;
    c->out->num_helpers = found.len;
}

static void describe(TaskCase *c)
{
    const Vc *const vc = c->vc;
    VerifyCase *const out = c->out;
    out->key = case_key(c);
    out->num_rules = vc->rules.len;
    out->rules = ARENA_ARRAY(c->results, IsleRuleId, vc->rules.len);
    copy_bytes(out->rules, vc->rules.data, vc->rules.len * sizeof(*out->rules));
    find_helpers(c);
    out->types = str_copy(c->results, vc->types);
    out->missing = str_copy(c->results, vc->missing);
}

// Whether a case of the same key has been decided in the report that this one is like.
static bool is_known(TaskCase *c)
{
    const VerifyCase *const same = verify_known_find(&c->run->known, c->out->key);
    if (!same)
        return false;
    c->out->verdict = same->verdict;
    c->out->single = same->single;
    c->out->message = same->message;
    c->out->values = same->values;
    c->out->clif = same->clif;
    return true;
}

static void decide(TaskCase *c)
{
    const Vc *const vc = c->vc;
    VerifyCase *const out = c->out;
    describe(c);
    if (is_known(c))
        return;
    switch (vc->status) {
    case VC_READY:
        if (c->run->options->keys_only)
            out->verdict = CASE_UNKNOWN;
        else
            prove_told(c);
        return;
    case VC_PRUNED: UNREACHABLE();
    case VC_NO_SPEC:
        out->verdict = CASE_NO_SPEC;
        out->message = str_copy(c->results, vc->message);
        return;
    case VC_ERROR:
        out->verdict = CASE_ERROR;
        out->message = str_copy(c->results, vc->message);
        return;
    }
    UNREACHABLE();
}

// Whether the case is one to look at: when one rule is asked about, only those that it is in.
static bool is_explained(const VerifyRun *run, const Vc *vc)
{
    const VerifyOptions *const options = run->options;
    const char *const wanted = options->explain ? options->explain : options->within;
    for (uint32_t i = 0; wanted && i < vc->rules.len; i++)
        if (str_eq_c(run->program->isle->rules.data[vc->rules.data[i]].label, wanted))
            return true;
    return !wanted;
}

// ---- Right sides that can't be made ----

// The trails that begin with one way through the left side.
typedef struct LeftSide {
    bool made;  // there is a right side for it
    bool tried; // there is none on some trail: its types contradict each other
} LeftSide;

// All right sides of a left side contradict themselves: where the left side can happen, the rule
// would make what can't be.
static void right_side_is_missing(TaskCase *c)
{
    const Vc *const vc = c->vc;
    Exprs left = {0};
    push_all(c, &left, vc->assumptions.data, vc->left_assumptions);
    describe(c);
    c->out->verdict = c->run->options->keys_only ? CASE_UNKNOWN : CASE_INAPPLICABLE;
    if (c->run->options->keys_only)
        return;
    const SmtResult result = ask(c, "values for which there is no right side", &left);
    if (result.verdict == SMT_UNKNOWN)
        set_unknown(c, &result);
    if (result.verdict != SMT_SAT)
        return;
    c->out->message = STR("the types of the right side contradict each other");
    verify_replay_left(c, &result, left.data, left.len);
}

static uint64_t cpu_microseconds(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0)
        return 0;
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint32_t number_of(VcProgram *program, IsleTermId root, IsleRuleId rule)
{
    uint32_t n = 0;
    while (vc_rule(program, root, n) != rule)
        n++;
    return n;
}

static void make_case(const VerifyRun *run, const VerifyTask *task, VcTrail *trail, Arena *arena,
                      Vc *vc)
{
    if (!run->options->compare) {
        vc_run(run->program, task->root, task->number, trail, arena, vc);
        return;
    }
    const uint32_t other = number_of(run->program, task->root, run->options->other);
    const VcPair pair = {task->root, task->number, other, run->options->goal};
    vc_run_pair(run->program, &pair, trail, arena, vc);
}

static bool has_failed(const VerifyTask *task)
{
    return task->cases.len != 0 && task->cases.data[task->cases.len - 1].verdict == CASE_FAILED;
}

void verify_task(const VerifyRun *run, VerifyTask *task, Arena *arena)
{
    const uint64_t start = cpu_microseconds();
    const uint32_t most = run->options->max_cases ? run->options->max_cases : MAX_CASES;
    Arena scratch = {0};
    VcTrail trail = {{0}};
    LeftSide left = {0};
    const uint64_t budget = verify_budget(run, task->rule);
    for (bool more = true; more;) {
        Vc vc;
        make_case(run, task, &trail, &scratch, &vc);
        VerifyCase found = {0};
        TaskCase c = {.run = run,
                      .vc = &vc,
                      .arena = &scratch,
                      .results = arena,
                      .out = &found,
                      .budget = budget};
        const bool wanted = is_explained(run, &vc);
        if (vc.status == VC_PRUNED && task->contradiction.len == 0)
            task->contradiction = str_copy(arena, vc.message);
        left.made |= vc.status != VC_PRUNED && !vc.unmatched && !vc.unmet;
        if (vc.status != VC_PRUNED && wanted) {
            decide(&c);
            VEC_PUSH(arena, &task->cases, found);
        }
        left.tried |= vc.left_choices != UINT32_MAX;
        more = vc_trail_next(&trail);
        // The next trail has another left side if what was changed last belongs to this one.
        if (!more || trail.choices.len <= vc.left_choices) {
            if (wanted && left.tried && !left.made && !run->options->compare) {
                right_side_is_missing(&c);
                VEC_PUSH(arena, &task->cases, found);
            }
            left = (LeftSide){0};
        }
        arena_reset(&scratch);
        task->truncated = task->cases.len >= most;
        more = more && !task->truncated && !(run->options->until_failure && has_failed(task));
    }
    arena_free(&scratch);
    task->microseconds = cpu_microseconds() - start;
}
