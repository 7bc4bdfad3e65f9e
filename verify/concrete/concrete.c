// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Evaluation of specifications: names, forms, effects, clauses.

#include "verify/concrete/concrete_internal.h"

#define DEPTH_MAX 400u

// A name in scope.
typedef struct Scope {
    IsleSym name;
    const Concrete *value;
    const struct Scope *next;
} Scope;

static bool eval(ConcreteRun *run, const IsleSpecExpr *e, const Scope *scope, Concrete *out);

// ---- Values ----

Concrete concrete_bv(uint32_t width, Wide bits)
{
    return (Concrete){.kind = CONCRETE_BV, .width = width, .bits = bits};
}

Concrete concrete_u64(uint32_t width, uint64_t bits)
{
    return concrete_bv(width, wide_low(wide_from_u64(bits), width));
}

Concrete concrete_bool(bool value)
{
    return (Concrete){.kind = CONCRETE_BOOL, .bits = wide_from_u64(value)};
}

Concrete concrete_int(int64_t value)
{
    return (Concrete){.kind = CONCRETE_INT, .bits = wide_from_int(value)};
}

Concrete concrete_unit(void)
{
    return (Concrete){.kind = CONCRETE_UNIT};
}

Concrete concrete_open(uint32_t width)
{
    const Wide all = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
    return (Concrete){.kind = CONCRETE_BV, .width = width, .unknown = wide_low(all, width)};
}

Concrete concrete_struct(const IsleSym *names, const Concrete *fields, uint32_t num_fields)
{
    return (Concrete){
        .kind = CONCRETE_STRUCT, .names = names, .fields = fields, .num_fields = num_fields};
}

// Hexadecimal digits; `?` for one of which a bit is not known.
static void print_bits(const Concrete *x, StrBuf *out)
{
    buf_puts(out, "0x");
    for (uint32_t digit = (x->width + 3) / 4; digit-- > 0;) {
        const Wide value = wide_shr(x->bits, 4 * digit), open = wide_shr(x->unknown, 4 * digit);
        buf_char(out, (open.w[0] & 15) != 0 ? '?' : "0123456789abcdef"[value.w[0] & 15]);
    }
}

void concrete_print(const Concrete *value, StrBuf *out)
{
    switch (value->kind) {
    case CONCRETE_BOOL:
        buf_puts(out, !concrete_known(value) ? "?" : value->bits.w[0] ? "true" : "false");
        return;
    case CONCRETE_INT: buf_printf(out, "%lld", (long long)wide_to_int(&value->bits)); return;
    case CONCRETE_BV: print_bits(value, out); return;
    case CONCRETE_UNIT: buf_puts(out, "()"); return;
    case CONCRETE_STRUCT:
        for (uint32_t i = 0; i < value->num_fields; i++) {
            buf_char(out, i == 0 ? '{' : ' ');
            concrete_print(&value->fields[i], out);
        }
        buf_char(out, '}');
        return;
    }
    UNREACHABLE();
}

bool concrete_cannot(ConcreteRun *run, IslePos pos, const char *why)
{
    if (!run->why) {
        run->why = why;
        run->pos = pos;
    }
    return false;
}

// ---- Names ----

static bool variable(ConcreteRun *run, const IsleSpecExpr *e, const Scope *scope, Concrete *out)
{
    for (; scope; scope = scope->next) {
        if (scope->name != e->name)
            continue;
        *out = *scope->value;
        return true;
    }
    for (uint32_t i = 0; i < run->num_states; i++) {
        if (run->states[i].name != e->name)
            continue;
        *out = run->states[i].value;
        return true;
    }
    return concrete_cannot(run, e->pos, "the name has no value here");
}

static const Concrete *kept(ConcreteRun *run, const Concrete *value)
{
    Concrete *const copy = ARENA_NEW(run->arena, Concrete);
    *copy = *value;
    return copy;
}

static bool let(ConcreteRun *run, const IsleSpecExpr *e, const Scope *scope, Concrete *out)
{
    for (uint32_t i = 0; i < e->num_names; i++) {
        Concrete value;
        if (!eval(run, e->args[i], scope, &value))
            return false;
        Scope *const inner = ARENA_NEW(run->arena, Scope);
        *inner = (Scope){e->names[i].sym, kept(run, &value), scope};
        scope = inner;
    }
    return eval(run, e->args[e->num_args - 1], scope, out);
}

static bool macro_call(ConcreteRun *run, const IsleSpecExpr *e, const Scope *scope, Concrete *out)
{
    const uint32_t index = map_get(&run->isle->macros, e->name);
    const Scope *inner = NULL;
    if (index == MAP_NONE)
        return concrete_cannot(run, e->pos, "macros that are values are not evaluated");
    const IsleDef *const def = run->isle->defs.data[index];
    for (uint32_t i = 0; i < e->num_args; i++) {
        Concrete value;
        if (!eval(run, e->args[i], scope, &value))
            return false;
        Scope *const param = ARENA_NEW(run->arena, Scope);
        *param = (Scope){def->u.macro.params[i].sym, kept(run, &value), inner};
        inner = param;
    }
    return eval(run, def->u.macro.body, inner, out);
}

// ---- Structs ----

static bool field(ConcreteRun *run, const IsleSpecExpr *e, const Scope *scope, Concrete *out)
{
    Concrete value;
    if (!eval(run, e->args[0], scope, &value))
        return false;
    for (uint32_t i = 0; i < value.num_fields; i++) {
        if (value.names[i] != e->name)
            continue;
        *out = value.fields[i];
        return true;
    }
    return concrete_cannot(run, e->pos, "the value has no such field");
}

static bool make_struct(ConcreteRun *run, const IsleSpecExpr *e, const Scope *scope, Concrete *out)
{
    IsleSym *const names = ARENA_ARRAY(run->arena, IsleSym, e->num_names);
    Concrete *const fields = ARENA_ARRAY(run->arena, Concrete, e->num_names);
    for (uint32_t i = 0; i < e->num_names; i++) {
        names[i] = e->names[i].sym;
        if (!eval(run, e->args[i], scope, &fields[i]))
            return false;
    }
    *out = concrete_struct(names, fields, e->num_names);
    return true;
}

// ---- Choices ----

// What is known whichever of two values it is.
static bool merged(ConcreteRun *run, IslePos pos, const Concrete *a, const Concrete *b,
                   Concrete *out)
{
    if (a->kind != b->kind || a->width != b->width || a->num_fields != b->num_fields)
        return concrete_cannot(run, pos, "a choice between values of different sorts");
    *out = *a;
    if (a->kind == CONCRETE_STRUCT) {
        Concrete *const fields = ARENA_ARRAY(run->arena, Concrete, a->num_fields);
        for (uint32_t i = 0; i < a->num_fields; i++)
            if (!merged(run, pos, &a->fields[i], &b->fields[i], &fields[i]))
                return false;
        out->fields = fields;
        return true;
    }
    if (a->kind == CONCRETE_INT && !wide_equal(&a->bits, &b->bits))
        return concrete_cannot(run, pos, "a number that is not known");
    for (size_t i = 0; i < WIDE_MAX_WIDTH / 64; i++) {
        out->unknown.w[i] |= b->unknown.w[i] | (a->bits.w[i] ^ b->bits.w[i]);
        out->bits.w[i] &= ~out->unknown.w[i];
    }
    return true;
}

static bool choose(ConcreteRun *run, const IsleSpecExpr *e, const Scope *scope, Concrete *out)
{
    Concrete cond, yes, no;
    if (!eval(run, e->args[0], scope, &cond))
        return false;
    if (cond.kind != CONCRETE_BOOL)
        return concrete_cannot(run, e->pos, "the condition is no truth value");
    if (concrete_known(&cond))
        return eval(run, e->args[cond.bits.w[0] ? 1 : 2], scope, out);
    const uint32_t events = run->events.len;
    if (!eval(run, e->args[1], scope, &yes) || !eval(run, e->args[2], scope, &no))
        return false;
    if (run->events.len != events)
        return concrete_cannot(run, e->pos, "an effect that depends on what is not known");
    return merged(run, e->pos, &yes, &no, out);
}

static bool choose_case(ConcreteRun *run, const IsleSpecExpr *e, const Scope *scope, Concrete *out)
{
    Concrete value, key;
    if (!eval(run, e->args[0], scope, &value))
        return false;
    for (uint32_t i = 1; i + 1 < e->num_args; i += 2) {
        if (!eval(run, e->args[i], scope, &key))
            return false;
        if (!concrete_known(&value) || !concrete_known(&key))
            return concrete_cannot(run, e->pos, "a choice by what is not known");
        if (value.kind != key.kind || value.width != key.width)
            return concrete_cannot(run, e->args[i]->pos, "a case of another sort");
        if (wide_equal(&value.bits, &key.bits))
            return eval(run, e->args[i + 1], scope, out);
    }
    return concrete_cannot(run, e->pos, "no case for this value");
}

// ---- Effects ----

static bool known_bits(ConcreteRun *run, const IsleSpecExpr *at, const Concrete *x, uint32_t width)
{
    if (x->kind == CONCRETE_BV && x->width == width && concrete_known(x))
        return true;
    return concrete_cannot(run, at->pos, "an address or trap code that is not known");
}

static bool trap_if(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args, Concrete *out)
{
    *out = concrete_bool(true);
    if (args[0].kind != CONCRETE_BOOL || !concrete_known(&args[0]))
        return concrete_cannot(run, e->pos, "a trap that depends on what is not known");
    if (args[0].bits.w[0] == 0)
        return true;
    if (!known_bits(run, e->args[1], &args[1], 8))
        return false;
    run->trapped = true;
    run->trap = (uint8_t)args[1].bits.w[0];
    run->pos = e->pos;
    return false;
}

static bool load(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args, Concrete *out)
{
    const uint32_t width = (uint32_t)wide_to_int(&args[0].bits);
    if (!known_bits(run, e->args[1], &args[1], 64) || !known_bits(run, e->args[2], &args[2], 8))
        return false;
    const uint64_t address = args[1].bits.w[0];
    const uint8_t code = (uint8_t)args[2].bits.w[0];
    for (uint32_t i = 0; i < run->events.len; i++) {
        const ConcreteEvent *const event = &run->events.data[i];
        if (event->op != ISLE_SPEC_OP_LOAD || event->address != address || event->width != width)
            continue;
        *out = event->value;
        return true;
    }
    Wide bits;
    if (!run->load(run->context, address, width, &bits)) {
        run->trapped = true;
        run->trap = code;
        run->pos = e->pos;
        return false;
    }
    *out = concrete_bv(width, bits);
    const ConcreteEvent event = {ISLE_SPEC_OP_LOAD, width, address, code, *out};
    VEC_PUSH(run->arena, &run->events, event);
    return true;
}

static bool store(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args, Concrete *out)
{
    *out = concrete_bool(true);
    if (!known_bits(run, e->args[0], &args[0], 64) || !known_bits(run, e->args[2], &args[2], 8))
        return false;
    const ConcreteEvent event = {ISLE_SPEC_OP_STORE, args[1].width, args[0].bits.w[0],
                                 (uint8_t)args[2].bits.w[0], args[1]};
    VEC_PUSH(run->arena, &run->events, event);
    return true;
}

static bool effect(ConcreteRun *run, const IsleSpecExpr *e, const Concrete *args, Concrete *out)
{
    switch ((int)e->op) {
    case ISLE_SPEC_OP_TRAP_IF: return trap_if(run, e, args, out);
    case ISLE_SPEC_OP_LOAD: return load(run, e, args, out);
    case ISLE_SPEC_OP_STORE: return store(run, e, args, out);
    case ISLE_SPEC_OP_OUTPUT:
        return concrete_cannot(run, e->pos, "results of whole rules are not evaluated");
    default: break;
    }
    ConcreteEvent event = {.op = e->op};
    if (e->num_args == 1)
        event.value = args[0];
    VEC_PUSH(run->arena, &run->events, event);
    *out = concrete_bool(true);
    return true;
}

// ---- Expressions ----

static bool operation(ConcreteRun *run, const IsleSpecExpr *e, const Scope *scope, Concrete *out)
{
    enum { ARGS_MAX = 16 };
    Concrete args[ARGS_MAX];
    if (e->num_args > ARGS_MAX)
        return concrete_cannot(run, e->pos, "too many operands");
    for (uint32_t i = 0; i < e->num_args; i++) {
        if (!eval(run, e->args[i], scope, &args[i]))
            return false;
        // `and` is in order: what follows a condition known to be false says nothing.
        if (e->op == ISLE_SPEC_OP_AND && args[i].kind == CONCRETE_BOOL &&
            concrete_known(&args[i]) && args[i].bits.w[0] == 0) {
            *out = args[i];
            return true;
        }
    }
    if (e->op >= ISLE_SPEC_OP_TRAP_IF)
        return effect(run, e, args, out);
    return concrete_operator(run, e, args, out);
}

static bool eval_kind(ConcreteRun *run, const IsleSpecExpr *e, const Scope *scope, Concrete *out)
{
    const Wide low = {{(uint64_t)e->value.magnitude, (uint64_t)(e->value.magnitude >> 64)}};
    switch (e->kind) {
    case ISLE_SPEC_INT:
        if (e->value.magnitude > INT64_MAX)
            return concrete_cannot(run, e->pos, "the number is too large");
        *out = concrete_int(e->value.negative ? -(int64_t)low.w[0] : (int64_t)low.w[0]);
        return true;
    case ISLE_SPEC_BITS: *out = concrete_bv(e->width, low); return true;
    case ISLE_SPEC_BOOL: *out = concrete_bool(e->value.magnitude != 0); return true;
    case ISLE_SPEC_VAR: return variable(run, e, scope, out);
    case ISLE_SPEC_OP: return operation(run, e, scope, out);
    case ISLE_SPEC_LET: return let(run, e, scope, out);
    case ISLE_SPEC_SWITCH: return choose_case(run, e, scope, out);
    case ISLE_SPEC_IF: return choose(run, e, scope, out);
    case ISLE_SPEC_AS: return eval(run, e->args[0], scope, out);
    case ISLE_SPEC_FIELD: return field(run, e, scope, out);
    case ISLE_SPEC_STRUCT: return make_struct(run, e, scope, out);
    case ISLE_SPEC_MACRO_CALL: return macro_call(run, e, scope, out);
    case ISLE_SPEC_WITH:
    case ISLE_SPEC_MATCH:
    case ISLE_SPEC_DISCRIMINATOR:
    case ISLE_SPEC_VARIANT:
    case ISLE_SPEC_MACRO: return concrete_cannot(run, e->pos, "this form is not evaluated");
    }
    UNREACHABLE();
}

static bool eval(ConcreteRun *run, const IsleSpecExpr *e, const Scope *scope, Concrete *out)
{
    if (run->depth == DEPTH_MAX)
        return concrete_cannot(run, e->pos, "nested too deep");
    run->depth++;
    const bool good = eval_kind(run, e, scope, out);
    run->depth--;
    return good;
}

// ---- Clauses ----

static const Scope *bind(ConcreteRun *run, IsleSym name, const Concrete *value, const Scope *next)
{
    Scope *const scope = ARENA_NEW(run->arena, Scope);
    *scope = (Scope){name, value, next};
    return scope;
}

static ConcreteOutcome condition(ConcreteRun *run, const IsleSpecExpr *e, const Scope *scope)
{
    Concrete truth;
    run->depth = 0;
    if (!eval(run, e, scope, &truth))
        return run->trapped ? CONCRETE_TRAPS : CONCRETE_CANNOT;
    if (truth.kind != CONCRETE_BOOL) {
        (void)concrete_cannot(run, e->pos, "a condition that is no truth value");
        return CONCRETE_CANNOT;
    }
    run->vague = run->vague || !concrete_known(&truth);
    if (!concrete_known(&truth) || truth.bits.w[0] != 0)
        return CONCRETE_HOLDS;
    run->pos = e->pos;
    return CONCRETE_FAILS;
}

ConcreteOutcome concrete_run(ConcreteRun *run, const IsleDef *spec, IsleClauseKind kind,
                             const Concrete *params, const Concrete *result)
{
    const Scope *scope = NULL;
    for (uint32_t i = 0; i < spec->u.spec.num_params; i++)
        scope = bind(run, spec->u.spec.params[i].sym, &params[i], scope);
    const uint32_t name = strtable_find(&run->isle->symbols, STR("result"));
    if (result && name != MAP_NONE)
        scope = bind(run, name, result, scope);
    for (uint32_t c = 0; c < spec->u.spec.num_clauses; c++) {
        const IsleClause *const clause = &spec->u.spec.clauses[c];
        if (clause->kind != kind)
            continue;
        for (uint32_t e = 0; e < clause->num_exprs; e++) {
            const ConcreteOutcome outcome = condition(run, clause->exprs[e], scope);
            if (outcome != CONCRETE_HOLDS)
                return outcome;
        }
    }
    return CONCRETE_HOLDS;
}
