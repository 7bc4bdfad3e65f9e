// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay compile: the machine code of a file's functions as a listing or an object, and the machine
// IR on the way.
#include "assay/tool_compile_stats.h"
#include "assay/tool_object.h"
#include "driver/driver.h"

#include <stdio.h>

#define BYTES_A_LINE 8u

typedef struct Compile {
    const ToolArgs *args;
    ToolProgram program;
    Isa isa;
    Str function; // empty: all
    bool dump_lower, dump_regalloc;
    bool found;
    VEC(CompiledFunc) codes; // for the object, in the program's arena
} Compile;

// ---- What the command line says ----

static bool read_dump(const ToolArgs *args, Compile *c)
{
    const char *const stage = args->values[OPT_COMPILE_DUMP];
    if (!stage)
        return true;
    const bool all = strcmp(stage, "all") == 0;
    c->dump_lower = all || strcmp(stage, "lower") == 0;
    c->dump_regalloc = all || strcmp(stage, "regalloc") == 0;
    if (c->dump_lower || c->dump_regalloc)
        return true;
    tool_usage_error(args, "--dump=%s: the stages are lower, regalloc and all", stage);
    return false;
}

static bool read_options(const ToolArgs *args, Compile *c)
{
    const char *const triple = args->values[OPT_COMPILE_TARGET];
    const char *const name = args->values[OPT_COMPILE_FUNCTION];
    *c = (Compile){.args = args};
    if (name)
        c->function = str_from(name[0] == '%' ? name + 1 : name);
    if (triple && isa_parse(str_from(triple), &c->isa) != STATUS_OK) {
        tool_usage_error(args, "--target=%s: unknown architecture", triple);
        return false;
    }
    return read_dump(args, c);
}

// The target: that of the option, or the file's only one.
static Status choose_target(Compile *c)
{
    if (c->args->values[OPT_COMPILE_TARGET])
        return STATUS_OK;
    if (!c->program.targets.isa)
        return diag_error(&c->program.diag, STATUS_INVALID, &c->program.file->source, POS_NONE,
                          "the file names %s: say which one with --target",
                          c->program.targets.lines.len == 0 ? "no target" : "several targets");
    c->isa = *c->program.targets.isa;
    return STATUS_OK;
}

// ---- The listing ----

// The bytes [at, end), with `text` behind those of the first line.
static void print_bytes(const CompiledFunc *code, uint32_t at, uint32_t end, Str text)
{
    for (uint32_t first = at; at < end;) {
        const uint32_t n = end - at < BYTES_A_LINE ? end - at : BYTES_A_LINE;
        char hex[3 * BYTES_A_LINE + 1] = "";
        for (uint32_t i = 0; i < n; i++)
            snprintf(hex + (size_t)3 * i, 4, "%02x ", code->code[at + i]);
        if (at == first)
            printf("%6x  %-24s %.*s\n", at, hex, STR_ARG(text));
        else
            printf("%6x  %s\n", at, hex);
        at += n;
    }
}

static void print_listing(const CompiledFunc *code)
{
    for (uint32_t i = 0; i < code->num_notes; i++) {
        const CodeNote *const note = &code->notes[i];
        const uint32_t end = i + 1 < code->num_notes ? code->notes[i + 1].offset : code->size;
        if (note->text.data[note->text.len - 1] == ':') {
            printf("%.*s\n", STR_ARG(note->text));
            print_bytes(code, note->offset, end, STR("padding"));
        } else {
            print_bytes(code, note->offset, end, note->text);
        }
    }
}

static void print_name(const Func *f, Arena *arena, const CompiledFunc *code)
{
    StrBuf name = {.arena = arena};
    extname_print(&f->name, &name);
    printf("%.*s: %u bytes, frame %u\n", STR_ARG(buf_view(&name)), code->size, code->frame_size);
}

// ---- Functions ----

static bool is_wanted(Compile *c, const Func *f, Arena *arena)
{
    StrBuf name = {.arena = arena};
    extname_print(&f->name, &name);
    Str printed = buf_view(&name);
    if (printed.data[0] == '%')
        printed = (Str){printed.data + 1, printed.len - 1};
    const bool wanted = c->function.len == 0 || str_eq(c->function, printed);
    c->found |= wanted;
    return wanted;
}

static Status compile(Compile *c, const Func *f)
{
    Arena texts = {0}, scratch = {0};
    Arena *const arena = &c->program.arena;
    StrBuf lowered = {.arena = &texts}, allocated = {.arena = &texts};
    const bool to_object = c->args->values[OPT_COMPILE_OUTPUT] != NULL;
    CompiledFunc code = {0};
    Status status = STATUS_OK;
    const DriverOptions options = {.settings = &c->program.targets.settings,
                                   .isa = &c->isa,
                                   .source = &c->program.file->source,
                                   .validate = true,
                                   .check = true,
                                   .dump_lower = c->dump_lower ? &lowered : NULL,
                                   .dump_regalloc = c->dump_regalloc ? &allocated : NULL,
                                   .listing = !to_object};
    if (is_wanted(c, f, &texts)) {
        status = driver_compile(f, &options, to_object ? arena : &texts, &scratch, &code,
                                &c->program.diag);
        printf("%.*s%.*s", STR_ARG(buf_view(&lowered)), STR_ARG(buf_view(&allocated)));
        if (status == STATUS_OK && to_object) {
            VEC_PUSH(arena, &c->codes, code);
        } else if (status == STATUS_OK) {
            print_name(f, &texts, &code);
            print_listing(&code);
        }
    }
    arena_free(&scratch);
    arena_free(&texts);
    return status;
}

static Status write_object(Compile *c)
{
    const char *const path = c->args->values[OPT_COMPILE_OUTPUT];
    const Settings *const settings = &c->program.targets.settings;
    const ObjectOptions options = {.arch = c->isa.arch,
                                   .source = &c->program.file->source,
                                   .unwind = settings_get(settings, SETTING_UNWIND_INFO) != 0};
    return path ? tool_write_object(c->codes.data, c->codes.len, &options, path, &c->program.diag)
                : STATUS_OK;
}

static Status compile_file(Compile *c, const char *path)
{
    Status first = STATUS_OK;
    c->found = false;
    TRY(tool_load(&c->program, path, (ParseOptions){0}));
    TRY(tool_set(&c->program, c->args->values[OPT_COMPILE_SET]));
    TRY(choose_target(c));
    const Module *const module = &c->program.file->module;
    for (uint32_t i = 0; i < module->funcs.len; i++) {
        const Status status = compile(c, module->funcs.data[i]);
        first = first == STATUS_OK ? status : first;
    }
    if (!c->found && c->function.len != 0)
        return diag_error(&c->program.diag, STATUS_INVALID, &c->program.file->source, POS_NONE,
                          "there is no function '%.*s'", STR_ARG(c->function));
    TRY(first);
    return write_object(c);
}

int cmd_compile(const ToolArgs *args)
{
    Compile c;
    if (!read_options(args, &c))
        return EXIT_USAGE;
    const char *const format = args->values[OPT_COMPILE_STATS];
    if (format && strcmp(format, "json") != 0)
        return tool_usage_error(args, "--stats=%s: the only format is json", format);
    if (args->values[OPT_COMPILE_OUTPUT] && (format || args->num_operands != 1))
        return tool_usage_error(args, "--output is for one file, and not with --stats");
    bool good = true;
    if (format) {
        const bool has_target = args->values[OPT_COMPILE_TARGET] != NULL;
        good = tool_compile_stats(args, has_target ? &c.isa : NULL) == STATUS_OK;
    }
    for (uint32_t i = 0; i < args->num_operands && !format; i++) {
        good &= compile_file(&c, args->operands[i]) == STATUS_OK;
        tool_unload(&c.program);
    }
    return good ? EXIT_OK : EXIT_FAILED;
}
