// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Func -> FuncCode. An instruction that can't be executed, because it is not supported or because
// its types don't fit its opcode, becomes X_STOP: it matters only if it is reached.

#include "emulate/interp/interp_internal.h"

typedef struct Decoder {
    Interp *vm;
    FuncCode *fn;
    const Func *f;
    Arena *arena;       // scratch
    uint32_t *cell_of;  // by value; NO_INDEX: not defined in the layout
    uint32_t *start_of; // by block: its first code; NO_INDEX: not in the layout
    uint32_t next_cell, max_saved;
    VEC(Code) code;
    VEC(Edge) edges;
    VEC(Move) moves;
    VEC(CallInfo) sites;
    VEC(Str) messages;
} Decoder;

#define INTCOMPARE(CC, ...)                                    \
    _Static_assert(X_ICMP_##CC - (int)X_ICMP_EQ == INTCC_##CC, \
                   "int_ops.def lists the conditions in the order of IntCC");
#include "emulate/interp/int_ops.def"

// ---- Values ----

static uint32_t cell_of(const Decoder *d, uint32_t value)
{
    return d->cell_of[ir_resolve(d->f, (Value){value}).i];
}

static Type type_of(const Decoder *d, uint32_t value)
{
    return value_type(d->f, (Value){value});
}

static void place_values(Decoder *d, Span values)
{
    for (uint32_t i = 0; i < values.len; i++) {
        d->cell_of[values.data[i]] = d->next_cell;
        d->next_cell += cells_of(type_of(d, values.data[i]));
    }
}

// Gives each value its cells: the parameters of a block, and the results of an instruction, are
// neighbours; the entry's parameters come first.
static void place_all(Decoder *d)
{
    IR_FOR_BLOCKS (d->f, block) {
        place_values(d, block_params(d->f, block));
        IR_FOR_INSTS (d->f, block, i)
            place_values(d, inst_results(d->f, i));
    }
}

// ---- Emitting ----

static void emit(Decoder *d, const Code *c)
{
    VEC_PUSH(d->arena, &d->code, *c);
}

// Code that stops, with the message "OPCODE.TYPE: why".
static void emit_stop(Decoder *d, Inst inst, Stop stop, const char *why)
{
    StrBuf text = {.arena = &d->vm->code};
    if (inst.i != NO_INDEX) {
        const Opcode op = inst_op(d->f, inst);
        const Span args = inst_args(d->f, inst), results = inst_results(d->f, inst);
        Type type = func_inst(d->f, inst)->ctrl;
        if (type == TYPE_INVALID && results.len != 0)
            type = type_of(d, results.data[0]);
        if (type == TYPE_INVALID && args.len != 0)
            type = type_of(d, args.data[0]);
        buf_puts(&text, ir_ops[op].name);
        if (type != TYPE_INVALID) {
            buf_char(&text, '.');
            type_print(type, &text);
        }
        buf_puts(&text, ": ");
    }
    buf_puts(&text, why);
    const Code c = {.x = X_STOP, .b = stop, .imm = d->messages.len, .inst = inst.i};
    VEC_PUSH(d->arena, &d->messages, buf_view(&text));
    emit(d, &c);
}

// ---- Checking types ----

static bool all_placed(const Decoder *d, Span values)
{
    for (uint32_t i = 0; i < values.len; i++)
        if (cell_of(d, values.data[i]) == NO_INDEX)
            return false;
    return true;
}

// Whether `values` have the types of `params`.
static bool types_equal(const Decoder *d, Span values, const AbiParam *params, uint32_t n)
{
    if (values.len != n)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (type_of(d, values.data[i]) != params[i].type)
            return false;
    return true;
}

// ---- Edges ----

static void push_move(Decoder *d, uint32_t dst, uint32_t src, uint32_t n)
{
    const Move move = {dst, src, n};
    if (dst != src)
        VEC_PUSH(d->arena, &d->moves, move);
}

// What a call returned, for the `retN` of a block call: in neighbouring cells, the first of them in
// `cell`. NULL: not behind a call.
typedef struct Returned {
    const Signature *sig;
    uint32_t cell;
} Returned;

// Where the argument is, and its type; false if it is nowhere.
static bool find_source(const Decoder *d, BlockArg arg, const Returned *returned, uint32_t *cell,
                        Type *type)
{
    const uint32_t index = blockarg_index(arg);
    switch (blockarg_kind(arg)) {
    case BLOCKARG_VALUE:
        *cell = cell_of(d, index);
        *type = type_of(d, index);
        return *cell != NO_INDEX;
    case BLOCKARG_RET:
        if (!returned || index >= returned->sig->num_returns)
            return false;
        *cell = returned->cell;
        *type = returned->sig->returns[index].type;
        for (uint32_t i = 0; i < index; i++)
            *cell += cells_of(returned->sig->returns[i].type);
        return true;
    case BLOCKARG_EXN: break; // nothing is thrown
    }
    return false;
}

// The moves of a block call. They take effect at once: what an earlier move of the list would
// overwrite is saved behind the frame's values first. The parameters are neighbours, so that is
// what lies between the first parameter and the one that the value goes to.
static bool add_edge(Decoder *d, uint32_t call, const Returned *returned)
{
    const Block block = d->f->calls.data[call].block;
    const Span args = call_args(d->f, call), params = block_params(d->f, block);
    Edge edge = {.target = block.i, .moves = d->moves.len};
    if (args.len != params.len || d->start_of[block.i] == NO_INDEX)
        return false;
    const uint32_t first = params.len == 0 ? 0 : cell_of(d, params.data[0]);
    uint32_t saved = 0;
    for (uint32_t i = 0; i < args.len; i++) {
        uint32_t src;
        Type type;
        if (!find_source(d, (BlockArg){args.data[i]}, returned, &src, &type) ||
            type != type_of(d, params.data[i]))
            return false;
        const uint32_t n = cells_of(type);
        if (src >= first && src < cell_of(d, params.data[i])) {
            push_move(d, d->next_cell + saved, src, n);
            saved += n;
        }
    }
    d->max_saved = saved > d->max_saved ? saved : d->max_saved;
    saved = 0;
    for (uint32_t i = 0; i < args.len; i++) {
        uint32_t src = 0;
        Type type = type_of(d, params.data[i]);
        (void)find_source(d, (BlockArg){args.data[i]}, returned, &src, &type);
        const uint32_t dst = cell_of(d, params.data[i]), n = cells_of(type);
        const bool was_saved = src >= first && src < dst;
        push_move(d, dst, was_saved ? d->next_cell + saved : src, n);
        saved += was_saved ? n : 0;
    }
    edge.num_moves = d->moves.len - edge.moves;
    VEC_PUSH(d->arena, &d->edges, edge);
    return true;
}

static bool decode_branch(Decoder *d, Inst inst, Code *c)
{
    const Span calls = inst_calls(d->f, inst);
    c->imm = d->edges.len;
    c->b = calls.len - 1;
    c->x = c->op == OP_JUMP ? X_JUMP : c->op == OP_BRIF ? X_BRIF : X_BR_TABLE;
    for (uint32_t i = 0; i < calls.len; i++)
        if (!add_edge(d, calls.data[i], NULL))
            return false;
    return calls.len != 0;
}

// ---- Calls ----

// Moves of `values` to neighbouring cells from 0 on; returns the number of cells.
static uint32_t push_packed(Decoder *d, Span values)
{
    uint32_t to = 0;
    for (uint32_t i = 0; i < values.len; i++) {
        const uint32_t n = cells_of(type_of(d, values.data[i]));
        const Move move = {to, cell_of(d, values.data[i]), n};
        VEC_PUSH(d->arena, &d->moves, move);
        to += n;
    }
    return to;
}

static CallInfo find_callee(Decoder *d, uint32_t func_ref, const Signature *sig)
{
    CallInfo site = {.sig = sig};
    site.callee = interp_name(d->vm, &d->f->funcs.data[func_ref].name);
    site.kind = CALLEE_EXTERN;
    const uint32_t local = map_get(&d->vm->func_of_name, site.callee);
    if (local != MAP_NONE) {
        site.kind = CALLEE_LOCAL;
        site.callee = local;
    }
    return site;
}

static bool decode_call(Decoder *d, Inst inst, Code *c)
{
    const Format format = op_format((Opcode)c->op);
    const bool indirect = format == FMT_CALL_INDIRECT || format == FMT_TRY_CALL_INDIRECT;
    const bool tail = (ir_ops[c->op].flags & OPF_RETURN) != 0;
    const bool caught = format == FMT_TRY_CALL || format == FMT_TRY_CALL_INDIRECT;
    const Signature *const sig = inst_signature(d->f, inst);
    Span args = inst_args(d->f, inst);
    CallInfo site = {.kind = CALLEE_ADDRESS, .sig = sig};
    if (indirect)
        args = (Span){args.data + 1, args.len - 1};
    else
        site = find_callee(d, func_inst(d->f, inst)->w[0], sig);
    if (!types_equal(d, args, sig->params, sig->num_params))
        return false;
    if (!tail && !caught &&
        !types_equal(d, inst_results(d->f, inst), sig->returns, sig->num_returns))
        return false;
    if (tail && sig->num_returns != d->f->sig.num_returns)
        return false;
    for (uint32_t i = 0; tail && i < sig->num_returns; i++)
        if (sig->returns[i].type != d->f->sig.returns[i].type)
            return false;
    site.moves = d->moves.len;
    site.arg_cells = push_packed(d, args);
    site.num_moves = d->moves.len - site.moves;
    for (uint32_t i = 0; i < sig->num_params; i++)
        site.copies |= sig->params[i].purpose == PURPOSE_SARG;
    c->x = tail ? X_TAIL_CALL : X_CALL;
    c->imm = d->sites.len;
    VEC_PUSH(d->arena, &d->sites, site);
    return true;
}

// A call whose results go to cells of their own, and *c, a jump to where it returns: nothing is
// thrown here, so the handlers are never reached.
static bool decode_try_call(Decoder *d, Inst inst, Code *c)
{
    Code call = *c;
    if (!decode_call(d, inst, &call))
        return false;
    const Returned returned = {d->sites.data[call.imm].sig, d->next_cell};
    call.d = returned.cell;
    for (uint32_t i = 0; i < returned.sig->num_returns; i++)
        d->next_cell += cells_of(returned.sig->returns[i].type);
    c->x = X_JUMP;
    c->b = 0;
    c->imm = d->edges.len;
    if (!add_edge(d, inst_calls(d->f, inst).data[0], &returned))
        return false;
    emit(d, &call);
    return true;
}

static bool decode_return(Decoder *d, Inst inst, Code *c)
{
    const Span values = inst_args(d->f, inst);
    if (!types_equal(d, values, d->f->sig.returns, d->f->sig.num_returns))
        return false;
    c->x = X_RETURN;
    c->imm = d->moves.len;
    push_packed(d, values);
    c->b = d->moves.len - (uint32_t)c->imm;
    return true;
}

// ---- Memory ----

// Number of bytes that a memory instruction moves.
static uint32_t access_bytes(const Code *c)
{
    const MemOp memop = ir_memops[c->op];
    if (memop.lanes != 0)
        return memop.lane_bits / 8u * memop.lanes;
    const bool store = c->op == OP_STORE || c->op == OP_ATOMIC_STORE;
    return type_bytes(store ? c->type : c->rtype);
}

static XOp fast_access(const Code *c, bool store)
{
    const bool sign = ir_memops[c->op].extend == EXT_SEXT;
    switch (access_bytes(c)) {
    case 1: return store ? X_STORE8 : sign ? X_SLOAD8 : X_LOAD8;
    case 2: return store ? X_STORE16 : sign ? X_SLOAD16 : X_LOAD16;
    case 4: return store ? X_STORE32 : sign ? X_SLOAD32 : X_LOAD32;
    case 8: return store ? X_STORE64 : X_LOAD64;
    default: return X_STEP;
    }
}

// a: address, b: what is stored; c: flags; align, shift.
static void decode_access(Decoder *d, Inst inst, Code *c)
{
    const Format format = op_format((Opcode)c->op);
    const Span args = inst_args(d->f, inst);
    const bool store = format == FMT_STORE || format == FMT_STORE_NO_OFFSET;
    const bool offset = format == FMT_STORE || format == FMT_LOAD;
    const bool atomic = format == FMT_ATOMIC_RMW || format == FMT_ATOMIC_CAS;
    const uint32_t third = c->c;
    if (store) {
        const uint32_t address = c->b;
        c->b = c->a;
        c->a = address;
    }
    const Type pointer = type_of(d, args.data[store ? 1 : 0]);
    c->c = inst_memflags(d->f, inst);
    c->align = c->c & MEM_ALIGNED ? (uint16_t)(access_bytes(c) - 1) : 0;
    c->imm = offset ? (uint64_t)(int64_t)inst_offset(d->f, inst) : 0;
    // interp_memory.c needs to know a narrow pointer; the compare-and-swap's new value rides along.
    c->shift = (uint8_t)(64 - type_bits(pointer));
    if (format == FMT_ATOMIC_CAS)
        c->imm = third;
    const Type value = store ? c->type : c->rtype;
    if (pointer != TYPE_I64 || (c->c & MEM_BIG) || type_is_vector(value) || type_bits(value) > 64 ||
        atomic)
        return;
    c->x = (uint16_t)fast_access(c, store);
    c->shift = (uint8_t)(64 - type_bits(value));
}

// ---- Everything else ----

#define RETURN_FOR(LABEL, value) \
    case LABEL: return (value);

// The main loop's code for an opcode on narrow scalars, X_STEP if it has none.
static XOp fast_op(const Code *c)
{
    switch ((int)c->op) {
#define INT1(NAME, ...)  RETURN_FOR(OP_##NAME, X_##NAME)
#define INT2(NAME, ...)  RETURN_FOR(OP_##NAME, X_##NAME)
#define SHIFT(NAME, ...) RETURN_FOR(OP_##NAME, X_##NAME)
#include "emulate/interp/int_ops.def"
    case OP_ICMP: return (XOp)(X_ICMP_EQ + c->aux);
    case OP_UEXTEND: return type_bits(c->rtype) <= 64 ? X_COPY : X_STEP;
    case OP_SEXTEND: return type_bits(c->rtype) <= 64 ? X_SEXTEND : X_STEP;
    case OP_IREDUCE: return X_COPY;
    default: return X_STEP;
    }
}

static bool is_narrow(Type type)
{
    return !type_is_vector(type) && type_bits(type) <= 64;
}

static void decode_select(const Decoder *d, Inst inst, Code *c)
{
    const Type cond = type_of(d, inst_args(d->f, inst).data[0]);
    c->imm = c->a + (type_bits(cond) > 64);
    if (is_narrow(c->rtype) && is_narrow(cond))
        c->x = X_SELECT;
}

// Constants and what amounts to one.
static bool decode_constant(Decoder *d, Inst inst, Code *c)
{
    switch ((int)op_format((Opcode)c->op)) {
    case FMT_UNARY_IMM:
    case FMT_UNARY_IEEE16:
    case FMT_UNARY_IEEE32:
    case FMT_UNARY_IEEE64:
        c->imm = inst_imm(d->f, inst) & (uint64_t)bits_ones(type_bits(c->rtype));
        break;
    case FMT_FUNC_ADDR: {
        const CallInfo site = find_callee(d, func_inst(d->f, inst)->w[0], NULL);
        c->imm = interp_code_address(site.kind, site.callee, type_bits(c->rtype));
        break;
    }
    default: return false;
    }
    c->x = X_CONST;
    return true;
}

// Sets x and the rest of *c, whose opcode, types, operand and result cells are there.
static bool decode_by_format(Decoder *d, Inst inst, Code *c)
{
    const InstData *const data = func_inst(d->f, inst);
    const Span args = inst_args(d->f, inst);
    switch (op_format((Opcode)c->op)) {
    case FMT_JUMP:
    case FMT_BRIF:
    case FMT_BRANCH_TABLE:
        c->c = args.len != 0 ? c->a + (type_bits(c->type) > 64) : 0;
        return decode_branch(d, inst, c);
    case FMT_CALL:
    case FMT_CALL_INDIRECT: return decode_call(d, inst, c);
    case FMT_TRY_CALL:
    case FMT_TRY_CALL_INDIRECT: return decode_try_call(d, inst, c);
    case FMT_MULTI_ARY: return decode_return(d, inst, c);
    case FMT_TRAP: c->x = X_TRAP; return true;
    case FMT_COND_TRAP:
        c->c = c->a + (type_bits(c->type) > 64);
        c->x = c->op == OP_TRAPZ ? X_TRAPZ : X_TRAPNZ;
        return true;
    case FMT_LOAD:
    case FMT_STORE:
    case FMT_STORE_NO_OFFSET:
    case FMT_ATOMIC_RMW:
    case FMT_ATOMIC_CAS: decode_access(d, inst, c); return true;
    case FMT_LOAD_NO_OFFSET:
        if (c->op == OP_BITCAST)
            c->c = data->w[3];
        else
            decode_access(d, inst, c);
        return true;
    case FMT_UNARY_IMM:
    case FMT_UNARY_IEEE16:
    case FMT_UNARY_IEEE32:
    case FMT_UNARY_IEEE64:
    case FMT_FUNC_ADDR: return decode_constant(d, inst, c);
    case FMT_UNARY_CONST:
    case FMT_UNARY_GLOBAL_VALUE: c->imm = data->w[0]; return true;
    case FMT_STACK_ADDR:
        c->a = data->w[0];
        c->imm = (uint64_t)(int64_t)inst_offset(d->f, inst);
        return true;
    case FMT_SHUFFLE: c->imm = data->w[2]; return true;
    case FMT_FLOAT_COMPARE: c->aux = (uint8_t)floatcc_outcomes((FloatCC)data->aux); return true;
    case FMT_TERNARY:
        if (c->op == OP_SELECT || c->op == OP_SELECT_SPECTRE_GUARD)
            decode_select(d, inst, c);
        return true;
    case FMT_UNARY:
    case FMT_BINARY:
    case FMT_INT_COMPARE:
        if (is_narrow(c->type))
            c->x = (uint16_t)fast_op(c);
        if (c->x == X_SEXTEND)
            c->imm = (uint64_t)bits_ones(type_bits(c->rtype));
        return true;
    case FMT_NULL_ARY:
    case FMT_BINARY_IMM8:
    case FMT_TERNARY_IMM8:
    case FMT_INT_ADD_TRAP: return true;
    case FMT_DYNAMIC_STACK_ADDR:
    case FMT_EXCEPTION_HANDLER_ADDRESS:
    case FMT_COUNT: break;
    }
    UNREACHABLE();
}

static void decode_inst(Decoder *d, Inst inst)
{
    const InstData *const data = func_inst(d->f, inst);
    const Span args = inst_args(d->f, inst), results = inst_results(d->f, inst);
    Code c = {.x = X_STEP, .op = data->op, .aux = data->aux, .inst = inst.i};
    Stop stop = STOP_CRASHED;
    const char *const refusal = all_placed(d, args) ? interp_refusal(d->f, inst, &stop)
                                                    : "malformed: an operand is not defined";
    if (refusal) {
        emit_stop(d, inst, stop, refusal);
        return;
    }
    uint32_t *const operands[] = {&c.a, &c.b, &c.c};
    for (uint32_t i = 0; i < 3 && i < args.len; i++)
        *operands[i] = cell_of(d, args.data[i]);
    if (args.len != 0)
        c.type = type_of(d, args.data[0]);
    if (results.len != 0) {
        c.rtype = type_of(d, results.data[0]);
        c.d = cell_of(d, results.data[0]);
    }
    const Type width = c.op == OP_UEXTEND || c.op == OP_IREDUCE ? c.rtype : c.type;
    if (width != TYPE_INVALID && is_narrow(width))
        c.shift = (uint8_t)(64 - type_bits(width));
    if (decode_by_format(d, inst, &c))
        emit(d, &c);
    else
        emit_stop(d, inst, STOP_CRASHED, "malformed: arguments don't fit what they are for");
}

// ---- The function ----

static void break_func(FuncCode *fn, Stop stop, const char *because)
{
    fn->broken = stop;
    fn->because = because;
}

// Whether the function can be entered at all.
static void check_entry(Decoder *d)
{
    const Func *const f = d->f;
    FuncCode *const fn = d->fn;
    fn->vmctx = NO_INDEX;
    if (f->first_block.i == NO_INDEX) {
        break_func(fn, STOP_CRASHED, "the function has no blocks");
        return;
    }
    const Span params = block_params(f, f->first_block);
    if (!types_equal(d, params, f->sig.params, f->sig.num_params)) {
        break_func(fn, STOP_CRASHED, "the entry block's parameters are not the signature's");
        return;
    }
    for (uint32_t i = 0; i < params.len; i++) {
        if (type_is_dynamic(f->sig.params[i].type))
            break_func(fn, STOP_UNSUPPORTED,
                       "dynamic vectors are not supported by the interpreter");
        if (f->sig.params[i].purpose == PURPOSE_VMCTX)
            fn->vmctx = cell_of(d, params.data[i]);
    }
}

static void place_slots(Decoder *d)
{
    const Func *const f = d->f;
    FuncCode *const fn = d->fn;
    fn->slot_offsets = ARENA_ARRAY(&d->vm->code, uint64_t, f->slots.len);
    fn->slot_bytes = 0;
    fn->slot_align = FRAME_BYTES;
    for (uint32_t i = 0; i < f->slots.len; i++) {
        const uint64_t align = f->slots.data[i].align > 1 ? f->slots.data[i].align : 1;
        fn->slot_bytes = (fn->slot_bytes + align - 1) / align * align;
        fn->slot_offsets[i] = fn->slot_bytes;
        fn->slot_bytes += f->slots.data[i].size;
        fn->slot_align = align > fn->slot_align ? align : fn->slot_align;
    }
}

static void decode_blocks(Decoder *d)
{
    IR_FOR_BLOCKS (d->f, block)
        d->start_of[block.i] = 0; // in the layout
    IR_FOR_BLOCKS (d->f, block) {
        d->start_of[block.i] = d->code.len;
        IR_FOR_INSTS (d->f, block, i)
            decode_inst(d, i);
        const Inst last = d->f->blocks.data[block.i].last;
        if (last.i == NO_INDEX || !(ir_ops[inst_op(d->f, last)].flags & OPF_TERMINATOR))
            emit_stop(d, NO(Inst), STOP_CRASHED, "control runs off the end of a block");
    }
    for (uint32_t i = 0; i < d->edges.len; i++)
        d->edges.data[i].target = d->start_of[d->edges.data[i].target];
}

#define KEEP(T, v) keep(&vm->code, (v).data, sizeof(T) * (v).len)

static void *keep(Arena *arena, const void *data, size_t size)
{
    void *const copy = arena_alloc(arena, size, 8);
    if (size != 0)
        memcpy(copy, data, size);
    return copy;
}

void interp_decode(Interp *vm, FuncCode *fn)
{
    arena_reset(&vm->scratch);
    Decoder d = {.vm = vm, .fn = fn, .f = fn->func, .arena = &vm->scratch};
    d.cell_of = arena_alloc(d.arena, sizeof(uint32_t) * d.f->values.len, 4);
    d.start_of = arena_alloc(d.arena, sizeof(uint32_t) * d.f->blocks.len, 4);
    memset(d.cell_of, 0xff, sizeof(uint32_t) * d.f->values.len);
    memset(d.start_of, 0xff, sizeof(uint32_t) * d.f->blocks.len);
    fn->decoded = true;
    place_all(&d);
    check_entry(&d);
    if (fn->broken != STOP_NONE)
        return;
    place_slots(&d);
    decode_blocks(&d);
    fn->code = KEEP(Code, d.code);
    fn->edges = KEEP(Edge, d.edges);
    fn->moves = KEEP(Move, d.moves);
    fn->sites = KEEP(CallInfo, d.sites);
    fn->messages = KEEP(Str, d.messages);
    fn->num_cells = d.next_cell + d.max_saved;
}
