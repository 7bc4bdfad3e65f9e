// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs equality.isle: variables that stand twice.

#include "equality_gen.h"

int main(void)
{
    IsleContext ctx = {0};
    CHECK(isle_f(&ctx, 4, 4) == 1 && isle_f(&ctx, 4, 5) == 2);

    const E a = {.tag = E_A}, b3 = {.tag = E_B, .u.B = {3}}, b3_too = b3,
            b4 = {.tag = E_B, .u.B = {4}};
    const E c3 = {.tag = E_C, .u.C = {&b3}}, c3_too = {.tag = E_C, .u.C = {&b3_too}},
            c4 = {.tag = E_C, .u.C = {&b4}};
    const S s3 = {&c3}, s3_too = {&c3_too}, s4 = {&c4};
    CHECK(isle_g(&ctx, &c3, &c3_too, &s3, &s3_too) == 1);
    CHECK(isle_g(&ctx, &b3, &b3_too, &s3, &s4) == 2);
    CHECK(isle_g(&ctx, &b4, &b4, &s3, &s4) == 5);
    CHECK(isle_g(&ctx, &a, &a, &s3, &s4) == 3);
    CHECK(isle_g(&ctx, &a, &a, &s4, &s4) == 1);
    CHECK(isle_g(&ctx, &c3, &c4, &s4, &s4) == 5);

    CHECK(isle_three(&ctx, 1, 1, 1) == 3 && isle_three(&ctx, 1, 1, 2) == 2);
    CHECK(isle_three(&ctx, 1, 2, 1) == 1 && isle_three(&ctx, 2, 1, 1) == 0);
    CHECK(isle_three(&ctx, 1, 2, 3) == 9);
    return 0;
}
