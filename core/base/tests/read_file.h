// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For tests that read files.
#ifndef BASE_TESTS_READ_FILE_H
#define BASE_TESTS_READ_FILE_H

#include "base/base.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
// cmocka.h wants those above before it.
#include <cmocka.h>
// clang-format on

// The whole file, in `arena`, with a zero behind it.
static inline Str read_file(Arena *arena, const char *path)
{
    FILE *const file = fopen(path, "rb");
    if (!file)
        fail_msg("%s can't be opened", path);
    StrBuf text = {.arena = arena};
    char block[4096];
    for (size_t n; (n = fread(block, 1, sizeof(block), file)) != 0;)
        buf_str(&text, (Str){block, n});
    fclose(file);
    buf_char(&text, '\0');
    text.len--;
    return buf_view(&text);
}

#endif
