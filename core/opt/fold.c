// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations on scalar integer constants of up to 128 bits. What is here is written by itself, not
// taken from the interpreter, so that each can be compared with the other.

#include "opt/opt_internal.h"

typedef struct Operands {
    uint32_t bits; // width of the operation
    uint128 x, y, z;
    int128 sx, sy;
} Operands;

static uint128 low_bits(uint128 x, uint32_t bits)
{
    return bits >= 128 ? x : x & (((uint128)1 << bits) - 1);
}

static int128 as_signed(uint128 x, uint32_t bits)
{
    const uint128 sign = (uint128)1 << (bits - 1);
    return (int128)((low_bits(x, bits) ^ sign) - sign);
}

static uint128 shift_right_signed(int128 x, uint32_t by)
{
    return x < 0 ? ~(~(uint128)x >> by) : (uint128)x >> by;
}

// The high half of a product of two numbers of 64 bits at most, or of 128 by four products.
static uint128 high_unsigned(uint128 x, uint128 y, uint32_t bits)
{
    if (bits <= 64)
        return x * y >> bits;
    const uint128 mask = UINT64_MAX;
    const uint128 low = (x & mask) * (y & mask);
    const uint128 mid = (x >> 64) * (y & mask) + (low >> 64);
    const uint128 mid2 = (x & mask) * (y >> 64) + (mid & mask);
    return (x >> 64) * (y >> 64) + (mid >> 64) + (mid2 >> 64);
}

static uint128 high_signed(const Operands *o)
{
    uint128 high = high_unsigned(o->x, o->y, o->bits);
    high -= o->sx < 0 ? o->y : 0;
    high -= o->sy < 0 ? o->x : 0;
    return high;
}

static uint32_t leading_zeros(uint128 x, uint32_t bits)
{
    uint32_t n = 0;
    while (n < bits && (x >> (bits - 1 - n) & 1) == 0)
        n++;
    return n;
}

static uint32_t trailing_zeros(uint128 x, uint32_t bits)
{
    uint32_t n = 0;
    while (n < bits && (x >> n & 1) == 0)
        n++;
    return n;
}

static uint32_t ones(uint128 x)
{
    uint32_t n = 0;
    for (; x != 0; x &= x - 1)
        n++;
    return n;
}

static uint128 reversed(uint128 x, uint32_t bits, uint32_t step)
{
    uint128 result = 0;
    for (uint32_t at = 0; at < bits; at += step)
        result |= low_bits(x >> at, step) << (bits - step - at);
    return result;
}

static uint128 rotated(uint128 x, uint32_t bits, uint32_t by)
{
    return by == 0 ? x : low_bits(x << by, bits) | x >> (bits - by);
}

static bool compare(IntCC cc, const Operands *o)
{
    switch (cc) {
    case INTCC_EQ: return o->x == o->y;
    case INTCC_NE: return o->x != o->y;
    case INTCC_SLT: return o->sx < o->sy;
    case INTCC_SGE: return o->sx >= o->sy;
    case INTCC_SGT: return o->sx > o->sy;
    case INTCC_SLE: return o->sx <= o->sy;
    case INTCC_ULT: return o->x < o->y;
    case INTCC_UGE: return o->x >= o->y;
    case INTCC_UGT: return o->x > o->y;
    case INTCC_ULE: return o->x <= o->y;
    case INTCC_COUNT: break;
    }
    UNREACHABLE();
}

static bool fold_unary(Opcode op, const Operands *o, uint32_t from, uint128 *out)
{
    switch ((int)op) {
    case OP_INEG: *out = -o->x; return true;
    case OP_BNOT: *out = ~o->x; return true;
    case OP_IABS: *out = o->sx < 0 ? -o->x : o->x; return true;
    case OP_CLZ: *out = leading_zeros(o->x, o->bits); return true;
    case OP_CLS: *out = leading_zeros(o->sx < 0 ? ~o->x : o->x, o->bits) - 1; return true;
    case OP_CTZ: *out = trailing_zeros(o->x, o->bits); return true;
    case OP_POPCNT: *out = ones(o->x); return true;
    case OP_BITREV: *out = reversed(o->x, o->bits, 1); return true;
    case OP_BSWAP: *out = reversed(o->x, o->bits, 8); return true;
    case OP_UEXTEND:
    case OP_IREDUCE: *out = o->x; return true;
    case OP_SEXTEND: *out = (uint128)as_signed(o->x, from); return true;
    case OP_BMASK: *out = o->x != 0 ? ~(uint128)0 : 0; return true;
    default: return false;
    }
}

static bool fold_binary(Opcode op, const Operands *o, uint128 *out)
{
    const uint32_t by = (uint32_t)(o->y & (o->bits - 1)); // widths are powers of two
    switch ((int)op) {
    case OP_IADD: *out = o->x + o->y; return true;
    case OP_ISUB: *out = o->x - o->y; return true;
    case OP_IMUL: *out = o->x * o->y; return true;
    case OP_UMULHI: *out = high_unsigned(o->x, o->y, o->bits); return true;
    case OP_SMULHI: *out = high_signed(o); return true;
    case OP_BAND: *out = o->x & o->y; return true;
    case OP_BOR: *out = o->x | o->y; return true;
    case OP_BXOR: *out = o->x ^ o->y; return true;
    case OP_ISHL: *out = o->x << by; return true;
    case OP_USHR: *out = o->x >> by; return true;
    case OP_SSHR: *out = shift_right_signed(o->sx, by); return true;
    case OP_ROTL: *out = rotated(o->x, o->bits, by); return true;
    case OP_ROTR: *out = rotated(o->x, o->bits, (o->bits - by) & (o->bits - 1)); return true;
    case OP_SMIN: *out = o->sx < o->sy ? o->x : o->y; return true;
    case OP_SMAX: *out = o->sx > o->sy ? o->x : o->y; return true;
    case OP_UMIN: *out = o->x < o->y ? o->x : o->y; return true;
    case OP_UMAX: *out = o->x > o->y ? o->x : o->y; return true;
    default: return false;
    }
}

bool opt_fold(const InstData *data, const uint128 *args, const Type *types, uint128 *out)
{
    const uint32_t n = ir_formats[op_format((Opcode)data->op)].values;
    for (uint32_t i = 0; i < n; i++)
        if (!type_is_int(types[i]) || type_is_vector(types[i]))
            return false;
    // SELECT's first operand may be of any width; the others are of the operation's.
    const uint32_t bits = type_bits(types[n == 3 ? 1 : 0]);
    Operands o = {.bits = bits, .x = args[0]};
    o.y = n > 1 ? args[1] : 0;
    o.z = n > 2 ? args[2] : 0;
    o.sx = as_signed(o.x, bits);
    o.sy = as_signed(o.y, bits);
    switch ((int)data->op) {
    case OP_ICMP: *out = compare((IntCC)data->aux, &o); return true;
    case OP_SELECT: *out = o.x != 0 ? o.y : o.z; return true;
    case OP_BITSELECT: *out = (o.x & o.y) | (~o.x & o.z); return true;
    case OP_ICONCAT: *out = o.x | o.y << bits; return true;
    default: break;
    }
    return n == 1 ? fold_unary((Opcode)data->op, &o, bits, out)
                  : n == 2 && fold_binary((Opcode)data->op, &o, out);
}
