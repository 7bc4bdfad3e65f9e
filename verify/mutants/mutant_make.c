// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The mutants of a rule: every operator at every place where it applies. A mutant is a copy of the
// rule's definition, made of the nodes of the original but for the way down to the change.

#include "verify/mutants/mutants_internal.h"

enum { NEAREST_TERMS = 4, FAR = 1000 };

typedef struct Maker {
    Isle *isle;
    Arena *arena;
    IsleRuleId rule;
    const Sites *sites;
    Mutants *out;
} Maker;

// ---- Trees ----

static IsleAst *copy_node(Arena *arena, const IsleAst *node)
{
    IsleAst *const copy = ARENA_NEW(arena, IsleAst);
    *copy = *node;
    if (node->num_args != 0) {
        copy->args = ARENA_ARRAY(arena, const IsleAst *, node->num_args);
        memcpy(copy->args, node->args, node->num_args * sizeof(*node->args));
    }
    return copy;
}

// The tree with `to` in the place of the node `from`; the tree itself when that is not in it.
static const IsleAst *replaced(Arena *arena, const IsleAst *tree, const IsleAst *from,
                               const IsleAst *to)
{
    if (tree == from)
        return to;
    for (uint32_t i = 0; i < tree->num_args; i++) {
        const IsleAst *const arg = replaced(arena, tree->args[i], from, to);
        if (arg == tree->args[i])
            continue;
        IsleAst *const copy = copy_node(arena, tree);
        copy->args[i] = arg;
        return copy;
    }
    return tree;
}

static bool same_tree(const IsleAst *x, const IsleAst *y)
{
    if (x->kind != y->kind || x->name != y->name || x->num_args != y->num_args ||
        x->value.magnitude != y->value.magnitude || x->value.negative != y->value.negative)
        return false;
    for (uint32_t i = 0; i < x->num_args; i++)
        if (!same_tree(x->args[i], y->args[i]))
            return false;
    return true;
}

// ---- Adding ----

static void add(Maker *m, MutantOp op, Str place, Str change, const IsleDef *def)
{
    const Str label = m->isle->rules.data[m->rule].label;
    const Str name = str_printf(m->arena, "%.*s:%s:%.*s:%.*s", STR_ARG(label), mutant_op_name(op),
                                STR_ARG(place), STR_ARG(change));
    VEC_PUSH(m->arena, m->out, ((Mutant){.rule = m->rule, .op = op, .name = name, .def = *def}));
}

// Whether a place decides on types alone.
static bool is_of_types(const Maker *m, const Site *site)
{
    const IsleTypeId type = isle_find_type(m->isle, STR("Type"));
    const IsleAst *node = site->node;
    while (node->kind == ISLE_AST_BIND)
        node = node->args[0];
    const uint32_t id =
        node->kind == ISLE_AST_TERM ? map_get(&m->isle->term_of_name, node->name) : MAP_NONE;
    const IsleTerm *const term = id == MAP_NONE ? NULL : &m->isle->terms.data[id];
    return site->pattern && type != ISLE_NONE &&
           (site->type == type || (term && term->num_args == 1 && term->args[0] == type));
}

// The mutant with `to` in the place of a site's node.
static void add_change(Maker *m, MutantOp op, const Site *site, const IsleAst *to, Str change)
{
    IsleDef def = *m->isle->rules.data[m->rule].def;
    def.u.rule.pattern = replaced(m->arena, def.u.rule.pattern, site->node, to);
    def.u.rule.expr = replaced(m->arena, def.u.rule.expr, site->node, to);
    const uint32_t count = def.u.rule.num_iflets;
    IsleIfLetAst *const iflets = ARENA_ARRAY(m->arena, IsleIfLetAst, count);
    for (uint32_t i = 0; i < count; i++)
        iflets[i] = (IsleIfLetAst){replaced(m->arena, def.u.rule.iflets[i].pattern, site->node, to),
                                   replaced(m->arena, def.u.rule.iflets[i].expr, site->node, to)};
    def.u.rule.iflets = iflets;
    add(m, op, site->place, change, &def);
    m->out->data[m->out->len - 1].of_types = is_of_types(m, site);
}

static const IsleAst *leaf(Maker *m, const Site *site, IsleAstKind kind, IsleSym name)
{
    IsleAst *const node = ARENA_NEW(m->arena, IsleAst);
    *node = (IsleAst){.kind = kind, .pos = site->node->pos, .name = name};
    return node;
}

static const IsleTerm *term_at(const Maker *m, const Site *site)
{
    if (site->node->kind != ISLE_AST_TERM)
        return NULL;
    const uint32_t id = map_get(&m->isle->term_of_name, site->node->name);
    return id == MAP_NONE ? NULL : &m->isle->terms.data[id];
}

// The term that turns `from` into `to` unasked, or ISLE_NONE.
static IsleTermId converter(const Maker *m, IsleTypeId from, IsleTypeId to)
{
    return map_get(&m->isle->converters, (uint64_t)from << 32 | to);
}

static bool fits(const Maker *m, IsleTypeId type, IsleTypeId wanted)
{
    return type == wanted || converter(m, type, wanted) != MAP_NONE;
}

// ---- Operators ----

static void make_swap(Maker *m, const Site *site)
{
    const IsleTerm *const term = term_at(m, site);
    if (!term || (site->pattern && site->root))
        return;
    const IsleAst *const node = site->node;
    const IsleTermId id = map_get(&m->isle->term_of_name, node->name);
    for (uint32_t i = 0; i < node->num_args; i++)
        for (uint32_t j = i + 1; j < node->num_args; j++) {
            const bool alike =
                fits(m, term->args[i], term->args[j]) || fits(m, term->args[j], term->args[i]);
            if (!alike || same_tree(node->args[i], node->args[j]) ||
                mutant_is_symmetric(m->isle, id, i, j))
                continue;
            IsleAst *const copy = copy_node(m->arena, node);
            copy->args[i] = node->args[j];
            copy->args[j] = node->args[i];
            add_change(m, MUTANT_SWAP, site, copy, str_printf(m->arena, "%u,%u", i, j));
        }
}

static void add_number(Maker *m, const Site *site, int128 value)
{
    IsleAst *const copy = copy_node(m->arena, site->node);
    copy->value.negative = value < 0;
    copy->value.magnitude = value < 0 ? -(uint128)value : (uint128)value;
    StrBuf text = {.arena = m->arena};
    if (copy->value.magnitude >> 64 != 0)
        buf_printf(&text, "%s0x%llx%016llx", value < 0 ? "-" : "",
                   (unsigned long long)(copy->value.magnitude >> 64),
                   (unsigned long long)copy->value.magnitude);
    else
        buf_printf(&text, "%s%llu", value < 0 ? "-" : "",
                   (unsigned long long)copy->value.magnitude);
    add_change(m, MUTANT_NUMBER, site, copy, buf_view(&text));
}

static void make_number(Maker *m, const Site *site)
{
    const IsleAst *const node = site->node;
    if (node->kind == ISLE_AST_BOOL) {
        IsleAst *const copy = copy_node(m->arena, node);
        copy->value.magnitude = !node->value.magnitude;
        add_change(m, MUTANT_NUMBER, site, copy, STR("not"));
    }
    if (node->kind != ISLE_AST_INT)
        return;
    const int128 value =
        node->value.negative ? -(int128)node->value.magnitude : (int128)node->value.magnitude;
    add_number(m, site, value + 1);
    add_number(m, site, value - 1);
    if (value >= 4 && (value & (value - 1)) == 0) {
        add_number(m, site, value * 2);
        add_number(m, site, value / 2);
    }
}

static void make_constant(Maker *m, const Site *site)
{
    if (site->node->kind != ISLE_AST_CONST)
        return;
    for (uint32_t i = 0; i < m->isle->consts.len; i++) {
        const IsleConst *const other = &m->isle->consts.data[i];
        if (other->type == site->type && other->name != site->node->name)
            add_change(m, MUTANT_CONSTANT, site, leaf(m, site, ISLE_AST_CONST, other->name),
                       isle_str(m->isle, other->name));
    }
}

// Whether a term can stand where the other one does, and has a meaning.
static bool is_sibling(const IsleTerm *x, const IsleTerm *y, bool pattern)
{
    const IsleHow how = pattern ? y->extractor : y->constructor;
    if (x == y || x->ret != y->ret || x->num_args != y->num_args || x->flags != y->flags ||
        how == ISLE_HOW_NONE || (how == ISLE_HOW_EXTERNAL && !y->spec))
        return false;
    for (uint32_t i = 0; i < x->num_args; i++)
        if (x->args[i] != y->args[i])
            return false;
    return true;
}

// Those terms whose names are nearest: mistakes are made among neighbours.
static void make_sibling(Maker *m, const Site *site)
{
    const IsleTerm *const term = term_at(m, site);
    if (!term || (site->pattern && site->root))
        return;
    const Str name = isle_str(m->isle, term->name);
    const IsleTermId own = map_get(&m->isle->term_of_name, term->name);
    IsleTermId nearest[NEAREST_TERMS];
    uint32_t distances[NEAREST_TERMS], count = 0;
    for (IsleTermId t = 0; t < m->isle->terms.len; t++) {
        const IsleTerm *const other = &m->isle->terms.data[t];
        if (!is_sibling(term, other, site->pattern) || mutant_is_synonym(m->isle, own, t))
            continue;
        const uint32_t distance = str_distance(name, isle_str(m->isle, other->name), FAR);
        uint32_t at = count < NEAREST_TERMS ? count++ : NEAREST_TERMS;
        for (; at > 0 && distance < distances[at - 1]; at--)
            if (at < NEAREST_TERMS) {
                nearest[at] = nearest[at - 1];
                distances[at] = distances[at - 1];
            }
        if (at < NEAREST_TERMS) {
            nearest[at] = t;
            distances[at] = distance;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        IsleAst *const copy = copy_node(m->arena, site->node);
        copy->name = m->isle->terms.data[nearest[i]].name;
        add_change(m, MUTANT_SIBLING, site, copy, isle_str(m->isle, copy->name));
    }
}

static void make_operand(Maker *m, const Site *site)
{
    if (site->node->kind != ISLE_AST_VAR || site->pattern)
        return;
    for (uint32_t i = 0; i < m->sites->vars.len; i++) {
        const SiteVar *const var = &m->sites->vars.data[i];
        if (var->name != site->node->name && fits(m, var->type, site->type))
            add_change(m, MUTANT_OPERAND, site, leaf(m, site, ISLE_AST_VAR, var->name),
                       isle_str(m->isle, var->name));
    }
}

// The operands of an expression, and theirs, that could stand in its place.
static void make_unwrap(Maker *m, const Site *site)
{
    if (site->pattern || site->node->kind != ISLE_AST_TERM)
        return;
    const IsleTerm *const outer = term_at(m, site);
    for (uint32_t i = 0; i < m->sites->list.len; i++) {
        const Site *const inner = &m->sites->list.data[i];
        const bool below = inner->place.len > site->place.len &&
                           str_starts_with(inner->place, site->place) &&
                           inner->place.data[site->place.len] == '.';
        if (!below || inner->pattern || !fits(m, inner->type, site->type))
            continue;
        // What is put in by itself there is no change.
        const IsleTermId unasked = converter(m, inner->type, site->type);
        if (outer && unasked != MAP_NONE && &m->isle->terms.data[unasked] == outer)
            continue;
        const Str rest = {inner->place.data + site->place.len + 1,
                          inner->place.len - site->place.len - 1};
        add_change(m, MUTANT_UNWRAP, site, inner->node, rest);
    }
}

// A pattern that matches when it likes, and nothing of which is used.
static bool is_vague(const Maker *m, const IsleAst *node)
{
    if (node->kind == ISLE_AST_BIND)
        return is_vague(m, node->args[0]);
    const uint32_t term =
        node->kind == ISLE_AST_TERM ? map_get(&m->isle->term_of_name, node->name) : MAP_NONE;
    for (uint32_t i = 0; i < node->num_args; i++)
        if (node->args[i]->kind != ISLE_AST_WILDCARD)
            return false;
    return term != MAP_NONE && mutant_is_meaningless(m->isle, term, true);
}

static void make_any(Maker *m, const Site *site)
{
    if (!site->pattern || site->root || site->node->kind == ISLE_AST_WILDCARD ||
        is_vague(m, site->node))
        return;
    if (site->node->kind == ISLE_AST_BIND)
        add_change(m, MUTANT_ANY, site, leaf(m, site, ISLE_AST_VAR, site->node->name),
                   isle_str(m->isle, site->node->name));
    else
        add_change(m, MUTANT_ANY, site, leaf(m, site, ISLE_AST_WILDCARD, ISLE_NONE), STR("_"));
}

static void make_guard(Maker *m, const Site *site)
{
    const IsleTerm *const term = term_at(m, site);
    if (term && site->pattern && !site->root && site->node->num_args == 1 &&
        term->args[0] == site->type)
        add_change(m, MUTANT_GUARD, site, site->node->args[0], STR("0"));
}

// The let without its i-th name: its body alone when there are no others.
static const IsleAst *let_without(Maker *m, const IsleAst *let, uint32_t i)
{
    if (let->num_args == 2)
        return let->args[1];
    IsleAst *const less = copy_node(m->arena, let);
    IsleLetVar *const lets = ARENA_ARRAY(m->arena, IsleLetVar, let->num_args);
    for (uint32_t from = 0, to = 0; from < let->num_args; from++) {
        if (from == i)
            continue;
        if (from + 1 < let->num_args)
            lets[to] = let->lets[from];
        less->args[to++] = let->args[from];
    }
    less->lets = lets;
    less->num_args--;
    return less;
}

// The let that computes its i-th name twice, the second time under a name of its own.
static const IsleAst *let_twice(Maker *m, const IsleAst *let, uint32_t i)
{
    IsleAst *const more = copy_node(m->arena, let);
    IsleLetVar *const lets = ARENA_ARRAY(m->arena, IsleLetVar, let->num_args);
    more->args = ARENA_ARRAY(m->arena, const IsleAst *, let->num_args + 1);
    for (uint32_t from = 0; from < let->num_args; from++) {
        const uint32_t to = from + (from > i);
        if (from + 1 < let->num_args)
            lets[to] = let->lets[from];
        more->args[to] = let->args[from];
    }
    const Str name = isle_str(m->isle, let->lets[i].var.sym);
    const Str again = str_printf(m->arena, "%.*s_again", STR_ARG(name));
    lets[i + 1] = let->lets[i];
    lets[i + 1].var.sym = strtable_add(m->isle->arena, &m->isle->symbols, again);
    more->args[i + 1] = let->args[i];
    more->lets = lets;
    more->num_args++;
    return more;
}

static void make_lets(Maker *m, const Site *site)
{
    const IsleAst *const let = site->node;
    for (uint32_t i = 0; let->kind == ISLE_AST_LET && i + 1 < let->num_args; i++) {
        const Str number = str_printf(m->arena, "%u", i);
        add_change(m, MUTANT_DROP_LET, site, let_without(m, let, i), number);
        if (mutant_accesses(m->isle, let->args[i]))
            add_change(m, MUTANT_TWICE, site, let_twice(m, let, i), number);
    }
}

static void make_drop_if(Maker *m)
{
    const IsleDef *const def = m->isle->rules.data[m->rule].def;
    for (uint32_t i = 0; i < def->u.rule.num_iflets; i++) {
        if (mutant_is_taste(m->isle, def->u.rule.iflets[i].expr))
            continue;
        IsleDef less = *def;
        IsleIfLetAst *const iflets = ARENA_ARRAY(m->arena, IsleIfLetAst, def->u.rule.num_iflets);
        for (uint32_t k = 0, n = 0; k < def->u.rule.num_iflets; k++)
            if (k != i)
                iflets[n++] = def->u.rule.iflets[k];
        less.u.rule.iflets = iflets;
        less.u.rule.num_iflets--;
        add(m, MUTANT_DROP_IF, str_printf(m->arena, "if%u", i), STR("0"), &less);
    }
}

// ---- Priorities ----

static void add_priority(Maker *m, int64_t priority)
{
    IsleDef def = *m->isle->rules.data[m->rule].def;
    def.u.rule.has_priority = true;
    def.u.rule.priority = priority;
    add(m, MUTANT_PRIORITY, STR("rule"), str_printf(m->arena, "%lld", (long long)priority), &def);
}

static void make_priority(Maker *m)
{
    const IsleRule *const rule = &m->isle->rules.data[m->rule];
    const IsleTerm *const root = &m->isle->terms.data[rule->root];
    int64_t least = rule->priority, most = rule->priority;
    bool below = false, above = false;
    for (uint32_t i = 0; i < root->rules.len; i++) {
        const IsleRule *const other = &m->isle->rules.data[root->rules.data[i]];
        if (other == rule || !mutant_same_operation(rule, other))
            continue;
        below = below || other->priority < rule->priority;
        above = above || other->priority > rule->priority;
        least = other->priority < least ? other->priority : least;
        most = other->priority > most ? other->priority : most;
    }
    if (below)
        add_priority(m, least - 1);
    if (above)
        add_priority(m, most + 1);
}

// The innermost term that the first operand of a rule's left side begins with: for lowering rules,
// the operation.
static IsleSym operation(const IsleRule *rule)
{
    const IsleAst *const pattern = rule->def->u.rule.pattern;
    const IsleAst *first = pattern->num_args == 0 ? NULL : pattern->args[0];
    while (first && first->kind == ISLE_AST_BIND)
        first = first->args[0];
    return first && first->kind == ISLE_AST_TERM ? first->name : ISLE_NONE;
}

bool mutant_same_operation(const IsleRule *x, const IsleRule *y)
{
    const IsleSym a = operation(x), b = operation(y);
    return x->root == y->root && (a == b || a == ISLE_NONE || b == ISLE_NONE);
}

// ---- All ----

bool mutant_is_taste(const Isle *isle, const IsleAst *value)
{
    if (value->kind != ISLE_AST_TERM)
        return false;
    const uint32_t term = map_get(&isle->term_of_name, value->name);
    return term != MAP_NONE && mutant_is_meaningless(isle, term, false);
}

void mutant_make(Isle *isle, Arena *arena, IsleRuleId rule, Mutants *out)
{
    static void (*const operators[])(Maker *, const Site *) = {
        make_swap,   make_number, make_constant, make_sibling, make_operand,
        make_unwrap, make_any,    make_guard,    make_lets};
    Sites sites = {.isle = isle, .arena = arena};
    mutant_sites(&sites, &isle->rules.data[rule]);
    Maker m = {isle, arena, rule, &sites, out};
    for (uint32_t s = 0; s < sites.list.len; s++)
        for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
            operators[i](&m, &sites.list.data[s]);
    make_drop_if(&m);
    make_priority(&m);
}
