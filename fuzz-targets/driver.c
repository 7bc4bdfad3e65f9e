// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A main for fuzz targets without libFuzzer: replays the files given as arguments, and those in
// directories given as arguments, at any depth. Prints how many there were.
//
// With --random=N it runs N random inputs instead, of --size=BYTES at most, from --seed=S; an input
// that aborts is left in a file, whose name is said and starts with what --artifacts=PREFIX gives.
// --seconds=T ends it after so much CPU time; alone, it is the only end. With FUZZ_STATS=SECONDS in
// the environment, a line of JSON on stderr says now and then how far it is.

#include "fuzz-targets/target.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, DEPTH_MAX = 32, RANDOM_SIZE_MAX = 1 << 16 };

// ---- Files ----

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

// ---- Random inputs ----

// What the handler of a crash saves.
static struct {
    uint8_t data[RANDOM_SIZE_MAX];
    size_t size;
    const char *prefix;
    char path[PATH_SIZE];
} input;

static void save_input(int signal_number)
{
    static const char message[] = "the input is in ";
    (void)signal_number;
    const int file = open(input.path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ssize_t done = file < 0 ? -1 : write(file, input.data, input.size);
    done = done < 0 ? done : write(2, message, sizeof(message) - 1);
    done = done < 0 ? done : write(2, input.path, strlen(input.path));
    (void)!write(2, "\n", 1);
    _exit(done < 0 ? 2 : 1);
}

static uint64_t next_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t x = *state;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void make_random(uint64_t seed, size_t size_max)
{
    uint64_t state = seed;
    input.size = (size_t)(next_random(&state) % (size_max + 1));
    for (size_t at = 0; at < input.size; at++)
        input.data[at] = (uint8_t)(next_random(&state) >> 32);
    snprintf(input.path, sizeof(input.path), "%scrash-%llu", input.prefix,
             (unsigned long long)seed);
}

typedef struct RandomRun {
    uint64_t num, seed, seconds; // seconds 0: no matter how long
    uint64_t size;               // at most
} RandomRun;

static int run_random(const RandomRun *run)
{
    const char *const every = getenv("FUZZ_STATS");
    const double start = cpu_seconds();
    const double end = run->seconds == 0 ? HUGE_VAL : start + (double)run->seconds;
    double report = every ? start + strtod(every, NULL) : HUGE_VAL;
    uint64_t done = 0;
    signal(SIGABRT, save_input);
    signal(SIGSEGV, save_input);
    while (done < run->num) {
        make_random(run->seed + done++, (size_t)run->size);
        LLVMFuzzerTestOneInput(input.data, input.size);
        if (done % 8 != 0)
            continue;
        const double now = cpu_seconds();
        if (now >= end)
            break;
        if (now < report)
            continue;
        fprintf(stderr, "{\"inputs\": %llu, \"seconds\": %.3f}\n", (unsigned long long)done,
                now - start);
        report = now + strtod(every, NULL);
    }
    const double seconds = cpu_seconds() - start;
    struct rusage usage = {.ru_maxrss = 0};
    getrusage(RUSAGE_SELF, &usage);
    printf("%llu random inputs from seed %llu, %.0f a second, %ld MB\n", (unsigned long long)done,
           (unsigned long long)run->seed, (double)done / (seconds > 0 ? seconds : 1),
           usage.ru_maxrss / 1024);
    return 0;
}

// The number behind `prefix`, or `otherwise` when the argument does not begin so.
static const char usage[] =
    "usage: %s [OPTION]... [FILE|DIR]...\n"
    "Replays files, and those in directories at any depth, without libFuzzer.\n"
    "  --random=N          then run N random inputs\n"
    "  --seconds=T         run random inputs for T seconds of CPU time, or N of them\n"
    "  --seed=S            which ones (default: 1; input N of S is input 1 of S + N - 1)\n"
    "  --size=BYTES        their longest (default: 512)\n"
    "  --artifacts=PREFIX  where an input that fails is left\n"
    "  FUZZ_STATS=SECONDS in the environment: a line of JSON on stderr now and then\n";

typedef struct Options {
    RandomRun run;
    bool help, bad;
} Options;

static void read_number(const char *text, uint64_t *out, Options *o)
{
    char *end;
    *out = strtoull(text, &end, 0);
    o->bad = o->bad || *text < '0' || *text > '9' || *end != '\0';
}

static void read_option(const char *argument, Options *o)
{
    const struct {
        const char *name;
        uint64_t *number;
    } numbers[] = {{"--random=", &o->run.num},
                   {"--seconds=", &o->run.seconds},
                   {"--seed=", &o->run.seed},
                   {"--size=", &o->run.size}};
    for (uint32_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const size_t len = strlen(numbers[i].name);
        if (strncmp(argument, numbers[i].name, len) != 0)
            continue;
        read_number(argument + len, numbers[i].number, o);
        return;
    }
    if (strcmp(argument, "--help") == 0)
        o->help = true;
    else if (strncmp(argument, "--artifacts=", 12) == 0)
        input.prefix = argument + 12;
    else
        o->bad = true;
}

int main(int argc, char **argv)
{
    Options o = {.run = {.seed = 1, .size = 512}};
    unsigned count = 0;
    int failed = 0;
    input.prefix = "";
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--", 2) == 0)
            read_option(argv[i], &o);
    if (o.help || o.bad || argc == 1) {
        fprintf(o.help ? stdout : stderr, usage, argv[0]);
        return o.help ? 0 : 2;
    }
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--", 2) != 0)
            failed |= replay(argv[i], 0, &count);
    if (o.run.num != 0 || o.run.seconds != 0) {
        o.run.num = o.run.num != 0 ? o.run.num : UINT64_MAX;
        o.run.size = o.run.size < RANDOM_SIZE_MAX ? o.run.size : RANDOM_SIZE_MAX;
        return run_random(&o.run) | failed;
    }
    printf("%u inputs\n", count);
    return failed || count == 0;
}
