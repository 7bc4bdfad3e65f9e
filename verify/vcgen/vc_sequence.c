// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lists of instructions in the place of rules: calls whose operands are expressions, under paths
// that the caller keeps account of. Specifications, effects and their comparison are those of
// rules.

#include "verify/vcgen/vcgen_internal.h"

struct VcSequence {
    Gen gen;
    VcTrail trail; // without choices: rows have no signatures
    Expr known_address, known_value;
    VEC(Expr) open;  // what the left side's steps have made up, and no load
    uint32_t before; // events of the right side before its last step
};

VcSequence *vc_sequence_begin(VcProgram *program, Arena *arena, Vc *vc)
{
    VcSequence *const s = ARENA_NEW(arena, VcSequence);
    s->known_address = s->known_value = EXPR_NONE;
    *vc = (Vc){.pool = expr_pool_new(arena), .left_choices = UINT32_MAX};
    s->gen = (Gen){.program = program,
                   .isle = program->isle,
                   .arena = arena,
                   .pool = vc->pool,
                   .vc = vc,
                   .trail = &s->trail,
                   .settle = true, // all widths are known
                   .right = true,
                   .types = {.arena = arena}};
    Gen *const g = &s->gen;
    g->alive = expr_bool(g->pool, true);
    g->condition = g->alive;
    g->states = ARENA_ARRAY(arena, Sym *, program->isle->defs.len);
    g->modified = ARENA_ARRAY(arena, Expr, program->isle->defs.len);
    for (uint32_t i = 0; i < program->isle->defs.len; i++)
        g->modified[i] = EXPR_NONE;
    return s;
}

// What has stopped the run, as the status of the condition.
static bool is_going(VcSequence *s)
{
    Gen *const g = &s->gen;
    switch (g->stop) {
    case STOP_NONE: return true;
    case STOP_NO_SPEC: g->vc->status = VC_NO_SPEC; break;
    case STOP_PRUNED: g->vc->status = VC_PRUNED; break;
    case STOP_BLOCKED:
    case STOP_NO_RULE:
    case STOP_ERROR: g->vc->status = VC_ERROR; break;
    }
    if (g->stop_pos.offset != 0)
        g->vc->message =
            str_printf(g->arena, "%.*s: %.*s", STR_ARG(isle_where(g->isle, g->stop_pos)),
                       STR_ARG(g->vc->message));
    return false;
}

static uint32_t state_named(const Gen *g, const char *name)
{
    const uint32_t symbol = strtable_find(&g->isle->symbols, str_from(name));
    const uint32_t index = symbol == MAP_NONE ? MAP_NONE : map_get(&g->isle->states, symbol);
    ASSERT(index != MAP_NONE && g->order == 0); // else it would be one of the open values
    return index;
}

Expr vc_sequence_state(VcSequence *s, const char *name)
{
    Gen *const g = &s->gen;
    const uint32_t index = state_named(g, name);
    const IsleDef *const def = g->isle->defs.data[index];
    if (!g->states[index])
        g->states[index] = sym_of_model(g, def->u.state.type, str_from(name));
    return sym_expr(g, g->states[index], def->pos);
}

void vc_sequence_set_state(VcSequence *s, const char *name, Expr value)
{
    Gen *const g = &s->gen;
    const uint32_t index = state_named(g, name);
    ASSERT(!g->states[index]);
    g->states[index] = sym_of_expr(g, value);
}

// ---- Scalars ----

static const VcScalar *scalar_named(const VcOperand *operand, Str name)
{
    for (uint32_t i = 0; i < operand->count; i++)
        if (str_eq(operand->scalars[i].name, name))
            return &operand->scalars[i];
    return NULL;
}

// Gives the scalars of a value, which is called `name`, theirs.
static void fill(Gen *g, Sym *sym, Str name, const VcOperand *operand)
{
    sym = sym_resolve(sym);
    for (uint32_t i = 0; sym->kind == SYM_STRUCT && i < sym->num_fields; i++)
        fill(g, sym->fields[i], isle_str(g->isle, sym->names[i]), operand);
    const VcScalar *const given = sym->kind == SYM_CELL ? scalar_named(operand, name) : NULL;
    if (given && sym_set_sort(g, sym, expr_node(g->pool, given->value)->sort, (IslePos){0}))
        sym->expr = given->value;
}

static void read(Gen *g, Sym *sym, Str name, VcOperand *out)
{
    enum { MOST = sizeof(out->scalars) / sizeof(out->scalars[0]) };
    sym = sym_resolve(sym);
    for (uint32_t i = 0; sym->kind == SYM_STRUCT && i < sym->num_fields && !g->stop; i++)
        read(g, sym->fields[i], isle_str(g->isle, sym->names[i]), out);
    if (sym->kind != SYM_CELL)
        return;
    const Expr value = sym_expr(g, sym, (IslePos){0});
    ASSERT(out->count < MOST);
    if (!g->stop)
        out->scalars[out->count++] = (VcScalar){name, value};
}

// ---- Steps ----

static bool step(VcSequence *s, const VcStep *step, VcOperand *results)
{
    Gen *const g = &s->gen;
    const IsleTerm *const t = &g->isle->terms.data[step->term];
    Sym **const args = ARENA_ARRAY(g->arena, Sym *, t->num_args + 1);
    const Call call = {.term = step->term, .args = args};
    CallResult result;
    ASSERT(t->spec);
    *results = (VcOperand){.count = 0};
    g->alive = step->path;
    for (uint32_t p = 0; p < t->num_args && !g->stop; p++) {
        const Str name = isle_str(g->isle, t->spec->u.spec.params[p].sym);
        if ((args[p] = sym_of_type(g, t->args[p], name)))
            fill(g, args[p], (Str){0}, &step->operands[p]);
    }
    if (!g->stop && call_spec(g, &call, &result))
        read(g, result.values[0], (Str){0}, results);
    gen_join_needs(g);
    if (!g->stop && g->waiting.len != 0)
        gen_stop(g, STOP_ERROR, g->waiting.data[0].expr->pos, "the widths in here are open");
    return is_going(s);
}

static bool is_loaded(const Gen *g, uint32_t var)
{
    for (uint32_t i = 0; i < g->left.list.len; i++)
        if (g->left.list.data[i].kind == EVENT_LOAD && g->left.list.data[i].value.index == var)
            return true;
    return false;
}

bool vc_sequence_left(VcSequence *s, const VcStep *next, VcOperand *results, Expr *path)
{
    Gen *const g = &s->gen;
    const uint32_t first = g->pool->nodes.len;
    const bool good = step(s, next, results);
    *path = g->alive;
    // A meaning need not be one for operands that it does not allow.
    for (uint32_t i = 0; i < g->vc->goals.len && !good; i++)
        if (expr_is_false(g->pool, g->vc->goals.data[i].expr))
            g->vc->status = VC_PRUNED;
    // What is required of it, it is given.
    for (uint32_t i = 0; i < g->vc->goals.len && good; i++)
        gen_assume(g, NULL, g->vc->goals.data[i].expr);
    g->vc->goals.len = 0;
    for (uint32_t i = 0; i < g->right_events.list.len; i++)
        VEC_PUSH(g->arena, &g->left.list, g->right_events.list.data[i]);
    g->right_events.list.len = 0;
    for (uint32_t i = first; i < g->pool->nodes.len; i++)
        if (expr_node(g->pool, (Expr){i})->op == EXPR_VAR && !is_loaded(g, i))
            VEC_PUSH(g->arena, &s->open, (Expr){i});
    return good && is_going(s);
}

void vc_sequence_know(VcSequence *s, Expr address, Expr value)
{
    s->known_address = address;
    s->known_value = value;
}

// The loads of what is known, since event `first`.
static void drop_known(VcSequence *s, uint32_t first)
{
    Gen *const g = &s->gen;
    const Event *const list = g->right_events.list.data;
    uint32_t kept = first;
    for (uint32_t i = first; i < g->right_events.list.len; i++) {
        const bool is_known = list[i].kind == EVENT_LOAD &&
                              expr_same(list[i].address, s->known_address) &&
                              sort_equal(expr_node(g->pool, list[i].value)->sort,
                                         expr_node(g->pool, s->known_value)->sort);
        if (is_known)
            gen_assume(g, NULL, expr_eq(g->pool, list[i].value, s->known_value));
        else
            g->right_events.list.data[kept++] = list[i];
    }
    g->right_events.list.len = kept;
}

bool vc_sequence_right(VcSequence *s, const VcStep *next, VcOperand *results, Expr *path)
{
    s->before = s->gen.right_events.list.len;
    const bool good = step(s, next, results);
    if (good && !expr_same(s->known_address, EXPR_NONE))
        drop_known(s, s->before);
    *path = s->gen.alive;
    return good;
}

uint32_t vc_sequence_accesses(const VcSequence *s, VcAccess out[2])
{
    const Events *const right = &s->gen.right_events;
    const uint32_t count = right->list.len - s->before;
    if (count > 2)
        return UINT32_MAX;
    for (uint32_t i = 0; i < count; i++) {
        const Event *const e = &right->list.data[s->before + i];
        if (e->kind != EVENT_LOAD && e->kind != EVENT_STORE)
            return UINT32_MAX;
        out[i] = (VcAccess){e->kind == EVENT_STORE, e->guard, e->address, e->value, e->code};
    }
    return count;
}

void vc_sequence_take_accesses(VcSequence *s)
{
    s->gen.right_events.list.len = s->before;
}

bool vc_sequence_branch(VcSequence *s, const VcStep *next, Expr *first)
{
    Gen *const g = &s->gen;
    VcOperand results;
    const uint32_t before = g->right_events.list.len;
    if (!step(s, next, &results))
        return false;
    const Event *const event = &g->right_events.list.data[before];
    if (g->right_events.list.len != before + 1 || event->kind != EVENT_GOTO) {
        gen_stop(g, STOP_ERROR, (IslePos){0}, "it does more than choosing a successor");
        return is_going(s);
    }
    *first = expr_eq(g->pool, event->value, expr_bv(g->pool, 32, 0));
    g->right_events.list.len = before;
    return true;
}

static void add_event(Gen *g, Event event)
{
    event.order = g->order++;
    VEC_PUSH(g->arena, &g->right_events.list, event);
}

Expr vc_sequence_load(VcSequence *s, Expr path, Expr address, uint32_t width, uint8_t code)
{
    Gen *const g = &s->gen;
    const Event load = {.kind = EVENT_LOAD,
                        .guard = path,
                        .address = address,
                        .value = expr_var(g->pool, STR("loaded"), sort_bv(width)),
                        .code = expr_bv(g->pool, 8, code)};
    add_event(g, load);
    return load.value;
}

void vc_sequence_store(VcSequence *s, Expr path, Expr address, Expr value, uint8_t code)
{
    Gen *const g = &s->gen;
    const uint32_t count = g->right_events.list.len;
    const Event *const last = count == 0 ? NULL : &g->right_events.list.data[count - 1];
    Event event = {.kind = EVENT_STORE,
                   .guard = path,
                   .address = address,
                   .value = value,
                   .code = expr_bv(g->pool, 8, code)};
    const bool is_one = last && last->kind == EVENT_LOAD && expr_same(last->address, address);
    event.order = is_one ? last->order : g->order++;
    VEC_PUSH(g->arena, &g->right_events.list, event);
}

void vc_sequence_trap(VcSequence *s, Expr path, Expr cond, uint8_t code)
{
    Gen *const g = &s->gen;
    add_event(g, (Event){.kind = EVENT_TRAP,
                         .guard = path,
                         .value = cond,
                         .code = expr_bv(g->pool, 8, code)});
}

void vc_sequence_goto(VcSequence *s, Expr path, Expr number)
{
    add_event(&s->gen, (Event){.kind = EVENT_GOTO, .guard = path, .value = number});
}

bool vc_sequence_is_open(const VcSequence *s, Expr value)
{
    for (uint32_t i = 0; i < s->open.len; i++)
        if (expr_same(s->open.data[i], value))
            return true;
    return false;
}

Expr vc_sequence_take_effect(VcSequence *s, IsleSpecOp op)
{
    Events *const left = &s->gen.left;
    Expr taken = EXPR_NONE;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < left->list.len; i++) {
        const Event event = left->list.data[i];
        if (event.kind == EVENT_OTHER && event.number == (uint32_t)op &&
            expr_same(taken, EXPR_NONE) && expr_is_true(s->gen.pool, event.guard))
            taken = event.value;
        else
            left->list.data[kept++] = event;
    }
    left->list.len = kept;
    return taken;
}

Expr vc_sequence_end(VcSequence *s)
{
    effect_contract(&s->gen);
    s->gen.vc->status = VC_READY;
    return s->gen.alive;
}
