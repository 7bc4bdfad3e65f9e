// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Host of iflets.isle.
#ifndef ISLE_HOST_IFLETS_H
#define ISLE_HOST_IFLETS_H

#include "isle-rules/tests/isle_run_host.h"

static inline bool half(IsleContext *ctx, uint32_t x, uint32_t *out)
{
    (void)ctx;
    *out = x / 2;
    return x % 2 == 0;
}

static inline bool check(IsleContext *ctx, uint32_t x, bool *out)
{
    (void)ctx;
    *out = x > 10;
    return x != 11;
}

#endif
