// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arenas: alignment, growth in place and by copy, reset, and running out of memory.

#include "base/base.h"
#include "base/tests/child.h"

#include <stdio.h>
#include <stdlib.h>

static void alignment(void **state)
{
    (void)state;
    Arena arena = {0};
    for (size_t align = 1; align <= 64; align *= 2)
        for (size_t size = 0; size < 70; size += 3) {
            char *const p = arena_alloc(&arena, size, align);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % align, 0);
            memset(p, 0x5a, size);
        }
    arena_free(&arena);
}

// Objects keep what was written to them while others come and chunks are added.
static void objects_do_not_overlap(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    Arena arena = {0};
    unsigned char *objects[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        objects[i] = arena_alloc(&arena, i % 97, (size_t)1 << i % 7);
        memset(objects[i], (int)(i % 251), i % 97);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < i % 97; j++)
            assert_int_equal(objects[i][j], i % 251);
    assert_true(arena.used >= COUNT / 97 * (96 * 97 / 2));
    assert_true(arena_footprint(&arena) >= arena.used);
    arena_free(&arena);
    assert_int_equal(arena_footprint(&arena), 0);
    assert_int_equal(arena.used, 0);
}

static void cleared(void **state)
{
    (void)state;
    Arena arena = {0};
    memset(arena_alloc(&arena, 4000, 8), 0xff, 4000);
    arena_reset(&arena);
    const unsigned char *const p = arena_zalloc(&arena, 4000, 8);
    for (size_t i = 0; i < 4000; i++)
        assert_int_equal(p[i], 0);
    arena_free(&arena);
}

static void grow_in_place_and_by_copy(void **state)
{
    (void)state;
    Arena arena = {0};
    (void)arena_alloc(&arena, 1, 1); // so that there is a chunk with room
    char *const first = arena_alloc(&arena, 10, 1);
    memcpy(first, "0123456789", 10);
    char *const same = arena_grow(&arena, first, 10, 20, 1);
    assert_ptr_equal(same, first);
    memcpy(same + 10, "abcdefghij", 10);
    char *const other = arena_alloc(&arena, 1, 1);
    *other = '!';
    char *const moved = arena_grow(&arena, same, 20, 40, 1);
    assert_ptr_not_equal(moved, first);
    assert_memory_equal(moved, "0123456789abcdefghij", 20);
    assert_int_equal(*other, '!');
    char *const from_null = arena_grow(&arena, NULL, 0, 8, 8);
    assert_int_equal((uintptr_t)from_null % 8, 0);
    // More than any chunk has left.
    char *const big = arena_grow(&arena, moved, 40, (size_t)32 << 20, 1);
    assert_memory_equal(big, "0123456789abcdefghij", 20);
    arena_free(&arena);
}

static void reset_keeps_the_largest_chunk(void **state)
{
    (void)state;
    Arena arena = {0};
    for (int i = 0; i < 100; i++)
        (void)arena_alloc(&arena, 1000, 8);
    (void)arena_alloc(&arena, (size_t)1 << 20, 8);
    (void)arena_alloc(&arena, (size_t)3 << 20, 8);
    const size_t before = arena_footprint(&arena);
    arena_reset(&arena);
    const size_t kept = arena_footprint(&arena);
    assert_true(kept >= (size_t)3 << 20 && kept < before);
    assert_int_equal(arena.used, 0);
    memset(arena_alloc(&arena, (size_t)2 << 20, 64), 1, (size_t)2 << 20);
    assert_int_equal(arena_footprint(&arena), kept);
    arena_free(&arena);
    arena_reset(&arena); // of an empty one
    assert_int_equal(arena_footprint(&arena), 0);
}

// ---- What aborts ----

static void ask_too_much(void *context)
{
    (void)arena_alloc(context, SIZE_MAX / 2, 8);
}

static NORETURN void hook(void *context, size_t size)
{
    fprintf(stderr, "hook %s %d\n", (const char *)context, size == SIZE_MAX / 2);
    _Exit(7);
}

static void out_of_memory(void **state)
{
    (void)state;
    Arena arena = {0};
    assert_aborts(ask_too_much, &arena, "out of memory");
    char word[] = "called";
    Arena hooked = {.on_oom = hook, .oom_context = word};
    const ChildEnd end = child_run(ask_too_much, &hooked);
    assert_int_equal(end.signal, 0);
    assert_int_equal(end.code, 7);
    assert_string_equal(end.stderr_, "hook called 1\n");
}

static void ask_bad_alignment(void *context)
{
    (void)arena_alloc(context, 8, 24);
}

static void narrow_too_much(void *context)
{
    (void)context;
    (void)u16_from(65536);
}

static void broken_promises(void **state)
{
    (void)state;
    Arena arena = {0};
    assert_aborts(ask_bad_alignment, &arena, "assertion failed");
    assert_aborts(narrow_too_much, NULL, "UINT16_MAX");
    assert_int_equal(u8_from(255), 255);
    assert_int_equal(u16_from(65535), 65535);
    assert_int_equal(u32_from(UINT32_MAX), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alignment),
        cmocka_unit_test(objects_do_not_overlap),
        cmocka_unit_test(cleared),
        cmocka_unit_test(grow_in_place_and_by_copy),
        cmocka_unit_test(reset_keeps_the_largest_chunk),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(broken_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
