// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every row of AArch64, encoded with operands at the corners of their classes and at random:
// llvm-mc must assemble the text that we print to the word that we encode, and what it disassembles
// our words to must assemble to the same words. Prints rows x cases.
//
// Texts are not compared: the disassembler prefers aliases (lsl for ubfm, mov for orr, ...).

#include "target/aarch64/a64_internal.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Case {
    A64Inst inst;
    uint32_t word;
} Case;

typedef struct Bench {
    Arena *arena;
    VEC(Case) cases;
    uint64_t seed;
} Bench;

static uint32_t random_below(Bench *b, uint32_t n)
{
    b->seed = b->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(b->seed >> 33) % n;
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const int64_t numbers[] = {
    0,
    1,
    2,
    5,
    15,
    16,
    31,
    32,
    48,
    63,
    255,
    0xfff,
    0x1000,
    0xfff000,
    0xffff,
    0x10000,
    0xffff0000,
    0x5555555555555555,
    0x0f0f0f0f,
    0x7ffffffffffffffe,
    0x3333333333333333,
    0xff00,
    (int64_t)0xffff000000000000,
    0x0000ffff00000000,
    (int64_t)0x8000000000000001,
    0x00ff00ff00ff00ff,
    0x3f800000, // floats: 1, -1.9375 * 8, 0.125
    0xc1780000,
    0x3e000000,
    0x3ff0000000000000,
    (int64_t)0xc02f000000000000,
    0x3fc0000000000000,
    0x403f000000000000,
};

static void pick_registers(Bench *b, A64Inst *inst, const MRow *row, uint32_t turn)
{
    for (uint32_t k = 0; k < row->num_operands; k++)
        inst->regs[k] = PREG(row->operands[k].class, k == 0 ? turn % 31 : random_below(b, 31));
    for (uint32_t k = 0; k < row->num_operands; k++)
        if (row->operands[k].constraint == CONSTRAINT_REUSE)
            inst->regs[k] = inst->regs[row->operands[k].reg];
    // A load of two registers has to have two.
    if (a64_encodings[inst->op]->memory == A64_MEMORY_PAIR && inst->regs[0] == inst->regs[1])
        inst->regs[1] = PREG(REG_INT, (preg_number(inst->regs[0]) + 1) % 31);
}

static A64Mem pick_memory(Bench *b, const A64Inst *inst, uint32_t turn)
{
    const uint32_t bytes = inst->size;
    A64Mem mem = {.kind = AMODE_BASE, .base = turn % 7 == 0 ? A64_SP : (PReg)random_below(b, 31)};
    if (a64_encodings[inst->op]->memory == A64_MEMORY_PAIR) {
        mem.disp = 8 * ((int32_t)(turn * 37 % 128) - 64);
        return mem;
    }
    mem.index = (PReg)random_below(b, 31);
    const uint32_t log2 = (uint32_t)__builtin_ctz(bytes);
    const int32_t offsets[] = {0, 1, -1, 255, -256, (int32_t)bytes, (int32_t)bytes * 4095, 8};
    if (turn % 2 == 0) {
        mem.disp = offsets[turn / 2 % COUNT(offsets)];
        return mem;
    }
    const uint8_t kinds[] = {AMODE_INDEX, AMODE_INDEX_UXTW, AMODE_INDEX_SXTW};
    mem.kind = kinds[turn / 2 % COUNT(kinds)];
    mem.scale = turn % 4 == 1 ? 0 : (uint8_t)log2;
    return mem;
}

// The encoding of a row at a size.
static const A64Encoding *encoding_of(const A64Inst *inst)
{
    const A64Encoding *const e = a64_encodings[inst->op];
    return inst->size == 0 || (e->sizes & inst->size) != 0 ? e : e + 1;
}

// Immediates that every field of the row accepts; false when `turn` gives none.
static bool pick_immediates(A64Inst *inst, uint32_t turn)
{
    const A64Encoding *const e = encoding_of(inst);
    inst->imm = numbers[turn % COUNT(numbers)];
    inst->imm2 = (int32_t)numbers[turn * 3 % 10];
    if (inst->size == 4)
        inst->imm &= 0xffffffff;
    bool good = true;
    for (uint32_t i = 0; i < e->num_fields; i++) {
        const A64Field *const f = &e->fields[i];
        uint32_t bits;
        if (f->source == A64_FIELD_IMM)
            good &= a64_encode_immediate((A64ImmKind)f->kind, inst->imm, inst->size, &bits);
        if (f->source == A64_FIELD_IMM2)
            good &= a64_encode_immediate((A64ImmKind)f->kind, inst->imm2, inst->size, &bits);
    }
    return good;
}

static void add_row(Bench *b, uint16_t op)
{
    const MRow *const row = &a64_rows[op];
    for (uint32_t size = 1; size <= 16; size *= 2) {
        if ((row->sizes & size) == 0)
            continue;
        for (uint32_t turn = 0; turn < 64; turn++) {
            Case c = {.inst = {.op = op, .size = (uint8_t)size, .cc = (uint8_t)(turn % 14)}};
            pick_registers(b, &c.inst, row, turn);
            for (uint32_t k = 0; k < row->num_operands; k++)
                if (row->operands[k].kind == OPERAND_MEM) {
                    c.inst.has_mem = true;
                    c.inst.mem = pick_memory(b, &c.inst, turn);
                }
            if (!pick_immediates(&c.inst, turn))
                continue;
            c.word = a64_encode(&c.inst);
            VEC_PUSH(b->arena, &b->cases, c);
        }
    }
}

// The mnemonic that an assembler knows: rows named by what they access say so in their names.
static void print_mnemonic(const Case *c, StrBuf *out)
{
    StrBuf text = {.arena = out->arena};
    a64_print(&c->inst, &text);
    const Str line = buf_view(&text);
    size_t name = 0;
    while (name < line.len && line.data[name] != ' ')
        name++;
    const char *const underscore = memchr(line.data, '_', name);
    buf_str(out, (Str){line.data, underscore ? (size_t)(underscore - line.data) : name});
    const bool zero =
        underscore && memchr(underscore, 'z', name - (size_t)(underscore - line.data));
    if (zero)
        buf_puts(out, c->inst.size == 8 ? " xzr," : " wzr,");
    buf_str(out, (Str){line.data + name, line.len - name});
}

// The cases as assembly text or as words for the disassembler, in a new file at `path`.
static void write_input(const Bench *b, char *path, bool words)
{
    const int fd = mkstemp(path);
    ASSERT(fd >= 0);
    FILE *const input = fdopen(fd, "w");
    ASSERT(input);
    for (uint32_t i = 0; i < b->cases.len; i++) {
        const uint32_t word = b->cases.data[i].word;
        StrBuf text = {.arena = b->arena};
        print_mnemonic(&b->cases.data[i], &text);
        if (words)
            fprintf(input, "[0x%02x 0x%02x 0x%02x 0x%02x]\n", word & 0xff, word >> 8 & 0xff,
                    word >> 16 & 0xff, word >> 24);
        else
            fprintf(input, "%.*s\n", STR_ARG(buf_view(&text)));
    }
    fclose(input);
}

// Compares the words that `command` says, in the order of the cases, with ours. `direction` is for
// messages.
static bool check_words(const Bench *b, Str command, const char *direction)
{
    FILE *const output = popen(command.data, "r");
    ASSERT(output);
    char line[512];
    uint32_t i = 0, failed = 0;
    while (fgets(line, sizeof(line), output)) {
        const char *const at = strstr(line, "encoding: [");
        unsigned bytes[4];
        if (!at || sscanf(at, "encoding: [0x%x,0x%x,0x%x,0x%x]", &bytes[0], &bytes[1], &bytes[2],
                          &bytes[3]) != 4)
            continue;
        const uint32_t word = bytes[0] | bytes[1] << 8 | bytes[2] << 16 | bytes[3] << 24;
        if (i < b->cases.len && word != b->cases.data[i].word && failed++ < 40) {
            StrBuf text = {.arena = b->arena};
            a64_print(&b->cases.data[i].inst, &text);
            printf("%s '%.*s': ours %08x, llvm-mc %08x\n", direction, STR_ARG(buf_view(&text)),
                   b->cases.data[i].word, word);
        }
        i++;
    }
    pclose(output);
    printf("%s: %u cases, %u checked, %u wrong\n", direction, b->cases.len, i, failed);
    return failed == 0 && i == b->cases.len;
}

int main(void)
{
    Arena arena = {0};
    Bench b = {.arena = &arena, .seed = 1};
    uint32_t rows = 0;
    for (uint16_t op = 0; op < A64_ROW_COUNT; op++) {
        if (a64_rows[op].flags & ROW_PSEUDO)
            continue;
        add_row(&b, op);
        rows++;
    }
    char texts[] = "/tmp/a64_texts_XXXXXX", words[] = "/tmp/a64_words_XXXXXX";
    write_input(&b, texts, false);
    write_input(&b, words, true);
    const char *const assemble = "llvm-mc --assemble --triple=aarch64 --mattr=+lse --show-encoding";
    printf("%u rows, seed 1\n", rows);
    bool good = rows != 0;
    good &= check_words(&b, str_printf(&arena, "%s %s", assemble, texts), "assembled");
    good &= check_words(&b,
                        str_printf(&arena,
                                   "llvm-mc --disassemble --triple=aarch64 --mattr=+lse %s | %s",
                                   words, assemble),
                        "disassembled and assembled");
    remove(texts);
    remove(words);
    arena_free(&arena);
    return good ? 0 : 1;
}
