// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tokens of the toy language.

#include "examples/toy/toy.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static uint32_t skip_blanks(Str text, uint32_t pos)
{
    for (; pos < text.len; pos++) {
        const char c = text.data[pos];
        if (c == '#')
            while (pos + 1 < text.len && text.data[pos + 1] != '\n')
                pos++;
        else if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
            break;
    }
    return pos;
}

// The length of the number at `rest`, into *number; 0 when it does not fit.
static size_t read_number(Str rest, int64_t *number)
{
    size_t n = 0;
    *number = 0;
    for (; n < rest.len && is_digit(rest.data[n]); n++) {
        const int digit = rest.data[n] - '0';
        if (*number > (INT64_MAX - digit) / 10)
            return 0;
        *number = *number * 10 + digit;
    }
    return n;
}

static size_t punct_length(Str rest)
{
    static const char *const pairs[] = {"==", "!=", "<=", ">=", "&&", "||"};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (str_starts_with(rest, str_from(pairs[i])))
            return 2;
    return rest.data[0] != '\0' && strchr("(){},;=<>+-*/%!", rest.data[0]) ? 1 : 0;
}

Token toy_lex(Str text, uint32_t pos)
{
    pos = skip_blanks(text, pos);
    const Str rest = {text.data + pos, text.len - pos};
    Token token = {TOKEN_END, pos, {rest.data, 0}, 0};
    if (rest.len == 0)
        return token;
    size_t n = 0;
    if (is_letter(rest.data[0])) {
        token.kind = TOKEN_NAME;
        while (n < rest.len && (is_letter(rest.data[n]) || is_digit(rest.data[n])))
            n++;
    } else if (is_digit(rest.data[0])) {
        token.kind = TOKEN_NUMBER;
        n = read_number(rest, &token.number);
    } else {
        token.kind = TOKEN_PUNCT;
        n = punct_length(rest);
    }
    if (n == 0) {
        token.kind = TOKEN_BAD;
        n = 1;
    }
    token.text.len = n;
    return token;
}
