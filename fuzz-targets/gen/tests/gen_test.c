// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What can be lowered is generated: an operation that a target supports, but no bytes mean, would
// not be fuzzed by anybody.

#include "coverage/coverage.h"
#include "fuzz-targets/gen/gen.h"

#include <stdio.h>

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

// Among the instructions of so many modules, a few dozen each, is what is to be generated at all.
#define MODULES_MAX 8000u
#define INPUT_BYTES 512u

static Settings all_settings(void)
{
    Settings settings = settings_defaults();
    settings.values[SETTING_ENABLE_LLVM_ABI_EXTENSIONS] = 1;
    settings.values[SETTING_ENABLE_MULTI_RET_IMPLICIT_SRET] = 1;
    return settings;
}

static Isa target(const char *name)
{
    Isa isa;
    assert_int_equal(isa_parse(str_from(name), &isa), STATUS_OK);
    return isa;
}

// ---- Each shape has bytes ----

typedef struct Wanted {
    const GenTable *t;
    uint32_t num, missing;
} Wanted;

static bool is_chosen(const GenTable *t, const CoverageVariant *v)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        const GenShape *const s = gen_shape(t, v->op, (uint8_t)byte);
        if (s && s->ctrl == v->ctrl && memcmp(s->args, v->args, sizeof(s->args)) == 0)
            return (s->smalls >> v->small & 1) != 0;
    }
    return false;
}

static bool has_byte(const GenTable *t, Opcode op)
{
    for (uint32_t byte = 0; byte < 256; byte++)
        if (t->ops[byte] == op)
            return true;
    return false;
}

static void want(void *context, const CoverageVariant *v, bool lowered)
{
    Wanted *const wanted = context;
    if (!lowered || gen_leaves_out(v->op))
        return;
    wanted->num++;
    if (is_chosen(wanted->t, v) && has_byte(wanted->t, v->op))
        return;
    if (wanted->missing++ < 20)
        fprintf(stderr, "no bytes mean %s of types %u (%u, %u, %u)\n", ir_ops[v->op].name, v->ctrl,
                v->args[0], v->args[1], v->args[2]);
}

static void test_every_shape(void **state)
{
    (void)state;
    static const char *const names[] = {"x86_64", "aarch64"};
    const Settings settings = all_settings();
    for (uint32_t i = 0; i < 2; i++) {
        Arena arena = {0};
        const Isa isa = target(names[i]);
        Wanted wanted = {.t = gen_table(&settings, &isa, 1, &arena)};
        coverage_visit(&settings, &isa, want, &wanted);
        assert_true(wanted.num > 500);
        assert_int_equal(wanted.missing, 0);
        arena_free(&arena);
    }
}

// ---- And modules have it ----

// Operations that were seen, with their controlling types.
typedef struct Seen {
    Map pairs;
    Arena arena;
} Seen;

static uint64_t pair_key(Opcode op, Type ctrl)
{
    return (uint64_t)op << 16 | ctrl;
}

static void see(Seen *seen, const Func *f)
{
    for (uint32_t i = 0; i < f->insts.len; i++) {
        const InstData *const inst = &f->insts.data[i];
        map_set(&seen->arena, &seen->pairs, pair_key((Opcode)inst->op, inst->ctrl), 1);
    }
}

static void random_bytes(uint32_t seed, uint8_t *out)
{
    for (uint32_t i = 0; i < INPUT_BYTES; i += 8) {
        const uint64_t random = gen_mix((uint64_t)seed << 16 | i);
        memcpy(out + i, &random, 8);
    }
}

static uint32_t count_missing(const GenTable *t, const Seen *seen, bool say)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; i < t->num_shapes; i++) {
        const GenShape *const s = &t->shapes[i];
        if (s->smalls == 0 || gen_leaves_out(s->op) ||
            map_get(&seen->pairs, pair_key(s->op, s->ctrl)) != MAP_NONE)
            continue;
        missing++;
        if (say)
            fprintf(stderr, "no module has %s of type %u\n", ir_ops[s->op].name, s->ctrl);
    }
    return missing;
}

static void test_modules(void **state)
{
    (void)state;
    Arena arena = {0}, scratch = {0};
    Seen seen = {.arena = {0}};
    const Isa isas[] = {target("x86_64"), target("aarch64")};
    const Settings settings = all_settings();
    const GenTable *const t = gen_table(&settings, isas, 2, &arena);
    uint32_t missing = UINT32_MAX;
    for (uint32_t i = 0; i < MODULES_MAX && missing != 0; i++) {
        GenCase c;
        uint8_t bytes[INPUT_BYTES];
        random_bytes(i, bytes);
        gen_case(t, bytes, sizeof(bytes), &scratch, &c);
        for (uint32_t n = 0; n < c.module.funcs.len; n++)
            see(&seen, c.module.funcs.data[n]);
        if (i % 1000 == 999)
            missing = count_missing(t, &seen, i + 1 == MODULES_MAX);
        arena_reset(&scratch);
    }
    assert_int_equal(missing, 0);
    // Of these the lowering rules know nothing.
    assert_true(map_get(&seen.pairs, pair_key(OP_TRY_CALL, TYPE_INVALID)) != MAP_NONE);
    assert_true(map_get(&seen.pairs, pair_key(OP_TRY_CALL_INDIRECT, TYPE_I64)) != MAP_NONE);
    arena_free(&seen.arena);
    arena_free(&scratch);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_shape),
        cmocka_unit_test(test_modules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
