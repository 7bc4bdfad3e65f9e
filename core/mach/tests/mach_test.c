// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text and validation of machine functions.

#include "mach/tests/fake_target.h"

static void use(Fake *fake, uint32_t vreg)
{
    fake_use(fake, vreg, POS_EARLY, CONSTRAINT_REG, 0);
}

static void def(Fake *fake, uint32_t vreg)
{
    fake_def(fake, vreg, POS_LATE, CONSTRAINT_REG, 0);
}

// 0: %0 = start, %1 = add.64 %0 ..., branch -> 1, 2(%1); 1: jump -> 3(%0); 2(%2): jump -> 3(%2);
// 3(%3): ret
static void make(Fake *fake)
{
    fake_init(fake);
    for (uint32_t v = 0; v < 4; v++)
        fake_int(fake);
    for (uint32_t b = 0; b < 4; b++)
        fake_block(fake);
    fake_params(fake, 2, (const uint32_t[]){2}, 1);
    fake_params(fake, 3, (const uint32_t[]){3}, 1);
    fake_inst(fake, 0, "start", 0, MFLAGS_NONE);
    fake_def(fake, 0, POS_LATE, CONSTRAINT_FIXED, 7);
    fake_inst(fake, 0, "add", 0, MFLAGS_WRITE);
    fake_def(fake, 1, POS_LATE, CONSTRAINT_REUSE, 1);
    use(fake, 0);
    fake_use(fake, 0, POS_LATE, CONSTRAINT_ANY, 0);
    fake_inst(fake, 0, "branch", ROW_BRANCH, MFLAGS_READ);
    fake_inst(fake, 1, "jump", ROW_BRANCH, MFLAGS_NONE);
    fake_inst(fake, 2, "jump", ROW_BRANCH, MFLAGS_NONE);
    fake_inst(fake, 3, "ret", ROW_RETURN, MFLAGS_NONE);
    use(fake, 3);
    fake_edge(fake, 0, 1, NULL, 0);
    fake_edge(fake, 0, 2, (const uint32_t[]){1}, 1);
    fake_edge(fake, 1, 3, (const uint32_t[]){0}, 1);
    fake_edge(fake, 2, 3, (const uint32_t[]){2}, 1);
}

static void expect_text(Fake *fake, const char *want)
{
    StrBuf text = {.arena = &fake->arena};
    mfunc_print(&fake->f, &text);
    buf_char(&text, '\0');
    assert_string_equal(text.data, want);
}

static void test_text(void **state)
{
    (void)state;
    Fake fake;
    make(&fake);
    fake_finish(&fake);
    fake.f.insts.data[1].size = 8;
    fake.f.insts.data[1].imm = -3;
    fake.f.blocks.data[2].loop_depth = 2;
    fake.f.blocks.data[3].cold = true;
    expect_text(&fake, "mblock0():\n"
                       "  %0=r7 = start\n"
                       "  %1=#1 = add.64 %0, %0?^late imm -3\n"
                       "  branch\n"
                       "    -> mblock1()\n"
                       "    -> mblock2(%1)\n"
                       "mblock1(): ; from 0\n"
                       "  jump\n"
                       "    -> mblock3(%0)\n"
                       "mblock2(%2): ; from 0 ; loop depth 2\n"
                       "  jump\n"
                       "    -> mblock3(%2)\n"
                       "mblock3(%3): ; from 1, 2 ; cold\n"
                       "  ret %3\n");
    fake_free(&fake);
}

static void test_allocated_text(void **state)
{
    (void)state;
    Fake fake;
    fake_init(&fake);
    const uint32_t a = fake_int(&fake), b = fake_int(&fake);
    fake_block(&fake);
    fake_inst(&fake, 0, "const", ROW_REMAT, MFLAGS_NONE);
    def(&fake, a);
    fake_inst(&fake, 0, "load", ROW_LOAD, MFLAGS_NONE);
    def(&fake, b);
    use(&fake, a);
    fake_operand(&fake, (MOperand){{a}, OPERAND_USE, POS_EARLY, CONSTRAINT_REG, 0});
    fake_inst(&fake, 0, "ret", ROW_RETURN, MFLAGS_NONE);
    fake_use(&fake, b, POS_EARLY, CONSTRAINT_ANY, 0);
    fake_finish(&fake);
    MInst *const load = &fake.f.insts.data[1];
    load->amode = AMODE_INDEX;
    load->mem_operand = 1;
    load->scale = 3;
    load->disp = -16;
    const Alloc allocs[] = {alloc_reg(1), alloc_reg(2), alloc_reg(1), alloc_reg(3), alloc_slot(4)};
    fake.f.allocs = ARENA_ARRAY(&fake.arena, Alloc, 5);
    memcpy(fake.f.allocs, allocs, sizeof(allocs));
    const MMove remat = {1, ALLOC_NONE, alloc_reg(3), {a}, 0};
    const MMove store = {2, alloc_reg(2), alloc_slot(4), {b}, NO_INDEX};
    VEC_PUSH(&fake.arena, &fake.f.moves, remat);
    VEC_PUSH(&fake.arena, &fake.f.moves, store);
    expect_text(&fake, "mblock0():\n"
                       "  %0:r1 = const\n"
                       "    r3 <- inst 0 (%0)\n"
                       "  %1:r2 = load [%0:r1 + %0:r3 << 3 - 16]\n"
                       "    slot4 <- r2 (%1)\n"
                       "  ret %1:slot4\n");
    fake_free(&fake);
}

// ---- Broken rules ----

static MOperand *operand(Fake *fake, uint32_t inst, uint32_t k)
{
    return &fake->f.operands.data[fake->f.insts.data[inst].operands + k];
}

static void second_definition(Fake *fake)
{
    operand(fake, 1, 0)->vreg.i = 0;
}

static void use_before_definition(Fake *fake)
{
    operand(fake, 1, 1)->vreg.i = 1;
}

static void use_not_dominated(Fake *fake)
{
    operand(fake, 5, 0)->vreg.i = 2;
}

static void argument_not_dominated(Fake *fake)
{
    fake->f.edge_args.data[fake->f.edges.data[2].args] = 2;
}

static void undefined_value(Fake *fake)
{
    operand(fake, 5, 0)->vreg = mfunc_new_vreg(&fake->f, REG_INT, 8);
}

static void no_flags(Fake *fake)
{
    fake->rows.data[1].flags_use = MFLAGS_NONE;
}

static void flags_clobbered_by_call(Fake *fake)
{
    fake->rows.data[1].flags = ROW_CALL;
    fake->rows.data[1].flags_use = MFLAGS_NONE;
    fake->rows.data[0].flags_use = MFLAGS_WRITE;
}

static void branch_inside(Fake *fake)
{
    fake->rows.data[1].flags = ROW_BRANCH;
}

static void no_branch_at_the_end(Fake *fake)
{
    fake->rows.data[3].flags = 0;
}

static void too_few_arguments(Fake *fake)
{
    fake->f.edges.data[1].num_args = 0;
}

static void argument_of_another_class(Fake *fake)
{
    fake->f.vregs.data[2].class = REG_FLOAT;
}

static void critical_edge(Fake *fake)
{
    fake->f.edges.data[0].to.i = 3;
    fake->f.edges.data[0].args = fake->f.edges.data[1].args;
    fake->f.edges.data[0].num_args = 1;
}

static void wrong_predecessors(Fake *fake)
{
    fake->f.blocks.data[3].num_preds = 1;
}

static void fixed_in_another_class(Fake *fake)
{
    operand(fake, 0, 0)->reg = PREG(REG_FLOAT, 1);
}

static void reuse_of_a_def(Fake *fake)
{
    operand(fake, 1, 0)->reg = 0;
}

static void reuse_of_memory(Fake *fake)
{
    operand(fake, 1, 0)->reg = 2;
}

static void wrong_kind(Fake *fake)
{
    fake->rows.data[1].operands[2].kind = OPERAND_DEF;
}

static void too_many_operands(Fake *fake)
{
    fake->rows.data[1].num_operands = 2;
}

static void too_few_operands(Fake *fake)
{
    fake->rows.data[0].num_operands = 2;
}

static void instructions_overlap(Fake *fake)
{
    fake->f.blocks.data[1].first--;
}

typedef struct Broken {
    const char *name;
    void (*breaks)(Fake *fake);
    const char *why;
} Broken;

static const Broken broken[] = {
    {"second_definition", second_definition, "%0 has two definitions"},
    {"use_before_definition", use_before_definition, "%1 does not dominate"},
    {"use_not_dominated", use_not_dominated, "%2 does not dominate"},
    {"argument_not_dominated", argument_not_dominated, "%2 does not dominate"},
    {"undefined_value", undefined_value, "%4 has no definition"},
    {"no_flags", no_flags, "reads flags"},
    {"flags_clobbered_by_call", flags_clobbered_by_call, "reads flags"},
    {"branch_inside", branch_inside, "before its end"},
    {"no_branch_at_the_end", no_branch_at_the_end, "has 1 successors"},
    {"too_few_arguments", too_few_arguments, "0 arguments for 1 parameters"},
    {"argument_of_another_class", argument_of_another_class, "does not fit"},
    {"critical_edge", critical_edge, "is critical"},
    {"wrong_predecessors", wrong_predecessors, "predecessors"},
    {"fixed_in_another_class", fixed_in_another_class, "another class"},
    {"reuse_of_a_def", reuse_of_a_def, "can't reuse operand 0"},
    {"reuse_of_memory", reuse_of_memory, "can't reuse operand 2"},
    {"wrong_kind", wrong_kind, "wrong kind"},
    {"too_many_operands", too_many_operands, "too many operands"},
    {"too_few_operands", too_few_operands, "too few operands"},
    {"instructions_overlap", instructions_overlap, "do not follow"},
};

static void test_valid(void **state)
{
    (void)state;
    Fake fake;
    make(&fake);
    fake_finish(&fake);
    const Str error = mfunc_validate(&fake.f, &fake.arena);
    if (error.len != 0)
        fail_msg("%.*s", STR_ARG(error));
    fake_free(&fake);
}

static void test_broken(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        Fake fake;
        make(&fake);
        fake_finish(&fake);
        broken[i].breaks(&fake);
        const Str error = mfunc_validate(&fake.f, &fake.arena);
        const Str copy = str_copy(&fake.arena, error);
        if (error.len == 0 || !strstr(copy.data, broken[i].why))
            fail_msg("%s: \"%.*s\"", broken[i].name, STR_ARG(error));
        fake_free(&fake);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_text),
                                       cmocka_unit_test(test_allocated_text),
                                       cmocka_unit_test(test_valid), cmocka_unit_test(test_broken)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
