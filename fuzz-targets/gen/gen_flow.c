// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ends of blocks, and calls. Any graph may arise, irreducible ones included. Every edge that does
// not lead forward passes through a latch, a block that goes on only while there is fuel.

#include "fuzz-targets/gen/gen_internal.h"

static bool is_try(Opcode op)
{
    return op == OP_TRY_CALL || op == OP_TRY_CALL_INDIRECT;
}

// The plan's block goes on where a try_call returns to.
bool gen_ends_block(Opcode op)
{
    return (uint32_t)op < OP_COUNT && (ir_ops[op].flags & OPF_TERMINATOR) != 0 && !is_try(op);
}

// ---- Returns ----

// Stores some values that nothing used, so that they count.
static void keep_results(Gen *g, uint64_t seed)
{
    uint32_t kept = 0;
    for (uint32_t i = g->pool.len; i > 0 && kept < 3; i--) {
        GenValue *const value = &g->pool.data[i - 1];
        if (value->used || !value->exact || !gen_can(g, OP_STORE, value->type, value->type))
            continue;
        const int32_t offset = GEN_DATA_OFFSET + (int32_t)(gen_mix(seed + kept) & 0x7f0);
        MemFlags flags = MEM_DEFAULT;
        if (g->heap_region.i != NO_INDEX)
            flags = builder_in_region(flags, g->heap_region);
        builder_store(g->b, OP_STORE, value->v, (Mem){g->heap, offset, flags});
        value->used = true;
        kept++;
    }
}

void gen_return(Gen *g, uint64_t seed)
{
    const Signature *const sig = &g->plan->sig;
    Value values[GEN_SIG_MAX];
    ASSERT(sig->num_returns <= GEN_SIG_MAX);
    for (uint32_t i = 0; i < sig->num_returns; i++)
        values[i] =
            gen_operand(g, sig->returns[i].type, (uint8_t)(gen_mix(seed + i) % 0xb8), false, NULL);
    keep_results(g, seed);
    builder_return(g->b, (ValueList){values, sig->num_returns});
}

// ---- Targets ----

Goto gen_goto(Gen *g, uint32_t n, uint64_t seed)
{
    const uint32_t num = g->num_block_params[n];
    Value *const args = ARENA_ARRAY(g->arena, Value, num);
    for (uint32_t i = 0; i < num; i++)
        args[i] = gen_operand(g, g->block_params[n][i], (uint8_t)gen_mix(seed + i), false, NULL);
    return (Goto){g->blocks[n], {args, num}};
}

// A block beside the plan's, filled once the branch to it is made.
typedef struct Pending {
    Block block;
    uint32_t target; // NO_INDEX: returns
    uint64_t seed;
} Pending;

#define PENDING_MAX 20

typedef struct Branch {
    Gen *g;
    Pending pending[PENDING_MAX];
    uint32_t num_pending;
} Branch;

static Goto add_pending(Branch *branch, uint32_t target, uint64_t seed)
{
    ASSERT(branch->num_pending < PENDING_MAX);
    const Block block = builder_block(branch->g->b);
    branch->pending[branch->num_pending++] = (Pending){block, target, seed};
    return (Goto){block, NO_VALUES};
}

// A block further down, NO_INDEX when this is the last one.
static uint32_t forward(const Gen *g, uint8_t byte)
{
    const uint32_t left = g->plan->num_blocks - 1 - g->current;
    if (left == 0)
        return NO_INDEX;
    return g->current + 1 + (byte % 4 == 0 ? byte / 4 % left : 0);
}

// Where `byte` leads to from the current block.
static Goto target(Branch *branch, uint8_t byte, uint64_t seed)
{
    Gen *const g = branch->g;
    if (byte >= 200)
        return add_pending(branch, byte % (g->current + 1), seed);
    const uint32_t to = forward(g, byte);
    return to == NO_INDEX ? add_pending(branch, NO_INDEX, seed) : gen_goto(g, to, seed);
}

static void fill_latch(Gen *g, const Pending *p)
{
    const Block on = builder_block(g->b), off = builder_block(g->b);
    const Value fuel = gen_load_fuel(g);
    builder_brif(g->b, fuel, GOTO(on), GOTO(off));
    builder_switch(g->b, on);
    gen_use_fuel(g, fuel);
    builder_jump(g->b, gen_goto(g, p->target, p->seed));
    builder_switch(g->b, off);
    const uint32_t out = forward(g, (uint8_t)p->seed);
    if (out == NO_INDEX)
        gen_return(g, p->seed);
    else
        builder_jump(g->b, gen_goto(g, out, p->seed + 7));
}

static void fill_pending(const Branch *branch)
{
    for (uint32_t i = 0; i < branch->num_pending; i++) {
        const Pending *const p = &branch->pending[i];
        builder_switch(branch->g->b, p->block);
        if (p->target == NO_INDEX)
            gen_return(branch->g, p->seed);
        else
            fill_latch(branch->g, p);
    }
}

// ---- Calls ----

static FuncRef callee_ref(Gen *g, uint32_t n, bool colocated)
{
    if (!g->imported[n]) {
        const GenPlan *const plan = &g->plans[n];
        g->imported[n] = true;
        g->sigs[n] = builder_signature(g->b, plan->sig);
        g->funcs[n] = builder_import(g->b, builder_name(str_printf(g->arena, "f%u", n)), g->sigs[n],
                                     colocated);
    }
    return g->funcs[n];
}

// `pass_on`: the function's own parameters, as far as they fit.
static ValueList callee_args(Gen *g, uint32_t callee, uint64_t seed, bool pass_on)
{
    const Signature *const sig = &g->plans[callee].sig, *const own = &g->plan->sig;
    Value *const args = ARENA_ARRAY(g->arena, Value, sig->num_params);
    args[0] = g->heap;
    for (uint32_t i = 1; i < sig->num_params; i++) {
        const bool fits = i < own->num_params && own->params[i].type == sig->params[i].type;
        args[i] = pass_on && fits ? builder_param(g->b, i)
                                  : gen_operand(g, sig->params[i].type, (uint8_t)gen_mix(seed + i),
                                                false, NULL);
    }
    return (ValueList){args, sig->num_params};
}

static void emit_call(Gen *g, const GenRecord *r, Opcode op, uint32_t callee)
{
    const uint64_t seed = (uint64_t)r->a << 8 | r->b;
    const FuncRef func = callee_ref(g, callee, r->y % 2 == 0);
    const bool is_tail = op == OP_RETURN_CALL || op == OP_RETURN_CALL_INDIRECT;
    const ValueList args = callee_args(g, callee, seed, is_tail && r->x % 2 == 0);
    if (op == OP_CALL || op == OP_RETURN_CALL) {
        (void)builder_call(g->b, op, func, args);
        return;
    }
    const Value address = builder_func_addr(g->b, TYPE_I64, func);
    (void)builder_call_indirect(g->b, op, g->sigs[callee], address, args);
}

// A try_call that catches nothing, which is all that can be compiled, and the block it returns to.
static void emit_try_call(Gen *g, const GenRecord *r, Opcode op, uint32_t callee)
{
    const uint64_t seed = (uint64_t)r->a << 8 | r->b;
    const Signature *const sig = &g->plans[callee].sig;
    const FuncRef func = callee_ref(g, callee, r->y % 2 == 0);
    const ValueList args = callee_args(g, callee, seed, false);
    // Between the results stands a value of our own.
    const uint32_t own = r->x % (sig->num_returns + 1);
    const Type type = TYPE_I8 + r->c % 4u;
    const Value taken = gen_operand(g, type, r->c, false, NULL);
    const TryHandler context = {.kind = HANDLER_CONTEXT,
                                .context = gen_operand(g, TYPE_I64, r->small, false, NULL)};
    const Block back = builder_block(g->b);
    BlockArg passed[GEN_SIG_MAX + 1];
    for (uint32_t i = 0; i <= sig->num_returns; i++) {
        const uint32_t nth = i < own ? i : i - 1;
        const Type t = i == own ? type : sig->returns[nth].type;
        passed[i] =
            i == own ? blockarg_make(BLOCKARG_VALUE, taken.i) : blockarg_make(BLOCKARG_RET, nth);
        gen_push(g, builder_append_param(g->b, back, t), t, false);
    }
    const TryTable table = {.sig = g->sigs[callee],
                            .normal = {back, passed, sig->num_returns + 1},
                            .handlers = &context,
                            .num_handlers = r->small % 2};
    if (op == OP_TRY_CALL)
        builder_try_call(g->b, func, args, &table);
    else
        builder_try_call_indirect(g->b, builder_func_addr(g->b, TYPE_I64, func), args, &table);
    builder_switch(g->b, back);
}

void gen_call(Gen *g, const GenRecord *r, Opcode op)
{
    if (g->num_plans == 1)
        return; // nobody may call the entry function
    const uint32_t callee = 1 + r->shape % (g->num_plans - 1);
    const Signature *const sig = &g->plans[callee].sig;
    if (is_try(op) && callconv_has_exceptions(sig->callconv)) {
        emit_try_call(g, r, op, callee);
        return;
    }
    if (is_try(op))
        op = op == OP_TRY_CALL ? OP_CALL : OP_CALL_INDIRECT;
    emit_call(g, r, op, callee);
    for (uint32_t i = 0; i < sig->num_returns; i++)
        gen_push(g, builder_result(g->b, i), sig->returns[i].type, false);
}

static bool may_tail_call(const Gen *g, uint32_t callee)
{
    const Signature *const to = &g->plans[callee].sig, *const from = &g->plan->sig;
    if (from->callconv != CC_TAIL || to->callconv != CC_TAIL ||
        from->num_returns != to->num_returns)
        return false;
    for (uint32_t i = 0; i < to->num_returns; i++)
        if (from->returns[i].type != to->returns[i].type ||
            from->returns[i].extension != to->returns[i].extension)
            return false;
    return true;
}

static void gen_tail_call(Gen *g, const GenRecord *r, Opcode op)
{
    for (uint32_t i = 0; i + 1 < g->num_plans; i++) {
        const uint32_t callee = 1 + (r->shape + i) % (g->num_plans - 1);
        if (!may_tail_call(g, callee))
            continue;
        emit_call(g, r, op, callee);
        return;
    }
    gen_return(g, r->a);
}

// ---- Terminators ----

static void gen_br_table(Branch *branch, const GenRecord *r)
{
    Gen *const g = branch->g;
    Goto table[8];
    // Large tables are seldom; they lead to few blocks.
    const uint32_t num = r->c >= 248 ? 7 : r->c % 8;
    const uint32_t total = r->c == 255 ? 4090u + r->x : r->c >= 248 ? 40u : num;
    Value index = gen_operand(g, TYPE_I32, r->a, false, NULL);
    if (r->small % 4 != 0 && gen_can(g, OP_BAND, TYPE_I32, TYPE_I32))
        index = builder_binary(g->b, OP_BAND, index,
                               gen_int(g, TYPE_I32,
                                       total > 40  ? 0x1fff
                                       : total > 8 ? 63
                                                   : 7));
    for (uint32_t i = 0; i < num; i++)
        table[i] = target(branch, (uint8_t)gen_mix(r->b + i * 256u), r->x + i);
    const Goto otherwise = target(branch, r->b, r->y);
    Goto *const all = ARENA_ARRAY(g->arena, Goto, total);
    for (uint32_t i = 0; i < total; i++)
        all[i] = table[i % num];
    builder_br_table(g->b, index, otherwise, all, total);
}

static void gen_brif(Branch *branch, const GenRecord *r, uint8_t then_byte, uint8_t else_byte)
{
    Gen *const g = branch->g;
    const GenShape *const s = gen_shape(g->t, OP_BRIF, r->shape);
    const Type type = s ? s->ctrl : TYPE_I8;
    const Value c = r->small >= 160 ? gen_condition(g, r) : gen_operand(g, type, r->a, false, NULL);
    const Goto then_to = target(branch, then_byte, r->x);
    const Goto else_to = target(branch, else_byte, (uint64_t)r->y << 8);
    builder_brif(g->b, c, then_to, else_to);
}

// A return in the middle is conditional more often than not.
static void gen_return_record(Branch *branch, const GenRecord *r)
{
    Gen *const g = branch->g;
    if (g->current + 1 == g->plan->num_blocks || r->y % 4 == 0) {
        gen_return(g, r->a);
        return;
    }
    const Value c = gen_operand(g, TYPE_I8, r->a, false, NULL);
    const Goto out = add_pending(branch, NO_INDEX, r->x);
    const Goto on = target(branch, r->b % 200, r->x);
    builder_brif(g->b, c, out, on);
}

// Variables take values of this block along.
static void update_variables(Gen *g, const GenRecord *r)
{
    for (uint32_t i = 0; i < g->num_vars; i++) {
        const uint64_t random = gen_mix((uint64_t)r->x << 16 | (uint64_t)r->y << 8 | i);
        if (random % 2 == 0 || !gen_has(g, g->var_types[i]))
            continue;
        const uint8_t byte = (uint8_t)(random >> 8) & 0x3f;
        builder_def(g->b, g->vars[i], gen_operand(g, g->var_types[i], byte, false, NULL));
    }
}

void gen_terminator(Gen *g, const GenRecord *r, Opcode op)
{
    Branch branch = {.g = g};
    update_variables(g, r);
    switch ((int)op) {
    case OP_BRIF: gen_brif(&branch, r, r->b, r->c); break;
    case OP_BR_TABLE: gen_br_table(&branch, r); break;
    case OP_RETURN: gen_return_record(&branch, r); break;
    case OP_RETURN_CALL:
    case OP_RETURN_CALL_INDIRECT: gen_tail_call(g, r, op); break;
    case OP_TRAP:
        if (r->y % 16 == 0 && g->current != 0) {
            builder_trap(g->b, (TrapCode)(1 + r->a % TRAP_USER_MAX));
            break;
        }
        gen_brif(&branch, r, r->b, r->c);
        break;
    default: builder_jump(g->b, target(&branch, r->b, r->x)); break;
    }
    fill_pending(&branch);
}
