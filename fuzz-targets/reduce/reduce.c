// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The search. Passes are repeated until a round of all of them takes nothing. In each, candidates
// are made in order and judged several at a time; of those that show the same failure the first is
// taken, which is what judging one after the other would have done.
//
// A child process judges one candidate: it writes the signature to a file that it shares with this
// process. If it dies instead, what it said last on stderr is the signature.

#include "fuzz-targets/reduce/reduce.h"

#include "fuzz-targets/reduce/reduce_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX      16u
#define ROUNDS_MAX    50u
#define CHUNK_MAX     64u
#define SIGNATURE_MAX 4096u

// A candidate being judged.
typedef struct Trial {
    Arena arena;
    Str text;
    pid_t pid; // 0: none, or done
    int out, err;
    double deadline;
    Str signature; // once done
} Trial;

typedef struct Search {
    const ReduceOptions *options;
    Arena *arena;
    Str path, text, signature;
    Trial trials[JOBS_MAX];
    uint32_t jobs, tried, taken;
} Search;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// ---- Children ----

// An unlinked file, -1 when there is none to be had.
static int temporary_file(char *path)
{
    memcpy(path, "/tmp/assay-reduce-XXXXXX", 25);
    return mkstemp(path);
}

static void write_all(int file, Str text)
{
    while (text.len != 0) {
        const ssize_t n = write(file, text.data, text.len);
        if (n <= 0)
            return;
        text = (Str){text.data + n, text.len - (size_t)n};
    }
}

static Str read_back(int file, Arena *arena)
{
    char *const bytes = arena_alloc(arena, SIGNATURE_MAX, 1);
    size_t len = 0;
    if (lseek(file, 0, SEEK_SET) != 0)
        return STR("");
    for (ssize_t n; len < SIGNATURE_MAX && (n = read(file, bytes + len, SIGNATURE_MAX - len)) > 0;)
        len += (size_t)n;
    return (Str){bytes, len};
}

// Runs the command on a file with the candidate. Does not return.
static NORETURN void exec_command(const Search *s, Trial *trial)
{
    char path[25];
    ReduceFile parsed;
    Diag diag = {.arena = &trial->arena};
    // A command need not look at all of the file, but what is printed must be one.
    if (reduce_parse(s->path, trial->text, &trial->arena, &parsed, &diag) != STATUS_OK)
        _exit(0);
    const int file = temporary_file(path);
    write_all(file, trial->text);
    const Str line = str_printf(s->arena, "%s %s", s->options->command, path);
    const pid_t pid = fork();
    if (pid == 0) {
        dup2(trial->err, 1);
        execl("/bin/sh", "sh", "-c", line.data, (char *)NULL);
        _exit(127);
    }
    int status = 1;
    const bool ended = pid > 0 && waitpid(pid, &status, 0) == pid;
    unlink(path);
    if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        write_all(trial->out, STR("command"));
    _exit(0);
}

static bool start(Search *s, Trial *trial)
{
    char path[2][25];
    trial->out = temporary_file(path[0]);
    trial->err = temporary_file(path[1]);
    unlink(path[0]);
    unlink(path[1]);
    trial->deadline = now() + s->options->seconds;
    trial->pid = trial->out < 0 || trial->err < 0 ? -1 : fork();
    if (trial->pid != 0)
        return trial->pid > 0;
    dup2(trial->err, 2);
    setpgid(0, 0);
    if (s->options->kind == REDUCE_COMMAND)
        exec_command(s, trial);
    write_all(trial->out, reduce_evaluate(trial->text, s->options->kind, &trial->arena));
    _exit(0);
}

// What a child that died said: its first line that is no decoration.
static Str last_words(Trial *trial, int status)
{
    Str text = read_back(trial->err, &trial->arena);
    while (text.len != 0 && (text.data[0] == '=' || text.data[0] == '\n' || text.data[0] == ' '))
        text = (Str){text.data + 1, text.len - 1};
    if (text.len == 0)
        return str_printf(&trial->arena, "crash: signal %d", WTERMSIG(status));
    return str_printf(&trial->arena, "crash: %.*s", STR_ARG(reduce_normalize(text, &trial->arena)));
}

static bool wants(const Search *s, ReduceKind kind)
{
    return s->options->kind == REDUCE_ANY || s->options->kind == kind;
}

static void finish(const Search *s, Trial *trial, int status, bool late)
{
    trial->signature = STR("");
    if (late && wants(s, REDUCE_HANG))
        trial->signature = STR("hang");
    else if (!late && WIFEXITED(status))
        trial->signature = read_back(trial->out, &trial->arena);
    else if (!late && wants(s, REDUCE_CRASH))
        trial->signature = last_words(trial, status);
    if (s->options->kind == REDUCE_HANG && !late)
        trial->signature = STR("");
    close(trial->out);
    close(trial->err);
    trial->pid = 0;
}

static void wait_for(const Search *s, Trial *trial)
{
    const struct timespec pause = {0, 500000};
    while (trial->pid > 0) {
        int status = 0;
        const pid_t done = waitpid(trial->pid, &status, WNOHANG);
        if (done == trial->pid || (done < 0 && errno != EINTR)) {
            finish(s, trial, status, false);
        } else if (now() > trial->deadline) {
            kill(-trial->pid, SIGKILL);
            kill(trial->pid, SIGKILL);
            waitpid(trial->pid, &status, 0);
            finish(s, trial, status, true);
        } else {
            nanosleep(&pause, NULL);
        }
    }
}

// ---- Candidates ----

// Makes candidate `n`; false when there is none any more. One that changes nothing is left empty.
static bool make(const Search *s, const ReducePassInfo *pass, uint32_t n, uint32_t size,
                 Trial *trial)
{
    ReduceFile file;
    Diag diag = {.arena = &trial->arena};
    StrBuf text = {.arena = &trial->arena};
    trial->text = STR("");
    const Status status = reduce_parse(s->path, s->text, &trial->arena, &file, &diag);
    if (status != STATUS_OK || !pass->run(&file, n, size))
        return false;
    reduce_print(&file, &text);
    if (!str_eq(buf_view(&text), s->text))
        trial->text = buf_view(&text);
    return true;
}

static void take(Search *s, const Trial *trial)
{
    s->text = str_copy(s->arena, trial->text);
    s->taken++;
    if (s->options->progress)
        s->options->progress(s->options->context, s->text);
}

// Judges candidates from *n on, as many as there are jobs. False when there are none any more.
static bool try_some(Search *s, const ReducePassInfo *pass, uint32_t *n, uint32_t size)
{
    uint32_t made = 0;
    while (made < s->jobs) {
        Trial *const trial = &s->trials[made];
        arena_reset(&trial->arena);
        if (!make(s, pass, *n + made, size, trial))
            break;
        trial->signature = STR("");
        if (trial->text.len != 0) {
            s->tried++;
            (void)start(s, trial);
        }
        made++;
    }
    uint32_t found = made;
    for (uint32_t i = 0; i < made; i++) {
        wait_for(s, &s->trials[i]);
        if (found == made && s->trials[i].text.len != 0 &&
            str_eq(s->trials[i].signature, s->signature))
            found = i;
    }
    if (found < made)
        take(s, &s->trials[found]);
    *n += found;
    return made != 0;
}

static void run_pass(Search *s, const ReducePassInfo *pass)
{
    for (uint32_t size = pass->chunks ? CHUNK_MAX : 1; size != 0; size /= 2) {
        uint32_t n = 0;
        while (try_some(s, pass, &n, size))
            continue;
    }
}

// ---- The interface ----

static Str judge(Search *s, Str text)
{
    Trial *const trial = &s->trials[0];
    trial->text = text;
    if (!start(s, trial))
        return STR("");
    wait_for(s, trial);
    return str_copy(s->arena, trial->signature);
}

// The file in the form of candidates, which has to show the same failure.
static Status begin(Search *s, Str text, Diag *diag)
{
    ReduceFile file;
    StrBuf printed = {.arena = s->arena};
    TRY(reduce_parse(s->path, text, s->arena, &file, diag));
    s->signature = judge(s, text);
    reduce_print(&file, &printed);
    s->text = buf_view(&printed);
    if (s->signature.len != 0 && str_eq(judge(s, s->text), s->signature))
        return STATUS_OK;
    return diag_error(diag, STATUS_INVALID, NULL, POS_NONE,
                      s->signature.len == 0
                          ? "%.*s: shows no failure to be kept"
                          : "%.*s: does not show its failure when it is printed again",
                      STR_ARG(s->path));
}

static Search *new_search(Str path, const ReduceOptions *options, Arena *arena)
{
    ReduceOptions *const own = ARENA_NEW(arena, ReduceOptions);
    Search *const s = ARENA_NEW(arena, Search);
    *own = *options;
    own->jobs = own->jobs == 0 ? 1 : own->jobs < JOBS_MAX ? own->jobs : JOBS_MAX;
    own->seconds = own->seconds == 0 ? 10 : own->seconds;
    *s = (Search){.options = own, .arena = arena, .path = path, .jobs = own->jobs};
    return s;
}

static void end_search(Search *s)
{
    for (uint32_t i = 0; i < JOBS_MAX; i++)
        arena_free(&s->trials[i].arena);
}

Status reduce_run(Str path, Str text, const ReduceOptions *options, Arena *arena, Reduced *out,
                  Diag *diag)
{
    Search *const s = new_search(path, options, arena);
    Status status = begin(s, text, diag);
    for (uint32_t round = 0, before = UINT32_MAX;
         status == STATUS_OK && s->taken != before && round < ROUNDS_MAX; round++) {
        before = s->taken;
        for (uint32_t i = 0; i < reduce_num_passes; i++)
            run_pass(s, &reduce_passes[i]);
    }
    if (status == STATUS_OK) {
        ReduceFile file;
        StrBuf final = {.arena = arena};
        status = reduce_parse(path, s->text, arena, &file, diag);
        ASSERT(status == STATUS_OK);
        reduce_print_final(&file, &final);
        *out = (Reduced){buf_view(&final), s->signature, s->tried, s->taken};
    }
    end_search(s);
    return status;
}

Str reduce_judge(Str path, Str text, const ReduceOptions *options, Arena *arena)
{
    Search *const s = new_search(path, options, arena);
    const Str signature = judge(s, text);
    end_search(s);
    return signature;
}

Str reduce_signature(Str text, ReduceKind kind, Arena *arena)
{
    return reduce_evaluate(text, kind, arena);
}
