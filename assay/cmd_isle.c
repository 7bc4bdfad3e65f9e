// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay isle: checks files of rules, and shows what islec makes of them.
#include "assay/tool.h"
#include "isle-rules/compiler/islec.h"

#include <stdio.h>

static const OptionId outputs[] = {OPT_ISLE_DUMP_AST, OPT_ISLE_DUMP_TRIE, OPT_ISLE_EMIT_C,
                                   OPT_ISLE_RULES_TABLE};

// Sets *out to the output that is asked for, OPTION_COUNT for none; false when there are two.
static bool read_output(const ToolArgs *args, OptionId *out)
{
    *out = OPTION_COUNT;
    for (uint32_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        if (!args->values[outputs[i]])
            continue;
        if (*out != OPTION_COUNT)
            return false;
        *out = outputs[i];
    }
    return true;
}

// Every file is read, so that the errors of all are reported.
static Status read_files(Isle *isle, const ToolArgs *args)
{
    Status first = STATUS_OK;
    for (uint32_t i = 0; i < args->num_operands; i++) {
        Str text;
        Status status = tool_read_file(isle->arena, args->operands[i], &text, isle->diag);
        if (status == STATUS_OK)
            status = isle_add_text(isle, str_from(args->operands[i]), text);
        first = first == STATUS_OK ? status : first;
    }
    return first;
}

static Status print_output(Isle *isle, OptionId output, StrBuf *out)
{
    const IsleCOptions options = {.counters = false};
    switch ((int)output) {
    case OPT_ISLE_DUMP_AST: isle_dump_ast(isle, out); return STATUS_OK;
    case OPT_ISLE_DUMP_TRIE:
        isle_build_trees(isle);
        isle_dump_trees(isle, out);
        return STATUS_OK;
    case OPT_ISLE_EMIT_C: isle_build_trees(isle); return isle_write_c(isle, &options, out);
    case OPT_ISLE_RULES_TABLE: isle_write_rules_table(isle, out); return STATUS_OK;
    default: return STATUS_OK; // only check
    }
}

int cmd_isle(const ToolArgs *args)
{
    OptionId output;
    if (!read_output(args, &output))
        return tool_usage_error(
            args, "only one of --dump-ast, --dump-trie, --emit-c and --rules-table can be printed");
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    StrBuf text = {.arena = &arena};
    Isle *const isle = isle_new(&arena, &diag);
    Status status = read_files(isle, args);
    if (status == STATUS_OK)
        status = isle_check(isle);
    if (status == STATUS_OK)
        status = print_output(isle, output, &text);
    if (text.len != 0)
        fwrite(text.data, 1, text.len, stdout);
    tool_report(&diag);
    arena_free(&arena);
    return status == STATUS_OK ? EXIT_OK : EXIT_FAILED;
}
