// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C behind rules against its specifications: terms of numbers, types and conditions alone, and
// extractors of constants. Proofs take these specifications at their word.

#include "target/x64/x64_lower.h"
#include "text/text.h"
#include "verify/agree/agree_internal.h"
#include "verify/embed/embed.h"

#include <stdio.h>

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

enum { TUPLES = 3000, MAX_ARGS = 4 };

// ---- The terms ----

// What the C gives: false if the term fails. Numbers are in the low bits.
typedef bool TermCall(LowerCtx *ctx, const uint64_t *a, uint64_t *out);
typedef struct Term {
    const char *name;
    TermCall *call;
} Term;

#define TERMS_TOTAL(T1, T2, T3)         \
    T1(half_bits, Type)                 \
    T1(ty_bits, Type)                   \
    T1(ty_bytes, Type)                  \
    T1(op_size, Type)                   \
    T1(bits_i64, Type)                  \
    T1(bits_minus_1, Type)              \
    T1(bit_above, Type)                 \
    T2(shift_amount, Type, uint64_t)    \
    T2(opposite_amount, Type, uint64_t) \
    T1(i64_neg, int64_t)                \
    T2(i64_sub, int64_t, int64_t)       \
    T1(u64_as_i64, uint64_t)            \
    T1(i64_as_u64, int64_t)             \
    T1(i32_as_i64, int32_t)             \
    T1(i64_low32, int64_t)              \
    T1(i64_low_byte, int64_t)           \
    T1(i64_is_negative, int64_t)        \
    T1(exponent_of, int64_t)            \
    T1(intcc_complement, IntCC)         \
    T1(intcc_swap, IntCC)               \
    T1(cond, IntCC)                     \
    T1(cond_invert, Cond)               \
    T1(cond_i64, Cond)                  \
    T1(trap_of, MemFlags)               \
    T1(atomic_op_number, AtomicOp)      \
    T1(top_of_operation, Type)          \
    T1(float_sign, Type)                \
    T1(float_not_sign, Type)            \
    T1(float_swapped, FloatCC)          \
    T2(power_bits, Type, int64_t)       \
    T3(int_start, Type, Type, bool)     \
    T3(int_below, Type, Type, bool)     \
    T3(int_end, Type, Type, bool)       \
    T1(int_least, Type)                 \
    T2(int_greatest, Type, bool)
#define TERMS_PARTIAL(T1, T2)                      \
    T2(checked_add_i32, int32_t, int32_t, int64_t) \
    T2(u64_at_most, uint64_t, uint64_t, uint64_t)  \
    T1(negated_simm32, int64_t, int64_t)           \
    T1(reciprocal_twos, uint64_t, uint64_t)        \
    T1(power_mask32, int64_t, int64_t)             \
    T2(divisor_imm32, int64_t, Type, int64_t)      \
    T1(float_cond, Cond, FloatCC)                  \
    T1(amount_below_64, int64_t, uint64_t)         \
    T1(amount_above_64, int64_t, uint64_t)

#define TOTAL(name, ...)                                                     \
    static bool call_##name(LowerCtx *ctx, const uint64_t *a, uint64_t *out) \
    {                                                                        \
        *out = (uint64_t)rule_##name(ctx, __VA_ARGS__);                      \
        return true;                                                         \
    }
#define TOTAL_1(name, A)       TOTAL(name, (A)a[0])
#define TOTAL_2(name, A, B)    TOTAL(name, (A)a[0], (B)a[1])
#define TOTAL_3(name, A, B, C) TOTAL(name, (A)a[0], (B)a[1], (C)a[2])
#define PARTIAL(name, R, ...)                                                \
    static bool call_##name(LowerCtx *ctx, const uint64_t *a, uint64_t *out) \
    {                                                                        \
        R value = 0;                                                         \
        const bool some = rule_##name(ctx, __VA_ARGS__, &value);             \
        *out = (uint64_t)value;                                              \
        return some;                                                         \
    }
#define PARTIAL_1(name, R, A)    PARTIAL(name, R, (A)a[0])
#define PARTIAL_2(name, R, A, B) PARTIAL(name, R, (A)a[0], (B)a[1])
TERMS_TOTAL(TOTAL_1, TOTAL_2, TOTAL_3)
TERMS_PARTIAL(PARTIAL_1, PARTIAL_2)

#define ROW(name, ...) {#name, call_##name},
static const Term terms[] = {TERMS_TOTAL(ROW, ROW, ROW) TERMS_PARTIAL(ROW, ROW)};

// Of a value that a constant of the type defines.
typedef bool ExtractorCall(LowerCtx *ctx, Value value, uint64_t *out);
#define EXTRACTORS(E)                     \
    E(iconst_s64, int64_t)                \
    E(iconst_u64, uint64_t)               \
    E(simm32, int64_t)                    \
    E(power_of_two, uint64_t)             \
    E(power_of_two_mask, int64_t)         \
    E(high_power_of_two, uint64_t)        \
    E(iconst_nonzero, uint64_t)           \
    E(reciprocal_divisor, uint64_t)       \
    E(signed_reciprocal_divisor, int64_t) \
    E(signed_power_of_two, int64_t)
#define EXTRACT(name, R)                                                  \
    static bool extract_##name(LowerCtx *ctx, Value value, uint64_t *out) \
    {                                                                     \
        R number = 0;                                                     \
        const bool some = rule_##name(ctx, value, &number);               \
        *out = (uint64_t)number;                                          \
        return some;                                                      \
    }
EXTRACTORS(EXTRACT)
#define EXTRACTOR_ROW(name, R) {#name, extract_##name},
static const struct {
    const char *name;
    ExtractorCall *call;
} extractors[] = {EXTRACTORS(EXTRACTOR_ROW)};

// ---- The program ----

static Isle *program(Arena *arena, Diag *diag)
{
    Isle *const isle = isle_new(arena, diag);
    assert_int_equal(verify_read(isle, verify_texts_x64), STATUS_OK);
    return isle;
}

// ---- Values ----

static const Type types[] = {TYPE_I8,  TYPE_I16, TYPE_I32, TYPE_I64, TYPE_I128,
                             TYPE_F16, TYPE_F32, TYPE_F64, TYPE_F128};

typedef struct Check {
    Isle *isle;
    Arena scratch;
    Samples samples;
    IsleSym type_names[2]; // bits, float
} Check;

static Concrete type_value(Check *c, Type type)
{
    Concrete *const fields = ARENA_ARRAY(&c->scratch, Concrete, 2);
    fields[0] = concrete_int(type_bits(type));
    fields[1] = concrete_bool(type > TYPE_I128);
    return concrete_struct(c->type_names, fields, 2);
}

// A number of an ISLE type as a value of its model.
static Concrete number_value(Check *c, Str type, uint64_t x)
{
    static const struct {
        const char *type;
        uint32_t width;
    } widths[] = {{"u64", 64},     {"i64", 64},     {"u32", 32},     {"i32", 32},
                  {"u8", 8},       {"IntCC", 8},    {"FloatCC", 8},  {"Cond", 8},
                  {"TrapCode", 8}, {"AtomicOp", 8}, {"MemFlags", 32}};
    if (str_eq_c(type, "Type"))
        return type_value(c, (Type)x);
    if (str_eq_c(type, "bool"))
        return concrete_bool(x != 0);
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
        if (str_eq_c(type, widths[i].type))
            return concrete_bv(widths[i].width, wide_low(wide_from_u64(x), widths[i].width));
    fail_msg("what is a %.*s?", STR_ARG(type));
    return concrete_unit();
}

static uint64_t sample(Check *c, Str type)
{
    Samples *const s = &c->samples;
    if (str_eq_c(type, "Type"))
        return types[sample_below(s, sizeof(types) / sizeof(types[0]))];
    if (str_eq_c(type, "bool"))
        return sample_below(s, 2);
    if (str_eq_c(type, "IntCC"))
        return sample_below(s, INTCC_COUNT);
    if (str_eq_c(type, "FloatCC"))
        return sample_below(s, FLOATCC_COUNT);
    if (str_eq_c(type, "Cond"))
        return sample_below(s, 16);
    if (str_eq_c(type, "AtomicOp"))
        return sample_below(s, ATOMIC_COUNT);
    const uint64_t x = sample_bits(s, 64).w[0];
    return str_eq_c(type, "i32") ? (uint64_t)(int64_t)(int32_t)(uint32_t)x : x;
}

static ConcreteOutcome clause(Check *c, IsleTermId term, IsleClauseKind kind,
                              const Concrete *params, const Concrete *result)
{
    ConcreteRun run = {.isle = c->isle, .arena = &c->scratch};
    return concrete_run(&run, c->isle->terms.data[term].spec, kind, params, result);
}

static bool has_clause(const Check *c, IsleTermId term, IsleClauseKind kind)
{
    const IsleDef *const spec = c->isle->terms.data[term].spec;
    for (uint32_t i = 0; i < spec->u.spec.num_clauses; i++)
        if (spec->u.spec.clauses[i].kind == kind)
            return true;
    return false;
}

static Str word_of(const Check *c, IsleTypeId type)
{
    return isle_str(c->isle, c->isle->types.data[type].name);
}

// ---- Terms of numbers ----

// One tuple; false: the specification is not for these values.
static bool try_term(Check *c, const Term *term, IsleTermId id)
{
    const IsleTerm *const t = &c->isle->terms.data[id];
    uint64_t args[MAX_ARGS], given = 0;
    Concrete params[MAX_ARGS];
    assert_true(t->num_args <= MAX_ARGS);
    for (uint32_t i = 0; i < t->num_args; i++) {
        args[i] = sample(c, word_of(c, t->args[i]));
        params[i] = number_value(c, word_of(c, t->args[i]), args[i]);
    }
    if (clause(c, id, ISLE_CLAUSE_REQUIRE, params, NULL) != CONCRETE_HOLDS)
        return false;
    // Types that a term is never asked for are without a meaning, and beyond its C as well.
    Concrete result = number_value(c, word_of(c, t->ret), 0);
    if (clause(c, id, ISLE_CLAUSE_PROVIDE, params, &result) == CONCRETE_CANNOT)
        return false;
    const bool some = term->call(NULL, args, &given);
    if (has_clause(c, id, ISLE_CLAUSE_MATCH)) {
        const ConcreteOutcome matches = clause(c, id, ISLE_CLAUSE_MATCH, params, NULL);
        if (matches != (some ? CONCRETE_HOLDS : CONCRETE_FAILS))
            fail_msg("%s: %s for 0x%llx 0x%llx", term->name, some ? "matches" : "fails",
                     (unsigned long long)args[0], (unsigned long long)args[1 % t->num_args]);
    }
    result = number_value(c, word_of(c, t->ret), given);
    if (some && clause(c, id, ISLE_CLAUSE_PROVIDE, params, &result) != CONCRETE_HOLDS)
        fail_msg("%s gives 0x%llx for 0x%llx 0x%llx", term->name, (unsigned long long)given,
                 (unsigned long long)args[0], (unsigned long long)args[1 % t->num_args]);
    return true;
}

static IsleTermId find(const Check *c, const char *name)
{
    const IsleTermId id = isle_find_term(c->isle, str_from(name));
    if (id == ISLE_NONE || !c->isle->terms.data[id].spec)
        fail_msg("%s has no specification", name);
    return id;
}

static void terms_do_what_they_say(Check *c)
{
    for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
        const IsleTermId id = find(c, terms[i].name);
        uint32_t tried = 0;
        for (uint32_t n = 0; n < TUPLES; n++) {
            tried += try_term(c, &terms[i], id);
            arena_reset(&c->scratch);
        }
        if (tried < TUPLES / 20)
            fail_msg("%s: only %u tuples were compared", terms[i].name, tried);
    }
}

// ---- Extractors of constants ----

// A function whose only instruction is `iconst`.
static const Func *constant_function(Arena *arena, Type type, uint64_t x)
{
    static const char *const names[] = {"i8", "i16", "i32", "i64"};
    const uint32_t bits = type_bits(type);
    const int64_t number = (int64_t)(x << (64 - bits)) >> (64 - bits);
    const Str text =
        str_printf(arena, "function %%f() {\nblock0:\n    v0 = iconst.%s %lld\n    return\n}\n",
                   names[type - TYPE_I8], (long long)number);
    Diag diag = {.arena = arena};
    ClifFile *file;
    assert_int_equal(
        text_parse_file(arena, STR("constant"), text, &(ParseOptions){0}, &file, &diag), STATUS_OK);
    return file->module.funcs.data[0];
}

static bool try_extractor(Check *c, size_t which, IsleTermId id)
{
    const Type type = types[sample_below(&c->samples, 4)];
    const uint32_t bits = type_bits(type);
    const uint64_t x = sample_bits(&c->samples, 64).w[0];
    MFunc m = {0};
    LowerCtx ctx = {.f = constant_function(&c->scratch, type, x), .m = &m};
    uint64_t given = 0;
    if (!extractors[which].call(&ctx, (Value){0}, &given))
        return false;
    const Concrete value = concrete_bv(bits, wide_low(wide_from_u64(x), bits));
    const IsleTypeId of = c->isle->terms.data[id].args[0];
    const Concrete param = number_value(c, word_of(c, of), given);
    if (clause(c, id, ISLE_CLAUSE_MATCH, &param, &value) == CONCRETE_FAILS ||
        clause(c, id, ISLE_CLAUSE_PROVIDE, &param, &value) != CONCRETE_HOLDS)
        fail_msg("%s gives 0x%llx for 0x%llx in %u bits", extractors[which].name,
                 (unsigned long long)given, (unsigned long long)x, bits);
    return true;
}

static void extractors_do_what_they_say(Check *c)
{
    for (size_t i = 0; i < sizeof(extractors) / sizeof(extractors[0]); i++) {
        const IsleTermId id = find(c, extractors[i].name);
        uint32_t tried = 0;
        for (uint32_t n = 0; n < TUPLES; n++) {
            tried += try_extractor(c, i, id);
            arena_reset(&c->scratch);
        }
        if (tried < TUPLES / 200)
            fail_msg("%s: only %u tuples were compared", extractors[i].name, tried);
    }
}

// ---- Tests ----

static void with_program(void (*test)(Check *c))
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    Check c = {.isle = program(&arena, &diag), .samples = {.state = 1}};
    c.type_names[0] = strtable_add(&arena, &c.isle->symbols, STR("bits"));
    c.type_names[1] = strtable_add(&arena, &c.isle->symbols, STR("float"));
    test(&c);
    arena_free(&c.scratch);
    arena_free(&arena);
}

static void test_terms(void **unused)
{
    (void)unused;
    with_program(terms_do_what_they_say);
}

static void test_extractors(void **unused)
{
    (void)unused;
    with_program(extractors_do_what_they_say);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_terms),
                                       cmocka_unit_test(test_extractors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
