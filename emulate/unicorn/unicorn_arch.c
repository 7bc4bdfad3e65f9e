// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What differs between the two architectures: register numbers, and what Unicorn can't run.

#include "emulate/unicorn/unicorn_internal.h"

static void add(UnicornRegs *regs, int id, void *value)
{
    ASSERT(regs->count < UNICORN_REGS_MAX);
    regs->ids[regs->count] = id;
    regs->values[regs->count++] = value;
}

static void list_x64(GuestRegs *regs, UnicornRegs *out)
{
    static const int ints[16] = {
        UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_RBX,
        UC_X86_REG_RSP, UC_X86_REG_RBP, UC_X86_REG_RSI, UC_X86_REG_RDI,
        UC_X86_REG_R8,  UC_X86_REG_R9,  UC_X86_REG_R10, UC_X86_REG_R11,
        UC_X86_REG_R12, UC_X86_REG_R13, UC_X86_REG_R14, UC_X86_REG_R15,
    };
    for (int i = 0; i < 16; i++)
        add(out, ints[i], &regs->ints[i]);
    for (int i = 0; i < 16; i++)
        add(out, UC_X86_REG_XMM0 + i, regs->floats[i]);
    add(out, UC_X86_REG_EFLAGS, &regs->flags);
    add(out, UC_X86_REG_RIP, &regs->pc);
}

static void list_a64(GuestRegs *regs, UnicornRegs *out)
{
    for (int i = 0; i <= 28; i++)
        add(out, UC_ARM64_REG_X0 + i, &regs->ints[i]);
    add(out, UC_ARM64_REG_X29, &regs->ints[29]);
    add(out, UC_ARM64_REG_X30, &regs->ints[30]);
    add(out, UC_ARM64_REG_SP, &regs->ints[31]);
    for (int i = 0; i < 32; i++)
        add(out, UC_ARM64_REG_Q0 + i, regs->floats[i]);
    add(out, UC_ARM64_REG_NZCV, &regs->flags);
    add(out, UC_ARM64_REG_PC, &regs->pc);
}

void unicorn_list_registers(Arch arch, GuestRegs *regs, UnicornRegs *out)
{
    out->count = 0;
    if (arch == ARCH_X86_64)
        list_x64(regs, out);
    else
        list_a64(regs, out);
}

// Features that Unicorn 2.0 lacks or has wrong.
typedef struct Refusal {
    IsaFlag flag;
    const char *why;
} Refusal;

#define NOT_THERE(name) "Unicorn has no " name

// Of BMI2, Unicorn has BZHI, PDEP and PEXT wrong, of FEAT_LSE minimum and maximum of less than 64
// bits. There are no rows for these.
static const Refusal refusals[] = {
    {ISA_X86_64_HAS_POPCNT, NOT_THERE("POPCNT")},
    {ISA_X86_64_HAS_AVX, "Unicorn runs AVX instructions wrongly (has_avx)"},
    {ISA_X86_64_HAS_AVX2, NOT_THERE("AVX2")},
    {ISA_X86_64_HAS_FMA, NOT_THERE("FMA")},
    {ISA_X86_64_HAS_AVX_VNNI, NOT_THERE("AVX-VNNI")},
    {ISA_X86_64_HAS_AVX512BITALG, NOT_THERE("AVX-512")},
    {ISA_X86_64_HAS_AVX512DQ, NOT_THERE("AVX-512")},
    {ISA_X86_64_HAS_AVX512VL, NOT_THERE("AVX-512")},
    {ISA_X86_64_HAS_AVX512VBMI, NOT_THERE("AVX-512")},
    {ISA_X86_64_HAS_AVX512F, NOT_THERE("AVX-512")},
    {ISA_X86_64_HAS_AVX512VNNI, NOT_THERE("AVX-512")},
    {ISA_X86_64_HAS_CMPXCHG16B, "Unicorn damages the flags in CMPXCHG16B"},
    {ISA_AARCH64_HAS_I8MM, NOT_THERE("I8MM")},
};

const char *unicorn_refuse(const Isa *isa)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (isa_has(isa, refusals[i].flag))
            return refusals[i].why;
    return NULL;
}
