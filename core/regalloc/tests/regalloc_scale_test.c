// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A function of 100,000 instructions in 10,000 blocks: loops one after another, each with a branch
// in it, values that live from one loop into later ones, and calls. Memory is bounded, and ten
// times the function may not take much more than ten times the memory.

#include "regalloc/tests/fake_random.h"

enum { ROW_JUMP, ROW_BR, ROW_START, ROW_OP, ROW_CONST, ROW_CALL1, ROW_RET };

typedef struct Big {
    Fake fake;
    Rng rng;
    uint32_t recent[24]; // values that the blocks to come may use
    uint32_t num_recent;
} Big;

static uint32_t any_value(Big *big)
{
    const uint32_t num = big->num_recent < 24 ? big->num_recent : 24;
    return big->recent[rng_below(&big->rng, num)];
}

static void remember(Big *big, uint32_t vreg)
{
    // Mostly the oldest goes; a few stay for long.
    uint32_t at = big->num_recent % 24;
    if (at < 3 && rng_percent(&big->rng, 90))
        at += 3;
    big->recent[big->num_recent < 24 ? big->num_recent : at] = vreg;
    big->num_recent++;
}

static uint32_t value(Big *big)
{
    return fake_int(&big->fake);
}

static void use(Big *big, uint32_t vreg)
{
    fake_use(&big->fake, vreg, POS_EARLY, CONSTRAINT_REG, 0);
}

static uint32_t add_op(Big *big, uint32_t block, uint32_t a, uint32_t b)
{
    const uint32_t result = value(big);
    fake_inst_again(&big->fake, block, ROW_OP);
    fake_def(&big->fake, result, POS_LATE, CONSTRAINT_REUSE, 1);
    use(big, a);
    fake_use(&big->fake, b, POS_EARLY, CONSTRAINT_ANY, 0);
    return result;
}

static uint32_t add_const(Big *big, uint32_t block)
{
    const uint32_t result = value(big);
    fake_inst_again(&big->fake, block, ROW_CONST);
    fake_def(&big->fake, result, POS_LATE, CONSTRAINT_REG, 0);
    return result;
}

static uint32_t add_call(Big *big, uint32_t block)
{
    const uint32_t result = value(big);
    fake_inst_again(&big->fake, block, ROW_CALL1);
    fake_use(&big->fake, any_value(big), POS_EARLY, CONSTRAINT_FIXED, 7);
    fake_use(&big->fake, any_value(big), POS_EARLY, CONSTRAINT_FIXED, 6);
    fake_def(&big->fake, result, POS_LATE, CONSTRAINT_FIXED, 0);
    big->fake.insts.data[big->fake.insts.len - 1].inst.clobbers = 1;
    return result;
}

static void add_branch(Big *big, uint32_t block)
{
    fake_inst_again(&big->fake, block, ROW_BR);
    use(big, any_value(big));
}

static void make_rows(Big *big)
{
    Fake *const fake = &big->fake;
    fake_block(fake);
    fake_inst(fake, 0, "jump", ROW_BRANCH, MFLAGS_NONE);
    fake_inst(fake, 0, "br", ROW_BRANCH, MFLAGS_NONE);
    fake_inst(fake, 0, "start", 0, MFLAGS_NONE);
    fake_inst(fake, 0, "op", 0, MFLAGS_WRITE);
    fake_inst(fake, 0, "const", ROW_REMAT, MFLAGS_NONE);
    fake_inst(fake, 0, "call", ROW_CALL, MFLAGS_NONE);
    fake_inst(fake, 0, "ret", ROW_RETURN, MFLAGS_NONE);
    fake->insts.len = 0;
    const RowOperand use_shape = {"use", OPERAND_USE, REG_INT, POS_EARLY, CONSTRAINT_REG, 0, 0};
    const RowOperand def_shape = {"def", OPERAND_DEF, REG_INT, POS_LATE, CONSTRAINT_REG, 0, 0};
    fake->rows.data[ROW_BR].operands[0] = use_shape;
    fake->rows.data[ROW_BR].num_operands = 1;
    fake->rows.data[ROW_START].operands[0] = def_shape;
    fake->rows.data[ROW_START].num_operands = 1;
    fake->rows.data[ROW_CONST].operands[0] = def_shape;
    fake->rows.data[ROW_CONST].num_operands = 1;
    fake->rows.data[ROW_OP].operands[0] = def_shape;
    fake->rows.data[ROW_OP].operands[1] = fake->rows.data[ROW_OP].operands[2] = use_shape;
    fake->rows.data[ROW_OP].num_operands = 3;
    VEC_PUSH(&fake->arena, &fake->f.clobber_sets, 0x0fc7u);
}

// header(%i) -> then | else -> join -> header | next header. Five blocks a round, about 50
// instructions.
static void add_round(Big *big, uint32_t before, uint32_t *last)
{
    Fake *const fake = &big->fake;
    uint32_t blocks[5];
    for (uint32_t i = 0; i < 5; i++) {
        blocks[i] = fake_block(fake);
        fake->f.blocks.data[blocks[i]].loop_depth = i == 4 ? 0 : 1;
    }
    const uint32_t i = value(big), sum = value(big), merged = value(big);
    const uint32_t params[2] = {i, sum}, args[2] = {any_value(big), any_value(big)};
    fake_params(fake, blocks[0], params, 2);
    fake_params(fake, blocks[3], &merged, 1);
    fake_inst_again(fake, before, ROW_JUMP);
    fake_edge(fake, before, blocks[0], args, 2);
    remember(big, i);
    for (uint32_t k = 0; k < 12; k++)
        remember(big, k % 4 == 3 ? add_const(big, blocks[0])
                                 : add_op(big, blocks[0], any_value(big), any_value(big)));
    add_branch(big, blocks[0]);
    fake_edge(fake, blocks[0], blocks[1], NULL, 0);
    fake_edge(fake, blocks[0], blocks[2], NULL, 0);
    for (uint32_t side = 1; side <= 2; side++) {
        uint32_t x = add_op(big, blocks[side], sum, any_value(big));
        for (uint32_t k = 0; k < 8; k++)
            x = add_op(big, blocks[side], x, any_value(big));
        if (side == 2 && rng_percent(&big->rng, 30))
            x = add_op(big, blocks[side], add_call(big, blocks[side]), x);
        fake_inst_again(fake, blocks[side], ROW_JUMP);
        fake_edge(fake, blocks[side], blocks[3], &x, 1);
    }
    for (uint32_t k = 0; k < 10; k++)
        remember(big, add_op(big, blocks[3], any_value(big), any_value(big)));
    const uint32_t again[2] = {add_op(big, blocks[3], i, any_value(big)), merged};
    add_branch(big, blocks[3]);
    // The way back is critical, so it has a block of its own.
    const uint32_t back = fake_block(fake);
    fake->f.blocks.data[back].loop_depth = 1;
    fake_edge(fake, blocks[3], back, NULL, 0);
    fake_edge(fake, blocks[3], blocks[4], NULL, 0);
    fake_inst_again(fake, back, ROW_JUMP);
    fake_edge(fake, back, blocks[0], again, 2);
    *last = blocks[4];
    remember(big, merged);
    remember(big, add_op(big, blocks[4], merged, any_value(big)));
}

static void make_big(Big *big, uint32_t rounds)
{
    memset(big, 0, sizeof(*big));
    fake_init(&big->fake);
    big->rng.state = 5;
    make_rows(big);
    for (uint32_t k = 0; k < 8; k++) {
        const uint32_t v = value(big);
        fake_inst_again(&big->fake, 0, ROW_START);
        fake_def(&big->fake, v, POS_LATE, CONSTRAINT_REG, 0);
        remember(big, v);
    }
    uint32_t last = 0;
    for (uint32_t i = 0; i < rounds; i++)
        add_round(big, last, &last);
    fake_inst_again(&big->fake, last, ROW_RET);
    fake_use(&big->fake, any_value(big), POS_EARLY, CONSTRAINT_FIXED, 0);
    fake_finish(&big->fake);
}

static size_t allocate(uint32_t rounds, bool check)
{
    static Big big;
    Arena scratch = {0}, other = {0};
    make_big(&big, rounds);
    const RegallocOptions options = {.allocatable = 0xffcfu, .callee_saved = 0xf008u};
    const Str invalid = mfunc_validate(&big.fake.f, &other);
    if (invalid.len != 0)
        fail_msg("%.*s", STR_ARG(invalid));
    regalloc_run(&big.fake.f, &options, &scratch);
    const Str wrong = check ? regalloc_check(&big.fake.f, &options, &other) : (Str){0};
    if (wrong.len != 0)
        fail_msg("%.*s", STR_ARG(wrong));
    if (getenv("REGALLOC_ROUNDS"))
        print_message("%u instructions, %u blocks, %u values, %u moves, %u slots\n",
                      big.fake.f.insts.len, big.fake.f.blocks.len, big.fake.f.vregs.len,
                      big.fake.f.moves.len, big.fake.f.num_slots);
    if (getenv("REGALLOC_SHOW"))
        fake_show(&big.fake);
    const size_t size = arena_footprint(&scratch);
    arena_free(&scratch);
    arena_free(&other);
    fake_free(&big.fake);
    return size;
}

// REGALLOC_ROUNDS=N allocates one function of that size, for measurements.
static void test_large_function(void **state)
{
    (void)state;
    const char *const rounds = getenv("REGALLOC_ROUNDS");
    if (rounds) {
        allocate((uint32_t)strtoul(rounds, NULL, 10), getenv("REGALLOC_CHECK") != NULL);
        return;
    }
    const size_t small = allocate(200, true), large = allocate(2000, true);
    assert_true(large < (size_t)100 << 20);
    assert_true(large < small * 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_large_function)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
