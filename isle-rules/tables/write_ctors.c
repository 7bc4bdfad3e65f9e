// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the constructors of rows: inline C functions over LowerCtx that append one MInst, and
// their ISLE declarations. A constructor takes the size (if the row has several), the operands in
// row order, and a Flags token if the row reads flags. It returns the def (a pair for two), or a
// Flags token for a row that only writes flags, or Unit.

#include "isle-rules/tables/tables_internal.h"

bool tables_is_result(const RowOperandModel *operand)
{
    return operand->kind == ROWOP_DEF && operand->name.data[0] != '_';
}

RowResult tables_row_result(const RowModel *row)
{
    uint32_t defs = 0;
    bool is_vec = false;
    for (uint32_t i = 0; i < row->num_operands; i++) {
        defs += tables_is_result(&row->operands[i]);
        is_vec |= tables_is_result(&row->operands[i]) && row->operands[i].is_vec;
    }
    if (defs == 2)
        return (RowResult){"RegPair", 2};
    if (defs == 1)
        return (RowResult){is_vec ? "Fpr" : "Gpr", 1};
    if (row->flags_write && !row_has_effect(row, STR("call")))
        return (RowResult){"Flags", 0};
    return (RowResult){"Unit", 0};
}

// The C and ISLE type of a parameter, NULL when the operand is none.
const char *tables_param_type(const RowOperandModel *operand, bool isle)
{
    switch (operand->kind) {
    case ROWOP_DEF:
    case ROWOP_LABEL: return NULL;
    case ROWOP_USE: return operand->is_vec ? "Fpr" : "Gpr";
    case ROWOP_RM:
        if (operand->is_vec)
            return isle ? "FprMem" : "RegMemRef";
        return isle ? "GprMem" : "RegMemRef";
    case ROWOP_MEM: return isle ? "Amode" : "AmodeRef";
    case ROWOP_IMM:
        if (str_eq(operand->imm_kind, STR("trap")))
            return "TrapCode";
        return isle ? "i64" : "int64_t";
    case ROWOP_CC: return "Cond";
    }
    UNREACHABLE();
}

static void write_register(const RowSet *set, const RowModel *row, const RowOperandModel *operand,
                           StrBuf *out)
{
    const bool def = operand->kind == ROWOP_DEF;
    const bool late = def ? !operand->early : operand->late;
    const char *constraint = operand->any ? "CONSTRAINT_ANY" : "CONSTRAINT_REG";
    StrBuf reg = {.arena = set->arena};
    if (operand->fixed.len != 0) {
        constraint = "CONSTRAINT_FIXED";
        tables_preg_expression(set->target, operand->fixed, &reg);
    } else if (operand->reuse.len != 0) {
        constraint = "CONSTRAINT_REUSE";
        buf_printf(&reg, "%d", tables_minst_operand(row, operand->reuse));
    } else {
        buf_char(&reg, '0');
    }
    buf_puts(out, "    lower_operand(ctx, ");
    if (def)
        buf_printf(out, "def_%.*s", STR_ARG(operand->name));
    else
        buf_printf(out, "%.*s.reg", STR_ARG(operand->name));
    buf_printf(out, ", OPERAND_%s, %s, %s, %.*s);\n", def ? "DEF" : "USE",
               late ? "POS_LATE" : "POS_EARLY", constraint, STR_ARG(buf_view(&reg)));
}

static void write_c_params(const RowModel *row, StrBuf *out)
{
    buf_puts(out, "LowerCtx *ctx");
    if (row_has_size_param(row))
        buf_puts(out, ", uint8_t size");
    for (uint32_t i = 0; i < row->num_operands; i++) {
        const char *const type = tables_param_type(&row->operands[i], false);
        if (type)
            buf_printf(out, ", %s %.*s", type, STR_ARG(row->operands[i].name));
    }
    if (row->flags_read)
        buf_puts(out, ", Flags flags");
}

static void write_c_fields(const RowModel *row, StrBuf *out)
{
    for (uint32_t i = 0; i < row->num_operands; i++) {
        const RowOperandModel *const operand = &row->operands[i];
        const int32_t number = tables_immediate_number(row, operand->name);
        if (operand->kind == ROWOP_CC)
            buf_printf(out, "    inst->cc = %.*s;\n", STR_ARG(operand->name));
        else if (operand->kind == ROWOP_IMM && number < 0)
            buf_printf(out, "    inst->trap = %.*s;\n", STR_ARG(operand->name));
        else if (operand->kind == ROWOP_IMM)
            buf_printf(
                out, number == 0 ? "    inst->imm = %.*s;\n" : "    inst->disp = (int32_t)%.*s;\n",
                STR_ARG(operand->name));
        else if (tables_operand_is_memory(operand))
            buf_printf(out, "    lower_operand_%s(ctx, inst, %.*s);\n",
                       operand->kind == ROWOP_RM ? "rm" : "mem", STR_ARG(operand->name));
    }
}

// A row with results that also writes flags has a second constructor, NAME_flags, that returns all.
bool tables_has_flags_form(const RowModel *row)
{
    return row->flags_write && tables_row_result(row).defs != 0;
}

static const char *flags_form_type(const RowModel *row)
{
    return tables_row_result(row).defs == 2 ? "RegPairFlags" : "GprFlags";
}

static void write_c_return(const RowModel *row, const RowResult *result, StrBuf *out)
{
    if (result->defs == 0) {
        buf_printf(out, "    return (%s){0};\n", result->type);
        return;
    }
    buf_printf(out, "    return (%s){", result->type);
    bool first = true;
    for (uint32_t i = 0; i < row->num_operands; i++) {
        if (!tables_is_result(&row->operands[i]))
            continue;
        buf_printf(out, "%sdef_%.*s", first ? "" : ", ", STR_ARG(row->operands[i].name));
        first = false;
    }
    buf_puts(out, "};\n");
}

// The only size of a row, 0 when it has none.
static uint32_t only_size(const RowModel *row)
{
    return row->sizes == 0 ? 0 : (uint32_t)__builtin_ctz(row->sizes);
}

static void write_constructor(const RowSet *set, const RowModel *row, StrBuf *out)
{
    const RowResult result = tables_row_result(row);
    buf_printf(out, "static inline %s %s_%.*s(", result.type, tables_target_lower(set->target),
               STR_ARG(row->name));
    write_c_params(row, out);
    buf_puts(out, ")\n{\n    MInst *const inst = lower_begin(ctx, ");
    tables_write_row_id(set, row, out);
    if (row_has_size_param(row))
        buf_puts(out, ", size);\n");
    else
        buf_printf(out, ", %u);\n", only_size(row));
    for (uint32_t i = 0; i < row->num_operands; i++)
        if (row->operands[i].kind == ROWOP_DEF)
            buf_printf(out, "    const VReg def_%.*s = lower_new_vreg(ctx, %s);\n",
                       STR_ARG(row->operands[i].name),
                       row->operands[i].is_vec ? "REG_FLOAT" : "REG_INT");
    for (uint32_t i = 0; i < row->num_operands; i++)
        if (tables_operand_is_register(&row->operands[i]))
            write_register(set, row, &row->operands[i], out);
    write_c_fields(row, out);
    if (row->flags_read)
        buf_puts(out, "    (void)flags;\n");
    buf_puts(out, "    lower_end(ctx, inst);\n");
    write_c_return(row, &result, out);
    buf_puts(out, "}\n\n");
}

// The constructor NAME_flags: as NAME, with a Flags token beside the result.
static void write_flags_form(const RowSet *set, const RowModel *row, StrBuf *out)
{
    const RowResult result = tables_row_result(row);
    const char *const type = flags_form_type(row);
    buf_printf(out, "static inline %s %s_%.*s_flags(", type, tables_target_lower(set->target),
               STR_ARG(row->name));
    write_c_params(row, out);
    buf_printf(out, ")\n{\n    const %s result = %s_%.*s(ctx", result.type,
               tables_target_lower(set->target), STR_ARG(row->name));
    if (row_has_size_param(row))
        buf_puts(out, ", size");
    for (uint32_t i = 0; i < row->num_operands; i++)
        if (tables_param_type(&row->operands[i], false))
            buf_printf(out, ", %.*s", STR_ARG(row->operands[i].name));
    if (row->flags_read)
        buf_puts(out, ", flags");
    buf_printf(out, ");\n    return (%s){%s};\n}\n\n", type,
               result.defs == 2 ? "result.lo, result.hi" : "result.reg");
}

void rows_write_constructors(const RowSet *set, StrBuf *out)
{
    const char *const upper = tables_target_upper(set->target);
    tables_write_banner(set, "//", out);
    buf_printf(out,
               "#ifndef %s_CTORS_H\n#define %s_CTORS_H\n\n#include \"lower/lower.h\"\n\n"
               "#include \"%s_rows.h\"\n\n",
               upper, upper, tables_target_lower(set->target));
    for (uint32_t i = 0; i < set->rows.len; i++) {
        write_constructor(set, &set->rows.data[i], out);
        if (tables_has_flags_form(&set->rows.data[i]))
            write_flags_form(set, &set->rows.data[i], out);
    }
    buf_puts(out, "#endif\n");
}

static void write_isle_params(const RowModel *row, StrBuf *out)
{
    bool first = true;
    if (row_has_size_param(row)) {
        buf_puts(out, "u8");
        first = false;
    }
    for (uint32_t k = 0; k < row->num_operands; k++) {
        const char *const type = tables_param_type(&row->operands[k], true);
        if (type)
            buf_printf(out, "%s%s", first ? "" : " ", type);
        first = first && !type;
    }
    if (row->flags_read)
        buf_printf(out, "%sFlags", first ? "" : " ");
}

static void write_isle_decl(const RowSet *set, const RowModel *row, const char *suffix,
                            const char *result, StrBuf *out)
{
    const char *const lower = tables_target_lower(set->target);
    buf_printf(out, "(decl %s_%.*s%s (", lower, STR_ARG(row->name), suffix);
    write_isle_params(row, out);
    buf_printf(out, ") %s)\n(extern constructor %s_%.*s%s %s_%.*s%s)\n", result, lower,
               STR_ARG(row->name), suffix, lower, STR_ARG(row->name), suffix);
}

void rows_write_isle(const RowSet *set, StrBuf *out)
{
    tables_write_banner(set, ";;", out);
    for (uint32_t i = 0; i < set->rows.len; i++) {
        const RowModel *const row = &set->rows.data[i];
        write_isle_decl(set, row, "", tables_row_result(row).type, out);
        if (tables_has_flags_form(row))
            write_isle_decl(set, row, "_flags", flags_form_type(row), out);
    }
}
