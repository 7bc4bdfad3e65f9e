// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs basics.isle: every kind of type, pattern and expression.

#include "basics_gen.h"

static uint32_t area_of(IsleContext *ctx, Shape shape)
{
    return isle_area(ctx, &shape);
}

int main(void)
{
    IsleContext ctx = {0};
    const Shape line = {.tag = Shape_Line, .u.Line = {7}}, point = {.tag = Shape_Point};
    CHECK(area_of(&ctx, point) == 0);
    CHECK(area_of(&ctx, line) == 1);
    CHECK(area_of(&ctx, (Shape){.tag = Shape_Box, .u.Box = {5, 0}}) == 0);
    CHECK(area_of(&ctx, (Shape){.tag = Shape_Box, .u.Box = {5, 5}}) == 25);
    CHECK(area_of(&ctx, (Shape){.tag = Shape_Box, .u.Box = {5, 6}}) == 30);
    CHECK(area_of(&ctx, (Shape){.tag = Shape_Both, .u.Both = {&point, &line}}) == 7);
    CHECK(ctx.fired[0] == 1 && ctx.fired[3] == 1 && ctx.fired[4] == 1 && ctx.fired[5] == 1);

    CHECK(isle_color(&ctx, Color_Red, true) == Color_Green);
    CHECK(isle_color(&ctx, Color_Red, false) == Color_Blue);
    CHECK(isle_color(&ctx, Color_Green, false) == Color_Red);
    CHECK(isle_color(&ctx, Color_Blue, true) == Color_Blue);

    const Pair pair = {3, 4};
    const Tuple red = {9, Color_Red}, blue = {9, Color_Blue};
    const Unit unit = {0};
    const Hidden hidden = {.tag = Hidden_H, .u.H = {7}};
    const Pair *const made = isle_structs(&ctx, &pair, &red, &unit, &hidden);
    CHECK(made->x == 9 && made->y == 3);
    CHECK(isle_structs(&ctx, &pair, &blue, &unit, &hidden) == &pair);

    CHECK(isle_ids(&ctx, ZERO) == ONE && isle_ids(&ctx, ONE) == ZERO && isle_ids(&ctx, 7) == 8);
    CHECK(isle_kinds(&ctx, Kind_MAKE_K1(&ctx), 3) == Kind_MAKE_K2(&ctx, 4));
    CHECK(isle_kinds(&ctx, Kind_MAKE_K2(&ctx, 5), 5) == Kind_MAKE_K1(&ctx));
    CHECK(isle_recs(&ctx, 6) == 6);
    arena_free(&ctx.arena);
    return 0;
}
