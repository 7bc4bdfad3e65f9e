// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules typed one by one, and the two graphs that must be free of cycles: extractor macros that use
// each other, and terms that call each other without being declared `rec`. Cycles are found as
// strongly connected components (Tarjan), with a stack of our own: chains of calls may be long.

#include "isle-rules/compiler/islec_internal.h"

typedef struct Graph {
    Arena *arena;
    uint32_t num_nodes;
    VEC(uint32_t) targets; // of all edges, by source
    uint32_t *first;       // num_nodes + 1: where a node's edges begin
    uint32_t *component;   // out: numbered from 0, or ISLE_NONE for a node on no cycle
    uint32_t num_components;
} Graph;

typedef struct Frame {
    uint32_t node, edge;
} Frame;

typedef struct Tarjan {
    Graph *g;
    uint32_t *order, *low; // 0: not seen
    bool *on_stack;
    uint32_t *stack;
    uint32_t depth, clock;
} Tarjan;

static Graph graph_new(Arena *arena, uint32_t num_nodes)
{
    Graph g = {.arena = arena, .num_nodes = num_nodes};
    g.first = ARENA_ARRAY(arena, uint32_t, num_nodes + 1);
    g.component = ARENA_ARRAY(arena, uint32_t, num_nodes);
    return g;
}

static bool has_edge(const Graph *g, uint32_t from, uint32_t to)
{
    for (uint32_t e = g->first[from]; e < g->first[from + 1]; e++)
        if (g->targets.data[e] == to)
            return true;
    return false;
}

// Takes the component of `node` off the stack.
static void close_component(Tarjan *t, uint32_t node)
{
    const bool cyclic = t->stack[t->depth - 1] != node || has_edge(t->g, node, node);
    for (uint32_t member = ISLE_NONE; member != node;) {
        member = t->stack[--t->depth];
        t->on_stack[member] = false;
        t->g->component[member] = cyclic ? t->g->num_components : ISLE_NONE;
    }
    t->g->num_components += cyclic;
}

static void visit(Tarjan *t, uint32_t root, Frame *frames)
{
    uint32_t top = 0;
    frames[top++] = (Frame){root, t->g->first[root]};
    t->order[root] = t->low[root] = ++t->clock;
    t->stack[t->depth++] = root;
    t->on_stack[root] = true;
    while (top != 0) {
        Frame *const f = &frames[top - 1];
        if (f->edge < t->g->first[f->node + 1]) {
            const uint32_t next = t->g->targets.data[f->edge++];
            if (t->order[next] == 0) {
                frames[top++] = (Frame){next, t->g->first[next]};
                t->order[next] = t->low[next] = ++t->clock;
                t->stack[t->depth++] = next;
                t->on_stack[next] = true;
            } else if (t->on_stack[next] && t->order[next] < t->low[f->node]) {
                t->low[f->node] = t->order[next];
            }
            continue;
        }
        const uint32_t done = f->node;
        top--;
        if (top != 0 && t->low[done] < t->low[frames[top - 1].node])
            t->low[frames[top - 1].node] = t->low[done];
        if (t->low[done] == t->order[done])
            close_component(t, done);
    }
}

static void find_cycles(Graph *g)
{
    Tarjan t = {.g = g};
    t.order = ARENA_ARRAY(g->arena, uint32_t, g->num_nodes);
    t.low = ARENA_ARRAY(g->arena, uint32_t, g->num_nodes);
    t.on_stack = ARENA_ARRAY(g->arena, bool, g->num_nodes);
    t.stack = ARENA_ARRAY(g->arena, uint32_t, g->num_nodes);
    Frame *const frames = ARENA_ARRAY(g->arena, Frame, g->num_nodes);
    for (uint32_t n = 0; n < g->num_nodes; n++)
        if (t.order[n] == 0)
            visit(&t, n, frames);
}

// "a -> b -> a": some cycle of the component of `node`, by names of terms.
static Str describe_cycle(const Isle *isle, const Graph *g, uint32_t node)
{
    uint32_t *const step = ARENA_ARRAY(g->arena, uint32_t, g->num_nodes); // 0: not passed
    uint32_t at = node, steps = 0;
    while (step[at] == 0) {
        step[at] = ++steps;
        uint32_t e = g->first[at];
        while (g->component[g->targets.data[e]] != g->component[node])
            e++;
        at = g->targets.data[e];
    }
    StrBuf out = {.arena = g->arena};
    const uint32_t start = at;
    for (uint32_t shown = 0;; shown++) {
        buf_printf(&out, "%s%.*s", shown == 0 ? "" : " -> ",
                   SYM_ARG(isle, isle->terms.data[at].name));
        if (shown != 0 && at == start)
            break;
        if (shown == 8) {
            buf_puts(&out, " -> ...");
            break;
        }
        uint32_t e = g->first[at];
        while (g->component[g->targets.data[e]] != g->component[node])
            e++;
        at = g->targets.data[e];
    }
    return buf_view(&out);
}

// ---- Extractor macros ----

// Adds an edge to each macro that the pattern uses; reports unknown terms.
static void add_macro_uses(Isle *isle, Graph *g, const IsleAst *pattern)
{
    if (pattern->kind == ISLE_AST_TERM) {
        const IsleTermId id = isle_resolve_term(isle, &(IsleIdent){pattern->name, pattern->pos});
        if (id != ISLE_NONE && isle->terms.data[id].macro)
            VEC_PUSH(g->arena, &g->targets, id);
    }
    for (uint32_t i = 0; i < pattern->num_args; i++)
        add_macro_uses(isle, g, pattern->args[i]);
}

static void check_macros(Isle *isle, Arena *scratch)
{
    Graph g = graph_new(scratch, isle->terms.len);
    for (IsleTermId t = 0; t < isle->terms.len; t++) {
        g.first[t] = g.targets.len;
        if (isle->terms.data[t].macro)
            add_macro_uses(isle, &g, isle->terms.data[t].macro->u.extractor.pattern);
    }
    g.first[isle->terms.len] = g.targets.len;
    find_cycles(&g);
    Bitset reported = bitset_new(scratch, g.num_components);
    for (IsleTermId t = 0; t < isle->terms.len; t++) {
        if (g.component[t] == ISLE_NONE || bitset_has(&reported, g.component[t]))
            continue;
        bitset_add(&reported, g.component[t]);
        isle_error(isle, isle->terms.data[t].macro->name.pos,
                   "extractor `%.*s` is defined by itself: %.*s",
                   SYM_ARG(isle, isle->terms.data[t].name), STR_ARG(describe_cycle(isle, &g, t)));
    }
}

void isle_check_rules(Isle *isle)
{
    const uint32_t before = isle->diag->errors;
    Arena scratch = {.on_oom = isle->arena->on_oom, .oom_context = isle->arena->oom_context};
    check_macros(isle, &scratch);
    arena_free(&scratch);
    if (isle->diag->errors != before)
        return; // expanding them would not end
    for (IsleRuleId r = 0; r < isle->rules.len; r++) {
        IsleRule *const rule = &isle->rules.data[r];
        isle_type_rule(isle, rule, true, &rule->body);
    }
}

// ---- Recursion of terms ----

static void add_calls(const Isle *isle, Graph *g, IsleTermId term)
{
    const IsleRuleSet *const set = isle->rule_sets.data[term];
    for (uint32_t b = 0; b < set->bindings.len; b++) {
        const IsleBinding *const binding = &set->bindings.data[b];
        if (binding->kind == ISLE_BIND_CONSTRUCTOR || binding->kind == ISLE_BIND_EXTRACTOR)
            VEC_PUSH(g->arena, &g->targets, binding->term);
    }
}

void isle_check_recursion(Isle *isle)
{
    Arena scratch = {.on_oom = isle->arena->on_oom, .oom_context = isle->arena->oom_context};
    Graph g = graph_new(&scratch, isle->terms.len);
    for (IsleTermId t = 0; t < isle->terms.len; t++) {
        g.first[t] = g.targets.len;
        if (isle->terms.data[t].constructor == ISLE_HOW_INTERNAL)
            add_calls(isle, &g, t);
    }
    g.first[isle->terms.len] = g.targets.len;
    find_cycles(&g);
    for (IsleTermId t = 0; t < isle->terms.len; t++) {
        const IsleTerm *const term = &isle->terms.data[t];
        if (g.component[t] != ISLE_NONE && !(term->flags & ISLE_REC) &&
            isle->diag->errors < ISLE_MAX_ERRORS)
            isle_error(isle, term->pos,
                       "term `%.*s` may call itself and is not declared `rec`: %.*s",
                       SYM_ARG(isle, term->name), STR_ARG(describe_cycle(isle, &g, t)));
    }
    arena_free(&scratch);
}
