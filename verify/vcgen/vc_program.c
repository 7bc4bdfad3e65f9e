// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known of a program before any run, and the trails of runs through it.

#include "verify/vcgen/vcgen_internal.h"

// ---- The program ----

static void add_instantiate(VcProgram *p, const IsleDef *def)
{
    const IsleTermId term = isle_find_term(p->isle, isle_str(p->isle, def->name.sym));
    if (term == ISLE_NONE)
        return;
    const IsleDef **const old = p->instantiates[term];
    uint32_t count = 0;
    while (old && old[count])
        count++;
    const IsleDef **const defs = ARENA_ARRAY(p->arena, const IsleDef *, count + 2);
    copy_bytes(defs, old, count * sizeof(*defs));
    defs[count] = def;
    p->instantiates[term] = defs;
}

static void add_attr(VcProgram *p, const IsleDef *def)
{
    const IsleTermId term =
        def->u.attr.of_rule ? ISLE_NONE : isle_find_term(p->isle, isle_str(p->isle, def->name.sym));
    for (uint32_t i = 0; term != ISLE_NONE && i < def->u.attr.num_attrs; i++) {
        const IsleAttr *const attr = &def->u.attr.attrs[i];
        if (attr->kind != ISLE_ATTR_TAG)
            continue;
        const Str tag = isle_str(p->isle, attr->tag.sym);
        p->is_function[term] |= str_eq(tag, STR("function"));
        p->zero_above[term] |= str_eq(tag, STR("zero_above"));
        p->zero_above_32[term] |= str_eq(tag, STR("zero_above_32"));
        p->whole_result[term] |= str_eq(tag, STR("whole_result"));
        p->some_types[term] |= str_eq(tag, STR("some_types"));
    }
}

// Whether a pattern has a term that may match in several ways: it, or what its macro stands for.
static bool takes_many(const Isle *isle, const IsleAst *pattern)
{
    const IsleTermId id = pattern->kind == ISLE_AST_TERM
                              ? isle_find_term(isle, isle_str(isle, pattern->name))
                              : ISLE_NONE;
    if (id != ISLE_NONE && (isle->terms.data[id].flags & ISLE_MULTI))
        return true;
    if (id != ISLE_NONE && isle->terms.data[id].macro &&
        takes_many(isle, isle->terms.data[id].macro->u.extractor.pattern))
        return true;
    for (uint32_t i = 0; i < pattern->num_args; i++)
        if (takes_many(isle, pattern->args[i]))
            return true;
    return false;
}

VcProgram *vc_program_new(Arena *arena, Isle *isle)
{
    VcProgram *const p = ARENA_NEW(arena, VcProgram);
    p->isle = isle;
    p->arena = arena;
    p->sets = ARENA_ARRAY(arena, IsleRuleSet *, isle->terms.len);
    p->instantiates = ARENA_ARRAY(arena, const IsleDef **, isle->terms.len);
    p->is_function = ARENA_ARRAY(arena, bool, isle->terms.len);
    p->takes_many = ARENA_ARRAY(arena, bool, isle->terms.len);
    for (IsleTermId t = 0; t < isle->terms.len; t++) {
        const IsleTerm *const term = &isle->terms.data[t];
        p->takes_many[t] = (term->flags & ISLE_MULTI) != 0 ||
                           (term->macro && takes_many(isle, term->macro->u.extractor.pattern));
    }
    p->zero_above = ARENA_ARRAY(arena, bool, isle->terms.len);
    p->zero_above_32 = ARENA_ARRAY(arena, bool, isle->terms.len);
    p->whole_result = ARENA_ARRAY(arena, bool, isle->terms.len);
    p->some_types = ARENA_ARRAY(arena, bool, isle->terms.len);
    p->result = strtable_add(isle->arena, &isle->symbols, STR("result"));
    for (uint32_t i = 0; i < isle->defs.len; i++) {
        const IsleDef *const def = isle->defs.data[i];
        if (def->kind == ISLE_DEF_INSTANTIATE)
            add_instantiate(p, def);
        else if (def->kind == ISLE_DEF_ATTR)
            add_attr(p, def);
    }
    return p;
}

uint32_t vc_num_rules(VcProgram *p, IsleTermId term)
{
    if (p->isle->terms.data[term].rules.len == 0)
        return 0;
    if (!p->sets[term])
        p->sets[term] = isle_rule_set(p->isle, term, false);
    return p->sets[term]->rules.len;
}

IsleRuleId vc_rule(VcProgram *p, IsleTermId term, uint32_t n)
{
    ASSERT(n < vc_num_rules(p, term));
    return p->sets[term]->rules.data[n].rule;
}

// Whether a's rule comes after b's.
static bool is_later(const Isle *isle, const IsleRuleForm *a, const IsleRuleForm *b)
{
    if (a->priority != b->priority)
        return a->priority < b->priority;
    return str_compare(isle->rules.data[a->rule].label, isle->rules.data[b->rule].label) > 0;
}

IsleRuleId vc_last_rule(VcProgram *p, IsleTermId term)
{
    const uint32_t count = vc_num_rules(p, term);
    ASSERT(count != 0);
    const IsleRuleForm *last = &p->sets[term]->rules.data[0];
    for (uint32_t n = 1; n < count; n++)
        if (is_later(p->isle, &p->sets[term]->rules.data[n], last))
            last = &p->sets[term]->rules.data[n];
    return last->rule;
}

bool vc_is_root(const VcProgram *p, IsleTermId term)
{
    return p->isle->terms.data[term].rules.len != 0 && p->isle->terms.data[term].spec;
}

// ---- Trails ----

bool vc_trail_next(VcTrail *trail)
{
    while (trail->choices.len != 0) {
        VcChoice *const last = &trail->choices.data[trail->choices.len - 1];
        if (++last->chosen < last->count)
            return true;
        trail->choices.len--;
    }
    return false;
}

uint32_t gen_choose(Gen *g, uint32_t count)
{
    ASSERT(count != 0);
    if (count == 1)
        return 0;
    ASSERT(!g->no_fork);
    if (g->at == g->trail->choices.len)
        VEC_PUSH(g->program->arena, &g->trail->choices, ((VcChoice){0, count}));
    const VcChoice choice = g->trail->choices.data[g->at++];
    ASSERT(choice.count == count);
    return choice.chosen;
}
