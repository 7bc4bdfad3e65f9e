// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tool: the `assay` command. One file per subcommand, thin; the work is in the libraries.
//
// commands.def lists the subcommands and options.def their options. From these two tables come the
// parsing, --help, the man pages and the shell completions. A subcommand is one function that gets
// its parsed arguments and returns the exit code: EXIT_OK, EXIT_FAILED when what it checked failed
// (or an input is bad), EXIT_USAGE when it was called wrongly.
#ifndef ASSAY_TOOL_H
#define ASSAY_TOOL_H

#include "base/base.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

typedef enum CommandId {
#define COMMAND(NAME, ...) COMMAND_##NAME,
#include "assay/commands.def"
    COMMAND_COUNT
} CommandId;

typedef enum OptionId {
#define OPTION(COMMAND, NAME, ...) OPT_##COMMAND##_##NAME,
#include "assay/options.def"
    OPTION_COUNT
} OptionId;

// What was written after the subcommand's name.
typedef struct ToolArgs {
    const char *values[OPTION_COUNT]; // NULL: not given; "" for a given flag or left-out argument
    const char *const *operands;      // what is not an option
    uint32_t num_operands;
    const char *program; // argv[0]
} ToolArgs;

// The subcommands, one in each cmd_NAME.c.
#define COMMAND(NAME, name, ...) int cmd_##name(const ToolArgs *args);
#include "assay/commands.def"

// Reads a whole file ("-": standard input) into the arena.
Status tool_read_file(Arena *arena, const char *path, Str *out, Diag *diag);
// Prints all messages to stderr.
void tool_report(const Diag *diag);
// The number that option `option` gives, in [min, max], or `fallback` when it was not given; prints
// an error and returns false when it is no such number.
bool tool_number(const ToolArgs *args, OptionId option, uint64_t min, uint64_t max,
                 uint64_t fallback, uint64_t *out);

#endif
