// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Property: what a function compiles to depends on it alone. The same bytes, relocations and tables
// come out a second time, on another thread at the same time, after other functions, and from the
// text that it prints as.
//
// No engine runs here, so leaks are looked for.

#include "driver/driver.h"
#include "fuzz-targets/gen/gen.h"
#include "fuzz-targets/require.h"
#include "fuzz-targets/target.h"
#include "text/text.h"

#include <pthread.h>

// The module being compiled, for the message.
static const Module *current;

static void check(bool holds, const char *what)
{
    if (!holds && current) {
        StrBuf text = {.arena = current->arena};
        for (uint32_t i = 0; i < current->funcs.len; i++)
            text_print_func(current->funcs.data[i], &text);
        fprintf(stderr, "%.*s", STR_ARG(buf_view(&text)));
    }
    require(holds, "determinism", what);
}

// ---- One compilation of a module ----

typedef struct Job {
    const Module *module;
    const Settings *settings;
    const Isa *isa;
    bool backwards;
    Arena arena, scratch;
    CompiledFunc *funcs; // code is NULL where the compiler refused
    Str *refusals;
} Job;

static void *compile(void *context)
{
    Job *const job = context;
    const uint32_t num = job->module->funcs.len;
    const DriverOptions options = {.settings = job->settings, .isa = job->isa, .check = true};
    job->funcs = ARENA_ARRAY(&job->arena, CompiledFunc, num);
    job->refusals = ARENA_ARRAY(&job->arena, Str, num);
    for (uint32_t n = 0; n < num; n++) {
        const uint32_t i = job->backwards ? num - 1 - n : n;
        Diag diag = {.arena = &job->arena};
        const Status status = driver_compile(job->module->funcs.data[i], &options, &job->arena,
                                             &job->scratch, &job->funcs[i], &diag);
        arena_reset(&job->scratch);
        if (status == STATUS_OK)
            continue;
        check(diag.messages.len != 0, "an error without message");
        job->refusals[i] = diag.messages.data[0].text;
        if (status == STATUS_INVALID)
            fprintf(stderr, "%.*s\n", STR_ARG(job->refusals[i]));
        check(status != STATUS_INVALID, "an internal error");
    }
    return NULL;
}

static Job start_job(const GenCase *c, const Isa *isa)
{
    return (Job){.module = &c->module, .settings = &c->settings, .isa = isa};
}

static void end_job(Job *job)
{
    arena_free(&job->arena);
    arena_free(&job->scratch);
}

// ---- Comparison ----

static bool same_names(const ExtName *a, const ExtName *b)
{
    return extname_eq(a, b);
}

static void compare_tables(const CompiledFunc *a, const CompiledFunc *b)
{
    check(a->num_relocs == b->num_relocs && a->num_traps == b->num_traps &&
              a->num_calls == b->num_calls && a->num_srcs == b->num_srcs &&
              a->num_unwind == b->num_unwind,
          "tables of other lengths");
    for (uint32_t i = 0; i < a->num_relocs; i++)
        check(a->relocs[i].offset == b->relocs[i].offset &&
                  a->relocs[i].kind == b->relocs[i].kind &&
                  a->relocs[i].addend == b->relocs[i].addend &&
                  same_names(&a->relocs[i].name, &b->relocs[i].name),
              "another relocation");
    for (uint32_t i = 0; i < a->num_traps; i++)
        check(a->traps[i].offset == b->traps[i].offset && a->traps[i].code == b->traps[i].code,
              "another trap site");
    for (uint32_t i = 0; i < a->num_calls; i++)
        check(a->calls[i].return_offset == b->calls[i].return_offset, "another call record");
    for (uint32_t i = 0; i < a->num_srcs; i++)
        check(a->srcs[i].offset == b->srcs[i].offset, "another source range");
    for (uint32_t i = 0; i < a->num_unwind; i++)
        check(a->unwind[i].offset == b->unwind[i].offset &&
                  a->unwind[i].kind == b->unwind[i].kind && a->unwind[i].reg == b->unwind[i].reg &&
                  a->unwind[i].value == b->unwind[i].value,
              "another unwind record");
}

static void compare(const Job *a, const Job *b)
{
    for (uint32_t i = 0; i < a->module->funcs.len; i++) {
        const CompiledFunc *const x = &a->funcs[i], *const y = &b->funcs[i];
        check((x->code == NULL) == (y->code == NULL), "compiled once and refused once");
        check(str_eq(a->refusals[i], b->refusals[i]), "refused with other words");
        if (!x->code)
            continue;
        check(x->size == y->size && x->code_size == y->code_size && x->align == y->align &&
                  x->frame_size == y->frame_size,
              "other sizes");
        check(memcmp(x->code, y->code, x->size) == 0, "other bytes");
        compare_tables(x, y);
    }
}

// ---- Ways to compile ----

static void compare_text(const GenCase *c, const Job *first, Arena *arena)
{
    StrBuf text = {.arena = arena};
    Diag diag = {.arena = arena};
    ClifFile *file;
    for (uint32_t i = 0; i < c->module.funcs.len; i++)
        text_print_func(c->module.funcs.data[i], &text);
    const Status status =
        text_parse_file(arena, STR("printed"), buf_view(&text), &(ParseOptions){0}, &file, &diag);
    if (status != STATUS_OK)
        fprintf(stderr, "%.*s%.*s\n", STR_ARG(buf_view(&text)),
                STR_ARG(diag.messages.data[0].text));
    check(status == STATUS_OK, "the printed text does not parse");
    StrBuf again = {.arena = arena};
    for (uint32_t i = 0; i < file->module.funcs.len; i++)
        text_print_func(file->module.funcs.data[i], &again);
    check(str_eq(buf_view(&text), buf_view(&again)), "printing is not a fixed point");
    Job job = start_job(c, first->isa);
    job.module = &file->module;
    compile(&job);
    compare(first, &job);
    end_job(&job);
}

static void compare_ways(const GenCase *c, const Isa *isa, Arena *arena)
{
    Job first = start_job(c, isa), second = first, other = first;
    pthread_t thread;
    other.backwards = true; // each function after other ones
    const bool started = pthread_create(&thread, NULL, compile, &second) == 0;
    compile(&first);
    if (started)
        pthread_join(thread, NULL);
    else
        compile(&second);
    compile(&other);
    compare(&first, &second);
    compare(&first, &other);
    compare_text(c, &first, arena);
    end_job(&first);
    end_job(&second);
    end_job(&other);
}

static Isa target(const char *triple, const char *flags)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    Isa isa;
    Status status = isa_parse(str_from(triple), &isa);
    if (status == STATUS_OK && flags)
        status = isa_set(&isa, str_from(flags), NULL, POS_NONE, &diag);
    check(status == STATUS_OK, "an unknown target");
    arena_free(&arena);
    return isa;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static GenTable *tables[3];
    static Arena lasting;
    const Isa isas[3] = {target("x86_64", NULL), target("aarch64", NULL),
                         target("x86_64", "x86-64-v3")};
    const uint32_t n = size > 3 ? data[3] % 3 : 0;
    if (!tables[n]) {
        const Settings settings = settings_defaults();
        tables[n] = gen_table(&settings, &isas[n], 1, &lasting);
    }
    Arena arena = {0};
    GenCase c;
    gen_case(tables[n], data, size, &arena, &c);
    current = &c.module;
    compare_ways(&c, &isas[n], &arena);
    current = NULL;
    arena_free(&arena);
    return 0;
}
