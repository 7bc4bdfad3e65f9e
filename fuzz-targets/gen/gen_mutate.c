// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mutation and crossover on records, so that changes are those of a program: an instruction more or
// less, another operand, two parts of programs behind each other. Header and tail keep their
// places.

#include "fuzz-targets/gen/gen_internal.h"

// The bytes as gen_case takes them apart.
typedef struct Body {
    size_t start, records; // whole records only
} Body;

static Body find_body(size_t size)
{
    if (size <= GEN_HEADER)
        return (Body){GEN_HEADER, 0};
    const size_t quarter = (size - GEN_HEADER) / 4, tail = quarter < GEN_TAIL ? quarter : GEN_TAIL;
    return (Body){GEN_HEADER, (size - GEN_HEADER - tail) / GEN_RECORD};
}

typedef struct Random {
    uint64_t state;
} Random;

static uint32_t below(Random *random, size_t n)
{
    random->state = gen_mix(random->state);
    return n == 0 ? 0 : (uint32_t)(random->state >> 16) % (uint32_t)n;
}

// ---- Records ----

static uint8_t *record_at(uint8_t *data, Body body, size_t n)
{
    return data + body.start + n * GEN_RECORD;
}

static void randomize(Random *random, uint8_t *record)
{
    for (uint32_t i = 0; i < GEN_RECORD; i++)
        record[i] = (uint8_t)below(random, 256);
}

static size_t insert(Random *random, uint8_t *data, size_t size, size_t max, bool copy)
{
    const Body body = find_body(size);
    uint8_t *const at = record_at(data, body, below(random, body.records + 1));
    uint8_t record[GEN_RECORD];
    if (size + GEN_RECORD > max || size < GEN_HEADER)
        return size;
    randomize(random, record);
    if (copy && body.records != 0)
        memcpy(record, record_at(data, body, below(random, body.records)), GEN_RECORD);
    memmove(at + GEN_RECORD, at, size - (size_t)(at - data));
    memcpy(at, record, GEN_RECORD);
    return size + GEN_RECORD;
}

static size_t erase(Random *random, uint8_t *data, size_t size)
{
    const Body body = find_body(size);
    if (body.records == 0)
        return size;
    const uint32_t first = below(random, body.records);
    size_t num = 1 + below(random, 4);
    if (num > body.records - first)
        num = body.records - first;
    uint8_t *const at = record_at(data, body, first);
    const size_t bytes = num * GEN_RECORD;
    memmove(at, at + bytes, size - (size_t)(at - data) - bytes);
    return size - bytes;
}

static void swap(Random *random, uint8_t *data, size_t size)
{
    const Body body = find_body(size);
    uint8_t record[GEN_RECORD];
    if (body.records < 2)
        return;
    uint8_t *const x = record_at(data, body, below(random, body.records));
    uint8_t *const y = record_at(data, body, below(random, body.records));
    memcpy(record, x, GEN_RECORD);
    memmove(x, y, GEN_RECORD);
    memcpy(y, record, GEN_RECORD);
}

// One field: another value, one nearby, or that of another record.
static void change(Random *random, uint8_t *data, size_t size)
{
    const Body body = find_body(size);
    if (body.records == 0)
        return;
    uint8_t *const record = record_at(data, body, below(random, body.records));
    const uint32_t field = below(random, GEN_RECORD);
    switch (below(random, 4)) {
    case 0: record[field] ^= (uint8_t)(1u << below(random, 8)); return;
    case 1: record[field] = (uint8_t)(record[field] + below(random, 9) - 4); return;
    case 2: record[field] = record_at(data, body, below(random, body.records))[field]; return;
    default: record[field] = (uint8_t)below(random, 256); return;
    }
}

static void change_rest(Random *random, uint8_t *data, size_t size, bool tail)
{
    const size_t from = tail ? size - (size - GEN_HEADER) / 4 : 0;
    const size_t num = tail ? (size - GEN_HEADER) / 4 : GEN_HEADER;
    if (num != 0)
        data[from + below(random, num)] = (uint8_t)below(random, 256);
}

size_t gen_mutate(uint8_t *data, size_t size, size_t max, uint32_t seed)
{
    Random random = {gen_mix(seed)};
    if (max < GEN_HEADER)
        return size;
    if (size < GEN_HEADER) {
        memset(data + size, 0, GEN_HEADER - size);
        size = GEN_HEADER;
    }
    for (uint32_t n = 1 + below(&random, 4); n > 0; n--) {
        switch (below(&random, 12)) {
        case 0:
        case 1:
        case 2: size = insert(&random, data, size, max, false); break;
        case 3: size = insert(&random, data, size, max, true); break;
        case 4: size = erase(&random, data, size); break;
        case 5: swap(&random, data, size); break;
        case 6: change_rest(&random, data, size, false); break;
        case 7: change_rest(&random, data, size, true); break;
        default: change(&random, data, size); break;
        }
    }
    return size;
}

// ---- Crossover ----

static size_t append(uint8_t *out, size_t size, size_t max, const uint8_t *from, size_t bytes)
{
    const size_t room = (max - size) / GEN_RECORD * GEN_RECORD;
    const size_t num = bytes < room ? bytes : room;
    if (num != 0)
        memcpy(out + size, from, num);
    return size + num;
}

size_t gen_cross(Str a, Str b, uint8_t *out, size_t max, uint32_t seed)
{
    Random random = {gen_mix(seed)};
    const Body in_a = find_body(a.len), in_b = find_body(b.len);
    const uint8_t *const from_a = (const uint8_t *)a.data, *const from_b = (const uint8_t *)b.data;
    if (max < GEN_HEADER || a.len < GEN_HEADER)
        return append(out, 0, max, from_b, b.len);
    memcpy(out, from_a, GEN_HEADER);
    size_t size = GEN_HEADER;
    const size_t cut_a = below(&random, in_a.records + 1), cut_b = below(&random, in_b.records + 1);
    size = append(out, size, max, from_a + GEN_HEADER, cut_a * GEN_RECORD);
    size = append(out, size, max, from_b + GEN_HEADER + cut_b * GEN_RECORD,
                  (in_b.records - cut_b) * GEN_RECORD);
    const size_t end_a = GEN_HEADER + in_a.records * GEN_RECORD;
    const size_t tail = a.len - end_a < max - size ? a.len - end_a : max - size;
    memcpy(out + size, from_a + end_a, tail);
    return size + tail;
}
