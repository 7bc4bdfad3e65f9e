// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Host of side_effects.isle: notes the calls.
#ifndef ISLE_HOST_SIDE_EFFECTS_H
#define ISLE_HOST_SIDE_EFFECTS_H

#include "isle-rules/tests/isle_run_host.h"

static inline uint32_t emit(IsleContext *ctx, uint32_t x)
{
    ctx->calls[ctx->num_calls++] = x;
    return x + 10;
}

static inline bool risky(IsleContext *ctx, uint32_t x, uint32_t *out)
{
    ctx->calls[ctx->num_calls++] = x;
    *out = x;
    return x != 15;
}

#endif
