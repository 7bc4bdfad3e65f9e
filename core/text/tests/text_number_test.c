// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers: integers at the edges of their types, floats of the four formats at the edges of
// precision and range, constant bytes; in both directions.

#include "text/tests/text_test.h"

typedef struct Datum {
    Arena arena;
    Diag diag;
    DataValue value;
    Status status;
} Datum;

static void read_datum(Datum *d, const char *text, Type type)
{
    memset(d, 0, sizeof(*d));
    d->diag.arena = &d->arena;
    d->status = text_parse_data(&d->arena, str_from(text), type, &d->value, &d->diag);
}

// `text` is the value with these low and high 64 bits.
static void reads(const char *text, Type type, uint64_t low, uint64_t high)
{
    Datum d;
    read_datum(&d, text, type);
    if (d.status != STATUS_OK)
        fail_msg("%s: %s", text, d.diag.messages.data[0].text.data);
    uint64_t upper = 0;
    for (uint32_t i = 0; i < 8; i++)
        upper |= (uint64_t)d.value.bytes[8 + i] << 8 * i;
    assert_int_equal(data_to_u64(&d.value), low);
    assert_int_equal(upper, high);
    arena_free(&d.arena);
}

// `text` is refused with a message that contains `part`.
static void rejects(const char *text, Type type, const char *part)
{
    Datum d;
    read_datum(&d, text, type);
    if (d.status == STATUS_OK)
        fail_msg("`%s` was accepted", text);
    if (!strstr(d.diag.messages.data[0].text.data, part))
        fail_msg("`%s`: %s", text, d.diag.messages.data[0].text.data);
    arena_free(&d.arena);
}

// The value that `text` names prints as `expected`, which reads as the same value.
static void shows(const char *text, Type type, const char *expected)
{
    Datum d, again;
    read_datum(&d, text, type);
    assert_int_equal(d.status, STATUS_OK);
    StrBuf buf = {.arena = &d.arena};
    text_print_data(&d.value, &buf);
    buf_char(&buf, '\0');
    assert_string_equal(buf.data, expected);
    read_datum(&again, expected, type);
    assert_int_equal(again.status, STATUS_OK);
    assert_true(data_eq(&d.value, &again.value));
    arena_free(&again.arena);
    arena_free(&d.arena);
}

static void test_integers(void **state)
{
    (void)state;
    reads("0", TYPE_I8, 0, 0);
    reads("255", TYPE_I8, 0xff, 0);
    reads("-128", TYPE_I8, 0x80, 0);
    reads("+127", TYPE_I8, 0x7f, 0);
    reads("-0x80", TYPE_I8, 0x80, 0);
    reads("0xff", TYPE_I8, 0xff, 0);
    rejects("256", TYPE_I8, "out of range");
    rejects("-129", TYPE_I8, "out of range");
    rejects("0x100", TYPE_I8, "out of range");
    rejects("-0x81", TYPE_I8, "out of range");
    reads("65535", TYPE_I16, 0xffff, 0);
    rejects("65536", TYPE_I16, "out of range");
    reads("-2147483648", TYPE_I32, 0x80000000, 0);
    rejects("4294967296", TYPE_I32, "out of range");
    reads("18446744073709551615", TYPE_I64, UINT64_MAX, 0);
    reads("-9223372036854775808", TYPE_I64, (uint64_t)1 << 63, 0);
    rejects("18446744073709551616", TYPE_I64, "out of range");
    reads("-1", TYPE_I128, UINT64_MAX, UINT64_MAX);
    reads("340282366920938463463374607431768211455", TYPE_I128, UINT64_MAX, UINT64_MAX);
    rejects("340282366920938463463374607431768211456", TYPE_I128, "out of range");
    rejects("-170141183460469231731687303715884105729", TYPE_I128, "out of range");
    reads("0x8000_0000_0000_0000_0000_0000_0000_0000", TYPE_I128, 0, (uint64_t)1 << 63);
}

static void test_integer_forms(void **state)
{
    (void)state;
    reads("0x1_0", TYPE_I32, 16, 0);
    reads("1_000", TYPE_I64, 1000, 0);
    rejects("1_000", TYPE_I32, "not an integer");
    rejects("0x", TYPE_I32, "not an integer");
    rejects("12a", TYPE_I32, "not an integer");
    rejects("1-2", TYPE_I32, "not an integer");
    rejects("0X10", TYPE_I32, "not an integer");
    rejects("--5", TYPE_I32, "not an integer");
    rejects("1.0", TYPE_I32, "expected an integer of type i32");
    rejects("1 2", TYPE_I32, "nothing more");
    rejects("", TYPE_I32, "the end of the text");
    shows("9999", TYPE_I32, "9999");
    shows("10000", TYPE_I32, "0x2710");
    shows("65536", TYPE_I32, "0x0001_0000");
    shows("4294967295", TYPE_I32, "-1");
    shows("-70000", TYPE_I32, "-70000");
    shows("0x7fff_ffff_ffff_ffff", TYPE_I64, "0x7fff_ffff_ffff_ffff");
    shows("0x1_0000_0000_0000_0000", TYPE_I128, "0x0001_0000_0000_0000_0000");
    shows("-170141183460469231731687303715884105728", TYPE_I128,
          "-170141183460469231731687303715884105728");
}

static void test_float_specials(void **state)
{
    (void)state;
    reads("0.0", TYPE_F32, 0, 0);
    reads("-0.0", TYPE_F64, (uint64_t)1 << 63, 0);
    reads("+0.0", TYPE_F16, 0, 0);
    reads("-0x0.0", TYPE_F16, 0x8000, 0);
    reads("Inf", TYPE_F32, 0x7f800000, 0);
    reads("-Inf", TYPE_F16, 0xfc00, 0);
    reads("+Inf", TYPE_F128, 0, 0x7fff000000000000);
    reads("NaN", TYPE_F32, 0x7fc00000, 0);
    reads("-NaN", TYPE_F64, 0xfff8000000000000, 0);
    reads("NaN:0x1", TYPE_F32, 0x7fc00001, 0);
    reads("+NaN:0x3fffff", TYPE_F32, 0x7fffffff, 0);
    rejects("+NaN:0x400000", TYPE_F32, "payload that is too large");
    reads("-sNaN:0x1", TYPE_F32, 0xff800001, 0);
    reads("+sNaN:0x1ff", TYPE_F16, 0x7dff, 0);
    rejects("+sNaN:0x200", TYPE_F16, "payload that is too large");
    rejects("+sNaN:0x0", TYPE_F16, "payload is 0");
    rejects("sNaN:0x1", TYPE_F32, "a float of type f32");
    rejects("+sNaN", TYPE_F32, "a float of type f32");
    rejects("+NaN:1", TYPE_F32, "not a float");
    rejects("NaNs", TYPE_F32, "not a float");
    rejects("1.0", TYPE_F32, "not a float");
    rejects("0.00", TYPE_F32, "not a float");
    rejects("0", TYPE_F32, "a float of type f32");
    rejects("0x1p4", TYPE_F32, "a float of type f32");
    rejects("0x1.8p", TYPE_F32, "not a float");
    rejects("0x1.8.8", TYPE_F32, "not a float");
    rejects("0x.p3", TYPE_F32, "not a float");
    rejects("0x1.000000000000000000000000000000000", TYPE_F128, "more than 32 digits");
}

static void test_float_edges(void **state)
{
    (void)state;
    // Largest, one more; smallest normal; smallest subnormal, half of it; one bit too many.
    reads("0x1.ffcp15", TYPE_F16, 0x7bff, 0);
    rejects("0x1.0p16", TYPE_F16, "too large");
    reads("0x1.0p-14", TYPE_F16, 0x0400, 0);
    reads("0x1.0p-24", TYPE_F16, 0x0001, 0);
    rejects("0x1.0p-25", TYPE_F16, "too small");
    rejects("0x1.002p0", TYPE_F16, "more significant bits");
    rejects("0x1.004p-15", TYPE_F16, "too small");

    reads("0x1.fffffep127", TYPE_F32, 0x7f7fffff, 0);
    rejects("0x2.0p127", TYPE_F32, "too large");
    reads("0x0.000002p-126", TYPE_F32, 1, 0);
    reads("0x0.fffffep-126", TYPE_F32, 0x007fffff, 0);
    rejects("0x0.000001p-126", TYPE_F32, "too small");
    rejects("0x1.ffffffp0", TYPE_F32, "more significant bits");
    reads("0x123.8", TYPE_F32, 0x4391c000, 0);

    reads("0x1.fffffffffffffp1023", TYPE_F64, 0x7fefffffffffffff, 0);
    rejects("0x1.0p1024", TYPE_F64, "too large");
    reads("0x0.0000000000001p-1022", TYPE_F64, 1, 0);
    reads("0x1.0p-1074", TYPE_F64, 1, 0);
    rejects("0x1.0p-1075", TYPE_F64, "too small");
    rejects("0x1.00000000000008p0", TYPE_F64, "more significant bits");

    reads("0x1.ffffffffffffffffffffffffffffp16383", TYPE_F128, UINT64_MAX, 0x7ffeffffffffffff);
    rejects("0x1.0p16384", TYPE_F128, "too large");
    reads("0x1.0p-16494", TYPE_F128, 1, 0);
    rejects("0x1.0p-16495", TYPE_F128, "too small");
    rejects("0x1.0p99999999999999999999", TYPE_F128, "too large");
    rejects("0x1.0p-99999999999999999999", TYPE_F128, "too small");
    reads("0x0.0p99999999999", TYPE_F128, 0, 0);
}

static void test_float_printing(void **state)
{
    (void)state;
    shows("-0x0.0", TYPE_F32, "-0.0");
    shows("0x1.8", TYPE_F16, "0x1.800p0");
    shows("-0x3.0p4", TYPE_F32, "-0x1.800000p5");
    shows("0x1.0p-149", TYPE_F32, "0x0.000002p-126");
    shows("0x1.0p-24", TYPE_F16, "0x0.004p-14");
    shows("0x1.1", TYPE_F64, "0x1.1000000000000p0");
    shows("-0x1.0p-1074", TYPE_F64, "-0x0.0000000000001p-1022");
    shows("0x1.0p1", TYPE_F128, "0x1.0000000000000000000000000000p1");
    shows("Inf", TYPE_F128, "+Inf");
    shows("NaN", TYPE_F16, "+NaN");
    shows("-NaN:0x1f", TYPE_F64, "-NaN:0x1f");
    shows("+sNaN:0x1", TYPE_F128, "+sNaN:0x1");
}

// Every f16 prints as a literal of itself.
static void test_all_f16(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits <= UINT16_MAX; bits++) {
        Arena arena = {0};
        Diag diag = {.arena = &arena};
        StrBuf buf = {.arena = &arena};
        DataValue value;
        text_print_float(TYPE_F16, bits, &buf);
        assert_int_equal(text_parse_data(&arena, buf_view(&buf), TYPE_F16, &value, &diag),
                         STATUS_OK);
        assert_int_equal(data_to_u64(&value), bits);
        arena_free(&arena);
    }
}

static void test_vectors(void **state)
{
    (void)state;
    reads("[1 -1 0x3 +4]", TYPE_VECTOR(TYPE_I16, 2), 0x00040003ffff0001, 0);
    reads("0x0102", TYPE_I8X16, 0x0102, 0);
    reads("0x00_01", TYPE_VECTOR(TYPE_I8, 1), 1, 0);
    reads("[0x1.0 -Inf]", TYPE_VECTOR(TYPE_F32, 1), 0xff8000003f800000, 0);
    reads("[0 1]", TYPE_I64X2, 0, 1);
    rejects("[1 2 3]", TYPE_I32X4, "expected 4 lanes for i32x4, found 3");
    rejects("[1 2 3 4 5]", TYPE_I32X4, "expected `]`");
    rejects("[1, 2, 3, 4]", TYPE_I32X4, "integer of type i32");
    rejects("[1 2 256 4]", TYPE_VECTOR(TYPE_I8, 2), "out of range");
    rejects("0x012", TYPE_I8X16, "odd number of digits");
    rejects("0x010203", TYPE_VECTOR(TYPE_I8, 1), "too long");
    rejects("12", TYPE_I8X16, "constant bytes");
    rejects("0x", TYPE_I8X16, "no digits");
    rejects("0x1g", TYPE_I8X16, "not hexadecimal");
    rejects("[1 2]", TYPE_VECTOR(TYPE_I64, 2), "at most 16 bytes");
    rejects("0x00", TYPE_I8X16 | TYPE_DYNAMIC_BIT, "at most 16 bytes");
    shows("[1 2 3 4]", TYPE_VECTOR(TYPE_I16, 2), "0x0004000300020001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),       cmocka_unit_test(test_integer_forms),
        cmocka_unit_test(test_float_specials), cmocka_unit_test(test_float_edges),
        cmocka_unit_test(test_float_printing), cmocka_unit_test(test_all_f16),
        cmocka_unit_test(test_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
