// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Worker processes. The parent forks them without exec and hands out the files one by one.
//
// Each worker shares a Channel of memory with the parent and has a socket to it:
//
//     parent                                  worker
//       | -- number of a file (4 bytes) -------> |  runs it; puts each result into the channel, and
//       |                                        |  the sub-test before it starts
//       | <------------------- 'F' (full) ------ |  no room for a record: waits
//       | -- 'C' (continue) after emptying ----> |
//       | <------------------- 'D' (done) ------ |  the file is finished
//
// What is in the channel outlives the worker: after a crash or a kill the parent still has every
// result so far, and the sub-test that was running. A socket that ends means that the worker did.
//
// Limits: CPU time by RLIMIT_CPU, which is moved on for each file; wall-clock time by the parent,
// ten times as much, for workers that sleep; address space by RLIMIT_AS.

#define _DEFAULT_SOURCE // MAP_ANONYMOUS

#include "filetests/runner/runner_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define WITH_SHADOW 1 // needs terabytes of address space
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#        define WITH_SHADOW 1
#    endif
#endif

enum { CHANNEL_SIZE = 1 << 20, STEP_SIZE = 1 << 15, MAX_WORKERS = 256, DEFAULT_TIMEOUT_MS = 60000 };
// A machine that is busy with other things gives a process a part of its time.
enum { WALL_CLOCK_FACTOR = 10 };
#define DEFAULT_MEMORY (UINT64_C(4) << 30)

typedef struct Channel {
    _Atomic uint32_t filled; // bytes of whole records
    _Atomic uint32_t step;   // bytes of the step, 0: none
    uint8_t step_record[STEP_SIZE];
    uint8_t records[CHANNEL_SIZE];
} Channel;

_Static_assert((int)RESULT_MAX <= (int)CHANNEL_SIZE, "the longest record fits into the channel");

typedef struct Worker {
    pid_t pid; // 0: not running
    int socket;
    Channel *channel;
    uint32_t test; // NO_INDEX: idle
    int64_t started_ms;
    bool timed_out;
} Worker;

typedef struct Pool {
    Arena *arena;
    const RunnerOptions *options;
    const TestList *tests;
    FileReport *reports;
    Worker *workers;
    uint32_t num_workers;
    uint32_t next;     // test to hand out next
    uint32_t reported; // reports given away, in order
    uint32_t finished;
    ReportFn report;
    void *context;
    Diag *diag;
} Pool;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint32_t timeout_ms(const RunnerOptions *options)
{
    return options->timeout_ms != 0 ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
}

// Reads exactly `n` bytes; false at the end of the stream.
static bool read_all(int fd, void *data, size_t n)
{
    uint8_t *at = data;
    while (n != 0) {
        const ssize_t got = read(fd, at, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        n -= (size_t)got;
    }
    return true;
}

static bool send_all(int fd, const void *data, size_t n)
{
    const uint8_t *at = data;
    while (n != 0) {
        const ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        at += sent;
        n -= (size_t)sent;
    }
    return true;
}

// ---- In the worker ----

typedef struct WorkerEmitter {
    Emitter emitter;
    Channel *channel;
    int socket;
} WorkerEmitter;

static void emit_result(Emitter *emitter, const Result *result)
{
    WorkerEmitter *const e = (WorkerEmitter *)emitter;
    const uint32_t filled = atomic_load(&e->channel->filled);
    const size_t len = result_encode(result, e->channel->records + filled, CHANNEL_SIZE - filled);
    if (len != 0) {
        atomic_store(&e->channel->filled, filled + (uint32_t)len);
        return;
    }
    char answer;
    if (!send_all(e->socket, "F", 1) || !read_all(e->socket, &answer, 1))
        _exit(0); // the parent is gone
    ASSERT(atomic_load(&e->channel->filled) == 0);
    emit_result(emitter, result);
}

static void emit_step(Emitter *emitter, const Result *step)
{
    WorkerEmitter *const e = (WorkerEmitter *)emitter;
    atomic_store(&e->channel->step, 0);
    const size_t len = result_encode(step, e->channel->step_record, STEP_SIZE);
    atomic_store(&e->channel->step, (uint32_t)len);
}

// Lets faults end the process, whatever handlers the parent had set. ASan's are left: they report.
static void reset_signals(void)
{
#ifndef WITH_SHADOW
    static const int faults[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP, SIGXCPU};
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        signal(faults[i], SIG_DFL);
#endif
}

// Gives the process `timeout` more of CPU time.
static void extend_cpu_limit(const RunnerOptions *options)
{
    struct rusage used;
    struct rlimit limit;
    if (getrusage(RUSAGE_SELF, &used) != 0 || getrlimit(RLIMIT_CPU, &limit) != 0)
        return;
    const rlim_t so_far = (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec + 1);
    limit.rlim_cur = so_far + (timeout_ms(options) + 999) / 1000;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_cur > limit.rlim_max)
        limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_CPU, &limit);
}

static void limit_resources(const RunnerOptions *options)
{
    const struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
#ifndef WITH_SHADOW
    struct rlimit memory;
    if (getrlimit(RLIMIT_AS, &memory) == 0) {
        memory.rlim_cur = options->memory != 0 ? options->memory : DEFAULT_MEMORY;
        if (memory.rlim_max == RLIM_INFINITY || memory.rlim_cur < memory.rlim_max)
            setrlimit(RLIMIT_AS, &memory);
    }
#else
    (void)options;
#endif
}

NORETURN static void work(const RunnerOptions *options, const TestList *tests, Channel *channel,
                          int fd)
{
    WorkerEmitter emitter = {{emit_result, emit_step}, channel, fd};
    Arena arena = {0};
    uint32_t test;
    prctl(PR_SET_PDEATHSIG, SIGKILL);      // a parent that is killed takes its workers with it
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); // emulators touch little of the large areas they map
    const int null = open("/dev/null", O_RDONLY);
    if (null >= 0)
        dup2(null, STDIN_FILENO);
    reset_signals();
    limit_resources(options);
    while (read_all(fd, &test, sizeof(test)) && test < tests->tests.len) {
        extend_cpu_limit(options);
        testfile_run(&arena, options, &tests->tests.data[test], &emitter.emitter);
        arena_reset(&arena);
        if (!send_all(fd, "D", 1))
            break;
    }
    _exit(0);
}

// ---- In the parent ----

static Status pool_error(Pool *pool, const char *what)
{
    return diag_error(pool->diag, STATUS_IO, NULL, POS_NONE, "%s: %s", what, strerror(errno));
}

static Status start_worker(Pool *pool, Worker *w)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return pool_error(pool, "can't make a socket");
    atomic_store(&w->channel->filled, 0);
    atomic_store(&w->channel->step, 0);
    fflush(NULL); // or the child would write what is buffered a second time
    const pid_t pid = fork();
    if (pid < 0) {
        close(pair[0]);
        close(pair[1]);
        return pool_error(pool, "can't fork a worker");
    }
    if (pid == 0) {
        close(pair[0]);
        for (uint32_t i = 0; i < pool->num_workers; i++)
            if (pool->workers[i].pid != 0)
                close(pool->workers[i].socket);
        work(pool->options, pool->tests, w->channel, pair[1]);
    }
    close(pair[1]);
    w->pid = pid;
    w->socket = pair[0];
    w->test = NO_INDEX;
    w->timed_out = false;
    return STATUS_OK;
}

// Closes the socket, which ends an idle worker, and waits for the process to end.
static int stop_worker(Worker *w)
{
    int status = 0;
    close(w->socket);
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    w->pid = 0;
    return status;
}

static void drain(Pool *pool, Worker *w)
{
    FileReport *const report = &pool->reports[w->test];
    const uint32_t filled = atomic_load(&w->channel->filled);
    Str in = {(const char *)w->channel->records, filled < CHANNEL_SIZE ? filled : CHANNEL_SIZE};
    Result result;
    while (in.len != 0 && result_decode(&report->arena, &in, &result))
        VEC_PUSH(&report->arena, &report->results, result);
    atomic_store(&w->channel->filled, 0);
}

static void finish_test(Pool *pool, Worker *w)
{
    FileReport *const report = &pool->reports[w->test];
    drain(pool, w);
    report->ms = (uint32_t)(now_ms() - w->started_ms);
    report->done = true;
    w->test = NO_INDEX;
    pool->finished++;
    for (; pool->reported < pool->tests->tests.len; pool->reported++) {
        FileReport *const next = &pool->reports[pool->reported];
        if (!next->done)
            return;
        pool->report(pool->context, next);
        arena_free(&next->arena);
        *next = (FileReport){.test = next->test, .done = true};
    }
}

static const char *signal_name(int number)
{
    switch (number) {
    case SIGABRT: return "SIGABRT";
    case SIGBUS: return "SIGBUS";
    case SIGFPE: return "SIGFPE";
    case SIGILL: return "SIGILL";
    case SIGKILL: return "SIGKILL";
    case SIGSEGV: return "SIGSEGV";
    case SIGSYS: return "SIGSYS";
    case SIGTERM: return "SIGTERM";
    case SIGTRAP: return "SIGTRAP";
    case SIGXCPU: return "SIGXCPU";
    case SIGXFSZ: return "SIGXFSZ";
    default: return NULL;
    }
}

// Adds the result of a test whose worker died, at the sub-test that it had announced.
static void report_death(Pool *pool, Worker *w, int status)
{
    FileReport *const report = &pool->reports[w->test];
    Arena *const arena = &report->arena;
    const uint32_t len = atomic_load(&w->channel->step);
    Str in = {(const char *)w->channel->step_record, len < STEP_SIZE ? len : STEP_SIZE};
    Result result;
    if (!result_decode(arena, &in, &result))
        result = (Result){.engine = ENGINE_COUNT,
                          .func = NO_INDEX,
                          .directive = NO_INDEX,
                          .command = STR("start")};
    const int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const uint32_t limit = timeout_ms(pool->options) * (number == SIGXCPU ? 1 : WALL_CLOCK_FACTOR);
    result.status = w->timed_out || number == SIGXCPU ? TEST_TIMEOUT : TEST_CRASH;
    if (result.status == TEST_TIMEOUT)
        result.message = str_printf(arena, "no end after %u.%03u s%s", limit / 1000, limit % 1000,
                                    number == SIGXCPU ? " of CPU time" : " of wall-clock time");
    else if (signal_name(number))
        result.message = str_printf(arena, "killed by %s", signal_name(number));
    else if (number != 0)
        result.message = str_printf(arena, "killed by signal %d", number);
    else
        result.message = str_printf(arena, "exited with code %d", WEXITSTATUS(status));
    VEC_PUSH(arena, &report->results, result);
}

// Gives the worker the next test, if any.
static void hand_out(Pool *pool, Worker *w)
{
    if (pool->next == pool->tests->tests.len)
        return;
    w->test = pool->next++;
    w->started_ms = now_ms();
    atomic_store(&w->channel->step, 0);
    send_all(w->socket, &w->test, sizeof(w->test)); // a dead worker shows at the next poll
}

static Status bury_worker(Pool *pool, Worker *w)
{
    const int status = stop_worker(w);
    if (w->test == NO_INDEX)
        return diag_error(pool->diag, STATUS_IO, NULL, POS_NONE, "a worker ended without a test");
    drain(pool, w);
    report_death(pool, w, status);
    finish_test(pool, w);
    if (pool->next == pool->tests->tests.len)
        return STATUS_OK;
    TRY(start_worker(pool, w));
    hand_out(pool, w);
    return STATUS_OK;
}

static Status handle_worker(Pool *pool, Worker *w)
{
    char message;
    if (!read_all(w->socket, &message, 1))
        return bury_worker(pool, w);
    if (message == 'F') {
        drain(pool, w);
        send_all(w->socket, "C", 1);
        return STATUS_OK;
    }
    finish_test(pool, w);
    hand_out(pool, w);
    return STATUS_OK;
}

// Kills workers whose time is up; returns the milliseconds until the next one's is, at most.
static int check_deadlines(Pool *pool)
{
    const int64_t now = now_ms();
    int64_t nearest = 60000;
    for (uint32_t i = 0; i < pool->num_workers; i++) {
        Worker *const w = &pool->workers[i];
        if (w->pid == 0 || w->test == NO_INDEX || w->timed_out)
            continue;
        const int64_t left =
            w->started_ms + WALL_CLOCK_FACTOR * (int64_t)timeout_ms(pool->options) - now;
        if (left <= 0) {
            w->timed_out = true;
            kill(w->pid, SIGKILL);
        } else if (left < nearest) {
            nearest = left;
        }
    }
    return (int)nearest;
}

static Status run_loop(Pool *pool)
{
    struct pollfd *const fds = ARENA_ARRAY(pool->arena, struct pollfd, pool->num_workers);
    Worker **const owners = ARENA_ARRAY(pool->arena, Worker *, pool->num_workers);
    while (pool->finished != pool->tests->tests.len) {
        nfds_t count = 0;
        for (uint32_t i = 0; i < pool->num_workers; i++) {
            Worker *const w = &pool->workers[i];
            if (w->pid == 0 || w->test == NO_INDEX)
                continue;
            owners[count] = w;
            fds[count++] = (struct pollfd){.fd = w->socket, .events = POLLIN};
        }
        if (poll(fds, count, check_deadlines(pool)) < 0 && errno != EINTR)
            return pool_error(pool, "poll");
        for (nfds_t i = 0; i < count; i++)
            if (fds[i].revents != 0)
                TRY(handle_worker(pool, owners[i]));
    }
    return STATUS_OK;
}

static uint32_t choose_workers(const RunnerOptions *options, uint32_t num_tests)
{
    uint32_t jobs = options->jobs;
    if (jobs == 0) {
        const long cores = sysconf(_SC_NPROCESSORS_ONLN);
        jobs = cores < 1 ? 1 : cores > MAX_WORKERS ? MAX_WORKERS : (uint32_t)cores;
    }
    if (jobs > MAX_WORKERS)
        jobs = MAX_WORKERS;
    return jobs < num_tests ? jobs : num_tests;
}

static Status start_all(Pool *pool)
{
    for (uint32_t i = 0; i < pool->num_workers; i++) {
        Worker *const w = &pool->workers[i];
        void *const memory =
            mmap(NULL, sizeof(Channel), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            return pool_error(pool, "can't map memory for a worker");
        w->channel = memory;
        TRY(start_worker(pool, w));
        hand_out(pool, w);
    }
    return STATUS_OK;
}

Status pool_run(const RunnerOptions *options, const TestList *tests, ReportFn report, void *context,
                Diag *diag)
{
    Pool pool = {.arena = diag->arena,
                 .options = options,
                 .tests = tests,
                 .report = report,
                 .context = context,
                 .diag = diag,
                 .num_workers = choose_workers(options, tests->tests.len)};
    pool.reports = ARENA_ARRAY(pool.arena, FileReport, tests->tests.len);
    pool.workers = ARENA_ARRAY(pool.arena, Worker, pool.num_workers);
    for (uint32_t i = 0; i < tests->tests.len; i++)
        pool.reports[i].test = &tests->tests.data[i];
    Status status = start_all(&pool);
    if (status == STATUS_OK)
        status = run_loop(&pool);
    for (uint32_t i = 0; i < pool.num_workers; i++) {
        Worker *const w = &pool.workers[i];
        if (w->pid != 0 && w->test != NO_INDEX)
            kill(w->pid, SIGKILL);
        if (w->pid != 0)
            stop_worker(w);
        if (w->channel)
            munmap(w->channel, sizeof(Channel));
    }
    for (uint32_t i = 0; i < tests->tests.len; i++)
        arena_free(&pool.reports[i].arena);
    return status;
}
