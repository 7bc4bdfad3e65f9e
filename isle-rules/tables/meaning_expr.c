// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expressions of meanings: operators by the shapes of spec_ops.def, the abbreviations that rows
// have beside them, operands, flags and macros.

#include "isle-rules/tables/meaning_internal.h"

#include <stdarg.h>

#define DEPTH_MAX 200u
#define WIDTH_MAX 256

typedef enum Shape {
#define SPEC_SHAPE(NAME) SHAPE_##NAME,
#include "isle-rules/compiler/spec_shapes.def"
    // Of the abbreviations below.
    SHAPE_CONSTANT, // (bv NUMBER WIDTH)
    SHAPE_LOW,      // WIDTH (bv n) -> (bv WIDTH), WIDTH <= n
    SHAPE_BIT_OF,   // (bv n) -> (bv 1)
    SHAPE_TRUTH,    // Bool -> (bv 1)
    SHAPE_COND,     // a condition -> (bv 1); reads the flags
    SHAPE_ATOMIC    // operator, two bit vectors
} Shape;

#define MANY UINT32_MAX

typedef struct Operator {
    const char *text;
    uint32_t min, max;
    Shape shape;
    const char *macro; // of an abbreviation: what stands for it in specifications
} Operator;

static const Operator operators[] = {
#define SPEC_OP(NAME, text, min, max, shape) {text, min, max, SHAPE_##shape, NULL},
#include "isle-rules/compiler/spec_ops.def"
    {"bv", 2, 2, SHAPE_CONSTANT, NULL},
    {"low", 2, 2, SHAPE_LOW, "low!"},
    {"msb", 1, 1, SHAPE_BIT_OF, "msb!"},
    {"parity", 1, 1, SHAPE_BIT_OF, "parity!"},
    {"ctz", 1, 1, SHAPE_BITS, "ctz!"},
    {"bool->bit", 1, 1, SHAPE_TRUTH, "bool_bit!"},
    {"x64-cond", 1, 1, SHAPE_COND, "x64_cond!"},
    {"a64-cond", 1, 1, SHAPE_COND, "a64_cond!"},
    {"atomic-rmw", 3, 3, SHAPE_ATOMIC, "atomic_result!"},
};

// Bits that a function finds, by their names in specifications.
static const struct {
    const char *name;
    uint32_t width;
} states[] = {{"frame_pointer", 64},
              {"stack_pointer", 64},
              {"return_address", 64},
              {"pinned_register", 64},
              {"num_targets", 32}};

bool meaning_fail(Meaning *m, const Sexpr *at, const char *format, ...)
{
    va_list args;
    StrBuf text = {.arena = m->set->arena};
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    const uint32_t pos = m->in_macro ? m->in_macro->pos : at->pos;
    if (m->in_macro)
        buf_printf(&text, " (in macro '%.*s')", STR_ARG(m->in_macro->items[0].text));
    diag_error(m->diag, STATUS_INVALID, m->row->source, pos, "'%.*s': %.*s", STR_ARG(m->row->name),
               STR_ARG(buf_view(&text)));
    return false;
}

static Str sort_name(const Meaning *m, const Term *term)
{
    if (term->sort == TERM_BV)
        return str_printf(m->set->arena, "%u bits", term->width);
    return term->sort == TERM_BOOL ? STR("a truth value") : STR("a number");
}

static bool same_sort(const Term *a, const Term *b)
{
    return a->sort == b->sort && a->width == b->width;
}

static Term bits_term(uint32_t width, Str text)
{
    return (Term){TERM_BV, width, 0, text};
}

static Term number_term(const Meaning *m, int64_t value)
{
    return (Term){TERM_INT, 0, value, str_printf(m->set->arena, "%lld", (long long)value)};
}

// ---- Names ----

uint32_t meaning_operand_width(const Meaning *m, const RowOperandModel *operand)
{
    const uint32_t bytes = operand->bytes != 0 ? operand->bytes : m->bytes;
    const bool has_64 = bytes == 0 || (operand->kind == ROWOP_IMM && bytes > 8);
    return has_64 ? 64 : 8 * bytes;
}

bool meaning_bind(Meaning *m, const Sexpr *at, Str name, Term term)
{
    for (uint32_t i = 0; i < m->lets.len; i++)
        if (str_eq(m->lets.data[i].name, name))
            return meaning_fail(m, at, "'%.*s' is bound already", STR_ARG(name));
    const MeaningName bound = {name, term};
    VEC_PUSH(m->set->arena, &m->lets, bound);
    return true;
}

// What stands for the value of an operand: its register's low bits, or what memory holds.
static Str operand_value(const Meaning *m, const RowOperandModel *operand, uint32_t width)
{
    Arena *const arena = m->set->arena;
    const Str name = operand->name;
    switch (operand->kind) {
    case ROWOP_USE:
    case ROWOP_IMM: return str_printf(arena, "(extract %u 0 %.*s)", width - 1, STR_ARG(name));
    case ROWOP_MEM:
        return str_printf(arena, "(load %u (:address %.*s) (:trap %.*s))", width, STR_ARG(name),
                          STR_ARG(name));
    case ROWOP_RM:
        return str_printf(arena,
                          "(if (:is_mem %.*s) (load %u (:address (:mem %.*s)) (:trap (:mem %.*s))) "
                          "(extract %u 0 (:reg %.*s)))",
                          STR_ARG(name), width, STR_ARG(name), STR_ARG(name), width - 1,
                          STR_ARG(name));
    case ROWOP_DEF:
    case ROWOP_CC:
    case ROWOP_LABEL: break;
    }
    UNREACHABLE();
}

static bool operand_term(Meaning *m, const Sexpr *e, const RowOperandModel *operand, Term *out)
{
    const uint32_t index = (uint32_t)(operand - m->row->operands);
    const uint32_t width = meaning_operand_width(m, operand);
    if (operand->kind == ROWOP_CC || str_eq(operand->imm_kind, STR("trap"))) {
        *out = bits_term(8, operand->name);
        return true;
    }
    if (operand->kind == ROWOP_DEF || operand->kind == ROWOP_LABEL)
        return meaning_fail(m, e, "'%.*s' has no value before the instruction",
                            STR_ARG(operand->name));
    *out = bits_term(width, str_printf(m->set->arena, "%.*s_v", STR_ARG(operand->name)));
    if (m->operand_named[index])
        return true;
    m->operand_named[index] = true;
    return meaning_bind(m, e, out->text, bits_term(width, operand_value(m, operand, width)));
}

static bool name_term(Meaning *m, const Sexpr *e, Term *out)
{
    const RowOperandModel *const operand = tables_find_operand(m->row, e->text);
    if (operand)
        return operand_term(m, e, operand, out);
    for (uint32_t i = 0; i < m->lets.len; i++) {
        if (!str_eq(m->lets.data[i].name, e->text))
            continue;
        *out = m->lets.data[i].term;
        out->text = out->sort == TERM_INT ? out->text : e->text;
        return true;
    }
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (!str_eq_c(e->text, states[i].name))
            continue;
        *out = bits_term(states[i].width, e->text);
        return true;
    }
    if (meaning_flag(m->set->target, e->text) >= 0) {
        if (!meaning_lists_flag(m->row->flags_read, e->text))
            return meaning_fail(m, e, "flag %.*s is not among those that the row reads",
                                STR_ARG(e->text));
        *out = bits_term(1, str_printf(m->set->arena, "(:%.*s flags)", STR_ARG(e->text)));
        return true;
    }
    return meaning_fail(m, e, "'%.*s' is no operand, flag or name", STR_ARG(e->text));
}

static bool atom_term(Meaning *m, const Sexpr *e, Term *out)
{
    if (e->kind == SEXPR_STRING)
        return meaning_fail(m, e, "a string is no expression");
    if (str_eq(e->text, STR("true")) || str_eq(e->text, STR("false"))) {
        *out = (Term){TERM_BOOL, 0, 0, e->text};
        return true;
    }
    const bool minus = e->text.len > 1 && e->text.data[0] == '-';
    int64_t value = 0;
    for (size_t i = minus; i < e->text.len; i++) {
        const char c = e->text.data[i];
        if (c < '0' || c > '9' || value > INT64_MAX / 16)
            return name_term(m, e, out);
        value = value * 10 + (c - '0');
    }
    *out = number_term(m, minus ? -value : value);
    return true;
}

// ---- Operators ----

#define OPERANDS_MAX 16u

typedef struct Call {
    const Sexpr *at;
    const Operator *op;
    Term args[OPERANDS_MAX];
    uint32_t num_args;
} Call;

static bool want(Meaning *m, const Call *call, uint32_t n, TermSort sort, uint32_t width)
{
    static const char *const names[] = {"a truth value", "a number", "bits"};
    const Term *const arg = &call->args[n];
    if (arg->sort == sort && (width == 0 || arg->width == width))
        return true;
    if (width != 0)
        return meaning_fail(m, &call->at->items[n + 1], "'%s' wants %u bits, not %.*s",
                            call->op->text, width, STR_ARG(sort_name(m, arg)));
    return meaning_fail(m, &call->at->items[n + 1], "'%s' wants %s, not %.*s", call->op->text,
                        names[sort], STR_ARG(sort_name(m, arg)));
}

// All operands are of one sort, bit vectors of one width.
static bool want_all(Meaning *m, const Call *call, TermSort sort)
{
    for (uint32_t i = 0; i < call->num_args; i++)
        if (!want(m, call, i, sort, sort == TERM_BV ? call->args[0].width : 0))
            return false;
    return true;
}

static bool want_width(Meaning *m, const Call *call, uint32_t n)
{
    if (!want(m, call, n, TERM_INT, 0))
        return false;
    if (call->args[n].value >= 1 && call->args[n].value <= WIDTH_MAX)
        return true;
    return meaning_fail(m, &call->at->items[n + 1], "a width is 1 to %d, not %lld", WIDTH_MAX,
                        (long long)call->args[n].value);
}

static bool want_float_width(Meaning *m, const Call *call, uint32_t width)
{
    return width == 32 || width == 64 ||
           meaning_fail(m, call->at, "'%s' is of floats of 32 or 64 bits, not %u", call->op->text,
                        width);
}

static Str call_text(const Meaning *m, const Call *call)
{
    StrBuf out = {.arena = m->set->arena};
    buf_printf(&out, "(%s", call->op->macro ? call->op->macro : call->op->text);
    for (uint32_t i = 0; i < call->num_args; i++)
        buf_printf(&out, " %.*s", STR_ARG(call->args[i].text));
    buf_char(&out, ')');
    return buf_view(&out);
}

static bool integer_call(Meaning *m, const Call *call, Term *out)
{
    const Term *const a = call->args;
    if (!want_all(m, call, TERM_INT))
        return false;
    int64_t value = a[0].value;
    for (uint32_t i = 1; i < call->num_args; i++) {
        switch (call->op->text[0]) {
        case '+': value += a[i].value; break;
        case '-': value -= a[i].value; break;
        default: value *= a[i].value; break;
        }
        if (value > INT32_MAX || value < INT32_MIN)
            return meaning_fail(m, call->at, "the number is too large");
    }
    *out = number_term(m, value);
    return true;
}

static bool extract_call(Meaning *m, const Call *call, Term *out)
{
    const Term *const a = call->args;
    if (!want(m, call, 0, TERM_INT, 0) || !want(m, call, 1, TERM_INT, 0) ||
        !want(m, call, 2, TERM_BV, 0))
        return false;
    if (a[1].value < 0 || a[0].value < a[1].value || a[0].value >= a[2].width)
        return meaning_fail(m, call->at, "no bits %lld to %lld of %u", (long long)a[0].value,
                            (long long)a[1].value, a[2].width);
    *out = bits_term((uint32_t)(a[0].value - a[1].value) + 1, call_text(m, call));
    return true;
}

static bool concat_call(Meaning *m, const Call *call, Term *out)
{
    uint32_t width = 0;
    for (uint32_t i = 0; i < call->num_args; i++) {
        if (!want(m, call, i, TERM_BV, 0))
            return false;
        width += call->args[i].width;
    }
    if (width > WIDTH_MAX)
        return meaning_fail(m, call->at, "%u bits are more than %d", width, WIDTH_MAX);
    *out = bits_term(width, call_text(m, call));
    return true;
}

static bool replicate_call(Meaning *m, const Call *call, Term *out)
{
    if (!want_width(m, call, 0) || !want(m, call, 1, TERM_BV, 0))
        return false;
    const int64_t width = call->args[0].value * call->args[1].width;
    if (width > WIDTH_MAX)
        return meaning_fail(m, call->at, "%lld bits are more than %d", (long long)width, WIDTH_MAX);
    *out = bits_term((uint32_t)width, call_text(m, call));
    return true;
}

// Those that take the width of the result first.
static bool width_call(Meaning *m, const Call *call, Term *out)
{
    if (!want_width(m, call, 0))
        return false;
    const uint32_t width = (uint32_t)call->args[0].value;
    const Shape shape = call->op->shape;
    if (shape == SHAPE_INT2BV && !want(m, call, 1, TERM_INT, 0))
        return false;
    if (call->num_args == 2 && shape != SHAPE_INT2BV && !want(m, call, 1, TERM_BV, 0))
        return false;
    const uint32_t from = call->num_args == 2 ? call->args[1].width : 0;
    if (shape == SHAPE_WIDEN && width < from)
        return meaning_fail(m, call->at, "'%s' to %u bits from %u", call->op->text, width, from);
    if (shape == SHAPE_LOW && width > from)
        return meaning_fail(m, call->at, "no %u low bits of %u", width, from);
    if (shape == SHAPE_FLOAT_CONSTANT && !want_float_width(m, call, width))
        return false;
    const bool to_integer = str_starts_with(str_from(call->op->text), STR("fp.to_"));
    const bool from_float = to_integer || str_eq_c(STR("to_fp_from_fp"), call->op->text);
    if (shape == SHAPE_CONVERT && ((!to_integer && !want_float_width(m, call, width)) ||
                                   (from_float && !want_float_width(m, call, from))))
        return false;
    *out = bits_term(width, call_text(m, call));
    return true;
}

// (bv NUMBER WIDTH)
static bool constant_call(Meaning *m, const Call *call, Term *out)
{
    if (!want(m, call, 0, TERM_INT, 0) || !want_width(m, call, 1))
        return false;
    *out = bits_term((uint32_t)call->args[1].value,
                     str_printf(m->set->arena, "(int2bv %lld %lld)", (long long)call->args[1].value,
                                (long long)call->args[0].value));
    return true;
}

// A condition: an operand of 8 bits, or the low ones of an immediate. All flags must be read.
static bool cond_call(Meaning *m, const Call *call, Term *out)
{
    const bool x64 = m->set->target == ROW_X64;
    if (!want(m, call, 0, TERM_BV, 0))
        return false;
    if (x64 != (call->op->text[0] == 'x'))
        return meaning_fail(m, call->at, "'%s' is of the other target", call->op->text);
    const char *const *const names = meaning_flag_names(m->set->target);
    for (uint32_t i = 0; i < MEANING_FLAGS && names[i]; i++)
        if (strcmp(names[i], "AF") != 0 && // no condition looks at it
            !meaning_lists_flag(m->row->flags_read, str_from(names[i])))
            return meaning_fail(m, call->at, "a condition, but the row does not read flag %s",
                                names[i]);
    *out = bits_term(1, str_printf(m->set->arena, "(%s (extract 7 0 %.*s) flags)", call->op->macro,
                                   STR_ARG(call->args[0].text)));
    return true;
}

static bool atomic_call(Meaning *m, const Call *call, Term *out)
{
    if (!want(m, call, 0, TERM_BV, 0) || !want(m, call, 1, TERM_BV, 0) ||
        !want(m, call, 2, TERM_BV, call->args[1].width))
        return false;
    *out = bits_term(call->args[1].width,
                     str_printf(m->set->arena, "(atomic_result! (extract 7 0 %.*s) %.*s %.*s)",
                                STR_ARG(call->args[0].text), STR_ARG(call->args[1].text),
                                STR_ARG(call->args[2].text)));
    return true;
}

// (load WIDTH ADDRESS): with the row's trap code, if it has one.
static bool load_call(Meaning *m, const Call *call, Term *out)
{
    if (!want_width(m, call, 0) || !want(m, call, 1, TERM_BV, 64) || !want(m, call, 2, TERM_BV, 8))
        return false;
    *out = bits_term((uint32_t)call->args[0].value, call_text(m, call));
    return true;
}

static bool apply(Meaning *m, const Call *call, Term *out)
{
    const Str text = call_text(m, call);
    const Term *const a = call->args;
    switch (call->op->shape) {
    case SHAPE_EQUAL:
        if (!same_sort(&a[0], &a[1]))
            return meaning_fail(m, call->at, "compares %.*s with %.*s",
                                STR_ARG(sort_name(m, &a[0])), STR_ARG(sort_name(m, &a[1])));
        *out = (Term){TERM_BOOL, 0, 0, text};
        return true;
    case SHAPE_LOGIC: *out = (Term){TERM_BOOL, 0, 0, text}; return want_all(m, call, TERM_BOOL);
    case SHAPE_INTEGER: return integer_call(m, call, out);
    case SHAPE_INTEGER_ORDER:
        *out = (Term){TERM_BOOL, 0, 0, text};
        return want_all(m, call, TERM_INT);
    case SHAPE_BITS: *out = bits_term(a[0].width, text); return want_all(m, call, TERM_BV);
    case SHAPE_BITS_ORDER: *out = (Term){TERM_BOOL, 0, 0, text}; return want_all(m, call, TERM_BV);
    case SHAPE_FLOAT:
        *out = bits_term(a[0].width, text);
        return want_all(m, call, TERM_BV) && want_float_width(m, call, a[0].width);
    case SHAPE_FLOAT_ORDER:
    case SHAPE_FLOAT_CLASS:
        *out = (Term){TERM_BOOL, 0, 0, text};
        return want_all(m, call, TERM_BV) && want_float_width(m, call, a[0].width);
    case SHAPE_EXTRACT: return extract_call(m, call, out);
    case SHAPE_CONCAT: return concat_call(m, call, out);
    case SHAPE_REPLICATE: return replicate_call(m, call, out);
    case SHAPE_WIDEN:
    case SHAPE_RESIZE:
    case SHAPE_INT2BV:
    case SHAPE_FLOAT_CONSTANT:
    case SHAPE_CONVERT:
    case SHAPE_FRESH:
    case SHAPE_LOW: return width_call(m, call, out);
    case SHAPE_BV2NAT:
        return meaning_fail(m, call->at, "numbers are constants here: 'bv2nat' is none");
    case SHAPE_WIDTHOF: *out = number_term(m, a[0].width); return want(m, call, 0, TERM_BV, 0);
    case SHAPE_LOAD: return load_call(m, call, out);
    case SHAPE_CONSTANT: return constant_call(m, call, out);
    case SHAPE_BIT_OF: *out = bits_term(1, text); return want(m, call, 0, TERM_BV, 0);
    case SHAPE_TRUTH: *out = bits_term(1, text); return want(m, call, 0, TERM_BOOL, 0);
    case SHAPE_COND: return cond_call(m, call, out);
    case SHAPE_ATOMIC: return atomic_call(m, call, out);
    case SHAPE_STORE:
    case SHAPE_TRAP:
    case SHAPE_OUTPUT:
    case SHAPE_GOTO:
    case SHAPE_EXECUTE:
    case SHAPE_EFFECT: break;
    }
    UNREACHABLE();
}

static const Operator *find_operator(Str name)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (str_eq_c(name, operators[i].text))
            return &operators[i];
    return NULL;
}

static bool operator_term(Meaning *m, const Sexpr *e, const Operator *op, Term *out)
{
    Call call = {.at = e, .op = op, .num_args = e->num_items - 1};
    const bool load = op->shape == SHAPE_LOAD;
    if (op->shape >= SHAPE_STORE && op->shape <= SHAPE_EFFECT)
        return meaning_fail(m, e, "'%s' is an effect, not an expression", op->text);
    const uint32_t min = op->min - load, max = op->max == MANY ? OPERANDS_MAX : op->max - load;
    if (call.num_args < min || call.num_args > max)
        return meaning_fail(m, e, "'%s' takes %u%s operands, found %u", op->text, min,
                            op->max == MANY ? " or more" : "", call.num_args);
    for (uint32_t i = 0; i < call.num_args; i++)
        if (!meaning_expr(m, &e->items[i + 1], &call.args[i]))
            return false;
    if (load)
        call.args[call.num_args++] = bits_term(8, meaning_trap(m));
    return apply(m, &call, out);
}

// ---- Forms ----

static bool if_term(Meaning *m, const Sexpr *e, Term *out)
{
    Term cond, yes, no;
    if (e->num_items != 4)
        return meaning_fail(m, e, "expected (if CONDITION THEN ELSE)");
    if (!meaning_expr_of(m, &e->items[1], 0, &cond) || !meaning_expr(m, &e->items[2], &yes) ||
        !meaning_expr(m, &e->items[3], &no))
        return false;
    if (!same_sort(&yes, &no) || yes.sort == TERM_INT)
        return meaning_fail(m, e, "chooses between %.*s and %.*s", STR_ARG(sort_name(m, &yes)),
                            STR_ARG(sort_name(m, &no)));
    *out = yes;
    out->text = str_printf(m->set->arena, "(if %.*s %.*s %.*s)", STR_ARG(cond.text),
                           STR_ARG(yes.text), STR_ARG(no.text));
    return true;
}

// (widthof NAME) of what has no value yet.
static bool def_width_term(Meaning *m, const Sexpr *e, Term *out)
{
    const RowOperandModel *const operand =
        e->num_items == 2 ? tables_find_operand(m->row, e->items[1].text) : NULL;
    if (!operand || operand->kind == ROWOP_LABEL || operand->kind == ROWOP_CC)
        return false;
    *out = number_term(m, meaning_operand_width(m, operand));
    return true;
}

// (address MEM)
static bool address_term(Meaning *m, const Sexpr *e, Term *out)
{
    const RowOperandModel *const operand =
        e->num_items == 2 ? tables_find_operand(m->row, e->items[1].text) : NULL;
    if (!operand || operand->kind != ROWOP_MEM)
        return meaning_fail(m, e, "expected (address OPERAND) of a memory operand");
    *out = bits_term(64, str_printf(m->set->arena, "(:address %.*s)", STR_ARG(operand->name)));
    return true;
}

static bool list_term(Meaning *m, const Sexpr *e, Term *out)
{
    if (e->num_items == 0 || e->items[0].kind != SEXPR_ATOM)
        return meaning_fail(m, e, "expected an operator");
    const Str head = e->items[0].text;
    if (str_eq(head, STR("if")))
        return if_term(m, e, out);
    if (str_eq(head, STR("address")))
        return address_term(m, e, out);
    if (str_eq(head, STR("widthof")) && def_width_term(m, e, out))
        return true;
    const Operator *const op = find_operator(head);
    if (op)
        return operator_term(m, e, op, out);
    bool bad;
    const Sexpr *const body = meaning_expand(m, e, &bad);
    if (bad)
        return false;
    if (!body)
        return meaning_fail(m, e, "'%.*s' is no operator or macro", STR_ARG(head));
    if (body->num_items != 1)
        return meaning_fail(m, e, "macro '%.*s' is no expression", STR_ARG(head));
    const Sexpr *const outer = m->in_macro;
    m->in_macro = outer ? outer : e;
    const bool good = meaning_expr(m, &body->items[0], out);
    m->in_macro = outer;
    return good;
}

bool meaning_expr(Meaning *m, const Sexpr *e, Term *out)
{
    if (e->kind != SEXPR_LIST)
        return atom_term(m, e, out);
    if (m->depth == DEPTH_MAX)
        return meaning_fail(m, e, "nested deeper than %u", DEPTH_MAX);
    m->depth++;
    const bool good = list_term(m, e, out);
    m->depth--;
    return good;
}

bool meaning_expr_of(Meaning *m, const Sexpr *e, uint32_t width, Term *out)
{
    if (!meaning_expr(m, e, out))
        return false;
    if (width == 0 ? out->sort == TERM_BOOL : out->sort == TERM_BV && out->width == width)
        return true;
    if (width == 0)
        return meaning_fail(m, e, "expected a truth value, not %.*s", STR_ARG(sort_name(m, out)));
    return meaning_fail(m, e, "expected %u bits, not %.*s", width, STR_ARG(sort_name(m, out)));
}
