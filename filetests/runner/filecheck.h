// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// filecheck: matches a text against the directives in comments: check, sameln, nextln, unordered,
// not, regex. Private to the runner.
//
// Patterns are literal text with `$` escapes: `$$`, `$()`, `$(=rx)`, `$NAME`, `$(NAME)`,
// `$(NAME=rx)`, `$(NAME=$RX)`. Regular expressions are written in the Rust manner and translated to
// POSIX extended ones for regex.h. What POSIX has no equivalent for (lazy quantifiers, inline
// flags, look-around, Unicode classes) is an error at its place. One difference remains: POSIX
// takes the longest of several alternatives, not the first one.
//
// Errors in directives are messages in a Diag; a text that does not match is a FilecheckFailure.
#ifndef FILETESTS_RUNNER_FILECHECK_H
#define FILETESTS_RUNNER_FILECHECK_H

#include "base/base.h"

typedef enum DirectiveKind {
#define CHECK_DIRECTIVE(NAME, name) DIRECTIVE_##NAME,
#include "filetests/runner/checkdirectives.def"
    DIRECTIVE_COUNT
} DirectiveKind;

typedef struct CheckDirective {
    DirectiveKind kind;
    Str pattern;  // trimmed
    uint32_t pos; // of the keyword in the source
} CheckDirective;

// Directives in the order of the text.
typedef struct CheckList {
    VEC(CheckDirective) directives;
} CheckList;

// Why a text does not match.
typedef struct FilecheckFailure {
    const CheckDirective *directive;
    Str message;      // one line
    size_t from, to;  // the part of the text that was searched
    size_t hit, size; // what a `not:` found; size 0 otherwise
} FilecheckFailure;

// The keyword of the directive.
const char *filecheck_name(DirectiveKind kind);

// Appends the directive of the comment `text`, which begins at `pos`, and returns true; false when
// the comment has none.
bool filecheck_add(Arena *arena, CheckList *list, Str text, uint32_t pos);

// Matches `text` against `list`. Returns STATUS_OK, with *matched telling whether it does and
// *failure why not, or STATUS_SYNTAX when a directive is wrong, with messages at its place in
// `source` (or NULL). All texts are taken from `arena`.
Status filecheck_run(Arena *arena, const CheckList *list, Str text, Source *source, bool *matched,
                     FilecheckFailure *failure, Diag *diag);

// Parts of a pattern; filecheck_pattern.c.
typedef enum PartKind { PART_TEXT, PART_REGEX, PART_VAR } PartKind;

typedef struct PatternPart {
    PartKind kind;
    Str text; // literal text, regular expression, or name of the variable that is used
    Str def;  // the variable that the match defines, or empty
} PatternPart;

typedef struct Pattern {
    VEC(PatternPart) parts;
} Pattern;

// Takes the pattern text apart. On STATUS_SYNTAX *error says what is wrong at offset *where.
Status filecheck_parse_pattern(Arena *arena, Str text, Pattern *out, Str *error, size_t *where);

// Length of the variable name that `s` starts with; 0 when there is none.
size_t filecheck_name_length(Str s);

// Appends `regex` as a POSIX extended expression and adds the number of its groups to *groups. On
// STATUS_SYNTAX *error says what POSIX can't do, at offset *where of `regex`.
Status filecheck_translate(Arena *arena, Str regex, StrBuf *out, uint32_t *groups, Str *error,
                           size_t *where);

// Appends literal text as a POSIX extended expression.
void filecheck_escape(Str text, StrBuf *out);

#endif
