// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of gen/.
#ifndef GEN_INTERNAL_H
#define GEN_INTERNAL_H

#include "assay/builder.h"
#include "fuzz-targets/gen/gen.h"

#define GEN_BLOCKS_MAX       32
#define GEN_VARS_MAX         8
#define GEN_SLOTS_MAX        3
#define GEN_BLOCK_PARAMS_MAX 3
#define GEN_SIG_MAX          40
#define GEN_DATA_OFFSET      64 // of the heap: what is below is fuel, and the place of results

// One record. `op` is an index of GenTable.ops; the others mean what the operation takes.
typedef struct GenRecord {
    uint8_t op, shape, small, a, b, c, x, y;
} GenRecord;

_Static_assert(sizeof(GenRecord) == GEN_RECORD, "records are read by memcpy");

// A value that may be used. `exact`: all engines have the same bits; not so a NaN of arithmetic.
typedef struct GenValue {
    Value v;
    Type type;
    bool exact, used;
} GenValue;

// What is known of a function before any is built.
typedef struct GenPlan {
    Signature sig;
    uint64_t param_seed; // of their types
    GenRecord head;
    const GenRecord *records;
    uint32_t num_records, num_blocks;
    bool has_calls; // so it uses fuel
} GenPlan;

typedef struct Gen {
    const GenTable *t;
    Arena *arena;
    Builder *b;
    GenPlan plans[GEN_FUNCS_MAX];
    uint32_t num_plans;
    bool exact_nans, inlines;
    uint8_t fuel;

    // Of the function being built:
    uint32_t index;
    const GenPlan *plan;
    VEC(GenValue) pool; // what may be used here, the youngest last
    uint32_t lasting;   // of them, usable in all blocks
    Value heap;
    Var vars[GEN_VARS_MAX];
    Type var_types[GEN_VARS_MAX];
    uint32_t num_vars;
    StackSlot slots[GEN_SLOTS_MAX];
    uint32_t slot_sizes[GEN_SLOTS_MAX], num_slots;
    Region slot_regions[GEN_SLOTS_MAX], heap_region;
    Block blocks[GEN_BLOCKS_MAX];
    Type block_params[GEN_BLOCKS_MAX][GEN_BLOCK_PARAMS_MAX];
    uint32_t num_block_params[GEN_BLOCKS_MAX];
    uint32_t current; // number of the block being filled
    FuncRef funcs[GEN_FUNCS_MAX];
    SigRef sigs[GEN_FUNCS_MAX];
    bool imported[GEN_FUNCS_MAX];
} Gen;

// ---- gen_data.c ----

// A constant operand: as gen_data, but that of integers many bytes mean the small numbers that
// rules treat by themselves.
DataValue gen_operand_data(Type type, uint8_t byte);

// ---- gen_value.c ----

// A constant of `type` with these bytes, in the current block.
Value gen_constant(Gen *g, Type type, const DataValue *data);
// A small number as constant of an integer type.
Value gen_int(Gen *g, Type type, int64_t n);
// Makes `v` usable.
void gen_push(Gen *g, Value v, Type type, bool exact);
// A value of `type` chosen by `byte`: a young one, a variable, a constant. `strict`: with bits that
// all engines agree on. *exact, unless NULL, is whether it has.
Value gen_operand(Gen *g, Type type, uint8_t byte, bool strict, bool *exact);
// Whether there is a value or variable of the type.
bool gen_has(const Gen *g, Type type);
// Whether an operation of `op` with these types is supported, with every small operand.
bool gen_can(const Gen *g, Opcode op, Type ctrl, Type arg0);

// ---- gen_inst.c ----

// How an opcode treats the bits of a NaN.
typedef enum NanRule {
    NAN_ARITHMETIC, // does not look at them, makes its own
    NAN_BLIND,      // does not look at them, and has no float as result
    NAN_MOVES,      // passes them on
    NAN_STRICT      // looks at them
} NanRule;
NanRule gen_nan_rule(Opcode op);

// Appends the instruction of a record that does not end the block.
void gen_inst(Gen *g, const GenRecord *r, Opcode op);
// Appends the operation of `shape` on `v`; without effect on the pool.
void gen_emit(Gen *g, const GenShape *shape, const GenRecord *r, const Value *v);
// The supported small operand that `choice` means.
uint32_t gen_small(const GenShape *shape, uint8_t choice);

// ---- gen_idiom.c ----

// Operations that belong together, of kinds that the record chooses.
void gen_idiom(Gen *g, const GenRecord *r);
// A comparison made for the one who asks, integer or float as the record chooses.
Value gen_condition(Gen *g, const GenRecord *r);

// ---- gen_memory.c ----

// An address for an access of `bytes` bytes, with its offset and flags. `aligned`: to `bytes`.
Mem gen_address(Gen *g, const GenRecord *r, uint32_t bytes, bool atomic);
// Whether records of `op` access memory.
bool gen_is_memory(Opcode op);
void gen_memory(Gen *g, const GenRecord *r, const GenShape *shape);
// Declares and fills the stack slots of the function.
void gen_slots(Gen *g);
// Loads the fuel; stores what is left of it.
Value gen_load_fuel(Gen *g);
void gen_use_fuel(Gen *g, Value fuel);

// ---- gen_flow.c ----

// Whether records of `op` end a block.
bool gen_ends_block(Opcode op);
// Ends the current block as the record says.
void gen_terminator(Gen *g, const GenRecord *r, Opcode op);
// A call in the middle of a block.
void gen_call(Gen *g, const GenRecord *r, Opcode op);
// Returns values of the pool, which `seed` chooses.
void gen_return(Gen *g, uint64_t seed);

// The jump to block `n` of the plan, with arguments that `seed` chooses.
Goto gen_goto(Gen *g, uint32_t n, uint64_t seed);

// ---- gen_func.c ----

// Builds function `index` of the plans into the module.
void gen_func(Gen *g, uint32_t index);
// Builds a function of the one operation of `shape`, with the signature of the only plan.
void gen_lone(Gen *g, const GenRecord *r, const GenShape *shape);

#endif
