// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the host's CPU can run.

#include "emulate/native/native_internal.h"

#ifndef NATIVE_LACKS

#    include <cpuid.h>

#    define MISSING(name) "this CPU has no " name

// The first flag of `isa` that this CPU lacks. __builtin_cpu_supports takes literals only.
#    define NEED(FLAG, name)                                                  \
        if (isa_has(isa, ISA_X86_64_##FLAG) && !__builtin_cpu_supports(name)) \
            return MISSING(name);

const char *native_refuse(const Isa *isa)
{
    NEED(HAS_SSE3, "sse3")
    NEED(HAS_SSSE3, "ssse3")
    NEED(HAS_SSE41, "sse4.1")
    NEED(HAS_SSE42, "sse4.2")
    NEED(HAS_POPCNT, "popcnt")
    NEED(HAS_AVX, "avx")
    NEED(HAS_AVX2, "avx2")
    NEED(HAS_FMA, "fma")
    NEED(HAS_BMI1, "bmi")
    NEED(HAS_BMI2, "bmi2")
    NEED(HAS_AVX512F, "avx512f")
    NEED(HAS_AVX512DQ, "avx512dq")
    NEED(HAS_AVX512VL, "avx512vl")
    NEED(HAS_AVX512VBMI, "avx512vbmi")
    NEED(HAS_AVX512BITALG, "avx512bitalg")
    NEED(HAS_AVX512VNNI, "avx512vnni")
    unsigned eax = 0, ebx = 0, common = 0, extended = 0, edx = 0;
    (void)__get_cpuid(1, &eax, &ebx, &common, &edx);
    (void)__get_cpuid(0x80000001, &eax, &ebx, &extended, &edx);
    if (isa_has(isa, ISA_X86_64_HAS_CMPXCHG16B) && (common & bit_CMPXCHG16B) == 0)
        return MISSING("cmpxchg16b");
    if (isa_has(isa, ISA_X86_64_HAS_LZCNT) && (extended & bit_LZCNT) == 0)
        return MISSING("lzcnt");
    return NULL;
}

#else

const char *native_refuse(const Isa *isa)
{
    (void)isa;
    return NATIVE_LACKS;
}

#endif
