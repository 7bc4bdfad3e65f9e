// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// assay completion SHELL: completion scripts from the tables of commands and options. Commands and
// options are completed by name, everything else as a file.
#include "assay/tool.h"

#include <stdio.h>

// The text for inside single quotes of a shell; a quote in it is closed, escaped and opened again.
// Zsh's option specifications need brackets and colons escaped as well.
static void quoted(const char *text, const char *escape)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr(escape, *text))
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void bash_script(void)
{
    printf("# bash completion of assay\n"
           "_assay()\n"
           "{\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} options=\n"
           "    COMPREPLY=()\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
           "        mapfile -t COMPREPLY < <(compgen -W '--help --version");
    for (int i = 0; i < COMMAND_COUNT; i++)
        printf(" %s", tool_commands[i].name);
    printf("' -- \"$word\")\n"
           "        return\n"
           "    fi\n"
           "    case ${COMP_WORDS[1]} in\n");
    for (int i = 0; i < COMMAND_COUNT; i++) {
        printf("    %s) options='--help", tool_commands[i].name);
        for (int k = 0; k < OPTION_COUNT; k++)
            if (tool_options[k].command == (CommandId)i)
                printf(" --%s%s", tool_options[k].name,
                       option_argument(&tool_options[k]) == ARGUMENT_REQUIRED ? "=" : "");
        printf("' ;;\n");
    }
    printf("    esac\n"
           "    if [[ $word == -* ]]; then\n"
           "        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
           "        [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace\n"
           "    else\n"
           "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
           "    fi\n"
           "}\n"
           "complete -o filenames -F _assay assay\n");
}

static void zsh_option(const OptionInfo *option)
{
    const ArgumentKind kind = option_argument(option);
    const char *after = kind == ARGUMENT_NONE ? "" : kind == ARGUMENT_OPTIONAL ? "=-" : "=";
    printf(" \\\n            '--%s%s[", option->name, after);
    quoted(option->help, "[]:\\");
    putchar(']');
    if (kind != ARGUMENT_NONE)
        printf("%s:%.*s:_files", kind == ARGUMENT_OPTIONAL ? ":" : "",
               STR_ARG(option_argument_name(option)));
    putchar('\'');
}

static void zsh_script(void)
{
    printf("#compdef assay\n"
           "_assay() {\n"
           "    local -a commands=(\n");
    for (int i = 0; i < COMMAND_COUNT; i++) {
        printf("        '%s:", tool_commands[i].name);
        quoted(tool_commands[i].summary, ":\\");
        printf("'\n");
    }
    printf("    )\n"
           "    if (( CURRENT == 2 )); then\n"
           "        _describe command commands\n"
           "        return\n"
           "    fi\n"
           "    local name=$words[2]\n"
           "    shift words\n"
           "    (( CURRENT-- ))\n"
           "    case $name in\n");
    for (int i = 0; i < COMMAND_COUNT; i++) {
        printf("    %s)\n        _arguments '--help[show the options]'", tool_commands[i].name);
        for (int k = 0; k < OPTION_COUNT; k++)
            if (tool_options[k].command == (CommandId)i)
                zsh_option(&tool_options[k]);
        printf(" \\\n            '*:file:_files' ;;\n");
    }
    printf("    esac\n"
           "}\n"
           "_assay \"$@\"\n");
}

static void fish_script(void)
{
    printf("# fish completion of assay\n");
    for (int i = 0; i < COMMAND_COUNT; i++) {
        printf("complete -c assay -n __fish_use_subcommand -f -a %s -d '", tool_commands[i].name);
        quoted(tool_commands[i].summary, "\\");
        printf("'\n");
    }
    for (int i = 0; i < OPTION_COUNT; i++) {
        const OptionInfo *option = &tool_options[i];
        printf("complete -c assay -n '__fish_seen_subcommand_from %s' -l %s",
               tool_commands[option->command].name, option->name);
        if (option->letter != '\0')
            printf(" -s %c", option->letter);
        if (option_argument(option) == ARGUMENT_REQUIRED)
            printf(" -r");
        printf(" -d '");
        quoted(option->help, "\\");
        printf("'\n");
    }
}

int cmd_completion(const ToolArgs *args)
{
    const char *shell = args->operands[0];
    if (strcmp(shell, "bash") == 0)
        bash_script();
    else if (strcmp(shell, "zsh") == 0)
        zsh_script();
    else if (strcmp(shell, "fish") == 0)
        fish_script();
    else
        return tool_usage_error(args, "no completion for '%s'; there is bash, zsh and fish", shell);
    return EXIT_OK;
}
