// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names that the generator of rows gives to what it writes for rules (isle-rules/tables), read
// back.

#include "verify/rows/rows.h"

IsleTermId rows_term(const Isle *isle, const Target *target, uint16_t op, Arena *scratch)
{
    const char *const prefix = target->arch == ARCH_X86_64 ? "x64" : "a64";
    const char *const row = target->rows[op].name;
    const IsleTermId both = isle_find_term(isle, str_printf(scratch, "%s_%s_flags", prefix, row));
    return both != ISLE_NONE ? both
                             : isle_find_term(isle, str_printf(scratch, "%s_%s", prefix, row));
}

// ---- Parameters ----

static RowParamKind kind_of(Str type, uint32_t *num_imms)
{
    if (str_eq(type, STR("i64")))
        return (*num_imms)++ == 0 ? ROW_PARAM_IMM : ROW_PARAM_IMM2;
    if (str_eq(type, STR("u8")))
        return ROW_PARAM_SIZE;
    if (str_eq(type, STR("Cond")))
        return ROW_PARAM_COND;
    if (str_eq(type, STR("TrapCode")))
        return ROW_PARAM_TRAP;
    return str_eq(type, STR("Flags")) ? ROW_PARAM_FLAGS : ROW_PARAM_OPERAND;
}

static bool find_operand(const MRow *row, Str name, uint32_t *out)
{
    for (uint32_t k = 0; k < row->num_operands; k++)
        if (str_eq_c(name, row->operands[k].name)) {
            *out = k;
            return true;
        }
    return false;
}

bool rows_params(const Isle *isle, const IsleTerm *term, const MRow *row, RowParams *out)
{
    ASSERT(term->spec && term->num_args <= ROWS_PARAMS_MAX);
    *out = (RowParams){.count = term->num_args};
    for (uint32_t i = 0; i < term->num_args; i++) {
        const Str name = isle_str(isle, term->spec->u.spec.params[i].sym);
        const Str type = isle_str(isle, isle->types.data[term->args[i]].name);
        RowParam *const param = &out->params[i];
        param->kind = kind_of(type, &out->num_imms);
        out->has_cond = out->has_cond || param->kind == ROW_PARAM_COND;
        if (param->kind == ROW_PARAM_OPERAND && !find_operand(row, name, &param->operand))
            return false;
    }
    ASSERT(out->num_imms <= 2);
    return true;
}

// ---- Flags ----

uint32_t rows_flags(const Isle *isle, IsleSym names[ROWS_FLAGS_MAX])
{
    const uint32_t sym = strtable_find(&isle->symbols, STR("Flags"));
    const uint32_t index = sym == MAP_NONE ? MAP_NONE : map_get(&isle->models, sym);
    ASSERT(index != MAP_NONE);
    const IsleModelType *const type = isle->defs.data[index]->u.model.type;
    ASSERT(type->kind == ISLE_MODEL_STRUCT && type->num_fields <= ROWS_FLAGS_MAX);
    for (uint32_t i = 0; i < type->num_fields; i++)
        names[i] = type->fields[i].sym;
    return type->num_fields;
}

uint16_t rows_flag_reader(const Target *target)
{
    for (uint16_t op = 0; op < target->num_rows; op++)
        if (target->rows[op].flags_use == MFLAGS_READ)
            return op;
    UNREACHABLE();
}
