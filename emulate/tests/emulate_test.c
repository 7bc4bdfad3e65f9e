// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of engines, and the library calls that each executor has bound.

#include "emulate/emulate.h"
#include "text/text.h"

// cmocka.h wants the others before it.
// clang-format off
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

typedef struct Bench {
    Arena arena;
    ClifFile *file;
    Executor *ex;
} Bench;

static const char program[] =
    "function %ceil(f32) -> f32 { fn0 = %CeilF32(f32) -> f32\n"
    "block0(v0: f32): v1 = call fn0(v0) return v1 }\n"
    "function %nearest(f64) -> f64 { fn0 = %NearestF64(f64) -> f64\n"
    "block0(v0: f64): v1 = call fn0(v0) return v1 }\n"
    "function %fma(f64, f64, f64) -> f64 { fn0 = %FmaF64(f64, f64, f64) -> f64\n"
    "block0(v0: f64, v1: f64, v2: f64): v3 = call fn0(v0, v1, v2) return v3 }\n"
    "function %copy(i64, i64, i64) -> i64 { fn0 = %Memcpy(i64, i64, i64) -> i64\n"
    "block0(v0: i64, v1: i64, v2: i64): v3 = call fn0(v0, v1, v2) return v3 }\n"
    "function %move(i64, i64, i64) -> i64 { fn0 = %Memmove(i64, i64, i64) -> i64\n"
    "block0(v0: i64, v1: i64, v2: i64): v3 = call fn0(v0, v1, v2) return v3 }\n"
    "function %compare(i64, i64, i64) -> i32 { fn0 = %Memcmp(i64, i64, i64) -> i32\n"
    "block0(v0: i64, v1: i64, v2: i64): v3 = call fn0(v0, v1, v2) return v3 }\n"
    "function %set(i64, i32, i64) -> i64 { fn0 = %Memset(i64, i32, i64) -> i64\n"
    "block0(v0: i64, v1: i32, v2: i64): v3 = call fn0(v0, v1, v2) return v3 }\n"
    "function %misused(i64) -> f32 { fn0 = %CeilF32(i64) -> f32\n"
    "block0(v0: i64): v1 = call fn0(v0) return v1 }\n"
    "function %unbound(i64) -> i64 { fn0 = %ElfTlsGetAddr(i64) -> i64\n"
    "block0(v0: i64): v1 = call fn0(v0) return v1 }\n"
    "function %shuffle(i8x16, i8x16) -> i8x16 { fn0 = %X86Pshufb(i8x16, i8x16) -> i8x16\n"
    "block0(v0: i8x16, v1: i8x16): v2 = call fn0(v0, v1) return v2 }\n";

static int set_up(void **state)
{
    static Bench bench; // cmocka runs one test at a time
    const char *reason;
    memset(&bench, 0, sizeof(bench));
    Diag diag = {.arena = &bench.arena};
    const Settings settings = settings_defaults();
    *state = &bench;
    bench.ex = executor_create(ENGINE_INTERP, NULL, &reason);
    return text_parse_file(&bench.arena, STR("program"), str_from(program), &(ParseOptions){0},
                           &bench.file, &diag) != STATUS_OK ||
           executor_load(bench.ex, &bench.file->module, &settings, NULL, &diag) != STATUS_OK;
}

static int tear_down(void **state)
{
    Bench *const b = *state;
    executor_destroy(b->ex);
    arena_free(&b->arena);
    return 0;
}

static uint32_t find(const Bench *b, const char *name)
{
    const ExtName ext = {.kind = NAME_TESTCASE, .text = str_from(name)};
    const uint32_t func = module_find(&b->file->module, &ext);
    assert_int_not_equal(func, NO_INDEX);
    return func;
}

static CallResult run(Bench *b, const char *name, const uint64_t *args)
{
    const uint32_t func = find(b, name);
    const Signature *const sig = &b->file->module.funcs.data[func]->sig;
    DataValue data[4] = {{0}};
    for (uint32_t i = 0; i < sig->num_params; i++)
        data[i] = data_from_u64(sig->params[i].type, args[i]);
    return executor_call(b->ex, func, data, sig->num_params, &b->arena);
}

static void assert_returns(Bench *b, const char *name, const uint64_t *args, uint64_t want)
{
    const CallResult result = run(b, name, args);
    assert_int_equal(result.outcome, OUTCOME_RETURNED);
    assert_int_equal(result.num_values, 1);
    assert_int_equal(data_to_u64(&result.values[0]), want);
}

static void float_libcalls(void **state)
{
    Bench *const b = *state;
    const uint64_t half = UINT64_C(0x3fe0000000000000), inf = UINT64_C(0x7ff0000000000000);
    assert_returns(b, "ceil", (const uint64_t[]){0x3f8ccccd}, 0x40000000); // 1.1
    assert_returns(b, "ceil", (const uint64_t[]){0xbf000000}, 0x80000000); // -0.5
    assert_returns(b, "ceil", (const uint64_t[]){0xff800001}, 0xffc00001); // made quiet
    assert_returns(b, "nearest", (const uint64_t[]){half}, 0);             // a tie
    assert_returns(b, "fma", (const uint64_t[]){half, half, half}, UINT64_C(0x3fe8000000000000));
    assert_returns(b, "fma", (const uint64_t[]){0, inf, half}, UINT64_C(0x7ff8000000000000));
    assert_returns(b, "fma", (const uint64_t[]){half, inf | 2, inf | 1},
                   inf | 2 | (inf >> 1 & ~inf));
}

static void memory_libcalls(void **state)
{
    Bench *const b = *state;
    const uint64_t at = GUEST_HEAP_BASE;
    assert_int_equal(executor_map(b->ex, at, 32), STATUS_OK);
    char *const host = executor_memory(b->ex, at, 32);
    memcpy(host, "0123456789", 10);
    assert_returns(b, "copy", (const uint64_t[]){at + 16, at, 10}, at + 16);
    assert_memory_equal(host + 16, "0123456789", 10);
    assert_returns(b, "move", (const uint64_t[]){at + 1, at, 9}, at + 1);
    assert_memory_equal(host, "0012345678", 10);
    assert_returns(b, "compare", (const uint64_t[]){at + 16, at, 2}, 1);
    assert_returns(b, "compare", (const uint64_t[]){at, at + 16, 2}, UINT32_MAX);
    assert_returns(b, "compare", (const uint64_t[]){0, 0, 0}, 0);
    assert_returns(b, "set", (const uint64_t[]){at + 30, 0x141, 2}, at + 30);
    assert_memory_equal(host + 30, "AA", 2);
    const CallResult result = run(b, "set", (const uint64_t[]){at + 30, 0x41, 3});
    assert_int_equal(result.outcome, OUTCOME_TRAPPED);
    assert_int_equal(result.trap, TRAP_HEAP_OOB);
    assert_int_equal(result.func, find(b, "set"));
    assert_int_equal(result.inst.i, 0);
}

static void vector_libcall(void **state)
{
    Bench *const b = *state;
    DataValue args[2] = {{.type = TYPE_I8X16}, {.type = TYPE_I8X16}};
    for (uint32_t i = 0; i < 16; i++) {
        args[0].bytes[i] = (uint8_t)(100 + i);
        args[1].bytes[i] = (uint8_t)(i < 8 ? 0x70 + i : 0x80 + i);
    }
    const CallResult result = executor_call(b->ex, find(b, "shuffle"), args, 2, &b->arena);
    assert_int_equal(result.outcome, OUTCOME_RETURNED);
    for (uint32_t i = 0; i < 16; i++)
        assert_int_equal(result.values[0].bytes[i], i < 8 ? 100 + i : 0);
}

static void refused_libcalls(void **state)
{
    Bench *const b = *state;
    CallResult result = run(b, "misused", (const uint64_t[]){1});
    assert_int_equal(result.outcome, OUTCOME_UNSUPPORTED);
    assert_true(str_starts_with(result.detail, STR("call of %CeilF32: ")));
    result = run(b, "unbound", (const uint64_t[]){1});
    assert_int_equal(result.outcome, OUTCOME_UNSUPPORTED);
    assert_true(str_starts_with(result.detail, STR("call of %ElfTlsGetAddr")));
}

static void engines_have_names(void **state)
{
    const char *reason = NULL;
    (void)state;
    assert_int_equal(engine_parse(STR("interp")), ENGINE_INTERP);
    assert_int_equal(engine_parse(STR("nobody")), ENGINE_COUNT);
    for (uint32_t i = 0; i < ENGINE_COUNT; i++) {
        assert_int_equal(engine_parse(str_from(engine_name((Engine)i))), i);
        Executor *const ex = executor_create((Engine)i, NULL, &reason);
        assert_true(ex || reason);
        executor_destroy(ex);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(float_libcalls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_libcalls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(vector_libcall, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refused_libcalls, set_up, tear_down),
        cmocka_unit_test(engines_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
