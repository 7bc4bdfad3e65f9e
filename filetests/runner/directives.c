// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `test interpret` and `test run`: run directives in the engines.
//
// The interpreter is the column of `test interpret`; it calls the function that a directive names.
// The other engines run machine code and are the columns of `test run`: each for the target lines
// of its architecture, at the opt level of the file and at none and speed. There a directive calls
// the function that it stands in, whatever it names.
//
// One executor serves all directives of a function; its memory is zeroed before each of them.

#include "filetests/runner/runner_internal.h"

#define HEAP_MAX (UINT64_C(1) << 30)

// ---- Reading directives ----

// Reads decimal digits, or 0x and hexadecimal ones; false when `s` is anything else.
static bool parse_size(Str s, uint64_t *out)
{
    const bool hex = str_starts_with(s, STR("0x"));
    const uint64_t base = hex ? 16 : 10;
    if (hex)
        s = (Str){s.data + 2, s.len - 2};
    *out = 0;
    if (s.len == 0 || s.len > 12)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        const char c = s.data[i];
        const int digit = c >= '0' && c <= '9'          ? c - '0'
                          : hex && c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : hex && c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                        : -1;
        if (digit < 0)
            return false;
        *out = *out * base + (uint64_t)digit;
    }
    return true;
}

// The size that a `heap:` comment of the function gives. A comment that only looks like one is
// prose: this is an extension, and must not change what other files mean.
static uint64_t function_heap(const FuncText *text)
{
    for (uint32_t i = 0; i < text->num_comments; i++) {
        Str tail;
        uint64_t size;
        if (comment_directive(text->comments[i].text, "heap", &tail) && parse_size(tail, &size))
            return size;
    }
    return 0;
}

static Str strip_comment(Str comment)
{
    while (comment.len != 0 && (comment.data[0] == ';' || comment.data[0] == ' '))
        comment = (Str){comment.data + 1, comment.len - 1};
    return str_trim(comment);
}

static bool uses_heap(const RunDirective *d)
{
    for (uint32_t i = 0; i < d->num_args; i++)
        if (d->args[i].is_heap)
            return true;
    return false;
}

static void read_directive(Job *job, const char *command, RunItem item, const Comment *comment)
{
    const Func *const f = job->file->module.funcs.data[item.func];
    Diag diag = {.arena = job->arena};
    if (text_parse_directive(job->arena, &job->file->source, comment, &f->sig, &item.directive,
                             &diag)) {
        job_fail_diag(job, job_result(job, command, item.func), &diag);
        return;
    }
    if (item.directive.kind == RUN_NONE)
        return;
    item.pos = comment->pos;
    item.text = strip_comment(comment->text);
    if (uses_heap(&item.directive) && (item.heap == 0 || item.heap > HEAP_MAX)) {
        Result result = job_result(job, command, item.func);
        job_locate(job, &result, item.pos);
        result.text = item.text;
        job_fail(job, result,
                 item.heap == 0 ? STR("'heap' needs a comment '; heap: SIZE' in the function")
                                : STR("the heap is larger than 1 GiB"));
        return;
    }
    VEC_PUSH(job->arena, &job->run_items, item);
}

static void read_directives(Job *job, const char *command)
{
    if (job->run_items_read)
        return;
    job->run_items_read = true;
    for (uint32_t f = 0; f < job->file->texts.len; f++) {
        const FuncText *const text = &job->file->texts.data[f];
        const RunItem item = {.func = f, .heap = function_heap(text)};
        for (uint32_t i = 0; i < text->num_comments; i++)
            read_directive(job, command, item, &text->comments[i]);
    }
}

// ---- Running them ----

// One way to run the file's directives.
typedef struct Column {
    Job *job;
    const PlannedTest *test;
    Engine engine;
    const Settings *settings;
    const Isa *isa;
    Str target, opt_level; // empty for the interpreter
    Executor *executor;    // for `heap`; NULL: none yet, or none to be had
    uint64_t heap;
    TestStatus trouble; // why there is none: FAIL or UNSUPPORTED
    Str message;
} Column;

static Result column_result(const Column *c, const RunItem *item)
{
    Result result = job_result(c->job, c->test->command->name, item->func);
    job_locate(c->job, &result, item->pos);
    result.engine = c->engine;
    result.directive = item->pos;
    result.target = c->target;
    result.opt_level = c->opt_level;
    result.text = item->text;
    return result;
}

static void column_close(Column *c)
{
    if (c->executor)
        executor_destroy(c->executor);
    c->executor = NULL;
}

static void column_trouble(Column *c, TestStatus status, Str message)
{
    column_close(c);
    c->trouble = status;
    c->message = message;
}

// Makes the executor for functions with `heap` bytes of heap.
static void column_open(Column *c, uint64_t heap)
{
    const ExecutorConfig config = {.fuel = c->job->options->fuel};
    const char *reason = "not available";
    Diag diag = {.arena = c->job->arena};
    if (c->executor && c->heap == heap)
        return;
    column_close(c);
    c->heap = heap;
    c->executor = executor_create(c->engine, &config, &reason);
    if (!c->executor) {
        column_trouble(c, TEST_UNSUPPORTED, str_printf(c->job->arena, "%s", reason));
        return;
    }
    Status status = executor_load(c->executor, &c->job->file->module, c->settings, c->isa, &diag);
    if (status == STATUS_OK && heap != 0)
        status = executor_map(c->executor, GUEST_HEAP_BASE, heap);
    if (status == STATUS_OK)
        return;
    column_trouble(c, status == STATUS_UNSUPPORTED ? TEST_UNSUPPORTED : TEST_FAIL,
                   diag.messages.len != 0 ? diag.messages.data[0].text
                                          : STR("the engine can't load the file"));
}

static Str show_values(Arena *arena, const DataValue *values, uint32_t count)
{
    StrBuf out = {.arena = arena};
    if (count != 1)
        buf_char(&out, '[');
    for (uint32_t i = 0; i < count; i++) {
        buf_puts(&out, i == 0 ? "" : ", ");
        text_print_data(&values[i], &out);
    }
    if (count != 1)
        buf_char(&out, ']');
    return buf_view(&out);
}

static Str show_trap(Arena *arena, TrapCode code)
{
    StrBuf out = {.arena = arena};
    buf_puts(&out, "trap ");
    trapcode_print(code, &out);
    return buf_view(&out);
}

static Str show_expected(Arena *arena, const RunDirective *d)
{
    if (!d->has_call)
        return STR("anything but i8 0");
    if (d->trap != TRAP_NONE)
        return show_trap(arena, d->trap);
    const Str values = show_values(arena, d->results, d->num_results);
    return d->compare == RUN_CMP_NE ? str_printf(arena, "anything but %.*s", STR_ARG(values))
                                    : values;
}

// Where the call stopped, as "inst3 of %f, line 7"; empty when the engine does not know.
static Str show_place(const Job *job, const CallResult *call)
{
    StrBuf out = {.arena = job->arena};
    if (call->func >= job->file->module.funcs.len)
        return (Str){"", 0};
    const Func *const f = job->file->module.funcs.data[call->func];
    if (call->inst.i < f->inst_pos.len) {
        buf_printf(&out, " at inst%u", call->inst.i);
        if (f->inst_pos.data[call->inst.i] != POS_NONE)
            buf_printf(&out, " (line %u)",
                       source_line_col(&job->file->source, f->inst_pos.data[call->inst.i]).line);
    }
    buf_puts(&out, " of ");
    extname_print(&f->name, &out);
    return buf_view(&out);
}

static bool values_equal(const RunDirective *d, const CallResult *call)
{
    if (d->num_results != call->num_values)
        return false;
    for (uint32_t i = 0; i < d->num_results; i++)
        if (!data_eq(&d->results[i], &call->values[i]))
            return false;
    return true;
}

// Whether the values returned are what the directive asks for.
static bool values_fit(const RunDirective *d, const CallResult *call)
{
    if (d->kind == RUN_PRINT)
        return true;
    if (!d->has_call) {
        const DataValue zero = data_from_u64(TYPE_I8, 0);
        return call->num_values == 1 && !data_eq(&call->values[0], &zero);
    }
    return d->trap == TRAP_NONE && values_equal(d, call) == (d->compare == RUN_CMP_EQ);
}

static void judge_return(Column *c, Result result, const RunItem *item, const CallResult *call)
{
    Arena *const arena = c->job->arena;
    if (item->directive.kind == RUN_PRINT) {
        Result note = result;
        note.kind = RESULT_NOTE;
        note.message = str_printf(arena, "%.*s -> %.*s", STR_ARG(item->text),
                                  STR_ARG(show_values(arena, call->values, call->num_values)));
        c->job->emitter->result(c->job->emitter, &note);
    }
    result.got = show_values(arena, call->values, call->num_values);
    if (values_fit(&item->directive, call)) {
        job_pass(c->job, result);
        return;
    }
    result.expected = show_expected(arena, &item->directive);
    job_fail(c->job, result, STR("wrong result"));
}

static void judge_trap(Column *c, Result result, const RunItem *item, const CallResult *call)
{
    result.got = show_trap(c->job->arena, call->trap);
    if (item->directive.trap == call->trap) {
        job_pass(c->job, result);
        return;
    }
    result.expected = item->directive.kind == RUN_PRINT
                          ? STR("a return")
                          : show_expected(c->job->arena, &item->directive);
    result.got = str_printf(c->job->arena, "%.*s%.*s", STR_ARG(result.got),
                            STR_ARG(show_place(c->job, call)));
    job_fail(c->job, result, STR("trapped"));
}

static void judge_call(Column *c, Result result, const RunItem *item, const CallResult *call)
{
    Arena *const arena = c->job->arena;
    const Str place = show_place(c->job, call);
    const Str detail = str_printf(arena, "%.*s%.*s", STR_ARG(call->detail), STR_ARG(place));
    switch (call->outcome) {
    case OUTCOME_RETURNED: judge_return(c, result, item, call); return;
    case OUTCOME_TRAPPED: judge_trap(c, result, item, call); return;
    case OUTCOME_UNSUPPORTED: job_unsupported(c->job, result, detail); return;
    case OUTCOME_OUT_OF_FUEL:
        result.status = TEST_TIMEOUT;
        result.message = str_printf(arena, "out of fuel after %llu instructions",
                                    (unsigned long long)call->fuel_used);
        break;
    case OUTCOME_CRASHED:
        result.status = TEST_CRASH;
        result.message = detail;
        break;
    }
    c->job->emitter->result(c->job->emitter, &result);
}

// The function that a directive calls: by name in the interpreter, else its owner. NO_INDEX, with a
// reason, when the directive can't be run.
static uint32_t find_callee(const Column *c, const RunItem *item, Str *reason)
{
    const Module *const module = &c->job->file->module;
    const Func *const owner = module->funcs.data[item->func];
    const RunDirective *const d = &item->directive;
    if (!d->has_call && d->kind == RUN_RUN &&
        (owner->sig.num_params != 0 || owner->sig.num_returns != 1 ||
         !type_is_int(owner->sig.returns[0].type) || type_is_vector(owner->sig.returns[0].type))) {
        *reason = STR("a 'run' without a call needs a function that takes nothing and returns one "
                      "integer");
        return NO_INDEX;
    }
    if (c->engine != ENGINE_INTERP)
        return item->func;
    if (!d->has_call) {
        *reason = STR("the interpreter needs a call that names the function");
        return NO_INDEX;
    }
    const uint32_t callee = module_find(module, &d->name);
    if (callee == NO_INDEX) {
        *reason = STR("the file has no function of this name");
        return NO_INDEX;
    }
    const Signature *const sig = &module->funcs.data[callee]->sig;
    bool fits =
        sig->num_params == owner->sig.num_params && sig->num_returns == owner->sig.num_returns;
    for (uint32_t i = 0; fits && i < sig->num_params; i++)
        fits = sig->params[i].type == owner->sig.params[i].type;
    for (uint32_t i = 0; fits && i < sig->num_returns; i++)
        fits = sig->returns[i].type == owner->sig.returns[i].type;
    if (fits)
        return callee;
    *reason = STR("the function called has another signature than the one the directive is in");
    return NO_INDEX;
}

static void run_item(Column *c, const RunItem *item)
{
    const RunDirective *const d = &item->directive;
    Result result = column_result(c, item);
    Str reason;
    job_step(c->job, &result);
    const uint32_t callee = find_callee(c, item, &reason);
    if (callee == NO_INDEX) {
        job_fail(c->job, result, reason);
        return;
    }
    column_open(c, item->heap);
    if (!c->executor) {
        result.status = c->trouble;
        result.message = c->message;
        c->job->emitter->result(c->job->emitter, &result);
        return;
    }
    if (item->heap != 0)
        memset(executor_memory(c->executor, GUEST_HEAP_BASE, item->heap), 0, item->heap);
    DataValue *const args = ARENA_ARRAY(c->job->arena, DataValue, d->num_args);
    for (uint32_t i = 0; i < d->num_args; i++) {
        args[i] = d->args[i].value;
        if (d->args[i].is_heap)
            args[i] = data_from_u64(args[i].type, GUEST_HEAP_BASE + data_to_u64(&args[i]));
    }
    const CallResult call = executor_call(c->executor, callee, args, d->num_args, c->job->arena);
    judge_call(c, result, item, &call);
}

static void run_column(Column *c)
{
    for (uint32_t i = 0; i < c->job->run_items.len; i++)
        run_item(c, &c->job->run_items.data[i]);
    column_close(c);
}

// ---- The commands ----

static bool engine_selected(const Job *job, Engine engine)
{
    return job->options->engines == 0 || (job->options->engines >> engine & 1);
}

// Whether the file can be loaded: an invalid function has been reported, and stops it.
static bool all_valid(const Job *job)
{
    for (uint32_t i = 0; i < job->file->module.funcs.len; i++)
        if (job->invalid[i])
            return false;
    return true;
}

void command_interpret(Job *job, const PlannedTest *test)
{
    Column column = {.job = job,
                     .test = test,
                     .engine = ENGINE_INTERP,
                     .settings = &job->plan.targets.settings,
                     .isa = job->plan.targets.isa};
    if (!engine_selected(job, ENGINE_INTERP) || !all_valid(job))
        return;
    read_directives(job, test->command->name);
    run_column(&column);
}

static const Arch engine_archs[ENGINE_COUNT] = {
#define ENGINE(NAME, name, arch, ...) arch,
#include "emulate/engines.def"
};

// A combination that has been run already: target lines often differ in nothing that matters.
typedef struct Combination {
    Settings settings;
    uint64_t flags[ISA_FLAG_WORDS];
} Combination;

typedef struct Combinations {
    VEC(Combination) done;
} Combinations;

static bool combination_is_new(Arena *arena, Combinations *set, const Settings *settings,
                               const Isa *isa)
{
    Combination c = {.settings = *settings};
    memcpy(c.flags, isa->flags, sizeof(c.flags));
    for (uint32_t i = 0; i < set->done.len; i++)
        if (memcmp(&set->done.data[i].settings, settings, sizeof(*settings)) == 0 &&
            memcmp(set->done.data[i].flags, c.flags, sizeof(c.flags)) == 0)
            return false;
    VEC_PUSH(arena, &set->done, c);
    return true;
}

// Runs one target line at its own opt level, at none and at speed.
static void run_target(Job *job, const PlannedTest *test, Engine engine, const TargetLine *target,
                       Combinations *done)
{
    const uint8_t own = settings_get(&target->settings, SETTING_OPT_LEVEL);
    for (uint8_t level = OPT_LEVEL_NONE; level <= OPT_LEVEL_SPEED_AND_SIZE; level++) {
        Settings settings = target->settings;
        settings.values[SETTING_OPT_LEVEL] = level;
        if ((level == OPT_LEVEL_SPEED_AND_SIZE && level != own) ||
            !combination_is_new(job->arena, done, &settings, &target->isa))
            continue;
        Column column = {.job = job,
                         .test = test,
                         .engine = engine,
                         .settings = &settings,
                         .isa = &target->isa,
                         .target = target->text,
                         .opt_level = settings_value_text(job->arena, SETTING_OPT_LEVEL, level)};
        run_column(&column);
    }
}

// An engine that is not there: each directive is unsupported, once, whatever the target lines.
static void report_missing(Job *job, const PlannedTest *test, Engine engine, const char *reason)
{
    const Column column = {.job = job, .test = test, .engine = engine};
    for (uint32_t i = 0; i < job->run_items.len; i++)
        job_unsupported(job, column_result(&column, &job->run_items.data[i]),
                        str_printf(job->arena, "%s", reason));
}

static void run_engine(Job *job, const PlannedTest *test, Engine engine)
{
    const Arch arch = engine_archs[engine];
    const ExecutorConfig config = {0};
    const char *reason = "not available";
    Combinations done = {{0}};
    bool wanted = false;
    for (uint32_t i = 0; i < job->plan.targets.lines.len; i++)
        wanted |= job->plan.targets.lines.data[i].isa.arch == arch;
    if (!wanted || !engine_selected(job, engine))
        return;
    Executor *const probe = executor_create(engine, &config, &reason);
    if (!probe) {
        report_missing(job, test, engine, reason);
        return;
    }
    executor_destroy(probe);
    for (uint32_t i = 0; i < job->plan.targets.lines.len; i++)
        if (job->plan.targets.lines.data[i].isa.arch == arch)
            run_target(job, test, engine, &job->plan.targets.lines.data[i], &done);
}

// Target lines whose code no engine runs.
static void report_foreign_targets(Job *job, const PlannedTest *test)
{
    for (uint32_t i = 0; i < job->plan.targets.lines.len; i++) {
        const TargetLine *const target = &job->plan.targets.lines.data[i];
        bool known = false;
        for (uint32_t e = 0; e < ENGINE_COUNT; e++)
            known |= engine_archs[e] == target->isa.arch;
        if (known)
            continue;
        Result result = job_result(job, test->command->name, NO_INDEX);
        job_locate(job, &result, target->pos);
        result.target = target->text;
        job_unsupported(
            job, result,
            str_printf(job->arena, "no engine runs %s code", arch_name(target->isa.arch)));
    }
}

void command_run(Job *job, const PlannedTest *test)
{
    if (!all_valid(job))
        return;
    read_directives(job, test->command->name);
    for (uint32_t e = 0; e < ENGINE_COUNT; e++)
        if (e != ENGINE_INTERP)
            run_engine(job, test, (Engine)e);
    report_foreign_targets(job, test);
}
