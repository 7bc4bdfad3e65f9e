// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ir: CLIF in memory. Types, the enumerations of the language, functions and modules, and the
// questions that every later stage asks of them.
//
// A Func owns flat tables indexed by entity: instructions, values, blocks, declarations. Entities
// are one-member structs around a number that counts from 0 as in the text; X_NONE is UINT32_MAX.
// Number gaps of a text are filled with dummies, so that `v7` is always values.data[7].
//
// SSA form with block parameters. Blocks and the instructions of a block are doubly linked lists,
// so that passes can insert and remove in constant time. Values may be aliases of other values
// (`v3 -> v1`): operands hold what was written, ir_resolve gives the value meant.
//
// Invariants of a parsed or built function: every index is in range and every used value has a
// definition; all else is for validate/ to judge. Everything lives in the Func's arena.
#ifndef IR_IR_H
#define IR_IR_H

#include "base/base.h"

// ---- Types ----

// Lane code in bits 0-3 (types.def), base-2 logarithm of the lane count in bits 4-7, and bit 8 for
// a dynamic vector, whose lane count is that of its base. 0 is no type.
typedef uint16_t Type;

enum {
    TYPE_INVALID = 0,
#define TYPE(NAME, name, code, bits, kind) TYPE_##NAME = (code),
#include "ir/types.def"
    TYPE_LANE_MASK = 0xf,
    TYPE_LANES_SHIFT = 4,
    TYPE_DYNAMIC_BIT = 0x100,
    TYPE_LANES_MAX = 256
};

// The vector of 2^log2_lanes lanes of `lane` (0 lanes in the logarithm: the scalar itself).
#define TYPE_VECTOR(lane, log2_lanes) ((Type)((lane) | ((log2_lanes) << TYPE_LANES_SHIFT)))

enum {
    TYPE_I8X16 = TYPE_VECTOR(TYPE_I8, 4),
    TYPE_I16X8 = TYPE_VECTOR(TYPE_I16, 3),
    TYPE_I32X4 = TYPE_VECTOR(TYPE_I32, 2),
    TYPE_I64X2 = TYPE_VECTOR(TYPE_I64, 1),
    TYPE_F32X4 = TYPE_VECTOR(TYPE_F32, 2),
    TYPE_F64X2 = TYPE_VECTOR(TYPE_F64, 1)
};

extern const uint16_t ir_lane_bits[16]; // by lane code; 0 where there is none

static inline Type type_lane(Type t)
{
    return t & TYPE_LANE_MASK;
}

static inline uint32_t type_lanes_log2(Type t)
{
    return (t >> TYPE_LANES_SHIFT) & 0xf;
}

// Number of lanes; of a dynamic vector, those of its base.
static inline uint32_t type_lanes(Type t)
{
    return 1u << type_lanes_log2(t);
}

static inline bool type_is_dynamic(Type t)
{
    return (t & TYPE_DYNAMIC_BIT) != 0;
}

// More than one lane, fixed or dynamic.
static inline bool type_is_vector(Type t)
{
    return t > TYPE_LANE_MASK;
}

// Integer lanes.
static inline bool type_is_int(Type t)
{
    return type_lane(t) >= TYPE_I8 && type_lane(t) <= TYPE_I128;
}

// Float lanes.
static inline bool type_is_float(Type t)
{
    return type_lane(t) >= TYPE_F16;
}

static inline uint32_t type_lane_bits(Type t)
{
    return ir_lane_bits[type_lane(t)];
}

// Width of all lanes; at most 32,768. Of a dynamic vector, that of its base.
static inline uint32_t type_bits(Type t)
{
    return type_lane_bits(t) << type_lanes_log2(t);
}

static inline uint32_t type_bytes(Type t)
{
    return type_bits(t) / 8;
}

// The scalar of the given kind and width, TYPE_INVALID when there is none.
Type type_int(uint32_t bits);
Type type_float(uint32_t bits);
// `t` with another lane, the lane count kept.
Type type_with_lane(Type t, Type lane);

// The types derived from T in opcodes.def; TYPE_INVALID where there is none.
Type type_truthy(Type t);
Type type_half(Type t);
Type type_double(Type t);
Type type_split(Type t);
Type type_merge(Type t);

// Appends the text form: i32, f64x2, i8x16xN (dynamic).
void type_print(Type t, StrBuf *out);
// The text form in `arena`, for messages.
Str type_name(Arena *arena, Type t);
// Reads a whole word such as "i32x4" or "f32x4xN"; TYPE_INVALID when it is none. "x1": the scalar.
Type type_parse(Str word);

// ---- Enumerations ----

typedef enum Opcode {
#define OP(NAME, ...) OP_##NAME,
#include "ir/opcodes.def"
    OP_COUNT
} Opcode;

typedef enum Format {
#define FORMAT(NAME, ...) FMT_##NAME,
#include "ir/formats.def"
    FMT_COUNT
} Format;

typedef enum TypeSet {
#define TYPESET(NAME, ...) TS_##NAME,
#include "ir/typesets.def"
    TS_COUNT
} TypeSet;

// Whether `t` is in `set`.
bool typeset_has(TypeSet set, Type t);

typedef enum IntCC {
#define INTCC(NAME, ...) INTCC_##NAME,
#include "ir/enums.def"
    INTCC_COUNT
} IntCC;

typedef enum FloatCC {
#define FLOATCC(NAME, ...) FLOATCC_##NAME,
#include "ir/enums.def"
    FLOATCC_COUNT
} FloatCC;

typedef enum AtomicOp {
#define ATOMICOP(NAME, ...) ATOMIC_##NAME,
#include "ir/enums.def"
    ATOMIC_COUNT
} AtomicOp;

typedef enum CallConv {
#define CALLCONV(NAME, ...) CC_##NAME,
#include "ir/enums.def"
    CC_COUNT
} CallConv;

typedef enum Purpose {
#define PURPOSE(NAME, ...) PURPOSE_##NAME,
#include "ir/enums.def"
    PURPOSE_COUNT
} Purpose;

typedef enum Libcall {
#define LIBCALL(NAME, ...) LIBCALL_##NAME,
#include "ir/enums.def"
    LIBCALL_COUNT
} Libcall;

typedef enum KnownSymbol {
#define KNOWNSYMBOL(NAME, ...) KNOWN_##NAME,
#include "ir/enums.def"
    KNOWN_COUNT
} KnownSymbol;

// Trap codes as the byte that InstData holds: 1..250 are user1..user250; 0 is none.
typedef uint8_t TrapCode;
enum {
    TRAP_NONE = 0,
    TRAP_USER_MAX = 250,
#define TRAPCODE(NAME, name, raw) TRAP_##NAME = (raw),
#include "ir/enums.def"
};

typedef enum Extension { EXT_NONE, EXT_UEXT, EXT_SEXT } Extension;

// What an opcode does beside computing its results.
enum {
    OPF_TERMINATOR = 1 << 0, // ends its block
    OPF_BRANCH = 1 << 1,     // has block calls
    OPF_RETURN = 1 << 2,     // leaves the function
    OPF_CALL = 1 << 3,
    OPF_LOAD = 1 << 4,  // may read memory
    OPF_STORE = 1 << 5, // may write memory
    OPF_TRAP = 1 << 6,
    OPF_EFFECT = 1 << 7,     // other side effect: never removed, never reordered
    OPF_IDEMPOTENT = 1 << 8, // a dominated duplicate may be merged
    OPF_COMMUTATIVE = 1 << 9 // the first two operands may be exchanged; of icmp with its condition
};

// How an operand's or result's type follows from the controlling type T: a0..r1 of opcodes.def.
typedef enum TypeConstraint {
    TC_NO,
    TC_SAME,
    TC_LANE,
    TC_TRUTHY,
    TC_HALF,
    TC_DOUBLE,
    TC_SPLIT,
    TC_MERGE,
    TC_FIXED,
    TC_NARROWER,
    TC_WIDER,
    TC_SIGNATURE,
#define TYPESET(NAME, ...) TC_IN_##NAME,
#include "ir/typesets.def"
    TC_IS_I8,
    TC_IS_I32,
    TC_IS_I64,
    TC_IS_F16,
    TC_IS_F32,
    TC_IS_F64,
    TC_IS_F128,
    TC_IS_I8X16,
    TC_IS_I16X8,
    TC_IS_I32X4,
    TC_IS_I64X2,
    TC_IS_F32X4,
    TC_IS_F64X2
} TypeConstraint;

typedef enum CtrlKind { CTRL_NONE, CTRL_OPERAND, CTRL_SUFFIX } CtrlKind;
typedef enum CallSite { CALLS_NO, CALLS_W1, CALLS_W12, CALLS_LIST, CALLS_EXTABLE } CallSite;

// A row of opcodes.def.
typedef struct OpInfo {
    const char *name;
    uint8_t format;     // Format
    uint8_t ctrl;       // CtrlKind
    uint8_t types;      // TypeSet of the controlling type
    uint8_t args[3];    // TypeConstraint of the fixed value operands
    uint8_t results[2]; // TypeConstraint
    uint16_t flags;     // OPF_*
    const char *meaning;
} OpInfo;

// A row of formats.def.
typedef struct FormatInfo {
    const char *name;
    uint8_t values;
    bool list;
    uint8_t calls; // CallSite
    uint8_t ctrl;  // operand that gives the controlling type
} FormatInfo;

// What a narrow load or store moves (MEMOP in enums.def).
typedef struct MemOp {
    uint8_t lane_bits, lanes; // 0: not a narrow access, the value's own type is moved
    uint8_t extend;           // Extension of a load
} MemOp;

extern const OpInfo ir_ops[OP_COUNT];
extern const FormatInfo ir_formats[FMT_COUNT];
extern const MemOp ir_memops[OP_COUNT];

static inline Format op_format(Opcode op)
{
    return (Format)ir_ops[op].format;
}

// The opcode called `name`, OP_COUNT when there is none.
Opcode op_parse(Str name);
// The type that constraint `c` allows under controlling type `ctrl`, TYPE_INVALID where it allows
// several (TC_IN_X, TC_NARROWER, TC_WIDER) or none.
Type op_constraint_type(TypeConstraint c, Type ctrl);
// Whether `t` satisfies `c` under `ctrl`.
bool op_constraint_allows(TypeConstraint c, Type ctrl, Type t);
// Number of results that the row gives (of TC_SIGNATURE: 0, they follow from the signature).
uint32_t op_fixed_results(Opcode op);

// The text form of an enumerator, for libcall_symbol and knownsymbol_symbol the symbol that a
// linker binds.
const char *intcc_name(IntCC cc);
const char *floatcc_name(FloatCC cc);
const char *atomicop_name(AtomicOp op);
const char *callconv_name(CallConv cc);
const char *purpose_name(Purpose purpose);
const char *libcall_name(Libcall call);
const char *libcall_symbol(Libcall call);
const char *knownsymbol_name(KnownSymbol symbol);
const char *knownsymbol_symbol(KnownSymbol symbol);
// The inverse of the above: the enumerator, or X_COUNT.
IntCC intcc_parse(Str name);
FloatCC floatcc_parse(Str name);
AtomicOp atomicop_parse(Str name);
CallConv callconv_parse(Str name);
Purpose purpose_parse(Str name);
Libcall libcall_parse(Str name);
KnownSymbol knownsymbol_parse(Str name);
// Whether a try_call may use the convention, and how many payload words its handlers get.
bool callconv_has_exceptions(CallConv cc);
uint32_t callconv_payloads(CallConv cc);
// TRAP_NONE when `name` is no trap code (user0 and user251 are none).
TrapCode trapcode_parse(Str name);
void trapcode_print(TrapCode code, StrBuf *out);

// The condition of !(x cc y), and that of y cc x.
IntCC intcc_complement(IntCC cc);
IntCC intcc_swap(IntCC cc);
// Bit set of the outcomes that make `cc` true.
enum { FCMP_UN = 1, FCMP_EQ = 2, FCMP_LT = 4, FCMP_GT = 8 };
uint32_t floatcc_outcomes(FloatCC cc);

// ---- Entities ----

#define ENTITY(Name)      \
    typedef struct Name { \
        uint32_t i;       \
    } Name

ENTITY(Value);
ENTITY(Inst);
ENTITY(Block);
ENTITY(StackSlot);
ENTITY(DynSlot);
ENTITY(DynType);
ENTITY(GlobalValue);
ENTITY(SigRef);
ENTITY(FuncRef);
ENTITY(Constant);
ENTITY(Region);
ENTITY(BlockCall);
ENTITY(ExTable);

#define NO_INDEX UINT32_MAX
#define NO(Name) ((Name){NO_INDEX})

// Kinds of entity that a message, a comment or a validation error can stand at.
typedef enum EntityKind {
    ENTITY_FUNC,
    ENTITY_BLOCK,
    ENTITY_INST,
    ENTITY_VALUE,
    ENTITY_STACK_SLOT,
    ENTITY_DYN_SLOT,
    ENTITY_DYN_TYPE,
    ENTITY_GLOBAL_VALUE,
    ENTITY_SIG,
    ENTITY_FUNC_REF,
    ENTITY_CONSTANT,
    ENTITY_REGION,
    ENTITY_STACK_LIMIT
} EntityKind;

typedef struct EntityRef {
    EntityKind kind;
    uint32_t index; // 0 for ENTITY_FUNC and ENTITY_STACK_LIMIT
} EntityRef;

// As in the text: block1 inst3 v0 sig0 fn0 gv1 ss2.
void entity_print(EntityRef entity, StrBuf *out);

// ---- Memory flags ----

// One word: trap code in bits 0-7 (TRAP_NONE: notrap), MEM_* bits, alias region + 1 from bit 16.
typedef uint32_t MemFlags;
enum {
    MEM_ALIGNED = 1 << 8,
    MEM_READONLY = 1 << 9,
    MEM_CAN_MOVE = 1 << 10,
    MEM_LITTLE = 1 << 11,
    MEM_BIG = 1 << 12,
    MEM_REGION_SHIFT = 16,
    MEM_REGION_MAX = 65534,
    MEM_DEFAULT = TRAP_HEAP_OOB
};

static inline TrapCode memflags_trap(MemFlags flags)
{
    return (TrapCode)(flags & 0xff);
}

static inline Region memflags_region(MemFlags flags)
{
    return (Region){(flags >> MEM_REGION_SHIFT) - 1};
}

// ---- Names, signatures, declarations ----

typedef enum NameKind {
    NAME_TESTCASE, // %text
    NAME_USER,     // uSPACE:INDEX
    NAME_USER_REF, // userextnameN whose uX:Y is not known
    NAME_LIBCALL,
    NAME_KNOWN_SYMBOL
} NameKind;

typedef struct ExtName {
    NameKind kind;
    Str text;              // NAME_TESTCASE, without the %
    uint32_t space, index; // NAME_USER; else index is N, a Libcall or a KnownSymbol
} ExtName;

// Whether two names are the same name: kind and number or text.
bool extname_eq(const ExtName *a, const ExtName *b);
// %text, u0:1, %CeilF32, userextname3.
void extname_print(const ExtName *name, StrBuf *out);

typedef struct AbiParam {
    Type type;
    uint8_t extension; // Extension
    uint8_t purpose;   // Purpose
    uint32_t size;     // bytes of a PURPOSE_SARG
} AbiParam;

typedef struct Signature {
    AbiParam *params, *returns;
    uint32_t num_params, num_returns;
    CallConv callconv;
} Signature;

// Whether parameters, returns and convention are equal, attributes included.
bool signature_eq(const Signature *a, const Signature *b);
// The signature of a library call, in the arena; false: only the linker knows it.
bool libcall_signature(Libcall call, Arena *arena, Signature *out);
// "(i32 uext, i64 vmctx) -> f32 system_v".
void signature_print(const Signature *sig, StrBuf *out);

typedef struct StackSlotData {
    uint32_t size;
    uint32_t align; // power of two; 1 when none was written
    uint64_t key;
    bool has_key;
    bool declared; // false: a dummy that fills a number gap
    uint32_t pos;
} StackSlotData;

typedef struct DynSlotData {
    Type type;
    DynType dyn_type;
    bool declared;
    uint32_t pos;
} DynSlotData;

// dtN = BASE*gvM
typedef struct DynTypeData {
    Type base;
    GlobalValue scale;
    bool declared;
    uint32_t pos;
} DynTypeData;

typedef enum GlobalKind {
    GLOBAL_VMCTX,
    GLOBAL_LOAD,     // type, flags, base, offset (i32)
    GLOBAL_IADD_IMM, // type, base, offset (i64)
    GLOBAL_SYMBOL,   // name, offset, colocated, tls
    GLOBAL_DYN_SCALE // type: dyn_scale_target_const
} GlobalKind;

typedef struct GlobalData {
    GlobalKind kind;
    Type type;
    MemFlags flags;
    GlobalValue base;
    int64_t offset;
    ExtName name;
    bool colocated, tls;
    bool declared;
    uint32_t pos;
} GlobalData;

typedef struct SigData {
    Signature sig;
    bool declared;
    uint32_t pos;
} SigData;

typedef struct ExtFuncData {
    ExtName name;
    SigRef sig;
    bool colocated, patchable;
    bool declared;
    uint32_t pos;
} ExtFuncData;

// Bytes in memory order: byte 0 is the least significant of lane 0.
typedef struct ConstantData {
    const uint8_t *bytes;
    uint32_t size;
    bool declared;
    uint32_t pos;
} ConstantData;

typedef struct RegionData {
    uint32_t user_id;
    Str description;
    uint32_t pos;
} RegionData;

// ---- Instructions ----

// Where each operand is: formats.def. 20 bytes.
typedef struct InstData {
    uint8_t op;  // Opcode
    uint8_t aux; // condition code, operator, trap code or small immediate
    Type ctrl;   // controlling type; TYPE_INVALID for an opcode that is not polymorphic
    uint32_t w[4];
} InstData;

// Place of an instruction in its block, its results and its text.
typedef struct InstNode {
    Inst prev, next;
    Block block;      // NO(Block): not in the layout
    uint32_t results; // NO_INDEX: none; a value; or RESULT_LIST + a pool list of several
} InstNode;

#define RESULT_LIST 0x80000000u

// A block call's argument: a value, or the Nth returned value or exception payload of a try_call.
typedef struct BlockArg {
    uint32_t bits; // kind in bits 30-31
} BlockArg;

typedef enum BlockArgKind { BLOCKARG_VALUE, BLOCKARG_RET, BLOCKARG_EXN } BlockArgKind;

#define ENTITY_MAX ((1u << 24) - 1) // largest number of a value or other entity in a text

static inline BlockArg blockarg_make(BlockArgKind kind, uint32_t n)
{
    return (BlockArg){(uint32_t)kind << 30 | n};
}

static inline BlockArgKind blockarg_kind(BlockArg arg)
{
    return (BlockArgKind)(arg.bits >> 30);
}

static inline uint32_t blockarg_index(BlockArg arg)
{
    return arg.bits & 0x3fffffff;
}

// A target of a branch with the arguments for its parameters.
typedef struct BlockCallData {
    Block block;
    uint32_t args; // pool list of BlockArg
} BlockCallData;

typedef enum HandlerKind { HANDLER_TAG, HANDLER_DEFAULT, HANDLER_CONTEXT } HandlerKind;

typedef struct Handler {
    HandlerKind kind;
    uint32_t tag;  // HANDLER_TAG
    uint32_t call; // index into the exception table's list of block calls
    Value context; // HANDLER_CONTEXT
} Handler;

typedef struct ExTableData {
    SigRef sig;
    uint32_t calls; // pool list of BlockCall: normal return first, then one each tag and default
    Handler *handlers;
    uint32_t num_handlers;
} ExTableData;

typedef struct StackMapEntry {
    Type type;
    StackSlot slot;
    uint32_t offset;
} StackMapEntry;

typedef struct DebugTag {
    bool is_slot; // `index` is a stack slot, else a plain number
    uint32_t index;
} DebugTag;

// Rare attachments of an instruction: debug tags and stack map.
typedef struct InstExtra {
    DebugTag *tags;
    StackMapEntry *map;
    uint32_t num_tags, num_map;
    bool has_map; // `stack_map=[]` differs from none
    bool has_tags;
} InstExtra;

typedef enum ValueKind { VALUE_NONE, VALUE_RESULT, VALUE_PARAM, VALUE_ALIAS } ValueKind;

// 8 bytes. def: the Inst, Block or aliased Value, with the kind in bits 30-31.
typedef struct ValueData {
    uint32_t def;
    Type type;
    uint16_t num; // which result or parameter
} ValueData;

typedef struct BlockData {
    Inst first, last;
    Block prev, next;
    uint32_t params; // pool list of Value
    bool cold;
    bool declared; // has a header in the text (or is made by a builder)
    bool inserted; // in the layout
    uint32_t pos;
} BlockData;

#define LIST_EMPTY 0u // the pool list without elements

typedef struct Func {
    Arena *arena;
    ExtName name;
    Signature sig;
    uint32_t pos; // of the word `function` in the text, POS_NONE if built

    VEC(InstData) insts;
    VEC(InstNode) nodes;    // parallel to insts
    VEC(uint32_t) inst_pos; // parallel to insts: byte offset in the source, or POS_NONE
    VEC(ValueData) values;
    VEC(BlockData) blocks;
    VEC(BlockCallData) calls;
    VEC(uint32_t) pool; // lists: a length, then the elements; list 0 is empty
    VEC(ExTableData) extables;
    Block first_block, last_block; // layout

    VEC(StackSlotData) slots;
    VEC(DynSlotData) dyn_slots;
    VEC(DynTypeData) dyn_types;
    VEC(GlobalData) globals;
    VEC(SigData) sigs;
    VEC(ExtFuncData) funcs;
    VEC(ConstantData) constants;
    VEC(RegionData) regions;
    VEC(const uint8_t *) masks; // 16 bytes each, of shuffles
    GlobalValue stack_limit;    // NO(GlobalValue): none
    uint32_t stack_limit_pos;

    // Attachments that most functions don't have: by instruction, through the maps' values.
    VEC(uint32_t) srclocs; // empty, or parallel to insts; NO_INDEX: none
    Map extras_of;         // inst -> index into extras
    VEC(InstExtra) extras;
} Func;

typedef struct Module {
    Arena *arena;
    VEC(Func *) funcs; // in text order
} Module;

// An empty function in `arena`, which must outlive it.
Func *func_new(Arena *arena, ExtName name, Signature sig);
// The function called `name`, NO_INDEX when there is none; the first of several.
uint32_t module_find(const Module *module, const ExtName *name);

// ---- Data ----

// A value outside of any function: an argument, a result, an expectation. Bytes in memory order
// (byte 0 is the least significant of lane 0), those past the type's size are zero.
typedef struct DataValue {
    Type type; // at most 16 bytes wide
    uint8_t bytes[16];
} DataValue;

// Bit equality of type and bytes.
bool data_eq(const DataValue *a, const DataValue *b);
DataValue data_from_u64(Type type, uint64_t bits);
// The low 64 bits.
uint64_t data_to_u64(const DataValue *data);

// ---- Reading functions ----

// A view of a pool list or of operand words.
typedef struct Span {
    const uint32_t *data;
    uint32_t len;
} Span;

static inline Span func_list(const Func *f, uint32_t list)
{
    return (Span){f->pool.data + list + 1, f->pool.data[list]};
}

static inline const InstData *func_inst(const Func *f, Inst inst)
{
    return &f->insts.data[inst.i];
}

static inline Opcode inst_op(const Func *f, Inst inst)
{
    return (Opcode)f->insts.data[inst.i].op;
}

static inline Format inst_format(const Func *f, Inst inst)
{
    return op_format(inst_op(f, inst));
}

// The value operands but those in block calls and exception tables, as Value numbers. Callee first
// in an indirect call. Valid until the function is changed.
Span inst_args(const Func *f, Inst inst);
// The same for changing them in place.
uint32_t *func_args(Func *f, Inst inst, uint32_t *len);
// The instruction's block calls, as indices into f->calls, in text order. Empty for a
// non-branch.
Span inst_calls(const Func *f, Inst inst);
// The results as Value numbers.
Span inst_results(const Func *f, Inst inst);
// The only or first result; NO(Value) when there is none.
Value inst_result(const Func *f, Inst inst);
// The signature that a call (of any format) goes by; NULL for other instructions.
const Signature *inst_signature(const Func *f, Inst inst);
// The 64-bit immediate of UNARY_IMM and UNARY_IEEE*.
uint64_t inst_imm(const Func *f, Inst inst);
// Memory flags of the formats that have them, 0 for others.
MemFlags inst_memflags(const Func *f, Inst inst);
// The signed offset of LOAD, STORE, STACK_ADDR.
int32_t inst_offset(const Func *f, Inst inst);
// Debug tags and stack map, or NULL.
const InstExtra *inst_extra(const Func *f, Inst inst);

static inline Span call_args(const Func *f, uint32_t call)
{
    return func_list(f, f->calls.data[call].args);
}

static inline Span block_params(const Func *f, Block block)
{
    return func_list(f, f->blocks.data[block.i].params);
}

static inline ValueKind value_kind(const Func *f, Value v)
{
    return (ValueKind)(f->values.data[v.i].def >> 30);
}

// The Inst, Block or aliased Value behind a value of kind RESULT, PARAM or ALIAS.
static inline uint32_t value_def(const Func *f, Value v)
{
    return f->values.data[v.i].def & 0x3fffffff;
}

// The value that `v` is an alias of, in the end; `v` itself when it is none.
Value ir_resolve(const Func *f, Value v);

// The type of `v`, through aliases.
static inline Type value_type(const Func *f, Value v)
{
    return f->values.data[ir_resolve(f, v).i].type;
}

// for (Block b = ...) over the layout; for (Inst i = ...) over a block.
#define IR_FOR_BLOCKS(f, b) \
    for (Block b = (f)->first_block; b.i != NO_INDEX; b = (f)->blocks.data[b.i].next)
#define IR_FOR_INSTS(f, b, inst)                                        \
    for (Inst inst = (f)->blocks.data[(b).i].first; inst.i != NO_INDEX; \
         inst = (f)->nodes.data[inst.i].next)

// Where entity `e` stands in the source; POS_NONE if nowhere.
uint32_t func_entity_pos(const Func *f, EntityRef e);

// ---- Changing functions ----

// Stores a list in the pool and returns it; n = 0 gives LIST_EMPTY.
uint32_t func_add_list(Func *f, const uint32_t *elements, uint32_t n);
// A new block outside the layout.
Block func_add_block(Func *f);
// Puts `block` behind the last block of the layout.
void func_append_block(Func *f, Block block);
// Puts `block` behind `prev` in the layout.
void func_insert_block(Func *f, Block prev, Block block);
// Takes `block` out of the layout; its instructions stay with it.
void func_remove_block(Func *f, Block block);
// A new parameter of `block`.
Value func_add_param(Func *f, Block block, Type type);
// A value that is to become a parameter of `block`: it is in no list until func_set_params puts it
// there.
Value func_new_param(Func *f, Block block, Type type);
// Makes `params` (at most 65,536; none of them in f's pool) the parameters of `block`; former ones
// that are not among them become VALUE_NONE and must have no uses.
void func_set_params(Func *f, Block block, const Value *params, uint32_t n);
// Removes parameter number `num`; those behind it move up. Its value becomes VALUE_NONE and must
// have no uses. The block calls' arguments are the caller's to change.
void func_remove_param(Func *f, Block block, uint32_t num);
// A new block call, for a branch to hold. `args` must not lie in f's pool.
uint32_t func_add_call(Func *f, Block block, const BlockArg *args, uint32_t n);
// Gives block call `call` other arguments, which must not lie in f's pool.
void func_set_call_args(Func *f, uint32_t call, const BlockArg *args, uint32_t n);
// A new instruction outside the layout, without results. `pos` is its place in the source or
// POS_NONE.
Inst func_add_inst(Func *f, const InstData *data, uint32_t pos);
// Makes results of `inst` by its opcode, controlling type and signature, numbered on from the last
// value; it must have none yet.
void func_make_results(Func *f, Inst inst);
// A value of no kind yet, for a pass's own use; it must have none when the pass is done.
Value func_new_value(Func *f, Type type);
// Puts `inst` behind the last instruction of `block`, or before `before`.
void func_append_inst(Func *f, Block block, Inst inst);
void func_insert_before(Func *f, Inst before, Inst inst);
// Takes `inst` out of its block; its number and results stay.
void func_remove_inst(Func *f, Inst inst);
// Makes `alias` another name of `of`. Asserts that no cycle arises.
void func_set_alias(Func *f, Value alias, Value of);
// Copies the tables, at exact size, into `arena`, which becomes the function's. What the tables
// point to (signatures, texts, constant bytes, the Func itself) is not copied: a parser that builds
// in a scratch arena keeps those in the final arena from the start.
void func_compact(Func *f, Arena *arena);
// A copy of `f` in `arena`, which shares with it what func_compact does not copy.
Func *func_clone(const Func *f, Arena *arena);
// Sets debug tags and stack map.
void func_set_extra(Func *f, Inst inst, InstExtra extra);

#endif
