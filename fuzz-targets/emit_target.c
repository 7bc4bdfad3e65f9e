// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Property: the code buffer puts bytes, branches, constants and jump tables where a reader who goes
// through its output from the front finds them: each branch, short or long, leads to its label,
// each field to its constant, and every table of offsets follows.
//
// The bytes are a list of items. The judge walks the items along the finished code and learns where
// each stands; then it follows the fields. Only the opcode tells it whether a branch was shortened.

#include "emit/emit.h"
#include "fuzz-targets/require.h"
#include "fuzz-targets/target.h"

#define ITEMS_MAX  400u
#define LABELS_MAX 16u

typedef enum ItemKind {
    ITEM_FILL,   // `n` bytes that are no opcode of a branch
    ITEM_LABEL,  // binds label n, unless it is bound
    ITEM_JMP,    // x86-64
    ITEM_JCC,    //
    ITEM_CALL,   // a rel32 that can't be short, with a call record
    ITEM_CONST,  // lea of a constant: a rel32 with an addend in the field
    ITEM_TRAP,   // a trap site with two bytes
    ITEM_B26,    // AArch64
    ITEM_B19,    //
    ITEM_B14,    //
    ITEM_ADR21,  //
    ITEM_TABLE,  // jump table of 3 entries
    ITEM_RELOC,  // a field for the linker
    ITEM_SOURCE, // a source range begins
    ITEM_COUNT
} ItemKind;

typedef struct Item {
    ItemKind kind;
    uint32_t n;     // length or label
    uint32_t at;    // where it begins, once known
    uint32_t field; // where its field is
    Label constant;
    uint8_t bytes[16];
    uint32_t size; // of the constant
} Item;

typedef struct Program {
    Arena arena, scratch;
    CodeBuffer buf;
    bool a64;
    Item items[ITEMS_MAX];
    uint32_t num_items;
    Label labels[LABELS_MAX];
    bool bound[LABELS_MAX];
    uint32_t places[LABELS_MAX];
} Program;

static void check(bool holds, const char *what)
{
    require(holds, "emit", what);
}

// ---- Making the code ----

static void put_fill(CodeBuffer *buf, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        codebuf_put(buf, "\xcc", 1);
}

static void put_field(CodeBuffer *buf, const char *opcode, uint32_t len, Label label,
                      uint32_t addend)
{
    codebuf_put(buf, opcode, len);
    codebuf_fixup(buf, codebuf_offset(buf), label, FIXUP_X64_REL32);
    codebuf_put32(buf, addend);
}

static void put_word(CodeBuffer *buf, Label label, FixupKind kind)
{
    codebuf_fixup(buf, codebuf_offset(buf), label, kind);
    codebuf_put32(buf, 0);
}

static void put_x64(Program *p, Item *item)
{
    CodeBuffer *const buf = &p->buf;
    const Label label = p->labels[item->n % LABELS_MAX];
    const uint32_t start = codebuf_offset(buf);
    const uint8_t cc = (uint8_t)(item->n >> 4 & 15), jcc[2] = {0x0f, (uint8_t)(0x80 | cc)};
    switch ((int)item->kind) {
    case ITEM_JMP:
        codebuf_put(buf, "\xe9", 1);
        codebuf_branch32(buf, start, 0xeb, label);
        return;
    case ITEM_JCC:
        codebuf_put(buf, jcc, 2);
        codebuf_branch32(buf, start, (uint8_t)(0x70 | cc), label);
        return;
    case ITEM_CALL:
        put_field(buf, "\xe8", 1, label, 0);
        codebuf_call(buf, (Inst){item->n});
        return;
    default:
        item->size = 1u << item->n % 5;
        for (uint32_t i = 0; i < item->size; i++)
            item->bytes[i] = (uint8_t)(item->n / 16 * (i + 1));
        item->constant = codebuf_constant(buf, item->bytes, item->size);
        put_field(buf, "\x48\x8d\x05", 3, item->constant, 0);
        return;
    }
}

static void put_table(Program *p, const Item *item)
{
    const Label base = codebuf_label(&p->buf);
    codebuf_bind(&p->buf, base);
    for (uint32_t i = 0; i < 3; i++)
        codebuf_table_entry(&p->buf, base, p->labels[(item->n + i) % LABELS_MAX]);
}

static void put_item(Program *p, Item *item)
{
    static const FixupKind words[] = {FIXUP_A64_BRANCH26, FIXUP_A64_BRANCH19, FIXUP_A64_BRANCH14,
                                      FIXUP_A64_ADR21};
    CodeBuffer *const buf = &p->buf;
    const ExtName name = {.kind = NAME_USER, .index = item->n};
    switch (item->kind) {
    case ITEM_FILL: put_fill(buf, item->n); return;
    case ITEM_LABEL:
        if (!p->bound[item->n % LABELS_MAX])
            codebuf_bind(buf, p->labels[item->n % LABELS_MAX]);
        p->bound[item->n % LABELS_MAX] = true;
        return;
    case ITEM_JMP:
    case ITEM_JCC:
    case ITEM_CALL:
    case ITEM_CONST: put_x64(p, item); return;
    case ITEM_TRAP:
        codebuf_trap(buf, (TrapCode)(1 + item->n % TRAP_USER_MAX), (Inst){item->n});
        put_fill(buf, 2);
        return;
    case ITEM_B26:
    case ITEM_B19:
    case ITEM_B14:
    case ITEM_ADR21:
        put_word(buf, p->labels[item->n % LABELS_MAX], words[item->kind - ITEM_B26]);
        return;
    case ITEM_TABLE: put_table(p, item); return;
    case ITEM_RELOC:
        codebuf_reloc(buf, codebuf_offset(buf), (RelocKind)0, &name, 0);
        codebuf_put32(buf, 0xcccccccc);
        return;
    case ITEM_SOURCE: codebuf_src(buf, (Inst){item->n}); return;
    case ITEM_COUNT: break;
    }
    UNREACHABLE();
}

// Words only on AArch64, whose code has no branches to be shortened.
static ItemKind choose(const Program *p, uint8_t byte)
{
    const ItemKind kind = (ItemKind)(byte % ITEM_COUNT);
    if (p->a64)
        return kind >= ITEM_JMP && kind <= ITEM_CONST ? (ItemKind)(ITEM_B26 + kind - ITEM_JMP)
                                                      : kind;
    return kind >= ITEM_B26 && kind <= ITEM_ADR21 ? ITEM_JCC : kind;
}

static void make(Program *p, const uint8_t *data, size_t size)
{
    p->buf.arena = &p->arena;
    p->buf.scratch = &p->scratch;
    p->a64 = size > 0 && data[0] % 4 == 0;
    for (uint32_t i = 0; i < LABELS_MAX; i++)
        p->labels[i] = codebuf_label(&p->buf);
    for (size_t at = 1; at + 1 < size && p->num_items < ITEMS_MAX; at += 2) {
        Item *const item = &p->items[p->num_items++];
        item->kind = choose(p, data[at]);
        item->n = data[at + 1];
        // Some runs of bytes take branches to the edge of their short range.
        if (item->kind == ITEM_FILL)
            item->n = p->a64 ? item->n % 64 * 4 : item->n > 200 ? item->n : item->n % 40;
        if (item->kind == ITEM_TRAP && p->a64)
            item->kind = ITEM_SOURCE;
        put_item(p, item);
    }
    for (uint32_t i = 0; i < LABELS_MAX; i++)
        if (!p->bound[i])
            codebuf_bind(&p->buf, p->labels[i]);
}

// ---- Reading it ----

static uint32_t word_at(const Program *p, uint32_t at)
{
    uint32_t word;
    check(at + 4 <= p->buf.bytes.len, "a field is beyond the end");
    memcpy(&word, p->buf.bytes.data + at, 4);
    return word;
}

static int32_t signed_field(uint32_t word, uint32_t pos, uint32_t width)
{
    const uint32_t bits = word << (32 - pos - width);
    int32_t x;
    memcpy(&x, &bits, sizeof(x));
    return x >> (32 - width);
}

// How many bytes the item has here.
static uint32_t length(const Program *p, const Item *item, uint32_t at)
{
    const uint8_t first = at < p->buf.bytes.len ? p->buf.bytes.data[at] : 0;
    switch (item->kind) {
    case ITEM_FILL: return item->n;
    case ITEM_LABEL:
    case ITEM_SOURCE: return 0;
    case ITEM_JMP: return first == 0xeb ? 2 : 5;
    case ITEM_JCC: return first == 0x0f ? 6 : 2;
    case ITEM_CALL: return 5;
    case ITEM_CONST: return 7;
    case ITEM_TRAP: return 2;
    case ITEM_B26:
    case ITEM_B19:
    case ITEM_B14:
    case ITEM_ADR21:
    case ITEM_RELOC: return 4;
    case ITEM_TABLE: return 12;
    case ITEM_COUNT: break;
    }
    UNREACHABLE();
}

static void check_fill(const Program *p, uint32_t at, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        check(p->buf.bytes.data[at + i] == 0xcc, "plain bytes are not where they were put");
}

static void walk(Program *p)
{
    uint32_t at = 0;
    memset(p->bound, 0, sizeof(p->bound));
    for (uint32_t i = 0; i < p->num_items; i++) {
        Item *const item = &p->items[i];
        const uint32_t label = item->n % LABELS_MAX;
        item->at = at;
        check(at < p->buf.bytes.len || length(p, item, 0) == 0, "code is missing");
        if (item->kind == ITEM_LABEL && !p->bound[label]) {
            p->bound[label] = true;
            p->places[label] = at;
        }
        if (item->kind == ITEM_FILL || item->kind == ITEM_TRAP)
            check_fill(p, at, length(p, item, at));
        at += length(p, item, at);
    }
    check(at == p->buf.code_size, "the code has another size");
    for (uint32_t i = 0; i < LABELS_MAX; i++)
        if (!p->bound[i])
            p->places[i] = at;
}

static void check_constant(const Program *p, const Item *item)
{
    const uint32_t at = item->at + 7 + word_at(p, item->at + 3);
    check(at >= p->buf.code_size && at + item->size <= p->buf.bytes.len, "no constant there");
    check(at % item->size == 0, "a constant is not aligned");
    check(memcmp(p->buf.bytes.data + at, item->bytes, item->size) == 0, "another constant");
}

static void check_branch(const Program *p, const Item *item)
{
    const uint8_t *const b = p->buf.bytes.data + item->at;
    const uint32_t len = length(p, item, item->at), cc = item->n >> 4 & 15;
    const bool is_short = len == 2;
    int32_t distance = (int8_t)b[1];
    if (!is_short)
        distance = signed_field(word_at(p, item->at + len - 4), 0, 32);
    if (item->kind == ITEM_JCC)
        check(is_short ? b[0] == (0x70 | cc) : b[0] == 0x0f && b[1] == (0x80 | cc),
              "another condition");
    if (item->kind == ITEM_CALL)
        check(b[0] == 0xe8, "no call");
    check(item->at + len + (uint32_t)distance == p->places[item->n % LABELS_MAX],
          "a branch leads elsewhere");
}

static void check_word(const Program *p, const Item *item)
{
    const uint32_t word = word_at(p, item->at);
    int32_t distance = 0;
    if (item->kind == ITEM_B26)
        distance = signed_field(word, 0, 26) * 4;
    else if (item->kind == ITEM_B19)
        distance = signed_field(word, 5, 19) * 4;
    else if (item->kind == ITEM_B14)
        distance = signed_field(word, 5, 14) * 4;
    else
        distance = signed_field(word, 5, 19) * 4 + (int32_t)(word >> 29 & 3);
    check(item->at + (uint32_t)distance == p->places[item->n % LABELS_MAX],
          "an AArch64 field leads elsewhere");
}

static void check_fields(const Program *p)
{
    uint32_t traps = 0, calls = 0, relocs = 0;
    for (uint32_t i = 0; i < p->num_items; i++) {
        const Item *const item = &p->items[i];
        if (item->kind == ITEM_CONST)
            check_constant(p, item);
        else if (item->kind == ITEM_JMP || item->kind == ITEM_JCC || item->kind == ITEM_CALL)
            check_branch(p, item);
        else if (item->kind >= ITEM_B26 && item->kind <= ITEM_ADR21)
            check_word(p, item);
        for (uint32_t k = 0; k < 3 && item->kind == ITEM_TABLE; k++)
            check(item->at + word_at(p, item->at + 4 * k) == p->places[(item->n + k) % LABELS_MAX],
                  "a table entry leads elsewhere");
        if (item->kind == ITEM_TRAP)
            check(p->buf.traps.data[traps++].offset == item->at, "a trap site is elsewhere");
        if (item->kind == ITEM_CALL)
            check(p->buf.calls.data[calls++].return_offset == item->at + 5,
                  "a call record is elsewhere");
        if (item->kind == ITEM_RELOC)
            check(p->buf.relocs.data[relocs++].offset == item->at, "a relocation is elsewhere");
    }
    check(traps == p->buf.traps.len && calls == p->buf.calls.len && relocs == p->buf.relocs.len,
          "tables of another length");
}

// The instruction that each byte belongs to, by the last source item before it.
static void check_sources(const Program *p)
{
    uint32_t range = 0, inst = NO_INDEX;
    for (uint32_t i = 0; i < p->num_items; i++) {
        const Item *const item = &p->items[i];
        if (item->kind == ITEM_SOURCE) {
            inst = item->n;
            continue;
        }
        if (length(p, item, item->at) == 0)
            continue;
        while (range < p->buf.srcs.len && p->buf.srcs.data[range].offset <= item->at)
            range++;
        check(inst == (range == 0 ? NO_INDEX : p->buf.srcs.data[range - 1].inst.i),
              "a byte belongs to another instruction");
    }
}

// Whether a field leads out of its range: 400 items of at most 256 bytes are in any but that of 14
// bits, which reaches from -32768 to 32764.
static bool has_far_field(const Program *p)
{
    for (uint32_t i = 0; i < p->num_items; i++) {
        const Item *const item = &p->items[i];
        const int32_t distance = (int32_t)p->places[item->n % LABELS_MAX] - (int32_t)item->at;
        if (item->kind == ITEM_B14 && (distance < -(1 << 15) || distance >= 1 << 15))
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Program p;
    memset(&p, 0, sizeof(p));
    make(&p, data, size);
    const bool reaches = codebuf_finish(&p.buf);
    walk(&p);
    if (reaches) {
        check_fields(&p);
        check_sources(&p);
    } else {
        check(has_far_field(&p), "a field does not reach, though all are near");
    }
    arena_free(&p.arena);
    arena_free(&p.scratch);
    return 0;
}
