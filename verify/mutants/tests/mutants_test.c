// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mutants of small rules: which are made, what becomes of them, and that neither the number of
// workers nor other rules change it.

// clang-format off
#include <stddef.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "verify/mutants/mutants.h"
#include "verify/tests/rule_program.h"

#include <stdio.h>

// With subtraction and extensions.
#define MACHINE                                                                        \
    BYTE_MACHINE                                                                       \
    "(decl minus (Value Value) Inst) (extern extractor minus minus)\n"                 \
    "(spec (minus x y) (match (= (fresh 1) #b1)) (provide (= result (bvsub x y))))\n"  \
    "(instantiate minus ((args (bv 8) (bv 8)) (ret (bv 8))))\n"                        \
    "(decl wide (Value) Inst) (extern extractor wide wide)\n"                          \
    "(spec (wide x) (match (= (fresh 1) #b1)) (provide (= result (zero_ext 16 x))))\n" \
    "(instantiate wide ((args (bv 8)) (ret (bv 16))))\n"                               \
    "(decl m_fast_sub (Reg Reg) Reg) (extern constructor m_fast_sub m_fast_sub)\n"     \
    "(spec (m_fast_sub a b) (require cpu_fast) (provide (= result (bvsub a b))))\n"    \
    "(decl m_zero (Reg) Reg) (extern constructor m_zero m_zero)\n"                     \
    "(spec (m_zero a) (provide (= result (zero_ext 16 (extract 7 0 a)))))\n"           \
    "(decl m_sign (Reg) Reg) (extern constructor m_sign m_sign)\n"                     \
    "(spec (m_sign a) (provide (= result (sign_ext 16 (extract 7 0 a)))))\n"           \
    "(decl pure likes (Value) bool) (extern constructor likes likes)\n"                \
    "(spec (likes x) (provide true))\n"

#define RULES                                               \
    "(rule sum 0 (lower (plus x y)) (m_add x y))\n"         \
    "(rule sum_liked 1 (lower (plus x y))\n"                \
    "  (if-let true (likes x)) (m_add y x))\n"              \
    "(rule difference 2 (lower (minus x y)) (m_sub x y))\n" \
    "(rule difference_fast 3 (lower (minus x y))\n"         \
    "  (if-let true (is_fast)) (m_fast_sub x y))\n"         \
    "(rule widened 4 (lower (wide x)) (m_zero (reg x)))\n"

typedef struct Log {
    StrBuf lines;
    uint32_t count;
} Log;

static void note(void *context, const MutantResult *r)
{
    Log *const log = context;
    log->count++;
    buf_printf(&log->lines, "%s %.*s\n", mutant_fate_name(r->fate), STR_ARG(r->name));
}

static Str run(Arena *arena, const char *text, MutantOptions options)
{
    const VerifyText texts[] = {{"rules.isle", (const unsigned char *)text, strlen(text)}, {0}};
    Isle *const isle = program_of(arena, str_from(text));
    Log log = {.lines = {.arena = arena}};
    options.texts = texts;
    options.report = note;
    options.context = &log;
    mutant_run(isle, &options, arena);
    return buf_view(&log.lines);
}

static void wrong_rules_are_killed(void **state)
{
    (void)state;
    Arena arena = {0};
    const Str log = run(&arena, MACHINE RULES, (MutantOptions){.count = 1000, .jobs = 2});
    static const char *const killed[] = {"killed sum:sibling:rhs:m_sub\n",
                                         "killed difference:sibling:rhs:m_add\n",
                                         "killed difference:swap:rhs:0,1\n",
                                         "killed difference:operand:rhs.0:y\n",
                                         "killed difference:sibling:rhs:m_fast_sub\n",
                                         "killed difference_fast:number:if0.pattern:not\n",
                                         "killed widened:sibling:rhs:m_sign\n",
                                         "killed widened:unwrap:rhs:0\n",
                                         "killed difference_fast:sibling:lhs.0:plus\n"};
    for (size_t i = 0; i < sizeof(killed) / sizeof(killed[0]); i++)
        if (!str_contains(log, str_from(killed[i])))
            fail_msg("no %s in\n%.*s", killed[i], STR_ARG(log));
    arena_free(&arena);
}

static void what_computes_the_same_is_not_made(void **state)
{
    (void)state;
    Arena arena = {0};
    const Str log = run(&arena, MACHINE RULES, (MutantOptions){.count = 1000, .jobs = 1});
    assert_false(str_contains(log, STR(" sum:swap:")));        // sums are commutative
    assert_false(str_contains(log, STR("sum_liked:drop_if"))); // a question without a meaning
    assert_false(str_contains(log, STR("sum_liked:number")));
    assert_false(str_contains(log, STR(":priority:"))); // all rules are right in any order
    assert_false(str_contains(log, STR("difference_fast:sibling:rhs:m_sub"))); // a synonym
    assert_false(str_contains(log, STR("invalid")));
    arena_free(&arena);
}

static void the_choice_is_the_seeds(void **state)
{
    (void)state;
    Arena arena = {0};
    const MutantOptions options = {.count = 12, .seed = 7, .jobs = 1};
    MutantOptions more = options;
    more.jobs = 3;
    const Str one = run(&arena, MACHINE RULES, options);
    const Str three = run(&arena, MACHINE RULES, more);
    assert_true(str_eq(one, three));
    more.seed = 8;
    assert_false(str_eq(one, run(&arena, MACHINE RULES, more)));
    arena_free(&arena);
}

static void one_can_be_named(void **state)
{
    (void)state;
    Arena arena = {0};
    const Str log = run(&arena, MACHINE RULES,
                        (MutantOptions){.count = 1, .name = "widened:sibling:rhs:m_sign"});
    assert_true(str_eq_c(log, "killed widened:sibling:rhs:m_sign\n"));
    arena_free(&arena);
}

// A rule that was wrong before has no mutants.
static void only_proved_rules_have_mutants(void **state)
{
    (void)state;
    Arena arena = {0};
    const Str log = run(&arena, MACHINE "(rule wrong (lower (plus x y)) (m_sub x y))\n",
                        (MutantOptions){.count = 1000, .jobs = 1});
    assert_int_equal(log.len, 0);
    arena_free(&arena);
}

// What a rule matches is right because of the rule before it: then their order is tested.
static void order_is_tested_where_it_matters(void **state)
{
    (void)state;
    Arena arena = {0};
    static const char rules[] =
        MACHINE "(decl zero () Value) (extern extractor zero zero)\n"
                "(spec (zero) (match (= result #x00)) (provide true))\n"
                "(decl other () Value) (extern extractor other other)\n"
                "(spec (other) (match (not (= result #x00))) (provide true))\n"
                "(decl m_sub_some (Reg Reg) Reg) (extern constructor m_sub_some m_sub_some)\n"
                "(spec (m_sub_some a b) (require (not (= (extract 7 0 b) #x00)))\n"
                "  (provide (= result (bvsub a b))))\n"
                "(rule minus_zero 2 (lower (minus x (zero))) (reg x))\n"
                "(rule minus_some 1 (lower (minus (and x (other)) y)) (m_sub_some x y))\n";
    const Str log = run(&arena, rules, (MutantOptions){.count = 1000, .jobs = 1});
    assert_true(str_contains(log, STR("killed minus_zero:priority:rule:0\n")));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(wrong_rules_are_killed),
                                       cmocka_unit_test(what_computes_the_same_is_not_made),
                                       cmocka_unit_test(the_choice_is_the_seeds),
                                       cmocka_unit_test(one_can_be_named),
                                       cmocka_unit_test(only_proved_rules_have_mutants),
                                       cmocka_unit_test(order_is_tested_where_it_matters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
