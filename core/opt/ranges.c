// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a number can be at most, by the operations that it was made of, a few deep.

#include "opt/opt_internal.h"

enum { MAX_DEPTH = 4 };

static uint64_t greatest(const OptCtx *ctx, uint32_t class, uint32_t depth);

// The greatest number of so many bits, 1 to 64.
static uint64_t ones(uint32_t bits)
{
    return UINT64_MAX >> (64 - bits);
}

static uint64_t all_bits(Type type)
{
    return ones(type_bits(type));
}

// Of a value that has effects for its definition: a narrow load.
static uint64_t greatest_root(const OptCtx *ctx, uint32_t class)
{
    const Func *const f = ctx->f;
    const Type type = ctx->classes.data[class].type;
    const Value value = {ctx->classes.data[class].best};
    if (value.i >= ctx->num_values || value_kind(f, value) != VALUE_RESULT)
        return all_bits(type);
    const MemOp access = ir_memops[inst_op(f, (Inst){value_def(f, value)})];
    const bool narrow = access.lane_bits != 0 && access.lanes == 1 && access.extend == EXT_UEXT;
    return narrow ? ones(access.lane_bits) : all_bits(type);
}

// a + b or a << k, `all` where it could wrap.
static uint64_t sum(uint64_t a, uint64_t b, uint64_t all)
{
    return a > all - b ? all : a + b;
}

static uint64_t product(uint64_t a, uint64_t k, uint64_t all)
{
    return a > all >> k ? all : a << k;
}

static uint64_t greatest_node(const OptCtx *ctx, const InstData *data, Type type, uint32_t depth)
{
    const uint64_t all = all_bits(type);
    const uint64_t first = greatest(ctx, data->w[0], depth + 1);
    uint128 bits;
    const uint32_t n = ir_formats[op_format((Opcode)data->op)].values;
    const bool constant = n == 2 && opt_constant(ctx, (Value){data->w[1]}, &bits);
    const uint64_t c = constant ? (uint64_t)bits : 0;
    const uint64_t amount = c & (type_bits(type) - 1);
    switch ((int)data->op) {
    case OP_UEXTEND: return first;
    case OP_ICMP:
    case OP_FCMP: return 1;
    case OP_BAND: return constant && c < first ? c : first;
    case OP_UMIN: return constant && c < first ? c : first;
    case OP_USHR: return constant ? first >> amount : first;
    case OP_ISHL: return constant ? product(first, amount, all) : all;
    case OP_IADD: return constant ? sum(first, c, all) : all;
    default: return all;
    }
}

// Scalar integers of at most 64 bits.
static uint64_t greatest(const OptCtx *ctx, uint32_t class, uint32_t depth)
{
    const Type type = ctx->classes.data[class].type;
    uint128 bits;
    if (!type_is_int(type) || type_is_vector(type) || type == TYPE_I128)
        return UINT64_MAX;
    if (opt_constant(ctx, (Value){class}, &bits))
        return (uint64_t)bits;
    const InstData *const node = opt_best_node(ctx, (Value){class});
    if (!node)
        return greatest_root(ctx, class);
    const uint64_t all = all_bits(type);
    const bool scalar = ir_formats[op_format((Opcode)node->op)].values != 0;
    const uint64_t found =
        depth == MAX_DEPTH || !scalar ? all : greatest_node(ctx, node, type, depth);
    return found < all ? found : all;
}

bool opt_no_carry(const OptCtx *ctx, Value class, uint64_t addend)
{
    const Type type = ctx->classes.data[class.i].type;
    return type != TYPE_I128 && addend <= all_bits(type) &&
           greatest(ctx, class.i, 0) <= all_bits(type) - addend;
}

bool opt_no_overflow(const OptCtx *ctx, Value class, uint64_t k)
{
    const Type type = ctx->classes.data[class.i].type;
    return type != TYPE_I128 && k < type_bits(type) &&
           greatest(ctx, class.i, 0) <= all_bits(type) >> k;
}
