// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading .init files, line by line.

#include "emulate/program/program.h"

enum {
    PAGE_BYTES = 65536,
    MAX_PAGES = 65536,
    MAX_TABLE = 1 << 20,
    VMCTX_BYTES = 1 << 20,
    ENTRY_BYTES = 16,
    MAX_WORDS = 8,
    // Offsets in the block at PROGRAM_VMCTX.
    VMCTX_MEMORY = 0,
    VMCTX_PAGES = 8,
    VMCTX_TABLE = 16,
    VMCTX_TABLE_SIZE = 24
};

typedef struct Reader {
    Executor *ex;
    const Module *module;
    Source *source;
    Program *program;
    Diag *diag;
    uint64_t memory_bytes; // 0: no `memory` yet
    uint32_t table_size;
    bool has_table;
    Str words[MAX_WORDS];
    uint32_t pos[MAX_WORDS];
    uint32_t num_words;
} Reader;

static Status bad(Reader *r, uint32_t word, Status status, const char *what)
{
    const uint32_t pos = r->pos[word < r->num_words ? word : 0];
    return diag_error(r->diag, status, r->source, pos, "%s", what);
}

// ---- Words ----

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

// Splits the line that starts at `at`; returns the start of the next one.
static size_t split_line(Reader *r, size_t at)
{
    const Str text = r->source->text;
    r->num_words = 0;
    while (at < text.len && text.data[at] != '\n') {
        if (text.data[at] == '#') {
            while (at < text.len && text.data[at] != '\n')
                at++;
            break;
        }
        if (is_blank(text.data[at])) {
            at++;
            continue;
        }
        const size_t start = at;
        while (at < text.len && !is_blank(text.data[at]) && text.data[at] != '\n')
            at++;
        if (r->num_words < MAX_WORDS) {
            r->words[r->num_words] = (Str){text.data + start, at - start};
            r->pos[r->num_words++] = (uint32_t)start;
        }
    }
    return at + 1;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

// Reads a number of at most `max`, decimal or with 0x.
static bool parse_number(Str word, uint64_t max, uint64_t *out)
{
    const bool hex = str_starts_with(word, STR("0x"));
    const uint64_t radix = hex ? 16 : 10;
    *out = 0;
    if (word.len == (hex ? 2u : 0u))
        return false;
    for (size_t i = hex ? 2 : 0; i < word.len; i++) {
        const int digit = hex_digit(word.data[i]);
        if (digit < 0 || (uint64_t)digit >= radix || *out > (max - (uint64_t)digit) / radix)
            return false;
        *out = *out * radix + (uint64_t)digit;
    }
    return *out <= max;
}

static Status read_number(Reader *r, uint32_t word, uint64_t max, uint64_t *out)
{
    if (parse_number(r->words[word], max, out))
        return STATUS_OK;
    return diag_error(r->diag, STATUS_SYNTAX, r->source, r->pos[word],
                      "expected a number of at most %llu", (unsigned long long)max);
}

// ---- Guest memory ----

static void put_u32(Reader *r, uint64_t address, uint32_t x)
{
    uint8_t *const bytes = executor_memory(r->ex, address, 4);
    ASSERT(bytes);
    for (uint32_t i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(x >> 8 * i);
}

static void put_u64(Reader *r, uint64_t address, uint64_t x)
{
    put_u32(r, address, (uint32_t)x);
    put_u32(r, address + 4, (uint32_t)(x >> 32));
}

// %fN as an index in the module, NO_INDEX when it is not there.
static uint32_t find_func(const Reader *r, uint64_t n)
{
    const Str text = str_printf(r->program->arena, "f%llu", (unsigned long long)n);
    const ExtName name = {.kind = NAME_TESTCASE, .text = text};
    return module_find(r->module, &name);
}

// ---- Declarations; words[0] is the keyword ----

static Status read_memory(Reader *r)
{
    uint64_t pages, max;
    if (r->memory_bytes != 0)
        return bad(r, 0, STATUS_INVALID, "a second memory");
    TRY(read_number(r, 1, MAX_PAGES, &pages));
    TRY(read_number(r, 2, MAX_PAGES, &max));
    r->memory_bytes = pages * PAGE_BYTES;
    if (r->memory_bytes < PROGRAM_MEMORY_MIN)
        r->memory_bytes = PROGRAM_MEMORY_MIN;
    if (executor_map(r->ex, PROGRAM_MEMORY, r->memory_bytes) != STATUS_OK)
        return bad(r, 1, STATUS_LIMIT, "the executor can't map this memory");
    put_u64(r, PROGRAM_VMCTX + VMCTX_MEMORY, PROGRAM_MEMORY);
    put_u32(r, PROGRAM_VMCTX + VMCTX_PAGES, (uint32_t)pages);
    return STATUS_OK;
}

static Status read_global(Reader *r)
{
    uint64_t index, bits, offset;
    const Type type = type_parse(r->words[2]);
    const Str place = r->words[5], prefix = STR("vmctx+");
    TRY(read_number(r, 1, UINT32_MAX, &index));
    if (type == TYPE_INVALID || type_is_vector(type) || type_bits(type) > 64)
        return bad(r, 2, STATUS_UNSUPPORTED, "a global has at most 64 bits");
    TRY(read_number(r, 3, UINT64_MAX >> (64 - type_bits(type)), &bits));
    if (!str_eq_c(r->words[4], "at") || !str_starts_with(place, prefix))
        return bad(r, 4, STATUS_SYNTAX, "expected `at vmctx+OFFSET`");
    const Str rest = {place.data + prefix.len, place.len - prefix.len};
    if (!parse_number(rest, VMCTX_BYTES - 8, &offset))
        return bad(r, 5, STATUS_SYNTAX, "expected an offset inside the vmctx block");
    const DataValue data = data_from_u64(type, bits);
    memcpy(executor_memory(r->ex, PROGRAM_VMCTX + offset, 8), data.bytes, type_bytes(type));
    return STATUS_OK;
}

static Status read_data(Reader *r)
{
    uint64_t address;
    const Str hex = r->words[2];
    TRY(read_number(r, 1, UINT32_MAX, &address));
    uint8_t *const to = executor_memory(r->ex, PROGRAM_MEMORY + address, hex.len / 2);
    if (!to)
        return bad(r, 1, STATUS_INVALID, "data outside of the memory");
    if (hex.len % 2 != 0)
        return bad(r, 2, STATUS_SYNTAX, "expected two hex digits a byte");
    for (size_t i = 0; i < hex.len; i += 2) {
        const int high = hex_digit(hex.data[i]), low = hex_digit(hex.data[i + 1]);
        if (high < 0 || low < 0)
            return bad(r, 2, STATUS_SYNTAX, "expected two hex digits a byte");
        to[i / 2] = (uint8_t)(high << 4 | low);
    }
    return STATUS_OK;
}

static Status read_table(Reader *r)
{
    uint64_t size;
    if (r->has_table)
        return bad(r, 0, STATUS_INVALID, "a second table");
    TRY(read_number(r, 1, MAX_TABLE, &size));
    r->has_table = true;
    r->table_size = (uint32_t)size;
    if (size != 0 && executor_map(r->ex, PROGRAM_TABLE, size * ENTRY_BYTES) != STATUS_OK)
        return bad(r, 1, STATUS_LIMIT, "the executor can't map this table");
    for (uint64_t i = 0; i < size; i++)
        put_u32(r, PROGRAM_TABLE + i * ENTRY_BYTES + 8, UINT32_MAX);
    put_u64(r, PROGRAM_VMCTX + VMCTX_TABLE, PROGRAM_TABLE);
    put_u32(r, PROGRAM_VMCTX + VMCTX_TABLE_SIZE, (uint32_t)size);
    return STATUS_OK;
}

static Status read_elem(Reader *r)
{
    uint64_t index, n, sig;
    TRY(read_number(r, 1, UINT32_MAX, &index));
    TRY(read_number(r, 2, UINT32_MAX, &n));
    if (!str_eq_c(r->words[3], "sig"))
        return bad(r, 3, STATUS_SYNTAX, "expected `sig`");
    TRY(read_number(r, 4, UINT32_MAX - 1, &sig));
    if (index >= r->table_size)
        return bad(r, 1, STATUS_INVALID, "outside of the table");
    const uint32_t func = find_func(r, n);
    if (func == NO_INDEX)
        return bad(r, 2, STATUS_UNSUPPORTED, "a table entry must be a function of the module");
    const uint64_t entry = PROGRAM_TABLE + index * ENTRY_BYTES;
    put_u64(r, entry, executor_func_address(r->ex, func));
    put_u32(r, entry + 8, (uint32_t)sig);
    return STATUS_OK;
}

static Status read_export(Reader *r)
{
    uint64_t n;
    TRY(read_number(r, 2, UINT32_MAX, &n));
    if (!str_eq_c(r->words[1], "Func"))
        return STATUS_OK;
    const ProgramExport found = {str_copy(r->program->arena, r->words[3]), find_func(r, n)};
    if (found.func == NO_INDEX)
        return bad(r, 2, STATUS_INVALID, "no such function in the module");
    VEC_PUSH(r->program->arena, &r->program->exports, found);
    return STATUS_OK;
}

static TrapCode refuse_call(void *context, Executor *ex, ImportCall *call)
{
    const Str *const why = context;
    (void)ex;
    call->refusal = why->data;
    return TRAP_NONE;
}

static Status read_import(Reader *r)
{
    uint64_t n;
    Arena *const arena = r->program->arena;
    TRY(read_number(r, 1, UINT32_MAX, &n));
    if (find_func(r, n) != NO_INDEX)
        return bad(r, 1, STATUS_INVALID, "an import that the module defines");
    const Str name = str_printf(arena, "f%llu", (unsigned long long)n);
    Str *const why = ARENA_NEW(arena, Str);
    *why = str_printf(arena, "the program's import %.*s is not there", STR_ARG(r->words[2]));
    executor_import(r->ex, name, refuse_call, why);
    return STATUS_OK;
}

// ---- Lines ----

typedef struct Declaration {
    const char *keyword;
    uint32_t num_words; // the keyword included
    Status (*read)(Reader *r);
} Declaration;

static const Declaration declarations[] = {
    {"memory", 3, read_memory}, {"global", 6, read_global}, {"data", 3, read_data},
    {"table", 2, read_table},   {"elem", 5, read_elem},     {"export", 4, read_export},
    {"import", 3, read_import},
};

static Status read_line(Reader *r)
{
    for (size_t i = 0; i < sizeof(declarations) / sizeof(declarations[0]); i++) {
        if (!str_eq_c(r->words[0], declarations[i].keyword))
            continue;
        if (r->num_words == declarations[i].num_words)
            return declarations[i].read(r);
        return diag_error(r->diag, STATUS_SYNTAX, r->source, r->pos[0], "`%s` takes %u words",
                          declarations[i].keyword, declarations[i].num_words - 1);
    }
    return bad(r, 0, STATUS_SYNTAX, "unknown declaration");
}

Status program_load(Executor *ex, const Module *module, Source *source, Arena *arena, Program *out,
                    Diag *diag)
{
    *out = (Program){.arena = arena};
    Reader r = {.ex = ex, .module = module, .source = source, .program = out, .diag = diag};
    if (executor_map(ex, PROGRAM_VMCTX, VMCTX_BYTES) != STATUS_OK)
        return diag_error(diag, STATUS_LIMIT, source, POS_NONE, "the executor can't map the vmctx");
    for (size_t at = 0; at < source->text.len;) {
        at = split_line(&r, at);
        if (r.num_words != 0)
            TRY(read_line(&r));
    }
    return STATUS_OK;
}

uint32_t program_export(const Program *program, Str name)
{
    for (uint32_t i = 0; i < program->exports.len; i++)
        if (str_eq(program->exports.data[i].name, name))
            return program->exports.data[i].func;
    return NO_INDEX;
}
