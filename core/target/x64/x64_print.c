// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Assembly text of x86-64 instructions, Intel syntax, from the templates of the rows.

#include "target/x64/x64_internal.h"

const char *x64_reg_name(PReg reg, uint32_t bytes)
{
    static const char *const names[16][4] = {
        {"al", "ax", "eax", "rax"},      {"cl", "cx", "ecx", "rcx"},
        {"dl", "dx", "edx", "rdx"},      {"bl", "bx", "ebx", "rbx"},
        {"spl", "sp", "esp", "rsp"},     {"bpl", "bp", "ebp", "rbp"},
        {"sil", "si", "esi", "rsi"},     {"dil", "di", "edi", "rdi"},
        {"r8b", "r8w", "r8d", "r8"},     {"r9b", "r9w", "r9d", "r9"},
        {"r10b", "r10w", "r10d", "r10"}, {"r11b", "r11w", "r11d", "r11"},
        {"r12b", "r12w", "r12d", "r12"}, {"r13b", "r13w", "r13d", "r13"},
        {"r14b", "r14w", "r14d", "r14"}, {"r15b", "r15w", "r15d", "r15"},
    };
    static const char *const vectors[16] = {
        "xmm0", "xmm1", "xmm2",  "xmm3",  "xmm4",  "xmm5",  "xmm6",  "xmm7",
        "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
    };
    ASSERT(preg_number(reg) < 16);
    if (preg_class(reg) == REG_FLOAT)
        return vectors[preg_number(reg)];
    return names[preg_number(reg)][bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3];
}

static const char *const condition_names[16] = {"o", "no", "b", "ae", "e", "ne", "be", "a",
                                                "s", "ns", "p", "np", "l", "ge", "le", "g"};

const char *x64_condition_name(uint32_t cc)
{
    return condition_names[cc & 15];
}

static void print_memory(const X64Mem *mem, uint32_t bytes, StrBuf *out)
{
    const char *const width = bytes == 1   ? "byte ptr "
                              : bytes == 2 ? "word ptr "
                              : bytes == 4 ? "dword ptr "
                              : bytes == 8 ? "qword ptr "
                                           : "xmmword ptr ";
    if (bytes != 0)
        buf_puts(out, width);
    buf_char(out, '[');
    if (mem->rip)
        buf_puts(out, "rip");
    else if (mem->base != PREG_NONE)
        buf_puts(out, x64_reg_name(mem->base, 8));
    if (mem->index != PREG_NONE && mem->base != PREG_NONE)
        buf_puts(out, " + ");
    if (mem->index != PREG_NONE && (mem->scale != 0 || mem->base == PREG_NONE))
        buf_printf(out, "%u*", 1u << mem->scale);
    if (mem->index != PREG_NONE)
        buf_puts(out, x64_reg_name(mem->index, 8));
    const bool alone = !mem->rip && mem->base == PREG_NONE && mem->index == PREG_NONE;
    if (alone)
        buf_printf(out, "%d", mem->disp);
    else if (mem->disp != 0)
        buf_printf(out, " %c %lld", mem->disp < 0 ? '-' : '+',
                   mem->disp < 0 ? -(long long)mem->disp : (long long)mem->disp);
    buf_char(out, ']');
}

// Index of the row's operand called `name`, -1 when it is no register or memory operand.
static int32_t find_operand(const MRow *row, Str name)
{
    for (int32_t k = 0; k < row->num_operands; k++)
        if (str_eq_c(name, row->operands[k].name))
            return k;
    return -1;
}

// "NAME", or "NAME:W" for a width of W bytes; W of 0 prints an address without a width.
static void print_field(const X64Inst *inst, Str name, StrBuf *out)
{
    const MRow *const row = &x64_rows[inst->op];
    const bool has_width = name.len > 2 && name.data[name.len - 2] == ':';
    const uint32_t width = has_width ? (uint32_t)(name.data[name.len - 1] - '0') : 0;
    if (has_width)
        name.len -= 2;
    const int32_t k = find_operand(row, name);
    if (str_eq(name, STR("cc"))) {
        buf_puts(out, condition_names[inst->cc & 15]);
    } else if (str_eq(name, STR("cqo"))) {
        buf_puts(out, inst->size == 2 ? "cwd" : inst->size == 4 ? "cdq" : "cqo");
    } else if (str_eq(name, STR("ss"))) {
        buf_puts(out, inst->size == 4 ? "ss" : "sd");
    } else if (str_eq(name, STR("dq"))) {
        buf_puts(out, inst->size == 4 ? "d" : "q");
    } else if (k < 0) {
        buf_printf(out, "%lld", str_eq(name, STR("imm2")) ? inst->imm2 : (long long)inst->imm);
    } else {
        const uint32_t bytes = has_width                     ? width
                               : row->operands[k].bytes != 0 ? row->operands[k].bytes
                                                             : inst->size;
        if (k == inst->mem_operand)
            print_memory(&inst->mem, bytes, out);
        else
            buf_puts(out, x64_reg_name(inst->regs[k], bytes));
    }
}

void x64_print(const X64Inst *inst, StrBuf *out)
{
    const Str text = str_from(x64_rows[inst->op].asm_text);
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
