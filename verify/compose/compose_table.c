// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Jumps through a table in the code:
//
//     lea    base, [rip + table]            base is T, of which nothing is known
//     movsxd entry, [base + 4 * index]      E, from entry k = (address - T) / 4 of the table
//     add    entry, base
//     jmp    entry                          to T + E: the successor that entry k is for
//   table:
//     .long  L1 - table                     entry 0, for successor 1, ...
//
// Which successors the entries are for is read from their fixups, all of them. That a load reads
// one of them, and that the jump goes to the sum, are goals. What is read is told from the
// program's memory by its base: the very register whose value is T. That an entry holds the
// distance of its two labels is the code buffer's promise, which refuses a distance that does not
// fit.

#include "verify/compose/compose_internal.h"

enum { ENTRY_SIZE = 4 };

// ---- What it is ----

const char *compose_read_table(ComposeCode *code, const DataRange *data, uint32_t first)
{
    const CodeBuffer *const buf = &code->buf;
    ComposeTable *const table = &code->table;
    const uint32_t count = data->size / ENTRY_SIZE;
    if (table->count != 0)
        return "two tables";
    if (data->size % ENTRY_SIZE != 0 || data->size > buf->bytes.len - data->offset ||
        count > buf->fixups.len - first)
        return "data that are no table";
    const Fixup *const fixups = &buf->fixups.data[first];
    *table = (ComposeTable){data->offset, count, compose_successor(code, fixups[0].label),
                            fixups[0].base};
    for (uint32_t i = 0; i < count; i++) {
        if (fixups[i].kind != FIXUP_TABLE32 || fixups[i].offset != data->offset + ENTRY_SIZE * i)
            return "data that are no table";
        if (fixups[i].base.i != table->base.i)
            return "a table with two bases";
        if (table->first == NO_INDEX ||
            compose_successor(code, fixups[i].label) != table->first + i)
            return "a table whose entries are not for successors in their order";
    }
    return NULL;
}

// ---- Its use ----

static Expr place_at(ComposeMachine *m, uint32_t offset)
{
    for (uint32_t i = 0; i < m->places.len; i++)
        if (m->places.data[i].offset == offset)
            return m->places.data[i].address;
    const ComposePlace place = {offset, expr_var(m->pool, STR("place"), sort_bv(64))};
    VEC_PUSH(m->proof->arena, &m->places, place);
    return place.address;
}

bool compose_place(ComposeMachine *m, Label label, Expr *address)
{
    const uint32_t offset = label.i == NO_INDEX ? NO_INDEX : m->code->buf.labels.data[label.i];
    if (offset == NO_INDEX)
        return compose_cannot(m, "the address of a place that is not known");
    *address = place_at(m, offset);
    return true;
}

bool compose_reads_table(const ComposeMachine *m, const PutInst *put)
{
    if (m->code->table.count == 0 || put->base == PREG_NONE || !compose_accesses(m, put))
        return false;
    for (uint32_t i = 0; i < m->places.len; i++)
        if (m->places.data[i].offset == m->code->table.offset)
            return expr_same(m->now.regs[put->base], m->places.data[i].address);
    return false;
}

bool compose_look_up(ComposeMachine *m)
{
    const ComposeTable *const table = &m->code->table;
    ExprPool *const pool = m->pool;
    VcAccess accesses[2];
    const uint32_t count = vc_sequence_accesses(m->proof->sequence, accesses);
    const VcAccess load = accesses[0];
    if (count != 1 || load.is_store)
        return compose_cannot(m, "the table is accessed by more than a load");
    vc_sequence_take_accesses(m->proof->sequence);
    if (expr_node(pool, load.value)->sort.width != 8 * ENTRY_SIZE)
        return compose_cannot(m, "the table is not read by entries");
    if (m->lookup.is_done)
        return compose_cannot(m, "the table is read twice");
    const Expr offset = expr_2(pool, EXPR_BVSUB, load.address, place_at(m, table->offset));
    const Expr within =
        expr_2(pool, EXPR_BVULT, offset, expr_bv(pool, 64, (uint64_t)ENTRY_SIZE * table->count));
    const Expr aligned = expr_eq(pool, expr_extract(pool, 1, 0, offset), expr_bv(pool, 2, 0));
    m->lookup = (ComposeLookup){.is_done = true,
                                .distance = expr_sign_ext(pool, 64, load.value),
                                .entry = expr_extract(pool, 33, 2, offset)};
    compose_must(m, STR("what is read is an entry of the table"), load.path,
                 expr_and(pool, within, aligned));
    return true;
}

bool compose_find_successor(ComposeMachine *m, Expr address, Expr *number)
{
    ExprPool *const pool = m->pool;
    Expr base;
    if (!m->lookup.is_done)
        return compose_cannot(m, "a jump to an address that is from no table");
    if (!compose_place(m, m->code->table.base, &base))
        return false;
    compose_must_be(m, STR("the jump goes where the table's entry says"), m->now.path,
                    expr_2(pool, EXPR_BVADD, base, m->lookup.distance), address);
    *number = expr_2(pool, EXPR_BVADD, m->lookup.entry, expr_bv(pool, 32, m->code->table.first));
    return true;
}
