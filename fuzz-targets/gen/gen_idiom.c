// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Idioms: several operations in the forms that rules look for, and forms that are nearly that.
// Operands picked one by one hardly ever meet in them.
//
// A part that the targets can't do is left out: what it would have changed stays as it was.

#include "fuzz-targets/gen/gen_internal.h"

static Type type_of(const Gen *g, Value v)
{
    return value_type(builder_func(g->b), v);
}

static const GenShape *shape_of(const Gen *g, Opcode op, Type ctrl, Type a, Type b)
{
    const GenTable *const t = g->t;
    for (uint32_t i = t->first[op]; i < t->first[op + 1]; i++) {
        const GenShape *const s = &t->shapes[i];
        if (s->ctrl == ctrl && s->args[0] == a && s->args[1] == b)
            return s->smalls != 0 ? s : NULL;
    }
    return NULL;
}

// x op y; x where that can't be had.
static Value two(Gen *g, Opcode op, Value x, Value y)
{
    const Type type = type_of(g, x);
    return shape_of(g, op, type, type, type_of(g, y)) ? builder_binary(g->b, op, x, y) : x;
}

// op x of type `to`.
static Value one(Gen *g, Opcode op, Type to, Value x)
{
    const bool suffix = ir_ops[op].ctrl == CTRL_SUFFIX;
    return shape_of(g, op, to, type_of(g, x), TYPE_INVALID)
               ? builder_unary(g->b, op, suffix ? to : TYPE_INVALID, x)
               : x;
}

static Value compare(Gen *g, IntCC cc, Value x, Value y)
{
    const Type type = type_of(g, x);
    const GenShape *const s = shape_of(g, OP_ICMP, type, type, type_of(g, y));
    return s && (s->smalls >> cc & 1) != 0 ? builder_icmp(g->b, cc, x, y) : x;
}

static Value choose(Gen *g, Value c, Value x, Value y)
{
    const Type type = type_of(g, x);
    const GenShape *const s = shape_of(g, OP_SELECT, type, type_of(g, c), type);
    return s && type_of(g, y) == type ? builder_ternary(g->b, OP_SELECT, c, x, y) : x;
}

static Type narrower(Type type, uint8_t byte)
{
    const uint32_t n = type - TYPE_I8;
    return (Type)(TYPE_I8 + (n == 0 ? 0 : byte % n));
}

// A number of bits below the width, and what is left of the width or something near it.
typedef struct Split {
    Value low, rest;
} Split;

static Split split_width(Gen *g, const GenRecord *r, Type type, Type amounts)
{
    const uint32_t bits = type_bits(type), low = r->x % bits;
    const uint32_t off = r->y % 8 < 6 ? 0 : r->y;
    return (Split){gen_int(g, amounts, low),
                   gen_int(g, amounts, (int64_t)((bits - low + off) & 127))};
}

// An amount of any type, computed.
static Value amount(Gen *g, const GenRecord *r)
{
    const Type type = (Type)(TYPE_I8 + r->x % 5);
    const Value any = gen_operand(g, type, r->b & 0xbf, false, NULL);
    switch (r->y % 5) {
    case 0: return any;
    case 1: return two(g, OP_BAND, any, gen_int(g, type, r->x % 8 < 6 ? 127 >> r->x % 5 : r->x));
    case 2: return one(g, OP_UEXTEND, TYPE_I128, any);
    case 3: return one(g, OP_SEXTEND, TYPE_I64, any);
    default: return one(g, OP_IREDUCE, TYPE_I8, any);
    }
}

static const Opcode shifts[] = {OP_ISHL, OP_USHR, OP_SSHR, OP_ROTL, OP_ROTR};
static const Opcode logic[] = {OP_BOR, OP_BXOR, OP_IADD, OP_BAND, OP_ISUB};

// Two shifts of a value, or of two, together.
static Value shift_idiom(Gen *g, const GenRecord *r, Value x, Value y)
{
    const Type type = type_of(g, x);
    const Split at = split_width(g, r, type, (r->small & 8) != 0 ? TYPE_I8 : TYPE_I32);
    const Value other = (r->small & 4) != 0 ? y : x;
    switch (r->small >> 4 & 7) {
    case 0: {
        const Value left = two(g, OP_ISHL, x, at.low);
        return two(g, OP_BOR, left, two(g, OP_USHR, other, at.rest));
    }
    case 1: {
        const Value right = two(g, OP_USHR, x, at.rest);
        return two(g, OP_BOR, right, two(g, OP_ISHL, other, at.low));
    }
    case 2: return two(g, OP_SSHR, two(g, OP_ISHL, x, at.low), at.low);
    case 3: return two(g, shifts[r->y % 3], two(g, shifts[r->x % 3], x, at.low), at.rest);
    case 4: {
        const uint64_t ones = r->x == 0 ? 1 : ((uint64_t)1 << r->x % 32) - 1;
        const Value shifted = two(g, OP_USHR, x, at.rest);
        return two(g, OP_BAND, shifted, gen_int(g, type, (int64_t)ones));
    }
    case 5: return two(g, logic[r->x % 5], y, two(g, shifts[r->y % 5], x, at.low));
    case 6: return two(g, shifts[r->y % 5], x, amount(g, r));
    default: return two(g, logic[r->y % 5], x, two(g, OP_IMUL, y, gen_int(g, type, r->x % 11)));
    }
}

// Something narrow extended, and used where rules take extensions in.
static Value extend_idiom(Gen *g, const GenRecord *r, Value x, Value y)
{
    const Type type = type_of(g, x), narrow = narrower(type, r->x);
    const Opcode extend = (r->small & 4) != 0 ? OP_SEXTEND : OP_UEXTEND;
    const Value a = one(g, extend, type, gen_operand(g, narrow, r->b & 0xbf, false, NULL));
    const Value b = one(g, (r->small & 8) != 0 ? OP_SEXTEND : extend, type,
                        gen_operand(g, narrow, r->c & 0xbf, false, NULL));
    switch (r->small >> 4 & 7) {
    case 0: return two(g, OP_IADD, x, a);
    case 1: return two(g, OP_ISUB, x, a);
    case 2: return two(g, OP_IMUL, a, b);
    case 3: return two(g, OP_IADD, x, two(g, OP_ISHL, a, gen_int(g, TYPE_I8, r->y % 6)));
    case 4: return compare(g, (IntCC)(r->y % INTCC_COUNT), a, b);
    case 5: {
        const Value at = gen_int(g, TYPE_I32, type_bits(type) - type_bits(narrow) + (r->y % 3) - 1);
        return two(g, OP_SSHR, two(g, OP_ISHL, a, at), at);
    }
    default: {
        const Value low = one(g, OP_IREDUCE, narrow, x);
        const Value both = two(g, logic[r->y % 5], low, one(g, OP_IREDUCE, narrow, y));
        return (r->small >> 4 & 7) == 6 ? both : one(g, extend, type, both);
    }
    }
}

// Comparisons and what is chosen by them.
static Value truth_idiom(Gen *g, const GenRecord *r, Value x, Value y)
{
    const Type type = type_of(g, x);
    const Value zero = gen_int(g, type, 0);
    const IntCC cc = (IntCC)(r->x % INTCC_COUNT), equality = r->y % 2 == 0 ? INTCC_EQ : INTCC_NE;
    const Value some = gen_int(g, type, (r->small & 8) != 0 ? r->c : 1);
    const Value bit = two(g, OP_ISHL, some, amount(g, r));
    switch (r->small >> 4 & 7) {
    case 0: return choose(g, compare(g, cc, x, y), x, y);
    case 1: {
        const Value is = compare(g, cc, x, zero);
        return choose(g, is, one(g, OP_INEG, type, x), x);
    }
    case 2: return choose(g, compare(g, equality, two(g, OP_BAND, x, bit), zero), x, y);
    case 3: return choose(g, r->y % 2 == 0 ? gen_condition(g, r) : two(g, OP_BAND, x, bit), y, x);
    case 4: {
        const Value flag = compare(g, cc, x, y);
        return compare(g, equality, flag, gen_int(g, type_of(g, flag), 0));
    }
    case 5: return compare(g, equality, two(g, OP_ISUB, x, y), zero);
    case 6: return two(g, OP_BAND, x, two(g, OP_BOR, one(g, OP_BNOT, type, x), y));
    default: return two(g, OP_BOR, x, two(g, OP_BAND, one(g, OP_BNOT, type, x), y));
    }
}

static Value compare_floats(Gen *g, const GenRecord *r)
{
    const Type type = r->shape % 2 == 0 ? TYPE_F64 : TYPE_F32;
    const GenShape *const s = gen_find_shape(g->t, OP_FCMP, type, type);
    if (!s)
        return gen_int(g, TYPE_I8, 1);
    const Value x = gen_operand(g, type, r->a & 0xbf, false, NULL);
    const Value y = gen_operand(g, type, (uint8_t)(r->a * 5u + 3), false, NULL);
    return builder_fcmp(g->b, (FloatCC)gen_small(s, r->small), x, y);
}

Value gen_condition(Gen *g, const GenRecord *r)
{
    if (r->shape >= 128)
        return compare_floats(g, r);
    const Type type = (Type)(TYPE_I8 + r->shape % 5);
    const Value x = gen_operand(g, type, r->a & 0xbf, false, NULL);
    const Value y = gen_operand(g, type, (uint8_t)(r->a * 7u + 1), false, NULL);
    return compare(g, (IntCC)(r->small % INTCC_COUNT), x, y);
}

// Division by a constant that is neither 0 nor -1.
static Value division_idiom(Gen *g, const GenRecord *r, Value x)
{
    static const Opcode ops[] = {OP_UDIV, OP_SDIV, OP_UREM, OP_SREM};
    const Type type = type_of(g, x);
    const int64_t divisor =
        r->y < 64 ? 1 << r->y % 7 : (int64_t)(gen_mix(r->y * 256u + r->c) >> r->y % 64);
    const int64_t wide = divisor & (type == TYPE_I8 ? 0x7f : type == TYPE_I16 ? 0x7fff : INT32_MAX);
    return two(g, ops[r->small >> 4 & 3], x, gen_int(g, type, wide < 2 ? 3 : wide));
}

// Accesses of one place of the heap, one after another: equal ones, parts, and other byte orders.
static void memory_idiom(Gen *g, const GenRecord *r, Value x, Value y)
{
    const Type type = type_of(g, x);
    if (!gen_can(g, OP_STORE, type, type) || !gen_can(g, OP_LOAD, type, TYPE_I64))
        return;
    const bool big = (g->t->big_endian[type] & 3) == 3 && r->y % 4 == 3;
    Mem mem = {g->heap, GEN_DATA_OFFSET + r->c, MEM_DEFAULT | (big ? MEM_BIG : 0)};
    if (g->heap_region.i != NO_INDEX && r->y % 8 < 6)
        mem.flags = builder_in_region(mem.flags, g->heap_region);
    builder_store(g->b, OP_STORE, x, mem);
    if ((r->small & 16) != 0)
        mem.offset += r->x % 8; // overlaps
    if ((r->small & 32) != 0)
        mem.flags &= ~(MemFlags)(MEM_BIG | MEM_LITTLE);
    if ((r->small & 64) != 0) {
        const Value narrow = one(g, OP_IREDUCE, narrower(type, r->x), y);
        if (gen_can(g, OP_STORE, type_of(g, narrow), type_of(g, narrow)))
            builder_store(g->b, OP_STORE, narrow, mem);
    }
    const Value loaded = builder_load(g->b, OP_LOAD, type, mem);
    gen_push(g, loaded, type, true);
    if ((r->small & 8) != 0) // read, changed, written
        builder_store(g->b, OP_STORE, two(g, logic[r->x % 5], loaded, y), mem);
}

// Accesses that a look at memory may remove, as nothing may be read in between or is: a place is
// written, partly read and written again, by accesses that mostly can't trap, of the heap's region
// or of any.
static void overwrite_idiom(Gen *g, const GenRecord *r, Value x, Value y)
{
    const Type type = type_of(g, x), part = narrower(type, r->x >> 3);
    if (!gen_can(g, OP_STORE, type, type) || !gen_can(g, OP_LOAD, part, TYPE_I64))
        return;
    const MemFlags any = r->y % 8 == 0 ? MEM_DEFAULT : TRAP_NONE;
    const bool regions = g->heap_region.i != NO_INDEX;
    const MemFlags own = regions ? builder_in_region(any, g->heap_region) : any;
    const Mem mem = {g->heap, GEN_DATA_OFFSET + r->c, (r->y & 8) != 0 ? any : own};
    const Mem inside = {g->heap, mem.offset + r->x % 8, (r->y & 16) != 0 ? any : own};
    builder_store(g->b, OP_STORE, x, mem);
    if ((r->y & 96) != 0)
        gen_push(g, builder_load(g->b, OP_LOAD, part, inside), part, true);
    const Value last = (r->small & 16) != 0 ? one(g, OP_IREDUCE, part, y) : y;
    if (gen_can(g, OP_STORE, type_of(g, last), type_of(g, last)))
        builder_store(g->b, OP_STORE, last, mem);
    if ((r->small & 64) != 0)
        gen_push(g, builder_load(g->b, OP_LOAD, type, mem), type, true);
}

// A load that only one operation uses, or one that is used several times, with now and then
// a store between: what may take the load in, and what may not.
static Value sink_idiom(Gen *g, const GenRecord *r, Value x, Value y)
{
    const Type type = type_of(g, x);
    if (!gen_can(g, OP_STORE, type, type) || !gen_can(g, OP_LOAD, type, TYPE_I64))
        return x;
    Mem mem = {g->heap, GEN_DATA_OFFSET + r->c, MEM_DEFAULT};
    const Value loaded = builder_load(g->b, OP_LOAD, type, mem);
    if (r->shape >= 128) // who comes later may use it, too: an edge, a call
        gen_push(g, loaded, type, true);
    if (r->y % 2 != 0) {
        mem.offset += r->y / 2 % 4;
        builder_store(g->b, OP_STORE, x, mem);
    }
    const Value flag = (r->x & 3) < 2 ? loaded : compare(g, (IntCC)(r->y % INTCC_COUNT), loaded, y);
    switch (r->x & 3) {
    case 0: return two(g, logic[r->y / 8 % 5], y, loaded);
    case 1: return two(g, logic[r->y / 8 % 5], loaded, y);
    case 2: {
        const Value chosen = choose(g, flag, x, y);
        return two(g, OP_IADD, chosen, choose(g, flag, y, x));
    }
    default: {
        const Value sum = one(g, OP_SEXTEND, TYPE_I64, two(g, OP_IADD, loaded, x));
        const Value wide = two(g, OP_ISHL, sum, gen_int(g, TYPE_I8, 2));
        const Value base = gen_operand(g, TYPE_I64, r->b & 0xbf, false, NULL);
        gen_push(g, choose(g, flag, x, y), type, true);
        const Value above = two(g, OP_IADD, base, wide);
        return two(g, OP_BXOR, above, two(g, OP_ISUB, base, wide));
    }
    }
}

void gen_idiom(Gen *g, const GenRecord *r)
{
    static const Type types[] = {TYPE_I32, TYPE_I64, TYPE_I128, TYPE_I8, TYPE_I16, TYPE_I64};
    const Type type = types[r->shape % 6];
    if (!shape_of(g, OP_IADD, type, type, type))
        return;
    const Value x = gen_operand(g, type, r->a & 0xbf, false, NULL);
    const Value y = gen_operand(g, type, r->b, false, NULL);
    Value out;
    switch (r->small & 3) {
    case 0: out = shift_idiom(g, r, x, y); break;
    case 1: out = extend_idiom(g, r, x, y); break;
    case 2: out = truth_idiom(g, r, x, y); break;
    default:
        if ((r->small & 0x84) == 0x84) {
            out = sink_idiom(g, r, x, y);
            break;
        }
        if ((r->small & 4) != 0) {
            memory_idiom(g, r, x, y);
            return;
        }
        if ((r->small & 0x88) == 0x88) {
            overwrite_idiom(g, r, x, y);
            return;
        }
        out = division_idiom(g, r, x);
    }
    gen_push(g, out, type_of(g, out), true);
}
