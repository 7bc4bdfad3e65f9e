// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A target that is made up as a test goes along: each instruction has a row of its own, made from
// the operands it is given. Blocks may be filled in any order; fake_finish lays them out.
#ifndef FAKE_TARGET_H
#define FAKE_TARGET_H

#include "mach/mach.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// cmocka.h wants those above before it.
#include <cmocka.h>
// clang-format on

typedef struct FakeInst {
    uint32_t block;
    MInst inst;
    uint32_t ops; // first of inst.num_operands in Fake.ops
} FakeInst;

typedef struct FakeEdge {
    uint32_t from;
    MEdge edge;
} FakeEdge;

typedef struct Fake {
    Arena arena;
    MFunc f;
    Target target;
    VEC(MRow) rows;
    VEC(FakeInst) insts;
    VEC(MOperand) ops;
    VEC(FakeEdge) edges;
    bool has_row; // the open instruction's row is complete
} Fake;

static const char *const fake_reg_names[64] = {
    "r0",  "r1",  "r2",  "r3",  "r4",  "r5",  "r6",  "r7",  "r8",  "r9",  "r10", "r11", "r12",
    "r13", "r14", "r15", "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25",
    "r26", "r27", "r28", "r29", "r30", "r31", "f0",  "f1",  "f2",  "f3",  "f4",  "f5",  "f6",
    "f7",  "f8",  "f9",  "f10", "f11", "f12", "f13", "f14", "f15", "f16", "f17", "f18", "f19",
    "f20", "f21", "f22", "f23", "f24", "f25", "f26", "f27", "f28", "f29", "f30", "f31"};

static inline const char *fake_reg_name(PReg reg, uint32_t bytes)
{
    (void)bytes;
    return fake_reg_names[reg];
}

static inline void fake_init(Fake *fake)
{
    memset(fake, 0, sizeof(*fake));
    fake->target.name = "fake";
    fake->target.reg_name = fake_reg_name;
    fake->target.row_args = UINT16_MAX;
    fake->f.arena = &fake->arena;
    fake->f.target = &fake->target;
    VEC_PUSH(&fake->arena, &fake->f.clobber_sets, 0);
}

static inline uint32_t fake_vreg(Fake *fake, RegClass class, uint32_t bytes)
{
    return mfunc_new_vreg(&fake->f, class, bytes).i;
}

static inline uint32_t fake_int(Fake *fake)
{
    return fake_vreg(fake, REG_INT, 8);
}

static inline uint32_t fake_block(Fake *fake)
{
    const MBlockData block = {.src = NO(Block)};
    VEC_PUSH(&fake->arena, &fake->f.blocks, block);
    return fake->f.blocks.len - 1;
}

// Parameters of a block, before any edge to it has arguments.
static inline void fake_params(Fake *fake, uint32_t block, const uint32_t *params, uint32_t num)
{
    fake->f.blocks.data[block].params = fake->f.edge_args.len;
    fake->f.blocks.data[block].num_params = num;
    for (uint32_t i = 0; i < num; i++)
        VEC_PUSH(&fake->arena, &fake->f.edge_args, params[i]);
}

static inline void fake_edge(Fake *fake, uint32_t from, uint32_t to, const uint32_t *args,
                             uint32_t num)
{
    const FakeEdge edge = {from, {{to}, fake->f.edge_args.len, num}};
    VEC_PUSH(&fake->arena, &fake->edges, edge);
    for (uint32_t i = 0; i < num; i++)
        VEC_PUSH(&fake->arena, &fake->f.edge_args, args[i]);
}

// Opens an instruction at the end of `block`; operands follow.
static inline void fake_inst(Fake *fake, uint32_t block, const char *name, uint16_t flags,
                             uint8_t flags_use)
{
    const MRow row = {.name = name, .asm_text = "", .flags = flags, .flags_use = flags_use};
    const FakeInst inst = {block, {.op = u16_from(fake->rows.len)}, fake->ops.len};
    VEC_PUSH(&fake->arena, &fake->rows, row);
    VEC_PUSH(&fake->arena, &fake->insts, inst);
    fake->has_row = false;
}

// Opens one more instruction of a row that there is.
static inline void fake_inst_again(Fake *fake, uint32_t block, uint32_t row)
{
    const FakeInst inst = {block, {.op = u16_from(row)}, fake->ops.len};
    VEC_PUSH(&fake->arena, &fake->insts, inst);
    fake->has_row = true;
}

static inline void fake_clobbers(Fake *fake, PRegSet clobbers)
{
    VEC_PUSH(&fake->arena, &fake->f.clobber_sets, clobbers);
    fake->insts.data[fake->insts.len - 1].inst.clobbers = u16_from(fake->f.clobber_sets.len - 1);
}

static inline void fake_operand(Fake *fake, MOperand op)
{
    FakeInst *const inst = &fake->insts.data[fake->insts.len - 1];
    MRow *const row = &fake->rows.data[fake->rows.len - 1];
    const VRegData *const data = &fake->f.vregs.data[op.vreg.i];
    const RowOperand shape = {.name = "op",
                              .kind = op.kind,
                              .class = data->class,
                              .pos = op.pos,
                              .constraint = op.constraint,
                              .reg = op.reg};
    if (!fake->has_row && row->num_operands < ROW_OPERANDS_MAX)
        row->operands[row->num_operands++] = shape;
    VEC_PUSH(&fake->arena, &fake->ops, op);
    inst->inst.num_operands = u8_from(fake->ops.len - inst->ops);
}

static inline void fake_use(Fake *fake, uint32_t vreg, OperandPos pos, Constraint constraint,
                            uint32_t reg)
{
    fake_operand(fake,
                 (MOperand){{vreg}, OPERAND_USE, (uint8_t)pos, (uint8_t)constraint, (uint8_t)reg});
}

static inline void fake_def(Fake *fake, uint32_t vreg, OperandPos pos, Constraint constraint,
                            uint32_t reg)
{
    fake_operand(fake,
                 (MOperand){{vreg}, OPERAND_DEF, (uint8_t)pos, (uint8_t)constraint, (uint8_t)reg});
}

static inline void fake_lay_out_insts(Fake *fake)
{
    MFunc *const f = &fake->f;
    uint32_t *const count = ARENA_ARRAY(&fake->arena, uint32_t, f->blocks.len + 1);
    for (uint32_t i = 0; i < fake->insts.len; i++)
        count[fake->insts.data[i].block + 1]++;
    VEC_PUSH_ZEROED(&fake->arena, &f->insts, fake->insts.len);
    for (uint32_t b = 0; b < f->blocks.len; b++) {
        count[b + 1] += count[b];
        f->blocks.data[b].first = f->blocks.data[b].end = count[b];
    }
    for (uint32_t i = 0; i < fake->insts.len; i++)
        f->insts.data[f->blocks.data[fake->insts.data[i].block].end++] = fake->insts.data[i].inst;
    // The operands in the order of creation would do, but order them as lowering does.
    for (uint32_t b = 0; b < f->blocks.len; b++)
        f->blocks.data[b].end = f->blocks.data[b].first;
    for (uint32_t i = 0; i < fake->insts.len; i++) {
        MInst *const inst = &f->insts.data[f->blocks.data[fake->insts.data[i].block].end++];
        inst->operands = f->operands.len;
        for (uint32_t k = 0; k < inst->num_operands; k++)
            VEC_PUSH(&fake->arena, &f->operands, fake->ops.data[fake->insts.data[i].ops + k]);
    }
}

static inline void fake_finish(Fake *fake)
{
    MFunc *const f = &fake->f;
    fake_lay_out_insts(fake);
    fake->target.rows = fake->rows.data;
    fake->target.num_rows = u16_from(fake->rows.len);
    for (uint32_t b = 0; b < f->blocks.len; b++)
        f->blocks.data[b].num_succs = f->blocks.data[b].num_preds = 0;
    for (uint32_t i = 0; i < fake->edges.len; i++) {
        f->blocks.data[fake->edges.data[i].from].num_succs++;
        f->blocks.data[fake->edges.data[i].edge.to.i].num_preds++;
    }
    uint32_t succ = 0, pred = 0;
    for (uint32_t b = 0; b < f->blocks.len; b++) {
        MBlockData *const block = &f->blocks.data[b];
        block->succs = succ;
        block->preds = pred;
        succ += block->num_succs;
        pred += block->num_preds;
        block->num_succs = block->num_preds = 0;
    }
    VEC_PUSH_ZEROED(&fake->arena, &f->edges, fake->edges.len);
    VEC_PUSH_ZEROED(&fake->arena, &f->pred_list, fake->edges.len);
    for (uint32_t i = 0; i < fake->edges.len; i++) {
        const FakeEdge *const edge = &fake->edges.data[i];
        MBlockData *const from = &f->blocks.data[edge->from];
        MBlockData *const to = &f->blocks.data[edge->edge.to.i];
        f->edges.data[from->succs + from->num_succs++] = edge->edge;
        f->pred_list.data[to->preds + to->num_preds++] = edge->from;
    }
}

static inline void fake_free(Fake *fake)
{
    arena_free(&fake->arena);
}

static inline void fake_show(Fake *fake)
{
    StrBuf text = {.arena = &fake->arena};
    mfunc_print(&fake->f, &text);
    fprintf(stderr, "%.*s", STR_ARG(buf_view(&text)));
}

#endif
