// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files that are read and written by `assay verify`.
#define _DEFAULT_SOURCE // lstat, mkstemp
#include "assay/tool_rules.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static Status io_error(const char *path, Diag *diag)
{
    Source source = {.path = str_from(path)};
    return diag_error(diag, STATUS_IO, &source, POS_NONE, "%s", strerror(errno));
}

// ---- Reading ----

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static Status find_files(Arena *arena, const char *folder, ToolPaths *out, Diag *diag)
{
    DIR *const dir = opendir(folder);
    ToolPaths names = {0};
    if (!dir)
        return io_error(folder, diag);
    for (const struct dirent *e = readdir(dir); e; e = readdir(dir))
        if (e->d_name[0] != '.')
            VEC_PUSH(arena, &names, str_printf(arena, "%s/%s", folder, e->d_name).data);
    closedir(dir);
    if (names.len != 0)
        qsort(names.data, names.len, sizeof(*names.data), by_name);
    for (uint32_t i = 0; i < names.len; i++) {
        struct stat info;
        const Str name = str_from(names.data[i]);
        if (lstat(names.data[i], &info) != 0)
            continue; // gone since
        if (S_ISDIR(info.st_mode))
            TRY(find_files(arena, names.data[i], out, diag));
        else if (name.len > 5 && memcmp(name.data + name.len - 5, ".isle", 5) == 0)
            VEC_PUSH(arena, out, names.data[i]);
    }
    return STATUS_OK;
}

Status tool_rule_files(Arena *arena, const ToolArgs *args, ToolPaths *out, Diag *diag)
{
    for (uint32_t i = 0; i < args->num_operands; i++) {
        const char *const path = args->operands[i];
        const uint32_t before = out->len;
        struct stat info;
        if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
            VEC_PUSH(arena, out, path);
            continue;
        }
        TRY(find_files(arena, path, out, diag));
        if (out->len == before)
            return diag_error(diag, STATUS_INVALID, &(Source){.path = str_from(path)}, POS_NONE,
                              "no .isle files there");
    }
    return STATUS_OK;
}

// ---- Writing ----

bool tool_may_write(const char *path, Diag *diag)
{
    struct stat info;
    const bool there = stat(path, &info) == 0;
    FILE *const file = fopen(path, "ab");
    if (!file)
        return io_error(path, diag) == STATUS_OK;
    fclose(file);
    if (!there)
        unlink(path);
    return true;
}

bool tool_may_write_into(const char *folder, Diag *diag)
{
    struct stat info;
    if (stat(folder, &info) != 0)
        return io_error(folder, diag) == STATUS_OK;
    errno = S_ISDIR(info.st_mode) ? 0 : ENOTDIR;
    return (errno == 0 && access(folder, W_OK) == 0) || io_error(folder, diag) == STATUS_OK;
}

static bool write_text(FILE *file, Str text)
{
    const bool good = file && fwrite(text.data, 1, text.len, file) == text.len;
    return (!file || fclose(file) == 0) && good;
}

// What a file made by open would have: mkstemp gives 0600.
static bool set_usual_mode(int fd)
{
    const mode_t mask = umask(0);
    umask(mask);
    return fchmod(fd, 0666 & ~mask) == 0;
}

static bool write_and_rename(const char *path, Str text)
{
    Arena arena = {0};
    const Str name = str_printf(&arena, "%s.XXXXXX", path);
    char *const temporary = arena_alloc(&arena, name.len + 1, 1);
    memcpy(temporary, name.data, name.len + 1);
    const int fd = mkstemp(temporary);
    FILE *const file = fd < 0 ? NULL : fdopen(fd, "wb");
    bool good = file && set_usual_mode(fd);
    good = write_text(file, text) && good && rename(temporary, path) == 0;
    if (!good && fd >= 0) {
        const int why = errno;
        unlink(temporary);
        errno = why;
    }
    arena_free(&arena);
    return good;
}

bool tool_replace_file(const char *path, Str text, Diag *diag)
{
    struct stat info;
    const bool special = stat(path, &info) == 0 && !S_ISREG(info.st_mode);
    const bool good = special ? write_text(fopen(path, "wb"), text) : write_and_rename(path, text);
    return good || io_error(path, diag) == STATUS_OK;
}
