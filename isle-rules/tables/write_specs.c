// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the specifications of rows' constructors. A row of several sizes has an arm for each:
//
//   (spec (x64_not_r size src)
//     (require (or (= size #x01) (= size #x04)))
//     (provide (switch size (#x01 (let ((src_v (extract 7 0 src))) (= result ...))) ...)))
//
// so that all widths are numbers. Immediates must be ones that their kind can encode, and the CPU
// must have the row's features: those are states, which the rules' questions for features speak of
// too.

#include "isle-rules/tables/meaning_internal.h"

// ---- Immediates ----

// The condition under which an immediate of `kind` can be encoded at a width; empty: always.
static Str immediate_range(Arena *arena, const RowOperandModel *operand, uint32_t width)
{
    static const struct {
        const char *kind;
        uint32_t limit;
    } limits[] = {{"u8", 128}, {"cond", 16}, {"uimm4", 16}, {"uimm5", 32}, {"uimm16", 65536}};
    const Str name = operand->name, kind = operand->imm_kind;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        if (str_eq_c(kind, limits[i].kind))
            return str_printf(arena, "(bvult %.*s (int2bv 64 %u))", STR_ARG(name), limits[i].limit);
    if (str_eq(kind, STR("uimm6")))
        return str_printf(arena, "(bvult %.*s (int2bv 64 %u))", STR_ARG(name), width);
    if (str_eq(kind, STR("atomicop")))
        return str_printf(arena, "(is_atomic_op! %.*s)", STR_ARG(name));
    if (str_eq(kind, STR("hwshift")))
        return str_printf(arena, "(hwshift_in_range! %.*s (int2bv 64 %u))", STR_ARG(name), width);
    // What is as wide as the operation may be a signed or an unsigned number.
    if (str_eq(kind, STR("i64")) && width == 32)
        return str_printf(arena, "(fits_imm32! %.*s)", STR_ARG(name));
    if (str_eq(kind, STR("i32")))
        return width == 64 ? str_printf(arena, "(fits_i32! %.*s)", STR_ARG(name))
                           : str_printf(arena, "(fits_imm%u! %.*s)", width, STR_ARG(name));
    if (str_eq(kind, STR("uimm12")))
        return str_printf(arena, "(is_uimm12! %.*s)", STR_ARG(name));
    if (str_eq(kind, STR("bitmask")))
        return str_printf(arena, "(is_bitmask_%u! (extract %u 0 %.*s))", width, width - 1,
                          STR_ARG(name));
    if (str_eq(kind, STR("fpimm8")))
        return str_printf(arena, "(is_fpimm8_%u! (extract %u 0 %.*s))", width, width - 1,
                          STR_ARG(name));
    return STR("");
}

static void write_ranges(const Meaning *m, StrBuf *out)
{
    buf_puts(out, "(and true");
    for (uint32_t i = 0; i < m->row->num_operands; i++) {
        const RowOperandModel *const operand = &m->row->operands[i];
        Str range = STR("");
        if (operand->kind == ROWOP_IMM)
            range = immediate_range(m->set->arena, operand, meaning_operand_width(m, operand));
        else if (operand->kind == ROWOP_CC)
            range = str_printf(m->set->arena, "(%s_cond_in_range! %.*s)",
                               tables_target_lower(m->set->target), STR_ARG(operand->name));
        if (range.len != 0)
            buf_printf(out, " %.*s", STR_ARG(range));
    }
    buf_char(out, ')');
}

// ---- Results ----

// A def as all bits of its register.
static void write_def(const Meaning *m, uint32_t index, StrBuf *out)
{
    const RowOperandModel *const def = &m->row->operands[index];
    const uint32_t width = meaning_operand_width(m, def), all = def->is_vec ? 128 : 64;
    const Str text = m->defs[index];
    const bool x64 = m->set->target == ROW_X64;
    if (width == all)
        buf_str(out, text);
    else if (m->loose[index])
        buf_printf(out, "(conv_to %u %.*s)", all, STR_ARG(text));
    else if (!x64 || (width == 32 && !def->is_vec))
        buf_printf(out, "(zero_ext %u %.*s)", all, STR_ARG(text));
    else if (def->reuse.len != 0 && !def->is_vec)
        buf_printf(out, "(concat (extract 63 %u %.*s) %.*s)", width, STR_ARG(def->reuse),
                   STR_ARG(text));
    else
        buf_printf(out, "(conv_to %u %.*s)", all, STR_ARG(text));
}

static void write_flags(const Meaning *m, StrBuf *out)
{
    const char *const *const names = meaning_flag_names(m->set->target);
    buf_puts(out, "(struct");
    for (uint32_t i = 0; i < MEANING_FLAGS && names[i]; i++) {
        const Str text = m->flags[i].len != 0 ? m->flags[i] : STR("(fresh 1)");
        buf_printf(out, " (%s %.*s)", names[i], STR_ARG(text));
    }
    buf_char(out, ')');
}

// The equation of `result`.
static void write_result(const Meaning *m, bool flags_form, StrBuf *out)
{
    const RowResult result = tables_row_result(m->row);
    static const char *const halves[2] = {"lo", "hi"};
    uint32_t seen = 0;
    if (strcmp(result.type, "Unit") == 0) {
        buf_puts(out, " true");
        return;
    }
    buf_puts(out, " (= result ");
    if (result.defs == 2 || flags_form)
        buf_puts(out, "(struct");
    if (result.defs == 1 && flags_form)
        buf_puts(out, " (reg ");
    for (uint32_t i = 0; i < m->row->num_operands; i++) {
        if (!tables_is_result(&m->row->operands[i]))
            continue;
        if (result.defs == 2)
            buf_printf(out, " (%s ", halves[seen++]);
        write_def(m, i, out);
        if (result.defs == 2)
            buf_char(out, ')');
    }
    if (flags_form)
        buf_puts(out, result.defs == 2 ? " (flags " : ") (flags ");
    else if (result.defs == 2)
        buf_char(out, ')');
    if (result.defs == 0 || flags_form)
        write_flags(m, out);
    buf_puts(out, flags_form ? ")))" : ")");
}

// What happens at one size.
static void write_body(const Meaning *m, bool flags_form, StrBuf *out)
{
    for (uint32_t i = 0; i < m->lets.len; i++)
        if (m->lets.data[i].term.sort != TERM_INT)
            buf_printf(out, "(let ((%.*s %.*s))\n        ", STR_ARG(m->lets.data[i].name),
                       STR_ARG(m->lets.data[i].term.text));
    buf_puts(out, "(and");
    for (uint32_t i = 0; i < m->effects.len; i++)
        buf_printf(out, " %.*s", STR_ARG(m->effects.data[i]));
    write_result(m, flags_form, out);
    buf_char(out, ')');
    for (uint32_t i = 0; i < m->lets.len; i++)
        if (m->lets.data[i].term.sort != TERM_INT)
            buf_char(out, ')');
}

// ---- Specifications ----

static void write_head(const RowSet *set, const RowModel *row, const char *suffix, StrBuf *out)
{
    buf_printf(out, "(spec (%s_%.*s%s", tables_target_lower(set->target), STR_ARG(row->name),
               suffix);
    if (row_has_size_param(row))
        buf_puts(out, " size");
    for (uint32_t i = 0; i < row->num_operands; i++)
        if (tables_param_type(&row->operands[i], true))
            buf_printf(out, " %.*s", STR_ARG(row->operands[i].name));
    buf_puts(out, row->flags_read ? " flags)\n" : ")\n");
}

static Str feature(const RowModel *row, uint32_t i)
{
    return row->features->items[i + 1].text;
}

static uint32_t num_features(const RowModel *row)
{
    return row->features ? row->features->num_items - 1 : 0;
}

// A row that not all CPUs have may be used only where the rule has asked for it.
static void write_features(const RowModel *row, StrBuf *out)
{
    for (uint32_t i = 0; i < num_features(row); i++)
        buf_printf(out, "cpu_%.*s ", STR_ARG(feature(row, i)));
}

// What the CPU has: the same wherever it is asked for, and not known.
static void write_states(const RowSet *set, StrBuf *out)
{
    StrTable seen = {0};
    for (uint32_t r = 0; r < set->rows.len; r++)
        for (uint32_t i = 0; i < num_features(&set->rows.data[r]); i++) {
            const Str name = feature(&set->rows.data[r], i);
            if (strtable_find(&seen, name) == MAP_NONE)
                buf_printf(out, "(state cpu_%.*s (type Bool) (default true))\n", STR_ARG(name));
            strtable_add(out->arena, &seen, name);
        }
}

// One constructor. `meanings` has one for each size.
static void write_spec(const Meaning *meanings, uint32_t count, bool flags_form, StrBuf *out)
{
    const RowModel *const row = meanings->row;
    const bool sized = row_has_size_param(row);
    write_head(meanings->set, row, flags_form ? "_flags" : "", out);
    buf_puts(out, "  (require ");
    write_features(row, out);
    if (sized) {
        buf_puts(out, "(or");
        for (uint32_t i = 0; i < count; i++)
            buf_printf(out, " (= size #x%02x)", meanings[i].bytes);
        buf_puts(out, ")\n    (switch size");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (sized)
            buf_printf(out, " (#x%02x ", meanings[i].bytes);
        write_ranges(&meanings[i], out);
        buf_puts(out, sized ? ")" : "");
    }
    buf_puts(out, sized ? "))\n  (provide (switch size" : ")\n  (provide ");
    for (uint32_t i = 0; i < count; i++) {
        if (sized)
            buf_printf(out, "\n      (#x%02x ", meanings[i].bytes);
        write_body(&meanings[i], flags_form, out);
        buf_puts(out, sized ? ")" : "");
    }
    buf_puts(out, sized ? ")))\n" : "))\n");
}

static bool write_row(const RowSet *set, const RowModel *row, StrBuf *out, Diag *diag)
{
    enum { SIZES_MAX = 5 };
    Meaning meanings[SIZES_MAX];
    uint32_t count = 0;
    bool opaque = false;
    for (uint32_t bytes = row->sizes == 0 ? 0 : 1; bytes <= 16; bytes *= 2) {
        if (row->sizes != 0 && !(row->sizes & 1u << bytes))
            continue;
        Meaning *const m = &meanings[count++];
        *m = (Meaning){.set = set, .row = row, .diag = diag, .bytes = bytes};
        if (!meaning_read(m))
            return false;
        opaque = opaque || m->opaque;
        if (bytes == 0)
            break;
    }
    if (opaque)
        return true;
    write_spec(meanings, count, false, out);
    if (tables_has_flags_form(row))
        write_spec(meanings, count, true, out);
    return true;
}

Status rows_write_specs(const RowSet *set, StrBuf *out, Diag *diag)
{
    bool good = true;
    tables_write_banner(set, ";;", out);
    write_states(set, out);
    for (uint32_t i = 0; i < set->rows.len; i++) {
        const RowModel *const row = &set->rows.data[i];
        if (row->meaning)
            good = write_row(set, row, out, diag) && good;
        else
            good = diag_error(diag, STATUS_INVALID, row->source, row->pos, "'%.*s' has no meaning",
                              STR_ARG(row->name)) == STATUS_OK;
    }
    return good ? STATUS_OK : STATUS_INVALID;
}
