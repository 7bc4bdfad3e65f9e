// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// islec, the host tool: rules in, C out. The work is in the library.

#include "isle-rules/compiler/islec.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    OPT_HEADER = 256,
    OPT_RULES_TABLE,
    OPT_COUNTERS,
    OPT_CHECK_ONLY,
    OPT_DUMP_AST,
    OPT_DUMP_TRIE,
    OPT_UNIT,
    OPT_CONTEXT,
    OPT_INCLUDE,
    OPT_TYPES_INCLUDE,
    OPT_EXPORT
};

typedef VEC(Str) Strs;

typedef struct Args {
    Arena *arena;
    Strs inputs, includes, type_includes, exports;
    const char *output, *header, *rules_table;
    IsleCOptions c;
    bool check_only, dump_ast, dump_trees;
} Args;

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "write the C to FILE (default: standard output)", 0},
    {"header", OPT_HEADER, "FILE", 0, "write types and prototypes to FILE, which the C includes",
     0},
    {"rules-table", OPT_RULES_TABLE, "FILE", 0,
     "write one line ISLE_RULE(id, label, root, priority, path, line, col) a rule", 0},
    {"counters", OPT_COUNTERS, NULL, 0, "call ISLE_RULE_FIRED(ctx, id) for each rule that fires",
     0},
    {"check-only", OPT_CHECK_ONLY, NULL, 0, "report errors and write nothing", 0},
    {"dump-ast", OPT_DUMP_AST, NULL, 0, "write the definitions as canonical text instead of C", 0},
    {"dump-trie", OPT_DUMP_TRIE, NULL, 0, "write the decision trees as text instead of C", 0},
    {"unit", OPT_UNIT, "NAME", 0, "prefix of the functions (default: isle)", 0},
    {"context", OPT_CONTEXT, "TYPE", 0, "type behind ctx (default: IsleContext)", 0},
    {"include", OPT_INCLUDE, "FILE", 0, "include FILE, of the host's functions, in the C", 0},
    {"types-include", OPT_TYPES_INCLUDE, "FILE", 0,
     "include FILE, of the host's types, in the header", 0},
    {"export", OPT_EXPORT, "TERM", 0, "make TERM's function external; by default all are", 0},
    {0}};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    Args *const args = state->input;
    switch (key) {
    case 'o': args->output = arg; return 0;
    case OPT_HEADER: args->header = arg; return 0;
    case OPT_RULES_TABLE: args->rules_table = arg; return 0;
    case OPT_COUNTERS: args->c.counters = true; return 0;
    case OPT_CHECK_ONLY: args->check_only = true; return 0;
    case OPT_DUMP_AST: args->dump_ast = true; return 0;
    case OPT_DUMP_TRIE: args->dump_trees = true; return 0;
    case OPT_UNIT: args->c.unit = str_from(arg); return 0;
    case OPT_CONTEXT: args->c.context_type = str_from(arg); return 0;
    case OPT_INCLUDE: VEC_PUSH(args->arena, &args->includes, str_from(arg)); return 0;
    case OPT_TYPES_INCLUDE: VEC_PUSH(args->arena, &args->type_includes, str_from(arg)); return 0;
    case OPT_EXPORT: VEC_PUSH(args->arena, &args->exports, str_from(arg)); return 0;
    case ARGP_KEY_ARG: VEC_PUSH(args->arena, &args->inputs, str_from(arg)); return 0;
    case ARGP_KEY_NO_ARGS: argp_usage(state); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

// ---- Files ----

static Status read_file(Arena *arena, Diag *diag, const char *path, Str *out)
{
    const bool standard = strcmp(path, "-") == 0;
    FILE *const file = standard ? stdin : fopen(path, "rb");
    if (!file)
        return diag_error(diag, STATUS_IO, NULL, POS_NONE, "%s: can't be opened", path);
    StrBuf text = {.arena = arena};
    char block[1 << 14];
    for (size_t n; (n = fread(block, 1, sizeof(block), file)) != 0;)
        buf_str(&text, (Str){block, n});
    const bool failed = ferror(file) != 0;
    if (!standard)
        fclose(file);
    *out = buf_view(&text);
    return failed ? diag_error(diag, STATUS_IO, NULL, POS_NONE, "%s: can't be read", path)
                  : STATUS_OK;
}

static Status write_file(Diag *diag, const char *path, Str text)
{
    FILE *const file = path ? fopen(path, "wb") : stdout;
    if (!file)
        return diag_error(diag, STATUS_IO, NULL, POS_NONE, "%s: can't be opened", path);
    const bool written = text.len == 0 || fwrite(text.data, 1, text.len, file) == text.len;
    const bool closed = (path ? fclose(file) : fflush(file)) == 0;
    if (written && closed)
        return STATUS_OK;
    return diag_error(diag, STATUS_IO, NULL, POS_NONE, "%s: can't be written",
                      path ? path : "standard output");
}

// ---- The run ----

// How generated C names its header: by its last component, since the two lie side by side.
static Str base_name(const char *path)
{
    const char *const slash = strrchr(path, '/');
    return str_from(slash ? slash + 1 : path);
}

static Status write_outputs(Isle *isle, Diag *diag, Args *args)
{
    StrBuf text = {.arena = args->arena};
    if (args->dump_ast) {
        isle_dump_ast(isle, &text);
        return write_file(diag, args->output, buf_view(&text));
    }
    isle_build_trees(isle);
    if (args->dump_trees) {
        isle_dump_trees(isle, &text);
        return write_file(diag, args->output, buf_view(&text));
    }
    if (args->header) {
        StrBuf header = {.arena = args->arena};
        args->c.header = base_name(args->header);
        TRY(isle_write_header(isle, &args->c, &header));
        TRY(write_file(diag, args->header, buf_view(&header)));
    }
    if (args->rules_table) {
        StrBuf table = {.arena = args->arena};
        isle_write_rules_table(isle, &table);
        TRY(write_file(diag, args->rules_table, buf_view(&table)));
    }
    TRY(isle_write_c(isle, &args->c, &text));
    return write_file(diag, args->output, buf_view(&text));
}

static Status run(Arena *arena, Diag *diag, Args *args)
{
    Isle *const isle = isle_new(arena, diag);
    Status status = STATUS_OK;
    for (uint32_t i = 0; i < args->inputs.len; i++) {
        Str text;
        TRY(read_file(arena, diag, args->inputs.data[i].data, &text));
        const Status parsed = isle_add_text(isle, args->inputs.data[i], text);
        status = status == STATUS_OK ? parsed : status;
    }
    TRY(status);
    TRY(isle_check(isle));
    if (args->check_only)
        return STATUS_OK;
    args->c.includes = args->includes.data;
    args->c.num_includes = args->includes.len;
    args->c.type_includes = args->type_includes.data;
    args->c.num_type_includes = args->type_includes.len;
    args->c.exports = args->exports.data;
    args->c.num_exports = args->exports.len;
    return write_outputs(isle, diag, args);
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .args_doc = "FILE...",
        .doc = "Compiles ISLE rules to C. FILE may be `-`, standard input."};
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    Args args = {.arena = &arena};
    argp_parse(&argp, argc, argv, 0, NULL, &args);
    const Status status = run(&arena, &diag, &args);
    for (uint32_t i = 0; i < diag.messages.len; i++) {
        StrBuf line = {.arena = &arena};
        diag_format(&diag.messages.data[i], &line);
        fprintf(stderr, "%.*s\n", STR_ARG(buf_view(&line)));
    }
    arena_free(&arena);
    return status == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
