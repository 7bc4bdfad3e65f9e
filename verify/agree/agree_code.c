// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code around one instruction, made by the target's own emission, so that instructions that are
// short sequences are tried like the others:
//
//     the instruction           conditional traps go to stubs below
//     trap      END
//     trap      successor 0     branches go here
//     trap      successor 1
//     ...
//
// Every way out is an instruction that always traps; where the CPU stops says which was taken.

#include "emit/emit.h"
#include "verify/agree/agree_internal.h"

enum { MARK_END = 1000, MARK_SUCCESSOR = 2000 };

int32_t case_memory(const RowCase *c)
{
    const MRow *const row = &c->target->rows[c->op];
    for (int32_t k = 0; k < row->num_operands; k++)
        if (row->operands[k].kind == OPERAND_MEM ||
            (row->operands[k].kind == OPERAND_RM && c->in_memory))
            return k;
    return -1;
}

// ---- Registers ----

static bool pick(PRegSet *free, RegClass class, Samples *s, PReg *out)
{
    PReg candidates[64];
    uint32_t count = 0;
    for (uint32_t n = 0; n < 32; n++)
        if ((*free & preg_bit(PREG(class, n))) != 0)
            candidates[count++] = PREG(class, n);
    if (count == 0)
        return false;
    *out = candidates[sample_below(s, count)];
    *free &= ~preg_bit(*out);
    return true;
}

bool case_registers(RowCase *c, Samples *s)
{
    const MRow *const row = &c->target->rows[c->op];
    PRegSet free = c->target->allocatable & ~preg_bit(c->target->frame_pointer) &
                   ~preg_bit(c->target->stack_pointer);
    if (c->target->pinned != PREG_NONE)
        free &= ~preg_bit(c->target->pinned);
    for (uint32_t k = 0; k < row->num_operands; k++)
        if (row->operands[k].constraint == CONSTRAINT_FIXED) {
            c->regs[k] = row->operands[k].reg;
            free &= ~preg_bit(c->regs[k]);
        }
    for (uint32_t k = 0; k < row->num_operands; k++) {
        const RowOperand *const operand = &row->operands[k];
        if (operand->constraint == CONSTRAINT_FIXED || operand->constraint == CONSTRAINT_REUSE)
            continue;
        if ((int32_t)k != case_memory(c) && !pick(&free, (RegClass)operand->class, s, &c->regs[k]))
            return false;
    }
    for (uint32_t k = 0; k < row->num_operands; k++)
        if (row->operands[k].constraint == CONSTRAINT_REUSE)
            c->regs[k] = c->regs[row->operands[k].reg];
    return case_memory(c) < 0 || pick(&free, REG_INT, s, &c->base);
}

// ---- Code ----

static void add_operand(MFunc *f, Alloc *allocs, PReg reg)
{
    const VReg vreg = reg == PREG_NONE ? NO(VReg) : (VReg){f->operands.len};
    const MOperand operand = {.vreg = vreg};
    allocs[f->operands.len] = reg == PREG_NONE ? ALLOC_NONE : alloc_reg(reg);
    VEC_PUSH(f->arena, &f->operands, operand);
}

static MFunc function_of(const RowCase *c, Arena *arena)
{
    const MRow *const row = &c->target->rows[c->op];
    MFunc f = {.arena = arena, .target = c->target};
    MInst inst = {.op = c->op,
                  .size = c->size,
                  .cc = c->cc,
                  .imm = c->imm,
                  .disp = (int32_t)c->imm2,
                  .trap = CASE_TRAP};
    f.allocs = ARENA_ARRAY(arena, Alloc, ROW_OPERANDS_MAX + 2);
    for (uint32_t k = 0; k < row->num_operands; k++) {
        if ((int32_t)k != case_memory(c)) {
            add_operand(&f, f.allocs, c->regs[k]);
            continue;
        }
        inst.mem_operand = (uint8_t)f.operands.len;
        inst.amode = c->on_stack ? AMODE_STACK_SLOT : AMODE_BASE;
        inst.disp = c->disp;
        add_operand(&f, f.allocs, c->base);
        add_operand(&f, f.allocs, PREG_NONE);
    }
    inst.num_operands = (uint8_t)f.operands.len;
    const MInst reader = {.op = rows_flag_reader(c->target)};
    VEC_PUSH(arena, &f.insts, inst);
    VEC_PUSH(arena, &f.insts, reader);
    const MBlockData entry = {.end = 2, .num_succs = CASE_SUCCESSORS};
    VEC_PUSH(arena, &f.blocks, entry);
    for (uint32_t i = 0; i < CASE_SUCCESSORS; i++) {
        const MEdge edge = {.to = {i + 1}};
        const MBlockData block = {.first = 2, .end = 2};
        VEC_PUSH(arena, &f.edges, edge);
        VEC_PUSH(arena, &f.blocks, block);
    }
    return f;
}

static void put_mark(EmitCtx *ctx, TrapCode code, uint32_t mark)
{
    codebuf_trap(ctx->buf, code, (Inst){mark});
    ctx->f->target->emit_trap(ctx);
}

CaseCode case_code(const RowCase *c, Arena *arena)
{
    const MFunc f = function_of(c, arena);
    CodeBuffer buf = {.arena = arena, .scratch = arena};
    EmitCtx ctx = {.buf = &buf, .f = &f, .next = NO(MBlock), .frame = {.frame_pointer = true}};
    ctx.blocks = ARENA_ARRAY(arena, Label, f.blocks.len);
    for (uint32_t b = 0; b < f.blocks.len; b++)
        ctx.blocks[b] = codebuf_label(&buf);
    codebuf_bind(&buf, ctx.blocks[0]);
    c->target->emit_inst(&ctx, &f.insts.data[0]);
    put_mark(&ctx, 1, MARK_END);
    for (uint32_t i = 0; i < CASE_SUCCESSORS; i++) {
        codebuf_bind(&buf, ctx.blocks[i + 1]);
        put_mark(&ctx, 1, MARK_SUCCESSOR + i);
    }
    for (uint32_t i = 0; i < ctx.stubs.len; i++) {
        codebuf_bind(&buf, ctx.stubs.data[i].label);
        put_mark(&ctx, ctx.stubs.data[i].code, 0);
    }
    const bool reached = codebuf_finish(&buf);
    ASSERT(reached);
    return (CaseCode){buf.bytes.data, buf.bytes.len, buf.traps.data, buf.traps.len};
}

CaseStop case_stop(const CaseCode *code, uint64_t pc, uint32_t *number)
{
    *number = 0;
    for (uint32_t i = 0; i < code->num_sites; i++) {
        const TrapSite *const site = &code->sites[i];
        if (pc != MACHINE_CODE + site->offset)
            continue;
        if (site->inst.i == MARK_END)
            return CASE_END;
        *number = site->inst.i >= MARK_SUCCESSOR ? site->inst.i - MARK_SUCCESSOR : site->code;
        return site->inst.i >= MARK_SUCCESSOR ? CASE_SUCCESSOR : CASE_TRAPPED;
    }
    return CASE_LOST;
}
