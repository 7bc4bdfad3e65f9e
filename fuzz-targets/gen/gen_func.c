// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function: what stands before its blocks, and the records of each.

#include "fuzz-targets/gen/gen_internal.h"

#define LASTING_MAX 40 // values of the first block that all others may use

// ---- Before the blocks ----

// Returns constants.
static void return_zeros(Gen *g)
{
    const Signature *const sig = &g->plan->sig;
    Value values[GEN_SIG_MAX];
    for (uint32_t i = 0; i < sig->num_returns; i++) {
        const DataValue zero = {.type = sig->returns[i].type};
        values[i] = gen_constant(g, sig->returns[i].type, &zero);
    }
    builder_return(g->b, (ValueList){values, sig->num_returns});
}

// The entry function fills up the fuel; others that call use it, and return at once without.
static void gen_prologue(Gen *g)
{
    if (g->index == 0) {
        gen_use_fuel(g, gen_int(g, TYPE_I32, 2 + g->fuel % 16));
        return;
    }
    if (!g->plan->has_calls)
        return;
    const Block on = builder_block(g->b), off = builder_block(g->b);
    const Value fuel = gen_load_fuel(g);
    builder_brif(g->b, fuel, GOTO(on), GOTO(off));
    builder_switch(g->b, off);
    return_zeros(g);
    builder_switch(g->b, on);
    gen_use_fuel(g, fuel);
}

// Variables and block parameters have few types, so that values of them are at hand.
static Type palette(const Gen *g, uint64_t n)
{
    const GenRecord *const head = &g->plan->head;
    const uint64_t random = gen_mix(n << 16 | (uint64_t)head->b << 8 | head->c);
    if (random % 4 == 0)
        return TYPE_I64;
    if (random % 4 == 1)
        return TYPE_I32;
    const uint64_t choice = gen_mix((random >> 8) % 4 << 16 | (uint64_t)head->b << 8 | head->c);
    return g->t->types[choice % g->t->num_types];
}

static void gen_variables(Gen *g)
{
    const GenRecord *const head = &g->plan->head;
    const uint32_t num = 1 + head->c % GEN_VARS_MAX;
    g->num_vars = 0; // an operand must not be a variable without value
    for (uint32_t i = 0; i < num; i++) {
        const Type type = palette(g, i);
        const uint8_t byte = (uint8_t)gen_mix(head->c + i * 256u) & 0x9f;
        const Value v = gen_operand(g, type, byte, false, NULL);
        g->var_types[i] = type;
        g->vars[i] = builder_var(g->b, type);
        builder_def(g->b, g->vars[i], v);
    }
    g->num_vars = num;
}

static void gen_blocks(Gen *g)
{
    for (uint32_t n = 0; n < g->plan->num_blocks; n++) {
        g->blocks[n] = builder_block(g->b);
        const uint64_t random = gen_mix(g->plan->head.b + n * 256u);
        builder_func(g->b)->blocks.data[g->blocks[n].i].cold = (random >> 40) % 8 == 0;
        g->num_block_params[n] = random % 2 == 0 ? 0 : (uint32_t)(random >> 8) % 4;
        for (uint32_t i = 0; i < g->num_block_params[n]; i++)
            g->block_params[n][i] = palette(g, (random >> 16) % 8 + i);
    }
}

// ---- Blocks ----

static void enter_block(Gen *g, uint32_t n)
{
    builder_switch(g->b, g->blocks[n]);
    g->current = n;
    g->pool.len = g->lasting;
    for (uint32_t i = 0; i < g->lasting; i++)
        g->pool.data[i].used = true;
    for (uint32_t i = 0; i < g->num_block_params[n]; i++) {
        const Value v = builder_append_param(g->b, g->blocks[n], g->block_params[n][i]);
        gen_push(g, v, g->block_params[n][i], false);
    }
}

static void leave_block(Gen *g, const GenRecord *r, Opcode op)
{
    gen_terminator(g, r, op);
    if (g->current == 0) // it dominates all
        g->lasting = g->pool.len < LASTING_MAX ? g->pool.len : LASTING_MAX;
}

static void gen_records(Gen *g)
{
    static const GenRecord last = {.y = 1};
    const GenPlan *const plan = g->plan;
    enter_block(g, 0);
    bool open = true;
    for (uint32_t i = 0; i < plan->num_records; i++) {
        const GenRecord *const r = &plan->records[i];
        const Opcode op = (Opcode)g->t->ops[r->op];
        if (!gen_ends_block(op)) {
            gen_inst(g, r, op);
            continue;
        }
        if (g->current + 1 == plan->num_blocks && i + 1 != plan->num_records)
            continue; // more blocks than there may be
        leave_block(g, r, op);
        open = g->current + 1 < plan->num_blocks;
        if (open)
            enter_block(g, g->current + 1);
    }
    if (open)
        leave_block(g, &last, OP_RETURN);
}

void gen_func(Gen *g, uint32_t index)
{
    g->index = index;
    g->plan = &g->plans[index];
    g->pool.len = g->lasting = 0;
    g->num_vars = 0;
    memset(g->imported, 0, sizeof(g->imported));
    builder_begin(g->b, builder_name(str_printf(g->arena, "f%u", index)), g->plan->sig);
    for (uint32_t i = 0; i < g->plan->sig.num_params; i++)
        if (i != 0)
            gen_push(g, builder_param(g->b, i), g->plan->sig.params[i].type, index == 0);
    g->heap = builder_param(g->b, 0);
    gen_slots(g);
    gen_prologue(g);
    gen_blocks(g);
    gen_variables(g);
    g->lasting = g->pool.len;
    g->current = 0;
    // The first block may be jumped to; the entry block may not.
    for (uint32_t i = 0; i < g->num_block_params[0]; i++)
        ASSERT(g->block_params[0][i] != TYPE_INVALID);
    builder_jump(g->b, gen_goto(g, 0, g->plan->head.c));
    gen_records(g);
    builder_seal_all(g->b);
}

void gen_lone(Gen *g, const GenRecord *r, const GenShape *s)
{
    const uint8_t choices[3] = {r->a, r->b, r->c};
    Value v[3] = {{0}, {0}, {0}};
    g->plan = &g->plans[0];
    builder_begin(g->b, builder_name(STR("f0")), g->plan->sig);
    g->heap = builder_param(g->b, 0);
    g->heap_region = NO(Region);
    for (uint32_t i = 1; i < g->plan->sig.num_params; i++)
        gen_push(g, builder_param(g->b, i), g->plan->sig.params[i].type, true);
    if (gen_is_memory(s->op)) {
        gen_memory(g, r, s);
    } else {
        // Some operands are constants.
        for (uint32_t i = 0; i < 3 && s->args[i] != TYPE_INVALID; i++) {
            const DataValue data = gen_operand_data(s->args[i], choices[i]);
            v[i] = choices[i] >= 0xc0 ? gen_constant(g, s->args[i], &data)
                                      : builder_param(g->b, 1 + i);
        }
        gen_emit(g, s, r, v);
    }
    const uint32_t num = g->plan->sig.num_returns;
    Value results[2];
    for (uint32_t i = 0; i < num; i++)
        results[i] = builder_result(g->b, i);
    builder_return(g->b, (ValueList){results, num});
    builder_seal_all(g->b);
}
