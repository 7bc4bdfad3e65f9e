// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs integers.isle: literals at the ends of their types.

#include "integers_gen.h"

#define I128_MAX ((int128)(~(uint128)0 >> 1))

int main(void)
{
    IsleContext ctx = {0};
    CHECK(isle_a(&ctx, I128_MAX) == -I128_MAX - 1);
    CHECK(isle_a(&ctx, 1) == -1);
    CHECK(isle_b(&ctx, ~(uint128)0) == 10 && isle_b(&ctx, 511) == 0);
    CHECK(isle_c(&ctx, INT64_MIN) == -1);
    CHECK(isle_c(&ctx, 1) == 2147483648 && isle_c(&ctx, 2) == -1);
    CHECK(isle_d(&ctx, INT32_MIN, INT8_MIN, 255) == INT32_MIN);
    CHECK(isle_d(&ctx, -1, -1, 0) == INT32_MAX);
    CHECK(isle_e(&ctx, 0, -1) == SIZE_MAX);
    CHECK(isle_many(&ctx, 1) == 10 && isle_many(&ctx, 3) == 30 && isle_many(&ctx, 40000) == 40);
    return 0;
}
