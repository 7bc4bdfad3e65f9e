// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Types, type sets and constraints, over all types that there are.

#include "base/tests/child.h"
#include "ir/ir.h"

#include <stdio.h>

// The lanes as the language has them, apart from types.def.
static const struct Lane {
    const char *name;
    uint32_t bits;
    bool is_float;
    Type type;
} lanes[] = {
    {"i8", 8, false, TYPE_I8},    {"i16", 16, false, TYPE_I16},    {"i32", 32, false, TYPE_I32},
    {"i64", 64, false, TYPE_I64}, {"i128", 128, false, TYPE_I128}, {"f16", 16, true, TYPE_F16},
    {"f32", 32, true, TYPE_F32},  {"f64", 64, true, TYPE_F64},     {"f128", 128, true, TYPE_F128},
};

enum { NUM_LANES = sizeof(lanes) / sizeof(lanes[0]), NUM_TYPES = NUM_LANES * 9 * 2 };

typedef struct AnyType {
    Type type;
    const struct Lane *lane;
    uint32_t count; // of lanes
    bool dynamic;
} AnyType;

// Type number `i` of all NUM_TYPES.
static AnyType any_type(uint32_t i)
{
    const uint32_t lane = i % NUM_LANES, log2 = i / NUM_LANES % 9;
    const bool dynamic = i / NUM_LANES / 9 != 0;
    const Type type =
        (Type)(TYPE_VECTOR(lanes[lane].type, log2) | (dynamic ? TYPE_DYNAMIC_BIT : 0));
    return (AnyType){type, &lanes[lane], 1u << log2, dynamic};
}

static void questions(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < NUM_TYPES; i++) {
        const AnyType t = any_type(i);
        assert_int_equal(type_lane(t.type), t.lane->type);
        assert_int_equal(type_lanes(t.type), t.count);
        assert_int_equal(type_lane_bits(t.type), t.lane->bits);
        assert_int_equal(type_bits(t.type), t.lane->bits * t.count);
        assert_int_equal(type_bytes(t.type), t.lane->bits * t.count / 8);
        assert_int_equal(type_is_float(t.type), t.lane->is_float);
        assert_int_equal(type_is_int(t.type), !t.lane->is_float);
        assert_int_equal(type_is_dynamic(t.type), t.dynamic);
        assert_int_equal(type_is_vector(t.type), t.dynamic || t.count > 1);
    }
    assert_false(type_is_int(TYPE_INVALID));
    assert_false(type_is_float(TYPE_INVALID));
    assert_int_equal(type_bits(TYPE_INVALID), 0);
}

static void text_both_ways(void **state)
{
    (void)state;
    Arena arena = {0};
    for (uint32_t i = 0; i < NUM_TYPES; i++) {
        const AnyType t = any_type(i);
        char wanted[32];
        if (t.count == 1 && !t.dynamic)
            snprintf(wanted, sizeof(wanted), "%s", t.lane->name);
        else
            snprintf(wanted, sizeof(wanted), "%sx%u%s", t.lane->name, t.count,
                     t.dynamic ? "xN" : "");
        assert_true(str_eq_c(type_name(&arena, t.type), wanted));
        assert_int_equal(type_parse(str_from(wanted)), t.type);
    }
    assert_int_equal(type_parse(STR("i32x1")), TYPE_I32);
    arena_free(&arena);
}

static void words_that_are_no_types(void **state)
{
    (void)state;
    static const char *const words[] = {
        "",
        "i",
        "f",
        "i7",
        "i24",
        "f8",
        "i256",
        "i08",
        "i32x",
        "i32x0",
        "i32x3",
        "i32x512",
        "i32x04",
        "i32x4x",
        "i32x4N",
        "i32x4xM",
        "i32xN",
        "i32x4xNN",
        "I32",
        "i32 ",
        " i32",
        "x4",
        "b8",
        "i32x-4",
        "i32y4",
        "i64x2x2",
        "i320000",
        "f128x1024",
        "r64",
        "i8x0256",
        "f32x99999999999999999999",
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        assert_int_equal(type_parse(str_from(words[i])), TYPE_INVALID);
}

static void by_width(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits <= 512; bits++) {
        Type i = TYPE_INVALID, f = TYPE_INVALID;
        for (uint32_t l = 0; l < NUM_LANES; l++)
            if (lanes[l].bits == bits)
                *(lanes[l].is_float ? &f : &i) = lanes[l].type;
        assert_int_equal(type_int(bits), i);
        assert_int_equal(type_float(bits), f);
    }
}

// The type with such lanes, or TYPE_INVALID.
static Type find_type(uint32_t bits, bool is_float, uint32_t count, bool dynamic)
{
    for (uint32_t i = 0; i < NUM_TYPES; i++) {
        const AnyType t = any_type(i);
        if (t.lane->bits == bits && t.lane->is_float == is_float && t.count == count &&
            t.dynamic == dynamic)
            return t.type;
    }
    return TYPE_INVALID;
}

static void derived(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < NUM_TYPES; i++) {
        const AnyType t = any_type(i);
        const uint32_t bits = t.lane->bits;
        const bool flt = t.lane->is_float;
        assert_int_equal(type_half(t.type), find_type(bits / 2, flt, t.count, t.dynamic));
        assert_int_equal(type_double(t.type), find_type(bits * 2, flt, t.count, t.dynamic));
        assert_int_equal(type_split(t.type), find_type(bits / 2, flt, t.count * 2, t.dynamic));
        const Type merged =
            t.count % 2 != 0 ? TYPE_INVALID : find_type(bits * 2, flt, t.count / 2, t.dynamic);
        assert_int_equal(type_merge(t.type), merged);
        const Type truthy =
            t.dynamic || t.count > 1 ? find_type(bits, false, t.count, t.dynamic) : TYPE_I8;
        assert_int_equal(type_truthy(t.type), truthy);
        assert_int_equal(op_constraint_type(TC_FIXED, t.type),
                         find_type(bits, flt, t.count, false));
    }
}

// ---- Type sets ----

// A row of typesets.def as it stands there.
typedef struct Row {
    uint32_t ints, floats, min, max;
    bool dynamic;
} Row;

static bool naive_has(Row row, const AnyType *t)
{
    const uint32_t widths = t->lane->is_float ? row.floats : row.ints;
    bool width = false;
    for (uint32_t bits = 8; bits <= 128; bits *= 2)
        width |= bits == t->lane->bits && widths / bits % 2 == 1;
    return width && (t->dynamic ? row.dynamic : t->count >= row.min && t->count <= row.max);
}

static void typesets_follow_their_rows(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < NUM_TYPES; i++) {
        const AnyType t = any_type(i);
#define TYPESET(NAME, ints, floats, lanes_min, lanes_max, dyn)                         \
    assert_int_equal(                                                                  \
        typeset_has(TS_##NAME, t.type),                                                \
        naive_has((Row){(ints), (floats), (lanes_min), (lanes_max), (dyn) != 0}, &t)); \
    assert_int_equal(op_constraint_allows(TC_IN_##NAME, TYPE_I32, t.type),             \
                     typeset_has(TS_##NAME, t.type));                                  \
    assert_int_equal(op_constraint_type(TC_IN_##NAME, t.type), TYPE_INVALID);
#include "ir/typesets.def"
    }
    for (uint32_t s = 0; s < TS_COUNT; s++)
        assert_false(typeset_has((TypeSet)s, TYPE_INVALID));
}

// Some sets written out.
static void typesets_by_hand(void **state)
{
    (void)state;
    static const struct {
        TypeSet set;
        const char *members;
    } sets[] = {
        {TS_NONE, ""},
        {TS_PTR, "i32 i64"},
        {TS_INT, "i8 i16 i32 i64 i128"},
        {TS_INT_TO64, "i8 i16 i32 i64"},
        {TS_INT_16_128, "i16 i32 i64 i128"},
        {TS_FLOAT, "f16 f32 f64 f128"},
        {TS_Q15, "i16x4 i32x4 i16x8 i32x8"},
    };
    Arena arena = {0};
    for (size_t s = 0; s < sizeof(sets) / sizeof(sets[0]); s++) {
        StrBuf buf = {.arena = &arena};
        for (uint32_t i = 0; i < NUM_TYPES; i++) {
            const AnyType t = any_type(i);
            if (!typeset_has(sets[s].set, t.type))
                continue;
            if (buf.len != 0)
                buf_char(&buf, ' ');
            type_print(t.type, &buf);
        }
        assert_true(str_eq_c(buf_view(&buf), sets[s].members));
    }
    arena_free(&arena);
}

// ---- Constraints ----

static void constraints(void **state)
{
    (void)state;
    static const struct {
        TypeConstraint c;
        const char *ctrl, *is;
    } rows[] = {
        {TC_SAME, "i32x4", "i32x4"},    {TC_LANE, "f32x4", "f32"},    {TC_LANE, "i8", "i8"},
        {TC_TRUTHY, "f32x4", "i32x4"},  {TC_TRUTHY, "f64", "i8"},     {TC_HALF, "i128", "i64"},
        {TC_DOUBLE, "i8", "i16"},       {TC_SPLIT, "i32x4", "i16x8"}, {TC_MERGE, "i16x8", "i32x4"},
        {TC_FIXED, "i8x16xN", "i8x16"}, {TC_IS_I8, "i64", "i8"},      {TC_IS_I32, "i8", "i32"},
        {TC_IS_I64, "i8", "i64"},       {TC_IS_F16, "i8", "f16"},     {TC_IS_F32, "i8", "f32"},
        {TC_IS_F64, "i8", "f64"},       {TC_IS_F128, "i8", "f128"},   {TC_IS_I8X16, "i8", "i8x16"},
        {TC_IS_I16X8, "i8", "i16x8"},   {TC_IS_I32X4, "i8", "i32x4"}, {TC_IS_I64X2, "i8", "i64x2"},
        {TC_IS_F32X4, "i8", "f32x4"},   {TC_IS_F64X2, "i8", "f64x2"},
    };
    for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
        const Type ctrl = type_parse(str_from(rows[r].ctrl)), is = type_parse(str_from(rows[r].is));
        assert_int_equal(op_constraint_type(rows[r].c, ctrl), is);
        for (uint32_t i = 0; i < NUM_TYPES; i++)
            assert_int_equal(op_constraint_allows(rows[r].c, ctrl, any_type(i).type),
                             any_type(i).type == is);
    }
    assert_false(op_constraint_allows(TC_NO, TYPE_I32, TYPE_I32));
    assert_false(op_constraint_allows(TC_SAME, TYPE_INVALID, TYPE_INVALID));
}

static void narrower_and_wider(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < NUM_LANES; c++)
        for (uint32_t i = 0; i < NUM_TYPES; i++) {
            const AnyType t = any_type(i);
            const bool kind = t.lane->is_float == lanes[c].is_float && t.count == 1 && !t.dynamic;
            assert_int_equal(op_constraint_allows(TC_NARROWER, lanes[c].type, t.type),
                             kind && t.lane->bits < lanes[c].bits);
            assert_int_equal(op_constraint_allows(TC_WIDER, lanes[c].type, t.type),
                             kind && t.lane->bits > lanes[c].bits);
        }
}

// ---- Data ----

static void data(void **state)
{
    (void)state;
    const DataValue narrow = data_from_u64(TYPE_I16, 0x123456);
    assert_int_equal(data_to_u64(&narrow), 0x3456); // cut to the type
    const DataValue wide = data_from_u64(TYPE_I128, UINT64_MAX);
    assert_int_equal(data_to_u64(&wide), UINT64_MAX);
    assert_int_equal(wide.bytes[8], 0);
    const DataValue other = data_from_u64(TYPE_F16, 0x3456);
    assert_false(data_eq(&narrow, &other)); // of another type
    const DataValue again = data_from_u64(TYPE_I16, 0xff3456);
    assert_true(data_eq(&narrow, &again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions),
        cmocka_unit_test(text_both_ways),
        cmocka_unit_test(words_that_are_no_types),
        cmocka_unit_test(by_width),
        cmocka_unit_test(derived),
        cmocka_unit_test(typesets_follow_their_rows),
        cmocka_unit_test(typesets_by_hand),
        cmocka_unit_test(constraints),
        cmocka_unit_test(narrower_and_wider),
        cmocka_unit_test(data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
