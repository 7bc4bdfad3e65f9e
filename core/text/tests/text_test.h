// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Helpers of the tests of text/: parse a text, look at its first message, print it.
#ifndef TEXT_TESTS_TEXT_TEST_H
#define TEXT_TESTS_TEXT_TEST_H

#include "text/text.h"

// cmocka.h needs these before it.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

typedef struct Parsed {
    Arena arena;
    Diag diag;
    ClifFile *file;
    Status status;
} Parsed;

// Parses `text`, with comments; to be given to free_parsed.
static inline void parse_text(Parsed *p, Str text)
{
    const ParseOptions options = {.keep_comments = true};
    memset(p, 0, sizeof(*p));
    p->diag.arena = &p->arena;
    p->status = text_parse_file(&p->arena, STR("t.clif"), text, &options, &p->file, &p->diag);
    assert_int_equal(p->status == STATUS_OK, p->diag.errors == 0);
    assert_int_equal(p->status == STATUS_OK, p->file != NULL);
}

static inline void free_parsed(Parsed *p)
{
    arena_free(&p->arena);
}

// The first message, "t.clif:1:1: error: ...", terminated.
static inline const char *first_message(Parsed *p)
{
    StrBuf buf = {.arena = &p->arena};
    if (p->diag.messages.len != 0)
        diag_format(&p->diag.messages.data[0], &buf);
    buf_char(&buf, '\0');
    return buf.data;
}

// Requires that `text` is refused, and that the first message is exactly "t.clif:" + `expected`.
static inline void refuses(const char *text, const char *expected)
{
    Parsed p;
    parse_text(&p, str_from(text));
    assert_int_not_equal(p.status, STATUS_OK);
    const Str whole = str_printf(&p.arena, "t.clif:%s", expected);
    assert_string_equal(first_message(&p), whole.data);
    free_parsed(&p);
}

// All functions of the file, printed.
static inline const char *print_all(Parsed *p)
{
    StrBuf buf = {.arena = &p->arena};
    for (uint32_t i = 0; i < p->file->module.funcs.len; i++)
        text_print_func(p->file->module.funcs.data[i], &buf);
    buf_char(&buf, '\0');
    return buf.data;
}

// Requires that `text` prints as `expected`, and that this prints as itself.
static inline void prints(const char *text, const char *expected)
{
    Parsed p;
    parse_text(&p, str_from(text));
    if (p.status != STATUS_OK)
        fail_msg("%s", first_message(&p));
    assert_string_equal(print_all(&p), expected);
    free_parsed(&p);
    parse_text(&p, str_from(expected));
    if (p.status != STATUS_OK)
        fail_msg("%s", first_message(&p));
    assert_string_equal(print_all(&p), expected);
    free_parsed(&p);
}

#endif
