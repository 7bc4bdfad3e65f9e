// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Emitters in the place of the target's: what they put, and the verdict that each must get.
#ifndef VERIFY_COMPOSE_TESTS_COMPOSE_FAKES_H
#define VERIFY_COMPOSE_TESTS_COMPOSE_FAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "verify/compose/compose.h"
#include "verify/embed/embed.h"

static inline uint16_t row_named(const Target *target, const char *name)
{
    for (uint16_t op = 0; op < target->num_rows; op++)
        if (strcmp(target->rows[op].name, name) == 0)
            return op;
    fail_msg("no row %s", name);
    return 0;
}

// The row of a target, with registers in the order of its operands, through the target's emission.
typedef struct Put {
    const char *row;
    uint8_t size;
    PReg regs[4];
    int64_t imm;
    uint8_t cc;
} Put;

typedef struct PutMem {
    AmodeKind amode; // AMODE_NONE: no operand is in memory
    PReg base, index;
    uint8_t scale;
    int32_t disp;
    TrapCode trap;
} PutMem;

static inline void add_operand(EmitCtx *ctx, MInst *inst, PReg reg)
{
    const uint32_t n = inst->operands + inst->num_operands++;
    const bool is_absent = reg == PREG_NONE;
    ctx->f->allocs[n] = is_absent ? ALLOC_NONE : alloc_reg(reg);
    ctx->f->operands.data[n] = (MOperand){.vreg = is_absent ? NO(VReg) : (VReg){n}};
}

// Operands of what is put follow those of the instruction; compose_emit leaves room for them.
static inline void put_at(EmitCtx *ctx, const Put *what, const PutMem *mem)
{
    const MFunc *const f = ctx->f;
    const uint16_t op = row_named(f->target, what->row);
    const MRow *const row = &f->target->rows[op];
    const bool has_mem = mem->amode != AMODE_NONE;
    MInst inst = {.op = op, .size = what->size, .imm = what->imm, .cc = what->cc};
    inst.operands = 12 + 4 * ctx->buf->insts.len;
    inst.trap = mem->trap;
    for (uint32_t k = 0; k + (has_mem ? 1 : 0) < row->num_operands; k++)
        add_operand(ctx, &inst, what->regs[k]);
    if (has_mem) { // the last operand
        inst.mem_operand = inst.num_operands;
        inst.amode = (uint8_t)mem->amode;
        inst.scale = mem->scale;
        inst.disp = mem->disp;
        add_operand(ctx, &inst, mem->base);
        add_operand(ctx, &inst, mem->index);
    }
    f->target->emit_inst(ctx, &inst);
}

static inline void put(EmitCtx *ctx, const Put *what)
{
    put_at(ctx, what, &(PutMem){.amode = AMODE_NONE});
}

static inline PReg reg(const EmitCtx *ctx, const MInst *inst, uint32_t k)
{
    return alloc_preg(emit_alloc(ctx, inst, k));
}

// The instruction with some of it changed, through the target's emission.
static inline void put_like(EmitCtx *ctx, MInst inst)
{
    ctx->f->target->emit_inst(ctx, &inst);
}

typedef struct Fake {
    Arch arch;
    const char *row;
    ComposeEmit emit;
    ComposeVerdict verdict;
    const char *says; // in the detail
} Fake;

static inline Isle *program_of(const VerifyText *texts, Arena *arena, Diag *diag)
{
    Isle *const isle = isle_new(arena, diag);
    assert_int_equal(verify_read(isle, texts), STATUS_OK);
    return isle;
}

// All fakes of a target, NULL the target's own emitter: each must get its verdict, and say why.
static inline void check_fakes(const VerifyText *texts, Arch arch, const Fake *fakes, size_t count)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    Isle *const isle = program_of(texts, &arena, &diag);
    uint32_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        const Fake *const fake = &fakes[i];
        ComposeReport report = {.arena = &arena};
        const ComposeOptions options = {.row = fake->row, .emit = fake->emit};
        if (fake->arch != arch)
            continue;
        compose_rows(isle, target_find(arch), &options, &report);
        assert_int_equal(report.results.len, 1);
        const ComposeResult *const r = &report.results.data[0];
        if (r->verdict == fake->verdict && str_contains(r->detail, str_from(fake->says)))
            continue;
        print_error("%zu. %s: verdict %d:\n%.*s\n", i, fake->row, (int)r->verdict,
                    STR_ARG(r->detail));
        wrong++;
    }
    assert_int_equal(wrong, 0);
    arena_free(&arena);
}

#endif
