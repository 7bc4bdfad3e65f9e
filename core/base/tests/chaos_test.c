// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Choices at random: what they depend on, and that there are none when chaos is off.

#include "base/chaos.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

static void off_is_as_usual(void **state)
{
    (void)state;
    for (uint32_t n = 1; n < 4; n++) {
        assert_false(chaos_one_in(NULL, n));
        assert_false(chaos_one_in_of(NULL, n, n));
    }
}

static void the_same_again(void **state)
{
    (void)state;
    Chaos a = chaos_new(7, STR("%f")), b = chaos_new(7, STR("%f"));
    Chaos other_seed = chaos_new(8, STR("%f")), other_name = chaos_new(7, STR("%g"));
    assert_true(chaos_of(&a, 3) == chaos_of(&b, 3));
    assert_false(chaos_of(&a, 3) == chaos_of(&a, 4));
    for (uint32_t i = 0; i < 100; i++) {
        const uint64_t x = chaos_draw(&a);
        assert_true(x == chaos_draw(&b));
        assert_false(x == chaos_draw(&other_seed));
        assert_false(x == chaos_draw(&other_name));
    }
}

// A stage's choices do not depend on how many an earlier one made.
static void stages_are_apart(void **state)
{
    (void)state;
    Chaos a = chaos_new(200, STR("%f")), b = a;
    (void)chaos_draw(&a);
    chaos_begin(&a, 2);
    chaos_begin(&b, 2);
    const uint64_t second = chaos_draw(&a);
    assert_true(second == chaos_draw(&b));
    chaos_begin(&a, 1);
    assert_false(second == chaos_draw(&a));
}

static void as_often_as_said(void **state)
{
    (void)state;
    Chaos chaos = chaos_new(1, STR(""));
    uint32_t drawn = 0, asked = 0;
    for (uint32_t i = 0; i < 80000; i++) {
        drawn += chaos_one_in(&chaos, 8);
        asked += chaos_one_in_of(&chaos, 8, i);
    }
    assert_in_range(drawn, 9500, 10500);
    assert_in_range(asked, 9500, 10500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_is_as_usual),
        cmocka_unit_test(the_same_again),
        cmocka_unit_test(stages_are_apart),
        cmocka_unit_test(as_often_as_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
