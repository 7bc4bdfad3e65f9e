// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Host of converters.isle.
#ifndef ISLE_HOST_CONVERTERS_H
#define ISLE_HOST_CONVERTERS_H

#include "isle-rules/tests/isle_run_host.h"

static inline uint64_t a_to_b(IsleContext *ctx, uint32_t a)
{
    (void)ctx;
    return a;
}

static inline bool b_to_a(IsleContext *ctx, uint64_t b, uint32_t *a)
{
    (void)ctx;
    *a = (uint32_t)b;
    return b <= UINT32_MAX;
}

static inline uint32_t make_small(IsleContext *ctx, uint8_t x)
{
    (void)ctx;
    return x;
}

static inline bool small(IsleContext *ctx, uint32_t a, uint8_t *x)
{
    (void)ctx;
    *x = (uint8_t)a;
    return a <= UINT8_MAX;
}

static inline uint64_t same_b(IsleContext *ctx, uint64_t b)
{
    (void)ctx;
    return b;
}

static inline bool same(IsleContext *ctx, uint64_t b, uint64_t *out)
{
    (void)ctx;
    *out = b;
    return true;
}

#endif
