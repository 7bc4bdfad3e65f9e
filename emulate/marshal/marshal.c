// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arguments and results in registers and memory.

#include "emulate/marshal/marshal.h"

#define NONE      255

// rbx rbp r12-r15; rdi and rsi too; x19-x29.
#define X64_SAVED (1u << 3 | 1u << 5 | 0xfu << 12)
#define WIN_SAVED (X64_SAVED | 1u << 6 | 1u << 7)
#define A64_SAVED (0x7ffu << 19)

// What all conventions of an architecture have in common, and arguments and results as most do.
#define X64       .num_ints = 16, .num_floats = 16, .sp = 4, .link = NONE, .sret = NONE
#define A64       .num_ints = 32, .num_floats = 32, .sp = 31, .link = 30
#define X64_ARGS                                                                               \
    .int_args = {7, 6, 2, 1, 8, 9}, .num_int_args = 6, .float_args = {0, 1, 2, 3, 4, 5, 6, 7}, \
    .num_float_args = 8
#define X64_RETS .int_rets = {0, 2}, .num_int_rets = 2, .float_rets = {0, 1}, .num_float_rets = 2
#define A64_ARGS                                             \
    .int_args = {0, 1, 2, 3, 4, 5, 6, 7}, .num_int_args = 8, \
    .float_args = {0, 1, 2, 3, 4, 5, 6, 7}, .num_float_args = 8, .sret = 8, .sret_back = NONE
#define A64_RETS                                             \
    .int_rets = {0, 1, 2, 3, 4, 5, 6, 7}, .num_int_rets = 8, \
    .float_rets = {0, 1, 2, 3, 4, 5, 6, 7}, .num_float_rets = 8
#define A64_COMMON .saved_ints = A64_SAVED, .saved_floats = 0xff00, .saved_float_bytes = 8
#define ONE_RESULT .int_rets = {0}, .num_int_rets = 1, .float_rets = {0}, .num_float_rets = 1

static const Convention x64_conventions[CC_COUNT] = {
    [CC_FAST] = {X64, X64_ARGS, X64_RETS, .sret_back = 0, .saved_ints = X64_SAVED},
    [CC_SYSTEM_V] = {X64, X64_ARGS, X64_RETS, .sret_back = 0, .saved_ints = X64_SAVED},
    [CC_TAIL] = {X64, X64_ARGS, X64_RETS, .sret_back = NONE, .pops = true, .saved_ints = X64_SAVED},
    [CC_WINDOWS_FASTCALL] = {X64, X64_RETS, .int_args = {1, 2, 8, 9}, .num_int_args = 4,
                             .float_args = {0, 1, 2, 3}, .num_float_args = 4, .by_position = true,
                             .no_wide = true, .shadow = 32, .sret_back = 0, .saved_ints = WIN_SAVED,
                             .saved_floats = 0xffc0, .saved_float_bytes = 16},
    [CC_WINCH] = {X64, X64_ARGS, ONE_RESULT, .last_result = true, .no_wide = true,
                  .sret_back = NONE, .saved_ints = 1u << 5},
    [CC_PRESERVE_ALL] = {X64, X64_ARGS, .sret_back = NONE, .saved_ints = 0xffef,
                         .saved_floats = 0xffff, .saved_float_bytes = 16},
    [CC_PROBESTACK] = {X64, .int_args = {0}, .num_int_args = 1, .sret_back = NONE,
                       .saved_ints = 0xffef, .saved_floats = 0xffff, .saved_float_bytes = 16},
};

static const Convention a64_conventions[CC_COUNT] = {
    [CC_FAST] = {A64, A64_ARGS, A64_RETS, A64_COMMON, .even_pairs = true},
    [CC_SYSTEM_V] = {A64, A64_ARGS, A64_RETS, A64_COMMON, .even_pairs = true},
    [CC_TAIL] = {A64, A64_ARGS, A64_RETS, A64_COMMON, .even_pairs = true, .pops = true},
    [CC_WINDOWS_FASTCALL] = {A64, A64_ARGS, A64_RETS, A64_COMMON, .even_pairs = true},
    [CC_APPLE_AARCH64] = {A64, A64_ARGS, A64_RETS, A64_COMMON, .packed = true},
    [CC_WINCH] = {A64, A64_ARGS, ONE_RESULT, .last_result = true, .no_wide = true,
                  .saved_ints = 1u << 29, .saved_floats = 0xff00, .saved_float_bytes = 8},
    // All but x16 and x17, which any call may change on its way, x18, which is the platform's, and
    // x30, which a call must change.
    [CC_PRESERVE_ALL] = {A64, A64_ARGS, .even_pairs = true, .saved_ints = 0x3ff8ffff,
                         .saved_floats = 0xffffffff, .saved_float_bytes = 16},
    [CC_PROBESTACK] = {A64, .int_args = {15}, .num_int_args = 1, .sret = NONE, .sret_back = NONE,
                       .saved_ints = 0x3ff8ffff, .saved_floats = 0xffffffff,
                       .saved_float_bytes = 16},
};

static const Convention *find_convention(Arch arch, CallConv callconv)
{
    ASSERT(arch == ARCH_X86_64 || arch == ARCH_AARCH64);
    return arch == ARCH_X86_64 ? &x64_conventions[callconv] : &a64_conventions[callconv];
}

const Convention *marshal_convention(Arch arch)
{
    return find_convention(arch, CC_SYSTEM_V);
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
    uint32_t first; // number of the parameter or result that is first in the list
    uint8_t sret;
    bool even_pairs, by_position, packed;
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
    // By position, a register of one kind uses up the one of the other.
    const uint32_t used = is_float ? a->next_float : a->next_int;
    if (a->by_position) {
        a->next_float = used;
        a->next_int = used;
    }
    return place;
}

// Bytes of the register or slot for a part of a value.
static uint8_t place_width(const Assigner *a, bool is_float, uint32_t part)
{
    const bool in_register = is_float ? a->next_float < a->num_floats : a->next_int < a->num_ints;
    if (a->packed && !in_register)
        return (uint8_t)part;
    return part > 8 ? 16 : 8;
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
        if (param->purpose != PURPOSE_SRET || a->sret == NONE)
            place = next_place(a, is_float, place_width(a, is_float, part));
        place.value = index;
        place.value_at = (uint8_t)at;
        place.bytes = (uint8_t)part;
        place.extension = is_float || place.width < 8 ? EXT_NONE : param->extension;
        VEC_PUSH(arena, &a->places, place);
    }
    a->num_ints = num_ints;
}

static const char *assign_all(Assigner *a, const Convention *c, const AbiParam *params, uint32_t n,
                              Arena *arena)
{
    for (uint32_t i = 0; i < n; i++) {
        if (type_is_dynamic(params[i].type) || type_bytes(params[i].type) > 16)
            return "arguments and results from outside have at most 16 bytes";
        if ((params[i].type == TYPE_I128 || params[i].type == TYPE_F128) && c->no_wide)
            return "an i128 or f128 in this calling convention";
        if (params[i].purpose == PURPOSE_SARG)
            return "arguments passed as a copy of memory (sarg)";
        assign(a, &params[i], a->first + i, arena);
    }
    return NULL;
}

static const char *assign_rets(Assigner *a, const Convention *c, const Signature *sig, Arena *arena)
{
    const uint32_t n = sig->num_returns;
    const uint32_t in_memory = c->last_result && n != 0 ? n - 1 : 0;
    if (n > 0 && c->num_int_rets == 0)
        return "results of this calling convention";
    *a = (Assigner){
        .ints = c->int_rets, .floats = c->float_rets, .even_pairs = c->even_pairs, .sret = NONE};
    const char *const why = assign_all(a, c, sig->returns, in_memory, arena);
    if (why)
        return why;
    a->num_ints = c->num_int_rets;
    a->num_floats = c->num_float_rets;
    a->first = in_memory;
    return assign_all(a, c, sig->returns + in_memory, n - in_memory, arena);
}

const char *marshal_layout(Arch arch, const Signature *sig, Arena *arena, Layout *out)
{
    const Convention *const c = find_convention(arch, sig->callconv);
    if (c->num_ints == 0)
        return "this calling convention";
    Assigner rets, args = {.ints = c->int_args,
                           .floats = c->float_args,
                           .num_ints = c->num_int_args,
                           .num_floats = c->num_float_args,
                           .stack = c->shadow,
                           .even_pairs = c->even_pairs,
                           .by_position = c->by_position,
                           .packed = c->packed,
                           .sret = c->sret};
    const char *why = assign_all(&args, c, sig->params, sig->num_params, arena);
    if (!why)
        why = assign_rets(&rets, c, sig, arena);
    if (why)
        return why;
    *out = (Layout){.convention = c, .sret = NO_INDEX};
    out->rets_bytes = (rets.stack + 15) & ~15u;
    if (rets.stack != 0)
        out->area = next_place(&args, false, 8);
    out->area.bytes = 8;
    out->args = args.places.data;
    out->num_args = args.places.len;
    out->rets = rets.places.data;
    out->num_rets = rets.places.len;
    out->args_bytes = (args.stack + 15) & ~15u;
    for (uint32_t i = 0; i < sig->num_params; i++)
        if (sig->params[i].purpose == PURPOSE_SRET && sig->num_returns == 0 && c->sret_back != NONE)
            out->sret = i;
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
