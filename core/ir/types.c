// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Types, type sets and the constraints of opcodes.def.

#include "ir/ir.h"

const uint16_t ir_lane_bits[16] = {
#define TYPE(NAME, name, code, bits, kind) [code] = (bits),
#include "ir/types.def"
};

static const char *const lane_names[16] = {
#define TYPE(NAME, name, code, bits, kind) [code] = #name,
#include "ir/types.def"
};

Type type_int(uint32_t bits)
{
    switch (bits) {
    case 8: return TYPE_I8;
    case 16: return TYPE_I16;
    case 32: return TYPE_I32;
    case 64: return TYPE_I64;
    case 128: return TYPE_I128;
    default: return TYPE_INVALID;
    }
}

Type type_float(uint32_t bits)
{
    switch (bits) {
    case 16: return TYPE_F16;
    case 32: return TYPE_F32;
    case 64: return TYPE_F64;
    case 128: return TYPE_F128;
    default: return TYPE_INVALID;
    }
}

Type type_with_lane(Type t, Type lane)
{
    return lane == TYPE_INVALID ? TYPE_INVALID : (Type)((t & ~TYPE_LANE_MASK) | lane);
}

// `t` with 2^log2 lanes of `lane`.
static Type type_reshape(Type t, Type lane, uint32_t log2)
{
    if (lane == TYPE_INVALID || log2 > 8)
        return TYPE_INVALID;
    return (Type)((t & TYPE_DYNAMIC_BIT) | log2 << TYPE_LANES_SHIFT | lane);
}

static Type lane_of_width(Type t, uint32_t bits)
{
    return type_is_int(t) ? type_int(bits) : type_float(bits);
}

Type type_truthy(Type t)
{
    return type_is_vector(t) ? type_with_lane(t, type_int(type_lane_bits(t))) : TYPE_I8;
}

Type type_half(Type t)
{
    return type_with_lane(t, lane_of_width(t, type_lane_bits(t) / 2));
}

Type type_double(Type t)
{
    return type_with_lane(t, lane_of_width(t, type_lane_bits(t) * 2));
}

Type type_split(Type t)
{
    return type_reshape(t, lane_of_width(t, type_lane_bits(t) / 2), type_lanes_log2(t) + 1);
}

Type type_merge(Type t)
{
    if (type_lanes_log2(t) == 0)
        return TYPE_INVALID;
    return type_reshape(t, lane_of_width(t, type_lane_bits(t) * 2), type_lanes_log2(t) - 1);
}

void type_print(Type t, StrBuf *out)
{
    const char *const lane = lane_names[type_lane(t)];
    buf_puts(out, lane ? lane : "invalid");
    if (type_is_vector(t)) {
        buf_char(out, 'x');
        buf_u64(out, type_lanes(t));
    }
    if (type_is_dynamic(t))
        buf_puts(out, "xN");
}

Str type_name(Arena *arena, Type t)
{
    StrBuf buf = {.arena = arena};
    type_print(t, &buf);
    return buf_view(&buf);
}

// Reads decimal digits at `*at`, at most 4; -1 when there are none or they start with a zero.
static int32_t read_small(Str word, size_t *at)
{
    int32_t n = 0;
    const size_t start = *at;
    while (*at < word.len && *at - start < 4 && word.data[*at] >= '0' && word.data[*at] <= '9')
        n = n * 10 + (word.data[(*at)++] - '0');
    return *at == start || word.data[start] == '0' ? -1 : n;
}

Type type_parse(Str word)
{
    if (word.len < 2 || (word.data[0] != 'i' && word.data[0] != 'f'))
        return TYPE_INVALID;
    size_t at = 1;
    const int32_t bits = read_small(word, &at);
    if (bits < 0)
        return TYPE_INVALID;
    Type t = word.data[0] == 'i' ? type_int((uint32_t)bits) : type_float((uint32_t)bits);
    if (t == TYPE_INVALID || at == word.len)
        return t;
    if (word.data[at++] != 'x')
        return TYPE_INVALID;
    const int32_t lanes = read_small(word, &at);
    if (lanes < 1 || lanes > TYPE_LANES_MAX || (lanes & (lanes - 1)) != 0)
        return TYPE_INVALID;
    t = TYPE_VECTOR(t, (uint32_t)__builtin_ctz((uint32_t)lanes));
    if (at == word.len)
        return t;
    if (word.len - at == 2 && word.data[at] == 'x' && word.data[at + 1] == 'N')
        return t | TYPE_DYNAMIC_BIT;
    return TYPE_INVALID;
}

// ---- Type sets and constraints ----

typedef struct TypeSetInfo {
    uint16_t ints, floats; // sums of lane widths
    uint16_t lanes_min, lanes_max;
    bool dynamic;
} TypeSetInfo;

static const TypeSetInfo typesets[TS_COUNT] = {
#define TYPESET(NAME, ints, floats, lanes_min, lanes_max, dynamic) \
    [TS_##NAME] = {(ints), (floats), (lanes_min), (lanes_max), (dynamic)},
#include "ir/typesets.def"
};

bool typeset_has(TypeSet set, Type t)
{
    const TypeSetInfo *const info = &typesets[set];
    const uint32_t widths = type_is_int(t) ? info->ints : info->floats;
    if (t == TYPE_INVALID || (widths & type_lane_bits(t)) == 0)
        return false;
    if (type_is_dynamic(t))
        return info->dynamic;
    return type_lanes(t) >= info->lanes_min && type_lanes(t) <= info->lanes_max;
}

Type op_constraint_type(TypeConstraint c, Type ctrl)
{
    switch (c) {
    case TC_SAME: return ctrl;
    case TC_LANE: return type_lane(ctrl);
    case TC_TRUTHY: return type_truthy(ctrl);
    case TC_HALF: return type_half(ctrl);
    case TC_DOUBLE: return type_double(ctrl);
    case TC_SPLIT: return type_split(ctrl);
    case TC_MERGE: return type_merge(ctrl);
    case TC_FIXED: return (Type)(ctrl & ~TYPE_DYNAMIC_BIT);
    case TC_IS_I8: return TYPE_I8;
    case TC_IS_I32: return TYPE_I32;
    case TC_IS_I64: return TYPE_I64;
    case TC_IS_F16: return TYPE_F16;
    case TC_IS_F32: return TYPE_F32;
    case TC_IS_F64: return TYPE_F64;
    case TC_IS_F128: return TYPE_F128;
    case TC_IS_I8X16: return TYPE_I8X16;
    case TC_IS_I16X8: return TYPE_I16X8;
    case TC_IS_I32X4: return TYPE_I32X4;
    case TC_IS_I64X2: return TYPE_I64X2;
    case TC_IS_F32X4: return TYPE_F32X4;
    case TC_IS_F64X2: return TYPE_F64X2;
    case TC_NO:
    case TC_NARROWER:
    case TC_WIDER:
    case TC_SIGNATURE:
#define TYPESET(NAME, ...) case TC_IN_##NAME:
#include "ir/typesets.def"
        return TYPE_INVALID;
    }
    UNREACHABLE();
}

bool op_constraint_allows(TypeConstraint c, Type ctrl, Type t)
{
    if (c == TC_SAME) // nearly always
        return t == ctrl && t != TYPE_INVALID;
    if (c >= TC_IN_NONE && c < TC_IS_I8)
        return typeset_has((TypeSet)(c - TC_IN_NONE), t);
    if (c == TC_NARROWER || c == TC_WIDER) {
        const bool same_kind = type_is_int(t) == type_is_int(ctrl) && !type_is_vector(t);
        return same_kind && t != TYPE_INVALID &&
               (c == TC_NARROWER ? type_bits(t) < type_bits(ctrl) : type_bits(t) > type_bits(ctrl));
    }
    return t != TYPE_INVALID && op_constraint_type(c, ctrl) == t;
}

// ---- Data ----

bool data_eq(const DataValue *a, const DataValue *b)
{
    return a->type == b->type && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

DataValue data_from_u64(Type type, uint64_t bits)
{
    DataValue data = {.type = type};
    for (uint32_t i = 0; i < 8 && i < type_bytes(type); i++)
        data.bytes[i] = (uint8_t)(bits >> 8 * i);
    return data;
}

uint64_t data_to_u64(const DataValue *data)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < 8; i++)
        bits |= (uint64_t)data->bytes[i] << 8 * i;
    return bits;
}
