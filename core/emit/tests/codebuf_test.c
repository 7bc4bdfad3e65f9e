// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code buffer against a reference: random sequences of filler, branches, labels, relocations
// and trap sites. After finishing, each branch must lead to the marker that was put at its label,
// each relocation and trap site must stand before its own marker, and near branches must be short.

#include "emit/emit.h"

// cmocka.h needs the others before it.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#define LABELS 24u

typedef struct Random {
    uint64_t state;
} Random;

static uint32_t below(Random *r, uint32_t n)
{
    r->state = r->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(r->state >> 33) % n;
}

typedef struct Scene {
    Arena arena, scratch;
    CodeBuffer buf;
    Random random;
    Label labels[LABELS];
    VEC(uint32_t) jumps; // label of each branch, in order
    uint32_t traps;
} Scene;

// Markers are 0xf1 and a number; filler is 0x90. Branches are e9/eb and 0f 80+4 / 70+4.
static void put_marker(Scene *s, uint8_t number)
{
    const uint8_t bytes[2] = {0xf1, number};
    codebuf_put(&s->buf, bytes, 2);
}

static void put_filler(Scene *s)
{
    static const uint8_t nops[40] = {0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
                                     0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
                                     0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
                                     0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90};
    codebuf_put(&s->buf, nops, below(&s->random, 40));
}

static void put_branch(Scene *s)
{
    const uint32_t label = below(&s->random, LABELS);
    const uint32_t start = codebuf_offset(&s->buf);
    const bool conditional = below(&s->random, 2) != 0;
    const uint8_t jump[1] = {0xe9}, jcc[2] = {0x0f, 0x84};
    codebuf_put(&s->buf, conditional ? jcc : jump, conditional ? 2 : 1);
    codebuf_branch32(&s->buf, start, conditional ? 0x74 : 0xeb, s->labels[label]);
    VEC_PUSH(&s->arena, &s->jumps, label);
}

static void put_reloc(Scene *s)
{
    const ExtName name = {.kind = NAME_TESTCASE, .text = STR("x")};
    codebuf_reloc(&s->buf, codebuf_offset(&s->buf), RELOC_ABS64, &name, 0);
    put_marker(s, 200);
}

static void put_trap(Scene *s)
{
    codebuf_trap(&s->buf, TRAP_HEAP_OOB, (Inst){s->traps++});
    put_marker(s, 201);
}

static void build(Scene *s)
{
    for (uint32_t i = 0; i < LABELS; i++)
        s->labels[i] = codebuf_label(&s->buf);
    for (uint32_t bound = 0; bound < LABELS;) {
        switch (below(&s->random, 6)) {
        case 0:
            codebuf_bind(&s->buf, s->labels[bound]);
            put_marker(s, (uint8_t)bound++);
            break;
        case 1: put_reloc(s); break;
        case 2: put_trap(s); break;
        case 3: put_filler(s); break;
        default: put_branch(s);
        }
    }
}

static int32_t read_i32(const uint8_t *at)
{
    return (int32_t)(at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
}

// Walks the finished code and checks every branch.
static void check_branches(const Scene *s)
{
    const uint8_t *const code = s->buf.bytes.data;
    uint32_t jump = 0;
    for (uint32_t at = 0; at < s->buf.code_size;) {
        uint32_t length = 1;
        int64_t target = -1;
        if (code[at] == 0xf1) {
            length = 2;
        } else if (code[at] == 0xeb || code[at] == 0x74) {
            length = 2;
            target = (int64_t)at + 2 + (int8_t)code[at + 1];
        } else if (code[at] == 0xe9 || code[at] == 0x0f) {
            length = code[at] == 0xe9 ? 5 : 6;
            target = (int64_t)at + length + read_i32(code + at + length - 4);
            const int64_t distance = target - (int64_t)at - length;
            // What is 40 bytes off now was at most three times that before, and so must be short.
            assert_true(distance < -40 || distance > 40);
        } else {
            assert_int_equal(code[at], 0x90);
        }
        if (target >= 0) {
            assert_true(target + 1 < s->buf.code_size);
            assert_int_equal(code[target], 0xf1);
            assert_int_equal(code[target + 1], s->jumps.data[jump]);
            jump++;
        }
        at += length;
    }
    assert_int_equal(jump, s->jumps.len);
}

static void random_sequences(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        Scene s = {.random = {seed}};
        s.buf = (CodeBuffer){.arena = &s.arena, .scratch = &s.scratch};
        build(&s);
        if (!codebuf_finish(&s.buf))
            fail_msg("seed %llu: a fixup does not reach", (unsigned long long)seed);
        check_branches(&s);
        for (uint32_t i = 0; i < s.buf.relocs.len; i++)
            assert_int_equal(s.buf.bytes.data[s.buf.relocs.data[i].offset + 1], 200);
        assert_int_equal(s.buf.traps.len, s.traps);
        for (uint32_t i = 0; i < s.buf.traps.len; i++) {
            assert_int_equal(s.buf.traps.data[i].inst.i, i);
            assert_int_equal(s.buf.bytes.data[s.buf.traps.data[i].offset + 1], 201);
        }
        arena_free(&s.arena);
        arena_free(&s.scratch);
    }
}

static void constants_are_shared_and_aligned(void **state)
{
    (void)state;
    Arena arena = {0}, scratch = {0};
    CodeBuffer buf = {.arena = &arena, .scratch = &scratch};
    const uint8_t four[4] = {1, 2, 3, 4}, eight[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    const Label a = codebuf_constant(&buf, four, 4), b = codebuf_constant(&buf, eight, 8);
    assert_int_equal(codebuf_constant(&buf, four, 4).i, a.i);
    const uint8_t nop = 0x90;
    codebuf_put(&buf, &nop, 1);
    assert_true(codebuf_finish(&buf));
    assert_int_equal(buf.code_size, 1);
    assert_int_equal(buf.labels.data[b.i] % 8, 0);
    assert_int_equal(buf.labels.data[a.i] % 4, 0);
    assert_memory_equal(buf.bytes.data + buf.labels.data[a.i], four, 4);
    assert_memory_equal(buf.bytes.data + buf.labels.data[b.i], eight, 8);
    arena_free(&arena);
    arena_free(&scratch);
}

// What an entry of a jump table at offset 4 says of two labels.
static bool table_entry(uint32_t base, uint32_t target, int32_t *entry)
{
    Arena arena = {0}, scratch = {0};
    CodeBuffer buf = {.arena = &arena, .scratch = &scratch};
    const Label from = codebuf_label(&buf), to = codebuf_label(&buf);
    codebuf_put32(&buf, 0x90909090u);
    codebuf_data(&buf, 4);
    codebuf_table_entry(&buf, from, to);
    // So much code would take minutes to put.
    buf.labels.data[from.i] = base;
    buf.labels.data[to.i] = target;
    const bool fits = codebuf_finish(&buf);
    *entry = read_i32(buf.bytes.data + 4);
    arena_free(&arena);
    arena_free(&scratch);
    return fits;
}

static void table_entries_are_distances(void **state)
{
    (void)state;
    int32_t entry;
    assert_true(table_entry(4, 4, &entry));
    assert_int_equal(entry, 0);
    assert_true(table_entry(100, 3, &entry));
    assert_int_equal(entry, -97);
    assert_true(table_entry(1, 0x80000000u, &entry));
    assert_int_equal(entry, INT32_MAX);
    assert_true(table_entry(0x80000000u, 0, &entry));
    assert_int_equal(entry, INT32_MIN);
    // Instructions would take these as distances the other way.
    assert_false(table_entry(0, 0x80000000u, &entry));
    assert_false(table_entry(0x80000001u, 0, &entry));
}

// The same of a branch whose field holds what is added.
static bool branch_reaches(uint32_t target, uint32_t addend)
{
    Arena arena = {0}, scratch = {0};
    CodeBuffer buf = {.arena = &arena, .scratch = &scratch};
    const Label to = codebuf_label(&buf);
    codebuf_fixup(&buf, 0, to, FIXUP_X64_REL32);
    codebuf_put32(&buf, addend);
    buf.labels.data[to.i] = target;
    const bool reaches = codebuf_finish(&buf);
    assert_int_equal((uint32_t)read_i32(buf.bytes.data), target - 4 + addend);
    arena_free(&arena);
    arena_free(&scratch);
    return reaches;
}

static void distances_fit(void **state)
{
    (void)state;
    assert_true(branch_reaches(0, 0));
    assert_true(branch_reaches(0x80000003u, 0));
    assert_false(branch_reaches(0x80000004u, 0));
    assert_true(branch_reaches(0x80000004u, UINT32_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_sequences),
        cmocka_unit_test(constants_are_shared_and_aligned),
        cmocka_unit_test(table_entries_are_distances),
        cmocka_unit_test(distances_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
