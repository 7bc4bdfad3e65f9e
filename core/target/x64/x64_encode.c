// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One encoder for all rows of x86-64: legacy prefixes, REX, opcode, ModRM, SIB, displacement,
// immediate. Intel SDM volume 2, chapter 2.

#include "target/x64/x64_internal.h"

static void put(X64Bytes *out, uint32_t byte)
{
    ASSERT(out->len < sizeof(out->bytes));
    out->bytes[out->len++] = (uint8_t)byte;
}

static void put_le(X64Bytes *out, uint64_t x, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++)
        put(out, (uint32_t)(x >> 8 * i) & 0xff);
}

static uint32_t immediate_bytes(const X64Encoding *e, uint32_t size)
{
    return e->imm_bytes == 0xff ? (size == 2 ? 2 : 4) : e->imm_bytes;
}

// Whether `x` can be written in `bytes` bytes of an operation of `size` bytes: sign-extended by the
// CPU, or, when the field is as wide as the operation, either as a signed or an unsigned number.
static bool immediate_fits(int64_t x, uint32_t bytes, uint32_t size)
{
    if (bytes == 8)
        return true;
    const int64_t half = (int64_t)1 << (8 * bytes - 1);
    if (x >= -half && x < half)
        return true;
    return bytes >= size && x >= 0 && x < 2 * half;
}

static const X64Encoding *pick_encoding(const X64Inst *inst)
{
    const X64Encoding *const all = x64_encodings[inst->op];
    for (uint32_t i = 0; i < X64_ENCODINGS_MAX && all[i].valid; i++) {
        const X64Encoding *const e = &all[i];
        if (inst->size != 0 && (e->sizes & inst->size) == 0)
            continue;
        const int64_t imm = e->imm == 1 ? inst->imm2 : inst->imm;
        if (e->imm < 0 || immediate_fits(imm, immediate_bytes(e, inst->size), inst->size))
            return e;
    }
    UNREACHABLE();
}

// The hardware number of operand `k`.
static uint32_t number(const X64Inst *inst, int32_t k)
{
    return preg_number(inst->regs[k]);
}

// Whether operand `k` is one of spl, bpl, sil, dil, which only exist under a REX prefix.
static bool needs_rex(const X64Inst *inst, int32_t k)
{
    if (k < 0 || k == inst->mem_operand)
        return false;
    const RowOperand *const operand = &x64_rows[inst->op].operands[k];
    const uint32_t bytes = operand->bytes != 0 ? operand->bytes : inst->size;
    return bytes == 1 && operand->class == REG_INT && number(inst, k) >= 4 && number(inst, k) < 8;
}

static uint32_t rex_of(const X64Inst *inst, const X64Encoding *e)
{
    const bool mem = e->rm >= 0 && e->rm == inst->mem_operand;
    uint32_t rex = e->rexw || (e->osize && inst->size == 8) ? 0x48 : 0;
    if (e->reg >= 0 && number(inst, e->reg) >= 8)
        rex |= 0x44;
    if (mem && inst->mem.index != PREG_NONE && preg_number(inst->mem.index) >= 8)
        rex |= 0x42;
    const uint32_t base = mem ? (inst->mem.base == PREG_NONE ? 0 : preg_number(inst->mem.base))
                          : e->rm >= 0         ? number(inst, e->rm)
                          : e->opcode_reg >= 0 ? number(inst, e->opcode_reg)
                                               : 0;
    if (base >= 8)
        rex |= 0x41;
    if (needs_rex(inst, e->reg) || needs_rex(inst, e->rm) || needs_rex(inst, e->opcode_reg))
        rex |= 0x40;
    return rex;
}

// ModRM, SIB and displacement of a memory operand. rsp and r12 as base need a SIB byte, rbp and r13
// a displacement; rsp can't be an index.
static void put_memory(X64Bytes *out, const X64Mem *mem, uint32_t reg)
{
    const uint32_t field = (reg & 7) << 3;
    if (mem->rip) {
        put(out, field | 5);
        out->rip_field = (int8_t)out->len;
        put_le(out, (uint32_t)mem->disp, 4);
        return;
    }
    const bool no_base = mem->base == PREG_NONE;
    const uint32_t base = no_base ? 5 : preg_number(mem->base) & 7;
    const bool disp0 = mem->disp == 0 && base != 5;
    const bool disp8 = mem->disp >= -128 && mem->disp < 128;
    const uint32_t mod = no_base || disp0 ? 0 : disp8 ? 0x40 : 0x80;
    if (mem->index != PREG_NONE || no_base || base == 4) {
        const uint32_t index = mem->index == PREG_NONE ? 4 : preg_number(mem->index);
        ASSERT(mem->index == PREG_NONE || index != RSP);
        put(out, mod | field | 4);
        put(out, (uint32_t)mem->scale << 6 | (index & 7) << 3 | base);
    } else {
        put(out, mod | field | base);
    }
    if (no_base || mod == 0x80)
        put_le(out, (uint32_t)mem->disp, 4);
    else if (mod == 0x40)
        put(out, (uint8_t)mem->disp);
}

// The VEX prefix, in two bytes where it needs no W, X, B and no map but 0F. It holds the bits of
// REX, and the number of a register, inverted.
static void put_vex(X64Bytes *out, const X64Inst *inst, const X64Encoding *e)
{
    const uint32_t rex = rex_of(inst, e);
    const uint32_t other = e->vex_reg >= 0 ? number(inst, e->vex_reg) : 0;
    const uint32_t prefix = e->prefix == 0x66   ? 1
                            : e->prefix == 0xf3 ? 2
                            : e->prefix == 0xf2 ? 3
                                                : 0;
    const uint32_t tail = (~other & 15) << 3 | prefix;
    if ((rex & 11) == 0 && e->map == 1) {
        put(out, 0xc5);
        put(out, (~rex << 5 & 0x80) | tail);
        return;
    }
    put(out, 0xc4);
    put(out, (~rex << 5 & 0xe0) | e->map);
    put(out, (rex << 4 & 0x80) | tail);
}

static void put_prefixes(X64Bytes *out, const X64Inst *inst, const X64Encoding *e)
{
    if (e->osize && inst->size == 2)
        put(out, 0x66);
    if (e->prefix != 0)
        put(out, e->prefix);
    const uint32_t rex = rex_of(inst, e);
    if (rex != 0)
        put(out, rex);
    if (e->map != 0)
        put(out, 0x0f);
    if (e->map >= 2)
        put(out, e->map == 2 ? 0x38 : 0x3a);
}

X64Bytes x64_encode(const X64Inst *inst)
{
    X64Bytes out = {.rip_field = -1};
    const X64Encoding *const e = pick_encoding(inst);
    if (e->vex)
        put_vex(&out, inst, e);
    else
        put_prefixes(&out, inst, e);
    put(&out, (uint32_t)e->opcode + (e->opcode_cc ? inst->cc : 0u) +
                  (e->opcode_reg >= 0 ? number(inst, e->opcode_reg) & 7 : 0u));
    const uint32_t reg = e->has_digit ? e->digit : e->reg >= 0 ? number(inst, e->reg) : 0;
    if (e->rm >= 0 && e->rm == inst->mem_operand)
        put_memory(&out, &inst->mem, reg);
    else if (e->rm >= 0)
        put(&out, 0xc0 | (reg & 7) << 3 | (number(inst, e->rm) & 7));
    if (e->imm >= 0)
        put_le(&out, (uint64_t)(e->imm == 1 ? inst->imm2 : inst->imm),
               immediate_bytes(e, inst->size));
    return out;
}
