// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay print: parses files and prints them, or counts what is in them.
#include "assay/tool.h"
#include "text/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

// What --stats counts, over one file or all of them.
typedef struct PrintStats {
    uint64_t functions, blocks, instructions, values;
    uint64_t text_bytes, ir_bytes;
} PrintStats;

static void stats_add(PrintStats *sum, const PrintStats *one)
{
    sum->functions += one->functions;
    sum->blocks += one->blocks;
    sum->instructions += one->instructions;
    sum->values += one->values;
    sum->text_bytes += one->text_bytes;
    sum->ir_bytes += one->ir_bytes;
}

static PrintStats stats_of(const ClifFile *file)
{
    PrintStats stats = {.functions = file->module.funcs.len, .text_bytes = file->source.text.len};
    for (uint32_t i = 0; i < file->module.funcs.len; i++) {
        const Func *f = file->module.funcs.data[i];
        stats.instructions += f->insts.len;
        stats.values += f->values.len;
        IR_FOR_BLOCKS (f, block)
            stats.blocks++;
    }
    return stats;
}

static void stats_print(const char *indent, const PrintStats *stats, FILE *out)
{
    fprintf(out, "%s\"functions\": %" PRIu64 ",\n", indent, stats->functions);
    fprintf(out, "%s\"blocks\": %" PRIu64 ",\n", indent, stats->blocks);
    fprintf(out, "%s\"instructions\": %" PRIu64 ",\n", indent, stats->instructions);
    fprintf(out, "%s\"values\": %" PRIu64 ",\n", indent, stats->values);
    fprintf(out, "%s\"text_bytes\": %" PRIu64 ",\n", indent, stats->text_bytes);
    fprintf(out, "%s\"ir_bytes\": %" PRIu64, indent, stats->ir_bytes);
    if (stats->instructions != 0)
        fprintf(out, ",\n%s\"ir_bytes_per_instruction\": %.1f", indent,
                (double)stats->ir_bytes / (double)stats->instructions);
    fprintf(out, "\n");
}

// Parses one file; prints it to `out`, or adds its counts to `stats` when that is not NULL.
static bool print_file(const char *path, PrintStats *stats, FILE *out)
{
    Arena text_arena = {0}, ir_arena = {0};
    Diag diag = {.arena = &text_arena};
    Str text;
    ClifFile *file = NULL;
    Status status = tool_read_file(&text_arena, path, &text, &diag);
    if (status == STATUS_OK) {
        const ParseOptions options = {.keep_comments = false};
        status = text_parse_file(&ir_arena, str_from(path), text, &options, &file, &diag);
    }
    tool_report(&diag);
    if (status == STATUS_OK && stats) {
        PrintStats one = stats_of(file);
        one.ir_bytes = ir_arena.used;
        stats_add(stats, &one);
    } else if (status == STATUS_OK) {
        StrBuf buf = {.arena = &text_arena};
        for (uint32_t i = 0; i < file->module.funcs.len; i++) {
            buf.len = 0;
            if (i != 0)
                buf_char(&buf, '\n');
            text_print_func(file->module.funcs.data[i], &buf);
            fwrite(buf.data, 1, buf.len, out);
        }
    }
    arena_free(&ir_arena);
    arena_free(&text_arena);
    return status == STATUS_OK;
}

static bool print_files(const ToolArgs *args, bool want_stats, FILE *out)
{
    bool good = true;
    PrintStats stats = {0};
    for (uint32_t i = 0; i < args->num_operands; i++)
        good &= print_file(args->operands[i], want_stats ? &stats : NULL, out);
    if (want_stats) {
        fprintf(out, "{\n");
        stats_print("  ", &stats, out);
        fprintf(out, "}\n");
    }
    return good;
}

int cmd_print(const ToolArgs *args)
{
    const char *format = args->values[OPT_PRINT_STATS];
    if (format && strcmp(format, "json") != 0)
        return tool_usage_error(args, "--stats=%s: the only format is json", format);
    const char *path = args->values[OPT_PRINT_OUTPUT];
    if (!path || strcmp(path, "-") == 0)
        return print_files(args, format != NULL, stdout) ? EXIT_OK : EXIT_FAILED;
    FILE *out = fopen(path, "wb");
    if (!out) {
        fprintf(stderr, "%s: error: %s\n", path, strerror(errno));
        return EXIT_FAILED;
    }
    bool good = print_files(args, format != NULL, out);
    const bool written = ferror(out) == 0;
    if (fclose(out) != 0 || !written) {
        fprintf(stderr, "%s: error: can't be written\n", path);
        good = false;
    }
    return good ? EXIT_OK : EXIT_FAILED;
}
