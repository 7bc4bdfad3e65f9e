// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A Cpu over Unicorn.
//
// One engine is used for all calls: opening one costs as much as a thousand calls of cached code.
// Fresh code needs uc_ctl_remove_cache over the old and the new range; nothing else drops
// translations. Unicorn's translation buffer only grows, so that the engine is opened anew after
// RECYCLE_LOADS images.
//
// After a memory fault the program counter is that of the basic block, not of the instruction. Then
// memory and registers are put back as they were before, and a second engine, in which each
// instruction calls a hook, runs the same again. When there is too much memory to keep a copy of
// for each run, the machine gets the block's range instead.

#include "emulate/unicorn/unicorn_internal.h"

// MAP_ANONYMOUS is no part of POSIX: pages come from /dev/zero.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define RECYCLE_LOADS  4000u // some ten MB of translations, and a hundredth of the time
#define CODE_PAGES     (UINT64_C(1) << 16) // the smallest code area
#define SNAPSHOT_BYTES (UINT64_C(1) << 20) // the most that is copied before a run
#define MXCSR          0x1f80u

typedef struct UnicornRegion {
    uint64_t address, size;
    uint8_t *host;
} UnicornRegion;

// One of the two engines.
typedef struct UcEngine {
    uc_engine *uc; // NULL: not open
    uc_context *pristine;
    bool exact; // has the hook on instructions
    bool stale; // the CPU's state has to be put back before the next run
} UcEngine;

typedef struct Unicorn {
    Cpu base;
    Arena arena, scratch;
    Arch arch;
    UcEngine fast, exact;
    uint8_t *code;
    uint64_t code_size, code_used;
    uint32_t loads;
    VEC(UnicornRegion) regions;

    GuestRegs regs; // that Unicorn's registers are copied to and from
    UnicornRegs list;

    // Of the run, set by hooks.
    uint64_t fuel, used;
    bool out_of_fuel;
    bool has_fault;
    uint64_t fault, pc;
    uint64_t block;
    uint32_t block_size;
} Unicorn;

static Unicorn *unicorn_of(Cpu *cpu)
{
    return (Unicorn *)cpu; // its first member
}

// ---- Host memory ----

static uint8_t *host_pages(uint64_t size)
{
    const int zero = open("/dev/zero", O_RDWR);
    if (zero < 0)
        return NULL;
    void *const pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
    close(zero);
    return pages == MAP_FAILED ? NULL : pages;
}

// Bytes that trap when they are run: ud2, or udf.
static void fill_with_traps(const Unicorn *u, uint64_t from, uint64_t to)
{
    static const uint8_t ud2[2] = {0x0f, 0x0b};
    if (u->arch != ARCH_X86_64) {
        memset(u->code + from, 0, to - from);
        return;
    }
    for (uint64_t i = from; i < to; i++)
        u->code[i] = ud2[i & 1];
}

// ---- Hooks ----

static void on_block(uc_engine *uc, uint64_t address, uint32_t size, void *context)
{
    Unicorn *const u = context;
    u->block = address;
    u->block_size = size;
    u->used += size / 4 != 0 ? size / 4 : 1;
    if (u->used < u->fuel)
        return;
    u->out_of_fuel = true;
    uc_emu_stop(uc);
}

static void on_code(uc_engine *uc, uint64_t address, uint32_t size, void *context)
{
    Unicorn *const u = context;
    (void)uc, (void)size;
    u->pc = address;
}

static bool on_invalid(uc_engine *uc, uc_mem_type type, uint64_t address, int size, int64_t value,
                       void *context)
{
    Unicorn *const u = context;
    (void)uc, (void)type, (void)size, (void)value;
    u->has_fault = true;
    u->fault = address;
    return false;
}

// uc_hook_add takes functions as objects, which C has no conversion for.
typedef union HookFn {
    void (*code)(uc_engine *, uint64_t, uint32_t, void *);
    bool (*invalid)(uc_engine *, uc_mem_type, uint64_t, int, int64_t, void *);
    void *object;
} HookFn;

static bool add_hook(Unicorn *u, const UcEngine *e, int type, HookFn fn)
{
    uc_hook hook;
    return uc_hook_add(e->uc, &hook, type, fn.object, u, 1, 0) == UC_ERR_OK;
}

// ---- Engines ----

static void close_engine(UcEngine *e)
{
    if (e->pristine)
        uc_context_free(e->pristine);
    if (e->uc)
        uc_close(e->uc);
    e->pristine = NULL;
    e->uc = NULL;
}

static bool map_all(const Unicorn *u, uc_engine *uc)
{
    for (uint32_t i = 0; i < u->regions.len; i++) {
        const UnicornRegion *const r = &u->regions.data[i];
        if (uc_mem_map_ptr(uc, r->address, r->size, UC_PROT_READ | UC_PROT_WRITE, r->host) !=
            UC_ERR_OK)
            return false;
    }
    return uc_mem_map_ptr(uc, MACHINE_CODE, u->code_size, UC_PROT_READ | UC_PROT_EXEC, u->code) ==
               UC_ERR_OK &&
           uc_mem_map(uc, MACHINE_EXIT, MACHINE_PAGE, UC_PROT_ALL) == UC_ERR_OK;
}

static bool set_up_engine(Unicorn *u, UcEngine *e)
{
    const uint32_t mxcsr = MXCSR;
    const bool x64 = u->arch == ARCH_X86_64;
    // The one CPU model that has all of AArch64's extensions; x86 ignores models.
    if (!x64 && uc_ctl_set_cpu_model(e->uc, UC_CPU_ARM64_MAX) != UC_ERR_OK)
        return false;
    // Hooks become part of translations, so they come before any code runs.
    return map_all(u, e->uc) && add_hook(u, e, UC_HOOK_BLOCK, (HookFn){.code = on_block}) &&
           add_hook(u, e, UC_HOOK_MEM_INVALID, (HookFn){.invalid = on_invalid}) &&
           (!e->exact || add_hook(u, e, UC_HOOK_CODE, (HookFn){.code = on_code})) &&
           (!x64 || uc_reg_write(e->uc, UC_X86_REG_MXCSR, &mxcsr) == UC_ERR_OK) &&
           uc_context_alloc(e->uc, &e->pristine) == UC_ERR_OK &&
           uc_context_save(e->uc, e->pristine) == UC_ERR_OK;
}

static bool open_engine(Unicorn *u, UcEngine *e)
{
    const bool x64 = u->arch == ARCH_X86_64;
    const uc_arch arch = x64 ? UC_ARCH_X86 : UC_ARCH_ARM64;
    if (uc_open(arch, x64 ? UC_MODE_64 : UC_MODE_ARM, &e->uc) != UC_ERR_OK) {
        e->uc = NULL;
        return false;
    }
    if (set_up_engine(u, e))
        return true;
    close_engine(e);
    return false;
}

static bool reopen(Unicorn *u)
{
    close_engine(&u->fast);
    close_engine(&u->exact);
    u->loads = 0;
    return open_engine(u, &u->fast);
}

// ---- Code and memory ----

// Also opens the engine when the first code comes: many executors never run any.
static bool grow_code(Unicorn *u, uint64_t size)
{
    uint64_t room = u->code_size == 0 ? CODE_PAGES : u->code_size;
    while (room < size)
        room *= 2;
    uint8_t *const pages = host_pages(room);
    if (!pages)
        return false;
    close_engine(&u->fast);
    close_engine(&u->exact);
    if (u->code)
        munmap(u->code, u->code_size);
    u->code = pages;
    u->code_size = room;
    u->code_used = 0;
    fill_with_traps(u, 0, room);
    return reopen(u);
}

static void drop_translations(const UcEngine *e, uint64_t size)
{
    if (e->uc && size != 0)
        uc_ctl_remove_cache(e->uc, MACHINE_CODE, MACHINE_CODE + size);
}

static bool do_set_code(Cpu *cpu, const uint8_t *bytes, uint64_t size)
{
    Unicorn *const u = unicorn_of(cpu);
    if (size > u->code_size && !grow_code(u, size))
        return false;
    if (++u->loads > RECYCLE_LOADS && !reopen(u))
        return false;
    const uint64_t longer = size > u->code_used ? size : u->code_used;
    if (longer == 0) // a module of which nothing could be compiled
        return true;
    memcpy(u->code, bytes, size);
    fill_with_traps(u, size, longer);
    drop_translations(&u->fast, longer);
    drop_translations(&u->exact, longer);
    u->fast.stale = u->exact.stale = true;
    u->code_used = size;
    return true;
}

static uint8_t *do_map(Cpu *cpu, uint64_t address, uint64_t size)
{
    Unicorn *const u = unicorn_of(cpu);
    uint8_t *const pages = host_pages(size);
    if (!pages)
        return NULL;
    const UnicornRegion region = {address, size, pages};
    if (u->fast.uc && uc_mem_map_ptr(u->fast.uc, address, size, UC_PROT_READ | UC_PROT_WRITE,
                                     pages) != UC_ERR_OK) {
        munmap(pages, size);
        return NULL;
    }
    VEC_PUSH(&u->arena, &u->regions, region);
    close_engine(&u->exact);
    return pages;
}

// ---- Snapshots ----

// What of a region a run can see: of the stack, what is live.
static UnicornRegion live_part(const UnicornRegion *r, uint64_t sp)
{
    UnicornRegion part = *r;
    if (r->address == MACHINE_STACK && sp - r->address < r->size) {
        part.host += sp - r->address;
        part.size -= sp - r->address;
    }
    return part;
}

static uint64_t stack_pointer(const Unicorn *u, const GuestRegs *regs)
{
    return regs->ints[marshal_convention(u->arch)->sp];
}

// A copy of memory as the run with `regs` finds it, NULL when it is too much.
static uint8_t *save_memory(Unicorn *u, const GuestRegs *regs)
{
    uint64_t size = 0, at = 0;
    for (uint32_t i = 0; i < u->regions.len; i++)
        size += live_part(&u->regions.data[i], stack_pointer(u, regs)).size;
    if (size > SNAPSHOT_BYTES)
        return NULL;
    uint8_t *const copy = arena_alloc(&u->scratch, size, 64);
    for (uint32_t i = 0; i < u->regions.len; i++) {
        const UnicornRegion part = live_part(&u->regions.data[i], stack_pointer(u, regs));
        memcpy(copy + at, part.host, part.size);
        at += part.size;
    }
    return copy;
}

static void restore_memory(Unicorn *u, const GuestRegs *regs, const uint8_t *copy)
{
    uint64_t at = 0;
    for (uint32_t i = 0; i < u->regions.len; i++) {
        const UnicornRegion part = live_part(&u->regions.data[i], stack_pointer(u, regs));
        memcpy(part.host, copy + at, part.size);
        at += part.size;
    }
}

// ---- Runs ----

// Registers are all written before a run. What else there is of the CPU's state, which takes longer
// than many a run to put back, is so for each new code, and when a run did not end by itself.
static uc_err emulate(Unicorn *u, UcEngine *e, const GuestRegs *regs, uint64_t fuel)
{
    u->regs = *regs;
    u->fuel = fuel;
    u->used = 0;
    u->out_of_fuel = u->has_fault = false;
    u->block = u->pc = regs->pc;
    u->block_size = 0;
    if (e->stale)
        uc_context_restore(e->uc, e->pristine);
    uc_reg_write_batch(e->uc, u->list.ids, u->list.values, u->list.count - 1);
    const uc_err error = uc_emu_start(e->uc, regs->pc, MACHINE_EXIT, 0, 0);
    uc_reg_read_batch(e->uc, u->list.ids, u->list.values, u->list.count);
    e->stale = error != UC_ERR_OK || u->regs.pc != MACHINE_EXIT;
    return error;
}

static bool is_data_fault(uc_err error)
{
    return error == UC_ERR_READ_UNMAPPED || error == UC_ERR_WRITE_UNMAPPED ||
           error == UC_ERR_READ_PROT || error == UC_ERR_WRITE_PROT ||
           error == UC_ERR_READ_UNALIGNED || error == UC_ERR_WRITE_UNALIGNED;
}

// The run from `before` ended in a data fault: finds the exact place. False when it can't.
static bool find_exactly(Unicorn *u, const GuestRegs *before, const uint8_t *memory, uc_err error)
{
    if (!memory)
        return false;
    u->exact.exact = true;
    if (!u->exact.uc && !open_engine(u, &u->exact))
        return false;
    const uint64_t used = u->used;
    restore_memory(u, before, memory);
    const bool same = emulate(u, &u->exact, before, used + 1) == error && !u->out_of_fuel;
    u->regs.pc = u->pc;
    return same;
}

static CpuStop do_run(Cpu *cpu, GuestRegs *regs, uint64_t fuel)
{
    Unicorn *const u = unicorn_of(cpu);
    if (!u->fast.uc)
        return (CpuStop){.kind = CPU_BROKEN, .what = "Unicorn could not be opened again"};
    arena_reset(&u->scratch);
    const uint8_t *const memory = save_memory(u, regs);
    const uc_err error = emulate(u, &u->fast, regs, fuel);
    CpuStop stop = {.kind = u->out_of_fuel ? CPU_OUT_OF_FUEL : CPU_STOPPED,
                    .what = error == UC_ERR_OK ? "stopped" : uc_strerror(error)};
    stop.fuel_used = u->used;
    stop.counted = false; // the block that a fault ends is counted as a whole, and x86 by its bytes
    if (is_data_fault(error) && !find_exactly(u, regs, memory, error)) {
        u->regs.pc = u->block;
        stop.inexact_end = u->block + (u->block_size == 0 ? 1 : u->block_size);
    }
    stop.has_address = u->has_fault;
    stop.address = u->fault;
    *regs = u->regs;
    return stop;
}

// ---- Life ----

static void do_destroy(Cpu *cpu)
{
    Unicorn *const u = unicorn_of(cpu);
    close_engine(&u->fast);
    close_engine(&u->exact);
    for (uint32_t i = 0; i < u->regions.len; i++)
        munmap(u->regions.data[i].host, u->regions.data[i].size);
    if (u->code)
        munmap(u->code, u->code_size);
    arena_free(&u->scratch);
    Arena last = u->arena; // holds *u
    arena_free(&last);
}

static const CpuOps unicorn_cpu_ops = {do_destroy, do_set_code, do_map, do_run};

Cpu *unicorn_cpu(Arch arch)
{
    Arena arena = {0};
    Unicorn *const u = ARENA_NEW(&arena, Unicorn);
    u->arena = arena; // moved: `arena` is not used any more
    u->base.ops = &unicorn_cpu_ops;
    u->arch = arch;
    unicorn_list_registers(arch, &u->regs, &u->list);
    return &u->base;
}

Executor *unicorn_create(Arch arch, const ExecutorConfig *config, const char **reason)
{
    const MachineOptions options = {arch, unicorn_cpu(arch), unicorn_refuse};
    Executor *const ex = machine_create(&options, config);
    if (!ex)
        *reason = "Unicorn has no memory for a stack";
    return ex;
}
