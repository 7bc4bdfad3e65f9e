// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For tests that verify programs of rules: begin, add texts, end. What is wrong with a program is
// printed and fails the test. Everything lives in the arena.
#ifndef VERIFY_TESTS_RULE_PROGRAM_H
#define VERIFY_TESTS_RULE_PROGRAM_H

#include "base/tests/read_file.h"
#include "isle-rules/compiler/islec.h"

static inline Isle *program_begin(Arena *arena)
{
    Diag *const diag = ARENA_NEW(arena, Diag);
    *diag = (Diag){.arena = arena};
    return isle_new(arena, diag);
}

static inline void program_good(const Isle *isle, Status status)
{
    for (uint32_t i = 0; i < isle->diag->messages.len; i++) {
        StrBuf text = {.arena = isle->arena};
        diag_format(&isle->diag->messages.data[i], &text);
        print_error("%.*s\n", STR_ARG(buf_view(&text)));
    }
    assert_int_equal(status, STATUS_OK);
}

static inline void program_add(Isle *isle, const char *name, Str text)
{
    program_good(isle, isle_add_text(isle, str_from(name), text));
}

static inline void program_add_file(Isle *isle, const char *path)
{
    program_add(isle, path, read_file(isle->arena, path));
}

// Behind the last text.
static inline Isle *program_end(Isle *isle)
{
    program_good(isle, isle_check(isle));
    return isle;
}

// A program of one text.
static inline Isle *program_of(Arena *arena, Str text)
{
    Isle *const isle = program_begin(arena);
    program_add(isle, "rules.isle", text);
    return program_end(isle);
}

#endif
