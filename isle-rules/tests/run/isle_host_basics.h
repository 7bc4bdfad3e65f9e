// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Host of basics.isle: extern types by their macros.
#ifndef ISLE_HOST_BASICS_H
#define ISLE_HOST_BASICS_H

#include "isle-rules/tests/isle_run_host.h"

// Extern types are the host's own: here a packed word, its low bit the tag.
typedef uint64_t Kind;
typedef uint32_t Rec;

enum { Kind_K1 = 0, Kind_K2 = 1 };
#define Kind_TAG(x)          ((int)((x)&1))
#define Kind_GET_K2_x(x)     ((uint32_t)((x) >> 1))
#define Kind_MAKE_K1(ctx)    ((Kind)0)
#define Kind_MAKE_K2(ctx, n) ((Kind)(n) << 1 | 1)
#define Rec_GET_f(x)         (x)
#define Rec_MAKE(ctx, n)     ((Rec)(n))

enum { ZERO = 100, ONE = 101 };

static inline uint32_t host_mul(IsleContext *ctx, uint32_t a, uint32_t b)
{
    (void)ctx;
    return a * b;
}

#endif
