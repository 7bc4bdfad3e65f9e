// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Assembly text of AArch64 instructions, from the templates of the rows.

#include "target/aarch64/a64_internal.h"

const char *a64_reg_name(PReg reg, uint32_t bytes)
{
#define NAMES(p)                                                                              \
    {                                                                                         \
        p "0", p "1", p "2", p "3", p "4", p "5", p "6", p "7", p "8", p "9", p "10", p "11", \
            p "12", p "13", p "14", p "15", p "16", p "17", p "18", p "19", p "20", p "21",   \
            p "22", p "23", p "24", p "25", p "26", p "27", p "28", p "29", p "30", p "31"    \
    }
    static const char *const names[8][32] = {NAMES("w"), NAMES("x"), NAMES("b"), NAMES("h"),
                                             NAMES("s"), NAMES("d"), NAMES("q"), NAMES("v")};
#undef NAMES
    const uint32_t n = preg_number(reg);
    if (preg_class(reg) == REG_INT)
        return n == 31 ? (bytes == 8 ? "xzr" : "wzr") : names[bytes == 8][n];
    const uint32_t row = bytes == 0 ? 7 : 2 + (uint32_t)__builtin_ctz(bytes);
    return names[row][n];
}

bool a64_takes_sp(uint16_t op)
{
    return op == A64_ADD_IMM || op == A64_SUB_IMM;
}

static const char *const condition_names[16] = {"eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc",
                                                "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"};

const char *a64_condition_name(uint32_t cc)
{
    return condition_names[cc & 15];
}

static void print_memory(const A64Mem *mem, StrBuf *out)
{
    const char *const base = preg_number(mem->base) == 31 ? "sp" : a64_reg_name(mem->base, 8);
    buf_printf(out, "[%s", base);
    if (mem->kind == AMODE_BASE && mem->disp != 0)
        buf_printf(out, ", #%d", mem->disp);
    if (mem->kind != AMODE_BASE) {
        buf_printf(out, ", %s", a64_reg_name(mem->index, mem->kind == AMODE_INDEX ? 8 : 4));
        if (mem->kind != AMODE_INDEX)
            buf_puts(out, mem->kind == AMODE_INDEX_UXTW ? ", uxtw" : ", sxtw");
        else if (mem->scale != 0)
            buf_puts(out, ", lsl");
        if (mem->scale != 0)
            buf_printf(out, " #%u", mem->scale);
    }
    buf_char(out, ']');
}

static int32_t find_operand(const MRow *row, Str name)
{
    for (int32_t k = 0; k < row->num_operands; k++)
        if (str_eq_c(name, row->operands[k].name))
            return k;
    return -1;
}

// A number of the kind fpimm8 is shown as the float whose bits it is.
static bool is_float_immediate(const A64Inst *inst)
{
    const A64Encoding *const e = a64_encodings[inst->op];
    for (uint32_t i = 0; i < e->num_fields; i++)
        if (e->fields[i].kind == A64_IMM_FPIMM8)
            return true;
    return false;
}

static double float_of_bits(uint64_t bits, uint32_t bytes)
{
    double x;
    float narrow;
    const uint32_t low = (uint32_t)bits;
    memcpy(&x, &bits, sizeof(x));
    memcpy(&narrow, &low, sizeof(narrow));
    return bytes == 8 ? x : (double)narrow;
}

static void print_number(const A64Inst *inst, bool second, StrBuf *out)
{
    if (is_float_immediate(inst))
        buf_printf(out, "#%.8f", float_of_bits((uint64_t)inst->imm, inst->size));
    else
        buf_printf(out, "#%lld", second ? inst->imm2 : (long long)inst->imm);
}

// `field` is NAME, or NAME:W for a register at W bytes (0: a vector register as a whole).
static void print_field(const A64Inst *inst, Str field, StrBuf *out)
{
    const MRow *const row = &a64_rows[inst->op];
    const char *const colon = memchr(field.data, ':', field.len);
    const Str name = {field.data, colon ? (size_t)(colon - field.data) : field.len};
    const int32_t k = find_operand(row, name);
    if (str_eq(name, STR("cc"))) {
        buf_puts(out, condition_names[inst->cc & 15]);
    } else if (str_eq(name, STR("zr"))) {
        buf_puts(out, inst->size == 8 ? "xzr" : "wzr");
    } else if (str_eq(name, STR("bytes"))) {
        buf_puts(out, inst->size == 16 ? "16b" : "8b");
    } else if (str_eq(name, STR("bh"))) {
        buf_puts(out, inst->size == 1 ? "b" : inst->size == 2 ? "h" : "");
    } else if (k < 0) {
        print_number(inst, str_eq(name, STR("imm2")), out);
    } else if (row->operands[k].kind == OPERAND_MEM) {
        print_memory(&inst->mem, out);
    } else if (colon) {
        buf_puts(out, a64_reg_name(inst->regs[k], (uint32_t)(colon[1] - '0')));
    } else if (inst->regs[k] == A64_SP && a64_takes_sp(inst->op)) {
        buf_puts(out, "sp");
    } else {
        buf_puts(out,
                 a64_reg_name(inst->regs[k],
                              row->operands[k].bytes != 0 ? row->operands[k].bytes : inst->size));
    }
}

void a64_print(const A64Inst *inst, StrBuf *out)
{
    const Str text = str_from(a64_rows[inst->op].asm_text);
    for (size_t i = 0; i < text.len;) {
        const char *const close =
            text.data[i] == '{' ? memchr(text.data + i, '}', text.len - i) : NULL;
        if (!close) {
            buf_char(out, text.data[i++]);
            continue;
        }
        const size_t len = (size_t)(close - text.data) - i - 1;
        print_field(inst, (Str){text.data + i + 1, len}, out);
        i += len + 2;
    }
}
