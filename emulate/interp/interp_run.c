// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The main loop: control flow, and the common instructions on integers of up to 64 bits.

#include "emulate/interp/interp_internal.h"

static void move_cells(uint64_t *dst, const uint64_t *src, uint32_t n)
{
    if (n == 1)
        *dst = *src;
    else
        memmove(dst, src, 8 * (size_t)n);
}

static const Code *follow(const FuncCode *fn, uint64_t *r, const Edge *edge)
{
    const Move *const moves = fn->moves + edge->moves;
    for (uint32_t i = 0; i < edge->num_moves; i++)
        move_cells(r + moves[i].dst, r + moves[i].src, moves[i].n);
    return fn->code + edge->target;
}

// Closes the newest frame: its results go to the caller's cells.
static void do_return(Interp *vm, const Code *c)
{
    const Frame frame = vm->frames.data[--vm->frames.len];
    const Move *const moves = frame.fn->moves + c->imm;
    for (uint32_t i = 0; i < c->b; i++)
        move_cells(vm->cells + frame.result + moves[i].dst, vm->cells + frame.cells + moves[i].src,
                   moves[i].n);
    interp_set_stack(vm, frame.caller_sp);
}

// Operands of a fast instruction. Not every expression uses all of them.
#define OPERANDS                                                                                \
    const uint32_t bits = 64u - c->shift;                                                       \
    const uint64_t ones = UINT64_MAX >> c->shift, a = r[c->a], b = r[c->b], s = b & (bits - 1); \
    const int64_t sa = (int64_t)(a << c->shift) >> c->shift;                                    \
    const int64_t sb = (int64_t)(b << c->shift) >> c->shift;                                    \
    (void)bits, (void)ones, (void)s, (void)sa, (void)sb

#define FAST(X, value)                    \
    case X: {                             \
        OPERANDS;                         \
        r[c->d] = (uint64_t)(value)&ones; \
        break;                            \
    }

// `bytes` is the pointer to the `size` bytes at the address; the statement uses it.
#define ACCESS(X, size, statement)                             \
    case X: {                                                  \
        const uint64_t address = r[c->a] + c->imm;             \
        uint8_t *const bytes = interp_find(vm, address, size); \
        if (UNLIKELY(!bytes || (address & c->align) != 0)) {   \
            stop = interp_bad_access(vm, c, address, size);    \
            break;                                             \
        }                                                      \
        statement;                                             \
        break;                                                 \
    }

#define LOAD(X, T, value)             \
    ACCESS(X, sizeof(T), {            \
        T x;                          \
        memcpy(&x, bytes, sizeof(T)); \
        r[c->d] = (value);            \
    })

#define STORE(X, T)                   \
    ACCESS(X, sizeof(T), {            \
        const T x = (T)r[c->b];       \
        memcpy(bytes, &x, sizeof(T)); \
    })

Stop interp_run(Interp *vm, const Code **where)
{
    const Frame *frame = &vm->frames.data[vm->frames.len - 1];
    const FuncCode *fn = frame->fn;
    const Code *pc = frame->pc;
    uint64_t *r = vm->cells + frame->cells;
    uint64_t fuel = vm->fuel;
    Stop stop = STOP_NONE;
    for (;;) {
        const Code *const c = pc++;
        bool switched = false; // another frame is the newest one
        if (UNLIKELY(fuel == 0)) {
            *where = c;
            vm->fuel = 0;
            return STOP_OUT_OF_FUEL;
        }
        fuel--;
        switch ((XOp)c->x) {
#define INT1(NAME, value)         FAST(X_##NAME, value)
#define INT2(NAME, value)         FAST(X_##NAME, value)
#define SHIFT(NAME, value)        FAST(X_##NAME, value)
#define INTCOMPARE(CC, condition) FAST(X_ICMP_##CC, condition)
#include "emulate/interp/int_ops.def"
            FAST(X_COPY, a)
        case X_CONST: r[c->d] = c->imm; break;
        case X_SEXTEND:
            r[c->d] = (uint64_t)((int64_t)(r[c->a] << c->shift) >> c->shift) & c->imm;
            break;
        case X_SELECT:
            r[c->d] = r[c->a] != 0 ? r[c->b] : r[c->c];
            break;
            LOAD(X_LOAD8, uint8_t, x)
            LOAD(X_LOAD16, uint16_t, x)
            LOAD(X_LOAD32, uint32_t, x)
            LOAD(X_LOAD64, uint64_t, x)
            LOAD(X_SLOAD8, int8_t, (uint64_t)x << c->shift >> c->shift)
            LOAD(X_SLOAD16, int16_t, (uint64_t)x << c->shift >> c->shift)
            LOAD(X_SLOAD32, int32_t, (uint64_t)x << c->shift >> c->shift)
            STORE(X_STORE8, uint8_t)
            STORE(X_STORE16, uint16_t)
            STORE(X_STORE32, uint32_t)
            STORE(X_STORE64, uint64_t)
        case X_JUMP: pc = follow(fn, r, &fn->edges[c->imm]); break;
        case X_BRIF: pc = follow(fn, r, &fn->edges[c->imm + ((r[c->a] | r[c->c]) == 0)]); break;
        case X_BR_TABLE:
            pc = follow(fn, r, &fn->edges[c->imm + (r[c->a] < c->b ? 1 + r[c->a] : 0)]);
            break;
        case X_CALL:
        case X_TAIL_CALL:
            vm->frames.data[vm->frames.len - 1].pc = pc;
            stop = c->x == X_CALL ? interp_call(vm, c) : interp_tail_call(vm, c);
            switched = true;
            break;
        case X_RETURN:
            do_return(vm, c);
            switched = true;
            break;
        case X_TRAP: stop = c->aux; break;
        case X_TRAPZ: stop = (r[c->a] | r[c->c]) == 0 ? c->aux : STOP_NONE; break;
        case X_TRAPNZ: stop = (r[c->a] | r[c->c]) != 0 ? c->aux : STOP_NONE; break;
        case X_STOP: stop = interp_stop(vm, c->b, "%.*s", STR_ARG(fn->messages[c->imm])); break;
        case X_STEP: stop = interp_step(vm, c, r); break;
        case X_COUNT: UNREACHABLE();
        }
        if (UNLIKELY(stop != STOP_NONE)) {
            *where = c;
            vm->fuel = fuel;
            return stop;
        }
        if (switched) {
            if (vm->frames.len == 0) {
                vm->fuel = fuel;
                return STOP_RETURNED;
            }
            frame = &vm->frames.data[vm->frames.len - 1];
            fn = frame->fn;
            pc = frame->pc;
            r = vm->cells + frame->cells;
        }
    }
}
