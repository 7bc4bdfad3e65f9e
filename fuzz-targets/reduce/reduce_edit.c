// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Changes of functions. None has to keep a meaning, only to keep the function well formed as far as
// it can; a candidate that is not is judged and dropped like any other.

#include "fuzz-targets/reduce/reduce_internal.h"

// ---- Uses ----

// The operand words of an instruction, to be written to.
static uint32_t *arg_words(Func *f, Inst inst, uint32_t *n)
{
    InstData *const data = &f->insts.data[inst.i];
    const FormatInfo *const format = &ir_formats[op_format((Opcode)data->op)];
    *n = format->list ? f->pool.data[data->w[3]] : format->values;
    return format->list ? f->pool.data + data->w[3] + 1 : data->w;
}

void edit_replace(Func *f, Value from, Value to)
{
    IR_FOR_BLOCKS (f, block)
        IR_FOR_INSTS (f, block, inst) {
            uint32_t n;
            uint32_t *const args = arg_words(f, inst, &n);
            for (uint32_t i = 0; i < n; i++)
                if (args[i] == from.i)
                    args[i] = to.i;
            const Span calls = inst_calls(f, inst);
            for (uint32_t c = 0; c < calls.len; c++) {
                const uint32_t list = f->calls.data[calls.data[c]].args;
                for (uint32_t i = 0; i < f->pool.data[list]; i++) {
                    const BlockArg arg = {f->pool.data[list + 1 + i]};
                    if (blockarg_kind(arg) == BLOCKARG_VALUE && blockarg_index(arg) == from.i)
                        f->pool.data[list + 1 + i] = blockarg_make(BLOCKARG_VALUE, to.i).bits;
                }
            }
        }
}

Bitset edit_used(const Func *f)
{
    Bitset used = bitset_new(f->arena, f->values.len + 1);
    IR_FOR_BLOCKS (f, block)
        IR_FOR_INSTS (f, block, inst) {
            const Span args = inst_args(f, inst), calls = inst_calls(f, inst);
            for (uint32_t i = 0; i < args.len; i++)
                bitset_add(&used, ir_resolve(f, (Value){args.data[i]}).i);
            for (uint32_t c = 0; c < calls.len; c++) {
                const Span list = call_args(f, calls.data[c]);
                for (uint32_t i = 0; i < list.len; i++)
                    if (blockarg_kind((BlockArg){list.data[i]}) == BLOCKARG_VALUE)
                        bitset_add(&used, blockarg_index((BlockArg){list.data[i]}));
            }
        }
    return used;
}

// ---- Constants ----

static Value insert(Func *f, Inst before, InstData data)
{
    const Inst inst = func_add_inst(f, &data, POS_NONE);
    func_make_results(f, inst);
    func_insert_before(f, before, inst);
    return inst_result(f, inst);
}

static Constant zero_bytes(Func *f, uint32_t size)
{
    static const uint8_t zeros[16];
    for (uint32_t i = 0; i < f->constants.len; i++)
        if (f->constants.data[i].size == size &&
            memcmp(f->constants.data[i].bytes, zeros, size) == 0)
            return (Constant){i};
    const ConstantData data = {zeros, size, true, POS_NONE};
    VEC_PUSH(f->arena, &f->constants, data);
    return (Constant){f->constants.len - 1};
}

Value edit_zero(Func *f, Inst before, Type type)
{
    if (type_is_dynamic(type) || type_bytes(type) > 16)
        return NO(Value);
    if (type_is_vector(type)) {
        const Constant zero = zero_bytes(f, type_bytes(type));
        return insert(f, before, (InstData){OP_VCONST, 0, type, {zero.i}});
    }
    switch ((int)type) {
    case TYPE_I128: {
        const Value x = insert(f, before, (InstData){.op = OP_ICONST, .ctrl = TYPE_I64});
        return insert(f, before, (InstData){OP_UEXTEND, 0, TYPE_I128, {x.i}});
    }
    case TYPE_F16: return insert(f, before, (InstData){.op = OP_F16CONST});
    case TYPE_F32: return insert(f, before, (InstData){.op = OP_F32CONST});
    case TYPE_F64: return insert(f, before, (InstData){.op = OP_F64CONST});
    case TYPE_F128: {
        const Constant zero = zero_bytes(f, 16);
        return insert(f, before, (InstData){.op = OP_F128CONST, .w = {zero.i}});
    }
    default: return insert(f, before, (InstData){.op = OP_ICONST, .ctrl = type});
    }
}

bool edit_is_constant(const Func *f, Inst inst)
{
    switch ((int)inst_format(f, inst)) {
    case FMT_UNARY_IMM:
    case FMT_UNARY_IEEE16:
    case FMT_UNARY_IEEE32:
    case FMT_UNARY_IEEE64:
    case FMT_UNARY_CONST: return true;
    case FMT_UNARY: { // a zero of 128 bits
        const Value x = {inst_args(f, inst).data[0]};
        return inst_op(f, inst) == OP_UEXTEND && func_inst(f, inst)->ctrl == TYPE_I128 &&
               value_kind(f, x) == VALUE_RESULT && edit_is_constant(f, (Inst){value_def(f, x)});
    }
    default: return false;
    }
}

// ---- Instructions ----

bool edit_remove(Func *f, Inst inst)
{
    const Span span = inst_results(f, inst);
    uint32_t results[8];
    const uint32_t n = span.len;
    if ((ir_ops[inst_op(f, inst)].flags & OPF_TERMINATOR) != 0 || n > 8)
        return false;
    for (uint32_t i = 0; i < n; i++)
        results[i] = span.data[i];
    const Bitset used = edit_used(f);
    for (uint32_t i = 0; i < n; i++) {
        if (!bitset_has(&used, results[i]))
            continue;
        const Value zero = edit_zero(f, inst, value_type(f, (Value){results[i]}));
        if (zero.i == NO_INDEX)
            return false;
        edit_replace(f, (Value){results[i]}, zero);
    }
    func_remove_inst(f, inst);
    return true;
}

bool edit_jump(Func *f, Inst inst, uint32_t n)
{
    const Span calls = inst_calls(f, inst);
    const Opcode op = inst_op(f, inst);
    if (n >= calls.len || op == OP_JUMP || ir_formats[inst_format(f, inst)].calls == CALLS_EXTABLE)
        return false;
    f->insts.data[inst.i] = (InstData){.op = OP_JUMP, .w = {0, calls.data[n], 0, 0}};
    return true;
}

bool edit_return(Func *f, Inst inst)
{
    uint32_t values[64];
    const uint32_t n = f->sig.num_returns;
    if (inst_op(f, inst) == OP_RETURN || n > 64)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        values[i] = edit_zero(f, inst, f->sig.returns[i].type).i;
        if (values[i] == NO_INDEX)
            return false;
    }
    const uint32_t list = func_add_list(f, values, n);
    f->insts.data[inst.i] = (InstData){.op = OP_RETURN, .w = {0, 0, 0, list}};
    return true;
}

// ---- Block parameters ----

static void drop_arg(Func *f, uint32_t call, uint32_t n)
{
    BlockArg args[256];
    const Span old = call_args(f, call);
    uint32_t num = 0;
    ASSERT(old.len <= 256);
    for (uint32_t i = 0; i < old.len; i++)
        if (i != n)
            args[num++] = (BlockArg){old.data[i]};
    func_set_call_args(f, call, args, num);
}

bool edit_remove_param(Func *f, Block block, uint32_t n)
{
    const Inst first = f->blocks.data[block.i].first;
    const Span params = block_params(f, block);
    if (n >= params.len || first.i == NO_INDEX || params.len > 256)
        return false;
    const Value param = {params.data[n]};
    const Value zero = edit_zero(f, first, value_type(f, param));
    if (zero.i == NO_INDEX)
        return false;
    edit_replace(f, param, zero);
    func_remove_param(f, block, n);
    for (uint32_t c = 0; c < f->calls.len; c++)
        if (f->calls.data[c].block.i == block.i && n < call_args(f, c).len)
            drop_arg(f, c, n);
    return true;
}

// ---- Cleaning up ----

void edit_remove_block(Func *f, Block block)
{
    func_remove_block(f, block);
    f->blocks.data[block.i].declared = false;
}

static void remove_unreachable(Func *f)
{
    Bitset reached = bitset_new(f->arena, f->blocks.len);
    VEC(uint32_t) work = {0};
    if (f->first_block.i == NO_INDEX)
        return;
    bitset_add(&reached, f->first_block.i);
    VEC_PUSH(f->arena, &work, f->first_block.i);
    while (work.len != 0) {
        const Inst last = f->blocks.data[work.data[--work.len]].last;
        const Span calls = last.i == NO_INDEX ? (Span){NULL, 0} : inst_calls(f, last);
        for (uint32_t c = 0; c < calls.len; c++) {
            const uint32_t to = f->calls.data[calls.data[c]].block.i;
            if (bitset_has(&reached, to))
                continue;
            bitset_add(&reached, to);
            VEC_PUSH(f->arena, &work, to);
        }
    }
    for (Block b = f->first_block, next; b.i != NO_INDEX; b = next) {
        next = f->blocks.data[b.i].next;
        if (!bitset_has(&reached, b.i))
            edit_remove_block(f, b);
    }
}

// Instructions without effect whose results nobody uses.
static void remove_unused(Func *f)
{
    const uint16_t effects =
        OPF_TERMINATOR | OPF_CALL | OPF_LOAD | OPF_STORE | OPF_TRAP | OPF_EFFECT;
    for (bool changed = true; changed;) {
        const Bitset used = edit_used(f);
        changed = false;
        IR_FOR_BLOCKS (f, block)
            for (Inst inst = f->blocks.data[block.i].first, next; inst.i != NO_INDEX; inst = next) {
                const Span results = inst_results(f, inst);
                next = f->nodes.data[inst.i].next;
                bool needed = (ir_ops[inst_op(f, inst)].flags & effects) != 0;
                for (uint32_t i = 0; i < results.len; i++)
                    needed = needed || bitset_has(&used, results.data[i]);
                if (needed)
                    continue;
                func_remove_inst(f, inst);
                changed = true;
            }
    }
}

void edit_declarations(Func *f)
{
    Bitset slots = bitset_new(f->arena, f->slots.len + 1);
    Bitset funcs = bitset_new(f->arena, f->funcs.len + 1);
    Bitset sigs = bitset_new(f->arena, f->sigs.len + 1);
    Bitset constants = bitset_new(f->arena, f->constants.len + 1);
    IR_FOR_BLOCKS (f, block)
        IR_FOR_INSTS (f, block, inst) {
            const InstData *const data = func_inst(f, inst);
            switch ((int)inst_format(f, inst)) {
            case FMT_STACK_ADDR: bitset_add(&slots, data->w[0]); break;
            case FMT_UNARY_CONST: bitset_add(&constants, data->w[0]); break;
            case FMT_CALL:
            case FMT_TRY_CALL:
            case FMT_FUNC_ADDR: bitset_add(&funcs, data->w[0]); break;
            case FMT_CALL_INDIRECT: bitset_add(&sigs, data->w[0]); break;
            case FMT_TRY_CALL_INDIRECT: return; // the table says
            default: break;
            }
        }
    while (f->slots.len != 0 && !bitset_has(&slots, f->slots.len - 1))
        f->slots.len--; // gaps are printed
    for (uint32_t i = 0; i < f->constants.len; i++)
        f->constants.data[i].declared = bitset_has(&constants, i);
    for (uint32_t i = 0; i < f->funcs.len; i++) {
        ExtFuncData *const func = &f->funcs.data[i];
        func->declared = func->declared && bitset_has(&funcs, i);
        if (func->declared)
            bitset_add(&sigs, func->sig.i);
    }
    for (uint32_t i = 0; i < f->sigs.len && f->extables.len == 0; i++)
        f->sigs.data[i].declared = f->sigs.data[i].declared && bitset_has(&sigs, i);
}

uint32_t edit_count_edges(const Func *f, Block to)
{
    uint32_t count = 0;
    IR_FOR_BLOCKS (f, block) {
        const Inst last = f->blocks.data[block.i].last;
        const Span calls = last.i == NO_INDEX ? (Span){NULL, 0} : inst_calls(f, last);
        for (uint32_t c = 0; c < calls.len; c++)
            count += f->calls.data[calls.data[c]].block.i == to.i;
    }
    return count;
}

// Appends the block that `block` alone jumps to.
static bool join(Func *f, Block block)
{
    const Inst last = f->blocks.data[block.i].last;
    if (last.i == NO_INDEX || inst_op(f, last) != OP_JUMP)
        return false;
    const uint32_t call = func_inst(f, last)->w[1];
    const Block to = f->calls.data[call].block;
    if (to.i == block.i || to.i == f->first_block.i || edit_count_edges(f, to) != 1)
        return false;
    while (block_params(f, to).len != 0) {
        const BlockArg arg = {call_args(f, call).data[0]};
        edit_replace(f, (Value){block_params(f, to).data[0]}, (Value){blockarg_index(arg)});
        func_remove_param(f, to, 0);
        drop_arg(f, call, 0);
    }
    func_remove_inst(f, last);
    for (Inst inst = f->blocks.data[to.i].first, next; inst.i != NO_INDEX; inst = next) {
        next = f->nodes.data[inst.i].next;
        func_remove_inst(f, inst);
        func_append_inst(f, block, inst);
    }
    edit_remove_block(f, to);
    return true;
}

void edit_clean(Func *f, bool join_blocks)
{
    remove_unreachable(f);
    for (bool changed = join_blocks; changed;) {
        changed = false;
        IR_FOR_BLOCKS (f, block)
            if (join(f, block)) {
                changed = true;
                break;
            }
    }
    remove_unused(f);
    edit_declarations(f);
}
