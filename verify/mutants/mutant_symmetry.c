// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether two terms mean the same, or one with two of its operands exchanged: what their
// specifications provide is compared, `let` looked through and the operands of commutative
// operators taken in any order. An operand that may be in memory counts as its register, and the
// bits that an operation leaves above its result count as nothing: neither is worth a mutant that
// everything survives.

#include "verify/mutants/mutants_internal.h"

enum { MAX_STEPS = 20000, MAX_EXPRS = 16 };

// The names bound around an expression, innermost first.
typedef struct Env Env;
struct Env {
    const IsleIdent *names; // of a let, one; of a macro, all its parameters
    IsleSpecExpr *const *values;
    uint32_t count;
    const Env *values_env;
    const Env *outer;
};

typedef struct Side {
    const IsleSpecExpr *e;
    const Env *env;
} Side;

typedef struct Compare {
    const Isle *isle;
    const IsleDef *x, *y; // specifications of as many parameters
    uint32_t a, b;        // parameters exchanged in the right one
    uint32_t steps;
} Compare;

static bool is_commutative(IsleSpecOp op)
{
    switch ((int)op) {
    case ISLE_SPEC_OP_EQ:
    case ISLE_SPEC_OP_AND:
    case ISLE_SPEC_OP_OR:
    case ISLE_SPEC_OP_ADD:
    case ISLE_SPEC_OP_MUL:
    case ISLE_SPEC_OP_BVAND:
    case ISLE_SPEC_OP_BVOR:
    case ISLE_SPEC_OP_BVXOR:
    case ISLE_SPEC_OP_BVADD:
    case ISLE_SPEC_OP_BVMUL:
    case ISLE_SPEC_OP_BVSADDO:
    case ISLE_SPEC_OP_FP_EQ:
    case ISLE_SPEC_OP_FP_NE:
    case ISLE_SPEC_OP_FP_ADD:
    case ISLE_SPEC_OP_FP_MUL:
    case ISLE_SPEC_OP_FP_FMA: return true; // its first two
    default: return false;
    }
}

static bool is_field(const Compare *c, const IsleSpecExpr *e, const char *name)
{
    return e->kind == ISLE_SPEC_FIELD && str_eq_c(isle_str(c->isle, e->name), name);
}

// Drops what does not matter.
static Side strip(const Compare *c, Side s)
{
    for (;;) {
        const IsleSpecExpr *const e = s.e;
        if (e->kind == ISLE_SPEC_IF && is_field(c, e->args[0], "is_mem"))
            s.e = e->args[2];
        else if (is_field(c, e, "reg"))
            s.e = e->args[0];
        else if (e->kind == ISLE_SPEC_OP && e->op == ISLE_SPEC_OP_CONCAT && e->num_args == 2 &&
                 e->args[0]->kind == ISLE_SPEC_OP && e->args[0]->op == ISLE_SPEC_OP_EXTRACT)
            s.e = e->args[1];
        else
            return s;
    }
}

// What a variable stands for; false: a parameter, or a name bound otherwise.
static bool look_up(const Env *env, IsleSym name, Side *out)
{
    for (; env; env = env->outer)
        for (uint32_t i = 0; i < env->count; i++)
            if (env->names[i].sym == name) {
                *out = (Side){env->values[i], env->values_env};
                return true;
            }
    return false;
}

static bool same(Compare *c, Side x, Side y);

static bool same_args(Compare *c, Side x, Side y)
{
    if (x.e->num_args != y.e->num_args)
        return false;
    const uint32_t count = x.e->num_args;
    const bool free_order = x.e->kind == ISLE_SPEC_OP && is_commutative(x.e->op) &&
                            count == (x.e->op == ISLE_SPEC_OP_FP_FMA ? 3u : 2u);
    bool straight = true;
    for (uint32_t i = 0; straight && i < x.e->num_args; i++)
        straight = same(c, (Side){x.e->args[i], x.env}, (Side){y.e->args[i], y.env});
    if (straight || !free_order)
        return straight;
    return same(c, (Side){x.e->args[0], x.env}, (Side){y.e->args[1], y.env}) &&
           same(c, (Side){x.e->args[1], x.env}, (Side){y.e->args[0], y.env}) &&
           (count == 2 || same(c, (Side){x.e->args[2], x.env}, (Side){y.e->args[2], y.env}));
}

static uint32_t parameter(const IsleDef *spec, IsleSym name)
{
    for (uint32_t i = 0; i < spec->u.spec.num_params; i++)
        if (spec->u.spec.params[i].sym == name)
            return i;
    return ISLE_NONE;
}

static bool same_var(const Compare *c, IsleSym x, IsleSym y)
{
    const uint32_t left = parameter(c->x, x), right = parameter(c->y, y);
    if (left == ISLE_NONE || right == ISLE_NONE)
        return left == right && x == y;
    if (right == c->a)
        return left == c->b;
    return right == c->b ? left == c->a : left == right;
}

static bool same_node(const IsleSpecExpr *x, const IsleSpecExpr *y)
{
    return x->name == y->name && x->op == y->op && x->width == y->width &&
           x->value.magnitude == y->value.magnitude && x->value.negative == y->value.negative &&
           x->num_names == y->num_names;
}

static bool same_vars(Compare *c, Side x, Side y)
{
    Side is;
    if (x.e->kind == ISLE_SPEC_VAR && look_up(x.env, x.e->name, &is))
        return same(c, is, y);
    if (y.e->kind == ISLE_SPEC_VAR && look_up(y.env, y.e->name, &is))
        return same(c, x, is);
    return x.e->kind == y.e->kind && same_var(c, x.e->name, y.e->name);
}

// What binds names otherwise, or has types in it, is compared by nobody.
static bool is_plain(const IsleSpecExpr *e)
{
    return e->num_arms == 0 && e->kind != ISLE_SPEC_LET && e->kind != ISLE_SPEC_WITH &&
           e->kind != ISLE_SPEC_MACRO && e->kind != ISLE_SPEC_AS;
}

// Goes into the body of a let of one name, or of a macro. `env` must live as long as the result.
static bool enter(const Compare *c, Side *s, Env *env)
{
    const IsleSpecExpr *const e = s->e;
    if (e->kind == ISLE_SPEC_LET && e->num_names == 1) {
        *env = (Env){e->names, e->args, 1, s->env, s->env};
        *s = (Side){e->args[1], env};
        return true;
    }
    const uint32_t macro =
        e->kind == ISLE_SPEC_MACRO_CALL ? map_get(&c->isle->macros, e->name) : MAP_NONE;
    if (macro == MAP_NONE)
        return false;
    const IsleDef *const def = c->isle->defs.data[macro];
    if (def->u.macro.num_params != e->num_args)
        return false;
    *env = (Env){def->u.macro.params, e->args, e->num_args, s->env, NULL};
    *s = (Side){def->u.macro.body, env};
    return true;
}

static bool same(Compare *c, Side x, Side y)
{
    if (++c->steps > MAX_STEPS)
        return false;
    x = strip(c, x);
    y = strip(c, y);
    const bool widths = x.e->kind == ISLE_SPEC_OP && y.e->kind == ISLE_SPEC_OP &&
                        x.e->op == ISLE_SPEC_OP_WIDTHOF && y.e->op == ISLE_SPEC_OP_WIDTHOF;
    if (widths) // operands that change places have one type
        return true;
    Env env;
    if (enter(c, &x, &env) || enter(c, &y, &env))
        return same(c, x, y);
    if (x.e->kind == ISLE_SPEC_VAR || y.e->kind == ISLE_SPEC_VAR)
        return same_vars(c, x, y);
    return is_plain(x.e) && x.e->kind == y.e->kind && same_node(x.e, y.e) && same_args(c, x, y);
}

// The term whose result alone matters, of a row that gives flags too: what is symmetric for one
// operand order of the result is so for the flags of a sum.
static const IsleDef *spec_of(const Isle *isle, IsleTermId term)
{
    const Str name = isle_str(isle, isle->terms.data[term].name);
    const Str ending = STR("_flags");
    if (name.len > ending.len &&
        str_eq((Str){name.data + name.len - ending.len, ending.len}, ending)) {
        const IsleTermId plain = isle_find_term(isle, (Str){name.data, name.len - ending.len});
        if (plain != ISLE_NONE &&
            isle->terms.data[plain].num_args == isle->terms.data[term].num_args)
            return isle->terms.data[plain].spec;
    }
    return isle->terms.data[term].spec;
}

// A macro that speaks of the operands alone: which types they have.
static bool is_about_types(const Compare *c, const IsleSpecExpr *e)
{
    if (e->kind != ISLE_SPEC_MACRO_CALL)
        return false;
    for (uint32_t i = 0; i < e->num_args; i++)
        if (e->args[i]->kind != ISLE_SPEC_VAR ||
            str_eq_c(isle_str(c->isle, e->args[i]->name), "result"))
            return false;
    return true;
}

// Takes what the clauses of a kind say, but of types.
static uint32_t clauses(const Compare *c, const IsleDef *spec, IsleClauseKind kind,
                        const IsleSpecExpr **out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < spec->u.spec.num_clauses; i++) {
        const IsleClause *const clause = &spec->u.spec.clauses[i];
        for (uint32_t e = 0; clause->kind == kind && e < clause->num_exprs; e++)
            if (!is_about_types(c, clause->exprs[e]) && count < MAX_EXPRS)
                out[count++] = clause->exprs[e];
    }
    return count;
}

static bool same_clauses(Compare *c, IsleClauseKind kind)
{
    const IsleSpecExpr *x[MAX_EXPRS], *y[MAX_EXPRS];
    const uint32_t count = clauses(c, c->x, kind, x);
    if (count != clauses(c, c->y, kind, y) || count == MAX_EXPRS)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!same(c, (Side){x[i], NULL}, (Side){y[i], NULL}))
            return false;
    return true;
}

bool mutant_is_symmetric(const Isle *isle, IsleTermId term, uint32_t a, uint32_t b)
{
    const IsleDef *const spec = spec_of(isle, term);
    Compare c = {isle, spec, spec, a, b, 0};
    return spec && b < spec->u.spec.num_params && same_clauses(&c, ISLE_CLAUSE_PROVIDE);
}

bool mutant_is_synonym(const Isle *isle, IsleTermId x, IsleTermId y)
{
    const IsleDef *const a = isle->terms.data[x].spec, *const b = isle->terms.data[y].spec;
    Compare c = {isle, a, b, ISLE_NONE, ISLE_NONE, 0};
    if (!a || !b || a->u.spec.num_params != b->u.spec.num_params)
        return false;
    const IsleSpecExpr *needs[MAX_EXPRS];
    return same_clauses(&c, ISLE_CLAUSE_PROVIDE) && same_clauses(&c, ISLE_CLAUSE_MATCH) &&
           (clauses(&c, b, ISLE_CLAUSE_REQUIRE, needs) == 0 ||
            same_clauses(&c, ISLE_CLAUSE_REQUIRE));
}

static bool is_vague(const Isle *isle, const IsleSpecExpr *e)
{
    return e->kind == ISLE_SPEC_MACRO_CALL && str_eq_c(isle_str(isle, e->name), "unknown");
}

bool mutant_is_meaningless(const Isle *isle, IsleTermId term, bool extractor)
{
    const IsleDef *const spec = isle->terms.data[term].spec;
    bool vague = !extractor;
    for (uint32_t i = 0; spec && i < spec->u.spec.num_clauses; i++) {
        const IsleClause *const clause = &spec->u.spec.clauses[i];
        for (uint32_t e = 0; e < clause->num_exprs; e++) {
            const bool counts = !extractor || clause->kind == ISLE_CLAUSE_MATCH;
            const bool unknown = is_vague(isle, clause->exprs[e]);
            vague = vague || unknown;
            if (counts && !unknown && clause->exprs[e]->kind != ISLE_SPEC_BOOL)
                return false;
        }
    }
    return spec && vague;
}

// An operand that may be in memory counts as its register here, too.
static bool has_access(const Isle *isle, const IsleSpecExpr *e)
{
    const Compare c = {.isle = isle};
    e = strip(&c, (Side){e, NULL}).e;
    if (e->kind == ISLE_SPEC_OP && (e->op == ISLE_SPEC_OP_EXECUTE || e->op == ISLE_SPEC_OP_LOAD ||
                                    e->op == ISLE_SPEC_OP_STORE))
        return true;
    for (uint32_t i = 0; i < e->num_args; i++)
        if (has_access(isle, e->args[i]))
            return true;
    return false;
}

bool mutant_accesses(const Isle *isle, const IsleAst *node)
{
    const uint32_t term =
        node->kind == ISLE_AST_TERM ? map_get(&isle->term_of_name, node->name) : MAP_NONE;
    const IsleDef *const spec = term == MAP_NONE ? NULL : isle->terms.data[term].spec;
    for (uint32_t i = 0; spec && i < spec->u.spec.num_clauses; i++)
        for (uint32_t e = 0; e < spec->u.spec.clauses[i].num_exprs; e++)
            if (has_access(isle, spec->u.spec.clauses[i].exprs[e]))
                return true;
    return false;
}
