// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finding the test files: directories are searched in full, links to directories are not followed.
// The list is sorted by path, and each file is in it once.

#define _XOPEN_SOURCE 700 // realpath

#include "filetests/runner/runner_internal.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <regex.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MAX_DEPTH = 128 };

typedef struct Search {
    Arena *arena;
    TestList *out;
    Diag *diag;
} Search;

static bool has_suffix(Str s, Str suffix)
{
    return s.len >= suffix.len && str_eq((Str){s.data + s.len - suffix.len, suffix.len}, suffix);
}

static Status io_error(Search *s, Str path)
{
    return diag_error(s->diag, STATUS_IO, NULL, POS_NONE, "%.*s: %s", STR_ARG(path),
                      strerror(errno));
}

static Status add_file(Search *s, Str path, Str id)
{
    char real[PATH_MAX];
    if (!realpath(path.data, real))
        return io_error(s, path);
    const TestCase test = {id, path, str_copy(s->arena, str_from(real))};
    VEC_PUSH(s->arena, &s->out->tests, test);
    return STATUS_OK;
}

static Status add_directory(Search *s, Str path, Str id, uint32_t depth);

// One entry of a directory.
static Status add_entry(Search *s, Str path, Str id, uint32_t depth)
{
    struct stat info;
    if (lstat(path.data, &info) != 0)
        return io_error(s, path);
    if (S_ISDIR(info.st_mode))
        return add_directory(s, path, id, depth + 1);
    if (has_suffix(path, STR(".clif")))
        return add_file(s, path, id);
    return STATUS_OK;
}

static Status add_directory(Search *s, Str path, Str id, uint32_t depth)
{
    if (depth > MAX_DEPTH)
        return diag_error(s->diag, STATUS_LIMIT, NULL, POS_NONE, "%.*s: too deep a directory",
                          STR_ARG(path));
    DIR *const dir = opendir(path.data);
    if (!dir)
        return io_error(s, path);
    const bool slash = has_suffix(path, STR("/"));
    Status status = STATUS_OK;
    for (const struct dirent *e = readdir(dir); e && status == STATUS_OK; e = readdir(dir)) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        const Str entry = str_printf(s->arena, "%s%s%s", path.data, slash ? "" : "/", e->d_name);
        const Str entry_id =
            str_printf(s->arena, "%s%s%s", id.data, id.len == 0 ? "" : "/", e->d_name);
        status = add_entry(s, entry, entry_id, depth);
    }
    closedir(dir);
    return status;
}

static Status add_operand(Search *s, const char *operand)
{
    struct stat info;
    const Str path = str_copy(s->arena, str_from(operand));
    if (stat(operand, &info) != 0)
        return io_error(s, path);
    if (S_ISDIR(info.st_mode))
        return add_directory(s, path, STR(""), 0);
    const char *const slash = strrchr(path.data, '/');
    return add_file(s, path, str_from(slash ? slash + 1 : path.data));
}

static int compare_paths(const void *a, const void *b)
{
    const TestCase *const x = a, *const y = b;
    return str_compare(x->path, y->path);
}

// Sorts by path and drops files that were reached twice, keeping the first path.
static void sort_tests(Arena *arena, TestList *list)
{
    if (list->tests.len == 0)
        return;
    qsort(list->tests.data, list->tests.len, sizeof(TestCase), compare_paths);
    StrTable seen = {.cap = 0};
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->tests.len; i++) {
        if (strtable_find(&seen, list->tests.data[i].real) != MAP_NONE)
            continue;
        strtable_add(arena, &seen, list->tests.data[i].real);
        list->tests.data[kept++] = list->tests.data[i];
    }
    list->tests.len = kept;
}

static Status compile_filter(const char *text, const char *option, regex_t *out, Diag *diag)
{
    const int code = regcomp(out, text, REG_EXTENDED | REG_NOSUB);
    if (code == 0)
        return STATUS_OK;
    char message[128];
    regerror(code, out, message, sizeof(message));
    return diag_error(diag, STATUS_SYNTAX, NULL, POS_NONE, "--%s: %s", option, message);
}

// Keeps the tests whose ids match `filter` (or, inverted, do not match).
static Status apply_filter(TestList *list, const char *filter, bool keep, Diag *diag)
{
    if (!filter)
        return STATUS_OK;
    regex_t regex;
    TRY(compile_filter(filter, keep ? "filter" : "filter-out", &regex, diag));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->tests.len; i++)
        if ((regexec(&regex, list->tests.data[i].id.data, 0, NULL, 0) == 0) == keep)
            list->tests.data[kept++] = list->tests.data[i];
    list->tests.len = kept;
    regfree(&regex);
    return STATUS_OK;
}

static void apply_shard(TestList *list, uint32_t shard, uint32_t num_shards)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->tests.len; i++) {
        const Str id = list->tests.data[i].id;
        if (hash_bytes(id.data, id.len) % num_shards == shard - 1)
            list->tests.data[kept++] = list->tests.data[i];
    }
    list->tests.len = kept;
}

static Status apply_state(Arena *arena, TestList *list, const char *path, Diag *diag)
{
    State state;
    if (!path)
        return diag_error(diag, STATUS_INVALID, NULL, POS_NONE,
                          "to rerun failed tests, a state file is needed");
    TRY(state_read(arena, path, &state, diag));
    if (!state.known)
        return diag_error(diag, STATUS_INVALID, NULL, POS_NONE, "no earlier run is recorded in %s",
                          path);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->tests.len; i++)
        if (strtable_find(&state.failed, list->tests.data[i].real) != MAP_NONE)
            list->tests.data[kept++] = list->tests.data[i];
    list->tests.len = kept;
    return STATUS_OK;
}

Status tests_find(Arena *arena, const RunnerOptions *options, TestList *out, Diag *diag)
{
    Search search = {arena, out, diag};
    for (uint32_t i = 0; i < options->num_paths; i++)
        TRY(add_operand(&search, options->paths[i]));
    sort_tests(arena, out);
    TRY(apply_filter(out, options->filter, true, diag));
    TRY(apply_filter(out, options->filter_out, false, diag));
    out->found = out->tests.len;
    if (options->only_failed)
        TRY(apply_state(arena, out, options->state_path, diag));
    if (options->num_shards != 0)
        apply_shard(out, options->shard, options->num_shards);
    return STATUS_OK;
}
