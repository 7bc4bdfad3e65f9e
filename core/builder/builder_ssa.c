// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// SSA construction on the fly, after M. Braun, S. Buchwald, S. Hack, R. Leissa, C. Mallon, A.
// Zwinkau: "Simple and Efficient Construction of Static Single Assignment Form" (CC 2013).
//
// A map holds, for a variable and a block, the variable's value at the block's end so far. A read
// in a block without a definition asks the predecessors:
//
//      one predecessor          several                      not sealed yet
//
//          x = v1            x = v1    x = v2
//            |                   \      /                    (?)  (?)
//            v                    v    v                       \  /
//        use x: v1          block(p): use x: p           block(p): use x: p, and ask
//                                                        when the block is sealed
//
// Each block that a search comes through remembers the answer. A parameter p (a phi) whose operands
// are all the same value v, or p itself, is trivial: it becomes another name of v, and the phis
// that use it are looked at again, for they may be trivial now. Functions of reducible control flow
// get minimal SSA form; in irreducible ones a few phis more can stay.
//
// The paper's functions call each other recursively along the control flow graph. Here an operand
// that needs a phi of its own gets that phi's value at once and the phi is put on a stack (`fill`),
// which is worked off depth first; so a chain of 100,000 blocks is no matter. Names that stand for
// others form a union-find forest (builder_resolve). A phi keeps two different operands as
// witnesses that it is not trivial, and is searched again only when these have become equal.
//
// A read that ends in a block that nothing jumps to, other than the entry, gives a value that is
// never there in a run ("nowhere"): a phi does not count it among its operands. So code behind a
// return, which front ends make without thinking, costs no parameters.

#include "builder/builder_internal.h"

static uint64_t def_key(Var var, Block block)
{
    return (uint64_t)var.i << 32 | block.i;
}

// The phi that `v` is the value of, or NO_INDEX.
static uint32_t phi_of(const Builder *b, Value v)
{
    const uint32_t phi = v.i < b->phi_of.len ? b->phi_of.data[v.i] : NO_INDEX;
    return phi == NOWHERE ? NO_INDEX : phi;
}

static bool is_nowhere(const Builder *b, Value v)
{
    return v.i < b->phi_of.len && b->phi_of.data[v.i] == NOWHERE;
}

static void set_phi_of(Builder *b, Value v, uint32_t phi)
{
    while (b->phi_of.len <= v.i)
        VEC_PUSH(&b->scratch, &b->phi_of, NO_INDEX);
    b->phi_of.data[v.i] = phi;
}

Value builder_resolve(Builder *b, Value v)
{
    uint32_t phi = phi_of(b, v);
    while (phi != NO_INDEX && b->phis.data[phi].becomes.i != NO_INDEX) {
        Phi *const p = &b->phis.data[phi];
        const uint32_t next = phi_of(b, p->becomes);
        if (next != NO_INDEX && b->phis.data[next].becomes.i != NO_INDEX)
            p->becomes = b->phis.data[next].becomes; // halve the path
        v = p->becomes;
        phi = phi_of(b, v);
    }
    return v;
}

// ---- Zero, the value of a variable that was never set ----

static Value start_value(Builder *b, Block block, InstData data, Inst *after)
{
    Func *const f = b->func;
    const Inst inst = func_add_inst(f, &data, POS_NONE);
    func_make_results(f, inst);
    const Inst next =
        after->i == NO_INDEX ? f->blocks.data[block.i].first : f->nodes.data[after->i].next;
    if (next.i == NO_INDEX)
        func_append_inst(f, block, inst);
    else
        func_insert_before(f, next, inst);
    *after = inst;
    return inst_result(f, inst);
}

// Zero of `type`, made at the head of `block`.
static Value make_zero(Builder *b, Block block, Type type)
{
    static const uint8_t zeros[4096]; // of the widest vector
    const Type lane = type_lane(type);
    Inst at = NO(Inst);
    if (type_is_vector(type) && !type_is_dynamic(type)) {
        const Constant zero = builder_constant(b, zeros, type_bytes(type));
        return start_value(b, block, (InstData){OP_VCONST, 0, type, {zero.i}}, &at);
    }
    Value x;
    switch ((int)lane) {
    case TYPE_I128:
        x = start_value(b, block, (InstData){.op = OP_ICONST, .ctrl = TYPE_I64}, &at);
        x = start_value(b, block, (InstData){OP_UEXTEND, 0, TYPE_I128, {x.i}}, &at);
        break;
    case TYPE_F16: x = start_value(b, block, (InstData){.op = OP_F16CONST}, &at); break;
    case TYPE_F32: x = start_value(b, block, (InstData){.op = OP_F32CONST}, &at); break;
    case TYPE_F64: x = start_value(b, block, (InstData){.op = OP_F64CONST}, &at); break;
    case TYPE_F128: {
        const Constant zero = builder_constant(b, zeros, 16);
        x = start_value(b, block, (InstData){.op = OP_F128CONST, .w = {zero.i}}, &at);
        break;
    }
    default: x = start_value(b, block, (InstData){.op = OP_ICONST, .ctrl = lane}, &at); break;
    }
    if (type_is_dynamic(type))
        x = start_value(b, block, (InstData){OP_SPLAT, 0, type, {x.i}}, &at);
    return x;
}

// The value of an unset variable at the head of `block`, which no definition reaches.
static Value zero_value(Builder *b, Block block, Type type)
{
    const Value zero = make_zero(b, block, type);
    if (block.i != b->entry.i)
        set_phi_of(b, zero, NOWHERE);
    return zero;
}

// ---- Phis ----

// A new phi for `var` at the head of `block`, which is its definition there.
static uint32_t add_phi(Builder *b, Var var, Block block)
{
    const Phi phi = {.block = block,
                     .var = var,
                     .value = func_new_param(b->func, block, b->vars.data[var.i]),
                     .operands = NO_INDEX,
                     .witness = {NO_INDEX, NO_INDEX},
                     .first_user = NO_INDEX,
                     .last_user = NO_INDEX,
                     .next = NO_INDEX,
                     .becomes = NO(Value)};
    VEC_PUSH(&b->scratch, &b->phis, phi);
    const uint32_t number = b->phis.len - 1;
    set_phi_of(b, phi.value, number);
    BlockState *const state = &b->blocks.data[block.i];
    if (state->first_phi == NO_INDEX)
        state->first_phi = number;
    else
        b->phis.data[state->last_phi].next = number;
    state->last_phi = number;
    map_set(&b->scratch, &b->defs, def_key(var, block), phi.value.i);
    return number;
}

// All edges to the phi's block are known: its operands are to be found.
static void start_filling(Builder *b, uint32_t number)
{
    Phi *const phi = &b->phis.data[number];
    const BlockState *const state = &b->blocks.data[phi->block.i];
    phi->operands = b->operands.len;
    phi->edge = state->first_edge;
    VEC_PUSH_ZEROED(&b->scratch, &b->operands, state->num_edges);
    VEC_PUSH(&b->scratch, &b->fill, number);
}

// The value of `var` at the end of `block`. May leave phis to be filled.
static Value find_value(Builder *b, Var var, Block block)
{
    const uint32_t walk = ++b->walks;
    b->path.len = 0;
    Value found;
    for (;;) {
        const uint32_t known = map_get(&b->defs, def_key(var, block));
        BlockState *const state = &b->blocks.data[block.i];
        if (known != MAP_NONE) {
            found = builder_resolve(b, (Value){known});
            if (b->path.len == 0)
                return found;
            break;
        }
        if (!state->sealed) {
            const uint32_t phi = add_phi(b, var, block);
            found = b->phis.data[phi].value;
            break;
        }
        // Without edges, or in a ring that nothing outside jumps into: no definition can reach.
        if (state->num_edges == 0 || state->walk == walk) {
            found = zero_value(b, block, b->vars.data[var.i]);
            break;
        }
        if (state->num_edges > 1) {
            const uint32_t phi = add_phi(b, var, block);
            start_filling(b, phi);
            found = b->phis.data[phi].value;
            break;
        }
        state->walk = walk;
        VEC_PUSH(&b->scratch, &b->path, block.i);
        block = b->edges.data[state->first_edge].from;
    }
    map_set(&b->scratch, &b->defs, def_key(var, block), found.i);
    for (uint32_t i = 0; i < b->path.len; i++)
        map_set(&b->scratch, &b->defs, def_key(var, (Block){b->path.data[i]}), found.i);
    return found;
}

static void add_user(Builder *b, uint32_t used, uint32_t phi)
{
    const User user = {phi, NO_INDEX};
    VEC_PUSH(&b->scratch, &b->users, user);
    const uint32_t number = b->users.len - 1;
    Phi *const p = &b->phis.data[used];
    if (p->first_user == NO_INDEX)
        p->first_user = number;
    else
        b->users.data[p->last_user].next = number;
    p->last_user = number;
}

// Whether the phi's operands are but one value, itself and what is nowhere; then *same is that
// value, or else one that is nowhere, or none.
static bool is_trivial(Builder *b, Phi *phi, Value *same)
{
    Value nowhere = NO(Value);
    *same = NO(Value);
    if (phi->witness[0] != NO_INDEX) {
        const Value x = builder_resolve(b, (Value){phi->witness[0]});
        const Value y = builder_resolve(b, (Value){phi->witness[1]});
        if (x.i != y.i && x.i != phi->value.i && y.i != phi->value.i)
            return false;
    }
    for (uint32_t i = 0; i < phi->filled; i++) {
        const Value x = builder_resolve(b, (Value){b->operands.data[phi->operands + i]});
        if (x.i == phi->value.i || x.i == same->i)
            continue;
        if (is_nowhere(b, x)) {
            nowhere = x;
            continue;
        }
        if (same->i != NO_INDEX) {
            phi->witness[0] = same->i;
            phi->witness[1] = x.i;
            return false;
        }
        *same = x;
    }
    if (same->i == NO_INDEX)
        *same = nowhere;
    return true;
}

// Makes the phi another name of `same`, whose users its users are now; they are to be checked.
static void replace_phi(Builder *b, uint32_t number, Value same)
{
    Phi *const phi = &b->phis.data[number];
    phi->becomes = same;
    b->num_removed++;
    const uint32_t heir = phi_of(b, same);
    for (uint32_t u = phi->first_user, next; u != NO_INDEX; u = next) {
        next = b->users.data[u].next;
        const Phi *const user = &b->phis.data[b->users.data[u].phi];
        if (user->becomes.i != NO_INDEX || b->users.data[u].phi == number)
            continue;
        if (user->complete)
            VEC_PUSH(&b->scratch, &b->check, b->users.data[u].phi);
        if (heir == NO_INDEX)
            continue;
        Phi *const h = &b->phis.data[heir];
        b->users.data[u].next = NO_INDEX;
        if (h->first_user == NO_INDEX)
            h->first_user = u;
        else
            b->users.data[h->last_user].next = u;
        h->last_user = u;
    }
    phi->first_user = phi->last_user = NO_INDEX;
}

// Replaces phi `number` if it is trivial, and then the phis that become so by it.
static void remove_trivial(Builder *b, uint32_t number)
{
    VEC_PUSH(&b->scratch, &b->check, number);
    while (b->check.len != 0) {
        const uint32_t n = b->check.data[--b->check.len];
        Phi *const phi = &b->phis.data[n];
        Value same;
        if (phi->becomes.i != NO_INDEX || !is_trivial(b, phi, &same))
            continue;
        if (same.i == NO_INDEX)
            same = zero_value(b, phi->block, b->vars.data[phi->var.i]);
        replace_phi(b, n, same);
    }
}

// Finds the operands of all phis on the stack, and of those that they need in turn.
static void fill_phis(Builder *b)
{
    while (b->fill.len != 0) {
        const uint32_t number = b->fill.data[b->fill.len - 1];
        const Phi *const phi = &b->phis.data[number];
        if (phi->filled == b->blocks.data[phi->block.i].num_edges) {
            b->fill.len--;
            b->phis.data[number].complete = true;
            remove_trivial(b, number);
            continue;
        }
        const Edge edge = b->edges.data[phi->edge];
        const Value operand = find_value(b, phi->var, edge.from);
        Phi *const filled = &b->phis.data[number]; // the search may have moved it
        b->operands.data[filled->operands + filled->filled++] = operand.i;
        filled->edge = edge.next;
        const uint32_t used = phi_of(b, operand);
        if (used != NO_INDEX && used != number)
            add_user(b, used, number);
    }
}

// ---- Rings without entry ----

// The blocks that the entry leads to.
static Bitset find_reachable(Builder *b)
{
    const Func *const f = b->func;
    Bitset reached = bitset_new(&b->scratch, f->blocks.len);
    VEC(uint32_t) work = {0};
    VEC_PUSH(&b->scratch, &work, b->entry.i);
    bitset_add(&reached, b->entry.i);
    while (work.len != 0) {
        const Inst last = f->blocks.data[work.data[--work.len]].last;
        const Span calls = last.i == NO_INDEX ? (Span){NULL, 0} : inst_calls(f, last);
        for (uint32_t i = 0; i < calls.len; i++) {
            const uint32_t to = f->calls.data[calls.data[i]].block.i;
            if (bitset_has(&reached, to))
                continue;
            bitset_add(&reached, to);
            VEC_PUSH(&b->scratch, &work, to);
        }
    }
    return reached;
}

static uint32_t block_of(const Func *f, Value v)
{
    const uint32_t def = value_def(f, v);
    return value_kind(f, v) == VALUE_PARAM ? def : f->nodes.data[def].block.i;
}

void builder_ground_rings(Builder *b)
{
    const Bitset reached = find_reachable(b);
    const uint32_t num = b->phis.len;
    for (uint32_t i = 0; i < num; i++) {
        const Phi *const phi = &b->phis.data[i];
        if (phi->becomes.i == NO_INDEX || bitset_has(&reached, phi->block.i))
            continue;
        const Value is = builder_resolve(b, phi->value);
        if (is_nowhere(b, is) || bitset_has(&reached, block_of(b->func, is)))
            continue;
        const Value zero = zero_value(b, phi->block, b->vars.data[phi->var.i]);
        b->phis.data[i].becomes = zero;
    }
}

// ---- The interface ----

Var builder_var(Builder *b, Type type)
{
    ASSERT(b->func && type != TYPE_INVALID);
    VEC_PUSH(&b->scratch, &b->vars, type);
    return (Var){b->vars.len - 1};
}

void builder_def(Builder *b, Var var, Value x)
{
    builder_assert_value(b, x);
    ASSERT(var.i < b->vars.len);
    const Type is = b->func->values.data[x.i].type;
    if (is != b->vars.data[var.i] && is != TYPE_INVALID)
        builder_problem(b, STATUS_INVALID, "a variable of type %.*s is set to v%u of type %.*s",
                        STR_ARG(type_name(&b->scratch, b->vars.data[var.i])), x.i,
                        STR_ARG(type_name(&b->scratch, is)));
    if (b->blocks.data[b->current.i].filled)
        builder_problem(b, STATUS_INVALID, "a variable is set behind the terminator of block%u",
                        b->current.i);
    else
        map_set(&b->scratch, &b->defs, def_key(var, b->current), x.i);
}

Value builder_use(Builder *b, Var var)
{
    ASSERT(b->func && var.i < b->vars.len);
    const Value found = find_value(b, var, b->current);
    fill_phis(b);
    return builder_resolve(b, found);
}

void builder_seal(Builder *b, Block block)
{
    builder_assert_block(b, block);
    BlockState *const state = &b->blocks.data[block.i];
    if (state->sealed)
        return;
    state->sealed = true;
    for (uint32_t phi = state->first_phi; phi != NO_INDEX; phi = b->phis.data[phi].next)
        start_filling(b, phi);
    fill_phis(b);
}

void builder_seal_all(Builder *b)
{
    ASSERT(b->func);
    for (uint32_t i = 0; i < b->blocks.len; i++)
        builder_seal(b, (Block){i});
}
