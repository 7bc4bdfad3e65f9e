// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Encoding strings of x64 rows: the manual's opcode column (docs/instruction-tables.md) to the
// fields of X64Encoding.

#include "isle-rules/tables/tables_internal.h"

typedef struct X64Fields {
    uint32_t prefix, map, opcode, digit, imm_bytes;
    bool osize, rexw, has_opcode, opcode_cc, has_digit, rel, vex;
    int32_t opcode_reg, reg, rm, imm, vex_reg;
} X64Fields;

static bool hex_byte(Str word, uint32_t *out)
{
    uint32_t n = 0;
    if (word.len < 2 || (word.len > 2 && word.data[2] != '+'))
        return false;
    for (size_t i = 0; i < 2; i++) {
        const char c = word.data[i];
        const uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                               : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                                                      : 16;
        if (digit == 16)
            return false;
        n = n * 16 + digit;
    }
    *out = n;
    return true;
}

static Status bad_word(const RowModel *row, const RowEncoding *e, Diag *diag, Str word)
{
    return diag_error(diag, STATUS_INVALID, row->source, e->pos,
                      "'%.*s': can't read '%.*s' in the encoding", STR_ARG(row->name),
                      STR_ARG(word));
}

// "/r:REG,RM" or "/N:RM".
static bool read_modrm(const RowModel *row, Str word, X64Fields *f)
{
    if (word.len < 4 || word.data[2] != ':')
        return false;
    Str rest = {word.data + 3, word.len - 3};
    if (word.data[1] == 'r') {
        const char *const comma = memchr(rest.data, ',', rest.len);
        if (!comma)
            return false;
        const Str reg = {rest.data, (size_t)(comma - rest.data)};
        rest = (Str){comma + 1, rest.len - reg.len - 1};
        f->reg = tables_minst_operand(row, reg);
        if (f->reg < 0)
            return false;
    } else if (word.data[1] >= '0' && word.data[1] <= '7') {
        f->has_digit = true;
        f->digit = (uint32_t)(word.data[1] - '0');
    } else {
        return false;
    }
    f->rm = tables_minst_operand(row, rest);
    return f->rm >= 0;
}

// "ib:NAME", "iw:", "id:", "iq:", "iz:".
static bool read_immediate(const RowModel *row, Str word, X64Fields *f)
{
    if (word.len < 4 || word.data[0] != 'i' || word.data[2] != ':')
        return false;
    switch (word.data[1]) {
    case 'b': f->imm_bytes = 1; break;
    case 'w': f->imm_bytes = 2; break;
    case 'd': f->imm_bytes = 4; break;
    case 'q': f->imm_bytes = 8; break;
    case 'z': f->imm_bytes = 0xff; break;
    default: return false;
    }
    f->imm = tables_immediate_number(row, (Str){word.data + 3, word.len - 3});
    return f->imm >= 0;
}

// "vex" or "vex:REG".
static bool read_vex(const RowModel *row, Str word, X64Fields *f)
{
    f->vex = true;
    if (word.len == 3)
        return true;
    f->vex_reg = tables_minst_operand(row, (Str){word.data + 4, word.len - 4});
    return word.data[3] == ':' && f->vex_reg >= 0;
}

static bool read_opcode(const RowModel *row, Str word, X64Fields *f)
{
    uint32_t byte;
    if (f->has_opcode || !hex_byte(word, &byte))
        return false;
    f->opcode = byte;
    f->has_opcode = true;
    if (word.len == 2)
        return true;
    const Str plus = {word.data + 3, word.len - 3};
    if (str_eq(plus, STR("cc"))) {
        f->opcode_cc = true;
        return true;
    }
    f->opcode_reg = tables_minst_operand(row, plus);
    return f->opcode_reg >= 0;
}

static bool read_word(const RowModel *row, Str word, X64Fields *f)
{
    uint32_t byte;
    if (str_eq(word, STR("o")))
        return f->osize = true;
    if (str_eq(word, STR("w")))
        return f->rexw = true;
    if (str_eq(word, STR("rel:")))
        return f->rel = true;
    if (str_starts_with(word, STR("vex")))
        return read_vex(row, word, f);
    if (!f->has_opcode && f->map == 0 && str_eq(word, STR("0f")))
        return (f->map = 1) != 0;
    if (!f->has_opcode && str_eq(word, STR("0f38")))
        return (f->map = 2) != 0;
    if (!f->has_opcode && str_eq(word, STR("0f3a")))
        return (f->map = 3) != 0;
    if (!f->has_opcode && f->map == 0 && f->prefix == 0 && word.len == 2 && hex_byte(word, &byte) &&
        (byte == 0x66 || byte == 0xf0 || byte == 0xf2 || byte == 0xf3))
        return (f->prefix = byte) != 0;
    if (word.len != 0 && word.data[0] == '/')
        return read_modrm(row, word, f);
    if (word.len > 2 && word.data[0] == 'i' && word.data[2] == ':')
        return read_immediate(row, word, f);
    return read_opcode(row, word, f);
}

Status tables_write_encodings_x64(const RowSet *set, const RowModel *row, StrBuf *out, Diag *diag)
{
    buf_puts(out, "    [");
    tables_write_row_id(set, row, out);
    buf_puts(out, "] = {\n");
    for (uint32_t i = 0; i < row->num_encodings; i++) {
        const RowEncoding *const e = &row->encodings[i];
        X64Fields f = {.opcode_reg = -1, .reg = -1, .rm = -1, .imm = -1, .vex_reg = -1};
        Str rest = e->text;
        for (Str word = tables_next_word(&rest); word.len != 0; word = tables_next_word(&rest))
            if (!read_word(row, word, &f))
                return bad_word(row, e, diag, word);
        if (!f.has_opcode)
            return bad_word(row, e, diag, e->text);
        uint32_t sizes = 0;
        for (uint32_t bytes = 1; bytes <= 16; bytes *= 2)
            sizes |= e->sizes & 1u << bytes ? bytes : 0;
        buf_printf(out,
                   "        {.valid = true, .sizes = %u, .prefix = 0x%02x, .osize = %d, "
                   ".rexw = %d, .map = %u,\n         .opcode = 0x%02x, .opcode_cc = %d, "
                   ".opcode_reg = %d, .reg = %d, .has_digit = %d, .digit = %u,\n         "
                   ".rm = %d, .imm = %d, .imm_bytes = %u, .rel = %d, .vex = %d, .vex_reg = %d},\n",
                   sizes == 0 ? 31u : sizes, f.prefix, f.osize, f.rexw, f.map, f.opcode,
                   f.opcode_cc, f.opcode_reg, f.reg, f.has_digit, f.digit, f.rm, f.imm, f.imm_bytes,
                   f.rel, f.vex, f.vex_reg);
    }
    buf_puts(out, "    },\n");
    return STATUS_OK;
}
