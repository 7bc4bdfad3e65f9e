// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Library calls as imports. Each has one signature; a declaration with another one is refused.

#include "emulate/emulate_internal.h"
#include "runtime/runtime.h"

#include <math.h>

// ---- Arguments ----

static bool same_types(const DataValue *values, uint32_t n, const AbiParam *params, uint32_t count)
{
    bool same = n == count;
    for (uint32_t i = 0; same && i < n; i++)
        same = values[i].type == params[i].type;
    return same;
}

// Whether the call's types are those of the library call.
static bool fits(ImportCall *call, Libcall libcall)
{
    Arena arena = {0};
    Signature sig;
    libcall_signature(libcall, &arena, &sig);
    const bool same = same_types(call->args, call->num_args, sig.params, sig.num_params) &&
                      same_types(call->results, call->num_results, sig.returns, sig.num_returns);
    arena_free(&arena);
    if (!same)
        call->refusal = "declared with a signature that it does not have";
    return same;
}

static float f32_arg(const ImportCall *call, uint32_t i)
{
    float x;
    memcpy(&x, call->args[i].bytes, sizeof(x));
    return x;
}

static double f64_arg(const ImportCall *call, uint32_t i)
{
    double x;
    memcpy(&x, call->args[i].bytes, sizeof(x));
    return x;
}

static uint64_t int_arg(const ImportCall *call, uint32_t i)
{
    return data_to_u64(&call->args[i]);
}

// ---- Floats ----

// The first argument that is a NaN, made quiet, or else `result`; a NaN among numbers is the
// positive one. So the result is the same on every host, and the same as that of the opcode.
static void set_f32(ImportCall *call, float result)
{
    uint32_t bits;
    memcpy(&bits, &result, sizeof(bits));
    bits = isnan(result) ? UINT32_C(0x7fc00000) : bits;
    for (uint32_t i = call->num_args; i-- > 0;)
        if (isnan(f32_arg(call, i)))
            bits = (uint32_t)int_arg(call, i) | UINT32_C(0x00400000);
    memcpy(call->results[0].bytes, &bits, sizeof(bits));
}

static void set_f64(ImportCall *call, double result)
{
    uint64_t bits;
    memcpy(&bits, &result, sizeof(bits));
    bits = isnan(result) ? UINT64_C(0x7ff8000000000000) : bits;
    for (uint32_t i = call->num_args; i-- > 0;)
        if (isnan(f64_arg(call, i)))
            bits = int_arg(call, i) | UINT64_C(0x0008000000000000);
    memcpy(call->results[0].bytes, &bits, sizeof(bits));
}

#define FLOAT_CALL(name, libcall, set, value)                           \
    static TrapCode name(void *context, Executor *ex, ImportCall *call) \
    {                                                                   \
        (void)context, (void)ex;                                        \
        if (fits(call, libcall))                                        \
            set(call, value);                                           \
        return TRAP_NONE;                                               \
    }

FLOAT_CALL(call_ceil_f32, LIBCALL_CEIL_F32, set_f32, ceilf(f32_arg(call, 0)))
FLOAT_CALL(call_ceil_f64, LIBCALL_CEIL_F64, set_f64, ceil(f64_arg(call, 0)))
FLOAT_CALL(call_floor_f32, LIBCALL_FLOOR_F32, set_f32, floorf(f32_arg(call, 0)))
FLOAT_CALL(call_floor_f64, LIBCALL_FLOOR_F64, set_f64, floor(f64_arg(call, 0)))
FLOAT_CALL(call_trunc_f32, LIBCALL_TRUNC_F32, set_f32, truncf(f32_arg(call, 0)))
FLOAT_CALL(call_trunc_f64, LIBCALL_TRUNC_F64, set_f64, trunc(f64_arg(call, 0)))
FLOAT_CALL(call_nearest_f32, LIBCALL_NEAREST_F32, set_f32, nearbyintf(f32_arg(call, 0)))
FLOAT_CALL(call_nearest_f64, LIBCALL_NEAREST_F64, set_f64, nearbyint(f64_arg(call, 0)))
FLOAT_CALL(call_fma_f32, LIBCALL_FMA_F32, set_f32,
           fmaf(f32_arg(call, 0), f32_arg(call, 1), f32_arg(call, 2)))
FLOAT_CALL(call_fma_f64, LIBCALL_FMA_F64, set_f64,
           fma(f64_arg(call, 0), f64_arg(call, 1), f64_arg(call, 2)))

// ---- Wide integers ----

static uint128 wide_arg(const ImportCall *call, uint32_t i)
{
    uint128 x;
    memcpy(&x, call->args[i].bytes, sizeof(x));
    return x;
}

// Quotient or remainder; zero has been looked for by the caller.
static TrapCode divide(ImportCall *call, Libcall libcall)
{
    if (!fits(call, libcall))
        return TRAP_NONE;
    const bool is_signed = libcall == LIBCALL_SDIV_I128 || libcall == LIBCALL_SREM_I128;
    const bool remainder = libcall == LIBCALL_UREM_I128 || libcall == LIBCALL_SREM_I128;
    const uint128 x = wide_arg(call, 0), y = wide_arg(call, 1);
    if (y == 0) {
        call->refusal = "division by zero";
        return TRAP_NONE;
    }
    const Quotient128 both = is_signed ? runtime_sdivmod128(x, y) : runtime_udivmod128(x, y);
    const uint128 result = remainder ? both.remainder : both.quotient;
    memcpy(call->results[0].bytes, &result, sizeof(result));
    return TRAP_NONE;
}

#define DIVISION_CALL(name, libcall)                                    \
    static TrapCode name(void *context, Executor *ex, ImportCall *call) \
    {                                                                   \
        (void)context, (void)ex;                                        \
        return divide(call, libcall);                                   \
    }

DIVISION_CALL(call_udiv_i128, LIBCALL_UDIV_I128)
DIVISION_CALL(call_sdiv_i128, LIBCALL_SDIV_I128)
DIVISION_CALL(call_urem_i128, LIBCALL_UREM_I128)
DIVISION_CALL(call_srem_i128, LIBCALL_SREM_I128)

// ---- Memory ----

// A range that is empty needs no memory behind it.
static bool find_range(Executor *ex, uint64_t address, uint64_t size, uint8_t **out)
{
    *out = executor_memory(ex, address, size);
    return *out || size == 0;
}

static TrapCode call_memmove(void *context, Executor *ex, ImportCall *call)
{
    uint8_t *to, *from;
    (void)context;
    if (!fits(call, LIBCALL_MEMMOVE))
        return TRAP_NONE;
    const uint64_t size = int_arg(call, 2);
    if (!find_range(ex, int_arg(call, 0), size, &to) ||
        !find_range(ex, int_arg(call, 1), size, &from))
        return TRAP_HEAP_OOB;
    if (size != 0)
        memmove(to, from, size);
    call->results[0] = call->args[0];
    return TRAP_NONE;
}

static TrapCode call_memset(void *context, Executor *ex, ImportCall *call)
{
    uint8_t *to;
    (void)context;
    if (!fits(call, LIBCALL_MEMSET))
        return TRAP_NONE;
    const uint64_t size = int_arg(call, 2);
    if (!find_range(ex, int_arg(call, 0), size, &to))
        return TRAP_HEAP_OOB;
    if (size != 0)
        memset(to, (int)(int_arg(call, 1) & 0xff), size);
    call->results[0] = call->args[0];
    return TRAP_NONE;
}

// -1, 0 or 1: the sign is all that is promised.
static TrapCode call_memcmp(void *context, Executor *ex, ImportCall *call)
{
    uint8_t *a, *b;
    (void)context;
    if (!fits(call, LIBCALL_MEMCMP))
        return TRAP_NONE;
    const uint64_t size = int_arg(call, 2);
    if (!find_range(ex, int_arg(call, 0), size, &a) || !find_range(ex, int_arg(call, 1), size, &b))
        return TRAP_HEAP_OOB;
    const int order = size == 0 ? 0 : memcmp(a, b, size);
    const uint64_t sign = order < 0 ? UINT32_MAX : order > 0;
    call->results[0] = data_from_u64(TYPE_I32, sign);
    return TRAP_NONE;
}

static TrapCode call_pshufb(void *context, Executor *ex, ImportCall *call)
{
    (void)context, (void)ex;
    if (!fits(call, LIBCALL_X86_PSHUFB))
        return TRAP_NONE;
    for (uint32_t i = 0; i < 16; i++) {
        const uint8_t index = call->args[1].bytes[i];
        call->results[0].bytes[i] = index >= 0x80 ? 0 : call->args[0].bytes[index & 15];
    }
    return TRAP_NONE;
}

// ---- Binding ----

static const struct {
    Libcall libcall;
    ImportFn fn;
} bound[] = {
    {LIBCALL_CEIL_F32, call_ceil_f32},       {LIBCALL_CEIL_F64, call_ceil_f64},
    {LIBCALL_FLOOR_F32, call_floor_f32},     {LIBCALL_FLOOR_F64, call_floor_f64},
    {LIBCALL_TRUNC_F32, call_trunc_f32},     {LIBCALL_TRUNC_F64, call_trunc_f64},
    {LIBCALL_NEAREST_F32, call_nearest_f32}, {LIBCALL_NEAREST_F64, call_nearest_f64},
    {LIBCALL_FMA_F32, call_fma_f32},         {LIBCALL_FMA_F64, call_fma_f64},
    {LIBCALL_UDIV_I128, call_udiv_i128},     {LIBCALL_SDIV_I128, call_sdiv_i128},
    {LIBCALL_UREM_I128, call_urem_i128},     {LIBCALL_SREM_I128, call_srem_i128},
    {LIBCALL_MEMCPY, call_memmove},          {LIBCALL_MEMMOVE, call_memmove},
    {LIBCALL_MEMSET, call_memset},           {LIBCALL_MEMCMP, call_memcmp},
    {LIBCALL_X86_PSHUFB, call_pshufb},
};

void emulate_bind_libcalls(Executor *ex)
{
    for (size_t i = 0; i < sizeof(bound) / sizeof(bound[0]); i++)
        executor_import(ex, str_from(libcall_name(bound[i].libcall)), bound[i].fn, NULL);
}
