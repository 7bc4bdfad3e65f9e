// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Emitters that put something else than the row says, in the place of the target's: each must be
// found, with the registers that show it. And a few that are right in another way than the
// target's.

#include "verify/compose/tests/compose_fakes.h"

#define RAX PREG(REG_INT, 0)
#define R8  PREG(REG_INT, 8)
#define X9  PREG(REG_INT, 9)
#define X16 PREG(REG_INT, 16)

// ---- x86-64 ----

static void select_always(EmitCtx *ctx, const MInst *inst)
{
    put(ctx, &(Put){"movaps_rr", 16, {reg(ctx, inst, 0), reg(ctx, inst, 2)}, 0, 0});
}

static void select_opposite(EmitCtx *ctx, const MInst *inst)
{
    MInst other = *inst;
    other.cc ^= 1;
    put_like(ctx, other);
}

// The register is read behind its end: what follows the jump is the move itself, once more.
static void select_twice(EmitCtx *ctx, const MInst *inst)
{
    put_like(ctx, *inst);
    select_always(ctx, inst);
}

static void put_nothing(EmitCtx *ctx, const MInst *inst)
{
    (void)ctx;
    (void)inst;
}

static void trap_other_code(EmitCtx *ctx, const MInst *inst)
{
    MInst other = *inst;
    other.trap = (TrapCode)(inst->trap + 1);
    put_like(ctx, other);
}

static void trap_twice(EmitCtx *ctx, const MInst *inst)
{
    put_like(ctx, *inst);
    select_opposite(ctx, inst);
}

static void branch_to_other(EmitCtx *ctx, const MInst *inst)
{
    MInst other = *inst;
    other.op = row_named(ctx->f->target, "jcc_or");
    put_like(ctx, other);
}

static void narrow_pinned(EmitCtx *ctx, const MInst *inst)
{
    put(ctx, &(Put){"mov_rr", 4, {reg(ctx, inst, 0), PREG(REG_INT, 15)}, 0, 0});
}

static void pin_another(EmitCtx *ctx, const MInst *inst)
{
    put(ctx, &(Put){"mov_rr", 8, {PREG(REG_INT, 14), reg(ctx, inst, 0)}, 0, 0});
}

// xor is shorter and writes the flags.
static void zero_by_xor(EmitCtx *ctx, const MInst *inst)
{
    const PReg to = reg(ctx, inst, 0);
    if (inst->imm == 0)
        put(ctx, &(Put){"xor_rm", 4, {to, to, to}, 0, 0});
    else
        put_like(ctx, *inst);
}

// That flags may be written is asked of what stands behind the wrong place.
static void repeat_by_xor(EmitCtx *ctx, const MInst *inst)
{
    if (inst == &ctx->f->insts.data[ctx->index])
        put_like(ctx, *inst);
    else
        zero_by_xor(ctx, inst);
}

// Of 8 bits the upper ones stay.
static void extend_by_nothing(EmitCtx *ctx, const MInst *inst)
{
    const PReg to = reg(ctx, inst, 0), zero[3] = {to, to, to};
    if (inst->amode != AMODE_NONE) {
        put_like(ctx, *inst);
        return;
    }
    put(ctx, &(Put){"xor_rm", 1, {zero[0], zero[1], zero[2]}, 0, 0});
    put(ctx, &(Put){"add_rm", 1, {to, to, reg(ctx, inst, 1)}, 0, 0});
}

// The register that is to be read is zeroed first, if it is the same one.
static void convert_late(EmitCtx *ctx, const MInst *inst)
{
    put_like(ctx, *inst);
    put(ctx, &(Put){"zero_vec", 16, {reg(ctx, inst, 0)}, 0, 0});
}

static void load_untold(EmitCtx *ctx, const MInst *inst)
{
    MInst other = *inst;
    other.trap = TRAP_NONE;
    put_like(ctx, other);
}

static void load_beside(EmitCtx *ctx, const MInst *inst)
{
    MInst other = *inst;
    other.disp += 8;
    put_like(ctx, other);
}

static void load_twice(EmitCtx *ctx, const MInst *inst)
{
    put_like(ctx, *inst);
    put_like(ctx, *inst);
}

static void load_bytes(EmitCtx *ctx, const MInst *inst)
{
    const uint8_t nop = 0x90;
    put_like(ctx, *inst);
    codebuf_put(ctx->buf, &nop, 1);
}

static void wait_for_ever(EmitCtx *ctx, const MInst *inst)
{
    const uint8_t jne[2] = {0x0f, 0x85};
    const Label again = codebuf_label(ctx->buf);
    codebuf_bind(ctx->buf, again);
    put_like(ctx, *inst);
    const uint32_t start = codebuf_offset(ctx->buf);
    codebuf_put(ctx->buf, jne, 2);
    codebuf_branch32(ctx->buf, start, 0x75, again);
}

// As if all instructions left the flags of their results.
static void test_first_alone(EmitCtx *ctx, const MInst *inst)
{
    if (ctx->index == 0 || inst->op != row_named(ctx->f->target, "test_rr"))
        put_like(ctx, *inst);
}

// An operand that is in a spill slot, from another one.
static void slot_beside(EmitCtx *ctx, const MInst *inst)
{
    Alloc *const src = &ctx->f->allocs[inst->operands + 2];
    if (inst->amode == AMODE_NONE && alloc_is_slot(*src))
        *src = alloc_slot(alloc_slot_number(*src) + 1);
    put_like(ctx, *inst);
}

// A copy, on some CPUs.
static void move_by_rorx(EmitCtx *ctx, const MInst *inst)
{
    put(ctx, &(Put){"rorx_rm", inst->size, {reg(ctx, inst, 0), reg(ctx, inst, 1)}, 0, 0});
}

// ---- AArch64 ----

static void add_by_move(EmitCtx *ctx, const MInst *inst)
{
    const PReg rd = reg(ctx, inst, 0), rn = reg(ctx, inst, 1), rm = reg(ctx, inst, 2);
    put(ctx, &(Put){"mov_rr", inst->size, {rd, rn}, 0, 0});
    put(ctx, &(Put){"add_rr", inst->size, {rd, rd, rm}, 0, 0});
}

static void add_in_place(EmitCtx *ctx, const MInst *inst)
{
    const PReg rd = reg(ctx, inst, 0), rn = reg(ctx, inst, 1), rm = reg(ctx, inst, 2);
    put(ctx, &(Put){"add_rr", inst->size, {rn, rn, rm}, 0, 0});
    put(ctx, &(Put){"mov_rr", inst->size, {rd, rn}, 0, 0});
}

static void add_wide(EmitCtx *ctx, const MInst *inst)
{
    MInst other = *inst;
    other.size = 8;
    put_like(ctx, other);
}

static void add_by_scratch(EmitCtx *ctx, const MInst *inst)
{
    const PReg rd = reg(ctx, inst, 0), rn = reg(ctx, inst, 1), rm = reg(ctx, inst, 2);
    put(ctx, &(Put){"mov_rr", 8, {X16, rm}, 0, 0});
    put(ctx, &(Put){"add_rr", inst->size, {rd, rn, X16}, 0, 0});
}

// a + b = 2 (a & b) + (a ^ b), which is for the solver to find out.
static void add_by_parts(EmitCtx *ctx, const MInst *inst)
{
    const PReg rd = reg(ctx, inst, 0), rn = reg(ctx, inst, 1), rm = reg(ctx, inst, 2);
    put(ctx, &(Put){"and_rr", inst->size, {X16, rn, rm}, 0, 0});
    put(ctx, &(Put){"eor_rr", inst->size, {rd, rn, rm}, 0, 0});
    put(ctx, &(Put){"add_rr", inst->size, {rd, rd, X16}, 0, 0});
    put(ctx, &(Put){"add_rr", inst->size, {rd, rd, X16}, 0, 0});
}

static void move_low_half(EmitCtx *ctx, const MInst *inst)
{
    MInst other = *inst;
    other.imm = (int64_t)((uint64_t)inst->imm & UINT32_MAX);
    put_like(ctx, other);
}

static void address_by_x9(EmitCtx *ctx, const MInst *inst)
{
    put(ctx, &(Put){"mov_imm", 8, {X9}, 1, 0});
    put_like(ctx, *inst);
}

static void branch_on_zero(EmitCtx *ctx, const MInst *inst)
{
    MInst other = *inst;
    other.op = row_named(ctx->f->target, "cbz");
    put_like(ctx, other);
}

static void test_other_bit(EmitCtx *ctx, const MInst *inst)
{
    MInst other = *inst;
    other.imm = inst->imm ^ 32;
    put_like(ctx, other);
}

static void trap_narrow(EmitCtx *ctx, const MInst *inst)
{
    MInst other = *inst;
    other.size = 4;
    put_like(ctx, other);
}

static void float_half(EmitCtx *ctx, const MInst *inst)
{
    MInst other = *inst;
    other.size = 4;
    put_like(ctx, other);
}

static void store_before_trap(EmitCtx *ctx, const MInst *inst)
{
    MInst other = *inst;
    other.op = row_named(ctx->f->target, "strb");
    put_like(ctx, other);
}

// ldaxp x16, x17, [addr]; stlxp w16, lo, hi, [addr]; and `branch` back to them.
static void put_pair_loop(EmitCtx *ctx, const MInst *inst, uint32_t branch)
{
    const uint32_t lo = reg(ctx, inst, 0), hi = reg(ctx, inst, 1), addr = reg(ctx, inst, 2);
    const Label again = codebuf_label(ctx->buf);
    codebuf_bind(ctx->buf, again);
    codebuf_trap(ctx->buf, inst->trap, inst->src);
    codebuf_put32(ctx->buf, 0xc87f8000u | 17u << 10 | addr << 5 | 16u);
    codebuf_trap(ctx->buf, inst->trap, inst->src);
    codebuf_put32(ctx->buf, 0xc8208000u | 16u << 16 | hi << 10 | addr << 5 | lo);
    if (branch == 0)
        return;
    codebuf_fixup(ctx->buf, codebuf_offset(ctx->buf), again, FIXUP_A64_BRANCH19);
    codebuf_put32(ctx->buf, branch);
}

static void store_pair(EmitCtx *ctx, const MInst *inst)
{
    put_pair_loop(ctx, inst, 0x35000000u | 16u); // cbnz w16
}

static void store_again(EmitCtx *ctx, const MInst *inst)
{
    put_pair_loop(ctx, inst, 0x34000000u | 16u); // cbz w16
}

static void store_perhaps(EmitCtx *ctx, const MInst *inst)
{
    put_pair_loop(ctx, inst, 0);
}

static void store_swapped(EmitCtx *ctx, const MInst *inst)
{
    const Alloc lo = ctx->f->allocs[inst->operands];
    ctx->f->allocs[inst->operands] = ctx->f->allocs[inst->operands + 1];
    ctx->f->allocs[inst->operands + 1] = lo;
    put_like(ctx, *inst);
}

static void do_another(EmitCtx *ctx, const MInst *inst)
{
    MInst other = *inst;
    other.imm = (inst->imm + 1) % ATOMIC_COUNT;
    put_like(ctx, other);
}

static void exchange_always(EmitCtx *ctx, const MInst *inst)
{
    MInst other = *inst;
    other.op = row_named(ctx->f->target, "atomic_rmw");
    other.imm = ATOMIC_XCHG;
    ctx->f->allocs[inst->operands + 1] = ctx->f->allocs[inst->operands + 2];
    ctx->f->allocs[inst->operands + 2] = ctx->f->allocs[inst->operands + 3];
    put_like(ctx, other);
}

static void access_narrow(EmitCtx *ctx, const MInst *inst)
{
    MInst other = *inst;
    other.size = 1;
    put_like(ctx, other);
}

// ---- The table ----

static const Fake fakes[] = {
    {ARCH_X86_64, "select_vec", select_always, COMPOSE_FAILED, "xmm0, is what the row says"},
    {ARCH_X86_64, "select_vec", select_opposite, COMPOSE_FAILED, "xmm0, is what the row says"},
    {ARCH_X86_64, "select_vec", select_twice, COMPOSE_FAILED,
     "dst = xmm0, src1 = xmm0, src2 = xmm1"},
    {ARCH_X86_64, "select_vec", wait_for_ever, COMPOSE_CANNOT, "a loop"},
    {ARCH_X86_64, "trap_if", put_nothing, COMPOSE_FAILED, "both sides trap, or neither does"},
    {ARCH_X86_64, "trap_if", select_opposite, COMPOSE_FAILED, "both sides trap, or neither does"},
    {ARCH_X86_64, "trap_if", trap_other_code, COMPOSE_FAILED, "trap with the same code"},
    {ARCH_X86_64, "trap_if", trap_twice, COMPOSE_FAILED, "both sides trap, or neither does"},
    {ARCH_X86_64, "jcc_and", branch_to_other, COMPOSE_FAILED, "the same successor is chosen"},
    {ARCH_X86_64, "jcc", select_opposite, COMPOSE_FAILED, "the same successor is chosen"},
    {ARCH_X86_64, "jcc", put_nothing, COMPOSE_CANNOT, "control that goes on behind a branch"},
    {ARCH_X86_64, "get_pinned", narrow_pinned, COMPOSE_FAILED, "mov eax, r15d"},
    {ARCH_X86_64, "set_pinned", pin_another, COMPOSE_FAILED, "r14 keeps its value"},
    {ARCH_X86_64, "set_pinned", put_nothing, COMPOSE_FAILED, "in r15, is what the row says"},
    {ARCH_X86_64, "test_rr", test_first_alone, COMPOSE_FAILED, "the same successor is chosen"},
    {ARCH_X86_64, "add_rm", slot_beside, COMPOSE_FAILED, "memory is accessed at the same address"},
    {ARCH_X86_64, "mov_ri", zero_by_xor, COMPOSE_FAILED, "keeps its value"},
    {ARCH_X86_64, "mov_ri", repeat_by_xor, COMPOSE_FAILED, "repeated before another one"},
    {ARCH_X86_64, "movzx_rm8", extend_by_nothing, COMPOSE_FAILED, "add al, al"},
    {ARCH_X86_64, "cvtsi2sd", convert_late, COMPOSE_FAILED, "dst, in xmm0, is what the row says"},
    {ARCH_X86_64, "mov_load", load_untold, COMPOSE_FAILED, "have the same trap code"},
    {ARCH_X86_64, "mov_load", load_beside, COMPOSE_FAILED,
     "memory is accessed at the same address"},
    {ARCH_X86_64, "mov_load", load_twice, COMPOSE_FAILED, "the right side does no more"},
    {ARCH_X86_64, "mov_load", load_bytes, COMPOSE_CANNOT, "bytes that are no row"},
    {ARCH_X86_64, "mov_rr", move_by_rorx, COMPOSE_FAILED, "x64_rorx_rm"},
    {ARCH_X86_64, "atomic_rmw", do_another, COMPOSE_FAILED, "the same value is stored"},
    {ARCH_X86_64, "atomic_rmw", access_narrow, COMPOSE_FAILED, "have the same size"},
    {ARCH_X86_64, "atomic_rmw_big", load_untold, COMPOSE_FAILED, "have the same trap code"},
    {ARCH_X86_64, "atomic_pair_rmw", do_another, COMPOSE_FAILED, "the same value is stored"},
    {ARCH_X86_64, "atomic_pair_rmw_big", load_untold, COMPOSE_FAILED, "have the same trap code"},
    {ARCH_X86_64, "mfence", put_nothing, COMPOSE_FAILED, "does all that the left does"},
    {ARCH_AARCH64, "add_rr", add_by_move, COMPOSE_FAILED, "rd = x0, rn = x1, rm = x0"},
    {ARCH_AARCH64, "add_rr", add_in_place, COMPOSE_FAILED, "x1 keeps its value"},
    {ARCH_AARCH64, "add_rr", add_wide, COMPOSE_FAILED, "rd, in x0, is what the row says"},
    {ARCH_AARCH64, "add_rr", add_by_scratch, COMPOSE_PROVED, ""},
    {ARCH_AARCH64, "add_rr", add_by_parts, COMPOSE_PROVED, ""},
    {ARCH_AARCH64, "mov_imm", move_low_half, COMPOSE_FAILED, "which is 0x"},
    {ARCH_AARCH64, "address", address_by_x9, COMPOSE_FAILED, "x9 keeps its value"},
    {ARCH_AARCH64, "cbnz", branch_on_zero, COMPOSE_FAILED, "the same successor is chosen"},
    {ARCH_AARCH64, "tbz", test_other_bit, COMPOSE_FAILED, "the same successor is chosen"},
    {ARCH_AARCH64, "trap_z", trap_narrow, COMPOSE_FAILED, "both sides trap, or neither does"},
    {ARCH_AARCH64, "fmov_const", float_half, COMPOSE_FAILED, "rd, in q0, is what the row says"},
    {ARCH_AARCH64, "str_w", store_before_trap, COMPOSE_FAILED, "have the same size"},
    {ARCH_AARCH64, "ldr_x", load_untold, COMPOSE_FAILED, "have the same trap code"},
    {ARCH_AARCH64, "atomic_pair_store", store_pair, COMPOSE_PROVED, ""},
    {ARCH_AARCH64, "atomic_pair_store", store_again, COMPOSE_FAILED,
     "not the last one stores nothing"},
    {ARCH_AARCH64, "atomic_pair_store", store_perhaps, COMPOSE_CANNOT, "in no loop"},
    {ARCH_AARCH64, "atomic_pair_store", store_swapped, COMPOSE_FAILED, "the same value is stored"},
    {ARCH_AARCH64, "atomic_rmw", do_another, COMPOSE_FAILED, "the same value is stored"},
    {ARCH_AARCH64, "atomic_rmw_big", load_untold, COMPOSE_FAILED, "have the same trap code"},
    {ARCH_AARCH64, "atomic_cas", exchange_always, COMPOSE_FAILED, "the same value is stored"},
    {ARCH_AARCH64, "atomic_cas", access_narrow, COMPOSE_FAILED, "have the same size"},
    {ARCH_AARCH64, "b_cond", select_opposite, COMPOSE_FAILED, "the same successor is chosen"},
};

// ---- The tests ----

static void test_x64(void **state)
{
    (void)state;
    check_fakes(verify_texts_x64, ARCH_X86_64, fakes, sizeof(fakes) / sizeof(fakes[0]));
}

static void test_aarch64(void **state)
{
    (void)state;
    check_fakes(verify_texts_aarch64, ARCH_AARCH64, fakes, sizeof(fakes) / sizeof(fakes[0]));
}

// What fails has all that shows it.
static void test_detail(void **state)
{
    (void)state;
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    Isle *const isle = program_of(verify_texts_aarch64, &arena, &diag);
    ComposeReport report = {.arena = &arena};
    const ComposeOptions options = {.row = "add_rr", .emit = add_by_move};
    compose_rows(isle, target_find(ARCH_AARCH64), &options, &report);
    const ComposeResult *const r = &report.results.data[0];
    const char *why;
    assert_false(compose_is_good(r, &why));
    assert_true(str_contains(r->detail, STR("add_rr, 4 bytes, rd = x0, rn = x1, rm = x0")));
    assert_true(str_contains(r->detail, STR("    mov w0, w1\n    add w0, w0, w0\n")));
    assert_true(str_contains(r->detail, STR("  before: x0 = 0x")));
    assert_true(str_contains(r->detail, STR("x1 = 0x")));
    assert_true(
        str_contains(r->detail, STR("not so: rd, in x0, is what the row says, which is 0x")));
    arena_free(&arena);
}

// What the table says, and what it may not.
static void test_table(void **state)
{
    (void)state;
    const char *why;
    const ComposeResult proved = {.verdict = COMPOSE_PROVED},
                        proved_in_table = {.verdict = COMPOSE_PROVED, .tested = "a loop"},
                        loop = {.verdict = COMPOSE_CANNOT, .tested = "a loop"},
                        loop_not_in_table = {.verdict = COMPOSE_CANNOT},
                        wrong_in_table = {.verdict = COMPOSE_FAILED, .tested = "a loop"},
                        open_in_table = {.verdict = COMPOSE_UNKNOWN, .tested = "a loop"};
    assert_true(compose_is_good(&proved, &why));
    assert_true(compose_is_good(&loop, &why));
    assert_false(compose_is_good(&proved_in_table, &why));
    assert_false(compose_is_good(&loop_not_in_table, &why));
    assert_false(compose_is_good(&wrong_in_table, &why));
    assert_false(compose_is_good(&open_in_table, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x64),
        cmocka_unit_test(test_aarch64),
        cmocka_unit_test(test_detail),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
