// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From S-expressions to row models: `foreach` expansion and the clauses of an instruction.

#include "isle-rules/tables/tables.h"

typedef struct RowReader {
    RowSet *set;
    Source *source;
    Diag *diag;
} RowReader;

static Status fail(RowReader *r, const Sexpr *at, const char *what)
{
    return diag_error(r->diag, STATUS_INVALID, r->source, at->pos, "%s", what);
}

static bool is_list(const Sexpr *e)
{
    return e->kind == SEXPR_LIST;
}

static bool is_atom(const Sexpr *e)
{
    return e->kind == SEXPR_ATOM;
}

// Whether `e` is a list that starts with the atom `head`.
static bool has_head(const Sexpr *e, Str head)
{
    return is_list(e) && e->num_items != 0 && is_atom(&e->items[0]) &&
           str_eq(e->items[0].text, head);
}

static bool parse_number(Str text, uint32_t *out)
{
    uint32_t n = 0;
    if (text.len == 0 || text.len > 6)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        n = n * 10 + (uint32_t)(text.data[i] - '0');
    }
    *out = n;
    return true;
}

// ---- Operands ----

static Status read_class(RowReader *r, const Sexpr *e, RowOperandModel *out)
{
    if (str_eq(e->text, STR("vec")))
        out->is_vec = true;
    else if (!str_eq(e->text, STR("gpr")))
        return fail(r, e, "expected an operand class: gpr or vec");
    return STATUS_OK;
}

static Status read_modifier(RowReader *r, const Sexpr *e, RowOperandModel *out)
{
    uint32_t bytes;
    if (is_atom(e) && str_eq(e->text, STR("early")))
        out->early = true;
    else if (is_atom(e) && str_eq(e->text, STR("late")))
        out->late = true;
    else if (is_atom(e) && str_eq(e->text, STR("any")))
        out->any = true;
    else if (is_atom(e) && out->kind == ROWOP_RM && str_eq(e->text, STR("vec")))
        out->is_vec = true;
    else if (is_atom(e) && parse_number(e->text, &bytes))
        out->bytes = bytes;
    else if (has_head(e, STR("fixed")) && e->num_items == 2)
        out->fixed = e->items[1].text;
    else if (has_head(e, STR("reuse")) && e->num_items == 2)
        out->reuse = e->items[1].text;
    else
        return fail(r, e, "expected early, late, any, a width, (fixed REG) or (reuse USE)");
    return STATUS_OK;
}

static const struct {
    const char *name;
    RowOperandKind kind;
    bool has_class;
} operand_forms[] = {
    {"def", ROWOP_DEF, true},      {"use", ROWOP_USE, true},  {"rm", ROWOP_RM, false},
    {"mem", ROWOP_MEM, false},     {"imm", ROWOP_IMM, false}, {"cc", ROWOP_CC, false},
    {"label", ROWOP_LABEL, false},
};

static Status read_operand(RowReader *r, const Sexpr *e, RowOperandModel *out)
{
    *out = (RowOperandModel){.pos = e->pos};
    if (!is_list(e) || e->num_items == 0)
        return fail(r, e, "expected an operand: (def ...), (use ...), (rm ...), ...");
    size_t form = 0;
    const size_t num_forms = sizeof(operand_forms) / sizeof(operand_forms[0]);
    while (form < num_forms && !str_eq_c(e->items[0].text, operand_forms[form].name))
        form++;
    if (form == num_forms)
        return fail(r, &e->items[0], "expected def, use, rm, mem, imm, cc or label");
    out->kind = operand_forms[form].kind;
    if (out->kind == ROWOP_LABEL)
        return STATUS_OK;
    if (e->num_items < 2 || !is_atom(&e->items[1]))
        return fail(r, e, "expected an operand name");
    out->name = e->items[1].text;
    uint32_t next = 2;
    if (operand_forms[form].has_class) {
        if (e->num_items < 3)
            return fail(r, e, "expected an operand class");
        TRY(read_class(r, &e->items[next++], out));
    }
    if (out->kind == ROWOP_IMM) {
        if (e->num_items != 3)
            return fail(r, e, "expected (imm NAME KIND)");
        out->imm_kind = e->items[next++].text;
    }
    for (; next < e->num_items; next++)
        TRY(read_modifier(r, &e->items[next], out));
    return STATUS_OK;
}

// ---- Clauses ----

static Status read_sizes(RowReader *r, const Sexpr *list, uint32_t first, uint32_t *out)
{
    *out = 0;
    for (uint32_t i = first; i < list->num_items; i++) {
        uint32_t bytes;
        if (!parse_number(list->items[i].text, &bytes) || bytes == 0 || bytes > 16)
            return fail(r, &list->items[i], "expected a width in bytes");
        *out |= 1u << bytes;
    }
    return STATUS_OK;
}

static Status read_encode(RowReader *r, const Sexpr *clause, RowModel *row)
{
    for (uint32_t i = 1; i < clause->num_items; i++) {
        const Sexpr *const e = &clause->items[i];
        if (row->num_encodings == ROW_MODEL_ENCODINGS)
            return fail(r, e, "too many encodings");
        RowEncoding *const encoding = &row->encodings[row->num_encodings++];
        encoding->pos = e->pos;
        if (e->kind == SEXPR_STRING) {
            encoding->text = e->text;
            continue;
        }
        if (!is_list(e) || e->num_items < 2 || e->items[e->num_items - 1].kind != SEXPR_STRING)
            return fail(r, e, "expected \"ENCODING\" or (SIZE... \"ENCODING\")");
        const Sexpr sizes = {SEXPR_LIST, e->pos, e->text, e->items, e->num_items - 1};
        TRY(read_sizes(r, &sizes, 0, &encoding->sizes));
        encoding->text = e->items[e->num_items - 1].text;
    }
    return STATUS_OK;
}

static Status read_operands(RowReader *r, const Sexpr *clause, RowModel *row)
{
    for (uint32_t i = 1; i < clause->num_items; i++) {
        if (row->num_operands == ROW_MODEL_OPERANDS)
            return fail(r, &clause->items[i], "too many operands");
        TRY(read_operand(r, &clause->items[i], &row->operands[row->num_operands++]));
    }
    return STATUS_OK;
}

static Status read_flags(RowReader *r, const Sexpr *clause, RowModel *row)
{
    for (uint32_t i = 1; i < clause->num_items; i++) {
        const Sexpr *const e = &clause->items[i];
        if (has_head(e, STR("read")))
            row->flags_read = e;
        else if (has_head(e, STR("write")))
            row->flags_write = e;
        else
            return fail(r, e, "expected (read FLAG...) or (write FLAG...)");
    }
    return STATUS_OK;
}

static Status read_clause(RowReader *r, const Sexpr *clause, RowModel *row)
{
    if (has_head(clause, STR("sizes")))
        return read_sizes(r, clause, 1, &row->sizes);
    if (has_head(clause, STR("operands")))
        return read_operands(r, clause, row);
    if (has_head(clause, STR("flags")))
        return read_flags(r, clause, row);
    if (has_head(clause, STR("encode")))
        return read_encode(r, clause, row);
    if (has_head(clause, STR("asm")) && clause->num_items == 2)
        row->asm_text = clause->items[1].text;
    else if (has_head(clause, STR("clobbers")))
        row->clobbers = clause;
    else if (has_head(clause, STR("effects")))
        row->effects = clause;
    else if (has_head(clause, STR("features")))
        row->features = clause;
    else if (has_head(clause, STR("meaning")))
        row->meaning = clause;
    else
        return fail(r, clause,
                    "expected a clause: sizes, operands, flags, clobbers, effects, "
                    "features, encode, asm or meaning");
    return STATUS_OK;
}

static Status read_inst(RowReader *r, const Sexpr *form)
{
    if (form->num_items < 2 || !is_atom(&form->items[1]))
        return fail(r, form, "expected (inst NAME CLAUSE...)");
    RowModel row = {.name = form->items[1].text, .source = r->source, .pos = form->pos};
    if (strtable_find(&r->set->names, row.name) != MAP_NONE)
        return diag_error(r->diag, STATUS_INVALID, r->source, form->items[1].pos,
                          "instruction '%.*s' is defined twice", STR_ARG(row.name));
    strtable_add(r->set->arena, &r->set->names, row.name);
    for (uint32_t i = 2; i < form->num_items; i++)
        TRY(read_clause(r, &form->items[i], &row));
    if (row.asm_text.len == 0)
        return fail(r, form, "the instruction has no (asm ...)");
    VEC_PUSH(r->set->arena, &r->set->rows, row);
    return STATUS_OK;
}

// ---- foreach ----

typedef struct Binding {
    const Sexpr *names, *values; // lists of equal length
} Binding;

// `text` with each {NAME} replaced.
static Str substitute_text(Arena *arena, Str text, const Binding *binding)
{
    StrBuf buf = {.arena = arena};
    for (size_t i = 0; i < text.len;) {
        uint32_t n = binding->names->num_items;
        if (text.data[i] == '{')
            for (n = 0; n < binding->names->num_items; n++) {
                const Str name = binding->names->items[n].text;
                const Str rest = {text.data + i + 1, text.len - i - 1};
                if (str_starts_with(rest, name) && rest.len > name.len &&
                    rest.data[name.len] == '}')
                    break;
            }
        if (n == binding->names->num_items) {
            buf_char(&buf, text.data[i++]);
            continue;
        }
        sexpr_print(&binding->values->items[n], &buf);
        i += binding->names->items[n].text.len + 2;
    }
    return buf_view(&buf);
}

static Sexpr substitute(Arena *arena, const Sexpr *e, const Binding *binding)
{
    Sexpr out = *e;
    if (!is_list(e)) {
        for (uint32_t n = 0; is_atom(e) && n < binding->names->num_items; n++) {
            const Str name = binding->names->items[n].text;
            if (e->text.len == name.len + 2 && e->text.data[0] == '{' &&
                str_eq((Str){e->text.data + 1, name.len}, name) &&
                e->text.data[e->text.len - 1] == '}')
                return binding->values->items[n];
        }
        out.text = substitute_text(arena, e->text, binding);
        return out;
    }
    out.items = ARENA_ARRAY(arena, Sexpr, e->num_items);
    for (uint32_t i = 0; i < e->num_items; i++)
        out.items[i] = substitute(arena, &e->items[i], binding);
    return out;
}

static Status read_toplevel(RowReader *r, const Sexpr *form);

static Status read_foreach(RowReader *r, const Sexpr *form)
{
    if (form->num_items < 4 || !is_list(&form->items[1]) || !is_list(&form->items[2]))
        return fail(r, form, "expected (foreach (VAR...) ((VALUE...)...) FORM...)");
    const Sexpr *const names = &form->items[1];
    const Sexpr *const tuples = &form->items[2];
    for (uint32_t t = 0; t < tuples->num_items; t++) {
        const Sexpr *const tuple = &tuples->items[t];
        if (!is_list(tuple) || tuple->num_items != names->num_items)
            return fail(r, tuple, "expected as many values as there are variables");
        const Binding binding = {names, tuple};
        for (uint32_t i = 3; i < form->num_items; i++) {
            const Sexpr copy = substitute(r->set->arena, &form->items[i], &binding);
            TRY(read_toplevel(r, &copy));
        }
    }
    return STATUS_OK;
}

static Status read_target(RowReader *r, const Sexpr *form)
{
    if (form->num_items != 2)
        return fail(r, form, "expected (target x64) or (target aarch64)");
    const bool x64 = str_eq(form->items[1].text, STR("x64"));
    if (!x64 && !str_eq(form->items[1].text, STR("aarch64")))
        return fail(r, &form->items[1], "expected x64 or aarch64");
    const RowTarget target = x64 ? ROW_X64 : ROW_AARCH64;
    if (r->set->has_target && r->set->target != target)
        return fail(r, form, "the files name different targets");
    r->set->target = target;
    r->set->has_target = true;
    return STATUS_OK;
}

static Status read_toplevel(RowReader *r, const Sexpr *form)
{
    if (has_head(form, STR("target")))
        return read_target(r, form);
    if (has_head(form, STR("foreach")))
        return read_foreach(r, form);
    if (has_head(form, STR("inst")))
        return read_inst(r, form);
    if (has_head(form, STR("macro"))) {
        VEC_PUSH(r->set->arena, &r->set->macros, *form);
        return STATUS_OK;
    }
    return fail(r, form, "expected (target ...), (inst ...), (macro ...) or (foreach ...)");
}

Status rows_read(RowSet *set, Source *source, Diag *diag)
{
    RowReader reader = {set, source, diag};
    Sexpr *const forms = ARENA_NEW(set->arena, Sexpr);
    TRY(sexpr_read(set->arena, source, forms, diag));
    Status status = STATUS_OK;
    for (uint32_t i = 0; i < forms->num_items; i++) {
        const Status one = read_toplevel(&reader, &forms->items[i]);
        status = status == STATUS_OK ? one : status;
    }
    if (status == STATUS_OK && !set->has_target)
        return fail(&reader, forms, "the file names no target");
    return status;
}

bool row_has_size_param(const RowModel *row)
{
    return __builtin_popcount(row->sizes) > 1;
}

bool row_has_effect(const RowModel *row, Str effect)
{
    for (uint32_t i = 1; row->effects && i < row->effects->num_items; i++)
        if (str_eq(row->effects->items[i].text, effect))
            return true;
    return false;
}
