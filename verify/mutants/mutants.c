// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which mutants are taken, and their processes. Each mutant is verified by a fork of its own, so
// that nothing is left of it, a crash is a result, and processor time can be limited. Forks end in
// any order and are reported in that of the mutants.

#define _DEFAULT_SOURCE // struct rlimit's constants

#include "verify/mutants/mutants_internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_JOBS = 64, CHUNK = 1 << 12 };

static const char *const fate_names[MUTANT_FATE_COUNT] = {
    [MUTANT_KILLED] = "killed",     [MUTANT_SURVIVED] = "survived",   [MUTANT_UNKNOWN] = "unknown",
    [MUTANT_LOST] = "lost",         [MUTANT_UNSPECIFIED] = "no_spec", [MUTANT_SAME] = "same",
    [MUTANT_UNPROVED] = "unproved", [MUTANT_INVALID] = "invalid"};

static const struct {
    const char *name, *meaning;
} ops[MUTANT_OP_COUNT] = {
#define MUTANT_OP(NAME, name, meaning) {#name, meaning},
#include "verify/mutants/mutant_ops.def"
};

const char *mutant_op_name(MutantOp op)
{
    return ops[op].name;
}

const char *mutant_op_meaning(MutantOp op)
{
    return ops[op].meaning;
}

const char *mutant_fate_name(MutantFate fate)
{
    return fate_names[fate];
}

// ---- Choosing ----

static int by_order(const void *x, const void *y)
{
    const Mutant *const a = x, *const b = y;
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    return str_compare(a->name, b->name);
}

static bool is_wanted(const MutantBase *base, IsleRuleId rule)
{
    const char *const filter = base->options->filter;
    return !filter || str_contains(base->isle->rules.data[rule].label, str_from(filter));
}

static void collect(const MutantBase *base, Arena *arena, MutantTotals *totals, Mutants *out)
{
    const MutantOptions *const options = base->options;
    for (IsleRuleId r = 0; r < base->isle->rules.len; r++) {
        if (is_wanted(base, r))
            mutant_make(base->isle, arena, r, out);
    }
    for (uint32_t i = 0; i < out->len; i++) {
        Mutant *const m = &out->data[i];
        const Str key =
            str_printf(arena, "%llu %.*s", (unsigned long long)options->seed, STR_ARG(m->name));
        m->order = hash_bytes(key.data, key.len);
    }
    totals->available = out->len;
    if (out->len != 0)
        qsort(out->data, out->len, sizeof(*out->data), by_order);
}

// Takes the operators in turn, so that those that apply rarely are there too.
static void interleave(Arena *arena, const Mutants *from, Mutants *to)
{
    uint32_t next[MUTANT_OP_COUNT] = {0};
    while (to->len < from->len)
        for (uint32_t op = 0; op < MUTANT_OP_COUNT; op++) {
            while (next[op] < from->len && from->data[next[op]].op != (MutantOp)op)
                next[op]++;
            if (next[op] < from->len)
                VEC_PUSH(arena, to, from->data[next[op]++]);
        }
}

// ---- Records ----

static void put(StrBuf *out, const void *data, size_t len)
{
    buf_str(out, (Str){data, len});
}

static bool get(Str *rest, void *to, size_t len)
{
    if (rest->len < len)
        return false;
    memcpy(to, rest->data, len);
    *rest = (Str){rest->data + len, rest->len - len};
    return true;
}

static void read_result(Str bytes, MutantResult *out)
{
    out->fate = MUTANT_LOST;
    while (bytes.len != 0 && bytes.data[0] == MUTANT_PROVED_MARK)
        bytes = (Str){bytes.data + 1, bytes.len - 1};
    MutantFate fate;
    RuleVerdict verdict;
    if (!get(&bytes, &fate, sizeof(fate)) || !get(&bytes, &verdict, sizeof(verdict)))
        return;
    out->fate = fate;
    out->verdict = verdict;
    out->message = bytes;
}

// ---- Processes ----

typedef struct Worker {
    pid_t pid; // 0: none
    int fd;
    uint32_t mutant;
    StrBuf bytes;
} Worker;

typedef struct Run {
    const MutantBase *base;
    const MutantOptions *options;
    Arena *arena;
    MutantTotals *totals;
    const Mutants *mutants;
    MutantResult *results; // by mutant
    bool *done;
    uint32_t started, reported, counted;
    Bitset rules; // of those counted
    Worker workers[MAX_JOBS];
} Run;

static void begin_result(const Run *run, const Mutant *mutant, MutantResult *out)
{
    const IsleDef *const was = run->base->isle->rules.data[mutant->rule].def;
    StrBuf text = {.arena = run->arena};
    isle_dump_def(run->base->isle, &mutant->def, &text);
    *out = (MutantResult){.name = mutant->name,
                          .op = mutant->op,
                          .path = run->base->isle->sources.data[was->pos.file]->path,
                          .at = was->pos.offset,
                          .end = was->end,
                          .text = str_trim(buf_view(&text))};
}

NORETURN static void work(const Run *run, uint32_t index, int fd)
{
    if (run->options->seconds != 0) {
        const struct rlimit limit = {run->options->seconds, run->options->seconds + 1};
        setrlimit(RLIMIT_CPU, &limit);
    }
    Arena arena = {0};
    MutantResult *const result = &run->results[index];
    MutantBase base = *run->base;
    base.progress = fd;
    mutant_judge(&base, &run->mutants->data[index], &arena, result);
    StrBuf bytes = {.arena = &arena};
    put(&bytes, &result->fate, sizeof(result->fate));
    put(&bytes, &result->verdict, sizeof(result->verdict));
    buf_str(&bytes, result->message);
    for (size_t at = 0; at < bytes.len;) {
        const ssize_t sent = write(fd, bytes.data + at, bytes.len - at);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            break;
        at += (size_t)sent;
    }
    _exit(0);
}

static bool start(Run *run, Worker *worker)
{
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    const uint32_t index = run->started;
    begin_result(run, &run->mutants->data[index], &run->results[index]);
    const pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        work(run, index, ends[1]);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return false;
    }
    run->started++;
    *worker = (Worker){pid, ends[0], index, {.arena = run->arena}};
    return true;
}

static void finish(Run *run, Worker *worker)
{
    int status = 0;
    close(worker->fd);
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
        ;
    MutantResult *const result = &run->results[worker->mutant];
    read_result(buf_view(&worker->bytes), result);
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)) {
        result->fate = worker->bytes.len != 0 ? MUTANT_UNKNOWN : MUTANT_UNPROVED;
        result->message = STR("the time allowed was over");
    }
    run->done[worker->mutant] = true;
    worker->pid = 0;
}

// Reports what is done, as far as all before it is. What was begun past the count wanted is
// dropped.
static void report(Run *run)
{
    while (run->reported < run->started && run->done[run->reported] &&
           run->counted < run->options->count) {
        const MutantResult *const result = &run->results[run->reported++];
        run->totals->fates[result->fate]++;
        if (result->fate >= MUTANT_UNSPECIFIED)
            continue;
        const IsleRuleId rule = run->mutants->data[run->reported - 1].rule;
        run->totals->rules += !bitset_has(&run->rules, rule);
        bitset_add(&run->rules, rule);
        run->counted++;
        run->options->report(run->options->context, result);
    }
}

// Waits until some worker has written or ended.
static bool wait_some(Run *run)
{
    struct pollfd fds[MAX_JOBS];
    Worker *of[MAX_JOBS];
    nfds_t count = 0;
    for (uint32_t i = 0; i < MAX_JOBS; i++)
        if (run->workers[i].pid != 0) {
            fds[count] = (struct pollfd){.fd = run->workers[i].fd, .events = POLLIN};
            of[count++] = &run->workers[i];
        }
    if (count == 0)
        return false;
    if (poll(fds, count, -1) < 0)
        return errno == EINTR;
    for (nfds_t i = 0; i < count; i++) {
        if (fds[i].revents == 0)
            continue;
        char chunk[CHUNK];
        const ssize_t got = read(of[i]->fd, chunk, sizeof(chunk));
        if (got > 0)
            buf_str(&of[i]->bytes, (Str){chunk, (size_t)got});
        else if (got == 0 || errno != EINTR)
            finish(run, of[i]);
    }
    return true;
}

static void run_all(Run *run)
{
    const uint32_t wanted = run->options->jobs ? run->options->jobs : 1;
    const uint32_t jobs = wanted < MAX_JOBS ? wanted : MAX_JOBS;
    do {
        for (uint32_t i = 0; i < jobs; i++)
            if (run->workers[i].pid == 0 && run->started < run->mutants->len &&
                run->counted < run->options->count && !start(run, &run->workers[i]))
                break;
        report(run);
    } while (wait_some(run));
    report(run);
}

MutantTotals mutant_run(Isle *isle, const MutantOptions *options, Arena *arena)
{
    MutantTotals totals = {0};
    Mutants all = {0}, wanted = {0};
    MutantBase base = {.isle = isle, .options = options};
    collect(&base, arena, &totals, &all);
    if (options->name) {
        for (uint32_t i = 0; i < all.len; i++)
            if (str_eq_c(all.data[i].name, options->name))
                VEC_PUSH(arena, &wanted, all.data[i]);
    } else {
        interleave(arena, &all, &wanted);
    }
    Run *const run = ARENA_NEW(arena, Run);
    *run = (Run){.base = &base, .options = options, .arena = arena, .totals = &totals};
    run->rules = bitset_new(arena, isle->rules.len);
    run->mutants = &wanted;
    run->results = ARENA_ARRAY(arena, MutantResult, wanted.len);
    run->done = ARENA_ARRAY(arena, bool, wanted.len);
    run_all(run);
    return totals;
}
