// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One encoder for all rows of AArch64, and the immediates of its instruction set. Arm ARM, C4.1 and
// the pseudocode function DecodeBitMasks.

#include "target/aarch64/a64_internal.h"

// A logical immediate is an element of 2, 4, ... 64 bits repeated, holding a rotated run of ones.
// N:imms says the element's size and the run's length, immr the rotation to the right.
static bool encode_bitmask(uint64_t x, uint32_t width, uint32_t *bits)
{
    if (width == 32)
        x = (x & 0xffffffff) | x << 32;
    if (x == 0 || x == UINT64_MAX)
        return false;
    uint32_t element = 64;
    while (element > 2) {
        const uint32_t half = element / 2;
        const uint64_t mask = ((uint64_t)1 << half) - 1;
        if ((x & mask) != (x >> half & mask))
            break;
        element = half;
    }
    const uint64_t mask = element == 64 ? UINT64_MAX : ((uint64_t)1 << element) - 1;
    const uint64_t run = x & mask;
    // Rotate so that the run starts at bit 0: find a 0 below a 1, cyclically.
    for (uint32_t rotation = 0; rotation < element; rotation++) {
        const uint64_t rotated =
            rotation == 0 ? run : (run >> rotation | run << (element - rotation)) & mask;
        if ((rotated & (rotated + 1)) != 0)
            continue;
        const uint32_t ones = (uint32_t)__builtin_popcountll(rotated);
        const uint32_t immr = (element - rotation) % element;
        const uint32_t imms = ((~(2 * element - 1)) & 0x3f) | (ones - 1);
        *bits = (element == 64 ? 1u << 12 : 0) | immr << 6 | imms;
        return true;
    }
    return false;
}

static bool encode_uimm12(int64_t x, uint32_t *bits)
{
    if (x < 0 || x > 0xfff000 || (x > 0xfff && (x & 0xfff) != 0))
        return false;
    *bits = x > 0xfff ? 1u << 12 | (uint32_t)(x >> 12) : (uint32_t)x;
    return true;
}

static bool encode_uint(int64_t x, uint32_t width, uint32_t *bits)
{
    *bits = (uint32_t)x;
    return x >= 0 && x < (int64_t)1 << width;
}

// +-(16..31)/16 * 2^(-3..4): a sign, an exponent of which only the low two bits and the (inverted
// and repeated) top one are free, and four bits of fraction.
static bool encode_fpimm8(uint64_t x, uint32_t bytes, uint32_t *bits)
{
    const uint32_t fraction = bytes == 8 ? 52 : 23, exponent = bytes == 8 ? 11 : 8;
    const uint64_t sign = x >> (fraction + exponent);
    const uint64_t high = x >> (fraction + 2) & (((uint64_t)1 << (exponent - 2)) - 1);
    const uint64_t repeated = ((uint64_t)1 << (exponent - 3)) - 1; // the exponent 1.0 has: 01...1
    if (sign > 1 || (x & (((uint64_t)1 << (fraction - 4)) - 1)) != 0)
        return false;
    if (high != repeated && high != repeated + 1)
        return false;
    *bits =
        (uint32_t)(sign << 7 | (uint64_t)(high == repeated) << 6 | (x >> (fraction - 4) & 0x3f));
    return true;
}

bool a64_encode_immediate(A64ImmKind kind, int64_t x, uint32_t bytes, uint32_t *bits)
{
    switch (kind) {
    case A64_IMM_UIMM12: return encode_uimm12(x, bits);
    case A64_IMM_BITMASK: return encode_bitmask((uint64_t)x, bytes == 8 ? 64 : 32, bits);
    case A64_IMM_HWSHIFT: return x % 16 == 0 && encode_uint(x / 16, bytes == 8 ? 2 : 1, bits);
    case A64_IMM_UIMM4: return encode_uint(x, 4, bits);
    case A64_IMM_UIMM5: return encode_uint(x, 5, bits);
    case A64_IMM_UIMM6: return encode_uint(x, bytes == 8 ? 6 : 5, bits);
    case A64_IMM_UIMM16: return encode_uint(x, 16, bits);
    case A64_IMM_FPIMM8: return encode_fpimm8((uint64_t)x, bytes, bits);
    case A64_IMM_NONE:
    case A64_IMM_I64: return false;
    }
    UNREACHABLE();
}

bool a64_offset_fits(int64_t offset, uint32_t bytes)
{
    if (offset >= -256 && offset < 256)
        return true;
    return offset >= 0 && offset % bytes == 0 && offset / bytes < 4096;
}

bool a64_pair_offset_fits(int64_t offset)
{
    return offset % 8 == 0 && offset >= -512 && offset < 512;
}

// Pairs: opc:2 101 V 010 L imm7; vectors of 4 bytes on, general registers of 8.
static uint32_t encode_ldstp(const A64Inst *inst, const A64Encoding *e)
{
    const uint32_t opc = e->ldst_code >> 2, vector = e->ldst_code >> 1 & 1;
    const uint32_t log2 = vector != 0 ? 2 + opc : 3;
    const int32_t scaled = inst->mem.disp >> log2;
    ASSERT(inst->mem.kind == AMODE_BASE && (vector != 0 || opc == 2));
    ASSERT(scaled * (1 << log2) == inst->mem.disp && scaled >= -64 && scaled < 64);
    return opc << 30 | 5u << 27 | vector << 26 | 2u << 23 | (e->ldst_code & 1u) << 22 |
           ((uint32_t)scaled & 0x7f) << 15 | preg_number(inst->mem.base) << 5;
}

// Loads and stores: size:2 111 V 0x ... ; the three forms of C4.1.94 that take one register.
static uint32_t encode_ldst(const A64Inst *inst, const A64Encoding *e)
{
    const A64Mem *const mem = &inst->mem;
    const uint32_t size = e->ldst_code >> 3, vector = e->ldst_code >> 2 & 1;
    const uint32_t opc = e->ldst_code & 3;
    const uint32_t log2 = vector && opc >= 2 ? 4 : size;
    const uint32_t head = size << 30 | 7u << 27 | vector << 26 | opc << 22;
    const uint32_t base = preg_number(mem->base) << 5;
    if (mem->kind == AMODE_BASE) {
        const bool scaled =
            mem->disp >= 0 && (mem->disp & ((1 << log2) - 1)) == 0 && mem->disp >> log2 < 4096;
        if (scaled)
            return head | 1u << 24 | (uint32_t)(mem->disp >> log2) << 10 | base;
        ASSERT(mem->disp >= -256 && mem->disp < 256);
        return head | ((uint32_t)mem->disp & 0x1ff) << 12 | base;
    }
    ASSERT(mem->disp == 0 && (mem->scale == 0 || mem->scale == log2));
    const uint32_t option = mem->kind == AMODE_INDEX ? 3 : mem->kind == AMODE_INDEX_UXTW ? 2 : 6;
    return head | 1u << 21 | preg_number(mem->index) << 16 | option << 13 |
           (mem->scale != 0 ? 1u : 0u) << 12 | 2u << 10 | base;
}

// The number of an immediate: of a float its bits at the row's size, whatever is above them.
static int64_t immediate_of(const A64Inst *inst, const A64Field *field)
{
    if (field->kind == A64_IMM_FPIMM8 && inst->size == 4)
        return (int64_t)((uint64_t)inst->imm & UINT32_MAX);
    return inst->imm;
}

static uint32_t field_bits(const A64Inst *inst, const A64Field *field)
{
    uint32_t bits = 0;
    bool good = true;
    switch ((A64FieldSource)field->source) {
    case A64_FIELD_REG: bits = preg_number(inst->regs[field->operand]); break;
    case A64_FIELD_IMM:
        good = a64_encode_immediate((A64ImmKind)field->kind, immediate_of(inst, field), inst->size,
                                    &bits);
        break;
    case A64_FIELD_IMM2:
        good = a64_encode_immediate((A64ImmKind)field->kind, inst->imm2, inst->size, &bits);
        break;
    case A64_FIELD_CC: bits = inst->cc; break;
    case A64_FIELD_CC_INVERSE: bits = inst->cc ^ 1u; break;
    case A64_FIELD_SF: bits = inst->size == 8; break;
    case A64_FIELD_SIZE: bits = (uint32_t)__builtin_ctz(inst->size); break;
    case A64_FIELD_LABEL: break; // a fixup fills it in
    }
    ASSERT(good);
    return (bits >> field->low & ((1u << field->width) - 1)) << field->pos;
}

uint32_t a64_encode(const A64Inst *inst)
{
    const A64Encoding *e = a64_encodings[inst->op];
    if (e->valid && (e->sizes & inst->size) == 0 && inst->size != 0)
        e++;
    ASSERT(e->valid && (inst->size == 0 || (e->sizes & inst->size) != 0));
    uint32_t word = e->base;
    if (e->memory != A64_MEMORY_NONE)
        word |= e->memory == A64_MEMORY_PAIR ? encode_ldstp(inst, e) : encode_ldst(inst, e);
    for (uint32_t i = 0; i < e->num_fields; i++)
        word |= field_bits(inst, &e->fields[i]);
    return word;
}
