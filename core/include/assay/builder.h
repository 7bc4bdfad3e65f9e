// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// builder: makes functions instruction by instruction, and brings a front end's mutable variables
// into SSA form while it does so. docs/embedding.md shows it at work.
//
// One Builder builds many functions, one at a time, into one Module:
//
//   builder_create -> { builder_begin ... builder_finish } -> builder_destroy
//
// Function, signatures, names and bytes handed in are copied into the module's arena and outlive
// the builder. A builder belongs to one thread at a time; distinct builders over distinct modules
// are independent.
//
// Errors come in two kinds. What depends on the program being translated is recorded, and
// builder_finish reports all of it in a Diag: operand types that break an opcode's row, argument
// counts and types of calls, returns and block calls, blocks without terminator, instructions
// behind one, blocks not sealed, branches to the entry block or to sealed blocks. After such an
// error building goes on, so that all are found at once. Misuse of the interface itself fails an
// ASSERT: a function not begun, no current block, an entity of another function, an opcode handed
// to the function of another format. What is checked here is that the function can be built;
// whether it is valid is for validate/ to say.
#ifndef ASSAY_BUILDER_H
#define ASSAY_BUILDER_H

#include "ir/ir.h"

typedef struct Builder Builder;

// A variable of the source program: it has a type, and a value at each point of the program.
ENTITY(Var);

// Values to be copied: arguments, results. VALUES(x, y) makes one in place.
typedef struct ValueList {
    const Value *data;
    uint32_t len;
} ValueList;

#define VALUES(...)                            \
    ((ValueList){(const Value[]){__VA_ARGS__}, \
                 sizeof((const Value[]){__VA_ARGS__}) / sizeof(Value)})
#define NO_VALUES ((ValueList){NULL, 0})

// Where a branch goes, and the arguments for the block parameters that the front end appended
// itself (those that variables need are the builder's business).
typedef struct Goto {
    Block block;
    ValueList args;
} Goto;

#define GOTO(block)           ((Goto){(block), NO_VALUES})
#define GOTO_WITH(block, ...) ((Goto){(block), VALUES(__VA_ARGS__)})

// The address of a load or store.
typedef struct Mem {
    Value addr;
    int32_t offset;
    MemFlags flags;
} Mem;

// A target of a try_call, whose arguments may also be the call's results or an exception's payload.
typedef struct TryGoto {
    Block block;
    const BlockArg *args;
    uint32_t num_args;
} TryGoto;

typedef struct TryHandler {
    HandlerKind kind;
    uint32_t tag;   // HANDLER_TAG
    Value context;  // HANDLER_CONTEXT
    TryGoto target; // HANDLER_TAG, HANDLER_DEFAULT
} TryHandler;

typedef struct TryTable {
    SigRef sig; // of the callee; a try_call takes that of the function instead
    TryGoto normal;
    const TryHandler *handlers;
    uint32_t num_handlers;
} TryTable;

// ---- Life ----

// A builder of functions for `module`, whose arena it uses for what stays. Give it back by
// builder_destroy.
Builder *builder_create(Module *module);
// Gives the working memory back and drops a function under construction.
void builder_destroy(Builder *b);

// Starts function `name`. The entry block exists at once, with a parameter for each of the
// signature's, sealed, and is the current block. No other function may be under construction.
void builder_begin(Builder *b, ExtName name, Signature sig);
// Ends the function: completes the parameters that variables need, and adds it to the module (then
// *out, unless `out` is NULL, is the function) or reports what was wrong with it (then it is
// dropped, and the status is STATUS_INVALID, or STATUS_LIMIT when it is too big). Positions given
// by builder_set_pos are offsets in `source`, which may be NULL. Values removed as redundant are
// VALUE_NONE in the function and have no uses.
Status builder_finish(Builder *b, Source *source, Func **out, Diag *diag);
// Drops the function under construction.
void builder_abandon(Builder *b);

// The function under construction, to be read (its types, its declarations) or to get attachments.
Func *builder_func(Builder *b);

// Source offset of the instructions that follow (POS_NONE: none), for messages of this module and
// of validate/.
void builder_set_pos(Builder *b, uint32_t pos);
// Source location of the instructions that follow, as `@2a` in text; NO_INDEX: none.
void builder_set_srcloc(Builder *b, uint32_t srcloc);

// The function called %text.
static inline ExtName builder_name(Str text)
{
    return (ExtName){.kind = NAME_TESTCASE, .text = text};
}

// ---- Declarations ----

// A signature for calls. Equal ones are not merged: keep the number.
SigRef builder_signature(Builder *b, Signature sig);
// A function to be called; `colocated`: close enough for a direct call.
FuncRef builder_import(Builder *b, ExtName name, SigRef sig, bool colocated);
// `align` in bytes, a power of two.
StackSlot builder_stack_slot(Builder *b, uint32_t size, uint32_t align);
DynType builder_dyn_type(Builder *b, Type base, GlobalValue scale);
DynSlot builder_dyn_slot(Builder *b, DynType type);
// `data` says kind, type and the rest of it; `declared` and `pos` are set here.
GlobalValue builder_global(Builder *b, GlobalData data);
// Bytes in memory order; equal ones give the same constant.
Constant builder_constant(Builder *b, const void *bytes, uint32_t size);
// An alias region, for MEM_REGION of memory flags: see builder_in_region.
Region builder_region(Builder *b, uint32_t user_id, Str description);

// `flags` with the accesses in `region`.
static inline MemFlags builder_in_region(MemFlags flags, Region region)
{
    ASSERT(region.i < MEM_REGION_MAX);
    return (flags & 0xffff) | (region.i + 1) << MEM_REGION_SHIFT;
}

// ---- Blocks ----

// The entry block, which builder_begin made. Nothing may branch to it.
Block builder_entry(const Builder *b);
// Parameter number `num` of the function: a parameter of the entry block.
Value builder_param(const Builder *b, uint32_t num);
// A new block, which nothing jumps to yet. It stands in the function from builder_switch on; one
// that is neither switched to nor branched to leaves no trace.
Block builder_block(Builder *b);
// A parameter of `block` (not of the entry block), to be matched by the arguments of each branch
// there. At most 65,535 of them.
Value builder_append_param(Builder *b, Block block, Type type);
// Makes `block`, without instructions so far, the one that instructions are appended to. Blocks
// keep the order in which they were first switched to.
void builder_switch(Builder *b, Block block);
// The current block.
Block builder_current(const Builder *b);
// Whether the current block has its terminator.
bool builder_is_terminated(const Builder *b);
// Promises that each branch to `block` is there. Seal a block as soon as this is so: before it is
// filled, but for loop heads. Sealing again is harmless.
void builder_seal(Builder *b, Block block);
// Seals every block, for front ends that know no better; reads of variables cost more then.
void builder_seal_all(Builder *b);

// ---- Variables ----

// A new variable; it is local to the function, and its value is `type`'s zero until it is set.
Var builder_var(Builder *b, Type type);
// `var` is `x` from here on in the current block.
void builder_def(Builder *b, Var var, Value x);
// The value of `var` here. Where no definition reaches, it is zero: well defined, so that a program
// that reads it means the same everywhere. The value serves as an operand until builder_finish; of
// a block not sealed, it may then turn out to be another name of an earlier value.
Value builder_use(Builder *b, Var var);

// ---- Instructions, one function for each family of formats ----

// All append to the current block. They check operands by the opcode's row, find the controlling
// type where operands give it (`type` is for opcodes that write theirs as a suffix, TYPE_INVALID
// for others), and return the first result, NO(Value) of an opcode without results.

Value builder_nullary(Builder *b, Opcode op, Type type);
Value builder_unary(Builder *b, Opcode op, Type type, Value x);
Value builder_binary(Builder *b, Opcode op, Value x, Value y);
Value builder_ternary(Builder *b, Opcode op, Value x, Value y, Value z);
// A lane number or the like as operand: extractlane, insertlane, extract_vector.
Value builder_binary_imm8(Builder *b, Opcode op, Value x, uint8_t imm);
Value builder_ternary_imm8(Builder *b, Opcode op, Value x, Value y, uint8_t imm);
// An i8 to i64 constant; `imm` must fit the type as a signed or as an unsigned number.
Value builder_iconst(Builder *b, Type type, int64_t imm);
// A scalar f16, f32 or f64 from its bits.
Value builder_fconst(Builder *b, Type type, uint64_t bits);
// f128const (type TYPE_INVALID) and vconst.
Value builder_const(Builder *b, Opcode op, Type type, Constant constant);
Value builder_global_value(Builder *b, Opcode op, Type type, GlobalValue global);
Value builder_shuffle(Builder *b, Value x, Value y, const uint8_t mask[16]);
Value builder_icmp(Builder *b, IntCC cc, Value x, Value y);
Value builder_fcmp(Builder *b, FloatCC cc, Value x, Value y);
Value builder_func_addr(Builder *b, Type type, FuncRef func);
Value builder_stack_addr(Builder *b, Type type, StackSlot slot, int32_t offset);
Value builder_dyn_addr(Builder *b, Type type, DynSlot slot);
Value builder_handler_addr(Builder *b, Type type, Block block, uint32_t handler);

// `type` is what the result has, but for the vector loads, whose opcodes say it (TYPE_INVALID).
Value builder_load(Builder *b, Opcode op, Type type, Mem mem);
void builder_store(Builder *b, Opcode op, Value x, Mem mem);
// bitcast and atomic_load; atomic_store.
Value builder_load_no_offset(Builder *b, Opcode op, Type type, MemFlags flags, Value x);
void builder_store_no_offset(Builder *b, Opcode op, MemFlags flags, Value x, Value addr);
Value builder_atomic_rmw(Builder *b, MemFlags flags, AtomicOp op, Value addr, Value x);
Value builder_atomic_cas(Builder *b, MemFlags flags, Value addr, Value expected, Value x);

void builder_trap(Builder *b, TrapCode code);
void builder_cond_trap(Builder *b, Opcode op, Value c, TrapCode code);
Value builder_add_trap(Builder *b, Opcode op, Value x, Value y, TrapCode code);

void builder_jump(Builder *b, Goto target);
void builder_brif(Builder *b, Value c, Goto then_to, Goto else_to);
void builder_br_table(Builder *b, Value index, Goto otherwise, const Goto *table, uint32_t n);
void builder_return(Builder *b, ValueList values);
// call and return_call; call_indirect and return_call_indirect. builder_result gives the others of
// several results.
Value builder_call(Builder *b, Opcode op, FuncRef func, ValueList args);
Value builder_call_indirect(Builder *b, Opcode op, SigRef sig, Value callee, ValueList args);
void builder_try_call(Builder *b, FuncRef func, ValueList args, const TryTable *table);
void builder_try_call_indirect(Builder *b, Value callee, ValueList args, const TryTable *table);

// The last instruction, and result number `num` of it.
Inst builder_last(const Builder *b);
Value builder_result(const Builder *b, uint32_t num);

// ---- Instructions by name ----

// ins_NAME for each opcode, from its row in opcodes.def: ins_iadd(b, x, y), ins_uextend(b,
// TYPE_I64, x), ins_load(b, type, flags, addr, offset), ins_brif(b, c, GOTO(yes), GOTO(no)).
// Operands come in the order of the text; a type, where one must be written as a suffix, comes
// first.

#define BUILDER_INS_NULL_ARY_NONE(op, fn)             \
    static inline void fn(Builder *b)                 \
    {                                                 \
        (void)builder_nullary(b, (op), TYPE_INVALID); \
    }
#define BUILDER_INS_NULL_ARY_SUFFIX(op, fn)       \
    static inline Value fn(Builder *b, Type type) \
    {                                             \
        return builder_nullary(b, (op), type);    \
    }
#define BUILDER_INS_UNARY_SUFFIX(op, fn)                   \
    static inline Value fn(Builder *b, Type type, Value x) \
    {                                                      \
        return builder_unary(b, (op), type, x);            \
    }
#define BUILDER_INS_UNARY_OPERAND(op, fn)               \
    static inline Value fn(Builder *b, Value x)         \
    {                                                   \
        return builder_unary(b, (op), TYPE_INVALID, x); \
    }
#define BUILDER_INS_UNARY_NONE(op, fn) BUILDER_INS_UNARY_OPERAND(op, fn)
#define BUILDER_INS_BINARY_OPERAND(op, fn)               \
    static inline Value fn(Builder *b, Value x, Value y) \
    {                                                    \
        return builder_binary(b, (op), x, y);            \
    }
#define BUILDER_INS_BINARY_NONE(op, fn) BUILDER_INS_BINARY_OPERAND(op, fn)
#define BUILDER_INS_TERNARY_OPERAND(op, fn)                       \
    static inline Value fn(Builder *b, Value x, Value y, Value z) \
    {                                                             \
        return builder_ternary(b, (op), x, y, z);                 \
    }
#define BUILDER_INS_BINARY_IMM8_OPERAND(op, fn)              \
    static inline Value fn(Builder *b, Value x, uint8_t imm) \
    {                                                        \
        return builder_binary_imm8(b, (op), x, imm);         \
    }
#define BUILDER_INS_TERNARY_IMM8_OPERAND(op, fn)                      \
    static inline Value fn(Builder *b, Value x, Value y, uint8_t imm) \
    {                                                                 \
        return builder_ternary_imm8(b, (op), x, y, imm);              \
    }
#define BUILDER_INS_UNARY_IMM_SUFFIX(op, fn)                   \
    static inline Value fn(Builder *b, Type type, int64_t imm) \
    {                                                          \
        return builder_iconst(b, type, imm);                   \
    }
#define BUILDER_INS_UNARY_IEEE16_NONE(op, fn)         \
    static inline Value fn(Builder *b, uint16_t bits) \
    {                                                 \
        return builder_fconst(b, TYPE_F16, bits);     \
    }
#define BUILDER_INS_UNARY_IEEE32_NONE(op, fn)     \
    static inline Value fn(Builder *b, float x)   \
    {                                             \
        uint32_t bits;                            \
        memcpy(&bits, &x, sizeof(bits));          \
        return builder_fconst(b, TYPE_F32, bits); \
    }
#define BUILDER_INS_UNARY_IEEE64_NONE(op, fn)     \
    static inline Value fn(Builder *b, double x)  \
    {                                             \
        uint64_t bits;                            \
        memcpy(&bits, &x, sizeof(bits));          \
        return builder_fconst(b, TYPE_F64, bits); \
    }
#define BUILDER_INS_UNARY_CONST_SUFFIX(op, fn)                       \
    static inline Value fn(Builder *b, Type type, Constant constant) \
    {                                                                \
        return builder_const(b, (op), type, constant);               \
    }
#define BUILDER_INS_UNARY_CONST_NONE(op, fn)                   \
    static inline Value fn(Builder *b, Constant constant)      \
    {                                                          \
        return builder_const(b, (op), TYPE_INVALID, constant); \
    }
#define BUILDER_INS_UNARY_GLOBAL_VALUE_SUFFIX(op, fn)                 \
    static inline Value fn(Builder *b, Type type, GlobalValue global) \
    {                                                                 \
        return builder_global_value(b, (op), type, global);           \
    }
#define BUILDER_INS_MULTI_ARY_NONE(op, fn)              \
    static inline void fn(Builder *b, ValueList values) \
    {                                                   \
        builder_return(b, values);                      \
    }
#define BUILDER_INS_SHUFFLE_NONE(op, fn)                                         \
    static inline Value fn(Builder *b, Value x, Value y, const uint8_t mask[16]) \
    {                                                                            \
        return builder_shuffle(b, x, y, mask);                                   \
    }
#define BUILDER_INS_INT_COMPARE_OPERAND(op, fn)                    \
    static inline Value fn(Builder *b, IntCC cc, Value x, Value y) \
    {                                                              \
        return builder_icmp(b, cc, x, y);                          \
    }
#define BUILDER_INS_FLOAT_COMPARE_OPERAND(op, fn)                    \
    static inline Value fn(Builder *b, FloatCC cc, Value x, Value y) \
    {                                                                \
        return builder_fcmp(b, cc, x, y);                            \
    }
#define BUILDER_INS_JUMP_NONE(op, fn)              \
    static inline void fn(Builder *b, Goto target) \
    {                                              \
        builder_jump(b, target);                   \
    }
#define BUILDER_INS_BRIF_OPERAND(op, fn)                                   \
    static inline void fn(Builder *b, Value c, Goto then_to, Goto else_to) \
    {                                                                      \
        builder_brif(b, c, then_to, else_to);                              \
    }
#define BUILDER_INS_BRANCH_TABLE_NONE(op, fn)                                                     \
    static inline void fn(Builder *b, Value index, Goto otherwise, const Goto *table, uint32_t n) \
    {                                                                                             \
        builder_br_table(b, index, otherwise, table, n);                                          \
    }
#define BUILDER_INS_CALL_NONE(op, fn)                                \
    static inline Value fn(Builder *b, FuncRef func, ValueList args) \
    {                                                                \
        return builder_call(b, (op), func, args);                    \
    }
#define BUILDER_INS_CALL_INDIRECT_OPERAND(op, fn)                                \
    static inline Value fn(Builder *b, SigRef sig, Value callee, ValueList args) \
    {                                                                            \
        return builder_call_indirect(b, (op), sig, callee, args);                \
    }
#define BUILDER_INS_TRY_CALL_NONE(op, fn)                                                  \
    static inline void fn(Builder *b, FuncRef func, ValueList args, const TryTable *table) \
    {                                                                                      \
        builder_try_call(b, func, args, table);                                            \
    }
#define BUILDER_INS_TRY_CALL_INDIRECT_OPERAND(op, fn)                                      \
    static inline void fn(Builder *b, Value callee, ValueList args, const TryTable *table) \
    {                                                                                      \
        builder_try_call_indirect(b, callee, args, table);                                 \
    }
#define BUILDER_INS_FUNC_ADDR_SUFFIX(op, fn)                    \
    static inline Value fn(Builder *b, Type type, FuncRef func) \
    {                                                           \
        return builder_func_addr(b, type, func);                \
    }
#define BUILDER_INS_STACK_ADDR_SUFFIX(op, fn)                                     \
    static inline Value fn(Builder *b, Type type, StackSlot slot, int32_t offset) \
    {                                                                             \
        return builder_stack_addr(b, type, slot, offset);                         \
    }
#define BUILDER_INS_DYNAMIC_STACK_ADDR_SUFFIX(op, fn)           \
    static inline Value fn(Builder *b, Type type, DynSlot slot) \
    {                                                           \
        return builder_dyn_addr(b, type, slot);                 \
    }
#define BUILDER_INS_LOAD_SUFFIX(op, fn)                                                       \
    static inline Value fn(Builder *b, Type type, MemFlags flags, Value addr, int32_t offset) \
    {                                                                                         \
        return builder_load(b, (op), type, (Mem){addr, offset, flags});                       \
    }
#define BUILDER_INS_LOAD_OPERAND(op, fn)                                           \
    static inline Value fn(Builder *b, MemFlags flags, Value addr, int32_t offset) \
    {                                                                              \
        return builder_load(b, (op), TYPE_INVALID, (Mem){addr, offset, flags});    \
    }
#define BUILDER_INS_STORE_OPERAND(op, fn)                                                  \
    static inline void fn(Builder *b, MemFlags flags, Value x, Value addr, int32_t offset) \
    {                                                                                      \
        builder_store(b, (op), x, (Mem){addr, offset, flags});                             \
    }
#define BUILDER_INS_LOAD_NO_OFFSET_SUFFIX(op, fn)                          \
    static inline Value fn(Builder *b, Type type, MemFlags flags, Value x) \
    {                                                                      \
        return builder_load_no_offset(b, (op), type, flags, x);            \
    }
#define BUILDER_INS_STORE_NO_OFFSET_OPERAND(op, fn)                        \
    static inline void fn(Builder *b, MemFlags flags, Value x, Value addr) \
    {                                                                      \
        builder_store_no_offset(b, (op), flags, x, addr);                  \
    }
#define BUILDER_INS_ATOMIC_RMW_SUFFIX(op, fn)                                                \
    static inline Value fn(Builder *b, MemFlags flags, AtomicOp atomic, Value addr, Value x) \
    {                                                                                        \
        return builder_atomic_rmw(b, flags, atomic, addr, x);                                \
    }
#define BUILDER_INS_ATOMIC_CAS_OPERAND(op, fn)                                              \
    static inline Value fn(Builder *b, MemFlags flags, Value addr, Value expected, Value x) \
    {                                                                                       \
        return builder_atomic_cas(b, flags, addr, expected, x);                             \
    }
#define BUILDER_INS_TRAP_NONE(op, fn)                \
    static inline void fn(Builder *b, TrapCode code) \
    {                                                \
        builder_trap(b, code);                       \
    }
#define BUILDER_INS_COND_TRAP_OPERAND(op, fn)                 \
    static inline void fn(Builder *b, Value c, TrapCode code) \
    {                                                         \
        builder_cond_trap(b, (op), c, code);                  \
    }
#define BUILDER_INS_INT_ADD_TRAP_OPERAND(op, fn)                        \
    static inline Value fn(Builder *b, Value x, Value y, TrapCode code) \
    {                                                                   \
        return builder_add_trap(b, (op), x, y, code);                   \
    }
#define BUILDER_INS_EXCEPTION_HANDLER_ADDRESS_SUFFIX(op, fn)                     \
    static inline Value fn(Builder *b, Type type, Block block, uint32_t handler) \
    {                                                                            \
        return builder_handler_addr(b, type, block, handler);                    \
    }

#define OP(NAME, name, format, ctrl, ...) BUILDER_INS_##format##_##ctrl(OP_##NAME, ins_##name)
#include "ir/opcodes.def"

#endif
