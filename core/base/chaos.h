// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// chaos: choices of the compiler made at random. Where a stage may do one thing or another and both
// are right (which register, which of two equal values, the long or the short branch), it asks
// here; fuzzers so reach in small functions what else needs large ones, and whoever judges the
// code (the allocation's checker, the engines) judges choices that no heuristic would make.
//
// A stage has a Chaos pointer, NULL when all is as usual: then each question is a comparison and
// the answer "as usual". The setting chaos_seed turns it on. What is drawn depends on the seed, on
// the function's name and on the stage alone, so that a file with the setting replays.
#ifndef BASE_CHAOS_H
#define BASE_CHAOS_H

#include "base/base.h"

typedef struct Chaos {
    uint64_t base; // of the function
    uint64_t state;
} Chaos;

// The choices for the function called `name`.
Chaos chaos_new(uint8_t seed, Str name);
// Begins a stage, whose choices do not depend on how many were made in others.
void chaos_begin(Chaos *chaos, uint32_t stage);

// Well mixed bits, others each time.
uint64_t chaos_draw(Chaos *chaos);
// Well mixed bits that depend on the function and `key` alone.
uint64_t chaos_of(const Chaos *chaos, uint32_t key);

// Whether to do what is not usual: once in `n` times; never when chaos is off.
static inline bool chaos_one_in(Chaos *chaos, uint32_t n)
{
    return UNLIKELY(chaos != NULL) && chaos_draw(chaos) % n == 0;
}

// The same where asked again about the same thing the answer must be the same.
static inline bool chaos_one_in_of(const Chaos *chaos, uint32_t n, uint32_t key)
{
    return UNLIKELY(chaos != NULL) && chaos_of(chaos, key) % n == 0;
}

#endif
