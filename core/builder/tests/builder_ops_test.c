// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every opcode under every controlling type that its row allows: emitted with operands that the row
// asks for, it is taken without complaint and has the results of the row; with an operand of
// another type, it is refused.

#include "assay/builder.h"
#include "base/tests/child.h"

typedef struct Fixture {
    Arena arena;
    Module module;
    Diag diag;
    Builder *b;
} Fixture;

// Some value of `type`: a parameter of a block made for it.
static Value any_value(Builder *b, Type type)
{
    return builder_append_param(b, builder_block(b), type);
}

// A type that constraint `c` allows under `ctrl` (or, when `right` is false, one that it does not);
// TYPE_INVALID when there is none.
static Type pick_type(TypeConstraint c, Type ctrl, bool right)
{
    for (uint32_t code = 1; code < 10; code++)
        for (uint32_t log2 = 0; log2 <= 4; log2++)
            for (uint32_t dynamic = 0; dynamic <= (log2 != 0); dynamic++) {
                const Type t = (Type)(TYPE_VECTOR(code, log2) | (dynamic ? TYPE_DYNAMIC_BIT : 0));
                if (op_constraint_allows(c, ctrl, t) == right)
                    return t;
            }
    return op_constraint_type(c, ctrl); // wide ones are not searched
}

// Emits `op` with operands `v`; `v[0]` is the callee of an indirect call.
static void emit(Builder *b, Opcode op, Type type, const Value *v)
{
    static const uint8_t bytes[64];
    const Type suffix = ir_ops[op].ctrl == CTRL_SUFFIX ? type : TYPE_INVALID;
    const SigRef sig = builder_signature(b, (Signature){0});
    const FuncRef func = builder_import(b, builder_name(STR("g")), sig, false);
    const Block next = builder_block(b);
    const Goto to = GOTO(next);
    const Mem mem = {v[ir_ops[op].format == FMT_STORE], 4, MEM_DEFAULT};
    const TryHandler handlers[] = {{HANDLER_CONTEXT, 0, builder_param(b, 0), {next, NULL, 0}},
                                   {HANDLER_TAG, 3, {0}, {next, NULL, 0}},
                                   {HANDLER_DEFAULT, 0, {0}, {next, NULL, 0}}};
    const TryTable table = {sig, {next, NULL, 0}, handlers, 3};
    switch (op_format(op)) {
    case FMT_NULL_ARY: (void)builder_nullary(b, op, suffix); return;
    case FMT_UNARY: (void)builder_unary(b, op, suffix, v[0]); return;
    case FMT_UNARY_IMM: (void)builder_iconst(b, suffix, 1); return;
    case FMT_UNARY_IEEE16: (void)builder_fconst(b, TYPE_F16, 1); return;
    case FMT_UNARY_IEEE32: (void)builder_fconst(b, TYPE_F32, 1); return;
    case FMT_UNARY_IEEE64: (void)builder_fconst(b, TYPE_F64, 1); return;
    case FMT_UNARY_CONST: {
        static const uint8_t zeros[4096];
        const uint32_t size = op == OP_F128CONST ? 16 : type_bytes(type);
        (void)builder_const(b, op, suffix, builder_constant(b, zeros, size));
        return;
    }
    case FMT_UNARY_GLOBAL_VALUE:
        (void)builder_global_value(
            b, op, suffix, builder_global(b, (GlobalData){.kind = GLOBAL_VMCTX, .type = TYPE_I64}));
        return;
    case FMT_BINARY: (void)builder_binary(b, op, v[0], v[1]); return;
    case FMT_BINARY_IMM8: (void)builder_binary_imm8(b, op, v[0], 0); return;
    case FMT_TERNARY: (void)builder_ternary(b, op, v[0], v[1], v[2]); return;
    case FMT_TERNARY_IMM8: (void)builder_ternary_imm8(b, op, v[0], v[1], 0); return;
    case FMT_MULTI_ARY: builder_return(b, NO_VALUES); return;
    case FMT_SHUFFLE: (void)builder_shuffle(b, v[0], v[1], bytes); return;
    case FMT_INT_COMPARE: (void)builder_icmp(b, INTCC_ULT, v[0], v[1]); return;
    case FMT_FLOAT_COMPARE: (void)builder_fcmp(b, FLOATCC_UGE, v[0], v[1]); return;
    case FMT_JUMP: builder_jump(b, to); return;
    case FMT_BRIF: builder_brif(b, v[0], to, to); return;
    case FMT_BRANCH_TABLE: builder_br_table(b, v[0], to, &to, 1); return;
    case FMT_CALL: (void)builder_call(b, op, func, NO_VALUES); return;
    case FMT_CALL_INDIRECT: (void)builder_call_indirect(b, op, sig, v[0], NO_VALUES); return;
    case FMT_TRY_CALL: builder_try_call(b, func, NO_VALUES, &table); return;
    case FMT_TRY_CALL_INDIRECT: builder_try_call_indirect(b, v[0], NO_VALUES, &table); return;
    case FMT_FUNC_ADDR: (void)builder_func_addr(b, suffix, func); return;
    case FMT_STACK_ADDR:
        (void)builder_stack_addr(b, suffix, builder_stack_slot(b, 8, 8), -4);
        return;
    case FMT_DYNAMIC_STACK_ADDR: {
        const GlobalData scale = {.kind = GLOBAL_DYN_SCALE, .type = TYPE_I32X4};
        const DynType dyn = builder_dyn_type(b, TYPE_I32X4, builder_global(b, scale));
        (void)builder_dyn_addr(b, suffix, builder_dyn_slot(b, dyn));
        return;
    }
    case FMT_LOAD: (void)builder_load(b, op, suffix, mem); return;
    case FMT_STORE: builder_store(b, op, v[0], mem); return;
    case FMT_LOAD_NO_OFFSET: (void)builder_load_no_offset(b, op, suffix, MEM_DEFAULT, v[0]); return;
    case FMT_STORE_NO_OFFSET: builder_store_no_offset(b, op, MEM_DEFAULT, v[0], v[1]); return;
    case FMT_ATOMIC_RMW: (void)builder_atomic_rmw(b, MEM_DEFAULT, ATOMIC_XOR, v[0], v[1]); return;
    case FMT_ATOMIC_CAS: (void)builder_atomic_cas(b, MEM_DEFAULT, v[0], v[1], v[2]); return;
    case FMT_TRAP: builder_trap(b, TRAP_INT_OVF); return;
    case FMT_COND_TRAP: builder_cond_trap(b, op, v[0], 7); return;
    case FMT_INT_ADD_TRAP: (void)builder_add_trap(b, op, v[0], v[1], 7); return;
    case FMT_EXCEPTION_HANDLER_ADDRESS: (void)builder_handler_addr(b, suffix, next, 1); return;
    case FMT_COUNT: break;
    }
    fail();
}

// Emits `op` in a function of its own, operand `wrong` (if less than 3) of a type not allowed, and
// leaves the function under construction. False when there is no such operand.
static bool emit_one(Fixture *x, Opcode op, Type ctrl, uint32_t wrong)
{
    static AbiParam param = {.type = TYPE_I64};
    builder_begin(x->b, builder_name(STR("f")), (Signature){&param, NULL, 1, 0, CC_TAIL});
    Value v[3] = {{0}, {0}, {0}};
    for (uint32_t i = 0; i < 3; i++) {
        const TypeConstraint c = (TypeConstraint)ir_ops[op].args[i];
        if (c == TC_NO && i == wrong)
            return false;
        if (c == TC_NO)
            continue;
        const Type type = pick_type(c, ctrl, i != wrong);
        if (type == TYPE_INVALID)
            return false; // no narrower type than the narrowest
        v[i] = any_value(x->b, type);
    }
    emit(x->b, op, ctrl, v);
    return true;
}

// The messages of the function so far, which is ended for that.
static Str complaints(Fixture *x)
{
    if (!builder_is_terminated(x->b))
        builder_return(x->b, NO_VALUES);
    Func *const f = builder_func(x->b);
    builder_seal_all(x->b);
    for (uint32_t i = 1; i < f->blocks.len; i++) { // so that branches have where to go
        builder_switch(x->b, (Block){i});
        builder_trap(x->b, TRAP_INT_OVF);
    }
    StrBuf buf = {.arena = &x->arena};
    (void)builder_finish(x->b, NULL, NULL, &x->diag);
    for (uint32_t i = 0; i < x->diag.messages.len; i++) {
        const Str text = x->diag.messages.data[i].text;
        buf_str(&buf, text);
        buf_char(&buf, '\n');
    }
    x->diag = (Diag){.arena = &x->arena};
    return buf_view(&buf);
}

static void check_results(Fixture *x, Opcode op, Type ctrl)
{
    const Func *const f = builder_func(x->b);
    const Inst inst = builder_last(x->b);
    assert_int_equal(inst_op(f, inst), op);
    assert_int_equal(func_inst(f, inst)->ctrl, ir_ops[op].ctrl == CTRL_NONE ? TYPE_INVALID : ctrl);
    const Span results = inst_results(f, inst);
    assert_int_equal(results.len, op_fixed_results(op));
    for (uint32_t r = 0; r < results.len; r++) {
        const Type type = value_type(f, (Value){results.data[r]});
        if (!op_constraint_allows((TypeConstraint)ir_ops[op].results[r], ctrl, type))
            fail_msg("%s with %x: result %u is of type %x", ir_ops[op].name, ctrl, r, type);
    }
}

// Whether all results under `ctrl` are types: 256 dynamic lanes can't be split in two.
static bool has_results(Opcode op, Type ctrl)
{
    bool has = type_lanes_log2(ctrl) <= 8;
    for (uint32_t r = 0; r < op_fixed_results(op); r++)
        has &= op_constraint_type((TypeConstraint)ir_ops[op].results[r], ctrl) != TYPE_INVALID;
    return has;
}

static void check_op(Fixture *x, Opcode op, Type ctrl)
{
    if (!emit_one(x, op, ctrl, 3)) {
        builder_abandon(x->b);
        return;
    }
    check_results(x, op, ctrl);
    const Str quiet = complaints(x);
    if (quiet.len != 0)
        fail_msg("%.*s", STR_ARG(quiet));
    for (uint32_t wrong = 0; wrong < 3; wrong++) {
        // The operand that the type is read off can't be wrong but with the type itself.
        const bool gives =
            ir_ops[op].ctrl == CTRL_OPERAND && ir_formats[op_format(op)].ctrl == wrong;
        const bool shares = op_format(op) == FMT_ATOMIC_RMW && wrong == 1;
        if (gives || shares || !emit_one(x, op, ctrl, wrong))
            builder_abandon(x->b);
        else if (complaints(x).len == 0)
            fail_msg("%s: a wrong operand %u was taken", ir_ops[op].name, wrong);
    }
}

static void every_opcode(void **state)
{
    (void)state;
    Fixture x = {.module.arena = &x.arena, .diag.arena = &x.arena};
    x.b = builder_create(&x.module);
    uint32_t count = 0;
    for (uint32_t op = 0; op < OP_COUNT; op++) {
        const bool typed = ir_ops[op].ctrl != CTRL_NONE;
        if (!typed)
            check_op(&x, (Opcode)op, TYPE_INVALID);
        for (uint32_t t = 1; t < 0x200 && typed; t++)
            if (typeset_has((TypeSet)ir_ops[op].types, (Type)t) &&
                has_results((Opcode)op, (Type)t)) {
                check_op(&x, (Opcode)op, (Type)t);
                count++;
            }
    }
    assert_true(count > 1000);
    builder_destroy(x.b);
    arena_free(&x.arena);
}

// A type outside the row's set is refused.
static void types_out_of_range(void **state)
{
    (void)state;
    Fixture x = {.module.arena = &x.arena, .diag.arena = &x.arena};
    x.b = builder_create(&x.module);
    for (uint32_t op = 0; op < OP_COUNT; op++)
        for (uint32_t t = 1; t < 0x200 && ir_ops[op].ctrl != CTRL_NONE; t++) {
            // istore32 has one type only, which its operand says. No type has more than 256
            // lanes.
            const bool allowed =
                typeset_has((TypeSet)ir_ops[op].types, (Type)t) && has_results((Opcode)op, (Type)t);
            if (op == OP_ISTORE32 || type_lanes_log2((Type)t) > 8 || allowed ||
                !typeset_has(TS_ANY_ALL, (Type)t))
                continue;
            if (!emit_one(&x, (Opcode)op, (Type)t, 3))
                builder_abandon(x.b);
            else if (complaints(&x).len == 0)
                fail_msg("%s takes type %x", ir_ops[op].name, t);
        }
    builder_destroy(x.b);
    arena_free(&x.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_opcode),
        cmocka_unit_test(types_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
