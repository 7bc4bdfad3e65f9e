// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The cases of a row: assignments of registers up to their names, and immediates.
//
// Two operands share a register if both are uses, or if one is a def, late, and the other a use,
// early; a def that reuses a use has its register. Each way to share is one case.

#include "verify/compose/compose_internal.h"

typedef struct Assign {
    ComposeCase *c;
    ComposeVisit visit;
    void *context;
    ComposeSlot slots[SLOTS_MAX];
    uint32_t count;
    PRegSet fixed; // registers that some operand has to be in
} Assign;

static void add_slot(Assign *a, ComposeSlot slot)
{
    ASSERT(a->count < SLOTS_MAX);
    a->slots[a->count++] = slot;
}

static void find_slots(Assign *a)
{
    const MRow *const row = &a->c->target->rows[a->c->op];
    int32_t slot_of[ROW_OPERANDS_MAX] = {0};
    for (int32_t k = 0; k < row->num_operands; k++) {
        const RowOperand *const o = &row->operands[k];
        if (k == a->c->memory)
            continue;
        const bool is_fixed = o->constraint == CONSTRAINT_FIXED;
        slot_of[k] = (int32_t)a->count;
        add_slot(a, (ComposeSlot){.is_def = o->kind == OPERAND_DEF,
                                  .is_early = o->pos == POS_EARLY,
                                  .class = o->class,
                                  .fixed = is_fixed ? o->reg : PREG_NONE,
                                  .reused = o->constraint == CONSTRAINT_REUSE ? o->reg : -1,
                                  .reg = &a->c->regs[k]});
        a->fixed |= is_fixed ? preg_bit(o->reg) : 0;
    }
    for (uint32_t i = 0; i < a->count; i++)
        if (a->slots[i].reused >= 0)
            a->slots[i].reused = slot_of[a->slots[i].reused];
    PReg *const parts[] = {&a->c->base, &a->c->index};
    for (uint32_t i = 0; i < 2; i++)
        if (a->c->memory >= 0 && *parts[i] != PREG_NONE)
            add_slot(a, (ComposeSlot){.is_early = true,
                                      .class = REG_INT,
                                      .fixed = PREG_NONE,
                                      .reused = -1,
                                      .reg = parts[i]});
}

// Whether the operands may have one register.
static bool may_share(const ComposeSlot *x, const ComposeSlot *y)
{
    if (x->class != y->class || (x->is_def && y->is_def))
        return false;
    if (!x->is_def && !y->is_def)
        return true;
    const ComposeSlot *const def = x->is_def ? x : y, *const use = x->is_def ? y : x;
    return !def->is_early && use->is_early;
}

// A register of the slot's class that nothing else has: the `n`th one that is handed out.
static PReg fresh_register(const Assign *a, const ComposeSlot *slot, uint32_t upto)
{
    const Target *const t = a->c->target;
    PRegSet free =
        t->allocatable & ~a->fixed & ~preg_bit(t->frame_pointer) & ~preg_bit(t->stack_pointer);
    if (t->pinned != PREG_NONE)
        free &= ~preg_bit(t->pinned);
    for (uint32_t i = 0; i < upto; i++)
        free &= ~preg_bit(*a->slots[i].reg);
    for (uint32_t n = 0; n < 32; n++)
        if ((free & preg_bit(PREG(slot->class, n))) != 0)
            return PREG(slot->class, n);
    UNREACHABLE();
}

// Slot `i` in register `reg`, if those before it allow that.
static bool fits(const Assign *a, uint32_t i, PReg reg)
{
    const ComposeSlot *const slot = &a->slots[i];
    if (slot->fixed != PREG_NONE && slot->fixed != reg)
        return false;
    for (uint32_t j = 0; j < i; j++)
        if (*a->slots[j].reg == reg && !may_share(slot, &a->slots[j]))
            return false;
    return true;
}

static bool assign_from(Assign *a, uint32_t i);

static bool assign_to(Assign *a, uint32_t i, PReg reg)
{
    if (!fits(a, i, reg))
        return true;
    *a->slots[i].reg = reg;
    return assign_from(a, i + 1);
}

// Whether a def and the use that it reuses are in one register: whichever of them comes first.
static bool is_tied_right(const Assign *a)
{
    for (uint32_t i = 0; i < a->count; i++)
        if (a->slots[i].reused >= 0 && *a->slots[i].reg != *a->slots[a->slots[i].reused].reg)
            return false;
    return true;
}

static bool assign_from(Assign *a, uint32_t i)
{
    if (i == a->count)
        return !is_tied_right(a) || a->visit(a->context, a->c);
    const ComposeSlot *const slot = &a->slots[i];
    PRegSet tried = 0;
    for (uint32_t j = 0; j < i; j++) {
        const PReg reg = *a->slots[j].reg;
        if ((tried & preg_bit(reg)) == 0 && !assign_to(a, i, reg))
            return false;
        tried |= preg_bit(reg);
    }
    // Registers that are fixed for operands still to come, too.
    for (uint32_t j = i; j < a->count; j++) {
        const PReg reg = a->slots[j].fixed;
        if (reg == PREG_NONE || (tried & preg_bit(reg)) != 0 ||
            preg_class(reg) != (RegClass)slot->class)
            continue;
        if (!assign_to(a, i, reg))
            return false;
        tried |= preg_bit(reg);
    }
    return assign_to(a, i, fresh_register(a, slot, i));
}

bool compose_assign(ComposeCase *c, ComposeVisit visit, void *context)
{
    Assign a = {.c = c, .visit = visit, .context = context};
    find_slots(&a);
    return assign_from(&a, 0);
}

// ---- Immediates ----

// Four parts of 16 bits, of five values each.
static int64_t by_parts(uint32_t n)
{
    static const uint16_t parts[5] = {0, 0xffff, 1, 0x8000, 0x1234};
    uint64_t x = 0;
    for (uint32_t i = 0; i < 4; i++, n /= 5)
        x |= (uint64_t)parts[n % 5] << 16 * i;
    return (int64_t)x;
}

// A run of ones, turned and repeated.
static int64_t bitmask(uint32_t n)
{
    const uint32_t element = 2u << n % 6, run = 1 + n / 6 % (element - 1), turn = n % element;
    uint64_t x = (UINT64_C(1) << run) - 1;
    for (uint32_t at = element; at < 64; at *= 2)
        x |= x << at;
    return (int64_t)(turn == 0 ? x : x << turn | x >> (64 - turn));
}

int64_t compose_immediate(uint32_t n)
{
    ASSERT(n < COMPOSE_IMMEDIATES);
    if (n < COMPOSE_SMALL_IMMEDIATES)
        return (int64_t)n;
    if (n < 128) // around powers of two
        return (int64_t)((UINT64_C(1) << (n - 64)) - n % 2);
    if (n < 192)
        return (int64_t)(0 - (UINT64_C(1) << (n - 128)) - n % 2);
    if (n < 256) // parts that are shifted
        return (int64_t)(n % 16 + 1) << 12 * (n % 3);
    if (n < 256 + 625)
        return by_parts(n - 256);
    return bitmask(n - 256 - 625);
}
