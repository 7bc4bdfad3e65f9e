// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The mid-end on constants against the interpreter, which shares no code with it: every operation
// on all pairs of 8-bit numbers, and on special and random numbers of the other widths. A function
// returns the results of a row of operations; both must give the same ones, and after the mid-end
// no operation that it says it folds may be left.

#include "emulate/emulate.h"
#include "opt/opt.h"

// cmocka.h wants the others before it.
// clang-format off
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

// Operations on scalar integers of one width that are folded.
static const Opcode unary[] = {OP_INEG, OP_BNOT, OP_IABS,   OP_CLZ,
                               OP_CLS,  OP_CTZ,  OP_POPCNT, OP_BITREV};
static const Opcode binary[] = {OP_IADD, OP_ISUB, OP_IMUL, OP_UMULHI, OP_SMULHI, OP_BAND,
                                OP_BOR,  OP_BXOR, OP_ISHL, OP_USHR,   OP_SSHR,   OP_ROTL,
                                OP_ROTR, OP_SMIN, OP_SMAX, OP_UMIN,   OP_UMAX};
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { ROW = 256 };

typedef struct Row {
    Arena arena;
    Module module;
    Func *func;
    Block block;
    Value results[ROW];
    uint32_t len;
    Type type; // of the results
} Row;

static Value append(Row *row, const InstData *data)
{
    const Inst inst = func_add_inst(row->func, data, POS_NONE);
    func_make_results(row->func, inst);
    func_append_inst(row->func, row->block, inst);
    return inst_result(row->func, inst);
}

static Value narrow_constant(Row *row, Type type, uint64_t bits)
{
    const uint32_t unused = 64 - type_bits(type);
    const uint64_t imm = (uint64_t)((int64_t)(bits << unused) >> unused);
    const InstData data = {
        .op = OP_ICONST, .ctrl = type, .w = {(uint32_t)imm, (uint32_t)(imm >> 32)}};
    return append(row, &data);
}

static Value constant(Row *row, Type type, uint128 bits)
{
    if (type != TYPE_I128)
        return narrow_constant(row, type, (uint64_t)bits);
    const Value low = narrow_constant(row, TYPE_I64, (uint64_t)bits);
    const Value high = narrow_constant(row, TYPE_I64, (uint64_t)(bits >> 64));
    const InstData data = {.op = OP_ICONCAT, .ctrl = TYPE_I64, .w = {low.i, high.i}};
    return append(row, &data);
}

static void open_row(Row *row, Type type)
{
    *row = (Row){.type = type};
    row->func = func_new(&row->arena, (ExtName){.kind = NAME_TESTCASE, .text = STR("f")},
                         (Signature){.callconv = CC_FAST});
    row->block = func_add_block(row->func);
    func_append_block(row->func, row->block);
    row->module.arena = &row->arena;
    VEC_PUSH(&row->arena, &row->module.funcs, row->func);
}

static void add_operation(Row *row, InstData data, Value x, Value y)
{
    data.w[0] = x.i;
    data.w[1] = y.i == NO_INDEX ? 0 : y.i;
    row->results[row->len++] = append(row, &data);
}

// Ends the function: it returns all results.
static void close_row(Row *row)
{
    Func *const f = row->func;
    uint32_t list[ROW];
    f->sig.num_returns = row->len;
    f->sig.returns = ARENA_ARRAY(&row->arena, AbiParam, row->len);
    for (uint32_t i = 0; i < row->len; i++) {
        list[i] = row->results[i].i;
        f->sig.returns[i].type = row->type;
    }
    const InstData data = {.op = OP_RETURN, .w = {[3] = func_add_list(f, list, row->len)}};
    func_append_inst(f, row->block, func_add_inst(f, &data, POS_NONE));
}

static CallResult interpret(Row *row, const Settings *settings)
{
    const ExecutorConfig config = {0};
    Diag diag = {.arena = &row->arena};
    const char *reason;
    Executor *const ex = executor_create(ENGINE_INTERP, &config, &reason);
    assert_int_equal(executor_load(ex, &row->module, settings, NULL, &diag), STATUS_OK);
    const CallResult result = executor_call(ex, 0, NULL, 0, &row->arena);
    executor_destroy(ex);
    assert_int_equal(result.outcome, OUTCOME_RETURNED);
    return result;
}

// Whether nothing but constants is left.
static bool is_folded(const Func *f)
{
    IR_FOR_INSTS (f, f->first_block, inst) {
        switch ((int)inst_op(f, inst)) {
        case OP_ICONST:
        case OP_RETURN: break;
        case OP_UEXTEND:
        case OP_SEXTEND:
        case OP_ICONCAT: break; // how a constant of 128 bits is made
        default: return false;
        }
    }
    return true;
}

static void judge(Row *row)
{
    close_row(row);
    Settings settings = settings_defaults();
    const CallResult before = interpret(row, &settings);
    settings.values[SETTING_OPT_LEVEL] = OPT_LEVEL_SPEED;
    const OptOptions options = {.settings = &settings};
    Arena scratch = {0};
    opt_func(row->func, &options, &scratch);
    arena_free(&scratch);
    assert_true(is_folded(row->func));
    const CallResult after = interpret(row, &settings);
    assert_int_equal(before.num_values, after.num_values);
    for (uint32_t i = 0; i < before.num_values; i++)
        assert_true(data_eq(&before.values[i], &after.values[i]));
    arena_free(&row->arena);
}

static void all_pairs_of_bytes(void **state)
{
    (void)state;
    for (uint32_t op = 0; op < LENGTH(binary) + INTCC_COUNT; op++) {
        const bool compare = op >= LENGTH(binary);
        InstData data = {.op = OP_ICMP, .ctrl = TYPE_I8};
        if (compare)
            data.aux = (uint8_t)(op - LENGTH(binary));
        else
            data.op = (uint8_t)binary[op];
        for (uint32_t x = 0; x < 256; x++) {
            Row row;
            open_row(&row, TYPE_I8);
            const Value left = constant(&row, TYPE_I8, x);
            for (uint32_t y = 0; y < 256; y++)
                add_operation(&row, data, left, constant(&row, TYPE_I8, y));
            judge(&row);
        }
    }
}

static void all_bytes(void **state)
{
    (void)state;
    for (uint32_t op = 0; op < LENGTH(unary); op++) {
        Row row;
        open_row(&row, TYPE_I8);
        const InstData data = {.op = (uint8_t)unary[op], .ctrl = TYPE_I8};
        for (uint32_t x = 0; x < 256; x++)
            add_operation(&row, data, constant(&row, TYPE_I8, x), NO(Value));
        judge(&row);
    }
}

// ---- Wider numbers ----

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

// Numbers round powers of two, and random ones.
static uint128 sample(uint64_t *state)
{
    const uint64_t choice = next_random(state) % 4;
    const uint128 power = (uint128)1 << (next_random(state) % 128);
    if (choice == 0)
        return power;
    if (choice == 1)
        return power - 1;
    if (choice == 2)
        return -power;
    return (uint128)next_random(state) << 64 | next_random(state);
}

static uint128 fitted(uint128 bits, Type type)
{
    return type_bits(type) == 128 ? bits : bits & (((uint128)1 << type_bits(type)) - 1);
}

static void samples_of_wider_types(void **state)
{
    (void)state;
    static const Type types[] = {TYPE_I16, TYPE_I32, TYPE_I64, TYPE_I128};
    uint64_t random = UINT64_C(0x243f6a8885a308d3);
    for (uint32_t t = 0; t < LENGTH(types); t++)
        for (uint32_t op = 0; op < LENGTH(unary) + LENGTH(binary) + 1; op++) {
            const bool one = op < LENGTH(unary);
            const Opcode swapped = OP_BSWAP;
            const uint32_t second = op - (uint32_t)LENGTH(unary);
            const Opcode code = one                       ? unary[op]
                                : second < LENGTH(binary) ? binary[second]
                                                          : swapped;
            Row row;
            open_row(&row, types[t]);
            const InstData data = {.op = (uint8_t)code, .ctrl = types[t]};
            for (uint32_t i = 0; i < ROW; i++) {
                const Value x = constant(&row, types[t], fitted(sample(&random), types[t]));
                const bool two = !one && code != swapped;
                add_operation(&row, data, x,
                              two ? constant(&row, types[t], fitted(sample(&random), types[t]))
                                  : NO(Value));
            }
            judge(&row);
        }
}

static void conversions(void **state)
{
    (void)state;
    static const Type types[] = {TYPE_I8, TYPE_I16, TYPE_I32, TYPE_I64, TYPE_I128};
    uint64_t random = UINT64_C(0x13198a2e03707344);
    for (uint32_t from = 0; from < LENGTH(types); from++)
        for (uint32_t to = 0; to < LENGTH(types); to++) {
            static const Opcode wider[] = {OP_UEXTEND, OP_SEXTEND};
            for (uint32_t k = 0; from != to && k < (from < to ? 2u : 1u); k++) {
                Row row;
                open_row(&row, types[to]);
                const Opcode op = from < to ? wider[k] : OP_IREDUCE;
                const InstData data = {.op = (uint8_t)op, .ctrl = types[to]};
                for (uint32_t i = 0; i < ROW; i++)
                    add_operation(&row, data,
                                  constant(&row, types[from], fitted(sample(&random), types[from])),
                                  NO(Value));
                judge(&row);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_pairs_of_bytes),
        cmocka_unit_test(all_bytes),
        cmocka_unit_test(samples_of_wider_types),
        cmocka_unit_test(conversions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
