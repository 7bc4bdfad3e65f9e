// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay run: one call of a function of a file, or of an export of a whole program.
#include "assay/tool_program.h"
#include "emulate/emulate.h"
#include "emulate/program/program.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

// What is to be run.
typedef struct Run {
    const ToolArgs *options;
    ToolProgram program;
    Source init; // the .init file
    Engine engine;
    uint32_t func;
    DataValue *args;
    uint32_t num_args;
    ExecutorConfig config;
    uint64_t repeat;
    double seconds; // of the fastest call so far
} Run;

// ---- What the command line says ----

static bool read_engine(const ToolArgs *args, Engine *out)
{
    const char *name = args->values[OPT_RUN_ENGINE];
    *out = ENGINE_INTERP;
    if (!name)
        return true;
    *out = engine_parse(str_from(name));
    if (*out != ENGINE_COUNT)
        return true;
    Str names[ENGINE_COUNT];
    for (int i = 0; i < ENGINE_COUNT; i++)
        names[i] = str_from(engine_name((Engine)i));
    const Str near = str_nearest(str_from(name), names, ENGINE_COUNT);
    if (near.len != 0)
        tool_usage_error(args, "unknown engine '%s'; did you mean '%.*s'?", name, STR_ARG(near));
    else
        tool_usage_error(args, "unknown engine '%s'", name);
    return false;
}

static bool read_options(const ToolArgs *args, Run *run)
{
    *run = (Run){.options = args, .repeat = 1};
    uint64_t fuel = 0;
    if (!read_engine(args, &run->engine) ||
        !tool_number(args, OPT_RUN_FUEL, 0, UINT64_MAX, &fuel) ||
        !tool_number(args, OPT_RUN_REPEAT, 1, UINT32_MAX, &run->repeat))
        return false;
    run->config.fuel = fuel == 0 ? UINT64_MAX : fuel;
    return true;
}

// ---- The function and its arguments ----

static Status not_found(Run *run, const char *what, Str name, const Str *names, uint32_t count)
{
    const Str near = str_nearest(name, names, count);
    return diag_error(&run->program.diag, STATUS_INVALID, &run->program.file->source, POS_NONE,
                      "there is no %s '%.*s'%s%.*s%s", what, STR_ARG(name),
                      near.len != 0 ? "; did you mean '" : "", STR_ARG(near),
                      near.len != 0 ? "'?" : "");
}

// The function called `name`, with or without its '%'; the first one for NULL.
static Status find_function(Run *run, const char *name)
{
    Arena *arena = &run->program.arena;
    const Module *module = &run->program.file->module;
    run->func = 0;
    if (module->funcs.len == 0)
        return diag_error(&run->program.diag, STATUS_INVALID, &run->program.file->source, POS_NONE,
                          "the file has no function");
    if (!name)
        return STATUS_OK;
    const Str wanted = str_from(name[0] == '%' ? name + 1 : name);
    Str *names = ARENA_ARRAY(arena, Str, module->funcs.len);
    for (; run->func < module->funcs.len; run->func++) {
        StrBuf buf = {.arena = arena};
        extname_print(&module->funcs.data[run->func]->name, &buf);
        const Str printed = buf_view(&buf);
        const size_t skip = str_starts_with(printed, STR("%")) ? 1 : 0;
        names[run->func] = (Str){printed.data + skip, printed.len - skip};
        if (str_eq(names[run->func], wanted))
            return STATUS_OK;
    }
    return not_found(run, "function", wanted, names, module->funcs.len);
}

// The function that the program exports as `name`, `kernel` for NULL.
static Status find_export(Run *run, const Program *exports, const char *name)
{
    const Str wanted = name ? str_from(name) : STR("kernel");
    run->func = program_export(exports, wanted);
    if (run->func != NO_INDEX)
        return STATUS_OK;
    Str *names = ARENA_ARRAY(&run->program.arena, Str, exports->exports.len);
    for (uint32_t i = 0; i < exports->exports.len; i++)
        names[i] = exports->exports.data[i].name;
    return not_found(run, "export", wanted, names, exports->exports.len);
}

// Reads the arguments of the command line as parameters `first`... of the function.
static Status read_arguments(Run *run, uint32_t first)
{
    const ToolArgs *options = run->options;
    const uint32_t given = options->num_operands - 1;
    const Func *f = run->program.file->module.funcs.data[run->func];
    Diag *diag = &run->program.diag;
    Source *source = &run->program.file->source;
    const uint32_t wanted = f->sig.num_params < first ? 0 : f->sig.num_params - first;
    if (given != wanted)
        return diag_error(diag, STATUS_INVALID, source, f->pos,
                          "the function takes %" PRIu32 " argument%s, but %" PRIu32 " %s given",
                          wanted, wanted == 1 ? "" : "s", given, given == 1 ? "is" : "are");
    run->num_args = f->sig.num_params;
    run->args = ARENA_ARRAY(&run->program.arena, DataValue, f->sig.num_params);
    for (uint32_t i = 0; i < given; i++) {
        const Type type = f->sig.params[first + i].type;
        const Str text = str_from(options->operands[1 + i]);
        Diag reasons = {.arena = &run->program.arena};
        if (text_parse_data(&run->program.arena, text, type, &run->args[first + i], &reasons) ==
            STATUS_OK)
            continue;
        const Str why =
            reasons.messages.len != 0 ? reasons.messages.data[0].text : STR("malformed");
        return diag_error(diag, STATUS_SYNTAX, NULL, POS_NONE,
                          "argument %" PRIu32 ", '%.*s', is no %.*s: %.*s", i + 1, STR_ARG(text),
                          STR_ARG(type_name(&run->program.arena, type)), STR_ARG(why));
    }
    return STATUS_OK;
}

// ---- Calling ----

static Executor *make_executor(Run *run)
{
    const char *reason = "";
    Executor *ex = executor_create(run->engine, &run->config, &reason);
    if (!ex)
        diag_error(&run->program.diag, STATUS_UNSUPPORTED, NULL, POS_NONE, "engine %s: %s",
                   engine_name(run->engine), reason);
    return ex;
}

static double cpu_seconds(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0)
        return 0;
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// Of the processes that engines made and that are gone.
static double children_seconds(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_CHILDREN, &usage) != 0)
        return 0;
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

// ---- Showing ----

static void print_value(Arena *arena, const DataValue *value)
{
    const uint32_t bits = type_bits(value->type);
    if (type_is_int(value->type) && bits <= 64) {
        const uint64_t word = data_to_u64(value);
        const int64_t extended = (int64_t)(word << (64 - bits)) >> (64 - bits);
        printf("0x%" PRIx64 " (%" PRId64 ")\n", word, extended);
        return;
    }
    StrBuf buf = {.arena = arena};
    text_print_data(value, &buf);
    printf("%.*s\n", STR_ARG(buf_view(&buf)));
}

// Where a call ended, for a message: the instruction if it is known.
static uint32_t result_pos(const Run *run, const CallResult *result)
{
    const Module *module = &run->program.file->module;
    if (result->func >= module->funcs.len)
        return POS_NONE;
    const Func *f = module->funcs.data[result->func];
    return result->inst.i < f->inst_pos.len ? f->inst_pos.data[result->inst.i] : f->pos;
}

// Prints the results, or says in a message why there are none.
static Status report_result(Run *run, const CallResult *result)
{
    Diag *diag = &run->program.diag;
    Source *source = &run->program.file->source;
    const uint32_t pos = result_pos(run, result);
    StrBuf code = {.arena = &run->program.arena};
    switch (result->outcome) {
    case OUTCOME_RETURNED:
        for (uint32_t i = 0; i < result->num_values; i++)
            print_value(&run->program.arena, &result->values[i]);
        return STATUS_OK;
    case OUTCOME_TRAPPED:
        trapcode_print(result->trap, &code);
        return diag_error(diag, STATUS_INVALID, source, pos, "trap %.*s%s%.*s",
                          STR_ARG(buf_view(&code)), result->detail.len != 0 ? ": " : "",
                          STR_ARG(result->detail));
    case OUTCOME_OUT_OF_FUEL:
        return diag_error(diag, STATUS_LIMIT, source, pos,
                          "out of fuel after %" PRIu64 " instructions", result->fuel_used);
    case OUTCOME_CRASHED:
        return diag_error(diag, STATUS_INVALID, source, pos, "crashed: %.*s",
                          STR_ARG(result->detail));
    case OUTCOME_UNSUPPORTED:
        return diag_error(diag, STATUS_UNSUPPORTED, source, pos, "not supported by %s: %.*s",
                          engine_name(run->engine), STR_ARG(result->detail));
    }
    UNREACHABLE();
}

static void print_time(const Run *run, const CallResult *result)
{
    printf("time: %.6f s", run->seconds);
    if (result->fuel_used != 0)
        printf(", %" PRIu64 " instructions", result->fuel_used);
    if (result->fuel_used != 0 && run->seconds > 0)
        printf(", %.1f M instructions/s", (double)result->fuel_used / run->seconds / 1e6);
    printf("\n");
}

// ---- The command ----

// Finds function and arguments; for a program, sets up its memory in `ex` first.
static Status prepare_call(Run *run, Executor *ex)
{
    ToolProgram *program = &run->program;
    const char *name = run->options->values[OPT_RUN_CALL];
    if (!run->options->values[OPT_RUN_INIT]) {
        TRY(find_function(run, name));
        return read_arguments(run, 0);
    }
    Program exports;
    TRY(program_load(ex, &program->file->module, &run->init, &program->arena, &exports,
                     &program->diag));
    TRY(find_export(run, &exports, name));
    TRY(read_arguments(run, 1));
    const Signature *sig = &program->file->module.funcs.data[run->func]->sig;
    if (sig->num_params == 0 || sig->params[0].type != TYPE_I64)
        return diag_error(&program->diag, STATUS_INVALID, &program->file->source, POS_NONE,
                          "the exported function does not take the context as an i64");
    run->args[0] = data_from_u64(TYPE_I64, PROGRAM_VMCTX);
    return STATUS_OK;
}

// One call in a new executor. *out lives in the program's arena. The time is that of the call, and
// of the whole life of a process that the engine runs code in.
static Status run_once(Run *run, CallResult *out)
{
    ToolProgram *program = &run->program;
    double seconds = -children_seconds();
    Executor *ex = make_executor(run);
    if (!ex)
        return STATUS_UNSUPPORTED;
    Status status = executor_load(ex, &program->file->module, &program->targets.settings,
                                  program->targets.isa, &program->diag);
    if (status == STATUS_OK)
        status = prepare_call(run, ex);
    if (status == STATUS_OK) {
        seconds -= cpu_seconds();
        *out = executor_call(ex, run->func, run->args, run->num_args, &program->arena);
        seconds += cpu_seconds();
    }
    executor_destroy(ex);
    seconds += children_seconds();
    if (run->seconds == 0 || seconds < run->seconds)
        run->seconds = seconds;
    return status;
}

static Status run_file(Run *run)
{
    ToolProgram *program = &run->program;
    const char *init = run->options->values[OPT_RUN_INIT];
    TRY(tool_load(program, run->options->operands[0], (ParseOptions){0}));
    TRY(tool_set(program, run->options->values[OPT_RUN_SET]));
    TRY(tool_validate(program, &program->targets.settings, program->targets.isa));
    if (init) {
        run->init.path = str_from(init);
        TRY(tool_read_file(&program->arena, init, &run->init.text, &program->diag));
    }
    CallResult result = {0};
    for (uint64_t i = 0; i < run->repeat; i++)
        TRY(run_once(run, &result));
    TRY(report_result(run, &result));
    if (run->options->values[OPT_RUN_TIME])
        print_time(run, &result);
    return STATUS_OK;
}

int cmd_run(const ToolArgs *args)
{
    Run run;
    if (!read_options(args, &run))
        return EXIT_USAGE;
    const Status status = run_file(&run);
    tool_unload(&run.program);
    return status == STATUS_OK ? EXIT_OK : EXIT_FAILED;
}
