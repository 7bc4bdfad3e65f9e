// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A counterexample as a CLIF function: the instructions that the left side matches, at the types of
// the case, on parameters; and the model's values of these. Instructions are found by the names of
// the terms that were matched: the first is the one that is lowered, and where an operand is the
// result of another, that one stands before it. What is about addresses, or has no values to
// compare, is left to people.

#include "ir/ir.h"
#include "text/text.h"
#include "verify/verify_internal.h"

enum { MAX_PARAMS = 8 };

typedef struct Clif {
    const Isle *isle;
    const Vc *vc;
    const ExprValue *values;
    const Bitset *known;
    Arena *arena;
    StrBuf body, types, names, args;
    uint32_t num_params;
    uint32_t next; // number of a value
} Clif;

// An operand of an instruction: its expression and its type.
typedef struct Operand {
    Expr expr;
    Type type;
} Operand;

static Opcode opcode_of(const VcCall *call)
{
    return call->extractor ? op_parse(call->text) : OP_COUNT;
}

static uint64_t number_of(const Clif *c, Expr e)
{
    return expr_same(e, EXPR_NONE) || !bitset_has(c->known, e.index) ? 0
                                                                     : c->values[e.index].bits.w[0];
}

// The type of `width` bits that operand `n` may have.
static Type operand_type(Opcode op, uint32_t n, Type ctrl, uint32_t width)
{
    static const Type types[] = {TYPE_I8,  TYPE_I16, TYPE_I32, TYPE_I64, TYPE_I128,
                                 TYPE_F16, TYPE_F32, TYPE_F64, TYPE_F128};
    const TypeConstraint want = (TypeConstraint)ir_ops[op].args[n];
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (type_bits(types[i]) == width && op_constraint_allows(want, ctrl, types[i]))
            return types[i];
    return TYPE_INVALID;
}

// A new parameter with the model's value.
static uint32_t add_param(Clif *c, const Operand *operand)
{
    DataValue data = {.type = operand->type};
    if (bitset_has(c->known, operand->expr.index))
        memcpy(data.bytes, c->values[operand->expr.index].bits.w, type_bytes(data.type));
    const Str type = type_name(c->arena, data.type);
    const char *const comma = c->num_params++ == 0 ? "" : ", ";
    buf_printf(&c->types, "%s%.*s", comma, STR_ARG(type));
    buf_printf(&c->names, "%sv%u: %.*s", comma, c->next, STR_ARG(type));
    buf_puts(&c->args, comma);
    text_print_data(&data, &c->args);
    return c->next++;
}

static bool add_inst(Clif *c, uint32_t index, uint32_t *result);

// The value of an operand of call `user`: of an instruction that was matched, or a parameter.
static bool add_operand(Clif *c, uint32_t user, const Operand *operand, uint32_t *value)
{
    for (uint32_t i = user + 1; i < c->vc->calls.len; i++) {
        const VcCall *const call = &c->vc->calls.data[i];
        if (opcode_of(call) < OP_COUNT && call->results.len == 1 &&
            expr_same(call->results.data[0], operand->expr))
            return add_inst(c, i, value);
    }
    if (c->num_params == MAX_PARAMS || expr_same(operand->expr, EXPR_NONE))
        return false;
    *value = add_param(c, operand);
    return true;
}

typedef struct Parts {
    Type ctrl;
    uint64_t number; // an immediate or a condition
    Expr values[3];
    uint32_t num_values;
} Parts;

// The arguments of a term by their types. False: one is not for here.
static bool take_parts(const Clif *c, const VcCall *call, Parts *out)
{
    const IsleTerm *const term = &c->isle->terms.data[call->term];
    *out = (Parts){.ctrl = TYPE_INVALID};
    for (uint32_t p = 0; p < term->num_args; p++) {
        const uint32_t at = call->starts.data[p];
        const Str type = isle_str(c->isle, c->isle->types.data[term->args[p]].name);
        const bool is_value = str_eq(type, STR("Value"));
        const Expr first = at < call->args.len ? call->args.data[at] : EXPR_NONE;
        if (str_eq(type, STR("Type"))) {
            // Another project's types may be widths alone.
            const uint32_t end = p + 1 < term->num_args ? call->starts.data[p + 1] : call->args.len;
            const bool is_float = end > at + 1 && number_of(c, call->args.data[at + 1]) != 0;
            const Str name =
                str_printf(c->arena, "%c%u", is_float ? 'f' : 'i', (uint32_t)number_of(c, first));
            out->ctrl = type_parse(name);
        } else if (is_value && out->num_values < 3) {
            out->values[out->num_values++] = first;
        } else if (str_eq(type, STR("IntCC")) || str_eq(type, STR("FloatCC")) ||
                   str_eq(type, STR("u64"))) {
            out->number = number_of(c, first);
        } else {
            return false;
        }
    }
    return true;
}

// What stands between the opcode and its operands. False: instructions of this form are not for
// here.
static bool print_immediate(Clif *c, Opcode op, const Parts *parts)
{
    DataValue data = {.type = op == OP_F32CONST ? TYPE_F32 : TYPE_F64};
    switch ((int)op_format(op)) {
    case FMT_UNARY:
    case FMT_BINARY:
    case FMT_TERNARY: return true;
    case FMT_INT_COMPARE:
        buf_printf(&c->body, " %s", intcc_name((IntCC)parts->number));
        return parts->number < INTCC_COUNT;
    case FMT_FLOAT_COMPARE:
        buf_printf(&c->body, " %s", floatcc_name((FloatCC)parts->number));
        return parts->number < FLOATCC_COUNT;
    case FMT_UNARY_IMM: buf_printf(&c->body, " %lld", (long long)parts->number); return true;
    case FMT_UNARY_IEEE32:
    case FMT_UNARY_IEEE64:
        memcpy(data.bytes, &parts->number, type_bytes(data.type));
        buf_char(&c->body, ' ');
        text_print_data(&data, &c->body);
        return true;
    default: return false;
    }
}

static bool add_inst(Clif *c, uint32_t index, uint32_t *result)
{
    const VcCall *const call = &c->vc->calls.data[index];
    const Opcode op = opcode_of(call);
    Parts parts;
    uint32_t values[3];
    if (!take_parts(c, call, &parts))
        return false;
    for (uint32_t i = 0; i < parts.num_values; i++) {
        Operand operand = {parts.values[i], TYPE_INVALID};
        if (expr_same(operand.expr, EXPR_NONE))
            return false;
        const Sort sort = expr_node(c->vc->pool, operand.expr)->sort;
        operand.type = operand_type(op, i, parts.ctrl, sort.width);
        if (operand.type == TYPE_INVALID || !add_operand(c, index, &operand, &values[i]))
            return false;
    }
    *result = c->next++;
    buf_printf(&c->body, "    v%u = %s", *result, ir_ops[op].name);
    if (ir_ops[op].ctrl == CTRL_SUFFIX)
        buf_printf(&c->body, ".%.*s", STR_ARG(type_name(c->arena, parts.ctrl)));
    if (!print_immediate(c, op, &parts))
        return false;
    for (uint32_t i = 0; i < parts.num_values; i++)
        buf_printf(&c->body, "%s v%u", i == 0 && parts.num_values != 0 ? "" : ",", values[i]);
    buf_char(&c->body, '\n');
    return true;
}

Str verify_clif(const Isle *isle, const Vc *vc, const ExprValue *values, const Bitset *known,
                Arena *arena)
{
    uint32_t root = 0, result = 0;
    Clif c = {isle,
              vc,
              values,
              known,
              arena,
              {.arena = arena},
              {.arena = arena},
              {.arena = arena},
              {.arena = arena},
              0,
              0};
    while (root < vc->calls.len && opcode_of(&vc->calls.data[root]) >= OP_COUNT)
        root++;
    if (root == vc->calls.len)
        return (Str){0};
    const VcCall *const call = &vc->calls.data[root];
    const Opcode op = opcode_of(call);
    Parts parts;
    if (op_fixed_results(op) != 1 || !take_parts(&c, call, &parts) || !add_inst(&c, root, &result))
        return (Str){0};
    const Type type = op_constraint_type((TypeConstraint)ir_ops[op].results[0], parts.ctrl);
    StrBuf out = {.arena = arena};
    buf_printf(&out,
               "function %%counterexample(%.*s) -> %.*s {\nblock0(%.*s):\n%.*s    return v%u\n}\n",
               STR_ARG(buf_view(&c.types)), STR_ARG(type_name(arena, type)),
               STR_ARG(buf_view(&c.names)), STR_ARG(buf_view(&c.body)), result);
    buf_printf(&out, "; print: %%counterexample(%.*s)\n", STR_ARG(buf_view(&c.args)));
    return buf_view(&out);
}
