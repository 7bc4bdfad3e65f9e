// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A second solver's word on what the first has answered: any program that reads a file of SMT-LIB
// and says sat or unsat. It is given the question as it stands, and some time.

#define _DEFAULT_SOURCE // mkstemps, rlimits

#include "verify/verify_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 20, ANSWER = 64 };

static bool write_all(int fd, Str text)
{
    while (text.len != 0) {
        const ssize_t sent = write(fd, text.data, text.len);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        text = (Str){text.data + sent, text.len - (size_t)sent};
    }
    return true;
}

NORETURN static void become(const char *solver, const char *path, int out)
{
    const struct rlimit cpu = {SECONDS, SECONDS};
    char *const args[] = {(char *)(uintptr_t)solver, (char *)(uintptr_t)path, NULL};
    const int quiet = open("/dev/null", O_WRONLY);
    setrlimit(RLIMIT_CPU, &cpu);
    if (quiet >= 0)
        dup2(quiet, STDERR_FILENO);
    if (dup2(out, STDOUT_FILENO) >= 0)
        execvp(solver, args);
    _exit(127);
}

// The first bytes that the solver says of the file.
static size_t run_solver(const char *solver, const char *path, char *answer)
{
    int ends[2];
    if (pipe(ends) != 0)
        return 0;
    const pid_t pid = fork();
    if (pid == 0)
        become(solver, path, ends[1]);
    close(ends[1]);
    size_t len = 0;
    for (ssize_t got = 1; pid > 0 && got != 0 && len < ANSWER;) {
        got = read(ends[0], answer + len, ANSWER - len);
        if (got < 0 && errno != EINTR)
            break;
        len += got > 0 ? (size_t)got : 0;
    }
    close(ends[0]);
    if (pid > 0) {
        kill(pid, SIGKILL); // it has said what counts
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    return len;
}

static bool says(const char *answer, size_t len, const char *word)
{
    const size_t size = strlen(word);
    return len > size && memcmp(answer, word, size) == 0 && answer[size] == '\n';
}

// The same of a text; 0: the file can't be written, or the solver says nothing.
static size_t ask_text(const char *solver, Str text, char *answer)
{
    char path[] = "/tmp/assay-XXXXXX.smt2"; // some know the language by the name
    const int fd = mkstemps(path, 5);
    if (fd < 0)
        return 0;
    const bool good = write_all(fd, text);
    close(fd);
    const size_t len = good ? run_solver(solver, path, answer) : 0;
    unlink(path);
    return len;
}

bool verify_cross_works(const char *solver)
{
    char said[ANSWER];
    const size_t len = ask_text(solver, STR("(set-logic ALL)\n(check-sat)\n"), said);
    return says(said, len, "sat");
}

CrossVerdict verify_cross(const char *solver, const ExprPool *pool, const Expr *conditions,
                          uint32_t count, SmtVerdict answer)
{
    Arena arena = {0};
    char said[ANSWER];
    const Str text = smt_text(pool, conditions, count, &arena);
    const size_t len = text.len != 0 ? ask_text(solver, text, said) : 0;
    arena_free(&arena);
    if (says(said, len, "sat"))
        return answer == SMT_SAT ? CROSS_AGREES : CROSS_DISAGREES;
    if (says(said, len, "unsat"))
        return answer == SMT_UNSAT ? CROSS_AGREES : CROSS_DISAGREES;
    return CROSS_OPEN;
}
