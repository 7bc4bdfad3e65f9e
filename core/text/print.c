// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints functions: head, declarations, blocks, aliases; and data.
//
// An instruction's type suffix is left out where a reader of the text can infer it: the control
// operand is of the same block and stands further up. The printer keeps a set of the values whose
// definitions it has printed, so that this holds for any function, well-formed or not.

#include "text/text_internal.h"

typedef struct Printer {
    const Func *f;
    StrBuf *out;
    Arena scratch;
    Bitset printed; // values whose definition is printed
    // The aliases of each value, as lists in the order of their numbers; NULL when there are none.
    uint32_t *first_alias, *next_alias;
    VEC(uint32_t) alias_stack;
    uint32_t indent; // of instructions
} Printer;

// ---- Declarations ----

static void print_slots(const Func *f, StrBuf *out)
{
    for (uint32_t i = 0; i < f->dyn_slots.len; i++) {
        if (!f->dyn_slots.data[i].declared)
            continue;
        text_print_entity("    dss", i, out);
        text_print_entity(" = explicit_dynamic_slot dt", f->dyn_slots.data[i].dyn_type.i, out);
        buf_char(out, '\n');
    }
    for (uint32_t i = 0; i < f->slots.len; i++) {
        const StackSlotData *const slot = &f->slots.data[i];
        text_print_entity("    ss", i, out);
        text_print_entity(" = explicit_slot ", slot->size, out);
        if (slot->align > 1)
            text_print_entity(", align = ", slot->align, out);
        if (slot->has_key) {
            buf_puts(out, ", key = ");
            buf_u64(out, slot->key);
        }
        buf_char(out, '\n');
    }
}

// The name of a symbol: user names by their number, which is counted in `numbers`.
static void print_symbol_name(Arena *scratch, Map *numbers, const ExtName *name, StrBuf *out)
{
    if (name->kind != NAME_USER) {
        extname_print(name, out);
        return;
    }
    const uint64_t key = (uint64_t)name->space << 32 | name->index;
    uint32_t number = map_get(numbers, key);
    if (number == MAP_NONE) {
        number = numbers->len;
        map_set(scratch, numbers, key, number);
    }
    text_print_entity("userextname", number, out);
}

static void print_global(Printer *p, const GlobalData *gv, Map *numbers)
{
    StrBuf *const out = p->out;
    switch (gv->kind) {
    case GLOBAL_VMCTX: buf_puts(out, "vmctx"); return;
    case GLOBAL_LOAD:
        buf_puts(out, "load.");
        type_print(gv->type, out);
        text_print_memflags(gv->flags, out);
        text_print_entity(" gv", gv->base.i, out);
        text_print_offset(gv->offset, out);
        return;
    case GLOBAL_IADD_IMM:
        buf_puts(out, "iadd_imm.");
        type_print(gv->type, out);
        text_print_entity(" gv", gv->base.i, out);
        buf_puts(out, ", ");
        text_print_imm(gv->offset, out);
        return;
    case GLOBAL_SYMBOL:
        buf_puts(out, "symbol ");
        if (gv->colocated)
            buf_puts(out, "colocated ");
        if (gv->tls)
            buf_puts(out, "tls ");
        print_symbol_name(&p->scratch, numbers, &gv->name, out);
        text_print_offset(gv->offset, out);
        return;
    case GLOBAL_DYN_SCALE:
        buf_puts(out, "dyn_scale_target_const.");
        type_print(gv->type, out);
        return;
    }
    UNREACHABLE();
}

static void print_globals(Printer *p)
{
    const Func *const f = p->f;
    StrBuf *const out = p->out;
    Map numbers = {0};
    for (uint32_t i = 0; i < f->globals.len; i++) {
        if (!f->globals.data[i].declared)
            continue;
        text_print_entity("    gv", i, out);
        buf_puts(out, " = ");
        print_global(p, &f->globals.data[i], &numbers);
        buf_char(out, '\n');
    }
    for (uint32_t i = 0; i < f->dyn_types.len; i++) {
        const DynTypeData *const type = &f->dyn_types.data[i];
        if (!type->declared)
            continue;
        text_print_entity("    dt", i, out);
        buf_puts(out, " = ");
        type_print(type->base, out);
        text_print_entity("*gv", type->scale.i, out);
        buf_char(out, '\n');
    }
}

static void print_functions(const Func *f, StrBuf *out)
{
    for (uint32_t i = 0; i < f->sigs.len; i++) {
        if (!f->sigs.data[i].declared)
            continue;
        text_print_entity("    sig", i, out);
        buf_puts(out, " = ");
        signature_print(&f->sigs.data[i].sig, out);
        buf_char(out, '\n');
    }
    for (uint32_t i = 0; i < f->funcs.len; i++) {
        const ExtFuncData *const func = &f->funcs.data[i];
        if (!func->declared)
            continue;
        text_print_entity("    fn", i, out);
        buf_puts(out, " = ");
        if (func->colocated)
            buf_puts(out, "colocated ");
        if (func->patchable)
            buf_puts(out, "patchable ");
        extname_print(&func->name, out);
        text_print_entity(" sig", func->sig.i, out);
        buf_char(out, '\n');
    }
}

static void print_constants(const Func *f, StrBuf *out)
{
    for (uint32_t i = 0; i < f->constants.len; i++) {
        if (!f->constants.data[i].declared)
            continue;
        text_print_entity("    const", i, out);
        buf_puts(out, " = ");
        text_print_bytes(f->constants.data[i].bytes, f->constants.data[i].size, out);
        buf_char(out, '\n');
    }
}

static void print_declarations(Printer *p)
{
    const Func *const f = p->f;
    StrBuf *const out = p->out;
    print_slots(f, out);
    for (uint32_t i = 0; i < f->regions.len; i++) {
        text_print_entity("    region", i, out);
        text_print_entity(" = ", f->regions.data[i].user_id, out);
        buf_puts(out, " \"");
        buf_str(out, f->regions.data[i].description);
        buf_puts(out, "\"\n");
    }
    print_globals(p);
    print_functions(f, out);
    print_constants(f, out);
    if (f->stack_limit.i != NO_INDEX) {
        text_print_entity("    stack_limit = gv", f->stack_limit.i, out);
        buf_char(out, '\n');
    }
}

// ---- Aliases ----

static void find_aliases(Printer *p)
{
    const Func *const f = p->f;
    for (uint32_t v = f->values.len; v-- != 0;) {
        if (value_kind(f, (Value){v}) != VALUE_ALIAS)
            continue;
        if (!p->first_alias) {
            p->first_alias = ARENA_ARRAY(&p->scratch, uint32_t, f->values.len);
            p->next_alias = ARENA_ARRAY(&p->scratch, uint32_t, f->values.len);
            memset(p->first_alias, 0xff, sizeof(uint32_t) * f->values.len);
        }
        const uint32_t of = value_def(f, (Value){v});
        p->next_alias[v] = p->first_alias[of];
        p->first_alias[of] = v;
    }
}

static void print_blanks(uint32_t n, StrBuf *out)
{
    for (uint32_t i = 0; i < n; i++)
        buf_char(out, ' ');
}

// Marks `value` as printed and prints the aliases of it, and theirs.
static void finish_value(Printer *p, uint32_t value)
{
    bitset_add(&p->printed, value);
    if (!p->first_alias)
        return;
    VEC_PUSH(&p->scratch, &p->alias_stack, value);
    while (p->alias_stack.len != 0) {
        const uint32_t of = p->alias_stack.data[--p->alias_stack.len];
        for (uint32_t v = p->first_alias[of]; v != NO_INDEX; v = p->next_alias[v]) {
            print_blanks(p->indent, p->out);
            text_print_entity("v", v, p->out);
            text_print_entity(" -> v", of, p->out);
            buf_char(p->out, '\n');
            VEC_PUSH(&p->scratch, &p->alias_stack, v);
        }
    }
}

// ---- Blocks ----

// "<1, ss0> @0001 " within the margin.
static void print_margin(const Printer *p, Inst inst)
{
    const Func *const f = p->f;
    StrBuf *const out = p->out;
    const size_t start = out->len;
    const InstExtra *const extra = inst_extra(f, inst);
    if (extra && extra->num_tags != 0) {
        for (uint32_t i = 0; i < extra->num_tags; i++) {
            buf_puts(out, i == 0 ? "<" : ", ");
            text_print_entity(extra->tags[i].is_slot ? "ss" : "", extra->tags[i].index, out);
        }
        buf_puts(out, "> ");
    }
    if (f->srclocs.len != 0 && f->srclocs.data[inst.i] != NO_INDEX)
        buf_printf(out, "@%04x ", f->srclocs.data[inst.i]);
    const size_t width = out->len - start;
    if (width < p->indent)
        print_blanks(p->indent - (uint32_t)width, out);
}

static bool needs_suffix(const Printer *p, Inst inst)
{
    const Func *const f = p->f;
    const InstData *const data = func_inst(f, inst);
    const CtrlKind ctrl = (CtrlKind)ir_ops[data->op].ctrl;
    if (ctrl != CTRL_OPERAND)
        return ctrl == CTRL_SUFFIX;
    const Value operand = text_ctrl_operand(f, data);
    return operand.i == NO_INDEX || !bitset_has(&p->printed, ir_resolve(f, operand).i) ||
           text_needs_suffix(f, inst);
}

static void print_line(Printer *p, Inst inst)
{
    print_margin(p, inst);
    text_print_inst_suffix(p->f, inst, needs_suffix(p, inst), p->out);
    text_print_constant_comment(p->f, inst, p->out);
    buf_char(p->out, '\n');
    const Span results = inst_results(p->f, inst);
    for (uint32_t i = 0; i < results.len; i++)
        finish_value(p, results.data[i]);
}

void text_print_block_header(const Func *f, Block block, StrBuf *out)
{
    const Span params = block_params(f, block);
    text_print_entity("block", block.i, out);
    for (uint32_t i = 0; i < params.len; i++) {
        buf_puts(out, i == 0 ? "(" : ", ");
        text_print_entity("v", params.data[i], out);
        buf_puts(out, ": ");
        type_print(value_type(f, (Value){params.data[i]}), out);
    }
    if (params.len != 0)
        buf_char(out, ')');
    buf_puts(out, f->blocks.data[block.i].cold ? " cold:" : ":");
}

static bool has_margin(const Func *f)
{
    for (uint32_t i = 0; i < f->srclocs.len; i++)
        if (f->srclocs.data[i] != NO_INDEX)
            return true;
    for (uint32_t i = 0; i < f->extras.len; i++)
        if (f->extras.data[i].num_tags != 0)
            return true;
    return false;
}

static void print_block(Printer *p, Block block)
{
    const Func *const f = p->f;
    print_blanks(p->indent - 4, p->out);
    text_print_block_header(f, block, p->out);
    buf_char(p->out, '\n');
    const Span params = block_params(f, block);
    for (uint32_t i = 0; i < params.len; i++)
        finish_value(p, params.data[i]);
    IR_FOR_INSTS (f, block, inst)
        print_line(p, inst);
}

// ---- Functions ----

void text_print_func(const Func *f, StrBuf *out)
{
    Printer p = {.f = f, .out = out, .indent = has_margin(f) ? 36 : 4};
    p.scratch.on_oom = out->arena->on_oom;
    p.scratch.oom_context = out->arena->oom_context;
    p.printed = bitset_new(&p.scratch, f->values.len);
    find_aliases(&p);
    buf_puts(out, "function ");
    extname_print(&f->name, out);
    signature_print(&f->sig, out);
    buf_puts(out, " {\n");
    const size_t head_end = out->len;
    print_declarations(&p);
    bool any = out->len != head_end;
    IR_FOR_BLOCKS (f, block) {
        if (any)
            buf_char(out, '\n');
        print_block(&p, block);
        any = true;
    }
    buf_puts(out, "}\n");
    arena_free(&p.scratch);
}

// ---- Data ----

void text_print_data(const DataValue *data, StrBuf *out)
{
    const Type type = data->type;
    uint128 bits = 0;
    for (uint32_t i = 0; i < 16; i++)
        bits |= (uint128)data->bytes[i] << 8 * i;
    if (type_is_vector(type)) {
        text_print_bytes(data->bytes, type_bytes(type), out);
    } else if (type_is_float(type)) {
        text_print_float(type, bits, out);
    } else {
        const uint32_t unused = 128 - type_bits(type);
        text_print_imm((int128)(bits << unused) >> unused, out);
    }
}
