// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tables of opcodes.def, formats.def and enums.def, and their names in both directions.

#include "ir/ir.h"

const OpInfo ir_ops[OP_COUNT] = {
#define OP(NAME, name, format, ctrl, types, a0, a1, a2, r0, r1, flags, meaning) \
    [OP_##NAME] = {#name,                                                       \
                   FMT_##format,                                                \
                   CTRL_##ctrl,                                                 \
                   TS_##types,                                                  \
                   {TC_##a0, TC_##a1, TC_##a2},                                 \
                   {TC_##r0, TC_##r1},                                          \
                   (flags),                                                     \
                   meaning},
#include "ir/opcodes.def"
};

const FormatInfo ir_formats[FMT_COUNT] = {
#define FORMAT(NAME, values, list, calls, ctrl, storage) \
    [FMT_##NAME] = {#NAME, (values), (list), CALLS_##calls, (ctrl)},
#include "ir/formats.def"
};

const MemOp ir_memops[OP_COUNT] = {
#define EXT_ZERO                              EXT_UEXT
#define EXT_SIGN                              EXT_SEXT
#define MEMOP(NAME, lane_bits, lanes, extend) [OP_##NAME] = {(lane_bits), (lanes), EXT_##extend},
#include "ir/enums.def"
};

_Static_assert(OP_COUNT <= UINT8_MAX, "InstData.op holds every opcode");
_Static_assert(sizeof(InstData) == 20, "InstData stays small");
_Static_assert(sizeof(ValueData) == 8, "ValueData stays small");
_Static_assert((int)TC_IN_Q15 - (int)TC_IN_NONE == (int)TS_Q15, "TC_IN_X runs parallel to TS_X");

// ---- Names ----

static const char *const intcc_names[INTCC_COUNT] = {
#define INTCC(NAME, name, complement, swapped) [INTCC_##NAME] = #name,
#include "ir/enums.def"
};
static const char *const floatcc_names[FLOATCC_COUNT] = {
#define FLOATCC(NAME, name, un, eq, lt, gt) [FLOATCC_##NAME] = #name,
#include "ir/enums.def"
};
static const char *const atomicop_names[ATOMIC_COUNT] = {
#define ATOMICOP(NAME, name) [ATOMIC_##NAME] = #name,
#include "ir/enums.def"
};
static const char *const callconv_names[CC_COUNT] = {
#define CALLCONV(NAME, name, exceptions, payloads) [CC_##NAME] = #name,
#include "ir/enums.def"
};
static const char *const purpose_names[PURPOSE_COUNT] = {
#define PURPOSE(NAME, name) [PURPOSE_##NAME] = #name,
#include "ir/enums.def"
};
static const char *const libcall_names[LIBCALL_COUNT] = {
#define LIBCALL(NAME, Name, symbol, types) [LIBCALL_##NAME] = #Name,
#include "ir/enums.def"
};
static const char *const libcall_symbols[LIBCALL_COUNT] = {
#define LIBCALL(NAME, Name, symbol, types) [LIBCALL_##NAME] = #symbol,
#include "ir/enums.def"
};
static const char *const libcall_types[LIBCALL_COUNT] = {
#define LIBCALL(NAME, Name, symbol, types) [LIBCALL_##NAME] = (types),
#include "ir/enums.def"
};
static const char *const knownsymbol_names[KNOWN_COUNT] = {
#define KNOWNSYMBOL(NAME, Name, symbol) [KNOWN_##NAME] = #Name,
#include "ir/enums.def"
};
static const char *const knownsymbol_symbols[KNOWN_COUNT] = {
#define KNOWNSYMBOL(NAME, Name, symbol) [KNOWN_##NAME] = #symbol,
#include "ir/enums.def"
};

// Index of `name` among `names`, `count` when it is none of them.
static uint32_t find_name(const char *const *names, uint32_t count, Str name)
{
    for (uint32_t i = 0; i < count; i++)
        if (str_eq_c(name, names[i]))
            return i;
    return count;
}

// The name and parse functions of one enumeration.
#define NAMED_ENUM(Type_, prefix, COUNT)                        \
    const char *prefix##_name(Type_ x)                          \
    {                                                           \
        ASSERT((uint32_t)x < (uint32_t)(COUNT));                \
        return prefix##_names[x];                               \
    }                                                           \
    Type_ prefix##_parse(Str name)                              \
    {                                                           \
        return (Type_)find_name(prefix##_names, (COUNT), name); \
    }

NAMED_ENUM(IntCC, intcc, INTCC_COUNT)
NAMED_ENUM(FloatCC, floatcc, FLOATCC_COUNT)
NAMED_ENUM(AtomicOp, atomicop, ATOMIC_COUNT)
NAMED_ENUM(CallConv, callconv, CC_COUNT)
NAMED_ENUM(Purpose, purpose, PURPOSE_COUNT)
NAMED_ENUM(Libcall, libcall, LIBCALL_COUNT)
NAMED_ENUM(KnownSymbol, knownsymbol, KNOWN_COUNT)

const char *libcall_symbol(Libcall call)
{
    ASSERT(call < LIBCALL_COUNT);
    return libcall_symbols[call];
}

#define LIBCALL_VALUES_MAX 4u // parameters or results of one

bool libcall_signature(Libcall call, Arena *arena, Signature *out)
{
    ASSERT(call < LIBCALL_COUNT);
    const Str text = str_from(libcall_types[call]);
    *out = (Signature){.callconv = CC_SYSTEM_V};
    out->params = ARENA_ARRAY(arena, AbiParam, LIBCALL_VALUES_MAX);
    out->returns = ARENA_ARRAY(arena, AbiParam, LIBCALL_VALUES_MAX);
    bool behind = false;
    for (size_t at = 0, end; at < text.len; at = end + 1) {
        for (end = at; end < text.len && text.data[end] != ' ';)
            end++;
        const Str word = {text.data + at, end - at};
        uint32_t *const n = behind ? &out->num_returns : &out->num_params;
        if (str_eq_c(word, ">")) {
            behind = true;
            continue;
        }
        ASSERT(*n < LIBCALL_VALUES_MAX);
        (behind ? out->returns : out->params)[(*n)++].type = type_parse(word);
    }
    return text.len != 0;
}

const char *knownsymbol_symbol(KnownSymbol symbol)
{
    ASSERT(symbol < KNOWN_COUNT);
    return knownsymbol_symbols[symbol];
}

// Opcodes by name: one linear scan over names that start alike is fast enough for tools; the parser
// keeps a map of its own.
Opcode op_parse(Str name)
{
    for (uint32_t op = 0; op < OP_COUNT; op++)
        if (str_eq_c(name, ir_ops[op].name))
            return (Opcode)op;
    return OP_COUNT;
}

uint32_t op_fixed_results(Opcode op)
{
    const uint8_t *const r = ir_ops[op].results;
    return r[0] == TC_NO || r[0] == TC_SIGNATURE ? 0 : r[1] == TC_NO ? 1 : 2;
}

// ---- Conditions and conventions ----

IntCC intcc_complement(IntCC cc)
{
    static const uint8_t table[INTCC_COUNT] = {
#define INTCC(NAME, name, complement, swapped) [INTCC_##NAME] = INTCC_##complement,
#include "ir/enums.def"
    };
    return (IntCC)table[cc];
}

IntCC intcc_swap(IntCC cc)
{
    static const uint8_t table[INTCC_COUNT] = {
#define INTCC(NAME, name, complement, swapped) [INTCC_##NAME] = INTCC_##swapped,
#include "ir/enums.def"
    };
    return (IntCC)table[cc];
}

uint32_t floatcc_outcomes(FloatCC cc)
{
    static const uint8_t table[FLOATCC_COUNT] = {
#define FLOATCC(NAME, name, un, eq, lt, gt) \
    [FLOATCC_##NAME] = (un)*FCMP_UN + (eq)*FCMP_EQ + (lt)*FCMP_LT + (gt)*FCMP_GT,
#include "ir/enums.def"
    };
    return table[cc];
}

bool callconv_has_exceptions(CallConv cc)
{
    static const bool table[CC_COUNT] = {
#define CALLCONV(NAME, name, exceptions, payloads) [CC_##NAME] = (exceptions),
#include "ir/enums.def"
    };
    return table[cc];
}

uint32_t callconv_payloads(CallConv cc)
{
    static const uint8_t table[CC_COUNT] = {
#define CALLCONV(NAME, name, exceptions, payloads) [CC_##NAME] = (payloads),
#include "ir/enums.def"
    };
    return table[cc];
}

// ---- Trap codes ----

TrapCode trapcode_parse(Str name)
{
#define TRAPCODE(NAME, text, raw) \
    if (str_eq(name, STR(#text))) \
        return TRAP_##NAME;
#include "ir/enums.def"
    if (!str_starts_with(name, STR("user")) || name.len < 5 || name.len > 7 || name.data[4] == '0')
        return TRAP_NONE;
    uint32_t n = 0;
    for (size_t i = 4; i < name.len; i++) {
        if (name.data[i] < '0' || name.data[i] > '9')
            return TRAP_NONE;
        n = n * 10 + (uint32_t)(name.data[i] - '0');
    }
    return n <= TRAP_USER_MAX ? (TrapCode)n : TRAP_NONE;
}

void trapcode_print(TrapCode code, StrBuf *out)
{
    switch ((int)code) {
#define TRAPCODE(NAME, text, raw) \
    case TRAP_##NAME:             \
        buf_puts(out, #text);     \
        return;
#include "ir/enums.def"
    default: buf_printf(out, "user%u", code);
    }
}

// ---- Entities, names and signatures ----

void entity_print(EntityRef entity, StrBuf *out)
{
    switch (entity.kind) {
    case ENTITY_FUNC: buf_puts(out, "function"); return;
    case ENTITY_STACK_LIMIT: buf_puts(out, "stack_limit"); return;
    case ENTITY_BLOCK: buf_puts(out, "block"); break;
    case ENTITY_INST: buf_puts(out, "inst"); break;
    case ENTITY_VALUE: buf_puts(out, "v"); break;
    case ENTITY_STACK_SLOT: buf_puts(out, "ss"); break;
    case ENTITY_DYN_SLOT: buf_puts(out, "dss"); break;
    case ENTITY_DYN_TYPE: buf_puts(out, "dt"); break;
    case ENTITY_GLOBAL_VALUE: buf_puts(out, "gv"); break;
    case ENTITY_SIG: buf_puts(out, "sig"); break;
    case ENTITY_FUNC_REF: buf_puts(out, "fn"); break;
    case ENTITY_CONSTANT: buf_puts(out, "const"); break;
    case ENTITY_REGION: buf_puts(out, "region"); break;
    }
    buf_u64(out, entity.index);
}

bool extname_eq(const ExtName *a, const ExtName *b)
{
    return a->kind == b->kind && a->space == b->space && a->index == b->index &&
           str_eq(a->text, b->text);
}

void extname_print(const ExtName *name, StrBuf *out)
{
    switch (name->kind) {
    case NAME_TESTCASE: buf_printf(out, "%%%.*s", STR_ARG(name->text)); return;
    case NAME_USER: buf_printf(out, "u%u:%u", name->space, name->index); return;
    case NAME_USER_REF: buf_printf(out, "userextname%u", name->index); return;
    case NAME_LIBCALL: buf_printf(out, "%%%s", libcall_name((Libcall)name->index)); return;
    case NAME_KNOWN_SYMBOL:
        buf_printf(out, "%%%s", knownsymbol_name((KnownSymbol)name->index));
        return;
    }
    UNREACHABLE();
}

static bool abiparams_eq(const AbiParam *a, const AbiParam *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (a[i].type != b[i].type || a[i].extension != b[i].extension ||
            a[i].purpose != b[i].purpose || a[i].size != b[i].size)
            return false;
    return true;
}

bool signature_eq(const Signature *a, const Signature *b)
{
    return a->callconv == b->callconv && a->num_params == b->num_params &&
           a->num_returns == b->num_returns && abiparams_eq(a->params, b->params, a->num_params) &&
           abiparams_eq(a->returns, b->returns, a->num_returns);
}

static void abiparams_print(const AbiParam *params, uint32_t n, StrBuf *out)
{
    for (uint32_t i = 0; i < n; i++) {
        const AbiParam *const p = &params[i];
        if (i != 0)
            buf_puts(out, ", ");
        type_print(p->type, out);
        if (p->extension != EXT_NONE)
            buf_puts(out, p->extension == EXT_UEXT ? " uext" : " sext");
        if (p->purpose == PURPOSE_SARG)
            buf_printf(out, " sarg(%u)", p->size);
        else if (p->purpose != PURPOSE_NORMAL)
            buf_printf(out, " %s", purpose_name((Purpose)p->purpose));
    }
}

void signature_print(const Signature *sig, StrBuf *out)
{
    buf_char(out, '(');
    abiparams_print(sig->params, sig->num_params, out);
    buf_char(out, ')');
    if (sig->num_returns != 0) {
        buf_puts(out, " -> ");
        abiparams_print(sig->returns, sig->num_returns, out);
    }
    buf_printf(out, " %s", callconv_name(sig->callconv));
}
