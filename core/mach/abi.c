// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layout of signatures: registers in order, then the stack.

#include "mach/mach.h"

typedef struct Assigner {
    const AbiRegs *regs;
    const PReg *ints, *floats;
    uint32_t num_ints, num_floats;
    uint32_t next_int, next_float;
    uint32_t stack; // bytes used
    bool by_position, packed;
    AbiLoc *locs;
    uint32_t num_locs;
} Assigner;

static bool can_pass(Type type, const AbiRegs *regs)
{
    if (type_is_vector(type))
        return false;
    if (type == TYPE_I128 || type == TYPE_F128)
        return !regs->no_wide;
    return type_is_float(type) ? regs->num_float_args != 0
                               : type_is_int(type) && type_bits(type) <= 64;
}

static Status check_param(const AbiParam *param, const AbiRegs *regs, Diag *diag)
{
    const char *what = NULL;
    if (!can_pass(param->type, regs))
        what = "this type in a signature";
    else if (param->purpose == PURPOSE_SARG && regs->by_position)
        what = "purpose sarg in this calling convention";
    if (!what)
        return STATUS_OK;
    return diag_error(diag, STATUS_UNSUPPORTED, NULL, POS_NONE,
                      "%s is not supported in lowering (%.*s)", what,
                      STR_ARG(type_name(diag->arena, param->type)));
}

static Status check_convention(const Signature *sig, const AbiRegs *regs, Diag *diag)
{
    const bool has_results = regs && regs->no_results && sig->num_returns != 0;
    if (regs && !has_results)
        return STATUS_OK;
    return diag_error(diag, STATUS_UNSUPPORTED, NULL, POS_NONE,
                      "calling convention %s%s is not supported in lowering",
                      callconv_name(sig->callconv), has_results ? " with results" : "");
}

// Takes `bytes` of stack at a multiple of `align`.
static int32_t take_stack(Assigner *a, uint32_t bytes, uint32_t align)
{
    const uint32_t offset = (a->stack + align - 1) & ~(align - 1);
    a->stack = offset + bytes;
    return (int32_t)offset;
}

// The next register of the class or slot.
static AbiLoc next_location(Assigner *a, Type type, uint8_t extension)
{
    const bool is_float = type_is_float(type);
    AbiLoc loc = {.reg = PREG_NONE, .type = is_float ? type : TYPE_I64};
    loc.extension = is_float ? EXT_NONE : extension;
    if (is_float && a->next_float < a->num_floats) {
        loc.reg = a->floats[a->next_float++];
    } else if (!is_float && a->next_int < a->num_ints) {
        loc.reg = a->ints[a->next_int++];
    } else if (a->packed) {
        loc.type = type;
        loc.extension = EXT_NONE; // the slot has no more than the value
        loc.offset = take_stack(a, type_bytes(type), type_bytes(type));
    } else {
        const uint32_t slot = type_bytes(type) == 16 ? 16 : 8;
        loc.offset = take_stack(a, slot, slot);
    }
    if (a->by_position && is_float)
        a->next_int = a->next_float;
    else if (a->by_position)
        a->next_float = a->next_int;
    return loc;
}

// Two locations of an i128.
static void assign_pair(Assigner *a)
{
    const bool even = a->regs->even_pairs;
    const uint32_t first = even ? (a->next_int + 1) & ~1u : a->next_int;
    const uint32_t ints = a->num_ints;
    const bool fits = first + 2 <= ints;
    if (fits)
        a->next_int = first;
    else
        a->stack = (a->stack + 15) & ~15u;
    if (!fits && even)
        a->next_int = ints;
    a->num_ints = fits ? ints : a->next_int; // both halves go the same way
    a->locs[a->num_locs++] = next_location(a, TYPE_I64, EXT_NONE);
    a->locs[a->num_locs++] = next_location(a, TYPE_I64, EXT_NONE);
    a->num_ints = ints;
}

static void assign(Assigner *a, const AbiParam *param)
{
    if (param->purpose == PURPOSE_SRET && a->regs->sret != PREG_NONE) {
        a->locs[a->num_locs++] = (AbiLoc){.reg = a->regs->sret, .type = TYPE_I64};
    } else if (param->purpose == PURPOSE_SARG) {
        AbiLoc loc = {.reg = PREG_NONE, .type = TYPE_I64, .copied = true, .size = param->size};
        loc.offset = take_stack(a, (param->size + 7) & ~7u, 8);
        a->locs[a->num_locs++] = loc;
    } else if (param->type == TYPE_I128) {
        assign_pair(a);
    } else {
        a->locs[a->num_locs++] = next_location(a, param->type, param->extension);
    }
}

static Status assign_all(const AbiParam *params, uint32_t n, Assigner *a, uint32_t *first,
                         Diag *diag)
{
    for (uint32_t i = 0; i < n; i++) {
        TRY(check_param(&params[i], a->regs, diag));
        first[i] = a->num_locs;
        assign(a, &params[i]);
    }
    first[n] = a->num_locs;
    return STATUS_OK;
}

static Status assign_args(const Signature *sig, Assigner *a, Arena *arena, AbiSig *out, Diag *diag)
{
    const AbiRegs *const regs = a->regs;
    a->ints = regs->int_args;
    a->floats = regs->float_args;
    a->num_ints = regs->num_int_args;
    a->num_floats = regs->num_float_args;
    a->stack = regs->shadow;
    a->by_position = regs->by_position;
    a->packed = regs->packed;
    a->locs = ARENA_ARRAY(arena, AbiLoc, 2 * sig->num_params);
    out->arg_first = ARENA_ARRAY(arena, uint32_t, sig->num_params + 1);
    TRY(assign_all(sig->params, sig->num_params, a, out->arg_first, diag));
    out->args = a->locs;
    out->num_args = a->num_locs;
    out->sret_result = PREG_NONE;
    for (uint32_t i = 0; i < sig->num_params; i++)
        if (sig->params[i].purpose == PURPOSE_SRET && sig->num_returns == 0) {
            out->sret_result = regs->sret_result;
            out->sret_param = i;
        }
    return STATUS_OK;
}

// Where only the last result has a register, those before it find none.
static Status assign_rets(const Signature *sig, Assigner *a, Arena *arena, AbiSig *out, Diag *diag)
{
    const AbiRegs *const regs = a->regs;
    const uint32_t n = sig->num_returns;
    const uint32_t in_memory = regs->last_result && n != 0 ? n - 1 : 0;
    a->ints = regs->int_rets;
    a->floats = regs->float_rets;
    a->locs = ARENA_ARRAY(arena, AbiLoc, 2 * n);
    out->ret_first = ARENA_ARRAY(arena, uint32_t, n + 1);
    TRY(assign_all(sig->returns, in_memory, a, out->ret_first, diag));
    a->num_ints = regs->num_int_rets;
    a->num_floats = regs->num_float_rets;
    const AbiParam *const rest = n == 0 ? NULL : sig->returns + in_memory;
    TRY(assign_all(rest, n - in_memory, a, out->ret_first + in_memory, diag));
    out->rets = a->locs;
    out->num_rets = a->num_locs;
    return STATUS_OK;
}

Status abi_assign(const Signature *sig, const AbiRegs *const *conventions, Arena *arena,
                  AbiSig *out, Diag *diag)
{
    const AbiRegs *const regs = conventions[sig->callconv];
    TRY(check_convention(sig, regs, diag));
    *out = (AbiSig){.clobbers = regs->clobbers, .callee_saved = regs->callee_saved};
    Assigner args = {.regs = regs}, rets = {.regs = regs};
    TRY(assign_args(sig, &args, arena, out, diag));
    TRY(assign_rets(sig, &rets, arena, out, diag));
    out->ret_area_ptr = rets.stack != 0;
    if (out->ret_area_ptr)
        out->ret_area = next_location(&args, TYPE_I64, EXT_NONE);
    out->stack_args_size = (args.stack + 15) & ~15u;
    out->stack_rets_size = (rets.stack + 15) & ~15u;
    out->popped_size = regs->callee_pops ? out->stack_args_size : 0;
    return STATUS_OK;
}
