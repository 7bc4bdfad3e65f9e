// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layout of signatures: registers in order, then the stack.

#include "mach/mach.h"

typedef struct Assigner {
    const PReg *ints, *floats;
    uint32_t num_ints, num_floats;
    uint32_t next_int, next_float;
    uint32_t stack; // bytes used
    bool even_pairs;
    PReg sret; // of a parameter with that purpose; PREG_NONE: as any other
    AbiLoc *locs;
    uint32_t num_locs;
} Assigner;

static bool can_pass(Type type, const Assigner *a)
{
    if (type_is_float(type) && !type_is_vector(type))
        return a->num_floats != 0;
    return type_is_int(type) && !type_is_vector(type) && type_bits(type) <= 128;
}

static Status check_param(const AbiParam *param, const Assigner *a, Diag *diag)
{
    const char *what = NULL;
    if (!can_pass(param->type, a))
        what = "this type in a signature";
    else if (param->purpose == PURPOSE_SARG)
        what = "purpose sarg";
    if (!what)
        return STATUS_OK;
    return diag_error(diag, STATUS_UNSUPPORTED, NULL, POS_NONE,
                      "%s is not supported in lowering (%.*s)", what,
                      STR_ARG(type_name(diag->arena, param->type)));
}

static Status check_callconv(CallConv cc, Diag *diag)
{
    if (cc == CC_FAST || cc == CC_SYSTEM_V || cc == CC_TAIL)
        return STATUS_OK;
    return diag_error(diag, STATUS_UNSUPPORTED, NULL, POS_NONE,
                      "calling convention %s is not supported in lowering", callconv_name(cc));
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
    } else {
        const uint32_t slot = type_bytes(type) == 16 ? 16 : 8;
        a->stack = (a->stack + slot - 1) & ~(slot - 1);
        loc.offset = (int32_t)a->stack;
        a->stack += slot;
    }
    return loc;
}

// Two locations of an i128.
static void assign_pair(Assigner *a)
{
    const uint32_t first = a->even_pairs ? (a->next_int + 1) & ~1u : a->next_int;
    const uint32_t ints = a->num_ints;
    const bool fits = first + 2 <= ints;
    if (fits)
        a->next_int = first;
    else
        a->stack = (a->stack + 15) & ~15u;
    if (!fits && a->even_pairs)
        a->next_int = ints;
    a->num_ints = fits ? ints : a->next_int; // both halves go the same way
    a->locs[a->num_locs++] = next_location(a, TYPE_I64, EXT_NONE);
    a->locs[a->num_locs++] = next_location(a, TYPE_I64, EXT_NONE);
    a->num_ints = ints;
}

static Status assign_all(const AbiParam *params, uint32_t n, Assigner *a, uint32_t *first,
                         Diag *diag)
{
    for (uint32_t i = 0; i < n; i++) {
        TRY(check_param(&params[i], a, diag));
        first[i] = a->num_locs;
        if (params[i].purpose == PURPOSE_SRET && a->sret != PREG_NONE)
            a->locs[a->num_locs++] = (AbiLoc){.reg = a->sret, .type = TYPE_I64};
        else if (params[i].type == TYPE_I128)
            assign_pair(a);
        else
            a->locs[a->num_locs++] = next_location(a, params[i].type, params[i].extension);
    }
    first[n] = a->num_locs;
    return STATUS_OK;
}

Status abi_assign(const Signature *sig, const AbiRegs *regs, Arena *arena, AbiSig *out, Diag *diag)
{
    TRY(check_callconv(sig->callconv, diag));
    *out = (AbiSig){.clobbers = regs->clobbers, .callee_saved = regs->callee_saved};
    out->arg_first = ARENA_ARRAY(arena, uint32_t, sig->num_params + 1);
    out->ret_first = ARENA_ARRAY(arena, uint32_t, sig->num_returns + 1);
    Assigner args = {.ints = regs->int_args,
                     .floats = regs->float_args,
                     .num_ints = regs->num_int_args,
                     .num_floats = regs->num_float_args,
                     .even_pairs = regs->even_pairs,
                     .sret = regs->sret,
                     .locs = ARENA_ARRAY(arena, AbiLoc, 2 * sig->num_params)};
    Assigner rets = {.ints = regs->int_rets,
                     .floats = regs->float_rets,
                     .num_ints = regs->num_int_rets,
                     .num_floats = regs->num_float_rets,
                     .even_pairs = regs->even_pairs,
                     .sret = PREG_NONE,
                     .locs = ARENA_ARRAY(arena, AbiLoc, 2 * sig->num_returns)};
    TRY(assign_all(sig->params, sig->num_params, &args, out->arg_first, diag));
    TRY(assign_all(sig->returns, sig->num_returns, &rets, out->ret_first, diag));
    out->args = args.locs;
    out->num_args = args.num_locs;
    out->rets = rets.locs;
    out->num_rets = rets.num_locs;
    out->ret_area_ptr = rets.stack != 0;
    if (out->ret_area_ptr)
        out->ret_area = next_location(&args, TYPE_I64, EXT_NONE);
    out->stack_args_size = (args.stack + 15) & ~15u;
    out->stack_rets_size = (rets.stack + 15) & ~15u;
    return STATUS_OK;
}
