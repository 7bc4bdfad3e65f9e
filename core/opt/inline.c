// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inlining. A call
//
//   block0: a                      block0: a
//           v1 = call fn0(v0)              jump block1
//           b                      block1: body, with v0 for the parameter
//                                          jump block2(v7)
//                                  block2(v8): v1 -> v8
//                                          b
//
// becomes a jump to the callee's body, whose returns become jumps to what was behind the call. Of a
// try_call that is the block where it returns, and calls in the body become try_calls whose last
// handlers are its own. The
// walk then goes on in the body, so that its calls are looked at as well. A call within a body of
// the same function is left, so recursion comes to an end.
//
// The instructions behind a call stay in one list, which the block that they belong to takes over
// when the walk comes to it: each is moved once, however many calls there are.

#include "opt/inline_internal.h"
#include "opt/opt_internal.h"

// A body that was put into another one, or into the function.
typedef struct Body {
    const Func *callee;
    uint32_t parent; // NO_INDEX: the function
} Body;

typedef struct Inliner {
    Func *f;
    const InlineOptions *options;
    Arena *scratch;
    VEC(Body) bodies;
    VEC(uint32_t) body_of; // by instruction; NO_INDEX: the function itself
    VEC(uint32_t) tail_of; // by block: the first instruction that is still to be moved there
    bool any;
} Inliner;

static uint32_t get(const uint32_t *data, uint32_t len, uint32_t i)
{
    return i < len ? data[i] : NO_INDEX;
}

static uint32_t body_of(const Inliner *in, Inst inst)
{
    return get(in->body_of.data, in->body_of.len, inst.i);
}

static bool is_within(const Inliner *in, Inst call, const Func *callee)
{
    for (uint32_t b = body_of(in, call); b != NO_INDEX; b = in->bodies.data[b].parent)
        if (in->bodies.data[b].callee == callee)
            return true;
    return false;
}

static const ExTableData *extable_of(const Func *f, Inst inst)
{
    return &f->extables.data[func_inst(f, inst)->w[1]];
}

// The callee whose body is to replace the call, NULL: none.
static const Func *choose(Inliner *in, Inst call)
{
    const Func *const f = in->f;
    const Opcode op = inst_op(f, call);
    if ((op != OP_CALL && op != OP_RETURN_CALL && op != OP_TRY_CALL) ||
        f->insts.len >= in->options->max_insts)
        return NULL;
    const ExtFuncData *const ref = &f->funcs.data[func_inst(f, call)->w[0]];
    if (ref->patchable)
        return NULL;
    const Func *const callee = in->options->callee(in->options->context, f, &ref->name);
    const bool good = callee && signature_eq(&callee->sig, &f->sigs.data[ref->sig.i].sig) &&
                      inline_is_possible(callee) && !is_within(in, call, callee) &&
                      (op != OP_TRY_CALL || inline_can_be_caught(callee, extable_of(f, call)));
    return good ? callee : NULL;
}

// Cuts the list behind `inst`, the last one of its block from now on.
static Inst cut(Func *f, Inst inst)
{
    const Inst rest = f->nodes.data[inst.i].next;
    f->nodes.data[inst.i].next = NO(Inst);
    f->blocks.data[f->nodes.data[inst.i].block.i].last = inst;
    return rest;
}

// The block that goes on behind the call, with the call's results for parameters.
static Block make_return_block(Inliner *in, Inst call, Inst rest)
{
    Func *const f = in->f;
    const Block block = func_add_block(f);
    const Span results = inst_results(f, call);
    while (in->tail_of.len <= block.i)
        VEC_PUSH(in->scratch, &in->tail_of, NO_INDEX);
    in->tail_of.data[block.i] = rest.i;
    uint32_t *const old = ARENA_ARRAY(in->scratch, uint32_t, results.len);
    for (uint32_t i = 0; i < results.len; i++)
        old[i] = results.data[i];
    const uint32_t n = results.len;
    f->nodes.data[call.i].results = NO_INDEX;
    for (uint32_t i = 0; i < n; i++) {
        const Type type = f->values.data[old[i]].type;
        func_set_alias(f, (Value){old[i]}, func_add_param(f, block, type));
    }
    return block;
}

// The block where a try_call returns, with what it returns for parameters: it goes on to where the
// try_call did.
static Block make_normal_block(Inliner *in, Inst call)
{
    Func *const f = in->f;
    const Block block = func_add_block(f);
    const Signature *const sig = inst_signature(f, call);
    const uint32_t target = inst_calls(f, call).data[0];
    uint32_t *const results = ARENA_ARRAY(in->scratch, uint32_t, sig->num_returns);
    for (uint32_t i = 0; i < sig->num_returns; i++)
        results[i] = func_add_param(f, block, sig->returns[i].type).i;
    opt_append_return(f, block, target, results, in->scratch);
    return block;
}

// A callee's uses of its context are written out: the caller has another one.
static const Func *without_globals(const Func *callee, Arena *scratch)
{
    if (callee->globals.len == 0)
        return callee;
    OptCtx ctx = {.f = func_clone(callee, scratch), .scratch = scratch};
    opt_expand_globals(&ctx);
    return ctx.f;
}

static void put_body(Inliner *in, Inst call, const Func *callee)
{
    Func *const f = in->f;
    const Block call_block = f->nodes.data[call.i].block;
    const Inst rest = cut(f, call);
    InlineMap map = {.to = f,
                     .from = without_globals(callee, in->scratch),
                     .scratch = in->scratch,
                     .return_block = NO(Block),
                     .caught = NO_INDEX};
    inline_map_entities(&map);
    const Span args = inst_args(f, call), params = block_params(map.from, map.from->first_block);
    for (uint32_t i = 0; i < args.len; i++)
        map.values[params.data[i]] = args.data[i];
    if (inst_op(f, call) == OP_CALL)
        map.return_block = make_return_block(in, call, rest);
    if (inst_op(f, call) == OP_TRY_CALL) {
        if (extable_of(f, call)->num_handlers != 0)
            map.caught = func_inst(f, call)->w[1];
        map.return_block = make_normal_block(in, call);
    }
    const uint32_t entry =
        func_add_call(f, (Block){map.first_block + map.from->first_block.i}, NULL, 0);
    f->insts.data[call.i] = (InstData){.op = OP_JUMP, .w = {[1] = entry}};
    const Block last = inline_copy_body(&map, call_block);
    if (map.return_block.i != NO_INDEX)
        func_insert_block(f, last, map.return_block);

    const Body body = {callee, body_of(in, call)};
    VEC_PUSH(in->scratch, &in->bodies, body);
    while (in->body_of.len < map.first_inst)
        VEC_PUSH(in->scratch, &in->body_of, NO_INDEX);
    while (in->body_of.len < f->insts.len)
        VEC_PUSH(in->scratch, &in->body_of, in->bodies.len - 1);
    in->any = true;
}

// Puts a body in place of the call, if one is chosen; then nothing is behind it in its block.
static bool visit(Inliner *in, Inst inst)
{
    const Func *const callee = choose(in, inst);
    if (callee)
        put_body(in, inst, callee);
    return callee != NULL;
}

static void walk_block(Inliner *in, Block block)
{
    Func *const f = in->f;
    uint32_t tail = get(in->tail_of.data, in->tail_of.len, block.i);
    if (tail == NO_INDEX) {
        for (Inst inst = f->blocks.data[block.i].first; inst.i != NO_INDEX;
             inst = f->nodes.data[inst.i].next)
            if (visit(in, inst))
                return;
        return;
    }
    while (tail != NO_INDEX) {
        const Inst inst = {tail}, next = f->nodes.data[tail].next;
        f->nodes.data[inst.i].block = NO(Block);
        func_append_inst(f, block, inst);
        f->nodes.data[inst.i].next = next;
        if (visit(in, inst))
            return;
        f->nodes.data[inst.i].next = NO(Inst);
        tail = next.i;
    }
}

bool opt_inline(Func *f, const InlineOptions *options, Arena *scratch)
{
    Inliner in = {.f = f, .options = options, .scratch = scratch};
    if (inline_names_handlers(f))
        return false;
    IR_FOR_BLOCKS (f, block)
        walk_block(&in, block);
    return in.any;
}

// ---- Functions by name ----

static uint64_t hash_of_name(const ExtName *name)
{
    const uint64_t numbers = (uint64_t)name->space << 32 | name->index;
    const uint64_t text = hash_bytes(name->text.data, name->text.len);
    return name->kind == NAME_TESTCASE ? text : hash_bytes(&numbers, sizeof(numbers));
}

const Func *inline_names_find(void *context, const Func *caller, const ExtName *name)
{
    (void)caller;
    const InlineNames *const names = context;
    for (uint64_t key = hash_of_name(name);; key++) {
        const uint32_t index = map_get(&names->by_hash, key);
        if (index == MAP_NONE)
            return NULL;
        if (extname_eq(&names->funcs.data[index]->name, name))
            return names->funcs.data[index];
    }
}

void inline_names_add(InlineNames *names, const Func *f)
{
    uint64_t key = hash_of_name(&f->name);
    for (uint32_t at; (at = map_get(&names->by_hash, key)) != MAP_NONE; key++)
        if (extname_eq(&names->funcs.data[at]->name, &f->name))
            return;
    map_set(names->arena, &names->by_hash, key, names->funcs.len);
    VEC_PUSH(names->arena, &names->funcs, f);
}
