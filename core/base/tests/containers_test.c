// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Vec, bit set, hash map and string table, against plain models of them.

#include "base/base.h"
#include "base/tests/child.h"

#include <stdio.h>

static void vec_grows(void **state)
{
    (void)state;
    Arena arena = {0};
    VEC(uint64_t) v = {0};
    VEC(char) other = {0}; // grows between, so that v must move
    for (uint32_t i = 0; i < 10000; i++) {
        VEC_PUSH(&arena, &v, (uint64_t)i * i);
        VEC_PUSH(&arena, &other, (char)(i % 100));
    }
    assert_int_equal(v.len, 10000);
    assert_true(v.cap >= v.len);
    for (uint32_t i = 0; i < v.len; i++) {
        assert_int_equal(v.data[i], (uint64_t)i * i);
        assert_int_equal(other.data[i], i % 100);
    }
    arena_free(&arena);
}

static void vec_reserve_and_zeroed(void **state)
{
    (void)state;
    Arena arena = {0};
    memset(arena_alloc(&arena, 10000, 1), 0xff, 10000);
    arena_reset(&arena);
    VEC(uint128) v = {0};
    VEC_PUSH_ZEROED(&arena, &v, 0);
    assert_int_equal(v.len, 0);
    VEC_PUSH(&arena, &v, 1);
    VEC_PUSH_ZEROED(&arena, &v, 100);
    assert_int_equal(v.len, 101);
    assert_int_equal((uintptr_t)v.data % _Alignof(uint128), 0);
    for (uint32_t i = 1; i < v.len; i++)
        assert_true(v.data[i] == 0);
    VEC_RESERVE(&arena, &v, 1000);
    assert_true(v.cap >= 1101);
    assert_int_equal(v.len, 101);
    const uint128 *const before = v.data;
    VEC_RESERVE(&arena, &v, 1000); // there is room already
    assert_ptr_equal(v.data, before);
    arena_free(&arena);
}

static void reserve_too_much(void *context)
{
    VEC(char) v = {0};
    VEC_PUSH(context, &v, 'x');
    VEC_RESERVE(context, &v, UINT32_MAX);
}

static void vec_has_a_limit(void **state)
{
    (void)state;
    Arena arena = {0};
    assert_aborts(reserve_too_much, &arena, "UINT32_MAX");
}

static void bits(void **state)
{
    (void)state;
    Arena arena = {0};
    static const uint32_t sizes[] = {0, 1, 63, 64, 65, 1000};
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        Bitset set = bitset_new(&arena, sizes[s]);
        assert_int_equal(bitset_count(&set), 0);
        for (uint32_t i = 0; i < sizes[s]; i += 3)
            bitset_add(&set, i);
        for (uint32_t i = 0; i < sizes[s]; i++)
            assert_int_equal(bitset_has(&set, i), i % 3 == 0);
        assert_int_equal(bitset_count(&set), (sizes[s] + 2) / 3);
        for (uint32_t i = 0; i < sizes[s]; i += 6)
            bitset_remove(&set, i);
        for (uint32_t i = 0; i < sizes[s]; i++)
            assert_int_equal(bitset_has(&set, i), i % 6 == 3);
    }
    arena_free(&arena);
}

static void read_outside(void *context)
{
    (void)bitset_has(context, 64);
}

static void bits_have_a_range(void **state)
{
    (void)state;
    Arena arena = {0};
    Bitset set = bitset_new(&arena, 64);
    assert_aborts(read_outside, &set, "set->size");
    arena_free(&arena);
}

// The product of the keys with the map's multiplier has equal low bits for keys that differ above;
// multiples of 2^32 and dense keys both must stay quick and right.
static void map_like_a_table(void **state)
{
    (void)state;
    Arena arena = {0};
    Map map = {0};
    enum { N = 20000 };
    assert_int_equal(map_get(&map, 0), MAP_NONE);
    for (uint32_t i = 0; i < N; i++) {
        map_set(&arena, &map, (uint64_t)i << 32, i);
        map_set(&arena, &map, i + 1, N + i);
        map_set(&arena, &map, ~(uint64_t)i, 2 * N + i);
    }
    assert_int_equal(map.len, 3 * N);
    for (uint32_t i = 0; i < N; i += 2)
        map_set(&arena, &map, (uint64_t)i << 32, 3 * N + i); // replaces
    assert_int_equal(map.len, 3 * N);
    for (uint32_t i = 0; i < N; i++) {
        assert_int_equal(map_get(&map, (uint64_t)i << 32), i % 2 == 0 ? 3 * N + i : i);
        assert_int_equal(map_get(&map, i + 1), N + i);
        assert_int_equal(map_get(&map, ~(uint64_t)i), 2 * N + i);
    }
    assert_int_equal(map_get(&map, (uint64_t)N << 32), MAP_NONE);
    assert_int_equal(map_get(&map, N + 1), MAP_NONE);
    arena_free(&arena);
}

// Keys chosen so that all fall into the same slot of a table of 16, at the first try: found by
// watching where single keys land.
static void map_with_colliding_keys(void **state)
{
    (void)state;
    Arena arena = {0};
    uint64_t keys[12];
    uint32_t n = 0, slot = UINT32_MAX;
    for (uint64_t key = 1; n < 12; key++) {
        Map probe = {0};
        for (uint64_t fill = 0; probe.cap < 16; fill++) // grow to 16 with other keys
            map_set(&arena, &probe, UINT64_MAX - fill, 1);
        memset(probe.values, 0xff, sizeof(uint32_t) * probe.cap);
        probe.len = 0;
        map_set(&arena, &probe, key, 1);
        uint32_t at = 0;
        while (probe.values[at] == MAP_NONE)
            at++;
        if (slot == UINT32_MAX)
            slot = at;
        if (at == slot)
            keys[n++] = key;
    }
    Map map = {0};
    for (uint32_t i = 0; i < n; i++)
        map_set(&arena, &map, keys[i], i);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(map_get(&map, keys[i]), i);
    assert_int_equal(map.len, n);
    arena_free(&arena);
}

static void set_none(void *context)
{
    Map map = {0};
    map_set(context, &map, 1, MAP_NONE);
}

static void map_refuses_none(void **state)
{
    (void)state;
    Arena arena = {0};
    assert_aborts(set_none, &arena, "MAP_NONE");
}

static void string_table(void **state)
{
    (void)state;
    Arena arena = {0};
    StrTable table = {0};
    assert_int_equal(strtable_find(&table, STR("none")), MAP_NONE);
    assert_int_equal(strtable_add(&arena, &table, STR("")), 0);
    char word[16];
    for (uint32_t i = 1; i < 5000; i++) {
        const int len = snprintf(word, sizeof(word), "w%u", i);
        assert_int_equal(strtable_add(&arena, &table, (Str){word, (size_t)len}), i);
    }
    for (uint32_t i = 1; i < 5000; i++) {
        const int len = snprintf(word, sizeof(word), "w%u", i);
        const Str s = {word, (size_t)len};
        assert_int_equal(strtable_find(&table, s), i);
        assert_int_equal(strtable_add(&arena, &table, s), i);
        assert_true(str_eq(table.strings.data[i], s));
    }
    assert_int_equal(table.strings.len, 5000);
    assert_int_equal(strtable_find(&table, STR("w5000")), MAP_NONE);
    assert_int_equal(strtable_find(&table, STR("")), 0);
    arena_free(&arena);
}

static void hashes(void **state)
{
    (void)state;
    assert_int_equal(hash_bytes("abc", 3), hash_bytes("abcd", 3));
    assert_int_not_equal(hash_bytes("abc", 3), hash_bytes("abd", 3));
    assert_int_not_equal(hash_bytes("", 0), hash_bytes("\0", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vec_grows),
        cmocka_unit_test(vec_reserve_and_zeroed),
        cmocka_unit_test(vec_has_a_limit),
        cmocka_unit_test(bits),
        cmocka_unit_test(bits_have_a_range),
        cmocka_unit_test(map_like_a_table),
        cmocka_unit_test(map_with_colliding_keys),
        cmocka_unit_test(map_refuses_none),
        cmocka_unit_test(string_table),
        cmocka_unit_test(hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
