// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// interp, inside: decoded functions, frames, guest memory.
//
// A function is decoded when it is first called: aliases resolved, each value given a place among
// the 8-byte cells of its frame, blocks laid out in one array of Code, block arguments turned into
// lists of moves. A value occupies as many cells as its bytes need; the bytes behind it in its last
// cell are zero. So an integer of up to 64 bits, and any float up to f64, is its bits zero-extended
// in a cell.
//
// Integers of up to 64 bits run in the main loop (interp_run.c); everything else goes through
// interp_step (interp_step.c), which works lane by lane on 128-bit integers.
#ifndef EMULATE_INTERP_INTERNAL_H
#define EMULATE_INTERP_INTERNAL_H

#include "emulate/interp/interp.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#    error "lanes are read from cells as little-endian bytes"
#endif

// ---- Decoded functions ----

// What the main loop does for an instruction.
typedef enum XOp {
    X_STEP,    // interp_step
    X_CONST,   // d = imm
    X_COPY,    // d = a, cut to the result's width
    X_SEXTEND, // d = a sign-extended, cut to the bits of imm
    X_SELECT,  // one cell
    X_LOAD8,   // d = zero-extended memory at a + imm
    X_LOAD16,
    X_LOAD32,
    X_LOAD64,
    X_SLOAD8, // the same, sign-extended and cut to the result's width
    X_SLOAD16,
    X_SLOAD32,
    X_STORE8, // memory at a + imm = b
    X_STORE16,
    X_STORE32,
    X_STORE64,
    X_JUMP,      // edge imm
    X_BRIF,      // edge imm if a or its second cell c is not 0, else the edge after it
    X_BR_TABLE,  // edge imm is the default, then the b entries
    X_CALL,      // site imm; the callee's address in a unless the site is direct
    X_TAIL_CALL, // the same
    X_RETURN,    // moves imm, b of them
    X_TRAP,      // stops with trap code aux
    X_TRAPZ,     // the same if a and its second cell c are 0
    X_TRAPNZ,
    X_STOP, // stops with code b and message imm
#define INT1(NAME, ...)     X_##NAME,
#define INT2(NAME, ...)     X_##NAME,
#define SHIFT(NAME, ...)    X_##NAME,
#define INTCOMPARE(CC, ...) X_ICMP_##CC,
#include "emulate/interp/int_ops.def"
    X_COUNT
} XOp;

// One instruction. Operands and results are cells of the frame.
typedef struct Code {
    uint16_t x;  // XOp
    uint8_t op;  // Opcode
    uint8_t aux; // as InstData.aux
    Type type;   // of the first operand
    Type rtype;  // of the first result; of what a load reads
    uint32_t d;  // results, one behind the other
    uint32_t a, b, c;
    uint64_t imm;   // constant, address offset, index into the function's lists
    uint32_t inst;  // Inst
    uint16_t align; // memory: bits that must be clear in the address
    uint8_t shift;  // 64 - width of the scalar integer that the main loop works on
} Code;

// Copies n cells.
typedef struct Move {
    uint32_t dst, src, n;
} Move;

// A way from a branch to a block: its moves, in order, then on at code[target].
typedef struct Edge {
    uint32_t target, moves, num_moves;
} Edge;

typedef enum CalleeKind { CALLEE_LOCAL, CALLEE_EXTERN, CALLEE_ADDRESS } CalleeKind;

// A call: the moves' destinations count from the first cell of the callee's frame.
typedef struct CallInfo {
    CalleeKind kind;
    uint32_t callee; // function or external name
    const Signature *sig;
    uint32_t moves, num_moves;
    uint32_t arg_cells;
    bool copies; // some arguments are passed as copies of memory
} CallInfo;

typedef struct FuncCode {
    const Func *func;
    uint32_t index;
    bool decoded;
    uint32_t broken;     // 0, or the Stop that entering it ends in, because of
    const char *because; // a sentence
    Code *code;
    Edge *edges;
    Move *moves;
    CallInfo *sites;
    Str *messages;
    uint32_t num_cells;     // of a frame
    uint32_t vmctx;         // cell of the vmctx parameter, NO_INDEX if none
    uint64_t *slot_offsets; // from the stack pointer
    uint64_t slot_bytes, slot_align;
} FuncCode;

// ---- The machine ----

// Why execution stops: 1..255 are trap codes.
typedef uint32_t Stop;
enum { STOP_NONE = 0, STOP_CRASHED = 256, STOP_UNSUPPORTED, STOP_OUT_OF_FUEL, STOP_RETURNED };

typedef struct Frame {
    FuncCode *fn;
    const Code *pc;  // where it goes on after a call
    uint64_t cells;  // index of its first cell
    uint64_t result; // cell index where its results go
    uint64_t fp, sp; // guest addresses; its slots are at sp
    uint64_t caller_sp;
} Frame;

typedef struct GuestRegion {
    uint64_t address, size;
    uint8_t *bytes;
} GuestRegion;

typedef struct Extern {
    Str name;
    ImportFn fn; // NULL: not bound
    void *context;
} Extern;

typedef struct Interp {
    Executor base;
    ExecutorConfig config;
    Arena arena; // holds the Interp itself, guest memory, names
    Arena code;  // what belongs to the module
    Arena frames_arena, cells_arena, scratch;
    const Module *module;
    bool canonical_nan;
    bool running;

    FuncCode *funcs;
    Map func_of_name;    // number in names -> function
    StrTable names;      // printed without the %
    VEC(Extern) externs; // parallel to names

    VEC(GuestRegion) regions; // 0 is the live stack
    uint32_t last_region;
    uint8_t *stack; // config.stack_size bytes from STACK_BASE

    uint64_t *cells;
    uint64_t num_cells; // capacity
    VEC(Frame) frames;
    uint64_t fuel;
    uint64_t pinned;

    Arena *result_arena;
    Str detail; // of the last stop
} Interp;

#define STACK_BASE  UINT64_C(0x10000)
// Guest stack that a frame takes beside its slots: the caller's frame pointer, the return address.
#define FRAME_BYTES 16u
// The largest region: all of it is zeroed, and is the host's memory.
#define MAX_REGION  (UINT64_C(1) << 30)
#define MAX_CELLS   (UINT64_C(1) << 24)

// Decodes fn; on return fn->decoded is set. interp_decode.c.
void interp_decode(Interp *vm, FuncCode *fn);
// Why instruction `inst` can't be executed and what reaching it stops with; NULL when it can. Its
// operands must be defined. interp_check.c.
const char *interp_refusal(const Func *f, Inst inst, Stop *stop);
// The number of the external or local name. interp.c.
uint32_t interp_name(Interp *vm, const ExtName *name);

// Runs the frames until they are through or stopped; STOP_RETURNED when the outermost returned. The
// place of any other stop is *where, in the newest frame. interp_run.c.
Stop interp_run(Interp *vm, const Code **where);

// Opens a frame of fn whose arguments are (to be put) in the cells from `cells` on, `copied` bytes
// below the newest frame. interp_call.c.
Stop interp_enter(Interp *vm, FuncCode *fn, uint64_t cells, uint64_t result, uint64_t copied);
// Does call instruction `c` of the newest frame: afterwards another frame is the newest, or (an
// import) the results are there.
Stop interp_call(Interp *vm, const Code *c);
Stop interp_tail_call(Interp *vm, const Code *c);
// Makes room for `needed` cells; they may move.
Stop interp_reserve_cells(Interp *vm, uint64_t needed);
// The guest address that stands for a function or an external name, `bits` wide.
uint64_t interp_code_address(CalleeKind kind, uint32_t index, uint32_t bits);
void interp_cells_to_data(const uint64_t *cells, DataValue *data);
void interp_data_to_cells(const DataValue *data, uint64_t *cells);

// Executes an instruction without control flow on the frame's cells r. interp_step.c.
Stop interp_step(Interp *vm, const Code *c, uint64_t *r);

// Records a sentence about why execution stops and returns `stop`.
Stop interp_stop(Interp *vm, Stop stop, const char *format, ...) PRINTF_LIKE(3, 4);

// ---- Guest memory (interp_memory.c) ----

// As interp_find, for what the last found region does not hold.
uint8_t *interp_find_slow(Interp *vm, uint64_t address, uint64_t size);

// The bytes behind a range of guest memory, NULL when it is not mapped as a whole.
static inline uint8_t *interp_find(Interp *vm, uint64_t address, uint64_t size)
{
    const GuestRegion *const r = &vm->regions.data[vm->last_region];
    const uint64_t at = address - r->address;
    if (LIKELY(at < r->size && size <= r->size - at))
        return r->bytes + at;
    return interp_find_slow(vm, address, size);
}

// Sets the live stack to sp and above.
void interp_set_stack(Interp *vm, uint64_t sp);
// How a failed access of `size` bytes stops: memory instruction `c` has its flags in c->c.
Stop interp_bad_access(Interp *vm, const Code *c, uint64_t address, uint64_t size);
// The memory instructions that the main loop doesn't do itself.
Stop interp_load(Interp *vm, const Code *c, uint64_t *r);
Stop interp_store(Interp *vm, const Code *c, uint64_t *r);
Stop interp_atomic(Interp *vm, const Code *c, uint64_t *r);
// The value of global value gv c->imm.
Stop interp_global(Interp *vm, const Code *c, uint64_t *r);
// Traps if the newest frame, just made, lies below the stack limit of its function.
Stop interp_check_limit(Interp *vm);

// ---- Lanes ----

static inline uint32_t cells_of(Type type)
{
    return (type_bytes(type) + 7) / 8;
}

// Lane i, zero-extended.
static inline uint128 lane_get(const uint64_t *cells, uint32_t lane_bits, uint32_t i)
{
    uint128 lane = 0;
    memcpy(&lane, (const uint8_t *)cells + (size_t)i * (lane_bits / 8), lane_bits / 8);
    return lane;
}

static inline void lane_set(uint64_t *cells, uint32_t lane_bits, uint32_t i, uint128 lane)
{
    memcpy((uint8_t *)cells + (size_t)i * (lane_bits / 8), &lane, lane_bits / 8);
}

// Clears the cells of a value of `type`, which is about to be written lane by lane.
static inline void cells_clear(uint64_t *cells, Type type)
{
    memset(cells, 0, 8 * (size_t)cells_of(type));
}

static inline uint128 bits_ones(uint32_t bits)
{
    return ~(uint128)0 >> (128 - bits);
}

static inline int128 bits_sign_extend(uint128 a, uint32_t bits)
{
    return (int128)(a << (128 - bits)) >> (128 - bits);
}

// ---- Functions that int_ops.def names (interp_bits.c); operands zero-extended ----

uint128 bits_reverse(uint128 a, uint32_t bits);
uint128 bits_swap_bytes(uint128 a, uint32_t bits);
uint32_t bits_leading_zeros(uint128 a, uint32_t bits);
uint32_t bits_trailing_zeros(uint128 a, uint32_t bits);
uint32_t bits_count(uint128 a);
// The high half of the unsigned product of 2 * bits.
uint128 bits_mul_high(uint128 a, uint128 b, uint32_t bits);
// (a * b + 2^(bits - 2)) >> (bits - 1), for bits <= 32.
int128 bits_mul_round(int128 a, int128 b, uint32_t bits);
uint128 bits_clamp_signed(int128 a, uint32_t bits);
uint128 bits_clamp_unsigned(int128 a, uint32_t bits);

// The least or the greatest signed integer.
static inline uint128 bits_limit(bool least, uint32_t bits)
{
    return (bits_ones(bits) >> 1) + least;
}

// Whether r = a + b (perhaps + 1) has the wrong sign; r may have bits above the width.
static inline bool bits_add_overflows(uint128 a, uint128 b, uint128 r, uint32_t bits)
{
    return ((~(a ^ b) & (a ^ r)) >> (bits - 1) & 1) != 0;
}

// The same for r = a - b (perhaps - 1).
static inline bool bits_sub_overflows(uint128 a, uint128 b, uint128 r, uint32_t bits)
{
    return (((a ^ b) & (a ^ r)) >> (bits - 1) & 1) != 0;
}

// ---- Floats (interp_float.c): bits of a float of scalar type `lane` ----

uint128 float_unary(Opcode op, Type lane, uint128 a);
uint128 float_binary(Opcode op, Type lane, uint128 a, uint128 b);
uint128 float_fma(Type lane, uint128 a, uint128 b, uint128 c);
// FCMP_UN, FCMP_EQ, FCMP_LT or FCMP_GT.
uint32_t float_compare(Type lane, uint128 a, uint128 b);
uint128 float_convert(Type from, Type to, uint128 a);
uint128 float_from_int(Type lane, uint128 a, uint32_t bits, bool is_signed);
// STOP_NONE or the trap of fcvt_to_uint and fcvt_to_sint; *out is the saturated value in any case.
Stop float_to_int(Type lane, uint128 a, uint32_t bits, bool is_signed, uint128 *out);
// The positive quiet NaN in place of any NaN.
uint128 float_canonical(Type lane, uint128 a);

// ---- Groups of vector and conversion instructions (interp_vector.c) ----

// splat, swizzle, x86_pshufb, shuffle, insertlane, extractlane, scalar_to_vector, blendv,
// iadd_pairwise, x86_pmaddubsw, constants
void interp_vector(const Code *c, uint64_t *r, const Func *func);
void interp_lane_test(const Code *c, uint64_t *r);
void interp_widen(const Code *c, uint64_t *r);
void interp_narrow(const Code *c, uint64_t *r);
void interp_bitcast(const Code *c, uint64_t *r);

#endif
