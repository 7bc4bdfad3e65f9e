// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expected values of float operations from MPFR, for binary16, 32, 64 and 128. Reads lines
//
//   OP FORMAT ARGS...     a float is its bits in hexadecimal, an integer is decimal
//
// and answers each with one line: bits in hexadecimal, "nan", or an integer in hexadecimal. Where
// gcc has the format (float, double, and __float128 in software) basic operations are also done by
// its code, and a difference ends the program: then one of the two oracles is wrong.
//
//   add sub mul div F a b   sqrt F a   fma F a b c   ceil floor trunc nearest F a
//   convert F a G           a in format F rounded to format G
//   toint F a               a truncated toward zero, "nan", or "inf" / "-inf"
//   fromint F n             the integer n rounded to F
//   compare F a b           "lt" "eq" "gt" or "un"
#include <gmp.h>
#include <math.h>
#include <mpfr.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 Bits;
__extension__ typedef __float128 Quad;

typedef struct Format {
    int bits, exponent_bits, fraction_bits;
} Format;

static const Format formats[] = {{16, 5, 10}, {32, 8, 23}, {64, 11, 52}, {128, 15, 112}};

static void fail(const char *why, const char *what)
{
    fprintf(stderr, "mpfr_oracle: %s: %s\n", why, what);
    exit(1);
}

static const Format *format_of(const char *text)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (atoi(text) == formats[i].bits)
            return &formats[i];
    fail("no such format", text);
    return NULL;
}

static Bits bits_parse(const char *text)
{
    Bits value = 0;
    for (const char *p = text; *p; p++) {
        const char *digits = "0123456789abcdef";
        const char *at = strchr(digits, *p);
        if (!at)
            fail("bad digit", text);
        value = value << 4 | (Bits)(size_t)(at - digits);
    }
    return value;
}

static void bits_print(Bits value)
{
    printf("%llx%016llx\n", (unsigned long long)(value >> 64), (unsigned long long)value);
}

// Precision and exponent range of the format; needed before every rounding.
static void enter(const Format *f)
{
    const long bias = (1L << (f->exponent_bits - 1)) - 1;
    mpfr_set_default_prec(f->fraction_bits + 1);
    mpfr_set_emax(bias + 1);
    mpfr_set_emin(-bias - f->fraction_bits + 2); // of the smallest subnormal, as 0.1 * 2^emin
}

static void decode(const Format *f, Bits bits, mpfr_t out)
{
    const Bits one = 1;
    const long bias = (1L << (f->exponent_bits - 1)) - 1;
    const Bits fraction = bits & ((one << f->fraction_bits) - 1);
    const long exponent = (long)((bits >> f->fraction_bits) & ((one << f->exponent_bits) - 1));
    const int negative = (int)(bits >> (f->bits - 1));
    enter(f);
    mpfr_init2(out, f->fraction_bits + 1);
    if (exponent == 2 * bias + 1) {
        if (fraction)
            mpfr_set_nan(out);
        else
            mpfr_set_inf(out, negative ? -1 : 1);
        return;
    }
    const Bits significand = exponent ? fraction | one << f->fraction_bits : fraction;
    mpz_t z;
    mpz_init(z);
    mpz_import(z, 1, -1, sizeof significand, 0, 0, &significand);
    const long scale = (exponent ? exponent : 1) - bias - f->fraction_bits;
    mpfr_set_emax(mpfr_get_emax_max()); // the integer is out of range before it is scaled
    mpfr_set_z(out, z, MPFR_RNDN);
    mpfr_mul_2si(out, out, scale, MPFR_RNDN);
    mpz_clear(z);
    if (negative)
        mpfr_neg(out, out, MPFR_RNDN);
    enter(f);
}

// `value` is rounded to the format, `inexact` its ternary; subnormals are still to be rounded.
static Bits encode(const Format *f, mpfr_t value, int inexact)
{
    const Bits one = 1;
    const long bias = (1L << (f->exponent_bits - 1)) - 1;
    enter(f);
    inexact = mpfr_check_range(value, inexact, MPFR_RNDN);
    mpfr_subnormalize(value, inexact, MPFR_RNDN);
    const Bits sign = mpfr_signbit(value) ? one << (f->bits - 1) : 0;
    if (mpfr_inf_p(value))
        return sign | (Bits)(2 * bias + 1) << f->fraction_bits;
    if (mpfr_zero_p(value))
        return sign;
    mpz_t z;
    mpz_init(z);
    long scale = mpfr_get_z_2exp(z, value); // value = z * 2^scale, z has all bits of the precision
    mpz_abs(z, z);
    const long smallest = 1 - bias - f->fraction_bits;
    if (scale < smallest) {
        mpz_tdiv_q_2exp(z, z, (unsigned long)(smallest - scale));
        scale = smallest;
    }
    Bits significand = 0;
    mpz_export(&significand, NULL, -1, sizeof significand, 0, 0, z);
    mpz_clear(z);
    if (significand < one << f->fraction_bits)
        return sign | significand;
    const Bits exponent = (Bits)(scale - smallest + 1);
    return sign | exponent << f->fraction_bits | (significand - (one << f->fraction_bits));
}

// ---- The same by gcc ----

static Bits host_float(const char *op, const Bits *args)
{
    float a, b, r;
    memcpy(&a, &args[0], sizeof a);
    memcpy(&b, &args[1], sizeof b);
    float c;
    memcpy(&c, &args[2], sizeof c);
    r = !strcmp(op, "add")   ? a + b
        : !strcmp(op, "sub") ? a - b
        : !strcmp(op, "mul") ? a * b
        : !strcmp(op, "div") ? a / b
        : !strcmp(op, "fma") ? fmaf(a, b, c)
                             : sqrtf(a);
    Bits out = 0;
    memcpy(&out, &r, sizeof r);
    return out;
}

static Bits host_double(const char *op, const Bits *args)
{
    double a, b, c, r;
    memcpy(&a, &args[0], sizeof a);
    memcpy(&b, &args[1], sizeof b);
    memcpy(&c, &args[2], sizeof c);
    r = !strcmp(op, "add")   ? a + b
        : !strcmp(op, "sub") ? a - b
        : !strcmp(op, "mul") ? a * b
        : !strcmp(op, "div") ? a / b
        : !strcmp(op, "fma") ? fma(a, b, c)
                             : sqrt(a);
    Bits out = 0;
    memcpy(&out, &r, sizeof r);
    return out;
}

static Bits host_quad(const char *op, const Bits *args)
{
    Quad a, b, r;
    memcpy(&a, &args[0], sizeof a);
    memcpy(&b, &args[1], sizeof b);
    r = !strcmp(op, "add")   ? a + b
        : !strcmp(op, "sub") ? a - b
        : !strcmp(op, "mul") ? a * b
                             : a / b;
    Bits out = 0;
    memcpy(&out, &r, sizeof r);
    return out;
}

// Compares an arithmetic result with gcc's, where there is one.
static void cross_check(const char *op, const Format *f, const Bits *args, Bits result)
{
    Bits host = result;
    if (f->bits == 32)
        host = host_float(op, args);
    else if (f->bits == 64)
        host = host_double(op, args);
    else if (f->bits == 128 && strcmp(op, "sqrt") != 0 && strcmp(op, "fma") != 0)
        host = host_quad(op, args);
    if (host != result)
        fail("MPFR and gcc disagree", op);
}

// ---- Requests ----

static void do_arithmetic(const char *op, const Format *f, char **words, int count)
{
    Bits args[3] = {0, 0, 0};
    mpfr_t in[3], out;
    for (int i = 0; i < 3; i++) {
        args[i] = i < count ? bits_parse(words[i]) : 0;
        decode(f, args[i], in[i]);
    }
    mpfr_init2(out, f->fraction_bits + 1);
    mpfr_clear_flags();
    int inexact = 0;
    if (!strcmp(op, "add"))
        inexact = mpfr_add(out, in[0], in[1], MPFR_RNDN);
    else if (!strcmp(op, "sub"))
        inexact = mpfr_sub(out, in[0], in[1], MPFR_RNDN);
    else if (!strcmp(op, "mul"))
        inexact = mpfr_mul(out, in[0], in[1], MPFR_RNDN);
    else if (!strcmp(op, "div"))
        inexact = mpfr_div(out, in[0], in[1], MPFR_RNDN);
    else if (!strcmp(op, "fma"))
        inexact = mpfr_fma(out, in[0], in[1], in[2], MPFR_RNDN);
    else if (!strcmp(op, "sqrt"))
        inexact = mpfr_sqrt(out, in[0], MPFR_RNDN);
    else
        fail("no such operation", op);
    if (mpfr_nan_p(out)) {
        puts("nan");
    } else {
        const Bits result = encode(f, out, inexact);
        cross_check(op, f, args, result);
        bits_print(result);
    }
    for (int i = 0; i < 3; i++)
        mpfr_clear(in[i]);
    mpfr_clear(out);
}

static void do_round(const char *op, const Format *f, const char *word)
{
    mpfr_t in;
    decode(f, bits_parse(word), in);
    const mpfr_rnd_t mode = !strcmp(op, "ceil")    ? MPFR_RNDU
                            : !strcmp(op, "floor") ? MPFR_RNDD
                            : !strcmp(op, "trunc") ? MPFR_RNDZ
                                                   : MPFR_RNDN;
    // In place, so that the sign of a zero result is that of the operand.
    const int negative = mpfr_signbit(in);
    mpfr_rint(in, in, mode);
    if (mpfr_zero_p(in))
        mpfr_setsign(in, in, negative, MPFR_RNDN);
    if (mpfr_nan_p(in))
        puts("nan");
    else
        bits_print(encode(f, in, 0));
    mpfr_clear(in);
}

static void do_convert(const Format *from, const char *word, const Format *to)
{
    mpfr_t in, out;
    decode(from, bits_parse(word), in);
    mpfr_init2(out, to->fraction_bits + 1);
    // Rounded once, in an exponent range that holds both formats; encode() narrows the range.
    mpfr_set_emin(mpfr_get_emin_min());
    mpfr_set_emax(mpfr_get_emax_max());
    const int inexact = mpfr_set(out, in, MPFR_RNDN);
    if (mpfr_nan_p(out))
        puts("nan");
    else
        bits_print(encode(to, out, inexact));
    mpfr_clear(in);
    mpfr_clear(out);
}

// Hexadecimal digits of the largest binary128 number, a sign and the end.
enum { DIGITS_MAX = 16384 / 4 + 2 };

static void do_to_int(const Format *f, const char *word)
{
    mpfr_t in;
    decode(f, bits_parse(word), in);
    if (mpfr_nan_p(in)) {
        puts("nan");
    } else if (mpfr_inf_p(in)) {
        puts(mpfr_signbit(in) ? "-inf" : "inf");
    } else {
        mpz_t z;
        mpz_init(z);
        mpfr_get_z(z, in, MPFR_RNDZ);
        char digits[DIGITS_MAX];
        puts(mpz_get_str(digits, 16, z));
        mpz_clear(z);
    }
    mpfr_clear(in);
}

static void do_from_int(const Format *f, const char *word)
{
    mpz_t z;
    mpfr_t out;
    if (mpz_init_set_str(z, word, 10) != 0)
        fail("bad integer", word);
    mpfr_init2(out, f->fraction_bits + 1);
    mpfr_set_emin(mpfr_get_emin_min());
    mpfr_set_emax(mpfr_get_emax_max());
    const int inexact = mpfr_set_z(out, z, MPFR_RNDN);
    bits_print(encode(f, out, inexact));
    mpz_clear(z);
    mpfr_clear(out);
}

static void do_compare(const Format *f, const char *left, const char *right)
{
    mpfr_t a, b;
    decode(f, bits_parse(left), a);
    decode(f, bits_parse(right), b);
    if (mpfr_nan_p(a) || mpfr_nan_p(b))
        puts("un");
    else
        puts(mpfr_less_p(a, b) ? "lt" : mpfr_equal_p(a, b) ? "eq" : "gt");
    mpfr_clear(a);
    mpfr_clear(b);
}

int main(void)
{
    char line[1024];
    while (fgets(line, sizeof line, stdin)) {
        char *words[8];
        int count = 0;
        for (char *p = strtok(line, " \n"); p && count < 8; p = strtok(NULL, " \n"))
            words[count++] = p;
        if (count < 3)
            fail("short request", line);
        const char *op = words[0];
        const Format *f = format_of(words[1]);
        if (strstr("ceil floor trunc nearest", op))
            do_round(op, f, words[2]);
        else if (!strcmp(op, "convert") && count == 4)
            do_convert(f, words[2], format_of(words[3]));
        else if (!strcmp(op, "toint"))
            do_to_int(f, words[2]);
        else if (!strcmp(op, "fromint"))
            do_from_int(f, words[2]);
        else if (!strcmp(op, "compare") && count == 4)
            do_compare(f, words[2], words[3]);
        else
            do_arithmetic(op, f, words + 2, count - 2);
        fflush(stdout);
    }
    return 0;
}
