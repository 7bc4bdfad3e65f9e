// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What nothing reaches or uses leaves the layout.

#include "opt/opt_internal.h"

static void count(OptStats *stats, OptStat stat)
{
    if (stats)
        stats->counts[stat]++;
}

bool opt_remove_unreachable(Func *f, OptStats *stats, Arena *scratch)
{
    Bitset reached = bitset_new(scratch, f->blocks.len);
    VEC(uint32_t) work = {0};
    bitset_add(&reached, f->first_block.i);
    VEC_PUSH(scratch, &work, f->first_block.i);
    while (work.len != 0) {
        const uint32_t block = work.data[--work.len];
        const Span calls = inst_calls(f, f->blocks.data[block].last);
        for (uint32_t i = 0; i < calls.len; i++) {
            const uint32_t to = f->calls.data[calls.data[i]].block.i;
            if (bitset_has(&reached, to))
                continue;
            bitset_add(&reached, to);
            VEC_PUSH(scratch, &work, to);
        }
    }
    bool removed = false;
    for (Block block = f->first_block, next; block.i != NO_INDEX; block = next) {
        next = f->blocks.data[block.i].next;
        if (bitset_has(&reached, block.i))
            continue;
        func_remove_block(f, block);
        count(stats, OPT_STAT_UNREACHABLE);
        removed = true;
    }
    return removed;
}

// ---- Unused instructions ----

typedef struct Uses {
    const Func *f;
    uint32_t *counts; // by value
    VEC(Inst) work;
    Arena *scratch;
} Uses;

// Whether an instruction is there for its results alone.
static bool is_removable(const Func *f, Inst inst)
{
    const uint16_t effects = OPF_TERMINATOR | OPF_CALL | OPF_STORE | OPF_TRAP | OPF_EFFECT;
    const uint16_t flags = ir_ops[inst_op(f, inst)].flags;
    if ((flags & effects) != 0)
        return false;
    return (flags & OPF_LOAD) == 0 || memflags_trap(inst_memflags(f, inst)) == TRAP_NONE;
}

static bool is_unused(const Uses *u, Inst inst)
{
    const Span results = inst_results(u->f, inst);
    for (uint32_t i = 0; i < results.len; i++)
        if (u->counts[results.data[i]] != 0)
            return false;
    return is_removable(u->f, inst);
}

static void count_uses(Uses *u, Inst inst)
{
    const Func *const f = u->f;
    const Span args = inst_args(f, inst);
    for (uint32_t i = 0; i < args.len; i++)
        u->counts[ir_resolve(f, (Value){args.data[i]}).i]++;
    const Span calls = inst_calls(f, inst);
    for (uint32_t i = 0; i < calls.len; i++) {
        const Span values = call_args(f, calls.data[i]);
        for (uint32_t k = 0; k < values.len; k++) {
            const BlockArg arg = {values.data[k]};
            if (blockarg_kind(arg) == BLOCKARG_VALUE)
                u->counts[ir_resolve(f, (Value){blockarg_index(arg)}).i]++;
        }
    }
}

// Takes back the uses that a removed instruction made.
static void drop_uses(Uses *u, Inst inst)
{
    const Span args = inst_args(u->f, inst);
    for (uint32_t i = 0; i < args.len; i++) {
        const Value value = ir_resolve(u->f, (Value){args.data[i]});
        if (--u->counts[value.i] != 0 || value_kind(u->f, value) != VALUE_RESULT)
            continue;
        const Inst def = {value_def(u->f, value)};
        if (u->f->nodes.data[def.i].block.i != NO_INDEX && is_unused(u, def))
            VEC_PUSH(u->scratch, &u->work, def);
    }
}

void opt_remove_dead(Func *f, OptStats *stats, Arena *scratch)
{
    Uses u = {.f = f, .counts = ARENA_ARRAY(scratch, uint32_t, f->values.len), .scratch = scratch};
    IR_FOR_BLOCKS (f, block)
        IR_FOR_INSTS (f, block, inst)
            count_uses(&u, inst);
    IR_FOR_BLOCKS (f, block)
        IR_FOR_INSTS (f, block, inst)
            if (is_unused(&u, inst))
                VEC_PUSH(scratch, &u.work, inst);
    while (u.work.len != 0) {
        const Inst inst = u.work.data[--u.work.len];
        if (f->nodes.data[inst.i].block.i == NO_INDEX)
            continue;
        func_remove_inst(f, inst);
        count(stats, OPT_STAT_DEAD);
        drop_uses(&u, inst);
    }
}
