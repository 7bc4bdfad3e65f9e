// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two rules compared: whether one does what the other does, wherever it matches.

// clang-format off
#include <stddef.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "verify/tests/rule_program.h"
#include "verify/verify.h"

// With loads that are taken in, a store, and an instruction that not all CPUs have.
#define MACHINE                                                                                   \
    BYTE_MACHINE                                                                                  \
    "(decl got (Value) Inst) (extern extractor got got)\n"                                        \
    "(spec (got p) (match (= (fresh 1) #b1))\n"                                                   \
    "  (provide (= result (load 8 (zero_ext 64 p) #x01))))\n"                                     \
    "(instantiate got ((args (bv 8)) (ret (bv 8))))\n"                                            \
    "(decl def (Inst) Value) (extern extractor def def)\n"                                        \
    "(spec (def i) (match (= (fresh 1) #b1)) (provide (= i result)))\n"                           \
    "(decl sink (Inst) Unit) (extern constructor sink sink)\n"                                    \
    "(spec (sink i) (provide (execute i)))\n"                                                     \
    "(decl m_add_mem (Reg Reg) Reg) (extern constructor m_add_mem m_add_mem)\n"                   \
    "(spec (m_add_mem a p)\n"                                                                     \
    "  (provide (= result (zero_ext 16 (bvadd (extract 7 0 a)\n"                                  \
    "                                         (load 8 (zero_ext 64 (extract 7 0 p)) #x01))))))\n" \
    "(decl zero () Value) (extern extractor zero zero)\n"                                         \
    "(spec (zero) (match (= result #x00)) (provide true))\n"                                      \
    "(decl some (Value) Value) (extern extractor some some)\n"                                    \
    "(spec (some x) (match (= (fresh 1) #b1)) (provide (= x result)))\n"                          \
    "(decl m_not (Reg) Reg) (extern constructor m_not m_not)\n"                                   \
    "(spec (m_not a) (provide (= result (bvnot a))))\n"                                           \
    "(decl m_low (Reg) Reg) (extern constructor m_low m_low)\n"                                   \
    "(spec (m_low a) (provide (= result (zero_ext 16 (extract 7 0 a)))))\n"                       \
    "(decl m_fast (Reg Reg) Reg) (extern constructor m_fast m_fast)\n"                            \
    "(spec (m_fast a b) (require cpu_fast) (provide (= result (bvadd a b))))\n"                   \
    "(decl m_saved (Reg Reg) Reg) (extern constructor m_saved m_saved)\n"                         \
    "(spec (m_saved a b)\n"                                                                       \
    "  (provide (= result a) (store (zero_ext 64 b) a #x01)))\n"                                  \
    "(model u8 (type (bv 8)))\n"                                                                  \
    "(decl pure is_below (Value u8) bool) (extern constructor is_below is_below)\n"               \
    "(spec (is_below x k) (provide (= result (bvult x k))))\n"

// What is said of the first rule, compared with the second.
static RuleVerdict compare_for(VcPairGoal goal, const char *rule, const char *other)
{
    Arena arena = {0};
    Isle *const isle = program_begin(&arena);
    isle->may_overlap = true;
    program_add(isle, "machine.isle", STR(MACHINE));
    program_add(isle, "rule.isle", str_from(rule));
    program_add(isle, "other.isle", str_from(other));
    program_end(isle);
    Bitset only = bitset_new(&arena, isle->rules.len);
    bitset_add(&only, 0);
    const VerifyOptions options = {.only = &only, .compare = true, .goal = goal, .other = 1};
    const RuleVerdict verdict = verify_run(isle, &options, &arena)->rules[0].verdict;
    arena_free(&arena);
    return verdict;
}

static RuleVerdict compare(const char *rule, const char *other)
{
    return compare_for(VC_PAIR_PLAIN, rule, other);
}

#define SUM "(rule b 1 (lower (plus x y)) (m_add x y))"

static void the_same_is_proved(void **state)
{
    (void)state;
    assert_int_equal(compare("(rule a (lower (plus x y)) (m_add y x))", SUM), RULE_PROVED);
    assert_int_equal(compare("(rule a (lower (plus y x)) (m_add x y))", SUM), RULE_PROVED);
    assert_int_equal(compare("(rule a (lower (plus x y)) (m_not (m_sub (m_not x) y)))", SUM),
                     RULE_PROVED);
    // Neither is right: that is not the question.
    assert_int_equal(compare("(rule a (lower (plus x y)) (m_sub y x))",
                             "(rule b 1 (lower (plus y x)) (m_sub x y))"),
                     RULE_PROVED);
    // Bits above the byte are not a part of the result.
    assert_int_equal(compare("(rule a (lower (plus x y)) (m_low (m_add x y)))", SUM), RULE_PROVED);
    // It matches less.
    assert_int_equal(compare("(rule a (lower (plus x (zero))) (reg x))",
                             "(rule b 1 (lower (plus x y)) (m_saved x x))"),
                     RULE_FAILED);
    assert_int_equal(
        compare("(rule a (lower (plus x y)) (if-let true (is_fast)) (m_fast x y))", SUM),
        RULE_PROVED);
}

static void another_result_is_not(void **state)
{
    (void)state;
    assert_int_equal(compare("(rule a (lower (plus x y)) (m_sub x y))", SUM), RULE_FAILED);
    assert_int_equal(compare("(rule a (lower (plus x y)) (m_add x x))", SUM), RULE_FAILED);
    assert_int_equal(compare("(rule a (lower (plus x y)) (m_low x))", SUM), RULE_FAILED);
}

static void other_effects_are_not(void **state)
{
    (void)state;
    static const char saved[] = "(rule b 1 (lower (plus x y)) (m_saved x y))";
    assert_int_equal(compare("(rule a (lower (plus x y)) (m_saved x y))", saved), RULE_PROVED);
    assert_int_equal(compare("(rule a (lower (plus x y)) (m_saved (m_saved x y) y))", saved),
                     RULE_FAILED);
    assert_int_equal(compare("(rule a (lower (plus x y)) (reg x))", saved), RULE_FAILED);
    assert_int_equal(
        compare("(rule a (lower (plus x y)) (m_add (m_saved y x) (m_sub x y)))", saved),
        RULE_FAILED);
}

// A load that is read again, but is left where it was.
static void taking_in_counts(void **state)
{
    (void)state;
    static const char in[] = "(rule b 1 (lower (plus x (def i @ (got p))))"
                             "  (let ((done Unit (sink i))) (m_add_mem x p)))";
    assert_int_equal(compare("(rule a (lower (plus x (def i @ (got p))))"
                             "  (let ((done Unit (sink i))) (m_add_mem (m_low x) p)))",
                             in),
                     RULE_PROVED);
    assert_int_equal(compare("(rule a (lower (plus x (def i @ (got p)))) (m_add_mem x p))", in),
                     RULE_FAILED);
}

// A rule that matches more: what the other one's patterns say is no excuse.
static void matching_more_is_not(void **state)
{
    (void)state;
    assert_int_not_equal(compare("(rule a (lower (plus x y)) (m_add x y))",
                                 "(rule b 1 (lower (plus x (zero))) (m_add x x))"),
                         RULE_PROVED);
    assert_int_not_equal(compare("(rule a (lower (plus x y)) (reg x))",
                                 "(rule b 1 (lower (plus x (zero))) (reg x))"),
                         RULE_PROVED);
    assert_int_not_equal(compare("(rule a (lower (plus x y)) (m_add x y))",
                                 "(rule b 1 (lower (plus (some x) y)) (m_add x y))"),
                         RULE_PROVED);
    assert_int_not_equal(
        compare("(rule a (lower (plus x y)) (m_fast x y))",
                "(rule b 1 (lower (plus x y)) (if-let true (is_fast)) (m_fast x y))"),
        RULE_PROVED);
}

// What terms require is to be proved, too.
static void requirements_are_proved(void **state)
{
    (void)state;
    assert_int_not_equal(compare("(rule a (lower (plus x y)) (m_fast x y))", SUM), RULE_PROVED);
}

#define TINY       "(lower (plus x y)) (if-let true (is_below y 4))"
#define SMALL      "(lower (plus x y)) (if-let true (is_below y 16))"
#define SMALL_RULE "(rule b 1 " SMALL " (m_add x y))"

// That the other rule matches follows from the first one's conditions, or doesn't.
static void matching_less_is_proved(void **state)
{
    (void)state;
    static const char tiny[] = "(rule a " TINY " (m_add x y))";
    assert_int_not_equal(compare(tiny, SMALL_RULE), RULE_PROVED);
    assert_int_equal(compare_for(VC_PAIR_MATCHES, tiny, SMALL_RULE), RULE_PROVED);
    assert_int_equal(compare_for(VC_PAIR_SAME, tiny, SMALL_RULE), RULE_PROVED);
    assert_int_equal(compare_for(VC_PAIR_MATCHES,
                                 "(rule a (lower (plus x y @ (zero))) (m_add x y))", SMALL_RULE),
                     RULE_PROVED);
    assert_int_equal(compare_for(VC_PAIR_MATCHES, "(rule a " SMALL " (m_add x y))",
                                 "(rule b 1 " TINY " (reg x))"),
                     RULE_FAILED);
    assert_int_equal(
        compare_for(VC_PAIR_MATCHES, "(rule a (lower (plus x y)) (m_add x y))", SMALL_RULE),
        RULE_FAILED);
    assert_int_equal(compare_for(VC_PAIR_MATCHES, "(rule a (lower (plus x y)) (reg x))",
                                 "(rule b 1 (lower (plus x (zero))) (reg x))"),
                     RULE_FAILED);
    assert_int_equal(compare_for(VC_PAIR_SAME, "(rule a " TINY " (m_sub x y))", SMALL_RULE),
                     RULE_FAILED);
    // Nobody knows when this one matches.
    assert_int_not_equal(compare_for(VC_PAIR_MATCHES, "(rule a (lower (plus x y)) (m_add x y))",
                                     "(rule b 1 (lower (plus (some x) y)) (m_add x y))"),
                         RULE_PROVED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_proved),      cmocka_unit_test(another_result_is_not),
        cmocka_unit_test(other_effects_are_not),   cmocka_unit_test(matching_more_is_not),
        cmocka_unit_test(requirements_are_proved), cmocka_unit_test(taking_in_counts),
        cmocka_unit_test(matching_less_is_proved)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
