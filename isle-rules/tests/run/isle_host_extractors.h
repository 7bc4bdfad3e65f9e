// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Host of extractors.isle.
#ifndef ISLE_HOST_EXTRACTORS_H
#define ISLE_HOST_EXTRACTORS_H

#include "isle-rules/tests/isle_run_host.h"

static inline bool fits(IsleContext *ctx, uint32_t x, uint8_t *out)
{
    (void)ctx;
    *out = (uint8_t)x;
    return x <= UINT8_MAX;
}

static inline void halves(IsleContext *ctx, uint32_t x, uint16_t *low, uint16_t *high)
{
    (void)ctx;
    *low = (uint16_t)x;
    *high = (uint16_t)(x >> 16);
}

static inline uint16_t low(IsleContext *ctx, uint32_t x)
{
    (void)ctx;
    return (uint16_t)x;
}

static inline bool is_even(IsleContext *ctx, uint32_t x)
{
    (void)ctx;
    return x % 2 == 0;
}

#endif
