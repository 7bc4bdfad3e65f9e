// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// clifgen: writes the ISLE terms of CLIF instructions, and the macros in C behind them, from
// opcodes.def and formats.def. An instruction is an extern enum with a variant for each opcode.
//
//   clifgen --out DIR        writes DIR/clif.isle, DIR/clif_specs.isle and DIR/clif_terms.h for
//                            lowering, DIR/opt_terms.isle and DIR/opt_terms.h for the
//                            mid-end, DIR/ir_terms.h for both
//
// A term has the controlling type first (for polymorphic opcodes), then the operands in text order.
// In the mid-end the terms of pure opcodes with one result are of values, and make them too.
// Block calls, and opcodes whose operands have no fixed number, are not part of terms: control flow
// and calls are handled by lower/ and by the branch rules' own context.

#include "ir/ir.h"

#include <stdio.h>

// What a format's operands are in ISLE, how C reads them, and the initialiser that writes them
// (NULL: nothing pure has it). NULL type: the opcode has no term.
typedef struct Field {
    const char *name, *isle, *c, *read, *write;
} Field;

#define V(name, n)                                                                      \
    {                                                                                   \
        name, "Value", "Value", "(Value){(data)->w[" #n "]}", ".w[" #n "] = " name ".i" \
    }
#define FLAGS                                                            \
    {                                                                    \
        "flags", "MemFlags", "MemFlags", "(data)->w[3]", ".w[3] = flags" \
    }
#define OFFSET                                                                          \
    {                                                                                   \
        "offset", "i32", "int32_t", "(int32_t)(data)->w[2]", ".w[2] = (uint32_t)offset" \
    }
#define CODE                                                \
    {                                                       \
        "code", "TrapCode", "TrapCode", "(data)->aux", NULL \
    }
#define IMM                                                                      \
    {                                                                            \
        "imm", "u64", "uint64_t", "(data)->w[0] | (uint64_t)(data)->w[1] << 32", \
            ".w[0] = (uint32_t)imm, .w[1] = (uint32_t)(imm >> 32)"               \
    }

static const Field fields[FMT_COUNT][5] = {
    [FMT_UNARY] = {V("x", 0)},
    [FMT_UNARY_IMM] = {IMM},
    [FMT_UNARY_IEEE16] = {IMM},
    [FMT_UNARY_IEEE32] = {IMM},
    [FMT_UNARY_IEEE64] = {IMM},
    [FMT_UNARY_CONST] = {{"constant", "Constant", "Constant", "(Constant){(data)->w[0]}",
                          ".w[0] = constant.i"}},
    [FMT_UNARY_GLOBAL_VALUE] = {{"global", "GlobalValue", "GlobalValue",
                                 "(GlobalValue){(data)->w[0]}", ".w[0] = global.i"}},
    [FMT_BINARY] = {V("x", 0), V("y", 1)},
    [FMT_BINARY_IMM8] = {V("x", 0), {"imm", "u8", "uint8_t", "(data)->aux", ".aux = imm"}},
    [FMT_TERNARY] = {V("x", 0), V("y", 1), V("z", 2)},
    [FMT_TERNARY_IMM8] = {V("x", 0),
                          V("y", 1),
                          {"imm", "u8", "uint8_t", "(data)->aux", ".aux = imm"}},
    [FMT_INT_COMPARE] = {{"cc", "IntCC", "IntCC", "(IntCC)(data)->aux", ".aux = (uint8_t)cc"},
                         V("x", 0),
                         V("y", 1)},
    [FMT_FLOAT_COMPARE] = {{"cc", "FloatCC", "FloatCC", "(FloatCC)(data)->aux",
                            ".aux = (uint8_t)cc"},
                           V("x", 0),
                           V("y", 1)},
    [FMT_BRIF] = {V("c", 0)},
    [FMT_BRANCH_TABLE] = {V("index", 0)},
    [FMT_FUNC_ADDR] = {{"func", "FuncRef", "FuncRef", "(FuncRef){(data)->w[0]}", ".w[0] = func.i"}},
    [FMT_STACK_ADDR] = {{"slot", "StackSlot", "StackSlot", "(StackSlot){(data)->w[0]}",
                         ".w[0] = slot.i"},
                        OFFSET},
    [FMT_LOAD] = {FLAGS, V("p", 0), OFFSET},
    [FMT_STORE] = {FLAGS, V("x", 0), V("p", 1), OFFSET},
    [FMT_LOAD_NO_OFFSET] = {FLAGS, V("x", 0)},
    [FMT_STORE_NO_OFFSET] = {FLAGS, V("x", 0), V("p", 1)},
    [FMT_ATOMIC_RMW] = {FLAGS,
                        {"op", "AtomicOp", "AtomicOp", "(AtomicOp)(data)->aux", NULL},
                        V("p", 0),
                        V("x", 1)},
    [FMT_ATOMIC_CAS] = {FLAGS, V("p", 0), V("e", 1), V("x", 2)},
    [FMT_TRAP] = {CODE},
    [FMT_COND_TRAP] = {V("c", 0), CODE},
    [FMT_INT_ADD_TRAP] = {V("x", 0), V("y", 1), CODE},
};

// Formats whose opcodes have a term: those above, and the ones without operands.
static bool has_term(Format format)
{
    return fields[format][0].name != NULL || format == FMT_NULL_ARY;
}

static bool is_polymorphic(const OpInfo *op)
{
    return op->ctrl != CTRL_NONE;
}

// The fields of a variant: the controlling type, then the operands.
static void write_variant(const OpInfo *info, StrBuf *out)
{
    buf_printf(out, "  (%s", info->name);
    if (is_polymorphic(info))
        buf_puts(out, " (ty Type)");
    for (const Field *f = fields[info->format]; f->name; f++)
        buf_printf(out, " (%s %s)", f->name, f->isle);
    buf_puts(out, ")\n");
}

static void write_names(const OpInfo *info, StrBuf *out)
{
    if (is_polymorphic(info))
        buf_puts(out, " ty");
    for (const Field *f = fields[info->format]; f->name; f++)
        buf_printf(out, " %s", f->name);
}

static bool has_op_term(const OpInfo *op)
{
    return has_term((Format)op->format);
}

// Whether the mid-end may move, copy or drop it, and it has one result.
static bool is_node(const OpInfo *op)
{
    const uint16_t effects =
        OPF_TERMINATOR | OPF_CALL | OPF_LOAD | OPF_STORE | OPF_TRAP | OPF_EFFECT;
    return (op->flags & effects) == 0 && op->results[0] != TC_NO && op->results[1] == TC_NO;
}

// The enum of all opcodes and the term that gives an instruction's.
static void write_enum(StrBuf *out)
{
    buf_puts(out, ";; Generated by clifgen from core/ir; do not edit.\n\n"
                  "(type ClifInst extern (enum\n");
    for (uint32_t op = 0; op < OP_COUNT; op++)
        if (has_op_term(&ir_ops[op]))
            write_variant(&ir_ops[op], out);
    buf_puts(out, "))\n\n(decl inst_data (ClifInst) Inst)\n"
                  "(extern extractor infallible inst_data rule_inst_data)\n\n");
}

// A term whose extractor is `inner` of the opcode's variant.
static void write_term(const OpInfo *info, const char *inner, const char *type, StrBuf *out)
{
    buf_printf(out, ";; %s\n(decl %s (", info->meaning, info->name);
    if (is_polymorphic(info))
        buf_puts(out, "Type ");
    for (const Field *f = fields[info->format]; f->name; f++)
        buf_printf(out, "%s ", f->isle);
    buf_printf(out, ") %s)\n(extractor (%s", type, info->name);
    write_names(info, out);
    buf_printf(out, ") (%s (ClifInst.%s", inner, info->name);
    write_names(info, out);
    buf_puts(out, ")))\n");
}

static void write_isle(StrBuf *out)
{
    write_enum(out);
    for (uint32_t op = 0; op < OP_COUNT; op++)
        if (has_op_term(&ir_ops[op]))
            write_term(&ir_ops[op], "inst_data", "Inst", out);
}

static void write_opt_isle(StrBuf *out)
{
    write_enum(out);
    buf_puts(out, ";; The nodes of a class.\n(decl multi node (ClifInst) Value)\n"
                  "(extern extractor node opt_node)\n\n");
    for (uint32_t op = 0; op < OP_COUNT; op++) {
        const OpInfo *const info = &ir_ops[op];
        if (!has_op_term(info))
            continue;
        const bool node = is_node(info);
        write_term(info, node ? "node" : "inst_data", node ? "Value" : "Inst", out);
        if (node)
            buf_printf(out, "(extern constructor %s opt_make_%s)\n", info->name, info->name);
    }
}

// ---- C ----

static void write_inst_header(StrBuf *out)
{
    buf_puts(out, "// Generated by clifgen from core/ir; do not edit.\n\n"
                  "#ifndef IR_TERMS_H\n#define IR_TERMS_H\n\n#include \"ir/ir.h\"\n\n"
                  "typedef const InstData *ClifInst;\n\n#define ClifInst_TAG(data) ((data)->op)\n");
    for (uint32_t op = 0; op < OP_COUNT; op++) {
        const OpInfo *const info = &ir_ops[op];
        if (!has_op_term(info))
            continue;
        buf_printf(out, "#define ClifInst_%s %u\n", info->name, op);
        if (is_polymorphic(info))
            buf_printf(out, "#define ClifInst_GET_%s_ty(data) ((data)->ctrl)\n", info->name);
        for (const Field *f = fields[info->format]; f->name; f++)
            buf_printf(out, "#define ClifInst_GET_%s_%s(data) (%s)\n", info->name, f->name,
                       f->read);
    }
    buf_puts(out, "\n#endif\n");
}

static void write_header(StrBuf *out)
{
    buf_puts(out, "// Generated by clifgen from core/ir; do not edit.\n\n"
                  "#ifndef CLIF_TERMS_H\n#define CLIF_TERMS_H\n\n#include \"ir_terms.h\"\n"
                  "#include \"lower/lower.h\"\n\n"
                  "static inline ClifInst rule_inst_data(LowerCtx *ctx, Inst inst)\n{\n"
                  "    return func_inst(ctx->f, inst);\n}\n\n#endif\n");
}

// The constructor of one opcode's node.
static void write_make(const OpInfo *info, StrBuf *out)
{
    buf_printf(out, "\nstatic inline Value opt_make_%s(OptCtx *ctx", info->name);
    if (is_polymorphic(info))
        buf_puts(out, ", Type ty");
    for (const Field *f = fields[info->format]; f->name; f++)
        buf_printf(out, ", %s %s", f->c, f->name);
    buf_printf(out, ")\n{\n    const InstData data = {.op = %u", (uint32_t)(info - ir_ops));
    if (is_polymorphic(info))
        buf_puts(out, ", .ctrl = ty");
    for (const Field *f = fields[info->format]; f->name; f++)
        buf_printf(out, ", %s", f->write);
    buf_puts(out, "};\n    return opt_insert(ctx, &data, NO(Inst));\n}\n");
}

static void write_opt_header(StrBuf *out)
{
    buf_puts(out, "// Generated by clifgen from core/ir; do not edit.\n\n"
                  "#ifndef OPT_TERMS_H\n#define OPT_TERMS_H\n\n"
                  "#include \"ir_terms.h\"\n#include \"opt/opt_internal.h\"\n");
    for (uint32_t op = 0; op < OP_COUNT; op++)
        if (has_op_term(&ir_ops[op]) && is_node(&ir_ops[op]))
            write_make(&ir_ops[op], out);
    buf_puts(out, "\n#endif\n");
}

// ---- Specifications ----

// The scalar types that specifications speak of.
static const Type scalars[] = {TYPE_I8,   TYPE_I16, TYPE_I32, TYPE_I64,
                               TYPE_I128, TYPE_F32, TYPE_F64};
enum { NUM_SCALARS = sizeof(scalars) / sizeof(scalars[0]) };

static void write_constants(StrBuf *out)
{
    static const struct {
        const char *name;
        uint32_t value;
    } constants[] = {
#define INTCC(NAME, ...)            {"INTCC_" #NAME, INTCC_##NAME},
#define FLOATCC(NAME, ...)          {"FLOATCC_" #NAME, FLOATCC_##NAME},
#define ATOMICOP(NAME, ...)         {"ATOMIC_" #NAME, ATOMIC_##NAME},
#define TRAPCODE(NAME, name, value) {"TRAP_" #NAME, value},
#include "ir/enums.def"
    };
    for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++)
        buf_printf(out, "(macro (%s) #x%02x)\n", constants[i].name, constants[i].value);
}

static void write_model(Type type, StrBuf *out)
{
    buf_printf(out, " (bv %u)", type_bits(type));
}

// The model of the opcode's result under a controlling type.
static void write_result(const OpInfo *info, Type ctrl, StrBuf *out)
{
    const Type first = op_constraint_type((TypeConstraint)info->results[0], ctrl);
    const Type second = op_constraint_type((TypeConstraint)info->results[1], ctrl);
    buf_puts(out, ") (ret");
    if (info->results[0] == TC_NO)
        buf_puts(out, " Unit");
    else if (info->results[1] == TC_NO)
        write_model(first, out);
    else
        buf_printf(out, " (struct (first (bv %u)) (second (bv %u)))", type_bits(first),
                   type_bits(second));
    buf_puts(out, "))\n");
}

// Signatures of one opcode. Integers and floats of a width have the same model.
typedef struct Signatures {
    Arena *arena;
    StrTable texts;
} Signatures;

static void write_signature(const OpInfo *info, Type ctrl, const Type *operands, Signatures *all)
{
    uint32_t value = 0;
    StrBuf text = {.arena = all->arena};
    StrBuf *const out = &text;
    buf_puts(out, "  ((args");
    if (is_polymorphic(info))
        buf_puts(out, " (named Type)");
    for (const Field *f = fields[info->format]; f->name; f++) {
        if (strcmp(f->isle, "Value") == 0)
            write_model(operands[value++], out);
        else
            buf_printf(out, " (named %s)", f->isle);
    }
    write_result(info, ctrl, out);
    strtable_add(all->arena, &all->texts, buf_view(&text));
}

// Whether operand `n`, if there is one, may be `type`.
static bool operand_allows(const OpInfo *info, uint32_t n, Type ctrl, Type type)
{
    const TypeConstraint c = (TypeConstraint)info->args[n];
    // Addresses are as wide as the target's pointers: the validator sees to it.
    if (c == TC_IN_PTR && type != TYPE_I64)
        return false;
    return c == TC_NO ? type == scalars[0] : op_constraint_allows(c, ctrl, type);
}

static void write_signatures_of(const OpInfo *info, Type ctrl, Signatures *out)
{
    for (uint32_t a = 0; a < NUM_SCALARS; a++)
        for (uint32_t b = 0; b < NUM_SCALARS; b++)
            for (uint32_t c = 0; c < NUM_SCALARS; c++)
                if (operand_allows(info, 0, ctrl, scalars[a]) &&
                    operand_allows(info, 1, ctrl, scalars[b]) &&
                    operand_allows(info, 2, ctrl, scalars[c]))
                    write_signature(info, ctrl, (Type[]){scalars[a], scalars[b], scalars[c]}, out);
}

static bool is_scalar_result(const OpInfo *info, Type ctrl)
{
    for (uint32_t r = 0; r < 2; r++) {
        if (info->results[r] == TC_NO)
            continue;
        const Type type = op_constraint_type((TypeConstraint)info->results[r], ctrl);
        bool known = false;
        for (uint32_t i = 0; i < NUM_SCALARS; i++)
            known = known || scalars[i] == type;
        if (!known)
            return false;
    }
    return true;
}

// The types that an opcode has, as models of its term: one signature for each choice of scalars.
static void write_instantiation(const OpInfo *info, StrBuf *out)
{
    Signatures all = {.arena = out->arena};
    for (uint32_t i = 0; i < NUM_SCALARS; i++) {
        const Type ctrl = is_polymorphic(info) ? scalars[i] : TYPE_INVALID;
        const bool allowed =
            is_polymorphic(info)
                ? op_constraint_allows((TypeConstraint)(TC_IN_NONE + info->types), ctrl, ctrl)
                : i == 0;
        if (allowed && is_scalar_result(info, ctrl))
            write_signatures_of(info, ctrl, &all);
    }
    const uint32_t count = all.texts.strings.len;
    if (count == 0)
        return;
    buf_printf(out, "(instantiate %s\n", info->name);
    for (uint32_t i = 0; i < count; i++)
        buf_str(out, all.texts.strings.data[i]);
    buf_puts(out, ")\n");
}

static void write_specs(StrBuf *out)
{
    buf_puts(out, ";; Generated by clifgen from core/ir; do not edit.\n\n");
    write_constants(out);
    for (uint32_t op = 0; op < OP_COUNT; op++)
        if (has_term((Format)ir_ops[op].format))
            write_instantiation(&ir_ops[op], out);
}

static bool write_file(const char *path, const StrBuf *text)
{
    FILE *const file = fopen(path, "wb");
    const bool good = file && fwrite(text->data, 1, text->len, file) == text->len;
    if (!file || fclose(file) != 0 || !good) {
        fprintf(stderr, "clifgen: %s: can't be written\n", path);
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 3 || strcmp(argv[1], "--out") != 0) {
        fputs("usage: clifgen --out DIR\n", stderr);
        return 2;
    }
    static const struct {
        const char *name;
        void (*write)(StrBuf *out);
    } files[] = {{"clif.isle", write_isle},          {"clif_specs.isle", write_specs},
                 {"opt_terms.isle", write_opt_isle}, {"ir_terms.h", write_inst_header},
                 {"clif_terms.h", write_header},     {"opt_terms.h", write_opt_header}};
    Arena arena = {0};
    bool good = true;
    for (uint32_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        StrBuf text = {.arena = &arena};
        files[i].write(&text);
        good &= write_file(str_printf(&arena, "%s/%s", argv[2], files[i].name).data, &text);
    }
    arena_free(&arena);
    return good ? 0 : 1;
}
