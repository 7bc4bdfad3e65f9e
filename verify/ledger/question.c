// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The form of a question. Each node gets a colour, a hash of what stands below it; a variable's
// colour is made finer by the places that it is used in, in a few rounds. Roots and operands that
// may change places are sorted by colour, and the nodes numbered in the order in which a walk from
// the roots meets them. Colours only choose the order: the key is that of the whole graph as
// numbered, so two questions that colours can't tell apart still have different keys. What colours
// leave open stays in the order given, which at worst makes one question look like two.

#include "verify/ledger/ledger_internal.h"

#include <xxhash.h>

enum { ROUNDS = 3 };

typedef struct Form {
    const ExprPool *pool;
    Arena *arena;
    const LedgerRoot *roots;
    uint32_t num_roots;
    Bitset reached;
    uint32_t top;       // nodes from here on are not reached
    uint64_t *below;    // by node: the colour
    uint64_t *above;    // by node: of the places where it is used
    uint64_t *variable; // by node: of variables
    Expr *made;         // by node: in the question's pool
} Form;

// ---- Keys ----

LedgerKey ledger_key_of(Str bytes)
{
    const XXH128_hash_t hash = XXH3_128bits(bytes.data, bytes.len);
    return (LedgerKey){hash.low64, hash.high64};
}

LedgerKey ledger_key_add(LedgerKey a, LedgerKey b)
{
    const uint128 sum = (((uint128)a.high << 64) | a.low) + (((uint128)b.high << 64) | b.low);
    return (LedgerKey){(uint64_t)sum, (uint64_t)(sum >> 64)};
}

bool ledger_key_equal(LedgerKey a, LedgerKey b)
{
    return a.low == b.low && a.high == b.high;
}

void ledger_key_print(LedgerKey key, StrBuf *out)
{
    buf_printf(out, "%016llx%016llx", (unsigned long long)key.high, (unsigned long long)key.low);
}

bool ledger_key_read(Str text, LedgerKey *out)
{
    uint128 value = 0;
    if (text.len != 32)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.data[i];
        const bool digit = c >= '0' && c <= '9', letter = c >= 'a' && c <= 'f';
        if (!digit && !letter)
            return false;
        const uint64_t four = (uint64_t)(digit ? c - '0' : c - 'a' + 10);
        value = value << 4 | four;
    }
    *out = (LedgerKey){(uint64_t)value, (uint64_t)(value >> 64)};
    return true;
}

// ---- Colours ----

static uint64_t mix(uint64_t a, uint64_t b)
{
    const uint64_t both[] = {a, b};
    return XXH3_64bits(both, sizeof(both));
}

// By the text, as numbers of operators may change.
static uint64_t op_colour(ExprOp op)
{
    const char *const text = expr_op_text(op);
    return XXH3_64bits(text, strlen(text));
}

static uint64_t sort_colour(Sort sort)
{
    return (uint64_t)sort.kind << 32 | sort.width;
}

static uint64_t leaf_colour(const Form *f, uint32_t i)
{
    const ExprNode *const n = &f->pool->nodes.data[i];
    if (n->op == EXPR_VAR)
        return mix(sort_colour(n->sort), f->variable[i]);
    const Wide *const bits = &f->pool->constants.data[n->leaf];
    return mix(sort_colour(n->sort) + 1, XXH3_64bits(bits, sizeof(*bits)));
}

static void colour_below(Form *f)
{
    for (uint32_t i = 0; i < f->top; i++) {
        if (!bitset_has(&f->reached, i))
            continue;
        const ExprNode *const n = &f->pool->nodes.data[i];
        if (n->num_args == 0) {
            f->below[i] = leaf_colour(f, i);
            continue;
        }
        uint64_t args[3] = {0};
        for (uint32_t a = 0; a < n->num_args; a++)
            args[a] = f->below[n->args[a].index];
        if (expr_is_commutative(n->op) && args[0] > args[1]) {
            const uint64_t first = args[0];
            args[0] = args[1];
            args[1] = first;
        }
        const uint64_t all[] = {
            op_colour(n->op), sort_colour(n->sort), (uint64_t)n->p0 << 32 | n->p1, args[0], args[1],
            args[2]};
        f->below[i] = XXH3_64bits(all, sizeof(all));
    }
}

static void colour_above(Form *f)
{
    memset(f->above, 0, f->top * sizeof(*f->above));
    for (uint32_t i = 0; i < f->num_roots; i++)
        f->above[f->roots[i].expr.index] += mix(f->roots[i].role, 0);
    for (uint32_t i = f->top; i-- > 0;) {
        if (!bitset_has(&f->reached, i))
            continue;
        const ExprNode *const n = &f->pool->nodes.data[i];
        const uint64_t place = mix(f->above[i], f->below[i]);
        for (uint32_t a = 0; a < n->num_args; a++)
            f->above[n->args[a].index] += mix(place, expr_is_commutative(n->op) ? 0 : a + 1);
        if (n->op == EXPR_VAR)
            f->variable[i] = mix(f->variable[i], f->above[i]);
    }
}

// ---- The form ----

static void reach(Form *f)
{
    for (uint32_t i = 0; i < f->num_roots; i++)
        if (f->roots[i].expr.index >= f->top)
            f->top = f->roots[i].expr.index + 1;
    f->reached = bitset_new(f->arena, f->top);
    for (uint32_t i = 0; i < f->num_roots; i++)
        bitset_add(&f->reached, f->roots[i].expr.index);
    for (uint32_t i = f->top; i-- > 0;)
        for (uint32_t a = 0; bitset_has(&f->reached, i) && a < f->pool->nodes.data[i].num_args; a++)
            bitset_add(&f->reached, f->pool->nodes.data[i].args[a].index);
}

// Roots by role and colour; a merge sort, as what colours can't tell apart keeps its order.
static bool root_follows(const Form *f, const LedgerRoot *a, const LedgerRoot *b)
{
    if (a->role != b->role)
        return a->role > b->role;
    return f->below[a->expr.index] > f->below[b->expr.index];
}

static void sort_roots(const Form *f, LedgerRoot *roots, uint32_t count)
{
    LedgerRoot *const other = ARENA_ARRAY(f->arena, LedgerRoot, count);
    for (uint32_t width = 1; width < count; width *= 2) {
        for (uint32_t at = 0; at < count; at += 2 * width) {
            const uint32_t middle = at + width < count ? at + width : count;
            const uint32_t end = at + 2 * width < count ? at + 2 * width : count;
            uint32_t a = at, b = middle;
            for (uint32_t to = at; to < end; to++) {
                const bool second =
                    a == middle || (b < end && root_follows(f, &roots[a], &roots[b]));
                other[to] = roots[second ? b++ : a++];
            }
        }
        copy_bytes(roots, other, count * sizeof(*roots));
    }
}

static Expr copy_node(const Form *f, ExprPool *to, uint32_t i, const Expr *args)
{
    ExprNode node = f->pool->nodes.data[i];
    if (node.op == EXPR_VAR)
        return expr_var(to, f->pool->names.data[node.leaf], node.sort);
    if (node.op == EXPR_CONST) {
        const ExprValue value = {node.sort, f->pool->constants.data[node.leaf]};
        return expr_const(to, &value);
    }
    for (uint32_t a = 0; a < node.num_args; a++)
        node.args[a] = f->made[args[a].index];
    return expr_intern(to, &node);
}

// The operands of a node in the order of the form.
static void ordered(const Form *f, const ExprNode *n, Expr *args)
{
    memcpy(args, n->args, sizeof(n->args));
    if (expr_is_commutative(n->op) && f->below[args[0].index] > f->below[args[1].index]) {
        args[0] = n->args[1];
        args[1] = n->args[0];
    }
}

// Copies `root` and all below it that is not there yet, operands first.
static void copy_from(Form *f, LedgerQuestion *q, Expr root)
{
    VEC(uint32_t) stack = {0};
    VEC_PUSH(f->arena, &stack, root.index);
    while (stack.len != 0) {
        const uint32_t i = stack.data[stack.len - 1];
        const ExprNode *const n = &f->pool->nodes.data[i];
        Expr args[3];
        ordered(f, n, args);
        const uint32_t before = stack.len;
        for (uint32_t a = n->num_args; a-- > 0;)
            if (expr_same(f->made[args[a].index], EXPR_NONE))
                VEC_PUSH(f->arena, &stack, args[a].index);
        if (stack.len != before)
            continue;
        stack.len--;
        if (!expr_same(f->made[i], EXPR_NONE))
            continue;
        f->made[i] = copy_node(f, q->pool, i, args);
        q->originals[f->made[i].index] = (Expr){i};
    }
}

// The whole form as bytes.
static Str form_bytes(const LedgerQuestion *q, Arena *arena)
{
    StrBuf out = {.arena = arena};
    for (uint32_t i = 0; i < q->pool->nodes.len; i++) {
        const ExprNode *const n = &q->pool->nodes.data[i];
        buf_puts(&out, expr_op_text(n->op));
        const uint32_t numbers[] = {
            (uint32_t)n->sort.kind, n->sort.width,    n->p0,           n->p1,
            n->args[0].index,       n->args[1].index, n->args[2].index};
        buf_str(&out, (Str){(const char *)numbers, sizeof(numbers)});
        if (n->op == EXPR_CONST)
            buf_str(&out, (Str){(const char *)&q->pool->constants.data[n->leaf], sizeof(Wide)});
    }
    for (uint32_t i = 0; i < q->num_roots; i++) {
        const uint32_t numbers[] = {q->roots[i].role, q->roots[i].expr.index};
        buf_str(&out, (Str){(const char *)numbers, sizeof(numbers)});
    }
    return buf_view(&out);
}

LedgerQuestion ledger_question(const ExprPool *pool, const LedgerRoot *roots, uint32_t count,
                               Arena *arena)
{
    Form f = {.pool = pool, .arena = arena, .roots = roots, .num_roots = count};
    LedgerQuestion q = {.pool = expr_pool_new(arena), .num_roots = count};
    reach(&f);
    f.below = ARENA_ARRAY(arena, uint64_t, f.top);
    f.above = ARENA_ARRAY(arena, uint64_t, f.top);
    f.variable = ARENA_ARRAY(arena, uint64_t, f.top);
    f.made = ARENA_ARRAY(arena, Expr, f.top);
    for (uint32_t i = 0; i < f.top; i++)
        f.made[i] = EXPR_NONE;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        colour_below(&f);
        colour_above(&f);
    }
    colour_below(&f);
    q.roots = ARENA_ARRAY(arena, LedgerRoot, count);
    copy_bytes(q.roots, roots, count * sizeof(*roots));
    sort_roots(&f, q.roots, count);
    q.originals = ARENA_ARRAY(arena, Expr, f.top);
    for (uint32_t i = 0; i < count; i++) {
        copy_from(&f, &q, q.roots[i].expr);
        q.roots[i].expr = f.made[q.roots[i].expr.index];
    }
    q.key = ledger_key_of(form_bytes(&q, arena));
    return q;
}
