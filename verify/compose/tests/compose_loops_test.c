// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops around a locked instruction, and what looks like one, in the place of the target's.

#include "verify/compose/tests/compose_fakes.h"

// ---- x86-64 ----

// What atomic_rmw of x86-64 accesses, and its registers.
typedef struct Swap {
    PReg old, made, src;
    PutMem mem;
} Swap;

static Swap swap_of(const EmitCtx *ctx, const MInst *inst)
{
    Swap swap = {
        reg(ctx, inst, 0),
        reg(ctx, inst, 1),
        reg(ctx, inst, 2),
        {(AmodeKind)inst->amode, PREG_NONE, PREG_NONE, inst->scale, inst->disp, inst->trap}};
    const MOperand *const operands = &ctx->f->operands.data[inst->operands + inst->mem_operand];
    if (operands[0].vreg.i != NO_INDEX)
        swap.mem.base = reg(ctx, inst, inst->mem_operand);
    if (operands[1].vreg.i != NO_INDEX)
        swap.mem.index = reg(ctx, inst, inst->mem_operand + 1u);
    return swap;
}

static void put_look(EmitCtx *ctx, const MInst *inst, const PutMem *mem)
{
    const PReg old = reg(ctx, inst, 0);
    const char *const row = inst->size == 1   ? "movzx_rm8"
                            : inst->size == 2 ? "movzx_rm16"
                                              : "mov_load";
    put_at(ctx, &(Put){row, inst->size == 8 ? 8 : 4, {old}, 0, 0}, mem);
}

// An exchange, for all operators, which is right for that.
static void put_round(EmitCtx *ctx, const MInst *inst)
{
    const Swap s = swap_of(ctx, inst);
    put(ctx, &(Put){"mov_rr", 8, {s.made, s.src}, 0, 0});
    put_at(ctx, &(Put){"lock_cmpxchg", inst->size, {s.old, s.old, s.made}, 0, 0}, &s.mem);
}

static void put_again(EmitCtx *ctx, uint32_t cc, Label again)
{
    const uint8_t jcc[2] = {0x0f, (uint8_t)(0x80 | cc)};
    const uint32_t start = codebuf_offset(ctx->buf);
    codebuf_put(ctx->buf, jcc, 2);
    codebuf_branch32(ctx->buf, start, (uint8_t)(0x70 | cc), again);
}

// The operators but exchange are for the target's emitter.
static bool is_exchange(EmitCtx *ctx, const MInst *inst)
{
    if (inst->imm != ATOMIC_XCHG)
        put_like(ctx, *inst);
    return inst->imm == ATOMIC_XCHG;
}

// What is there first does not matter: a round that is wrong about it finds out.
static void swap_unseen(EmitCtx *ctx, const MInst *inst)
{
    if (!is_exchange(ctx, inst))
        return;
    const Label again = codebuf_label(ctx->buf);
    codebuf_bind(ctx->buf, again);
    put_round(ctx, inst);
    put_again(ctx, 5, again);
}

static void swap_until_wrong(EmitCtx *ctx, const MInst *inst)
{
    if (!is_exchange(ctx, inst))
        return;
    const Label again = codebuf_label(ctx->buf);
    codebuf_bind(ctx->buf, again);
    put_round(ctx, inst);
    put_again(ctx, 4, again);
}

static void swap_once(EmitCtx *ctx, const MInst *inst)
{
    const Swap s = swap_of(ctx, inst);
    if (!is_exchange(ctx, inst))
        return;
    put_look(ctx, inst, &s.mem);
    put_round(ctx, inst);
}

static void look_with(EmitCtx *ctx, const MInst *inst, PutMem mem)
{
    const Label again = codebuf_label(ctx->buf);
    put_look(ctx, inst, &mem);
    codebuf_bind(ctx->buf, again);
    put_round(ctx, inst);
    put_again(ctx, 5, again);
}

static void look_right(EmitCtx *ctx, const MInst *inst)
{
    if (is_exchange(ctx, inst))
        look_with(ctx, inst, swap_of(ctx, inst).mem);
}

static void look_beside(EmitCtx *ctx, const MInst *inst)
{
    PutMem mem = swap_of(ctx, inst).mem;
    mem.disp++;
    if (is_exchange(ctx, inst))
        look_with(ctx, inst, mem);
}

static void look_untold(EmitCtx *ctx, const MInst *inst)
{
    PutMem mem = swap_of(ctx, inst).mem;
    mem.trap = TRAP_NONE;
    if (is_exchange(ctx, inst))
        look_with(ctx, inst, mem);
}

static void look_each_time(EmitCtx *ctx, const MInst *inst)
{
    const Swap s = swap_of(ctx, inst);
    if (!is_exchange(ctx, inst))
        return;
    const Label again = codebuf_label(ctx->buf);
    codebuf_bind(ctx->buf, again);
    put_look(ctx, inst, &s.mem);
    put_round(ctx, inst);
    put_again(ctx, 5, again);
}

static void swap_for_ever(EmitCtx *ctx, const MInst *inst)
{
    const Swap s = swap_of(ctx, inst);
    const uint8_t jmp = 0xe9;
    const Label again = codebuf_label(ctx->buf);
    codebuf_bind(ctx->buf, again);
    put_at(ctx, &(Put){"lock_cmpxchg", inst->size, {s.old, s.old, s.old}, 0, 0}, &s.mem);
    const uint32_t start = codebuf_offset(ctx->buf);
    codebuf_put(ctx->buf, &jmp, 1);
    codebuf_branch32(ctx->buf, start, 0xeb, again);
}

// A round that stores nothing may pass by the access.
static void swap_at_times(EmitCtx *ctx, const MInst *inst)
{
    const Swap s = swap_of(ctx, inst);
    const Label again = codebuf_label(ctx->buf), over = codebuf_label(ctx->buf);
    codebuf_bind(ctx->buf, again);
    put(ctx, &(Put){"mov_rr", 8, {s.made, s.src}, 0, 0});
    put_again(ctx, 4, over);
    put_at(ctx, &(Put){"lock_cmpxchg", inst->size, {s.old, s.old, s.made}, 0, 0}, &s.mem);
    codebuf_bind(ctx->buf, over);
    put_again(ctx, 5, again);
}

// What is made of the first number that is seen is stored, whichever is there then.
static void make_once(EmitCtx *ctx, const MInst *inst)
{
    const Swap s = swap_of(ctx, inst);
    const Label again = codebuf_label(ctx->buf);
    put_look(ctx, inst, &s.mem);
    put(ctx, &(Put){"mov_rr", 8, {s.made, s.old}, 0, 0});
    put(ctx, &(Put){"add_rm", 8, {s.made, s.made, s.src}, 0, 0});
    codebuf_bind(ctx->buf, again);
    put_at(ctx, &(Put){"lock_cmpxchg", inst->size, {s.old, s.old, s.made}, 0, 0}, &s.mem);
    put_again(ctx, 5, again);
}

// The jump over a round reaches the middle of the loop.
static void begin_inside(EmitCtx *ctx, const MInst *inst)
{
    const Swap s = swap_of(ctx, inst);
    const Label again = codebuf_label(ctx->buf), inside = codebuf_label(ctx->buf);
    put_look(ctx, inst, &s.mem);
    put_again(ctx, 4, inside);
    codebuf_bind(ctx->buf, again);
    put(ctx, &(Put){"mov_rr", 8, {s.made, s.src}, 0, 0});
    codebuf_bind(ctx->buf, inside);
    put_at(ctx, &(Put){"lock_cmpxchg", inst->size, {s.old, s.old, s.made}, 0, 0}, &s.mem);
    put_again(ctx, 5, again);
}

// Somebody may write between the two.
static void swap_in_two(EmitCtx *ctx, const MInst *inst)
{
    const Swap s = swap_of(ctx, inst);
    if (!is_exchange(ctx, inst))
        return;
    put_look(ctx, inst, &s.mem);
    put_at(ctx, &(Put){"mov_store", inst->size, {s.src}, 0, 0}, &s.mem);
}

// ---- AArch64 ----

static void exchange_in_two(EmitCtx *ctx, const MInst *inst)
{
    const PReg old = reg(ctx, inst, 0), src = reg(ctx, inst, 1);
    const PutMem mem = {AMODE_BASE, reg(ctx, inst, 2), PREG_NONE, 0, 0, inst->trap};
    const char *const loads[] = {"ldrb", "ldrh", "ldr_w", "ldr_x"};
    const char *const stores[] = {"strb", "strh", "str_w", "str_x"};
    const int n = __builtin_ctz(inst->size);
    if (inst->imm != ATOMIC_XCHG) {
        put_like(ctx, *inst);
        return;
    }
    put_at(ctx, &(Put){loads[n], inst->size, {old}, 0, 0}, &mem);
    put_at(ctx, &(Put){stores[n], inst->size, {src}, 0, 0}, &mem);
}

// ---- The tests ----

static const Fake fakes[] = {
    {ARCH_X86_64, "atomic_rmw", swap_unseen, COMPOSE_PROVED, ""},
    {ARCH_X86_64, "atomic_rmw", look_right, COMPOSE_PROVED, ""},
    {ARCH_X86_64, "atomic_rmw", swap_until_wrong, COMPOSE_FAILED, "store"},
    {ARCH_X86_64, "atomic_rmw", swap_once, COMPOSE_FAILED, "the same value is stored"},
    {ARCH_X86_64, "atomic_rmw", look_beside, COMPOSE_CANNOT, "at something else"},
    {ARCH_X86_64, "atomic_rmw", look_untold, COMPOSE_FAILED, "a look before the loop has the trap"},
    {ARCH_X86_64, "atomic_rmw", look_each_time, COMPOSE_CANNOT, "a loop"},
    {ARCH_X86_64, "atomic_rmw", swap_for_ever, COMPOSE_CANNOT, "without an end"},
    {ARCH_X86_64, "atomic_rmw", swap_at_times, COMPOSE_CANNOT, "in each round"},
    {ARCH_X86_64, "atomic_rmw", make_once, COMPOSE_FAILED, "the same value is stored"},
    {ARCH_X86_64, "atomic_rmw", begin_inside, COMPOSE_CANNOT, "not at its begin"},
    {ARCH_X86_64, "atomic_rmw", swap_in_two, COMPOSE_CANNOT, "not one with the load"},
    {ARCH_AARCH64, "atomic_rmw", exchange_in_two, COMPOSE_CANNOT, "not one with the load"},
};

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x64),
        cmocka_unit_test(test_aarch64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
