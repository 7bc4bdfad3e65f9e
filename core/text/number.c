// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Integers and floats as text, in both directions, and the literals made of them.
//
// Floats are never rounded: a literal names its bits exactly or is an error. A finite float is an
// odd integer times a power of two, so that "too many bits" and "too small" are comparisons of
// lengths.

#include "text/text_internal.h"

// ---- Integers ----

static uint32_t digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0');
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? (uint32_t)(lower - 'a') + 10 : 99;
}

static const char *const not_integer = "is not an integer";
static const char *const out_of_range = "is out of range";

// Reads digits of `base`, skipping underscores where `under` allows them.
static const char *read_digits(Str s, uint32_t base, bool under, uint128 *out)
{
    const uint128 most = ~(uint128)0 / base;
    uint128 n = 0;
    uint32_t digits = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] == '_' && under)
            continue;
        const uint32_t digit = digit_value(s.data[i]);
        if (digit >= base)
            return not_integer;
        if (n > most || n * base > ~(uint128)0 - digit)
            return out_of_range;
        n = n * base + digit;
        digits++;
    }
    *out = n;
    return digits == 0 ? not_integer : NULL;
}

const char *text_num_int(Str s, uint32_t bits, bool loose, uint128 *out)
{
    bool negative = false;
    if (s.len != 0 && (s.data[0] == '-' || s.data[0] == '+')) {
        negative = s.data[0] == '-';
        s = (Str){s.data + 1, s.len - 1};
    }
    const bool hex = str_starts_with(s, STR("0x"));
    if (hex)
        s = (Str){s.data + 2, s.len - 2};
    uint128 n;
    const char *const wrong = read_digits(s, hex ? 16 : 10, hex || loose, &n);
    if (wrong)
        return wrong;
    const uint128 mask = ~(uint128)0 >> (128 - bits);
    const uint128 most = negative ? (uint128)1 << (bits - 1) : mask;
    if (n > most)
        return out_of_range;
    *out = (negative ? -n : n) & mask;
    return NULL;
}

static void print_hex_groups(uint128 x, StrBuf *out)
{
    uint32_t shift = 112;
    while (shift != 0 && x >> shift == 0)
        shift -= 16;
    buf_puts(out, "0x");
    for (;; shift -= 16) {
        const uint32_t group = (uint32_t)(x >> shift) & 0xffff;
        for (uint32_t i = 4; i-- != 0;)
            buf_char(out, "0123456789abcdef"[group >> 4 * i & 15]);
        if (shift == 0)
            return;
        buf_char(out, '_');
    }
}

void text_print_imm(int128 x, StrBuf *out)
{
    if (x >= 10000) {
        print_hex_groups((uint128)x, out);
        return;
    }
    char digits[40];
    size_t n = 0;
    uint128 magnitude = x < 0 ? -(uint128)x : (uint128)x;
    do {
        digits[sizeof(digits) - ++n] = (char)('0' + (int)(magnitude % 10));
        magnitude /= 10;
    } while (magnitude != 0);
    if (x < 0)
        buf_char(out, '-');
    buf_str(out, (Str){digits + sizeof(digits) - n, n});
}

void text_print_offset(int64_t offset, StrBuf *out)
{
    if (offset == 0)
        return;
    buf_char(out, offset < 0 ? '-' : '+');
    text_print_imm(offset < 0 ? -(int128)offset : offset, out);
}

void text_print_bytes(const uint8_t *bytes, uint32_t size, StrBuf *out)
{
    buf_puts(out, "0x");
    for (uint32_t i = size; i-- != 0;) {
        buf_char(out, "0123456789abcdef"[bytes[i] >> 4]);
        buf_char(out, "0123456789abcdef"[bytes[i] & 15]);
    }
}

// ---- Floats ----

typedef struct FloatFormat {
    uint32_t bits;
    uint32_t precision; // significant bits, the hidden one included
    int32_t max;        // largest exponent; the smallest of a normal number is 1 - max
} FloatFormat;

static FloatFormat float_format(Type type)
{
    switch ((int)type) {
    case TYPE_F16: return (FloatFormat){16, 11, 15};
    case TYPE_F32: return (FloatFormat){32, 24, 127};
    case TYPE_F64: return (FloatFormat){64, 53, 1023};
    case TYPE_F128: return (FloatFormat){128, 113, 16383};
    default: UNREACHABLE();
    }
}

static uint32_t bit_length(uint128 x)
{
    const uint64_t high = (uint64_t)(x >> 64), low = (uint64_t)x;
    if (high != 0)
        return 128 - (uint32_t)__builtin_clzll(high);
    return low == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(low);
}

static uint32_t trailing_zeros(uint128 x)
{
    const uint64_t high = (uint64_t)(x >> 64), low = (uint64_t)x;
    return low != 0 ? (uint32_t)__builtin_ctzll(low) : 64 + (uint32_t)__builtin_ctzll(high);
}

// The bits, but for the sign, of significand * 2^exponent; the significand is not 0.
static const char *encode_float(FloatFormat format, uint128 significand, int32_t exponent,
                                uint128 *out)
{
    const uint32_t zeros = trailing_zeros(significand);
    significand >>= zeros;
    exponent += (int32_t)zeros;
    const uint32_t length = bit_length(significand);
    const int32_t top = exponent + (int32_t)length - 1;
    const int32_t smallest = 1 - format.max;
    const uint32_t fraction = format.precision - 1;
    if (top > format.max)
        return "is too large for its type";
    if (top < smallest) {
        const int32_t quantum = smallest - (int32_t)fraction;
        if (exponent < quantum)
            return "is too small to be exact in its type";
        *out = significand << (exponent - quantum);
        return NULL;
    }
    if (length > format.precision)
        return "has more significant bits than its type";
    const uint128 hidden = (uint128)1 << fraction;
    *out = ((significand << (format.precision - length)) - hidden) |
           (uint128)(uint32_t)(top + format.max) << fraction;
    return NULL;
}

static const char *const not_float = "is not a float: 0.0, 0x1.8p3, +Inf, +NaN or +NaN:0x1";

// The decimal exponent behind `p`, limited to what no format reaches.
static const char *read_exponent(Str s, int32_t *out)
{
    const bool negative = s.len != 0 && s.data[0] == '-';
    int32_t n = 0;
    const size_t first = negative || (s.len != 0 && s.data[0] == '+');
    for (size_t i = first; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return not_float;
        n = n < 100000 ? n * 10 + (s.data[i] - '0') : n;
    }
    *out = negative ? -n : n;
    return s.len == first ? not_float : NULL;
}

// "0x1.8p3" without its sign.
static const char *read_finite(Str s, FloatFormat format, uint128 *out)
{
    uint128 significand = 0;
    uint32_t digits = 0, behind_point = 0;
    bool point = false;
    int32_t exponent = 0;
    for (size_t i = 2; i < s.len; i++) {
        const char c = s.data[i];
        if (c == 'p') {
            const char *const wrong =
                read_exponent((Str){s.data + i + 1, s.len - i - 1}, &exponent);
            if (wrong)
                return wrong;
            break;
        }
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        const uint32_t digit = digit_value(c);
        if (digit >= 16)
            return not_float;
        if (digits == 32)
            return "has more than 32 digits";
        significand = significand << 4 | digit;
        digits++;
        behind_point += point;
    }
    if (digits == 0 || !point)
        return not_float;
    *out = 0;
    if (significand == 0)
        return NULL;
    return encode_float(format, significand, exponent - 4 * (int32_t)behind_point, out);
}

// The bits of a NaN but for the sign; `payload` is the text behind the colon.
static const char *read_nan(Str payload, bool signalling, FloatFormat format, uint128 *out)
{
    const uint128 quiet = (uint128)1 << (format.precision - 2);
    uint128 n;
    if (!str_starts_with(payload, STR("0x")) || text_num_int(payload, 128, false, &n))
        return not_float;
    if (n >= quiet)
        return "has a NaN payload that is too large for its type";
    if (signalling && n == 0)
        return "is no signalling NaN: its payload is 0";
    *out |= n | (signalling ? 0 : quiet);
    return NULL;
}

static Str str_behind(Str s, size_t n)
{
    return (Str){s.data + n, s.len - n};
}

const char *text_num_float(Str s, Type type, uint128 *out)
{
    const FloatFormat format = float_format(type);
    const bool is_signed = s.len != 0 && (s.data[0] == '-' || s.data[0] == '+');
    const bool negative = is_signed && s.data[0] == '-';
    s = is_signed ? str_behind(s, 1) : s;
    const uint128 infinity = (((uint128)1 << (format.bits - format.precision)) - 1)
                             << (format.precision - 1);
    uint128 bits = infinity;
    const char *wrong = NULL;
    if (str_eq(s, STR("NaN")))
        bits |= (uint128)1 << (format.precision - 2);
    else if (str_starts_with(s, STR("NaN:")))
        wrong = read_nan(str_behind(s, 4), false, format, &bits);
    else if (is_signed && str_starts_with(s, STR("sNaN:")))
        wrong = read_nan(str_behind(s, 5), true, format, &bits);
    else if (str_eq(s, STR("0.0")))
        bits = 0;
    else if (str_starts_with(s, STR("0x")))
        wrong = read_finite(s, format, &bits);
    else if (!str_eq(s, STR("Inf")))
        wrong = not_float;
    *out = bits | (uint128)negative << (format.bits - 1);
    return wrong;
}

static void print_hex_digits(uint128 x, uint32_t digits, StrBuf *out)
{
    for (uint32_t i = digits; i-- != 0;)
        buf_char(out, "0123456789abcdef"[(uint32_t)(x >> 4 * i) & 15]);
}

void text_print_float(Type type, uint128 bits, StrBuf *out)
{
    const FloatFormat format = float_format(type);
    const uint32_t fraction_bits = format.precision - 1;
    const uint128 fraction = bits & (((uint128)1 << fraction_bits) - 1);
    const uint32_t most = ((uint32_t)1 << (format.bits - format.precision)) - 1;
    const uint32_t exponent = (uint32_t)(bits >> fraction_bits) & most;
    const bool negative = bits >> (format.bits - 1) & 1;
    if (exponent == most) {
        const uint128 quiet = (uint128)1 << (fraction_bits - 1);
        const uint128 payload = fraction & (quiet - 1);
        buf_char(out, negative ? '-' : '+');
        buf_puts(out, fraction == 0 ? "Inf" : fraction & quiet ? "NaN" : "sNaN");
        if (payload != 0) {
            buf_puts(out, ":0x");
            print_hex_digits(payload, (bit_length(payload) + 3) / 4, out);
        }
        return;
    }
    if (negative)
        buf_char(out, '-');
    if (exponent == 0 && fraction == 0) {
        buf_puts(out, "0.0");
        return;
    }
    const uint32_t digits = (fraction_bits + 3) / 4;
    buf_puts(out, exponent == 0 ? "0x0." : "0x1.");
    print_hex_digits(fraction << (4 * digits - fraction_bits), digits, out);
    buf_printf(out, "p%d", (exponent == 0 ? 1 : (int32_t)exponent) - format.max);
}

// ---- Literals ----

Status text_lit_int(Lexer *lx, uint32_t bits, uint128 *out)
{
    if (!text_at(lx, TOK_INT))
        return text_unexpected(lx, "an integer");
    const Token tok = lx->tok;
    const char *const wrong = text_num_int(tok.text, bits, bits == 64, out);
    if (wrong)
        return LEX_ERROR(lx, STATUS_SYNTAX, tok.pos, "`%.*s` %s for %u bits", TOKEN_ARG(tok.text),
                         wrong, bits);
    text_lex_next(lx);
    return STATUS_OK;
}

Status text_lit_uint(Lexer *lx, uint64_t max, const char *what, uint64_t *out)
{
    if (!text_at(lx, TOK_INT))
        return text_unexpected(lx, what);
    const Token tok = lx->tok;
    uint128 n;
    const char *const wrong = text_num_int(tok.text, 64, true, &n);
    if (wrong == not_integer || tok.text.data[0] == '-')
        return text_unexpected(lx, what);
    if (wrong || n > max)
        return LEX_ERROR(lx, STATUS_SYNTAX, tok.pos, "`%.*s` is too large for %s: at most %llu",
                         TOKEN_ARG(tok.text), what, (unsigned long long)max);
    *out = (uint64_t)n;
    text_lex_next(lx);
    return STATUS_OK;
}

Status text_lit_scalar(Lexer *lx, Type type, uint8_t *bytes)
{
    const Token tok = lx->tok;
    const bool is_float = type_is_float(type);
    if (tok.kind != (is_float ? TOK_FLOAT : TOK_INT)) {
        const Str name = type_name(lx->diag->arena, type);
        return text_unexpected(lx, str_printf(lx->diag->arena, "%s of type %.*s",
                                              is_float ? "a float" : "an integer", STR_ARG(name))
                                       .data);
    }
    uint128 n = 0;
    const char *const wrong = is_float
                                  ? text_num_float(tok.text, type, &n)
                                  : text_num_int(tok.text, type_bits(type), type == TYPE_I64, &n);
    if (wrong) {
        const Str name = type_name(lx->diag->arena, type);
        return LEX_ERROR(lx, STATUS_SYNTAX, tok.pos, "`%.*s` %s (%.*s)", TOKEN_ARG(tok.text), wrong,
                         STR_ARG(name));
    }
    for (uint32_t i = 0; i < type_bytes(type); i++)
        bytes[i] = (uint8_t)(n >> 8 * i);
    text_lex_next(lx);
    return STATUS_OK;
}

static Status lit_lanes(Lexer *lx, Type type, uint8_t *bytes)
{
    const Type lane = type_lane(type);
    const uint32_t size = type_bytes(lane), lanes = type_lanes(type);
    for (uint32_t i = 0; i < lanes; i++) {
        if (text_at(lx, ']'))
            return LEX_ERROR(lx, STATUS_SYNTAX, lx->tok.pos, "expected %u lanes for %.*s, found %u",
                             lanes, STR_ARG(type_name(lx->diag->arena, type)), i);
        TRY(text_lit_scalar(lx, lane, bytes + (size_t)i * size));
    }
    return text_expect(lx, ']');
}

// The bytes of hexadecimal digits; `cap` is the most that there may be.
static const char *lit_hex(Str digits, uint32_t cap, uint8_t *bytes, uint32_t *size)
{
    uint64_t count = 0;
    for (size_t i = digits.len; i-- != 0;) { // the last digit is the lowest one
        const char c = digits.data[i];
        if (c == '_')
            continue;
        const uint32_t digit = digit_value(c);
        if (digit >= 16)
            return "is not hexadecimal";
        if (count / 2 >= cap)
            return "is too long";
        if (count % 2 == 0)
            bytes[count / 2] = (uint8_t)digit;
        else
            bytes[count / 2] = (uint8_t)(bytes[count / 2] | digit << 4);
        count++;
    }
    *size = (uint32_t)(count / 2);
    return count == 0 ? "has no digits" : count % 2 != 0 ? "has an odd number of digits" : NULL;
}

Status text_lit_bytes(Lexer *lx, Type type, uint8_t *bytes, uint32_t *size)
{
    const bool typed = type != TYPE_INVALID;
    const uint32_t cap = typed ? type_bytes(type) : LIT_BYTES_MAX;
    ASSERT(cap <= LIT_BYTES_MAX);
    if (typed && text_accept(lx, '[')) {
        *size = cap;
        return lit_lanes(lx, type, bytes);
    }
    const Token tok = lx->tok;
    if (tok.kind != TOK_INT || !str_starts_with(tok.text, STR("0x")))
        return text_unexpected(lx, typed ? "constant bytes: 0x... or [lanes]"
                                         : "constant bytes: 0x...");
    const char *const wrong = lit_hex(str_behind(tok.text, 2), cap, bytes, size);
    if (wrong)
        return LEX_ERROR(lx, STATUS_SYNTAX, tok.pos, "the constant %s; at most %u bytes", wrong,
                         cap);
    text_lex_next(lx);
    if (typed) {
        memset(bytes + *size, 0, cap - *size);
        *size = cap;
    }
    return STATUS_OK;
}
