// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Instructions that move lanes about or change their width.

#include "emulate/interp/interp_internal.h"

// ---- Bytes ----

static uint8_t byte_at(const uint64_t *cells, uint32_t i)
{
    return (uint8_t)lane_get(cells, 8, i);
}

// swizzle and x86_pshufb: byte i of the result is the byte of x that y[i] selects.
static void swizzle(const Code *c, uint64_t *r)
{
    for (uint32_t i = 0; i < 16; i++) {
        const uint8_t index = byte_at(r + c->b, i);
        const bool none = c->op == OP_SWIZZLE ? index >= 16 : index >= 0x80;
        lane_set(r + c->d, 8, i, none ? 0 : byte_at(r + c->a, index & 15));
    }
}

static void shuffle(const Code *c, uint64_t *r, const uint8_t *mask)
{
    for (uint32_t i = 0; i < 16; i++) {
        const uint8_t index = mask[i] & 31;
        lane_set(r + c->d, 8, i, byte_at(r + (index < 16 ? c->a : c->b), index & 15));
    }
}

// Signed bytes of x times unsigned bytes of y, neighbouring products added, clamped.
static void pmaddubsw(const Code *c, uint64_t *r)
{
    for (uint32_t i = 0; i < 8; i++) {
        int128 sum = 0;
        for (uint32_t k = 2 * i; k < 2 * i + 2; k++)
            sum += bits_sign_extend(byte_at(r + c->a, k), 8) * byte_at(r + c->b, k);
        lane_set(r + c->d, 16, i, bits_clamp_signed(sum, 16));
    }
}

// ---- Lanes ----

static void splat(const Code *c, uint64_t *r)
{
    const uint32_t bits = type_lane_bits(c->rtype);
    for (uint32_t i = 0; i < type_lanes(c->rtype); i++)
        lane_set(r + c->d, bits, i, lane_get(r + c->a, bits, 0));
}

static void insertlane(const Code *c, uint64_t *r)
{
    const uint32_t bits = type_lane_bits(c->rtype);
    memmove(r + c->d, r + c->a, 8 * (size_t)cells_of(c->rtype));
    lane_set(r + c->d, bits, c->aux, lane_get(r + c->b, bits, 0));
}

static void blendv(const Code *c, uint64_t *r)
{
    const uint32_t bits = type_lane_bits(c->rtype);
    for (uint32_t i = 0; i < type_lanes(c->rtype); i++) {
        const bool top = (lane_get(r + c->a, bits, i) >> (bits - 1)) != 0;
        lane_set(r + c->d, bits, i, lane_get(r + (top ? c->b : c->c), bits, i));
    }
}

// Neighbouring lanes of x, then those of y, added.
static void add_pairwise(const Code *c, uint64_t *r)
{
    const uint32_t bits = type_lane_bits(c->type), half = type_lanes(c->type) / 2;
    for (uint32_t i = 0; i < 2 * half; i++) {
        const uint64_t *const from = r + (i < half ? c->a : c->b);
        const uint32_t k = 2 * (i % half);
        lane_set(r + c->d, bits, i, lane_get(from, bits, k) + lane_get(from, bits, k + 1));
    }
}

static void constant(const Code *c, uint64_t *r, const ConstantData *data)
{
    const uint32_t size = type_bytes(c->rtype);
    memcpy(r + c->d, data->bytes, data->size < size ? data->size : size);
}

void interp_vector(const Code *c, uint64_t *r, const Func *func)
{
    cells_clear(r + c->d, c->rtype);
    switch ((int)c->op) {
    case OP_SWIZZLE:
    case OP_X86_PSHUFB: swizzle(c, r); return;
    case OP_SHUFFLE: shuffle(c, r, func->masks.data[c->imm]); return;
    case OP_X86_PMADDUBSW: pmaddubsw(c, r); return;
    case OP_SPLAT: splat(c, r); return;
    case OP_INSERTLANE: insertlane(c, r); return;
    case OP_EXTRACTLANE:
        lane_set(r + c->d, type_lane_bits(c->type), 0,
                 lane_get(r + c->a, type_lane_bits(c->type), c->aux));
        return;
    case OP_SCALAR_TO_VECTOR:
        lane_set(r + c->d, type_bits(c->type), 0, lane_get(r + c->a, type_bits(c->type), 0));
        return;
    case OP_BLENDV: blendv(c, r); return;
    case OP_IADD_PAIRWISE: add_pairwise(c, r); return;
    case OP_F128CONST:
    case OP_VCONST: constant(c, r, &func->constants.data[c->imm]); return;
    default: UNREACHABLE();
    }
}

void interp_lane_test(const Code *c, uint64_t *r)
{
    const uint32_t bits = type_lane_bits(c->type), lanes = type_lanes(c->type);
    const uint32_t result_bits = type_bits(c->rtype);
    uint32_t set = 0;
    uint64_t tops = 0;
    for (uint32_t i = 0; i < lanes; i++) {
        const uint128 lane = lane_get(r + c->a, bits, i);
        set += lane != 0;
        if (i < result_bits)
            tops |= (uint64_t)(lane >> (bits - 1)) << i;
    }
    switch ((int)c->op) {
    case OP_VANY_TRUE: r[c->d] = set != 0; return;
    case OP_VALL_TRUE: r[c->d] = set == lanes; return;
    case OP_VHIGH_BITS: r[c->d] = tops; return;
    default: UNREACHABLE();
    }
}

// ---- Width ----

void interp_widen(const Code *c, uint64_t *r)
{
    const uint32_t from = type_lane_bits(c->type), to = type_lane_bits(c->rtype);
    const uint32_t lanes = type_lanes(c->rtype);
    const bool high = c->op == OP_SWIDEN_HIGH || c->op == OP_UWIDEN_HIGH;
    const bool is_signed = c->op == OP_SWIDEN_LOW || c->op == OP_SWIDEN_HIGH;
    cells_clear(r + c->d, c->rtype);
    for (uint32_t i = 0; i < lanes; i++) {
        const uint128 lane = lane_get(r + c->a, from, high ? lanes + i : i);
        lane_set(r + c->d, to, i, is_signed ? (uint128)bits_sign_extend(lane, from) : lane);
    }
}

void interp_narrow(const Code *c, uint64_t *r)
{
    const uint32_t from = type_lane_bits(c->type), to = type_lane_bits(c->rtype);
    const uint32_t lanes = type_lanes(c->type);
    cells_clear(r + c->d, c->rtype);
    for (uint32_t i = 0; i < 2 * lanes; i++) {
        const uint128 lane = lane_get(r + (i < lanes ? c->a : c->b), from, i % lanes);
        const int128 x = c->op == OP_UUNARROW ? (int128)lane : bits_sign_extend(lane, from);
        lane_set(r + c->d, to, i,
                 c->op == OP_SNARROW ? bits_clamp_signed(x, to) : bits_clamp_unsigned(x, to));
    }
}

// As if stored as the one type and loaded as the other, both in the byte order of the flags.
void interp_bitcast(const Code *c, uint64_t *r)
{
    const uint32_t from = type_lane_bits(c->type), to = type_lane_bits(c->rtype);
    const uint32_t bytes = type_bytes(c->type);
    cells_clear(r + c->d, c->rtype);
    if (!(c->c & MEM_BIG)) {
        memcpy(r + c->d, r + c->a, bytes);
        return;
    }
    for (uint32_t i = 0; i < bytes; i++) {
        // Byte i of memory is byte `at` of the source, and of the result byte `place`.
        const uint32_t at = i / (from / 8) * (from / 8) + (from / 8 - 1 - i % (from / 8));
        const uint32_t place = i / (to / 8) * (to / 8) + (to / 8 - 1 - i % (to / 8));
        lane_set(r + c->d, 8, place, byte_at(r + c->a, at));
    }
}
