// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decision trees evaluated as they are, step by step, as the C that they become would run. A value
// is known only in the block that computed it and in the blocks within: an access to any other is a
// fault of the tree, which an assertion reports.

#include "isle-rules/compiler/islec_internal.h"

// What one binding holds.
typedef struct Slot {
    bool known;
    IsleValue value;
    IsleRows rows; // of a call that can fail or is multi, or gives several values
    uint32_t at;   // the row that a loop stands at
} Slot;

typedef struct Walk {
    IsleEval *eval;
    const IsleRuleSet *set;
    const IsleTerm *term;
    const IsleValue *args;
    Slot *slots;
    IsleResults *out;
    bool full; // no more results are wanted
} Walk;

// ---- Values ----

static const Slot *known_slot(const Walk *w, IsleBindingId id)
{
    ASSERT(w->slots[id].known);
    return &w->slots[id];
}

// Value `field` of the current row of the call behind `id`.
static IsleValue row_value(const Walk *w, IsleBindingId id, uint32_t field)
{
    const Slot *const slot = known_slot(w, isle_call_behind(w->set, id));
    ASSERT(slot->at < slot->rows.count && field < slot->rows.width);
    return slot->rows.values[(size_t)slot->at * slot->rows.width + field];
}

static IsleValue value_of(const Walk *w, IsleBindingId id)
{
    const IsleBinding *const b = &w->set->bindings.data[id];
    switch (b->kind) {
    case ISLE_BIND_CONST_BOOL:
    case ISLE_BIND_CONST_INT: return isle_value_of_int(w->eval->isle, b->type, b->value);
    case ISLE_BIND_CONST_PRIM:
        return w->eval->host->constant(w->eval->host->context, b->term, b->type);
    case ISLE_BIND_ARGUMENT: return w->args[b->index];
    case ISLE_BIND_ITERATOR:
    case ISLE_BIND_MATCH_SOME: return row_value(w, b->args[0], 0);
    case ISLE_BIND_MATCH_TUPLE: return row_value(w, b->args[0], b->field);
    case ISLE_BIND_MAKE_SOME: return value_of(w, b->args[0]);
    case ISLE_BIND_MAKE_VARIANT:
        if (isle_binding_is_free(w->eval->isle, b))
            return (IsleValue){.type = b->type, .variant = b->index};
        break;
    case ISLE_BIND_EXTRACTOR:
    case ISLE_BIND_CONSTRUCTOR:
    case ISLE_BIND_MATCH_VARIANT:
    case ISLE_BIND_MAKE_STRUCT:
    case ISLE_BIND_EXTRACT_STRUCT: break;
    }
    return known_slot(w, id)->value;
}

// Fails the evaluation when the call did.
static void set_rows(Walk *w, Slot *slot, IsleRows rows)
{
    slot->rows = rows;
    slot->at = 0;
    if (rows.outcome == ISLE_VALUES) {
        if (rows.count != 0 && rows.width != 0)
            slot->value = rows.values[0];
        return;
    }
    w->out->outcome = rows.outcome;
    w->full = true;
}

static void compute(Walk *w, IsleBindingId id)
{
    const IsleBinding *const b = &w->set->bindings.data[id];
    Slot *const slot = &w->slots[id];
    ASSERT(!slot->known);
    slot->known = true;
    IsleValue *const args = ARENA_ARRAY(w->eval->arena, IsleValue, b->num_args);
    for (uint32_t i = 0; i < b->num_args; i++)
        args[i] = value_of(w, b->args[i]);
    switch ((int)b->kind) {
    case ISLE_BIND_MATCH_VARIANT:
        ASSERT(args[0].variant == b->index);
        slot->value = args[0].fields[b->field];
        break;
    case ISLE_BIND_EXTRACT_STRUCT: slot->value = args[0].fields[b->field]; break;
    case ISLE_BIND_MAKE_VARIANT:
    case ISLE_BIND_MAKE_STRUCT:
        slot->value = isle_value_make(w->eval->arena, b->type, b->index, args, b->num_args);
        break;
    case ISLE_BIND_EXTRACTOR:
        set_rows(w, slot, isle_eval_extract(w->eval, b->term, &args[0]));
        break;
    default:
        ASSERT(b->kind == ISLE_BIND_CONSTRUCTOR);
        set_rows(w, slot, isle_eval_construct(w->eval, b->term, args, isle_eval_tree));
    }
}

// ---- Steps ----

static bool constraint_holds(const Walk *w, IsleBindingId id, const IsleConstraint *c)
{
    switch (c->kind) {
    case ISLE_CONSTRAINT_SOME: return known_slot(w, id)->rows.count != 0;
    case ISLE_CONSTRAINT_VARIANT: return value_of(w, id).variant == c->index;
    case ISLE_CONSTRAINT_BOOL:
    case ISLE_CONSTRAINT_INT: {
        const IsleTypeId type = w->set->bindings.data[id].type;
        return value_of(w, id).bits == isle_value_of_int(w->eval->isle, type, c->value).bits;
    }
    case ISLE_CONSTRAINT_PRIM: {
        const IsleHost *const host = w->eval->host;
        const IsleValue wanted =
            host->constant(host->context, c->index, w->set->bindings.data[id].type);
        const IsleValue found = value_of(w, id);
        return isle_value_equal(&wanted, &found);
    }
    }
    UNREACHABLE();
}

static void forget(Walk *w, const IsleLet *lets, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        if (lets[i].kind == ISLE_LET_VALUE)
            w->slots[lets[i].binding].known = false;
}

static void give(Walk *w, const IsleRuleForm *form)
{
    const bool multi = (w->term->flags & ISLE_MULTI) != 0;
    if (multi && w->out->count == ISLE_MAX_RESULTS) {
        w->eval->truncated = true;
        w->out->truncated = true;
        return;
    }
    w->out->rules[w->out->count] = form->rule;
    w->out->values[w->out->count++] = value_of(w, form->result);
    w->full = w->full || !multi;
}

// The lets of a return from the i-th on, then the result.
static void run_return(Walk *w, const IsleStep *step, uint32_t i)
{
    const uint32_t first = i;
    for (; i < step->num_lets && !w->full; i++) {
        const IsleLet let = step->lets[i];
        if (let.kind == ISLE_LET_VALUE) {
            compute(w, let.binding);
            continue;
        }
        Slot *const slot = &w->slots[let.binding];
        ASSERT(slot->known);
        if (let.kind == ISLE_LET_TRY && slot->rows.count == 0) {
            w->full = true; // the term fails: a rule was chosen, there is no way back
        } else if (let.kind == ISLE_LET_LOOP) {
            for (slot->at = 0; slot->at < slot->rows.count && !w->full; slot->at++)
                run_return(w, step, i + 1);
            forget(w, step->lets, first, i);
            return;
        }
    }
    if (!w->full)
        give(w, &w->set->rules.data[step->form]);
    forget(w, step->lets, first, i);
}

static void run_block(Walk *w, const IsleBlock *block);

static void run_test(Walk *w, const IsleStep *step)
{
    const IsleTest *const test = &w->set->tests.data[step->test];
    if (test->kind == ISLE_TEST_LOOP) {
        Slot *const slot = &w->slots[test->a];
        ASSERT(slot->known);
        for (slot->at = 0; slot->at < slot->rows.count && !w->full; slot->at++)
            run_block(w, &step->arms[0].block);
        return;
    }
    if (test->kind == ISLE_TEST_EQUAL) {
        const IsleValue a = value_of(w, test->a), b = value_of(w, test->b);
        if (isle_value_equal(&a, &b))
            run_block(w, &step->arms[0].block);
        return;
    }
    for (uint32_t i = 0; i < step->num_arms; i++) {
        const IsleArm *const arm = &step->arms[i];
        if (!constraint_holds(w, test->a, &w->set->constraints.data[arm->constraint]))
            continue;
        run_block(w, &arm->block);
        return;
    }
}

static void run_block(Walk *w, const IsleBlock *block)
{
    uint32_t s = 0;
    for (; s < block->num_steps && !w->full; s++) {
        const IsleStep *const step = &block->steps[s];
        if (!isle_eval_burn(w->eval)) {
            w->out->outcome = ISLE_NO_FUEL;
            w->full = true;
        } else if (step->is_return) {
            run_return(w, step, 0);
        } else {
            for (uint32_t i = 0; i < step->num_lets && !w->full; i++)
                compute(w, step->lets[i].binding);
            if (!w->full)
                run_test(w, step);
        }
    }
    for (uint32_t i = 0; i < s; i++)
        if (!block->steps[i].is_return)
            forget(w, block->steps[i].lets, 0, block->steps[i].num_lets);
}

void isle_eval_tree(IsleEval *eval, IsleTermId id, const IsleValue *args, IsleResults *out)
{
    const uint32_t index = eval->isle->tree_of_term.data[id];
    ASSERT(index != ISLE_NONE);
    const IsleTree *const tree = &eval->isle->trees.data[index];
    out->count = 0;
    out->truncated = false;
    out->outcome = ISLE_VALUES;
    Walk w = {.eval = eval,
              .set = tree->set,
              .term = &eval->isle->terms.data[id],
              .args = args,
              .slots = ARENA_ARRAY(eval->arena, Slot, tree->set->bindings.len),
              .out = out};
    run_block(&w, &tree->root);
    if (!w.full && !(w.term->flags & (ISLE_MULTI | ISLE_PARTIAL)))
        out->outcome = ISLE_NO_MATCH;
}
