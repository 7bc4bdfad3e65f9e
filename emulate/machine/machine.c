// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loading, names and memory of a machine.

#include "driver/driver.h"
#include "emulate/machine/machine_internal.h"

// ---- Names ----

uint32_t machine_name(Machine *m, Str name)
{
    const uint32_t number = strtable_add(&m->arena, &m->names, name);
    if (number == m->externs.len) {
        const MachineExtern ext = {.name = m->names.strings.data[number], .func = NO_INDEX};
        VEC_PUSH(&m->arena, &m->externs, ext);
    }
    return number;
}

uint32_t machine_name_of(Machine *m, const ExtName *name)
{
    return machine_name(m, executor_name(name, &m->scratch));
}

static void do_import(Executor *ex, Str name, ImportFn fn, void *context)
{
    Machine *const m = machine_of(ex);
    const uint32_t number = machine_name(m, name); // may move the table
    MachineExtern *const ext = &m->externs.data[number];
    ext->fn = fn;
    ext->context = context;
}

static bool resolve(void *context, const ExtName *name, uint64_t *address)
{
    *address = MACHINE_IMPORTS + 16 * (uint64_t)machine_name_of(context, name);
    return *address < MACHINE_IMPORTS_END;
}

// ---- Modules ----

static Status link_image(Machine *m, Diag *diag)
{
    for (uint32_t i = 0; i < m->externs.len; i++)
        m->externs.data[i].func = NO_INDEX;
    for (uint32_t i = 0; i < m->module->funcs.len; i++) {
        const uint32_t name =
            machine_name_of(m, &m->module->funcs.data[i]->name); // may move the table
        MachineExtern *const ext = &m->externs.data[name];
        if (ext->func == NO_INDEX)
            ext->func = i;
    }
    const JitOptions options = {m->arch, MACHINE_CODE, resolve, m};
    TRY(jit_link(m->funcs, m->module->funcs.len, &options, &m->code, &m->image, diag));
    if (m->image.size > MACHINE_CODE_MAX ||
        !m->cpu->ops->set_code(m->cpu, m->image.bytes, m->image.size))
        return diag_error(diag, STATUS_LIMIT, NULL, POS_NONE,
                          "the engine has no room for the code");
    return STATUS_OK;
}

static void begin_load(Machine *m, const Module *module)
{
    arena_reset(&m->code);
    arena_reset(&m->scratch);
    m->module = module;
    m->funcs = ARENA_ARRAY(&m->code, CompiledFunc, module->funcs.len);
    m->failures = ARENA_ARRAY(&m->code, Str, module->funcs.len);
    m->entries = ARENA_ARRAY(&m->code, MachineEntry, module->funcs.len);
}

// Compiles function `i`. One that is not supported is noted, and only calls of it will end so.
static Status compile(Machine *m, const DriverOptions *options, uint32_t i, Diag *diag)
{
    Diag own = {.arena = &m->code};
    const Func *const f = m->module->funcs.data[i];
    const Status status = driver_compile(f, options, &m->code, &m->scratch, &m->funcs[i], &own);
    arena_reset(&m->scratch);
    if (status == STATUS_OK)
        return STATUS_OK;
    ASSERT(own.messages.len != 0);
    m->failures[i] = own.messages.data[0].text;
    if (status == STATUS_UNSUPPORTED)
        return STATUS_OK;
    for (uint32_t k = 0; k < own.messages.len; k++)
        diag_error(diag, status, NULL, POS_NONE, "%.*s", STR_ARG(own.messages.data[k].text));
    return status;
}

static Status do_load(Executor *ex, const Module *module, const Settings *settings, const Isa *isa,
                      Diag *diag)
{
    Machine *const m = machine_of(ex);
    Isa baseline = {0};
    m->module = NULL;
    if (!isa) {
        const Status known = isa_parse(str_from(arch_name(m->arch)), &baseline);
        ASSERT(known == STATUS_OK);
        isa = &baseline;
    }
    if (isa->arch != m->arch)
        return diag_error(diag, STATUS_UNSUPPORTED, NULL, POS_NONE, "this engine runs %s code only",
                          arch_name(m->arch));
    const char *const why = m->refuse(isa);
    if (why)
        return diag_error(diag, STATUS_UNSUPPORTED, NULL, POS_NONE, "%s", why);
    begin_load(m, module);
    const DriverOptions options = {.settings = settings,
                                   .isa = isa,
                                   .check = true,
                                   .lower_rules = m->config.lower_rules,
                                   .opt_rules = m->config.opt_rules};
    Status status = STATUS_OK;
    for (uint32_t i = 0; i < module->funcs.len && status == STATUS_OK; i++)
        status = compile(m, &options, i, diag);
    if (status == STATUS_OK)
        status = link_image(m, diag);
    if (status != STATUS_OK)
        m->module = NULL;
    return status;
}

Status machine_load_compiled(Executor *ex, const Module *module, const CompiledFunc *funcs,
                             Diag *diag)
{
    Machine *const m = machine_of(ex);
    begin_load(m, module);
    memcpy(m->funcs, funcs, sizeof(*funcs) * module->funcs.len);
    return link_image(m, diag);
}

static uint64_t do_func_address(Executor *ex, uint32_t func)
{
    Machine *const m = machine_of(ex);
    ASSERT(m->module && func < m->module->funcs.len);
    if (m->image.addresses[func] != 0)
        return m->image.addresses[func];
    return MACHINE_IMPORTS + 16 * (uint64_t)machine_name_of(m, &m->module->funcs.data[func]->name);
}

// ---- Memory ----

static Status do_map(Executor *ex, uint64_t address, uint64_t size)
{
    Machine *const m = machine_of(ex);
    const uint64_t mask = MACHINE_PAGE - 1, limit = UINT64_C(1) << 46;
    if (address < UINT64_C(1) << 32 || size == 0 || address > limit || size > UINT64_C(1) << 34)
        return STATUS_LIMIT;
    MachineRegion region = {address, size, address & ~mask, (address + size + mask) & ~mask, NULL};
    for (uint32_t i = 0; i < m->regions.len; i++)
        if (region.first < m->regions.data[i].end && m->regions.data[i].first < region.end)
            return STATUS_LIMIT;
    uint8_t *const pages = m->cpu->ops->map(m->cpu, region.first, region.end - region.first);
    if (!pages)
        return STATUS_LIMIT;
    region.host = pages + (address & mask);
    VEC_PUSH(&m->arena, &m->regions, region);
    return STATUS_OK;
}

uint8_t *machine_find(Machine *m, uint64_t address, uint64_t size)
{
    const uint64_t stack_at = address - MACHINE_STACK;
    if (m->live_stack != 0 && address >= m->live_stack && stack_at < m->config.stack_size &&
        size <= m->config.stack_size - stack_at)
        return m->stack + stack_at;
    for (uint32_t i = 0; i < m->regions.len; i++) {
        const MachineRegion *const r = &m->regions.data[i];
        const uint64_t at = address - r->address;
        if (at < r->size && size <= r->size - at)
            return r->host + at;
    }
    return NULL;
}

static void *do_memory(Executor *ex, uint64_t address, uint64_t size)
{
    return machine_find(machine_of(ex), address, size);
}

// ---- Life ----

static void do_destroy(Executor *ex)
{
    Machine *const m = machine_of(ex);
    m->cpu->ops->destroy(m->cpu);
    arena_free(&m->code);
    arena_free(&m->scratch);
    Arena last = m->arena; // holds *m
    arena_free(&last);
}

static const ExecutorOps machine_executor_ops = {
    .destroy = do_destroy,
    .load = do_load,
    .import = do_import,
    .map = do_map,
    .memory = do_memory,
    .func_address = do_func_address,
    .call = machine_call,
};

static void make_garbage(Machine *m)
{
    for (uint32_t i = 0; i < 32; i++) {
        const uint64_t words[2] = {marshal_garbage(1000 + i), marshal_garbage(2000 + i)};
        m->dirt.ints[i] = words[0];
        memcpy(m->dirt.floats[i], words, 16);
    }
    for (uint32_t i = 0; i < CANARY_WORDS; i++) {
        m->upper_canary[i] = marshal_garbage(6000 + i);
        m->lower_canary[i] = marshal_garbage(7000 + i);
    }
}

Executor *machine_create(const MachineOptions *options, const ExecutorConfig *config)
{
    Arena arena = {0};
    Machine *const m = ARENA_NEW(&arena, Machine);
    m->arena = arena; // moved: `arena` is not used any more
    m->base.ops = &machine_executor_ops;
    m->arch = options->arch;
    m->convention = marshal_convention(options->arch);
    make_garbage(m);
    m->refuse = options->refuse;
    m->cpu = options->cpu;
    m->config = config ? *config : (ExecutorConfig){0};
    if (m->config.fuel == 0)
        m->config.fuel = EXECUTOR_DEFAULT_FUEL;
    if (m->config.stack_size == 0)
        m->config.stack_size = EXECUTOR_DEFAULT_STACK;
    ASSERT(m->config.stack_size <= MACHINE_STACK_MAX);
    m->config.stack_size = (m->config.stack_size + MACHINE_PAGE - 1) & ~(MACHINE_PAGE - 1);
    m->stack = m->cpu->ops->map(m->cpu, MACHINE_STACK, m->config.stack_size);
    if (m->stack)
        return &m->base;
    do_destroy(&m->base);
    return NULL;
}
