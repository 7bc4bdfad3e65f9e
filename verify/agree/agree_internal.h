// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of agree/.
#ifndef VERIFY_AGREE_INTERNAL_H
#define VERIFY_AGREE_INTERNAL_H

#include "emulate/machine/machine.h"
#include "mach/mach.h"
#include "verify/agree/agree.h"
#include "verify/concrete/concrete.h"
#include "verify/rows/rows.h"

// ---- Samples (agree_samples.c) ----

typedef struct Samples {
    uint64_t state;
    Str bytes; // to be drawn first
} Samples;

uint64_t sample_random(Samples *s);
uint32_t sample_below(Samples *s, uint32_t n);
// A number of `width` bits up to 128: half of the time a special one, as integer or as float.
Wide sample_bits(Samples *s, uint32_t width);
// The `n`th immediate to try; there are SAMPLE_IMMEDIATES.
int64_t sample_immediate(uint32_t n);

#define SAMPLE_IMMEDIATES 700u

// ---- Code (agree_code.c) ----

// How an instruction is tried.
typedef struct RowCase {
    const Target *target;
    uint16_t op;
    uint8_t size, cc;
    bool in_memory; // a register-or-memory operand is in memory
    bool on_stack;  // the memory operand is in the frame
    int64_t imm, imm2;
    PReg regs[ROW_OPERANDS_MAX]; // by operand of the row
    PReg base;                   // of the memory operand
    int32_t disp;
} RowCase;

enum { CASE_TRAP = 9, CASE_SUCCESSORS = 3 };

// Where the code of a case stops.
typedef enum CaseStop { CASE_END, CASE_SUCCESSOR, CASE_TRAPPED, CASE_LOST } CaseStop;

typedef struct CaseCode {
    const uint8_t *bytes;
    uint32_t size;
    const struct TrapSite *sites;
    uint32_t num_sites;
} CaseCode;

// Chooses registers for the operands; false when there are not enough.
bool case_registers(RowCase *c, Samples *s);
// The operand of the row that is in memory, -1: none.
int32_t case_memory(const RowCase *c);
// The code: the instruction, then traps that tell how it was left.
CaseCode case_code(const RowCase *c, Arena *arena);
// What a stop at `pc` means; *number: of the successor, or the trap code.
CaseStop case_stop(const CaseCode *code, uint64_t pc, uint32_t *number);

// ---- Rows that are tried (agree_rows.c, agree_values.c) ----

#define AGREE_WINDOW 96u // bytes of memory looked at, around the operand

typedef struct Names {
    IsleSym is_mem, reg, mem, address, trap, lo, hi, flags, flag[ROWS_FLAGS_MAX];
    IsleSym frame_pointer, stack_pointer, return_address, pinned_register, num_targets;
} Names;

typedef struct Rows {
    Isle *isle;
    Engine engine;
    const Target *target;
    Cpu *cpu;
    uint8_t *data; // the page that they may use
    const AgreeOptions *options;
    AgreeReport *report;
    AgreeResult *result;
    Samples samples;
    Arena *scratch;
    Names names;
    const uint8_t *flag_bits; // of the CPU's register of flags, by flag
    uint32_t num_flags;

    // Of the row at hand.
    const MRow *row;
    const IsleDef *spec;
    Str ret;
    RowParams params;

    // Of the tuple at hand.
    GuestRegs before, after;
    uint8_t window[AGREE_WINDOW]; // memory before, from `window_at` in the page on
    uint32_t window_at;
} Rows;

// The names that meanings use.
void agree_find_names(Rows *r);
// What a parameter is before the instruction.
Concrete agree_param_value(Rows *r, const RowCase *c, const RowParam *param);
// What the constructor returns, read from the registers afterwards.
Concrete agree_result_value(Rows *r, const RowCase *c);

// ---- Reports ----

AgreeResult *agree_add(AgreeReport *report, Str term, const char *by);
bool agree_selected(const AgreeOptions *options, Str term);

#endif
