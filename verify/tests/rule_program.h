// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For tests that verify programs of rules: begin, add texts, end. What is wrong with a program is
// printed and fails the test. Everything lives in the arena.
#ifndef VERIFY_TESTS_RULE_PROGRAM_H
#define VERIFY_TESTS_RULE_PROGRAM_H

#include "base/tests/read_file.h"
#include "isle-rules/compiler/islec.h"

// A machine that adds and subtracts bytes in registers of 16 bits with anything above them, for
// tests to add to.
#define BYTE_MACHINE                                                                  \
    "(type Inst (primitive Inst)) (type Value (primitive Value))\n"                   \
    "(type Reg (primitive Reg)) (type Unit (primitive Unit))\n"                       \
    "(model Inst (type (bv))) (model Value (type (bv)))\n"                            \
    "(model Reg (type (bv 16))) (model Unit (type Unit))\n"                           \
    "(state cpu_fast (type Bool) (default true))\n"                                   \
    "(decl plus (Value Value) Inst) (extern extractor plus plus)\n"                   \
    "(spec (plus x y) (match (= (fresh 1) #b1)) (provide (= result (bvadd x y))))\n"  \
    "(instantiate plus ((args (bv 8) (bv 8)) (ret (bv 8))))\n"                        \
    "(decl reg (Value) Reg) (extern constructor reg reg) (attr reg (tag function))\n" \
    "(spec (reg x) (provide (= result (conv_to 16 x)))) (convert Value Reg reg)\n"    \
    "(decl out (Reg) Unit) (extern constructor out out)\n"                            \
    "(spec (out r) (provide (output 0 r))) (convert Reg Unit out)\n"                  \
    "(decl m_add (Reg Reg) Reg) (extern constructor m_add m_add)\n"                   \
    "(spec (m_add a b) (provide (= result (bvadd a b))))\n"                           \
    "(decl m_sub (Reg Reg) Reg) (extern constructor m_sub m_sub)\n"                   \
    "(spec (m_sub a b) (provide (= result (bvsub a b))))\n"                           \
    "(decl pure is_fast () bool) (extern constructor is_fast is_fast)\n"              \
    "(spec (is_fast) (provide (= result cpu_fast)))\n"                                \
    "(decl partial lower (Inst) Unit)\n"                                              \
    "(spec (lower inst) (match (= (fresh 1) #b1)) (provide (execute inst)))\n"

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
