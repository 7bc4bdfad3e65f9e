// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay man [COMMAND]: manual pages in roff's man macros, from the tables of commands and options.
#include "assay/tool.h"

#include <stdio.h>

// Prints text for roff: backslashes and minus signs escaped, and no line that begins as a request.
static void roff_text(const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", stdout);
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
    }
}

static void roff_line(const char *text)
{
    roff_text(text);
    putchar('\n');
}

// The line before an option's help: "-j, --jobs=N".
static void roff_option(const OptionInfo *option)
{
    printf(".TP\n");
    if (option->letter != '\0')
        printf("\\fB\\-%c\\fR, ", option->letter);
    printf("\\fB\\-\\-");
    roff_text(option->name);
    printf("\\fR");
    if (option_argument(option) == ARGUMENT_REQUIRED)
        putchar('=');
    if (option->argument[0] != '\0') {
        printf("\\fI");
        roff_text(option->argument);
        printf("\\fR");
    }
    putchar('\n');
    roff_line(option->help);
}

static void man_exit_codes(void)
{
    printf(".SH EXIT STATUS\n"
           ".TP\n0\nall went well\n"
           ".TP\n1\na check failed, or an input is missing or malformed\n"
           ".TP\n2\nthe command line is wrong\n");
}

static void man_tool(void)
{
    printf(".TH ASSAY 1 \"\" \"assay %s\"\n.SH NAME\n", tool_version);
    printf("assay \\- check the stages of a code generator\n"
           ".SH SYNOPSIS\n\\fBassay\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIOPERAND\\fR]...\n"
           ".SH DESCRIPTION\nReads functions in CLIF, the text form of an SSA intermediate "
           "representation, and checks, runs and tests them. Each command has a page of its own.\n"
           ".SH COMMANDS\n");
    for (int i = 0; i < COMMAND_COUNT; i++) {
        printf(".TP\n\\fBassay\\-%s\\fR(1)\n", tool_commands[i].name);
        roff_line(tool_commands[i].summary);
    }
    printf(".SH OPTIONS\n"
           ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nshow the list of commands\n"
           ".TP\n\\fB\\-\\-version\\fR\nshow the version\n");
    man_exit_codes();
}

static void man_command(CommandId command)
{
    const CommandInfo *info = &tool_commands[command];
    printf(".TH ASSAY\\-%s 1 \"\" \"assay %s\"\n.SH NAME\nassay\\-%s \\- ", info->name,
           tool_version, info->name);
    roff_line(info->summary);
    printf(".SH SYNOPSIS\n\\fBassay %s\\fR [\\fIOPTION\\fR]... \\fI", info->name);
    roff_text(info->operands);
    printf("\\fR\n.SH DESCRIPTION\n");
    roff_line(info->details);
    printf(".SH OPTIONS\n");
    for (int i = 0; i < OPTION_COUNT; i++)
        if (tool_options[i].command == command)
            roff_option(&tool_options[i]);
    printf(".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nshow the options\n");
    man_exit_codes();
    printf(".SH SEE ALSO\n\\fBassay\\fR(1)\n");
}

int cmd_man(const ToolArgs *args)
{
    if (args->num_operands == 0) {
        man_tool();
        return EXIT_OK;
    }
    const CommandId command = tool_find_command(args->operands[0]);
    if (command == COMMAND_COUNT)
        return tool_unknown_command(args->operands[0]);
    man_command(command);
    return EXIT_OK;
}
