// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parses instructions: opcode, type suffix, controlling type, results.
//
// Where opcodes.def says that the controlling type is that of an operand, a suffix is needed only
// if the operand's definition comes later in the text. Two cases differ:
//
// - The first result has the controlling type: the suffix, where there is one, is the truth, and
//   an operand that disagrees is for the validator to report.
// - No result has it: the operand is the truth, and a suffix that disagrees is ignored. When the
//   operand comes later, the suffix stands in for it until the function is complete;
//   text_settle_types then puts the operand's type in its place. Results that the suffix gave a
//   type the operand contradicts are an error there, because instructions in between may have
//   inferred their own types from them.

#include "text/text_internal.h"

// ---- Opcodes ----

// A hash of the word: its length and its first and last four bytes tell most opcodes apart.
static uint32_t op_hash(const char *word, size_t len)
{
    uint32_t first = 0, last = 0;
    if (LIKELY(len >= 4)) {
        memcpy(&first, word, 4);
        memcpy(&last, word + len - 4, 4);
    } else {
        for (size_t i = 0; i < len; i++)
            first = first << 8 | (unsigned char)word[i];
    }
    const uint32_t h = (first ^ (uint32_t)len) * 0x9e3779b1u ^ last * 0x85ebca6bu;
    return (h ^ h >> 15) % OP_SLOTS;
}

void text_op_index_init(OpIndex *index)
{
    memset(index, 0, sizeof(*index));
    for (uint32_t op = 0; op < OP_COUNT; op++) {
        const Str name = str_from(ir_ops[op].name);
        uint32_t slot = op_hash(name.data, name.len);
        while (index->slots[slot] != 0)
            slot = (slot + 1) % OP_SLOTS;
        index->slots[slot] = u8_from(op + 1);
        index->lengths[op] = u8_from(name.len);
    }
}

static Opcode find_opcode(const OpIndex *index, Str word)
{
    for (uint32_t slot = op_hash(word.data, word.len); index->slots[slot] != 0;
         slot = (slot + 1) % OP_SLOTS) {
        const uint32_t op = index->slots[slot] - 1u;
        if (index->lengths[op] == word.len && memcmp(ir_ops[op].name, word.data, word.len) == 0)
            return (Opcode)op;
    }
    return OP_COUNT;
}

static Status parse_opcode(Parser *p, Opcode *out)
{
    Lexer *const lx = &p->lx;
    if (UNLIKELY(!text_at(lx, TOK_WORD)))
        return text_unexpected(lx, "an instruction, a block or `}`");
    *out = find_opcode(&p->ops, lx->tok.text);
    if (UNLIKELY(*out == OP_COUNT)) {
        Str names[OP_COUNT];
        for (uint32_t op = 0; op < OP_COUNT; op++)
            names[op] = str_from(ir_ops[op].name);
        return text_unexpected_hint(lx, "an opcode", str_nearest(lx->tok.text, names, OP_COUNT));
    }
    text_lex_next(lx);
    return STATUS_OK;
}

// ---- Controlling types ----

static Status type_not_allowed(Parser *p, Opcode op, Type type, uint32_t pos)
{
    return LEX_ERROR(&p->lx, STATUS_INVALID, pos, "%s can't have the type %.*s", ir_ops[op].name,
                     STR_ARG(type_name(p->lx.diag->arena, type)));
}

// The optional suffix; what the opcode's row alone can say against it is checked.
static Status parse_suffix(Parser *p, Opcode op, uint32_t op_pos, Type *out)
{
    const OpInfo *const info = &ir_ops[op];
    Lexer *const lx = &p->lx;
    *out = TYPE_INVALID;
    const uint32_t pos = lx->tok.pos;
    if (!text_accept(lx, '.')) {
        if (LIKELY(info->ctrl != CTRL_SUFFIX))
            return STATUS_OK;
        return LEX_ERROR(lx, STATUS_SYNTAX, op_pos, "%s needs a type, such as %s.i32", info->name,
                         info->name);
    }
    const uint32_t type_pos = lx->tok.pos;
    TRY(text_parse_type(p, out));
    if (UNLIKELY(info->ctrl == CTRL_NONE))
        return LEX_ERROR(lx, STATUS_SYNTAX, pos, "%s does not take a type", info->name);
    if (UNLIKELY(info->ctrl == CTRL_SUFFIX && !typeset_has((TypeSet)info->types, *out)))
        return type_not_allowed(p, op, *out, type_pos);
    return STATUS_OK;
}

Value text_ctrl_operand(const Func *f, const InstData *data)
{
    const FormatInfo *const format = &ir_formats[op_format((Opcode)data->op)];
    if (!format->list)
        return (Value){data->w[format->ctrl]};
    const Span list = func_list(f, data->w[3]);
    return format->ctrl < list.len ? (Value){list.data[format->ctrl]} : NO(Value);
}

static bool result_has_ctrl_type(const OpInfo *info)
{
    return info->results[0] == TC_SAME;
}

// Settles data->ctrl, which is the suffix at first, for an opcode that takes it from an operand.
// *late: the operand is not defined yet, and will have the last word.
static Status infer_ctrl(Parser *p, InstData *data, uint32_t op_pos, bool *late)
{
    const Opcode op = (Opcode)data->op;
    const OpInfo *const info = &ir_ops[op];
    const Value operand = text_ctrl_operand(p->f, data);
    const bool defined = text_value_defined(p, operand.i);
    const Type suffix = data->ctrl;
    if (UNLIKELY(!defined && suffix == TYPE_INVALID))
        return LEX_ERROR(&p->lx, STATUS_INVALID, op_pos,
                         "%s needs a type, such as %s.i32: v%u is defined later", info->name,
                         info->name, operand.i);
    const Type type = defined ? p->f->values.data[operand.i].type : suffix;
    if (result_has_ctrl_type(info)) {
        data->ctrl = suffix == TYPE_INVALID ? type : suffix;
        return LIKELY(typeset_has((TypeSet)info->types, data->ctrl))
                   ? STATUS_OK
                   : type_not_allowed(p, op, data->ctrl, op_pos);
    }
    // A type that the operand has but the opcode can't have is reported by the validator.
    if (suffix != TYPE_INVALID && suffix != type && !typeset_has((TypeSet)info->types, suffix))
        return type_not_allowed(p, op, suffix, op_pos);
    data->ctrl = type;
    *late = !defined;
    return STATUS_OK;
}

Status text_settle_types(Parser *p)
{
    Func *const f = p->f;
    for (uint32_t i = 0; i < p->retype.len; i++) {
        const Inst inst = {p->retype.data[i]};
        InstData *const data = &f->insts.data[inst.i];
        const OpInfo *const info = &ir_ops[data->op];
        const Type suffix = data->ctrl;
        const Value operand = text_ctrl_operand(f, data);
        const uint32_t pos = f->inst_pos.data[inst.i];
        const Type type = f->values.data[operand.i].type;
        if (type != suffix && !typeset_has((TypeSet)info->types, suffix))
            return type_not_allowed(p, (Opcode)data->op, suffix, pos);
        data->ctrl = type;
        const Span results = inst_results(f, inst);
        for (uint32_t r = 0; r < results.len && info->results[0] != TC_SIGNATURE; r++) {
            const Type expected = op_constraint_type((TypeConstraint)info->results[r], type);
            if (expected != f->values.data[results.data[r]].type)
                return LEX_ERROR(&p->lx, STATUS_INVALID, pos,
                                 "the type %.*s of %s disagrees with that of v%u, which is %.*s",
                                 STR_ARG(type_name(p->lx.diag->arena, suffix)), info->name,
                                 operand.i, STR_ARG(type_name(p->lx.diag->arena, type)));
        }
    }
    return STATUS_OK;
}

// ---- Results ----

static Status wrong_result_count(Parser *p, Opcode op, uint32_t expected, uint32_t pos)
{
    return LEX_ERROR(&p->lx, STATUS_INVALID, pos, "%s gives %u result%s here, not %u",
                     ir_ops[op].name, expected, expected == 1 ? "" : "s", p->results.len);
}

// Makes the values in p->results results of `inst`, with the types that `sig` or the row give.
static Status define_results(Parser *p, Inst inst, uint32_t pos)
{
    Func *const f = p->f;
    const InstData *const data = func_inst(f, inst);
    const OpInfo *const info = &ir_ops[data->op];
    const Signature *const sig = info->results[0] == TC_SIGNATURE ? inst_signature(f, inst) : NULL;
    const uint32_t expected = sig ? sig->num_returns : op_fixed_results((Opcode)data->op);
    if (UNLIKELY(expected != p->results.len))
        return wrong_result_count(p, (Opcode)data->op, expected, pos);
    if (UNLIKELY(expected > UINT16_MAX))
        return LEX_ERROR(&p->lx, STATUS_LIMIT, pos, "more than %d results", UINT16_MAX);
    for (uint32_t i = 0; i < expected; i++) {
        const Type type = sig ? sig->returns[i].type
                              : op_constraint_type((TypeConstraint)info->results[i], data->ctrl);
        if (UNLIKELY(type == TYPE_INVALID))
            return type_not_allowed(p, (Opcode)data->op, data->ctrl, pos);
        const ValueData value = {(uint32_t)VALUE_RESULT << 30 | inst.i, type, (uint16_t)i};
        TRY(text_define_value(p, p->results.data[i], pos, value));
    }
    if (expected == 1)
        f->nodes.data[inst.i].results = p->results.data[0];
    else if (expected != 0)
        f->nodes.data[inst.i].results = RESULT_LIST | func_add_list(f, p->results.data, expected);
    return STATUS_OK;
}

// ---- Instructions ----

enum { INSTS_MAX = 1 << 29 };

Status text_parse_inst(Parser *p, Block block, uint32_t pos, Inst *out)
{
    const uint32_t op_pos = p->lx.tok.pos;
    Opcode op;
    TRY(parse_opcode(p, &op));
    InstData data = {.op = (uint8_t)op};
    TRY(parse_suffix(p, op, op_pos, &data.ctrl));
    p->list.len = p->calls.len = 0;
    TRY(text_parse_operands(p, &data));
    bool late = false;
    if (ir_ops[op].ctrl == CTRL_OPERAND)
        TRY(infer_ctrl(p, &data, op_pos, &late));
    InstExtra extra = {0};
    TRY(text_parse_stack_map(p, op, &extra));
    if (UNLIKELY(p->f->insts.len >= INSTS_MAX))
        return LEX_ERROR(&p->lx, STATUS_LIMIT, pos, "more than %d instructions", INSTS_MAX);
    const Inst inst = func_add_inst(p->f, &data, pos);
    func_append_inst(p->f, block, inst);
    if (UNLIKELY(late))
        VEC_PUSH(&p->scratch, &p->retype, inst.i);
    if (UNLIKELY(extra.has_map))
        func_set_extra(p->f, inst, extra);
    *out = inst;
    return define_results(p, inst, pos);
}
