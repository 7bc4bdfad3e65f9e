// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules about types, by the constraints of opcodes.def and by signatures; and ranges of immediates.

#include "text/text.h"
#include "validate/validate_internal.h"

#define INST_TEXT_MAX 200u // a br_table of a thousand targets must not be quoted a thousand times

// The instruction in text form, cut where it gets long.
static Str inst_text(Validator *v, Inst inst)
{
    if (v->inst_text.len != 0)
        return v->inst_text;
    StrBuf buf = {.arena = &v->scratch};
    text_print_inst(v->f, inst, &buf);
    if (buf.len > INST_TEXT_MAX) {
        buf.len = INST_TEXT_MAX;
        buf_puts(&buf, "...");
    }
    v->inst_text = buf_view(&buf);
    return v->inst_text;
}

// ---- Results and fixed operands ----

uint32_t validate_fixed_operands(Opcode op)
{
    uint32_t n = 0;
    while (n < 3 && ir_ops[op].args[n] != TC_NO)
        n++;
    return n;
}

// The controlling type, from the operand that decides it where there is one: a suffix is only a
// hint then.
static Type control_type(const Validator *v, Inst inst)
{
    const InstData *const data = func_inst(v->f, inst);
    if (ir_ops[data->op].ctrl != CTRL_OPERAND)
        return data->ctrl;
    const Span args = inst_args(v->f, inst);
    return type_of(v, args.data[ir_formats[op_format((Opcode)data->op)].ctrl]);
}

static void check_result_types(Validator *v, Inst inst, Type ctrl)
{
    const Opcode op = inst_op(v->f, inst);
    const bool by_signature = ir_ops[op].results[0] == TC_SIGNATURE;
    const Signature *const sig = by_signature ? inst_signature(v->f, inst) : NULL;
    const Span results = inst_results(v->f, inst);
    for (uint32_t i = 0; i < results.len; i++) {
        const Type found = type_of(v, results.data[i]);
        const Type expected = sig ? sig->returns[i].type
                                  : op_constraint_type((TypeConstraint)ir_ops[op].results[i], ctrl);
        // A wrong controlling type has no derived types, and has been reported.
        if (found != expected && expected != TYPE_INVALID)
            validate_report(v, at_inst(inst), "expected result %u (v%u) to have type %s, found %s",
                            i, results.data[i], validate_type_text(v, expected),
                            validate_type_text(v, found));
    }
}

static void check_fixed_operands(Validator *v, Inst inst, Type ctrl)
{
    const Opcode op = inst_op(v->f, inst);
    const Span args = inst_args(v->f, inst);
    for (uint32_t i = 0, n = validate_fixed_operands(op); i < n; i++) {
        const TypeConstraint constraint = (TypeConstraint)ir_ops[op].args[i];
        const Type found = type_of(v, args.data[i]);
        if (op_constraint_allows(constraint, ctrl, found))
            continue;
        const Type expected = op_constraint_type(constraint, ctrl);
        const bool is_set = constraint == TC_NARROWER || constraint == TC_WIDER ||
                            (constraint >= TC_IN_NONE && constraint < TC_IS_I8);
        if (is_set)
            validate_report(v, at_inst(inst),
                            "arg %u (v%u) with type %s failed to satisfy type set of %s", i,
                            args.data[i], validate_type_text(v, found), ir_ops[op].name);
        else if (expected != TYPE_INVALID)
            validate_report(v, at_inst(inst), "arg %u (v%u) has type %s, expected %s", i,
                            args.data[i], validate_type_text(v, found),
                            validate_type_text(v, expected));
    }
}

// ---- Block arguments ----

// What a block call is reached by, which says whether retN and exnN mean something in it.
typedef enum CallKind { CALL_BRANCH, CALL_NORMAL_RETURN, CALL_HANDLER } CallKind;

typedef struct CallContext {
    CallKind kind;
    const Signature *sig; // of a try_call
} CallContext;

// An argument that stands for returned value or payload word number `index`; false when it may not
// stand there.
static bool check_special_arg(Validator *v, Inst inst, const CallContext *context, BlockArg arg,
                              Type expected)
{
    const bool is_ret = blockarg_kind(arg) == BLOCKARG_RET;
    const char *const name = is_ret ? "ret" : "exn";
    const uint32_t index = blockarg_index(arg);
    if (context->kind != (is_ret ? CALL_NORMAL_RETURN : CALL_HANDLER))
        return validate_fatal(
            v, at_inst(inst),
            "`%sN` block argument used outside normal-return target of `try_call`", name);
    const uint32_t count =
        is_ret ? context->sig->num_returns : callconv_payloads(context->sig->callconv);
    if (index >= count)
        return validate_fatal(v, at_inst(inst), "out-of-bounds `%sN` block argument", name);
    // Payload words are as wide as a pointer, which without a target may be any such width.
    const Type found = is_ret ? context->sig->returns[index].type : v->pointer;
    if (found == TYPE_INVALID && !typeset_has(TS_PTR, expected))
        validate_report(v, at_inst(inst), "arg exn%u has the type of a pointer, expected %s", index,
                        validate_type_text(v, expected));
    if (found != TYPE_INVALID && found != expected)
        validate_report(v, at_inst(inst), "arg %s%u has type %s, expected %s", name, index,
                        validate_type_text(v, found), validate_type_text(v, expected));
    return true;
}

static bool check_block_call(Validator *v, Inst inst, uint32_t call, const CallContext *context)
{
    const Span args = call_args(v->f, call);
    const Span params = block_params(v->f, v->f->calls.data[call].block);
    if (args.len != params.len) {
        validate_report(v, at_inst(inst),
                        "mismatched argument count for `%.*s`: got %u, expected %u",
                        STR_ARG(inst_text(v, inst)), args.len, params.len);
        return true;
    }
    for (uint32_t i = 0; i < args.len; i++) {
        const BlockArg arg = {args.data[i]};
        const Type expected = type_of(v, params.data[i]);
        if (blockarg_kind(arg) != BLOCKARG_VALUE) {
            if (!check_special_arg(v, inst, context, arg, expected))
                return false;
            continue;
        }
        const Type found = type_of(v, blockarg_index(arg));
        if (found != expected)
            validate_report(v, at_inst(inst), "arg v%u has type %s, expected %s",
                            blockarg_index(arg), validate_type_text(v, found),
                            validate_type_text(v, expected));
    }
    return true;
}

// False when a retN or exnN is out of place, which makes the rest of the group meaningless.
static bool check_block_calls(Validator *v, Inst inst)
{
    const Span calls = inst_calls(v->f, inst);
    CallContext context = {CALL_BRANCH, inst_signature(v->f, inst)};
    for (uint32_t i = 0; i < calls.len; i++) {
        if (context.sig)
            context.kind = i == 0 ? CALL_NORMAL_RETURN : CALL_HANDLER;
        if (!check_block_call(v, inst, calls.data[i], &context))
            return false;
    }
    return true;
}

// ---- Calls and returns ----

static void check_call_args(Validator *v, Inst inst, const Signature *sig)
{
    const Span all = inst_args(v->f, inst);
    const uint32_t fixed =
        validate_fixed_operands(inst_op(v->f, inst)); // the callee of an indirect call
    const uint32_t count = all.len - fixed;
    for (uint32_t i = 0; i < count && i < sig->num_params; i++) {
        const uint32_t arg = all.data[fixed + i];
        const Type found = type_of(v, arg);
        if (found != sig->params[i].type)
            validate_report(v, at_inst(inst), "arg %u (v%u) has type %s, expected %s", i, arg,
                            validate_type_text(v, found),
                            validate_type_text(v, sig->params[i].type));
    }
    if (count != sig->num_params)
        validate_report(v, at_inst(inst),
                        "mismatched argument count for `%.*s`: got %u, expected %u",
                        STR_ARG(inst_text(v, inst)), count, sig->num_params);
}

static void check_extable_sig(Validator *v, Inst inst)
{
    const InstData *const data = func_inst(v->f, inst);
    if (data->op != OP_TRY_CALL)
        return;
    const SigRef table_sig = v->f->extables.data[data->w[1]].sig;
    const SigRef sig = v->f->funcs.data[data->w[0]].sig;
    if (!signature_eq(&v->f->sigs.data[table_sig.i].sig, &v->f->sigs.data[sig.i].sig))
        validate_report(
            v, at_inst(inst),
            "exception table signature sig%u did not match function fn%u's signature sig%u",
            table_sig.i, data->w[0], sig.i);
}

// What a return or tail call gives back, `found[i]`, against the function's own signature.
static void check_returned(Validator *v, Inst inst, uint32_t i, Type found)
{
    const Type expected = v->f->sig.returns[i].type;
    if (found != expected)
        validate_report(v, at_inst(inst),
                        "result %u has type %s, must match function signature of %s", i,
                        validate_type_text(v, found), validate_type_text(v, expected));
}

static void check_return(Validator *v, Inst inst)
{
    const Span args = inst_args(v->f, inst);
    if (args.len != v->f->sig.num_returns) {
        validate_report(v, at_inst(inst), "arguments of return must match function signature");
        return;
    }
    for (uint32_t i = 0; i < args.len; i++)
        check_returned(v, inst, i, type_of(v, args.data[i]));
}

static void check_tail_call(Validator *v, Inst inst, const Signature *callee)
{
    if (callee->callconv != CC_TAIL) // the only convention whose callee can take over a frame
        validate_report(v, at_inst(inst), "calling convention `%s` does not support tail calls",
                        callconv_name(callee->callconv));
    if (callee->callconv != v->f->sig.callconv)
        validate_report(v, at_inst(inst), "callee's calling convention must match caller");
    if (callee->num_returns != v->f->sig.num_returns) {
        validate_report(v, at_inst(inst), "results of callee must match caller");
        return;
    }
    for (uint32_t i = 0; i < callee->num_returns; i++)
        check_returned(v, inst, i, callee->returns[i].type);
}

static void check_global_use(Validator *v, Inst inst)
{
    const InstData *const data = func_inst(v->f, inst);
    if (op_format((Opcode)data->op) != FMT_UNARY_GLOBAL_VALUE || !v->isa)
        return;
    const Type expected = validate_global_type(v, (GlobalValue){data->w[0]});
    if (expected != TYPE_INVALID && expected != data->ctrl)
        validate_report(
            v, at_inst(inst),
            "global_value instruction with type %s references global value with type %s",
            validate_type_text(v, data->ctrl), validate_type_text(v, expected));
}

void validate_types(Validator *v, Inst inst)
{
    const OpInfo *const info = &ir_ops[inst_op(v->f, inst)];
    const Type ctrl = control_type(v, inst);
    if (info->ctrl != CTRL_NONE && !typeset_has((TypeSet)info->types, ctrl))
        validate_report(v, at_inst(inst), "has an invalid controlling type %s",
                        validate_type_text(v, ctrl));
    check_result_types(v, inst, ctrl);
    check_fixed_operands(v, inst, ctrl);
    const Signature *const sig = inst_signature(v->f, inst);
    const bool has_calls = ir_formats[info->format].calls != CALLS_NO;
    if ((!has_calls || check_block_calls(v, inst)) && sig)
        check_call_args(v, inst, sig);
    check_extable_sig(v, inst);
    if (info->flags & OPF_RETURN) {
        if (sig)
            check_tail_call(v, inst, sig);
        else
            check_return(v, inst);
    }
    check_global_use(v, inst);
}

// ---- Immediates ----

static bool check_lane(Validator *v, Inst inst)
{
    const uint32_t lane = func_inst(v->f, inst)->aux;
    const Type type = type_of(v, inst_args(v->f, inst).data[0]);
    if (lane < type_lanes(type))
        return true;
    return validate_fatal(v, at_inst(inst), "The lane %u does not index into the type %s", lane,
                          validate_type_text(v, type));
}

static bool check_shuffle(Validator *v, Inst inst)
{
    enum { INDEX_MAX = 31 };
    const uint8_t *const mask = v->f->masks.data[func_inst(v->f, inst)->w[2]];
    for (uint32_t i = 0; i < 16; i++)
        if (mask[i] > INDEX_MAX)
            return validate_fatal(v, at_inst(inst),
                                  "shuffle immediate index %u is larger than the maximum %d",
                                  mask[i], INDEX_MAX);
    return true;
}

// The immediate of an iconst is sign-extended from its type: the one form that passes compare by.
static bool check_iconst(Validator *v, Inst inst)
{
    const Type type = func_inst(v->f, inst)->ctrl;
    if (!typeset_has(TS_INT_TO64, type))
        return true; // reported as a wrong controlling type
    const uint32_t spare = 64 - type_bits(type);
    const uint64_t imm = inst_imm(v->f, inst);
    if ((uint64_t)((int64_t)(imm << spare) >> spare) == imm)
        return true;
    return validate_fatal(v, at_inst(inst), "constant immediate is out of bounds of the type %s",
                          validate_type_text(v, type));
}

bool validate_immediates(Validator *v, Inst inst)
{
    const Opcode op = inst_op(v->f, inst);
    if ((ir_ops[op].flags & OPF_STORE) && (inst_memflags(v->f, inst) & MEM_READONLY))
        return validate_fatal(v, at_inst(inst),
                              "A store instruction cannot have the `readonly` MemFlag");
    switch ((int)op) {
    case OP_INSERTLANE:
    case OP_EXTRACTLANE:
        if (!check_lane(v, inst))
            return false;
        break;
    case OP_SHUFFLE:
        if (!check_shuffle(v, inst))
            return false;
        break;
    case OP_ICONST:
        if (!check_iconst(v, inst))
            return false;
        break;
    default: break;
    }
    const InstExtra *const extra = inst_extra(v->f, inst);
    const bool may_have_tags = (ir_ops[op].flags & OPF_CALL) || op == OP_SEQUENCE_POINT;
    if (extra && extra->has_tags && !may_have_tags)
        return validate_fatal(v, at_inst(inst),
                              "debug tags are only allowed on calls and `sequence_point`");
    return true;
}
