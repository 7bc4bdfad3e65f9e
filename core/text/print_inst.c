// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints instructions.

#include "text/text_internal.h"

void text_print_entity(const char *prefix, uint32_t number, StrBuf *out)
{
    buf_puts(out, prefix);
    buf_u64(out, number);
}

static void print_value(uint32_t value, StrBuf *out)
{
    buf_char(out, 'v');
    buf_u64(out, value);
}

static void print_values(Span values, StrBuf *out)
{
    for (uint32_t i = 0; i < values.len; i++) {
        if (i != 0)
            buf_puts(out, ", ");
        print_value(values.data[i], out);
    }
}

void text_print_memflags(MemFlags flags, StrBuf *out)
{
    const TrapCode trap = memflags_trap(flags);
    if (trap == TRAP_NONE) {
        buf_puts(out, " notrap");
    } else if (trap != TRAP_HEAP_OOB) {
        buf_char(out, ' ');
        trapcode_print(trap, out);
    }
    if (flags & MEM_ALIGNED)
        buf_puts(out, " aligned");
    if (flags & MEM_READONLY)
        buf_puts(out, " readonly");
    if (flags & MEM_CAN_MOVE)
        buf_puts(out, " can_move");
    if (flags & MEM_BIG)
        buf_puts(out, " big");
    if (flags & MEM_LITTLE)
        buf_puts(out, " little");
    if (flags >> MEM_REGION_SHIFT != 0)
        text_print_entity(" region", memflags_region(flags).i, out);
}

// ---- Block calls ----

static void print_block_call(const Func *f, uint32_t call, StrBuf *out)
{
    const Span args = call_args(f, call);
    text_print_entity("block", f->calls.data[call].block.i, out);
    for (uint32_t i = 0; i < args.len; i++) {
        const BlockArg arg = {args.data[i]};
        buf_puts(out, i == 0 ? "(" : ", ");
        switch (blockarg_kind(arg)) {
        case BLOCKARG_VALUE: print_value(blockarg_index(arg), out); break;
        case BLOCKARG_RET: text_print_entity("ret", blockarg_index(arg), out); break;
        case BLOCKARG_EXN: text_print_entity("exn", blockarg_index(arg), out); break;
        }
    }
    if (args.len != 0)
        buf_char(out, ')');
}

// "v0, block1, [block2, block3(v0)]"
static void print_branch_table(const Func *f, const InstData *data, StrBuf *out)
{
    const Span calls = func_list(f, data->w[1]);
    buf_puts(out, ", ");
    print_block_call(f, calls.data[0], out);
    buf_puts(out, ", [");
    for (uint32_t i = 1; i < calls.len; i++) {
        if (i != 1)
            buf_puts(out, ", ");
        print_block_call(f, calls.data[i], out);
    }
    buf_char(out, ']');
}

// "sig0, block1(ret0), [ tag0: block2(exn0), default: block3, context v1 ]"
static void print_extable(const Func *f, const ExTableData *table, StrBuf *out)
{
    const Span calls = func_list(f, table->calls);
    text_print_entity(", sig", table->sig.i, out);
    buf_puts(out, ", ");
    print_block_call(f, calls.data[0], out);
    buf_puts(out, ", [");
    for (uint32_t i = 0; i < table->num_handlers; i++) {
        const Handler *const handler = &table->handlers[i];
        buf_puts(out, i == 0 ? " " : ", ");
        switch (handler->kind) {
        case HANDLER_TAG: text_print_entity("tag", handler->tag, out); break;
        case HANDLER_DEFAULT: buf_puts(out, "default"); break;
        case HANDLER_CONTEXT: text_print_entity("context v", handler->context.i, out); continue;
        }
        buf_puts(out, ": ");
        print_block_call(f, calls.data[handler->call], out);
    }
    buf_puts(out, table->num_handlers == 0 ? "]" : " ]");
}

// The operands of a call of any format, behind a blank.
static void print_call(const Func *f, Inst inst, const InstData *data, StrBuf *out)
{
    const Format format = inst_format(f, inst);
    Span args = func_list(f, data->w[3]);
    if (format == FMT_CALL || format == FMT_TRY_CALL)
        text_print_entity("fn", data->w[0], out);
    if (format == FMT_CALL_INDIRECT) {
        text_print_entity("sig", data->w[0], out);
        buf_puts(out, ", ");
    }
    if (format == FMT_CALL_INDIRECT || format == FMT_TRY_CALL_INDIRECT) {
        print_value(args.data[0], out);
        args = (Span){args.data + 1, args.len - 1};
    }
    buf_char(out, '(');
    print_values(args, out);
    buf_char(out, ')');
    if (format == FMT_TRY_CALL || format == FMT_TRY_CALL_INDIRECT)
        print_extable(f, &f->extables.data[data->w[1]], out);
}

static void print_stack_map(const Func *f, Inst inst, StrBuf *out)
{
    const InstExtra *const extra = inst_extra(f, inst);
    if (!extra || !extra->has_map)
        return;
    buf_puts(out, ", stack_map=[");
    for (uint32_t i = 0; i < extra->num_map; i++) {
        const StackMapEntry *const entry = &extra->map[i];
        if (i != 0)
            buf_puts(out, ", ");
        type_print(entry->type, out);
        text_print_entity(" @ ss", entry->slot.i, out);
        text_print_entity("+", entry->offset, out);
    }
    buf_char(out, ']');
}

// ---- Operands ----

void text_print_operands(const Func *f, Inst inst, StrBuf *out)
{
    const InstData *const data = func_inst(f, inst);
    const Format format = inst_format(f, inst);
    const Span args = inst_args(f, inst);
    switch ((int)format) { // those with memory flags
    case FMT_LOAD:
    case FMT_STORE:
    case FMT_LOAD_NO_OFFSET:
    case FMT_STORE_NO_OFFSET:
    case FMT_ATOMIC_RMW:
    case FMT_ATOMIC_CAS: text_print_memflags(data->w[3], out); break;
    default: break;
    }
    if (format == FMT_MULTI_ARY && args.len == 0)
        return;
    buf_char(out, ' ');
    switch (format) {
    case FMT_NULL_ARY: break;
    case FMT_UNARY:
    case FMT_BINARY:
    case FMT_TERNARY:
    case FMT_MULTI_ARY:
    case FMT_LOAD_NO_OFFSET:
    case FMT_STORE_NO_OFFSET:
    case FMT_ATOMIC_CAS: print_values(args, out); break;
    case FMT_UNARY_IMM: text_print_imm((int64_t)inst_imm(f, inst), out); break;
    case FMT_UNARY_IEEE16: text_print_float(TYPE_F16, data->w[0], out); break;
    case FMT_UNARY_IEEE32: text_print_float(TYPE_F32, data->w[0], out); break;
    case FMT_UNARY_IEEE64: text_print_float(TYPE_F64, inst_imm(f, inst), out); break;
    case FMT_UNARY_CONST: text_print_entity("const", data->w[0], out); break;
    case FMT_UNARY_GLOBAL_VALUE: text_print_entity("gv", data->w[0], out); break;
    case FMT_BINARY_IMM8:
    case FMT_TERNARY_IMM8:
        print_values(args, out);
        text_print_entity(", ", data->aux, out);
        break;
    case FMT_SHUFFLE:
        print_values(args, out);
        buf_puts(out, ", ");
        text_print_bytes(f->masks.data[data->w[2]], 16, out);
        break;
    case FMT_INT_COMPARE:
        buf_puts(out, intcc_name((IntCC)data->aux));
        buf_char(out, ' ');
        print_values(args, out);
        break;
    case FMT_FLOAT_COMPARE:
        buf_puts(out, floatcc_name((FloatCC)data->aux));
        buf_char(out, ' ');
        print_values(args, out);
        break;
    case FMT_JUMP: print_block_call(f, data->w[1], out); break;
    case FMT_BRIF:
        print_values(args, out);
        buf_puts(out, ", ");
        print_block_call(f, data->w[1], out);
        buf_puts(out, ", ");
        print_block_call(f, data->w[2], out);
        break;
    case FMT_BRANCH_TABLE:
        print_values(args, out);
        print_branch_table(f, data, out);
        break;
    case FMT_CALL:
    case FMT_CALL_INDIRECT:
    case FMT_TRY_CALL:
    case FMT_TRY_CALL_INDIRECT: print_call(f, inst, data, out); break;
    case FMT_FUNC_ADDR: text_print_entity("fn", data->w[0], out); break;
    case FMT_STACK_ADDR:
        text_print_entity("ss", data->w[0], out);
        text_print_offset(inst_offset(f, inst), out);
        break;
    case FMT_DYNAMIC_STACK_ADDR: text_print_entity("dss", data->w[0], out); break;
    case FMT_LOAD:
    case FMT_STORE:
        print_values(args, out);
        text_print_offset(inst_offset(f, inst), out);
        break;
    case FMT_ATOMIC_RMW:
        buf_puts(out, atomicop_name((AtomicOp)data->aux));
        buf_char(out, ' ');
        print_values(args, out);
        break;
    case FMT_TRAP: trapcode_print(data->aux, out); break;
    case FMT_COND_TRAP:
    case FMT_INT_ADD_TRAP:
        print_values(args, out);
        buf_puts(out, ", ");
        trapcode_print(data->aux, out);
        break;
    case FMT_EXCEPTION_HANDLER_ADDRESS:
        text_print_entity("block", data->w[0], out);
        buf_puts(out, ", ");
        text_print_imm((int32_t)data->w[2], out);
        break;
    case FMT_COUNT: UNREACHABLE();
    }
    print_stack_map(f, inst, out);
}

// ---- Constant comments ----

static uint128 bytes_to_bits(const ConstantData *data)
{
    uint128 bits = 0;
    for (uint32_t i = 0; i < data->size && i < 16; i++)
        bits |= (uint128)data->bytes[i] << 8 * i;
    return bits;
}

// The constant that `inst` makes; false when it makes none.
static bool print_constant(const Func *f, Inst inst, StrBuf *out)
{
    const InstData *const data = func_inst(f, inst);
    const ConstantData *pooled;
    switch ((int)data->op) {
    case OP_ICONST: text_print_imm((int64_t)inst_imm(f, inst), out); return true;
    case OP_F16CONST: text_print_float(TYPE_F16, data->w[0], out); return true;
    case OP_F32CONST: text_print_float(TYPE_F32, data->w[0], out); return true;
    case OP_F64CONST: text_print_float(TYPE_F64, inst_imm(f, inst), out); return true;
    case OP_F128CONST:
        text_print_float(TYPE_F128, bytes_to_bits(&f->constants.data[data->w[0]]), out);
        return true;
    case OP_VCONST:
        pooled = &f->constants.data[data->w[0]];
        text_print_bytes(pooled->bytes, pooled->size, out);
        return true;
    default: return false;
    }
}

// Adds `value` to the comment if it is a constant; *any: the comment has begun.
static void comment_value(const Func *f, uint32_t value, bool *any, StrBuf *out)
{
    const Value v = ir_resolve(f, (Value){value});
    if (value_kind(f, v) != VALUE_RESULT)
        return;
    const size_t before = out->len;
    buf_puts(out, *any ? ", v" : "  ; v");
    buf_u64(out, value);
    buf_puts(out, " = ");
    if (print_constant(f, (Inst){value_def(f, v)}, out))
        *any = true;
    else
        out->len = before;
}

void text_print_constant_comment(const Func *f, Inst inst, StrBuf *out)
{
    bool any = false;
    const Span args = inst_args(f, inst);
    for (uint32_t i = 0; i < args.len; i++)
        comment_value(f, args.data[i], &any, out);
    const Span calls = inst_calls(f, inst);
    for (uint32_t i = 0; i < calls.len; i++) {
        const Span call = call_args(f, calls.data[i]);
        for (uint32_t j = 0; j < call.len; j++)
            if (blockarg_kind((BlockArg){call.data[j]}) == BLOCKARG_VALUE)
                comment_value(f, blockarg_index((BlockArg){call.data[j]}), &any, out);
    }
    if (ir_formats[inst_format(f, inst)].calls != CALLS_EXTABLE)
        return;
    const ExTableData *const table = &f->extables.data[func_inst(f, inst)->w[1]];
    for (uint32_t i = 0; i < table->num_handlers; i++)
        if (table->handlers[i].kind == HANDLER_CONTEXT)
            comment_value(f, table->handlers[i].context.i, &any, out);
}

// ---- Instructions ----

bool text_needs_suffix(const Func *f, Inst inst)
{
    const InstData *const data = func_inst(f, inst);
    const Value operand = text_ctrl_operand(f, data);
    if (operand.i == NO_INDEX)
        return true;
    const Value v = ir_resolve(f, operand);
    Block block = NO(Block);
    if (value_kind(f, v) == VALUE_RESULT)
        block = f->nodes.data[value_def(f, v)].block;
    else if (value_kind(f, v) == VALUE_PARAM)
        block = (Block){value_def(f, v)};
    return block.i == NO_INDEX || block.i != f->nodes.data[inst.i].block.i ||
           f->values.data[v.i].type != data->ctrl;
}

void text_print_inst_suffix(const Func *f, Inst inst, bool suffix, StrBuf *out)
{
    const InstData *const data = func_inst(f, inst);
    const Span results = inst_results(f, inst);
    if (results.len != 0) {
        print_values(results, out);
        buf_puts(out, " = ");
    }
    buf_puts(out, ir_ops[data->op].name);
    if (suffix) {
        buf_char(out, '.');
        type_print(data->ctrl, out);
    }
    text_print_operands(f, inst, out);
}

void text_print_inst(const Func *f, Inst inst, StrBuf *out)
{
    const CtrlKind ctrl = (CtrlKind)ir_ops[inst_op(f, inst)].ctrl;
    const bool suffix = ctrl == CTRL_SUFFIX || (ctrl == CTRL_OPERAND && text_needs_suffix(f, inst));
    text_print_inst_suffix(f, inst, suffix, out);
}
