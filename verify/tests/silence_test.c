// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nothing passes in silence: signatures that no case is made for, cases beyond those looked at,
// tasks that were never done, and models that are none.
#define _DEFAULT_SOURCE // kill

// clang-format off
#include <stddef.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "verify/tests/rule_program.h"
#include "verify/verify_internal.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define MACHINE                                                          \
    "(type Value (primitive Value)) (model Value (type (bv)))\n"         \
    "(decl sum (Value Value) Value)\n"                                   \
    "(extern extractor sum match_sum) (extern constructor sum sum)\n"    \
    "(decl partial root (Value) Value)\n"                                \
    "(spec (root x) (match (= (fresh 1) #b1)) (provide (= result x)))\n" \
    "(rule swap (root (sum x y)) (sum y x))\n"

#define SUM                                      \
    "(spec (sum x y) (match (= (fresh 1) #b1))(" \
    "provide (= (widthof x) (widthof y)) (= result (bvadd x y))))\n"

#define NARROW "((args (bv 8) (bv 8)) (ret (bv 8)))"
#define WIDE   "((args (bv 32) (bv 32)) (ret (bv 32)))"
#define MIXED  "((args (bv 32) (bv 8)) (ret (bv 32)))"

static const VerifyReport *verify(Arena *arena, const char *text, VerifyOptions options)
{
    return verify_run(program_of(arena, str_from(text)), &options, arena);
}

static void signatures_that_contradict_are_named(void **unused)
{
    (void)unused;
    Arena arena = {0};
    const VerifyReport *report =
        verify(&arena, MACHINE SUM "(instantiate sum " NARROW WIDE MIXED ")", (VerifyOptions){0});
    assert_int_equal(report->idle.len, 1);
    assert_true(str_eq_c(report->idle.data[0].types, "sum 32 8"));
    assert_true(report->idle.data[0].message.len != 0);
    // Also where no rule is looked at, and when nothing is asked of the solver.
    report = verify(&arena, MACHINE SUM "(instantiate sum " NARROW MIXED ")",
                    (VerifyOptions){.filter = "none", .keys_only = true});
    assert_int_equal(report->idle.len, 1);
    report = verify(&arena, MACHINE SUM "(instantiate sum " NARROW WIDE ")", (VerifyOptions){0});
    assert_int_equal(report->idle.len, 0);
    report =
        verify(&arena, MACHINE SUM "(instantiate sum " NARROW MIXED ") (attr sum (tag some_types))",
               (VerifyOptions){0});
    assert_int_equal(report->idle.len, 0);
    assert_int_equal(report->rule_counts[RULE_PROVED], 1);
    arena_free(&arena);
}

static void cases_left_out_are_no_proof(void **unused)
{
    (void)unused;
    static const char text[] = MACHINE SUM "(instantiate sum " NARROW WIDE ")";
    Arena arena = {0};
    const VerifyReport *report = verify(&arena, text, (VerifyOptions){.max_cases = 1});
    assert_int_equal(report->rule_counts[RULE_UNKNOWN], 1);
    report = verify(&arena, text, (VerifyOptions){.max_cases = 3});
    assert_int_equal(report->rule_counts[RULE_PROVED], 1);
    arena_free(&arena);
}

// A relation that has no result for some operands: rules with it would be proved for the others
// alone, which nothing else tells.
static void meanings_for_some_operands_are_named(void **unused)
{
    (void)unused;
#define INVERSE(clauses)                                                          \
    MACHINE SUM "(instantiate sum " NARROW ")\n"                                  \
                "(decl inverse (Value) Value) (extern constructor inverse inv)\n" \
                "(spec (inverse x) " clauses ")\n"                                \
                "(rule again -1 (root x) (inverse (inverse x)))\n"
#define UNDONE "(provide (= (bvmul x result) (int2bv (widthof x) 1)))"
    static const struct {
        const char *text;
        uint32_t named;
    } programs[] = {{INVERSE(UNDONE), 2}, // of 8 bits and of 64, as nothing says how wide it is
                    {INVERSE(UNDONE) "(instantiate inverse ((args (bv 8)) (ret (bv 8))))", 1},
                    {INVERSE("(require (= (extract 0 0 x) #b1))" UNDONE), 0},
                    {INVERSE("(require (= (extract 1 1 x) #b1))" UNDONE), 2},
                    {INVERSE("(provide (= (bvxor x result) (int2bv (widthof x) 1)))"), 0},
                    {INVERSE("(provide (= (bvand x result) (int2bv (widthof x) 1)))"), 2}};
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        Arena arena = {0};
        const VerifyReport *const report =
            verify(&arena, programs[i].text, (VerifyOptions){.filter = "none"});
        assert_int_equal(report->idle.len, programs[i].named);
        for (uint32_t k = 0; k < report->idle.len; k++) {
            assert_true(report->idle.data[k].operands);
            assert_true(str_starts_with(report->idle.data[k].message, STR("x = 0x")));
        }
        arena_free(&arena);
    }
}

// ---- Workers ----

// Ends the workers that are still there once the first task is done.
static void end_workers(void *context, const VerifyTask *task, uint32_t done, uint32_t total)
{
    (void)context;
    (void)task;
    (void)done;
    (void)total;
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    FILE *const file = fopen(path, "r");
    assert_non_null(file);
    for (int pid; fscanf(file, "%d", &pid) == 1;)
        kill(pid, SIGKILL);
    fclose(file);
}

// A question that takes long stands behind a short one: its worker does not come to the end.
static void lost_tasks_are_no_proof(void **unused)
{
    (void)unused;
    static const char text[] =
        MACHINE SUM "(instantiate sum " NARROW ")\n"
                    "(decl many (Value Value Value) Value)\n"
                    "(extern extractor many match_many) (extern constructor many many)\n"
                    "(spec (many x y z) (match (= (fresh 1) #b1))\n"
                    "  (provide (= result (bvmul (bvmul x (bvxor y z)) (bvadd x (bvor y z))))))\n"
                    "(instantiate many ((args (bv 32) (bv 32) (bv 32)) (ret (bv 32))))\n"
                    "(decl other (Value Value Value) Value) (extern constructor other other)\n"
                    "(spec (other x y z) (provide (= result\n"
                    "  (bvmul (bvmul (bvadd x (bvadd (bvand y z) (bvxor y z))) x)\n"
                    "         (bvsub (bvor y z) (bvand y z))))))\n"
                    "(decl partial slow (Value) Value)\n"
                    "(spec (slow x) (match (= (fresh 1) #b1)) (provide (= result x)))\n"
                    "(rule slowly (slow (many x y z)) (other x y z))\n";
    Arena arena = {0};
    Isle *const isle = program_of(&arena, str_from(text));
    const VerifyOptions options = {.jobs = 2, .on_task = end_workers, .budget = UINT32_MAX};
    const VerifyReport *const report = verify_run(isle, &options, &arena);
    assert_int_equal(report->num_rules, 2);
    for (uint32_t r = 0; r < 2; r++) {
        const bool slow = str_eq_c(isle->rules.data[r].label, "slowly");
        assert_int_equal(report->rules[r].verdict, slow ? RULE_UNKNOWN : RULE_PROVED);
        if (slow)
            assert_true(str_contains(report->rules[r].worst->message, STR("worker ended")));
    }
    arena_free(&arena);
}

// ---- Models ----

// The values of x and y, each of 8 bits, as a solver would give them.
static VerifyCase replay(Arena *arena, uint64_t x, uint64_t y, bool goal)
{
    VerifyRun run = {.program = vc_program_new(arena, program_of(arena, STR(MACHINE SUM)))};
    Vc vc = {.pool = expr_pool_new(arena)};
    const Expr vars[] = {expr_var(vc.pool, STR("x"), sort_bv(8)),
                         expr_var(vc.pool, STR("y"), sort_bv(8))};
    const Expr condition = expr_2(vc.pool, EXPR_BVULT, vars[0], vars[1]);
    const Expr wanted = goal ? expr_eq(vc.pool, vars[0], expr_bv(vc.pool, 8, 1)) : condition;
    VEC_PUSH(arena, &vc.goals, ((VcGoal){wanted, STR("the goal")}));
    VerifyCase out = {0};
    TaskCase c = {.run = &run, .vc = &vc, .arena = arena, .results = arena, .out = &out};
    SmtResult model = {.verdict = SMT_SAT, .num_model = vc.pool->nodes.len};
    model.model = ARENA_ARRAY(arena, ExprValue, model.num_model);
    model.model[vars[0].index] = (ExprValue){sort_bv(8), wide_from_u64(x)};
    model.model[vars[1].index] = (ExprValue){sort_bv(8), wide_from_u64(y)};
    verify_replay(&c, &model, &condition, 1);
    return out;
}

// A model is shown only if the conditions hold with it and a goal does not.
static void models_that_are_none_are_not_shown(void **unused)
{
    (void)unused;
    Arena arena = {0};
    assert_int_equal(replay(&arena, 2, 3, true).verdict, CASE_FAILED);
    const VerifyCase outside = replay(&arena, 3, 2, true), holds = replay(&arena, 1, 2, true);
    assert_int_equal(outside.verdict, CASE_UNKNOWN);
    assert_true(str_contains(outside.message, STR("does not hold")));
    assert_int_equal(holds.verdict, CASE_UNKNOWN);
    assert_true(str_contains(holds.message, STR("goals hold")));
    assert_int_equal(replay(&arena, 2, 3, false).verdict, CASE_UNKNOWN);
    arena_free(&arena);
}

// ---- Counterexamples as CLIF ----

// The rules of the mid-end with one more, which is wrong: its counterexample is a function.
static void counterexamples_are_functions(void **unused)
{
    (void)unused;
    Arena arena = {0};
    Isle *const isle = program_begin(&arena);
    for (const VerifyText *t = verify_texts_opt; t->path; t++)
        program_add(isle, t->path, (Str){(const char *)t->data, t->len});
    program_add(isle, "wrong.isle", STR("(rule wrong (simplify (isub ty x y)) (isub ty y x))"));
    program_end(isle);
    const VerifyReport *const report = verify_run(isle, &(VerifyOptions){.rule = "wrong"}, &arena);
    const VerifyRule *const wrong = &report->rules[report->num_rules - 1];
    assert_int_equal(wrong->verdict, RULE_FAILED);
    static const char *const parts[] = {"function %counterexample(i", "= isub v", "return v",
                                        "; print: %counterexample("};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (!str_contains(wrong->worst->clif, str_from(parts[i])))
            fail_msg("no %s in\n%.*s", parts[i], STR_ARG(wrong->worst->clif));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(signatures_that_contradict_are_named),
                                       cmocka_unit_test(cases_left_out_are_no_proof),
                                       cmocka_unit_test(meanings_for_some_operands_are_named),
                                       cmocka_unit_test(lost_tasks_are_no_proof),
                                       cmocka_unit_test(models_that_are_none_are_not_shown),
                                       cmocka_unit_test(counterexamples_are_functions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
