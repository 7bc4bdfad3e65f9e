// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Encoding strings of aarch64 rows: 32 bits from the most significant one
// (docs/instruction-tables.md) to the fields of A64Encoding.

#include "isle-rules/tables/tables_internal.h"

#define FIELDS_MAX 6u

typedef struct A64Field {
    const char *source; // enumerator of A64FieldSource
    int32_t operand;    // register operand
    uint32_t pos, width, low;
    Str kind; // of an immediate
} A64Field;

typedef struct A64Bits {
    uint32_t base;
    uint32_t left;      // bits not described yet
    const char *memory; // enumerator of A64MemoryForm
    uint32_t ldst_code; // size:2 V:1 opc:2, of a pair opc:2 V:1 L:1
    A64Field fields[FIELDS_MAX];
    uint32_t num_fields;
} A64Bits;

static bool parse_uint(Str text, uint32_t *out)
{
    uint32_t n = 0;
    if (text.len == 0 || text.len > 2)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        n = n * 10 + (uint32_t)(text.data[i] - '0');
    }
    *out = n;
    return true;
}

static bool literal_bits(A64Bits *bits, Str word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.data[i] != '0' && word.data[i] != '1')
            return false;
    if (word.len > bits->left)
        return false;
    for (size_t i = 0; i < word.len; i++)
        bits->base |= (uint32_t)(word.data[i] - '0') << --bits->left;
    return true;
}

// Splits "NAME:N" or "NAME[HI:LO]" into name, width and lowest bit.
static bool split_field(Str word, Str *name, uint32_t *width, uint32_t *low)
{
    const char *const bracket = memchr(word.data, '[', word.len);
    const char *const colon = memchr(word.data, ':', word.len);
    *low = 0;
    if (!colon)
        return false;
    if (!bracket) {
        *name = (Str){word.data, (size_t)(colon - word.data)};
        return parse_uint((Str){colon + 1, word.len - name->len - 1}, width);
    }
    uint32_t high;
    *name = (Str){word.data, (size_t)(bracket - word.data)};
    const Str high_text = {bracket + 1, (size_t)(colon - bracket) - 1};
    const Str low_text = {colon + 1, word.len - (size_t)(colon - word.data) - 2};
    if (word.data[word.len - 1] != ']' || !parse_uint(high_text, &high) ||
        !parse_uint(low_text, low) || high < *low)
        return false;
    *width = high - *low + 1;
    return true;
}

static bool field_source(const RowModel *row, Str name, A64Field *field)
{
    const bool inverse = name.len != 0 && name.data[name.len - 1] == '^';
    if (inverse)
        name.len--;
    field->operand = tables_minst_operand(row, name);
    const RowOperandModel *const operand = tables_find_operand(row, name);
    if (str_eq(name, STR("label")))
        field->source = "A64_FIELD_LABEL";
    else if (str_eq(name, STR("sz")))
        field->source = "A64_FIELD_SIZE";
    else if (!operand)
        return false;
    else if (operand->kind == ROWOP_CC)
        field->source = inverse ? "A64_FIELD_CC_INVERSE" : "A64_FIELD_CC";
    else if (operand->kind == ROWOP_IMM) {
        field->source =
            tables_immediate_number(row, name) == 0 ? "A64_FIELD_IMM" : "A64_FIELD_IMM2";
        field->kind = operand->imm_kind;
    } else
        field->source = "A64_FIELD_REG";
    return true;
}

static bool read_word(const RowModel *row, Str word, A64Bits *bits)
{
    if (word.data[0] == '0' || word.data[0] == '1')
        return literal_bits(bits, word);
    if (bits->num_fields == FIELDS_MAX)
        return false;
    A64Field *const field = &bits->fields[bits->num_fields];
    Str name = word;
    if (str_eq(word, STR("sf"))) {
        field->source = "A64_FIELD_SF";
        field->width = 1;
    } else if (!split_field(word, &name, &field->width, &field->low) ||
               !field_source(row, name, field)) {
        return false;
    }
    if (field->width > bits->left)
        return false;
    bits->left -= field->width;
    field->pos = bits->left;
    bits->num_fields++;
    return true;
}

// The register that a load or store moves, at a bit of the word; "zr" is the zero register.
static bool read_moved(const RowModel *row, Str word, uint32_t pos, A64Bits *bits)
{
    if (str_eq(word, STR("zr"))) {
        bits->base |= 31u << pos;
        return true;
    }
    A64Field *const field = &bits->fields[bits->num_fields++];
    field->pos = pos;
    field->width = 5;
    return field_source(row, word, field);
}

// "ldst SIZE:2 V OPC:2 rt" and "ldstp OPC:2 V L rt rt2": loads and stores whose form, or offset,
// follows from the addressing mode.
static bool read_memory(const RowModel *row, Str rest, bool is_pair, A64Bits *bits)
{
    bits->memory = is_pair ? "A64_MEMORY_PAIR" : "A64_MEMORY_ONE";
    bits->left = is_pair ? 4 : 5;
    Str word = tables_next_word(&rest);
    for (; word.len != 0 && (word.data[0] == '0' || word.data[0] == '1');
         word = tables_next_word(&rest))
        if (!literal_bits(bits, word))
            return false;
    bits->ldst_code = bits->base;
    bits->base = 0;
    if (bits->left != 0 || !read_moved(row, word, 0, bits))
        return false;
    return !is_pair || read_moved(row, tables_next_word(&rest), 10, bits);
}

static void write_encoding(const RowEncoding *e, const A64Bits *bits, StrBuf *out)
{
    uint32_t sizes = 0;
    for (uint32_t bytes = 1; bytes <= 16; bytes *= 2)
        sizes |= e->sizes & 1u << bytes ? bytes : 0;
    buf_printf(
        out,
        "        {.valid = true, .sizes = %u, .base = 0x%08x, .memory = %s, .ldst_code = %u,\n"
        "         .num_fields = %u",
        sizes == 0 ? 31u : sizes, bits->base, bits->memory, bits->ldst_code, bits->num_fields);
    if (bits->num_fields != 0)
        buf_puts(out, ", .fields = {");
    for (uint32_t i = 0; i < bits->num_fields; i++) {
        const A64Field *const field = &bits->fields[i];
        buf_printf(out, "%s{%s, %d, %u, %u, %u, ", i == 0 ? "" : ", ", field->source,
                   field->operand, field->pos, field->width, field->low);
        if (field->kind.len == 0)
            buf_puts(out, "A64_IMM_NONE}");
        else {
            buf_puts(out, "A64_IMM_");
            for (size_t c = 0; c < field->kind.len; c++)
                buf_char(out, field->kind.data[c] >= 'a' && field->kind.data[c] <= 'z'
                                  ? (char)(field->kind.data[c] - 'a' + 'A')
                                  : field->kind.data[c]);
            buf_char(out, '}');
        }
    }
    buf_puts(out, bits->num_fields != 0 ? "}},\n" : "},\n");
}

Status tables_write_encodings_a64(const RowSet *set, const RowModel *row, StrBuf *out, Diag *diag)
{
    buf_puts(out, "    [");
    tables_write_row_id(set, row, out);
    buf_puts(out, "] = {\n");
    for (uint32_t i = 0; i < row->num_encodings; i++) {
        const RowEncoding *const e = &row->encodings[i];
        A64Bits bits = {.left = 32, .memory = "A64_MEMORY_NONE"};
        Str rest = e->text;
        const Str text = rest;
        Str word = tables_next_word(&rest);
        bool good = true;
        const bool is_pair = str_eq(word, STR("ldstp")),
                   is_memory = is_pair || str_eq(word, STR("ldst"));
        if (is_memory)
            good = read_memory(row, rest, is_pair, &bits);
        else
            for (; good && word.len != 0; word = tables_next_word(&rest))
                good = read_word(row, word, &bits);
        if (!good || bits.left != 0)
            return diag_error(diag, STATUS_INVALID, row->source, e->pos,
                              "'%.*s': can't read the encoding \"%.*s\" (%u bits left)",
                              STR_ARG(row->name), STR_ARG(text), bits.left);
        write_encoding(e, &bits, out);
    }
    buf_puts(out, "    },\n");
    return STATUS_OK;
}
