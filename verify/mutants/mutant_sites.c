// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The places of a rule, with the types wanted there. The tree is the one that was written, so that
// conversions are still implicit and a mutant can be printed as a rule.

#include "verify/mutants/mutants_internal.h"

static void add_var(Sites *s, IsleSym name, IsleTypeId type)
{
    for (uint32_t i = 0; i < s->vars.len; i++)
        if (s->vars.data[i].name == name)
            return;
    VEC_PUSH(s->arena, &s->vars, ((SiteVar){name, type}));
}

static const IsleTerm *term_of(const Sites *s, const IsleAst *node)
{
    const uint32_t id = map_get(&s->isle->term_of_name, node->name);
    return id == MAP_NONE ? NULL : &s->isle->terms.data[id];
}

static void walk(Sites *s, Site site);

static void walk_part(Sites *s, const Site *of, uint32_t i, IsleTypeId type)
{
    const Str place = str_printf(s->arena, "%.*s.%u", STR_ARG(of->place), i);
    walk(s, (Site){of->node->args[i], type, of->pattern, false, place});
}

static void walk_term(Sites *s, const Site *site)
{
    const IsleTerm *const term = term_of(s, site->node);
    for (uint32_t i = 0; term && i < site->node->num_args && i < term->num_args; i++)
        walk_part(s, site, i, term->args[i]);
}

static void walk_let(Sites *s, const Site *site)
{
    const IsleAst *const let = site->node;
    for (uint32_t i = 0; i + 1 < let->num_args; i++) {
        const uint32_t type = map_get(&s->isle->type_of_name, let->lets[i].type.sym);
        add_var(s, let->lets[i].var.sym, type);
        walk_part(s, site, i, type);
    }
    walk_part(s, site, let->num_args - 1, site->type);
}

static void walk(Sites *s, Site site)
{
    VEC_PUSH(s->arena, &s->list, site);
    const IsleAst *const node = site.node;
    switch (node->kind) {
    case ISLE_AST_WILDCARD:
    case ISLE_AST_INT:
    case ISLE_AST_BOOL:
    case ISLE_AST_CONST: return;
    case ISLE_AST_VAR:
        if (site.pattern)
            add_var(s, node->name, site.type);
        return;
    case ISLE_AST_BIND:
        add_var(s, node->name, site.type);
        walk_part(s, &site, 0, site.type);
        return;
    case ISLE_AST_AND:
        for (uint32_t i = 0; i < node->num_args; i++)
            walk_part(s, &site, i, site.type);
        return;
    case ISLE_AST_TERM: walk_term(s, &site); return;
    case ISLE_AST_LET: walk_let(s, &site); return;
    }
    UNREACHABLE();
}

// What the value of a condition is: its pattern is matched against it as it is.
static IsleTypeId type_of(const Sites *s, const IsleAst *node)
{
    if (node->kind == ISLE_AST_TERM) {
        const IsleTerm *const term = term_of(s, node);
        return term ? term->ret : ISLE_NONE;
    }
    if (node->kind == ISLE_AST_LET)
        return type_of(s, node->args[node->num_args - 1]);
    for (uint32_t i = 0; node->kind == ISLE_AST_VAR && i < s->vars.len; i++)
        if (s->vars.data[i].name == node->name)
            return s->vars.data[i].type;
    return ISLE_NONE;
}

void mutant_sites(Sites *s, const IsleRule *rule)
{
    const IsleDef *const def = rule->def;
    const IsleTypeId type = s->isle->terms.data[rule->root].ret;
    walk(s, (Site){def->u.rule.pattern, type, true, true, STR("lhs")});
    for (uint32_t i = 0; i < def->u.rule.num_iflets; i++) {
        const IsleIfLetAst *const iflet = &def->u.rule.iflets[i];
        if (mutant_is_taste(s->isle, iflet->expr))
            continue;
        const IsleTypeId value = type_of(s, iflet->expr);
        const Str place = str_printf(s->arena, "if%u", i);
        const Str left = str_printf(s->arena, "%.*s.pattern", STR_ARG(place));
        const Str right = str_printf(s->arena, "%.*s.value", STR_ARG(place));
        walk(s, (Site){iflet->expr, value, false, true, right});
        walk(s, (Site){iflet->pattern, value, true, true, left});
    }
    walk(s, (Site){def->u.rule.expr, type, false, true, STR("rhs")});
}
