// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A proof that takes a helper at its word is worth as much as the proofs of the helper's rules:
// where one of these fails, the report says so of all that call the helper, however far away.

// clang-format off
#include <stddef.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "verify/tests/rule_program.h"
#include "verify/verify.h"

// sum is computed by twisted, by plain and by nothing; far calls twisted through near.
static const char rules[] =
    "(type Value (primitive Value))\n"
    "(model Value (type (bv)))\n"
    "(form two ((args (bv 8) (bv 8)) (ret (bv 8))))\n"
    "(decl sum (Value Value) Value)\n"
    "(extern extractor sum match_sum)\n"
    "(extern constructor sum make_sum)\n"
    "(spec (sum x y) (match (= (fresh 1) #b1)) (provide (= result (bvadd x y))))\n"
    "(instantiate sum two)\n"
    "(decl twisted (Value Value) Value)\n"
    "(spec (twisted x y) (require (= (widthof x) 8) (= (widthof y) 8))\n"
    "  (provide (= result (bvadd x y))))\n"
    "(rule twisted_rule 0 (twisted x y) (sum x %s))\n"
    "(decl near (Value Value) Value)\n"
    "(spec (near x y) (require (= (widthof x) 8) (= (widthof y) 8))\n"
    "  (provide (= result (bvadd x y))))\n"
    "(rule near_rule 0 (near x y) (twisted y x))\n"
    "(decl partial lower_a (Value) Value)\n"
    "(spec (lower_a x) (match (= (fresh 1) #b1)) (provide (= result x)))\n"
    "(rule far 0 (lower_a (sum x y)) (near x y))\n"
    "(decl partial lower_b (Value) Value)\n"
    "(spec (lower_b x) (match (= (fresh 1) #b1)) (provide (= result x)))\n"
    "(rule plain 0 (lower_b (sum x y)) (sum y x))\n";

// Whether the proofs of far and near rest on something when the helper adds `what` to x.
static void check(const char *what, uint32_t jobs, bool weak)
{
    static const struct {
        const char *rule, *on;
        RuleVerdict good, bad;
    } all[] = {{"twisted_rule", NULL, RULE_PROVED, RULE_FAILED},
               {"near_rule", "twisted", RULE_PROVED, RULE_PROVED},
               {"far", "near", RULE_PROVED, RULE_PROVED},
               {"plain", NULL, RULE_PROVED, RULE_PROVED}};
    Arena arena = {0};
    const size_t gap = str_find(str_from(rules), STR("%s"));
    const Str text =
        str_printf(&arena, "%.*s%s%s", (int)gap, rules, what, rules + gap + strlen("%s"));
    Isle *const isle = program_of(&arena, text);
    const VerifyOptions options = {.jobs = jobs};
    const VerifyReport *const report = verify_run(isle, &options, &arena);
    assert_int_equal(report->resting, weak ? 2 : 0);
    for (uint32_t r = 0; r < report->num_rules; r++)
        for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
            if (!str_eq_c(isle->rules.data[r].label, all[i].rule))
                continue;
            const VerifyRule *const rule = &report->rules[r];
            assert_int_equal(rule->verdict, weak ? all[i].bad : all[i].good);
            if (!weak || !all[i].on)
                assert_int_equal(rule->rests_on, ISLE_NONE);
            else
                assert_true(
                    str_eq_c(isle_str(isle, isle->terms.data[rule->rests_on].name), all[i].on));
        }
    arena_free(&arena);
}

static void proofs_rest_on_those_of_helpers(void **state)
{
    (void)state;
    for (uint32_t jobs = 0; jobs <= 2; jobs += 2) {
        check("y", jobs, false);
        check("x", jobs, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(proofs_rest_on_those_of_helpers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
