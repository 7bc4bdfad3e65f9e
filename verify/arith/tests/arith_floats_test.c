// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The facts on floats are theorems: each is evaluated with numbers of all sizes, edges among them,
// chosen so that its conditions hold; and of each they do hold, many times.

// clang-format off
#include <stddef.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "verify/arith/arith.h"
#include "verify/eval/eval.h"

enum { TRIES = 6000, MIN_MET = 50 };

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 24 ^ *state << 40;
}

// Questions, each with what some facts are about.
typedef enum Kind {
    FLOOR,
    CEIL,
    TRUNC,
    NEAREST,
    BACK,
    BACK_128,
    UPPER,
    FUSED,
    LOWER,
    UNSIGNED,
    DIFFERENCE,
    MAGNITUDE,
    HALF,
    LEADING_63,
    LEADING_64,
    SIGNED,
    PROMOTED,
    KIND_COUNT
} Kind;

// How many facts of a question are met too seldom. All of them are on products as quotients by
// 2^64, which UPPER is about.
static const uint32_t idle[KIND_COUNT] = {[LOWER] = 2, [LEADING_63] = 6, [LEADING_64] = 4};

typedef struct Case {
    Arena arena;
    ExprPool *pool;
    Kind kind;
    uint32_t width;
    Expr x, a, b, d;   // floats
    Expr c;            // an integer of 64 bits
    Expr wide, amount; // integers of 128 bits
    VEC(Expr) before;
    ArithQuestion after;
    uint32_t *met; // by fact
} Case;

static void ask_about(Case *c, Expr value)
{
    const Expr any = expr_var(c->pool, STR("any"), expr_node(c->pool, value)->sort);
    VEC_PUSH(&c->arena, &c->before, expr_2(c->pool, EXPR_BVULE, any, value));
}

static void ask_2(Case *c, ExprOp op, Expr a, Expr b)
{
    ask_about(c, expr_2(c->pool, op, a, b));
}

static void ask_converted(Case *c, ExprOp op, uint32_t width, Expr x)
{
    ask_about(c, expr_make(c->pool, op, &x, width, 0));
}

static void ask(Case *c)
{
    const Expr a = c->a, b = c->b, fused[] = {a, b, c->x};
    const ExprOp of_c = c->kind == LEADING_63 ? EXPR_TO_FP : EXPR_TO_FP_UNSIGNED;
    switch (c->kind) {
    case FLOOR: ask_about(c, expr_1(c->pool, EXPR_FP_FLOOR, c->x)); break;
    case CEIL: ask_about(c, expr_1(c->pool, EXPR_FP_CEIL, c->x)); break;
    case TRUNC: ask_about(c, expr_1(c->pool, EXPR_FP_TRUNC, c->x)); break;
    case NEAREST: ask_about(c, expr_1(c->pool, EXPR_FP_NEAREST, c->x)); break;
    case BACK:
        ask_converted(c, EXPR_FP_TO_SBV, 64, c->x);
        ask_converted(c, EXPR_TO_FP, c->width, c->c);
        break;
    case BACK_128:
        ask_converted(c, EXPR_FP_TO_SBV, 128, c->x);
        ask_converted(c, EXPR_TO_FP, c->width, c->wide);
        break;
    case FUSED: ask_about(c, expr_make(c->pool, EXPR_FP_FMA, fused, 0, 0)); break;
    case LOWER: ask_2(c, EXPR_FP_SUB, c->x, c->d); break;
    case UNSIGNED:
    case DIFFERENCE: ask_converted(c, EXPR_FP_TO_UBV, 64, c->x); break;
    case MAGNITUDE: ask_converted(c, EXPR_FP_TO_SBV, 128, c->x); break;
    case LEADING_63:
    case LEADING_64:
        ask_converted(c, EXPR_TO_FP_UNSIGNED, c->width, c->wide);
        ask_2(c, EXPR_BVSHL, c->wide, c->amount);
        ask_2(c, EXPR_FP_MUL, expr_make(c->pool, of_c, &c->c, c->width, 0), b);
        break;
    case SIGNED: ask_converted(c, EXPR_TO_FP, c->width, c->wide); break;
    case PROMOTED: ask_converted(c, EXPR_TO_FP_FROM_FP, 64, c->x); break;
    case UPPER:
    case HALF:
    case KIND_COUNT: break;
    }
    if (c->kind == FUSED || c->kind == LOWER || c->kind == HALF)
        ask_converted(c, EXPR_TO_FP_UNSIGNED, c->width, c->c);
    if (c->kind == UPPER || c->kind == LOWER)
        ask_2(c, EXPR_FP_MUL, a, b);
    if (c->kind == CEIL || c->kind == NEAREST || c->kind == HALF)
        ask_2(c, EXPR_FP_ADD, a, b);
    if (c->kind == FLOOR || c->kind == NEAREST || c->kind == DIFFERENCE)
        ask_2(c, EXPR_FP_SUB, c->kind == NEAREST ? c->d : a, b);
}

static void begin(Case *c, Kind kind, uint32_t width)
{
    *c = (Case){.kind = kind, .width = width};
    ExprPool *const p = c->pool = expr_pool_new(&c->arena);
    Expr *const floats[] = {&c->x, &c->a, &c->b, &c->d};
    for (uint32_t i = 0; i < 4; i++)
        *floats[i] = expr_var(p, STR("float"), sort_bv(width));
    c->c = expr_var(p, STR("c"), sort_bv(64));
    c->wide = expr_var(p, STR("wide"), sort_bv(128));
    c->amount = expr_var(p, STR("amount"), sort_bv(128));
    ask(c);
    arith_rewrite(p, c->before.data, c->before.len, &c->arena, &c->after);
    assert_true(c->after.conditions.len > c->before.len);
    c->met = ARENA_ARRAY(&c->arena, uint32_t, c->after.conditions.len);
}

// ---- Numbers ----

static uint64_t power(uint32_t width, int32_t exponent)
{
    return width == 32 ? (uint64_t)(127 + exponent) << 23 : (uint64_t)(1023 + exponent) << 52;
}

// Of any size that matters here, often with few bits or few zeros, or whole or halfway.
static uint64_t next_float(uint64_t *state, uint32_t width)
{
    static const uint64_t infinity[] = {0x7f800000, 0x7ff0000000000000};
    const uint64_t r = next_random(state), fraction = width == 32 ? 23 : 52;
    const uint64_t sign = (r >> 63) << (width - 1);
    if (r % 64 < 4)
        return sign | (r % 64 == 0   ? infinity[width == 64] + (r & 64)
                       : r % 64 == 1 ? 0
                                     : r >> 8 & 255);
    const int32_t exponents[] = {(int32_t)(r >> 8) % 132 - 2, (int32_t)(r >> 8) % 260 - 130,
                                 (int32_t)(r >> 8) % 6 - 2, (int32_t)(r >> 8) % 6 + 60};
    int32_t exponent = exponents[r >> 32 & 3];
    exponent = exponent > 127 && width == 32 ? 127 : exponent < -126 ? -126 : exponent;
    uint64_t bits = next_random(state) & ((UINT64_C(1) << fraction) - 1);
    if (r >> 40 & 1)
        bits &= UINT64_MAX << (r >> 41) % (fraction + 1);
    if (r >> 48 & 1)
        bits |= ((UINT64_C(1) << (r >> 49) % fraction) - 1);
    return sign | (power(width, exponent) + bits);
}

static uint64_t next_integer(uint64_t *state)
{
    const uint64_t r = next_random(state), bits = next_random(state) >> r % 64;
    return r & 128 ? ~bits : r & 256 ? bits & (UINT64_MAX << (r >> 10) % 64) : bits;
}

typedef struct Try {
    const Case *c;
    Eval eval;
    Arena arena;
} Try;

static void set(Try *t, Expr var, uint64_t low, uint64_t high)
{
    ExprValue value = {expr_node(t->c->pool, var)->sort, wide_from_u64(low)};
    value.bits.w[1] = high;
    value.bits = wide_low(value.bits, value.sort.width);
    eval_set(&t->eval, var, &value);
}

static Wide get(Try *t, Expr e)
{
    ExprValue value;
    assert_true(eval_get(&t->eval, e, &value));
    return value.bits;
}

// 64 bits of what an operator makes of the float x, from bit 64 * `word` on.
static uint64_t whole_of(const Case *c, uint64_t x, ExprOp op, uint32_t bits, uint32_t word)
{
    ExprValue out, value = {sort_bv(c->width), wide_from_u64(x)};
    const ExprNode node = {
        .op = op, .sort = sort_bv(bits), .num_args = 1, .p0 = bits, .args = {c->x}};
    assert_true(eval_op(&node, &value, &out));
    return out.bits.w[word];
}

static uint64_t of_integer(const Case *c, ExprOp op, uint64_t n)
{
    ExprValue out, value = {sort_bv(64), wide_from_u64(n)};
    const ExprNode node = {
        .op = op, .sort = sort_bv(c->width), .num_args = 1, .p0 = c->width, .args = {c->c}};
    assert_true(eval_op(&node, &value, &out));
    return out.bits.w[0];
}

static uint64_t of_2(const Case *c, ExprOp op, uint64_t a, uint64_t b)
{
    ExprValue out;
    const ExprValue values[] = {{sort_bv(c->width), wide_from_u64(a)},
                                {sort_bv(c->width), wide_from_u64(b)}};
    const ExprNode node = {
        .op = op, .sort = sort_bv(c->width), .num_args = 2, .args = {c->a, c->b}};
    assert_true(eval_op(&node, values, &out));
    return out.bits.w[0];
}

// The highest bits of a number, the last one set if any below them is.
static uint64_t leading_bits(uint128 shifted, uint32_t bits)
{
    const uint128 rest = shifted << bits;
    return (uint64_t)(shifted >> (128 - bits)) | (rest != 0);
}

static uint32_t zeros_of(uint128 n)
{
    uint32_t zeros = 0;
    while (zeros < 128 && !(n >> (127 - zeros) & 1))
        zeros++;
    return zeros;
}

typedef struct Numbers {
    uint64_t x, a, b, d, c;
    uint128 wide;
    uint32_t amount;
} Numbers;

static void swap(uint64_t *a, uint64_t *b)
{
    const uint64_t first = *a;
    *a = *b;
    *b = first;
}

static void choose_leading(const Case *c, Numbers *n, uint64_t r)
{
    const uint32_t fraction = c->width == 32 ? 23 : 52;
    if (r % 128 < 32) // halfway between two floats, but perhaps for one bit
        n->wide = (uint128)(n->x % (UINT64_C(4) << fraction) | UINT64_C(2) << fraction | 1)
                      << (r >> 9) % 60 |
                  (r >> 20 & 1);
    const uint32_t zeros = zeros_of(n->wide), bits = c->kind == LEADING_63 ? 63 : 64;
    const uint64_t sign = UINT64_C(1) << (c->width - 1);
    n->c = leading_bits(zeros == 128 ? 0 : n->wide << zeros, bits) - (r >> 5 & 7 ? 0 : r >> 8 & 1);
    n->b = power(c->width, (int32_t)(128 - bits) - (int32_t)zeros) | (r & 1 ? sign : 0);
    n->amount = r & 2 ? zeros : zeros % 128;
}

// Numbers for which the conditions of the facts are likely to hold.
static void choose(const Case *c, Numbers *n, uint64_t r)
{
    const uint32_t width = c->width, fraction = width == 32 ? 23 : 52;
    const uint64_t sign = UINT64_C(1) << (width - 1);
    switch (c->kind) {
    case FLOOR:
    case CEIL:
        n->a = whole_of(c, n->x, EXPR_FP_TRUNC, width, 0);
        n->b = power(width, 0);
        break;
    case NEAREST:
        n->a = n->x & ~sign;
        n->b = power(width, (int32_t)fraction);
        n->d = of_2(c, EXPR_FP_ADD, n->a, n->b);
        break;
    case BACK: n->c = whole_of(c, n->x, EXPR_FP_TO_SBV, 64, 0); break;
    case BACK_128:
        n->wide = (uint128)whole_of(c, n->x, EXPR_FP_TO_SBV, 128, 1) << 64 |
                  whole_of(c, n->x, EXPR_FP_TO_SBV, 128, 0);
        break;
    case UPPER:
        n->b = power(width, -64);
        if (r % 8 == 0) // 2^128 and more, infinite in 32 bits
            n->a = power(width, 128) + (width == 64 ? n->d & ((UINT64_C(1) << 54) - 1) : 0);
        break;
    case FUSED:
    case LOWER:
        n->c = whole_of(c, n->x, EXPR_FP_TO_UBV, 128, 1) + (r >> 5 & 7 ? 0 : r >> 8 & 3);
        n->b = power(width, r % 4 == 0 && c->kind == LOWER ? -64 : 64);
        n->a = of_integer(c, EXPR_TO_FP_UNSIGNED, n->c) ^ (c->kind == FUSED ? sign : 0);
        n->d = of_2(c, EXPR_FP_MUL, n->a, n->b);
        if (r % 4 == 0 && c->kind == LOWER)
            n->a = n->x;
        break;
    case DIFFERENCE: n->a = n->x, n->b = power(width, 63); break;
    case HALF: // of a number halfway between two floats, but for one bit, at times
        if (r % 4 == 0)
            n->c = (n->x % (UINT64_C(4) << fraction) | UINT64_C(2) << fraction | 1)
                       << (62 - fraction) |
                   (r >> 20 & 1);
        n->a = n->b = of_integer(c, EXPR_TO_FP, n->c >> 1 | (r >> 5 & 7 ? n->c & 1 : 0));
        break;
    case LEADING_63:
    case LEADING_64: choose_leading(c, n, r); break;
    case TRUNC:
    case UNSIGNED:
    case MAGNITUDE:
    case SIGNED:
    case PROMOTED:
    case KIND_COUNT: break;
    }
    if (r & 16 && (c->kind == CEIL || c->kind == NEAREST || c->kind == UPPER || c->kind == FUSED ||
                   c->kind == LOWER))
        swap(&n->a, &n->b);
}

static void set_numbers(Try *t, uint64_t *state)
{
    const Case *const c = t->c;
    const uint64_t r = next_random(state), high = next_integer(state);
    Numbers n = {.x = next_float(state, c->width),
                 .a = next_float(state, c->width),
                 .b = next_float(state, c->width),
                 .d = next_float(state, c->width),
                 .c = next_integer(state),
                 .wide = (uint128)(r & 4 ? 0 : high) << 64 | next_integer(state)};
    if (r % 16 != 0)
        choose(c, &n, r >> 8);
    eval_begin(&t->eval, c->pool, &t->arena);
    set(t, c->x, n.x, 0);
    set(t, c->a, n.a, 0);
    set(t, c->b, n.b, 0);
    set(t, c->d, n.d, 0);
    set(t, c->c, n.c, 0);
    set(t, c->wide, (uint64_t)n.wide, (uint64_t)(n.wide >> 64));
    set(t, c->amount, n.amount, 0);
}

// ---- Facts ----

// The condition of a fact; itself if it has none.
static Expr condition_of(const ExprPool *p, Expr fact)
{
    const ExprNode *const n = expr_node(p, fact);
    for (uint32_t i = 0; n->op == EXPR_OR && i < 2; i++)
        if (expr_node(p, n->args[i])->op == EXPR_NOT)
            return expr_node(p, n->args[i])->args[0];
    return fact;
}

static void try_facts(Case *c, Try *t)
{
    for (uint32_t i = c->before.len; i < c->after.conditions.len; i++) {
        const Expr fact = c->after.conditions.data[i];
        c->met[i] += get(t, condition_of(c->pool, fact)).w[0] != 0;
        if (get(t, fact).w[0] != 0)
            continue;
        StrBuf text = {.arena = &t->arena};
        expr_print(c->pool, fact, 9, &text);
        buf_char(&text, 0);
        fail_msg("x %llx a %llx b %llx c %llx: %s", (unsigned long long)get(t, c->x).w[0],
                 (unsigned long long)get(t, c->a).w[0], (unsigned long long)get(t, c->b).w[0],
                 (unsigned long long)get(t, c->c).w[0], text.data);
    }
}

static void try_kind(Kind kind, uint32_t width)
{
    Case c;
    uint64_t state = width + kind;
    uint32_t unmet = 0;
    begin(&c, kind, width);
    for (uint32_t i = 0; i < TRIES; i++) {
        Try t = {.c = &c};
        set_numbers(&t, &state);
        try_facts(&c, &t);
        arena_free(&t.arena);
    }
    for (uint32_t i = c.before.len; i < c.after.conditions.len; i++) {
        StrBuf text = {.arena = &c.arena};
        expr_print(c.pool, c.after.conditions.data[i], 9, &text);
        buf_char(&text, 0);
        unmet += c.met[i] < MIN_MET;
        if (unmet > idle[kind])
            print_message("question %d, met %u times: %s\n", (int)kind, c.met[i], text.data);
    }
    assert_int_equal(unmet, idle[kind]);
    arena_free(&c.arena);
}

static void facts_hold_in_32_bits(void **unused)
{
    (void)unused;
    for (Kind kind = FLOOR; kind < PROMOTED; kind++)
        try_kind(kind, 32);
}

static void facts_hold_in_64_bits(void **unused)
{
    (void)unused;
    for (Kind kind = FLOOR; kind < PROMOTED; kind++)
        try_kind(kind, 64);
}

static void promotion_truncates_alike(void **unused)
{
    (void)unused;
    try_kind(PROMOTED, 32);
}

// Of integers beyond the range of a float nothing is said: their ends are no floats.
static void wider_integers_are_left_alone(void **unused)
{
    (void)unused;
    Case c = {.width = 32};
    c.pool = expr_pool_new(&c.arena);
    c.x = expr_var(c.pool, STR("x"), sort_bv(32));
    ask_converted(&c, EXPR_FP_TO_SBV, 200, c.x);
    ask_converted(&c, EXPR_TO_FP, 32, expr_var(c.pool, STR("wide"), sort_bv(200)));
    arith_rewrite(c.pool, c.before.data, c.before.len, &c.arena, &c.after);
    assert_int_equal(c.after.conditions.len, c.before.len);
    arena_free(&c.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wider_integers_are_left_alone), cmocka_unit_test(facts_hold_in_32_bits),
        cmocka_unit_test(facts_hold_in_64_bits), cmocka_unit_test(promotion_truncates_alike)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
