// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files taken apart and put together.

#include "emulate/emulate.h"
#include "fuzz-targets/reduce/reduce_internal.h"

// The size of a `heap:` comment, 0 when it is none.
static uint64_t heap_size(Str comment)
{
    uint64_t size = 0;
    size_t at = 0;
    while (at < comment.len && (comment.data[at] == ';' || comment.data[at] == ' '))
        at++;
    const Str rest = str_trim((Str){comment.data + at, comment.len - at});
    if (!str_starts_with(rest, STR("heap:")))
        return 0;
    const Str number = str_trim((Str){rest.data + 5, rest.len - 5});
    for (size_t i = 0; i < number.len && i < 10; i++) {
        if (number.data[i] < '0' || number.data[i] > '9')
            return 0;
        size = size * 10 + (uint64_t)(number.data[i] - '0');
    }
    return size;
}

static Status read_comments(ReduceFile *out, Diag *diag)
{
    ClifFile *const clif = out->clif;
    for (uint32_t i = 0; i < clif->module.funcs.len; i++) {
        const FuncText *const text = &clif->texts.data[i];
        for (uint32_t c = 0; c < text->num_comments; c++) {
            ReduceCall call = {.func = i};
            const uint64_t heap = heap_size(text->comments[c].text);
            if (heap != 0)
                out->heaps[i] = heap;
            TRY(text_parse_directive(out->arena, &clif->source, &text->comments[c],
                                     &clif->module.funcs.data[i]->sig, &call.directive, diag));
            if (call.directive.kind != RUN_NONE && call.directive.has_call)
                VEC_PUSH(out->arena, &out->calls, call);
        }
    }
    return STATUS_OK;
}

Status reduce_parse(Str path, Str text, Arena *arena, ReduceFile *out, Diag *diag)
{
    const ParseOptions options = {.keep_comments = true};
    *out = (ReduceFile){.arena = arena};
    TRY(text_parse_file(arena, path, text, &options, &out->clif, diag));
    out->no_line = ARENA_ARRAY(arena, bool, out->clif->header.len);
    out->heaps = ARENA_ARRAY(arena, uint64_t, out->clif->module.funcs.len);
    return read_comments(out, diag);
}

// ---- Printing ----

static void print_header(const ReduceFile *file, StrBuf *out)
{
    static const char *const words[] = {"test", "set", "target", "feature"};
    for (uint32_t i = 0; i < file->clif->header.len; i++) {
        const HeaderLine *const line = &file->clif->header.data[i];
        if (file->no_line[i])
            continue;
        buf_puts(out, words[line->kind]);
        for (uint32_t w = 0; w < line->num_words; w++) {
            buf_char(out, ' ');
            buf_str(out, line->words[w]);
        }
        buf_char(out, '\n');
    }
}

static void print_call(const ReduceCall *call, const char *kind, StrBuf *out)
{
    buf_printf(out, "; %s: ", kind);
    extname_print(&call->directive.name, out);
    buf_char(out, '(');
    for (uint32_t i = 0; i < call->directive.num_args; i++) {
        const RunArg *const arg = &call->directive.args[i];
        buf_puts(out, i == 0 ? "" : ", ");
        if (!arg->is_heap) {
            text_print_data(&arg->value, out);
            continue;
        }
        buf_puts(out, "heap");
        if (data_to_u64(&arg->value) != 0)
            buf_printf(out, "+%llu", (unsigned long long)data_to_u64(&arg->value));
    }
    buf_char(out, ')');
}

static void print_function(const ReduceFile *file, uint32_t i, StrBuf *out)
{
    buf_char(out, '\n');
    text_print_func(file->clif->module.funcs.data[i], out);
    if (file->heaps[i] != 0)
        buf_printf(out, "; heap: %llu\n", (unsigned long long)file->heaps[i]);
}

void reduce_print(const ReduceFile *file, StrBuf *out)
{
    print_header(file, out);
    for (uint32_t i = 0; i < file->clif->module.funcs.len; i++) {
        print_function(file, i, out);
        for (uint32_t c = 0; c < file->calls.len; c++) {
            if (file->calls.data[c].func != i)
                continue;
            print_call(&file->calls.data[c], "print", out);
            buf_char(out, '\n');
        }
    }
}

// ---- The interpreter's answers ----

static void print_result(const CallResult *result, StrBuf *out)
{
    const bool list = result->num_values != 1;
    if (result->outcome == OUTCOME_TRAPPED) {
        buf_puts(out, " == trap ");
        trapcode_print(result->trap, out);
        return;
    }
    buf_puts(out, list ? " == [" : " == ");
    for (uint32_t i = 0; i < result->num_values; i++) {
        buf_puts(out, i == 0 ? "" : ", ");
        text_print_data(&result->values[i], out);
    }
    buf_puts(out, list ? "]" : "");
}

static void answer(const ReduceFile *file, Executor *ex, const ReduceCall *call, StrBuf *out)
{
    const RunDirective *const d = &call->directive;
    DataValue *const args = ARENA_ARRAY(file->arena, DataValue, d->num_args);
    uint8_t *const heap = executor_memory(ex, GUEST_HEAP_BASE, file->heaps[call->func]);
    if (heap)
        memset(heap, 0, file->heaps[call->func]);
    for (uint32_t i = 0; i < d->num_args; i++) {
        args[i] = d->args[i].value;
        if (d->args[i].is_heap)
            args[i] = data_from_u64(args[i].type, GUEST_HEAP_BASE + data_to_u64(&args[i]));
    }
    const CallResult result = executor_call(ex, call->func, args, d->num_args, file->arena);
    const bool has_meaning =
        result.outcome == OUTCOME_RETURNED || result.outcome == OUTCOME_TRAPPED;
    print_call(call, has_meaning ? "run" : "print", out);
    if (has_meaning)
        print_result(&result, out);
    buf_char(out, '\n');
}

void reduce_print_final(const ReduceFile *file, StrBuf *out)
{
    const Settings settings = settings_defaults();
    const ExecutorConfig config = {.fuel = 10000000};
    const char *reason;
    Diag diag = {.arena = file->arena};
    print_header(file, out);
    for (uint32_t i = 0; i < file->clif->module.funcs.len; i++) {
        Executor *const ex = executor_create(ENGINE_INTERP, &config, &reason);
        print_function(file, i, out);
        bool ready = executor_load(ex, &file->clif->module, &settings, NULL, &diag) == STATUS_OK;
        if (file->heaps[i] != 0)
            ready = ready && executor_map(ex, GUEST_HEAP_BASE, file->heaps[i]) == STATUS_OK;
        for (uint32_t c = 0; c < file->calls.len && ready; c++)
            if (file->calls.data[c].func == i)
                answer(file, ex, &file->calls.data[c], out);
        executor_destroy(ex);
    }
}
