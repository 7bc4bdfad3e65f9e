// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lines of JSON.
#include "assay/tool_json.h"

#include <stdio.h>
#include <stdlib.h>

void tool_json_text(json_t *object, const char *name, Str text)
{
    json_t *value = json_stringn(text.data ? text.data : "", text.len);
    if (!value) {
        Arena arena = {0};
        StrBuf plain = {.arena = &arena};
        for (size_t i = 0; i < text.len; i++)
            buf_char(&plain, (text.data[i] & 0x80) != 0 ? '?' : text.data[i]);
        value = json_stringn(buf_view(&plain).data, text.len);
        arena_free(&arena);
    }
    json_object_set_new(object, name, value);
}

void tool_json_number(json_t *object, const char *name, uint64_t number)
{
    json_object_set_new(object, name, json_integer((json_int_t)number));
}

void tool_json_print(json_t *object)
{
    char *const text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(6));
    if (text)
        puts(text);
    fflush(stdout);
    free(text);
    json_decref(object);
}
