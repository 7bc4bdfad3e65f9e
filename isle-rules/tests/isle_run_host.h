// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the hosts of the run tests share: the context behind ctx, and a check that names its place.
#ifndef ISLE_RUN_HOST_H
#define ISLE_RUN_HOST_H

#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct IsleContext {
    Arena arena;
    uint32_t fired[64]; // by rule id
    uint32_t calls[16]; // arguments of calls with effects, in order
    uint32_t num_calls;
} IsleContext;

#define ISLE_ALLOC(ctx, T)       ARENA_NEW(&(ctx)->arena, T)
#define ISLE_RULE_FIRED(ctx, id) ((ctx)->fired[(id)]++)

// Ends the test: no rule of a total term matches.
static inline NORETURN void isle_nomatch(IsleContext *ctx, const char *term, const char *where)
{
    (void)ctx;
    fprintf(stderr, "%s: no rule of %s matches\n", where, term);
    exit(3);
}

#define CHECK(cond)                                                            \
    do {                                                                       \
        if (!(cond)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

#endif
