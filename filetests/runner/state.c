// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The state file: which tests failed when they were last run, as JSON. Replaced as a whole, so that
// a reader never sees half of it.

#define _XOPEN_SOURCE 700

#include "filetests/runner/runner_internal.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static Status io_error(Diag *diag, const char *path)
{
    return diag_error(diag, STATUS_IO, NULL, POS_NONE, "%s: %s", path, strerror(errno));
}

Status state_read_file(Arena *arena, const char *path, Str *out, Diag *diag)
{
    FILE *const file = fopen(path, "rb");
    if (!file)
        return io_error(diag, path);
    StrBuf text = {.arena = arena};
    char block[16384];
    size_t n;
    while ((n = fread(block, 1, sizeof(block), file)) != 0)
        buf_str(&text, (Str){block, n});
    const bool failed = ferror(file);
    fclose(file);
    if (failed)
        return io_error(diag, path);
    if (text.len > UINT32_MAX - 1)
        return diag_error(diag, STATUS_LIMIT, NULL, POS_NONE, "%s: longer than 4 GiB", path);
    *out = text.len == 0 ? (Str){"", 0} : buf_view(&text);
    return STATUS_OK;
}

Status state_replace_file(Arena *arena, const char *path, Str text, Diag *diag)
{
    struct stat old;
    const bool exists = stat(path, &old) == 0;
    const Str temporary = str_printf(arena, "%s.XXXXXX", path);
    char *const name = arena_alloc(arena, temporary.len + 1, 1);
    memcpy(name, temporary.data, temporary.len + 1);
    const int fd = mkstemp(name);
    if (fd < 0)
        return io_error(diag, path);
    FILE *const file = fdopen(fd, "wb");
    ASSERT(file);
    bool good = fwrite(text.data, 1, text.len, file) == text.len;
    good = fchmod(fd, exists ? old.st_mode & 07777 : 0644) == 0 && good;
    good = fclose(file) == 0 && good;
    good = good && rename(name, path) == 0;
    if (good)
        return STATUS_OK;
    const Status status = io_error(diag, path);
    unlink(name);
    return status;
}

Status state_read(Arena *arena, const char *path, State *out, Diag *diag)
{
    *out = (State){.known = false};
    if (access(path, F_OK) != 0)
        return STATUS_OK;
    json_error_t error;
    json_t *const root = json_load_file(path, 0, &error);
    const json_t *const failed = json_object_get(root, "failed");
    if (!json_is_array(failed)) {
        json_decref(root);
        return diag_error(diag, STATUS_INVALID, NULL, POS_NONE, "%s: not a state file%s%s", path,
                          root ? "" : ": ", root ? "" : error.text);
    }
    out->known = true;
    for (size_t i = 0; i < json_array_size(failed); i++) {
        const char *const name = json_string_value(json_array_get(failed, i));
        if (name)
            strtable_add(arena, &out->failed, str_from(name));
    }
    json_decref(root);
    return STATUS_OK;
}

// Appends `name` if JSON can carry it; a path that is not UTF-8 can't be remembered.
static void append_name(json_t *array, Str name)
{
    json_t *const string = json_stringn(name.data, name.len);
    if (string)
        json_array_append_new(array, string);
}

// Makes the directories above `path`.
static void make_parents(Arena *arena, const char *path)
{
    const Str copy = str_copy(arena, str_from(path));
    for (size_t i = 1; i < copy.len; i++) {
        if (copy.data[i] == '/') {
            const Str parent = str_copy(arena, (Str){copy.data, i});
            mkdir(parent.data, 0755); // what can't be made shows when the file is written
        }
    }
}

Status state_write(Arena *arena, const char *path, const TestList *tests, const bool *failed,
                   Diag *diag)
{
    State state;
    Diag ignored = {.arena = arena};
    if (state_read(arena, path, &state, &ignored) != STATUS_OK)
        state = (State){.known = false}; // a damaged file is replaced
    StrTable run = {.cap = 0};
    json_t *const list = json_array();
    for (uint32_t i = 0; i < tests->tests.len; i++) {
        strtable_add(arena, &run, tests->tests.data[i].real);
        if (failed[i])
            append_name(list, tests->tests.data[i].real);
    }
    for (uint32_t i = 0; i < state.failed.strings.len; i++) {
        const Str name = state.failed.strings.data[i];
        if (strtable_find(&run, name) == MAP_NONE && access(name.data, F_OK) == 0)
            append_name(list, name);
    }
    json_t *const root = json_pack("{s:i, s:o}", "version", 1, "failed", list);
    StrBuf text = {.arena = arena};
    const size_t size = json_dumpb(root, NULL, 0, JSON_INDENT(1));
    char *const bytes = arena_alloc(arena, size + 1, 1);
    json_dumpb(root, bytes, size, JSON_INDENT(1));
    json_decref(root);
    buf_str(&text, (Str){bytes, size});
    buf_char(&text, '\n');
    make_parents(arena, path);
    return state_replace_file(arena, path, buf_view(&text), diag);
}
