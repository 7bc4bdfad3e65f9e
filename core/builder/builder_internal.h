// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The builder's working state. All of it, the function's tables included, lives in the scratch
// arena until builder_finish moves the function into the module's arena.
//
// The parameters that variables need ("phis" here, as in the literature) and their operands are
// kept beside the function: they come and go while blocks are sealed, and are written into
// parameter lists and block calls once, when all are known.
#ifndef BUILDER_BUILDER_INTERNAL_H
#define BUILDER_BUILDER_INTERNAL_H

#include "assay/builder.h"

// A block call, in the list of those into one block.
typedef struct Edge {
    Block from;
    uint32_t call;
    uint32_t next;
} Edge;

// A block that is branched to; parallel to Func.blocks.
typedef struct BlockState {
    uint32_t first_edge, last_edge, num_edges;
    uint32_t first_phi, last_phi;
    uint32_t walk;         // the last search that came through
    bool sealed;           // all edges are known
    bool filled;           // has a terminator
    uint32_t branched_pos; // of the first branch to it
} BlockState;

// A parameter that stands for variable `var` at the head of `block`.
typedef struct Phi {
    Block block;
    Var var;
    Value value;
    uint32_t operands; // first of as many values as the block has edges, in their order
    uint32_t filled;   // how many of them are known
    uint32_t edge;     // the edge of the next one
    uint32_t
        witness[2]; // two values among the operands that differ from each other and from `value`
    uint32_t first_user, last_user; // phis that have it as operand
    uint32_t next;                  // in the block's list
    Value becomes;                  // NO(Value): it is needed; else what it is another name of
    bool complete;
} Phi;

// In phi_of: a value that stands for a variable where no path from the entry leads.
#define NOWHERE (NO_INDEX - 1)

typedef struct User {
    uint32_t phi;
    uint32_t next;
} User;

typedef struct Problem {
    uint32_t pos;
    Status status;
    Str text;
} Problem;

struct Builder {
    Module *module;
    Arena scratch;
    Func *func; // NULL: none under construction
    Block entry, current;
    Inst last;
    uint32_t pos, srcloc;
    VEC(Problem) problems;
    VEC(BlockState) blocks;
    VEC(Edge) edges;
    VEC(Type) vars;
    Map constant_of; // hash of the bytes -> Constant

    // Variables: see builder_ssa.c.
    Map defs; // variable and block -> its value at the block's end, so far
    VEC(Phi) phis;
    VEC(uint32_t) phi_of; // value -> phi, NO_INDEX or NOWHERE, as far as there are any
    VEC(uint32_t) operands;
    VEC(User) users;
    VEC(uint32_t) fill, check; // work lists of phis
    VEC(uint32_t) path;        // blocks that a search came through
    uint32_t walks;
    uint32_t num_removed; // phis that became other values
};

// Notes what is wrong at the current position.
void builder_problem(Builder *b, Status status, const char *format, ...) PRINTF_LIKE(3, 4);

// Asserts that `b` is within a function and `v` one of its values.
static inline void builder_assert_value(const Builder *b, Value v)
{
    ASSERT(b->func && v.i < b->func->values.len);
}

static inline void builder_assert_block(const Builder *b, Block block)
{
    ASSERT(b->func && block.i < b->func->blocks.len);
}

// The value that `v` turned out to be.
Value builder_resolve(Builder *b, Value v);
// Records the branch `call` from the current block.
void builder_add_edge(Builder *b, uint32_t call);
// Where nothing outside leads into a ring of blocks, the one operand of a phi may be computed from
// the phi itself, as in x = x + 1: such phis become zero. All edges must be known.
void builder_ground_rings(Builder *b);
// Writes phis into parameter lists and block calls, and removed ones out of all operands.
void builder_place_phis(Builder *b);

#endif
