// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// .init files: what they put where, that a program finds it there, and located errors.

#include "emulate/emulate.h"
#include "emulate/program/program.h"

// cmocka.h wants the others before it.
// clang-format off
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

typedef struct Bench {
    Arena arena;
    Module module;
    Settings settings;
    Executor *ex;
    Diag diag;
    Source source;
    Program program;
} Bench;

// A module of %f0(i64, i64) -> i64, which returns the i64 that its second argument points to, and
// %f1, which calls the undeclared %f2.
static void make_module(Bench *b)
{
    static AbiParam params[] = {{.type = TYPE_I64, .purpose = PURPOSE_VMCTX}, {.type = TYPE_I64}};
    static AbiParam result = {.type = TYPE_I64};
    const Signature sig = {params, &result, 2, 1, CC_SYSTEM_V};
    for (uint32_t i = 0; i < 2; i++) {
        const ExtName name = {.kind = NAME_TESTCASE, .text = i == 0 ? STR("f0") : STR("f1")};
        Func *const f = func_new(&b->arena, name, sig);
        VEC_PUSH(&b->arena, &b->module.funcs, f);
        const Block block = func_add_block(f);
        func_append_block(f, block);
        const Value values[] = {func_add_param(f, block, TYPE_I64),
                                func_add_param(f, block, TYPE_I64)};
        const SigData sig_data = {.sig = sig, .declared = true};
        VEC_PUSH(&b->arena, &f->sigs, sig_data);
        const ExtFuncData ext = {.name = {.kind = NAME_TESTCASE, .text = STR("f2")},
                                 .declared = true};
        VEC_PUSH(&b->arena, &f->funcs, ext);
        const uint32_t list = func_add_list(f, (const uint32_t *)values, 2);
        const InstData load = {.op = OP_LOAD, .ctrl = TYPE_I64, .w = {1, 0, 0, MEM_DEFAULT}};
        const InstData call = {.op = OP_CALL, .w = {0, 0, 0, list}};
        const Inst first = func_add_inst(f, i == 0 ? &load : &call, POS_NONE);
        func_make_results(f, first);
        func_append_inst(f, block, first);
        const Value loaded = inst_result(f, first);
        const InstData ret = {.op = OP_RETURN, .w = {0, 0, 0, func_add_list(f, &loaded.i, 1)}};
        func_append_inst(f, block, func_add_inst(f, &ret, POS_NONE));
    }
}

static int set_up(void **state)
{
    static Bench bench; // cmocka runs one test at a time
    const char *reason;
    memset(&bench, 0, sizeof(bench));
    bench.diag.arena = &bench.arena;
    make_module(&bench);
    bench.ex = executor_create(ENGINE_INTERP, NULL, &reason);
    *state = &bench;
    return executor_load(bench.ex, &bench.module, &bench.settings, NULL, &bench.diag) != STATUS_OK;
}

static int tear_down(void **state)
{
    Bench *const b = *state;
    executor_destroy(b->ex);
    arena_free(&b->arena);
    return 0;
}

static Status load(Bench *b, const char *text)
{
    b->source = (Source){.path = STR("test.init"), .text = str_from(text)};
    return program_load(b->ex, &b->module, &b->source, &b->arena, &b->program, &b->diag);
}

// What function `func` returns for an address.
static CallResult read_at(Bench *b, uint32_t func, uint64_t address)
{
    const DataValue args[] = {data_from_u64(TYPE_I64, PROGRAM_VMCTX),
                              data_from_u64(TYPE_I64, address)};
    return executor_call(b->ex, func, args, 2, &b->arena);
}

static void assert_word(Bench *b, uint64_t address, uint64_t want)
{
    const CallResult result = read_at(b, 0, address);
    assert_int_equal(result.outcome, OUTCOME_RETURNED);
    assert_int_equal(data_to_u64(&result.values[0]), want);
}

static void memory_is_set_up(void **state)
{
    Bench *const b = *state;
    assert_int_equal(load(b, "memory 2 65536 # pages\n"
                             "global 0 i32 0x10410 at vmctx+64\n"
                             "global 1 i64 18446744073709551615 at vmctx+80\n"
                             "\n"
                             "export Memory 0 memory\n"
                             "export Func 0 kernel\r\n"
                             "data 1024 0102fF80\n"
                             "table 3\n"
                             "elem 1 0 sig 7"),
                     STATUS_OK);
    assert_int_equal(program_export(&b->program, STR("kernel")), 0);
    assert_int_equal(program_export(&b->program, STR("memory")), NO_INDEX);
    assert_word(b, PROGRAM_VMCTX, PROGRAM_MEMORY);
    assert_word(b, PROGRAM_VMCTX + 8, 2);
    assert_word(b, PROGRAM_VMCTX + 16, PROGRAM_TABLE);
    assert_word(b, PROGRAM_VMCTX + 24, 3);
    assert_word(b, PROGRAM_VMCTX + 64, 0x10410);
    assert_word(b, PROGRAM_VMCTX + 80, UINT64_MAX);
    assert_word(b, PROGRAM_MEMORY + 1024, 0x80ff0201);
    assert_word(b, PROGRAM_MEMORY + PROGRAM_MEMORY_MIN - 8, 0);
    assert_word(b, PROGRAM_TABLE, 0);
    assert_word(b, PROGRAM_TABLE + 8, UINT32_MAX);
    assert_word(b, PROGRAM_TABLE + 16, executor_func_address(b->ex, 0));
    assert_word(b, PROGRAM_TABLE + 24, 7);
    assert_int_equal(read_at(b, 0, PROGRAM_TABLE + 41).outcome, OUTCOME_TRAPPED);
}

static void imports_are_refused(void **state)
{
    Bench *const b = *state;
    assert_int_equal(load(b, "import 2 env.write\nexport Func 1 main\n"), STATUS_OK);
    const CallResult result = read_at(b, program_export(&b->program, STR("main")), 0);
    assert_int_equal(result.outcome, OUTCOME_UNSUPPORTED);
    const Str want = STR("call of %f2: the program's import env.write is not there");
    assert_true(str_eq(result.detail, want));
}

static void errors_have_a_place(void **state)
{
    static const struct {
        const char *text;
        uint32_t line, col;
    } cases[] = {
        {"what 1\n", 1, 1},
        {"memory 1 2\n  memory 1 2\n", 2, 3},
        {"memory 1\n", 1, 1},
        {"memory 65537 65537\n", 1, 8},
        {"memory -1 1\n", 1, 8},
        {"memory 0x 1\n", 1, 8},
        {"memory 18446744073709551617 1\n", 1, 8},
        {"data 0 00\n", 1, 6},
        {"memory 1 1\ndata 0 000\n", 2, 8},
        {"memory 1 1\ndata 0 0g\n", 2, 8},
        {"memory 1 1\ndata 67108863 0000\n", 2, 6},
        {"global 0 i128 0 at vmctx+64\n", 1, 10},
        {"global 0 i32 4294967296 at vmctx+64\n", 1, 14},
        {"global 0 i32 0 on vmctx+64\n", 1, 16},
        {"global 0 i32 0 at vmctx+9999999\n", 1, 19},
        {"table 1048577\n", 1, 7},
        {"table 1\nelem 1 0 sig 0\n", 2, 6},
        {"table 1\nelem 0 9 sig 0\n", 2, 8},
        {"table 1\nelem 0 0 signature 0\n", 2, 10},
        {"export Func 9 kernel\n", 1, 13},
        {"import 0 env.f\n", 1, 8},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(tear_down(state), 0);
        assert_int_equal(set_up(state), 0);
        Bench *const b = *state;
        assert_int_not_equal(load(b, cases[i].text), STATUS_OK);
        assert_int_equal(b->diag.errors, 1);
        const LineCol where = b->diag.messages.data[0].where;
        if (where.line != cases[i].line || where.col != cases[i].col)
            fail_msg("%s is said to be wrong at %u:%u", cases[i].text, where.line, where.col);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(memory_is_set_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(imports_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_have_a_place, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
