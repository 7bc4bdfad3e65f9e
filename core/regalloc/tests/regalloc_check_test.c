// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The checker is given two functions allocated by hand, which it must accept, and the same with one
// thing damaged at a time, each of which it must reject for the reason that is named with it.

#include "mach/tests/fake_target.h"
#include "regalloc/regalloc.h"

#define R(n) alloc_reg(PREG(REG_INT, (n)))
#define F(n) alloc_reg(PREG(REG_FLOAT, (n)))
#define S(n) alloc_slot(n)

static const RegallocOptions options = {
    .allocatable = 0x30000000fu, // r0-r3, f0, f1
    .callee_saved = 1u << 3,     // r3
};

static void place(Fake *fake, const Alloc *allocs, uint32_t num)
{
    assert_int_equal(num, fake->f.operands.len);
    fake->f.allocs = ARENA_ARRAY(&fake->arena, Alloc, num);
    memcpy(fake->f.allocs, allocs, sizeof(Alloc) * num);
}

static void add_move(Fake *fake, uint32_t before, Alloc to, Alloc from, uint32_t vreg)
{
    const MMove move = {before, from, to, {vreg}, NO_INDEX};
    VEC_PUSH(&fake->arena, &fake->f.moves, move);
}

static Alloc *alloc_at(Fake *fake, uint32_t inst, uint32_t k)
{
    return &fake->f.allocs[fake->f.insts.data[inst].operands + k];
}

static MRow *row_of(Fake *fake, uint32_t inst)
{
    return &fake->rows.data[fake->f.insts.data[inst].op];
}

// ---- The functions ----

static void use(Fake *fake, uint32_t vreg)
{
    fake_use(fake, vreg, POS_EARLY, CONSTRAINT_REG, 0);
}

static void use_any(Fake *fake, uint32_t vreg)
{
    fake_use(fake, vreg, POS_EARLY, CONSTRAINT_ANY, 0);
}

static void def(Fake *fake, uint32_t vreg)
{
    fake_def(fake, vreg, POS_LATE, CONSTRAINT_REG, 0);
}

// A bit of everything:
//
//   0  %0 = start            4  %3 = op %0, %1^late      8  branch %9 -> 1(%6, %1), 2
//   1  %1 = start            5  %5=#0 = op %3, %1     1(%7, %8):
//   2  %2 = const            6  %6=r0 = call %5=r0       9  op %7, %8?      11 jump -> 3(%7)
//   3  %4 = start (wide)     7  %9^early, %11 = op %6, %1?   10  op %2, %4, %0?
//   2: 12 jump -> 3(%0)      3(%10): 13 ret %10=r0, %1?
static void build_first(Fake *fake)
{
    fake_init(fake);
    for (uint32_t v = 0; v < 12; v++)
        fake_vreg(fake, v == 4 ? REG_FLOAT : REG_INT, v == 4 ? 16 : 8);
    for (uint32_t b = 0; b < 4; b++)
        fake_block(fake);
    fake_params(fake, 1, (const uint32_t[]){7, 8}, 2);
    fake_params(fake, 3, (const uint32_t[]){10}, 1);
    for (uint32_t i = 0; i < 4; i++) {
        fake_inst(fake, 0, i == 2 ? "const" : "start", i == 2 ? ROW_REMAT : 0, MFLAGS_NONE);
        def(fake, i == 3 ? 4 : i);
    }
    fake_inst(fake, 0, "op", 0, MFLAGS_NONE);
    use(fake, 0), fake_use(fake, 1, POS_LATE, CONSTRAINT_REG, 0), def(fake, 3);
    fake_inst(fake, 0, "op", 0, MFLAGS_NONE);
    use(fake, 3), use(fake, 1), fake_def(fake, 5, POS_LATE, CONSTRAINT_REUSE, 0);
    fake_inst(fake, 0, "call", ROW_CALL, MFLAGS_NONE);
    fake_use(fake, 5, POS_EARLY, CONSTRAINT_FIXED, 0);
    fake_def(fake, 6, POS_LATE, CONSTRAINT_FIXED, 0);
    fake_clobbers(fake, 0x300000007u);
    fake_inst(fake, 0, "op", 0, MFLAGS_NONE);
    use(fake, 6), use_any(fake, 1), fake_def(fake, 9, POS_EARLY, CONSTRAINT_REG, 0), def(fake, 11);
    fake_inst(fake, 0, "branch", ROW_BRANCH, MFLAGS_NONE);
    use(fake, 9);
    fake_inst(fake, 1, "op", 0, MFLAGS_NONE);
    use(fake, 7), use_any(fake, 8);
    fake_inst(fake, 1, "op", 0, MFLAGS_NONE);
    use(fake, 2), use(fake, 4), use_any(fake, 0);
    fake_inst(fake, 1, "jump", ROW_BRANCH, MFLAGS_NONE);
    fake_inst(fake, 2, "jump", ROW_BRANCH, MFLAGS_NONE);
    fake_inst(fake, 3, "ret", ROW_RETURN, MFLAGS_NONE);
    fake_use(fake, 10, POS_EARLY, CONSTRAINT_FIXED, 0), use_any(fake, 1);
    fake_edge(fake, 0, 1, (const uint32_t[]){6, 1}, 2);
    fake_edge(fake, 0, 2, NULL, 0);
    fake_edge(fake, 1, 3, (const uint32_t[]){7}, 1);
    fake_edge(fake, 2, 3, (const uint32_t[]){0}, 1);
    fake_finish(fake);
}

enum { // the moves of the first function
    STORE_0,
    STORE_4,
    SAVE_1,
    DELIVER_8,
    REMAT_2,
    LOAD_4,
    PASS_7,
    PASS_0,
    RETURN_10
};

static void make_first(Fake *fake)
{
    build_first(fake);
    const Alloc allocs[] = {R(0), R(1), R(2), F(0), R(0), R(1), R(0), R(0), R(1), R(0), R(0), R(0),
                            R(0), R(3), R(1), R(2), R(1), R(0), S(1), R(2), F(1), S(0), R(0), R(3)};
    place(fake, allocs, sizeof(allocs) / sizeof(allocs[0]));
    fake->f.num_slots = 4;
    fake->f.callee_saved = 1u << 3;
    add_move(fake, 4, S(0), R(0), 0);
    add_move(fake, 4, S(2), F(0), 4);
    add_move(fake, 6, R(3), R(1), 1);
    add_move(fake, 9, S(1), R(3), 8);
    add_move(fake, 10, R(2), ALLOC_NONE, 2);
    fake->f.moves.data[REMAT_2].remat = 2;
    add_move(fake, 10, F(1), S(2), 4);
    add_move(fake, 11, R(1), R(0), 7);
    add_move(fake, 12, R(1), S(0), 0);
    add_move(fake, 13, R(0), R(1), 10);
}

// A loop that swaps its parameters, whose constant the entry leaves in a slot:
//
//   0  %0 = start   1  %1 = start   2  jump -> 1(%0, %1)
//   1(%2, %3):  3  %4 = op %2, %3   4  op %4?   5  branch -> 2, 3
//   2:  6  jump -> 1(%3, %2)        3:  7  ret
static void make_second(Fake *fake)
{
    fake_init(fake);
    for (uint32_t v = 0; v < 5; v++)
        fake_int(fake);
    for (uint32_t b = 0; b < 4; b++)
        fake_block(fake);
    fake_params(fake, 1, (const uint32_t[]){2, 3}, 2);
    for (uint32_t i = 0; i < 2; i++) {
        fake_inst(fake, 0, "start", 0, MFLAGS_NONE);
        def(fake, i);
    }
    fake_inst(fake, 0, "jump", ROW_BRANCH, MFLAGS_NONE);
    fake_inst(fake, 1, "op", 0, MFLAGS_NONE);
    use(fake, 2), use(fake, 3), def(fake, 4);
    fake_inst(fake, 1, "op", 0, MFLAGS_NONE);
    use_any(fake, 4);
    fake_inst(fake, 1, "branch", ROW_BRANCH, MFLAGS_NONE);
    fake_inst(fake, 2, "jump", ROW_BRANCH, MFLAGS_NONE);
    fake_inst(fake, 3, "ret", ROW_RETURN, MFLAGS_NONE);
    fake_edge(fake, 0, 1, (const uint32_t[]){0, 1}, 2);
    fake_edge(fake, 1, 2, NULL, 0);
    fake_edge(fake, 1, 3, NULL, 0);
    fake_edge(fake, 2, 1, (const uint32_t[]){3, 2}, 2);
    fake_finish(fake);
    const Alloc allocs[] = {R(0), R(1), R(0), R(1), R(2), S(0)};
    place(fake, allocs, sizeof(allocs) / sizeof(allocs[0]));
    fake->f.num_slots = 1;
    add_move(fake, 4, S(0), R(2), 4);
    add_move(fake, 6, R(2), R(0), 2);
    add_move(fake, 6, R(0), R(1), 3);
    add_move(fake, 6, R(1), R(2), 2);
}

// ---- Damage ----

static void drop_move(Fake *fake, uint32_t move)
{
    MMove *const m = &fake->f.moves.data[move];
    m->to = m->from; // a move that does nothing
}

static void use_in_wrong_register(Fake *fake)
{
    *alloc_at(fake, 5, 1) = R(2);
}

static void use_in_wrong_slot(Fake *fake)
{
    *alloc_at(fake, 9, 1) = S(0);
}

static void register_use_in_memory(Fake *fake)
{
    *alloc_at(fake, 10, 1) = S(2);
}

static void fixed_use_elsewhere(Fake *fake)
{
    *alloc_at(fake, 13, 0) = R(1);
}

static void fixed_def_elsewhere(Fake *fake)
{
    *alloc_at(fake, 6, 1) = R(1);
}

static void reuse_elsewhere(Fake *fake)
{
    *alloc_at(fake, 5, 2) = R(2);
}

static void def_over_late_use(Fake *fake)
{
    *alloc_at(fake, 4, 2) = R(1);
}

static void early_def_over_use(Fake *fake)
{
    *alloc_at(fake, 7, 2) = R(0);
}

static void two_defs_in_one_register(Fake *fake)
{
    *alloc_at(fake, 7, 3) = R(1);
}

static void lost_in_a_call(Fake *fake)
{
    drop_move(fake, SAVE_1);
}

static void late_use_clobbered(Fake *fake)
{
    row_of(fake, 4)->clobbers = 1u << 1;
}

static void def_clobbered(Fake *fake)
{
    row_of(fake, 4)->clobbers = 1u << 0;
}

static void argument_not_delivered(Fake *fake)
{
    drop_move(fake, PASS_7);
}

static void argument_not_delivered_to_memory(Fake *fake)
{
    drop_move(fake, DELIVER_8);
}

static void wrong_argument_delivered(Fake *fake)
{
    fake->f.moves.data[PASS_0].from = R(3);
    fake->f.moves.data[PASS_0].vreg.i = 1;
}

static void never_stored(Fake *fake)
{
    drop_move(fake, STORE_0);
}

static void half_of_a_wide_slot_overwritten(Fake *fake)
{
    fake->f.moves.data[DELIVER_8].to = S(3);
    *alloc_at(fake, 9, 1) = S(3);
}

static void first_half_overwritten(Fake *fake)
{
    fake->f.moves.data[DELIVER_8].to = S(2);
    *alloc_at(fake, 9, 1) = S(2);
}

static void wide_slot_not_aligned(Fake *fake)
{
    fake->f.moves.data[STORE_4].to = S(1);
    fake->f.moves.data[LOAD_4].from = S(1);
    fake->f.moves.data[DELIVER_8].to = S(3);
    *alloc_at(fake, 9, 1) = S(3);
}

static void wide_slot_beyond_the_frame(Fake *fake)
{
    fake->f.num_slots = 3;
}

static void slot_beyond_the_frame(Fake *fake)
{
    *alloc_at(fake, 9, 1) = S(9);
}

static void wrong_class(Fake *fake)
{
    fake->f.moves.data[LOAD_4].to = R(1);
    *alloc_at(fake, 10, 1) = R(1);
}

static void callee_saved_not_saved(Fake *fake)
{
    fake->f.callee_saved = 0;
}

static void def_in_reserved_register(Fake *fake)
{
    *alloc_at(fake, 7, 3) = R(9);
}

static void move_to_reserved_register(Fake *fake)
{
    fake->f.moves.data[LOAD_4].to = F(9);
    *alloc_at(fake, 10, 1) = F(9);
}

static void remat_of_another_value(Fake *fake)
{
    fake->f.moves.data[REMAT_2].remat = 1;
    row_of(fake, 1)->flags = ROW_REMAT;
}

static void remat_of_what_has_effects(Fake *fake)
{
    row_of(fake, 2)->flags = 0;
}

static void remat_that_writes_flags(Fake *fake)
{
    row_of(fake, 2)->flags_use = MFLAGS_WRITE;
}

static void remat_into_memory(Fake *fake)
{
    fake->f.moves.data[REMAT_2].to = S(1);
}

static void remat_of_nothing(Fake *fake)
{
    fake->f.moves.data[REMAT_2].remat = 1000;
}

static void move_of_another_value(Fake *fake)
{
    fake->f.moves.data[PASS_0].vreg.i = 1;
}

static void move_from_nowhere(Fake *fake)
{
    fake->f.moves.data[PASS_0].from = ALLOC_NONE;
}

static void move_of_no_value(Fake *fake)
{
    fake->f.moves.data[PASS_0].vreg.i = 1000;
}

static void moves_out_of_order(Fake *fake)
{
    const MMove swap = fake->f.moves.data[SAVE_1];
    fake->f.moves.data[SAVE_1] = fake->f.moves.data[DELIVER_8];
    fake->f.moves.data[DELIVER_8] = swap;
}

static void move_behind_the_end(Fake *fake)
{
    fake->f.moves.data[RETURN_10].before = fake->f.insts.len;
}

static void operand_nowhere(Fake *fake)
{
    *alloc_at(fake, 4, 0) = ALLOC_NONE;
}

static void def_in_memory(Fake *fake)
{
    fake->f.operands.data[fake->f.insts.data[1].operands].constraint = CONSTRAINT_ANY;
    *alloc_at(fake, 1, 0) = S(1);
}

static void swap_without_temporary(Fake *fake)
{
    fake->f.moves.data[3].from = R(0);
    fake->f.moves.data[3].vreg.i = 3;
}

static void swap_forgotten(Fake *fake)
{
    fake->f.moves.len = 1;
}

static void stored_in_the_last_turn(Fake *fake)
{
    // The slot has %4 behind its reader, and so from the second turn on the one before.
    fake->f.moves.data[0].before = 5;
}

typedef struct Damage {
    const char *name;
    void (*make)(Fake *fake);
    void (*damage)(Fake *fake);
    const char *why; // part of the message
} Damage;

static const Damage damages[] = {
    {"use_in_wrong_register", make_first, use_in_wrong_register, "reads %1 from r2"},
    {"use_in_wrong_slot", make_first, use_in_wrong_slot, "reads %8 from slot0"},
    {"register_use_in_memory", make_first, register_use_in_memory, "must be in a register"},
    {"fixed_use_elsewhere", make_first, fixed_use_elsewhere, "instead of its fixed register"},
    {"fixed_def_elsewhere", make_first, fixed_def_elsewhere, "instead of its fixed register"},
    {"reuse_elsewhere", make_first, reuse_elsewhere, "does not reuse"},
    {"def_over_late_use", make_first, def_over_late_use, "which is read late"},
    {"early_def_over_use", make_first, early_def_over_use, "is written early to r0"},
    {"two_defs_in_one_register", make_first, two_defs_in_one_register, "both written to r1"},
    {"lost_in_a_call", make_first, lost_in_a_call, "reads %1 from r3"},
    {"late_use_clobbered", make_first, late_use_clobbered, "which is clobbered"},
    {"def_clobbered", make_first, def_clobbered, "which is clobbered"},
    {"argument_not_delivered", make_first, argument_not_delivered, "%10 from r1"},
    {"argument_not_delivered_to_memory", make_first, argument_not_delivered_to_memory,
     "reads %8 from slot1"},
    {"wrong_argument_delivered", make_first, wrong_argument_delivered, "%10 from r1"},
    {"never_stored", make_first, never_stored, "%0 from slot0"},
    {"half_of_a_wide_slot_overwritten", make_first, half_of_a_wide_slot_overwritten,
     "%4 from slot2"},
    {"first_half_overwritten", make_first, first_half_overwritten, "%4 from slot2"},
    {"wide_slot_not_aligned", make_first, wide_slot_not_aligned, "does not fit"},
    {"wide_slot_beyond_the_frame", make_first, wide_slot_beyond_the_frame, "does not fit"},
    {"slot_beyond_the_frame", make_first, slot_beyond_the_frame, "is nowhere"},
    {"wrong_class", make_first, wrong_class, "another class"},
    {"callee_saved_not_saved", make_first, callee_saved_not_saved, "callee-saved and not saved"},
    {"def_in_reserved_register", make_first, def_in_reserved_register, "not to be used"},
    {"move_to_reserved_register", make_first, move_to_reserved_register, "not to be used"},
    {"remat_of_another_value", make_first, remat_of_another_value, "does not make %2"},
    {"remat_of_what_has_effects", make_first, remat_of_what_has_effects, "can't be rematerialised"},
    {"remat_that_writes_flags", make_first, remat_that_writes_flags, "changes flags"},
    {"remat_into_memory", make_first, remat_into_memory, "into memory"},
    {"remat_of_nothing", make_first, remat_of_nothing, "no instruction"},
    {"move_of_another_value", make_first, move_of_another_value, "a move reads %1"},
    {"move_from_nowhere", make_first, move_from_nowhere, "is nowhere"},
    {"move_of_no_value", make_first, move_of_no_value, "a move of no value"},
    {"moves_out_of_order", make_first, moves_out_of_order, "out of order"},
    {"move_behind_the_end", make_first, move_behind_the_end, "before no instruction"},
    {"operand_nowhere", make_first, operand_nowhere, "is nowhere"},
    {"def_in_memory", make_first, def_in_memory, "written to memory"},
    {"swap_without_temporary", make_second, swap_without_temporary, "from r1"},
    {"swap_forgotten", make_second, swap_forgotten, "does not hold it"},
    {"stored_in_the_last_turn", make_second, stored_in_the_last_turn, "reads %4 from slot0"},
};

static void test_accepts(void **state)
{
    (void)state;
    void (*const make[])(Fake *) = {make_first, make_second};
    for (uint32_t i = 0; i < 2; i++) {
        Fake fake;
        make[i](&fake);
        const Str invalid = mfunc_validate(&fake.f, &fake.arena);
        if (invalid.len != 0)
            fail_msg("%.*s", STR_ARG(invalid));
        const Str wrong = regalloc_check(&fake.f, &options, &fake.arena);
        if (wrong.len != 0) {
            fake_show(&fake);
            fail_msg("%.*s", STR_ARG(wrong));
        }
        fake_free(&fake);
    }
}

static void test_rejects(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        Fake fake;
        damages[i].make(&fake);
        damages[i].damage(&fake);
        const Str wrong = regalloc_check(&fake.f, &options, &fake.arena);
        const Str copy = str_copy(&fake.arena, wrong);
        if (wrong.len == 0 || !strstr(copy.data, damages[i].why)) {
            fake_show(&fake);
            fail_msg("%s: \"%.*s\"", damages[i].name, STR_ARG(wrong));
        }
        fake_free(&fake);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_accepts),
                                       cmocka_unit_test(test_rejects)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
