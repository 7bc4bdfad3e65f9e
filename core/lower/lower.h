// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// lower: from CLIF to machine IR. Walks blocks in post-order and each block backwards, so
// that a value is lowered only when something uses it, and instructions can take in the ones that
// they use. What becomes of one CLIF instruction is said by rules (isle-rules/<target>), compiled
// to C; the functions here are what rules and the constructors of instruction rows stand on.
//
// Sinking: a use may take in the instruction that defines its operand when that is pure, or, for a
// load, when it is the value's only use and no effect lies between (effect colours). Taken-in loads
// are not lowered on their own.
#ifndef LOWER_LOWER_H
#define LOWER_LOWER_H

#include "base/chaos.h"
#include "mach/mach.h"

// ---- What rules handle ----

typedef struct Gpr {
    VReg reg;
} Gpr;

typedef struct Fpr {
    VReg reg;
} Fpr;

typedef struct RegPair {
    VReg lo, hi;
} RegPair;

// Proof that flags have just been written; whoever reads them takes one. Nothing that writes flags
// may be emitted between.
typedef struct Flags {
    uint8_t none;
} Flags;

// A result and the flags written with it.
typedef struct GprFlags {
    VReg reg;
} GprFlags;

// Two results and the flags written with them.
typedef struct RegPairFlags {
    VReg lo, hi;
} RegPairFlags;

typedef struct Unit {
    uint8_t none;
} Unit;

typedef uint8_t Cond; // the target's condition code, as encoded

// An address that an instruction can use.
typedef struct MAmode {
    uint8_t kind;  // AmodeKind
    uint8_t scale; // shift of the index
    TrapCode trap; // of an access through it; TRAP_NONE: can't trap
    int32_t disp;
    VReg base, index; // NO(VReg): none
    uint32_t target;  // AMODE_CONSTANT: index in MFunc.constants; AMODE_SYMBOL: in MFunc.symbols
} MAmode;

typedef const MAmode *AmodeRef;

// A register, or memory that an instruction reads in its place.
typedef struct MRegMem {
    VReg reg;       // NO(VReg): memory
    AmodeRef amode; // NULL: register
} MRegMem;

typedef const MRegMem *RegMemRef;

// ---- The context ----

typedef struct LowerCtx {
    const Func *f;
    MFunc *m;
    const Target *target;
    const Settings *settings;
    const Isa *isa;
    Source *source;
    Arena *scratch; // gone after the function
    Diag *diag;

    VReg *value_regs;       // by Value: its (first) register; NO(VReg): nobody asked for it
    VEC(VReg) aliases;      // by VReg: the register it is another name of, NO(VReg): none
    uint32_t *use_counts;   // by Value: uses in reachable code, more if a user may be repeated
    uint32_t *colors;       // by Inst: effect colour before it; two instructions of one colour have
                            // no effect between them
    uint32_t *repeats;      // by Inst: 1 + the load in its block that it repeats, 0: none
    Bitset sunk;            // by Inst: taken in by a user, not lowered on its own
    Bitset hidden;          // by Inst: not to be taken in; nothing unless chaos is on
    uint32_t *slot_offsets; // by StackSlot
    Inst current;
    AbiSig abi;    // of the function
    VReg ret_area; // pointer to the results beyond registers, NO(VReg): none

    uint32_t *rule_counts; // by rule of the target: how often it fired; NULL: not counted

    VEC(MInst) pending; // of the instruction being lowered, in program order
} LowerCtx;

typedef struct LowerOptions {
    const Target *target;
    const Settings *settings;
    const Isa *isa;
    Source *source;        // of messages, may be NULL
    uint32_t *rule_counts; // Target.num_rules counters to add to, or NULL
    Chaos *chaos;          // NULL: off; goes on into the machine function
} LowerOptions;

// Lowers a validated function. *out is complete but for allocation. STATUS_UNSUPPORTED with a
// located message that names opcode, type and stage when no rule matches; then *out is NULL.
Status lower_func(const Func *f, const LowerOptions *options, Arena *arena, Arena *scratch,
                  MFunc **out, Diag *diag);

// ---- For constructors of rows ----

// The number of a symbol in MFunc.symbols.
uint32_t lower_symbol(LowerCtx *ctx, const ExtName *name);

// The address of a symbol, plus an offset; `colocated`: it will be near.
VReg lower_name_address(LowerCtx *ctx, const ExtName *name, bool colocated, int64_t offset);

// Whether a thread-local symbol is at the bottom of the loads and sums that a global names.
bool lower_is_thread_local(const LowerCtx *ctx, GlobalValue global);
// The value of a global, which is not thread-local: the vmctx argument, the chain of loads and sums
// that it names, a symbol's address.
VReg lower_global(LowerCtx *ctx, GlobalValue global);
// The address that a thread-local symbol has in this thread, by the general dynamic model.
VReg lower_thread_local(LowerCtx *ctx, GlobalValue global);

// Calls a library function with arguments in its order, an i128 as two registers, which must all be
// passed in registers; the register of its only result, the first of two for an i128.
VReg lower_libcall(LowerCtx *ctx, Libcall libcall, const VReg *args);

// Opens the next instruction; its fields are zero but for op, size and the first operand.
MInst *lower_begin(LowerCtx *ctx, uint16_t op, uint32_t size);
// Ends it. No other may be opened in between.
void lower_end(LowerCtx *ctx, MInst *inst);

// A new register of 8 bytes (REG_INT) or 16.
VReg lower_new_vreg(LowerCtx *ctx, RegClass class);

// Appends an operand to the open instruction; `preg`: the register of CONSTRAINT_FIXED, the operand
// number of CONSTRAINT_REUSE, else 0.
static inline void lower_operand(LowerCtx *ctx, VReg reg, OperandKind kind, OperandPos pos,
                                 Constraint constraint, PReg preg)
{
    const MOperand operand = {reg, (uint8_t)kind, (uint8_t)pos, (uint8_t)constraint, preg};
    VEC_PUSH(ctx->m->arena, &ctx->m->operands, operand);
}

// The operands and fields of an addressing mode.
void lower_operand_mem(LowerCtx *ctx, MInst *inst, AmodeRef amode);
void lower_operand_rm(LowerCtx *ctx, MInst *inst, RegMemRef rm);

// ---- For rules ----

// How many registers hold a value of this type: two for an i128, low half first, else one.
uint32_t lower_num_regs(Type type);
// The register that holds `value`, or the first of several, which are numbered on; counts as a use,
// so its definition will be lowered.
VReg lower_value(LowerCtx *ctx, Value value);
// The instruction that defines `value` if its result may be recomputed or folded at the use: pure,
// or the same as a register otherwise. NO(Inst) for block parameters and impure definitions.
Inst lower_pure_def(LowerCtx *ctx, Value value);
// The load that defines `value` if it may be sunk into the current instruction: single use, no
// effect between. NO(Inst) otherwise.
Inst lower_sinkable_load(LowerCtx *ctx, Value value);
// Takes the load in: it will not be lowered on its own.
void lower_sink(LowerCtx *ctx, Inst load);
// Says that `reg` is where result `index` of the current instruction ends up; of a value with two
// registers, that `pair` is.
void lower_set_result(LowerCtx *ctx, uint32_t index, VReg reg);
void lower_set_result_pair(LowerCtx *ctx, uint32_t index, RegPair pair);

#endif
