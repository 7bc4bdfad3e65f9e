// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expressions as terms of Z3, and questions about them.

#include "verify/smt/smt_internal.h"

// ---- Sorts and leaves ----

Z3_sort smt_sort_of(Smt *s, Sort sort)
{
    switch (sort.kind) {
    case SORT_BOOL: return Z3_mk_bool_sort(s->ctx);
    case SORT_INT: return Z3_mk_int_sort(s->ctx);
    case SORT_BV: return Z3_mk_bv_sort(s->ctx, sort.width);
    }
    UNREACHABLE();
}

static Z3_ast constant(Smt *s, const ExprValue *value)
{
    if (value->sort.kind == SORT_BOOL)
        return value->bits.w[0] ? Z3_mk_true(s->ctx) : Z3_mk_false(s->ctx);
    if (value->sort.kind == SORT_INT) {
        const int128 number = wide_to_int(&value->bits);
        const uint128 magnitude = number < 0 ? -(uint128)number : (uint128)number;
        char digits[48], *at = digits + sizeof(digits) - 1;
        *at = 0;
        uint128 rest = magnitude;
        do
            *--at = (char)('0' + (int)(rest % 10));
        while ((rest /= 10) != 0);
        if (number < 0)
            *--at = '-';
        return Z3_mk_numeral(s->ctx, at, smt_sort_of(s, value->sort));
    }
    bool bits[WIDE_MAX_WIDTH];
    for (uint32_t i = 0; i < value->sort.width; i++)
        bits[i] = wide_bit(&value->bits, i);
    return Z3_mk_bv_numeral(s->ctx, value->sort.width, bits);
}

static Z3_ast variable(Smt *s, const ExprNode *node, uint32_t index)
{
    (void)node;
    return Z3_mk_const(s->ctx, Z3_mk_int_symbol(s->ctx, (int)index), smt_sort_of(s, node->sort));
}

Z3_ast smt_number(Smt *s, uint32_t width, uint64_t value)
{
    return Z3_mk_unsigned_int64(s->ctx, value, Z3_mk_bv_sort(s->ctx, width));
}

// ---- All operators ----

static Z3_ast bits_term(Smt *s, const ExprNode *n, Z3_ast a, Z3_ast b)
{
    const uint32_t width = expr_node(s->pool, n->args[0])->sort.width;
    switch ((int)n->op) {
    case EXPR_BVNOT: return Z3_mk_bvnot(s->ctx, a);
    case EXPR_BVNEG: return Z3_mk_bvneg(s->ctx, a);
    case EXPR_BVAND: return Z3_mk_bvand(s->ctx, a, b);
    case EXPR_BVOR: return Z3_mk_bvor(s->ctx, a, b);
    case EXPR_BVXOR: return Z3_mk_bvxor(s->ctx, a, b);
    case EXPR_BVADD: return smt_add(s, n);
    case EXPR_BVSUB: return smt_sub(s, n);
    case EXPR_BVMUL: return Z3_mk_bvmul(s->ctx, a, b);
    case EXPR_BVUDIV: return Z3_mk_bvudiv(s->ctx, a, b);
    case EXPR_BVUREM: return Z3_mk_bvurem(s->ctx, a, b);
    case EXPR_BVSDIV: return Z3_mk_bvsdiv(s->ctx, a, b);
    case EXPR_BVSREM: return Z3_mk_bvsrem(s->ctx, a, b);
    case EXPR_BVSHL: return Z3_mk_bvshl(s->ctx, a, b);
    case EXPR_BVLSHR: return Z3_mk_bvlshr(s->ctx, a, b);
    case EXPR_BVASHR: return Z3_mk_bvashr(s->ctx, a, b);
    case EXPR_ROTL: return smt_rotate(s, true, width, a, b);
    case EXPR_ROTR: return smt_rotate(s, false, width, a, b);
    case EXPR_BVULT: return Z3_mk_bvult(s->ctx, a, b);
    case EXPR_BVULE: return Z3_mk_bvule(s->ctx, a, b);
    case EXPR_BVSLT: return Z3_mk_bvslt(s->ctx, a, b);
    case EXPR_BVSLE: return Z3_mk_bvsle(s->ctx, a, b);
    case EXPR_CONCAT: return Z3_mk_concat(s->ctx, a, b);
    case EXPR_EXTRACT: return Z3_mk_extract(s->ctx, n->p0, n->p1, a);
    case EXPR_ZERO_EXT: return smt_zero_extend(s, width, n->p0, a);
    case EXPR_SIGN_EXT: return Z3_mk_sign_ext(s->ctx, n->p0 - width, a);
    case EXPR_POPCNT: return smt_popcnt(s, width, a);
    case EXPR_CLZ: return smt_clz(s, width, a);
    case EXPR_CLS: return smt_cls(s, width, a);
    case EXPR_REV: return smt_reverse(s, width, a);
    default: UNREACHABLE();
    }
}

static Z3_ast term(Smt *s, const ExprNode *n)
{
    const Z3_ast a = s->terms[n->args[0].index];
    const Z3_ast b = n->num_args > 1 ? s->terms[n->args[1].index] : NULL;
    const Z3_ast two[] = {a, b};
    if ((s->abstract && smt_is_hard(s->pool, n)) ||
        (s->abstract_shifts && smt_is_wide_shift(s->pool, n)))
        return smt_unknown_function(s, n);
    if (smt_is_float_choice(n->op))
        return smt_compare_floats(s, n);
    if (smt_is_float(n->op))
        return smt_float_term(s, n);
    switch ((int)n->op) {
    case EXPR_EQ: return Z3_mk_eq(s->ctx, a, b);
    case EXPR_ITE: return Z3_mk_ite(s->ctx, a, b, s->terms[n->args[2].index]);
    case EXPR_NOT: return Z3_mk_not(s->ctx, a);
    case EXPR_AND: return Z3_mk_and(s->ctx, 2, two);
    case EXPR_OR: return Z3_mk_or(s->ctx, 2, two);
    case EXPR_INT_ADD: return Z3_mk_add(s->ctx, 2, two);
    case EXPR_INT_SUB: return Z3_mk_sub(s->ctx, 2, two);
    case EXPR_INT_MUL: return Z3_mk_mul(s->ctx, 2, two);
    case EXPR_INT_LT: return Z3_mk_lt(s->ctx, a, b);
    case EXPR_INT_LE: return Z3_mk_le(s->ctx, a, b);
    case EXPR_BV2NAT: return Z3_mk_bv2int(s->ctx, a, false);
    case EXPR_INT2BV: return Z3_mk_int2bv(s->ctx, n->p0, a);
    default: return bits_term(s, n, a, b);
    }
}

// ---- Questions ----

static void translate(Smt *s, const Expr *conditions, uint32_t count, const Bitset *wanted)
{
    for (uint32_t i = 0; i < s->pool->nodes.len; i++) {
        if (!bitset_has(wanted, i))
            continue;
        const ExprNode *const node = &s->pool->nodes.data[i];
        ExprValue value;
        s->has_int |= node->sort.kind == SORT_INT;
        if (node->op == EXPR_VAR)
            s->terms[i] = variable(s, node, i);
        else if (expr_is_const(s->pool, (Expr){i}, &value))
            s->terms[i] = constant(s, &value);
        else
            s->terms[i] = term(s, node);
    }
    for (uint32_t i = 0; i < count; i++)
        Z3_solver_assert(s->ctx, s->solver, s->terms[conditions[i].index]);
}

// A numeral of the solver, in decimal.
static Wide read_decimal(const char *text)
{
    int128 value = 0;
    const bool negative = *text == '-';
    for (const char *at = text + negative; *at >= '0' && *at <= '9'; at++)
        value = (int128)((uint128)value * 10 + (uint128)(*at - '0'));
    return wide_from_int(negative ? -value : value);
}

static Wide read_value(Smt *s, Z3_ast value, Sort sort)
{
    if (sort.kind == SORT_BOOL)
        return wide_from_u64(Z3_get_bool_value(s->ctx, value) == Z3_L_TRUE);
    if (sort.kind == SORT_INT)
        return Z3_is_numeral_ast(s->ctx, value) ? read_decimal(Z3_get_numeral_string(s->ctx, value))
                                                : wide_from_u64(0);
    Wide out = {{0}};
    const char *const bits =
        Z3_is_numeral_ast(s->ctx, value) ? Z3_get_numeral_binary_string(s->ctx, value) : "";
    for (const char *at = bits; *at; at++) {
        out = wide_shl(out, 1);
        out.w[0] |= *at == '1';
    }
    return out;
}

static void read_model(Smt *s, SmtResult *result)
{
    const Z3_model model = Z3_solver_get_model(s->ctx, s->solver);
    result->num_model = s->pool->nodes.len;
    result->model = ARENA_ARRAY(s->arena, ExprValue, result->num_model);
    for (uint32_t i = 0; i < result->num_model; i++) {
        const ExprNode *const node = &s->pool->nodes.data[i];
        result->model[i].sort = node->sort;
        Z3_ast value;
        if (node->op != EXPR_VAR || !s->terms[i] ||
            !Z3_model_eval(s->ctx, model, s->terms[i], true, &value))
            continue;
        result->model[i].bits = read_value(s, value, node->sort);
    }
}

static uint64_t steps_taken(Smt *s)
{
    const Z3_stats stats = Z3_solver_get_statistics(s->ctx, s->solver);
    Z3_stats_inc_ref(s->ctx, stats);
    uint64_t steps = 0;
    for (unsigned i = 0; i < Z3_stats_size(s->ctx, stats); i++)
        if (strcmp(Z3_stats_get_key(s->ctx, stats, i), "rlimit count") == 0)
            steps = Z3_stats_is_uint(s->ctx, stats, i)
                        ? Z3_stats_get_uint_value(s->ctx, stats, i)
                        : (uint64_t)Z3_stats_get_double_value(s->ctx, stats, i);
    Z3_stats_dec_ref(s->ctx, stats);
    return steps;
}

// Errors are results here, not ends of the program: a question that makes one is unknown.
static void ignore_error(Z3_context ctx, Z3_error_code code)
{
    (void)ctx;
    (void)code;
}

static Z3_context new_context(uint64_t budget)
{
    const Z3_config config = Z3_mk_config();
    char text[24];
    uint64_t rest = budget > UINT32_MAX ? UINT32_MAX : budget;
    char *at = text + sizeof(text) - 1;
    *at = 0;
    do
        *--at = (char)('0' + (int)(rest % 10));
    while ((rest /= 10) != 0);
    Z3_set_param_value(config, "rlimit", at);
    Z3_set_param_value(config, "model", "true");
    const Z3_context ctx = Z3_mk_context(config);
    Z3_del_config(config);
    Z3_set_error_handler(ctx, ignore_error);
    return ctx;
}

// What is in a question.
typedef struct Contents {
    Bitset wanted;
    bool has_int, has_float, has_hard;
} Contents;

static Contents contents_of(const ExprPool *pool, const Expr *conditions, uint32_t count,
                            Arena *arena)
{
    Contents c = {.wanted = bitset_new(arena, pool->nodes.len)};
    for (uint32_t i = 0; i < count; i++)
        expr_reach(pool, conditions[i], &c.wanted);
    for (uint32_t i = 0; i < pool->nodes.len; i++) {
        const ExprNode *const node = &pool->nodes.data[i];
        if (!bitset_has(&c.wanted, i))
            continue;
        c.has_int |= node->sort.kind == SORT_INT;
        c.has_float |= smt_is_float_arithmetic(node->op);
        c.has_hard |= smt_is_hard(pool, node);
    }
    return c;
}

static Z3_solver new_solver(Smt *s, const Contents *c)
{
    if (c->has_int || (c->has_float && !s->abstract))
        return Z3_mk_solver(s->ctx);
    return Z3_mk_solver_for_logic(s->ctx,
                                  Z3_mk_string_symbol(s->ctx, s->abstract ? "QF_UFBV" : "QF_BV"));
}

typedef struct Question {
    const ExprPool *pool;
    const Expr *conditions;
    uint32_t count;
    uint64_t budget;
} Question;

// How much of the operators' meanings a question has.
typedef enum Meaning { ALL, NOT_OF_HARD, NOT_OF_SHIFTS } Meaning;

static SmtResult ask(const Question *q, const Contents *contents, Meaning meaning, Arena *arena)
{
    const bool abstract = meaning != ALL;
    Smt s = {.ctx = new_context(q->budget),
             .pool = q->pool,
             .arena = arena,
             .abstract = abstract,
             .abstract_shifts = meaning == NOT_OF_SHIFTS};
    SmtResult result = {.verdict = SMT_UNKNOWN};
    s.terms = ARENA_ARRAY(arena, Z3_ast, q->pool->nodes.len);
    s.solver = new_solver(&s, contents);
    Z3_solver_inc_ref(s.ctx, s.solver);
    translate(&s, q->conditions, q->count, &contents->wanted);
    const Z3_lbool answer = s.failed || Z3_get_error_code(s.ctx) != Z3_OK
                                ? Z3_L_UNDEF
                                : Z3_solver_check(s.ctx, s.solver);
    result.steps = steps_taken(&s);
    if (answer == Z3_L_FALSE) {
        result.verdict = SMT_UNSAT;
    } else if (answer == Z3_L_TRUE) {
        result.verdict = SMT_SAT;
        if (!abstract)
            read_model(&s, &result);
    } else {
        result.reason =
            str_copy(arena, s.failed ? STR("floats of this width")
                                     : str_from(Z3_solver_get_reason_unknown(s.ctx, s.solver)));
    }
    Z3_solver_dec_ref(s.ctx, s.solver);
    Z3_del_context(s.ctx);
    return result;
}

SmtResult smt_check(const ExprPool *pool, const Expr *conditions, uint32_t count, uint64_t budget,
                    Arena *arena)
{
    const Question question = {pool, conditions, count, budget};
    const Contents contents = contents_of(pool, conditions, count, arena);
    uint64_t steps = 0;
    if (contents.has_hard) {
        // What needs no more is found soon.
        Question first = question;
        first.budget = budget / 2 + (budget != 0);
        const SmtResult easy = ask(&first, &contents, NOT_OF_HARD, arena);
        if (easy.verdict == SMT_UNSAT)
            return easy;
        steps = easy.steps;
    }
    SmtResult result = ask(&question, &contents, ALL, arena);
    result.steps += steps;
    return result;
}

SmtResult smt_check_abstract(const ExprPool *pool, const Expr *conditions, uint32_t count,
                             uint64_t budget, Arena *arena)
{
    const Question question = {pool, conditions, count, budget};
    const Contents contents = contents_of(pool, conditions, count, arena);
    SmtResult result = ask(&question, &contents, NOT_OF_SHIFTS, arena);
    if (result.verdict == SMT_SAT) // of the functions: no model of the question
        result = (SmtResult){.verdict = SMT_UNKNOWN, .steps = result.steps};
    return result;
}

Str smt_version(Arena *arena)
{
    unsigned major, minor, build, revision;
    Z3_get_version(&major, &minor, &build, &revision);
    return str_printf(arena, "Z3 %u.%u.%u.%u", major, minor, build, revision);
}
