// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contexts are independent: threads that parse, validate, run and print at the same time give what
// one thread gives. The thread sanitizer watches them in its build.
#include "emulate/emulate.h"
#include "text/text.h"
#include "validate/validate.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs those above
#include <cmocka.h>

enum { THREADS = 4, ROUNDS = 50 };

// With the factor of the result to be filled in.
#define SOURCE_TEXT                       \
    "function %%gcd(i64, i64) -> i64 {\n" \
    "block0(v0: i64, v1: i64):\n"         \
    "    jump block1(v0, v1)\n"           \
    "\n"                                  \
    "block1(v2: i64, v3: i64):\n"         \
    "    brif v3, block2, block3\n"       \
    "\n"                                  \
    "block2:\n"                           \
    "    v4 = urem v2, v3\n"              \
    "    jump block1(v3, v4)\n"           \
    "\n"                                  \
    "block3:\n"                           \
    "    v5 = iconst.i64 %u\n"            \
    "    v6 = imul v2, v5\n"              \
    "    return v6\n"                     \
    "}\n"

typedef struct Work {
    uint32_t number; // makes each thread's text another one
    uint64_t result;
    uint64_t hash; // of what was printed
    bool good;
} Work;

static bool run_gcd(Arena *arena, ClifFile *file, Diag *diag, uint64_t *result)
{
    const Settings settings = settings_filetest_defaults();
    const char *reason = NULL;
    Executor *ex = executor_create(ENGINE_INTERP, &(ExecutorConfig){.fuel = 1000}, &reason);
    if (!ex)
        return false;
    bool good = executor_load(ex, &file->module, &settings, NULL, diag) == STATUS_OK;
    if (good) {
        const DataValue args[2] = {data_from_u64(TYPE_I64, 3528), data_from_u64(TYPE_I64, 3780)};
        const CallResult called = executor_call(ex, 0, args, 2, arena);
        good = called.outcome == OUTCOME_RETURNED && called.num_values == 1;
        if (good)
            *result = data_to_u64(&called.values[0]);
    }
    executor_destroy(ex);
    return good;
}

static bool round_trip(Arena *arena, Work *work)
{
    Diag diag = {.arena = arena};
    const Settings settings = settings_filetest_defaults();
    const Str text = str_printf(arena, SOURCE_TEXT, work->number);
    ClifFile *file = NULL;
    const ParseOptions options = {.keep_comments = true};
    if (text_parse_file(arena, STR("gcd"), text, &options, &file, &diag) != STATUS_OK ||
        validate_func_diag(file->module.funcs.data[0], &settings, NULL, NULL, &diag) != STATUS_OK ||
        !run_gcd(arena, file, &diag, &work->result))
        return false;
    StrBuf buf = {.arena = arena};
    text_print_func(file->module.funcs.data[0], &buf);
    work->hash = hash_bytes(buf.data, buf.len);
    return true;
}

static void *work_run(void *context)
{
    Work *work = context;
    work->good = true;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        Arena arena = {0};
        work->good &= round_trip(&arena, work);
        arena_free(&arena);
    }
    return NULL;
}

static void test_threads_agree_with_one(void **state)
{
    (void)state;
    Work together[THREADS], alone[THREADS];
    pthread_t threads[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        together[i] = alone[i] = (Work){.number = i + 1};
        assert_int_equal(pthread_create(&threads[i], NULL, work_run, &together[i]), 0);
    }
    for (uint32_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (uint32_t i = 0; i < THREADS; i++) {
        work_run(&alone[i]);
        assert_true(alone[i].good && together[i].good);
        assert_int_equal(together[i].result, 252 * (i + 1));
        assert_int_equal(together[i].hash, alone[i].hash);
        assert_true(i == 0 || together[i].hash != together[i - 1].hash);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads_agree_with_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
