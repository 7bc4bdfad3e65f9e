// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The mutator of programs as a library that AFL++ loads (AFL_CUSTOM_MUTATOR_LIBRARY). With a second
// input at hand it joins the two now and then.

#include "fuzz-targets/gen/gen.h"

#include <stdlib.h>

#define OUTPUT_MAX  ((size_t)1 << 20)
#define JOIN_ONE_IN 8u

typedef struct AflMutator {
    uint64_t state;
    uint8_t *out;
} AflMutator;

// AFL++ knows these by name.
ASSAY_API void *afl_custom_init(void *afl, unsigned seed);
ASSAY_API size_t afl_custom_fuzz(void *context, uint8_t *data, size_t size, uint8_t **out,
                                 uint8_t *other, size_t other_size, size_t max);
ASSAY_API void afl_custom_deinit(void *context);

void *afl_custom_init(void *afl, unsigned seed)
{
    AflMutator *const m = malloc(sizeof(*m));
    (void)afl;
    if (!m)
        return NULL;
    *m = (AflMutator){.state = seed, .out = malloc(OUTPUT_MAX)};
    if (m->out)
        return m;
    free(m);
    return NULL;
}

size_t afl_custom_fuzz(void *context, uint8_t *data, size_t size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t max)
{
    AflMutator *const m = context;
    const uint32_t seed = (uint32_t)(m->state = gen_mix(m->state));
    max = max < OUTPUT_MAX ? max : OUTPUT_MAX;
    size = size < max ? size : max;
    *out = m->out;
    if (other && other_size != 0 && seed % JOIN_ONE_IN == 0)
        return gen_cross((Str){(const char *)data, size}, (Str){(const char *)other, other_size},
                         m->out, max, seed);
    memcpy(m->out, data, size);
    return gen_mutate(m->out, size, max, seed);
}

void afl_custom_deinit(void *context)
{
    AflMutator *const m = context;
    free(m->out);
    free(m);
}
