// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the list of operations must have, whatever the rules can do today.

#include "coverage/coverage.h"
#include "mach/mach.h"

// cmocka.h needs what stands before it.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

static Coverage run(const char *triple, Arena *arena)
{
    Isa isa;
    assert_int_equal(isa_parse(str_from(triple), &isa), STATUS_OK);
    const Settings settings = settings_defaults();
    return coverage_run(&settings, &isa, NULL, arena);
}

static const CoveragePair *find(const Coverage *coverage, Opcode op, Type ctrl)
{
    for (uint32_t i = 0; i < coverage->pairs.len; i++)
        if (coverage->pairs.data[i].op == op && coverage->pairs.data[i].ctrl == ctrl)
            return &coverage->pairs.data[i];
    return NULL;
}

// A pair that must be there.
static const CoveragePair *get(const Coverage *coverage, Opcode op, Type ctrl)
{
    const CoveragePair *const pair = find(coverage, op, ctrl);
    ASSERT(pair != NULL);
    return pair;
}

static void check_target(const char *triple)
{
    Arena arena = {0};
    const Coverage coverage = run(triple, &arena);
    uint32_t pair = 0, counts[COVERAGE_VERDICT_COUNT] = {0};
    for (uint32_t op = 0; op < OP_COUNT; op++) {
        assert_true(pair < coverage.pairs.len);
        assert_int_equal(coverage.pairs.data[pair].op, op);
        for (; pair < coverage.pairs.len && coverage.pairs.data[pair].op == op; pair++) {
            const CoveragePair *const p = &coverage.pairs.data[pair];
            counts[p->verdict]++;
            assert_int_equal(p->verdict == COVERAGE_LOWERED, p->reason.len == 0);
            assert_true(p->lowered <= p->variants);
        }
    }
    assert_int_equal(pair, coverage.pairs.len);
    assert_memory_equal(counts, coverage.counts, sizeof(counts));
    assert_int_equal(coverage_missing(&coverage), pair - counts[COVERAGE_LOWERED]);
    assert_int_equal(get(&coverage, OP_IADD, TYPE_I64)->verdict, COVERAGE_LOWERED);
    assert_int_equal(get(&coverage, OP_RETURN, TYPE_INVALID)->verdict, COVERAGE_LOWERED);
    assert_null(find(&coverage, OP_IADD, TYPE_F32));
    assert_null(find(&coverage, OP_CALL_INDIRECT, TYPE_I32)); // no address there
    assert_int_equal(coverage.counts[COVERAGE_BROKEN], 0);
    arena_free(&arena);
}

static void every_opcode_x64(void **state)
{
    (void)state;
    check_target("x86_64");
}

static void every_opcode_aarch64(void **state)
{
    (void)state;
    check_target("aarch64");
}

// Conditions, operators, lanes, and the types of operands that the controlling type leaves open.
static void variants(void **state)
{
    (void)state;
    Arena arena = {0};
    const Coverage coverage = run("aarch64", &arena);
    assert_int_equal(get(&coverage, OP_ICMP, TYPE_I32)->variants, INTCC_COUNT);
    assert_int_equal(get(&coverage, OP_FCMP, TYPE_F64X2)->variants, FLOATCC_COUNT);
    assert_int_equal(get(&coverage, OP_ATOMIC_RMW, TYPE_I16)->variants, ATOMIC_COUNT);
    assert_int_equal(get(&coverage, OP_EXTRACTLANE, TYPE_I8X16)->variants, 16);
    assert_int_equal(get(&coverage, OP_ISHL, TYPE_I64)->variants, 5);
    assert_int_equal(get(&coverage, OP_UEXTEND, TYPE_I64)->variants, 3);
    assert_int_equal(get(&coverage, OP_IADD, TYPE_I8)->variants, 1);
    arena_free(&arena);
}

// An instruction of the other target stays unsupported, and the reason names it.
static void reasons(void **state)
{
    (void)state;
    Arena arena = {0};
    const Coverage coverage = run("aarch64", &arena);
    const CoveragePair *const pair = get(&coverage, OP_X86_PSHUFB, TYPE_INVALID);
    assert_int_equal(pair->verdict, COVERAGE_UNSUPPORTED);
    assert_true(str_eq_c(pair->variant, "(i8x16, i8x16)"));
    assert_true(str_starts_with(pair->reason, STR("this type in a signature")) ||
                str_starts_with(pair->reason, STR("x86_pshufb")));
    arena_free(&arena);
}

// Counting changes nothing, and counts what the target's tables name.
static void rules_fire(void **state)
{
    (void)state;
    Arena arena = {0};
    Isa isa;
    assert_int_equal(isa_parse(STR("x86_64"), &isa), STATUS_OK);
    const Settings settings = settings_defaults();
    const Target *const target = target_find(isa.arch);
    uint32_t *const counts = ARENA_ARRAY(&arena, uint32_t, target->num_rules);
    const Coverage with = coverage_run(&settings, &isa, counts, &arena);
    const Coverage without = coverage_run(&settings, &isa, NULL, &arena);
    assert_memory_equal(with.counts, without.counts, sizeof(with.counts));
    uint32_t fired = 0, returned = 0;
    for (uint32_t i = 0; i < target->num_rules; i++) {
        assert_true(target->rules[i].name != NULL && target->rules[i].line != 0);
        fired += counts[i] != 0;
        if (str_eq_c(str_from(target->rules[i].name), "lower_iconst"))
            returned = counts[i];
    }
    assert_true(fired > target->num_rules / 4);
    assert_true(returned >= 4); // i8 to i64
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_opcode_x64), cmocka_unit_test(every_opcode_aarch64),
        cmocka_unit_test(variants),         cmocka_unit_test(reasons),
        cmocka_unit_test(rules_fire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
