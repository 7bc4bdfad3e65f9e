// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Instructions within a block, by their format.

#include "fuzz-targets/gen/gen_internal.h"

NanRule gen_nan_rule(Opcode op)
{
    switch ((int)op) {
    case OP_FADD:
    case OP_FSUB:
    case OP_FMUL:
    case OP_FDIV:
    case OP_SQRT:
    case OP_FMA:
    case OP_FMIN:
    case OP_FMAX:
    case OP_CEIL:
    case OP_FLOOR:
    case OP_TRUNC:
    case OP_NEAREST:
    case OP_FPROMOTE:
    case OP_FDEMOTE:
    case OP_FVPROMOTE_LOW:
    case OP_FVDEMOTE: return NAN_ARITHMETIC;
    case OP_FCMP:
    case OP_FCVT_TO_UINT:
    case OP_FCVT_TO_SINT:
    case OP_FCVT_TO_UINT_SAT:
    case OP_FCVT_TO_SINT_SAT:
    case OP_X86_CVTT2DQ: return NAN_BLIND;
    case OP_SELECT:
    case OP_SELECT_SPECTRE_GUARD:
    case OP_FNEG:
    case OP_FABS:
    case OP_SPLAT:
    case OP_INSERTLANE:
    case OP_EXTRACTLANE: return NAN_MOVES;
    default: return NAN_STRICT;
    }
}

uint32_t gen_small(const GenShape *shape, uint8_t choice)
{
    uint32_t small = choice & 31;
    ASSERT(shape->smalls != 0);
    while ((shape->smalls >> small & 1) == 0)
        small = (small + 1) & 31;
    return small;
}

// ---- By format ----

static void emit_const(Gen *g, const GenShape *s, const GenRecord *r)
{
    const Type type = s->op == OP_F128CONST  ? TYPE_F128
                      : s->op == OP_F64CONST ? TYPE_F64
                      : s->op == OP_F32CONST ? TYPE_F32
                      : s->op == OP_F16CONST ? TYPE_F16
                                             : s->ctrl;
    const DataValue data = gen_data(type, (uint64_t)r->a | (uint64_t)r->b << 8);
    (void)gen_constant(g, type, &data);
}

static void emit_shuffle(Gen *g, const GenRecord *r, const Value *v)
{
    static const uint8_t steps[4] = {1, 2, 17, 0};
    uint8_t mask[16];
    // Some regular masks, for which there are instructions; the others are random.
    const uint64_t random[2] = {gen_mix(r->c), gen_mix(r->c + 1000u)};
    memcpy(mask, random, sizeof(mask));
    for (uint32_t i = 0; i < 16; i++) {
        if (r->c < 128)
            mask[i] = (uint8_t)(r->x + i * steps[r->c & 3] + (r->c >> 2 & 1) * (i >> 3));
        mask[i] &= 31;
    }
    (void)builder_shuffle(g->b, v[0], v[1], mask);
}

// A bit cast between different lane counts names a byte order.
static MemFlags bitcast_order(const GenShape *s)
{
    return type_lanes(s->ctrl) != type_lanes(s->args[0]) ? MEM_DEFAULT | MEM_LITTLE : MEM_DEFAULT;
}

void gen_emit(Gen *g, const GenShape *s, const GenRecord *r, const Value *v)
{
    const Opcode op = s->op;
    const Type suffix = ir_ops[op].ctrl == CTRL_SUFFIX ? s->ctrl : TYPE_INVALID;
    const uint8_t small = (uint8_t)gen_small(s, r->small);
    const TrapCode trap = (TrapCode)(1 + r->y % TRAP_USER_MAX);
    Builder *const b = g->b;
    switch ((int)op_format(op)) {
    case FMT_NULL_ARY: (void)builder_nullary(b, op, suffix); return;
    case FMT_UNARY: (void)builder_unary(b, op, suffix, v[0]); return;
    case FMT_UNARY_IMM:
    case FMT_UNARY_IEEE16:
    case FMT_UNARY_IEEE32:
    case FMT_UNARY_IEEE64:
    case FMT_UNARY_CONST: emit_const(g, s, r); return;
    case FMT_BINARY: (void)builder_binary(b, op, v[0], v[1]); return;
    case FMT_BINARY_IMM8: (void)builder_binary_imm8(b, op, v[0], small); return;
    case FMT_TERNARY: (void)builder_ternary(b, op, v[0], v[1], v[2]); return;
    case FMT_TERNARY_IMM8: (void)builder_ternary_imm8(b, op, v[0], v[1], small); return;
    case FMT_SHUFFLE: emit_shuffle(g, r, v); return;
    case FMT_INT_COMPARE: (void)builder_icmp(b, (IntCC)small, v[0], v[1]); return;
    case FMT_FLOAT_COMPARE: (void)builder_fcmp(b, (FloatCC)small, v[0], v[1]); return;
    case FMT_LOAD_NO_OFFSET: // of these, bitcast alone is no access
        (void)builder_load_no_offset(b, op, suffix, bitcast_order(s), v[0]);
        return;
    case FMT_COND_TRAP: builder_cond_trap(b, op, v[0], trap); return;
    case FMT_INT_ADD_TRAP: (void)builder_add_trap(b, op, v[0], v[1], trap); return;
    // Accesses of memory, jumps and calls have functions of their own; the rest is excluded.
    default: UNREACHABLE();
    }
}

// ---- Rare traps ----

// Where an operation would trap often, operands are changed so that it seldom does.

static bool wants_trap(const GenRecord *r)
{
    return r->y % 16 == 0;
}

static Value nonzero(Gen *g, Value v, Type type)
{
    return gen_can(g, OP_BOR, type, type) ? builder_binary(g->b, OP_BOR, v, gen_int(g, type, 1))
                                          : gen_int(g, type, 7);
}

// A condition that is hardly ever true.
static Value unlikely(Gen *g, Value v, Type type, const GenRecord *r)
{
    const GenShape *const compare = gen_find_shape(g->t, OP_ICMP, type, type);
    const DataValue data = gen_data(type, (uint64_t)r->c + 77);
    if (!compare || (compare->smalls >> INTCC_EQ & 1) == 0)
        return gen_int(g, type, 0);
    const Value is = builder_icmp(g->b, INTCC_EQ, v, gen_constant(g, type, &data));
    if (type == TYPE_I8)
        return is;
    return gen_can(g, OP_UEXTEND, type, TYPE_I8) ? builder_unary(g->b, OP_UEXTEND, type, is)
                                                 : gen_int(g, type, 0);
}

// `v` if its magnitude is small, else a small constant; not negative if `is_unsigned`.
static Value convertible(Gen *g, Value v, Type type, bool is_unsigned)
{
    const GenShape *const compare = gen_find_shape(g->t, OP_FCMP, type, type);
    const Value limit = builder_unary(g->b, OP_FCVT_FROM_UINT, type, gen_int(g, TYPE_I32, 100));
    if (!compare || (compare->smalls >> FLOATCC_LT & 1) == 0 || !gen_can(g, OP_FABS, type, type) ||
        !gen_can(g, OP_SELECT, type, TYPE_I8))
        return limit;
    const Value magnitude = builder_unary(g->b, OP_FABS, TYPE_INVALID, v);
    const Value fits = builder_fcmp(g->b, FLOATCC_LT, magnitude, limit);
    return builder_ternary(g->b, OP_SELECT, fits, is_unsigned ? magnitude : v, limit);
}

static void tame(Gen *g, const GenShape *s, const GenRecord *r, Value *v)
{
    if (wants_trap(r))
        return;
    switch ((int)s->op) {
    case OP_UDIV:
    case OP_SDIV:
    case OP_UREM:
    case OP_SREM: v[1] = nonzero(g, v[1], s->ctrl); return;
    case OP_TRAPZ: v[0] = nonzero(g, v[0], s->ctrl); return;
    case OP_TRAPNZ: v[0] = unlikely(g, v[0], s->ctrl, r); return;
    case OP_UADD_OVERFLOW_TRAP:
        if (gen_can(g, OP_BAND, s->ctrl, s->ctrl))
            v[0] = builder_binary(g->b, OP_BAND, v[0], gen_int(g, s->ctrl, 0x7fff));
        return;
    case OP_FCVT_TO_UINT:
    case OP_FCVT_TO_SINT:
        if (gen_can(g, OP_FCVT_FROM_UINT, s->args[0], TYPE_I32))
            v[0] = convertible(g, v[0], s->args[0], s->op == OP_FCVT_TO_UINT);
        return;
    default: return;
    }
}

// ---- The record ----

// Makes the results of the instruction just appended usable.
static void push_results(Gen *g, const GenShape *s, bool exact)
{
    const Func *const f = builder_func(g->b);
    const Span results = inst_results(f, builder_last(g->b));
    const NanRule rule = gen_nan_rule(s->op);
    if (rule == NAN_ARITHMETIC)
        exact = false;
    for (uint32_t i = 0; i < results.len; i++) {
        const Value v = {builder_result(g->b, i).i};
        gen_push(g, v, value_type(f, v), exact || rule == NAN_STRICT);
    }
}

static void gen_set(Gen *g, const GenRecord *r)
{
    if (g->num_vars == 0)
        return;
    const uint32_t var = r->shape % g->num_vars;
    builder_def(g->b, g->vars[var], gen_operand(g, g->var_types[var], r->a, false, NULL));
}

// The shape that the record means, or one near it for which there are values.
static const GenShape *choose_shape(const Gen *g, const GenRecord *r, Opcode op)
{
    for (uint32_t n = 0; n < 4; n++) {
        const GenShape *const s = gen_shape(g->t, op, (uint8_t)(r->shape + 53 * n));
        ASSERT(s != NULL);
        if (gen_has(g, s->args[0]) && gen_has(g, s->args[1]) && gen_has(g, s->args[2]))
            return s;
    }
    return gen_shape(g->t, op, r->shape);
}

void gen_inst(Gen *g, const GenRecord *r, Opcode op)
{
    if ((uint32_t)op == GEN_OP_SET) {
        gen_set(g, r);
        return;
    }
    if ((uint32_t)op == GEN_OP_IDIOM) {
        gen_idiom(g, r);
        return;
    }
    if ((ir_ops[op].flags & OPF_CALL) != 0) {
        gen_call(g, r, op);
        return;
    }
    const GenShape *const s = choose_shape(g, r, op);
    const uint8_t choices[3] = {r->a, r->b, r->c};
    const bool strict = gen_nan_rule(op) == NAN_STRICT;
    Value v[3] = {{0}, {0}, {0}};
    bool exact = true;
    if (gen_is_memory(op)) {
        gen_memory(g, r, s);
        return;
    }
    for (uint32_t i = 0; i < 3 && s->args[i] != TYPE_INVALID; i++) {
        bool same;
        v[i] = gen_operand(g, s->args[i], choices[i], strict, &same);
        exact = exact && same;
    }
    tame(g, s, r, v);
    gen_emit(g, s, r, v);
    push_results(g, s, exact);
}
