// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What stands behind the terms of isle-rules/opt/prelude.isle. Included before the C that islec
// writes, so that the compiler sees through it. Only rules.c and that C include this.
#ifndef OPT_RULES_H
#define OPT_RULES_H

#include "opt/opt_internal.h"
#include "opt_isle.h"
#include "opt_terms.h"

#define I8                       TYPE_I8
#define I16                      TYPE_I16
#define I32                      TYPE_I32
#define I64                      TYPE_I64
#define I128                     TYPE_I128
#define EQ                       INTCC_EQ
#define NE                       INTCC_NE
#define SLT                      INTCC_SLT
#define SGE                      INTCC_SGE
#define SGT                      INTCC_SGT
#define SLE                      INTCC_SLE
#define ULT                      INTCC_ULT
#define UGE                      INTCC_UGE
#define UGT                      INTCC_UGT
#define ULE                      INTCC_ULE

// Equality of classes as used: two that are known to be equal have one number.
#define Value_EQ(a, b)           ((a).i == (b).i)

#define ISLE_ALLOC(ctx, T)       ARENA_NEW((ctx)->scratch, T)

// The matcher says so of each rule whose right side it is going to evaluate.
#define ISLE_RULE_FIRED(ctx, id) opt_note_rule((ctx), (id))

// Counts the firing of a rule, and remembers which rule gave which alternative.
void opt_note_rule(OptCtx *ctx, uint32_t rule);

// ---- Nodes ----

// Walks the nodes of a class, at most OPT_MAX_CLASS of them, each commutative one in both orders.
typedef struct opt_node_iter {
    uint32_t stack[OPT_MAX_CLASS];
    uint32_t depth, left;
    bool swapped; // data is to be given with its operands exchanged next
    InstData data;
} opt_node_iter;

static inline void opt_node_init(OptCtx *ctx, Value class, opt_node_iter *it)
{
    (void)ctx;
    it->stack[0] = class.i;
    it->depth = 1;
    it->left = OPT_MAX_CLASS;
    it->swapped = false;
}

// The next operation in *out, which holds until the next call; false at the end.
bool opt_node_next(OptCtx *ctx, opt_node_iter *it, ClifInst *out);

static inline ClifInst rule_inst_data(OptCtx *ctx, Inst inst)
{
    return func_inst(ctx->f, inst);
}

static inline Type opt_value_type(OptCtx *ctx, Value class)
{
    return ctx->classes.data[class.i].type;
}

static inline Value opt_subsume(OptCtx *ctx, Value class)
{
    ctx->subsume[ctx->depth] = class.i;
    return class;
}

// ---- Skeleton ----

static inline SkeletonRewrite opt_remove(OptCtx *ctx)
{
    (void)ctx;
    return (SkeletonRewrite){.kind = SKELETON_REMOVE};
}

static inline SkeletonRewrite opt_is_value(OptCtx *ctx, Value class)
{
    (void)ctx;
    return (SkeletonRewrite){.kind = SKELETON_VALUE, .value = class};
}

static inline SkeletonRewrite opt_is_values(OptCtx *ctx, Value first, Value second)
{
    (void)ctx;
    return (SkeletonRewrite){.kind = SKELETON_VALUES, .value = first, .second = second};
}

static inline SkeletonRewrite opt_always_traps(OptCtx *ctx)
{
    (void)ctx;
    return (SkeletonRewrite){.kind = SKELETON_TRAP};
}

static inline SkeletonRewrite opt_tests(OptCtx *ctx, Value class)
{
    (void)ctx;
    return (SkeletonRewrite){.kind = SKELETON_TEST, .value = class};
}

static inline SkeletonRewrite opt_tests_not(OptCtx *ctx, Value class)
{
    (void)ctx;
    return (SkeletonRewrite){.kind = SKELETON_TEST_NOT, .value = class};
}

static inline SkeletonRewrite opt_takes(OptCtx *ctx, uint32_t index)
{
    (void)ctx;
    return (SkeletonRewrite){.kind = SKELETON_TAKE, .index = index};
}

// ---- Types ----

static inline bool opt_ty_int(OptCtx *ctx, Type type, Type *out)
{
    (void)ctx;
    *out = type;
    return type >= TYPE_I8 && type <= TYPE_I128;
}

static inline bool opt_fits_in_64(OptCtx *ctx, Type type, Type *out)
{
    (void)ctx;
    *out = type;
    return type >= TYPE_I8 && type <= TYPE_I64;
}

static inline bool opt_ty_float(OptCtx *ctx, Type type, Type *out)
{
    (void)ctx;
    *out = type;
    return type >= TYPE_F16 && type <= TYPE_F128;
}

static inline uint64_t opt_ty_bits(OptCtx *ctx, Type type)
{
    (void)ctx;
    return type_bits(type);
}

static inline uint64_t opt_top_bit(OptCtx *ctx, Type type)
{
    (void)ctx;
    return type_bits(type) - 1;
}

static inline bool opt_ty_wider(OptCtx *ctx, Type a, Type b)
{
    (void)ctx;
    return type_bits(a) > type_bits(b);
}

// ---- Constants ----

static inline uint128 opt_sign_bit(Type type)
{
    return (uint128)1 << (type_bits(type) - 1);
}

static inline uint128 opt_all_bits(Type type)
{
    return opt_sign_bit(type) * 2 - 1;
}

// A constant of a scalar integer type.
static inline bool opt_int_constant(OptCtx *ctx, Value class, uint128 *bits)
{
    const Type type = opt_value_type(ctx, class);
    return type >= TYPE_I8 && type <= TYPE_I128 && opt_constant(ctx, class, bits);
}

static inline bool opt_iconst_u(OptCtx *ctx, Value class, Type *type, uint64_t *out)
{
    uint128 bits;
    *type = opt_value_type(ctx, class);
    if (!opt_int_constant(ctx, class, &bits))
        return false;
    *out = (uint64_t)bits;
    return bits >> 64 == 0;
}

static inline bool opt_iconst_s(OptCtx *ctx, Value class, Type *type, int64_t *out)
{
    uint128 bits;
    *type = opt_value_type(ctx, class);
    if (!opt_int_constant(ctx, class, &bits))
        return false;
    const uint128 sign = opt_sign_bit(*type);
    const int128 number = (int128)((bits ^ sign) - sign);
    *out = (int64_t)number;
    return number == *out;
}

static inline Value opt_make_iconst_u(OptCtx *ctx, Type type, uint64_t number)
{
    return opt_make_constant(ctx, type, number);
}

static inline Value opt_make_iconst_s(OptCtx *ctx, Type type, int64_t number)
{
    return opt_make_constant(ctx, type, (uint128)(int128)number & opt_all_bits(type));
}

static inline bool opt_is_constant(OptCtx *ctx, Value class)
{
    uint128 bits;
    return opt_int_constant(ctx, class, &bits);
}

static inline bool opt_power_of_two(OptCtx *ctx, Value class, uint64_t *exponent)
{
    uint128 bits;
    if (!opt_int_constant(ctx, class, &bits) || bits == 0 || (bits & (bits - 1)) != 0)
        return false;
    *exponent = 0;
    while (bits >> *exponent != 1)
        ++*exponent;
    return true;
}

static inline bool opt_negative_power_of_two(OptCtx *ctx, Value class, uint64_t *exponent)
{
    uint128 bits;
    if (!opt_int_constant(ctx, class, &bits))
        return false;
    const uint128 all = opt_all_bits(opt_value_type(ctx, class));
    const uint128 power = -bits & all;
    if (power == 0 || (power & (power - 1)) != 0)
        return false;
    *exponent = 0;
    while (power >> *exponent != 1)
        ++*exponent;
    return true;
}

// Whether the class is the constant `wanted` of its type.
static inline bool opt_is_number(OptCtx *ctx, Value class, Type type, uint128 wanted)
{
    uint128 bits;
    return opt_int_constant(ctx, class, &bits) && bits == wanted &&
           type == opt_value_type(ctx, class);
}

#define OPT_NUMBER(name, value)                                         \
    static inline bool opt_##name(OptCtx *ctx, Value class, Type *type) \
    {                                                                   \
        *type = opt_value_type(ctx, class);                             \
        return *type >= TYPE_I8 && *type <= TYPE_I128 &&                \
               opt_is_number(ctx, class, *type, value(*type));          \
    }
#define OPT_SMAX(type) (opt_sign_bit(type) - 1)
OPT_NUMBER(smin_of, opt_sign_bit)
OPT_NUMBER(smax_of, OPT_SMAX)
OPT_NUMBER(is_ones, opt_all_bits)
#undef OPT_NUMBER

static inline Value opt_make_smin_of(OptCtx *ctx, Type type)
{
    return opt_make_constant(ctx, type, opt_sign_bit(type));
}

static inline Value opt_make_smax_of(OptCtx *ctx, Type type)
{
    return opt_make_constant(ctx, type, OPT_SMAX(type));
}

static inline bool opt_ty_fixed(OptCtx *ctx, Type type, Type *out)
{
    (void)ctx;
    *out = type;
    return !type_is_dynamic(type) && type_bytes(type) <= 16;
}

static inline Value opt_make_zero_of(OptCtx *ctx, Type type)
{
    return opt_make_pattern(ctx, type, 0);
}

static inline Value opt_make_ones(OptCtx *ctx, Type type)
{
    return opt_make_pattern(ctx, type, 0xff);
}

static inline Value opt_make_low_ones(OptCtx *ctx, Type type, uint64_t n)
{
    return opt_make_constant(
        ctx, type, n >= 128 ? opt_all_bits(type) : (((uint128)1 << n) - 1) & opt_all_bits(type));
}

static inline uint64_t opt_u64_sub(OptCtx *ctx, uint64_t a, uint64_t b)
{
    (void)ctx;
    return a - b;
}

static inline uint64_t opt_u64_add(OptCtx *ctx, uint64_t a, uint64_t b)
{
    (void)ctx;
    return a + b;
}

static inline bool opt_u64_lt(OptCtx *ctx, uint64_t a, uint64_t b)
{
    (void)ctx;
    return a < b;
}

static inline bool opt_u64_eq(OptCtx *ctx, uint64_t a, uint64_t b)
{
    (void)ctx;
    return a == b;
}

static inline bool opt_has_low_ones(OptCtx *ctx, Value class, Type type)
{
    uint128 bits;
    const uint128 wanted = opt_all_bits(type);
    return opt_int_constant(ctx, class, &bits) && (bits & wanted) == wanted;
}

static inline bool opt_is_low_ones(OptCtx *ctx, Value class, Type type)
{
    uint128 bits;
    return opt_int_constant(ctx, class, &bits) && bits == opt_all_bits(type);
}

// Two constants of one type, whose bits go to `bits`.
static inline bool opt_two_constants(OptCtx *ctx, Value a, Value b, uint128 bits[2])
{
    return opt_value_type(ctx, a) == opt_value_type(ctx, b) && opt_int_constant(ctx, a, &bits[0]) &&
           opt_int_constant(ctx, b, &bits[1]);
}

static inline bool opt_are_different(OptCtx *ctx, Value a, Value b)
{
    uint128 bits[2];
    return opt_two_constants(ctx, a, b, bits) && bits[0] != bits[1];
}

static inline bool opt_are_complements(OptCtx *ctx, Value a, Value b)
{
    uint128 bits[2];
    return opt_two_constants(ctx, a, b, bits) &&
           (bits[0] ^ bits[1]) == opt_all_bits(opt_value_type(ctx, a));
}

static inline bool opt_are_negatives(OptCtx *ctx, Value a, Value b)
{
    uint128 bits[2];
    return opt_two_constants(ctx, a, b, bits) &&
           ((bits[0] + bits[1]) & opt_all_bits(opt_value_type(ctx, a))) == 0;
}

static inline bool opt_is_odd(OptCtx *ctx, Value class)
{
    uint128 bits;
    return opt_int_constant(ctx, class, &bits) && (bits & 1) != 0;
}

static inline bool opt_is_odd_factor(OptCtx *ctx, Value class, Value factor)
{
    (void)factor;
    return opt_is_odd(ctx, class);
}

// The inverse of an odd number modulo 2^128, by Newton's iteration: each step doubles the number of
// right bits, of which x * x = 1 (mod 8) gives three to begin with.
static inline Value opt_odd_inverse(OptCtx *ctx, Value class, Value y, Value z)
{
    (void)y;
    (void)z;
    uint128 bits = 1;
    const bool known = opt_int_constant(ctx, class, &bits);
    ASSERT(known);
    uint128 inverse = bits;
    for (uint32_t right = 3; right < 128; right *= 2)
        inverse *= 2 - bits * inverse;
    const Type type = opt_value_type(ctx, class);
    return opt_make_constant(ctx, type, inverse & opt_all_bits(type));
}

static inline bool opt_covers_amount(OptCtx *ctx, Value class, Type type)
{
    uint128 bits;
    const uint128 wanted = type_lane_bits(type) - 1;
    return opt_int_constant(ctx, class, &bits) && (bits & wanted) == wanted;
}

static inline bool opt_type_less(OptCtx *ctx, Type type, uint64_t k, Type *out)
{
    (void)ctx;
    const uint32_t bits = type_bits(type);
    *out = k < bits ? type_int(bits - (uint32_t)k) : TYPE_INVALID;
    return k != 0 && *out != TYPE_INVALID;
}

static inline uint64_t opt_shift_mod(OptCtx *ctx, Type type, uint64_t amount)
{
    (void)ctx;
    return amount & (type_lane_bits(type) - 1);
}

// ---- Conditions ----

static inline IntCC opt_intcc_complement(OptCtx *ctx, IntCC cc)
{
    (void)ctx;
    return intcc_complement(cc);
}

static inline IntCC opt_intcc_swap(OptCtx *ctx, IntCC cc)
{
    (void)ctx;
    return intcc_swap(cc);
}

static inline bool opt_sum_fits(OptCtx *ctx, Value x, Value constant)
{
    uint128 bits;
    return opt_int_constant(ctx, constant, &bits) && bits <= UINT64_MAX &&
           opt_no_carry(ctx, x, (uint64_t)bits);
}

static inline bool opt_shift_fits(OptCtx *ctx, Value x, uint64_t k)
{
    return opt_no_overflow(ctx, x, k);
}

static inline bool opt_is_negative(OptCtx *ctx, Value class)
{
    uint128 bits;
    return opt_int_constant(ctx, class, &bits) &&
           (bits & opt_sign_bit(opt_value_type(ctx, class))) != 0;
}

static inline bool opt_is_not_negative(OptCtx *ctx, Value class)
{
    uint128 bits;
    return opt_int_constant(ctx, class, &bits) &&
           (bits & opt_sign_bit(opt_value_type(ctx, class))) == 0;
}

static inline bool opt_fits_signed(OptCtx *ctx, Type type, int64_t number)
{
    (void)ctx;
    const int128 limit = (int128)(opt_sign_bit(type) - 1);
    return number <= limit && number >= -limit - 1;
}

static inline bool opt_fits_unsigned(OptCtx *ctx, Type type, uint64_t number)
{
    (void)ctx;
    return number <= opt_all_bits(type);
}

static inline bool opt_equality(OptCtx *ctx, IntCC cc)
{
    (void)ctx;
    return cc == INTCC_EQ || cc == INTCC_NE;
}

static inline Value opt_truth(OptCtx *ctx, Type type, bool is_true)
{
    return type_is_vector(type) ? opt_make_pattern(ctx, type_truthy(type), is_true ? 0xff : 0)
                                : opt_make_constant(ctx, TYPE_I8, is_true);
}

static inline bool opt_intcc_reflexive(OptCtx *ctx, IntCC cc)
{
    (void)ctx;
    return cc == INTCC_EQ || cc == INTCC_SGE || cc == INTCC_SLE || cc == INTCC_UGE ||
           cc == INTCC_ULE;
}

// A condition as the set of orders that it holds for.
enum { ORDER_LESS = 1, ORDER_EQUAL = 2, ORDER_GREATER = 4, ORDER_ALL = 7 };

typedef enum Signedness { SIGN_ANY, SIGN_SIGNED, SIGN_UNSIGNED } Signedness;

typedef struct OrderSet {
    uint8_t orders;
    uint8_t sign; // Signedness
} OrderSet;

// By IntCC.
extern const OrderSet opt_orders[INTCC_COUNT];

// The signedness that both have, if they don't differ.
static inline bool opt_common_sign(IntCC a, IntCC b, uint8_t *sign)
{
    const uint8_t x = opt_orders[a].sign, y = opt_orders[b].sign;
    *sign = x == SIGN_ANY ? y : x;
    return x == SIGN_ANY || y == SIGN_ANY || x == y;
}

static inline bool opt_find_order(uint32_t orders, uint8_t sign, IntCC *out)
{
    for (uint32_t cc = 0; cc < INTCC_COUNT; cc++) {
        const OrderSet set = opt_orders[cc];
        if (set.orders != orders || (set.sign != SIGN_ANY && set.sign != sign))
            continue;
        *out = (IntCC)cc;
        return true;
    }
    return false;
}

static inline bool opt_intcc_and(OptCtx *ctx, IntCC a, IntCC b, IntCC *out)
{
    (void)ctx;
    uint8_t sign;
    return opt_common_sign(a, b, &sign) &&
           opt_find_order(opt_orders[a].orders & opt_orders[b].orders, sign, out);
}

static inline bool opt_intcc_or(OptCtx *ctx, IntCC a, IntCC b, IntCC *out)
{
    (void)ctx;
    uint8_t sign;
    return opt_common_sign(a, b, &sign) &&
           opt_find_order(opt_orders[a].orders | opt_orders[b].orders, sign, out);
}

static inline bool opt_intcc_xor(OptCtx *ctx, IntCC a, IntCC b, IntCC *out)
{
    (void)ctx;
    uint8_t sign;
    return opt_common_sign(a, b, &sign) &&
           opt_find_order(opt_orders[a].orders ^ opt_orders[b].orders, sign, out);
}

static inline IntCC opt_intcc_unsigned(OptCtx *ctx, IntCC cc)
{
    (void)ctx;
    IntCC out = cc;
    const bool found = opt_find_order(opt_orders[cc].orders, SIGN_UNSIGNED, &out);
    ASSERT(found);
    return out;
}

static inline bool opt_intcc_is_strict(OptCtx *ctx, IntCC cc)
{
    (void)ctx;
    return opt_orders[cc].orders == ORDER_LESS || opt_orders[cc].orders == ORDER_GREATER;
}

static inline bool opt_intcc_of_halves(OptCtx *ctx, IntCC high, IntCC low, IntCC *out)
{
    (void)ctx;
    const OrderSet a = opt_orders[high], b = opt_orders[low];
    return a.sign != SIGN_ANY && b.sign == SIGN_UNSIGNED &&
           ((a.orders ^ b.orders) & ~(uint32_t)ORDER_EQUAL) == 0 &&
           opt_find_order(b.orders, a.sign, out);
}

// What a choice by `a`, then by `b`, gives for one order.
static inline int64_t opt_choice(IntCC a, IntCC b, uint32_t order, const int64_t *numbers)
{
    if ((opt_orders[a].orders & order) != 0)
        return numbers[0];
    return (opt_orders[b].orders & order) != 0 ? numbers[1] : numbers[2];
}

static inline bool opt_three_way(OptCtx *ctx, IntCC a, IntCC b, int64_t first, int64_t second,
                                 int64_t third, IntCC *out)
{
    (void)ctx;
    const int64_t numbers[3] = {first, second, third};
    const int64_t less = opt_choice(a, b, ORDER_LESS, numbers);
    uint8_t sign;
    if (!opt_common_sign(a, b, &sign) || opt_choice(a, b, ORDER_EQUAL, numbers) != 0 ||
        (less != 1 && less != -1) || opt_choice(a, b, ORDER_GREATER, numbers) != -less)
        return false;
    return opt_find_order(less == 1 ? ORDER_LESS : ORDER_GREATER,
                          sign == SIGN_ANY ? SIGN_SIGNED : sign, out);
}

static inline bool opt_intcc_holds(IntCC cc, int64_t x, int64_t y)
{
    const uint32_t order = x < y ? ORDER_LESS : x == y ? ORDER_EQUAL : ORDER_GREATER;
    return (opt_orders[cc].orders & order) != 0;
}

static inline bool opt_three_way_is(OptCtx *ctx, IntCC a, IntCC b, IntCC cc, int64_t k, IntCC *out)
{
    (void)ctx;
    const uint32_t one = opt_orders[a].orders, other = opt_orders[b].orders;
    const bool opposites = intcc_swap(a) == b && (one == ORDER_LESS || one == ORDER_GREATER);
    if (!opposites || opt_orders[cc].sign == SIGN_UNSIGNED)
        return false;
    const uint32_t orders = (opt_intcc_holds(cc, 1, k) ? one : 0) |
                            (opt_intcc_holds(cc, 0, k) ? (uint32_t)ORDER_EQUAL : 0) |
                            (opt_intcc_holds(cc, -1, k) ? other : 0);
    return opt_find_order(orders, opt_orders[a].sign, out);
}

static inline bool opt_intcc_disjoint(OptCtx *ctx, IntCC a, IntCC b)
{
    (void)ctx;
    uint8_t sign;
    return opt_common_sign(a, b, &sign) && (opt_orders[a].orders & opt_orders[b].orders) == 0;
}

static inline bool opt_intcc_complementary(OptCtx *ctx, IntCC a, IntCC b)
{
    (void)ctx;
    uint8_t sign;
    return opt_common_sign(a, b, &sign) &&
           (opt_orders[a].orders | opt_orders[b].orders) == ORDER_ALL;
}

#endif
