// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tool: the `assay` command. One file per subcommand, thin; the work is in the libraries.
//
// commands.def lists the subcommands and options.def their options. From these two tables come the
// parsing, --help, the man pages and the shell completions. A subcommand is one function that gets
// its parsed arguments and returns the exit code: EXIT_OK, EXIT_FAILED when what it checked failed
// (or an input is bad), EXIT_USAGE when it was called wrongly.
//
// Results go to stdout, messages to stderr. When stdout can't be written, the tool says so and
// fails, whatever the subcommand returned.
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
    const char *values[OPTION_COUNT]; // NULL: not given; "" for a given flag or left-out argument;
                                      // lists given several times are joined
    const char **operands;            // what is not an option
    uint32_t num_operands;
    Arena *arena;        // of values that were put together
    const char *program; // argv[0]
    CommandId command;
} ToolArgs;

// ---- The tables ----

// A row of commands.def.
typedef struct CommandInfo {
    const char *name;
    const char *operands;
    const char *summary;
    const char *details;
    int (*run)(const ToolArgs *args);
} CommandInfo;

// A row of options.def.
typedef struct OptionInfo {
    CommandId command;
    const char *name;
    char letter; // NUL: none
    const char *argument;
    const char *help;
} OptionInfo;

typedef enum ArgumentKind { ARGUMENT_NONE, ARGUMENT_OPTIONAL, ARGUMENT_REQUIRED } ArgumentKind;

extern const CommandInfo tool_commands[COMMAND_COUNT];
extern const OptionInfo tool_options[OPTION_COUNT];
extern const char tool_version[];

// Whether the option takes an argument.
ArgumentKind option_argument(const OptionInfo *option);
// "N" of "N" and "[=N]".
Str option_argument_name(const OptionInfo *option);
// The command called `name`, COMMAND_COUNT when there is none.
CommandId tool_find_command(const char *name);
// Reports an unknown command on stderr, with the nearest one there is; returns EXIT_USAGE.
int tool_unknown_command(const char *name);

// ---- For subcommands ----

// The subcommands, one in each cmd_NAME.c.
#define COMMAND(NAME, name, ...) int cmd_##name(const ToolArgs *args);
#include "assay/commands.def"

// Reads a whole file ("-": standard input) into the arena. A failure is reported to `diag` with the
// path: STATUS_IO, or STATUS_LIMIT for 4 GiB and more, which positions can't number.
Status tool_read_file(Arena *arena, const char *path, Str *out, Diag *diag);
// Prints all messages to stderr.
void tool_report(const Diag *diag);
// Reports a wrong call on stderr, pointing to the command's --help; returns EXIT_USAGE.
int tool_usage_error(const ToolArgs *args, const char *format, ...) PRINTF_LIKE(2, 3);
// Sets *out to the number that `option` gives, and leaves it as it is when the option, or its
// argument that may be left out, is not there. Prints an error and returns false when the argument
// is no decimal number in [min, max].
bool tool_number(const ToolArgs *args, OptionId option, uint64_t min, uint64_t max, uint64_t *out);

// Prints the help of one command, or of the whole tool for COMMAND_COUNT, to stdout.
void tool_print_help(CommandId command);

#endif
