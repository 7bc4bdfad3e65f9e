// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What hot loops must look like: no loads, stores or copies where a person would need none.

#include "mach/tests/fake_target.h"
#include "regalloc/regalloc.h"

// Eight registers, r4-r7 callee-saved; calls take r0 and r1 and return in r0.
static const RegallocOptions options = {.allocatable = 0xff, .callee_saved = 0xf0};

#define CALL_CLOBBERS 0x0fu

static void use(Fake *fake, uint32_t vreg)
{
    fake_use(fake, vreg, POS_EARLY, CONSTRAINT_REG, 0);
}

static uint32_t start(Fake *fake, uint32_t block)
{
    const uint32_t vreg = fake_int(fake);
    fake_inst(fake, block, "start", 0, MFLAGS_NONE);
    fake_def(fake, vreg, POS_LATE, CONSTRAINT_REG, 0);
    return vreg;
}

// As x64's two-operand instructions: the result is where the first operand was.
static uint32_t add(Fake *fake, uint32_t block, uint32_t a, uint32_t b)
{
    const uint32_t vreg = fake_int(fake);
    fake_inst(fake, block, "add", 0, MFLAGS_WRITE);
    fake_def(fake, vreg, POS_LATE, CONSTRAINT_REUSE, 1);
    use(fake, a);
    fake_use(fake, b, POS_EARLY, CONSTRAINT_ANY, 0);
    return vreg;
}

static uint32_t load(Fake *fake, uint32_t block, uint32_t base, uint32_t index)
{
    const uint32_t vreg = fake_int(fake);
    fake_inst(fake, block, "load", ROW_LOAD, MFLAGS_NONE);
    fake_def(fake, vreg, POS_LATE, CONSTRAINT_REG, 0);
    use(fake, base), use(fake, index);
    return vreg;
}

static uint32_t call(Fake *fake, uint32_t block, uint32_t a)
{
    const uint32_t vreg = fake_int(fake);
    fake_inst(fake, block, "call", ROW_CALL, MFLAGS_NONE);
    fake_use(fake, a, POS_EARLY, CONSTRAINT_FIXED, 0);
    fake_def(fake, vreg, POS_LATE, CONSTRAINT_FIXED, 0);
    fake_clobbers(fake, CALL_CLOBBERS);
    return vreg;
}

static void branch(Fake *fake, uint32_t block, uint32_t a, uint32_t b)
{
    fake_inst(fake, block, "branch", ROW_BRANCH, MFLAGS_NONE);
    use(fake, a), use(fake, b);
}

static void jump(Fake *fake, uint32_t block)
{
    fake_inst(fake, block, "jump", ROW_BRANCH, MFLAGS_NONE);
}

static void ret(Fake *fake, uint32_t block, uint32_t a)
{
    fake_inst(fake, block, "ret", ROW_RETURN, MFLAGS_NONE);
    fake_use(fake, a, POS_EARLY, CONSTRAINT_FIXED, 0);
}

// The function's arguments in r0, r1, r2.
static void arguments(Fake *fake, uint32_t *args, uint32_t num)
{
    for (uint32_t i = 0; i < num; i++)
        args[i] = fake_int(fake);
    fake_inst(fake, 0, "args", 0, MFLAGS_NONE);
    for (uint32_t i = 0; i < num; i++)
        fake_def(fake, args[i], POS_LATE, CONSTRAINT_FIXED, i);
}

// Blocks 0 -> 1 (header) -> 2 (back to 1) | 3.
static void loop_blocks(Fake *fake)
{
    fake_init(fake);
    for (uint32_t b = 0; b < 4; b++) {
        fake_block(fake);
        fake->f.blocks.data[b].loop_depth = b == 1 || b == 2;
    }
}

static void loop_edges(Fake *fake, const uint32_t *args, const uint32_t *again, uint32_t num)
{
    fake_edge(fake, 0, 1, args, num);
    fake_edge(fake, 1, 2, NULL, 0);
    fake_edge(fake, 1, 3, NULL, 0);
    fake_edge(fake, 2, 1, again, num);
}

static void allocate(Fake *fake)
{
    Arena scratch = {0};
    fake_finish(fake);
    const Str invalid = mfunc_validate(&fake->f, &scratch);
    if (invalid.len != 0)
        fail_msg("%.*s", STR_ARG(invalid));
    regalloc_run(&fake->f, &options, &scratch);
    const Str wrong = regalloc_check(&fake->f, &options, &scratch);
    if (wrong.len != 0) {
        fake_show(fake);
        fail_msg("%.*s", STR_ARG(wrong));
    }
    arena_free(&scratch);
}

typedef struct Cost {
    uint32_t copies, memory, remats;
} Cost;

static Cost cost_of_block(const Fake *fake, uint32_t block)
{
    Cost cost = {0};
    for (uint32_t i = 0; i < fake->f.moves.len; i++) {
        const MMove *const m = &fake->f.moves.data[i];
        if (m->before < fake->f.blocks.data[block].first ||
            m->before >= fake->f.blocks.data[block].end)
            continue;
        if (m->remat != NO_INDEX)
            cost.remats++;
        else if (alloc_is_reg(m->from) && alloc_is_reg(m->to))
            cost.copies++;
        else
            cost.memory++;
    }
    return cost;
}

static void expect(Fake *fake, uint32_t block, Cost most)
{
    const Cost cost = cost_of_block(fake, block);
    if (cost.copies <= most.copies && cost.memory <= most.memory && cost.remats <= most.remats)
        return;
    fake_show(fake);
    fail_msg("block %u: %u copies, %u loads and stores, %u rematerialisations", block, cost.copies,
             cost.memory, cost.remats);
}

// sum += base[i]; i += step; while (i != end)
static void test_simple_loop(void **state)
{
    (void)state;
    Fake fake;
    uint32_t args[3];
    loop_blocks(&fake);
    arguments(&fake, args, 3);
    const uint32_t zero = start(&fake, 0), step = start(&fake, 0);
    const uint32_t params[2] = {fake_int(&fake), fake_int(&fake)};
    fake_params(&fake, 1, params, 2);
    jump(&fake, 0);
    const uint32_t sum = add(&fake, 1, params[0], load(&fake, 1, args[0], params[1]));
    const uint32_t i = add(&fake, 1, params[1], step);
    branch(&fake, 1, i, args[1]);
    jump(&fake, 2);
    ret(&fake, 3, sum);
    loop_edges(&fake, (const uint32_t[]){zero, args[2]}, (const uint32_t[]){sum, i}, 2);
    allocate(&fake);
    expect(&fake, 1, (Cost){0, 0, 0});
    expect(&fake, 2, (Cost){0, 0, 0});
    assert_int_equal(fake.f.num_slots, 0);
    assert_int_equal(fake.f.callee_saved, 0x30); // six values, four other registers
    fake_free(&fake);
}

// sum += f(i); i += step; while (i != end): everything lives across the call.
static void test_loop_with_call(void **state)
{
    (void)state;
    Fake fake;
    uint32_t args[3];
    loop_blocks(&fake);
    arguments(&fake, args, 3);
    const uint32_t params[2] = {fake_int(&fake), fake_int(&fake)};
    fake_params(&fake, 1, params, 2);
    jump(&fake, 0);
    const uint32_t result = call(&fake, 1, params[1]);
    const uint32_t sum = add(&fake, 1, params[0], result);
    const uint32_t i = add(&fake, 1, params[1], args[2]);
    branch(&fake, 1, i, args[1]);
    jump(&fake, 2);
    ret(&fake, 3, sum);
    loop_edges(&fake, (const uint32_t[]){args[0], args[1]}, (const uint32_t[]){sum, i}, 2);
    allocate(&fake);
    expect(&fake, 1, (Cost){1, 0, 0}); // the argument
    expect(&fake, 2, (Cost){0, 0, 0});
    assert_int_equal(fake.f.num_slots, 0);
    assert_int_equal(fake.f.callee_saved, 0xf0);
    fake_free(&fake);
}

// Ten values wait outside of the loop: they are in memory, the loop's own are not.
static void test_values_wait_outside(void **state)
{
    (void)state;
    Fake fake;
    uint32_t args[3], waiting[10];
    loop_blocks(&fake);
    arguments(&fake, args, 3);
    for (uint32_t k = 0; k < 10; k++)
        waiting[k] = start(&fake, 0);
    const uint32_t params[2] = {fake_int(&fake), fake_int(&fake)};
    fake_params(&fake, 1, params, 2);
    jump(&fake, 0);
    uint32_t sum = params[0];
    for (uint32_t k = 0; k < 3; k++)
        sum = add(&fake, 1, sum, load(&fake, 1, args[0], params[1]));
    const uint32_t i = add(&fake, 1, params[1], args[2]);
    branch(&fake, 1, i, args[1]);
    jump(&fake, 2);
    for (uint32_t k = 0; k < 10; k++)
        sum = add(&fake, 3, sum, waiting[k]);
    ret(&fake, 3, sum);
    const uint32_t last = fake.ops.data[fake.insts.data[fake.insts.len - 1].ops].vreg.i;
    assert_int_equal(last, sum);
    // What the loop leaves with and what it goes round with is the same sum.
    loop_edges(&fake, (const uint32_t[]){args[1], args[2]},
               (const uint32_t[]){fake.ops.data[fake.insts.data[0].ops].vreg.i, i}, 2);
    allocate(&fake);
    expect(&fake, 1, (Cost){1, 0, 0});
    expect(&fake, 2, (Cost){1, 0, 0});
    fake_free(&fake);
}

// A call on a cold path costs the hot one nothing.
static void test_cold_call(void **state)
{
    (void)state;
    Fake fake;
    uint32_t args[3];
    fake_init(&fake);
    for (uint32_t b = 0; b < 6; b++) {
        fake_block(&fake);
        fake.f.blocks.data[b].loop_depth = b >= 1 && b != 4;
    }
    fake.f.blocks.data[5].cold = true;
    arguments(&fake, args, 3);
    const uint32_t params[2] = {fake_int(&fake), fake_int(&fake)}, merged = fake_int(&fake);
    fake_params(&fake, 1, params, 2);
    fake_params(&fake, 2, &merged, 1);
    jump(&fake, 0);
    // 1: -> 3 (then 2) | 5 (cold, then 2); 2: -> 1 through nothing but itself | 4
    const uint32_t x = load(&fake, 1, args[0], params[1]);
    branch(&fake, 1, x, args[2]);
    jump(&fake, 3);
    const uint32_t y = call(&fake, 5, x);
    jump(&fake, 5);
    const uint32_t sum = add(&fake, 2, params[0], merged);
    const uint32_t i = add(&fake, 2, params[1], args[2]);
    branch(&fake, 2, i, args[1]);
    ret(&fake, 4, sum);
    const uint32_t back = fake_block(&fake);
    fake.f.blocks.data[back].loop_depth = 1;
    jump(&fake, back);
    fake_edge(&fake, 0, 1, (const uint32_t[]){args[1], args[2]}, 2);
    fake_edge(&fake, 1, 3, NULL, 0);
    fake_edge(&fake, 1, 5, NULL, 0);
    fake_edge(&fake, 3, 2, &x, 1);
    fake_edge(&fake, 5, 2, &y, 1);
    fake_edge(&fake, 2, back, NULL, 0);
    fake_edge(&fake, 2, 4, NULL, 0);
    fake_edge(&fake, back, 1, (const uint32_t[]){sum, i}, 2);
    allocate(&fake);
    const uint32_t hot[] = {1, 2, 3, back};
    for (uint32_t k = 0; k < 4; k++)
        expect(&fake, hot[k], (Cost){0, 0, 0});
    fake_free(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simple_loop), cmocka_unit_test(test_loop_with_call),
        cmocka_unit_test(test_values_wait_outside), cmocka_unit_test(test_cold_call)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
