// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is in a rule: values of its bindings, each evaluated once, and its checks, as assumptions or
// as conditions.

#include "verify/vcgen/vcgen_internal.h"

Frame *frame_new(Gen *g, IsleRuleSet *set, Sym **args)
{
    Frame *const f = ARENA_NEW(g->arena, Frame);
    *f = (Frame){g, set, args, ARENA_ARRAY(g->arena, CallResult *, set->bindings.len), NULL};
    return f;
}

static bool give(Frame *f, IsleBindingId id, Sym *value)
{
    if (!value)
        return false;
    CallResult *const result = ARENA_NEW(f->g->arena, CallResult);
    result->values = ARENA_ARRAY(f->g->arena, Sym *, 1);
    result->values[0] = value;
    result->some = expr_bool(f->g->pool, true);
    f->values[id] = result;
    return true;
}

Sym *frame_value(const Frame *f, IsleBindingId id)
{
    return f->values[id]->values[0];
}

// ---- Constants ----

static Sym *constant(Gen *g, IsleTypeId type, int128 value)
{
    Sym *const sym = sym_of_type(g, type, (Str){0});
    if (!sym)
        return NULL;
    const IslePos pos = g->isle->types.data[type].pos;
    if (sym->kind != SYM_CELL || !sym->sorted)
        return gen_stop(g, STOP_ERROR, pos, "numbers of type `%.*s` have no sort",
                        STR_ARG(isle_str(g->isle, g->isle->types.data[type].name)));
    const ExprValue bits = {sym->sort, sym->sort.kind == SORT_BOOL ? wide_from_u64(value != 0)
                                                                   : wide_from_int(value)};
    return sym_of_expr(g, expr_const(g->pool, &bits));
}

static Sym *named_constant(Gen *g, IsleTypeId type, IsleSym name)
{
    const Str text = isle_str(g->isle, name);
    uint32_t model = map_get(&g->isle->models, name);
    if (model == MAP_NONE) {
        const Str dollar = str_printf(g->arena, "$%.*s", STR_ARG(text));
        const uint32_t sym = strtable_find(&g->isle->symbols, dollar);
        model = sym == MAP_NONE ? MAP_NONE : map_get(&g->isle->models, sym);
    }
    const IsleDef *const def = model == MAP_NONE ? NULL : g->isle->defs.data[model];
    if (!def || !def->u.model.constant) {
        g->vc->missing = str_printf(g->arena, "$%.*s", STR_ARG(text));
        return gen_stop(g, STOP_NO_SPEC, g->isle->types.data[type].pos,
                        "constant `$%.*s` has no model", STR_ARG(text));
    }
    Sym *const like = sym_of_type(g, type, (Str){0});
    if (!like)
        return NULL;
    const bool sorted = like->kind == SYM_CELL && like->sorted;
    return spec_eval(g, def->u.model.constant, NULL, sorted ? &like->sort : NULL);
}

static Sym *constraint_value(Gen *g, IsleTypeId type, const IsleConstraint *c)
{
    return c->kind == ISLE_CONSTRAINT_PRIM ? named_constant(g, type, c->index)
                                           : constant(g, type, c->value);
}

// ---- Bindings ----

static bool eval_args(Frame *f, const IsleBinding *b)
{
    for (uint32_t i = 0; i < b->num_args; i++)
        if (!frame_eval(f, b->args[i]))
            return false;
    return true;
}

static Sym **arg_values(Frame *f, const IsleBinding *b)
{
    Sym **const args = ARENA_ARRAY(f->g->arena, Sym *, b->num_args);
    for (uint32_t i = 0; i < b->num_args; i++)
        args[i] = frame_value(f, b->args[i]);
    return args;
}

bool gen_missing_spec(Gen *g, IsleTermId term)
{
    const IsleTerm *const t = &g->isle->terms.data[term];
    g->vc->missing = isle_str(g->isle, t->name);
    gen_stop(g, STOP_NO_SPEC, t->pos, "term `%.*s` has no spec", STR_ARG(g->vc->missing));
    return false;
}

static bool eval_call(Frame *f, IsleBindingId id, const IsleBinding *b)
{
    Gen *const g = f->g;
    const bool extractor = b->kind == ISLE_BIND_EXTRACTOR;
    CallResult *const result = ARENA_NEW(g->arena, CallResult);
    const Call call = {b->term, extractor, arg_values(f, b), f->path};
    if (extractor && !g->isle->terms.data[b->term].spec)
        return gen_missing_spec(g, b->term);
    if (extractor ? !call_spec(g, &call, result) : !rule_construct(g, &call, result))
        return false;
    if (f->path)
        *f->path = expr_and(g->pool, *f->path, result->some);
    f->values[id] = result;
    return true;
}

static bool eval_make(Frame *f, IsleBindingId id, const IsleBinding *b)
{
    Gen *const g = f->g;
    Sym *const made = sym_of_type(g, b->type, (Str){0});
    if (!made)
        return false;
    Sym *fields = made;
    if (made->kind == SYM_ENUM) {
        made->tag = sym_of_expr(g, expr_bv(g->pool, 32, b->index));
        fields = sym_variant(g, made, b->index);
    }
    if (!fields || fields->kind != SYM_STRUCT || fields->num_fields != b->num_args) {
        if (!g->stop)
            gen_stop(g, STOP_ERROR, g->isle->types.data[b->type].pos,
                     "the model of this type does not have its fields");
        return false;
    }
    for (uint32_t i = 0; i < b->num_args; i++)
        fields->fields[i] = frame_value(f, b->args[i]);
    return give(f, id, made);
}

static bool eval_part(Frame *f, IsleBindingId id, const IsleBinding *b)
{
    Gen *const g = f->g;
    Sym *whole = sym_resolve(frame_value(f, b->args[0]));
    if (whole->kind == SYM_ENUM && b->kind == ISLE_BIND_MATCH_VARIANT)
        whole = sym_variant(g, whole, b->index);
    if (whole && whole->kind == SYM_STRUCT && b->field < whole->num_fields)
        return give(f, id, whole->fields[b->field]);
    if (!g->stop)
        gen_stop(g, STOP_ERROR, g->isle->terms.data[f->set->term].pos,
                 "the model of a type that is taken apart does not have its fields");
    return false;
}

bool frame_eval(Frame *f, IsleBindingId id)
{
    if (f->values[id])
        return true;
    Gen *const g = f->g;
    const IsleBinding *const b = &f->set->bindings.data[id];
    if (!eval_args(f, b))
        return false;
    switch (b->kind) {
    case ISLE_BIND_CONST_BOOL:
    case ISLE_BIND_CONST_INT: return give(f, id, constant(g, b->type, b->value));
    case ISLE_BIND_CONST_PRIM: return give(f, id, named_constant(g, b->type, b->term));
    case ISLE_BIND_ARGUMENT: return give(f, id, f->args[b->index]);
    case ISLE_BIND_EXTRACTOR:
    case ISLE_BIND_CONSTRUCTOR: return eval_call(f, id, b);
    case ISLE_BIND_ITERATOR:
    case ISLE_BIND_MATCH_SOME:
    case ISLE_BIND_MAKE_SOME: f->values[id] = f->values[b->args[0]]; return true;
    case ISLE_BIND_MATCH_TUPLE: return give(f, id, f->values[b->args[0]]->values[b->field]);
    case ISLE_BIND_MAKE_VARIANT:
    case ISLE_BIND_MAKE_STRUCT: return eval_make(f, id, b);
    case ISLE_BIND_MATCH_VARIANT:
    case ISLE_BIND_EXTRACT_STRUCT: return eval_part(f, id, b);
    }
    UNREACHABLE();
}

// ---- Conditions ----

static Expr is_variant(Gen *g, Sym *value, uint32_t variant, IslePos pos)
{
    value = sym_resolve(value);
    if (value->kind != SYM_ENUM) {
        gen_stop(g, STOP_ERROR, pos, "the model of a type with variants has none");
        return EXPR_NONE;
    }
    const Expr tag = sym_expr(g, value->tag, pos);
    return expr_eq(g->pool, tag, expr_bv(g->pool, 32, variant));
}

bool frame_assume(Frame *f, const IsleCheck *check)
{
    Gen *const g = f->g;
    const IsleTest *const test = &f->set->tests.data[check->test];
    const IslePos pos = g->isle->terms.data[f->set->term].pos;
    CallScope scope = {.guard = expr_bool(g->pool, true)};
    if (!frame_eval(f, test->a))
        return false;
    if (test->kind == ISLE_TEST_LOOP)
        return true;
    if (test->kind == ISLE_TEST_EQUAL)
        return frame_eval(f, test->b) &&
               sym_equate(g, &scope, frame_value(f, test->a), frame_value(f, test->b), pos);
    const IsleConstraint *const c = &f->set->constraints.data[check->constraint];
    if (c->kind == ISLE_CONSTRAINT_SOME) {
        gen_assume(g, NULL, f->values[test->a]->some);
        return true;
    }
    Sym *const value = frame_value(f, test->a);
    if (c->kind == ISLE_CONSTRAINT_VARIANT) {
        const Expr is = is_variant(g, value, c->index, pos);
        if (!g->stop)
            gen_assume(g, NULL, is);
        return !g->stop;
    }
    Sym *const wanted = constraint_value(g, f->set->bindings.data[test->a].type, c);
    return wanted && sym_equate(g, &scope, value, wanted, pos);
}

Expr frame_holds(Frame *f, const IsleCheck *check)
{
    Gen *const g = f->g;
    const IsleTest *const test = &f->set->tests.data[check->test];
    const IslePos pos = g->isle->terms.data[f->set->term].pos;
    if (!frame_eval(f, test->a) || (test->kind == ISLE_TEST_EQUAL && !frame_eval(f, test->b)))
        return EXPR_NONE;
    if (test->kind == ISLE_TEST_EQUAL)
        return sym_equal(g, frame_value(f, test->a), frame_value(f, test->b), pos);
    const IsleConstraint *const c = &f->set->constraints.data[check->constraint];
    if (c->kind == ISLE_CONSTRAINT_SOME)
        return f->values[test->a]->some;
    Sym *const value = frame_value(f, test->a);
    if (c->kind == ISLE_CONSTRAINT_VARIANT)
        return is_variant(g, value, c->index, pos);
    Sym *const wanted = constraint_value(g, f->set->bindings.data[test->a].type, c);
    return wanted ? sym_equal(g, value, wanted, pos) : EXPR_NONE;
}
