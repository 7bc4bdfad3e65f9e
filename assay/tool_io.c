// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What subcommands share: reading files, reporting messages, numbers in options.
#include "assay/tool.h"

#include <errno.h>
#include <stdio.h>

enum { READ_STEP = 1 << 16 };

static Status io_error(const char *path, Diag *diag)
{
    Source source = {.path = str_from(path)};
    return diag_error(diag, STATUS_IO, &source, POS_NONE, "%s", strerror(errno));
}

static Status read_all(Arena *arena, FILE *file, const char *path, Str *out, Diag *diag)
{
    char *data = NULL;
    size_t len = 0, cap = 0;
    for (;;) {
        if (len == cap) {
            const size_t new_cap = cap == 0 ? READ_STEP : cap * 2;
            data = arena_grow(arena, data, cap, new_cap, 1);
            cap = new_cap;
        }
        errno = 0;
        const size_t n = fread(data + len, 1, cap - len, file);
        len += n;
        if (len >= POS_NONE)
            return diag_error(diag, STATUS_LIMIT, &(Source){.path = str_from(path)}, POS_NONE,
                              "the file is too large: 4 GiB or more");
        if (n == 0)
            break;
    }
    if (ferror(file))
        return io_error(path, diag);
    *out = (Str){data, len};
    return STATUS_OK;
}

Status tool_read_file(Arena *arena, const char *path, Str *out, Diag *diag)
{
    if (strcmp(path, "-") == 0)
        return read_all(arena, stdin, path, out, diag);
    FILE *file = fopen(path, "rb");
    if (!file)
        return io_error(path, diag);
    const Status status = read_all(arena, file, path, out, diag);
    fclose(file);
    return status;
}

void tool_report(const Diag *diag)
{
    Arena arena = {0};
    for (uint32_t i = 0; i < diag->messages.len; i++) {
        StrBuf line = {.arena = &arena};
        diag_format(&diag->messages.data[i], &line);
        fprintf(stderr, "%.*s\n", STR_ARG(buf_view(&line)));
        arena_reset(&arena);
    }
    arena_free(&arena);
}

int tool_usage_error(const ToolArgs *args, const char *format, ...)
{
    const char *name = tool_commands[args->command].name;
    va_list ap;
    va_start(ap, format);
    fprintf(stderr, "assay %s: ", name);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fprintf(stderr, "\nTry 'assay %s --help'.\n", name);
    return EXIT_USAGE;
}

// The value of a text of decimal digits alone; false for other texts and above UINT64_MAX.
static bool parse_number(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        const uint64_t digit = (uint64_t)(*p - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return p != text && *p == '\0';
}

bool tool_number(const ToolArgs *args, OptionId option, uint64_t min, uint64_t max, uint64_t *out)
{
    const char *text = args->values[option];
    if (!text || (text[0] == '\0' && option_argument(&tool_options[option]) == ARGUMENT_OPTIONAL))
        return true;
    if (parse_number(text, out) && *out >= min && *out <= max)
        return true;
    tool_usage_error(args, "--%s=%s is no whole number from %llu to %llu",
                     tool_options[option].name, text, (unsigned long long)min,
                     (unsigned long long)max);
    return false;
}
