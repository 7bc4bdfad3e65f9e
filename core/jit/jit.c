// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layout, stubs and relocations.

#include "jit/jit.h"

#define STUB_BYTES   16u
#define STUB_ADDRESS 8u // where in a stub the address lies

typedef struct Linker {
    const JitOptions *options;
    JitImage *image;
    Arena *arena;
    Diag *diag;
    StrTable names;          // of functions with code and of outside symbols
    VEC(uint32_t) name_func; // by name: function, or NO_INDEX
    VEC(uint32_t) name_stub; // by name: stub, or NO_INDEX
    VEC(uint64_t) stubs;     // address that each leads to
    uint64_t stubs_at;       // offset of the first one
} Linker;

// What a relocation's fields are computed from.
typedef struct Patch {
    uint8_t *at;
    uint64_t place;  // address of the field
    uint64_t symbol; // address of the symbol or its stub, with the addend
    uint64_t got;    // address of the GOT entry, 0: there is none
} Patch;

// ---- Symbols ----

static uint32_t intern(Linker *l, const ExtName *name)
{
    StrBuf text = {.arena = l->arena};
    extname_print(name, &text);
    const uint32_t number = strtable_add(l->arena, &l->names, buf_view(&text));
    if (number == l->name_func.len) {
        VEC_PUSH(l->arena, &l->name_func, NO_INDEX);
        VEC_PUSH(l->arena, &l->name_stub, NO_INDEX);
    }
    return number;
}

static bool is_got(RelocKind kind)
{
    return emit_reloc_class(kind) == RELOC_CLASS_GOT;
}

// Makes the stub of a symbol that needs one.
static Status prepare_symbol(Linker *l, const Reloc *reloc)
{
    const uint32_t name = intern(l, &reloc->name);
    const uint32_t func = l->name_func.data[name];
    if (emit_reloc_class(reloc->kind) == RELOC_CLASS_TLS)
        return diag_error(
            l->diag, STATUS_UNSUPPORTED, NULL, POS_NONE,
            "the thread-local symbol %.*s is not supported in images, only in objects",
            STR_ARG(l->names.strings.data[name]));
    if (l->name_stub.data[name] != NO_INDEX || (func != NO_INDEX && !is_got(reloc->kind)))
        return STATUS_OK;
    uint64_t address = func != NO_INDEX ? l->image->addresses[func] : 0;
    if (func == NO_INDEX && !l->options->resolve(l->options->context, &reloc->name, &address))
        return diag_error(l->diag, STATUS_INVALID, NULL, POS_NONE, "undefined symbol %.*s",
                          STR_ARG(l->names.strings.data[name]));
    l->name_stub.data[name] = l->stubs.len;
    VEC_PUSH(l->arena, &l->stubs, address);
    return STATUS_OK;
}

// ---- Fields ----

static void put32(uint8_t *at, uint32_t x)
{
    memcpy(at, &x, sizeof(x));
}

static uint32_t get32(const uint8_t *at)
{
    uint32_t x;
    memcpy(&x, at, sizeof(x));
    return x;
}

static void put_bits(uint8_t *at, uint64_t x, uint32_t pos, uint32_t width)
{
    const uint32_t mask = (1u << width) - 1;
    put32(at, (get32(at) & ~(mask << pos)) | ((uint32_t)x & mask) << pos);
}

static bool fits(int64_t x, uint32_t bits)
{
    const int64_t half = (int64_t)1 << (bits - 1);
    return x >= -half && x < half;
}

static bool patch_page(const Patch *p, uint64_t symbol)
{
    const int64_t pages = (int64_t)(symbol >> 12) - (int64_t)(p->place >> 12);
    put_bits(p->at, (uint64_t)pages, 29, 2);
    put_bits(p->at, (uint64_t)pages >> 2, 5, 19);
    return fits(pages, 21);
}

static bool patch_relative(const Patch *p, uint64_t symbol)
{
    const int64_t distance = (int64_t)(symbol - (p->place + 4));
    put32(p->at, (uint32_t)distance);
    return fits(distance, 32);
}

// Fills the field in; false when it does not reach.
static bool patch(RelocKind kind, const Patch *p)
{
    switch (kind) {
    case RELOC_X64_PC32:
    case RELOC_X64_PLT32: return patch_relative(p, p->symbol);
    case RELOC_X64_GOTPCREL: return patch_relative(p, p->got);
    case RELOC_ABS64: memcpy(p->at, &p->symbol, 8); return true;
    case RELOC_A64_CALL26:
    case RELOC_A64_JUMP26: {
        const int64_t distance = (int64_t)(p->symbol - p->place);
        put_bits(p->at, (uint64_t)distance >> 2, 0, 26);
        return fits(distance, 28) && distance % 4 == 0;
    }
    case RELOC_A64_ADR_PREL_PG_HI21: return patch_page(p, p->symbol);
    case RELOC_A64_ADD_ABS_LO12_NC: put_bits(p->at, p->symbol, 10, 12); return true;
    case RELOC_A64_ADR_GOT_PAGE: return patch_page(p, p->got);
    case RELOC_A64_LD64_GOT_LO12_NC: put_bits(p->at, (p->got & 0xfff) >> 3, 10, 12); return true;
    case RELOC_X64_TLSGD:
    case RELOC_A64_TLSDESC_ADR_PAGE21:
    case RELOC_A64_TLSDESC_LD64_LO12:
    case RELOC_A64_TLSDESC_ADD_LO12:
    case RELOC_A64_TLSDESC_CALL: // refused by prepare_symbol
    case RELOC_COUNT: break;
    }
    UNREACHABLE();
}

static Status relocate(Linker *l, uint32_t func, const Reloc *reloc)
{
    JitImage *const image = l->image;
    const uint64_t place = image->addresses[func] + reloc->offset;
    const uint32_t name = intern(l, &reloc->name);
    const uint32_t local = l->name_func.data[name], stub = l->name_stub.data[name];
    const uint64_t stub_at = image->base + l->stubs_at + (uint64_t)STUB_BYTES * stub;
    Patch p = {.at = image->bytes + (place - image->base), .place = place};
    if (stub != NO_INDEX)
        p.got = stub_at + STUB_ADDRESS + (is_got(reloc->kind) ? (uint64_t)reloc->addend : 0);
    p.symbol = local != NO_INDEX                                   ? image->addresses[local]
               : emit_reloc_class(reloc->kind) == RELOC_CLASS_CALL ? stub_at
                                                                   : l->stubs.data[stub];
    p.symbol += (uint64_t)reloc->addend;
    if (patch(reloc->kind, &p))
        return STATUS_OK;
    return diag_error(l->diag, STATUS_LIMIT, NULL, POS_NONE,
                      "a reference to %.*s does not reach: the code is too large",
                      STR_ARG(l->names.strings.data[name]));
}

// ---- The image ----

static uint64_t align_up(uint64_t x, uint64_t align)
{
    return (x + align - 1) & ~(align - 1);
}

static Status lay_out(Linker *l)
{
    JitImage *const image = l->image;
    uint64_t size = 0;
    for (uint32_t i = 0; i < image->num_funcs; i++) {
        const CompiledFunc *const f = &image->funcs[i];
        if (!f->code)
            continue;
        size = align_up(size, f->align);
        image->addresses[i] = image->base + size;
        size += f->size;
        image->num_traps += f->num_traps;
        image->num_calls += f->num_calls;
        const uint32_t name = intern(l, &f->func->name);
        if (l->name_func.data[name] == NO_INDEX)
            l->name_func.data[name] = i;
    }
    for (uint32_t i = 0; i < image->num_funcs; i++)
        for (uint32_t r = 0; r < image->funcs[i].num_relocs; r++)
            TRY(prepare_symbol(l, &image->funcs[i].relocs[r]));
    l->stubs_at = align_up(size, STUB_BYTES);
    image->size = l->stubs_at + (uint64_t)STUB_BYTES * l->stubs.len;
    return STATUS_OK;
}

static void fill_stubs(const Linker *l)
{
    // jmp [rip + 2]; ud2            ldr x16, #8; br x16
    static const uint8_t x64[8] = {0xff, 0x25, 0x02, 0x00, 0x00, 0x00, 0x0f, 0x0b};
    static const uint8_t a64[8] = {0x50, 0x00, 0x00, 0x58, 0x00, 0x02, 0x1f, 0xd6};
    for (uint32_t i = 0; i < l->stubs.len; i++) {
        uint8_t *const at = l->image->bytes + l->stubs_at + (uint64_t)STUB_BYTES * i;
        memcpy(at, l->options->arch == ARCH_X86_64 ? x64 : a64, STUB_ADDRESS);
        memcpy(at + STUB_ADDRESS, &l->stubs.data[i], 8);
    }
}

static void fill_tables(const Linker *l)
{
    JitImage *const image = l->image;
    image->traps = ARENA_ARRAY(l->arena, JitSite, image->num_traps);
    image->calls = ARENA_ARRAY(l->arena, JitSite, image->num_calls);
    uint32_t traps = 0, calls = 0;
    for (uint32_t i = 0; i < image->num_funcs; i++) {
        const CompiledFunc *const f = &image->funcs[i];
        if (!f->code)
            continue;
        for (uint32_t k = 0; k < f->num_traps; k++)
            image->traps[traps++] = (JitSite){image->addresses[i] + f->traps[k].offset, i,
                                              f->traps[k].inst, f->traps[k].code};
        for (uint32_t k = 0; k < f->num_calls; k++)
            image->calls[calls++] = (JitSite){image->addresses[i] + f->calls[k].return_offset, i,
                                              f->calls[k].inst, TRAP_NONE};
    }
}

Status jit_link(const CompiledFunc *funcs, uint32_t n, const JitOptions *options, Arena *arena,
                JitImage *out, Diag *diag)
{
    ASSERT(options->base % 4096 == 0);
    ASSERT(options->arch == ARCH_X86_64 || options->arch == ARCH_AARCH64);
    *out = (JitImage){.base = options->base, .funcs = funcs, .num_funcs = n};
    out->addresses = ARENA_ARRAY(arena, uint64_t, n);
    Linker l = {.options = options, .image = out, .arena = arena, .diag = diag};
    TRY(lay_out(&l));
    out->bytes = arena_zalloc(arena, out->size, 64);
    for (uint32_t i = 0; i < n; i++)
        if (funcs[i].code)
            memcpy(out->bytes + (out->addresses[i] - out->base), funcs[i].code, funcs[i].size);
    fill_stubs(&l);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t r = 0; r < funcs[i].num_relocs; r++)
            TRY(relocate(&l, i, &funcs[i].relocs[r]));
    fill_tables(&l);
    return STATUS_OK;
}

// ---- Questions ----

// Index of the first site at or behind `address`.
static uint32_t find_site(const JitSite *sites, uint32_t n, uint64_t address)
{
    uint32_t low = 0, high = n;
    while (low < high) {
        const uint32_t mid = low + (high - low) / 2;
        if (sites[mid].address < address)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

const JitSite *jit_find_trap(const JitImage *image, uint64_t address)
{
    uint32_t count;
    const JitSite *const site = jit_find_traps(image, address, address + 1, &count);
    return count != 0 ? site : NULL;
}

const JitSite *jit_find_traps(const JitImage *image, uint64_t address, uint64_t end,
                              uint32_t *count)
{
    const uint32_t first = find_site(image->traps, image->num_traps, address);
    *count = find_site(image->traps, image->num_traps, end) - first;
    return image->traps + first;
}

const JitSite *jit_find_call(const JitImage *image, uint64_t address)
{
    const uint32_t i = find_site(image->calls, image->num_calls, address);
    return i < image->num_calls && image->calls[i].address == address ? &image->calls[i] : NULL;
}

uint32_t jit_find_func(const JitImage *image, uint64_t address, Inst *inst)
{
    uint32_t found = NO_INDEX;
    *inst = NO(Inst);
    // Functions without code have address 0, so that the addresses are not sorted as a whole.
    for (uint32_t i = 0; i < image->num_funcs && found == NO_INDEX; i++)
        if (image->addresses[i] != 0 && address >= image->addresses[i] &&
            address < image->addresses[i] + image->funcs[i].size)
            found = i;
    if (found == NO_INDEX)
        return NO_INDEX;
    const CompiledFunc *const f = &image->funcs[found];
    const uint64_t offset = address - image->addresses[found];
    uint32_t low = 0, high = f->num_srcs;
    while (low < high) {
        const uint32_t mid = low + (high - low) / 2;
        if (f->srcs[mid].offset <= offset)
            low = mid + 1;
        else
            high = mid;
    }
    if (low != 0)
        *inst = f->srcs[low - 1].inst;
    return found;
}
