// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which locals of a generated function an arm of its tree needs, when the arm becomes a function of
// its own: all that its C names, less what it declares itself.

#include "isle-rules/compiler/islec_internal.h"

typedef struct Search {
    const IsleBody *b;
    IsleLocals uses;
    Map seen;     // of uses
    Map declared; // bindings computed within
    Map looped;   // multi calls of which a loop within declares the results
} Search;

static void need(Search *s, IsleLocalKind kind, uint32_t id, uint32_t field)
{
    const uint64_t key = (uint64_t)kind << 62 | (uint64_t)field << 32 | id;
    if (map_get(&s->seen, key) != MAP_NONE)
        return;
    map_set(s->b->w->arena, &s->seen, key, 1);
    VEC_PUSH(s->b->w->arena, &s->uses, ((IsleLocal){kind, id, field}));
}

// What isle_put_value writes for the binding.
static void need_value(Search *s, IsleBindingId id)
{
    const IsleBinding *const b = &s->b->set->bindings.data[id];
    switch (b->kind) {
    case ISLE_BIND_CONST_BOOL:
    case ISLE_BIND_CONST_INT:
    case ISLE_BIND_CONST_PRIM: return;
    case ISLE_BIND_ARGUMENT: need(s, ISLE_LOCAL_ARGUMENT, b->index, 0); return;
    case ISLE_BIND_ITERATOR:
    case ISLE_BIND_MATCH_SOME:
    case ISLE_BIND_MATCH_TUPLE:
        need(s, ISLE_LOCAL_RESULT, isle_call_behind(s->b->set, id),
             b->kind == ISLE_BIND_MATCH_TUPLE ? b->field : 0);
        return;
    case ISLE_BIND_MAKE_SOME: need_value(s, b->args[0]); return;
    case ISLE_BIND_MAKE_VARIANT:
        if (isle_binding_is_free(s->b->w->isle, b))
            return;
        break;
    case ISLE_BIND_EXTRACTOR:
    case ISLE_BIND_CONSTRUCTOR:
    case ISLE_BIND_MATCH_VARIANT:
    case ISLE_BIND_MAKE_STRUCT:
    case ISLE_BIND_EXTRACT_STRUCT: break;
    }
    need(s, ISLE_LOCAL_VALUE, id, 0);
}

static void declare(Search *s, Map *map, IsleBindingId id)
{
    map_set(s->b->w->arena, map, id, 1);
}

// A loop over a multi call: it needs the list, or the value that its extractor takes apart.
static void need_loop(Search *s, IsleBindingId call)
{
    const IsleBinding *const b = &s->b->set->bindings.data[call];
    if (b->kind == ISLE_BIND_EXTRACTOR)
        need_value(s, b->args[0]);
    else
        need(s, ISLE_LOCAL_VALUE, call, 0);
    declare(s, &s->looped, call);
}

static void search_lets(Search *s, const IsleStep *step)
{
    for (uint32_t i = 0; i < step->num_lets; i++) {
        const IsleBindingId id = step->lets[i].binding;
        const IsleBinding *const b = &s->b->set->bindings.data[id];
        if (step->lets[i].kind == ISLE_LET_LOOP) {
            need_loop(s, id);
            continue;
        }
        if (step->lets[i].kind == ISLE_LET_TRY) {
            need(s, ISLE_LOCAL_VALUE, id, 0);
            continue;
        }
        const IsleTerm *const term = &s->b->w->isle->terms.data[b->term];
        if (b->kind == ISLE_BIND_EXTRACTOR &&
            ((term->flags & ISLE_MULTI) || (term->infallible && term->num_args == 0)))
            continue; // no C comes of it
        for (uint32_t a = 0; a < b->num_args; a++)
            need_value(s, b->args[a]);
        declare(s, &s->declared, id);
    }
}

static void search_block(Search *s, const IsleBlock *block)
{
    for (uint32_t i = 0; i < block->num_steps; i++) {
        const IsleStep *const step = &block->steps[i];
        search_lets(s, step);
        if (step->is_return) {
            need_value(s, s->b->set->rules.data[step->form].result);
            continue;
        }
        const IsleTest *const test = &s->b->set->tests.data[step->test];
        if (test->kind == ISLE_TEST_LOOP) {
            need_loop(s, test->a);
        } else {
            const uint32_t c = step->arms[0].constraint;
            if (c != ISLE_NONE && s->b->set->constraints.data[c].kind == ISLE_CONSTRAINT_SOME)
                need(s, ISLE_LOCAL_VALUE, test->a, 0);
            else
                need_value(s, test->a);
            if (test->kind == ISLE_TEST_EQUAL)
                need_value(s, test->b);
        }
        for (uint32_t a = 0; a < step->num_arms; a++)
            search_block(s, &step->arms[a].block);
    }
}

void isle_find_locals(const IsleBody *b, const IsleBlock *block, IsleLocals *out)
{
    Search s = {.b = b};
    search_block(&s, block);
    for (uint32_t i = 0; i < s.uses.len; i++) {
        const IsleLocal local = s.uses.data[i];
        // The results of a multi call are there in its loop; the list may be there before.
        const bool inside =
            local.kind != ISLE_LOCAL_ARGUMENT &&
            (map_get(&s.declared, local.id) != MAP_NONE ||
             (local.kind == ISLE_LOCAL_RESULT && map_get(&s.looped, local.id) != MAP_NONE));
        if (!inside)
            VEC_PUSH(b->w->arena, out, local);
    }
}

void isle_put_local(Writer *w, IsleLocal local)
{
    isle_put_num(w, local.kind == ISLE_LOCAL_ARGUMENT ? "a" : "v", local.id);
    if (local.kind == ISLE_LOCAL_RESULT)
        isle_put_num(w, "_", local.field);
}

void isle_put_local_type(const IsleBody *b, IsleLocal local)
{
    Writer *const w = b->w;
    if (local.kind == ISLE_LOCAL_ARGUMENT) {
        isle_put_type(w, b->term->args[local.id]);
        return;
    }
    const IsleBinding *const binding = &b->set->bindings.data[local.id];
    const IsleTerm *const term = &w->isle->terms.data[binding->term];
    const bool constructor = binding->kind == ISLE_BIND_CONSTRUCTOR;
    if (local.kind == ISLE_LOCAL_RESULT) {
        isle_put_type(w, constructor ? term->ret : term->args[local.field]);
    } else if (binding->type != ISLE_NONE) {
        isle_put_type(w, binding->type);
    } else if (constructor && (term->flags & ISLE_MULTI)) {
        isle_put_list_type(w, term->ret);
        isle_put(w, " ");
    } else {
        isle_put(w, "bool ");
    }
}
