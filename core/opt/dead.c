// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What nothing uses leaves the layout. A value is wanted if an instruction with effects uses it, or
// one that is there for a wanted value, or if it is passed to a wanted block parameter; so a
// parameter that a loop only hands to itself is not.

#include "opt/opt_internal.h"

typedef struct Wanted {
    Func *f;
    Arena *scratch;
    Bitset values;
    VEC(uint32_t) work;   // values whose definitions are still to be looked at
    bool params;          // parameters are removed too; else all are wanted
    uint32_t *first_call; // by block: its range in `calls`
    uint32_t *calls;      // the block calls that lead to it
} Wanted;

// Whether an instruction is there for its results alone.
static bool is_removable(const Func *f, Inst inst)
{
    const uint16_t effects = OPF_TERMINATOR | OPF_CALL | OPF_STORE | OPF_TRAP | OPF_EFFECT;
    const uint16_t flags = ir_ops[inst_op(f, inst)].flags;
    if ((flags & effects) != 0)
        return false;
    return (flags & OPF_LOAD) == 0 || memflags_trap(inst_memflags(f, inst)) == TRAP_NONE;
}

// ---- Marking ----

static void want(Wanted *w, uint32_t value)
{
    const Value v = ir_resolve(w->f, (Value){value});
    if (bitset_has(&w->values, v.i))
        return;
    bitset_add(&w->values, v.i);
    VEC_PUSH(w->scratch, &w->work, v.i);
}

static void want_args(Wanted *w, Inst inst)
{
    const Span args = inst_args(w->f, inst);
    for (uint32_t i = 0; i < args.len; i++)
        want(w, args.data[i]);
}

static void want_call_arg(Wanted *w, uint32_t call, uint32_t num)
{
    const BlockArg arg = {call_args(w->f, call).data[num]};
    if (blockarg_kind(arg) == BLOCKARG_VALUE)
        want(w, blockarg_index(arg));
}

static void want_context(Wanted *w, Inst inst)
{
    if (ir_formats[inst_format(w->f, inst)].calls != CALLS_EXTABLE)
        return;
    const ExTableData *const table = &w->f->extables.data[func_inst(w->f, inst)->w[1]];
    for (uint32_t i = 0; i < table->num_handlers; i++)
        if (table->handlers[i].kind == HANDLER_CONTEXT)
            want(w, table->handlers[i].context.i);
}

// What instructions with effects use.
static void want_roots(Wanted *w)
{
    const Func *const f = w->f;
    IR_FOR_BLOCKS (f, block) {
        IR_FOR_INSTS (f, block, inst) {
            if (is_removable(f, inst))
                continue;
            want_args(w, inst);
            want_context(w, inst);
            const Span calls = inst_calls(f, inst);
            for (uint32_t i = 0; i < calls.len && !w->params; i++)
                for (uint32_t k = 0; k < call_args(f, calls.data[i]).len; k++)
                    want_call_arg(w, calls.data[i], k);
        }
    }
}

static void want_definition(Wanted *w, Value value)
{
    const Func *const f = w->f;
    const ValueKind kind = value_kind(f, value);
    if (kind == VALUE_RESULT)
        want_args(w, (Inst){value_def(f, value)});
    if (kind != VALUE_PARAM || !w->params)
        return;
    const uint32_t block = value_def(f, value), num = f->values.data[value.i].num;
    for (uint32_t i = w->first_call[block]; i < w->first_call[block + 1]; i++)
        want_call_arg(w, w->calls[i], num);
}

// The block calls by the block they lead to.
static void collect_calls(Wanted *w)
{
    const Func *const f = w->f;
    uint32_t total = 0;
    w->first_call = ARENA_ARRAY(w->scratch, uint32_t, f->blocks.len + 2);
    for (uint32_t pass = 0; pass < 2; pass++) {
        IR_FOR_BLOCKS (f, block) {
            const Span calls = inst_calls(f, f->blocks.data[block.i].last);
            for (uint32_t i = 0; i < calls.len; i++) {
                uint32_t *const at = &w->first_call[f->calls.data[calls.data[i]].block.i + 2];
                if (pass == 0)
                    ++*at;
                else
                    w->calls[at[-1]++] = calls.data[i];
            }
        }
        for (uint32_t b = 0; b < f->blocks.len && pass == 0; b++) {
            total += w->first_call[b + 2];
            w->first_call[b + 2] = total;
        }
        if (pass == 0)
            w->calls = ARENA_ARRAY(w->scratch, uint32_t, total);
    }
}

// ---- Removing ----

static bool any_wanted(const Wanted *w, Span values)
{
    for (uint32_t i = 0; i < values.len; i++)
        if (bitset_has(&w->values, values.data[i]))
            return true;
    return false;
}

static void remove_params(Wanted *w, Block block, OptStats *stats)
{
    Func *const f = w->f;
    const uint32_t n = block_params(f, block).len;
    Value *const kept = ARENA_ARRAY(w->scratch, Value, n);
    bool *const keep = ARENA_ARRAY(w->scratch, bool, n);
    uint32_t left = 0;
    for (uint32_t i = 0; i < n; i++) {
        const Value param = {block_params(f, block).data[i]};
        keep[i] = bitset_has(&w->values, param.i);
        if (keep[i])
            kept[left++] = param;
    }
    if (left == n)
        return;
    BlockArg *const args = ARENA_ARRAY(w->scratch, BlockArg, n);
    for (uint32_t c = w->first_call[block.i]; c < w->first_call[block.i + 1]; c++) {
        const Span old = call_args(f, w->calls[c]);
        uint32_t num = 0;
        for (uint32_t i = 0; i < n; i++)
            if (keep[i])
                args[num++] = (BlockArg){old.data[i]};
        func_set_call_args(f, w->calls[c], args, num);
    }
    func_set_params(f, block, kept, left);
    if (stats)
        stats->counts[OPT_STAT_PARAMS] += n - left;
}

void opt_remove_dead(Func *f, bool params, OptStats *stats, Arena *scratch)
{
    Wanted w = {
        .f = f, .scratch = scratch, .values = bitset_new(scratch, f->values.len), .params = params};
    if (params)
        collect_calls(&w);
    want_roots(&w);
    while (w.work.len != 0)
        want_definition(&w, (Value){w.work.data[--w.work.len]});
    IR_FOR_BLOCKS (f, block) {
        for (Inst inst = f->blocks.data[block.i].first, next; inst.i != NO_INDEX; inst = next) {
            next = f->nodes.data[inst.i].next;
            if (!is_removable(f, inst) || any_wanted(&w, inst_results(f, inst)))
                continue;
            func_remove_inst(f, inst);
            if (stats)
                stats->counts[OPT_STAT_DEAD]++;
        }
        if (params && block.i != f->first_block.i)
            remove_params(&w, block, stats);
    }
}
