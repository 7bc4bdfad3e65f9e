// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether an instruction can be executed. Modules are validated before they are loaded; this makes
// sure that one that is not can do no harm, and finds what the interpreter does not support.

#include "emulate/interp/interp_internal.h"

static Type type_of(const Func *f, uint32_t value)
{
    return value_type(f, (Value){value});
}

// An instruction with its parts, found once.
typedef struct Looked {
    const Func *f;
    const OpInfo *info;
    Inst inst;
    Span args, results;
} Looked;

static Type control_type(const Looked *l)
{
    const uint32_t operand = ir_formats[l->info->format].ctrl;
    if (l->info->ctrl == CTRL_OPERAND && operand < l->args.len)
        return type_of(l->f, l->args.data[operand]);
    return func_inst(l->f, l->inst)->ctrl;
}

static bool any_dynamic(const Func *f, Span values)
{
    for (uint32_t i = 0; i < values.len; i++)
        if (type_is_dynamic(type_of(f, values.data[i])))
            return true;
    return false;
}

// Rules that relate operands beyond the opcode's constraints.
static bool shape_fits(const Looked *l)
{
    const InstData *const data = func_inst(l->f, l->inst);
    const uint32_t *const args = l->args.data, *const results = l->results.data;
    switch ((int)data->op) {
    case OP_FCVT_TO_UINT_SAT:
    case OP_FCVT_TO_SINT_SAT:
    case OP_FCVT_FROM_UINT:
    case OP_FCVT_FROM_SINT:
    case OP_X86_CVTT2DQ:
        return type_lanes(type_of(l->f, args[0])) == type_lanes(type_of(l->f, results[0]));
    case OP_BITCAST:
        return type_bits(type_of(l->f, args[0])) == type_bits(type_of(l->f, results[0]));
    case OP_INSERTLANE:
    case OP_EXTRACTLANE: return data->aux < type_lanes(type_of(l->f, args[0]));
    default: return true;
    }
}

// Whether operands and results are such as the opcode wants.
static bool types_fit(const Looked *l)
{
    const OpInfo *const info = l->info;
    const Type ctrl = control_type(l);
    if (info->ctrl != CTRL_NONE && !typeset_has((TypeSet)info->types, ctrl))
        return false;
    for (uint32_t i = 0; i < 3 && info->args[i] != TC_NO; i++)
        if (i >= l->args.len || !op_constraint_allows((TypeConstraint)info->args[i], ctrl,
                                                      type_of(l->f, l->args.data[i])))
            return false;
    if (info->results[0] == TC_SIGNATURE)
        return true;
    if (l->results.len != op_fixed_results(inst_op(l->f, l->inst)))
        return false;
    for (uint32_t i = 0; i < l->results.len; i++)
        if (!op_constraint_allows((TypeConstraint)info->results[i], ctrl,
                                  type_of(l->f, l->results.data[i])))
            return false;
    return shape_fits(l);
}

static bool is_supported(Opcode op)
{
    switch ((int)op) {
    case OP_STACK_SWITCH:
    case OP_GET_EXCEPTION_HANDLER_ADDRESS:
    case OP_DYNAMIC_STACK_ADDR:
    case OP_EXTRACT_VECTOR:
    case OP_TLS_VALUE: return false;
    default: return true;
    }
}

const char *interp_refusal(const Func *f, Inst inst, Stop *stop)
{
    const Opcode op = inst_op(f, inst);
    const Looked looked = {f, &ir_ops[op], inst, inst_args(f, inst), inst_results(f, inst)};
    *stop = STOP_UNSUPPORTED;
    if (!is_supported(op))
        return "not supported by the interpreter";
    if (any_dynamic(f, looked.args) || any_dynamic(f, looked.results) ||
        type_is_dynamic(func_inst(f, inst)->ctrl))
        return "dynamic vectors are not supported by the interpreter";
    *stop = STOP_CRASHED;
    return types_fit(&looked) ? NULL : "malformed: operands don't fit the opcode";
}
