// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The statements of a meaning: equations of defs and flags, effects, `let`, macros; and that they
// say as much as the row declares, and no more.

#include "isle-rules/tables/meaning_internal.h"

const char *const *meaning_flag_names(RowTarget target)
{
    static const char *const x64[MEANING_FLAGS] = {"OF", "SF", "ZF", "AF", "PF", "CF"};
    static const char *const a64[MEANING_FLAGS] = {"N", "Z", "C", "V"};
    return target == ROW_X64 ? x64 : a64;
}

int32_t meaning_flag(RowTarget target, Str name)
{
    const char *const *const names = meaning_flag_names(target);
    for (int32_t i = 0; i < MEANING_FLAGS && names[i]; i++)
        if (str_eq_c(name, names[i]))
            return i;
    return -1;
}

bool meaning_lists_flag(const Sexpr *list, Str name)
{
    for (uint32_t i = 1; list && i < list->num_items; i++)
        if (str_eq(list->items[i].text, name))
            return true;
    return false;
}

// ---- Macros ----

static Sexpr substituted(Arena *arena, const Sexpr *e, const Sexpr *macro_head, const Sexpr *call)
{
    Sexpr out = *e;
    if (e->kind == SEXPR_ATOM) {
        for (uint32_t i = 1; i < macro_head->num_items; i++)
            if (str_eq(macro_head->items[i].text, e->text))
                return call->items[i];
        return out;
    }
    out.items = ARENA_ARRAY(arena, Sexpr, e->num_items);
    for (uint32_t i = 0; i < e->num_items; i++)
        out.items[i] = substituted(arena, &e->items[i], macro_head, call);
    return out;
}

const Sexpr *meaning_expand(Meaning *m, const Sexpr *call, bool *bad)
{
    *bad = false;
    for (uint32_t i = 0; i < m->set->macros.len; i++) {
        const Sexpr *const macro = &m->set->macros.data[i];
        const Sexpr *const head = &macro->items[1];
        if (!str_eq(head->items[0].text, call->items[0].text))
            continue;
        if (head->num_items != call->num_items) {
            *bad = !meaning_fail(m, call, "macro '%.*s' takes %u operands, found %u",
                                 STR_ARG(call->items[0].text), head->num_items - 1,
                                 call->num_items - 1);
            return NULL;
        }
        const Sexpr body = {SEXPR_LIST, macro->pos, macro->text, macro->items + 2,
                            macro->num_items - 2};
        Sexpr *const out = ARENA_NEW(m->set->arena, Sexpr);
        *out = substituted(m->set->arena, &body, head, call);
        return out;
    }
    return NULL;
}

static bool read_statements(Meaning *m, const Sexpr *items, uint32_t count);

static bool set_flag(Meaning *m, const Sexpr *at, Str name, Str text)
{
    const int32_t flag = meaning_flag(m->set->target, name);
    if (flag < 0)
        return meaning_fail(m, at, "'%.*s' is no result and no flag", STR_ARG(name));
    if (!meaning_lists_flag(m->row->flags_write, name))
        return meaning_fail(m, at, "flag %.*s is not among those that the row writes",
                            STR_ARG(name));
    if (m->flags[flag].len != 0)
        return meaning_fail(m, at, "flag %.*s is set twice", STR_ARG(name));
    m->flags[flag] = text;
    return true;
}

// (= NAME E), or (= (low NAME) E)
static bool read_equation(Meaning *m, const Sexpr *e)
{
    Term term;
    if (e->num_items != 3)
        return meaning_fail(m, e, "expected (= NAME EXPRESSION)");
    const Sexpr *left = &e->items[1];
    const bool loose =
        left->kind == SEXPR_LIST && left->num_items == 2 && str_eq(left->items[0].text, STR("low"));
    left = loose ? &left->items[1] : left;
    if (left->kind != SEXPR_ATOM)
        return meaning_fail(m, e, "expected (= NAME EXPRESSION) or (= (low NAME) EXPRESSION)");
    const RowOperandModel *const operand = tables_find_operand(m->row, left->text);
    if (!operand && !loose)
        return meaning_expr_of(m, &e->items[2], 1, &term) &&
               set_flag(m, left, left->text, term.text);
    if (!operand || operand->kind != ROWOP_DEF)
        return meaning_fail(m, left, "'%.*s' is no result", STR_ARG(left->text));
    const size_t index = (size_t)(operand - m->row->operands);
    if (m->defs[index].len != 0)
        return meaning_fail(m, e, "'%.*s' is set twice", STR_ARG(left->text));
    if (!meaning_expr_of(m, &e->items[2], meaning_operand_width(m, operand), &term))
        return false;
    m->defs[index] = term.text;
    m->loose[index] = loose;
    return true;
}

// (undefined FLAG...)
static bool read_undefined(Meaning *m, const Sexpr *e)
{
    for (uint32_t i = 1; i < e->num_items; i++)
        if (!set_flag(m, &e->items[i], e->items[i].text, STR("(fresh 1)")))
            return false;
    return true;
}

// (let ((NAME E)...) STATEMENT...)
static bool read_let(Meaning *m, const Sexpr *e)
{
    if (e->num_items < 3 || e->items[1].kind != SEXPR_LIST)
        return meaning_fail(m, e, "expected (let ((NAME EXPRESSION)...) STATEMENT...)");
    for (uint32_t i = 0; i < e->items[1].num_items; i++) {
        const Sexpr *const pair = &e->items[1].items[i];
        Term term;
        if (pair->kind != SEXPR_LIST || pair->num_items != 2 || pair->items[0].kind != SEXPR_ATOM)
            return meaning_fail(m, pair, "expected (NAME EXPRESSION)");
        const Str name = pair->items[0].text;
        if (tables_find_operand(m->row, name) || meaning_flag(m->set->target, name) >= 0)
            return meaning_fail(m, pair, "'%.*s' names something else already", STR_ARG(name));
        if (!meaning_expr(m, &pair->items[1], &term) || !meaning_bind(m, pair, name, term))
            return false;
    }
    return read_statements(m, e->items + 2, e->num_items - 2);
}

// (if-flags CONDITION STATEMENT NZCV): the flags of the statement, or those of an immediate.
static bool read_if_flags(Meaning *m, const Sexpr *e)
{
    Term cond, nzcv;
    if (e->num_items != 4 || m->set->target != ROW_AARCH64)
        return meaning_fail(m, e, "expected (if-flags CONDITION STATEMENT NZCV), of aarch64");
    if (!meaning_expr_of(m, &e->items[1], 0, &cond) || !meaning_expr(m, &e->items[3], &nzcv) ||
        !read_statements(m, &e->items[2], 1))
        return false;
    if (nzcv.sort != TERM_BV || nzcv.width < 4)
        return meaning_fail(m, &e->items[3], "expected 4 bits or more");
    for (uint32_t i = 0; i < 4; i++) {
        if (m->flags[i].len == 0)
            return meaning_fail(m, e, "the statement must set all flags");
        m->flags[i] =
            str_printf(m->set->arena, "(if %.*s %.*s (extract %u %u %.*s))", STR_ARG(cond.text),
                       STR_ARG(m->flags[i]), 3 - i, 3 - i, STR_ARG(nzcv.text));
    }
    return true;
}

// ---- Effects ----

static const RowOperandModel *trap_operand(const RowModel *row)
{
    for (uint32_t i = 0; i < row->num_operands; i++)
        if (str_eq(row->operands[i].imm_kind, STR("trap")))
            return &row->operands[i];
    return NULL;
}

Str meaning_trap(const Meaning *m)
{
    const RowOperandModel *const code = trap_operand(m->row);
    if (code)
        return code->name;
    for (uint32_t i = 0; i < m->row->num_operands; i++)
        if (m->row->operands[i].kind == ROWOP_MEM)
            return str_printf(m->set->arena, "(:trap %.*s)", STR_ARG(m->row->operands[i].name));
    return STR("#x00");
}

static bool push_effect(Meaning *m, Str text)
{
    VEC_PUSH(m->set->arena, &m->effects, text);
    return true;
}

static bool read_trap(Meaning *m, const Sexpr *e)
{
    Term cond;
    const RowOperandModel *const code = trap_operand(m->row);
    if (e->num_items != 2 || !code)
        return meaning_fail(m, e, "expected (trap-if CONDITION), in a row with a trap code");
    if (!meaning_expr_of(m, &e->items[1], 0, &cond))
        return false;
    m->traps = true;
    return push_effect(m, str_printf(m->set->arena, "(trap-if %.*s %.*s)", STR_ARG(cond.text),
                                     STR_ARG(code->name)));
}

// (store WHERE VALUE): a memory operand, whose width the value has, or an address.
static bool read_store(Meaning *m, const Sexpr *e)
{
    Arena *const arena = m->set->arena;
    Term address, value;
    if (e->num_items != 3)
        return meaning_fail(m, e, "expected (store WHERE VALUE)");
    m->stores = true;
    const RowOperandModel *const operand = tables_find_operand(m->row, e->items[1].text);
    if (e->items[1].kind == SEXPR_ATOM && operand && operand->kind == ROWOP_MEM) {
        const uint32_t width = meaning_operand_width(m, operand);
        const Str name = operand->name;
        return meaning_expr_of(m, &e->items[2], width, &value) &&
               push_effect(m, str_printf(arena, "(store (:address %.*s) %.*s (:trap %.*s))",
                                         STR_ARG(name), STR_ARG(value.text), STR_ARG(name)));
    }
    if (!meaning_expr_of(m, &e->items[1], 64, &address) || !meaning_expr(m, &e->items[2], &value))
        return false;
    if (value.sort != TERM_BV)
        return meaning_fail(m, e, "a store of what are no bits");
    return push_effect(m, str_printf(arena, "(store %.*s %.*s %.*s)", STR_ARG(address.text),
                                     STR_ARG(value.text), STR_ARG(meaning_trap(m))));
}

static bool read_goto(Meaning *m, const Sexpr *e)
{
    Term successor;
    m->branches = true;
    if (e->num_items != 2)
        return meaning_fail(m, e, "expected (goto SUCCESSOR)");
    return meaning_expr_of(m, &e->items[1], 32, &successor) &&
           push_effect(m, str_printf(m->set->arena, "(goto %.*s)", STR_ARG(successor.text)));
}

static bool read_set_pinned(Meaning *m, const Sexpr *e)
{
    Term value;
    if (e->num_items != 2)
        return meaning_fail(m, e, "expected (set-pinned VALUE)");
    return meaning_expr_of(m, &e->items[1], 64, &value) &&
           push_effect(m, str_printf(m->set->arena, "(set-pinned %.*s)", STR_ARG(value.text)));
}

static bool read_plain_effect(Meaning *m, const Sexpr *e)
{
    if (e->num_items != 1)
        return meaning_fail(m, e, "'%.*s' takes no operands", STR_ARG(e->items[0].text));
    return push_effect(m, str_printf(m->set->arena, "(%.*s)", STR_ARG(e->items[0].text)));
}

// What neither values nor memory show.
static bool read_nothing(Meaning *m, const Sexpr *e)
{
    if (e->num_items != 1)
        return meaning_fail(m, e, "'nothing' takes no operands");
    return push_effect(m, STR("true"));
}

// Calls, returns and the like, with an operand or none: lowering handles them without rules, and
// says what they do. `target` is the symbol that the instruction names.
static bool read_opaque(Meaning *m, const Sexpr *e)
{
    m->opaque = true;
    for (uint32_t i = 1; i < e->num_items; i++)
        if (!str_eq(e->items[i].text, STR("target")) &&
            !tables_find_operand(m->row, e->items[i].text))
            return meaning_fail(m, &e->items[i], "'%.*s' is no operand", STR_ARG(e->items[i].text));
    return true;
}

// ---- Statements ----

static const struct {
    const char *head;
    bool (*read)(Meaning *m, const Sexpr *e);
} statements[] = {
    {"=", read_equation},
    {"undefined", read_undefined},
    {"let", read_let},
    {"if-flags", read_if_flags},
    {"trap-if", read_trap},
    {"store", read_store},
    {"goto", read_goto},
    {"set-pinned", read_set_pinned},
    {"fence", read_plain_effect},
    {"breakpoint", read_plain_effect},
    {"nothing", read_nothing},
    {"call", read_opaque},
    {"tail-call", read_opaque},
    {"return", read_opaque},
    {"arguments", read_opaque},
    {"push", read_opaque},
    {"pop", read_opaque},
    {"goto-address", read_opaque},
    {"symbol", read_opaque},
};

static bool read_statement(Meaning *m, const Sexpr *e)
{
    if (e->kind != SEXPR_LIST || e->num_items == 0 || e->items[0].kind != SEXPR_ATOM)
        return meaning_fail(m, e, "expected a statement: (= ...), an effect, (let ...) or a macro");
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
        if (str_eq_c(e->items[0].text, statements[i].head))
            return statements[i].read(m, e);
    bool bad;
    const Sexpr *const body = meaning_expand(m, e, &bad);
    if (bad)
        return false;
    if (!body)
        return meaning_fail(m, e, "'%.*s' is no statement or macro", STR_ARG(e->items[0].text));
    const Sexpr *const outer = m->in_macro;
    m->in_macro = outer ? outer : e;
    const bool good = read_statements(m, body->items, body->num_items);
    m->in_macro = outer;
    return good;
}

static bool read_statements(Meaning *m, const Sexpr *items, uint32_t count)
{
    if (m->depth == 100)
        return meaning_fail(m, items, "macros nested too deep");
    m->depth++;
    bool good = true;
    for (uint32_t i = 0; good && i < count; i++)
        good = read_statement(m, &items[i]);
    m->depth--;
    return good;
}

// Every result and every flag written has been said something of; effects are the declared ones.
static bool check_complete(Meaning *m)
{
    const RowModel *const row = m->row;
    for (uint32_t i = 0; i < row->num_operands && !m->opaque; i++) {
        const RowOperandModel *const operand = &row->operands[i];
        if (operand->kind == ROWOP_DEF && operand->name.data[0] != '_' && m->defs[i].len == 0)
            return meaning_fail(m, row->meaning, "no equation for '%.*s'", STR_ARG(operand->name));
    }
    const char *const *const names = meaning_flag_names(m->set->target);
    for (uint32_t i = 0; i < MEANING_FLAGS && names[i]; i++)
        if (meaning_lists_flag(row->flags_write, str_from(names[i])) && m->flags[i].len == 0)
            return meaning_fail(m, row->meaning, "flag %s is neither set nor undefined", names[i]);
    if (m->stores && !row_has_effect(row, STR("store")))
        return meaning_fail(m, row->meaning, "stores, which its effects don't say");
    if (m->traps && !row_has_effect(row, STR("trap")))
        return meaning_fail(m, row->meaning, "traps, which its effects don't say");
    if (m->branches != row_has_effect(row, STR("branch")) && !m->opaque)
        return meaning_fail(m, row->meaning, "meaning and effects differ in being a branch");
    return true;
}

bool meaning_read(Meaning *m)
{
    const Sexpr *const clause = m->row->meaning;
    return read_statements(m, clause->items + 1, clause->num_items - 1) && check_complete(m);
}
