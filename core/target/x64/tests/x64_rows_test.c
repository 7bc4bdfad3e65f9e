// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every row of x86-64, encoded with operands at the corners of their classes and at random, and
// disassembled by llvm-mc: what it says must be what we print. Prints rows x cases.

#include "target/x64/x64_internal.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Case {
    X64Inst inst;
    X64Bytes bytes;
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

static const int64_t immediates[] = {0,    1,     -1,     5,       127,       -128,     128,
                                     -129, 32767, -32768, 0x12345, INT32_MAX, INT32_MIN};

static const X64Mem memories[] = {
    {false, RAX, PREG_NONE, 0, 0},       {false, RSP, PREG_NONE, 0, 0},
    {false, RBP, PREG_NONE, 0, 0},       {false, R12, PREG_NONE, 0, 8},
    {false, R13, PREG_NONE, 0, 0},       {false, RCX, R12, 3, 127},
    {false, R13, RAX, 1, -128},          {false, RSP, R15, 2, 128},
    {false, RBX, RBP, 0, -129},          {false, R8, PREG_NONE, 0, 1 << 20},
    {true, PREG_NONE, PREG_NONE, 0, 64}, {false, PREG_NONE, RDX, 2, 16},
    {false, R12, R13, 3, INT32_MIN},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

// Picks registers for the operands that honour FIXED and REUSE; `turn` walks through all registers.
static void pick_registers(Bench *b, X64Inst *inst, const MRow *row, uint32_t turn)
{
    for (uint32_t pass = 0; pass < 2; pass++)
        for (uint32_t k = 0; k < row->num_operands; k++) {
            const RowOperand *const operand = &row->operands[k];
            if (operand->constraint == CONSTRAINT_FIXED)
                inst->regs[k] = operand->reg;
            else if (operand->constraint == CONSTRAINT_REUSE)
                inst->regs[k] = inst->regs[operand->reg];
            else if (pass == 0)
                inst->regs[k] = PREG(operand->class, k == 0 ? turn % 16 : random_below(b, 16));
        }
}

static int32_t memory_operand(const MRow *row)
{
    for (int32_t k = 0; k < row->num_operands; k++)
        if (row->operands[k].kind == OPERAND_MEM || row->operands[k].kind == OPERAND_RM)
            return k;
    return -1;
}

// Whether every encoding of this size has an immediate too narrow for `imm`, or would read it with
// another sign than it has.
static bool immediate_allowed(const X64Inst *inst, int64_t imm)
{
    const X64Encoding *const all = x64_encodings[inst->op];
    const X64Encoding *last = NULL;
    bool is_count = true; // a row without wider immediates counts bits
    for (uint32_t i = 0; i < X64_ENCODINGS_MAX && all[i].valid; i++) {
        is_count = is_count && all[i].imm_bytes == 1;
        if (inst->size == 0 || (all[i].sizes & inst->size) != 0)
            last = &all[i];
    }
    if (!last || last->imm < 0)
        return imm == 0;
    const uint32_t bytes = last->imm_bytes == 0xff ? (inst->size == 2 ? 2u : 4u) : last->imm_bytes;
    if (is_count)
        return imm >= 0 && imm < 32;
    const int64_t half = bytes == 8 ? INT64_MAX : (int64_t)1 << (8 * bytes - 1);
    return imm >= -half && imm < half;
}

static void add_case(Bench *b, uint16_t op, uint8_t size, int32_t mem_operand, uint32_t turn)
{
    Case c = {.inst = {.op = op, .size = size, .mem_operand = -1}};
    pick_registers(b, &c.inst, &x64_rows[op], turn);
    c.inst.cc = (uint8_t)(turn % 16);
    c.inst.imm = immediates[turn % COUNT(immediates)];
    if (!immediate_allowed(&c.inst, c.inst.imm))
        c.inst.imm = 0;
    const int32_t memory = memory_operand(&x64_rows[op]);
    if (mem_operand >= 0 || (memory >= 0 && x64_rows[op].operands[memory].kind == OPERAND_MEM)) {
        c.inst.mem_operand = (int8_t)memory;
        c.inst.mem = memories[turn % COUNT(memories)];
    }
    c.bytes = x64_encode(&c.inst);
    VEC_PUSH(b->arena, &b->cases, c);
}

static void add_row(Bench *b, uint16_t op)
{
    const MRow *const row = &x64_rows[op];
    if (row->flags & ROW_PSEUDO)
        return;
    const int32_t memory = memory_operand(row);
    for (uint32_t size = 1; size <= 8; size *= 2) {
        if (row->sizes != 0 && (row->sizes & size) == 0)
            continue;
        for (uint32_t turn = 0; turn < 32; turn++) {
            add_case(b, op, row->sizes == 0 ? 0 : (uint8_t)size, -1, turn);
            if (memory >= 0 && row->operands[memory].kind == OPERAND_RM)
                add_case(b, op, row->sizes == 0 ? 0 : (uint8_t)size, memory, turn);
        }
        if (row->sizes == 0)
            break;
    }
}

// One line of llvm-mc's output without tabs, repeated blanks and comment, "mnemonic operands".
static Str normalise(Arena *arena, char *line)
{
    StrBuf buf = {.arena = arena};
    char *const comment = strchr(line, '#');
    if (comment)
        *comment = '\0';
    for (const char *c = line; *c; c++) {
        const char plain = *c == '\t' || *c == '\n' ? ' ' : *c;
        if (plain != ' ' || buf.len == 0 || buf.data[buf.len - 1] != ' ')
            buf_char(&buf, plain);
    }
    return str_trim(buf_view(&buf));
}

// llvm-mc shows full-width immediates of 16- and 32-bit instructions as unsigned numbers.
static bool matches_unsigned(Arena *arena, const Case *c, Str theirs)
{
    X64Inst inst = c->inst;
    if (inst.imm >= 0 || (inst.size != 2 && inst.size != 4))
        return false;
    inst.imm &= inst.size == 2 ? 0xffff : 0xffffffff;
    StrBuf ours = {.arena = arena};
    x64_print(&inst, &ours);
    return str_eq(buf_view(&ours), theirs);
}

static void write_input(const Bench *b, const char *path)
{
    FILE *const file = fopen(path, "w");
    ASSERT(file);
    for (uint32_t i = 0; i < b->cases.len; i++) {
        fputc('[', file);
        for (uint32_t k = 0; k < b->cases.data[i].bytes.len; k++)
            fprintf(file, "0x%02x ", b->cases.data[i].bytes.bytes[k]);
        fputs("]\n", file);
    }
    fclose(file);
}

int main(void)
{
    Arena arena = {0};
    Bench b = {.arena = &arena, .seed = 1};
    uint32_t rows = 0;
    for (uint16_t op = 0; op < X64_ROW_COUNT; op++) {
        add_row(&b, op);
        rows += (x64_rows[op].flags & ROW_PSEUDO) == 0;
    }
    char path[] = "/tmp/x64_rows_XXXXXX";
    const int fd = mkstemp(path);
    ASSERT(fd >= 0);
    write_input(&b, path);
    const Str command = str_printf(&arena,
                                   "llvm-mc --disassemble --triple=x86_64 "
                                   "--mattr=+bmi,+lzcnt,+popcnt --output-asm-variant=1 %s",
                                   path);
    FILE *const output = popen(command.data, "r");
    ASSERT(output);
    char line[512];
    uint32_t i = 0, failed = 0;
    bool locked = false;
    while (fgets(line, sizeof(line), output)) {
        Str theirs = normalise(&arena, line);
        if (theirs.len == 0 || theirs.data[0] == '.')
            continue;
        // A lock prefix may stand on a line of its own.
        if (str_eq(theirs, STR("lock"))) {
            locked = true;
            continue;
        }
        if (locked)
            theirs = str_printf(&arena, "lock %.*s", STR_ARG(theirs));
        locked = false;
        if (i == b.cases.len) {
            failed++;
            break;
        }
        StrBuf ours = {.arena = &arena};
        x64_print(&b.cases.data[i].inst, &ours);
        if (!str_eq(buf_view(&ours), theirs) &&
            !matches_unsigned(&arena, &b.cases.data[i], theirs) && failed++ < 40)
            printf("%s size %u: ours '%.*s', llvm-mc '%.*s'\n",
                   x64_rows[b.cases.data[i].inst.op].name, b.cases.data[i].inst.size,
                   STR_ARG(buf_view(&ours)), STR_ARG(theirs));
        i++;
    }
    pclose(output);
    remove(path);
    printf("%u rows, %u cases, %u checked, %u wrong\n", rows, b.cases.len, i, failed);
    const bool good = failed == 0 && i == b.cases.len && rows != 0;
    arena_free(&arena);
    return good ? 0 : 1;
}
