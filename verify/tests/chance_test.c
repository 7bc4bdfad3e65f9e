// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counterexamples found by trying values, where the solver has too small a budget to find any.

// clang-format off
#include <stddef.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "verify/tests/rule_program.h"
#include "verify/verify.h"

// x * y + z, rounded once; what NaNs look like is left open.
#define MACHINE                                                                           \
    "(type Inst (primitive Inst)) (type Value (primitive Value))\n"                       \
    "(type Unit (primitive Unit)) (model Unit (type Unit))\n"                             \
    "(model Inst (type (bv))) (model Value (type (bv)))\n"                                \
    "(decl fma (Value Value Value) Inst) (extern extractor fma fma)\n"                    \
    "(spec (fma x y z) (match (= (fresh 1) #b1)) (provide (= result (fp.fma x y z))))\n"  \
    "(instantiate fma ((args (bv 32) (bv 32) (bv 32)) (ret (bv 32))))\n"                  \
    "(decl root (Value) Inst) (extern extractor root root)\n"                             \
    "(spec (root x) (match (= (fresh 1) #b1)) (provide (= result\n"                       \
    "  (if (fp.eq x x) (if (fp.lt x #x00000000) #x7fc00000 (fp.sqrt x)) #x7fc00000))))\n" \
    "(instantiate root ((args (bv 32)) (ret (bv 32))))\n"                                 \
    "(decl m_root (Value) Value) (extern constructor m_root m_root)\n"                    \
    "(spec (m_root x) (provide (= result (fp.sqrt x))))\n"                                \
    "(decl over (Value Value) Inst) (extern extractor over over)\n"                       \
    "(spec (over x d) (match (= (fresh 1) #b1))\n"                                        \
    "  (provide (= result (bvudiv x d))))\n"                                              \
    "(instantiate over ((args (bv 64) (bv 64)) (ret (bv 64))))\n"                         \
    "(decl inverse (Value) Value) (extern extractor inverse inverse)\n"                   \
    "(spec (inverse f) (match (= (fresh 1) #b1))\n"                                       \
    "  (provide (= (bvmul result f) #x0000000000000001)))\n"                              \
    "(instantiate inverse ((args (bv 64)) (ret (bv 64))))\n"                              \
    "(decl m_mul64 (Value Value) Value) (extern constructor m_mul64 m_mul64)\n"           \
    "(spec (m_mul64 x y) (provide (= result (bvmul x y))))\n"                             \
    "(decl out (Value) Unit) (extern constructor out out)\n"                              \
    "(spec (out r) (provide (output 0 r))) (convert Value Unit out)\n"                    \
    "(decl m_fma (Value Value Value) Value) (extern constructor m_fma m_fma)\n"           \
    "(spec (m_fma x y z) (provide (= result (fp.fma x y z))))\n"                          \
    "(decl m_mul (Value Value) Value) (extern constructor m_mul m_mul)\n"                 \
    "(spec (m_mul x y) (provide (= result (fp.mul x y))))\n"                              \
    "(decl m_add (Value Value) Value) (extern constructor m_add m_add)\n"                 \
    "(spec (m_add x y) (provide (= result (fp.add x y))))\n"                              \
    "(decl partial lower (Inst) Unit)\n"                                                  \
    "(spec (lower inst) (match (= (fresh 1) #b1)) (provide (execute inst)))\n"

static RuleVerdict verdict(const char *rule, uint64_t budget, bool *has_values)
{
    Arena arena = {0};
    Isle *const isle = program_begin(&arena);
    program_add(isle, "machine.isle", STR(MACHINE));
    program_add(isle, "rule.isle", str_from(rule));
    program_end(isle);
    const VerifyOptions options = {.budget = budget};
    const VerifyReport *const report = verify_run(isle, &options, &arena);
    const VerifyRule found = report->rules[report->num_rules - 1];
    *has_values = found.worst && found.worst->values.len != 0;
    arena_free(&arena);
    return found.verdict;
}

static void wrong_rules_fail(void **state)
{
    (void)state;
    bool values;
    assert_int_equal(verdict("(rule r (lower (fma x y z)) (m_fma x z y))", 1, &values),
                     RULE_FAILED);
    assert_true(values);
    assert_int_equal(verdict("(rule r (lower (fma x y z)) (m_add (m_mul x y) x))", 1, &values),
                     RULE_FAILED);
    assert_true(values);
}

// Equal but for the NaN: chance must not call that a difference.
static void right_rules_do_not(void **state)
{
    (void)state;
    bool values;
    assert_int_not_equal(verdict("(rule r (lower (fma x y z)) (m_fma y x z))", 1, &values),
                         RULE_FAILED);
}

// Wrong for NaNs alone, and only for those that are not the one that the evaluation makes.
static void bits_of_nans_are_tried(void **state)
{
    (void)state;
    bool values;
    assert_int_equal(verdict("(rule r (lower (root x)) (m_root x))", 0, &values), RULE_FAILED);
    assert_true(values);
}

// Nobody guesses a number and its inverse: they are taken from a model, the dividend is not.
static void values_near_a_model_are_tried(void **state)
{
    (void)state;
    bool values;
    assert_int_equal(
        verdict("(rule r (lower (over x (inverse f))) (m_mul64 x f))", 100000, &values),
        RULE_FAILED);
    assert_true(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_rules_fail), cmocka_unit_test(right_rules_do_not),
        cmocka_unit_test(bits_of_nans_are_tried), cmocka_unit_test(values_near_a_model_are_tried)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
