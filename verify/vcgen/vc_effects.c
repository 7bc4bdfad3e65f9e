// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What instructions do beside giving values, as lists of events in the order of the program, and
// the contract of the two sides: the same traps, the same accesses in the same order, the same
// successor, the same results.
//
//   left:   the instructions that the rule takes in (execute), the root's own last
//   right:  the machine instructions, as the right side emits them
//
// Between two accesses the order of traps on one side does not matter, only which comes first: each
// such stretch is one "traps, with which code". What follows a trap does not happen. Loads of the
// two sides are paired by number: where their addresses are equal, and all that was stored before
// is, they read the same.

#include "verify/vcgen/vcgen_internal.h"

static Events *events_of(Gen *g, const IsleSpecExpr *e)
{
    if (g->scope && g->scope->events)
        return g->scope->events;
    gen_stop(g, STOP_ERROR, e->pos, "an effect can't happen here: the term is pure");
    return NULL;
}

static Expr now(const Gen *g)
{
    return expr_and(g->pool, g->scope->guard, g->condition);
}

static void add_event(Gen *g, Events *events, Event event)
{
    event.order = g->scope->order;
    VEC_PUSH(g->arena, &events->list, event);
}

Expr effect_load(Gen *g, const IsleSpecExpr *e, Env *env)
{
    const Sort address_sort = sort_bv(64), code_sort = sort_bv(8);
    uint32_t width;
    Events *const events = events_of(g, e);
    if (!events || !spec_width(g, e->args[0], env, &width))
        return EXPR_NONE;
    const Expr address = spec_scalar(g, e->args[1], env, &address_sort);
    const Expr code = g->stop ? EXPR_NONE : spec_scalar(g, e->args[2], env, &code_sort);
    if (g->stop)
        return EXPR_NONE;
    if (width == 0 || width % 8 != 0) {
        gen_stop(g, STOP_ERROR, e->pos, "%u bits can't be read from memory", width);
        return EXPR_NONE;
    }
    CallScope *const scope = g->scope;
    const Expr guard = now(g);
    for (uint32_t i = 0; i < scope->loads.len; i++) {
        const Event *const known = &scope->loads.data[i];
        if (expr_same(known->address, address) && expr_same(known->code, code) &&
            expr_same(known->guard, guard) && expr_node(g->pool, known->value)->sort.width == width)
            return known->value;
    }
    const Event load = {.kind = EVENT_LOAD,
                        .guard = guard,
                        .address = address,
                        .value = expr_var(g->pool, STR("loaded"), sort_bv(width)),
                        .code = code};
    VEC_PUSH(g->arena, &scope->loads, load);
    add_event(g, events, load);
    return load.value;
}

static void happen_store(Gen *g, const IsleSpecExpr *e, Env *env, Events *events)
{
    const Sort address_sort = sort_bv(64), code_sort = sort_bv(8);
    Event store = {.kind = EVENT_STORE, .guard = now(g)};
    store.address = spec_scalar(g, e->args[0], env, &address_sort);
    if (!g->stop)
        store.value = spec_scalar(g, e->args[1], env, NULL);
    if (!g->stop)
        store.code = spec_scalar(g, e->args[2], env, &code_sort);
    if (!g->stop && expr_node(g->pool, store.value)->sort.width % 8 != 0)
        gen_stop(g, STOP_ERROR, e->pos, "these bits can't be written to memory");
    if (!g->stop)
        add_event(g, events, store);
}

static void happen_trap(Gen *g, const IsleSpecExpr *e, Env *env, Events *events)
{
    const Sort boolean = sort_bool(), code_sort = sort_bv(8);
    const Expr cond = spec_scalar(g, e->args[0], env, &boolean);
    const Expr code = g->stop ? EXPR_NONE : spec_scalar(g, e->args[1], env, &code_sort);
    if (g->stop)
        return;
    const Expr guard = now(g);
    add_event(g, events, (Event){.kind = EVENT_TRAP, .guard = guard, .value = cond, .code = code});
    g->scope->guard = expr_and(g->pool, g->scope->guard, expr_not(g->pool, cond));
    if (events == &g->right_events)
        g->alive = expr_and(g->pool, g->alive, expr_not(g->pool, expr_and(g->pool, guard, cond)));
}

static void happen_output(Gen *g, const IsleSpecExpr *e, Env *env, Events *events)
{
    uint32_t number;
    if (g->scope->conditional)
        gen_stop(g, STOP_ERROR, e->pos, "a result that is given under a condition");
    if (g->stop || !spec_width(g, e->args[0], env, &number))
        return;
    const Expr value = spec_scalar(g, e->args[1], env, NULL);
    if (g->stop)
        return;
    // Two registers are for values that need both: of several results, for the first.
    const bool whole = number == 0 && g->program->whole_result[g->scope->term];
    add_event(g, events,
              (Event){.kind = EVENT_OUTPUT,
                      .guard = now(g),
                      .number = number,
                      .value = value,
                      .whole = whole});
}

static void happen_goto(Gen *g, const IsleSpecExpr *e, Env *env, Events *events)
{
    const Sort sort = sort_bv(32);
    const Expr value = spec_scalar(g, e->args[0], env, &sort);
    if (!g->stop)
        add_event(g, events, (Event){.kind = EVENT_GOTO, .guard = now(g), .value = value});
}

static void happen_other(Gen *g, const IsleSpecExpr *e, Env *env, Events *events)
{
    Event event = {.kind = EVENT_OTHER,
                   .guard = now(g),
                   .number = (uint32_t)e->op,
                   .value = expr_bool(g->pool, true)};
    if (e->num_args > 1)
        gen_stop(g, STOP_ERROR, e->pos, "an effect with several operands is not understood");
    else if (e->num_args == 1)
        event.value = spec_scalar(g, e->args[0], env, NULL);
    if (!g->stop)
        add_event(g, events, event);
}

// ---- Execution ----

// Whether rules elsewhere rely on zeros above the result in its register: its instruction's tag
// says so.
static bool is_zero_above(const Gen *g, const Sym *inst, uint32_t width)
{
    for (uint32_t i = 0; i < g->calls.len; i++) {
        const GenCall *const call = &g->calls.data[i];
        if (!call->extractor || sym_resolve(call->result) != inst)
            continue;
        if (g->program->zero_above[call->term] ||
            (width == 32 && g->program->zero_above_32[call->term]))
            return true;
    }
    return false;
}

static void output(Gen *g, const Sym *inst, uint32_t number, Sym *value, IslePos pos)
{
    const Expr e = sym_expr(g, value, pos);
    if (g->stop)
        return;
    const Event event = {.kind = EVENT_OUTPUT,
                         .guard = now(g),
                         .number = number,
                         .value = e,
                         .zero_above = is_zero_above(g, inst, expr_node(g->pool, e)->sort.width)};
    add_event(g, &g->left, event);
}

static void happen_execute(Gen *g, const IsleSpecExpr *e, Env *env)
{
    Sym *const value = spec_eval(g, e->args[0], env, NULL);
    if (!value)
        return;
    Sym *const inst = sym_resolve(value);
    if (inst->executed)
        gen_goal(g, NULL, expr_bool(g->pool, false), STR("an instruction is executed once"));
    inst->executed = true;
    for (uint32_t i = 0; inst->effects && i < inst->effects->list.len; i++) {
        Event event = inst->effects->list.data[i];
        // Not under what the right side has done so far: that is what is compared.
        event.guard = expr_and(g->pool, event.guard, g->condition);
        add_event(g, &g->left, event);
    }
    if (!g->scope->assert_mode) { // taken in: its value is used where the pattern says
        VEC_PUSH(g->arena, &g->taken, inst);
        return;
    }
    if (inst->kind == SYM_STRUCT)
        for (uint32_t i = 0; i < inst->num_fields && !g->stop; i++)
            output(g, inst, i, inst->fields[i], e->pos);
    else if (inst->kind != SYM_UNIT)
        output(g, inst, 0, inst, e->pos);
}

void effect_happen(Gen *g, const IsleSpecExpr *e, Env *env, CallScope *scope)
{
    (void)scope;
    if (e->op == ISLE_SPEC_OP_EXECUTE) {
        happen_execute(g, e, env);
        return;
    }
    Events *const events = events_of(g, e);
    if (!events)
        return;
    switch ((int)e->op) {
    case ISLE_SPEC_OP_STORE: happen_store(g, e, env, events); break;
    case ISLE_SPEC_OP_TRAP_IF: happen_trap(g, e, env, events); break;
    case ISLE_SPEC_OP_OUTPUT: happen_output(g, e, env, events); break;
    case ISLE_SPEC_OP_GOTO: happen_goto(g, e, env, events); break;
    default: happen_other(g, e, env, events);
    }
}

// ---- The contract ----

// Stable, by call: what waited for a width may have come late.
static void sort_events(Events *events)
{
    for (uint32_t i = 1; i < events->list.len; i++) {
        const Event event = events->list.data[i];
        uint32_t j = i;
        for (; j > 0 && events->list.data[j - 1].order > event.order; j--)
            events->list.data[j] = events->list.data[j - 1];
        events->list.data[j] = event;
    }
}

typedef struct Side {
    const Events *events;
    uint32_t at;
} Side;

// The traps up to the next access: whether there is one, and the code of the first.
static void take_traps(Gen *g, Side *side, Expr *traps, Expr *code)
{
    *traps = expr_bool(g->pool, false);
    *code = expr_bv(g->pool, 8, 0);
    const uint32_t first = side->at;
    while (side->at < side->events->list.len &&
           (side->events->list.data[side->at].kind == EVENT_TRAP ||
            side->events->list.data[side->at].kind == EVENT_OUTPUT))
        side->at++;
    for (uint32_t i = side->at; i-- > first;) {
        const Event *const event = &side->events->list.data[i];
        if (event->kind != EVENT_TRAP)
            continue;
        const Expr here = expr_and(g->pool, event->guard, event->value);
        *traps = expr_or(g->pool, here, *traps);
        *code = expr_ite(g->pool, here, event->code, *code);
    }
}

static const Event *next_access(const Side *side)
{
    return side->at < side->events->list.len ? &side->events->list.data[side->at] : NULL;
}

// Where the left side stores, one instruction on the right that reads what it writes over (xchg)
// stores as well: nothing shows that it reads, as what it has read is any value here.
static void skip_overwritten(const Gen *g, const Event *l, Side *right)
{
    const Event *const read = next_access(right);
    if (!l || l->kind != EVENT_STORE || !read || read->kind != EVENT_LOAD ||
        right->at + 1 == right->events->list.len)
        return;
    const Event *const store = read + 1;
    const Sort sort = expr_node(g->pool, store->value)->sort;
    if (store->kind == EVENT_STORE && store->order == read->order &&
        expr_same(store->address, read->address) && expr_same(store->guard, read->guard) &&
        expr_same(store->code, read->code) &&
        sort_equal(sort, expr_node(g->pool, read->value)->sort))
        right->at++;
}

static void goal_if(Gen *g, Expr condition, Expr goal, Str what)
{
    gen_goal(g, NULL, expr_implies(g->pool, condition, goal), what);
}

// An instruction that stores what it has read there (cmpxchg) only reads. False: there is none.
static bool skip_silent(Gen *g, Expr alive, const Event *l, Side *right)
{
    const Event *const store = next_access(right);
    if (!store || store->kind != EVENT_STORE || (l && l->kind == EVENT_STORE) || right->at == 0)
        return false;
    const Event *const read = store - 1;
    if (read->kind != EVENT_LOAD || read->order != store->order ||
        !expr_same(store->address, read->address) || !expr_same(store->guard, read->guard) ||
        !expr_same(store->code, read->code) ||
        !sort_equal(expr_node(g->pool, store->value)->sort, expr_node(g->pool, read->value)->sort))
        return false;
    goal_if(g, expr_and(g->pool, alive, store->guard), expr_eq(g->pool, store->value, read->value),
            STR("what is stored is what was read there"));
    right->at++;
    return true;
}

static void compare_access(Gen *g, Expr alive, const Event *l, const Event *r)
{
    const bool memory = l->kind == EVENT_LOAD || l->kind == EVENT_STORE;
    const Sort sort = expr_node(g->pool, l->value)->sort;
    if (l->kind != r->kind || l->number != r->number ||
        !sort_equal(sort, expr_node(g->pool, r->value)->sort)) {
        goal_if(g, alive, expr_bool(g->pool, false),
                memory && l->kind == r->kind ? STR("accesses of memory have the same size")
                                             : STR("effects are of the same kind, in order"));
        return;
    }
    goal_if(g, alive, expr_eq(g->pool, l->guard, r->guard), STR("effects happen at the same time"));
    const Expr here = expr_and(g->pool, alive, l->guard);
    const Expr same = expr_eq(g->pool, l->value, r->value);
    if (!memory) {
        goal_if(g, here, same,
                l->kind == EVENT_GOTO ? STR("the same successor is chosen")
                                      : STR("effects have the same operands"));
        return;
    }
    const Expr address = expr_eq(g->pool, l->address, r->address);
    goal_if(g, here, address, STR("memory is accessed at the same address"));
    goal_if(g, here, expr_eq(g->pool, l->code, r->code),
            STR("accesses of memory have the same trap code"));
    if (l->kind == EVENT_LOAD)
        gen_assume(g, NULL, expr_implies(g->pool, address, same));
    else
        goal_if(g, here, same, STR("the same value is stored"));
}

// Whether a NaN that the operator makes may be any: its sign and payload are not specified.
static bool makes_nan(ExprOp op)
{
    return (op >= EXPR_FP_ADD && op <= EXPR_FP_NEAREST) || op == EXPR_TO_FP_FROM_FP;
}

static Expr is_nan(Gen *g, Expr x)
{
    return expr_not(g->pool, expr_2(g->pool, EXPR_FP_EQ, x, x));
}

// Whether `right` is what `left` may be, as far as `depth` choices down.
static Expr same_result(Gen *g, Expr left, Expr right, uint32_t depth)
{
    const ExprNode n = *expr_node(g->pool, left);
    const Expr equal = expr_eq(g->pool, left, right);
    if (expr_is_true(g->pool, equal))
        return equal;
    if (n.op == EXPR_ITE && depth != 0)
        return expr_ite(g->pool, n.args[0], same_result(g, n.args[1], right, depth - 1),
                        same_result(g, n.args[2], right, depth - 1));
    if (!makes_nan(n.op))
        return equal;
    return expr_or(g->pool, equal, expr_and(g->pool, is_nan(g, left), is_nan(g, right)));
}

static void compare_output(Gen *g, Expr alive, const Event *l, const Event *r, uint32_t width)
{
    const uint32_t whole = expr_node(g->pool, r->value)->sort.width;
    const Expr value = expr_extract(g->pool, width - 1, 0, r->value);
    if (r->whole && whole != width)
        goal_if(g, alive, expr_bool(g->pool, false), STR("the result is as wide as what is given"));
    goal_if(g, alive, same_result(g, l->value, value, 4), STR("the results are equal"));
    if (l->zero_above && whole == 64) // a general register
        goal_if(g, alive, expr_eq(g->pool, expr_zero_ext(g->pool, whole, l->value), r->value),
                STR("zeros are above the result"));
}

static void compare_outputs(Gen *g, Expr alive)
{
    uint32_t left = 0, right = 0;
    for (uint32_t i = 0; i < g->right_events.list.len; i++)
        right += g->right_events.list.data[i].kind == EVENT_OUTPUT;
    for (uint32_t i = 0; i < g->left.list.len; i++) {
        const Event *const l = &g->left.list.data[i];
        if (l->kind != EVENT_OUTPUT)
            continue;
        left++;
        bool found = false;
        for (uint32_t j = 0; j < g->right_events.list.len; j++) {
            const Event *const r = &g->right_events.list.data[j];
            if (r->kind != EVENT_OUTPUT || r->number != l->number)
                continue;
            const uint32_t width = expr_node(g->pool, l->value)->sort.width;
            found = expr_node(g->pool, r->value)->sort.width >= width;
            if (found)
                compare_output(g, alive, l, r, width);
        }
        if (!found)
            goal_if(g, alive, expr_bool(g->pool, false), STR("each result is given"));
    }
    if (right > left)
        goal_if(g, alive, expr_bool(g->pool, false), STR("there are as many results"));
}

// One choice of a successor instead of several of which only one happens.
static void join_gotos(Gen *g, Events *events)
{
    uint32_t kept = 0, first = UINT32_MAX;
    for (uint32_t i = 0; i < events->list.len; i++) {
        const Event event = events->list.data[i];
        if (event.kind != EVENT_GOTO || first == UINT32_MAX) {
            first = event.kind == EVENT_GOTO ? kept : first;
            events->list.data[kept++] = event;
            continue;
        }
        Event *const joined = &events->list.data[first];
        gen_goal(g, NULL, expr_not(g->pool, expr_and(g->pool, joined->guard, event.guard)),
                 STR("one successor is chosen"));
        joined->value = expr_ite(g->pool, event.guard, event.value, joined->value);
        joined->guard = expr_or(g->pool, joined->guard, event.guard);
    }
    events->list.len = kept;
}

// An access twice as wide as the one that it is compared with becomes one of each half, the lower
// address first: more than is asked for, as nothing comes between.
static void split_access(Gen *g, const Event *l, Side *right, Events *events)
{
    const Event *const r = next_access(right);
    if (!l || !r || l->kind != r->kind || (l->kind != EVENT_LOAD && l->kind != EVENT_STORE))
        return;
    const uint32_t width = expr_node(g->pool, l->value)->sort.width;
    if (expr_node(g->pool, r->value)->sort.width != 2 * width)
        return;
    Event low = *r, high = *r;
    low.value = expr_extract(g->pool, width - 1, 0, r->value);
    high.value = expr_extract(g->pool, 2 * width - 1, width, r->value);
    high.address = expr_2(g->pool, EXPR_BVADD, r->address, expr_bv(g->pool, 64, width / 8));
    VEC_PUSH(g->arena, &events->list, high);
    for (uint32_t i = events->list.len - 1; i > right->at + 1; i--)
        events->list.data[i] = events->list.data[i - 1];
    events->list.data[right->at] = low;
    events->list.data[right->at + 1] = high;
}

// The variables that a taken-in instruction's value, or what the left side reads, is.
static Bitset taken_values(Gen *g)
{
    Bitset out = bitset_new(g->arena, g->pool->nodes.len);
    for (uint32_t i = 0; i < g->left.list.len; i++)
        if (g->left.list.data[i].kind == EVENT_LOAD)
            bitset_add(&out, g->left.list.data[i].value.index);
    for (uint32_t i = 0; i < g->taken.len; i++) {
        const Sym *const inst = sym_resolve(g->taken.data[i]);
        if (inst->kind == SYM_CELL && !expr_same(inst->expr, EXPR_NONE) &&
            expr_node(g->pool, inst->expr)->op == EXPR_VAR)
            bitset_add(&out, inst->expr.index);
    }
    return out;
}

// What is taken in is in no register: a right side that has it there executes it once more.
void effect_leave_taken(Gen *g)
{
    const Bitset taken = taken_values(g);
    Bitset used = bitset_new(g->arena, g->pool->nodes.len);
    for (uint32_t i = 0; i < g->right_events.list.len; i++) {
        const Event *const e = &g->right_events.list.data[i];
        const Expr parts[] = {e->guard, e->address, e->value, e->code};
        for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++)
            if (parts[k].index < g->pool->nodes.len)
                expr_reach(g->pool, parts[k], &used);
    }
    bool both = false;
    for (uint32_t i = 0; i < taken.size; i++)
        both = both || (bitset_has(&taken, i) && bitset_has(&used, i));
    if (both)
        gen_goal(g, NULL, expr_bool(g->pool, false),
                 STR("what is taken in is not in a register, too"));
}

void effect_contract(Gen *g)
{
    sort_events(&g->left);
    sort_events(&g->right_events);
    join_gotos(g, &g->right_events);
    Side left = {.events = &g->left}, right = {.events = &g->right_events};
    Expr alive = expr_bool(g->pool, true);
    for (;;) {
        Expr traps[2], codes[2];
        take_traps(g, &left, &traps[0], &codes[0]);
        take_traps(g, &right, &traps[1], &codes[1]);
        goal_if(g, alive, expr_eq(g->pool, traps[0], traps[1]),
                STR("both sides trap, or neither does"));
        goal_if(g, expr_and(g->pool, alive, traps[0]), expr_eq(g->pool, codes[0], codes[1]),
                STR("both sides trap with the same code"));
        alive = expr_and(g->pool, alive, expr_not(g->pool, traps[0]));
        skip_overwritten(g, next_access(&left), &right);
        if (skip_silent(g, alive, next_access(&left), &right))
            continue;
        split_access(g, next_access(&left), &right, &g->right_events);
        const Event *const l = next_access(&left), *const r = next_access(&right);
        if (!l && !r)
            break;
        if (l && r) {
            compare_access(g, alive, l, r);
        } else {
            const Expr none = expr_not(g->pool, l ? l->guard : r->guard);
            goal_if(g, alive, none,
                    l ? STR("the right side does all that the left does")
                      : STR("the right side does no more than the left"));
        }
        left.at += l != NULL;
        right.at += r != NULL;
    }
    compare_outputs(g, alive);
    g->alive = alive;
}

// ---- Two right sides ----

// How wide the left side's result of this number is, and whether zeros are above; 0: it has none.
static uint32_t result_width(const Gen *g, uint32_t number, bool *zero_above)
{
    for (uint32_t i = 0; i < g->left.list.len; i++) {
        const Event *const l = &g->left.list.data[i];
        if (l->kind != EVENT_OUTPUT || l->number != number)
            continue;
        *zero_above = l->zero_above;
        return expr_node(g->pool, l->value)->sort.width;
    }
    return 0;
}

void effect_contract_other(Gen *g)
{
    for (uint32_t i = 0; i < g->other.list.len; i++) {
        Event *const e = &g->other.list.data[i];
        if (e->kind != EVENT_OUTPUT)
            continue;
        const uint32_t width = result_width(g, e->number, &e->zero_above);
        if (width != 0 && width < expr_node(g->pool, e->value)->sort.width && !e->zero_above)
            e->value = expr_extract(g->pool, width - 1, 0, e->value);
    }
    sort_events(&g->other);
    join_gotos(g, &g->other);
    g->left = g->other;
    effect_contract(g);
}
