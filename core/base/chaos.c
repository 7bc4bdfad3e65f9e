// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The generator is splitmix64: the state counts up by a constant and is mixed on the way out.

#include "base/chaos.h"

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

Chaos chaos_new(uint8_t seed, Str name)
{
    Chaos chaos = {.base = mix(hash_bytes(name.data, name.len) + seed)};
    chaos.state = chaos.base;
    return chaos;
}

void chaos_begin(Chaos *chaos, uint32_t stage)
{
    chaos->state = mix(chaos->base + stage + 1);
}

uint64_t chaos_draw(Chaos *chaos)
{
    chaos->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(chaos->state);
}

uint64_t chaos_of(const Chaos *chaos, uint32_t key)
{
    return mix(chaos->base ^ mix(key + UINT64_C(0x9e3779b97f4a7c15)));
}
