// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The toy compiler's command line:
//
//   toy print FILE               the CLIF of the program
//   toy run FILE FUNCTION ARG... the result of a call, or the trap that ended it
//   toy check FILE               evaluates comments like `# f(1, 2) == 3` of FILE
//
// Whatever is asked, the program is compiled and validated, and its CLIF parsed back and compared.

#include "examples/toy/toy.h"

#include <emulate/emulate.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct Program {
    Arena arena;
    Source source;
    Module module;
    Diag diag;
    Settings settings;
    Str clif;
} Program;

static Status read_file(Program *p, const char *path)
{
    FILE *const file = fopen(path, "rb");
    if (!file)
        return diag_error(&p->diag, STATUS_IO, NULL, POS_NONE, "%s: %s", path, strerror(errno));
    StrBuf buf = {.arena = &p->arena};
    char part[4096];
    for (size_t n; (n = fread(part, 1, sizeof(part), file)) != 0;)
        buf_str(&buf, (Str){part, n});
    fclose(file);
    p->source = (Source){.path = str_from(path), .text = buf_view(&buf)};
    return STATUS_OK;
}

// ---- Compile, validate, print ----

static Str print_module(Arena *arena, const Module *module)
{
    StrBuf buf = {.arena = arena};
    for (uint32_t i = 0; i < module->funcs.len; i++) {
        if (i != 0)
            buf_char(&buf, '\n');
        text_print_func(module->funcs.data[i], &buf);
    }
    return buf_view(&buf);
}

// What was printed must mean the same to the parser.
static Status check_text(Program *p)
{
    p->clif = print_module(&p->arena, &p->module);
    ClifFile *again = NULL;
    const ParseOptions options = {0};
    TRY(text_parse_file(&p->arena, STR("<printed>"), p->clif, &options, &again, &p->diag));
    if (!str_eq(print_module(&p->arena, &again->module), p->clif))
        return diag_error(&p->diag, STATUS_INVALID, NULL, POS_NONE, "the text changes when parsed");
    return STATUS_OK;
}

static Status compile(Program *p, const char *path)
{
    TRY(read_file(p, path));
    TRY(toy_compile(&p->source, &p->module, &p->diag));
    p->settings = settings_defaults();
    for (uint32_t i = 0; i < p->module.funcs.len; i++)
        TRY(validate_func_diag(p->module.funcs.data[i], &p->settings, NULL, &p->source, &p->diag));
    return check_text(p);
}

// ---- Run ----

// Calls `name` with `n` arguments in a fresh interpreter.
static Status call(Program *p, Str name, const DataValue *args, uint32_t n, CallResult *result)
{
    const ExtName ext = builder_name(name);
    const uint32_t func = module_find(&p->module, &ext);
    if (func == NO_INDEX || p->module.funcs.data[func]->sig.num_params != n)
        return diag_error(&p->diag, STATUS_INVALID, &p->source, POS_NONE,
                          "no function %.*s of %u parameters", STR_ARG(name), n);
    const ExecutorConfig config = {.fuel = 10000000};
    const char *reason = "";
    Executor *const ex = executor_create(ENGINE_INTERP, &config, &reason);
    if (!ex)
        return diag_error(&p->diag, STATUS_UNSUPPORTED, NULL, POS_NONE, "%s", reason);
    const Status status = executor_load(ex, &p->module, &p->settings, NULL, &p->diag);
    if (status == STATUS_OK)
        *result = executor_call(ex, func, args, n, &p->arena);
    executor_destroy(ex);
    return status;
}

static Str describe(Program *p, const CallResult *result)
{
    StrBuf buf = {.arena = &p->arena};
    switch (result->outcome) {
    case OUTCOME_RETURNED:
        buf_printf(&buf, "%lld", (long long)data_to_u64(&result->values[0]));
        break;
    case OUTCOME_TRAPPED:
        buf_puts(&buf, "trap ");
        trapcode_print(result->trap, &buf);
        break;
    case OUTCOME_OUT_OF_FUEL: buf_puts(&buf, "out of fuel"); break;
    case OUTCOME_CRASHED:
    case OUTCOME_UNSUPPORTED: buf_str(&buf, result->detail); break;
    }
    return buf_view(&buf);
}

static Status run(Program *p, Str name, char **words, int n)
{
    DataValue *const args = ARENA_ARRAY(&p->arena, DataValue, n);
    for (int i = 0; i < n; i++)
        args[i] = data_from_u64(TYPE_I64, (uint64_t)strtoll(words[i], NULL, 10));
    CallResult result;
    TRY(call(p, name, args, (uint32_t)n, &result));
    printf("%.*s\n", STR_ARG(describe(p, &result)));
    return STATUS_OK;
}

// ---- Check ----

static int64_t read_int(Str text)
{
    int64_t n = 0;
    const bool negative = text.len != 0 && text.data[0] == '-';
    for (size_t i = negative; i < text.len && text.data[i] >= '0' && text.data[i] <= '9'; i++)
        n = n * 10 + (text.data[i] - '0');
    return negative ? -n : n;
}

// The part of `line` before `mark`, which is cut off with it; false when there is none.
static bool cut(Str *line, const char *mark, Str *part)
{
    for (size_t i = 0; i + strlen(mark) <= line->len; i++) {
        if (memcmp(line->data + i, mark, strlen(mark)) != 0)
            continue;
        *part = str_trim((Str){line->data, i});
        *line = str_trim((Str){line->data + i + strlen(mark), line->len - i - strlen(mark)});
        return true;
    }
    return false;
}

// Evaluates "f(1, 2) == 3"; behind two blanks, and in lines of another form, are words for people.
// Counts the line in *checks.
static Status check_line(Program *p, Str line, uint32_t *checks)
{
    const Str whole = line;
    Str name, list, word;
    if (!cut(&line, "(", &name) || !cut(&line, ")", &list) || !cut(&line, "==", &word))
        return STATUS_OK;
    if (cut(&line, "  ", &word))
        line = word;
    DataValue args[8];
    uint32_t n = 0;
    while (list.len != 0 && n < 8) {
        if (!cut(&list, ",", &word)) {
            word = list;
            list.len = 0;
        }
        args[n++] = data_from_u64(TYPE_I64, (uint64_t)read_int(word));
    }
    CallResult result;
    TRY(call(p, name, args, n, &result));
    ++*checks;
    const Str is = describe(p, &result);
    if (!str_eq(is, line))
        return diag_error(&p->diag, STATUS_INVALID, &p->source,
                          (uint32_t)(whole.data - p->source.text.data), "the result is %.*s",
                          STR_ARG(is));
    return STATUS_OK;
}

static Status check(Program *p)
{
    Str rest = p->source.text, line;
    uint32_t checks = 0;
    while (cut(&rest, "#", &line)) {
        if (!cut(&rest, "\n", &line))
            break;
        TRY(check_line(p, line, &checks));
    }
    if (checks == 0)
        return diag_error(&p->diag, STATUS_INVALID, &p->source, POS_NONE, "nothing to check");
    printf("%u checks passed\n", checks);
    return STATUS_OK;
}

// ---- Command line ----

static Status command(Program *p, int argc, char **argv)
{
    const Str verb = str_from(argv[1]);
    TRY(compile(p, argv[2]));
    if (str_eq_c(verb, "print")) {
        fwrite(p->clif.data, 1, p->clif.len, stdout);
        return STATUS_OK;
    }
    if (str_eq_c(verb, "run") && argc >= 4)
        return run(p, str_from(argv[3]), argv + 4, argc - 4);
    if (str_eq_c(verb, "check"))
        return check(p);
    return diag_error(&p->diag, STATUS_INVALID, NULL, POS_NONE, "unknown command");
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: toy print FILE | run FILE FUNCTION ARG... | check FILE\n");
        return 2;
    }
    Program p = {.module.arena = &p.arena, .diag.arena = &p.arena};
    const Status status = command(&p, argc, argv);
    for (uint32_t i = 0; i < p.diag.messages.len; i++) {
        StrBuf line = {.arena = &p.arena};
        diag_format(&p.diag.messages.data[i], &line);
        fprintf(stderr, "%.*s\n", STR_ARG(buf_view(&line)));
    }
    arena_free(&p.arena);
    return status == STATUS_OK ? 0 : 1;
}
