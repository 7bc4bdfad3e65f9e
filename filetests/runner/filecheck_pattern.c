// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Patterns of filecheck directives, and regular expressions from the Rust manner to POSIX.

#include "filetests/runner/filecheck.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static Str str_from_offset(Str s, size_t offset)
{
    return (Str){s.data + offset, s.len - offset};
}

static Status pattern_error(Str *error, size_t *where, size_t at, Str message)
{
    *error = message;
    *where = at;
    return STATUS_SYNTAX;
}

// ---- Patterns ----

size_t filecheck_name_length(Str s)
{
    size_t n = 0;
    while (n < s.len && (is_letter(s.data[n]) || (n != 0 && is_digit(s.data[n]))))
        n++;
    return n;
}

// Length of the regular expression that `s` starts with, up to the unmatched ')' or the end.
static size_t regex_length(Str s)
{
    size_t nesting = 0, class_start = 0; // class_start: 1 + offset of the open '['
    for (size_t i = 0; i < s.len; i++) {
        const char c = s.data[i];
        if (c == '\\') {
            i++;
        } else if (class_start != 0) {
            const bool first = i == class_start || (i == class_start + 1 && s.data[i - 1] == '^');
            if (c == ']' && !first)
                class_start = 0;
        } else if (c == '[') {
            class_start = i + 1;
        } else if (c == '(') {
            nesting++;
        } else if (c == ')' && nesting-- == 0) {
            return i;
        }
    }
    return s.len;
}

static bool pattern_defines(const Pattern *pattern, Str name)
{
    for (uint32_t i = 0; i < pattern->parts.len; i++)
        if (pattern->parts.data[i].def.len != 0 && str_eq(pattern->parts.data[i].def, name))
            return true;
    return false;
}

// The part behind "$(NAME=": a regular expression, or `$NAME` of one.
static Status parse_definition(Arena *arena, Str text, size_t *pos, PatternPart *part, Str *error,
                               size_t *where)
{
    const Str rest = str_from_offset(text, *pos);
    size_t len;
    if (rest.len != 0 && rest.data[0] == '$') {
        len = 1 + filecheck_name_length(str_from_offset(rest, 1));
        part->kind = PART_VAR;
        part->text = (Str){rest.data + 1, len - 1};
        if (len == 1)
            return pattern_error(error, where, *pos, STR("expected a variable name behind '='"));
        if (part->def.len == 0)
            return pattern_error(
                error, where, *pos,
                str_printf(arena, "write $(%.*s) for a named expression", STR_ARG(part->text)));
    } else {
        len = regex_length(rest);
        part->kind = PART_REGEX;
        part->text = (Str){rest.data, len};
    }
    if (len >= rest.len || rest.data[len] != ')')
        return pattern_error(error, where, *pos + len, STR("expected ')'"));
    *pos += len + 1;
    return STATUS_OK;
}

// A part that starts with the '$' at *pos.
static Status parse_dollar(Arena *arena, Str text, size_t *pos, PatternPart *part, Str *error,
                           size_t *where)
{
    const Str rest = str_from_offset(text, *pos + 1);
    if (rest.len != 0 && rest.data[0] == '$') {
        *part = (PatternPart){PART_TEXT, STR("$"), {NULL, 0}};
        *pos += 2;
        return STATUS_OK;
    }
    const size_t bare = filecheck_name_length(rest);
    if (bare != 0) {
        *part = (PatternPart){PART_VAR, {rest.data, bare}, {NULL, 0}};
        *pos += 1 + bare;
        return STATUS_OK;
    }
    if (rest.len == 0 || rest.data[0] != '(')
        return pattern_error(error, where, *pos, STR("a lone '$': write $$ to match one"));
    const size_t len = filecheck_name_length(str_from_offset(rest, 1));
    const Str name = {rest.data + 1, len};
    const char behind = 1 + len < rest.len ? rest.data[1 + len] : '\0';
    *pos += 2 + len;
    if (behind == ')') {
        *part = (PatternPart){len == 0 ? PART_TEXT : PART_VAR, name, {NULL, 0}};
        *pos += 1;
        return STATUS_OK;
    }
    if (behind != '=')
        return pattern_error(error, where, *pos, STR("expected ')' or '='"));
    *pos += 1;
    part->def = name;
    return parse_definition(arena, text, pos, part, error, where);
}

Status filecheck_parse_pattern(Arena *arena, Str text, Pattern *out, Str *error, size_t *where)
{
    for (size_t pos = 0; pos < text.len;) {
        PatternPart part = {PART_TEXT, {NULL, 0}, {NULL, 0}};
        const size_t start = pos;
        if (text.data[pos] == '$') {
            TRY(parse_dollar(arena, text, &pos, &part, error, where));
        } else {
            while (pos < text.len && text.data[pos] != '$')
                pos++;
            part.text = (Str){text.data + start, pos - start};
        }
        if (part.def.len != 0 && pattern_defines(out, part.def))
            return pattern_error(
                error, where, start,
                str_printf(arena, "$%.*s is defined twice in one pattern", STR_ARG(part.def)));
        if (part.kind == PART_VAR && pattern_defines(out, part.text))
            return pattern_error(error, where, start,
                                 str_printf(arena, "$%.*s is used in the pattern that defines it",
                                            STR_ARG(part.text)));
        VEC_PUSH(arena, &out->parts, part);
    }
    return STATUS_OK;
}

void filecheck_escape(Str text, StrBuf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '\0' && strchr("\\.[{()*+?^$|", text.data[i]))
            buf_char(out, '\\');
        buf_char(out, text.data[i]);
    }
}

// ---- Regular expressions ----

typedef struct Translation {
    Arena *arena;
    Str in;
    size_t pos;
    StrBuf *out;
    uint32_t groups;
    bool repeatable; // what was read last can take a quantifier
    Str *error;
    size_t *where;
} Translation;

static Status translate_error(Translation *t, size_t at, Str message)
{
    return pattern_error(t->error, t->where, at, message);
}

static char translate_peek(const Translation *t, size_t ahead)
{
    return t->pos + ahead < t->in.len ? t->in.data[t->pos + ahead] : '\0';
}

// The members of a class such as \d inside of brackets; NULL when `c` names none.
static const char *class_members(char c)
{
    switch (c) {
    case 'd': return "0-9";
    case 'w': return "[:alnum:]_";
    case 's': return "[:space:]";
    default: return NULL;
    }
}

// A control character's escape, or '\0'.
static char control_escape(char c)
{
    switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case 'f': return '\f';
    case 'v': return '\v';
    default: return '\0';
    }
}

// The escape at t->pos, outside of brackets.
static Status translate_escape(Translation *t)
{
    const char c = translate_peek(t, 1);
    const size_t at = t->pos;
    t->pos += 2;
    t->repeatable = true;
    if (c == '\0')
        return translate_error(t, at, STR("a lone '\\' at the end"));
    if (c == 'b' || c == 'B') {
        buf_printf(t->out, "\\%c", c);
        t->repeatable = false;
    } else if (class_members(c)) {
        buf_printf(t->out, "[%s]", class_members(c));
    } else if (c == 'D' || c == 'W' || c == 'S') {
        // With REG_NEWLINE a negated bracket does not match a line break, here it does. White space
        // includes the line break.
        buf_printf(t->out, c == 'S' ? "[^%s]" : "(\n|[^%s])", class_members((char)(c + 32)));
        t->groups += c != 'S';
    } else if (control_escape(c) != '\0') {
        buf_char(t->out, control_escape(c));
    } else if (is_letter(c) || is_digit(c)) {
        return translate_error(t, at, str_printf(t->arena, "'\\%c' is not supported", c));
    } else {
        filecheck_escape((Str){&t->in.data[at + 1], 1}, t->out);
    }
    return STATUS_OK;
}

// Members of a bracket expression. POSIX gives places a meaning, not escapes: ']' must come first,
// '^' not first, '-' last, and '[' must not be followed by one of ":.=".
typedef struct Bracket {
    StrBuf plain; // ranges, classes, ordinary characters
    bool close, open, caret, dash, newline, negated;
} Bracket;

static void bracket_char(Bracket *b, char c)
{
    switch (c) {
    case ']': b->close = true; break;
    case '[': b->open = true; break;
    case '^': b->caret = true; break;
    case '-': b->dash = true; break;
    case '\n': b->newline = true; break;
    default: buf_char(&b->plain, c); break;
    }
}

// The character at t->pos of a bracket, escapes resolved, or a class, which yields '\0'.
static Status bracket_member(Translation *t, Bracket *b, char *out)
{
    *out = translate_peek(t, 0);
    t->pos++;
    if (*out == '[' && translate_peek(t, 0) == ':') {
        const size_t start = t->pos - 1;
        while (t->pos < t->in.len && t->in.data[t->pos] != ']')
            t->pos++;
        if (t->pos == t->in.len)
            return translate_error(t, start, STR("unterminated class"));
        t->pos++;
        buf_str(&b->plain, (Str){t->in.data + start, t->pos - start});
        b->newline |= str_eq((Str){t->in.data + start, t->pos - start}, STR("[:space:]"));
        *out = '\0';
    } else if (*out == '\\') {
        const char c = translate_peek(t, 0);
        t->pos++;
        if (class_members(c)) {
            buf_puts(&b->plain, class_members(c));
            b->newline |= c == 's';
            *out = '\0';
        } else if (control_escape(c) != '\0') {
            *out = control_escape(c);
        } else if (c == '\0' || is_letter(c) || is_digit(c)) {
            return translate_error(t, t->pos - 2, STR("this escape is not supported in brackets"));
        } else {
            *out = c;
        }
    } else if ((*out == '&' || *out == '~' || *out == '-') && translate_peek(t, 0) == *out) {
        return translate_error(t, t->pos - 1, STR("set operations are not supported in brackets"));
    }
    return STATUS_OK;
}

// Writes the bracket with each awkward member in the place where POSIX takes it literally.
static void bracket_write(Translation *t, const Bracket *b)
{
    const bool others = b->close || b->open || b->plain.len != 0;
    // A negated bracket matches the line break here, which REG_NEWLINE makes it not do.
    const bool with_newline = b->negated != b->newline;
    if (!others && !b->caret && !b->dash) {
        buf_char(t->out, b->negated ? '.' : '\n'); // of a line break alone
        return;
    }
    if (with_newline) {
        buf_puts(t->out, "(\n|");
        t->groups++;
    }
    if (!b->negated && !others && b->caret) {
        buf_puts(t->out, b->dash ? "[-^]" : "\\^");
    } else {
        buf_printf(t->out, "[%s%s", b->negated ? "^" : "", b->close ? "]" : "");
        buf_str(t->out, buf_view(&b->plain));
        buf_printf(t->out, "%s%s%s]", b->open ? "[" : "", b->caret ? "^" : "", b->dash ? "-" : "");
    }
    if (with_newline)
        buf_char(t->out, ')');
}

static Status translate_bracket(Translation *t)
{
    Bracket b = {.plain = {.arena = t->arena}};
    const size_t start = t->pos++;
    if (translate_peek(t, 0) == '^') {
        b.negated = true;
        t->pos++;
    }
    for (bool first = true;; first = false) {
        if (t->pos >= t->in.len)
            return translate_error(t, start, STR("'[' without ']'"));
        if (translate_peek(t, 0) == ']' && !first)
            break;
        char low, high;
        TRY(bracket_member(t, &b, &low));
        if (low == '\0' && translate_peek(t, 0) == '-' && translate_peek(t, 1) != ']')
            return translate_error(t, t->pos, STR("a class can't begin a range"));
        if (low == '\0')
            continue;
        if (translate_peek(t, 0) != '-' || translate_peek(t, 1) == ']' || t->pos + 1 >= t->in.len) {
            bracket_char(&b, low);
            continue;
        }
        t->pos++;
        TRY(bracket_member(t, &b, &high));
        if (high == '\0' || (unsigned char)low > (unsigned char)high || strchr("[]^-\n", low) ||
            strchr("[]^-\n", high))
            return translate_error(t, t->pos - 1, STR("this range is not supported"));
        buf_printf(&b.plain, "%c-%c", low, high);
    }
    t->pos++;
    bracket_write(t, &b);
    t->repeatable = true;
    return STATUS_OK;
}

static Status translate_group(Translation *t)
{
    if (translate_peek(t, 1) == '?') {
        if (translate_peek(t, 2) != ':')
            return translate_error(t, t->pos, STR("only plain groups and (?: are supported"));
        t->pos += 2;
    }
    t->pos++;
    buf_char(t->out, '(');
    t->groups++;
    t->repeatable = false;
    return STATUS_OK;
}

// The quantifier at t->pos.
static Status translate_quantifier(Translation *t)
{
    const size_t at = t->pos;
    if (!t->repeatable)
        return translate_error(t, at, STR("nothing to repeat"));
    if (translate_peek(t, 0) == '{') {
        while (translate_peek(t, 0) != '}') {
            const char c = translate_peek(t, 0);
            if (c == '\0' || (t->pos != at && !is_digit(c) && c != ','))
                return translate_error(t, at,
                                       STR("expected {N}, {N,} or {N,M}; write \\{ for a "
                                           "brace"));
            buf_char(t->out, c);
            t->pos++;
        }
    }
    buf_char(t->out, translate_peek(t, 0));
    t->pos++;
    t->repeatable = true;
    const char next = translate_peek(t, 0);
    if (next == '?')
        return translate_error(t, t->pos, STR("lazy quantifiers are not supported"));
    if (next == '+' || next == '*' || next == '{')
        return translate_error(t, t->pos, STR("a quantifier behind a quantifier"));
    return STATUS_OK;
}

static Status translate_one(Translation *t)
{
    const char c = translate_peek(t, 0);
    switch (c) {
    case '\\': return translate_escape(t);
    case '[': return translate_bracket(t);
    case '(': return translate_group(t);
    case '*':
    case '+':
    case '?':
    case '{': return translate_quantifier(t);
    default: break;
    }
    t->pos++;
    t->repeatable = c != '|' && c != '^' && c != '$';
    if (c == '}' || c == ']')
        buf_char(t->out, '\\'); // ordinary characters when they stand alone
    buf_char(t->out, c);
    return STATUS_OK;
}

Status filecheck_translate(Arena *arena, Str regex, StrBuf *out, uint32_t *groups, Str *error,
                           size_t *where)
{
    Translation t = {arena, regex, 0, out, 0, false, error, where};
    while (t.pos < regex.len)
        TRY(translate_one(&t));
    *groups += t.groups;
    return STATUS_OK;
}
