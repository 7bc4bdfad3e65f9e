// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lexer: one table look-up per byte, no look-back, no copies. Newlines are white space but for
// the header's lines, which the parser takes whole through text_lex_rest_of_line.

#include "text/text_internal.h"

// ---- Character classes ----

enum {
    CH_BAD,
    CH_SPACE,
    CH_COMMENT,
    CH_PUNCT,
    CH_LETTER,
    CH_DIGIT,
    CH_SIGN,
    CH_PERCENT,
    CH_QUOTE,
    CH_HASH,
    CH_AT,
    CH_CLASS = 0x0f,
    CH_WORD = 0x40,  // continues a word or a name
    CH_NUMBER = 0x80 // continues a number
};

#define SP CH_SPACE
#define CO CH_COMMENT
#define PU CH_PUNCT
#define DT (CH_PUNCT | CH_NUMBER)
#define LT (CH_LETTER | CH_WORD | CH_NUMBER)
#define DG (CH_DIGIT | CH_WORD | CH_NUMBER)
#define UN (CH_BAD | CH_WORD | CH_NUMBER)
#define PL CH_SIGN
#define MI (CH_SIGN | CH_NUMBER)
#define PC CH_PERCENT
#define QU CH_QUOTE
#define HA CH_HASH
#define AT CH_AT

// clang-format off
static const uint8_t classes[256] = {
    0,  0,  0,  0,  0,  0,  0,  0,  0,  SP, SP, SP, SP, SP, 0,  0,
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    //  !   "   #   $   %   &   '   (   )   *   +   ,   -   .   /
    SP, PU, QU, HA, 0,  PC, 0,  0,  PU, PU, PU, PL, PU, MI, DT, 0,
    // 0-9                                  :   ;   <   =   >   ?
    DG, DG, DG, DG, DG, DG, DG, DG, DG, DG, PU, CO, PU, PU, PU, 0,
    // @A-O
    AT, LT, LT, LT, LT, LT, LT, LT, LT, LT, LT, LT, LT, LT, LT, LT,
    // P-Z                                      [   \   ]   ^   _
    LT, LT, LT, LT, LT, LT, LT, LT, LT, LT, LT, PU, 0,  PU, 0,  UN,
    // `a-o
    0,  LT, LT, LT, LT, LT, LT, LT, LT, LT, LT, LT, LT, LT, LT, LT,
    // p-z                                      {   |   }   ~
    LT, LT, LT, LT, LT, LT, LT, LT, LT, LT, LT, PU, 0,  PU, 0,  0,
};
// clang-format on

static inline uint8_t class_of(const char *at)
{
    return classes[(unsigned char)*at];
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static uint32_t hex_value(char c)
{
    if (is_digit(c))
        return (uint32_t)(c - '0');
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? (uint32_t)(lower - 'a') + 10 : 16;
}

// ---- Words ----

// The entity prefix `word`, TOK_WORD when it is none.
static uint32_t prefix_kind(Str word)
{
#define PREFIX(name, kind)                  \
    case sizeof(name) - 1:                  \
        if (memcmp(w, name, word.len) == 0) \
            return kind;                    \
        break
    const char *const w = word.data;
    switch (w[0]) {
    case 'b':
        switch (word.len) {
            PREFIX("block", TOK_BLOCK);
        }
        break;
    case 'c':
        switch (word.len) {
            PREFIX("const", TOK_CONST);
        }
        break;
    case 'd':
        switch (word.len) {
            PREFIX("dt", TOK_DT);
            PREFIX("dss", TOK_DSS);
        }
        break;
    case 'e':
        switch (word.len) {
            PREFIX("exn", TOK_EXN);
            PREFIX("extable", TOK_EXTABLE);
        }
        break;
    case 'f':
        switch (word.len) {
            PREFIX("fn", TOK_FN);
        }
        break;
    case 'g':
        switch (word.len) {
            PREFIX("gv", TOK_GV);
        }
        break;
    case 'm':
        switch (word.len) {
            PREFIX("mt", TOK_MT);
        }
        break;
    case 'r':
        switch (word.len) {
            PREFIX("ret", TOK_RET);
            PREFIX("region", TOK_REGION);
        }
        break;
    case 's':
        switch (word.len) {
            PREFIX("ss", TOK_SS);
            PREFIX("sig", TOK_SIG);
        }
        break;
    case 't':
        switch (word.len) {
            PREFIX("tag", TOK_TAG);
        }
        break;
    case 'u':
        switch (word.len) {
            PREFIX("u", TOK_U);
            PREFIX("userextname", TOK_USEREXTNAME);
        }
        break;
    case 'v':
        switch (word.len) {
            PREFIX("v", TOK_V);
        }
        break;
    default: break;
    }
#undef PREFIX
    return TOK_WORD;
}

// The number that the digits write, saturated at UINT32_MAX.
static uint32_t read_decimal(const char *digits, const char *end)
{
    uint64_t n = 0;
    for (; digits != end && n < UINT32_MAX; digits++)
        n = n * 10 + (uint64_t)(*digits - '0');
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

// A word that ends in digits is an entity when what is before them is a prefix and the digits have
// no leading zero.
static void classify_word(Token *tok, Str word)
{
    const char *const start = word.data;
    const char *const end = start + word.len;
    const char *digits = end;
    while (is_digit(digits[-1])) // the word starts with a letter
        digits--;
    if (digits == end || (*digits == '0' && end - digits > 1))
        return;
    tok->kind = prefix_kind((Str){start, (size_t)(digits - start)});
    if (tok->kind != TOK_WORD)
        tok->number = read_decimal(digits, end);
}

// ---- Numbers ----

static bool looking_at(const char *p, const char *end, Str word)
{
    return (size_t)(end - p) >= word.len && memcmp(p, word.data, word.len) == 0;
}

static bool starts_special_float(const char *p, const char *end)
{
    return looking_at(p, end, STR("NaN")) || looking_at(p, end, STR("Inf"));
}

// The end of the number at `p`, whose sign, if any, is already passed.
static const char *scan_number(Lexer *lx, const char *p)
{
    const char *const end = lx->end;
    bool is_float = starts_special_float(p, end);
    if (looking_at(p, end, STR("NaN:")))
        p += 4;
    else if (looking_at(p, end, STR("sNaN:"))) {
        p += 5;
        is_float = true;
    }
    for (; p != end && (class_of(p) & CH_NUMBER); p++)
        is_float |= *p == '.';
    lx->tok.kind = is_float ? TOK_FLOAT : TOK_INT;
    return p;
}

// `+` and `-`: a number's sign, an arrow, or a token of its own.
static const char *scan_sign(Lexer *lx, const char *p)
{
    const char *const after = p + 1;
    if (*p == '-' && after != lx->end && *after == '>') {
        lx->tok.kind = TOK_ARROW;
        return after + 1;
    }
    const bool numeric =
        after != lx->end && (is_digit(*after) || *after == '+' || *after == '-' || *after == '.');
    if (numeric || starts_special_float(after, lx->end) || looking_at(after, lx->end, STR("sNaN:")))
        return scan_number(lx, after + (numeric && *after == '+'));
    lx->tok.kind = (unsigned char)*p;
    return after;
}

// ---- The rest ----

static const char *scan_name(Lexer *lx, const char *p)
{
    const char *const start = ++p;
    while (p != lx->end && (class_of(p) & CH_WORD))
        p++;
    lx->tok.kind = TOK_NAME;
    lx->tok.text = (Str){start, (size_t)(p - start)};
    return p;
}

static const char *scan_string(Lexer *lx, const char *p)
{
    const char *const start = p + 1;
    const char *const close = memchr(start, '"', (size_t)(lx->end - start));
    lx->tok.kind = close ? TOK_STRING : TOK_BAD;
    lx->tok.text = close ? (Str){start, (size_t)(close - start)} : (Str){p, 1};
    return close ? close + 1 : lx->end;
}

// "@" and "#" with the hexadecimal digits that follow.
static const char *scan_hex(Lexer *lx, const char *p)
{
    const char first = *p++;
    uint64_t n = 0;
    const char *const digits = p;
    for (; p != lx->end && hex_value(*p) < 16; p++)
        n = n > UINT32_MAX ? n : n << 4 | hex_value(*p);
    if (p == digits)
        lx->tok.kind = first == '@' ? '@' : TOK_BAD;
    else if (n > UINT32_MAX)
        lx->tok.kind = TOK_BAD;
    else
        lx->tok.kind = first == '@' ? TOK_SRCLOC : TOK_HEX;
    lx->tok.number = (uint32_t)n;
    return p;
}

static inline uint32_t position(const Lexer *lx, const char *p)
{
    return lx->base_pos + (uint32_t)(p - lx->base);
}

static const char *skip_comment(Lexer *lx, const char *p)
{
    const char *newline = memchr(p, '\n', (size_t)(lx->end - p));
    const char *const end = newline ? newline : lx->end;
    if (lx->arena) {
        Str text = {p, (size_t)(end - p)};
        if (text.data[text.len - 1] == '\r')
            text.len--;
        const Comment comment = {{ENTITY_FUNC, 0}, position(lx, p), text};
        VEC_PUSH(lx->arena, &lx->comments, comment);
    }
    return end;
}

static const char *scan_word(Lexer *lx, const char *p)
{
    const char *const start = p;
    const char *const end = lx->end;
    if ((*p == 'N' || *p == 'I') && starts_special_float(p, end))
        return scan_number(lx, p);
    do
        p++;
    while (p != end && (class_of(p) & CH_WORD));
    lx->tok.kind = TOK_WORD;
    if (UNLIKELY(is_digit(p[-1])))
        classify_word(&lx->tok, (Str){start, (size_t)(p - start)});
    return p;
}

// A value is by far the most frequent word. Returns NULL when the word is something else.
static inline const char *scan_value(Lexer *lx, const char *p)
{
    const char *const end = lx->end;
    const char *const digits = ++p;
    uint32_t n = 0;
    while (p != end && is_digit(*p) && p - digits < 9)
        n = n * 10 + (uint32_t)(*p++ - '0');
    if (p == digits || (*digits == '0' && p - digits > 1) || (p != end && (class_of(p) & CH_WORD)))
        return NULL;
    lx->tok.kind = TOK_V;
    lx->tok.number = n;
    return p;
}

void text_lex_next(Lexer *lx)
{
    const char *p = lx->cur;
    const char *const end = lx->end;
    Token *const tok = &lx->tok;
    uint32_t class = CH_SPACE;
    for (;;) {
        while (p != end && (*p == ' ' || *p == '\n'))
            p++;
        if (UNLIKELY(p == end))
            break;
        class = class_of(p) & CH_CLASS;
        if (LIKELY(class != CH_SPACE && class != CH_COMMENT))
            break;
        p = class == CH_SPACE ? p + 1 : skip_comment(lx, p);
    }
    const char *const start = p;
    tok->pos = position(lx, p);
    if (UNLIKELY(p == end)) {
        tok->kind = TOK_EOF;
        tok->text = (Str){p, 0};
        lx->cur = p;
        return;
    }
    const char *value;
    switch (class) {
    case CH_LETTER: p = *p == 'v' && (value = scan_value(lx, p)) ? value : scan_word(lx, p); break;
    case CH_PUNCT: tok->kind = (unsigned char)*p++; break;
    case CH_DIGIT: p = scan_number(lx, p); break;
    case CH_SIGN: p = scan_sign(lx, p); break;
    case CH_PERCENT: lx->cur = scan_name(lx, p); return;
    case CH_QUOTE: lx->cur = scan_string(lx, p); return;
    case CH_HASH:
    case CH_AT: p = scan_hex(lx, p); break;
    default:
        tok->kind = TOK_BAD;
        p++;
        break;
    }
    lx->cur = p;
    tok->text = (Str){start, (size_t)(p - start)};
}

Str text_lex_rest_of_line(Lexer *lx)
{
    const char *const start = lx->cur;
    const char *const newline = memchr(start, '\n', (size_t)(lx->end - start));
    const char *const end = newline ? newline : lx->end;
    lx->cur = end;
    text_lex_next(lx);
    return (Str){start, (size_t)(end - start)};
}

// ---- Messages ----

// The present token as a message shows it.
static Str describe_token(const Lexer *lx)
{
    const Token *const tok = &lx->tok;
    Arena *const arena = lx->diag->arena;
    if (tok->kind == TOK_EOF)
        return STR("the end of the text");
    if (tok->kind == TOK_STRING)
        return STR("a string");
    if (tok->kind != TOK_BAD) {
        const Str mark = tok->kind == TOK_NAME ? STR("%") : STR("");
        Str text = tok->text;
        const bool cut = text.len > 40;
        text.len = cut ? 40 : text.len;
        return str_printf(arena, "`%.*s%.*s%s`", STR_ARG(mark), STR_ARG(text), cut ? "..." : "");
    }
    const unsigned char c = (unsigned char)*tok->text.data;
    if (c == '"')
        return STR("a string without an end");
    if (c == '@' || c == '#')
        return STR("a hexadecimal number that is not one of 32 bits");
    if (c > ' ' && c < 0x7f)
        return str_printf(arena, "the character `%c`", c);
    return str_printf(arena, "the byte 0x%02x", c);
}

Status text_unexpected_hint(Lexer *lx, const char *expected, Str nearest)
{
    const Str found = describe_token(lx);
    if (nearest.len == 0)
        return LEX_ERROR(lx, STATUS_SYNTAX, lx->tok.pos, "expected %s, found %.*s", expected,
                         STR_ARG(found));
    return LEX_ERROR(lx, STATUS_SYNTAX, lx->tok.pos,
                     "expected %s, found %.*s; did you mean `%.*s`?", expected, STR_ARG(found),
                     STR_ARG(nearest));
}

Status text_unexpected(Lexer *lx, const char *expected)
{
    return text_unexpected_hint(lx, expected, (Str){NULL, 0});
}

Status text_expect(Lexer *lx, char c)
{
    if (LIKELY(lx->tok.kind == (unsigned char)c)) {
        text_lex_next(lx);
        return STATUS_OK;
    }
    const char expected[] = {'`', c, '`', '\0'};
    return text_unexpected(lx, expected);
}
