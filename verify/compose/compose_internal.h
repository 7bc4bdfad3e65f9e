// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of compose.
#ifndef VERIFY_COMPOSE_INTERNAL_H
#define VERIFY_COMPOSE_INTERNAL_H

#include "verify/compose/compose.h"
#include "verify/ledger/ledger.h"
#include "verify/rows/rows.h"
#include "verify/vcgen/vcgen.h"

// ---- Cases ----

// The trap code of all cases, and the one of an access that no trap site tells of.
enum { CASE_TRAP_CODE = 9, NO_TRAP_CODE = 0xfe };

// The successors that a branch has, but one on a table.
enum { CASE_SUCCS = 3 };

// How an instruction is emitted: everything but the values of registers.
typedef struct ComposeCase {
    const Target *target;
    uint16_t op;
    uint8_t size, cc;
    int64_t imm;
    int32_t imm2;
    PReg regs[ROW_OPERANDS_MAX]; // by operand of the row
    int32_t memory;              // the operand in memory, -1: none
    AmodeKind amode;             // of that
    PReg base, index;            // PREG_NONE: none
    uint8_t scale;
    int32_t disp;
    bool flags_die;                 // nothing reads the flags behind it
    bool is_far;                    // branches must reach far
    bool is_anew;                   // it is not in its place, but repeated before another one
    uint32_t num_succs;             // of its block
    uint8_t next;                   // the block behind it, from 1; 0: none
    const struct ComposeCase *then; // what follows in the block; NULL: nothing that matters
} ComposeCase;

// Two registers of operands: whether the constraints of the row allow that they are one, and the
// next choice of registers in each case.
typedef struct ComposeSlot {
    bool is_def, is_early, is_late;
    uint8_t class;
    PReg fixed;     // PREG_NONE: any
    int32_t reused; // the slot whose register it takes, -1: none
    PReg *reg;      // in the case
} ComposeSlot;

enum { SLOTS_MAX = ROW_OPERANDS_MAX + 2 };

typedef bool (*ComposeVisit)(void *context, const ComposeCase *c);

// Calls `visit` for each assignment of registers that the row allows, up to the names of the
// registers; stops when it says false, and gives that back. All but registers is set in `c`.
bool compose_assign(ComposeCase *c, ComposeVisit visit, void *context);

// What a row that branches on a table reads, successors but one, the default.
#define COMPOSE_TABLE_STATE "num_targets"

// The immediates to try: those that a row does not allow are passed over. The first ones are all
// small numbers, which come again.
enum { COMPOSE_IMMEDIATES = 1100, COMPOSE_SMALL_IMMEDIATES = 64 };
int64_t compose_immediate(uint32_t n);

// ---- What is emitted (compose_emit.c) ----

// What is no row is put as bytes. The exclusive accesses are those of AArch64, ldaxr and ldaxp,
// stlxr and stlxp: PutInst.size is that of the access, base has its address, regs[0] the value, or
// its lower half and regs[1] the upper one, regs[2] whether the store has failed.
typedef enum ComposeStepKind {
    STEP_ROW,
    STEP_EXCLUSIVE_LOAD,
    STEP_EXCLUSIVE_STORE,
    STEP_ADDRESS, // that of the label into regs[0]
    STEP_JUMP,    // to where regs[0] says
    STEP_TABLE    // no instruction, but the table (ComposeCode.table)
} ComposeStepKind;

typedef struct ComposeStep {
    ComposeStepKind kind;
    PutInst put;
    uint32_t end;       // offset behind it
    bool has_field;     // it needs a label, in a field
    FixupKind field;    // of this kind,
    uint32_t field_at;  // at this offset,
    uint8_t short_form; // and if it may shrink, to this opcode; 0: it may not
    Label label;        // or NO(Label)
    uint8_t trap;       // its trap site's code, or NO_TRAP_CODE
} ComposeStep;

// A table of distances: entry i is how far the label of successor first + i is from the base.
typedef struct ComposeTable {
    uint32_t offset, count; // no entries: there is no table
    uint32_t first;
    Label base;
} ComposeTable;

typedef struct ComposeCode {
    CodeBuffer buf;
    EmitCtx ctx;
    MFunc f;
    VEC(ComposeStep) steps;
    ComposeTable table;
    const char *cannot; // why it is no sequence of rows; NULL: it is
} ComposeCode;

// Emits the case and takes apart what was put. Everything lives in `arena`.
void compose_emit(const ComposeCase *c, ComposeEmit emit, Arena *arena, ComposeCode *out);

// The offset of the case's memory operand from the stack pointer, where it is in the frame.
int32_t compose_frame_offset(const ComposeCase *c);

// The number of the successor that a label is, NO_INDEX: none.
uint32_t compose_successor(const ComposeCode *code, Label label);

// Reads an instruction that is put as bytes at an offset; false: they are none that is known
// (compose_bytes.c).
bool compose_read_bytes(const CodeBuffer *buf, const Target *target, uint32_t offset,
                        ComposeStep *step);

// Reads the data that begins where fixup `first` is as the table. What it can't be, NULL: it is one
// (compose_table.c).
const char *compose_read_table(ComposeCode *code, const DataRange *data, uint32_t first);

// Appends the listing, a line each.
void compose_print_code(const ComposeCode *code, StrBuf *out);

// ---- The machine (compose_machine.c) ----

enum { REGS = 64 };

typedef struct ComposeState {
    Expr path; // when control is here
    Expr regs[REGS];
    Expr flags[ROWS_FLAGS_MAX];
} ComposeState;

// A promise: what is there must be what is meant.
typedef struct ComposeGoal {
    Str what;
    Expr meant, is; // EXPR_NONE: of the effects, `what` says it
} ComposeGoal;

typedef struct ComposeTarget {
    const Target *target;
    Str flags[ROWS_FLAGS_MAX];
    uint32_t num_flags;
    PRegSet scratch;   // never allocated: emission may write them
    IsleTermId *terms; // by row: that which says most of it
} ComposeTarget;

typedef enum ComposeOutcome {
    CASE_STATED,      // so far
    CASE_NOT_ALLOWED, // the row requires another immediate
    CASE_CANNOT       // `message` says why
} ComposeOutcome;

typedef struct ComposeProof {
    VcProgram *program;
    const ComposeTarget *target;
    Arena *arena;
    Vc vc;
    VcSequence *sequence;
    ComposeState initial; // nothing is known of it
    Expr exit;            // the round of a loop that is looked at is its last one
    ComposeState meant;   // what the row says, behind it
    PRegSet written;      // registers that it writes,
    PRegSet loose;        // of these, those of which it says nothing,
    bool writes_flags;
    uint32_t loose_flags;   // and such flags
    VEC(ComposeGoal) goals; // parallel to vc.goals
    Str message;
} ComposeProof;

// A jump that has not arrived yet.
typedef struct ComposeArrival {
    uint32_t label;
    ComposeState state;
} ComposeArrival;

// A loop around an access that reads and writes at once: an exclusive load and store, or one
// instruction.
typedef struct ComposeLoop {
    uint32_t first, back; // its first step, and the one that jumps back there; NO_INDEX: none
    bool has_begun;
    PRegSet writes; // registers that a round writes
    bool writes_flags;
    VEC(VcAccess) looks; // loads before it
    bool is_loaded;
    Expr path, address, value, code; // of the load
    uint32_t size;
    bool has_stored;
    Expr stores; // when something else is stored than was there
} ComposeLoop;

// The address of an offset in the code.
typedef struct ComposePlace {
    uint32_t offset;
    Expr address;
} ComposePlace;

// What was read from the table: the distance, and which entry it is.
typedef struct ComposeLookup {
    bool is_done;
    Expr distance, entry;
} ComposeLookup;

typedef struct ComposeMachine {
    ComposeProof *proof;
    const ComposeCase *c;
    const ComposeCode *code;
    ExprPool *pool;
    ComposeState now;
    bool is_dead; // control can't be here
    VEC(ComposeArrival) arrivals;
    ComposeState ended; // all that has left, as one
    bool has_ended;
    Bitset witnessed; // open values that have been chosen
    ComposeLoop loop;
    VEC(ComposePlace) places;
    ComposeLookup lookup;
} ComposeMachine;

// Says why a case is no sequence of rows. False, for convenience.
bool compose_cannot(ComposeMachine *m, const char *format, ...) PRINTF_LIKE(2, 3);

// States that something must hold, or that `is` must be what is meant, whenever `path` holds.
void compose_must(ComposeMachine *m, Str what, Expr path, Expr holds);
void compose_must_be(ComposeMachine *m, Str what, Expr path, Expr meant, Expr is);

// Registers of the target, and their names.
bool compose_has_register(const Target *t, uint32_t reg);
const char *compose_reg_name(const ComposeProof *proof, uint32_t reg);

// Begins with a state of which nothing is known.
void compose_begin(ComposeMachine *m);
// The address of an instruction's memory operand in a state.
Expr compose_address(ComposeMachine *m, const PutInst *put, const ComposeState *s);
// The operands of the term of a row, read from the state at hand; NULL: that can't be.
const VcOperand *compose_operands(ComposeMachine *m, const ComposeStep *step);
// Whether operands that the row ties are in one register, and others in those that it fixes.
bool compose_keeps_constraints(ComposeMachine *m, const PutInst *put);
// A scalar of a result by its name, NULL: there is none. The value of the `n`th result of a row
// that has one: alone, with flags, or the half of a pair.
const Expr *compose_scalar(const VcOperand *results, Str name);
const Expr *compose_result(const VcOperand *results, uint32_t n);
// Something of which nothing is known.
Expr compose_anything(ComposeMachine *m, uint32_t width);
Expr compose_any_register(ComposeMachine *m, uint32_t reg);
// Whether an instruction accesses memory: an address alone is no access.
bool compose_accesses(const ComposeMachine *m, const PutInst *put);
// Registers and flags behind a row with these results.
bool compose_write(ComposeMachine *m, const PutInst *put, const VcOperand *results);

// ---- Loops (compose_loop.c) ----

// Finds the loop of the code. False: there is one of another sort.
bool compose_find_loop(ComposeMachine *m);
// Makes the state at hand that of the begin of any of its rounds.
bool compose_enter_loop(ComposeMachine *m);
// The jump back, under `again`.
bool compose_go_round(ComposeMachine *m, Expr again);
// An exclusive access.
bool compose_exclusive(ComposeMachine *m, const ComposeStep *step);
// An access by a row that was the last step, before the loop or in it.
bool compose_access_by_row(ComposeMachine *m, const ComposeStep *step);

// ---- Tables (compose_table.c) ----

// The address of a label of the code. False: it is not bound.
bool compose_place(ComposeMachine *m, Label label, Expr *address);
// Whether an instruction reads from the table, and what then holds, once it is done.
bool compose_reads_table(const ComposeMachine *m, const PutInst *put);
bool compose_look_up(ComposeMachine *m);
// The successor at this address, as an expression.
bool compose_find_successor(ComposeMachine *m, Expr address, Expr *number);

// ---- Running (compose_run.c) ----

// Runs the steps of the code. False: it is no sequence of rows.
bool compose_run(ComposeMachine *m);

// ---- What must hold (compose_compare.c) ----

// Whether the code is nothing but the row itself, encoded.
bool compose_is_itself(const ComposeCase *c, const ComposeCode *code);
// Begins a proof with what the row says of the case; only its program, target and arena are set.
ComposeOutcome compose_meant(ComposeProof *proof, const ComposeCase *c);
// Composes the steps, and states what must hold.
ComposeOutcome compose_done(ComposeProof *proof, const ComposeCase *c, const ComposeCode *code);

// ---- Questions (compose_prove.c) ----

// Decides whether all goals hold; else *detail gets the values for which one does not, and which.
ComposeVerdict compose_prove(ComposeProof *proof, LedgerCache *cache, uint64_t budget, bool *asked,
                             StrBuf *detail);

#endif
