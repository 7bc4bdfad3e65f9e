// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What can be generated: asked of coverage, target by target, and by trying for what is no single
// operation: constants, calling conventions, byte order.
//
// A byte chooses among the supported shapes of an opcode by the greatest hash of (byte, shape): so
// a shape that becomes supported takes some bytes over, and all others keep their meaning.

#include "coverage/coverage.h"
#include "driver/driver.h"
#include "fuzz-targets/gen/gen_internal.h"
#include "validate/validate.h"

// Shapes of all targets so far, by key.
typedef struct TableBuild {
    Arena *arena;
    VEC(GenShape) shapes;
    VEC(uint32_t) seen; // parallel: small operands that the current target can do
    Map index;
    bool first; // of the targets: only what it can do is of interest in the others
} TableBuild;

// ---- Shapes ----

static uint64_t shape_key(Opcode op, Type ctrl, const Type args[3])
{
    return (uint64_t)op | (uint64_t)ctrl << 8 | (uint64_t)args[0] << 18 | (uint64_t)args[1] << 28 |
           (uint64_t)args[2] << 38;
}

static void visit(void *context, const CoverageVariant *variant, bool lowered)
{
    TableBuild *const build = context;
    const uint64_t key = shape_key(variant->op, variant->ctrl, variant->args);
    uint32_t i = map_get(&build->index, key);
    if (i == MAP_NONE && !build->first)
        return;
    if (i == MAP_NONE) {
        GenShape shape = {.op = variant->op, .ctrl = variant->ctrl, .smalls = UINT32_MAX};
        memcpy(shape.args, variant->args, sizeof(shape.args));
        i = build->shapes.len;
        VEC_PUSH(build->arena, &build->shapes, shape);
        VEC_PUSH(build->arena, &build->seen, 0);
        map_set(build->arena, &build->index, key, i);
    }
    ASSERT(variant->small < 32);
    if (lowered)
        build->seen.data[i] |= 1u << variant->small;
}

static void add_target(TableBuild *build, const Settings *settings, const Isa *isa)
{
    for (uint32_t i = 0; i < build->seen.len; i++)
        build->seen.data[i] = 0;
    coverage_visit(settings, isa, visit, build);
    for (uint32_t i = 0; i < build->shapes.len; i++)
        build->shapes.data[i].smalls &= build->seen.data[i];
}

// Jumps and calls are not among them: they have records of their own.
bool gen_leaves_out(Opcode op)
{
    switch ((int)op) {
    case OP_DEBUGTRAP:                                  // stops, and nobody goes on
    case OP_GET_FRAME_POINTER:                          // addresses of stack and code
    case OP_GET_STACK_POINTER:                          //
    case OP_GET_RETURN_ADDRESS:                         //
    case OP_FUNC_ADDR:                                  //
    case OP_SYMBOL_VALUE:                               //
    case OP_STACK_ADDR:                                 //
    case OP_TLS_VALUE:                                  // needs a thread
    case OP_GET_PINNED_REG:                             // belongs to whoever called first
    case OP_SET_PINNED_REG:                             //
    case OP_STACK_SWITCH:                               // needs a second stack
    case OP_DYNAMIC_STACK_ADDR:                         // no dynamic vectors
    case OP_EXTRACT_VECTOR:                             //
    case OP_GET_EXCEPTION_HANDLER_ADDRESS: return true; // an address of code
    default: return false;
    }
}

static bool has_type(const GenTable *t, Type type)
{
    for (uint32_t i = 0; i < t->num_types; i++)
        if (t->types[i] == type)
            return true;
    return type == TYPE_INVALID;
}

static void drop_shapes(GenTable *t)
{
    for (uint32_t i = 0; i < t->num_shapes; i++) {
        GenShape *const s = &t->shapes[i];
        bool fits = has_type(t, s->ctrl);
        for (uint32_t k = 0; k < 3; k++)
            fits = fits && has_type(t, s->args[k]);
        for (uint32_t k = 0; k < 2; k++)
            fits = fits && has_type(t, op_constraint_type((TypeConstraint)ir_ops[s->op].results[k],
                                                          s->ctrl));
        if (!fits)
            s->smalls = 0;
    }
}

const GenShape *gen_find_shape(const GenTable *t, Opcode op, Type ctrl, Type arg0)
{
    for (uint32_t i = t->first[op]; i < t->first[op + 1]; i++)
        if (t->shapes[i].ctrl == ctrl && t->shapes[i].args[0] == arg0)
            return t->shapes[i].smalls != 0 ? &t->shapes[i] : NULL;
    return NULL;
}

// ---- Types ----

// Whether constants of the type can be had.
static bool has_constants(const GenTable *t, Type type)
{
    if (type_is_vector(type))
        return gen_find_shape(t, OP_VCONST, type, TYPE_INVALID) != NULL;
    switch ((int)type) {
    case TYPE_I128: return gen_find_shape(t, OP_ICONCAT, TYPE_I64, TYPE_I64) != NULL;
    case TYPE_F16: return gen_find_shape(t, OP_F16CONST, TYPE_INVALID, TYPE_INVALID) != NULL;
    case TYPE_F32: return gen_find_shape(t, OP_F32CONST, TYPE_INVALID, TYPE_INVALID) != NULL;
    case TYPE_F64: return gen_find_shape(t, OP_F64CONST, TYPE_INVALID, TYPE_INVALID) != NULL;
    case TYPE_F128: return gen_find_shape(t, OP_F128CONST, TYPE_INVALID, TYPE_INVALID) != NULL;
    default: return gen_find_shape(t, OP_ICONST, type, TYPE_INVALID) != NULL;
    }
}

static void find_types(GenTable *t)
{
    for (Type type = TYPE_I8; type <= TYPE_VECTOR(TYPE_LANE_MASK, 4); type++) {
        if (ir_lane_bits[type_lane(type)] == 0)
            continue;
        const uint32_t bits = type_bits(type);
        if ((!type_is_vector(type) || bits == 64 || bits == 128) && has_constants(t, type)) {
            ASSERT(t->num_types < GEN_TYPES_MAX);
            t->types[t->num_types++] = type;
        }
    }
}

// ---- Probes ----

typedef struct Probe {
    GenTable *t;
    const Settings *settings;
    Arena arena, scratch;
} Probe;

// Whether every target compiles the function built last.
static bool compiles(Probe *p, Builder *b)
{
    Diag diag = {.arena = &p->scratch};
    Func *f;
    bool good = builder_finish(b, NULL, &f, &diag) == STATUS_OK;
    builder_destroy(b);
    for (uint32_t i = 0; i < p->t->num_isas && good; i++) {
        const DriverOptions options = {
            .settings = p->settings, .isa = &p->t->isas[i], .validate = true};
        CompiledFunc out;
        good = driver_compile(f, &options, &p->arena, &p->scratch, &out, &diag) == STATUS_OK;
    }
    arena_reset(&p->scratch);
    arena_reset(&p->arena);
    return good;
}

// Whether functions of convention `cc` can pass on a parameter of the type, and return it.
static bool passes(Probe *p, CallConv cc, Type type, bool returns_it)
{
    Module module = {.arena = &p->arena};
    AbiParam params[1] = {{.type = type}}, returns[1] = {{.type = type}};
    const uint32_t num = type == TYPE_INVALID ? 0 : 1, num_back = returns_it ? num : 0;
    const Signature sig = {params, returns, num, num_back, cc};
    Builder *const b = builder_create(&module);
    builder_begin(b, builder_name(STR("probe")), sig);
    const FuncRef callee =
        builder_import(b, builder_name(STR("callee")), builder_signature(b, sig), true);
    Value v = {NO_INDEX};
    if (num != 0)
        v = builder_param(b, 0);
    v = builder_call(b, OP_CALL, callee, (ValueList){&v, num});
    builder_return(b, (ValueList){&v, num_back});
    return compiles(p, b);
}

// Whether big-endian accesses of the type can be compiled: bit 0 loads, bit 1 stores.
static uint8_t big_endian_accesses(Probe *p, Type type)
{
    uint8_t can = 0;
    for (uint32_t store = 0; store < 2; store++) {
        Module module = {.arena = &p->arena};
        AbiParam params[2] = {{.type = TYPE_I64}, {.type = type}}, *const returns = params + 1;
        Builder *const b = builder_create(&module);
        builder_begin(b, builder_name(STR("probe")),
                      (Signature){params, returns, 2, 1, CC_SYSTEM_V});
        const Mem mem = {builder_param(b, 0), 0, MEM_DEFAULT | MEM_BIG};
        Value v = builder_param(b, 1);
        if (store != 0)
            builder_store(b, OP_STORE, v, mem);
        else
            v = builder_load(b, OP_LOAD, type, mem);
        builder_return(b, (ValueList){&v, 1});
        can = (uint8_t)(can | (compiles(p, b) ? 1u << store : 0u));
    }
    return can;
}

static void find_conventions(GenTable *t, const Settings *settings)
{
    Probe p = {.t = t, .settings = settings};
    for (uint32_t cc = 0; cc < CC_COUNT; cc++) {
        t->no_results[cc] = !passes(&p, (CallConv)cc, TYPE_I64, true);
        if (!passes(&p, (CallConv)cc, TYPE_I64, false))
            continue;
        for (uint32_t i = 0; i < t->num_types; i++)
            if (passes(&p, (CallConv)cc, t->types[i], !t->no_results[cc]))
                t->params[cc][t->num_params[cc]++] = t->types[i];
    }
    for (uint32_t i = 0; i < t->num_types; i++)
        t->big_endian[t->types[i]] = big_endian_accesses(&p, t->types[i]);
    arena_free(&p.arena);
    arena_free(&p.scratch);
}

// ---- Choices ----

// A try_call that catches nothing compiles wherever a call does: the mid-end makes it one, so the
// lowering rules, which are what shapes are asked of, say nothing of it.
static void choose_try_calls(GenTable *t)
{
    memcpy(t->pick[OP_TRY_CALL], t->pick[OP_CALL], sizeof(t->pick[0]));
    memcpy(t->pick[OP_TRY_CALL_INDIRECT], t->pick[OP_CALL_INDIRECT], sizeof(t->pick[0]));
}

static void choose_shapes(GenTable *t, Arena *arena)
{
    t->pick = arena_alloc(arena, sizeof(*t->pick) * OP_COUNT, 8);
    for (uint32_t op = 0; op < OP_COUNT; op++)
        for (uint32_t byte = 0; byte < 256; byte++) {
            uint64_t best = 0;
            t->pick[op][byte] = UINT16_MAX;
            for (uint32_t i = t->first[op]; i < t->first[op + 1]; i++) {
                const GenShape *const s = &t->shapes[i];
                const uint64_t key = shape_key(s->op, s->ctrl, s->args);
                const uint64_t hash = gen_mix(key ^ (uint64_t)byte << 56) | 1;
                if (s->smalls == 0 || hash < best || gen_leaves_out((Opcode)op))
                    continue;
                best = hash;
                t->pick[op][byte] = (uint16_t)i;
            }
        }
}

// Operations that programs are mostly made of, beside one byte for each opcode.
static const uint8_t frequent[] = {
    OP_IADD,   OP_ISUB,        OP_BAND,    OP_BOR,         OP_BXOR, OP_ISHL,     OP_USHR,
    OP_SSHR,   OP_ICMP,        OP_ICMP,    OP_LOAD,        OP_LOAD, OP_STORE,    OP_STORE,
    OP_SELECT, OP_BRIF,        OP_BRIF,    OP_BRIF,        OP_JUMP, OP_BR_TABLE, OP_CALL,
    OP_CALL,   OP_IREDUCE,     OP_UEXTEND, OP_IMUL,        OP_FADD, OP_FMUL,     OP_FCMP,
    OP_ICONST, OP_BITCAST,     OP_SEXTEND, OP_EXTRACTLANE, OP_IADD, OP_ISUB,     OP_SHUFFLE,
    OP_VCONST, OP_RETURN_CALL,
};

#define GEN_OPS_SPECIAL 242 // bytes from here on mean no opcode

static void choose_ops(GenTable *t)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t op = byte;
        if (byte >= GEN_OPS_SPECIAL) {
            t->ops[byte] = byte % 2 == 0 ? GEN_OP_FUNC : byte % 4 == 1 ? GEN_OP_SET : GEN_OP_IDIOM;
            continue;
        }
        if (byte >= OP_COUNT)
            op = frequent[(byte - OP_COUNT) % sizeof(frequent)];
        // One that is not supported: any other.
        for (uint64_t n = 0; t->pick[op][0] == UINT16_MAX; n++)
            op = (uint32_t)(gen_mix(byte << 16 | n) % OP_COUNT);
        t->ops[byte] = (uint8_t)op;
    }
}

GenTable *gen_table(const Settings *settings, const Isa *isas, uint32_t num_isas, Arena *arena)
{
    GenTable *const t = ARENA_NEW(arena, GenTable);
    TableBuild build = {.arena = arena};
    ASSERT(num_isas != 0 && num_isas <= sizeof(t->isas) / sizeof(t->isas[0]));
    for (uint32_t i = 0; i < num_isas; i++) {
        t->isas[i] = isas[i];
        build.first = i == 0;
        add_target(&build, settings, &isas[i]);
    }
    t->num_isas = num_isas;
    t->shapes = build.shapes.data;
    t->num_shapes = build.shapes.len;
    ASSERT(t->num_shapes < UINT16_MAX);
    for (uint32_t op = 0, i = 0; op <= OP_COUNT; op++) {
        while (i < t->num_shapes && t->shapes[i].op < op)
            i++;
        t->first[op] = i;
    }
    find_types(t);
    drop_shapes(t);
    choose_shapes(t, arena);
    choose_try_calls(t);
    choose_ops(t);
    find_conventions(t, settings);
    ASSERT(t->num_params[CC_SYSTEM_V] != 0);
    return t;
}
