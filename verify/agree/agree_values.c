// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is in registers, flags and operands of a row that is tried, as values of its meaning.

#include "verify/agree/agree_internal.h"

static IsleSym symbol(Rows *r, const char *name)
{
    return strtable_add(r->isle->arena, &r->isle->symbols, str_from(name));
}

void agree_find_names(Rows *r)
{
    Names *const n = &r->names;
    *n = (Names){.is_mem = symbol(r, "is_mem"),
                 .reg = symbol(r, "reg"),
                 .mem = symbol(r, "mem"),
                 .address = symbol(r, "address"),
                 .trap = symbol(r, "trap"),
                 .lo = symbol(r, "lo"),
                 .hi = symbol(r, "hi"),
                 .flags = symbol(r, "flags"),
                 .frame_pointer = symbol(r, "frame_pointer"),
                 .stack_pointer = symbol(r, "stack_pointer"),
                 .return_address = symbol(r, "return_address"),
                 .pinned_register = symbol(r, "pinned_register"),
                 .num_targets = symbol(r, "num_targets")};
    r->num_flags = rows_flags(r->isle, n->flag);
}

static Concrete record(Rows *r, const IsleSym *names, const Concrete *fields, uint32_t count)
{
    IsleSym *const kept_names = ARENA_ARRAY(r->scratch, IsleSym, count);
    Concrete *const kept = ARENA_ARRAY(r->scratch, Concrete, count);
    copy_bytes(kept_names, names, count * sizeof(*names));
    copy_bytes(kept, fields, count * sizeof(*fields));
    return concrete_struct(kept_names, kept, count);
}

static Concrete register_value(const GuestRegs *regs, PReg reg)
{
    Wide bits = {{0}};
    if (preg_class(reg) == REG_INT)
        return concrete_u64(64, regs->ints[preg_number(reg)]);
    memcpy(bits.w, regs->floats[preg_number(reg)], 16); // the host is little-endian
    return concrete_bv(128, bits);
}

static Concrete flags_value(Rows *r, const GuestRegs *regs)
{
    Concrete fields[ROWS_FLAGS_MAX];
    for (uint32_t i = 0; i < r->num_flags; i++)
        fields[i] = concrete_u64(1, regs->flags >> r->flag_bits[i]);
    return record(r, r->names.flag, fields, r->num_flags);
}

static Concrete amode_value(Rows *r, const RowCase *c)
{
    const IsleSym names[] = {r->names.address, r->names.trap};
    const PReg reg = c->on_stack ? r->target->stack_pointer : c->base;
    const uint64_t base = case_memory(c) < 0 ? 0 : r->before.ints[preg_number(reg)];
    const Concrete fields[] = {concrete_u64(64, base + (uint64_t)(int64_t)c->disp),
                               concrete_u64(8, CASE_TRAP)};
    return record(r, names, fields, 2);
}

static Concrete operand_value(Rows *r, const RowCase *c, uint32_t k)
{
    const RowOperand *const operand = &r->row->operands[k];
    if (operand->kind == OPERAND_MEM)
        return amode_value(r, c);
    if (operand->kind != OPERAND_RM)
        return register_value(&r->before, c->regs[k]);
    const IsleSym names[] = {r->names.is_mem, r->names.reg, r->names.mem};
    const Concrete reg = c->in_memory ? concrete_open(operand->class == REG_FLOAT ? 128 : 64)
                                      : register_value(&r->before, c->regs[k]);
    const Concrete fields[] = {concrete_bool(c->in_memory), reg, amode_value(r, c)};
    return record(r, names, fields, 3);
}

Concrete agree_param_value(Rows *r, const RowCase *c, const RowParam *param)
{
    switch (param->kind) {
    case ROW_PARAM_OPERAND: return operand_value(r, c, param->operand);
    case ROW_PARAM_SIZE: return concrete_u64(8, c->size);
    case ROW_PARAM_IMM: return concrete_u64(64, (uint64_t)c->imm);
    case ROW_PARAM_IMM2: return concrete_u64(64, (uint64_t)c->imm2);
    case ROW_PARAM_COND: return concrete_u64(8, c->cc);
    case ROW_PARAM_TRAP: return concrete_u64(8, CASE_TRAP);
    case ROW_PARAM_FLAGS: return flags_value(r, &r->before);
    }
    UNREACHABLE();
}

Concrete agree_result_value(Rows *r, const RowCase *c)
{
    Concrete defs[2] = {concrete_unit(), concrete_unit()};
    uint32_t count = 0;
    for (uint32_t k = 0; k < r->row->num_operands && count < 2; k++)
        if (r->row->operands[k].kind == OPERAND_DEF && r->row->operands[k].name[0] != '_')
            defs[count++] = register_value(&r->after, c->regs[k]);
    if (str_eq(r->ret, STR("Flags")))
        return flags_value(r, &r->after);
    if (str_eq(r->ret, STR("GprFlags"))) {
        const IsleSym names[] = {r->names.reg, r->names.flags};
        const Concrete fields[] = {defs[0], flags_value(r, &r->after)};
        return record(r, names, fields, 2);
    }
    if (str_eq(r->ret, STR("RegPairFlags"))) {
        const IsleSym names[] = {r->names.lo, r->names.hi, r->names.flags};
        const Concrete fields[] = {defs[0], defs[1], flags_value(r, &r->after)};
        return record(r, names, fields, 3);
    }
    if (str_eq(r->ret, STR("RegPair"))) {
        const IsleSym names[] = {r->names.lo, r->names.hi};
        return record(r, names, defs, 2);
    }
    return defs[0];
}
