// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Host of recursion.isle.
#ifndef ISLE_HOST_RECURSION_H
#define ISLE_HOST_RECURSION_H

#include "isle-rules/tests/isle_run_host.h"

static inline uint32_t add(IsleContext *ctx, uint32_t a, uint32_t b)
{
    (void)ctx;
    return a + b;
}

#endif
