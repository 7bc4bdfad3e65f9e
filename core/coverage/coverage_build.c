// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A function around one instruction: operands are the parameters, results are returned. Branches go
// to a block that returns nothing, or zeros.

#include "coverage/coverage_internal.h"

uint32_t coverage_num_small(Opcode op, Type ctrl)
{
    switch ((int)op_format(op)) {
    case FMT_INT_COMPARE: return INTCC_COUNT;
    case FMT_FLOAT_COMPARE: return FLOATCC_COUNT;
    case FMT_ATOMIC_RMW: return ATOMIC_COUNT;
    case FMT_BINARY_IMM8:
    case FMT_TERNARY_IMM8: return type_lanes(ctrl);
    default: return 1;
    }
}

void coverage_print_variant(const CoverageVariant *variant, StrBuf *out)
{
    buf_char(out, '(');
    for (uint32_t i = 0; i < 3 && variant->args[i] != TYPE_INVALID; i++) {
        if (i != 0)
            buf_puts(out, ", ");
        type_print(variant->args[i], out);
    }
    buf_char(out, ')');
    switch ((int)op_format(variant->op)) {
    case FMT_INT_COMPARE: buf_printf(out, " %s", intcc_name((IntCC)variant->small)); return;
    case FMT_FLOAT_COMPARE: buf_printf(out, " %s", floatcc_name((FloatCC)variant->small)); return;
    case FMT_ATOMIC_RMW: buf_printf(out, " %s", atomicop_name((AtomicOp)variant->small)); return;
    case FMT_BINARY_IMM8:
    case FMT_TERNARY_IMM8: buf_printf(out, " %u", variant->small); return;
    default: return;
    }
}

// ---- The instruction ----

typedef struct Site {
    Builder *b;
    const CoverageVariant *variant;
    const Value *v; // its operands
    SigRef sig;     // of callees: () -> ()
    FuncRef func;
    Block next; // of branches
} Site;

static GlobalData global_of(const CoverageVariant *variant)
{
    return (GlobalData){.kind = GLOBAL_SYMBOL,
                        .type = variant->ctrl,
                        .name = builder_name(STR("g")),
                        .tls = variant->op == OP_TLS_VALUE};
}

static void emit_constant(const Site *s)
{
    static const uint8_t bytes[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    const CoverageVariant *const variant = s->variant;
    const bool is_f128 = variant->op == OP_F128CONST;
    const uint32_t size = is_f128 ? 16 : type_bytes(variant->ctrl);
    (void)builder_const(s->b, variant->op, is_f128 ? TYPE_INVALID : variant->ctrl,
                        builder_constant(s->b, bytes, size));
}

// Jumps, calls, traps.
static void emit_control(const Site *s)
{
    const Goto to = GOTO(s->next);
    const TryTable table = {s->sig, {s->next, NULL, 0}, NULL, 0};
    const Opcode op = s->variant->op;
    switch ((int)op_format(op)) {
    case FMT_MULTI_ARY: builder_return(s->b, NO_VALUES); return;
    case FMT_JUMP: builder_jump(s->b, to); return;
    case FMT_BRIF: builder_brif(s->b, s->v[0], to, to); return;
    case FMT_BRANCH_TABLE: builder_br_table(s->b, s->v[0], to, &to, 1); return;
    case FMT_CALL: (void)builder_call(s->b, op, s->func, NO_VALUES); return;
    case FMT_CALL_INDIRECT:
        (void)builder_call_indirect(s->b, op, s->sig, s->v[0], NO_VALUES);
        return;
    case FMT_TRY_CALL: builder_try_call(s->b, s->func, NO_VALUES, &table); return;
    case FMT_TRY_CALL_INDIRECT: builder_try_call_indirect(s->b, s->v[0], NO_VALUES, &table); return;
    case FMT_TRAP: builder_trap(s->b, TRAP_INT_OVF); return;
    case FMT_COND_TRAP: builder_cond_trap(s->b, op, s->v[0], TRAP_INT_OVF); return;
    case FMT_EXCEPTION_HANDLER_ADDRESS: {
        const TryHandler handler = {HANDLER_DEFAULT, 0, {0}, {s->next, NULL, 0}};
        const TryTable handled = {s->sig, {s->next, NULL, 0}, &handler, 1};
        const Block block = builder_current(s->b);
        builder_try_call(s->b, s->func, NO_VALUES, &handled);
        builder_switch(s->b, s->next);
        (void)builder_handler_addr(s->b, s->variant->ctrl, block, 0);
        return;
    }
    default: UNREACHABLE();
    }
}

// The address of a load or store is its last operand.
static void emit_memory(const Site *s)
{
    const Opcode op = s->variant->op;
    const Type suffix = ir_ops[op].ctrl == CTRL_SUFFIX ? s->variant->ctrl : TYPE_INVALID;
    const MemFlags order =
        op == OP_BITCAST && type_lanes(s->variant->ctrl) != type_lanes(s->variant->args[0])
            ? MEM_LITTLE
            : 0;
    switch ((int)op_format(op)) {
    case FMT_LOAD: (void)builder_load(s->b, op, suffix, (Mem){s->v[0], 8, MEM_DEFAULT}); return;
    case FMT_STORE: builder_store(s->b, op, s->v[0], (Mem){s->v[1], 8, MEM_DEFAULT}); return;
    case FMT_LOAD_NO_OFFSET:
        (void)builder_load_no_offset(s->b, op, suffix, MEM_DEFAULT | order, s->v[0]);
        return;
    case FMT_STORE_NO_OFFSET:
        builder_store_no_offset(s->b, op, MEM_DEFAULT, s->v[0], s->v[1]);
        return;
    case FMT_ATOMIC_RMW:
        (void)builder_atomic_rmw(s->b, MEM_DEFAULT, (AtomicOp)s->variant->small, s->v[0], s->v[1]);
        return;
    case FMT_ATOMIC_CAS:
        (void)builder_atomic_cas(s->b, MEM_DEFAULT, s->v[0], s->v[1], s->v[2]);
        return;
    default: UNREACHABLE();
    }
}

static void emit(const Site *s)
{
    static const uint8_t mask[16] = {0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31};
    const CoverageVariant *const variant = s->variant;
    const Opcode op = variant->op;
    const Type suffix = ir_ops[op].ctrl == CTRL_SUFFIX ? variant->ctrl : TYPE_INVALID;
    const uint8_t imm = (uint8_t)variant->small;
    Builder *const b = s->b;
    const Value *const v = s->v;
    switch (op_format(op)) {
    case FMT_NULL_ARY: (void)builder_nullary(b, op, suffix); return;
    case FMT_UNARY: (void)builder_unary(b, op, suffix, v[0]); return;
    case FMT_UNARY_IMM: (void)builder_iconst(b, suffix, 77); return;
    case FMT_UNARY_IEEE16: (void)builder_fconst(b, TYPE_F16, 0x3e00); return;
    case FMT_UNARY_IEEE32: (void)builder_fconst(b, TYPE_F32, 0x3fc00000); return;
    case FMT_UNARY_IEEE64: (void)builder_fconst(b, TYPE_F64, 0x3ff8000000000000); return;
    case FMT_UNARY_CONST: emit_constant(s); return;
    case FMT_UNARY_GLOBAL_VALUE:
        (void)builder_global_value(b, op, suffix, builder_global(b, global_of(variant)));
        return;
    case FMT_BINARY: (void)builder_binary(b, op, v[0], v[1]); return;
    case FMT_BINARY_IMM8: (void)builder_binary_imm8(b, op, v[0], imm); return;
    case FMT_TERNARY: (void)builder_ternary(b, op, v[0], v[1], v[2]); return;
    case FMT_TERNARY_IMM8: (void)builder_ternary_imm8(b, op, v[0], v[1], imm); return;
    case FMT_SHUFFLE: (void)builder_shuffle(b, v[0], v[1], mask); return;
    case FMT_INT_COMPARE: (void)builder_icmp(b, (IntCC)variant->small, v[0], v[1]); return;
    case FMT_FLOAT_COMPARE: (void)builder_fcmp(b, (FloatCC)variant->small, v[0], v[1]); return;
    case FMT_FUNC_ADDR: (void)builder_func_addr(b, suffix, s->func); return;
    case FMT_STACK_ADDR:
        (void)builder_stack_addr(b, suffix, builder_stack_slot(b, 16, 8), 8);
        return;
    case FMT_DYNAMIC_STACK_ADDR: {
        const GlobalData scale = {.kind = GLOBAL_DYN_SCALE, .type = TYPE_I32X4};
        const DynType dyn = builder_dyn_type(b, TYPE_I32X4, builder_global(b, scale));
        (void)builder_dyn_addr(b, suffix, builder_dyn_slot(b, dyn));
        return;
    }
    case FMT_INT_ADD_TRAP: (void)builder_add_trap(b, op, v[0], v[1], TRAP_INT_OVF); return;
    case FMT_LOAD:
    case FMT_STORE:
    case FMT_LOAD_NO_OFFSET:
    case FMT_STORE_NO_OFFSET:
    case FMT_ATOMIC_RMW:
    case FMT_ATOMIC_CAS: emit_memory(s); return;
    case FMT_MULTI_ARY:
    case FMT_JUMP:
    case FMT_BRIF:
    case FMT_BRANCH_TABLE:
    case FMT_CALL:
    case FMT_CALL_INDIRECT:
    case FMT_TRY_CALL:
    case FMT_TRY_CALL_INDIRECT:
    case FMT_TRAP:
    case FMT_COND_TRAP:
    case FMT_EXCEPTION_HANDLER_ADDRESS: emit_control(s); return;
    case FMT_COUNT: break;
    }
    UNREACHABLE();
}

// ---- The function around it ----

// Tail calls and exceptions need the convention `tail`.
static CallConv callconv_of(Opcode op)
{
    const uint16_t flags = ir_ops[op].flags;
    const bool leaves = (flags & OPF_TERMINATOR) != 0 && (flags & OPF_CALL) != 0;
    return leaves || op_format(op) == FMT_EXCEPTION_HANDLER_ADDRESS ? CC_TAIL : CC_SYSTEM_V;
}

// Returns what the instruction just made gives.
static void return_results(Builder *b, uint32_t num)
{
    Value results[2];
    for (uint32_t i = 0; i < num; i++)
        results[i] = builder_result(b, i);
    builder_return(b, (ValueList){results, num});
}

Status coverage_build(Module *module, const CoverageVariant *variant, Func **out, Diag *diag)
{
    const OpInfo *const info = &ir_ops[variant->op];
    AbiParam params[3] = {{0}}, returns[2] = {{0}};
    const CallConv cc = callconv_of(variant->op);
    Signature sig = {params, returns, 0, op_fixed_results(variant->op), cc};
    for (; sig.num_params < 3 && variant->args[sig.num_params] != TYPE_INVALID; sig.num_params++)
        params[sig.num_params].type = variant->args[sig.num_params];
    for (uint32_t i = 0; i < sig.num_returns; i++) {
        returns[i].type = op_constraint_type((TypeConstraint)info->results[i], variant->ctrl);
        if (returns[i].type == TYPE_INVALID)
            return STATUS_INVALID;
    }
    Builder *const b = builder_create(module);
    builder_begin(b, builder_name(STR("probe")), sig);
    Value v[3] = {{0}};
    for (uint32_t i = 0; i < sig.num_params; i++)
        v[i] = builder_param(b, i);
    const SigRef callee = builder_signature(b, (Signature){.callconv = cc});
    const FuncRef func = builder_import(b, builder_name(STR("callee")), callee, false);
    const Block next = builder_block(b);
    emit(&(Site){b, variant, v, callee, func, next});
    if (!builder_is_terminated(b))
        return_results(b, sig.num_returns);
    if ((info->flags & OPF_BRANCH) != 0) {
        builder_switch(b, next);
        builder_return(b, NO_VALUES);
    }
    builder_seal_all(b);
    const Status status = builder_finish(b, NULL, out, diag);
    builder_destroy(b);
    return status;
}
