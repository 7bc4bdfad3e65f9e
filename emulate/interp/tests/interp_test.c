// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The interpreter on functions made by hand: traps and their places, fuel, deep and tail calls,
// memory, byte order, wide vectors, imports, what is unsupported. Expected values are worked out by
// hand or by the host's own arithmetic.

#include "emulate/interp/interp.h"

// cmocka.h wants the others before it.
// clang-format off
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

// ---- Making functions ----

typedef struct Bench {
    Arena arena;
    Module module;
    Settings settings;
    Executor *ex;
    Func *f;     // being made
    Block block; // instructions go here
} Bench;

static int set_up(void **state)
{
    static Bench bench; // cmocka runs one test at a time
    memset(&bench, 0, sizeof(bench));
    bench.module.arena = &bench.arena;
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    Bench *const b = *state;
    executor_destroy(b->ex);
    arena_free(&b->arena);
    return 0;
}

static Signature signature(Bench *b, const char *params, const char *returns)
{
    Signature sig = {.callconv = CC_TAIL};
    const Str texts[] = {str_from(params), str_from(returns)};
    AbiParam *lists[2];
    uint32_t counts[2] = {0, 0};
    for (uint32_t k = 0; k < 2; k++) {
        lists[k] = ARENA_ARRAY(&b->arena, AbiParam, texts[k].len + 1);
        for (size_t at = 0; at < texts[k].len;) {
            size_t end = at;
            while (end < texts[k].len && texts[k].data[end] != ' ')
                end++;
            lists[k][counts[k]++].type = type_parse((Str){texts[k].data + at, end - at});
            at = end + 1;
        }
    }
    sig.params = lists[0];
    sig.returns = lists[1];
    sig.num_params = counts[0];
    sig.num_returns = counts[1];
    return sig;
}

static Block add_block(Bench *b)
{
    const Block block = func_add_block(b->f);
    func_append_block(b->f, block);
    return block;
}

// Starts a function whose types are given as words: "i32 i64". Its parameters are v0, v1, ...
static void begin(Bench *b, const char *name, const char *params, const char *returns)
{
    const ExtName ext = {.kind = NAME_TESTCASE, .text = str_from(name)};
    b->f = func_new(&b->arena, ext, signature(b, params, returns));
    VEC_PUSH(&b->arena, &b->module.funcs, b->f);
    b->block = add_block(b);
    for (uint32_t i = 0; i < b->f->sig.num_params; i++)
        func_add_param(b->f, b->block, b->f->sig.params[i].type);
}

static Value v(uint32_t i)
{
    return (Value){i};
}

// Appends an instruction and returns its first result.
static Value put(Bench *b, InstData data)
{
    const Inst inst = func_add_inst(b->f, &data, POS_NONE);
    func_make_results(b->f, inst);
    func_append_inst(b->f, b->block, inst);
    return inst_result(b->f, inst);
}

static Value put_imm(Bench *b, Type type, uint64_t imm)
{
    return put(b, (InstData){.op = OP_ICONST,
                             .ctrl = type,
                             .w = {(uint32_t)imm, (uint32_t)(imm >> 32), 0, 0}});
}

static Value put1(Bench *b, Opcode op, Type type, Value x)
{
    return put(b, (InstData){.op = (uint8_t)op, .ctrl = type, .w = {x.i, 0, 0, 0}});
}

static Value put2(Bench *b, Opcode op, Type type, Value x, Value y)
{
    return put(b, (InstData){.op = (uint8_t)op, .ctrl = type, .w = {x.i, y.i, 0, 0}});
}

static Value put_load(Bench *b, Opcode op, Type type, Value address, MemFlags flags)
{
    return put(b, (InstData){.op = (uint8_t)op, .ctrl = type, .w = {address.i, 0, 0, flags}});
}

static void put_store(Bench *b, Opcode op, Value x, Value address, MemFlags flags)
{
    const Type type = value_type(b->f, x);
    put(b, (InstData){.op = (uint8_t)op, .ctrl = type, .w = {x.i, address.i, 0, flags}});
}

static void put_return(Bench *b, const Value *values, uint32_t n)
{
    const uint32_t list = func_add_list(b->f, (const uint32_t *)values, n);
    put(b, (InstData){.op = OP_RETURN, .w = {0, 0, 0, list}});
}

static void put_return1(Bench *b, Value x)
{
    put_return(b, &x, 1);
}

static uint32_t block_call(Bench *b, Block to, const Value *args, uint32_t n)
{
    uint32_t list[8];
    assert_true(n <= 8);
    for (uint32_t i = 0; i < n; i++)
        list[i] = blockarg_make(BLOCKARG_VALUE, args[i].i).bits;
    const BlockCallData call = {to, func_add_list(b->f, list, n)};
    VEC_PUSH(&b->arena, &b->f->calls, call);
    return b->f->calls.len - 1;
}

static void put_jump(Bench *b, Block to, const Value *args, uint32_t n)
{
    put(b, (InstData){.op = OP_JUMP, .w = {0, block_call(b, to, args, n), 0, 0}});
}

static void put_brif(Bench *b, Value cond, uint32_t yes, uint32_t no)
{
    put(b, (InstData){.op = OP_BRIF, .ctrl = value_type(b->f, cond), .w = {cond.i, yes, no, 0}});
}

static uint32_t declare(Bench *b, const char *name, const char *params, const char *returns)
{
    const SigData sig = {.sig = signature(b, params, returns), .declared = true};
    VEC_PUSH(&b->arena, &b->f->sigs, sig);
    const ExtFuncData func = {.name = {.kind = NAME_TESTCASE, .text = str_from(name)},
                              .sig = {b->f->sigs.len - 1},
                              .declared = true};
    VEC_PUSH(&b->arena, &b->f->funcs, func);
    return b->f->funcs.len - 1;
}

static Value put_call(Bench *b, Opcode op, uint32_t callee, const Value *args, uint32_t n)
{
    const uint32_t list = func_add_list(b->f, (const uint32_t *)args, n);
    const bool indirect = op == OP_CALL_INDIRECT || op == OP_RETURN_CALL_INDIRECT;
    return put(b, (InstData){.op = (uint8_t)op,
                             .ctrl = indirect ? TYPE_I64 : TYPE_INVALID,
                             .w = {callee, 0, 0, list}});
}

static uint32_t add_slot(Bench *b, uint32_t size, uint32_t align)
{
    const StackSlotData slot = {.size = size, .align = align, .declared = true};
    VEC_PUSH(&b->arena, &b->f->slots, slot);
    return b->f->slots.len - 1;
}

static Value put_stack_addr(Bench *b, uint32_t slot, int32_t offset)
{
    return put(
        b, (InstData){.op = OP_STACK_ADDR, .ctrl = TYPE_I64, .w = {slot, 0, (uint32_t)offset, 0}});
}

// ---- Running them ----

static void load_with(Bench *b, const ExecutorConfig *config)
{
    Diag diag = {.arena = &b->arena};
    executor_destroy(b->ex);
    b->ex = interp_create(config);
    assert_int_equal(executor_load(b->ex, &b->module, &b->settings, NULL, &diag), STATUS_OK);
}

// Calls function `func` with integers of its parameters' types.
static CallResult run(Bench *b, uint32_t func, const uint64_t *args)
{
    const Signature *const sig = &b->module.funcs.data[func]->sig;
    DataValue data[8] = {{0}};
    if (!b->ex)
        load_with(b, NULL);
    for (uint32_t i = 0; i < sig->num_params; i++)
        data[i] = data_from_u64(sig->params[i].type, args[i]);
    return executor_call(b->ex, func, data, sig->num_params, &b->arena);
}

static uint64_t returned(const CallResult *result)
{
    if (result->outcome != OUTCOME_RETURNED)
        print_error("outcome %d, trap %d: %.*s\n", (int)result->outcome, result->trap,
                    STR_ARG(result->detail));
    assert_int_equal(result->outcome, OUTCOME_RETURNED);
    assert_true(result->num_values >= 1);
    return data_to_u64(&result->values[0]);
}

static void assert_trap(CallResult result, TrapCode trap, uint32_t func, uint32_t inst)
{
    assert_int_equal(result.outcome, OUTCOME_TRAPPED);
    assert_int_equal(result.trap, trap);
    assert_int_equal(result.func, func);
    assert_int_equal(result.inst.i, inst);
}

// ---- Arithmetic ----

// A function of each two-operand opcode on a scalar, and on the lanes of a vector, must agree: the
// main loop and the lane loop are instances of one table in different widths.
static void scalars_agree_with_lanes(void **state)
{
    static const Opcode ops[] = {OP_IADD, OP_ISUB, OP_IMUL, OP_UMULHI, OP_SMULHI, OP_BAND,
                                 OP_BOR,  OP_BXOR, OP_SMIN, OP_UMIN,   OP_SMAX,   OP_UMAX,
                                 OP_ISHL, OP_USHR, OP_SSHR, OP_ROTL,   OP_ROTR};
    static const struct {
        Type scalar, vector;
    } types[] = {{TYPE_I8, TYPE_I8X16},
                 {TYPE_I16, TYPE_I16X8},
                 {TYPE_I32, TYPE_I32X4},
                 {TYPE_I64, TYPE_I64X2}};
    static const char *const names[] = {"i8 i8", "i16 i16", "i32 i32", "i64 i64"};
    static const uint64_t values[] = {0,
                                      1,
                                      2,
                                      7,
                                      0x7f,
                                      0x80,
                                      0xff,
                                      0x8000,
                                      0x7fffffff,
                                      0x80000000,
                                      0xffffffff,
                                      0x8000000000000000,
                                      0x7fffffffffffffff,
                                      0xdeadbeefcafef00d};
    Bench *const b = *state;
    const uint32_t num_values = sizeof(values) / sizeof(values[0]);
    for (uint32_t t = 0; t < 4; t++) {
        for (uint32_t k = 0; k < sizeof(ops) / sizeof(ops[0]); k++) {
            const bool shift = ops[k] >= OP_ROTL && ops[k] <= OP_SSHR;
            char first[4] = {0};
            memcpy(first, names[t], t == 0 ? 2 : 3);
            begin(b, "f", names[t], "i8");
            const Value scalar = put2(b, ops[k], types[t].scalar, v(0), v(1));
            const Value x = put1(b, OP_SPLAT, types[t].vector, v(0));
            const Value y = shift ? v(1) : put1(b, OP_SPLAT, types[t].vector, v(1));
            const Value vector = put2(b, ops[k], types[t].vector, x, y);
            const Value lane = put(b, (InstData){.op = OP_EXTRACTLANE,
                                                 .aux = 1,
                                                 .ctrl = types[t].vector,
                                                 .w = {vector.i, 0, 0, 0}});
            put_return1(b, put(b, (InstData){.op = OP_ICMP,
                                             .aux = INTCC_EQ,
                                             .ctrl = types[t].scalar,
                                             .w = {scalar.i, lane.i, 0, 0}}));
        }
    }
    for (uint32_t f = 0; f < b->module.funcs.len; f++) {
        for (uint32_t i = 0; i < num_values * num_values; i++) {
            const uint64_t args[] = {values[i / num_values], values[i % num_values]};
            const CallResult result = run(b, f, args);
            if (returned(&result) != 1)
                fail_msg("%s of %llx and %llx",
                         ir_ops[ops[f % (sizeof(ops) / sizeof(ops[0]))]].name,
                         (unsigned long long)args[0], (unsigned long long)args[1]);
        }
    }
}

static uint64_t run_binary(Bench *b, Opcode op, const char *type, uint64_t x, uint64_t y)
{
    StrBuf twice = {.arena = &b->arena};
    buf_printf(&twice, "%s %s", type, type);
    buf_char(&twice, '\0');
    b->module.funcs.len = 0;
    begin(b, "f", twice.data, type);
    put_return1(b, put2(b, op, type_parse(str_from(type)), v(0), v(1)));
    executor_destroy(b->ex);
    b->ex = NULL;
    const CallResult result = run(b, 0, (const uint64_t[]){x, y});
    return returned(&result);
}

static void integer_operations(void **state)
{
    Bench *const b = *state;
    assert_int_equal(run_binary(b, OP_IADD, "i8", 0xff, 2), 1);
    assert_int_equal(run_binary(b, OP_ISHL, "i8", 0x81, 9), 2);
    assert_int_equal(run_binary(b, OP_SSHR, "i16", 0x8000, 4), 0xf800);
    assert_int_equal(run_binary(b, OP_ROTR, "i32", 1, 33), 0x80000000);
    assert_int_equal(run_binary(b, OP_UMULHI, "i64", UINT64_MAX, UINT64_MAX), UINT64_MAX - 1);
    assert_int_equal(run_binary(b, OP_SMULHI, "i64", UINT64_MAX, 5), UINT64_MAX);
    assert_int_equal(run_binary(b, OP_SDIV, "i32", 0xfffffff9, 2), 0xfffffffd);
    assert_int_equal(run_binary(b, OP_SREM, "i32", 0xfffffff9, 2), 0xffffffff);
    assert_int_equal(run_binary(b, OP_SREM, "i8", 0x80, 0xff), 0);
    assert_int_equal(run_binary(b, OP_SREM, "i64", UINT64_C(1) << 63, UINT64_MAX), 0);
    assert_int_equal(run_binary(b, OP_UDIV, "i64", UINT64_MAX, 10), UINT64_MAX / 10);
    // f32: 1.5 + 2.25, and the NaN rules.
    assert_int_equal(run_binary(b, OP_FADD, "f32", 0x3fc00000, 0x40100000), 0x40700000);
    assert_int_equal(run_binary(b, OP_FSUB, "f32", 0x7f800000, 0x7f800000), 0x7fc00000);
    assert_int_equal(run_binary(b, OP_FADD, "f32", 0xff800001, 0x7fc00002), 0xffc00001);
    assert_int_equal(run_binary(b, OP_FMUL, "f32", 0x3fc00000, 0x7fc00002), 0x7fc00002);
    assert_int_equal(run_binary(b, OP_FMIN, "f64", 0, UINT64_C(1) << 63), UINT64_C(1) << 63);
    assert_int_equal(run_binary(b, OP_FMAX, "f64", 0, UINT64_C(1) << 63), 0);
    // f16: 1 + 2^-11 is a tie and rounds to even.
    assert_int_equal(run_binary(b, OP_FADD, "f16", 0x3c00, 0x1000), 0x3c00);
    assert_int_equal(run_binary(b, OP_FDIV, "f16", 0x3c00, 0), 0x7c00);
    b->settings.values[SETTING_ENABLE_NAN_CANONICALIZATION] = 1;
    assert_int_equal(run_binary(b, OP_FADD, "f32", 0xff800001, 0x7fc00002), 0x7fc00000);
}

static void wide_integers(void **state)
{
    Bench *const b = *state;
    // ((x + y) * x) / y as i128, low and high half.
    begin(b, "f", "i128 i128", "i64 i64");
    Value r = put2(b, OP_IADD, TYPE_I128, v(0), v(1));
    r = put2(b, OP_IMUL, TYPE_I128, r, v(0));
    r = put2(b, OP_UDIV, TYPE_I128, r, v(1));
    r = put1(b, OP_ISPLIT, TYPE_I128, r);
    put_return(b, (const Value[]){r, {r.i + 1}}, 2);
    load_with(b, NULL);
    DataValue args[2] = {{.type = TYPE_I128}, {.type = TYPE_I128}};
    const uint128 x = (uint128)0x123456789 << 60 | 77, y = (uint128)3 << 61 | 5;
    memcpy(args[0].bytes, &x, 16);
    memcpy(args[1].bytes, &y, 16);
    const CallResult result = executor_call(b->ex, 0, args, 2, &b->arena);
    const uint128 want = (x + y) * x / y;
    assert_true(returned(&result) == (uint64_t)want);
    assert_true(data_to_u64(&result.values[1]) == (uint64_t)(want >> 64));
}

// Vectors of 256 lanes go through block parameters, calls and memory.
static void widest_vectors(void **state)
{
    Bench *const b = *state;
    const Type wide = TYPE_VECTOR(TYPE_I8, 8);
    begin(b, "double", "i8x256", "i8x256");
    put_return1(b, put2(b, OP_IADD, wide, v(0), v(0)));
    begin(b, "f", "i8", "i8 i8");
    const uint32_t callee = declare(b, "double", "i8x256", "i8x256");
    const uint32_t slot = add_slot(b, 256, 1);
    Value x = put1(b, OP_SPLAT, wide, v(0));
    const Value one = put_imm(b, TYPE_I8, 1);
    x = put(b, (InstData){.op = OP_INSERTLANE, .aux = 255, .ctrl = wide, .w = {x.i, one.i, 0, 0}});
    x = put_call(b, OP_CALL, callee, &x, 1);
    const Value address = put_stack_addr(b, slot, 0);
    put_store(b, OP_STORE, x, address, MEM_DEFAULT);
    x = put_load(b, OP_LOAD, wide, address, MEM_DEFAULT);
    const Value first =
        put(b, (InstData){.op = OP_EXTRACTLANE, .aux = 0, .ctrl = wide, .w = {x.i, 0, 0, 0}});
    const Value last =
        put(b, (InstData){.op = OP_EXTRACTLANE, .aux = 255, .ctrl = wide, .w = {x.i, 0, 0, 0}});
    put_return(b, (const Value[]){first, last}, 2);
    const CallResult result = run(b, 1, (const uint64_t[]){0x85});
    assert_int_equal(returned(&result), 0x0a);
    assert_int_equal(data_to_u64(&result.values[1]), 2);
}

// ---- Control flow ----

// The parameters of a loop's block are assigned in parallel: a Fibonacci step and a swap.
static void block_arguments_are_parallel(void **state)
{
    Bench *const b = *state;
    begin(b, "fib", "i64", "i64");
    const Value zero = put_imm(b, TYPE_I64, 0), one = put_imm(b, TYPE_I64, 1);
    const Block loop = add_block(b), done = add_block(b);
    const Value a = func_add_param(b->f, loop, TYPE_I64);
    const Value c = func_add_param(b->f, loop, TYPE_I64);
    const Value n = func_add_param(b->f, loop, TYPE_I64);
    put_jump(b, loop, (const Value[]){zero, one, v(0)}, 3);
    b->block = loop;
    const Value sum = put2(b, OP_IADD, TYPE_I64, a, c);
    const Value less = put2(b, OP_ISUB, TYPE_I64, n, one);
    const uint32_t again = block_call(b, loop, (const Value[]){c, sum, less}, 3);
    put_brif(b, less, again, block_call(b, done, NULL, 0));
    b->block = done;
    put_return1(b, c);
    begin(b, "swap", "i64 i64 i64", "i64");
    const Block turn = add_block(b), end = add_block(b);
    const Value x = func_add_param(b->f, turn, TYPE_I64);
    const Value y = func_add_param(b->f, turn, TYPE_I64);
    const Value k = func_add_param(b->f, turn, TYPE_I64);
    put_jump(b, turn, (const Value[]){v(0), v(1), v(2)}, 3);
    b->block = turn;
    const Value minus = put_imm(b, TYPE_I64, UINT64_MAX);
    const Value left = put2(b, OP_IADD, TYPE_I64, k, minus);
    const uint32_t swap = block_call(b, turn, (const Value[]){y, x, left}, 3);
    put_brif(b, left, swap, block_call(b, end, NULL, 0));
    b->block = end;
    put_return1(b, x);
    CallResult result = run(b, 0, (const uint64_t[]){50});
    assert_int_equal(returned(&result), UINT64_C(12586269025));
    result = run(b, 1, (const uint64_t[]){11, 22, 2});
    assert_int_equal(returned(&result), 22);
    result = run(b, 1, (const uint64_t[]){11, 22, 3});
    assert_int_equal(returned(&result), 11);
}

static void br_table_picks_or_defaults(void **state)
{
    Bench *const b = *state;
    begin(b, "f", "i32", "i64");
    const Block to = add_block(b);
    const Value param = func_add_param(b->f, to, TYPE_I64);
    uint32_t calls[4];
    for (uint32_t i = 0; i < 4; i++) {
        const Value x = put_imm(b, TYPE_I64, 100 + i);
        calls[i] = block_call(b, to, &x, 1);
    }
    const uint32_t list = func_add_list(b->f, calls, 4);
    put(b, (InstData){.op = OP_BR_TABLE, .w = {0, list, 0, 0}});
    b->block = to;
    put_return1(b, param);
    static const uint64_t want[] = {101, 102, 103, 100};
    for (uint64_t i = 0; i < 4; i++) {
        const CallResult result = run(b, 0, &i);
        assert_int_equal(returned(&result), want[i]);
    }
    const CallResult result = run(b, 0, (const uint64_t[]){UINT32_MAX});
    assert_int_equal(returned(&result), 100);
}

static void loops_run_out_of_fuel(void **state)
{
    Bench *const b = *state;
    begin(b, "f", "", "");
    put_jump(b, b->block, NULL, 0);
    load_with(b, &(ExecutorConfig){.fuel = 1000});
    const CallResult result = run(b, 0, NULL);
    assert_int_equal(result.outcome, OUTCOME_OUT_OF_FUEL);
    assert_int_equal(result.fuel_used, 1000);
    begin(b, "g", "", "i8");
    put_return1(b, put_imm(b, TYPE_I8, 1));
    load_with(b, &(ExecutorConfig){.fuel = 2});
    const CallResult enough = run(b, 1, NULL);
    assert_int_equal(returned(&enough), 1);
    assert_int_equal(enough.fuel_used, 2);
}

// ---- Traps ----

static void traps_have_code_and_place(void **state)
{
    Bench *const b = *state;
    begin(b, "divide", "i32 i32", "i32");
    put(b, (InstData){.op = OP_NOP});
    put_return1(b, put2(b, OP_SDIV, TYPE_I32, v(0), v(1)));
    begin(b, "trapz", "i128", "");
    put(b, (InstData){.op = OP_TRAPZ, .aux = 42, .ctrl = TYPE_I128});
    put(b, (InstData){.op = OP_TRAPNZ, .aux = 43, .ctrl = TYPE_I128});
    put_return(b, NULL, 0);
    begin(b, "trap", "", "");
    put(b, (InstData){.op = OP_TRAP, .aux = 7});
    begin(b, "add", "i32 i32", "i32");
    put_return1(
        b, put(b, (InstData){
                      .op = OP_UADD_OVERFLOW_TRAP, .aux = 9, .ctrl = TYPE_I32, .w = {0, 1, 0, 0}}));
    begin(b, "convert", "f32", "i8");
    put_return1(b, put1(b, OP_FCVT_TO_UINT, TYPE_I8, v(0)));
    begin(b, "caller", "i32 i32", "i32");
    const uint32_t divide = declare(b, "divide", "i32 i32", "i32");
    put_return1(b, put_call(b, OP_CALL, divide, (const Value[]){v(0), v(1)}, 2));
    assert_trap(run(b, 0, (const uint64_t[]){1, 0}), TRAP_INT_DIVZ, 0, 1);
    assert_trap(run(b, 0, (const uint64_t[]){0x80000000, 0xffffffff}), TRAP_INT_OVF, 0, 1);
    assert_trap(run(b, 1, (const uint64_t[]){0}), 42, 1, 0);
    assert_trap(run(b, 1, (const uint64_t[]){5}), 43, 1, 1);
    assert_trap(run(b, 2, NULL), 7, 2, 0);
    assert_trap(run(b, 3, (const uint64_t[]){0xffffffff, 1}), 9, 3, 0);
    assert_trap(run(b, 4, (const uint64_t[]){0x7fc00000}), TRAP_BAD_TOINT, 4, 0);
    assert_trap(run(b, 4, (const uint64_t[]){0x43800000}), TRAP_INT_OVF, 4, 0); // 256
    assert_trap(run(b, 4, (const uint64_t[]){0xbf800000}), TRAP_INT_OVF, 4, 0); // -1
    assert_trap(run(b, 5, (const uint64_t[]){1, 0}), TRAP_INT_DIVZ, 0, 1);
    CallResult result = run(b, 4, (const uint64_t[]){0xbf666666}); // -0.9
    assert_int_equal(returned(&result), 0);
    result = run(b, 3, (const uint64_t[]){0xfffffffe, 1});
    assert_int_equal(returned(&result), 0xffffffff);
}

// ---- Memory ----

static void memory_has_bounds(void **state)
{
    Bench *const b = *state;
    begin(b, "load", "i64", "i32");
    put_return1(b, put_load(b, OP_LOAD, TYPE_I32, v(0), 77));
    begin(b, "notrap", "i64", "i32");
    put_return1(b, put_load(b, OP_LOAD, TYPE_I32, v(0), 0));
    begin(b, "store", "i64 i64", "");
    put_store(b, OP_STORE, v(1), v(0), MEM_DEFAULT);
    put_return(b, NULL, 0);
    begin(b, "aligned", "i64", "i32");
    put_return1(b, put_load(b, OP_LOAD, TYPE_I32, v(0), MEM_DEFAULT | MEM_ALIGNED));
    load_with(b, NULL);
    const uint64_t base = GUEST_HEAP_BASE;
    assert_int_equal(executor_map(b->ex, base, 64), STATUS_OK);
    assert_int_equal(executor_map(b->ex, base + 63, 1), STATUS_LIMIT);
    assert_int_equal(executor_map(b->ex, 0x1000, 64), STATUS_LIMIT);
    assert_int_equal(executor_map(b->ex, UINT64_MAX - 4, 64), STATUS_LIMIT);
    assert_int_equal(executor_map(b->ex, base + 64, 0), STATUS_LIMIT);
    assert_int_equal(executor_map(b->ex, base + 64, UINT64_C(1) << 50), STATUS_LIMIT);
    uint32_t *const host = executor_memory(b->ex, base, 64);
    assert_non_null(host);
    assert_null(executor_memory(b->ex, base, 65));
    host[15] = 0x11223344;
    CallResult result = run(b, 0, (const uint64_t[]){base + 60});
    assert_int_equal(returned(&result), 0x11223344);
    assert_trap(run(b, 0, (const uint64_t[]){base + 61}), 77, 0, 0);
    assert_trap(run(b, 0, (const uint64_t[]){base - 1}), 77, 0, 0);
    assert_trap(run(b, 0, (const uint64_t[]){0}), 77, 0, 0);
    assert_trap(run(b, 0, (const uint64_t[]){UINT64_MAX}), 77, 0, 0);
    assert_trap(run(b, 2, (const uint64_t[]){base + 57, 1}), TRAP_HEAP_OOB, 2, 0);
    result = run(b, 1, (const uint64_t[]){0});
    assert_int_equal(result.outcome, OUTCOME_CRASHED);
    assert_true(str_contains(result.detail, STR("notrap")));
    result = run(b, 3, (const uint64_t[]){base + 60});
    assert_int_equal(returned(&result), 0x11223344);
    assert_trap(run(b, 3, (const uint64_t[]){base + 58}), TRAP_HEAP_OOB, 3, 0);
    result = run(b, 2, (const uint64_t[]){base + 8, UINT64_C(0x8877665544332211)});
    assert_int_equal(result.outcome, OUTCOME_RETURNED);
    assert_int_equal(host[2], 0x44332211);
    assert_int_equal(host[3], 0x88776655);
}

static void byte_orders(void **state)
{
    Bench *const b = *state;
    begin(b, "scalar", "i64 i64", "i64");
    put_store(b, OP_STORE, v(1), v(0), MEM_DEFAULT | MEM_BIG);
    put_return1(b, put_load(b, OP_LOAD, TYPE_I64, v(0), MEM_DEFAULT | MEM_LITTLE));
    begin(b, "half", "i64", "i32");
    put_return1(b, put_load(b, OP_SLOAD16, TYPE_I32, v(0), MEM_DEFAULT | MEM_BIG));
    begin(b, "vector", "i64", "i16x8");
    put_return1(b, put_load(b, OP_ULOAD8X8, TYPE_I64, v(0), MEM_DEFAULT));
    begin(b, "lanes", "i64", "i32x4");
    put_return1(b, put_load(b, OP_SLOAD16X4, TYPE_I64, v(0), MEM_DEFAULT | MEM_BIG));
    load_with(b, NULL);
    assert_int_equal(executor_map(b->ex, GUEST_HEAP_BASE, 64), STATUS_OK);
    uint8_t *const host = executor_memory(b->ex, GUEST_HEAP_BASE, 64);
    const uint64_t args[] = {GUEST_HEAP_BASE, UINT64_C(0x8122334455667788)};
    CallResult result = run(b, 0, args);
    assert_int_equal(returned(&result), UINT64_C(0x8877665544332281));
    assert_int_equal(host[0], 0x81);
    result = run(b, 1, args);
    assert_int_equal(returned(&result), 0xffff8122);
    result = run(b, 2, args);
    returned(&result);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(result.values[0].bytes[2 * i], host[i]);
        assert_int_equal(result.values[0].bytes[2 * i + 1], 0);
    }
    result = run(b, 3, args);
    const uint32_t lanes[] = {0xffff8122, 0x3344, 0x5566, 0x7788};
    returned(&result);
    assert_memory_equal(result.values[0].bytes, lanes, 16);
}

static void stack_slots(void **state)
{
    Bench *const b = *state;
    // Slots are zero at first, back to back, apart from what alignment asks for.
    begin(b, "f", "", "i64 i64 i64");
    const uint32_t s0 = add_slot(b, 3, 1), s1 = add_slot(b, 8, 1), s2 = add_slot(b, 8, 64);
    const Value a0 = put_stack_addr(b, s0, 0), a1 = put_stack_addr(b, s1, 0);
    const Value a2 = put_stack_addr(b, s2, 0);
    const Value old = put_load(b, OP_LOAD, TYPE_I64, a1, MEM_DEFAULT);
    put_store(b, OP_STORE, put_imm(b, TYPE_I64, UINT64_MAX), a1, MEM_DEFAULT);
    const Value gap = put2(b, OP_ISUB, TYPE_I64, a1, a0);
    const Value low = put2(b, OP_BAND, TYPE_I64, a2, put_imm(b, TYPE_I64, 63));
    put_return(b, (const Value[]){old, gap, low}, 3);
    begin(b, "outside", "", "i64");
    put_return1(b, put_stack_addr(b, add_slot(b, 8, 1), 8));
    begin(b, "dangling", "", "i8");
    const uint32_t leak = declare(b, "leak", "", "i64");
    const Value address = put_call(b, OP_CALL, leak, NULL, 0);
    put_return1(b, put_load(b, OP_LOAD, TYPE_I8, address, MEM_DEFAULT));
    begin(b, "leak", "", "i64");
    put_return1(b, put_stack_addr(b, add_slot(b, 8, 1), 0));
    for (uint32_t i = 0; i < 2; i++) { // the second call must not see what the first one left
        const CallResult result = run(b, 0, NULL);
        assert_int_equal(returned(&result), 0);
        assert_int_equal(data_to_u64(&result.values[1]), 3);
        assert_int_equal(data_to_u64(&result.values[2]), 0);
    }
    assert_trap(run(b, 1, NULL), TRAP_HEAP_OOB, 1, 0);
    assert_trap(run(b, 2, NULL), TRAP_HEAP_OOB, 2, 1);
}

// ---- Calls ----

// depth(n) = n == 0 ? 0 : 1 + depth(n - 1), without slots.
static void make_depth(Bench *b, bool tail)
{
    begin(b, "depth", "i64 i64", "i64");
    const uint32_t self = declare(b, "depth", "i64 i64", "i64");
    const Block more = add_block(b), done = add_block(b);
    put_brif(b, v(0), block_call(b, more, NULL, 0), block_call(b, done, NULL, 0));
    b->block = done;
    put_return1(b, v(1));
    b->block = more;
    const Value one = put_imm(b, TYPE_I64, 1);
    const Value args[] = {put2(b, OP_ISUB, TYPE_I64, v(0), one),
                          put2(b, OP_IADD, TYPE_I64, v(1), one)};
    if (tail)
        put_call(b, OP_RETURN_CALL, self, args, 2);
    else
        put_return1(b, put_call(b, OP_CALL, self, args, 2));
}

static void deep_recursion_ends(void **state)
{
    Bench *const b = *state;
    make_depth(b, false);
    CallResult result = run(b, 0, (const uint64_t[]){100000, 0});
    assert_int_equal(returned(&result), 100000);
    result = run(b, 0, (const uint64_t[]){UINT64_MAX, 0});
    assert_int_equal(result.outcome, OUTCOME_TRAPPED);
    assert_int_equal(result.trap, TRAP_STK_OVF);
    assert_int_equal(result.func, 0);
    // The executor is as good as new.
    result = run(b, 0, (const uint64_t[]){1000, 0});
    assert_int_equal(returned(&result), 1000);
}

static void large_frames_end(void **state)
{
    Bench *const b = *state;
    begin(b, "f", "", "i64");
    put_return1(b, put_stack_addr(b, add_slot(b, 0x7fffffff, 1), 0));
    const CallResult result = run(b, 0, NULL);
    assert_int_equal(result.outcome, OUTCOME_TRAPPED);
    assert_int_equal(result.trap, TRAP_STK_OVF);
}

static void tail_calls_use_no_stack(void **state)
{
    Bench *const b = *state;
    make_depth(b, true);
    begin(b, "caller", "i64", "i64");
    const uint32_t depth = declare(b, "depth", "i64 i64", "i64");
    const Value args[] = {v(0), put_imm(b, TYPE_I64, 5)};
    const Value r = put_call(b, OP_CALL, depth, args, 2);
    put_return1(b, put2(b, OP_IADD, TYPE_I64, r, v(0)));
    load_with(b, &(ExecutorConfig){.stack_size = 4096});
    CallResult result = run(b, 0, (const uint64_t[]){1000000, 0});
    assert_int_equal(returned(&result), 1000000);
    result = run(b, 1, (const uint64_t[]){1000000});
    assert_int_equal(returned(&result), 2000005);
}

static void indirect_calls(void **state)
{
    Bench *const b = *state;
    begin(b, "twice", "i32", "i32");
    put_return1(b, put2(b, OP_IADD, TYPE_I32, v(0), v(0)));
    begin(b, "through", "i64 i32", "i32");
    declare(b, "unused", "i32", "i32");
    put_return1(b, put_call(b, OP_CALL_INDIRECT, 0, (const Value[]){v(0), v(1)}, 2));
    begin(b, "by_name", "i32", "i32");
    const uint32_t twice = declare(b, "twice", "i32", "i32");
    const Value address =
        put(b, (InstData){.op = OP_FUNC_ADDR, .ctrl = TYPE_I64, .w = {twice, 0, 0, 0}});
    put_call(b, OP_RETURN_CALL_INDIRECT, 0, (const Value[]){address, v(0)}, 2);
    begin(b, "other", "i64", "i32");
    put_return1(b, put1(b, OP_IREDUCE, TYPE_I32, v(0)));
    load_with(b, NULL);
    CallResult result = run(b, 1, (const uint64_t[]){executor_func_address(b->ex, 0), 21});
    assert_int_equal(returned(&result), 42);
    result = run(b, 2, (const uint64_t[]){21});
    assert_int_equal(returned(&result), 42);
    result = run(b, 1, (const uint64_t[]){executor_func_address(b->ex, 3), 21});
    assert_int_equal(result.outcome, OUTCOME_CRASHED);
    assert_true(str_contains(result.detail, STR("(i64) -> i32")));
    static const uint64_t wrong[] = {0, 1, GUEST_HEAP_BASE, UINT64_MAX, UINT64_C(1) << 62 | 4};
    for (uint32_t i = 0; i < 5; i++) {
        result = run(b, 1, (const uint64_t[]){wrong[i], 21});
        assert_int_equal(result.outcome, OUTCOME_CRASHED);
        assert_true(str_contains(result.detail, STR("not the address of a function")));
        assert_int_equal(result.func, 1);
    }
}

static TrapCode add_from_host(void *context, Executor *ex, ImportCall *call)
{
    uint64_t *const calls = context;
    (void)ex;
    ++*calls;
    if (call->num_args != 2 || call->num_results != 1) {
        call->refusal = "takes two";
        return TRAP_NONE;
    }
    const uint64_t sum = data_to_u64(&call->args[0]) + data_to_u64(&call->args[1]);
    call->results[0] = data_from_u64(call->results[0].type, sum);
    return sum == 13 ? 13 : TRAP_NONE;
}

static void imports(void **state)
{
    Bench *const b = *state;
    uint64_t calls = 0;
    begin(b, "f", "i16 i16", "i16");
    const uint32_t add = declare(b, "add", "i16 i16", "i16");
    put_return1(b, put_call(b, OP_CALL, add, (const Value[]){v(0), v(1)}, 2));
    begin(b, "tail", "i16 i16", "i16");
    declare(b, "add", "i16 i16", "i16");
    put_call(b, OP_RETURN_CALL, 0, (const Value[]){v(0), v(1)}, 2);
    begin(b, "wrong", "i16", "i16");
    declare(b, "add", "i16", "i16");
    put_return1(b, put_call(b, OP_CALL, 0, (const Value[]){v(0)}, 1));
    CallResult result = run(b, 0, (const uint64_t[]){40, 2});
    assert_int_equal(result.outcome, OUTCOME_UNSUPPORTED);
    assert_true(str_contains(result.detail, STR("%add")));
    executor_import(b->ex, STR("add"), add_from_host, &calls);
    result = run(b, 0, (const uint64_t[]){40, 2});
    assert_int_equal(returned(&result), 42);
    result = run(b, 1, (const uint64_t[]){40, 3});
    assert_int_equal(returned(&result), 43);
    assert_trap(run(b, 0, (const uint64_t[]){6, 7}), 13, 0, 0);
    assert_int_equal(calls, 3);
    result = run(b, 2, (const uint64_t[]){40});
    assert_int_equal(result.outcome, OUTCOME_UNSUPPORTED);
    assert_true(str_contains(result.detail, STR("takes two")));
}

// Two executors, and two calls of one, give the same bits, stack addresses included.
static void same_everywhere(void **state)
{
    Bench *const b = *state;
    begin(b, "f", "f64", "i64 i64 f64");
    const uint32_t self = declare(b, "g", "", "i64");
    const Value address = put_stack_addr(b, add_slot(b, 8, 1), 0);
    const Value deeper = put_call(b, OP_CALL, self, NULL, 0);
    const Value nan = put2(b, OP_FDIV, TYPE_F64, v(0), v(0));
    put_return(b, (const Value[]){address, deeper, nan}, 3);
    begin(b, "g", "", "i64");
    put_return1(b, put_stack_addr(b, add_slot(b, 8, 1), 0));
    CallResult results[3];
    for (uint32_t i = 0; i < 3; i++) {
        if (i != 1)
            load_with(b, NULL);
        results[i] = run(b, 0, (const uint64_t[]){0});
        returned(&results[i]);
        assert_int_equal(results[i].fuel_used, results[0].fuel_used);
        for (uint32_t k = 0; k < 3; k++)
            assert_true(data_eq(&results[i].values[k], &results[0].values[k]));
    }
    assert_int_equal(data_to_u64(&results[0].values[2]), UINT64_C(0x7ff8000000000000));
}

// ---- What can't be done ----

static void unsupported_is_named(void **state)
{
    Bench *const b = *state;
    begin(b, "switch", "i64 i64 i64", "i64");
    put_return1(b, put(b, (InstData){.op = OP_STACK_SWITCH, .ctrl = TYPE_I64, .w = {0, 1, 2, 0}}));
    begin(b, "open", "", "");
    put(b, (InstData){.op = OP_NOP});
    begin(b, "misfit", "i32 f32", "i32");
    put_return1(b, put2(b, OP_IADD, TYPE_I32, v(0), v(1)));
    begin(b, "wide", "i64x4", "i64");
    put_return1(b, put_imm(b, TYPE_I64, 0));
    CallResult result = run(b, 0, (const uint64_t[]){0, 0, 0});
    assert_int_equal(result.outcome, OUTCOME_UNSUPPORTED);
    assert_true(str_contains(result.detail, STR("stack_switch.i64")));
    assert_int_equal(result.inst.i, 0);
    result = run(b, 1, NULL);
    assert_int_equal(result.outcome, OUTCOME_CRASHED);
    result = run(b, 2, (const uint64_t[]){0, 0});
    assert_int_equal(result.outcome, OUTCOME_CRASHED);
    assert_true(str_contains(result.detail, STR("iadd.i32")));
    const DataValue wide = {.type = TYPE_VECTOR(TYPE_I64, 2)};
    result = executor_call(b->ex, 3, &wide, 1, &b->arena);
    assert_int_equal(result.outcome, OUTCOME_UNSUPPORTED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(scalars_agree_with_lanes),
        TEST(integer_operations),
        TEST(wide_integers),
        TEST(widest_vectors),
        TEST(block_arguments_are_parallel),
        TEST(br_table_picks_or_defaults),
        TEST(loops_run_out_of_fuel),
        TEST(traps_have_code_and_place),
        TEST(memory_has_bounds),
        TEST(byte_orders),
        TEST(stack_slots),
        TEST(deep_recursion_ends),
        TEST(large_frames_end),
        TEST(tail_calls_use_no_stack),
        TEST(indirect_calls),
        TEST(imports),
        TEST(same_everywhere),
        TEST(unsupported_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
