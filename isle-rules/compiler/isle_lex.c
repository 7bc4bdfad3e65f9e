// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tokens: parentheses, `@`, integers and symbols. Comments run from `;` to the end of the line or
// nest as `(; ... ;)`. Any byte sequence gives tokens or a located error.

#include "isle-rules/compiler/islec_internal.h"

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_symbol_char(char c)
{
    return !is_space(c) && c != '(' && c != ')' && c != ';' && c != '@';
}

// The byte `ahead` places after the next one; NUL past the end.
static char peek(const Lexer *lexer, uint32_t ahead)
{
    const Str text = lexer->source->text;
    return lexer->next + (size_t)ahead < text.len ? text.data[lexer->next + ahead] : '\0';
}

static bool at_end(const Lexer *lexer)
{
    return lexer->next >= lexer->source->text.len;
}

// Steps over a block comment, whose `(;` is next. False (and an error) when it does not end.
static bool skip_block_comment(Lexer *lexer)
{
    const uint32_t start = lexer->next;
    uint32_t open = 0;
    while (!at_end(lexer)) {
        if (peek(lexer, 0) == '(' && peek(lexer, 1) == ';') {
            open++;
            lexer->next += 2;
        } else if (peek(lexer, 0) == ';' && peek(lexer, 1) == ')') {
            lexer->next += 2;
            if (--open == 0)
                return true;
        } else {
            lexer->next++;
        }
    }
    diag_error(lexer->diag, STATUS_SYNTAX, lexer->source, start, "this block comment has no end");
    return false;
}

static bool skip_blanks(Lexer *lexer)
{
    while (!at_end(lexer)) {
        const char c = peek(lexer, 0);
        if (is_space(c)) {
            lexer->next++;
        } else if (c == ';') {
            while (!at_end(lexer) && peek(lexer, 0) != '\n' && peek(lexer, 0) != '\r')
                lexer->next++;
        } else if (c == '(' && peek(lexer, 1) == ';') {
            if (!skip_block_comment(lexer))
                return false;
        } else {
            return true;
        }
    }
    return true;
}

static Token lex_error(const Lexer *lexer, Token token, const char *what)
{
    diag_error(lexer->diag, STATUS_SYNTAX, lexer->source, token.offset, "integer `%.*s` %s",
               STR_ARG(token.text), what);
    token.kind = TOKEN_BAD;
    return token;
}

static unsigned digit_value(char c)
{
    if (is_digit(c))
        return (unsigned)(c - '0');
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10 : 16;
}

static Token lex_int(const Lexer *lexer, Token token)
{
    Str rest = token.text;
    if (rest.data[0] == '-') {
        token.value.negative = true;
        rest = (Str){rest.data + 1, rest.len - 1};
    }
    unsigned radix = 10;
    if (rest.len >= 2 && rest.data[0] == '0') {
        const char mark = (char)(rest.data[1] | 0x20);
        radix = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
        if (radix != 10)
            rest = (Str){rest.data + 2, rest.len - 2};
    }
    uint32_t digits = 0;
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.data[i] == '_')
            continue;
        const unsigned digit = digit_value(rest.data[i]);
        if (digit >= radix)
            return lex_error(lexer, token, "has a character that is no digit of it");
        const uint128 shifted = token.value.magnitude * radix;
        if (token.value.magnitude > ~(uint128)0 / radix || shifted > ~(uint128)0 - digit)
            return lex_error(lexer, token, "has more than 128 bits");
        token.value.magnitude = shifted + digit;
        digits++;
    }
    return digits == 0 ? lex_error(lexer, token, "has no digits") : token;
}

Token isle_lex(Lexer *lexer)
{
    if (!skip_blanks(lexer))
        return (Token){.kind = TOKEN_BAD, .offset = lexer->next};
    Token token = {.kind = TOKEN_END, .offset = lexer->next};
    if (at_end(lexer))
        return token;
    const char first = peek(lexer, 0);
    token.text = (Str){lexer->source->text.data + lexer->next, 1};
    if (first == '(' || first == ')' || first == '@') {
        lexer->next++;
        token.kind = first == '(' ? TOKEN_OPEN : first == ')' ? TOKEN_CLOSE : TOKEN_AT;
        return token;
    }
    const bool is_int = is_digit(first) || (first == '-' && is_digit(peek(lexer, 1)));
    while (!at_end(lexer) && is_symbol_char(peek(lexer, 0)))
        lexer->next++;
    token.text.len = lexer->next - token.offset;
    token.kind = is_int ? TOKEN_INT : TOKEN_SYMBOL;
    return is_int ? lex_int(lexer, token) : token;
}

static bool is_letter(char c)
{
    // Bytes of 128 and more belong to letters of other scripts.
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (unsigned char)c >= 0x80;
}

bool isle_is_ident(Str text)
{
    if (text.len == 0 || !(is_letter(text.data[0]) || text.data[0] == '_' || text.data[0] == '$'))
        return false;
    for (size_t i = 1; i < text.len; i++) {
        const char c = text.data[i];
        if (!is_letter(c) && !is_digit(c) && c != '_' && c != '.' && c != '$')
            return false;
    }
    return true;
}
