// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counterexamples run by the interpreter and as compiled code.

#include "assay/tool_clif.h"

#include "emulate/emulate.h"
#include "text/text.h"
#include "validate/validate.h"

enum { FUEL = 100000 };

typedef struct Example {
    Arena *arena;
    ClifFile *file;
    DataValue *args;
    uint32_t num_args;
    Settings settings;
} Example;

static const struct {
    const char *program;
    Engine engine;
} engines[] = {
    {"x64", ENGINE_UNICORN_X64}, {"x64", ENGINE_NATIVE}, {"aarch64", ENGINE_UNICORN_AARCH64}};

static bool read_example(Example *e, Str clif, Diag *diag)
{
    const ParseOptions options = {.keep_comments = true};
    RunDirective run;
    if (text_parse_file(e->arena, STR("counterexample"), clif, &options, &e->file, diag) !=
        STATUS_OK)
        return false;
    const Func *const f = e->file->module.funcs.data[0];
    if (validate_func_diag(f, &e->settings, NULL, &e->file->source, diag) != STATUS_OK ||
        e->file->texts.data[0].num_comments == 0 ||
        text_parse_directive(e->arena, &e->file->source, &e->file->texts.data[0].comments[0],
                             &f->sig, &run, diag) != STATUS_OK)
        return false;
    e->num_args = run.num_args;
    e->args = ARENA_ARRAY(e->arena, DataValue, run.num_args);
    for (uint32_t i = 0; i < run.num_args; i++)
        e->args[i] = run.args[i].value;
    return true;
}

static CallResult run_in(Example *e, Engine engine, Diag *diag)
{
    const char *reason = NULL;
    CallResult result = {.outcome = OUTCOME_UNSUPPORTED};
    Executor *const ex = executor_create(engine, &(ExecutorConfig){.fuel = FUEL}, &reason);
    if (ex && executor_load(ex, &e->file->module, &e->settings, NULL, diag) == STATUS_OK)
        result = executor_call(ex, 0, e->args, e->num_args, e->arena);
    executor_destroy(ex);
    return result;
}

static void print_trap(TrapCode code, StrBuf *out)
{
    buf_puts(out, "trap ");
    trapcode_print(code, out);
}

static void print_result(const CallResult *result, StrBuf *out)
{
    if (result->outcome == OUTCOME_TRAPPED)
        print_trap(result->trap, out);
    for (uint32_t i = 0; result->outcome == OUTCOME_RETURNED && i < result->num_values; i++) {
        buf_puts(out, i == 0 ? "" : ", ");
        text_print_data(&result->values[i], out);
    }
}

static void try_engine(Example *e, Engine engine, Str wanted, StrBuf *outcome)
{
    Diag diag = {.arena = e->arena};
    StrBuf got = {.arena = e->arena};
    const CallResult result = run_in(e, engine, &diag);
    print_result(&result, &got);
    if (got.len == 0)
        buf_printf(outcome, "; %s can't run it", engine_name(engine));
    else if (str_eq(buf_view(&got), wanted))
        buf_printf(outcome, "; not reproduced on %s", engine_name(engine));
    else
        buf_printf(outcome, "; reproduced on %s: %.*s", engine_name(engine),
                   STR_ARG(buf_view(&got)));
}

bool tool_clif(Str clif, const char *program, StrBuf *test, StrBuf *outcome)
{
    Arena *const arena = test->arena;
    Diag diag = {.arena = arena};
    Example e = {.arena = arena, .settings = settings_filetest_defaults()};
    StrBuf wanted = {.arena = arena};
    if (clif.len == 0) {
        buf_puts(outcome, "no function of CLIF shows it: addresses, branches or several results");
        return false;
    }
    const bool read = read_example(&e, clif, &diag);
    const CallResult result = read ? run_in(&e, ENGINE_INTERP, &diag) : (CallResult){0};
    if (read)
        print_result(&result, &wanted);
    if (wanted.len == 0) {
        buf_puts(outcome, "the interpreter can't run it");
        return false;
    }
    const Str expected = buf_view(&wanted);
    const uint32_t start = e.file->texts.data[0].comments[0].pos;
    const Str call = str_trim((Str){clif.data + start, clif.len - start});
    const char *const colon = memchr(call.data, ':', call.len);
    const size_t skip = colon ? (size_t)(colon - call.data) : 0;
    buf_printf(test,
               "test interpret\ntest run\ntarget x86_64\ntarget aarch64\n\n%.*s; run%.*s == %.*s\n",
               (int)start, clif.data, (int)(call.len - skip), call.data + skip, STR_ARG(expected));
    buf_printf(outcome, "the interpreter gives %.*s", STR_ARG(expected));
    for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
        if (strcmp(engines[i].program, program) == 0)
            try_engine(&e, engines[i].engine, expected, outcome);
    return true;
}
