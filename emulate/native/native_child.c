// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The child process of a native executor.
//
// It spends its life in one signal handler. A signal raised by hand gets it in there the first
// time; the handler asks for registers, puts them into the context that it will return to, and
// returns: that is how guest code starts. Whatever stops it is a signal again: the return to
// MACHINE_EXIT and the calls of imports, which are not mapped, memory faults, ud2, division, and
// the timer. The handler runs on a stack of its own, so that an overflow of the guest's stack is a
// signal like any other.
#define _GNU_SOURCE // registers in ucontext, MAP_FIXED_NOREPLACE

#include "emulate/native/native_internal.h"

#ifndef NATIVE_LACKS

#    include <errno.h>
#    include <signal.h>
#    include <sys/mman.h>
#    include <sys/prctl.h>
#    include <sys/syscall.h>
#    include <sys/time.h>
#    include <ucontext.h>
#    include <unistd.h>

// The handler has no other way to its data than an address that both sides know: one page of the
// guest's own range.
#    define CONTROL_PAGE UINT64_C(0x07fff000)

#    if defined(__SANITIZE_ADDRESS__)
#        define SHADOW_IN_THE_WAY 1
#    elif defined(__has_feature)
#        if __has_feature(address_sanitizer)
#            define SHADOW_IN_THE_WAY 1
#        endif
#    endif

// AddressSanitizer reserves the addresses of guest data as a gap that it never uses; in the child
// they may be replaced.
#    ifdef SHADOW_IN_THE_WAY
#        define MAP_HOW MAP_FIXED
#    else
#        define MAP_HOW MAP_FIXED_NOREPLACE
#    endif

static const NativeChild *self(void)
{
    const NativeChild *child;
    memcpy(&child, (const void *)(uintptr_t)CONTROL_PAGE, sizeof(child)); // NOLINT
    return child;
}

// By system call: sanitizers would judge the address. `file` -1: private pages.
static bool map_at(const NativeRegion *r, int protection, int file)
{
    const int flags = file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
    return syscall(SYS_mmap, r->address, r->size, protection, flags | MAP_HOW, file, r->offset) ==
           (long)r->address;
}

static bool tell(const NativeChild *child, char what)
{
    ssize_t n;
    do
        n = write(child->replies, &what, 1);
    while (n < 0 && errno == EINTR);
    return n == 1;
}

static bool hear(const NativeChild *child)
{
    char what;
    ssize_t n;
    do
        n = read(child->requests, &what, 1);
    while (n < 0 && errno == EINTR);
    return n == 1 && what == NATIVE_RUN;
}

static void set_timer(uint64_t microseconds)
{
    const struct itimerval timer = {
        .it_value = {(time_t)(microseconds / 1000000), (suseconds_t)(microseconds % 1000000)}};
    setitimer(ITIMER_VIRTUAL, &timer, NULL);
}

// Where the registers of the ABI's numbers are in a context.
static const uint8_t greg_of[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                    REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                    REG_R12, REG_R13, REG_R14, REG_R15};

static void take_registers(const ucontext_t *context, GuestRegs *regs)
{
    for (uint32_t i = 0; i < 16; i++)
        regs->ints[i] = (uint64_t)context->uc_mcontext.gregs[greg_of[i]];
    for (uint32_t i = 0; i < 16; i++)
        memcpy(regs->floats[i], &context->uc_mcontext.fpregs->_xmm[i], 16);
    regs->pc = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
    regs->flags = (uint64_t)context->uc_mcontext.gregs[REG_EFL];
}

static void give_registers(ucontext_t *context, const GuestRegs *regs)
{
    for (uint32_t i = 0; i < 16; i++)
        context->uc_mcontext.gregs[greg_of[i]] = (greg_t)regs->ints[i];
    for (uint32_t i = 0; i < 16; i++)
        memcpy(&context->uc_mcontext.fpregs->_xmm[i], regs->floats[i], 16);
    context->uc_mcontext.fpregs->mxcsr = 0x1f80;
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)regs->pc;
    context->uc_mcontext.gregs[REG_EFL] = (greg_t)regs->flags;
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
    const NativeChild *const child = self();
    NativeShared *const shared = child->shared;
    set_timer(0);
    if (signal != SIGUSR1) {
        take_registers(context, &shared->regs);
        const bool has_address = signal == SIGSEGV || signal == SIGBUS;
        shared->report = (NativeReport){signal, has_address, (uint64_t)(uintptr_t)info->si_addr};
    }
    if (!tell(child, signal == SIGUSR1 ? NATIVE_READY : NATIVE_STOPPED) || !hear(child))
        _exit(0); // the parent is gone
    give_registers(context, &shared->regs);
    set_timer(shared->microseconds);
}

static bool map_regions(const NativeChild *child)
{
    const NativeRegion control = {.address = CONTROL_PAGE, .size = MACHINE_PAGE};
    for (uint32_t i = 0; i < child->num_regions; i++) {
        const NativeRegion *const r = &child->regions[i];
        const int protection = r->is_code ? PROT_READ | PROT_EXEC : PROT_READ | PROT_WRITE;
        if (!map_at(r, protection, child->file))
            return false;
    }
    return map_at(&control, PROT_READ | PROT_WRITE, -1);
}

// Handlers for all that guest code can raise, on a stack of their own.
static bool install_handlers(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGVTALRM, SIGUSR1};
    const size_t size = 1 << 18;
    void *const pages =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const stack_t stack = {.ss_sp = pages, .ss_size = size};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigset_t none;
    sigemptyset(&none);
    sigfillset(&action.sa_mask);
    bool good = pages != MAP_FAILED && sigaltstack(&stack, NULL) == 0 &&
                sigprocmask(SIG_SETMASK, &none, NULL) == 0;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        good = good && sigaction(signals[i], &action, NULL) == 0;
    return good;
}

NORETURN void native_child(const NativeChild *child)
{
    // A child whose parent dies ends, be it in an endless loop.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != child->parent)
        _exit(0);
    if (!map_regions(child) || !install_handlers()) {
        tell(child, NATIVE_NO_ROOM);
        _exit(0);
    }
    memcpy((void *)(uintptr_t)CONTROL_PAGE, &child, sizeof(child)); // NOLINT
    raise(SIGUSR1);
    _exit(0); // not reached: the handler returns into guest code
}

#endif
