// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A Cpu over a child process: this process's side.
#define _GNU_SOURCE // memfd_create

#include "emulate/native/native_internal.h"

#ifndef NATIVE_LACKS

#    include <errno.h>
#    include <fcntl.h>
#    include <signal.h>
#    include <stdio.h>
#    include <sys/mman.h>
#    include <sys/wait.h>
#    include <unistd.h>

#    define CODE_SIZE (UINT64_C(1) << 16) // the smallest code area
#    define FUEL_MIN  UINT64_C(20000)     // microseconds: the timer's own steps are coarse

typedef struct Native {
    Cpu base;
    Arena arena;
    int file; // all shared memory
    uint64_t file_size;
    VEC(NativeRegion) regions; // 0 is the code
    uint64_t code_used;
    NativeShared *shared;

    pid_t child; // 0: none
    int requests, replies;
    char message[80];
} Native;

static Native *native_of(Cpu *cpu)
{
    return (Native *)cpu; // its first member
}

// ---- Memory ----

// A range of the shared file at both sides; a running child does not see it.
static bool new_region(Native *n, uint64_t address, uint64_t size, NativeRegion *out)
{
    *out = (NativeRegion){.address = address, .size = size, .offset = n->file_size};
    if (ftruncate(n->file, (off_t)(n->file_size + size)) != 0)
        return false;
    void *const pages =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, n->file, (off_t)n->file_size);
    if (pages == MAP_FAILED)
        return false;
    n->file_size += size;
    out->host = pages;
    return true;
}

// ---- The child ----

static void stop_child(Native *n)
{
    if (n->child == 0)
        return;
    kill(n->child, SIGKILL);
    while (waitpid(n->child, NULL, 0) < 0 && errno == EINTR)
        continue;
    close(n->requests);
    close(n->replies);
    n->child = 0;
}

// The child's next word, 0 when it is dead.
static char hear(const Native *n)
{
    char what = 0;
    ssize_t got;
    do
        got = read(n->replies, &what, 1);
    while (got < 0 && errno == EINTR);
    return got == 1 ? what : '\0';
}

static bool make_pipes(int requests[2], int replies[2])
{
    if (pipe2(requests, O_CLOEXEC) != 0)
        return false;
    if (pipe2(replies, O_CLOEXEC) == 0)
        return true;
    close(requests[0]);
    close(requests[1]);
    return false;
}

static bool start_child(Native *n)
{
    int requests[2], replies[2];
    if (!make_pipes(requests, replies))
        return false;
    const NativeChild child = {.requests = requests[0],
                               .replies = replies[1],
                               .file = n->file,
                               .shared = n->shared,
                               .regions = n->regions.data,
                               .num_regions = n->regions.len,
                               .parent = getpid()};
    const pid_t id = fork();
    if (id == 0) {
        close(requests[1]);
        close(replies[0]);
        native_child(&child);
    }
    close(requests[0]);
    close(replies[1]);
    if (id < 0) {
        close(requests[1]);
        close(replies[0]);
        return false;
    }
    n->child = id;
    n->requests = requests[1];
    n->replies = replies[0];
    if (hear(n) == NATIVE_READY)
        return true;
    stop_child(n);
    return false;
}

// ---- What a Cpu does ----

// Code that is replaced while the child waits is seen by it: it returns to the code by an iret,
// which the CPU orders behind the writes.
static bool do_set_code(Cpu *cpu, const uint8_t *bytes, uint64_t size)
{
    static const uint8_t ud2[2] = {0x0f, 0x0b};
    Native *const n = native_of(cpu);
    NativeRegion *const code = &n->regions.data[0];
    if (size > code->size) {
        NativeRegion larger;
        uint64_t room = code->size;
        while (room < size)
            room *= 2;
        stop_child(n);
        if (!new_region(n, MACHINE_CODE, room, &larger))
            return false;
        munmap(code->host, code->size);
        *code = larger;
        code->is_code = true;
        n->code_used = room;
    }
    memcpy(code->host, bytes, size);
    for (uint64_t i = size; i < n->code_used; i++)
        code->host[i] = ud2[i & 1];
    n->code_used = size;
    return true;
}

static uint8_t *do_map(Cpu *cpu, uint64_t address, uint64_t size)
{
    Native *const n = native_of(cpu);
    NativeRegion region;
    if (!new_region(n, address, size, &region))
        return NULL;
    stop_child(n);
    VEC_PUSH(&n->arena, &n->regions, region);
    return region.host;
}

static const char *signal_name(int signal)
{
    switch (signal) {
    case SIGSEGV: return "SIGSEGV: memory fault";
    case SIGBUS: return "SIGBUS: memory fault";
    case SIGILL: return "SIGILL: illegal instruction";
    case SIGFPE: return "SIGFPE: arithmetic fault";
    case SIGTRAP: return "SIGTRAP: breakpoint";
    default: return "an unknown signal";
    }
}

static CpuStop broken(Native *n)
{
    int status = 0;
    while (waitpid(n->child, &status, 0) < 0 && errno == EINTR)
        continue;
    close(n->requests);
    close(n->replies);
    n->child = 0;
    const char *const name = WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "an exit";
    snprintf(n->message, sizeof(n->message), "the process that runs the code died: %s", name);
    return (CpuStop){.kind = CPU_BROKEN, .what = n->message};
}

static CpuStop do_run(Cpu *cpu, GuestRegs *regs, uint64_t fuel)
{
    Native *const n = native_of(cpu);
    const char run = NATIVE_RUN;
    if (n->child == 0 && !start_child(n))
        return (CpuStop){.kind = CPU_BROKEN,
                         .what = "a process with the guest's memory can't be started"};
    n->shared->regs = *regs;
    n->shared->microseconds = fuel == UINT64_MAX       ? 0
                              : fuel / 1000 < FUEL_MIN ? FUEL_MIN
                                                       : fuel / 1000;
    if (write(n->requests, &run, 1) != 1 || hear(n) != NATIVE_STOPPED)
        return broken(n);
    *regs = n->shared->regs;
    const NativeReport *const report = &n->shared->report;
    if (report->signal == SIGVTALRM)
        return (CpuStop){.kind = CPU_OUT_OF_FUEL, .what = "SIGVTALRM", .fuel_used = fuel};
    return (CpuStop){.kind = CPU_STOPPED,
                     .what = signal_name(report->signal),
                     .has_address = report->has_address,
                     .address = report->address};
}

// ---- Life ----

static void do_destroy(Cpu *cpu)
{
    Native *const n = native_of(cpu);
    stop_child(n);
    for (uint32_t i = 0; i < n->regions.len; i++)
        munmap(n->regions.data[i].host, n->regions.data[i].size);
    if (n->shared)
        munmap(n->shared, sizeof(*n->shared));
    if (n->file >= 0)
        close(n->file);
    Arena last = n->arena; // holds *n
    arena_free(&last);
}

static const CpuOps native_cpu_ops = {do_destroy, do_set_code, do_map, do_run};

static bool set_up(Native *n)
{
    NativeRegion code, shared;
    n->file = memfd_create("assay-guest", MFD_CLOEXEC);
    if (n->file < 0 || !new_region(n, 0, sizeof(NativeShared) + MACHINE_PAGE, &shared))
        return false;
    n->shared = (NativeShared *)(void *)shared.host;
    n->file_size = (n->file_size + MACHINE_PAGE - 1) & ~(MACHINE_PAGE - 1);
    if (!new_region(n, MACHINE_CODE, CODE_SIZE, &code))
        return false;
    code.is_code = true;
    n->code_used = CODE_SIZE;
    VEC_PUSH(&n->arena, &n->regions, code);
    return true;
}

Cpu *native_cpu(const char **reason)
{
    Arena arena = {0};
    Native *const n = ARENA_NEW(&arena, Native);
    n->arena = arena; // moved: `arena` is not used any more
    n->base.ops = &native_cpu_ops;
    *reason = "the system has no memory to share with a process for native code";
    if (!set_up(n)) {
        do_destroy(&n->base);
        return NULL;
    }
    return &n->base;
}

Executor *native_create(const ExecutorConfig *config, const char **reason)
{
    Cpu *const cpu = native_cpu(reason);
    const MachineOptions options = {ARCH_X86_64, cpu, native_refuse};
    return cpu ? machine_create(&options, config) : NULL;
}

#else

Cpu *native_cpu(const char **reason)
{
    *reason = NATIVE_LACKS;
    return NULL;
}

Executor *native_create(const ExecutorConfig *config, const char **reason)
{
    (void)config;
    *reason = NATIVE_LACKS;
    return NULL;
}

#endif
