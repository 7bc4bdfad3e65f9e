// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For tests of what aborts: runs a function in a child process and reports how it ended.
#ifndef BASE_TESTS_CHILD_H
#define BASE_TESTS_CHILD_H

// clang-format off
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
// cmocka.h wants those above before it.
#include <cmocka.h>
// clang-format on

typedef struct ChildEnd {
    int signal;        // 0: exited
    int code;          // exit code
    char stderr_[512]; // the first bytes of it
} ChildEnd;

// Runs `run(context)` in a child, which exits with 0 when it returns.
static inline ChildEnd child_run(void (*run)(void *context), void *context)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        static const int handled[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS};
        for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
            signal(handled[i], SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        run(context);
        _exit(0);
    }
    close(ends[1]);
    ChildEnd end = {0};
    size_t len = 0;
    char rest[512];
    for (;;) {
        const size_t room = sizeof(end.stderr_) - 1 - len;
        const ssize_t n =
            read(ends[0], room != 0 ? end.stderr_ + len : rest, room != 0 ? room : 512);
        if (n <= 0)
            break;
        len += room != 0 ? (size_t)n : 0;
    }
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    return end;
}

// Asserts that `run` ends by abort with a message that contains `text`.
static inline void assert_aborts(void (*run)(void *context), void *context, const char *text)
{
    const ChildEnd end = child_run(run, context);
    assert_int_equal(end.signal, SIGABRT);
    if (!strstr(end.stderr_, text))
        fail_msg("the message was: %s", end.stderr_);
}

#endif
