// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decision trees. A rule set says what each rule asks; a tree says in which order to ask, so that
// questions which many rules share are asked once.
//
// A block is a list of steps. A step computes some bindings, then asks one test; for each answer of
// interest there is an arm, a block of its own, and when the arm's block runs to its end, or no arm
// fits, the next step follows. Every rule lies in exactly one arm: trees are as large as the rules.
//
//   build(rules):                        rules sorted by priority, then by place in the source
//     repeat
//       choose the test that most rules agree to have asked now
//       split: the rules that take it, by their answer -> build each as an arm; the rest stay
//     until no test is left: return the first rule (multi: all of them)
//
// Which rules may take a test: asking a test for rule r now means that r is tried before all rules
// that stay. That is right when no rule that stays has a higher priority. (At the same priority the
// order is free, since such rules exclude each other: isle_overlap.c.) So with the rules in order
// of priority, a test can be taken by the rules of each priority level as long as all rules of the
// levels above take it too; one pass over the levels gives the number for every test.
//
// A test can be asked when its bindings can be computed: their sources are there, and fields of a
// variant or results of a fallible call are there only in the arm that tested for it.

#include "isle-rules/compiler/islec_internal.h"

#include <stdlib.h>

typedef enum MarkKind { MARK_AVAILABLE, MARK_EMITTED, MARK_DONE } MarkKind;

// A change of state, undone when its block is left.
typedef struct Mark {
    MarkKind kind;
    uint32_t id;
} Mark;

typedef struct Builder {
    Isle *isle;
    Arena *arena;
    IsleRuleSet *set;
    bool multi;
    uint32_t *users, *first_user; // of each binding
    uint32_t *pending;            // by binding: args that are not available yet
    bool *available, *emitted;    // by binding
    bool *done;                   // by test: asked on the way here
    uint32_t *taken, *level;      // by test: rules that may take it; the last level it was seen in
    bool *open;                   // by test: all rules of the levels above take it
    uint32_t *rank;               // by constraint: order of arms
    uint32_t clock;               // numbers the levels of all passes
    VEC(Mark) trail;
    VEC(uint32_t) touched; // tests of the current pass
} Builder;

typedef VEC(IsleLet) Lets;

// ---- State ----

static bool is_gated(const IsleBinding *b)
{
    return b->kind == ISLE_BIND_MATCH_VARIANT || b->kind == ISLE_BIND_MATCH_SOME ||
           b->kind == ISLE_BIND_ITERATOR;
}

static void mark(Builder *b, MarkKind kind, uint32_t id)
{
    VEC_PUSH(b->arena, &b->trail, ((Mark){kind, id}));
}

static void mark_emitted(Builder *b, IsleBindingId id)
{
    if (b->emitted[id])
        return;
    b->emitted[id] = true;
    mark(b, MARK_EMITTED, id);
}

// Makes a binding available, and with it all that depend on it alone.
static void make_available(Builder *b, IsleBindingId id)
{
    if (b->available[id])
        return;
    b->available[id] = true;
    mark(b, MARK_AVAILABLE, id);
    for (uint32_t t = b->trail.len - 1; t < b->trail.len; t++) {
        const IsleBindingId source = b->trail.data[t].id;
        for (uint32_t u = b->first_user[source]; u < b->first_user[source + 1]; u++) {
            const IsleBindingId user = b->users[u];
            if (is_gated(&b->set->bindings.data[user]) || --b->pending[user] != 0)
                continue;
            b->available[user] = true;
            mark(b, MARK_AVAILABLE, user);
        }
    }
}

// Makes what an arm's test opens available: fields of `variant`, or the results of a call.
static void open_gate(Builder *b, IsleBindingId source, uint32_t variant)
{
    for (uint32_t u = b->first_user[source]; u < b->first_user[source + 1]; u++) {
        const IsleBinding *const user = &b->set->bindings.data[b->users[u]];
        if (!is_gated(user))
            continue;
        if (user->kind != ISLE_BIND_MATCH_VARIANT || user->index == variant)
            make_available(b, b->users[u]);
    }
}

static void undo(Builder *b, uint32_t to)
{
    while (b->trail.len > to) {
        const Mark last = b->trail.data[--b->trail.len];
        switch (last.kind) {
        case MARK_EMITTED: b->emitted[last.id] = false; break;
        case MARK_DONE: b->done[last.id] = false; break;
        case MARK_AVAILABLE:
            b->available[last.id] = false;
            for (uint32_t u = b->first_user[last.id]; u < b->first_user[last.id + 1]; u++)
                if (!is_gated(&b->set->bindings.data[b->users[u]]))
                    b->pending[b->users[u]]++;
            break;
        }
    }
}

// Computes `id` and what it needs. Bounded by the nodes of a rule, ISLE_MAX_NODES.
static void use(Builder *b, Lets *lets, IsleBindingId id)
{
    if (b->emitted[id])
        return;
    const IsleBinding *const binding = &b->set->bindings.data[id];
    for (uint32_t i = 0; i < binding->num_args; i++)
        use(b, lets, binding->args[i]);
    mark_emitted(b, id);
    if (!isle_binding_is_free(b->isle, binding))
        VEC_PUSH(b->arena, lets, ((IsleLet){ISLE_LET_VALUE, id}));
}

// ---- Choosing a test ----

static bool can_ask(const Builder *b, uint32_t test)
{
    const IsleTest *const t = &b->set->tests.data[test];
    return !b->done[test] && b->available[t->a] &&
           (t->kind != ISLE_TEST_EQUAL || b->available[t->b]);
}

// Counts a rule of the level that began after `above` rules for the tests it may take.
static void count_rule(Builder *b, const IsleRuleForm *form, uint32_t above)
{
    for (uint32_t c = 0; c < form->num_checks; c++) {
        const uint32_t test = form->checks[c].test;
        if (!can_ask(b, test))
            continue;
        if (b->taken[test] == 0 && b->level[test] != b->clock)
            VEC_PUSH(b->arena, &b->touched, test);
        if (b->level[test] != b->clock) {
            b->level[test] = b->clock;
            b->open[test] = b->taken[test] == above;
        }
        b->taken[test] += b->open[test];
    }
}

static bool is_better(const Builder *b, uint32_t test, uint32_t than)
{
    const IsleTest *const x = &b->set->tests.data[test], *const y = &b->set->tests.data[than];
    if (b->taken[test] != b->taken[than])
        return b->taken[test] > b->taken[than];
    const bool x_there = b->emitted[x->a], y_there = b->emitted[y->a];
    if (x_there != y_there)
        return x_there;
    if (x->kind != y->kind)
        return x->kind < y->kind;
    return test < than;
}

// The test that most rules can take, or ISLE_NONE when the rules in front are out of tests.
static uint32_t choose_test(Builder *b, const uint32_t *rules, uint32_t n)
{
    const IsleRuleForm *const forms = b->set->rules.data;
    b->touched.len = 0;
    uint32_t most = 0;
    for (uint32_t from = 0, to; from < n && most == from; from = to) {
        b->clock++;
        for (to = from; to < n && forms[rules[to]].priority == forms[rules[from]].priority; to++)
            count_rule(b, &forms[rules[to]], from);
        for (uint32_t i = 0; i < b->touched.len; i++)
            if (b->taken[b->touched.data[i]] > most)
                most = b->taken[b->touched.data[i]];
        if (most != to)
            break; // no test is taken by all: the levels below can't take any
    }
    uint32_t best = ISLE_NONE;
    for (uint32_t i = 0; i < b->touched.len; i++) {
        const uint32_t test = b->touched.data[i];
        if (b->taken[test] != 0 && (best == ISLE_NONE || is_better(b, test, best)))
            best = test;
    }
    for (uint32_t i = 0; i < b->touched.len; i++) {
        b->taken[b->touched.data[i]] = 0;
        b->level[b->touched.data[i]] = 0;
    }
    return best;
}

// ---- Splitting ----

static const IsleCheck *check_of(const IsleRuleForm *form, uint32_t test)
{
    for (uint32_t c = 0; c < form->num_checks; c++)
        if (form->checks[c].test == test)
            return &form->checks[c];
    return NULL;
}

typedef struct Taker {
    uint32_t rank, place, rule, constraint;
} Taker;

static int compare_takers(const void *x, const void *y)
{
    const Taker *const a = x, *const b = y;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

typedef VEC(Taker) Takers;

// Moves the rules that take the test to `takers`, by answer and then in their order; the others
// stay in their order.
static void split(const Builder *b, uint32_t *rules, uint32_t n, uint32_t test, Takers *takers)
{
    const IsleRuleForm *const forms = b->set->rules.data;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        const IsleRuleForm *const form = &forms[rules[i]];
        const IsleCheck *const check = check_of(form, test);
        // The first rule that stays has the highest priority of those that do.
        if (check && (kept == 0 || form->priority == forms[rules[0]].priority)) {
            const uint32_t rank = check->constraint == ISLE_NONE ? 0 : b->rank[check->constraint];
            const Taker taker = {rank, i, rules[i], check->constraint};
            VEC_PUSH(b->arena, takers, taker);
        } else {
            rules[kept++] = rules[i];
        }
    }
    ASSERT(takers->len != 0);
    qsort(takers->data, takers->len, sizeof(*takers->data), compare_takers);
}

// ---- Blocks ----

static IsleBlock build_block(Builder *b, uint32_t *rules, uint32_t n);

static void enter_arm(Builder *b, uint32_t test, uint32_t constraint)
{
    const IsleTest *const t = &b->set->tests.data[test];
    b->done[test] = true;
    mark(b, MARK_DONE, test);
    if (t->kind == ISLE_TEST_LOOP) {
        open_gate(b, t->a, ISLE_NONE);
    } else if (t->kind == ISLE_TEST_MATCH) {
        const IsleConstraint *const c = &b->set->constraints.data[constraint];
        if (c->kind == ISLE_CONSTRAINT_VARIANT || c->kind == ISLE_CONSTRAINT_SOME)
            open_gate(b, t->a, c->kind == ISLE_CONSTRAINT_VARIANT ? c->index : ISLE_NONE);
    }
}

static void build_arms(Builder *b, IsleStep *step, const Taker *takers, uint32_t count)
{
    VEC(IsleArm) arms = {0};
    uint32_t *const rules = ARENA_ARRAY(b->arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++)
        rules[i] = takers[i].rule;
    for (uint32_t from = 0, to; from < count; from = to) {
        for (to = from + 1; to < count && takers[to].rank == takers[from].rank;)
            to++;
        const uint32_t before = b->trail.len;
        enter_arm(b, step->test, takers[from].constraint);
        const IsleBlock block = build_block(b, rules + from, to - from);
        undo(b, before);
        VEC_PUSH(b->arena, &arms, ((IsleArm){takers[from].constraint, block, false}));
    }
    step->arms = arms.data;
    step->num_arms = arms.len;
}

// The calls of the right side, in order, each after what it needs; then the result.
static IsleStep build_return(Builder *b, uint32_t index)
{
    const IsleRuleForm *const form = &b->set->rules.data[index];
    for (uint32_t c = 0; c < form->num_checks; c++)
        ASSERT(b->done[form->checks[c].test]);
    Lets lets = {0};
    for (uint32_t i = 0; i < form->num_calls; i++) {
        const IsleBindingId call = form->calls[i];
        const IsleTerm *const term = &b->isle->terms.data[b->set->bindings.data[call].term];
        use(b, &lets, call);
        if (term->flags & ISLE_MULTI)
            VEC_PUSH(b->arena, &lets, ((IsleLet){ISLE_LET_LOOP, call}));
        else if (term->flags & ISLE_PARTIAL)
            VEC_PUSH(b->arena, &lets, ((IsleLet){ISLE_LET_TRY, call}));
    }
    use(b, &lets, form->result);
    return (IsleStep){.is_return = true,
                      .form = index,
                      .test = ISLE_NONE,
                      .lets = lets.data,
                      .num_lets = lets.len};
}

static IsleBlock build_block(Builder *b, uint32_t *rules, uint32_t n)
{
    VEC(IsleStep) steps = {0};
    while (n != 0) {
        const uint32_t test = choose_test(b, rules, n);
        if (test == ISLE_NONE)
            break;
        Lets lets = {0};
        const IsleTest *const t = &b->set->tests.data[test];
        use(b, &lets, t->a);
        if (t->kind == ISLE_TEST_EQUAL)
            use(b, &lets, t->b);
        IsleStep step = {.test = test, .lets = lets.data, .num_lets = lets.len, .form = ISLE_NONE};
        Takers takers = {0};
        split(b, rules, n, test, &takers);
        build_arms(b, &step, takers.data, takers.len);
        VEC_PUSH(b->arena, &steps, step);
        n -= takers.len;
    }
    // Of rules that are out of tests only the first can fire, unless all are wanted.
    for (uint32_t i = 0; i < n && (i == 0 || b->multi); i++) {
        const uint32_t before = b->trail.len;
        const IsleStep step = build_return(b, rules[i]);
        undo(b, before);
        VEC_PUSH(b->arena, &steps, step);
    }
    return (IsleBlock){steps.data, steps.len};
}

// ---- Functions ----

// Compilers take more than linear time over a function. So that no function of the C gets large,
// arms are cut off, from the leaves up: whenever a block holds more than MAX_WEIGHT, all but its
// smallest arms become functions of their own.
#ifdef ASSAY_HARSH
#    define MAX_WEIGHT      3u
#    define MIN_PART_WEIGHT 1u
#else
#    define MAX_WEIGHT      400u
#    define MIN_PART_WEIGHT 24u
#endif

// The weight of a block after cutting.
static uint32_t cut_block(Arena *scratch, const IsleBlock *block)
{
    uint32_t total = 0, num_arms = 0;
    for (uint32_t s = 0; s < block->num_steps; s++)
        num_arms += block->steps[s].num_arms;
    uint32_t *const weights = ARENA_ARRAY(scratch, uint32_t, num_arms);
    uint32_t at = 0;
    for (uint32_t s = 0; s < block->num_steps; s++) {
        const IsleStep *const step = &block->steps[s];
        total += 1 + step->num_lets;
        for (uint32_t i = 0; i < step->num_arms; i++) {
            weights[at] = cut_block(scratch, &step->arms[i].block);
            total += weights[at++] + 1;
        }
    }
    at = 0;
    for (uint32_t s = 0; s < block->num_steps && total > MAX_WEIGHT; s++)
        for (uint32_t i = 0; i < block->steps[s].num_arms; i++, at++) {
            if (weights[at] < MIN_PART_WEIGHT)
                continue;
            block->steps[s].arms[i].apart = true;
            total -= weights[at];
        }
    return total;
}

// ---- Set-up ----

static void find_users(Builder *b)
{
    const uint32_t n = b->set->bindings.len;
    b->first_user = ARENA_ARRAY(b->arena, uint32_t, n + 2);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t a = 0; a < b->set->bindings.data[i].num_args; a++)
            b->first_user[b->set->bindings.data[i].args[a] + 2]++;
    for (uint32_t i = 2; i < n + 2; i++)
        b->first_user[i] += b->first_user[i - 1];
    b->users = ARENA_ARRAY(b->arena, uint32_t, b->first_user[n + 1]);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t a = 0; a < b->set->bindings.data[i].num_args; a++)
            b->users[b->first_user[b->set->bindings.data[i].args[a] + 1]++] = i;
}

typedef struct Ranked {
    IsleConstraint constraint;
    uint32_t id;
} Ranked;

static int compare_ranked(const void *x, const void *y)
{
    const IsleConstraint *const a = &((const Ranked *)x)->constraint;
    const IsleConstraint *const b = &((const Ranked *)y)->constraint;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->index != b->index)
        return a->index < b->index ? -1 : 1;
    return (a->value > b->value) - (a->value < b->value);
}

static void rank_constraints(Builder *b)
{
    const uint32_t n = b->set->constraints.len;
    Ranked *const ranked = ARENA_ARRAY(b->arena, Ranked, n);
    for (uint32_t i = 0; i < n; i++)
        ranked[i] = (Ranked){b->set->constraints.data[i], i};
    qsort(ranked, n, sizeof(*ranked), compare_ranked);
    b->rank = ARENA_ARRAY(b->arena, uint32_t, n);
    for (uint32_t i = 0; i < n; i++)
        b->rank[ranked[i].id] = i;
}

typedef struct Placed {
    int64_t priority;
    uint32_t form;
} Placed;

static int compare_placed(const void *x, const void *y)
{
    const Placed *const a = x, *const b = y;
    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    return (a->form > b->form) - (a->form < b->form);
}

// The rules by priority, then by place.
static uint32_t *sort_rules(const Builder *b)
{
    const uint32_t n = b->set->rules.len;
    Placed *const placed = ARENA_ARRAY(b->arena, Placed, n);
    for (uint32_t i = 0; i < n; i++)
        placed[i] = (Placed){b->set->rules.data[i].priority, i};
    qsort(placed, n, sizeof(*placed), compare_placed);
    uint32_t *const rules = ARENA_ARRAY(b->arena, uint32_t, n);
    for (uint32_t i = 0; i < n; i++)
        rules[i] = placed[i].form;
    return rules;
}

IsleTree isle_build_tree(Isle *isle, IsleRuleSet *set)
{
    Builder b = {.isle = isle, .arena = isle->arena, .set = set};
    const uint32_t n = set->bindings.len, tests = set->tests.len;
    b.multi = (isle->terms.data[set->term].flags & ISLE_MULTI) != 0;
    find_users(&b);
    rank_constraints(&b);
    b.pending = ARENA_ARRAY(b.arena, uint32_t, n);
    b.available = ARENA_ARRAY(b.arena, bool, n);
    b.emitted = ARENA_ARRAY(b.arena, bool, n);
    b.done = ARENA_ARRAY(b.arena, bool, tests);
    b.taken = ARENA_ARRAY(b.arena, uint32_t, tests);
    b.level = ARENA_ARRAY(b.arena, uint32_t, tests);
    b.open = ARENA_ARRAY(b.arena, bool, tests);
    for (uint32_t i = 0; i < n; i++)
        b.pending[i] = set->bindings.data[i].num_args;
    for (uint32_t i = 0; i < n; i++)
        if (set->bindings.data[i].num_args == 0)
            make_available(&b, i);
    const IsleTree tree = {set, build_block(&b, sort_rules(&b), set->rules.len)};
    Arena scratch = {.on_oom = b.arena->on_oom, .oom_context = b.arena->oom_context};
    cut_block(&scratch, &tree.root);
    arena_free(&scratch);
    return tree;
}
