// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The entry of the tool: finds the subcommand, parses its options by the table, calls it.
#include "assay/tool.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

const CommandInfo tool_commands[COMMAND_COUNT] = {
#define COMMAND(NAME, name, operands, summary, details) \
    [COMMAND_##NAME] = {#name, operands, summary, details, cmd_##name},
#include "assay/commands.def"
};

const OptionInfo tool_options[OPTION_COUNT] = {
#define OPTION(COMMAND, NAME, long_name, letter, argument, help) \
    [OPT_##COMMAND##_##NAME] = {COMMAND_##COMMAND, long_name, letter, argument, help},
#include "assay/options.def"
};

const char tool_version[] = ASSAY_VERSION;

// What getopt_long returns for a long option: its OptionId above all characters, or --help.
enum {
    LONG_BASE = 0x1000,
    LONG_HELP = LONG_BASE + OPTION_COUNT,
    LONG_MAX_COUNT = OPTION_COUNT + 2
};

// The options of one command in the form that getopt_long wants.
typedef struct Getopt {
    struct option longs[LONG_MAX_COUNT];
    char shorts[4 + 3 * OPTION_COUNT];
} Getopt;

ArgumentKind option_argument(const OptionInfo *option)
{
    if (option->argument[0] == '\0')
        return ARGUMENT_NONE;
    return option->argument[0] == '[' ? ARGUMENT_OPTIONAL : ARGUMENT_REQUIRED;
}

Str option_argument_name(const OptionInfo *option)
{
    Str name = str_from(option->argument);
    if (option_argument(option) == ARGUMENT_OPTIONAL) {
        ASSERT(name.len >= 3 && name.data[1] == '=' && name.data[name.len - 1] == ']');
        name = (Str){name.data + 2, name.len - 3};
    }
    return name;
}

CommandId tool_find_command(const char *name)
{
    int id = 0;
    while (id < COMMAND_COUNT && strcmp(tool_commands[id].name, name) != 0)
        id++;
    return (CommandId)id;
}

int tool_unknown_command(const char *name)
{
    Str names[COMMAND_COUNT];
    for (int i = 0; i < COMMAND_COUNT; i++)
        names[i] = str_from(tool_commands[i].name);
    const Str near = str_nearest(str_from(name), names, COMMAND_COUNT);
    fprintf(stderr, "assay: unknown command '%s'", name);
    if (near.len != 0)
        fprintf(stderr, "; did you mean '%.*s'?", STR_ARG(near));
    fprintf(stderr, "\nTry 'assay help' for the list of commands.\n");
    return EXIT_USAGE;
}

static void getopt_prepare(CommandId command, Getopt *out)
{
    memset(out, 0, sizeof(*out));
    // '-': operands come in their place, so that numbers can be told from options; ':': we print
    // the messages.
    size_t len = 0, count = 0;
    out->shorts[len++] = '-';
    out->shorts[len++] = ':';
    out->shorts[len++] = 'h';
    for (int i = 0; i < OPTION_COUNT; i++) {
        const OptionInfo *option = &tool_options[i];
        if (option->command != command)
            continue;
        const ArgumentKind kind = option_argument(option);
        const int has_arg = kind == ARGUMENT_NONE       ? no_argument
                            : kind == ARGUMENT_OPTIONAL ? optional_argument
                                                        : required_argument;
        out->longs[count++] = (struct option){option->name, has_arg, NULL, LONG_BASE + i};
        if (option->letter == '\0')
            continue;
        out->shorts[len++] = option->letter;
        for (int k = 0; k < has_arg; k++) // one colon: required, two: optional
            out->shorts[len++] = ':';
    }
    out->longs[count] = (struct option){"help", no_argument, NULL, LONG_HELP};
}

// "-5", "-0x1.8p3", "-Inf", "-NaN", "-sNaN:0x1": an operand although it starts with a minus sign.
static bool is_negative_number(const char *word)
{
    if (word[0] != '-')
        return false;
    const Str rest = str_from(word + 1);
    return (word[1] >= '0' && word[1] <= '9') || str_starts_with(rest, STR("Inf")) ||
           str_starts_with(rest, STR("NaN")) || str_starts_with(rest, STR("sNaN"));
}

static int unknown_option(const ToolArgs *args, const char *word)
{
    if (word[0] != '-' || word[1] != '-')
        return tool_usage_error(args, "unknown option '-%c'", optopt);
    Str names[OPTION_COUNT + 1];
    size_t count = 0;
    for (int i = 0; i < OPTION_COUNT; i++)
        if (tool_options[i].command == args->command)
            names[count++] = str_from(tool_options[i].name);
    names[count++] = STR("help");
    const Str whole = str_from(word + 2);
    const char *equals = strchr(word, '=');
    const Str name = {whole.data, equals ? (size_t)(equals - whole.data) : whole.len};
    if (equals && optopt != 0)
        return tool_usage_error(args, "option '--%.*s' takes no argument", STR_ARG(name));
    const Str near = str_nearest(name, names, count);
    if (near.len != 0)
        return tool_usage_error(args, "unknown option '--%.*s'; did you mean '--%.*s'?",
                                STR_ARG(name), STR_ARG(near));
    return tool_usage_error(args, "unknown option '--%.*s'", STR_ARG(name));
}

static int missing_argument(const ToolArgs *args)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        const OptionInfo *option = &tool_options[i];
        if (optopt == LONG_BASE + i || (option->command == args->command &&
                                        option->letter != '\0' && optopt == option->letter))
            return tool_usage_error(args, "option '--%s' needs an argument %s", option->name,
                                    option->argument);
    }
    UNREACHABLE();
}

// The option that getopt_long's answer `c` stands for.
static OptionId option_of(CommandId command, int c)
{
    if (c >= LONG_BASE)
        return (OptionId)(c - LONG_BASE);
    int i = 0;
    while (tool_options[i].command != command || tool_options[i].letter != c)
        i++;
    return (OptionId)i;
}

// Lists that are given twice are one list; of anything else the last counts.
static void set_value(ToolArgs *args, OptionId option, const char *value)
{
    const char **const slot = &args->values[option];
    const char *const form = tool_options[option].argument;
    const bool is_list = form && strstr(form, ",...");
    *slot = is_list && *slot ? str_printf(args->arena, "%s,%s", *slot, value).data : value;
}

// Parses argv[first..] into `args`. Returns EXIT_OK and sets *help for --help.
static int parse_options(int argc, char **argv, int first, ToolArgs *args, bool *help)
{
    Getopt table;
    getopt_prepare(args->command, &table);
    opterr = 0;
    optind = first;
    for (;;) {
        if (optind < argc && is_negative_number(argv[optind])) {
            args->operands[args->num_operands++] = argv[optind++];
            continue;
        }
        const int at = optind;
        const int c = getopt_long(argc, argv, table.shorts, table.longs, NULL);
        if (c == -1)
            break;
        if (c == 1) {
            args->operands[args->num_operands++] = optarg;
        } else if (c == '?') {
            return unknown_option(args, argv[at]);
        } else if (c == ':') {
            return missing_argument(args);
        } else if (c == 'h' || c == LONG_HELP) {
            *help = true;
            return EXIT_OK;
        } else {
            set_value(args, option_of(args->command, c), optarg ? optarg : "");
        }
    }
    while (optind < argc)
        args->operands[args->num_operands++] = argv[optind++];
    return EXIT_OK;
}

// Checks the number of operands against what commands.def writes.
static int check_operands(const ToolArgs *args)
{
    const char *form = tool_commands[args->command].operands;
    uint32_t least = 0, most = 0;
    for (const char *p = form; *p != '\0'; p += strcspn(p, " "), p += strspn(p, " ")) {
        most++;
        least += *p != '[';
    }
    if (strstr(form, "..."))
        most = UINT32_MAX;
    if (args->num_operands < least)
        return tool_usage_error(args, "missing operand %s",
                                form + (args->num_operands == 0 ? 0 : strcspn(form, " ")));
    if (args->num_operands > most)
        return tool_usage_error(args, "unexpected operand '%s'", args->operands[most]);
    return EXIT_OK;
}

static int run_command(int argc, char **argv, int at, ToolArgs *args)
{
    args->command = tool_find_command(argv[at]);
    if (args->command == COMMAND_COUNT)
        return tool_unknown_command(argv[at]);
    bool help = false;
    int code = parse_options(argc, argv, at + 1, args, &help);
    if (help) {
        tool_print_help(args->command);
        return EXIT_OK;
    }
    if (code == EXIT_OK)
        code = check_operands(args);
    return code == EXIT_OK ? tool_commands[args->command].run(args) : code;
}

static int run_tool(int argc, char **argv, ToolArgs *args)
{
    if (argc < 2) {
        fprintf(stderr, "usage: assay COMMAND [OPTION]... [OPERAND]...\n"
                        "Try 'assay help' for the list of commands.\n");
        return EXIT_USAGE;
    }
    const char *first = argv[1];
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
        tool_print_help(COMMAND_COUNT);
        return EXIT_OK;
    }
    if (strcmp(first, "--version") == 0) {
        printf("assay %s\n", tool_version);
        return EXIT_OK;
    }
    if (first[0] == '-') {
        fprintf(stderr,
                "assay: unknown option '%s'; options stand behind the command\n"
                "Try 'assay help' for the list of commands.\n",
                first);
        return EXIT_USAGE;
    }
    return run_command(argc, argv, 1, args);
}

int main(int argc, char **argv)
{
    Arena arena = {0};
    ToolArgs args = {.program = argv[0], .command = COMMAND_COUNT, .arena = &arena};
    args.operands = ARENA_ARRAY(&arena, const char *, argc + 1);
    int code = run_tool(argc, argv, &args);
    arena_free(&arena);
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "assay: can't write to standard output: %s\n",
                errno != 0 ? strerror(errno) : "write error");
        if (code == EXIT_OK)
            code = EXIT_FAILED;
    }
    return code;
}
