// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of the rules, and how errors are kept.
//
// Near-linear in the size of the function: dominance is two comparisons by the tree's pre-order
// numbers, or by the instructions' numbers within a block; nothing walks a list again.

#include "validate/validate.h"

#include "validate/validate_internal.h"

#include <stdio.h>

// ---- Errors ----

static PRINTF_LIKE(3, 0) void add_error(Validator *v, EntityRef at, const char *format,
                                        va_list args)
{
    va_list again;
    va_copy(again, args);
    const int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    ASSERT(len >= 0);
    char *const text = arena_alloc(v->out->arena, (size_t)len + 1, 1);
    vsnprintf(text, (size_t)len + 1, format, args);
    const ValidateError error = {at, func_entity_pos(v->f, at), {text, (size_t)len}};
    VEC_PUSH(v->out->arena, &v->out->errors, error);
}

void validate_report(Validator *v, EntityRef at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_error(v, at, format, args);
    va_end(args);
}

bool validate_fatal(Validator *v, EntityRef at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_error(v, at, format, args);
    va_end(args);
    return false;
}

const char *validate_type_text(Validator *v, Type t)
{
    StrBuf buf = {.arena = &v->scratch};
    type_print(t, &buf);
    buf_char(&buf, '\0');
    return buf.data;
}

// ---- Blocks ----

// A block ends with its first terminator. Every branch is a terminator, so that no instruction can
// stand behind a branch either.
static bool check_place(Validator *v, Block block, Inst inst)
{
    const bool ends = (ir_ops[inst_op(v->f, inst)].flags & OPF_TERMINATOR) != 0;
    const bool is_last = v->f->blocks.data[block.i].last.i == inst.i;
    if (ends && !is_last)
        return validate_fatal(v, at_inst(inst),
                              "a terminator instruction was encountered before the end of block%u",
                              block.i);
    if (is_last && !ends)
        return validate_fatal(v, at_block(block),
                              "block%u does not end in a terminator instruction", block.i);
    return true;
}

// An instruction has the results that its opcode or signature gives.
static bool check_results(Validator *v, Inst inst)
{
    const Opcode op = inst_op(v->f, inst);
    const bool by_signature = ir_ops[op].results[0] == TC_SIGNATURE;
    const uint32_t expected =
        by_signature ? inst_signature(v->f, inst)->num_returns : op_fixed_results(op);
    const Span results = inst_results(v->f, inst);
    if (results.len != expected)
        return validate_fatal(v, at_inst(inst), "expected %u result values, found %u", expected,
                              results.len);
    for (uint32_t i = 0; i < results.len; i++) {
        const Value result = {results.data[i]};
        if (result.i >= v->f->values.len || value_kind(v->f, result) != VALUE_RESULT ||
            value_def(v->f, result) != inst.i || v->f->values.data[result.i].num != i)
            return validate_fatal(v, at_inst(inst), "result v%u belongs to another definition",
                                  result.i);
    }
    return true;
}

static bool validate_inst(Validator *v, Block block, Inst inst)
{
    v->inst_text = (Str){NULL, 0};
    bool usable = true;
    if (!check_place(v, block, inst) || !validate_operands(v, inst) ||
        !validate_references(v, inst, &usable))
        return false;
    if (usable) {
        if (!check_results(v, inst))
            return false;
        validate_types(v, inst);
    }
    return validate_immediates(v, inst);
}

static bool validate_block(Validator *v, Block block)
{
    if (v->f->blocks.data[block.i].first.i == NO_INDEX)
        return validate_fatal(v, at_block(block), "block%u cannot be empty", block.i);
    IR_FOR_INSTS (v->f, block, inst)
        if (!validate_inst(v, block, inst))
            return false;
    return true;
}

// Follows each chain of aliases once, so that long chains cost no more than short ones.
static void resolve_aliases(Validator *v)
{
    const Func *const f = v->f;
    v->resolved = arena_alloc(&v->scratch, sizeof(uint32_t) * f->values.len, _Alignof(uint32_t));
    memset(v->resolved, 0xff, sizeof(uint32_t) * f->values.len); // NO_INDEX
    for (uint32_t i = 0; i < f->values.len; i++) {
        uint32_t end = i;
        while (v->resolved[end] == NO_INDEX && value_kind(f, (Value){end}) == VALUE_ALIAS)
            end = value_def(f, (Value){end});
        const uint32_t meant = v->resolved[end] == NO_INDEX ? end : v->resolved[end];
        for (uint32_t at = i; v->resolved[at] == NO_INDEX; at = value_def(f, (Value){at})) {
            v->resolved[at] = meant;
            if (at == end)
                break;
        }
    }
}

static void validate_body(Validator *v)
{
    const Func *const f = v->f;
    resolve_aliases(v);
    v->cfg = cfg_compute(&v->scratch, f);
    v->tree = domtree_compute(&v->scratch, f, &v->cfg);
    v->order = ARENA_ARRAY(&v->scratch, uint32_t, f->insts.len);
    uint32_t n = 0;
    IR_FOR_BLOCKS (f, block)
        IR_FOR_INSTS (f, block, inst)
            v->order[inst.i] = n++;
    IR_FOR_BLOCKS (f, block)
        if (!validate_block(v, block))
            return;
}

// ---- Interface ----

bool validate_func(const Func *f, const Settings *settings, const Isa *isa, ValidateErrors *out)
{
    const uint32_t before = out->errors.len;
    Validator v = {.f = f, .settings = settings, .isa = isa, .out = out};
    if (isa)
        v.pointer = type_int(arch_pointer_bits(isa->arch));
    if (validate_declarations(&v))
        validate_body(&v);
    arena_free(&v.scratch);
    return out->errors.len == before;
}

Status validate_func_diag(const Func *f, const Settings *settings, const Isa *isa, Source *source,
                          Diag *diag)
{
    ValidateErrors found = {.arena = diag->arena};
    if (validate_func(f, settings, isa, &found))
        return STATUS_OK;
    for (uint32_t i = 0; i < found.errors.len; i++) {
        const ValidateError *const error = &found.errors.data[i];
        StrBuf name = {.arena = diag->arena};
        extname_print(&f->name, &name);
        buf_puts(&name, ", ");
        entity_print(error->at, &name);
        diag_error(diag, STATUS_INVALID, source, error->pos, "%.*s: %.*s", STR_ARG(buf_view(&name)),
                   STR_ARG(error->message));
    }
    return STATUS_INVALID;
}
