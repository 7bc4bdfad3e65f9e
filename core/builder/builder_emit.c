// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Instructions without block calls: one function for each family of formats, and the check of
// operands against the opcode's row that all share.

#include "builder/builder_emit.h"

// ---- Checks ----

static const char *type_text(Builder *b, Type type)
{
    return type == TYPE_INVALID ? "no type"
                                : str_copy(&b->scratch, type_name(&b->scratch, type)).data;
}

// What constraint `c` asks for, in words.
static const char *constraint_text(Builder *b, TypeConstraint c, Type ctrl)
{
    const Type exact = op_constraint_type(c, ctrl);
    if (exact != TYPE_INVALID)
        return type_text(b, exact);
    if (c == TC_NARROWER)
        return str_printf(&b->scratch, "a type narrower than %s", type_text(b, ctrl)).data;
    if (c == TC_WIDER)
        return str_printf(&b->scratch, "a type wider than %s", type_text(b, ctrl)).data;
    return "a type of another kind";
}

// Finds the controlling type where operands give it; false: an operand's type is broken already.
static bool find_ctrl(Builder *b, InstData *data)
{
    const OpInfo *const op = &ir_ops[data->op];
    const FormatInfo *const format = &ir_formats[op->format];
    if (op->ctrl != CTRL_OPERAND)
        return true;
    const uint32_t *const args = format->list ? func_list(b->func, data->w[3]).data : data->w;
    data->ctrl = b->func->values.data[args[format->ctrl]].type;
    return data->ctrl != TYPE_INVALID;
}

static void check_operand(Builder *b, const InstData *data, uint32_t num, Value x)
{
    const OpInfo *const op = &ir_ops[data->op];
    const TypeConstraint c = (TypeConstraint)op->args[num];
    const Type type = b->func->values.data[x.i].type;
    if (type == TYPE_INVALID || op_constraint_allows(c, data->ctrl, type))
        return;
    builder_problem(b, STATUS_INVALID, "%s: operand %u, v%u, is of type %s; wanted: %s", op->name,
                    num, x.i, type_text(b, type), constraint_text(b, c, data->ctrl));
}

// Whether the opcode's row has `ctrl`, and gives each result a type (256 lanes can't be split).
static bool exists_for(Opcode op, Type ctrl)
{
    if (!typeset_has((TypeSet)ir_ops[op].types, ctrl))
        return false;
    for (uint32_t r = 0; r < op_fixed_results(op); r++)
        if (op_constraint_type((TypeConstraint)ir_ops[op].results[r], ctrl) == TYPE_INVALID)
            return false;
    return true;
}

static void check_types(Builder *b, InstData *data)
{
    const OpInfo *const op = &ir_ops[data->op];
    const FormatInfo *const format = &ir_formats[op->format];
    if (!find_ctrl(b, data))
        return;
    if (op->ctrl != CTRL_NONE && !exists_for((Opcode)data->op, data->ctrl)) {
        builder_problem(b, STATUS_INVALID, "%s does not exist for %s", op->name,
                        type_text(b, data->ctrl));
        return;
    }
    if (op->ctrl == CTRL_NONE && data->ctrl != TYPE_INVALID)
        builder_problem(b, STATUS_INVALID, "%s takes no type", op->name);
    for (uint32_t i = 0; i < format->values; i++)
        check_operand(b, data, i, (Value){data->w[i]});
}

void builder_check_list(Builder *b, const char *what, const AbiParam *wanted, uint32_t n,
                        ValueList given)
{
    if (given.len != n) {
        builder_problem(b, STATUS_INVALID, "%s: %u values are given where %u are wanted", what,
                        given.len, n);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const Type type = b->func->values.data[given.data[i].i].type;
        if (type != wanted[i].type && type != TYPE_INVALID)
            builder_problem(b, STATUS_INVALID, "%s: value %u, v%u, is of type %s; wanted: %s", what,
                            i, given.data[i].i, type_text(b, type), type_text(b, wanted[i].type));
    }
}

// ---- Emission ----

// Puts the srcloc beside the newest instruction, making the column when it is the first.
static void attach_srcloc(Builder *b)
{
    Func *const f = b->func;
    while (f->srclocs.len < f->insts.len)
        VEC_PUSH(f->arena, &f->srclocs, NO_INDEX);
    f->srclocs.data[f->insts.len - 1] = b->srcloc;
}

Inst builder_emit(Builder *b, InstData data)
{
    Func *const f = b->func;
    ASSERT(f && data.op < OP_COUNT);
    const FormatInfo *const format = &ir_formats[ir_ops[data.op].format];
    for (uint32_t i = 0; i < format->values; i++)
        builder_assert_value(b, (Value){data.w[i]});
    check_types(b, &data);
    const Inst inst = func_add_inst(f, &data, b->pos);
    func_make_results(f, inst);
    if (b->srcloc != NO_INDEX)
        attach_srcloc(b);
    b->last = inst;
    BlockState *const state = &b->blocks.data[b->current.i];
    if (state->filled) {
        builder_problem(b, STATUS_INVALID, "%s stands behind the terminator of block%u",
                        ir_ops[data.op].name, b->current.i);
        return inst;
    }
    func_append_inst(f, b->current, inst);
    state->filled = (ir_ops[data.op].flags & OPF_TERMINATOR) != 0;
    return inst;
}

static Value emit(Builder *b, InstData data)
{
    return inst_result(b->func, builder_emit(b, data));
}

// Asserts that `op` is of `format`: the opcode was handed to the right function.
static void want_format(Opcode op, Format format)
{
    ASSERT(op < OP_COUNT && op_format(op) == format);
}

Inst builder_last(const Builder *b)
{
    ASSERT(b->func && b->last.i != NO_INDEX);
    return b->last;
}

Value builder_result(const Builder *b, uint32_t num)
{
    const Span results = inst_results(b->func, builder_last(b));
    ASSERT(num < results.len);
    return (Value){results.data[num]};
}

// ---- Values in, value out ----

Value builder_nullary(Builder *b, Opcode op, Type type)
{
    want_format(op, FMT_NULL_ARY);
    return emit(b, (InstData){.op = (uint8_t)op, .ctrl = type});
}

Value builder_unary(Builder *b, Opcode op, Type type, Value x)
{
    want_format(op, FMT_UNARY);
    return emit(b, (InstData){(uint8_t)op, 0, type, {x.i}});
}

Value builder_binary(Builder *b, Opcode op, Value x, Value y)
{
    want_format(op, FMT_BINARY);
    return emit(b, (InstData){(uint8_t)op, 0, TYPE_INVALID, {x.i, y.i}});
}

Value builder_ternary(Builder *b, Opcode op, Value x, Value y, Value z)
{
    want_format(op, FMT_TERNARY);
    return emit(b, (InstData){(uint8_t)op, 0, TYPE_INVALID, {x.i, y.i, z.i}});
}

Value builder_binary_imm8(Builder *b, Opcode op, Value x, uint8_t imm)
{
    want_format(op, FMT_BINARY_IMM8);
    return emit(b, (InstData){(uint8_t)op, imm, TYPE_INVALID, {x.i}});
}

Value builder_ternary_imm8(Builder *b, Opcode op, Value x, Value y, uint8_t imm)
{
    want_format(op, FMT_TERNARY_IMM8);
    return emit(b, (InstData){(uint8_t)op, imm, TYPE_INVALID, {x.i, y.i}});
}

Value builder_shuffle(Builder *b, Value x, Value y, const uint8_t mask[16])
{
    ASSERT(b->func);
    uint8_t *const copy = arena_alloc(b->module->arena, 16, 1);
    memcpy(copy, mask, 16);
    VEC_PUSH(b->func->arena, &b->func->masks, copy);
    return emit(b, (InstData){OP_SHUFFLE, 0, TYPE_INVALID, {x.i, y.i, b->func->masks.len - 1}});
}

Value builder_icmp(Builder *b, IntCC cc, Value x, Value y)
{
    ASSERT((uint32_t)cc < INTCC_COUNT);
    return emit(b, (InstData){OP_ICMP, (uint8_t)cc, TYPE_INVALID, {x.i, y.i}});
}

Value builder_fcmp(Builder *b, FloatCC cc, Value x, Value y)
{
    ASSERT((uint32_t)cc < FLOATCC_COUNT);
    return emit(b, (InstData){OP_FCMP, (uint8_t)cc, TYPE_INVALID, {x.i, y.i}});
}

// ---- Constants and addresses ----

Value builder_iconst(Builder *b, Type type, int64_t imm)
{
    const uint32_t bits = type_bits(type);
    if (bits < 64 && bits != 0) {
        const int64_t limit = (int64_t)1 << bits;
        if (imm < -(limit / 2) || imm >= limit)
            builder_problem(b, STATUS_INVALID, "iconst: %lld does not fit %s", (long long)imm,
                            type_text(b, type));
        // The one form that a constant has is sign-extended from its type.
        imm &= limit - 1;
        imm = imm >= limit / 2 ? imm - limit : imm;
    }
    const uint64_t word = (uint64_t)imm;
    return emit(b, (InstData){OP_ICONST, 0, type, {(uint32_t)word, (uint32_t)(word >> 32)}});
}

Value builder_fconst(Builder *b, Type type, uint64_t bits)
{
    ASSERT(type == TYPE_F16 || type == TYPE_F32 || type == TYPE_F64);
    ASSERT(type == TYPE_F64 || bits >> type_bits(type) == 0);
    const Opcode op = type == TYPE_F16 ? OP_F16CONST : type == TYPE_F32 ? OP_F32CONST : OP_F64CONST;
    return emit(b,
                (InstData){(uint8_t)op, 0, TYPE_INVALID, {(uint32_t)bits, (uint32_t)(bits >> 32)}});
}

Value builder_const(Builder *b, Opcode op, Type type, Constant constant)
{
    want_format(op, FMT_UNARY_CONST);
    ASSERT(b->func && constant.i < b->func->constants.len);
    const uint32_t size = b->func->constants.data[constant.i].size;
    const uint32_t wanted = op == OP_F128CONST ? 16 : type_bytes(type);
    if (size != wanted)
        builder_problem(b, STATUS_INVALID, "%s: const%u has %u bytes; wanted: %u", ir_ops[op].name,
                        constant.i, size, wanted);
    return emit(b, (InstData){(uint8_t)op, 0, type, {constant.i}});
}

Value builder_global_value(Builder *b, Opcode op, Type type, GlobalValue global)
{
    want_format(op, FMT_UNARY_GLOBAL_VALUE);
    ASSERT(b->func && global.i < b->func->globals.len);
    return emit(b, (InstData){(uint8_t)op, 0, type, {global.i}});
}

Value builder_func_addr(Builder *b, Type type, FuncRef func)
{
    ASSERT(b->func && func.i < b->func->funcs.len);
    return emit(b, (InstData){OP_FUNC_ADDR, 0, type, {func.i}});
}

Value builder_stack_addr(Builder *b, Type type, StackSlot slot, int32_t offset)
{
    ASSERT(b->func && slot.i < b->func->slots.len);
    return emit(b, (InstData){OP_STACK_ADDR, 0, type, {slot.i, 0, (uint32_t)offset}});
}

Value builder_dyn_addr(Builder *b, Type type, DynSlot slot)
{
    ASSERT(b->func && slot.i < b->func->dyn_slots.len);
    return emit(b, (InstData){OP_DYNAMIC_STACK_ADDR, 0, type, {slot.i}});
}

Value builder_handler_addr(Builder *b, Type type, Block block, uint32_t handler)
{
    builder_assert_block(b, block);
    return emit(b, (InstData){OP_GET_EXCEPTION_HANDLER_ADDRESS, 0, type, {block.i, 0, handler}});
}

// ---- Memory ----

Value builder_load(Builder *b, Opcode op, Type type, Mem mem)
{
    want_format(op, FMT_LOAD);
    return emit(b,
                (InstData){(uint8_t)op, 0, type, {mem.addr.i, 0, (uint32_t)mem.offset, mem.flags}});
}

void builder_store(Builder *b, Opcode op, Value x, Mem mem)
{
    want_format(op, FMT_STORE);
    (void)emit(
        b, (InstData){
               (uint8_t)op, 0, TYPE_INVALID, {x.i, mem.addr.i, (uint32_t)mem.offset, mem.flags}});
}

Value builder_load_no_offset(Builder *b, Opcode op, Type type, MemFlags flags, Value x)
{
    want_format(op, FMT_LOAD_NO_OFFSET);
    return emit(b, (InstData){(uint8_t)op, 0, type, {x.i, 0, 0, flags}});
}

void builder_store_no_offset(Builder *b, Opcode op, MemFlags flags, Value x, Value addr)
{
    want_format(op, FMT_STORE_NO_OFFSET);
    (void)emit(b, (InstData){(uint8_t)op, 0, TYPE_INVALID, {x.i, addr.i, 0, flags}});
}

Value builder_atomic_rmw(Builder *b, MemFlags flags, AtomicOp op, Value addr, Value x)
{
    ASSERT((uint32_t)op < ATOMIC_COUNT);
    builder_assert_value(b, x);
    const Type type = b->func->values.data[x.i].type;
    return emit(b, (InstData){OP_ATOMIC_RMW, (uint8_t)op, type, {addr.i, x.i, 0, flags}});
}

Value builder_atomic_cas(Builder *b, MemFlags flags, Value addr, Value expected, Value x)
{
    return emit(b, (InstData){OP_ATOMIC_CAS, 0, TYPE_INVALID, {addr.i, expected.i, x.i, flags}});
}

// ---- Traps ----

void builder_trap(Builder *b, TrapCode code)
{
    ASSERT(code != TRAP_NONE);
    (void)emit(b, (InstData){.op = OP_TRAP, .aux = code});
}

void builder_cond_trap(Builder *b, Opcode op, Value c, TrapCode code)
{
    want_format(op, FMT_COND_TRAP);
    ASSERT(code != TRAP_NONE);
    (void)emit(b, (InstData){(uint8_t)op, code, TYPE_INVALID, {c.i}});
}

Value builder_add_trap(Builder *b, Opcode op, Value x, Value y, TrapCode code)
{
    want_format(op, FMT_INT_ADD_TRAP);
    ASSERT(code != TRAP_NONE);
    return emit(b, (InstData){(uint8_t)op, code, TYPE_INVALID, {x.i, y.i}});
}
