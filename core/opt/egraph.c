// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Classes and nodes: an acyclic e-graph (after Fallin, "ægraphs: Acyclic E-graphs for Efficient
// Optimization in a Production Compiler", 2023).
//
// A node is looked up by content, operands of commutative operations in any order. A new one whose
// operands are constants is folded; else the rules are asked for alternatives, which are inserted
// first (so that rules apply to them in turn) and joined with it by unions. The class made so is
// what later users see, so nothing that is used ever grows.
//
//   %sum = iadd x, 0     node 7      rules: x      union 8 = {7, x}, best x

#include "opt/opt_internal.h"

// ---- Classes ----

static Value add_class(OptCtx *ctx, ClassData data)
{
    const uint32_t number = ctx->classes.len;
    data.rep = number;
    VEC_PUSH(ctx->scratch, &ctx->classes, data);
    return (Value){number};
}

void opt_init_classes(OptCtx *ctx)
{
    ctx->num_values = ctx->f->values.len;
    VEC_RESERVE(ctx->scratch, &ctx->classes, ctx->num_values);
    for (uint32_t v = 0; v < ctx->num_values; v++)
        add_class(ctx, (ClassData){.kind = CLASS_ROOT,
                                   .type = ctx->f->values.data[v].type,
                                   .best = v,
                                   .left = NO_INDEX});
}

static uint32_t cost_sum(uint32_t a, uint32_t b)
{
    const uint32_t most = UINT32_MAX / 4;
    return a + b < most ? a + b : most;
}

static uint32_t num_operands(const InstData *data)
{
    return ir_formats[op_format((Opcode)data->op)].values;
}

static void become_node(OptCtx *ctx, Value class, const NodeData *node)
{
    uint32_t cost = opt_op_cost((Opcode)node->data.op);
    for (uint32_t i = 0; i < num_operands(&node->data); i++)
        cost = cost_sum(cost, ctx->classes.data[node->data.w[i]].cost);
    ClassData *const data = &ctx->classes.data[class.i];
    data->kind = CLASS_NODE;
    data->best = class.i;
    data->cost = cost;
    data->left = ctx->nodes.len;
    VEC_PUSH(ctx->scratch, &ctx->nodes, *node);
    ctx->nodes.data[data->left].class = class.i;
    opt_count(ctx, OPT_STAT_NODES);
}

static Value add_union(OptCtx *ctx, Value a, Value b)
{
    const ClassData *const left = &ctx->classes.data[a.i], *const right = &ctx->classes.data[b.i];
    ASSERT(left->type == right->type);
    const bool wanted = (right->cost < left->cost) != chaos_one_in(ctx->options->chaos, 4);
    const ClassData *const best = wanted ? right : left;
    opt_count(ctx, OPT_STAT_UNIONS);
    return add_class(ctx, (ClassData){.kind = CLASS_UNION,
                                      .type = left->type,
                                      .best = best->best,
                                      .cost = best->cost,
                                      .left = a.i,
                                      .right = b.i});
}

const InstData *opt_best_node(const OptCtx *ctx, Value class)
{
    const ClassData *const best = &ctx->classes.data[ctx->classes.data[class.i].best];
    return best->kind == CLASS_NODE ? &ctx->nodes.data[best->left].data : NULL;
}

bool opt_is_pure(const Func *f, Inst inst)
{
    const uint16_t effects =
        OPF_TERMINATOR | OPF_CALL | OPF_LOAD | OPF_STORE | OPF_TRAP | OPF_EFFECT;
    const OpInfo *const op = &ir_ops[inst_op(f, inst)];
    if (inst_results(f, inst).len != 1)
        return false;
    if ((op->flags & effects) == 0)
        return true;
    if (op->format != FMT_LOAD || inst_op(f, inst) != OP_LOAD)
        return false;
    // A load of what never changes, from where it may be made at any time.
    const MemFlags flags = inst_memflags(f, inst);
    return (flags & MEM_READONLY) != 0 && (flags & MEM_CAN_MOVE) != 0 &&
           memflags_trap(flags) == TRAP_NONE;
}

// ---- Constants ----

static uint128 mask_of(Type type)
{
    return type_bits(type) >= 128 ? ~(uint128)0 : ((uint128)1 << type_bits(type)) - 1;
}

static uint128 sign_extend(uint128 bits, uint32_t from)
{
    const uint128 sign = (uint128)1 << (from - 1);
    return (bits ^ sign) - sign;
}

static bool node_constant(const InstData *data, uint128 *bits)
{
    const uint64_t imm = data->w[0] | (uint64_t)data->w[1] << 32;
    switch ((int)data->op) {
    case OP_ICONST: *bits = imm & mask_of(data->ctrl); return true;
    case OP_F16CONST:
    case OP_F32CONST:
    case OP_F64CONST: *bits = imm; return true;
    default: return false;
    }
}

bool opt_constant(const OptCtx *ctx, Value class, uint128 *bits)
{
    const InstData *const data = opt_best_node(ctx, class);
    if (!data)
        return false;
    if (node_constant(data, bits))
        return true;
    // i128 has no constants of its own: opt_make_constant has these forms for them.
    const bool extended = data->op == OP_UEXTEND || data->op == OP_SEXTEND;
    if (data->ctrl == TYPE_I128 && extended) {
        const Value narrow = {data->w[0]};
        const InstData *const inner = opt_best_node(ctx, narrow);
        if (!inner || !node_constant(inner, bits))
            return false;
        if (data->op == OP_SEXTEND)
            *bits = sign_extend(*bits, type_bits(ctx->classes.data[narrow.i].type));
        return true;
    }
    if (data->op != OP_ICONCAT || data->ctrl != TYPE_I64)
        return false;
    const InstData *const lo = opt_best_node(ctx, (Value){data->w[0]});
    const InstData *const hi = opt_best_node(ctx, (Value){data->w[1]});
    uint128 low, high;
    if (!lo || !hi || !node_constant(lo, &low) || !node_constant(hi, &high))
        return false;
    *bits = high << 64 | low;
    return true;
}

static Value make_iconst(OptCtx *ctx, Type type, uint64_t bits)
{
    const uint64_t imm = (uint64_t)sign_extend(bits & mask_of(type), type_bits(type));
    const InstData data = {
        .op = OP_ICONST, .ctrl = type, .w = {(uint32_t)imm, (uint32_t)(imm >> 32)}};
    return opt_insert(ctx, &data, NO(Inst));
}

static Value make_wide(OptCtx *ctx, uint128 bits)
{
    const Value low = make_iconst(ctx, TYPE_I64, (uint64_t)bits);
    const uint64_t high = (uint64_t)(bits >> 64);
    if (high == 0)
        return opt_make(ctx, OP_UEXTEND, TYPE_I128, low, NO(Value));
    if (sign_extend((uint64_t)bits, 64) == bits)
        return opt_make(ctx, OP_SEXTEND, TYPE_I128, low, NO(Value));
    return opt_make(ctx, OP_ICONCAT, TYPE_I64, low, make_iconst(ctx, TYPE_I64, high));
}

Value opt_make_constant(OptCtx *ctx, Type type, uint128 bits)
{
    if (type == TYPE_I128)
        return make_wide(ctx, bits);
    if (type_is_int(type))
        return make_iconst(ctx, type, (uint64_t)bits);
    const Opcode op = type == TYPE_F16 ? OP_F16CONST : type == TYPE_F32 ? OP_F32CONST : OP_F64CONST;
    ASSERT(op != OP_F64CONST || type == TYPE_F64);
    const InstData data = {.op = (uint8_t)op, .w = {(uint32_t)bits, (uint32_t)(bits >> 32)}};
    return opt_insert(ctx, &data, NO(Inst));
}

// The function's constant of `size` bytes `byte`, made if there is none.
static Constant pattern_constant(Func *f, uint32_t size, uint8_t byte)
{
    uint8_t *const bytes = arena_alloc(f->arena, size, 1);
    memset(bytes, byte, size);
    for (uint32_t i = 0; i < f->constants.len; i++)
        if (f->constants.data[i].size == size && f->constants.data[i].declared &&
            memcmp(f->constants.data[i].bytes, bytes, size) == 0)
            return (Constant){i};
    const ConstantData data = {.bytes = bytes, .size = size, .declared = true, .pos = POS_NONE};
    VEC_PUSH(f->arena, &f->constants, data);
    return (Constant){f->constants.len - 1};
}

Value opt_make_pattern(OptCtx *ctx, Type type, uint8_t byte)
{
    if (!type_is_vector(type) && type != TYPE_F128) {
        const uint128 all = mask_of(type);
        return opt_make_constant(ctx, type, byte * (~(uint128)0 / 0xff) & all);
    }
    const Constant constant = pattern_constant(ctx->f, type_bytes(type), byte);
    const InstData data = {.op = type == TYPE_F128 ? OP_F128CONST : OP_VCONST,
                           .ctrl = type == TYPE_F128 ? TYPE_INVALID : type,
                           .w = {constant.i}};
    return opt_insert(ctx, &data, NO(Inst));
}

// ---- Looking nodes up ----

static void swap_operands(InstData *data)
{
    const uint32_t x = data->w[0];
    data->w[0] = data->w[1];
    data->w[1] = x;
    if (data->op == OP_ICMP)
        data->aux = (uint8_t)intcc_swap((IntCC)data->aux);
}

static bool may_swap(const InstData *data)
{
    return (ir_ops[data->op].flags & OPF_COMMUTATIVE) != 0;
}

static bool is_constant(const OptCtx *ctx, uint32_t class)
{
    uint128 bits;
    return opt_constant(ctx, (Value){class}, &bits);
}

// One form of what may be written in two.
static InstData key_of(InstData data)
{
    if (may_swap(&data) && data.w[0] > data.w[1])
        swap_operands(&data);
    return data;
}

static uint32_t hash_of(const InstData *key)
{
    const uint64_t hash = hash_bytes(key, sizeof(*key));
    return (uint32_t)(hash ^ hash >> 32);
}

static void grow_table(OptCtx *ctx)
{
    const TableEntry *const old = ctx->table;
    const uint32_t n = ctx->table ? ctx->table_mask + 1 : 0;
    const uint32_t size = n == 0 ? 64 : 2 * n;
    ctx->table = ARENA_ARRAY(ctx->scratch, TableEntry, size);
    ctx->table_mask = size - 1;
    for (uint32_t i = 0; i < n; i++) {
        if (old[i].key == 0)
            continue;
        const InstData key = key_of(ctx->nodes.data[old[i].key - 1].data);
        uint32_t slot = hash_of(&key) & ctx->table_mask;
        while (ctx->table[slot].key != 0)
            slot = (slot + 1) & ctx->table_mask;
        ctx->table[slot] = old[i];
    }
}

// The slot of a node equal to `key`, or the free one where it belongs.
static uint32_t find(const OptCtx *ctx, const InstData *key)
{
    uint32_t slot = hash_of(key) & ctx->table_mask;
    for (; ctx->table[slot].key != 0; slot = (slot + 1) & ctx->table_mask) {
        const InstData other = key_of(ctx->nodes.data[ctx->table[slot].key - 1].data);
        if (memcmp(&other, key, sizeof(other)) == 0)
            break;
    }
    return slot;
}

// ---- Rewriting ----

// Asks the rules about a new node; the class of it and what they found.
static Value rewrite(OptCtx *ctx, Value node)
{
    if (ctx->depth == OPT_MAX_DEPTH || ctx->budget == 0) {
        opt_count(ctx, OPT_STAT_OUT_OF_BUDGET);
        return node;
    }
    ctx->budget--;
    ctx->depth++;
    ctx->subsume[ctx->depth] = NO_INDEX;
    ctx->num_fired[ctx->depth] = 0;
    Value found[OPT_MAX_ALTERNATIVES];
    const uint32_t n = opt_simplify(ctx, node, found, OPT_MAX_ALTERNATIVES);
    const uint32_t subsume = ctx->subsume[ctx->depth];
    ctx->depth--;
    Value class = node;
    for (uint32_t i = 0; i < n; i++) {
        if (found[i].i == node.i || found[i].i == class.i || !opt_take_fuel(ctx))
            continue;
        opt_count(ctx, OPT_STAT_REWRITES);
        if (ctx->options->trace)
            opt_trace_rewrite(ctx, ctx->fired[ctx->depth + 1][i], node, found[i]);
        if (found[i].i == subsume) {
            opt_count(ctx, OPT_STAT_SUBSUMED);
            return found[i];
        }
        class = add_union(ctx, class, found[i]);
    }
    return class;
}

// The constant that a node on constants is.
static bool fold(OptCtx *ctx, const InstData *data, Type result, Value *out)
{
    const uint32_t n = num_operands(data);
    uint128 args[3], bits;
    Type types[3];
    if (n == 0 || !type_is_int(result) || type_is_vector(result))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        types[i] = ctx->classes.data[data->w[i]].type;
        if (!opt_constant(ctx, (Value){data->w[i]}, &args[i]))
            return false;
    }
    if (!opt_fold(data, args, types, &bits))
        return false;
    *out = opt_make_constant(ctx, result, bits & mask_of(result));
    opt_count(ctx, OPT_STAT_FOLDED);
    return true;
}

// Whether a node is how opt_make_constant writes an i128.
static bool is_wide_constant(const InstData *data)
{
    return (data->ctrl == TYPE_I128 && (data->op == OP_UEXTEND || data->op == OP_SEXTEND)) ||
           (data->ctrl == TYPE_I64 && data->op == OP_ICONCAT);
}

static Type result_type(const InstData *data)
{
    return op_constraint_type((TypeConstraint)ir_ops[data->op].results[0], data->ctrl);
}

Value opt_insert(OptCtx *ctx, const InstData *given, Inst inst)
{
    NodeData node = {.data = *given, .inst = inst, .pos = ctx->pos};
    if (may_swap(given) && is_constant(ctx, given->w[0]) && !is_constant(ctx, given->w[1]))
        swap_operands(&node.data);
    if (2 * ctx->table_len >= ctx->table_mask)
        grow_table(ctx);
    const InstData key = key_of(node.data);
    const uint32_t slot = find(ctx, &key);
    if (ctx->table[slot].key != 0) {
        if (inst.i != NO_INDEX)
            opt_count(ctx, OPT_STAT_MERGED);
        return (Value){ctx->table[slot].rep};
    }
    const Type type = result_type(&node.data);
    Value class;
    if (!is_wide_constant(&node.data) && fold(ctx, &node.data, type, &class))
        return class;
    class = inst.i != NO_INDEX ? inst_result(ctx->f, inst)
                               : add_class(ctx, (ClassData){.type = type, .left = NO_INDEX});
    ctx->table[slot] = (TableEntry){ctx->nodes.len + 1, class.i};
    ctx->table_len++;
    become_node(ctx, class, &node);
    const Value whole = rewrite(ctx, class);
    ctx->table[find(ctx, &key)].rep = whole.i; // the table may have grown
    return whole;
}

Value opt_make(OptCtx *ctx, Opcode op, Type type, Value x, Value y)
{
    InstData data = {.op = (uint8_t)op, .ctrl = type, .w = {x.i}};
    if (y.i != NO_INDEX)
        data.w[1] = y.i;
    return opt_insert(ctx, &data, NO(Inst));
}
