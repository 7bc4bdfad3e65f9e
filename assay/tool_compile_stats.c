// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay compile --stats: everything in the files compiled, with validation and checker off, and
// counted. What benchmarks run.
#include "assay/tool_compile_stats.h"

#include "driver/driver.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct CompileStats {
    uint64_t functions, compiled;     // unsupported: the others
    uint64_t blocks, instructions;    // of CLIF, in what was compiled
    uint64_t code_bytes, frame_bytes; // constants included
    uint64_t peak_bytes;              // scratch and result of the function that took most
} CompileStats;

static void count_func(CompileStats *stats, const Func *f, const CompiledFunc *code)
{
    stats->compiled++;
    stats->code_bytes += code->size;
    stats->frame_bytes += code->frame_size;
    IR_FOR_BLOCKS (f, block) {
        stats->blocks++;
        IR_FOR_INSTS (f, block, inst)
            stats->instructions++;
    }
}

// Messages of functions that can't be compiled are dropped.
static Status compile_func(const ToolProgram *program, const Isa *isa, const Func *f,
                           CompileStats *stats)
{
    Arena arena = {0}, scratch = {0}, messages = {0};
    Diag diag = {.arena = &messages};
    CompiledFunc code;
    const DriverOptions options = {.settings = &program->targets.settings, .isa = isa};
    const Status status = driver_compile(f, &options, &arena, &scratch, &code, &diag);
    stats->functions++;
    if (status == STATUS_OK)
        count_func(stats, f, &code);
    const uint64_t bytes = arena_footprint(&arena) + arena_footprint(&scratch);
    stats->peak_bytes = bytes > stats->peak_bytes ? bytes : stats->peak_bytes;
    if (status != STATUS_OK && status != STATUS_UNSUPPORTED)
        tool_report(&diag);
    arena_free(&messages);
    arena_free(&scratch);
    arena_free(&arena);
    return status == STATUS_UNSUPPORTED ? STATUS_OK : status;
}

static Status compile_file(const ToolArgs *args, const char *path, const Isa *wanted,
                           CompileStats *stats)
{
    ToolProgram program;
    Status status = tool_load(&program, path, (ParseOptions){0});
    if (status == STATUS_OK)
        status = tool_set(&program, args->values[OPT_COMPILE_SET]);
    const Isa *const isa = wanted ? wanted : program.targets.isa;
    if (status == STATUS_OK && !isa)
        status = diag_error(&program.diag, STATUS_INVALID, &program.file->source, POS_NONE,
                            "the file does not name one target: say which with --target");
    if (status == STATUS_OK)
        status = tool_validate(&program, &program.targets.settings, isa);
    const uint32_t num = status == STATUS_OK ? program.file->module.funcs.len : 0;
    for (uint32_t i = 0; i < num && status == STATUS_OK; i++)
        status = compile_func(&program, isa, program.file->module.funcs.data[i], stats);
    tool_unload(&program);
    return status;
}

Status tool_compile_stats(const ToolArgs *args, const Isa *isa)
{
    CompileStats stats = {0};
    for (uint32_t i = 0; i < args->num_operands; i++)
        TRY(compile_file(args, args->operands[i], isa, &stats));
    printf("{\n  \"functions\": %" PRIu64 ",\n", stats.functions);
    printf("  \"compiled\": %" PRIu64 ",\n", stats.compiled);
    printf("  \"unsupported\": %" PRIu64 ",\n", stats.functions - stats.compiled);
    printf("  \"blocks\": %" PRIu64 ",\n", stats.blocks);
    printf("  \"instructions\": %" PRIu64 ",\n", stats.instructions);
    printf("  \"code_bytes\": %" PRIu64 ",\n", stats.code_bytes);
    printf("  \"frame_bytes\": %" PRIu64 ",\n", stats.frame_bytes);
    printf("  \"peak_bytes\": %" PRIu64 "\n}\n", stats.peak_bytes);
    return STATUS_OK;
}
