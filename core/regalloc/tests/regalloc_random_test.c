// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random functions through the allocator, judged twice: by the checker, and by running the function
// before and after allocation side by side on random paths with a distinct token for each value.

#include "regalloc/tests/fake_random.h"

// ---- Running both side by side ----

#define GARBAGE 0xdeadull

typedef struct Run {
    const MFunc *f;
    const RegallocOptions *options;
    uint64_t *values;  // by vreg: its token, what the function means
    uint64_t regs[64]; // what the machine has
    uint64_t *slots;   // 16-byte values: two of them
    uint64_t next_token;
    const char *error;
    uint32_t inst, vreg;
} Run;

static void run_fail(Run *r, const char *error, uint32_t vreg)
{
    if (r->error)
        return;
    r->error = error;
    r->vreg = vreg;
}

static uint64_t load(Run *r, Alloc from, uint32_t vreg)
{
    if (alloc_is_reg(from))
        return r->regs[alloc_preg(from)];
    const uint32_t slot = alloc_slot_number(from);
    if (r->f->vregs.data[vreg].bytes == 16 && r->slots[slot + 1] != ~r->slots[slot])
        return GARBAGE;
    return r->slots[slot];
}

static void store(Run *r, Alloc to, uint32_t vreg, uint64_t token)
{
    if (alloc_is_reg(to)) {
        r->regs[alloc_preg(to)] = token;
        return;
    }
    r->slots[alloc_slot_number(to)] = token;
    if (r->f->vregs.data[vreg].bytes == 16)
        r->slots[alloc_slot_number(to) + 1] = ~token;
}

static uint64_t remat_token(uint32_t inst)
{
    return ((uint64_t)inst + 1) << 40;
}

static void run_moves(Run *r, uint32_t *move)
{
    while (*move < r->f->moves.len && r->f->moves.data[*move].before < r->inst)
        ++*move;
    for (; *move < r->f->moves.len && r->f->moves.data[*move].before == r->inst; ++*move) {
        const MMove *const m = &r->f->moves.data[*move];
        store(r, m->to, m->vreg.i,
              m->remat != NO_INDEX ? remat_token(m->remat) : load(r, m->from, m->vreg.i));
    }
}

static void check_uses(Run *r, const MInst *inst, OperandPos pos)
{
    for (uint32_t k = inst->operands; k < inst->operands + inst->num_operands; k++) {
        const MOperand *const op = &r->f->operands.data[k];
        if (op->kind == OPERAND_USE && op->pos == pos &&
            load(r, r->f->allocs[k], op->vreg.i) != r->values[op->vreg.i])
            run_fail(r,
                     pos == POS_EARLY ? "an early use reads another value"
                                      : "a late use reads another value",
                     op->vreg.i);
    }
}

static void write_defs(Run *r, const MInst *inst, OperandPos pos)
{
    const MRow *const row = minst_row(r->f, inst);
    for (uint32_t k = inst->operands; k < inst->operands + inst->num_operands; k++) {
        const MOperand *const op = &r->f->operands.data[k];
        if (op->kind != OPERAND_DEF || op->pos != pos)
            continue;
        uint64_t token = r->next_token++;
        if ((row->flags & ROW_REMAT) != 0)
            token = remat_token(r->inst);
        if ((row->flags & ROW_MOVE) != 0)
            token = r->values[r->f->operands.data[inst->operands + 1].vreg.i];
        r->values[op->vreg.i] = token;
        store(r, r->f->allocs[k], op->vreg.i, token);
    }
}

// Early uses are read, then early definitions written; late uses still have to be there when all is
// destroyed and written.
static void run_inst(Run *r)
{
    const MInst *const inst = &r->f->insts.data[r->inst];
    const PRegSet clobbers =
        r->f->clobber_sets.data[inst->clobbers] | minst_row(r->f, inst)->clobbers;
    check_uses(r, inst, POS_EARLY);
    write_defs(r, inst, POS_EARLY);
    check_uses(r, inst, POS_EARLY);
    for (uint32_t reg = 0; reg < 64; reg++)
        if ((clobbers >> reg & 1) != 0)
            r->regs[reg] = GARBAGE;
    for (uint32_t k = inst->operands; k < inst->operands + inst->num_operands; k++) {
        const MOperand *const op = &r->f->operands.data[k]; // an early result in a clobbered one
        if (op->kind == OPERAND_DEF && op->pos == POS_EARLY)
            store(r, r->f->allocs[k], op->vreg.i, r->values[op->vreg.i]);
    }
    write_defs(r, inst, POS_LATE);
    check_uses(r, inst, POS_LATE);
}

static void cross(Run *r, const MEdge *edge)
{
    uint64_t tokens[16];
    const uint32_t params = r->f->blocks.data[edge->to.i].params;
    assert_true(edge->num_args <= 16);
    for (uint32_t k = 0; k < edge->num_args; k++)
        tokens[k] = r->values[r->f->edge_args.data[edge->args + k]];
    for (uint32_t k = 0; k < edge->num_args; k++)
        r->values[r->f->edge_args.data[params + k]] = tokens[k];
}

static void check_saved(Run *r)
{
    for (uint32_t reg = 0; reg < 64; reg++)
        if ((r->options->callee_saved & ~r->f->callee_saved & preg_bit((PReg)reg)) != 0 &&
            r->regs[reg] != reg)
            run_fail(r, "a callee-saved register is lost", reg);
}

static void run_path(Run *r, Rng *rng, uint32_t steps)
{
    uint32_t b = 0;
    for (uint32_t i = 0; i < 64; i++)
        r->regs[i] = i;
    for (;;) {
        const MBlockData *const block = &r->f->blocks.data[b];
        uint32_t move = 0;
        for (r->inst = block->first; r->inst < block->end && !r->error; r->inst++) {
            run_moves(r, &move);
            run_inst(r);
        }
        if (r->error)
            return;
        check_saved(r);
        if (block->num_succs == 0 || steps-- == 0)
            return;
        const MEdge *const edge =
            &r->f->edges.data[block->succs + rng_below(rng, block->num_succs)];
        cross(r, edge);
        b = edge->to.i;
    }
}

static void run_function(Fake *fake, const RegallocOptions *options, uint64_t seed)
{
    const MFunc *const f = &fake->f;
    Rng rng = {.state = seed};
    Run r = {.f = f, .options = options, .next_token = 1000};
    r.values = ARENA_ARRAY(&fake->arena, uint64_t, f->vregs.len);
    r.slots = ARENA_ARRAY(&fake->arena, uint64_t, f->num_slots + 2);
    for (uint32_t path = 0; path < 4 && !r.error; path++)
        run_path(&r, &rng, 40);
    if (!r.error)
        return;
    fake_show(fake);
    fail_msg("seed %llu: instruction %u, %%%u: %s", (unsigned long long)seed, r.inst, r.vreg,
             r.error);
}

// ---- Tests ----

// What the allocations contain, so that a generator that has become tame is noticed.
typedef struct Seen {
    uint32_t copies, stores, loads, between_slots, remats, memory_operands, saved;
} Seen;

static void count_seen(const MFunc *f, Seen *seen)
{
    for (uint32_t i = 0; i < f->moves.len; i++) {
        const MMove *const m = &f->moves.data[i];
        if (m->remat != NO_INDEX)
            seen->remats++;
        else if (alloc_is_reg(m->from))
            *(alloc_is_reg(m->to) ? &seen->copies : &seen->stores) += 1;
        else
            *(alloc_is_reg(m->to) ? &seen->loads : &seen->between_slots) += 1;
    }
    for (uint32_t i = 0; i < f->operands.len; i++)
        seen->memory_operands +=
            f->operands.data[i].vreg.i != NO_INDEX && alloc_is_slot(f->allocs[i]);
    seen->saved += f->callee_saved != 0;
}

static void check_case(uint64_t seed, Seen *seen)
{
    static Gen gen; // too big for the stack
    Fake fake;
    Arena scratch = {0};
    gen_function(&gen, &fake, seed);
    const Str invalid = mfunc_validate(&fake.f, &scratch);
    if (invalid.len != 0) {
        fake_show(&fake);
        fail_msg("seed %llu: generated: %.*s", (unsigned long long)seed, STR_ARG(invalid));
    }
    if (getenv("REGALLOC_SEED"))
        fake_show(&fake);
    regalloc_run(&fake.f, &gen.options, &scratch);
    const Str wrong = regalloc_check(&fake.f, &gen.options, &scratch);
    if (wrong.len != 0) {
        fake_show(&fake);
        fail_msg("seed %llu: %.*s", (unsigned long long)seed, STR_ARG(wrong));
    }
    run_function(&fake, &gen.options, seed);
    count_seen(&fake.f, seen);
    arena_free(&scratch);
    fake_free(&fake);
}

// REGALLOC_SEED=N runs one case and shows it, REGALLOC_CASES=N as many as that.
static void test_random_functions(void **state)
{
    (void)state;
    Seen seen = {0};
    const char *const one = getenv("REGALLOC_SEED"), *const cases = getenv("REGALLOC_CASES");
    if (one) {
        check_case(strtoull(one, NULL, 10), &seen);
        return;
    }
    const uint64_t num = cases ? strtoull(cases, NULL, 10) : 4000;
    for (uint64_t seed = 1; seed <= num; seed++)
        check_case(seed, &seen);
    const uint64_t least = num / 2;
    assert_true(seen.copies > least && seen.stores > least && seen.loads > least);
    assert_true(seen.between_slots > least && seen.remats > least);
    assert_true(seen.memory_operands > least && seen.saved > num / 4);
    print_message("%u copies, %u stores, %u loads, %u between slots, %u rematerialisations\n",
                  seen.copies, seen.stores, seen.loads, seen.between_slots, seen.remats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_functions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
