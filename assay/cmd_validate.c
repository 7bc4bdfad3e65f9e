// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay validate: every function of every file judged, for each target that the file or --target
// names.
#include "assay/tool_program.h"
#include "validate/validate.h"

#include <stdio.h>

// The target of --target. Its flags are the defaults, as those of a `target` line without options.
static bool option_target(const ToolArgs *args, Isa *out)
{
    const char *triple = args->values[OPT_VALIDATE_TARGET];
    if (!triple || isa_parse(str_from(triple), out) == STATUS_OK)
        return true;
    tool_usage_error(args, "--target=%s: unknown architecture", triple);
    return false;
}

// Judges a parsed file for its targets, or for `isa` alone when that is not NULL. Several targets
// may find the same errors; only the first one that finds any is reported.
static Status validate_file(ToolProgram *program, const Isa *isa)
{
    const Targets *targets = &program->targets;
    if (isa || targets->lines.len == 0)
        return tool_validate(program, &targets->settings, isa);
    for (uint32_t i = 0; i < targets->lines.len; i++)
        TRY(tool_validate(program, &targets->lines.data[i].settings, &targets->lines.data[i].isa));
    return STATUS_OK;
}

int cmd_validate(const ToolArgs *args)
{
    Isa isa;
    if (!option_target(args, &isa))
        return EXIT_USAGE;
    bool good = true;
    for (uint32_t i = 0; i < args->num_operands; i++) {
        ToolProgram program;
        Status status = tool_load(&program, args->operands[i], (ParseOptions){0});
        if (status == STATUS_OK)
            status = validate_file(&program, args->values[OPT_VALIDATE_TARGET] ? &isa : NULL);
        good &= status == STATUS_OK;
        tool_unload(&program);
    }
    return good ? EXIT_OK : EXIT_FAILED;
}
