// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// rowgen: the host tool that reads instruction rows and writes the files derived from them.
//
//   rowgen --out DIR [--missing FILE] ROWS...

#include "isle-rules/tables/tables.h"

#include <stdio.h>

static Status read_file(Arena *arena, const char *path, Str *out, Diag *diag)
{
    FILE *const file = fopen(path, "rb");
    if (!file)
        return diag_error(diag, STATUS_IO, NULL, POS_NONE, "%s: can't be read", path);
    StrBuf buf = {.arena = arena};
    char block[4096];
    for (size_t n; (n = fread(block, 1, sizeof(block), file)) != 0;)
        buf_str(&buf, (Str){block, n});
    const bool bad = ferror(file) != 0;
    fclose(file);
    *out = buf_view(&buf);
    return bad ? diag_error(diag, STATUS_IO, NULL, POS_NONE, "%s: can't be read", path) : STATUS_OK;
}

static Status write_file(const char *path, const StrBuf *text, Diag *diag)
{
    FILE *const file = fopen(path, "wb");
    if (!file)
        return diag_error(diag, STATUS_IO, NULL, POS_NONE, "%s: can't be written", path);
    // An empty text has no bytes to point to.
    const bool good = text->len == 0 || fwrite(text->data, 1, text->len, file) == text->len;
    return fclose(file) == 0 && good
               ? STATUS_OK
               : diag_error(diag, STATUS_IO, NULL, POS_NONE, "%s: can't be written", path);
}

static Status write_all(Arena *arena, const RowSet *set, const char *dir, Diag *diag)
{
    const char *const prefix = set->target == ROW_X64 ? "x64" : "a64";
    StrBuf header = {.arena = arena}, tables = {.arena = arena}, ctors = {.arena = arena};
    StrBuf isle = {.arena = arena}, specs = {.arena = arena}, missing = {.arena = arena};
    rows_write_header(set, &header);
    TRY(rows_write_tables(set, &tables, diag));
    rows_write_constructors(set, &ctors);
    rows_write_isle(set, &isle);
    rows_write_missing(set, &missing);
    TRY(rows_write_specs(set, &specs, diag));
    TRY(write_file(str_printf(arena, "%s/%s_rows.h", dir, prefix).data, &header, diag));
    TRY(write_file(str_printf(arena, "%s/%s_rows.c", dir, prefix).data, &tables, diag));
    TRY(write_file(str_printf(arena, "%s/%s_ctors.h", dir, prefix).data, &ctors, diag));
    TRY(write_file(str_printf(arena, "%s/%s_insts.isle", dir, prefix).data, &isle, diag));
    TRY(write_file(str_printf(arena, "%s/%s_specs.isle", dir, prefix).data, &specs, diag));
    return write_file(str_printf(arena, "%s/%s_missing.txt", dir, prefix).data, &missing, diag);
}

static Status run(Arena *arena, int argc, char **argv, Diag *diag)
{
    if (argc < 4 || strcmp(argv[1], "--out") != 0)
        return diag_error(diag, STATUS_INVALID, NULL, POS_NONE, "usage: rowgen --out DIR ROWS...");
    RowSet set = {.arena = arena};
    for (int i = 3; i < argc; i++) {
        Source *const source = ARENA_NEW(arena, Source);
        source->path = str_from(argv[i]);
        source->arena = arena;
        TRY(read_file(arena, argv[i], &source->text, diag));
        TRY(rows_read(&set, source, diag));
    }
    return write_all(arena, &set, argv[2], diag);
}

int main(int argc, char **argv)
{
    Arena arena = {0};
    Diag diag = {.arena = &arena};
    const Status status = run(&arena, argc, argv, &diag);
    for (uint32_t i = 0; i < diag.messages.len; i++) {
        StrBuf line = {.arena = &arena};
        diag_format(&diag.messages.data[i], &line);
        fprintf(stderr, "%.*s\n", STR_ARG(buf_view(&line)));
    }
    arena_free(&arena);
    return status == STATUS_OK ? 0 : 1;
}
