// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// expr: what proofs are made of. An expression is a node of a directed graph without cycles, over
// booleans, unbounded integers and bit vectors of fixed width; floats are bit vectors with
// operators of their own. Nodes are hash-consed: two expressions are the same node if and only if
// they are written the same way after simplification, so many equalities need no solver.
//
// A pool owns the nodes and lives in the arena given; operands have lower numbers than the node
// they belong to, so that walks are loops over numbers. Numbers depend on the order of construction
// alone. Nothing here knows of rules or solvers: `verify/smt` translates, `verify/eval` evaluates.
#ifndef VERIFY_EXPR_EXPR_H
#define VERIFY_EXPR_EXPR_H

#include "base/base.h"

// ---- Sorts and constants ----

typedef enum SortKind { SORT_BOOL, SORT_INT, SORT_BV } SortKind;

typedef struct Sort {
    SortKind kind;
    uint32_t width; // of bit vectors, 1 to WIDE_MAX_WIDTH; else 0
} Sort;

#define WIDE_MAX_WIDTH 256

// The value of a constant. A bit vector has zeros above its width, a boolean is 0 or 1, an integer
// is in two's complement.
typedef struct Wide {
    uint64_t w[WIDE_MAX_WIDTH / 64]; // least significant first
} Wide;

typedef struct ExprValue {
    Sort sort;
    Wide bits;
} ExprValue;

// The numbers 0 to 2^64 - 1; any signed one, as an integer.
Wide wide_from_u64(uint64_t x);
Wide wide_from_int(int128 x);
// The low 128 bits, and the number that a SORT_INT constant stands for.
uint128 wide_to_u128(const Wide *bits);
int128 wide_to_int(const Wide *bits);
bool wide_equal(const Wide *a, const Wide *b);
bool wide_is_zero(const Wide *bits);
bool wide_bit(const Wide *bits, uint32_t n);
// Zeros above `width`; copies of bit from - 1 in the bits from `from` up to `to`.
Wide wide_low(Wide bits, uint32_t width);
Wide wide_sign_extend(Wide bits, uint32_t from, uint32_t to);
Wide wide_shl(Wide bits, uint32_t n);
Wide wide_shr(Wide bits, uint32_t n);
// "0x2a" with all digits of a bit vector's width; "true"; "-5".
void expr_value_print(const ExprValue *value, StrBuf *out);

// ---- Nodes ----

typedef enum ExprOp {
#define EXPR_OP(NAME, text, args, SORT) EXPR_##NAME,
#include "verify/expr/expr_ops.def"
    EXPR_OP_COUNT
} ExprOp;

typedef struct Expr {
    uint32_t index;
} Expr;

#define EXPR_NONE ((Expr){UINT32_MAX})

typedef VEC(Expr) Exprs;

typedef struct ExprNode {
    ExprOp op;
    Sort sort;
    Expr args[3];
    uint32_t num_args;
    uint32_t p0, p1; // widths and bit numbers, by expr_ops.def
    uint32_t leaf;   // VAR: index in ExprPool.names; CONST: index in ExprPool.constants
} ExprNode;

typedef struct ExprPool {
    Arena *arena;
    VEC(ExprNode) nodes;
    VEC(Str) names;
    VEC(Wide) constants;
    VEC(uint32_t) next_constant; // with the same hash; MAP_NONE ends
    Map constant_of_hash;
    uint32_t *slots; // hash table of nodes: index + 1, 0: free
    uint32_t cap;
} ExprPool;

// An empty pool in `arena`.
ExprPool *expr_pool_new(Arena *arena);

static inline const ExprNode *expr_node(const ExprPool *pool, Expr e)
{
    return &pool->nodes.data[e.index];
}

// The width of a bit vector's sort.
static inline uint32_t expr_width(const ExprPool *pool, Expr e)
{
    return expr_node(pool, e)->sort.width;
}

static inline bool expr_same(Expr a, Expr b)
{
    return a.index == b.index;
}

// Sorts, to be written in place.
Sort sort_bool(void);
Sort sort_int(void);
Sort sort_bv(uint32_t width);
bool sort_equal(Sort a, Sort b);

// Bits of the exponent of IEEE 754's floats of `width` bits; 0: there are none of that width.
uint32_t expr_float_exponent(uint32_t width);

// A variable that is equal to no other node. The name is for people; it is copied.
Expr expr_var(ExprPool *pool, Str name, Sort sort);

// Constants. A bit vector's value is taken modulo its width.
Expr expr_const(ExprPool *pool, const ExprValue *value);
Expr expr_bool(ExprPool *pool, bool value);
Expr expr_int(ExprPool *pool, int128 value);
Expr expr_bv(ExprPool *pool, uint32_t width, uint64_t value);

// Whether `e` is a constant, and its value if so (`out` may be NULL).
bool expr_is_const(const ExprPool *pool, Expr e, ExprValue *out);
// Whether the operation takes a circuit whose size grows with the square of the width: a division,
// or a product of what are no constants.
bool expr_is_hard(const ExprPool *pool, const ExprNode *node);
bool expr_is_true(const ExprPool *pool, Expr e);
bool expr_is_false(const ExprPool *pool, Expr e);

// The node of an operator on operands of the right sorts (asserted), simplified: constants are
// folded, identities applied, low bits taken from the operands. p0 and p1 are by expr_ops.def, 0
// where they are not used.
Expr expr_make(ExprPool *pool, ExprOp op, const Expr *args, uint32_t p0, uint32_t p1);
Expr expr_1(ExprPool *pool, ExprOp op, Expr a);
Expr expr_2(ExprPool *pool, ExprOp op, Expr a, Expr b);
Expr expr_ite(ExprPool *pool, Expr cond, Expr a, Expr b);
Expr expr_extract(ExprPool *pool, uint32_t high, uint32_t low, Expr a);
// To a width that is at least the operand's (asserted).
Expr expr_zero_ext(ExprPool *pool, uint32_t width, Expr a);
Expr expr_sign_ext(ExprPool *pool, uint32_t width, Expr a);
// `a => b`, `not a`, `a and b`, `a or b`, `a = b`.
Expr expr_implies(ExprPool *pool, Expr a, Expr b);
Expr expr_not(ExprPool *pool, Expr a);
Expr expr_and(ExprPool *pool, Expr a, Expr b);
Expr expr_or(ExprPool *pool, Expr a, Expr b);
Expr expr_eq(ExprPool *pool, Expr a, Expr b);

// The node as it is, without simplification: for copies of what another pool has.
Expr expr_intern(ExprPool *pool, const ExprNode *node);
// Whether the operands of `op` may change places.
bool expr_is_commutative(ExprOp op);

// The value of an operator on concrete operands, the rule by which constants are folded. False for
// operators on floats, which are the evaluator's business, and for integers beyond 128 bits.
bool expr_fold(const ExprNode *node, const ExprValue *args, ExprValue *out);

// `roots` with each variable, or other node, e replaced by by[e.index] where that is not EXPR_NONE
// (`by` has `count` entries, one for each node of the pool when it was made). Rewrites them in
// place.
void expr_substitute(ExprPool *pool, const Expr *by, uint32_t count, Expr *roots,
                     uint32_t num_roots);

// Marks `e` and everything below it in `seen`, which must be of the size of the pool.
void expr_reach(const ExprPool *pool, Expr e, Bitset *seen);

// The text of an operator.
const char *expr_op_text(ExprOp op);
// Appends an expression as an S-expression; what is deeper than `depth` becomes `...`.
void expr_print(const ExprPool *pool, Expr e, uint32_t depth, StrBuf *out);

#endif
