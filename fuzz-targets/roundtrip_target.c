// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Property: what is printed of a parsed file parses again and prints the same.

#include "fuzz-targets/target.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>

static Str print_file(Arena *arena, const ClifFile *file)
{
    StrBuf buf = {.arena = arena};
    for (uint32_t i = 0; i < file->module.funcs.len; i++)
        text_print_func(file->module.funcs.data[i], &buf);
    return buf_view(&buf);
}

static NORETURN void report(const char *what, Str first, Str second, const Diag *diag)
{
    StrBuf buf = {.arena = diag->arena};
    for (uint32_t i = 0; i < diag->messages.len; i++) {
        diag_format(&diag->messages.data[i], &buf);
        buf_char(&buf, '\n');
    }
    fprintf(stderr, "roundtrip: %s\n%.*s---- first\n%.*s---- second\n%.*s", what,
            STR_ARG(buf_view(&buf)), STR_ARG(first), STR_ARG(second));
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    const ParseOptions options = {0};
    ClifFile *file, *again;
    const Str text = {(const char *)data, size};
    if (text_parse_file(&arena, STR("input"), text, &options, &file, &diag) == STATUS_OK) {
        const Str first = print_file(&arena, file);
        if (text_parse_file(&arena, STR("printed"), first, &options, &again, &diag) != STATUS_OK)
            report("the printed text does not parse", first, (Str){NULL, 0}, &diag);
        const Str second = print_file(&arena, again);
        if (!str_eq(first, second))
            report("printing is not a fixed point", first, second, &diag);
    }
    arena_free(&arena);
    return 0;
}
