// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules about what stands before the body: global values, alias regions, the entry block's header
// and signatures.

#include "validate/validate_internal.h"

static EntityRef at_global(uint32_t gv)
{
    return (EntityRef){ENTITY_GLOBAL_VALUE, gv};
}

static const EntityRef at_func = {ENTITY_FUNC, 0};

// ---- Global values ----

static bool global_exists(const Func *f, GlobalValue gv)
{
    return gv.i < f->globals.len && f->globals.data[gv.i].declared;
}

static bool has_base(const GlobalData *data)
{
    return data->kind == GLOBAL_LOAD || data->kind == GLOBAL_IADD_IMM;
}

Type validate_global_type(const Validator *v, GlobalValue gv)
{
    const GlobalData *const data = &v->f->globals.data[gv.i];
    switch (data->kind) {
    case GLOBAL_VMCTX:
    case GLOBAL_SYMBOL: return v->pointer;
    case GLOBAL_LOAD:
    case GLOBAL_IADD_IMM: return data->type;
    case GLOBAL_DYN_SCALE: return TYPE_INVALID; // a number of the target, of any integer type
    }
    UNREACHABLE();
}

// The next link of a chain of bases, NO_INDEX behind its end.
static uint32_t next_base(const Func *f, uint32_t gv)
{
    const GlobalData *const data = &f->globals.data[gv];
    return has_base(data) && global_exists(f, data->base) ? data->base.i : NO_INDEX;
}

typedef enum Walk { WALK_NEW, WALK_OPEN, WALK_GOOD, WALK_CYCLE } Walk;

// Whether the chain of bases from `gv` ends. `walks` keeps the verdict for all links of the chain,
// so that each is walked twice at most.
static bool chain_ends(const Func *f, uint32_t gv, Walk *walks)
{
    uint32_t at = gv;
    for (; at != NO_INDEX && walks[at] == WALK_NEW; at = next_base(f, at))
        walks[at] = WALK_OPEN;
    const bool ends = at == NO_INDEX || walks[at] == WALK_GOOD;
    for (at = gv; at != NO_INDEX && walks[at] == WALK_OPEN; at = next_base(f, at))
        walks[at] = ends ? WALK_GOOD : WALK_CYCLE;
    return walks[gv] == WALK_GOOD;
}

static bool has_vmctx_param(const Signature *sig)
{
    for (uint32_t i = 0; i < sig->num_params; i++)
        if (sig->params[i].purpose == PURPOSE_VMCTX)
            return true;
    return false;
}

static void check_global_load(Validator *v, uint32_t gv, const GlobalData *data)
{
    const Type base = validate_global_type(v, data->base);
    if (v->isa && base != TYPE_INVALID && base != v->pointer)
        validate_report(v, at_global(gv), "base gv%u has type %s, which is not the pointer type %s",
                        data->base.i, validate_type_text(v, base),
                        validate_type_text(v, v->pointer));
    const Region region = memflags_region(data->flags);
    if (region.i != NO_INDEX && region.i >= v->f->regions.len)
        validate_report(v, at_global(gv), "undefined alias region region%u", region.i);
}

static void check_global_add(Validator *v, uint32_t gv, const GlobalData *data)
{
    if (!type_is_int(data->type) || type_is_vector(data->type)) {
        validate_report(v, at_global(gv), "iadd_imm global value with non-integer type %s",
                        validate_type_text(v, data->type));
        return;
    }
    const Type base = validate_global_type(v, data->base);
    if (base != TYPE_INVALID && base != data->type)
        validate_report(v, at_global(gv), "iadd_imm type %s differs from operand type %s",
                        validate_type_text(v, data->type), validate_type_text(v, base));
}

static void check_global(Validator *v, uint32_t gv)
{
    const GlobalData *const data = &v->f->globals.data[gv];
    if (has_base(data) && !global_exists(v->f, data->base)) {
        validate_report(v, at_global(gv), "invalid base global value gv%u", data->base.i);
        return;
    }
    switch (data->kind) {
    case GLOBAL_VMCTX:
        if (!has_vmctx_param(&v->f->sig))
            validate_report(v, at_global(gv), "undeclared vmctx reference gv%u", gv);
        return;
    case GLOBAL_LOAD: check_global_load(v, gv, data); return;
    case GLOBAL_IADD_IMM: check_global_add(v, gv, data); return;
    case GLOBAL_SYMBOL:
    case GLOBAL_DYN_SCALE: return;
    }
    UNREACHABLE();
}

// gv1 -> gv2 -> gv1, cut where it gets long.
static Str cycle_text(Validator *v, uint32_t gv)
{
    enum { SHOWN_MAX = 16 };
    StrBuf buf = {.arena = &v->scratch};
    Bitset seen = bitset_new(&v->scratch, v->f->globals.len);
    uint32_t at = gv, shown = 0;
    for (; !bitset_has(&seen, at) && shown < SHOWN_MAX; shown++) {
        bitset_add(&seen, at);
        buf_printf(&buf, "gv%u -> ", at);
        at = v->f->globals.data[at].base.i;
    }
    if (shown == SHOWN_MAX)
        buf_puts(&buf, "...");
    else
        buf_printf(&buf, "gv%u", at);
    return buf_view(&buf);
}

static void check_globals(Validator *v)
{
    Walk *const walks = ARENA_ARRAY(&v->scratch, Walk, v->f->globals.len);
    bool cycle_reported = false;
    for (uint32_t gv = 0; gv < v->f->globals.len; gv++) {
        if (!v->f->globals.data[gv].declared)
            continue;
        if (chain_ends(v->f, gv, walks)) {
            check_global(v, gv);
        } else if (!cycle_reported) {
            cycle_reported = true;
            validate_report(v, at_global(gv), "global value cycle: %.*s",
                            STR_ARG(cycle_text(v, gv)));
        }
    }
    if (v->f->stack_limit.i != NO_INDEX && !global_exists(v->f, v->f->stack_limit))
        validate_report(v, (EntityRef){ENTITY_STACK_LIMIT, 0}, "invalid global value gv%u",
                        v->f->stack_limit.i);
}

static void check_regions(Validator *v)
{
    Map by_id = {0};
    for (uint32_t i = 0; i < v->f->regions.len; i++) {
        const uint32_t id = v->f->regions.data[i].user_id;
        if (map_get(&by_id, id) != MAP_NONE)
            validate_report(v, (EntityRef){ENTITY_REGION, i}, "duplicate alias region user_id %u",
                            id);
        else
            map_set(&v->scratch, &by_id, id, i);
    }
}

// ---- Entry block and signatures ----

static bool check_entry_params(Validator *v)
{
    const Block entry = v->f->first_block;
    if (entry.i == NO_INDEX)
        return true;
    const Span params = block_params(v->f, entry);
    const Signature *const sig = &v->f->sig;
    if (params.len != sig->num_params)
        return validate_fatal(v, at_block(entry),
                              "entry block parameters (%u) must match function signature (%u)",
                              params.len, sig->num_params);
    for (uint32_t i = 0; i < params.len; i++) {
        const Type type = value_type(v->f, (Value){params.data[i]});
        if (type != sig->params[i].type)
            validate_report(
                v, at_block(entry), "entry block parameter %u expected to have type %s, got %s", i,
                validate_type_text(v, sig->params[i].type), validate_type_text(v, type));
    }
    return true;
}

static void check_abi_params(Validator *v, const AbiParam *params, uint32_t n, bool is_return)
{
    const char *const what = is_return ? "Return value" : "Parameter";
    for (uint32_t i = 0; i < n; i++) {
        const AbiParam *const p = &params[i];
        if (p->extension != EXT_NONE && (!type_is_int(p->type) || type_is_vector(p->type)))
            validate_report(v, at_func, "%s at position %u has invalid extension %s", what, i,
                            p->extension == EXT_UEXT ? "Uext" : "Sext");
        if (is_return && p->purpose == PURPOSE_SARG)
            validate_report(v, at_func, "%s at position %u cannot have the purpose sarg", what, i);
    }
}

static bool check_preserve_all(Validator *v, EntityRef at, const Signature *sig)
{
    if (sig->callconv != CC_PRESERVE_ALL || sig->num_returns == 0)
        return true;
    return validate_fatal(
        v, at,
        "a signature with the `preserve_all` calling convention cannot have return "
        "values");
}

static bool check_all_preserve_all(Validator *v)
{
    const Func *const f = v->f;
    if (!check_preserve_all(v, at_func, &f->sig))
        return false;
    for (uint32_t i = 0; i < f->funcs.len; i++) {
        const ExtFuncData *const func = &f->funcs.data[i];
        if (func->declared && func->sig.i < f->sigs.len &&
            !check_preserve_all(v, (EntityRef){ENTITY_FUNC_REF, i}, &f->sigs.data[func->sig.i].sig))
            return false;
    }
    for (uint32_t i = 0; i < f->sigs.len; i++)
        if (f->sigs.data[i].declared &&
            !check_preserve_all(v, (EntityRef){ENTITY_SIG, i}, &f->sigs.data[i].sig))
            return false;
    return true;
}

bool validate_declarations(Validator *v)
{
    const uint32_t before = v->out->errors.len;
    check_globals(v);
    check_regions(v);
    if (!check_entry_params(v) || v->out->errors.len != before)
        return false;
    const Block entry = v->f->first_block;
    if (entry.i != NO_INDEX && v->f->blocks.data[entry.i].cold)
        return validate_fatal(v, at_block(entry), "entry block cannot be marked as cold");
    check_abi_params(v, v->f->sig.params, v->f->sig.num_params, false);
    check_abi_params(v, v->f->sig.returns, v->f->sig.num_returns, true);
    return v->out->errors.len == before && check_all_preserve_all(v);
}
