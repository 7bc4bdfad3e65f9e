// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// softfloat against MPFR (all four formats) and against the host's float and double, on random and
// on special bit patterns. The random numbers are the same in every run.

#include "emulate/softfloat/softfloat.h"

// cmocka.h wants the others before it.
// clang-format off
#include <math.h>
#include <mpfr.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

enum { ROUNDS = 20000 };

static const SoftFormat *const formats[] = {&softfloat_f16, &softfloat_f32, &softfloat_f64,
                                            &softfloat_f128};

// ---- Random operands ----

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static uint128 random_bits(uint64_t *state, uint32_t bits)
{
    const uint128 all = (uint128)next_random(state) << 64 | next_random(state);
    return all >> (128 - bits);
}

static uint32_t format_bits(SoftFormat f)
{
    return 1u + f.exp_bits + f.frac_bits;
}

// Mostly plain numbers of similar exponent, often with runs of zeros and ones, and special values.
static uint128 random_float(SoftFormat f, uint64_t *state)
{
    const uint128 frac_mask = ((uint128)1 << f.frac_bits) - 1;
    const uint32_t exp_ones = (1u << f.exp_bits) - 1, bias = exp_ones / 2;
    const uint64_t how = next_random(state);
    uint128 frac = random_bits(state, f.frac_bits);
    uint32_t exp = (uint32_t)next_random(state) & exp_ones;
    switch (how % 4) {
    case 0: frac &= frac_mask << (next_random(state) % f.frac_bits) & frac_mask; break;
    case 1: frac |= frac_mask >> (next_random(state) % f.frac_bits); break;
    default: break;
    }
    switch (how / 4 % 16) {
    case 0: exp = 0; break;
    case 1: exp = exp_ones; break;
    case 2: exp = 0, frac = 0; break;
    case 3: exp = exp_ones, frac = 0; break;
    case 4: exp = exp_ones - 1; break;
    case 5: exp = 1; break;
    case 6:
    case 7:
    case 8:
    case 9:
    case 10: exp = bias - 2 + (uint32_t)(next_random(state) % 8); break;
    case 11: exp = bias + (uint32_t)(next_random(state) % (f.frac_bits + 4u)); break;
    default: break;
    }
    const uint128 sign = how >> 63;
    exp &= exp_ones;
    return sign << (f.exp_bits + f.frac_bits) | (uint128)exp << f.frac_bits | frac;
}

// ---- The oracle ----

static void oracle_range(SoftFormat f)
{
    const long max = 1L << (f.exp_bits - 1), min = 2 - max; // of values 0.1xxx * 2^exp: one more
    mpfr_set_emax(max);
    mpfr_set_emin(min + 1 - f.frac_bits);
}

static void oracle_set(mpfr_t out, SoftFormat f, uint128 a)
{
    const uint32_t exp_ones = (1u << f.exp_bits) - 1;
    const uint32_t exp = (uint32_t)(a >> f.frac_bits) & exp_ones;
    const uint128 frac = a & (((uint128)1 << f.frac_bits) - 1);
    const bool negative = (a >> (f.exp_bits + f.frac_bits) & 1) != 0;
    if (exp == exp_ones && frac != 0) {
        mpfr_set_nan(out);
        return;
    }
    if (exp == exp_ones) {
        mpfr_set_inf(out, negative ? -1 : 1);
        return;
    }
    const uint128 sig = exp == 0 ? frac : frac | (uint128)1 << f.frac_bits;
    const long scale = (exp == 0 ? 1 : (long)exp) - (long)(exp_ones / 2) - f.frac_bits;
    mpfr_t low;
    mpfr_init2(low, 128);
    mpfr_set_ui(low, (unsigned long)sig, MPFR_RNDN);
    mpfr_t high;
    mpfr_init2(high, 128);
    mpfr_set_ui_2exp(high, (unsigned long)(sig >> 64), 64, MPFR_RNDN);
    mpfr_add(low, low, high, MPFR_RNDN);
    mpfr_mul_2si(out, low, scale, MPFR_RNDN);
    mpfr_setsign(out, out, negative, MPFR_RNDN);
    mpfr_clears(low, high, (mpfr_ptr)0);
}

// The bit pattern of x, which is representable in the format.
static uint128 oracle_get(mpfr_t x, SoftFormat f)
{
    const uint32_t exp_ones = (1u << f.exp_bits) - 1;
    const uint128 sign = (uint128)(mpfr_signbit(x) != 0) << (f.exp_bits + f.frac_bits);
    if (mpfr_nan_p(x))
        return softfloat_default_nan(f);
    if (mpfr_inf_p(x))
        return sign | (uint128)exp_ones << f.frac_bits;
    if (mpfr_zero_p(x))
        return sign;
    mpz_t z;
    mpz_init(z);
    long exp = mpfr_get_z_2exp(z, x);
    mpz_abs(z, z);
    const long lowest = 1 - (long)(exp_ones / 2) - f.frac_bits; // exponent of a fraction's last bit
    while (mpz_sizeinbase(z, 2) > f.frac_bits + 1u || exp < lowest) {
        assert_true(mpz_even_p(z));
        mpz_tdiv_q_2exp(z, z, 1);
        exp++;
    }
    while (mpz_sizeinbase(z, 2) < f.frac_bits + 1u && exp > lowest) {
        mpz_mul_2exp(z, z, 1);
        exp--;
    }
    uint128 sig = 0;
    for (uint32_t i = 0; i < 128; i++)
        sig |= (uint128)(mpz_tstbit(z, i) != 0) << i;
    mpz_clear(z);
    const uint128 hidden = (uint128)1 << f.frac_bits;
    if (sig < hidden)
        return sign | sig;
    return sign | (uint128)(uint32_t)(exp - lowest + 1) << f.frac_bits | (sig - hidden);
}

typedef struct Case {
    SoftFormat f;
    const char *what;
    uint128 a, b, c;
} Case;

static void check_bits(const Case *t, uint128 got, uint128 want)
{
    if (got == want)
        return;
    print_error("%s, %u fraction bits:\n", t->what, t->f.frac_bits);
    const uint128 shown[] = {t->a, t->b, t->c, got, want};
    for (uint32_t i = 0; i < 5; i++)
        print_error("  %016llx%016llx\n", (unsigned long long)(shown[i] >> 64),
                    (unsigned long long)shown[i]);
    fail();
}

// Compares a result with the oracle's, NaNs only as NaNs: the oracle has but one.
static void check_oracle(Case t, const char *what, uint128 got, mpfr_t x, int ternary)
{
    t.what = what;
    ternary = mpfr_check_range(x, ternary, MPFR_RNDN);
    mpfr_subnormalize(x, ternary, MPFR_RNDN);
    const uint128 want = oracle_get(x, t.f);
    if (softfloat_is_nan(t.f, want))
        assert_true(softfloat_is_nan(t.f, got));
    else
        check_bits(&t, got, want);
}

static void check_arithmetic(Case t, mpfr_t x[4])
{
    const SoftFormat f = t.f;
    oracle_range(f);
    for (uint32_t i = 0; i < 4; i++)
        mpfr_set_prec(x[i], f.frac_bits + 1);
    oracle_set(x[0], f, t.a);
    oracle_set(x[1], f, t.b);
    oracle_set(x[2], f, t.c);
    check_oracle(t, "add", softfloat_add(f, t.a, t.b), x[3], mpfr_add(x[3], x[0], x[1], MPFR_RNDN));
    check_oracle(t, "sub", softfloat_sub(f, t.a, t.b), x[3], mpfr_sub(x[3], x[0], x[1], MPFR_RNDN));
    check_oracle(t, "mul", softfloat_mul(f, t.a, t.b), x[3], mpfr_mul(x[3], x[0], x[1], MPFR_RNDN));
    check_oracle(t, "div", softfloat_div(f, t.a, t.b), x[3], mpfr_div(x[3], x[0], x[1], MPFR_RNDN));
    check_oracle(t, "fma", softfloat_fma(f, t.a, t.b, t.c), x[3],
                 mpfr_fma(x[3], x[0], x[1], x[2], MPFR_RNDN));
    check_oracle(t, "sqrt", softfloat_sqrt(f, t.a), x[3], mpfr_sqrt(x[3], x[0], MPFR_RNDN));
    check_oracle(t, "ceil", softfloat_round(f, t.a, SOFT_CEIL), x[3], mpfr_ceil(x[3], x[0]));
    check_oracle(t, "floor", softfloat_round(f, t.a, SOFT_FLOOR), x[3], mpfr_floor(x[3], x[0]));
    check_oracle(t, "trunc", softfloat_round(f, t.a, SOFT_TRUNC), x[3], mpfr_trunc(x[3], x[0]));
    check_oracle(t, "nearest", softfloat_round(f, t.a, SOFT_NEAREST), x[3],
                 mpfr_roundeven(x[3], x[0]));
    const SoftOrder order = softfloat_compare(f, t.a, t.b);
    if (mpfr_unordered_p(x[0], x[1]))
        assert_int_equal(order, SOFT_UNORDERED);
    else if (mpfr_equal_p(x[0], x[1]))
        assert_int_equal(order, SOFT_EQUAL);
    else
        assert_int_equal(order, mpfr_less_p(x[0], x[1]) ? SOFT_LESS : SOFT_GREATER);
}

static void arithmetic_agrees_with_mpfr(void **context)
{
    (void)context;
    uint64_t state = 0x9e3779b97f4a7c15;
    mpfr_t x[4];
    for (uint32_t i = 0; i < 4; i++)
        mpfr_init2(x[i], 64);
    for (uint32_t k = 0; k < 4; k++) {
        for (uint32_t i = 0; i < ROUNDS; i++) {
            Case t = {.f = *formats[k]};
            t.a = random_float(t.f, &state);
            t.b = random_float(t.f, &state);
            t.c = random_float(t.f, &state);
            check_arithmetic(t, x);
            // Near cancellation: what is added is the rounded product, negated, or a neighbour.
            t.c = softfloat_mul(t.f, t.a, t.b) ^ (uint128)1 << (format_bits(t.f) - 1);
            t.c ^= next_random(&state) % 3;
            check_arithmetic(t, x);
        }
    }
    for (uint32_t i = 0; i < 4; i++)
        mpfr_clear(x[i]);
}

static void conversions_agree_with_mpfr(void **context)
{
    (void)context;
    uint64_t state = 0x243f6a8885a308d3;
    mpfr_t wide, narrow;
    mpfr_inits2(200, wide, narrow, (mpfr_ptr)0);
    for (uint32_t k = 0; k < 16; k++) {
        const SoftFormat from = *formats[k / 4], to = *formats[k % 4];
        mpfr_set_prec(narrow, to.frac_bits + 1);
        for (uint32_t i = 0; i < ROUNDS / 4; i++) {
            const Case t = {.f = to, .a = random_float(from, &state)};
            oracle_range(softfloat_f128);
            oracle_set(wide, from, t.a);
            oracle_range(to);
            check_oracle(t, "convert", softfloat_convert(from, to, t.a), narrow,
                         mpfr_set(narrow, wide, MPFR_RNDN));
        }
    }
    mpfr_clears(wide, narrow, (mpfr_ptr)0);
}

static void from_int_agrees_with_mpfr(void **context)
{
    (void)context;
    uint64_t state = 0x13198a2e03707344;
    mpfr_t x, high;
    mpfr_init2(x, 128);
    mpfr_init2(high, 128);
    for (uint32_t k = 0; k < 4; k++) {
        mpfr_t y;
        mpfr_init2(y, formats[k]->frac_bits + 1u);
        for (uint32_t i = 0; i < ROUNDS; i++) {
            const bool negative = (next_random(&state) & 1) != 0;
            Case t = {.f = *formats[k], .a = random_bits(&state, 1 + i % 128)};
            if (i % 3 == 0) // ties and near ties
                t.a = (t.a >> t.f.frac_bits | 1) << (t.f.frac_bits % 100);
            oracle_range(softfloat_f128);
            mpfr_set_ui_2exp(high, (unsigned long)(t.a >> 64), 64, MPFR_RNDN);
            mpfr_set_ui(x, (unsigned long)t.a, MPFR_RNDN);
            mpfr_add(x, x, high, MPFR_RNDN);
            mpfr_setsign(x, x, negative && t.a != 0, MPFR_RNDN);
            oracle_range(t.f);
            check_oracle(t, "from_int", softfloat_from_int(t.f, t.a, negative), y,
                         mpfr_set(y, x, MPFR_RNDN));
        }
        mpfr_clear(y);
    }
    mpfr_clears(x, high, (mpfr_ptr)0);
}

// What truncation to `bits` should give, by the oracle.
static SoftIntResult oracle_to_int(mpfr_t x, uint32_t bits, bool is_signed, mpz_t z)
{
    mpz_set_ui(z, 0);
    if (mpfr_nan_p(x))
        return SOFT_INT_NAN;
    mpz_t min, max;
    mpz_inits(min, max, (mpz_ptr)0);
    mpz_setbit(max, is_signed ? bits - 1 : bits);
    if (is_signed)
        mpz_neg(min, max);
    mpz_sub_ui(max, max, 1);
    if (!mpfr_inf_p(x))
        mpfr_get_z(z, x, MPFR_RNDZ);
    SoftIntResult result = SOFT_INT_OK;
    if (mpfr_inf_p(x) ? mpfr_sgn(x) < 0 : mpz_cmp(z, min) < 0) {
        mpz_set(z, min);
        result = SOFT_INT_BELOW;
    } else if (mpfr_inf_p(x) || mpz_cmp(z, max) > 0) {
        mpz_set(z, max);
        result = SOFT_INT_ABOVE;
    }
    mpz_clears(min, max, (mpz_ptr)0);
    return result;
}

static void to_int_agrees_with_mpfr(void **context)
{
    (void)context;
    static const uint32_t widths[] = {8, 16, 32, 64, 128};
    uint64_t state = 0xa4093822299f31d0;
    oracle_range(softfloat_f128);
    mpfr_t x;
    mpz_t z;
    mpfr_init2(x, 113);
    mpz_init(z);
    for (uint32_t k = 0; k < 4 * 5 * 2; k++) {
        const SoftFormat f = *formats[k % 4];
        const uint32_t bits = widths[k / 4 % 5];
        const bool is_signed = k / 20 != 0;
        for (uint32_t i = 0; i < ROUNDS / 4; i++) {
            Case t = {.f = f, .what = is_signed ? "to_sint" : "to_uint"};
            t.a = random_float(f, &state);
            if (i % 2 == 0) { // round the limits of the integer type
                const uint128 near = ((uint128)1 << (bits - 1)) + (next_random(&state) % 5) - 2;
                t.a = softfloat_from_int(f, i % 4 == 0 ? near : near * 2, (i & 8) != 0);
            }
            oracle_set(x, f, t.a);
            const SoftIntResult want = oracle_to_int(x, bits, is_signed, z);
            uint128 got = 0, value = 0;
            assert_int_equal(softfloat_to_int(f, t.a, bits, is_signed, &got), want);
            for (uint32_t bit = 0; bit < bits; bit++)
                value |= (uint128)(mpz_tstbit(z, bit) != 0) << bit;
            check_bits(&t, got, value);
        }
    }
    mpfr_clear(x);
    mpz_clear(z);
}

// ---- The host ----

static void host_double_agrees(void **context)
{
    (void)context;
    uint64_t state = 0x082efa98ec4e6c89;
    const SoftFormat f = softfloat_f64;
    for (uint32_t i = 0; i < ROUNDS * 5; i++) {
        Case t = {f, "host double", random_float(f, &state), random_float(f, &state),
                  random_float(f, &state)};
        uint64_t bits[3] = {(uint64_t)t.a, (uint64_t)t.b, (uint64_t)t.c};
        double x[3];
        memcpy(x, bits, sizeof(x));
        const double results[] = {x[0] + x[1], x[0] - x[1], x[0] * x[1],
                                  x[0] / x[1], sqrt(x[0]),  fma(x[0], x[1], x[2])};
        const uint128 ours[] = {softfloat_add(f, t.a, t.b), softfloat_sub(f, t.a, t.b),
                                softfloat_mul(f, t.a, t.b), softfloat_div(f, t.a, t.b),
                                softfloat_sqrt(f, t.a),     softfloat_fma(f, t.a, t.b, t.c)};
        for (uint32_t k = 0; k < 6; k++) {
            uint64_t want;
            memcpy(&want, &results[k], sizeof(want));
            if (isnan(results[k]))
                assert_true(softfloat_is_nan(f, ours[k]));
            else
                check_bits(&t, ours[k], want);
        }
    }
}

static void host_float_agrees(void **context)
{
    (void)context;
    uint64_t state = 0x452821e638d01377;
    for (uint32_t i = 0; i < ROUNDS * 5; i++) {
        Case t = {.f = softfloat_f32, .what = "host float"};
        t.a = random_float(softfloat_f64, &state);
        const uint64_t bits = (uint64_t)t.a;
        double wide;
        memcpy(&wide, &bits, sizeof(wide));
        if (isnan(wide))
            continue;
        const float narrow = (float)wide;
        uint32_t want;
        memcpy(&want, &narrow, sizeof(want));
        check_bits(&t, softfloat_convert(softfloat_f64, softfloat_f32, t.a), want);
    }
}

// ---- NaN ----

static void nans_propagate(void **context)
{
    (void)context;
    const SoftFormat f = softfloat_f32;
    const uint128 one = 0x3f800000, inf = 0x7f800000, signalling = 0xff800005, quiet = 0x7fc00007;
    const uint128 negative = 0x80000000, nan = 0x7fc00000;
    assert_true(softfloat_add(f, one, signalling) == 0xffc00005);
    assert_true(softfloat_add(f, quiet, signalling) == quiet);
    assert_true(softfloat_sub(f, signalling, quiet) == 0xffc00005);
    assert_true(softfloat_sub(f, one, quiet) == quiet);
    assert_true(softfloat_fma(f, inf, 0, quiet) == quiet);
    assert_true(softfloat_fma(f, one, signalling, quiet) == 0xffc00005);
    assert_true(softfloat_round(f, signalling, SOFT_CEIL) == 0xffc00005);
    assert_true(softfloat_sqrt(f, signalling) == 0xffc00005);
    // Invalid operations.
    assert_true(softfloat_sub(f, inf, inf) == nan);
    assert_true(softfloat_mul(f, inf, negative) == nan);
    assert_true(softfloat_div(f, 0, negative) == nan);
    assert_true(softfloat_div(f, inf, inf) == nan);
    assert_true(softfloat_sqrt(f, one | negative) == nan);
    assert_true(softfloat_fma(f, inf, 0, one) == nan);
    assert_true(softfloat_fma(f, inf, one, inf | negative) == nan);
    // Conversions keep sign and leading payload bits.
    assert_true(softfloat_convert(softfloat_f32, softfloat_f64, signalling) ==
                UINT64_C(0xfff80000a0000000));
    assert_true(softfloat_convert(softfloat_f64, softfloat_f16, UINT64_C(0x7ff4000000000001)) ==
                0x7f00);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic_agrees_with_mpfr),
        cmocka_unit_test(conversions_agree_with_mpfr),
        cmocka_unit_test(from_int_agrees_with_mpfr),
        cmocka_unit_test(to_int_agrees_with_mpfr),
        cmocka_unit_test(host_double_agrees),
        cmocka_unit_test(host_float_agrees),
        cmocka_unit_test(nans_propagate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
