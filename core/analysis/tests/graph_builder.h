// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds functions whose only point is their control-flow graph, for the tests of this folder.
#ifndef ANALYSIS_TESTS_GRAPH_BUILDER_H
#define ANALYSIS_TESTS_GRAPH_BUILDER_H

#include "ir/ir.h"

// A function of `n` blocks in the layout, without instructions.
static inline Func *graph_new(Arena *arena, uint32_t n)
{
    Func *const f = func_new(arena, (ExtName){.text = STR("f")}, (Signature){0});
    for (uint32_t i = 0; i < n; i++)
        func_append_block(f, func_add_block(f));
    return f;
}

static inline uint32_t graph_call(Func *f, uint32_t target)
{
    const BlockCallData call = {{target}, LIST_EMPTY};
    VEC_PUSH(f->arena, &f->calls, call);
    return f->calls.len - 1;
}

// Ends block `from` with a branch to `targets`: return, jump, brif or br_table by their number.
// Operands are not set.
static inline Inst graph_branch(Func *f, uint32_t from, const uint32_t *targets, uint32_t n)
{
    InstData data = {.op = OP_RETURN};
    uint32_t *const calls = ARENA_ARRAY(f->arena, uint32_t, n);
    for (uint32_t i = 0; i < n; i++)
        calls[i] = graph_call(f, targets[i]);
    if (n == 1 || n == 2) {
        data.op = n == 1 ? OP_JUMP : OP_BRIF;
        memcpy(&data.w[1], calls, sizeof(uint32_t) * n);
    } else if (n > 2) {
        data.op = OP_BR_TABLE;
        data.w[1] = func_add_list(f, calls, n);
    }
    const Inst inst = func_add_inst(f, &data, POS_NONE);
    func_append_inst(f, (Block){from}, inst);
    return inst;
}

// A generator of reproducible numbers (xorshift64*); the seed must not be 0.
static inline uint32_t graph_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * 0x2545f4914f6cdd1du) >> 32);
}

#endif
