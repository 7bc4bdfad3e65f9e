// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of regalloc/ (but not by the checker). regalloc.c's head explains the whole.
#ifndef REGALLOC_INTERNAL_H
#define REGALLOC_INTERNAL_H

#include "base/chaos.h"
#include "regalloc/regalloc.h"

// Positions: numbers along the blocks in reverse post-order. A block's start is where its
// parameters are defined; instruction k of it reads at start + 2 + 2k and writes one later.

#define DEAD       UINT32_MAX // VRegState.next_use: no more use
#define FAR        (1u << 30) // greatest distance
#define LOOP_EXIT  (1u << 20) // what leaving a loop adds to a distance
#define COLD_ENTRY 1000u      // what entering a cold block adds
#define REGS_MAX   64
#define WEB_LINKS  8 // values of a slot class that are compared with each other

// What is known of a virtual register.
typedef struct VRegState {
    PRegSet regs;         // where it is now
    uint32_t next_use;    // instruction of the next use in this block, beyond its end by distance
    uint32_t pending;     // operands of the current instruction that read it and are not placed yet
    uint32_t block;       // that defines it
    uint32_t def;         // instruction, NO_INDEX: a parameter
    uint32_t def_operand; // of that instruction, in MFunc.operands
    uint32_t start, end;  // positions between which it lives
    uint32_t want_at;     // instruction that wants it in `want`
    uint32_t web;         // union-find: parameters and their arguments
    uint32_t web_reg;     // of a web's root: register handed out last, PREG_NONE
    uint32_t remats;      // how often it has been rematerialised
    uint32_t mark;        // scratch: stamp of a block or a sweep
    uint32_t found;       // scratch: what belongs to the mark
    uint32_t slot;        // first slot number once slots are numbered
    uint8_t class;        // RegClass
    uint8_t want;         // register that its next use is fixed to, PREG_NONE
    uint8_t entry;        // of a parameter: its register at the block's start, PREG_NONE: the slot
    bool wide;            // 16 bytes
    bool spilled;         // stored to its slot behind its definition
    bool remat;           // its definition can be repeated instead
    bool crosses_call;    // lives across a call that counts
} VRegState;

// A value that lives into a block.
typedef struct LiveIn {
    uint32_t vreg;
    uint32_t local;    // instructions from the block's start to its first use there, NO_INDEX: none
    uint32_t distance; // to its first use there or later
} LiveIn;

// A register and what it holds at a block's start or end.
typedef struct Held {
    uint32_t vreg;
    PReg reg;
    bool again; // another entry before has the same value
} Held;

typedef struct BlockState {
    LiveIn *live;
    Held *entry, *exit;
    uint32_t num_live, num_entry, num_exit;
    uint32_t rank;  // place in reverse post-order
    uint32_t start; // position
    uint32_t edge;  // the edge that leads here, of a block with one predecessor
    uint32_t pressure[REG_CLASS_COUNT];
    uint32_t loop_last; // of a loop's header: rank of its last block, else NO_INDEX
    uint32_t loop_pressure[REG_CLASS_COUNT];
    bool loop_calls;
    bool in_memory; // nothing in registers at its start
    bool done;
} BlockState;

typedef struct MoveList {
    VEC(MMove) moves;
} MoveList;

// Calls, in cold blocks and in others.
typedef struct CallCount {
    uint32_t hot, cold;
} CallCount;

typedef struct Regalloc {
    MFunc *f;
    const RegallocOptions *options;
    Arena *scratch;
    VRegState *values;  // by VReg
    BlockState *blocks; // by MBlock
    uint32_t *order;    // blocks in reverse post-order
    uint32_t *next_of;  // by operand: next use of its register behind it
    CallCount *calls;   // by position / 2: calls before it
    bool has_loops;

    PRegSet class_regs[REG_CLASS_COUNT]; // allocatable
    PRegSet callee_saved, saved;         // saved: those written so far
    PRegSet occupied;
    PRegSet fixed_nearby;         // registers that fixed operands of the current block name
    uint32_t reg_value[REGS_MAX]; // by PReg: what it holds, NO_INDEX
    uint32_t block;               // being allocated

    VEC(uint32_t) slot_operands; // operands that read the spill slot
    MoveList at_start, stores, inside, at_end;
    uint32_t scratch_slot; // temporary of cycles, NO_INDEX: none yet
} Regalloc;

static inline PReg regalloc_first(PRegSet set)
{
    ASSERT(set != 0);
    return (PReg)__builtin_ctzll(set);
}

static inline uint32_t regalloc_count(PRegSet set)
{
    return (uint32_t)__builtin_popcountll(set);
}

// The successor edge `n` of block `b`.
static inline const MEdge *regalloc_edge(const MFunc *f, uint32_t b, uint32_t n)
{
    return &f->edges.data[f->blocks.data[b].succs + n];
}

static inline uint32_t regalloc_position(const Regalloc *ra, uint32_t block, uint32_t inst)
{
    return ra->blocks[block].start + 2 + 2 * (inst - ra->f->blocks.data[block].first);
}

// Instructions that distances along an edge grow by.
uint32_t regalloc_edge_length(const MFunc *f, uint32_t from, uint32_t to);

static inline uint32_t regalloc_add_distance(uint32_t a, uint32_t b)
{
    return a + b < FAR ? a + b : FAR;
}

// regalloc_live.c: order, positions, definitions, liveness, distances, pressure.
void regalloc_analyse(Regalloc *ra);

// Root of the web that `vreg` is in.
uint32_t regalloc_web(Regalloc *ra, uint32_t vreg);

// regalloc_inst.c: allocation of one block from the state at its start.
void regalloc_block_insts(Regalloc *ra, uint32_t block);

// The state: register `reg` now holds `vreg`; or nothing any more.
void regalloc_hold(Regalloc *ra, PReg reg, uint32_t vreg);
// When `vreg` is still needed and was in no other register, it is spilled from its definition on.
void regalloc_drop(Regalloc *ra, PReg reg);
// The register of `candidates` that suits `vreg` best; PREG_NONE when there is none.
PReg regalloc_prefer(Regalloc *ra, uint32_t vreg, PRegSet candidates);
// Says that `vreg` must be found in memory: rematerialised, or stored behind its definition.
void regalloc_to_memory(Regalloc *ra, uint32_t vreg);

// regalloc_block.c: next uses within a block; the states at its start and end.
void regalloc_prepare_block(Regalloc *ra, uint32_t block);
void regalloc_enter_block(Regalloc *ra, uint32_t block);
void regalloc_leave_block(Regalloc *ra, uint32_t block);

// The register that holds `vreg` at the end of `block`, or PREG_NONE.
PReg regalloc_exit_reg(const Regalloc *ra, uint32_t block, uint32_t vreg);

// regalloc_edge.c: the moves on edges; and, before slots are numbered, what those need in memory.
void regalloc_store_for_edges(Regalloc *ra);
void regalloc_resolve_edges(Regalloc *ra);

// regalloc_slots.c: which spill slot a value gets; the final lists.
void regalloc_number_slots(Regalloc *ra);
// Behind all else (regalloc_hoist.c): moves of back edges go in front of the branch.
void regalloc_hoist(Regalloc *ra);
void regalloc_finish(Regalloc *ra);

// ---- Parallel moves: regalloc_moves.c ----

// One of several moves that happen at once. `from` is ALLOC_NONE for a rematerialisation.
typedef struct ParallelMove {
    Alloc to, from;
    uint32_t vreg;
    uint32_t remat; // instruction, NO_INDEX
    bool wide;
} ParallelMove;

// Working tables for locations below REGS_MAX + num_slots.
typedef struct Sequencer {
    Arena *arena;
    uint32_t *readers; // by location: moves not made yet that read it
    uint32_t *writer;  // by location: move + 1 that writes it
    VEC(uint32_t) ready;
} Sequencer;

Sequencer sequencer_new(Arena *arena, uint32_t num_slots);

// Where the sequence goes, and what a cycle may be broken with there: a register of the moved
// value's class, else a slot.
typedef struct MoveSite {
    uint32_t before; // instruction
    MoveList *out;   // to append to
    PRegSet regs;
    PRegSet class_regs[REG_CLASS_COUNT];
    const VRegData *vregs;
    uint32_t *num_slots;    // grows by the temporary slot when that is needed
    uint32_t *scratch_slot; // its number, NO_INDEX before
} MoveSite;

// Appends a sequence that has the effect of the `num` moves at once. No two have one target.
// `moves` is used up.
void sequencer_run(Sequencer *seq, ParallelMove *moves, uint32_t num, const MoveSite *site);

#endif
