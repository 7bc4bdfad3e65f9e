// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands: values that are there already, variables, constants.

#include "fuzz-targets/gen/gen_internal.h"

bool gen_can(const Gen *g, Opcode op, Type ctrl, Type arg0)
{
    const GenShape *const s = gen_find_shape(g->t, op, ctrl, arg0);
    return s != NULL && (s->smalls & 1) != 0;
}

// ---- Constants ----

static uint64_t low_bits(const DataValue *data)
{
    uint64_t bits;
    memcpy(&bits, data->bytes, sizeof(bits));
    return bits;
}

// As builder_iconst wants it: sign-extended.
static int64_t as_immediate(Type type, uint64_t bits)
{
    const uint32_t shift = 64 - type_bits(type);
    const uint64_t top = bits << shift;
    int64_t imm;
    memcpy(&imm, &top, sizeof(imm));
    return imm >> shift;
}

Value gen_constant(Gen *g, Type type, const DataValue *data)
{
    if (type_is_vector(type))
        return builder_const(g->b, OP_VCONST, type,
                             builder_constant(g->b, data->bytes, type_bytes(type)));
    if (type == TYPE_F128)
        return builder_const(g->b, OP_F128CONST, TYPE_INVALID,
                             builder_constant(g->b, data->bytes, 16));
    if (type_is_float(type))
        return builder_fconst(g->b, type, low_bits(data));
    if (type == TYPE_I128) {
        uint64_t high;
        memcpy(&high, data->bytes + 8, sizeof(high));
        const Value lo = builder_iconst(g->b, TYPE_I64, as_immediate(TYPE_I64, low_bits(data)));
        const Value hi = builder_iconst(g->b, TYPE_I64, as_immediate(TYPE_I64, high));
        return builder_binary(g->b, OP_ICONCAT, lo, hi);
    }
    return builder_iconst(g->b, type, as_immediate(type, low_bits(data)));
}

Value gen_int(Gen *g, Type type, int64_t n)
{
    const int128 extended = n;
    DataValue data = {.type = type};
    memcpy(data.bytes, &extended, type_bytes(type));
    return gen_constant(g, type, &data);
}

// ---- The pool ----

void gen_push(Gen *g, Value v, Type type, bool exact)
{
    const GenValue value = {v, type, exact || g->exact_nans || !type_is_float(type), false};
    VEC_PUSH(g->arena, &g->pool, value);
}

// The canonical NaN in all lanes.
static DataValue quiet_nan(Type type)
{
    const uint32_t bits = type_lane_bits(type), bytes = bits / 8;
    const uint32_t exponent_bits = bits == 16 ? 5 : bits == 32 ? 8 : bits == 64 ? 11 : 15;
    const uint128 x = (((uint128)1 << (exponent_bits + 1)) - 1) << (bits - 2 - exponent_bits);
    DataValue out = {.type = type};
    for (uint32_t lane = 0; lane < type_lanes(type); lane++)
        memcpy(out.bytes + (size_t)lane * bytes, &x, bytes);
    return out;
}

// `v` with its NaNs replaced; NO(Value) when the targets can't do that.
static Value make_exact(Gen *g, Value v, Type type)
{
    const GenShape *const compare = gen_find_shape(g->t, OP_FCMP, type, type);
    const DataValue nan = quiet_nan(type);
    if (!compare || (compare->smalls >> FLOATCC_UNO & 1) == 0)
        return NO(Value);
    if (!type_is_vector(type)) {
        if (!gen_can(g, OP_SELECT, type, TYPE_I8))
            return NO(Value);
        const Value is_nan = builder_fcmp(g->b, FLOATCC_UNO, v, v);
        return builder_ternary(g->b, OP_SELECT, is_nan, gen_constant(g, type, &nan), v);
    }
    const Type mask = type_truthy(type);
    if (!gen_can(g, OP_BITCAST, type, mask) || !gen_can(g, OP_BITSELECT, type, type))
        return NO(Value);
    const Value lanes = builder_fcmp(g->b, FLOATCC_UNO, v, v);
    const Value is_nan = builder_load_no_offset(g->b, OP_BITCAST, type, MEM_DEFAULT, lanes);
    return builder_ternary(g->b, OP_BITSELECT, is_nan, gen_constant(g, type, &nan), v);
}

// The `n`th value of the type from the youngest on; of those without uses so far if `fresh`.
static GenValue *find(Gen *g, Type type, uint32_t n, bool fresh)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->pool.len; i++)
        count += g->pool.data[i].type == type && !(fresh && g->pool.data[i].used);
    if (count == 0)
        return NULL;
    n %= count;
    for (uint32_t i = g->pool.len; i > 0; i--) {
        GenValue *const value = &g->pool.data[i - 1];
        if (value->type == type && !(fresh && value->used) && n-- == 0)
            return value;
    }
    UNREACHABLE();
}

static Value use_variable(Gen *g, Type type, uint32_t n, bool *found)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->num_vars; i++)
        count += g->var_types[i] == type;
    *found = count != 0;
    if (count == 0)
        return NO(Value);
    n %= count;
    for (uint32_t i = 0; i < g->num_vars; i++)
        if (g->var_types[i] == type && n-- == 0)
            return builder_use(g->b, g->vars[i]);
    UNREACHABLE();
}

// What there is, without a constant: a value of the pool, or a variable. False: neither.
static bool find_value(Gen *g, Type type, uint8_t byte, GenValue *out)
{
    bool found;
    if (byte >= 0x90) {
        const Value v = use_variable(g, type, byte & 0x1f, &found);
        *out = (GenValue){v, type, g->exact_nans || !type_is_float(type), true};
        if (found)
            return true;
    }
    GenValue *value = byte < 0x40 ? find(g, type, byte, true) : NULL;
    if (!value)
        value = find(g, type, byte & 0x1f, false);
    if (!value)
        return false;
    value->used = true;
    *out = *value;
    return true;
}

bool gen_has(const Gen *g, Type type)
{
    for (uint32_t i = 0; i < g->pool.len; i++)
        if (g->pool.data[i].type == type)
            return true;
    for (uint32_t i = 0; i < g->num_vars; i++)
        if (g->var_types[i] == type)
            return true;
    return type == TYPE_INVALID;
}

Value gen_operand(Gen *g, Type type, uint8_t byte, bool strict, bool *exact)
{
    GenValue value;
    if (byte < 0xc0 && find_value(g, type, byte, &value)) {
        if (strict && !value.exact)
            value.v = make_exact(g, value.v, type);
        if (value.v.i != NO_INDEX) {
            if (exact)
                *exact = value.exact || strict;
            return value.v;
        }
    }
    const DataValue data = gen_operand_data(type, byte);
    if (exact)
        *exact = true;
    return gen_constant(g, type, &data);
}
