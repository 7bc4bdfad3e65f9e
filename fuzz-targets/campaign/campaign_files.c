// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files and folders.

#include "fuzz-targets/campaign/campaign_internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

Status campaign_make_folder(const char *path, Diag *diag)
{
    char *const copy = arena_alloc(diag->arena, strlen(path) + 1, 1);
    memcpy(copy, path, strlen(path) + 1);
    for (char *at = copy + 1;; at++) {
        const char c = *at;
        if (c != '/' && c != '\0')
            continue;
        *at = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            return diag_error(diag, STATUS_IO, NULL, POS_NONE, "%s: %s", copy, strerror(errno));
        *at = c;
        if (c == '\0')
            return STATUS_OK;
    }
}

Str campaign_read_file(const char *path, size_t max, Arena *arena)
{
    FILE *const file = fopen(path, "rb");
    if (!file)
        return STR("");
    StrBuf out = {.arena = arena};
    char part[4096];
    for (size_t n; out.len < max && (n = fread(part, 1, sizeof(part), file)) != 0;)
        buf_str(&out, (Str){part, n});
    fclose(file);
    return buf_view(&out);
}

bool campaign_write_file(const char *path, Str content)
{
    FILE *const file = fopen(path, "wb");
    const bool written = file && fwrite(content.data, 1, content.len, file) == content.len;
    return (!file || fclose(file) == 0) && written;
}

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const Str *)a, *(const Str *)b);
}

void campaign_list_folder(const char *path, Arena *arena, CampaignNames *out)
{
    DIR *const dir = opendir(path);
    *out = (CampaignNames){0};
    if (!dir)
        return;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.')
            VEC_PUSH(arena, out, str_copy(arena, str_from(entry->d_name)));
    closedir(dir);
    if (out->len != 0)
        qsort(out->data, out->len, sizeof(Str), compare_names);
}
