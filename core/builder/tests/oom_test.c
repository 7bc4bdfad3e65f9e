// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Out of memory at each allocation in turn, in a child process: parsing, validating, printing and
// building must end by the arena's hook or by the message and abort, never in another way.
//
// All memory comes from malloc in arena.c. The linker puts the function below in its place
// (--wrap), so that the library needs no switch for tests.

#include "assay/builder.h"
#include "base/tests/child.h"
#include "text/text.h"
#include "validate/validate.h"

#include <stdlib.h>

static uint32_t allocations; // so far
static uint32_t fail_at;     // number of the one that fails; 0: none

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
    return ++allocations == fail_at ? NULL : __real_malloc(size);
}

// ---- What is run ----

// A function with a bit of everything, and `n` additions.
static Str sample(Arena *arena, int n)
{
    StrBuf buf = {.arena = arena};
    buf_puts(&buf, "test interpret\nset opt_level=speed\ntarget x86_64\n\n"
                   "function %f(i64 vmctx, i32, f32x4) -> i32, i64 fast {\n"
                   "    ss0 = explicit_slot 16\n    gv0 = vmctx\n"
                   "    gv1 = load.i64 notrap aligned gv0+8\n"
                   "    sig0 = (i32, i64 sext) -> i32 system_v\n    fn0 = %callee sig0\n"
                   "    const0 = 0x00112233445566778899aabbccddeeff\n"
                   "block0(v0: i64, v1: i32, v2: f32x4):\n"
                   "    v3 = iconst.i64 -1\n    v4 = vconst.i8x16 const0\n"
                   "    v5 = call fn0(v1, v3) ; a comment\n"
                   "    brif v5, block1(v5), block2\n"
                   "block1(v6: i32):\n    v7 = stack_addr.i64 ss0\n"
                   "    store notrap v6, v7+4\n    v8 = load.i32 v7\n"
                   "    br_table v8, block2, [block1(v8), block2]\n"
                   "block2 cold:\n    v9 -> v1\n    v10 = iadd v9, v1\n");
    for (int i = 0; i < n; i++)
        buf_printf(&buf, "    v%d = iadd v%d, v%d\n", i + 11, i + 10, i % 2 == 0 ? 1 : i + 10);
    buf_printf(&buf, "    return v%d, v3\n}\n; run: %%f(0, 1) == 2\n", n + 10);
    return buf_view(&buf);
}

static void build_loop(Builder *b, Diag *diag)
{
    AbiParam param = {.type = TYPE_I64};
    builder_begin(b, builder_name(STR("built")), (Signature){&param, &param, 1, 1, CC_FAST});
    Var vars[40];
    for (int i = 0; i < 40; i++) {
        vars[i] = builder_var(b, TYPE_I64);
        builder_def(b, vars[i], builder_param(b, 0));
    }
    const Block head = builder_block(b), done = builder_block(b);
    ins_jump(b, GOTO(head));
    builder_switch(b, head);
    for (int i = 0; i < 40; i++)
        builder_def(b, vars[i], ins_iadd(b, builder_use(b, vars[i]), builder_use(b, vars[39 - i])));
    ins_brif(b, builder_use(b, vars[0]), GOTO(head), GOTO(done));
    builder_seal(b, head);
    builder_seal(b, done);
    builder_switch(b, done);
    ins_return(b, VALUES(builder_use(b, vars[7])));
    assert_int_equal(builder_finish(b, NULL, NULL, diag), STATUS_OK);
}

typedef struct Job {
    Str text;
    OomHook hook;
} Job;

static void run(void *context)
{
    const Job *const job = context;
    Arena arena = {.on_oom = job->hook};
    Diag diag = {.arena = &arena};
    ClifFile *file = NULL;
    const ParseOptions options = {.keep_comments = true, .require_test = true};
    if (text_parse_file(&arena, STR("f.clif"), job->text, &options, &file, &diag) != STATUS_OK)
        fail_msg("%.*s", STR_ARG(diag.messages.data[0].text));
    Builder *const b = builder_create(&file->module);
    build_loop(b, &diag);
    builder_destroy(b);
    const Settings settings = settings_defaults();
    StrBuf out = {.arena = &arena};
    for (uint32_t i = 0; i < file->module.funcs.len; i++) {
        Func *const f = file->module.funcs.data[i];
        (void)validate_func_diag(f, &settings, NULL, &file->source, &diag);
        text_print_func(f, &out);
    }
    assert_true(out.len > job->text.len / 2);
    arena_free(&arena);
}

static NORETURN void leave(void *context, size_t size)
{
    (void)context;
    (void)size;
    _Exit(7);
}

// ---- The sweep ----

static void sweep(OomHook hook)
{
    Arena arena = {0};
    Job job = {sample(&arena, 2000), hook};
    allocations = fail_at = 0;
    run(&job);
    const uint32_t total = allocations;
    assert_true(total >= 6);
    uint32_t hooked = 0;
    for (uint32_t n = 1; n <= total; n++) {
        allocations = 0;
        fail_at = n;
        const ChildEnd end = child_run(run, &job);
        if (hook && end.signal == 0 && end.code == 7) {
            hooked++;
            continue;
        }
        if (end.signal != SIGABRT || !strstr(end.stderr_, "out of memory: "))
            fail_msg("allocation %u of %u: signal %d, code %d: %s", n, total, end.signal, end.code,
                     end.stderr_);
    }
    // One more than there are: nothing fails.
    allocations = 0;
    fail_at = total + 1;
    assert_int_equal(child_run(run, &job).signal, 0);
    fail_at = 0;
    assert_true(!hook || hooked >= total / 3);
    print_message("%u allocations, %u ended by the hook\n", total, hooked);
    arena_free(&arena);
}

static void without_hook(void **state)
{
    (void)state;
    sweep(NULL);
}

static void with_hook(void **state)
{
    (void)state;
    sweep(leave);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_hook),
        cmocka_unit_test(with_hook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
