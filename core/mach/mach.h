// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// mach: machine IR. What lowering yields, the register allocator decides on and emission encodes.
//
// An MFunc is SSA with block parameters: every virtual register has one definition. Instructions
// are rows of the target's instruction table (MRow); an MInst holds the row's number, its operands
// (a slice of MFunc.operands) and its immediates. Operands carry constraints; moves are the
// allocator's business, and code that it inserts never writes flags. Instructions of a block are
// contiguous, blocks are numbered in layout order, critical edges are split.
//
// After allocation MFunc.allocs says where each operand is, parallel to operands; MFunc.moves lists
// the moves to insert. Nothing else changes, so that a checker can compare both.
//
// Ownership: everything in the arena of the function being compiled.
#ifndef MACH_MACH_H
#define MACH_MACH_H

#include "ir/ir.h"
#include "settings/settings.h"

ENTITY(VReg);
ENTITY(MBlock);

// ---- Registers ----

typedef enum RegClass { REG_INT, REG_FLOAT, REG_CLASS_COUNT } RegClass;

// A physical register: class * 32 + hardware number.
typedef uint8_t PReg;
#define PREG(class, number) ((PReg)((class) * 32 + (number)))
#define PREG_NONE           ((PReg)255)

static inline RegClass preg_class(PReg reg)
{
    return (RegClass)(reg / 32);
}

static inline uint32_t preg_number(PReg reg)
{
    return reg % 32;
}

// A set of physical registers, bit PReg.
typedef uint64_t PRegSet;

static inline PRegSet preg_bit(PReg reg)
{
    return (PRegSet)1 << reg;
}

// ---- Instruction rows ----

typedef enum OperandKind {
    OPERAND_USE,
    OPERAND_DEF,
    OPERAND_MEM, // an addressing mode: takes two operands, base and index, both uses or absent
    OPERAND_RM,  // a register use (amode AMODE_NONE; one operand), or an addressing mode (two)
} OperandKind;

// When in the instruction the register is busy. A use is read EARLY and may share its register with
// a def; a use that is LATE lives until after the defs are written. A def that is EARLY is written
// before the late part, so it may not share with any use.
typedef enum OperandPos { POS_EARLY, POS_LATE } OperandPos;

typedef enum Constraint {
    CONSTRAINT_REG,   // any allocatable register of the class
    CONSTRAINT_ANY,   // a register or the spill slot
    CONSTRAINT_FIXED, // MOperand.reg
    CONSTRAINT_REUSE, // a def in the register of use number MOperand.reg of this instruction
} Constraint;

// One operand occurrence. 8 bytes.
typedef struct MOperand {
    VReg vreg;          // NO(VReg): absent (an addressing mode without index)
    uint8_t kind;       // OperandKind: OPERAND_USE or OPERAND_DEF (memory registers are uses)
    uint8_t pos;        // OperandPos
    uint8_t constraint; // Constraint
    uint8_t reg;        // PReg of FIXED, operand number within the instruction of REUSE
} MOperand;

// Where an operand is after allocation.
typedef struct Alloc {
    uint32_t bits; // a PReg, or ALLOC_SLOT + spill slot number; ALLOC_NONE
} Alloc;

#define ALLOC_SLOT 0x80000000u
#define ALLOC_NONE ((Alloc){0x7fffffff})

static inline Alloc alloc_reg(PReg reg)
{
    return (Alloc){reg};
}

static inline Alloc alloc_slot(uint32_t slot)
{
    return (Alloc){ALLOC_SLOT | slot};
}

static inline bool alloc_is_reg(Alloc a)
{
    return a.bits < 0x100;
}

static inline bool alloc_is_slot(Alloc a)
{
    return (a.bits & ALLOC_SLOT) != 0;
}

static inline PReg alloc_preg(Alloc a)
{
    ASSERT(alloc_is_reg(a));
    return (PReg)a.bits;
}

static inline uint32_t alloc_slot_number(Alloc a)
{
    ASSERT(alloc_is_slot(a));
    return a.bits & ~ALLOC_SLOT;
}

// Flags that a row reads or writes.
typedef enum MFlagsUse { MFLAGS_NONE = 0, MFLAGS_READ = 1, MFLAGS_WRITE = 2 } MFlagsUse;

// What sort of control flow or effect a row is, beside its data flow.
enum {
    ROW_BRANCH = 1 << 0, // ends a block; successors are MBlockData.succs
    ROW_RETURN = 1 << 1, // ends a block and leaves the function
    ROW_CALL = 1 << 2,   // clobbers by MInst.clobbers, operands by the ABI
    ROW_LOAD = 1 << 3,
    ROW_STORE = 1 << 4,
    ROW_TRAP = 1 << 5,        // always or conditionally stops with MInst.trap
    ROW_MOVE = 1 << 6,        // copies use 0 to def 0: both may get one register and it vanishes
    ROW_REMAT = 1 << 7,       // no uses and no effects: may be repeated instead of spilled
    ROW_PSEUDO = 1 << 8,      // emitted by a function of the target, not by one encoding
    ROW_MAY_TRAP_MEM = 1 << 9 // its memory access traps with MInst.trap unless that is TRAP_NONE
};

// How a memory operand's address is made. One set for both targets; a target uses some.
typedef enum AmodeKind {
    AMODE_NONE,
    AMODE_BASE,       // [base + disp]
    AMODE_INDEX,      // [base + (index << scale) + disp]
    AMODE_INDEX_UXTW, // [base + (zext32(index) << scale)]
    AMODE_INDEX_SXTW, // [base + (sext32(index) << scale)]
    AMODE_STACK_SLOT, // [frame: explicit slot area + disp]
    AMODE_INCOMING,   // [caller's argument area + disp], below it what tail calls need more
    AMODE_OUTGOING,   // [outgoing argument area + disp]
    AMODE_SPILL,      // [spill slot number disp]
    AMODE_CONSTANT,   // constant pool entry `target`
    AMODE_SYMBOL,     // symbol `target` + disp, pc-relative or via the GOT
} AmodeKind;

// One machine instruction. 40 bytes. Fields beyond op and operands mean what the row says.
typedef struct MInst {
    uint16_t op;       // row number of the target
    uint8_t size;      // width of the operation in bytes: 1, 2, 4, 8, 16
    uint8_t cc;        // condition, shift or extension kind
    uint32_t operands; // first of num_operands in MFunc.operands
    uint8_t num_operands;
    uint8_t mem_operand; // which operand is the base of the addressing mode (the index follows)
    uint8_t amode;       // AmodeKind
    uint8_t scale;       // of the index: shift 0..4
    int32_t disp;
    int64_t imm;       // of a call: bytes that the callee pops; of a tail call: of its arguments
    uint32_t target;   // block (branch folding works on succs), symbol, constant, call: see row
    uint16_t clobbers; // index into MFunc.clobber_sets; 0 is the empty set
    TrapCode trap;
    uint8_t flags; // MINST_*
    Inst src;      // the CLIF instruction it comes from, for locations
} MInst;

typedef struct MEdge {
    MBlock to;
    uint32_t args; // first of num_args VReg numbers in MFunc.edge_args
    uint32_t num_args;
} MEdge;

typedef struct MBlockData {
    uint32_t first, end;         // instructions
    uint32_t params, num_params; // VReg numbers in MFunc.edge_args
    uint32_t succs, num_succs;   // in MFunc.edges; taken targets in the branch's order
    uint32_t preds, num_preds;   // MBlock numbers in MFunc.pred_list
    uint32_t loop_depth;         // 0: in no loop
    bool cold;
    Block src; // the CLIF block, NO(Block) for a split edge
} MBlockData;

// A move that the allocator adds: `from` to `to` before instruction `before` of the function (for
// the end of a block: before its branch). Moves of one place are in order and act one after
// another.
typedef struct MMove {
    uint32_t before;
    Alloc from, to;
    VReg vreg;      // the value moved
    uint32_t remat; // instruction whose result is made anew instead of moved; NO_INDEX: a move
} MMove;

typedef struct VRegData {
    uint8_t class; // RegClass
    uint8_t bytes; // width to spill: 8 or 16
} VRegData;

struct Target;

// A step from the argument of purpose vmctx to the stack limit: an addition, or a load of 64 bits.
typedef struct LimitStep {
    bool load;
    int32_t offset;
} LimitStep;

typedef struct MFunc {
    Arena *arena;
    const struct Target *target;
    const Func *func;
    VEC(MInst) insts;
    VEC(MOperand) operands;
    VEC(VRegData) vregs;
    VEC(MBlockData) blocks; // in layout order; 0 is the entry
    VEC(MEdge) edges;
    VEC(uint32_t) edge_args;
    VEC(uint32_t) pred_list;
    VEC(PRegSet) clobber_sets;   // 0 is the empty set
    VEC(ExtName) symbols;        // what MInst.target names in calls and AMODE_SYMBOL
    VEC(ConstantData) constants; // AMODE_CONSTANT

    // By the allocator:
    Alloc *allocs;        // parallel to operands
    VEC(MMove) moves;     // sorted by `before`
    uint32_t num_slots;   // spill slots of 8 bytes; a 16-byte value takes two, aligned
    PRegSet callee_saved; // callee-saved registers that are written

    // By lowering, for the frame:
    uint32_t stack_slots_size; // bytes of explicit slots
    uint32_t outgoing_size;    // bytes of the outgoing argument area
    uint32_t popped_args;      // bytes of its own stack arguments, when it pops them; else 0
    uint32_t tail_args;        // bytes of the largest area of stack arguments of a tail call
    uint32_t guard_size;       // a frame is touched at each so many bytes; 0: it is not
    VEC(LimitStep) limit;      // steps to the stack limit, from limit_base on; empty: no limit
    PReg limit_base;
    PRegSet preserved; // callee-saved registers of its convention
    bool has_calls;
    bool frame_pointer;  // a chain of frame pointers is kept
    PRegSet allocatable; // what the target hands out, less what the settings reserve

    struct Chaos *chaos; // of allocation and emission (base/chaos.h); NULL: off
} MFunc;

// ---- Rows ----

// One operand of a row, in the order of MInst.operands (memory operands count as two).
typedef struct RowOperand {
    const char *name;
    uint8_t kind;       // OperandKind
    uint8_t class;      // RegClass
    uint8_t pos;        // OperandPos
    uint8_t constraint; // Constraint
    uint8_t reg;        // of FIXED and REUSE
    uint8_t bytes;      // width; 0: MInst.size
} RowOperand;

#define ROW_OPERANDS_MAX 8

// What every target says of an instruction; generated from isle-rules/<target>/insts.
typedef struct MRow {
    const char *name;
    const char *asm_text; // template: {dst}, {src2:32}, {imm}, {mem}, {cc}
    uint16_t flags;       // ROW_*
    uint8_t flags_use;    // MFlagsUse
    uint8_t num_operands;
    RowOperand operands[ROW_OPERANDS_MAX];
    PRegSet clobbers;
    uint8_t sizes;     // allowed MInst.size, as a sum
    uint64_t features; // IsaFlags needed, as bits of Isa.flags[0]
    bool has_meaning;
} MRow;

// ---- Calling conventions ----

// Where one argument or result lies at a call.
typedef struct AbiLoc {
    PReg reg;          // PREG_NONE: on the stack
    uint8_t extension; // Extension that caller (argument) or callee (result) makes
    Type type;         // what a slot is accessed as: an integer, or the float's type
    int32_t offset;    // bytes from the start of the (outgoing or incoming) argument area
    bool copied;       // what lies on the stack are `size` bytes of memory, and the argument is
    uint32_t size;     // their address
} AbiLoc;

// A signature laid out for a target. An i128 takes two consecutive locations, low half first.
typedef struct AbiSig {
    AbiLoc *args, *rets;             // by location
    uint32_t num_args, num_rets;     // locations
    uint32_t *arg_first, *ret_first; // by parameter or result, and one more: its first location
    uint32_t stack_args_size; // bytes of the argument area, a multiple of the stack alignment
    uint32_t stack_rets_size; // bytes of the area for results beyond registers
    bool ret_area_ptr;        // results beyond registers go through a hidden pointer argument,
    AbiLoc ret_area;          // which lies here
    uint32_t popped_size;     // bytes of stack arguments that the callee pops
    PReg sret_result;         // returns the argument of purpose sret; PREG_NONE: nothing does
    uint32_t sret_param;      // which it is
    PRegSet clobbers;         // registers that a call may change
    PRegSet callee_saved;
} AbiSig;

// A calling convention of a target: its registers, ABI_REGS_MAX at most, in order of use, and where
// its ways differ.
#define ABI_REGS_MAX 8

typedef struct AbiRegs {
    PReg int_args[ABI_REGS_MAX], int_rets[ABI_REGS_MAX];
    uint32_t num_int_args, num_int_rets;
    PReg float_args[ABI_REGS_MAX], float_rets[ABI_REGS_MAX];
    uint32_t num_float_args, num_float_rets; // 0: floats can't be passed
    uint32_t shadow;  // bytes at the start of the argument area that belong to the callee
    bool even_pairs;  // an i128 starts at a register of even number in the order
    bool no_wide;     // an i128 can't be passed
    bool by_position; // argument n takes register n of its class, or the stack
    bool packed;      // stack arguments take no more than their size
    bool last_result; // in a register; all others in memory
    bool no_results;  // results can't be passed
    bool callee_pops; // the stack arguments
    PReg sret;        // of a parameter with purpose sret; PREG_NONE: as any other
    PReg sret_result; // has it again at the return, if there are no results; PREG_NONE: nothing
    PRegSet clobbers, callee_saved;
} AbiRegs;

// Lays out a signature by the convention that `conventions` has for it: registers of each class in
// order, then stack slots of 8 bytes, in which a float has the lower bytes (those above it are
// undefined), for an f128 of 16 bytes, aligned. The halves of an i128 are both in registers or both
// in slots, aligned to 16 bytes. Where pairs start at even registers (AAPCS64, stage C), one that
// lies in memory leaves no registers to later integers either; elsewhere (System V) it does.
// Results beyond registers go to memory whose address is a hidden last argument. `conventions` is
// by CallConv, NULL: the target has none. STATUS_UNSUPPORTED with a message for types, purposes and
// conventions that can't be passed.
Status abi_assign(const Signature *sig, const AbiRegs *const *conventions, Arena *arena,
                  AbiSig *out, Diag *diag);

// ---- The target ----

// How code gets at the address of a symbol.
typedef enum SymbolReach {
    SYMBOL_ABSOLUTE, // by 64 bits in the code
    SYMBOL_NEAR,     // by its distance, with an offset that fits 32 bits
    SYMBOL_GOT       // from the global offset table, without an offset
} SymbolReach;

// A lowering rule and where it stands.
typedef struct TargetRule {
    const char *name, *root, *path;
    uint32_t line;
} TargetRule;

struct LowerCtx;
struct EmitCtx;

// All that generic code knows of a target: one const instance each in target/x64, target/aarch64.
typedef struct Target {
    const char *name; // "x86_64"
    Arch arch;
    const MRow *rows;
    uint16_t num_rows;
    const TargetRule *rules; // that lowering is made of
    uint32_t num_rules;
    PRegSet allocatable; // all registers that may ever be handed out
    PReg stack_pointer, frame_pointer;
    uint8_t pushed_by_call; // bytes of the return address that a call leaves on the stack
    PReg pinned; // what get_pinned_reg reads; reserved if the setting enable_pinned_reg is on

    // Layout of a signature. STATUS_UNSUPPORTED with a message in `diag` for types and conventions
    // that the target can't do yet.
    PRegSet limit_scratch; // what the comparison with a stack limit changes
    Status (*abi)(const Signature *sig, const Settings *settings, Arena *arena, AbiSig *out,
                  Diag *diag);

    // Lowering (core/lower calls these; the compiled rules are behind the first two). false: no
    // rule matches.
    bool (*lower_inst)(struct LowerCtx *ctx, Inst inst);
    bool (*lower_branch)(struct LowerCtx *ctx, Inst inst);
    // What calls, arguments and returns are made of. `type`: of the access, I32, I64, or a float
    // type that the target passes.
    VReg (*lower_load)(struct LowerCtx *ctx, AmodeKind kind, VReg base, int32_t disp, Type type);
    void (*lower_store)(struct LowerCtx *ctx, VReg value, AmodeKind kind, VReg base, int32_t disp,
                        Type type);
    VReg (*lower_extend)(struct LowerCtx *ctx, VReg value, uint32_t bytes, Extension extension);
    VReg (*lower_address)(struct LowerCtx *ctx, AmodeKind kind, int32_t disp);
    VReg (*lower_symbol)(struct LowerCtx *ctx, uint32_t symbol, SymbolReach reach, int64_t offset);
    VReg (*lower_add)(struct LowerCtx *ctx, VReg value, int64_t offset);
    VReg (*lower_constant)(struct LowerCtx *ctx, int64_t value);
    // Rows whose operands lowering makes itself.
    uint16_t row_args, row_ret, row_jump, row_call, row_call_reg, row_move;
    uint16_t row_tail_call, row_tail_call_reg;
    uint16_t row_thread_local; // the address of a thread-local symbol into the result register
    PReg tail_callee; // holds the callee's address through the epilogue: neither saved nor argument

    // Emission (core/emit calls these).
    void (*emit_frame)(struct EmitCtx *ctx); // decides EmitCtx.frame's target-specific parts
    void (*emit_prologue)(struct EmitCtx *ctx);
    void (*emit_inst)(struct EmitCtx *ctx, const MInst *inst);
    void (*emit_trap)(struct EmitCtx *ctx); // an instruction that always traps
    void (*emit_move)(struct EmitCtx *ctx, Alloc to, Alloc from, uint32_t bytes);

    // "rax" / "eax" / "al" by width in bytes; "x0" / "w0".
    const char *(*reg_name)(PReg reg, uint32_t bytes);
} Target;

// The target of an architecture, NULL when we generate no code for it. (target/target_find.c)
const Target *target_find(Arch arch);

// Generic questions, answered from the row and the instruction.
const MRow *minst_row(const MFunc *f, const MInst *inst);
// Its operands; NULL when it has none, for the function's table may then be empty.
static inline const MOperand *minst_operands(const MFunc *f, const MInst *inst)
{
    return inst->num_operands == 0 ? NULL : f->operands.data + inst->operands;
}

// Text of the function for tests: blocks, instructions with vregs or, once allocated, registers.
void mfunc_print(const MFunc *f, StrBuf *out);

// A new virtual register.
VReg mfunc_new_vreg(MFunc *f, RegClass class, uint32_t bytes);

// Checks the invariants of this header: single definitions that dominate uses, operands fit their
// rows, flags are read only where the writer's flags are intact, edges fit parameters, no critical
// edges. Returns the first broken rule as text in the arena, or the empty Str.
Str mfunc_validate(const MFunc *f, Arena *arena);

#endif
