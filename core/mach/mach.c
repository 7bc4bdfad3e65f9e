// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Machine functions: rows, new registers, and their text.

#include "mach/mach.h"

const MRow *minst_row(const MFunc *f, const MInst *inst)
{
    ASSERT(inst->op < f->target->num_rows);
    return &f->target->rows[inst->op];
}

VReg mfunc_new_vreg(MFunc *f, RegClass class, uint32_t bytes)
{
    ASSERT(bytes == 8 || bytes == 16);
    const VRegData data = {(uint8_t) class, (uint8_t)bytes};
    VEC_PUSH(f->arena, &f->vregs, data);
    return (VReg){f->vregs.len - 1};
}

// ---- Text ----

static void print_reg(const MFunc *f, PReg reg, StrBuf *out)
{
    buf_puts(out, f->target->reg_name(reg, preg_class(reg) == REG_INT ? 8 : 16));
}

static void print_alloc(const MFunc *f, Alloc alloc, StrBuf *out)
{
    if (alloc_is_reg(alloc))
        print_reg(f, alloc_preg(alloc), out);
    else if (alloc_is_slot(alloc))
        buf_printf(out, "slot%u", alloc_slot_number(alloc));
    else
        buf_char(out, '-');
}

static void print_vreg(uint32_t vreg, StrBuf *out)
{
    if (vreg == NO_INDEX)
        buf_char(out, '_');
    else
        buf_printf(out, "%%%u", vreg);
}

static void print_operand(const MFunc *f, const MInst *inst, uint32_t k, StrBuf *out)
{
    const MOperand *const op = &f->operands.data[inst->operands + k];
    print_vreg(op->vreg.i, out);
    if (op->vreg.i == NO_INDEX)
        return;
    if (f->allocs) {
        buf_char(out, ':');
        print_alloc(f, f->allocs[inst->operands + k], out);
        return;
    }
    switch ((Constraint)op->constraint) {
    case CONSTRAINT_REG: break;
    case CONSTRAINT_ANY: buf_puts(out, "?"); break;
    case CONSTRAINT_FIXED:
        buf_char(out, '=');
        print_reg(f, op->reg, out);
        break;
    case CONSTRAINT_REUSE: buf_printf(out, "=#%u", op->reg); break;
    }
    if (op->kind == OPERAND_DEF && op->pos == POS_EARLY)
        buf_puts(out, "^early");
    if (op->kind == OPERAND_USE && op->pos == POS_LATE)
        buf_puts(out, "^late");
}

static void print_memory(const MFunc *f, const MInst *inst, StrBuf *out)
{
    buf_puts(out, " [");
    switch ((AmodeKind)inst->amode) {
    case AMODE_NONE:
    case AMODE_BASE:
    case AMODE_INDEX: break;
    case AMODE_INDEX_UXTW: buf_puts(out, "uxtw "); break;
    case AMODE_INDEX_SXTW: buf_puts(out, "sxtw "); break;
    case AMODE_STACK_SLOT: buf_puts(out, "stack "); break;
    case AMODE_INCOMING: buf_puts(out, "incoming "); break;
    case AMODE_OUTGOING: buf_puts(out, "outgoing "); break;
    case AMODE_SPILL: buf_puts(out, "spill "); break;
    case AMODE_CONSTANT: buf_printf(out, "constant %u ", inst->target); break;
    case AMODE_SYMBOL: buf_printf(out, "symbol %u ", inst->target); break;
    }
    print_operand(f, inst, inst->mem_operand, out);
    if (f->operands.data[inst->operands + inst->mem_operand + 1].vreg.i != NO_INDEX) {
        buf_puts(out, " + ");
        print_operand(f, inst, inst->mem_operand + 1u, out);
        buf_printf(out, " << %u", inst->scale);
    }
    if (inst->disp != 0)
        buf_printf(out, " %c %u", inst->disp < 0 ? '-' : '+',
                   inst->disp < 0 ? 0u - (uint32_t)inst->disp : (uint32_t)inst->disp);
    buf_char(out, ']');
}

static void print_operands(const MFunc *f, const MInst *inst, OperandKind kind, StrBuf *out)
{
    const char *separator = kind == OPERAND_DEF ? "" : " ";
    for (uint32_t k = 0; k < inst->num_operands; k++) {
        const bool memory =
            inst->amode != AMODE_NONE && (k == inst->mem_operand || k == inst->mem_operand + 1u);
        if (memory || f->operands.data[inst->operands + k].kind != kind)
            continue;
        buf_puts(out, separator);
        separator = ", ";
        print_operand(f, inst, k, out);
    }
    if (kind == OPERAND_DEF && separator[0] == ',')
        buf_puts(out, " = ");
}

static void print_inst(const MFunc *f, const MInst *inst, StrBuf *out)
{
    buf_puts(out, "  ");
    print_operands(f, inst, OPERAND_DEF, out);
    buf_puts(out, minst_row(f, inst)->name);
    if (inst->size != 0)
        buf_printf(out, ".%u", inst->size * 8u);
    print_operands(f, inst, OPERAND_USE, out);
    if (inst->cc != 0)
        buf_printf(out, " cc %u", inst->cc);
    if (inst->imm != 0)
        buf_printf(out, " imm %lld", (long long)inst->imm);
    if (inst->amode != AMODE_NONE)
        print_memory(f, inst, out);
    buf_char(out, '\n');
}

static void print_list(const MFunc *f, uint32_t first, uint32_t len, StrBuf *out)
{
    buf_char(out, '(');
    for (uint32_t i = 0; i < len; i++) {
        if (i != 0)
            buf_puts(out, ", ");
        print_vreg(f->edge_args.data[first + i], out);
    }
    buf_char(out, ')');
}

static void print_block_head(const MFunc *f, uint32_t b, StrBuf *out)
{
    const MBlockData *const block = &f->blocks.data[b];
    buf_printf(out, "mblock%u", b);
    print_list(f, block->params, block->num_params, out);
    buf_puts(out, ":");
    for (uint32_t i = 0; i < block->num_preds; i++)
        buf_printf(out, "%s%u", i == 0 ? " ; from " : ", ", f->pred_list.data[block->preds + i]);
    if (block->loop_depth != 0)
        buf_printf(out, " ; loop depth %u", block->loop_depth);
    if (block->cold)
        buf_puts(out, " ; cold");
    buf_char(out, '\n');
}

static void print_moves(const MFunc *f, uint32_t inst, uint32_t *move, StrBuf *out)
{
    for (; *move < f->moves.len && f->moves.data[*move].before == inst; ++*move) {
        const MMove *const m = &f->moves.data[*move];
        buf_puts(out, "    ");
        print_alloc(f, m->to, out);
        buf_puts(out, " <- ");
        if (m->remat == NO_INDEX)
            print_alloc(f, m->from, out);
        else
            buf_printf(out, "inst %u", m->remat);
        buf_puts(out, " (");
        print_vreg(m->vreg.i, out);
        buf_puts(out, ")\n");
    }
}

void mfunc_print(const MFunc *f, StrBuf *out)
{
    uint32_t move = 0;
    for (uint32_t b = 0; b < f->blocks.len; b++) {
        const MBlockData *const block = &f->blocks.data[b];
        print_block_head(f, b, out);
        for (uint32_t i = block->first; i < block->end; i++) {
            print_moves(f, i, &move, out);
            print_inst(f, &f->insts.data[i], out);
        }
        for (uint32_t i = 0; i < block->num_succs; i++) {
            const MEdge *const edge = &f->edges.data[block->succs + i];
            buf_printf(out, "    -> mblock%u", edge->to.i);
            print_list(f, edge->args, edge->num_args, out);
            buf_char(out, '\n');
        }
    }
}
