// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arguments and results in registers and memory.

#include "emulate/marshal/marshal.h"

static const Convention system_v = {
    .int_args = {7, 6, 2, 1, 8, 9},
    .num_int_args = 6,
    .float_args = {0, 1, 2, 3, 4, 5, 6, 7},
    .num_float_args = 8,
    .int_rets = {0, 2},
    .num_int_rets = 2,
    .float_rets = {0, 1},
    .num_float_rets = 2,
    .num_ints = 16,
    .num_floats = 16,
    .sp = 4,
    .sret = 255,
    .link = 255,
    .saved_ints = 1u << 3 | 1u << 5 | 0xfu << 12,
    .saved_floats = 0,
};

static const Convention aapcs64 = {
    .int_args = {0, 1, 2, 3, 4, 5, 6, 7},
    .num_int_args = 8,
    .float_args = {0, 1, 2, 3, 4, 5, 6, 7},
    .num_float_args = 8,
    .int_rets = {0, 1, 2, 3, 4, 5, 6, 7},
    .num_int_rets = 8,
    .float_rets = {0, 1, 2, 3, 4, 5, 6, 7},
    .num_float_rets = 8,
    .num_ints = 32,
    .num_floats = 32,
    .sp = 31,
    .even_pairs = true,
    .sret = 8,
    .link = 30,
    .saved_ints = 0x7ffu << 19, // x19-x29
    .saved_floats = 0xff00,
};

const Convention *marshal_convention(Arch arch)
{
    ASSERT(arch == ARCH_X86_64 || arch == ARCH_AARCH64);
    return arch == ARCH_X86_64 ? &system_v : &aapcs64;
}

// splitmix64: distinct for distinct numbers.
uint64_t marshal_garbage(uint64_t n)
{
    uint64_t x = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

// ---- Layout ----

typedef struct Assigner {
    const uint8_t *ints, *floats;
    uint32_t num_ints, num_floats;
    uint32_t next_int, next_float;
    uint32_t stack; // bytes used
    uint8_t sret;
    bool even_pairs;
    VEC(Place) places;
} Assigner;

static bool in_float_register(Type type)
{
    return type_is_vector(type) || type_is_float(type);
}

// One part of at most `width` bytes: the next register of its kind, or a slot.
static Place next_place(Assigner *a, bool is_float, uint8_t width)
{
    Place place = {.kind = PLACE_STACK, .width = width};
    if (is_float && a->next_float < a->num_floats) {
        place.kind = PLACE_FLOAT;
        place.reg = a->floats[a->next_float++];
    } else if (!is_float && a->next_int < a->num_ints) {
        place.kind = PLACE_INT;
        place.reg = a->ints[a->next_int++];
    } else {
        a->stack = (a->stack + width - 1u) & ~(width - 1u);
        place.offset = a->stack;
        a->stack += width;
    }
    return place;
}

// Readies the Assigner for an i128: registers left over that it may not take are skipped.
static void align_pair(Assigner *a)
{
    const uint32_t start = a->next_int + (a->even_pairs && a->next_int % 2 != 0);
    if (start + 2 <= a->num_ints) {
        a->next_int = start;
        return;
    }
    a->stack = (a->stack + 15) & ~15u;
    if (a->even_pairs)
        a->next_int = a->num_ints;
}

static void assign(Assigner *a, const AbiParam *param, uint32_t index, Arena *arena)
{
    const bool is_float = in_float_register(param->type);
    const uint32_t bytes = type_bytes(param->type);
    const uint32_t part_max = is_float ? 16 : 8;
    const uint32_t num_ints = a->num_ints;
    if (bytes > part_max)
        align_pair(a);
    if (bytes > part_max && a->next_int + 2 > num_ints)
        a->num_ints = a->next_int; // none for this one
    for (uint32_t at = 0; at < bytes; at += part_max) {
        const uint32_t part = bytes - at < part_max ? bytes - at : part_max;
        Place place = {.kind = PLACE_INT, .reg = a->sret, .width = 8};
        if (param->purpose != PURPOSE_SRET || a->sret == 255)
            place = next_place(a, is_float, part > 8 ? 16 : 8);
        place.value = index;
        place.value_at = (uint8_t)at;
        place.bytes = (uint8_t)part;
        place.extension = is_float ? EXT_NONE : param->extension;
        VEC_PUSH(arena, &a->places, place);
    }
    a->num_ints = num_ints;
}

static const char *assign_all(Assigner *a, const AbiParam *params, uint32_t n, Arena *arena)
{
    for (uint32_t i = 0; i < n; i++) {
        if (type_is_dynamic(params[i].type) || type_bytes(params[i].type) > 16)
            return "arguments and results from outside have at most 16 bytes";
        if (params[i].purpose == PURPOSE_SARG)
            return "arguments passed as a copy of memory (sarg)";
        assign(a, &params[i], i, arena);
    }
    return NULL;
}

const char *marshal_layout(Arch arch, const Signature *sig, Arena *arena, Layout *out)
{
    const Convention *const c = marshal_convention(arch);
    if (sig->callconv != CC_FAST && sig->callconv != CC_SYSTEM_V && sig->callconv != CC_TAIL)
        return "this calling convention";
    Assigner args = {.ints = c->int_args,
                     .floats = c->float_args,
                     .num_ints = c->num_int_args,
                     .num_floats = c->num_float_args,
                     .even_pairs = c->even_pairs,
                     .sret = c->sret};
    Assigner rets = {.ints = c->int_rets,
                     .floats = c->float_rets,
                     .num_ints = c->num_int_rets,
                     .num_floats = c->num_float_rets,
                     .even_pairs = c->even_pairs,
                     .sret = 255};
    const char *why = assign_all(&args, sig->params, sig->num_params, arena);
    if (!why)
        why = assign_all(&rets, sig->returns, sig->num_returns, arena);
    if (why)
        return why;
    *out = (Layout){.convention = c};
    out->rets_bytes = (rets.stack + 15) & ~15u;
    if (rets.stack != 0)
        out->area = next_place(&args, false, 8);
    out->area.bytes = 8;
    out->args = args.places.data;
    out->num_args = args.places.len;
    out->rets = rets.places.data;
    out->num_rets = rets.places.len;
    out->args_bytes = (args.stack + 15) & ~15u;
    return NULL;
}

// ---- Values ----

static const uint8_t *place_memory(const Place *place, const GuestRegs *regs, const uint8_t *area)
{
    switch ((PlaceKind)place->kind) {
    case PLACE_INT: return (const uint8_t *)&regs->ints[place->reg];
    case PLACE_FLOAT: return regs->floats[place->reg];
    case PLACE_STACK: return area + place->offset;
    }
    UNREACHABLE();
}

static uint8_t extension_byte(const Place *place, const uint8_t *part)
{
    const bool negative = part[place->bytes - 1] >= 0x80;
    return place->extension == EXT_SEXT && negative ? 0xff : 0;
}

void marshal_put(const Place *place, const DataValue *value, GuestRegs *regs, uint8_t *area)
{
    const uint32_t width = place->kind == PLACE_FLOAT ? 16 : place->width;
    const uint64_t key = (uint64_t)place->value << 8 | place->value_at;
    const uint64_t garbage[2] = {marshal_garbage(key), marshal_garbage(~key)};
    uint8_t bytes[16];
    memcpy(bytes, garbage, sizeof(bytes));
    memcpy(bytes, value->bytes + place->value_at, place->bytes);
    if (place->extension != EXT_NONE)
        memset(bytes + place->bytes, extension_byte(place, bytes), width - place->bytes);
    switch ((PlaceKind)place->kind) {
    case PLACE_INT: memcpy(&regs->ints[place->reg], bytes, width); return;
    case PLACE_FLOAT: memcpy(regs->floats[place->reg], bytes, width); return;
    case PLACE_STACK: memcpy(area + place->offset, bytes, width); return;
    }
    UNREACHABLE();
}

bool marshal_get(const Place *place, const GuestRegs *regs, const uint8_t *area, DataValue *value)
{
    const uint8_t *const from = place_memory(place, regs, area);
    memcpy(value->bytes + place->value_at, from, place->bytes);
    if (place->extension == EXT_NONE)
        return true;
    for (uint32_t i = place->bytes; i < place->width; i++)
        if (from[i] != extension_byte(place, from))
            return false;
    return true;
}
