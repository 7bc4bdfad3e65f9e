// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values of terms: made from models, defined by equations, compared.

#include "verify/vcgen/vcgen_internal.h"

// ---- Making ----

static Sym *new_sym(Gen *g, SymKind kind, Str name)
{
    Sym *const sym = ARENA_NEW(g->arena, Sym);
    sym->kind = kind;
    sym->expr = EXPR_NONE;
    sym->serial = g->serial++;
    sym->name = name;
    return sym;
}

Sym *sym_cell(Gen *g, Str name)
{
    return new_sym(g, SYM_CELL, name);
}

Sym *sym_of_sort(Gen *g, Sort sort, Str name)
{
    Sym *const sym = sym_cell(g, name);
    sym->sorted = true;
    sym->sort = sort;
    return sym;
}

Sym *sym_of_expr(Gen *g, Expr e)
{
    Sym *const sym = sym_of_sort(g, expr_node(g->pool, e)->sort, (Str){0});
    sym->expr = e;
    return sym;
}

static Sym *new_struct(Gen *g, uint32_t num_fields, Str name)
{
    Sym *const sym = new_sym(g, SYM_STRUCT, name);
    sym->names = ARENA_ARRAY(g->arena, IsleSym, num_fields);
    sym->fields = ARENA_ARRAY(g->arena, Sym *, num_fields);
    sym->num_fields = num_fields;
    return sym;
}

static Str field_name(Gen *g, Str of, IsleSym field)
{
    const Str name = isle_str(g->isle, field);
    return of.len == 0 ? name : str_printf(g->arena, "%.*s.%.*s", STR_ARG(of), STR_ARG(name));
}

// The fields of a variant or struct of the program.
static Sym *struct_of_fields(Gen *g, const IsleField *fields, uint32_t count, Str name)
{
    IsleSym *const names = ARENA_ARRAY(g->arena, IsleSym, count);
    Sym *const sym = new_struct(g, count, name);
    for (uint32_t i = 0; i < count; i++) {
        names[i] = fields[i].name;
        sym->fields[i] = sym_of_type(g, fields[i].type, field_name(g, name, names[i]));
        if (!sym->fields[i])
            return NULL;
    }
    sym->names = names;
    return sym;
}

static Sym *new_enum(Gen *g, IsleTypeId type, Str name)
{
    const IsleType *const t = &g->isle->types.data[type];
    Sym *const sym = new_sym(g, SYM_ENUM, name);
    sym->type = type;
    sym->tag = sym_of_sort(g, sort_bv(32), name);
    sym->fields = ARENA_ARRAY(g->arena, Sym *, t->num_variants);
    sym->num_fields = t->num_variants;
    const Expr tag = sym_expr(g, sym->tag, t->pos);
    const Expr last = expr_bv(g->pool, 32, t->num_variants == 0 ? 0 : t->num_variants - 1);
    gen_assume(g, NULL, expr_2(g->pool, EXPR_BVULE, tag, last));
    return sym;
}

static Sym *sym_of_builtin(Gen *g, const IsleType *t, Str name)
{
    if (t->bits == 1)
        return sym_of_sort(g, sort_bool(), name);
    const Str type_name = isle_str(g->isle, t->name);
    if (str_eq_c(type_name, "usize") || str_eq_c(type_name, "isize"))
        return sym_of_sort(g, sort_int(), name);
    return sym_of_sort(g, sort_bv(t->bits), name);
}

Sym *sym_of_type(Gen *g, IsleTypeId type, Str name)
{
    const IsleType *const t = &g->isle->types.data[type];
    const uint32_t model = map_get(&g->isle->models, t->name);
    if (model != MAP_NONE && g->isle->defs.data[model]->u.model.type)
        return sym_of_model(g, g->isle->defs.data[model]->u.model.type, name);
    switch (t->kind) {
    case ISLE_TYPE_BUILTIN: return sym_of_builtin(g, t, name);
    case ISLE_TYPE_ENUM: return new_enum(g, type, name);
    case ISLE_TYPE_STRUCT:
        return struct_of_fields(g, t->variants[0].fields, t->variants[0].num_fields, name);
    case ISLE_TYPE_PRIMITIVE: break;
    }
    g->vc->missing = isle_str(g->isle, t->name);
    return gen_stop(g, STOP_NO_SPEC, t->pos, "type `%.*s` has no model",
                    STR_ARG(isle_str(g->isle, t->name)));
}

// A type is a width with something beside it.
static bool is_of_types(const IsleModelType *model)
{
    for (uint32_t i = 0; i < model->num_fields; i++)
        if (model->types[i]->kind == ISLE_MODEL_INT)
            return true;
    return false;
}

static Sym *struct_of_model(Gen *g, const IsleModelType *model, Str name)
{
    IsleSym *const names = ARENA_ARRAY(g->arena, IsleSym, model->num_fields);
    Sym *const sym = new_struct(g, model->num_fields, name);
    const bool of_type = is_of_types(model);
    for (uint32_t i = 0; i < model->num_fields; i++) {
        names[i] = model->fields[i].sym;
        sym->fields[i] = sym_of_model(g, model->types[i], field_name(g, name, names[i]));
        if (!sym->fields[i])
            return NULL;
        sym->fields[i]->of_type = of_type;
    }
    sym->names = names;
    return sym;
}

static Sym *constant_of_model(Gen *g, const IsleModelType *model)
{
    const uint32_t index = map_get(&g->isle->models, model->name.sym);
    ASSERT(index != MAP_NONE);
    return spec_eval(g, g->isle->defs.data[index]->u.model.constant, NULL, NULL);
}

Sym *sym_of_model(Gen *g, const IsleModelType *model, Str name)
{
    switch (model->kind) {
    case ISLE_MODEL_BOOL: return sym_of_sort(g, sort_bool(), name);
    case ISLE_MODEL_INT: return sym_of_sort(g, sort_int(), name);
    case ISLE_MODEL_UNIT: return new_sym(g, SYM_UNIT, name);
    case ISLE_MODEL_OPAQUE: return sym_of_sort(g, sort_bv(64), name);
    case ISLE_MODEL_INFER: return sym_cell(g, name);
    case ISLE_MODEL_BV:
        if (model->width > WIDE_MAX_WIDTH)
            return gen_stop(g, STOP_ERROR, model->pos, "bit vectors have at most %u bits here",
                            WIDE_MAX_WIDTH);
        // Of an open width: an instruction's results may still turn out to be none, or two.
        return model->width == 0 ? sym_cell(g, name) : sym_of_sort(g, sort_bv(model->width), name);
    case ISLE_MODEL_STRUCT: return struct_of_model(g, model, name);
    case ISLE_MODEL_CONST: return constant_of_model(g, model);
    case ISLE_MODEL_NAMED: {
        const IsleTypeId type = isle_find_type(g->isle, isle_str(g->isle, model->name.sym));
        ASSERT(type != ISLE_NONE);
        return sym_of_type(g, type, name);
    }
    }
    UNREACHABLE();
}

Sym *sym_resolve(Sym *sym)
{
    while (sym->link)
        sym = sym->link;
    return sym;
}

// ---- Scalars ----

Expr sym_expr(Gen *g, Sym *sym, IslePos pos)
{
    sym = sym_resolve(sym);
    if (sym->kind != SYM_CELL) {
        gen_stop(g, STOP_ERROR, pos, "a scalar is wanted here");
        return EXPR_NONE;
    }
    if (!expr_same(sym->expr, EXPR_NONE))
        return sym->expr;
    if (!sym->sorted || (sym->sort.kind == SORT_BV && sym->sort.width == 0)) {
        gen_stop(g, STOP_BLOCKED, pos, "the width of a value is open");
        return EXPR_NONE;
    }
    if (sym->sort.kind == SORT_INT && !g->settle) {
        // Likely a width, which an equation still to come gives.
        gen_stop(g, STOP_BLOCKED, pos, "a number is open");
        return EXPR_NONE;
    }
    sym->expr = expr_var(g->pool, sym->name, sym->sort);
    VEC_PUSH(g->arena, &g->vars, ((CellVar){sym->expr, sym}));
    if (sym->serial < g->floor)
        VEC_PUSH(g->arena, &g->late, sym->expr);
    return sym->expr;
}

const Sym *sym_of_var(const Gen *g, Expr var)
{
    for (uint32_t i = 0; i < g->vars.len; i++)
        if (expr_same(g->vars.data[i].var, var))
            return g->vars.data[i].cell;
    return NULL;
}

bool sym_set_sort(Gen *g, Sym *sym, Sort sort, IslePos pos)
{
    sym = sym_resolve(sym);
    if (sym->kind != SYM_CELL || (sym->sorted && sym->sort.kind != sort.kind)) {
        gen_stop(g, STOP_ERROR, pos, "values of different kinds meet");
        return false;
    }
    if (sym->sorted && sym->sort.width != 0 && sort.width != 0 && sym->sort.width != sort.width) {
        gen_stop(g, STOP_PRUNED, pos, "%u bits meet %u", sym->sort.width, sort.width);
        return false;
    }
    const bool news = !sym->sorted || (sym->sort.width == 0 && sort.width != 0);
    if (news && g->no_fork && sym->serial < g->floor) {
        // A rule that perhaps does not match says nothing of a width.
        gen_stop(g, STOP_BLOCKED, pos, "the width of a value is open");
        return false;
    }
    if (news)
        sym->sort = sort;
    sym->sorted = true;
    return true;
}

// A cell of unknown sort becomes what `like` is.
static void become(Sym *cell, Sym *like)
{
    like->effects = cell->effects ? cell->effects : like->effects;
    cell->link = like;
}

bool sym_constrain(Gen *g, Sym *sym, const IsleModelType *model)
{
    sym = sym_resolve(sym);
    if (sym->kind == SYM_CELL && !sym->sorted) {
        Sym *const made = sym_of_model(g, model, sym->name);
        if (!made)
            return false;
        if (made->kind == SYM_CELL) {
            sym->sorted = made->sorted;
            sym->sort = made->sort;
        } else {
            become(sym, made);
        }
        return true;
    }
    if (model->kind == ISLE_MODEL_CONST) {
        CallScope scope = {.guard = expr_bool(g->pool, true)};
        Sym *const constant = constant_of_model(g, model);
        return constant && sym_equate(g, &scope, sym, constant, model->pos);
    }
    if (model->kind == ISLE_MODEL_STRUCT && sym->kind == SYM_STRUCT) {
        for (uint32_t i = 0; i < model->num_fields; i++) {
            Sym *const field = sym_field(g, sym, model->fields[i].sym, model->pos);
            if (!field || !sym_constrain(g, field, model->types[i]))
                return false;
        }
        return true;
    }
    if (!sym_may_be(g, sym, model)) {
        gen_stop(g, STOP_PRUNED, model->pos, "a signature does not fit");
        return false;
    }
    return true;
}

static bool cell_may_be(const Sym *sym, SortKind kind, uint32_t width)
{
    if (sym->kind != SYM_CELL)
        return false;
    if (!sym->sorted)
        return true;
    return sym->sort.kind == kind &&
           (width == 0 || sym->sort.width == 0 || sym->sort.width == width);
}

// Whether a value may be a constant, as far as it is known.
static bool may_equal(Gen *g, Sym *sym, Sym *constant)
{
    sym = sym_resolve(sym);
    if (sym->kind == SYM_CELL && !sym->sorted)
        return true;
    if (sym->kind == SYM_STRUCT && constant->kind == SYM_STRUCT) {
        for (uint32_t i = 0; i < sym->num_fields; i++)
            if (!may_equal(g, sym->fields[i], sym_resolve(constant->fields[i])))
                return false;
        return true;
    }
    if (sym->kind != SYM_CELL || constant->kind != SYM_CELL)
        return false;
    return expr_same(sym->expr, EXPR_NONE) ||
           !expr_is_false(g->pool, expr_eq(g->pool, sym->expr, constant->expr));
}

bool sym_may_be(Gen *g, Sym *sym, const IsleModelType *model)
{
    sym = sym_resolve(sym);
    const bool open = sym->kind == SYM_CELL && !sym->sorted;
    switch (model->kind) {
    case ISLE_MODEL_BOOL: return cell_may_be(sym, SORT_BOOL, 0);
    case ISLE_MODEL_INT: return cell_may_be(sym, SORT_INT, 0);
    case ISLE_MODEL_UNIT: return open || sym->kind == SYM_UNIT;
    case ISLE_MODEL_OPAQUE:
    case ISLE_MODEL_INFER: return true;
    case ISLE_MODEL_BV: return cell_may_be(sym, SORT_BV, model->width);
    case ISLE_MODEL_STRUCT:
        if (sym->kind != SYM_STRUCT || sym->num_fields != model->num_fields)
            return open;
        for (uint32_t i = 0; i < model->num_fields; i++)
            if (sym->names[i] != model->fields[i].sym ||
                !sym_may_be(g, sym->fields[i], model->types[i]))
                return false;
        return true;
    case ISLE_MODEL_CONST: {
        Sym *const constant = constant_of_model(g, model);
        return constant && may_equal(g, sym, sym_resolve(constant));
    }
    case ISLE_MODEL_NAMED: return true; // its type is the parameter's own
    }
    UNREACHABLE();
}

// ---- Structs and enums ----

Sym *sym_field(Gen *g, Sym *sym, IsleSym name, IslePos pos)
{
    sym = sym_resolve(sym);
    if (sym->kind == SYM_CELL && !sym->sorted)
        return gen_stop(g, STOP_BLOCKED, pos, "the fields of a value are open");
    for (uint32_t i = 0; sym->kind == SYM_STRUCT && i < sym->num_fields; i++)
        if (sym->names[i] == name)
            return sym->fields[i];
    return gen_stop(g, STOP_ERROR, pos, "there is no field `%.*s` here",
                    STR_ARG(isle_str(g->isle, name)));
}

// Parts are as old as the whole, whenever they are first looked at.
static void set_age(Sym *part, uint32_t serial)
{
    part->serial = serial;
    if (part->kind == SYM_ENUM)
        part->tag->serial = serial;
    for (uint32_t i = 0; i < part->num_fields; i++)
        if (part->fields[i])
            set_age(part->fields[i], serial);
}

Sym *sym_variant(Gen *g, Sym *sym, uint32_t variant)
{
    if (!sym->fields[variant]) {
        const IsleVariant *const v = &g->isle->types.data[sym->type].variants[variant];
        Sym *const fields = struct_of_fields(g, v->fields, v->num_fields, sym->name);
        if (fields)
            set_age(fields, sym->serial);
        sym->fields[variant] = fields;
    }
    return sym->fields[variant];
}

static Expr equal_fields(Gen *g, Sym *a, Sym *b, IslePos pos)
{
    Expr all = expr_bool(g->pool, true);
    for (uint32_t i = 0; i < a->num_fields; i++) {
        const Expr one = sym_equal(g, a->fields[i], b->fields[i], pos);
        if (g->stop)
            return EXPR_NONE;
        all = expr_and(g->pool, all, one);
    }
    return all;
}

static Expr equal_enums(Gen *g, Sym *a, Sym *b, IslePos pos)
{
    const Expr tag = sym_expr(g, a->tag, pos);
    Expr all = expr_eq(g->pool, tag, sym_expr(g, b->tag, pos));
    for (uint32_t v = 0; v < a->num_fields; v++) {
        if (!a->fields[v] && !b->fields[v] &&
            g->isle->types.data[a->type].variants[v].num_fields == 0)
            continue;
        Sym *const x = sym_variant(g, a, v), *const y = sym_variant(g, b, v);
        if (!x || !y)
            return EXPR_NONE;
        const Expr same = equal_fields(g, x, y, pos);
        if (g->stop)
            return EXPR_NONE;
        const Expr is = expr_eq(g->pool, tag, expr_bv(g->pool, 32, v));
        all = expr_and(g->pool, all, expr_implies(g->pool, is, same));
    }
    return all;
}

Expr sym_equal(Gen *g, Sym *a, Sym *b, IslePos pos)
{
    a = sym_resolve(a);
    b = sym_resolve(b);
    if (a == b || (a->kind == SYM_UNIT && b->kind == SYM_UNIT))
        return expr_bool(g->pool, true);
    if (a->kind == SYM_STRUCT && b->kind == SYM_STRUCT && a->num_fields == b->num_fields)
        return equal_fields(g, a, b, pos);
    if (a->kind == SYM_ENUM && b->kind == SYM_ENUM && a->type == b->type)
        return equal_enums(g, a, b, pos);
    if (a->kind != SYM_CELL || b->kind != SYM_CELL) {
        const bool open =
            (a->kind == SYM_CELL && !a->sorted) || (b->kind == SYM_CELL && !b->sorted);
        gen_stop(g, open ? STOP_BLOCKED : STOP_ERROR, pos, "values of different kinds meet");
        return EXPR_NONE;
    }
    if ((a->sorted && !sym_set_sort(g, b, a->sort, pos)) ||
        (b->sorted && !sym_set_sort(g, a, b->sort, pos)))
        return EXPR_NONE;
    const Expr x = sym_expr(g, a, pos);
    const Expr y = g->stop ? EXPR_NONE : sym_expr(g, b, pos);
    return g->stop ? EXPR_NONE : expr_eq(g->pool, x, y);
}

static Sym *merge_enums(Gen *g, Expr cond, Sym *a, Sym *b, IslePos pos)
{
    Sym *const out = new_enum(g, a->type, (Str){0});
    if (!(out->tag = sym_merge(g, cond, a->tag, b->tag, pos)))
        return NULL;
    for (uint32_t v = 0; v < a->num_fields; v++) {
        if (!a->fields[v] && !b->fields[v])
            continue;
        Sym *const x = sym_variant(g, a, v), *const y = sym_variant(g, b, v);
        if (!x || !y || !(out->fields[v] = sym_merge(g, cond, x, y, pos)))
            return NULL;
    }
    return out;
}

Sym *sym_merge(Gen *g, Expr cond, Sym *a, Sym *b, IslePos pos)
{
    a = sym_resolve(a);
    b = sym_resolve(b);
    if (a == b)
        return a;
    if (a->kind == SYM_STRUCT && b->kind == SYM_STRUCT && a->num_fields == b->num_fields) {
        Sym *const out = new_struct(g, a->num_fields, (Str){0});
        out->names = a->names;
        for (uint32_t i = 0; i < a->num_fields; i++)
            if (!(out->fields[i] = sym_merge(g, cond, a->fields[i], b->fields[i], pos)))
                return NULL;
        return out;
    }
    if (a->kind == SYM_ENUM && b->kind == SYM_ENUM && a->type == b->type)
        return merge_enums(g, cond, a, b, pos);
    if (a->kind != SYM_CELL || b->kind != SYM_CELL)
        return gen_stop(g, STOP_ERROR, pos, "the arms have different kinds");
    if ((a->sorted && !sym_set_sort(g, b, a->sort, pos)) ||
        (b->sorted && !sym_set_sort(g, a, b->sort, pos)))
        return NULL;
    const Expr x = sym_expr(g, a, pos);
    const Expr y = g->stop ? EXPR_NONE : sym_expr(g, b, pos);
    return g->stop ? NULL : sym_of_expr(g, expr_ite(g->pool, cond, x, y));
}

// ---- Equations ----

static bool may_define(const CallScope *scope, const Sym *sym)
{
    const bool number = sym->sorted && sym->sort.kind != SORT_INT; // widths are for all to tell
    return sym->kind == SYM_CELL && expr_same(sym->expr, EXPR_NONE) && !scope->assert_mode &&
           sym->serial >= scope->floor &&
           !((scope->is_total || scope->needs) && number && sym->serial < scope->since);
}

// Lets an undefined cell be another value. False: not possible.
static bool define(Gen *g, CallScope *scope, Sym *cell, Sym *value, IslePos pos)
{
    if (!may_define(scope, cell))
        return false;
    if (value->kind != SYM_CELL) {
        if (cell->sorted)
            return false;
        become(cell, value);
        return true;
    }
    if (value->sorted && !sym_set_sort(g, cell, value->sort, pos))
        return true; // stopped
    if (expr_same(value->expr, EXPR_NONE)) {
        if (cell->sorted && !sym_set_sort(g, value, cell->sort, pos))
            return true;
        // Equal values are not one value: an instruction and its operand may be equal.
        if (value->sorted && (value->sort.kind == SORT_BOOL || value->sort.width != 0)) {
            cell->expr = sym_expr(g, value, pos);
            return true;
        }
        // The names in a counterexample are those of the older value; effects stay with theirs.
        if (cell->effects || !may_define(scope, value))
            return false;
        cell->link = value;
        return true;
    }
    cell->expr = value->expr;
    return true;
}

bool sym_equate(Gen *g, CallScope *scope, Sym *a, Sym *b, IslePos pos)
{
    a = sym_resolve(a);
    b = sym_resolve(b);
    if (a == b)
        return true;
    if (a->kind == SYM_STRUCT && b->kind == SYM_STRUCT && a->num_fields == b->num_fields) {
        for (uint32_t i = 0; i < a->num_fields; i++)
            if (!sym_equate(g, scope, a->fields[i], b->fields[i], pos))
                return false;
        return true;
    }
    Sym *const newer = a->serial > b->serial ? a : b, *const older = newer == a ? b : a;
    if (define(g, scope, newer, older, pos) || (!g->stop && define(g, scope, older, newer, pos)))
        return !g->stop;
    const Expr equal = g->stop ? EXPR_NONE : sym_equal(g, a, b, pos);
    if (g->stop)
        return false;
    if (scope->assert_mode)
        gen_goal(g, scope, equal, STR("the values are equal"));
    else
        gen_assume(g, scope, equal);
    return true;
}
