// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules about what an instruction refers to: values, blocks, declarations, settings.

#include "validate/validate_internal.h"

// ---- Values ----

// Whether what is defined in `def` may be used in `use`, another block.
static bool block_dominates(const Validator *v, Block def, Block use)
{
    return domtree_is_reachable(&v->tree, def) && domtree_dominates(&v->tree, def, use);
}

static bool check_result_use(Validator *v, Inst inst, Value written, Inst def)
{
    const Func *const f = v->f;
    const Block use_block = f->nodes.data[inst.i].block;
    const Block def_block = f->nodes.data[def.i].block;
    if (def.i == inst.i)
        return validate_fatal(v, at_inst(inst), "uses value v%u from itself", written.i);
    if (def_block.i == NO_INDEX || !f->blocks.data[def_block.i].inserted)
        return validate_fatal(v, at_inst(inst),
                              "uses value v%u from inst%u, which is not in the layout", written.i,
                              def.i);
    if (!domtree_is_reachable(&v->tree, use_block))
        return true;
    const bool dominates = def_block.i == use_block.i ? v->order[def.i] < v->order[inst.i]
                                                      : block_dominates(v, def_block, use_block);
    if (!dominates)
        return validate_fatal(v, at_inst(inst), "uses value v%u from non-dominating inst%u",
                              written.i, def.i);
    return true;
}

static bool check_param_use(Validator *v, Inst inst, Value written, Block def)
{
    const Block use_block = v->f->nodes.data[inst.i].block;
    if (!v->f->blocks.data[def.i].inserted)
        return validate_fatal(v, at_inst(inst),
                              "uses value arg v%u from block%u, which is not in the layout",
                              written.i, def.i);
    if (!domtree_is_reachable(&v->tree, use_block) || def.i == use_block.i ||
        block_dominates(v, def, use_block))
        return true;
    return validate_fatal(v, at_inst(inst), "uses value arg from non-dominating block%u: v%u",
                          def.i, written.i);
}

static bool check_use(Validator *v, Inst inst, Value written)
{
    if (written.i >= v->f->values.len)
        return validate_fatal(v, at_inst(inst), "uses undefined value v%u", written.i);
    const Value value = {v->resolved[written.i]};
    switch (value_kind(v->f, value)) {
    case VALUE_RESULT: return check_result_use(v, inst, written, (Inst){value_def(v->f, value)});
    case VALUE_PARAM: return check_param_use(v, inst, written, (Block){value_def(v->f, value)});
    case VALUE_NONE: return validate_fatal(v, at_inst(inst), "uses undefined value v%u", written.i);
    case VALUE_ALIAS: break;
    }
    UNREACHABLE();
}

static bool check_call_uses(Validator *v, Inst inst, uint32_t call)
{
    const Span args = call_args(v->f, call);
    for (uint32_t i = 0; i < args.len; i++) {
        const BlockArg arg = {args.data[i]};
        if (blockarg_kind(arg) == BLOCKARG_VALUE &&
            !check_use(v, inst, (Value){blockarg_index(arg)}))
            return false;
    }
    return true;
}

static const ExTableData *inst_extable(const Func *f, Inst inst)
{
    if (ir_formats[inst_format(f, inst)].calls != CALLS_EXTABLE)
        return NULL;
    return &f->extables.data[func_inst(f, inst)->w[1]];
}

bool validate_operands(Validator *v, Inst inst)
{
    const Span args = inst_args(v->f, inst);
    const uint32_t fixed = validate_fixed_operands(inst_op(v->f, inst));
    if (args.len < fixed)
        return validate_fatal(v, at_inst(inst), "expected %u operands, found %u", fixed, args.len);
    for (uint32_t i = 0; i < args.len; i++)
        if (!check_use(v, inst, (Value){args.data[i]}))
            return false;
    const Span calls = inst_calls(v->f, inst);
    for (uint32_t i = 0; i < calls.len; i++)
        if (!check_call_uses(v, inst, calls.data[i]))
            return false;
    const ExTableData *const table = inst_extable(v->f, inst);
    for (uint32_t i = 0; table && i < table->num_handlers; i++)
        if (table->handlers[i].kind == HANDLER_CONTEXT &&
            !check_use(v, inst, table->handlers[i].context))
            return false;
    const Region region = memflags_region(inst_memflags(v->f, inst));
    if (region.i != NO_INDEX && region.i >= v->f->regions.len)
        validate_report(v, at_inst(inst), "undefined alias region region%u", region.i);
    return true;
}

// ---- Blocks ----

static bool block_exists(const Func *f, Block block)
{
    return block.i < f->blocks.len && f->blocks.data[block.i].inserted;
}

static bool check_targets(Validator *v, Inst inst)
{
    const Span calls = inst_calls(v->f, inst);
    for (uint32_t i = 0; i < calls.len; i++) {
        const Block target = v->f->calls.data[calls.data[i]].block;
        if (!block_exists(v->f, target))
            return validate_fatal(v, at_inst(inst), "invalid block reference block%u", target.i);
        if (target.i == v->f->first_block.i)
            return validate_fatal(v, at_inst(inst), "invalid reference to entry block block%u",
                                  target.i);
    }
    return true;
}

static bool check_handler_address(Validator *v, Inst inst)
{
    const InstData *const data = func_inst(v->f, inst);
    const Block block = {data->w[0]};
    const int32_t index = (int32_t)data->w[2];
    if (!block_exists(v->f, block))
        return validate_fatal(v, at_inst(inst), "invalid block reference block%u", block.i);
    const Inst last = v->f->blocks.data[block.i].last;
    const ExTableData *const table = last.i == NO_INDEX ? NULL : inst_extable(v->f, last);
    if (!table)
        return validate_fatal(v, at_inst(inst),
                              "referenced block block%u does not end in a try_call", block.i);
    if (index < 0)
        return validate_fatal(v, at_inst(inst), "exception handler index %d cannot be negative",
                              index);
    const Span calls = func_list(v->f, table->calls); // the first is the normal return
    if (calls.len == 0 || (uint32_t)index >= calls.len - 1)
        return validate_fatal(v, at_inst(inst), "exception handler index %d is out-of-range",
                              index);
    return true;
}

// ---- Declarations ----

static bool sig_exists(const Func *f, SigRef sig)
{
    return sig.i < f->sigs.len && f->sigs.data[sig.i].declared;
}

// An instruction names an entity that is not declared.
static void bad_entity(Validator *v, Inst inst, EntityKind kind, uint32_t index, bool *usable)
{
    StrBuf name = {.arena = &v->scratch};
    entity_print((EntityRef){kind, index}, &name);
    static const char *const what[] = {
        [ENTITY_STACK_SLOT] = "stack slot",     [ENTITY_DYN_SLOT] = "dynamic stack slot",
        [ENTITY_GLOBAL_VALUE] = "global value", [ENTITY_SIG] = "signature",
        [ENTITY_FUNC_REF] = "function",         [ENTITY_CONSTANT] = "constant",
    };
    validate_report(v, at_inst(inst), "invalid %s reference %.*s", what[kind],
                    STR_ARG(buf_view(&name)));
    *usable = false;
}

// Whether element `index` of the declarations `vec` is there.
#define DECLARED(vec, index) ((index) < (vec).len && (vec).data[index].declared)

static void check_func_ref(Validator *v, Inst inst, uint32_t index, bool *usable)
{
    if (!DECLARED(v->f->funcs, index))
        bad_entity(v, inst, ENTITY_FUNC_REF, index, usable);
    else if (!sig_exists(v->f, v->f->funcs.data[index].sig))
        bad_entity(v, inst, ENTITY_SIG, v->f->funcs.data[index].sig.i, usable);
}

// The declarations that an instruction names, by format.
static bool check_entities(Validator *v, Inst inst, bool *usable)
{
    const Func *const f = v->f;
    const uint32_t index = func_inst(f, inst)->w[0];
    const Format format = inst_format(f, inst);
    const ExTableData *const table = inst_extable(f, inst);
    const bool names_sig = format == FMT_CALL_INDIRECT || table;
    const SigRef sig = table ? table->sig : (SigRef){index};
    if (names_sig && !sig_exists(f, sig))
        return validate_fatal(v, at_inst(inst), "invalid signature reference sig%u", sig.i);
    switch ((int)format) {
    case FMT_CALL:
    case FMT_TRY_CALL:
    case FMT_FUNC_ADDR: check_func_ref(v, inst, index, usable); break;
    case FMT_STACK_ADDR:
        if (!DECLARED(f->slots, index))
            bad_entity(v, inst, ENTITY_STACK_SLOT, index, usable);
        break;
    case FMT_DYNAMIC_STACK_ADDR:
        if (!DECLARED(f->dyn_slots, index))
            bad_entity(v, inst, ENTITY_DYN_SLOT, index, usable);
        break;
    case FMT_UNARY_GLOBAL_VALUE:
        if (!DECLARED(f->globals, index))
            bad_entity(v, inst, ENTITY_GLOBAL_VALUE, index, usable);
        break;
    case FMT_UNARY_CONST:
        if (!DECLARED(f->constants, index))
            bad_entity(v, inst, ENTITY_CONSTANT, index, usable);
        break;
    default: break;
    }
    return true;
}

// Slots in debug tags and stack maps; a stack map belongs to a call that comes back.
static bool check_extra(Validator *v, Inst inst)
{
    const InstExtra *const extra = inst_extra(v->f, inst);
    if (!extra)
        return true;
    bool usable = true; // types don't depend on it
    for (uint32_t i = 0; i < extra->num_tags; i++)
        if (extra->tags[i].is_slot && !DECLARED(v->f->slots, extra->tags[i].index))
            bad_entity(v, inst, ENTITY_STACK_SLOT, extra->tags[i].index, &usable);
    for (uint32_t i = 0; i < extra->num_map; i++)
        if (!DECLARED(v->f->slots, extra->map[i].slot.i))
            bad_entity(v, inst, ENTITY_STACK_SLOT, extra->map[i].slot.i, &usable);
    const uint32_t flags = ir_ops[inst_op(v->f, inst)].flags;
    if (extra->has_map && (flags & (OPF_CALL | OPF_RETURN)) != OPF_CALL)
        return validate_fatal(v, at_inst(inst),
                              "stack map on an instruction that is not a non-tail call");
    return true;
}

// ---- What calls need ----

static void check_exceptions(Validator *v, Inst inst)
{
    const ExTableData *const table = inst_extable(v->f, inst);
    if (!table)
        return;
    const InstData *const data = func_inst(v->f, inst);
    const SigRef sig = data->op == OP_TRY_CALL ? v->f->funcs.data[data->w[0]].sig : table->sig;
    const CallConv cc = v->f->sigs.data[sig.i].sig.callconv;
    if (!callconv_has_exceptions(cc))
        validate_report(v, at_inst(inst),
                        "calling convention `%s` of callee does not support exceptions",
                        callconv_name(cc));
}

static bool check_patchable(Validator *v, Inst inst)
{
    const InstData *const data = func_inst(v->f, inst);
    const Format format = op_format((Opcode)data->op);
    if (format != FMT_CALL && format != FMT_TRY_CALL)
        return true;
    const ExtFuncData *const callee = &v->f->funcs.data[data->w[0]];
    if (!callee->patchable)
        return true;
    if (ir_ops[data->op].flags & OPF_RETURN)
        return validate_fatal(v, at_inst(inst), "patchable function fn%u cannot be tail called",
                              data->w[0]);
    if (!callee->colocated)
        return validate_fatal(v, at_inst(inst), "patchable function fn%u must be colocated",
                              data->w[0]);
    if (v->f->sigs.data[callee->sig.i].sig.num_returns != 0)
        return validate_fatal(v, at_inst(inst), "patchable function fn%u cannot have return values",
                              data->w[0]);
    return true;
}

// ---- What settings and target allow ----

// The setting without which `op` means nothing, SETTING_COUNT if it needs none.
static SettingId needed_setting(Opcode op)
{
    switch ((int)op) {
    case OP_GET_PINNED_REG:
    case OP_SET_PINNED_REG: return SETTING_ENABLE_PINNED_REG;
    case OP_GET_FRAME_POINTER:
    case OP_GET_RETURN_ADDRESS: return SETTING_PRESERVE_FRAME_POINTERS;
    default: return SETTING_COUNT;
    }
}

static bool check_setting(Validator *v, Inst inst)
{
    const Opcode op = inst_op(v->f, inst);
    const SettingId id = needed_setting(op);
    if (id == SETTING_COUNT || settings_get(v->settings, id))
        return true;
    return validate_fatal(v, at_inst(inst), "`%s` cannot be used without enabling `%s`",
                          ir_ops[op].name, settings_name(id));
}

// The operand that is the address of a memory access, NO_INDEX when the instruction makes none.
static uint32_t address_operand(Opcode op)
{
    if ((ir_ops[op].flags & (OPF_LOAD | OPF_STORE)) == 0)
        return NO_INDEX;
    switch ((int)op_format(op)) {
    case FMT_LOAD:
    case FMT_LOAD_NO_OFFSET:
    case FMT_ATOMIC_RMW:
    case FMT_ATOMIC_CAS: return 0;
    case FMT_STORE:
    case FMT_STORE_NO_OFFSET: return 1;
    default: return NO_INDEX;
    }
}

static void check_address(Validator *v, Inst inst)
{
    const uint32_t operand = address_operand(inst_op(v->f, inst));
    if (operand == NO_INDEX || v->pointer == TYPE_INVALID)
        return;
    const Value address = {inst_args(v->f, inst).data[operand]};
    const uint32_t width = type_bits(type_of(v, address.i));
    if (width != type_bits(v->pointer))
        validate_report(v, at_inst(inst),
                        "invalid pointer width (got %u, expected %u) encountered v%u", width,
                        type_bits(v->pointer), address.i);
}

// ---- Bitcasts and constants ----

static bool check_bitcast(Validator *v, Inst inst)
{
    const InstData *const data = func_inst(v->f, inst);
    if (data->op != OP_BITCAST)
        return true;
    const Value arg = {data->w[0]};
    const Type from = type_of(v, arg.i);
    if (type_bits(from) != type_bits(data->ctrl))
        return validate_fatal(
            v, at_inst(inst),
            "The bitcast argument v%u has a type of %u bits, which doesn't match an "
            "expected type of %u bits",
            arg.i, type_bits(from), type_bits(data->ctrl));
    const MemFlags order = data->w[3] & (MEM_LITTLE | MEM_BIG);
    if ((data->w[3] & ~order) != MEM_DEFAULT)
        return validate_fatal(
            v, at_inst(inst),
            "The bitcast instruction only accepts the `big` or `little` memory flags");
    if (order == 0 && type_lanes(from) != type_lanes(data->ctrl))
        return validate_fatal(v, at_inst(inst),
                              "Byte order specifier required for a bitcast that changes "
                              "the lane count");
    return true;
}

static void check_constant_size(Validator *v, Inst inst)
{
    const InstData *const data = func_inst(v->f, inst);
    if (op_format((Opcode)data->op) != FMT_UNARY_CONST)
        return;
    const Type type = op_constraint_type((TypeConstraint)ir_ops[data->op].results[0], data->ctrl);
    const uint32_t size = v->f->constants.data[data->w[0]].size;
    if (size != type_bytes(type))
        validate_report(v, at_inst(inst),
                        "The instruction expects const%u to have a size of %u bytes but it has %u",
                        data->w[0], type_bytes(type), size);
}

bool validate_references(Validator *v, Inst inst, bool *usable)
{
    if (!check_targets(v, inst) || !check_entities(v, inst, usable))
        return false;
    if (*usable) {
        check_exceptions(v, inst);
        if (!check_patchable(v, inst))
            return false;
    }
    if (!check_setting(v, inst))
        return false;
    check_address(v, inst);
    if (!check_bitcast(v, inst))
        return false;
    if (*usable)
        check_constant_size(v, inst);
    const bool is_handler = inst_format(v->f, inst) == FMT_EXCEPTION_HANDLER_ADDRESS;
    return (!is_handler || check_handler_address(v, inst)) && check_extra(v, inst);
}
