// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Vec growth, bit sets, the hash map and the string table.

#include "base/base.h"

#ifdef ASSAY_HARSH
#    define FIRST_CAP 1u
#    define FIRST_MAP 2u
#else
#    define FIRST_CAP 8u
#    define FIRST_MAP 16u
#endif

void *vec_reserve(Arena *arena, void *data, uint32_t len, uint32_t *cap, uint64_t n, size_t size)
{
    const uint64_t need = len + n;
    ASSERT(need <= UINT32_MAX);
    if (need <= *cap)
        return data;
    uint64_t grown = *cap == 0 ? FIRST_CAP : (uint64_t)*cap * 2;
    if (grown < need)
        grown = need;
    if (grown > UINT32_MAX)
        grown = UINT32_MAX;
    const size_t lowest_bit =
        size & (~size + 1); // an element's size is a multiple of its alignment
    data = arena_grow(arena, data, *cap * size, grown * size, lowest_bit < 16 ? lowest_bit : 16);
    *cap = (uint32_t)grown;
    return data;
}

Bitset bitset_new(Arena *arena, uint32_t size)
{
    return (Bitset){ARENA_ARRAY(arena, uint64_t, ((uint64_t)size + 63) / 64), size};
}

uint32_t bitset_count(const Bitset *set)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < (set->size + 63) / 64; i++)
        count += (uint32_t)__builtin_popcountll(set->words[i]);
    return count;
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    return x;
}

uint64_t hash_bytes(const void *data, size_t len)
{
    const unsigned char *bytes = data;
    uint64_t h = 0xcbf29ce484222325u;
    for (; len >= sizeof(h); len -= sizeof(h), bytes += sizeof(h)) {
        uint64_t word;
        memcpy(&word, bytes, sizeof(word));
        h = (h ^ word) * 0x9e3779b97f4a7c15u;
        h ^= h >> 32;
    }
    for (; len != 0; len--, bytes++)
        h = (h ^ *bytes) * 0x100000001b3u;
    return mix(h);
}

// The slot of `key`, or the free slot where it belongs.
static uint32_t map_slot(const Map *map, uint64_t key)
{
    uint32_t i = (uint32_t)mix(key) & (map->cap - 1);
    while (map->values[i] != MAP_NONE && map->keys[i] != key)
        i = (i + 1) & (map->cap - 1);
    return i;
}

uint32_t map_get(const Map *map, uint64_t key)
{
    return map->cap == 0 ? MAP_NONE : map->values[map_slot(map, key)];
}

static void map_resize(Arena *arena, Map *map, uint32_t cap)
{
    Map bigger = {ARENA_ARRAY(arena, uint64_t, cap), ARENA_ARRAY(arena, uint32_t, cap), map->len,
                  cap};
    memset(bigger.values, 0xff, sizeof(uint32_t) * cap);
    for (uint32_t i = 0; i < map->cap; i++) {
        if (map->values[i] == MAP_NONE)
            continue;
        const uint32_t slot = map_slot(&bigger, map->keys[i]);
        bigger.keys[slot] = map->keys[i];
        bigger.values[slot] = map->values[i];
    }
    *map = bigger;
}

void map_set(Arena *arena, Map *map, uint64_t key, uint32_t value)
{
    ASSERT(value != MAP_NONE);
    if ((map->len + 1) * 4ull > map->cap * 3ull)
        map_resize(arena, map, map->cap == 0 ? FIRST_MAP : map->cap * 2);
    const uint32_t slot = map_slot(map, key);
    map->len += map->values[slot] == MAP_NONE;
    map->keys[slot] = key;
    map->values[slot] = value;
}

// The slot of `s`, or the free slot where it belongs.
static uint32_t strtable_slot(const StrTable *table, Str s)
{
    uint32_t i = (uint32_t)hash_bytes(s.data, s.len) & (table->cap - 1);
    while (table->slots[i] != 0 && !str_eq(table->strings.data[table->slots[i] - 1], s))
        i = (i + 1) & (table->cap - 1);
    return i;
}

uint32_t strtable_find(const StrTable *table, Str s)
{
    if (table->cap == 0)
        return MAP_NONE;
    const uint32_t number = table->slots[strtable_slot(table, s)];
    return number == 0 ? MAP_NONE : number - 1;
}

static void strtable_resize(Arena *arena, StrTable *table, uint32_t cap)
{
    table->cap = cap;
    table->slots = ARENA_ARRAY(arena, uint32_t, cap);
    for (uint32_t i = 0; i < table->strings.len; i++)
        table->slots[strtable_slot(table, table->strings.data[i])] = i + 1;
}

uint32_t strtable_add(Arena *arena, StrTable *table, Str s)
{
    const uint32_t found = strtable_find(table, s);
    if (found != MAP_NONE)
        return found;
    if ((table->strings.len + 1) * 4ull > table->cap * 3ull)
        strtable_resize(arena, table, table->cap == 0 ? FIRST_MAP : table->cap * 2);
    const uint32_t slot = strtable_slot(table, s);
    VEC_PUSH(arena, &table->strings, str_copy(arena, s));
    table->slots[slot] = table->strings.len;
    return table->strings.len - 1;
}
