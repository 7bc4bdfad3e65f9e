// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pool of nodes, and walks over it.

#include "verify/expr/expr.h"

#include "verify/expr/expr_internal.h"

typedef enum SortRule {
    RULE_OWN,
    RULE_BOOL,
    RULE_INT,
    RULE_ARG0,
    RULE_ARG1,
    RULE_P0,
    RULE_CONCAT,
    RULE_EXTRACT
} SortRule;

static const struct {
    const char *text;
    uint32_t args;
    SortRule rule;
} ops[EXPR_OP_COUNT] = {
#define EXPR_OP(NAME, text, args, SORT) {text, args, RULE_##SORT},
#include "verify/expr/expr_ops.def"
};

const char *expr_op_text(ExprOp op)
{
    return ops[op].text;
}

// ---- Sorts ----

Sort sort_bool(void)
{
    return (Sort){SORT_BOOL, 0};
}

Sort sort_int(void)
{
    return (Sort){SORT_INT, 0};
}

Sort sort_bv(uint32_t width)
{
    ASSERT(width > 0 && width <= WIDE_MAX_WIDTH);
    return (Sort){SORT_BV, width};
}

uint32_t expr_float_exponent(uint32_t width)
{
    switch (width) {
    case 16: return 5;
    case 32: return 8;
    case 64: return 11;
    case 128: return 15;
    default: return 0;
    }
}

bool sort_equal(Sort a, Sort b)
{
    return a.kind == b.kind && a.width == b.width;
}

// ---- The table ----

ExprPool *expr_pool_new(Arena *arena)
{
    ExprPool *const pool = ARENA_NEW(arena, ExprPool);
    pool->arena = arena;
    return pool;
}

static uint64_t node_hash(const ExprNode *n)
{
    const uint32_t key[] = {
        (uint32_t)n->op,  (uint32_t)n->sort.kind, n->sort.width, n->args[0].index,
        n->args[1].index, n->args[2].index,       n->p0,         n->p1,
        n->leaf};
    return hash_bytes(key, sizeof(key));
}

static bool node_equal(const ExprNode *a, const ExprNode *b)
{
    return a->op == b->op && sort_equal(a->sort, b->sort) && expr_same(a->args[0], b->args[0]) &&
           expr_same(a->args[1], b->args[1]) && expr_same(a->args[2], b->args[2]) &&
           a->p0 == b->p0 && a->p1 == b->p1 && a->leaf == b->leaf;
}

static uint32_t *find_slot(ExprPool *pool, const ExprNode *node)
{
    uint64_t i = node_hash(node);
    for (;; i++) {
        uint32_t *const slot = &pool->slots[i & (pool->cap - 1)];
        if (*slot == 0 || node_equal(&pool->nodes.data[*slot - 1], node))
            return slot;
    }
}

static void grow_table(ExprPool *pool)
{
    pool->cap = pool->cap == 0 ? 256 : pool->cap * 2;
    pool->slots = ARENA_ARRAY(pool->arena, uint32_t, pool->cap);
    for (uint32_t i = 0; i < pool->nodes.len; i++)
        *find_slot(pool, &pool->nodes.data[i]) = i + 1;
}

Expr expr_intern(ExprPool *pool, const ExprNode *node)
{
    if (pool->nodes.len * 2 >= pool->cap)
        grow_table(pool);
    uint32_t *const slot = find_slot(pool, node);
    if (*slot == 0) {
        VEC_PUSH(pool->arena, &pool->nodes, *node);
        *slot = pool->nodes.len;
    }
    return (Expr){*slot - 1};
}

static ExprNode leaf_node(ExprOp op, Sort sort, uint32_t leaf)
{
    return (ExprNode){
        .op = op, .sort = sort, .args = {EXPR_NONE, EXPR_NONE, EXPR_NONE}, .leaf = leaf};
}

Expr expr_var(ExprPool *pool, Str name, Sort sort)
{
    VEC_PUSH(pool->arena, &pool->names, str_copy(pool->arena, name));
    const ExprNode node = leaf_node(EXPR_VAR, sort, pool->names.len - 1);
    return expr_intern(pool, &node);
}

// ---- Constants ----

Expr expr_const(ExprPool *pool, const ExprValue *value)
{
    // Equal constants are equal nodes: the leaf is found through the table by a hash of the bits.
    Wide bits = value->bits;
    if (value->sort.kind == SORT_BV)
        bits = wide_low(bits, value->sort.width);
    ExprNode node = leaf_node(EXPR_CONST, value->sort, 0);
    const uint64_t key = hash_bytes(&bits, sizeof(bits));
    uint32_t leaf = map_get(&pool->constant_of_hash, key);
    while (leaf != MAP_NONE && !wide_equal(&pool->constants.data[leaf], &bits))
        leaf = pool->next_constant.data[leaf];
    if (leaf == MAP_NONE) {
        leaf = pool->constants.len;
        VEC_PUSH(pool->arena, &pool->constants, bits);
        VEC_PUSH(pool->arena, &pool->next_constant, map_get(&pool->constant_of_hash, key));
        map_set(pool->arena, &pool->constant_of_hash, key, leaf);
    }
    node.leaf = leaf;
    return expr_intern(pool, &node);
}

Expr expr_bool(ExprPool *pool, bool value)
{
    const ExprValue v = {sort_bool(), wide_from_u64(value)};
    return expr_const(pool, &v);
}

Expr expr_int(ExprPool *pool, int128 value)
{
    const ExprValue v = {sort_int(), wide_from_int(value)};
    return expr_const(pool, &v);
}

Expr expr_bv(ExprPool *pool, uint32_t width, uint64_t value)
{
    const ExprValue v = {sort_bv(width), wide_from_u64(value)};
    return expr_const(pool, &v);
}

bool expr_is_const(const ExprPool *pool, Expr e, ExprValue *out)
{
    const ExprNode *const node = expr_node(pool, e);
    if (node->op != EXPR_CONST)
        return false;
    if (out)
        *out = (ExprValue){node->sort, pool->constants.data[node->leaf]};
    return true;
}

bool expr_is_hard(const ExprPool *pool, const ExprNode *node)
{
    switch ((int)node->op) {
    case EXPR_BVMUL:
        return !expr_is_const(pool, node->args[0], NULL) &&
               !expr_is_const(pool, node->args[1], NULL);
    case EXPR_BVUDIV:
    case EXPR_BVUREM:
    case EXPR_BVSDIV:
    case EXPR_BVSREM: return true;
    default: return false;
    }
}

static bool is_bool_const(const ExprPool *pool, Expr e, bool value)
{
    ExprValue v;
    return expr_is_const(pool, e, &v) && v.sort.kind == SORT_BOOL && v.bits.w[0] == value;
}

bool expr_is_true(const ExprPool *pool, Expr e)
{
    return is_bool_const(pool, e, true);
}

bool expr_is_false(const ExprPool *pool, Expr e)
{
    return is_bool_const(pool, e, false);
}

// ---- Operators ----

static Sort result_sort(const ExprPool *pool, const ExprNode *n)
{
    const Sort first = expr_node(pool, n->args[0])->sort;
    switch (ops[n->op].rule) {
    case RULE_OWN: break;
    case RULE_BOOL: return sort_bool();
    case RULE_INT: return sort_int();
    case RULE_ARG0: return first;
    case RULE_ARG1: return expr_node(pool, n->args[1])->sort;
    case RULE_P0: return sort_bv(n->p0);
    case RULE_CONCAT: return sort_bv(first.width + expr_node(pool, n->args[1])->sort.width);
    case RULE_EXTRACT:
        ASSERT(n->p0 >= n->p1 && n->p0 < first.width);
        return sort_bv(n->p0 - n->p1 + 1);
    }
    UNREACHABLE();
}

// Operands of one operator have one sort, but for those that join unlike ones.
static void check_operands(const ExprPool *pool, const ExprNode *n)
{
    if (n->op == EXPR_CONCAT)
        return;
    const uint32_t first = n->op == EXPR_ITE ? 1 : 0;
    for (uint32_t i = first + 1; i < n->num_args; i++)
        ASSERT(
            sort_equal(expr_node(pool, n->args[first])->sort, expr_node(pool, n->args[i])->sort));
}

static bool fold(ExprPool *pool, const ExprNode *node, Expr *out)
{
    ExprValue args[3], value;
    for (uint32_t i = 0; i < node->num_args; i++)
        if (!expr_is_const(pool, node->args[i], &args[i]))
            return false;
    if (!expr_fold(node, args, &value))
        return false;
    *out = expr_const(pool, &value);
    return true;
}

Expr expr_make(ExprPool *pool, ExprOp op, const Expr *args, uint32_t p0, uint32_t p1)
{
    ExprNode node = {.op = op,
                     .args = {EXPR_NONE, EXPR_NONE, EXPR_NONE},
                     .num_args = ops[op].args,
                     .p0 = p0,
                     .p1 = p1,
                     .leaf = 0};
    ASSERT(node.num_args > 0);
    for (uint32_t i = 0; i < node.num_args; i++)
        node.args[i] = args[i];
    check_operands(pool, &node);
    node.sort = result_sort(pool, &node);
    Expr out;
    if (fold(pool, &node, &out) || expr_simplify(pool, &node, &out))
        return out;
    return expr_intern(pool, &node);
}

Expr expr_1(ExprPool *pool, ExprOp op, Expr a)
{
    return expr_make(pool, op, &a, 0, 0);
}

Expr expr_2(ExprPool *pool, ExprOp op, Expr a, Expr b)
{
    return expr_make(pool, op, (const Expr[]){a, b}, 0, 0);
}

Expr expr_ite(ExprPool *pool, Expr cond, Expr a, Expr b)
{
    return expr_make(pool, EXPR_ITE, (const Expr[]){cond, a, b}, 0, 0);
}

Expr expr_extract(ExprPool *pool, uint32_t high, uint32_t low, Expr a)
{
    return expr_make(pool, EXPR_EXTRACT, &a, high, low);
}

Expr expr_zero_ext(ExprPool *pool, uint32_t width, Expr a)
{
    ASSERT(expr_node(pool, a)->sort.width <= width);
    return expr_make(pool, EXPR_ZERO_EXT, &a, width, 0);
}

Expr expr_sign_ext(ExprPool *pool, uint32_t width, Expr a)
{
    ASSERT(expr_node(pool, a)->sort.width <= width);
    return expr_make(pool, EXPR_SIGN_EXT, &a, width, 0);
}

Expr expr_implies(ExprPool *pool, Expr a, Expr b)
{
    return expr_or(pool, expr_not(pool, a), b);
}

Expr expr_not(ExprPool *pool, Expr a)
{
    return expr_1(pool, EXPR_NOT, a);
}

Expr expr_and(ExprPool *pool, Expr a, Expr b)
{
    return expr_2(pool, EXPR_AND, a, b);
}

Expr expr_or(ExprPool *pool, Expr a, Expr b)
{
    return expr_2(pool, EXPR_OR, a, b);
}

Expr expr_eq(ExprPool *pool, Expr a, Expr b)
{
    return expr_2(pool, EXPR_EQ, a, b);
}

// ---- Walks ----

void expr_reach(const ExprPool *pool, Expr e, Bitset *seen)
{
    bitset_add(seen, e.index);
    for (uint32_t i = e.index + 1; i-- > 0;) {
        const ExprNode *const node = &pool->nodes.data[i];
        for (uint32_t a = 0; bitset_has(seen, i) && a < node->num_args; a++)
            bitset_add(seen, node->args[a].index);
    }
}

void expr_substitute(ExprPool *pool, const Expr *by, uint32_t count, Expr *roots,
                     uint32_t num_roots)
{
    Bitset seen = bitset_new(pool->arena, pool->nodes.len);
    uint32_t top = 0;
    for (uint32_t i = 0; i < num_roots; i++) {
        bitset_add(&seen, roots[i].index);
        top = roots[i].index >= top ? roots[i].index + 1 : top;
    }
    for (uint32_t i = top; i-- > 0;)
        if (bitset_has(&seen, i))
            for (uint32_t a = 0; a < pool->nodes.data[i].num_args; a++)
                bitset_add(&seen, pool->nodes.data[i].args[a].index);
    Expr *const now = ARENA_ARRAY(pool->arena, Expr, top);
    for (uint32_t i = 0; i < top; i++) {
        const ExprNode node = pool->nodes.data[i]; // a copy: the pool grows
        now[i] = (Expr){i};
        if (!bitset_has(&seen, i))
            continue;
        if (i < count && !expr_same(by[i], EXPR_NONE)) {
            now[i] = by[i];
            continue;
        }
        Expr args[3] = {EXPR_NONE, EXPR_NONE, EXPR_NONE};
        bool same = true;
        for (uint32_t a = 0; a < node.num_args; a++) {
            args[a] = now[node.args[a].index];
            same &= expr_same(args[a], node.args[a]);
        }
        if (!same)
            now[i] = expr_make(pool, node.op, args, node.p0, node.p1);
    }
    for (uint32_t i = 0; i < num_roots; i++)
        roots[i] = now[roots[i].index];
}

// ---- Text ----

void expr_value_print(const ExprValue *value, StrBuf *out)
{
    switch (value->sort.kind) {
    case SORT_BOOL: buf_puts(out, value->bits.w[0] ? "true" : "false"); return;
    case SORT_INT: {
        const int128 number = wide_to_int(&value->bits);
        // Integers are widths, counts and addresses: beyond 64 bits the low part will do.
        buf_printf(out, "%lld", (long long)number);
        return;
    }
    case SORT_BV: break;
    }
    buf_puts(out, "0x");
    for (uint32_t i = (value->sort.width + 3) / 4; i-- > 0;)
        buf_char(out, "0123456789abcdef"[(value->bits.w[i / 16] >> (i % 16 * 4)) & 15]);
}

void expr_print(const ExprPool *pool, Expr e, uint32_t depth, StrBuf *out)
{
    const ExprNode *const node = expr_node(pool, e);
    ExprValue value;
    if (expr_is_const(pool, e, &value)) {
        expr_value_print(&value, out);
        return;
    }
    if (node->op == EXPR_VAR) {
        buf_printf(out, "%.*s.%u", STR_ARG(pool->names.data[node->leaf]), e.index);
        return;
    }
    if (depth == 0) {
        buf_puts(out, "...");
        return;
    }
    buf_printf(out, "(%s", ops[node->op].text);
    if (ops[node->op].rule == RULE_P0)
        buf_printf(out, " %u", node->p0);
    if (node->op == EXPR_EXTRACT)
        buf_printf(out, " %u %u", node->p0, node->p1);
    for (uint32_t i = 0; i < node->num_args; i++) {
        buf_char(out, ' ');
        expr_print(pool, node->args[i], depth - 1, out);
    }
    buf_char(out, ')');
}
