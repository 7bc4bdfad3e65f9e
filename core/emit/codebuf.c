// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code buffer: labels, fixups, short branches, the constant pool.
//
// Branches that have a short form are put in their long one, 5 or 6 bytes. Once all is put, each
// whose distance in this layout fits a byte is marked: shrinking only ever brings places nearer, so
// the marks stay right. Rounds go on while they find more (at most SHRINK_ROUNDS). Then the bytes
// are moved together once and every recorded offset is mapped.

#include "base/chaos.h"
#include "emit/emit.h"

#define SHRINK_ROUNDS 3

Label codebuf_label(CodeBuffer *buf)
{
    VEC_PUSH(buf->scratch, &buf->labels, NO_INDEX);
    return (Label){buf->labels.len - 1};
}

void codebuf_bind(CodeBuffer *buf, Label label)
{
    ASSERT(buf->labels.data[label.i] == NO_INDEX);
    buf->labels.data[label.i] = buf->bytes.len;
    codebuf_note(buf, "L%u:", label.i);
}

void codebuf_record(CodeBuffer *buf, const PutInst *inst)
{
    if (!buf->recording)
        return;
    PutInst put = *inst;
    put.offset = buf->bytes.len;
    VEC_PUSH(buf->scratch, &buf->insts, put);
}

void codebuf_note(CodeBuffer *buf, const char *format, ...)
{
    if (!buf->listing)
        return;
    va_list args;
    va_start(args, format);
    StrBuf text = {.arena = buf->arena};
    buf_vprintf(&text, format, args);
    va_end(args);
    const CodeNote note = {buf->bytes.len, buf_view(&text)};
    VEC_PUSH(buf->arena, &buf->notes, note);
}

void codebuf_put(CodeBuffer *buf, const void *bytes, uint32_t size)
{
    if (size == 0)
        return;
    VEC_RESERVE(buf->arena, &buf->bytes, size);
    memcpy(buf->bytes.data + buf->bytes.len, bytes, size);
    buf->bytes.len += size;
}

static void write32(uint8_t *at, uint32_t word)
{
    for (uint32_t i = 0; i < 4; i++)
        at[i] = (uint8_t)(word >> 8 * i);
}

static uint32_t read32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

void codebuf_put32(CodeBuffer *buf, uint32_t word)
{
    uint8_t bytes[4];
    write32(bytes, word);
    codebuf_put(buf, bytes, 4);
}

void codebuf_fixup(CodeBuffer *buf, uint32_t offset, Label label, FixupKind kind)
{
    const Fixup fixup = {offset, label, NO(Label), kind};
    VEC_PUSH(buf->scratch, &buf->fixups, fixup);
}

void codebuf_data(CodeBuffer *buf, uint32_t size)
{
    const DataRange range = {buf->bytes.len, size};
    if (size != 0)
        VEC_PUSH(buf->arena, &buf->data, range);
}

void codebuf_table_entry(CodeBuffer *buf, Label base, Label label)
{
    const Fixup fixup = {buf->bytes.len, label, base, FIXUP_TABLE32};
    codebuf_note(buf, ".long L%u - L%u", label.i, base.i);
    VEC_PUSH(buf->scratch, &buf->fixups, fixup);
    codebuf_put32(buf, 0);
}

void codebuf_branch32(CodeBuffer *buf, uint32_t start, uint8_t opcode, Label label)
{
    const Shrink shrink = {buf->fixups.len, start, buf->bytes.len + 4, opcode};
    VEC_PUSH(buf->scratch, &buf->shrinks, shrink);
    codebuf_fixup(buf, buf->bytes.len, label, FIXUP_X64_REL32);
    codebuf_put32(buf, 0);
}

Label codebuf_constant(CodeBuffer *buf, const uint8_t *bytes, uint32_t size)
{
    const bool again = chaos_one_in(buf->chaos, 4);
    for (uint32_t i = 0; i < buf->pool.len && !again; i++)
        if (buf->pool.data[i].size == size && memcmp(buf->pool.data[i].bytes, bytes, size) == 0)
            return buf->pool.data[i].label;
    const PoolEntry entry = {bytes, size, codebuf_label(buf)};
    VEC_PUSH(buf->scratch, &buf->pool, entry);
    return entry.label;
}

void codebuf_reloc(CodeBuffer *buf, uint32_t offset, RelocKind kind, const ExtName *name,
                   int64_t addend)
{
    const Reloc reloc = {offset, kind, *name, addend};
    VEC_PUSH(buf->arena, &buf->relocs, reloc);
}

void codebuf_trap(CodeBuffer *buf, TrapCode code, Inst inst)
{
    const TrapSite site = {buf->bytes.len, code, inst};
    VEC_PUSH(buf->arena, &buf->traps, site);
}

void codebuf_call(CodeBuffer *buf, Inst inst)
{
    const CallRecord record = {buf->bytes.len, inst};
    VEC_PUSH(buf->arena, &buf->calls, record);
}

void codebuf_src(CodeBuffer *buf, Inst inst)
{
    const uint32_t n = buf->srcs.len;
    if (n != 0 && buf->srcs.data[n - 1].inst.i == inst.i)
        return;
    const SrcRange range = {buf->bytes.len, inst};
    if (n != 0 && buf->srcs.data[n - 1].offset == buf->bytes.len)
        buf->srcs.data[n - 1] = range;
    else
        VEC_PUSH(buf->arena, &buf->srcs, range);
}

// ---- Short branches ----

// Bytes that branch `s` loses when it becomes short: to opcode rel8.
static uint32_t shrink_saves(const Shrink *s)
{
    return s->end - s->start - 2;
}

// Branches on their way to their short forms, in order of position.
typedef struct Shrinking {
    const CodeBuffer *buf;
    bool *is_short;  // by branch
    uint32_t *sums;  // by number of branches: bytes that so many lose
    uint32_t *up_to; // by branch: how many others end at or before its target
    uint32_t last;   // what branches_up_to said last: what it is asked comes mostly in order
} Shrinking;

// How many branches end at or before offset `at`.
static uint32_t branches_up_to(Shrinking *s, uint32_t at)
{
    const Shrink *const all = s->buf->shrinks.data;
    const uint32_t n = s->buf->shrinks.len;
    uint32_t low = 0, high = n;
    if (s->last == 0 || all[s->last - 1].end <= at)
        low = s->last;
    else
        high = s->last - 1;
    for (uint32_t step = 1; low + step <= high; step *= 2) {
        if (all[low + step - 1].end > at) {
            high = low + step - 1;
            break;
        }
        low += step;
    }
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (all[middle].end <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return s->last = low;
}

// Offset `at` when the marked branches are short.
static uint32_t shrunk_offset(Shrinking *s, uint32_t at)
{
    return at - s->sums[branches_up_to(s, at)];
}

static uint32_t branch_target(const CodeBuffer *buf, const Shrink *branch)
{
    return buf->labels.data[buf->fixups.data[branch->fixup].label.i];
}

// Marks branches that fit in the layout that `sums` describes; returns whether any is new.
static bool mark_short(const Shrinking *s)
{
    const CodeBuffer *const buf = s->buf;
    bool any = false;
    for (uint32_t i = 0; i < buf->shrinks.len; i++) {
        if (s->is_short[i])
            continue;
        const Shrink *const branch = &buf->shrinks.data[i];
        const int64_t distance = (int64_t)branch_target(buf, branch) - s->sums[s->up_to[i]] -
                                 ((int64_t)branch->end - s->sums[i + 1]);
        // A forward branch loses its own tail too, a backward one its own whole saving.
        if (distance < -128 || distance > 127)
            continue;
        if (chaos_one_in(buf->chaos, 8))
            continue;
        s->is_short[i] = any = true;
    }
    return any;
}

static void sum_savings(const Shrinking *s)
{
    const Shrink *const all = s->buf->shrinks.data;
    for (uint32_t i = 0; i < s->buf->shrinks.len; i++)
        s->sums[i + 1] = s->sums[i] + (s->is_short[i] ? shrink_saves(&all[i]) : 0);
}

// Moves the bytes together, rewriting marked branches to their short forms.
static void compact(CodeBuffer *buf, const bool *is_short)
{
    uint8_t *const bytes = buf->bytes.data;
    uint32_t from = 0, to = 0;
    for (uint32_t i = 0; i < buf->shrinks.len; i++) {
        if (!is_short[i])
            continue;
        const Shrink *const s = &buf->shrinks.data[i];
        memmove(bytes + to, bytes + from, s->start - from);
        to += s->start - from;
        from = s->end;
        bytes[to++] = s->opcode;
        bytes[to++] = 0;
    }
    memmove(bytes + to, bytes + from, buf->bytes.len - from);
    buf->bytes.len = to + buf->bytes.len - from;
}

// Gives every position that was noted its place among the short branches.
static void move_positions(CodeBuffer *buf, Shrinking *s)
{
    for (uint32_t i = 0; i < buf->labels.len; i++)
        if (buf->labels.data[i] != NO_INDEX)
            buf->labels.data[i] = shrunk_offset(s, buf->labels.data[i]);
    for (uint32_t i = 0, k = 0; i < buf->fixups.len; i++) {
        Fixup *const fixup = &buf->fixups.data[i];
        const bool is_branch = k < buf->shrinks.len && buf->shrinks.data[k].fixup == i;
        if (is_branch && s->is_short[k]) {
            fixup->offset = shrunk_offset(s, fixup->offset + 4) - 1;
            fixup->kind = FIXUP_X64_REL8;
        } else {
            fixup->offset = shrunk_offset(s, fixup->offset + 4) - 4;
        }
        k += is_branch;
    }
    for (uint32_t i = 0; i < buf->relocs.len; i++)
        buf->relocs.data[i].offset = shrunk_offset(s, buf->relocs.data[i].offset);
    for (uint32_t i = 0; i < buf->traps.len; i++)
        buf->traps.data[i].offset = shrunk_offset(s, buf->traps.data[i].offset);
    for (uint32_t i = 0; i < buf->calls.len; i++)
        buf->calls.data[i].return_offset = shrunk_offset(s, buf->calls.data[i].return_offset);
    for (uint32_t i = 0; i < buf->notes.len; i++)
        buf->notes.data[i].offset = shrunk_offset(s, buf->notes.data[i].offset);
    for (uint32_t i = 0; i < buf->srcs.len; i++)
        buf->srcs.data[i].offset = shrunk_offset(s, buf->srcs.data[i].offset);
    for (uint32_t i = 0; i < buf->data.len; i++)
        buf->data.data[i].offset = shrunk_offset(s, buf->data.data[i].offset);
    for (uint32_t i = 0; i < buf->unwind.len; i++)
        buf->unwind.data[i].offset = shrunk_offset(s, buf->unwind.data[i].offset);
}

static void shrink_branches(CodeBuffer *buf)
{
    const uint32_t n = buf->shrinks.len;
    if (n == 0)
        return;
    Shrinking s = {.buf = buf,
                   .is_short = ARENA_ARRAY(buf->scratch, bool, n),
                   .sums = ARENA_ARRAY(buf->scratch, uint32_t, n + 1),
                   .up_to = ARENA_ARRAY(buf->scratch, uint32_t, n)};
    for (uint32_t i = 0; i < n; i++)
        s.up_to[i] = branches_up_to(&s, branch_target(buf, &buf->shrinks.data[i]));
    bool any = false;
    for (uint32_t round = 0; round < SHRINK_ROUNDS && mark_short(&s); round++) {
        sum_savings(&s);
        any = true;
    }
    if (!any)
        return;
    compact(buf, s.is_short);
    move_positions(buf, &s);
}

// ---- Finishing ----

static void place_pool(CodeBuffer *buf)
{
    buf->code_size = buf->bytes.len;
    static const uint8_t zeros[16];
    if (buf->pool.len != 0 && chaos_one_in(buf->chaos, 2))
        codebuf_put(buf, zeros, sizeof(zeros) / 2);
    for (uint32_t size = 16; size != 0; size /= 2) {
        for (uint32_t i = 0; i < buf->pool.len; i++) {
            const PoolEntry *const entry = &buf->pool.data[i];
            if (entry->size != size)
                continue;
            codebuf_put(buf, zeros, (uint32_t) - (int32_t)buf->bytes.len & (size - 1));
            codebuf_bind(buf, entry->label);
            codebuf_note(buf, ".bytes");
            codebuf_put(buf, entry->bytes, size);
        }
    }
    if (buf->bytes.len != buf->code_size) {
        const DataRange range = {buf->code_size, buf->bytes.len - buf->code_size};
        VEC_PUSH(buf->arena, &buf->data, range);
    }
}

// Puts a signed number of `width` bits into a word at bit `pos`; false when it does not fit.
static bool patch_field(uint8_t *at, int64_t x, uint32_t width, uint32_t pos)
{
    const int64_t half = (int64_t)1 << (width - 1);
    const uint32_t mask = ((uint32_t)1 << width) - 1;
    write32(at, (read32(at) & ~(mask << pos)) | ((uint32_t)x & mask) << pos);
    return x >= -half && x < half;
}

static bool put_distance(uint8_t *at, int64_t distance)
{
    write32(at, (uint32_t)distance);
    return distance >= INT32_MIN && distance <= INT32_MAX;
}

static bool apply_fixup(CodeBuffer *buf, const Fixup *fixup)
{
    uint8_t *const at = buf->bytes.data + fixup->offset;
    const uint32_t target = buf->labels.data[fixup->label.i];
    ASSERT(target != NO_INDEX);
    const int64_t distance = (int64_t)target - (int64_t)fixup->offset;
    switch (fixup->kind) {
    case FIXUP_X64_REL8: *at = (uint8_t)(distance - 1); return distance >= -127 && distance <= 128;
    case FIXUP_X64_REL32: return put_distance(at, distance - 4 + (int32_t)read32(at));
    case FIXUP_A64_BRANCH26: return patch_field(at, distance / 4, 26, 0);
    case FIXUP_A64_BRANCH19: return patch_field(at, distance / 4, 19, 5);
    case FIXUP_A64_BRANCH14: return patch_field(at, distance / 4, 14, 5);
    case FIXUP_A64_ADR21: {
        const bool low = patch_field(at, (distance & 3) - ((distance & 2) << 1), 2, 29);
        return patch_field(at, distance >> 2, 19, 5) && low;
    }
    case FIXUP_TABLE32: {
        const uint32_t base = buf->labels.data[fixup->base.i];
        ASSERT(base != NO_INDEX);
        return put_distance(at, (int64_t)target - (int64_t)base);
    }
    }
    UNREACHABLE();
}

bool codebuf_finish(CodeBuffer *buf)
{
    shrink_branches(buf);
    place_pool(buf);
    bool good = true;
    for (uint32_t i = 0; i < buf->fixups.len; i++)
        good = apply_fixup(buf, &buf->fixups.data[i]) && good;
    return good;
}
