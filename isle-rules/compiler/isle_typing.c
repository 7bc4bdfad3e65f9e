// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The typing of rules. Types flow downwards, from the root's signature into patterns and the right
// side; an if-let's expression alone gives its own type. On the way extractor macros are replaced
// by their patterns and converters become explicit, so that a typed rule holds terms alone.
//
// Macros are hygienic: a variable of a macro's pattern that is no parameter belongs to that one
// expansion. Each expansion therefore has a scope number, and a variable is found by both its name
// and its scope.

#include "isle-rules/compiler/islec_internal.h"

#define TYPE_ANY   ISLE_NONE        // an expression of which no type is expected
#define TYPE_WRONG (UINT32_MAX - 1) // there was an error: say no more

typedef struct MacroEnv MacroEnv;
struct MacroEnv {
    const IsleDef *macro;
    const IsleAst *const *args; // patterns of the use
    const MacroEnv *caller;     // where they stand
    uint32_t scope;
};

typedef struct Visible {
    IsleSym name;
    uint32_t scope; // 0: the rule itself
    uint32_t var;
} Visible;

typedef struct Typing {
    Isle *isle;
    Arena *arena;
    const IsleTerm *root;
    IsleRuleBody *body;
    bool expand_macros;
    bool failed;
    bool in_iflet;
    uint32_t depth, nodes, scopes;
    VEC(Visible) visible;
} Typing;

static IsleNode *pattern_node(Typing *t, const MacroEnv *env, const IsleAst *ast, IsleTypeId type);
static IsleNode *expr_node(Typing *t, const IsleAst *ast, IsleTypeId type);

#define FAIL(t, pos, ...)                          \
    do {                                           \
        isle_error((t)->isle, (pos), __VA_ARGS__); \
        (t)->failed = true;                        \
    } while (0)

#define TYPE_ARG(t, id) SYM_ARG((t)->isle, (t)->isle->types.data[(id)].name)

static IsleNode *new_node(Typing *t, IsleNodeKind kind, const IsleAst *ast, IsleTypeId type)
{
    IsleNode *const node = ARENA_NEW(t->arena, IsleNode);
    *node = (IsleNode){.kind = kind, .type = type, .pos = ast->pos, .name = ISLE_NONE};
    return node;
}

// What stands for a part that had an error.
static IsleNode *wrong_node(Typing *t, const IsleAst *ast)
{
    t->failed = true;
    return new_node(t, ISLE_NODE_ANY, ast, TYPE_WRONG);
}

// Counts a node against the limits; false when they are passed, once reported.
static bool enter(Typing *t, const IsleAst *ast)
{
    t->depth++;
    if (t->depth <= ISLE_MAX_DEPTH && t->nodes < ISLE_MAX_NODES) {
        t->nodes++;
        return true;
    }
    if (t->nodes != UINT32_MAX)
        isle_error_limit(t->isle, ast->pos,
                         "the rule is too large with its extractors expanded (%u nodes, %u deep)",
                         ISLE_MAX_NODES, ISLE_MAX_DEPTH);
    t->nodes = UINT32_MAX;
    t->failed = true;
    return false;
}

static uint32_t add_var(Typing *t, IsleSym name, uint32_t scope, IsleTypeId type)
{
    const uint32_t var = t->body->vars.len;
    VEC_PUSH(t->arena, &t->body->vars, ((IsleVar){name, type}));
    VEC_PUSH(t->arena, &t->visible, ((Visible){name, scope, var}));
    return var;
}

static uint32_t find_var(const Typing *t, IsleSym name, uint32_t scope)
{
    for (uint32_t i = t->visible.len; i-- > 0;)
        if (t->visible.data[i].name == name && t->visible.data[i].scope == scope)
            return t->visible.data[i].var;
    return ISLE_NONE;
}

// True when `found` will do where `wanted` is expected, reporting it if not.
static bool same_type(Typing *t, IslePos pos, IsleTypeId found, IsleTypeId wanted)
{
    if (found == wanted || found == TYPE_WRONG || wanted == TYPE_WRONG || wanted == TYPE_ANY)
        return true;
    FAIL(t, pos, "expected type `%.*s`, found `%.*s`", TYPE_ARG(t, wanted), TYPE_ARG(t, found));
    return false;
}

// ---- Constants ----

// The value of `value` in a type of `bits` bits; false when it has none.
static bool fit_int(const IsleType *type, IsleInt value, int128 *out)
{
    const uint128 wrapped = value.negative ? -value.magnitude : value.magnitude;
    *out = (int128)wrapped;
    if (type->kind == ISLE_TYPE_PRIMITIVE || (type->bits == 128 && type->is_signed))
        return true;
    if (value.negative && !type->is_signed)
        return value.magnitude == 0;
    if (type->bits == 128)
        return true;
    const uint128 limit = (uint128)1 << (value.negative ? type->bits - 1 : type->bits);
    if (value.negative ? value.magnitude > limit : value.magnitude >= limit)
        return false;
    // A literal may give the bits of a negative number, as 0xff does for an i8.
    if (type->is_signed && !value.negative && value.magnitude >= limit / 2)
        *out = (int128)(wrapped - limit);
    return true;
}

static IsleNode *int_node(Typing *t, const IsleAst *ast, IsleTypeId type)
{
    IsleNode *const node = new_node(t, ISLE_NODE_INT, ast, type);
    if (type == TYPE_WRONG)
        return wrong_node(t, ast);
    if (type == TYPE_ANY) {
        FAIL(t, ast->pos, "the type of this integer is not known here: use a typed `let`");
        return wrong_node(t, ast);
    }
    const IsleType *const def = &t->isle->types.data[type];
    const bool integer = def->kind == ISLE_TYPE_BUILTIN && def->bits > 1;
    if (!integer && def->kind != ISLE_TYPE_PRIMITIVE)
        FAIL(t, ast->pos, "expected type `%.*s`, found an integer", TYPE_ARG(t, type));
    else if (!fit_int(def, ast->value, &node->value))
        FAIL(t, ast->pos, "the integer does not fit type `%.*s`", TYPE_ARG(t, type));
    return node;
}

static IsleNode *bool_node(Typing *t, const IsleAst *ast, IsleTypeId type)
{
    const IsleTypeId boolean = 0; // the first of the builtin types
    IsleNode *const node = new_node(t, ISLE_NODE_BOOL, ast, boolean);
    node->value = (int128)ast->value.magnitude;
    same_type(t, ast->pos, boolean, type);
    return node;
}

static IsleNode *const_node(Typing *t, const IsleAst *ast, IsleTypeId type)
{
    const uint32_t found = map_get(&t->isle->const_of_name, ast->name);
    if (found == MAP_NONE) {
        Str *const names = ARENA_ARRAY(t->arena, Str, t->isle->consts.len);
        for (uint32_t i = 0; i < t->isle->consts.len; i++)
            names[i] = isle_str(t->isle, t->isle->consts.data[i].name);
        isle_error_unknown(t->isle, &(IsleIdent){ast->name, ast->pos}, "constant", names,
                           t->isle->consts.len);
        return wrong_node(t, ast);
    }
    IsleNode *const node = new_node(t, ISLE_NODE_CONST, ast, t->isle->consts.data[found].type);
    node->name = ast->name;
    same_type(t, ast->pos, node->type, type);
    return node;
}

// ---- Terms ----

// The term of a use, with its number of arguments checked; ISLE_NONE after an error.
static IsleTermId use_term(Typing *t, const IsleAst *ast, uint32_t scope)
{
    const IsleTermId id = map_get(&t->isle->term_of_name, ast->name);
    if (id == ISLE_NONE) {
        if (find_var(t, ast->name, scope) != ISLE_NONE)
            isle_error(t->isle, ast->pos,
                       "unknown term `%.*s`; to use the variable `%.*s`, drop the parentheses",
                       SYM_ARG(t->isle, ast->name), SYM_ARG(t->isle, ast->name));
        else
            isle_error_unknown_term(t->isle, &(IsleIdent){ast->name, ast->pos});
        return ISLE_NONE;
    }
    const IsleTerm *const term = &t->isle->terms.data[id];
    if (term->num_args == ast->num_args)
        return id;
    FAIL(t, ast->pos, "term `%.*s` takes %u argument%s, found %u", SYM_ARG(t->isle, term->name),
         term->num_args, PLURAL(term->num_args), ast->num_args);
    return ISLE_NONE;
}

// The converter from `inner` to `outer`, or ISLE_NONE.
static IsleTermId converter(const Typing *t, IsleTypeId inner, IsleTypeId outer, bool pattern)
{
    if (outer == TYPE_ANY || outer == TYPE_WRONG || inner == outer || inner == TYPE_WRONG)
        return ISLE_NONE;
    const IsleTermId id = map_get(&t->isle->converters, isle_converter_key(inner, outer));
    if (id == ISLE_NONE)
        return ISLE_NONE;
    const IsleTerm *const term = &t->isle->terms.data[id];
    return (pattern ? term->extractor : term->constructor) == ISLE_HOW_NONE ? ISLE_NONE : id;
}

// `ast` within a use of the converter.
static const IsleAst *convert(Typing *t, IsleTermId by, const IsleAst *ast)
{
    IsleAst *const outer = ARENA_NEW(t->arena, IsleAst);
    const IsleAst **const args = ARENA_ARRAY(t->arena, const IsleAst *, 1);
    args[0] = ast;
    *outer = (IsleAst){.kind = ISLE_AST_TERM,
                       .pos = ast->pos,
                       .name = t->isle->terms.data[by].name,
                       .num_args = 1,
                       .args = args};
    return outer;
}

// ---- Patterns ----

// The parameter of the macro around a pattern that `name` is, or ISLE_NONE.
static uint32_t find_param(const MacroEnv *env, IsleSym name)
{
    for (uint32_t i = 0; env && i < env->macro->u.extractor.num_params; i++)
        if (env->macro->u.extractor.params[i].sym == name)
            return i;
    return ISLE_NONE;
}

static IsleNode *var_pattern(Typing *t, const MacroEnv *env, const IsleAst *ast, IsleTypeId type)
{
    const uint32_t param = find_param(env, ast->name);
    if (param != ISLE_NONE)
        return pattern_node(t, env->caller, env->args[param], type);
    const uint32_t scope = env ? env->scope : 0;
    const uint32_t var = find_var(t, ast->name, scope);
    IsleNode *const node =
        new_node(t, var == ISLE_NONE ? ISLE_NODE_BIND : ISLE_NODE_SAME, ast, type);
    node->var = var;
    if (var == ISLE_NONE)
        node->var = add_var(t, ast->name, scope, type);
    else
        same_type(t, ast->pos, t->body->vars.data[var].type, type);
    return node;
}

static IsleNode *bind_pattern(Typing *t, const MacroEnv *env, const IsleAst *ast, IsleTypeId type)
{
    const uint32_t param = find_param(env, ast->name);
    const uint32_t scope = env ? env->scope : 0;
    IsleNode *const node =
        new_node(t, param == ISLE_NONE ? ISLE_NODE_BIND : ISLE_NODE_AND, ast, type);
    node->num_args = param == ISLE_NONE ? 1 : 2;
    node->args = ARENA_ARRAY(t->arena, IsleNode *, 2);
    if (param != ISLE_NONE) {
        node->args[0] = pattern_node(t, env->caller, env->args[param], type);
        node->args[1] = pattern_node(t, env, ast->args[0], type);
        return node;
    }
    node->args[0] = pattern_node(t, env, ast->args[0], type);
    if (find_var(t, ast->name, scope) != ISLE_NONE)
        FAIL(t, ast->pos, "variable `%.*s` is bound already", SYM_ARG(t->isle, ast->name));
    node->var = add_var(t, ast->name, scope, type);
    return node;
}

static IsleNode *and_pattern(Typing *t, const MacroEnv *env, const IsleAst *ast, IsleTypeId type)
{
    IsleNode *const node = new_node(t, ISLE_NODE_AND, ast, type);
    node->num_args = ast->num_args;
    node->args = ARENA_ARRAY(t->arena, IsleNode *, ast->num_args);
    for (uint32_t i = 0; i < ast->num_args; i++)
        node->args[i] = pattern_node(t, env, ast->args[i], type);
    return node;
}

static IsleNode *term_pattern(Typing *t, const MacroEnv *env, const IsleAst *ast, IsleTypeId type)
{
    const IsleTermId id = use_term(t, ast, env ? env->scope : 0);
    if (id == ISLE_NONE) {
        // Bind what the arguments bind, so that their uses give no errors in turn.
        for (uint32_t i = 0; i < ast->num_args; i++)
            pattern_node(t, env, ast->args[i], TYPE_WRONG);
        return wrong_node(t, ast);
    }
    const IsleTerm *const term = &t->isle->terms.data[id];
    const IsleTermId by = converter(t, term->ret, type, true);
    if (by != ISLE_NONE)
        return pattern_node(t, env, convert(t, by, ast), type);
    same_type(t, ast->pos, term->ret, type);
    if (term->extractor == ISLE_HOW_NONE)
        FAIL(t, ast->pos, "term `%.*s` has no extractor: it can't be used in a pattern",
             SYM_ARG(t->isle, term->name));
    if (term->extractor == ISLE_HOW_EXTERNAL && (term->flags & ISLE_MULTI) &&
        !(t->root->flags & ISLE_MULTI))
        FAIL(t, ast->pos, "the multi extractor `%.*s` may be used in rules of multi terms only",
             SYM_ARG(t->isle, term->name));
    if (term->extractor == ISLE_HOW_INTERNAL && t->expand_macros) {
        const MacroEnv inner = {term->macro, ast->args, env, ++t->scopes};
        return pattern_node(t, &inner, term->macro->u.extractor.pattern, term->ret);
    }
    IsleNode *const node = new_node(t, ISLE_NODE_TERM, ast, term->ret);
    node->term = id;
    node->num_args = ast->num_args;
    node->args = ARENA_ARRAY(t->arena, IsleNode *, ast->num_args);
    for (uint32_t i = 0; i < ast->num_args; i++)
        node->args[i] = pattern_node(t, env, ast->args[i], term->args[i]);
    return node;
}

static IsleNode *pattern_by_kind(Typing *t, const MacroEnv *env, const IsleAst *ast,
                                 IsleTypeId type)
{
    switch (ast->kind) {
    case ISLE_AST_WILDCARD: return new_node(t, ISLE_NODE_ANY, ast, type);
    case ISLE_AST_INT: return int_node(t, ast, type);
    case ISLE_AST_BOOL: return bool_node(t, ast, type);
    case ISLE_AST_CONST: return const_node(t, ast, type);
    case ISLE_AST_VAR: return var_pattern(t, env, ast, type);
    case ISLE_AST_BIND: return bind_pattern(t, env, ast, type);
    case ISLE_AST_AND: return and_pattern(t, env, ast, type);
    case ISLE_AST_TERM: return term_pattern(t, env, ast, type);
    case ISLE_AST_LET: break;
    }
    UNREACHABLE();
}

static IsleNode *pattern_node(Typing *t, const MacroEnv *env, const IsleAst *ast, IsleTypeId type)
{
    if (t->nodes == UINT32_MAX || !enter(t, ast))
        return wrong_node(t, ast);
    IsleNode *const node = pattern_by_kind(t, env, ast, type);
    t->depth--;
    return node;
}

// ---- Expressions ----

static IsleNode *var_expr(Typing *t, const IsleAst *ast, IsleTypeId type)
{
    const uint32_t var = find_var(t, ast->name, 0);
    if (var == ISLE_NONE) {
        Str *const names = ARENA_ARRAY(t->arena, Str, t->visible.len);
        uint32_t count = 0;
        for (uint32_t i = 0; i < t->visible.len; i++)
            if (t->visible.data[i].scope == 0)
                names[count++] = isle_str(t->isle, t->visible.data[i].name);
        isle_error_unknown(t->isle, &(IsleIdent){ast->name, ast->pos}, "variable", names, count);
        return wrong_node(t, ast);
    }
    const IsleTypeId found = t->body->vars.data[var].type;
    const IsleTermId by = converter(t, found, type, false);
    if (by != ISLE_NONE)
        return expr_node(t, convert(t, by, ast), type);
    same_type(t, ast->pos, found, type);
    IsleNode *const node = new_node(t, ISLE_NODE_VAR, ast, found);
    node->var = var;
    return node;
}

static IsleNode *let_expr(Typing *t, const IsleAst *ast, IsleTypeId type)
{
    const uint32_t outer = t->visible.len;
    const uint32_t count = ast->num_args - 1;
    IsleNode *const node = new_node(t, ISLE_NODE_LET, ast, type);
    node->num_args = ast->num_args;
    node->args = ARENA_ARRAY(t->arena, IsleNode *, ast->num_args);
    node->vars = ARENA_ARRAY(t->arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++) {
        IsleTypeId declared = isle_resolve_type(t->isle, &ast->lets[i].type);
        if (declared == ISLE_NONE) {
            declared = TYPE_WRONG;
            t->failed = true;
        }
        node->args[i] = expr_node(t, ast->args[i], declared);
        node->vars[i] = add_var(t, ast->lets[i].var.sym, 0, declared);
    }
    node->args[count] = expr_node(t, ast->args[count], type);
    node->type = node->args[count]->type;
    t->visible.len = outer;
    return node;
}

static void check_call(Typing *t, const IsleAst *ast, const IsleTerm *term)
{
    const Isle *const isle = t->isle;
    if (term->constructor == ISLE_HOW_NONE)
        FAIL(t, ast->pos, "term `%.*s` has no constructor: it can't be used in an expression",
             SYM_ARG(isle, term->name));
    if (!(term->flags & ISLE_PURE) && t->in_iflet)
        FAIL(t, ast->pos, "the expression of an if-let must be pure, but `%.*s` is not",
             SYM_ARG(isle, term->name));
    else if (!(term->flags & ISLE_PURE) && (t->root->flags & ISLE_PURE))
        FAIL(t, ast->pos, "a rule of the pure term `%.*s` can't use `%.*s`, which is not pure",
             SYM_ARG(isle, t->root->name), SYM_ARG(isle, term->name));
    if ((term->flags & ISLE_PARTIAL) && !t->in_iflet && !(t->root->flags & ISLE_PARTIAL))
        FAIL(t, ast->pos,
             "the partial term `%.*s` may stand in an if-let or in rules of partial terms only",
             SYM_ARG(isle, term->name));
    if ((term->flags & ISLE_MULTI) && !(t->root->flags & ISLE_MULTI))
        FAIL(t, ast->pos, "the multi constructor `%.*s` may be used in rules of multi terms only",
             SYM_ARG(isle, term->name));
}

static IsleNode *term_expr(Typing *t, const IsleAst *ast, IsleTypeId type)
{
    const IsleTermId id = use_term(t, ast, 0);
    if (id == ISLE_NONE)
        return wrong_node(t, ast);
    const IsleTerm *const term = &t->isle->terms.data[id];
    const IsleTermId by = converter(t, term->ret, type, false);
    if (by != ISLE_NONE)
        return expr_node(t, convert(t, by, ast), type);
    same_type(t, ast->pos, term->ret, type);
    check_call(t, ast, term);
    IsleNode *const node = new_node(t, ISLE_NODE_TERM, ast, term->ret);
    node->term = id;
    node->num_args = ast->num_args;
    node->args = ARENA_ARRAY(t->arena, IsleNode *, ast->num_args);
    for (uint32_t i = 0; i < ast->num_args; i++)
        node->args[i] = expr_node(t, ast->args[i], term->args[i]);
    return node;
}

static IsleNode *expr_by_kind(Typing *t, const IsleAst *ast, IsleTypeId type)
{
    switch (ast->kind) {
    case ISLE_AST_INT: return int_node(t, ast, type);
    case ISLE_AST_BOOL: return bool_node(t, ast, type);
    case ISLE_AST_CONST: return const_node(t, ast, type);
    case ISLE_AST_VAR: return var_expr(t, ast, type);
    case ISLE_AST_LET: return let_expr(t, ast, type);
    case ISLE_AST_TERM: return term_expr(t, ast, type);
    case ISLE_AST_WILDCARD:
    case ISLE_AST_BIND:
    case ISLE_AST_AND: break;
    }
    UNREACHABLE();
}

static IsleNode *expr_node(Typing *t, const IsleAst *ast, IsleTypeId type)
{
    if (t->nodes == UINT32_MAX || !enter(t, ast))
        return wrong_node(t, ast);
    IsleNode *const node = expr_by_kind(t, ast, type);
    t->depth--;
    return node;
}

// ---- Rules ----

static void type_root(Typing *t, const IsleAst *pattern)
{
    const uint32_t count = t->root->num_args;
    if (pattern->num_args != count) {
        FAIL(t, pattern->pos, "term `%.*s` takes %u argument%s, found %u",
             SYM_ARG(t->isle, t->root->name), count, PLURAL(count), pattern->num_args);
        return;
    }
    t->body->num_args = count;
    t->body->args = ARENA_ARRAY(t->arena, IsleNode *, count);
    for (uint32_t i = 0; i < count; i++)
        t->body->args[i] = pattern_node(t, NULL, pattern->args[i], t->root->args[i]);
}

bool isle_type_rule(Isle *isle, const IsleRule *rule, bool expand_macros, IsleRuleBody *out)
{
    const IsleDef *const def = rule->def;
    *out = (IsleRuleBody){0};
    Typing t = {.isle = isle,
                .arena = isle->arena,
                .root = &isle->terms.data[rule->root],
                .body = out,
                .expand_macros = expand_macros};
    type_root(&t, def->u.rule.pattern);
    if (t.failed && out->num_args == 0 && t.root->num_args != 0)
        return false; // nothing is bound: each use would be an error
    out->num_iflets = def->u.rule.num_iflets;
    out->iflets = ARENA_ARRAY(isle->arena, IsleIfLet, out->num_iflets);
    for (uint32_t i = 0; i < out->num_iflets; i++) {
        t.in_iflet = true;
        out->iflets[i].expr = expr_node(&t, def->u.rule.iflets[i].expr, TYPE_ANY);
        t.in_iflet = false;
        out->iflets[i].pattern =
            pattern_node(&t, NULL, def->u.rule.iflets[i].pattern, out->iflets[i].expr->type);
    }
    out->expr = expr_node(&t, def->u.rule.expr, t.root->ret);
    return !t.failed;
}
