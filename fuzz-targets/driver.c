// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A main for fuzz targets without libFuzzer: replays the files given as arguments, and those in
// directories given as arguments, at any depth. Prints how many there were.

#include "fuzz-targets/target.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096, DEPTH_MAX = 32 };

// Gives the target the contents of `path`; returns 1 when the file can't be read.
static int replay_file(const char *path, size_t size)
{
    FILE *const file = fopen(path, "rb");
    // An allocation of exact size lets a sanitizer see a read past the end.
    uint8_t *const data = malloc(size == 0 ? 1 : size);
    const int failed = !file || !data || fread(data, 1, size, file) != size;
    if (failed)
        fprintf(stderr, "%s: can't be read\n", path);
    else
        LLVMFuzzerTestOneInput(data, size);
    free(data);
    if (file)
        fclose(file);
    return failed;
}

static int replay(const char *path, int depth, unsigned *count);

static int replay_directory(const char *path, int depth, unsigned *count)
{
    DIR *const dir = opendir(path);
    if (!dir || depth > DEPTH_MAX) {
        fprintf(stderr, "%s: can't be opened\n", path);
        if (dir)
            closedir(dir);
        return 1;
    }
    int failed = 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char inner[PATH_SIZE];
        if (entry->d_name[0] == '.')
            continue;
        const int len = snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
        if (len < 0 || (size_t)len >= sizeof(inner))
            failed = 1;
        else
            failed |= replay(inner, depth + 1, count);
    }
    closedir(dir);
    return failed;
}

static int replay(const char *path, int depth, unsigned *count)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        perror(path);
        return 1;
    }
    if (S_ISDIR(info.st_mode))
        return replay_directory(path, depth, count);
    ++*count;
    return replay_file(path, (size_t)info.st_size);
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= replay(argv[i], 0, &count);
    printf("%u inputs\n", count);
    return failed || count == 0;
}
