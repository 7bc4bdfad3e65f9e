// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random programs of rules: every term's decision tree must do what the naive interpreter of its
// rules does, on random arguments. Rules that the compiler rejects (for overlaps, say) are taken
// out one by one, until the program passes.
#ifndef ISLE_RANDOM_H
#define ISLE_RANDOM_H

#include "isle-rules/compiler/islec.h"

#include <stdio.h>
#include <stdlib.h>

enum { NUM_INPUTS = 24, MAX_VARS = 48, NUM_TERMS = 5 };

typedef enum Ty { TY_U8, TY_BOOL, TY_E, TY_S, TY_P, TY_COUNT } Ty;

static const char *const ty_names[TY_COUNT] = {"u8", "bool", "E", "S", "P"};

static const char prelude[] =
    "(type E (enum A B (C (x u8)) (D (a u8) (e E))))\n"
    "(type S (struct (a u8) (e E)))\n"
    "(type P (primitive P))\n"
    "(extern const $P0 P)\n(extern const $P1 P)\n(extern const $P2 P)\n"
    "(decl pure ec_add (u8 u8) u8)\n(extern constructor ec_add ec_add)\n"
    "(decl pure ec_code (E) u8)\n(extern constructor ec_code ec_code)\n"
    "(decl pure partial ec_part (u8) u8)\n(extern constructor ec_part ec_part)\n"
    "(decl partial ec_risk (u8) E)\n(extern constructor ec_risk ec_risk)\n"
    "(decl ec_side (u8) u8)\n(extern constructor ec_side ec_side)\n"
    "(decl pure multi ec_multi (u8) u8)\n(extern constructor ec_multi ec_multi)\n"
    "(decl ee_one (u8) E)\n(extern extractor ee_one ee_one)\n"
    "(decl ee_none () u8)\n(extern extractor ee_none ee_none)\n"
    "(decl ee_two (u8 E) u8)\n(extern extractor ee_two ee_two)\n"
    "(decl ei_split (u8 u8) u8)\n(extern extractor infallible ei_split ei_split)\n"
    "(decl ei_half (u8) u8)\n(extern extractor infallible ei_half ei_half)\n"
    "(decl multi em_each (u8 u8) u8)\n(extern extractor em_each em_each)\n"
    "(decl mac (u8 E) E)\n(extractor (mac x y) (E.D x y @ (and z (ee_one _))))\n"
    "(decl pure conv (u8) E)\n(extern constructor conv conv)\n(extern extractor conv deconv)\n"
    "(convert u8 E conv)\n";

// ---- Generator ----

typedef struct Sig {
    Ty args[3], ret;
    uint32_t num_args, flags;
} Sig;

typedef struct Gen {
    uint64_t state;
    Str bytes; // what is left of them
    StrBuf *out;
    Sig terms[NUM_TERMS];
    uint32_t term; // being defined
    Ty vars[MAX_VARS];
    uint32_t num_vars;
    bool in_iflet;
} Gen;

static uint64_t next(Gen *g)
{
    if (g->bytes.len >= 2) {
        const uint8_t low = (uint8_t)g->bytes.data[0], high = (uint8_t)g->bytes.data[1];
        g->bytes = (Str){g->bytes.data + 2, g->bytes.len - 2};
        return (uint64_t)high << 8 | low;
    }
    uint64_t z = g->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint32_t pick(Gen *g, uint32_t n)
{
    return (uint32_t)(next(g) % n);
}

static Ty pick_ty(Gen *g)
{
    static const Ty often[] = {TY_U8, TY_U8, TY_U8, TY_BOOL, TY_E, TY_E, TY_E, TY_S, TY_P};
    return often[pick(g, sizeof(often) / sizeof(often[0]))];
}

// A variable of the type, or MAX_VARS.
static uint32_t pick_var(Gen *g, Ty ty)
{
    const uint32_t start = g->num_vars == 0 ? 0 : pick(g, g->num_vars);
    for (uint32_t i = 0; i < g->num_vars; i++) {
        const uint32_t var = (start + i) % g->num_vars;
        if (g->vars[var] == ty)
            return var;
    }
    return MAX_VARS;
}

static bool gen_var(Gen *g, Ty ty)
{
    const uint32_t var = pick_var(g, ty);
    if (var != MAX_VARS)
        buf_printf(g->out, "x%u", var);
    return var != MAX_VARS;
}

static void gen_literal(Gen *g, Ty ty)
{
    if (ty == TY_BOOL)
        buf_puts(g->out, pick(g, 2) ? "true" : "false");
    else if (ty == TY_P)
        buf_printf(g->out, pick(g, 2) ? "$P%u" : "%u", pick(g, 3));
    else
        buf_printf(g->out, "%u", pick(g, 4));
}

static void gen_pattern(Gen *g, Ty ty, uint32_t depth);

static void gen_patterns(Gen *g, const char *head, const Ty *types, uint32_t count, uint32_t depth)
{
    buf_printf(g->out, "(%s", head);
    for (uint32_t i = 0; i < count; i++) {
        buf_char(g->out, ' ');
        gen_pattern(g, types[i], depth - 1);
    }
    buf_char(g->out, ')');
}

static void gen_term_pattern(Gen *g, Ty ty, uint32_t depth)
{
    static const Ty pair[] = {TY_U8, TY_E}, bytes[] = {TY_U8, TY_U8};
    const bool multi = (g->terms[g->term].flags & ISLE_MULTI) != 0;
    if (ty == TY_S) {
        gen_patterns(g, "S", pair, 2, depth);
    } else if (ty == TY_U8) {
        switch (pick(g, multi ? 6 : 5)) {
        case 0: gen_patterns(g, "ee_none", bytes, 0, depth); break;
        case 1: gen_patterns(g, "ee_two", pair, 2, depth); break;
        case 2: gen_patterns(g, "ei_split", bytes, 2, depth); break;
        case 3: gen_patterns(g, "ei_half", bytes, 1, depth); break;
        case 4: gen_literal(g, ty); break;
        default: gen_patterns(g, "em_each", bytes, 2, depth);
        }
    } else {
        switch (pick(g, 9)) {
        case 0: gen_patterns(g, "E.A", pair, 0, depth); break;
        case 1: gen_patterns(g, "E.B", pair, 0, depth); break;
        case 2:
        case 3: gen_patterns(g, "E.C", pair, 1, depth); break;
        case 4:
        case 5: gen_patterns(g, "E.D", pair, 2, depth); break;
        case 6: gen_patterns(g, "mac", pair, 2, depth); break;
        case 7: gen_patterns(g, "ee_one", bytes, 1, depth); break;
        default: gen_patterns(g, "ei_half", bytes, 1, depth); // by the converter
        }
    }
}

static void gen_pattern(Gen *g, Ty ty, uint32_t depth)
{
    const uint32_t choice = pick(g, 10);
    if (choice == 0 || g->num_vars + 1 >= MAX_VARS) {
        buf_puts(g->out, "_");
    } else if (choice == 1 && gen_var(g, ty)) {
        return;
    } else if (choice == 2 && depth > 0) {
        buf_puts(g->out, "(and ");
        gen_pattern(g, ty, depth - 1);
        buf_char(g->out, ' ');
        gen_pattern(g, ty, depth - 1);
        buf_char(g->out, ')');
    } else if (choice >= 5 && depth > 0 && (ty == TY_U8 || ty == TY_E || ty == TY_S)) {
        gen_term_pattern(g, ty, depth);
    } else if (choice >= 7 && ty != TY_E && ty != TY_S) {
        gen_literal(g, ty);
    } else {
        const uint32_t var = g->num_vars++;
        g->vars[var] = TY_COUNT; // not to be used within its own pattern
        buf_printf(g->out, "x%u", var);
        if (choice == 3 && depth > 0) {
            buf_puts(g->out, " @ ");
            gen_pattern(g, ty, depth - 1);
        }
        g->vars[var] = ty;
    }
}

static void gen_expr(Gen *g, Ty ty, uint32_t depth);

static void gen_exprs(Gen *g, const char *head, const Ty *types, uint32_t count, uint32_t depth)
{
    buf_printf(g->out, "(%s", head);
    for (uint32_t i = 0; i < count; i++) {
        buf_char(g->out, ' ');
        gen_expr(g, types[i], depth - 1);
    }
    buf_char(g->out, ')');
}

// True when the rule may use a constructor of these flags here.
static bool may_call(const Gen *g, uint32_t flags)
{
    const uint32_t root = g->terms[g->term].flags;
    if (!(flags & ISLE_PURE) && (g->in_iflet || (root & ISLE_PURE)))
        return false;
    if ((flags & ISLE_PARTIAL) && !g->in_iflet && !(root & ISLE_PARTIAL))
        return false;
    return !(flags & ISLE_MULTI) || (root & ISLE_MULTI);
}

// A call of an earlier term of the type. False when there is none.
static bool gen_call(Gen *g, Ty ty, uint32_t depth)
{
    for (uint32_t tries = 0; tries < 3 && g->term != 0; tries++) {
        const uint32_t t = pick(g, g->term);
        const Sig *const sig = &g->terms[t];
        if (sig->ret != ty || !may_call(g, sig->flags))
            continue;
        char name[16];
        snprintf(name, sizeof(name), "t%u", t);
        gen_exprs(g, name, sig->args, sig->num_args, depth);
        return true;
    }
    return false;
}

static void gen_term_expr(Gen *g, Ty ty, uint32_t depth)
{
    static const Ty pair[] = {TY_U8, TY_E}, bytes[] = {TY_U8, TY_U8}, whole[] = {TY_E};
    const uint32_t choice = pick(g, 6);
    if (ty == TY_S) {
        gen_exprs(g, "S", pair, 2, depth);
    } else if (ty == TY_U8) {
        if (choice == 0 && may_call(g, ISLE_PURE | ISLE_PARTIAL))
            gen_exprs(g, "ec_part", bytes, 1, depth);
        else if (choice == 1 && may_call(g, 0))
            gen_exprs(g, "ec_side", bytes, 1, depth);
        else if (choice == 2 && may_call(g, ISLE_PURE | ISLE_MULTI))
            gen_exprs(g, "ec_multi", bytes, 1, depth);
        else if (choice == 3)
            gen_exprs(g, "ec_code", whole, 1, depth);
        else
            gen_exprs(g, "ec_add", bytes, 2, depth);
    } else if (choice == 0 && may_call(g, ISLE_PARTIAL)) {
        gen_exprs(g, "ec_risk", bytes, 1, depth);
    } else if (choice == 1) {
        gen_exprs(g, "ec_add", bytes, 2, depth); // by the converter
    } else {
        static const char *const names[] = {"E.A", "E.B", "E.C", "E.D"};
        const uint32_t variant = choice == 0 ? 3 : choice - 2;
        gen_exprs(g, names[variant], pair, variant < 2 ? 0 : variant - 1, depth);
    }
}

static void gen_expr(Gen *g, Ty ty, uint32_t depth)
{
    const uint32_t choice = pick(g, 8);
    if (choice <= 2 && gen_var(g, ty))
        return;
    if (depth > 0 && choice <= 4 && gen_call(g, ty, depth))
        return;
    if (depth > 0 && choice == 5 && g->num_vars + 1 < MAX_VARS) {
        const Ty inner = pick_ty(g);
        buf_printf(g->out, "(let ((x%u %s ", g->num_vars, ty_names[inner]);
        gen_expr(g, inner, depth - 1);
        buf_puts(g->out, ")) ");
        g->vars[g->num_vars++] = inner;
        gen_expr(g, ty, depth - 1);
        buf_char(g->out, ')');
        g->vars[--g->num_vars] = TY_COUNT;
        return;
    }
    if (ty == TY_BOOL || ty == TY_P)
        gen_literal(g, ty);
    else if (depth > 0)
        gen_term_expr(g, ty, depth);
    else if (!gen_var(g, ty))
        buf_puts(g->out, ty == TY_U8 ? "1" : ty == TY_E ? "(E.B)" : "(S 2 (E.A))");
}

static void gen_iflet(Gen *g)
{
    static const Ty bytes[] = {TY_U8, TY_U8}, whole[] = {TY_E};
    buf_puts(g->out, " (if-let ");
    // The expression comes second in the text and first in scope: write it aside.
    StrBuf expr = {.arena = g->out->arena}, *const out = g->out;
    const Ty ty = pick(g, 3) == 0 ? TY_E : TY_U8;
    g->out = &expr;
    g->in_iflet = true;
    if (ty == TY_E)
        gen_exprs(g, "conv", bytes, 1, 2);
    else if (pick(g, 2))
        gen_exprs(g, "ec_part", bytes, 1, 2);
    else if (pick(g, 2))
        gen_exprs(g, "ec_code", whole, 1, 2);
    else
        gen_exprs(g, "ec_add", bytes, 2, 2);
    g->in_iflet = false;
    g->out = out;
    gen_pattern(g, ty, 2);
    buf_char(g->out, ' ');
    buf_str(g->out, buf_view(&expr));
    buf_char(g->out, ')');
}

static void gen_rule(Gen *g, bool catch_all)
{
    const Sig *const sig = &g->terms[g->term];
    g->num_vars = 0;
    buf_puts(g->out, "(rule ");
    if (catch_all)
        buf_puts(g->out, "-100 ");
    else if (!(sig->flags & ISLE_MULTI) && pick(g, 3) != 0)
        buf_printf(g->out, "%d ", (int)pick(g, 24) - 8);
    buf_printf(g->out, "(t%u", g->term);
    for (uint32_t i = 0; i < sig->num_args; i++) {
        buf_char(g->out, ' ');
        if (catch_all)
            buf_puts(g->out, "_");
        else
            gen_pattern(g, sig->args[i], 3);
    }
    buf_char(g->out, ')');
    for (uint32_t i = catch_all ? 0 : pick(g, 3); i > 0; i--)
        gen_iflet(g);
    buf_char(g->out, ' ');
    gen_expr(g, sig->ret, catch_all ? 1 : 3);
    buf_puts(g->out, ")\n");
}

static void gen_term(Gen *g)
{
    static const uint32_t kinds[] = {0, 0, 0, ISLE_PARTIAL, ISLE_MULTI};
    Sig *const sig = &g->terms[g->term];
    sig->flags = kinds[pick(g, 5)] | (pick(g, 2) ? ISLE_PURE : 0);
    sig->num_args = 1 + pick(g, 3);
    sig->ret = pick_ty(g);
    buf_printf(g->out, "(decl%s%s%s t%u (", (sig->flags & ISLE_PURE) ? " pure" : "",
               (sig->flags & ISLE_MULTI) ? " multi" : "",
               (sig->flags & ISLE_PARTIAL) ? " partial" : "", g->term);
    for (uint32_t i = 0; i < sig->num_args; i++) {
        sig->args[i] = pick_ty(g);
        buf_printf(g->out, "%s ", ty_names[sig->args[i]]);
    }
    buf_printf(g->out, ") %s)\n", ty_names[sig->ret]);
    const uint32_t rules = 1 + pick(g, 10);
    for (uint32_t i = 0; i < rules; i++)
        gen_rule(g, false);
    if (!(sig->flags & (ISLE_MULTI | ISLE_PARTIAL)))
        gen_rule(g, true);
    else if (sig->flags & ISLE_MULTI)
        gen_rule(g, false);
}

// ---- Host ----

enum { MAX_TRACE = 4096 };

typedef struct Host {
    Isle *isle;
    Arena *arena;
    uint64_t trace[MAX_TRACE]; // calls with effects
    uint32_t num_calls;
} Host;

static uint64_t hash_value(const IsleValue *value)
{
    uint64_t h = value->type * 31 + value->variant * 7 + (uint64_t)value->bits;
    for (uint32_t i = 0; i < value->num_fields; i++)
        h = h * 1099511628211u + hash_value(&value->fields[i]);
    return h ^ (h >> 29);
}

static IsleValue value_from(const Host *host, IsleTypeId type, uint64_t seed, uint32_t depth)
{
    const IsleType *const def = &host->isle->types.data[type];
    IsleValue value = {.type = type};
    if (def->kind == ISLE_TYPE_BUILTIN || def->kind == ISLE_TYPE_PRIMITIVE) {
        // P: literals 0 to 3, and the constants beyond.
        value.bits = seed % (def->bits == 1 ? 2 : 4);
        if (def->kind == ISLE_TYPE_PRIMITIVE && (seed >> 8) % 2)
            value.bits = 1000 + seed % 3;
        return value;
    }
    value.variant = (uint32_t)((seed >> 4) % (depth == 0 ? 1 : def->num_variants));
    const IsleVariant *const variant = &def->variants[value.variant];
    IsleValue *const fields = ARENA_ARRAY(host->arena, IsleValue, variant->num_fields);
    for (uint32_t i = 0; i < variant->num_fields; i++)
        fields[i] = value_from(host, variant->fields[i].type,
                               (seed + i + 1) * 0x9e3779b97f4a7c15u >> 9, depth - 1);
    value.fields = fields;
    value.num_fields = variant->num_fields;
    return value;
}

// How many results a call has: 0 or 1, or up to 3 of a multi call.
static uint32_t count_results(const IsleTerm *term, bool fails, uint64_t seed)
{
    if (term->flags & ISLE_MULTI)
        return (uint32_t)(seed >> 20) % 4;
    return !fails || (seed >> 20) % 3 != 0;
}

static uint32_t host_construct(void *context, IsleTermId id, const IsleValue *args, IsleValue *out,
                               uint32_t max)
{
    Host *const host = context;
    const IsleTerm *const term = &host->isle->terms.data[id];
    uint64_t seed = id * 0x2545f4914f6cdd1du + 1;
    for (uint32_t i = 0; i < term->num_args; i++)
        seed = (seed ^ hash_value(&args[i])) * 0x9e3779b97f4a7c15u;
    seed ^= seed >> 31;
    if (!(term->flags & ISLE_PURE) && host->num_calls < MAX_TRACE)
        host->trace[host->num_calls++] = seed;
    const uint32_t count = count_results(term, (term->flags & ISLE_PARTIAL) != 0, seed);
    for (uint32_t i = 0; i < count && i < max; i++)
        out[i] = value_from(host, term->ret, seed + i, 2);
    return count < max ? count : max;
}

static uint32_t host_extract(void *context, IsleTermId id, const IsleValue *value, IsleValue *out,
                             uint32_t max)
{
    const Host *const host = context;
    const IsleTerm *const term = &host->isle->terms.data[id];
    uint64_t seed = (id * 0x2545f4914f6cdd1du ^ hash_value(value)) * 0x9e3779b97f4a7c15u;
    seed ^= seed >> 31;
    const uint32_t count = count_results(term, !term->infallible, seed);
    for (uint32_t i = 0; i < count && i < max; i++)
        for (uint32_t a = 0; a < term->num_args; a++)
            out[i * term->num_args + a] = value_from(host, term->args[a], seed * 31 + i * 8 + a, 2);
    return count < max ? count : max;
}

static IsleValue host_constant(void *context, IsleSym name, IsleTypeId type)
{
    const Host *const host = context;
    return (IsleValue){.type = type,
                       .bits = 1000u + (uint128)(isle_str(host->isle, name).data[1] - '0')};
}

// ---- Comparison ----

static int compare_u64(const void *x, const void *y)
{
    const uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

// The results of a multi term as a set: their order is the tree's own.
static bool same_set(const IsleResults *a, const IsleResults *b)
{
    uint64_t x[ISLE_MAX_RESULTS], y[ISLE_MAX_RESULTS];
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++) {
        x[i] = hash_value(&a->values[i]) * 31 + a->rules[i];
        y[i] = hash_value(&b->values[i]) * 31 + b->rules[i];
    }
    qsort(x, a->count, sizeof(*x), compare_u64);
    qsort(y, a->count, sizeof(*y), compare_u64);
    return memcmp(x, y, a->count * sizeof(*x)) == 0;
}

static bool same_result(const IsleResults *a, const IsleResults *b)
{
    if (a->outcome != b->outcome || a->count != b->count)
        return false;
    return a->count == 0 ||
           (a->rules[0] == b->rules[0] && isle_value_equal(&a->values[0], &b->values[0]));
}

typedef struct Tally {
    uint64_t programs, rules, compared, with_result;
} Tally;

static void explain(const char *who, const IsleResults *r, uint32_t num_calls)
{
    fprintf(stderr, "%s: outcome %d, %u results, %u calls\n", who, (int)r->outcome, r->count,
            num_calls);
    for (uint32_t i = 0; i < r->count; i++)
        fprintf(stderr, "  rule %u, value %016llx\n", r->rules[i],
                (unsigned long long)hash_value(&r->values[i]));
}

// One term on one input by both interpreters. False when they differ.
static bool compare(Isle *isle, IsleTermId t, uint64_t seed, Arena *arena, Tally *tally)
{
    static const uint64_t fuel = 20000;
    const IsleTerm *const term = &isle->terms.data[t];
    Host naive_host = {.isle = isle, .arena = arena}, tree_host = naive_host;
    const IsleHost naive_calls = {&naive_host, host_construct, host_extract, host_constant};
    const IsleHost tree_calls = {&tree_host, host_construct, host_extract, host_constant};
    IsleValue args[3];
    for (uint32_t i = 0; i < term->num_args; i++)
        args[i] =
            value_from(&naive_host, term->args[i], seed * (i + 1) * 0x9e3779b97f4a7c15u >> 7, 3);
    IsleResults *const naive = ARENA_NEW(arena, IsleResults);
    IsleResults *const tree = ARENA_NEW(arena, IsleResults);
    IsleEval naive_eval = {.isle = isle, .host = &naive_calls, .arena = arena, .fuel = fuel};
    IsleEval tree_eval = {.isle = isle, .host = &tree_calls, .arena = arena, .fuel = fuel};
    isle_eval_naive(&naive_eval, t, args, naive);
    isle_eval_tree(&tree_eval, t, args, tree);
    // A term without a matching rule ends the evaluation where its value is not needed, too.
    if (naive->outcome != ISLE_VALUES || tree->outcome == ISLE_NO_FUEL || naive_eval.truncated)
        return true;
    tally->compared++;
    tally->with_result += naive->count != 0;
    bool same = naive->outcome == tree->outcome;
    if (term->flags & ISLE_MULTI)
        same = same && same_set(naive, tree);
    else
        same = same && same_result(naive, tree) && naive_host.num_calls == tree_host.num_calls &&
               memcmp(naive_host.trace, tree_host.trace,
                      naive_host.num_calls * sizeof(naive_host.trace[0])) == 0;
    if (!same) {
        explain("naive", naive, naive_host.num_calls);
        explain("tree", tree, tree_host.num_calls);
    }
    return same;
}

// ---- Programs ----

// Blanks the lines that have errors, so that the others keep their numbers. False when an error has
// no rule to blame.
static bool drop_bad_lines(char *text, const Diag *diag)
{
    // What shadows a rule may be dropped for overlaps itself: such errors wait.
    uint32_t shadows = 0;
    for (uint32_t m = 0; m < diag->messages.len; m++)
        shadows += strstr(diag->messages.data[m].text.data, "can never fire") != NULL;
    const bool wait = shadows < diag->errors;
    for (uint32_t m = 0; m < diag->messages.len; m++) {
        const DiagMessage *const message = &diag->messages.data[m];
        if (message->severity != SEVERITY_ERROR ||
            (wait && strstr(message->text.data, "can never fire")))
            continue;
        char *line = text;
        for (uint32_t n = 1; n < message->where.line; n++)
            line = strchr(line, '\n') + 1;
        if (line[0] != ' ' && strncmp(line, "(rule", 5) != 0) {
            fprintf(stderr, "line %u: %.*s\n", message->where.line, STR_ARG(message->text));
            return false;
        }
        while (*line != '\n')
            *line++ = ' ';
    }
    return true;
}

// A checked program of these numbers, or NULL when all rules of some term were bad; then *good is
// false if something else was, too.
static Isle *make_program(uint64_t seed, Str bytes, Arena *arena, char **text, bool *good)
{
    StrBuf out = {.arena = arena};
    Gen g = {.state = seed, .bytes = bytes, .out = &out};
    *good = true;
    buf_puts(&out, prelude);
    for (g.term = 0; g.term < NUM_TERMS; g.term++)
        gen_term(&g);
    buf_char(&out, '\0');
    *text = out.data;
    for (int tries = 0; tries < 40; tries++) {
        Diag *const diag = ARENA_NEW(arena, Diag);
        diag->arena = arena;
        Isle *const isle = isle_new(arena, diag);
        if (isle_add_text(isle, STR("random"), str_from(*text)) == STATUS_OK &&
            isle_check(isle) == STATUS_OK)
            return isle;
        bool undefined = false;
        for (uint32_t m = 0; m < diag->messages.len; m++)
            undefined |= strstr(diag->messages.data[m].text.data, "never defined") != NULL;
        if (undefined)
            return NULL;
        if (!drop_bad_lines(*text, diag))
            break;
    }
    fprintf(stderr, "%s\nthe program has errors that are no rule's\n", *text);
    *good = false;
    return NULL;
}

// All inputs of one term. False when some differ.
static bool compare_inputs(Isle *isle, IsleTermId t, uint64_t seed, Arena *scratch, Tally *tally)
{
    for (uint64_t i = 0; i < NUM_INPUTS; i++) {
        const bool same = compare(isle, t, seed * 1000 + i, scratch, tally);
        arena_reset(scratch);
        if (same)
            continue;
        fprintf(stderr, "term %.*s, input %llu: the tree differs from the rules\n",
                STR_ARG(isle_str(isle, isle->terms.data[t].name)), (unsigned long long)i);
        return false;
    }
    return true;
}

// Makes a program of the bytes, and of pseudo-random numbers from `seed` where they end, and
// compares all its terms. False, with reasons on stderr, when something is wrong.
static bool random_program_agrees(uint64_t seed, Str bytes, Tally *tally)
{
    Arena arena = {0}, scratch = {0};
    char *text;
    bool good;
    Isle *const isle = make_program(seed, bytes, &arena, &text, &good);
    if (isle) {
        tally->programs++;
        tally->rules += isle->rules.len;
        isle_build_trees(isle);
        for (IsleTermId t = 0; t < isle->terms.len && good; t++)
            if (isle->terms.data[t].constructor == ISLE_HOW_INTERNAL)
                good = compare_inputs(isle, t, seed, &scratch, tally);
        if (!good) {
            StrBuf trees = {.arena = &arena};
            isle_dump_trees(isle, &trees);
            fprintf(stderr, "%s\n%.*s\n", text, STR_ARG(buf_view(&trees)));
        }
    }
    arena_free(&scratch);
    arena_free(&arena);
    return good;
}

#endif
