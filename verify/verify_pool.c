// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tasks in worker processes. Each worker is a fork that takes the next task from a counter in
// shared memory, and writes what it found to a pipe of its own; the parent reads the pipes to their
// end. Nothing else is shared but the cache of answers, which gives what the solver would, so a
// task's result does not depend on who does it.

#define _DEFAULT_SOURCE // MAP_ANONYMOUS

#include "verify/verify_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_WORKERS = 64, CHUNK = 1 << 16 };

typedef struct Worker {
    pid_t pid;
    int fd;
    StrBuf bytes; // of records, the first `at` of which are read
    size_t at;
    bool open;
} Worker;

typedef struct Pool {
    VcProgram *program;
    const VerifyOptions *options;
    VerifyReport *report;
    Arena *arena;
    _Atomic uint32_t *next;
    Worker workers[MAX_WORKERS];
    uint32_t num_workers;
    Bitset done;
    uint32_t num_done;
} Pool;

static void tell(const VerifyOptions *options, const VerifyReport *report, uint32_t index,
                 uint32_t done)
{
    if (options->on_task)
        options->on_task(options->context, &report->tasks.data[index], done, report->tasks.len);
}

// ---- Records ----

static void put_u64(StrBuf *out, uint64_t x)
{
    char bytes[sizeof(x)];
    memcpy(bytes, &x, sizeof(x));
    buf_str(out, (Str){bytes, sizeof(x)});
}

static void put_str(StrBuf *out, Str text)
{
    put_u64(out, text.len);
    buf_str(out, text);
}

static void put_task(StrBuf *out, uint32_t index, const VerifyTask *task)
{
    put_u64(out, index);
    put_u64(out, task->truncated);
    put_u64(out, task->microseconds);
    put_str(out, task->contradiction);
    put_u64(out, task->cases.len);
    for (uint32_t i = 0; i < task->cases.len; i++) {
        const VerifyCase *const c = &task->cases.data[i];
        put_u64(out, c->verdict);
        put_u64(out, c->single);
        put_u64(out, c->steps);
        put_u64(out, c->confirmed);
        put_u64(out, c->unconfirmed);
        put_u64(out, c->key.low);
        put_u64(out, c->key.high);
        put_u64(out, c->num_rules);
        for (uint32_t r = 0; r < c->num_rules; r++)
            put_u64(out, c->rules[r]);
        put_u64(out, c->num_helpers);
        for (uint32_t h = 0; h < c->num_helpers; h++)
            put_u64(out, c->helpers[h]);
        put_str(out, c->types);
        put_str(out, c->message);
        put_str(out, c->missing);
        put_str(out, c->values);
        put_str(out, c->explanation);
        put_str(out, c->clif);
    }
}

typedef struct Reader {
    Str rest;
    Arena *arena;
    bool failed;
} Reader;

static uint64_t get_u64(Reader *r)
{
    uint64_t x = 0;
    r->failed = r->failed || r->rest.len < sizeof(x);
    if (r->failed)
        return 0;
    memcpy(&x, r->rest.data, sizeof(x));
    r->rest = (Str){r->rest.data + sizeof(x), r->rest.len - sizeof(x)};
    return x;
}

static Str get_str(Reader *r)
{
    const uint64_t len = get_u64(r);
    r->failed = r->failed || r->rest.len < len;
    if (r->failed)
        return (Str){0};
    const Str text = str_copy(r->arena, (Str){r->rest.data, (size_t)len});
    r->rest = (Str){r->rest.data + len, r->rest.len - (size_t)len};
    return text;
}

// A list of ids: its length first.
static uint32_t *get_ids(Reader *r, uint32_t *count)
{
    const uint64_t len = get_u64(r);
    r->failed = r->failed || len > r->rest.len / sizeof(uint64_t);
    *count = r->failed ? 0 : (uint32_t)len;
    uint32_t *const ids = ARENA_ARRAY(r->arena, uint32_t, *count);
    for (uint32_t i = 0; i < *count; i++)
        ids[i] = (uint32_t)get_u64(r);
    return ids;
}

static VerifyCase get_case(Reader *r)
{
    VerifyCase c = {0};
    c.verdict = (CaseVerdict)(get_u64(r) % CASE_VERDICT_COUNT);
    c.single = get_u64(r) != 0;
    c.steps = get_u64(r);
    c.confirmed = (uint32_t)get_u64(r);
    c.unconfirmed = (uint32_t)get_u64(r);
    c.key.low = get_u64(r);
    c.key.high = get_u64(r);
    c.rules = get_ids(r, &c.num_rules);
    c.helpers = get_ids(r, &c.num_helpers);
    c.types = get_str(r);
    c.message = get_str(r);
    c.missing = get_str(r);
    c.values = get_str(r);
    c.explanation = get_str(r);
    c.clif = get_str(r);
    return c;
}

static void read_record(Pool *pool, Str record)
{
    Reader r = {record, pool->arena, false};
    const uint64_t index = get_u64(&r);
    VerifyTask read = {0};
    read.truncated = get_u64(&r) != 0;
    read.microseconds = get_u64(&r);
    read.contradiction = get_str(&r);
    for (uint64_t n = get_u64(&r); n != 0 && !r.failed; n--) {
        const VerifyCase c = get_case(&r);
        VEC_PUSH(pool->arena, &read.cases, c);
    }
    if (r.failed || index >= pool->report->tasks.len)
        return;
    VerifyTask *const task = &pool->report->tasks.data[index];
    task->cases.data = read.cases.data;
    task->cases.len = read.cases.len;
    task->cases.cap = read.cases.cap;
    task->truncated = read.truncated;
    task->microseconds = read.microseconds;
    task->contradiction = read.contradiction;
    bitset_add(&pool->done, (uint32_t)index);
    tell(pool->options, pool->report, (uint32_t)index, ++pool->num_done);
}

// What a worker has written so far; a record that its death cut short is left out.
static void read_records(Pool *pool, Worker *worker)
{
    for (;;) {
        Reader r = {buf_view(&worker->bytes), pool->arena, false};
        r.rest = (Str){r.rest.data + worker->at, r.rest.len - worker->at};
        const uint64_t len = get_u64(&r);
        if (r.failed || r.rest.len < len)
            break;
        worker->at += sizeof(len) + (size_t)len;
        read_record(pool, (Str){r.rest.data, (size_t)len});
    }
    if (worker->at == worker->bytes.len)
        worker->at = worker->bytes.len = 0;
}

// ---- Workers ----

static bool write_all(int fd, Str data)
{
    while (data.len != 0) {
        const ssize_t sent = write(fd, data.data, data.len);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        data = (Str){data.data + sent, data.len - (size_t)sent};
    }
    return true;
}

static LedgerCache *open_cache(const VerifyOptions *options, Arena *arena)
{
    return options->cache && !options->keys_only ? ledger_cache_open(arena, options->cache) : NULL;
}

static VerifyRun begin(VcProgram *program, const VerifyOptions *options, Arena *arena)
{
    VerifyRun run = {.program = program, .options = options, .cache = open_cache(options, arena)};
    run.dear = verify_tagged_rules(program->isle, STR("dear"), arena);
    run.hopeless = verify_tagged_rules(program->isle, STR("hopeless"), arena);
    if (options->like)
        run.known = verify_known(options->like, arena);
    return run;
}

NORETURN static void work(Pool *pool, int fd)
{
    // Each has a connection of its own: one must not be carried into a fork.
    const VerifyRun run = begin(pool->program, pool->options, pool->arena);
    bool alive = true;
    for (uint32_t index = 0; alive;) {
        index = atomic_fetch_add(pool->next, 1);
        if (index >= pool->report->tasks.len)
            break;
        Arena arena = {0};
        VerifyTask *const task = &pool->report->tasks.data[index];
        verify_task(&run, task, &arena);
        StrBuf record = {.arena = &arena}, frame = {.arena = &arena};
        put_task(&record, index, task);
        put_str(&frame, buf_view(&record));
        alive = write_all(fd, buf_view(&frame)); // or the parent is gone
        arena_free(&arena);
    }
    ledger_cache_close(run.cache);
    _exit(0);
}

static bool start_worker(Pool *pool)
{
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    const pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        work(pool, ends[1]);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return false;
    }
    pool->workers[pool->num_workers++] =
        (Worker){.pid = pid, .fd = ends[0], .bytes = {.arena = pool->arena}, .open = true};
    return true;
}

static void read_some(Pool *pool, Worker *worker)
{
    char chunk[CHUNK];
    const ssize_t got = read(worker->fd, chunk, sizeof(chunk));
    if (got > 0)
        buf_str(&worker->bytes, (Str){chunk, (size_t)got});
    else if (got == 0 || errno != EINTR)
        worker->open = false;
    read_records(pool, worker);
}

static void read_workers(Pool *pool)
{
    for (;;) {
        struct pollfd fds[MAX_WORKERS];
        Worker *of[MAX_WORKERS];
        nfds_t count = 0;
        for (uint32_t i = 0; i < pool->num_workers; i++) {
            if (!pool->workers[i].open)
                continue;
            fds[count] = (struct pollfd){.fd = pool->workers[i].fd, .events = POLLIN};
            of[count++] = &pool->workers[i];
        }
        if (count == 0)
            return;
        if (poll(fds, count, -1) < 0 && errno != EINTR)
            return;
        for (nfds_t i = 0; i < count; i++)
            if (fds[i].revents != 0)
                read_some(pool, of[i]);
    }
}

static void run_here(VcProgram *program, const VerifyOptions *options, VerifyReport *report,
                     Arena *arena)
{
    const VerifyRun run = begin(program, options, arena);
    for (uint32_t i = 0; i < report->tasks.len; i++) {
        verify_task(&run, &report->tasks.data[i], arena);
        tell(options, report, i, i + 1);
    }
    ledger_cache_close(run.cache);
}

// A task whose worker died before it was done is nothing to pass over.
static void report_lost(Pool *pool)
{
    for (uint32_t i = 0; i < pool->report->tasks.len; i++) {
        VerifyTask *const task = &pool->report->tasks.data[i];
        if (bitset_has(&pool->done, i))
            continue;
        VerifyCase lost = {.verdict = CASE_UNKNOWN,
                           .message = STR("the worker ended before it was done"),
                           .num_rules = 1};
        lost.rules = ARENA_ARRAY(pool->arena, IsleRuleId, 1);
        lost.rules[0] = task->rule;
        task->cases.len = 0;
        VEC_PUSH(pool->arena, &task->cases, lost);
    }
}

static void run_pool(Pool *pool, uint32_t jobs)
{
    while (pool->num_workers < jobs && start_worker(pool))
        ;
    if (pool->num_workers == 0) {
        run_here(pool->program, pool->options, pool->report, pool->arena);
        return;
    }
    read_workers(pool);
    for (uint32_t i = 0; i < pool->num_workers; i++) {
        close(pool->workers[i].fd);
        while (waitpid(pool->workers[i].pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    report_lost(pool);
}

void verify_all(VcProgram *program, const VerifyOptions *options, VerifyReport *report,
                Arena *arena)
{
    void *const shared = mmap(NULL, sizeof(_Atomic uint32_t), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (options->jobs <= 1 || shared == MAP_FAILED) {
        run_here(program, options, report, arena);
        return;
    }
    Pool *const pool = ARENA_NEW(arena, Pool);
    *pool = (Pool){.program = program,
                   .options = options,
                   .report = report,
                   .arena = arena,
                   .next = shared,
                   .done = bitset_new(arena, report->tasks.len)};
    run_pool(pool, options->jobs < MAX_WORKERS ? options->jobs : MAX_WORKERS);
    munmap(shared, sizeof(_Atomic uint32_t));
}
