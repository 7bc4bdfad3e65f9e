// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading, parsing and validating a file.
#include "assay/tool_program.h"

#include "validate/validate.h"

static Status parse(ToolProgram *program, const char *path, ParseOptions options)
{
    Str text;
    TRY(tool_read_file(&program->arena, path, &text, &program->diag));
    TRY(text_parse_file(&program->arena, str_from(path), text, &options, &program->file,
                        &program->diag));
    TRY(targets_read(&program->arena, program->file, settings_defaults(), &program->targets,
                     &program->diag));
    const Str unknown = program->targets.unknown;
    if (unknown.len != 0)
        return diag_error(&program->diag, STATUS_UNSUPPORTED, &program->file->source, POS_NONE,
                          "the file is for %.*s, an architecture that is not known",
                          STR_ARG(unknown));
    return STATUS_OK;
}

Status tool_load(ToolProgram *program, const char *path, ParseOptions options)
{
    *program = (ToolProgram){0};
    program->diag.arena = &program->arena;
    return parse(program, path, options);
}

Status tool_set(ToolProgram *program, const char *settings)
{
    Str rest = str_from(settings ? settings : "");
    while (rest.len != 0) {
        size_t len = 0;
        while (len < rest.len && rest.data[len] != ',')
            len++;
        const Str option = {rest.data, len};
        TRY(settings_set(&program->targets.settings, option, NULL, POS_NONE, &program->diag));
        for (uint32_t i = 0; i < program->targets.lines.len; i++)
            TRY(settings_set(&program->targets.lines.data[i].settings, option, NULL, POS_NONE,
                             &program->diag));
        const size_t used = len < rest.len ? len + 1 : len;
        rest = (Str){rest.data + used, rest.len - used};
    }
    return STATUS_OK;
}

Status tool_validate(ToolProgram *program, const Settings *settings, const Isa *isa)
{
    Status status = STATUS_OK;
    for (uint32_t i = 0; i < program->file->module.funcs.len; i++) {
        const Status one = validate_func_diag(program->file->module.funcs.data[i], settings, isa,
                                              &program->file->source, &program->diag);
        if (one != STATUS_OK)
            status = one;
    }
    return status;
}

void tool_unload(ToolProgram *program)
{
    tool_report(&program->diag);
    arena_free(&program->arena);
}
