// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Host of multi.isle: nodes are numbers.
#ifndef ISLE_HOST_MULTI_H
#define ISLE_HOST_MULTI_H

#include "isle-rules/tests/isle_run_host.h"
#include "multi_gen.h"

// Node n is Add of n / 10 and n % 10 when n >= 10, and always the constant n % 5.
typedef struct inst_iter {
    uint32_t node, at;
} inst_iter;

static inline void inst_init(IsleContext *ctx, uint32_t node, inst_iter *it)
{
    (void)ctx;
    *it = (inst_iter){node, 0};
}

static inline bool inst_next(IsleContext *ctx, inst_iter *it, const Inst **out)
{
    Inst *const inst = ISLE_ALLOC(ctx, Inst);
    if (it->at == 0 && it->node < 10)
        it->at++;
    if (it->at == 0)
        *inst = (Inst){.tag = Inst_Add, .u.Add = {it->node / 10, it->node % 10}};
    else
        *inst = (Inst){.tag = Inst_Const, .u.Const = {it->node % 5}};
    *out = inst;
    return it->at++ < 2;
}

static inline uint32_t make(IsleContext *ctx, const Inst *inst)
{
    const uint32_t node =
        inst->tag == Inst_Add ? inst->u.Add.a * 10 + inst->u.Add.b : (uint32_t)inst->u.Const.k;
    ctx->calls[ctx->num_calls++] = node;
    return node;
}

// x + 1000 and x + 2000; of 7 nothing
static inline void pick(IsleContext *ctx, uint32_t x, isle_list_Node *out)
{
    (void)ctx;
    for (uint32_t i = 1; i <= 2 && x != 7 && out->len < ISLE_MULTI_MAX; i++)
        out->items[out->len++] = x + 1000 * i;
}

#endif
