// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of opt/.
//
// A class is a number. Those below num_values are the function's values; those above were made
// here. A class is a root (block parameter, or result of the skeleton), a node (an operation on
// classes), or the union of two classes. Unions only ever join a class that was just made, before
// anything uses it, so that classes form a tree and nothing has to be canonicalised later:
// everything that uses a value goes by the number of the whole class (LowerCtx calls that Value;
// rules do as well).
#ifndef OPT_INTERNAL_H
#define OPT_INTERNAL_H

#include "analysis/analysis.h"
#include "opt/opt.h"

typedef enum ClassKind { CLASS_ROOT, CLASS_NODE, CLASS_UNION } ClassKind;

typedef struct ClassData {
    uint8_t kind; // ClassKind
    Type type;
    uint32_t best; // class of the cheapest node or root in it
    uint32_t cost; // of that one with all it stands on
    uint32_t left; // of a union, with `right`; of a node its number in OptCtx.nodes
    uint32_t right;
    uint32_t rep; // of a function's value: the class that stands for it
} ClassData;

typedef struct NodeData {
    InstData data;  // operands are classes
    Inst inst;      // that it came in as, NO(Inst): made here
    uint32_t class; // of the node alone
    uint32_t pos;   // in the source
} NodeData;

// Where a node was put last.
typedef struct Placed {
    Value value; // NO(Value): nowhere yet
    Block block;
    bool for_loop; // a constant in front of the loop that it is for
} Placed;

typedef struct TableEntry {
    uint32_t key; // 1 + number of a node or instruction; 0: free
    uint32_t rep; // the class that it is in
} TableEntry;

// Limits, so that no input makes the work more than linear.
enum {
    OPT_MAX_DEPTH = 5,        // rules whose right sides build nodes that rules apply to
    OPT_MAX_ALTERNATIVES = 5, // that one node gets
    OPT_MAX_FIRED = 8,        // rules whose right sides are made; as many results islec collects
    OPT_MAX_CLASS = 6,        // nodes of a class that rules look at
    OPT_BUDGET_PER_INST = 16  // nodes that rules are tried on
};

typedef struct OptCtx {
    Func *f;
    const OptOptions *options;
    Arena *scratch;
    Cfg cfg;
    DomTree tree;
    Loops loops;
    uint32_t num_values; // of the function when it came in

    VEC(ClassData) classes;
    VEC(NodeData) nodes;
    TableEntry *table; // nodes by content
    uint32_t table_mask, table_len;

    uint32_t depth;                      // of rules within rules
    uint64_t budget;                     // of nodes to try rules on
    uint32_t subsume[OPT_MAX_DEPTH + 1]; // by depth: the class that replaces, NO_INDEX: none
    uint32_t pos;                        // source position of what is being made
    uint32_t fired[OPT_MAX_DEPTH + 1][OPT_MAX_FIRED]; // by depth: rules that gave alternatives
    uint32_t num_fired[OPT_MAX_DEPTH + 1];
    VEC(Placed) placed;       // by class, of nodes
    struct OptMemory *memory; // what is known of memory, NULL: nothing
} OptCtx;

static inline void opt_count(OptCtx *ctx, OptStat stat)
{
    if (ctx->options->stats)
        ctx->options->stats->counts[stat]++;
}

// Whether one more rewrite may be made; it is counted. Under chaos some are left out.
static inline bool opt_take_fuel(OptCtx *ctx)
{
    if (chaos_one_in(ctx->options->chaos, 8))
        return false;
    uint32_t *const fuel = ctx->options->fuel;
    if (fuel && *fuel == 0)
        return false;
    if (fuel)
        --*fuel;
    return true;
}

// ---- egraph.c ----

// Makes the classes of the function's values.
void opt_init_classes(OptCtx *ctx);
// The class of the node `data` whose operands are classes; rules are applied if it is new. `inst`
// is what it came in as, or NO(Inst).
Value opt_insert(OptCtx *ctx, const InstData *data, Inst inst);
// The same with fewer words: an operation of controlling type `type` on one class or two.
Value opt_make(OptCtx *ctx, Opcode op, Type type, Value x, Value y);
// Whether an instruction becomes a node.
bool opt_is_pure(const Func *f, Inst inst);
// The operation of the class's cheapest node; NULL for a root.
const InstData *opt_best_node(const OptCtx *ctx, Value class);
// Whether the class is, or has among its nodes, a constant: bits of its type, zero-extended.
bool opt_constant(const OptCtx *ctx, Value class, uint128 *bits);
// The class of a constant of a scalar type other than f128.
Value opt_make_constant(OptCtx *ctx, Type type, uint128 bits);

// The class of the constant of any type of at most 16 bytes all of whose bytes are `byte`.
Value opt_make_pattern(OptCtx *ctx, Type type, uint8_t byte);

// ---- cost.c ----

enum { OPT_COST_WORTH_HOISTING = 7 }; // of an operation with a constant

// Cost of one operation without what it stands on.
uint32_t opt_op_cost(Opcode op);

// ---- fold.c ----

// The result of an operation on constants, `args` zero-extended bits of `types`; false when it has
// none or we do not fold it.
bool opt_fold(const InstData *data, const uint128 *args, const Type *types, uint128 *out);

// ---- ranges.c ----

// Whether the number `class`, a scalar integer, can't be so large that its sum with `addend`, or it
// shifted left by k, wraps.
bool opt_no_carry(const OptCtx *ctx, Value class, uint64_t addend);
bool opt_no_overflow(const OptCtx *ctx, Value class, uint64_t k);

// ---- rules.c: generated code ----

// Alternatives that rules have for the node `class`; at most `max` go to `out`.
uint32_t opt_simplify(OptCtx *ctx, Value class, Value *out, uint32_t max);

typedef enum SkeletonKind {
    SKELETON_NONE,     // no rule
    SKELETON_REMOVE,   // it does nothing
    SKELETON_VALUE,    // its result is `value`
    SKELETON_VALUES,   // its two results are `value` and `second`
    SKELETON_TRAP,     // it always traps with its code
    SKELETON_TEST,     // the same with the tested value replaced by `value`
    SKELETON_TEST_NOT, // and for a branch the targets exchanged, for a trap the other condition
    SKELETON_TAKE      // the branch goes to block call number `index`
} SkeletonKind;

typedef struct SkeletonRewrite {
    uint8_t kind; // SkeletonKind
    uint32_t index;
    Value value, second;
} SkeletonRewrite;

SkeletonRewrite opt_simplify_skeleton(OptCtx *ctx, Inst inst);

// Lines of the trace (trace.c): a rewrite of a class by a rule, of an instruction of the skeleton.
void opt_trace_rewrite(OptCtx *ctx, uint32_t rule, Value from, Value to);
void opt_trace_skeleton(OptCtx *ctx, uint32_t rule, Inst inst, const SkeletonRewrite *rewrite);
// Something that no rule did to an instruction of the skeleton.
void opt_trace_event(OptCtx *ctx, const char *event, Inst inst);

// ---- memory.c ----
// Called in the order of opt_build; nothing happens without opt_memory_start.

void opt_memory_start(OptCtx *ctx);
void opt_memory_enter(OptCtx *ctx, Block block);
// An instruction whose operands are classes; false when it has left the layout.
bool opt_memory_visit(OptCtx *ctx, Inst inst);
void opt_memory_leave(OptCtx *ctx, Block block);
// The region of an access + 1; 0: none, or one of those not told apart. Accesses of different
// regions do not alias, those without one may alias any.
uint32_t opt_memory_region(MemFlags flags);
// Bits region + 1 of the memory that an instruction may change or order; bit 0: some.
uint32_t opt_memory_clobbers(const Func *f, Inst inst);
// dead_stores.c: behind the others.
void opt_remove_dead_stores(OptCtx *ctx);

// ---- The passes ----

void opt_expand_globals(OptCtx *ctx);          // globals.c
void opt_simplify_params(OptCtx *ctx);         // params.c
void opt_build(OptCtx *ctx);                   // build.c
void opt_elaborate(OptCtx *ctx);               // elaborate.c
void opt_plain_calls(Func *f, Arena *scratch); // calls.c
// calls.c: ends `block` by a jump along `target`, the block call where a try_call returned, with
// `results` for what it returned.
void opt_append_return(Func *f, Block block, uint32_t target, const uint32_t *results,
                       Arena *scratch);
// cleanup.c: whether there were any.
bool opt_remove_unreachable(Func *f, OptStats *stats, Arena *scratch);
// dead.c; `params`: block parameters too.
void opt_remove_dead(Func *f, bool params, OptStats *stats, Arena *scratch);

#endif
