// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writing an object to a file beside the one wanted, which then takes its place. What can't be
// replaced (a device, a pipe, standard output) gets a copy of a file without a name.
#include "assay/tool_object.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_STEP = 1 << 16 };

static Status io_error(const char *path, Diag *diag)
{
    Source source = {.path = str_from(path)};
    return diag_error(diag, STATUS_IO, &source, POS_NONE, "%s", strerror(errno));
}

static Status write_object(const CompiledFunc *funcs, uint32_t n, const ObjectOptions *options,
                           int fd, Diag *diag)
{
    Arena scratch = {0};
    const Status status = object_write(funcs, n, options, fd, &scratch, diag);
    arena_free(&scratch);
    return status;
}

// ---- Files that are not replaced ----

static bool copy(FILE *from, FILE *to)
{
    char buffer[COPY_STEP];
    rewind(from);
    for (size_t len; (len = fread(buffer, 1, sizeof(buffer), from)) != 0;)
        if (fwrite(buffer, 1, len, to) != len)
            return false;
    return !ferror(from) && fflush(to) == 0;
}

static Status copy_to_path(FILE *from, const char *path, Diag *diag)
{
    if (strcmp(path, "-") == 0)
        return copy(from, stdout) ? STATUS_OK : io_error(path, diag);
    FILE *const to = fopen(path, "wb");
    if (!to)
        return io_error(path, diag);
    const bool good = copy(from, to);
    const Status status = good ? STATUS_OK : io_error(path, diag);
    return fclose(to) == 0 || !good ? status : io_error(path, diag);
}

static Status write_and_copy(const CompiledFunc *funcs, uint32_t n, const ObjectOptions *options,
                             const char *path, Diag *diag)
{
    FILE *const file = tmpfile();
    if (!file)
        return io_error("a temporary file", diag);
    Status status = write_object(funcs, n, options, fileno(file), diag);
    if (status == STATUS_OK)
        status = copy_to_path(file, path, diag);
    fclose(file);
    return status;
}

// ---- Files that are ----

// What a file made by open would have: mkstemp gives 0600.
static bool set_usual_mode(int fd)
{
    const mode_t mask = umask(0);
    umask(mask);
    return fchmod(fd, 0666 & ~mask) == 0;
}

static Status write_and_rename(const CompiledFunc *funcs, uint32_t n, const ObjectOptions *options,
                               const char *path, Diag *diag)
{
    Arena arena = {0};
    const Str name = str_printf(&arena, "%s.XXXXXX", path);
    char *const temporary = arena_alloc(&arena, name.len + 1, 1);
    memcpy(temporary, name.data, name.len + 1);
    const int fd = mkstemp(temporary);
    if (fd < 0) {
        arena_free(&arena);
        return io_error(path, diag);
    }
    Status status = write_object(funcs, n, options, fd, diag);
    const bool good = set_usual_mode(fd) && close(fd) == 0;
    if (status == STATUS_OK && (!good || rename(temporary, path) != 0))
        status = io_error(path, diag);
    if (status != STATUS_OK)
        unlink(temporary);
    arena_free(&arena);
    return status;
}

Status tool_write_object(const CompiledFunc *funcs, uint32_t n, const ObjectOptions *options,
                         const char *path, Diag *diag)
{
    struct stat info;
    const bool there = stat(path, &info) == 0;
    if (strcmp(path, "-") == 0 || (there && !S_ISREG(info.st_mode)))
        return write_and_copy(funcs, n, options, path, diag);
    return write_and_rename(funcs, n, options, path, diag);
}
