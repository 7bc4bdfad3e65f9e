// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay help [COMMAND], and the text behind every --help.
#include "assay/tool.h"

#include <stdio.h>

enum { HELP_WIDTH = 79, HELP_MAX_INDENT = 30 };

// Prints `text` broken at blanks, each line but the first indented; `column` is where it starts.
static void print_wrapped(Str text, size_t indent, size_t column)
{
    while (text.len != 0) {
        const char *blank = memchr(text.data, ' ', text.len);
        const size_t word = blank ? (size_t)(blank - text.data) : text.len;
        if (column > indent && column + 1 + word > HELP_WIDTH) {
            printf("\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            putchar(' ');
            column++;
        }
        printf("%.*s", (int)word, text.data);
        column += word;
        const size_t skip = blank ? word + 1 : word;
        text = (Str){text.data + skip, text.len - skip};
    }
    putchar('\n');
}

// Prints a two-column row.
static void print_row(Str left, size_t indent, const char *right)
{
    printf("%.*s", STR_ARG(left));
    if (left.len >= indent)
        printf("\n%*s", (int)indent, "");
    else
        printf("%*s", (int)(indent - left.len), "");
    print_wrapped(str_from(right), indent, indent);
}

// "  -j, --jobs=N"
static Str option_left(Arena *arena, const OptionInfo *option)
{
    StrBuf buf = {.arena = arena};
    if (option->letter != '\0')
        buf_printf(&buf, "  -%c, ", option->letter);
    else
        buf_puts(&buf, "      ");
    buf_printf(&buf, "--%s", option->name);
    if (option_argument(option) == ARGUMENT_REQUIRED)
        buf_char(&buf, '=');
    buf_puts(&buf, option->argument);
    return buf_view(&buf);
}

static void print_command_help(Arena *arena, CommandId command)
{
    const CommandInfo *info = &tool_commands[command];
    printf("usage: assay %s [OPTION]... %s\n\n", info->name, info->operands);
    print_wrapped(str_from(info->details), 0, 0);
    printf("\nOptions:\n");
    const Str help = STR("  -h, --help");
    size_t widest = help.len;
    for (int i = 0; i < OPTION_COUNT; i++) {
        const Str left = option_left(arena, &tool_options[i]);
        if (tool_options[i].command == command && left.len > widest)
            widest = left.len;
    }
    const size_t indent = (widest > HELP_MAX_INDENT ? HELP_MAX_INDENT : widest) + 2;
    for (int i = 0; i < OPTION_COUNT; i++)
        if (tool_options[i].command == command)
            print_row(option_left(arena, &tool_options[i]), indent, tool_options[i].help);
    print_row(help, indent, "show this help");
}

static void print_tool_help(Arena *arena)
{
    printf("usage: assay COMMAND [OPTION]... [OPERAND]...\n\n"
           "Checks the stages of a code generator against what did not write them.\n\n"
           "Commands:\n");
    for (int i = 0; i < COMMAND_COUNT; i++)
        print_row(str_printf(arena, "  %s", tool_commands[i].name), 14, tool_commands[i].summary);
    printf("\n'assay COMMAND --help' explains a command, 'assay --version' prints the version.\n"
           "A FILE named '-' is standard input. The exit code is 0 when all went well, 1 when a\n"
           "check failed or an input is bad, 2 when the command line is wrong.\n");
}

void tool_print_help(CommandId command)
{
    Arena arena = {0};
    if (command == COMMAND_COUNT)
        print_tool_help(&arena);
    else
        print_command_help(&arena, command);
    arena_free(&arena);
}

int cmd_help(const ToolArgs *args)
{
    CommandId command = COMMAND_COUNT;
    if (args->num_operands != 0) {
        command = tool_find_command(args->operands[0]);
        if (command == COMMAND_COUNT)
            return tool_unknown_command(args->operands[0]);
    }
    tool_print_help(command);
    return EXIT_OK;
}
