// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Specifications of the terms behind which C stands, against that C: numbers made of types,
// constants and conditions for the rules of AArch64. What the C gives must be what is provided, a
// changed result must not be, and a term must match exactly where its C succeeds.

#include "target/aarch64/a64_lower.h"
#include "verify/concrete/concrete.h"
#include "verify/embed/embed.h"

#include <stdio.h>

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

enum { SAMPLES = 3000, ENOUGH = 20, PARAMS_MAX = 3 };

// Values of a term's parameters: the types among them, and the bits of the others.
typedef struct Values {
    Type types[PARAMS_MAX];
    uint64_t bits[PARAMS_MAX];
} Values;

// Types that a parameter may have; the end is TYPE_INVALID.
typedef const Type *AllowedTypes;
static const Type ints[] = {TYPE_I8, TYPE_I16, TYPE_I32, TYPE_I64, TYPE_INVALID};
static const Type narrow[] = {TYPE_I8, TYPE_I16, TYPE_INVALID};
static const Type below_64[] = {TYPE_I8, TYPE_I16, TYPE_I32, TYPE_INVALID};
static const Type scalars[] = {TYPE_I8,   TYPE_I16, TYPE_I32, TYPE_I64,
                               TYPE_I128, TYPE_F32, TYPE_F64, TYPE_INVALID};
static const Type wide_ints[] = {TYPE_I8, TYPE_I16, TYPE_I32, TYPE_I64, TYPE_I128, TYPE_INVALID};
static const Type floats[] = {TYPE_F32, TYPE_F64, TYPE_INVALID};
static const Type all_floats[] = {TYPE_F16, TYPE_F32, TYPE_F64, TYPE_F128, TYPE_INVALID};

// ---- The C behind the terms ----

// T0, T1: types; U0.. and S0..: bits; CC0, FCC0: conditions.
#define T0   (v->types[0])
#define T1   (v->types[1])
#define U0   (v->bits[0])
#define U1   (v->bits[1])
#define U2   (v->bits[2])
#define S0   ((int64_t)v->bits[0])
#define S1   ((int64_t)v->bits[1])
#define I0   ((int32_t)(uint32_t)v->bits[0])
#define CC0  ((IntCC)v->bits[0])
#define FCC0 ((FloatCC)v->bits[0])

// Name, whether the term is an extractor, types of the first two parameters, type of the result
// and the call, which stores to `r` and says whether it succeeded.
#define TERMS(X)                                                                                   \
    X(half_bits, false, wide_ints, NULL, int64_t, (r = rule_half_bits(NULL, T0), true))            \
    X(ty_bits, false, scalars, NULL, uint64_t, (r = rule_ty_bits(NULL, T0), true))                 \
    X(ty_bytes, false, scalars, NULL, uint8_t, (r = rule_ty_bytes(NULL, T0), true))                \
    X(op_size, false, scalars, NULL, uint8_t, (r = rule_op_size(NULL, T0), true))                  \
    X(bits_i64, false, scalars, NULL, int64_t, (r = rule_bits_i64(NULL, T0), true))                \
    X(bits_minus_1, false, wide_ints, NULL, uint64_t, (r = rule_bits_minus_1(NULL, T0), true))     \
    X(bit_above, false, below_64, NULL, int64_t, (r = rule_bit_above(NULL, T0), true))             \
    X(shift_amount, false, wide_ints, NULL, int64_t, (r = rule_shift_amount(NULL, T0, U1), true))  \
    X(checked_add_i32, false, NULL, NULL, int32_t, rule_checked_add_i32(NULL, I0, S1, &r))         \
    X(u64_at_most, false, NULL, NULL, uint64_t, rule_u64_at_most(NULL, U0, U1, &r))                \
    X(negated_simm32, false, NULL, NULL, int64_t, rule_negated_simm32(NULL, S0, &r))               \
    X(i64_low32, false, NULL, NULL, int32_t, (r = rule_i64_low32(NULL, S0), true))                 \
    X(power_mask32, false, NULL, NULL, int64_t, rule_power_mask32(NULL, S0, &r))                   \
    X(exponent_of, false, NULL, NULL, int64_t, (r = rule_exponent_of(NULL, S0), true))             \
    X(divisor_imm32, false, ints, NULL, int64_t, rule_divisor_imm32(NULL, T0, S1, &r))             \
    X(i64_is_negative, false, NULL, NULL, bool, (r = rule_i64_is_negative(NULL, S0), true))        \
    X(intcc_complement, false, NULL, NULL, IntCC, (r = rule_intcc_complement(NULL, CC0), true))    \
    X(intcc_swap, false, NULL, NULL, IntCC, (r = rule_intcc_swap(NULL, CC0), true))                \
    X(signed_cc, true, NULL, NULL, IntCC, rule_signed_cc(NULL, CC0, &r))                           \
    X(field_end, false, ints, NULL, int64_t, (r = rule_field_end(NULL, T0, U1, U2), true))         \
    X(extr_amount, false, ints, NULL, int64_t, rule_extr_amount(NULL, T0, U1, U2, &r))             \
    X(left_rotation, false, ints, NULL, int64_t, (r = rule_left_rotation(NULL, T0, U1), true))     \
    X(left_last, false, ints, NULL, int64_t, (r = rule_left_last(NULL, T0, U1), true))             \
    X(opposite_amount, false, ints, NULL, int64_t, (r = rule_opposite_amount(NULL, T0, U1), true)) \
    X(is_below_32, false, NULL, NULL, bool, (r = rule_is_below_32(NULL, U0), true))                \
    X(bits_to_32, false, below_64, NULL, int64_t, (r = rule_bits_to_32(NULL, T0), true))           \
    X(width_mask, false, narrow, NULL, int64_t, (r = rule_width_mask(NULL, T0), true))             \
    X(one_bit, false, NULL, NULL, int64_t, (r = rule_one_bit(NULL, S0), true))                     \
    X(top_of_operation, false, ints, NULL, int64_t, (r = rule_top_of_operation(NULL, T0), true))   \
    X(amount_128, false, NULL, NULL, uint64_t, (r = rule_amount_128(NULL, U0), true))              \
    X(amount_64, false, NULL, NULL, int64_t, (r = rule_amount_64(NULL, U0), true))                 \
    X(within_half, false, NULL, NULL, int64_t, rule_within_half(NULL, U0, &r))                     \
    X(near_offset, false, NULL, NULL, int32_t, rule_near_offset(NULL, I0, (uint8_t)U1, &r))        \
    X(near_pair_offset, false, NULL, NULL, int32_t, rule_near_pair_offset(NULL, I0, &r))           \
    X(matching_scale, false, NULL, NULL, uint64_t, rule_matching_scale(NULL, U0, (uint8_t)U1, &r)) \
    X(i32_as_u64, false, NULL, NULL, uint64_t, (r = rule_i32_as_u64(NULL, I0), true))              \
    X(cond, false, NULL, NULL, Cond, (r = rule_cond(NULL, CC0), true))                             \
    X(cond_invert, false, NULL, NULL, Cond, (r = rule_cond_invert(NULL, (Cond)U0), true))          \
    X(nzcv_false, false, NULL, NULL, int64_t, (r = rule_nzcv_false(NULL, CC0), true))              \
    X(nzcv_true, false, NULL, NULL, int64_t, (r = rule_nzcv_true(NULL, CC0), true))                \
    X(intcc_beside, false, NULL, NULL, IntCC, (r = rule_intcc_beside(NULL, CC0), true))            \
    X(imm12_beside, false, NULL, NULL, int64_t, rule_imm12_beside(NULL, CC0, S1, &r))              \
    X(vec_size, false, all_floats, NULL, uint8_t, (r = rule_vec_size(NULL, T0), true))             \
    X(sign_bit, false, floats, NULL, uint64_t, (r = rule_sign_bit(NULL, T0), true))                \
    X(quiet_nan, false, floats, NULL, uint64_t, (r = rule_quiet_nan(NULL, T0), true))              \
    X(float_cond, false, NULL, NULL, Cond, (r = rule_float_cond(NULL, FCC0), true))                \
    X(two_conditions, true, NULL, NULL, FloatCC, rule_two_conditions(NULL, FCC0, &r))              \
    X(below_sint, false, floats, wide_ints, uint64_t, (r = rule_below_sint(NULL, T0, T1), true))   \
    X(above_sint, false, floats, wide_ints, uint64_t, (r = rule_above_sint(NULL, T0, T1), true))   \
    X(below_uint, false, floats, NULL, uint64_t, (r = rule_below_uint(NULL, T0), true))            \
    X(above_uint, false, floats, wide_ints, uint64_t, (r = rule_above_uint(NULL, T0, T1), true))   \
    X(sint_min, false, below_64, NULL, int64_t, (r = rule_sint_min(NULL, T0), true))               \
    X(sint_max, false, below_64, NULL, int64_t, (r = rule_sint_max(NULL, T0), true))               \
    X(uint_max, false, below_64, NULL, int64_t, (r = rule_uint_max(NULL, T0), true))

#define DEFINE(name, extractor, first, second, type, call)  \
    static bool call_##name(const Values *v, uint64_t *out) \
    {                                                       \
        type r = (type)0;                                   \
        (void)v;                                            \
        const bool good = call;                             \
        *out = (uint64_t)r;                                 \
        return good;                                        \
    }
TERMS(DEFINE)

typedef struct Glue {
    const char *name;
    bool extractor;
    AllowedTypes types[2];
    bool (*call)(const Values *v, uint64_t *out);
} Glue;

#define ROW(name, extractor, first, second, type, call) \
    {#name, extractor, {first, second}, call_##name},
static const Glue glue[] = {TERMS(ROW)};

// ---- Values ----

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

// Small numbers, powers of two and what is beside them, with either sign; anything.
static uint64_t sample(uint64_t *state)
{
    const uint64_t random = next_random(state);
    const uint64_t power = (uint64_t)1 << (random >> 8 & 63), step = (random >> 16 & 3) - 1;
    switch (random & 7) {
    case 0: return random >> 56;
    case 1: return 0 - (random >> 56);
    case 2:
    case 3: return power + step;
    case 4: return 0 - power + step;
    case 5: return random >> 16 & 0xfffff;
    case 6: return (random >> 16 & 0xfff) << 12;
    default: return next_random(state);
    }
}

static uint32_t width_of(Str type)
{
    static const struct {
        const char *name;
        uint32_t width;
    } widths[] = {{"u8", 8},   {"i32", 32},    {"u64", 64}, {"i64", 64},
                  {"Cond", 8}, {"FloatCC", 8}, {"IntCC", 8}};
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
        if (str_eq_c(type, widths[i].name))
            return widths[i].width;
    fail_msg("no values of type %.*s", STR_ARG(type));
    return 0;
}

static uint64_t sample_of(Str type, uint64_t *state)
{
    const uint64_t bits = sample(state);
    if (str_eq_c(type, "IntCC"))
        return bits % INTCC_COUNT;
    if (str_eq_c(type, "FloatCC"))
        return bits % FLOATCC_COUNT;
    if (str_eq_c(type, "Cond"))
        return bits % 14; // "always" has no opposite
    if (str_eq_c(type, "u8"))
        return (uint64_t)1 << bits % 5; // bytes of an access
    const uint32_t width = width_of(type);
    return width == 64 ? bits : bits & (((uint64_t)1 << width) - 1);
}

// ---- One term ----

typedef struct Subject {
    Isle *isle;
    Arena *scratch;
    const Glue *glue;
    const IsleTerm *term;
    uint64_t random;
    uint32_t compared;
} Subject;

static IsleSym symbol(Isle *isle, const char *name)
{
    return strtable_add(isle->arena, &isle->symbols, str_from(name));
}

static Concrete type_value(Subject *t, Type type)
{
    IsleSym *const names = ARENA_ARRAY(t->scratch, IsleSym, 2);
    Concrete *const fields = ARENA_ARRAY(t->scratch, Concrete, 2);
    names[0] = symbol(t->isle, "bits");
    names[1] = symbol(t->isle, "float");
    fields[0] = concrete_int((int64_t)type_bits(type));
    fields[1] = concrete_bool(type_is_float(type));
    return concrete_struct(names, fields, 2);
}

static Str name_of_type(const Subject *t, IsleTypeId type)
{
    return isle_str(t->isle, t->isle->types.data[type].name);
}

static Concrete number(const Subject *t, IsleTypeId type, uint64_t bits)
{
    if (str_eq_c(name_of_type(t, type), "bool"))
        return concrete_bool(bits != 0);
    const uint32_t width = width_of(name_of_type(t, type));
    return concrete_u64(width, width == 64 ? bits : bits & (((uint64_t)1 << width) - 1));
}

static ConcreteOutcome clause(Subject *t, IsleClauseKind kind, const Concrete *params,
                              const Concrete *result)
{
    ConcreteRun run = {.isle = t->isle, .arena = t->scratch};
    const ConcreteOutcome outcome = concrete_run(&run, t->term->spec, kind, params, result);
    if (outcome == CONCRETE_CANNOT)
        fail_msg("%s: %s", t->glue->name, run.why);
    return outcome;
}

static void fill(Subject *t, Values *v, Concrete *params)
{
    for (uint32_t i = 0; i < t->term->num_args; i++) {
        const Str type = name_of_type(t, t->term->args[i]);
        if (!str_eq_c(type, "Type")) {
            v->bits[i] = sample_of(type, &t->random);
            params[i] = number(t, t->term->args[i], v->bits[i]);
            continue;
        }
        assert_true(i < 2 && t->glue->types[i]);
        uint32_t count = 0;
        while (t->glue->types[i][count] != TYPE_INVALID)
            count++;
        v->types[i] = t->glue->types[i][next_random(&t->random) % count];
        params[i] = type_value(t, v->types[i]);
    }
}

static void try_values(Subject *t)
{
    Values v = {{TYPE_INVALID}, {0}};
    Concrete params[PARAMS_MAX], result = concrete_unit();
    uint64_t out;
    arena_reset(t->scratch);
    if (t->glue->extractor) // what goes in is the result
        v.bits[0] = sample_of(name_of_type(t, t->term->ret), &t->random);
    else
        fill(t, &v, params);
    if (!t->glue->extractor && clause(t, ISLE_CLAUSE_REQUIRE, params, NULL) != CONCRETE_HOLDS)
        return;
    const bool good = t->glue->call(&v, &out);
    if (t->glue->extractor) {
        params[0] = number(t, t->term->args[0], out);
        result = number(t, t->term->ret, v.bits[0]);
    } else {
        result = number(t, t->term->ret, out);
    }
    const bool matches = clause(t, ISLE_CLAUSE_MATCH, params, &result) == CONCRETE_HOLDS;
    if (matches != good)
        fail_msg("%s: matches %d, C says %d: %016llx %016llx", t->glue->name, matches, good,
                 (unsigned long long)v.bits[0], (unsigned long long)v.bits[1]);
    if (!good)
        return;
    if (clause(t, ISLE_CLAUSE_PROVIDE, params, &result) != CONCRETE_HOLDS)
        fail_msg("%s: C gives %016llx for %016llx %016llx", t->glue->name, (unsigned long long)out,
                 (unsigned long long)v.bits[0], (unsigned long long)v.bits[1]);
    Concrete *const changed = t->glue->extractor ? &params[0] : &result;
    *changed = number(t, t->glue->extractor ? t->term->args[0] : t->term->ret, out ^ 1);
    if (clause(t, ISLE_CLAUSE_PROVIDE, params, &result) == CONCRETE_HOLDS)
        fail_msg("%s: another result is allowed, too", t->glue->name);
    t->compared++;
}

// ---- The program ----

static void test_glue(void **state)
{
    (void)state;
    Arena arena = {0}, scratch = {0};
    Diag diag = {.arena = &arena};
    Isle *const isle = isle_new(&arena, &diag);
    assert_int_equal(verify_read(isle, verify_texts_aarch64), STATUS_OK);
    for (size_t i = 0; i < sizeof(glue) / sizeof(glue[0]); i++) {
        const IsleTermId id = isle_find_term(isle, str_from(glue[i].name));
        if (id == ISLE_NONE || !isle->terms.data[id].spec)
            fail_msg("%s has no specification", glue[i].name);
        Subject t = {.isle = isle,
                     .scratch = &scratch,
                     .glue = &glue[i],
                     .term = &isle->terms.data[id],
                     .random = UINT64_C(0x9e3779b97f4a7c15) + i};
        for (uint32_t n = 0; n < SAMPLES; n++)
            try_values(&t);
        if (t.compared < ENOUGH)
            fail_msg("%s: only %u results compared", glue[i].name, t.compared);
    }
    arena_free(&scratch);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_glue)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
