// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tests the validator by functions in text form with `; error: TEXT` at the entity where an error
// must be found, as in a file test: every annotation is met by an error of its own whose message
// contains TEXT, and no other error is found.
#ifndef VALIDATE_TESTS_VALIDATE_CASES_H
#define VALIDATE_TESTS_VALIDATE_CASES_H

#include "text/text.h"
#include "validate/validate.h"

// cmocka.h needs what stands before it.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

typedef struct Case {
    const char *target;   // NULL: not known
    const char *settings; // options separated by blanks
    const char *text;
} Case;

// The text behind "error:" in a comment, the empty slice when it is no annotation.
static inline Str annotation(Str comment)
{
    const Str key = STR("error:");
    Str s = str_trim((Str){comment.data + 1, comment.len - 1});
    if (!str_starts_with(s, key))
        return (Str){NULL, 0};
    return str_trim((Str){s.data + key.len, s.len - key.len});
}

static inline bool contains(Str text, Str part)
{
    for (size_t i = 0; i + part.len <= text.len; i++)
        if (memcmp(text.data + i, part.data, part.len) == 0)
            return true;
    return false;
}

// Takes the error that meets an annotation out of `errors`.
static inline bool take_error(ValidateErrors *errors, const Comment *comment, Str expected)
{
    for (uint32_t i = 0; i < errors->errors.len; i++) {
        ValidateError *const error = &errors->errors.data[i];
        if (error->message.len == 0 || error->at.kind != comment->at.kind ||
            error->at.index != comment->at.index || !contains(error->message, expected))
            continue;
        error->message.len = 0;
        return true;
    }
    return false;
}

static inline void print_errors(const ValidateErrors *errors)
{
    for (uint32_t i = 0; i < errors->errors.len; i++) {
        const ValidateError *const error = &errors->errors.data[i];
        StrBuf at = {.arena = errors->arena};
        entity_print(error->at, &at);
        print_message("  %.*s: %.*s\n", STR_ARG(buf_view(&at)), STR_ARG(error->message));
    }
}

static inline void check_func(Arena *arena, const Func *f, const FuncText *text,
                              const Settings *settings, const Isa *isa)
{
    ValidateErrors errors = {.arena = arena};
    const bool good = validate_func(f, settings, isa, &errors);
    assert_int_equal(good, errors.errors.len == 0);
    uint32_t expected = 0;
    for (uint32_t i = 0; i < text->num_comments; i++) {
        const Str want = annotation(text->comments[i].text);
        if (want.len == 0)
            continue;
        expected++;
        if (take_error(&errors, &text->comments[i], want))
            continue;
        print_message("%.*s: not found: %.*s\n", STR_ARG(f->name.text), STR_ARG(want));
        print_errors(&errors);
        fail();
    }
    if (errors.errors.len == expected)
        return;
    print_message("%.*s: %u errors, %u expected\n", STR_ARG(f->name.text), errors.errors.len,
                  expected);
    print_errors(&errors);
    fail();
}

static inline void check_case(const Case *test)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    Settings settings = settings_filetest_defaults();
    const char *option = test->settings ? test->settings : "";
    while (*(option += strspn(option, " ")) != '\0') {
        const Str word = {option, strcspn(option, " ")};
        assert_int_equal(settings_set(&settings, word, NULL, POS_NONE, &diag), STATUS_OK);
        option += word.len;
    }
    Isa isa;
    if (test->target)
        assert_int_equal(isa_parse(str_from(test->target), &isa), STATUS_OK);
    ClifFile *file = NULL;
    const ParseOptions options = {.keep_comments = true};
    if (text_parse_file(&arena, STR("case"), str_from(test->text), &options, &file, &diag)) {
        StrBuf message = {.arena = &arena};
        diag_format(&diag.messages.data[0], &message);
        print_message("%.*s\n", STR_ARG(buf_view(&message)));
        fail();
    }
    assert_int_not_equal(file->module.funcs.len, 0);
    for (uint32_t i = 0; i < file->module.funcs.len; i++)
        check_func(&arena, file->module.funcs.data[i], &file->texts.data[i], &settings,
                   test->target ? &isa : NULL);
    arena_free(&arena);
}

#define CHECK(target, settings, text) check_case(&(const Case){(target), (settings), (text)})

#endif
