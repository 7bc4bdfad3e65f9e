// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The few instructions that emission puts as bytes, and not through the encoder: branches, which
// are patched, what has to do with labels, and some that are no rows.

#include "verify/compose/compose_internal.h"

static uint16_t row_named(const Target *target, const char *name)
{
    for (uint16_t op = 0; op < target->num_rows; op++)
        if (strcmp(target->rows[op].name, name) == 0)
            return op;
    UNREACHABLE();
}

static void set_row(ComposeStep *step, const Target *target, const char *row)
{
    step->put.op = row_named(target, row);
}

static void set_field(ComposeStep *step, FixupKind kind, uint32_t at)
{
    step->has_field = true;
    step->field = kind;
    step->field_at = at;
}

// ---- x86-64 ----

// The last 4 bytes are a field, which is added to when it is patched.
static uint32_t with_rel32(ComposeStep *step, const uint8_t *at, uint32_t length)
{
    set_field(step, FIXUP_X64_REL32, step->put.offset + length - 4);
    for (uint32_t i = length - 4; i < length; i++)
        if (at[i] != 0)
            return 0;
    return length;
}

// jcc rel32, jmp rel32, ud2, mfence, lea reg, [rip + rel32]. The length; 0: none of these.
static uint32_t read_x64(const Target *t, const uint8_t *at, uint32_t left, ComposeStep *step)
{
    if (left >= 6 && at[0] == 0x0f && at[1] >> 4 == 8) {
        set_row(step, t, "jcc");
        step->put.cc = at[1] & 15;
        step->short_form = (uint8_t)(0x70 | (at[1] & 15));
        return with_rel32(step, at, 6);
    }
    if (left >= 5 && at[0] == 0xe9) {
        set_row(step, t, "jmp");
        step->short_form = 0xeb;
        return with_rel32(step, at, 5);
    }
    if (left >= 7 && (at[0] & 0xfb) == 0x48 && at[1] == 0x8d && (at[2] & 0xc7) == 5) {
        step->kind = STEP_ADDRESS;
        step->put.regs[0] = PREG(REG_INT, (at[2] >> 3 & 7u) | (at[0] & 4u) << 1);
        return with_rel32(step, at, 7);
    }
    if (left >= 2 && at[0] == 0x0f && at[1] == 0x0b) {
        set_row(step, t, "ud2");
        return 2;
    }
    if (left < 3 || at[0] != 0x0f || at[1] != 0xae || at[2] != 0xf0)
        return 0;
    set_row(step, t, "mfence");
    return 3;
}

// ---- AArch64 ----

// The register in the lowest bits of a field in which 31 is zero.
static PReg register_of(uint32_t field)
{
    return (field & 31) == 31 ? PREG_NONE : PREG(REG_INT, field & 31);
}

// Arm Architecture Reference Manual for A-profile, C4.1.93 and C4.1.95: the words without the field
// of a branch's target.
static bool read_branch(const Target *t, uint32_t word, ComposeStep *step)
{
    const uint32_t at = step->put.offset;
    PutInst *const put = &step->put;
    if (word >> 26 == 5) {
        set_row(step, t, "b");
        set_field(step, FIXUP_A64_BRANCH26, at);
    } else if (word >> 24 == 0x54 && (word & 0x10) == 0) {
        set_row(step, t, "b_cond");
        set_field(step, FIXUP_A64_BRANCH19, at);
        put->cc = word & 15;
    } else if ((word >> 25 & 0x3f) == 0x1a) {
        set_row(step, t, (word >> 24 & 1) != 0 ? "cbnz" : "cbz");
        set_field(step, FIXUP_A64_BRANCH19, at);
        put->size = word >> 31 != 0 ? 8 : 4;
        put->regs[0] = register_of(word);
    } else if ((word >> 25 & 0x3f) == 0x1b) {
        set_row(step, t, (word >> 24 & 1) != 0 ? "tbnz" : "tbz");
        set_field(step, FIXUP_A64_BRANCH14, at);
        put->size = 8;
        put->imm = (word >> 31 << 5) | (word >> 19 & 31);
        put->regs[0] = register_of(word);
    } else if ((word & 0xfffffc1fu) == 0xd61f0000u) {
        step->kind = STEP_JUMP;
        put->regs[0] = register_of(word >> 5);
    } else {
        return false;
    }
    return true;
}

// Section C6.2.174 and following: ldaxr, ldaxp, stlxr, stlxp; pairs of 8 bytes.
static bool read_exclusive(uint32_t word, ComposeStep *step)
{
    const bool is_pair = word >> 21 == 0x643 || word >> 21 == 0x641;
    const uint32_t fixed = is_pair ? 0x8000 : 0xfc00, mask = is_pair ? 0x8000 : 0xfc00;
    const bool loads = (word >> 22 & 1) != 0;
    if ((word & mask) != fixed || (!is_pair && (word >> 21 & 0x1ff) != (loads ? 0x42u : 0x40u)) ||
        (loads && (word >> 16 & 31) != 31))
        return false;
    step->kind = loads ? STEP_EXCLUSIVE_LOAD : STEP_EXCLUSIVE_STORE;
    step->put.index = PREG_NONE;
    step->put.size = (uint8_t)(is_pair ? 16 : 1u << (word >> 30));
    step->put.base = PREG(REG_INT, word >> 5 & 31);
    step->put.regs[0] = register_of(word);
    step->put.regs[1] = register_of(word >> 10);
    step->put.regs[2] = register_of(word >> 16);
    return true;
}

static bool read_a64(const Target *t, uint32_t word, ComposeStep *step)
{
    if (word >> 16 == 0) {
        set_row(step, t, "udf");
    } else if ((word & 0x9f000000u) == 0x10000000u) {
        step->kind = STEP_ADDRESS;
        step->put.regs[0] = register_of(word);
        set_field(step, FIXUP_A64_ADR21, step->put.offset);
    } else if ((word & 0xffe0fc00u) == 0x8b206000u && (word & 31) != 31) {
        // add (extended register) of 64 bits, uxtx: 31 is the stack pointer as first operand.
        set_row(step, t, "add_rr");
        step->put.size = 8;
        step->put.regs[0] = register_of(word);
        step->put.regs[1] = PREG(REG_INT, word >> 5 & 31);
        step->put.regs[2] = register_of(word >> 16);
    } else {
        return read_branch(t, word, step) || read_exclusive(word, step);
    }
    return true;
}

bool compose_read_bytes(const CodeBuffer *buf, const Target *target, uint32_t offset,
                        ComposeStep *step)
{
    const uint8_t *const at = buf->bytes.data + offset;
    const uint32_t left = buf->bytes.len - offset;
    uint32_t length = 4;
    step->put = (PutInst){.offset = offset, .mem_operand = -1};
    if (target->arch == ARCH_X86_64)
        length = read_x64(target, at, left, step);
    else if (left < 4 ||
             !read_a64(target,
                       at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24,
                       step))
        length = 0;
    step->end = offset + length;
    return length != 0;
}
