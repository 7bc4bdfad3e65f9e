// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Instructions that the main loop leaves over, lane by lane on 128-bit integers: vectors, i128,
// floats, conversions, and the rarer ones on scalars.

#include "emulate/interp/interp_internal.h"

// A case of a switch that int_ops.def fills.
#define RETURN_FOR(LABEL, value) \
    case LABEL: return (value);

// ---- Integer lanes ----

static uint128 int_unary(Opcode op, uint128 a, uint32_t bits)
{
    const uint128 ones = bits_ones(bits);
    const int128 sa = bits_sign_extend(a, bits);
    switch ((int)op) {
#define INT1(NAME, value) RETURN_FOR(OP_##NAME, ones &(uint128)(value))
#include "emulate/interp/int_ops.def"
    default: UNREACHABLE();
    }
}

static uint128 int_binary(Opcode op, uint128 a, uint128 b, uint32_t bits)
{
    const uint128 ones = bits_ones(bits);
    const int128 sa = bits_sign_extend(a, bits), sb = bits_sign_extend(b, bits);
    switch ((int)op) {
#define INT2(NAME, value) RETURN_FOR(OP_##NAME, ones &(uint128)(value))
#include "emulate/interp/int_ops.def"
    default: UNREACHABLE();
    }
}

static uint128 int_shift(Opcode op, uint128 a, uint64_t amount, uint32_t bits)
{
    const uint32_t s = (uint32_t)amount & (bits - 1);
    const int128 sa = bits_sign_extend(a, bits);
    switch ((int)op) {
#define SHIFT(NAME, value) RETURN_FOR(OP_##NAME, bits_ones(bits) & (uint128)(value))
#include "emulate/interp/int_ops.def"
    default: UNREACHABLE();
    }
}

static bool int_compare(IntCC cc, uint128 a, uint128 b, uint32_t bits)
{
    const int128 sa = bits_sign_extend(a, bits), sb = bits_sign_extend(b, bits);
    switch (cc) {
#define INTCOMPARE(CC, condition) RETURN_FOR(INTCC_##CC, condition)
#include "emulate/interp/int_ops.def"
    case INTCC_COUNT: break;
    }
    UNREACHABLE();
}

static uint128 overflow_value(Opcode op, uint128 a, uint128 b, uint128 carry)
{
    switch ((int)op) {
#define OVERFLOW(NAME, value, flag) RETURN_FOR(OP_##NAME, value)
#include "emulate/interp/int_ops.def"
    default: UNREACHABLE();
    }
}

typedef struct OverflowOperands {
    uint128 a, b, carry, r;
    uint32_t bits;
} OverflowOperands;

static bool overflow_flag(Opcode op, OverflowOperands x)
{
    const uint128 a = x.a, b = x.b, carry = x.carry, r = x.r;
    const uint32_t bits = x.bits;
    const int128 sa = bits_sign_extend(a, bits), sb = bits_sign_extend(b, bits);
    switch ((int)op) {
#define OVERFLOW(NAME, value, flag) RETURN_FOR(OP_##NAME, flag)
#include "emulate/interp/int_ops.def"
    default: UNREACHABLE();
    }
}

static void step_unary(const Code *c, uint64_t *r)
{
    const uint32_t bits = type_lane_bits(c->type);
    cells_clear(r + c->d, c->rtype);
    for (uint32_t i = 0; i < type_lanes(c->type); i++)
        lane_set(r + c->d, bits, i, int_unary((Opcode)c->op, lane_get(r + c->a, bits, i), bits));
}

static void step_binary(const Code *c, uint64_t *r)
{
    const uint32_t bits = type_lane_bits(c->type);
    cells_clear(r + c->d, c->rtype);
    for (uint32_t i = 0; i < type_lanes(c->type); i++)
        lane_set(r + c->d, bits, i,
                 int_binary((Opcode)c->op, lane_get(r + c->a, bits, i), lane_get(r + c->b, bits, i),
                            bits));
}

static void step_shift(const Code *c, uint64_t *r)
{
    const uint32_t bits = type_lane_bits(c->type);
    cells_clear(r + c->d, c->rtype);
    for (uint32_t i = 0; i < type_lanes(c->type); i++)
        lane_set(r + c->d, bits, i,
                 int_shift((Opcode)c->op, lane_get(r + c->a, bits, i), r[c->b], bits));
}

// The result of a comparison: 1 for a scalar, all ones for a lane of a vector.
static void set_truth(const Code *c, uint64_t *r, uint32_t i, bool truth)
{
    const uint32_t bits = type_lane_bits(c->rtype);
    const uint128 yes = type_is_vector(c->rtype) ? bits_ones(bits) : 1;
    lane_set(r + c->d, bits, i, truth ? yes : 0);
}

static void step_icmp(const Code *c, uint64_t *r)
{
    const uint32_t bits = type_lane_bits(c->type);
    cells_clear(r + c->d, c->rtype);
    for (uint32_t i = 0; i < type_lanes(c->type); i++)
        set_truth(c, r, i,
                  int_compare((IntCC)c->aux, lane_get(r + c->a, bits, i),
                              lane_get(r + c->b, bits, i), bits));
}

// Value, and the flag as a second result or as a trap.
static Stop step_overflow(const Code *c, uint64_t *r)
{
    const uint32_t bits = type_bits(c->type);
    const bool carries = op_format((Opcode)c->op) == FMT_TERNARY;
    OverflowOperands x = {lane_get(r + c->a, bits, 0), lane_get(r + c->b, bits, 0),
                          carries && r[c->c] != 0, 0, bits};
    x.r = overflow_value((Opcode)c->op, x.a, x.b, x.carry) & bits_ones(bits);
    const bool flag = overflow_flag((Opcode)c->op, x);
    cells_clear(r + c->d, c->rtype);
    lane_set(r + c->d, bits, 0, x.r);
    if (c->op == OP_UADD_OVERFLOW_TRAP)
        return flag ? c->aux : STOP_NONE;
    r[c->d + cells_of(c->rtype)] = flag;
    return STOP_NONE;
}

static Stop step_divide(const Code *c, uint64_t *r)
{
    const uint32_t bits = type_bits(c->type);
    const uint128 a = lane_get(r + c->a, bits, 0), b = lane_get(r + c->b, bits, 0);
    const int128 sa = bits_sign_extend(a, bits), sb = bits_sign_extend(b, bits);
    const bool wraps = sb == -1 && a == (uint128)1 << (bits - 1); // MIN / -1
    uint128 result = 0;
    if (b == 0)
        return TRAP_INT_DIVZ;
    if (c->op == OP_SDIV && wraps)
        return TRAP_INT_OVF;
    if (c->op == OP_UDIV)
        result = a / b;
    else if (c->op == OP_UREM)
        result = a % b;
    else if (c->op == OP_SDIV)
        result = (uint128)(sa / sb) & bits_ones(bits);
    else if (!wraps) // MIN % -1 is 0
        result = (uint128)(sa % sb) & bits_ones(bits);
    cells_clear(r + c->d, c->rtype);
    lane_set(r + c->d, bits, 0, result);
    return STOP_NONE;
}

// ---- Selection ----

static void step_select(const Code *c, uint64_t *r)
{
    const bool yes = (r[c->a] | r[c->imm]) != 0;
    memmove(r + c->d, r + (yes ? c->b : c->c), 8 * (size_t)cells_of(c->rtype));
}

// Bits of a where c has ones, else of b; on whole cells, as no lane matters.
static void step_bitselect(const Code *c, uint64_t *r)
{
    for (uint32_t i = 0; i < cells_of(c->rtype); i++)
        r[c->d + i] = (r[c->a + i] & r[c->b + i]) | (~r[c->a + i] & r[c->c + i]);
}

// ---- Float lanes ----

// The scalar float result `x` of an operation that makes NaNs.
static uint128 made(const Interp *vm, Type lane, uint128 x)
{
    return vm->canonical_nan ? float_canonical(lane, x) : x;
}

// fneg and fabs only touch the sign and so make no NaN.
static bool makes_nan(Opcode op)
{
    return op != OP_FNEG && op != OP_FABS && op != OP_FCOPYSIGN;
}

static void step_float_unary(const Interp *vm, const Code *c, uint64_t *r)
{
    const Type lane = type_lane(c->type);
    const uint32_t bits = type_lane_bits(c->type);
    cells_clear(r + c->d, c->rtype);
    for (uint32_t i = 0; i < type_lanes(c->type); i++) {
        const uint128 x = float_unary((Opcode)c->op, lane, lane_get(r + c->a, bits, i));
        lane_set(r + c->d, bits, i, makes_nan((Opcode)c->op) ? made(vm, lane, x) : x);
    }
}

static void step_float_binary(const Interp *vm, const Code *c, uint64_t *r)
{
    const Type lane = type_lane(c->type);
    const uint32_t bits = type_lane_bits(c->type);
    cells_clear(r + c->d, c->rtype);
    for (uint32_t i = 0; i < type_lanes(c->type); i++) {
        const uint128 x = float_binary((Opcode)c->op, lane, lane_get(r + c->a, bits, i),
                                       lane_get(r + c->b, bits, i));
        lane_set(r + c->d, bits, i, makes_nan((Opcode)c->op) ? made(vm, lane, x) : x);
    }
}

static void step_fma(const Interp *vm, const Code *c, uint64_t *r)
{
    const Type lane = type_lane(c->type);
    const uint32_t bits = type_lane_bits(c->type);
    cells_clear(r + c->d, c->rtype);
    for (uint32_t i = 0; i < type_lanes(c->type); i++)
        lane_set(r + c->d, bits, i,
                 made(vm, lane,
                      float_fma(lane, lane_get(r + c->a, bits, i), lane_get(r + c->b, bits, i),
                                lane_get(r + c->c, bits, i))));
}

static void step_fcmp(const Code *c, uint64_t *r)
{
    const uint32_t bits = type_lane_bits(c->type);
    cells_clear(r + c->d, c->rtype);
    for (uint32_t i = 0; i < type_lanes(c->type); i++)
        set_truth(c, r, i,
                  (float_compare(type_lane(c->type), lane_get(r + c->a, bits, i),
                                 lane_get(r + c->b, bits, i)) &
                   c->aux) != 0);
}

// ---- Conversions ----

// fpromote and fdemote; the vector forms convert the lanes that both types have, others become
// zero.
static void step_float_convert(const Interp *vm, const Code *c, uint64_t *r)
{
    const Type from = type_lane(c->type), to = type_lane(c->rtype);
    const uint32_t lanes_from = type_lanes(c->type), lanes_to = type_lanes(c->rtype);
    cells_clear(r + c->d, c->rtype);
    for (uint32_t i = 0; i < lanes_from && i < lanes_to; i++) {
        const uint128 a = lane_get(r + c->a, type_lane_bits(c->type), i);
        lane_set(r + c->d, type_lane_bits(c->rtype), i, made(vm, to, float_convert(from, to, a)));
    }
}

static void step_from_int(const Code *c, uint64_t *r)
{
    const uint32_t bits = type_lane_bits(c->type);
    cells_clear(r + c->d, c->rtype);
    for (uint32_t i = 0; i < type_lanes(c->type); i++)
        lane_set(r + c->d, type_lane_bits(c->rtype), i,
                 float_from_int(type_lane(c->rtype), lane_get(r + c->a, bits, i), bits,
                                c->op == OP_FCVT_FROM_SINT));
}

static Stop step_to_int(const Code *c, uint64_t *r)
{
    const uint32_t from = type_lane_bits(c->type), to = type_lane_bits(c->rtype);
    const bool traps = c->op == OP_FCVT_TO_UINT || c->op == OP_FCVT_TO_SINT;
    const bool is_signed = c->op != OP_FCVT_TO_UINT && c->op != OP_FCVT_TO_UINT_SAT;
    cells_clear(r + c->d, c->rtype);
    for (uint32_t i = 0; i < type_lanes(c->type); i++) {
        uint128 x;
        const Stop stop =
            float_to_int(type_lane(c->type), lane_get(r + c->a, from, i), to, is_signed, &x);
        if (stop != STOP_NONE && traps)
            return stop;
        if (stop != STOP_NONE && c->op == OP_X86_CVTT2DQ)
            x = (uint128)1 << (to - 1);
        lane_set(r + c->d, to, i, x);
    }
    return STOP_NONE;
}

// Integer conversions that the main loop leaves over: to or from i128, bmask, isplit, iconcat.
static void step_int_convert(const Code *c, uint64_t *r)
{
    const uint32_t from = type_bits(c->type), to = type_bits(c->rtype);
    const uint128 a = lane_get(r + c->a, from, 0);
    uint128 x = a;
    if (c->op == OP_SEXTEND)
        x = (uint128)bits_sign_extend(a, from);
    else if (c->op == OP_BMASK)
        x = a != 0 ? ~(uint128)0 : 0;
    else if (c->op == OP_ICONCAT)
        x = a | lane_get(r + c->b, from, 0) << from;
    cells_clear(r + c->d, c->rtype);
    lane_set(r + c->d, to, 0, x & bits_ones(to));
    if (c->op == OP_ISPLIT) // halves have one cell each
        r[c->d + 1] = (uint64_t)(a >> to);
}

// ---- Stack, globals, registers ----

static Stop step_stack_addr(const Interp *vm, const Code *c, uint64_t *r)
{
    const Frame *const frame = &vm->frames.data[vm->frames.len - 1];
    if (c->imm >= frame->fn->func->slots.data[c->a].size)
        return TRAP_HEAP_OOB;
    r[c->d] = frame->sp + frame->fn->slot_offsets[c->a] + c->imm;
    return STOP_NONE;
}

static Stop step_register(Interp *vm, const Code *c, uint64_t *r)
{
    const Frame *const frame = &vm->frames.data[vm->frames.len - 1];
    uint64_t x = 0;
    switch ((int)c->op) {
    case OP_SET_PINNED_REG: vm->pinned = r[c->a]; return STOP_NONE;
    case OP_GET_PINNED_REG: x = vm->pinned; break;
    case OP_GET_FRAME_POINTER: x = frame->fp; break;
    case OP_GET_STACK_POINTER: x = frame->sp; break;
    case OP_GET_RETURN_ADDRESS: memcpy(&x, interp_find(vm, frame->fp + 8, 8), 8); break;
    default: UNREACHABLE();
    }
    r[c->d] = x & (uint64_t)bits_ones(type_bits(c->rtype));
    return STOP_NONE;
}

// ---- Dispatch ----

#define DO(call) \
    (call);      \
    return STOP_NONE

#define LABEL(NAME) case OP_##NAME:

Stop interp_step(Interp *vm, const Code *c, uint64_t *r)
{
    switch ((int)c->op) {
#define INT1(NAME, ...) LABEL(NAME)
#include "emulate/interp/int_ops.def"
        DO(step_unary(c, r));
#define INT2(NAME, ...) LABEL(NAME)
#include "emulate/interp/int_ops.def"
        DO(step_binary(c, r));
#define SHIFT(NAME, ...) LABEL(NAME)
#include "emulate/interp/int_ops.def"
        DO(step_shift(c, r));
#define OVERFLOW(NAME, ...) LABEL(NAME)
#include "emulate/interp/int_ops.def"
        return step_overflow(c, r);
    case OP_ICMP: DO(step_icmp(c, r));
    case OP_UDIV:
    case OP_SDIV:
    case OP_UREM:
    case OP_SREM: return step_divide(c, r);
    case OP_SELECT:
    case OP_SELECT_SPECTRE_GUARD: DO(step_select(c, r));
    case OP_BITSELECT: DO(step_bitselect(c, r));
    case OP_FNEG:
    case OP_FABS:
    case OP_SQRT:
    case OP_CEIL:
    case OP_FLOOR:
    case OP_TRUNC:
    case OP_NEAREST: DO(step_float_unary(vm, c, r));
    case OP_FADD:
    case OP_FSUB:
    case OP_FMUL:
    case OP_FDIV:
    case OP_FCOPYSIGN:
    case OP_FMIN:
    case OP_FMAX: DO(step_float_binary(vm, c, r));
    case OP_FMA: DO(step_fma(vm, c, r));
    case OP_FCMP: DO(step_fcmp(c, r));
    case OP_FPROMOTE:
    case OP_FDEMOTE:
    case OP_FVPROMOTE_LOW:
    case OP_FVDEMOTE: DO(step_float_convert(vm, c, r));
    case OP_FCVT_FROM_UINT:
    case OP_FCVT_FROM_SINT: DO(step_from_int(c, r));
    case OP_FCVT_TO_UINT:
    case OP_FCVT_TO_SINT:
    case OP_FCVT_TO_UINT_SAT:
    case OP_FCVT_TO_SINT_SAT:
    case OP_X86_CVTT2DQ: return step_to_int(c, r);
    case OP_UEXTEND:
    case OP_SEXTEND:
    case OP_IREDUCE:
    case OP_BMASK:
    case OP_ISPLIT:
    case OP_ICONCAT: DO(step_int_convert(c, r));
    case OP_SPLAT:
    case OP_SWIZZLE:
    case OP_X86_PSHUFB:
    case OP_SHUFFLE:
    case OP_INSERTLANE:
    case OP_EXTRACTLANE:
    case OP_SCALAR_TO_VECTOR:
    case OP_BLENDV:
    case OP_IADD_PAIRWISE:
    case OP_X86_PMADDUBSW:
    case OP_F128CONST:
    case OP_VCONST: DO(interp_vector(c, r, vm->frames.data[vm->frames.len - 1].fn->func));
    case OP_VANY_TRUE:
    case OP_VALL_TRUE:
    case OP_VHIGH_BITS: DO(interp_lane_test(c, r));
    case OP_SWIDEN_LOW:
    case OP_SWIDEN_HIGH:
    case OP_UWIDEN_LOW:
    case OP_UWIDEN_HIGH: DO(interp_widen(c, r));
    case OP_SNARROW:
    case OP_UNARROW:
    case OP_UUNARROW: DO(interp_narrow(c, r));
    case OP_BITCAST: DO(interp_bitcast(c, r));
    case OP_ATOMIC_RMW:
    case OP_ATOMIC_CAS: return interp_atomic(vm, c, r);
    case OP_SYMBOL_VALUE: return interp_global(vm, c, r);
    case OP_STACK_ADDR: return step_stack_addr(vm, c, r);
    case OP_GET_PINNED_REG:
    case OP_SET_PINNED_REG:
    case OP_GET_FRAME_POINTER:
    case OP_GET_STACK_POINTER:
    case OP_GET_RETURN_ADDRESS: return step_register(vm, c, r);
    case OP_NOP:
    case OP_FENCE: // every access takes effect at once
    case OP_SEQUENCE_POINT: return STOP_NONE;
    case OP_DEBUGTRAP: return interp_stop(vm, STOP_CRASHED, "debugtrap: there is no debugger");
    default: break;
    }
    // What is left are loads and stores; opcodes that decoding gives code of their own never come.
    if (ir_ops[c->op].flags & OPF_LOAD)
        return interp_load(vm, c, r);
    ASSERT(ir_ops[c->op].flags & OPF_STORE);
    return interp_store(vm, c, r);
}
