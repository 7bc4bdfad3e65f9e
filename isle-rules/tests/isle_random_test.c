// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random programs of rules, from many seeds. A failure names the seed; run with it as argument to
// see the program.

#include "isle-rules/tests/isle_random.h"

// cmocka.h wants the others before it.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
// clang-format on

enum { NUM_PROGRAMS = 1000 };

static void run_program(uint64_t seed, Tally *tally)
{
    if (!random_program_agrees(seed, (Str){"", 0}, tally))
        fail_msg("seed %llu", (unsigned long long)seed);
}

static void trees_do_what_rules_say(void **state)
{
    (void)state;
    Tally tally = {0};
    for (uint64_t seed = 1; seed <= NUM_PROGRAMS; seed++)
        run_program(seed, &tally);
    fprintf(stderr, "%llu programs, %llu rules, %llu calls compared, %llu with a result\n",
            (unsigned long long)tally.programs, (unsigned long long)tally.rules,
            (unsigned long long)tally.compared, (unsigned long long)tally.with_result);
    // The generator must not have gone blind.
    assert_true(tally.programs > NUM_PROGRAMS / 2);
    assert_true(tally.rules > tally.programs * 10);
    assert_true(tally.with_result > tally.compared / 4);
}

int main(int argc, char **argv)
{
    if (argc == 2) {
        Tally tally = {0};
        run_program(strtoull(argv[1], NULL, 10), &tally);
        return 0;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(trees_do_what_rules_say)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
