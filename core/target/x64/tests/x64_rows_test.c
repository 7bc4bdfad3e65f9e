// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every row of x86-64, encoded with operands at the corners of their classes and at random.
// Disassembled by llvm-mc, what it says must be what we print. What we print assembles to the same
// bytes, or to another encoding of the same instruction. Zydis finds the same length, mnemonic and
// operands. Prints rows x cases and the seed of the random operands, which an argument sets.

#include "target/x64/x64_internal.h"

#include <Zydis/Zydis.h>
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
    for (uint32_t size = 1; size <= 16; size *= 2) {
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

// ---- llvm-mc, taking apart ----

typedef struct Count {
    uint32_t checked, wrong;
} Count;

static void complain(Count *count, const Case *c, const char *who, Str theirs)
{
    Arena arena = {0};
    StrBuf ours = {.arena = &arena};
    x64_print(&c->inst, &ours);
    if (count->wrong++ < 40)
        printf("%s size %u: ours '%.*s', %s '%.*s'\n", x64_rows[c->inst.op].name, c->inst.size,
               STR_ARG(buf_view(&ours)), who, STR_ARG(theirs));
    arena_free(&arena);
}

static bool matches(Arena *arena, const Case *c, Str theirs)
{
    StrBuf ours = {.arena = arena};
    x64_print(&c->inst, &ours);
    // The short form of a shift by one, which the assembler picks, is shown without its count.
    const Str by_one = str_printf(arena, "%.*s, 1", STR_ARG(theirs));
    return str_eq(buf_view(&ours), theirs) || matches_unsigned(arena, c, theirs) ||
           str_eq(buf_view(&ours), by_one);
}

static FILE *run_llvm_mc(Arena *arena, const char *how, const char *path)
{
    const Str command = str_printf(
        arena, "llvm-mc --triple=x86_64 --mattr=+bmi,+bmi2,+fma,+lzcnt,+popcnt,+sse4.1 %s %s", how,
        path);
    FILE *const output = popen(command.data, "r");
    ASSERT(output);
    return output;
}

static Count check_disassembly(const Bench *b, const char *path)
{
    Count count = {0, 0};
    write_input(b, path);
    FILE *const output = run_llvm_mc(b->arena, "--disassemble --output-asm-variant=1", path);
    char line[512];
    bool locked = false;
    while (fgets(line, sizeof(line), output)) {
        Str theirs = normalise(b->arena, line);
        if (theirs.len == 0 || theirs.data[0] == '.')
            continue;
        // A lock prefix may stand on a line of its own.
        if (str_eq(theirs, STR("lock"))) {
            locked = true;
            continue;
        }
        if (locked)
            theirs = str_printf(b->arena, "lock %.*s", STR_ARG(theirs));
        locked = false;
        if (count.checked == b->cases.len) {
            count.wrong++;
            break;
        }
        const Case *const c = &b->cases.data[count.checked++];
        if (!matches(b->arena, c, theirs))
            complain(&count, c, "llvm-mc", theirs);
    }
    pclose(output);
    return count;
}

// ---- llvm-mc, putting together ----

// The bytes of "# encoding: [0x01,0x02]"; 0 when the line has none or a fixup in them.
static uint8_t read_encoding(const char *line, uint8_t *bytes)
{
    const char *at = strstr(line, "encoding: [");
    uint8_t n = 0;
    if (!at)
        return 0;
    for (at += strlen("encoding: ["); *at && *at != ']' && n < 16;) {
        char *end;
        const unsigned long byte = strtoul(at, &end, 16);
        if (end == at || byte > 255)
            return 0;
        bytes[n++] = (uint8_t)byte;
        at = *end == ',' ? end + 1 : end;
    }
    return n;
}

// The texts assembled: the same bytes, or others (an instruction may have several encodings) that
// disassemble to the same text.
static Count check_assembly(Bench *b, const char *path)
{
    Count count = {0, 0};
    FILE *const file = fopen(path, "w");
    ASSERT(file);
    for (uint32_t i = 0; i < b->cases.len; i++) {
        StrBuf text = {.arena = b->arena};
        x64_print(&b->cases.data[i].inst, &text);
        fprintf(file, "%.*s\n", STR_ARG(buf_view(&text)));
    }
    fclose(file);
    Bench others = {.arena = b->arena};
    FILE *const output = run_llvm_mc(
        b->arena, "--assemble --x86-asm-syntax=intel --output-asm-variant=1 --show-encoding", path);
    char line[512];
    uint8_t lock = 0;
    while (fgets(line, sizeof(line), output)) {
        X64Bytes bytes = {.rip_field = -1};
        bytes.len = read_encoding(line, bytes.bytes);
        if (bytes.len == 0)
            continue;
        if (bytes.len == 1 && bytes.bytes[0] == 0xf0) { // a lock prefix on a line of its own
            lock = 1;
            continue;
        }
        if (lock) {
            memmove(bytes.bytes + 1, bytes.bytes, bytes.len++);
            bytes.bytes[0] = 0xf0;
        }
        lock = 0;
        if (count.checked == b->cases.len)
            break;
        Case c = b->cases.data[count.checked++];
        if (bytes.len == c.bytes.len && memcmp(bytes.bytes, c.bytes.bytes, bytes.len) == 0)
            continue;
        c.bytes = bytes;
        VEC_PUSH(b->arena, &others.cases, c);
    }
    pclose(output);
    const Count again = check_disassembly(&others, path);
    ASSERT(again.checked == others.cases.len);
    count.wrong += again.wrong;
    return count;
}

// ---- Zydis ----

// Zydis names conditions by their flags: setz for sete, cmovnbe for cmova.
static Str zydis_mnemonic(Arena *arena, Str ours)
{
    static const char *const conditions[][2] = {{"e", "z"},   {"ne", "nz"}, {"ae", "nb"},
                                                {"a", "nbe"}, {"ge", "nl"}, {"g", "nle"}};
    const char *const heads[] = {"set", "cmov"};
    for (size_t h = 0; h < COUNT(heads); h++)
        for (size_t i = 0; i < COUNT(conditions); i++)
            if (str_eq(ours, str_printf(arena, "%s%s", heads[h], conditions[i][0])))
                return str_printf(arena, "%s%s", heads[h], conditions[i][1]);
    return ours;
}

static Str mnemonic_of(Arena *arena, const Case *c)
{
    StrBuf text = {.arena = arena};
    x64_print(&c->inst, &text);
    Str word = buf_view(&text);
    if (str_starts_with(word, STR("lock ")))
        word = (Str){word.data + 5, word.len - 5};
    size_t n = 0;
    while (n < word.len && word.data[n] != ' ')
        n++;
    return zydis_mnemonic(arena, (Str){word.data, n});
}

static bool same_register(ZydisRegister theirs, PReg ours)
{
    if (theirs == ZYDIS_REGISTER_NONE || ours == PREG_NONE)
        return theirs == ZYDIS_REGISTER_NONE && ours == PREG_NONE;
    const ZydisRegister whole =
        ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, theirs);
    return (uint32_t)ZydisRegisterGetId(whole) == preg_number(ours);
}

static bool same_memory(const ZydisDecodedOperand *theirs, const X64Mem *ours)
{
    if (ours->rip)
        return theirs->mem.base == ZYDIS_REGISTER_RIP && theirs->mem.disp.value == ours->disp;
    const uint32_t scale = ours->index == PREG_NONE ? 0 : 1u << ours->scale;
    return same_register(theirs->mem.base, ours->base) &&
           same_register(theirs->mem.index, ours->index) && theirs->mem.scale == scale &&
           (theirs->mem.disp.has_displacement ? theirs->mem.disp.value : 0) == ours->disp;
}

// Whether a register that Zydis shows is among ours.
static bool is_ours(const X64Inst *inst, ZydisRegister reg)
{
    for (uint32_t k = 0; k < x64_rows[inst->op].num_operands; k++)
        if ((int32_t)k != inst->mem_operand && same_register(reg, inst->regs[k]))
            return true;
    return false;
}

static bool same_immediate(const ZydisDecodedOperand *theirs, const X64Inst *inst)
{
    const uint64_t mask = theirs->size == 64 ? UINT64_MAX : ((uint64_t)1 << theirs->size) - 1;
    return ((theirs->imm.value.u ^ (uint64_t)inst->imm) & mask) == 0;
}

static bool same_operands(const Case *c, const ZydisDecodedInstruction *instruction,
                          const ZydisDecodedOperand *operands)
{
    bool memory = false;
    for (uint32_t i = 0; i < instruction->operand_count_visible; i++) {
        const ZydisDecodedOperand *const operand = &operands[i];
        if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY) {
            memory = true;
            if (c->inst.mem_operand < 0 || !same_memory(operand, &c->inst.mem))
                return false;
        } else if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER) {
            if (!is_ours(&c->inst, operand->reg.value))
                return false;
        } else if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
                   !same_immediate(operand, &c->inst)) {
            return false;
        }
    }
    return memory == (c->inst.mem_operand >= 0);
}

static Count check_zydis(const Bench *b)
{
    Count count = {0, 0};
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (uint32_t i = 0; i < b->cases.len; i++) {
        const Case *const c = &b->cases.data[i];
        ZydisDecodedInstruction instruction;
        ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
        count.checked++;
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, c->bytes.bytes, c->bytes.len,
                                                 &instruction, operands))) {
            complain(&count, c, "Zydis", STR("no instruction"));
            continue;
        }
        const Str name = str_from(ZydisMnemonicGetString(instruction.mnemonic));
        if (instruction.length != c->bytes.len || !str_eq(name, mnemonic_of(b->arena, c)) ||
            !same_operands(c, &instruction, operands))
            complain(&count, c, "Zydis", name);
    }
    return count;
}

static bool report(const Bench *b, uint32_t rows, const char *what, Count count)
{
    printf("%s: %u rows, %u cases, %u checked, %u wrong\n", what, rows, b->cases.len, count.checked,
           count.wrong);
    return count.wrong == 0 && count.checked == b->cases.len && rows != 0;
}

int main(int argc, char **argv)
{
    Arena arena = {0};
    Bench b = {.arena = &arena, .seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1};
    printf("seed %llu\n", (unsigned long long)b.seed);
    uint32_t rows = 0;
    for (uint16_t op = 0; op < X64_ROW_COUNT; op++) {
        add_row(&b, op);
        rows += (x64_rows[op].flags & ROW_PSEUDO) == 0;
    }
    char path[] = "/tmp/x64_rows_XXXXXX";
    const int fd = mkstemp(path);
    ASSERT(fd >= 0);
    bool good = report(&b, rows, "disassembled by llvm-mc", check_disassembly(&b, path));
    good = report(&b, rows, "assembled by llvm-mc", check_assembly(&b, path)) && good;
    good = report(&b, rows, "decoded by Zydis", check_zydis(&b)) && good;
    remove(path);
    arena_free(&arena);
    return good ? 0 : 1;
}
